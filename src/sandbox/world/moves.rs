//! What the moves of V4 take, and what they refuse.

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::sandbox::seed::{Kind, SameName, Taken};
use crate::sandbox::world::{Details, Node, World};

/// Why an asset is not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveRefused {
    /// There is no such asset, or none of that kind.
    NotFound,
    /// It cannot be there: in a file, in itself, or in another project.
    Impossible,
    /// It is there already.
    AlreadyThere,
    /// Another asset there has its name.
    NameTaken,
    /// The folder is restricted.
    Restricted,
}

impl World {
    /// Puts an asset that lives into a folder at the top of its project, and makes that first where
    /// there is none with its id.
    pub(crate) fn set_aside(
        &mut self,
        id: AssetId,
        (folder, name): (AssetId, &str),
        now: Timestamp,
    ) {
        let Some(project) = self.get(id, false).map(|node| node.project) else {
            return;
        };
        let Some(root) = self.projects.get(project as usize).map(|one| one.root) else {
            return;
        };
        if !self.nodes.contains_key(&folder) {
            let details = Details::named(name.to_owned(), now);
            self.add((folder, Kind::Folder), details, Some(root), project);
        }
        if self.fits(id, folder) {
            self.put(id, folder, now);
        }
    }

    /// Checks whether anything may be moved somewhere.
    pub(crate) fn check_destination(&self, to: AssetId) -> Result<(), MoveRefused> {
        let into = self.get(to, false).ok_or(MoveRefused::NotFound)?;
        if into.is_restricted() && self.behaviour.move_restricted == Taken::Refused {
            return Err(MoveRefused::Restricted);
        }
        Ok(())
    }

    /// Checks whether the API moves an asset of a kind to where it is to go.
    pub(crate) fn check_move(
        &self,
        id: AssetId,
        kind: Kind,
        to: AssetId,
    ) -> Result<(), MoveRefused> {
        let node = self.get(id, false).filter(|node| node.kind == kind);
        let node = node.ok_or(MoveRefused::NotFound)?;
        let into = self.get(to, false).ok_or(MoveRefused::NotFound)?;
        let mixed = node.project != into.project;
        if !self.fits(id, to) || (mixed && self.behaviour.move_mixed == Taken::Refused) {
            return Err(MoveRefused::Impossible);
        }
        if node.parent == Some(to) {
            return match self.behaviour.move_already_there {
                Taken::Refused => Err(MoveRefused::AlreadyThere),
                Taken::Ok => Ok(()),
            };
        }
        if self.is_name_taken(id, node, to) {
            return Err(MoveRefused::NameTaken);
        }
        Ok(())
    }

    /// Whether an asset can be in another one at all: a folder takes all, a version stack files,
    /// and nothing is in itself.
    pub(super) fn fits(&self, id: AssetId, to: AssetId) -> bool {
        let (Some(node), Some(into)) = (self.get(id, false), self.get(to, false)) else {
            return false;
        };
        let takes = match into.kind {
            Kind::Folder => true,
            Kind::VersionStack => node.kind == Kind::File,
            Kind::File | Kind::Bundle => false,
        };
        let mut above = Some(to);
        while let Some(folder) = above {
            if folder == id {
                return false;
            }
            above = self.nodes.get(&folder).and_then(|node| node.parent);
        }
        takes && node.parent.is_some()
    }

    /// Whether something else in a folder has the name of an asset, where that counts.
    fn is_name_taken(&self, id: AssetId, node: &Node, to: AssetId) -> bool {
        let is_adobe = |id: AssetId| id.to_string().starts_with("adobe:");
        let counts = match self.behaviour.same_name {
            SameName::Adobe => is_adobe(id) || is_adobe(to),
            SameName::Refused => true,
            SameName::Allowed => false,
        };
        counts && self.has_name(to, &node.name(id))
    }

    /// Whether something in a folder has a name.
    pub(crate) fn has_name(&self, folder: AssetId, name: &str) -> bool {
        let mut below = self.alive_below(folder, None);
        below.any(|(id, node)| node.name(id) == name)
    }
}
