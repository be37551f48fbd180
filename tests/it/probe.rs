//! `retire probe`: what it finds out of each server, and that nothing of it stays there.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
#[cfg(feature = "failpoints")]
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use frameio_retire::asset::AssetId;
use frameio_retire::cli::args::SchemaName;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::{Value, json};

use crate::evidence_v4::text;
use crate::harness::{Desk, Done, seed};
use crate::schemas::{fits, validator};
use crate::signals::signal;
use crate::soak::Served;

/// The project of the seed, with one file in it.
const PROJECT: &str = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e";

const FILE: &str = "              - {id: 00000000-0000-4000-8000-000000000001, name: a.mov}\n";

/// A server that loses no time.
const PROMPT: &str = "slow_cascade: 0, restore_polls: 0";

fn served(behaviour: &str, rules: &[&str]) -> Served {
    with(
        &format!("limits: off\nbehaviour: {{{behaviour}}}\n"),
        FILE,
        rules,
    )
}

fn with(head: &str, assets: &str, rules: &[&str]) -> Served {
    let text = format!("{head}{}", seed(assets));
    let faults = Faults {
        seed: 1,
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
    };
    let world = World::from_seed(Seed::parse("sandbox.yaml", &text).unwrap());
    Served::new(world.with_faults(faults))
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("retire.toml", "version = 1\n");
    desk
}

fn command(served: &Served, desk: &Desk, more: &[&str]) -> Command {
    let mut command = desk.command(&["probe", "--project", PROJECT]);
    command
        .args(more)
        .env("FRAMEIO_TOKEN", served.sandbox.token())
        .env("RETIRE_ENDPOINT", served.sandbox.url())
        .env("RETIRE_API", "v4")
        .env("XDG_DATA_HOME", desk.path("data"));
    command
}

fn probe(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    let mut command = command(served, desk, &["--auto-approve"]);
    desk.done(command.args(more))
}

fn alive(served: &Served) -> BTreeSet<AssetId> {
    served.sandbox.with_world(|world| {
        let alive = world.assets().filter(|(_, alive)| *alive);
        alive.map(|(id, _)| id).collect()
    })
}

/// The journals that are left.
fn journals(desk: &Desk) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(desk.path("data/frameio-retire")) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect()
}

/// What the findings say of an assumption.
fn observed(findings: &Value, assumption: &str) -> String {
    let mut lines = findings.as_array().unwrap().iter();
    let line = lines.find(|line| line["assumption"] == assumption).unwrap();
    line["observed"].as_str().unwrap().to_owned()
}

