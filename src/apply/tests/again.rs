//! What was read too long ago is read again before it is deleted.

use std::collections::BTreeSet;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::bench::Heard;
use super::follow::{answered, known};
use super::listing::{empty, listing_in};
use super::served::V4;
use super::*;
use crate::apply::follow::follow;
use crate::apply::queue::Queue;
use crate::apply::readings::{Pass, Readings, Reread};
use crate::apply::strategy::{Direct, Effect, Memory, Strategy as _};
use crate::apply::{Clock, Ended};
use crate::asset::Kind;
use crate::event::{Other, Task};
use crate::frameio::client::OnWait;
use crate::frameio::deleter::Deleter;
use crate::frameio::recently_deleted::{Deleted, Wanted};
use crate::frameio::transport::Longest;
use crate::frameio::{Reply, v4};
use crate::plan::approve::Approved;

const AGE: Duration = Duration::from_mins(10);

/// A clock that moves when the server is asked something, by one time after another, and by a tick
/// when it is looked at.
#[derive(Clone, Default)]
struct Steps {
    /// In milliseconds.
    now: Arc<AtomicU64>,
    next: Arc<Mutex<Vec<Duration>>>,
    tick: u64,
}

impl Clock for Steps {
    fn now(&self) -> Timestamp {
        START
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now.fetch_add(self.tick, Ordering::SeqCst))
    }
}

/// A server that takes its time.
#[derive(Clone)]
struct Slow(V4, Steps);

impl Deleter<v4::Call> for Slow {
    async fn send(&self, call: &v4::Call, longest: Longest, on_wait: OnWait) -> Reply {
        let step = self.1.next.lock().unwrap().pop().unwrap_or_default();
        let step = step.as_millis().try_into().unwrap();
        self.1.now.fetch_add(step, Ordering::SeqCst);
        self.0.send(call, longest, on_wait).await
    }

    async fn find_deleted(&self, wanted: &Wanted, on_wait: OnWait) -> Result<Deleted, StopReason> {
        self.0.find_deleted(wanted, on_wait).await
    }
}

/// What a pass says of some assets.
type Says = Box<dyn FnMut(&BTreeSet<AssetId>) -> Reread + Send>;

/// What was read again, and when.
type Passes = Vec<(Duration, BTreeSet<AssetId>)>;

/// Runs on a server that takes so many seconds for each call; the first reading was made so long
/// ago. Gives what was read again, pass by pass.
fn run(
    server: &V4,
    approved: &Approved,
    (since, steps): (Duration, Vec<u64>),
    says: Says,
) -> (Ended, Vec<RunEvent>, Passes) {
    let steps = steps.into_iter().map(Duration::from_secs).collect();
    run_with((1, 0), server, approved, (since, steps), says)
}

/// The same, with so much under way at once and a clock that ticks.
fn run_with(
    (at_once, tick): (usize, u64),
    server: &V4,
    approved: &Approved,
    (since, steps): (Duration, Vec<Duration>),
    mut says: Says,
) -> (Ended, Vec<RunEvent>, Passes) {
    let mut bench = Bench::new();
    bench.options.concurrency = NonZeroUsize::new(at_once).unwrap();
    let clock = Steps {
        tick,
        ..Steps::default()
    };
    clock.next.lock().unwrap().extend(steps);
    let slow = Slow(server.clone(), clock.clone());
    let (mut session, _) = bench.open();
    session.begin(&empty());
    let (stopper, mailbox) = inbox::<Direct>();
    let passes = Arc::new(Mutex::new(Vec::new()));
    let (told, to, times) = (Arc::clone(&passes), stopper.clone(), clock.clone());
    let rereader = move |Pass { ids, .. }: Pass| {
        told.lock().unwrap().push((times.elapsed(), ids.clone()));
        let ended = times.elapsed();
        to.reread(Ok(Reread {
            ended,
            ..says(&ids)
        }));
    };
    let readings = Readings::new(since, AGE, Box::new(rereader));
    let mut heard = Heard::default();
    let ended = bench.run_timed(
        (&mut session, empty(), approved),
        &slow,
        &mut heard,
        (stopper, mailbox),
        (readings, &clock),
    );
    let passes = passes.lock().unwrap().clone();
    (ended, heard.0, passes)
}

fn all_same() -> Says {
    Box::new(|ids| Reread {
        same: ids.clone(),
        ..Reread::default()
    })
}

fn files(numbers: impl IntoIterator<Item = u128>) -> Vec<(u128, Option<Kind>)> {
    let numbers = numbers.into_iter();
    numbers.map(|number| (number, Some(Kind::File))).collect()
}

fn approved(listed: &[(u128, Option<Kind>)], contents: &[(u128, &[u128])]) -> Approved {
    listing_in(&empty(), listed, &[], contents)
}

fn alive(numbers: impl IntoIterator<Item = u128>) -> V4 {
    V4::with(numbers.into_iter().map(|number| (number, Kind::File)))
}

