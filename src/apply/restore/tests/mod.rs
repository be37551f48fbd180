//! Runs against a world that answers as it likes, is changed by people, and dies at any moment.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::apply::mortal::Mortal;
use crate::event::Provenance;
use crate::inventory::{Contents, Facts, Known, Location};
use crate::state::{Api, Record, Target};
use crate::store::file::FileStore;

mod parts;
mod pieces;
mod world;

use world::{FILES, FOLDERS, INSIDE, SHELL, STACK, Stacks, VERSIONS, Way, World, id, kind, number};

/// A state in which all of it is deleted.
fn deleted() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    let mut state = State::new(Uuid::nil(), target);
    let info = info(&state);
    state.apply(1, &RunEvent::Started(info));
    let of = |evidence| Record {
        status: Status::Retired(evidence),
        run: 1,
        at: Timestamp::UNIX_EPOCH,
    };
    let alone = FILES
        .iter()
        .chain(&FOLDERS)
        .chain(&VERSIONS)
        .chain([&STACK]);
    let alone = alone.map(|number| (id(*number), of(Evidence::Answer)));
    let inside = INSIDE.map(|number| (id(number), of(Evidence::With(id(10)))));
    state.assets.extend(alone.chain(inside));
    state
}

fn info(state: &State) -> RunInfo {
    RunInfo {
        number: state.serial + 1,
        id: Uuid::from_u128(u128::from(state.serial) + 1),
        at: Timestamp::UNIX_EPOCH,
        provenance: Provenance::default(),
        account: None,
    }
}

fn wanted(numbers: &[u8], knows_kinds: bool) -> Vec<Wanted> {
    let wanted = numbers.iter().map(|number| Wanted {
        id: id(*number),
        kind: Some(kind(*number)).filter(|_| knows_kinds),
        with: if *number == 10 {
            INSIDE.map(id).into()
        } else {
            Arc::default()
        },
        parts: if *number == STACK {
            VERSIONS.map(id).into()
        } else {
            Arc::default()
        },
        bytes: Some(10).filter(|_| *number == 10),
        is_back: false,
        is_staging: false,
    });
    wanted.collect()
}

/// A folder, and a store in it that has nothing yet.
fn empty() -> (tempfile::TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(&folder.path().join("state.json"));
    (folder, store)
}

/// Runs it on a state in a folder; the process dies after so many writes.
fn run_once(store: &FileStore, world: &mut World, wanted: Vec<Wanted>, writes: u32) -> Restored {
    let (mut session, loaded) = store.open("test").unwrap();
    let state = loaded.map_or_else(deleted, |loaded| loaded.state);
    session.take_in(&state).unwrap();
    session.begin(&state);
    let restoring = Restoring {
        info: info(&state),
        state,
        session: &mut Mortal {
            session: &mut session,
            left: writes,
        },
        settled: Vec::new(),
        wanted,
        patience: Duration::from_secs(20),
    };
    run(restoring, world)
}

/// What is recorded is so: of what lives nothing says that it is deleted, and what is said to be seen
/// lives.
fn check(store: &FileStore, world: &World) -> Result<State, TestCaseError> {
    let loaded = store.load().unwrap();
    let state = loaded.map_or_else(deleted, |loaded| loaded.state);
    for (asset, record) in &state.assets {
        let lives = world.alive.contains(&number(*asset));
        match record.status {
            // Nobody sees one that is empty.
            Status::Retired(_) if number(*asset) == STACK => {}
            Status::Retired(_) => {
                prop_assert!(!lives, "`{asset}` lives and is recorded as retired");
            }
            Status::Restored { seen: true, .. } => {
                prop_assert!(lives, "`{asset}` is dead and was seen alive");
                let is_whole = || VERSIONS.iter().all(|file| world.alive.contains(file));
                let is_shell = number(*asset) == STACK && !is_whole();
                prop_assert!(!is_shell, "an empty shell was seen");
            }
            Status::Restored { seen: false, .. } => {}
            Status::Gone(_)
            | Status::Failed(_)
            | Status::Unknown { .. }
            | Status::Missing
            | Status::Staged(_)
            | Status::Rescued => {
                prop_assert!(false, "`{asset}` is {}", record.status.name());
            }
        }
    }
    Ok(state)
}

fn a_way() -> impl Strategy<Value = Way> {
    prop_oneof![
        6 => Just(Way::Serve),
        1 => Just(Way::LostDone),
        1 => Just(Way::Lost),
        1 => Just(Way::Refuse),
        1 => Just(Way::NoSuch),
        1 => Just(Way::DeniedDone),
        1 => Just(Way::Stop),
        1 => Just(Way::Lie),
    ]
}

