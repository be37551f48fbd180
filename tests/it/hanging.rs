//! Whoever takes a request and never answers it, be it the token endpoint: people hear what is waited
//! for and until when, and the command ends in order. All servers of a test hang at once.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Desk, Done};
use crate::server::{Request, Server, id, manifest, text};
#[cfg(unix)]
use crate::signals::signal;

const CLIENT: [(&str, &str); 2] = [
    ("FRAMEIO_CLIENT_ID", "robot"),
    ("FRAMEIO_CLIENT_SECRET", "hush"),
];

/// The project of all files.
const PROJECT: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000900";

/// What is waited for beside five seconds, after which it is told.
const WITHIN: [&str; 2] = ["--retry-for", "6s"];

fn park() -> ! {
    loop {
        thread::park();
    }
}

/// A command against a server that is its own token endpoint.
fn run(desk: &Desk, url: &str, command: &str, more: &[&str]) -> Done {
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--api", "v4", "--endpoint", url, "--ims-endpoint", url]);
    arguments.extend(more);
    desk.run_with(&CLIENT, &arguments)
}

fn is_token(request: &Request) -> bool {
    request.line.starts_with("POST /ims/token/")
}

/// What is said of an asset.
fn shown(id: &str, kind: &str) -> String {
    let asset = json!({
        "id": id, "type": kind, "name": "x", "deleted_at": null, "file_size": 1,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "project_id": PROJECT,
        "project": {"id": PROJECT, "name": "Tide", "storage": 1_000_000}
    });
    json!({ "data": asset }).to_string()
}

