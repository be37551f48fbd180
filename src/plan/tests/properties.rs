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
    (proptest::option::of(-2_i64..3), any::<bool>()).prop_map(|(due, pinned)| Details {
        not_before: due.map(|due| at(NOW + due)),
        pin: pinned.then(|| Pin {
            filesize: Some(1),
            ..Pin::default()
        }),
        ..Details::default()
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
                prop_assert!(details.pin.is_none());
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
        );
        prop_assert_eq!(
            manifests.entries.len(),
            plan.steps.iter().filter(|step| step.spot.is_some()).count() + totals.unchanged
        );
    }
}
