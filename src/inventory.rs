//! The words for the live picture: what the server said of assets, and how complete that is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::outcome::Evidence;

/// What was read of assets before a plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// What was seen, by asset.
    pub assets: BTreeMap<AssetId, Seen>,
    /// How many assets should have been read and were not.
    pub unread: usize,
    /// Where protected assets and what is to be deleted lie, where that was read.
    pub places: Option<Places>,
}

/// Where assets lie, as far as it was read to find out what protected ones are connected with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Where each asset lies that was read or listed.
    pub lies: BTreeMap<AssetId, Lies>,
    /// What each of them is called.
    pub names: BTreeMap<AssetId, Arc<str>>,
    /// What sort of asset each of them is, where that is known.
    pub kinds: BTreeMap<AssetId, Kind>,
    /// What is in each folder and version stack that was listed to its end.
    pub contents: BTreeMap<AssetId, Vec<AssetId>>,
    /// The id by which an asset is asked for, by the one that its answer says: what is asked
    /// for by an id of Adobe's storage may answer with a UUID.
    pub same: BTreeMap<AssetId, AssetId>,
    /// Whether all that is in the folders and version stacks that are to be deleted was listed
    /// to the end.
    pub listed_whole: bool,
    /// Why what is in some of the held ones could not be listed to the end.
    pub unlisted: BTreeMap<AssetId, Arc<str>>,
    /// The held assets that are or may be folders or version stacks, each with whether all that
    /// is in it was listed to the end.
    pub held: BTreeMap<AssetId, bool>,
}

/// What must be placed before it is known what protected assets are connected with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connections {
    /// The held assets of which it is not known that they are files.
    pub holds: Vec<AssetId>,
    /// What keeps the folders and stacks that it lies in: all that is held, deferred, pinned or
    /// blocked; nothing where only files are to be deleted.
    pub protected: Vec<AssetId>,
    /// What is to be deleted.
    pub listed: Vec<AssetId>,
    /// What of it is not known to be a file.
    pub containers: Vec<(AssetId, Option<Kind>)>,
}

/// Where one asset lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lies {
    /// In a folder or a version stack.
    In(AssetId),
    /// In nothing: it is the top of a project.
    AtTop,
    /// Nowhere any more: it is shown to be deleted.
    Deleted(Evidence),
    /// The server does not know it.
    Missing,
    /// That could not be found out, and why.
    Unread(Arc<str>),
}

/// What was seen of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    There(Facts),
    /// It is deleted.
    Deleted {
        /// What it was, where that was read.
        facts: Option<Facts>,
        /// What shows it.
        evidence: Evidence,
    },
    /// The server does not know it, and nothing shows that it was deleted.
    Missing,
    /// It may not be read.
    Refused {
        /// The server's own words.
        message: Arc<str>,
    },
}

impl Seen {
    /// The facts of an asset that is there.
    #[must_use]
    pub const fn facts(&self) -> Option<&Facts> {
        match self {
            Self::There(facts) => Some(facts),
            Self::Deleted { .. } | Self::Missing | Self::Refused { .. } => None,
        }
    }
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

#[cfg(test)]
impl Inventory {
    /// An account in which none of some assets lies in another one.
    pub(crate) fn flat(ids: impl IntoIterator<Item = AssetId>) -> Self {
        let places = Places {
            lies: ids.into_iter().map(|id| (id, Lies::AtTop)).collect(),
            ..Places::default()
        };
        Self {
            places: Some(places),
            ..Self::default()
        }
    }
}

impl Inventory {
    /// The assets that were looked for and that the server does not know, or no longer.
    pub fn missing(&self) -> impl Iterator<Item = AssetId> {
        let missing = self.assets.iter();
        missing.filter_map(|(id, seen)| matches!(seen, Seen::Missing).then_some(*id))
    }
}
