//! Runs that stage against a project that answers as it likes, is changed by people, and dies at
//! any moment: planned anew before each, as the program does.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use self::world::{Act, RESTRICTED, Way, World, id, number};
use super::*;
use crate::apply::mortal::Mortal;
use crate::event::{Ending, Provenance, RunInfo};
use crate::manifest::document::Strategy as How;
use crate::manifest::document::{Entry, Hold, Manifests, Spot};
use crate::outcome::{Evidence, Phase};
use crate::plan::approve::{Consent, approve};
use crate::plan::aside::Terms as PlanTerms;
use crate::plan::decide::Rules;
use crate::plan::{self, Inputs, Plan};
use crate::state::{Api, State, Status, Target};
use crate::store::file::FileStore;

mod back;
mod changed;
mod people;
mod unrecorded;
mod world;

const SPOT: Spot = Spot {
    file: 0,
    line: 1,
    column: 1,
};

/// All that may be listed.
const LISTED: [u8; 8] = [1, 2, 3, 4, 5, 10, 12, 20];

/// What somebody wants of a run.
#[derive(Debug, Clone)]
struct Wish {
    listed: BTreeSet<u8>,
    held: BTreeSet<u8>,
    /// For how many days what is staged waits.
    days: u64,
}

fn manifests(wish: &Wish) -> Manifests {
    let entry = |number: &u8| Entry {
        id: id(*number),
        spot: SPOT,
        details: None,
    };
    let hold = |number: &u8| Hold {
        id: id(*number),
        spot: SPOT,
        reason: "legal".into(),
        until: None,
    };
    Manifests {
        entries: wish.listed.iter().map(entry).collect(),
        holds: wish.held.iter().map(hold).collect(),
        ..Manifests::default()
    }
}

fn new_state() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    State::new(Uuid::nil(), target)
}

fn day(number: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * number)
}

fn planned(state: &State, world: &World, wish: &Wish, now: Timestamp) -> Plan {
    let manifests = manifests(wish);
    let recorded = state.assets.keys().copied();
    let asked = wish.listed.iter().map(|number| id(*number)).chain(recorded);
    let mut read = world.inventory(asked);
    if let Some(places) = &mut read.places {
        let held = wish.held.iter().map(|number| id(*number));
        let held = held.filter(|held| places.kinds.get(held) != Some(&Kind::File));
        places.held = held.map(|held| (held, true)).collect();
    }
    let inputs = Inputs {
        manifests: &manifests,
        state,
        inventory: Some(&read),
        check_retired: false,
        rules: Rules::default(),
        now,
    };
    let mut plan = plan::make(inputs);
    plan.settle_staged(state, Some(&read));
    plan.cover(Api::V4);
    let terms = PlanTerms {
        strategy: How::Staged,
        staged_from: 0,
        delete_after_seconds: wish.days * 24 * 3600,
    };
    plan.stage(state, Some(&read), (terms, now));
    plan
}

