//! A bench to run against a server.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests look at the files that a run leaves behind"
)]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::apply::readings::Readings;
use crate::apply::strategy::Bulk;
use crate::apply::strategy::Strategy;
use crate::apply::tests::START;
use crate::apply::tests::world::{Server, asset};
use crate::apply::worker::{Inbox, Stopper, inbox};
use crate::apply::{Clock, Ended, Options, Run, breaker, run};
use crate::event::{Listener, Provenance, RunEvent, RunInfo};
use crate::frameio::client::OnWait;
use crate::frameio::deleter::Deleter;
use crate::frameio::retry::Retries;
use crate::frameio::shared_pacer::SharedPacer;
use crate::frameio::transport::Longest;
use crate::frameio::{Reply, v2};
use crate::inventory::Inventory;
use crate::manifest::document::{Entry, Manifests, Spot};
use crate::plan::approve::{Approved, Consent, approve};
use crate::plan::decide::Rules;
use crate::plan::{Inputs, Plan, make};
use crate::state::{Api, Record, State, Status, Target};
use crate::store::Session;
use crate::store::file::{FileSession, FileStore};

pub(super) fn state() -> State {
    State::new(
        Uuid::from_u128(1),
        Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        },
    )
}

/// A state to which the deletes of some assets were not answered.
pub(super) fn unanswered(mut known: State, numbers: impl IntoIterator<Item = u128>) -> State {
    for id in numbers.into_iter().map(asset) {
        let record = Record {
            status: Status::Unknown { attempts: 1 },
            run: 0,
            at: START,
        };
        known.assets.insert(id, record);
    }
    known
}

/// The plan of manifests and a state at the beginning of time, by what was read.
pub(super) fn plan_of(manifests: &Manifests, state: &State, inventory: &Inventory) -> Plan {
    make(Inputs {
        manifests,
        state,
        inventory: Some(inventory),
        check_retired: false,
        rules: Rules::default(),
        now: START,
    })
}

pub(super) fn approved(state: &State, listed: impl IntoIterator<Item = u128>) -> Approved {
    let manifests = Manifests {
        entries: listed
            .into_iter()
            .map(|number| Entry {
                id: asset(number),
                spot: Spot {
                    file: 0,
                    line: 1,
                    column: 1,
                },
                details: None,
            })
            .collect(),
        ..Manifests::default()
    };
    let inventory = Inventory::flat(manifests.entries.iter().map(|entry| entry.id));
    let plan = plan_of(&manifests, state, &inventory);
    approve(&plan, Consent::Auto, false).unwrap()
}

pub(super) fn info(state: &State) -> RunInfo {
    RunInfo {
        number: state.serial + 1,
        id: Uuid::from_u128(2),
        at: START,
        provenance: Provenance::default(),
        account: None,
    }
}

pub(super) struct Watch(pub(super) Instant);

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        START
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[derive(Default)]
pub(super) struct Heard(pub(super) Vec<RunEvent>);

impl Listener for Heard {
    fn on_event(&mut self, event: &RunEvent) {
        self.0.push(event.clone());
    }
}

impl Deleter<v2::Call> for Server {
    async fn send(&self, call: &v2::Call, _: Longest, _: OnWait) -> Reply {
        tokio::task::yield_now().await;
        match call {
            v2::Call::BulkDelete(ids) => self.0.lock().unwrap().delete(ids),
            v2::Call::Read(v2::Read::Asset(id)) => self.0.lock().unwrap().read(*id),
            v2::Call::Read(_) => panic!("a run does not ask for it"),
        }
    }
}

pub(crate) struct Bench {
    pub(super) folder: TempDir,
    pub(super) runtime: Runtime,
    pub(crate) options: Options,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            runtime: Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            options: Options {
                batch_size: NonZeroUsize::new(4).unwrap(),
                concurrency: NonZeroUsize::new(3).unwrap(),
                canary: 0,
                breakers: breaker::Limits {
                    max_failed_batches: 1_000,
                    ..breaker::Limits::default()
                },
                retries: Retries {
                    tries: 2,
                    within: Duration::from_secs(20),
                    answer: Duration::from_mins(1),
                    backoff: Duration::from_millis(2),
                },
                time_budget: None,
                grace: Duration::from_millis(200),
                cascade_wait: Duration::from_mins(10),
                seed: 3,
            },
        }
    }

    pub(super) fn pacer(&self) -> SharedPacer {
        SharedPacer::new(self.options.concurrency.get())
    }

    pub(super) fn store(&self) -> FileStore {
        FileStore::new(&self.folder.path().join("state.json"))
    }

    pub(super) fn open(&self) -> (FileSession, State) {
        let (mut session, loaded) = self.store().open("test").unwrap();
        let state = loaded.map_or_else(state, |loaded| loaded.state);
        session.take_in(&state).unwrap();
        session.begin(&state);
        (session, state)
    }

    pub(super) fn apply(
        &self,
        server: &Server,
        listed: impl IntoIterator<Item = u128>,
    ) -> (Ended, Vec<RunEvent>) {
        let (mut session, state) = self.open();
        server.0.lock().unwrap().journal = Some(self.store().journal());
        self.apply_to(&mut session, state, server, listed, inbox())
    }

    /// Runs on what an earlier run left behind.
    pub(super) fn apply_on(
        &self,
        known: State,
        server: &Server,
        listed: impl IntoIterator<Item = u128>,
    ) -> (Ended, Vec<RunEvent>) {
        let (mut session, _) = self.open();
        session.begin(&known);
        self.apply_to(&mut session, known, server, listed, inbox())
    }

    pub(super) fn apply_to<S: Session>(
        &self,
        session: &mut S,
        state: State,
        server: &Server,
        listed: impl IntoIterator<Item = u128>,
        mailbox: (Stopper<Bulk>, Inbox<Bulk>),
    ) -> (Ended, Vec<RunEvent>) {
        let approved = approved(&state, listed);
        let mut heard = Heard::default();
        let ended = self.run(session, state, &approved, server, &mut heard, mailbox);
        (ended, heard.0)
    }

    pub(super) fn run<S, Se, D>(
        &self,
        session: &mut Se,
        state: State,
        approved: &Approved,
        server: &D,
        heard: &mut Heard,
        mailbox: (Stopper<S>, Inbox<S>),
    ) -> Ended
    where
        S: Strategy,
        Se: Session,
        D: Deleter<S::Call> + Clone + 'static,
    {
        let timed = (Readings::default(), &Watch(Instant::now()) as &dyn Clock);
        self.run_timed((session, state, approved), server, heard, mailbox, timed)
    }

    /// The same by a clock of its own, with what is known of when the assets were read.
    pub(super) fn run_timed<'run, S, Se, D>(
        &'run self,
        (session, state, approved): (&'run mut Se, State, &'run Approved),
        server: &'run D,
        heard: &'run mut Heard,
        mailbox: (Stopper<S>, Inbox<S>),
        (readings, clock): (Readings<'run>, &'run dyn Clock),
    ) -> Ended
    where
        S: Strategy,
        Se: Session,
        D: Deleter<S::Call> + Clone + 'static,
    {
        run(
            (
                Run {
                    info: info(&state),
                    approved,
                    state,
                    session,
                    listeners: vec![heard],
                    options: self.options,
                    pacer: self.pacer(),
                    readings,
                    clock,
                },
                None,
            ),
            server,
            mailbox,
            (self.runtime.handle(), || ()),
        )
    }
}
