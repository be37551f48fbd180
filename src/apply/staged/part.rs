//! Whether all is back that was in something that is there again.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Inventory};
use crate::plan::restore::Part;

/// What was in something, as far as records say.
#[derive(Clone, Copy)]
pub(crate) struct Before<'all> {
    /// How many bytes its files had.
    pub(crate) bytes: Option<u64>,
    /// What was recorded as deleted with it.
    pub(crate) with: &'all BTreeSet<AssetId>,
}

/// What of that is seen, where it is not all: `read` has listed it to the bottom.
pub(crate) fn part_of(whole: AssetId, before: Before<'_>, read: &Inventory) -> Option<Part> {
    let Some(Contents::Whole(inside)) = read.contents.get(&whole) else {
        return Some(Part::Unread);
    };
    judge(before, inside.iter().copied(), read)
}

/// In what assets lie, or lay when they were deleted: one that was moved since counts for both.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<AssetId, Vec<AssetId>>);

impl Links {
    /// What each asset lies in, by that.
    pub(crate) fn add(&mut self, id: AssetId, into: impl IntoIterator<Item = AssetId>) {
        for into in into {
            self.0.entry(into).or_default().push(id);
        }
    }

    /// All that lies in something, however deep.
    pub(crate) fn inside(&self, whole: AssetId) -> BTreeSet<AssetId> {
        let mut inside = BTreeSet::new();
        let mut waiting = vec![whole];
        while let Some(here) = waiting.pop() {
            let direct = self.0.get(&here).into_iter().flatten().copied();
            waiting.extend(direct.filter(|id| *id != whole && inside.insert(*id)));
        }
        inside
    }
}

/// The same of what lies in something that `read` has listed, each by what it lies in there.
pub(crate) fn part_within(
    whole: AssetId,
    before: Before<'_>,
    (links, read): (&Links, &Inventory),
) -> Option<Part> {
    judge(before, links.inside(whole).into_iter(), read)
}

fn judge(
    Before { bytes, with }: Before<'_>,
    inside: impl Iterator<Item = AssetId>,
    read: &Inventory,
) -> Option<Part> {
    let inside: BTreeSet<AssetId> = inside.collect();
    let facts = inside.iter().filter_map(|id| read.facts(*id));
    let files = facts.filter(|facts| facts.kind == Kind::File);
    let sizes = files.filter_map(|facts| facts.bytes);
    let seen = sizes.fold(0, u64::saturating_add);
    let missing = with.difference(&inside).count();
    let is_short = missing > 0 || bytes.is_some_and(|before| seen < before);
    is_short.then_some(Part::Seen {
        bytes: seen,
        before: bytes,
        missing,
    })
}
