//! A plan as Markdown, held to its bounds.

use std::fmt::Write as _;

use super::picture::{Account, manifests, planned};
use super::*;
use crate::asset::Kind;
use crate::event::Subject;
use crate::inventory::Facts;
use crate::manifest::document::Guard;
use crate::plan::Checked;
use crate::plan::aside::Moves;
use crate::plan::figure::{self, Figure, Found, SetAt};
use crate::plan::since::{Comparison, Since};
use crate::render::markdown;
use crate::render::model::Line;
use crate::render::model::plan::view::PlanView;
use crate::render::model::plan::{PlanReport, plan};
use crate::render::names::Names;
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
    shown_since(shown, None, most)
}

fn shown_since(shown: &Plan, since: Option<&Comparison>, most: usize) -> String {
    let view = PlanView {
        plan: shown,
        checked: &Checked::in_tests(),
        no_state: None,
        since,
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
        refused: &[],
        is_before_merge: true,
    };
    let mut bytes = Vec::new();
    let report = plan(&report).shown(Names::Full);
    markdown::report(&report, most, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_first_sentence_says_what_is_moved_aside_and_until_when() {
    let mut plan = large(20, 2);
    plan.moves = Moves {
        aside: 5,
        files: 5,
        until: Some("2026-12-12T00:00:00Z".parse().unwrap()),
        ..Moves::default()
    };
    let title = |plan: &Plan| {
        let text = shown(plan, 0);
        let mut titles = text.lines().filter(|line| line.starts_with("**"));
        titles.next().unwrap().to_owned()
    };
    assert_eq!(
        title(&plan),
        "**17 files, 17 MB, are moved aside, where people can take them back until 2026-12-12T00:00:00Z; nothing is sent before the merge.**"
    );
    plan.moves.at_once = 12;
    assert_eq!(
        title(&plan),
        "**17 files, 17 MB, go: 5 into staging folders, where people can take them back until 2026-12-12T00:00:00Z; nothing is sent before the merge.**"
    );
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
fn rows_of_assets_fill_the_room_that_there_is() {
    let plan = large(20_000, 40);
    for most in [60_000, 30_000, 12_345] {
        let text = shown(&plan, most);
        assert!(text.len() <= most, "{} of {most}", text.len());
        // There is no room for one more row, and the small group is shown whole.
        assert!(text.len() + 150 > most, "{} of {most}", text.len());
        assert_eq!(text.matches("claim open").count(), 1 + 3, "{text}");
    }
}

#[test]
fn where_folds_have_no_room_it_is_said_how_many_assets_they_were_of() {
    let plan = large(4_000, 400);
    let said = "No room for a row of each: Retire: 3,997 assets, Held: 3 assets.\n\n";
    let least = shown(&plan, 0);
    assert!(least.contains(said), "{least}");
    assert!(!least.contains("<details>"), "{least}");
    for most in (least.len()..least.len() + 600).step_by(7) {
        let text = shown(&plan, most);
        assert!(text.len() <= most, "{} of {most}", text.len());
        assert_ne!(text.contains(said), text.contains("<details>"), "{text}");
    }
}

#[test]
fn what_is_held_stands_once_in_what_somebody_has_to_look_at() {
    let text = shown(&large(12, 2), 60_000);
    let (attention, _) = text.split_once("\n| project / folder").unwrap();
    assert_eq!(attention.matches("clip 0.mov").count(), 1, "{attention}");
    assert!(!attention.contains("Holds"), "{attention}");
    // What lies in no manifest, or is of a project, is said of its hold alone.
    let mut plan = large(12, 2);
    (plan.holds[1].at, plan.holds[1].change) = (None, None);
    plan.holds[2].held = Subject::Project(id(1));
    let text = shown(&plan, 60_000);
    let said = "- **Holds (3)**, 1 of them on what is held\n  - ";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("`releases:` lifts it"), "{text}");
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

/// What a plan says that is compared with an earlier one.
fn since(before: &Plan, now: &Plan) -> Comparison {
    let made = at("2026-11-26T12:00:00Z");
    Comparison::Since(Since::new(("sha256:0", made, true), before, now))
}

#[test]
fn names_of_what_is_new_are_left_out_last_and_never_how_much_it_is() {
    let (before, now) = (large(1_000, 400), large(4_000, 400));
    let since = since(&before, &now);
    let folders = |text: &str| text.matches("\n| `Tide/day").count();
    let said = "- **New since the plan of 2026-11-26T12:00:00Z:** 3,000 files, 3 GB";
    let names = ": `Tide/day 0/clip 1200.mov`, `Tide/day 0/clip 1600.mov`, ";
    let least = shown_since(&now, Some(&since), 0);
    assert!(least.contains(&format!("{said}\n")), "{least}");
    for held in ["**Held: 3**", "`Tide/day 0/clip 0.mov`", "**3,997 files"] {
        assert!(least.contains(held), "{held}: {least}");
    }
    assert_eq!(folders(&least), 10);
    // Room for the names comes before room for folders beyond ten, and that before assets.
    let frames = "<details><summary>Retire: 3,997 assets</summary>\n\n- … 3,997 more\n\n</details>\n\n\
        <details><summary>Held: 3 assets</summary>\n\n- … 3 more\n\n</details>\n\n";
    let counts = "No room for a row of each: Retire: 3,997 assets, Held: 3 assets.\n\n";
    let base = least.len() + frames.len() - counts.len();
    let roomy = shown_since(&now, Some(&since), base + 200);
    assert!(roomy.contains(&format!("{said}{names}")), "{roomy}");
    assert!(roomy.contains(", 2,995 more\n"), "{roomy}");
    assert!(folders(&roomy) < 13, "{roomy}");
    let few = shown_since(&now, Some(&since), base + 50);
    assert!(
        few.contains(&format!("{said}: `Tide/day 0/clip 1200.mov`, 2,999 more\n")),
        "{few}"
    );
    for more in (0..500).step_by(31) {
        let most = least.len() + more;
        let text = shown_since(&now, Some(&since), most);
        assert!(text.len() <= most);
        // How many each group has is said before anything else that may be left out.
        for frame in ["Retire: 3,997 assets<", "Held: 3 assets<"] {
            assert!(most < base || text.contains(frame), "{most}: {frame}");
        }
    }
}

#[test]
fn what_is_new_is_withheld_as_other_names_are() {
    let (before, now) = (large(8, 2), large(12, 2));
    for (names, shown) in [
        (
            Names::Path,
            format!("4 files, 4 MB: `Tide/day 0/{}`", id(100_010)),
        ),
        (Names::Off, format!("4 files, 4 MB: `{}`", id(100_010))),
    ] {
        let since = since(&before, &now);
        let changes = crate::render::since::changes(&now, Some(&since));
        let mut report = crate::render::model::failed(
            ("plan", "x"),
            (Vec::new(), None),
            at("2026-11-27T12:00:00Z"),
        );
        report.changes = changes;
        let mut bytes = Vec::new();
        markdown::report(&report.shown(names), 60_000, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&shown), "{text}");
        assert!(!text.contains("clip"), "{text}");
    }
}

#[test]
fn a_plan_that_says_what_it_said_before_says_so() {
    let plan = large(12, 2);
    let text = shown_since(&plan, Some(&since(&plan, &plan)), 60_000);
    let said = "- Nothing has changed since the plan of 2026-11-26T12:00:00Z.\n";
    assert!(text.contains(said), "{text}");
}

#[test]
fn what_tells_a_comment_from_another_tells_no_name() {
    let opening = |state: &str, names| {
        let why = (vec![Line::words("no")], None);
        let failed = crate::render::model::failed(("plan", state), why, at("2026-11-27T12:00:00Z"));
        let mut bytes = Vec::new();
        markdown::report(&failed.shown(names), markdown::COMMENT, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    let [tide, other] = ["tide/retire.state.json", "other/retire.state.json"];
    assert_eq!(
        opening(tide, Names::Path),
        "<!-- retire plan tide/retire.state.json -->"
    );
    assert_eq!(opening(tide, Names::Off), "<!-- retire plan afda97 -->");
    assert_ne!(opening(tide, Names::Off), opening(other, Names::Off));
}

#[test]
fn where_hundreds_of_guards_are_in_the_way_it_keeps_to_its_bound_and_says_how_many() {
    let plan = large(400, 4);
    let guards = |many: u128| {
        let one = |n| Figure {
            guard: Guard::MaxAssets,
            project: Some(figure::Subject {
                id: Some(id(200_000 + n)),
                name: Some(format!("Season {n} of a show with a long name").into()),
            }),
            found: Found::Assets(4_000),
            unread: 0,
            limit: 1_000,
            set_at: SetAt::Default,
        };
        let report = figure::Report {
            at: at("2026-11-26T12:00:00Z"),
            checked: true,
            loosened: Vec::new(),
            notes: Vec::new(),
            figures: (1..=many).map(one).collect(),
            incomplete: Vec::new(),
        };
        let plan = Plan {
            guards: Some(Arc::new(report)),
            ..plan.clone()
        };
        shown(&plan, 60_000)
    };
    let few = guards(25);
    assert!(
        few.contains("Season 25 of") && !few.contains("more\n\n"),
        "{few}"
    );
    let many = guards(400);
    assert!(many.len() <= 60_000, "{}", many.len());
    assert!(many.contains("Guards: 400 are in the way."), "{many}");
    let told = many.matches("of a show").count();
    assert!((50..400).contains(&told), "{told}");
}
