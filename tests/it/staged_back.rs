//! What is staged, and what went with a staging folder, against a server: how it comes back, what the
//! record says, and that no kill makes it say anything that is not so.
#![cfg(unix)]

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

pub(crate) const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
pub(crate) const INSIDE: [&str; 2] = [
    "8d1f0c52-6a3b-4c7e-9f21-000000000012",
    "8d1f0c52-6a3b-4c7e-9f21-000000000013",
];
pub(crate) const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000020";
const VERSIONS: [&str; 2] = [
    "8d1f0c52-6a3b-4c7e-9f21-000000000021",
    "8d1f0c52-6a3b-4c7e-9f21-000000000022",
];
pub(crate) const CUTS: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000040";
pub(crate) const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000030";
const ALL: [&str; 7] = [
    FOLDER,
    INSIDE[0],
    INSIDE[1],
    STACK,
    VERSIONS[0],
    VERSIONS[1],
    LOOSE,
];

pub(crate) fn id(text: &str) -> AssetId {
    AssetId::parse(text).unwrap()
}

pub(crate) struct Stage {
    pub(crate) served: Served,
    pub(crate) desk: Desk,
    /// In what each lay before.
    before: Vec<Option<AssetId>>,
}

impl Stage {
    /// A folder with two files, a version stack, and a file in a folder that stays.
    pub(crate) fn fresh(behaviour: &str) -> Self {
        let manifest = format!(
            "version: 1\nassets: [{FOLDER}, {}, {STACK}, {LOOSE}]\n",
            INSIDE[0]
        );
        let assets = format!(
            "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {}, name: a.mov, filesize: 7}}, {{id: {}, name: b.mov, filesize: 8}}]}}
              - {{id: {STACK}, name: cut, type: version_stack, children: [
                  {{id: {}, name: cut_v1.mov}}, {{id: {}, name: cut_v2.mov}}]}}
              - {{id: {CUTS}, name: cuts, type: folder, children: [
                  {{id: {LOOSE}, name: loose.mov}}]}}
",
            INSIDE[0], INSIDE[1], VERSIONS[0], VERSIONS[1]
        );
        Self::of(behaviour, &assets, &manifest)
    }

    /// Some assets at the top of a project, and what lists some of them.
    pub(crate) fn of(behaviour: &str, assets: &str, manifest: &str) -> Self {
        let seed = format!("limits: off\nbehaviour: {{{behaviour}}}\n{}", seed(assets));
        let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
        let served = Served::new(world);
        let desk = Desk::with(manifest);
        let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
        desk.write("retire.toml", config);
        let before = places(&served);
        Self {
            served,
            desk,
            before,
        }
    }

    /// The same, and run 1 has staged it all, or deleted it with its staging folder.
    pub(crate) fn new(behaviour: &str, delete_after: &str) -> Self {
        let stage = Self::fresh(behaviour);
        stage.apply(delete_after).expect(0);
        assert_ne!(places(&stage.served), stage.before);
        stage
    }

    pub(crate) fn apply(&self, delete_after: &str) -> Done {
        let staged = ["--api", "v4", "--unproven", "--strategy", "staged"];
        let mut more = staged.to_vec();
        more.extend(["--delete-after", delete_after, "--cascade-wait", "4s"]);
        self.served.apply(&self.desk, &more)
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let url = self.served.sandbox.url();
        let mut all = words.to_vec();
        all.extend(["--unproven", "--auto-approve", "--api", "v4"]);
        all.extend(["--endpoint", &*url, "--state", "state.json"]);
        all.extend(["--retries", "0", "--cascade-wait", "4s"]);
        let mut command = self.desk.command(&all);
        command.env("FRAMEIO_TOKEN", self.served.sandbox.token());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.desk.done(&mut self.command(words))
    }

    fn state(&self) -> Value {
        let pulled = self.desk.run(&["state", "pull", "state.json"]).expect(0);
        serde_json::from_str(&pulled.out).unwrap()
    }

    /// Each record: its id, its status, and whether it was seen alive.
    pub(crate) fn records(&self) -> Vec<(String, String, bool)> {
        let state = self.state();
        let records = state["assets"].as_object().unwrap().iter();
        let records = records.map(|(id, record)| {
            let status = record["status"].as_str().unwrap().to_owned();
            (id.clone(), status, record["seen"] == true)
        });
        records.collect()
    }

    pub(crate) fn are_all(&self, wanted: &str) {
        let records = self.records();
        let is_so = records
            .iter()
            .all(|(_, status, seen)| status == wanted && (status != "restored" || *seen));
        assert!(is_so, "{records:?}");
    }

