//! The executor: carries out an approved plan and writes down what came of it.
//!
//! `dispatcher` is one plain thread that alone decides and alone writes; workers send what
//! it hands them. Whatever happens passes through one function of the dispatcher: the journal
//! first, synced, then the state, then the listeners.

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::apply::dispatcher::Dispatcher;
use crate::apply::run::Seeker;
pub(crate) use crate::apply::run::{Clock, Ended, NotSaved, Options, Run};
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Inbox, Stopper};
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
mod order;
mod queue;
pub mod retry;
mod run;
pub(crate) mod strategy;
pub(crate) mod worker;

#[cfg(test)]
mod tests;

/// How long a search in the lists of recently deleted assets goes on before it is asked whether it
/// is to be cut off: people take a tenth of a second for at once.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Carries out what was approved; returns when everything under way is answered for.
///
/// The calling thread becomes the dispatcher, and the workers run on `runtime`.
pub(crate) fn run<'run, S, D, Se>(
    run: Run<'run, Se>,
    deleter: &'run D,
    (stopper, inbox): (Stopper<S>, Inbox<S>),
    runtime: &'run Handle,
) -> Ended
where
    S: Strategy,
    D: Deleter<S::Call> + Clone + 'static,
    Se: Session,
{
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
    let mut dispatcher = Dispatcher::<S, _>::new(run, (jobs, inbox), seeker);
    dispatcher.serve();
    if !dispatcher.close() {
        workers.abort();
    }
    // A worker that broke down has told so itself.
    drop(runtime.block_on(workers));
    dispatcher.end()
}
