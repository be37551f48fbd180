//! Folders and their lists.

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

/// Looks for assets in a folder; returns how many were found, and how many pages that took.
fn search(folders: &mut Folders, assets: &[AssetId], wanted: &[AssetId]) -> (usize, usize) {
    let (mut found, mut pages, mut misses) = (0, 0, 0);
    let page_of = |wanted| folders.page(folder(), wanted, None);
    let mut next = page_of(wanted).map(|page| (page, wanted.to_vec()));
    while let Some((number, wanted)) = next {
        pages += 1;
        let search = Search {
            folder: folder(),
            page: number,
            misses,
        };
        let told = folders.take(search, &wanted, &page(assets, number, PAGE));
        found += told.deleted.len() + told.there.len();
        (next, misses) = (told.next, told.misses);
    }
    (found, pages)
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
