//! The whole document of a state, for its schema.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::state::format::{FolderLine, RecordLine, RunLine, hold};

/// A moment: RFC 3339.
#[derive(schemars::JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "only its schema is used")]
struct Moment(#[schemars(with = "String", extend("format" = "date-time"))] Timestamp);

/// The whole document.
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
    api: crate::state::Api,
    /// The server's base address, or `sandbox`.
    endpoint: String,
    /// The account, once the server has named it.
    account: Option<String>,
    /// Who changed the state, when, and from what, by run number.
    runs: BTreeMap<String, RunLine>,
    /// Where assets lay, by the numbers that they have in the records.
    #[serde(default)]
    folders: BTreeMap<String, FolderLine<'static>>,
    /// The marks that people had set in Frame.io when they were read last.
    #[serde(default)]
    marks: BTreeMap<AssetId, crate::inventory::Mark>,
    /// The listed assets that stay since something protected is connected with them.
    #[serde(default)]
    kept: BTreeMap<AssetId, crate::state::KeptBack>,
    /// The assets that were deleted again, since their entries said `again: true`, each with the
    /// run; only there as long as an entry says so.
    #[serde(default)]
    again: BTreeMap<AssetId, u64>,
    /// The folders that assets are moved aside into.
    #[serde(default)]
    staging: Vec<crate::state::StagingFolder>,
    /// What went with a folder that was deleted without an answer, or may have, each with what it lay
    /// in: it is shown to be deleted by that, and comes back with it.
    #[serde(default)]
    unanswered: BTreeMap<AssetId, AssetId>,
    /// When the deletes were sent of which nobody knows what became, by the server's clock: RFC 3339.
    #[serde(default)]
    sent: BTreeMap<AssetId, Moment>,
    /// What is known, by asset.
    assets: BTreeMap<AssetId, RecordLine<'static>>,
    /// What is held, by asset, as runs found it in manifests: it stays so until it is released.
    holds: BTreeMap<AssetId, hold::HoldLine<'static>>,
    /// The same by project.
    #[serde(default)]
    project_holds: BTreeMap<AssetId, hold::HoldLine<'static>>,
}
