//! What is seen of things that are there again, and finding what lay in them and lies elsewhere now:
//! people may have taken it out, before or after.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::staged::part::{Before, Links, part_within};
use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Facts, Inventory, Seen};
use crate::plan::restore::Part;
use crate::state::Catalogue;

/// After how many readings of what nobody has seen yet no more is looked for at a time: ten a second go
/// through, and what only comes back slowly has thousands.
const SOUGHT: usize = 200;

/// Reads assets, and what is in those of them that are named second; nothing where nothing can be read.
pub(crate) type Look<'look> =
    dyn FnMut(&[(AssetId, Option<Kind>)], &BTreeSet<AssetId>) -> Option<Inventory> + 'look;

/// What lay in something that is there again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Went<'all> {
    pub(crate) whole: AssetId,
    /// All that is recorded to have gone with it, or in its place, what is seen since among it.
    pub(crate) all: &'all BTreeSet<AssetId>,
}

/// What lay in things that are there again, and was found elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    read: Inventory,
    /// What is there, by what it lay in.
    found: BTreeMap<AssetId, BTreeSet<AssetId>>,
    sought: BTreeSet<AssetId>,
    /// What was not looked for, since there is too much of it.
    unsought: BTreeSet<AssetId>,
}

impl Moved {
    /// Begins to look once more for what is missing.
    pub(crate) fn begin(&mut self) {
        self.sought.clear();
        self.unsought.clear();
    }

    /// Looks for what lay in something, each by itself, and into what of that holds others. What an earlier
    /// run has seen is looked for as well: what is in it now, and what not any more, nobody has written
    /// down.
    pub(crate) fn seek(
        &mut self,
        whole: AssetId,
        (lost, is_open): (&BTreeSet<AssetId>, impl Fn(AssetId) -> bool),
        look: &mut Look<'_>,
    ) -> Option<()> {
        // What was found before may have been moved on.
        let mut wanted = self.found.get(&whole).cloned().unwrap_or_default();
        for id in lost {
            if !is_open(*id) {
                wanted.insert(*id);
            } else if self.sought.len() < SOUGHT || self.sought.contains(id) {
                self.sought.insert(*id);
                wanted.insert(*id);
            } else {
                self.unsought.insert(*id);
            }
        }
        if wanted.is_empty() {
            return Some(());
        }
        let assets: Vec<(AssetId, Option<Kind>)> = wanted.iter().map(|id| (*id, None)).collect();
        let mut read = look(&assets, &BTreeSet::new())?;
        let there = wanted
            .iter()
            .filter_map(|id| Some((*id, read.facts(*id)?.kind)));
        let holders = there.filter(|(_, kind)| *kind != Kind::File);
        let holders: Vec<(AssetId, Option<Kind>)> =
            holders.map(|(id, kind)| (id, Some(kind))).collect();
        if !holders.is_empty() {
            let ids = holders.iter().map(|(id, _)| *id).collect();
            read.add(look(&holders, &ids)?);
        }
        wanted.retain(|id| matches!(read.assets.get(id), Some(Seen::There(_))));
        self.found.insert(whole, wanted);
        self.read.add(read);
        Some(())
    }

    /// What is said where not all was looked for.
    pub(crate) fn warning(&self) -> Option<String> {
        let (sought, unsought) = (self.sought.len(), self.unsought.len());
        (unsought > 0).then(|| {
            format!(
                "of {} assets that are no longer in what came back, {sought} were looked for elsewhere",
                sought + unsought
            )
        })
    }

    /// What lay in something and is there, elsewhere.
    pub(crate) fn from(&self, whole: AssetId) -> impl Iterator<Item = AssetId> {
        self.found.get(&whole).into_iter().flatten().copied()
    }
}

/// What is seen of things that are there again: each asset counts to what it lay in when it was deleted,
/// and only where no record says what that was to what it lies in now. What was put into a folder since
/// takes the place of nothing that is missing in it.
#[derive(Debug, Default)]
pub(crate) struct Back {
    pub(crate) read: Inventory,
    all: BTreeSet<AssetId>,
    links: Links,
    /// In what all that went lay.
    lay: Links,
    /// What was found elsewhere, with all that is in it.
    elsewhere: BTreeSet<AssetId>,
}

