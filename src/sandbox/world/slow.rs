//! What takes its time: deletes that reach the depths of a folder later, and restores that do.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::sandbox::seed::{Kind, ParentGone};
use crate::sandbox::world::change::Unchanged;
use crate::sandbox::world::{Node, Returning, World};

impl World {
    /// An asset as a reader of V4 sees it: what has just gone with its folder is still there.
    pub(crate) fn seen(&self, id: AssetId) -> Option<Node> {
        let is_ghost = self.ghosts.contains_key(&id);
        let node = self.get(id, is_ghost)?;
        Some(Node {
            deleted_at: node.deleted_at.filter(|_| !is_ghost),
            ..node.clone()
        })
    }

    /// What is still seen in something that was deleted, in the order in which it came.
    pub(crate) fn ghosts_below(&self, id: AssetId) -> Vec<(AssetId, Kind)> {
        let below = self.children(id, true).into_iter();
        let seen = below.filter(|(id, _)| self.ghosts.contains_key(id));
        seen.map(|(id, node)| (id, node.kind)).collect()
    }

    /// How much is in a folder and lives, to the bottom.
    pub(crate) fn count_all_below(&self, id: AssetId) -> usize {
        let mut stack = vec![id];
        let mut count = 0;
        while let Some(id) = stack.pop() {
            let before = stack.len();
            stack.extend(self.alive_below(id, None).map(|(id, _)| id));
            count += stack.len() - before;
        }
        count
    }

    /// Lets what has just gone with a folder be seen for a while.
    pub(crate) fn haunt(&mut self, top: AssetId, deleted_at: Timestamp) {
        if self.behaviour.slow_cascade == 0 {
            return;
        }
        for id in self.along(top, deleted_at) {
            self.ghosts.insert(id, top);
        }
        self.reads.insert(top, self.behaviour.slow_cascade);
    }

    /// Lets nothing be seen any more that has gone with a folder.
    pub(crate) fn end_cascades(&mut self) {
        self.ghosts.clear();
        self.reads.clear();
    }

    /// Counts that an asset was read.
    pub(crate) fn count_read(&mut self, id: AssetId) {
        if let Some(top) = self.ghosts.get(&id).copied() {
            let left = self.reads.entry(top).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.ghosts.retain(|_, other| *other != top);
                self.reads.remove(&top);
            }
        }
        if self.returning.is_empty() {
            return;
        }
        let mut chain = vec![id];
        while let Some(above) = chain.last().and_then(|id| self.nodes.get(id)?.parent) {
            chain.push(above);
        }
        let mut back = Vec::new();
        for returning in &mut self.returning {
            if chain.contains(&returning.top) {
                let steps = usize::try_from(returning.left.max(1)).unwrap_or(usize::MAX);
                let step = returning.rest.len().div_ceil(steps);
                back.extend(returning.rest.drain(..step));
                returning.left = returning.left.saturating_sub(1);
            }
        }
        self.returning
            .retain(|returning| !returning.rest.is_empty());
        for id in back {
            self.mark(id, None);
        }
    }

    /// Restores a deleted asset at once, and what was deleted along with it.
    pub(crate) fn restore(&mut self, id: AssetId) -> Result<(), Unchanged> {
        for id in self.begin_restore(id)? {
            self.mark(id, None);
        }
        Ok(())
    }

    /// Restores a deleted asset, and bit by bit what was deleted along with it.
    pub(crate) fn restore_slowly(&mut self, id: AssetId) -> Result<(), Unchanged> {
        let left = self.behaviour.restore_polls;
        if left == 0 {
            return self.restore(id);
        }
        let rest: VecDeque<AssetId> = self.begin_restore(id)?.into();
        if !rest.is_empty() {
            self.returning.push(Returning {
                top: id,
                left,
                rest,
            });
        }
        Ok(())
    }

    /// Restores a deleted asset alone; returns what was deleted along with it, from the top.
    fn begin_restore(&mut self, id: AssetId) -> Result<Vec<AssetId>, Unchanged> {
        let node = self.nodes.get(&id).ok_or(Unchanged::NotFound)?;
        let deleted_at = node.deleted_at.ok_or(Unchanged::Alive)?;
        let (parent, project) = (node.parent, node.project);
        let is_orphan = parent.is_some_and(|parent| !self.is_alive(parent));
        let root = self.projects.get(project as usize).map(|one| one.root);
        if is_orphan && self.behaviour.restore_parent_gone == ParentGone::Refused {
            return Err(Unchanged::Impossible);
        }
        let along = self.along(id, deleted_at);
        self.ghosts.retain(|_, top| *top != id);
        self.mark(id, None);
        if let Some(root) = root.filter(|_| is_orphan) {
            self.put(id, root, deleted_at);
        }
        Ok(along)
    }

    /// What was deleted along with an asset, from the top.
    fn along(&self, top: AssetId, deleted_at: Timestamp) -> Vec<AssetId> {
        let mut found = vec![top];
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            let below = self.children(id, true).into_iter();
            let along = below.filter(|(_, node)| node.deleted_at == Some(deleted_at));
            found.extend(along.map(|(id, _)| id));
            next += 1;
        }
        found.remove(0);
        found
    }
}
