//! The staging folder of a project: made once, and looked for where nobody knows whether it was.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::apply::staged::gate::recorded;
use crate::apply::staged::{Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::event::{RunEvent, Staging};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::inventory::{Contents, Seen};
use crate::outcome::Evidence;
use crate::state::{StagingFolder, Status};
use crate::store::Session;

/// How long the name of a folder may be.
const LONGEST: usize = 255;

/// What a staging folder is called: when it is deleted, by which run, and whom to ask.
pub(super) fn name_of(due: Timestamp, run: u64, actor: Option<&str>) -> String {
    let date = due.to_string();
    let date = date.split('T').next().unwrap_or_default();
    let mut name = format!("_retire {date} run {run}");
    if let Some(actor) = actor {
        let actor: String = actor
            .chars()
            .filter(|letter| !letter.is_control() && *letter != '/')
            .collect();
        if !actor.trim().is_empty() {
            name.push_str(" ask ");
            name.push_str(actor.trim());
        }
    }
    name.chars().take(LONGEST).collect()
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// The staging folder of a project; else why there is none, in words.
    pub(super) fn folder(
        &mut self,
        (project, root): (AssetId, AssetId),
        (run, due): (u64, Timestamp),
    ) -> Result<AssetId, String> {
        let name: Arc<str> = name_of(due, run, self.terms.actor.as_deref()).into();
        if let Some(found) = self.left_over((project, root))?
            && self.is_called((project, found), &name)
        {
            return Ok(found);
        }
        let wish = RunEvent::Staging(Staging {
            project,
            name: Arc::clone(&name),
            id: None,
        });
        if !self.commit(vec![wish]) {
            return Err("nothing can be written down".to_owned());
        }
        crate::crash::point("stage.make");
        let change = Change::CreateFolder {
            parent: root,
            name: Arc::clone(&name),
        };
        let answer = self.server.change(&change);
        crate::crash::point("stage.made");
        match answer {
            Ok(Ok(Changed::Created(placed))) if placed.project == project => {
                Ok(self.made(project, name, placed.id))
            }
            Ok(Err(refusal)) => Err(refusal.detail),
            Ok(Ok(_)) | Err(Unmade::Unknown { .. }) => {
                let found = self.look_for((project, root), &name)?;
                found.ok_or_else(|| "nobody knows whether it was made".to_owned())
            }
            Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => {
                self.stop(reason);
                Err("nothing more can be asked".to_owned())
            }
        }
    }

    /// A folder that an earlier run has made, or may have, and that nothing was moved into.
    fn left_over(
        &mut self,
        (project, root): (AssetId, AssetId),
    ) -> Result<Option<AssetId>, String> {
        let state = self.ledger.state();
        // What is moved now was not moved there.
        let moves = |id: AssetId| {
            let approved = self.approved;
            approved.is_some_and(|approved| approved.staging().moves(id))
        };
        let is_used = |folder: AssetId| {
            let mut records = state.assets.iter();
            records.any(|(id, record)| match &record.status {
                Status::Staged(staged) => staged.aside.into == folder && !moves(*id),
                Status::Retired(Evidence::With(with)) => *with == folder,
                Status::Retired(_)
                | Status::Gone(_)
                | Status::Failed(_)
                | Status::Unknown { .. }
                | Status::Missing
                | Status::Restored { .. }
                | Status::Rescued => false,
            })
        };
        let own = state.staging.iter().rev();
        let own: Vec<StagingFolder> = own
            .filter(|folder| folder.project == project && !folder.id.is_some_and(is_used))
            .cloned()
            .collect();
        for folder in own {
            let found = match folder.id {
                Some(id) => Some(id),
                None => self.look_for((project, root), &folder.name)?,
            };
            if let Some(found) = found
                && self.is_empty((project, root), (found, &folder.name))?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The staging folders in which some assets wait.
    pub(super) fn folders_of(&self, ids: &BTreeSet<AssetId>) -> BTreeSet<AssetId> {
        let state = self.ledger.state();
        let folders = ids.iter().filter_map(|id| Some(state.aside(*id)?.into));
        folders.filter(|folder| state.is_staging(*folder)).collect()
    }

    /// Deletes those of some staging folders in which nothing waits any more, and nothing else is.
    pub(super) fn sweep(&mut self, folders: impl IntoIterator<Item = AssetId>) {
        for folder in folders {
            let state = self.ledger.state();
            let project = state.staging(folder).map(|known| known.project);
            let is_used = recorded(state, folder).next().is_some();
            if let Some(project) = project.filter(|_| !is_used && self.stop.is_none()) {
                self.delete_empty(folder, project);
            }
        }
    }

    /// Has a folder be called as one of this run; says whether it is.
    fn is_called(&mut self, (project, id): (AssetId, AssetId), name: &Arc<str>) -> bool {
        let known = self.ledger.state().staging(id);
        if known.is_some_and(|folder| folder.name == *name) {
            return true;
        }
        let change = Change::RenameFolder {
            id,
            name: Arc::clone(name),
        };
        match self.server.change(&change) {
            Ok(Ok(Changed::Renamed(placed))) if placed.name == *name => {
                self.made(project, Arc::clone(name), id);
                true
            }
            // Whether it is called so by now, only a reading shows.
            Ok(Ok(_)) | Err(Unmade::Unknown { .. }) => self.is_named((project, id), name),
            Ok(Err(refusal)) => {
                self.warn(format!(
                    "the empty staging folder `{id}` stays, and another one is made, since it could not be renamed: {}",
                    refusal.detail
                ));
                false
            }
            Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => {
                self.stop(reason);
                false
            }
        }
    }

    /// Reads whether a folder has a name by now.
    fn is_named(&mut self, (project, id): (AssetId, AssetId), name: &Arc<str>) -> bool {
        let read = self.server.read(Wanted {
            assets: &[(id, Some(Kind::Folder))],
            whole: &BTreeSet::new(),
            place: &|_| [Some(project), None],
            within: &|_| None,
        });
        let read = self.unless_stopped(read);
        let is_named = read
            .as_ref()
            .and_then(|read| read.facts(id))
            .is_some_and(|facts| facts.name.as_ref() == Some(name));
        if is_named {
            self.made(project, Arc::clone(name), id);
        } else if self.stop.is_none() {
            self.warn(format!(
                "the empty staging folder `{id}` stays, and another one is made, since nobody knows what it is called"
            ));
        }
        is_named
    }

    /// Whether a folder is there, is called so, and has nothing in it.
    fn is_empty(
        &mut self,
        (project, root): (AssetId, AssetId),
        (id, name): (AssetId, &Arc<str>),
    ) -> Result<bool, String> {
        let read = self.server.read(Wanted {
            assets: &[(id, Some(Kind::Folder))],
            whole: &[id].into(),
            place: &|_| [Some(project), Some(root)],
            within: &|_| None,
        });
        let stopped = || "nothing more can be read".to_owned();
        let read = self.unless_stopped(read).ok_or_else(stopped)?;
        let facts = read.assets.get(&id).and_then(Seen::facts);
        let is_own = facts
            .is_some_and(|facts| facts.name.as_ref() == Some(name) && facts.parent == Some(root));
        let is_empty = matches!(
            read.contents.get(&id),
            Some(Contents::Whole(inside)) if inside.is_empty()
        );
        Ok(is_own && is_empty)
    }

    fn made(&mut self, project: AssetId, name: Arc<str>, id: AssetId) -> AssetId {
        self.commit(vec![RunEvent::Staging(Staging {
            project,
            name,
            id: Some(id),
        })]);
        id
    }

    /// Looks for a folder that may have been made, and in which nothing is.
    fn look_for(
        &mut self,
        (project, root): (AssetId, AssetId),
        name: &Arc<str>,
    ) -> Result<Option<AssetId>, String> {
        let stopped = || "nothing more can be read".to_owned();
        let listed = self.server.folders_in(root);
        let listed = self.unless_stopped(listed).ok_or_else(stopped)?;
        let listed = listed.ok_or_else(|| {
            "the folders at the top of the project could not be listed to their end".to_owned()
        })?;
        let known = |id: AssetId| self.ledger.state().is_staging(id);
        let called = listed
            .into_iter()
            .filter(|folder| folder.name.as_ref() == Some(name) && !known(folder.id));
        let called: Vec<AssetId> = called.map(|folder| folder.id).collect();
        for id in called {
            if self.is_empty((project, root), (id, name))? {
                return Ok(Some(self.made(project, Arc::clone(name), id)));
            }
        }
        Ok(None)
    }
}
