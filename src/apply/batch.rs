//! What is still to be sent: cutting it into batches, halving them, and sending some again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::asset::AssetId;
use crate::event::Task;
use crate::plan::approve::{Approved, Resolve};

/// One request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What it asks.
    pub task: Task,
    /// For which assets; a reading asks for one.
    pub ids: Arc<[AssetId]>,
    /// Whether its assets may be deleted; only readings of unlisted assets may not.
    pub listed: bool,
    /// How often the same request went wrong before.
    pub tries: u32,
}

impl Job {
    fn delete(ids: &[AssetId]) -> Self {
        Self {
            task: Task::Delete,
            ids: Arc::from(ids),
            listed: true,
            tries: 0,
        }
    }

    /// Cuts the job into two, the first not smaller than the second.
    #[must_use]
    pub fn halves(&self) -> [Self; 2] {
        let (first, second) = self.ids.split_at(self.ids.len().div_ceil(2));
        [first, second].map(|ids| Self {
            ids: Arc::from(ids),
            tries: 0,
            ..self.clone()
        })
    }
}

/// What can be sent now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// This.
    Job(Job),
    /// Nothing yet.
    Nothing,
}

/// Everything that is still to be sent.
#[derive(Debug)]
pub struct Queue<'plan> {
    size: usize,
    again: VecDeque<Job>,
    later: Vec<(Duration, Job)>,
    resolve: &'plan [Resolve],
    delete: &'plan [AssetId],
    found: Vec<AssetId>,
    not_before: Duration,
}

impl<'plan> Queue<'plan> {
    /// Queues what was approved, in batches of at most `size` assets.
    #[must_use]
    pub fn new(approved: &'plan Approved, size: usize) -> Self {
        Self {
            size: size.max(1),
            again: VecDeque::new(),
            later: Vec::new(),
            resolve: approved.resolve(),
            delete: approved.delete(),
            found: Vec::new(),
            not_before: Duration::ZERO,
        }
    }

    /// Takes what can be sent `now`; `idle` says that no answer is under way.
    pub fn next(&mut self, now: Duration, idle: bool) -> Next {
        if now < self.not_before && !self.is_empty() {
            return Next::Nothing;
        }
        if let Some(job) = self.again.pop_front() {
            return Next::Job(job);
        }
        let due = self.later.iter().position(|(due, _)| *due <= now);
        if let Some(place) = due {
            return Next::Job(self.later.swap_remove(place).1);
        }
        if let [first, rest @ ..] = self.resolve {
            self.resolve = rest;
            return Next::Job(Job {
                task: Task::Resolve,
                ids: Arc::from([first.id]),
                listed: first.listed,
                tries: 0,
            });
        }
        if !self.delete.is_empty() {
            let (batch, rest) = self.delete.split_at(self.size.min(self.delete.len()));
            self.delete = rest;
            return Next::Job(Job::delete(batch));
        }
        // What readings find is sent in full batches, the rest once no reading is under way.
        if self.found.len() >= self.size || (idle && !self.found.is_empty()) {
            let rest = self.found.split_off(self.size.min(self.found.len()));
            let batch = std::mem::replace(&mut self.found, rest);
            return Next::Job(Job::delete(&batch));
        }
        Next::Nothing
    }

    /// When something can be sent that cannot be sent `now`; both count from the run's start.
    #[must_use]
    pub fn due(&self, now: Duration) -> Option<Duration> {
        if now < self.not_before && !self.is_empty() {
            return Some(self.not_before);
        }
        self.later.iter().map(|(due, _)| *due).min()
    }

    /// Puts jobs in front of everything else.
    pub fn put_first(
        &mut self,
        jobs: impl IntoIterator<Item = Job, IntoIter: DoubleEndedIterator>,
    ) {
        for job in jobs.into_iter().rev() {
            self.again.push_front(job);
        }
    }

    /// Puts a job back until a time, counted from the start of the run.
    pub fn put_back(&mut self, job: Job, due: Duration) {
        self.later.push((due, job));
    }

    /// Adds an asset that a reading found alive.
    pub fn put_found(&mut self, id: AssetId) {
        self.found.push(id);
    }

    /// Sends nothing before a time, counted from the start of the run.
    pub fn pause(&mut self, until: Duration) {
        self.not_before = self.not_before.max(until);
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// How many assets are left.
    #[must_use]
    pub fn left(&self) -> usize {
        let again = self
            .again
            .iter()
            .chain(self.later.iter().map(|(_, job)| job));
        again.map(|job| job.ids.len()).sum::<usize>()
            + self.resolve.len()
            + self.delete.len()
            + self.found.len()
    }
}
