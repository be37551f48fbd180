//! A server that keeps the truth and answers by a script, and a bench to run against it.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests look at the files that a run leaves behind"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::apply::strategy::Bulk;
use crate::apply::strategy::Strategy;
use crate::apply::worker::{Inbox, Stopper, inbox};
use crate::apply::{Clock, Ended, Options, Run, breaker, run};
use crate::asset::AssetId;
use crate::event::{Listener, Provenance, RunEvent, RunInfo};
use crate::frameio::deleter::Deleter;
use crate::frameio::retry::Retries;
use crate::frameio::shared_pacer::SharedPacer;
use crate::frameio::{Body, Reply, v2};
use crate::inventory::Inventory;
use crate::manifest::document::{Entry, Manifests, Spot};
use crate::plan::approve::{Approved, Consent, approve};
use crate::plan::decide::Rules;
use crate::plan::{Inputs, make};
use crate::state::{Api, Record, State, Status, Target};
use crate::store::Session;
use crate::store::file::{FileSession, FileStore};

/// How many ids are spread.
const SPREAD: u128 = 511;

/// The asset of a number, in the order of the numbers; the first ones are spread evenly, as ids
/// are.
pub(super) fn asset(number: u128) -> AssetId {
    let spread = if number < SPREAD {
        number << 119
    } else {
        (SPREAD << 119) | number
    };
    AssetId::from_uuid(Uuid::from_u128(spread))
}

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
            at: Timestamp::UNIX_EPOCH,
        };
        known.assets.insert(id, record);
    }
    known
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
    let plan = make(Inputs {
        manifests: &manifests,
        state,
        inventory: Some(&inventory),
        check_retired: false,
        rules: Rules::default(),
        now: Timestamp::UNIX_EPOCH,
    });
    approve(&plan, Consent::Auto, false).unwrap()
}

pub(super) fn info(state: &State) -> RunInfo {
    RunInfo {
        number: state.serial + 1,
        id: Uuid::from_u128(2),
        at: Timestamp::UNIX_EPOCH,
        provenance: Provenance::default(),
        account: None,
    }
}

pub(super) struct Watch(pub(super) Instant);

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
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

/// A server that keeps the truth and answers by a script.
#[derive(Clone, Default)]
pub(super) struct Server(pub(super) Arc<Mutex<World>>);

#[derive(Default)]
pub(super) struct World {
    pub(super) alive: BTreeSet<AssetId>,
    pub(super) dead: BTreeSet<AssetId>,
    pub(super) refuse: BTreeSet<AssetId>,
    pub(super) asked: Vec<Vec<AssetId>>,
    pub(super) read: Vec<AssetId>,
    /// What is answered with 500 when it is read.
    pub(super) unreadable: BTreeSet<AssetId>,
    /// What somebody else has deleted.
    pub(super) others: BTreeSet<AssetId>,
    /// What the token does not see, whether it lives or not.
    pub(super) hidden: BTreeSet<AssetId>,
    /// What a delete does not find, though it lives.
    pub(super) stubborn: BTreeSet<AssetId>,
    /// What was deleted and is back.
    pub(super) restored: BTreeSet<AssetId>,
    /// Whether lists of recently deleted assets show what is back.
    pub(super) is_stale: bool,
    /// Whether they show nothing yet.
    pub(super) is_late: bool,
    pub(super) script: VecDeque<Step>,
    pub(super) journal: Option<std::path::PathBuf>,
}

/// What the server does instead of serving the next delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Serve,
    Status(u16),
    NotSent,
    /// The delete takes effect and the answer is lost.
    LostAfter,
    /// Neither takes effect nor is answered.
    LostBefore,
    Panic,
}

impl Server {
    pub(super) fn with(alive: impl IntoIterator<Item = u128>) -> Self {
        let world = World {
            alive: alive.into_iter().map(asset).collect(),
            ..World::default()
        };
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn script(self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.0.lock().unwrap().script.extend(steps);
        self
    }

    pub(super) fn refuse(self, numbers: impl IntoIterator<Item = u128>) -> Self {
        self.0
            .lock()
            .unwrap()
            .refuse
            .extend(numbers.into_iter().map(asset));
        self
    }

    pub(super) fn asked(&self) -> Vec<Vec<AssetId>> {
        self.0.lock().unwrap().asked.clone()
    }
}

pub(super) fn answer(status: u16, body: &str) -> Reply {
    Reply::Answered {
        status,
        wait: Some(Duration::from_millis(1)),
        limits: None,
        date: Some(Timestamp::UNIX_EPOCH),
        pages: None,
        body: Body::Whole(body.as_bytes().to_vec()),
    }
}

/// The API's answer to what it does not know.
pub(super) fn not_found() -> Reply {
    answer(
        404,
        r#"{"code":404,"errors":[{"code":404,"title":"Not Found","detail":"Not there."}]}"#,
    )
}

impl World {
    /// Whether a delete finds an asset.
    fn finds(&self, id: AssetId) -> bool {
        self.alive.contains(&id) && !self.hidden.contains(&id) && !self.stubborn.contains(&id)
    }

