//! What is protected stays, though it is deleted while a run reads and there again when the run
//! deletes, and though its hold names a project as an asset.
#![cfg(unix)]

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::{Value, json};

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
const DEEP: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000011";
const INSIDE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000012";
const OTHER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000030";
const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000040";

fn id(text: &str) -> AssetId {
    AssetId::parse(text).unwrap()
}

/// A file, two folders down, and its neighbours.
fn served() -> Served {
    served_as("", "")
}

/// The same, of such a behaviour, and with further fields of a neighbour.
fn served_as(behaviour: &str, more: &str) -> Served {
    let assets = format!(
        "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {DEEP}, name: cards, type: folder, children: [{{id: {INSIDE}, name: a}}]}}]}}
              - {{id: {OTHER}, name: b, type: file{more}}}
              - {{id: {LOOSE}, name: loose, type: file}}
"
    );
    let seed = format!("limits: off\nbehaviour: {{{behaviour}}}\n{}", seed(&assets));
    Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &seed).unwrap(),
    ))
}

fn desk(manifest: &str) -> Desk {
    let desk = Desk::with(&format!("version: 1\n{manifest}"));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    desk
}

fn delete(served: &Served, text: &str) {
    let change = Change::Delete { id: id(text) };
    served.sandbox.change(change).unwrap();
}

/// Has somebody restore an asset at the moment of some calls.
fn restore_before(served: &Served, text: &str, calls: &str) {
    let restore = json!({"restore": {"id": text}});
    let surprise = json!([{"before": calls, "changes": [restore]}]);
    served.sandbox.surprise(&surprise.to_string()).unwrap();
}

fn apply(served: &Served, desk: &Desk, api: &str) -> Done {
    served.apply(desk, &["--api", api, "--canary", "0", "--retries", "0"])
}

fn lives(served: &Served, text: &str) -> bool {
    served.sandbox.with_world(|world| world.is_alive(id(text)))
}

fn record(desk: &Desk, text: &str) -> Value {
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    state["assets"][text].clone()
}

#[test]
fn what_is_held_keeps_the_folder_that_somebody_deleted_it_from() {
    for (api, delete_call) in [("v4", "v4_folder_delete"), ("v2", "bulk_delete")] {
        // Alone, or with the folder that it lies in.
        for gone in [INSIDE, DEEP] {
            let served = served();
            let desk = desk(&format!(
                "assets: [{FOLDER}, {LOOSE}]\nholds: [{{id: {INSIDE}, reason: legal}}]\n"
            ));
            delete(&served, gone);
            restore_before(&served, gone, &format!("at:1@{delete_call}"));
            let done = apply(&served, &desk, api);
            let is_kept = lives(&served, FOLDER);
            assert!(is_kept, "{api} {gone}\n{}\n{}", done.out, done.err);
            // What is not shown alone cannot be placed, so nothing is sent.
            let is_refused = done.code == 4;
            assert!(is_refused || done.code == 0, "{}\n{}", done.out, done.err);
            assert_eq!(lives(&served, LOOSE), is_refused, "{api} {gone}");
            served.stop();
        }
    }
}

#[test]
fn what_lies_in_a_held_folder_and_was_not_there_is_not_deleted_when_it_is_back() {
    for (api, delete_call, read_call) in [
        ("v4", "v4_file_delete", "v4_file_read"),
        ("v2", "bulk_delete", "asset_read"),
    ] {
        let served = served();
        let desk = desk(&format!(
            "assets: [{{id: {INSIDE}, kind: file}}, {{id: {LOOSE}, kind: file}}]\n"
        ));
        let rules = vec![format!("drop-before=100%@{delete_call}").parse().unwrap()];
        served.sandbox.set_faults(Faults { seed: 1, rules });
        apply(&served, &desk, api).expect(3);
        assert_eq!(record(&desk, INSIDE)["status"], "unknown", "{api}");
        served.sandbox.set_faults(Faults::default());
        // Somebody deletes it, and restores it while the run is on its way.
        delete(&served, INSIDE);
        desk.write(
            "retire.yaml",
            format!(
                "version: 1\nassets: [{{id: {INSIDE}, kind: file}}, {{id: {LOOSE}, kind: file}}]\n\
                 holds: [{{id: {FOLDER}, reason: legal}}]\n"
            ),
        );
        restore_before(&served, INSIDE, &format!("at:3@{read_call}"));
        let done = apply(&served, &desk, api);
        assert!(lives(&served, INSIDE), "{api}\n{}\n{}", done.out, done.err);
        assert!(!lives(&served, LOOSE), "{api}\n{}\n{}", done.out, done.err);
        served.stop();
    }
}

