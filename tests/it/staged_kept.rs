//! What is moved aside and must stay: it goes back, it stays where it waits, and no run deletes it
//! along with something else.
#![cfg(unix)]

use std::thread::sleep;
use std::time::Duration;

use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::json;

use crate::staged_back::{CUTS, FOLDER, INSIDE, LOOSE, STACK, Stage, id};

fn lists(stage: &Stage, assets: &[&str], held: &[&str]) {
    let assets = assets.join(", ");
    let holds = held
        .iter()
        .map(|id| format!("  - {{id: {id}, reason: legal}}\n"));
    let holds: String = holds.collect();
    let holds = if held.is_empty() {
        String::new()
    } else {
        format!("holds:\n{holds}")
    };
    let text = format!("version: 1\nassets: [{assets}]\n{holds}");
    stage.desk.write("retire.yaml", &text);
}

fn lives(stage: &Stage, text: &str) -> bool {
    let sandbox = &stage.served.sandbox;
    sandbox.with_world(|world| world.is_alive(id(text)))
}

fn status(stage: &Stage, of: &str) -> Option<String> {
    let records = stage.records();
    let found = records.into_iter().find(|(id, _, _)| id == of);
    found.map(|(_, status, _)| status)
}

/// Plans, and saves that as `plan.json`.
fn saved_plan(stage: &Stage) -> String {
    let url = stage.served.sandbox.url();
    let words = ["plan", "--api", "v4", "--endpoint", &*url, "--unproven"];
    let more = ["--state", "state.json", "--out", "plan.json"];
    let token = [("FRAMEIO_TOKEN", stage.served.sandbox.token())];
    let done = stage.desk.run_with(&token, &[&words[..], &more].concat());
    assert!([0, 3].contains(&done.code), "{}\n{}", done.out, done.err);
    done.out
}

/// A person puts it, or the folder that it lies in, into a folder that is held, between the plan and
/// the move.
#[test]
fn what_moves_into_something_held_before_it_is_moved_aside_stays() {
    for moved in [LOOSE, CUTS] {
        let stage = Stage::fresh("");
        lists(&stage, &[LOOSE, STACK], &[FOLDER]);
        let change = json!({"move": {"id": moved, "to": FOLDER}});
        let surprise = json!([{"before": "at:1@v4_folder_create", "changes": [change]}]);
        let sandbox = &stage.served.sandbox;
        sandbox.surprise(&surprise.to_string()).unwrap();
        // In the time that the run waits for its limit, what it has read grows old.
        sandbox.set_faults(Faults {
            rules: vec!["429=at:1@v4_folder_create".parse().unwrap()],
            ..Faults::default()
        });
        let flags = ["--api", "v4", "--unproven", "--strategy", "staged"];
        let near = ["--delete-after", "0s", "--verify-age", "1s"];
        let done = stage
            .served
            .apply(&stage.desk, &[&flags[..], &near].concat());
        assert!(lives(&stage, LOOSE), "{moved}: {}\n{}", done.out, done.err);
        assert_eq!(status(&stage, LOOSE), None, "{moved}");
        assert_eq!(status(&stage, STACK).as_deref(), Some("retired"));
        stage.served.stop();
    }
}

/// Whoever renames a staging folder means to keep it.
#[test]
fn an_empty_staging_folder_that_somebody_has_renamed_stays() {
    let stage = Stage::new("", "14d");
    let (folder, name) = (stage.folder(), "selects".to_owned());
    let change = Change::Rename { id: folder, name };
    stage.served.sandbox.change(change).unwrap();
    let done = stage.run(&["state", "unstage"]).expect(0);
    let sandbox = &stage.served.sandbox;
    let is_there = sandbox.with_world(|world| world.is_alive(folder));
    assert!(is_there && stage.is_home(), "{}\n{}", done.out, done.err);
    stage.served.stop();
}

/// It is moved back into a folder that the same run would delete.
#[test]
fn what_is_held_by_then_keeps_the_folder_that_it_goes_back_to() {
    for strategy in ["direct", "auto", "staged"] {
        let stage = Stage::new("", "14d");
        lists(&stage, &[LOOSE, CUTS], &[LOOSE]);
        let flags = ["--api", "v4", "--unproven", "--strategy", strategy];
        let done = stage.served.apply(&stage.desk, &flags).expect(0);
        assert!(stage.is_home(), "{strategy}: {}\n{}", done.out, done.err);
        assert!(lives(&stage, CUTS));
        assert_eq!(status(&stage, LOOSE), None);
        stage.served.stop();
    }
}

