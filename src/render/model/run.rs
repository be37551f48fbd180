//! What is said of a run: what became of it, what needs somebody, and what is to be done next.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::Ending;
use crate::outcome::FailureKind;
use crate::render::model::stopped;
use crate::render::model::waits::{all_waiting, waits};
use crate::render::model::{ByFolder, Group, Line, Part, Report, Row, Rows};
use crate::render::names::Foreign;
use crate::render::next::next_steps;
use crate::render::progress::roughly;
use crate::render::report::{FailedAsset, Summary, WayBack};
use crate::render::shelter::Knows;
use crate::render::summary::duration;
use crate::render::{
    Paint, count, counted, either, holds, moment, shelter, size, thousands, words,
};
use crate::state::{State, Status};

/// How many holds are named that a run has released.
const RELEASED: usize = 100;

/// Makes the report of a run, with what the state after it says of its assets where that is at hand.
pub(crate) fn run<'of>(
    summary: &'of Summary,
    after: Option<&'of State>,
    now: Timestamp,
) -> Report<'of> {
    let mut folders = ByFolder::default();
    let mut done: [Vec<(AssetId, &Status)>; 5] = Default::default();
    for (state, id, status) in own(after, summary.run) {
        let at = match status {
            Status::Retired(_) => 0,
            Status::Gone(_) => 1,
            Status::Restored { .. } => 2,
            Status::Staged(_) => 3,
            Status::Rescued => 4,
            Status::Failed(_) | Status::Unknown { .. } | Status::Missing => continue,
        };
        if at == 0 {
            let known = state.catalogue.get(id).unwrap_or_default();
            let bytes = sized_alone(state, (id, status), known.bytes);
            folders.add(known.location.clone(), 1, (bytes, None));
        }
        done[at].push((id, status));
    }
    let mut groups = groups(summary);
    let titles = ["Retired", "Gone", "Restored", "Staged", "Rescued"];
    let tables = titles.into_iter().zip(done);
    groups.extend(
        tables
            .filter(|(_, done)| !done.is_empty())
            .map(|(title, done)| {
                let rows = Rows::assets(done.len(), move |at| {
                    let (id, status) = done[at];
                    let known = after.and_then(|state| state.catalogue.get(id));
                    let evidence = status.evidence();
                    let evidence = evidence.map(|evidence| format!("evidence: {evidence}"));
                    let waits = status.aside().map(|aside| waits(*aside));
                    let evidence = evidence.or(waits).map(Foreign::own);
                    Row::of(
                        id,
                        &known.unwrap_or_default(),
                        evidence.into_iter().collect(),
                    )
                });
                Group {
                    attention: false,
                    ..Group::table(title, rows)
                }
            }),
    );
    Report {
        of: "run",
        heading: "What a run came to",
        key: Foreign::key(&*summary.state_path).without_file(),
        title: title(summary),
        fields: Vec::new(),
        figures: figures(summary),
        lead: lead(summary, now),
        attention: attention(summary),
        changes: Vec::new(),
        checks: Vec::new(),
        counted: "assets",
        folders: folders.rows(),
        groups,
        next: next_steps(summary),
        closing: Vec::new(),
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
pub(super) fn sized_alone(
    state: &State,
    (id, status): (AssetId, &Status),
    bytes: Option<u64>,
) -> Option<u64> {
    match status.evidence() {
        Some(evidence) if state.went_with_another(id, evidence) => Some(0),
        Some(_) | None => bytes,
    }
}

/// Says in one sentence what the run came to.
fn title(summary: &Summary) -> Line {
    let Some(run) = summary.run else {
        return Line::strong(if summary.totals.changes() == 0 {
            "Nothing was sent: nothing had to be done."
        } else {
            "Nothing was sent."
        });
    };
    let counts = summary.counts;
    let figures = [
        (counts.retired, "retired", Paint::Green),
        (counts.gone, "already gone", Paint::Green),
        (counts.failed, "failed", Paint::Red),
        (counts.unknown, "unknown", Paint::Magenta),
        (counts.missing, "missing", Paint::Yellow),
        (counts.restored, "restored", Paint::Green),
        (counts.staged, "staged", Paint::Yellow),
        (counts.rescued, "rescued", Paint::Bold),
        (summary.moved_back, "moved back", Paint::Bold),
        (
            summary.forgotten - summary.moved_back,
            "forgotten",
            Paint::Dim,
        ),
    ];
    let some = figures.into_iter().filter(|(figure, ..)| *figure > 0);
    let some = some.map(|(figure, word, paint)| {
        Line::default().and_strong(paint, format!("{} {word}", count(figure)))
    });
    let held = holds::figures(summary.holds, ["kept", "released", "ended"]);
    let mut parts: Vec<Line> = some.chain(held.into_iter().map(Line::words)).collect();
    if parts.is_empty() {
        parts.push(Line::words("nothing changed"));
    }
    let requests = counted(summary.requests, "request", "requests");
    let took = summary.ending.as_ref().map_or_else(String::new, |_| {
        format!(" in {}", duration(summary.elapsed))
    });
    let title = Line::strong(format!("Run {}:", thousands(run))).and(" ");
    let title = title.and_line(Line::joined(parts, ", "));
    title.and(format!(" · {requests}{took}"))
}

fn figures(summary: &Summary) -> Vec<(&'static str, String)> {
    let counts = summary.counts;
    let open = counts.failed + counts.unknown + counts.missing;
    let freed = size::deleted(summary.deleted);
    let staged = (counts.staged > 0).then(|| ("staged", count(counts.staged)));
    let first = [
        ("retired", count(counts.retired)),
        ("deleted", freed.unwrap_or_else(|| "–".to_owned())),
    ];
    let last = [
        ("failed, unknown or missing", count(open)),
        ("not sent", count(summary.unsent)),
    ];
    first.into_iter().chain(staged).chain(last).collect()
}

/// What was deleted and settled, and where that is written.
fn lead(summary: &Summary, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    if summary.run.is_none() {
        return lines;
    }
    if let Some(size) = size::deleted(summary.deleted) {
        lines.push(Line::words(format!(
            "Deleted: {size}. Frame.io keeps that for 30 days, and may free the space only later."
        )));
    }
    if summary.counts.retired > 0 {
        lines.extend(way_back(summary, "retire restore"));
    }
    if let Some(waiting) = all_waiting(&summary.staged, now) {
        lines.push(Line::words("Staged: ").and_line(waiting).and("."));
        if summary.counts.staged > 0 {
            lines.extend(way_back(summary, "retire state unstage"));
        }
    }
    if summary.resolved > 0 {
        let assets = counted(summary.resolved, "asset", "assets");
        let words = format!("The run settled {assets} that had been unknown.");
        lines.push(Line::words(words));
    }
    if summary.not_saved {
        lines.push(Line::words("State: not written"));
    } else if !summary.state_path.is_empty() {
        let path = Foreign::new(&*summary.state_path).without_file();
        lines.push(Line::words("State: ").and_foreign(path));
    }
    lines
}

/// By which command what was deleted can be taken back, or what was moved aside.
fn way_back(summary: &Summary, command: &str) -> Option<Line> {
    let (Some(run), Some(WayBack { words, is_proven })) = (summary.run, &summary.way_back) else {
        return None;
    };
    let more = if *is_proven {
        "."
    } else {
        ", with `--unproven` or once `retire probe --project ID`, in an empty project, has shown how."
    };
    let words = Foreign::new(&**words).or(String::new());
    let line = Line::words(format!("`{command} run:{run}")).and_foreign(words);
    Some(line.and(format!("` takes it back{more}")))
}

/// Why it stopped, and what was not sent.
fn attention(summary: &Summary) -> Vec<Line> {
    let mut lines = Vec::new();
    let why = match &summary.ending {
        Some(Ending::Stopped(reason)) => Some(stopped::said(reason)),
        None if summary.run.is_some() => Some(Line::words("the run never came to its end")),
        Some(Ending::Done) | None => None,
    };
    if let Some(why) = why {
        let line = Line::default().and_strong(Paint::Yellow, "Stopped:");
        lines.push(line.and(" ").and_line(why));
    }
    if summary.unsent > 0 {
        let assets = counted(summary.unsent, "asset", "assets");
        lines.push(Line::words(format!("Nothing was sent for {assets}.")));
        if let Some(rest) = rest(summary) {
            lines.push(Line::words(format!(
                "At the pace of this run the rest takes about {rest}."
            )));
        }
    }
    let released = summary.released.iter().take(RELEASED);
    lines.extend(released.map(holds::released));
    lines
}

/// How long what is left takes at the pace of the run; nothing where it tells no pace.
fn rest(summary: &Summary) -> Option<String> {
    let done = u128::try_from(summary.counts.total()).ok()?;
    let elapsed = summary.elapsed.as_millis();
    // Shorter than a second tells nothing of hours.
    if done == 0 || elapsed < 1_000 {
        return None;
    }
    let left = u128::try_from(summary.unsent).ok()?;
    let seconds = left.saturating_mul(elapsed).div_ceil(done * 1_000);
    let seconds = u64::try_from(seconds).ok()?;
    // The first requests of a run go at once, and the rest waits for the limit.
    Some(roughly(seconds.max(summary.least.as_secs())))
}

/// What is to say of assets that need somebody, or that the run left.
fn groups(summary: &Summary) -> Vec<Group<'_>> {
    let knows: Knows<'_> = Rc::new(|id| summary.known.get(&id).cloned());
    let unknown = ids(
        ("Unknown", &summary.unknown, &knows),
        ("asset is unknown:", "assets are unknown:", Paint::Magenta),
        "the delete was sent, and no trustworthy answer came back",
        "more; `retire state list --status unknown` lists them",
    );
    let missing = ids(
        ("Missing", &summary.missing, &knows),
        ("asset is missing:", "assets are missing:", Paint::Yellow),
        "the server does not find what is listed here, and nothing shows that it was deleted",
        "more; `retire state list --status missing` lists them",
    );
    let groups = [
        failed(summary, &knows),
        unknown,
        missing,
        warnings(summary),
        left(summary),
    ];
    let after = shelter::after(&summary.kept, &summary.left_alone, &knows);
    groups.into_iter().flatten().chain(after).collect()
}

