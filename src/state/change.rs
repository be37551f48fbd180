//! What is changed without a run.

use crate::asset::AssetId;
use crate::state::Api;

/// A change of a state that no run has made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The records of these assets were dropped.
    Removed(Vec<AssetId>),
    /// The state was that of this version of the API.
    Migrated(Api),
    /// Missing assets were taken to be gone.
    AcceptedMissing(Accepted),
    /// The state was lost, and so many assets that a server shows to be deleted were recorded anew.
    Rebuilt(usize),
}

/// Assets that somebody has taken to be gone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Which.
    pub ids: Vec<AssetId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
