//! `--time-budget` bounds whatever is waited for before a run: what ends first says its own reason.
#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Desk, Done};
use crate::server::{Server, manifest, text};

/// Far less than anything here would be waited for by itself.
const BUDGET: [&str; 2] = ["--time-budget", "700ms"];

/// Longer than a budget, and far shorter than what is waited for without one.
const SOON: Duration = Duration::from_secs(15);

/// Both commands that read manifests and speak to a server.
const COMMANDS: [&[&str]; 2] = [
    &["plan", "--api", "v4"],
    &["apply", "--api", "v4", "--auto-approve"],
];

/// Whoever is asked has nothing to say.
fn unasked() -> Server {
    Server::raw(|_| None)
}

/// Runs a command that is to end since its time is over; `what` is what it says that it waited for.
fn ends(desk: &Desk, command: &mut Command, what: &str) -> Done {
    let began = Instant::now();
    let done = desk.done(command).expect(9);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let said = format!("time budget is used up: waited for {what}");
    assert!(done.err.contains(&said), "{}", done.err);
    assert!(done.err.contains("nothing was sent"), "{}", done.err);
    assert!(!desk.path("retire.state.json").exists());
    done
}

fn pipe(desk: &Desk, name: &str) {
    let made = Command::new("mkfifo").arg(desk.path(name)).status();
    assert!(made.unwrap().success());
}

/// Somebody who has a pipe open, and never says anything.
struct Silent(Child);

impl Drop for Silent {
    fn drop(&mut self) {
        drop(self.0.kill().and_then(|()| self.0.wait()));
    }
}

#[test]
fn a_token_command_gets_no_more_time_than_the_command_has() {
    let server = unasked();
    let desk = Desk::with(&manifest(1));
    for command in COMMANDS {
        // The last one has ended, and what it has left behind has not.
        for token in ["sleep 25", "sleep 25 & wait", "exec sleep 25"] {
            let arguments = [command, &BUDGET[..], &["--token-command", token]].concat();
            let arguments = [&arguments[..], &["--endpoint", &server.url]].concat();
            let mut command = desk.command(&arguments);
            let done = ends(
                &desk,
                &mut command,
                "the token command of `--token-command`",
            );
            assert!(!done.err.contains("30 s"), "{}", done.err);
        }
    }
    assert!(server.asked().is_empty());
}

#[test]
fn a_file_of_a_secret_that_is_a_pipe_gets_no_more_time_than_the_command_has() {
    let server = unasked();
    let desk = Desk::with(&manifest(1));
    pipe(&desk, "token");
    desk.write("id", "an-id-of-a-client");
    for command in COMMANDS {
        for secret in [
            &["--token-file", "token"][..],
            &["--client-id-file", "token", "--client-secret-file", "id"],
            &["--client-id-file", "id", "--client-secret-file", "token"],
        ] {
            let arguments = [command, &BUDGET[..], secret].concat();
            let arguments = [&arguments[..], &["--endpoint", &server.url]].concat();
            let arguments = [&arguments[..], &["--ims-endpoint", &server.url]].concat();
            ends(&desk, &mut desk.command(&arguments), "the pipe `token`");
        }
    }
    assert!(server.asked().is_empty());
}

#[test]
fn manifests_and_plans_that_come_through_a_pipe_get_no_more_time_than_the_command_has() {
    let desk = Desk::new();
    pipe(&desk, "pipe.yaml");
    let file = desk.path("pipe.yaml");
    // Nobody opens its other end; then somebody does, and says nothing.
    for is_open in [false, true] {
        let silent = is_open.then(|| {
            let mut silent = Command::new("sleep");
            let write = std::fs::OpenOptions::new();
            let write = write.clone().read(true).write(true).open(&file).unwrap();
            Silent(silent.arg("60").stdout(write).spawn().unwrap())
        });
        for command in COMMANDS {
            let arguments = [command, &BUDGET[..], &["pipe.yaml"]].concat();
            ends(&desk, &mut desk.command(&arguments), "the pipe `pipe.yaml`");
        }
        drop(silent);
    }
    for command in COMMANDS {
        let mut silent = Command::new("sleep");
        let mut silent = Silent(silent.arg("60").stdout(Stdio::piped()).spawn().unwrap());
        let output = silent.0.stdout.take().unwrap();
        let arguments = [command, &BUDGET[..], &["-"]].concat();
        let mut command = desk.command(&arguments);
        ends(&desk, command.stdin(output), "standard input");
    }
}

#[test]
fn the_budget_of_a_variable_or_a_config_counts_before_a_run_as_well() {
    let desk = Desk::new();
    pipe(&desk, "pipe.yaml");
    let arguments = ["plan", "pipe.yaml"];
    let mut command = desk.command(&arguments);
    let variable = ("RETIRE_TIME_BUDGET", "700ms");
    ends(&desk, command.envs([variable]), "the pipe `pipe.yaml`");
    desk.write("retire.toml", "version = 1\ntime-budget = \"700ms\"\n");
    ends(&desk, &mut desk.command(&arguments), "the pipe `pipe.yaml`");
}

