//! One request that is to be made, and what it is for.

use std::sync::Arc;
use std::time::Duration;

use crate::asset::{AssetId, Kind};
use crate::event::{Lane, Task};
use crate::frameio::call::Call;
use crate::plan::forecast::PAGE;

/// What a job is for, beyond what its call asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// To learn what becomes of its assets.
    Settle,
    /// v2: to find assets on a page of a folder's list.
    List {
        /// How many times in a row looking for them told less than it cost.
        misses: u8,
    },
    /// V4: to find out of which kind an asset is, by asking for one kind after another.
    Look {
        /// The kind that is asked for.
        kind: Kind,
        /// The kinds that are asked for next.
        next: &'static [Kind],
        /// The kind of which the manifest says that it is, where the server knows no such one.
        said: Option<Kind>,
    },
    /// V4: to read what a version stack holds.
    Open,
    /// V4: to delete one file of a version stack.
    Member,
}

/// Assets that may lie where another one lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Others {
    /// Which.
    pub ids: Arc<[AssetId]>,
    /// How many times in a row looking for them told less than it cost.
    pub misses: u8,
    /// The folder in which they were just not found.
    pub left: Option<AssetId>,
}

/// One request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The call.
    pub call: Call,
    /// The assets that its answer speaks of.
    pub ids: Arc<[AssetId]>,
    /// v2: the assets that are looked for once it is known where its own lies.
    pub others: Option<Box<Others>>,
    /// What it is for.
    pub aim: Aim,
    /// Whether its assets may be deleted; only readings of unlisted assets may not.
    pub listed: bool,
    /// Whether its assets were read and found alive, so that reading them again tells nothing.
    pub looked: bool,
    /// Whether it is no part of an earlier job.
    pub fresh: bool,
    /// How often the same request went wrong before.
    pub tries: u32,
    /// When it first went wrong, counted from the start of the run.
    pub since: Option<Duration>,
}

impl Job {
    fn new(call: Call, ids: Arc<[AssetId]>) -> Self {
        Self {
            call,
            ids,
            others: None,
            aim: Aim::Settle,
            listed: true,
            looked: false,
            fresh: false,
            tries: 0,
            since: None,
        }
    }

    /// The bulk delete of several assets.
    #[must_use]
    pub fn delete(ids: &[AssetId]) -> Self {
        let ids: Arc<[AssetId]> = Arc::from(ids);
        Self::new(Call::BulkDelete(Arc::clone(&ids)), ids)
    }

    /// The reading of one asset.
    #[must_use]
    pub fn read(id: AssetId, listed: bool) -> Self {
        Self {
            listed,
            ..Self::new(Call::ReadAsset(id), Arc::from([id]))
        }
    }

    /// The readings of several assets, one by one.
    #[must_use]
    pub fn reads(ids: &[AssetId], listed: bool) -> Vec<Self> {
        ids.iter().map(|id| Self::read(*id, listed)).collect()
    }

    /// v2: the reading of a page of a folder's list, where assets are looked for.
    #[must_use]
    pub fn list(folder: AssetId, page: u32, ids: &[AssetId], listed: bool, misses: u8) -> Self {
        let size = PAGE;
        Self {
            aim: Aim::List { misses },
            listed,
            ..Self::new(Call::ListFolder { folder, page, size }, Arc::from(ids))
        }
    }

    /// V4: what deletes one asset, or finds out how to.
    #[must_use]
    pub fn single(id: AssetId, kind: Option<Kind>) -> Self {
        let ids = Arc::from([id]);
        match kind {
            Some(Kind::File) => Self::new(Call::DeleteFile(id), ids),
            Some(Kind::Folder) => Self::new(Call::DeleteFolder(id), ids),
            Some(Kind::VersionStack) => Self::open(id, None),
            None => Self::look(id, &Kind::ALL, None, true),
        }
    }

    /// V4: the reading of an asset as one of the first kind, and then of the others.
    #[must_use]
    pub fn look(id: AssetId, kinds: &'static [Kind], said: Option<Kind>, listed: bool) -> Self {
        let (kind, next) = kinds.split_first().unwrap_or((&Kind::File, &[]));
        let kind = *kind;
        Self {
            aim: Aim::Look { kind, next, said },
            listed,
            ..Self::new(Call::Show(kind, id), Arc::from([id]))
        }
    }

    /// V4: the reading of a page of what a version stack holds.
    #[must_use]
    pub fn open(stack: AssetId, after: Option<Arc<str>>) -> Self {
        Self {
            aim: Aim::Open,
            ..Self::new(Call::Children { of: stack, after }, Arc::from([stack]))
        }
    }

    /// V4: the delete of one file of a version stack.
    #[must_use]
    pub fn member(stack: AssetId, file: AssetId) -> Self {
        Self {
            aim: Aim::Member,
            ..Self::new(Call::DeleteFile(file), Arc::from([stack]))
        }
    }

    /// How many assets wait for it.
    #[must_use]
    pub fn assets(&self) -> usize {
        self.ids.len() + self.others.as_ref().map_or(0, |others| others.ids.len())
    }

    /// The lane that it goes through.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.call.lane()
    }

    /// What it asks for.
    #[must_use]
    pub const fn task(&self) -> Task {
        self.call.task()
    }

    /// Cuts a bulk delete into two, the first not smaller than the second.
    #[must_use]
    pub fn halves(&self) -> [Self; 2] {
        let (first, second) = self.ids.split_at(self.ids.len().div_ceil(2));
        [first, second].map(|ids| Self {
            looked: self.looked,
            ..Self::delete(ids)
        })
    }
}
