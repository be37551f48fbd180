//! Words of servers and of the environment: no secret, no character that a terminal obeys, and an
//! end.
#![cfg(unix)]

use std::fs;

use serde_json::Value;

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Server, id, manifest};

/// What a terminal obeys, as a server writes it in JSON, and as it is.
const WRITTEN: &str = r"a\u009b2Jb\u202ec\u007fd\u2028e";
const AS_IT_IS: [char; 4] = ['\u{9b}', '\u{202e}', '\u{7f}', '\u{2028}'];

#[track_caller]
fn is_harmless(what: &str, text: &str) {
    for character in AS_IT_IS {
        assert!(!text.contains(character), "{what}: {text:?}");
    }
}

#[test]
fn no_document_has_a_character_that_a_terminal_obeys() {
    let server = Server::new(|request| {
        let body = match &*request.ids {
            [] => format!(r#"{{"message":"{WRITTEN}"}}"#),
            ids => format!(r#"{{"error":{{"{}":"permission {WRITTEN}"}}}}"#, ids[0]),
        };
        Some((200, body))
    });
    let desk = Desk::with(&manifest(1));
    let hostile = format!("ana {}", AS_IT_IS.iter().collect::<String>());
    let variables = [TOKEN, ("GITHUB_ACTOR", &*hostile)];
    let to = ["--endpoint", &server.url];
    let apply = ["apply", "--auto-approve", "--json-out", "run.jsonl"];
    let applied = desk
        .run_with(&variables, &[&apply[..], &to].concat())
        .expect(3);
    is_harmless("apply", &applied.transcript());
    for arguments in [
        &["state", "pull"][..],
        &["state", "list", "--format", "json"],
        &["state", "show", &id(1), "--format", "json"],
        &["state", "history", "--format", "json"],
        &["show", "retire.state.json"],
        &["show", "run.jsonl"],
    ] {
        let done = desk.run(arguments).expect(0);
        is_harmless(&arguments.join(" "), &done.transcript());
    }
    for format in ["text", "diff", "json"] {
        let plan = ["plan", "--format", format];
        let done = desk.run_with(&variables, &[&plan[..], &to].concat());
        is_harmless(format, &done.transcript());
        assert!(done.out.contains("202e"), "{format}: {}", done.out);
    }
    for name in desk.names() {
        is_harmless(&name, &desk.read(&name));
    }
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    let message = state["assets"][id(1)]["message"].as_str().unwrap();
    assert_eq!(message, "permission a\u{9b}2Jb\u{202e}c\u{7f}d\u{2028}e");
}

/// Applies with words of the environment that have the token in them, which comes another way.
fn with_words(desk: &Desk, way: &[&str]) -> Done {
    let server = Server::new(|_| Some((200, "{}".to_owned())));
    let words = format!("ana {} {}", TOKEN.1, "z".repeat(9000));
    let job = format!("https://ci.example/?t={}", TOKEN.1);
    let variables = [
        ("GITHUB_ACTOR", &*words),
        ("BUILD_URL", &*job),
        ("HOSTNAME", &*words),
    ];
    let apply = [
        "apply",
        "--auto-approve",
        "--canary",
        "0",
        "--endpoint",
        &server.url,
    ];
    desk.run_with(&variables, &[&apply[..], way].concat())
}

#[test]
fn words_of_the_environment_have_no_token_wherever_it_comes_from() {
    let command = format!("echo {}", TOKEN.1);
    for way in [["--token-file", "token"], ["--token-command", &command]] {
        let desk = Desk::with(&manifest(1));
        desk.write("token", TOKEN.1);
        with_words(&desk, &way).expect(0);
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        let run = &state["runs"]["1"];
        let actor = run["actor"].as_str().unwrap();
        assert!(actor.starts_with("ana *** zz"), "{actor}");
        assert_eq!(actor.chars().count(), 500);
        assert_eq!(run["ci"], "https://ci.example/?t=***");
    }
    // Whoever holds the lock says so while a run is on: with a file the token is known by then.
    let desk = Desk::with(&manifest(1));
    desk.write("token", TOKEN.1);
    fs::create_dir(desk.path("retire.state.json.journal")).unwrap();
    with_words(&desk, &["--token-file", "token"]).expect(1);
}

#[test]
fn a_reason_that_somebody_gives_has_no_token_and_an_end() {
    let server = Server::new(|request| {
        let is_read = request.line.contains("/assets/");
        let body = r#"{"code":404,"errors":[{"code":404,"title":"Not Found"}]}"#;
        Some(if is_read || !request.ids.is_empty() {
            (404, body.to_owned())
        } else {
            (200, r#"{"account_id":"a"}"#.to_owned())
        })
    });
    let desk = Desk::with(&manifest(1));
    let arguments = ["apply", "--auto-approve", "--endpoint", &server.url];
    desk.run_with(&[TOKEN], &arguments).expect(3);
    let reason = format!("see {} {}", TOKEN.1, "y".repeat(9000));
    let arguments = [
        "state",
        "accept-missing",
        "--auto-approve",
        "--reason",
        &reason,
    ];
    desk.run_with(&[TOKEN], &arguments).expect(0);
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    let kept = state["runs"]["2"].to_string();
    assert!(kept.contains("see *** yy") && kept.len() < 1000, "{kept}");
}
