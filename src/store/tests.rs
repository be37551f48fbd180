#![expect(clippy::disallowed_methods, reason = "the store is a home of files")]

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Ending, Provenance, RunEvent, RunInfo, Task, kept_samples};
use crate::inventory::Mark;
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
use crate::state::{Api, State, Status, Target, format};
use crate::store::file::FileStore;
use crate::store::journal::{self, Header};
use crate::store::replay::replay;
use crate::store::{Session, StoreError};

fn asset(number: u128) -> AssetId {
    AssetId::parse(&Uuid::from_u128(number).to_string()).unwrap()
}

fn base() -> State {
    State::new(
        Uuid::from_u128(7),
        Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        },
    )
}

fn started(number: u64) -> RunEvent {
    RunEvent::Started(RunInfo {
        number,
        id: Uuid::from_u128(9),
        at: Timestamp::UNIX_EPOCH,
        provenance: Provenance {
            actor: Some("ci \u{1b}[31m\"quoted\"".to_owned()),
            ..Provenance::default()
        },
        account: Some("studio".to_owned()),
    })
}

fn intent(batch: u64, ids: &[AssetId]) -> RunEvent {
    RunEvent::Intent {
        at: None,
        stack: None,
        with: Arc::default(),
        batch,
        task: Task::Delete,
        ids: Arc::from(ids),
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Retired(Evidence::Answer)),
        Just(Outcome::Gone(Evidence::Read)),
        Just(Outcome::Unknown),
        prop::bool::ANY.prop_map(|seen| Outcome::Restored { seen }),
        Just(Outcome::Rescued),
        (".{0,12}", prop::bool::ANY).prop_map(|(message, permission)| {
            Outcome::Failed(Failure {
                kind: [FailureKind::Other, FailureKind::Permission][usize::from(permission)],
                message,
            })
        }),
    ]
}

/// A run as the dispatcher writes it: intents, some of them answered, in this order.
fn run() -> impl Strategy<Value = Vec<RunEvent>> {
    let batch = (
        prop::collection::vec(outcome(), 1..4),
        prop::bool::weighted(0.8),
    );
    (prop::collection::vec(batch, 0..6), prop::bool::ANY).prop_map(|(batches, ended)| {
        let mut events = vec![started(1), kept_samples::event()];
        let mut next = 0;
        for (number, (outcomes, answered)) in (1..).zip(batches) {
            let outcomes: Vec<_> = outcomes
                .into_iter()
                .map(|outcome| {
                    next += 1;
                    (asset(next), outcome)
                })
                .collect();
            let ids: Vec<_> = outcomes.iter().map(|(id, _)| *id).collect();
            events.push(intent(number, &ids));
            if answered {
                events.push(RunEvent::Warned {
                    batch: number,
                    message: "odd".to_owned(),
                });
                events.push(RunEvent::Answered {
                    batch: number,
                    at: Timestamp::UNIX_EPOCH,
                    outcomes,
                });
            }
        }
        if ended {
            let (field, value) = ("Retention".into(), "Hold".into());
            events.push(RunEvent::Marked {
                seen: vec![(asset(2), Mark { field, value })],
            });
            events.push(RunEvent::Forgotten {
                at: Timestamp::UNIX_EPOCH,
                ids: vec![asset(1)],
            });
            events.push(RunEvent::Ended {
                at: Timestamp::UNIX_EPOCH,
                ending: Ending::Done,
            });
        }
        events
    })
}

fn bytes(events: &[RunEvent]) -> Vec<u8> {
    let mut lines = Vec::new();
    journal::write_header(&Header::new(&base()), &mut lines);
    for (number, event) in (1..).zip(events) {
        journal::write_event(number, event, &mut lines);
    }
    lines
}

/// The state after the events, with open intents as unknown: the plain reading of the rules.
fn folded(events: &[RunEvent]) -> State {
    let mut state = base();
    for event in events {
        state.apply(1, event);
    }
    for event in events {
        let RunEvent::Intent { batch, ids, .. } = event else {
            continue;
        };
        let answered = events.iter().any(
            |event| matches!(event, RunEvent::Answered { batch: number, .. } if number == batch),
        );
        if !answered {
            state.apply(
                1,
                &RunEvent::Answered {
                    batch: *batch,
                    at: Timestamp::UNIX_EPOCH,
                    outcomes: ids.iter().map(|id| (*id, Outcome::Unknown)).collect(),
                },
            );
        }
    }
    state
}

