//! The calls that move assets aside.

use std::collections::BTreeMap;
use std::iter;

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::plan::aside::Group;
use crate::plan::model::Plan;

/// How many calls of each kind there are.
pub(crate) type Calls = BTreeMap<RateLimit, usize>;

/// How many assets a page of a list of a folder shows.
///
/// Source: docs/frameio-api.md, "Lists (V4)".
const PAGE: usize = 500;

/// How many files or folders one call moves at most.
const MOVED_AT_ONCE: usize = 100;

/// The calls of a run for what it moves, and for what it deletes of what was moved.
pub(super) fn of_run(plan: &Plan) -> Calls {
    let staging = &plan.staging;
    let mut calls = moved(&staging.aside);
    if staging.is_due_at_once {
        let sizes = staging.aside.values().map(|group| group.assets.len());
        collected(sizes, &mut calls);
    }
    // How they are spread over the folders makes no difference worth knowing.
    let folders = staging.due_folders.len();
    let each = staging.due.len().div_ceil(folders.max(1));
    collected(iter::repeat_n(each, folders), &mut calls);
    let back = |kind| {
        let kinds = staging.back.iter().filter_map(|id| plan.step(*id)?.kind());
        kinds.filter(|of| *of == kind).count()
    };
    add_moves(back, &mut calls);
    calls
}

/// The calls that move what is moved aside.
pub(crate) fn moved(groups: &BTreeMap<AssetId, Group>) -> Calls {
    let mut calls = Calls::new();
    for group in groups.values() {
        *calls.entry(RateLimit::CreateFolder).or_default() += 1;
        let of = |kind| group.assets.iter().filter(|(_, of)| *of == kind).count();
        add_moves(of, &mut calls);
    }
    calls
}

fn add_moves(of: impl Fn(Kind) -> usize, calls: &mut Calls) {
    let files = of(Kind::File).div_ceil(MOVED_AT_ONCE);
    let folders = of(Kind::Folder).div_ceil(MOVED_AT_ONCE);
    *calls.entry(RateLimit::MoveFiles).or_default() += files;
    *calls.entry(RateLimit::MoveFolders).or_default() += folders;
    *calls.entry(RateLimit::MoveStack).or_default() += of(Kind::VersionStack);
}

/// Adds the calls that delete staging folders with so many assets in each.
pub(crate) fn collected(sizes: impl Iterator<Item = usize>, calls: &mut Calls) {
    for assets in sizes {
        // What is in it is listed twice before it is deleted.
        *calls.entry(RateLimit::Children).or_default() += 2 * assets.div_ceil(PAGE);
        *calls.entry(RateLimit::DeleteFolder).or_default() += 1;
    }
}
