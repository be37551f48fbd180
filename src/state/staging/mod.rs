//! The folders into which assets are moved aside.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::Staging;
use crate::outcome::{Aside, Evidence, Outcome, Phase};
use crate::state::{Deleted, Record, State, Status};

mod name;

pub(crate) use name::{is_staging_name, staging_name};

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

/// Whether it may be by the delete of what it lay in that an asset stands where it does, and no
/// evidence names that.
const fn may_have_gone_along(status: &Status) -> bool {
    match status {
        Status::Retired(
            Evidence::Read | Evidence::Listed | Evidence::ByHand | Evidence::Earlier,
        )
        | Status::Restored { seen: false, .. }
        | Status::Unknown { .. } => true,
        Status::Staged(staged) => matches!(staged.aside.phase, Phase::Deleting),
        Status::Retired(Evidence::Answer | Evidence::With(_))
        | Status::Restored { seen: true, .. }
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Missing
        | Status::Rescued => false,
    }
}

impl State {
    /// Keeps in what an asset lay when the delete of that was about to be sent, until the answer to
    /// that, or something else than that it is deleted, is recorded.
    pub(super) fn keep_unanswered(&mut self, id: AssetId) {
        let Some(record) = self.assets.get(&id) else {
            return;
        };
        if let Status::Staged(staged) = &record.status
            && staged.aside.phase == Phase::Deleting
        {
            let into = staged.aside.into;
            let has_line = self.is_staging(into) || self.assets.contains_key(&into);
            // What lies deeper may lie in something of which nothing is recorded.
            let holds = |all: &BTreeSet<AssetId>| all.contains(&id);
            let mut tops = self.files.iter().filter(|_| !has_line);
            let top = tops.find(|(top, all)| self.aside(**top).is_some() && holds(all));
            let holder = top.map_or(into, |(top, _)| *top);
            self.unanswered.insert(id, holder);
        } else if !may_have_gone_along(&record.status) {
            self.unanswered.remove(&id);
        }
    }

    /// Remembers what goes along with a folder whose delete is about to be sent, and when that was.
    /// What is asked for by itself has an answer of its own.
    pub(super) fn intend(&mut self, ids: &[AssetId], with: &[AssetId], at: Option<Timestamp>) {
        if let Some(at) = at {
            let all = ids.iter().chain(with);
            self.under_way.extend(all.map(|id| (*id, at)));
        }
        if !self.unanswered.is_empty() {
            for id in ids {
                self.unanswered.remove(id);
            }
        }
        let Some(folder) = ids.first() else {
            return;
        };
        // A version stack does not lie in the last of its files, with which it goes.
        let lies_in = |id: &&AssetId| !self.files.get(*id).is_some_and(|all| all.contains(folder));
        let along: Vec<AssetId> = with.iter().filter(lies_in).copied().collect();
        self.unanswered
            .extend(along.into_iter().map(|id| (id, *folder)));
    }

    /// Keeps when the delete of an asset was sent as long as nobody knows what became of it.
    pub(super) fn keep_sent(&mut self, id: AssetId, outcome: &Outcome) {
        let under_way = self.under_way.remove(&id);
        let is_unknown = |record: &Record| matches!(record.status, Status::Unknown { .. });
        if !self.assets.get(&id).is_some_and(is_unknown) {
            self.sent.remove(&id);
        } else if *outcome == Outcome::Unknown
            && let Some(at) = under_way
        {
            self.sent.insert(id, at);
        }
    }

    /// Lets go of what was to go along with something whose delete is answered.
    pub(crate) fn drop_answered(&mut self) {
        self.under_way.clear();
        let Self {
            unanswered, assets, ..
        } = self;
        let status = |id: &AssetId| assets.get(id).map(|record| &record.status);
        unanswered.retain(|id, holder| {
            let is_refused = matches!(status(holder), Some(Status::Failed(_)));
            let is_aside = |status: &Status| matches!(status, Status::Staged(_));
            status(id).is_some_and(|status| {
                may_have_gone_along(status) && (is_aside(status) || !is_refused)
            })
        });
    }

    /// How an asset stands aside, where it does.
    #[must_use]
    pub fn aside(&self, id: AssetId) -> Option<&Aside> {
        self.assets.get(&id)?.status.aside()
    }

    /// The run that was about to delete the staging folder in which an asset waits, where one was.
    #[must_use]
    pub fn being_deleted_by(&self, id: AssetId) -> Option<u64> {
        let record = self.assets.get(&id)?;
        let aside = record.status.aside()?;
        (aside.phase == Phase::Deleting).then_some(record.run)
    }

