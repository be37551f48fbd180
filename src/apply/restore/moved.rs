//! Finding what lay in something that is back, and lies elsewhere now: people may have taken it out.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apply::restore::{Run, Wanted};
use crate::apply::staged::part::Links;
use crate::asset::{AssetId, Kind};
use crate::event::RunEvent;
use crate::inventory::{Contents, Facts, Inventory, Seen};
use crate::outcome::Evidence;
use crate::state::{Record, Status};
use crate::store::Session;

/// After how many readings no more is looked for at a time: ten a second go through, and a folder that
/// only comes back slowly has thousands.
const SOUGHT: usize = 200;

/// What is seen of something that is there: what lies in it, and what lay in it when it was deleted.
pub(super) struct Back {
    pub(super) read: Inventory,
    /// All of that, in the order of the ids.
    pub(super) all: Vec<AssetId>,
    pub(super) links: Links,
}

impl Back {
    /// What a listing shows of it.
    pub(super) fn listed(whole: AssetId, read: Inventory) -> Self {
        let all = inside(whole, &read).to_vec();
        let mut links = Links::default();
        for id in &all {
            let parent = read.facts(*id).and_then(|facts| facts.parent);
            links.add(*id, parent.into_iter().chain([whole]));
        }
        Self { read, all, links }
    }

    /// Counts something that lies elsewhere to what it lay in.
    fn add(&mut self, id: AssetId, facts: Facts, lay_in: impl Iterator<Item = AssetId>) {
        let into: BTreeSet<AssetId> = facts.parent.into_iter().chain(lay_in).collect();
        self.links.add(id, into);
        self.read.around.entry(id).or_insert(facts);
        self.all.push(id);
    }
}

impl<Se: Session> Run<'_, '_, Se> {
    /// Adds what of something is not listed in it any more and lies elsewhere, be it within that.
    pub(super) fn add_moved(&mut self, wanted: &Wanted, back: &mut Back) {
        let with = wanted.with.iter().chain(&*wanted.parts).copied();
        let went: BTreeSet<AssetId> = with.chain(self.seen_since(wanted.id)).collect();
        let is_listed = |id: &AssetId| back.all.binary_search(id).is_ok();
        let (listed, away): (Vec<AssetId>, Vec<AssetId>) =
            went.into_iter().partition(|id| is_listed(id));
        let (open, earlier): (Vec<AssetId>, Vec<AssetId>) =
            away.into_iter().partition(|id| self.is_open(*id));
        for id in listed {
            let lay_in = self.ledger.state().catalogue.parent(id);
            back.links.add(id, lay_in);
        }
        if self.find(wanted, &open, back).is_some() {
            back.all.sort_unstable();
            back.all.dedup();
            self.add_seen(wanted.id, &earlier.into_iter().collect(), back);
        }
    }

    /// Looks for assets by themselves, and into those of them that hold others.
    fn find(&mut self, wanted: &Wanted, open: &[AssetId], back: &mut Back) -> Option<()> {
        if open.len() > SOUGHT {
            let (batch, id, of) = (self.batch, wanted.id, open.len());
            let message = format!(
                "of {of} assets that are not in `{id}` any more, {SOUGHT} were looked for elsewhere; the same command looks for the rest"
            );
            self.commit(vec![RunEvent::Warned { batch, message }]);
        }
        let sought = open.iter().take(SOUGHT);
        let sought: Vec<(AssetId, Option<Kind>)> = sought.map(|id| (*id, None)).collect();
        if sought.is_empty() {
            return Some(());
        }
        let read = self.read(&sought, &BTreeSet::new())?;
        let found = sought
            .iter()
            .filter_map(|(id, _)| match read.assets.get(id) {
                Some(Seen::There(facts)) => Some((*id, facts.clone())),
                Some(Seen::Deleted { .. } | Seen::Missing | Seen::Refused { .. }) | None => None,
            });
        let found: Vec<(AssetId, Facts)> = found.collect();
        let holders = found.iter().filter(|(_, facts)| facts.kind != Kind::File);
        let holders: Vec<(AssetId, Option<Kind>)> =
            holders.map(|(id, facts)| (*id, Some(facts.kind))).collect();
        let within = if holders.is_empty() {
            Inventory::default()
        } else {
            let ids = holders.iter().map(|(id, _)| *id).collect();
            self.read(&holders, &ids)?
        };
        for (holder, _) in &holders {
            for id in inside(*holder, &within).iter().copied() {
                if let Some(facts) = within.facts(id).cloned() {
                    back.add(id, facts, [*holder].into_iter());
                }
            }
            let unread = || Contents::Unread("nobody looked".into());
            let contents = within.contents.get(holder).cloned();
            back.read
                .contents
                .insert(*holder, contents.unwrap_or_else(unread));
        }
        for (id, facts) in found {
            let lay_in = self.ledger.state().catalogue.parent(id);
            back.add(id, facts, lay_in.into_iter().chain([wanted.id]));
        }
        Some(())
    }

