//! What follows from each answer. Pure: the dispatcher carries out what is decided here.

use jiff::Timestamp;

use crate::apply::breaker::Tally;
use crate::apply::strategy::{Effect, Job, Known, Retry, Strategy, Subject};
use crate::asset::AssetId;
use crate::event::{RateLimit, StopReason, Task};
use crate::frameio::verdict::Verdict;
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};
use crate::plan::approve::Resolve;

/// What follows from an answer to a job. Exactly one effect closes it.
pub(super) fn follow<S: Strategy>(
    job: Job<S>,
    verdict: Verdict<S::Answer>,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    let mut effects = match verdict {
        Verdict::Told(told) => S::on_answer(job, told, known),
        Verdict::Refused { detail } | Verdict::Absent { detail } => {
            S::on_refusal(job, detail, known)
        }
        Verdict::SlowDown { wait: _ } | Verdict::NoTokenYet { wait: _ } => slowed_down(job, known),
        Verdict::NotSent { detail } => not_sent(job, detail, known),
        Verdict::Unknown { detail } => match job.task() {
            Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
                read_after_loss(&job, detail, known)
            }
            Task::Resolve => unread(job, &detail, known),
        },
        // It would be asked again in vain.
        Verdict::Malformed { detail } => match job.task() {
            Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
                read_after_loss(&job, detail, known)
            }
            Task::Resolve => {
                let mut effects = vec![not_read(&job, &detail)];
                effects.extend(S::given_up(&job, known));
                effects
            }
        },
        // It is nobody's word whether the delete was carried out before.
        Verdict::Denied(reason) if job.task() != Task::Resolve => {
            let intended = Effect::Intended(S::targets(&job).to_vec(), known.sent);
            let unknown = [intended].into_iter().chain(lost(&job, known));
            unknown.chain([Effect::Stop(reason)]).collect()
        }
        Verdict::Denied(reason) | Verdict::Stop(reason) => {
            vec![Effect::Requeue(vec![job]), Effect::Stop(reason)]
        }
    };
    if !effects
        .iter()
        .any(|effect| matches!(effect, Effect::Record(_)))
    {
        // What is known of single assets comes first: a journal may end between any two lines.
        let told = |effect: &Effect<S>| matches!(effect, Effect::Doubt(_) | Effect::FileDone(_));
        let place = effects.iter().rposition(told).map_or(0, |last| last + 1);
        effects.insert(place, Effect::Record(Vec::new()));
    }
    effects
}

/// What follows where the worker broke down that had a job.
pub(super) fn broken<S: Strategy>(job: Job<S>, batch: u64, known: &Known<'_, S>) -> Vec<Effect<S>> {
    let stop = Effect::Stop(StopReason::Broken {
        detail: format!("the worker that had batch {batch} broke down"),
    });
    match job.task() {
        Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
            lost(&job, known).into_iter().chain([stop]).collect()
        }
        Task::Resolve => vec![Effect::Record(Vec::new()), Effect::Requeue(vec![job]), stop],
    }
}

fn slowed_down<S: Strategy>(job: Job<S>, known: &Known<'_, S>) -> Vec<Effect<S>> {
    let late = known
        .late
        .map(|(wait, limit)| StopReason::rate_limited(limit, wait));
    let again = Effect::Requeue(vec![job]);
    [again].into_iter().chain(late.map(Effect::Stop)).collect()
}

fn not_sent<S: Strategy>(job: Job<S>, detail: String, known: &Known<'_, S>) -> Vec<Effect<S>> {
    match again(job, &detail, known) {
        // Where this one does not get through, the others of its rate limit would not either.
        Ok(retry) => vec![Effect::RetryAfter(Retry {
            rests: Some(retry.jobs[0].rate_limit()),
            ..retry
        })],
        Err(job) => {
            let reason = if known.has_no_token {
                let since = job.tries.since.unwrap_or(known.sent);
                StopReason::no_answer(RateLimit::Token, known.now.saturating_sub(since))
            } else {
                StopReason::NotReachable { detail }
            };
            vec![Effect::Requeue(vec![*job]), Effect::Stop(reason)]
        }
    }
}

/// Makes a request again, or gives it back where it went wrong too often.
fn again<S: Strategy>(
    job: Job<S>,
    why: &str,
    known: &Known<'_, S>,
) -> Result<Retry<S>, Box<Job<S>>> {
    let Some((tries, longest)) = known.retry(job.tries) else {
        return Err(Box::new(job));
    };
    Ok(Retry {
        assets: job.ids.len(),
        count: tries.count,
        jobs: vec![Job { tries, ..job }],
        longest,
        rests: None,
        why: why.to_owned(),
    })
}

