//! Limits of the system around the program: each is said, and none is a panic.
#![cfg(unix)]

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::{Mutex, mpsc};

use crate::harness::{Desk, Done};
use crate::server::{Server, manifest, text};
use crate::signals::signal;

/// Runs the binary as a shell does after `before`.
fn run(desk: &Desk, before: &str, arguments: &str) -> Done {
    Done::of(command(desk, before, arguments).output().unwrap())
}

fn command(desk: &Desk, before: &str, arguments: &str) -> Command {
    let binary = env!("CARGO_BIN_EXE_retire");
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{before}; exec '{binary}' {arguments}")])
        .current_dir(desk.path(""))
        .stdin(Stdio::null())
        .env("FRAMEIO_TOKEN", "t");
    command
}

/// A state with this serial, and a run of this number in it.
fn state(serial: u64, run: u64) -> String {
    format!(
        r#"{{
  "version": 1,
  "lineage": "0b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
  "serial": {serial},
  "api": "v2",
  "endpoint": "sandbox",
  "account": null,
  "runs": {{
    "{run}": {{"id":"1b1f2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d","at":"2026-11-01T00:00:00Z"}}
  }},
  "assets": {{}},
  "holds": {{}}
}}
"#
    )
}

#[test]
fn numbers_that_no_run_can_follow_are_refused() {
    for serial in [u64::MAX, u64::MAX - 1, 1 << 53] {
        let desk = Desk::with(&manifest(1));
        let before = state(serial, serial);
        desk.write("s.json", &before);
        for arguments in ["plan", "apply", "state list", "state history"] {
            let sandbox = if arguments.starts_with("state") {
                ""
            } else {
                "--sandbox"
            };
            let done = run(&desk, ":", &format!("{arguments} {sandbox} --state s.json"));
            let done = done.expect(8);
            assert!(done.err.contains("9007199254740991"), "{}", done.err);
        }
        assert_eq!(desk.read("s.json"), before);
    }
}

#[test]
fn a_state_beyond_all_measure_is_refused_unread() {
    let desk = Desk::with(&manifest(1));
    for name in ["s.json", "t.json.journal"] {
        let file = File::create(desk.path(name)).unwrap();
        file.set_len(1 << 30).unwrap();
        let state = name.trim_end_matches(".journal");
        for arguments in ["plan --sandbox", "apply --sandbox", "state list"] {
            // Nobody could read it in so little memory.
            let done = run(
                &desk,
                "ulimit -v 900000",
                &format!("{arguments} --state {state}"),
            );
            let done = done.expect(8);
            assert!(done.err.contains("larger than 512 MB"), "{}", done.err);
        }
        assert_eq!(desk.path(name).metadata().unwrap().len(), 1 << 30);
    }
}

#[test]
fn too_few_files_and_threads_are_said() {
    let desk = Desk::with(&manifest(1));
    for arguments in ["apply --sandbox", "plan --sandbox", "validate"] {
        let done = run(&desk, "ulimit -n 6", arguments).expect(1);
        assert!(done.err.contains("ulimit -n"), "{}", done.err);
    }
    // The stacks of threads, of 2 MB and more each, find no room.
    for room in (20_000..200_000).step_by(1_000) {
        let before = format!("ulimit -v {room}");
        let output = command(&desk, &before, "apply --sandbox").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // Where there is room for a thread's stack and not for the few pages beside it, the standard
        // library ends the process before the thread runs anything of ours.
        if said.contains("failed to allocate an alternative stack") {
            continue;
        }
        assert!(!said.contains("panicked at"), "{room}: {said}");
        assert_ne!(output.status.code(), Some(101), "{room}: {said}");
    }
}

#[test]
fn a_signal_that_whoever_started_it_ignores_stays_ignored() {
    for name in ["INT", "TERM"] {
        let (came, comes) = mpsc::channel();
        let (give, gate) = mpsc::channel::<()>();
        let (came, gate) = (Mutex::new(came), Mutex::new(gate));
        let server = Server::raw(move |_| {
            came.lock().unwrap().send(()).unwrap();
            gate.lock().unwrap().recv().unwrap();
            Some(text(200, "", "{}"))
        });
        let desk = Desk::with(&manifest(1));
        let arguments = format!("apply --api v2 --auto-approve --endpoint {}", server.url);
        let mut command = command(&desk, &format!("trap '' {name}"), &arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        comes.recv().unwrap();
        signal(&child, name);
        give.send(()).unwrap();
        let done = Done::of(child.wait_with_output().unwrap()).expect(0);
        assert!(done.out.contains("1 retired"), "{}", done.out);
    }
}

#[test]
fn what_a_token_command_leaves_in_the_background_ends_with_it() {
    let server = Server::raw(|_| Some(text(200, "", "{}")));
    let desk = Desk::with(&manifest(1));
    let token = "sleep 1000 > /dev/null & echo $! > pid; echo t";
    let arguments = [
        "apply",
        "--api",
        "v2",
        "--auto-approve",
        "--endpoint",
        &server.url,
        "--token-command",
        token,
    ];
    desk.run(&arguments).expect(0);
    let process = format!("/proc/{}/stat", desk.read("pid").trim());
    // Killed, it may still wait for whoever inherits it.
    let stat = std::fs::read_to_string(process).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    assert!(stat.is_empty() || state.starts_with('Z'), "{stat}");
}
