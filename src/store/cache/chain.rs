//! The pages of the lists of something, put together again, and what has changed since.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::inventory::{Facts, ListPart, Shown};

/// Something, and when it was read.
pub(super) type At<T> = (Timestamp, T);

/// All that was kept of the lists of a folder or a version stack, each list with the line that has
/// its first page.
#[derive(Debug, Default)]
pub(super) struct Chains(BTreeMap<(usize, Arc<str>), (usize, At<ListPart>)>);

/// What was kept, by what it is of, while the lines of the file are read.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) chains: BTreeMap<AssetId, Chains>,
    /// What was read by itself, each with its line.
    pub(super) alone: BTreeMap<AssetId, (usize, At<Facts>)>,
    /// The last line that says of an asset that a run has changed something of it.
    pub(super) changed: BTreeMap<AssetId, usize>,
}

impl Kept {
    /// Forgets what was kept before a run changed it: the lists that show it, and all that is known
    /// of what is in it, to the bottom.
    pub(super) fn forget_changed(&mut self) {
        if self.changed.is_empty() {
            return;
        }
        let mut inside: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
        for (of, chains) in &self.chains {
            inside.entry(*of).or_default().extend(chains.ids());
        }
        for (id, (_, (_, facts))) in &self.alone {
            if let Some(parent) = facts.parent {
                inside.entry(parent).or_default().push(*id);
            }
        }
        spread(inside, &mut self.changed);
        let changed = &self.changed;
        let is_since = |id: &AssetId, line: usize| changed.get(id).is_none_or(|last| *last < line);
        self.alone.retain(|id, (line, _)| is_since(id, *line));
        self.chains.retain(|of, chains| {
            let ids = chains.ids().chain([*of]);
            let last = ids.filter_map(|id| changed.get(&id)).max().copied();
            chains
                .0
                .retain(|_, (line, _)| last.is_none_or(|last| last < *line));
            !chains.0.is_empty()
        });
    }
}

/// Says of all that is in what was changed, to the bottom, that it was changed then as well.
pub(super) fn spread<When: Copy + Ord>(
    mut inside: BTreeMap<AssetId, Vec<AssetId>>,
    changed: &mut BTreeMap<AssetId, When>,
) {
    // The last change goes first, so that each asset is met once.
    let mut tops: Vec<(AssetId, When)> = changed.iter().map(|(id, when)| (*id, *when)).collect();
    tops.sort_unstable_by_key(|(_, when)| Reverse(*when));
    for (top, when) in tops {
        let mut open = inside.remove(&top).unwrap_or_default();
        while let Some(id) = open.pop() {
            let last = changed.entry(id).or_insert(when);
            *last = when.max(*last);
            open.extend(inside.remove(&id).unwrap_or_default());
        }
    }
}

impl Chains {
    /// Takes in a page that was read at a time, from its line; one that does not go on where the
    /// others end says nothing.
    pub(super) fn take(&mut self, line: usize, at: Timestamp, page: ListPart) {
        let key = (page.lists, Arc::clone(&page.list));
        if page.after.is_none() {
            // A list that shows all by itself takes the place of another one that does.
            self.0
                .retain(|(lists, _), _| *lists != 1 || page.lists != 1);
            self.0.insert(key, (line, (at, page)));
            return;
        }
        let Some((_, (oldest, part))) = self.0.get_mut(&key) else {
            return;
        };
        if part.next != page.after {
            return;
        }
        *oldest = at.min(*oldest);
        part.items.extend(page.items);
        part.next = page.next;
        // Where two pages count otherwise, whoever goes on is to find out.
        part.total = part.total.or(page.total);
    }

    /// All that the pages show.
    fn ids(&self) -> impl Iterator<Item = AssetId> {
        let parts = self.0.values();
        parts.flat_map(|(_, (_, part))| part.items.iter().map(|item| item.id))
    }

    /// All that the lists show and when the oldest of it was read, where they came to their ends;
    /// else what was read of them.
    pub(super) fn whole(self) -> Result<At<Vec<Shown>>, Vec<At<ListPart>>> {
        let ends = |lists: &usize| {
            let of_way = self.0.iter().filter(|((all, _), _)| all == lists);
            let ended = of_way.filter(|(_, (_, (_, part)))| part.next.is_none());
            ended.count() == *lists
        };
        let whole = self.0.keys().map(|(lists, _)| *lists).find(ends);
        let Some(whole) = whole else {
            return Err(self.0.into_values().map(|(_, part)| part).collect());
        };
        let (mut oldest, mut all) = (None, Vec::new());
        for ((lists, _), (_, (at, part))) in self.0 {
            if lists == whole {
                oldest = Some(oldest.map_or(at, |oldest: Timestamp| oldest.min(at)));
                all.extend(part.items);
            }
        }
        Ok((oldest.unwrap_or(Timestamp::MIN), all))
    }
}
