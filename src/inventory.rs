//! The words for the live picture: what the server said of assets, and how complete that is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};

/// What was read of assets before a plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// What was seen, by asset.
    pub assets: BTreeMap<AssetId, Seen>,
    /// How many assets should have been read and were not.
    pub unread: usize,
}

/// What was seen of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    There(Facts),
    /// It is there, and deleted.
    Deleted(Facts),
    /// The server does not know it, or no longer.
    Missing,
}

/// What the server says of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What sort of asset it is.
    pub kind: Kind,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Its project.
    pub project: Option<AssetId>,
    /// The folder or version stack that holds it.
    pub parent: Option<AssetId>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// What a version stack holds; nothing where that was not read.
    pub files: Option<Arc<[AssetId]>>,
}

impl Inventory {
    /// The facts of an asset that is there.
    #[must_use]
    pub fn facts(&self, id: AssetId) -> Option<&Facts> {
        match self.assets.get(&id)? {
            Seen::There(facts) => Some(facts),
            Seen::Deleted(_) | Seen::Missing => None,
        }
    }

    /// What a version stack that is there holds, where that was read.
    #[must_use]
    pub fn files(&self, id: AssetId) -> Option<&Arc<[AssetId]>> {
        self.facts(id)?.files.as_ref()
    }

    /// How many assets were looked for and are not there.
    #[must_use]
    pub fn absent(&self) -> usize {
        let absent = |seen: &&Seen| matches!(seen, Seen::Deleted(_) | Seen::Missing);
        self.assets.values().filter(absent).count()
    }
}
