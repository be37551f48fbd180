//! The bytes of a state: JSON, one asset a line, sorted by id.
//!
//! Only this file knows them. A change of one asset is a change of one line (and of the run
//! that made it), so that the history of a state in git reads well.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::num::ParseIntError;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::outcome::FailureKind;
use crate::state::{Api, Change, Failed, HoldRecord, Home, Record, RunRecord, Standing, State};

/// The version of the document that this program reads and writes.
pub const VERSION: u64 = 1;

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
}

/// Writes a state.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub fn write(state: &State, sink: &mut dyn Write) -> io::Result<()> {
    let mut line = String::new();
    for head in head_lines(state) {
        sink.write_all(head.as_bytes())?;
        sink.write_all(b"\n")?;
    }
    let mut left = state.assets.len();
    // The assets of one answer have the same record, and mostly stand side by side.
    let mut last: Option<(&Record, String)> = None;
    for (id, record) in &state.assets {
        left -= 1;
        let said = match last {
            Some((same, said)) if same == record => said,
            Some(_) | None => json(&RecordLine::from(record)),
        };
        line.clear();
        keyed(*id, &said, &mut line);
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

/// The lines before the assets, without their ends.
#[must_use]
pub fn head_lines(state: &State) -> Vec<String> {
    let Home {
        api,
        endpoint,
        account,
    } = &state.home;
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
    lines.push(r#""assets":{"#.to_owned());
    lines
}

/// The lines after the assets, without their ends.
#[must_use]
pub fn tail_lines(state: &State) -> Vec<String> {
    let mut lines = vec!["},".to_owned()];
    if state.holds.is_empty() {
        lines.push(r#""holds":{}}"#.to_owned());
    } else {
        lines.push(r#""holds":{"#.to_owned());
        let last = state.holds.len() - 1;
        for (index, (id, hold)) in state.holds.iter().enumerate() {
            let comma = if index == last { "" } else { "," };
            lines.push(format!(r#""{id}":{}{comma}"#, json(&HoldLine::from(hold))));
        }
        lines.push("}}".to_owned());
    }
    lines
}

/// Appends the line of one asset, without its comma and end.
pub fn record_line(id: AssetId, record: &Record, line: &mut String) {
    keyed(id, &json(&RecordLine::from(record)), line);
}

fn keyed(id: AssetId, said: &str, line: &mut String) {
    line.push('"');
    line.push_str(id.encode(&mut [0; 36]));
    line.push_str(r#"":"#);
    line.push_str(said);
}

fn json<T: Serialize>(value: &T) -> String {
    // Plain structs of texts and numbers cannot fail to serialise.
    serde_json::to_string(value).unwrap_or_default()
}

/// Where an asset stands, as the document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Deleted by us, and confirmed.
    Retired,
    /// Found already deleted.
    Gone,
    /// Refused by the server.
    Failed,
    /// Sent, and no answer that can be trusted came back.
    Unknown,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Record")]
struct RecordLine<'text> {
    /// Where the asset stands.
    status: Status,
    /// What sort of refusal it is; only with `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<FailureKind>,
    /// The server's own words; only with `failed`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'text, str>>,
    /// How often a delete was tried and not confirmed; only with `failed` and `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// The number of the run that said so.
    run: u64,
    /// When it was said: RFC 3339.
    #[serde(borrow)]
    at: Cow<'text, str>,
}

impl<'text> From<&'text Record> for RecordLine<'text> {
    fn from(Record { standing, run, at }: &'text Record) -> Self {
        let (status, kind, message, attempts) = match standing {
            Standing::Retired => (Status::Retired, None, None, None),
            Standing::Gone => (Status::Gone, None, None, None),
            Standing::Failed(failed) => (
                Status::Failed,
                Some(failed.kind),
                Some(Cow::Borrowed(&*failed.message)),
                Some(failed.attempts),
            ),
            Standing::Unknown { attempts } => (Status::Unknown, None, None, Some(*attempts)),
        };
        Self {
            status,
            kind,
            message,
            attempts,
            run: *run,
            at: Cow::Owned(at.to_string()),
        }
    }
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Run")]
struct RunLine {
    /// The run's own id.
    id: Uuid,
    /// When it started: RFC 3339.
    #[schemars(with = "String", extend("format" = "date-time"))]
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
}

impl From<&RunRecord> for RunLine {
    fn from(run: &RunRecord) -> Self {
        let RunRecord {
            id,
            at,
            actor,
            commit,
            ci,
            plan,
            change,
        } = run.clone();
        Self {
            id,
            at,
            actor,
            commit,
            ci,
            plan,
            change,
        }
    }
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hold")]
struct HoldLine {
    /// Why the asset is held.
    reason: String,
    /// The moment from which the hold no longer counts: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    until: Option<Timestamp>,
}

impl From<&HoldRecord> for HoldLine {
    fn from(hold: &HoldRecord) -> Self {
        let HoldRecord { reason, until } = hold.clone();
        Self { reason, until }
    }
}

/// The whole document, for its schema.
#[derive(schemars::JsonSchema)]
#[schemars(rename = "State", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used; the visitors below read it"
)]
pub(crate) struct StateDocument {
    /// The version of this document.
    #[schemars(range(min = 1, max = 1))]
    version: u64,
    /// The id that the state got when it was made.
    lineage: Uuid,
    /// Counts the changes.
    serial: u64,
    /// The version of the API.
    api: Api,
    /// The server's base address, or `sandbox`.
    endpoint: String,
    /// The account, once the server has named it.
    account: Option<String>,
    /// Who changed the state, when, and from what, by run number.
    runs: BTreeMap<String, RunLine>,
    /// What is known, by asset.
    assets: BTreeMap<AssetId, RecordLine<'static>>,
    /// Assets that must not be deleted, whatever lists them.
    holds: BTreeMap<AssetId, HoldLine>,
}

/// Reads a state.
///
/// # Errors
///
/// Returns the first thing that is wrong, with its place.
pub fn read(bytes: &[u8]) -> Result<State, FormatError> {
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let state = source
        .deserialize_map(StateVisitor)
        .and_then(|state| source.end().map(|()| state));
    state.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        FormatError {
            line: line.max(1),
            column: column.max(1),
            message: text.strip_suffix(&place).unwrap_or(&text).to_owned(),
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
            "version", "lineage", "serial", "api", "endpoint", "account", "runs", "assets", "holds",
        ];
        let (mut version, mut lineage, mut serial) = (None, None, None);
        let (mut api, mut endpoint, mut account) = (None, None, None);
        let (mut runs, mut assets, mut holds) = (None, None, None);
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
                "runs" => set(&mut runs, "runs", map.next_value_seed(Table(run))?)?,
                "assets" => set(&mut assets, "assets", map.next_value_seed(Assets)?)?,
                "holds" => set(&mut holds, "holds", map.next_value_seed(Table(hold))?)?,
                other => return Err(A::Error::unknown_field(other, FIELDS)),
            }
        }
        let missing = |name| move || A::Error::missing_field(name);
        version.ok_or_else(missing("version"))?;
        let state = State {
            lineage: lineage.ok_or_else(missing("lineage"))?,
            serial: serial.ok_or_else(missing("serial"))?,
            home: Home {
                api: api.ok_or_else(missing("api"))?,
                endpoint: endpoint.ok_or_else(missing("endpoint"))?,
                account: account.ok_or_else(missing("account"))?,
            },
            runs: runs.ok_or_else(missing("runs"))?,
            assets: assets.ok_or_else(missing("assets"))?,
            holds: holds.ok_or_else(missing("holds"))?,
        };
        check(&state).map_err(A::Error::custom)?;
        Ok(state)
    }
}

/// Refuses numbers that no run of this program can have written.
fn check(state: &State) -> Result<(), String> {
    let serial = state.serial;
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

/// A small table whose keys are checked one by one; the function reads one key and value.
struct Table<K, V, L>(ReadRow<K, V, L>);

type ReadRow<K, V, L> = fn(&str, L) -> Result<(K, V), String>;

impl<'de, K: Ord, V, L: Deserialize<'de>> DeserializeSeed<'de> for Table<K, V, L> {
    type Value = BTreeMap<K, V>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: Ord, V, L: Deserialize<'de>> Visitor<'de> for Table<K, V, L> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut rows = BTreeMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let (row, value) = (self.0)(&key, map.next_value()?).map_err(A::Error::custom)?;
            if rows.insert(row, value).is_some() {
                return Err(A::Error::custom(format_args!("`{key}` stands twice")));
            }
        }
        Ok(rows)
    }
}

