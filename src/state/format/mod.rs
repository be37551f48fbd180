//! The bytes of a state: JSON, one asset a line, sorted by id.
//!
//! Only this folder knows them: writing is here, and reading in a file beside it. A change of
//! one asset is a change of one line (and of the run that made it), so that the history of a
//! state in git reads well.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Provenance, Released};
use crate::inventory::Location;
use crate::outcome::{Aside, Evidence, FailureKind};
use crate::state::catalogue::{Folder, Kept};
use crate::state::{Came, Catalogue, Change, Deletion, Record, RunRecord, State, Status, Target};
use crate::visible;

#[cfg(test)]
mod document;
mod hold;
mod other;
mod read;
mod record;

#[cfg(test)]
pub(crate) use document::StateDocument;
pub use read::read;

/// The version of the document that this program reads and writes.
pub const VERSION: u64 = 1;

/// The largest serial that is read: the largest number that every reader of JSON keeps as it is.
/// Each run adds one, so that no state comes near it.
pub const LAST_SERIAL: u64 = (1 << 53) - 1;

/// Says why bytes are not a state, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FormatError {
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// What to do about it, where the whole file is something else.
    pub hint: Option<&'static str>,
}

/// Writes a state.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub fn write(state: &State, sink: &mut dyn Write) -> io::Result<()> {
    let mut line = String::new();
    let recorded = state.assets.keys().copied();
    for head in head_lines(state, &folders_of(recorded, &[&state.catalogue])) {
        sink.write_all(head.as_bytes())?;
        sink.write_all(b"\n")?;
    }
    let mut left = state.assets.len();
    // The assets of one answer have the same record, and mostly stand side by side.
    let mut last: Option<(&Record, String)> = None;
    let mut kept = state.catalogue.iter().peekable();
    for (id, record) in &state.assets {
        while kept.next_if(|(known, _)| *known < id).is_some() {}
        let kept = kept
            .next_if(|(known, _)| *known == id)
            .map(|(_, kept)| kept);
        left -= 1;
        let said = match last {
            Some((same, said)) if same == record => said,
            Some(_) | None => json(&RecordLine::from(record)),
        };
        line.clear();
        keyed(
            *id,
            &said,
            kept,
            files_of(*id, record, &state.files),
            &mut line,
        );
        line.push_str(if left == 0 { "\n" } else { ",\n" });
        sink.write_all(line.as_bytes())?;
        last = Some((record, said));
    }
    for tail in tail_lines(state) {
        sink.write_all(tail.as_bytes())?;
        sink.write_all(b"\n")?;
    }
    Ok(())
}

/// The numbers of the places in which some assets lay, by the first catalogue that knows each.
#[must_use]
pub fn folders_of(
    assets: impl Iterator<Item = AssetId>,
    catalogues: &[&Catalogue],
) -> BTreeSet<u32> {
    if catalogues.iter().all(|catalogue| catalogue.is_empty()) {
        return BTreeSet::new();
    }
    assets
        .filter_map(|id| kept_of(id, catalogues)?.folder)
        .collect()
}

/// What the first of some catalogues that knows an asset has of it.
fn kept_of<'all>(id: AssetId, catalogues: &[&'all Catalogue]) -> Option<&'all Kept> {
    catalogues.iter().find_map(|catalogue| catalogue.kept(id))
}

