//! Deletes of ours that were not answered: what a reading tells of them before something is taken
//! back. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Inventory, Seen};
use crate::outcome::{AssetOutcome, Evidence, Outcome, Phase};
use crate::plan::restore::Chosen;
use crate::state::{State, Status, is_recent};

#[cfg(test)]
mod tests;

/// The deletes of ours of which nobody knows what became.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// The assets, each with what it went with if it went, where that is known.
    pub assets: BTreeMap<AssetId, Option<AssetId>>,
    /// The staging folders with which some of them went.
    pub folders: BTreeSet<AssetId>,
}

impl Unanswered {
    /// Those of what somebody wants back, with all that went with the same.
    #[must_use]
    pub fn of(state: &State, chosen: &Chosen) -> Self {
        let all = all(state);
        let mut inside: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
        for (id, with) in &all {
            if let Some(with) = with {
                inside.entry(*with).or_default().push(*id);
            }
        }
        let is_chosen = |id: &AssetId| match chosen {
            Chosen::Run(run) => state.assets.get(id).is_some_and(|one| one.run == *run),
            Chosen::Assets(ids) => ids.contains(id),
        };
        let named = match chosen {
            Chosen::Run(_) => &[][..],
            Chosen::Assets(ids) => ids,
        };
        let mut waiting: Vec<AssetId> = all.keys().copied().filter(is_chosen).collect();
        waiting.extend(named);
        let mut unanswered = Self::default();
        let mut passed = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if !passed.insert(id) {
                continue;
            }
            waiting.extend(inside.get(&id).into_iter().flatten());
            // A version stack goes file by file.
            waiting.extend(state.files.get(&id).into_iter().flatten());
            if state.is_staging(id) {
                unanswered.folders.insert(id);
            }
            if let Some(with) = all.get(&id) {
                unanswered.assets.insert(id, *with);
                waiting.extend(*with);
            }
        }
        unanswered
    }

    /// What else somebody wants back.
    #[must_use]
    pub fn rest_of(&self, chosen: &Chosen) -> Chosen {
        self.settled_of(chosen, &Settled::default())
    }

    /// The same, with what of them came to be deleted by us.
    #[must_use]
    pub fn settled_of(&self, chosen: &Chosen, settled: &Settled) -> Chosen {
        let Chosen::Assets(ids) = chosen else {
            return chosen.clone();
        };
        let outcomes = settled.outcomes.iter();
        let ours = outcomes.filter(|(_, outcome)| matches!(outcome, Outcome::Retired(_)));
        let ours: BTreeSet<AssetId> = ours.map(|(id, _)| *id).collect();
        let is_known = |id: &&AssetId| !self.assets.contains_key(id) || ours.contains(id);
        Chosen::Assets(ids.iter().filter(is_known).copied().collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }

    /// What is to be read, each with its kind where that is known.
    #[must_use]
    pub fn to_read(&self, state: &State) -> Vec<(AssetId, Option<Kind>)> {
        let kind = |id| state.aside(id).map(|aside| aside.asset);
        let assets = self.assets.keys().map(|id| (*id, kind(*id)));
        let folders = self.folders.iter().map(|id| (*id, Some(Kind::Folder)));
        assets.chain(folders).collect()
    }
}

/// What a reading tells of deletes that were not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What is to be recorded, each under the run that sent the delete.
    pub outcomes: Vec<AssetOutcome>,
    /// What is alive, though its delete may still come true.
    pub may_go: usize,
    /// What is alive, and its delete has not come true in a day.
    pub alive: usize,
    /// What others had deleted before.
    pub gone: usize,
    /// What waits in its staging folder, which is there though its delete was sent.
    pub aside: usize,
    /// Of what nobody knows yet what became.
    pub unknown: usize,
}

impl Settled {
    /// How many came to be deleted by us.
    #[must_use]
    pub fn deleted(&self) -> usize {
        self.outcomes.len() - self.gone
    }

    /// Whether something is left that the same command may find deleted later.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.may_go > 0 || self.aside > 0 || self.unknown > 0
    }
}

