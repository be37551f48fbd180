//! `retire login` and `retire logout`: people sign in, and what that gives is renewed by itself.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Desk, Done, seed};
use crate::sandbox::{serve, stop};
use crate::server::{Server, text};

const FILE: &str = "frameio-retire/login.json";

/// Where a browser ends that is sent to an address.
fn browse(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    let location = answer
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    location.unwrap().to_owned()
}

/// Somebody at a sandbox.
struct Person {
    desk: Desk,
    url: String,
    /// What is kept there are secrets, so it is not the desk's.
    data: tempfile::TempDir,
}

impl Person {
    fn at(desk: Desk, url: &str) -> Self {
        Self {
            desk,
            url: url.to_owned(),
            data: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.data.path().join(FILE)
    }

    fn variables(&self) -> [(&str, &str); 4] {
        [
            ("XDG_DATA_HOME", self.data.path().to_str().unwrap()),
            ("RETIRE_API", "v4"),
            ("RETIRE_ENDPOINT", &self.url),
            ("RETIRE_IMS_ENDPOINT", &self.url),
        ]
    }

    fn run(&self, more: &[(&str, &str)], words: &[&str]) -> Done {
        let variables = [&self.variables()[..], more].concat();
        self.desk.run_with(&variables, words)
    }

    /// Signs in, and pastes what `paste` makes of the address at which the browser ends.
    fn sign_in(&self, paste: impl FnOnce(String) -> String) -> Done {
        self.sign_in_with(&[], |address| paste(browse(address)))
    }

    /// The same with more flags, where somebody says at which address the browser ends.
    fn sign_in_with(&self, more: &[&str], ends: impl FnOnce(&str) -> String) -> Done {
        let words = [&["login", "--client-id", "sandbox-client"], more].concat();
        let mut command = self.desk.command(&words);
        command
            .envs(self.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("http://") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0);
        }
        let pasted = ends(line.trim());
        writeln!(child.stdin.take().unwrap(), "{pasted}").unwrap();
        let mut err = String::new();
        said.read_to_string(&mut err).unwrap();
        let mut done = Done::of(child.wait_with_output().unwrap());
        done.err = err;
        done
    }

    fn kept(&self) -> Value {
        serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap()
    }
}

#[test]
fn a_sign_in_opens_the_api_is_renewed_and_is_taken_back() {
    let served = Desk::new();
    served.write("sandbox.yaml", seed(""));
    let (child, url) = serve(&served, &["--token-lifetime", "60s"]);
    let person = Person::at(Desk::new(), &url);
    person.run(&[], &["whoami"]).expect(7);
    let done = person.sign_in(|address| address).expect(0);
    assert!(done.err.contains("Signed in"), "{}", done.err);
    let mode = fs::metadata(person.file()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let first = person.kept();
    // A token of a minute is renewed at once, and the next refresh token is kept before its use.
    let who = person.run(&[], &["whoami"]).expect(0);
    assert!(who.out.contains("sign-in"), "{}", who.out);
    let second = person.kept();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    for kept in [&first, &second] {
        for name in ["access_token", "refresh_token"] {
            let secret = kept[name].as_str().unwrap();
            assert!(!who.out.contains(secret) && !done.err.contains(secret));
        }
    }
    // Never in CI, unless somebody says so.
    let ci = [("CI", "true")];
    person.run(&ci, &["whoami"]).expect(7);
    person.run(&ci, &["whoami", "--login"]).expect(0);
    person.run(&ci, &["login"]).expect(7);
    // It goes nowhere but to the server of its service.
    let elsewhere = [("RETIRE_ENDPOINT", "https://api.frame.io")];
    let refused = person.run(&elsewhere, &["whoami"]).expect(7);
    assert!(
        refused.err.contains("that service alone"),
        "{}",
        refused.err
    );
    // Another token beats it.
    let token = [("FRAMEIO_TOKEN", "fio-u-of-nobody")];
    person.run(&token, &["whoami"]).expect(7);
    let cache = person.data.path().join("cache");
    let cache = [("RETIRE_CACHE", cache.to_str().unwrap())];
    person.run(&cache, &["find"]).expect(0);
    let out = person.run(&cache, &["logout"]).expect(0);
    let forgotten = "Forgot what was read of 1 account.";
    assert!(out.err.contains(forgotten), "{}", out.err);
    let deleted = format!("`{}` is deleted, and Adobe has", person.file().display());
    assert!(out.err.contains(&deleted), "{}", out.err);
    assert!(!person.file().exists());
    person.run(&[], &["whoami"]).expect(7);
    // What was taken back opens nothing, whoever has kept a copy.
    fs::write(person.file(), second.to_string()).unwrap();
    person.run(&[], &["whoami"]).expect(7);
    person.run(&[], &["logout"]).expect(0);
    let nobody = person.run(&[], &["logout"]).expect(0);
    assert!(nobody.err.contains("Nobody is signed in"), "{}", nobody.err);
    stop(child, "-TERM");
}

/// Signs in at a service that takes the address of the browser's end and answers the question for a
/// token like this.
fn sign_in_at(
    answer: impl Fn() -> Option<String> + Send + Sync + 'static,
    more: &[&str],
    code: i32,
) -> Done {
    let server = Server::raw(move |_| answer());
    let person = Person::at(Desk::new(), &server.url);
    let end = |address: &str| {
        let state = address.split("state=").nth(1).unwrap();
        let state = state.split('&').next().unwrap();
        format!("https://localhost/?code=abc&state={state}")
    };
    person.sign_in_with(more, end).expect(code)
}

#[test]
fn a_token_that_does_not_come_ends_a_sign_in_in_order() {
    let silent = || loop {
        std::thread::park();
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let done = sign_in_at(silent, &["--retry-for", "6s"], 9);
            let told = "No answer of the token endpoint yet: waiting for it, at most ";
            assert!(done.err.contains(told), "{}", done.err);
            assert!(done.err.contains("answers none"), "{}", done.err);
        });
        scope.spawn(move || {
            let done = sign_in_at(silent, &["--time-budget", "300ms"], 9);
            let said = "time budget is used up: waited for the answer of the token endpoint";
            assert!(done.err.contains(said), "{}", done.err);
        });
        let patient = || {
            Some(text(
                429,
                "retry-after: 3600\r\n",
                r#"{"error":"slow_down"}"#,
            ))
        };
        let done = sign_in_at(patient, &[], 9);
        assert!(done.err.contains("for another 1 h"), "{}", done.err);
        let away = || Some(text(503, "", ""));
        let done = sign_in_at(away, &["--retries", "0"], 1);
        assert!(done.err.contains("could not be reached"), "{}", done.err);
    });
}

