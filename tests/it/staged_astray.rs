//! What lies elsewhere than its record says, against a server: in a staging folder without a record, home
//! by a move that nobody answered, or moved out of what comes back.
#![cfg(unix)]

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::world::edit::Change;

#[cfg(feature = "failpoints")]
use crate::staged_back::kill;
use crate::staged_back::{CUTS, FOLDER, INSIDE, LOOSE, STACK, Stage, id};

fn put(stage: &Stage, what: &str, to: AssetId) {
    let change = Change::Move { id: id(what), to };
    stage.served.sandbox.change(change).unwrap();
}

fn lies_in(stage: &Stage, what: &str) -> Option<AssetId> {
    let sandbox = &stage.served.sandbox;
    sandbox.with_world(|world| world.parent(id(what)))
}

fn faults(stage: &Stage, rules: &[&str]) {
    let rules = rules.iter().map(|rule| rule.parse().unwrap());
    let rules = rules.collect();
    stage.served.sandbox.set_faults(Faults { seed: 1, rules });
}

fn lists(stage: &Stage, assets: &[&str], more: &str) {
    let assets = assets.join(", ");
    let text = format!("version: 1\nassets: [{assets}]\n{more}");
    stage.desk.write("retire.yaml", &text);
}

/// Somebody drags it there, and lists it.
#[test]
fn what_no_record_has_put_into_a_staging_folder_stays_and_is_told() {
    let stage = Stage::new("", "14d");
    let staging = stage.folder();
    put(&stage, CUTS, staging);
    lists(&stage, &[FOLDER, STACK, LOOSE, CUTS], "");
    for strategy in ["direct", "staged"] {
        let flags = ["--api", "v4", "--unproven", "--strategy", strategy];
        let done = stage.served.apply(&stage.desk, &flags).expect(0);
        let said = "no record says where it was; move it out to where it belongs";
        assert!(done.out.contains(said), "{strategy}: {}", done.out);
        assert!(stage.lives(CUTS), "{strategy}: {}", done.out);
        assert_eq!(lies_in(&stage, CUTS), Some(staging));
    }
    let records = stage.records();
    assert!(records.iter().all(|(id, ..)| id != CUTS), "{records:?}");
    stage.served.stop();
}

/// Without its records a run knows what waits by the name of the folder alone.
#[test]
fn what_waits_is_not_deleted_where_the_state_is_lost() {
    for strategy in ["direct", "staged"] {
        let stage = Stage::new("", "14d");
        std::fs::remove_file(stage.desk.path("state.json")).unwrap();
        let flags = ["--api", "v4", "--unproven", "--strategy", strategy];
        let done = stage.served.apply(&stage.desk, &flags).expect(0);
        let all = [FOLDER, INSIDE[0], STACK, LOOSE];
        assert!(all.iter().all(|one| stage.lives(one)), "{}", done.out);
        assert!(done.out.contains("4 held"), "{}", done.out);
        assert_eq!(stage.records(), []);
        stage.served.stop();
    }
}

/// It is held, and goes back by a move after which the run dies.
#[cfg(feature = "failpoints")]
#[test]
fn what_is_held_and_back_by_a_move_that_nobody_answered_is_staged_no_more() {
    let stage = Stage::new("", "14d");
    let home = id(CUTS);
    let holds = format!("holds:\n  - {{id: {LOOSE}, reason: legal}}\n");
    lists(&stage, &[FOLDER, INSIDE[0], STACK, LOOSE], &holds);
    let apply = ["apply", "--strategy", "staged", "--delete-after", "14d"];
    kill(&stage, &apply, "stage.moved");
    assert_eq!(lies_in(&stage, LOOSE), Some(home));
    let done = stage.apply("14d").expect(0);
    let said = "1 staged asset is back where it was before, by a move that nobody answered";
    assert!(done.out.contains(said), "{}", done.out);
    assert_eq!(lies_in(&stage, LOOSE), Some(home));
    let records = stage.records();
    assert!(records.iter().all(|(id, ..)| id != LOOSE), "{records:?}");
    stage.served.stop();
}

