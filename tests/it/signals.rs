//! Signals and locks: a run stops in order, and whatever only waits ends at once.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Desk, TOKEN};
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
        .args(["--batch-size", size, "--canary", "0"])
        .args(more)
        .env("RETIRE_CONCURRENCY", "1")
        .env(TOKEN.0, TOKEN.1)
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
fn a_signal_before_the_first_delete_leaves_no_lock_behind() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let (server, comes) = silent();
        let desk = Desk::with(&manifest(3));
        let mut command = desk.command(&["apply", "--auto-approve", "--endpoint", &server.url]);
        command.env("RETIRE_API", "v4").env(TOKEN.0, TOKEN.1);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        // It has the lock, and reads.
        comes.recv().unwrap();
        assert!(desk.path("retire.state.json.lock").exists());
        signal(&child, name);
        assert_eq!(ended(child).0, Some(code), "{name}");
        assert!(!desk.path("retire.state.json.lock").exists(), "{name}");
    }
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
        desk.write("retire.toml", "version = 1\n[guards]\nmax-assets = 2000\n");
        let mut child = start(&desk, &server, "1", &[]);
        // A plan of 2000 lines is more than a pipe holds that nobody reads.
        let mut printed = child.stdout.take().unwrap();
        let printed = std::thread::spawn(move || std::io::read_to_string(&mut printed).unwrap());
        comes.recv().unwrap();
        signal(&child, name);
        give.send(()).unwrap();
        let (found, _, err) = ended(child);
        let out = printed.join().unwrap();
        assert_eq!(found, Some(code), "{out}{err}");
        let deleted = server.deleted();
        assert!(deleted.len() < 2000, "{}", deleted.len());
        assert_eq!(status(&desk, 1), "retired");
        assert!(!desk.path("retire.state.json.journal").exists());
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        assert_eq!(state["assets"].as_object().unwrap().len(), deleted.len());
        assert!(out.contains("Nothing was sent for"), "{out}");
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

/// Sends the first signal, and waits until it is heard: signals of one kind that come at once are
/// one to the system.
fn first_signal(child: &mut Child, name: &str) -> (String, BufReader<ChildStderr>) {
    signal(child, name);
    let mut err = String::new();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    while !err.contains("stopping") {
        assert!(words.read_line(&mut err).unwrap() > 0, "{err}");
    }
    (err, words)
}

#[test]
fn the_same_signal_soon_after_the_first_stops_at_once() {
    let (server, comes) = silent();
    let desk = Desk::with(&manifest(3));
    let mut child = start(&desk, &server, "1", &["--grace", "1h"]);
    comes.recv().unwrap();
    let (mut err, mut words) = first_signal(&mut child, "INT");
    assert!(
        err.contains("waits up to 1 h 0 min for open answers"),
        "{err}"
    );
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, "INT");
    let (code, out, _) = ended(child);
    words.read_to_string(&mut err).unwrap();
    assert_eq!(code, Some(130), "{out}{err}");
    assert!(out.contains("interrupted (SIGINT)"), "{out}");
    assert_eq!(status(&desk, 1), "unknown");
    assert_eq!(status(&desk, 2), Value::Null);
    assert!(!desk.path("retire.state.json.journal").exists());
}

/// Waits until the state says this of an asset, for so long at most.
#[track_caller]
fn says_within(desk: &Desk, number: usize, wanted: &str, longest: Duration) {
    let begun = Instant::now();
    let says = || desk.path("retire.state.json").exists() && status(desk, number) == wanted;
    while !says() {
        assert!(begun.elapsed() < longest, "it is not there in time");
        sleep(Duration::from_millis(10));
    }
}

/// How soon after the first signal the state is there; a test machine may be slow.
const SOON: Duration = Duration::from_secs(1);

