//! The lines of the holds that a state keeps.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::event::Subject;
use crate::state::KeptHold;
use crate::state::format::json;

/// A hold, as the document says it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "Hold"))]
pub(super) struct HoldLine<'text> {
    /// Why the asset or the project is held.
    #[serde(borrow)]
    reason: Cow<'text, str>,
    /// The moment from which the hold no longer counts: RFC 3339. Without one it stays until a
    /// manifest releases it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    until: Option<Timestamp>,
    /// The number of the run that found it in a manifest.
    run: u64,
    /// When it did: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    at: Timestamp,
}

/// Appends the lines of the holds, and with them the end of the document.
pub(super) fn lines(holds: &BTreeMap<Subject, KeptHold>, lines: &mut Vec<String>) {
    let of = |is_project: bool| {
        let holds = holds.iter();
        holds.filter(move |(held, _)| matches!(held, Subject::Project(_)) == is_project)
    };
    let tables = [
        (r#""holds":{"#, of(false)),
        (r#""project_holds":{"#, of(true)),
    ];
    let last = usize::from(of(true).next().is_some());
    for (index, (head, holds)) in tables.into_iter().take(last + 1).enumerate() {
        let end = if index == last { "}}" } else { "}," };
        let mut rows: Vec<String> = holds.map(|(held, hold)| line(held.id(), hold)).collect();
        let Some(bottom) = rows.pop() else {
            lines.push(format!("{head}{end}"));
            continue;
        };
        lines.push(head.to_owned());
        lines.extend(rows.into_iter().map(|row| row + ","));
        lines.push(bottom);
        lines.push(end.to_owned());
    }
}

fn line(id: AssetId, hold: &KeptHold) -> String {
    let KeptHold {
        reason,
        until,
        run,
        at,
    } = hold;
    let said = json(&HoldLine {
        reason: Cow::Borrowed(reason),
        until: *until,
        run: *run,
        at: *at,
    });
    format!(r#""{id}":{said}"#)
}

/// A table of holds, of assets or of projects.
pub(super) struct Holds {
    /// What an id of the table means.
    pub(super) subject: fn(AssetId) -> Subject,
}

impl<'de> DeserializeSeed<'de> for Holds {
    type Value = Vec<(Subject, KeptHold)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Holds {
    type Value = Vec<(Subject, KeptHold)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table of holds")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut holds = BTreeMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let id = AssetId::parse(&key)
                .map_err(|error| A::Error::custom(format_args!("`{key}`: {error}")))?;
            let HoldLine {
                reason,
                until,
                run,
                at,
            } = map.next_value()?;
            let hold = KeptHold {
                reason: Arc::from(&*reason),
                until,
                run,
                at,
            };
            if holds.insert((self.subject)(id), hold).is_some() {
                return Err(A::Error::custom(format_args!("`{id}` is held twice")));
            }
        }
        Ok(holds.into_iter().collect())
    }
}
