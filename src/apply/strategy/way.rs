//! V4: how far an asset is that takes several calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::asset::AssetId;
use crate::frameio::v4::trail::Trail;
use crate::outcome::{AssetOutcome, Failure};

/// How far an asset is that takes several calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    Stack(Stack),
    Folder(Folder),
}

/// A version stack on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// The files that were read so far, as long as more are to come.
    pub(super) found: Vec<AssetId>,
    /// The pages that show them.
    pub(super) trail: Trail<AssetId>,
    /// How many pages that were.
    pub(super) pages: usize,
    /// How many files are still to be answered for.
    pub(super) left: usize,
    /// What became of each that was answered for.
    pub(super) files: Vec<AssetOutcome>,
    /// The first refusal of a file.
    pub(super) failure: Option<Failure>,
    /// Whether the answer for a file never came.
    pub(super) lost: bool,
    /// Whether the files were read that it does not hold any more.
    pub(super) looked: bool,
    /// Whether it was not there when it was read, so that no list was.
    pub(super) absent: bool,
}

/// A folder on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Folder {
    /// How many assets are still to be answered for.
    pub(super) left: usize,
    /// The folders that were taken apart and are to be asked for again, the innermost last.
    pub(super) apart: Vec<AssetId>,
    /// All that were taken apart: once is enough.
    pub(super) tried: Vec<AssetId>,
    /// The version stacks in these that have a record to get, by each of their files: as parts of
    /// the folder the files go one by one.
    pub(super) stacks: Arc<BTreeMap<AssetId, AssetId>>,
    /// The folders in it that went as parts of it: what is in these is answered for with them.
    pub(super) gone: Vec<AssetId>,
    /// The first refusal of what is in it.
    pub(super) failure: Option<Failure>,
    /// Whether an answer never came.
    pub(super) lost: bool,
    /// Whether the folder itself was not there when it was read again.
    pub(super) absent: bool,
    /// What was there still when it was read after the delete.
    pub(super) there: Vec<AssetId>,
    /// When the delete was answered, counted from the start of the run.
    pub(super) since: Duration,
    /// How often what goes along was read.
    pub(super) passes: u32,
}
