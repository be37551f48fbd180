//! A saved plan is made again from its manifests before it is carried out.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{Desk, Done, seed};
use crate::shelter::{A, DAILIES, LOOSE, STACK, TREE, desk, run};

/// Changes the text of a saved plan and makes its id anew, as somebody could who knows how.
fn forge(desk: &Desk, changes: &[(&str, &str)]) {
    let mut text = desk.read("plan.json");
    for (from, to) in changes {
        assert!(text.contains(from), "{text}");
        text = text.replace(from, to);
    }
    let old: Value = serde_json::from_str(&text).unwrap();
    let field = format!("\"id\":{},", old["id"]);
    let compact = text.replace('\n', "").replacen(&field, "", 1);
    let digest = Sha256::digest(compact.as_bytes());
    let digest = digest
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let id = format!("\"id\":\"sha256:{digest}\",");
    desk.write("plan.json", text.replacen(&field, &id, 1));
}

fn planned(desk: &Desk, api: &str) {
    run(desk, api, &["plan", "--out", "plan.json"]).expect(0);
}

fn carried_out(desk: &Desk, api: &str) -> Done {
    run(desk, api, &["apply", "plan.json"])
}

#[track_caller]
fn refused(desk: &Desk, words: &str) {
    let done = carried_out(desk, "v2").expect(5);
    assert!(done.err.contains(words), "{}", done.err);
    assert!(!desk.path("retire.sandbox.state.json").exists());
    // `show` says the same of what it can see without the server.
    desk.run(&["show", "plan.json"]).expect(0);
}

const OTHER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000301";
const HELD: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000032";

#[test]
fn a_forged_plan_says_what_no_manifest_says() {
    let listed = format!(
        "assets: [{LOOSE}, {{id: {A}, kind: file, not_before: 2040-01-01}}]\nholds:\n- {{id: {HELD}, reason: legal}}\n"
    );
    let unlisted = |desk: &Desk| forge(desk, &[(LOOSE, OTHER)]);
    let due = |desk: &Desk| {
        let plan = desk.read("plan.json");
        let saved: Value = serde_json::from_str(&plan).unwrap();
        let until = saved["actions"][0]["until"].as_str().unwrap().to_owned();
        let until = format!(",\"until\":\"{until}\"");
        forge(
            desk,
            &[
                ("\"action\":\"defer\"", "\"action\":\"retire\""),
                (&until, ""),
                ("\"retire\":1", "\"retire\":2"),
                ("\"defer\":1", "\"defer\":0"),
            ],
        );
    };
    for forgery in [&unlisted as &dyn Fn(&Desk), &due] {
        let desk = desk(&listed);
        planned(&desk, "v2");
        // Made anew without a change, it is the same plan.
        let before = desk.read("plan.json");
        forge(&desk, &[]);
        assert_eq!(before, desk.read("plan.json"));
        forgery(&desk);
        refused(&desk, "what its manifests and the state say");
    }
}

#[test]
fn a_held_asset_cannot_be_turned_into_one_that_goes() {
    let desk = desk(&format!(
        "assets: [{LOOSE}, {{id: {A}, kind: file}}]\nholds:\n- {{id: {A}, reason: legal}}\n"
    ));
    planned(&desk, "v2");
    forge(
        &desk,
        &[
            ("\"action\":\"held\"", "\"action\":\"retire\""),
            (",\"hold\":\"legal\"", ""),
            ("\"retire\":1", "\"retire\":2"),
            ("\"held\":1", "\"held\":0"),
        ],
    );
    refused(&desk, A);
}

#[test]
fn a_plan_from_the_future_and_one_of_an_ended_hold_are_refused() {
    let listed = format!(
        "assets: [{LOOSE}]\nholds:\n- {{id: {LOOSE}, reason: x, until: 2026-02-01T00:00:00Z}}\n"
    );
    for (year, words) in [("2126", "still to come"), ("2016", "hold or a date")] {
        let desk = desk(&listed);
        planned(&desk, "v2");
        let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
        let created = saved["created_at"].as_str().unwrap().to_owned();
        forge(
            &desk,
            &[(
                &created,
                &created
                    .replacen("20", "X", 1)
                    .replace(&format!("X{}", &created[2..4]), year),
            )],
        );
        refused(&desk, words);
    }
}

#[test]
fn only_the_plan_of_files_can_be_saved_and_of_this_version() {
    let listed = format!("version: 1\nassets: [{LOOSE}]\n");
    let desk = desk("assets: []\n");
    let out = ["plan", "--sandbox", "-", "--out", "plan.json"];
    let done = desk.run_on(listed.as_bytes(), &out).expect(64);
    assert!(done.err.contains("standard input"), "{}", done.err);
    assert!(!desk.path("plan.json").exists());
    desk.write("retire.yaml", listed);
    planned(&desk, "v2");
    forge(&desk, &[("{\"version\":2", "{\"version\":1")]);
    let done = carried_out(&desk, "v2").expect(5);
    assert!(done.err.contains("version 1"), "{}", done.err);
}

#[test]
fn a_plan_is_carried_out_with_its_own_state_only() {
    let desk = desk(&format!("assets: [{LOOSE}]\n"));
    planned(&desk, "v2");
    let other = ["apply", "plan.json", "--sandbox", "--state", "other.json"];
    let done = desk.run(&other).expect(5);
    assert!(done.err.contains("other.json"), "{}", done.err);
    let same = [
        "apply",
        "plan.json",
        "--sandbox",
        "--state",
        "./retire.sandbox.state.json",
    ];
    desk.run(&same).expect(0);
}

