//! Every change of an asset, with what is counted and listed of it.

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::seed::{self, Kind};
use crate::sandbox::world::{NotFound, World};

/// Why something cannot be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotRestored {
    /// There is no such deleted asset.
    NotFound,
    /// What it was in is deleted as well.
    ParentDeleted,
}

/// Why something cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotMoved {
    /// There is no such asset, or no such place.
    NotFound,
    /// It cannot be there.
    Impossible,
}

impl World {
    /// Counts an asset in, or out.
    pub(super) fn count(&mut self, project: u32, kind: Kind, bytes: u64, comes: bool) {
        let Some(project) = self.projects.get_mut(project as usize) else {
            return;
        };
        let tally = &mut project.tally;
        let number = match kind {
            Kind::Folder => &mut tally.folders,
            Kind::File | Kind::VersionStack | Kind::Bundle => &mut tally.files,
        };
        if comes {
            *number += 1;
            tally.bytes = tally.bytes.saturating_add(bytes);
        } else {
            *number = number.saturating_sub(1);
            tally.bytes = tally.bytes.saturating_sub(bytes);
        }
    }

    /// Marks one asset that lives as deleted.
    pub(super) fn bury(&mut self, id: AssetId, now: Timestamp) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        node.deleted_at = Some(now);
        let (project, kind, place, parent) = (node.project, node.kind, node.place, node.parent);
        let bytes = node.details.as_ref().map_or(0, |details| details.filesize);
        let Some(parent) = parent else {
            return;
        };
        if let Some(below) = self.below.get_mut(&parent) {
            below.alive.remove(&place);
            below.deleted.insert(place, id);
        }
        if let Some(project) = self.projects.get_mut(project as usize) {
            project.deleted.insert((now, id));
        }
        self.count(project, kind, bytes, false);
    }

    /// Restores a deleted asset and what was deleted along with it.
    pub(crate) fn restore(&mut self, id: AssetId) -> Result<(), NotRestored> {
        let node = self.nodes.get(&id).ok_or(NotRestored::NotFound)?;
        let deleted_at = node.deleted_at.ok_or(NotRestored::NotFound)?;
        if node.parent.is_some_and(|parent| !self.is_alive(parent)) {
            return Err(NotRestored::ParentDeleted);
        }
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            self.revive(id);
            let below = self.children(id, true).into_iter();
            stack.extend(
                below
                    .filter(|(_, node)| node.deleted_at == Some(deleted_at))
                    .map(|(id, _)| id),
            );
        }
        Ok(())
    }

    fn revive(&mut self, id: AssetId) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let Some(deleted_at) = node.deleted_at.take() else {
            return;
        };
        let (project, kind, place, parent) = (node.project, node.kind, node.place, node.parent);
        let bytes = node.details.as_ref().map_or(0, |details| details.filesize);
        let Some(parent) = parent else {
            return;
        };
        if let Some(below) = self.below.get_mut(&parent) {
            below.deleted.remove(&place);
            below.alive.insert(place, id);
        }
        if let Some(project) = self.projects.get_mut(project as usize) {
            project.deleted.remove(&(deleted_at, id));
        }
        self.count(project, kind, bytes, true);
    }

    /// Moves files that live into a folder that lives, all or none of them.
    ///
    /// # Errors
    ///
    /// Returns the first id that is no such file, or no such folder.
    pub(crate) fn move_files(&mut self, ids: &[AssetId], to: AssetId) -> Result<(), NotFound> {
        let is = |id: AssetId, kind: Kind| self.get(id, false).is_some_and(|it| it.kind == kind);
        if !is(to, Kind::Folder) {
            return Err(NotFound(to));
        }
        if let Some(missing) = ids.iter().find(|id| !is(**id, Kind::File)) {
            return Err(NotFound(*missing));
        }
        for id in ids {
            self.put(*id, to);
        }
        Ok(())
    }

    /// Moves one asset that lives within its project: into a folder, or a file into a stack.
    ///
    /// # Errors
    ///
    /// Returns why it stays where it is.
    pub(crate) fn move_one(&mut self, id: AssetId, to: AssetId) -> Result<(), NotMoved> {
        let node = self.get(id, false).ok_or(NotMoved::NotFound)?;
        let into = self.get(to, false).ok_or(NotMoved::NotFound)?;
        let fits = match into.kind {
            Kind::Folder => true,
            Kind::VersionStack => node.kind == Kind::File,
            Kind::File | Kind::Bundle => false,
        };
        if !fits || node.parent.is_none() || node.project != into.project {
            return Err(NotMoved::Impossible);
        }
        let mut above = Some(to);
        while let Some(folder) = above {
            if folder == id {
                return Err(NotMoved::Impossible);
            }
            above = self.nodes.get(&folder).and_then(|node| node.parent);
        }
        self.put(id, to);
        Ok(())
    }

    fn put(&mut self, id: AssetId, to: AssetId) {
        let Some(project) = self.nodes.get(&to).map(|folder| folder.project) else {
            return;
        };
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let bytes = node.details.as_ref().map_or(0, |details| details.filesize);
        let (kind, from, old, place) = (node.kind, node.parent, node.project, node.place);
        self.place += 1;
        node.parent = Some(to);
        node.project = project;
        node.place = self.place;
        if let Some(below) = from.and_then(|from| self.below.get_mut(&from)) {
            below.alive.remove(&place);
        }
        self.below
            .entry(to)
            .or_default()
            .alive
            .insert(self.place, id);
        self.count(old, kind, bytes, false);
        self.count(project, kind, bytes, true);
    }

    /// Makes a folder in a folder that lives.
    ///
    /// # Errors
    ///
    /// Returns the parent where it is no such folder.
    pub(crate) fn make_folder(
        &mut self,
        parent: AssetId,
        name: String,
        now: Timestamp,
    ) -> Result<AssetId, NotFound> {
        self.make(parent, seed::Asset::folder(self.new_id(), name), now)
    }

    /// Makes a file in a folder that lives; nobody will upload what is in it.
    ///
    /// # Errors
    ///
    /// Returns the parent where it is no such folder.
    pub(crate) fn make_file(
        &mut self,
        parent: AssetId,
        (name, filesize, filetype): (String, u64, Option<String>),
        now: Timestamp,
    ) -> Result<AssetId, NotFound> {
        let file = seed::Asset {
            kind: Kind::File,
            filesize,
            filetype,
            ..seed::Asset::folder(self.new_id(), name)
        };
        self.make(parent, file, now)
    }

    fn make(
        &mut self,
        parent: AssetId,
        mut asset: seed::Asset,
        now: Timestamp,
    ) -> Result<AssetId, NotFound> {
        let found = self.get(parent, false);
        let found = found.filter(|node| node.kind == Kind::Folder);
        let project = found.ok_or(NotFound(parent))?.project;
        let id = asset.id;
        asset.inserted_at = Some(now);
        self.add(asset, Some(parent), project);
        Ok(id)
    }

    /// An id that stands for nothing yet.
    fn new_id(&self) -> AssetId {
        let first = 0x5a5a_0001_0000_4000_8000_0000_0000_0000_u128 + u128::from(self.place) + 1;
        let mut ids = (first..).map(|id| AssetId::from_uuid(Uuid::from_u128(id)));
        ids.find(|id| !self.nodes.contains_key(id))
            .unwrap_or(AssetId::from_uuid(Uuid::nil()))
    }
}
