//! What is said of a run: what became of it, what needs somebody, and what is to be done next.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::Ending;
use crate::inventory::Known;
use crate::outcome::{Evidence, FailureKind};
use crate::render::model::plan::commonest;
use crate::render::model::{Assets, ByFolder, Line, Report, Row};
use crate::render::names::Foreign;
use crate::render::next::next_steps;
use crate::render::report::Summary;
use crate::render::summary::{duration, stopped, stopped_in_words};
use crate::render::{count, counted, moment, shelter, size, thousands, words};
use crate::state::{State, Status};

/// How many different messages are told.
const MESSAGES: usize = 10;

/// How many assets of one sort are named.
const NAMED: usize = 5;

/// Makes the report of a run, with what the state after it says of its assets where that is at hand;
/// a group has `most` rows at most.
pub(crate) fn run(summary: &Summary, after: Option<&State>, most: usize, now: Timestamp) -> Report {
    let mut folders = ByFolder::default();
    let done = ["Retired", "Gone", "Restored"];
    let mut done: [(&str, usize, Vec<Row>); 3] = done.map(|name| (name, 0, vec![]));
    for (state, id, status) in own(after, summary.run) {
        let at = match status {
            Status::Retired(_) => 0,
            Status::Gone(_) => 1,
            Status::Restored { .. } => 2,
            Status::Failed(_) | Status::Unknown { .. } | Status::Missing => continue,
        };
        let known = state.catalogue.get(id).unwrap_or_default();
        if at == 0 {
            let bytes = sized_alone(status, known.bytes);
            folders.add(known.location.clone(), 1, (bytes, None));
        }
        let (_, total, rows) = &mut done[at];
        *total += 1;
        if rows.len() < most {
            let evidence = status.evidence();
            let evidence = evidence.map(|evidence| format!("evidence: {evidence}"));
            let said = Foreign::own(evidence.unwrap_or_default());
            rows.push(row(id, &known, said));
        }
    }
    let mut groups = open(summary, most);
    groups.extend(done.into_iter().filter(|(_, total, _)| *total > 0).map(
        |(title, total, rows)| Assets {
            title: title.to_owned(),
            total,
            rows,
        },
    ));
    Report {
        of: "run",
        key: Foreign::new(&*summary.state_path).without_file(),
        title: title(summary),
        figures: figures(summary),
        lead: lead(summary),
        attention: attention(summary),
        changes: Vec::new(),
        checks: Vec::new(),
        counted: "assets",
        folders: folders.rows(),
        groups,
        closing: closing(summary),
        now,
    }
}

/// What the state says of the assets of a run.
fn own(
    after: Option<&State>,
    run: Option<u64>,
) -> impl Iterator<Item = (&State, AssetId, &Status)> {
    let states = after.into_iter();
    states.flat_map(move |state| {
        let records = state.assets.iter();
        let own = records.filter(move |(_, record)| Some(record.run) == run);
        own.map(move |(id, record)| (state, *id, &record.status))
    })
}

/// The size of what was deleted for itself: what went with a folder is in the size of that.
pub(super) fn sized_alone(status: &Status, bytes: Option<u64>) -> Option<u64> {
    match status.evidence() {
        Some(Evidence::With(_)) => Some(0),
        Some(_) | None => bytes,
    }
}

/// Says in one sentence what the run came to.
fn title(summary: &Summary) -> Line {
    let Some(run) = summary.run else {
        return Line::words(if summary.totals.changes() == 0 {
            "Nothing was sent: nothing had to be done."
        } else {
            "Nothing was sent."
        });
    };
    let counts = words::outcomes(summary.counts, "already gone");
    let mut parts = words::figures(&counts);
    parts.extend(words::figures(&[(summary.forgotten, "forgotten")]));
    if parts.is_empty() {
        parts.push("nothing changed".to_owned());
    }
    let freed = size::deleted(summary.deleted);
    let freed = freed.map_or_else(String::new, |size| format!("; {size} deleted"));
    Line::words(format!(
        "Run {}: {}{freed}.",
        thousands(run),
        parts.join(", ")
    ))
}

