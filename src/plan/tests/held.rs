//! Holds that the state has kept, and what lifts them.

use std::collections::BTreeMap;

use super::*;
use crate::event::{HoldChanges, Provenance, Released, SeenHold, Subject};
use crate::inventory::Project;
use crate::manifest::document::Release;
use crate::plan::holds::{self, HoldChange};
use crate::state::{KeptHold, RunRecord};

const REASON: &str = "legal";

fn hold(n: u128, until: Option<i64>) -> Hold {
    Hold {
        id: id(n),
        spot: SPOT,
        reason: REASON.into(),
        until: until.map(|second| at(NOW + second)),
    }
}

fn kept(until: Option<i64>) -> KeptHold {
    KeptHold {
        reason: REASON.into(),
        until: until.map(|second| at(NOW + second)),
        run: 1,
        at: at(1),
    }
}

fn release(held: Subject) -> Release {
    Release {
        held,
        spot: SPOT,
        reason: "closed".into(),
        ticket: Some("LEGAL-90".into()),
    }
}

/// A plan for asset 1, which is listed, with lines, kept holds and releases of it.
fn planned(lines: &[Hold], holds: Option<KeptHold>, releases: &[Release]) -> Plan {
    let manifests = Manifests {
        entries: vec![entry(1, None)],
        holds: lines.to_vec(),
        releases: releases.to_vec(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    state.holds = holds
        .into_iter()
        .map(|hold| (Subject::Asset(id(1)), hold))
        .collect();
    plan_of(&manifests, &state)
}

fn is_held(plan: &Plan) -> bool {
    matches!(plan.steps[0].decision, Decision::Held { .. })
}

#[test]
fn each_row_of_lines_kept_holds_and_releases() {
    let free = || release(Subject::Asset(id(1)));
    let kept_now = Some(HoldChange::Kept);
    let released = Some(HoldChange::Released {
        reason: "closed".into(),
        ticket: Some("LEGAL-90".into()),
        at: ":1:1".into(),
    });
    let ended = Some(HoldChange::Ended);
    let line = |until| vec![hold(1, until)];
    // The lines, what is kept, whether it is released; whether it is held, and what changes.
    for (lines, before, releases, held, change) in [
        (line(None), None, vec![], true, Some(kept_now.clone())),
        (line(None), Some(kept(None)), vec![], true, Some(None)),
        // A nearer moment lifts nothing, and a later one is kept.
        (line(Some(1)), Some(kept(None)), vec![], true, Some(None)),
        (line(Some(1)), Some(kept(Some(5))), vec![], true, Some(None)),
        (
            line(Some(5)),
            Some(kept(Some(1))),
            vec![],
            true,
            Some(kept_now.clone()),
        ),
        (
            line(None),
            Some(kept(Some(5))),
            vec![],
            true,
            Some(kept_now.clone()),
        ),
        // A line that is gone lifts nothing, and neither does one whose moment has come.
        (vec![], Some(kept(None)), vec![], true, Some(None)),
        (line(Some(0)), Some(kept(None)), vec![], true, Some(None)),
        (vec![], Some(kept(Some(1))), vec![], true, Some(None)),
        // What was kept up to now ends now, and not a moment before.
        (
            vec![],
            Some(kept(Some(0))),
            vec![],
            false,
            Some(ended.clone()),
        ),
        (
            vec![],
            Some(kept(Some(0))),
            vec![free()],
            false,
            Some(ended),
        ),
        // A release lifts what is kept, and a line counts for more.
        (
            vec![],
            Some(kept(None)),
            vec![free()],
            false,
            Some(released),
        ),
        (line(None), Some(kept(None)), vec![free()], true, Some(None)),
        (line(None), None, vec![free()], true, Some(kept_now)),
        // The release of a project is none of the asset of that id.
        (
            vec![],
            Some(kept(None)),
            vec![release(Subject::Project(id(1)))],
            true,
            Some(None),
        ),
        (vec![], None, vec![free()], false, None),
        (line(Some(0)), None, vec![], false, None),
    ] {
        let plan = planned(&lines, before.clone(), &releases);
        let case = format!("{lines:?} {before:?} {releases:?}");
        assert_eq!(is_held(&plan), held, "{case}");
        let changes: Vec<_> = plan.holds.iter().map(|hold| hold.change.clone()).collect();
        assert_eq!(changes, Vec::from_iter(change), "{case}");
    }
}

#[test]
fn both_moments_are_told_where_a_line_says_the_nearer_one() {
    let moments = |line, before| {
        let plan = planned(&[hold(1, line)], Some(kept(before)), &[]);
        (plan.holds[0].until, plan.holds[0].said)
    };
    let after = |second| Some(at(NOW + second));
    assert_eq!(moments(Some(1), None), (None, after(1)));
    assert_eq!(moments(Some(1), Some(5)), (after(5), after(1)));
    assert_eq!(moments(Some(5), Some(1)), (after(5), None));
    assert_eq!(moments(None, Some(1)), (None, None));
}

#[test]
fn what_a_run_has_changed_is_not_changed_again() {
    let manifests = Manifests {
        entries: vec![entry(1, None)],
        holds: vec![hold(1, None)],
        project_holds: vec![hold(7, Some(5))],
        ..Manifests::default()
    };
    let mut state = empty_state();
    state.holds = BTreeMap::from([
        (Subject::Asset(id(2)), kept(None)),
        (Subject::Project(id(3)), kept(Some(0))),
    ]);
    let manifests = Manifests {
        releases: vec![release(Subject::Asset(id(2)))],
        ..manifests
    };
    let plan = plan_of(&manifests, &state);
    assert!(plan.has_work() && plan.totals.changes() == 0);
    let changes = holds::changes(&plan.holds);
    let seen = |held, until: Option<i64>| SeenHold {
        held,
        reason: REASON.into(),
        until: until.map(|second| at(NOW + second)),
    };
    assert_eq!(
        changes,
        HoldChanges {
            kept: vec![
                seen(Subject::Asset(id(1)), None),
                seen(Subject::Project(id(7)), Some(5)),
            ],
            released: vec![Released {
                held: Subject::Asset(id(2)),
                reason: "closed".into(),
                ticket: Some("LEGAL-90".into()),
            }],
            ended: vec![Subject::Project(id(3))],
        }
    );
    let approved = approve(&plan, Consent::Auto, true).unwrap();
    let event = approved.hold_changes(at(NOW)).unwrap();
    state.apply(1, &event);
    let held: Vec<Subject> = state.holds.keys().copied().collect();
    assert_eq!(held, [Subject::Asset(id(1)), Subject::Project(id(7))]);
    let again = plan_of(&manifests, &state);
    assert!(!again.has_work());
    let approved = approve(&again, Consent::Auto, true).unwrap();
    assert_eq!(approved.hold_changes(at(NOW)), None);
}

#[test]
fn what_another_manifest_lists_with_a_date_stays_until_then() {
    let of = |date: Option<i64>, lines: &[Hold]| {
        let date = date.map(|second| (at(NOW + second), SPOT));
        let manifests = Manifests {
            entries: vec![entry(1, None)],
            elsewhere: [(id(1), date)].into(),
            holds: lines.to_vec(),
            ..Manifests::default()
        };
        let plan = plan_of(&manifests, &empty_state());
        let decision = &plan.steps[0].decision;
        if let Decision::Held { until, .. } = decision {
            return Some(*until);
        }
        assert_eq!(*decision, Decision::Retire);
        None
    };
    assert_eq!(of(Some(1), &[]), Some(Some(at(NOW + 1))));
    assert_eq!(of(Some(0), &[]), None, "the moment has come");
    assert_eq!(of(Some(-1), &[]), None);
    assert_eq!(of(None, &[]), None);
    assert_eq!(of(Some(1), &[hold(1, None)]), Some(None), "a hold is more");
}

#[test]
fn a_hold_has_the_name_of_what_it_holds_wherever_that_was_read() {
    let manifests = Manifests {
        holds: vec![hold(1, None), hold(2, None), hold(3, None), hold(4, None)],
        project_holds: vec![hold(5, None)],
        ..Manifests::default()
    };
    let named = |name: &str| Project {
        name: Some(name.into()),
        ..Project::default()
    };
    let mut live = Inventory::flat((1..5).map(id));
    let file = Facts {
        name: Some("a.mov".into()),
        ..Facts::of_kind(Kind::File)
    };
    live.assets.insert(id(1), Seen::There(file));
    let places = live.places.as_mut().unwrap();
    places.names.insert(id(2), "day 1".into());
    live.projects = [(id(3), named("Tide")), (id(5), named("Reef"))].into();
    let plan = plan_seen(&manifests, &empty_state(), &live);
    let found: Vec<_> = plan.holds.iter().map(|hold| hold.name.as_deref()).collect();
    let expected = [
        Some("a.mov"),
        Some("day 1"),
        Some("Tide"),
        None,
        Some("Reef"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_release_is_idle_that_lifts_nothing_and_never_has() {
    let held = |n| Subject::Asset(id(n));
    let manifests = Manifests {
        holds: vec![hold(1, None)],
        releases: (1..=4).map(|n| release(held(n))).collect(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    state.holds = [(held(2), kept(None))].into();
    // A run has lifted the third.
    let lifted = Released {
        held: held(3),
        reason: "closed".into(),
        ticket: None,
    };
    let run = RunRecord {
        id: Uuid::nil(),
        at: at(1),
        provenance: Provenance::default(),
        change: None,
        released: vec![lifted],
        came: None,
    };
    state.runs.insert(1, run);
    let idle: Vec<_> = holds::idle_releases(&manifests, &state).collect();
    assert_eq!(idle, [(held(4), ":1:1".into())]);
}

#[test]
fn what_is_held_is_told_by_asset_and_by_project_as_long_as_it_is() {
    let manifests = Manifests {
        holds: vec![hold(1, None), hold(2, Some(0))],
        project_holds: vec![hold(5, Some(1))],
        ..Manifests::default()
    };
    let before = [
        (Subject::Asset(id(3)), kept(None)),
        (Subject::Asset(id(4)), kept(Some(0))),
    ]
    .into();
    let found = holds::held(&manifests, &before, at(NOW));
    assert_eq!(found, [1, 3, 5].map(id).into());
}