#[test]
fn what_one_answer_calls_deleted_and_another_shows_is_left_alone_with_what_it_lies_in() {
    let served = served();
    let desk = desk(&format!(
        "assets:\n- {FOLDER}\n- {{id: {INSIDE}, kind: file, not_before: 2040-01-01}}\n\
         - {{id: {LOOSE}, kind: file}}\n"
    ));
    delete(&served, INSIDE);
    restore_before(&served, INSIDE, "at:1@v4_folder_children");
    let done = apply(&served, &desk, "v4");
    assert!(lives(&served, FOLDER), "{}\n{}", done.out, done.err);
    assert!(!lives(&served, LOOSE), "{}\n{}", done.out, done.err);
    assert_eq!(record(&desk, INSIDE), Value::Null);
    // Without a date it goes with its folder.
    let undated = format!("version: 1\nassets: [{FOLDER}, {INSIDE}]\n");
    desk.write("retire.yaml", undated);
    delete(&served, INSIDE);
    restore_before(&served, INSIDE, "at:2@v4_folder_children");
    let done = apply(&served, &desk, "v4").expect(3);
    assert!(lives(&served, FOLDER), "{}\n{}", done.out, done.err);
    assert_eq!(record(&desk, INSIDE), Value::Null);
    served.stop();
}

#[test]
fn a_line_that_is_older_than_our_own_reading_is_no_evidence() {
    // It was restored, and the list of the recently deleted shows it still.
    let served = served_as("stale_lists: true", ", deleted_at: 2026-11-01T10:00:00Z");
    let desk = desk(&format!("assets: [{{id: {OTHER}, kind: file}}]\n"));
    served.sandbox.restore(id(OTHER));
    // It is there when the run reads it, and then nobody knows it any more.
    let rules = ["404=100%@v4_file_delete", "404=at:2@v4_file_read"];
    let rules = rules.map(|rule| rule.parse().unwrap()).to_vec();
    served.sandbox.set_faults(Faults { seed: 1, rules });
    apply(&served, &desk, "v4").expect(3);
    assert_eq!(record(&desk, OTHER)["status"], "missing");
    served.stop();
}

#[test]
fn a_hold_on_the_id_of_a_project_is_never_without_effect() {
    const PROJECT: &str = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e";
    for kind in ["file", "folder"] {
        let served = served();
        let listed = if kind == "file" { LOOSE } else { FOLDER };
        let desk = desk(&format!(
            "assets: [{{id: {listed}, kind: {kind}}}]\nholds: [{{id: {PROJECT}, reason: legal}}]\n"
        ));
        let done = apply(&served, &desk, "v4").expect(0);
        assert!(done.out.contains("held: legal"), "{}", done.out);
        // With v2 it is read to compare its kind, which tells in which project it lies.
        let done = apply(&served, &self::desk(&desk.read("retire.yaml")[11..]), "v2").expect(0);
        assert!(done.out.contains("held: legal"), "{}", done.out);
        // Where it is not read nobody knows, so nothing is sent.
        let bare = format!("assets: [{listed}]\nholds: [{{id: {PROJECT}, reason: legal}}]\n");
        let done = apply(&served, &self::desk(&bare), "v2").expect(4);
        assert!(done.err.contains("`project: ID`"), "{}", done.err);
        assert!(lives(&served, listed));
        served.stop();
    }
}