/// Plans and runs once; the process dies after so many writes.
fn run_once(store: &FileStore, world: &mut World, (wish, now): (&Wish, Timestamp), writes: u32) {
    let (mut session, loaded) = store.open("test").unwrap();
    let state = loaded.map_or_else(new_state, |loaded| loaded.state);
    session.take_in(&state).unwrap();
    session.begin(&state);
    let plan = planned(&state, world, wish, now);
    world.review(&wish.listed);
    let before = world.killed.clone();
    let strays = world.strays(&state);
    let approved = approve(&plan, Consent::Auto, true).unwrap();
    let info = RunInfo {
        number: state.serial + 1,
        id: Uuid::from_u128(u128::from(state.serial) + 1),
        at: now,
        provenance: Provenance::default(),
        account: None,
    };
    let run = info.number;
    let mut mortal = Mortal {
        session: &mut session,
        left: writes,
    };
    let mut ledger = Ledger::new(run, state, &mut mortal, Vec::new());
    let terms = Terms {
        actor: Some("ana".to_owned()),
        patience: Duration::from_secs(4),
        verify: Verify::Sample,
    };
    let mut stager = Stager {
        ledger: &mut ledger,
        server: world,
        approved: Some(&approved),
        terms: &terms,
        batches: 0,
        anew: None,
        homes: BTreeSet::new(),
        stop: None,
    };
    let forgotten = RunEvent::Forgotten {
        at: now,
        ids: approved.forget().to_vec(),
    };
    if stager.commit(vec![RunEvent::Started(info), forgotten]) {
        stager.run(run);
        let found = RunEvent::Answered {
            batch: 0,
            at: now,
            outcomes: approved.found().to_vec(),
        };
        let ended = RunEvent::Ended {
            at: now,
            ending: Ending::Done,
        };
        stager.commit(vec![found, ended]);
    }
    drop(ledger.save());
    let held = |one: &&u8| {
        let inside = matches!(**one, 10)
            .then_some([11, 12])
            .into_iter()
            .flatten()
            // What people have taken out of it themselves goes nowhere with it.
            .filter(|inner| !world.dragged.contains_key(inner));
        // What is in a folder that is held, or was moved out of it, is held.
        let around = [(1..=3, 60), (20..=22, 60), (11..=12, 10)];
        let around = around
            .into_iter()
            .filter_map(|(inside, around)| inside.contains(*one).then_some(around));
        let mut all = [**one].into_iter().chain(inside).chain(around);
        // What is deleted already keeps nothing.
        all.any(|one| wish.held.contains(&one) && !before.contains(&one))
    };
    let mut killed = world.killed.difference(&before);
    assert_eq!(killed.find(held), None, "it was held in this very run");
    let killed: BTreeSet<u8> = world.killed.difference(&before).copied().collect();
    assert_eq!(
        killed.intersection(&strays).next(),
        None,
        "no record put it there"
    );
}

fn loaded(store: &FileStore) -> State {
    let (_, loaded) = store.open("test").unwrap();
    loaded.map_or_else(new_state, |loaded| loaded.state)
}

/// What must hold after each run, whatever happened in it.
fn check(state: &State, world: &World, before: &World) -> Result<(), TestCaseError> {
    for one in &world.killed {
        let is_folder = world.nodes[one].name.starts_with("_retire");
        let reviewed = world.reviewed.get(one);
        prop_assert!(
            reviewed == Some(&world.nodes[one].name) || is_folder,
            "{one} went, and was reviewed as {reviewed:?}"
        );
    }
    prop_assert!(!world.killed.contains(&4), "it lies in {RESTRICTED}");
    for (asset, record) in &state.assets {
        let one = number(*asset);
        match &record.status {
            Status::Retired(_) | Status::Gone(_) => {
                prop_assert!(
                    !world.is_alive(one),
                    "{one} lives, and is {:?}",
                    record.status
                );
            }
            Status::Staged(staged) => {
                let was_in = state.catalogue.parent(*asset).map(number);
                // People may have taken it to the top before anybody knew that it was moved.
                let places = [before.nodes[&one].parent, world::ROOT].map(Some);
                prop_assert!(places.contains(&was_in), "{one} was in {was_in:?}");
                if staged.aside.phase == Phase::There && world.acts.is_empty() {
                    let is_away = world.nodes[&one].parent != number(staged.aside.into);
                    // People may have done it since.
                    prop_assert!(!is_away || !world.is_alive(one) || was_moved(world, one));
                }
            }
            Status::Rescued => {}
            // People may delete it after that.
            Status::Failed(_) => {
                prop_assert!(!world.killed.contains(&one), "{one} went and failed");
            }
            Status::Unknown { .. } | Status::Missing | Status::Restored { .. } => {
                prop_assert!(false, "{one} is {:?}", record.status);
            }
        }
    }
    Ok(())
}

/// Whether people have put something at the top.
fn was_moved(world: &World, one: u8) -> bool {
    world.nodes[&one].parent == world::ROOT || world.dragged.contains_key(&one)
}