/// Probes a server of some behaviour, of which nothing is left, and says what it found.
fn found(behaviour: &str, exit: i32) -> Value {
    let served = served(behaviour, &[]);
    let before = alive(&served);
    let desk = desk();
    let done = probe(&served, &desk, &["--format", "json"]).expect(exit);
    assert_eq!(alive(&served), before, "{behaviour}: {}", done.transcript());
    assert!(journals(&desk).is_empty(), "{behaviour}");
    served.stop();
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn the_harsher_readings_are_what_is_expected_and_nothing_is_left() {
    let began = Instant::now();
    // Under the limits of the API's documentation.
    let served = with("", FILE, &[]);
    let before = alive(&served);
    let desk = desk();
    let done = probe(&served, &desk, &[]).expect(0);
    assert!(
        began.elapsed() < Duration::from_mins(1),
        "{:?}",
        began.elapsed()
    );
    assert!(
        done.out
            .contains("13 as expected, 0 otherwise, 0 could not"),
        "{}",
        done.out
    );
    assert_eq!(alive(&served), before);
    assert!(journals(&desk).is_empty());
    let log = served.sandbox.log();
    assert!(log.len() < 60, "{} requests", log.len());
    assert!(log.iter().all(|request| request.status != Some(429)));
    // It asks of nothing that was there before, but for the top of the project.
    let file: AssetId = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    assert!(log.iter().all(|request| !request.assets.contains(&file)));
    let document: Value = serde_json::from_str(&desk.read("retire.probe.json")).unwrap();
    fits(&validator(SchemaName::Probe), &document, "the findings");
    for line in document["findings"].as_array().unwrap() {
        assert_eq!(line["expected"], line["observed"], "{line}");
    }
    let text = document["findings"].to_string();
    assert!(!text.contains("probe") && !text.contains(PROJECT), "{text}");
    served.stop();
}

#[test]
fn each_switch_is_told_rightly_and_nothing_is_left() {
    let rows = [
        ("move_bad_id: partial", "bulk-move-bad-id", "partial", 0),
        ("move_answer: short", "bulk-move-answer", "short", 0),
        ("move_already_there: ok", "move-already-there", "ok", 0),
        (
            "move_bad_id: partial, move_answer: short",
            "move-already-there",
            "refused",
            0,
        ),
        ("second_delete: ok", "delete-twice", "204", 0),
        ("slow_cascade: 0", "folder-delete-cascade", "at-once", 0),
        ("cascade: false", "folder-delete-cascade", "not-seen", 3),
        (
            "recently_deleted: all",
            "recently-deleted",
            "descendants",
            0,
        ),
        ("late_lists: 2", "recently-deleted", "folder-only", 0),
        ("restore: unsupported", "restore-file", "unsupported", 0),
        ("restore: unsupported", "restore-folder", "unsupported", 0),
        ("restore: unsupported", "restore-stack", "unsupported", 0),
        ("restore_polls: 0", "restore-folder", "complete", 0),
        ("restore_polls: 4", "restore-folder", "slow", 0),
        ("restore_polls: 4", "restore-stack", "yes", 0),
        ("cascade: false", "restore-folder", "unclear", 3),
        ("cascade: false", "recently-deleted", "unclear", 3),
        ("restore_parent_gone: root", "restore-stack", "yes", 0),
        ("same_name: refused", "same-name", "refused", 0),
        ("same_name: allowed", "same-name", "allowed", 0),
        ("same_folder: refused", "same-name", "allowed", 0),
        (
            "move_bad_id: partial, move_answer: short, move_already_there: ok, second_delete: ok, slow_cascade: 0, recently_deleted: all, restore_polls: 0, same_name: refused, same_folder: refused",
            "bulk-move-bad-id",
            "partial",
            0,
        ),
    ];
    at_once(&rows, |(behaviour, assumption, word, exit)| {
        let findings = found(behaviour, *exit);
        assert_eq!(
            observed(&findings, assumption),
            *word,
            "{behaviour}: {findings:#}"
        );
    });
}

/// Does the same for each of several, on a few threads: most of it is waiting.
fn at_once<T: Sync>(rows: &[T], work: impl Fn(&T) + Sync) {
    let left = Mutex::new(rows.iter());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    match next {
                        Some(row) => work(row),
                        None => return,
                    }
                }
            });
        }
    });
}

#[cfg(feature = "failpoints")]
#[test]
fn killed_anywhere_nothing_is_left_after_the_next_start() {
    let orders: Vec<String> = ["probe.send", "probe.answered", "probe.recorded"]
        .into_iter()
        .flat_map(|point| (1..=30).map(move |time| format!("{point}:{time}")))
        .collect();
    let killed = Mutex::new(0);
    at_once(&orders, |order| {
        let served = served(PROMPT, &[]);
        let before = alive(&served);
        let desk = desk();
        let mut first = command(&served, &desk, &["--auto-approve"]);
        let status = first
            .env("RETIRE_CRASH", order)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        if status.signal() == Some(9) {
            *killed.lock().unwrap() += 1;
            let done = probe(&served, &desk, &[]).expect(0);
            assert!(done.out.contains("as expected"), "{order}");
        }
        assert_eq!(alive(&served), before, "{order}");
        // One that was killed before anything was sent may be looked for again.
        assert!(
            journals(&desk).len() <= usize::from(order == "probe.send:1"),
            "{order}"
        );
        served.stop();
    });
    let killed = *killed.lock().unwrap();
    assert!(killed > 50, "{killed}");
}

