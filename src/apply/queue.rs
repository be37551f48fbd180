//! What is still to be sent: cut into batches, and some of it again.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::mem;
use std::time::Duration;

use crate::apply::order::Order;
use crate::apply::strategy::{Job, Rank, Strategy, Tries};
use crate::asset::AssetId;
use crate::event::{RateLimit, Task};
use crate::plan::approve::{Approved, Resolve};

/// What the queue may give out just now.
#[derive(Clone, Copy)]
pub(super) struct Terms<'run> {
    /// The time, counted from the start of the run.
    pub(super) now: Duration,
    /// Whether no answer is under way.
    pub(super) idle: bool,
    /// How many assets a delete may ask for that is no part of an earlier one; nothing while
    /// none may go out.
    pub(super) size: Option<usize>,
    /// Whether a rate limit is open.
    pub(super) open: &'run dyn Fn(RateLimit) -> bool,
    /// Whether assets were read lately enough to be deleted.
    pub(super) fresh: &'run dyn Fn(&[AssetId]) -> bool,
}

/// What is asked of the queue to know what is to be read again.
pub(super) struct Rereading<'run> {
    /// The time, counted from the start of the run.
    pub(super) now: Duration,
    /// How long before its turn an asset is read again, so that nothing waits for it.
    pub(super) ahead: Duration,
    /// Until when an asset is believed to be as it was read.
    pub(super) believed: &'run dyn Fn(AssetId) -> Duration,
    /// How long the API takes for each asset that is deleted under a rate limit.
    pub(super) pace: &'run dyn Fn(RateLimit) -> Duration,
}

impl Rereading<'_> {
    /// Chooses among assets that go one after another from a time on, each with how long it takes;
    /// says when the last one that was looked at is over.
    ///
    /// With the first one those are read that come soon after it.
    fn choose(
        &self,
        mut turn: Duration,
        ids: impl Iterator<Item = (AssetId, Duration)>,
        stale: &mut BTreeSet<AssetId>,
    ) -> Duration {
        let soon = self.now + self.ahead;
        let mut last = soon;
        let mut is_begun = false;
        for (id, pace) in ids {
            if turn > last || stale.len() >= MOST_READ {
                break;
            }
            if (self.believed)(id) <= turn {
                if !is_begun {
                    (last, is_begun) = (turn + TOGETHER * self.ahead, true);
                }
                stale.insert(id);
            }
            turn += pace;
        }
        turn
    }
}

/// How many assets are read again in one pass at most.
const MOST_READ: usize = 10_000;

/// For how long a pass reads beyond the first asset, in times of how long it is begun before its
/// turn: all that is read with it is still believed then.
const TOGETHER: u32 = 1;

/// A job that waits for its time; the earliest first, and among equals the one put back first.
#[derive(Debug, PartialEq, Eq)]
struct Later<S: Strategy> {
    due: Duration,
    number: u64,
    job: Job<S>,
}

impl<S: Strategy> Ord for Later<S> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl<S: Strategy> PartialOrd for Later<S> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Everything that is still to be sent.
#[derive(Debug)]
pub(super) struct Queue<'plan, S: Strategy> {
    approved: &'plan Approved,
    /// Jobs that go before everything else, by rate limit.
    again: BTreeMap<RateLimit, VecDeque<Job<S>>>,
    later: BinaryHeap<Reverse<Later<S>>>,
    put_back: u64,
    resolve: &'plan [Resolve],
    /// What is to be deleted, in the order in which it goes.
    delete: Cow<'plan, [AssetId]>,
    /// How many of these are given out.
    given: usize,
    found: Vec<(AssetId, Tries)>,
    /// How many assets `again` and `later` ask for.
    returned: usize,
    /// Whether a folder has gone.
    folders_begun: bool,
    /// How many jobs of each rank wait in `again` and `later`, or are under way.
    ranks: [usize; Rank::ALL.len()],
}

impl<'plan, S: Strategy> Queue<'plan, S> {
    /// Queues what was approved.
    pub(super) fn new(approved: &'plan Approved) -> Self {
        Self {
            approved,
            again: BTreeMap::new(),
            later: BinaryHeap::new(),
            put_back: 0,
            resolve: approved.resolve(),
            delete: S::in_order(approved),
            given: 0,
            found: Vec::new(),
            returned: 0,
            folders_begun: false,
            ranks: [0; Rank::ALL.len()],
        }
    }

    /// Takes what can be sent now; nothing where everything has to wait.
    ///
    /// Whoever takes a job says when it is over, see [`Self::is_over`].
    pub(super) fn next(&mut self, terms: Terms<'_>) -> Option<Job<S>> {
        let job = self.pick(terms)?;
        self.ranks[job.rank as usize] += 1;
        self.folders_begun |= job.rank == Rank::Folder;
        Some(job)
    }

    /// Takes notice that a job is answered, or came back unsent.
    pub(super) const fn is_over(&mut self, job: &Job<S>) {
        let rank = job.rank as usize;
        self.ranks[rank] = self.ranks[rank].saturating_sub(1);
    }

