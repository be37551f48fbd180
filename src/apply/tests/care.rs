//! The care that a run takes: a small first delete, breakers, a time budget, troubles.

use super::*;
use crate::apply::Options;
use crate::apply::breaker;
use std::num::NonZeroUsize;
use std::time::Duration;

fn careful(canary: usize, breakers: breaker::Limits) -> Bench {
    let mut bench = Bench::new();
    bench.options = Options {
        canary,
        breakers,
        batch_size: NonZeroUsize::new(10).unwrap(),
        ..bench.options
    };
    bench
}

fn sizes(server: &Server) -> Vec<usize> {
    server.asked().iter().map(Vec::len).collect()
}

#[test]
fn the_first_delete_is_small_and_the_rest_waits_for_it() {
    let bench = careful(3, breaker::Limits::default());
    let server = Server::with(1..=33);
    let (ended, heard) = bench.apply(&server, 1..=33);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(sizes(&server)[0], 3);
    assert_eq!(sizes(&server).iter().sum::<usize>(), 33);
    assert_eq!(sizes(&server).len(), 4);
    let second = heard
        .iter()
        .position(|event| matches!(event, RunEvent::Intent { batch: 2, .. }));
    let first = heard
        .iter()
        .position(|event| matches!(event, RunEvent::Answered { batch: 1, .. }));
    assert!(
        first < second,
        "the first was answered before the second left"
    );
}

#[test]
fn small_deletes_go_on_until_one_comes_back_sane() {
    let bench = careful(2, breaker::Limits::default());
    let server = Server::with(1..=30).refuse(1..=4);
    let (ended, _) = bench.apply(&server, 1..=30);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(sizes(&server)[..3], [2, 2, 2]);
    assert!(sizes(&server)[3..].contains(&10), "then in full");
    // What was refused before may be refused again, and says nothing against the rest.
    let asked = server.asked().len();
    let (ended, _) = bench.apply(&server, 1..=50);
    assert_eq!(sizes(&server)[asked], 2);
    assert!(sizes(&server)[asked + 1..].contains(&10));
    assert_eq!(ended.state.counts().failed, 4);
}

#[test]
fn a_token_without_the_right_costs_ten_refusals() {
    let bench = careful(5, breaker::Limits::default());
    let server = Server::with(1..=200).refuse(1..=200);
    let (ended, _) = bench.apply(&server, 1..=200);
    let stop = StopReason::TooManyFailures {
        failed: 10,
        answered: 10,
    };
    assert_eq!(ended.ending, Ending::Stopped(stop));
    assert_eq!(sizes(&server), [5, 5]);
    assert_eq!(ended.state.counts().failed, 10);
    assert_eq!(ended.left, 190);
}

#[test]
fn a_wrong_account_stops_the_run_and_what_it_asked_for_is_unknown() {
    for canary in [0, 5] {
        let bench = careful(canary, breaker::Limits::default());
        let server = Server::with(1_000..=1_001);
        let (ended, _) = bench.apply(&server, 1..=200);
        assert!(
            matches!(
                ended.ending,
                Ending::Stopped(StopReason::WrongAccount { .. })
            ),
            "{:?}",
            ended.ending
        );
        // The server did not know what it was to delete: that is no record of anything else.
        assert!(ended.state.counts().unknown > 0);
        assert_eq!(ended.state.counts().total(), ended.state.counts().unknown);
        let asked: std::collections::BTreeSet<_> = server.asked().concat().into_iter().collect();
        assert!(ended.state.assets.keys().all(|id| asked.contains(id)));
        assert!(server.asked().len() < 60);
        assert_eq!(ended.left, 200);

        let (ended, _) = careful(
            canary,
            breaker::Limits {
                max_404_percent: 100,
                ..breaker::Limits::default()
            },
        )
        .apply(&server, 1..=200);
        assert!(
            matches!(
                ended.ending,
                Ending::Stopped(StopReason::WrongAccount { .. })
            ),
            "whatever the limit is"
        );
        assert_eq!(ended.state.counts().total(), ended.state.counts().unknown);
    }
}

