//! How far a run is, as one line.

use std::time::Duration;

use super::*;
use crate::asset::Kind;
use crate::event::{Listener, RateLimit, RunEvent, Task};
use crate::outcome::{Aside, Evidence, Failure, Outcome, Phase};
use crate::plan::forecast::{RateForecast, Stage};
use crate::render::Style;
use crate::render::escape::columns as columns_of;
use crate::render::progress::{Progress, bar, line};

fn answer(progress: &mut Progress, outcomes: Vec<(u128, Outcome)>) {
    progress.on_event(&RunEvent::Answered {
        batch: 1,
        at: at("2026-07-01T10:00:00Z"),
        outcomes: outcomes
            .into_iter()
            .map(|(n, outcome)| (id(n), outcome))
            .collect(),
    });
}

fn refusal() -> Outcome {
    Outcome::Failed(Failure {
        kind: FailureKind::Other,
        message: "No.".to_owned(),
    })
}

#[test]
fn the_line_tells_figures_speed_and_rest() {
    let mut progress = Progress::new(4_000, Vec::new());
    let mut lines = vec![line(&progress)];
    let mut outcomes: Vec<(u128, Outcome)> = (1..=1_248)
        .map(|n| (n, Outcome::Retired(Evidence::Answer)))
        .collect();
    outcomes.extend([(2_000, refusal()), (2_001, refusal())]);
    answer(&mut progress, outcomes);
    for milliseconds in [100, 3_033, 61_000, 2_000_000] {
        progress.tick(Duration::from_millis(milliseconds));
        lines.push(line(&progress));
    }
    let rest = (3_000..5_750)
        .map(|n| (n, Outcome::Gone(Evidence::Read)))
        .collect();
    answer(&mut progress, rest);
    lines.push(line(&progress));
    lines.push(line(&Progress::new(1, Vec::new())));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_asset_is_counted_once_by_its_last_outcome() {
    let mut progress = Progress::new(3, Vec::new());
    progress.on_event(&RunEvent::Intent {
        at: None,
        stack: None,
        with: Arc::default(),
        batch: 1,
        task: Task::Resolve,
        ids: [id(3)].into(),
    });
    answer(
        &mut progress,
        vec![
            (1, Outcome::Unknown),
            (2, refusal()),
            (3, Outcome::Gone(Evidence::Read)),
        ],
    );
    assert_eq!((progress.done(), progress.counts.gone), (3, 1));
    answer(
        &mut progress,
        vec![
            (1, Outcome::Retired(Evidence::Read)),
            (2, Outcome::Retired(Evidence::Answer)),
        ],
    );
    assert_eq!(
        line(&progress),
        "3 of 3 assets · 2 retired · 1 already gone"
    );
    assert_eq!(progress.total, 3);
}

#[test]
fn what_is_moved_aside_is_counted_once_and_is_never_more_than_all() {
    let aside = |phase, due| {
        Outcome::Staged(Aside {
            into: id(99),
            asset: Kind::File,
            due: at(due),
            phase,
            inside: None,
        })
    };
    let of_nine = |outcome: &Outcome| -> Vec<_> { (1..=9).map(|n| (n, outcome.clone())).collect() };
    // It waits for two weeks: that it is there is what becomes of it.
    let mut progress = Progress::new(9, Vec::new());
    let later = "2026-07-15T10:00:00Z";
    answer(&mut progress, of_nine(&aside(Phase::Moving, later)));
    assert_eq!(line(&progress), "0 of 9 assets");
    answer(&mut progress, of_nine(&aside(Phase::There, later)));
    assert_eq!(line(&progress), "9 of 9 assets · 9 staged");
    answer(&mut progress, vec![(1, Outcome::Rescued)]);
    assert_eq!(line(&progress), "9 of 9 assets · 8 staged · 1 rescued");
    // The same run deletes it: then that is.
    let mut progress = Progress::new(9, Vec::new());
    let now = "2026-07-01T10:00:00Z";
    for phase in [Phase::Moving, Phase::There, Phase::Deleting] {
        answer(&mut progress, of_nine(&aside(phase, now)));
        assert_eq!(line(&progress), "0 of 9 assets");
    }
    answer(
        &mut progress,
        of_nine(&Outcome::Retired(Evidence::With(id(99)))),
    );
    assert_eq!(line(&progress), "9 of 9 assets · 9 retired");
    // What nobody planned is told all the same.
    answer(&mut progress, vec![(10, Outcome::Rescued)]);
    assert_eq!(line(&progress), "10 of 10 assets · 9 retired · 1 rescued");
}

fn pace(progress: &mut Progress, rate_limit: RateLimit, milliseconds: u64) {
    progress.on_event(&RunEvent::Paced {
        at: at("2026-07-01T10:00:00Z"),
        rate_limit,
        wait: Duration::from_millis(milliseconds),
        refused: true,
        window: 1,
    });
}

/// A run in its middle that waits, with something of everything.
fn busy() -> Progress {
    let mut progress = Progress::new(120_000, Vec::new());
    let mut outcomes: Vec<(u128, Outcome)> = (1..=31_248)
        .map(|n| (n, Outcome::Retired(Evidence::Answer)))
        .collect();
    outcomes.extend((40_000..40_012).map(|n| (n, refusal())));
    outcomes.push((50_000, Outcome::Unknown));
    answer(&mut progress, outcomes);
    progress.tick(Duration::from_secs(76));
    pace(&mut progress, RateLimit::BulkDelete, 11_400);
    pace(&mut progress, RateLimit::ReadAsset, 2_000);
    progress
}

#[test]
fn the_bar_keeps_to_its_columns() {
    let progress = busy();
    let lines = [130, 110, 79, 60, 39, 20, 10, 0].map(|columns| {
        let plain = bar(&progress, columns, Style::default());
        assert!(columns_of(&plain) <= columns, "{columns}: {plain}");
        let coloured = without_colour(&bar(&progress, columns, Style { colour: true }));
        assert_eq!(coloured, plain);
        format!("{columns:>3} {plain}")
    });
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_bar_is_full_at_the_end_and_empty_at_the_start() {
    let mut progress = Progress::new(2, Vec::new());
    let bar_of = |progress: &Progress| bar(progress, 40, Style::default());
    let mut lines = vec![bar_of(&progress)];
    answer(&mut progress, vec![(1, Outcome::Retired(Evidence::Answer))]);
    lines.push(bar_of(&progress));
    answer(&mut progress, vec![(2, Outcome::Gone(Evidence::Read))]);
    lines.push(bar_of(&progress));
    lines.push(bar_of(&Progress::new(0, Vec::new())));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_is_left_is_never_below_what_the_limit_allows() {
    let calls = RateForecast {
        stage: Stage::Run,
        call: RateLimit::DeleteFile.name().to_owned(),
        calls: 1_000,
        limit: 100,
        window_ms: 60_000,
        documented: true,
        seconds: 540,
    };
    let told = |done: u128, limit: Option<u32>| {
        let mut progress = Progress::new(1_000, vec![calls.clone()]);
        if let Some(limit) = limit {
            progress.keep_to(&[(RateLimit::DeleteFile, limit, Duration::from_mins(1))]);
        }
        let retired = (0..done).map(|n| (n, Outcome::Retired(Evidence::Answer)));
        answer(&mut progress, retired.collect());
        progress.tick(Duration::from_secs(2));
        line(&progress)
    };
    let lines = [
        (100, None),
        (10, Some(10)),
        (500, Some(10)),
        (500, Some(6_000)),
    ];
    let lines = lines.map(|(done, limit)| told(done, limit));
    assert!(
        lines[0].ends_with("50/s · about 9 min left"),
        "{}",
        lines[0]
    );
    // The server says another limit.
    assert!(
        lines[1].ends_with("5/s · about 1 h 38 min left"),
        "{}",
        lines[1]
    );
    // It takes more than it says, or as much: then the speed counts.
    assert!(lines[2].ends_with("250/s · about 2 s left"), "{}", lines[2]);
    assert!(lines[3].ends_with("250/s · about 2 s left"), "{}", lines[3]);
}

#[test]
fn a_pause_after_an_error_is_told_as_such() {
    let mut progress = Progress::new(4, Vec::new());
    progress.on_event(&RunEvent::Retried {
        batch: 1,
        at: at("2026-07-01T10:00:00Z"),
        assets: 4,
        tries: 1,
        wait: Duration::from_secs(20),
        why: "status 503".to_owned(),
    });
    assert!(line(&progress).ends_with("waiting 20 s to try again: status 503"));
    // A server's own words may be long, and are none that a terminal obeys.
    progress.on_event(&RunEvent::Retried {
        batch: 1,
        at: at("2026-07-01T10:00:00Z"),
        assets: 4,
        tries: 1,
        wait: Duration::from_secs(30),
        why: format!("\u{1b}[2J{}", "é".repeat(500)),
    });
    let told = line(&progress);
    assert!(told.ends_with("é…") && !told.contains('\u{1b}'), "{told}");
    assert!(told.chars().count() < 220, "{told}");
    // A bar says what there is room for.
    let plain = Style::default();
    assert!(bar(&progress, 70, plain).contains("to try again"));
    assert!(!bar(&progress, 70, plain).contains("é"));
}

/// A batch that is not answered yet.
fn slow(batch: u64, rate_limit: RateLimit, seconds: u64) -> RunEvent {
    RunEvent::Slow {
        batch,
        at: at("2026-07-01T10:00:00Z"),
        rate_limit,
        assets: 4,
        wait: Duration::from_secs(seconds),
    }
}

#[test]
fn what_is_not_answered_is_told_until_it_is() {
    let mut progress = Progress::new(4, Vec::new());
    let answered = |batch| RunEvent::Answered {
        batch,
        at: at("2026-07-01T10:00:00Z"),
        outcomes: Vec::new(),
    };
    progress.on_event(&slow(1, RateLimit::BulkDelete, 35));
    progress.on_event(&slow(2, RateLimit::Token, 20));
    let delete = "waiting 35 s for the answer to `bulk_delete`";
    assert!(line(&progress).ends_with(delete));
    assert!(bar(&progress, 50, Style::default()).ends_with("waiting 35 s for an answer"));
    progress.on_event(&answered(1));
    assert!(line(&progress).ends_with("waiting 20 s for a token"));
    progress.on_event(&answered(2));
    assert!(!line(&progress).contains("waiting"));
    // What is read beside the run is taken to be over once the run goes on.
    progress.on_event(&slow(0, RateLimit::RecentlyDeleted, 35));
    assert!(line(&progress).ends_with("waiting 35 s for the answer to `recently_deleted`"));
    progress.on_event(&answered(3));
    assert!(!line(&progress).contains("waiting"));
}

#[test]
fn a_wait_is_told_until_it_is_over() {
    let mut progress = busy();
    assert_eq!(progress.wait(), Some(Duration::from_millis(11_400)));
    assert!(line(&progress).ends_with("waiting 12 s for the limit"));
    progress.tick(Duration::from_secs(80));
    assert!(line(&progress).ends_with("waiting 8 s for the limit"));
    progress.tick(Duration::from_secs(87));
    assert_eq!(progress.wait(), None);
    assert!(!line(&progress).contains("waiting"));
    // The pace itself is no wait that is worth a word.
    pace(&mut progress, RateLimit::BulkDelete, 200);
    assert_eq!(progress.wait(), None);
}