impl Back {
    /// What lists show.
    pub(crate) fn listed(read: Inventory, known: &Catalogue) -> Self {
        let mut back = Self::default();
        for (holder, contents) in &read.contents {
            for id in inside(contents) {
                let lies_in = || read.parent_of(*id).unwrap_or(*holder);
                let lay_in = known.parent(*id).unwrap_or_else(lies_in);
                back.links.add(*id, [lay_in]);
                back.all.insert(*id);
            }
        }
        back.read = read;
        back
    }

    /// All that is seen of what was in the things that are there.
    pub(crate) const fn all(&self) -> &BTreeSet<AssetId> {
        &self.all
    }

    /// All that lies or lay in something, of what is seen.
    pub(crate) fn inside(&self, whole: AssetId) -> BTreeSet<AssetId> {
        self.links.inside(whole)
    }

    /// All that lay in something, of what is recorded to have gone.
    fn lay_in(&self, whole: AssetId) -> BTreeSet<AssetId> {
        self.lay.inside(whole)
    }

    /// What went with something, and no list shows.
    pub(crate) fn lost(&self, went: Went<'_>) -> BTreeSet<AssetId> {
        went.all.difference(&self.all).copied().collect()
    }

    /// Counts to something what went with it and is seen: in a list, or elsewhere.
    pub(crate) fn complete(
        &mut self,
        Went { whole, all }: Went<'_>,
        moved: &Moved,
        known: &Catalogue,
    ) {
        for id in all {
            self.lay.add(*id, known.parent(*id));
            // What it lay in may not be seen itself.
            if self.all.contains(id) {
                self.links.add(*id, [whole]);
            }
        }
        for id in moved.from(whole) {
            let Some(facts) = moved.read.facts(id) else {
                continue;
            };
            if facts.kind != Kind::File {
                self.list(id, moved, known);
            }
            let lay_in = known.parent(id).into_iter().chain([whole]);
            self.add(id, facts.clone(), lay_in);
        }
    }

    /// Adds what is in something that lies elsewhere.
    fn list(&mut self, holder: AssetId, moved: &Moved, known: &Catalogue) {
        let contents = moved.read.contents.get(&holder).cloned();
        let contents = contents.unwrap_or_else(|| Contents::Unread("nobody looked".into()));
        for id in inside(&contents) {
            if let Some(facts) = moved.read.facts(*id) {
                let lies_in = || moved.read.parent_of(*id).unwrap_or(holder);
                let lay_in = known.parent(*id).unwrap_or_else(lies_in);
                self.add(*id, facts.clone(), [lay_in]);
            }
        }
        self.read.contents.insert(holder, contents);
    }

    fn add(&mut self, id: AssetId, facts: Facts, lay_in: impl IntoIterator<Item = AssetId>) {
        self.links.add(id, lay_in);
        self.read.around.entry(id).or_insert(facts);
        self.all.insert(id);
        self.elsewhere.insert(id);
    }

    /// What is seen of something that is there, where that is not all that was in it.
    pub(crate) fn part(&self, whole: AssetId, before: Before<'_>) -> Option<Part> {
        if matches!(self.read.contents.get(&whole), Some(Contents::Unread(_))) {
            return Some(Part::Unread);
        }
        part_within(whole, before, (&self.links, &self.read))
    }

    /// The same of what is still expected where it is: what is missing in something that lies elsewhere
    /// now is not.
    pub(crate) fn part_here(
        &self,
        whole: AssetId,
        Before { bytes, with }: Before<'_>,
        known: &Catalogue,
    ) -> Option<Part> {
        let elsewhere = self.lay_elsewhere(whole);
        // What lay in another one of them is counted with that.
        let apart = self.apart(whole).into_iter();
        let apart = apart.filter(|id| !elsewhere.contains(id));
        let missing = apart.map(|id| match self.part_of_inner(id, known) {
            Some(Part::Seen {
                bytes,
                before: Some(before),
                ..
            }) => before.saturating_sub(bytes),
            Some(Part::Unread) => known.bytes(id).unwrap_or_default(),
            Some(Part::Seen { before: None, .. }) | None => 0,
        });
        let missing = missing.fold(0, u64::saturating_add);
        let before = Before {
            bytes: bytes.map(|before| before.saturating_sub(missing)),
            with: &with.difference(&elsewhere).copied().collect(),
        };
        self.part(whole, before)
    }

