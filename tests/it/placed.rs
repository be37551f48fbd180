//! In what an asset lies is known of many, and each is looked for there first.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use frameio_retire::sandbox::endpoint::Endpoint;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::edit::Change;
use frameio_retire::sandbox::world::{World, generated_id};

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

/// How many folders there are, each with three files of which the manifest names two.
const FOLDERS: u64 = 40;

const fn folder(number: u64) -> u64 {
    1_000 + number
}

struct Stage {
    served: Served,
    desk: Desk,
}

impl Stage {
    fn new() -> Self {
        let (mut assets, mut manifest) = (String::new(), "version: 1\nassets:\n".to_owned());
        for number in 0..FOLDERS {
            let files = [0, 1, 2].map(|nth| generated_id(3 * number + nth));
            let children = files.map(|id| format!("{{id: {id}, name: f}}")).join(", ");
            let of = generated_id(folder(number));
            writeln!(
                assets,
                "              - {{id: {of}, name: d{number}, type: folder, children: [{children}]}}"
            )
            .unwrap();
            for id in &files[..2] {
                writeln!(manifest, "  - {id}").unwrap();
            }
        }
        let world = format!("limits: off\n{}", seed(&assets));
        let world = World::from_seed(Seed::parse("sandbox.yaml", &world).unwrap());
        Self {
            served: Served::new(world),
            desk: Desk::with(&manifest),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(arguments);
        let sandbox = &self.served.sandbox;
        command
            .env("FRAMEIO_TOKEN", sandbox.token())
            .env("RETIRE_API", "v4")
            .env("RETIRE_ENDPOINT", sandbox.url())
            .env("RETIRE_CACHE", self.desk.path("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command; says how many files it has the server show by themselves, and how many lists.
    fn reads(&self, arguments: &[&str], exit: i32) -> (usize, usize, Done) {
        let before = self.served.sandbox.log().len();
        let done = self.desk.done(&mut self.command(arguments)).expect(exit);
        let log = self.served.sandbox.log().split_off(before);
        let count = |all: &[Endpoint]| {
            let asked = log.iter().filter_map(|request| request.endpoint);
            asked.filter(|endpoint| all.contains(endpoint)).count()
        };
        let lists = [Endpoint::V4FolderChildren, Endpoint::V4FolderFiles];
        (count(&[Endpoint::V4FileRead]), count(&lists), done)
    }

    /// Writes a state by which all that is listed was refused once; `of` says the number of the
    /// folder that it has for the files of each.
    fn refused_once(&self, of: impl Fn(u64) -> Option<u64>) {
        let (mut folders, mut assets) = (Vec::new(), Vec::new());
        for number in 0..FOLDERS {
            let id = of(number).map(|of| format!(",\"id\":\"{}\"", generated_id(of)));
            let id = id.unwrap_or_default();
            folders.push(format!(
                "\"{}\":{{\"project\":\"Tide\",\"path\":\"d{number}\"{id}}}",
                number + 1
            ));
            for nth in 0..2 {
                assets.push(format!(
                    "\"{}\":{{\"status\":\"failed\",\"kind\":\"conflict\",\"message\":\"in use\",\"attempts\":1,\"run\":1,\"at\":\"2026-07-01T10:00:00Z\",\"name\":\"f\",\"folder\":{}}}",
                    generated_id(3 * number + nth),
                    number + 1
                ));
            }
        }
        let text = format!(
            "{{\"version\":1,\"lineage\":\"00000000-0000-4000-8000-000000000001\",\"serial\":1,\"api\":\"v4\",\"endpoint\":\"{}\",\"account\":null,\n\"runs\":{{}},\n\"folders\":{{\n{}\n}},\n\"assets\":{{\n{}\n}},\n\"holds\":{{}}}}\n",
            self.served.sandbox.url(),
            folders.join(",\n"),
            assets.join(",\n"),
        );
        self.desk.write("retire.state.json", text);
    }
}

#[test]
fn what_a_run_with_another_cache_deleted_is_not_recalled_as_alive() {
    let stage = Stage::new();
    stage.reads(&["plan"], 0);
    let mut elsewhere = stage.command(&["apply", "--auto-approve"]);
    stage.desk.done(elsewhere.env("RETIRE_CACHE", "")).expect(0);
    // One more file is listed, and then the folder of some that were deleted.
    let manifest = stage.desk.read("retire.yaml");
    for number in [2, folder(1)] {
        let id = generated_id(number);
        stage
            .desk
            .write("retire.yaml", format!("{manifest}  - {id}\n"));
        let (alone, lists, done) = stage.reads(&["plan", "--detailed-exitcode"], 2);
        assert!(done.out.contains("1 to retire"), "{}", done.out);
        assert!(alone + lists > 0, "what showed them is read anew");
    }
    stage.served.stop();
}

const LISTED: &str = "80 to retry";

#[test]
fn what_the_state_says_is_where_an_asset_is_looked_for_first() {
    let stage = Stage::new();
    stage.refused_once(|_| None);
    let (alone, _, done) = stage.reads(&["plan", "--refresh"], 0);
    assert!(
        alone > 0 && done.out.contains(LISTED),
        "{alone}, {}",
        done.out
    );
    stage.refused_once(|number| Some(folder(number)));
    let (alone, lists, done) = stage.reads(&["plan", "--refresh"], 0);
    assert!(done.out.contains(LISTED), "{}", done.out);
    assert_eq!(alone, 0, "none is asked for by itself");
    // Each list once, and that of what the folders lie in.
    assert!((40..=42).contains(&lists), "{lists}");
    stage.served.stop();
}

#[test]
fn what_does_not_lie_where_the_state_says_is_looked_for_by_itself() {
    let stage = Stage::new();
    // What lies in another of the folders is found in the list of that.
    for (wrong, is_alone) in [
        (folder((1 + 7) % FOLDERS), true),
        (77_777, true),
        (folder(0), false),
    ] {
        let of = |number| {
            if is_alone {
                wrong
            } else {
                folder((number + 1) % FOLDERS)
            }
        };
        stage.refused_once(|number| Some(of(number)));
        let (alone, _, done) = stage.reads(&["plan", "--refresh"], 0);
        assert!(done.out.contains(LISTED), "{}", done.out);
        assert_eq!(alone > 0, is_alone, "{alone}");
    }
    stage.refused_once(|number| Some(folder(number)));
    let moved = Change::Move {
        id: generated_id(0),
        to: generated_id(folder(7)),
    };
    stage.served.sandbox.change(moved).unwrap();
    // It was changed just now, which `min-age` refuses.
    let (_, _, done) = stage.reads(&["plan", "--refresh"], 4);
    assert!(done.out.contains(LISTED), "{}", done.out);
    stage.served.stop();
}

#[test]
fn a_run_looks_where_its_saved_plan_or_an_earlier_reading_found_an_asset() {
    for (first, second) in [
        (["plan", "--out", "plan.json"], ["apply", "plan.json"]),
        (["find", "--format", "ids"], ["apply", "--auto-approve"]),
    ] {
        let stage = Stage::new();
        stage.reads(&first, 0);
        if second.contains(&"plan.json") {
            let forget = stage.command(&["find", "--forget"]).output().unwrap();
            assert!(forget.status.success());
        }
        let (alone, lists, done) = stage.reads(&second, 0);
        assert!(done.out.contains("80 retired"), "{}", done.out);
        assert_eq!(alone, 0, "none is asked for by itself");
        // It believes nothing that was read before, and lists each folder itself.
        assert!(lists >= 40, "{lists}");
        let recorded = stage.desk.read("retire.state.json");
        let id = format!("\"path\":\"d3\",\"id\":\"{}\"", generated_id(folder(3)));
        assert!(recorded.contains(&id), "{recorded}");
        stage.served.stop();
    }
}