#[test]
fn a_young_reading_is_not_made_again() {
    let server = alive(1..=5);
    let approved = approved(&files(1..=5), &[]);
    let steps = vec![100; 5];
    let (ended, _, passes) = run(&server, &approved, (Duration::ZERO, steps), all_same());
    assert_eq!(ended.state.counts().retired, 5);
    assert_eq!(passes, []);
}

#[test]
fn what_is_other_is_left_alone_and_what_is_absent_is_looked_at() {
    let server = alive([1, 2, 5]);
    let earlier = "2025-12-31T00:00:00Z".parse().unwrap();
    server.0.lock().unwrap().lines.insert(asset(3), earlier);
    let approved = approved(&files(1..=6), &[]);
    let says = |ids: &BTreeSet<AssetId>| Reread {
        same: [asset(1)].into(),
        other: [(asset(2), Other::Kept)].into(),
        ended: Duration::ZERO,
        // Of the fifth nothing is said, and the others are not found.
        absent: ids
            .iter()
            .copied()
            .filter(|id| [3, 4, 6].map(asset).contains(id))
            .collect(),
        ..Reread::default()
    };
    let (ended, heard, passes) = run(&server, &approved, (AGE, Vec::new()), Box::new(says));
    assert_eq!(passes.len(), 1);
    assert_eq!(passes[0].1, (1..=6).map(asset).collect());
    assert_eq!(ended.ending, Ending::Done);
    let statuses = [1, 2, 3, 4, 5, 6].map(|number| status(&ended.state, number));
    let (retired, gone, missing) = (Some("retired"), Some("gone"), Some("missing"));
    assert_eq!(statuses, [retired, None, gone, missing, None, missing]);
    assert_eq!(
        [1, 2, 5].map(|number| server.is_alive(number)),
        [false, true, true]
    );
    let deletes = heard.iter().filter(|event| {
        let task = |task: &Task| *task == Task::Delete;
        matches!(event, RunEvent::Intent { task: asked, .. } if task(asked))
    });
    assert_eq!(
        deletes.count(),
        1,
        "no delete for what is not as it was approved"
    );
    let left = heard.iter().find_map(|event| {
        if let RunEvent::LeftAlone { assets, .. } = event {
            return Some(assets.clone());
        }
        None
    });
    let mut left = left.unwrap();
    left.sort_unstable_by_key(|(id, _)| *id);
    let mut expected = vec![(asset(2), Other::Kept), (asset(5), Other::Unread)];
    expected.sort_unstable_by_key(|(id, _)| *id);
    assert_eq!(left, expected);
}

#[test]
fn what_is_absent_in_a_list_and_alive_is_left_alone() {
    let server = alive([1]);
    let approved = approved(&files([1]), &[]);
    let says = |ids: &BTreeSet<AssetId>| Reread {
        absent: ids.clone(),
        ..Reread::default()
    };
    let (ended, _, passes) = run(&server, &approved, (AGE, Vec::new()), Box::new(says));
    assert_eq!((ended.ending, passes.len()), (Ending::Done, 1));
    assert!(server.is_alive(1));
}

#[test]
fn the_files_of_a_stack_wait_for_a_new_reading_of_it() {
    for is_same in [true, false] {
        let server = alive([11, 12]);
        let stack = [(1, Some(Kind::VersionStack))];
        let inside = [11, 12].map(asset).to_vec();
        server.0.lock().unwrap().stacks.insert(asset(1), inside);
        let approved = approved(&stack, &[(1, &[11, 12])]);
        let says: Says = Box::new(move |ids| {
            let other = ids.iter().map(|id| (*id, Other::Grown(asset(13))));
            Reread {
                same: if is_same {
                    ids.clone()
                } else {
                    BTreeSet::new()
                },
                other: if is_same {
                    std::collections::BTreeMap::new()
                } else {
                    other.collect()
                },
                ..Reread::default()
            }
        });
        // The first call reads the stack's first page, and the clock goes on by a quarter of an hour.
        let steps = vec![0, 0, 0, 0, 0, 900];
        let (ended, heard, passes) = run(&server, &approved, (Duration::ZERO, steps), says);
        assert_eq!(passes.len(), 1);
        assert_eq!(
            passes[0].1,
            [asset(1)].into(),
            "the stack, and not its files"
        );
        let (expected, lives) = if is_same {
            ("retired", false)
        } else {
            ("failed", true)
        };
        assert_eq!(status(&ended.state, 1), Some(expected));
        assert_eq!([11, 12].map(|number| server.is_alive(number)), [lives; 2]);
        let left = |event: &&RunEvent| matches!(event, RunEvent::LeftAlone { .. });
        assert_eq!(heard.iter().filter(left).count(), usize::from(!is_same));
    }
}