proptest! {
    #[test]
    fn what_was_journalled_comes_back(events in run()) {
        let replayed = replay(Some(base()), &bytes(&events)).unwrap();
        prop_assert_eq!(replayed.state, Some(folded(&events)));
    }

    #[test]
    fn a_journal_without_its_state_is_enough_for_a_first_run(events in run()) {
        let replayed = replay(None, &bytes(&events)).unwrap();
        prop_assert_eq!(replayed.state, Some(folded(&events)));
    }

    #[test]
    fn a_cut_journal_is_the_journal_of_fewer_events(events in run(), cut in any::<prop::sample::Index>()) {
        let whole = bytes(&events);
        let cut = cut.index(whole.len() + 1);
        let lines = memchr::memchr_iter(b'\n', &whole[..cut]).count();
        let replayed = replay(Some(base()), &whole[..cut]).unwrap();
        // The line that was cut counts only if nothing but its end is missing.
        let fewer = folded(&events[..lines.saturating_sub(1)]);
        let all_of_last = folded(&events[..lines.min(events.len())]);
        let state = replayed.state.unwrap();
        prop_assert!(state == fewer || (state == all_of_last && whole.get(cut) == Some(&b'\n')));
        let torn = cut > 0 && whole[cut - 1] != b'\n' && whole[cut] != b'\n';
        prop_assert_eq!(replayed.warnings.iter().any(|text| text.contains("cut short")), torn);
    }

    #[test]
    fn a_changed_byte_is_never_believed(
        events in run(),
        place in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let mut changed = bytes(&events);
        let place = place.index(changed.len());
        prop_assume!(changed[place] != to);
        let line = changed[..place].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        changed[place] = to;
        let damage = replay(Some(base()), &changed).unwrap_err();
        prop_assert!(damage.offset <= place);
        prop_assert!(damage.offset >= line);
    }

    #[test]
    fn a_missing_or_doubled_line_is_damage(events in run(), line in any::<prop::sample::Index>()) {
        prop_assume!(events.len() > 1);
        let whole = bytes(&events);
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let line = line.index(lines.len());
        let doubled = [&lines[..=line], &lines[line..]].concat().concat();
        prop_assert!(replay(Some(base()), &doubled).is_err());
        if line + 1 < lines.len() {
            let missing = [&lines[..line], &lines[line + 1..]].concat().concat();
            prop_assert!(replay(Some(base()), &missing).is_err());
        }
    }
}

#[test]
fn a_journal_of_another_state_is_refused() {
    let lines = bytes(&[started(1)]);
    let mut other = base();
    other.lineage = Uuid::from_u128(8);
    let damage = replay(Some(other), &lines).unwrap_err();
    assert!(damage.why.contains("lineage"), "{}", damage.why);

    let mut newer = base();
    newer.apply(1, &started(1));
    let replayed = replay(Some(newer.clone()), &lines).unwrap();
    assert_eq!(
        replayed.state,
        Some(newer.clone()),
        "it was taken in already"
    );

    // The journal of a later state beside an older one, or beside none: something was put back.
    let mut later = Vec::new();
    journal::write_header(&Header::new(&newer), &mut later);
    journal::write_event(1, &started(2), &mut later);
    let damage = replay(Some(base()), &later).unwrap_err();
    assert!(damage.why.contains("is older"), "{}", damage.why);
    let damage = replay(None, &later).unwrap_err();
    assert!(damage.why.contains("there is no state"), "{}", damage.why);
    assert!(replay(Some(newer), &later).is_ok());
}