/// What follows where nobody knows what became of a delete: after a pause its assets are read, and
/// only what is found alive is deleted again.
pub(super) fn read_after_loss<S: Strategy>(
    job: &Job<S>,
    detail: String,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    let targets = S::targets(job).to_vec();
    let retry = known.retry(job.sent).map(|(sent, longest)| Retry {
        jobs: targets
            .iter()
            .map(|id| Job {
                sent,
                ..S::read_again(job, *id, known.approved)
            })
            .collect(),
        assets: job.ids.len(),
        count: sent.count,
        longest,
        rests: None,
        why: detail.clone(),
    });
    let mut effects = vec![Effect::Intended(targets, known.sent)];
    effects.extend(lost(job, known));
    effects.extend([
        Effect::Warn(format!("no answer that can be trusted: {detail}")),
        Effect::Strain(job.rate_limit(), detail),
    ]);
    match retry {
        Some(retry) => effects.push(Effect::RetryAfter(retry)),
        None => effects.extend(given_up(job, known)),
    }
    effects
}

/// What follows where a reading told nothing.
fn unread<S: Strategy>(job: Job<S>, detail: &str, known: &Known<'_, S>) -> Vec<Effect<S>> {
    let mut effects = vec![
        not_read(&job, detail),
        Effect::Strain(job.rate_limit(), detail.to_owned()),
    ];
    match again(job, detail, known) {
        Ok(retry) => effects.push(Effect::RetryAfter(retry)),
        Err(job) => effects.extend(given_up(&job, known)),
    }
    effects
}

fn not_read<S: Strategy>(job: &Job<S>, detail: &str) -> Effect<S> {
    let asked = S::targets(job).first();
    let asked = asked.map_or_else(String::new, ToString::to_string);
    Effect::Warn(format!("`{asked}` could not be read: {detail}"))
}

/// What follows where a request went wrong too often: where nothing else was ever heard of the
/// API, it is not served any more.
fn given_up<S: Strategy>(job: &Job<S>, known: &Known<'_, S>) -> Vec<Effect<S>> {
    let mut effects = S::given_up(job, known);
    effects.extend(known.memory.api_ended().map(Effect::Stop));
    if known.is_silent {
        let tries = match job.task() {
            Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => job.sent,
            Task::Resolve => job.tries,
        };
        let waited = known.now.saturating_sub(tries.since.unwrap_or(known.sent));
        let reason = StopReason::no_answer(job.rate_limit(), waited);
        effects.push(Effect::Stop(reason));
    }
    effects
}

/// What follows from what a delete said of its assets.
pub(super) fn record_outcome<S: Strategy>(
    outcomes: Vec<AssetOutcome>,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    let mut tally = Tally::default();
    let mut expected = 0;
    for (id, outcome) in &outcomes {
        match outcome {
            // The folder's own answer is counted, and not what goes along with it.
            Outcome::Retired(Evidence::With(_))
            | Outcome::Gone(_)
            | Outcome::Missing
            | Outcome::Unknown
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => {}
            Outcome::Retired(_) => tally.retired += 1,
            Outcome::Failed(_) if known.memory.refused_before.contains(id) => expected += 1,
            Outcome::Failed(failure) => {
                tally.failed += 1;
                let forbidden = failure.kind == FailureKind::Permission;
                tally.forbidden += usize::from(forbidden && S::TELLS_RIGHTS);
            }
        }
    }
    let sane = (tally.retired + expected > 0).then_some(Effect::Sane);
    let effects = [Effect::Record(outcomes), Effect::Count(tally)];
    sane.into_iter().chain(effects).collect()
}

/// What follows from the outcome of an asset that is deleted for itself and was read.
pub(super) fn settled_alone<S: Strategy>(
    id: AssetId,
    outcome: Outcome,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    match outcome {
        Outcome::Failed(_) => record_outcome(vec![(id, outcome)], known),
        Outcome::Retired(_)
        | Outcome::Unknown
        | Outcome::Restored { .. }
        | Outcome::Staged(_)
        | Outcome::Rescued => {
            vec![Effect::Record(vec![(id, outcome)])]
        }
        Outcome::Gone(_) | Outcome::Missing => vec![Effect::HoldBack((id, outcome))],
    }
}

/// What follows where an asset is shown to be deleted, and when.
pub(super) fn shown<S: Strategy>(
    subject: Subject,
    at: Timestamp,
    evidence: Evidence,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    if known.was_back(subject, at) {
        return missing(subject, known);
    }
    let outcome = if known.is_ours(subject.id, at) {
        // It is taken back with its folder.
        Outcome::Retired(known.went_with(subject).map_or(evidence, Evidence::With))
    } else {
        Outcome::Gone(evidence)
    };
    // The server knows the asset, so it is the right server.
    let mut effects = vec![Effect::Sane];
    effects.extend(S::on_outcome(subject, outcome, known));
    effects.push(Effect::Count(Tally {
        shown: 1,
        ..Tally::default()
    }));
    effects
}

