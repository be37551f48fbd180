//! What is known about each asset, and how one event changes it.
//!
//! Everything here is pure: no clock, no file, no network.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Kept, Provenance, Released, RunEvent, RunInfo, Subject, Task};
use crate::inventory::{Known, Mark};
use crate::outcome::{Evidence, FailureKind, Outcome};
pub use absorb::{absorb, settles_missing};
pub use api::{Abilities, Api};
pub use cascade::is_recent;
pub use catalogue::Catalogue;
pub use change::{Accepted, Change};
pub use counts::{Came, Counts, Deleted};
pub use hold::KeptHold;
pub use kept::KeptBack;
pub use rebuild::Shown;
pub use restorable::{Restorable, restorable_until};
pub use staging::StagingFolder;
pub(crate) use staging::{is_staging_name, staging_name};
pub use status::{Deletion, Failed, Staged, Status};

mod absorb;
mod api;
mod cascade;
mod catalogue;
mod change;
mod counts;
pub mod format;
mod hold;
mod kept;
mod one_run;
mod rebuild;
mod restorable;
mod staging;
mod status;

#[cfg(test)]
mod tests;

/// Everything that earlier runs have learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The id that the state got when it was made; it never changes.
    pub lineage: Uuid,
    /// Counts the changes: each run that records something raises it by one.
    pub serial: u64,
    /// Where the assets live.
    pub target: Target,
    /// Who changed the state, when, and from what, by run number.
    pub runs: BTreeMap<u64, RunRecord>,
    /// What is known, by asset.
    pub assets: BTreeMap<AssetId, Record>,
    /// The files that version stacks were found to hold whose delete was begun and is not over:
    /// one is deleted when each of its files is.
    pub files: BTreeMap<AssetId, BTreeSet<AssetId>>,
    /// What is held, as runs have found it in manifests: it stays so until it is released.
    pub holds: BTreeMap<Subject, KeptHold>,
    /// What the assets were called, where they lay and how large they were.
    pub catalogue: Catalogue,
    /// The marks that people have set in Frame.io, as they were when a run read them last. One that
    /// is lifted stays here, so that each plan names it, until a run has deleted the asset.
    pub marks: BTreeMap<AssetId, Mark>,
    /// The listed assets that stay since something protected is connected with them, as the last run
    /// that planned over each has found it.
    pub kept: BTreeMap<AssetId, KeptBack>,
    /// The assets whose entries said `again: true` when a run deleted them, or asked to delete them
    /// again, and which run: it counts once.
    pub again: BTreeMap<AssetId, u64>,
    /// The folders that runs have made, or were about to make, to move assets into.
    pub staging: Vec<StagingFolder>,
    /// In what assets lay that went with a folder whose delete was not answered, so that their
    /// evidence does not name it: its line in a list tells of them, and they come back with it.
    pub unanswered: BTreeMap<AssetId, AssetId>,
    /// When the deletes were sent of which nobody knows what became, by the server's clock as far as
    /// it had told the time: what was deleted before was deleted by others.
    pub sent: BTreeMap<AssetId, Timestamp>,
    /// The same of deletes that are under way; the document does not have it.
    pub under_way: BTreeMap<AssetId, Timestamp>,
}

/// Which assets a state speaks of: API, server and account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The API's version.
    pub api: Api,
    /// The server's base address without a trailing slash, or `sandbox`.
    pub endpoint: String,
    /// The account, once the server has named it.
    pub account: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api,
            endpoint,
            account,
        } = self;
        write!(formatter, "API {} at `{endpoint}`", api.name())?;
        match account {
            Some(account) => write!(formatter, ", account `{account}`"),
            None => Ok(()),
        }
    }
}

/// One run, as the state remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run's own id.
    pub id: Uuid,
    /// When it started.
    pub at: Timestamp,
    /// Who started it, and from what.
    pub provenance: Provenance,
    /// What was changed by hand instead.
    pub change: Option<Change>,
    /// The holds that were released with it, and why.
    pub released: Vec<Released>,
    /// What it came to, once another run has begun; nothing where an earlier version wrote it down,
    /// and of the last run, of which the records tell.
    pub came: Option<Came>,
}

