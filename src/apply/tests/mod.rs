#![expect(
    clippy::disallowed_methods,
    reason = "the tests look at the files that a run leaves behind"
)]

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::apply::worker::inbox;
use crate::asset::AssetId;
use crate::event::{Ending, RunEvent, StopReason};
use crate::outcome::Outcome;
use crate::plan::decide::Rules;
use crate::state::{State, Status};
use crate::store::file::FileSession;
use crate::store::{Session, StoreError, Synced};

use crate::apply::tests::bench::{Bench, approved, state, unanswered};
use crate::apply::tests::world::{Server, Step, asset};

mod again;
mod back;
pub(super) mod bench;
mod care;
mod covered;
mod fates;
mod folders;
mod follow;
mod listing;
mod machine;
mod searches;
mod served;
mod tree;
mod v4;
mod wild;
mod workers;
mod world;

/// When each run of the tests begins, by every clock.
const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

fn status(state: &State, number: u128) -> Option<&'static str> {
    let record = state.assets.get(&asset(number));
    record.map(|record| record.status.name())
}

#[test]
fn everything_is_sent_once_in_batches_and_saved() {
    let bench = Bench::new();
    let server = Server::with(1..=10).refuse([7]);
    server.0.lock().unwrap().others.insert(asset(12));
    let (ended, heard) = bench.apply(&server, 1..=12);
    assert_eq!(ended.ending, Ending::Done);
    assert!(ended.saved.is_ok());
    assert_eq!(status(&ended.state, 1), Some("retired"));
    assert_eq!(status(&ended.state, 7), Some("failed"));
    assert_eq!(status(&ended.state, 11), Some("missing"));
    assert_eq!(status(&ended.state, 12), Some("gone"));
    let asked = server.asked();
    assert!(asked.iter().all(|ids| ids.len() <= 4));
    let mut read = server.0.lock().unwrap().read.clone();
    read.sort_unstable();
    assert_eq!(read, [11, 12].map(asset), "what a delete did not find");
    assert_eq!((asked.len() + read.len()) as u64, ended.requests);
    let mut again = state();
    for event in &heard {
        again.apply(1, event);
    }
    assert_eq!(
        again, ended.state,
        "the listeners heard what the state took in"
    );
    assert_eq!(bench.store().load().unwrap().unwrap().state, ended.state);
    assert!(!bench.store().journal().exists());

    let before = std::fs::read(bench.folder.path().join("state.json")).unwrap();
    let (_, state) = bench.open();
    let rerun = approved(&state, (1..=12).filter(|number| ![7, 11].contains(number)));
    assert!(!rerun.sends());
    assert_eq!(
        std::fs::read(bench.folder.path().join("state.json")).unwrap(),
        before
    );
}

#[test]
fn a_refused_token_stops_the_run_and_a_redirect_leaves_what_was_sent_unknown() {
    for (status, word) in [
        (401, "NotAuthenticated"),
        (403, "NotAuthorised"),
        (302, "WrongEndpoint"),
    ] {
        let bench = Bench::new();
        let server = Server::with(1..=40).script([Step::Status(status); 40]);
        let (ended, _) = bench.apply(&server, 1..=40);
        let Ending::Stopped(reason) = &ended.ending else {
            panic!("{:?}", ended.ending);
        };
        assert!(format!("{reason:?}").starts_with(word), "{reason:?}");
        assert!(server.asked().len() <= 3, "one request a worker at most");
        let mut sent: BTreeSet<AssetId> = server.asked().into_iter().flatten().collect();
        if status != 302 {
            // In the API's own words: nothing was done.
            sent.clear();
        }
        let recorded: BTreeSet<AssetId> = ended.state.assets.keys().copied().collect();
        assert_eq!(recorded, sent);
        let mut records = ended.state.assets.values();
        assert!(records.all(|record| matches!(record.status, Status::Unknown { attempts: 1 })));
        assert_eq!(ended.left, 40 - sent.len());
        let loaded = bench.store().load().unwrap();
        let written = loaded.map(|loaded| loaded.state.assets);
        assert_eq!(written.unwrap_or_default(), ended.state.assets);
    }
}

#[test]
fn what_was_not_sent_stays_as_it_was() {
    let bench = Bench::new();
    let server = Server::with(1..=4).script([Step::NotSent; 40]);
    let (ended, _) = bench.apply(&server, 1..=4);
    assert!(matches!(
        ended.ending,
        Ending::Stopped(StopReason::NotReachable { .. })
    ));
    assert_eq!(server.asked().len(), 3, "the first time and two tries");
    assert!(ended.state.assets.is_empty());

    let server = Server::with(1..=4).script([Step::NotSent, Step::NotSent]);
    let (ended, _) = bench.apply(&server, 1..=4);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 4);
}

