//! Taking back what went with a staging folder: the folder is restored by one call, what is in it is
//! moved back to where it was, and the empty folder goes.
//!
//! Until all of that is over, the records say that nobody has seen the assets back: a run that is
//! given again finds out what of them is where, and goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::staged::{Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::crash;
use crate::event::{RunEvent, Task};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::inventory::{Contents, Inventory, Seen};
use crate::outcome::{AssetOutcome, Outcome};
use crate::store::Session;

/// How often a restored folder is looked into until all is there that was in it.
const GLANCE: Duration = Duration::from_secs(2);

/// For how long is looked for what nobody knows to be restored.
const BRIEFLY: Duration = Duration::from_secs(10);

/// A staging folder that was deleted, and what went with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) folder: AssetId,
    /// What was moved into it, each with what is recorded of what lies in that.
    pub(crate) tops: BTreeMap<AssetId, BTreeSet<AssetId>>,
    /// Whether it is there, so that it is not restored first.
    pub(crate) is_there: bool,
    /// Whether an earlier run has asked for it, so that some of it may be back.
    pub(crate) is_begun: bool,
}

impl Whole {
    fn all(&self) -> Vec<AssetId> {
        let tops = self.tops.iter();
        let all: BTreeSet<AssetId> = tops
            .flat_map(|(id, inside)| [*id].into_iter().chain(inside.iter().copied()))
            .collect();
        all.into_iter().collect()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// How many assets are shown to be back.
    pub(crate) back: usize,
    pub(crate) unseen: Vec<AssetId>,
    /// What is not back where it was, and why.
    pub(crate) failed: BTreeMap<AssetId, String>,
    /// What was not asked for, since the run stopped before.
    pub(crate) left: usize,
}

/// Where what was moved into a folder is.
#[derive(Debug, Default)]
struct Found {
    /// In it, each with its kind.
    inside: BTreeMap<AssetId, Kind>,
    /// Where it was before, or where somebody has put it.
    home: BTreeSet<AssetId>,
    /// Of these nothing is seen.
    unseen: BTreeSet<AssetId>,
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// Restores a staging folder, moves back what is in it, and deletes it.
    pub(crate) fn bring_back(&mut self, whole: &Whole) -> Brought {
        let mut brought = Brought::default();
        let Some(project) = self
            .ledger
            .state()
            .staging(whole.folder)
            .map(|one| one.project)
        else {
            return brought;
        };
        let mut home = BTreeSet::new();
        if whole.is_begun && !whole.is_there {
            // An earlier run may have come as far as to delete the empty folder.
            let tops: Vec<AssetId> = whole.tops.keys().copied().collect();
            let Some(found) = self.whereabouts(&tops, (whole.folder, project)) else {
                brought.left = whole.all().len();
                return brought;
            };
            home = found;
        }
        if home.len() < whole.tops.len() {
            let Some(longest) = self.restore_whole(whole, &mut brought) else {
                return brought;
            };
            let Some(found) = self.find_all(whole, (project, home), longest) else {
                brought.unseen = whole.all();
                return brought;
            };
            home = found.home;
            brought.unseen.extend(&found.unseen);
            home.extend(self.move_home(&found.inside, (whole.folder, project), &mut brought));
        }
        let is_all = brought.unseen.is_empty() && brought.failed.is_empty();
        if is_all && self.stop.is_none() {
            self.delete_empty(whole.folder, project);
        }
        self.record_home(whole, &home, &mut brought);
        brought
    }

    /// Has the server restore the folder; says for how long it is then looked into, or nothing where
    /// it does not come back.
    fn restore_whole(&mut self, whole: &Whole, brought: &mut Brought) -> Option<Duration> {
        let all = whole.all();
        let asked = || {
            all.iter()
                .map(|id| (*id, Outcome::Restored { seen: false }))
        };
        if !self.intend(Task::Restore, (&all, [].into()), Vec::new()) {
            brought.left = all.len();
            return None;
        }
        if whole.is_there {
            self.answered(asked().collect());
            return Some(self.terms.patience);
        }
        crash::point("restore.send");
        let answer = self
            .server
            .change(&Change::Restore(Kind::Folder, whole.folder));
        crash::point("restore.answered");
        match answer {
            Ok(Ok(changed)) => {
                self.answered(asked().collect());
                let is_so = matches!(changed, Changed::Restored(_));
                Some(if is_so { self.terms.patience } else { BRIEFLY })
            }
            Err(Unmade::Unknown { .. }) => {
                self.answered(asked().collect());
                Some(BRIEFLY.min(self.terms.patience))
            }
            Ok(Err(refusal)) => {
                self.answered(Vec::new());
                brought.failed.insert(whole.folder, refusal.detail);
                None
            }
            Err(Unmade::Denied(reason)) => {
                self.answered(asked().collect());
                brought.unseen = all;
                self.stop(reason);
                None
            }
            Err(Unmade::Stop(reason)) => {
                self.answered(Vec::new());
                brought.left = all.len();
                self.stop(reason);
                None
            }
        }
    }

