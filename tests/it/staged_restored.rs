//! What went with a staging folder and comes back, where an answer was lost, a run died, or not all is
//! back at once.
#![cfg(unix)]

use frameio_retire::sandbox::fault::Faults;

#[cfg(feature = "failpoints")]
use crate::staged_back::kill;
use crate::staged_back::{FOLDER, INSIDE, Stage};

/// The delete of the staging folder is done and not answered, or seen too late: what went with it is
/// shown by a list, and comes back with that folder all the same.
#[test]
fn what_went_with_a_folder_whose_delete_was_not_answered_comes_back_with_it() {
    for (behaviour, rule) in [
        ("", Some("drop-after=100%")),
        ("slow_cascade: 40", None),
        ("slow_cascade: 40", Some("drop-after=100%")),
    ] {
        let stage = Stage::fresh(behaviour);
        let rule = rule.map(|rule| format!("{rule}@v4_folder_delete").parse().unwrap());
        stage.served.sandbox.set_faults(Faults {
            seed: 1,
            rules: rule.into_iter().collect(),
        });
        stage.apply("0s");
        stage.served.sandbox.set_faults(Faults::default());
        brings_back(&stage);
        stage.served.stop();
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn what_went_with_a_folder_when_the_run_died_comes_back_with_it() {
    let stage = Stage::fresh("");
    let apply = ["apply", "--strategy", "staged"];
    kill(&stage, &apply, "stage.deleted");
    brings_back(&stage);
    stage.served.stop();
}

/// Nobody has looked in between what became of the delete; what went with the folder may still be read.
#[cfg(feature = "failpoints")]
#[test]
fn what_went_with_a_folder_when_the_run_died_comes_back_at_once() {
    for behaviour in ["", "slow_cascade: 40"] {
        for words in ["run:1", INSIDE[0]] {
            let stage = Stage::fresh(behaviour);
            kill(&stage, &["apply", "--strategy", "staged"], "stage.deleted");
            let done = stage.run(&["restore", words]);
            assert_eq!(
                done.code, 0,
                "{behaviour} {words}\n{}\n{}",
                done.out, done.err
            );
            assert!(stage.is_home(), "{}", done.out);
            stage.are_all("restored");
            assert!(!stage.has_staging());
            stage.served.stop();
        }
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn what_is_in_its_staging_folder_though_the_delete_was_begun_is_not_back() {
    let stage = Stage::fresh("");
    kill(&stage, &["apply", "--strategy", "staged"], "stage.delete");
    let done = stage.run(&["restore", "run:1"]);
    assert_eq!(done.code, 3, "{}\n{}", done.out, done.err);
    assert!(
        done.err.contains("`retire state unstage` moves them back"),
        "{}",
        done.err
    );
    stage.are_all("staged");
    stage.served.stop();
}

/// Settles what is recorded, and takes all of it back by the id of one.
fn brings_back(stage: &Stage) {
    let is_staged = |(_, status, _): &(String, String, bool)| status == "staged";
    for _ in 0..12 {
        stage.apply("0s");
        if !stage.records().iter().any(is_staged) {
            break;
        }
    }
    stage.are_all("retired");
    let done = stage.run(&["restore", INSIDE[0]]);
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    assert!(stage.is_home(), "{}", done.out);
    stage.are_all("restored");
    assert!(!stage.has_staging());
}

/// What is listed lies deeper than what is listed around it, and in a version stack that is not.
#[cfg(feature = "failpoints")]
#[test]
fn what_is_listed_deep_in_a_folder_comes_back_with_that() {
    let (middle, deep) = (
        "8d1f0c52-6a3b-4c7e-9f21-000000000051",
        "8d1f0c52-6a3b-4c7e-9f21-000000000052",
    );
    for (strategy, how) in [
        ("staged", "folder"),
        ("direct", "folder"),
        ("staged", "version_stack"),
    ] {
        for point in [
            "restore.send",
            "restore.answered",
            "stage.moved",
            "restore.ended",
        ] {
            if strategy == "direct" && point == "stage.moved" {
                continue;
            }
            let stage = Stage::of(
                "",
                &format!(
                    "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {middle}, name: c3, type: {how}, children: [{{id: {deep}, name: f4.mov, filesize: 9}}]}}]}}
"
                ),
                &format!("version: 1\nassets: [{FOLDER}, {deep}]\n"),
            );
            stage.run(&["apply", "--strategy", strategy]).expect(0);
            stage.are_all("retired");
            kill(&stage, &["restore", "run:1"], point);
            let done = stage.run(&["restore", "run:1"]);
            assert_eq!(
                done.code, 0,
                "{strategy} {how} {point}\n{}\n{}",
                done.out, done.err
            );
            stage.are_all("restored");
            assert!(
                stage.lives(deep) && !stage.has_staging(),
                "{strategy} {how} {point}"
            );
            stage.served.stop();
        }
    }
}

/// A folder in the staging folder of which not all is back stays in that, and is moved home once it is.
#[test]
fn what_is_not_back_whole_stays_in_its_staging_folder_until_it_is() {
    let files = (100..140).map(|number| {
        format!("                  {{id: 8d1f0c52-6a3b-4c7e-9f21-000000000{number}, name: {number}.mov, filesize: 5}}")
    });
    let files: Vec<String> = files.collect();
    let stage = Stage::of(
        "restore_polls: 1000",
        &format!(
            "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
{}]}}
",
            files.join(",\n")
        ),
        &format!("version: 1\nassets: [{FOLDER}]\n"),
    );
    stage.apply("0s").expect(0);
    let done = stage.run(&["restore", "run:1"]);
    assert_eq!(done.code, 3, "{}\n{}", done.out, done.err);
    let said = "1 folder or version stack is there, and not all that was in it:";
    assert!(done.out.contains(said), "{}", done.out);
    assert!(done.out.contains("of 200 B seen"), "{}", done.out);
    let mut done = done;
    for _ in 0..12 {
        if done.code == 0 {
            break;
        }
        assert!(stage.lives(FOLDER));
        done = stage.run(&["restore", "run:1"]);
    }
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    assert!((100..140).all(|n| stage.lives(&format!("8d1f0c52-6a3b-4c7e-9f21-000000000{n}"))));
    stage.are_all("restored");
    assert!(!stage.has_staging());
    stage.served.stop();
}

#[test]
fn a_staging_folder_that_does_not_come_back_is_told_by_what_went_with_it() {
    let stage = Stage::new("", "0s");
    let rule = "409=100%@v4_folder_restore".parse().unwrap();
    stage.served.sandbox.set_faults(Faults {
        seed: 1,
        rules: vec![rule],
    });
    let done = stage.run(&["restore", "run:1"]).expect(3);
    assert!(done.out.contains("4 assets are not back:"), "{}", done.out);
    stage.served.stop();
}

/// What comes back with its staging folder is moved home, so that it rests on what a move does.
#[test]
fn what_was_staged_does_not_come_back_where_a_moved_file_has_another_id() {
    let stage = Stage::fresh("");
    stage.apply("0s");
    let url = stage.served.sandbox.url();
    let finding = |one: &str, expected: &str, observed: &str| {
        format!(r#"{{"assumption":"{one}","expected":"{expected}","observed":"{observed}"}}"#)
    };
    for (keeps, said) in [
        (Some("no"), "(`move-keeps-id`)"),
        (None, "(`move-keeps-id`)"),
        (Some("yes"), "nobody approved"),
    ] {
        let mut all = vec![
            finding("restore-file", "yes", "yes"),
            finding("restore-folder", "slow", "complete"),
            finding("folder-delete-cascade", "delayed", "at-once"),
        ];
        all.extend(keeps.map(|keeps| finding("move-keeps-id", "yes", keeps)));
        let document = format!(
            r#"{{"version":1,"probed_at":"2026-11-28T08:00:00Z","server":"{url}","findings":[{}]}}"#,
            all.join(",")
        );
        stage.desk.write("retire.probe.json", document);
        let mut words = vec!["restore", "--api", "v4", "--endpoint", &*url];
        words.extend(["--state", "state.json", INSIDE[0]]);
        let token = [("FRAMEIO_TOKEN", stage.served.sandbox.token())];
        let done = stage.desk.run_with(&token, &words).expect(4);
        assert!(done.err.contains(said), "{keeps:?}: {}", done.err);
    }
    let done = stage.run(&["restore", INSIDE[0]]).expect(0);
    assert!(stage.is_home(), "{}", done.out);
    stage.served.stop();
}