/// What was refused, by the server's words: those that most assets share first.
fn failed<'of>(summary: &'of Summary, knows: &Knows<'of>) -> Option<Group<'of>> {
    let mut alike: BTreeMap<(FailureKind, &str), Vec<&FailedAsset>> = BTreeMap::new();
    for failed in &summary.failed {
        let alike = alike.entry((failed.kind, &*failed.message));
        alike.or_default().push(failed);
    }
    let mut alike: Vec<_> = alike.into_iter().collect();
    alike.sort_by_key(|(_, assets)| Reverse(assets.len()));
    let assets = counted(summary.failed.len(), "asset failed", "assets failed");
    let parts = alike.into_iter().map(|((kind, message), assets)| {
        let kind = kind.name();
        let number = counted(assets.len(), "asset", "assets");
        let head = Line::foreign(message).and(format!(" ({kind}, {number})"));
        let knows = Rc::clone(knows);
        let rows = Rows::assets(assets.len(), move |at| {
            let FailedAsset {
                id,
                kind,
                message,
                attempts,
            } = assets[at];
            let said = [
                Foreign::new(format!("{message} ({})", kind.name())).or(kind.name()),
                Foreign::own(format!("tried {}", words::times(*attempts))),
            ];
            Row::of(*id, &knows(*id).unwrap_or_default(), said.into())
        });
        Part {
            head: Some((head, 1)),
            rows,
        }
    });
    (!summary.failed.is_empty()).then(|| Group {
        title: Some(Line::default().and_strong(Paint::Red, assets).and(":")),
        attention: true,
        table: Some("Failed"),
        parts: parts.collect(),
        more: "more; `retire state list --status failed` lists them",
    })
}

