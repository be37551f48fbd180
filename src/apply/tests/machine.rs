//! Random histories of manifests, holds, answers, crashes and reruns, beside a small model.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;

use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use super::*;
use crate::apply::strategy::{self, Bulk, Direct};
use crate::apply::tests::bench::Heard;
use crate::apply::tests::tree::{TREE, WORLD, Wishes, planned};
use crate::apply::tests::wild::{Death, Mortal, Twist, Twists, Wild, death, twist};
use crate::apply::{Ended, breaker};
use crate::asset::Kind;
use crate::frameio::deleter::Deleter;
use crate::plan::decide::Rules;
use crate::state::{Api, Target};

#[derive(Debug, Clone)]
pub(super) enum Move {
    List(u128, bool),
    Hold(u128, bool),
    Refuse(u128, bool),
    /// Somebody else deletes it.
    Vanish(u128),
    /// The token does not see it, or sees it again.
    Hide(u128, bool),
    /// A delete does not find it, though it lives, or finds it again.
    Deafen(u128, bool),
    Restore(u128),
    /// The lists of recently deleted assets are stale, or late, or leave out what went along.
    Lists {
        stale: bool,
        late: bool,
        tops: bool,
    },
    /// So often can be read what goes along with a folder from now on.
    Slow(u32),
    /// A run among troubles with deletes and readings, that may die.
    Apply(Vec<Twist>, Vec<Twist>, Option<Death>),
    /// A run without any.
    Settle,
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
        let troubles = || prop::collection::vec(twist(), 0..8);
        prop_oneof![
            3 => (number(), prop::bool::weighted(0.7)).prop_map(|(id, on)| Move::List(id, on)),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Hold(id, on)),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Refuse(id, on)),
            1 => number().prop_map(Move::Vanish),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Hide(id, on)),
            1 => (number(), any::<bool>()).prop_map(|(id, on)| Move::Deafen(id, on)),
            1 => number().prop_map(Move::Restore),
            1 => any::<(bool, bool, bool)>()
                .prop_map(|(stale, late, tops)| Move::Lists { stale, late, tops }),
            1 => (0..4_u32).prop_map(Move::Slow),
            5 => (troubles(), troubles(), prop::option::of(death()))
                .prop_map(|(deletes, readings, death)| Move::Apply(deletes, readings, death)),
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
            Move::Vanish(_)
            | Move::Hide(..)
            | Move::Deafen(..)
            | Move::Restore(_)
            | Move::Lists { .. }
            | Move::Slow(_)
            | Move::Apply(..)
            | Move::Settle => {}
        }
        wishes
    }
}

/// A version of the API.
trait Version: strategy::Strategy {
    const API: Api;
}

impl Version for Bulk {
    const API: Api = Api::V2;
}

impl Version for Direct {
    const API: Api = Api::V4;
}

struct Machine<S> {
    bench: Bench,
    wild: Wild,
    /// What was recorded as deleted once.
    confirmed: BTreeSet<AssetId>,
    /// How many deletes were asked for when that was looked at.
    asked: usize,
    version: PhantomData<S>,
}

/// Whether the record of a folder or a version stack speaks for what is in it: what goes with a
/// folder is as unknown as that, and what goes for itself has a record of its own.
fn speaks(holder: Kind, status: &Status) -> bool {
    let is_unknown = matches!(status, Status::Unknown { .. });
    is_deleted(status) || (holder == Kind::Folder && is_unknown)
}

fn is_deleted(status: &Status) -> bool {
    matches!(status, Status::Retired(_) | Status::Gone(_))
}

