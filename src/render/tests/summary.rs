//! The end of a run as text.

use super::*;
use std::time::Duration;

use crate::event::{Ending, Listener, Provenance, RateLimit, RunEvent, RunInfo, StopReason, Task};
use crate::inventory::Location;
use crate::outcome::{Evidence, Failure, Outcome};
use crate::plan::about::About;
use crate::plan::{LeftAlone, Other};
use crate::render::Style;
use crate::render::model::run::run;
use crate::render::report::{Summary, SummaryBuilder};

pub(super) const DENIED: &str = "Failed to delete asset due to permission restrictions.";

/// The end of a run where it is no terminal.
pub(super) fn shown(summary: &Summary) -> String {
    said(summary, false)
}

fn said(summary: &Summary, folds: bool) -> String {
    let mut bytes = Vec::new();
    let report = run(summary, None, at("2026-07-01T10:00:13Z"));
    crate::render::summary::summary(&report, folds, Style::default(), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(super) fn started() -> RunEvent {
    RunEvent::Started(RunInfo {
        number: 7,
        id: Uuid::nil(),
        at: at("2026-07-01T10:00:00Z"),
        provenance: Provenance::default(),
        account: None,
    })
}

pub(super) fn ended(ending: Ending) -> RunEvent {
    RunEvent::Ended {
        at: at("2026-07-01T10:00:12.345Z"),
        ending,
    }
}

pub(super) fn intent(batch: u64, task: Task, ids: impl IntoIterator<Item = u128>) -> RunEvent {
    RunEvent::Intent {
        at: None,
        stack: None,
        with: Arc::default(),
        batch,
        task,
        ids: ids.into_iter().map(id).collect(),
    }
}

pub(super) fn answered(batch: u64, outcomes: Vec<(u128, Outcome)>) -> RunEvent {
    RunEvent::Answered {
        batch,
        at: at("2026-07-01T10:00:01Z"),
        outcomes: outcomes
            .into_iter()
            .map(|(n, outcome)| (id(n), outcome))
            .collect(),
    }
}

pub(super) fn refusal(kind: FailureKind, message: &str) -> Outcome {
    Outcome::Failed(Failure {
        kind,
        message: message.to_owned(),
    })
}

pub(super) fn folded(plan: &Plan, events: &[RunEvent]) -> Summary {
    let mut builder = SummaryBuilder::new(plan, "retire.state.json");
    for event in events {
        builder.on_event(event);
    }
    builder.finish()
}

/// A run over [`each_thing`] in which each outcome happens.
pub(super) fn each_outcome() -> Summary {
    let events = [
        started(),
        RunEvent::Forgotten {
            at: at("2026-07-01T10:00:00Z"),
            ids: vec![id(11)],
        },
        intent(1, Task::Resolve, [5, 6]),
        answered(
            1,
            vec![
                (5, Outcome::Retired(Evidence::Read)),
                (6, Outcome::Retired(Evidence::Listed)),
            ],
        ),
        intent(2, Task::Delete, [1, 2, 3, 4]),
        RunEvent::Warned {
            batch: 2,
            message: "the answer names an asset that was not asked for: \u{1b}[31m".to_owned(),
        },
        answered(
            2,
            vec![
                (1, Outcome::Gone(Evidence::Read)),
                (2, Outcome::Unknown),
                (3, refusal(FailureKind::Other, HOSTILE)),
                (4, refusal(FailureKind::Permission, DENIED)),
            ],
        ),
        ended(Ending::Done),
    ];
    folded(&each_thing(), &events)
}

#[test]
fn each_outcome_is_told() {
    let summary = each_outcome();
    assert_eq!(summary.counts.retired, 2, "what our own deletes did");
    assert_eq!(
        (summary.resolved, summary.forgotten, summary.unsent),
        (2, 1, 0)
    );
    assert_eq!(summary.failed[1].attempts, 2, "earlier runs are counted");
    insta::assert_snapshot!(shown(&summary));
}

#[test]
fn the_last_outcome_of_an_asset_counts() {
    let events = [
        started(),
        intent(1, Task::Delete, [1, 2]),
        answered(1, vec![(1, Outcome::Unknown), (2, Outcome::Unknown)]),
        intent(2, Task::Delete, [1, 2]),
        answered(
            2,
            vec![
                (1, Outcome::Retired(Evidence::Answer)),
                (2, Outcome::Retired(Evidence::Read)),
            ],
        ),
        ended(Ending::Done),
    ];
    let summary = folded(&each_thing(), &events);
    assert_eq!((summary.counts.retired, summary.counts.unknown), (2, 0));
    assert_eq!(summary.unsent, 4);
}

#[test]
fn what_nothing_was_to_be_sent_for_takes_nothing_off_what_was_not_sent() {
    let stopped = ended(Ending::Stopped(StopReason::TimeBudget));
    let unsent = |events: &[RunEvent]| folded(&each_thing(), events).unsent;
    let none = unsent(&[started(), stopped.clone()]);
    // The plan found 20 and 21 out, and 22 goes along with 1.
    let beside = [
        started(),
        intent(1, Task::Delete, [1]),
        answered(
            1,
            vec![
                (1, Outcome::Retired(Evidence::Answer)),
                (22, Outcome::Retired(Evidence::With(id(1)))),
            ],
        ),
        answered(
            0,
            vec![
                (20, Outcome::Gone(Evidence::Listed)),
                (21, Outcome::Missing),
            ],
        ),
        stopped,
    ];
    assert_eq!(unsent(&beside), none - 1);
}

#[test]
fn what_is_under_way_at_the_end_is_unknown() {
    let events = [
        started(),
        intent(1, Task::Delete, [1, 2]),
        intent(2, Task::Resolve, [5]),
        ended(Ending::Stopped(StopReason::Signal { number: 2 })),
    ];
    let summary = folded(&each_thing(), &events);
    assert_eq!(summary.unknown, [id(1), id(2)]);
    insta::assert_snapshot!(shown(&summary));
}

#[test]
fn the_rest_takes_no_less_than_the_limits_allow() {
    let events = [
        started(),
        intent(1, Task::Delete, [1, 2]),
        ended(Ending::Stopped(StopReason::TimeBudget)),
    ];
    let mut summary = folded(&each_thing(), &events);
    let rest = |summary: &Summary| {
        let text = shown(summary);
        let line = text.lines().find(|line| line.contains("At the pace"));
        line.map(str::to_owned)
    };
    let expected = |time| {
        Some(format!(
            "At the pace of this run the rest takes about {time}."
        ))
    };
    assert_eq!(rest(&summary), expected("25 s"));
    summary.least = Duration::from_secs(101);
    assert_eq!(rest(&summary), expected("2 min"));
}

#[test]
fn a_terminal_folds_the_lists_of_a_run_and_nothing_else_does() {
    let plan = Plan {
        steps: (1..=300).map(|n| step(n, Decision::Retire, None)).collect(),
        totals: Totals {
            retire: 300,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let outcomes = (1..=300)
        .map(|n| {
            let outcome = match n {
                1..=240 => refusal(FailureKind::Permission, DENIED),
                241..=243 => refusal(FailureKind::Conflict, "Asset is locked."),
                _ => Outcome::Unknown,
            };
            (n, outcome)
        })
        .collect();
    let events = [
        started(),
        intent(1, Task::Delete, 1..=300),
        answered(1, outcomes),
        ended(Ending::Done),
    ];
    let mut summary = folded(&plan, &events);
    let left = |n: u128| LeftAlone {
        id: id(n),
        other: Other::Moved,
    };
    summary.left_alone = (1_001..=1_060).map(left).collect();
    summary.warnings = (1..=30).map(|n| format!("odd {n:02}")).collect();
    let rows = |text: &str| {
        let rows = text.lines().filter(|line| line.starts_with("  "));
        rows.filter(|line| !line.starts_with("  - ")).count()
    };
    let text = said(&summary, true);
    assert_eq!(rows(&text), 20, "{text}");
    insta::assert_snapshot!(text);
    let mut done = summary.clone();
    let left = done.left_alone.iter_mut();
    left.take(30).for_each(|left| left.other = Other::Done);
    let text = said(&done, true);
    assert_eq!(
        rows(&text),
        20,
        "what is done takes its lines as well: {text}"
    );
    // Each of them, with the two messages.
    let text = said(&summary, false);
    assert_eq!(rows(&text), 2 + 300 + 60 + 30, "{text}");
    assert!(!text.contains('…'), "{text}");
}

#[test]
fn a_terminal_folds_no_list_that_it_has_room_for() {
    let summary = each_outcome();
    assert_eq!(said(&summary, true), said(&summary, false));
}

#[test]
fn a_clean_run_and_no_run_are_short() {
    let single = Plan {
        steps: each_thing().steps[..1].to_vec(),
        totals: Totals {
            retire: 1,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let events = [
        started(),
        intent(1, Task::Delete, [1]),
        answered(1, vec![(1, Outcome::Retired(Evidence::Answer))]),
        ended(Ending::Done),
    ];
    let clean = shown(&folded(&single, &events));
    let nothing = shown(&folded(&Plan::default(), &[]));
    let cut = shown(&folded(&single, &events[..2]));
    let refused = shown(&folded(&single, &[]));
    insta::assert_snapshot!([clean, nothing, cut, refused].join("----\n"));
}

#[test]
fn each_stop_says_what_to_do() {
    let detail = || "Invalid token\u{7}".to_owned();
    let reasons = [
        StopReason::NotAuthenticated { detail: detail() },
        StopReason::NoToken { detail: detail() },
        StopReason::NotAuthorised { detail: detail() },
        StopReason::NotPaid { detail: detail() },
        StopReason::NotReachable { detail: detail() },
        StopReason::WrongEndpoint { detail: detail() },
        StopReason::rate_limited(RateLimit::BulkDelete, Duration::from_hours(24)),
        StopReason::no_answer(RateLimit::Token, Duration::from_secs(30)),
        StopReason::no_answer(RateLimit::Me, Duration::from_secs(30)),
        StopReason::Broken { detail: detail() },
        StopReason::NotRecorded { detail: detail() },
        StopReason::Signal { number: 2 },
        StopReason::Signal { number: 15 },
        StopReason::Signal { number: 1 },
    ];
    let texts = reasons.map(|reason| {
        let events = [started(), ended(Ending::Stopped(reason))];
        shown(&folded(&each_thing(), &events))
    });
    let texts: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.starts_with("Stopped") || line.starts_with("  - "))
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_a_run_leaves_alone_has_its_name() {
    let about = |name: &str| About {
        name: Some(name.into()),
        location: Some(Arc::new(Location {
            project: Some("Tide".into()),
            folder: "dailies".into(),
        })),
        ..About::default()
    };
    let plan = Plan {
        steps: (1..=2).map(|n| step(n, Decision::Retire, None)).collect(),
        about: [(id(1), about("a.mov")), (id(2), about("b.mov"))].into(),
        totals: Totals {
            retire: 2,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let events = [
        started(),
        RunEvent::LeftAlone {
            at: at("2026-07-01T10:00:01Z"),
            assets: vec![(id(2), Other::Unread)],
        },
        intent(1, Task::Delete, [1]),
        answered(1, vec![(1, Outcome::Retired(Evidence::Answer))]),
        ended(Ending::Done),
    ];
    let text = shown(&folded(&plan, &events));
    let line = format!(
        "    Tide/dailies/b.mov  {}  it could not be read again",
        id(2)
    );
    assert!(text.contains(&line), "{text}");
    assert!(!text.contains("a.mov"), "{text}");
}
