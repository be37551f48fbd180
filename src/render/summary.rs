//! What `apply` prints at its end: what happened, what did not, and what to do next.

use std::io::{self, Write};
use std::time::Duration;

use crate::render::lines::{self, Most, Order};
use crate::render::model::Report;
use crate::render::text::ROWS;
use crate::render::{Style, share};

/// Writes the end of a run for people. Where it `folds`, as on a terminal, its lists take as many lines
/// together as those of a plan.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn summary(
    report: &Report<'_>,
    folds: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let before = [&report.title].into_iter().chain(&report.lead);
    for line in before.chain(&report.attention) {
        writeln!(sink, "{}", lines::line(line, style))?;
    }
    let told: Vec<_> = report
        .groups
        .iter()
        .filter(|group| group.title.is_some())
        .collect();
    let sizes: Vec<usize> = told.iter().map(|group| lines::lines_of(group)).collect();
    let shares = if folds { share(&sizes, ROWS) } else { sizes };
    for (group, lines) in told.into_iter().zip(shares) {
        lines::group(group, (Most::Lines(lines), Order::Names, style), sink)?;
    }
    lines::next(&report.next, style, sink)
}

/// Writes what is to do next after a plan with nothing to do, which says itself what it is.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn after_idle(
    report: &Report<'_>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    lines::next(&report.next, style, sink)
}

/// Shows how long something took: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
pub(crate) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, elapsed.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Says what follows from the first signal, with how long answers are waited for at most.
pub(crate) fn stop_asked(grace: Duration) -> String {
    format!(
        "stopping: the run sends nothing more and waits up to {} for open answers; the same signal again within 2 s stops at once",
        match grace.as_secs() {
            0 => "0 s".to_owned(),
            _ => duration(grace),
        }
    )
}
