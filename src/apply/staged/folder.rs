//! The staging folder of a project: made once, and looked for where nobody knows whether it was.

use std::sync::Arc;

use jiff::Timestamp;

use crate::apply::staged::{Cleared, Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::event::{RunEvent, Staging};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::inventory::{Contents, Seen};
use crate::state::{StagingFolder, staging_name};
use crate::store::Session;

impl<Se: Session> Stager<'_, '_, Se> {
    /// The staging folder of a project; else why there is none, in words.
    pub(super) fn folder(
        &mut self,
        (project, root): (AssetId, AssetId),
        (run, due): (u64, Timestamp),
    ) -> Result<AssetId, String> {
        let name: Arc<str> = staging_name(due, run, self.terms.actor.as_deref()).into();
        let wish = RunEvent::Staging(Staging {
            project,
            name: Arc::clone(&name),
            root: Some(root),
            id: None,
            is_over: false,
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

    /// Deletes the staging folders in which nothing waits and with which nothing went, be they of an
    /// earlier run, where nothing else is in them; each is forgotten once a reading does not find it, or
    /// it is somebody's own.
    pub(super) fn sweep(&mut self) {
        for folder in self.ledger.state().idle_staging() {
            if self.stop.is_some() {
                return;
            }
            let StagingFolder {
                project,
                name,
                run,
                root,
                id,
            } = folder;
            let found = match (id, root) {
                (Some(id), _) => Some(id),
                (None, Some(root)) => match self.look_for((project, root), &name) {
                    Ok(found) => found,
                    Err(_unread) => continue,
                },
                (None, None) => continue,
            };
            // What this run has asked for may still come true.
            if found.is_none() && run == self.ledger.run() {
                continue;
            }
            let is_over = found.is_none_or(|id| match self.delete_empty(id, project) {
                Cleared::Gone | Cleared::Kept => true,
                Cleared::Deleted | Cleared::Late | Cleared::Refused | Cleared::Unknown => false,
            });
            if is_over {
                self.commit(vec![RunEvent::Staging(Staging {
                    project,
                    name,
                    root,
                    id: found,
                    is_over: true,
                })]);
            }
        }
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
        let seen = read.assets.get(&id);
        if matches!(seen, Some(Seen::Refused { .. }) | None) {
            return Err("a folder of that name could not be read".to_owned());
        }
        let facts = seen.and_then(Seen::facts);
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
            root: None,
            id: Some(id),
            is_over: false,
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