    /// In what an asset lay when a run has seen it there last, where it is moved aside.
    #[must_use]
    pub fn lay_in(&self, id: AssetId) -> Option<AssetId> {
        if let Some(aside) = self.aside(id) {
            return aside.phase.is_known().then_some(aside.into);
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

    /// The staging folder in which something waits, be it in a folder that was moved there.
    #[must_use]
    pub fn waits_in(&self, id: AssetId) -> Option<AssetId> {
        let mut passed = BTreeSet::from([id]);
        let mut above = self.aside(id)?.into;
        while passed.insert(above) {
            if self.is_staging(above) {
                return Some(above);
            }
            above = match self.aside(above) {
                Some(aside) => aside.into,
                None => self.catalogue.parent(above)?,
            };
        }
        None
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

    /// Whether an asset went with another that has a record, which has counted its size: its evidence
    /// says so, or the delete of that was not answered.
    #[must_use]
    pub fn went_with_another(&self, id: AssetId, evidence: Evidence) -> bool {
        let with = match evidence {
            Evidence::With(folder) => Some(folder),
            Evidence::Answer => None,
            Evidence::Read | Evidence::Listed | Evidence::ByHand | Evidence::Earlier => {
                let holder = self.unanswered.get(&id).copied();
                holder.filter(|holder| self.assets.contains_key(holder))
            }
        };
        with.is_some_and(|folder| !self.is_staging(folder))
    }

    /// Adds an asset that was deleted to a sum: what went with another that has a record is in the size
    /// of that, and a staging folder has none.
    pub fn add_deleted(
        &self,
        sum: &mut Deleted,
        (id, evidence): (AssetId, Evidence),
        bytes: Option<u64>,
    ) {
        let evidence = if self.went_with_another(id, evidence) {
            Evidence::With(id)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::{Ending, RunEvent, Task};
    use crate::outcome::{Failure, FailureKind};
    use crate::state::{Api, Target};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What lay in a folder whose delete was sent, after the folder and what was in it came out so.
    fn along(outcomes: &[(u128, Outcome)]) -> Vec<(AssetId, AssetId)> {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let files = [id(5), id(6)].into();
        let sent = |ids: &[u128], with: &[u128]| RunEvent::Intent {
            batch: 1,
            task: Task::Delete,
            ids: ids.iter().map(|n| id(*n)).collect(),
            stack: None,
            with: with.iter().map(|n| id(*n)).collect(),
            at: Some(at(9)),
        };
        state.apply(
            1,
            &RunEvent::Opened {
                stack: id(4),
                files,
            },
        );
        // With the last of its files a version stack goes, and does not lie in that.
        state.apply(1, &sent(&[5], &[4]));
        assert!(state.unanswered.is_empty());
        state.apply(1, &sent(&[1], &[2, 3, 4]));
        assert_eq!(state.unanswered, [2, 3, 4].map(|n| (id(n), id(1))).into());
        // It is asked for by itself.
        state.apply(1, &sent(&[3], &[]));
        let outcomes = outcomes
            .iter()
            .map(|(n, outcome)| (id(*n), outcome.clone()));
        let answered = RunEvent::Answered {
            batch: 1,
            at: at(1),
            outcomes: outcomes.collect(),
        };
        state.apply(1, &answered);
        let ending = Ending::Done;
        state.apply(1, &RunEvent::Ended { at: at(2), ending });
        // When it was sent is kept of what is unknown.
        let unknown = |id: &AssetId| matches!(state.assets[id].status, Status::Unknown { .. });
        let sent = state.sent.iter().map(|(id, at)| (*id, *at));
        let expected = state.assets.keys().copied().filter(unknown);
        assert!(sent.eq(expected.map(|id| (id, at(9)))));
        assert!(state.under_way.is_empty());
        state.unanswered.into_iter().collect()
    }

    #[test]
    fn in_what_assets_lay_is_kept_until_it_is_known_what_became_of_them() {
        let refused = Outcome::Failed(Failure {
            kind: FailureKind::Permission,
            message: "No.".to_owned(),
        });
        let unknown = |n| (n, Outcome::Unknown);
        let listed = Outcome::Retired(Evidence::Listed);
        let with = Outcome::Retired(Evidence::With(id(1)));
        let kept = |all: &[u128]| all.iter().map(|n| (id(*n), id(1))).collect::<Vec<_>>();
        for (outcomes, left) in [
            (
                vec![unknown(1), unknown(2), unknown(3), unknown(4)],
                kept(&[2, 4]),
            ),
            (vec![unknown(1), (2, listed)], kept(&[2])),
            (vec![unknown(1), (2, with)], kept(&[])),
            // It is there, and so is what was in it.
            (vec![(1, refused.clone()), unknown(2)], kept(&[])),
            (vec![(1, refused)], kept(&[])),
            (vec![], kept(&[])),
        ] {
            assert_eq!(along(&outcomes), left, "{outcomes:?}");
        }
    }
}
