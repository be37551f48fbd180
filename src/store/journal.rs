//! The bytes of a journal: JSON lines, each with a checksum and a number.
//!
//! The first line says which state the journal continues: its lineage, its serial and its last
//! run. Every later line is an event of one run, of which the first names the run. A line is
//! `{"sum":"<CRC-32 of the body>","body":<body>}`, so a damaged one is found without
//! understanding it, and a missing one by its number.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Ending, Provenance, RunEvent, RunInfo, Task};
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};
use crate::state::{Api, Home, State};

/// The version of the journal that this program reads and writes.
pub const VERSION: u64 = 1;

const BEFORE_SUM: &[u8] = br#"{"sum":""#;
const BEFORE_BODY: &[u8] = br#"","body":"#;
const FRAME: usize = BEFORE_SUM.len() + 8 + BEFORE_BODY.len();

/// Which state a journal continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The state's lineage.
    pub lineage: Uuid,
    /// The state's serial before the run.
    pub base: u64,
    /// The id of the last run in the state; older journals do not say it.
    pub last: Option<Uuid>,
    /// Where the assets live.
    pub home: Home,
}

impl Header {
    /// The header of a journal that continues `state`.
    #[must_use]
    pub fn of(state: &State) -> Self {
        Self {
            lineage: state.lineage,
            base: state.serial,
            last: state.runs.last_key_value().map(|(_, run)| run.id),
            home: state.home.clone(),
        }
    }
}

/// A line of the journal, as its schema tells it: it is read and written by hand, since the
/// checksum is that of the body's very bytes.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Line<'line> {
    /// The CRC-32 of the body's bytes, as 8 hexadecimal digits in lower case.
    #[schemars(regex(pattern = "^[0-9a-f]{8}$"))]
    sum: String,
    body: Body<'line>,
}

/// The first line says which state the journal continues, and every other one what happened.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Body<'line> {
    Header(HeaderBody),
    Event(EventBody<'line>),
}

/// Which state the journal continues.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct HeaderBody {
    /// The version of the journal: 1.
    journal: u64,
    lineage: Uuid,
    base: u64,
    /// The id of the last run in the state that it continues; null where it has none.
    #[serde(default)]
    last: Option<Uuid>,
    api: Api,
    endpoint: String,
    account: Option<String>,
}

/// An event, and its number within the journal, from 1.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct EventBody<'line> {
    seq: u64,
    #[serde(borrow)]
    event: EventLine<'line>,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum EventLine<'line> {
    /// The run began.
    Started {
        run: u64,
        id: Uuid,
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        actor: Option<String>,
        commit: Option<String>,
        ci: Option<String>,
        plan: Option<String>,
        account: Option<String>,
    },
    /// A batch is about to be sent; without an answer its assets are unknown.
    Intent {
        batch: u64,
        task: Task,
        ids: Cow<'line, [AssetId]>,
    },
    /// A batch was answered; what is missing here stays as it was.
    Answered {
        batch: u64,
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        /// Deleted by us, as the answer to the delete says.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        retired: Vec<AssetId>,
        /// Shown to be deleted by something else than the answer to a delete.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        shown: BTreeMap<AssetId, Shown>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<AssetId>,
        /// Only in journals of earlier versions, which took what is missing for gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<AssetId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<AssetId>,
        #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
        failed: BTreeMap<AssetId, FailureLine<'line>>,
    },
    /// Records that nothing needs any more are dropped.
    Forgotten {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        ids: Cow<'line, [AssetId]>,
    },
    /// Assets were found deleted before anything was sent for them; only in journals of earlier
    /// versions, which did not ask for more than a line in a list.
    FoundDeleted {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        ids: Cow<'line, [AssetId]>,
    },
    /// The server said something that it should not say.
    Warned {
        batch: u64,
        #[serde(borrow)]
        message: Cow<'line, str>,
    },
    /// The run ended, of itself or in order before that.
    Ended {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        done: bool,
    },
}

/// Who deleted an asset, and what shows it.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Shown {
    status: ShownStatus,
    evidence: Evidence,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum ShownStatus {
    /// We did.
    Retired,
    /// Somebody else did.
    Gone,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct FailureLine<'line> {
    kind: FailureKind,
    #[serde(borrow)]
    message: Cow<'line, str>,
}

