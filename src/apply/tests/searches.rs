//! A search in the lists of recently deleted assets, beside the dispatcher.

use std::time::Duration;

use jiff::SignedDuration;

use super::listing::{empty, hear_approved, listing, run_on};
use super::served::V4;
use super::*;
use crate::asset::Kind;
use crate::event::RateLimit;
use crate::frameio::client::{Wait, Why};
use crate::outcome::Evidence;

#[test]
fn the_waits_of_a_search_are_events_and_its_stop_leaves_what_was_sought_open() {
    let server = V4::with([(1, Kind::File)]);
    let (rate_limit, time) = (RateLimit::RecentlyDeleted, Duration::from_secs(8));
    let reason = StopReason::rate_limited(rate_limit, Duration::from_hours(1));
    let why = [
        Why::Answer,
        Why::Limit,
        Why::Retry {
            tries: 1,
            detail: "status 503".to_owned(),
        },
    ];
    let waits = why.map(|why| Wait {
        rate_limit,
        time,
        why,
    });
    server.wait_in_search(waits, reason.clone());
    let listed = [(1, Some(Kind::File)), (2, None)];
    let approved = listing(&empty(), &listed, &[]);
    let (ended, heard) = hear_approved(&server, empty(), &approved);
    assert_eq!((ended.ending, ended.left), (Ending::Stopped(reason), 1));
    assert_eq!(status(&ended.state, 1), Some("retired"));
    assert_eq!(status(&ended.state, 2), None);
    let told = |event: &&RunEvent| matches!(event, RunEvent::Slow { wait, .. } | RunEvent::Paced { wait, .. } | RunEvent::Retried { wait, .. } if *wait == time);
    assert_eq!(heard.iter().filter(told).count(), 3);
}

#[test]
fn a_line_of_a_list_counts_only_beside_a_reading_that_finds_nothing() {
    let server = V4::with([(1, Kind::File)]);
    let earlier = "2025-12-31T00:00:00Z".parse().unwrap();
    server.0.lock().unwrap().lines = [1, 2, 3].map(|number| (asset(number), earlier)).into();
    let known = unanswered(empty(), [1, 2]);
    let listed = [1, 2, 3, 4].map(|number| (number, Some(Kind::File)));
    let ended = run_on(&server, known, &listed, &[]);
    // Somebody has restored the first, so it is deleted now.
    let record = &ended.state.assets[&asset(1)];
    assert_eq!(record.status, Status::Retired(Evidence::Answer));
    assert!(!server.is_alive(1));
    for number in [2, 3] {
        let record = &ended.state.assets[&asset(number)];
        let gone = Status::Gone(Evidence::Listed);
        assert_eq!(record.status, gone, "it was before our delete");
    }
    assert_eq!(status(&ended.state, 4), Some("missing"));
    assert_eq!(server.0.lock().unwrap().sought.len(), 1, "all at once");
}

/// The run that sent it had begun long before.
#[test]
fn what_was_deleted_before_our_delete_was_sent_is_not_ours() {
    let later = |seconds| {
        START
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap()
    };
    let (sent, now) = (later(10), later(20));
    for (line, kept, expected) in [
        (later(5), Some(sent), Status::Gone(Evidence::Listed)),
        (sent, Some(sent), Status::Retired(Evidence::Listed)),
        (now, Some(sent), Status::Retired(Evidence::Listed)),
        // An earlier version has kept no more than when the run began.
        (later(5), None, Status::Retired(Evidence::Listed)),
    ] {
        let server = V4::with([]);
        server.0.lock().unwrap().lines = [(asset(1), line)].into();
        let mut known = unanswered(empty(), [1]);
        known.apply(1, &RunEvent::Started(bench::info(&empty())));
        known
            .assets
            .entry(asset(1))
            .and_modify(|record| record.run = 1);
        known.sent.extend(kept.map(|sent| (asset(1), sent)));
        let ended = run_on(&server, known, &[(1, Some(Kind::File))], &[]);
        assert_eq!(ended.state.assets[&asset(1)].status, expected);
        assert!(ended.state.sent.is_empty());
    }
}

#[test]
fn what_is_shown_to_be_deleted_stops_no_run() {
    let server = V4::with([]);
    let earlier = "2025-12-31T00:00:00Z".parse().unwrap();
    server.0.lock().unwrap().lines = (1..=30).map(|number| (asset(number), earlier)).collect();
    let listed: Vec<_> = (1..=30).map(|number| (number, Some(Kind::File))).collect();
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().gone, 30);

    // A stop for missing ones takes back what was called gone.
    let server = V4::with([]);
    server.0.lock().unwrap().lines = (1..=3).map(|number| (asset(number), earlier)).collect();
    let ended = run_on(&server, empty(), &listed, &[]);
    assert!(
        matches!(
            ended.ending,
            Ending::Stopped(StopReason::TooManyMissing { .. })
        ),
        "{:?}",
        ended.ending
    );
    // What a delete was sent for is never without a record.
    let counts = ended.state.counts();
    assert_eq!((counts.total(), counts.gone), (counts.unknown, 0));
    assert!(counts.unknown > 0);
}
