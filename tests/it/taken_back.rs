//! `retire restore` against a server: what comes back, what the record says, and that neither a kill
//! nor a lost answer makes it say anything that is not so.
#![cfg(unix)]

#[cfg(feature = "failpoints")]
use std::process::Stdio;

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
const INSIDE: [&str; 2] = [
    "8d1f0c52-6a3b-4c7e-9f21-000000000012",
    "8d1f0c52-6a3b-4c7e-9f21-000000000013",
];
const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000020";
const VERSIONS: [&str; 2] = [
    "8d1f0c52-6a3b-4c7e-9f21-000000000021",
    "8d1f0c52-6a3b-4c7e-9f21-000000000022",
];
const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000030";
const ALL: [&str; 7] = [
    FOLDER,
    INSIDE[0],
    INSIDE[1],
    STACK,
    VERSIONS[0],
    VERSIONS[1],
    LOOSE,
];

fn id(text: &str) -> AssetId {
    AssetId::parse(text).unwrap()
}

/// Of a folder that takes long to come back.
const MANY: std::ops::Range<u32> = 100..140;

/// A folder with two files, a version stack and a file, all of them deleted by run 1.
fn deleted(behaviour: &str) -> (Served, Desk) {
    deleted_with(behaviour, "")
}

/// The same, with more in the folder.
fn deleted_with(behaviour: &str, more: &str) -> (Served, Desk) {
    let assets = format!(
        "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {}, name: a.mov, filesize: 7}}, {{id: {}, name: b.mov, filesize: 8}}{more}]}}
              - {{id: {STACK}, name: cut, type: version_stack, children: [
                  {{id: {}, name: cut_v1.mov}}, {{id: {}, name: cut_v2.mov}}]}}
              - {{id: {LOOSE}, name: loose.mov}}
",
        INSIDE[0], INSIDE[1], VERSIONS[0], VERSIONS[1]
    );
    let seed = format!("limits: off\nbehaviour: {{{behaviour}}}\n{}", seed(&assets));
    let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    let served = Served::new(world);
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{FOLDER}, {}, {STACK}, {LOOSE}]\n",
        INSIDE[0]
    ));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    served.apply(&desk, &["--api", "v4"]).expect(0);
    // Nobody sees an empty stack, though the world has it still.
    let dead = ALL.iter().filter(|text| **text != STACK);
    assert!(!dead.into_iter().any(|text| lives(&served, text)));
    (served, desk)
}

fn lives(served: &Served, text: &str) -> bool {
    served.sandbox.with_world(|world| world.is_alive(id(text)))
}

fn command(served: &Served, desk: &Desk, arguments: &[&str]) -> std::process::Command {
    let url = served.sandbox.url();
    let mut all = vec!["restore", "--unproven", "--auto-approve", "--api", "v4"];
    all.extend(["--endpoint", &*url, "--state", "state.json"]);
    all.extend(["--retries", "0", "--cascade-wait", "4s"]);
    all.extend(arguments);
    let mut command = desk.command(&all);
    command.env("FRAMEIO_TOKEN", served.sandbox.token());
    command
}

fn restore(served: &Served, desk: &Desk, arguments: &[&str]) -> Done {
    desk.done(&mut command(served, desk, arguments))
}

/// The status of each asset that has a record, and whether a restored one was seen alive; with what a
/// journal beside the state adds.
fn records(desk: &Desk) -> Vec<(String, String, bool)> {
    let pulled = desk.run(&["state", "pull", "state.json"]).expect(0);
    let state: Value = serde_json::from_str(&pulled.out).unwrap();
    let assets = state["assets"].as_object().unwrap();
    let all = assets.iter().map(|(id, record)| {
        let status = record["status"].as_str().unwrap().to_owned();
        (id.clone(), status, record["seen"] == true)
    });
    all.collect()
}

/// Nothing is recorded that is not so.
fn check(served: &Served, desk: &Desk) {
    for (text, status, seen) in records(desk) {
        let lives = lives(served, &text);
        match &*status {
            "retired" => assert!(!lives || text == STACK, "{text} lives"),
            "restored" => assert!(lives || !seen, "{text} is dead"),
            other => panic!("{text} is {other}"),
        }
    }
}

