//! The calls that a run makes, and the lane that each of them goes through.

use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::{Lane, Task};

/// One call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// v2: deletes several assets.
    BulkDelete(Arc<[AssetId]>),
    /// v2: reads one asset, a deleted one included.
    ReadAsset(AssetId),
}

impl Call {
    /// The lane that it goes through.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::BulkDelete(_) => Lane::BulkDelete,
            Self::ReadAsset(_) => Lane::ReadAsset,
        }
    }

    /// What it asks for.
    #[must_use]
    pub const fn task(&self) -> Task {
        match self {
            Self::BulkDelete(_) => Task::Delete,
            Self::ReadAsset(_) => Task::Resolve,
        }
    }
}
