//! A state and the end of a run for programs: JSON, with the words of the state's document.
//!
//! People look at it on terminals too, so characters that a terminal obeys are written by
//! their numbers, which JSON takes for the same text.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Ending, Kept, Released, Subject};
use crate::outcome::{Evidence, FailureKind};
use crate::plan::Totals;
use crate::render::report::{FailedAsset, HoldFigures, StagedFigures, Summary};
use crate::state::{
    Api, Came, Change, Counts, Deleted, KeptBack, KeptHold, Record, RunRecord, State,
};
use crate::visible::json;

/// Writes records of a state as an array, one a line, in the order in which they come.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub(crate) fn list(
    state: &State,
    rows: &mut dyn Iterator<Item = (AssetId, &Record)>,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let rows = rows.map(|(id, record)| Row::new(id, record, state));
    array(rows, sink)
}

/// Writes values as an array, one a line.
fn array<T: Serialize>(values: impl Iterator<Item = T>, sink: &mut dyn Write) -> io::Result<()> {
    let mut before = "[\n";
    for value in values {
        sink.write_all(before.as_bytes())?;
        json(&value, sink)?;
        before = ",\n";
    }
    if before == "[\n" {
        return sink.write_all(b"[]\n");
    }
    sink.write_all(b"\n]\n")
}

/// Writes all that a state knows of one asset; its `record` is null where it knows nothing.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub(crate) fn show(id: AssetId, state: &State, sink: &mut dyn Write) -> io::Result<()> {
    let record = state.assets.get(&id);
    let shown = Shown {
        id,
        record: record.map(|record| Row::new(id, record, state)),
        run: record.and_then(|record| {
            let run = state.runs.get(&record.run)?;
            Some(Run::new(record.run, run, None))
        }),
        hold: state.holds.get(&Subject::Asset(id)).map(Hold::new),
        kept: state.kept.get(&id),
    };
    json(&shown, sink)?;
    sink.write_all(b"\n")
}

/// Writes the runs of a state as an array, one a line, newest first, each with how many records
/// name it now, how many bytes those that it deleted had, and up to when these can be taken back.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub(crate) fn history(state: &State, sink: &mut dyn Write) -> io::Result<()> {
    let (counts, restorable) = (state.counts_by_run(), state.restorable());
    let runs = state.runs.iter().rev().map(|(number, run)| {
        let counts = counts.get(number).copied().unwrap_or_default();
        let until = restorable
            .get(number)
            .and_then(|restorable| restorable.until);
        let [all, last] = until.map_or([None; 2], |both| both.map(Some));
        Run {
            restorable_until: all,
            partly_restorable_until: last,
            ..Run::new(*number, run, Some(counts))
        }
    });
    array(runs, sink)
}

/// Writes a state as a whole, without the assets that need nobody; of a state that is reduced to a
/// run, with all that it has recorded.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub(crate) fn overview(state: &State, run: Option<u64>, sink: &mut dyn Write) -> io::Result<()> {
    let of = |status: &str| {
        let some = state.assets.iter();
        let some = some.filter(|(_, record)| record.status.name() == status);
        some.map(|(id, record)| Row::new(*id, record, state))
            .collect()
    };
    let staged = StagedFigures::of_state(state);
    let (runs, kept) = (state.runs.iter().rev(), state.kept.iter());
    let overview = Overview {
        lineage: state.lineage,
        serial: state.serial,
        api: state.target.api,
        endpoint: &state.target.endpoint,
        account: state.target.account.as_deref(),
        counts: state.counts(),
        staged: Some(staged).filter(|staged| !staged.is_none()),
        holds: state.holds.iter().map(HeldRow::new).collect(),
        kept: kept.map(|(id, kept)| KeptRow { id: *id, kept }).collect(),
        runs: runs
            .map(|(number, run)| Run::new(*number, run, None))
            .collect(),
        failed: of("failed"),
        unknown: of("unknown"),
        missing: of("missing"),
        records: run.map(|_| {
            let all = state.assets.iter();
            all.map(|(id, record)| Row::new(*id, record, state))
                .collect()
        }),
    };
    json(&overview, sink)?;
    sink.write_all(b"\n")
}

/// Writes the end of a run on one line.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub(crate) fn summary(summary: &Summary, sink: &mut dyn Write) -> io::Result<()> {
    // Taken apart by name, so that a new figure is not forgotten here.
    let Summary {
        run,
        totals,
        counts,
        deleted,
        // The documents that name the assets say what is known of them.
        known: _,
        resolved,
        forgotten,
        moved_back,
        holds,
        released: _,
        failed,
        unknown,
        missing,
        unsent,
        warnings,
        left_due: _,
        staged,
        // They are among those that failed, with the server's words.
        unmoved: _,
        kept,
        // The stream of a run does not say all of them, so neither does what is read from it.
        left_alone: _,
        ending,
        requests,
        elapsed,
        least: _,
        state_path,
        not_saved: _,
        way_back: _,
    } = summary;
    let next_due = summary.next_due();
    let (ending, detail) = ending.as_ref().map(describe_ending).unzip();
    let end = End {
        run: *run,
        ending,
        detail: detail.flatten(),
        planned: *totals,
        counts: *counts,
        bytes: deleted.bytes,
        unmeasured: deleted.unmeasured,
        resolved: *resolved,
        forgotten: *forgotten,
        moved_back: Some(*moved_back).filter(|back| *back > 0),
        holds: *holds,
        kept,
        unsent: *unsent,
        failed,
        unknown,
        missing,
        warnings,
        staged: Some(staged).filter(|staged| !staged.is_none()),
        next_due,
        requests: *requests,
        elapsed_ms: elapsed.as_millis(),
        state: state_path,
    };
    json(&end, sink)?;
    sink.write_all(b"\n")
}

