//! Random histories of manifests, holds, answers, crashes and reruns, beside a small model.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::*;
use crate::apply::strategy::Bulk;
use crate::apply::tests::bench::{Heard, Watch, info};
use crate::apply::{Ended, Run, breaker, run};
use crate::frameio::deleter::Deleter;
use crate::frameio::{Body, Reply, v2};
use crate::inventory::Inventory;
use crate::manifest::document::{Entry, Hold, Manifests, Spot};
use crate::plan::approve::{Approved, Consent, approve};
use crate::plan::decide::Rules;
use crate::plan::{Inputs, make};
use crate::store::journal;

/// How many assets the world has.
const WORLD: u128 = 24;

/// What the model knows: what people and the server want, and nothing of how it is done.
#[derive(Debug, Clone, Default)]
struct Wishes {
    listed: BTreeSet<u128>,
    held: BTreeSet<u128>,
    refused: BTreeSet<u128>,
}

/// What happens next.
#[derive(Debug, Clone)]
enum Move {
    List(u128, bool),
    Hold(u128, bool),
    Refuse(u128, bool),
    /// Somebody else deletes it.
    Vanish(u128),
    /// The token does not see it, or sees it again.
    Hide(u128, bool),
    /// A run among troubles with deletes, that may die.
    Apply(Vec<Twist>, Option<Death>),
    /// A run without any.
    Settle,
}

/// What goes wrong with one delete.
#[derive(Debug, Clone, Copy)]
enum Twist {
    Step(Step),
    /// The body of the answer ends early.
    Cut,
    /// The body of the answer is no answer of the API.
    Foreign,
}

/// When the process dies: nothing that it does from then on lasts.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// At the nth write of the journal, of which only half may reach the disk.
    Append { after: usize, torn: bool },
    /// When the state is to be replaced, or before the journal is dropped.
    Replace { done: bool },
}

fn twist() -> impl Strategy<Value = Twist> {
    prop_oneof![
        4 => Just(Twist::Step(Step::Serve)),
        2 => Just(Twist::Step(Step::LostAfter)),
        1 => Just(Twist::Step(Step::LostBefore)),
        1 => Just(Twist::Step(Step::NotSent)),
        1 => prop::sample::select(vec![400_u16, 401, 403, 413, 422, 429, 500, 503])
            .prop_map(|status| Twist::Step(Step::Status(status))),
        1 => Just(Twist::Cut),
        1 => Just(Twist::Foreign),
    ]
}

fn death() -> impl Strategy<Value = Death> {
    prop_oneof![
        4 => (0..9_usize, any::<bool>()).prop_map(|(after, torn)| Death::Append { after, torn }),
        1 => any::<bool>().prop_map(|done| Death::Replace { done }),
    ]
}

impl ReferenceStateMachine for Wishes {
    type State = Self;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Self> {
        prop::collection::btree_set(1..=WORLD, 0..20)
            .prop_map(|listed| Self {
                listed,
                ..Self::default()
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Move> {
        let number = || 1..=WORLD;
        let troubles = prop::collection::vec(twist(), 0..8);
        prop_oneof![
            3 => (number(), prop::bool::weighted(0.7)).prop_map(|(id, on)| Move::List(id, on)),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Hold(id, on)),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Refuse(id, on)),
            1 => number().prop_map(Move::Vanish),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Hide(id, on)),
            4 => (troubles, prop::option::of(death()))
                .prop_map(|(twists, death)| Move::Apply(twists, death)),
            2 => Just(Move::Settle),
        ]
        .boxed()
    }

    fn apply(mut wishes: Self, next: &Move) -> Self {
        let put = |set: &mut BTreeSet<u128>, number, on| {
            if on {
                set.insert(number);
            } else {
                set.remove(&number);
            }
        };
        match *next {
            Move::List(number, on) => put(&mut wishes.listed, number, on),
            Move::Hold(number, on) => put(&mut wishes.held, number, on),
            Move::Refuse(number, on) => put(&mut wishes.refused, number, on),
            Move::Vanish(_) | Move::Hide(..) | Move::Apply(..) | Move::Settle => {}
        }
        wishes
    }
}

/// The server, and what goes wrong with the next deletes.
#[derive(Clone)]
struct Wild {
    server: Server,
    twists: Arc<Mutex<VecDeque<Twist>>>,
}

impl Deleter<v2::Call> for Wild {
    async fn send(&self, call: &v2::Call) -> Reply {
        if !matches!(call, v2::Call::BulkDelete(_)) {
            return self.server.send(call).await;
        }
        let twist = self.twists.lock().unwrap().pop_front();
        let body = match twist {
            None => return self.server.send(call).await,
            Some(Twist::Step(step)) => {
                self.server.0.lock().unwrap().script.push_back(step);
                return self.server.send(call).await;
            }
            Some(Twist::Cut) => Body::Cut {
                detail: "the script says so".to_owned(),
            },
            Some(Twist::Foreign) => Body::Whole(b"<html>".to_vec()),
        };
        let mut reply = self.server.send(call).await;
        if let Reply::Answered { body: said, .. } = &mut reply {
            *said = body;
        }
        reply
    }
}

