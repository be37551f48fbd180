//! The way to a server: proxies, certificates, redirects, and the endpoint that gives tokens.
#![cfg(unix)]

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Server, manifest, taken, text};

const CLIENT: [(&str, &str); 2] = [
    ("FRAMEIO_CLIENT_ID", "robot"),
    ("FRAMEIO_CLIENT_SECRET", "robot-secret"),
];

/// The commands that talk to a server, beside a server that no name leads to.
const COMMANDS: [&str; 3] = [
    "plan --api v4",
    "apply --api v4 --auto-approve",
    "whoami --api v4",
];

fn run(desk: &Desk, variables: &[(&str, &str)], command: &str, endpoint: &str) -> Done {
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--retries", "1", "--endpoint", endpoint]);
    desk.run_with(variables, &arguments)
}

#[test]
fn a_proxy_that_does_not_let_through_is_named_without_its_password() {
    let desk = Desk::with(&manifest(1));
    let refusing = Server::new(|_| Some((407, String::new())));
    let refusing = refusing.url.strip_prefix("http://").unwrap().to_owned();
    let taken = taken();
    let nobody = taken.local_addr().unwrap().to_string();
    for (place, words) in [(&refusing, "proxy authorization"), (&nobody, "refused")] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            let proxy = format!("http://me:hush@{place}");
            for command in COMMANDS {
                let variables = [TOKEN, (name, &*proxy)];
                let done = run(&desk, &variables, command, "https://frame.invalid").expect(1);
                let named = format!("through the proxy http://***@{place}");
                assert!(done.err.contains(&named), "{}", done.err);
                assert!(done.err.contains(words), "{}", done.err);
                assert!(!done.transcript().contains("hush"), "{}", done.err);
            }
        }
    }
    // The endpoint that gives tokens is reached through it as well.
    let proxy = format!("http://me:hush@{nobody}");
    let variables = [CLIENT[0], CLIENT[1], ("HTTPS_PROXY", &*proxy)];
    let done = run(&desk, &variables, COMMANDS[0], "https://frame.invalid").expect(1);
    for words in ["token endpoint", "through the proxy", "http://***@"] {
        assert!(done.err.contains(words), "{}", done.err);
    }
    // Where none leads, none is named.
    let variables = [TOKEN, ("HTTPS_PROXY", &*proxy), ("NO_PROXY", ".invalid")];
    let done = run(&desk, &variables, COMMANDS[0], "https://frame.invalid").expect(1);
    assert!(!done.err.contains("proxy"), "{}", done.err);
}

#[test]
fn what_is_no_proxy_is_refused() {
    let desk = Desk::with(&manifest(1));
    for nonsense in [
        "not a proxy",
        "http://me:hush@127.0.0.1:port",
        "me:hush@127.0.0.1:port",
        "socks5://me:hush@127.0.0.1:9",
        "://",
    ] {
        for command in COMMANDS {
            let variables = [TOKEN, ("HTTPS_PROXY", nonsense)];
            let done = run(&desk, &variables, command, "https://frame.invalid").expect(64);
            assert!(done.err.contains("`HTTPS_PROXY`"), "{}", done.err);
            assert!(!done.transcript().contains("hush"), "{}", done.err);
        }
    }
    // On this machine no proxy is used, and neither is one where nobody talks to a server.
    let server = Server::new(|_| Some((403, String::new())));
    let variables = [TOKEN, ("HTTPS_PROXY", "not a proxy")];
    run(&desk, &variables, COMMANDS[0], &server.url).expect(7);
    desk.run_with(&variables, &["validate"]).expect(0);
    desk.run_with(&variables, &["apply", "--sandbox"]).expect(0);
}