fn run(key: &str, line: RunLine) -> Result<(u64, RunRecord), String> {
    let number = key
        .parse()
        .map_err(|_ignored: ParseIntError| format!("`{key}` is not the number of a run"))?;
    let RunLine {
        id,
        at,
        actor,
        commit,
        ci,
        plan,
        change,
    } = line;
    Ok((
        number,
        RunRecord {
            id,
            at,
            actor,
            commit,
            ci,
            plan,
            change,
        },
    ))
}

fn hold(key: &str, line: HoldLine) -> Result<(AssetId, HoldRecord), String> {
    let HoldLine { reason, until } = line;
    Ok((asset_id(key)?, HoldRecord { reason, until }))
}

fn asset_id(key: &str) -> Result<AssetId, String> {
    AssetId::parse(key).map_err(|error| format!("`{key}`: {error}"))
}

/// The table of assets: up to millions of rows, so texts that repeat are read once.
struct Assets;

impl<'de> DeserializeSeed<'de> for Assets {
    type Value = BTreeMap<AssetId, Record>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Assets {
    type Value = BTreeMap<AssetId, Record>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the table of assets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut memory = Memory::default();
        let mut rows: Vec<(AssetId, Record)> = Vec::new();
        let mut sorted = true;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let id = asset_id(&key).map_err(A::Error::custom)?;
            let record = memory
                .record(map.next_value()?)
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
        Ok(rows.into_iter().collect())
    }
}