    /// What lay in what of something lies elsewhere now.
    fn lay_elsewhere(&self, whole: AssetId) -> BTreeSet<AssetId> {
        let apart = self.apart(whole).into_iter();
        apart.flat_map(|id| self.lay_in(id)).collect()
    }

    /// The folders and version stacks of something that lie elsewhere now.
    fn apart(&self, whole: AssetId) -> Vec<AssetId> {
        let elsewhere = self.seen_elsewhere(whole).into_iter();
        let is_holder = |id: &AssetId| self.read.contents.contains_key(id);
        elsewhere.filter(is_holder).collect()
    }

    /// What of something is seen, and lies elsewhere now.
    pub(crate) fn seen_elsewhere(&self, whole: AssetId) -> Vec<AssetId> {
        if self.elsewhere.is_empty() {
            return Vec::new();
        }
        let inside = self.inside(whole);
        self.elsewhere.intersection(&inside).copied().collect()
    }

    /// What is seen of something that lies in that, or lay in it, where that is not all that was in it.
    pub(crate) fn part_of_inner(&self, id: AssetId, known: &Catalogue) -> Option<Part> {
        if self
            .read
            .facts(id)
            .is_some_and(|facts| facts.kind == Kind::File)
        {
            return None;
        }
        let before = Before {
            bytes: known.bytes(id),
            with: &self.lay_in(id),
        };
        self.part(id, before)
    }
}