#[test]
fn certificates_that_are_not_there_are_named() {
    let desk = Desk::with(&manifest(1));
    desk.write("words.pem", "none\n");
    desk.write("empty.pem", "");
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    desk.write("key.pem", key);
    desk.write("folder/key.pem", key);
    let mut wrong = vec![
        ("SSL_CERT_FILE", "", "set to nothing"),
        ("SSL_CERT_FILE", "nowhere.pem", "no file `nowhere.pem`"),
        ("SSL_CERT_FILE", ".", "`.` is not a plain file"),
        (
            "SSL_CERT_FILE",
            "words.pem",
            "`words.pem` has no certificate",
        ),
        (
            "SSL_CERT_FILE",
            "empty.pem",
            "`empty.pem` has no certificate",
        ),
        ("SSL_CERT_FILE", "key.pem", "`key.pem` has no certificate"),
        ("SSL_CERT_DIR", "nowhere", "no folder of `nowhere`"),
        ("SSL_CERT_DIR", "key.pem", "no folder of `key.pem`"),
        ("SSL_CERT_DIR", "folder", "no folder of `folder`"),
    ];
    if cfg!(unix) {
        // Neither ever ends.
        wrong.push(("SSL_CERT_FILE", "/dev/zero", "is not a plain file"));
        let pipe = desk.path("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        wrong.push(("SSL_CERT_FILE", "pipe", "`pipe` is not a plain file"));
    }
    for (variable, value, words) in wrong {
        for endpoint in ["https://frame.invalid", "https://127.0.0.1:9"] {
            let variables = [TOKEN, (variable, value)];
            let done = run(&desk, &variables, COMMANDS[0], endpoint).expect(64);
            assert!(done.err.contains(&format!("`{variable}`")), "{}", done.err);
            assert!(done.err.contains(words), "{}", done.err);
        }
    }
    // Nothing is read of them where nothing is encrypted.
    let server = Server::new(|_| Some((403, String::new())));
    let variables = [TOKEN, ("SSL_CERT_FILE", "nowhere.pem")];
    run(&desk, &variables, COMMANDS[0], &server.url).expect(7);
}

#[test]
fn a_redirect_is_told_at_once() {
    for location in ["https://elsewhere.invalid/", "/v4/me", ""] {
        let headers = format!("location: {location}\r\n");
        let server = Server::raw(move |_| Some(text(302, &headers, "")));
        for command in [
            "whoami --api v2",
            "apply --auto-approve --api v2",
            "apply --auto-approve --api v2 --account a",
            "plan --api v4",
            "whoami --api v4",
            "apply --auto-approve --api v4",
        ] {
            // A delete that is answered so leaves a state behind.
            let desk = Desk::with(&manifest(1));
            let before = server.asked().len();
            let done = run(&desk, &[TOKEN], command, &server.url).expect(1);
            assert_eq!(server.asked().len(), before + 1, "{command}: {}", done.err);
            let seen = done.transcript();
            assert!(seen.contains("a redirect (status 302)"), "{seen}");
        }
        // The endpoint that gives tokens.
        let desk = Desk::with(&manifest(1));
        let before = server.asked().len();
        let command = format!("plan --api v4 --ims-endpoint {}", server.url);
        let done = run(&desk, &CLIENT, &command, &server.url).expect(1);
        assert_eq!(server.asked().len(), before + 1, "{}", done.err);
        assert!(done.err.contains("token endpoint"), "{}", done.err);
        assert!(done.err.contains("--ims-endpoint"), "{}", done.err);
    }
}

#[test]
fn what_the_token_endpoint_says_is_told_as_what_it_is() {
    let page = "<html>hello</html>";
    for (status, body, code, words) in [
        (200, page, 1, "answers with something else than a token"),
        (200, "{}", 1, "answers with something else than a token"),
        (403, page, 1, "answers with status 403"),
        (503, page, 1, "answers with status 503"),
        (
            400,
            r#"{"error":"invalid_client"}"#,
            7,
            "the token endpoint gives no token: invalid_client",
        ),
    ] {
        let server = Server::new(move |_| Some((status, body.to_owned())));
        let desk = Desk::with(&manifest(1));
        for command in COMMANDS {
            let command = format!("{command} --ims-endpoint {}", server.url);
            let done = run(&desk, &CLIENT, &command, &server.url).expect(code);
            assert!(done.err.contains(words), "{status}: {}", done.err);
            // The server was never asked, so it has not refused anything.
            let asked = server.asked();
            assert!(asked.iter().all(|one| one.line.starts_with("POST /ims/")));
            for lie in ["does not accept the token", "check the token"] {
                assert!(!done.err.contains(lie), "{}", done.err);
            }
            let hints_at_client = done.err.contains("client's id and");
            assert_eq!(hints_at_client, code == 7, "{}", done.err);
        }
    }
}

#[test]
fn standard_input_has_an_end_that_is_known_beforehand() {
    let began = std::time::Instant::now();
    let desk = Desk::new();
    let commands = [
        &["validate", "-"][..],
        &["plan", "--sandbox", "-"],
        &["apply", "--sandbox", "-"],
        &["show", "-"],
    ];
    let mut children: Vec<_> = commands
        .map(|arguments| {
            let mut command = desk.command(arguments);
            let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
            command.stderr(Stdio::piped()).spawn().unwrap()
        })
        .into();
    // What comes is not all there is as long as somebody holds the other end.
    let mut held: Vec<_> = children
        .iter_mut()
        .map(|child| child.stdin.take().unwrap())
        .collect();
    for pipe in &mut held {
        pipe.write_all(manifest(1).as_bytes()).unwrap();
    }
    for child in children {
        let done = Done::of(child.wait_with_output().unwrap()).expect(8);
        assert!(done.err.contains("standard input"), "{}", done.err);
        assert!(done.err.contains("30 s"), "{}", done.err);
    }
    assert!(began.elapsed().as_secs() >= 29);
    drop(held);
}

#[test]
fn a_handshake_that_never_ends_has_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let desk = Desk::with(&manifest(1));
    let arguments = [
        "apply",
        "--api",
        "v2",
        "--auto-approve",
        "--endpoint",
        &url,
        "--retries",
        "0",
        "--connect-timeout",
        "1m",
        "--request-timeout",
        "1s",
    ];
    let done = desk
        .run_with(&[("FRAMEIO_TOKEN", "t")], &arguments)
        .expect(1);
    assert!(done.out.contains("could not be reached"), "{}", done.out);
    assert!(!desk.path("retire.state.json").exists());
    drop(listener);
}