/// A run finds out by itself that it stays, and deletes the folder that it lay in otherwise.
#[test]
fn what_was_renamed_keeps_the_folder_that_it_goes_back_to() {
    for strategy in ["direct", "staged"] {
        let stage = Stage::new("", "1s");
        let (moved, name) = (id(LOOSE), "mine.mov".to_owned());
        let change = Change::Rename { id: moved, name };
        stage.served.sandbox.change(change).unwrap();
        lists(&stage, &[LOOSE, CUTS, STACK], &[]);
        sleep(Duration::from_millis(1_100));
        let flags = ["--api", "v4", "--unproven", "--strategy", strategy];
        let done = stage.served.apply(&stage.desk, &flags).expect(3);
        let (out, err) = (&done.out, &done.err);
        assert!(lives(&stage, LOOSE), "{strategy}: {out}\n{err}");
        assert!(lives(&stage, CUTS), "{strategy}: {out}\n{err}");
        assert_eq!(status(&stage, CUTS), None, "{strategy}");
        stage.served.stop();
    }
}

/// This program has moved it out of there, and nobody else.
#[test]
fn a_hold_on_what_it_lay_in_keeps_what_is_due() {
    let stage = Stage::new("", "1s");
    lists(&stage, &[LOOSE, STACK], &[CUTS]);
    sleep(Duration::from_millis(1_100));
    let done = stage.apply("14d").expect(0);
    assert!(lives(&stage, LOOSE), "{}\n{}", done.out, done.err);
    assert_eq!(status(&stage, LOOSE), None);
    assert_eq!(status(&stage, STACK).as_deref(), Some("retired"));
    stage.served.stop();
}

/// What it lay in went meanwhile, so that it has nowhere to go back to.
#[test]
fn a_hold_on_what_is_deleted_keeps_what_was_moved_out_of_it() {
    let stage = Stage::new("", "1s");
    lists(&stage, &[LOOSE, STACK, CUTS], &[]);
    let flags = ["--api", "v4", "--unproven", "--only", &format!("id={CUTS}")];
    stage.served.apply(&stage.desk, &flags).expect(0);
    assert!(!lives(&stage, CUTS) && lives(&stage, LOOSE));
    lists(&stage, &[LOOSE, STACK, CUTS], &[CUTS]);
    sleep(Duration::from_millis(1_100));
    let done = stage.apply("14d").expect(3);
    assert!(lives(&stage, LOOSE), "{}\n{}", done.out, done.err);
    assert_eq!(status(&stage, LOOSE).as_deref(), Some("staged"));
    stage.served.stop();
}

/// Somebody drags the staging folder into a folder that is listed.
#[test]
fn what_waits_does_not_go_with_a_folder_around_it() {
    let stage = Stage::new("", "14d");
    let folder = stage.folder();
    let to = id(CUTS);
    let change = Change::Move { id: folder, to };
    stage.served.sandbox.change(change).unwrap();
    lists(&stage, &[LOOSE, FOLDER, STACK, CUTS], &[]);
    let flags = ["--api", "v4", "--unproven", "--strategy", "direct"];
    let done = stage.served.apply(&stage.desk, &flags).expect(0);
    assert!(lives(&stage, CUTS) && lives(&stage, LOOSE), "{}", done.out);
    assert_eq!(status(&stage, LOOSE).as_deref(), Some("staged"));
    stage.served.stop();
}

/// Nobody lists it any more, and somebody has put it where something else is deleted.
#[test]
fn what_is_taken_out_is_kept_whether_or_not_it_is_listed() {
    let stage = Stage::new("", "14d");
    let to = id(CUTS);
    let moved = id(FOLDER);
    stage
        .served
        .sandbox
        .change(Change::Move { id: moved, to })
        .unwrap();
    lists(&stage, &[CUTS, STACK], &[]);
    let flags = ["--api", "v4", "--unproven", "--strategy", "direct"];
    let done = stage.served.apply(&stage.desk, &flags).expect(3);
    assert!(lives(&stage, FOLDER) && lives(&stage, CUTS), "{}", done.out);
    assert_eq!(status(&stage, FOLDER).as_deref(), Some("rescued"));
    // It is told once.
    let done = stage.served.apply(&stage.desk, &flags).expect(0);
    assert!(lives(&stage, FOLDER), "{}", done.out);
    stage.served.stop();
}