#[test]
fn what_is_back_is_seen_in_the_list_that_is_read_for_others() {
    let served = served();
    let desk = desk(&format!("assets: [{OTHER}]\n"));
    apply(&served, &desk, "v4").expect(0);
    served.sandbox.restore(id(OTHER));
    // Nobody reads it for its own sake.
    apply(&served, &desk, "v4").expect(0);
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets: [{DEEP}, {FOLDER}, {OTHER}, {LOOSE}]\n"),
    );
    let done = apply(&served, &desk, "v4").expect(3);
    assert!(done.out.contains("1 in drift"), "{}", done.out);
    assert!(lives(&served, OTHER));
    assert!(!lives(&served, LOOSE));
    served.stop();
}

/// `again: true` on a folder is for what came back in it as well, listed or not.
#[test]
fn a_folder_that_is_to_go_again_takes_along_what_came_back_in_it() {
    for more in ["", ", {id: 8d1f0c52-6a3b-4c7e-9f21-000000000012}"] {
        let served = served();
        let desk = desk(&format!("assets: [{INSIDE}]\n"));
        apply(&served, &desk, "v4").expect(0);
        served.sandbox.restore(id(INSIDE));
        desk.write(
            "retire.yaml",
            format!("version: 1\nassets: [{FOLDER}{more}]\n"),
        );
        let done = apply(&served, &desk, "v4");
        // The second run, which writes down what stays.
        assert!(done.out.contains("contains"), "{}", done.out);
        assert!(lives(&served, FOLDER) && lives(&served, INSIDE));
        let again = format!("version: 1\nassets: [{{id: {FOLDER}, again: true}}{more}]\n");
        desk.write("retire.yaml", &again);
        let done = apply(&served, &desk, "v4").expect(0);
        assert!(
            !lives(&served, FOLDER) && !lives(&served, INSIDE),
            "{}",
            done.out
        );
        // Once: where all of it is back, the line of the folder is used up.
        served.sandbox.restore(id(FOLDER));
        let done = apply(&served, &desk, "v4").expect(3);
        assert!(done.out.contains("used up by run 3"), "{}", done.out);
        assert!(lives(&served, FOLDER) && lives(&served, INSIDE));
        served.stop();
    }
}

#[test]
fn what_is_to_go_again_goes_once_until_its_line_is_written_anew() {
    for api in ["v4", "v2"] {
        let served = served();
        let plain = format!("assets: [{OTHER}]\n");
        let again = format!("version: 1\nassets: [{{id: {OTHER}, again: true}}]\n");
        let desk = desk(&plain);
        apply(&served, &desk, api).expect(0);
        served.sandbox.restore(id(OTHER));
        desk.write("retire.yaml", &again);
        apply(&served, &desk, api).expect(0);
        assert!(!lives(&served, OTHER), "{api}");
        served.sandbox.restore(id(OTHER));
        let done = apply(&served, &desk, api).expect(3);
        assert!(done.out.contains("used up by run 2"), "{}", done.out);
        assert!(lives(&served, OTHER), "{api}");
        desk.write("retire.yaml", format!("version: 1\n{plain}"));
        apply(&served, &desk, api).expect(0);
        desk.write("retire.yaml", &again);
        apply(&served, &desk, api).expect(0);
        assert!(!lives(&served, OTHER), "{api}");
        served.stop();
    }
}

/// The first delete of an entry uses it up as well, alone or along with the folder it lies in, and
/// also by a saved plan.
#[test]
fn what_says_that_it_goes_again_goes_once_though_it_was_never_deleted_before() {
    for (api, is_saved) in [("v4", false), ("v4", true), ("v2", false)] {
        for (listed, more, back) in [
            (OTHER, "", OTHER),
            (FOLDER, "", FOLDER),
            (INSIDE, FOLDER, FOLDER),
        ] {
            let served = served();
            let desk = desk(&format!(
                "assets: [{{id: {listed}, again: true}}, {more}]\n"
            ));
            if is_saved {
                let (url, token) = (served.sandbox.url(), served.sandbox.token());
                let env = [("FRAMEIO_TOKEN", token)];
                let of = ["--api", api, "--endpoint", &url, "--state", "state.json"];
                let plan = [&["plan", "--out", "reviewed.json"], &of[..]].concat();
                desk.run_with(&env, &plan).expect(0);
                let saved = [&["apply", "reviewed.json"], &of[..]].concat();
                desk.run_with(&env, &saved).expect(0);
            } else {
                apply(&served, &desk, api).expect(0);
            }
            assert!(!lives(&served, listed), "{api} {listed}");
            served.sandbox.restore(id(back));
            let alone = format!("version: 1\nassets: [{{id: {listed}, again: true}}]\n");
            desk.write("retire.yaml", alone);
            let done = apply(&served, &desk, api).expect(3);
            assert!(done.out.contains("used up by run 1"), "{}", done.out);
            assert!(lives(&served, listed), "{api} {listed}");
            served.stop();
        }
    }
}

