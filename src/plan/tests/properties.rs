//! What holds for every plan.

use proptest::prelude::*;

use super::*;

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Retired(Evidence::Answer)),
        Just(Status::Gone(Evidence::Read)),
        Just(Status::Missing),
        (1_u32..8).prop_map(failed),
        (1_u32..8).prop_map(|attempts| Status::Unknown { attempts }),
    ]
}

fn details() -> impl Strategy<Value = Details> {
    let due = proptest::option::of(-2_i64..3);
    (due, any::<bool>(), any::<bool>()).prop_map(|(due, pinned, again)| Details {
        not_before: due.map(|due| at(NOW + due)),
        pin: pinned.then(|| Pin {
            filesize: Some(1),
            ..Pin::default()
        }),
        again,
        ..Details::default()
    })
}

/// What is read of an asset; nothing where the server had trouble.
fn seen() -> impl Strategy<Value = Option<Seen>> {
    let there = |bytes| {
        Some(Seen::There(Facts {
            bytes,
            ..Facts::of_kind(Kind::File)
        }))
    };
    prop_oneof![
        4 => Just(there(Some(1))),
        2 => Just(there(Some(2))),
        1 => Just(there(None)),
        1 => Just(Some(deleted())),
        1 => Just(Some(Seen::Missing)),
        1 => Just(Some(Seen::Refused { message: "No.".into() })),
        1 => Just(None),
    ]
}

fn deleted() -> Seen {
    Seen::Deleted {
        facts: None,
        evidence: Evidence::Read,
    }
}

/// A live account, in which each asset was asked for.
fn live() -> impl Strategy<Value = Inventory> {
    proptest::collection::vec(seen(), 40).prop_map(|seen| Inventory {
        assets: (0..)
            .zip(seen)
            .filter_map(|(n, seen)| Some((id(n), seen?)))
            .collect(),
        asked_all: true,
        ..Inventory::flat((0..40).map(id))
    })
}

/// Ids come from a small range, so that listings, records and holds often meet.
fn world() -> impl Strategy<Value = (Manifests, State)> {
    let entries =
        proptest::collection::btree_map(0_u128..40, proptest::option::of(details()), 0..30);
    let holds = proptest::collection::btree_map(0_u128..40, proptest::option::of(-2_i64..3), 0..6);
    let records = proptest::collection::btree_map(0_u128..40, status(), 0..30);
    (entries, holds, records).prop_flat_map(|(entries, holds, records)| {
        let entries: Vec<Entry> = entries
            .into_iter()
            .map(|(n, details)| entry(n, details))
            .collect();
        Just(entries).prop_shuffle().prop_map(move |entries| {
            let manifests = Manifests {
                entries,
                holds: holds
                    .iter()
                    .map(|(n, until)| Hold {
                        id: id(*n),
                        spot: SPOT,
                        reason: "legal".into(),
                        until: until.map(|until| at(NOW + until)),
                    })
                    .collect(),
                ..Manifests::default()
            };
            let mut state = empty_state();
            state.assets = records
                .iter()
                .map(|(n, status)| (id(*n), record(status.clone())))
                .collect();
            (manifests, state)
        })
    })
}

