//! What follows from an answer, row by row.

use std::time::Duration;

use super::START;
use super::bench::{approved, state, unanswered};
use super::world::asset;
use crate::apply::breaker::Tally;
use crate::apply::follow::{self, broken, follow, sought};
use crate::apply::strategy::{Bulk, Direct, Effect, Job, Known, Memory, Strategy, Subject, Tries};
use crate::asset::{AssetId, Kind};
use crate::event::{RateLimit, StopReason};
use crate::frameio::retry::Retries;
use crate::frameio::verdict::Verdict;
use crate::frameio::{Body, Reply};
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::plan::approve::{Approved, Resolve};
use crate::state::State;

const RETRIES: Retries = Retries {
    tries: 2,
    within: Duration::from_mins(1),
    answer: Duration::from_secs(5),
    backoff: Duration::from_secs(1),
};

pub(super) fn known<'run, S: Strategy>(
    approved: &'run Approved,
    state: &'run State,
    memory: &'run Memory<S>,
) -> Known<'run, S> {
    Known {
        approved,
        state,
        memory,
        retries: RETRIES,
        cascade_wait: Duration::from_mins(10),
        now: Duration::from_secs(5),
        time: START,
        sent: Duration::from_secs(5),
        is_silent: false,
        has_no_token: false,
        late: None,
    }
}

/// What follows for a job of a run that begins now.
fn rows<S: Strategy>(
    job: impl Fn(&Approved) -> Job<S>,
    verdict: Verdict<S::Answer>,
) -> Vec<Effect<S>> {
    let state = state();
    let approved = approved(&state, 1..=4);
    let memory = Memory::new(&state);
    follow(job(&approved), verdict, &known(&approved, &state, &memory))
}

pub(super) fn answered(status: u16, body: &str) -> Reply {
    Reply::Answered {
        status,
        wait: None,
        limits: None,
        date: None,
        pages: None,
        body: Body::Whole(body.as_bytes().to_vec()),
    }
}

fn bulk(approved: &Approved) -> Job<Bulk> {
    Bulk::delete(approved.delete(), approved)
}

pub(super) fn detail() -> String {
    "why".to_owned()
}

fn unknown(ids: impl IntoIterator<Item = u128>) -> Vec<(AssetId, Outcome)> {
    ids.into_iter()
        .map(|number| (asset(number), Outcome::Unknown))
        .collect()
}

