//! Reading what was restored until it is there, and all that was in it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::apply::restore::{Asked, GLANCE, NOT_THERE, Run, Wanted};
use crate::apply::staged::elsewhere::Back;
use crate::apply::staged::part::{Before, part_of};
use crate::apply::staged::whole::is_open;
use crate::asset::{AssetId, Kind};
use crate::event::RunEvent;
use crate::inventory::Inventory;
use crate::outcome::{AssetOutcome, Outcome};
use crate::plan::restore::Part;
use crate::store::Session;

impl<Se: Session> Run<'_, '_, Se> {
    /// Reads what was restored until it is there, and all that was in it; what has parts that are
    /// asked for by themselves is only looked at, and judged after those.
    pub(super) fn confirm(
        &mut self,
        (wanted, kind): (&Wanted, Kind),
        asked: Asked,
        longest: Duration,
    ) {
        if wanted.parts.is_empty() {
            self.judge((wanted, kind), asked, longest);
        } else {
            self.glimpse((wanted, kind), asked);
        }
    }

    /// Reads what was restored until it is there, and all that was in it.
    pub(super) fn judge(
        &mut self,
        (wanted, mut kind): (&Wanted, Kind),
        asked: Asked,
        longest: Duration,
    ) {
        let mut is_told = false;
        let mut spent = Duration::ZERO;
        let seen = loop {
            let whole = listed(wanted, kind);
            let read = match self.server.read(&[(wanted.id, Some(kind))], &whole) {
                Ok(read) => read,
                Err(reason) => {
                    self.done.stop = Some(reason);
                    break None;
                }
            };
            // It was asked for as another kind, and nobody knows of which answer it is back.
            if let Some(facts) = read.facts(wanted.id)
                && facts.kind != kind
                && !is_told
            {
                (kind, is_told) = (facts.kind, true);
                continue;
            }
            let seen = Some(read).filter(|read| is_there(read, wanted.id));
            let is_whole = seen
                .as_ref()
                .is_some_and(|read| part(read, wanted, kind).is_none());
            if is_whole || spent >= longest {
                break seen;
            }
            spent += GLANCE;
            if let Err(reason) = self.server.pause(GLANCE) {
                self.done.stop = Some(reason);
                break seen;
            }
        };
        let Some(seen) = seen else {
            match asked {
                Asked::Yes => self.unseen(wanted, &wanted.with),
                Asked::No if self.done.stop.is_some() => self.done.left += wanted.assets(),
                Asked::No => drop(self.done.failed.insert(wanted.id, NOT_THERE.to_owned())),
            }
            return;
        };
        let mut back = Back::listed(seen, &self.ledger.state().catalogue);
        let is_short = part_back(wanted, kind, &back).is_some()
            || self
                .found_in(wanted.id, &back)
                .iter()
                .any(|(_, part)| part.is_some());
        if is_short && self.done.stop.is_none() {
            self.add_moved(wanted, &mut back);
        }
        self.record((wanted, kind), asked, &back);
        if kind == Kind::Folder && wanted.bytes.is_none() {
            let (batch, id) = (self.batch, wanted.id);
            let message = format!(
                "the folder `{id}` is there, and no record says how much was in it, so that nobody can tell whether all of it is back"
            );
            self.commit(vec![RunEvent::Warned { batch, message }]);
        }
    }

    /// Writes down what is there, and all that is seen of what was in it and is recorded as deleted: it
    /// came back with that, however deep it lies.
    fn record(&mut self, (wanted, kind): (&Wanted, Kind), asked: Asked, back: &Back) {
        let mut outcomes = vec![self.there(wanted.id, part_back(wanted, kind, back))];
        let with = wanted.with.iter().copied();
        let absent: Vec<AssetId> = with.filter(|id| !back.all().contains(id)).collect();
        outcomes.extend(self.found(wanted.id, back));
        for id in absent {
            match asked {
                Asked::Yes => {
                    self.done.unseen.push(id);
                    outcomes.push((id, Outcome::Restored { seen: false }));
                }
                Asked::No => drop(self.done.failed.insert(id, NOT_THERE.to_owned())),
            }
        }
        self.answered(outcomes);
    }

