//! The words for what became of one asset.

use serde::{Deserialize, Serialize};

use crate::asset::AssetId;

/// What one answered request says of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server confirmed the delete.
    Retired,
    /// The asset was already deleted, or never was there, before we asked.
    Gone,
    /// The server said that it did not delete the asset.
    Failed(Failure),
    /// The delete was sent, and no answer that can be trusted came back.
    Unknown,
}

/// Why the server did not delete an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of refusal it is, as far as the message or the status tells.
    pub kind: FailureKind,
    /// The server's own words, unchanged.
    pub message: String,
}

/// What sort of refusal a failure is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The token may not delete this asset.
    Permission,
    /// The server says in words that it does not know the asset.
    NotFound,
    /// The asset is in a state that forbids the delete (status 409).
    Conflict,
    /// The server refuses the request for this asset as invalid (status 400, 413, 422).
    Invalid,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// The kind's name, as it stands in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Other => "other",
        }
    }
}

/// The outcome of one asset of a batch.
pub type AssetOutcome = (AssetId, Outcome);