#[test]
fn a_staging_folder_whose_restore_is_refused_though_it_is_done_is_gone_on_with() {
    for status in ["404", "409", "422", "500"] {
        let stage = Stage::new("", "0s");
        faults(&stage, &[&format!("done/{status}=100%@v4_folder_restore")]);
        let done = stage.run(&["restore", "run:1"]);
        assert_eq!(done.code, 0, "{status}\n{}\n{}", done.out, done.err);
        assert!(stage.is_home(), "{status}\n{}", done.out);
        stage.are_all("restored");
        assert!(!stage.has_staging());
        stage.served.stop();
    }
}

/// Somebody takes it out of a folder that is back in its staging folder, where the restore died.
#[cfg(feature = "failpoints")]
#[test]
fn what_is_moved_out_of_a_restored_folder_is_back_and_its_folder_goes_home() {
    for point in ["restore.answered", "stage.moved:3"] {
        let stage = Stage::new("restore_polls: 0", "0s");
        kill(&stage, &["restore", "run:1"], point);
        let root = lies_in(&stage, CUTS);
        put(&stage, INSIDE[0], id(CUTS));
        let done = stage.run(&["restore", "run:1"]);
        assert_eq!(done.code, 0, "{point}\n{}\n{}", done.out, done.err);
        assert_eq!(lies_in(&stage, FOLDER), root, "{point}");
        assert_eq!(lies_in(&stage, INSIDE[0]), Some(id(CUTS)), "{point}");
        stage.are_all("restored");
        assert!(!stage.has_staging(), "{point}");
        stage.served.stop();
    }
}

/// It is a folder, or a version stack, and not all that was in it is in it.
#[cfg(feature = "failpoints")]
#[test]
fn what_is_moved_out_is_judged_by_itself() {
    let (inner, deep) = (
        "8d1f0c52-6a3b-4c7e-9f21-000000000051",
        "8d1f0c52-6a3b-4c7e-9f21-000000000052",
    );
    for kind in ["folder", "version_stack"] {
        for is_whole in [true, false] {
            let stage = Stage::of(
                "restore_polls: 0",
                &format!(
                    "              - {{id: {CUTS}, name: cuts, type: folder}}
              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {inner}, name: c3, type: {kind}, children: [
                    {{id: {deep}, name: f4.mov, filesize: 9}}]}},
                  {{id: {}, name: a.mov, filesize: 7}}]}}
",
                    INSIDE[0]
                ),
                &format!("version: 1\nassets: [{FOLDER}, {inner}, {deep}]\n"),
            );
            stage.apply("0s").expect(0);
            stage.are_all("retired");
            kill(&stage, &["restore", "run:1"], "restore.answered");
            put(&stage, inner, id(CUTS));
            let root = lies_in(&stage, CUTS);
            if !is_whole {
                let change = Change::Delete { id: id(deep) };
                stage.served.sandbox.change(change).unwrap();
            }
            let done = stage.run(&["restore", "run:1"]);
            let about = format!("{kind} {is_whole}\n{}\n{}", done.out, done.err);
            assert_eq!(done.code, if is_whole { 0 } else { 3 }, "{about}");
            assert_eq!(lies_in(&stage, FOLDER), root, "{about}");
            // What is missing may come as long as the folder is there.
            assert_eq!(stage.has_staging(), !is_whole, "{about}");
            let records = stage.records().into_iter();
            let open = records.filter(|(_, _, seen)| !*seen).map(|(id, ..)| id);
            let open: Vec<String> = open.collect();
            let expected = if is_whole {
                &[][..]
            } else {
                &[FOLDER, inner, deep]
            };
            assert_eq!(open, expected, "{about}");
            stage.served.stop();
        }
    }
}