    /// What is recorded of what is seen of something that is there, of all that is recorded as
    /// deleted.
    pub(super) fn found(&mut self, whole: AssetId, back: &Back) -> Vec<AssetOutcome> {
        let found = self.found_in(whole, back).into_iter();
        found.map(|(id, part)| self.there(id, part)).collect()
    }

    /// What is recorded as deleted of what is seen of something that is there, each with what is seen
    /// of it where that is not all.
    fn found_in(&self, whole: AssetId, back: &Back) -> Vec<(AssetId, Option<Part>)> {
        let open = back.all().iter().copied().filter(|id| self.is_open(*id));
        // It may lie in what lay in it.
        let open = open.filter(|id| *id != whole);
        let known = &self.ledger.state().catalogue;
        let parts = open.map(|id| (id, back.part_of_inner(id, known)));
        parts.collect()
    }

    /// What is recorded of something that is there: it counts as seen where all is back that was in
    /// it, and else the same words find it again.
    fn there(&mut self, id: AssetId, part: Option<Part>) -> AssetOutcome {
        let seen = part.is_none();
        match part {
            None => self.done.back += 1,
            Some(part) => drop(self.done.partial.insert(id, part)),
        }
        (id, Outcome::Restored { seen })
    }

    /// Whether an asset is recorded as deleted by us, and not as seen alive.
    pub(super) fn is_open(&self, id: AssetId) -> bool {
        let state = self.ledger.state();
        let record = state.assets.get(&id);
        record.is_some_and(|record| is_open(&record.status)) || state.went_with(id).is_some()
    }

    /// Whether this run has seen an asset in something that came back before, so that it is not asked
    /// for by itself.
    pub(super) fn is_settled(&self, wanted: &Wanted) -> bool {
        self.is_seen(wanted.id) || self.done.partial.contains_key(&wanted.id)
    }

    /// Whether an asset is recorded as seen alive.
    pub(super) fn is_seen(&self, id: AssetId) -> bool {
        let record = self.ledger.state().assets.get(&id);
        record.is_some_and(|record| matches!(record.status.restored(), Some((true, _))))
    }
}

/// Whether an asset is there, be it that what is in it could not be read.
pub(super) fn is_there(read: &Inventory, id: AssetId) -> bool {
    read.facts(id).is_some()
}

/// Of what the contents are read.
pub(super) fn listed(wanted: &Wanted, kind: Kind) -> BTreeSet<AssetId> {
    let is_listed = match kind {
        Kind::Folder | Kind::VersionStack => true,
        Kind::File => false,
    };
    is_listed.then_some(wanted.id).into_iter().collect()
}

/// What is seen of what is known to have been in a folder or a version stack, where that is not all.
fn part(read: &Inventory, wanted: &Wanted, kind: Kind) -> Option<Part> {
    if listed(wanted, kind).is_empty() {
        return None;
    }
    let with = all_with(wanted);
    let before = Before {
        bytes: wanted.bytes,
        with: &with,
    };
    part_of(wanted.id, before, read)
}

/// The same with what lies elsewhere now.
fn part_back(wanted: &Wanted, kind: Kind, back: &Back) -> Option<Part> {
    match (kind, back.read.contents.get(&wanted.id)) {
        (Kind::File, _) => None,
        (Kind::Folder | Kind::VersionStack, Some(_)) => {
            let with = all_with(wanted);
            let before = Before {
                bytes: wanted.bytes,
                with: &with,
            };
            back.part(wanted.id, before)
        }
        (Kind::Folder | Kind::VersionStack, None) => Some(Part::Unread),
    }
}

/// What was recorded as deleted with something, or in its place.
fn all_with(wanted: &Wanted) -> BTreeSet<AssetId> {
    wanted.with.iter().chain(&*wanted.parts).copied().collect()
}