/// The session of a process that may die.
struct Mortal<'session> {
    inner: &'session mut FileSession,
    journal: PathBuf,
    death: Option<Death>,
    appends: usize,
    dead: bool,
}

impl Mortal<'_> {
    fn die<T>(&mut self) -> Result<T, StoreError> {
        self.dead = true;
        Err(full())
    }
}

impl Session for Mortal<'_> {
    fn append(&mut self, events: &[RunEvent]) -> Result<Synced, StoreError> {
        if self.dead {
            return self.die();
        }
        match self.death {
            Some(Death::Append { after, torn }) if after == self.appends => {
                if let (true, Some(event), Ok(mut journal)) = (
                    torn,
                    events.iter().find(|event| event.lasts()),
                    std::fs::OpenOptions::new().append(true).open(&self.journal),
                ) {
                    let mut line = Vec::new();
                    journal::write_event(1, event, &mut line);
                    journal.write_all(&line[..line.len() / 2]).unwrap();
                }
                return self.die();
            }
            Some(Death::Append { .. } | Death::Replace { .. }) | None => {}
        }
        self.appends += 1;
        self.inner.append(events)
    }

    fn replace(&mut self, state: &State) -> Result<(), StoreError> {
        match self.death {
            Some(Death::Replace { done }) if !self.dead => {
                if done {
                    let journal = std::fs::read(&self.journal).unwrap();
                    self.inner.replace(state)?;
                    std::fs::write(&self.journal, journal).unwrap();
                }
                self.die()
            }
            Some(Death::Replace { .. } | Death::Append { .. }) | None if self.dead => self.die(),
            Some(Death::Replace { .. } | Death::Append { .. }) | None => self.inner.replace(state),
        }
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        if self.dead {
            return self.die();
        }
        self.inner.abandon()
    }
}

fn planned(state: &State, wishes: &Wishes) -> Approved {
    let spot = Spot {
        file: 0,
        line: 1,
        column: 1,
    };
    let entry = |number: &u128| Entry {
        id: asset(*number),
        spot,
        details: None,
    };
    let hold = |number: &u128| Hold {
        id: asset(*number),
        spot,
        reason: Arc::from("legal"),
        until: None,
    };
    let manifests = Manifests {
        entries: wishes.listed.iter().map(entry).collect(),
        holds: wishes.held.iter().map(hold).collect(),
        ..Manifests::default()
    };
    let known = wishes.listed.iter().chain(&wishes.held);
    let known = known.map(|number| asset(*number));
    let plan = make(Inputs {
        manifests: &manifests,
        state,
        inventory: Some(&Inventory::flat(known)),
        rules: Rules::default(),
        now: Timestamp::UNIX_EPOCH,
    });
    approve(&plan, Consent::Auto, false).unwrap()
}

struct Machine {
    bench: Bench,
    wild: Wild,
    /// What was recorded as deleted once.
    confirmed: BTreeSet<AssetId>,
    /// How many deletes were asked for when that was looked at.
    asked: usize,
}

fn is_deleted(status: &Status) -> bool {
    matches!(status, Status::Retired | Status::Gone)
}

impl Machine {
    fn state(&self) -> State {
        let loaded = self.bench.store().load().unwrap();
        loaded.map_or_else(state, |loaded| loaded.state)
    }

    fn apply(&mut self, wishes: &Wishes, twists: Vec<Twist>, death: Option<Death>) -> Ended {
        let (mut inner, state) = self.bench.open();
        let journal = self.bench.store().journal();
        {
            let mut world = self.wild.server.0.lock().unwrap();
            world.journal = Some(journal.clone());
            world.script.clear();
        }
        *self.wild.twists.lock().unwrap() = twists.into();
        let approved = planned(&state, wishes);
        let mut heard = Heard::default();
        let mut session = Mortal {
            inner: &mut inner,
            journal,
            death,
            appends: 0,
            dead: false,
        };
        let ended = run(
            Run {
                info: info(&state),
                approved: &approved,
                state,
                session: &mut session,
                listeners: vec![&mut heard],
                options: self.bench.options,
                clock: &Watch(Instant::now()),
            },
            &self.wild,
            inbox::<Bulk>(),
            self.bench.runtime.handle(),
        );
        assert_eq!(session.dead, ended.saved.is_err());
        ended
    }

    /// Compares what is recorded with what is true.
    fn check(&mut self, wishes: &Wishes) {
        let state = self.state();
        let world = self.wild.server.0.lock().unwrap();
        for id in world.asked[self.asked..].iter().flatten() {
            let number = id.to_string();
            let wanted = |set: &BTreeSet<u128>| set.iter().any(|number| asset(*number) == *id);
            assert!(wanted(&wishes.listed), "{number} is not listed");
            assert!(!wanted(&wishes.held), "{number} is held");
            assert!(
                !self.confirmed.contains(id),
                "{number} was confirmed before"
            );
        }
        self.asked = world.asked.len();
        let mut confirmed = BTreeSet::new();
        for (id, record) in &state.assets {
            if is_deleted(&record.status) {
                assert!(!world.alive.contains(id), "`{id}` is recorded, and lives");
                confirmed.insert(*id);
            }
        }
        assert!(confirmed.is_superset(&self.confirmed), "a record was lost");
        self.confirmed = confirmed;
        for id in &world.dead {
            let status = state.assets.get(id).map(|record| record.status.name());
            assert!(
                matches!(status, Some("retired" | "gone" | "unknown")),
                "`{id}` was deleted by us, and is {status:?}"
            );
        }
    }