/// Appends the first line.
pub fn write_header(header: &Header, lines: &mut Vec<u8>) {
    let Header {
        lineage,
        base,
        last,
        home: Home {
            api,
            endpoint,
            account,
        },
    } = header.clone();
    write_line(
        &HeaderBody {
            journal: VERSION,
            lineage,
            base,
            last,
            api,
            endpoint,
            account,
        },
        lines,
    );
}

/// Appends the line of one event; `sequence` counts the events from 1.
///
/// An event that does not last has no line, see [`RunEvent::lasts`].
pub fn write_event(sequence: u64, event: &RunEvent, lines: &mut Vec<u8>) {
    let event = match event {
        RunEvent::Started(info) => {
            let RunInfo {
                number,
                id,
                at,
                provenance:
                    Provenance {
                        actor,
                        commit,
                        ci,
                        plan,
                    },
                account,
            } = info.clone();
            EventLine::Started {
                run: number,
                id,
                at,
                actor,
                commit,
                ci,
                plan,
                account,
            }
        }
        RunEvent::Intent { batch, task, ids } => EventLine::Intent {
            batch: *batch,
            task: *task,
            ids: Cow::Borrowed(ids),
        },
        RunEvent::Answered {
            batch,
            at,
            outcomes,
        } => answered(*batch, *at, outcomes),
        RunEvent::Forgotten { at, ids } => EventLine::Forgotten {
            at: *at,
            ids: Cow::Borrowed(ids),
        },
        RunEvent::Warned { batch, message } => EventLine::Warned {
            batch: *batch,
            message: Cow::Borrowed(message),
        },
        RunEvent::Ended { at, ending } => EventLine::Ended {
            at: *at,
            done: *ending == Ending::Done,
        },
        RunEvent::Paced { .. } | RunEvent::Retried { .. } | RunEvent::Stopping { .. } => return,
    };
    write_line(
        &EventBody {
            seq: sequence,
            event,
        },
        lines,
    );
}

fn answered(batch: u64, at: Timestamp, outcomes: &[AssetOutcome]) -> EventLine<'_> {
    let (mut retired, mut missing, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let (mut shown, mut failed) = (BTreeMap::new(), BTreeMap::new());
    let mut show = |id, status, evidence| {
        shown.insert(id, Shown { status, evidence });
    };
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Retired(Evidence::Answer) => retired.push(*id),
            Outcome::Retired(evidence) => show(*id, ShownStatus::Retired, *evidence),
            Outcome::Gone(evidence) => show(*id, ShownStatus::Gone, *evidence),
            Outcome::Missing => missing.push(*id),
            Outcome::Unknown => unknown.push(*id),
            Outcome::Failed(Failure { kind, message }) => {
                let failure = FailureLine {
                    kind: *kind,
                    message: Cow::Borrowed(message),
                };
                failed.insert(*id, failure);
            }
        }
    }
    EventLine::Answered {
        batch,
        at,
        retired,
        shown,
        missing,
        gone: Vec::new(),
        unknown,
        failed,
    }
}

fn write_line<T: Serialize>(body: &T, lines: &mut Vec<u8>) {
    let start = lines.len();
    lines.extend_from_slice(BEFORE_SUM);
    lines.extend_from_slice(b"00000000");
    lines.extend_from_slice(BEFORE_BODY);
    let body_start = lines.len();
    // Writing plain structs into memory cannot fail; were it to, the line would not be read back.
    drop(serde_json::to_writer(&mut *lines, body));
    let sum = format!("{:08x}", crc32fast::hash(&lines[body_start..]));
    let sum_start = start + BEFORE_SUM.len();
    lines[sum_start..sum_start + 8].copy_from_slice(sum.as_bytes());
    lines.extend_from_slice(b"}\n");
}

/// The body of a line, if its frame and its checksum are right.
pub(in crate::store) fn body(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(BEFORE_SUM)?;
    let (sum, _) = rest.split_at_checked(8)?;
    let body = line.get(FRAME..)?.strip_suffix(b"}")?;
    let framed = rest.get(8..)?.starts_with(BEFORE_BODY);
    (framed && format!("{:08x}", crc32fast::hash(body)).as_bytes() == sum).then_some(body)
}

