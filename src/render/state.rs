//! A state for people: as a table, one record in full, and as a whole.

use std::io::{self, Write};

use crate::asset::AssetId;
use crate::event::Subject;
use crate::outcome::Evidence;
use crate::render::escape::escape;
use crate::render::places::label;
use crate::render::{
    Paint, Style, count, counted, holds, moment, rows, shelter, size, thousands, words,
};
use crate::state::{
    Accepted, Catalogue, Change, Counts, KeptBack, Record, RunRecord, State, Status,
};

/// How many runs the overview shows.
const RUNS: usize = 20;

/// How many ids the overview shows of each status that needs somebody, as many as a summary.
const IDS: usize = 50;

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
        return writeln!(sink, "No asset is like this.");
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
        let words = remarks(status, &state.catalogue);
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

/// What shows that something is deleted; a folder that it went with by its path.
fn shown(evidence: Evidence, catalogue: &Catalogue) -> String {
    let of_folder = match evidence {
        Evidence::With(folder) => catalogue.get(folder),
        Evidence::Answer
        | Evidence::Read
        | Evidence::Listed
        | Evidence::ByHand
        | Evidence::Earlier => None,
    };
    let path = of_folder.map(|known| rows::path(&known));
    match path.filter(|path| !path.is_empty()) {
        Some(path) => format!("{evidence} ({path})"),
        None => evidence.to_string(),
    }
}

/// What is to say of a status beyond its name.
fn remarks(status: &Status, catalogue: &Catalogue) -> String {
    match status {
        // An answer is the rule, and what an earlier version recorded has none to show.
        Status::Retired(Evidence::Answer | Evidence::Earlier) | Status::Missing => String::new(),
        Status::Retired(evidence) | Status::Gone(evidence) => {
            format!("evidence: {}", shown(*evidence, catalogue))
        }
        Status::Failed(failed) => format!(
            "{} ({}, tried {})",
            escape(&failed.message),
            failed.kind.name(),
            words::times(failed.attempts)
        ),
        Status::Unknown { attempts } => format!("tried {}", words::times(*attempts)),
        Status::Restored { seen, .. } => restored(*seen).to_owned(),
    }
}

/// What is to say of a restored asset.
pub(super) const fn restored(seen: bool) -> &'static str {
    if seen {
        ""
    } else {
        "not seen alive yet; `retire restore` with its id settles it"
    }
}

const fn paint(status: &Status) -> Paint {
    match status {
        Status::Retired(_) | Status::Gone(_) => Paint::Green,
        Status::Failed(_) => Paint::Red,
        Status::Unknown { .. } => Paint::Magenta,
        Status::Missing | Status::Restored { seen: false, .. } => Paint::Yellow,
        Status::Restored { seen: true, .. } => Paint::Bold,
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
            field("hold", &holds::kept(hold))?;
        }
    }
    if let Some(kept) = state.kept.get(&id) {
        field("kept", &keeps(id, kept))?;
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
        field("evidence", &shown(*evidence, &state.catalogue))?;
    }
    if let Some(refusal) = status.refusal() {
        field("message", &escape(&refusal.message))?;
        field("kind", refusal.kind.name())?;
    }
    if let Some(attempts) = status.tries() {
        field("attempts", &thousands(attempts.into()))?;
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
    state: &State,
    (path, run): (&str, Option<u64>),
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let (runs, target) = (&state.runs, &state.target);
    let title = match run {
        Some(run) => format!("Run {} of {}", thousands(run), escape(path)),
        None => format!("State {}", escape(path)),
    };
    words::heading(&title, style, sink)?;
    let mut field = |name: &str, value: &str| writeln!(sink, "  {name:8} {value}");
    field("lineage", &state.lineage.to_string())?;
    field("serial", &thousands(state.serial))?;
    let endpoint = escape(&target.endpoint);
    field(
        "target",
        &format!("API {} at {endpoint}", target.api.name()),
    )?;
    if let Some(account) = &target.account {
        field("account", &escape(account))?;
    }
    let counts = state.counts();
    let parts = [count(state.assets.len()), figures(counts)];
    let parts = parts.iter().filter(|part| !part.is_empty());
    field("assets", &parts.cloned().collect::<Vec<_>>().join(": "))?;
    if run.is_some() {
        for made in runs.values() {
            field("made", &run_line(made))?;
        }
    }

    holds::of_state(state.holds.iter(), style, sink)?;
    kept(state, style, sink)?;
    if let Some(run) = run {
        return recorded(state, run, style, sink);
    }
    if !runs.is_empty() {
        writeln!(sink)?;
        let title = format!("Runs ({}), newest first", count(runs.len()));
        words::heading(&title, style, sink)?;
        for (number, run) in runs.iter().rev().take(RUNS) {
            writeln!(sink, "  {number:>5}  {}", run_line(run))?;
        }
        words::fold(2, runs.len().saturating_sub(RUNS), "earlier", style, sink)?;
    }
    for (title, number, status) in [
        ("Failed", counts.failed, "failed"),
        ("Unknown", counts.unknown, "unknown"),
        ("Missing", counts.missing, "missing"),
    ] {
        attention(title, number, status, state, style, sink)?;
    }
    Ok(())
}

