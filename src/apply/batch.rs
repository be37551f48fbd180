//! What is still to be sent: cut into batches, and some of it again.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use crate::apply::job::{Job, Sent};
use crate::asset::AssetId;
use crate::event::Lane;
use crate::plan::approve::{Approved, Resolve};
use crate::state::Api;

/// How many ranks there are: files, version stacks, folders.
const RANKS: usize = 3;

/// What the queue may give out just now.
#[derive(Clone, Copy)]
pub struct Terms<'run> {
    /// The time, counted from the start of the run.
    pub now: Duration,
    /// Whether no answer is under way.
    pub idle: bool,
    /// How many assets a delete may ask for that is no part of an earlier one; nothing while
    /// none may go out.
    pub size: Option<usize>,
    /// Whether a lane is open.
    pub open: &'run dyn Fn(Lane) -> bool,
}

impl std::fmt::Debug for Terms<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Terms")
            .field("now", &self.now)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A job that waits for its time; the earliest first, and among equals the one put back first.
#[derive(Debug, PartialEq, Eq)]
struct Later {
    due: Duration,
    number: u64,
    job: Job,
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Everything that is still to be sent.
#[derive(Debug)]
pub struct Queue<'plan> {
    api: Api,
    approved: &'plan Approved,
    /// Jobs that go before everything else, by lane.
    again: BTreeMap<Lane, VecDeque<Job>>,
    later: BinaryHeap<Reverse<Later>>,
    put_back: u64,
    resolve: &'plan [Resolve],
    /// What is to be deleted, in the order in which it goes.
    delete: Cow<'plan, [AssetId]>,
    /// How many of these are given out.
    given: usize,
    found: Vec<(AssetId, Sent)>,
    /// How many assets `again` and `later` ask for.
    returned: usize,
    /// How many jobs of each rank wait in `again` and `later`, or are under way.
    ranks: [usize; RANKS],
}

impl<'plan> Queue<'plan> {
    /// Queues what was approved.
    #[must_use]
    pub fn new(approved: &'plan Approved, api: Api) -> Self {
        let delete = match api {
            Api::V2 => Cow::Borrowed(approved.delete()),
            Api::V4 => {
                let mut delete = approved.delete().to_vec();
                // What is of no known kind is looked at first, and then takes its place.
                delete.sort_by_key(|id| Job::single(*id, approved.kind(*id)).rank());
                Cow::Owned(delete)
            }
        };
        Self {
            api,
            approved,
            again: BTreeMap::new(),
            later: BinaryHeap::new(),
            put_back: 0,
            resolve: approved.resolve(),
            delete,
            given: 0,
            found: Vec::new(),
            returned: 0,
            ranks: [0; RANKS],
        }
    }

    /// Takes what can be sent now; nothing where everything has to wait.
    ///
    /// Whoever takes a job says when it is over, see [`Self::is_over`].
    pub fn next(&mut self, terms: Terms<'_>) -> Option<Job> {
        let job = self.pick(terms)?;
        self.ranks[job.rank()] += 1;
        Some(job)
    }

    /// Takes notice that a job is answered, or came back unsent.
    pub const fn is_over(&mut self, job: &Job) {
        let rank = job.rank();
        self.ranks[rank] = self.ranks[rank].saturating_sub(1);
    }

