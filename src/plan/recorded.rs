//! What is recorded of an asset that is deleted, or stays since somebody took it back.

use crate::state::Status;

/// What is recorded of an asset that was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// It was deleted by us.
    Retired,
    /// It was deleted by others.
    Gone,
    /// It was deleted by us, and restored by us.
    Restored,
    /// It was moved aside by us, and taken from there by somebody.
    Rescued,
}

impl Recorded {
    /// The status of such a record, as it stands in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Gone => "gone",
            Self::Restored => "restored",
            Self::Rescued => "rescued",
        }
    }

    /// What a record says, where it says that its asset was deleted.
    pub(super) const fn of(status: &Status) -> Option<Self> {
        match status {
            Status::Retired(_) => Some(Self::Retired),
            Status::Gone(_) => Some(Self::Gone),
            Status::Restored { .. } => Some(Self::Restored),
            Status::Rescued => Some(Self::Rescued),
            Status::Failed(_) | Status::Unknown { .. } | Status::Missing | Status::Staged(_) => {
                None
            }
        }
    }
}