/// What has no more to say of it than how it stands, and why that is.
fn ids<'of>(
    (table, ids, knows): (&'static str, &'of [AssetId], &Knows<'of>),
    (one, many, paint): (&str, &str, Paint),
    why: &str,
    more: &'static str,
) -> Option<Group<'of>> {
    let assets = counted(ids.len(), one, many);
    let title = Line::default().and_strong(paint, assets);
    let title = title.and(format!(" {why}:"));
    let knows = Rc::clone(knows);
    let rows = Rows::assets(ids.len(), move |at| {
        let id = ids[at];
        Row::of(id, &knows(id).unwrap_or_default(), Vec::new())
    });
    let group = Group {
        table: Some(table),
        ..Group::below(title, rows, more)
    };
    (!ids.is_empty()).then_some(group)
}

/// What the server has answered that was not to be expected, each with how often.
fn warnings(summary: &Summary) -> Option<Group<'_>> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for warning in &summary.warnings {
        *kinds.entry(warning).or_default() += 1;
    }
    let kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
    let answers = counted(
        summary.warnings.len(),
        "unexpected answer",
        "unexpected answers",
    );
    let title = Line::default().and_strong(Paint::Yellow, answers);
    let rows = Rows::lines(kinds.len(), move |at| {
        let (warning, times) = kinds[at];
        Line::foreign(warning).and(match times {
            1 => String::new(),
            times => format!(" ({} times)", count(times)),
        })
    });
    let title = title.and(" from the server:");
    (rows.len() > 0).then(|| Group::below(title, rows, "more of other words"))
}

/// Counts what the plan itself left alone.
fn left(summary: &Summary) -> Option<Group<'_>> {
    let totals = summary.totals;
    let waiting = words::figures(&[(totals.defer, "deferred"), (totals.staged, "staged")]);
    let mut parts = Vec::new();
    if !waiting.is_empty() {
        let next = summary.left_due.map_or_else(String::new, |next| {
            format!(" (the next is due {})", moment(next))
        });
        parts.push(format!("{}{next}", waiting.join(", ")));
    }
    let others = [
        (totals.held, "held"),
        (totals.blocked, "blocked"),
        (totals.mismatch, "mismatched"),
        (totals.drift, "in drift"),
    ];
    parts.extend(words::figures(&others));
    let others: usize = others.into_iter().map(|(number, _)| number).sum();
    let were = either(totals.defer + totals.staged + others, "it was", "they were");
    let line = Line::words(format!("Left as {were}: {}.", parts.join(", ")));
    (!parts.is_empty()).then(|| Group::sentence(line))
}
