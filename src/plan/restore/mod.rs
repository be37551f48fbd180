//! Taking back what was deleted: which assets, and what the server says of each. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Inventory, Known, Seen};
use crate::outcome::Evidence;
use crate::state::{Record, State, Status, is_recent, restorable_until};
use parts::Parts;
use refused::is_deleted;
pub use refused::{Did, NotChosen, Runs};
pub use unanswered::{Settled, Unanswered, settle};

mod order;
mod parts;
mod refused;
#[cfg(test)]
mod tests;
mod unanswered;

/// What somebody wants back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// What a run has deleted.
    Run(u64),
    /// These assets.
    Assets(Vec<AssetId>),
}

/// An asset that somebody wants back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The asset.
    pub id: AssetId,
    /// When it was recorded as deleted.
    pub at: Timestamp,
    /// What was known of it.
    pub known: Known,
    /// What was recorded as deleted with it.
    pub with: Arc<[AssetId]>,
    /// What it went with itself, where that is deleted and nobody has named it.
    pub went_with: Option<AssetId>,
    /// What had been moved into it, where it is a staging folder, and what is known of that: it comes
    /// back where it was before.
    pub staged: Arc<[(AssetId, Known)]>,
    /// What was deleted in its place: each of that comes back by itself, and it is whole only with
    /// all of that in it.
    pub parts: Arc<[AssetId]>,
    /// The same where it is a version stack, of which an earlier run had deleted some files.
    pub parts_of_stack: Arc<[AssetId]>,
    /// In what it lay, where nobody has named it and it comes back only if that is a version stack.
    pub only_with: Option<AssetId>,
}

impl Candidate {
    /// Whether it is a staging folder.
    #[must_use]
    pub fn is_staging(&self) -> bool {
        !self.staged.is_empty()
    }

    /// What was deleted in its place, where it is of such a kind.
    #[must_use]
    pub fn parts_as(&self, kind: Option<Kind>) -> Arc<[AssetId]> {
        if kind == Some(Kind::Folder) || self.parts_of_stack.is_empty() {
            return Arc::clone(&self.parts);
        }
        let all = self.parts.iter().chain(&*self.parts_of_stack);
        all.copied().collect()
    }
}

/// Chooses what is to come back, in the order in which it is asked for: that in which others lay comes
/// before them, and what was deleted last comes first, since it may hold what was deleted before; what went with something of which nothing is
/// recorded comes last, since it comes back with what that lay in. Nothing where all of it is back.
///
/// # Errors
///
/// Returns what of it cannot be.
pub fn choose(state: &State, chosen: &Chosen) -> Result<Vec<Candidate>, NotChosen> {
    let parts = Parts::of(state);
    let (ids, only_with) = match chosen {
        Chosen::Run(run) => (of_run(state, *run)?, BTreeMap::new()),
        Chosen::Assets(ids) => named(state, ids, &parts)?,
    };
    let staged = staged(state);
    let folders = ids.iter().filter_map(|id| staged.get(id).copied());
    let folders: BTreeSet<AssetId> = folders.collect();
    let mut along: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
    for id in state.assets.keys() {
        if let Some(folder) = went_with(state, *id) {
            along.entry(folder).or_default().push(*id);
        }
    }
    let comes_along = |id: &AssetId| went_with(state, *id).is_some_and(|with| ids.contains(&with));
    let is_apart = |id: &&AssetId| !comes_along(id) && !staged.contains_key(id);
    let of = |id, is_sure| -> Arc<[AssetId]> {
        let parts = parts.in_place_of(id).iter();
        let parts = parts.filter(|part| part.is_sure == is_sure);
        // A run brings back what it deleted itself.
        let parts = parts.filter(|part| part.is_sure || matches!(chosen, Chosen::Assets(_)));
        parts.map(|part| part.id).collect()
    };
    let tops = ids.iter().filter(is_apart);
    let candidates = tops.filter_map(|id| {
        let record = state.assets.get(id)?;
        Some(Candidate {
            id: *id,
            at: deleted_at(record),
            known: state.catalogue.get(*id).unwrap_or_default(),
            with: along.remove(id).unwrap_or_default().into(),
            went_with: went_with(state, *id).filter(|with| state.assets.contains_key(with)),
            staged: Arc::default(),
            parts: of(*id, true),
            parts_of_stack: of(*id, false),
            only_with: only_with.get(id).copied(),
        })
    });
    let mut candidates: Vec<Candidate> = candidates.collect();
    let wholes = folders.into_iter();
    candidates.extend(wholes.filter_map(|folder| whole(state, folder, &staged)));
    let is_inner = |id| went_with(state, id).is_some();
    candidates.sort_by_key(|one| {
        let has_none = one.parts.is_empty() && one.parts_of_stack.is_empty();
        (is_inner(one.id), std::cmp::Reverse(one.at), has_none)
    });
    Ok(order::in_order(state, candidates))
}

