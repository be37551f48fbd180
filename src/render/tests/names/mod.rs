//! What is withheld: with a text of its own in each place that has one from elsewhere, no report and
//! no event shows one that it must not.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use self::happened::{events, findings, live, run, state};
use self::planned::{Sort, Texts, checked, plan, refusals};
use super::*;
use crate::event::RateLimit;
use crate::find::filter::By;
use crate::find::sum::Order;
use crate::find::{Protected, Query, find};
use crate::plan::approve::Refused;
use crate::plan::due::due;
use crate::plan::forecast::{RateForecast, Stage};
use crate::plan::since::{Comparison, Since};
use crate::render::checks::annotations::annotations;
use crate::render::checks::gitlab::quality;
use crate::render::checks::junit::junit;
use crate::render::checks::{self, Check};
use crate::render::due::DueView;
use crate::render::events::Event;
use crate::render::html::page;
use crate::render::markdown;
use crate::render::model::find::FindReport;
use crate::render::model::plan::PlanReport;
use crate::render::model::plan::view::PlanView;
use crate::render::model::{self, Block, Change, Line, Piece, Report};
use crate::render::names::Names;
use crate::render::report::Summary;
use crate::render::{documents, find_data, json, withheld};
use crate::state::Api;

mod happened;
mod planned;

