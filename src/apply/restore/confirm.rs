//! Reading what was restored until it is there, and all that was in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::apply::restore::{Asked, GLANCE, NOT_THERE, Run, Wanted};
use crate::apply::staged::part::{Before, part_of, part_within};
use crate::apply::staged::whole::is_open;
use crate::asset::{AssetId, Kind};
use crate::event::RunEvent;
use crate::inventory::{Contents, Inventory};
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
        self.record(wanted, asked, (&seen, part(&seen, wanted, kind)));
        if kind == Kind::Folder && wanted.bytes.is_none() {
            let (batch, id) = (self.batch, wanted.id);
            let message = format!(
                "the folder `{id}` is there, and no record says how much was in it, so that nobody can tell whether all of it is back"
            );
            self.commit(vec![RunEvent::Warned { batch, message }]);
        }
    }

    /// Writes down what is there, and all that is seen in it of what is recorded as deleted: it came
    /// back with that, however deep it lies.
    fn record(&mut self, wanted: &Wanted, asked: Asked, (read, part): (&Inventory, Option<Part>)) {
        let mut outcomes = vec![self.there(wanted.id, part)];
        let inside = inside(wanted.id, read);
        let with = wanted.with.iter().copied();
        let absent: Vec<AssetId> = with
            .filter(|id| inside.binary_search(id).is_err())
            .collect();
        outcomes.extend(self.found(&inside, read));
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

    /// What is recorded of what is seen in something that is there, of all that is recorded as
    /// deleted.
    pub(super) fn found(&mut self, inside: &[AssetId], read: &Inventory) -> Vec<AssetOutcome> {
        let parents = inside.iter().map(|id| {
            let facts = read.facts(*id);
            (*id, facts.and_then(|facts| facts.parent))
        });
        let parents: BTreeMap<AssetId, Option<AssetId>> = parents.collect();
        let mut outcomes = Vec::new();
        for id in inside.iter().copied() {
            if !self.is_open(id) {
                continue;
            }
            let is_folder = read
                .facts(id)
                .is_some_and(|facts| facts.kind == Kind::Folder);
            let before = Before {
                bytes: self.ledger.state().catalogue.bytes(id),
                with: &BTreeSet::new(),
            };
            let part = is_folder.then(|| part_within(id, before, (&parents, read)));
            outcomes.push(self.there(id, part.flatten()));
        }
        outcomes
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
        let record = self.ledger.state().assets.get(&id);
        record.is_some_and(|record| is_open(&record.status))
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
        Kind::Folder => true,
        Kind::VersionStack => !wanted.parts.is_empty(),
        Kind::File => false,
    };
    is_listed.then_some(wanted.id).into_iter().collect()
}

/// What a reading shows in something, in the order of the ids.
pub(super) fn inside(id: AssetId, read: &Inventory) -> Arc<[AssetId]> {
    match read.contents.get(&id) {
        Some(Contents::Whole(inside)) => Arc::clone(inside),
        Some(Contents::Unread(_)) | None => Arc::default(),
    }
}

/// What is seen of what is known to have been in a folder or a version stack, where that is not all.
fn part(read: &Inventory, wanted: &Wanted, kind: Kind) -> Option<Part> {
    if listed(wanted, kind).is_empty() {
        return None;
    }
    let with = wanted.with.iter().chain(&*wanted.parts);
    let with: BTreeSet<AssetId> = with.copied().collect();
    let before = Before {
        // The files of a version stack count one by one.
        bytes: wanted.bytes.filter(|_| kind == Kind::Folder),
        with: &with,
    };
    part_of(wanted.id, before, read)
}
