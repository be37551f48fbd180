//! What was listed while something else was read, for whoever reads trees.

use std::collections::BTreeMap;

use crate::asset::AssetId;
use crate::frameio::tree::Watch;
use crate::inventory::{ListPart, Shown};

/// Gives what was listed already, and hears of it as of what is listed now.
pub(super) struct Ahead<'watch> {
    pub(super) ahead: BTreeMap<AssetId, Vec<Shown>>,
    pub(super) watch: &'watch mut dyn Watch,
}

impl Watch for Ahead<'_> {
    fn recall(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        let Some(items) = self.ahead.remove(&of) else {
            return self.watch.recall(of);
        };
        self.watch.listed(of, &items);
        Some(items)
    }

    fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        self.watch.begun(of)
    }

    fn page(&mut self, of: AssetId, page: ListPart) {
        self.watch.page(of, page);
    }

    fn enters(&mut self, of: AssetId, item: &Shown) -> bool {
        self.watch.enters(of, item)
    }

    fn decides(&self) -> bool {
        true
    }

    fn listed(&mut self, of: AssetId, items: &[Shown]) {
        self.watch.listed(of, items);
    }

    fn unread(&mut self, of: AssetId, why: &str) {
        self.watch.unread(of, why);
    }
}
