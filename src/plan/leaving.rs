//! What is going, or went, with a folder that an earlier run has deleted. Pure.
//!
//! A server may show what was in a folder for a while after the folder is deleted. A delete of such an
//! asset would find nothing, and say nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::inventory::{Inventory, Seen};
use crate::outcome::Evidence;
use crate::state::{Record, State, Status};

/// The folder with which an asset is on its way out: it is there, and what it lies in is not, since
/// we have deleted that, or what that lay in, a short while ago.
pub(super) fn leaves(
    (state, read): (&State, &Inventory),
    id: AssetId,
    now: Timestamp,
) -> Option<AssetId> {
    let mut above = read.facts(id)?.parent?;
    let mut passed = BTreeSet::from([id]);
    // Up to what is not there. What lies elsewhere by now does not go.
    while let Some(facts) = read.facts(above) {
        if !passed.insert(above) {
            return None;
        }
        above = facts.parent?;
    }
    let is_root = read
        .projects
        .values()
        .any(|project| project.root == Some(above));
    let is_going = |folder| state.is_going(folder, now);
    let listed = state.unanswered.get(&id).copied();
    let listed = listed.filter(|folder| is_going(*folder) && read.facts(*folder).is_none());
    let shown = || state.going_with((id, Some(above)), is_going);
    if is_root { None } else { listed.or_else(shown) }
}

/// What went with a folder that we have deleted and that is there again, each as it would be recorded if
/// a run had seen it gone: whoever has restored the folder means to keep what is in it.
pub(super) fn returned(state: &State, read: &Inventory) -> BTreeMap<AssetId, Record> {
    let is_there = |id: AssetId| read.facts(id).is_some();
    let returned = state.unanswered.keys().filter_map(|id| {
        let (folder, record) = state.went_with(*id)?;
        let is_back = matches!(record.status, Status::Retired(_)) && is_there(folder);
        let status = Status::Retired(Evidence::With(folder));
        let record = Record {
            status,
            ..record.clone()
        };
        (is_back && is_there(*id)).then_some((*id, record))
    });
    returned.collect()
}

/// The folder with which an asset went that is shown to be deleted, and the run that deleted it, where
/// the lists of recently deleted assets say what it lay in.
pub(super) fn went(
    (state, read): (&State, &Inventory),
    id: AssetId,
    seen: &Seen,
) -> Option<(AssetId, u64)> {
    let Seen::Deleted { facts, evidence } = seen else {
        return None;
    };
    match evidence {
        Evidence::Read | Evidence::Listed => {}
        Evidence::Answer | Evidence::With(_) | Evidence::ByHand | Evidence::Earlier => return None,
    }
    let (_, at) = read.departed.get(&id)?;
    let told = facts.as_ref().and_then(|facts| facts.parent);
    let mut passed = BTreeSet::from([id]);
    let mut above = read.was_in.get(&id).copied().or(told);
    while let Some(here) = above.filter(|here| passed.insert(*here)) {
        if let Some(Record {
            status: Status::Retired(_),
            run,
            at: _,
        }) = state.assets.get(&here)
        {
            // What was deleted before that run did not go with it.
            let began = state.runs.get(run)?.at;
            return (at.as_second() >= began.as_second()).then_some((here, *run));
        }
        above = read.was_in.get(&here).copied();
    }
    None
}
