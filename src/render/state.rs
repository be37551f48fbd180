//! A state for people: as a table, one record in full, and as a whole.

use std::io::{self, Write};

use crate::asset::AssetId;
use crate::event::Subject;
use crate::render::escape::escape;
use crate::render::lines::{self, Most, Order};
use crate::render::model::Report;
use crate::render::model::state::{keeps, remarks, shown};
use crate::render::places::label;
use crate::render::{Paint, Style, holds, moment, rows, size, thousands, words};
use crate::state::{Record, State, Status};

/// How many runs the overview shows.
const RUNS: usize = 20;

/// How many rows the overview shows of what needs somebody, and of what is held or kept.
const ROWS: usize = 50;

/// Writes a table of records of a state, in the order in which they come.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn list(
    state: &State,
    listed: &mut dyn Iterator<Item = (AssetId, &Record)>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut listed = listed.peekable();
    if listed.peek().is_none() {
        return writeln!(sink, "No asset matches.");
    }
    let is_named = !state.catalogue.is_empty();
    let size = if is_named { "   bytes  " } else { "" };
    let what = if is_named { "asset and " } else { "" };
    let head = format!(
        "{:36}  {:8}  {:>5}  {:20}  {size}{what}message",
        "id", "status", "run", "at"
    );
    writeln!(sink, "{}", style.paint(Paint::Dim, head))?;
    for (id, record) in listed {
        let Record { status, run, at } = record;
        let words = remarks(status, &state.catalogue).shown().to_owned();
        let status = style.paint(paint(status), format!("{:8}", status.name()));
        let known = state.catalogue.get(id).unwrap_or_default();
        let size = known.bytes.map(size::bytes).unwrap_or_default();
        let size = if is_named {
            format!("{size:>8}  ")
        } else {
            String::new()
        };
        let said = [rows::path(&known), words];
        let said: Vec<String> = said.into_iter().filter(|said| !said.is_empty()).collect();
        let row = format!("{run:>5}  {:20}  {size}{}", moment(*at), said.join("  "));
        writeln!(sink, "{id}  {status}  {}", row.trim_end())?;
    }
    Ok(())
}

const fn paint(status: &Status) -> Paint {
    match status {
        Status::Retired(_) | Status::Gone(_) => Paint::Green,
        Status::Failed(_) => Paint::Red,
        Status::Unknown { .. } => Paint::Magenta,
        Status::Missing | Status::Restored { seen: false, .. } | Status::Staged(_) => Paint::Yellow,
        Status::Restored { seen: true, .. } | Status::Rescued => Paint::Bold,
    }
}

/// Writes all that a state knows of one asset, with the run that said so.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn show(
    id: AssetId,
    state: &State,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    writeln!(sink, "{}", style.paint(Paint::Bold, id))?;
    let mut field = |name: &str, value: &str| writeln!(sink, "  {name:8} {value}");
    for held in [Subject::Asset(id), Subject::Project(id)] {
        if let Some(hold) = state.holds.get(&held) {
            field("hold", &holds::kept(hold).text())?;
        }
    }
    if let Some(kept) = state.kept.get(&id) {
        field("kept", keeps(id, kept).shown())?;
    }
    let Some(record) = state.assets.get(&id) else {
        return field("status", "nothing is recorded of this asset");
    };
    let known = state.catalogue.get(id).unwrap_or_default();
    if let Some(name) = &known.name {
        field("name", &escape(name))?;
    }
    if let Some(place) = &known.location {
        field("folder", &label(place))?;
    }
    if let Some(bytes) = known.bytes {
        let exact = thousands(bytes);
        field("bytes", &format!("{exact} ({})", size::bytes(bytes)))?;
    }
    let status = &record.status;
    let painted = style.paint(paint(status), status.name()).to_string();
    field("status", &painted)?;
    if let Status::Retired(evidence) | Status::Gone(evidence) = status {
        field("evidence", shown(*evidence, &state.catalogue).shown())?;
    }
    if let Some(refusal) = status.refusal() {
        field("message", &escape(&refusal.message))?;
        field("kind", refusal.kind.name())?;
    }
    if let Some(attempts) = status.tries() {
        field("attempts", &thousands(attempts.into()))?;
    }
    if let Some((seen, deleted)) = status.restored() {
        if !seen {
            field("seen", remarks(status, &state.catalogue).shown())?;
        }
        if let Some(deleted) = deleted {
            let by = format!("by run {}, {}", deleted.run, moment(deleted.at));
            field("deleted", &by)?;
        }
    }
    field("at", &moment(record.at))?;
    // A run by hand leaves no record that names it.
    let Some(run) = state.runs.get(&record.run) else {
        return field("run", &record.run.to_string());
    };
    let started = format!("{}, started {}", record.run, moment(run.at));
    field("run", &started)?;
    field("run id", &run.id.to_string())?;
    let from = &run.provenance;
    for (name, value) in [
        ("actor", &from.actor),
        ("commit", &from.commit),
        ("ci", &from.ci),
        ("plan", &from.plan),
    ] {
        if let Some(value) = value {
            field(name, &escape(value))?;
        }
    }
    Ok(())
}

/// Writes a state as a whole: where it belongs, its figures, its runs and what needs somebody; of one
/// that is reduced to a run, that run and what it has recorded.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn overview(
    report: &Report<'_>,
    run: Option<(&State, u64)>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    words::heading(&report.title.text(), style, sink)?;
    for (name, said) in &report.fields {
        writeln!(sink, "  {name:8} {}", lines::line(said, style))?;
    }
    // What a run has recorded stands in a table.
    let groups = report.groups.iter();
    for group in groups.filter(|group| run.is_none() || group.table.is_none()) {
        let most = if group.attention { ROWS } else { RUNS };
        lines::group(group, (Most::First(most), Order::Ids, style), sink)?;
    }
    run.map_or(Ok(()), |(state, run)| recorded(state, run, style, sink))
}

/// Lists what a run has recorded.
fn recorded(state: &State, run: u64, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let all = state.assets.len();
    if all == 0 {
        return Ok(());
    }
    writeln!(sink)?;
    let records = state.assets.iter().map(|(id, record)| (*id, record));
    list(state, &mut records.take(ROWS), style, sink)?;
    let more = format!("more; `retire state list --run {run}` lists all");
    words::fold(2, all.saturating_sub(ROWS), &more, style, sink)
}