impl<S: Version> Machine<S>
where
    Wild: Deleter<S::Call>,
{
    fn empty() -> State {
        let target = Target {
            api: S::API,
            ..state().target
        };
        State { target, ..state() }
    }

    fn state(&self) -> State {
        let loaded = self.bench.store().load().unwrap();
        loaded.map_or_else(Self::empty, |loaded| loaded.state)
    }

    fn apply(&mut self, wishes: &Wishes, twists: Twists, death: Option<Death>) -> Ended {
        let (mut inner, loaded) = self.bench.store().open("test").unwrap();
        let state = loaded.map_or_else(Self::empty, |loaded| loaded.state);
        inner.take_in(&state).unwrap();
        inner.begin(&state);
        let journal = self.bench.store().journal();
        {
            let mut world = self.wild.server.0.lock().unwrap();
            world.journal = Some(journal.clone());
        }
        *self.wild.twists.lock().unwrap() = twists;
        let approved = planned(&state, wishes, &self.wild.server.0.lock().unwrap());
        let going = self.going(&state);
        let asked = self.wild.server.0.lock().unwrap().asked.len();
        let mut heard = Heard::default();
        let mut session = Mortal {
            inner: &mut inner,
            journal,
            death,
            appends: 0,
            dead: false,
        };
        let ended = self.bench.run(
            &mut session,
            state,
            &approved,
            &self.wild,
            &mut heard,
            inbox::<S>(),
        );
        assert_eq!(session.dead, ended.saved.is_err());
        let world = self.wild.server.0.lock().unwrap();
        let mut asked = world.asked[asked..].iter().flatten();
        let vain = asked.find(|id| going.contains(id));
        assert_eq!(vain, None, "it was on its way out already");
        drop(world);
        ended
    }

    /// What is on its way out with a folder that an earlier run has deleted, as it knows itself.
    fn going(&self, state: &State) -> BTreeSet<AssetId> {
        let world = self.wild.server.0.lock().unwrap();
        let is_going = |id: &AssetId| {
            let mut above = world.parent(*id);
            // What lies in something that lives, as where somebody has restored what is beside it, may
            // live as well.
            while let Some(folder) = above.filter(|above| !world.lives(*above)) {
                let record = state.assets.get(&folder);
                if record.is_some_and(|record| matches!(record.status, Status::Retired(_))) {
                    return true;
                }
                above = world.parent(folder);
            }
            false
        };
        let ghosts = world.ghosts.keys().copied();
        ghosts.filter(is_going).collect()
    }

    /// Compares what is recorded with what is true.
    fn check(&mut self, wishes: &Wishes) {
        let state = self.state();
        let world = self.wild.server.0.lock().unwrap();
        for id in world.asked[self.asked..].iter().flatten() {
            let wanted =
                |set: &BTreeSet<u128>, id: AssetId| set.iter().any(|number| asset(*number) == id);
            let parent = world.parent(*id);
            let stack = parent.filter(|parent| world.kind(*parent) == Kind::VersionStack);
            let (mut connected, mut around) = (world.below(*id), vec![*id]);
            while let Some(parent) = around.last().and_then(|id| world.parent(*id)) {
                around.push(parent);
            }
            // What is in a listed folder goes by itself where the server refuses the whole.
            let is_listed = around.iter().any(|id| wanted(&wishes.listed, *id));
            assert!(is_listed, "`{id}` is not listed");
            connected.append(&mut around);
            let mut held = connected.into_iter();
            let held = held.find(|id| world.lives(*id) && wanted(&wishes.held, *id));
            assert_eq!(held, None, "it keeps `{id}`");
            // What is back may go with what it lies in.
            assert!(
                !self.confirmed.contains(id) || stack.is_some(),
                "`{id}` was confirmed before"
            );
        }
        self.asked = world.asked.len();
        let mut confirmed = BTreeSet::new();
        for (id, record) in &state.assets {
            if is_deleted(&record.status) {
                // Somebody may have restored it since, and not before.
                let is_back = self.confirmed.contains(id) && world.restored.contains(id);
                let lives = world.lives(*id);
                assert!(!lives || is_back, "`{id}` is recorded, and lives");
                assert!(record.status.evidence().is_some());
                confirmed.insert(*id);
            }
        }
        // What somebody brought back may have gone again with its stack, and been refused, or not been
        // answered: then it has a record of that.
        let is_back = |id: &AssetId| world.restored.contains(id) && state.assets.contains_key(id);
        let lost = self.confirmed.difference(&confirmed);
        let mut lost = lost.filter(|id| !is_back(id));
        assert_eq!(lost.next().map(|id| (id, state.assets.get(id))), None);
        self.confirmed = confirmed;
        for id in &world.dead {
            let mut above = world.parent(*id);
            let mut is_covered = false;
            while let Some(holder) = above {
                let record = state.assets.get(&holder);
                let kind = world.kind(holder);
                is_covered |= record.is_some_and(|record| speaks(kind, &record.status));
                above = world.parent(holder);
            }
            // A version stack goes with the last of its files.
            if is_covered || world.kind(*id) == Kind::VersionStack {
                continue;
            }
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
        self.wild.server.0.lock().unwrap().is_late = false;
        let ended = self.apply(wishes, Twists::default(), None);
        assert_eq!(ended.ending, Ending::Done);
        let state = self.state();
        assert_eq!(state.assets, ended.state.assets);
        let world = self.wild.server.0.lock().unwrap();
        let mut again = BTreeMap::new();
        for number in 1..=WORLD {
            let id = asset(number);
            if world.kind(id) != Kind::File || world.parent(id).is_some() {
                // What holds it, or what is in it, has a say as well.
                continue;
            }
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
                    Some(
                        Status::Retired(_)
                        | Status::Gone(_)
                        | Status::Restored { .. }
                        | Status::Staged(_)
                        | Status::Rescued,
                    ) => {}
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
                        // What stays is read: its delete may still come true.
                        (true, true) => {
                            assert_eq!(record, before);
                            again.insert(id, true);
                        }
                        (true, false) => assert!(status.is_some_and(is_deleted)),
                        (false, _) => assert_eq!(record, before, "a hold was touched"),
                    }
                }
                (true, false) if alive && status.is_some_and(is_deleted) => {
                    assert!(
                        world.restored.contains(&id),
                        "`{id}` lives, and is {status:?}"
                    );
                }
                (true, false) if alive => {
                    let Some(Status::Failed(failed)) = status else {
                        panic!("`{id}` is listed, lives, and is {status:?}");
                    };
                    let blocked = failed.attempts >= Rules::default().max_attempts;
                    let refused = wishes.refused.contains(&number) || world.stubborn.contains(&id);
                    assert!(blocked || refused);
                    again.insert(id, !blocked);
                }
                (true, false) => {
                    // What was refused too often is not asked for, whatever becomes of it.
                    let blocked = matches!(status, Some(Status::Failed(failed))
                        if failed.attempts >= Rules::default().max_attempts);
                    assert!(blocked || status.is_some_and(is_deleted), "{status:?}");
                }
                (false, _) => {
                    let is_open = alive && matches!(status, Some(Status::Unknown { .. }));
                    let was_open = before.assets.get(&id) == record;
                    assert!(
                        status.is_none_or(is_deleted) || (is_open && was_open),
                        "{status:?}"
                    );
                    again.insert(id, is_open);
                }
            }
        }
        if !world.inside.is_empty() {
            return;
        }
        let sends = planned(&state, wishes, &world).sends();
        assert_eq!(sends, again.into_values().any(|again| again), "plan again");
    }
}

