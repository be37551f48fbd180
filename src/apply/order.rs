//! What is given out to be sent, once its intent is in the journal.

use std::time::Duration;

use jiff::Timestamp;

use crate::apply::strategy::{Job, Strategy};
use crate::event::Task;
use crate::frameio::retry::Retries;
use crate::store::Synced;

/// A job that is given out.
#[derive(Debug)]
pub(super) struct Order<S: Strategy> {
    pub(super) batch: u64,
    pub(super) job: Job<S>,
    /// When it was given out, counted from the start of the run.
    pub(super) at: Duration,
    /// The same as a time.
    pub(super) intent: Timestamp,
}

/// An order whose intent is in the journal; only such a one is sent.
#[derive(Debug)]
pub(crate) struct Journaled<S: Strategy>(Order<S>);

impl<S: Strategy> Journaled<S> {
    /// What a sync has made lasting.
    pub(super) fn after(_: Synced, orders: Vec<Order<S>>) -> impl Iterator<Item = Self> {
        orders.into_iter().map(Self)
    }

    /// The call to make.
    pub(super) const fn call(&self) -> &S::Call {
        &self.0.job.call
    }

    /// How long its answer is waited for: that to a delete as long as to any request, since what is
    /// not answered is unknown.
    pub(super) fn longest(&self, retries: Retries) -> Duration {
        let Order { job, at, .. } = &self.0;
        match job.task() {
            Task::Delete => Duration::MAX,
            Task::Resolve => {
                let since = job.tries.since.unwrap_or(*at);
                retries.answer(at.saturating_sub(since))
            }
        }
    }

    /// What was given out.
    pub(super) fn into_order(self) -> Order<S> {
        self.0
    }
}
