//! How a run goes: what is on its way, and why, when and how it stops.

use std::time::Duration;

use crate::event::StopReason;

/// What is on its way, and how that went so far.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// How many batches are handed out and not heard of.
    pub(super) under_way: usize,
    /// How many were handed out.
    pub(super) batches: u64,
    /// How long a batch may take from when it is handed out to its answer.
    pub(super) latency: Duration,
    /// When the queue was last looked through, counted from the start of the run.
    pub(super) looked_at: Duration,
}

impl Traffic {
    /// Takes notice of how long ago a batch was handed out that is answered now.
    pub(super) fn answered(&mut self, since_given: Duration) {
        // What was slow lately may be slow again, and is forgotten by and by.
        self.latency = since_given.max(self.latency * 9 / 10);
    }
}

/// Why, when and how a run stops.
#[derive(Debug, Default)]
pub(super) struct Halt {
    pub(super) reason: Option<StopReason>,
    /// When what is under way is no longer waited for.
    pub(super) by: Option<Duration>,
    was_signalled: bool,
    /// Whether it was told to stop twice, and waits for nothing.
    pub(super) at_once: bool,
    /// Whether it ends without what is under way.
    pub(super) is_cut_short: bool,
}

impl Halt {
    /// Whether the run goes on.
    pub(super) const fn goes_on(&self) -> bool {
        self.reason.is_none()
    }

    /// Takes notice of a signal: the first one leaves time until `by`.
    pub(super) const fn signalled(&mut self, by: Duration) {
        self.at_once = self.was_signalled;
        self.is_cut_short |= self.was_signalled;
        self.was_signalled = true;
        self.by = Some(by);
    }

    /// Whether the stop takes back what was called gone or missing, as too much is missing.
    pub(super) const fn takes_back(&self) -> bool {
        match &self.reason {
            Some(StopReason::TooManyMissing { .. } | StopReason::WrongAccount { .. }) => true,
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
                | StopReason::Signal { .. },
            )
            | None => false,
        }
    }
}
