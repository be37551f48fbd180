//! What a run is made from, and what it leaves.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::breaker::Limits;
use crate::apply::readings::Readings;
use crate::event::{Ending, Listener, RunEvent, RunInfo};
use crate::frameio::recently_deleted::Wanted;
use crate::frameio::retry::Retries;
use crate::frameio::shared_pacer::SharedPacer;
use crate::plan::approve::Approved;
use crate::state::State;
use crate::store::StoreError;

/// How a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// How many assets one delete asks for at most.
    pub batch_size: NonZeroUsize,
    /// How many requests are under way at once at most.
    pub concurrency: NonZeroUsize,
    /// How many assets the first delete asks for at most; nothing else is deleted until one
    /// came back sane. 0 sends everything at once.
    pub canary: usize,
    /// When the run stops by itself.
    pub breakers: Limits,
    /// How often a request that went wrong is made again.
    pub retries: Retries,
    /// For how long the run waits until what goes along with a deleted folder is not there any more.
    pub cascade_wait: Duration,
    /// How long the run may send.
    pub time_budget: Option<Duration>,
    /// How long an orderly stop waits for the answers that are under way.
    pub grace: Duration,
    /// Where the randomness of the pauses comes from.
    pub seed: u64,
}

/// Tells the time to a run.
pub(crate) trait Clock: Sync {
    /// What time it is, for what is written down: it goes on evenly from when the run began.
    fn now(&self) -> Timestamp;

    /// What time it is on the server, as far as it has told that: with this is compared what the
    /// server says of times.
    fn server_time(&self) -> Timestamp {
        self.now()
    }

    /// How long the run has been going on; unlike [`Clock::now`], nothing sets it back.
    fn elapsed(&self) -> Duration;
}

/// A run that is about to begin.
pub(crate) struct Run<'run, S> {
    /// Who runs it, when and from what.
    pub info: RunInfo,
    pub approved: &'run Approved,
    /// The state that the plan was made from.
    pub state: State,
    /// The right to change it; its journal has begun with this state.
    pub session: &'run mut S,
    /// Who hears of what happens.
    pub listeners: Vec<&'run mut dyn Listener>,
    pub options: Options,
    /// When what is to be deleted was read.
    pub readings: Readings<'run>,
    /// When to send: it knows what was learnt of the server's limits before the run.
    pub pacer: SharedPacer,
    pub clock: &'run dyn Clock,
}

impl<S> std::fmt::Debug for Run<'_, S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Run")
            .field("info", &self.info)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A run that has ended.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "tests compare what the listeners heard")
)]
pub(crate) struct Ended {
    /// The state after it.
    pub state: State,
    pub ending: Ending,
    /// How many requests were made.
    pub requests: u64,
    /// How many assets were not sent, or are to be sent again.
    pub left: usize,
    /// Whether all of it could be written down.
    pub saved: Result<(), NotSaved>,
}

/// Says that a run's outcomes could not be written down as they should be.
#[derive(Debug)]
pub(crate) struct NotSaved {
    /// What the store said.
    pub error: StoreError,
    /// The events that neither the state nor the journal has.
    pub lost: Vec<RunEvent>,
}

/// Looks for assets in the lists of recently deleted assets; what they say comes in as news.
pub(super) type Seeker<'run> = Box<dyn FnMut(Wanted) + 'run>;