/// What is deleted of some assets, and of what was deleted in their place; with that, the version
/// stack without which it would not come back, where nothing shows yet that it is one.
fn named(
    state: &State,
    named: &[AssetId],
    parts: &Parts,
) -> Result<(BTreeSet<AssetId>, BTreeMap<AssetId, AssetId>), NotChosen> {
    let is_open = |id: &AssetId| {
        let record = state.assets.get(id);
        record.is_some_and(|record| is_deleted(&record.status).is_some())
    };
    let (mut ids, mut only_with) = (BTreeSet::new(), BTreeMap::new());
    for id in named {
        let record = state.assets.get(id).ok_or(NotChosen::NotKnown(*id))?;
        let is_known = is_seen(&record.status) || !parts.in_place_of(*id).is_empty();
        if is_open(id) {
            ids.insert(*id);
        } else if !is_known {
            return Err(if matches!(record.status, Status::Staged(_)) {
                NotChosen::Staged(*id)
            } else {
                NotChosen::NotRetired(*id, record.status.name())
            });
        }
    }
    let mut waiting = named.to_vec();
    let mut passed = BTreeSet::new();
    while let Some(whole) = waiting.pop() {
        if !passed.insert(whole) {
            continue;
        }
        for part in parts.in_place_of(whole) {
            waiting.push(part.id);
            if is_open(&part.id) && ids.insert(part.id) && !part.is_sure {
                only_with.insert(part.id, whole);
            }
        }
    }
    Ok((ids, only_with))
}

/// What a run has deleted, or asked for, of which nobody has seen that it is back.
fn of_run(state: &State, run: u64) -> Result<BTreeSet<AssetId>, NotChosen> {
    let is_of = |record: &Record| {
        record.run == run || record.deleted().is_some_and(|deleted| deleted.run == run)
    };
    let own = || state.assets.iter().filter(|(_, record)| is_of(record));
    let open = own().filter(|(_, record)| is_deleted(&record.status).is_some());
    let open: BTreeSet<AssetId> = open.map(|(id, _)| *id).collect();
    if !open.is_empty() || own().any(|(_, record)| is_seen(&record.status)) {
        return Ok(open);
    }
    let others = Runs::of(state);
    Err(match state.runs.get(&run) {
        Some(own) => NotChosen::Nothing(run, Did::of(own), others),
        None => NotChosen::NoRun(run, others),
    })
}

/// Whether a reading has shown an asset alive that we had deleted.
fn is_seen(status: &Status) -> bool {
    matches!(status.restored(), Some((true, _)))
}

/// When it was recorded as deleted, as far as that is kept.
fn deleted_at(record: &Record) -> Timestamp {
    record.deleted().map_or(record.at, |deleted| deleted.at)
}

/// With what an asset went that nobody has seen back, where it went with something.
fn went_with(state: &State, id: AssetId) -> Option<AssetId> {
    // It may be there still, and stays then.
    if let Some((folder, _)) = state.went_with(id) {
        return Some(folder);
    }
    match is_deleted(&state.assets.get(&id)?.status)? {
        Evidence::With(folder) => Some(folder),
        Evidence::Answer
        | Evidence::Read
        | Evidence::Listed
        | Evidence::ByHand
        | Evidence::Earlier => state.unanswered.get(&id).copied(),
    }
}

/// Whether a folder is one that was deleted with what runs had moved into it.
#[must_use]
pub(crate) fn is_deleted_staging(state: &State, folder: AssetId) -> bool {
    state.is_staging(folder) && !state.assets.contains_key(&folder)
}

/// What went with a staging folder, by itself or in what did, each with that folder.
fn staged(state: &State) -> BTreeMap<AssetId, AssetId> {
    let ids = state.assets.keys();
    let staged = ids.filter_map(|id| Some((*id, went_in(state, *id)?.1)));
    staged.collect()
}

/// What went with a staging folder, of some assets: those that had been moved into it, each with
/// what is recorded of what lay in it.
#[must_use]
pub(crate) fn tops(state: &State, with: &[AssetId]) -> BTreeMap<AssetId, BTreeSet<AssetId>> {
    let mut tops: BTreeMap<AssetId, BTreeSet<AssetId>> = BTreeMap::new();
    for id in with {
        let Some((top, _)) = went_in(state, *id) else {
            continue;
        };
        let inside = tops.entry(top).or_default();
        if top != *id {
            inside.insert(*id);
        }
    }
    tops
}

/// In what an asset was moved aside that went with a staging folder, itself perhaps, and that
/// folder.
fn went_in(state: &State, id: AssetId) -> Option<(AssetId, AssetId)> {
    let mut here = id;
    let mut passed = BTreeSet::new();
    while passed.insert(here) {
        let folder = went_with(state, here)?;
        if is_deleted_staging(state, folder) {
            return Some((here, folder));
        }
        here = folder;
    }
    None
}

