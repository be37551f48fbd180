//! What was seen of one folder's list, and where an asset is on it. Pure.

use std::collections::BTreeMap;

use crate::asset::AssetId;
use crate::frameio::answer::Listed;

/// What was seen of a folder's list.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// How many pages it has, where the server says so.
    pub(super) pages: Option<u32>,
    /// The first page that was found to be empty.
    end: Option<u32>,
    /// Whether it comes in the order of the ids, as far as the last page shows.
    pub(super) is_sorted: bool,
    /// The pages that were read: by the first asset, the number and the last asset.
    pub(super) read: BTreeMap<AssetId, (u32, AssetId)>,
}

impl Default for List {
    fn default() -> Self {
        Self {
            pages: None,
            end: None,
            is_sorted: true,
            read: BTreeMap::new(),
        }
    }
}

impl List {
    pub(super) fn learn(&mut self, page: u32, listed: &Listed) {
        self.pages = listed.pages;
        let ends = listed.assets.first().zip(listed.assets.last());
        let Some(((first, _), (last, _))) = ends else {
            self.end = Some(self.end.map_or(page, |end| end.min(page)));
            return;
        };
        self.end = self.end.filter(|end| *end > page);
        self.is_sorted = listed.is_sorted();
        if !self.is_sorted {
            return;
        }
        let fits = |(other, (number, end)): (&AssetId, &(u32, AssetId))| {
            (number == &page && other == first)
                || (*number < page && end < first)
                || (*number > page && last < other)
        };
        let before = self.read.range(..=*first).next_back();
        let after = self.read.range(*first..).next();
        if !before.into_iter().chain(after).all(fits) {
            // The list has changed since.
            self.read.clear();
        }
        self.read.insert(*first, (page, *last));
    }

    /// The last page, as far as that is known.
    pub(super) fn last(&self) -> Option<u32> {
        let before = self.end.map(|end| end.saturating_sub(1));
        match (self.pages, before) {
            (Some(pages), Some(before)) => Some(pages.min(before)),
            (pages, before) => pages.or(before),
        }
    }

    /// The page on which an asset is, if it is on the list: the one that has its neighbours, or
    /// what its distance from those of the next pages that were read tells, as ids are spread
    /// evenly, more or less. Nothing where those pages leave no room for it.
    pub(super) fn place(&self, id: AssetId, pages: u32) -> Option<u32> {
        // The upper half tells enough, and may be multiplied.
        let upper = |id: AssetId| id.as_u128() >> 64;
        let (from, low) = match self.read.range(..=id).next_back() {
            Some((_, (page, last))) if id <= *last => return Some(*page),
            Some((_, (page, last))) => (*page, upper(*last)),
            None => (0, 0),
        };
        let (to, high) = match self.read.range(id..).next() {
            Some((first, (page, _))) => (*page, upper(*first)),
            None => (pages.saturating_add(1), u128::from(u64::MAX)),
        };
        let between = to
            .checked_sub(from)?
            .checked_sub(1)
            .filter(|room| *room > 0)?;
        let share = upper(id).saturating_sub(low) * u128::from(between);
        let skipped = share.checked_div(high.saturating_sub(low)).unwrap_or(0);
        let skipped = u32::try_from(skipped).unwrap_or(u32::MAX).min(between - 1);
        Some(from + 1 + skipped)
    }
}
