//! What is still to be sent: cutting it into batches, halving them, and sending some again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::asset::AssetId;
use crate::event::{Lane, Task};
use crate::frameio::call::Call;
use crate::plan::approve::{Approved, Resolve};

/// One request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The call.
    pub call: Call,
    /// The assets that its answer speaks of.
    pub ids: Arc<[AssetId]>,
    /// Whether its assets may be deleted; only readings of unlisted assets may not.
    pub listed: bool,
    /// Whether its assets were read and found alive, so that reading them again tells nothing.
    pub looked: bool,
    /// How often the same request went wrong before.
    pub tries: u32,
    /// When it first went wrong, counted from the start of the run.
    pub since: Option<Duration>,
}

impl Job {
    fn new(call: Call, ids: Arc<[AssetId]>) -> Self {
        Self {
            call,
            ids,
            listed: true,
            looked: false,
            tries: 0,
            since: None,
        }
    }

    /// The bulk delete of several assets.
    #[must_use]
    pub fn delete(ids: &[AssetId]) -> Self {
        let ids: Arc<[AssetId]> = Arc::from(ids);
        Self::new(Call::BulkDelete(Arc::clone(&ids)), ids)
    }

    /// The reading of one asset.
    #[must_use]
    pub fn read(id: AssetId, listed: bool) -> Self {
        Self {
            listed,
            ..Self::new(Call::ReadAsset(id), Arc::from([id]))
        }
    }

    /// The lane that it goes through.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.call.lane()
    }

    /// What it asks for.
    #[must_use]
    pub const fn task(&self) -> Task {
        self.call.task()
    }

    /// Cuts a bulk delete into two, the first not smaller than the second.
    #[must_use]
    pub fn halves(&self) -> [Self; 2] {
        let (first, second) = self.ids.split_at(self.ids.len().div_ceil(2));
        [first, second].map(|ids| Self {
            looked: self.looked,
            ..Self::delete(ids)
        })
    }
}

/// What the queue may give out just now.
#[derive(Clone, Copy)]
pub struct Terms<'run> {
    /// The time, counted from the start of the run.
    pub now: Duration,
    /// Whether no answer is under way.
    pub idle: bool,
    /// How many assets one delete may ask for.
    pub size: usize,
    /// Whether a delete may go out that is no part of an earlier one.
    pub fresh: bool,
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
    /// Jobs that go before everything else, by lane.
    again: BTreeMap<Lane, VecDeque<Job>>,
    later: BinaryHeap<Reverse<Later>>,
    put_back: u64,
    resolve: &'plan [Resolve],
    delete: &'plan [AssetId],
    found: Vec<AssetId>,
    /// How many assets `again` and `later` ask for.
    returned: usize,
}

impl<'plan> Queue<'plan> {
    /// Queues what was approved.
    #[must_use]
    pub fn new(approved: &'plan Approved) -> Self {
        Self {
            again: BTreeMap::new(),
            later: BinaryHeap::new(),
            put_back: 0,
            resolve: approved.resolve(),
            delete: approved.delete(),
            found: Vec::new(),
            returned: 0,
        }
    }

    /// Takes what can be sent now; nothing where everything has to wait.
    pub fn next(&mut self, terms: Terms<'_>) -> Option<Job> {
        let Terms {
            now,
            idle,
            size,
            fresh,
            open,
        } = terms;
        let size = size.max(1);
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
        for (lane, jobs) in &mut self.again {
            if !open(*lane) {
                continue;
            }
            if let Some(job) = jobs.pop_front() {
                self.returned -= job.ids.len();
                return Some(job);
            }
        }
        if let [first, rest @ ..] = self.resolve
            && open(Lane::ReadAsset)
        {
            self.resolve = rest;
            return Some(Job::read(first.id, first.listed));
        }
        if !fresh || !open(Lane::BulkDelete) {
            return None;
        }
        if !self.delete.is_empty() {
            let (batch, rest) = self.delete.split_at(size.min(self.delete.len()));
            self.delete = rest;
            return Some(Job::delete(batch));
        }
        // What readings find is sent in full batches, the rest once no reading is under way.
        if self.found.len() >= size || (idle && !self.found.is_empty()) {
            let batch = self
                .found
                .split_off(self.found.len() - size.min(self.found.len()));
            return Some(Job {
                looked: true,
                ..Job::delete(&batch)
            });
        }
        None
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
        if !self.resolve.is_empty() {
            lanes.push(Lane::ReadAsset);
        }
        if !self.delete.is_empty() || !self.found.is_empty() {
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
            self.again.entry(job.lane()).or_default().push_front(job);
        }
    }

    /// Puts a job back until a time, counted from the start of the run.
    pub fn put_back(&mut self, job: Job, due: Duration) {
        self.returned += job.ids.len();
        self.put_back += 1;
        self.later.push(Reverse(Later {
            due,
            number: self.put_back,
            job,
        }));
    }

    /// Adds an asset that a reading found alive.
    pub fn put_found(&mut self, id: AssetId) {
        self.found.push(id);
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// How many assets are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.returned + self.resolve.len() + self.delete.len() + self.found.len()
    }
}