fn any_way() -> impl Strategy<Value = Way> {
    prop_oneof![
        4 => Just(Way::Serve),
        1 => Just(Way::LostDone),
        1 => Just(Way::Lost),
        1 => Just(Way::Half),
        1 => Just(Way::Short),
        1 => Just(Way::Refuse),
        1 => Just(Way::RefuseDone),
        1 => Just(Way::DeniedDone),
        1 => Just(Way::Stop),
        1 => Just(Way::Lie),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    let one = || prop::sample::select(&[1_u8, 2, 3, 5, 10, 12, 20][..]);
    prop_oneof![
        one().prop_map(Act::TakeOut),
        one().prop_map(Act::DragIn),
        Just(Act::PutIn),
        prop::sample::select(&[1_u8, 5, 10, 11, 12, 20, 22][..]).prop_map(Act::Rename),
        one().prop_map(Act::Delete),
        one().prop_map(Act::Mark),
        Just(Act::Grow),
    ]
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let some = |numbers: &'static [u8], most| {
        prop::sample::subsequence(numbers, 0..=most).prop_map(|some| some.into_iter().collect())
    };
    (
        some(&LISTED, LISTED.len()),
        some(&[2, 5, 10, 11, 12, 60], 2),
        0_u64..3,
    )
        .prop_map(|(listed, held, days)| Wish { listed, held, days })
}

