//! What is held back for the sake of something protected, beside what the state has of it.

use super::tree::Tree;
use super::*;
use crate::event::{Kept, RunEvent};
use crate::plan::KeptSince;
use crate::plan::part;

/// Folders 2, 3 and 4 in one another, with file 5 in the innermost; 6 and 7 lie beside them.
fn tree() -> Tree {
    let mut tree = Tree {
        kinds: vec![Kind::Folder; 5],
        parents: vec![0, 0, 0, 2, 3, 4, 0, 6],
        bytes: vec![1; 14],
        gone: BTreeSet::new(),
    };
    tree.kinds.resize(14, Kind::File);
    tree.kinds[6] = Kind::Folder;
    tree.parents.resize(14, 0);
    tree
}

/// A plan over what is listed, where 5 is held if that is so.
fn planned(listed: &[u128], elsewhere: &[u128], is_held: bool, state: &State) -> Plan {
    let hold = Hold {
        id: id(5),
        spot: SPOT,
        reason: "legal".into(),
        until: None,
    };
    let manifests = Manifests {
        entries: listed.iter().map(|n| entry(*n, None)).collect(),
        holds: if is_held { vec![hold] } else { vec![] },
        elsewhere: elsewhere.iter().map(|n| (id(*n), None)).collect(),
        ..Manifests::default()
    };
    let none = BTreeSet::new();
    let mut read = tree().read(listed, &none, &none);
    if let Some(places) = &mut read.places {
        places.held = is_held.then(|| (id(5), true)).into_iter().collect();
    }
    plan_seen(&manifests, state, &read)
}

fn before() -> State {
    let mut state = empty_state();
    state.target.api = Api::V4;
    state
}

/// The state after a run of a plan that does nothing else.
fn after(plan: &Plan, state: &State, run: u64) -> State {
    let mut after = state.clone();
    plan.says_kept()
        .iter()
        .for_each(|said| after.apply(run, said));
    after
}

fn path(kept: &Kept) -> Vec<AssetId> {
    kept.path.0.iter().map(|point| point.id).collect()
}

#[test]
fn what_a_plan_holds_back_is_new_once() {
    let first = planned(&[2, 6], &[], true, &before());
    let [kept] = &*first.kept() else {
        panic!("{:?}", first.kept())
    };
    assert_eq!(
        (kept.id, path(kept)),
        (id(2), [2, 3, 4, 5].map(id).to_vec())
    );
    assert!(first.keeps_other() && first.has_news());
    let approved = approve(&first, Consent::Auto, false).unwrap();
    assert_eq!(approved.kept(), first.says_kept());

    let state = after(&first, &before(), 1);
    let again = planned(&[2], &[], true, &state);
    assert!(!again.keeps_other());
    assert!(again.says_kept().is_some(), "a run says all of it");
    assert_eq!(after(&again, &state, 2), state);
    let unknown = KeptSince {
        known: [id(2)].into(),
        over: vec![],
    };
    assert_eq!(again.kept_since, unknown);
}

#[test]
fn what_is_not_held_back_any_more_is_dropped_by_whoever_plans_over_it() {
    let state = after(&planned(&[2], &[], true, &before()), &before(), 1);
    let over = |plan: &Plan| match plan.says_kept() {
        Some(RunEvent::Kept { kept, over }) => {
            assert!(kept.is_empty(), "{kept:?}");
            over
        }
        Some(_) | None => vec![],
    };
    // The hold is gone, or the line is.
    let free = planned(&[2], &[], false, &state);
    assert_eq!(over(&free), [id(2)]);
    let unlisted = planned(&[6], &[], false, &state);
    assert_eq!(over(&unlisted), [id(2)]);
    assert!(unlisted.keeps_other());
    assert!(after(&unlisted, &state, 2).kept.is_empty());
    // Another manifest lists it, which PATH leaves out.
    let elsewhere = planned(&[6], &[2], false, &state);
    assert_eq!(over(&elsewhere), []);
    assert!(!elsewhere.keeps_other());

    // A part says only what it has planned.
    for (text, of_free) in [(id(2), vec![id(2)]), (id(6), vec![])] {
        let only = [format!("id={text}").parse().unwrap()];
        let mut part = planned(&[2, 6], &[], false, &state);
        part::leave_out(&mut part, &only, &[], None);
        assert_eq!(over(&part), of_free, "{text}");
    }
    let only = [format!("id={}", id(6)).parse().unwrap()];
    let mut part = planned(&[2, 6], &[], true, &before());
    part::leave_out(&mut part, &only, &[], None);
    assert_eq!(part.says_kept(), None);
    let mut part = planned(&[6], &[], false, &state);
    part::leave_out(&mut part, &only, &[], None);
    assert_eq!(
        part.says_kept(),
        None,
        "it is listed no more, and not chosen"
    );
}

#[test]
fn a_plan_that_read_nothing_says_nothing_of_it() {
    let state = after(&planned(&[2], &[], true, &before()), &before(), 1);
    let manifests = Manifests {
        entries: vec![entry(2, None)],
        ..Manifests::default()
    };
    let mut plan = make(Inputs {
        inventory: None,
        manifests: &manifests,
        state: &state,
        check_retired: false,
        rules: Rules::default(),
        now: at(NOW),
    });
    plan.shelter = Shelter::NotChecked;
    assert_eq!(plan.says_kept(), None);
    assert!(!plan.keeps_other());
}
