//! What was deleted in place of something else: the files of a version stack, which has no delete of
//! its own, and what was in a folder that was too large for one.

use std::collections::BTreeMap;

use crate::asset::AssetId;
use crate::outcome::Evidence;
use crate::state::{Record, State, Status};

/// What was deleted by itself and lay in something that has a record, by that.
pub(super) struct Parts(BTreeMap<AssetId, Vec<Piece>>);

/// Something that was deleted in place of what it lay in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) id: AssetId,
    /// Whether it is that whatever it lay in is; else only where that is a version stack: an earlier
    /// run began with it.
    pub(super) is_sure: bool,
}

impl Parts {
    /// Those of a state.
    pub(super) fn of(state: &State) -> Self {
        let mut parts: BTreeMap<AssetId, Vec<Piece>> = BTreeMap::new();
        for (id, record) in &state.assets {
            let whole = state.catalogue.parent(*id);
            let whole = whole.and_then(|whole| Some((whole, state.assets.get(&whole)?)));
            let Some((whole, around)) = whole else {
                continue;
            };
            let is_along = goes_with(state, *id, record) == Some(whole);
            let runs = record.deleted().zip(around.deleted());
            let Some((own, around)) = runs.filter(|_| !is_along) else {
                continue;
            };
            // That it holds nothing says that it went file by file.
            let is_emptied = || state.catalogue.bytes(whole) == Some(0);
            let is_sure = own.run == around.run;
            if is_sure || (own.run < around.run && is_emptied()) {
                parts
                    .entry(whole)
                    .or_default()
                    .push(Piece { id: *id, is_sure });
            }
        }
        for (stack, files) in &state.files {
            if !state.assets.get(stack).is_some_and(is_half_way) {
                continue;
            }
            let is_deleted = |id: &&AssetId| {
                let record = state.assets.get(*id);
                record.is_some_and(|record| record.deleted().is_some())
            };
            let files = files.iter().filter(is_deleted);
            let files = files.map(|id| Piece {
                id: *id,
                is_sure: true,
            });
            parts.entry(*stack).or_default().extend(files);
        }
        Self(parts)
    }

    /// What was deleted in place of an asset.
    pub(super) fn in_place_of(&self, whole: AssetId) -> &[Piece] {
        self.0.get(&whole).map_or(&[], Vec::as_slice)
    }
}

/// With what an asset went, where that is recorded.
fn goes_with(state: &State, id: AssetId, record: &Record) -> Option<AssetId> {
    match record.status.was_shown_by()? {
        Evidence::With(whole) => Some(whole),
        Evidence::Answer
        | Evidence::Read
        | Evidence::Listed
        | Evidence::ByHand
        | Evidence::Earlier => state.unanswered.get(&id).copied(),
    }
}

/// Whether the delete of a version stack was begun and did not come to its end.
const fn is_half_way(record: &Record) -> bool {
    match record.status {
        Status::Unknown { .. } | Status::Failed(_) => true,
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Missing
        | Status::Restored { .. }
        | Status::Staged(_)
        | Status::Rescued => false,
    }
}