#[test]
fn what_an_unanswered_call_has_made_is_found_and_removed() {
    let calls = [
        "v4_folder_create",
        "v4_file_create",
        "v4_stack_create",
        "v4_files_move",
        "v4_file_delete",
        "v4_file_restore",
        "v4_folder_delete",
        "v4_folder_restore",
        "v4_stack_restore",
    ];
    let rules: Vec<String> = calls
        .iter()
        .flat_map(|call| {
            let faults = ["drop-after", "done/504", "drop-before", "page/404", "503"];
            faults.map(|fault| format!("{fault}=first:1@{call}"))
        })
        .collect();
    at_once(&rules, |rule| {
        let served = served(PROMPT, &[rule]);
        let before = alive(&served);
        let desk = desk();
        let done = probe(&served, &desk, &["--format", "json"]);
        let is_open = matches!(done.code, 0 | 3);
        assert!(is_open, "{rule}: {}", done.transcript());
        assert_eq!(alive(&served), before, "{rule}: {}", done.transcript());
        let findings: Value = serde_json::from_str(&done.out).unwrap();
        for line in findings.as_array().unwrap() {
            // Nothing is told that is not so.
            let milder = [
                ("folder-delete-cascade", "at-once"),
                ("restore-folder", "complete"),
            ];
            let is_milder = milder
                .iter()
                .any(|(name, word)| line["assumption"] == *name && line["observed"] == *word);
            let told = &line["observed"];
            let is_told = *told == line["expected"] || *told == "unclear" || is_milder;
            assert!(is_told, "{rule}: {line}");
        }
        served.stop();
    });
}

#[cfg(feature = "failpoints")]
#[test]
fn somebodys_own_in_the_folder_stays_and_what_it_is_in() {
    for (order, place, around) in [
        ("probe.send:14", "top", &["top"][..]),
        ("probe.send:14", "drawer", &["top", "drawer"]),
        ("probe.send:20", "stack", &["top", "box", "stack"]),
    ] {
        let served = served(PROMPT, &[]);
        let before = alive(&served);
        let desk = desk();
        let mut first = command(&served, &desk, &["--auto-approve"]);
        let killed = first.env("RETIRE_CRASH", order).output().unwrap();
        assert_eq!(killed.status.signal(), Some(9));
        let own = "00000000-0000-4000-8000-000000000077";
        let change = |change: Value| {
            let change = serde_json::from_value(change).unwrap();
            served.sandbox.change(change).unwrap();
        };
        let asset = json!({"id": own, "name": "mine.mov"});
        change(json!({"add": {"to": journalled(&desk, place), "asset": asset}}));
        let mut stays = before.clone();
        stays.extend(around.iter().map(|thing| journalled(&desk, thing)));
        stays.insert(own.parse().unwrap());
        let done = probe(&served, &desk, &[]).expect(3);
        let said = "1 asset is in it that the probe did not put there";
        assert!(done.err.contains(said), "{}", done.err);
        assert_eq!(alive(&served), stays, "{place}");
        // Once it is moved away, the next start removes the folder.
        let file = FILE
            .split([' ', ','])
            .find_map(|word| word.parse::<AssetId>().ok());
        let root = before.iter().find(|id| Some(**id) != file);
        change(json!({"move": {"id": own, "to": root.unwrap()}}));
        probe(&served, &desk, &[]).expect(0);
        let mut stays = before.clone();
        stays.insert(own.parse().unwrap());
        assert_eq!(alive(&served), stays, "{place}");
        assert!(journals(&desk).is_empty());
        served.stop();
    }
}

