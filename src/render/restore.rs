//! What `retire restore` shows: what would come back, and what came of it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::inventory::Known;
use crate::plan::restore::{Candidate, Restore, Standing};
use crate::render::escape::escape;
use crate::render::model::stopped::stopped;
use crate::render::text::ROWS;
use crate::render::{Paint, Style, count, counted, moment, rows, size, thousands, words};

/// What does not come back as it was.
const NOT_BACK: &str = "The versions of a stack may come back in another order, and links that were shared may stay dead.";

/// How what went with a staging folder comes back.
const STAGED: &str = "What was staged comes back with all of its staging folder, and each asset is moved back to where it was; then the empty folder is deleted.";

/// Writes what would come back. Where it `folds`, as on a terminal, a group has so many rows as a
/// plan.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(
    plan: &Restore,
    (folds, now): (bool, Timestamp),
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let assets = counted(plan.assets(), "asset comes", "assets come");
    words::heading(&format!("{assets} back{}.", sized(plan)), style, sink)?;
    let groups = [
        ("Restore", "", is_restored as fn(&Standing) -> bool),
        (
            "Move back",
            ": their staging folder is there, and they go back to where they were",
            is_waiting,
        ),
        ("Back already", ": only recorded, nothing is sent", is_back),
        (
            "Too late",
            ": Frame.io keeps what was deleted for 30 days",
            is_over,
        ),
        ("Not read", ": left as they are", is_unread),
    ];
    for (title, why, is_of) in groups {
        let rows: Vec<_> = plan
            .rows
            .iter()
            .filter(|(_, standing)| is_of(standing))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let title = style.paint(Paint::Bold, format!("{title} ({})", count(rows.len())));
        writeln!(sink, "\n{title}{why}")?;
        let shown = if folds {
            rows.len().min(ROWS)
        } else {
            rows.len()
        };
        for (candidate, standing) in &rows[..shown] {
            writeln!(sink, "  {}", row(candidate, *standing, now))?;
            staged(candidate, folds, style, sink)?;
        }
        words::fold(2, rows.len() - shown, "more", style, sink)?;
    }
    if plan
        .rows
        .iter()
        .any(|(one, of)| one.is_staging() && of.is_asked())
    {
        writeln!(sink, "\n{STAGED}")?;
    }
    if plan.rows.iter().any(|(_, standing)| is_restored(standing)) {
        writeln!(sink, "\n{NOT_BACK}")?;
    }
    Ok(())
}

const fn is_restored(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::Deleted { .. } | Standing::NotListed { .. }
    )
}

const fn is_back(standing: &Standing) -> bool {
    matches!(standing, Standing::Back { .. })
}

const fn is_waiting(standing: &Standing) -> bool {
    matches!(standing, Standing::Waits)
}

const fn is_over(standing: &Standing) -> bool {
    matches!(standing, Standing::Over { .. })
}

const fn is_unread(standing: &Standing) -> bool {
    matches!(standing, Standing::Unread)
}

/// How large all of it is, as far as that is known.
fn sized(plan: &Restore) -> String {
    let asked = plan.rows.iter().filter(|(_, standing)| standing.is_asked());
    let bytes: Vec<Option<u64>> = asked.map(|(candidate, _)| candidate.known.bytes).collect();
    let known: u64 = bytes
        .iter()
        .flatten()
        .fold(0, |sum, bytes| sum.saturating_add(*bytes));
    let unmeasured = bytes.iter().filter(|bytes| bytes.is_none()).count();
    if known == 0 {
        return String::new();
    }
    format!(", {}", size::at_least(known, unmeasured))
}

/// Writes what had been moved into a staging folder.
fn staged(
    candidate: &Candidate,
    folds: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let all = &candidate.staged;
    let shown = if folds {
        all.len().min(ROWS)
    } else {
        all.len()
    };
    for (id, known) in &all[..shown] {
        let path = Some(rows::path(known)).filter(|path| !path.is_empty());
        let said = path.into_iter().chain(known.bytes.map(size::bytes));
        let said: Vec<String> = said.collect();
        let line = format!("{}  {id}", said.join(" · "));
        writeln!(sink, "    {}", line.trim_start())?;
    }
    words::fold(4, all.len() - shown, "more", style, sink)
}

fn row(candidate: &Candidate, standing: Standing, now: Timestamp) -> String {
    let Candidate {
        id, known, with, ..
    } = candidate;
    let mut said = Vec::new();
    said.extend(Some(rows::path(known)).filter(|path| !path.is_empty()));
    said.extend(known.bytes.map(size::bytes));
    if !with.is_empty() {
        said.push(format!(
            "with {} in it",
            counted(with.len(), "asset", "assets")
        ));
    }
    said.extend(match standing {
        Standing::Deleted { until, .. } => Some(left(until, now)),
        Standing::NotListed { until } => Some(format!(
            "{}; no list of deleted assets shows it",
            left(until, now)
        )),
        Standing::Over { since } => Some(format!("until {}", moment(since))),
        Standing::Back { .. } | Standing::Waits | Standing::Unread => None,
    });
    format!("{}  {id}", said.join(" · "))
        .trim_start()
        .to_owned()
}

