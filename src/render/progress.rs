//! How far a run is: its events folded into one plain line.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::asset::AssetId;
use crate::event::{Listener, RunEvent, Task};
use crate::outcome::Outcome;
use crate::render::{count, counted};
use crate::state::Counts;

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    total: usize,
    counts: Counts,
    elapsed: Duration,
    /// The assets that were refused or not answered so far, since they may be asked for again.
    open: HashMap<AssetId, Open>,
    /// The assets that were unknown before the run.
    were_unknown: HashSet<AssetId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Failed,
    Unknown,
}

impl Progress {
    /// Starts with the number of assets that the plan may delete.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }

    /// Takes the time since the run began, for the speed and for what is left.
    pub const fn tick(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
    }

    /// How many assets the plan may delete.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// How many assets have an outcome.
    #[must_use]
    pub const fn done(&self) -> usize {
        let Counts {
            retired,
            gone,
            failed,
            unknown,
        } = self.counts;
        retired + gone + failed + unknown
    }

    /// What became of them so far, each counted once by its last outcome.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn take(&mut self, id: AssetId, outcome: &Outcome) {
        let before = self.open.remove(&id);
        match before {
            Some(Open::Failed) => self.counts.failed -= 1,
            Some(Open::Unknown) => self.counts.unknown -= 1,
            None => {}
        }
        let unanswered = before == Some(Open::Unknown) || self.were_unknown.contains(&id);
        match outcome {
            Outcome::Retired => self.counts.retired += 1,
            // Missing after a delete whose answer was lost: that delete took effect.
            Outcome::Gone if unanswered => self.counts.retired += 1,
            Outcome::Gone => self.counts.gone += 1,
            Outcome::Failed(_) => {
                self.counts.failed += 1;
                self.open.insert(id, Open::Failed);
            }
            Outcome::Unknown => {
                self.counts.unknown += 1;
                self.open.insert(id, Open::Unknown);
            }
        }
    }
}

impl Listener for Progress {
    fn hear(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Intent {
                batch: _,
                task: Task::Resolve,
                ids,
            } => self.were_unknown.extend(ids.iter()),
            RunEvent::Answered {
                batch: _,
                at: _,
                outcomes,
                more: _,
            } => {
                for (id, outcome) in outcomes {
                    self.take(*id, outcome);
                }
            }
            RunEvent::Started(_)
            | RunEvent::Intent { .. }
            | RunEvent::Forgotten { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => {}
        }
    }
}

/// Says in one line how far a run is, how fast, and how long it still takes.
#[must_use]
pub fn line(progress: &Progress) -> String {
    let done = progress.done();
    let mut parts = vec![format!(
        "{} of {}",
        count(done),
        counted(progress.total, "asset", "assets")
    )];
    let Counts {
        retired,
        gone,
        failed,
        unknown,
    } = progress.counts;
    for (figure, word) in [
        (retired, "retired"),
        (gone, "already gone"),
        (failed, "failed"),
        (unknown, "unknown"),
    ] {
        if figure > 0 {
            parts.push(format!("{} {word}", count(figure)));
        }
    }
    let elapsed = progress.elapsed.as_millis();
    // Before half a second a speed says nothing, and without an outcome there is none.
    if elapsed >= 500 && done > 0 {
        parts.push(speed(done, elapsed));
        let left = progress.total.saturating_sub(done);
        if left > 0 {
            let milliseconds = (left as u128).saturating_mul(elapsed) / done as u128;
            let seconds = u64::try_from(milliseconds.div_ceil(1_000)).unwrap_or(u64::MAX);
            parts.push(format!("about {} left", roughly(seconds)));
        }
    }
    parts.join(" · ")
}

fn speed(done: usize, elapsed: u128) -> String {
    let per = |milliseconds: u128| {
        let rate = (done as u128).saturating_mul(milliseconds) / elapsed;
        usize::try_from(rate).unwrap_or(usize::MAX)
    };
    match (per(1_000), per(60_000)) {
        (0, minute) => format!("{}/min", count(minute)),
        (second, _) => format!("{}/s", count(second)),
    }
}

/// Shows roughly how long something takes.
pub(crate) fn roughly(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!(
            "{} h {} min",
            crate::render::thousands(seconds / 3_600),
            seconds % 3_600 / 60
        ),
    }
}