/// What V4 says of files that are all there.
fn v4(request: &Request) -> String {
    let path = request.line.split(['?', ' ']).nth(1).unwrap();
    match path {
        _ if is_token(request) => text(200, "", r#"{"access_token":"t","expires_in":3600}"#),
        "/v4/me" => text(200, "", r#"{"data":{"id":"u"}}"#),
        "/v4/accounts" => text(200, "", r#"{"data":[{"id":"acc"}]}"#),
        _ if request.line.starts_with("DELETE") => text(204, "", ""),
        _ if path.contains("/files/") => {
            // A reading is no longer fresh when it decides.
            thread::sleep(Duration::from_millis(100));
            text(200, "", &shown(path.rsplit('/').next().unwrap(), "file"))
        }
        _ => text(404, "", r#"{"errors":[{"title":"Not Found"}]}"#),
    }
}

/// The lines of an event stream of one type.
fn events(desk: &Desk, kind: &str) -> Vec<Value> {
    let stream = desk.read("events.jsonl");
    let all = stream
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    all.filter(|event: &Value| event["type"] == kind).collect()
}

#[test]
fn a_token_endpoint_that_never_answers_ends_every_command_in_order() {
    let ends = |url: &str, command: &str| {
        let desk = Desk::with(&manifest(1));
        let began = Instant::now();
        let done = run(&desk, url, command, &WITHIN).expect(9);
        assert!(began.elapsed() < Duration::from_secs(20), "{}", done.err);
        let told = "No answer of the token endpoint yet: waiting for it, at most ";
        assert!(done.err.contains(told), "{command}: {}", done.err);
        let said = "the token endpoint takes requests and answers none: waited 6 s";
        assert!(done.err.contains(said), "{command}: {}", done.err);
        assert!(done.err.contains("--retry-for"), "{command}: {}", done.err);
        assert!(!desk.path("retire.state.json").exists());
    };
    let silent = Server::raw(|_| park());
    let dripping = Server::dripping();
    let (silent, dripping) = (&*silent.url, &*dripping.url);
    thread::scope(|scope| {
        for command in ["plan", "apply --auto-approve", "find", "whoami"] {
            scope.spawn(move || ends(silent, command));
        }
        scope.spawn(move || ends(dripping, "plan"));
        // Nobody waits longer than the command was given.
        scope.spawn(move || {
            let desk = Desk::with(&manifest(1));
            let more = ["--time-budget", "500ms"];
            let done = run(&desk, silent, "plan", &more).expect(9);
            let said = "the answer of the token endpoint";
            assert!(done.err.contains(said), "{}", done.err);
        });
    });
}

#[test]
fn a_plan_as_it_is_waits_for_as_long_as_a_silence_may_last_and_says_so() {
    let server = Server::raw(|_| park());
    let desk = Desk::with(&manifest(1));
    let mut command = desk.command(&["plan", "--api", "v4", "--endpoint", &server.url]);
    command.env("FRAMEIO_TOKEN", "t").stderr(Stdio::piped());
    let mut plan = command.spawn().unwrap();
    let told = BufReader::new(plan.stderr.take().unwrap()).lines();
    let told = told
        .map(Result::unwrap)
        .find(|line| line.contains("at most"));
    plan.kill().and_then(|()| plan.wait()).unwrap();
    // 40 seconds of silence, of which five are over.
    let told = told.unwrap();
    let left = told.split("at most ").nth(1).unwrap();
    let is_right = ["35 s", "34 s", "33 s"]
        .iter()
        .any(|time| left.starts_with(time));
    assert!(is_right, "{told}");
}

#[test]
fn a_renewal_that_is_never_answered_stops_a_run_and_leaves_nothing_unknown() {
    let ends = |more: &[&str], said: &str| {
        let server = Server::raw(|request| {
            if is_token(request) && request.number > 1 {
                park();
            }
            let is_delete = request.line.starts_with("DELETE");
            Some(if is_delete {
                text(401, "", r#"{"errors":[{"title":"Unauthorized"}]}"#)
            } else {
                v4(request)
            })
        });
        let desk = Desk::with(&manifest(1));
        let more = [more, &["--json-out", "events.jsonl"]].concat();
        let done = run(&desk, &server.url, "apply --auto-approve", &more).expect(9);
        assert!(done.out.contains(said), "{}", done.out);
        assert!(!done.out.contains("unknown"), "{}", done.out);
        let asked = server.asked();
        let deletes = asked.iter().filter(|one| one.line.starts_with("DELETE"));
        assert_eq!(deletes.count(), 1);
        assert!(!desk.path("retire.state.json").exists());
        desk
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            let desk = ends(
                &WITHIN,
                "the token endpoint takes requests and answers none",
            );
            let slow = events(&desk, "slow");
            assert_eq!(slow[0]["call"], "token", "{slow:?}");
            // It is what is left of six seconds, told about five seconds after they began: by
            // clocks that need not agree to the millisecond.
            assert!(slow[0]["wait_ms"].as_u64().unwrap() < 1_500, "{slow:?}");
        });
        scope.spawn(move || ends(&["--time-budget", "4s"], "time budget is used up"));
    });
}

#[cfg(unix)]
#[test]
fn a_signal_waits_for_no_renewal_and_leaves_nothing_unknown() {
    let (came, comes) = mpsc::channel();
    let server = Server::raw(move |request| {
        if is_token(request) && request.number > 1 {
            came.send(()).ok();
            park();
        }
        let is_delete = request.line.starts_with("DELETE");
        Some(if is_delete {
            text(401, "", r#"{"errors":[{"title":"Unauthorized"}]}"#)
        } else {
            v4(request)
        })
    });
    let desk = Desk::with(&manifest(4));
    let mut command = desk.command(&["apply", "--api", "v4", "--auto-approve", "--grace", "5m"]);
    command.args(["--endpoint", &server.url, "--ims-endpoint", &server.url]);
    command
        .envs(CLIENT)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let run = command.spawn().unwrap();
    comes.recv_timeout(Duration::from_mins(1)).unwrap();
    let began = Instant::now();
    signal(&run, "TERM");
    let done = Done::of(run.wait_with_output().unwrap());
    assert!(began.elapsed() < Duration::from_mins(1), "{}", done.err);
    let done = done.expect(143);
    assert!(!done.out.contains("unknown"), "{}", done.out);
    // What was under way when the signal came was on record for as long as that. Where the first
    // refusal was all that there was, there is nothing to be saved.
    if desk.path("retire.state.json").exists() {
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        assert_eq!(state["assets"], json!({}));
    }
}

/// Which request is not answered, by all that came before it.
type Hangs = fn(&Request, &[String]) -> bool;

/// How many of some requests began like this.
fn count(lines: &[String], start: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(start)).count()
}

/// Runs against a server that answers no such request.
fn hang(is_silent: Hangs, kind: &str, more: &[&str]) -> (Desk, Done) {
    let before = Mutex::new(Vec::<String>::new());
    let server = Server::raw(move |request| {
        let lines = {
            let mut before = before.lock().unwrap();
            let lines = before.clone();
            before.push(request.line.clone());
            lines
        };
        if is_silent(request, &lines) {
            park();
        }
        // Where it is not told otherwise, nothing is left of what was deleted.
        let is_gone = !request.line.contains("/recently_deleted?")
            && count(&lines, &format!("DELETE /v4/accounts/acc/files/{}", id(1))) > 0;
        Some(if is_gone {
            text(404, "", r#"{"errors":[{"title":"Not Found"}]}"#)
        } else if request.line.contains("/children?") {
            let file: Value = serde_json::from_str(&shown(&id(2), "file")).unwrap();
            let page = json!({"data": [file["data"]], "total_count": 1});
            text(200, "", &page.to_string())
        } else if request.line.contains("/version_stacks/") {
            text(200, "", &shown(&id(1), "version_stack"))
        } else if request.line.starts_with("DELETE") {
            // It closes the connection of what is no file of a stack.
            return request.line.contains(&id(2)).then(|| text(204, "", ""));
        } else {
            v4(request)
        })
    });
    let listed = id(1);
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {listed}, kind: {kind}}}\n"
    ));
    let mut arguments = vec!["apply", "--api", "v4", "--auto-approve"];
    arguments.extend(["--endpoint", &server.url, "--json-out", "events.jsonl"]);
    arguments.extend(WITHIN);
    arguments.extend(["--read-timeout", "7s"]);
    arguments.extend(more);
    let done = desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments);
    assert!([3, 9].contains(&done.code), "{}", done.transcript());
    (desk, done)
}