#[test]
fn of_the_lock_and_the_budget_whichever_ends_first_says_its_reason() {
    let server = unasked();
    let desk = Desk::with(&manifest(1));
    let lock = desk.path("retire.state.json.lock");
    std::fs::write(&lock, "").unwrap();
    let held = std::fs::OpenOptions::new().write(true).open(&lock).unwrap();
    held.lock().unwrap();
    let run = |more: &[&str]| {
        let arguments = [COMMANDS[1], more, &["--endpoint", &server.url]].concat();
        let mut command = desk.command(&arguments);
        command.env("FRAMEIO_TOKEN", "t");
        command
    };
    let lock = "the lock; the state `retire.state.json` is locked";
    let late = [&BUDGET[..], &["--lock-timeout", "1h"]].concat();
    ends(&desk, &mut run(&late), lock);
    let soon = ["--time-budget", "1h", "--lock-timeout", "300ms"];
    let done = desk.done(&mut run(&soon)).expect(6);
    assert!(!done.err.contains("budget"), "{}", done.err);
    assert!(server.asked().is_empty());
}

/// What a token endpoint says, and what is said of it.
fn token_endpoint(answer: &'static str, headers: &'static str, status: u16) -> (Server, Desk) {
    let server = Server::raw(move |request| {
        Some(match &request.line {
            line if line.starts_with("POST /ims/") => text(status, headers, answer),
            line if line.starts_with("GET /v4/me") => text(200, "", r#"{"data":{"id":"u"}}"#),
            line if line.starts_with("GET /v4/accounts") => {
                text(200, "", r#"{"data":[{"id":"a"}]}"#)
            }
            _ => text(404, "", r#"{"errors":[{"title":"Not Found"}]}"#),
        })
    });
    (server, Desk::with(&manifest(1)))
}

fn fetch(server: &Server, desk: &Desk, command: &[&str]) -> Done {
    let variables = [
        ("FRAMEIO_CLIENT_ID", "robot"),
        ("FRAMEIO_CLIENT_SECRET", "hush"),
    ];
    let both = ["--endpoint", &server.url, "--ims-endpoint", &server.url];
    desk.run_with(&variables, &[command, &both].concat())
}

#[test]
fn how_long_a_token_is_good_may_be_a_text_and_nonsense_is_told_as_that() {
    let whoami = ["whoami", "--api", "v4", "--retries", "0"];
    for good in [
        r#"{"access_token":"abc-def-ghi","expires_in":"86399"}"#,
        r#"{"access_token":"abc-def-ghi","expires_in":86399}"#,
        r#"{"access_token":"abc-def-ghi","expires_in":null}"#,
        r#"{"access_token":"abc-def-ghi"}"#,
    ] {
        let (server, desk) = token_endpoint(good, "", 200);
        fetch(&server, &desk, &whoami).expect(0);
    }
    for odd in [
        r#"{"access_token":"abc-def-ghi","expires_in":"soon"}"#,
        r#"{"access_token":"abc-def-ghi","expires_in":-1}"#,
        r#"{"access_token":"abc-def-ghi","expires_in":[]}"#,
    ] {
        let (server, desk) = token_endpoint(odd, "", 200);
        let done = fetch(&server, &desk, &whoami).expect(1);
        let said = "with an `expires_in` that is no number of seconds";
        assert!(done.err.contains(said), "{}", done.err);
    }
    for odd in ["", "<html>", r#"{"access_token":5}"#, r#"{"token":"abc"}"#] {
        let (server, desk) = token_endpoint(odd, "", 200);
        let done = fetch(&server, &desk, &whoami).expect(1);
        let said = "with something else than a token";
        assert!(done.err.contains(said), "{}", done.err);
    }
}

#[test]
fn a_token_endpoint_that_says_when_to_come_back_is_taken_at_its_word() {
    for status in [429, 503] {
        let plan = ["plan", "--api", "v4", "--retry-for", "10s"];
        let (server, desk) = token_endpoint("{}", "retry-after: 3600\r\n", status);
        let began = Instant::now();
        let done = fetch(&server, &desk, &plan).expect(9);
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        let said = "the token endpoint gives no token for another 1 h 0 min";
        assert!(done.err.contains(said), "{}", done.err);
        assert_eq!(server.asked().len(), 1);
        // A second is waited for.
        let (server, desk) = token_endpoint("{}", "retry-after: 1\r\n", status);
        let began = Instant::now();
        let plan = ["plan", "--api", "v4", "--retry-for", "1500ms"];
        fetch(&server, &desk, &plan).expect(9);
        assert!(began.elapsed() >= Duration::from_secs(1));
        assert_eq!(server.asked().len(), 2, "{status}");
    }
}
