//! A plan as text.

use std::path::Path;

use super::*;
use crate::asset::Kind;
use crate::event::Other;
use crate::plan::forecast::{Cut, forecast};
use crate::plan::{Checked, LeftAlone};
use crate::render::Style;
use crate::render::model::plan::view::PlanView;
use crate::render::text::plan;
use crate::state::Api;

fn shown(plan_shown: &Plan, full: bool, colour: bool) -> String {
    on_page(plan_shown, None, full, colour)
}

fn on_terminal(plan_shown: &Plan, width: usize) -> String {
    on_page(plan_shown, Some(width), false, false)
}

fn on_page(plan_shown: &Plan, width: Option<usize>, full: bool, colour: bool) -> String {
    let view = PlanView {
        plan: plan_shown,
        checked: &Checked::NotChecked,
        no_state: None,
        since: None,
        batch_size: 50,
        forecast: &forecast(
            plan_shown,
            Cut {
                api: Api::V2,
                batch_size: 50,
                canary: 5,
            },
        ),
        time_budget: None,
        skip_mismatched: false,
        full,
        width,
        now: at("2026-11-27T12:00:00Z"),
    };
    let mut bytes = Vec::new();
    plan(&view, Style { colour }, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn each_thing_has_its_line() {
    insta::assert_snapshot!(shown(&each_thing(), false, false));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plain = shown(&each_thing(), false, false);
    let coloured = shown(&each_thing(), false, true);
    assert_ne!(plain, coloured);
    assert_eq!(without_colour(&coloured), plain);
}

#[test]
fn nothing_to_do_is_said_in_a_sentence() {
    let nothing = Plan::default();
    let unchanged = Plan {
        steps: Vec::new(),
        totals: Totals {
            unchanged: 1_204,
            history: 2,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let deferred = Plan {
        steps: each_thing().steps[9..10].to_vec(),
        totals: Totals {
            defer: 1,
            unchanged: 3,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let texts = [nothing, unchanged, deferred].map(|plan| shown(&plan, false, false));
    insta::assert_snapshot!(texts.join("----\n"));
}

#[test]
fn what_was_left_alone_was_listed() {
    let left = |n| LeftAlone {
        id: id(n),
        other: Other::Moved,
    };
    let plan = Plan {
        left_alone: vec![left(1), left(2)],
        ..Plan::default()
    };
    let text = shown(&plan, false, false);
    assert!(
        text.contains("Nothing to do: 2 listed assets are left alone."),
        "{text}"
    );
}

#[test]
fn that_there_is_no_state_yet_stands_at_the_top() {
    let view = PlanView {
        plan: &Plan::default(),
        checked: &Checked::in_tests(),
        no_state: Some(Path::new("a\u{1b}b.json")),
        since: None,
        batch_size: 50,
        forecast: &[],
        time_budget: None,
        skip_mismatched: false,
        full: true,
        width: None,
        now: at("2026-11-27T12:00:00Z"),
    };
    let mut bytes = Vec::new();
    plan(&view, Style { colour: false }, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.starts_with("No state yet: `a\\u{1b}b.json` is not there, "),
        "{text}"
    );
}

#[test]
fn a_single_asset_is_one_line() {
    let single = Plan {
        steps: each_thing().steps[..1].to_vec(),
        totals: Totals {
            retire: 1,
            ..Totals::default()
        },
        ..Plan::default()
    };
    insta::assert_snapshot!(shown(&single, false, false));
}

#[test]
fn a_terminal_folds_a_long_plan_and_every_group_keeps_its_figures() {
    let mut steps: Vec<Step> = (1..=1_000)
        .map(|n| step(n, Decision::Retire, None))
        .collect();
    steps.push(step(2_000, refused(2), None));
    let until = at("2026-12-01T12:00:00Z");
    steps.extend((3_000..3_300).map(|n| step(n, Decision::Defer { until }, None)));
    let long = Plan {
        steps,
        totals: Totals {
            retire: 1_000,
            retry: 1,
            defer: 300,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let folded = on_terminal(&long, 100);
    insta::assert_snapshot!(folded);
    for whole in [shown(&long, false, false), shown(&long, true, false)] {
        assert_eq!(whole.lines().count(), 1_301 + 1 + 3 * 2 + 4);
        assert!(!whole.contains("--full"));
    }
}

#[test]
fn folders_and_the_files_of_a_version_stack_are_shown_as_such() {
    let step = |n, kind| Step {
        id: id(n),
        decision: Decision::Retire,
        details: Some(Arc::new(Details {
            kind: Some(kind),
            ..reason("old")
        })),
        spot: None,
    };
    let plan = Plan {
        steps: vec![
            step(1, Kind::File),
            step(2, Kind::Folder),
            step(3, Kind::VersionStack),
            step(4, Kind::VersionStack),
        ],
        totals: Totals {
            retire: 4,
            ..Totals::default()
        },
        stacks: [(id(3), (30..42).map(id).collect())].into(),
        ..Plan::default()
    };
    insta::assert_snapshot!(shown(&plan, false, false));
}