#[test]
fn a_first_line_that_was_never_whole_is_nothing_and_any_other_is_damage() {
    let mut header = Vec::new();
    journal::write_header(&Header::new(&base()), &mut header);
    let whole = header.len() - 1;
    for cut in 1..whole {
        let replayed = replay(None, &header[..cut]).unwrap();
        assert_eq!(replayed.state, None);
        assert!(replayed.warnings[0].contains("cut short"), "cut at {cut}");
        let longer = [&header[..cut], &[0; 40]].concat();
        assert!(replay(None, &longer).is_ok(), "cut at {cut}");
    }
    for place in 0..whole {
        let mut damaged = header[..whole].to_vec();
        damaged[place] ^= 1;
        assert!(replay(None, &damaged).is_err(), "damaged at {place}");
    }
    // A whole run in one line may tell what was sent.
    let mut run = bytes(&[started(1), intent(1, &[asset(1)])]);
    for byte in &mut run {
        if *byte == b'\n' {
            *byte = b' ';
        }
    }
    for base in [None, Some(base())] {
        let damage = replay(base, &run).unwrap_err();
        assert!(!damage.other_run, "{}", damage.why);
    }
}

#[test]
fn a_journal_is_that_of_one_run() {
    let two = bytes(&[started(1), started(2)]);
    let damage = replay(Some(base()), &two).unwrap_err();
    assert!(damage.why.contains("a second run"), "{}", damage.why);
    let none = bytes(&[intent(1, &[asset(1)])]);
    let damage = replay(Some(base()), &none).unwrap_err();
    assert!(damage.why.contains("begin a run"), "{}", damage.why);
}

#[test]
fn what_is_not_answered_for_is_unknown_and_told() {
    let answered = RunEvent::Answered {
        batch: 1,
        at: Timestamp::UNIX_EPOCH,
        outcomes: vec![(asset(1), Outcome::Retired(Evidence::Answer))],
    };
    let events = [started(1), intent(1, &[asset(1), asset(2)]), answered];
    // What an answer does not name stays as it was.
    let replayed = replay(Some(base()), &bytes(&events)).unwrap();
    assert_eq!(replayed.state.unwrap().assets.len(), 1);
    assert_eq!(replayed.warnings, [""; 0]);
    let cut = [events.as_slice(), &[intent(2, &[asset(3)])]].concat();
    let replayed = replay(Some(base()), &bytes(&cut)).unwrap();
    let state = replayed.state.unwrap();
    assert_eq!(
        state.assets[&asset(1)].status,
        Status::Retired(Evidence::Answer)
    );
    let unknown = Status::Unknown { attempts: 1 };
    assert_eq!(state.assets[&asset(3)].status, unknown);
    assert!(replayed.warnings[0].starts_with("1 asset was sent"));
}

#[test]
fn a_run_survives_the_loss_of_its_process_at_any_append() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("retire.state.json");
    let store = FileStore::new(&path);
    let events = [
        started(1),
        intent(1, &[asset(1), asset(2)]),
        RunEvent::Answered {
            batch: 1,
            at: Timestamp::UNIX_EPOCH,
            outcomes: vec![
                (asset(1), Outcome::Retired(Evidence::Answer)),
                (asset(2), Outcome::Gone(Evidence::Read)),
            ],
        },
        intent(2, &[asset(3)]),
    ];
    {
        let (mut session, loaded) = store.open("the first").unwrap();
        assert_eq!(loaded, None);
        session.begin(&base());
        for event in &events {
            session.append(std::slice::from_ref(event)).unwrap();
        }
    }
    assert!(!path.exists(), "only the journal has it");
    let read = store.load().unwrap().unwrap();
    assert_eq!(read.state, folded(&events));
    assert_eq!(read.digest, None);
    assert!(store.journal().exists(), "reading writes nothing");
    let (mut session, loaded) = store.open("the second").unwrap();
    let state = loaded.unwrap().state;
    assert!(!path.exists() && store.journal().exists(), "no change yet");
    session.take_in(&state).unwrap();
    assert_eq!(
        state.assets[&asset(3)].status,
        Status::Unknown { attempts: 1 }
    );
    assert_eq!(format::read(&fs::read(&path).unwrap()).unwrap(), state);
    assert!(!store.journal().exists());
    drop(session);
}