fn inside(contents: &Contents) -> &[AssetId] {
    match contents {
        Contents::Whole(inside) => inside,
        Contents::Unread(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::inventory::{Known, Location};

    const WHOLE: u128 = 1;
    const FOLDER: u128 = 10;
    const IN_FOLDER: u128 = 11;
    const MOVED_ON: u128 = 12;
    const FILE: u128 = 20;
    /// It lay in another folder.
    const OTHER: u128 = 30;
    const ALL: [u128; 4] = [FOLDER, IN_FOLDER, MOVED_ON, FILE];

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn ids(all: &[u128]) -> BTreeSet<AssetId> {
        all.iter().copied().map(id).collect()
    }

    /// A folder with two files of 3 and 4 bytes, and a file of 5, which all lay in another folder.
    fn known() -> Catalogue {
        let mut known = Catalogue::default();
        for (n, parent, bytes) in [
            (FOLDER, WHOLE, 7),
            (IN_FOLDER, FOLDER, 3),
            (MOVED_ON, FOLDER, 4),
            (FILE, WHOLE, 5),
            (OTHER, 2, 6),
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

    fn facts(n: u128) -> Facts {
        let bytes = match n {
            FOLDER => return Facts::of_kind(Kind::Folder),
            IN_FOLDER => 3,
            MOVED_ON => 4,
            OTHER => 6,
            _ => 5,
        };
        Facts {
            bytes: Some(bytes),
            ..Facts::of_kind(Kind::File)
        }
    }

    /// What is seen where lists show some in the folder that is back, and others are elsewhere, the
    /// folder among them with what a list shows in it.
    fn seen(listed: &[u128], elsewhere: &[u128], in_folder: &[u128], open: &[u128]) -> Back {
        let contents = |all: &[u128]| Contents::Whole(ids(all).into_iter().collect());
        let mut read = Inventory::default();
        read.contents.insert(id(WHOLE), contents(listed));
        let all = [FOLDER, IN_FOLDER, MOVED_ON, FILE, OTHER].map(|n| (id(n), facts(n)));
        read.around.extend(all.clone());
        let known = known();
        let mut back = Back::listed(read, &known);
        let all_went = ids(&ALL);
        let went = Went {
            whole: id(WHOLE),
            all: &all_went,
        };
        let is_open = |one: AssetId| open.iter().any(|n| id(*n) == one);
        let mut moved = Moved::default();
        let lost = back.lost(went);
        let there = ids(elsewhere);
        let answer = &mut |assets: &[(AssetId, Option<Kind>)], whole: &BTreeSet<AssetId>| {
            let mut read = Inventory::default();
            for (one, _) in assets {
                let facts = ALL.into_iter().find(|n| id(*n) == *one).map(facts);
                let seen = facts.filter(|_| there.contains(one));
                let seen = seen.map_or(Seen::Missing, Seen::There);
                read.assets.insert(*one, seen);
            }
            read.around.extend(all.clone());
            read.contents
                .extend(whole.iter().map(|one| (*one, contents(in_folder))));
            Some(read)
        };
        moved.seek(id(WHOLE), (&lost, is_open), answer).unwrap();
        back.complete(went, &moved, &known);
        back
    }

    /// How many bytes are seen in the folder that is back and how much is missing, the same of what is
    /// still expected there, and of the folder in it.
    fn judged(back: &Back) -> [Option<(u64, usize)>; 3] {
        let all = ids(&ALL);
        let before = Before {
            bytes: Some(12),
            with: &all,
        };
        let figures = |part| match part {
            Part::Seen { bytes, missing, .. } => (bytes, missing),
            Part::Unread => unreachable!("all lists are read"),
        };
        [
            back.part(id(WHOLE), before).map(figures),
            back.part_here(id(WHOLE), before, &known()).map(figures),
            back.part_of_inner(id(FOLDER), &known()).map(figures),
        ]
    }

    #[test]
    fn what_is_elsewhere_counts_once_to_what_it_lay_in() {
        let whole = [None, None, None];
        for (listed, elsewhere, in_folder, open, expected) in [
            // All is where it was.
            (&ALL[..], &[][..], &[][..], &ALL[..], whole),
            // The folder with all that was in it is elsewhere.
            (&[FILE], &[FOLDER], &[IN_FOLDER, MOVED_ON], &ALL, whole),
            // Of what was in it, one was moved on from there.
            (&[FILE], &[FOLDER, MOVED_ON], &[IN_FOLDER], &ALL, whole),
            // Or nobody has seen it.
            (
                &[FILE],
                &[FOLDER],
                &[IN_FOLDER],
                &ALL,
                [Some((8, 1)), None, Some((3, 1))],
            ),
            // Or an earlier run has, and it is where it was then, or back where it lay.
            (
                &[FILE],
                &[FOLDER, MOVED_ON],
                &[IN_FOLDER],
                &[FOLDER, FILE],
                whole,
            ),
            (&[FILE, MOVED_ON], &[FOLDER], &[IN_FOLDER], &[FILE], whole),
            // A file out of the folder that is where it was.
            (&[FILE, FOLDER, IN_FOLDER], &[MOVED_ON], &[], &ALL, whole),
            (
                &[FOLDER, IN_FOLDER],
                &[MOVED_ON],
                &[],
                &ALL,
                [Some((7, 1)), Some((7, 1)), None],
            ),
        ] {
            let back = seen(listed, elsewhere, in_folder, open);
            assert_eq!(judged(&back), expected, "{listed:?} {elsewhere:?} {open:?}");
        }
    }

    /// A file of which nothing is recorded is missing in the folder that is back.
    #[test]
    fn what_lay_elsewhere_takes_the_place_of_nothing_that_is_missing() {
        let whole = |back: &Back| {
            let all = ids(&ALL);
            let before = Before {
                bytes: Some(12 + 6),
                with: &all,
            };
            back.part(id(WHOLE), before)
        };
        let short = Some(Part::Seen {
            bytes: 12,
            before: Some(18),
            missing: 0,
        });
        // A file that lay in another folder was put in, by its record.
        let with_other = [FOLDER, IN_FOLDER, MOVED_ON, FILE, OTHER];
        assert_eq!(whole(&seen(&with_other, &[], &[], &ALL)), short);
        // Somebody has taken the folder out, and a file out of that back up: its size counts once.
        assert_eq!(
            whole(&seen(&[FILE, IN_FOLDER], &[FOLDER], &[MOVED_ON], &[FILE])),
            short
        );
    }

    #[test]
    fn no_more_is_looked_for_at_a_time_than_is_said() {
        let lost: BTreeSet<AssetId> = (100..100 + SOUGHT as u128 + 7).map(id).collect();
        let mut moved = Moved::default();
        let mut read = 0;
        let mut look = |assets: &[(AssetId, Option<Kind>)], _: &BTreeSet<AssetId>| {
            read += assets.len();
            Some(Inventory::default())
        };
        moved.seek(id(WHOLE), (&lost, |_| true), &mut look).unwrap();
        assert_eq!(read, SOUGHT);
        assert_eq!(
            moved.warning().as_deref(),
            Some(
                "of 207 assets that are no longer in what came back, 200 were looked for elsewhere"
            )
        );
    }
}
