//! A state for people: as a table, one record in full, and as a whole.

use std::io::{self, Write};

use crate::asset::AssetId;
use crate::event::Provenance;
use crate::outcome::Evidence;
use crate::render::escape::escape;
use crate::render::{Paint, Style, count, counted, moment, thousands};
use crate::state::{Accepted, Change, Counts, Failed, Home, Record, RunRecord, Standing, State};

/// How many runs the overview shows.
const RUNS: usize = 20;

/// How many ids the overview shows of each standing that needs somebody.
const IDS: usize = 50;

/// Writes a table of records, in the order in which they come.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub fn list(
    rows: &mut dyn Iterator<Item = (AssetId, &Record)>,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return writeln!(sink, "No asset is recorded so.");
    }
    let head = format!(
        "{:36}  {:7}  {:>5}  {:20}  message",
        "id", "status", "run", "at"
    );
    writeln!(sink, "{}", style.paint(Paint::Dim, head))?;
    for (id, record) in rows {
        let Record {
            standing,
            evidence,
            run,
            at,
        } = record;
        let words = words(standing, *evidence);
        let row = format!("{run:>5}  {:20}  {words}", moment(*at));
        writeln!(
            sink,
            "{id}  {}  {}",
            style.paint(paint(standing), format!("{:7}", standing.name())),
            row.trim_end()
        )?;
    }
    Ok(())
}

/// What is to say of a standing beyond its name.
fn words(standing: &Standing, evidence: Option<Evidence>) -> String {
    match standing {
        // An answer is the rule.
        Standing::Retired | Standing::Gone => match evidence {
            Some(Evidence::Answer) | None => String::new(),
            Some(evidence @ (Evidence::Read | Evidence::Listed | Evidence::ByHand)) => {
                format!("evidence: {}", evidence.name())
            }
        },
        Standing::Missing => String::new(),
        Standing::Failed(failed) => {
            let Failed {
                kind,
                message,
                attempts,
            } = &**failed;
            format!(
                "{} ({}, {})",
                escape(message),
                kind.name(),
                tried(*attempts)
            )
        }
        Standing::Unknown { attempts } => tried(*attempts),
    }
}

fn tried(attempts: u32) -> String {
    match attempts {
        1 => "tried once".to_owned(),
        attempts => format!("tried {} times", thousands(attempts.into())),
    }
}

const fn paint(standing: &Standing) -> Paint {
    match standing {
        Standing::Retired | Standing::Gone => Paint::Green,
        Standing::Failed(_) => Paint::Red,
        Standing::Unknown { .. } => Paint::Magenta,
        Standing::Missing => Paint::Yellow,
    }
}

/// Writes all that a state knows of one asset, with the run that said so.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub fn show(id: AssetId, state: &State, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    writeln!(sink, "{}", style.paint(Paint::Bold, id))?;
    let mut field = |name: &str, value: &str| writeln!(sink, "  {name:8} {value}");
    match state.assets.get(&id) {
        None => field("status", "nothing is recorded of this asset")?,
        Some(Record {
            standing,
            evidence,
            run,
            at,
        }) => {
            let status = style.paint(paint(standing), standing.name()).to_string();
            field("status", &status)?;
            if let Some(evidence) = evidence {
                field("evidence", evidence.name())?;
            }
            match standing {
                Standing::Retired | Standing::Gone | Standing::Missing => {}
                Standing::Failed(failed) => {
                    let Failed {
                        kind,
                        message,
                        attempts,
                    } = &**failed;
                    field("message", &escape(message))?;
                    field("kind", kind.name())?;
                    field("attempts", &thousands((*attempts).into()))?;
                }
                Standing::Unknown { attempts } => {
                    field("attempts", &thousands((*attempts).into()))?;
                }
            }
            field("at", &moment(*at))?;
            if let Some(record) = state.runs.get(run) {
                let RunRecord {
                    id,
                    at,
                    provenance:
                        Provenance {
                            actor,
                            commit,
                            ci,
                            plan,
                        },
                    // A run by hand leaves no record that names it.
                    change: _,
                } = record;
                field("run", &format!("{run}, started {}", moment(*at)))?;
                field("run id", &id.to_string())?;
                for (name, value) in [
                    ("actor", actor),
                    ("commit", commit),
                    ("ci", ci),
                    ("plan", plan),
                ] {
                    if let Some(value) = value {
                        field(name, &escape(value))?;
                    }
                }
            } else {
                field("run", &run.to_string())?;
            }
        }
    }
    Ok(())
}

