//! What `find` and `plan` recall instead of asking again, and what apply never goes by.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use frameio_retire::sandbox::endpoint::Endpoint;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::limit::Limits;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::edit::Change;
use frameio_retire::sandbox::world::{World, generated_id};

use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;
use crate::soak_v4::Many;

/// A served world, and a folder with a manifest and a cache.
struct Stage {
    served: Served,
    desk: Desk,
    many: Many,
}

impl Stage {
    fn new(limits: Limits) -> Self {
        let many = Many::new(60);
        let world = many.world().with_limits(limits);
        Self::with(world, many)
    }

    /// Of another world than that of the manifest.
    fn of(world: World) -> Self {
        Self::with(world, Many::new(1))
    }

    fn with(world: World, many: Many) -> Self {
        let served = Served::new(world);
        let desk = Desk::with(&many.manifest);
        Self { served, desk, many }
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

    fn run(&self, arguments: &[&str]) -> Done {
        self.desk.done(&mut self.command(arguments))
    }

    /// The endpoints that a command asks, each as often as it does.
    fn asked(&self, arguments: &[&str], exit: i32) -> Vec<Endpoint> {
        let before = self.served.sandbox.log().len();
        self.run(arguments).expect(exit);
        let log = self.served.sandbox.log().split_off(before);
        log.iter().filter_map(|request| request.endpoint).collect()
    }

    /// The file with the lists.
    fn lists(&self) -> PathBuf {
        let entries = fs::read_dir(self.desk.path("cache")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths
            .find(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
            .unwrap()
    }
}

/// Whose token it is, and what it opens: that is asked each time.
const WHO: [Endpoint; 2] = [Endpoint::V4Accounts, Endpoint::V4Me];

const fn is_list(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::V4FolderChildren
            | Endpoint::V4FolderFiles
            | Endpoint::V4FolderFolders
            | Endpoint::V4FolderStacks
            | Endpoint::V4StackChildren
    )
}

#[test]
fn a_second_find_asks_who_it_is_alone_and_a_plan_reads_no_asset() {
    let stage = Stage::new(Limits::off());
    let first = stage.asked(&["find"], 0);
    assert!(
        first.iter().filter(|one| is_list(**one)).count() > 4,
        "{first:?}"
    );
    assert_eq!(stage.asked(&["find", "--format", "ids"], 0), WHO);
    let said = stage.run(&["find"]).expect(0).err;
    assert!(said.contains("`--refresh` reads it anew"), "{said}");

    assert_eq!(stage.asked(&["plan"], 0), WHO);
    let said = stage.run(&["plan"]).expect(0).out;
    assert!(said.contains("Some of it was read"), "{said}");

    let anew = stage.asked(&["find", "--refresh"], 0);
    assert_eq!(anew.len(), first.len());
    let anew = stage.asked(&["plan", "--refresh"], 0);
    assert!(anew.iter().any(|one| is_list(*one)), "{anew:?}");
    stage.served.stop();
}

#[test]
fn a_second_plan_asks_for_no_list_and_no_asset() {
    let stage = Stage::new(Limits::off());
    let first = stage.asked(&["plan"], 0);
    assert!(first.iter().any(|one| is_list(*one)), "{first:?}");
    let second = stage.asked(&["plan"], 0);
    let is_who = |one: &Endpoint| WHO.contains(one) || *one == Endpoint::V4Project;
    assert!(second.iter().all(is_who), "{second:?}");
    let before = stage.run(&["plan", "--out", "plan.json"]).expect(0).out;
    // It stands above all that was recalled, and goes with the saved plan.
    let first = before.lines().next().unwrap();
    assert!(
        first.starts_with("Some of it was read a moment ago and is kept until 2"),
        "{before}"
    );
    let saved: Value = serde_json::from_str(&stage.desk.read("plan.json")).unwrap();
    let recalled = &saved["checked"]["live"]["recalled"];
    assert!(recalled["oldest"].as_str() < recalled["until"].as_str());
    let shown = stage.run(&["show", "plan.json"]).expect(0).out;
    assert!(
        shown.contains("Some of it was read a moment ago"),
        "{shown}"
    );
    let diff = stage.run(&["plan", "--format", "diff"]).expect(0).out;
    assert!(diff.starts_with("# Some of it was read"), "{diff}");
    // It comes to the same, whether it is recalled or read.
    let anew = stage.asked(&["plan", "--refresh"], 0);
    assert!(anew.iter().any(|one| is_list(*one)), "{anew:?}");
    let plan = |arguments: &[&str]| {
        let out = stage.run(arguments).expect(0).out;
        let lines = out
            .lines()
            .filter(|line| !line.starts_with("Some of it") && !line.starts_with("Checked"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(plan(&["plan"]), plan(&["plan", "--refresh"]));
    // A run believes none of it, and reads what the saved plan was made of.
    let run = stage.asked(&["apply", "plan.json"], 0);
    assert!(run.iter().any(|one| is_list(*one)), "{run:?}");
    stage.served.stop();
}

#[test]
fn what_is_recalled_opens_for_no_token_that_was_taken_back() {
    let stage = Stage::new(Limits::off());
    stage.asked(&["find"], 0);
    stage.asked(&["plan"], 0);
    let other = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.env("FRAMEIO_TOKEN", "fio-u-another");
        stage.desk.done(&mut command)
    };
    for command in ["find", "plan"] {
        let done = other(&[command]).expect(7);
        assert_eq!(done.out, "", "{command}");
        let account = generated_id(77).to_string();
        let done = stage.run(&[command, "--account", &account]).expect(7);
        assert_eq!(done.out, "", "{command}");
        // The very token with which it was read is taken back.
        let revoked = Faults {
            seed: 1,
            rules: vec!["401=every:1".parse().unwrap()],
        };
        stage.served.sandbox.set_faults(revoked);
        let done = stage.run(&[command]).expect(7);
        assert_eq!(done.out, "", "{command}");
        stage.served.sandbox.set_faults(Faults::default());
        stage.run(&[command]).expect(0);
    }
    stage.served.stop();
}

#[test]
fn what_is_missing_of_many_that_are_recalled_is_no_other_account() {
    let stage = Stage::new(Limits::off());
    let asked = stage.run(&["plan"]).expect(0);
    assert!(asked.out.contains("60 to retire"), "{}", asked.out);
    let gone: Vec<String> = (0..12)
        .map(|n| format!("  - {}\n", generated_id(9_000_000 + n)))
        .collect();
    let listed = stage.desk.read("retire.yaml");
    let listed = listed.replacen("assets:\n", &format!("assets:\n{}", gone.concat()), 1);
    stage.desk.write("retire.yaml", &listed);
    let plan = stage.run(&["plan"]).expect(3);
    assert!(plan.out.contains("12 missing"), "{}{}", plan.out, plan.err);
    stage.served.stop();
}

#[test]
fn what_deletes_reads_by_itself_and_what_it_deletes_is_forgotten() {
    let stage = Stage::new(Limits::off());
    stage.asked(&["find"], 0);
    // Somebody deletes an asset meanwhile: the plan does not see it, and the run does.
    let gone = stage.many.listed[5];
    let change = Change::Delete { id: gone };
    stage.served.sandbox.change(change).unwrap();
    let id = gone.to_string();
    let plan = stage.run(&["plan", "--full"]).expect(0).out;
    assert!(plan.contains("60 to retire"), "{plan}");
    let run = stage.run(&["apply", "--auto-approve"]).expect(0);
    assert!(run.out.contains("1 to record"), "{}", run.out);
    let record = stage.desk.read("retire.state.json");
    let line = record.lines().find(|line| line.contains(&id)).unwrap();
    assert!(line.contains("\"gone\""), "{line}");

    let found = stage.run(&["find", "--format", "ids"]).expect(0).out;
    assert_eq!(found, "", "nothing is left of what was deleted");
    stage.served.stop();
}

#[test]
fn find_reads_anew_what_another_cache_has_seen_deleted() {
    let stage = Stage::new(Limits::off());
    stage.asked(&["find"], 0);
    // A server tells its time in whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let mut elsewhere = stage.command(&["apply", "--auto-approve"]);
    elsewhere.env("RETIRE_CACHE", "");
    stage.desk.done(&mut elsewhere).expect(0);
    let found = stage.run(&["find", "--format", "ids"]).expect(0).out;
    assert_eq!(found, "", "what is deleted is found no more");
    stage.served.stop();
}

#[test]
fn what_is_damaged_old_or_ahead_or_of_another_user_is_read_anew() {
    for command in ["find", "plan"] {
        anew_where_it_is_not_believed(command);
    }
}

fn anew_where_it_is_not_believed(command: &str) {
    let stage = Stage::new(Limits::off());
    let first = stage.asked(&[command], 0);
    let lists = first.iter().filter(|one| is_list(**one)).count();
    let path = stage.lists();
    let text = fs::read_to_string(&path).unwrap();
    let again = |text: String| {
        fs::write(&path, text).unwrap();
        let asked = stage.asked(&[command], 0);
        asked.iter().filter(|one| is_list(**one)).count()
    };
    let year = text.find("\"at\":\"").unwrap() + 6;
    let now = &text[year..year + 4];
    let ahead = text.replace(&format!("\"at\":\"{now}"), "\"at\":\"2999");
    assert_eq!(again(ahead), lists);
    let old = text.replace(&format!("\"at\":\"{now}"), "\"at\":\"1999");
    assert_eq!(again(old), lists);
    assert_eq!(
        again(text.replacen("\"user\":\"", "\"user\":\"x", 1)),
        lists
    );
    assert_eq!(again(String::new()), lists);
    // A line that was cut costs no more than its own list.
    let cut = text.trim_end();
    let asked = again(cut[..cut.len() - 5].to_owned());
    assert!(asked < lists, "{asked} of {lists}");
    let aged = stage.asked(&[command, "--max-inventory-age", "0s"], 0);
    assert_eq!(aged.len(), first.len());
    let mode = fs::metadata(stage.lists()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    stage.served.stop();
}

#[test]
fn a_find_that_was_cut_off_goes_on_where_it_was() {
    let mut limits = Limits::off();
    for slow in ["children", "files", "folders", "stacks"] {
        limits = limits.with(format!("v4_folder_{slow}=2/1s").parse().unwrap());
    }
    let stage = Stage::new(limits);
    let cut = stage.asked(&["find", "--time-budget", "900ms"], 9);
    let cut = cut.iter().filter(|one| is_list(**one)).count();
    let rest = stage.asked(&["find"], 0);
    let rest = rest.iter().filter(|one| is_list(**one)).count();
    let whole = stage.asked(&["find", "--refresh"], 0);
    let whole = whole.iter().filter(|one| is_list(**one)).count();
    assert!(rest < whole, "{cut} and then {rest} of {whole}");
    stage.served.stop();
}

#[test]
fn what_is_named_by_its_id_is_not_asked_again() {
    let stage = Stage::new(Limits::off());
    let folder = stage.many.listed[1];
    for place in [folder, generated_id(1_000_001)] {
        let place = place.to_string();
        let first = stage.asked(&["find", &place, "--refresh"], 0);
        assert!(first.len() > 2, "{first:?}");
        assert_eq!(stage.asked(&["find", &place], 0), WHO);
    }
    stage.served.stop();
}

/// A project with a folder of so many files, and so many folders with a file each.
fn wide(files: u64, folders: u64) -> World {
    let file = |number: u64| format!("{{id: {}, name: f{number}}}", generated_id(number));
    let many: Vec<String> = (0..files).map(file).collect();
    let mut assets = format!(
        "              - {{id: {}, name: wide, type: folder, children: [{}]}}\n",
        generated_id(1_000_000),
        many.join(", ")
    );
    for number in 0..folders {
        let (id, file) = (generated_id(2_000_000 + number), file(3_000_000 + number));
        assets.push_str(&format!(
            "              - {{id: {id}, name: d{number}, type: folder, children: [{file}]}}\n"
        ));
    }
    let seed = format!("limits: off\n{}", seed(&assets));
    World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap())
}

/// A second page that fails, so that a list is cut off behind its first one.
fn cut_second_page() -> Faults {
    Faults {
        seed: 1,
        rules: vec!["503=page:2".parse().unwrap()],
    }
}

#[test]
fn pages_of_a_list_that_was_cut_off_are_not_asked_again() {
    let stage = Stage::of(wide(1_200, 3));
    let pages = |asked: &[Endpoint]| asked.iter().filter(|one| is_list(**one)).count();
    let served = &stage.served.sandbox;
    served.set_faults(cut_second_page());
    let cut = stage.run(&["find", "--retries", "0", "--format", "ids"]);
    assert_eq!(cut.code, 3, "{}", cut.err);
    served.set_faults(Faults::default());
    // Of the three pages of one folder the second and the third are left.
    let rest = stage.asked(&["find"], 0);
    assert_eq!(pages(&rest), 2, "{rest:?}");
    let recalled = stage.run(&["find", "--format", "ids"]).expect(0).out;
    assert_eq!(stage.asked(&["find"], 0), WHO);
    let whole = stage.run(&["find", "--refresh", "--format", "ids"]);
    assert_eq!(whole.out, recalled);
    assert_eq!(recalled.lines().count(), 1_203);
    stage.served.stop();
}

#[test]
fn a_list_that_changed_since_it_was_cut_off_is_read_from_its_beginning() {
    let stage = Stage::of(wide(1_200, 0));
    let served = &stage.served.sandbox;
    let all = |count: usize| {
        let found = stage.run(&["find", "--format", "ids"]).expect(0).out;
        assert_eq!(found.lines().count(), count);
        let whole = stage
            .run(&["find", "--refresh", "--format", "ids"])
            .expect(0);
        assert_eq!(found, whole.out);
    };
    let cut = |change: Change| {
        served.set_faults(cut_second_page());
        stage
            .run(&["find", "--refresh", "--retries", "0"])
            .expect(3);
        served.set_faults(Faults::default());
        served.change(change).unwrap();
    };
    // What is gone from the first page would hide what was first on the second one.
    cut(Change::Delete {
        id: generated_id(7),
    });
    all(1_199);
    // What is there since would show something twice.
    let restored = Change::Restore {
        id: generated_id(7),
    };
    cut(restored);
    all(1_200);
    stage.served.stop();
}

#[test]
fn a_find_that_was_killed_asks_again_no_more_than_was_under_way() {
    // As many answers are awaited at once at most.
    const UNDER_WAY: usize = 24;
    let stage = Stage::of(wide(1_200, 300));
    let log = || {
        let log = stage.served.sandbox.log();
        let lists = log.into_iter().filter(|request| {
            let endpoint = request.endpoint;
            request.status == Some(200) && endpoint.is_some_and(is_list)
        });
        lists.count()
    };
    let whole = 1 + 3 + 300;
    for before in [1, 60, 200] {
        let started = log();
        let mut child = stage.command(&["find", "--refresh"]).spawn().unwrap();
        while log() - started < before && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = log();
        stage.run(&["find"]).expect(0);
        let (first, second) = (killed - started, log() - killed);
        assert!(
            first + second <= whole + UNDER_WAY && first + second >= whole,
            "{first} and then {second} of {whole}"
        );
    }
    stage.served.stop();
}

#[test]
fn what_is_kept_can_be_forgotten_and_the_sandbox_keeps_nothing() {
    let stage = Stage::new(Limits::off());
    let is_kept = || {
        stage.desk.path("cache").exists() && {
            let entries = fs::read_dir(stage.desk.path("cache")).unwrap();
            entries.count() > 0
        }
    };
    stage.run(&["find", "--sandbox"]).expect(0);
    stage.run(&["plan", "--sandbox"]).expect(0);
    assert!(!is_kept());
    stage.asked(&["find"], 0);
    assert!(is_kept());
    fs::write(stage.desk.path("cache/mine.jsonl"), "").unwrap();
    let done = stage.run(&["find", "--forget"]).expect(0);
    assert!(
        done.err.contains("Forgot what was read of 1 account."),
        "{}",
        done.err
    );
    assert!(
        stage.desk.path("cache/mine.jsonl").exists(),
        "another's file stays"
    );
    fs::remove_file(stage.desk.path("cache/mine.jsonl")).unwrap();
    assert!(!is_kept());
    stage.asked(&["find"], 0);
    let home = stage.desk.path("home");
    let cache = stage.desk.path("cache");
    let variables = [
        ("HOME", home.to_str().unwrap()),
        ("RETIRE_CACHE", cache.to_str().unwrap()),
    ];
    stage.desk.run_with(&variables, &["logout"]).expect(0);
    assert!(!is_kept());
    let mut nowhere = stage.command(&["plan"]);
    stage.desk.done(nowhere.env("RETIRE_CACHE", "")).expect(0);
    assert!(!is_kept());
    // A link that somebody laid is not followed, and finding goes on.
    stage.asked(&["find"], 0);
    let lists = stage.lists();
    fs::rename(&lists, stage.desk.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(stage.desk.path("elsewhere"), &lists).unwrap();
    let done = stage.run(&["find"]).expect(0);
    assert!(done.err.contains("it is not a plain file"), "{}", done.err);
    stage.served.stop();
}

#[test]
fn what_an_earlier_reading_does_not_have_is_looked_for_anew() {
    let stage = Stage::new(Limits::off());
    stage.asked(&["find"], 0);
    let folder = stage.many.listed[1];
    let change = Change::Rename {
        id: folder,
        name: "new".to_owned(),
    };
    stage.served.sandbox.change(change).unwrap();
    let found = stage
        .run(&["find", "Tide/new", "--format", "ids"])
        .expect(0);
    assert_eq!(found.out.lines().count(), 1, "{}", found.out);
    let done = stage.run(&["find", "Tide/old"]).expect(1);
    assert!(done.err.contains("is not there"), "{}", done.err);
    stage.served.stop();
}