/// Decides what became of deletes that were not answered.
///
/// What is shown to be deleted is ours where that is not older than our delete. What went with
/// something that we deleted is as well, though it can still be read for a while, or is in no list.
#[must_use]
pub fn settle(
    unanswered: &Unanswered,
    state: &State,
    (read, now): (&Inventory, Timestamp),
) -> Settled {
    let mut settled = Settled::default();
    let own: BTreeMap<AssetId, Outcome> = (unanswered.assets.keys())
        .filter_map(|id| Some((*id, shown(*id, state, read)?)))
        .collect();
    // What went with something may have gone with what that lay in.
    let is_ours = |id: AssetId, holder: AssetId| {
        let mut passed = BTreeSet::from([id]);
        let mut here = Some(holder);
        while let Some(holder) = here.filter(|here| passed.insert(*here)) {
            if let Some(outcome) = own.get(&holder) {
                return matches!(outcome, Outcome::Retired(_));
            }
            if state.is_staging(holder) {
                return is_shown(holder, read) && !is_older(line(holder, read), sent(id, state));
            }
            let record = state.assets.get(&holder);
            if record.is_some_and(|record| matches!(record.status, Status::Retired(_))) {
                return true;
            }
            here = unanswered.assets.get(&holder).copied().flatten();
        }
        false
    };
    for (id, with) in &unanswered.assets {
        let with = with.filter(|holder| is_ours(*id, *holder));
        let is_recent = sent(*id, state).is_none_or(|at| is_recent(at, now));
        let outcome = match (own.get(id), read.assets.get(id), with) {
            (Some(outcome), _, _) => outcome.clone(),
            (None, Some(Seen::Missing), Some(with)) => Outcome::Retired(Evidence::With(with)),
            (None, Some(Seen::There(_)), Some(with)) if is_recent => {
                Outcome::Retired(Evidence::With(with))
            }
            // No delete of a version stack is ever sent: its files tell what became of it.
            (None, Some(Seen::There(_)), _) if state.files.contains_key(id) => continue,
            (None, Some(Seen::There(_)), _) if state.aside(*id).is_some() => {
                settled.aside += 1;
                continue;
            }
            (None, Some(Seen::There(_)), _) if is_recent => {
                settled.may_go += 1;
                continue;
            }
            (None, Some(Seen::There(_)), _) => {
                settled.alive += 1;
                continue;
            }
            (None, Some(Seen::Missing | Seen::Deleted { .. } | Seen::Refused { .. }) | None, _) => {
                settled.unknown += 1;
                continue;
            }
        };
        settled.gone += usize::from(matches!(outcome, Outcome::Gone(_)));
        settled.outcomes.push((*id, outcome));
    }
    settled
}

/// What follows where an asset is shown to be deleted by itself or by what it lay in.
fn shown(id: AssetId, state: &State, read: &Inventory) -> Option<Outcome> {
    let Some(Seen::Deleted { evidence, .. }) = read.assets.get(&id) else {
        return None;
    };
    Some(if is_older(line(id, read), sent(id, state)) {
        Outcome::Gone(*evidence)
    } else {
        Outcome::Retired(*evidence)
    })
}

/// When a list says that an asset was deleted.
fn line(id: AssetId, read: &Inventory) -> Option<Timestamp> {
    read.departed.get(&id).map(|(_, at)| *at)
}

/// Whether something was deleted before our delete was sent; neither time need have more than seconds.
fn is_older(line: Option<Timestamp>, sent: Option<Timestamp>) -> bool {
    let both = line.zip(sent);
    both.is_some_and(|(line, sent)| line.as_second() < sent.as_second())
}

fn is_shown(folder: AssetId, read: &Inventory) -> bool {
    matches!(read.assets.get(&folder), Some(Seen::Deleted { .. }))
}

/// When the delete of an asset was sent, or about to be.
fn sent(id: AssetId, state: &State) -> Option<Timestamp> {
    let record = state.assets.get(&id)?;
    match &record.status {
        Status::Staged(_) => Some(record.at),
        Status::Unknown { .. } => {
            let run = || state.runs.get(&record.run).map(|run| run.at);
            state.sent.get(&id).copied().or_else(run)
        }
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Missing
        | Status::Restored { .. }
        | Status::Rescued => None,
    }
}

/// All assets of whose delete nobody knows what became, each with what it went with if it went.
fn all(state: &State) -> BTreeMap<AssetId, Option<AssetId>> {
    let all = state.assets.iter().filter_map(|(id, record)| {
        let holder = state.unanswered.get(id).copied();
        match &record.status {
            Status::Unknown { .. } => Some((*id, holder)),
            Status::Staged(staged) if staged.aside.phase == Phase::Deleting => {
                Some((*id, holder.or(Some(staged.aside.into))))
            }
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued => None,
        }
    });
    all.collect()
}
