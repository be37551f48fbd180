//! Looking for what is missing in something that is back: people may have moved it elsewhere, before or
//! after, and then nothing is missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::staged::part::{Before, Elsewhere};
use crate::apply::staged::{Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::inventory::{Contents, Inventory, Seen};
use crate::plan::restore::Part;
use crate::store::Session;

/// How many assets are looked for: each takes a reading of its own, ten of which go a second.
const MOST: usize = 100;

/// What was found elsewhere, by what it had been in.
#[derive(Debug, Default)]
pub(super) struct Search {
    elsewhere: BTreeMap<AssetId, Elsewhere>,
    sought: BTreeSet<AssetId>,
    is_short: bool,
}

impl Search {
    /// What of something is alive elsewhere.
    pub(super) fn of(&self, whole: AssetId) -> Option<&Elsewhere> {
        self.elsewhere.get(&whole)
    }

    /// What is still expected in something, of what is recorded of it.
    pub(super) fn expected(&self, whole: AssetId, with: &BTreeSet<AssetId>) -> BTreeSet<AssetId> {
        match self.of(whole) {
            Some(elsewhere) => with.difference(&elsewhere.ids).copied().collect(),
            None => with.clone(),
        }
    }
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// Judges something that is back by what is still expected in it.
    pub(super) fn judge(
        &self,
        (whole, with): (AssetId, &BTreeSet<AssetId>),
        search: &Search,
        judge: impl FnOnce(Before<'_>) -> Option<Part>,
    ) -> Option<Part> {
        let bytes = self.ledger.state().catalogue.bytes(whole);
        let with = search.expected(whole, with);
        let before = Before { bytes, with: &with };
        let away = search.of(whole).map_or(0, |elsewhere| elsewhere.bytes);
        judge(before.less(away))
    }

    /// Looks elsewhere for what is recorded of something, and that a list does not show in it; nothing
    /// where nothing more can be read.
    pub(super) fn seek(
        &mut self,
        (whole, with): (AssetId, &BTreeSet<AssetId>),
        (inside, project): (&BTreeSet<AssetId>, AssetId),
        search: &mut Search,
    ) -> Option<()> {
        let expected = search.expected(whole, with);
        let missing: Vec<AssetId> = expected.difference(inside).copied().collect();
        if missing.is_empty() {
            return Some(());
        }
        // Those that were found before may have been moved on.
        let known = search.of(whole).map(|elsewhere| elsewhere.ids.clone());
        let mut wanted: Vec<AssetId> = known.into_iter().flatten().collect();
        for id in missing {
            if search.sought.len() < MOST || search.sought.contains(&id) {
                search.sought.insert(id);
                wanted.push(id);
            } else if !std::mem::replace(&mut search.is_short, true) {
                self.warn(format!(
                    "more than {MOST} assets are missing in what came back; the others were not looked for elsewhere"
                ));
            }
        }
        let mut read = self.look_at(&wanted, project)?;
        let parent = |id: &AssetId| read.facts(*id).and_then(|facts| facts.parent);
        let is_in = |parent: AssetId| parent == whole || inside.contains(&parent);
        let found: BTreeSet<AssetId> = (wanted.into_iter())
            .filter(|id| parent(id).is_some_and(|parent| !is_in(parent)))
            .collect();
        if found.is_empty() {
            return Some(());
        }
        let kinds = found
            .iter()
            .filter_map(|id| Some((*id, read.facts(*id)?.kind)));
        let holders = kinds.filter(|(_, kind)| *kind != Kind::File);
        let holders: Vec<(AssetId, Option<Kind>)> =
            holders.map(|(id, kind)| (id, Some(kind))).collect();
        if !holders.is_empty() {
            read.add(self.look_into_all(&holders, project)?);
        }
        let known = &self.ledger.state().catalogue;
        let elsewhere = Elsewhere::of(&found, with, (&read, known));
        search.elsewhere.insert(whole, elsewhere);
        Some(())
    }

    /// Reads assets, each by itself.
    pub(super) fn look_at(&mut self, ids: &[AssetId], project: AssetId) -> Option<Inventory> {
        let assets: Vec<_> = ids.iter().map(|id| (*id, None)).collect();
        let read = self.server.read(Wanted {
            assets: &assets,
            whole: &BTreeSet::new(),
            place: &|_| [Some(project), None],
            within: &|_| None,
        });
        self.unless_stopped(read)
    }

    /// Whether all that a list shows directly in a folder is elsewhere or deleted by its own reading:
    /// then the list is late, and nobody has put anything into it.
    pub(super) fn is_late(
        &mut self,
        (folder, project): (AssetId, AssetId),
        listed: &Inventory,
    ) -> Option<bool> {
        let Some(Contents::Whole(inside)) = listed.contents.get(&folder) else {
            return Some(false);
        };
        let parent = |id: &AssetId| listed.facts(*id).and_then(|facts| facts.parent);
        let direct = inside.iter().filter(|id| parent(id) == Some(folder));
        let direct: Vec<AssetId> = direct.take(MOST).copied().collect();
        let read = self.look_at(&direct, project)?;
        let is_away = |id: &AssetId| match read.assets.get(id) {
            Some(Seen::There(facts)) => facts.parent.is_some_and(|parent| parent != folder),
            Some(Seen::Deleted { .. } | Seen::Missing) => true,
            Some(Seen::Refused { .. }) | None => false,
        };
        Some(!direct.is_empty() && direct.iter().all(is_away))
    }
}
