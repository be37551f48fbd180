//! v2: which page of which folder's list may tell of assets that are looked for. Pure.
//!
//! A delete whose answer was lost leaves a batch of assets, each of which would have to be read.
//! Where many of them lie in one folder, a page of its list tells of many at once. The list is
//! asked for in the order of the ids, and tells how many pages it has, so that the page is found
//! from what was seen of others (docs/frameio-api.md, "Reading assets (v2)", "Pages (v2)").

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::asset::AssetId;
use crate::frameio::answer::Listed;
use crate::plan::forecast::READINGS_A_PAGE;

/// How long the reading of an asset takes where the server does not tell its limit: 5 a second
/// (docs/frameio-api.md, "Rate limits").
pub const READING: Duration = Duration::from_millis(200);

/// How many pages in a row may tell less than they cost before assets are read one by one.
pub const MISSES: u8 = 4;

/// How many pages may tell nothing, beyond what others told, before lists are given up.
const TRUST: usize = 10;

/// As how many pages that tell nothing one weighs that cannot be had.
const TROUBLE: usize = 3;

/// How many assets a page must tell of while the limit of lists is far: fewer are read as fast.
const CHEAP: usize = 2;

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

    /// How many assets a page must tell of to be worth its price.
    #[must_use]
    pub const fn price(&self) -> usize {
        self.price
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

    /// Takes notice of a page, which told of so many of the assets that were looked for.
    pub fn learn(&mut self, folder: AssetId, page: u32, listed: &Listed, told: usize) {
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
    pub fn leave(&mut self, folder: AssetId) {
        self.changes += 1;
        self.latest = self.latest.filter(|latest| *latest != folder);
    }
}

/// What was seen of a folder's list.
#[derive(Debug, Clone)]
struct List {
    /// How many pages it has, where the server says so.
    pages: Option<u32>,
    /// The first page that was found to be empty.
    end: Option<u32>,
    /// Whether it comes in the order of the ids, as far as the last page shows.
    is_sorted: bool,
    /// The pages that were read: by the first asset, the number and the last asset.
    read: BTreeMap<AssetId, (u32, AssetId)>,
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
    fn learn(&mut self, page: u32, listed: &Listed) {
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
    fn last(&self) -> Option<u32> {
        let before = self.end.map(|end| end.saturating_sub(1));
        match (self.pages, before) {
            (Some(pages), Some(before)) => Some(pages.min(before)),
            (pages, before) => pages.or(before),
        }
    }

    /// The page on which an asset is, if it is on the list: the one that has its neighbours, or
    /// what its distance from those of the next pages that were read tells, as ids are spread
    /// evenly, more or less. Nothing where those pages leave no room for it.
    fn place(&self, id: AssetId, pages: u32) -> Option<u32> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::frameio::answer::Live;

    const SIZE: usize = 10;

    fn asset(number: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(number))
    }

    fn folder() -> AssetId {
        asset(1)
    }

    /// A page of a folder with these assets.
    fn page(assets: &[AssetId], number: u32, size: usize) -> Listed {
        let before = (number as usize - 1) * size;
        let shown = assets.iter().skip(before).take(size);
        Listed {
            assets: shown.map(|id| (*id, Live::There)).collect(),
            pages: Some(u32::try_from(assets.len().div_ceil(size)).unwrap()),
        }
    }

    /// Evenly spread ids, the same ones each time.
    fn spread(count: usize) -> Vec<AssetId> {
        let mut number = 7_u128;
        let mut all = BTreeSet::new();
        while all.len() < count {
            number = number.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645);
            number = number.wrapping_add(0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f);
            all.insert(asset(number ^ (number >> 64)));
        }
        all.into_iter().collect()
    }

    /// Looks for assets as a run does; returns those found, and how many pages it took.
    fn search(folders: &mut Folders, assets: &[AssetId], wanted: &[AssetId]) -> (usize, usize) {
        let mut wanted = wanted.to_vec();
        let (mut pages, mut misses, mut after) = (0, 0, None);
        let before = wanted.len();
        while misses < MISSES
            && let Some(number) = folders.page(folder(), &wanted, after)
        {
            pages += 1;
            let list = page(assets, number, PAGE);
            let left = wanted.len();
            wanted.retain(|id| list.assets.iter().all(|(other, _)| other != id));
            let told = left - wanted.len();
            folders.learn(folder(), number, &list, told);
            let is_miss = told < folders.price();
            misses = if is_miss { misses + 1 } else { 0 };
            after = Some(number);
            wanted.retain(|id| !list.span().unwrap().contains(id));
        }
        (before - wanted.len(), pages)
    }

    const PAGE: usize = crate::plan::forecast::PAGE as usize;

    #[test]
    fn a_lost_batch_takes_few_pages_even_of_a_long_list() {
        for (assets, most) in [(1_000, 2.0), (20_000, 2.5), (1_000_000, 4.5)] {
            let assets = spread(assets);
            let mut folders = Folders::default();
            let (mut pages, mut batches) = (0_u32, 0_u32);
            for batch in assets.chunks(50).step_by(assets.len() / 50 / 20) {
                let (found, took) = search(&mut folders, &assets, batch);
                assert!(found >= 40, "{found} of 50");
                folders.limit_is_far(true);
                pages += u32::try_from(took).unwrap();
                batches += 1;
            }
            let each = f64::from(pages) / f64::from(batches);
            assert!(each <= most, "{each} pages a batch of {}", assets.len());
        }
    }

    #[test]
    fn what_lies_scattered_is_read_one_by_one() {
        let assets = spread(20_000);
        let mut folders = Folders::default();
        let scattered: Vec<AssetId> = assets.iter().copied().step_by(400).collect();
        let (_, pages) = search(&mut folders, &assets, &scattered);
        assert_eq!(pages, 1, "how long the list is");
        assert_eq!(folders.page(folder(), &scattered, None), None);
    }

    #[test]
    fn lists_that_tell_nothing_are_given_up() {
        let wanted: Vec<AssetId> = (100..150).map(asset).collect();
        for far in [false, true] {
            let mut folders = Folders::default();
            folders.limit_is_far(far);
            let mut asked = 0;
            // Each asset is said to lie in a folder of its own, whose list does not show it.
            for number in 1_000..1_100 {
                if let Some(page) = folders.page(asset(number), &wanted, None) {
                    let nothing = Listed {
                        assets: vec![(asset(5), Live::There)],
                        pages: Some(1),
                    };
                    folders.learn(asset(number), page, &nothing, 0);
                    asked += 1;
                }
            }
            assert_eq!(asked, TRUST);
        }
        let mut folders = Folders::default();
        let mut failed = 0;
        while folders.are_worth(50) {
            folders.failed(folder());
            failed += 1;
        }
        assert_eq!(failed, 4);
    }

    #[test]
    fn a_list_without_order_or_length_is_read_page_by_page() {
        let wanted: Vec<AssetId> = (100..150).map(asset).collect();
        let backwards = |pages| Listed {
            assets: wanted.iter().rev().map(|id| (*id, Live::There)).collect(),
            pages,
        };
        for (pages, next) in [(Some(2), Some(2)), (Some(1), None), (None, Some(2))] {
            let mut folders = Folders::default();
            folders.learn(folder(), 1, &backwards(pages), 20);
            assert_eq!(folders.page(folder(), &wanted, Some(1)), next);
            assert_eq!(folders.page(folder(), &wanted, None), Some(1));
        }
        let mut folders = Folders::default();
        let uncounted = Listed {
            pages: None,
            ..page(&wanted, 1, SIZE)
        };
        folders.learn(folder(), 1, &uncounted, 10);
        assert_eq!(folders.page(folder(), &wanted, Some(1)), Some(2));
        assert_eq!(folders.latest(), Some(folder()));
        folders.leave(asset(2));
        assert_eq!(folders.latest(), Some(folder()), "that was another one");
        folders.leave(folder());
        assert_eq!(folders.latest(), None);
    }

    #[test]
    fn a_page_is_worth_less_while_the_limit_is_far() {
        let assets = spread(1_000);
        let mut folders = Folders::default();
        assert_eq!(folders.page(folder(), &assets[..7], None), None);
        assert_eq!(folders.page(folder(), &assets[..8], None), Some(1));
        folders.learn(folder(), 1, &page(&assets, 1, PAGE), 8);
        assert_eq!(folders.page(folder(), &assets[100..107], None), None);
        folders.limit_is_far(true);
        assert_eq!(folders.page(folder(), &assets[100..102], None), Some(2));
        assert_eq!(folders.page(folder(), &assets[100..101], None), None);
        folders.limit_is_far(false);
        assert_eq!(folders.page(folder(), &assets[100..102], None), None);
    }

    #[test]
    fn a_list_that_has_changed_is_learned_anew() {
        let assets = spread(100);
        let mut list = List::default();
        list.learn(1, &page(&assets, 1, SIZE));
        list.learn(2, &page(&assets, 2, SIZE));
        assert_eq!(list.read.len(), 2);
        // Five more stand before them now.
        list.learn(2, &page(&assets[5..], 1, SIZE));
        let read: Vec<_> = list.read.iter().collect();
        assert_eq!(read, [(&assets[5], &(2, assets[14]))]);
        let empty = |pages| Listed {
            assets: Vec::new(),
            pages,
        };
        list.learn(7, &empty(Some(10)));
        list.learn(9, &empty(Some(10)));
        assert_eq!(list.last(), Some(6));
        list.learn(4, &empty(None));
        assert_eq!(
            list.last(),
            Some(3),
            "an empty page counts without a figure"
        );
        // It has grown again.
        list.learn(5, &page(&assets, 5, SIZE));
        assert_eq!(list.last(), Some(10));
    }

    proptest! {
        /// Whatever was read before, however the ids are spread: each guess is a page that was
        /// not read, or the right one, until the asset is found; and one that is not on the
        /// list is given up.
        #[test]
        fn every_asset_on_a_list_is_found(
            numbers in prop::collection::btree_set(
                prop_oneof![any::<u128>().prop_map(|wide| wide >> 1), 0..1_000_u128], 1..200),
            read in prop::collection::vec(0..20_u32, 0..8),
            wanted in prop_oneof![any::<u128>().prop_map(|wide| wide >> 1), 0..1_000_u128],
        ) {
            let assets: Vec<AssetId> = numbers.into_iter().map(asset).collect();
            let pages = u32::try_from(assets.len().div_ceil(SIZE)).unwrap();
            let mut list = List::default();
            let mut seen = BTreeSet::new();
            for number in read {
                let number = number % pages + 1;
                list.learn(number, &page(&assets, number, SIZE));
                seen.insert(number);
            }
            for id in assets.iter().copied().chain([asset(wanted)]) {
                let place = assets.iter().position(|other| *other == id);
                let place = place.map(|place| u32::try_from(place / SIZE).unwrap() + 1);
                let (mut list, mut seen) = (list.clone(), seen.clone());
                let found = loop {
                    let Some(guess) = list.place(id, pages) else {
                        break None;
                    };
                    prop_assert!((1..=pages).contains(&guess));
                    if Some(guess) == place {
                        break place;
                    }
                    let shown = page(&assets, guess, SIZE);
                    if shown.span().unwrap().contains(&id) {
                        // Where it would be, it is not.
                        break None;
                    }
                    prop_assert!(seen.insert(guess), "page {} twice", guess);
                    list.learn(guess, &shown);
                };
                prop_assert_eq!(found, place);
            }
        }

        /// A list that changes underneath leads to no page beyond its ends.
        #[test]
        fn a_list_that_changes_is_no_trap(
            pages in prop::collection::vec(
                (1..9_u32, prop::collection::vec(0..400_u128, 0..6), prop::option::of(0..9_u32)), 0..12),
            wanted in 0..400_u128,
        ) {
            let mut list = List::default();
            for (number, assets, count) in pages {
                let assets: Vec<_> = assets.into_iter().map(|id| (asset(id << 100), Live::There)).collect();
                list.learn(number, &Listed { assets, pages: count });
                if let Some(last) = list.pages
                    && let Some(guess) = list.place(asset(wanted << 100), last)
                {
                    prop_assert!(guess >= 1);
                    let read = list.read.values().map(|(page, _)| *page).max();
                    prop_assert!(guess <= last.max(read.unwrap_or(0)), "{} of {}", guess, last);
                }
            }
        }
    }
}