/// A staging folder, which comes back with all that went with it.
fn whole(state: &State, folder: AssetId, staged: &BTreeMap<AssetId, AssetId>) -> Option<Candidate> {
    let with = staged.iter().filter(|(_, into)| **into == folder);
    let with: Vec<AssetId> = with.map(|(id, _)| *id).collect();
    let records = with.iter().filter_map(|id| state.assets.get(id));
    let at = records.map(deleted_at).max()?;
    let tops = tops(state, &with).into_keys();
    let known = |id| (id, state.catalogue.get(id).unwrap_or_default());
    let staged: Vec<(AssetId, Known)> = tops.map(known).collect();
    // Nothing is said of the size where one of them is not known.
    let bytes = staged.iter().map(|(_, known)| known.bytes);
    let bytes = bytes.sum::<Option<u64>>();
    Some(Candidate {
        id: folder,
        at,
        known: Known {
            name: Some(Arc::clone(&state.staging(folder)?.name)),
            bytes,
            ..Known::default()
        },
        with: with.into(),
        went_with: None,
        staged: staged.into(),
        parts: Arc::default(),
        parts_of_stack: Arc::default(),
        only_with: None,
    })
}

/// What the server says of an asset that somebody wants back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is deleted, and can be restored up to then.
    Deleted {
        /// What sort of asset it was, where something tells.
        kind: Option<Kind>,
        /// The moment from which it can no longer be.
        until: Timestamp,
    },
    /// No list shows it, though its time is not over; it was deleted with something else, perhaps.
    NotListed {
        /// The moment from which it can no longer be restored.
        until: Timestamp,
    },
    /// It is there.
    Back {
        /// What sort of asset it is.
        kind: Kind,
    },
    /// It is there, and what it went with is not: it is on its way out.
    Going {
        /// What it went with.
        with: AssetId,
    },
    /// It is a staging folder, and there: what is in it goes back to where it was.
    Waits,
    /// No list shows it, and its time was over then.
    Over {
        /// That moment.
        since: Timestamp,
    },
    /// It may not be read, or could not be.
    Unread,
}

impl Standing {
    /// What sort of asset it is or was, where something tells.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Self::Deleted { kind, .. } => kind,
            Self::Back { kind } => Some(kind),
            Self::Waits => Some(Kind::Folder),
            Self::NotListed { .. } | Self::Going { .. } | Self::Over { .. } | Self::Unread => None,
        }
    }

    /// Whether it is asked for.
    #[must_use]
    pub const fn is_asked(self) -> bool {
        match self {
            Self::Deleted { .. } | Self::NotListed { .. } | Self::Back { .. } | Self::Waits => true,
            Self::Going { .. } | Self::Over { .. } | Self::Unread => false,
        }
    }
}

/// What is to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Each asset, and what the server says of it.
    pub rows: Vec<(Candidate, Standing)>,
}

impl Restore {
    /// What is left of rows once it is known what sort of assets they are: what was deleted from a
    /// folder before the folder was is no part of it.
    #[must_use]
    pub fn new(mut rows: Vec<(Candidate, Standing)>) -> Self {
        let folders = rows.iter();
        let folders = folders.filter(|(_, standing)| standing.kind() == Some(Kind::Folder));
        let folders: BTreeSet<AssetId> = folders.map(|(candidate, _)| candidate.id).collect();
        let is_part = |id| !folders.contains(&id);
        rows.retain(|(candidate, _)| candidate.only_with.is_none_or(is_part));
        Self { rows }
    }

    /// How many assets come back, those in folders among them.
    #[must_use]
    pub fn assets(&self) -> usize {
        let asked = self.rows.iter().filter(|(_, standing)| standing.is_asked());
        asked
            .map(|(candidate, _)| usize::from(!candidate.is_staging()) + candidate.with.len())
            .sum()
    }
}

/// What is seen of what was in something that is there again, where that is not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is in it could not be read.
    Unread,
    /// Some of it.
    Seen {
        /// How many bytes its files have.
        bytes: u64,
        /// How many they had before, where that is known.
        before: Option<u64>,
        /// Of how many assets that have a record and went with it nothing is seen.
        missing: usize,
    },
}

/// What a reading tells of an asset.
#[must_use]
pub fn standing(read: &Inventory, candidate: &Candidate, now: Timestamp) -> Standing {
    let until = restorable_until(candidate.at);
    match read.assets.get(&candidate.id) {
        Some(Seen::There(_)) if candidate.is_staging() => Standing::Waits,
        // It can be read for a while after that is deleted, and it dies all the same.
        Some(Seen::There(_))
            if let Some(with) = candidate.went_with
                && is_recent(candidate.at, now)
                && read.facts(with).is_none() =>
        {
            Standing::Going { with }
        }
        Some(Seen::There(facts)) => Standing::Back { kind: facts.kind },
        Some(Seen::Deleted { facts, .. }) => {
            let line = read.departed.get(&candidate.id);
            let listed = line.and_then(|(facts, _)| facts.as_ref());
            Standing::Deleted {
                kind: facts.as_ref().or(listed).map(|facts| facts.kind),
                until: line.map_or(until, |(_, at)| restorable_until(*at)),
            }
        }
        Some(Seen::Missing) if until <= now => Standing::Over { since: until },
        Some(Seen::Missing) => Standing::NotListed { until },
        Some(Seen::Refused { .. }) | None => Standing::Unread,
    }
}
