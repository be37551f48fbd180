//! The pages of the lists of something, put together again.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::inventory::{ListPart, Shown};

/// Something, and when it was read.
pub(super) type At<T> = (Timestamp, T);

/// All that was kept of the lists of a folder or a version stack.
#[derive(Debug, Default)]
pub(super) struct Chains(BTreeMap<(usize, Arc<str>), At<ListPart>>);

impl Chains {
    /// Takes in a page that was read at a time; one that does not go on where the others end says
    /// nothing.
    pub(super) fn take(&mut self, at: Timestamp, page: ListPart) {
        let key = (page.lists, Arc::clone(&page.list));
        if page.after.is_none() {
            // A list that shows all by itself takes the place of another one that does.
            self.0
                .retain(|(lists, _), _| *lists != 1 || page.lists != 1);
            self.0.insert(key, (at, page));
            return;
        }
        let Some((oldest, part)) = self.0.get_mut(&key) else {
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

    /// Whether a page shows one of some assets.
    pub(super) fn shows(&self, is_one: impl Fn(&Shown) -> bool) -> bool {
        let mut parts = self.0.values();
        parts.any(|(_, part)| part.items.iter().any(&is_one))
    }

    /// All that the lists show and when the oldest of it was read, where they came to their ends;
    /// else what was read of them.
    pub(super) fn whole(self) -> Result<At<Vec<Shown>>, Vec<At<ListPart>>> {
        let ends = |lists: &usize| {
            let of_way = self.0.iter().filter(|((all, _), _)| all == lists);
            let ended = of_way.filter(|(_, (_, part))| part.next.is_none());
            ended.count() == *lists
        };
        let whole = self.0.keys().map(|(lists, _)| *lists).find(ends);
        let Some(whole) = whole else {
            return Err(self.0.into_values().collect());
        };
        let (mut oldest, mut all) = (None, Vec::new());
        for ((lists, _), (at, part)) in self.0 {
            if lists == whole {
                oldest = Some(oldest.map_or(at, |oldest: Timestamp| oldest.min(at)));
                all.extend(part.items);
            }
        }
        Ok((oldest.unwrap_or(Timestamp::MIN), all))
    }
}