#[derive(Serialize)]
struct Row<'state> {
    id: AssetId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<FailureKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'state str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    run: u64,
    at: Timestamp,
    /// From when on it is to be deleted, where it is staged.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl<'state> Row<'state> {
    fn new(id: AssetId, record: &'state Record, state: &State) -> Self {
        let refusal = record.status.refusal();
        let known = state.catalogue.get(id).unwrap_or_default();
        let place = known.location.as_deref();
        Self {
            id,
            status: record.status.name(),
            evidence: record.status.evidence(),
            kind: refusal.map(|refusal| refusal.kind),
            message: refusal.map(|refusal| &*refusal.message),
            attempts: record.status.tries(),
            run: record.run,
            at: record.at,
            due: record.status.aside().map(|aside| aside.due),
            project: place.and_then(|place| place.project.clone()),
            folder: place.map(|place| Arc::clone(&place.folder)),
            name: known.name.clone(),
            bytes: known.bytes,
        }
    }
}

#[derive(Serialize)]
struct Run<'state> {
    number: u64,
    id: Uuid,
    at: Timestamp,
    actor: Option<&'state str>,
    commit: Option<&'state str>,
    ci: Option<&'state str>,
    plan: Option<&'state str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'state Change>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    released: &'state [Released],
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unmeasured: Option<usize>,
    /// What it came to, as it was when the next run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<Came>,
    /// Up to when all that it deleted with V4 can be taken back, and up to when the last of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    restorable_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partly_restorable_until: Option<Timestamp>,
}

impl<'state> Run<'state> {
    fn new(number: u64, run: &'state RunRecord, now: Option<(Counts, Deleted)>) -> Self {
        let from = &run.provenance;
        let (counts, deleted) = now.unzip();
        Self {
            number,
            id: run.id,
            at: run.at,
            actor: from.actor.as_deref(),
            commit: from.commit.as_deref(),
            ci: from.ci.as_deref(),
            plan: from.plan.as_deref(),
            change: run.change.as_ref(),
            released: &run.released,
            counts,
            bytes: deleted.map(|deleted| deleted.bytes),
            unmeasured: deleted.map(|deleted| deleted.unmeasured),
            came: run.came,
            restorable_until: None,
            partly_restorable_until: None,
        }
    }
}

#[derive(Serialize)]
struct Shown<'state> {
    id: AssetId,
    record: Option<Row<'state>>,
    run: Option<Run<'state>>,
    /// The hold that the state keeps on it.
    hold: Option<Hold<'state>>,
    /// What keeps it though it is listed: something protected that is connected with it.
    kept: Option<&'state KeptBack>,
}

/// An asset that stays, with what keeps it.
#[derive(Serialize)]
struct KeptRow<'state> {
    id: AssetId,
    #[serde(flatten)]
    kept: &'state KeptBack,
}

/// A hold that the state keeps.
#[derive(Serialize)]
struct Hold<'state> {
    reason: &'state str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    run: u64,
    at: Timestamp,
}

impl<'state> Hold<'state> {
    fn new(hold: &'state KeptHold) -> Self {
        let KeptHold {
            reason,
            until,
            run,
            at,
        } = hold;
        Self {
            reason,
            until: *until,
            run: *run,
            at: *at,
        }
    }
}

/// A hold with what it is on.
#[derive(Serialize)]
struct HeldRow<'state> {
    held: Subject,
    hold: Hold<'state>,
}

impl<'state> HeldRow<'state> {
    fn new((subject, kept): (&'state Subject, &'state KeptHold)) -> Self {
        Self {
            held: *subject,
            hold: Hold::new(kept),
        }
    }
}

#[derive(Serialize)]
struct Overview<'state> {
    lineage: Uuid,
    serial: u64,
    api: Api,
    endpoint: &'state str,
    account: Option<&'state str>,
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    staged: Option<StagedFigures>,
    holds: Vec<HeldRow<'state>>,
    kept: Vec<KeptRow<'state>>,
    runs: Vec<Run<'state>>,
    failed: Vec<Row<'state>>,
    unknown: Vec<Row<'state>>,
    missing: Vec<Row<'state>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<Vec<Row<'state>>>,
}

#[derive(Serialize)]
struct End<'run> {
    run: Option<u64>,
    ending: Option<String>,
    detail: Option<String>,
    planned: Totals,
    counts: Counts,
    bytes: u64,
    unmeasured: usize,
    resolved: usize,
    forgotten: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_back: Option<usize>,
    holds: HoldFigures,
    kept: &'run [Kept],
    unsent: usize,
    failed: &'run [FailedAsset],
    unknown: &'run [AssetId],
    missing: &'run [AssetId],
    warnings: &'run [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    staged: Option<&'run StagedFigures>,
    next_due: Option<Timestamp>,
    requests: usize,
    elapsed_ms: u128,
    state: &'run str,
}

/// The code of an ending, and what belongs to it: as the event stream says the reason of a stop.
fn describe_ending(ending: &Ending) -> (String, Option<String>) {
    let Ending::Stopped(reason) = ending else {
        return ("done".to_owned(), None);
    };
    // A plain enum of texts and numbers cannot fail to serialise.
    let reason = serde_json::to_value(reason).unwrap_or_default();
    let field = |name: &str| match &reason[name] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let code = field("code").unwrap_or_default();
    (code, field("detail").or_else(|| field("number")))
}
