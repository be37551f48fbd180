//! What is on its way out, or went, with a folder that an earlier run has deleted.

use super::*;
use crate::inventory::Project;
use crate::state::RunRecord;

const HOUR: i64 = 3_600;

/// The state of an account in which run 1 deleted the folder 1 so many seconds ago.
fn deleted_ago(seconds: i64) -> State {
    let mut state = empty_state();
    state.target.api = Api::V4;
    let run = RunRecord {
        id: Uuid::nil(),
        at: at(NOW - seconds),
        provenance: crate::event::Provenance::default(),
        change: None,
        came: None,
        released: Vec::new(),
    };
    state.runs.insert(1, run);
    let retired = Record {
        at: at(NOW - seconds),
        ..record(Status::Retired(Evidence::Answer))
    };
    state.assets.insert(id(1), retired);
    state
}

/// The same, where the file 2 was listed in the folder before it was deleted.
fn listed_before(seconds: i64) -> State {
    let mut state = deleted_ago(seconds);
    let unknown = record(Status::Unknown { attempts: 1 });
    state.assets.insert(id(2), unknown);
    state.unanswered.insert(id(2), id(1));
    state
}

fn lies_in(kind: Kind, parent: u128) -> Facts {
    Facts {
        parent: Some(id(parent)),
        project: Some(id(100)),
        ..Facts::of_kind(kind)
    }
}

/// A file 2 that is there, in 3, which is there or not, in `around`; 9 is the top of the project.
fn there(is_inner_there: bool, around: u128) -> Inventory {
    let mut read = Inventory::flat([]);
    let file = Seen::There(lies_in(Kind::File, 3));
    read.assets.insert(id(2), file);
    if is_inner_there {
        read.around.insert(id(3), lies_in(Kind::Folder, around));
    }
    let project = Project {
        root: Some(id(9)),
        ..Project::default()
    };
    read.projects.insert(id(100), project);
    read
}

fn decided(state: &State, read: &Inventory, holds: Vec<Hold>) -> Plan {
    let manifests = Manifests {
        entries: vec![entry(2, None)],
        holds,
        ..Manifests::default()
    };
    plan_seen(&manifests, state, read)
}

fn on_its_way(attempts: u32) -> Decision {
    Decision::Resolve {
        listed: false,
        attempts,
        with: Some(id(1)),
    }
}

#[test]
fn what_is_there_though_its_folder_was_deleted_is_on_its_way_out_for_a_day() {
    for (state, read, expected) in [
        (listed_before(60), there(true, 1), on_its_way(1)),
        // The folder in which it lies is not there any more either.
        (listed_before(60), there(false, 1), on_its_way(1)),
        (listed_before(23 * HOUR), there(true, 1), on_its_way(1)),
        (listed_before(24 * HOUR), there(true, 1), resolve(true, 1)),
        // Somebody has moved it, or what it lies in, elsewhere.
        (listed_before(60), there(true, 9), resolve(true, 1)),
        // It was listed in no folder by a run, and its place shows it.
        (deleted_ago(60), there(true, 1), on_its_way(0)),
        (deleted_ago(60), there(true, 9), Decision::Retire),
        (deleted_ago(24 * HOUR), there(true, 1), Decision::Retire),
    ] {
        let plan = decided(&state, &read, Vec::new());
        assert_eq!(plan.steps[0].decision, expected, "{read:?}");
    }
    // Somebody has restored the folder, with what is in it, and means to keep that.
    let mut back = there(true, 1);
    back.around.insert(id(1), lies_in(Kind::Folder, 9));
    let plan = decided(&listed_before(60), &back, Vec::new());
    let drift = Decision::Drift {
        recorded: crate::plan::decide::Recorded::Retired,
        at: at(NOW - 60),
        again: None,
    };
    assert_eq!(plan.steps[0].decision, drift);
}

#[test]
fn what_is_held_on_its_way_out_is_read_and_kept_in_mind() {
    let hold = Hold {
        id: id(2),
        spot: SPOT,
        reason: "legal".into(),
        until: None,
    };
    let plan = decided(&listed_before(60), &there(true, 1), vec![hold]);
    assert!(matches!(plan.steps[0].decision, Decision::Held { .. }));
    assert_eq!(plan.unsettled[0].with, Some(id(1)));
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    assert_eq!(approved.leaves_with(id(2)), Some(id(1)));
    assert!(!approved.resolve()[0].listed);
}

#[test]
fn what_went_with_a_folder_that_we_deleted_is_ours_where_a_list_says_so() {
    let gone = |run| Decision::Record {
        evidence: if run {
            Evidence::With(id(1))
        } else {
            Evidence::Listed
        },
        run: run.then_some(1),
    };
    for (at_second, was_in, is_ours) in [
        (NOW - 60, vec![(2, 3), (3, 1)], true),
        (NOW - 50, vec![(2, 1)], true),
        // It was deleted before that run, or lay elsewhere, or nobody says where.
        (NOW - 61, vec![(2, 1)], false),
        (NOW - 50, vec![(2, 5)], false),
        (NOW - 50, vec![], false),
    ] {
        let mut read = Inventory::flat([]);
        let seen = Seen::Deleted {
            facts: None,
            evidence: Evidence::Listed,
        };
        read.assets.insert(id(2), seen);
        read.departed.insert(id(2), (None, at(at_second)));
        read.was_in = was_in.iter().map(|(n, of)| (id(*n), id(*of))).collect();
        let plan = decided(&deleted_ago(60), &read, Vec::new());
        assert_eq!(plan.steps[0].decision, gone(is_ours), "{was_in:?}");
        let approved = approve(&plan, Consent::Auto, false).unwrap();
        let expected = if is_ours {
            Outcome::Retired(Evidence::With(id(1)))
        } else {
            Outcome::Gone(Evidence::Listed)
        };
        assert_eq!(approved.found(), [(id(2), expected)]);
    }
}