/// What follows where an asset is read and found alive that is not to be deleted: its record is
/// dropped, but for that of a delete which may still come true.
pub(super) fn stays<S: Strategy>(id: AssetId, known: &Known<'_, S>) -> Vec<Effect<S>> {
    if !known.may_go(id) {
        return vec![Effect::Forget(id)];
    }
    // It was listed too late to be known of, and whoever finds it gone must know with what it went.
    let is_new = known.lies_in_what_goes(id);
    let unknown = is_new.then(|| Effect::Record(vec![(id, Outcome::Unknown)]));
    unknown.into_iter().collect()
}

/// What follows where an asset is not there that a run had listed in a folder before it deleted that.
pub(super) fn went_along<S: Strategy>(
    subject: Subject,
    folder: AssetId,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    let mut effects = vec![Effect::Sane];
    let outcome = Outcome::Retired(Evidence::With(folder));
    effects.extend(S::on_outcome(subject, outcome, known));
    effects
}

/// What follows where the server does not know an asset, and nothing shows it to be deleted.
pub(super) fn missing<S: Strategy>(subject: Subject, known: &Known<'_, S>) -> Vec<Effect<S>> {
    let Subject { id, stack } = subject;
    if stack.is_some() {
        return S::on_outcome(subject, Outcome::Missing, known);
    }
    let mut tally = Tally::default();
    let outcome = if known.approved.accepts_missing(id) {
        // It is about to be recorded as gone, whatever was sent before.
        tally.accepted = 1;
        Outcome::Gone(Evidence::ByHand)
    } else {
        // Our own delete is why an unknown one is missing, most probably; many of them say nothing
        // against the account, which the state remembers.
        // What held files tells by them what became of it.
        let is_told = known.is_unknown(id) || known.state.files.contains_key(&id);
        tally.missing = usize::from(!is_told);
        Outcome::Missing
    };
    let mut effects = S::on_outcome(subject, outcome, known);
    effects.push(Effect::Count(tally));
    effects
}

/// What follows where an asset may not be read, or not be asked for.
///
/// Where an earlier delete of ours was not answered, that says nothing of it.
pub(super) fn refused<S: Strategy>(
    subject: Subject,
    failure: Failure,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    let id = subject.id;
    if !known.is_unknown(id) {
        return S::on_outcome(subject, Outcome::Failed(failure), known);
    }
    let Failure { kind, message } = failure;
    let mut effects = vec![Effect::Warn(format!(
        "{} could not be read: {message}",
        known.approved.called(id)
    ))];
    effects.extend(S::on_unknown(subject, known));
    effects.push(Effect::Count(Tally {
        failed: 1,
        forbidden: usize::from(kind == FailureKind::Permission),
        ..Tally::default()
    }));
    effects
}

/// What follows from a search in the lists of recently deleted assets: `line` is when an asset
/// was deleted that is in one of them.
pub(super) fn sought<S: Strategy>(
    subject: Subject,
    line: Option<&Timestamp>,
    known: &Known<'_, S>,
) -> Vec<Effect<S>> {
    match line {
        Some(at) => shown(subject, *at, Evidence::Listed, known),
        None => missing(subject, known),
    }
}

/// What follows for what a delete did not find, where there is any: what is not known of a file is
/// not known of its version stack.
pub(super) fn doubt<S: Strategy>(job: &Job<S>, mut ids: Vec<AssetId>) -> Option<Effect<S>> {
    if ids.is_empty() {
        return None;
    }
    ids.extend(S::stack(job));
    Some(Effect::Doubt(ids))
}

/// Writes down that nobody knows what became of a delete. A file of a version stack has a record of
/// its own only where something has to be said of it in the end; with a folder that is part of
/// another one, what is in it may have gone.
fn lost<S: Strategy>(job: &Job<S>, known: &Known<'_, S>) -> Vec<Effect<S>> {
    let targets = S::targets(job);
    if S::stack(job).is_some() {
        let along = S::along(job, known).into_iter();
        let doubt = doubt(job, targets.iter().copied().chain(along).collect());
        return doubt
            .into_iter()
            .chain([Effect::Record(Vec::new())])
            .collect();
    }
    let unknown = targets.iter().map(|id| (*id, Outcome::Unknown));
    vec![Effect::Record(unknown.collect())]
}

/// Why an asset is not deleted that is read and found alive, where it was not there when the plan
/// was made: nobody has looked where it lies, what is in it and whether it is what its entry says.
pub(super) fn back(resolve: Resolve) -> Option<Box<Failure>> {
    resolve.was_absent.then(|| {
        Box::new(Failure {
            kind: FailureKind::Conflict,
            message: "it is there again, and was not when the plan was made".to_owned(),
        })
    })
}

/// The refusal of a server that may not be asked.
pub(super) const fn forbidden(message: String) -> Failure {
    Failure {
        kind: FailureKind::Permission,
        message,
    }
}
