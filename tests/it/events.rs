//! `--json`, `--json-out`, `show` of a run, and the log.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use frameio_retire::cli::args::SchemaName;
use serde_json::Value;

use crate::harness::{Desk, TOKEN};
use crate::schemas::{fits, validator};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn one() -> Desk {
    Desk::with(&format!("version: 1\nassets:\n- {A}\n"))
}

/// A manifest with many assets, which the sandbox makes a world of.
fn many(assets: usize) -> Desk {
    let ids = (1..=assets).map(|n| format!("- {n:08}-0000-4000-8000-000000000000\n"));
    Desk::with(&format!("version: 1\nassets:\n{}", ids.collect::<String>()))
}

/// The lines of a stream, each checked against the schema.
#[track_caller]
fn lines(stream: &str) -> Vec<Value> {
    let validator = validator(SchemaName::Events);
    let lines = stream.lines().map(|line| {
        let value = serde_json::from_str(line).unwrap();
        fits(&validator, &value, line);
        value
    });
    lines.collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    let types = events.iter().map(|event| event["type"].as_str().unwrap());
    types.collect()
}

fn of<'events>(events: &'events [Value], kind: &str) -> Vec<&'events Value> {
    let fits = events.iter().filter(|event| event["type"] == kind);
    fits.collect()
}

/// What the transcripts show of streams is what the schema says.
#[cfg(unix)]
#[test]
fn every_event_of_a_transcript_fits_the_schema() {
    let mut kinds = std::collections::BTreeSet::new();
    for transcript in crate::cases::transcripts() {
        let events = transcript
            .lines()
            .filter(|line| line.starts_with("{\"type\":"));
        let events: String = events.flat_map(|event| [event, "\n"]).collect();
        let events = events
            .replace("[TIME]", "2026-07-01T10:00:00Z")
            .replace("[ID]", A)
            .replace("[MS]", "1");
        let events = lines(&events);
        kinds.extend(types(&events).into_iter().map(str::to_owned));
    }
    assert!(
        kinds.contains("run_started") && kinds.contains("error"),
        "{kinds:?}"
    );
}

#[test]
fn the_stream_says_what_the_state_says() {
    let desk = Desk::of_example("quickstart");
    let done = desk.run(&["apply", "--sandbox", "--json"]).expect(3);
    let events = lines(&done.out);
    let state: Value = serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap();
    for (id, record) in state["assets"].as_object().unwrap() {
        let last = events.iter().rfind(|event| event["id"] == **id).unwrap();
        let status = last["type"].as_str().unwrap();
        assert_eq!(status.strip_prefix("asset_"), record["status"].as_str());
        assert_eq!(last["message"], record["message"]);
        assert_eq!(last["run"], record["run"]);
    }
    let end = events.last().unwrap();
    assert_eq!(end["exit"], 3);
    assert_eq!(end["counts"]["retired"], 8);
    assert_eq!(end["requests"], of(&events, "batch_sent").len());
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let desk = many(2_000);
    desk.write("retire.toml", "version = 1\n[guards]\nmax-assets = 2000\n");
    let mut child = desk
        .command(&["apply", "--sandbox", "--json", "--json-out", "run.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains("run_started"), "{first}");
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert!(err.contains("nobody reads the events"), "{err}");
    let events = lines(&desk.read("run.jsonl"));
    assert_eq!(of(&events, "asset_retired").len(), 2_000);
    assert_eq!(events.last().unwrap()["saved"], true);
}

/// The lines of a stream up to the first of a type.
#[cfg(unix)]
fn up_to(kind: &str, reader: &mut impl BufRead) -> Vec<Value> {
    let mut stream = String::new();
    loop {
        let start = stream.len();
        assert!(reader.read_line(&mut stream).unwrap() > 0, "{stream}");
        if stream[start..].contains(&format!("\"type\":\"{kind}\"")) {
            return lines(&stream);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_is_stopped_at_once_says_what_it_does_not_know() {
    // It takes a connection and never answers.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", server.local_addr().unwrap());
    let desk = one();
    let mut child = desk
        .command(&["apply", "--auto-approve", "--json", "--endpoint", &address])
        .env(TOKEN.0, TOKEN.1)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let signal = || {
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-INT", &id]).status().unwrap().success());
    };
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    up_to("batch_sent", &mut reader);
    signal();
    up_to("stopped", &mut reader);
    signal();
    let events = up_to("run_ended", &mut reader);
    assert_eq!(types(&events), ["asset_unknown", "answered", "run_ended"]);
    assert_eq!(events[0]["id"], A);
    assert_eq!(events[2]["exit"], 130);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // The state has it, and the next run would read it.
    let list = desk
        .run(&["state", "list", "--status", "unknown"])
        .expect(0);
    assert!(list.out.contains(A), "{}", list.out);
}