    fn pick(&mut self, terms: Terms<'_>) -> Option<Job> {
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
                let lane = later.job.lane();
                self.again.entry(lane).or_default().push_back(later.job);
            }
        }
        let may_go = self.first_rank();
        for (lane, jobs) in &mut self.again {
            if !open(*lane) {
                continue;
            }
            let place = jobs.iter().position(|job| job.rank() <= may_go);
            if let Some(job) = place.and_then(|place| jobs.remove(place)) {
                self.returned -= job.ids.len();
                self.ranks[job.rank()] -= 1;
                return Some(job);
            }
        }
        if let Some(job) = self.reading()
            && open(job.lane())
        {
            self.resolve = &self.resolve[1..];
            return Some(job);
        }
        let size = size?.max(1);
        if let Some((lane, rank)) = self.next_deletion() {
            if rank > may_go || !open(lane) {
                return None;
            }
            let job = self.deletion(size)?;
            self.given += job.ids.len();
            return Some(job);
        }
        if !open(Lane::BulkDelete) {
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
                sent: sent.reduce(Sent::with).unwrap_or_default(),
                ..Job::delete(&ids)
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
        next.into_iter().chain(waiting).min().unwrap_or(RANKS)
    }

    /// The next reading of an asset whose earlier delete was not answered, or that is missing.
    fn reading(&self) -> Option<Job> {
        let Resolve { id, listed, kind } = *self.resolve.first()?;
        Some(match self.api {
            Api::V2 => Job::read(id, listed),
            Api::V4 => Job::look(id, kind, listed),
        })
    }

    /// The next delete, or what finds out how to delete the next asset.
    fn deletion(&self, size: usize) -> Option<Job> {
        let delete = &self.delete[self.given..];
        let first = *delete.first()?;
        let job = match self.api {
            Api::V2 => Job::delete(&delete[..size.min(delete.len())]),
            Api::V4 => Job::single(first, self.approved.kind(first)),
        };
        Some(Job { fresh: true, ..job })
    }

    /// The lane and the rank of the next delete. They are asked for at every turn, so no batch is
    /// made for them.
    fn next_deletion(&self) -> Option<(Lane, usize)> {
        let first = *self.delete.get(self.given)?;
        Some(match self.api {
            Api::V2 => (Lane::BulkDelete, 0),
            Api::V4 => {
                let job = Job::single(first, self.approved.kind(first));
                (job.lane(), job.rank())
            }
        })
    }

    /// When the next job comes back that waits for its time, counted from the run's start.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.later.peek().map(|Reverse(later)| later.due)
    }

    /// The lanes of everything that waits for nothing but its lane.
    #[must_use]
    pub fn lanes(&self) -> Vec<Lane> {
        let mut lanes: Vec<Lane> = self
            .again
            .iter()
            .filter(|(_, jobs)| !jobs.is_empty())
            .map(|(lane, _)| *lane)
            .collect();
        lanes.extend(self.reading().map(|job| job.lane()));
        lanes.extend(self.next_deletion().map(|(lane, _)| lane));
        if !self.found.is_empty() {
            lanes.push(Lane::BulkDelete);
        }
        lanes
    }

    /// Puts jobs in front of everything else.
    pub fn put_first(
        &mut self,
        jobs: impl IntoIterator<Item = Job, IntoIter: DoubleEndedIterator>,
    ) {
        for job in jobs.into_iter().rev() {
            self.returned += job.ids.len();
            self.ranks[job.rank()] += 1;
            self.again.entry(job.lane()).or_default().push_front(job);
        }
    }

    /// Puts a job back until a time, counted from the start of the run.
    pub fn put_back(&mut self, job: Job, due: Duration) {
        self.returned += job.ids.len();
        self.ranks[job.rank()] += 1;
        self.put_back += 1;
        self.later.push(Reverse(Later {
            due,
            number: self.put_back,
            job,
        }));
    }

    /// Adds an asset that a reading found alive, with how often its delete went wrong.
    pub fn put_found(&mut self, id: AssetId, sent: Sent) {
        self.found.push((id, sent));
    }

    /// What was approved.
    #[must_use]
    pub const fn approved(&self) -> &'plan Approved {
        self.approved
    }

    /// Whether something waits, or is under way, that was sent before and that need not wait for
    /// deletes that are still to begin.
    #[must_use]
    pub fn has_returned(&self) -> bool {
        let may_go = self.first_rank();
        let ranks = self.ranks.iter().take(may_go + 1);
        ranks.copied().any(|jobs| jobs > 0)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// How many assets are left.
    #[must_use]
    pub fn left(&self) -> usize {
        let deletes = self.delete.len() - self.given;
        self.returned + self.resolve.len() + deletes + self.found.len()
    }
}
