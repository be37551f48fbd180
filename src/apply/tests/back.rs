//! What is there again that was not there when the plan was made.

use super::bench::{approved, state, unanswered};
use super::follow::{answered, known, resolve};
use super::world::asset;
use crate::apply::follow::{follow, sought};
use crate::apply::strategy::{Bulk, Direct, Effect, Job, Known, Memory, Strategy, Subject};
use crate::outcome::{AssetOutcome, Evidence, FailureKind, Outcome};
use crate::plan::approve::Resolve;

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
    let second = |second| jiff::Timestamp::from_second(second).unwrap();
    let mut memory = Memory::<Direct>::new(&state);
    memory.saw_alive(&[asset(1)], second(100));
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
        (98, Outcome::Missing),
        // Neither time need have more than seconds.
        (99, gone.clone()),
        (101, gone.clone()),
    ] {
        assert_eq!(found(&memory, 1, deleted_at), expected, "{deleted_at}");
        assert_eq!(found(&memory, 2, deleted_at), gone, "it was not seen");
    }
}
