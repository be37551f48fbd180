//! Many processes at once on one state: one of them has it, and the others say who.
#![cfg(unix)]

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use frameio_retire::asset::AssetId;
use frameio_retire::event::{Provenance, RunEvent, RunInfo, Task};
use frameio_retire::outcome::{Evidence, Outcome};
use frameio_retire::state::{Api, State, Status, Target};
use frameio_retire::store::Session;
use frameio_retire::store::file::FileStore;
use jiff::Timestamp;
use uuid::Uuid;

use crate::harness::Desk;
use crate::rig::Rig;

/// How many processes apply at once.
const RUNS: usize = 20;

/// How long anything may take before the test gives up.
const LONGEST: Duration = Duration::from_mins(2);

#[test]
fn of_twenty_runs_at_once_one_has_the_state() {
    let mut rig = Rig::new(7, 40);
    // Where nothing is held and no kind is said, nothing is read before the first delete.
    let manifest = rig.desk.read("retire.yaml");
    let (listed, _) = manifest.split_once("holds:").unwrap();
    let (listed, _) = listed.trim_end().rsplit_once('\n').unwrap();
    let of_any_kind = listed
        .lines()
        .map(|line| match line.split_once(", kind: ") {
            Some((before, rest)) => {
                let end = rest.find([',', '}']).unwrap();
                format!("{before}{}\n", &rest[end..])
            }
            None => format!("{line}\n"),
        });
    rig.desk
        .write("retire.yaml", of_any_kind.collect::<String>());
    // Nothing is answered before all others have been turned away.
    rig.trouble(0, 600_000);
    let mut runs: Vec<_> = (0..RUNS)
        .map(|_| rig.start(&[], &["10", "--concurrency", "4"]))
        .collect();
    let begun = Instant::now();
    let mut codes = Vec::new();
    while runs.len() > 1 {
        assert!(begun.elapsed() < LONGEST, "{} still run", runs.len());
        runs.retain_mut(|run| {
            let ended = run.try_wait().unwrap();
            codes.extend(ended.map(|status| status.code()));
            ended.is_none()
        });
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(codes, vec![Some(6); RUNS - 1]);

    // Whoever reads needs no lock, and sees what the journal says by now.
    while rig.requests() == 0 {
        assert!(begun.elapsed() < LONGEST, "nothing is sent");
        thread::sleep(Duration::from_millis(5));
    }
    rig.plan().expect(0);
    let state = rig.state().unwrap();
    let unknown = |status: &Status| matches!(status, Status::Unknown { .. });
    assert!(state.assets.values().all(|record| unknown(&record.status)));
    assert!(!state.assets.is_empty());
    let done = rig.apply(&["10"]).expect(6);
    let holder = runs[0].id().to_string();
    assert!(done.err.contains(&holder), "{}", done.err);

    // The lock dies with its process, and the record is true.
    runs[0].kill().unwrap();
    runs[0].wait().unwrap();
    rig.check();
    rig.trouble(0, 0);
    rig.settle(&["10"]);
}

#[test]
fn runs_that_wait_for_each_other_do_all_of_it_once() {
    let mut rig = Rig::new(8, 60);
    rig.trouble(1, 5);
    let more = ["4", "--concurrency", "2", "--lock-timeout", "120s"];
    let runs: Vec<_> = (0..6).map(|_| rig.start(&[], &more)).collect();
    let codes: Vec<_> = runs
        .into_iter()
        .map(|mut run| run.wait().unwrap().code())
        .collect();
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 3 | 9))),
        "{codes:?}"
    );
    rig.check();
    rig.settle(&["4"]);
}

#[test]
fn who_reads_meanwhile_sees_one_moment() {
    let desk = Desk::new();
    let store = FileStore::new(&desk.path("s.json"));
    let base = State::new(
        Uuid::from_u128(7),
        Target {
            api: Api::V2,
            endpoint: "sandbox".to_owned(),
            account: None,
        },
    );
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut state = base;
            for number in 1..=150 {
                let (mut session, loaded) = store.open("test").unwrap();
                state = loaded.map_or(state, |loaded| loaded.state);
                session.begin(&state);
                for event in run(number) {
                    state.apply(number, &event);
                    session.append(&[event]).unwrap();
                }
                session.replace(&state).unwrap();
            }
        });
        let mut last = 0;
        while !writer.is_finished() {
            let Some(loaded) = store.load().unwrap() else {
                continue;
            };
            let state = loaded.state;
            assert!(state.serial >= last, "{} after {last}", state.serial);
            last = state.serial;
            // Each run deletes one asset, which is known as soon as the run is, or almost.
            let known = state.assets.len() as u64;
            assert!(known == last || known + 1 == last, "{known} at {last}");
        }
    });
}

/// A run that deletes one asset, in the words of the journal.
fn run(number: u64) -> [RunEvent; 3] {
    let at = Timestamp::UNIX_EPOCH;
    let id = AssetId::from_uuid(Uuid::from_u128(number.into()));
    [
        RunEvent::Started(RunInfo {
            number,
            id: Uuid::from_u128(9),
            at,
            provenance: Provenance::default(),
            account: None,
        }),
        RunEvent::Intent {
            at: None,
            stack: None,
            with: Arc::default(),
            batch: 1,
            task: Task::Delete,
            ids: Arc::from([id]),
        },
        RunEvent::Answered {
            batch: 1,
            at,
            outcomes: vec![(id, Outcome::Retired(Evidence::Answer))],
        },
    ]
}
