//! Every job ends in exactly one way, and no delete that was sent is without a word.

use std::time::Duration;

use proptest::prelude::{Just, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use proptest::test_runner::TestCaseError;

use super::START;
use super::bench::{approved, state, unanswered};
use super::follow::{detail, found_alive, known, resolve};
use super::world::asset;
use crate::apply::follow::follow;
use crate::apply::strategy::{Bulk, Direct, Effect, Job, Memory, Strategy, Tries};
use crate::asset::{AssetId, Kind};
use crate::event::{StopReason, Task};
use crate::frameio::verdict::Verdict;
use crate::frameio::{Body, Limits, Reply};
use crate::outcome::Outcome;
use crate::plan::approve::Resolve;

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
            | Effect::Distrust(_)
            | Effect::Emptied(_)
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

/// Whether effects write something down of an asset, be it that nobody knows what became of it.
fn is_written<S: Strategy>(id: AssetId, effects: &[Effect<S>]) -> bool {
    effects.iter().any(|effect| {
        matches!(effect, Effect::Record(outcomes) if outcomes.iter().any(|(told, _)| *told == id))
            || matches!(effect, Effect::Doubt(ids) if ids.contains(&id))
            || matches!(effect, Effect::FileDone(done) if done.file == id)
            || matches!(effect, Effect::HoldBack((told, _)) if *told == id)
    })
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
                date: Some(START),
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
    memory.learn(reply);
    let known = known(&approved, &state, &memory);
    let targets = S::targets(&job).to_vec();
    let ids = job.ids.clone();
    let verdict = S::judge(&job, reply);
    let nothing_told = matches!(
        verdict,
        Verdict::Refused { .. } | Verdict::Unknown { .. } | Verdict::Malformed { .. }
    );
    let nothing_done = matches!(verdict, Verdict::SlowDown { .. } | Verdict::Stop(_));
    let is_reading = job.task() == Task::Resolve;
    let effects = follow(job, verdict, &known);
    let closes = |effect: &&Effect<S>| matches!(effect, Effect::Record(_));
    // A 429, a refusal in the API's own words and what was not sent leave an asset as it was; all
    // else of a delete is written down.
    let is_answered = matches!(reply, Reply::Answered { .. }) && !nothing_done;
    let is_lost = matches!(reply, Reply::Lost { .. });
    if !is_reading && (is_answered || is_lost) {
        for id in &targets {
            prop_assert!(is_written(*id, &effects), "{:?}: {:?}", reply, effects);
        }
    }
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
        before in any::<bool>(),
        listed in any::<bool>(),
    ) {
        let state = state();
        let approved = approved(&state, 1..=4);
        let tries = Tries { count, since: None };
        let ids = approved.delete();
        match which {
            0 => ends_once(Job { sent: tries, tries, ..Bulk::delete(ids, &approved) }, &reply, before)?,
            1 => ends_once(Job { sent: tries, tries, ..Bulk::delete(&ids[..1], &approved) }, &reply, before)?,
            2 => ends_once(Job { tries, ..Bulk::read(resolve(1, listed)) }, &reply, before)?,
            which => {
                let kind = [None, Some(Kind::File), Some(Kind::Folder), Some(Kind::VersionStack), None][which - 3];
                let read = Job { tries, ..Direct::read(Resolve { kind, ..resolve(1, listed) }) };
                ends_once(read.clone(), &reply, before)?;
                let again = Direct::read_again(&read, asset(1), &approved);
                ends_once(Job { tries, ..again }, &reply, before)?;
                if let (Some(delete), true) = (found_alive(kind), listed) {
                    ends_once(Job { sent: tries, tries, ..delete }, &reply, before)?;
                }
            }
        }
    }
}
