//! Looking into a staging folder that comes back until all is there that went with it, there or elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::staged::elsewhere::{Back, Moved, Went};
use crate::apply::staged::part::Before;
use crate::apply::staged::whole::{Found, Whole};
use crate::apply::staged::{GLANCE, Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Inventory, Seen};
use crate::plan::restore::Part;
use crate::store::Session;

impl<Se: Session> Stager<'_, '_, Se> {
    /// Looks into the folder until all is there that was moved into it and is not back already.
    pub(super) fn find_all(
        &mut self,
        whole: &Whole,
        (project, mut home): (AssetId, BTreeMap<AssetId, Kind>),
        longest: Duration,
        moved: &mut Moved,
    ) -> Option<Found> {
        let mut spent = Duration::ZERO;
        // When is looked elsewhere, before it is for the last time.
        let mut next = (whole.is_begun || whole.is_there).then_some(Duration::ZERO);
        loop {
            let read = self.look_into(whole.folder, project)?;
            let inside = directly_in(whole.folder, &read);
            let missing = |home: &BTreeMap<AssetId, Kind>| -> Vec<AssetId> {
                let tops = whole.tops.keys().copied();
                tops.filter(|id| !inside.contains_key(id) && !home.contains_key(id))
                    .collect()
            };
            let holders = inside.iter().filter(|(_, kind)| **kind != Kind::File);
            let holders = holders.map(|(id, _)| *id);
            let holders: Vec<AssetId> = holders.filter(|id| whole.tops.contains_key(id)).collect();
            let mut back = self.back(whole, &holders, read, moved);
            let mut parts = self.parts_of(whole, &holders, &back);
            let is_last = spent >= longest;
            if is_last || next.is_some_and(|next| spent >= next) {
                home.extend(self.whereabouts(&missing(&home), (whole.folder, project))?);
                let sought = if parts.is_empty() {
                    self.short(whole, &holders, &back)
                } else {
                    parts
                };
                self.seek(whole, (&sought, project), &mut back, moved)?;
                parts = self.parts_of(whole, &holders, &back);
                // What is to come into something that lies elsewhere is looked at ever more seldom.
                let is_here = parts.is_empty() && missing(&home).is_empty();
                next = is_here.then(|| GLANCE.max(2 * spent));
            }
            let missing = missing(&home);
            // What is still to come into something that lies elsewhere may come only as long as the
            // folder is there.
            let is_all = missing.is_empty() && self.short(whole, &holders, &back).is_empty();
            if is_all || is_last {
                let with = |id: &AssetId| whole.with(*id).iter().copied();
                let missing = missing
                    .iter()
                    .flat_map(|id| [*id].into_iter().chain(with(id)));
                let in_parts = parts.keys().flat_map(|id| {
                    let inside = back.inside(*id);
                    with(id).filter(move |id| !inside.contains(id))
                });
                let unseen = missing.chain(in_parts).collect();
                let elsewhere = parts.keys().flat_map(|id| self.seen_elsewhere(*id, &back));
                let elsewhere = elsewhere.collect();
                let inside = inside.into_iter();
                let inside = inside.filter(|(id, _)| whole.tops.contains_key(id));
                return Some(Found {
                    inside: inside.collect(),
                    parts,
                    home,
                    unseen,
                    elsewhere,
                });
            }
            spent += GLANCE;
            let paused = self.server.pause(GLANCE);
            self.unless_stopped(paused)?;
        }
    }

    /// What is seen of what had been in things that are there again.
    pub(super) fn back(
        &self,
        whole: &Whole,
        holders: &[AssetId],
        read: Inventory,
        moved: &Moved,
    ) -> Back {
        let mut back = Back::listed(read, &self.ledger.state().catalogue);
        for id in holders {
            self.complete(whole, *id, &mut back, moved);
        }
        back
    }

    fn complete(&self, whole: &Whole, id: AssetId, back: &mut Back, moved: &Moved) {
        let went = Went {
            whole: id,
            all: &whole.went(id),
        };
        let known = &self.ledger.state().catalogue;
        back.complete(went, moved, known);
    }

    /// Looks elsewhere for what is missing in things that are there again; nothing where nothing more
    /// can be read.
    pub(super) fn seek(
        &mut self,
        whole: &Whole,
        (parts, project): (&BTreeMap<AssetId, Part>, AssetId),
        back: &mut Back,
        moved: &mut Moved,
    ) -> Option<()> {
        moved.begin();
        for id in parts.keys() {
            let went = Went {
                whole: *id,
                all: &whole.went(*id),
            };
            let lost = back.lost(went);
            let open = lost.iter().copied().filter(|id| self.is_open(*id));
            let open: BTreeSet<AssetId> = open.collect();
            let is_open = |id| open.contains(&id);
            moved.seek(*id, (&lost, is_open), &mut |assets, whole| {
                self.read_in(assets, whole, project)
            })?;
            self.complete(whole, *id, back, moved);
        }
        Some(())
    }