#[test]
fn a_few_missing_are_missing_and_nothing_is_gone() {
    let bench = careful(5, breaker::Limits::default());
    let (ended, heard) = bench.apply(&Server::with(1_000..=1_001), 1..=3);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().missing, 3);
    let replayed = heard.iter().fold(state(), |mut state, event| {
        state.apply(1, event);
        state
    });
    assert_eq!(replayed, ended.state);
    // They are read again each time, and nothing is written where nothing changes.
    let before = std::fs::read(bench.folder.path().join("state.json")).unwrap();
    let server = Server::with([]);
    let (ended, _) = bench.apply(&server, 1..=3);
    assert_eq!(ended.state.counts().missing, 3);
    assert_eq!(server.0.lock().unwrap().read.len(), 3);
    assert!(server.asked().is_empty());
    let after = std::fs::read(bench.folder.path().join("state.json")).unwrap();
    assert_eq!(before, after);
    // What is there again is deleted.
    let (ended, _) = bench.apply(&Server::with(1..=3), 1..=3);
    assert_eq!(ended.state.counts().retired, 3);
}

#[test]
fn an_outage_stops_the_run_in_order() {
    let bench = careful(
        0,
        breaker::Limits {
            max_failed_batches: 4,
            ..breaker::Limits::default()
        },
    );
    let server = Server::with(1..=200).script([Step::Status(503); 400]);
    let (ended, _) = bench.apply(&server, 1..=200);
    let Ending::Stopped(StopReason::FailedBatches { batches, detail }) = &ended.ending else {
        panic!("{:?}", ended.ending);
    };
    assert_eq!((*batches, detail.as_str()), (4, "scripted"));
    assert!(server.asked().len() <= 4 + 2, "and what was under way");
    let counts = ended.state.counts();
    assert!(counts.unknown >= 10 && counts.unknown <= 60, "{counts:?}");
    assert!(ended.saved.is_ok());
}

#[test]
fn a_run_ends_before_its_time_is_over() {
    let mut bench = careful(0, breaker::Limits::default());
    bench.options.time_budget = Some(Duration::from_millis(30));
    let server = Server::with(1..=20).script([Step::Status(429); 4_000]);
    let (ended, heard) = bench.apply(&server, 1..=20);
    assert_eq!(ended.ending, Ending::Stopped(StopReason::TimeBudget));
    assert_eq!(ended.left, 20);
    let stopping = heard.iter().any(|event| {
        matches!(
            event,
            RunEvent::Stopping {
                reason: StopReason::TimeBudget,
                ..
            }
        )
    });
    assert!(stopping);
}

#[test]
fn what_a_lost_delete_did_is_read_and_not_searched_for() {
    let bench = careful(0, breaker::Limits::default());
    let server = Server::with(1..=20).script([Step::LostAfter]);
    let (ended, heard) = bench.apply(&server, 1..=20);
    assert_eq!(ended.state.counts().retired, 20);
    assert_eq!(sizes(&server).len(), 2, "each batch once");
    assert_eq!(server.0.lock().unwrap().read.len(), 10);
    let retried = heard.iter().any(|event| {
        matches!(
            event,
            RunEvent::Retried {
                assets: 10,
                tries: 1,
                ..
            }
        )
    });
    assert!(retried);
}

#[test]
fn what_a_delete_does_not_find_and_nobody_can_read_is_not_known() {
    let bench = careful(0, breaker::Limits::default());
    let server = Server::with(1..=3);
    {
        let mut world = server.0.lock().unwrap();
        world.stubborn = [asset(1)].into();
        world.unreadable = [asset(1)].into();
    }
    let (ended, heard) = bench.apply(&server, 1..=3);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(status(&ended.state, 1), Some("unknown"));
    assert_eq!(ended.state.counts().retired, 2);
    let replayed = heard.iter().fold(state(), |mut state, event| {
        state.apply(1, event);
        state
    });
    assert_eq!(replayed, ended.state);
    // The next run reads it, and knows what to make of it.
    server.0.lock().unwrap().unreadable.clear();
    let (ended, _) = bench.apply(&server, 1..=3);
    assert_eq!(status(&ended.state, 1), Some("failed"));
}

#[test]
fn many_unknown_ones_that_are_missing_do_not_stop_a_run_and_stay_unknown() {
    let bench = careful(5, breaker::Limits::default());
    let known = unanswered(state(), 1..=30);
    // The server knows nothing of what is deleted.
    let server = Server::with(31..=40);
    for listed in [1..=40, 1..=30] {
        let (ended, _) = bench.apply_on(known.clone(), &server, listed);
        assert_eq!(ended.ending, Ending::Done);
        assert_eq!(ended.state.counts().unknown, 30);
        assert_eq!(ended.left, 0);
    }
}