fn reports_of_plan(
    plan: &Plan,
    refusals: &[Refused],
    texts: &Texts,
    each: &mut dyn FnMut(Report<'_>),
) {
    let checked = checked(texts);
    let path = std::path::PathBuf::from(texts.other());
    let since = Since::new(
        ("sha256:0", at("2026-11-26T12:00:00Z"), true),
        &Plan::default(),
        plan,
    );
    let since = Comparison::Since(since);
    // With these calls it is said which folders might be listed as a whole.
    let forecast = [RateForecast {
        stage: Stage::Run,
        call: RateLimit::DeleteFile.name().to_owned(),
        calls: 5,
        limit: 100,
        window_ms: 60_000,
        documented: true,
        seconds: 0,
    }];
    let view = PlanView {
        plan,
        checked: &checked,
        no_state: Some(&path),
        since: Some(&since),
        batch_size: 50,
        forecast: &forecast,
        time_budget: None,
        skip_mismatched: false,
        full: false,
        width: None,
        now: at("2026-11-27T12:00:00Z"),
    };
    let state = texts.other();
    let commit = texts.other();
    for refused in refusals {
        let report = PlanReport {
            view: &view,
            state: &state,
            serial: 7,
            id: "sha256:1",
            commit: Some(&commit),
            expires_at: at("2026-11-28T12:00:00Z"),
            api: Api::V4,
            refused: std::slice::from_ref(refused),
            is_before_merge: true,
        };
        each(model::plan::plan(&report));
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn of_report(report: Report<'_>, names: Names) -> [String; 2] {
    let report = report.shown(names);
    [
        written(|sink| markdown::report(&report, 1_000_000, sink)),
        written(|sink| page(&report, sink)),
    ]
}

fn of_checks(checks: &[Check], names: Names) -> Vec<String> {
    let mut all = vec![
        written(|sink| junit(&checks::shown(checks.to_vec(), names), sink)),
        written(|sink| quality(&checks::shown(checks.to_vec(), names), "retire.yaml", sink)),
    ];
    // A step shows ten of them.
    for some in checks.chunks(10) {
        all.push(written(|sink| {
            annotations(&checks::shown(some.to_vec(), names), sink)
        }));
    }
    all
}

/// Each report and each stream that there is.
fn everything(texts: &Texts, names: Names) -> Vec<String> {
    let (plan, manifests) = plan(texts);
    let mut all = Vec::new();
    let refusals = refusals(texts);
    reports_of_plan(&plan, &refusals, texts, &mut |report| {
        all.extend(of_report(report, names));
    });
    let path = texts.other();
    let events = events(texts);
    let (stream, summary) = run(&plan, &events, &path, names);
    fits(&stream);
    all.push(stream);
    let idle = Summary {
        run: None,
        ..summary.clone()
    };
    let state = state(texts);
    let now = at("2026-11-27T12:00:00Z");
    let mut reports = vec![
        model::run::run(&summary, Some(&state), now),
        model::run::run(&idle, None, now),
        model::state::state(&state, (&texts.other(), None), now),
    ];
    let name = texts.other();
    for refused in &refusals {
        let why = (
            vec![withheld::refused(refused).line()],
            Some(refused.hint()),
        );
        reports.push(model::failed(("plan", &name), why, now));
    }
    let reports = reports.into_iter();
    all.extend(reports.flat_map(|report| of_report(report, names)));
    let read = live(texts);
    let protected = Protected {
        held: BTreeSet::from([id(10)]),
        marking: None,
    };
    let answer = find(&read, &Query::default(), &protected);
    let unread = [(texts.text(Sort::Other), texts.words())];
    let asked = texts.words();
    let report = FindReport {
        answer: &answer,
        unread: &unread,
        by: By::Updated,
        depth: None,
        order: Order::Bytes,
        asked: &asked,
        now,
    };
    all.extend(of_report(model::find::find(&report), names));
    for document in [
        written(|sink| json::summary(&summary, sink)),
        written(|sink| json::overview(&state, Some(1), sink)),
        written(|sink| find_data::json(&answer, &unread, sink)),
    ] {
        all.push(written(|sink| {
            documents::withheld(document.as_bytes(), names, sink)
        }));
    }
    let after = state
        .assets
        .iter()
        .map(|(id, record)| (*id, record.status.clone()));
    let of_run = checks::run::checks(&plan, &manifests.files, &summary, &after.collect());
    all.extend(of_checks(&of_run, names));
    for refused in &refusals {
        let checks = checks::plan::checks(&plan, &manifests.files, std::slice::from_ref(refused));
        all.extend(of_checks(&checks, names));
    }
    all.extend(of_checks(&findings(texts), names));
    let owners = due(&manifests, Some(&state), (now, at("2027-12-01T12:00:00Z")));
    let view = DueView {
        owners: &owners,
        until: now,
    };
    all.push(written(|sink| {
        crate::render::due::markdown(&view, names, sink)
    }));
    all
}

/// Each line of a stream fits its schema, and is read again.
fn fits(stream: &str) {
    let text = crate::cli::schemas::text(crate::cli::args::SchemaName::Events);
    let schema = serde_json::from_str(text).unwrap();
    let validator = jsonschema::draft202012::options().build(&schema).unwrap();
    for line in stream.lines() {
        let value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
        serde_json::from_str::<Event<'_>>(line).unwrap();
    }
}

#[test]
fn every_text_of_these_tests_is_one_that_a_report_has() {
    let texts = Texts::new("aaaaaa");
    let all = everything(&texts, Names::Full).join("\n");
    let made = texts.made.borrow();
    let lacking = made.iter().filter(|(text, _)| !all.contains(&**text));
    let lacking: Vec<_> = lacking.collect();
    // Some take the place of others that are shown.
    assert!(
        lacking.len() * 8 < made.len(),
        "{} of {}: {lacking:?}",
        lacking.len(),
        made.len()
    );
    assert!(made.len() > 150, "{}", made.len());
}

#[test]
fn what_is_withheld_is_said_in_our_own_words() {
    let texts = Texts::new("aaaaaa");
    let (plan, _) = plan(&texts);
    let mut said = String::new();
    for names in [Names::Path, Names::Off] {
        let refused = &refusals(&texts)[4..5];
        reports_of_plan(&plan, refused, &texts, &mut |report| {
            let [markdown, _] = of_report(report, names);
            writeln!(said, "{}\n{markdown}", names.name()).unwrap();
        });
    }
    let (stream, summary) = run(&plan, &events(&texts), "s.json", Names::Off);
    let now = at("2026-11-27T12:00:00Z");
    let [markdown, _] = of_report(model::run::run(&summary, None, now), Names::Off);
    insta::assert_snapshot!(format!("{said}\n{markdown}\n{stream}"));
}

/// All that a report says in lines.
fn lines(report: Report<'_>) -> Vec<Line> {
    let Report {
        title,
        lead,
        attention,
        changes,
        checks,
        closing,
        ..
    } = report;
    let checks = checks.into_iter().map(|block| match block {
        Block::Paragraph(line) | Block::Item(line) => line,
    });
    let changes = changes.iter().map(Change::line);
    let all = [title].into_iter().chain(lead).chain(attention);
    all.chain(changes).chain(checks).chain(closing).collect()
}

#[test]
fn no_text_from_elsewhere_is_taken_for_words_of_ours() {
    let texts = Texts::new("aaaaaa");
    let (plan, _) = plan(&texts);
    let refusals = refusals(&texts);
    let mut all = Vec::new();
    reports_of_plan(&plan, &refusals, &texts, &mut |report| {
        all.extend(lines(report));
    });
    let now = at("2026-11-27T12:00:00Z");
    for refused in &refusals {
        let why = (
            vec![withheld::refused(refused).line()],
            Some(refused.hint()),
        );
        all.extend(lines(model::failed(("apply", "s.json"), why, now)));
    }
    let mut foreign = 0;
    for Line(pieces) in all {
        for piece in pieces {
            match piece {
                Piece::Words(words) | Piece::Strong(_, words) => {
                    assert!(!words.contains("zqaaaaaa"), "{words}");
                    // Every other piece is code.
                    let outside: String = words.split('`').step_by(2).collect();
                    assert!(
                        !outside.contains("0000-0000"),
                        "an id that is no code: {words}"
                    );
                    assert_eq!(words.matches('`').count() % 2, 0, "{words}");
                }
                Piece::Foreign(text) | Piece::Quoted(text) => {
                    foreign += text.shown().matches("zqaaaaaa").count();
                }
            }
        }
    }
    assert!(foreign > 100, "{foreign}");
}

#[test]
fn no_event_loses_a_word_of_ours() {
    let streams = [Names::Full, Names::Off].map(|names| {
        let texts = Texts::new("aaaaaa");
        let (plan, _) = plan(&texts);
        run(&plan, &events(&texts), "s.json", names).0
    });
    let [full, off] = streams.each_ref().map(|stream| {
        let lines = stream.lines();
        let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    });
    for (full, off) in full.iter().zip(&off) {
        for key in [
            "type", "at", "run", "batch", "id", "ids", "task", "kind", "evidence", "counts",
            "ending", "exit", "over",
        ] {
            assert_eq!(full.get(key), off.get(key), "{full} {off}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn nothing_that_is_withheld_is_in_any_report(stem in "[a-z]{6}") {
        let texts = Texts::new(&stem);
        for said in everything(&texts, Names::Off) {
            for (text, _) in texts.made.borrow().iter() {
                prop_assert!(!said.contains(&**text), "{}: {}", text, said);
            }
        }
        let texts = Texts::new(&stem);
        for said in everything(&texts, Names::Path) {
            let made = texts.made.borrow();
            for (text, _) in made.iter().filter(|(_, sort)| *sort == Sort::File) {
                prop_assert!(!said.contains(&**text), "{}: {}", text, said);
            }
        }
    }
}
