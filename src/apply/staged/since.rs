//! What went with something and was seen again by an earlier run. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::AssetId;
use crate::outcome::Evidence;
use crate::state::{Deletion, Record, State, Status};

/// What went with some things and was seen since, each by that.
pub(crate) fn seen_since(
    state: &State,
    wholes: &BTreeSet<AssetId>,
) -> BTreeMap<AssetId, BTreeSet<AssetId>> {
    let run = |id: AssetId| Some(state.assets.get(&id).and_then(Record::deleted)?.run);
    let mut seen: BTreeMap<AssetId, BTreeSet<AssetId>> = BTreeMap::new();
    for (id, record) in &state.assets {
        let Some((was, deleted)) = seen_again(&record.status) else {
            continue;
        };
        let whole = match was {
            Evidence::With(with) => climb(with, wholes, |id| went_with(state, id)),
            Evidence::Answer => None,
            // Where its delete was not answered, no evidence names what it lay in.
            Evidence::Read | Evidence::Listed | Evidence::ByHand | Evidence::Earlier => {
                let whole = climb(*id, wholes, |id| state.catalogue.parent(id));
                let own = deleted.map(|deleted| deleted.run);
                whole.filter(|whole| own.is_some() && own == run(*whole))
            }
        };
        if let Some(whole) = whole.filter(|whole| whole != id) {
            seen.entry(whole).or_default().insert(*id);
        }
    }
    seen
}

/// What had shown that an asset was deleted which a reading has shown alive since, and its delete.
fn seen_again(status: &Status) -> Option<(Evidence, Option<&Deletion>)> {
    match status {
        Status::Restored {
            was,
            seen: true,
            deleted,
        } => Some((*was, deleted.as_deref())),
        Status::Restored { seen: false, .. }
        | Status::Retired(_)
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Staged(_)
        | Status::Rescued => None,
    }
}

/// With what an asset is recorded to have gone, be it seen since.
fn went_with(state: &State, id: AssetId) -> Option<AssetId> {
    let was = match &state.assets.get(&id)?.status {
        Status::Retired(was) | Status::Restored { was, .. } => *was,
        Status::Gone(_)
        | Status::Failed(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Staged(_)
        | Status::Rescued => return None,
    };
    match was {
        Evidence::With(with) => Some(with),
        Evidence::Answer
        | Evidence::Read
        | Evidence::Listed
        | Evidence::ByHand
        | Evidence::Earlier => None,
    }
}

/// The first of some things to which a way up leads.
fn climb(
    from: AssetId,
    wholes: &BTreeSet<AssetId>,
    up: impl Fn(AssetId) -> Option<AssetId>,
) -> Option<AssetId> {
    let mut passed = BTreeSet::new();
    let mut here = Some(from);
    while let Some(id) = here.filter(|id| passed.insert(*id)) {
        if wholes.contains(&id) {
            return Some(id);
        }
        here = up(id);
    }
    None
}