    /// Runs without troubles, and compares what is left with what the model wants.
    fn settle(&mut self, wishes: &Wishes) {
        let before = self.state();
        let ended = self.apply(wishes, Vec::new(), None);
        assert_eq!(ended.ending, Ending::Done);
        let state = self.state();
        assert_eq!(state.assets, ended.state.assets);
        let world = self.wild.server.0.lock().unwrap();
        let mut again = BTreeMap::new();
        for number in 1..=WORLD {
            let id = asset(number);
            let record = state.assets.get(&id);
            let status = record.map(|record| &record.status);
            let alive = world.alive.contains(&id);
            if world.hidden.contains(&id) {
                // Nobody can tell whether it lives.
                let open = !status.is_some_and(is_deleted);
                let listed = wishes.listed.contains(&number) && !wishes.held.contains(&number);
                match status {
                    Some(Status::Unknown { .. }) => {
                        // Nothing is sent for what is held or not listed, but it is read.
                        again.insert(id, true);
                    }
                    Some(Status::Missing) => {
                        assert!(wishes.listed.contains(&number));
                        again.insert(id, listed);
                    }
                    Some(Status::Failed(failed)) => {
                        let blocked = failed.attempts >= Rules::default().max_attempts;
                        assert!(blocked || !listed, "{failed:?}");
                    }
                    Some(Status::Retired | Status::Gone) => {}
                    None => assert!(!(listed && open), "`{id}` is listed, and has no record"),
                }
                continue;
            }
            match (
                wishes.listed.contains(&number),
                wishes.held.contains(&number),
            ) {
                (true, true) => {
                    let before = before.assets.get(&id);
                    let was_unknown = before
                        .is_some_and(|before| matches!(before.status, Status::Unknown { .. }));
                    match (was_unknown, alive) {
                        // What stays is read: found alive, its record is dropped.
                        (true, true) => assert_eq!(record, None),
                        (true, false) => assert!(status.is_some_and(is_deleted)),
                        (false, _) => assert_eq!(record, before, "a hold was touched"),
                    }
                }
                (true, false) if alive => {
                    let Some(Status::Failed(failed)) = status else {
                        panic!("`{id}` is listed, lives, and is {status:?}");
                    };
                    let blocked = failed.attempts >= Rules::default().max_attempts;
                    assert!(blocked || wishes.refused.contains(&number));
                    again.insert(id, !blocked);
                }
                (true, false) => {
                    // What was refused too often is not asked for, whatever becomes of it.
                    let blocked = matches!(status, Some(Status::Failed(failed))
                        if failed.attempts >= Rules::default().max_attempts);
                    assert!(blocked || status.is_some_and(is_deleted), "{status:?}");
                }
                (false, _) => assert!(status.is_none_or(is_deleted), "{status:?}"),
            }
        }
        drop(world);
        let sends = planned(&state, wishes).sends();
        assert_eq!(sends, again.into_values().any(|again| again), "plan again");
    }
}

struct Histories;

impl StateMachineTest for Histories {
    type SystemUnderTest = Machine;
    type Reference = Wishes;

    fn init_test(_: &Wishes) -> Machine {
        let mut bench = Bench::new();
        bench.options.batch_size = NonZeroUsize::new(12).unwrap();
        let server = Server::with(1..=WORLD);
        bench.options.breakers = breaker::Limits {
            max_404_percent: 100,
            max_failure_percent: 100,
            max_failed_batches: 1_000,
        };
        Machine {
            bench,
            wild: Wild {
                server,
                twists: Arc::default(),
            },
            confirmed: BTreeSet::new(),
            asked: 0,
        }
    }

    fn apply(mut machine: Machine, wishes: &Wishes, next: Move) -> Machine {
        match next {
            Move::Refuse(number, on) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                if on {
                    world.refuse.insert(asset(number));
                } else {
                    world.refuse.remove(&asset(number));
                }
            }
            Move::Vanish(number) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                if world.alive.remove(&asset(number)) {
                    world.others.insert(asset(number));
                }
            }
            Move::Hide(number, on) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                if on {
                    world.hidden.insert(asset(number));
                } else {
                    world.hidden.remove(&asset(number));
                }
            }
            Move::Apply(twists, death) => {
                drop(machine.apply(wishes, twists, death));
            }
            Move::Settle => machine.settle(wishes),
            Move::List(..) | Move::Hold(..) => {}
        }
        machine.check(wishes);
        machine
    }

    fn teardown(mut machine: Machine, wishes: Wishes) {
        machine.settle(&wishes);
        machine.check(&wishes);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_the_record_is_true(sequential 1..16 => Histories);
}
