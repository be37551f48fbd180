//! The process is killed wherever it may be: whatever it had sent is on record, and what is on
//! record is true.
#![cfg(unix)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::rig::{Dice, Rig, was_killed};
use crate::signals::signal;

/// How often a run is killed at a random moment; `RETIRE_TEST_KILLS` asks for another number.
const KILLS: u64 = 220;

/// The same with V4, of which one run takes as long as several of v2.
const KILLS_V4: u64 = 60;

/// How often a run of V4 is stopped in order.
const STOPS_V4: u64 = 30;

/// How often a run is asked to stop and then killed.
const CANCELS: u64 = 24;

/// How a run ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By SIGKILL.
    Killed,
    /// By SIGTERM: in order.
    Stopped,
    /// By SIGINT, and before it has come to its end by SIGKILL.
    Cancelled,
}

/// How often the runs of one rig are killed before they are left alone.
const KILLS_A_RIG: u64 = 10;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

/// A batch size and how many requests are under way at once.
fn pace(dice: &mut Dice) -> [String; 3] {
    let batch = 3 + dice.below(8);
    let concurrency = 1 + dice.below(4);
    [
        batch.to_string(),
        "--concurrency".to_owned(),
        concurrency.to_string(),
    ]
}

#[test]
fn a_process_that_is_killed_at_any_moment_leaves_a_true_record() {
    end(End::Killed, KILLS, |seed, dice| {
        let rig = Rig::new(seed, 40 + dice.below(80));
        rig.trouble(dice.below(6), dice.below(12));
        rig
    });
}

#[test]
fn the_same_holds_with_v4_for_files_folders_and_version_stacks() {
    end(End::Killed, KILLS_V4, files_folders_and_stacks);
}

/// A version stack may be in the middle of its files then.
#[test]
fn a_run_of_v4_that_is_stopped_at_any_moment_leaves_a_true_record() {
    end(End::Stopped, STOPS_V4, files_folders_and_stacks);
}

#[test]
fn a_run_that_is_cancelled_leaves_a_true_record() {
    end(End::Cancelled, CANCELS, |seed, dice| {
        let rig = Rig::new(seed, 40 + dice.below(80));
        // Answers that take a while are under way when it is killed.
        rig.trouble(dice.below(6), 5 + dice.below(25));
        rig
    });
    end(End::Cancelled, CANCELS / 3, files_folders_and_stacks);
}

fn files_folders_and_stacks(seed: u64, dice: &mut Dice) -> Rig {
    let rig = Rig::v4(seed, 16 + dice.below(24));
    rig.trouble(dice.below(3), dice.below(6));
    rig
}

/// Ends runs at random moments, on rig after rig.
fn end(end: End, usual: u64, make: impl Fn(u64, &mut Dice) -> Rig + Sync) {
    let kills = number("RETIRE_TEST_KILLS", usual);
    let next = AtomicU64::new(number("RETIRE_TEST_SEED", 1));
    let killed = AtomicU64::new(0);
    at_once(|| {
        while killed.load(Ordering::Relaxed) < kills {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            eprintln!("RETIRE_TEST_SEED={seed}");
            let mut dice = Dice::new(seed);
            let rig = make(seed, &mut dice);
            killed.fetch_add(end_at_random(end, rig, dice), Ordering::Relaxed);
        }
    });
}

/// Does the same on a few threads, since most of it is waiting.
fn at_once(work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(&work);
        }
    });
}

