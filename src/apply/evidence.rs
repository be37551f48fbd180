//! What became of assets that a delete did not settle: each is read, and decided by evidence.
//!
//! That the server does not know an asset is no evidence. With v2 a reading tells when the asset
//! was deleted. With V4 it does not, so that what is not found is looked for in the lists of
//! recently deleted assets, many at once: at the end, or earlier where so many are not found that
//! the run would have to stop.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::apply::breaker::{SAMPLE, Tally};
use crate::apply::dispatcher::Dispatcher;
use crate::apply::follow::pace_of;
use crate::apply::job::{Job, Look};
use crate::apply::worker::News;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::trash::Wanted;
use crate::frameio::verdict::{Live, Verdict};
use crate::frameio::words::detail;
use crate::frameio::{Reply, v2, v4};
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};
use crate::state::{Api, Record, Standing};
use crate::store::Session;

/// An asset that the server knows as none of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::apply) struct Absent {
    /// The batch that found out.
    batch: u64,
    /// The asset.
    id: AssetId,
    /// The version stack that it is a file of, where it is deleted as such.
    stack: Option<AssetId>,
}

impl<S: Session> Dispatcher<'_, S> {
    /// Takes notice of what an answer tells of the server itself: its clock, and whether v2 is
    /// served.
    pub(in crate::apply) fn know(&mut self, reply: &Reply) {
        let Reply::Answered {
            status,
            date,
            body,
            wait: _,
            limits: _,
            pages: _,
        } = reply
        else {
            return;
        };
        if let Some(date) = date {
            self.skew = Some(date.duration_since(self.clock.now()));
        }
        if v2::answer::is_ended(reply) {
            self.no_api = Some(detail(*status, body));
        } else {
            self.has_spoken = true;
        }
    }

    /// That v2 is not served any more, if it looks like that: nothing else was ever answered.
    pub(in crate::apply) fn api_is_over(&self) -> Option<StopReason> {
        if self.options.api == Api::V4 || self.has_spoken {
            return None;
        }
        let detail = self.no_api.clone()?;
        Some(StopReason::Ended { detail })
    }

    /// Follows up the reading of one asset (v2).
    pub(in crate::apply) fn resolved(&mut self, batch: u64, job: Job, reply: &Reply) {
        let id = job.target();
        let verdict = v2::answer::judge_read(id, reply);
        self.paced(job.lane(), reply.limits(), pace_of(&verdict));
        match verdict {
            Verdict::Told(Live::Deleted(at)) => {
                self.shown(batch, (id, None), Some(at), Evidence::Read);
            }
            Verdict::Told(Live::There) => self.alive(batch, job, id, None),
            Verdict::Told(Live::Missing | Live::OtherKind { .. }) => {
                self.missing(batch, (id, None));
            }
            Verdict::Refused { detail } => {
                self.refused(batch, (id, None), forbidden(detail));
            }
            Verdict::SlowDown { .. }
            | Verdict::NotSent { .. }
            | Verdict::Unknown { .. }
            | Verdict::Stop(_) => self.unread(batch, job, verdict),
        }
    }

    /// Follows up the reading of an asset as one of a kind (V4).
    pub(in crate::apply) fn looked(&mut self, batch: u64, job: Job, look: &Look, reply: &Reply) {
        let id = job.target();
        let stack = look.member.then(|| job.ids[0]);
        let verdict = v4::answer::judge_show(id, reply);
        self.paced(job.lane(), reply.limits(), pace_of(&verdict));
        match verdict {
            Verdict::Told(Live::Deleted(at)) => {
                self.shown(batch, (id, stack), Some(at), Evidence::Read);
            }
            Verdict::Told(Live::There) => self.alive(batch, job, id, Some(look)),
            Verdict::Told(Live::Missing) => self.look_on(batch, &job, look, None),
            Verdict::Told(Live::OtherKind { detail }) => {
                self.look_on(batch, &job, look, Some(detail));
            }
            Verdict::Refused { detail } => {
                self.refused(batch, (id, stack), forbidden(detail));
            }
            Verdict::SlowDown { .. }
            | Verdict::NotSent { .. }
            | Verdict::Unknown { .. }
            | Verdict::Stop(_) => self.unread(batch, job, verdict),
        }
    }

    /// Asks for the next kind of an asset that is not found as one kind; `other` are the words by
    /// which the server says that it is of another.
    fn look_on(&mut self, batch: u64, job: &Job, look: &Look, other: Option<String>) {
        let id = job.target();
        let stack = look.member.then(|| job.ids[0]);
        if let Some(next) = job.look_on(look, other.is_none()) {
            self.settle(batch, Vec::new());
            return self.queue.put_first([next]);
        }
        match other {
            Some(message) if !look.missing => {
                let kind = FailureKind::Invalid;
                self.refused(batch, (id, stack), Failure { kind, message });
            }
            Some(_) | None => {
                self.settle(batch, Vec::new());
                self.absent.push(Absent { batch, id, stack });
            }
        }
    }

    /// Takes notice of an asset that a reading found alive.
    fn alive(&mut self, batch: u64, job: Job, id: AssetId, look: Option<&Look>) {
        let stack = look.filter(|look| look.member).map(|_| job.ids[0]);
        if let Some(failure) = look.and_then(other_kind) {
            return self.failed(batch, (id, stack), failure);
        }
        if let Some(refusal) = job.refusal {
            return self.failed(batch, (id, stack), *refusal);
        }
        if !job.listed {
            self.settle(batch, Vec::new());
            return self.forget(vec![id]);
        }
        let Some(Look { kind, .. }) = look else {
            self.settle(batch, Vec::new());
            return self.queue.put_found(id, job.sent);
        };
        self.settle(batch, Vec::new());
        let again = match stack {
            Some(stack) => Job::member(stack, id),
            None => Job::single(id, Some(*kind)),
        };
        self.queue.put_first([Job {
            looked: true,
            sent: job.sent,
            ..again
        }]);
    }

    /// Takes notice of an asset that is shown to be deleted, and when, where that is known.
    fn shown(
        &mut self,
        batch: u64,
        (id, stack): (AssetId, Option<AssetId>),
        at: Option<Timestamp>,
        evidence: Evidence,
    ) {
        // The server knows the asset, so it is the right server.
        self.canary.came_back();
        let stop = self.breaker.answered(Tally {
            shown: 1,
            ..Tally::default()
        });
        let outcome = if self.is_ours(id, at) {
            Outcome::Retired(evidence)
        } else {
            Outcome::Gone(evidence)
        };
        match (stack, &outcome) {
            (Some(stack), _) => self.member_done(batch, stack, id, outcome),
            (None, Outcome::Retired(_)) => self.settle(batch, vec![(id, outcome)]),
            (None, _) => self.hold_back(batch, (id, outcome)),
        }
        if let Some(reason) = stop {
            self.halt(reason);
        }
    }

    /// Whether an asset was deleted by a delete of ours that was not answered: it is not older
    /// than that.
    ///
    /// The clocks of both sides are compared by the server's own date. What cannot be compared is
    /// not ours: whoever takes back what a run deleted must not take back what others did.
    fn is_ours(&self, id: AssetId, at: Option<Timestamp>) -> bool {
        let intent = self.intent_of(id).zip(self.skew);
        let intent = intent.and_then(|(intent, skew)| intent.checked_add(skew).ok());
        // Neither time need have more than seconds.
        at.zip(intent)
            .is_some_and(|(at, intent)| at.as_second() >= intent.as_second())
    }

    /// When the delete of an asset was sent that was not answered, by our own clock.
    ///
    /// Of those of earlier runs nobody has kept more than when the run began.
    fn intent_of(&self, id: AssetId) -> Option<Timestamp> {
        if let Some(intent) = self.intents.get(&id) {
            return Some(*intent);
        }
        let record = self.state.assets.get(&id)?;
        match record.standing {
            Standing::Unknown { .. } => Some(self.state.runs.get(&record.run)?.at),
            Standing::Retired | Standing::Gone | Standing::Failed(_) | Standing::Missing => None,
        }
    }

    fn is_unknown(&self, id: AssetId) -> bool {
        let before = self.state.assets.get(&id).map(Record::standing);
        self.intents.contains_key(&id) || matches!(before, Some(Standing::Unknown { .. }))
    }

    /// Takes notice of an asset that may not be read, or not be asked for.
    ///
    /// Where an earlier delete of ours was not answered, that says nothing of it.
    fn refused(&mut self, batch: u64, (id, stack): (AssetId, Option<AssetId>), failure: Failure) {
        if !self.is_unknown(id) {
            return self.failed(batch, (id, stack), failure);
        }
        self.settle(batch, Vec::new());
        self.warn(
            batch,
            format!("`{id}` could not be read: {}", failure.message),
        );
        if let Some(stack) = stack {
            self.member_lost(stack);
        }
        let forbidden = usize::from(failure.kind == FailureKind::Permission);
        let stop = self.breaker.answered(Tally {
            failed: 1,
            forbidden,
            ..Tally::default()
        });
        if let Some(reason) = stop {
            self.halt(reason);
        }
    }

    fn failed(&mut self, batch: u64, (id, stack): (AssetId, Option<AssetId>), failure: Failure) {
        match stack {
            Some(stack) => self.member_done(batch, stack, id, Outcome::Failed(failure)),
            None => self.settled(batch, vec![(id, Outcome::Failed(failure))]),
        }
    }

    /// Takes notice of an asset that the server does not know, and that nothing shows to be
    /// deleted.
    fn missing(&mut self, batch: u64, (id, stack): (AssetId, Option<AssetId>)) {
        if let Some(stack) = stack {
            return self.member_done(batch, stack, id, Outcome::Missing);
        }
        if self.queue.approved().accepts_missing(id) {
            return self.hold_back(batch, (id, Outcome::Gone(Evidence::ByHand)));
        }
        // Our own delete is why an unknown one is missing, most probably; many of them say
        // nothing against the account, which the state remembers.
        let missing = usize::from(!self.is_unknown(id));
        let stop = self.breaker.answered(Tally {
            missing,
            ..Tally::default()
        });
        self.hold_back(batch, (id, Outcome::Missing));
        if let Some(reason) = stop {
            self.halt(reason);
        }
    }

    /// Keeps what a stop for missing assets would take back: it is written down at the end. Until
    /// then it is as it was for whoever finds the run dead, and the next run finds it out again.
    pub(in crate::apply) fn hold_back(&mut self, batch: u64, outcome: AssetOutcome) {
        self.settle(batch, Vec::new());
        self.held.push((batch, outcome));
    }

    /// Whether the lists of recently deleted assets are to be looked through now.
    pub(in crate::apply) fn is_to_seek(&self) -> bool {
        if self.absent.is_empty() || self.stops().is_some() {
            return false;
        }
        let alone = self.absent.iter();
        let counted = alone.filter(|absent| absent.stack.is_none() && !self.is_unknown(absent.id));
        let counted = counted.count();
        // To look for few of them again and again would cost more than it tells.
        let many = counted >= SAMPLE && self.breaker.would_trip(counted);
        self.has_nothing_else() || many
    }

    /// Looks for what the server does not know in the lists of recently deleted assets.
    pub(in crate::apply) fn seek(&mut self) {
        // It may take a while, so what is known is written down before.
        if !self.record() {
            return;
        }
        let absent = std::mem::take(&mut self.absent);
        let wanted = self.wanted(&absent);
        let last_call = self.last_call();
        let (inbox, clock) = (&self.inbox, self.clock);
        let mut news = Vec::new();
        let deleted = (self.seeker)(&wanted, &mut || {
            news.extend(inbox.wait(Duration::ZERO).unwrap_or_default());
            let is_signal = |news: &News| matches!(news, News::Signal(_));
            let is_late = last_call.is_some_and(|time| time <= clock.elapsed());
            is_late || news.iter().any(is_signal)
        });
        for news in news {
            self.take(news);
        }
        let Some(deleted) = deleted else {
            // It was cut off: nothing is known of them.
            self.absent.extend(absent);
            return;
        };
        for Absent { batch, id, stack } in absent {
            match deleted.found.get(&id) {
                Some(at) => self.shown(batch, (id, stack), *at, Evidence::Listed),
                None => self.missing(batch, (id, stack)),
            }
        }
    }

    fn wanted(&self, absent: &[Absent]) -> Wanted {
        let approved = self.queue.approved();
        let mut parents = approved.parents();
        let mut assets = BTreeMap::new();
        for Absent { id, stack, .. } in absent {
            let whole = stack.unwrap_or(*id);
            assets.insert(*id, approved.place(whole).project);
            if let Some(stack) = stack {
                parents.insert(*id, *stack);
            }
        }
        // Only where each of them was deleted by us, if at all, does no earlier line matter.
        let intents = absent.iter().map(|absent| self.intent_of(absent.id));
        let first: Option<Vec<Timestamp>> = intents.collect();
        let first = first.and_then(|intents| intents.into_iter().min());
        let since = first.zip(self.skew).and_then(|(first, skew)| {
            let earlier = skew.checked_sub(SignedDuration::from_secs(1))?;
            first.checked_add(earlier).ok()
        });
        Wanted {
            assets,
            parents,
            since,
        }
    }

    /// Writes down what was held back, unless the run stopped since too much is missing: then it
    /// is as it was.
    pub(in crate::apply) fn release_at_the_end(&mut self) {
        match self.stops() {
            Some(StopReason::TooManyMissing { .. } | StopReason::WrongAccount { .. }) => return,
            Some(
                StopReason::NotAuthenticated { .. }
                | StopReason::NotAuthorised { .. }
                | StopReason::NotReachable { .. }
                | StopReason::WrongEndpoint { .. }
                | StopReason::RateLimited
                | StopReason::TooManyFailures { .. }
                | StopReason::Ended { .. }
                | StopReason::FailedBatches { .. }
                | StopReason::TimeBudget
                | StopReason::Broken { .. }
                | StopReason::NotRecorded { .. }
                | StopReason::Signal(_),
            )
            | None => {}
        }
        let mut batches: BTreeMap<u64, Vec<AssetOutcome>> = BTreeMap::new();
        for (batch, outcome) in std::mem::take(&mut self.held) {
            batches.entry(batch).or_default().push(outcome);
        }
        for (batch, outcomes) in batches {
            self.settle(batch, outcomes);
        }
    }
}

const fn forbidden(message: String) -> Failure {
    Failure {
        kind: FailureKind::Permission,
        message,
    }
}

/// Says that an asset is of another kind than the manifest says.
fn other_kind(look: &Look) -> Option<Failure> {
    let Look { kind, said, .. } = look;
    let said = said.filter(|said| said != kind)?;
    let (said, kind) = (in_words(said), in_words(*kind));
    Some(Failure {
        kind: FailureKind::Invalid,
        message: format!(
            "the manifest says that it is a {said}, and the server has a {kind}; correct its `kind`"
        ),
    })
}

const fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::VersionStack => "version stack",
    }
}
