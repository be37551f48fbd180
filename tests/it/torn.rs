//! Files that were cut short or damaged: what they say is recovered, or they are refused and left
//! alone.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use frameio_retire::asset::AssetId;
use frameio_retire::cli::args::SchemaName;
use frameio_retire::event::{Provenance, RunEvent, RunInfo, Task};
use frameio_retire::outcome::{Evidence, Failure, FailureKind, Outcome};
use frameio_retire::state::{Api, State, Target, format};
use frameio_retire::store::file::FileStore;
use frameio_retire::store::{Loaded, Session, StoreError};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::harness::{Desk, TOKEN};
use crate::rig::Dice;
use crate::schemas::{fits, validator};

fn asset(number: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number))
}

fn base() -> State {
    let target = Target {
        api: Api::V2,
        endpoint: "https://api.frame.io".to_owned(),
        account: None,
    };
    State::new(Uuid::from_u128(7), target)
}

fn intent(batch: u64, ids: impl IntoIterator<Item = u128>) -> RunEvent {
    RunEvent::Intent {
        at: None,
        stack: None,
        with: [].into(),
        batch,
        task: Task::Delete,
        ids: ids.into_iter().map(asset).collect::<Vec<_>>().into(),
    }
}

fn answered(batch: u64, outcomes: Vec<(u128, Outcome)>) -> RunEvent {
    let outcomes = outcomes.into_iter();
    RunEvent::Answered {
        batch,
        at: Timestamp::UNIX_EPOCH,
        outcomes: outcomes.map(|(id, outcome)| (asset(id), outcome)).collect(),
    }
}

fn refused() -> Outcome {
    Outcome::Failed(Failure {
        kind: FailureKind::Permission,
        message: "not \"yours\"\n".to_owned(),
    })
}

/// A run that was killed: two batches at once, the second answered first, and the last two not
/// at all.
fn history() -> Vec<RunEvent> {
    vec![
        RunEvent::Started(RunInfo {
            number: 1,
            id: Uuid::from_u128(9),
            at: Timestamp::UNIX_EPOCH,
            provenance: Provenance {
                actor: Some("ana".to_owned()),
                ..Provenance::default()
            },
            account: None,
        }),
        answered(0, vec![(9, Outcome::Gone(Evidence::Listed))]),
        intent(1, 1..=4),
        intent(2, 5..=6),
        answered(
            2,
            vec![(5, Outcome::Gone(Evidence::Read)), (6, Outcome::Unknown)],
        ),
        RunEvent::Warned {
            batch: 2,
            message: "odd".to_owned(),
        },
        answered(
            1,
            vec![
                (1, Outcome::Retired(Evidence::Answer)),
                (2, refused()),
                (3, Outcome::Retired(Evidence::Answer)),
            ],
        ),
        intent(3, 6..=7),
        intent(4, 8..=8),
    ]
}

/// What is known after the first events, by the plain reading of the rules.
fn known(events: &[RunEvent]) -> BTreeMap<AssetId, &'static str> {
    let (mut known, mut open) = (BTreeMap::new(), BTreeMap::new());
    for event in events {
        match event {
            RunEvent::Intent { batch, ids, .. } => {
                open.extend(ids.iter().map(|id| (*id, *batch)));
            }
            RunEvent::Answered {
                batch, outcomes, ..
            } => {
                for (id, outcome) in outcomes {
                    open.remove(id);
                    let name = match outcome {
                        Outcome::Retired(_) => "retired",
                        Outcome::Gone(_) => "gone",
                        Outcome::Missing => "missing",
                        Outcome::Failed(_) => "failed",
                        Outcome::Unknown => "unknown",
                        Outcome::Restored { .. } => "restored",
                        Outcome::Staged(_) => "staged",
                        Outcome::Rescued => "rescued",
                    };
                    known.insert(*id, name);
                }
                open.retain(|_, of| of != batch);
            }
            RunEvent::Doubted { batch, ids } => {
                open.extend(ids.iter().map(|id| (*id, *batch)));
            }
            RunEvent::LeftAlone { .. }
            | RunEvent::Started(_)
            | RunEvent::HoldsChanged { .. }
            | RunEvent::Described { .. }
            | RunEvent::AgainOver { .. }
            | RunEvent::AgainUsed { .. }
            | RunEvent::Marked { .. }
            | RunEvent::Staging(_)
            | RunEvent::Kept { .. }
            | RunEvent::Opened { .. }
            | RunEvent::FileDone { .. }
            | RunEvent::Forgotten { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Slow { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => {}
        }
    }
    known.extend(open.into_keys().map(|id| (id, "unknown")));
    known
}

fn names(state: &State) -> BTreeMap<AssetId, &'static str> {
    let assets = state.assets.iter();
    assets
        .map(|(id, record)| (*id, record.status.name()))
        .collect()
}

