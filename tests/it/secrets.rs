//! No secret comes back in the words of a server, of a command or of the environment.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Desk, Done};
use crate::server::{Server, id, manifest};

const SECRET: &str = "fio-u-Hu5h/hu5h+0f==";
const TOKEN: [(&str, &str); 1] = [("FRAMEIO_TOKEN", SECRET)];

/// A server that deletes whatever it is asked to.
fn willing() -> Server {
    Server::new(|request| {
        let body = if request.line.starts_with("DELETE") {
            "{}"
        } else {
            r#"{"account_id":"a"}"#
        };
        Some((200, body.to_owned()))
    })
}

/// Checks that nothing that was written holds a text.
#[track_caller]
fn is_nowhere(text: &str, desk: &Desk, done: &Done) {
    let transcript = done.transcript();
    assert!(!transcript.contains(text), "{transcript}");
    search(text, &desk.path(""));
}

#[track_caller]
fn search(text: &str, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(text, &path);
            continue;
        }
        let found = fs::read(&path).unwrap();
        let found = String::from_utf8_lossy(&found);
        assert!(!found.contains(text), "{}: {found}", path.display());
    }
}

/// The secret as a hostile server writes it.
fn echoes() -> Vec<String> {
    let escaped = SECRET.chars().fold(String::new(), |text, character| {
        text + &format!("\\u{:04X}", u32::from(character))
    });
    vec![
        format!("no: Bearer {SECRET}"),
        format!("no: {}", SECRET.replace('/', "\\/")),
        format!("no: {escaped}"),
        format!("no{SECRET}{}", "x".repeat(9000)),
        format!("{}{SECRET}", "x".repeat(490)),
        format!(
            "https://x/?t={}",
            SECRET.replace('/', "%2F").replace('+', "%2b")
        ),
    ]
}

