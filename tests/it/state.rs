//! `retire state` and `retire show`.

use crate::harness::{Desk, filters};

/// A desk on which the quick start has run.
fn after_a_run() -> Desk {
    let desk = Desk::of_example("quickstart");
    let arguments = ["apply", "--sandbox"];
    desk.run_with(&[("USER", "ana"), ("GITHUB_SHA", "abc123")], &arguments)
        .expect(3);
    desk
}

const STATE: [&str; 2] = ["--state", "retire.sandbox.state.json"];

#[test]
fn the_state_is_shown_as_a_whole_and_one_by_one() {
    let desk = after_a_run();
    let refused = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09";
    let mut transcript = String::new();
    for command in [
        &["show", "retire.sandbox.state.json"][..],
        &["state", "list", STATE[0], STATE[1]],
        &[
            "state", "list", "--status", "gone", "--status", "failed", STATE[0], STATE[1],
        ],
        &["state", "list", "--status", "unknown", STATE[0], STATE[1]],
        &["state", "show", refused, STATE[0], STATE[1]],
        &[
            "state",
            "show",
            "00000000-0000-4000-8000-000000000001",
            STATE[0],
            STATE[1],
        ],
    ] {
        let done = desk.run(command).expect(0);
        transcript.push_str(&format!("## {}\n{}\n", command.join(" "), done.out));
    }
    let mut settings = filters();
    settings.add_filter(r"20\d\d-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", "[DAY]");
    settings.add_filter(r"(lineage|run id) +[0-9a-f-]{36}", "$1 [ID]");
    settings.bind(|| insta::assert_snapshot!("state_shown", transcript));
}

#[test]
fn programs_get_json() {
    let desk = after_a_run();
    for command in [
        &["show", "--format", "json", "retire.sandbox.state.json"][..],
        &["state", "list", "--format", "json", STATE[0], STATE[1]],
        &[
            "state",
            "show",
            "--format",
            "json",
            "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c09",
            STATE[0],
            STATE[1],
        ],
    ] {
        let done = desk.run(command).expect(0);
        let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert!(value.to_string().contains("permission restrictions"));
    }
}

#[test]
fn a_missing_state_is_said_clearly() {
    let desk = Desk::new();
    let done = desk.run(&["state", "list"]).expect(8);
    assert!(done.err.contains("retire.state.json"), "{}", done.err);
    desk.run(&["show", "nowhere.json"]).expect(8);
    desk.write("noise", "hello\n");
    desk.run(&["show", "noise"]).expect(8);
    desk.run(&["show", "."]).expect(8);
}
