//! What follows from each answer: the dispatcher's other half.

use std::time::Duration;

use crate::apply::breaker::Tally;
use crate::apply::dispatcher::{Dispatcher, Journaled};
use crate::apply::job::{Aim, Job};
use crate::apply::pacer::{Pace, Pause};
use crate::asset::{AssetId, Kind};
use crate::event::{Lane, RunEvent, StopReason, Task};
use crate::frameio::answer::{ReadVerdict, Verdict, judge, v4};
use crate::frameio::call::Call;
use crate::frameio::{Limits, Reply};
use crate::outcome::{AssetOutcome, Failure, FailureKind, Outcome};
use crate::state::{Api, Record, Standing};
use crate::store::Session;

/// How often in a row the server may say that it is too much before that can stop the run.
const PATIENCE: u32 = 20;

/// The longest pause that a lane takes because of troubles in a row.
const LONGEST_BREATHER: Duration = Duration::from_secs(5);

impl<S: Session> Dispatcher<'_, S> {
    pub(in crate::apply) fn answered(&mut self, batch: Journaled, reply: &Reply) {
        let Journaled { batch, job, .. } = batch;
        match (job.task(), job.aim) {
            (Task::Delete, _) => self.deleted(batch, job, reply),
            (Task::Resolve, Aim::Look { kind, next, said }) => {
                self.looked(batch, job, (kind, next, said), reply);
            }
            (Task::Resolve, Aim::Open) => self.opened(batch, job, reply),
            (Task::Resolve, Aim::List { .. }) => self.listed(batch, job, reply),
            (Task::Resolve, Aim::Settle | Aim::Member) => self.resolved(batch, job, reply),
        }
        if self.breaker.believes() {
            self.release();
        }
    }

    pub(in crate::apply) fn broken(&mut self, batch: Journaled) {
        let Journaled { batch, job, .. } = batch;
        self.left_under_way();
        self.paced(job.lane(), None, Pace::Troubled);
        if job.task() == Task::Delete {
            self.settle(batch, all(&job.ids, &Outcome::Unknown), false);
        } else {
            self.settle(batch, Vec::new(), false);
            self.queue.put_first([job]);
        }
        self.halt(StopReason::Broken {
            detail: format!("the worker that had batch {batch} broke down"),
        });
    }

    /// Takes a batch back that was called back before it was sent.
    pub(in crate::apply) fn came_back(&mut self, batch: Journaled) {
        let Journaled { batch, job, .. } = batch;
        self.called_back += 1;
        self.events.push(RunEvent::CalledBack {
            batch,
            at: self.clock.now(),
        });
        self.pacer.unsent(job.lane());
        if job.fresh {
            self.canary.unsent(job.ids.len());
        }
        self.settle(batch, Vec::new(), false);
        self.queue.put_first([job]);
    }

    fn deleted(&mut self, batch: u64, job: Job, reply: &Reply) {
        let lane = job.lane();
        let verdict = match job.call {
            Call::DeleteFile(id) | Call::DeleteFolder(id) => v4::judge_delete(id, reply),
            Call::BulkDelete(_)
            | Call::ReadAsset(_)
            | Call::ListFolder { .. }
            | Call::Show(..)
            | Call::Children { .. } => judge(&job.ids, reply),
        };
        self.paced(lane, limits_of(reply), pace_of_delete(&verdict));
        match verdict {
            Verdict::Settled { outcomes, warnings } => {
                match (job.aim, outcomes.as_slice(), &job.call) {
                    (Aim::Member, [(_, outcome)], _) => {
                        self.member_done(batch, job.ids[0], outcome.clone());
                    }
                    (_, [(id, Outcome::Gone)], Call::DeleteFile(_)) if !job.looked => {
                        self.look_further(batch, *id, Kind::File);
                    }
                    (_, [(id, Outcome::Gone)], Call::DeleteFolder(_)) if !job.looked => {
                        self.look_further(batch, *id, Kind::Folder);
                    }
                    _ => self.settled(batch, outcomes, job.looked),
                }
                for message in warnings {
                    self.warn(batch, message);
                }
            }
            Verdict::Halve { missing } => {
                self.settle(batch, Vec::new(), false);
                self.take_apart(&job, missing);
            }
            Verdict::SlowDown { .. } => self.slowed_down(batch, job),
            Verdict::NotSent { detail } => self.not_sent(batch, job, detail),
            Verdict::Unknown { detail } => {
                self.settle(batch, all(&job.ids, &Outcome::Unknown), false);
                self.warn(batch, format!("no answer that can be trusted: {detail}"));
                // A delete is idempotent, and what it finds deleted was deleted by us. What was
                // read before says nothing of what this delete did.
                let looked = false;
                let given_up = self.troubled(batch, Job { looked, ..job }, &detail);
                if let Some(job) = given_up.filter(|job| job.aim == Aim::Member) {
                    self.member_lost(job.ids[0]);
                }
            }
            Verdict::Stop(reason) => self.stopped(batch, job, reason),
        }
    }

    /// Writes down what a delete said of its assets; `looked` says that they were read before
    /// it and found alive.
    pub(in crate::apply) fn settled(
        &mut self,
        batch: u64,
        outcomes: Vec<AssetOutcome>,
        looked: bool,
    ) {
        let mut tally = Tally::default();
        let mut expected = 0;
        let mut certain = Vec::with_capacity(outcomes.len());
        let mut missing = Vec::new();
        let mut doubtful = Vec::new();
        for (id, outcome) in outcomes {
            // Most are retired, and then nothing depends on it.
            let was_unknown = || {
                let before = self.state.assets.get(&id).map(Record::standing);
                matches!(before, Some(Standing::Unknown { .. }))
            };
            match &outcome {
                Outcome::Retired => tally.retired += 1,
                Outcome::Gone if was_unknown() && self.breaker.believes() => expected += 1,
                Outcome::Gone => {
                    // Our own delete is why an unknown one is missing, most probably.
                    tally.missing += usize::from(!was_unknown());
                    missing.push((batch, id));
                    continue;
                }
                Outcome::Failed(_) if !looked && was_unknown() => {
                    // Our own delete, whose answer was lost, may be why; a reading tells.
                    doubtful.push(id);
                    continue;
                }
                Outcome::Failed(_) if self.refused_before.contains(&id) => expected += 1,
                Outcome::Failed(Failure { kind, .. }) => {
                    self.only_rights &= *kind == FailureKind::Permission;
                    tally.failed += 1;
                }
                Outcome::Unknown => {}
            }
            certain.push((id, outcome));
        }
        let look = |id: &AssetId| Job::look(*id, &Kind::ALL, None, true);
        match self.options.api {
            Api::V2 => self.look_for(&doubtful, true),
            Api::V4 => self.queue.put_first(doubtful.iter().map(look)),
        }
        if tally.retired + expected > 0 {
            self.canary.came_back();
        }
        let stop = self.count(tally);
        if self.breaker.believes() {
            certain.extend(missing.into_iter().map(|(_, id)| (id, Outcome::Gone)));
        } else {
            self.held.append(&mut missing);
        }
        self.settle(batch, certain, false);
        if let Some(reason) = stop {
            self.halt(reason);
        }
    }

    /// Sends the parts of a batch that was refused as a whole.
    fn take_apart(&mut self, job: &Job, missing: bool) {
        if missing && !job.looked {
            let unknown = |id: &AssetId| {
                let before = self.state.assets.get(id).map(Record::standing);
                matches!(before, Some(Standing::Unknown { .. }))
            };
            let (asked, fresh): (Vec<AssetId>, Vec<AssetId>) =
                job.ids.iter().copied().partition(unknown);
            if !asked.is_empty() {
                // An earlier delete of these took effect, wholly or in part. To read each is
                // one request an asset at most; to halve down to each would be two.
                let mut jobs = self.queue.look_for(&asked, true);
                if !fresh.is_empty() {
                    jobs.push(Job::delete(&fresh));
                }
                return self.queue.put_first(jobs);
            }
        }
        self.queue.put_first(job.halves());
    }

    /// Follows up a reading that told nothing.
    pub(in crate::apply) fn unread<T>(&mut self, batch: u64, job: Job, verdict: ReadVerdict<T>) {
        match verdict {
            ReadVerdict::Read(_) => {}
            ReadVerdict::SlowDown { .. } => self.slowed_down(batch, job),
            ReadVerdict::NotSent { detail } => self.not_sent(batch, job, detail),
            ReadVerdict::Unreadable { detail } => {
                self.settle(batch, Vec::new(), false);
                let id = job.ids[0];
                self.warn(batch, format!("`{id}` could not be read: {detail}"));
                let given_up = self.troubled(batch, job, &detail);
                if let Some(Job {
                    others: Some(others),
                    listed,
                    ..
                }) = given_up
                {
                    self.look_for(&others.ids, listed);
                }
            }
            ReadVerdict::Stop(reason) => self.stopped(batch, job, reason),
        }
    }

    /// Takes notice of an asset that the server does not know.
    ///
    /// It is not believed to be gone before the server has shown that it knows others of ours.
    pub(in crate::apply) fn missing(&mut self, batch: u64, id: AssetId) {
        let before = self.state.assets.get(&id).map(Record::standing);
        // Our own delete is why an unknown one is missing, most probably; many of them say
        // nothing against the account, which the state remembers.
        let was_unknown = matches!(before, Some(Standing::Unknown { .. }));
        let stop = self.count(Tally {
            missing: usize::from(!was_unknown),
            ..Tally::default()
        });
        if self.breaker.believes() {
            self.settle(batch, vec![(id, Outcome::Gone)], false);
        } else {
            self.settle(batch, Vec::new(), false);
            self.held.push((batch, id));
        }
        if let Some(reason) = stop {
            self.halt(reason);
        }
    }

    /// Counts an answer; returns why the run must stop, if it must.
    ///
    /// With V4 a missing right is told asset by asset: where no asset gets through for want of
    /// it, it is the token that lacks it.
    fn count(&mut self, tally: Tally) -> Option<StopReason> {
        let stop = self.breaker.answered(tally)?;
        let StopReason::TooManyFailures { failed, .. } = stop else {
            return Some(stop);
        };
        if self.options.api == Api::V2 || !self.only_rights || self.canary.is_good() {
            return Some(stop);
        }
        Some(StopReason::NotAuthorised {
            detail: format!("each of the first {failed} assets was refused (status 403)"),
        })
    }

    fn stopped(&mut self, batch: u64, job: Job, reason: StopReason) {
        self.settle(batch, Vec::new(), false);
        self.queue.put_first([job]);
        self.halt(reason);
    }

    fn slowed_down(&mut self, batch: u64, job: Job) {
        self.settle(batch, Vec::new(), false);
        let (refusals, since) = self.pacer.refusals(job.lane());
        self.queue.put_first([job]);
        let waited = since.map_or(Duration::ZERO, |since| {
            self.clock.elapsed().saturating_sub(since)
        });
        if refusals > PATIENCE && waited >= self.options.retries.within {
            self.halt(StopReason::RateLimited);
        }
    }

    fn not_sent(&mut self, batch: u64, job: Job, detail: String) {
        self.settle(batch, Vec::new(), false);
        let lane = job.lane();
        match self.again(batch, job, &detail) {
            // Where this one does not get through, the others of its lane would not either.
            Ok(due) => self.pacer.pause(lane, due),
            Err(job) => {
                self.queue.put_first([job]);
                self.halt(StopReason::NotReachable { detail });
            }
        }
    }

    /// Makes a request again that went wrong, and lets its lane take a breath where several
    /// went wrong in a row.
    ///
    /// Gives the job back where it went wrong too often; it stays as it is recorded then.
    fn troubled(&mut self, batch: u64, job: Job, detail: &str) -> Option<Job> {
        let lane = job.lane();
        if let Some(reason) = self.breaker.troubled(detail) {
            self.halt(reason);
        }
        let in_a_row = self.breaker.failed_in_a_row();
        if in_a_row > 1 {
            let longest = self.options.retries.longest(in_a_row - 1);
            let breather = self.jitter.of(longest.min(LONGEST_BREATHER));
            self.pacer.pause(lane, self.clock.elapsed() + breather);
        }
        self.again(batch, job, detail).err()
    }

    /// Makes a request again after a pause, and says when; gives it back where it went wrong too
    /// often.
    pub(in crate::apply) fn again(
        &mut self,
        batch: u64,
        job: Job,
        why: &str,
    ) -> Result<Duration, Job> {
        let now = self.clock.elapsed();
        let retries = self.options.retries;
        let since = job.since.unwrap_or(now);
        if job.tries >= retries.tries || now.saturating_sub(since) > retries.within {
            return Err(job);
        }
        let wait = self.jitter.of(retries.longest(job.tries));
        let tries = job.tries + 1;
        self.events.push(RunEvent::Retried {
            batch,
            at: self.clock.now(),
            assets: job.ids.len(),
            tries,
            wait,
            why: why.to_owned(),
        });
        let since = Some(since);
        self.queue.put_back(
            Job {
                tries,
                since,
                ..job
            },
            now + wait,
        );
        Ok(now + wait)
    }

    /// Tells the pacer of an answer, and everybody of the pause that follows.
    pub(in crate::apply) fn paced(&mut self, lane: Lane, limits: Option<Limits>, pace: Pace) {
        let now = self.clock.elapsed();
        if pace == Pace::Taken {
            self.breaker.sound();
        } else {
            // What is not sent yet waits for better times.
            self.inbox.call_back();
        }
        if let Some(Pause { wait, window }) = self.pacer.answered(lane, now, limits, pace) {
            self.has_told_wait(lane, now);
            self.events.push(RunEvent::Paced {
                at: self.clock.now(),
                lane,
                wait,
                refused: true,
                window,
            });
        }
    }

    /// Believes that the missing assets are gone.
    fn release(&mut self) {
        for (batch, id) in std::mem::take(&mut self.held) {
            self.settle(batch, vec![(id, Outcome::Gone)], false);
        }
    }

    /// Decides on the missing assets when nothing more will show whether to believe in them.
    ///
    /// Where the run stopped they stay as they were. Where all was asked and too few are
    /// missing for a breaker, they are gone, with a word of warning.
    pub(in crate::apply) fn release_at_the_end(&mut self) {
        if self.held.is_empty() || self.stops().is_some() || self.is_cut_short() {
            return;
        }
        if !self.breaker.has_passed() {
            let batch = self.held[0].0;
            let missing = self.held.len();
            self.warn(
                batch,
                format!(
                    "no asset of this run was found, and {missing} are missing: if they should be there, check the account and the token"
                ),
            );
        }
        self.release();
    }
}

