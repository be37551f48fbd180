//! Holds that the state keeps, where the run that found them was killed.
#![cfg(all(unix, feature = "failpoints"))]

use serde_json::{Value, json};

use crate::harness::Desk;

const HELD: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000100";
const OTHER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000200";
const STATE: &str = "retire.sandbox.state.json";

/// A run that dies when everything is sent and nothing is written back.
fn dies(desk: &Desk) {
    let mut command = desk.command(&["apply", "--sandbox", "--auto-approve"]);
    let command = command.env("RETIRE_CRASH", "run.ended");
    assert_eq!(command.output().unwrap().status.code(), None);
}

fn state(desk: &Desk) -> Value {
    let pulled = desk.run(&["state", "pull", "--state", STATE]).expect(0);
    serde_json::from_str(&pulled.out).unwrap()
}

#[test]
fn a_run_that_is_killed_has_kept_its_holds_and_lifted_what_was_released() {
    let listed = format!("version: 1\nassets: [{HELD}, {OTHER}]\n");
    let desk = Desk::with(&format!(
        "{listed}holds: [{{id: {HELD}, reason: legal, until: 2999-06-30}}]\n"
    ));
    dies(&desk);
    let kept = &state(&desk)["holds"][HELD];
    assert_eq!(kept["reason"], "legal");
    assert_eq!(kept["until"], "2999-07-01T12:00:00Z");
    assert_eq!(kept["run"], 1);

    // The line is gone, and the hold is not.
    desk.write("retire.yaml", &listed);
    let plan = desk.run(&["plan", "--sandbox"]).expect(0);
    assert!(
        plan.out.contains("held until 2999-07-01"),
        "{}",
        plan.transcript()
    );

    let released = format!("releases: [{{id: {HELD}, reason: closed}}]\n");
    desk.write("retire.yaml", format!("{listed}{released}"));
    dies(&desk);
    let state = state(&desk);
    assert_eq!(state["holds"], json!({}));
    let said = json!([{"held": {"asset": HELD}, "reason": "closed"}]);
    assert_eq!(state["runs"]["2"]["released"], said);
    assert_eq!(state["assets"][HELD]["status"], "retired");
}