    fn pick(&mut self, terms: Terms<'_>) -> Option<Job<S>> {
        let Terms {
            now,
            idle,
            size,
            open,
            fresh,
        } = terms;
        while self
            .later
            .peek()
            .is_some_and(|Reverse(later)| later.due <= now)
        {
            if let Some(Reverse(later)) = self.later.pop() {
                let rate_limit = later.job.rate_limit();
                self.again
                    .entry(rate_limit)
                    .or_default()
                    .push_back(later.job);
            }
        }
        let may_go = self.first_rank();
        for (rate_limit, jobs) in &mut self.again {
            if !open(*rate_limit) {
                continue;
            }
            let may_go =
                |job: &Job<S>| job.rank as usize <= may_go && (!deletes(job) || fresh(&job.ids));
            let place = jobs.iter().position(may_go);
            if let Some(job) = place.and_then(|place| jobs.remove(place)) {
                self.returned -= job.ids.len();
                self.ranks[job.rank as usize] -= 1;
                return Some(job);
            }
        }
        if let Some(job) = self.reading()
            && open(job.rate_limit())
        {
            self.resolve = &self.resolve[1..];
            return Some(job);
        }
        let size = size?.max(1);
        if let Some((rate_limit, rank)) = self.next_deletion() {
            if rank > may_go || !open(rate_limit) {
                return None;
            }
            let job = self.deletion(size).filter(|job| fresh(&job.ids))?;
            self.given += job.ids.len();
            return Some(job);
        }
        if !open(RateLimit::BulkDelete) {
            return None;
        }
        // What readings find is sent in full batches, the rest once no reading is under way.
        if self.found.len() >= size || (idle && !self.found.is_empty()) {
            let first = self.found.len() - size.min(self.found.len());
            let ids: Vec<AssetId> = self.found[first..].iter().map(|(id, _)| *id).collect();
            if !fresh(&ids) {
                return None;
            }
            let batch = self.found.split_off(first);
            let sent = batch.iter().map(|(_, sent)| *sent);
            return Some(Job {
                looked: true,
                fresh: true,
                sent: sent.reduce(Tries::with).unwrap_or_default(),
                ..S::delete(&ids, self.approved)
            });
        }
        None
    }

    /// The rank that may go now: that of the first thing that is not over.
    fn first_rank(&self) -> usize {
        if !self.resolve.is_empty() {
            return 0;
        }
        let next = self.next_deletion().map(|(_, rank)| rank);
        let waiting = self.ranks.iter().position(|jobs| *jobs > 0);
        next.into_iter()
            .chain(waiting)
            .min()
            .unwrap_or(Rank::ALL.len())
    }

    /// Whether folders come next, and none has gone yet: what is absent is looked for before, so
    /// that what lies in them has evidence of its own.
    pub(super) fn begins_folders(&self) -> bool {
        !self.folders_begun && self.first_rank() == Rank::Folder as usize
    }

    /// The next reading of an asset whose earlier delete was not answered, or that is missing.
    fn reading(&self) -> Option<Job<S>> {
        self.resolve.first().copied().map(S::read)
    }

    /// The next delete, or what finds out how to delete the next asset.
    fn deletion(&self, size: usize) -> Option<Job<S>> {
        let delete = &self.delete[self.given..];
        let ids = &delete[..size.min(delete.len())];
        (!ids.is_empty()).then(|| Job {
            fresh: true,
            ..S::delete(ids, self.approved)
        })
    }

    /// The rate limit and the rank of the next delete. They are asked for at every turn, so no
    /// batch is made for them.
    fn next_deletion(&self) -> Option<(RateLimit, usize)> {
        let job = self.deletion(1)?;
        Some((job.rate_limit(), job.rank as usize))
    }

    /// When the next job comes back that waits for its time, counted from the run's start.
    pub(super) fn due(&self) -> Option<Duration> {
        self.later.peek().map(|Reverse(later)| later.due)
    }

    /// The rate limits of everything that waits for nothing else.
    pub(super) fn rate_limits(&self) -> Vec<RateLimit> {
        let mut rate_limits: Vec<RateLimit> = self
            .again
            .iter()
            .filter(|(_, jobs)| !jobs.is_empty())
            .map(|(rate_limit, _)| *rate_limit)
            .collect();
        rate_limits.extend(self.reading().map(|job| job.rate_limit()));
        rate_limits.extend(self.next_deletion().map(|(rate_limit, _)| rate_limit));
        if !self.found.is_empty() {
            rate_limits.push(RateLimit::BulkDelete);
        }
        rate_limits
    }

    /// Puts jobs in front of everything else.
    pub(super) fn put_first(
        &mut self,
        jobs: impl IntoIterator<Item = Job<S>, IntoIter: DoubleEndedIterator>,
    ) {
        for job in jobs.into_iter().rev() {
            self.returned += job.ids.len();
            self.ranks[job.rank as usize] += 1;
            self.again
                .entry(job.rate_limit())
                .or_default()
                .push_front(job);
        }
    }

