//! What is protected stays, whatever folder around it is listed; and nothing goes that is in
//! something held.

use serde_json::Value;

use crate::harness::{Desk, Done, filters, seed};

pub(crate) const DAILIES: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
pub(crate) const A: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000100";
pub(crate) const CUT_V1: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000031";
pub(crate) const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000300";
pub(crate) const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000030";
const DAY: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000011";
const MASTERS: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000020";
const REEL: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000021";
const M: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000200";
const NOWHERE: &str = "8d1f0c52-6a3b-4c7e-9f21-00000000dead";

/// A folder of dailies with a file and a version stack two folders down, a folder of masters, and
/// a loose file.
pub(crate) const TREE: &str = "
              - id: 8d1f0c52-6a3b-4c7e-9f21-000000000010
                name: dailies
                type: folder
                children:
                  - id: 8d1f0c52-6a3b-4c7e-9f21-000000000011
                    name: day 1
                    type: folder
                    children:
                      - {id: 8d1f0c52-6a3b-4c7e-9f21-000000000100, name: a.mov}
                      - id: 8d1f0c52-6a3b-4c7e-9f21-000000000030
                        name: cut
                        type: version_stack
                        children:
                          - {id: 8d1f0c52-6a3b-4c7e-9f21-000000000031, name: cut_v1.mov}
                          - {id: 8d1f0c52-6a3b-4c7e-9f21-000000000032, name: cut_v2.mov}
              - id: 8d1f0c52-6a3b-4c7e-9f21-000000000020
                name: masters
                type: folder
                children:
                  - id: 8d1f0c52-6a3b-4c7e-9f21-000000000021
                    name: reel
                    type: folder
                    children:
                      - {id: 8d1f0c52-6a3b-4c7e-9f21-000000000200, name: m.mov}
              - {id: 8d1f0c52-6a3b-4c7e-9f21-000000000300, name: loose.mov}
";

/// A desk with the tree; `listed` are the lines of the manifest below its version.
pub(crate) fn desk(listed: &str) -> Desk {
    let desk = Desk::with(&format!("version: 1\n{listed}"));
    desk.write("sandbox.yaml", seed(TREE));
    desk
}

/// Runs a command against the sandbox.
pub(crate) fn run(desk: &Desk, api: &str, command: &[&str]) -> Done {
    desk.run(&[command, &["--sandbox", "--api", api]].concat())
}

fn statuses(desk: &Desk) -> Vec<(String, String)> {
    let state: Value = serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap();
    let assets = state["assets"].as_object().unwrap().iter();
    assets
        .map(|(id, record)| (id.clone(), record["status"].as_str().unwrap().to_owned()))
        .collect()
}

#[track_caller]
fn only_loose(desk: &Desk) {
    let retired = [(LOOSE.to_owned(), "retired".to_owned())];
    assert_eq!(statuses(desk), retired);
}

#[test]
fn a_folder_with_something_held_in_it_stays_and_the_rest_goes() {
    for api in ["v2", "v4"] {
        for (held, path) in [
            (A, "day 1/a.mov"),
            (CUT_V1, "day 1/cut/cut_v1.mov"),
            (STACK, "day 1/cut"),
            (DAY, "day 1"),
        ] {
            let desk = desk(&format!(
                "assets: [{DAILIES}, {LOOSE}]\nholds:\n- {{id: {held}, reason: legal}}\n"
            ));
            let plan = run(&desk, api, &["plan"]).expect(0);
            let words = format!("contains {path} ({held}), which is held: legal");
            assert!(plan.out.contains(&words), "{}", plan.out);
            let done = run(&desk, api, &["apply"]).expect(0);
            let summary = done.out.split("Run 1:").nth(1).unwrap();
            assert!(summary.contains(&words), "{}", done.out);
            only_loose(&desk);
        }
    }
}

#[test]
fn what_lies_in_something_held_stays() {
    for api in ["v2", "v4"] {
        for (held, listed, path) in [
            (MASTERS, M, "masters/reel"),
            (MASTERS, REEL, "masters"),
            (STACK, CUT_V1, "cut"),
            (DAILIES, STACK, "dailies/day 1"),
        ] {
            let desk = desk(&format!(
                "assets: [{listed}, {LOOSE}]\nholds:\n- {{id: {held}, reason: legal}}\n"
            ));
            let done = run(&desk, api, &["apply"]).expect(0);
            let words = format!("lies in {path} ({held}), which is held: legal");
            assert_eq!(done.out.matches(&words).count(), 2, "{}", done.out);
            only_loose(&desk);
        }
    }
}