/// Writes a state as a whole: where it belongs, its figures, its runs and what needs somebody.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub fn overview(state: &State, path: &str, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let State {
        lineage,
        serial,
        home: Home {
            api,
            endpoint,
            account,
        },
        runs,
        assets,
    } = state;
    let title = format!("State {}", escape(path));
    writeln!(sink, "{}", style.paint(Paint::Bold, title))?;
    let mut field = |name: &str, value: &str| writeln!(sink, "  {name:8} {value}");
    field("lineage", &lineage.to_string())?;
    field("serial", &thousands(*serial))?;
    field(
        "home",
        &format!("API {} at {}", api.name(), escape(endpoint)),
    )?;
    if let Some(account) = account {
        field("account", &escape(account))?;
    }
    let counts = state.counts();
    field(
        "assets",
        &format!("{}{}", count(assets.len()), told(counts)),
    )?;

    if !runs.is_empty() {
        writeln!(sink)?;
        let title = format!("Runs ({}), newest first", count(runs.len()));
        writeln!(sink, "{}", style.paint(Paint::Bold, title))?;
        for (number, run) in runs.iter().rev().take(RUNS) {
            writeln!(sink, "  {number:>5}  {}", run_line(run))?;
        }
        fold(runs.len().saturating_sub(RUNS), "earlier", style, sink)?;
    }
    let is_failed = |standing: &Standing| matches!(standing, Standing::Failed(_));
    let is_unknown = |standing: &Standing| matches!(standing, Standing::Unknown { .. });
    let is_missing = |standing: &Standing| matches!(standing, Standing::Missing);
    attention("Failed", counts.failed, is_failed, state, style, sink)?;
    attention("Unknown", counts.unknown, is_unknown, state, style, sink)?;
    attention("Missing", counts.missing, is_missing, state, style, sink)
}

fn told(counts: Counts) -> String {
    let figures = figures(counts);
    if figures.is_empty() {
        String::new()
    } else {
        format!(": {figures}")
    }
}

/// Says how many assets stand where, without those of whom there are none.
pub(in crate::render) fn figures(counts: Counts) -> String {
    let Counts {
        retired,
        gone,
        failed,
        unknown,
        missing,
    } = counts;
    let parts: Vec<String> = [
        (retired, "retired"),
        (gone, "gone"),
        (failed, "failed"),
        (unknown, "unknown"),
        (missing, "missing"),
    ]
    .into_iter()
    .filter(|(figure, _)| *figure > 0)
    .map(|(figure, word)| format!("{} {word}", count(figure)))
    .collect();
    parts.join(", ")
}

/// Says what was changed by hand.
pub(in crate::render) fn by_hand(change: &Change) -> String {
    match change {
        Change::Removed(ids) => {
            format!(
                "removed {} by hand",
                counted(ids.len(), "record", "records")
            )
        }
        Change::Migrated(before) => format!("migrated from {}", before.name()),
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
    let RunRecord {
        id: _,
        at,
        provenance:
            Provenance {
                actor,
                commit,
                ci,
                plan,
            },
        change,
    } = run;
    let mut parts = vec![moment(*at)];
    parts.extend(change.as_ref().map(by_hand));
    for (name, value) in [("by ", actor), ("commit ", commit), ("", ci), ("", plan)] {
        if let Some(value) = value {
            parts.push(format!("{name}{}", escape(value)));
        }
    }
    parts.join(" · ")
}

/// Lists the assets of a standing that needs somebody.
fn attention(
    title: &str,
    number: usize,
    fits: impl Fn(&Standing) -> bool,
    state: &State,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if number == 0 {
        return Ok(());
    }
    writeln!(sink)?;
    let title = format!("{title} ({})", count(number));
    writeln!(sink, "{}", style.paint(Paint::Bold, title))?;
    let rows = state
        .assets
        .iter()
        .filter(|(_, record)| fits(&record.standing));
    for (id, record) in rows.take(IDS) {
        let words = words(&record.standing, record.evidence);
        writeln!(sink, "{}", format!("  {id}  {words}").trim_end())?;
    }
    fold(number.saturating_sub(IDS), "more", style, sink)
}

fn fold(more: usize, what: &str, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    if more == 0 {
        return Ok(());
    }
    let text = format!("  … {} {what}", count(more));
    writeln!(sink, "{}", style.paint(Paint::Dim, text))
}
