//! `retire restore` against a server: what comes back, what the record says, and that neither a kill
//! nor a lost answer makes it say anything that is not so.
#![cfg(unix)]

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

/// A folder with two files, a version stack and a file, all of them deleted by run 1.
fn deleted(behaviour: &str) -> (Served, Desk) {
    let assets = format!(
        "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {}, name: a.mov, filesize: 7}}, {{id: {}, name: b.mov, filesize: 8}}]}}
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
        let done = restore(&served, &desk, &["run:2"]);
        check(&served, &desk);
        assert!(
            lives(&served, LOOSE) || is_done,
            "{rule}\n{}\n{}",
            done.out,
            done.err
        );
        served.stop();
    }
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
        let ids = open();
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let done = restore(&served, &desk, &ids);
            assert_eq!(done.code, 0, "{point}\n{}\n{}", done.out, done.err);
        }
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
        ("https://api.frame.io", "slow", "no probe has shown it here"),
        (&*url, "no", "no probe has shown it here"),
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