/// The journal that a killed process leaves behind.
fn journal() -> Vec<u8> {
    let desk = Desk::new();
    let store = FileStore::new(&desk.path("s.json"));
    let (mut session, _) = store.open("test").unwrap();
    session.begin(&base());
    for event in history() {
        session.append(&[event]).unwrap();
    }
    drop(session);
    fs::read(store.journal()).unwrap()
}

/// Reads a state whose journal has these bytes, first without and then with the lock; both must
/// agree. What is refused must still be there as it was.
fn load(desk: &Desk, bytes: &[u8]) -> Result<Option<Loaded>, StoreError> {
    let path = desk.path("s.json");
    let store = FileStore::new(&path);
    drop(fs::remove_file(&path));
    fs::write(store.journal(), bytes).unwrap();
    let loaded = store.load();
    assert_eq!(
        fs::read(store.journal()).unwrap(),
        bytes,
        "reading changes nothing"
    );
    match (&loaded, store.open("test")) {
        (Ok(read), Ok((mut session, opened))) => {
            assert_eq!(read, &opened);
            if let Some(opened) = &opened {
                assert_eq!(fs::read(store.journal()).unwrap(), bytes);
                session.take_in(&opened.state).unwrap();
            }
            drop(session);
            assert!(!store.journal().exists(), "it was taken in");
            let again = store.load().unwrap().map(|loaded| loaded.state);
            assert_eq!(again.as_ref(), read.as_ref().map(|loaded| &loaded.state));
        }
        (Err(_), Err(_)) => {
            assert_eq!(fs::read(store.journal()).unwrap(), bytes);
            assert!(!path.exists());
        }
        (read, opened) => panic!("{read:?} and {opened:?}"),
    }
    loaded
}

#[test]
fn every_line_of_a_journal_fits_its_schema() {
    let schema = validator(SchemaName::Journal);
    let text = String::from_utf8(journal()).unwrap();
    let mut kinds = BTreeSet::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        fits(&schema, &line, "a line");
        let event = line["body"]["event"].as_object();
        kinds.extend(event.into_iter().flat_map(|event| event.keys().cloned()));
        line["body"]["more"] = Value::Null;
        assert!(!schema.is_valid(&line), "{line}");
    }
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(kinds, ["answered", "intent", "started", "warned"]);
}

#[test]
fn a_journal_that_is_cut_anywhere_tells_what_happened_until_then() {
    let desk = Desk::new();
    let (whole, history) = (journal(), history());
    for cut in 0..=whole.len() {
        let loaded = load(&desk, &whole[..cut]).unwrap();
        // A line counts once nothing but its end is missing.
        let ends = memchr::memchr_iter(b'\n', &whole[..cut]).count();
        let lines = ends + usize::from(whole.get(cut) == Some(&b'\n'));
        let Some(loaded) = loaded else {
            assert_eq!(lines, 0, "cut at {cut}");
            continue;
        };
        let expected = known(&history[..lines - 1]);
        assert_eq!(names(&loaded.state), expected, "cut at {cut}");
        let torn = loaded
            .warnings
            .iter()
            .any(|text| text.contains("cut short"));
        let at_end = cut == whole.len() || whole[cut - 1] == b'\n' || whole[cut] == b'\n';
        assert_eq!(torn, !at_end, "cut at {cut}");
    }
}

