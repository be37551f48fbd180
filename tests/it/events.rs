//! `--json`, `--json-out`, `show` of a run, and the log.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use frameio_retire::cli::args::SchemaName;
use serde_json::Value;

use crate::harness::{Desk, filters};
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

#[test]
fn standard_output_is_the_stream_and_nothing_else() {
    let desk = one();
    let done = desk.run(&["apply", "--sandbox", "--json"]).expect(0);
    let events = lines(&done.out);
    assert_eq!(
        types(&events),
        [
            "run_started",
            "batch_sent",
            "asset_retired",
            "answered",
            "run_ended"
        ]
    );
    let mut filters = filters();
    filters.add_filter(r#""id":"[0-9a-f-]{36}""#, r#""id":"[ID]""#);
    filters.add_filter(r#""elapsed_ms":\d+"#, r#""elapsed_ms":[MS]"#);
    filters.bind(|| insta::assert_snapshot!("event_stream", done.out));
    assert_eq!(done.err, "");
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
fn a_file_gets_the_stream_beside_the_text() {
    let desk = Desk::of_example("quickstart");
    let done = desk
        .run(&["apply", "--sandbox", "--json-out", "run.jsonl"])
        .expect(3);
    assert!(done.out.contains("Run 1: 8 retired"), "{}", done.out);
    let file = desk.read("run.jsonl");
    assert_eq!(lines(&file).last().unwrap()["type"], "run_ended");
    // The same end of the run is shown from the stream.
    let (_, end) = done.out.split_once("\nRun 1").unwrap();
    let shown = desk.run(&["show", "run.jsonl"]).expect(0);
    assert_eq!(shown.out, format!("Run 1{end}"));
    let json = desk
        .run(&["show", "run.jsonl", "--format", "json"])
        .expect(0);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["counts"]["gone"], 1);
    // The next run writes its own stream in its place, and both outputs may be had at once.
    let done = desk
        .run(&["apply", "--sandbox", "--json", "--json-out", "run.jsonl"])
        .expect(3);
    assert_eq!(done.out, desk.read("run.jsonl"));
    assert_eq!(lines(&done.out)[0]["run"], 2);
}

#[test]
fn a_stream_overwrites_nothing_else() {
    let desk = one();
    desk.run(&["apply", "--sandbox"]).expect(0);
    for (name, code) in [("retire.yaml", 1), ("retire.sandbox.state.json", 64)] {
        let before = desk.read(name);
        let done = desk
            .run(&["apply", "--sandbox", "--json-out", name])
            .expect(code);
        assert!(done.err.contains("name another file"), "{}", done.err);
        assert_eq!(desk.read(name), before);
    }
    let done = desk
        .run(&["apply", "--sandbox", "--json-out", "none/run.jsonl"])
        .expect(1);
    assert!(done.err.contains("cannot write"), "{}", done.err);
}

#[test]
fn a_run_that_has_nothing_to_do_says_so() {
    let desk = one();
    desk.run(&["apply", "--sandbox"]).expect(0);
    let done = desk.run(&["apply", "--sandbox", "--json"]).expect(0);
    let events = lines(&done.out);
    assert_eq!(types(&events), ["run_ended"]);
    assert_eq!(events[0]["ending"], "idle");
    assert_eq!(events[0]["planned"]["unchanged"], 1);
    desk.write("run.jsonl", &done.out);
    let shown = desk.run(&["show", "run.jsonl"]).expect(0);
    assert!(shown.out.starts_with("Nothing was sent"), "{}", shown.out);
}

#[test]
fn a_command_that_fails_before_the_run_says_why() {
    let desk = one();
    for (arguments, code, words) in [
        (&["apply", "--json"][..], 4, "nobody approved"),
        (&["apply", "--json", "--auto-approve"], 7, "token"),
        (&["apply", "--json", "none.yaml"], 8, "none.yaml"),
        (&["apply", "--json", "--endpoint", "ftp://x"], 64, "ftp://x"),
    ] {
        let done = desk.run(arguments).expect(code);
        let events = lines(&done.out);
        assert_eq!(types(&events), ["error"]);
        let message = events[0]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        assert_eq!(events[0]["exit"], code);
        assert!(done.err.contains(message), "{}", done.err);
        desk.write("run.jsonl", &done.out);
        let shown = desk.run(&["show", "run.jsonl"]).expect(0);
        assert!(shown.err.contains("no run began"), "{}", shown.err);
    }
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let desk = many(2_000);
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
        .env("FRAMEIO_TOKEN", "t")
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
    assert_eq!(types(&events), ["asset_unknown", "run_ended"]);
    assert_eq!(events[0]["id"], A);
    assert_eq!(events[1]["exit"], 130);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // The journal has it, and the next run would read it.
    let list = desk
        .run(&["state", "list", "--status", "unknown"])
        .expect(0);
    assert!(list.out.contains(A), "{}", list.out);
}

#[test]
fn a_stream_that_was_cut_off_is_shown_as_far_as_it_goes() {
    let desk = many(60);
    desk.run(&[
        "apply",
        "--sandbox",
        "--concurrency",
        "1",
        "--canary",
        "5",
        "--json-out",
        "run.jsonl",
    ])
    .expect(0);
    let whole = desk.read("run.jsonl");
    let sent = whole.match_indices("batch_sent").nth(1).unwrap().0;
    let end = sent + whole[sent..].find('\n').unwrap() + 1;
    desk.write("run.jsonl", &whole[..end + 20]);
    let shown = desk.run(&["show", "run.jsonl"]).expect(0);
    assert!(
        shown
            .out
            .starts_with("Run 1: 5 retired, 50 unknown · 2 requests\n"),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("never came to its end"), "{}", shown.out);
    desk.write(
        "run.jsonl",
        whole.replacen("asset_retired", "asset_tired", 1),
    );
    let shown = desk.run(&["show", "run.jsonl"]).expect(8);
    assert!(shown.err.contains("run.jsonl:3: "), "{}", shown.err);
}

#[test]
fn the_log_tells_the_course_and_never_the_token() {
    const TOKEN: &str = "fio-u-hush-hush";
    let desk = one();
    assert_eq!(desk.run(&["apply", "--sandbox"]).expect(0).err, "");
    for (flags, has, lacks) in [
        (&["-v"][..], "the run begins", "bulk"),
        (&["-vv"], "path=\"/v2/", "the journal is synced"),
        (&["-vvv"], "the journal is synced", "hyper"),
    ] {
        let desk = one();
        let done = desk
            .run(&[&["apply", "--sandbox"], flags].concat())
            .expect(0);
        assert!(done.err.contains(has), "{}", done.err);
        assert!(!done.err.contains(lacks), "{}", done.err);
    }
    // Everything of every library, with a token that the server refuses.
    let mut sandbox = desk
        .command(&["sandbox", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut words = String::new();
    let mut reader = BufReader::new(sandbox.stdout.take().unwrap());
    while !words.contains("http://127.0.0.1:") {
        assert!(reader.read_line(&mut words).unwrap() > 0, "{words}");
    }
    let (_, port) = words.split_once("http://127.0.0.1:").unwrap();
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    let done = one().run_with(
        &[("FRAMEIO_TOKEN", TOKEN), ("RUST_LOG", "trace")],
        &[
            "apply",
            "--auto-approve",
            "--endpoint",
            &format!("http://127.0.0.1:{port}"),
        ],
    );
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
    let done = done.expect(7);
    assert!(done.err.contains("status=401"), "{}", done.err);
    assert!(!done.err.contains("hush"), "{}", done.err);
    assert!(!done.out.contains("hush"), "{}", done.out);
}

#[test]
fn a_filter_that_makes_no_sense_is_told() {
    let desk = one();
    let done = desk
        .run_with(
            &[("RUST_LOG", "frameio_retire=loud")],
            &["apply", "--sandbox", "-v"],
        )
        .expect(0);
    assert!(
        done.err.contains(
            "warning: the environment variable `RUST_LOG` sets nothing: `frameio_retire=loud` has no level such as `info` or `debug`\n"
        ),
        "{}",
        done.err
    );
    assert!(done.err.contains("the run begins"), "{}", done.err);
}
