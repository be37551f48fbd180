//! Every change of an asset, with what is counted and listed of it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::seed::{Kind, Upload};
use crate::sandbox::world::{Below, Details, NotFound, World};

/// Why something stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unchanged {
    /// There is no such asset, or no such place.
    NotFound,
    /// It cannot be where it would have to be.
    Impossible,
    /// It lives already.
    Alive,
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

    /// Marks one asset as deleted at a moment, or as alive.
    pub(super) fn mark(&mut self, id: AssetId, deleted_at: Option<Timestamp>) {
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut node.deleted_at, deleted_at);
        let (index, kind, place, bytes) = (node.project, node.kind, node.place, node.filesize());
        let Some(parent) = node.parent else {
            return;
        };
        if let Some(Below { alive, deleted }) = self.below.get_mut(&parent) {
            let (from, to) = if deleted_at.is_some() {
                (alive, deleted)
            } else {
                (deleted, alive)
            };
            from.remove(&place);
            to.insert(place, id);
        }
        if deleted_at.is_none() {
            self.ghosts.remove(&id);
        }
        if let Some(project) = self.projects.get_mut(index as usize) {
            project.kept = match deleted_at {
                Some(_) => project.kept.saturating_add(bytes),
                None => project.kept.saturating_sub(bytes),
            };
            if let Some(before) = before
                && !self.behaviour.stale_lists
            {
                project.deleted.remove(&(before, id));
            }
            if let Some(at) = deleted_at {
                if self.behaviour.stale_lists {
                    project.deleted.retain(|(_, line)| *line != id);
                }
                project.deleted.insert((at, id));
                if self.behaviour.late_lists > 0 {
                    project.late.insert(id, project.lists);
                }
            }
        }
        self.count(index, kind, bytes, deleted_at.is_none());
    }

    /// Counts a reading of the list of what was deleted from a project; it shows no more than what
    /// [`World::is_told`] says.
    pub(crate) fn count_list(&mut self, project: Uuid) {
        let mut projects = self.projects.iter_mut();
        if let Some(project) = projects.find(|one| one.id == project) {
            project.lists += 1;
        }
    }

    /// Whether that list shows an asset by now.
    pub(crate) fn is_told(&self, id: AssetId) -> bool {
        let project = self.nodes.get(&id);
        let project = project.and_then(|node| self.projects.get(node.project as usize));
        project.is_none_or(|project| {
            let since = project.late.get(&id);
            since.is_none_or(|since| project.lists - since > self.behaviour.late_lists)
        })
    }

    /// Moves one asset that lives within its project, as people do: into a folder, or a file into
    /// a stack.
    ///
    /// # Errors
    ///
    /// Returns why it stays where it is.
    pub(crate) fn move_one(
        &mut self,
        id: AssetId,
        to: AssetId,
        now: Timestamp,
    ) -> Result<(), Unchanged> {
        let project = |id: AssetId| self.get(id, false).map(|node| node.project);
        let from = project(id).ok_or(Unchanged::NotFound)?;
        let into = project(to).ok_or(Unchanged::NotFound)?;
        if from != into || !self.fits(id, to) {
            return Err(Unchanged::Impossible);
        }
        self.put(id, to, now);
        Ok(())
    }

    /// Puts an asset that lives into another one.
    pub(crate) fn put(&mut self, id: AssetId, to: AssetId, now: Timestamp) {
        let Some(project) = self.nodes.get(&to).map(|folder| folder.project) else {
            return;
        };
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        let (kind, from, old, place) = (node.kind, node.parent, node.project, node.place);
        let bytes = node.filesize();
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
        if old != project {
            // What is in it goes along.
            let below: Vec<AssetId> = self.alive_below(id, None).map(|(id, _)| id).collect();
            for inside in below {
                self.put(inside, id, now);
            }
        }
        if self.behaviour.move_updates
            && let Some(details) = self.details_mut(id)
        {
            details.updated_at = now;
        }
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
        self.make(parent, Kind::Folder, Details::named(name, now))
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
        let file = Details {
            filesize,
            filetype,
            upload: Upload::Created,
            ..Details::named(name, now)
        };
        self.make(parent, Kind::File, file)
    }

    /// Makes a version stack of files, in their order, in a folder that lives; it is called like
    /// the last of them.
    ///
    /// # Errors
    ///
    /// Returns the parent where it is no such folder.
    pub(crate) fn make_stack(
        &mut self,
        parent: AssetId,
        files: &[AssetId],
        now: Timestamp,
    ) -> Result<AssetId, NotFound> {
        let head = files.last().copied().unwrap_or(parent);
        let name = self.get(head, false).map(|node| node.name(head));
        let name = name.ok_or(NotFound(parent))?;
        let stack = self.make(parent, Kind::VersionStack, Details::named(name, now))?;
        for file in files {
            self.put(*file, stack, now);
        }
        Ok(stack)
    }

    fn make(&mut self, parent: AssetId, kind: Kind, details: Details) -> Result<AssetId, NotFound> {
        let found = self.get(parent, false);
        let found = found.filter(|node| node.kind == Kind::Folder);
        let project = found.ok_or(NotFound(parent))?.project;
        let id = self.new_id();
        self.add((id, kind), details, Some(parent), project);
        Ok(id)
    }

    /// What is known of an asset, to be changed.
    pub(super) fn details_mut(&mut self, id: AssetId) -> Option<&mut Details> {
        let node = self.nodes.get_mut(&id)?;
        let details = node
            .details
            .get_or_insert_with(|| Arc::new(Details::bare(id)));
        Some(Arc::make_mut(details))
    }

    /// Fills in a custom field of an asset.
    ///
    /// # Errors
    ///
    /// Returns what is wrong where there is no such field, or where it does not take that value.
    pub(super) fn fill_in(&mut self, id: AssetId, name: &str, value: &Value) -> Result<(), String> {
        let node = self.nodes.get(&id);
        let node = node.ok_or_else(|| format!("There is no `{id}`."))?;
        if node.kind != Kind::File {
            return Err(format!(
                "`{id}` is no file, and files alone have custom fields."
            ));
        }
        let project = node.project;
        let (field, kept) = self.kept(project, name, value)?;
        if let Some(details) = self.details_mut(id) {
            details.fields.retain(|(id, _)| *id != field);
            details.fields.push((field, kept));
        }
        Ok(())
    }

    /// The field of a project's account with a name, and a value as it keeps it.
    pub(super) fn kept(
        &self,
        project: u32,
        name: &str,
        value: &Value,
    ) -> Result<(Uuid, Value), String> {
        let project = self.projects.get(project as usize);
        let account = project.map(|project| project.account);
        let account = self.accounts.iter().find(|one| Some(one.id) == account);
        let fields = account.map_or(&[][..], |account| &account.fields);
        let field = fields.iter().find(|field| field.name == name);
        let field = field.ok_or_else(|| format!("The account has no field `{name}`."))?;
        let kept = field.kept(value, |email| self.person(email));
        let kept = kept.map_err(|part| format!("The field `{name}` does not take `{part}`."))?;
        Ok((field.id, kept))
    }

    /// The id of the person with an address.
    pub(super) fn person(&self, email: &str) -> Option<Uuid> {
        let mut all = self.people.iter().chain([&self.me]);
        let found = all.find(|person| person.email == email);
        found.map(|person| person.id)
    }

    /// An id that stands for nothing yet.
    fn new_id(&self) -> AssetId {
        let first = 0x5a5a_0001_0000_4000_8000_0000_0000_0000_u128 + u128::from(self.place) + 1;
        let mut ids = (first..).map(|id| AssetId::from_uuid(Uuid::from_u128(id)));
        ids.find(|id| !self.nodes.contains_key(id))
            .unwrap_or(AssetId::from_uuid(Uuid::nil()))
    }
}
