//! V4: a folder that one delete cannot take goes part by part, also over several runs.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::limit::Limits;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::rig::was_killed;
use crate::soak::Served;

const WHOLE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000001";
const DEEP: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000002";
const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000003";

/// How many files are deleted before the limit closes.
const FIRST: u32 = 3;

fn file(number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-9f21-0000000001{number:02}")
}

/// All that is in the folder, and itself.
fn all() -> Vec<String> {
    let all = [WHOLE, DEEP, STACK].map(str::to_owned);
    all.into_iter().chain((1..=9).map(file)).collect()
}

/// A folder with too much in it, and another one in it with too much as well; after the first files
/// of it are deleted, no other may be for an hour.
fn served() -> (Served, Desk) {
    let files = |numbers: std::ops::RangeInclusive<usize>| {
        let files = numbers.map(|number| format!("{{id: {}, name: f{number}}}", file(number)));
        files.collect::<Vec<_>>().join(", ")
    };
    let assets = format!(
        "              - {{id: {WHOLE}, name: whole, type: folder, children: [{}, \
         {{id: {STACK}, name: cut, type: version_stack, children: [{}]}}, \
         {{id: {DEEP}, name: deep, type: folder, children: [{}]}}]}}\n",
        files(1..=3),
        files(4..=5),
        files(6..=9),
    );
    let world = format!(
        "limits: {{v4_file_delete: {FIRST}/3600000ms}}\nbehaviour: {{too_large: 2}}\n{}",
        seed(&assets)
    );
    let world = World::from_seed(Seed::parse("sandbox.yaml", &world).unwrap());
    // One of its files is listed, and has an entry of its own.
    let desk = Desk::with(&format!("version: 1\nassets: [{WHOLE}, {}]\n", file(2)));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    (Served::new(world), desk)
}

const APPLY: [&str; 6] = [
    "apply",
    "--auto-approve",
    "--canary",
    "0",
    "--retry-for",
    "2h",
];

fn apply(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    let url = served.sandbox.url();
    let variables = [
        ("FRAMEIO_TOKEN", served.sandbox.token()),
        ("RETIRE_ENDPOINT", &url),
        ("RETIRE_API", "v4"),
    ];
    desk.run_with(&variables, &[&APPLY, more].concat())
}

fn start(served: &Served, desk: &Desk) -> Child {
    let mut command = desk.command(&APPLY);
    command
        .env("FRAMEIO_TOKEN", served.sandbox.token())
        .env("RETIRE_ENDPOINT", served.sandbox.url())
        .env("RETIRE_API", "v4")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

fn lives(served: &Served, text: &str) -> bool {
    let id = AssetId::parse(text).unwrap();
    served.sandbox.with_world(|world| world.is_alive(id))
}

/// How often the delete of each asset was answered with success.
fn deleted(served: &Served) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    let log = served.sandbox.log();
    let deletes = log.iter().filter(|request| request.method == "DELETE");
    for request in deletes.filter(|request| request.status == Some(204)) {
        for id in &request.assets {
            *times.entry(id.to_string()).or_default() += 1;
        }
    }
    times
}

/// What is recorded, with what a journal adds.
fn records(desk: &Desk) -> BTreeMap<String, String> {
    let state = desk.run(&["state", "pull"]).expect(0).out;
    let state: Value = serde_json::from_str(&state).unwrap();
    let records = state["assets"].as_object().unwrap().iter();
    let status = |record: &Value| record["status"].as_str().unwrap().to_owned();
    records
        .map(|(id, record)| (id.clone(), status(record)))
        .collect()
}

/// Looks at what a run has left that ended half way.
fn check_half(served: &Served, desk: &Desk) {
    let records = records(desk);
    assert_eq!(records.get(WHOLE).map(String::as_str), Some("unknown"));
    for id in all() {
        let status = records.get(&id).map(String::as_str);
        let is_told = matches!(status, Some("retired" | "unknown"));
        assert!(lives(served, &id) || is_told, "{id} is {status:?}");
        let is_false = lives(served, &id) && status == Some("retired");
        assert!(!is_false, "{id} lives, and is {status:?}");
    }
    let left = all().iter().filter(|id| lives(served, id)).count();
    assert!(left > 0 && left < all().len(), "{left}");
}

/// Has another run do the rest, and looks at what came of all.
fn check_whole(served: &Served, desk: &Desk) {
    served.sandbox.set_limits(Limits::off());
    let done = apply(served, desk, &[]).expect(0);
    for id in all() {
        assert!(!lives(served, &id), "{id}: {}", done.transcript());
    }
    let records = records(desk);
    for id in [WHOLE.to_owned(), file(2)] {
        let status = records.get(&id).map(String::as_str);
        assert_eq!(status, Some("retired"), "{id}: {}", done.transcript());
    }
    let open = records.iter().find(|(_, status)| *status != "retired");
    assert_eq!(open, None, "{}", done.transcript());
    let twice = deleted(served).into_iter().find(|(_, times)| *times > 1);
    assert_eq!(twice, None);
    let requests = served.sandbox.log().len();
    let done = apply(served, desk, &[]).expect(0);
    let deletes = served.sandbox.log();
    let mut since = deletes.iter().skip(requests);
    let again = since.find(|request| request.method == "DELETE");
    assert!(again.is_none(), "{again:?}\n{}", done.transcript());
}

#[test]
fn a_folder_whose_run_was_killed_between_its_parts_goes_with_the_next_run() {
    let (served, desk) = served();
    let mut child = start(&served, &desk);
    let first = usize::try_from(FIRST).unwrap();
    while deleted(&served).len() < first && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    assert!(was_killed(child.wait().unwrap()));
    check_half(&served, &desk);
    check_whole(&served, &desk);
    served.stop();
}

#[test]
fn a_folder_that_was_left_between_its_parts_goes_with_the_next_run() {
    let (served, desk) = served();
    // Its time is over before another delete may be sent.
    let done = apply(&served, &desk, &["--time-budget", "5s", "--grace", "2s"]).expect(9);
    assert!(done.out.contains(WHOLE), "{}", done.transcript());
    check_half(&served, &desk);
    check_whole(&served, &desk);
    served.stop();
}
