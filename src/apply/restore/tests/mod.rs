//! Runs against a world that answers as it likes, is changed by people, and dies at any moment.

use std::collections::BTreeMap;
use std::collections::VecDeque;

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

fn id(number: u8) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number.into()))
}

/// Assets 1 to 3 are files that were deleted one by one, 3 out of folder 9; then folder 10 went with
/// 11 and 12 in it, and last folder 9. Stack 20 went as its files did.
const FILES: [u8; 3] = [1, 2, 3];
const FOLDERS: [u8; 2] = [9, 10];
const INSIDE: [u8; 2] = [11, 12];
const STACK: u8 = 20;
const VERSIONS: [u8; 2] = [21, 22];

/// What becomes of an empty version stack, and what its own restore does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stacks {
    /// Whether it is deleted with the last of its files.
    dies: bool,
    /// Whether it is shown while nothing is in it.
    is_shown: bool,
    /// Whether its files come along with it.
    brings: bool,
}

const SHELL: Stacks = Stacks {
    dies: true,
    is_shown: true,
    brings: false,
};

/// How the server answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Serve,
    /// It does it, and no answer comes.
    LostDone,
    /// It does nothing, and no answer comes.
    Lost,
    Refuse,
    /// The same in words that speak of every other kind.
    NoSuch,
    DeniedDone,
    Stop,
    /// It says that it has, and has not.
    Lie,
}

#[derive(Debug, Clone)]
struct World {
    alive: BTreeSet<u8>,
    ways: VecDeque<Way>,
    /// How many readings it takes until what was in a folder is back.
    slow: u32,
    coming: Vec<u8>,
    /// Which reading fails.
    fails: Option<u32>,
    readings: u32,
    asked: Vec<u8>,
    stacks: Stacks,
    /// What people have moved since, and into what.
    moved: BTreeMap<u8, u8>,
    /// What was in no record: by what it lies in, with its bytes.
    others: BTreeMap<u8, (u8, u64)>,
}

fn kind(number: u8) -> Kind {
    if FOLDERS.contains(&number) {
        Kind::Folder
    } else if number == STACK {
        Kind::VersionStack
    } else {
        Kind::File
    }
}

fn parent(number: u8) -> u8 {
    match number {
        3 => 9,
        11 | 12 => 10,
        21 | 22 => STACK,
        _ => 50,
    }
}

fn number(asset: AssetId) -> u8 {
    (0..=50).find(|number| id(*number) == asset).unwrap()
}

impl World {
    fn lies_in(&self, number: u8) -> u8 {
        let other = self.others.get(&number).map(|(parent, _)| parent);
        let moved = self.moved.get(&number).or(other);
        moved.copied().unwrap_or_else(|| parent(number))
    }

    fn facts(&self, number: u8) -> Facts {
        let bytes = self.others.get(&number).map_or(5, |(_, bytes)| *bytes);
        Facts {
            parent: Some(id(self.lies_in(number))),
            bytes: Some(bytes).filter(|_| kind(number) == Kind::File),
            ..Facts::of_kind(kind(number))
        }
    }

    /// What lives in something, however deep.
    fn inside(&self, whole: u8) -> Vec<u8> {
        let is_in = |number: &u8| {
            let mut above = self.lies_in(*number);
            while above != whole && above != 50 {
                above = self.lies_in(above);
            }
            above == whole
        };
        let others = self
            .others
            .keys()
            .filter(|number| !self.alive.contains(number));
        let all: BTreeSet<u8> = self.alive.iter().chain(others).copied().collect();
        all.into_iter()
            .filter(|number| *number != 50)
            .filter(is_in)
            .collect()
    }

    fn revive(&mut self, number: u8) {
        self.alive.insert(number);
        if number == 10 {
            self.coming = INSIDE.to_vec();
            if self.slow == 0 {
                self.alive.extend(self.coming.drain(..));
            }
        }
        if number == STACK && self.stacks.brings {
            self.alive.extend(VERSIONS);
        }
    }

    fn shows(&self, number: u8) -> bool {
        let is_empty = || !VERSIONS.iter().any(|file| self.alive.contains(file));
        let is_hidden = number == STACK && !self.stacks.is_shown && is_empty();
        self.alive.contains(&number) && !is_hidden
    }
}

impl Server for World {
    fn restore(&mut self, of: Kind, asset: AssetId) -> Answer {
        let number = number(asset);
        self.asked.push(number);
        let refused = |is_other_kind, detail: &str| {
            Answer::Refused(Refused {
                is_other_kind,
                detail: detail.to_owned(),
            })
        };
        let way = self.ways.pop_front().unwrap_or(Way::Serve);
        let can = of == kind(number) && !self.alive.contains(&number);
        let can = can && (parent(number) == 50 || self.alive.contains(&parent(number)));
        let signal = StopReason::Signal { number: 2 };
        match way {
            Way::Refuse => refused(false, "No."),
            Way::NoSuch => refused(true, "None."),
            Way::Lost => Answer::Unknown,
            Way::Stop => Answer::Stop(signal),
            Way::Lie => Answer::Restored,
            Way::Serve | Way::LostDone | Way::DeniedDone if can => {
                self.revive(number);
                match way {
                    Way::Serve => Answer::Restored,
                    Way::LostDone => Answer::Unknown,
                    Way::DeniedDone
                    | Way::Lost
                    | Way::Refuse
                    | Way::NoSuch
                    | Way::Stop
                    | Way::Lie => Answer::Denied(signal),
                }
            }
            Way::Serve | Way::LostDone | Way::DeniedDone => {
                refused(of != kind(number), "It cannot be.")
            }
        }
    }

    fn read(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        folders: &BTreeSet<AssetId>,
    ) -> Result<Inventory, StopReason> {
        self.readings += 1;
        if self.fails == Some(self.readings) {
            return Err(StopReason::TimeBudget);
        }
        if self.readings >= self.slow {
            self.alive.extend(self.coming.drain(..));
        }
        let mut read = Inventory::default();
        for (asset, _) in assets {
            let number = number(*asset);
            let seen = if self.shows(number) {
                Seen::There(self.facts(number))
            } else if self.alive.contains(&number) {
                Seen::Missing
            } else {
                Seen::Deleted {
                    facts: None,
                    evidence: Evidence::Listed,
                }
            };
            read.assets.insert(*asset, seen);
        }
        for folder in folders {
            let inside = self.inside(number(*folder));
            let around = inside
                .iter()
                .map(|inside| (id(*inside), self.facts(*inside)));
            read.around.extend(around);
            let ids = inside.into_iter().map(id).collect();
            read.contents.insert(*folder, Contents::Whole(ids));
        }
        Ok(read)
    }

    fn pause(&mut self, _: Duration) -> Result<(), StopReason> {
        Ok(())
    }

    fn tell(&mut self, _: usize, _: usize) {}

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

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
