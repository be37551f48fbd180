//! The event stream: what it says, that it fits its schema, and that its replay is the run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::cli::args::SchemaName;
use crate::cli::schemas;
use crate::event::kept_samples;
use crate::event::{Ending, Listener, Provenance, RateLimit, RunEvent, RunInfo, StopReason, Task};
use crate::outcome::{Evidence, Failure, Outcome};
use crate::render::events::{Close, Event, Lines, Replayed, is_stream, replay};
use crate::render::names::Names;
use crate::render::report::{Summary, SummaryBuilder};

fn info() -> RunInfo {
    RunInfo {
        number: 7,
        id: Uuid::from_u128(7),
        at: at("2026-07-01T10:00:00Z"),
        provenance: Provenance {
            actor: Some("ana \u{1b}[2J".into()),
            commit: Some("abc".into()),
            ..Provenance::default()
        },
        account: Some("5f0c".into()),
    }
}

fn close() -> Close {
    Close {
        now: at("2026-07-01T10:00:30Z"),
        saved: true,
        exit: 3,
    }
}

/// The stream of a run and its summary; nothing is closed where `cut`.
fn told(plan: &Plan, events: &[RunEvent], cut: bool) -> (String, Summary) {
    let mut builder = SummaryBuilder::new(plan, "retire.state.json");
    let mut lines = Lines::new(Names::Full);
    let mut bytes = Vec::new();
    for event in events {
        builder.on_event(event);
        bytes.extend_from_slice(lines.write_event(event, at("2026-07-01T10:00:20Z"), &builder));
    }
    let summary = if cut {
        builder.finish()
    } else {
        let unanswered = builder.unanswered();
        let summary = builder.finish();
        bytes.extend_from_slice(lines.close(&unanswered, &summary, close()));
        summary
    };
    (String::from_utf8(bytes).unwrap(), summary)
}

fn replayed(stream: &str) -> Summary {
    let mut runs = replay(stream.as_bytes()).unwrap();
    assert_eq!(runs.len(), 1);
    match runs.remove(0) {
        Replayed::Run(summary) => *summary,
        failed @ Replayed::Failed { .. } => panic!("{failed:?}"),
    }
}

/// Each line fits the schema, and reading and writing it changes nothing.
#[track_caller]
fn fits(stream: &str) {
    let schema = serde_json::from_str(schemas::text(SchemaName::Events)).unwrap();
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    for line in stream.lines() {
        let value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
        let event: Event<'_> = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), value);
    }
}

fn refusal(message: &str) -> Outcome {
    Outcome::Failed(Failure {
        kind: FailureKind::Permission,
        message: message.to_owned(),
    })
}

fn intent(batch: u64, task: Task, ids: &[u128]) -> RunEvent {
    RunEvent::Intent {
        at: None,
        stack: None,
        with: Arc::default(),
        batch,
        task,
        ids: ids.iter().map(|n| id(*n)).collect(),
    }
}

fn answered(batch: u64, outcomes: Vec<(u128, Outcome)>) -> RunEvent {
    let outcomes = outcomes.into_iter();
    RunEvent::Answered {
        batch,
        at: at("2026-07-01T10:00:01.5Z"),
        outcomes: outcomes.map(|(n, outcome)| (id(n), outcome)).collect(),
    }
}

fn ended(ending: Ending) -> RunEvent {
    RunEvent::Ended {
        at: at("2026-07-01T10:00:12.345Z"),
        ending,
    }
}

/// Every event once, over [`each_thing`].
fn each_event() -> Vec<RunEvent> {
    let when = at("2026-07-01T10:00:02Z");
    vec![
        RunEvent::Started(info()),
        kept_samples::event(),
        RunEvent::Forgotten {
            at: when,
            ids: vec![id(11)],
        },
        intent(1, Task::Resolve, &[5, 6]),
        answered(1, vec![(5, Outcome::Gone(Evidence::Read))]),
        intent(2, Task::Delete, &[1, 2, 3, 4]),
        answered(
            2,
            vec![
                (1, Outcome::Retired(Evidence::Answer)),
                (2, Outcome::Gone(Evidence::Read)),
                (3, Outcome::Unknown),
                (4, refusal(HOSTILE)),
            ],
        ),
        RunEvent::Warned {
            batch: 2,
            message: HOSTILE.to_owned(),
        },
        RunEvent::Paced {
            at: when,
            rate_limit: RateLimit::BulkDelete,
            wait: Duration::from_millis(1_200),
            refused: true,
            window: 2,
        },
        RunEvent::Retried {
            batch: 2,
            at: when,
            assets: 1,
            tries: 1,
            wait: Duration::from_millis(250),
            why: "status 503".to_owned(),
        },
        intent(3, Task::Delete, &[3]),
        RunEvent::Slow {
            batch: 3,
            at: when,
            rate_limit: RateLimit::BulkDelete,
            assets: 1,
            wait: Duration::from_secs(35),
        },
        RunEvent::Stopping {
            at: when,
            reason: StopReason::Signal { number: 2 },
        },
        ended(Ending::Stopped(StopReason::Signal { number: 2 })),
    ]
}

