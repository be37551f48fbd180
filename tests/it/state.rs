//! `retire state` and `retire show`.

use std::fs::File;

use serde_json::Value;

use crate::harness::{Desk, Done, filters};

/// A desk on which the quick start has run.
fn after_a_run() -> Desk {
    let desk = Desk::of_example("quickstart");
    let arguments = ["apply", "--sandbox"];
    desk.run_with(&[("USER", "ana"), ("GITHUB_SHA", "abc123")], &arguments)
        .expect(3);
    desk
}

const STATE: [&str; 2] = ["--state", "retire.sandbox.state.json"];

#[test]
fn the_state_is_shown_as_a_whole_and_one_by_one() {
    let desk = after_a_run();
    let refused = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09";
    let mut transcript = String::new();
    for command in [
        &["show", "retire.sandbox.state.json"][..],
        &["state", "list", STATE[0], STATE[1]],
        &[
            "state", "list", "--status", "gone", "--status", "failed", STATE[0], STATE[1],
        ],
        &["state", "list", "--status", "unknown", STATE[0], STATE[1]],
        &["state", "show", refused, STATE[0], STATE[1]],
        &[
            "state",
            "show",
            "00000000-0000-4000-8000-000000000001",
            STATE[0],
            STATE[1],
        ],
    ] {
        let done = desk.run(command).expect(0);
        transcript.push_str(&format!("## {}\n{}\n", command.join(" "), done.out));
    }
    let mut settings = filters();
    settings.add_filter(r"20\d\d-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", "[DAY]");
    settings.add_filter(r"(lineage|run id) +[0-9a-f-]{36}", "$1 [ID]");
    settings.bind(|| insta::assert_snapshot!("state_shown", transcript));
}

#[test]
fn programs_get_json() {
    let desk = after_a_run();
    for command in [
        &["show", "--format", "json", "retire.sandbox.state.json"][..],
        &["state", "list", "--format", "json", STATE[0], STATE[1]],
        &[
            "state",
            "show",
            "--format",
            "json",
            "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09",
            STATE[0],
            STATE[1],
        ],
    ] {
        let done = desk.run(command).expect(0);
        let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert!(value.to_string().contains("permission restrictions"));
    }
}

#[test]
fn a_missing_state_is_said_clearly() {
    let desk = Desk::new();
    let done = desk.run(&["state", "list"]).expect(8);
    assert!(done.err.contains("retire.state.json"), "{}", done.err);
    desk.run(&["show", "nowhere.json"]).expect(8);
    desk.write("noise", "hello\n");
    desk.run(&["show", "noise"]).expect(8);
    desk.run(&["show", "."]).expect(8);
}

const FILE: &str = "retire.sandbox.state.json";
const RETIRED: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c01";
const FAILED: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09";

