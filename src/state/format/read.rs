//! Reading a state: one pass over its bytes, and the first thing that is wrong.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::ParseIntError;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use crate::asset::AssetId;
use crate::diagnostic::{Damage, of_a_parser};
use crate::event::{Provenance, Subject};
use crate::inventory::Location;
use crate::state::catalogue::{Folder, Kept};
use crate::state::format::hold::Holds;
use crate::state::format::other;
use crate::state::format::record::Memory;
use crate::state::format::{
    FolderLine, FormatError, LAST_SERIAL, RecordLine, RunLine, StatusName, VERSION,
};
use crate::state::{Catalogue, Record, RunRecord, State, Target};

/// Reads a state.
///
/// # Errors
///
/// Returns the first thing that is wrong, with its place.
pub fn read(bytes: &[u8]) -> Result<State, FormatError> {
    if let Some((damage, line)) = Damage::find(bytes) {
        return Err(FormatError {
            line,
            column: 1,
            message: damage.to_string(),
            hint: Some(damage.hint_of_state()),
        });
    }
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let state = source
        .deserialize_map(StateVisitor)
        .and_then(|state| source.end().map(|()| state));
    state.map_err(|error| {
        if let Some(other) = other::what(bytes) {
            return FormatError {
                line: 1,
                column: 1,
                message: other.to_owned(),
                hint: Some(other::HINT),
            };
        }
        let (line, column) = (error.line(), error.column());
        FormatError {
            line: line.max(1),
            column: column.max(1),
            message: of_a_parser(&error.to_string()),
            hint: None,
        }
    })
}

struct StateVisitor;

impl<'de> Visitor<'de> for StateVisitor {
    type Value = State;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a state of frameio-retire")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<State, A::Error> {
        const FIELDS: &[&str] = &[
            "version",
            "lineage",
            "serial",
            "api",
            "endpoint",
            "account",
            "runs",
            "folders",
            "marks",
            "kept",
            "again",
            "unanswered",
            "sent",
            "staging",
            "assets",
            "holds",
            "project_holds",
        ];
        let (mut version, mut lineage, mut serial) = (None, None, None);
        let (mut api, mut endpoint, mut account) = (None, None, None);
        let (mut runs, mut folders, mut marks, mut stays, mut again) =
            (None, None, None, None, None);
        let (mut assets, mut holds, mut project_holds) = (None, None, None);
        let (mut staging, mut unanswered, mut sent) = (None, None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "version" => {
                    let found: u64 = map.next_value()?;
                    if found != VERSION {
                        return Err(A::Error::custom(format_args!(
                            "this is version {found} of the state, and this program knows version {VERSION}"
                        )));
                    }
                    set(&mut version, "version", found)?;
                }
                "lineage" => set(&mut lineage, "lineage", map.next_value()?)?,
                "serial" => set(&mut serial, "serial", map.next_value()?)?,
                "api" => set(&mut api, "api", map.next_value()?)?,
                "endpoint" => set(&mut endpoint, "endpoint", map.next_value()?)?,
                "account" => set(&mut account, "account", map.next_value()?)?,
                "runs" => set(&mut runs, "runs", map.next_value_seed(Runs)?)?,
                "folders" => set(&mut folders, "folders", map.next_value_seed(Folders)?)?,
                "marks" => set(&mut marks, "marks", map.next_value()?)?,
                "kept" => set(&mut stays, "kept", map.next_value()?)?,
                "again" => set(&mut again, "again", map.next_value()?)?,
                "unanswered" => set(&mut unanswered, "unanswered", map.next_value()?)?,
                "sent" => set(&mut sent, "sent", map.next_value()?)?,
                "staging" => set(&mut staging, "staging", map.next_value()?)?,
                "assets" => set(&mut assets, "assets", map.next_value_seed(Assets)?)?,
                "holds" => {
                    let subject = Subject::Asset;
                    set(&mut holds, "holds", map.next_value_seed(Holds { subject })?)?;
                }
                "project_holds" => {
                    let subject = Subject::Project;
                    let found = map.next_value_seed(Holds { subject })?;
                    set(&mut project_holds, "project_holds", found)?;
                }
                other => return Err(A::Error::unknown_field(other, FIELDS)),
            }
        }
        let missing = |name| move || A::Error::missing_field(name);
        version.ok_or_else(missing("version"))?;
        let Recorded {
            assets,
            kept,
            files,
        } = assets.ok_or_else(missing("assets"))?;
        let catalogue = Catalogue::read(folders.unwrap_or_default(), kept);
        let catalogue = catalogue.map_err(|(id, number)| {
            A::Error::custom(format_args!(
                "the record of `{id}` names folder {number}, which `folders` does not have"
            ))
        })?;
        let holds = holds.ok_or_else(missing("holds"))?;
        let projects = project_holds.unwrap_or_default();
        let state = State {
            lineage: lineage.ok_or_else(missing("lineage"))?,
            serial: serial.ok_or_else(missing("serial"))?,
            target: Target {
                api: api.ok_or_else(missing("api"))?,
                endpoint: endpoint.ok_or_else(missing("endpoint"))?,
                account: account.ok_or_else(missing("account"))?,
            },
            runs: runs.ok_or_else(missing("runs"))?,
            assets,
            files,
            holds: holds.into_iter().chain(projects).collect(),
            catalogue,
            marks: marks.unwrap_or_default(),
            kept: stays.unwrap_or_default(),
            again: again.unwrap_or_default(),
            staging: staging.unwrap_or_default(),
            unanswered: unanswered.unwrap_or_default(),
            sent: sent.unwrap_or_default(),
            under_way: BTreeMap::new(),
        };
        check(&state).map_err(A::Error::custom)?;
        Ok(state)
    }
}