fn reasons() -> Vec<StopReason> {
    let detail = || HOSTILE.to_owned();
    vec![
        StopReason::NotAuthenticated { detail: detail() },
        StopReason::NoToken { detail: detail() },
        StopReason::NotAuthorised { detail: detail() },
        StopReason::NotPaid { detail: detail() },
        StopReason::NotReachable { detail: detail() },
        StopReason::WrongEndpoint { detail: detail() },
        StopReason::rate_limited(RateLimit::BulkDelete, Duration::from_millis(86_400_001)),
        StopReason::no_answer(RateLimit::Token, Duration::from_secs(30)),
        StopReason::TooManyMissing {
            missing: 3,
            answered: 9,
        },
        StopReason::TooManyFailures {
            failed: 4,
            answered: 9,
        },
        StopReason::FailedBatches {
            batches: 5,
            detail: detail(),
        },
        StopReason::TimeBudget,
        StopReason::Broken { detail: detail() },
        StopReason::NotRecorded { detail: detail() },
        StopReason::Signal { number: 15 },
    ]
}

#[test]
fn each_event_has_its_line() {
    let (stream, summary) = told(&each_thing(), &each_event(), false);
    insta::assert_snapshot!(stream);
    fits(&stream);
    assert!(is_stream(stream.as_bytes()));
    // A terminal that shows it obeys nothing in it.
    assert!(
        stream
            .chars()
            .all(|shown| shown == '\n' || !shown.is_control()),
        "{stream}"
    );
    assert_eq!(replayed(&stream), summary);
}

#[test]
fn every_reason_comes_back_as_it_was() {
    for reason in reasons() {
        let events = [
            RunEvent::Started(info()),
            RunEvent::Stopping {
                at: at("2026-07-01T10:00:02Z"),
                reason: reason.clone(),
            },
            ended(Ending::Stopped(reason)),
        ];
        let (stream, summary) = told(&each_thing(), &events, false);
        fits(&stream);
        assert_eq!(replayed(&stream), summary);
    }
}

/// A plan in which nothing goes, since something protected is connected with it.
fn holding_back() -> Plan {
    let kept = kept_samples::kept(0, id(1));
    let held = Decision::Held {
        why: kept.why,
        until: kept.until,
        path: Some(kept.path),
    };
    Plan {
        steps: vec![step(1, held, None)],
        ..Plan::default()
    }
}

#[test]
fn a_run_without_work_and_a_command_that_failed_are_told_too() {
    let mut lines = Lines::new(Names::Full);
    let summary = SummaryBuilder::new(&Plan::default(), "retire.state.json").finish();
    let bytes = lines.close(&[], &summary, Close { exit: 0, ..close() });
    let idle = String::from_utf8(bytes.to_vec()).unwrap();
    fits(&idle);
    assert_eq!(replayed(&idle), summary);
    // What is held back all the same is said at the end.
    let kept = SummaryBuilder::new(&holding_back(), "retire.state.json").finish();
    assert_eq!(kept.kept.len(), 1);
    let bytes = lines.close(&[], &kept, Close { exit: 0, ..close() });
    let said = String::from_utf8(bytes.to_vec()).unwrap();
    fits(&said);
    assert_eq!(replayed(&said), kept);
    let error = lines.error(at("2026-07-01T10:00:00Z"), "no token", Some("give one"), 7);
    let error = String::from_utf8(error.to_vec()).unwrap();
    fits(&error);
    let failed = Replayed::Failed {
        message: "no token".to_owned(),
        hint: Some("give one".to_owned()),
    };
    assert_eq!(replay(error.as_bytes()).unwrap(), [failed]);
    // A file to which several runs were appended is all of them.
    let (run, summary) = told(&each_thing(), &each_event(), true);
    let runs = replay(format!("{run}{error}{idle}").as_bytes()).unwrap();
    assert_eq!(runs.len(), 3);
    let cut = Summary {
        ending: None,
        elapsed: Duration::ZERO,
        ..summary
    };
    assert_eq!(runs[0], Replayed::Run(Box::new(cut)));
}

