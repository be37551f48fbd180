//! What was read before something is known to have become of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::store::cache::Cache;
use crate::store::cache::chain::spread;

impl Cache {
    /// Does not believe what was read of an asset before something became of it, nor what was read
    /// then of what is in it: `became` says when that was. A run on another machine, or with
    /// another cache, has nothing forgotten here.
    pub fn drop_before(&mut self, became: impl Fn(AssetId) -> Option<Timestamp>) {
        let mut changed: BTreeMap<AssetId, Timestamp> = BTreeMap::new();
        let mut inside: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
        let lists = self.lists.iter().map(|(of, (_, items))| (of, items));
        let begun = self.begun.iter();
        let begun =
            begun.flat_map(|(of, parts)| parts.iter().map(move |(_, part)| (of, &part.items)));
        for (of, items) in lists.chain(begun) {
            let ids = items.iter().map(|item| item.id);
            inside.entry(*of).or_default().extend(ids);
        }
        for (id, (_, facts)) in &self.alone {
            let parent = facts.parent.unwrap_or(*id);
            inside.entry(parent).or_default().push(*id);
        }
        for id in inside.iter().flat_map(|(of, ids)| ids.iter().chain([of])) {
            changed.extend(became(*id).map(|at| (*id, at)));
        }
        if changed.is_empty() {
            return;
        }
        spread(inside, &mut changed);
        let is_since = |id: &AssetId, at: Timestamp| changed.get(id).is_none_or(|when| *when < at);
        self.alone.retain(|id, (at, _)| is_since(id, *at));
        self.lists.retain(|of, (at, items)| {
            is_since(of, *at) && items.iter().all(|item| is_since(&item.id, *at))
        });
        self.begun.retain(|of, parts| {
            parts.iter().all(|(at, part)| {
                is_since(of, *at) && part.items.iter().all(|item| is_since(&item.id, *at))
            })
        });
        self.shown_in = None;
    }
}