    /// Looks into the folder until all is there that was moved into it and is not back already.
    fn find_all(
        &mut self,
        whole: &Whole,
        (project, mut home): (AssetId, BTreeSet<AssetId>),
        longest: Duration,
    ) -> Option<Found> {
        let mut spent = Duration::ZERO;
        let mut is_first = whole.is_begun || whole.is_there;
        loop {
            let read = self.look_into(&[whole.folder].into(), project)?;
            let inside = directly_in(whole.folder, &read);
            let missing = |home: &BTreeSet<AssetId>| -> Vec<AssetId> {
                let tops = whole.tops.keys().copied();
                tops.filter(|id| !inside.contains_key(id) && !home.contains(id))
                    .collect()
            };
            if std::mem::take(&mut is_first) {
                home.extend(self.whereabouts(&missing(&home), (whole.folder, project))?);
            }
            let listed = match read.contents.get(&whole.folder) {
                Some(Contents::Whole(listed)) => listed,
                Some(Contents::Unread(_)) | None => &[][..],
            };
            let is_in = |id: &AssetId| listed.binary_search(id).is_ok();
            let mut within = whole.tops.iter().filter(|(id, _)| inside.contains_key(id));
            let is_whole = within.all(|(_, with)| with.iter().all(is_in));
            let missing = missing(&home);
            if (missing.is_empty() && is_whole) || spent >= longest {
                home.extend(self.whereabouts(&missing, (whole.folder, project))?);
                let unseen = missing.into_iter().filter(|id| !home.contains(id));
                let unseen = unseen.collect();
                let inside = inside.into_iter();
                let inside = inside.filter(|(id, _)| whole.tops.contains_key(id));
                return Some(Found {
                    inside: inside.collect(),
                    home,
                    unseen,
                });
            }
            spent += GLANCE;
            let paused = self.server.pause(GLANCE);
            self.unless_stopped(paused)?;
        }
    }

    /// Reads what is in folders.
    fn look_into(&mut self, folders: &BTreeSet<AssetId>, project: AssetId) -> Option<Inventory> {
        let assets: Vec<_> = folders.iter().map(|id| (*id, Some(Kind::Folder))).collect();
        let read = self.server.read(Wanted {
            assets: &assets,
            whole: folders,
            place: &|_| [Some(project), None],
            within: &|_| None,
        });
        self.unless_stopped(read)
    }

    /// Those of some assets that are there, and not in a folder.
    fn whereabouts(
        &mut self,
        ids: &[AssetId],
        (folder, project): (AssetId, AssetId),
    ) -> Option<BTreeSet<AssetId>> {
        if ids.is_empty() {
            return Some(BTreeSet::new());
        }
        let assets: Vec<_> = ids.iter().map(|id| (*id, None)).collect();
        let read = self.server.read(Wanted {
            assets: &assets,
            whole: &BTreeSet::new(),
            place: &|_| [Some(project), None],
            within: &|_| None,
        });
        let read = self.unless_stopped(read)?;
        let is_elsewhere = |id: &AssetId| match read.assets.get(id) {
            Some(Seen::There(facts)) => facts.parent.is_some_and(|parent| parent != folder),
            Some(Seen::Deleted { .. } | Seen::Missing | Seen::Refused { .. }) | None => false,
        };
        Some(ids.iter().copied().filter(is_elsewhere).collect())
    }