/// The lines before the assets, without their ends; `folders` are the numbers of the places in
/// which these lay.
#[must_use]
pub fn head_lines(state: &State, folders: &BTreeSet<u32>) -> Vec<String> {
    let Target {
        api,
        endpoint,
        account,
    } = &state.target;
    let mut lines = vec![format!(
        r#"{{"version":{VERSION},"lineage":"{}","serial":{},"api":"{}","endpoint":{},"account":{},"#,
        state.lineage,
        state.serial,
        api.name(),
        json(endpoint),
        json(account)
    )];
    if state.runs.is_empty() {
        lines.push(r#""runs":{},"#.to_owned());
    } else {
        lines.push(r#""runs":{"#.to_owned());
        let last = state.runs.len() - 1;
        for (index, (number, run)) in state.runs.iter().enumerate() {
            let comma = if index == last { "" } else { "," };
            lines.push(format!(
                r#""{number}":{}{comma}"#,
                json(&RunLine::from(run))
            ));
        }
        lines.push("},".to_owned());
    }
    let last = folders.last().copied();
    if last.is_some() {
        lines.push(r#""folders":{"#.to_owned());
    }
    for (number, Folder { location, id }) in state.catalogue.folders(folders) {
        let Location { project, folder } = &**location;
        let comma = if Some(number) == last { "" } else { "," };
        let line = json(&FolderLine {
            project: project.as_deref().map(Cow::Borrowed),
            path: Cow::Borrowed(folder),
            id: *id,
        });
        lines.push(format!(r#""{number}":{line}{comma}"#));
    }
    if last.is_some() {
        lines.push("},".to_owned());
    }
    table("marks", &state.marks, &mut lines);
    table("kept", &state.kept, &mut lines);
    if !state.again.is_empty() {
        lines.push(format!(r#""again":{},"#, json(&state.again)));
    }
    table("unanswered", &state.unanswered, &mut lines);
    table("sent", &state.sent, &mut lines);
    if !state.staging.is_empty() {
        lines.push(r#""staging":["#.to_owned());
        let last = state.staging.len() - 1;
        for (index, folder) in state.staging.iter().enumerate() {
            let comma = if index == last { "" } else { "," };
            lines.push(format!("{}{comma}", json(folder)));
        }
        lines.push("],".to_owned());
    }
    lines.push(r#""assets":{"#.to_owned());
    lines
}

/// Appends the lines of a table that is left out where it is empty.
fn table<T: Serialize>(name: &str, rows: &BTreeMap<AssetId, T>, lines: &mut Vec<String>) {
    let Some(last) = rows.keys().next_back() else {
        return;
    };
    lines.push(format!(r#""{name}":{{"#));
    for (id, row) in rows {
        let comma = if id == last { "" } else { "," };
        lines.push(format!(r#""{id}":{}{comma}"#, json(row)));
    }
    lines.push("},".to_owned());
}

/// The lines after the assets, without their ends: the holds that are kept.
#[must_use]
pub fn tail_lines(state: &State) -> Vec<String> {
    let mut lines = vec!["},".to_owned()];
    hold::lines(&state.holds, &mut lines);
    lines
}

/// Appends the line of one asset, without its comma and end, with what the first of some
/// catalogues that knows it has of it; `files` are those that version stacks hold.
pub fn record_line(
    id: AssetId,
    record: &Record,
    catalogues: &[&Catalogue],
    files: &Files,
    line: &mut String,
) {
    let said = json(&RecordLine::from(record));
    let kept = kept_of(id, catalogues);
    keyed(id, &said, kept, files_of(id, record, files), line);
}

/// The files that version stacks were found to hold.
type Files = BTreeMap<AssetId, BTreeSet<AssetId>>;

/// The files of an asset, where its record needs them: as long as its delete is not over.
fn files_of<'all>(
    id: AssetId,
    record: &Record,
    files: &'all Files,
) -> Option<&'all BTreeSet<AssetId>> {
    match record.status {
        Status::Failed(_) | Status::Unknown { .. } | Status::Staged(_) => files.get(&id),
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Missing
        | Status::Restored { .. }
        | Status::Rescued => None,
    }
}

/// What is kept of the asset itself stands behind what is recorded, which many have in common.
fn keyed(
    id: AssetId,
    said: &str,
    kept: Option<&Kept>,
    files: Option<&BTreeSet<AssetId>>,
    line: &mut String,
) {
    line.push('"');
    line.push_str(id.encode(&mut [0; 36]));
    line.push_str(r#"":"#);
    if kept.is_none() && files.is_none() {
        line.push_str(said);
        return;
    }
    let nothing = Kept::default();
    let Kept {
        name,
        folder,
        bytes,
    } = kept.unwrap_or(&nothing);
    line.push_str(said.strip_suffix('}').unwrap_or(said));
    // Writing to a string cannot fail.
    if let Some(name) = name {
        write!(line, r#","name":{}"#, json(&**name)).unwrap_or_default();
    }
    if let Some(folder) = folder {
        write!(line, r#","folder":{folder}"#).unwrap_or_default();
    }
    if let Some(bytes) = bytes {
        write!(line, r#","bytes":{bytes}"#).unwrap_or_default();
    }
    if let Some(files) = files {
        write!(line, r#","files":{}"#, json(files)).unwrap_or_default();
    }
    line.push('}');
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = Vec::new();
    // Plain structs of texts and numbers cannot fail to serialise, and JSON is UTF-8.
    drop(visible::json(value, &mut text));
    String::from_utf8(text).unwrap_or_default()
}

/// Where an asset stands, as the document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum StatusName {
    /// Deleted by us, and confirmed.
    Retired,
    /// Deleted by somebody else, and shown to be.
    Gone,
    /// Refused by the server.
    Failed,
    /// Sent, and no answer that can be trusted came back.
    Unknown,
    /// Not known to the server, and not shown to be deleted.
    Missing,
    /// Deleted by us, and restored by us.
    Restored,
    /// Moved aside, to be deleted on a date.
    Staged,
    /// Taken by somebody out of where it was moved aside to.
    Rescued,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "Record"))]
struct RecordLine<'text> {
    /// Where the asset stands.
    status: StatusName,
    /// What shows that it is deleted; only with `retired` and `gone`, and with `restored` what had
    /// shown that it was. Where an earlier version
    /// wrote none, `retired` stays as it is, and `gone` is read as `missing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    /// What sort of refusal it is; only with `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<FailureKind>,
    /// The server's own words; only with `failed`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'text, str>>,
    /// How often a delete was tried and not confirmed; only with `failed` and `unknown`, and with
    /// `staged` where it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// Whether a reading has shown it alive; only with `restored`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<bool>,
    /// Where it waits, and until when; only with `staged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aside: Option<Aside>,
    /// Which run had deleted it, and when; only with `restored`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted: Option<Deletion>,
    /// The number of the run that said so.
    run: u64,
    /// When it was said: RFC 3339.
    #[serde(borrow)]
    at: Cow<'text, str>,
    /// What it was called.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'text, str>>,
    /// The number of the folder in which it lay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<u32>,
    /// How large it was, in bytes; of a folder or a version stack, all that was in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// The files that a version stack was found to hold, as long as its delete is not over; only
    /// with `failed` and `unknown`. With `staged` all that is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    files: Option<BTreeSet<AssetId>>,
}

/// A place in which assets lay.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "Folder"))]
struct FolderLine<'text> {
    /// The name of the project.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    project: Option<Cow<'text, str>>,
    /// The names of the folders from its top, with `/` between them and a `/` in a name as `\/`.
    #[serde(borrow)]
    path: Cow<'text, str>,
    /// The id of the last of these, by which a later run finds in a list what lay in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<AssetId>,
}

impl<'text> From<&'text Record> for RecordLine<'text> {
    fn from(record: &'text Record) -> Self {
        let Record { status, run, at } = record;
        let (refusal, restored) = (status.refusal(), status.restored());
        Self {
            status: match status {
                Status::Retired(_) => StatusName::Retired,
                Status::Gone(_) => StatusName::Gone,
                Status::Failed(_) => StatusName::Failed,
                Status::Unknown { .. } => StatusName::Unknown,
                Status::Missing => StatusName::Missing,
                Status::Restored { .. } => StatusName::Restored,
                Status::Staged(_) => StatusName::Staged,
                Status::Rescued => StatusName::Rescued,
            },
            evidence: match status {
                Status::Restored { was, .. } => Some(*was).filter(|was| *was != Evidence::Earlier),
                Status::Retired(_)
                | Status::Gone(_)
                | Status::Failed(_)
                | Status::Unknown { .. }
                | Status::Missing
                | Status::Staged(_)
                | Status::Rescued => status.evidence(),
            },
            kind: refusal.map(|refusal| refusal.kind),
            message: refusal.map(|refusal| Cow::Borrowed(&*refusal.message)),
            attempts: status.tries(),
            seen: restored.map(|(seen, _)| seen),
            aside: status.aside().copied(),
            deleted: restored.and_then(|(_, deleted)| deleted).copied(),
            run: *run,
            at: Cow::Owned(at.to_string()),
            name: None,
            folder: None,
            bytes: None,
            files: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "Run"))]
struct RunLine {
    /// The run's own id.
    id: Uuid,
    /// When it started: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    at: Timestamp,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    /// The git commit that it ran from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// The address of the CI job that it ran in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ci: Option<String>,
    /// The id of the plan that it carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// What was changed by hand instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
    /// The holds that it found released, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    released: Vec<Released>,
    /// What it came to, as it was when the next run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    came: Option<Came>,
}

impl From<&RunRecord> for RunLine {
    fn from(run: &RunRecord) -> Self {
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
            change,
            released,
            came,
        } = run.clone();
        Self {
            id,
            at,
            actor,
            commit,
            ci,
            plan,
            change,
            released,
            came,
        }
    }
}