    /// Counts what an earlier run has seen elsewhere as it was recorded: nothing is read again that is
    /// known to be back.
    fn add_seen(&self, whole: AssetId, earlier: &BTreeSet<AssetId>, back: &mut Back) {
        let catalogue = &self.ledger.state().catalogue;
        let is_found = |id: &AssetId| back.all.binary_search(id).is_ok();
        let away: Vec<AssetId> = earlier.iter().filter(|id| !is_found(id)).copied().collect();
        for id in away {
            let parent = catalogue.parent(id);
            // Its size is in that of what it lay in.
            let is_counted = parent.is_some_and(|parent| earlier.contains(&parent));
            let facts = Facts {
                bytes: catalogue.bytes(id).filter(|_| !is_counted),
                ..Facts::of_kind(Kind::File)
            };
            back.add(id, facts, parent.into_iter().chain([whole]));
        }
        back.all.sort_unstable();
    }

    /// What went with something and was seen since.
    fn seen_since(&self, whole: AssetId) -> impl Iterator<Item = AssetId> {
        let state = self.ledger.state();
        let deleted = state.assets.get(&whole).and_then(Record::deleted);
        let run = deleted.map(|deleted| deleted.run);
        // Where its delete was not answered, no evidence names what it lay in.
        let lay_within = |id: AssetId| {
            let mut passed = BTreeSet::from([id]);
            let mut above = state.catalogue.parent(id);
            while let Some(here) = above.filter(|here| passed.insert(*here)) {
                if here == whole {
                    return true;
                }
                above = state.catalogue.parent(here);
            }
            false
        };
        let went = move |(id, record): (&AssetId, &Record)| match &record.status {
            Status::Restored {
                was,
                seen: true,
                deleted,
            } => match was {
                Evidence::With(with) => *with == whole,
                Evidence::Answer => false,
                Evidence::Read | Evidence::Listed | Evidence::ByHand | Evidence::Earlier => {
                    let own = deleted.as_ref().map(|deleted| deleted.run);
                    own.is_some() && own == run && lay_within(*id)
                }
            },
            Status::Restored { seen: false, .. }
            | Status::Retired(_)
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Unknown { .. }
            | Status::Missing
            | Status::Staged(_)
            | Status::Rescued => false,
        };
        let all = state.assets.iter().filter(move |one| went(*one));
        let all: Vec<AssetId> = all.map(|(id, _)| *id).collect();
        all.into_iter()
    }

    fn read(
        &mut self,
        assets: &[(AssetId, Option<Kind>)],
        folders: &BTreeSet<AssetId>,
    ) -> Option<Inventory> {
        match self.server.read(assets, folders) {
            Ok(read) => Some(read),
            Err(reason) => {
                self.done.stop.get_or_insert(reason);
                None
            }
        }
    }
}

/// What a reading shows in something, in the order of the ids.
fn inside(id: AssetId, read: &Inventory) -> Arc<[AssetId]> {
    match read.contents.get(&id) {
        Some(Contents::Whole(inside)) => Arc::clone(inside),
        Some(Contents::Unread(_)) | None => Arc::default(),
    }
}
