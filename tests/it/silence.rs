//! Servers that take a request and never answer: people hear of it, and no time is exceeded.

use std::sync::{Mutex, mpsc};

use crate::harness::{Desk, Done};
use crate::server::{Server, manifest};

fn run(desk: &Desk, server: &Server, command: &str, more: &[&str]) -> Done {
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--endpoint", &server.url]);
    arguments.extend(more);
    desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments)
}

#[test]
fn the_time_budget_ends_a_run_whose_delete_is_never_answered() {
    let (give, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::raw(move |_| {
        // Until the test is over.
        gate.lock().unwrap().recv().ok();
        None
    });
    let desk = Desk::with(&manifest(1));
    let more = ["--auto-approve", "--time-budget", "700ms", "--grace", "1h"];
    let more = [&more[..], &["--request-timeout", "1h"]].concat();
    let done = run(&desk, &server, "apply --api v2", &more).expect(9);
    assert!(done.out.contains("1 unknown"), "{}", done.out);
    assert!(done.out.contains("time budget is used up"), "{}", done.out);
    drop(give);
}

#[test]
fn a_reading_that_is_not_answered_is_told_and_its_time_counts() {
    let (give, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::raw(move |_| {
        // Until the test is over.
        gate.lock().unwrap().recv().ok();
        None
    });
    let desk = Desk::with(&manifest(1));
    let more = [
        "--auto-approve",
        "--read-timeout",
        "6s",
        "--retry-for",
        "5s",
    ];
    let done = run(&desk, &server, "apply --api v4", &more).expect(1);
    let told = "No answer to `accounts` yet: waiting for it, at most 55 s, until ";
    assert_eq!(done.err.matches(told).count(), 1, "{}", done.err);
    assert_eq!(server.asked().len(), 1, "it took longer than it may again");
    drop(give);
}
