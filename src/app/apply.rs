//! Carrying out what was approved.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use crate::app::Host;
use crate::app::connect::Connection;
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Stopper, inbox};
use crate::apply::{self, Clock, NotSaved, Options, Run};
use crate::event::{Ending, Listener, RunInfo};
use crate::frameio::deleter::{Deleter, DeletingClient};
use crate::plan::approve::Approved;
use crate::render::summary;
use crate::state::State;
use crate::store::file::{FileSession, Rescue};

/// What is to be carried out.
#[derive(Debug)]
pub(crate) struct Order {
    /// Who runs it, when and from what; also the account, where the server was asked for it.
    pub(crate) info: RunInfo,
    pub(crate) approved: Approved,
    /// The state that the plan was made from.
    pub(crate) state: State,
    pub(crate) options: Options,
}

/// Carries out what was approved, as a version of the API does it, until it is done or a signal
/// stops it. Says why it ended, and what could not be written down, with what is left of it.
pub(super) fn run<S: Strategy>(
    order: Order,
    connection: &Connection,
    mut session: FileSession,
    (mut listeners, clock): (Vec<&mut dyn Listener>, &dyn Clock),
) -> (Ending, Option<(NotSaved, Rescue)>)
where
    DeletingClient: Deleter<S::Call>,
{
    let Order {
        info,
        approved,
        state,
        options,
    } = order;
    let deleter = connection.deleter(info.account.as_deref(), &approved);
    let (stopper, inbox) = inbox::<S>();
    stop_in_order(&connection.host, stopper.clone(), options.grace);
    session.begin(&state);
    let run = Run {
        info,
        approved: &approved,
        state,
        session: &mut session,
        listeners: listeners
            .iter_mut()
            .map(|listener| &mut **listener as &mut dyn Listener)
            .collect(),
        options,
        pacer: connection.pacer(clock.elapsed(), options.concurrency.get()),
        clock,
    };
    let ended = apply::run(run, &deleter, (stopper, inbox), connection.handle());
    let not_saved = ended.saved.err().map(|not_saved| {
        let rescue = session.rescue(&not_saved.lost);
        (not_saved, rescue)
    });
    (ended.ending, not_saved)
}

/// Has each signal from now on stop the run, and says so at the first: people who see nothing
/// happen press Ctrl-C again, which does not wait for the answers.
fn stop_in_order<S: Strategy>(host: &Arc<dyn Host>, run: Stopper<S>, grace: Duration) {
    let hears = Arc::clone(host);
    let mut told = false;
    host.give_signals(Box::new(move |number| {
        run.signal(number);
        if !mem::replace(&mut told, true) {
            hears.message(&summary::stop_asked(grace));
        }
        true
    }));
}
