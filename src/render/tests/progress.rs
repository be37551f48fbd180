//! How far a run is, as one line.

use std::time::Duration;

use super::*;
use crate::event::{Listener, RunEvent, Task};
use crate::outcome::{Failure, Outcome};
use crate::render::progress::{Progress, line};

fn answer(progress: &mut Progress, outcomes: Vec<(u128, Outcome)>) {
    progress.hear(&RunEvent::Answered {
        batch: 1,
        at: at("2026-07-01T10:00:00Z"),
        outcomes: outcomes
            .into_iter()
            .map(|(n, outcome)| (id(n), outcome))
            .collect(),
        more: false,
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
    let mut progress = Progress::new(4_000);
    let mut lines = vec![line(&progress)];
    let mut outcomes: Vec<(u128, Outcome)> = (1..=1_248).map(|n| (n, Outcome::Retired)).collect();
    outcomes.extend([(2_000, refusal()), (2_001, refusal())]);
    answer(&mut progress, outcomes);
    for milliseconds in [100, 3_033, 61_000, 2_000_000] {
        progress.tick(Duration::from_millis(milliseconds));
        lines.push(line(&progress));
    }
    let rest = (3_000..5_750).map(|n| (n, Outcome::Gone)).collect();
    answer(&mut progress, rest);
    lines.push(line(&progress));
    lines.push(line(&Progress::new(1)));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_asset_is_counted_once_by_its_last_outcome() {
    let mut progress = Progress::new(3);
    progress.hear(&RunEvent::Intent {
        batch: 1,
        task: Task::Resolve,
        ids: [id(3)].into(),
    });
    answer(
        &mut progress,
        vec![(1, Outcome::Unknown), (2, refusal()), (3, Outcome::Gone)],
    );
    assert_eq!((progress.done(), progress.counts().retired), (3, 1));
    answer(
        &mut progress,
        vec![(1, Outcome::Gone), (2, Outcome::Retired)],
    );
    assert_eq!(line(&progress), "3 of 3 assets · 3 retired");
    assert_eq!(progress.total(), 3);
}
