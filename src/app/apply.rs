//! Carrying out what was approved.

use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};
use std::time::Duration;

use jiff::Timestamp;

use crate::app::connect::Connection;
use crate::app::staged::{Live, Staging};
use crate::apply::readings::{Pass, Readings, Reread};
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Stopper, inbox};
use crate::apply::{self, Clock, NotSaved, Options, Run, Stage};
use crate::event::{Ending, Listener, RunInfo, StopReason};
use crate::frameio::client::{Client, CutOff};
use crate::frameio::clocks::later;
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
    /// What is read again of what is to be deleted, once it is too old.
    pub(crate) again: Option<Box<dyn Again>>,
    /// How assets are moved aside; nothing where none are.
    pub(crate) staging: Option<Staging>,
}

/// Reads again what a run is about to delete.
pub(crate) trait Again: fmt::Debug + Send {
    /// How long ago the first reading came to its end, and for how long one is believed.
    fn age(&self) -> (Duration, Duration);

    /// Reads some assets again, with what is in and around them, and decides again.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read.
    fn read_again(
        &mut self,
        at: (&Connection, &dyn Clock),
        pass: Pass,
    ) -> Result<Reread, StopReason>;
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
        again,
        staging,
    } = order;
    let clock = &ServerClock::new(connection, &info, clock);
    let deleter = connection.deleter(info.account.as_deref(), &approved);
    let (stopper, inbox) = inbox::<S>();
    session.begin(&state);
    let account = info.account.clone();
    let now = || clock.server_time();
    let mut live = staging.as_ref().map(|staging| {
        let at = (connection, account.as_deref());
        Live::new(at, &approved.agreed(), staging.marks.as_ref(), &now)
    });
    let stage = live.as_mut().zip(staging.as_ref());
    let stage = stage.map(|(server, staging)| Stage {
        server,
        terms: staging.terms.clone(),
    });
    let stopping = stopper.clone();
    let ended = thread::scope(|scope| {
        let (readings, cut_off) = match again {
            Some(again) => readings(again, connection, (stopper.clone(), clock), scope),
            None => Default::default(),
        };
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
            readings,
            clock,
        };
        let ended = apply::run(
            (run, stage),
            &deleter,
            (stopper, inbox),
            (connection.handle(), || {
                stop_in_order(connection, stopping, options.grace);
            }),
        );
        // Nobody waits for what is still read.
        cut_off.end();
        ended
    });
    let not_saved = ended.saved.err().map(|not_saved| {
        let rescue = session.rescue(&not_saved.lost);
        (not_saved, rescue)
    });
    (ended.ending, not_saved)
}

/// The time of a run: the server's, where it had told the time when the run began.
///
/// A machine's clock is set while a run goes on, and between two runs, and what a run remembers of
/// when it saw or sent something is compared with the server's times.
struct ServerClock<'run> {
    client: Client,
    /// When the run began, and how long the command had been going on by then.
    began: (Timestamp, Duration),
    clock: &'run dyn Clock,
}

impl<'run> ServerClock<'run> {
    fn new(connection: &Connection, info: &RunInfo, clock: &'run dyn Clock) -> Self {
        Self {
            client: connection.client(None),
            began: (info.at, clock.elapsed()),
            clock,
        }
    }
}

impl Clock for ServerClock<'_> {
    fn now(&self) -> Timestamp {
        let (at, before) = self.began;
        later(at, self.elapsed().saturating_sub(before))
    }

    fn server_time(&self) -> Timestamp {
        self.client.server_time().unwrap_or_else(|| self.now())
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}

/// Tells a run what was read again, whatever comes of it.
struct Telling<S: Strategy> {
    reread: Option<Result<Reread, StopReason>>,
    run: Stopper<S>,
}

impl<S: Strategy> Drop for Telling<S> {
    fn drop(&mut self) {
        let broken = || {
            Err(StopReason::Broken {
                detail: "what was to be deleted could not be read again".to_owned(),
            })
        };
        self.run.reread(self.reread.take().unwrap_or_else(broken));
    }
}

/// Has a run read again what it is about to delete, on threads of a scope; what comes along cuts
/// off what is read when the run is over.
fn readings<'scope, S: Strategy>(
    again: Box<dyn Again>,
    connection: &Connection,
    (run, clock): (Stopper<S>, &'scope dyn Clock),
    scope: &'scope Scope<'scope, '_>,
) -> (Readings<'scope>, CutOff) {
    let (since, age) = again.age();
    let (connection, cut_off) = connection.beside_run(run.on_wait());
    let both = Arc::new(Mutex::new((again, connection)));
    let rereader = move |asked: Pass| {
        let telling = Telling {
            reread: None,
            run: run.clone(),
        };
        let both = Arc::clone(&both);
        let pass = move || {
            let mut telling = telling;
            // One pass is over before the next one begins, and one that broke down stops the run.
            let mut both = both.lock().unwrap_or_else(PoisonError::into_inner);
            let (again, connection) = &mut *both;
            let reread = || again.read_again((connection, clock), asked);
            telling.reread = catch_unwind(AssertUnwindSafe(reread)).ok();
        };
        // Where there is no thread, the run hears of it all the same.
        drop(thread::Builder::new().spawn_scoped(scope, pass));
    };
    (Readings::new(since, age, Box::new(rereader)), cut_off)
}

/// Has each signal from now on stop the run, and says so at the first: people who see nothing
/// happen press Ctrl-C again, which does not wait for the answers.
fn stop_in_order<S: Strategy>(connection: &Connection, run: Stopper<S>, grace: Duration) {
    let hears = Arc::clone(&connection.host);
    let token_provider = connection.token_provider.clone();
    let mut told = false;
    connection.host.give_signals(Box::new(move |number| {
        run.signal(number);
        // What still waits for a token is not sent, and what was sent has one.
        token_provider.give_up();
        if !mem::replace(&mut told, true) {
            hears.message(&summary::stop_asked(grace));
        }
        true
    }));
}