/// Up to when something can be taken back.
fn left(until: Timestamp, now: Timestamp) -> String {
    let days = until.duration_since(now).as_hours() / 24;
    match days {
        3.. => format!("until {}", moment(until)),
        _ if until <= now => format!("its 30 days were over at {}", moment(until)),
        0 => format!("until {}, less than a day left", moment(until)),
        1 => format!("until {}, a day left", moment(until)),
        days => format!("until {}, {days} days left", moment(until)),
    }
}

/// What came of it.
pub(crate) struct Came<'run> {
    pub(crate) run: u64,
    /// How many assets are shown to be back.
    pub(crate) back: usize,
    /// What was asked for and is not seen.
    pub(crate) unseen: &'run [AssetId],
    /// What is still deleted, and why.
    pub(crate) failed: &'run BTreeMap<AssetId, String>,
    /// What was not asked for.
    pub(crate) left: usize,
    /// What else is to be said.
    pub(crate) said: &'run [String],
    pub(crate) stop: Option<&'run StopReason>,
    pub(crate) state_path: &'run str,
    /// What is known of the assets.
    pub(crate) known: &'run dyn Fn(AssetId) -> Option<Known>,
}

/// Writes what came of it.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn came(
    of: &Came<'_>,
    folds: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let figures = words::figures(&[
        (of.back, "restored"),
        (of.unseen.len(), "asked for and not seen yet"),
        (of.failed.len(), "failed"),
        (of.left, "not asked for"),
    ]);
    let figures = if figures.is_empty() {
        "nothing changed".to_owned()
    } else {
        figures.join(", ")
    };
    let run = style.paint(Paint::Bold, format!("Run {}:", thousands(of.run)));
    writeln!(sink, "{run} {figures}")?;
    writeln!(sink, "State: {}", escape(of.state_path))?;
    if let Some(reason) = of.stop {
        let why = stopped(reason);
        writeln!(sink, "{} {why}", style.paint(Paint::Yellow, "Stopped:"))?;
    }
    for said in of.said {
        writeln!(sink, "{} {}", style.warning("Warning:"), escape(said))?;
    }
    let named = |id: AssetId| {
        let path = (of.known)(id).map(|known| rows::path(&known));
        match path.filter(|path| !path.is_empty()) {
            Some(path) => format!("{path}  {id}"),
            None => id.to_string(),
        }
    };
    let failed = of.failed.iter();
    let failed = failed.map(|(id, why)| format!("{}  {}", named(*id), escape(why)));
    let unseen = of.unseen.iter().map(|id| named(*id));
    let (red, yellow) = (Paint::Red, Paint::Yellow);
    for (lines, one, many, said, paint) in [
        (
            failed.collect::<Vec<_>>(),
            "asset is",
            "assets are",
            "not back:",
            red,
        ),
        (
            unseen.collect(),
            "asset was",
            "assets were",
            "asked for and not seen alive:",
            yellow,
        ),
    ] {
        if lines.is_empty() {
            continue;
        }
        let assets = counted(lines.len(), one, many);
        writeln!(sink, "\n{}", style.paint(paint, format!("{assets} {said}")))?;
        let shown = if folds {
            lines.len().min(ROWS)
        } else {
            lines.len()
        };
        for line in &lines[..shown] {
            writeln!(sink, "    {line}")?;
        }
        words::fold(4, lines.len() - shown, "more", style, sink)?;
    }
    next(of, style, sink)
}

/// Writes what is to be done next.
fn next(of: &Came<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let mut steps = Vec::new();
    if !of.unseen.is_empty() {
        steps.push(format!(
            "`retire restore run:{}` looks again for what was not seen",
            of.run
        ));
    }
    if of.left > 0 {
        steps.push("give the same command again for the rest".to_owned());
    }
    if !of.failed.is_empty() {
        steps.push(
            "look for what failed in the web app: in the project's recently deleted assets, or in the folder that it was in, which may be deleted too".to_owned(),
        );
    }
    if of.back > 0 {
        steps.push(
            "take what came back out of the manifests, or hold it: `retire` deletes it again only where its entry says `again: true`".to_owned(),
        );
    }
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(sink)?;
    words::heading("What to do next:", style, sink)?;
    for step in steps {
        writeln!(sink, "  - {step}")?;
    }
    Ok(())
}
