//! Holds as a run writes them down: what is kept from now on, and what is held no longer.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;

/// What a hold is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An asset, and with it all that is in it.
    Asset(AssetId),
    /// A project, and with it all that lies in it.
    Project(AssetId),
}

impl Subject {
    /// Its id.
    #[must_use]
    pub const fn id(self) -> AssetId {
        match self {
            Self::Asset(id) | Self::Project(id) => id,
        }
    }
}

/// What changes among the holds that the state keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldChanges {
    /// The holds that are kept from now on, or with other words than before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<SeenHold>,
    /// The holds that a manifest has released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<Released>,
    /// What is held no longer, since the moment of its hold has come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<Subject>,
}

impl HoldChanges {
    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.released.is_empty() && self.ended.is_empty()
    }
}

/// A hold that a run found in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SeenHold {
    /// What is held.
    pub held: Subject,
    /// Why.
    pub reason: Arc<str>,
    /// The moment from which the hold no longer counts: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
}

/// A hold that a manifest has released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// What was held.
    pub held: Subject,
    /// Why it is held no longer.
    pub reason: Arc<str>,
    /// The ticket under which that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Arc<str>>,
}
