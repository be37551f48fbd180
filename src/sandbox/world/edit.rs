//! What people do to a world while it is served.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::asset::AssetId;
use crate::sandbox::seed::Asset;
use crate::sandbox::world::{NotFound, World};

/// A change that somebody makes, past all limits and faults.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Moves an asset into a folder, or a file into a version stack.
    Move {
        /// The asset.
        id: AssetId,
        /// Where it goes.
        to: AssetId,
    },
    /// Gives an asset another name.
    Rename {
        /// The asset.
        id: AssetId,
        /// Its name from now on.
        name: String,
    },
    /// Adds an asset, as a seed describes it, and what is in it.
    Add {
        /// The asset.
        asset: Box<Asset>,
        /// Where it goes.
        to: AssetId,
    },
    /// Deletes an asset and what is in it.
    Delete {
        /// The asset.
        id: AssetId,
    },
    /// Restores an asset and what was deleted along with it, at once.
    Restore {
        /// The asset.
        id: AssetId,
    },
    /// Fills in custom fields of an asset.
    Mark {
        /// The asset.
        id: AssetId,
        /// The values, by the names of the fields.
        fields: BTreeMap<String, Value>,
    },
    /// Says who sees a folder.
    Restrict {
        /// The folder.
        id: AssetId,
        /// Whether only some members of the project see it.
        restricted: bool,
    },
    /// Gives an option of a custom field another name.
    RenameOption {
        /// The name of the field.
        field: String,
        /// The name of the option.
        option: String,
        /// Its name from now on.
        name: String,
    },
}

impl World {
    /// Makes a change.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be made.
    pub(crate) fn change(&mut self, change: Change, now: Timestamp) -> Result<(), String> {
        match change {
            Change::Move { id, to } => {
                let moved = self.move_one(id, to, now);
                moved.map_err(|_why| format!("`{id}` cannot be moved there."))
            }
            Change::Rename { id, name } => {
                let details = self.details_mut(id);
                let details = details.ok_or_else(|| format!("There is no `{id}`."))?;
                details.name = name;
                details.updated_at = now;
                Ok(())
            }
            Change::Add { asset, to } => self.add_tree(*asset, to, now),
            Change::Delete { id } => match self.delete(id, now) {
                Ok(None) => Ok(()),
                Ok(Some(refusal)) => Err(refusal),
                Err(NotFound(id)) => Err(format!("There is no `{id}`.")),
            },
            Change::Restore { id } => {
                let restored = self.restore(id);
                restored.map_err(|_why| format!("`{id}` cannot be restored."))
            }
            Change::Mark { id, fields } => {
                let mut fields = fields.iter();
                fields.try_for_each(|(name, value)| self.fill_in(id, name, value))
            }
            Change::Restrict { id, restricted } => {
                let details = self.details_mut(id);
                let details = details.ok_or_else(|| format!("There is no `{id}`."))?;
                details.restricted = restricted;
                Ok(())
            }
            Change::RenameOption {
                field,
                option,
                name,
            } => {
                let fields = self.accounts.iter_mut().flat_map(|one| &mut one.fields);
                let found = fields
                    .filter(|one| one.name == field)
                    .flat_map(|field| &mut field.options)
                    .find(|one| **one == option);
                *found.ok_or_else(|| format!("`{field}` has no option `{option}`."))? = name;
                Ok(())
            }
        }
    }

    /// Adds an asset and what is in it, or nothing.
    fn add_tree(&mut self, asset: Asset, to: AssetId, now: Timestamp) -> Result<(), String> {
        let parent = self.get(to, false).map(|parent| parent.project);
        let project = parent.ok_or_else(|| format!("There is no `{to}`."))?;
        let mut all: Vec<(Asset, AssetId)> = vec![(asset, to)];
        let mut next = 0;
        while let Some((asset, _)) = all.get_mut(next) {
            let (id, children) = (asset.id, std::mem::take(&mut asset.children));
            for (name, value) in &asset.fields {
                self.kept(project, name, value)?;
            }
            if let Some(email) = &asset.creator {
                let person = self.person(email);
                person.ok_or_else(|| format!("Nobody has the address `{email}`."))?;
            }
            if self.nodes.contains_key(&id) {
                return Err(format!("There is a `{id}` already."));
            }
            all.extend(children.into_iter().map(|child| (child, id)));
            next += 1;
        }
        for (asset, parent) in all {
            self.add_seeded(&asset, parent, now);
        }
        Ok(())
    }
}