#[test]
fn a_folder_waits_for_what_is_deferred_pinned_or_blocked_in_it() {
    for api in ["v2", "v4"] {
        let deferred = desk(&format!(
            "assets: [{DAILIES}, {LOOSE}, {{id: {A}, not_before: 2040-01-01}}]\n"
        ));
        let done = run(&deferred, api, &["apply"]).expect(0);
        let words = format!("contains day 1/a.mov ({A}), which is deferred until 2040");
        assert!(done.out.contains(&words), "{}", done.out);
        only_loose(&deferred);

        let pinned = desk(&format!(
            "assets: [{DAILIES}, {LOOSE}, {{id: {A}, pin: {{name: b.mov}}}}]\n"
        ));
        run(&pinned, api, &["apply"]).expect(4);
        run(&pinned, api, &["plan"]).expect(4);
        assert!(!pinned.path("retire.sandbox.state.json").exists());
        run(&pinned, api, &["apply", "--skip-mismatched"]).expect(3);
        only_loose(&pinned);

        let blocked = desk(&format!("assets: [{A}]\n"));
        let tree = TREE.replace("name: a.mov", "name: a.mov, refuse: true");
        blocked.write("sandbox.yaml", seed(&tree));
        run(&blocked, api, &["apply"]).expect(3);
        blocked.write(
            "retire.yaml",
            format!("version: 1\nassets: [{DAILIES}, {LOOSE}, {A}]\n"),
        );
        let once = ["apply", "--max-attempts", "1"];
        let done = run(&blocked, api, &once).expect(3);
        assert!(done.out.contains("which is blocked"), "{}", done.out);
        let expected = [(A, "failed"), (LOOSE, "retired")];
        let expected = expected.map(|(id, status)| (id.to_owned(), status.to_owned()));
        assert_eq!(statuses(&blocked), expected);
    }
}

#[test]
fn a_hold_that_cannot_be_placed_keeps_every_folder_and_names_its_line() {
    for api in ["v2", "v4"] {
        let desk = desk(&format!(
            "assets: [{DAILIES}, {LOOSE}]\nholds:\n- {{id: {NOWHERE}, reason: legal}}\n"
        ));
        let plan = run(&desk, api, &["plan", "--out", "plan.json"]).expect(4);
        assert!(plan.err.contains("retire.yaml:4:"), "{}", plan.err);
        assert!(!desk.path("plan.json").exists(), "{}", plan.err);
        let done = run(&desk, api, &["apply"]).expect(4);
        assert!(done.err.contains(NOWHERE), "{}", done.err);
        assert!(!desk.path("retire.sandbox.state.json").exists());
        // Files go where they are shown to lie elsewhere.
        desk.write(
            "retire.yaml",
            format!(
                "version: 1\nassets: [{{id: {LOOSE}, kind: file}}]\nholds:\n- {{id: {NOWHERE}, reason: legal}}\n"
            ),
        );
        run(&desk, api, &["apply"]).expect(0);
        only_loose(&desk);
    }
}

#[test]
fn a_hold_on_what_is_deleted_keeps_nothing() {
    for api in ["v2", "v4"] {
        let desk = desk(&format!(
            "assets: [{DAILIES}, {LOOSE}]\nholds:\n- {{id: {A}, reason: legal}}\n"
        ));
        let gone = "name: a.mov, deleted_at: \"2026-10-01T10:00:00Z\"";
        desk.write("sandbox.yaml", seed(&TREE.replace("name: a.mov", gone)));
        let done = run(&desk, api, &["apply"]).expect(0);
        assert!(done.out.contains("2 retired"), "{}", done.out);
    }
}

#[test]
fn nothing_more_is_read_where_nothing_is_protected() {
    for api in ["v2", "v4"] {
        let file = format!("{{id: {LOOSE}, kind: file}}");
        for listed in [
            format!("assets: [{file}, {DAILIES}]\n"),
            format!("assets: [{file}, {{id: {A}, kind: file, not_before: 2040-01-01}}]\n"),
            format!("assets: [{file}, {{id: {A}, kind: file}}]\nholds: [{{id: {A}, reason: x}}]\n"),
        ] {
            let desk = desk(&listed);
            let done = run(&desk, api, &["apply"]).expect(0);
            assert!(!done.err.contains("protected"), "{}", done.err);
        }
    }
}