/// Histories of a version of the API, with folders and version stacks or with files alone.
struct Histories<S, const TREES: bool>(PhantomData<S>);

impl<S: Version, const TREES: bool> StateMachineTest for Histories<S, TREES>
where
    Wild: Deleter<S::Call>,
{
    type SystemUnderTest = Machine<S>;
    type Reference = Wishes;

    fn init_test(_: &Wishes) -> Machine<S> {
        let mut bench = Bench::new();
        bench.options.batch_size = NonZeroUsize::new(12).unwrap();
        let server = Server::with(1..=WORLD);
        if TREES {
            let tree = TREE.iter().map(|(number, kind, inside)| {
                let inside = inside.iter().map(|number| asset(*number)).collect();
                (asset(*number), (*kind, inside))
            });
            server.0.lock().unwrap().inside = tree.collect();
        }
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
            version: PhantomData,
        }
    }

    fn apply(mut machine: Machine<S>, wishes: &Wishes, next: Move) -> Machine<S> {
        let put = |set: &mut BTreeSet<AssetId>, number, on| {
            if on {
                set.insert(asset(number));
            } else {
                set.remove(&asset(number));
            }
        };
        match next {
            Move::Refuse(number, on) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                put(&mut world.refuse, number, on);
            }
            Move::Deafen(number, on) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                put(&mut world.stubborn, number, on);
            }
            Move::Restore(number) => {
                machine.wild.server.0.lock().unwrap().restore(asset(number));
            }
            Move::Lists { stale, late, tops } => {
                let mut world = machine.wild.server.0.lock().unwrap();
                (world.is_stale, world.is_late) = (stale, late);
                world.has_only_tops = tops;
            }
            Move::Slow(reads) => machine.wild.server.0.lock().unwrap().slow = reads,
            Move::Vanish(number) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                world.kill(asset(number), false);
            }
            Move::Hide(number, on) => {
                let mut world = machine.wild.server.0.lock().unwrap();
                put(&mut world.hidden, number, on);
            }
            Move::Apply(deletes, readings, death) => {
                let twists = Twists {
                    deletes: deletes.into(),
                    readings: readings.into(),
                };
                drop(machine.apply(wishes, twists, death));
            }
            Move::Settle => machine.settle(wishes),
            Move::List(..) | Move::Hold(..) => {}
        }
        machine.check(wishes);
        machine
    }

    fn teardown(mut machine: Machine<S>, wishes: Wishes) {
        machine.settle(&wishes);
        machine.check(&wishes);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_the_record_is_true(sequential 1..16 => Histories<Bulk, false>);

    #[test]
    fn whatever_happens_the_record_is_true_with_v4(sequential 1..16 => Histories<Direct, false>);

    #[test]
    fn whatever_happens_the_record_of_folders_and_stacks_is_true(
        sequential 1..16 => Histories<Direct, true>
    );
}