/// Runs `retire state` on the sandbox's state.
fn on_state(desk: &Desk, arguments: &[&str]) -> Done {
    let words = ["state"].iter().chain(arguments).chain(&STATE);
    desk.run(&words.copied().collect::<Vec<_>>())
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Holds the lock of the sandbox's state, as a run would.
fn held(desk: &Desk, holder: &str) -> File {
    desk.write("retire.sandbox.state.json.lock", holder);
    let path = desk.path("retire.sandbox.state.json.lock");
    let lock = File::options().write(true).open(path).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn the_history_says_who_did_what_and_what_is_left_of_it() {
    let desk = after_a_run();
    let variables = [
        ("GITHUB_ACTOR", "bo"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("GITHUB_SERVER_URL", "https://git.example"),
        ("GITHUB_REPOSITORY", "studio/retire"),
        ("GITHUB_RUN_ID", "7"),
    ];
    desk.run(&["plan", "--sandbox", "--out", "plan.json"])
        .expect(0);
    desk.run_with(&variables, &["apply", "--sandbox", "plan.json"])
        .expect(3);
    on_state(&desk, &["rm", RETIRED, "--auto-approve"]).expect(0);
    let done = on_state(&desk, &["history"]).expect(0);
    let mut settings = filters();
    let id = value(&desk.read("plan.json"))["id"].to_string();
    settings.add_filter(&id["\"sha256:".len()..][..12], "[DIGEST]  ");
    settings.bind(|| insta::assert_snapshot!("state_history", done.out));

    let done = on_state(&desk, &["history", "--format", "json"]).expect(0);
    let runs = value(&done.out);
    let number = |place: usize| &runs[place]["number"];
    assert_eq!([number(0), number(1), number(2)], [3, 2, 1]);
    assert_eq!(runs[0]["change"]["removed"], serde_json::json!([RETIRED]));
    assert_eq!(
        runs[1]["ci"],
        "https://git.example/studio/retire/actions/runs/7"
    );
    assert_eq!(runs[1]["plan"], value(&desk.read("plan.json"))["id"]);
    assert_eq!(runs[1]["counts"]["failed"], 1);
    assert_eq!(runs[2]["counts"]["retired"], 7);
}

#[test]
fn a_record_is_dropped_only_on_purpose_and_then_for_good() {
    let desk = after_a_run();
    let before = desk.read(FILE);
    let done = on_state(&desk, &["rm", RETIRED, FAILED]).expect(4);
    assert!(done.err.contains("2 records"), "{}", done.err);
    assert!(done.err.contains("--auto-approve"), "{}", done.err);
    // All or none.
    let stranger = "00000000-0000-4000-8000-000000000001";
    let done = on_state(&desk, &["rm", FAILED, stranger, "--auto-approve"]).expect(1);
    assert!(done.err.contains(stranger), "{}", done.err);
    assert_eq!(desk.read(FILE), before);

    let arguments = ["rm", RETIRED, FAILED, RETIRED, "--auto-approve"];
    let done = on_state(&desk, &arguments).expect(0);
    filters().bind(|| insta::assert_snapshot!("state_rm", done.transcript()));
    let state = value(&desk.read(FILE));
    assert_eq!(state["serial"], 2);
    assert_eq!(state["assets"].get(RETIRED), None);
    assert_eq!(
        state["runs"]["2"]["change"]["removed"],
        serde_json::json!([RETIRED, FAILED])
    );
    assert_eq!(desk.read("retire.sandbox.state.json.backup"), before);
    let plan = desk.run(&["plan", "--sandbox"]).expect(0);
    assert!(plan.out.contains("2 to retire"), "{}", plan.out);
}

#[test]
fn a_plan_that_was_saved_before_a_record_was_dropped_is_stale() {
    let desk = after_a_run();
    desk.run(&["plan", "--sandbox", "--out", "plan.json"])
        .expect(0);
    on_state(&desk, &["rm", RETIRED, "--auto-approve"]).expect(0);
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(5);
}

#[test]
fn whoever_only_reads_needs_no_lock_and_whoever_writes_does() {
    let desk = after_a_run();
    let text = desk.read(FILE);
    desk.write(
        "later.json",
        text.replacen("\"serial\":1", "\"serial\":2", 1),
    );
    let holder =
        "process 12 on build-3 since 2026-07-01T00:00:00Z, `retire apply`, https://ci.example/7";
    let lock = held(&desk, holder);
    for command in [
        &["list"][..],
        &["show", FAILED],
        &["history"],
        &["pull"],
        &["pull", "--out", "copy.json"],
    ] {
        on_state(&desk, command).expect(0);
    }
    desk.run(&["plan", "--sandbox"]).expect(0);
    desk.run(&["plan", "--sandbox", "--out", "plan.json"])
        .expect(0);
    desk.run(&["show", FILE]).expect(0);
    desk.run(&["show", "plan.json"]).expect(0);
    for command in [
        &["rm", FAILED, "--auto-approve"][..],
        &["push", "later.json"],
        &["unlock"],
    ] {
        let done = on_state(&desk, command).expect(6);
        assert!(done.err.contains(holder), "{}", done.err);
    }
    assert_eq!(desk.read(FILE), text);
    drop(lock);
    on_state(&desk, &["push", "later.json"]).expect(0);
}

#[test]
fn a_second_writer_waits_as_long_as_it_was_told() {
    let desk = after_a_run();
    let lock = held(&desk, "process 12");
    let mut command = desk.command(&["state", "rm", FAILED, "--auto-approve", "--lock-timeout"]);
    command.arg("10m").args(STATE);
    let mut child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // It has said that it waits, so it has found the lock.
    let mut line = String::new();
    let mut words = std::io::BufReader::new(child.stderr.take().unwrap());
    while !line.contains("waiting") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut words, &mut line).unwrap() > 0);
    }
    assert!(line.contains("process 12"), "{line}");
    drop(lock);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_lock_ends_with_its_process_and_unlock_clears_its_word() {
    let desk = after_a_run();
    // A run that ends in order leaves no word.
    assert_eq!(desk.read("retire.sandbox.state.json.lock"), "");
    let done = on_state(&desk, &["unlock"]).expect(0);
    assert_eq!(
        done.out,
        "The state `retire.sandbox.state.json` is not locked.\n"
    );
    desk.write("retire.sandbox.state.json.lock", "process 12\u{1b}[2J\n");
    let done = on_state(&desk, &["unlock"]).expect(0);
    assert!(done.out.contains("process 12\\u{1b}"), "{}", done.out);
    assert_eq!(desk.read("retire.sandbox.state.json.lock"), "");
    // There is nothing to clear where nothing ever was.
    desk.run(&["state", "unlock", "--state", "none.json"])
        .expect(0);
    assert!(!desk.path("none.json.lock").exists());
}

#[test]
fn what_is_pulled_can_be_pushed_elsewhere_and_back() {
    let desk = after_a_run();
    let text = desk.read(FILE);
    let pulled = on_state(&desk, &["pull"]).expect(0);
    assert_eq!(pulled.out, text);
    on_state(&desk, &["pull", "--out", "copy.json"]).expect(0);
    assert_eq!(desk.read("copy.json"), text);
    on_state(&desk, &["pull", "--out", FILE]).expect(64);
    assert_eq!(desk.read(FILE), text);
    desk.run(&["state", "push", "copy.json", "--state", "new.json"])
        .expect(0);
    assert_eq!(desk.read("new.json"), text);
    // The same once more is nothing to do.
    let done = on_state(&desk, &["push", "copy.json"]).expect(0);
    assert!(done.err.contains("nothing was written"), "{}", done.err);
    assert!(!desk.path("retire.sandbox.state.json.backup").exists());
    let later = text.replacen("\"serial\":1", "\"serial\":5", 1);
    let done = desk.run_on(
        later.as_bytes(),
        &["state", "push", "-", STATE[0], STATE[1]],
    );
    done.expect(0);
    assert_eq!(desk.read(FILE), later);
    assert_eq!(desk.read("retire.sandbox.state.json.backup"), text);
}

#[test]
fn a_state_that_does_not_follow_is_not_pushed() {
    let desk = after_a_run();
    let first = desk.read(FILE);
    desk.run(&["apply", "--sandbox"]).expect(3);
    let text = desk.read(FILE);
    let lineage = value(&text)["lineage"].to_string();
    for (given, words) in [
        (first, "it is serial 1, and the state is serial 2 already"),
        (text.replace("permission", "other"), "they differ"),
        (
            text.replace(&lineage, &format!("\"{RETIRED}\"")),
            "its lineage is",
        ),
        (text.replace("\"version\":1", "\"version\":2"), "version 2"),
        (text[..text.len() / 2].to_owned(), "given.json:"),
        ("null".to_owned(), "given.json:1:"),
    ] {
        desk.write("given.json", given);
        let done = on_state(&desk, &["push", "given.json"]).expect(8);
        assert!(done.err.contains(words), "{words}: {}", done.err);
        assert_eq!(desk.read(FILE), text);
    }
    on_state(&desk, &["push", "given.json", "--force"]).expect(64);
}

/// Lines of a journal that continues a state: one run that has sent a delete and got no answer.
fn journal(desk: &Desk, number: u64) -> String {
    let state = value(&desk.read(FILE));
    let bodies = [
        serde_json::json!({
            "journal": 1, "lineage": state["lineage"], "base": state["serial"],
            "api": "v2", "endpoint": "sandbox", "account": state["account"],
        }),
        serde_json::json!({"seq": 1, "event": {"started": {
            "run": number, "id": RETIRED, "at": "2026-07-01T00:00:00Z",
            "actor": null, "commit": null, "ci": null, "plan": null, "account": null,
        }}}),
        serde_json::json!({"seq": 2, "event": {"intent": {
            "batch": 1, "task": "delete", "ids": [FAILED],
        }}}),
    ];
    let line = |body: &Value| {
        let body = body.to_string();
        let sum = crc32fast::hash(body.as_bytes());
        format!("{{\"sum\":\"{sum:08x}\",\"body\":{body}}}\n")
    };
    bodies.each_ref().map(line).concat()
}

#[test]
fn a_journal_is_pulled_with_the_state_and_taken_in_before_a_push() {
    let desk = after_a_run();
    let text = desk.read(FILE);
    let lines = journal(&desk, 2);
    desk.write("retire.sandbox.state.json.journal", &lines);
    let done = on_state(&desk, &["pull"]).expect(0);
    let pulled = value(&done.out);
    assert_eq!(pulled["serial"], 2);
    assert_eq!(pulled["assets"][FAILED]["status"], "unknown");
    // Reading leaves everything as it is.
    assert_eq!(desk.read(FILE), text);
    assert_eq!(desk.read("retire.sandbox.state.json.journal"), lines);
    // However late the given one is, it cannot know what the journal says.
    desk.write(
        "later.json",
        text.replacen("\"serial\":1", "\"serial\":9", 1),
    );
    let done = on_state(&desk, &["push", "later.json"]).expect(8);
    assert!(done.err.contains("journal"), "{}", done.err);
    assert_eq!(desk.read(FILE), pulled_text(&desk));
    assert!(!desk.path("retire.sandbox.state.json.journal").exists());
    on_state(&desk, &["push", "later.json"]).expect(0);
}

fn pulled_text(desk: &Desk) -> String {
    on_state(desk, &["pull"]).expect(0).out
}

#[test]
fn the_commit_and_the_person_are_those_of_the_repository_around_the_manifest() {
    let desk = Desk::of_example("quickstart");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    desk.write(".git/HEAD", "ref: refs/heads/main\n");
    desk.write(".git/refs/heads/main", format!("{commit}\n"));
    desk.write(".git/config", "[user]\n\temail = ana@example\n");
    desk.run_with(
        &[("USER", "root")],
        &["plan", "--sandbox", "--out", "plan.json"],
    )
    .expect(0);
    assert_eq!(value(&desk.read("plan.json"))["commit"], commit);
    desk.run_with(&[("USER", "root")], &["apply", "--sandbox"])
        .expect(3);
    let run = &value(&desk.read(FILE))["runs"]["1"];
    assert_eq!(
        (&run["commit"], &run["actor"]),
        (&commit.into(), &"ana@example".into())
    );
    // What a CI system says counts more.
    let ci = [("GITHUB_SHA", "abc"), ("GITHUB_ACTOR", "bo")];
    desk.run_with(&ci, &["apply", "--sandbox"]).expect(3);
    let run = &value(&desk.read(FILE))["runs"]["2"];
    assert_eq!(
        (&run["commit"], &run["actor"]),
        (&"abc".into(), &"bo".into())
    );
}
