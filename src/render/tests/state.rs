//! A state as text and as JSON.

use std::collections::BTreeMap;

use super::*;
use crate::event::{Ending, Listener, Provenance, Released, RunEvent, StopReason, Subject};
use crate::event::{Path, Waypoint, Why};
use crate::inventory::{Known, Location};
use crate::outcome::Evidence;
use crate::render::report::SummaryBuilder;
use crate::render::{Style, json, model, state as render};
use crate::state::{
    Api, Catalogue, Failed, KeptBack, KeptHold, Record, RunRecord, State, Status, Target,
};

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn known() -> State {
    let run = |n| RunRecord {
        id: Uuid::from_u128(n),
        at: at("2026-07-01T10:00:00Z"),
        provenance: Provenance {
            actor: Some("ci\u{1b}[2J".to_owned()),
            commit: Some("8e75841".to_owned()),
            plan: Some("sha256:00".to_owned()),
            ..Provenance::default()
        },
        change: None,
        released: (n == 25)
            .then(|| Released {
                held: Subject::Project(id(6)),
                reason: "closed by legal".into(),
                ticket: Some("LEGAL-90".into()),
            })
            .into_iter()
            .collect(),
        came: None,
    };
    let record = |status, run| Record {
        status,
        run,
        at: at("2026-07-01T10:00:04.5Z"),
    };
    let hold = |until| KeptHold {
        reason: HOSTILE.into(),
        until,
        run: 7,
        at: at("2026-07-01T10:00:00Z"),
    };
    let failed = Status::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: HOSTILE.into(),
        attempts: 2,
    }));
    let mut catalogue = Catalogue::default();
    let in_tide = |folder: &str| {
        let location = Location {
            project: Some("Tide".into()),
            folder: folder.into(),
        };
        Some(Arc::new(location))
    };
    for (n, name, folder, bytes) in [
        (1, "A001_C003.mov", "dailies/day 1", Some(73_400_320)),
        (3, HOSTILE, "dailies", None),
    ] {
        let known = Known {
            name: Some(name.into()),
            location: in_tide(folder),
            parent: Some(id(9)),
            bytes,
        };
        catalogue.insert(id(n), known);
    }
    State {
        lineage: Uuid::nil(),
        serial: 7,
        target: Target {
            api: Api::V2,
            endpoint: "https://api.frame.io".to_owned(),
            account: Some("5f0c".to_owned()),
        },
        runs: (1..=25_u64).map(|n| (n, run(n.into()))).collect(),
        assets: BTreeMap::from([
            (id(1), record(Status::Retired(Evidence::Earlier), 7)),
            (id(2), record(Status::Gone(Evidence::Listed), 7)),
            (id(3), record(failed, 25)),
            (id(4), record(Status::Unknown { attempts: 1 }, 99)),
        ]),
        files: BTreeMap::new(),
        again: BTreeMap::new(),
        staging: Vec::new(),
        unanswered: BTreeMap::new(),
        sent: BTreeMap::new(),
        under_way: BTreeMap::new(),
        holds: BTreeMap::from([
            (Subject::Asset(id(5)), hold(None)),
            (
                Subject::Project(id(9)),
                hold(Some(at("2027-06-30T12:00:00Z"))),
            ),
        ]),
        catalogue,
        marks: BTreeMap::new(),
        kept: BTreeMap::from([(id(3), kept())]),
    }
}

/// What keeps asset 3: something in it, two folders down.
fn kept() -> KeptBack {
    let waypoint = |n, name: Option<&str>| Waypoint {
        id: id(n),
        name: name.map(Into::into),
    };
    let path = vec![
        waypoint(3, Some("dailies")),
        waypoint(7, None),
        waypoint(8, Some(HOSTILE)),
    ];
    KeptBack {
        why: Why::Hold(HOSTILE.into()),
        until: Some(at("2027-06-30T12:00:00Z")),
        path: std::sync::Arc::new(Path(path)),
        run: 7,
    }
}

fn empty() -> State {
    State::new(
        Uuid::nil(),
        Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        },
    )
}

#[test]
fn the_table_has_a_line_an_asset() {
    let state = known();
    let rows = || state.assets.iter().map(|(id, record)| (*id, record));
    insta::assert_snapshot!(text(|sink| {
        render::list(&state, &mut rows(), Style::default(), sink)?;
        render::list(&state, &mut rows().skip(9), Style::default(), sink)?;
        json::list(&state, &mut rows(), sink)?;
        json::list(&state, &mut rows().skip(9), sink)
    }));
}

#[test]
fn one_asset_is_shown_in_full() {
    let state = known();
    insta::assert_snapshot!(text(|sink| {
        for n in 1..=5 {
            render::show(id(n), &state, Style::default(), sink)?;
        }
        json::show(id(3), &state, sink)?;
        json::show(id(5), &state, sink)
    }));
}

#[test]
fn a_state_is_shown_as_a_whole() {
    insta::assert_snapshot!(text(|sink| {
        for (state, path) in [(known(), "retire.state.json"), (empty(), "new\n.json")] {
            let report = model::state::state(&state, (path, None), at("2026-07-02T10:00:00Z"));
            render::overview(&report, None, Style::default(), sink)?;
        }
        json::overview(&empty(), None, sink)
    }));
    let whole = text(|sink| json::overview(&known(), None, sink));
    let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["runs"].as_array().unwrap().len(), 25);
    assert_eq!(
        whole["failed"][0]["message"], HOSTILE,
        "the same text to a program"
    );
    assert_eq!(whole["unknown"][0]["attempts"], 1);
}

#[test]
fn the_end_of_a_run_is_one_line_of_json() {
    let mut builder = SummaryBuilder::new(&each_thing(), "retire.state.json");
    builder.on_event(&RunEvent::Ended {
        at: at("2026-07-01T10:00:00Z"),
        ending: Ending::Stopped(StopReason::NotReachable {
            detail: HOSTILE.to_owned(),
        }),
    });
    let mut summary = builder.finish();
    summary.unknown.push(id(1));
    summary.failed.push(crate::render::report::FailedAsset {
        id: id(2),
        kind: FailureKind::Conflict,
        message: "No.".into(),
        attempts: 3,
    });
    insta::assert_snapshot!(text(|sink| json::summary(&summary, sink)));
}
