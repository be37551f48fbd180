//! v2: what is listed to its bottom, page by page.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::asset::AssetId;
use crate::frameio::place::Page;

/// What is to be listed to its bottom.
pub(super) struct Descent {
    /// Each with the page that comes next.
    pub(super) queue: VecDeque<(AssetId, Page)>,
    /// Everything that is or was on it.
    pub(super) known: HashSet<AssetId>,
    /// Everything that was listed: what comes twice shows that a list cannot be trusted.
    pub(super) seen: HashSet<AssetId>,
    /// What the lists show of which more pages are to come.
    pub(super) begun: HashMap<AssetId, Vec<AssetId>>,
    /// Why it cannot be trusted.
    pub(super) failure: Option<String>,
}

impl Descent {
    pub(super) fn into(tops: impl IntoIterator<Item = AssetId>) -> Self {
        let queue: VecDeque<(AssetId, Page)> =
            tops.into_iter().map(|top| (top, Page::default())).collect();
        Self {
            known: queue.iter().map(|(top, _)| *top).collect(),
            queue,
            seen: HashSet::new(),
            begun: HashMap::new(),
            failure: None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.queue.is_empty() || self.failure.is_some()
    }

    /// Whether all was listed to the end.
    pub(super) fn is_whole(&self) -> bool {
        self.queue.is_empty() && self.failure.is_none()
    }
}
