//! What is still to be sent: cut into batches, and some of it again.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use crate::apply::order::Order;
use crate::apply::strategy::{Job, Rank, Strategy, Tries};
use crate::asset::AssetId;
use crate::event::RateLimit;
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
}

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
            let place = jobs.iter().position(|job| job.rank as usize <= may_go);
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
            let job = self.deletion(size)?;
            self.given += job.ids.len();
            return Some(job);
        }
        if !open(RateLimit::BulkDelete) {
            return None;
        }
        // What readings find is sent in full batches, the rest once no reading is under way.
        if self.found.len() >= size || (idle && !self.found.is_empty()) {
            let batch = self
                .found
                .split_off(self.found.len() - size.min(self.found.len()));
            let ids: Vec<AssetId> = batch.iter().map(|(id, _)| *id).collect();
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
}
