//! `retire sandbox`: what it prints can be pasted, and it ends when it is asked to.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::harness::Desk;

/// A sandbox that runs, and the first lines that it prints.
fn start(desk: &Desk, arguments: &[&str]) -> (Child, Vec<String>) {
    let mut child = desk
        .command(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map(Result::unwrap).take(7).collect();
    (child, lines)
}

fn stop(mut child: Child, signal: &str) -> Option<i32> {
    let id = child.id().to_string();
    let killed = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(killed.success());
    child.wait().unwrap().code()
}

#[test]
fn the_printed_example_works_as_it_is() {
    let desk = Desk::of_example("quickstart");
    let (child, lines) = start(&desk, &["sandbox", "--port", "0", "."]);
    let example = lines
        .iter()
        .find(|line| line.contains("retire apply"))
        .unwrap();
    let example = example.replace(" retire ", &format!(" {} ", env!("CARGO_BIN_EXE_retire")));
    let output = Command::new("sh")
        .args(["-c", &format!("{example} --auto-approve")])
        .current_dir(desk.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("8 retired, 1 already gone, 1 failed"),
        "{text}"
    );
    assert_eq!(stop(child, "-INT"), Some(130));
}

#[test]
fn without_a_seed_the_world_is_what_the_manifest_lists() {
    let desk = Desk::with("version: 1\nassets: [3fa85f64-5717-4562-b3fc-2c963f66afa6]\n");
    let (child, lines) = start(&desk, &["sandbox", "--port", "0"]);
    assert!(lines[0].contains("http://127.0.0.1:"), "{lines:?}");
    assert_eq!(stop(child, "-TERM"), Some(143));
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
    desk.run(&["sandbox", "--seed", "none.yaml"]).expect(8);
    Desk::new().run(&["sandbox"]).expect(8);
}