#[test]
fn a_plan_without_a_token_says_that_it_was_not_checked() {
    let desk = desk(&format!(
        "assets: [{DAILIES}]\nholds:\n- {{id: {A}, reason: legal}}\n"
    ));
    let plan = desk.run(&["plan"]).expect(0);
    let words = "not checked for what is protected";
    assert!(plan.out.contains(words), "{}", plan.out);
    desk.run(&["plan", "--detailed-exitcode"]).expect(2);
}

#[test]
fn the_path_is_shown_in_plan_and_summary() {
    let desk = desk(&format!(
        "assets: [{DAILIES}, {LOOSE}, {M}]\nholds:\n- {{id: {A}, reason: legal hold 2026-117}}\n- {{id: {MASTERS}, reason: sold, until: 2040-06-30}}\n"
    ));
    let done = run(&desk, "v4", &["apply"]).expect(0);
    filters().bind(|| insta::assert_snapshot!("sheltered", done.transcript()));
}

/// A state in which the delete of a file was not answered.
fn unanswered(api: &str) -> String {
    format!(
        r#"{{"version":1,"lineage":"11111111-2222-4333-8444-555555555555","serial":1,"api":"{api}","endpoint":"sandbox","account":null,
"runs":{{
"1":{{"id":"11111111-2222-4333-8444-555555555556","at":"2026-11-01T10:00:00Z","actor":null,"commit":null,"ci":null,"plan":null}}
}},
"assets":{{
"{A}":{{"status":"unknown","attempts":1,"run":1,"at":"2026-11-01T10:00:01Z"}}
}},
"holds":{{}}}}
"#
    )
}

#[test]
fn what_stays_is_read_where_its_delete_was_not_answered() {
    for api in ["v2", "v4"] {
        for listed in [
            format!("assets: [{A}, {LOOSE}]\nholds: [{{id: {A}, reason: legal}}]\n"),
            format!("assets: [{A}, {LOOSE}]\nholds: [{{id: {DAY}, reason: legal}}]\n"),
            format!("assets: [{LOOSE}, {{id: {A}, not_before: 2040-01-01}}]\n"),
        ] {
            // It is there: nothing was deleted, and nothing is.
            let there = desk(&listed);
            there.write("retire.sandbox.state.json", unanswered(api));
            run(&there, api, &["apply"]).expect(0);
            only_loose(&there);
            // It is deleted, by whomever.
            let gone = desk(&listed);
            let deleted = "name: a.mov, deleted_at: \"2026-10-01T10:00:00Z\"";
            gone.write("sandbox.yaml", seed(&TREE.replace("name: a.mov", deleted)));
            gone.write("retire.sandbox.state.json", unanswered(api));
            run(&gone, api, &["apply"]).expect(0);
            let expected = [(A, "gone"), (LOOSE, "retired")];
            let expected = expected.map(|(id, status)| (id.to_owned(), status.to_owned()));
            assert_eq!(statuses(&gone), expected, "{api}: {listed}");
        }
        // Nobody knows it: that is still open, and said.
        let listed = format!(
            "assets: [{{id: {LOOSE}, kind: file}}, {{id: {A}, kind: file, not_before: 2040-01-01}}]\n"
        );
        let hidden = desk(&listed);
        let tree = TREE.replace(
            "                      - {id: 8d1f0c52-6a3b-4c7e-9f21-000000000100, name: a.mov}\n",
            "",
        );
        hidden.write("sandbox.yaml", seed(&tree));
        hidden.write("retire.sandbox.state.json", unanswered(api));
        let done = run(&hidden, api, &["apply"]).expect(3);
        assert!(done.out.contains("1 asset is unknown"), "{}", done.out);
    }
}

#[test]
fn a_folder_that_its_entry_calls_a_file_stays_with_what_is_held_in_it() {
    for api in ["v2", "v4"] {
        let desk = desk(&format!(
            "assets: [{{id: {DAY}, kind: file}}, {{id: {LOOSE}, kind: file}}]\nholds: [{{id: {A}, reason: legal}}]\n"
        ));
        let done = run(&desk, api, &["apply"]).expect(0);
        assert!(done.out.contains("contains a.mov"), "{}", done.out);
        only_loose(&desk);
    }
}
