//! The order of what is listed: by id, as plans and states have it.

use std::cmp::Ordering;
use std::thread;

use super::document::Entry;

/// From how many entries on a second thread is worth its start: sorting fewer takes some
/// milliseconds.
const WORTH: usize = 50_000;

/// Sorts by id, and what stands twice by its place.
pub(super) fn by_id(entries: &mut [Entry]) {
    if entries.is_sorted_by(|one, other| order(one, other).is_le()) {
        return;
    }
    if entries.len() < WORTH {
        entries.sort_unstable_by(order);
        return;
    }
    let (low, high) = entries.split_at_mut(entries.len() / 2);
    thread::scope(|scope| {
        let second = thread::Builder::new();
        // Where there is no thread to be had, the last sort has more to do.
        drop(second.spawn_scoped(scope, || low.sort_unstable_by(order)));
        high.sort_unstable_by(order);
    });
    // The stable sort finds the two halves in order, and only merges them.
    entries.sort_by(order);
}

fn order(one: &Entry, other: &Entry) -> Ordering {
    // Nearly always the ids differ; a pair of both would be compared twice.
    one.id
        .cmp(&other.id)
        .then_with(|| one.spot.cmp(&other.spot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::AssetId;
    use crate::manifest::document::Spot;

    #[test]
    fn two_threads_sort_as_one_does() {
        let entry = |number: u32| {
            // Every id stands twice, and the places of both are in no order either.
            let spread = u128::from(number / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced);
            let id = uuid::Uuid::from_u128(spread).to_string();
            Entry {
                id: AssetId::parse(&id).unwrap(),
                spot: Spot {
                    file: 0,
                    line: number.wrapping_mul(0x9e37_79b9),
                    column: 1,
                },
                details: None,
            }
        };
        let count = u32::try_from(WORTH).unwrap() + 1;
        let mut entries: Vec<Entry> = (0..count).map(entry).collect();
        let mut expected = entries.clone();
        expected.sort_by_key(|entry| (entry.id, entry.spot));
        by_id(&mut entries);
        assert!(entries == expected);
    }
}