    pub(crate) fn is_home(&self) -> bool {
        let lives = |text: &&str| {
            self.served
                .sandbox
                .with_world(|world| world.is_alive(id(text)))
        };
        places(&self.served) == self.before && ALL.iter().all(lives)
    }

    pub(crate) fn folder(&self) -> AssetId {
        id(self.state()["staging"][0]["id"].as_str().unwrap())
    }
}

fn places(served: &Served) -> Vec<Option<AssetId>> {
    served.sandbox.with_world(|world| {
        let parents = ALL.iter().map(|text| world.parent(id(text)));
        parents.collect()
    })
}

#[test]
fn what_is_staged_goes_back_with_one_command_and_stays() {
    let stage = Stage::new("", "14d");
    stage.are_all("staged");
    let done = stage.run(&["state", "unstage"]).expect(0);
    assert!(stage.is_home(), "{}\n{}", done.out, done.err);
    stage.are_all("rescued");
    // The manifest still lists them.
    let done = stage.apply("14d");
    assert!(stage.is_home(), "{}\n{}", done.out, done.err);
    stage.are_all("rescued");
    stage.served.stop();
}

#[test]
fn what_somebody_has_taken_out_is_only_recorded_and_one_asset_leaves_the_rest() {
    let stage = Stage::new("", "14d");
    let to = id(FOLDER);
    let change = Change::Move { id: id(LOOSE), to };
    // Somebody drops it into the folder that waits beside it.
    stage.served.sandbox.change(change).unwrap();
    let done = stage.run(&["state", "unstage", LOOSE]).expect(0);
    assert!(done.out.contains("Taken back already (1)"), "{}", done.out);
    let moved = stage
        .served
        .sandbox
        .with_world(|world| world.parent(id(LOOSE)));
    assert_eq!(moved, Some(to));
    let records = stage.records();
    let rescued = records.iter().filter(|(_, status, _)| status == "rescued");
    assert_eq!(rescued.map(|(id, ..)| &**id).collect::<Vec<_>>(), [LOOSE]);
    // What lies in a folder that waits goes back with it alone.
    stage.run(&["state", "unstage", INSIDE[0]]).expect(1);
    stage.served.stop();
}

#[test]
fn what_has_nowhere_to_go_stays_and_is_said() {
    let stage = Stage::new("", "14d");
    let change = Change::Delete { id: id(CUTS) };
    stage.served.sandbox.change(change).unwrap();
    let done = stage.run(&["state", "unstage"]).expect(3);
    assert!(
        done.out.contains("What they lay in is gone (1)"),
        "{}",
        done.out
    );
    let into = stage
        .served
        .sandbox
        .with_world(|world| world.parent(id(LOOSE)));
    assert_eq!(into, Some(stage.folder()));
    let staged = stage.records().into_iter();
    let staged = staged.filter(|(_, status, _)| status == "staged");
    assert_eq!(staged.map(|(id, ..)| id).collect::<Vec<_>>(), [LOOSE]);
    stage.served.stop();
}

#[cfg(feature = "failpoints")]
pub(crate) fn kill(stage: &Stage, words: &[&str], point: &str) {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;
    let mut killed = stage.command(words);
    killed.env("RETIRE_CRASH", point);
    killed.stdout(Stdio::null()).stderr(Stdio::null());
    let status = killed.status().unwrap();
    assert_eq!(status.signal(), Some(9), "{point}");
}

#[cfg(feature = "failpoints")]
#[test]
fn whoever_kills_unstage_finds_all_back_after_the_next_one() {
    for point in [
        "stage.send",
        "stage.moved",
        "stage.send:2",
        "stage.moved:3",
        "unstage.ended",
    ] {
        let stage = Stage::new("", "14d");
        kill(&stage, &["state", "unstage"], point);
        let done = stage.run(&["state", "unstage"]);
        assert_eq!(done.code, 0, "{point}\n{}\n{}", done.out, done.err);
        assert!(stage.is_home(), "{point}\n{}", done.out);
        stage.are_all("rescued");
        stage.served.stop();
    }
}

#[test]
fn what_went_with_a_staging_folder_comes_back_to_where_it_was() {
    for behaviour in ["", "restore_polls: 0", "slow_cascade: 3"] {
        let stage = Stage::new(behaviour, "0s");
        stage.are_all("retired");
        // One of them brings all of the folder.
        let done = stage.run(&["restore", LOOSE]);
        assert_eq!(done.code, 0, "{behaviour}\n{}\n{}", done.out, done.err);
        assert!(stage.is_home(), "{behaviour}\n{}", done.out);
        stage.are_all("restored");
        let folder = stage.folder();
        let lives = stage
            .served
            .sandbox
            .with_world(|world| world.is_alive(folder));
        assert!(!lives, "{behaviour}: the empty folder is there");
        // The manifest still lists them.
        stage.apply("0s");
        assert!(stage.is_home(), "{behaviour}");
        stage.served.stop();
    }
}

