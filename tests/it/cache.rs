//! What `find` and `plan` recall instead of asking again, and what apply never goes by.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use frameio_retire::sandbox::endpoint::Endpoint;
use frameio_retire::sandbox::limit::Limits;
use frameio_retire::sandbox::world::edit::Change;

use crate::harness::{Desk, Done};
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
        let served = Served::new(many.world().with_limits(limits));
        let desk = Desk::with(&many.manifest);
        Self { served, desk, many }
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let url = self.served.sandbox.url();
        let cache = self.desk.path("cache");
        let variables = [
            ("FRAMEIO_TOKEN", self.served.sandbox.token()),
            ("RETIRE_API", "v4"),
            ("RETIRE_ENDPOINT", &url),
            ("RETIRE_CACHE", cache.to_str().unwrap()),
        ];
        self.desk.run_with(&variables, arguments)
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
fn a_second_find_asks_nothing_and_a_plan_reads_no_asset() {
    let stage = Stage::new(Limits::off());
    let first = stage.asked(&["find"], 0);
    assert!(
        first.iter().filter(|one| is_list(**one)).count() > 4,
        "{first:?}"
    );
    assert_eq!(stage.asked(&["find", "--format", "ids"], 0), []);
    let said = stage.run(&["find"]).expect(0).err;
    assert!(said.contains("`--refresh` reads it anew"), "{said}");

    let plan = stage.asked(&["plan"], 0);
    let who = [Endpoint::V4Accounts, Endpoint::V4Me];
    assert!(plan.iter().all(|one| who.contains(one)), "{plan:?}");
    let said = stage.run(&["plan"]).expect(0).out;
    assert!(said.contains("Some of it was read before"), "{said}");

    let anew = stage.asked(&["find", "--refresh"], 0);
    assert_eq!(anew.len(), first.len());
    let anew = stage.asked(&["plan", "--refresh"], 0);
    assert!(anew.iter().any(|one| is_list(*one)), "{anew:?}");
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
fn what_is_damaged_old_or_ahead_or_of_another_user_is_read_anew() {
    let stage = Stage::new(Limits::off());
    let first = stage.asked(&["find"], 0);
    let lists = first.iter().filter(|one| is_list(**one)).count();
    let path = stage.lists();
    let text = fs::read_to_string(&path).unwrap();
    let again = |text: String| {
        fs::write(&path, text).unwrap();
        let asked = stage.asked(&["find"], 0);
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
    let aged = stage.asked(&["find", "--max-inventory-age", "0s"], 0);
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
fn what_is_kept_can_be_forgotten_and_the_sandbox_keeps_nothing() {
    let stage = Stage::new(Limits::off());
    let is_kept = || {
        stage.desk.path("cache").exists() && {
            let entries = fs::read_dir(stage.desk.path("cache")).unwrap();
            entries.count() > 0
        }
    };
    stage.run(&["find", "--sandbox"]).expect(0);
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