/// Whoever takes everything back does not find a folder without anything in it.
#[test]
fn a_staging_folder_in_which_nothing_waits_any_more_is_deleted() {
    let stage = Stage::new("", "14d");
    let folder = stage.folder();
    stage.run(&["state", "unstage", LOOSE]).expect(0);
    let is_there = || {
        stage
            .served
            .sandbox
            .with_world(|world| world.is_alive(folder))
    };
    assert!(is_there());
    stage.run(&["state", "unstage"]).expect(0);
    assert!(!is_there() && stage.is_home());
    stage.served.stop();
}

/// The folder around the one in which a file lay is held, while the file waits for its date.
#[test]
fn a_hold_on_what_it_lay_in_brings_back_what_is_not_due() {
    let show = "8d1f0c52-6a3b-4c7e-9f21-000000000041";
    let assets = format!(
        "              - {{id: {show}, name: show, type: folder, children: [
                  {{id: {CUTS}, name: cuts, type: folder, children: [
                    {{id: {LOOSE}, name: loose.mov}}]}}]}}
              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {}, name: a.mov}}]}}
",
        INSIDE[0]
    );
    let listed = [LOOSE, FOLDER, INSIDE[0]];
    let manifest = format!("version: 1\nassets: [{}]\n", listed.join(", "));
    for (on, way) in [(CUTS, "cuts"), (show, "show/cuts")] {
        let stage = Stage::of("", &assets, &manifest);
        stage.apply("14d").expect(0);
        stage.are_all("staged");
        lists(&stage, &listed, &[on]);
        let shown = saved_plan(&stage);
        let back = "A run would move 1 staged asset back to where it was.";
        for words in [
            &*format!("lies in {way} ({on}), which is held: legal"),
            back,
        ] {
            assert!(shown.contains(words), "{shown}");
        }
        // Two look at it, and one carries it out.
        let done = stage.run(&["apply", "plan.json"]).expect(0);
        assert!(stage.lives(LOOSE), "{}\n{}", done.out, done.err);
        let parent = stage
            .served
            .sandbox
            .with_world(|world| world.parent(id(LOOSE)));
        assert_eq!(parent, Some(id(CUTS)));
        assert_eq!(status(&stage, LOOSE), None);
        assert_eq!(status(&stage, FOLDER).as_deref(), Some("staged"));
        // It is held where it is by then, and nothing is left to be done.
        let again = stage.apply("14d").expect(0);
        assert!(again.out.contains("Nothing to do"), "{}", again.out);
        stage.served.stop();
    }
}

/// Somebody has deleted what it lay in: it has nowhere to go back to, and waits.
#[test]
fn what_has_nowhere_to_go_back_to_waits_for_its_date_whatever_is_held() {
    let stage = Stage::new("", "14d");
    let change = Change::Delete { id: id(CUTS) };
    stage.served.sandbox.change(change).unwrap();
    lists(&stage, &[FOLDER, STACK, LOOSE], &[CUTS]);
    let done = stage.apply("14d").expect(0);
    assert!(lives(&stage, LOOSE), "{}\n{}", done.out, done.err);
    assert_eq!(status(&stage, LOOSE).as_deref(), Some("staged"));
    stage.served.stop();
}

/// Somebody takes something out before the plan is made that two look at.
#[test]
fn a_saved_plan_that_calls_something_rescued_is_carried_out() {
    for delete_after in ["1s", "14d"] {
        let stage = Stage::new("", delete_after);
        let to = id(CUTS);
        let change = Change::Move { id: id(LOOSE), to };
        stage.served.sandbox.change(change).unwrap();
        sleep(Duration::from_millis(1_100));
        let shown = saved_plan(&stage);
        let done = stage.run(&["apply", "plan.json"]);
        let told = format!("{shown}\n{}\n{}", done.out, done.err);
        assert_eq!(done.code, 3, "{delete_after}: {told}");
        let found = status(&stage, LOOSE);
        assert_eq!(found.as_deref(), Some("rescued"), "{told}");
        let rest = status(&stage, STACK);
        let is_due = delete_after == "1s";
        assert_eq!(rest.as_deref() == Some("retired"), is_due, "{told}");
        stage.served.stop();
    }
}
