//! Dates that have come since a plan was made.

use std::sync::Arc;

use uuid::Uuid;

use crate::asset::AssetId;
use crate::manifest::document::{Details, Entry, Manifests, Spot};
use crate::plan::decide::{Decision, Rules};
use crate::plan::saved::Stale;
use crate::plan::saved::compare::check;
use crate::plan::saved::compare::tests::id;
use crate::plan::{Inputs, make};
use crate::state::{Api, State, Target};

/// The moment from which the asset may be deleted.
const DUE: i64 = 1_000;

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap()
}

#[test]
fn a_plan_is_what_its_manifests_gave_at_its_own_date_and_give_now() {
    let details = Details {
        not_before: Some(at(DUE)),
        ..Details::default()
    };
    let manifests = Manifests {
        entries: vec![Entry {
            id: id(1),
            spot: Spot {
                file: 0,
                line: 1,
                column: 1,
            },
            details: Some(Arc::new(details)),
        }],
        ..Manifests::default()
    };
    let target = Target {
        api: Api::V2,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    let state = State::new(Uuid::nil(), target);
    let inputs = |second| Inputs {
        manifests: &manifests,
        state: &state,
        inventory: None,
        check_retired: false,
        rules: Rules::default(),
        now: at(second),
    };
    let early = make(inputs(DUE - 1));
    assert_eq!(early.steps[0].decision, Decision::Defer { until: at(DUE) });
    let due = make(inputs(DUE));
    assert_eq!(due.steps[0].decision, Decision::Retire);
    let dates = |id: AssetId| Err(Stale::Dates(id));
    for (saved, made, now, expected) in [
        (&early, DUE - 2, DUE - 1, Ok(())),
        (&early, DUE - 1, DUE, dates(id(1))),
        (&due, DUE, DUE + 1, Ok(())),
        // A plan that says a date of its own at which it could not have been made.
        (&due, DUE - 1, DUE, dates(id(1))),
        (&early, DUE, DUE, Err(Stale::Action(id(1)))),
    ] {
        let found = check(saved, inputs(now), at(made));
        assert_eq!(found, expected, "{made} {now}");
    }
}