#[test]
fn a_file_that_somebody_puts_onto_the_version_stack_of_a_running_probe_stays() {
    // Nothing that was deleted comes back.
    let behaviour = "slow_cascade: 0, restore: unsupported";
    let served = served(behaviour, &["delay/100ms=100%"]);
    let desk = desk();
    let child = command(&served, &desk, &["--auto-approve"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stack = loop {
        let journals = journals(&desk);
        let text = journals.first().map(fs::read_to_string);
        let text = text.and_then(Result::ok).unwrap_or_default();
        let mut lines = text.lines().map(serde_json::from_str::<Value>);
        let is_stack = |line: &Value| line["thing"] == "stack" && line["id"].is_string();
        if lines.any(|line| line.is_ok_and(|line| is_stack(&line))) {
            break journalled(&desk, "stack");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let own = "00000000-0000-4000-8000-000000000077";
    let add = json!({"add": {"to": stack, "asset": {"id": own, "name": "mine.mov"}}});
    let change = serde_json::from_value(add).unwrap();
    served.sandbox.change(change).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let alive = alive(&served);
    assert!(alive.contains(&own.parse().unwrap()), "{said}");
    assert!(alive.contains(&stack), "{said}");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(!said.contains("Nothing is left"), "{said}");
    assert_eq!(journals(&desk).len(), 1);
    served.stop();
}

/// The id of something in the only journal.
fn journalled(desk: &Desk, thing: &str) -> AssetId {
    let text = fs::read_to_string(&journals(desk)[0]).unwrap();
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.find(|line| line["thing"] == thing && line["id"].is_string());
    line.unwrap()["id"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_signal_ends_it_with_nothing_left() {
    let served = served(PROMPT, &["delay/100ms=100%"]);
    let before = alive(&served);
    let desk = desk();
    let child = command(&served, &desk, &["--auto-approve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while alive(&served) == before {
        thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(alive(&served), before);
    assert!(journals(&desk).is_empty());
    assert!(
        !desk.path("retire.probe.json").exists(),
        "it found nothing out"
    );
    served.stop();
}

#[test]
fn nothing_is_sent_where_nobody_agrees_or_much_is_there() {
    let many: Vec<String> = (1..=21)
        .map(|number| format!("              - {{id: {}, name: a}}\n", text(number)))
        .collect();
    let many = many.concat();
    let head = format!("limits: off\nbehaviour: {{{PROMPT}}}\n");
    let served = with(&head, &many, &[]);
    let desk = desk();
    let done = probe(&served, &desk, &[]).expect(4);
    assert!(done.err.contains("more than 20 assets"), "{}", done.err);
    let unasked = desk
        .done(&mut command(&served, &desk, &["--here"]))
        .expect(4);
    assert!(unasked.err.contains("nobody approved"), "{}", unasked.err);
    assert!(unasked.err.contains("restore the file"), "{}", unasked.err);
    let changes = |served: &Served| {
        let log = served.sandbox.log();
        log.iter().filter(|request| request.method != "GET").count()
    };
    assert_eq!(changes(&served), 0);
    assert!(journals(&desk).is_empty());
    let asked = served.sandbox.log().len();
    probe(&served, &desk, &["--here"]).expect(0);
    assert!(changes(&served) > 20);
    // A server that loses no time is asked less than fifty times.
    let asked = served.sandbox.log().len() - asked;
    assert!(asked < 50, "{asked}");
    served.stop();
}

#[test]
fn findings_of_others_are_not_replaced_and_the_sandbox_writes_none() {
    let served = served(PROMPT, &[]);
    let desk = desk();
    desk.write("retire.probe.json", "{\"mine\": true}\n");
    let done = probe(&served, &desk, &[]).expect(8);
    assert!(done.err.contains("not what a probe wrote"), "{}", done.err);
    assert!(served.sandbox.log().is_empty());
    fs::remove_file(desk.path("retire.probe.json")).unwrap();
    desk.write("sandbox.yaml", format!("limits: off\n{}", seed(FILE)));
    let arguments = ["probe", "--sandbox", "--api", "v4", "--project", PROJECT];
    desk.run(&arguments).expect(0);
    assert!(!desk.path("retire.probe.json").exists());
    let v2 = desk.run(&["probe", "--sandbox", "--api", "v2", "--project", PROJECT]);
    assert!(v2.expect(64).err.contains("needs V4"));
    served.stop();
}