#[test]
fn what_is_no_stream_is_told_by_its_line() {
    let (stream, _) = told(&each_thing(), &each_event(), false);
    let (first, rest) = stream.split_once('\n').unwrap();
    for (text, line, words) in [
        (rest.to_owned(), 1, "before `run_started`"),
        (format!("{first}\nnonsense\n{rest}"), 2, "not an event"),
        (
            stream.replacen("\"version\":1", "\"version\":2", 1),
            1,
            "version 2 of the event stream",
        ),
        (
            stream.replacen("batch_sent", "batch_cent", 1),
            4,
            "batch_cent",
        ),
        (
            stream.replacen("\"requests\"", "\"demands\"", 1),
            20,
            "demands",
        ),
    ] {
        let error = replay(text.as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
    assert!(!is_stream(b"{\"version\":1,\"lineage\":\"x\",\n"));
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Retired(Evidence::Answer)),
        Just(Outcome::Gone(Evidence::Read)),
        Just(Outcome::Unknown),
        ".{0,8}".prop_map(|message| refusal(&message)),
    ]
}

/// The events of a run that sends batches of a plan's assets, some of them twice.
fn events() -> impl Strategy<Value = Vec<RunEvent>> {
    let batch = (
        any::<bool>(),
        proptest::collection::btree_map(1_u128..7, proptest::option::of(outcome()), 1..4),
        any::<bool>(),
    );
    proptest::collection::vec(batch, 0..6).prop_map(|batches| {
        let mut events = vec![RunEvent::Started(info())];
        let mut read = Vec::new();
        let mut lost = BTreeSet::new();
        for (batch, (resolve, mut assets, is_answered)) in (1..).zip(batches) {
            // What was unknown before is read first, and else only what the run made unknown.
            let unknown = |n: &u128| matches!(n, 5 | 6) || lost.contains(n);
            let resolve = resolve && assets.keys().all(unknown);
            let task = if resolve { Task::Resolve } else { Task::Delete };
            if resolve {
                read.extend(assets.keys().copied());
            }
            assets.retain(|n, _| !matches!(n, 5 | 6) || read.contains(n));
            let ids: Vec<u128> = assets.keys().copied().collect();
            events.push(intent(batch, task, &ids));
            if is_answered {
                let known = assets.into_iter();
                let known = known.filter_map(|(n, outcome)| Some((n, outcome?)));
                let outcomes = known
                    .filter(|(_, outcome)| !resolve || *outcome == Outcome::Gone(Evidence::Read));
                let outcomes: Vec<_> = outcomes.collect();
                for (n, outcome) in &outcomes {
                    if *outcome == Outcome::Unknown {
                        lost.insert(*n);
                    } else {
                        lost.remove(n);
                    }
                }
                events.push(answered(batch, outcomes));
            }
        }
        events
    })
}

#[test]
fn what_a_run_made_unknown_itself_is_not_taken_for_unknown_before() {
    let both = |outcome: &Outcome| [1, 2].map(|n| (n, outcome.clone())).to_vec();
    let events = [
        RunEvent::Started(info()),
        intent(1, Task::Delete, &[1, 2]),
        answered(1, both(&Outcome::Unknown)),
        intent(2, Task::Resolve, &[1, 2]),
        answered(2, both(&Outcome::Gone(Evidence::Read))),
        ended(Ending::Done),
    ];
    let (stream, summary) = told(&each_thing(), &events, false);
    assert_eq!(summary.resolved, 0);
    assert_eq!(replayed(&stream), summary);
}

proptest! {
    #[test]
    fn a_stream_says_all_that_the_summary_says(mut events in events(), ends in any::<bool>()) {
        if ends {
            events.push(ended(Ending::Done));
        }
        let (stream, summary) = told(&each_thing(), &events, false);
        if ends {
            prop_assert_eq!(replayed(&stream), summary);
        }
        let (stream, summary) = told(&each_thing(), &events, true);
        prop_assert_eq!(replayed(&stream), Summary { ending: None, elapsed: Duration::ZERO, ..summary.clone() });
        // What was cut off its end says less, and nothing else.
        let mut cut = stream.len() - 1;
        while !stream.is_char_boundary(cut) {
            cut -= 1;
        }
        if stream.lines().count() > 1 {
            let less = replayed(&stream[..cut]);
            prop_assert!(less.counts.retired <= summary.counts.retired + summary.counts.unknown);
            prop_assert_eq!(less.run, summary.run);
        }
    }
}
