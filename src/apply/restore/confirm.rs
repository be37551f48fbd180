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
    /// Reads what was restored until it is there, and all that was in it.
    pub(super) fn confirm(
        &mut self,
        (wanted, kind): (&Wanted, Kind),
        asked: Asked,
        longest: Duration,
    ) {
        let folders: BTreeSet<AssetId> = match kind {
            Kind::Folder => [wanted.id].into(),
            Kind::File | Kind::VersionStack => BTreeSet::new(),
        };
        let mut spent = Duration::ZERO;
        let seen = loop {
            let read = match self.server.read(&[(wanted.id, Some(kind))], &folders) {
                Ok(read) => read,
                Err(reason) => {
                    self.done.stop = Some(reason);
                    break None;
                }
            };
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
                Asked::Yes => self.unseen(wanted),
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
        let inside = match read.contents.get(&wanted.id) {
            Some(Contents::Whole(inside)) => Arc::clone(inside),
            Some(Contents::Unread(_)) | None => Arc::default(),
        };
        let mut outcomes = vec![self.there(wanted.id, part)];
        let mut absent = Vec::new();
        for id in wanted.with.iter().copied() {
            if inside.binary_search(&id).is_err() {
                absent.push(id);
            }
        }
        let parents = inside.iter().map(|id| {
            let facts = read.facts(*id);
            (*id, facts.and_then(|facts| facts.parent))
        });
        let parents: BTreeMap<AssetId, Option<AssetId>> = parents.collect();
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
    fn is_open(&self, id: AssetId) -> bool {
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
fn is_there(read: &Inventory, id: AssetId) -> bool {
    read.facts(id).is_some()
}

/// What is seen of what is known to have been in a folder, where that is not all.
fn part(read: &Inventory, wanted: &Wanted, kind: Kind) -> Option<Part> {
    if kind != Kind::Folder {
        return None;
    }
    let with: BTreeSet<AssetId> = wanted.with.iter().copied().collect();
    let before = Before {
        bytes: wanted.bytes,
        with: &with,
    };
    part_of(wanted.id, before, read)
}
