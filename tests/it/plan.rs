//! `retire plan` in its three formats.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Desk, filters};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A state in which one asset was refused and one retired.
fn known() -> String {
    format!(
        r#"{{"version":1,"lineage":"11111111-2222-4333-8444-555555555555","serial":1,"api":"v2","endpoint":"https://api.frame.io","account":null,
"runs":{{
"1":{{"id":"99999999-2222-4333-8444-555555555555","at":"2026-11-01T10:00:00Z","actor":"ana"}}
}},
"assets":{{
"{A}":{{"status":"failed","kind":"permission","message":"Not yours.","attempts":1,"run":1,"at":"2026-11-01T10:00:01Z"}},
"{B}":{{"status":"retired","run":1,"at":"2026-11-01T10:00:01Z"}}
}},
"holds":{{}}}}
"#
    )
}

fn listed(count: u32) -> String {
    let ids = (0..count).map(|number| format!("- 00000000-0000-4000-8000-{number:012}\n"));
    "version: 1\nassets:\n".to_owned() + &ids.collect::<String>()
}

#[test]
fn a_plan_is_for_people_first() {
    let desk = Desk::with(&format!(
        "version: 1\ndefaults: {{reason: wrapped}}\nassets:\n- {A}\n- {B}\n- 00000000-0000-4000-8000-000000000001\n- id: 00000000-0000-4000-8000-000000000002\n  not_before: 2040-02-03\nholds:\n- {{id: {A}, reason: legal}}\n"
    ));
    desk.write("retire.state.json", known());
    let done = desk.run(&["plan"]).expect(0);
    filters().bind(|| insta::assert_snapshot!("plan_text", done.transcript()));
    assert_eq!(
        desk.names(),
        ["retire.state.json", "retire.yaml"],
        "a plan writes nothing"
    );
}

#[test]
fn a_long_plan_is_folded_and_unfolded() {
    let desk = Desk::with(&listed(300));
    let folded = desk.run(&["plan"]).expect(0).out;
    assert!(folded.contains("100 more; --full shows them"), "{folded}");
    let full = desk.run(&["plan", "--full"]).expect(0).out;
    assert_eq!(full.matches("  - 0000").count(), 300);
}

#[test]
fn changes_have_an_exit_code_of_their_own() {
    let desk = Desk::with(&listed(1));
    desk.run(&["plan", "--detailed-exitcode"]).expect(2);
    desk.run(&["plan", "--detailed-exitcode", "--format", "json"])
        .expect(2);
    let idle = Desk::with("version: 1\nassets: []\n");
    let done = idle.run(&["plan", "--detailed-exitcode"]).expect(0);
    filters().bind(|| insta::assert_snapshot!("plan_of_nothing", done.transcript()));
}

#[test]
fn the_diff_is_a_patch_of_the_state() {
    for state in [None, Some(known())] {
        let desk = Desk::with(&format!(
            "version: 1\nassets:\n- {A}\n- {B}\n- 00000000-0000-4000-8000-000000000001\n"
        ));
        if let Some(state) = &state {
            desk.write("retire.state.json", state);
        }
        let diff = desk.run(&["plan", "--format", "diff"]).expect(0).out;
        let patch = Command::new("patch")
            .args(["-p1", "--quiet"])
            .current_dir(desk.path(""))
            .stdin(Stdio::piped())
            .spawn();
        let mut patch = match patch {
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!("SKIPPED: there is no `patch` on this machine: {error}");
                return;
            }
            patch => patch.unwrap(),
        };
        patch
            .stdin
            .take()
            .unwrap()
            .write_all(diff.as_bytes())
            .unwrap();
        assert!(patch.wait().unwrap().success(), "{diff}");
        // What the patch makes is a state, with everything that was planned done.
        let done = desk.run(&["plan", "--detailed-exitcode"]).expect(0);
        assert!(done.out.contains("Nothing to do"), "{}", done.out);
    }
}

#[test]
fn the_document_can_be_shown_again() {
    let desk = Desk::with(&listed(3));
    let document = desk.run(&["plan", "--format", "json"]).expect(0).out;
    let plan: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(plan["totals"]["retire"], 3);
    assert_eq!(plan["endpoint"], "https://api.frame.io");
    desk.write("plan.json", &document);
    let shown = desk.run(&["show", "plan.json"]).expect(0);
    let mut settings = filters();
    settings.add_filter(r"20\d\d-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", "[DAY]");
    settings.bind(|| insta::assert_snapshot!("show_plan", shown.transcript()));
    let again = desk.run(&["show", "--format", "json", "plan.json"]);
    assert_eq!(again.expect(0).out, document);
    desk.write(
        "plan.json",
        document.replace("\"retire\":3", "\"retire\":4"),
    );
    desk.run(&["show", "plan.json"]).expect(5);
}

/// `head` closes its end early; that is no failure and no panic.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let desk = Desk::with(&listed(20_000));
    let mut child = desk
        .command(&["plan", "--full", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