fn figures(summary: &Summary) -> Vec<(&'static str, String)> {
    let counts = summary.counts;
    let open = counts.failed + counts.unknown + counts.missing;
    let freed = size::deleted(summary.deleted);
    vec![
        ("retired", count(counts.retired)),
        ("deleted", freed.unwrap_or_else(|| "–".to_owned())),
        ("failed, unknown or missing", count(open)),
        ("not sent", count(summary.unsent)),
    ]
}

/// How long it took, and what was deleted.
fn lead(summary: &Summary) -> Vec<Line> {
    if summary.run.is_none() {
        return Vec::new();
    }
    let requests = counted(summary.requests, "request", "requests");
    let took = summary.ending.as_ref().map_or_else(String::new, |_| {
        format!(" in {}", duration(summary.elapsed))
    });
    let mut lines = vec![Line::words(format!("{requests}{took}."))];
    if size::deleted(summary.deleted).is_some() {
        let words =
            "Frame.io keeps what was deleted for 30 days, and may free the space only later.";
        lines.push(Line::words(words));
    }
    lines
}

/// What somebody has to look at.
fn attention(summary: &Summary) -> Vec<Line> {
    let mut lines = Vec::new();
    match &summary.ending {
        Some(Ending::Stopped(reason)) => {
            lines.push(
                Line::strong("Stopped:")
                    .and(" ")
                    .and_foreign(Foreign::new(stopped(reason)).or(stopped_in_words(reason))),
            );
        }
        None if summary.run.is_some() => {
            lines.push(Line::strong("Stopped:").and(" the run never came to its end"));
        }
        Some(Ending::Done) | None => {}
    }
    if summary.not_saved {
        lines.push(Line::strong("The state could not be written."));
    }
    if summary.unsent > 0 {
        let assets = counted(summary.unsent, "asset", "assets");
        lines.push(Line::strong(format!("Nothing was sent for {assets}.")));
    }
    let mut messages: BTreeMap<&str, (FailureKind, Vec<AssetId>)> = BTreeMap::new();
    for failed in &summary.failed {
        let of = messages.entry(&failed.message);
        let (_, ids) = of.or_insert_with(|| (failed.kind, Vec::new()));
        ids.push(failed.id);
    }
    let mut messages: Vec<_> = messages.into_iter().collect();
    messages.sort_by_key(|(_, (_, ids))| Reverse(ids.len()));
    for (message, (kind, ids)) in messages.iter().take(MESSAGES) {
        let line = Line::strong(format!("Failed: {}", count(ids.len()))).and(": ");
        let message = Foreign::new(*message).or(kind.name());
        let line = line.and_foreign(message).and(": ");
        lines.push(line.and_line(named(ids, &summary.known)));
    }
    if let Some(more) = messages
        .len()
        .checked_sub(MESSAGES)
        .filter(|more| *more > 0)
    {
        lines.push(Line::words(format!("{} other messages", count(more))));
    }
    for (ids, title, why) in [
        (
            &summary.unknown,
            "Unknown",
            "sent, and no trustworthy answer came back",
        ),
        (
            &summary.missing,
            "Missing",
            "not found, and not shown to be deleted",
        ),
    ] {
        if !ids.is_empty() {
            let line = Line::strong(format!("{title}: {}", count(ids.len())));
            let line = line.and(format!(" ({why}): "));
            lines.push(line.and_line(named(ids, &summary.known)));
        }
    }
    if !summary.left_alone.is_empty() {
        let ids: Vec<AssetId> = summary.left_alone.iter().map(|left| left.id).collect();
        let line = Line::strong(format!("Other than reviewed: {}", count(ids.len())));
        let line = line.and(" (left alone): ");
        lines.push(line.and_line(named(&ids, &summary.known)));
    }
    let mut reasons: BTreeMap<Foreign, usize> = BTreeMap::new();
    for kept in &summary.kept {
        let why = shelter::kept_foreign(kept.id, &kept.why, kept.until, Some(&kept.path));
        *reasons.entry(why).or_default() += 1;
    }
    if !summary.kept.is_empty() {
        let kept = count(summary.kept.len());
        let line = Line::strong(format!("Kept because of what is protected: {kept}"));
        lines.push(line.and_line(commonest(reasons)));
    }
    if !summary.warnings.is_empty() {
        let answers = counted(
            summary.warnings.len(),
            "unexpected answer",
            "unexpected answers",
        );
        let line = Line::strong(answers).and(" from the server: ");
        lines.push(line.and_foreign(&*summary.warnings[0]));
    }
    lines
}

