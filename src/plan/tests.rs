//! Rows and properties of the planner.

use proptest::prelude::*;
use uuid::Uuid;

use super::approve::{Approved, Consent, Refused, approve};
use super::decide::Mismatch;
use super::*;
use crate::event::RunEvent;
use crate::inventory::{Facts, Inventory, Lies, Places, Seen};
use crate::manifest::document::{Hold, MissingPolicy, Pin};
use crate::outcome::{Evidence, FailureKind, Outcome};
use crate::state::{Api, Failed, Home, Standing};

const NOW: i64 = 1_800_000_000;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const SPOT: Spot = Spot {
    file: 0,
    line: 1,
    column: 1,
};

fn entry(n: u128, details: Option<Details>) -> Entry {
    Entry {
        id: id(n),
        spot: SPOT,
        details: details.map(Arc::new),
    }
}

fn record(standing: Standing) -> Record {
    Record {
        standing,
        evidence: None,
        run: 1,
        at: at(1),
    }
}

fn failed(attempts: u32) -> Standing {
    Standing::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: "No.".into(),
        attempts,
    }))
}

fn empty_state() -> State {
    State::new(
        Uuid::nil(),
        Home {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        },
    )
}

fn row(entry: Option<&Entry>, standing: Option<Standing>, held: bool) -> Option<Decision> {
    row_of(entry, standing, held, None)
}

fn row_of(
    entry: Option<&Entry>,
    standing: Option<Standing>,
    held: bool,
    seen: Option<&Seen>,
) -> Option<Decision> {
    let record = standing.map(record);
    let reason: Arc<str> = "legal".into();
    let case = Case {
        entry,
        record: record.as_ref(),
        hold: held.then_some(HoldInForce {
            reason: &reason,
            until: None,
        }),
        seen,
    };
    decide(case, Rules::default(), at(NOW))
}

#[test]
fn each_row_of_the_table() {
    let unknown = || Some(Standing::Unknown { attempts: 2 });
    let bare = entry(1, None);
    let listed = Some(&bare);
    let due_later = entry(
        1,
        Some(Details {
            not_before: Some(at(NOW + 1)),
            ..Details::default()
        }),
    );
    let due_now = entry(
        1,
        Some(Details {
            not_before: Some(at(NOW)),
            ..Details::default()
        }),
    );
    let pinned = entry(
        1,
        Some(Details {
            pin: Some(Pin {
                filesize: Some(1),
                ..Pin::default()
            }),
            ..Details::default()
        }),
    );
    let retry = |attempts| {
        Some(Decision::Retry {
            attempts,
            kind: FailureKind::Permission,
            message: "No.".into(),
        })
    };
    let held = Some(Decision::Held {
        why: Why::Hold("legal".into()),
        until: None,
        path: None,
    });
    let deferred = Some(Decision::Defer { until: at(NOW + 1) });
    let unchanged = Some(Decision::Unchanged { listed: true });
    let history = Some(Decision::Unchanged { listed: false });

    assert_eq!(row(None, None, false), None);
    assert_eq!(row(None, None, true), None);

    assert_eq!(row(listed, None, false), Some(Decision::Retire));
    assert_eq!(row(listed, Some(failed(4)), false), retry(4));
    assert_eq!(
        row(listed, Some(failed(5)), false),
        Some(Decision::Blocked {
            attempts: 5,
            kind: FailureKind::Permission,
            message: "No.".into(),
        })
    );
    assert_eq!(
        row(listed, unknown(), false),
        Some(Decision::Resolve {
            listed: true,
            attempts: 2
        })
    );
    assert_eq!(row(listed, Some(Standing::Retired), false), unchanged);
    assert_eq!(row(listed, Some(Standing::Gone), false), unchanged);

    for standing in [None, Some(failed(1)), Some(failed(9)), unknown()] {
        assert_eq!(row(Some(&due_later), standing.clone(), false), deferred);
        assert_eq!(row(listed, standing.clone(), true), held);
        // A hold is said before a date: it is the stronger reason.
        assert_eq!(row(Some(&due_later), standing.clone(), true), held);
        assert_eq!(
            row(Some(&pinned), standing, false),
            Some(Decision::Mismatch(Mismatch::NotRead))
        );
    }
    for standing in [Standing::Retired, Standing::Gone] {
        assert_eq!(
            row(Some(&due_later), Some(standing.clone()), false),
            unchanged
        );
        assert_eq!(row(listed, Some(standing.clone()), true), unchanged);
        assert_eq!(row(Some(&pinned), Some(standing.clone()), false), unchanged);
        assert_eq!(row(None, Some(standing), false), history);
    }
    assert_eq!(row(Some(&due_now), None, false), Some(Decision::Retire));

    assert_eq!(row(None, Some(failed(1)), false), Some(Decision::Forget));
    assert_eq!(
        row(None, unknown(), false),
        Some(Decision::Resolve {
            listed: false,
            attempts: 2
        })
    );
}