#[test]
fn whatever_is_not_answered_in_a_run_is_told_with_its_end() {
    let rows: [(Hangs, &str, &str, &[&str]); 5] = [
        (
            |one, _| one.line.starts_with("DELETE"),
            "file",
            "delete_file",
            &[],
        ),
        (
            |one, before| one.line.contains("/files/") && count(before, "DELETE") > 0,
            "file",
            "show_file",
            &[],
        ),
        (
            |one, before| one.line.contains("/children?") && before.contains(&one.line),
            "version_stack",
            "version_stack_children",
            &[],
        ),
        (
            |one, before| one.line.contains("/files/") && before.contains(&one.line),
            "file",
            "show_file",
            &["--verify-age", "1s"],
        ),
        (
            |one, _| one.line.contains("/recently_deleted?"),
            "file",
            "recently_deleted",
            &["--verify-age", "1h"],
        ),
    ];
    thread::scope(|scope| {
        for (is_silent, kind, call, more) in rows {
            scope.spawn(move || {
                let (desk, done) = hang(is_silent, kind, more);
                let slow = events(&desk, "slow");
                let told = slow.iter().find(|event| event["call"] == call);
                let told = told.unwrap_or_else(|| panic!("{call}: {slow:?} {}", done.transcript()));
                assert_eq!(told["assets"], 1, "{call}");
                let wait = told["wait_ms"].as_u64().unwrap();
                assert!((1..=2_000).contains(&wait), "{call}: {wait}");
            });
        }
    });
}
