//! Saved plans: carried out exactly, or refused with exit 5 and the reason.

use serde_json::Value;

use crate::harness::{Desk, Done, filters};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

fn one() -> Desk {
    Desk::with(&format!("version: 1\nassets:\n- {A}\n"))
}

/// A desk with a saved plan of the sandbox.
fn planned(more: &[&str]) -> Desk {
    let desk = one();
    plan(&desk, more);
    desk
}

fn plan(desk: &Desk, more: &[&str]) {
    let mut arguments = vec!["plan", "--sandbox", "--out", "plan.json"];
    arguments.extend(more);
    desk.run(&arguments).expect(0);
}

#[track_caller]
fn refused(desk: &Desk, more: &[&str], words: &str) -> Done {
    let before = desk.names();
    let mut arguments = vec!["apply", "--sandbox", "plan.json"];
    arguments.extend(more);
    let done = desk.run(&arguments).expect(5);
    assert!(done.err.contains(words), "{}", done.err);
    assert!(done.err.contains("plan.json"), "{}", done.err);
    // The lock's file stays, and says only who had it last.
    let lock = Some("retire.sandbox.state.json.lock");
    let after = desk.names();
    let after = after.iter().filter(|name| Some(name.as_str()) != lock);
    let before = before.iter().filter(|name| Some(name.as_str()) != lock);
    assert!(after.eq(before), "nothing is written");
    done
}

#[test]
fn a_saved_plan_is_carried_out_and_remembered() {
    let desk = planned(&[]);
    let document: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    let done = desk.run(&["apply", "--sandbox", "plan.json"]).expect(0);
    assert!(done.out.contains("1 retired"), "{}", done.out);
    let state: Value = serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap();
    assert_eq!(state["runs"]["1"]["plan"], document["id"]);
    let done = refused(&desk, &[], "carried out already, by run 1");
    filters().bind(|| insta::assert_snapshot!("applied_twice", done.transcript()));
}

#[test]
fn a_saved_plan_needs_no_approval_and_does_no_more_than_it_says() {
    let desk = planned(&[]);
    // What was listed after the plan was made is a change of the manifest.
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets:\n- {A}\n- {B}\n"),
    );
    refused(&desk, &[], "retire.yaml");
    desk.write("retire.yaml", format!("version: 1\nassets:\n- {A}\n"));
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(0);
}

#[test]
fn a_manifest_that_is_gone_makes_the_plan_stale() {
    let desk = planned(&[]);
    std::fs::remove_file(desk.path("retire.yaml")).unwrap();
    refused(&desk, &[], "retire.yaml");
}

#[test]
fn a_state_that_has_moved_makes_the_plan_stale() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    plan(&desk, &[]);
    let state = desk.read("retire.sandbox.state.json");
    desk.run(&["apply", "--sandbox"]).expect(3);
    refused(&desk, &[], "serial 1");
    // The same serial with another content is not the same state.
    desk.write(
        "retire.sandbox.state.json",
        state.replace("\"kind\":\"permission\"", "\"kind\":\"other\""),
    );
    refused(&desk, &[], "by other means");
    let lineage: Value = serde_json::from_str(&state).unwrap();
    let lineage = lineage["lineage"].as_str().unwrap();
    desk.write("retire.sandbox.state.json", state.replace(lineage, A));
    refused(&desk, &[], lineage);
    std::fs::remove_file(desk.path("retire.sandbox.state.json")).unwrap();
    refused(&desk, &[], "serial");
    // As it was, the plan fits again.
    desk.write("retire.sandbox.state.json", state);
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(3);
}