/// What is known about one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where the asset stands.
    pub status: Status,
    /// The number of the run that said so.
    pub run: u64,
    /// When it was said.
    pub at: Timestamp,
}

impl Record {
    /// When we deleted the asset, be it that it was restored since; nothing where we did not, or
    /// where an earlier version did not keep it.
    #[must_use]
    pub fn deleted(&self) -> Option<Deletion> {
        let Self { status, run, at } = self;
        match status {
            Status::Retired(_) => Some(Deletion { run: *run, at: *at }),
            Status::Restored { .. }
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Unknown { .. }
            | Status::Missing
            | Status::Staged(_)
            | Status::Rescued => status.restored()?.1.copied(),
        }
    }

    /// Where the asset stands.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }
}

impl State {
    /// Makes the state of a place where nothing was retired yet.
    #[must_use]
    pub fn new(lineage: Uuid, target: Target) -> Self {
        Self {
            lineage,
            serial: 0,
            target,
            runs: BTreeMap::new(),
            assets: BTreeMap::new(),
            files: BTreeMap::new(),
            holds: BTreeMap::new(),
            catalogue: Catalogue::default(),
            marks: BTreeMap::new(),
            kept: BTreeMap::new(),
            again: BTreeMap::new(),
            staging: Vec::new(),
            unanswered: BTreeMap::new(),
            sent: BTreeMap::new(),
            under_way: BTreeMap::new(),
        }
    }

    /// Takes in what one event says.
    ///
    /// `run` is the number of the run that the event belongs to.
    pub fn apply(&mut self, run: u64, event: &RunEvent) {
        if let RunEvent::Started(info) = event {
            self.start(info, None);
        } else if let RunEvent::HoldsChanged { at, changes } = event {
            hold::absorb(&mut self.holds, changes, run, *at);
            if let Some(run) = self.runs.get_mut(&run) {
                run.released.extend_from_slice(&changes.released);
            }
        } else if let RunEvent::Answered { at, outcomes, .. } = event {
            for (id, outcome) in outcomes {
                self.absorb(*id, outcome, run, *at);
            }
        } else if let RunEvent::Opened { stack, files } = event {
            // What an earlier list showed may be deleted by now, and counts all the same; but not of
            // what was never moved aside.
            if self.aside(*stack).is_some() {
                self.files.remove(stack);
            }
            self.files.entry(*stack).or_default().extend(&**files);
        } else if let RunEvent::Described { assets } = event {
            for (id, known) in assets {
                // Where it was before it was moved aside is kept: it goes back to that.
                let is_aside = known.parent.is_some_and(|parent| self.is_staging(parent));
                let place = (known.location.clone(), known.parent);
                let (location, parent) = Some(place).filter(|_| !is_aside).unwrap_or_default();
                let known = Known {
                    location,
                    parent,
                    ..known.clone()
                };
                self.catalogue.insert(*id, known);
            }
        } else if let RunEvent::Marked { seen } = event {
            self.marks.extend(seen.iter().cloned());
        } else if let RunEvent::Kept { kept, over } = event {
            kept::absorb(&mut self.kept, (kept, over), run);
        } else if let RunEvent::AgainOver { ids } = event {
            self.again.retain(|id, _| !ids.contains(id));
        } else if let RunEvent::AgainUsed { ids } = event {
            self.again.extend(ids.iter().map(|id| (*id, run)));
        } else if let RunEvent::Forgotten { ids, .. } = event {
            self.drop_records(ids);
        } else if let RunEvent::Staging(change) = event {
            staging::absorb(&mut self.staging, change, run);
        } else if let RunEvent::Intent {
            task: Task::Delete,
            ids,
            with,
            at,
            ..
        } = event
        {
            self.intend(ids, with, *at);
        } else if let RunEvent::Ended { .. } = event {
            self.drop_answered();
        }
    }