/// The last texts that were read, since neighbours mostly share them.
#[derive(Default)]
struct Memory {
    at: Option<(String, Timestamp)>,
    message: Option<Arc<str>>,
}

impl Memory {
    fn record(&mut self, line: RecordLine<'_>) -> Result<Record, String> {
        let RecordLine {
            status,
            kind,
            message,
            attempts,
            run,
            at,
        } = line;
        let standing = match (status, kind, message, attempts) {
            (Status::Retired, None, None, None) => Standing::Retired,
            (Status::Gone, None, None, None) => Standing::Gone,
            (Status::Failed, Some(kind), Some(message), Some(attempts)) => {
                Standing::Failed(Box::new(Failed {
                    kind,
                    message: self.share(&message),
                    attempts,
                }))
            }
            (Status::Unknown, None, None, Some(attempts)) => Standing::Unknown { attempts },
            (Status::Failed, ..) => {
                return Err("is `failed` and needs `kind`, `message` and `attempts`".to_owned());
            }
            (Status::Unknown, ..) => {
                return Err(
                    "is `unknown` and has `attempts`, no `kind` and no `message`".to_owned(),
                );
            }
            (Status::Retired | Status::Gone, ..) => {
                return Err(
                    "has `kind`, `message` or `attempts`, which only a failure has".to_owned(),
                );
            }
        };
        let at = self.timestamp(&at)?;
        Ok(Record { standing, run, at })
    }

    fn timestamp(&mut self, text: &str) -> Result<Timestamp, String> {
        if let Some((last, at)) = &self.at
            && last == text
        {
            return Ok(*at);
        }
        let at = text
            .parse()
            .map_err(|_ignored: jiff::Error| format!("has no RFC 3339 time in `at`: `{text}`"))?;
        self.at = Some((text.to_owned(), at));
        Ok(at)
    }

    fn share(&mut self, text: &str) -> Arc<str> {
        match &self.message {
            Some(last) if **last == *text => Arc::clone(last),
            Some(_) | None => {
                let fresh: Arc<str> = Arc::from(text);
                self.message = Some(Arc::clone(&fresh));
                fresh
            }
        }
    }
}
