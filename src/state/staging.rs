//! The folders into which assets are moved aside.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::Staging;
use crate::outcome::{Aside, Evidence, Phase};
use crate::state::{Deleted, State, Status};

/// A folder that a run has made, or was about to make, to move assets into.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StagingFolder {
    /// The project in which it lies, at the top.
    pub project: AssetId,
    /// What it was called when it was made.
    pub name: Arc<str>,
    /// The run that made it, or was about to.
    pub run: u64,
    /// The folder at the top of the project, in which it is made; nothing where an earlier version
    /// wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<AssetId>,
    /// The folder itself; nothing where nobody knows whether it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
}

/// Takes in what becomes of a staging folder.
pub(super) fn absorb(folders: &mut Vec<StagingFolder>, change: &Staging, run: u64) {
    let Staging {
        project,
        name,
        root,
        id,
        is_over,
    } = change;
    let mut same = folders.iter();
    let same = same.position(|folder| {
        let is_called = (folder.project, &folder.name) == (*project, name);
        is_called || (id.is_some() && folder.id == *id)
    });
    match same {
        Some(at) if *is_over => drop(folders.remove(at)),
        Some(at) => {
            let folder = &mut folders[at];
            folder.root = root.or(folder.root);
            folder.id = id.or(folder.id);
            folder.name = Arc::clone(name);
        }
        None if *is_over => {}
        None => folders.push(StagingFolder {
            project: *project,
            name: Arc::clone(name),
            run,
            root: *root,
            id: *id,
        }),
    }
}

impl State {
    /// Keeps in what an asset lay when the delete of its staging folder was about to be sent, until
    /// the answer to that, or something else than that it is deleted, is recorded.
    pub(super) fn keep_unanswered(&mut self, id: AssetId) {
        let Some(record) = self.assets.get(&id) else {
            return;
        };
        match &record.status {
            Status::Staged(staged) if staged.aside.phase == Phase::Deleting => {
                let into = staged.aside.into;
                let has_line = self.is_staging(into) || self.assets.contains_key(&into);
                // What lies deeper may lie in something of which nothing is recorded.
                let holds = |all: &BTreeSet<AssetId>| all.contains(&id);
                let mut tops = self.files.iter().filter(|_| !has_line);
                let top = tops.find(|(top, all)| self.aside(**top).is_some() && holds(all));
                let holder = top.map_or(into, |(top, _)| *top);
                self.unanswered.insert(id, holder);
            }
            Status::Retired(
                Evidence::Read | Evidence::Listed | Evidence::ByHand | Evidence::Earlier,
            )
            | Status::Restored { seen: false, .. } => {}
            Status::Retired(Evidence::Answer | Evidence::With(_))
            | Status::Restored { seen: true, .. }
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Unknown { .. }
            | Status::Missing
            | Status::Staged(_)
            | Status::Rescued => {
                self.unanswered.remove(&id);
            }
        }
    }

    /// How an asset stands aside, where it does.
    #[must_use]
    pub fn aside(&self, id: AssetId) -> Option<&Aside> {
        self.assets.get(&id)?.status.aside()
    }

    /// In what an asset lay when a run has seen it there last, where it is moved aside.
    #[must_use]
    pub fn lay_in(&self, id: AssetId) -> Option<AssetId> {
        if let Some(aside) = self.aside(id) {
            return (aside.phase != Phase::Moving).then_some(aside.into);
        }
        // Of what nobody lists it is known what it was moved with.
        let mut opened = self.files.iter();
        let with = opened.find(|(top, inside)| inside.contains(&id) && self.aside(**top).is_some());
        with.map(|(top, _)| *top)
    }

    /// In what an asset lay that was moved into a staging folder, be it with a folder or version stack
    /// around it: in what that lay, where that is kept.
    #[must_use]
    pub fn home(&self, id: AssetId) -> Option<AssetId> {
        let mut above = self.aside(id)?.into;
        let mut top = id;
        let mut passed = BTreeSet::from([id]);
        while !self.is_staging(above) {
            if !passed.insert(above) {
                return None;
            }
            top = above;
            above = match self.aside(top) {
                Some(aside) => aside.into,
                None => self.catalogue.parent(top)?,
            };
        }
        self.catalogue.parent(top)
    }

    /// In what all lay that waits in staging folders, and what is around that, as far as that is kept.
    #[must_use]
    pub fn homes(&self) -> BTreeSet<AssetId> {
        let mut homes = BTreeSet::new();
        let all = self.assets.keys().filter_map(|id| self.home(*id));
        for home in all {
            let mut above = Some(home);
            while let Some(here) = above.filter(|here| homes.insert(*here)) {
                above = self.catalogue.parent(here);
            }
        }
        homes
    }

    /// The staging folders in which nothing waits, and with which nothing went.
    #[must_use]
    pub fn idle_staging(&self) -> Vec<StagingFolder> {
        if self.staging.is_empty() {
            return Vec::new();
        }
        let with = |evidence: &Evidence| match evidence {
            Evidence::With(folder) => Some(*folder),
            Evidence::Answer
            | Evidence::Read
            | Evidence::Listed
            | Evidence::ByHand
            | Evidence::Earlier => None,
        };
        let records = self.assets.values();
        let named = records.filter_map(|record| match &record.status {
            Status::Staged(staged) => Some(staged.aside.into),
            Status::Retired(evidence) | Status::Restored { was: evidence, .. } => with(evidence),
            Status::Gone(_)
            | Status::Failed(_)
            | Status::Unknown { .. }
            | Status::Missing
            | Status::Rescued => None,
        });
        let named: BTreeSet<AssetId> = named.chain(self.unanswered.values().copied()).collect();
        let folders = self.staging.iter();
        let idle = folders.filter(|folder| folder.id.is_none_or(|id| !named.contains(&id)));
        idle.cloned().collect()
    }

    /// Whether a folder is one of those that runs have moved assets into.
    #[must_use]
    pub fn is_staging(&self, folder: AssetId) -> bool {
        self.staging(folder).is_some()
    }

    /// Whether an asset went with another that has a record, which has counted its size.
    #[must_use]
    pub fn went_with_another(&self, evidence: Evidence) -> bool {
        matches!(evidence, Evidence::With(folder) if !self.is_staging(folder))
    }

    /// Adds an asset that was deleted to a sum: what went with another that has a record is in the size
    /// of that, and a staging folder has none.
    pub fn add_deleted(&self, sum: &mut Deleted, evidence: Evidence, bytes: Option<u64>) {
        let evidence = if self.went_with_another(evidence) {
            evidence
        } else {
            Evidence::Answer
        };
        sum.add(evidence, bytes);
    }

    /// What is known of a staging folder.
    #[must_use]
    pub fn staging(&self, folder: AssetId) -> Option<&StagingFolder> {
        let mut folders = self.staging.iter();
        folders.find(|known| known.id == Some(folder))
    }
}
