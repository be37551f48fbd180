//! Whether all is back that was in something that is there again.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Inventory};
use crate::plan::restore::Part;
use crate::state::Catalogue;

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
    /// Those of assets by what each lies in.
    pub(crate) fn of(parents: BTreeMap<AssetId, Option<AssetId>>) -> Self {
        let mut links = Self::default();
        for (id, parent) in parents {
            links.add(id, parent);
        }
        links
    }

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

/// Whether the way up from an asset leads to another one.
fn is_below(id: AssetId, whole: AssetId, around: impl Fn(AssetId) -> Option<AssetId>) -> bool {
    let mut passed = BTreeSet::new();
    let mut above = around(id);
    while let Some(here) = above.filter(|here| passed.insert(*here)) {
        if here == whole {
            return true;
        }
        above = around(here);
    }
    false
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

/// What was in something that is back, and is alive somewhere else: it has come back as well, and is no
/// longer expected in that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// All of it, what was in it among it.
    pub(crate) ids: BTreeSet<AssetId>,
    /// How many bytes that had.
    pub(crate) bytes: u64,
    /// What of it is seen, with all that was in it.
    pub(crate) seen: BTreeSet<AssetId>,
    /// What of it is there, and not all that was in it.
    pub(crate) parts: BTreeMap<AssetId, Part>,
}

impl Elsewhere {
    /// Judges what was in something and is `found` alive elsewhere, each by itself. `with` is all that is
    /// recorded of what was in it, and `read` has listed what of the found ones is no file.
    pub(crate) fn of(
        found: &BTreeSet<AssetId>,
        with: &BTreeSet<AssetId>,
        (read, known): (&Inventory, &Catalogue),
    ) -> Self {
        let (ids, bytes) = taken(found, with, (read, known));
        let mut elsewhere = Self {
            ids,
            bytes,
            ..Self::default()
        };
        for id in found {
            let listed = match read.contents.get(id) {
                Some(Contents::Whole(listed)) => &**listed,
                Some(Contents::Unread(_)) => {
                    elsewhere.parts.insert(*id, Part::Unread);
                    continue;
                }
                None => &[],
            };
            let is_listed = |id: &AssetId| listed.binary_search(id).is_ok();
            // What was in it may have been moved on from there.
            let on = found.iter().filter(|one| *one != id && !is_listed(one));
            let on: BTreeSet<AssetId> = on.copied().collect();
            let own: BTreeSet<AssetId> = below(*id, with, known).collect();
            let (gone, bytes) = taken(&on, &own, (read, known));
            let own = own.difference(&gone).copied().collect();
            let is_file = read.facts(*id).is_none_or(|facts| facts.kind == Kind::File);
            let before = Before {
                bytes: known.bytes(*id).filter(|_| !is_file),
                with: &own,
            };
            match judge(before.less(bytes), listed.iter().copied(), read) {
                Some(part) => drop(elsewhere.parts.insert(*id, part)),
                None => drop(elsewhere.seen.insert(*id)),
            }
            elsewhere
                .seen
                .extend(own.iter().filter(|one| is_listed(one)));
        }
        let Self { seen, parts, .. } = &mut elsewhere;
        seen.retain(|id| !parts.contains_key(id));
        elsewhere
    }

    /// What of it is not seen.
    pub(crate) fn unseen(&self) -> impl Iterator<Item = AssetId> {
        let is_open = |id: &&AssetId| !self.seen.contains(id) && !self.parts.contains_key(id);
        self.ids.iter().filter(is_open).copied()
    }
}

impl Before<'_> {
    /// The same with so many bytes less.
    pub(crate) fn less(self, bytes: u64) -> Self {
        let before = self.bytes.map(|before| before.saturating_sub(bytes));
        Self {
            bytes: before,
            ..self
        }
    }
}

/// What is no longer in something of which some assets are elsewhere, those with all that was in them, and
/// how many bytes that had.
fn taken(
    apart: &BTreeSet<AssetId>,
    with: &BTreeSet<AssetId>,
    (read, known): (&Inventory, &Catalogue),
) -> (BTreeSet<AssetId>, u64) {
    let apart: BTreeSet<AssetId> = apart.intersection(with).copied().collect();
    let inner: BTreeSet<AssetId> = apart
        .iter()
        .flat_map(|id| below(*id, with, known))
        .collect();
    let size = |id: &AssetId| {
        let seen = || read.facts(*id).and_then(|facts| facts.bytes);
        known.bytes(*id).or_else(seen).unwrap_or_default()
    };
    let bytes = apart.difference(&inner).map(size);
    let bytes = bytes.fold(0, u64::saturating_add);
    (apart.union(&inner).copied().collect(), bytes)
}

