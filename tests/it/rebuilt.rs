//! `retire state rebuild` where lists of what was deleted cannot be read, and commands that find a
//! journal and nothing to do.
#![cfg(unix)]

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;

use crate::harness::{Desk, Done, TIDEWATER};
use crate::soak::Served;

const ASSETS: [&str; 3] = [
    "8d1f0c52-6a3b-4c7e-9f21-000000000001",
    "8d1f0c52-6a3b-4c7e-9f21-000000000002",
    "8d1f0c52-6a3b-4c7e-9f21-000000000003",
];

/// Two projects: the first has two assets, the second one. The first of each is deleted.
fn served() -> (Served, Desk) {
    let project = |id: &str, name: &str, assets: &[&str]| {
        let assets = assets.iter();
        let assets = assets.map(|id| format!("              - {{id: {id}, name: a.mov}}\n"));
        format!(
            "          - id: {id}\n            name: {name}\n            assets:\n{}",
            assets.collect::<String>()
        )
    };
    let first = project("7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e", "Tide", &ASSETS[..2]);
    let second = project("7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5f", "Ebb", &ASSETS[2..]);
    let seed = format!(
        "version: 1
limits: off
accounts:
  - id: {TIDEWATER}
    name: Tidewater
    teams:
      - id: 6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d
        name: Post
        projects:
{first}{second}"
    );
    let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    let served = Served::new(world);
    let list = ASSETS.map(|id| format!("  - {{id: {id}, kind: file}}\n"));
    let desk = Desk::with(&format!("version: 1\nassets:\n{}", list.concat()));
    desk.write(
        "retire.toml",
        "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n",
    );
    for id in [ASSETS[0], ASSETS[2]] {
        let id = AssetId::parse(id).unwrap();
        served.sandbox.change(Change::Delete { id }).unwrap();
    }
    (served, desk)
}

fn run(served: &Served, desk: &Desk, arguments: &[&str]) -> Done {
    desk.done(&mut command(served, desk, arguments))
}

fn command(served: &Served, desk: &Desk, arguments: &[&str]) -> std::process::Command {
    let url = served.sandbox.url();
    let of = ["--api", "v4", "--endpoint", &url, "--state", "state.json"];
    let of = [arguments, &of, &["--auto-approve", "--retries", "0"]].concat();
    let mut command = desk.command(&of);
    command.env("FRAMEIO_TOKEN", served.sandbox.token());
    command
}

#[test]
fn a_list_that_cannot_be_read_is_named_and_the_command_does_not_end_well() {
    for rule in ["403", "404", "500"] {
        let (served, desk) = served();
        let fault = |when: &str| {
            let rule = format!("{rule}={when}@v4_recently_deleted");
            let rules = vec![rule.parse().unwrap()];
            served.sandbox.set_faults(Faults { seed: 1, rules });
        };
        // None of them.
        fault("100%");
        let done = run(&served, &desk, &["state", "rebuild"]).expect(1);
        let said = "nothing was written";
        assert!(done.err.contains(said), "{rule}: {}", done.err);
        for name in ["`Tide`", "`Ebb`"] {
            let said = format!("the list of what was deleted from the project {name}");
            assert!(done.err.contains(&said), "{rule}: {}", done.err);
        }
        assert!(!desk.path("state.json").exists());
        // One of two: what the other shows is recorded.
        fault("at:1");
        let done = run(&served, &desk, &["state", "rebuild"]).expect(3);
        let said = "Recorded 1 asset as gone";
        assert!(done.err.contains(said), "{rule}: {}", done.err);
        assert!(done.err.contains("could not be read"), "{}", done.err);
        std::fs::remove_file(desk.path("state.json")).unwrap();
        served.sandbox.set_faults(Faults::default());
        let done = run(&served, &desk, &["state", "rebuild"]).expect(0);
        assert!(done.err.contains("Recorded 2 assets"), "{}", done.err);
        served.stop();
    }
}

/// Who finds that nothing is left to do has the state say so.
#[cfg(feature = "failpoints")]
#[test]
fn a_journal_is_taken_in_before_it_is_said_that_nothing_is_to_be_done() {
    use std::process::Stdio;
    let kill = |served: &Served, desk: &Desk, arguments: &[&str]| {
        let mut killed = command(served, desk, arguments);
        killed.env("RETIRE_CRASH", "backup.renamed:1");
        killed.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(!killed.status().unwrap().success());
        assert!(desk.path("state.json.journal").exists());
    };
    let restore = ["restore", "--unproven", "run:1"];
    for again in [
        &restore[..],
        &["restore", "--unproven", ASSETS[1]],
        &["state", "unstage"],
        &["apply"],
    ] {
        let (served, desk) = served();
        desk.write(
            "retire.yaml",
            format!("version: 1\nassets: [{{id: {}, kind: file}}]\n", ASSETS[1]),
        );
        run(&served, &desk, &["apply"]).expect(0);
        kill(&served, &desk, &restore);
        run(&served, &desk, again);
        assert!(!desk.path("state.json.journal").exists(), "{again:?}");
        let state = desk.read("state.json");
        assert!(state.contains("\"restored\""), "{again:?}: {state}");
        served.stop();
    }
}
