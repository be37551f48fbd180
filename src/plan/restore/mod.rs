//! Taking back what was deleted: which assets, and what the server says of each. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Inventory, Known, Seen};
use crate::outcome::Evidence;
use crate::state::{Record, State, Status, restorable_until};

#[cfg(test)]
mod tests;

/// What somebody wants back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// What a run has deleted.
    Run(u64),
    /// These assets.
    Assets(Vec<AssetId>),
}

/// Why nothing of what somebody wants back can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChosen {
    /// The state has no such run; these have deleted something that is still so.
    NoRun(u64, Vec<u64>),
    /// Nothing that the run has deleted is still so.
    Nothing(u64, Vec<u64>),
    /// The state does not know the asset.
    NotKnown(AssetId),
    /// The asset is recorded as something else than deleted by us.
    NotRetired(AssetId, &'static str),
}

/// Names the runs of which something can be taken back.
struct Runs<'all>(&'all [u64]);

impl fmt::Display for Runs<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => formatter.write_str("nor has any run deleted anything that still is"),
            [one] => write!(
                formatter,
                "`run:{one}` has deleted something that is still deleted"
            ),
            several => {
                let named: Vec<String> = several.iter().map(|run| format!("`run:{run}`")).collect();
                let named = named.join(", ");
                write!(
                    formatter,
                    "{named} have deleted something that is still deleted"
                )
            }
        }
    }
}

impl fmt::Display for NotChosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRun(run, others) => {
                write!(formatter, "the state has no run {run}; {}", Runs(others))
            }
            Self::Nothing(run, others) => write!(
                formatter,
                "nothing that run {run} deleted is still deleted; {}",
                Runs(others)
            ),
            Self::NotKnown(id) => write!(formatter, "the state has no record of `{id}`"),
            Self::NotRetired(id, status) => write!(
                formatter,
                "`{id}` is recorded as {status}, and only what this state has as retired is restored"
            ),
        }
    }
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
    /// What had been moved into it, where it is a staging folder, and what is known of that: it comes
    /// back where it was before.
    pub staged: Arc<[(AssetId, Known)]>,
}

impl Candidate {
    /// Whether it is a staging folder.
    #[must_use]
    pub fn is_staging(&self) -> bool {
        !self.staged.is_empty()
    }
}

/// Chooses what is to come back, in the order in which it is asked for: what was deleted last comes
/// first, since it may hold what was deleted before.
///
/// # Errors
///
/// Returns what of it cannot be.
pub fn choose(state: &State, chosen: &Chosen) -> Result<Vec<Candidate>, NotChosen> {
    let is_open = |record: &&Record| is_deleted(&record.status).is_some();
    let ids: BTreeSet<AssetId> = match chosen {
        Chosen::Run(run) => {
            let records = state.assets.iter();
            let own = records.filter(|(_, record)| record.run == *run && is_open(record));
            let own: BTreeSet<AssetId> = own.map(|(id, _)| *id).collect();
            let open = state.assets.values().filter(is_open);
            let others = || open.map(|record| record.run).collect::<BTreeSet<u64>>();
            if own.is_empty() {
                let others = others().into_iter().collect();
                return Err(if state.runs.contains_key(run) {
                    NotChosen::Nothing(*run, others)
                } else {
                    NotChosen::NoRun(*run, others)
                });
            }
            own
        }
        Chosen::Assets(ids) => {
            for id in ids {
                let record = state.assets.get(id).ok_or(NotChosen::NotKnown(*id))?;
                if !is_open(&record) {
                    return Err(NotChosen::NotRetired(*id, record.status.name()));
                }
            }
            ids.iter().copied().collect()
        }
    };
    let staged = staged(state);
    let folders = ids.iter().filter_map(|id| staged.get(id).copied());
    let folders: BTreeSet<AssetId> = folders.collect();
    let mut along: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
    for (id, record) in &state.assets {
        if let Some(Evidence::With(folder)) = is_deleted(&record.status) {
            along.entry(folder).or_default().push(*id);
        }
    }
    let comes_along = |id: &AssetId| {
        let evidence = state
            .assets
            .get(id)
            .and_then(|record| is_deleted(&record.status));
        matches!(evidence, Some(Evidence::With(folder)) if ids.contains(&folder))
    };
    let is_apart = |id: &&AssetId| !comes_along(id) && !staged.contains_key(id);
    let tops = ids.iter().filter(is_apart);
    let candidates = tops.filter_map(|id| {
        let record = state.assets.get(id)?;
        Some(Candidate {
            id: *id,
            at: record.at,
            known: state.catalogue.get(*id).unwrap_or_default(),
            with: along.remove(id).unwrap_or_default().into(),
            staged: Arc::default(),
        })
    });
    let mut candidates: Vec<Candidate> = candidates.collect();
    let wholes = folders.into_iter();
    candidates.extend(wholes.filter_map(|folder| whole(state, folder, &staged)));
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.at));
    Ok(candidates)
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
        let Evidence::With(folder) = is_deleted(&state.assets.get(&here)?.status)? else {
            return None;
        };
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
    let at = records.map(|record| record.at).max()?;
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
        staged: staged.into(),
    })
}

/// What shows that we deleted an asset that nothing shows to be back.
const fn is_deleted(status: &Status) -> Option<Evidence> {
    match status {
        Status::Retired(evidence)
        | Status::Restored {
            was: evidence,
            seen: false,
        } => Some(*evidence),
        Status::Restored { seen: true, .. }
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Staged(_)
        | Status::Rescued => None,
    }
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
    /// Whether it is asked for.
    #[must_use]
    pub const fn is_asked(self) -> bool {
        match self {
            Self::Deleted { .. } | Self::NotListed { .. } | Self::Back { .. } | Self::Waits => true,
            Self::Over { .. } | Self::Unread => false,
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
    /// How many assets come back, those in folders among them.
    #[must_use]
    pub fn assets(&self) -> usize {
        let asked = self.rows.iter().filter(|(_, standing)| standing.is_asked());
        asked
            .map(|(candidate, _)| usize::from(!candidate.is_staging()) + candidate.with.len())
            .sum()
    }
}

/// What a reading tells of an asset.
#[must_use]
pub fn standing(read: &Inventory, candidate: &Candidate, now: Timestamp) -> Standing {
    let until = restorable_until(candidate.at);
    match read.assets.get(&candidate.id) {
        Some(Seen::There(_)) if candidate.is_staging() => Standing::Waits,
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