#[test]
fn two_hundred_are_looked_for_and_the_same_command_goes_on() {
    let number = |n: usize| format!("8d1f0c52-6a3b-4c7e-9f21-000000000{n}");
    let files: Vec<String> = (100..550).map(number).collect();
    let children = files.iter();
    let children = children.map(|id| format!("                  {{id: {id}, name: {id}.mov}}"));
    let children: Vec<String> = children.collect();
    let stage = Stage::of(
        "",
        &format!(
            "              - {{id: {CUTS}, name: cuts, type: folder}}
              - {{id: {FOLDER}, name: day 1, type: folder, children: [
{}]}}
",
            children.join(",\n")
        ),
        &format!("version: 1\nassets: [{FOLDER}, {}]\n", files.join(", ")),
    );
    stage.apply("0s").expect(0);
    let root = lies_in(&stage, CUTS);
    let staging = stage.folder();
    let change = Change::Restore { id: staging };
    stage.served.sandbox.change(change).unwrap();
    for file in &files {
        put(&stage, file, id(CUTS));
    }
    let done = stage.run(&["restore", "run:1"]).expect(3);
    let said = "of 250 assets that are no longer in what came back, 200 were looked for elsewhere";
    assert!(done.out.contains(said), "{}\n{}", done.out, done.err);
    let done = stage.run(&["restore", "run:1"]).expect(0);
    assert_eq!(lies_in(&stage, FOLDER), root, "{}", done.out);
    stage.are_all("restored");
    assert!(!stage.has_staging());
    stage.served.stop();
}

/// The folder was deleted when the run died: nobody else has done that.
#[cfg(feature = "failpoints")]
#[test]
fn what_a_killed_run_has_deleted_is_told_to_be_deleted_by_that() {
    let stage = Stage::fresh("");
    kill(&stage, &["apply", "--strategy", "staged"], "stage.deleted");
    let url = stage.served.sandbox.url();
    let words = ["plan", "--api", "v4", "--endpoint", &*url, "--unproven"];
    let token = [("FRAMEIO_TOKEN", stage.served.sandbox.token())];
    let more = ["--state", "state.json"];
    let planned = stage.desk.run_with(&token, &[&words[..], &more].concat());
    assert!(planned.out.contains("deleted by run 1"), "{}", planned.out);
    assert!(!planned.out.contains("by others"), "{}", planned.out);
    let done = stage.apply("0s");
    assert!(done.out.contains("4 retired"), "{}", done.out);
    assert!(!done.out.contains("already gone"), "{}", done.out);
    stage.are_all("retired");
    stage.served.stop();
}

#[test]
fn what_is_put_off_is_told() {
    let stage = Stage::new("", "1h");
    let change = Change::Delete { id: id(CUTS) };
    stage.served.sandbox.change(change).unwrap();
    let done = stage.run(&["state", "unstage", LOOSE]).expect(3);
    assert!(done.out.contains("Run 2: 1 put off"), "{}", done.out);
    stage.served.stop();
}

/// It waits for its date by then, and goes back.
#[test]
fn what_goes_back_and_waits_for_its_date_is_something_to_do() {
    let stage = Stage::new("", "14d");
    let text = format!(
        "version: 1\nassets: [{FOLDER}, {}, {STACK}, {{id: {LOOSE}, not_before: 2090-01-01}}]\n",
        INSIDE[0]
    );
    stage.desk.write("retire.yaml", &text);
    let done = stage.apply("14d").expect(0);
    assert!(!done.out.contains("Nothing to do"), "{}", done.out);
    assert!(done.out.contains("1 to move back"), "{}", done.out);
    assert_eq!(lies_in(&stage, LOOSE), Some(id(CUTS)));
    stage.served.stop();
}

/// Somebody wants it back, and the run dies once it is: an apply takes that for no less.
#[cfg(feature = "failpoints")]
#[test]
fn what_a_killed_unstage_has_moved_back_is_rescued_by_the_next_run() {
    for (point, strategy) in [
        ("stage.moved", "direct"),
        ("stage.moved", "staged"),
        ("stage.moved:3", "direct"),
        ("stage.moved:3", "staged"),
    ] {
        let stage = Stage::new("", "14d");
        let staging = stage.folder();
        kill(&stage, &["state", "unstage"], point);
        let tops = [FOLDER, STACK, LOOSE];
        let home = tops.into_iter();
        let home = home.filter(|one| lies_in(&stage, one) != Some(staging));
        let home: Vec<(&str, Option<AssetId>)> =
            home.map(|one| (one, lies_in(&stage, one))).collect();
        assert!(!home.is_empty());
        for code in [3, 0] {
            let flags = ["--api", "v4", "--unproven", "--strategy", strategy];
            let done = stage.served.apply(&stage.desk, &flags);
            assert_eq!(done.code, code, "{point} {strategy}\n{}", done.out);
            let records = stage.records();
            for (one, parent) in &home {
                assert!(stage.lives(one), "{point} {strategy}\n{}", done.out);
                assert_eq!(lies_in(&stage, one), *parent, "{point} {strategy}");
                let is_rescued =
                    |(id, status, _): &(String, String, bool)| id == one && status == "rescued";
                assert!(records.iter().any(is_rescued), "{one}: {records:?}");
            }
            let mut others = records.iter().map(|(_, status, _)| &**status);
            assert!(others.all(|status| ["rescued", "staged"].contains(&status)));
        }
        stage.served.stop();
    }
}

