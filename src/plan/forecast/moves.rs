//! The calls that move assets aside.

use std::collections::BTreeMap;

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::plan::aside::Group;

/// How many calls of each kind there are.
pub(crate) type Calls = BTreeMap<RateLimit, usize>;

/// How many assets a page of a list of a folder shows.
///
/// Source: docs/frameio-api.md, "Lists (V4)".
const PAGE: usize = 500;

/// How many files or folders one call moves at most.
const MOVED_AT_ONCE: usize = 100;

/// The calls that move what is moved aside, and delete it.
pub(crate) fn staged(groups: &BTreeMap<AssetId, Group>) -> Calls {
    let mut calls = Calls::new();
    for group in groups.values() {
        let of = |kind| group.assets.iter().filter(|(_, of)| *of == kind).count();
        let mut add = |limit, more| *calls.entry(limit).or_default() += more;
        add(RateLimit::CreateFolder, 1);
        add(RateLimit::MoveFiles, of(Kind::File).div_ceil(MOVED_AT_ONCE));
        add(
            RateLimit::MoveFolders,
            of(Kind::Folder).div_ceil(MOVED_AT_ONCE),
        );
        add(RateLimit::MoveStack, of(Kind::VersionStack));
        // What is in it is listed twice before it is deleted.
        add(RateLimit::Children, 2 * group.assets.len().div_ceil(PAGE));
        add(RateLimit::DeleteFolder, 1);
    }
    calls
}
