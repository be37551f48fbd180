//! What is given out to be sent, once its intent is in the journal.

use std::time::Duration;

use crate::apply::strategy::{Job, Strategy};
use crate::event::Task;
use crate::frameio::retry::Retries;
use crate::frameio::transport::Longest;
use crate::store::Synced;

/// A job that is given out.
#[derive(Debug)]
pub(super) struct Order<S: Strategy> {
    pub(super) batch: u64,
    pub(super) job: Job<S>,
    /// When it was given out, counted from the start of the run.
    pub(super) at: Duration,
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

    /// The number of its batch, and of how many assets it is.
    pub(super) fn about(&self) -> (u64, usize) {
        let Order { batch, job, .. } = &self.0;
        (*batch, job.ids.len())
    }

    /// How long is waited for what it needs: for the answer to a delete as long as for that to any
    /// request, since what is not answered is unknown; and for a token no longer than something may
    /// be sent, since until then nothing was.
    pub(super) fn longest(&self, retries: Retries, last_call: Option<Duration>) -> Longest {
        let Order { job, at, .. } = &self.0;
        let since = job.tries.since.unwrap_or(*at);
        let answer = retries.answer(at.saturating_sub(since));
        Longest {
            token: last_call.map_or(answer, |end| answer.min(end.saturating_sub(*at))),
            answer: match job.task() {
                Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
                    Duration::MAX
                }
                Task::Resolve => answer,
            },
        }
    }

    /// What was given out.
    pub(super) fn into_order(self) -> Order<S> {
        self.0
    }
}
