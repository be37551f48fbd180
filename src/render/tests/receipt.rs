//! The receipt of a run, for people and for programs.

use std::collections::BTreeMap;

use super::*;
use crate::event::Provenance;
use crate::inventory::{Known, Location};
use crate::manifest::Part;
use crate::manifest::document::SourceFile;
use crate::outcome::Evidence;
use crate::plan::about::About;
use crate::render::receipt::{Approval, Asked, Receipt, Source, markdown};
use crate::state::{Api, Failed, Record, RunRecord, StagingFolder, State, Status, Target};

/// A plan of a file, a folder with a file in it, and one that was deleted already.
fn planned() -> Plan {
    let mut plan = each_thing();
    plan.parts = BTreeMap::from([(id(1), vec![(id(20), None), (id(21), None)])]);
    let deleted = About {
        deleted: Some(at("2026-06-20T08:00:00Z")),
        ..About::default()
    };
    plan.about.insert(id(4), deleted);
    plan
}

fn after(api: Api) -> State {
    let target = Target {
        api,
        endpoint: "https://api.frame.io".to_owned(),
        account: Some("5f0c|x".to_owned()),
    };
    let mut state = State::new(Uuid::nil(), target);
    let provenance = Provenance {
        plan: Some("sha256:00".to_owned()),
        ..Provenance::default()
    };
    let run = RunRecord {
        id: Uuid::from_u128(7),
        at: at("2026-07-01T10:00:00Z"),
        provenance,
        change: None,
        released: Vec::new(),
        came: None,
    };
    state.runs.insert(7, run);
    let failed = Status::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: HOSTILE.into(),
        attempts: 2,
    }));
    for (n, status, run) in [
        (1, Status::Retired(Evidence::Answer), 7),
        (2, Status::Retired(Evidence::Read), 7),
        (3, failed, 7),
        (4, Status::Gone(Evidence::Listed), 7),
        (5, Status::Unknown { attempts: 1 }, 7),
        (7, Status::Missing, 7),
        (8, Status::Gone(Evidence::ByHand), 7),
        (9, Status::Retired(Evidence::Answer), 6),
        (20, Status::Retired(Evidence::With(id(1))), 7),
    ] {
        let record = Record {
            status,
            run,
            at: at("2026-07-01T10:00:04.5Z"),
        };
        state.assets.insert(id(n), record);
    }
    let location = Location {
        project: Some("Tide | 1".into()),
        folder: "dailies".into(),
    };
    let location = Some(Arc::new(location));
    for (n, name, bytes) in [(2, "A001_C003.mov", Some(73_400_320)), (3, HOSTILE, None)] {
        let known = Known {
            name: Some(name.into()),
            location: location.clone(),
            parent: None,
            bytes,
        };
        state.catalogue.insert(id(n), known);
    }
    state
}

fn asked() -> Asked {
    Asked {
        actor: Some("bo".to_owned()),
        commit: Some("8e75841".to_owned()),
        commit_author: Some("Ana `x` <ana@studio.example>".to_owned()),
        approver: Some("cy\u{1b}[2J".to_owned()),
        approval: Some(Approval::SavedPlan),
        ci: Some("https://ci.example/7".to_owned()),
    }
}

fn files() -> [SourceFile; 1] {
    [SourceFile {
        path: "manifests/tide|1.yaml".into(),
        sha256: [0; 32],
        part: Part::All,
        listed: 20,
    }]
}

/// Both forms of a receipt.
fn written(plan: &Plan, after: Option<&State>, run: Option<u64>, saved: bool) -> [String; 2] {
    let (asked, files) = (asked(), files());
    let source = Source {
        plan,
        files: &files,
        run,
        after,
        path: "retire.state.json",
        is_saved: saved,
        asked: &asked,
    };
    let (mut text, mut json) = (Vec::new(), Vec::new());
    markdown(&Receipt::new(source), &mut text).unwrap();
    Receipt::new(source).json(&mut json).unwrap();
    [text, json].map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_receipt_has_what_the_run_recorded_and_nothing_else() {
    let (plan, after) = (planned(), after(Api::V4));
    let [text, json] = written(&plan, Some(&after), Some(7), true);
    insta::assert_snapshot!(text + "\n" + &json);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let records = json["records"].as_array().unwrap();
    assert_eq!(records.len(), 8, "not what an earlier run did");
    assert_eq!(json["records"][2]["message"], HOSTILE);
}

#[test]
fn what_went_with_a_staging_folder_counts_and_what_lay_in_it_counts_once() {
    let (plan, mut after) = (planned(), after(Api::V4));
    after.staging.push(StagingFolder {
        project: id(100),
        name: "_retire 2026-07-01 run 6".into(),
        run: 6,
        root: None,
        id: Some(id(99)),
    });
    // A folder of 8 MB with a file of 8 MB in it, a file of 2 MB and one of no known size: only what
    // was moved by itself went with the staging folder.
    for (n, with, bytes) in [
        (30, 99, Some(8_000_000)),
        (31, 30, Some(8_000_000)),
        (32, 99, Some(2_000_000)),
        (33, 99, None),
    ] {
        let record = Record {
            status: Status::Retired(Evidence::With(id(with))),
            run: 7,
            at: at("2026-07-01T10:00:04Z"),
        };
        after.assets.insert(id(n), record);
        let known = Known {
            bytes,
            ..Known::default()
        };
        after.catalogue.insert(id(n), known);
    }
    let [text, json] = written(&plan, Some(&after), Some(7), true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Beside them one of 73,400,320 bytes was deleted, and one of no known size.
    assert_eq!(json["bytes"], 83_400_320);
    assert_eq!(json["unmeasured"], 2);
    assert!(text.contains("; at least 83.4 MB deleted"), "{text}");
}

#[test]
fn what_v2_deleted_has_no_time_up_to_which_it_can_be_taken_back() {
    let (plan, after) = (planned(), after(Api::V2));
    let [_, json] = written(&plan, Some(&after), Some(7), true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let records = json["records"].as_array().unwrap();
    assert!(records.iter().all(|row| row["restorable_until"].is_null()));
    assert!(records.iter().any(|row| row["status"] == "retired"));
}

#[test]
fn a_run_without_a_record_has_a_receipt_that_says_so() {
    let plan = planned();
    let [idle, json] = written(&plan, None, None, true);
    let [lost, _] = written(&plan, None, Some(7), false);
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed["receipt"], serde_json::Value::Null);
    insta::assert_snapshot!([idle, json, lost].join("\n"));
}
