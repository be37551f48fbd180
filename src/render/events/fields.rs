//! What every line of the event stream has: its version and its moment.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::plan::Totals;
use crate::render::events::VERSION;

/// The version of the stream, which is always the one that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            VERSION => Ok(Self),
            other => Err(D::Error::custom(format!(
                "this is version {other} of the event stream, and this program knows version {VERSION}"
            ))),
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "minimum": VERSION, "maximum": VERSION})
    }
}

/// A moment: RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct At(pub Timestamp);

#[cfg(test)]
impl schemars::JsonSchema for At {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "At".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndingName {
    /// Everything that was planned has been sent and answered.
    Done,
    /// It stopped before that.
    Stopped,
    /// Nothing had to be done, and nothing was sent.
    Idle,
}

/// Writes the figures of a plan, those as well that an earlier version did not count.
pub(super) fn every_figure<S: Serializer>(
    totals: &Totals,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let figures = totals.named().map(|(name, figure)| (name, figure as u64));
    let sizes = [
        ("files", totals.files as u64),
        ("bytes", totals.bytes),
        ("unmeasured", totals.unmeasured as u64),
    ];
    serializer.collect_map(figures.into_iter().chain(sizes))
}