#[test]
fn what_lay_in_something_that_is_gone_stays_in_the_restored_folder() {
    let stage = Stage::new("", "0s");
    let change = Change::Delete { id: id(CUTS) };
    stage.served.sandbox.change(change).unwrap();
    let done = stage.run(&["restore", "run:1"]).expect(3);
    assert!(done.out.contains("could not be moved back"), "{}", done.out);
    let into = stage
        .served
        .sandbox
        .with_world(|world| world.parent(id(LOOSE)));
    assert_eq!(into, Some(stage.folder()));
    // Somebody puts it where it belongs now, and the next run sees it, and clears up.
    let to = id(FOLDER);
    let change = Change::Move { id: id(LOOSE), to };
    stage.served.sandbox.change(change).unwrap();
    stage.run(&["restore", LOOSE]).expect(0);
    stage.are_all("restored");
    let folder = stage.folder();
    let lives = stage
        .served
        .sandbox
        .with_world(|world| world.is_alive(folder));
    assert!(!lives);
    stage.served.stop();
}

#[cfg(feature = "failpoints")]
#[test]
fn whoever_kills_a_restore_of_staged_ones_finds_all_back_after_the_next_one() {
    for point in [
        "restore.send",
        "restore.answered",
        "stage.send",
        "stage.moved",
        "stage.moved:3",
        "stage.delete",
        "stage.deleted",
        "restore.ended",
    ] {
        let stage = Stage::new("", "0s");
        kill(&stage, &["restore", "run:1"], point);
        // The same command goes on with it, and says so where nothing is left.
        let done = stage.run(&["restore", "run:1"]);
        assert_eq!(done.code, 0, "{point}\n{}\n{}", done.out, done.err);
        assert!(stage.is_home(), "{point}");
        stage.are_all("restored");
        let folder = stage.folder();
        let lives = stage
            .served
            .sandbox
            .with_world(|world| world.is_alive(folder));
        assert!(!lives, "{point}: the empty folder is there");
        stage.served.stop();
    }
}

#[test]
fn a_lost_answer_to_a_move_a_restore_or_a_delete_is_settled_by_reading() {
    let moves = ["v4_files_move", "v4_folders_move", "v4_stack_move"];
    let others = ["v4_folder_restore", "v4_folder_delete"];
    let unstage = moves.map(|call| (call, &["state", "unstage"][..], "14d"));
    let restore = || moves.into_iter().chain(others);
    let restore = restore().map(|call| (call, &["restore", LOOSE][..], "0s"));
    for (call, words, delete_after) in unstage.into_iter().chain(restore) {
        for rule in ["drop-after=100%", "drop-before=100%"] {
            let stage = Stage::new("", delete_after);
            let rule = format!("{rule}@{call}").parse().unwrap();
            stage.served.sandbox.set_faults(Faults {
                seed: 1,
                rules: vec![rule],
            });
            stage.run(words);
            stage.served.sandbox.set_faults(Faults::default());
            // What is open is settled by the same words.
            let is_open = |(_, status, seen): &(String, String, bool)| {
                status == "staged" || status == "retired" || (status == "restored" && !*seen)
            };
            if stage.records().iter().any(is_open) {
                let again = ["restore", "run:1"];
                let again = if words[0] == "state" { words } else { &again };
                let done = stage.run(again);
                assert_eq!(done.code, 0, "{call} {words:?}\n{}\n{}", done.out, done.err);
            }
            assert!(stage.is_home(), "{call} {words:?}");
            let is_unstaged = words[0] == "state";
            stage.are_all(if is_unstaged { "rescued" } else { "restored" });
            stage.served.stop();
        }
    }
}

/// What is listed, and what lies in it.
#[cfg(feature = "failpoints")]
const LISTED: [&str; 4] = [FOLDER, INSIDE[0], STACK, LOOSE];

impl Stage {
    /// Whether a folder that a run has made is there.
    pub(crate) fn has_staging(&self) -> bool {
        let folders = self.state()["staging"].as_array().cloned();
        let folders = folders.unwrap_or_default();
        let mut ids = folders.iter().filter_map(|folder| folder["id"].as_str());
        ids.any(|folder| {
            self.served
                .sandbox
                .with_world(|world| world.is_alive(id(folder)))
        })
    }