    fn delete(&mut self, ids: &[AssetId]) -> Reply {
        let step = self.script.pop_front().unwrap_or(Step::Serve);
        self.delete_as(step, ids)
    }

    /// Deletes, or does what a step says instead.
    pub(super) fn delete_as(&mut self, step: Step, ids: &[AssetId]) -> Reply {
        if let Some(journal) = &self.journal {
            let text = std::fs::read_to_string(journal).unwrap();
            for id in ids {
                assert!(text.contains(&id.to_string()), "sent without an intent");
            }
        }
        self.asked.push(ids.to_vec());
        let detail = "the script says so".to_owned();
        match step {
            Step::NotSent => return Reply::NotSent { detail },
            Step::LostBefore => return Reply::Lost { detail },
            Step::Status(status) => return answer(status, r#"{"message":"scripted"}"#),
            Step::Panic => panic!("scripted"),
            Step::Serve | Step::LostAfter => {}
        }
        if ids.iter().any(|id| !self.finds(*id)) {
            return not_found();
        }
        let mut errors = BTreeMap::new();
        for id in ids {
            if self.refuse.contains(id) {
                errors.insert(id.to_string(), "no permission");
            } else {
                self.alive.remove(id);
                self.dead.insert(*id);
            }
        }
        if step == Step::LostAfter {
            return Reply::Lost { detail };
        }
        answer(200, &serde_json::json!({ "error": errors }).to_string())
    }
}

impl World {
    pub(super) fn read(&mut self, id: AssetId) -> Reply {
        self.read.push(id);
        if self.unreadable.contains(&id) {
            return answer(500, "{}");
        }
        let deleted_at = self.deleted_at(id);
        let known = deleted_at.is_some() || self.alive.contains(&id);
        if known && !self.hidden.contains(&id) {
            let said = serde_json::json!({ "id": id, "deleted_at": deleted_at });
            answer(200, &said.to_string())
        } else {
            not_found()
        }
    }

    /// When an asset was deleted; we did it after it was asked of us.
    fn deleted_at(&self, id: AssetId) -> Option<Timestamp> {
        if self.others.contains(&id) {
            return Some("1969-12-31T00:00:00Z".parse().unwrap());
        }
        self.dead.contains(&id).then_some(Timestamp::UNIX_EPOCH)
    }

    /// Whether an asset lives and the token sees it.
    pub(super) fn shows(&self, id: AssetId) -> bool {
        self.alive.contains(&id) && !self.hidden.contains(&id)
    }

    /// The line of an asset in the lists of recently deleted assets.
    pub(super) fn line(&self, id: AssetId) -> Option<Timestamp> {
        if self.is_late || self.hidden.contains(&id) {
            return None;
        }
        let stale = self.is_stale && self.restored.contains(&id);
        let stale = stale.then_some(Timestamp::UNIX_EPOCH);
        self.deleted_at(id).or(stale)
    }

    /// Brings a deleted asset back.
    pub(super) fn restore(&mut self, id: AssetId) {
        if self.dead.remove(&id) || self.others.remove(&id) {
            self.alive.insert(id);
            self.restored.insert(id);
        }
    }
}

impl Deleter<v2::Call> for Server {
    async fn send(&self, call: &v2::Call) -> Reply {
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
                    within: Duration::from_millis(50),
                    backoff: Duration::from_millis(2),
                },
                time_budget: None,
                grace: Duration::from_millis(200),
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
        run(
            Run {
                info: info(&state),
                approved,
                state,
                session,
                listeners: vec![heard],
                options: self.options,
                pacer: self.pacer(),
                clock: &Watch(Instant::now()),
            },
            server,
            mailbox,
            self.runtime.handle(),
        )
    }
}