/// What the run itself may have disturbed while it was read is read once more, with nothing of it
/// under way; when that fails as well, the fault lies elsewhere.
#[test]
fn what_did_not_keep_still_is_read_once_more() {
    for fails in [1, 2] {
        let server = alive([11, 12, 13]);
        let stack = [(1, Some(Kind::VersionStack))];
        let inside = [11, 12, 13].map(asset).to_vec();
        server.0.lock().unwrap().stacks.insert(asset(1), inside);
        let approved = approved(&stack, &[(1, &[11, 12, 13])]);
        let mut pass = 0;
        let says: Says = Box::new(move |ids| {
            pass += 1;
            let (mut same, mut again) = (ids.clone(), BTreeSet::new());
            if pass <= fails {
                mem::swap(&mut same, &mut again);
            }
            Reread {
                same,
                again,
                ..Reread::default()
            }
        });
        // After the list of the stack a quarter of an hour goes by.
        let steps = vec![0, 0, 0, 0, 0, 900];
        let (ended, heard, passes) = run(&server, &approved, (Duration::ZERO, steps), says);
        assert_eq!((ended.ending, passes.len()), (Ending::Done, 2));
        let lives = fails == 2;
        assert_eq!([11, 12, 13].map(|n| server.is_alive(n)), [lives; 3]);
        let left = heard.iter().find_map(|event| {
            if let RunEvent::LeftAlone { assets, .. } = event {
                return Some(assets.clone());
            }
            None
        });
        let unread = vec![(asset(1), Other::Unread)];
        assert_eq!(left, lives.then_some(unread));
    }
}

/// A file of which the delete was lost is no longer in its stack, and waits to be read: a new
/// reading of the stack that does not show it says nothing against the rest.
#[test]
fn what_waits_to_be_read_is_no_part_that_waits_for_its_delete() {
    let approved = approved(&[(1, Some(Kind::VersionStack))], &[(1, &[11, 12, 13])]);
    let (state, stack) = (empty(), asset(1));
    let open = Direct::delete(&[stack], &approved);
    let rows = [11, 12, 13].map(|number| format!(r#"{{"id":"{}","type":"file"}}"#, asset(number)));
    let page = format!(r#"{{"data":[{}],"links":{{"next":null}}}}"#, rows.join(","));
    let verdict = Direct::judge(&open, &answered(200, &page));
    let memory = Memory::new(&state);
    let effects = follow(open, verdict, &known(&approved, &state, &memory));
    let jobs = effects.into_iter().find_map(|effect| {
        if let Effect::Requeue(jobs) = effect {
            return Some(jobs);
        }
        None
    });
    let [first, second, third] = jobs.unwrap().try_into().unwrap();
    let mut queue = Queue::<Direct>::new(&approved);
    queue.put_first([Direct::read_again(&first, asset(11), &approved), second]);
    // Its delete was not sent, and is made again after a pause.
    queue.put_back(third, Duration::from_secs(9));
    let parts: BTreeSet<AssetId> = queue.parts_of(stack).collect();
    assert_eq!(parts, [12, 13].map(asset).into());
    assert_eq!(queue.parts_of(asset(11)).next(), None);
}

/// A delete that is under way while its asset is found to be other is past that; where the server
/// did not take it, it is not sent again on the word of the reading before.
#[test]
fn a_delete_that_comes_back_unsent_counts_what_was_read_meanwhile() {
    let server = alive([1, 2]);
    server.0.lock().unwrap().busy = vec![asset(2)];
    let approved = approved(&files([1, 2]), &[]);
    let says: Says = Box::new(|ids| Reread {
        other: ids.iter().map(|id| (*id, Other::Renamed)).collect(),
        ..Reread::default()
    });
    // The second is still believed when both are sent, and not when its turn comes.
    let since = AGE.saturating_sub(Duration::from_millis(500));
    let steps = Vec::new();
    let (ended, _, passes) = run_with((2, 1), &server, &approved, (since, steps), says);
    assert_eq!(passes[0].1, [asset(2)].into());
    assert_eq!(ended.ending, Ending::Done);
    assert!(!server.is_alive(1) && server.is_alive(2));
    assert_eq!(status(&ended.state, 2), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However slow the server is, and however old the first reading, nothing is deleted whose last
    /// reading is older than it may be; and no reading is made in vain.
    #[test]
    fn nothing_is_deleted_that_was_read_too_long_ago(
        count in 1_u128..30,
        since in 0_u64..900,
        steps in prop::collection::vec(0_u64..400, 0..40),
    ) {
        let server = alive(1..=count);
        let approved = approved(&files(1..=count), &[]);
        let since = Duration::from_secs(since);
        let total: u64 = steps.iter().sum();
        let clock = steps.clone();
        let (ended, heard, passes) = run(&server, &approved, (since, steps), all_same());
        prop_assert_eq!(ended.state.counts().retired, usize::try_from(count).unwrap());
        // Each call moves the clock once, and one is under way at a time.
        let mut next = clock.into_iter().rev();
        let mut now = Duration::ZERO;
        for event in &heard {
            let RunEvent::Intent { ids, .. } = event else { continue };
            let read = passes.iter().rev().find(|(at, read)| *at <= now && read.contains(&ids[0]));
            let age = read.map_or(since + now, |(at, _)| now.saturating_sub(*at));
            prop_assert!(age < AGE, "{age:?}");
            now += Duration::from_secs(next.next().unwrap_or_default());
        }
        if since + Duration::from_secs(total) < AGE / 2 {
            prop_assert_eq!(passes, []);
        }
    }
}