    pub(crate) fn lives(&self, text: &str) -> bool {
        self.served
            .sandbox
            .with_world(|world| world.is_alive(id(text)))
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn whoever_kills_a_run_that_stages_finds_it_finished_by_the_next() {
    for point in [
        "stage.make",
        "stage.made",
        "stage.send",
        "stage.moved",
        "stage.send:2",
        "stage.moved:2",
        "stage.moved:3",
        "stage.delete",
        "stage.deleted",
        "run.ended",
        "run.saved",
    ] {
        let stage = Stage::fresh("");
        let apply = ["apply", "--strategy", "staged"];
        kill(&stage, &apply, point);
        let done = stage.run(&apply);
        assert!(
            [0, 3].contains(&done.code),
            "{point}\n{}{}",
            done.out,
            done.err
        );
        let done = stage.run(&apply);
        assert_eq!(done.code, 0, "{point}\n{}{}", done.out, done.err);
        for (id, status, _) in stage.records() {
            // What was deleted when the run died is shown by a list, by whom it is not.
            assert!(status == "retired", "{point}: {id} is {status}");
        }
        let records: Vec<String> = stage.records().into_iter().map(|(id, ..)| id).collect();
        assert!(
            LISTED
                .iter()
                .all(|text| records.iter().any(|id| id == text))
        );
        // Nobody sees an empty stack, though the world may have it still.
        let files = ALL.iter().filter(|text| **text != STACK);
        assert!(!files.into_iter().any(|text| stage.lives(text)), "{point}");
        assert!(stage.lives(CUTS) && !stage.has_staging(), "{point}");
        stage.served.stop();
    }
}

#[test]
fn what_waits_is_shown_and_goes_when_it_is_due_but_for_what_people_took() {
    let stage = Stage::new("", "2s");
    stage.are_all("staged");
    let staging = stage.folder();
    let put = |what: &str, to: AssetId| {
        let change = Change::Move { id: id(what), to };
        stage.served.sandbox.change(change).unwrap();
    };
    put(LOOSE, id(CUTS));
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    // Something that nobody reviewed keeps all of it.
    put(CUTS, staging);
    let done = stage.apply("2s").expect(3);
    assert!(done.out.contains("into its staging folder"), "{}", done.out);
    assert!(ALL.iter().all(|text| stage.lives(text)));
    let root = stage.before[0].unwrap();
    put(CUTS, root);
    let done = stage.apply("2s");
    assert!([0, 3].contains(&done.code), "{}", done.out);
    assert!(stage.lives(LOOSE) && !stage.lives(FOLDER) && !stage.lives(VERSIONS[0]));
    let of = |wanted: &str| {
        let records = stage.records().into_iter();
        let records = records.filter(|(_, status, _)| status == wanted);
        records.map(|(id, ..)| id).collect::<Vec<_>>()
    };
    assert_eq!(of("rescued"), [LOOSE]);
    assert_eq!(of("retired"), [FOLDER, INSIDE[0], STACK]);
    stage.served.stop();
}

/// A plan is refused where the run would be, so that a pull request shows it before the merge.
#[test]
fn what_no_probe_has_shown_is_refused_by_the_plan_as_by_the_run() {
    let stage = Stage::fresh("");
    let url = stage.served.sandbox.url();
    let found = r#""findings":[{"assumption":"move-keeps-id","expected":"yes","observed":"yes"},{"assumption":"folder-delete-cascade","expected":"delayed","observed":"at-once"}]"#;
    let document = |server: &str| {
        format!(r#"{{"version":1,"probed_at":"2026-11-28T08:00:00Z","server":"{server}",{found}}}"#)
    };
    let run = |command: &str, more: &[&str]| {
        let mut all = vec![command, "--api", "v4", "--endpoint", &*url];
        all.extend(["--state", "state.json"]);
        all.extend(more);
        let token = [("FRAMEIO_TOKEN", stage.served.sandbox.token())];
        stage.desk.run_with(&token, &all)
    };
    let staged = ["--strategy", "staged", "--delete-after", "14d"];
    for (other, said) in [
        (None, "no probe has shown it"),
        (Some("https://api.frame.io"), "is of another server"),
    ] {
        if let Some(server) = other {
            stage.desk.write("retire.probe.json", document(server));
        }
        for command in ["plan", "apply"] {
            let done = run(command, &staged).expect(4);
            assert!(done.err.contains(said), "{}", done.err);
            assert!(done.err.contains("--unproven"), "{}", done.err);
        }
    }
    run("plan", &["--strategy", "staged", "--unproven"]).expect(0);
    run("plan", &[]).expect(0);
    stage.desk.write("retire.probe.json", document(&url));
    run("plan", &staged).expect(0);
    assert!(stage.is_home());
    stage.served.stop();
}
