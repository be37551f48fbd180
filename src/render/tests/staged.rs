//! What a run moves aside, as its end tells it.

use super::summary::{
    DENIED, answered, each_outcome, ended, folded, intent, refusal, shown, started,
};
use super::*;
use crate::asset::Kind;
use crate::event::{Ending, RunEvent, Staging, Task};
use crate::inventory::Known;
use crate::outcome::{Aside, Outcome, Phase};
use crate::plan::{LeftAlone, Other};
use crate::render::model::run::run;
use crate::render::report::Summary;

fn staged(into: u128, phase: Phase) -> Outcome {
    Outcome::Staged(Aside {
        into: id(into),
        asset: Kind::File,
        due: at("2026-07-15T10:00:00Z"),
        phase,
        inside: None,
    })
}

/// A run over the first four assets that moves two aside, one with another in it, and may not move one.
fn moves_aside() -> Summary {
    let plan = Plan {
        steps: vec![
            step(1, Decision::Retire, None),
            step(2, Decision::Retire, None),
            step(3, covered(2), None),
            step(4, Decision::Retire, None),
            step(
                5,
                Decision::Staged {
                    until: at("2026-07-20T10:00:00Z"),
                },
                None,
            ),
        ],
        totals: Totals {
            retire: 3,
            covered: 1,
            staged: 1,
            ..Totals::default()
        },
        ..Plan::default()
    };
    let sized = |n, bytes| {
        let known = Known {
            bytes: Some(bytes),
            ..Known::default()
        };
        (id(n), known)
    };
    let staging = |folder: Option<u128>| {
        RunEvent::Staging(Staging {
            project: id(100),
            name: "_retire 2026-07-15 run 7 ask ana".into(),
            root: Some(id(101)),
            id: folder.map(id),
            is_over: false,
        })
    };
    let events = [
        started(),
        staging(None),
        staging(Some(99)),
        RunEvent::Described {
            assets: vec![
                sized(1, 1_000_000),
                sized(2, 5_000_000),
                sized(3, 5_000_000),
            ],
        },
        answered(1, (1..=2).map(|n| (n, staged(99, Phase::Moving))).collect()),
        intent(1, Task::Stage, [1, 2]),
        answered(
            1,
            vec![
                (1, staged(99, Phase::There)),
                (3, staged(2, Phase::There)),
                (2, staged(99, Phase::There)),
            ],
        ),
        intent(2, Task::Stage, [4]),
        answered(2, Vec::new()),
        answered(2, vec![(4, refusal(FailureKind::Permission, DENIED))]),
        ended(Ending::Done),
    ];
    folded(&plan, &events)
}

#[test]
fn what_a_run_moves_aside_is_told_with_its_size_its_folder_and_its_date() {
    let summary = moves_aside();
    assert_eq!(summary.next_due(), Some(at("2026-07-15T10:00:00Z")));
    let text = shown(&summary);
    let said = "Staged: 3 assets, 6 MB in `_retire 2026-07-15 run 7 ask ana`; deleted from 2026-07-15T10:00:00Z on, unless somebody takes them back.\n";
    assert!(text.contains(said), "{text}");
    let left = "Left as it was: 1 staged (the next is due 2026-07-20T10:00:00Z).\n";
    assert!(text.contains(left), "{text}");
    let mut json = Vec::new();
    crate::render::json::summary(&summary, &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let staged = serde_json::json!({
        "assets": 3,
        "bytes": 6_000_000,
        "unmeasured": 0,
        "folders": ["_retire 2026-07-15 run 7 ask ana"],
        "due": "2026-07-15T10:00:00Z",
    });
    assert_eq!(json["staged"], staged);
    assert_eq!(json["next_due"], "2026-07-15T10:00:00Z");
    let report = run(&summary, None, at("2026-07-01T10:00:13Z"));
    assert!(report.figures.contains(&("staged", "3".to_owned())));
    // A run that stages nothing says nothing of it.
    let summary = each_outcome();
    assert!(!shown(&summary).contains("Staged"));
}

#[test]
fn what_is_moved_back_is_not_called_forgotten() {
    let forgotten = |ids: &[u128]| RunEvent::Forgotten {
        at: at("2026-07-01T10:00:02Z"),
        ids: ids.iter().map(|n| id(*n)).collect(),
    };
    let events = [
        started(),
        forgotten(&[8]),
        intent(1, Task::Unstage, [1, 2]),
        answered(1, Vec::new()),
        forgotten(&[1]),
        ended(Ending::Done),
    ];
    let summary = folded(&Plan::default(), &events);
    assert_eq!((summary.forgotten, summary.moved_back), (2, 1));
    let text = shown(&summary);
    assert!(text.contains("Run 7: 1 moved back, 1 forgotten"), "{text}");
}

#[test]
fn what_the_server_did_not_move_is_no_failed_delete() {
    let text = shown(&moves_aside());
    let said = "  - 1 asset was not moved aside, and is where it was (permission): ask an account admin for the right to move it, or delete it by itself with `--strategy direct`\n";
    assert!(text.contains(said), "{text}");
    assert!(!text.contains("the right to delete"), "{text}");
}

#[test]
fn what_is_left_alone_is_told_with_what_is_to_be_done() {
    let summary = Summary {
        run: Some(7),
        left_alone: [
            (1, Other::Moved),
            (2, Other::Foreign(id(50))),
            (3, Other::Stuck),
            (4, Other::Stuck),
            (5, Other::Unsettled),
        ]
        .map(|(n, other)| LeftAlone { id: id(n), other })
        .into(),
        ..Summary::default()
    };
    let text = shown(&summary);
    let titles: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("warning:"))
        .collect();
    assert_eq!(
        titles,
        [
            "warning: 1 asset is other than reviewed and left alone; make a new plan for what is left:",
            "warning: 1 asset waits with something in its staging folder that nobody has reviewed; move that out, then run apply again:",
            "warning: 2 assets stay where they are, for the reason that stands beside them; settle that, then run apply again:",
            "warning: 1 asset was left alone, since nobody could tell how it stands; run apply again, which looks first:",
        ]
    );
}
