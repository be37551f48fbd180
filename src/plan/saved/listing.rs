//! Where a manifest lists an asset, as a plan document writes it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a manifest lists an asset, written as `file:line:column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The manifest's path.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Listing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        write!(formatter, "{file}:{line}:{column}")
    }
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Listing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let place = text.rsplit_once(':').and_then(|(rest, column)| {
            let (file, line) = rest.rsplit_once(':')?;
            Some(Self {
                file: file.into(),
                line: line.parse().ok()?,
                column: column.parse().ok()?,
            })
        });
        place.ok_or_else(|| {
            serde::de::Error::custom(format_args!("`{text}` is not `file:line:column`"))
        })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Listing {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Listing".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^.*:[0-9]+:[0-9]+$",
            "description": "Where a manifest lists the asset: file:line:column."
        })
    }
}