/// What somebody pastes in place of an address.
type Paste = fn(String) -> String;

#[test]
fn what_is_pasted_must_be_the_end_of_this_sign_in() {
    let served = Desk::new();
    served.write("sandbox.yaml", seed(""));
    let (child, url) = serve(&served, &[]);
    let person = Person::at(Desk::new(), &url);
    let rows: [(Paste, &str); 5] = [
        (|_| String::new(), "not a web address"),
        (|_| "hello".to_owned(), "not a web address"),
        (
            |address| address.replace("state=", "state=0"),
            "another sign-in",
        ),
        (|address| address.replace("code=", "c="), "no `code`"),
        (
            |address| address.replace("sandbox-code-", "sandbox-code-9"),
            "invalid_grant",
        ),
    ];
    for (paste, words) in rows {
        let done = person.sign_in(paste).expect(7);
        assert!(done.err.contains(words), "{}", done.err);
        assert!(!person.file().exists());
    }
    // Without an end of its own it is good until its token ends.
    person.sign_in(|address| address).expect(0);
    let before = person.kept();
    person.run(&[], &["whoami"]).expect(0);
    assert_eq!(before, person.kept());
    // A file that is none is told as such.
    fs::write(person.file(), "{}").unwrap();
    let odd = person.run(&[], &["whoami"]).expect(7);
    assert!(odd.err.contains("is not a sign-in"), "{}", odd.err);
    stop(child, "-TERM");
}

#[test]
fn a_sign_in_is_for_the_default_servers() {
    let desk = Desk::new();
    let data = desk.path("data").display().to_string();
    let variables = [("XDG_DATA_HOME", data.as_str()), ("RETIRE_API", "v4")];
    for (server, id) in [("https://api.example", "x"), ("http://127.0.0.1:9", "x")] {
        let words = ["login", "--client-id", id, "--endpoint", server];
        let done = desk.run_with(&variables, &words).expect(7);
        assert!(done.err.contains("that service alone"), "{}", done.err);
    }
    let done = desk.run_with(&variables, &["login"]).expect(7);
    assert!(done.err.contains("there is no client id"), "{}", done.err);
    let done = desk.run_with(&[("RETIRE_API", "v4")], &["login", "--client-id", "x"]);
    assert!(done.expect(7).err.contains("no folder"), "no data folder");
}
