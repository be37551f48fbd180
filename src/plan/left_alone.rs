//! What a saved plan leaves alone when it is carried out.

use crate::asset::AssetId;
use crate::event::Other;

/// An asset that a saved plan leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftAlone {
    /// The asset.
    pub id: AssetId,
    /// What is other than reviewed.
    pub other: Other,
}

impl LeftAlone {
    /// The asset, and what in it is other than reviewed.
    pub(crate) fn ids(&self) -> impl Iterator<Item = AssetId> + use<> {
        let inside = match self.other {
            Other::Grown(id) | Other::Changed(id) | Other::Foreign(id) => Some(id),
            Other::Done
            | Other::NotReviewed
            | Other::Lifted
            | Other::Kept
            | Other::Contents
            | Other::Renamed
            | Other::Moved
            | Other::Resized
            | Other::Unsettled
            | Other::Stuck
            | Other::Displaced
            | Other::Undeleted
            | Other::Unread => None,
        };
        [self.id].into_iter().chain(inside)
    }
}
