//! What keeps a run from an asset that was to be deleted when somebody approved it.

use serde::{Deserialize, Serialize};

use crate::asset::AssetId;

/// What is other than it was when a plan was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Other {
    /// It would be deleted now, and the plan does not say so.
    NotReviewed,
    /// It would be deleted now, and was kept by a mark that somebody has lifted since.
    Lifted,
    /// It is kept now, and the plan would delete it.
    Kept,
    /// This asset is in the folder or version stack now, and the plan does not name it.
    Grown(AssetId),
    /// This asset in the folder or version stack has another name, place or size than when the plan
    /// was reviewed.
    Changed(AssetId),
    /// There is other in the folder or version stack than when the plan was reviewed.
    Contents,
    /// It has another name than when the plan was reviewed.
    Renamed,
    /// It lies in another place than when the plan was reviewed.
    Moved,
    /// It has another size than when the plan was reviewed.
    Resized,
    /// This asset was put into its staging folder, and nobody has reviewed it.
    Foreign(AssetId),
    /// Nobody knows yet where it is, or whether it is deleted: the next run looks.
    Unsettled,
    /// It could not be moved.
    Stuck,
    /// Its staging folder has another name or lies elsewhere than where it was made: whoever did
    /// that means something by it.
    Displaced,
    /// The server did not delete its staging folder.
    Undeleted,
    /// It could not be read again before it was to be sent.
    Unread,
    /// Nothing is left to do for it: another run has done it, or its record is gone.
    Done,
}

impl Other {
    /// Whether the asset is still there, so that something is left to do.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::NotReviewed
            | Self::Lifted
            | Self::Kept
            | Self::Grown(_)
            | Self::Changed(_)
            | Self::Contents
            | Self::Renamed
            | Self::Moved
            | Self::Resized
            | Self::Foreign(_)
            | Self::Unsettled
            | Self::Stuck
            | Self::Displaced
            | Self::Undeleted
            | Self::Unread => true,
            Self::Done => false,
        }
    }
}
