//! What follows from each answer: the dispatcher's other half.

use std::time::Duration;

use crate::apply::breaker::Tally;
use crate::apply::dispatcher::Dispatcher;
use crate::apply::job::{Aim, Call, Job, Journaled, Sent};
use crate::apply::pacer::{Pace, Pause};
use crate::asset::{AssetId, Kind};
use crate::event::{Lane, RunEvent, StopReason, Task};
use crate::frameio::verdict::{Deletion, Verdict};
use crate::frameio::{Limits, Reply, v2, v4};
use crate::outcome::{AssetOutcome, FailureKind, Outcome};
use crate::state::Api;
use crate::store::Session;

/// How often in a row the server may say that it is too much before that can stop the run.
const PATIENCE: u32 = 20;

/// The longest pause that a lane takes because of troubles in a row.
const LONGEST_BREATHER: Duration = Duration::from_secs(5);

impl<S: Session> Dispatcher<'_, S> {
    pub(in crate::apply) fn answered(&mut self, batch: Journaled, reply: &Reply) {
        self.know(reply);
        self.queue.is_over(&batch.job);
        let aim = batch.job.aim.clone();
        match (batch.job.task(), aim) {
            (Task::Delete, _) => self.deleted(batch, reply),
            (Task::Resolve, Aim::Look(look)) => self.looked(batch.batch, batch.job, &look, reply),
            (Task::Resolve, Aim::Open) => self.opened(batch.batch, batch.job, reply),
            (Task::Resolve, Aim::Close) => self.closed(batch.batch, batch.job, reply),
            (Task::Resolve, Aim::Settle | Aim::Member) => {
                self.resolved(batch.batch, batch.job, reply);
            }
        }
    }

    pub(in crate::apply) fn broken(&mut self, batch: Journaled) {
        let Journaled { batch, job, .. } = batch;
        self.left_under_way();
        self.queue.is_over(&job);
        self.paced(job.lane(), None, Pace::Troubled);
        if job.task() == Task::Delete {
            self.settle(batch, all(&job.ids, &Outcome::Unknown));
        } else {
            self.settle(batch, Vec::new());
            self.queue.put_first([job]);
        }
        self.halt(StopReason::Broken {
            detail: format!("the worker that had batch {batch} broke down"),
        });
    }

    fn deleted(&mut self, batch: Journaled, reply: &Reply) {
        let Journaled {
            batch,
            job,
            at: _,
            intent,
        } = batch;
        let lane = job.lane();
        let verdict = match job.call {
            Call::V2(_) => v2::answer::judge_delete(&job.ids, reply),
            Call::V4(_) => v4::answer::judge_delete(job.target(), reply),
        };
        self.paced(lane, reply.limits(), pace_of(&verdict));
        match verdict {
            Verdict::Told(Deletion::Settled { outcomes, doubtful }) => {
                let reads = doubtful.into_iter().map(|(id, refusal)| Job {
                    refusal: Some(Box::new(refusal)),
                    ..self.reading(&job, id)
                });
                let reads: Vec<Job> = reads.collect();
                self.queue.put_first(reads);
                match (&job.aim, outcomes.as_slice()) {
                    (Aim::Member, [(file, outcome)]) => {
                        self.member_done(batch, job.ids[0], *file, outcome.clone());
                    }
                    (Aim::Member, _) => self.settle(batch, Vec::new()),
                    (Aim::Settle | Aim::Look(_) | Aim::Open | Aim::Close, _) => {
                        self.settled(batch, outcomes);
                    }
                }
            }
            Verdict::Told(Deletion::Halve) => {
                self.settle(batch, Vec::new());
                self.queue.put_first(job.halves());
            }
            Verdict::SlowDown { .. } => self.slowed_down(batch, job),
            Verdict::NotSent { detail } => self.not_sent(batch, job, detail),
            Verdict::Refused { detail } | Verdict::Unknown { detail } => {
                for id in job.targets() {
                    self.intents.insert(id, intent);
                }
                self.settle(batch, all(&job.ids, &Outcome::Unknown));
                self.warn(batch, format!("no answer that can be trusted: {detail}"));
                self.lost(batch, &job, &detail);
            }
            Verdict::Stop(reason) => self.stopped(batch, job, reason),
        }
    }

    /// What reads an asset of a job again.
    fn reading(&self, job: &Job, id: AssetId) -> Job {
        let said = self.queue.approved().kind(id);
        let read = match (self.options.api, &job.aim, &job.call) {
            (Api::V2, ..) => Job::read(id, job.listed),
            (Api::V4, Aim::Member, _) => Job::look_member(job.ids[0], id),
            (Api::V4, _, Call::V4(v4::Call::DeleteFolder(_))) => {
                Job::look(id, said.or(Some(Kind::Folder)), job.listed)
            }
            (Api::V4, ..) => Job::look(id, said.or(Some(Kind::File)), job.listed),
        };
        Job {
            sent: job.sent,
            ..read
        }
    }

    /// Has what an unanswered delete asked for read after a pause: only what is found alive is
    /// deleted again.
    fn lost(&mut self, batch: u64, job: &Job, detail: &str) {
        self.strained(job.lane(), detail);
        let Sent { tries, since } = job.sent;
        let assets = job.ids.len();
        let Some((due, sent)) = self.pause(batch, assets, (tries, since), detail) else {
            if job.aim == Aim::Member {
                self.member_lost(job.ids[0]);
            }
            return self.gave_up();
        };
        for id in job.targets() {
            let read = Job {
                sent,
                ..self.reading(job, id)
            };
            self.queue.put_back(read, due);
        }
    }

    /// Writes down what a delete said of its assets.
    pub(in crate::apply) fn settled(&mut self, batch: u64, outcomes: Vec<AssetOutcome>) {
        let mut tally = Tally::default();
        let mut expected = 0;
        for (id, outcome) in &outcomes {
            match outcome {
                Outcome::Retired(_) => tally.retired += 1,
                Outcome::Failed(_) if self.refused_before.contains(id) => expected += 1,
                Outcome::Failed(failure) => {
                    tally.failed += 1;
                    let forbidden = failure.kind == FailureKind::Permission;
                    tally.forbidden += usize::from(forbidden && self.tells_rights());
                }
                Outcome::Gone(_) | Outcome::Missing | Outcome::Unknown => {}
            }
        }
        if tally.retired + expected > 0 {
            self.canary.came_back();
        }
        let stop = self.breaker.answered(tally);
        self.settle(batch, outcomes);
        if let Some(reason) = stop {
            self.halt(reason);
        }
    }

    /// Whether the API tells asset by asset that the token lacks a right; the bulk delete of v2
    /// tells it of all at once.
    pub(in crate::apply) fn tells_rights(&self) -> bool {
        self.options.api == Api::V4
    }

    /// Follows up a reading that told nothing.
    pub(in crate::apply) fn unread<T>(&mut self, batch: u64, job: Job, verdict: Verdict<T>) {
        match verdict {
            Verdict::Told(_) | Verdict::Refused { .. } => {}
            Verdict::SlowDown { .. } => self.slowed_down(batch, job),
            Verdict::NotSent { detail } => self.not_sent(batch, job, detail),
            Verdict::Unknown { detail } => {
                self.settle(batch, Vec::new());
                let id = job.target();
                self.warn(batch, format!("`{id}` could not be read: {detail}"));
                self.strained(job.lane(), &detail);
                if let Err(job) = self.again(batch, job, &detail) {
                    if let Aim::Look(look) = &job.aim
                        && look.member
                    {
                        self.member_lost(job.ids[0]);
                    }
                    self.gave_up();
                }
            }
            Verdict::Stop(reason) => self.stopped(batch, job, reason),
        }
    }

    fn stopped(&mut self, batch: u64, job: Job, reason: StopReason) {
        self.settle(batch, Vec::new());
        self.queue.put_first([job]);
        self.halt(reason);
    }

    fn slowed_down(&mut self, batch: u64, job: Job) {
        self.settle(batch, Vec::new());
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
        self.settle(batch, Vec::new());
        let lane = job.lane();
        match self.again(batch, job, &detail) {
            // Where this one does not get through, the others of its lane would not either.
            Ok(due) => self.pacer.pause(lane, due),
            Err(job) => {
                self.queue.put_first([*job]);
                self.halt(StopReason::NotReachable { detail });
            }
        }
    }

    /// Lets a lane take a breath where several requests went wrong in a row, and stops the run
    /// where too many did.
    fn strained(&mut self, lane: Lane, detail: &str) {
        if let Some(reason) = self.breaker.troubled(lane.task(), detail) {
            self.halt(self.api_is_over().unwrap_or(reason));
        }
        let in_a_row = self.breaker.failed_in_a_row();
        if in_a_row > 1 {
            let longest = self.options.retries.longest(in_a_row - 1);
            let breather = self.jitter.of(longest.min(LONGEST_BREATHER));
            self.pacer.pause(lane, self.clock.elapsed() + breather);
        }
    }

    /// Takes notice that a request went wrong too often: where nothing else was ever heard of v2,
    /// it is not served any more.
    fn gave_up(&mut self) {
        if let Some(reason) = self.api_is_over() {
            self.halt(reason);
        }
    }

    /// Makes a request again after a pause, and says when; gives it back where it went wrong too
    /// often.
    fn again(&mut self, batch: u64, job: Job, why: &str) -> Result<Duration, Box<Job>> {
        let assets = job.ids.len();
        let Some((due, Sent { tries, since })) =
            self.pause(batch, assets, (job.tries, job.since), why)
        else {
            return Err(Box::new(job));
        };
        self.queue.put_back(
            Job {
                tries,
                since,
                ..job
            },
            due,
        );
        Ok(due)
    }

    /// Says when to make a request again that went wrong, and tells it; nothing where it went
    /// wrong too often.
    fn pause(
        &mut self,
        batch: u64,
        assets: usize,
        (tries, since): (u32, Option<Duration>),
        why: &str,
    ) -> Option<(Duration, Sent)> {
        let now = self.clock.elapsed();
        let retries = self.options.retries;
        let since = since.unwrap_or(now);
        if tries >= retries.tries || now.saturating_sub(since) > retries.within {
            return None;
        }
        let wait = self.jitter.of(retries.longest(tries));
        let tries = tries + 1;
        self.events.push(RunEvent::Retried {
            batch,
            at: self.clock.now(),
            assets,
            tries,
            wait,
            why: why.to_owned(),
        });
        let since = Some(since);
        Some((now + wait, Sent { tries, since }))
    }

    /// Tells the pacer of an answer, and everybody of the pause that follows.
    pub(in crate::apply) fn paced(&mut self, lane: Lane, limits: Option<Limits>, pace: Pace) {
        let now = self.clock.elapsed();
        if pace == Pace::Taken {
            self.breaker.sound(lane.task());
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
}

pub(in crate::apply) const fn pace_of<T>(verdict: &Verdict<T>) -> Pace {
    match verdict {
        Verdict::SlowDown { wait } => Pace::Refused { wait: *wait },
        Verdict::Unknown { .. } | Verdict::NotSent { .. } => Pace::Troubled,
        Verdict::Told(_) | Verdict::Refused { .. } | Verdict::Stop(_) => Pace::Taken,
    }
}

fn all(ids: &[AssetId], outcome: &Outcome) -> Vec<AssetOutcome> {
    ids.iter().map(|id| (*id, outcome.clone())).collect()
}
