//! What is still to be sent: cut into batches, and some of it again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::apply::folders::Folders;
use crate::apply::job::{Aim, Job};
use crate::asset::{AssetId, Kind};
use crate::event::Lane;
use crate::plan::approve::{Approved, Resolve};
use crate::state::Api;

/// How many assets whose earlier delete was not answered are looked for together at most.
const TOGETHER: usize = 200;

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
    /// v2: whether a list may be waited for that many assets are looked for in, rather than
    /// read one by one.
    pub patient: &'run dyn Fn(usize) -> bool,
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

/// A reading that is ready to be given out.
#[derive(Debug)]
struct Reading {
    job: Job,
    /// What it was made from: how often something of the folders had changed, and whether lists
    /// may be waited for.
    known: (u64, bool),
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
    /// The next reading of `resolve`.
    reading: Option<Reading>,
    delete: &'plan [AssetId],
    found: Vec<AssetId>,
    /// v2: where assets may be found of which nothing is known.
    pub(in crate::apply) folders: Folders,
    /// How many assets `again` and `later` ask for.
    returned: usize,
}

impl<'plan> Queue<'plan> {
    /// Queues what was approved.
    #[must_use]
    pub fn new(approved: &'plan Approved, api: Api) -> Self {
        Self {
            api,
            approved,
            again: BTreeMap::new(),
            later: BinaryHeap::new(),
            put_back: 0,
            resolve: approved.resolve(),
            reading: None,
            delete: approved.delete(),
            found: Vec::new(),
            folders: Folders::default(),
            returned: 0,
        }
    }

    /// Takes what can be sent now; nothing where everything has to wait.
    pub fn next(&mut self, terms: Terms<'_>) -> Option<Job> {
        let Terms {
            now,
            idle,
            size,
            open,
            patient,
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
        self.read_instead(patient);
        for (lane, jobs) in &mut self.again {
            if !open(*lane) {
                continue;
            }
            if let Some(job) = jobs.pop_front() {
                self.returned -= job.assets();
                return Some(job);
            }
        }
        self.prepare(patient);
        let reading = self.reading.take_if(|reading| open(reading.job.lane()));
        if let Some(Reading { job, .. }) = reading {
            self.resolve = &self.resolve[job.assets()..];
            return Some(job);
        }
        let size = size?.max(1);
        if let Some(lane) = self.deletion_lane() {
            if !open(lane) {
                return None;
            }
            let job = self.deletion(size)?;
            self.delete = &self.delete[job.ids.len()..];
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
            return Some(Job {
                looked: true,
                fresh: true,
                ..Job::delete(&batch)
            });
        }
        None
    }

    /// Reads one by one what is looked for in lists that cost too much, or too much time.
    fn read_instead(&mut self, patient: &dyn Fn(usize) -> bool) {
        let trusted = self.folders.are_trusted();
        let Some(lists) = self.again.get_mut(&Lane::Children) else {
            return;
        };
        let stays =
            |job: &Job| !matches!(job.aim, Aim::List { .. }) || (trusted && patient(job.ids.len()));
        if lists.iter().all(stays) {
            return;
        }
        let (stay, given_up): (VecDeque<Job>, VecDeque<Job>) =
            std::mem::take(lists).into_iter().partition(stays);
        *lists = stay;
        for job in given_up {
            self.returned -= job.assets();
            self.put_first(Job::reads(&job.ids, job.listed));
        }
    }

    /// Makes ready the next reading of assets whose earlier delete was not answered.
    fn prepare(&mut self, patient: &dyn Fn(usize) -> bool) {
        let Some(Resolve { id, listed, kind }) = self.resolve.first().copied() else {
            return;
        };
        // What decides on it is not looked up at each turn.
        let patient = self.api == Api::V2 && patient(self.resolve.len().min(TOGETHER));
        let known = (self.folders.changes(), patient);
        let is_same = |reading: &Reading| reading.known == known;
        if self.reading.as_ref().is_some_and(is_same) {
            return;
        }
        let job = match self.api {
            Api::V2 => {
                let together = self.resolve.iter().take(TOGETHER);
                let together = together.take_while(|next| next.listed == listed);
                let ids: Vec<AssetId> = together.map(|next| next.id).collect();
                // One of them may have to be read to begin with.
                let worth = patient && self.folders.are_worth(ids.len() - 1);
                let group = worth.then(|| self.look_for(&ids, listed).pop()).flatten();
                group.unwrap_or_else(|| Job::read(id, listed))
            }
            Api::V4 => {
                let kinds = kind.map_or(Kind::ALL.as_slice(), Kind::alone);
                Job::look(id, kinds, None, listed)
            }
        };
        self.reading = Some(Reading { job, known });
    }

    /// The next delete, or what finds out how to delete the next asset.
    fn deletion(&self, size: usize) -> Option<Job> {
        let first = *self.delete.first()?;
        let job = match self.api {
            Api::V2 => Job::delete(&self.delete[..size.min(self.delete.len())]),
            Api::V4 => Job::single(first, self.approved.kind(first)),
        };
        Some(Job { fresh: true, ..job })
    }

    /// The lane of the next delete. It is asked for at every turn, so no batch is made for it.
    fn deletion_lane(&self) -> Option<Lane> {
        let first = *self.delete.first()?;
        Some(match self.api {
            Api::V2 => Lane::BulkDelete,
            Api::V4 => Job::single(first, self.approved.kind(first)).lane(),
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
        lanes.extend(self.reading.as_ref().map(|reading| reading.job.lane()));
        lanes.extend(self.deletion_lane());
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
            self.returned += job.assets();
            self.again.entry(job.lane()).or_default().push_front(job);
        }
    }

    /// Puts a job back until a time, counted from the start of the run.
    pub fn put_back(&mut self, job: Job, due: Duration) {
        self.returned += job.assets();
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

    /// The files that are deleted in place of a version stack, where they were read already.
    #[must_use]
    pub fn files(&self, stack: AssetId) -> Option<&Arc<[AssetId]>> {
        self.approved.files(stack)
    }

    /// Whether an asset must stay, so that nothing may be deleted that it lies in.
    #[must_use]
    pub fn is_protected(&self, id: AssetId) -> bool {
        self.approved.is_protected(id)
    }

    /// Whether something waits that was sent before.
    #[must_use]
    pub const fn has_returned(&self) -> bool {
        self.returned > 0
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