#[test]
fn what_a_live_reading_found_decides() {
    let bare = entry(1, None);
    let accepted = entry(
        1,
        Some(Details {
            missing: Some(MissingPolicy::Accept),
            ..Details::default()
        }),
    );
    let later = entry(
        1,
        Some(Details {
            not_before: Some(at(NOW + 1)),
            ..Details::default()
        }),
    );
    let record = |evidence| Some(Decision::Record { evidence });
    let unknown = || Some(Standing::Unknown { attempts: 1 });
    let deleted = Seen::Deleted {
        facts: None,
        evidence: Evidence::Listed,
    };
    let there = facts(Kind::File, None);
    let message: Arc<str> = "You may not.".into();
    let refused = Seen::Refused {
        message: Arc::clone(&message),
    };
    let missing = Some(Decision::Missing);
    let unreadable = Some(Decision::Unreadable { message });
    let of = |entry, standing, seen| row_of(Some(entry), standing, false, Some(seen));
    for standing in [
        None,
        Some(failed(1)),
        Some(failed(9)),
        Some(Standing::Missing),
    ] {
        assert_eq!(
            of(&bare, standing.clone(), &deleted),
            record(Evidence::Listed)
        );
        assert_eq!(of(&bare, standing.clone(), &Seen::Missing), missing);
        assert_eq!(
            of(&accepted, standing.clone(), &Seen::Missing),
            record(Evidence::ByHand)
        );
        assert_eq!(of(&bare, standing.clone(), &refused), unreadable);
        assert_eq!(of(&accepted, standing.clone(), &refused), unreadable);
        // What is deleted is recorded whatever its date, and what is missing waits for it.
        assert_eq!(
            of(&later, standing.clone(), &deleted),
            record(Evidence::Listed)
        );
        for seen in [&Seen::Missing, &refused, &there] {
            let waits = of(&later, standing.clone(), seen);
            assert!(matches!(waits, Some(Decision::Defer { .. })));
        }
        for seen in [&deleted, &Seen::Missing, &refused, &there] {
            let held = row_of(Some(&bare), standing.clone(), true, Some(seen));
            assert!(matches!(held, Some(Decision::Held { .. })));
        }
    }
    assert_eq!(of(&bare, None, &there), Some(Decision::Retire));
    assert_eq!(
        of(&bare, Some(Standing::Missing), &there),
        Some(Decision::Retire)
    );
    // A delete that was never answered may be the reason, which the run finds out.
    for seen in [&deleted, &Seen::Missing, &refused, &there] {
        let resolve = of(&accepted, unknown(), seen);
        assert!(matches!(resolve, Some(Decision::Resolve { .. })));
        assert_eq!(row_of(None, None, false, Some(seen)), None);
    }
    // Where nothing was read, the run reads it before it sends anything.
    let read = row(Some(&bare), Some(Standing::Missing), false).unwrap();
    assert_eq!(
        read,
        Decision::Resolve {
            listed: true,
            attempts: 0
        }
    );
    assert!(read.is_missing() && read.may_delete());
    assert!(Decision::Missing.is_missing() && !Decision::Missing.may_delete());
    assert_eq!(
        row(None, Some(Standing::Missing), false),
        Some(Decision::Forget)
    );
}

#[test]
fn blocked_assets_are_retried_on_demand() {
    let bare = entry(1, None);
    let record = record(failed(9));
    let case = Case {
        entry: Some(&bare),
        record: Some(&record),
        hold: None,
        seen: None,
    };
    let rules = Rules {
        retry_blocked: true,
        ..Rules::default()
    };
    assert!(matches!(
        decide(case, rules, at(NOW)),
        Some(Decision::Retry { attempts: 9, .. })
    ));
}

#[test]
fn an_approval_fits_the_plan_or_there_is_none() {
    let manifests = Manifests {
        entries: vec![entry(1, None), entry(2, None)],
        ..Manifests::default()
    };
    let state = empty_state();
    let plan = plan_of(&manifests, &state);
    assert_eq!(
        approve(&plan, Consent::Typed(3), false),
        Err(Refused::WrongNumber {
            typed: 3,
            planned: 2
        })
    );
    assert!(approve(&plan, Consent::Typed(2), false).is_ok());

    let mut pinned = plan;
    pinned.totals.mismatch = 1;
    assert_eq!(
        approve(&pinned, Consent::Auto, false),
        Err(Refused::Mismatched(1))
    );
    assert!(approve(&pinned, Consent::Auto, true).is_ok());
}

fn facts(kind: Kind, files: Option<&[u128]>) -> Seen {
    Seen::There(Facts {
        kind,
        name: None,
        project: None,
        parent: None,
        bytes: None,
        files: files.map(|files| files.iter().map(|n| id(*n)).collect()),
    })
}

