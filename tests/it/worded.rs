//! Words: one thing is one, and what parsers and the system say is said in words of ours.

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Server, id, manifest, text};

/// What only the parsers of JSON and TOML say, and the system. Those of YAML are shown with their line.
const RAW: [&str; 11] = [
    "os error",
    "TOML parse error",
    " at line ",
    "expected value",
    "invalid type",
    "expected ident",
    "missing field",
    "unknown field",
    "EOF while",
    "trailing characters",
    "invalid value: ",
];

#[track_caller]
fn check(done: &Done) {
    let all = done.transcript();
    for raw in RAW {
        assert!(!all.contains(raw), "`{raw}` in\n{all}");
    }
    let ours = "in the server's own words";
    assert!(!all.contains(ours), "{all}");
    for thing in [
        "assets",
        "files",
        "requests",
        "folders",
        "findings",
        "errors",
        "manifests",
    ] {
        for one in [
            format!(" 1 {thing}"),
            format!("\n1 {thing}"),
            format!("(1 {thing}"),
        ] {
            assert!(!all.contains(&one), "`{one}` in\n{all}");
        }
    }
}

#[test]
fn what_cannot_be_parsed_or_opened_is_told_in_words_of_ours() {
    let desk = Desk::with(&manifest(1));
    for (name, content) in [
        ("a.toml", "version = 1\nretries = \n"),
        ("b.toml", "version = 1\nretries = \"many\"\n"),
        ("c.toml", "version = 1\nno-such-key = 3\n"),
        ("d.toml", "[guards\n"),
        ("a.yaml", "version: 1\nassets: [\n"),
        ("b.yaml", "version: 1\nassets: 5\n"),
        ("c.yaml", "assets:\n- {id: 1, id: 2}\n"),
        ("d.yaml", "a: b: c\n"),
        ("e.yaml", "version: one\nassets: []\n"),
        ("f.yaml", "\"\n"),
        (
            "plan.json",
            "{\"kind\":\"frameio-retire plan\",\"version\":1",
        ),
        ("state.json", "{\"version\":1,\"lineage\":"),
        ("events.jsonl", "{\"version\":1,\"event\":\"run_started\"\n"),
    ] {
        desk.write(name, content);
        let commands: &[&[&str]] = match name.rsplit('.').next().unwrap() {
            "toml" => &[&["--config", name, "plan", "--offline"]],
            "yaml" => &[&["validate", name], &["plan", "--offline", name]],
            _ => &[
                &["show", name],
                &["apply", "--sandbox", name],
                &["state", "list", "--state", name],
                &["plan", "--offline", name],
            ],
        };
        for command in commands {
            let done = desk.run(command);
            assert_ne!(done.code, 0, "{command:?} {}", done.transcript());
            check(&done);
        }
    }
    desk.write("file", "x");
    for command in [
        &["validate", "no-such-file"][..],
        &["validate", "file/below"],
        &["plan", "--offline", "--state", "file/state.json"],
        &["show", "no-such-file"],
        &["apply", "--auto-approve", "--token-file", "no-such-file"],
        &[
            "apply",
            "--auto-approve",
            "--token-command",
            "no-such-command",
        ],
        &["plan", "--out", "file/plan.json", "--offline"],
        &[
            "plan",
            "--api",
            "v4",
            "--endpoint",
            "http://127.0.0.1:1",
            "--retries",
            "0",
        ],
    ] {
        let done = desk.run_with(&[TOKEN], command);
        check(&done);
        assert_ne!(done.code, 0, "{command:?} {}", done.transcript());
    }
}

#[test]
fn one_asset_is_one_whatever_becomes_of_it() {
    let denied = r#"{"code":403,"message":"No.","errors":[{"detail":"No."}]}"#;
    for (status, body) in [
        (200, "{}".to_owned()),
        (200, format!(r#"{{"error":{{"{}":"Not found"}}}}"#, id(1))),
        (200, format!(r#"{{"error":{{"{}":"No rights"}}}}"#, id(1))),
        (200, "<html>".to_owned()),
        (500, String::new()),
        (429, String::new()),
        (403, denied.to_owned()),
        (401, String::new()),
    ] {
        let server = Server::raw(move |request| {
            Some(match &request.line {
                line if line.starts_with("DELETE") => text(status, "", &body),
                line if line.starts_with("GET /v2/me") => {
                    text(200, "", r#"{"id":"u","account_id":"a"}"#)
                }
                _ => text(
                    404,
                    "",
                    r#"{"code":404,"message":"Not Found","errors":[{"detail":"Not Found"}]}"#,
                ),
            })
        });
        let desk = Desk::with(&manifest(1));
        let mut arguments = vec!["apply", "--api", "v2", "--auto-approve", "--retries", "0"];
        arguments.extend(["--retry-for", "0s", "--endpoint", &server.url]);
        check(&desk.run_with(&[TOKEN], &arguments));
        check(&desk.run(&["state", "list"]));
        check(&desk.run(&["plan", "--offline", "--api", "v2"]));
    }
}
