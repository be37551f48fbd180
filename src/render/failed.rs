//! What a server refused.

use std::sync::Arc;

use serde::Serialize;

use crate::asset::AssetId;
use crate::outcome::FailureKind;

/// An asset that the server refused to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FailedAsset {
    pub(crate) id: AssetId,
    /// What sort of refusal it is.
    pub(crate) kind: FailureKind,
    /// The server's own words.
    pub(crate) message: Arc<str>,
    /// How often a delete was tried and not confirmed, earlier runs included.
    pub(crate) attempts: u32,
}