#[test]
fn a_kind_that_was_read_is_kept_and_the_manifest_beats_it() {
    let said = Details {
        kind: Some(Kind::Folder),
        ..Details::default()
    };
    let reason = Details {
        reason: Some("old".into()),
        ..Details::default()
    };
    let manifests = Manifests {
        entries: vec![
            entry(1, Some(said)),
            entry(2, Some(reason)),
            entry(3, None),
            entry(4, None),
            entry(5, None),
            entry(6, None),
        ],
        ..Manifests::default()
    };
    let mut state = empty_state();
    state
        .assets
        .insert(id(5), record(Standing::Unknown { attempts: 1 }));
    let inventory = Inventory {
        assets: [
            (id(1), facts(Kind::File, None)),
            (id(2), facts(Kind::File, None)),
            (id(3), facts(Kind::VersionStack, Some(&[30, 31]))),
            (id(5), facts(Kind::Folder, None)),
            (id(6), Seen::Missing),
        ]
        .into(),
        ..Inventory::default()
    };
    let plan = plan_seen(&manifests, &state, &inventory);
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    let kinds: Vec<_> = (1..=6).map(|n| approved.kind(id(n))).collect();
    let (folder, file) = (Some(Kind::Folder), Some(Kind::File));
    let stack = Some(Kind::VersionStack);
    assert_eq!(kinds, [folder, file, stack, None, folder, None]);
    assert_eq!(
        approved.files(id(3)).map(|files| &**files),
        Some(&[id(30), id(31)][..])
    );
    let details = plan.steps[1].details.as_ref().unwrap();
    assert_eq!(details.reason.as_deref(), Some("old"));
}

#[test]
fn a_version_stack_with_a_held_file_is_held() {
    let manifests = Manifests {
        entries: vec![entry(3, None)],
        holds: vec![Hold {
            id: id(31),
            spot: SPOT,
            reason: "legal".into(),
            until: None,
        }],
        ..Manifests::default()
    };
    let inventory = Inventory {
        assets: [(id(3), facts(Kind::VersionStack, Some(&[30, 31])))].into(),
        ..Inventory::default()
    };
    let mut state = empty_state();
    state.home.api = Api::V4;
    let unread = plan_seen(&manifests, &state, &inventory);
    assert_eq!(unread.shelter, Shelter::NotChecked);
    assert_eq!(
        approve(&unread, Consent::Auto, false),
        Err(Refused::NotChecked)
    );
    let inventory = Inventory {
        places: Some(Places {
            lies: [(id(31), Lies::In(id(3))), (id(3), Lies::AtTop)].into(),
            ..Places::default()
        }),
        ..inventory
    };
    let plan = plan_seen(&manifests, &state, &inventory);
    assert_eq!(plan.totals.held, 1);
    assert!(plan.stacks.is_empty());
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    assert!(!approved.sends() && approved.forget().is_empty());
    assert!(approved.is_protected(id(31)) && !approved.is_protected(id(30)));
}

#[test]
fn what_is_found_deleted_is_recorded_and_not_read() {
    let manifests = Manifests {
        entries: [1, 2, 3, 4].map(|n| entry(n, None)).to_vec(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    for n in [2, 3] {
        let unknown = record(Standing::Unknown { attempts: 1 });
        state.assets.insert(id(n), unknown);
    }
    let inventory = Inventory {
        assets: [
            (
                id(4),
                Seen::Deleted {
                    facts: None,
                    evidence: Evidence::Read,
                },
            ),
            (id(5), Seen::Missing),
        ]
        .into(),
        ..Inventory::default()
    };
    let plan = plan_seen(&manifests, &state, &inventory);
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    let read = |approved: &Approved| -> Vec<AssetId> {
        approved
            .resolve()
            .iter()
            .map(|resolve| resolve.id)
            .collect()
    };
    assert_eq!(approved.found(), [(id(4), Outcome::Gone(Evidence::Read))]);
    assert_eq!(read(&approved), [2, 3].map(id));
    assert_eq!(approved.delete(), [id(1)]);
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        Just(Standing::Retired),
        Just(Standing::Gone),
        Just(Standing::Missing),
        (1_u32..8).prop_map(failed),
        (1_u32..8).prop_map(|attempts| Standing::Unknown { attempts }),
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
    let records = proptest::collection::btree_map(0_u128..40, standing(), 0..30);
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
                .map(|(n, standing)| (id(*n), record(standing.clone())))
                .collect();
            (manifests, state)
        })
    })
}

fn plan_seen(manifests: &Manifests, state: &State, inventory: &Inventory) -> Plan {
    make(Inputs {
        manifests,
        state,
        inventory: Some(inventory),
        rules: Rules::default(),
        now: at(NOW),
    })
}

/// Plans as if nothing lay in anything.
fn plan_of(manifests: &Manifests, state: &State) -> Plan {
    plan_seen(manifests, state, &Inventory::flat((0..40).map(id)))
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
            let known = state.assets.get(&id).map(|record| record.standing.name());
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