#[test]
fn a_run_comes_back_with_one_command_and_is_not_deleted_again() {
    for behaviour in ["", "restore_polls: 0", "slow_cascade: 3"] {
        let (served, desk) = deleted(behaviour);
        let done = restore(&served, &desk, &["run:1"]);
        assert_eq!(done.code, 0, "{behaviour}\n{}\n{}", done.out, done.err);
        for text in ALL {
            assert!(lives(&served, text), "{behaviour}: {text}\n{}", done.out);
        }
        check(&served, &desk);
        let all = records(&desk);
        assert!(
            all.iter()
                .all(|(_, status, seen)| status == "restored" && *seen),
            "{all:?}"
        );
        // The manifest still lists them.
        served.apply(&desk, &["--api", "v4"]).expect(0);
        assert!(ALL.iter().all(|text| lives(&served, text)));
        served.stop();
    }
}

/// A version stack has no delete of its own: its files were deleted in its place, and come back with it.
#[test]
fn a_version_stack_comes_back_by_its_id_with_its_files() {
    let (served, desk) = deleted("");
    let done = restore(&served, &desk, &[STACK]);
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    assert!(done.out.contains("3 assets come back"), "{}", done.out);
    let said = "Tide/cut · with 2 assets in it, each by itself";
    assert!(done.out.contains(said), "{}", done.out);
    assert!(done.out.contains("Tide/cut/cut_v1.mov"), "{}", done.out);
    for text in [STACK, VERSIONS[0], VERSIONS[1]] {
        assert!(lives(&served, text), "{text}");
    }
    assert!(!lives(&served, FOLDER));
    check(&served, &desk);
    let done = restore(&served, &desk, &[STACK]).expect(0);
    assert!(done.out.contains("That asset is back"), "{}", done.out);
    restore(&served, &desk, &["run:1"]).expect(0);
    assert!(ALL.iter().all(|text| lives(&served, text)));
    served.stop();
}

#[test]
fn a_version_stack_whose_files_are_refused_is_not_back() {
    let (served, desk) = deleted("");
    let rules = vec!["409=100%@v4_file_restore".parse().unwrap()];
    served.sandbox.set_faults(Faults { seed: 1, rules });
    restore(&served, &desk, &[STACK]).expect(3);
    check(&served, &desk);
    served.sandbox.set_faults(Faults::default());
    let done = restore(&served, &desk, &[STACK]);
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    assert!(VERSIONS.iter().all(|text| lives(&served, text)));
    check(&served, &desk);
    served.stop();
}

#[test]
fn a_lost_answer_is_settled_by_reading() {
    for rule in ["drop-after=100%", "drop-before=100%", "500=100%"] {
        let (served, desk) = deleted("");
        let rules = ["v4_file_restore", "v4_folder_restore"]
            .map(|call| format!("{rule}@{call}").parse().unwrap());
        served.sandbox.set_faults(Faults {
            seed: 1,
            rules: rules.into(),
        });
        let done = restore(&served, &desk, &["run:1"]);
        check(&served, &desk);
        let is_done = rule.starts_with("drop-after");
        assert_eq!(
            lives(&served, LOOSE),
            is_done,
            "{rule}\n{}\n{}",
            done.out,
            done.err
        );
        served.sandbox.set_faults(Faults::default());
        let done = restore(&served, &desk, &["run:1"]);
        check(&served, &desk);
        assert!(
            ALL.iter().all(|text| lives(&served, text)),
            "{rule}\n{}\n{}",
            done.out,
            done.err
        );
        served.stop();
    }
}

fn many() -> String {
    let one = |number| {
        format!(
            ",
                  {{id: 8d1f0c52-6a3b-4c7e-9f21-000000000{number}, name: {number}.mov, filesize: 5}}"
        )
    };
    MANY.map(one).collect()
}

/// What was in a folder is back later than anybody waits, with a record of its own or without.
#[test]
fn a_folder_is_not_back_before_all_that_was_in_it_and_the_same_command_looks_again() {
    let (served, desk) = deleted_with("restore_polls: 1000", &many());
    let done = restore(&served, &desk, &["run:1"]);
    assert_eq!(done.code, 3, "{}\n{}", done.out, done.err);
    let said = "1 folder or version stack is there, and not all that was in it:";
    assert!(done.out.contains(said), "{}", done.out);
    assert!(done.out.contains("of 215 B seen"), "{}", done.out);
    assert!(lives(&served, FOLDER) && lives(&served, LOOSE));
    check(&served, &desk);
    let seen = |text: &str| {
        let records = records(&desk);
        let record = records.iter().find(|(id, ..)| id == text);
        record.is_some_and(|(_, status, seen)| status == "restored" && *seen)
    };
    assert!(!seen(FOLDER) && seen(LOOSE));
    let mut left = 20;
    let done = loop {
        let done = restore(&served, &desk, &["run:1"]);
        if done.code == 0 || left == 0 {
            break done;
        }
        left -= 1;
    };
    assert_eq!(done.code, 0, "{}\n{}", done.out, done.err);
    assert!(ALL.iter().all(|text| *text == INSIDE[1] || seen(text)));
    assert!(ALL.iter().all(|text| lives(&served, text)));
    // There is nothing left to do, which is no error.
    let again = restore(&served, &desk, &["run:1"]).expect(0);
    assert!(again.out.contains("is back"), "{}", again.out);
    served.stop();
}

