//! Signals and locks: a run stops in order, and whatever only waits ends at once.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, mpsc};

use serde_json::Value;

use crate::harness::Desk;
use crate::server::{Answer, Request, Server, id, manifest};

/// Sends a signal to a run.
pub(crate) fn signal(child: &Child, name: &str) {
    let words = format!("kill -{name} {}", child.id());
    let status = Command::new("sh").args(["-c", &words]).status().unwrap();
    assert!(status.success());
}

/// Starts a run against a server, with so many assets a request, one request at a time.
fn start(desk: &Desk, server: &Server, size: &str, more: &[&str]) -> Child {
    let mut command = desk.command(&["apply", "--auto-approve", "--endpoint", &server.url]);
    command
        .args(["--batch-size", size, "--concurrency", "1", "--canary", "0"])
        .args(more)
        .env("FRAMEIO_TOKEN", "t")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!err.contains("panicked at"), "{err}");
    (output.status.code(), out, err)
}

fn status(desk: &Desk, number: usize) -> Value {
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    state["assets"][id(number)]["status"].clone()
}

/// A server that says when the first delete has come, and never answers it.
fn silent() -> (Server, mpsc::Receiver<()>) {
    let (came, comes) = mpsc::channel();
    let came = Mutex::new(came);
    let server = Server::new(move |_: &Request| {
        came.lock().unwrap().send(()).ok();
        loop {
            std::thread::park();
        }
    });
    (server, comes)
}

#[test]
fn the_first_signal_waits_for_what_is_under_way_and_sends_no_more() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (came, comes) = mpsc::channel();
        let (give, gate) = mpsc::channel::<()>();
        let (came, gate) = (Mutex::new(came), Mutex::new(gate));
        let server = Server::new(move |request: &Request| -> Answer {
            if request.number == 1 {
                came.lock().unwrap().send(()).ok();
                gate.lock().unwrap().recv().ok();
            }
            Some((200, "{}".to_owned()))
        });
        // So many that the signal is heard long before they are all sent.
        let desk = Desk::with(&manifest(2000));
        let child = start(&desk, &server, "1", &[]);
        comes.recv().unwrap();
        signal(&child, name);
        give.send(()).unwrap();
        let (found, out, err) = ended(child);
        assert_eq!(found, Some(code), "{out}{err}");
        let deleted = server.deleted();
        assert!(deleted.len() < 2000, "{}", deleted.len());
        assert_eq!(status(&desk, 1), "retired");
        assert!(!desk.path("retire.state.json.journal").exists());
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        assert_eq!(state["assets"].as_object().unwrap().len(), deleted.len());
        assert!(out.contains("were not asked for"), "{out}");
        // A rerun sends the rest, and nothing twice.
        let child = start(&desk, &server, "500", &[]);
        assert_eq!(ended(child).0, Some(0));
        let mut deleted = server.deleted();
        deleted.sort();
        let expected: Vec<String> = (1..=2000).map(id).collect();
        assert_eq!(deleted, expected);
    }
}

#[test]
fn when_the_grace_is_over_what_is_under_way_is_written_back_as_unknown() {
    let (server, comes) = silent();
    let desk = Desk::with(&manifest(3));
    let child = start(&desk, &server, "1", &["--grace", "0s"]);
    comes.recv().unwrap();
    signal(&child, "TERM");
    let (code, out, err) = ended(child);
    assert_eq!(code, Some(143), "{out}{err}");
    assert_eq!(status(&desk, 1), "unknown");
    assert_eq!(status(&desk, 2), Value::Null);
    assert!(!desk.path("retire.state.json.journal").exists());
    assert!(out.contains("1 unknown"), "{out}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn the_second_signal_stops_at_once_and_the_journal_has_it() {
    let (server, comes) = silent();
    let desk = Desk::with(&manifest(3));
    let mut child = start(&desk, &server, "1", &["--grace", "1h"]);
    comes.recv().unwrap();
    signal(&child, "INT");
    // Signals of one kind that come at once are one to the system, so the first must be heard.
    let mut err = String::new();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    while !err.contains("stopping") {
        assert!(words.read_line(&mut err).unwrap() > 0, "{err}");
    }
    assert!(err.contains("waited for, 1 h 0 min at most"), "{err}");
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, "INT");
    let (code, out, _) = ended(child);
    words.read_to_string(&mut err).unwrap();
    assert_eq!(code, Some(130), "{out}{err}");
    assert!(out.contains("interrupted (SIGINT)"), "{out}");
    assert!(!desk.path("retire.state.json").exists());
    assert!(desk.path("retire.state.json.journal").exists());
    let done = desk
        .run(&["state", "list", "--status", "unknown"])
        .expect(0);
    assert!(done.out.contains(&id(1)), "{}", done.out);
    assert!(!done.out.contains(&id(2)), "{}", done.out);
}

/// Holds the lock of the sandbox's state, as a run would.
fn held(desk: &Desk) -> File {
    desk.write("retire.sandbox.state.json.lock", "process 12\n");
    let path = desk.path("retire.sandbox.state.json.lock");
    let lock = File::options().write(true).open(path).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn a_second_writer_waits_as_long_as_it_was_told() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    let lock = held(&desk);
    let mut command = desk.command(&[
        "state",
        "rm",
        "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09",
        "--auto-approve",
        "--lock-timeout",
    ]);
    command
        .arg("10m")
        .args(["--state", "retire.sandbox.state.json"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // It has said that it waits, so it has found the lock.
    let mut line = String::new();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    while !line.contains("waiting") {
        line.clear();
        assert!(words.read_line(&mut line).unwrap() > 0);
    }
    assert!(line.contains("process 12"), "{line}");
    drop(lock);
    assert!(child.wait().unwrap().success());
}

#[test]
fn whoever_waits_for_a_lock_ends_at_once() {
    let desk = Desk::with(&manifest(1));
    let _lock = held(&desk);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = desk
            .command(&["apply", "--sandbox", "--lock-timeout", "1h"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut words = BufReader::new(child.stderr.as_mut().unwrap());
        words.read_line(&mut line).unwrap();
        assert!(line.contains("waiting"), "{line}");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn whoever_waits_for_the_command_of_the_token_ends_at_once() {
    let desk = Desk::with(&manifest(1));
    let mut child = desk
        .command(&[
            "apply",
            "--auto-approve",
            "--endpoint",
            "http://127.0.0.1:9",
        ])
        .args(["--token-command", "touch here; exec sleep 20"])
        .spawn()
        .unwrap();
    while !desk.path("here").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!desk.path("retire.state.json").exists());
}

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let desk = Desk::of_example("quickstart");
    // What is to be done is done, whether or not anybody reads of it.
    let mut command = desk.command(&["apply", "--sandbox"]);
    let mut child = command
        .stdout(closed())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut err = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{err}");
    assert!(!err.contains("panicked"), "{err}");
    let state: Value = serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap();
    assert_eq!(state["assets"].as_object().unwrap().len(), 10);
    for arguments in [
        &["state", "list", "--state", "retire.sandbox.state.json"][..],
        &["state", "pull", "--state", "retire.sandbox.state.json"],
        &["show", "retire.sandbox.state.json"],
        &["plan", "--sandbox", "--full", "-q"],
        &["plan", "--sandbox", "--format", "diff", "-q"],
        &["--help"],
    ] {
        let output = desk.command(arguments).stdout(closed()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}