#[test]
fn a_lost_answer_is_unknown_until_the_next_try_tells() {
    let bench = Bench::new();
    let server = Server::with(1..=4).script([Step::LostAfter]);
    let (ended, heard) = bench.apply(&server, 1..=4);
    assert_eq!(
        ended.state.counts().retired,
        4,
        "it was deleted after the delete was sent"
    );
    let unknown = heard.iter().any(|event| {
        matches!(event, RunEvent::Answered { outcomes, .. }
            if outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Unknown) && !outcomes.is_empty())
    });
    assert!(unknown, "it was recorded as unknown in between");

    let bench = Bench::new();
    let server = Server::with(1..=4).script([Step::LostBefore; 3]);
    let (ended, _) = bench.apply(&server, 1..=4);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().unknown, 4);

    let (ended, _) = bench.apply(&server, 1..=4);
    assert_eq!(
        server.0.lock().unwrap().read.len(),
        4 + 8,
        "twice in the first run, and the next run reads first"
    );
    assert_eq!(ended.state.counts().retired, 4);
    assert!(server.0.lock().unwrap().alive.is_empty());
}

#[test]
fn an_unlisted_unknown_is_never_deleted() {
    let bench = Bench::new();
    let known = unanswered(state(), 1..=3);
    let server = Server::with([1]);
    server.0.lock().unwrap().dead.insert(asset(2));
    let (ended, _) = bench.apply_on(known, &server, []);
    assert_eq!(server.asked(), Vec::<Vec<AssetId>>::new());
    assert_eq!(
        status(&ended.state, 1),
        None,
        "it lives, and nobody wants it gone"
    );
    assert_eq!(
        status(&ended.state, 2),
        Some("gone"),
        "by whom is not known"
    );
    assert_eq!(status(&ended.state, 3), Some("unknown"));
}

#[test]
fn a_server_that_asks_for_patience_gets_it() {
    let mut bench = Bench::new();
    // However slow this machine is, five refusals come before that.
    bench.options.retries.within = Duration::from_mins(5);
    let server = Server::with(1..=8).script([Step::Status(429); 5]);
    let (ended, _) = bench.apply(&server, 1..=8);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 8);

    let server = Server::with(1..=8).script([Step::Status(429); 100]);
    let (ended, _) = Bench::new().apply(&server, 1..=8);
    assert!(matches!(
        ended.ending,
        Ending::Stopped(StopReason::RateLimited { .. })
    ));
    assert!(ended.state.assets.is_empty());
}

#[test]
fn a_worker_that_breaks_down_leaves_its_batch_unknown() {
    let bench = Bench::new();
    let server = Server::with(1..=4).script([Step::Panic]);
    let (ended, _) = bench.apply(&server, 1..=4);
    assert!(matches!(
        ended.ending,
        Ending::Stopped(StopReason::Broken { .. })
    ));
    assert_eq!(ended.state.counts().unknown, 4);
    assert!(ended.saved.is_ok());
}

#[test]
fn a_signal_stops_in_order() {
    let bench = Bench::new();
    let server = Server::with(1..=40);
    let (mut session, state) = bench.open();
    let (stopper, mailbox) = inbox();
    stopper.signal(15);
    let (ended, _) = bench.apply_to(&mut session, state, &server, 1..=40, (stopper, mailbox));
    assert_eq!(
        ended.ending,
        Ending::Stopped(StopReason::Signal { number: 15 })
    );
    assert_eq!(ended.left + server.0.lock().unwrap().dead.len(), 40);
    assert_eq!(
        ended.state.counts().retired,
        server.0.lock().unwrap().dead.len()
    );
}

/// A store whose disk is full from the nth write on.
struct Full<'session> {
    inner: &'session mut FileSession,
    appends: usize,
    replaces: bool,
}

fn full() -> StoreError {
    StoreError::Io {
        action: "append to",
        path: "state.json.journal".into(),
        source: std::io::ErrorKind::StorageFull.into(),
    }
}

impl Session for Full<'_> {
    fn append(&mut self, events: &[RunEvent]) -> Result<Synced, StoreError> {
        if self.appends == 0 {
            return Err(full());
        }
        self.appends -= 1;
        self.inner.append(events)
    }

    fn checkpoint(&mut self, state: &State) -> Result<(), StoreError> {
        if self.replaces {
            return self.inner.checkpoint(state);
        }
        Err(full())
    }

    fn replace(&mut self, state: &State) -> Result<(), StoreError> {
        if self.replaces {
            return self.inner.replace(state);
        }
        Err(full())
    }

    fn abandon(&mut self) -> Result<(), StoreError> {
        self.inner.abandon()
    }
}

