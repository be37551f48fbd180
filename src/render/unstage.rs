//! What `retire state unstage` shows: what would be moved back, and what came of it.

use std::io::{self, Write};
use std::sync::Arc;

use crate::asset::AssetId;
use crate::plan::unstage::{Standing, Unstage, Waiting};
use crate::render::back::{self, Over, Short};
use crate::render::escape::escape;
use crate::render::text::ROWS;
use crate::render::{Paint, Style, count, counted, moment, rows, size, words};

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
        Standing::Going(_) => (
            5,
            "On their way out with their staging folder",
            ": nothing is moved out of what is deleted",
        ),
        Standing::Deleted => (
            6,
            "Deleted",
            ": the next `retire apply` records it, and `retire restore` takes it back",
        ),
        Standing::Unread => (7, "Not read", ": left as they are"),
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
        Standing::Going(run) => {
            let hint = run.map_or_else(String::new, |run| {
                format!("; `retire restore run:{run}` takes it back once it is deleted")
            });
            format!("on its way out with {}{hint}", quoted(folder))
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

/// Writes what came of it: how many assets are back, how many wait longer than they would have, and which
/// are not back that were to go.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn came(
    of: &Over<'_>,
    (moved, postponed, still): (usize, usize, &[AssetId]),
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let figures = [
        (moved, "taken back"),
        (postponed, "put off"),
        (still.len(), "not moved back"),
    ];
    let short = Short {
        title: ("asset is not moved back:", "assets are not moved back:"),
        paint: Paint::Red,
        assets: still.iter().map(|id| (*id, None)).collect(),
    };
    let mut next = Vec::new();
    if !still.is_empty() {
        next.push("give the same command again: it looks first where each of them is".to_owned());
    }
    if moved > 0 {
        next.push(
            "take what is back out of the manifests, or hold it: `retire` deletes it only where its entry says `again: true`".to_owned(),
        );
    }
    back::write(of, &figures, &[short], &next, (style, sink))
}