/// Refuses numbers that no run of this program can have written.
fn check(state: &State) -> Result<(), String> {
    let serial = state.serial;
    if serial > LAST_SERIAL {
        return Err(format!("the serial {serial} is beyond {LAST_SERIAL}"));
    }
    if let Some(run) = state.runs.keys().next_back().filter(|run| **run > serial) {
        return Err(format!("run {run} is later than the serial {serial}"));
    }
    let late = state.assets.iter().find(|(_, record)| record.run > serial);
    if let Some((id, record)) = late {
        return Err(format!(
            "the record of `{id}` names run {}, which is later than the serial {serial}",
            record.run
        ));
    }
    let late = state.again.iter().find(|(_, run)| **run > serial);
    if let Some((id, run)) = late {
        return Err(format!(
            "`{id}` was deleted again in run {run}, which is later than the serial {serial}"
        ));
    }
    let late = state.kept.iter().find(|(_, kept)| kept.run > serial);
    if let Some((id, kept)) = late {
        return Err(format!(
            "what keeps `{id}` names run {}, which is later than the serial {serial}",
            kept.run
        ));
    }
    let late = state.holds.iter().find(|(_, hold)| hold.run > serial);
    if let Some((held, hold)) = late {
        return Err(format!(
            "the hold of `{}` names run {}, which is later than the serial {serial}",
            held.id(),
            hold.run
        ));
    }
    Ok(())
}

fn set<T, E: serde::de::Error>(
    slot: &mut Option<T>,
    name: &'static str,
    value: T,
) -> Result<(), E> {
    if slot.replace(value).is_some() {
        return Err(E::duplicate_field(name));
    }
    Ok(())
}

/// The table of runs, whose keys are checked one by one.
struct Runs;

impl<'de> DeserializeSeed<'de> for Runs {
    type Value = BTreeMap<u64, RunRecord>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Runs {
    type Value = BTreeMap<u64, RunRecord>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut runs = BTreeMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let number = key.parse().map_err(|_ignored: ParseIntError| {
                A::Error::custom(format_args!("`{key}` is not the number of a run"))
            })?;
            if runs.insert(number, record_of(map.next_value()?)).is_some() {
                return Err(A::Error::custom(format_args!("`{key}` stands twice")));
            }
        }
        Ok(runs)
    }
}

