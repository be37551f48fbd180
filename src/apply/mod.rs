//! The executor: carries out an approved plan and writes down what came of it.
//!
//! `dispatcher` is one plain thread that alone decides and alone writes; workers send what
//! it hands them. Whatever happens passes through one function of the dispatcher: the journal
//! first, synced, then the state, then the listeners.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use crate::apply::dispatcher::Dispatcher;
use crate::apply::run::Seeker;
pub(crate) use crate::apply::run::{Clock, Ended, NotSaved, Options, Run};
pub(crate) use crate::apply::staged::Stage;
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Inbox, Stopper, Workers};
use crate::frameio::deleter::Deleter;
use crate::store::Session;

pub mod breaker;
mod canary;
mod course;
mod dispatcher;
mod follow;
mod guards;
mod later;
mod ledger;
#[cfg(test)]
mod mortal;
mod order;
mod queue;
pub(crate) mod readings;
pub(crate) mod restore;
mod run;
pub(crate) mod staged;
pub(crate) mod strategy;
pub(crate) mod worker;

#[cfg(test)]
mod tests;

/// Carries out what was approved; returns when everything under way is answered for.
///
/// The calling thread becomes the dispatcher, and the workers run on `runtime`. What is moved aside
/// comes first, one call after another; `before_sending` is called once that is over.
pub(crate) fn run<'run, S, D, Se>(
    (run, stage): (Run<'run, Se>, Option<Stage<'_>>),
    deleter: &'run D,
    (stopper, inbox): (Stopper<S>, Inbox<S>),
    (runtime, before_sending): (&'run Handle, impl FnOnce()),
) -> Ended
where
    S: Strategy,
    D: Deleter<S::Call> + Clone + 'static,
    Se: Session,
{
    // What it does is cut off where it goes, which is when the run is over.
    let mut searches = JoinSet::new();
    let news = stopper.clone();
    let seeker: Seeker<'_> = Box::new(move |wanted| {
        let search = worker::search(deleter.clone(), wanted, news.clone());
        searches.spawn_on(search, runtime);
    });
    let (jobs, to_send) = unbounded_channel();
    let Options {
        retries,
        time_budget,
        grace,
        ..
    } = run.options;
    let last_call = course::last_call(time_budget, grace, Duration::ZERO);
    let sender = (deleter.clone(), (retries, last_call));
    let workers = runtime.spawn(worker::work(sender, to_send, stopper));
    let mut dispatcher = Dispatcher::<S, _>::new(run, Workers::new(jobs, inbox), seeker);
    dispatcher.stage(stage);
    before_sending();
    dispatcher.serve();
    if !dispatcher.close() {
        workers.abort();
    }
    // A worker that broke down has told so itself.
    drop(runtime.block_on(workers));
    dispatcher.end()
}