/// What of some assets was in one of them, as far as is recorded.
fn below(
    id: AssetId,
    with: &BTreeSet<AssetId>,
    known: &Catalogue,
) -> impl Iterator<Item = AssetId> {
    let around = |id: AssetId| known.parent(id);
    with.iter()
        .copied()
        .filter(move |one| is_below(*one, id, around))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::inventory::{Facts, Known, Location, Seen};

    const FOLDER: u128 = 10;
    const IN_FOLDER: u128 = 11;
    const MOVED_ON: u128 = 12;
    const FILE: u128 = 20;

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn ids(all: &[u128]) -> BTreeSet<AssetId> {
        all.iter().copied().map(id).collect()
    }

    /// A folder with two files of 3 and 4 bytes, and a file of 5, which all lay in 1.
    fn known() -> Catalogue {
        let mut known = Catalogue::default();
        for (n, parent, bytes) in [
            (FOLDER, 1, 7),
            (IN_FOLDER, FOLDER, 3),
            (MOVED_ON, FOLDER, 4),
            (FILE, 1, 5),
        ] {
            let location = Location {
                project: None,
                folder: format!("{parent}").into(),
            };
            let one = Known {
                name: None,
                location: Some(Arc::new(location)),
                parent: Some(id(parent)),
                bytes: Some(bytes),
            };
            known.insert(id(n), one);
        }
        known
    }

    /// What is found elsewhere, and what a list shows in the folder, each with its size now.
    fn judged(found: &[u128], listed: &[(u128, u64)]) -> Elsewhere {
        let with = ids(&[FOLDER, IN_FOLDER, MOVED_ON, FILE]);
        let mut read = Inventory::default();
        let file = |bytes| Facts {
            bytes: Some(bytes),
            ..Facts::of_kind(Kind::File)
        };
        for n in found {
            let facts = match *n {
                FOLDER => Facts::of_kind(Kind::Folder),
                _ => file(4),
            };
            read.assets.insert(id(*n), Seen::There(facts));
        }
        for (n, bytes) in listed {
            read.around.insert(id(*n), file(*bytes));
        }
        let inside: Vec<AssetId> = listed.iter().map(|(n, _)| id(*n)).collect();
        let inside = Contents::Whole(inside.into());
        read.contents.insert(id(FOLDER), inside);
        Elsewhere::of(&ids(found), &with, (&read, &known()))
    }

    #[test]
    fn what_is_elsewhere_is_judged_by_itself_and_counts_once() {
        let all = [FOLDER, IN_FOLDER, MOVED_ON];
        let whole = judged(&[FOLDER], &[(IN_FOLDER, 3), (MOVED_ON, 4)]);
        assert_eq!((whole.ids.clone(), whole.bytes), (ids(&all), 7));
        assert_eq!((whole.seen.clone(), whole.parts.len()), (ids(&all), 0));
        assert_eq!(whole.unseen().next(), None);

        // What was moved on from it is no part of it, nor counts twice.
        let apart = judged(&[FOLDER, MOVED_ON], &[(IN_FOLDER, 3)]);
        assert_eq!((apart.ids.clone(), apart.bytes), (ids(&all), 7));
        assert_eq!((apart.seen, apart.parts.len()), (ids(&all), 0));

        // What is missing in it makes a part of it, and of nothing else.
        let short = judged(&[FOLDER, FILE], &[(IN_FOLDER, 3)]);
        assert_eq!(short.bytes, 12);
        assert_eq!(short.seen, ids(&[IN_FOLDER, FILE]));
        assert_eq!(short.unseen().collect::<Vec<_>>(), [id(MOVED_ON)]);
        let part = Part::Seen {
            bytes: 3,
            before: Some(7),
            missing: 1,
        };
        assert_eq!(short.parts, [(id(FOLDER), part)].into());

        // A file out of a folder that is not missing itself takes its own bytes.
        let one = judged(&[MOVED_ON], &[]);
        assert_eq!((one.ids.clone(), one.bytes), (ids(&[MOVED_ON]), 4));
        assert_eq!(one.seen, ids(&[MOVED_ON]));
    }
}
