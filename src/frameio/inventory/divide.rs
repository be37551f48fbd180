//! Which assets are found in the lists of what they lie in, and which are read one by one.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::plan::forecast::documented;

/// Divides assets of which it is known in what they lie: the lists that show several of them, or
/// one, and those that are read one by one. Where each lies alone, both ways are as good, and take
/// their share by their limits.
pub(super) fn divide(
    assets: &[(AssetId, Option<Kind>)],
    place: &dyn Fn(AssetId) -> [Option<AssetId>; 2],
) -> (BTreeSet<AssetId>, Vec<(AssetId, Option<Kind>)>) {
    let mut inside: BTreeMap<AssetId, Vec<(AssetId, Option<Kind>)>> = BTreeMap::new();
    for (id, kind) in assets {
        if let Some(parent) = place(*id)[1] {
            inside.entry(parent).or_default().push((*id, *kind));
        }
    }
    let lists: BTreeSet<AssetId> = inside.keys().copied().collect();
    let alone: Vec<(AssetId, (AssetId, Option<Kind>))> = inside
        .into_iter()
        .filter_map(|(parent, all)| (all.len() == 1).then(|| (parent, all[0])))
        .collect();
    let most = one_by_one(lists.len() - alone.len(), alone.len());
    let singles: Vec<_> = alone.into_iter().take(most).collect();
    let parents: BTreeSet<AssetId> = singles.iter().map(|(parent, _)| *parent).collect();
    let lists = lists.into_iter().filter(|parent| !parents.contains(parent));
    (
        lists.collect(),
        singles.into_iter().map(|(_, asset)| asset).collect(),
    )
}

/// How many of the assets that lie alone are read one by one, so that this takes as long as the
/// lists of the others, and so many lists more.
fn one_by_one(lists: usize, alone: usize) -> usize {
    let rates = |limits: &[RateLimit]| {
        limits.iter().fold((0, 0), |(bucket, an_hour), limit| {
            let (most, window, _) = documented(*limit);
            let windows = 3_600_000 / window.as_millis().max(1);
            (
                bucket + u128::from(most),
                an_hour + u128::from(most) * windows,
            )
        })
    };
    let (at_once, each_single) = rates(&[RateLimit::ShowFile]);
    let (of_lists, each_list) = rates(&[RateLimit::Children, RateLimit::FolderFiles]);
    let calls = (lists + alone) as u128;
    let waiting = calls.saturating_sub(at_once + of_lists);
    let most = at_once + waiting * each_single / (each_single + each_list);
    alone.min(usize::try_from(most).unwrap_or(usize::MAX))
}