#[test]
fn what_the_account_alone_changed_is_left_alone_and_the_rest_goes_on() {
    for api in ["v2", "v4"] {
        let desk = desk(&format!(
            "assets: [{DAILIES}, {LOOSE}]\nholds:\n- {{id: {HELD}, reason: legal}}\n"
        ));
        // What is held lies elsewhere when the plan is made, and in the folder afterwards.
        let moved = TREE.replace(
            &format!("                          - {{id: {HELD}, name: cut_v2.mov}}\n"),
            "",
        ) + &format!("              - {{id: {HELD}, name: cut_v2.mov}}\n");
        desk.write("sandbox.yaml", seed(&moved));
        planned(&desk, api);
        desk.write("sandbox.yaml", seed(TREE));
        let done = carried_out(&desk, api).expect(3);
        for words in [
            "1 retired",
            "other than reviewed",
            "it is kept now",
            "cut_v2.mov",
        ] {
            assert!(done.out.contains(words), "{words}: {}", done.out);
        }

        // And the other way round: nobody has reviewed that the folder goes.
        std::fs::remove_file(desk.path("retire.sandbox.state.json")).unwrap();
        planned(&desk, api);
        desk.write("sandbox.yaml", seed(&moved));
        let done = carried_out(&desk, api).expect(3);
        for words in ["1 retired", "the plan does not delete it"] {
            assert!(done.out.contains(words), "{words}: {}", done.out);
        }
    }
}

#[test]
fn a_version_stack_that_has_grown_is_left_alone() {
    let desk = desk(&format!("assets: [{STACK}, {LOOSE}]\n"));
    let small = TREE.replace(
        &format!("                          - {{id: {HELD}, name: cut_v2.mov}}\n"),
        "",
    );
    desk.write("sandbox.yaml", seed(&small));
    planned(&desk, "v4");
    desk.write("sandbox.yaml", seed(TREE));
    let done = carried_out(&desk, "v4").expect(3);
    assert!(done.out.contains("1 retired"), "{}", done.out);
    assert!(
        done.out.contains("which the plan does not name"),
        "{}",
        done.out
    );
}

#[test]
fn a_hold_that_comes_after_the_plan_refuses_it_wherever_it_stands() {
    let hold = format!("version: 1\nholds: [{{id: {LOOSE}, reason: legal}}]\n");
    for (path, file) in [
        ("retire.yaml", "manifests/HOLDS.YAML"),
        ("retire.yaml", "manifests/legal/holds.json"),
        ("lists", "lists/legal.yml"),
        ("lists", "manifests/legal.yaml"),
    ] {
        let desk = desk(&format!("assets: [{{id: {LOOSE}, kind: file}}]\n"));
        desk.write(
            "lists/a.yaml",
            format!("version: 1\nassets: [{{id: {A}, kind: file}}]\n"),
        );
        desk.write("lists/sandbox.yaml", seed(TREE));
        run(&desk, "v2", &["plan", path, "--out", "plan.json"]).expect(0);
        desk.write(file, &hold);
        let done = carried_out(&desk, "v2").expect(5);
        assert!(done.err.contains(file), "{}", done.err);
        // What is wrong with a manifest now is told as such, and nothing goes.
        desk.write(file, "version: 1\nhold: []\n");
        carried_out(&desk, "v2").expect(8);
        std::fs::remove_file(desk.path(file)).unwrap();
        carried_out(&desk, "v2").expect(0);
    }
}

#[test]
fn a_forged_plan_does_not_choose_another_state() {
    let desk = desk(&format!("assets: [{{id: {LOOSE}, kind: file}}]\n"));
    planned(&desk, "v2");
    // The real state remembers that the asset is retired, and somebody has restored it since.
    let saved = desk.read("plan.json");
    carried_out(&desk, "v2").expect(0);
    let before = desk.read("retire.sandbox.state.json");
    desk.write("plan.json", saved);
    forge(
        &desk,
        &[(
            "\"path\":\"retire.sandbox.state.json\"",
            "\"path\":\"other.json\"",
        )],
    );
    let done = carried_out(&desk, "v2").expect(5);
    assert!(done.err.contains("other.json"), "{}", done.err);
    assert!(!desk.path("other.json").exists());
    assert_eq!(before, desk.read("retire.sandbox.state.json"));
}

#[test]
fn a_plan_that_was_tampered_with_is_refused() {
    let desk = desk(&format!("assets: [{LOOSE}]\n"));
    planned(&desk, "v2");
    let good = desk.read("plan.json");
    for (from, to) in [
        (LOOSE, OTHER),
        ("\"retire\":1", "\"retire\":2"),
        ("\"batch_size\":50", "\"batch_size\":51"),
        (
            "\"endpoint\":\"sandbox\"",
            "\"endpoint\":\"https://evil.example\"",
        ),
        ("\n", "\n\n"),
        ("\"created_at\":", "\"created_at\": "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        desk.write("plan.json", bad);
        desk.run(&["apply", "--sandbox", "plan.json"]).expect(5);
    }
    for (at, _) in good.match_indices(|_: char| true).step_by(7) {
        let mut bad = good.clone().into_bytes();
        bad[at] ^= 1;
        desk.write("plan.json", &bad);
        let done = desk.run(&["apply", "--sandbox", "plan.json"]);
        assert!(matches!(done.code, 5 | 8), "{at}: {}", done.transcript());
    }
    assert!(!desk.path("retire.sandbox.state.json").exists());
    desk.write("plan.json", &good[..good.len() - 2]);
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(8);
}