#[test]
fn the_state_before_stays_as_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("retire.state.json");
    let store = FileStore::new(&path);
    let (mut session, _) = store.open("me").unwrap();
    let first = base();
    session.replace(&first).unwrap();
    let mut second = base();
    second.apply(1, &started(1));
    session.replace(&second).unwrap();
    assert_eq!(store.load().unwrap().unwrap().state, second);
    let backup = fs::read(folder.path().join("retire.state.json.backup")).unwrap();
    assert_eq!(format::read(&backup).unwrap(), first);
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "retire.state.json",
            "retire.state.json.backup",
            "retire.state.json.lock"
        ]
    );
}

#[test]
fn a_second_run_is_told_who_has_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(&folder.path().join("retire.state.json"));
    let held = store.open("process 42 on edit-3, started by ana").unwrap();
    let error = store.open("bo").unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }));
    assert!(
        error
            .to_string()
            .contains("process 42 on edit-3, started by ana"),
        "{error}"
    );
    drop(held);
    store.open("bo").unwrap();
}

#[test]
fn nonsense_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("retire.state.json");
    let store = FileStore::new(&path);
    fs::write(&path, "{\"version\":1,").unwrap();
    assert!(matches!(
        store.open("me").unwrap_err(),
        StoreError::Format { .. }
    ));
    assert_eq!(fs::read(&path).unwrap(), b"{\"version\":1,");

    fs::remove_file(&path).unwrap();
    fs::write(store.journal(), "nonsense\n").unwrap();
    assert!(matches!(
        store.open("me").unwrap_err(),
        StoreError::Journal { offset: 0, .. }
    ));
    assert_eq!(fs::read(store.journal()).unwrap(), b"nonsense\n");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_the_mode_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real.json");
    let link = folder.path().join("retire.state.json");
    let (mut session, _) = FileStore::new(&real).open("me").unwrap();
    session.replace(&base()).unwrap();
    drop(session);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let (mut session, _) = FileStore::new(&link).open("me").unwrap();
    session.replace(&base()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn what_the_journal_did_not_take_is_told_as_the_lines_that_it_misses() {
    let lost = [RunEvent::Answered {
        batch: 1,
        at: Timestamp::UNIX_EPOCH,
        outcomes: vec![(asset(1), Outcome::Retired(Evidence::Answer))],
    }];
    for vanishes in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("place");
        fs::create_dir(&place).unwrap();
        let store = FileStore::new(&place.join("retire.state.json"));
        let (mut session, _) = store.open("me").unwrap();
        session.begin(&base());
        session
            .append(&[started(1), intent(1, &[asset(1)])])
            .unwrap();
        if vanishes {
            fs::remove_dir_all(&place).unwrap();
            assert!(session.append(&lost).is_err());
            assert!(session.replace(&base()).is_err());
        } else {
            // As if the disk had been full in the middle of a line.
            let mut torn = fs::read(store.journal()).unwrap();
            torn.extend(b"{\"sum\":\"00");
            fs::write(store.journal(), torn).unwrap();
        }
        let rescue = session.rescue(&lost);
        assert_eq!(rescue.continues, !vanishes);
        drop(session);
        fs::create_dir_all(&place).unwrap();
        let mut journal = fs::read(&rescue.journal).unwrap_or_default();
        journal.extend(rescue.lines);
        fs::write(&rescue.journal, journal).unwrap();
        let loaded = store.load().unwrap().unwrap();
        assert_eq!(loaded.warnings, Vec::<String>::new());
        assert_eq!(
            loaded.state.assets[&asset(1)].status,
            Status::Retired(Evidence::Answer)
        );
    }
}

#[test]
fn a_lock_leaves_no_word_behind_unless_its_process_died() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(&folder.path().join("retire.state.json"));
    assert_eq!(store.unlock().unwrap(), None);
    let held = store.open("process 42, me").unwrap();
    let error = store.unlock().unwrap_err();
    assert!(error.to_string().contains("process 42"), "{error}");
    drop(held);
    assert_eq!(store.unlock().unwrap(), None);
    fs::write(folder.path().join("retire.state.json.lock"), "process 7\n").unwrap();
    assert_eq!(store.unlock().unwrap().as_deref(), Some("process 7"));
    assert_eq!(store.unlock().unwrap(), None);
}