#[test]
fn settings_that_change_what_is_sent_make_the_plan_stale() {
    let desk = planned(&["--batch-size", "7"]);
    refused(&desk, &["--batch-size", "8"], "batch-size");
    refused(&desk, &["--max-attempts", "8"], "max-attempts");
    refused(&desk, &["--retry-blocked"], "retry-blocked");
    refused(&desk, &["--skip-mismatched"], "skip-mismatched");
    // What nobody sets is taken from the plan, and how fast it goes is nobody's business.
    desk.run(&["apply", "--sandbox", "--concurrency", "1", "plan.json"])
        .expect(0);
}

#[test]
fn another_server_or_account_makes_the_plan_stale() {
    let desk = planned(&[]);
    let done = desk
        .run_with(&[("FRAMEIO_TOKEN", "t")], &["apply", "plan.json"])
        .expect(5);
    assert!(
        done.err.contains("sandbox") && done.err.contains("https://api.frame.io"),
        "{}",
        done.err
    );
    let desk = one();
    desk.run(&["plan", "--account", "ours", "--out", "plan.json"])
        .expect(0);
    let variables = [("FRAMEIO_TOKEN", "t")];
    let done = desk.run_with(&variables, &["apply", "--account", "theirs", "plan.json"]);
    assert!(done.expect(5).err.contains("theirs"));
    let endpoint = ["apply", "--endpoint", "http://127.0.0.1:9", "plan.json"];
    desk.run_with(&variables, &endpoint).expect(5);
}

#[test]
fn an_old_plan_is_stale() {
    let desk = planned(&["--max-plan-age", "0s"]);
    refused(&desk, &[], "expired");
    // A longer age of the run does not make it younger.
    refused(&desk, &["--max-plan-age", "48h"], "expired");
    let desk = planned(&[]);
    refused(&desk, &["--max-plan-age", "0"], "expired");
}

#[test]
fn a_plan_that_was_tampered_with_is_refused() {
    let desk = planned(&[]);
    let good = desk.read("plan.json");
    for (from, to) in [
        (A, B),
        ("\"retire\":1", "\"retire\":2"),
        ("\"batch_size\":50", "\"batch_size\":51"),
        (
            "\"endpoint\":\"sandbox\"",
            "\"endpoint\":\"https://evil.example\"",
        ),
        ("\n", "\n\n"),
        ("\"created_at\":", "\"created_at\": "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        desk.write("plan.json", bad);
        desk.run(&["apply", "--sandbox", "plan.json"]).expect(5);
    }
    for (at, _) in good.match_indices(|_: char| true).step_by(7) {
        let mut bad = good.clone().into_bytes();
        bad[at] ^= 1;
        desk.write("plan.json", &bad);
        let done = desk.run(&["apply", "--sandbox", "plan.json"]);
        assert!(matches!(done.code, 5 | 8), "{at}: {}", done.transcript());
    }
    assert!(!desk.path("retire.sandbox.state.json").exists());
    desk.write("plan.json", &good[..good.len() - 2]);
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(8);
}

#[test]
fn a_stale_plan_can_still_be_shown() {
    let desk = planned(&[]);
    let fresh = desk.run(&["show", "plan.json"]).expect(0);
    assert!(!fresh.out.contains("stale"), "{}", fresh.out);
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(0);
    let done = desk.run(&["show", "plan.json"]).expect(0);
    assert!(
        done.out.contains("stale") && done.out.contains("run 1"),
        "{}",
        done.out
    );
    let done = desk
        .run(&["show", "--format", "json", "plan.json"])
        .expect(0);
    assert!(done.err.contains("stale"), "{}", done.err);
}

#[test]
fn a_plan_of_pins_is_carried_out_without_them() {
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {A}, pin: {{name: a.mov}}}}\n- {B}\n"
    ));
    desk.run(&["plan", "--sandbox", "--out", "plan.json"])
        .expect(4);
    desk.run(&["apply", "--sandbox", "plan.json"]).expect(4);
    plan(&desk, &["--skip-mismatched"]);
    let done = desk.run(&["apply", "--sandbox", "plan.json"]).expect(3);
    assert!(done.out.contains("1 retired"), "{}", done.out);
}