    /// Moves what is in the folder back to where it was; returns what is there then.
    fn move_home(
        &mut self,
        inside: &BTreeMap<AssetId, Kind>,
        (folder, project): (AssetId, AssetId),
        brought: &mut Brought,
    ) -> Vec<AssetId> {
        let mut ways: BTreeMap<AssetId, Vec<(AssetId, Kind)>> = BTreeMap::new();
        for (id, kind) in inside {
            let parent = self.ledger.state().catalogue.parent(*id);
            if let Some(parent) = parent {
                ways.entry(parent).or_default().push((*id, *kind));
            } else {
                let why = format!("it is in `{folder}`, and no run has kept in what it lay");
                brought.failed.insert(*id, why);
            }
        }
        let mut home = Vec::new();
        for (parent, assets) in ways {
            if self.stop.is_some() {
                brought.unseen.extend(assets.iter().map(|(id, _)| *id));
                continue;
            }
            let before = |_: AssetId| (None, None);
            let after = |_: AssetId| Vec::new();
            let moved = self.move_all(
                (Task::Unstage, project),
                (&assets, parent),
                (&before, &after),
            );
            let known: BTreeSet<AssetId> = (moved.there.iter().copied())
                .chain(moved.refused.keys().copied())
                .collect();
            let open = assets.iter().map(|(id, _)| *id);
            brought.unseen.extend(open.filter(|id| !known.contains(id)));
            home.extend(moved.there);
            for (id, refusal) in moved.refused {
                let why = format!(
                    "it is in `{folder}`, and could not be moved back into `{parent}`, which may be gone: {}; move it by hand",
                    refusal.detail
                );
                brought.failed.insert(id, why);
            }
        }
        home
    }

    /// Deletes a staging folder that two lists in a row show to be empty.
    pub(super) fn delete_empty(&mut self, folder: AssetId, project: AssetId) {
        for _ in 0..2 {
            let Some(read) = self.look_into(&[folder].into(), project) else {
                return;
            };
            if read.facts(folder).is_none() {
                return;
            }
            let is_empty = matches!(
                read.contents.get(&folder),
                Some(Contents::Whole(inside)) if inside.is_empty()
            );
            if !is_empty {
                self.warn(format!(
                    "the staging folder `{folder}` stays, since something is in it that was not moved aside"
                ));
                return;
            }
        }
        if !self.intend(Task::Collect, (&[], [].into()), Vec::new()) {
            return;
        }
        crash::point("stage.delete");
        let answer = self.server.change(&Change::DeleteFolder(folder));
        crash::point("stage.deleted");
        self.answered(Vec::new());
        match answer {
            Ok(Ok(Changed::Deleted(_))) => {}
            Ok(Err(refusal)) => self.warn(format!(
                "the empty staging folder `{folder}` was not deleted: {}",
                refusal.detail
            )),
            Ok(Ok(_)) | Err(Unmade::Unknown { .. }) => self.warn(format!(
                "nobody knows whether the empty staging folder `{folder}` is deleted"
            )),
            Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => self.stop(reason),
        }
    }

    /// Writes down what is back, and what of that which lies in it is seen there.
    fn record_home(&mut self, whole: &Whole, home: &BTreeSet<AssetId>, brought: &mut Brought) {
        let holders = home.iter().filter(|id| {
            let inside = whole.tops.get(id);
            inside.is_some_and(|inside| !inside.is_empty())
        });
        let holders: BTreeSet<AssetId> = holders.copied().collect();
        let mut seen = BTreeSet::new();
        if !holders.is_empty() {
            let project = self
                .ledger
                .state()
                .staging(whole.folder)
                .map(|one| one.project);
            let read = project.and_then(|project| self.look_into(&holders, project));
            for id in &holders {
                let contents = read.as_ref().and_then(|read| read.contents.get(id));
                if let Some(Contents::Whole(inside)) = contents {
                    seen.extend(inside.iter().copied());
                }
            }
        }
        let mut outcomes: Vec<AssetOutcome> = Vec::new();
        for id in home {
            outcomes.push((*id, Outcome::Restored { seen: true }));
            for inner in whole.tops.get(id).into_iter().flatten() {
                if seen.contains(inner) {
                    outcomes.push((*inner, Outcome::Restored { seen: true }));
                } else {
                    brought.unseen.push(*inner);
                }
            }
        }
        brought.back = outcomes.len();
        if !outcomes.is_empty() {
            let said: RunEvent = self.said(outcomes);
            self.commit(vec![said]);
        }
    }
}

/// What is directly in a folder, each with its kind.
fn directly_in(folder: AssetId, read: &Inventory) -> BTreeMap<AssetId, Kind> {
    let Some(Contents::Whole(listed)) = read.contents.get(&folder) else {
        return BTreeMap::new();
    };
    let facts = listed.iter().filter_map(|id| Some((*id, read.facts(*id)?)));
    let direct = facts.filter(|(_, facts)| facts.parent == Some(folder));
    direct.map(|(id, facts)| (id, facts.kind)).collect()
}
