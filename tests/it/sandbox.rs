//! `retire sandbox`: what it prints can be pasted, and it ends when it is asked to.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::Desk;

/// A sandbox that runs, and the first lines that it prints.
fn start(desk: &Desk, arguments: &[&str]) -> (Child, Vec<String>) {
    begin(desk.command(arguments))
}

fn begin(mut command: Command) -> (Child, Vec<String>) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map(Result::unwrap).take(8).collect();
    (child, lines)
}

/// A sandbox of the seed in a folder, with flags, and its address.
pub(crate) fn serve(desk: &Desk, flags: &[&str]) -> (Child, String) {
    let (child, lines) = start(desk, &[&["sandbox", "--port", "0"], flags].concat());
    let mut words = lines[0].split_whitespace();
    let url = words.find(|word| word.starts_with("http://")).unwrap();
    (child, url.to_owned())
}

/// Ends a sandbox; returns its exit code.
pub(crate) fn stop(mut child: Child, signal: &str) -> Option<i32> {
    let id = child.id().to_string();
    let killed = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(killed.success());
    child.wait().unwrap().code()
}

#[test]
fn the_printed_lines_work_as_they_are() {
    for (example, api) in [("quickstart", "v2"), ("quickstart-v4", "v4")] {
        let desk = Desk::of_example(example);
        // What the example itself says counts.
        let mut command = desk.command(&["sandbox", "--port", "0", "."]);
        command.env_remove("RETIRE_API");
        let (child, lines) = begin(command);
        let printed: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("  "))
            .collect();
        let [export, plan, apply] = *printed else {
            panic!("{lines:?}");
        };
        assert!(
            plan.starts_with(&format!("retire plan --api {api} ")),
            "{plan}"
        );
        let retire = format!("{} ", env!("CARGO_BIN_EXE_retire"));
        let script = format!("{export}\n{plan} > plan.txt\n{apply} --auto-approve");
        let output = Command::new("sh")
            .args(["-c", &script.replace("retire ", &retire)])
            .current_dir(desk.path(""))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains("retired, 1 already gone, 1 failed"), "{text}");
        assert!(desk.read("plan.txt").contains("to retire"));
        assert_eq!(stop(child, "-INT"), Some(130));
    }
}

#[test]
fn without_a_manifest_no_line_is_printed_that_needs_one() {
    for (example, api, first) in [
        ("quickstart", "v2", None),
        ("quickstart-v4", "v4", Some("retire find --api v4 ")),
    ] {
        let desk = Desk::of_example(example);
        std::fs::remove_file(desk.path("retire.yaml")).unwrap();
        let mut command = desk.command(&["sandbox", "--port", "0"]);
        command.env_remove("RETIRE_API");
        let (child, lines) = begin(command);
        let printed: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("  "))
            .filter(|line| !line.starts_with("curl "))
            .collect();
        let find = printed.get(1).copied();
        assert_eq!(find.is_some(), first.is_some(), "{api}: {lines:?}");
        if let Some(find) = find {
            assert!(find.starts_with(first.unwrap()), "{find}");
            let retire = format!("{} ", env!("CARGO_BIN_EXE_retire"));
            let script = format!("{}\n{find}", printed[0]);
            let output = Command::new("sh")
                .args(["-c", &script.replace("retire ", &retire)])
                .current_dir(desk.path(""))
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
        assert_eq!(stop(child, "-INT"), Some(130));
    }
}

#[test]
fn without_a_seed_the_world_is_what_the_manifest_lists() {
    let desk = Desk::with("version: 1\nassets: [3fa85f64-5717-4562-b3fc-2c963f66afa6]\n");
    let (child, lines) = start(&desk, &["sandbox", "--port", "0"]);
    assert!(lines[0].contains("http://127.0.0.1:"), "{lines:?}");
    assert_eq!(stop(child, "-TERM"), Some(143));
}

#[test]
fn flags_and_the_seed_say_what_goes_wrong() {
    let desk = Desk::of_example("quickstart");
    let seed = desk.read("sandbox.yaml");
    let more = "version: 1\nlimits: {me: 7/1s}\nfaults: {seed: 5, rules: [503=first:1@me]}\n";
    desk.write("sandbox.yaml", seed.replace("version: 1\n", more));
    let flags = [
        "sandbox",
        "--port",
        "0",
        "--limits",
        "bulk_delete=9/3s",
        "--fault",
        "429/2s=every:7,cut=2%@bulk_delete",
        "--fault-seed",
        "6",
        "--refuse",
        "100%",
        ".",
    ];
    let (child, lines) = start(&desk, &flags);
    let url = lines[0]
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let sandbox = Served(url.unwrap().to_owned());
    assert_eq!(
        sandbox.json("GET", "/_sandbox/faults", ""),
        json!({"seed": 6, "rules": ["503=first:1@me", "429/2s=every:7", "cut=2%@bulk_delete"]})
    );
    let limits = sandbox.json("GET", "/_sandbox/limits", "");
    assert_eq!(limits["me"], "7/1000ms");
    assert_eq!(limits["bulk_delete"], "9/3000ms");
    assert_eq!(limits["asset_read"], "5/1000ms");
    let id = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c01";
    let body = format!(r#"{{"asset_ids": ["{id}"]}}"#);
    let answer = sandbox.json("DELETE", "/v2/batch/assets", &body);
    let refusal = "Failed to delete asset due to permission restrictions.";
    assert_eq!(answer, json!({"error": {id: refusal}}));
    assert!(sandbox.send("GET", "/_sandbox/log", "").contains(id));
    assert_eq!(stop(child, "-INT"), Some(130));
}

/// A sandbox that is asked over a bare connection.
pub(crate) struct Served(pub(crate) String);

impl Served {
    pub(crate) fn send(&self, method: &str, target: &str, body: &str) -> String {
        let address = self.0.trim_start_matches("http://").trim_end_matches('.');
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer sandbox-token\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    fn json(&self, method: &str, target: &str, body: &str) -> Value {
        serde_json::from_str(&self.send(method, target, body)).unwrap()
    }
}

#[test]
fn a_port_that_is_taken_is_said_clearly() {
    let desk = Desk::of_example("quickstart");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let done = desk.run(&["sandbox", "--port", &port, "."]).expect(1);
    assert!(
        done.err.contains(&port) && done.err.contains("--port 0"),
        "{}",
        done.err
    );
}
