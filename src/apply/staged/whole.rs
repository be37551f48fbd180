//! Taking back what went with a staging folder: the folder is restored by one call, what is in it is
//! moved back to where it was, and the empty folder goes.
//!
//! Until all of that is over, the records say that nobody has seen the assets back: a run that is
//! given again finds out what of them is where, and goes on from there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::staged::elsewhere::Moved;
use crate::apply::staged::{Cleared, Stager};
use crate::asset::{AssetId, Kind};
use crate::crash;
use crate::event::Task;
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::outcome::{AssetOutcome, Outcome};
use crate::plan::restore::Part;
use crate::state::Status;
use crate::store::Session;

/// For how long is looked for what nobody knows to be restored.
const BRIEFLY: Duration = Duration::from_secs(10);

/// A staging folder that was deleted, and what went with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) folder: AssetId,
    /// What was moved into it, each with what is recorded of what lies in that.
    pub(crate) tops: BTreeMap<AssetId, BTreeSet<AssetId>>,
    /// What of that an earlier run has seen, by what was moved into it.
    pub(crate) seen: BTreeMap<AssetId, BTreeSet<AssetId>>,
    /// Whether it is there, so that it is not restored first.
    pub(crate) is_there: bool,
    /// Whether an earlier run has asked for it, so that some of it may be back.
    pub(crate) is_begun: bool,
}

impl Whole {
    pub(crate) fn all(&self) -> Vec<AssetId> {
        let tops = self.tops.iter();
        let all: BTreeSet<AssetId> = tops
            .flat_map(|(id, inside)| [*id].into_iter().chain(inside.iter().copied()))
            .collect();
        all.into_iter().collect()
    }

    /// What is recorded of what lay in something that was moved into it.
    pub(super) fn with(&self, top: AssetId) -> &BTreeSet<AssetId> {
        static NONE: BTreeSet<AssetId> = BTreeSet::new();
        self.tops.get(&top).unwrap_or(&NONE)
    }

    /// The same with what of it is seen since.
    pub(super) fn went(&self, top: AssetId) -> BTreeSet<AssetId> {
        let seen = self.seen.get(&top).into_iter().flatten();
        self.with(top).iter().chain(seen).copied().collect()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// How many assets are shown to be back.
    pub(crate) back: usize,
    pub(crate) unseen: Vec<AssetId>,
    /// What is there, and not all that was in it.
    pub(crate) partial: BTreeMap<AssetId, Part>,
    /// What is not back where it was, and why.
    pub(crate) failed: BTreeMap<AssetId, String>,
    /// What was not asked for, since the run stopped before.
    pub(crate) left: usize,
}

/// Where what was moved into a folder is.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In it, each with its kind.
    pub(super) inside: BTreeMap<AssetId, Kind>,
    /// Those of these of which not all is there that was in them.
    pub(super) parts: BTreeMap<AssetId, Part>,
    /// Where it was before, or where somebody has put it, each with its kind.
    pub(super) home: BTreeMap<AssetId, Kind>,
    /// Of these nothing is seen, nor of these in what is not whole.
    pub(super) unseen: BTreeSet<AssetId>,
    /// What was in something that is not whole, and is seen elsewhere.
    pub(super) elsewhere: Vec<AssetId>,
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
        let place = (whole.folder, project);
        let mut home = BTreeMap::new();
        if whole.is_begun && !whole.is_there {
            // An earlier run may have come as far as to delete the empty folder.
            let tops: Vec<AssetId> = whole.tops.keys().copied().collect();
            let Some(found) = self.whereabouts(&tops, place) else {
                brought.left = whole.all().len();
                return brought;
            };
            home = found;
        }
        let mut longest = BRIEFLY.min(self.terms.patience);
        let (mut moved, mut elsewhere) = (Moved::default(), Vec::new());
        if home.len() < whole.tops.len() {
            let Some(asked) = self.restore_whole(whole, project, &mut brought) else {
                return brought;
            };
            longest = asked;
            let Some(mut found) = self.find_all(whole, (project, home), longest, &mut moved) else {
                brought.unseen = whole.all();
                return brought;
            };
            elsewhere = std::mem::take(&mut found.elsewhere);
            home = self.bring_home(whole, (found, project), &mut brought);
        }
        let at = (&home, project, longest);
        let mut outcomes = self.look_home(whole, at, &mut moved, &mut brought);
        // What is still to come may come only as long as the folder is there, wherever what it goes into
        // lies now. An empty one that stays is cleared away by a later run.
        let is_all =
            brought.unseen.is_empty() && brought.failed.is_empty() && brought.partial.is_empty();
        let is_over = is_all
            && self.stop.is_none()
            && self.delete_empty(whole.folder, project) != Cleared::Unknown;
        if let Some(message) = moved.warning() {
            self.warn(message);
        }
        outcomes.extend(elsewhere.into_iter().map(seen));
        self.record_home(whole, outcomes, is_over, &mut brought);
        brought
    }

    /// Moves home what is in the folder; returns what is there then. What is not back whole stays where
    /// it comes back: nobody knows what becomes of the rest of it once it is moved.
    fn bring_home(
        &mut self,
        whole: &Whole,
        (found, project): (Found, AssetId),
        brought: &mut Brought,
    ) -> BTreeMap<AssetId, Kind> {
        let Found {
            mut inside,
            parts,
            mut home,
            unseen,
            elsewhere: _,
        } = found;
        brought.unseen.extend(unseen);
        inside.retain(|id, _| !parts.contains_key(id));
        if whole.is_there {
            for id in parts.keys() {
                self.tell_stays(whole.folder, *id);
            }
        }
        brought.partial.extend(parts);
        let moved = self.move_home(&inside, (whole.folder, project), brought);
        home.extend(moved.iter().filter_map(|id| Some((*id, *inside.get(id)?))));
        home
    }

    /// Says how something comes home that stays in the folder, since not all of it is back though it has
    /// had its time.
    fn tell_stays(&mut self, folder: AssetId, id: AssetId) {
        let parent = self.ledger.state().catalogue.parent(id);
        let to = parent.map_or_else(String::new, |parent| format!(" to `{parent}`"));
        self.warn(format!(
            "`{id}` stays in its staging folder `{folder}`, since not all of it is back; where somebody has taken something out of it, move it{to} by hand"
        ));
    }

    /// Has the server restore the folder; says for how long it is then looked into, or nothing where
    /// it does not come back.
    fn restore_whole(
        &mut self,
        whole: &Whole,
        project: AssetId,
        brought: &mut Brought,
    ) -> Option<Duration> {
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
                let folder = whole.folder;
                let Some(read) = self.look_at(&[folder], project) else {
                    self.answered(asked().collect());
                    brought.unseen = all;
                    return None;
                };
                // By this very call, or by somebody else's.
                if read.facts(folder).is_some() {
                    self.answered(asked().collect());
                    return Some(self.terms.patience);
                }
                self.answered(Vec::new());
                let why = format!("it went with the folder `{folder}`: {}", refusal.detail);
                let all = all.iter().map(|id| (*id, why.clone()));
                brought.failed.extend(all);
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
}

pub(super) const fn seen(id: AssetId) -> AssetOutcome {
    (id, Outcome::Restored { seen: true })
}

/// Whether an asset is recorded as deleted by us, and not as seen alive.
pub(crate) const fn is_open(status: &Status) -> bool {
    match status {
        Status::Retired(_) | Status::Restored { seen: false, .. } => true,
        Status::Restored { seen: true, .. }
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Staged(_)
        | Status::Rescued => false,
    }
}