fn all() -> Wish {
    Wish {
        listed: LISTED.into(),
        held: BTreeSet::new(),
        days: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_goes_that_nobody_reviewed_and_every_record_is_so(
        rounds in prop::collection::vec(
            (any_wish(), prop::collection::vec(any_way(), 0..8),
             prop::collection::btree_map(1_u32..12, any_act(), 0..3), 0_u32..30,
             prop_oneof![3 => Just(0_u32), 1 => 1_u32..8]),
            1..6,
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(&folder.path().join("state.json"));
        let mut world = World::new();
        let before = world.clone();
        let mut now = 0;
        for (wish, ways, acts, writes, lag) in rounds {
            world.lag = lag;
            world.ways = ways.into();
            world.acts = acts.into_iter().map(|(at, act)| (world.readings + at, act)).collect();
            run_once(&store, &mut world, (&wish, day(now)), writes);
            now += 1;
            check(&loaded(&store), &world, &before)?;
        }
        (world.ways, world.acts, world.late, world.lag) = Default::default();
        // A hold on what it lay in brings back at once what waits.
        let held = Wish { held: [60].into(), days: 3, ..all() };
        now += 1;
        run_once(&store, &mut world, (&held, day(now)), u32::MAX);
        let state = loaded(&store);
        let was_in = |one: u8| state.catalogue.parent(id(one));
        let mut waits = world.nodes.iter().filter(|(one, node)| {
            node.alive && node.parent >= 100 && state.aside(id(**one)).is_some()
        });
        let waits = waits.find(|(one, _)| was_in(**one) == Some(id(60)));
        prop_assert!(waits.is_none(), "{waits:?}");
        // Left in peace, whatever is listed comes to an end.
        for _ in 0..4 {
            now += 3;
            run_once(&store, &mut world, (&all(), day(now)), u32::MAX);
        }
        let state = loaded(&store);
        check(&state, &world, &before)?;
        // What others deleted while nobody knew of our delete counts as gone with its folder: that may be
        // restored at any time, and what is in it comes back only later.
        let may_hold = |one: &u8| state.unanswered.values().any(|into| *into == id(*one));
        let mut empty = world.empty_staging();
        let stays = empty.find(|one| !may_hold(one) && !world.theirs.contains(one));
        prop_assert_eq!(stays, None, "it has stayed");
        let is_foreign = !world.strays(&state).is_empty();
        // A run that died had moved it back, and not yet said so: the next one takes it to be rescued.
        let inner = state.assets.get(&id(12)).map(|record| &record.status);
        let is_kept = inner == Some(&Status::Rescued) && world.nodes[&12].parent == 10;
        let is_stuck = |one: u8| {
            let was = &before.nodes[&one];
            world.nodes[&one].name != was.name && !world.is_alive(was.parent)
        };
        for one in LISTED.into_iter().filter(|one| *one != 4) {
            let status = state.assets.get(&id(one)).map(|record| &record.status);
            let is_over = match status {
                Some(Status::Retired(_) | Status::Gone(_) | Status::Rescued) => true,
                // Something foreign keeps it, or it is other than reviewed and has nowhere to go back to.
                Some(Status::Staged(_)) => is_foreign || is_stuck(one),
                // So does what people have put into it or marked.
                Some(Status::Failed(_)) | None => {
                    (one == 10 && is_kept)
                        || is_foreign || !world.marked.is_empty() || world.nodes[&90].parent == 10
                }
                Some(Status::Unknown { .. } | Status::Missing | Status::Restored { .. }) => false,
            };
            prop_assert!(is_over, "{one} is {status:?}");
        }
    }
}

fn stores() -> (tempfile::TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(&folder.path().join("state.json"));
    (folder, store)
}

fn status_of(store: &FileStore, one: u8) -> Option<Status> {
    let state = loaded(store);
    state
        .assets
        .get(&id(one))
        .map(|record| record.status.clone())
}

/// What a run deleted as it died is held later, and what it lay in is listed.
#[test]
fn a_hold_on_what_is_deleted_keeps_no_folder() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = |listed: &[u8], held: &[u8]| Wish {
        listed: listed.iter().copied().collect(),
        held: held.iter().copied().collect(),
        days: 0,
    };
    run_once(&store, &mut world, (&wish(&[12], &[]), day(0)), 7);
    assert!(world.killed.contains(&12));
    run_once(&store, &mut world, (&wish(&[], &[]), day(1)), 2);
    run_once(&store, &mut world, (&wish(&[10], &[12]), day(2)), 7);
    assert!(world.killed.contains(&10));
}

#[test]
fn a_quiet_run_deletes_all_of_it_with_one_folder() {
    let (_folder, store) = stores();
    let mut world = World::new();
    run_once(&store, &mut world, (&all(), day(0)), u32::MAX);
    for one in [1, 2, 3, 5, 10, 12, 20] {
        assert!(!world.is_alive(one), "{one}");
        let status = status_of(&store, one).unwrap();
        assert!(
            matches!(status, Status::Retired(Evidence::With(_))),
            "{status:?}"
        );
    }
    // What only some see is deleted directly, which is not the business of this.
    assert!(world.is_alive(4) && status_of(&store, 4).is_none());
    // Files, folders and version stacks.
    assert_eq!(world.moves, 3);
    // What went within a folder, and has a record of its own, is looked for as well.
    assert!(world.looked_at.contains(&12), "{:?}", world.looked_at);
}

#[test]
fn what_waits_is_deleted_once_it_is_due() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = Wish { days: 2, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    assert!(world.killed.is_empty());
    run_once(&store, &mut world, (&wish, day(1)), u32::MAX);
    assert!(world.killed.is_empty());
    assert_eq!(world.moves, 3, "it is moved once");
    run_once(&store, &mut world, (&wish, day(2)), u32::MAX);
    assert!(!world.is_alive(1) && !world.is_alive(20));
}

#[test]
fn what_people_take_out_is_theirs() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = Wish { days: 2, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    world.nodes.get_mut(&1).unwrap().parent = 60;
    for at in [1, 2, 3] {
        run_once(&store, &mut world, (&wish, day(at)), u32::MAX);
        assert_eq!(status_of(&store, 1), Some(Status::Rescued));
    }
    assert!(world.is_alive(1) && !world.is_alive(2));
}

#[test]
fn something_foreign_keeps_a_folder() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = Wish { days: 1, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    let staging = world.nodes[&1].parent;
    world.nodes.get_mut(&90).unwrap().parent = staging;
    run_once(&store, &mut world, (&wish, day(1)), u32::MAX);
    assert!(world.killed.is_empty());
    world.nodes.get_mut(&90).unwrap().parent = 60;
    run_once(&store, &mut world, (&wish, day(2)), u32::MAX);
    assert!(!world.is_alive(1) && world.is_alive(90));
}

#[test]
fn every_death_between_two_writes_is_got_over() {
    for writes in 0..30 {
        let (_folder, store) = stores();
        let mut world = World::new();
        let before = world.clone();
        run_once(&store, &mut world, (&all(), day(0)), writes);
        check(&loaded(&store), &world, &before).unwrap();
        for at in 1..4 {
            run_once(&store, &mut world, (&all(), day(at)), u32::MAX);
        }
        let state = loaded(&store);
        check(&state, &world, &before).unwrap();
        for one in [1, 2, 3, 5, 10, 12, 20] {
            let status = status_of(&store, one);
            assert!(
                matches!(status, Some(Status::Retired(_))),
                "{one} after {writes}: {status:?}"
            );
        }
        let mut left = world.nodes.values().filter(|node| node.alive);
        assert!(
            !left.any(|node| node.name.starts_with("_retire")),
            "after {writes}"
        );
    }
}
