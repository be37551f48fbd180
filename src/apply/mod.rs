//! The executor: carries out an approved plan and writes down what came of it.
//!
//! [`dispatcher`] is one plain thread that alone decides and alone writes; workers send what
//! it hands them. Whatever happens passes through one function of the dispatcher: the journal
//! first, synced, then the state, then the listeners.

use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::apply::batch::Queue;
use crate::apply::dispatcher::Dispatcher;
use crate::apply::job::Call;
use crate::apply::retry::Retries;
use crate::apply::worker::{Inbox, Stopper};
use crate::event::{Ending, Listener, RunEvent, RunInfo};
use crate::frameio::deleter::Deleter;
use crate::frameio::trash::{Deleted, Wanted};
use crate::plan::approve::Approved;
use crate::state::{Api, State};
use crate::store::{Session, StoreError};

pub mod batch;
pub mod breaker;
mod canary;
pub mod dispatcher;
mod ending;
mod evidence;
mod follow;
pub mod job;
pub mod pacer;
pub mod retry;
mod stacks;
mod waits;
pub mod worker;

#[cfg(test)]
mod tests;

/// How a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Which version of the API is spoken.
    pub api: Api,
    /// How many assets one delete asks for at most.
    pub batch_size: NonZeroUsize,
    /// How many requests are under way at once at most.
    pub concurrency: NonZeroUsize,
    /// How many assets the first delete asks for at most; nothing else is deleted until one
    /// came back sane. 0 sends everything at once.
    pub canary: usize,
    /// When the run stops by itself.
    pub breakers: breaker::Limits,
    /// How often a request that went wrong is made again.
    pub retries: Retries,
    /// How long the run may send.
    pub time_budget: Option<Duration>,
    /// How long an orderly stop waits for the answers that are under way.
    pub grace: Duration,
    /// Where the randomness of the pauses comes from.
    pub seed: u64,
}

/// Tells the time to a run.
pub trait Clock {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// How long the run has been going on; unlike [`Clock::now`], nothing sets it back.
    fn elapsed(&self) -> Duration;
}

/// A run that is about to begin.
pub struct Run<'run, S> {
    /// Who runs it, when and from what.
    pub info: RunInfo,
    /// What was approved.
    pub approved: &'run Approved,
    /// The state that the plan was made from.
    pub state: State,
    /// The right to change it; its journal has begun with this state.
    pub session: &'run mut S,
    /// Who hears of what happens.
    pub listeners: Vec<&'run mut dyn Listener>,
    /// How to send.
    pub options: Options,
    /// The time.
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
pub struct Ended {
    /// The state after it.
    pub state: State,
    /// Why it ended.
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
pub struct NotSaved {
    /// What the store said.
    pub error: StoreError,
    /// The events that neither the state nor the journal has.
    pub lost: Vec<RunEvent>,
}

/// How long a search in the lists of recently deleted assets goes on before it is asked whether it
/// is to be cut off.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Looks for assets in the lists of recently deleted assets; it asks now and then whether it is to
/// be cut off, and then tells nothing.
pub(in crate::apply) type Seeker<'run> =
    Box<dyn FnMut(&Wanted, &mut dyn FnMut() -> bool) -> Option<Deleted> + 'run>;

/// Carries out what was approved; returns when everything under way is answered for.
///
/// The calling thread becomes the dispatcher, and the workers run on `runtime`.
pub fn run<'run, D, S>(
    run: Run<'run, S>,
    deleter: &'run D,
    (stopper, inbox): (Stopper, Inbox),
    runtime: &'run Handle,
) -> Ended
where
    D: Deleter<Call> + Clone + 'static,
    S: Session,
{
    let queue = Queue::new(run.approved, run.options.api);
    let seeker: Seeker<'_> = Box::new(|wanted, is_cut_off| {
        runtime.block_on(async {
            let mut search = pin!(deleter.find_deleted(wanted));
            loop {
                match timeout(LOOK_UP, search.as_mut()).await {
                    Ok(told) => return Some(told),
                    Err(_elapsed) if is_cut_off() => return None,
                    Err(_elapsed) => {}
                }
            }
        })
    });
    let (jobs, to_send) = unbounded_channel();
    let workers = runtime.spawn(worker::work(deleter.clone(), to_send, stopper));
    let mut dispatcher = Dispatcher::new(run, queue, (jobs, inbox), seeker);
    if dispatcher.begin() {
        dispatcher.serve();
    }
    if dispatcher.is_cut_short() {
        workers.abort();
    }
    dispatcher.close();
    // A worker that broke down has told so itself.
    drop(runtime.block_on(workers));
    dispatcher.end()
}