/// Names the first of some assets, and says how many more there are.
fn named(ids: &[AssetId], known: &BTreeMap<AssetId, Known>) -> Line {
    let names = ids.iter().take(NAMED);
    let names = names.map(|id| Line::foreign(Foreign::asset(*id, known.get(id), None)));
    let mut names: Vec<Line> = names.collect();
    let more = ids.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(Line::words(format!("{} more", count(more))));
    }
    Line::joined(names, ", ")
}

/// What is failed, unknown and missing, one by one.
fn open(summary: &Summary, most: usize) -> Vec<Assets> {
    let of = |id: AssetId, said: Foreign| {
        let known = summary.known.get(&id).cloned().unwrap_or_default();
        row(id, &known, said)
    };
    let failed = summary.failed.iter().take(most).map(|failed| {
        let times = words::times(failed.attempts);
        let kind = failed.kind.name();
        let words = format!("{kind}, tried {times}");
        let said = Foreign::new(format!("{} ({words})", failed.message)).or(words);
        of(failed.id, said)
    });
    let ids = |ids: &[AssetId]| -> Vec<Row> {
        let ids = ids.iter().take(most);
        ids.map(|id| of(*id, Foreign::default())).collect()
    };
    let groups = [
        ("Failed", summary.failed.len(), failed.collect()),
        ("Unknown", summary.unknown.len(), ids(&summary.unknown)),
        ("Missing", summary.missing.len(), ids(&summary.missing)),
    ];
    let groups = groups.into_iter().filter(|(_, total, _)| *total > 0);
    let groups = groups.map(|(title, total, rows)| Assets {
        title: title.to_owned(),
        total,
        rows,
    });
    groups.collect()
}

/// What is said of an asset by what is kept of it.
pub(super) fn row(id: AssetId, known: &Known, said: Foreign) -> Row {
    Row {
        id,
        kind: None,
        name: known.name.clone(),
        place: known.location.as_ref().map(Arc::clone),
        project: None,
        bytes: known.bytes,
        size: known.bytes.map(size::bytes),
        changed: None,
        said,
    }
}

/// What is to be done next, and where the state lies.
fn closing(summary: &Summary) -> Vec<Line> {
    let mut lines: Vec<Line> = next_steps(summary)
        .into_iter()
        .map(|step| Line::words("Next: ").and(step))
        .collect();
    let left = words::figures(&[
        (summary.totals.defer, "deferred"),
        (summary.totals.held, "held"),
        (summary.totals.blocked, "blocked"),
        (summary.totals.mismatch, "mismatched"),
        (summary.totals.drift, "in drift"),
    ]);
    if !left.is_empty() {
        let due = summary.next_due.map_or_else(String::new, |at| {
            format!("; the next is due {}", moment(at))
        });
        let words = format!("Left as they were: {}{due}.", left.join(", "));
        lines.push(Line::words(words));
    }
    if !summary.state_path.is_empty() && !summary.not_saved {
        let path = Foreign::new(&*summary.state_path).without_file();
        lines.push(Line::words("State ").and_foreign(path));
    }
    lines
}
