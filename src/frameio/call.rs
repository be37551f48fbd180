//! The calls that a run makes, and the lane that each of them goes through.

use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::{Lane, Task};

/// One call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// v2: deletes several assets.
    BulkDelete(Arc<[AssetId]>),
    /// v2: reads one asset, a deleted one included.
    ReadAsset(AssetId),
    /// V4: deletes a file.
    DeleteFile(AssetId),
    /// V4: deletes a folder, and with it what is in it.
    DeleteFolder(AssetId),
    /// V4: reads an asset as one of a kind.
    Show(Kind, AssetId),
    /// V4: lists a page of what is in a version stack.
    Children {
        /// The stack.
        of: AssetId,
        /// Where the page begins; nothing for the first.
        after: Option<Arc<str>>,
    },
}

impl Call {
    /// The lane that it goes through.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match self {
            Self::BulkDelete(_) => Lane::BulkDelete,
            Self::ReadAsset(_) => Lane::ReadAsset,
            Self::DeleteFile(_) => Lane::DeleteFile,
            Self::DeleteFolder(_) => Lane::DeleteFolder,
            Self::Show(Kind::File, _) => Lane::ShowFile,
            Self::Show(Kind::Folder, _) => Lane::ShowFolder,
            Self::Show(Kind::VersionStack, _) => Lane::ShowStack,
            Self::Children { .. } => Lane::Children,
        }
    }

    /// What it asks for.
    #[must_use]
    pub const fn task(&self) -> Task {
        match self {
            Self::BulkDelete(_) | Self::DeleteFile(_) | Self::DeleteFolder(_) => Task::Delete,
            Self::ReadAsset(_) | Self::Show(..) | Self::Children { .. } => Task::Resolve,
        }
    }
}