    /// What is seen of something that is there again, where that is not all that was in it, be it
    /// elsewhere.
    pub(super) fn part_of(&self, whole: &Whole, id: AssetId, back: &Back) -> Option<Part> {
        let known = &self.ledger.state().catalogue;
        let before = Before {
            bytes: known.bytes(id),
            with: whole.with(id),
        };
        back.part(id, before)
    }

    /// What is there again and has not all that was in it, be it elsewhere.
    fn short(&self, whole: &Whole, holders: &[AssetId], back: &Back) -> BTreeMap<AssetId, Part> {
        let parts = holders.iter();
        let parts = parts.filter_map(|id| Some((*id, self.part_of(whole, *id, back)?)));
        parts.collect()
    }

    /// What is there again, and has not all in it that is still expected there.
    pub(super) fn parts_of(
        &self,
        whole: &Whole,
        holders: &[AssetId],
        back: &Back,
    ) -> BTreeMap<AssetId, Part> {
        let known = &self.ledger.state().catalogue;
        let parts = holders.iter().filter_map(|id| {
            let before = Before {
                bytes: known.bytes(*id),
                with: whole.with(*id),
            };
            Some((*id, back.part_here(*id, before, known)?))
        });
        parts.collect()
    }

    /// What is recorded of what lies elsewhere, and is there with all that was in it.
    fn seen_elsewhere(&self, whole: AssetId, back: &Back) -> Vec<AssetId> {
        let known = &self.ledger.state().catalogue;
        let elsewhere = back.seen_elsewhere(whole).into_iter();
        let is_whole = |id: &AssetId| back.part_of_inner(*id, known).is_none();
        elsewhere
            .filter(|id| self.is_open(*id))
            .filter(is_whole)
            .collect()
    }

    /// Reads assets, each by itself.
    pub(super) fn look_at(&mut self, ids: &[AssetId], project: AssetId) -> Option<Inventory> {
        let assets: Vec<_> = ids.iter().map(|id| (*id, None)).collect();
        self.read_in(&assets, &BTreeSet::new(), project)
    }

    /// Reads what is in a folder.
    pub(super) fn look_into(&mut self, folder: AssetId, project: AssetId) -> Option<Inventory> {
        self.look_into_all(&[(folder, Some(Kind::Folder))], project)
    }

    /// Reads what is in folders and version stacks.
    pub(super) fn look_into_all(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        project: AssetId,
    ) -> Option<Inventory> {
        let whole = assets.iter().map(|(id, _)| *id).collect();
        self.read_in(assets, &whole, project)
    }

    fn read_in(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        whole: &BTreeSet<AssetId>,
        project: AssetId,
    ) -> Option<Inventory> {
        let read = self.server.read(Wanted {
            assets,
            whole,
            place: &|_| [Some(project), None],
            within: &|_| None,
        });
        self.unless_stopped(read)
    }

    /// Those of some assets that are there, and not in a folder.
    pub(super) fn whereabouts(
        &mut self,
        ids: &[AssetId],
        (folder, project): (AssetId, AssetId),
    ) -> Option<BTreeMap<AssetId, Kind>> {
        if ids.is_empty() {
            return Some(BTreeMap::new());
        }
        let read = self.look_at(ids, project)?;
        let elsewhere = |id: &AssetId| match read.assets.get(id) {
            Some(Seen::There(facts)) => {
                let is_elsewhere = facts.parent.is_some_and(|parent| parent != folder);
                is_elsewhere.then_some((*id, facts.kind))
            }
            Some(Seen::Deleted { .. } | Seen::Missing | Seen::Refused { .. }) | None => None,
        };
        Some(ids.iter().filter_map(elsewhere).collect())
    }
}

/// What is directly in a folder, each with its kind.
fn directly_in(folder: AssetId, read: &Inventory) -> BTreeMap<AssetId, Kind> {
    let Some(Contents::Whole(listed)) = read.contents.get(&folder) else {
        return BTreeMap::new();
    };
    let facts = listed.iter().filter_map(|id| Some((*id, read.facts(*id)?)));
    let direct = facts.filter(|(_, facts)| facts.parent == Some(folder));
    direct.map(|(id, facts)| (id, facts.kind)).collect()
}
