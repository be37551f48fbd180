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