proptest! {
    #[test]
    fn nothing_is_deleted_that_was_not_read_or_is_other_or_in_drift(
        (manifests, state) in world(),
        live in live(),
    ) {
        let plan = plan_seen(&manifests, &state, &live);
        prop_assert_eq!(&plan, &plan_seen(&manifests, &state, &live));
        let approved = approve(&plan, Consent::Auto, true).unwrap();
        for id in approved.delete() {
            let entry = manifests.entries.iter().find(|entry| entry.id == *id).unwrap();
            let facts = live.assets.get(id).and_then(Seen::facts);
            prop_assert!(facts.is_some(), "{id} was not read");
            let details = entry.details.as_deref();
            if details.is_some_and(|details| details.pin.is_some()) {
                prop_assert_eq!(facts.unwrap().bytes, Some(1));
            }
            let known = state.assets.get(id).map(|record| record.status.name());
            let again = details.is_some_and(|details| details.again);
            prop_assert!(again || !matches!(known, Some("retired" | "gone")));
        }
        // What was sent before and not answered is deleted only by a run that has read it.
        for resolve in approved.resolve().iter().filter(|resolve| resolve.listed) {
            let entry = manifests.entries.iter().find(|entry| entry.id == resolve.id).unwrap();
            let details = entry.details.as_deref();
            let facts = live.assets.get(&resolve.id).and_then(Seen::facts);
            prop_assert!(live.assets.contains_key(&resolve.id));
            if let (Some(facts), true) = (facts, details.is_some_and(|details| details.pin.is_some())) {
                prop_assert_eq!(facts.bytes, Some(1));
            }
        }
    }

    #[test]
    fn after_success_a_live_plan_sends_nothing((manifests, mut state) in world(), mut live in live()) {
        let plan = plan_seen(&manifests, &state, &live);
        let approved = approve(&plan, Consent::Auto, true).unwrap();
        let sent: Vec<AssetId> = approved.delete().iter().copied()
            .chain(approved.resolve().iter().map(|resolve| resolve.id))
            .collect();
        live.assets.extend(sent.iter().map(|id| (*id, deleted())));
        let outcomes = sent.into_iter()
            .map(|id| (id, Outcome::Retired(Evidence::Answer)))
            .collect();
        state.apply(1, &RunEvent::Answered { batch: 1, at: at(NOW), outcomes });
        state.apply(1, &RunEvent::Forgotten { at: at(NOW), ids: approved.forget().to_vec() });
        let again = plan_seen(&manifests, &state, &live);
        let nothing = approve(&again, Consent::Auto, true).unwrap();
        prop_assert!(!nothing.sends() && nothing.forget().is_empty());
    }

    #[test]
    fn only_listed_assets_that_nothing_keeps_are_deleted((manifests, state) in world()) {
        let plan = plan_of(&manifests, &state);
        let approved = approve(&plan, Consent::Auto, true).unwrap();
        let resolved = approved.resolve().iter().filter(|resolve| resolve.listed);
        for id in approved.delete().iter().copied().chain(resolved.map(|resolve| resolve.id)) {
            let entry = manifests.entries.iter().find(|entry| entry.id == id);
            prop_assert!(entry.is_some(), "{id} is not listed");
            let held = manifests.holds.iter().any(|hold| {
                hold.id == id && hold.until.is_none_or(|until| until > at(NOW))
            });
            prop_assert!(!held, "{id} is held");
            if let Some(details) = entry.and_then(|entry| entry.details.as_ref()) {
                prop_assert!(details.not_before.is_none_or(|due| due <= at(NOW)));
            }
            let known = state.assets.get(&id).map(|record| record.status.name());
            prop_assert!(!matches!(known, Some("retired" | "gone")));
        }
    }

    #[test]
    fn a_plan_after_success_has_nothing_to_do((manifests, mut state) in world()) {
        let plan = plan_of(&manifests, &state);
        let approved = approve(&plan, Consent::Auto, true).unwrap();
        let outcomes = approved.delete().iter().copied()
            .chain(approved.resolve().iter().map(|resolve| resolve.id))
            .map(|id| (id, Outcome::Retired(Evidence::Answer)))
            .collect();
        state.apply(1, &RunEvent::Answered { batch: 1, at: at(NOW), outcomes });
        state.apply(1, &RunEvent::Forgotten { at: at(NOW), ids: approved.forget().to_vec() });
        let again = plan_of(&manifests, &state);
        let nothing = approve(&again, Consent::Auto, true).unwrap();
        prop_assert!(!nothing.sends() && nothing.forget().is_empty());
        prop_assert_eq!(again.totals.changes(), 0);
    }

    #[test]
    fn the_order_of_the_listing_does_not_matter((manifests, state) in world()) {
        let plan = plan_of(&manifests, &state);
        let mut sorted = manifests.clone();
        sorted.entries.sort_by_key(|entry| entry.id);
        prop_assert_eq!(&plan, &plan_of(&sorted, &state));
        prop_assert!(plan.steps.is_sorted_by_key(|step| step.id));
        let totals = plan.totals;
        prop_assert_eq!(
            plan.steps.len(),
            totals.changes() + totals.blocked + totals.defer + totals.held + totals.mismatch
                + totals.unread
        );
        prop_assert_eq!(
            manifests.entries.len(),
            plan.steps.iter().filter(|step| step.spot.is_some()).count() + totals.unchanged
        );
    }
}