    /// Takes back jobs that were given out and not sent.
    pub(super) fn take_back(&mut self, orders: Vec<Order<S>>) {
        for order in orders.into_iter().rev() {
            self.is_over(&order.job);
            self.put_first([order.job]);
        }
    }

    /// Puts a job back until a time, counted from the start of the run.
    pub(super) fn put_back(&mut self, job: Job<S>, due: Duration) {
        self.returned += job.ids.len();
        self.ranks[job.rank as usize] += 1;
        self.put_back += 1;
        self.later.push(Reverse(Later {
            due,
            number: self.put_back,
            job,
        }));
    }

    /// Adds an asset that a reading found alive, with how often its delete went wrong.
    pub(super) fn put_found(&mut self, id: AssetId, sent: Tries) {
        self.found.push((id, sent));
    }

    /// Whether something waits, or is under way, that was sent before and that need not wait for
    /// deletes that are still to begin.
    pub(super) fn has_returned(&self) -> bool {
        let may_go = self.first_rank();
        let ranks = self.ranks.iter().take(may_go + 1);
        ranks.copied().any(|jobs| jobs > 0)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// How many assets are left.
    pub(super) fn left(&self) -> usize {
        let deletes = self.delete.len() - self.given;
        self.returned + self.resolve.len() + deletes + self.found.len()
    }

    /// What is to be read again before it is deleted: each asset that is older than it may be when
    /// its turn comes.
    pub(super) fn stale(&self, terms: &Rereading<'_>) -> BTreeSet<AssetId> {
        let pace = terms.pace;
        let mut stale = BTreeSet::new();
        let mut turns: BTreeMap<RateLimit, Duration> = BTreeMap::new();
        for (rate_limit, jobs) in &self.again {
            let ids = jobs.iter().filter(|job| deletes(job));
            let ids = ids.flat_map(|job| job.ids.iter().map(|id| (*id, pace(*rate_limit))));
            let turn = terms.choose(terms.now, ids, &mut stale);
            turns.insert(*rate_limit, turn);
        }
        let found = self.found.iter().map(|(id, _)| (*id, Duration::ZERO));
        terms.choose(terms.now, found, &mut stale);
        let first = self
            .next_deletion()
            .and_then(|(limit, _)| turns.get(&limit).copied());
        let rest = self.delete[self.given..].iter().map(|id| {
            let rate_limit = S::delete(&[*id], self.approved).rate_limit();
            (*id, pace(rate_limit))
        });
        terms.choose(first.unwrap_or(terms.now), rest, &mut stale);
        stale
    }

    /// What is still to be deleted one by one in place of what it lies in. What is only read may be
    /// deleted already, and then lies in nothing.
    pub(super) fn parts_of(&self, whole: AssetId) -> impl Iterator<Item = AssetId> {
        let later = self.later.iter().map(|Reverse(later)| &later.job);
        let waiting = self.again.values().flatten().chain(later);
        let parts = waiting.filter(move |job| deletes(job) && S::stack(job) == Some(whole));
        parts.flat_map(|job| S::targets(job).iter().copied())
    }

    /// Takes off what is not to be deleted now; gives what is done in its place: the assets that
    /// were not asked for yet, and the jobs that were to be made again.
    pub(super) fn take_off(&mut self, off: &BTreeSet<AssetId>) -> (Vec<AssetId>, Vec<Job<S>>) {
        let is_off = |id: &AssetId| off.contains(id);
        let (mut ids, mut jobs) = (Vec::new(), Vec::new());
        if self.delete[self.given..].iter().any(is_off) {
            let rest = self.delete.to_mut().split_off(self.given);
            let (taken, rest): (Vec<AssetId>, Vec<AssetId>) = rest.into_iter().partition(is_off);
            self.delete.to_mut().extend(rest);
            ids.extend(taken);
        }
        let (taken, rest): (Vec<_>, Vec<_>) = mem::take(&mut self.found)
            .into_iter()
            .partition(|(id, _)| is_off(id));
        self.found = rest;
        ids.extend(taken.into_iter().map(|(id, _)| id));
        let mut again = Vec::new();
        for waiting in self.again.values_mut() {
            let all = mem::take(waiting).into_iter();
            let is_off = |job: &Job<S>| deletes(job) && job.ids.iter().any(is_off);
            let (taken, rest): (Vec<_>, Vec<_>) = all.partition(is_off);
            waiting.extend(rest);
            again.extend(taken);
        }
        for job in again {
            self.returned -= job.ids.len();
            self.ranks[job.rank as usize] -= 1;
            let rest: Vec<AssetId> = job.ids.iter().filter(|id| !is_off(id)).copied().collect();
            if !rest.is_empty() {
                self.put_first([Job {
                    looked: job.looked,
                    tries: job.tries,
                    sent: job.sent,
                    ..S::delete(&rest, self.approved)
                }]);
            }
            jobs.push(job);
        }
        (ids, jobs)
    }
}

/// Whether a job deletes something.
fn deletes<S: Strategy>(job: &Job<S>) -> bool {
    job.task() == Task::Delete
}
