//! What a delete does to the world.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::sandbox::seed::{SecondDelete, UnknownId};
use crate::sandbox::world::{BatchRefused, NotFound, World, refusal};

impl World {
    /// Deletes in bulk; the answer maps what was not deleted to why.
    ///
    /// # Errors
    ///
    /// Returns why the call as a whole is refused; then nothing was deleted.
    pub fn delete_batch(
        &mut self,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<BTreeMap<AssetId, String>, BatchRefused> {
        if let Some(most) = self.behaviour.max_batch.filter(|most| ids.len() > *most) {
            return Err(BatchRefused::TooMany(most));
        }
        if self.behaviour.unknown_id == UnknownId::NotFound
            && let Some(id) = self.first_missing(ids)
        {
            return Err(BatchRefused::NotFound(id));
        }
        // What goes with its folder in this very call was found, not missing.
        let mut alive: HashSet<AssetId> = ids.iter().copied().collect();
        alive.retain(|id| self.is_alive(*id));
        let mut errors = BTreeMap::new();
        for id in ids {
            let first = alive.remove(id);
            if first && !self.is_alive(*id) {
                continue;
            }
            match self.delete(*id, now) {
                Ok(None) => {}
                Ok(Some(refusal)) => {
                    errors.insert(*id, refusal);
                }
                Err(NotFound(id)) => {
                    errors.insert(id, "Asset not found.".to_owned());
                }
            }
        }
        Ok(errors)
    }

    /// The first id of a batch that a delete would not find, a second mention included.
    fn first_missing(&self, ids: &[AssetId]) -> Option<AssetId> {
        let again = self.behaviour.second_delete == SecondDelete::Ok;
        let mut seen = HashSet::with_capacity(ids.len());
        ids.iter().copied().find(|id| {
            let found = self.get(*id, again);
            let known = found.is_some_and(|node| !node.is_deaf());
            let first = seen.insert(*id);
            !known || !(first || again)
        })
    }

    /// Deletes one asset and, where the world cascades, what is in it; a refusal comes back.
    ///
    /// # Errors
    ///
    /// Returns the id where there is no such asset.
    pub fn delete(&mut self, id: AssetId, now: Timestamp) -> Result<Option<String>, NotFound> {
        let found = self.get(id, true).filter(|node| !node.is_deaf());
        let node = found.ok_or(NotFound(id))?;
        if node.deleted_at.is_some() {
            return match self.behaviour.second_delete {
                SecondDelete::NotFound => Err(NotFound(id)),
                SecondDelete::Ok => Ok(None),
            };
        }
        if let Some(refusal) = refusal(&self.behaviour, id, node) {
            return Ok(Some(refusal.to_owned()));
        }
        if node.is_feigned() {
            return Ok(None);
        }
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let Some(node) = self.nodes.get(&id) else {
                continue;
            };
            // What may not be deleted stays, in whatever folder it is.
            let is_refused = refusal(&self.behaviour, id, node).is_some();
            let stays = node.is_deaf() || node.is_feigned() || is_refused;
            if node.deleted_at.is_some() || stays {
                continue;
            }
            self.mark(id, Some(now));
            if self.behaviour.cascade {
                stack.extend(self.alive_below(id, None).map(|(id, _)| id));
            }
        }
        Ok(None)
    }
}
