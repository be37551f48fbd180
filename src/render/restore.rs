//! What `retire restore` shows: what would come back, and what came of it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::diagnostic::either;
use crate::plan::restore::{Candidate, Chosen, Part, Restore, Runs, Settled, Standing};
use crate::render::back::{self, Over, Short};
use crate::render::text::ROWS;
use crate::render::{Paint, Style, count, counted, moment, rows, size, words};
use crate::state::{Record, State};

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
        (
            "On its way out",
            ": what it went with is deleted, so that it dies with that; restore that",
            is_going,
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

const fn is_going(standing: &Standing) -> bool {
    matches!(standing, Standing::Going { .. })
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
    let parts = candidate.parts_as(standing.kind()).len();
    // Its files have sizes of their own.
    said.extend(known.bytes.filter(|_| parts == 0).map(size::bytes));
    if parts > 0 {
        said.push(format!(
            "with {} in it, each by itself",
            counted(parts, "asset", "assets")
        ));
    }
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
        Standing::Going { with } => Some(format!("went with `{with}`")),
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
    /// How many assets are shown to be back.
    pub(crate) back: usize,
    /// What is there, and not all that was in it.
    pub(crate) partial: &'run BTreeMap<AssetId, Part>,
    /// What was asked for and is not seen.
    pub(crate) unseen: &'run [AssetId],
    /// What is still deleted, and why.
    pub(crate) failed: &'run BTreeMap<AssetId, String>,
    /// What was not asked for.
    pub(crate) left: usize,
}

/// Writes what came of it.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn came(
    of: &Over<'_>,
    came: &Came<'_>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let Came {
        back: came_back,
        partial,
        unseen,
        failed,
        left,
    } = *came;
    let figures = [
        (came_back, "restored"),
        (partial.len(), "back without all that was in it"),
        (unseen.len(), "asked for and not seen yet"),
        (failed.len(), "failed"),
        (left, "not asked for"),
    ];
    let why = failed.iter().map(|(id, why)| (*id, Some(&**why)));
    let parts: BTreeMap<AssetId, String> = partial
        .iter()
        .map(|(id, part)| (*id, seen_of(*part)))
        .collect();
    let incomplete = parts.iter().map(|(id, part)| (*id, Some(&**part)));
    let short = [
        Short {
            title: (
                "folder or version stack is there, and not all that was in it:",
                "folders or version stacks are there, and not all that was in them:",
            ),
            paint: Paint::Yellow,
            assets: incomplete.collect(),
        },
        Short {
            title: ("asset is not back:", "assets are not back:"),
            paint: Paint::Red,
            assets: why.collect(),
        },
        Short {
            title: (
                "asset was asked for and not seen alive:",
                "assets were asked for and not seen alive:",
            ),
            paint: Paint::Yellow,
            assets: unseen.iter().map(|id| (*id, None)).collect(),
        },
    ];
    let mut next = Vec::new();
    if !unseen.is_empty() || !partial.is_empty() {
        next.push("give the same command again: it looks for what was not seen".to_owned());
    }
    if left > 0 {
        next.push("give the same command again for the rest".to_owned());
    }
    if !failed.is_empty() {
        next.push(
            "look for what failed in the web app: in the project's recently deleted assets, or in the folder that it was in, which may be deleted too".to_owned(),
        );
    }
    if came_back > 0 {
        next.push(
            "take what came back out of the manifests, or hold it: `retire` deletes it again only where its entry says `again: true`".to_owned(),
        );
    }
    back::write(of, &figures, &short, &next, (style, sink))
}

/// What of something is seen that is there.
fn seen_of(part: Part) -> String {
    let Part::Seen {
        bytes,
        before,
        missing,
    } = part
    else {
        return "what is in it could not be read".to_owned();
    };
    // Of what held nothing by itself the size says nothing.
    let seen = before.filter(|before| *before > 0).map(|before| {
        let [seen, before] = size::bytes_apart(bytes, before);
        format!("{seen} of {before} seen")
    });
    let missing = (missing > 0).then(|| {
        let missing = counted(missing, "asset", "assets");
        format!("{missing} with a record not seen")
    });
    let said: Vec<String> = seen.into_iter().chain(missing).collect();
    said.join(", ")
}

/// Says what a reading tells of deletes that were not answered.
pub(crate) fn settled(settled: &Settled) -> Vec<String> {
    let Settled {
        outcomes: _,
        may_go,
        alive,
        gone,
        aside,
        unknown,
    } = settled;
    let said = [
        (
            settled.deleted(),
            ["came to be deleted, though the delete was not answered"; 2],
        ),
        (
            *gone,
            [
                "was deleted by others before, and stays so",
                "were deleted by others before, and stay so",
            ],
        ),
        (
            *alive,
            [
                "is there: its delete was not answered, and did not come true",
                "are there: their deletes were not answered, and did not come true",
            ],
        ),
        (
            *may_go,
            [
                "is there, and its delete, which was not answered, may still come true: give the same command again later",
                "are there, and their deletes, which were not answered, may still come true: give the same command again later",
            ],
        ),
        (
            *aside,
            [
                "waits in its staging folder, whose delete was not answered, and may still come true: `retire state unstage` moves it back",
                "wait in their staging folders, whose deletes were not answered, and may still come true: `retire state unstage` moves them back",
            ],
        ),
        (
            *unknown,
            [
                "is not there, and nothing shows that it was deleted: give the same command again later",
                "are not there, and nothing shows that they were deleted: give the same command again later",
            ],
        ),
    ];
    let said = said.into_iter().filter(|(assets, _)| *assets > 0);
    said.map(|(assets, [one, many])| {
        let words = either(assets, one, many);
        format!("{} {words}", counted(assets, "asset", "assets"))
    })
    .collect()
}

/// Says that nothing is to be restored, since all of it is back.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn all_back((chosen, state): (&Chosen, &State), sink: &mut dyn Write) -> io::Result<()> {
    let deleted_by = |run: u64| {
        let deleted = state.assets.values().filter_map(Record::deleted);
        deleted.filter(|deleted| deleted.run == run).count()
    };
    let (what, run) = match chosen {
        Chosen::Run(run) if deleted_by(*run) > 0 => (format!("What run {run} deleted"), Some(*run)),
        Chosen::Run(run) => (
            format!("Run {run} deleted nothing, and what it restored"),
            None,
        ),
        Chosen::Assets(ids) if ids.len() == 1 => ("That asset".to_owned(), None),
        Chosen::Assets(_) => ("What you named".to_owned(), None),
    };
    writeln!(
        sink,
        "{what} is back: readings have shown it alive since. Nothing is sent."
    )?;
    let came = run.and_then(|run| Some((run, state.runs.get(&run)?.came?.counts.retired)));
    let anew = came.map_or(0, |(run, then)| then.saturating_sub(deleted_by(run)));
    if anew > 0 {
        let assets = counted(anew, "other asset", "other assets");
        let them = either(anew, "it", "them");
        writeln!(
            sink,
            "That run deleted {assets}, and later runs have recorded {them} anew: `retire state history` shows the runs."
        )?;
    }
    let others = Runs::of(state);
    if others.is_empty() {
        return Ok(());
    }
    writeln!(sink, "{others}.")
}