    /// Whether what a plan holds back is other than what the state has of it.
    #[must_use]
    pub fn keeps_other(&self, kept: &[Kept], over: &[AssetId]) -> bool {
        kept::is_news(&self.kept, kept, over)
    }

    fn absorb(&mut self, id: AssetId, outcome: &Outcome, run: u64, at: Timestamp) {
        if matches!(outcome, Outcome::Retired(_)) {
            // What was marked and goes was reviewed as lifted.
            self.marks.remove(&id);
        }
        match outcome {
            Outcome::Retired(_) | Outcome::Gone(_) => {
                self.kept.remove(&id);
                let was_whole = self.aside(id).is_some();
                if self.files.remove(&id).is_some() && !was_whole {
                    // Its files have records, and sizes, of their own.
                    self.catalogue.set_bytes(id, 0);
                }
            }
            Outcome::Failed(_) | Outcome::Rescued if self.aside(id).is_some() => {
                self.files.remove(&id);
            }
            Outcome::Failed(_)
            | Outcome::Unknown
            | Outcome::Missing
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => {}
        }
        // What an earlier run has recorded as deleted is only sent where its entry says so.
        let earlier = self.assets.get(&id).filter(|record| record.run != run);
        let was_deleted = earlier.is_some_and(|record| {
            matches!(
                record.status,
                Status::Retired(_) | Status::Gone(_) | Status::Restored { .. } | Status::Rescued
            )
        });
        let is_sent = matches!(
            outcome,
            Outcome::Retired(_) | Outcome::Failed(_) | Outcome::Unknown | Outcome::Staged(_)
        );
        if was_deleted && is_sent {
            self.again.insert(id, run);
        }
        // What a later run finds out was done by the one that sent it.
        let before = self.deleted_before(id, outcome, run);
        let Deletion { run, at } = before.unwrap_or(Deletion { run, at });
        let along = self.restored_along(id, outcome);
        let is_under_way = self.under_way.contains_key(&id);
        // One search of the tree for each, since there may be a million.
        match self.assets.entry(id) {
            Entry::Vacant(place) => {
                place.insert(absorb(None, outcome, run, at));
                self.keep_going_with(id, outcome, at);
            }
            Entry::Occupied(place) if *outcome == Outcome::Unknown && !is_under_way => {
                let record = place.into_mut();
                // Nothing was sent: the run that did send it keeps it.
                if !matches!(record.status, Status::Unknown { .. }) {
                    *record = absorb(Some(record), outcome, run, at);
                }
            }
            Entry::Occupied(mut place) => {
                let mut record = absorb(Some(place.get()), outcome, run, at);
                if let Some(status) = along {
                    record.status = status;
                }
                place.insert(record);
            }
        }
        if matches!(outcome, Outcome::Staged(_)) || !self.unanswered.is_empty() {
            self.keep_unanswered(id);
        }
        if !self.under_way.is_empty() || !self.sent.is_empty() {
            self.keep_sent(id, outcome);
        }
    }

    fn start(&mut self, info: &RunInfo, change: Option<Change>) {
        let RunInfo {
            number,
            id,
            at,
            provenance,
            account,
        } = info.clone();
        self.runs = self.runs_so_far();
        self.serial = number;
        if account.is_some() {
            self.target.account = account;
        }
        self.runs.insert(
            number,
            RunRecord {
                id,
                at,
                provenance,
                change,
                released: Vec::new(),
                came: None,
            },
        );
    }

    /// Drops records by hand; the change counts as a run and says whose they were.
    pub fn remove(&mut self, info: &RunInfo, ids: &[AssetId]) {
        self.start(info, Some(Change::Removed(ids.to_vec())));
        self.drop_records(ids);
    }

    fn drop_records(&mut self, ids: &[AssetId]) {
        for id in ids {
            self.assets.remove(id);
            self.files.remove(id);
            self.again.remove(id);
            self.unanswered.remove(id);
            self.sent.remove(id);
            self.catalogue.remove(*id);
        }
    }

