//! What follows from an answer, row by row, and that every job ends in exactly one way.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::{Just, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use proptest::test_runner::TestCaseError;

use super::bench::{approved, state, unanswered};
use super::world::asset;
use crate::apply::breaker::Tally;
use crate::apply::follow::{broken, follow, sought};
use crate::apply::strategy::{Bulk, Direct, Effect, Job, Known, Memory, Strategy, Subject, Tries};
use crate::asset::{AssetId, Kind};
use crate::event::{RateLimit, StopReason, Task};
use crate::frameio::retry::Retries;
use crate::frameio::verdict::Verdict;
use crate::frameio::{Body, Limits, Reply};
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::plan::approve::{Approved, Resolve};
use crate::state::State;

const RETRIES: Retries = Retries {
    tries: 2,
    within: Duration::from_mins(1),
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
        now: Duration::from_secs(5),
        intent: Timestamp::UNIX_EPOCH,
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

fn detail() -> String {
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
fn what_was_lost_too_often_stays_unknown_and_an_api_that_ended_is_told() {
    let state = state();
    let approved = approved(&state, 1..=2);
    let mut memory = Memory::<Bulk>::new(&state);
    memory.learn(&answered(410, "gone"), Timestamp::UNIX_EPOCH);
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
    memory.learn(&answered(200, "{}"), Timestamp::UNIX_EPOCH);
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
    let effects = broken(bulk(&approved), 7);
    assert!(
        matches!(&effects[..], [Effect::Record(outcomes), Effect::Stop(_)]
        if *outcomes == unknown(1..=2))
    );
    let read = Bulk::read(resolve(1, true));
    let effects = broken(read, 7);
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
}

/// What is asked next of an asset that was found alive as one of a kind.
fn found_alive(kind: Option<Kind>) -> Option<Job<Direct>> {
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

/// What a job ends in.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Recorded,
    Requeued,
    Unknown,
}

/// How each asset that a job asks for ends; nothing where effects say more than one thing of it.
/// One that is recorded as unknown stays so where they say nothing.
fn fate<S: Strategy>(
    id: AssetId,
    (is_member, is_unknown): (bool, bool),
    effects: &[Effect<S>],
) -> Option<Fate> {
    let asks = |jobs: &[Job<S>]| jobs.iter().any(|job| S::targets(job).contains(&id));
    let (mut settled, mut unknown, mut queued) = (0, 0, 0);
    for effect in effects {
        match effect {
            Effect::Record(outcomes) => {
                for (_, outcome) in outcomes.iter().filter(|(told, _)| *told == id) {
                    if *outcome == Outcome::Unknown {
                        unknown += 1;
                    } else {
                        settled += 1;
                    }
                }
            }
            Effect::HoldBack((told, _)) | Effect::Forget(told) => {
                settled += usize::from(*told == id);
            }
            // A file of a version stack has an end of its own.
            Effect::FileDone(done) => settled += usize::from(done.file == id),
            Effect::Doubt(ids) => unknown += usize::from(is_member && ids.contains(&id)),
            Effect::Seek(subject) => queued += usize::from(subject.id == id),
            Effect::Found(found, _) => queued += usize::from(*found == id),
            Effect::Requeue(jobs) => queued += usize::from(asks(jobs)),
            Effect::RetryAfter(retry) => queued += usize::from(asks(&retry.jobs)),
            Effect::Warn(_)
            | Effect::Sane
            | Effect::Count(_)
            | Effect::Strain(..)
            | Effect::Intended(..)
            | Effect::Alive(_)
            | Effect::Opened(..)
            | Effect::Progress(..)
            | Effect::Stop(_) => {}
        }
    }
    match (settled, unknown, queued) {
        (1, 0, 0) => Some(Fate::Recorded),
        (0, 0, 1) => Some(Fate::Requeued),
        // It is read again, where it was not tried too often.
        (0, 1, 0 | 1) => Some(Fate::Unknown),
        (0, 0, 0) if is_unknown => Some(Fate::Unknown),
        _ => None,
    }
}

fn reply() -> impl proptest::strategy::Strategy<Value = Reply> {
    let status = prop::sample::select(vec![
        200_u16, 204, 301, 400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 429, 500, 503,
    ]);
    let id = asset(1).to_string();
    let body = prop::sample::select(vec![
        String::new(),
        "<html>".to_owned(),
        r#"{"error":{}}"#.to_owned(),
        format!(r#"{{"error":{{"{id}":"Not found"}}}}"#),
        format!(r#"{{"error":{{"{id}":"You may not"}}}}"#),
        format!(r#"{{"id":"{id}"}}"#),
        format!(r#"{{"id":"{id}","deleted_at":"2026-01-01T00:00:00Z"}}"#),
        format!(r#"{{"data":{{"id":"{id}"}}}}"#),
        r#"{"data":[]}"#.to_owned(),
        r#"{"errors":[{"title":"No","detail":"No."}]}"#.to_owned(),
        r#"{"code":404,"errors":[{"title":"No","detail":"No."}],"message":"No"}"#.to_owned(),
    ]);
    let limits = Limits {
        limit: 5,
        remaining: 1,
        window: Duration::from_secs(1),
    };
    prop_oneof![
        8 => (status, body, any::<bool>(), any::<bool>()).prop_map(move |(status, body, cut, told)| {
            Reply::Answered {
                status,
                wait: None,
                limits: told.then_some(limits),
                date: Some(Timestamp::UNIX_EPOCH),
                pages: None,
                body: if cut {
                    Body::Cut { detail: detail() }
                } else {
                    Body::Whole(body.into_bytes())
                },
            }
        }),
        1 => Just(Reply::NoToken(StopReason::NoToken { detail: detail() })),
        1 => Just(Reply::Busy { wait: None, detail: detail() }),
        1 => Just(Reply::Dropped { detail: detail() }),
        1 => Just(Reply::NotSent { detail: detail() }),
        1 => Just(Reply::Lost { detail: detail() }),
    ]
}

fn ends_once<S: Strategy>(
    job: Job<S>,
    reply: &Reply,
    is_unknown: bool,
) -> Result<(), TestCaseError> {
    let state = if is_unknown {
        unanswered(state(), 1..=4)
    } else {
        state()
    };
    let approved = approved(&state, 1..=4);
    let mut memory = Memory::new(&state);
    memory.learn(reply, Timestamp::UNIX_EPOCH);
    let known = known(&approved, &state, &memory);
    let targets = S::targets(&job).to_vec();
    let ids = job.ids.clone();
    let verdict = S::judge(&job, reply);
    let nothing_told = matches!(
        verdict,
        Verdict::Refused { .. } | Verdict::Unknown { .. } | Verdict::Malformed { .. }
    );
    let is_reading = job.task() == Task::Resolve;
    let effects = follow(job, verdict, &known);
    let closes = |effect: &&Effect<S>| matches!(effect, Effect::Record(_));
    prop_assert_eq!(effects.iter().filter(closes).count(), 1, "{:?}", effects);
    for id in targets {
        // What a reading does not tell stays what it is recorded as: not known.
        let stays = is_reading && nothing_told;
        prop_assert!(
            fate(id, (!ids.contains(&id), is_unknown), &effects).is_some() || stays,
            "{:?}: {:?}",
            reply,
            effects
        );
    }
    Ok(())
}

proptest! {
    /// Every job ends in exactly one of: recorded, in the queue again, unknown.
    #[test]
    fn every_job_ends_in_exactly_one_way(
        reply in reply(),
        which in 0..8_usize,
        count in 0..4_u32,
        is_unknown in any::<bool>(),
        listed in any::<bool>(),
    ) {
        let state = state();
        let approved = approved(&state, 1..=4);
        let tries = Tries { count, since: None };
        let ids = approved.delete();
        match which {
            0 => ends_once(Job { sent: tries, tries, ..Bulk::delete(ids, &approved) }, &reply, is_unknown)?,
            1 => ends_once(Job { sent: tries, tries, ..Bulk::delete(&ids[..1], &approved) }, &reply, is_unknown)?,
            2 => ends_once(Job { tries, ..Bulk::read(resolve(1, listed)) }, &reply, is_unknown)?,
            which => {
                let kind = [None, Some(Kind::File), Some(Kind::Folder), Some(Kind::VersionStack), None][which - 3];
                let read = Job { tries, ..Direct::read(Resolve { kind, ..resolve(1, listed) }) };
                ends_once(read.clone(), &reply, is_unknown)?;
                let again = Direct::read_again(&read, asset(1), &approved);
                ends_once(Job { tries, ..again }, &reply, is_unknown)?;
                if let (Some(delete), true) = (found_alive(kind), listed) {
                    ends_once(Job { sent: tries, tries, ..delete }, &reply, is_unknown)?;
                }
            }
        }
    }
}
