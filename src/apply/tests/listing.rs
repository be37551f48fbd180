//! V4: plans of what is listed, and runs that carry them out.

use std::sync::Arc;

use super::*;
use crate::apply::Options;
use crate::apply::strategy::Direct;
use crate::apply::tests::bench::plan_of;
use crate::apply::tests::served::V4;
use crate::asset::Kind;
use crate::inventory::{Facts, Inventory, Seen};
use crate::manifest::document::{Details, Entry, Hold, Manifests, Spot};
use crate::plan::Plan;
use crate::plan::approve::{Approved, Consent, approve};
use crate::state::{Api, Target};

pub(super) fn empty() -> State {
    let target = Target {
        api: Api::V4,
        ..state().target
    };
    State { target, ..state() }
}

/// Approves a plan of what is listed and what is held, of which nothing lies in anything.
pub(super) fn listing(state: &State, listed: &[(u128, Option<Kind>)], kept: &[u128]) -> Approved {
    listing_in(state, listed, kept, &[])
}

/// The same where folders are known to hold something.
pub(super) fn listing_in(
    state: &State,
    listed: &[(u128, Option<Kind>)],
    kept: &[u128],
    contents: &[(u128, &[u128])],
) -> Approved {
    let plan = planned_in((state, listed), kept, (&[], contents));
    approve(&plan, Consent::Auto, false).unwrap()
}

/// The same, where what lies in what goes has no delete of its own.
pub(super) fn covering(
    state: &State,
    listed: &[(u128, Option<Kind>)],
    kinds: &[(u128, Kind)],
    contents: &[(u128, &[u128])],
) -> Approved {
    let mut plan = planned_in((state, listed), &[], (kinds, contents));
    plan.cover(Api::V4);
    approve(&plan, Consent::Auto, false).unwrap()
}

/// A folder or version stack, and what is directly in it.
type Contents<'ids> = (u128, &'ids [u128]);

fn planned_in(
    (state, listed): (&State, &[(u128, Option<Kind>)]),
    kept: &[u128],
    (kinds, contents): (&[(u128, Kind)], &[Contents<'_>]),
) -> Plan {
    let spot = Spot {
        file: 0,
        line: 1,
        column: 1,
    };
    let entries = listed.iter().map(|(number, kind)| Entry {
        id: asset(*number),
        spot,
        details: kind.map(|kind| {
            Arc::new(Details {
                kind: Some(kind),
                ..Details::default()
            })
        }),
    });
    let holds = kept.iter().map(|number| Hold {
        id: asset(*number),
        spot,
        reason: "legal".into(),
        until: None,
    });
    let manifests = Manifests {
        entries: entries.collect(),
        holds: holds.collect(),
        ..Manifests::default()
    };
    let known = manifests.entries.iter().map(|entry| entry.id);
    let known = known.chain(kept.iter().map(|number| asset(*number)));
    let mut inventory = Inventory::flat(known);
    let places = inventory.places.as_mut().unwrap();
    let said = listed
        .iter()
        .filter_map(|(number, kind)| Some((*number, (*kind)?)));
    places.kinds = said
        .chain(kinds.iter().copied())
        .map(|(number, kind)| (asset(number), kind))
        .collect();
    for (folder, inside) in contents {
        let inside = inside.iter().map(|number| asset(*number));
        places.contents.insert(asset(*folder), inside.collect());
    }
    let stacks = listed
        .iter()
        .filter(|(_, kind)| *kind == Some(Kind::VersionStack));
    for (stack, inside) in contents {
        if stacks.clone().any(|(listed, _)| listed == stack) {
            let facts = Facts {
                files: Some(inside.iter().map(|number| asset(*number)).collect()),
                ..Facts::of_kind(Kind::VersionStack)
            };
            inventory.assets.insert(asset(*stack), Seen::There(facts));
        }
    }
    plan_of(&manifests, state, &inventory)
}

pub(super) fn run_on(
    server: &V4,
    known: State,
    listed: &[(u128, Option<Kind>)],
    held: &[u128],
) -> crate::apply::Ended {
    let approved = listing(&known, listed, held);
    run_approved(server, known, &approved)
}

pub(super) fn run_approved(server: &V4, known: State, approved: &Approved) -> crate::apply::Ended {
    hear_approved(server, known, approved).0
}

pub(super) fn hear_approved(
    server: &V4,
    known: State,
    approved: &Approved,
) -> (crate::apply::Ended, Vec<RunEvent>) {
    let wait = Bench::new().options.cascade_wait;
    hear_waiting(server, known, approved, wait)
}

/// The same, where the run waits so long for what goes along with folders.
pub(super) fn hear_waiting(
    server: &V4,
    known: State,
    approved: &Approved,
    cascade_wait: Duration,
) -> (crate::apply::Ended, Vec<RunEvent>) {
    let mut bench = Bench::new();
    bench.options = Options {
        canary: 5,
        cascade_wait,
        ..bench.options
    };
    let (mut session, _) = bench.open();
    session.begin(&known);
    let before = known.clone();
    let mut heard = bench::Heard::default();
    let ended = bench.run(
        &mut session,
        known,
        approved,
        server,
        &mut heard,
        inbox::<Direct>(),
    );
    let replayed = heard.0.iter().fold(before, |mut state, event| {
        state.apply(1, event);
        state
    });
    assert_eq!(replayed.counts(), ended.state.counts());
    (ended, heard.0)
}