/// Somebody takes it out together with the folder around it, of which there is no record.
#[test]
fn what_people_take_out_with_the_folder_around_it_is_rescued() {
    let (inner, deep) = (
        "8d1f0c52-6a3b-4c7e-9f21-000000000051",
        "8d1f0c52-6a3b-4c7e-9f21-000000000052",
    );
    let all = [FOLDER, deep];
    for (kind, listed, is_due) in [
        ("folder", &all[..], false),
        ("folder", &all[..1], false),
        ("folder", &[], false),
        ("folder", &all, true),
        ("version_stack", &all, false),
        ("version_stack", &all, true),
    ] {
        let stage = Stage::of(
            "",
            &format!(
                "              - {{id: {CUTS}, name: d1, type: folder}}
              - {{id: {FOLDER}, name: d3, type: folder, children: [
                  {{id: {inner}, name: s4, type: {kind}, children: [
                    {{id: {deep}, name: v8.mov, filesize: 9}}]}},
                  {{id: {}, name: x.mov, filesize: 7}}]}}
",
                INSIDE[0]
            ),
            &format!("version: 1\nassets: [{FOLDER}, {deep}]\n"),
        );
        stage.apply(if is_due { "1s" } else { "14d" }).expect(0);
        put(&stage, inner, id(CUTS));
        lists(&stage, listed, "");
        if is_due {
            std::thread::sleep(std::time::Duration::from_millis(1_500));
        }
        let about = format!("{kind} {listed:?} {is_due}");
        let done = stage.apply("14d");
        assert_eq!(done.code, 3, "{about}\n{}", done.out);
        lists(&stage, &[FOLDER, deep], "");
        for _ in 0..2 {
            let done = stage.apply("0s");
            assert!(stage.lives(deep), "{about}\n{}", done.out);
            assert_eq!(lies_in(&stage, inner), Some(id(CUTS)), "{about}");
            let records = stage.records();
            let is_rescued =
                |(id, status, _): &(String, String, bool)| id == deep && status == "rescued";
            assert!(records.iter().any(is_rescued), "{about}: {records:?}");
        }
        stage.served.stop();
    }
}

/// Its staging folder is deleted, and what is in it can be read for a while longer.
#[test]
fn what_is_on_its_way_out_with_its_staging_folder_is_not_moved_out_of_it() {
    let stage = Stage::fresh("slow_cascade: 100000");
    stage.apply("0s");
    let staging = stage.folder();
    assert!(!stage.has_staging());
    let stays = |done: &crate::harness::Done| {
        let about = format!("{}\n{}", done.out, done.err);
        for one in [FOLDER, STACK, LOOSE] {
            assert_eq!(lies_in(&stage, one), Some(staging), "{one}: {about}");
        }
        stage.are_all("staged");
    };
    let done = stage.run(&["state", "unstage"]).expect(3);
    let said = "`retire restore run:1` takes it back once it is deleted";
    assert!(done.out.contains(said), "{}", done.out);
    stays(&done);
    lists(&stage, &[FOLDER, INSIDE[0], STACK], "");
    stays(&stage.apply("0s").expect(3));
    let holds = format!("holds:\n  - {{id: {LOOSE}, reason: legal}}\n");
    lists(&stage, &[FOLDER, INSIDE[0], STACK, LOOSE], &holds);
    stays(&stage.apply("0s").expect(3));
    stage.served.stop();
}