    /// Moves the state to another version of the API; the change counts as a run.
    pub fn migrate(&mut self, info: &RunInfo, target: Target) {
        self.start(info, Some(Change::Migrated(self.target.api)));
        self.target = target;
    }

    /// Takes assets to be gone on somebody's word; the change counts as a run.
    pub fn accept_missing(&mut self, info: &RunInfo, ids: &[AssetId], reason: Option<String>) {
        let ids = ids.to_vec();
        for id in &ids {
            let gone = Outcome::Gone(Evidence::ByHand);
            self.absorb(*id, &gone, info.number, info.at);
        }
        self.start(
            info,
            Some(Change::AcceptedMissing(Accepted { ids, reason })),
        );
    }

    /// Whether an asset of the account was seen: only where the server has shown that it knows
    /// one, its account and token are the right ones.
    #[must_use]
    pub fn vouches(&self) -> bool {
        let mut records = self.assets.values();
        records.any(|record| match &record.status {
            Status::Retired(_) | Status::Restored { .. } | Status::Staged(_) | Status::Rescued => {
                true
            }
            Status::Gone(evidence) => match evidence {
                Evidence::Answer | Evidence::With(_) | Evidence::Read | Evidence::Listed => true,
                Evidence::ByHand | Evidence::Earlier => false,
            },
            // What may not be read may be an asset of another account.
            Status::Failed(failed) => match failed.kind {
                FailureKind::Conflict | FailureKind::Other => true,
                FailureKind::NotFound | FailureKind::Permission | FailureKind::Invalid => false,
            },
            Status::Unknown { .. } | Status::Missing => false,
        })
    }

    /// When the run began that has left an open record of an asset: with V4 it has seen it alive, so
    /// no older line of a list shows that it is deleted.
    #[must_use]
    pub fn alive_at(&self, id: AssetId) -> Option<Timestamp> {
        let record = self.assets.get(&id)?;
        let is_open = matches!(
            record.status,
            Status::Failed(_) | Status::Unknown { .. } | Status::Staged(_)
        );
        let is_seen = is_open && self.target.api == Api::V4;
        is_seen.then_some(self.runs.get(&record.run)?.at)
    }

    /// Counts the assets by status.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for record in self.assets.values() {
            counts.add(&record.status);
        }
        counts
    }

    /// The runs, with what the last of them has come to.
    #[must_use]
    pub fn runs_so_far(&self) -> BTreeMap<u64, RunRecord> {
        let mut runs = self.runs.clone();
        if let Some((number, run)) = runs.iter_mut().next_back() {
            let came = || self.came(*number);
            run.came.get_or_insert_with(came);
        }
        runs
    }

    /// What a run has come to, by what is recorded now.
    fn came(&self, run: u64) -> Came {
        let mut counts = Counts::default();
        let mut deleted = Deleted::default();
        for (id, record) in self.assets.iter().filter(|(_, record)| record.run == run) {
            self.count(&mut counts, &mut deleted, (*id, record));
        }
        let Deleted { bytes, unmeasured } = deleted;
        Came {
            counts,
            bytes,
            unmeasured,
        }
    }

    fn count(&self, counts: &mut Counts, deleted: &mut Deleted, (id, record): (AssetId, &Record)) {
        counts.add(&record.status);
        if let Status::Retired(evidence) = record.status {
            self.add_deleted(deleted, (id, evidence), self.catalogue.bytes(id));
        }
    }

    /// Counts the assets by status and by the run that said so last.
    #[must_use]
    pub fn counts_by_run(&self) -> BTreeMap<u64, (Counts, Deleted)> {
        let mut counts: BTreeMap<u64, (Counts, Deleted)> = BTreeMap::new();
        for (id, record) in &self.assets {
            let (counts, deleted) = counts.entry(record.run).or_default();
            self.count(counts, deleted, (*id, record));
        }
        counts
    }
}