/// Lists what a run has recorded.
fn recorded(state: &State, run: u64, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let all = state.assets.len();
    if all == 0 {
        return Ok(());
    }
    writeln!(sink)?;
    let records = state.assets.iter().map(|(id, record)| (*id, record));
    list(state, &mut records.take(IDS), style, sink)?;
    let more = format!("more; `retire state list --run {run}` lists all");
    words::fold(2, all.saturating_sub(IDS), &more, style, sink)
}

/// Says why a listed asset stays, and since which run.
fn keeps(id: AssetId, kept: &KeptBack) -> String {
    let KeptBack {
        why,
        until,
        path,
        run,
    } = kept;
    let why = shelter::kept(id, why, *until, Some(path));
    format!("{why} · since run {run}")
}

/// Lists the assets that stay since something protected is connected with them.
fn kept(state: &State, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let number = state.kept.len();
    if number == 0 {
        return Ok(());
    }
    writeln!(sink)?;
    let title = format!("Kept because of what is protected ({})", count(number));
    words::heading(&title, style, sink)?;
    for (id, kept) in state.kept.iter().take(IDS) {
        writeln!(sink, "  {id}  {}", keeps(*id, kept))?;
    }
    words::fold(2, number.saturating_sub(IDS), "more", style, sink)
}

/// Says how many assets stand where, without those of whom there are none.
pub(super) fn figures(counts: Counts) -> String {
    words::figures(&words::outcomes(counts, "gone")).join(", ")
}

/// Says what was changed by hand.
/// The same in our own words alone.
pub(super) fn by_hand_in_words(change: &Change) -> String {
    let mut change = change.clone();
    match &mut change {
        Change::AcceptedMissing(accepted) => accepted.reason = None,
        Change::Removed(_) | Change::Migrated(_) | Change::Rebuilt(_) => {}
    }
    by_hand(&change)
}

pub(super) fn by_hand(change: &Change) -> String {
    match change {
        Change::Removed(ids) => {
            let records = counted(ids.len(), "record", "records");
            format!("removed {records} by hand")
        }
        Change::Migrated(before) => format!("migrated from {}", before.name()),
        Change::Rebuilt(number) => {
            let assets = counted(*number, "asset", "assets");
            format!("rebuilt a lost state with {assets}")
        }
        Change::AcceptedMissing(Accepted { ids, reason }) => {
            let assets = counted(ids.len(), "missing asset", "missing assets");
            match reason {
                Some(reason) => format!("took {assets} for gone by hand: {}", escape(reason)),
                None => format!("took {assets} for gone by hand"),
            }
        }
    }
}

fn run_line(run: &RunRecord) -> String {
    let from = &run.provenance;
    let mut parts = vec![moment(run.at)];
    parts.extend(run.change.as_ref().map(by_hand));
    if !run.released.is_empty() {
        let holds = counted(run.released.len(), "hold", "holds");
        parts.push(format!("released {holds}"));
    }
    for (name, value) in [
        ("by ", &from.actor),
        ("commit ", &from.commit),
        ("", &from.ci),
        ("", &from.plan),
    ] {
        if let Some(value) = value {
            parts.push(format!("{name}{}", escape(value)));
        }
    }
    parts.join(" · ")
}

/// Lists the assets of a status that needs somebody.
fn attention(
    title: &str,
    number: usize,
    status: &str,
    state: &State,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if number == 0 {
        return Ok(());
    }
    writeln!(sink)?;
    words::heading(&format!("{title} ({})", count(number)), style, sink)?;
    let some = state
        .assets
        .iter()
        .filter(|(_, record)| record.status.name() == status);
    for (id, record) in some.take(IDS) {
        let path = rows::path(&state.catalogue.get(*id).unwrap_or_default());
        let said = [path, remarks(&record.status, &state.catalogue)];
        let said: Vec<String> = said.into_iter().filter(|said| !said.is_empty()).collect();
        let said = said.join("  ");
        writeln!(sink, "{}", format!("  {id}  {said}").trim_end())?;
    }
    words::fold(2, number.saturating_sub(IDS), "more", style, sink)
}