#[test]
fn what_a_hosted_runner_cancels_is_on_record_at_the_first_signal_and_bettered_later() {
    // The first answer comes while the run stops, and the second never.
    let (came, comes) = mpsc::channel();
    let (give, gate) = mpsc::channel::<()>();
    let (came, gate) = (Mutex::new(came), Mutex::new(gate));
    let server = Server::new(move |request: &Request| -> Answer {
        came.lock().unwrap().send(()).ok();
        if request.number == 1 {
            gate.lock().unwrap().recv().ok();
            return Some((200, "{}".to_owned()));
        }
        loop {
            std::thread::park();
        }
    });
    let desk = Desk::with(&manifest(3));
    let mut child = start(&desk, &server, "1", &["--concurrency", "2"]);
    for _ in 0..2 {
        comes.recv_timeout(Duration::from_mins(1)).unwrap();
    }
    let (_, _words) = first_signal(&mut child, "INT");
    let begun = Instant::now();
    says_within(&desk, 1, "unknown", SOON);
    says_within(&desk, 2, "unknown", SOON);
    give.send(()).unwrap();
    let first = server.asked()[0].ids[0] == id(1);
    let (one, two) = if first { (1, 2) } else { (2, 1) };
    says_within(&desk, one, "retired", SOON);
    // Another run does not begin meanwhile, and whoever reads sees the same.
    let done = desk.run(&["state", "list", "--status", "unknown"]);
    assert!(done.expect(0).out.contains(&id(two)));
    sleep(Duration::from_millis(7_500).saturating_sub(begun.elapsed()));
    signal(&child, "TERM");
    sleep(Duration::from_millis(2_500));
    assert!(child.try_wait().unwrap().is_none(), "it waits for --grace");
    child.kill().unwrap();
    child.wait().unwrap();
    let before = desk.read("retire.state.json");
    assert_eq!(status(&desk, one), "retired");
    assert_eq!(status(&desk, two), "unknown");
    assert_eq!(status(&desk, 3), Value::Null);
    // The journal of that run has nothing that the state does not have.
    let done = desk.run(&["state", "list"]).expect(0);
    assert!(!done.err.contains("journal"), "{}", done.err);
    assert_eq!(desk.read("retire.state.json"), before);
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
        let mut words = BufReader::new(child.stderr.take().unwrap());
        words.read_line(&mut line).unwrap();
        assert!(line.contains("waiting"), "{line}");
        signal(&child, name);
        line.clear();
        words.read_line(&mut line).unwrap();
        assert!(line.contains(&format!("(SIG{name})")), "{line}");
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn whoever_reads_ends_with_a_word() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let said = format!("(SIG{name})");
        for command in ["plan --api v4", "whoami", "apply --api v4 --auto-approve"] {
            let (server, comes) = silent();
            let desk = Desk::with(&manifest(1));
            let mut arguments: Vec<&str> = command.split(' ').collect();
            arguments.extend(["--endpoint", &server.url]);
            let mut command = desk.command(&arguments);
            command.env("FRAMEIO_TOKEN", "t").stdout(Stdio::piped());
            let child = command.stderr(Stdio::piped()).spawn().unwrap();
            comes.recv().unwrap();
            signal(&child, name);
            let (found, _, err) = ended(child);
            assert_eq!(found, Some(code), "{arguments:?}: {err}");
            assert!(err.contains(&said), "{arguments:?}: {err}");
        }
        // What comes through standard input.
        let desk = Desk::new();
        let mut command = desk.command(&["validate", "-"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let held = child.stdin.take();
        while !is_caught(&child) {
            std::thread::yield_now();
        }
        signal(&child, name);
        let (found, _, err) = ended(child);
        assert_eq!(found, Some(code), "{err}");
        assert!(err.contains(&said), "{err}");
        drop(held);
    }
}

/// Whether a process catches all that ends it by now: SIGHUP, SIGINT and SIGTERM, one after the
/// other.
fn is_caught(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let all = [1, 2, 15].map(|signal| 1_u64 << (signal - 1));
    let caught = u64::from_str_radix(mask.trim(), 16).unwrap();
    all.iter().all(|signal| caught & signal != 0)
}

/// Answers the question of a command on a terminal; returns all that was to be seen and its exit
/// code.
fn answer_question(desk: &Desk, command: &str, answer: &[u8]) -> (String, Option<i32>) {
    let binary = env!("CARGO_BIN_EXE_retire");
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &format!("{binary} {command}"), "/dev/null"])
        .current_dir(desk.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("RETIRE_API", "v2");
    let piped = terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut seen, mut piece) = (Vec::new(), [0; 512]);
    while !String::from_utf8_lossy(&seen).contains("type the number") {
        let length = output.read(&mut piece).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..length]);
    }
    input.write_all(answer).unwrap();
    output.read_to_end(&mut seen).unwrap();
    let code = child.wait().unwrap().code();
    (String::from_utf8_lossy(&seen).into_owned(), code)
}

#[test]
fn a_question_that_is_not_answered_says_what_to_do() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    let rm = "state rm 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09 --state retire.sandbox.state.json";
    for answer in ["y\n", "yes\n", "2\n", "\n", "\u{4}"] {
        let (seen, code) = answer_question(&desk, rm, answer.as_bytes());
        assert_eq!(code, Some(4), "{seen}");
        assert!(seen.contains("not approved"), "{seen}");
        assert!(
            seen.contains("type the number that the question asks"),
            "{seen}"
        );
    }
    // Ctrl-C.
    let (seen, code) = answer_question(&desk, rm, b"\x03");
    assert_eq!(code, Some(130), "{seen}");
    assert!(seen.contains("\nerror: interrupted (SIGINT)"), "{seen}");
    // Whoever answers as asked is heard.
    let (seen, code) = answer_question(&desk, rm, b"1\n");
    assert_eq!(code, Some(0), "{seen}");
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
