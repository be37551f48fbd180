//! What `retire state unstage` shows: what would be moved back, and what came of it.

use std::io::{self, Write};
use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::inventory::Known;
use crate::plan::unstage::{Standing, Unstage, Waiting};
use crate::render::escape::escape;
use crate::render::model::stopped::stopped;
use crate::render::text::ROWS;
use crate::render::{Paint, Style, count, counted, moment, rows, size, thousands, words};

/// Which group an asset stands in, what that is called, and why it stands there.
const fn group(standing: &Standing) -> (u8, &'static str, &'static str) {
    match standing {
        Standing::Back { .. } => (0, "Move back", ""),
        Standing::Away => (1, "Taken back already", ": only recorded, nothing is sent"),
        Standing::NoParent(_) => (
            2,
            "What they lay in is gone",
            ": they stay where they wait, and moving them out by hand takes them back",
        ),
        Standing::NoPlace => (
            3,
            "No run has kept in what they lay",
            ": they stay where they wait, and moving them out by hand takes them back",
        ),
        Standing::ParentAside(_) => (
            4,
            "What they lay in is staged too",
            ": they stay where they wait, until that goes back as well",
        ),
        Standing::Deleted => (
            5,
            "Deleted",
            ": the next `retire apply` records it, and `retire restore` takes it back",
        ),
        Standing::Unread => (6, "Not read", ": left as they are"),
    }
}

/// Writes what would be moved back. Where it `folds`, as on a terminal, a group has so many rows as
/// a plan.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(
    plan: &Unstage,
    folds: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let back = || {
        let rows = plan.rows.iter();
        rows.filter(|(_, standing)| matches!(standing, Standing::Back { .. }))
    };
    let assets: usize = back().map(|(waiting, _)| 1 + waiting.with.len()).sum();
    let known = back().filter_map(|(waiting, _)| waiting.known.bytes);
    let bytes = known.fold(0_u64, u64::saturating_add);
    let unmeasured = back()
        .filter(|(waiting, _)| waiting.known.bytes.is_none())
        .count();
    let sized = if bytes == 0 {
        String::new()
    } else {
        format!(", {}", size::at_least(bytes, unmeasured))
    };
    let goes = counted(assets, "asset goes", "assets go");
    words::heading(&format!("{goes} back{sized}."), style, sink)?;
    let mut groups: Vec<(u8, &str, &str)> = plan.rows.iter().map(|(_, one)| group(one)).collect();
    groups.sort_unstable();
    groups.dedup();
    for of in groups {
        let (_, title, why) = of;
        let rows = plan.rows.iter().filter(|(_, one)| group(one) == of);
        let rows: Vec<_> = rows.collect();
        let title = style.paint(Paint::Bold, format!("{title} ({})", count(rows.len())));
        writeln!(sink, "\n{title}{why}")?;
        let shown = if folds {
            rows.len().min(ROWS)
        } else {
            rows.len()
        };
        for (waiting, standing) in &rows[..shown] {
            writeln!(sink, "  {}", row(waiting, standing))?;
        }
        words::fold(2, rows.len() - shown, "more", style, sink)?;
    }
    Ok(())
}

fn row(waiting: &Waiting, standing: &Standing) -> String {
    let Waiting {
        id,
        aside,
        known,
        with,
        place: (_, folder),
    } = waiting;
    let mut said = Vec::new();
    said.extend(Some(rows::path(known)).filter(|path| !path.is_empty()));
    said.extend(known.bytes.map(size::bytes));
    if !with.is_empty() {
        let with = counted(with.len(), "asset", "assets");
        said.push(format!("with {with} in it"));
    }
    said.push(format!("due {}", moment(aside.due)));
    said.push(match standing {
        Standing::Back { parent, name } => {
            format!(
                "from {} into {}",
                quoted(folder),
                named(*parent, name.as_ref())
            )
        }
        Standing::NoParent(parent) => format!("in {}, and `{parent}` is gone", quoted(folder)),
        Standing::ParentAside(parent) => {
            format!("in {}, and `{parent}` is staged", quoted(folder))
        }
        Standing::Away | Standing::Deleted => format!("it was in {}", quoted(folder)),
        Standing::NoPlace | Standing::Unread => format!("in {}", quoted(folder)),
    });
    format!("{}  {id}", said.join(" · "))
}

fn quoted(name: &str) -> String {
    format!("`{}`", escape(name))
}

fn named(id: AssetId, name: Option<&Arc<str>>) -> String {
    name.map_or_else(|| format!("`{id}`"), |name| quoted(name))
}

/// What came of it.
pub(crate) struct Came<'run> {
    pub(crate) run: u64,
    /// How many assets are back.
    pub(crate) back: usize,
    /// What was to go back and is not.
    pub(crate) still: &'run [AssetId],
    /// What is said of those.
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
    let figures = words::figures(&[(of.back, "taken back"), (of.still.len(), "not moved back")]);
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
    if !of.still.is_empty() {
        let assets = counted(of.still.len(), "asset is", "assets are");
        let title = format!("{assets} not moved back:");
        writeln!(sink, "\n{}", style.paint(Paint::Red, title))?;
        let shown = if folds {
            of.still.len().min(ROWS)
        } else {
            of.still.len()
        };
        for id in &of.still[..shown] {
            let path = (of.known)(*id).map(|known| rows::path(&known));
            match path.filter(|path| !path.is_empty()) {
                Some(path) => writeln!(sink, "    {path}  {id}")?,
                None => writeln!(sink, "    {id}")?,
            }
        }
        words::fold(4, of.still.len() - shown, "more", style, sink)?;
    }
    next(of, style, sink)
}

/// Writes what is to be done next.
fn next(of: &Came<'_>, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let mut steps = Vec::new();
    if !of.still.is_empty() {
        steps.push("give the same command again: it looks first where each of them is");
    }
    if of.back > 0 {
        steps.push(
            "take what is back out of the manifests, or hold it: `retire` deletes it only where its entry says `again: true`",
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