pub(in crate::apply) const fn limits_of(reply: &Reply) -> Option<Limits> {
    match reply {
        Reply::Answered { limits, .. } => *limits,
        Reply::NoToken { .. } | Reply::NotSent { .. } | Reply::Lost { .. } => None,
    }
}

const fn pace_of_delete(verdict: &Verdict) -> Pace {
    match verdict {
        Verdict::SlowDown { wait } => Pace::Refused { wait: *wait },
        Verdict::Unknown { .. } | Verdict::NotSent { .. } => Pace::Troubled,
        Verdict::Settled { .. } | Verdict::Halve { .. } | Verdict::Stop(_) => Pace::Taken,
    }
}

pub(in crate::apply) const fn pace_of_read<T>(verdict: &ReadVerdict<T>) -> Pace {
    match verdict {
        ReadVerdict::SlowDown { wait } => Pace::Refused { wait: *wait },
        ReadVerdict::Unreadable { .. } | ReadVerdict::NotSent { .. } => Pace::Troubled,
        ReadVerdict::Read(_) | ReadVerdict::Stop(_) => Pace::Taken,
    }
}

fn all(ids: &[AssetId], outcome: &Outcome) -> Vec<AssetOutcome> {
    ids.iter().map(|id| (*id, outcome.clone())).collect()
}