#[test]
fn a_journal_with_a_changed_byte_is_refused_with_its_place() {
    let desk = Desk::new();
    let whole = journal();
    for place in 0..whole.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut changed = whole.clone();
            changed[place] ^= bit;
            let error = load(&desk, &changed).unwrap_err();
            let StoreError::Journal { offset, .. } = error else {
                panic!("{error:?}");
            };
            let line = whole[..place].iter().rposition(|byte| *byte == b'\n');
            assert!(offset <= place && offset >= line.map_or(0, |end| end + 1));
        }
    }
}

#[test]
fn a_journal_that_was_overwritten_with_nothing_is_no_history() {
    let desk = Desk::new();
    let whole = journal();
    for end in memchr::memchr_iter(b'\n', &whole) {
        // A file system may have made the file longer before it wrote what belongs there.
        let zeros = [&whole[..=end], &[0; 100]].concat();
        let cut = load(&desk, &whole[..=end]).unwrap().unwrap();
        let loaded = load(&desk, &zeros).unwrap().unwrap();
        assert_eq!(loaded.state, cut.state);
        assert!(
            loaded
                .warnings
                .iter()
                .any(|text| text.contains("cut short"))
        );
    }
}

/// A state with a record of each sort.
fn state() -> Vec<u8> {
    let mut state = base();
    for event in history() {
        state.apply(1, &event);
    }
    let mut bytes = Vec::new();
    format::write(&state, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_state_that_is_cut_anywhere_is_refused() {
    let whole = state();
    let end = whole.trim_ascii_end().len();
    for cut in 0..end {
        assert!(format::read(&whole[..cut]).is_err(), "cut at {cut}");
    }
    assert!(format::read(&whole[..end]).is_ok());
}

#[test]
fn a_state_with_a_changed_byte_is_refused_or_read_as_it_stands() {
    let whole = state();
    let before = format::read(&whole).unwrap();
    for place in 0..whole.len() {
        for bit in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80] {
            let mut changed = whole.clone();
            changed[place] ^= bit;
            let Ok(after) = format::read(&changed) else {
                continue;
            };
            // It cannot be told from an edit, so it must mean what it says: no record is lost,
            // and none but the one on this line differs.
            assert_eq!(after.assets.len(), before.assets.len());
            let differ = |id: &&AssetId| after.assets.get(*id) != before.assets.get(*id);
            assert!(before.assets.keys().filter(differ).count() <= 1);
        }
    }
}

#[test]
fn the_program_refuses_what_is_damaged_and_goes_on_from_what_is_cut() {
    let desk = Desk::with(&format!("version: 1\nassets: [{}]\n", asset(1)));
    let arguments = ["plan", "--offline", "--state", "s.json"];
    let journal_path = desk.path("s.json.journal");
    let whole = journal();

    let mut changed = whole.clone();
    let place = whole.len() / 2;
    changed[place] ^= 1;
    desk.write("s.json.journal", &changed);
    let done = desk.run(&arguments).expect(8);
    assert!(
        done.err.contains("s.json.journal: at byte "),
        "{}",
        done.err
    );
    let apply = ["apply", "--state", "s.json", "--auto-approve"];
    let token = [TOKEN];
    desk.run_with(&token, &apply).expect(8);
    assert_eq!(read(&journal_path), changed, "nothing was overwritten");
    assert!(!desk.path("s.json").exists());

    desk.write("s.json.journal", &whole[..whole.len() - 9]);
    let done = desk.run(&arguments).expect(0);
    assert!(done.err.contains("cut short"), "{}", done.err);
    assert_eq!(read(&journal_path), &whole[..whole.len() - 9]);
}

/// How many damaged journals and states are read; `RETIRE_TEST_DAMAGES` asks for another number.
const DAMAGES: u64 = 600;

/// Damages bytes in one of the ways in which files come to be damaged.
fn damage(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let place =
            |dice: &mut Dice, end: usize| usize::try_from(dice.below(end as u64 + 1)).unwrap();
        let (one, other) = (place(dice, bytes.len()), place(dice, bytes.len()));
        let (from, to) = (one.min(other), one.max(other));
        let mut lines: Vec<Vec<u8>> = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        match dice.below(8) {
            // Cut, from the end or out of the middle; written twice; overwritten with nothing.
            0 => bytes.truncate(one),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let part = bytes[from..to].to_vec();
                bytes.splice(to..to, part);
            }
            3 => bytes[from..to].fill(0),
            // Whole lines that are lost, doubled or in another order.
            kind @ 4..=6 if lines.len() > 1 => {
                let (one, other) = (place(dice, lines.len() - 1), place(dice, lines.len() - 1));
                match kind {
                    4 => drop(lines.remove(one)),
                    5 => lines.insert(other, lines[one].clone()),
                    _ => lines.swap(one, other),
                }
                bytes = lines.concat();
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
    bytes
}

#[test]
fn whatever_is_damaged_nothing_is_called_deleted_that_is_not_and_nothing_is_overwritten() {
    let number = std::env::var("RETIRE_TEST_DAMAGES");
    let number = number.map_or(DAMAGES, |text| text.parse().unwrap());
    let (whole, history, before) = (journal(), history(), state());
    let is_deleted = |name: &&str| matches!(*name, "retired" | "gone");
    let deleted: BTreeSet<AssetId> = known(&history)
        .into_iter()
        .filter(|(_, name)| is_deleted(name))
        .map(|(id, _)| id)
        .collect();
    let desk = Desk::new();
    let path = desk.path("s.json");
    let store = FileStore::new(&path);
    let (mut read, mut refused) = (0, 0);
    for seed in 0..number {
        let mut dice = Dice::new(seed);
        // A journal alone, beside the state that has taken it in, and a state alone.
        let beside = dice.below(3);
        let journal = (beside < 2).then(|| damage(&whole, &mut dice));
        let base = match beside {
            0 => None,
            1 => Some(before.clone()),
            _ => Some(damage(&before, &mut dice)),
        };
        for (place, bytes) in [(&path, &base), (&store.journal(), &journal)] {
            drop(fs::remove_file(place));
            if let Some(bytes) = bytes {
                fs::write(place, bytes).unwrap();
            }
        }
        let loaded = store.load();
        let opened = store.open("process 1");
        assert_eq!(loaded.is_ok(), opened.is_ok(), "seed {seed}");
        let is = |place: &Path| fs::read(place).ok();
        if opened.is_err() {
            refused += 1;
            assert_eq!(
                (is(&path), is(&store.journal())),
                (base, journal),
                "seed {seed}"
            );
            continue;
        }
        read += 1;
        drop(opened);
        // What a state says that was changed by hand is what it says.
        if let Some(loaded) = loaded.unwrap().filter(|_| beside < 2) {
            for (id, name) in names(&loaded.state) {
                assert!(
                    !is_deleted(&name) || deleted.contains(&id),
                    "seed {seed}: {id} {name}"
                );
            }
            let again = store.load().unwrap().unwrap();
            assert_eq!(again.state, loaded.state, "seed {seed}");
        }
        for name in desk.names() {
            if name.contains("-cut") {
                fs::remove_file(desk.path(&name)).unwrap();
            }
        }
    }
    assert!(
        read > number / 20 && refused > number / 5,
        "{read} and {refused}"
    );
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

#[test]
fn what_is_not_answered_for_is_unknown() {
    let desk = Desk::new();
    let loaded = load(&desk, &journal()).unwrap().unwrap();
    let names = names(&loaded.state);
    let of = |number| names.get(&asset(number)).copied();
    assert_eq!(of(4), None, "its answer said that it stays as it was");
    assert_eq!(of(6), Some("unknown"));
    assert_eq!(of(7), Some("unknown"), "nothing was said of it");
    assert_eq!(of(8), Some("unknown"));
    let told = loaded.warnings.iter().any(|text| text.contains("3 assets"));
    assert!(told, "{:?}", loaded.warnings);
}