/// Reads the body of the first line.
///
/// # Errors
///
/// Returns why it is not that of a journal that this program knows.
pub(in crate::store) fn read_header(body: &[u8]) -> Result<Header, String> {
    let HeaderBody {
        journal,
        lineage,
        base,
        last,
        api,
        endpoint,
        account,
    } = serde_json::from_slice(body)
        .map_err(|error| format!("the first line is not that of a journal: {error}"))?;
    if journal != VERSION {
        return Err(format!(
            "this is version {journal} of the journal, and this program knows version {VERSION}"
        ));
    }
    Ok(Header {
        lineage,
        base,
        last,
        home: Home {
            api,
            endpoint,
            account,
        },
    })
}

/// Whether bytes are the beginning of a journal's first line, and nothing else.
pub(in crate::store) fn is_cut_header(bytes: &[u8]) -> bool {
    // A file system may have made the file longer before it wrote what belongs there.
    let end = bytes.iter().rposition(|byte| *byte != 0);
    let bytes = &bytes[..end.map_or(0, |end| end + 1)];
    let frame = bytes.len().min(BEFORE_SUM.len());
    if bytes[..frame] != BEFORE_SUM[..frame] {
        return false;
    }
    let rest = &bytes[frame..];
    let (sum, rest) = rest.split_at(rest.len().min(8));
    let hexadecimal = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let frame = rest.len().min(BEFORE_BODY.len());
    if !sum.iter().all(hexadecimal) || rest[..frame] != BEFORE_BODY[..frame] {
        return false;
    }
    let body = &rest[frame..];
    // A line that has its end and does not fit its checksum is damaged, and none that was cut;
    // and no first line has an event.
    if body.ends_with(b"}}") || memchr::memmem::find(body, b"\"seq\":").is_some() {
        return false;
    }
    // A body that is whole misses the end of its line; any other must miss nothing but its own.
    match serde_json::from_slice::<HeaderBody>(body) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

/// Reads the body of a later line: the event and its number.
///
/// # Errors
///
/// Returns why it is not an event.
pub(in crate::store) fn read_event(body: &[u8]) -> Result<(u64, RunEvent), String> {
    let EventBody { seq, event } =
        serde_json::from_slice(body).map_err(|error| format!("this is no event: {error}"))?;
    Ok((seq, event_of(event)))
}

fn event_of(event: EventLine<'_>) -> RunEvent {
    match event {
        EventLine::Started {
            run,
            id,
            at,
            actor,
            commit,
            ci,
            plan,
            account,
        } => RunEvent::Started(RunInfo {
            number: run,
            id,
            at,
            provenance: Provenance {
                actor,
                commit,
                ci,
                plan,
            },
            account,
        }),
        EventLine::Intent { batch, task, ids } => RunEvent::Intent {
            batch,
            task,
            ids: Arc::from(&*ids),
        },
        EventLine::Answered {
            batch,
            at,
            retired,
            shown,
            missing,
            gone,
            unknown,
            failed,
        } => {
            let shown = shown.into_iter().map(|(id, shown)| match shown.status {
                ShownStatus::Retired => (id, Outcome::Retired(shown.evidence)),
                ShownStatus::Gone => (id, Outcome::Gone(shown.evidence)),
            });
            // Nothing showed that what an earlier version called gone was deleted.
            let missing = missing.into_iter().chain(gone);
            let settled = retired
                .into_iter()
                .map(|id| (id, Outcome::Retired(Evidence::Answer)))
                .chain(shown)
                .chain(missing.map(|id| (id, Outcome::Missing)))
                .chain(unknown.into_iter().map(|id| (id, Outcome::Unknown)));
            let failed = failed.into_iter().map(|(id, failure)| {
                let FailureLine { kind, message } = failure;
                let message = message.into_owned();
                (id, Outcome::Failed(Failure { kind, message }))
            });
            RunEvent::Answered {
                batch,
                at,
                outcomes: settled.chain(failed).collect(),
            }
        }
        EventLine::Forgotten { at, ids } => RunEvent::Forgotten {
            at,
            ids: ids.into_owned(),
        },
        EventLine::FoundDeleted { at, ids } => RunEvent::Answered {
            batch: 0,
            at,
            outcomes: ids.iter().map(|id| (*id, Outcome::Missing)).collect(),
        },
        EventLine::Warned { batch, message } => RunEvent::Warned {
            batch,
            message: message.into_owned(),
        },
        EventLine::Ended { at, .. } => RunEvent::Ended {
            at,
            ending: Ending::Done,
        },
    }
}