/// A delete that was refused is tried anew by the same line, with what came back in the folder.
#[test]
fn what_goes_again_and_is_refused_goes_in_the_next_run() {
    let served = served();
    let desk = desk(&format!("assets: [{FOLDER}, {INSIDE}]\n"));
    apply(&served, &desk, "v4").expect(0);
    served.sandbox.restore(id(FOLDER));
    let again = format!("version: 1\nassets: [{{id: {FOLDER}, again: true}}]\n");
    desk.write("retire.yaml", again);
    let rules = vec!["409=100%@v4_folder_delete".parse().unwrap()];
    served.sandbox.set_faults(Faults { seed: 1, rules });
    apply(&served, &desk, "v4").expect(3);
    assert!(lives(&served, FOLDER));
    served.sandbox.set_faults(Faults::default());
    let done = apply(&served, &desk, "v4").expect(0);
    assert!(!lives(&served, FOLDER), "{}", done.out);
    served.sandbox.restore(id(FOLDER));
    apply(&served, &desk, "v4").expect(3);
    assert!(lives(&served, FOLDER));
    served.stop();
}

/// Whoever reviews a plan by which a folder goes again sees what of it was deleted before.
#[test]
fn a_plan_names_what_goes_again_along_with_a_folder() {
    let served = served();
    let desk = desk(&format!("assets: [{FOLDER}, {INSIDE}]\n"));
    apply(&served, &desk, "v4").expect(0);
    served.sandbox.restore(id(FOLDER));
    let (url, token) = (served.sandbox.url(), served.sandbox.token());
    let env = [("FRAMEIO_TOKEN", token)];
    let of = ["--api", "v4", "--endpoint", &url, "--state", "state.json"];
    let plan = [&["plan", "--out", "plan.json"], &of[..]].concat();
    let again = format!("version: 1\nassets: [{{id: {FOLDER}, again: true}}]\n");
    desk.write("retire.yaml", &again);
    let done = desk.run_with(&env, &plan).expect(0);
    let shown = desk.run(&["show", "plan.json"]).expect(0);
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    let title = "1 asset goes again, deleted before and back since";
    let row = format!("Tide/day 1/cards/a  {INSIDE}  was retired, goes with Tide/day 1  {FOLDER}");
    for out in [&done.out, &shown.out] {
        assert!(out.contains(title) && out.contains(&row), "{out}");
    }
    let about = json!({
        "name": "a", "project": "Tide", "folder": "day 1/cards", "parent": DEEP, "bytes": 1
    });
    let mut back = saved["back"].clone();
    back[INSIDE]["about"]["bytes"] = json!(1);
    let expected = json!({INSIDE: {"with": FOLDER, "recorded": "retired", "about": about}});
    assert_eq!(back, expected);
    desk.run_with(&env, &[&["apply", "plan.json"], &of[..]].concat())
        .expect(0);
    assert!(!lives(&served, INSIDE));
    // Where the folder stays, nothing goes again with it.
    served.sandbox.restore(id(FOLDER));
    let held = format!("{again}holds: [{{id: {DEEP}, reason: legal}}]\n");
    desk.write("retire.yaml", held);
    let plan = [&["plan", "--out", "second.json"], &of[..]].concat();
    let done = desk.run_with(&env, &plan);
    assert!(!done.out.contains("again, deleted before"), "{}", done.out);
    let saved: Value = serde_json::from_str(&desk.read("second.json")).unwrap();
    assert!(saved.get("back").is_none());
    served.stop();
}