fn world(ways: Vec<Way>, slow: u32, fails: Option<u32>) -> World {
    World {
        alive: [50].into(),
        ways: ways.into(),
        slow,
        coming: Vec::new(),
        fails,
        readings: 0,
        asked: Vec::new(),
        stacks: SHELL,
        moved: BTreeMap::new(),
        others: BTreeMap::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_the_server_answers_and_wherever_the_run_dies_the_record_is_so(
        ways in proptest::collection::vec(a_way(), 0..12),
        slow in 0..6_u32,
        fails in proptest::option::of(1..8_u32),
        knows_kinds in any::<bool>(),
        writes in prop_oneof![Just(u32::MAX), 0..20_u32],
        (dies, is_shown, brings) in any::<(bool, bool, bool)>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(&folder.path().join("state.json"));
        {
            let (mut session, _) = store.open("test").unwrap();
            session.replace(&deleted()).unwrap();
        }
        let mut world = world(ways, slow, fails);
        world.stacks = Stacks { dies, is_shown, brings };
        world.alive.extend((!dies).then_some(STACK));
        let all = [9, 10, 20, 21, 22, 3, 2, 1];
        let done = run_once(&store, &mut world, wanted(&all, knows_kinds), writes);
        let state = check(&store, &world)?;
        if writes == u32::MAX {
            let told = done.back + done.partial.len() + done.unseen.len() + done.failed.len();
            prop_assert!(done.not_saved.is_none());
            prop_assert!(done.stop.is_some() || told == 10, "{done:?}");
        }
        // Where the server is well again, the rest comes back, and all of it is seen.
        world.ways.clear();
        world.fails = None;
        let open = state.assets.iter().filter(|(_, record)| {
            !matches!(record.status, Status::Restored { seen: true, .. })
        });
        let open: Vec<u8> = open.map(|(asset, _)| number(*asset)).collect();
        let all: Vec<u8> = all.into_iter().filter(|number| {
            open.contains(number) || (*number == 10 && INSIDE.iter().any(|inside| open.contains(inside)))
        }).collect();
        let done = run_once(&store, &mut world, wanted(&all, knows_kinds), u32::MAX);
        check(&store, &world)?;
        prop_assert!(done.failed.is_empty() && done.unseen.is_empty(), "{done:?}");
        for number in FILES.iter().chain(&FOLDERS).chain(&INSIDE).chain(&VERSIONS).chain([&STACK]) {
            prop_assert!(world.alive.contains(number), "{number} did not come back");
        }
        let state = store.load().unwrap().unwrap().state;
        let seen = state.assets.values().filter(|record| {
            matches!(record.status, Status::Restored { seen: true, .. })
        });
        prop_assert_eq!(seen.count(), 10);
    }
}

#[test]
fn what_lay_in_something_that_comes_back_later_is_asked_for_again() {
    let (_folder, store) = empty();
    let mut world = world(Vec::new(), 0, None);
    let done = run_once(&store, &mut world, wanted(&[3, 9], true), u32::MAX);
    assert_eq!((done.back, done.failed.len()), (2, 0));
    assert_eq!(world.asked, [3, 9, 3]);
}

#[test]
fn a_refusal_is_told_in_the_servers_words_and_changes_no_record() {
    let (_folder, store) = empty();
    let mut world = world(vec![Way::Refuse], 0, None);
    let done = run_once(&store, &mut world, wanted(&[1], true), u32::MAX);
    assert_eq!(done.failed, BTreeMap::from([(id(1), "No.".to_owned())]));
    // Nothing came of it, so there is no run.
    assert!(store.load().unwrap().is_none());
}

#[test]
fn a_folder_is_looked_into_until_all_is_back() {
    let (_folder, store) = empty();
    let mut world = world(Vec::new(), 4, None);
    let done = run_once(&store, &mut world, wanted(&[10], true), u32::MAX);
    assert_eq!(
        (done.back, done.unseen.len(), done.partial.len()),
        (3, 0, 0)
    );
}

#[test]
fn what_is_there_already_is_recorded_only_as_far_as_it_is_seen() {
    let (_folder, store) = empty();
    let mut world = world(Vec::new(), 0, None);
    // Somebody has restored the folder, and one of the two files in it is elsewhere.
    world.alive.extend([10, 11]);
    let mut wanted = wanted(&[10], true);
    wanted[0].is_back = true;
    let done = run_once(&store, &mut world, wanted, u32::MAX);
    assert_eq!((done.back, world.asked.len()), (1, 0));
    assert_eq!(done.partial.len(), 1);
    assert_eq!(done.failed.keys().copied().collect::<Vec<_>>(), [id(12)]);
    let state = store.load().unwrap().unwrap().state;
    let status = |number| state.assets[&id(number)].status.name();
    assert_eq!(
        [10, 11, 12].map(status),
        ["restored", "restored", "retired"]
    );
}

#[test]
fn a_folder_that_is_shown_to_be_deleted_shows_nothing_of_what_went_with_it() {
    let (_folder, store) = empty();
    let mut world = world(vec![Way::Lost, Way::Refuse], 0, None);
    let done = run_once(&store, &mut world, wanted(&[10], true), u32::MAX);
    assert_eq!(done.unseen.len(), 3);
    let done = run_once(&store, &mut world, wanted(&[10], true), u32::MAX);
    assert_eq!(done.failed.len(), 3);
    // The run that deleted it is kept, so that its number goes on to name it.
    let state = store.load().unwrap().unwrap().state;
    let status = |number| state.assets[&id(number)].status.name();
    // Nobody has looked at the two, which one may have restored alone.
    assert_eq!(
        [10, 11, 12].map(status),
        ["retired", "restored", "restored"]
    );
    let deleted = [10, 11, 12].map(|number| state.assets[&id(number)].deleted().unwrap().run);
    assert_eq!(deleted, [1, 1, 1]);
}
