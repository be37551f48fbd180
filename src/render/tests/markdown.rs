//! A plan as Markdown, held to its bounds.

use std::fmt::Write as _;

use super::picture::{Account, manifests, planned};
use super::*;
use crate::asset::Kind;
use crate::inventory::Facts;
use crate::plan::Checked;
use crate::render::markdown::{self, most_rows};
use crate::render::model::plan::{PlanReport, plan};
use crate::render::names::Names;
use crate::render::text::PlanView;
use crate::state::Api;

/// The plan of so many files in so many folders, of which the first three are held.
fn large(files: u128, folders: u128) -> Plan {
    let mut account = Account::default();
    account.project(id(1), "Tide", id(2));
    let folder_of = |number: u128| id(10 + number % folders);
    for number in 0..folders {
        let facts = Facts {
            name: Some(format!("day {number}").into()),
            project: Some(id(1)),
            parent: Some(id(2)),
            ..Facts::of_kind(Kind::Folder)
        };
        account.add(id(10 + number), facts);
    }
    let mut text = "version: 1\nassets:\n".to_owned();
    for number in 0..files {
        let file = id(100_000 + number);
        let facts = Facts {
            name: Some(format!("clip {number}.mov").into()),
            project: Some(id(1)),
            parent: Some(folder_of(number)),
            bytes: Some(1_000_000),
            ..Facts::of_kind(Kind::File)
        };
        account.add(file, facts);
        writeln!(text, "- {{id: {file}, owner: ana@x, reason: wrapped}}").unwrap();
    }
    text.push_str("holds:\n");
    for number in 0..3 {
        writeln!(
            text,
            "- {{id: {}, reason: claim open}}",
            id(100_000 + number)
        )
        .unwrap();
    }
    planned(&manifests(&[("retire.yaml", &text)]), &account.read())
}

fn shown(shown: &Plan, most: usize) -> String {
    let view = PlanView {
        plan: shown,
        checked: &Checked::in_tests(),
        no_state: None,
        batch_size: 50,
        forecast: &[],
        time_budget: None,
        skip_mismatched: false,
        full: false,
        width: None,
        now: "2026-11-27T12:00:00Z".parse().unwrap(),
    };
    let report = PlanReport {
        view: &view,
        state: "retire.state.json",
        serial: 7,
        id: "sha256:1",
        commit: Some("abc"),
        expires_at: "2026-11-28T12:00:00Z".parse().unwrap(),
        api: Api::V4,
        refused: None,
        is_before_merge: true,
    };
    let mut bytes = Vec::new();
    let report = plan(&report, most_rows(most)).shown(Names::Full);
    markdown::report(&report, most, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_large_plan_keeps_to_its_bound_and_says_all_that_decides() {
    let plan = large(20_000, 40);
    for most in [60_000, 8_000, 3_000, 0] {
        let text = shown(&plan, most);
        let fixed = shown(&plan, 0).len();
        assert!(text.len() <= most.max(fixed), "{} of {most}", text.len());
        for said in [
            "<!-- retire plan retire.state.json -->",
            "**19,997 files, 20 GB, go; nothing is sent before the merge.**",
            "Whose: `ana@x` 19,997 files (20 GB).",
            "**Held: 3**",
            "`Tide/day 0/clip 0.mov`",
            "claim open",
            "Plan `sha256:1`",
            "serial 7",
            "`abc`",
        ] {
            assert!(text.contains(said), "{most}: {said}: {text}");
        }
        // Ten folders have a row whatever the room.
        assert!(text.matches("\n| `Tide/day").count() >= 10, "{text}");
        assert_eq!(
            text.matches("<details>").count(),
            text.matches("</details>").count()
        );
    }
    let text = shown(&plan, 60_000);
    assert!(
        text.matches("\n| `Tide/day").count() == 40,
        "all folders fit"
    );
    let rows = text.matches("\n- `Tide/day").count();
    assert!(rows > 200, "{rows}");
    let more = text.lines().find(|line| line.starts_with("- … ")).unwrap();
    let more: usize = more
        .trim_start_matches("- … ")
        .trim_end_matches(" more")
        .replace(',', "")
        .parse()
        .unwrap();
    assert!(rows + more >= 19_997, "{rows} and {more}");
}

#[test]
fn rows_of_assets_are_left_out_before_folders() {
    let plan = large(4_000, 400);
    let folders = |text: &str| text.matches("\n| `Tide/day").count();
    let assets = |text: &str| text.matches("\n- `Tide/day").count();
    let text = shown(&plan, 60_000);
    assert_eq!(folders(&text), 400);
    assert!((1..4_000).contains(&assets(&text)), "{}", assets(&text));
    let text = shown(&plan, 8_000);
    assert!((11..400).contains(&folders(&text)), "{}", folders(&text));
    assert_eq!(assets(&text), 0);
    // How many are not shown is said of each all the same.
    assert!(
        text.contains("Retire: 3,997 assets</summary>\n\n- … 3,997 more\n"),
        "{text}"
    );
    assert!(text.len() <= 8_000);
}

#[test]
fn a_small_plan_is_shown_whole() {
    let plan = large(12, 2);
    let text = shown(&plan, 60_000);
    assert!(!text.contains('…'), "{text}");
    for step in &plan.steps {
        assert!(text.contains(&step.id.to_string()), "{}", step.id);
    }
}
