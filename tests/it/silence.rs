//! Servers that take a request and never answer: people hear of it, and no time is exceeded.

use std::process::{Child, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Desk, Done};
use crate::server::{Request, Server, id, manifest, text};

fn run(desk: &Desk, server: &Server, command: &str, more: &[&str]) -> Done {
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--endpoint", &server.url]);
    arguments.extend(more);
    desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments)
}

#[test]
fn the_time_budget_ends_a_run_whose_delete_is_never_answered() {
    let (give, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::raw(move |_| {
        // Until the test is over.
        gate.lock().unwrap().recv().ok();
        None
    });
    let desk = Desk::with(&manifest(1));
    let more = ["--auto-approve", "--time-budget", "700ms", "--grace", "1h"];
    let more = [&more[..], &["--request-timeout", "1h"]].concat();
    let done = run(&desk, &server, "apply --api v2", &more).expect(9);
    assert!(done.out.contains("1 unknown"), "{}", done.out);
    assert!(done.out.contains("time budget is used up"), "{}", done.out);
    drop(give);
}

/// A server that takes requests, and answers none that `is_silent` says.
fn silent(
    is_silent: impl Fn(&Request) -> bool + Send + Sync + 'static,
    answer: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
) -> (Server, mpsc::Sender<()>) {
    let (give, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::raw(move |request| {
        if is_silent(request) {
            // Until the test is over.
            gate.lock().unwrap().recv().ok();
            return None;
        }
        answer(request)
    });
    (server, give)
}

#[test]
fn a_reading_that_is_not_answered_is_told_and_its_time_counts() {
    for (command, more) in [
        ("plan --api v4", &[][..]),
        ("apply --api v4", &["--auto-approve"]),
        ("whoami --api v4", &[]),
    ] {
        let (server, give) = silent(|_| true, |_| None);
        let desk = Desk::with(&manifest(1));
        let began = Instant::now();
        let more = [more, &["--retry-for", "7s"]].concat();
        let done = run(&desk, &server, command, &more).expect(9);
        assert!(began.elapsed() < Duration::from_secs(14), "{}", done.err);
        // It is told after five seconds, with its end.
        let told = "No answer to `";
        assert!(done.err.contains(told), "{}", done.err);
        let end = done.err.split("at most ").nth(1).unwrap();
        assert!(
            ["1.", "2.0"].iter().any(|time| end.starts_with(time)),
            "{end}"
        );
        assert!(end.contains(" s, until "), "{end}");
        let said = "the server takes requests and answers none: waited ";
        assert!(done.err.contains(said), "{}", done.err);
        assert!(done.err.contains("--retry-for"), "{}", done.err);
        assert!(!desk.path("retire.state.json").exists());
        drop(give);
    }
}

#[test]
fn an_answer_that_never_comes_to_its_end_counts_as_none() {
    let server = Server::dripping();
    let desk = Desk::with(&manifest(1));
    let began = Instant::now();
    let more = ["--retry-for", "6s"];
    let done = run(&desk, &server, "plan --api v4", &more).expect(9);
    assert!(began.elapsed() < Duration::from_secs(13), "{}", done.err);
    assert!(done.err.contains("answers none"), "{}", done.err);
}

#[test]
fn a_slow_answer_is_an_answer() {
    let answer = |request: &Request| {
        // Longer than an answer is waited for at least.
        std::thread::sleep(Duration::from_secs(6));
        assert!(request.line.starts_with("GET /v4/"));
        Some(text(200, "", r#"{"data":[],"id":"u"}"#))
    };
    let (server, _give) = silent(|_| false, answer);
    let desk = Desk::with(&manifest(1));
    let done = run(&desk, &server, "plan --api v4", &[]);
    assert!(!done.err.contains("answers none"), "{}", done.err);
    assert!(done.err.contains("No answer to `"), "{}", done.err);
}

#[test]
fn a_delete_that_is_not_answered_counts_for_the_time_of_its_retries() {
    let is_silent = |request: &Request| request.number > 1;
    let (server, give) = silent(is_silent, |_| Some(text(200, "", r#"{"account_id":"a"}"#)));
    let desk = Desk::with(&manifest(30));
    let more = [
        "--auto-approve",
        "--retry-for",
        "1s",
        "--read-timeout",
        "3s",
    ];
    let more = [&more[..], &["--canary", "0", "--batch-size", "10"]].concat();
    let more = [&more[..], &["--json-out", "events.jsonl"]].concat();
    let began = Instant::now();
    let done = run(&desk, &server, "apply --api v2", &more).expect(9);
    // The time of one delete, and nothing that is read afterwards.
    assert!(began.elapsed() < Duration::from_secs(9), "{}", done.out);
    assert_eq!(server.deleted().len(), 30, "{}", done.out);
    assert!(done.out.contains("30 unknown"), "{}", done.out);
    assert!(done.out.contains("answers none"), "{}", done.out);
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    let assets = state["assets"].as_object().unwrap();
    assert!(assets.values().all(|one| one["status"] == "unknown"));
    let events = desk.read("events.jsonl");
    assert!(events.contains(r#""code":"no_answer""#), "{events}");
    // The next run reads them, and for no longer than that.
    let began = Instant::now();
    let done = run(&desk, &server, "apply --api v2", &more).expect(9);
    assert!(began.elapsed() < Duration::from_secs(12), "{}", done.out);
    assert_eq!(server.deleted().len(), 30, "{}", done.out);
    drop(give);
}

#[test]
fn one_asset_that_is_never_answered_for_keeps_no_other() {
    let asset = |id: &str| {
        json!({"data": {"id": id, "type": "file", "name": "x", "file_size": 1,
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
            "project_id": id}})
    };
    let is_silent = |request: &Request| request.line.contains(&id(3));
    let (server, give) = silent(is_silent, move |request| {
        let line = &request.line;
        Some(match line.split(['?', ' ']).nth(1).unwrap() {
            "/v4/me" => text(200, "", r#"{"data":{"id":"u"}}"#),
            "/v4/accounts" => text(200, "", r#"{"data":[{"id":"acc"}]}"#),
            path if path.contains("/files/") => {
                let id = path.rsplit('/').next().unwrap();
                text(200, "", &asset(id).to_string())
            }
            _ => text(404, "", r#"{"errors":[{"title":"Not Found"}]}"#),
        })
    });
    let desk = Desk::with(&manifest(12));
    let more = ["--retry-for", "1s"];
    let done = run(&desk, &server, "plan --api v4", &more);
    assert!([3, 4].contains(&done.code), "{}", done.transcript());
    assert!(!done.err.contains("answers none"), "{}", done.err);
    drop(give);
}

#[test]
fn after_errors_of_the_server_the_pauses_reach_half_a_minute() {
    // What is read after a delete that went wrong goes wrong as well.
    let server = Server::raw(|request| {
        let is_me = request.line.starts_with("GET /v2/me");
        let me = r#"{"id":"u","account_id":"a"}"#;
        Some(if is_me {
            text(200, "", me)
        } else {
            text(500, "", "")
        })
    });
    let mut runs: Vec<(Desk, Child)> = (0..12)
        .map(|_| {
            let desk = Desk::with(&manifest(1));
            let mut arguments = vec!["apply", "--api", "v2", "--auto-approve"];
            arguments.extend(["--endpoint", &server.url, "--json-out", "events.jsonl"]);
            let mut command = desk.command(&arguments);
            command.env("FRAMEIO_TOKEN", "t");
            let run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            (desk, run.unwrap())
        })
        .collect();
    // The pauses are random, up to what each try allows; of the last of twelve runs one is long.
    let longest = |tries: u64| [500, 2_000, 8_000, 30_000][usize::try_from(tries).unwrap() - 1];
    let is_over = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let (Some(wait), Some(tries)) = (event["wait_ms"].as_u64(), event["tries"].as_u64()) else {
            return false;
        };
        assert!(wait <= longest(tries), "{line}");
        wait > 8_000
    };
    let shows = |(desk, run): &mut (Desk, Child)| {
        let is_on = run.try_wait().unwrap().is_none();
        let events = std::fs::read_to_string(desk.path("events.jsonl"));
        let shows = events.is_ok_and(|events| events.lines().any(is_over));
        (shows, is_on)
    };
    loop {
        let seen: Vec<(bool, bool)> = runs.iter_mut().map(shows).collect();
        if seen.iter().any(|(shows, _)| *shows) {
            break;
        }
        assert!(seen.iter().any(|(_, is_on)| *is_on), "all have ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    for (_, run) in &mut runs {
        run.kill().and_then(|()| run.wait()).unwrap();
    }
}