#[test]
fn a_server_that_repeats_the_token_is_not_repeated() {
    for echo in echoes() {
        let v2 = [
            (403, format!(r#"{{"message":"{echo}"}}"#)),
            (400, format!(r#"{{"errors":[{{"detail":"{echo}"}}]}}"#)),
            (200, format!(r#"{{"error":{{"{}":"{echo}"}}}}"#, id(1))),
            (200, format!(r#"{{"error":{{"{echo}":"gone"}}}}"#)),
            (200, format!(r#"{{"error":{{"{}":["{echo}"]}}}}"#, id(1))),
            (200, format!(r#"{{"error":"{echo}"}}"#)),
            (500, echo.clone()),
            (307, format!(r#"{{"message":"{echo}"}}"#)),
        ];
        for (status, body) in v2 {
            // What the first ones say is repeated, so that there is something to mask.
            let is_said = echo.contains("Bearer") && matches!(status, 400 | 403);
            let server = Server::new(move |_| Some((status, body.clone())));
            let desk = Desk::with(&manifest(1));
            let mut command = desk.command(&["apply", "--auto-approve", "-vvv", "--endpoint"]);
            command.arg(&server.url).args(["--json-out", "run.jsonl"]);
            command.args(["--retries", "1", "--retry-for", "1s"]);
            let done = desk.done(command.envs(TOKEN));
            if is_said {
                let transcript = done.transcript();
                assert!(transcript.contains("no: Bearer ***"), "{transcript}");
            }
            is_nowhere(SECRET, &desk, &done);
            is_nowhere("%2Fhu5h", &desk, &done);
            let longest = done.transcript().lines().map(str::len).max();
            assert!(longest < Some(2500), "{}", done.transcript());
            assert!(fs::metadata(desk.path("run.jsonl")).unwrap().len() < 20_000);
        }
    }
}

#[test]
fn a_message_for_each_asset_has_an_end() {
    let long = "y".repeat(1 << 20);
    let server = Server::new(move |request| {
        let messages: Vec<String> = request
            .ids
            .iter()
            .map(|id| format!(r#""{id}":"permission {long}""#))
            .collect();
        Some((200, format!(r#"{{"error":{{{}}}}}"#, messages.join(","))))
    });
    let desk = Desk::with(&manifest(8));
    let arguments = ["apply", "--auto-approve", "--endpoint", &server.url];
    desk.run_with(&TOKEN, &arguments).expect(3);
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    for number in 1..=8 {
        let message = state["assets"][id(number)]["message"].as_str().unwrap();
        assert_eq!(message.chars().count(), 500, "{message}");
        assert!(message.starts_with("permission yy") && message.ends_with("y…"));
    }
}

#[test]
fn an_account_of_v4_cannot_repeat_the_token() {
    for echo in echoes() {
        let body = format!(
            r#"{{"data":[{{"id":"a-1","display_name":"{echo}"}},{{"id":"{echo}","name":"x"}}],"links":{{"next":null}}}}"#
        );
        let server = Server::new(move |_| Some((200, body.clone())));
        let desk = Desk::with(&manifest(1));
        let arguments = [
            "apply",
            "--auto-approve",
            "-vvv",
            "--api",
            "v4",
            "--endpoint",
        ];
        let done = desk.run_with(&TOKEN, &[&arguments[..], &[&server.url]].concat());
        let done = done.expect(7);
        assert!(done.err.contains("several accounts"), "{}", done.err);
        is_nowhere(SECRET, &desk, &done);
        is_nowhere("%2Fhu5h", &desk, &done);
        assert!(
            done.err.lines().all(|line| line.len() < 2500),
            "{}",
            done.err
        );
    }
}

/// Applies as a client that gets so many tokens, none of which is taken.
fn with_tokens(tokens: usize) -> (Desk, Done) {
    let fetched = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::new(move |request| {
        if request.line.contains("/ims/token") {
            let number = fetched.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let body = format!(r#"{{"access_token":"tok-hush-{number}","expires_in":90}}"#);
            return Some(if number < tokens {
                (200, body)
            } else {
                let said = "tok-hush-0 of client-hush-id with client-hush-secret";
                (400, format!(r#"{{"error":"{said}"}}"#))
            });
        }
        Some((
            401,
            r#"{"message":"not tok-hush-0 of client-hush-secret"}"#.to_owned(),
        ))
    });
    let desk = Desk::with(&manifest(1));
    let variables = [
        ("FRAMEIO_CLIENT_ID", "client-hush-id"),
        ("FRAMEIO_CLIENT_SECRET", "client-hush-secret"),
    ];
    let mut arguments = vec!["apply", "--auto-approve", "-vvv", "--api", "v4"];
    arguments.extend(["--endpoint", &server.url, "--ims-endpoint", &server.url]);
    let done = desk.run_with(&variables, &arguments).expect(7);
    (desk, done)
}

#[test]
fn the_token_before_stays_a_secret_after_a_renewal() {
    for (tokens, words) in [(2, "not *** of ***"), (1, "*** of *** with ***")] {
        let (desk, done) = with_tokens(tokens);
        assert!(done.err.contains(words), "{}", done.err);
        is_nowhere("hush", &desk, &done);
    }
}

#[test]
fn a_password_is_in_no_message() {
    let desk = Desk::with(&manifest(1));
    for endpoint in [
        "https://me:hush@api.frame.io",
        "https://me:hush@api.frame.io:port",
        "https://me:hu@sh/hush@api frame.io",
        "me:hush@api.frame.io",
        "http://me:hush@10.0.0.1",
        "https://me:hush",
    ] {
        for variables in [
            &[("RETIRE_ENDPOINT", endpoint)][..],
            &[("RETIRE_IMS_ENDPOINT", endpoint)],
        ] {
            let done = desk.run_with(variables, &["plan"]).expect(64);
            is_nowhere("hush", &desk, &done);
        }
        let done = desk.run(&["plan", "--endpoint", endpoint]).expect(64);
        is_nowhere("hush", &desk, &done);
        let config = format!("version = 1\nendpoint = '{endpoint}'\n");
        let named = Desk::new();
        named.write("mine.toml", config);
        let path = named.path("mine.toml");
        let done = desk.run(&["plan", "--config", path.to_str().unwrap()]);
        is_nowhere("hush", &desk, &done.expect(8));
    }
    // A proxy that refuses, and one that is not there.
    let refusing = Server::new(|_| Some((407, String::new())));
    let at = refusing.url.strip_prefix("http://").unwrap();
    for proxy in [
        &format!("http://me:hush@{at}"),
        "http://me:hush@127.0.0.1:9",
        "me:hush@127.0.0.1:9",
    ] {
        let variables = [TOKEN[0], ("HTTPS_PROXY", proxy), ("RUST_LOG", "trace")];
        let mut arguments = vec!["apply", "--auto-approve", "--retries", "0", "-vvv"];
        arguments.extend(["--endpoint", "https://frame.invalid"]);
        let done = desk.run_with(&variables, &arguments).expect(1);
        is_nowhere("hush", &desk, &done);
        is_nowhere(SECRET, &desk, &done);
    }
}

/// Applies with a token command and with all secrets in the environment.
fn with_command(command: &str, code: i32) -> (Desk, Done) {
    let server = Server::new(|_| Some((403, "{}".to_owned())));
    let desk = Desk::with(&manifest(1));
    let variables = [
        ("FRAMEIO_TOKEN", SECRET),
        ("FRAMEIO_CLIENT_ID", "hush-client"),
        ("FRAMEIO_CLIENT_SECRET", "hush-secret"),
        ("RETIRE_TOKEN_COMMAND", "echo hush-command"),
    ];
    let mut arguments = vec!["apply", "--auto-approve", "--endpoint", &server.url];
    arguments.extend(["--token-command", command]);
    let done = desk.run_with(&variables, &arguments).expect(code);
    (desk, done)
}

#[test]
fn of_a_command_that_fails_only_the_place_is_said() {
    for command in [
        "TOKEN=hush ls hush hush",
        "hush=$(echo hush); echo hush; echo hush >&2; exit 3",
        "echo hush hush",
        "echo hush >&2; exit 3",
        // Somebody gave the token itself.
        "p8e-hush",
        "/bin/p8e-hush hush",
    ] {
        let (desk, done) = with_command(command, 7);
        assert!(
            done.err.contains("token command of `--token-command`"),
            "{}",
            done.err
        );
        is_nowhere("hush", &desk, &done);
    }
    for command in ["['TOKEN=hush op', 'hush']", "['hush']"] {
        let desk = Desk::with(&manifest(1));
        let config = format!("version = 1\ntoken-command = {command}\n");
        desk.write("retire.toml", config);
        let done = desk.run(&["apply", "--auto-approve", "--trust-config"]);
        let done = done.expect(7);
        assert!(done.err.contains("retire.toml"), "{}", done.err);
        assert!(!done.transcript().contains("hush"), "{}", done.transcript());
    }
}

#[test]
fn whoami_shows_no_secret_that_was_given_in_place_of_a_path() {
    let server = Server::new(|_| Some((401, "{}".to_owned())));
    let desk = Desk::new();
    for flag in [
        "--token-file",
        "--token-command",
        "--client-id-file",
        "--client-secret-file",
    ] {
        for form in [&["--format", "json"][..], &[]] {
            let arguments = ["whoami", "--endpoint", &server.url, flag, "p8e-hush"];
            let done = desk.run(&[&arguments, form].concat()).expect(7);
            is_nowhere("hush", &desk, &done);
        }
    }
}

#[test]
fn a_command_has_none_of_our_secrets_in_its_environment() {
    let (desk, _) = with_command("env > seen; echo token-of-command", 7);
    let seen = desk.read("seen");
    assert!(seen.contains("PATH="), "{seen}");
    for secret in ["hush", SECRET, "FRAMEIO_TOKEN", "RETIRE_TOKEN_COMMAND"] {
        assert!(!seen.contains(secret), "{seen}");
    }
}

/// Whether a process with this in its arguments is still there.
fn is_running(words: &str) -> bool {
    let done = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    String::from_utf8_lossy(&done.stdout)
        .lines()
        .any(|line| line.contains(words))
}

#[test]
fn a_command_has_thirty_seconds_with_all_that_it_starts() {
    let began = std::time::Instant::now();
    // Another suite may run on the same machine, with sleepers of its own.
    let sleepers = [1, 2].map(|number| format!("sleep 7{}{number}", std::process::id()));
    let (leaver, waiter) = std::thread::scope(|scope| {
        let [one, other] = &sleepers;
        let first = format!("{one} & echo token-of-command");
        let second = format!("{other}; echo hush");
        let leaver = scope.spawn(move || with_command(&first, 7));
        let waiter = scope.spawn(move || with_command(&second, 7));
        (leaver.join().unwrap(), waiter.join().unwrap())
    });
    let took = began.elapsed().as_secs();
    assert!(took >= 29, "{took} s");
    // The one has printed a token, which the server refuses; the other has not.
    assert!(leaver.1.err.contains("status 403"), "{}", leaver.1.err);
    assert!(waiter.1.err.contains("30 s"), "{}", waiter.1.err);
    for sleeper in &sleepers {
        assert!(!is_running(sleeper), "{sleeper}");
    }
}

/// What holds the output of a command that has ended is not waited for.
#[test]
fn what_a_command_leaves_in_the_background_adds_nothing_to_its_token() {
    let (_, done) = with_command("(sleep 5; echo more) & echo token-of-command", 7);
    assert!(done.err.contains("status 403"), "{}", done.err);
}

#[test]
fn words_of_the_environment_are_masked_and_have_an_end() {
    let server = willing();
    let desk = Desk::with(&manifest(1));
    let long = format!("ana {SECRET} {}", "z".repeat(100_000));
    let job = format!("https://ci.example/?t={SECRET}");
    let variables = [
        TOKEN[0],
        ("GITHUB_ACTOR", &*long),
        ("BUILD_URL", &*job),
        ("HOSTNAME", &*long),
    ];
    let arguments = ["apply", "--auto-approve", "--endpoint", &server.url];
    let done = desk.run_with(&variables, &arguments).expect(0);
    is_nowhere(SECRET, &desk, &done);
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    let run = &state["runs"]["1"];
    let actor = run["actor"].as_str().unwrap();
    assert!(actor.starts_with("ana *** zz"), "{actor}");
    assert_eq!(actor.chars().count(), 500);
    assert_eq!(run["ci"], "https://ci.example/?t=***");
}

/// Neither the logs of this crate nor those of any other hold a secret, nor does an error that
/// shows what a file has.
#[test]
fn no_log_and_no_line_of_a_file_shows_a_secret() {
    let server = willing();
    let desk = Desk::with(&manifest(3));
    let variables = [TOKEN[0], ("RUST_LOG", "trace")];
    let arguments = ["apply", "--auto-approve", "-vvv", "--endpoint", &server.url];
    let done = desk.run_with(&variables, &arguments).expect(0);
    assert!(done.err.contains("answered"), "{}", done.err);
    is_nowhere(SECRET, &desk, &done);
    // A manifest and a config that are something else, which has the secret in it.
    let other = Desk::new();
    let place = other.path("environ");
    other.write("environ", format!("A=b\nFRAMEIO_TOKEN={SECRET}\n"));
    for name in ["retire.yaml", "retire.toml"] {
        let desk = Desk::with(&manifest(1));
        fs::remove_file(desk.path(name)).ok();
        std::os::unix::fs::symlink(&place, desk.path(name)).unwrap();
        let done = desk.run_with(&TOKEN, &["plan"]).expect(8);
        let transcript = done.transcript();
        assert!(!transcript.contains(SECRET), "{transcript}");
    }
}

#[test]
fn no_copy_of_a_state_has_a_secret() {
    let server = willing();
    let desk = Desk::with(&manifest(1));
    let other = [("FRAMEIO_TOKEN", "another-token"), ("GITHUB_ACTOR", SECRET)];
    let arguments = ["apply", "--auto-approve", "--endpoint", &server.url];
    // What another token's run took for the name of somebody.
    desk.run_with(&other, &arguments).expect(0);
    desk.is_own();
    let done = desk.run_with(&TOKEN, &["state", "pull", "--out", "copy.json"]);
    let done = done.expect(1);
    assert!(done.err.contains("a secret of this run"), "{}", done.err);
    assert!(!done.transcript().contains(SECRET), "{}", done.transcript());
    assert!(!desk.path("copy.json").exists());
}

#[test]
fn a_token_where_a_setting_belongs_is_not_repeated_in_an_event() {
    let desk = Desk::with(&manifest(1));
    let endpoint = ["--endpoint", SECRET, "--json-out", "run.jsonl"];
    for more in [
        &["apply", "--json"][..],
        &["apply", "--json", "--state", SECRET],
    ] {
        let done = desk.run_with(&TOKEN, &[more, &endpoint].concat());
        assert_ne!(done.code, 0);
        is_nowhere(SECRET, &desk, &done);
    }
}

#[test]
fn a_pull_request_gets_no_token_and_runs_nothing() {
    let evil = willing();
    for config in [
        format!("version = 1\nendpoint = '{}'\n", evil.url),
        format!(
            "version = 1\nendpoint = \"{}\"\ntoken-command = [\"touch\", \"ran\"]\n",
            evil.url
        ),
        format!(
            "version = 1\nims-endpoint = '{}'\nclient-id-file = 'id'\n",
            evil.url
        ),
    ] {
        let desk = Desk::new();
        desk.write("show/manifests/a.yaml", manifest(1));
        desk.write("show/manifests/retire.toml", &config);
        desk.write("retire.toml", &config);
        desk.write("ci/any.toml", &config);
        let far = Desk::new();
        std::os::unix::fs::symlink(desk.path("ci/any.toml"), far.path("mine.toml")).unwrap();
        let link = far.path("mine.toml");
        let variables = [
            ("FRAMEIO_TOKEN", SECRET),
            ("FRAMEIO_CLIENT_ID", "robot-robot"),
            ("FRAMEIO_CLIENT_SECRET", "hush-hush"),
        ];
        for way in [
            &["show/manifests"][..],
            &["show/manifests/a.yaml"],
            &["--config", "ci/any.toml", "show/manifests"],
            &["--config", "./show/../ci/any.toml", "show/manifests"],
            &["--config", link.to_str().unwrap(), "show/manifests"],
        ] {
            let arguments = [&["apply", "--auto-approve", "--api", "v4"], way].concat();
            desk.run_with(&variables, &arguments).expect(8);
        }
        let named = [variables[0], ("RETIRE_CONFIG", "ci/any.toml")];
        desk.run_with(&named, &["plan", "show/manifests"]).expect(8);
        assert!(!desk.path("ran").exists());
    }
    assert_eq!(evil.asked().len(), 0);
}
