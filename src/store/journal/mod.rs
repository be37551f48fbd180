//! The bytes of a journal: JSON lines, each with a checksum and a number.
//!
//! The first line says which state the journal continues: its lineage, its serial and its last
//! run. Every later line is an event of one run, of which the first names the run. A line is
//! `{"sum":"<CRC-32 of the body>","body":<body>}`, so a damaged one is found without
//! understanding it, and a missing one by its number.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::RunEvent;
use crate::state::{Api, State, Target};
use crate::store::journal::line::EventLine;
use crate::visible;

mod event;
mod line;

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
    pub target: Target,
}

impl Header {
    /// The header of a journal that continues `state`.
    #[must_use]
    pub fn new(state: &State) -> Self {
        Self {
            lineage: state.lineage,
            base: state.serial,
            last: state.runs.last_key_value().map(|(_, run)| run.id),
            target: state.target.clone(),
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

/// Appends the first line.
pub fn write_header(header: &Header, lines: &mut Vec<u8>) {
    let Header {
        lineage,
        base,
        last,
        target: Target {
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
    let Some(event) = EventLine::new(event) else {
        return;
    };
    write_line(
        &EventBody {
            seq: sequence,
            event,
        },
        lines,
    );
}

fn write_line<T: Serialize>(body: &T, lines: &mut Vec<u8>) {
    let start = lines.len();
    lines.extend_from_slice(BEFORE_SUM);
    lines.extend_from_slice(b"00000000");
    lines.extend_from_slice(BEFORE_BODY);
    let body_start = lines.len();
    // Writing plain structs into memory cannot fail; were it to, the line would not be read back.
    drop(visible::json(body, &mut *lines));
    let sum = format!("{:08x}", crc32fast::hash(&lines[body_start..]));
    let sum_start = start + BEFORE_SUM.len();
    lines[sum_start..sum_start + 8].copy_from_slice(sum.as_bytes());
    lines.extend_from_slice(b"}\n");
}

/// The body of a line, if its frame and its checksum are right.
pub(super) fn body(line: &[u8]) -> Option<&[u8]> {
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
pub(super) fn read_header(body: &[u8]) -> Result<Header, String> {
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
        target: Target {
            api,
            endpoint,
            account,
        },
    })
}

/// Whether bytes are the beginning of a journal's first line, and nothing else.
pub(super) fn is_cut_header(bytes: &[u8]) -> bool {
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
pub(super) fn read_event(body: &[u8]) -> Result<(u64, RunEvent), String> {
    let EventBody { seq, event } =
        serde_json::from_slice(body).map_err(|error| format!("this is not an event: {error}"))?;
    Ok((seq, event.into()))
}