/// Ends the runs of one rig at random moments; returns how often.
fn end_at_random(end: End, mut rig: Rig, mut dice: Dice) -> u64 {
    let pace = pace(&mut dice);
    let pace: Vec<&str> = pace.iter().map(String::as_str).collect();
    let mut killed = 0;
    // A guess that the runs correct: it only matters that the moments spread over a run.
    let mut longest = Duration::from_millis(200);
    for _ in 0..KILLS_A_RIG {
        let begun = Instant::now();
        let mut child = rig.start(&[], &pace);
        let part = u32::try_from(dice.below(1_000)).unwrap();
        thread::sleep(longest * part / 1_000);
        match end {
            End::Killed => child.kill().unwrap(),
            // One that has ended by itself is still there to be waited for.
            End::Stopped => signal(&child, "TERM"),
            End::Cancelled => {
                signal(&child, "INT");
                thread::sleep(Duration::from_millis(dice.below(40)));
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        if was_killed(status) || status.code() == Some(143) {
            killed += 1;
        } else {
            longest = begun.elapsed();
        }
        rig.check();
    }
    rig.settle(&pace);
    killed
}

#[cfg(feature = "failpoints")]
mod points {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::at_once;
    use crate::harness::repository;
    use crate::rig::{Rig, was_killed};

    const PACE: [&str; 3] = ["4", "--concurrency", "2"];

    /// The names of all points, as the sources have them; those of `restore`, `probe` and what is
    /// staged have tests of their own, and no run of these passes them.
    fn all() -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        collect(&repository().join("src"), &mut names);
        names.retain(|name| {
            !["restore.", "probe.", "stage.", "unstage."]
                .iter()
                .any(|of| name.starts_with(of))
        });
        assert!(names.len() > 20, "the scan finds the points: {names:?}");
        names
    }

    fn collect(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, names);
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let after = text.split("crash::point(\"").skip(1);
            names.extend(after.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }

    /// Applies until the point is passed for the nth time; says whether it was.
    fn dies(rig: &mut Rig, point: &str, time: u32) -> bool {
        let order = format!("{point}:{time}");
        let mut child = rig.start(&[("RETIRE_CRASH", &order)], &PACE);
        let killed = was_killed(child.wait().unwrap());
        rig.check();
        killed
    }

    /// Does something for each point, on a few threads; the second number is a seed.
    fn each(work: impl Fn(&str, u64) + Sync) {
        let points: Vec<String> = all().into_iter().collect();
        let next = AtomicUsize::new(0);
        at_once(|| {
            while let Some((seed, point)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                points.get(place).map(|point| (place as u64, point))
            } {
                eprintln!("point `{point}`");
                work(point, seed);
            }
        });
    }

    #[test]
    fn a_process_that_dies_at_any_point_leaves_a_true_record() {
        die_at_each([1, 2, 3, 7], |seed| {
            let rig = Rig::new(seed, 30);
            rig.trouble(seed % 4, 0);
            rig
        });
    }

    #[test]
    fn the_same_holds_with_v4() {
        // The later ones are in the middle of a version stack.
        die_at_each([1, 4, 9, 19], |seed| {
            let rig = Rig::v4(seed, 16);
            rig.trouble(seed % 2, 0);
            rig
        });
    }

    fn die_at_each(times: [u32; 4], make: impl Fn(u64) -> Rig + Sync) {
        each(|point, seed| {
            for time in times {
                let mut rig = make(seed);
                let mut died = dies(&mut rig, point, time);
                if !died && time == 1 {
                    // Only a state that is there already is backed up.
                    rig = make(seed);
                    rig.trouble(0, 0);
                    dies(&mut rig, "batch.answered", 2);
                    died = dies(&mut rig, point, time) || dies(&mut rig, point, time);
                }
                assert!(died || time > 1, "`{point}` is never passed");
                rig.settle(&PACE);
            }
        });
    }

    #[test]
    fn a_process_that_dies_while_it_recovers_leaves_a_true_record() {
        die_again_at_each(|seed| {
            let rig = Rig::new(seed, 20);
            rig.trouble(seed % 3, 0);
            rig
        });
    }

    #[test]
    fn the_same_holds_with_v4_while_it_recovers() {
        die_again_at_each(|seed| {
            let rig = Rig::v4(seed, 16);
            rig.trouble(seed % 2, 0);
            rig
        });
    }

    fn die_again_at_each(make: impl Fn(u64) -> Rig + Sync) {
        each(|point, seed| {
            let mut rig = make(seed);
            dies(&mut rig, "journal.synced", 4);
            for time in [1, 1, 2] {
                dies(&mut rig, point, time);
            }
            rig.settle(&PACE);
        });
    }
}