/// A time budget that ends within the restore of the folder.
#[test]
fn a_restore_that_was_cut_off_goes_on_with_the_same_command() {
    let (served, desk) = deleted_with("restore_polls: 1000", &many());
    let done = restore(&served, &desk, &["run:1", "--time-budget", "2s"]);
    assert_eq!(done.code, 9, "{}\n{}", done.out, done.err);
    let done = restore(&served, &desk, &["run:1"]);
    assert_eq!(done.code, 3, "{}\n{}", done.out, done.err);
    assert!(!lives(&served, "8d1f0c52-6a3b-4c7e-9f21-000000000139"));
    check(&served, &desk);
    // No word of it is false: it was the first run that deleted, and not the one that restored.
    let done = restore(&served, &desk, &["run:9"]).expect(1);
    assert!(done.err.contains("`run:1` has deleted"), "{}", done.err);
    assert!(!done.err.contains("run:2"), "{}", done.err);
    served.stop();
}

#[cfg(feature = "failpoints")]
#[test]
fn whoever_kills_it_finds_a_record_that_is_so_and_the_next_run_ends_it() {
    use std::os::unix::process::ExitStatusExt;
    for point in [
        "restore.send",
        "restore.answered",
        "restore.send:2",
        "restore.answered:2",
        "restore.answered:3",
        "restore.ended",
    ] {
        let (served, desk) = deleted("");
        let mut killed = command(&served, &desk, &["run:1"]);
        killed.env("RETIRE_CRASH", point);
        killed.stdout(Stdio::null()).stderr(Stdio::null());
        let status = killed.status().unwrap();
        assert_eq!(status.signal(), Some(9), "{point}");
        check(&served, &desk);
        let open = || {
            let open = records(&desk).into_iter();
            let open = open.filter(|(_, status, seen)| !(status == "restored" && *seen));
            open.map(|(id, ..)| id).collect::<Vec<String>>()
        };
        // The same command goes on with it, and says so where nothing is left.
        let done = restore(&served, &desk, &["run:1"]);
        assert_eq!(done.code, 0, "{point}\n{}\n{}", done.out, done.err);
        check(&served, &desk);
        assert!(open().is_empty(), "{point}");
        assert!(ALL.iter().all(|text| lives(&served, text)), "{point}");
        served.stop();
    }
}

#[test]
fn nobody_begins_with_what_nothing_shows_or_nobody_approved() {
    let (served, desk) = deleted("");
    let url = served.sandbox.url();
    let before = desk.read("state.json");
    for (more, said) in [
        (&[][..], "nobody has published how the API restores"),
        (
            &["--unproven"][..],
            "nobody approved: 6 assets would be restored",
        ),
    ] {
        let mut all = vec!["restore", "--api", "v4", "--endpoint", &*url];
        all.extend(["--state", "state.json", "run:1"]);
        all.extend(more);
        let done = desk.run_with(&[("FRAMEIO_TOKEN", served.sandbox.token())], &all);
        let done = done.expect(4);
        assert!(done.err.contains(said), "{}", done.err);
    }
    // What a probe found counts on its own server alone, and only where it shows it.
    let found = |server: &str, folder: &str| {
        format!(
            r#"{{"version":1,"probed_at":"2026-11-28T08:00:00Z","server":"{server}","findings":[{{"assumption":"restore-file","expected":"yes","observed":"yes"}},{{"assumption":"restore-folder","expected":"slow","observed":"{folder}"}}]}}"#
        )
    };
    for (server, folder, said) in [
        ("https://api.frame.io", "slow", "is of another server"),
        (
            &*url,
            "no",
            "has not seen what that relies on (`restore-folder`)",
        ),
        (&*url, "slow", "nobody approved"),
    ] {
        desk.write("retire.probe.json", found(server, folder));
        let mut all = vec!["restore", "--api", "v4", "--endpoint", &*url];
        all.extend(["--state", "state.json", "run:1"]);
        let done = desk.run_with(&[("FRAMEIO_TOKEN", served.sandbox.token())], &all);
        let done = done.expect(4);
        assert!(done.err.contains(said), "{server} {folder}: {}", done.err);
    }
    assert_eq!(desk.read("state.json"), before);
    let log = served.sandbox.log();
    assert!(!log.iter().any(|request| request.method == "PATCH"));
    served.stop();
}
