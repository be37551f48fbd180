//! v2: which page of which folder's list may tell of assets that are looked for. Pure.
//!
//! A delete whose answer was lost leaves a batch of assets, each of which would have to be read.
//! Where many of them lie in one folder, a page of its list tells of many at once. The list is
//! asked for in the order of the ids, and tells how many pages it has, so that the page is found
//! from what was seen of others (docs/frameio-api.md, "Reading assets (v2)", "Pages (v2)").

use std::collections::{BTreeMap, HashMap};

use crate::apply::folders::list::List;
use crate::asset::AssetId;
use crate::frameio::answer::{Listed, Live};
use crate::plan::forecast::READINGS_A_PAGE;

mod list;
#[cfg(test)]
mod tests;

/// How many pages in a row may tell less than they cost before assets are read one by one.
pub const MISSES: u8 = 4;

/// How many pages may tell nothing, beyond what others told, before lists are given up.
const TRUST: usize = 10;

/// As how many pages that tell nothing one weighs that cannot be had.
const TROUBLE: usize = 3;

/// How many assets a page must tell of while the limit of lists is far: fewer are read as fast.
const CHEAP: usize = 2;

/// A page on which assets are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// The folder whose list it is of.
    pub folder: AssetId,
    /// Its number, from 1.
    pub page: u32,
    /// How many times in a row looking for these assets told less than it cost.
    pub misses: u8,
}

/// What a page told of the assets that were looked for on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Those that are deleted.
    pub deleted: Vec<AssetId>,
    /// Those that are there.
    pub there: Vec<AssetId>,
    /// The page on which others are looked for next, and these.
    pub next: Option<(u32, Vec<AssetId>)>,
    /// Those of which the list does not tell, or not cheaply enough.
    pub elsewhere: Vec<AssetId>,
    /// How many times in a row looking for the others told less than it cost.
    pub misses: u8,
}

/// What was seen of the folders of a run.
#[derive(Debug, Clone)]
pub struct Folders {
    /// How many readings lists may still cost beyond what they save.
    credit: usize,
    /// How many readings a page of a list that is known costs.
    price: usize,
    /// The folder whose list last told enough.
    latest: Option<AssetId>,
    lists: HashMap<AssetId, List>,
    /// How often anything of this has changed.
    changes: u64,
}

impl Default for Folders {
    fn default() -> Self {
        Self {
            credit: TRUST * READINGS_A_PAGE,
            price: READINGS_A_PAGE,
            latest: None,
            lists: HashMap::new(),
            changes: 0,
        }
    }
}

impl Folders {
    /// How often anything of this has changed: as long as it has not, nor have the answers.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether lists have not cost too much so far.
    #[must_use]
    pub const fn are_trusted(&self) -> bool {
        self.credit >= READINGS_A_PAGE
    }

    /// Whether a list of which nothing is known is worth its price, if it may tell of so many
    /// assets.
    #[must_use]
    pub const fn are_worth(&self, assets: usize) -> bool {
        assets >= READINGS_A_PAGE && self.are_trusted()
    }

    /// Takes notice of whether the limit of lists is far.
    ///
    /// Readings and lists have a limit each, so that pages cost no time as long as they do not
    /// wait.
    pub const fn limit_is_far(&mut self, far: bool) {
        self.changes += 1;
        self.price = if far { CHEAP } else { READINGS_A_PAGE };
    }

    /// The folder in which assets probably lie of which nothing is known.
    #[must_use]
    pub const fn latest(&self) -> Option<AssetId> {
        self.latest
    }

    /// The page of a folder's list that may tell most of some assets; nothing where none is
    /// worth its price.
    ///
    /// `after` is the page that was last read for them, where one was.
    #[must_use]
    pub fn page(&self, folder: AssetId, wanted: &[AssetId], after: Option<u32>) -> Option<u32> {
        let Some(list) = self.lists.get(&folder) else {
            return self.are_worth(wanted.len()).then_some(1);
        };
        if wanted.len() < self.price || !self.are_trusted() {
            return None;
        }
        let end = list.last();
        let Some(pages) = end.filter(|_| list.is_sorted) else {
            // Nothing says where an asset is: one page after the other.
            let next = after.map_or(1, |page| page.saturating_add(1));
            return end.is_none_or(|end| next <= end).then_some(next);
        };
        let mut places: BTreeMap<u32, usize> = BTreeMap::new();
        for page in wanted.iter().filter_map(|id| list.place(*id, pages)) {
            *places.entry(page).or_default() += 1;
        }
        let (page, assets) = places.into_iter().max_by_key(|(_, assets)| *assets)?;
        (assets >= self.price).then_some(page)
    }

    /// Takes in a page on which assets were looked for: what it tells of them, and where the
    /// others are looked for next.
    pub fn take(&mut self, search: Search, wanted: &[AssetId], list: &Listed) -> Told {
        let Search {
            folder,
            page,
            misses,
        } = search;
        let mut on_page: HashMap<AssetId, Option<&Live>> = HashMap::new();
        for (id, live) in &list.assets {
            // What stands twice and differs tells nothing.
            let known = on_page.entry(*id).or_insert(Some(live));
            *known = known.filter(|known| *known == live);
        }
        let mut told = Told::default();
        let mut rest = Vec::new();
        for id in wanted {
            match on_page.get(id).copied().flatten() {
                Some(Live::Deleted) => told.deleted.push(*id),
                Some(Live::There) => told.there.push(*id),
                Some(Live::Missing) | None => rest.push(*id),
            }
        }
        let assets = wanted.len() - rest.len();
        self.learn(folder, page, list, assets);
        let is_miss = assets < self.price;
        told.misses = if is_miss { misses + 1 } else { 0 };
        // What should have been on this page lies elsewhere.
        let span = list.span();
        let is_stray = |id: &AssetId| span.as_ref().is_some_and(|span| span.contains(id));
        (told.elsewhere, rest) = rest.into_iter().partition(is_stray);
        let next = (told.misses < MISSES)
            .then(|| self.page(folder, &rest, Some(page)))
            .flatten();
        if let Some(page) = next {
            told.next = Some((page, rest));
        } else {
            if is_miss {
                self.leave(folder);
            }
            told.elsewhere.extend(rest);
        }
        told
    }

    /// Takes notice of a page, which told of so many of the assets that were looked for.
    fn learn(&mut self, folder: AssetId, page: u32, listed: &Listed, told: usize) {
        self.changes += 1;
        // However far the limit is: a page that tells nothing has helped nobody.
        let cost = if told == 0 {
            READINGS_A_PAGE
        } else {
            self.price
        };
        let credit = (self.credit + told).saturating_sub(cost);
        self.credit = credit.min(TRUST * READINGS_A_PAGE);
        if told >= self.price {
            self.latest = Some(folder);
        }
        self.lists.entry(folder).or_default().learn(page, listed);
    }

    /// Takes notice of a page that could not be had.
    pub fn failed(&mut self, folder: AssetId) {
        self.changes += 1;
        self.credit = self.credit.saturating_sub(TROUBLE * READINGS_A_PAGE);
        self.leave(folder);
    }

    /// Takes notice that a folder's list does not lead on.
    fn leave(&mut self, folder: AssetId) {
        self.changes += 1;
        self.latest = self.latest.filter(|latest| *latest != folder);
    }
}