#[test]
fn what_an_answer_confirms_is_recorded_and_counted() {
    let verdict = |job: &Job<Bulk>| Bulk::judge(job, &answered(200, r#"{"error":{}}"#));
    let state = state();
    let approved = approved(&state, 1..=2);
    let memory = Memory::new(&state);
    let job = bulk(&approved);
    let verdict = verdict(&job);
    let retired = Outcome::Retired(Evidence::Answer);
    let tally = Tally {
        retired: 2,
        ..Tally::default()
    };
    assert_eq!(
        follow(job, verdict, &known(&approved, &state, &memory)),
        [
            Effect::Requeue(Vec::new()),
            Effect::Sane,
            Effect::Record(vec![(asset(1), retired.clone()), (asset(2), retired)]),
            Effect::Count(tally),
        ]
    );
}

#[test]
fn patience_and_a_stop_leave_everything_as_it_was() {
    let job = rows(bulk, Verdict::SlowDown { wait: None });
    assert!(
        matches!(&job[..], [Effect::Record(none), Effect::Requeue(jobs)]
        if none.is_empty() && jobs.len() == 1)
    );
    let reason = StopReason::NotAuthenticated { detail: detail() };
    let stopped = rows(bulk, Verdict::Stop(reason.clone()));
    assert!(
        matches!(&stopped[..], [Effect::Record(none), Effect::Requeue(jobs), Effect::Stop(why)]
        if none.is_empty() && jobs.len() == 1 && *why == reason)
    );
}

#[test]
fn a_denied_delete_is_unknown_and_a_denied_reading_is_open() {
    let reason = StopReason::NotAuthenticated { detail: detail() };
    let verdict = || Verdict::Denied(reason.clone());
    let denied = rows(bulk, verdict());
    let [
        Effect::Intended(ids, _),
        Effect::Record(outcomes),
        Effect::Stop(why),
    ] = &denied[..]
    else {
        panic!("{denied:?}");
    };
    assert_eq!((ids.len(), why), (4, &reason));
    assert_eq!(*outcomes, unknown(1..=4));
    let read = |_: &Approved| Bulk::read(resolve(1, true));
    let denied = rows(read, verdict());
    assert!(matches!(
        &denied[..],
        [Effect::Record(none), Effect::Requeue(jobs), Effect::Stop(_)]
        if none.is_empty() && jobs.len() == 1
    ));
}

#[test]
fn a_batch_that_is_refused_as_a_whole_is_in_doubt_until_its_halves_are_answered() {
    for status in [400, 404, 409, 413, 422] {
        let judge = |job: &Job<Bulk>| Bulk::judge(job, &answered(status, r#"{"code":404}"#));
        let state = state();
        let approved = approved(&state, 1..=4);
        let memory = Memory::new(&state);
        let job = bulk(&approved);
        let verdict = judge(&job);
        let effects = follow(job, verdict, &known(&approved, &state, &memory));
        let [
            Effect::Doubt(ids),
            Effect::Record(none),
            Effect::Requeue(jobs),
        ] = &effects[..]
        else {
            panic!("{status}: {effects:?}");
        };
        assert_eq!((ids.len(), none.len(), jobs.len()), (4, 0, 2), "{status}");
    }
}

#[test]
fn patience_without_end_stops_the_run() {
    let state = state();
    let approved = approved(&state, 1..=4);
    let memory = Memory::<Bulk>::new(&state);
    let known = Known {
        late: Some((Duration::from_secs(90), RateLimit::BulkDelete)),
        ..known(&approved, &state, &memory)
    };
    let stopped = follow(bulk(&approved), Verdict::SlowDown { wait: None }, &known);
    let reason = StopReason::RateLimited {
        call: "bulk_delete".to_owned(),
        seconds: 90,
    };
    assert!(stopped.contains(&Effect::Stop(reason)));
}

#[test]
fn what_was_not_sent_rests_and_then_stops_the_run() {
    let verdict = || Verdict::NotSent { detail: detail() };
    let effects = rows(bulk, verdict());
    let [Effect::Record(none), Effect::RetryAfter(retry)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(none.is_empty());
    assert_eq!((retry.count, retry.assets), (1, 4));
    assert!(retry.rests.is_some());
    let tired = |approved: &Approved| Job {
        tries: Tries {
            count: 2,
            since: None,
        },
        ..bulk(approved)
    };
    let effects = rows(tired, verdict());
    assert!(matches!(
        &effects[..],
        [
            Effect::Record(_),
            Effect::Requeue(_),
            Effect::Stop(StopReason::NotReachable { .. })
        ]
    ));
}

#[test]
fn a_run_without_a_token_stops_as_one_that_is_not_answered() {
    let state = state();
    let approved = approved(&state, 1..=4);
    let memory = Memory::new(&state);
    let known = Known {
        has_no_token: true,
        now: Duration::from_secs(65),
        ..known(&approved, &state, &memory)
    };
    let tired = Job {
        tries: Tries {
            count: 2,
            since: Some(Duration::from_secs(5)),
        },
        ..bulk(&approved)
    };
    let effects = follow(tired, Verdict::NotSent { detail: detail() }, &known);
    let reason = StopReason::no_answer(RateLimit::Token, Duration::from_mins(1));
    let [Effect::Record(none), Effect::Requeue(_), Effect::Stop(stop)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(none.is_empty(), "nothing was sent");
    assert_eq!(*stop, reason);
}

#[test]
fn what_was_lost_is_unknown_and_read_after_a_pause() {
    let effects = rows(bulk, Verdict::Unknown { detail: detail() });
    let [
        Effect::Intended(ids, _),
        Effect::Record(outcomes),
        Effect::Warn(_),
        Effect::Strain(..),
        Effect::RetryAfter(retry),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(ids.len(), 4);
    assert_eq!(*outcomes, unknown(1..=4));
    assert_eq!(retry.jobs.len(), 4, "each is read for itself");
    assert_eq!(retry.rests, None);
}

#[test]
fn a_reading_that_tells_nothing_is_made_again_after_a_pause() {
    let read = |_: &Approved| Bulk::read(resolve(1, true));
    let effects = rows(read, Verdict::Unknown { detail: detail() });
    let [
        Effect::Record(none),
        Effect::Warn(_),
        Effect::Strain(..),
        Effect::RetryAfter(retry),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert!(none.is_empty());
    assert_eq!(retry.jobs.len(), 1);
}

#[test]
fn what_was_lost_too_often_stays_unknown_and_an_api_that_ended_is_told() {
    let state = state();
    let approved = approved(&state, 1..=2);
    let mut memory = Memory::<Bulk>::new(&state);
    memory.learn(&answered(410, "gone"));
    let job = Job {
        sent: Tries {
            count: 2,
            since: None,
        },
        ..bulk(&approved)
    };
    let verdict = || Verdict::Unknown { detail: detail() };
    let effects = follow(job.clone(), verdict(), &known(&approved, &state, &memory));
    assert!(effects.contains(&Effect::Record(unknown(1..=2))));
    assert!(matches!(
        effects.last(),
        Some(Effect::Stop(StopReason::Ended { .. }))
    ));
    memory.learn(&answered(200, "{}"));
    let effects = follow(job, verdict(), &known(&approved, &state, &memory));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Stop(_)))
    );
}

#[test]
fn a_worker_that_broke_down_leaves_a_delete_unknown_and_a_reading_to_be_made() {
    let state = state();
    let approved = approved(&state, 1..=2);
    let effects = broken(
        bulk(&approved),
        7,
        &known(&approved, &state, &Memory::new(&state)),
    );
    assert!(
        matches!(&effects[..], [Effect::Record(outcomes), Effect::Stop(_)]
        if *outcomes == unknown(1..=2))
    );
    let read = Bulk::read(resolve(1, true));
    let effects = broken(read, 7, &known(&approved, &state, &Memory::new(&state)));
    assert!(
        matches!(&effects[..], [Effect::Record(none), Effect::Requeue(_), Effect::Stop(_)]
        if none.is_empty())
    );
}

pub(super) fn resolve(number: u128, listed: bool) -> Resolve {
    Resolve {
        was_absent: false,
        id: asset(number),
        listed,
        kind: None,
    }
}

#[test]
fn what_lists_do_not_show_is_missing_and_counted_unless_our_delete_was_lost() {
    let fresh = state();
    let approved = approved(&fresh, 1..=2);
    let missing = |state: &State| {
        let memory = Memory::<Direct>::new(state);
        sought(
            Subject::alone(asset(1)),
            None,
            &known(&approved, state, &memory),
        )
    };
    let counted = |missing| {
        Effect::Count(Tally {
            missing,
            ..Tally::default()
        })
    };
    let held = Effect::HoldBack((asset(1), Outcome::Missing));
    assert_eq!(missing(&fresh), [held.clone(), counted(1)]);
    assert_eq!(missing(&unanswered(state(), [1])), [held, counted(0)]);
}

#[test]
fn a_file_that_the_server_takes_for_another_kind_and_knows_as_none_is_not_missing() {
    const ERROR: &str = r#"{"errors":[{"title":"No","detail":"No."}]}"#;
    let state = state();
    let approved = approved(&state, 1..=2);
    let memory = Memory::<Direct>::new(&state);
    // What each kind is answered with: the file first.
    for (statuses, is_sought) in [([404, 422, 422], true), ([422, 404, 404], false)] {
        let mut job = Direct::read(Resolve {
            kind: Some(Kind::File),
            ..resolve(1, true)
        });
        let mut last = Vec::new();
        for status in statuses {
            let verdict = Direct::judge(&job, &answered(status, ERROR));
            last = follow(job.clone(), verdict, &known(&approved, &state, &memory));
            for effect in &last {
                if let Effect::Requeue(jobs) = effect {
                    job = jobs[0].clone();
                }
            }
        }
        let seeks = last.iter().any(|effect| matches!(effect, Effect::Seek(_)));
        assert_eq!(seeks, is_sought, "{statuses:?}: {last:?}");
    }
}

#[test]
fn what_may_not_be_read_is_refused_unless_our_delete_was_lost() {
    let refused = |state: &State| {
        let approved = approved(state, 1..=2);
        let memory = Memory::<Bulk>::new(state);
        let job = Bulk::read(resolve(1, true));
        let verdict = Verdict::Refused { detail: detail() };
        follow(job, verdict, &known(&approved, state, &memory))
    };
    let failure = Failure {
        kind: FailureKind::Permission,
        message: detail(),
    };
    let failed = Effect::Record(vec![(asset(1), Outcome::Failed(failure))]);
    assert!(refused(&state()).contains(&failed));
    let effects = refused(&unanswered(state(), [1]));
    assert!(effects.contains(&Effect::Record(Vec::new())), "{effects:?}");
    // It counts all the same, and a missing right as such.
    for (kind, forbidden) in [(FailureKind::Permission, 1), (FailureKind::Conflict, 0)] {
        let state = unanswered(state(), [1]);
        let approved = approved(&state, 1..=2);
        let memory = Memory::<Bulk>::new(&state);
        let failure = Failure {
            kind,
            message: detail(),
        };
        let subject = Subject::alone(asset(1));
        let effects = follow::refused(subject, failure, &known(&approved, &state, &memory));
        let tally = Tally {
            failed: 1,
            forbidden,
            ..Tally::default()
        };
        assert!(effects.contains(&Effect::Count(tally)), "{effects:?}");
    }
}

/// What is asked next of an asset that was found alive as one of a kind.
pub(super) fn found_alive(kind: Option<Kind>) -> Option<Job<Direct>> {
    let read = Direct::read(Resolve {
        kind,
        ..resolve(1, true)
    });
    let reply = answered(200, &format!(r#"{{"data":{{"id":"{}"}}}}"#, asset(1)));
    let verdict = Direct::judge(&read, &reply);
    rows(|_| read.clone(), verdict)
        .into_iter()
        .find_map(|effect| {
            if let Effect::Requeue(jobs) = effect {
                jobs.into_iter().next()
            } else {
                None
            }
        })
}
