//! `retire apply`: approval, outcomes, reruns and what is left on the disk.

use serde_json::Value;

use crate::harness::{Desk, filters};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn one() -> Desk {
    Desk::with(&format!("version: 1\nassets:\n- {A}\n"))
}

fn state(desk: &Desk) -> Value {
    serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap()
}

#[test]
fn without_approval_nothing_happens() {
    let desk = one();
    let done = desk
        .run_with(
            &[("FRAMEIO_TOKEN", "t")],
            // Nobody listens there, so that a request would end otherwise.
            &["apply", "--endpoint", "http://127.0.0.1:9"],
        )
        .expect(4);
    assert!(done.err.contains("--auto-approve"), "{}", done.err);
    assert!(!desk.path("retire.state.json").exists());
}

#[test]
fn a_clean_run_leaves_nothing_to_do_and_the_rerun_writes_nothing() {
    let desk = one();
    let done = desk.run(&["apply", "--sandbox"]).expect(0);
    filters().bind(|| insta::assert_snapshot!("clean_run", done.transcript()));
    let before = desk.read("retire.sandbox.state.json");
    assert_eq!(state(&desk)["assets"][A]["status"], "retired");
    let done = desk.run(&["apply", "--sandbox"]).expect(0);
    filters().bind(|| insta::assert_snapshot!("idle_run", done.transcript()));
    assert_eq!(desk.read("retire.sandbox.state.json"), before);
    let names = desk.names();
    assert!(
        !names.iter().any(|name| name.ends_with(".journal")),
        "{names:?}"
    );
    assert!(
        !names.iter().any(|name| name.ends_with(".backup")),
        "{names:?}"
    );
}

#[test]
fn every_status_of_the_quick_start_is_written_down() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    let counts = |status: &str| {
        let state = state(&desk);
        let assets = state["assets"].as_object().unwrap();
        assets
            .values()
            .filter(|asset| asset["status"] == status)
            .count()
    };
    assert_eq!(
        (counts("retired"), counts("gone"), counts("failed")),
        (8, 1, 1)
    );
    let failed = desk
        .run(&[
            "state",
            "list",
            "--state",
            "retire.sandbox.state.json",
            "--status",
            "failed",
        ])
        .expect(0);
    assert!(
        failed
            .out
            .contains("Failed to delete asset due to permission restrictions."),
        "{}",
        failed.out
    );
    // The backup is the state before the last change.
    desk.run(&["apply", "--sandbox"]).expect(3);
    let backup: Value =
        serde_json::from_str(&desk.read("retire.sandbox.state.json.backup")).unwrap();
    assert_eq!(
        (&backup["serial"], &state(&desk)["serial"]),
        (&1.into(), &2.into())
    );
}

#[test]
fn an_asset_that_is_refused_too_often_is_left_alone() {
    let desk = Desk::of_example("quickstart");
    for _ in 0..2 {
        desk.run(&["apply", "--sandbox", "--max-attempts", "2"])
            .expect(3);
    }
    let before = desk.read("retire.sandbox.state.json");
    let done = desk
        .run(&["apply", "--sandbox", "--max-attempts", "2"])
        .expect(3);
    assert!(done.out.contains("Blocked (1)"), "{}", done.out);
    assert!(done.out.contains("Nothing was sent"), "{}", done.out);
    assert_eq!(desk.read("retire.sandbox.state.json"), before);
    let done = desk
        .run(&[
            "apply",
            "--sandbox",
            "--max-attempts",
            "2",
            "--retry-blocked",
        ])
        .expect(3);
    assert!(done.out.contains("1 request in"), "{}", done.out);
}

#[test]
fn an_asset_that_is_listed_no_more_is_forgotten() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    desk.write("retire.yaml", "version: 1\nassets: []\n");
    let done = desk.run(&["apply", "--sandbox"]).expect(0);
    assert!(done.out.contains("1 forgotten"), "{}", done.out);
    assert_eq!(state(&desk)["assets"].as_object().unwrap().len(), 9);
}

#[test]
fn a_pin_that_nobody_compares_is_refused() {
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {A}, pin: {{name: a.mov}}}}\n- 00000000-0000-4000-8000-000000000001\n"
    ));
    let done = desk.run(&["apply", "--sandbox"]).expect(4);
    assert!(done.err.contains("--skip-mismatched"), "{}", done.err);
    assert!(!desk.path("retire.sandbox.state.json").exists());
    desk.run(&["apply", "--sandbox", "--skip-mismatched"])
        .expect(3);
    assert_eq!(state(&desk)["assets"].get(A), None);
}

#[test]
fn a_state_that_makes_no_sense_is_never_overwritten() {
    let desk = one();
    desk.run(&["apply", "--sandbox"]).expect(0);
    let good = desk.read("retire.sandbox.state.json");
    for (broken, words) in [
        (String::new(), "retire.sandbox.state.json:1:1"),
        (
            good[..good.len() / 2].to_owned(),
            "retire.sandbox.state.json:",
        ),
        (good.replace("\"version\":1", "\"version\":2"), "version"),
        (good.replace("retired", "retried"), "retried"),
        (good.replace("\"serial\"", "\"cereal\""), "cereal"),
        (good.replace("\"run\":1,", ""), "run"),
        (good.clone() + "{}", "trailing"),
    ] {
        desk.write("retire.sandbox.state.json", &broken);
        for command in [
            &["apply", "--sandbox"][..],
            &["plan", "--sandbox"],
            &["show", "retire.sandbox.state.json"],
        ] {
            let done = desk.run(command).expect(8);
            assert!(done.err.contains(words), "{words}: {}", done.err);
        }
        assert_eq!(desk.read("retire.sandbox.state.json"), broken);
    }
}

#[test]
fn a_state_of_another_server_is_refused() {
    let desk = one();
    desk.run(&["apply", "--sandbox"]).expect(0);
    let done = desk
        .run(&["plan", "--state", "retire.sandbox.state.json"])
        .expect(7);
    assert!(
        done.err.contains("`sandbox`") && done.err.contains("https://api.frame.io"),
        "{}",
        done.err
    );
}

#[test]
fn a_second_run_does_not_wait() {
    let desk = one();
    desk.run(&["apply", "--sandbox"]).expect(0);
    let path = desk.path("retire.sandbox.state.json.lock");
    let lock = std::fs::File::options().write(true).open(path).unwrap();
    lock.lock().unwrap();
    let done = desk.run(&["apply", "--sandbox"]).expect(6);
    assert!(done.err.contains("locked by another run"), "{}", done.err);
    // Reading needs no lock.
    desk.run(&["plan", "--sandbox"]).expect(0);
    drop(lock);
    desk.run(&["apply", "--sandbox"]).expect(0);
}

#[test]
fn a_seed_that_is_wrong_says_where() {
    let desk = one();
    desk.write("sandbox.yaml", "version: 1\naccounts:\n  - nmae: x\n");
    let done = desk.run(&["apply", "--sandbox"]).expect(8);
    assert!(done.err.contains("sandbox.yaml:3:"), "{}", done.err);
}
