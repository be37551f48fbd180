//! What is there again that was not there when the plan was made.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::START;
use super::bench::{approved, plan_of, state, unanswered};
use super::follow::{answered, known, resolve};
use super::world::asset;
use crate::apply::follow::{follow, sought};
use crate::apply::strategy::{Bulk, Direct, Effect, Job, Known, Memory, Strategy, Subject};
use crate::inventory::Inventory;
use crate::manifest::document::Manifests;
use crate::outcome::{AssetOutcome, Evidence, FailureKind, Outcome};
use crate::plan::Plan;
use crate::plan::approve::{Consent, Resolve, approve};

/// How long the runs of these tests have been going on.
const NOW: Duration = Duration::from_secs(5);

fn second(after: i64) -> Timestamp {
    START.checked_add(SignedDuration::from_secs(after)).unwrap()
}

/// What is recorded where a reading finds an asset alive; nothing where something else is asked.
fn recorded_alive<S: Strategy>(
    read: Job<S>,
    body: &str,
    known: &Known<'_, S>,
) -> Vec<AssetOutcome> {
    let verdict = S::judge(&read, &answered(200, body));
    let effects = follow(read, verdict, known);
    let asks = |effect: &Effect<S>| matches!(effect, Effect::Requeue(_) | Effect::Found(..));
    if effects.iter().any(asks) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for effect in effects {
        if let Effect::Record(outcomes) = effect {
            all.extend(outcomes);
        }
    }
    all
}

#[test]
fn what_is_back_that_the_plan_did_not_find_is_left_alone() {
    let state = unanswered(state(), [1]);
    let approved = approved(&state, 1..=2);
    for was_absent in [false, true] {
        let back = Resolve {
            was_absent,
            ..resolve(1, true)
        };
        let memory = Memory::<Direct>::new(&state);
        let body = format!(r#"{{"data":{{"id":"{}"}}}}"#, asset(1));
        let known_of = known(&approved, &state, &memory);
        let one = recorded_alive(Direct::read(back), &body, &known_of);
        let memory = Memory::<Bulk>::new(&state);
        let body = format!(r#"{{"id":"{}"}}"#, asset(1));
        let known_of = known(&approved, &state, &memory);
        let other = recorded_alive(Bulk::read(back), &body, &known_of);
        for recorded in [one, other] {
            let is_left = matches!(
                &recorded[..],
                [(id, Outcome::Failed(failure))]
                if *id == asset(1) && failure.kind == FailureKind::Conflict
            );
            assert_eq!(is_left, was_absent, "{recorded:?}");
        }
    }
}

#[test]
fn a_line_that_is_older_than_when_the_asset_was_seen_alive_is_no_evidence() {
    let state = state();
    let approved = approved(&state, 1..=2);
    let mut memory = Memory::<Direct>::new(&state);
    memory.saw_alive(&[asset(1)], NOW);
    let found = |memory: &Memory<Direct>, number, deleted_at| {
        let subject = Subject::alone(asset(number));
        let known = known(&approved, &state, memory);
        let effects = sought(subject, Some(&second(deleted_at)), &known);
        let mut all = effects.into_iter().filter_map(|effect| {
            let Effect::HoldBack((_, outcome)) = effect else {
                return None;
            };
            Some(outcome)
        });
        all.next().unwrap()
    };
    let gone = Outcome::Gone(Evidence::Listed);
    for (deleted_at, expected) in [
        (-2, Outcome::Missing),
        // Neither time need have more than seconds.
        (-1, gone.clone()),
        (1, gone.clone()),
    ] {
        assert_eq!(found(&memory, 1, deleted_at), expected, "{deleted_at}");
        assert_eq!(found(&memory, 2, deleted_at), gone, "it was not seen");
    }
}

/// The first answers may have come from somebody's cache: what was sent and seen by then was so as much
/// later as a later answer shows.
#[test]
fn what_was_sent_and_seen_is_as_late_as_any_answer_has_shown() {
    let state = state();
    let nothing = Manifests::default();
    let plan = Plan {
        alive: ([asset(1)].into(), START),
        ..plan_of(&nothing, &state, &Inventory::flat([]))
    };
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    let ours = |seconds, told: i64| {
        let mut memory = Memory::<Direct>::new(&state).since(START, NOW);
        memory.intended(vec![asset(1)], NOW);
        memory.has_told_time = true;
        let known = Known {
            time: second(told),
            ..known(&approved, &state, &memory)
        };
        let at = second(seconds);
        let was_back = known.was_back(Subject::alone(asset(1)), at);
        (known.is_ours(asset(1), at), was_back)
    };
    assert_eq!(ours(10, 0), (true, false));
    assert_eq!(ours(-10, 0), (false, true));
    // The clock of the cache was two hours behind.
    assert_eq!(ours(10, 7_200), (false, true));
    assert_eq!(ours(7_200, 7_200), (true, false));
    // No answer makes anything earlier.
    assert!(ours(-10, -7_200).1);
}
