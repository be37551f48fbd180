//! A saved plan is made again from its manifests before it is carried out.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{Desk, Done, repository};

const A: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000100";
const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000300";

/// A desk with a world; `listed` are the lines of the manifest below its version.
fn desk(listed: &str) -> Desk {
    let desk = Desk::with(&format!("version: 1\n{listed}"));
    desk.bring(&repository().join("tests/it/worlds/tree"), "");
    desk
}

/// Changes the text of a saved plan and makes its id anew, as somebody could who knows how.
fn forge(desk: &Desk, changes: &[(&str, &str)]) {
    let mut text = desk.read("plan.json");
    for (from, to) in changes {
        assert!(text.contains(from), "{text}");
        text = text.replace(from, to);
    }
    let old: Value = serde_json::from_str(&text).unwrap();
    let field = format!("\"id\":{},", old["id"]);
    let compact = text.replace('\n', "").replacen(&field, "", 1);
    let digest = Sha256::digest(compact.as_bytes());
    let digest = digest
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let id = format!("\"id\":\"sha256:{digest}\",");
    desk.write("plan.json", text.replacen(&field, &id, 1));
}

fn planned(desk: &Desk) {
    desk.run(&["plan", "--sandbox", "--out", "plan.json"])
        .expect(0);
}

fn carried_out(desk: &Desk) -> Done {
    desk.run(&["apply", "--sandbox", "plan.json"])
}

#[track_caller]
fn refused(desk: &Desk, words: &str) {
    let done = carried_out(desk).expect(5);
    assert!(done.err.contains(words), "{}", done.err);
    assert!(!desk.path("retire.sandbox.state.json").exists());
    // `show` says the same of what it can see without the server.
    desk.run(&["show", "plan.json"]).expect(0);
}

const OTHER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000301";
const HELD: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000032";

#[test]
fn a_forged_plan_says_what_no_manifest_says() {
    let listed = format!(
        "assets: [{LOOSE}, {{id: {A}, kind: file, not_before: 2040-01-01}}]\nholds:\n- {{id: {HELD}, reason: legal}}\n"
    );
    let unlisted = |desk: &Desk| forge(desk, &[(LOOSE, OTHER)]);
    let due = |desk: &Desk| {
        let plan = desk.read("plan.json");
        let saved: Value = serde_json::from_str(&plan).unwrap();
        let until = saved["actions"][0]["until"].as_str().unwrap().to_owned();
        let until = format!(",\"until\":\"{until}\"");
        forge(
            desk,
            &[
                ("\"action\":\"defer\"", "\"action\":\"retire\""),
                (&until, ""),
                ("\"retire\":1", "\"retire\":2"),
                ("\"defer\":1", "\"defer\":0"),
            ],
        );
    };
    for forgery in [&unlisted as &dyn Fn(&Desk), &due] {
        let desk = desk(&listed);
        planned(&desk);
        // Made anew without a change, it is the same plan.
        let before = desk.read("plan.json");
        forge(&desk, &[]);
        assert_eq!(before, desk.read("plan.json"));
        forgery(&desk);
        refused(&desk, "than its manifests and the state");
    }
}

#[test]
fn a_held_asset_cannot_be_turned_into_one_that_goes() {
    let desk = desk(&format!(
        "assets: [{LOOSE}, {{id: {A}, kind: file}}]\nholds:\n- {{id: {A}, reason: legal}}\n"
    ));
    planned(&desk);
    forge(
        &desk,
        &[
            ("\"action\":\"held\"", "\"action\":\"retire\""),
            (",\"hold\":\"legal\"", ""),
            ("\"retire\":1", "\"retire\":2"),
            ("\"held\":1", "\"held\":0"),
        ],
    );
    refused(&desk, A);
}

#[test]
fn a_plan_from_the_future_and_one_of_an_ended_hold_are_refused() {
    let listed = format!(
        "assets: [{LOOSE}]\nholds:\n- {{id: {LOOSE}, reason: x, until: 2026-02-01T00:00:00Z}}\n"
    );
    for (year, words) in [("2126", "still to come"), ("2016", "the plan expired")] {
        let desk = desk(&listed);
        planned(&desk);
        let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
        let created = saved["created_at"].as_str().unwrap().to_owned();
        forge(
            &desk,
            &[(
                &created,
                &created
                    .replacen("20", "X", 1)
                    .replace(&format!("X{}", &created[2..4]), year),
            )],
        );
        refused(&desk, words);
    }
}

#[test]
fn a_forged_plan_does_not_choose_another_state() {
    let desk = desk(&format!("assets: [{{id: {LOOSE}, kind: file}}]\n"));
    planned(&desk);
    // The real state remembers that the asset is retired, and somebody has restored it since.
    let saved = desk.read("plan.json");
    carried_out(&desk).expect(0);
    let before = desk.read("retire.sandbox.state.json");
    desk.write("plan.json", saved);
    forge(
        &desk,
        &[(
            "\"path\":\"retire.sandbox.state.json\"",
            "\"path\":\"other.json\"",
        )],
    );
    let done = carried_out(&desk).expect(5);
    assert!(done.err.contains("other.json"), "{}", done.err);
    assert!(!desk.path("other.json").exists());
    assert_eq!(before, desk.read("retire.sandbox.state.json"));
}

#[test]
fn a_plan_that_was_tampered_with_is_refused() {
    let desk = desk(&format!("assets: [{LOOSE}]\n"));
    planned(&desk);
    let good = desk.read("plan.json");
    for (from, to) in [
        (LOOSE, OTHER),
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