/// The table of places, whose keys are checked one by one.
struct Folders;

impl<'de> DeserializeSeed<'de> for Folders {
    type Value = BTreeMap<u32, Folder>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Folders {
    type Value = BTreeMap<u32, Folder>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut folders = BTreeMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let number = key.parse().map_err(|_ignored: ParseIntError| {
                A::Error::custom(format_args!("`{key}` is not the number of a folder"))
            })?;
            let FolderLine { project, path, id } = map.next_value()?;
            let location = Arc::new(Location {
                project: project.as_deref().map(Arc::from),
                folder: Arc::from(&*path),
            });
            if folders.insert(number, Folder { location, id }).is_some() {
                return Err(A::Error::custom(format_args!("`{key}` stands twice")));
            }
        }
        Ok(folders)
    }
}

fn record_of(line: RunLine) -> RunRecord {
    let RunLine {
        id,
        at,
        actor,
        commit,
        ci,
        plan,
        change,
        released,
        came,
    } = line;
    RunRecord {
        id,
        at,
        provenance: Provenance {
            actor,
            commit,
            ci,
            plan,
        },
        change,
        released,
        came,
    }
}

fn asset_id(key: &str) -> Result<AssetId, String> {
    AssetId::parse(key).map_err(|error| format!("`{key}`: {error}"))
}

/// The table of assets: up to millions of rows, so texts that repeat are read once.
struct Assets;

/// What the lines of the assets say.
struct Recorded {
    assets: BTreeMap<AssetId, Record>,
    /// What is kept of the assets themselves.
    kept: BTreeMap<AssetId, Kept>,
    /// The files that version stacks were found to hold.
    files: BTreeMap<AssetId, BTreeSet<AssetId>>,
}

impl<'de> DeserializeSeed<'de> for Assets {
    type Value = Recorded;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Assets {
    type Value = Recorded;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the table of assets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut memory = Memory::default();
        let mut rows: Vec<(AssetId, Record)> = Vec::new();
        let mut all_kept = Vec::new();
        let mut all_files = Vec::new();
        let mut sorted = true;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let id = asset_id(&key).map_err(A::Error::custom)?;
            let mut line: RecordLine<'_> = map.next_value()?;
            let kept = Kept {
                name: line.name.take().as_deref().map(Arc::from),
                folder: line.folder.take(),
                bytes: line.bytes.take(),
            };
            if kept != Kept::default() {
                all_kept.push((id, kept));
            }
            if let Some(files) = line.files.take() {
                let keeps = [StatusName::Failed, StatusName::Unknown, StatusName::Staged];
                if !keeps.contains(&line.status) {
                    return Err(A::Error::custom(format_args!(
                        "the record of `{id}` has `files`, which only `failed`, `unknown` and `staged` have"
                    )));
                }
                all_files.push((id, files));
            }
            let record = memory
                .record(line)
                .map_err(|why| A::Error::custom(format_args!("the record of `{id}` {why}")))?;
            sorted &= rows.last().is_none_or(|(last, _)| *last < id);
            rows.push((id, record));
        }
        if !sorted {
            // A merge by hand may shuffle the lines; only a doubled one is wrong.
            rows.sort_by_key(|(id, _)| *id);
            if let Some([(id, _), _]) = rows.array_windows().find(|[a, b]| a.0 == b.0) {
                return Err(A::Error::custom(format_args!("`{id}` stands twice")));
            }
        }
        // Built from a list in order, each tree takes one pass.
        Ok(Recorded {
            assets: rows.into_iter().collect(),
            kept: all_kept.into_iter().collect(),
            files: all_files.into_iter().collect(),
        })
    }
}
