//! Rows and properties of the planner.

mod approved;
mod covered;
mod decisions;
mod held;
mod kept;
mod leaving;
mod live;
mod marks;
mod properties;
mod records;
mod sheltered;
mod tree;

use jiff::Timestamp;
use uuid::Uuid;

use super::approve::{Approved, Consent, Refused, approve};
use super::decide::{HoldInForce, Recorded, Rules, Why, decide};
use super::*;
use crate::asset::Kind;
use crate::event::RunEvent;
use crate::inventory::{Facts, Inventory, Lies, Places, Seen};
use crate::manifest::document::{Details, Hold, MissingPolicy, Pin, Spot};
use crate::outcome::{Evidence, FailureKind, Outcome};
use crate::state::{Api, Failed, State, Status, Target};

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

fn record(status: Status) -> Record {
    Record {
        status,
        run: 1,
        at: at(1),
    }
}

fn failed(attempts: u32) -> Status {
    Status::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: "No.".into(),
        attempts,
    }))
}

/// What is read first, since nobody knows what became of its delete.
const fn resolve(listed: bool, attempts: u32) -> Decision {
    Decision::Resolve {
        listed,
        attempts,
        with: None,
    }
}

fn empty_state() -> State {
    State::new(
        Uuid::nil(),
        Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        },
    )
}

fn row(entry: Option<&Entry>, status: Option<Status>, held: bool) -> Option<Decision> {
    row_of(entry, status, held, None)
}

fn row_of(
    entry: Option<&Entry>,
    status: Option<Status>,
    held: bool,
    seen: Option<&Seen>,
) -> Option<Decision> {
    let record = status.map(record);
    let in_force = HoldInForce {
        reason: "legal".into(),
        until: None,
    };
    let case = Case {
        entry,
        record: record.as_ref(),
        hold: held.then_some(&in_force),
        mark: None,
        seen,
        is_there: seen.and_then(Seen::facts).is_some(),
        again: None,
        was_in: None,
        files: None,
        held: None,
        is_unopened: false,
        is_checked: false,
        leaves: None,
        went: None,
    };
    decide(case, Rules::default(), at(NOW))
}

#[test]
fn each_row_of_the_table() {
    let unknown = || Some(Status::Unknown { attempts: 2 });
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
    assert_eq!(row(listed, unknown(), false), Some(resolve(true, 2)));
    assert_eq!(
        row(listed, Some(Status::Retired(Evidence::Answer)), false),
        unchanged
    );
    assert_eq!(
        row(listed, Some(Status::Gone(Evidence::Read)), false),
        unchanged
    );

    for status in [None, Some(failed(1)), Some(failed(9)), unknown()] {
        assert_eq!(row(Some(&due_later), status.clone(), false), deferred);
        assert_eq!(row(listed, status.clone(), true), held);
        // A hold is said before a date: it is the stronger reason.
        assert_eq!(row(Some(&due_later), status.clone(), true), held);
        // Without a reading nothing is compared, and such a plan is not carried out.
        let bare = row(listed, status.clone(), false);
        assert_eq!(row(Some(&pinned), status, false), bare);
    }
    for status in [
        Status::Retired(Evidence::Answer),
        Status::Gone(Evidence::Read),
    ] {
        assert_eq!(
            row(Some(&due_later), Some(status.clone()), false),
            unchanged
        );
        assert_eq!(row(listed, Some(status.clone()), true), unchanged);
        assert_eq!(row(Some(&pinned), Some(status.clone()), false), unchanged);
        assert_eq!(row(None, Some(status), false), history);
    }
    assert_eq!(row(Some(&due_now), None, false), Some(Decision::Retire));

    assert_eq!(row(None, Some(failed(1)), false), Some(Decision::Forget));
    assert_eq!(row(None, unknown(), false), Some(resolve(false, 2)));
}

#[test]
fn blocked_assets_are_retried_on_demand() {
    let bare = entry(1, None);
    let record = record(failed(9));
    let case = Case {
        entry: Some(&bare),
        record: Some(&record),
        hold: None,
        mark: None,
        seen: None,
        is_there: false,
        again: None,
        was_in: None,
        files: None,
        held: None,
        is_unopened: false,
        is_checked: false,
        leaves: None,
        went: None,
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

fn plan_seen(manifests: &Manifests, state: &State, inventory: &Inventory) -> Plan {
    make(Inputs {
        manifests,
        state,
        inventory: Some(inventory),
        check_retired: false,
        rules: Rules::default(),
        now: at(NOW),
    })
}

/// Plans as if nothing lay in anything.
fn plan_of(manifests: &Manifests, state: &State) -> Plan {
    plan_seen(manifests, state, &Inventory::flat((0..40).map(id)))
}