#[test]
fn a_full_disk_stops_before_the_next_batch_and_loses_nothing() {
    for replaces in [true, false] {
        for appends in 0..6 {
            let bench = Bench::new();
            let server = Server::with(1..=1_000);
            let (mut inner, state) = bench.open();
            let mut session = Full {
                inner: &mut inner,
                appends,
                replaces,
            };
            let (ended, _) = bench.apply_to(&mut session, state, &server, 1..=1_000, inbox());
            assert!(
                matches!(
                    ended.ending,
                    Ending::Stopped(StopReason::NotRecorded { .. })
                ),
                "{:?}",
                ended.ending
            );
            let dead = server.0.lock().unwrap().dead.clone();
            // Three are under way at once.
            assert!(dead.len() <= 4 * 3 * appends);
            drop(inner);
            let mut known = match bench.store().load().unwrap() {
                Some(loaded) => loaded.state,
                None => self::state(),
            };
            if let Err(not_saved) = ended.saved {
                assert!(!replaces || appends == 0);
                for event in &not_saved.lost {
                    known.apply(1, event);
                }
            }
            for id in dead {
                let status = known.assets.get(&id).map(|record| record.status.name());
                assert!(matches!(status, Some("retired" | "unknown")), "{status:?}");
            }
        }
    }
}

#[test]
fn a_run_that_is_cut_short_before_it_has_sent_anything_has_lost_nothing() {
    for appends in [1, 2, 8] {
        let bench = Bench::new();
        let server = Server::with(1..=4);
        let (mut inner, state) = bench.open();
        let mut session = Full {
            inner: &mut inner,
            appends,
            replaces: false,
        };
        let (stopper, mailbox) = inbox();
        stopper.signal(2);
        stopper.signal(2);
        let (ended, heard) =
            bench.apply_to(&mut session, state, &server, 1..=4, (stopper, mailbox));
        let end = Ending::Stopped(StopReason::Signal { number: 2 });
        assert_eq!(ended.ending, end);
        let told = heard
            .iter()
            .any(|event| matches!(event, RunEvent::Ended { ending, .. } if *ending == end));
        assert!(told, "whoever sums it up learns how it ended");
        assert!(ended.saved.is_ok());
        assert!(server.asked().is_empty());
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Serve),
        1 => prop::sample::select(vec![400_u16, 422, 429, 500, 502, 503, 504, 401, 403])
            .prop_map(Step::Status),
        1 => Just(Step::NotSent),
        1 => Just(Step::LostAfter),
        1 => Just(Step::LostBefore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the server does, the record is true, and reruns end with everything settled.
    #[test]
    fn the_record_is_true_and_reruns_settle_everything(
        listed in prop::collection::btree_set(1_u128..40, 0..30),
        missing in prop::collection::btree_set(1_u128..40, 0..6),
        refused in prop::collection::btree_set(1_u128..40, 0..6),
        steps in prop::collection::vec(step(), 0..30),
    ) {
        let bench = Bench::new();
        let server = Server::with((1..40).filter(|number| !missing.contains(number)))
            .refuse(refused.iter().copied())
            .script(steps);
        let mut confirmed: HashMap<AssetId, usize> = HashMap::new();
        for round in 0..40 {
            if round == 20 {
                server.0.lock().unwrap().script.clear();
            }
            let sent_before = server.asked().len();
            // A refusal by the script would stand for what the server itself says.
            let is_undisturbed = server.0.lock().unwrap().script.is_empty();
            let (ended, _) = bench.apply(&server, listed.iter().copied());
            prop_assert!(ended.saved.is_ok());
            let world = server.0.lock().unwrap();
            for ids in &world.asked[sent_before..] {
                for id in ids {
                    prop_assert!(listed.iter().any(|number| asset(*number) == *id), "only what is listed");
                    prop_assert!(!confirmed.contains_key(id), "asked for again after it was confirmed");
                }
            }
            for (id, record) in &ended.state.assets {
                match record.status {
                    Status::Retired(_) | Status::Gone(_) => {
                        prop_assert!(!world.alive.contains(id), "nothing retired lives");
                        confirmed.insert(*id, round);
                    }
                    Status::Failed(_)
                    | Status::Unknown { .. }
                    | Status::Missing
                    | Status::Restored { .. } | Status::Staged(_) | Status::Rescued => {}
                }
            }
            for id in &world.dead {
                prop_assert!(ended.state.assets.contains_key(id), "nothing deleted is without a record");
            }
            // What never was there stays unknown where the answer to its delete was lost.
            let is_unknown = |number: &&u128| status(&ended.state, **number) == Some("unknown");
            let lost = missing.iter().filter(is_unknown).count();
            if is_undisturbed && ended.ending == Ending::Done && ended.state.counts().unknown == lost {
                let open = listed.iter().filter(|number| !confirmed.contains_key(&asset(**number)));
                for number in open {
                    let found = status(&ended.state, *number);
                    // What the script refused too often is not asked for, whether it is there or not.
                    let record = ended.state.assets.get(&asset(*number));
                    let attempts = record.map_or(0, |record| record.status.attempts());
                    let blocked = found == Some("failed") && attempts >= Rules::default().max_attempts;
                    if missing.contains(number) && !blocked {
                        prop_assert!(matches!(found, Some("missing" | "unknown")), "{:?}", record);
                    } else {
                        prop_assert_eq!(found, Some("failed"));
                    }
                }
                return Ok(());
            }
        }
        prop_assert!(false, "forty runs did not settle it");
    }
}
