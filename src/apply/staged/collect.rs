//! Deleting staging folders.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::staged::gate::{compare, recorded};
use crate::apply::staged::{After, Stager, Verify, Wanted, pause_after};
use crate::asset::{AssetId, Kind};
use crate::diagnostic::{count, counted};
use crate::event::{Other, Task};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::inventory::{Inventory, Seen};
use crate::outcome::{Aside, AssetOutcome, Evidence, Outcome, Phase};
use crate::plan::approve::Approved;
use crate::store::Session;

/// How often a folder is looked at until it is as recorded: what is other is moved back between.
const ROUNDS: usize = 4;

/// How much of all that a run deletes so a sample is.
const SAMPLE: usize = 50;

/// After how long people hear for what a run waits.
const TELLING: Duration = Duration::from_secs(8);

/// How many assets one reading asks for: people hear how far it is.
const AT_ONCE: usize = 500;

impl<Se: Session> Stager<'_, '_, Se> {
    /// Deletes the folders in which some assets wait, each where it holds exactly what is recorded.
    pub(super) fn collect(&mut self, due: &BTreeSet<AssetId>) {
        let state = self.ledger.state();
        let folders = due.iter().filter_map(|id| Some(state.aside(*id)?.into));
        let folders: BTreeSet<AssetId> = folders.filter(|id| state.is_staging(*id)).collect();
        let most = SAMPLE.div_ceil(folders.len().max(1));
        for folder in folders {
            if self.stop.is_some() {
                return;
            }
            let Some(tops) = self.clean(folder) else {
                continue;
            };
            if tops.is_empty() {
                continue;
            }
            // What was to go back and could not, be it held, would go with the others.
            if tops.iter().all(|id| due.contains(id)) {
                self.delete(folder, tops, most);
            } else {
                self.leave_alone(tops, Other::Kept);
            }
        }
    }

    pub(super) fn tops(&self, folder: AssetId) -> Vec<AssetId> {
        let tops = recorded(self.ledger.state(), folder);
        tops.map(|(id, _)| id).collect()
    }

    fn project_of(&self, folder: AssetId) -> Option<AssetId> {
        Some(self.ledger.state().staging(folder)?.project)
    }

    /// Looks into a folder until two lists in a row show exactly what is recorded, and returns what
    /// lies directly in it; nothing where they do not. What is other goes back first, and what people
    /// have taken out is theirs.
    fn clean(&mut self, folder: AssetId) -> Option<Vec<AssetId>> {
        let mut clean = 0;
        let project = self.project_of(folder);
        for _ in 0..ROUNDS {
            let read = self.server.read(Wanted {
                assets: &[(folder, Some(Kind::Folder))],
                whole: &[folder].into(),
                place: &|_| [project, None],
                within: &|_| None,
            });
            let read = self.unless_stopped(read)?;
            if read.assets.get(&folder).and_then(Seen::facts).is_none() {
                self.settle_absent(folder, &read);
                return None;
            }
            let marked = self.server.marked(&read);
            let found = compare(folder, self.ledger.state(), &read, &marked);
            let found = match self.is_in_place(folder, &read) {
                Some(true) => found.ok_or(Other::Unread),
                Some(false) => Err(Other::Displaced),
                None => Err(Other::Unread),
            };
            let found = match found {
                Ok(found) => found,
                Err(other) => {
                    let tops = self.tops(folder);
                    self.leave_alone(tops, other);
                    return None;
                }
            };
            if let Some(foreign) = found.foreign.first() {
                let tops = self.tops(folder);
                self.leave_alone(tops, Other::Foreign(*foreign));
                return None;
            }
            if found.is_empty() {
                clean += 1;
                if clean == 2 {
                    return Some(found.there);
                }
                continue;
            }
            clean = 0;
            if !found.away.is_empty() && !self.settle_away(folder, &found.away, &read) {
                return None;
            }
            if !found.other.is_empty() {
                for (id, other) in &found.other {
                    self.leave_alone([*id], *other);
                }
                let ids: BTreeSet<AssetId> = found.other.into_keys().collect();
                let back = self.move_back(&ids, After::Forget);
                if !ids.iter().all(|id| back.contains(id)) {
                    return None;
                }
            }
        }
        let tops = self.tops(folder);
        self.leave_alone(tops, Other::Contents);
        None
    }

    /// Whether a staging folder lies where it was made, and is called as it was: whoever moves or
    /// renames it means something by that. Nothing where its project could not be read.
    pub(super) fn is_in_place(&self, folder: AssetId, read: &Inventory) -> Option<bool> {
        let facts = read.facts(folder)?;
        let known = self.ledger.state().staging(folder)?;
        let root = read.projects.get(&known.project)?.root?;
        let is_own = facts.kind == Kind::Folder
            && facts.name.as_ref() == Some(&known.name)
            && facts.project.is_none_or(|project| project == known.project);
        Some(is_own && facts.parent == Some(root))
    }

    /// Reads assets, some at a time.
    pub(super) fn read_all(
        &mut self,
        folder: AssetId,
        ids: &[AssetId],
    ) -> Option<BTreeMap<AssetId, Seen>> {
        let project = self.project_of(folder);
        let mut all = BTreeMap::new();
        for (number, ids) in ids.chunks(AT_ONCE).enumerate() {
            if number > 0 {
                let done = count(number * AT_ONCE);
                self.server.tell(&format!("{done} read"));
            }
            let state = self.ledger.state();
            let kind = |id: &AssetId| match state.aside(*id) {
                Some(aside) => Some(aside.asset),
                None => Some(Kind::Folder).filter(|_| *id == folder),
            };
            let assets: Vec<_> = ids.iter().map(|id| (*id, kind(id))).collect();
            let read = self.server.read(Wanted {
                assets: &assets,
                whole: &BTreeSet::new(),
                place: &|id| [project, state.aside(id).map(|aside| aside.into)],
                within: &|id| state.lay_in(id),
            });
            all.extend(self.unless_stopped(read)?.assets);
        }
        Some(all)
    }

    /// How all stands aside that goes with some assets: what is recorded of what lies in them, and
    /// what is listed since, or before a run died that had no time to write it down.
    fn asides(&self, tops: &[AssetId]) -> BTreeMap<AssetId, Aside> {
        let state = self.ledger.state();
        let lies = self.approved.map(Approved::lies).unwrap_or_default();
        let mut asides = BTreeMap::new();
        for top in tops {
            let Some(aside) = state.aside(*top) else {
                continue;
            };
            asides.insert(*top, *aside);
            for id in self.along(*top) {
                // A move of its own that was never made does not say where it lies.
                let into = |own: &Aside| {
                    let parent = state.catalogue.parent(id);
                    let parent = parent.filter(|_| state.is_staging(own.into));
                    parent.unwrap_or(own.into)
                };
                let own = state.aside(id);
                let own = own.map(|own| Aside {
                    into: into(own),
                    ..*own
                });
                asides.extend(own.map(|own| (id, own)));
            }
            for id in self
                .approved
                .map_or(&[][..], |approved| approved.inside(*top))
            {
                let kind = self.approved.and_then(|approved| approved.kind_in(*id));
                if let Some(into) = lies.get(id) {
                    asides.entry(*id).or_insert(Aside {
                        into: *into,
                        asset: kind.unwrap_or(Kind::File),
                        inside: None,
                        ..*aside
                    });
                }
            }
        }
        asides
    }

    /// Deletes a folder that holds what is recorded, and no more.
    fn delete(&mut self, folder: AssetId, tops: Vec<AssetId>, most: usize) {
        let asides = self.asides(&tops);
        let is_top: BTreeSet<AssetId> = tops.iter().copied().collect();
        let as_of = |phase| -> Vec<AssetOutcome> {
            let asides = asides.iter();
            let staged =
                asides.map(|(id, aside)| (*id, Outcome::Staged(Aside { phase, ..*aside })));
            staged.collect()
        };
        let deleting = self.said(as_of(Phase::Deleting));
        let with = asides.keys().copied();
        let with = with.filter(|id| !is_top.contains(id)).collect();
        // Where the others came from was written down before they were moved.
        let state = self.ledger.state();
        let new: Vec<AssetId> = asides
            .keys()
            .copied()
            .filter(|id| state.aside(*id).is_none())
            .collect();
        let described = self
            .approved
            .and_then(|approved| self.ledger.describe(new.into_iter(), approved));
        let before = described.into_iter().chain([deleting]).collect();
        if !self.intend(Task::Collect, (&tops, with), before) {
            return;
        }
        crate::crash::point("stage.delete");
        let answer = self.server.change(&Change::DeleteFolder(folder));
        crate::crash::point("stage.deleted");
        match answer {
            Ok(Ok(Changed::Deleted(_))) => {
                let is_gone = self.is_gone(folder, &asides, most);
                let outcomes = if is_gone {
                    let all = asides.keys();
                    all.map(|id| (*id, self.went_with(*id, &asides))).collect()
                } else {
                    self.still_there(folder, &asides)
                };
                self.answered(outcomes);
                self.leave_unsettled(tops);
            }
            Ok(Err(refusal)) => {
                // It may be deleted all the same, by this very call.
                let seen = self.read_all(folder, &[folder]);
                if !matches!(
                    seen.and_then(|mut seen| seen.remove(&folder)),
                    Some(Seen::There(_))
                ) {
                    self.answered(Vec::new());
                    self.find_out(folder, &asides, tops);
                    return;
                }
                self.answered(as_of(Phase::There));
                self.warn(format!(
                    "the staging folder `{folder}` was not deleted: {}",
                    refusal.detail
                ));
                self.leave_alone(tops, Other::Undeleted);
            }
            Ok(Ok(_)) | Err(Unmade::Unknown { .. }) => {
                self.answered(Vec::new());
                self.find_out(folder, &asides, tops);
            }
            Err(Unmade::Denied(reason)) => {
                self.answered(Vec::new());
                self.stop(reason);
            }
            Err(Unmade::Stop(reason)) => {
                self.answered(as_of(Phase::There));
                self.stop(reason);
            }
        }
    }

    /// The folder is deleted, as the server says, and something that was in it is there as long as
    /// anybody looked: each is read for itself. What is there stays as it is recorded, since that
    /// says where it came from; where the folder itself is there, nothing was deleted at all.
    fn still_there(
        &mut self,
        folder: AssetId,
        asides: &BTreeMap<AssetId, Aside>,
    ) -> Vec<AssetOutcome> {
        let ids: Vec<AssetId> = asides.keys().copied().chain([folder]).collect();
        let is_away =
            |seen: Option<&Seen>| matches!(seen, Some(Seen::Missing | Seen::Deleted { .. }));
        let Some(seen) = self.read_all(folder, &ids) else {
            return Vec::new();
        };
        if !is_away(seen.get(&folder)) {
            return Vec::new();
        }
        let away = asides.iter().filter(|(id, _)| is_away(seen.get(*id)));
        away.map(|(id, _)| (*id, self.went_with(*id, asides)))
            .collect()
    }

    /// That an asset is deleted by the delete of its staging folder, and with what that has a record:
    /// what it lies in may have none.
    fn went_with(&self, id: AssetId, asides: &BTreeMap<AssetId, Aside>) -> Outcome {
        let state = self.ledger.state();
        let into = asides.get(&id).map(|aside| aside.into);
        let holder = state.unanswered.get(&id).copied().or(into).unwrap_or(id);
        Outcome::Retired(Evidence::With(holder))
    }

    /// Nobody has said whether the folder was deleted: each asset is read, and counts as deleted
    /// where something shows it.
    fn find_out(&mut self, folder: AssetId, asides: &BTreeMap<AssetId, Aside>, tops: Vec<AssetId>) {
        let ids: Vec<AssetId> = asides.keys().copied().collect();
        let project = self.project_of(folder);
        let mut spent = Duration::ZERO;
        loop {
            let read = self.server.read(Wanted {
                assets: &[(folder, Some(Kind::Folder))],
                whole: &BTreeSet::new(),
                place: &|_| [project, None],
                within: &|_| None,
            });
            let Some(read) = self.unless_stopped(read) else {
                return;
            };
            if read.facts(folder).is_some() {
                // It may still come true, so that the next run looks again before it does anything.
                break;
            }
            let Some(seen) = self.read_all(folder, &ids) else {
                return;
            };
            let mut outcomes = Vec::new();
            for id in &ids {
                if let Some(Seen::Deleted { evidence, .. }) = seen.get(id) {
                    outcomes.push((*id, Outcome::Retired(*evidence)));
                }
            }
            if outcomes.len() == ids.len() || spent >= self.terms.patience {
                let is_all = outcomes.len() == ids.len();
                let said = self.said(outcomes);
                self.commit(vec![said]);
                if is_all {
                    return;
                }
                break;
            }
            let pause = pause_after(spent);
            spent += pause;
            let paused = self.server.pause(pause);
            if self.unless_stopped(paused).is_none() {
                return;
            }
        }
        self.leave_unsettled(tops);
    }

    fn leave_unsettled(&mut self, tops: Vec<AssetId>) {
        if self.stop.is_some() {
            return;
        }
        let state = self.ledger.state();
        let open: Vec<AssetId> = tops
            .into_iter()
            .filter(|id| state.aside(*id).is_some())
            .collect();
        self.leave_alone(open, Other::Unsettled);
    }

    /// Waits until a folder is gone, and what was in it, as far as that is looked at.
    fn is_gone(&mut self, folder: AssetId, asides: &BTreeMap<AssetId, Aside>, most: usize) -> bool {
        // What lies deeper and has a record of its own is looked at as well.
        let all = asides.iter().map(|(id, aside)| (*id, aside.asset));
        let all: Vec<(AssetId, Kind)> = all.collect();
        let mut looked_at = match self.terms.verify {
            Verify::All => all,
            Verify::Sample => sample(&all, most),
        };
        looked_at.push((folder, Kind::Folder));
        let mut spent = Duration::ZERO;
        loop {
            let there = self.server.still_there(&looked_at);
            let Some(there) = self.unless_stopped(there) else {
                return false;
            };
            looked_at.retain(|(id, _)| there.contains(id));
            if looked_at.is_empty() {
                return true;
            }
            if spent >= self.terms.patience {
                return false;
            }
            let pause = pause_after(spent);
            if (TELLING..TELLING + pause).contains(&spent) {
                let left = counted(looked_at.len(), "asset", "assets");
                self.server.tell(&format!(
                    "a staging folder is deleted, and {left} that went with it can still be read: waiting for as long as `--cascade-wait` says …"
                ));
            }
            spent += pause;
            let paused = self.server.pause(pause);
            if self.unless_stopped(paused).is_none() {
                return false;
            }
        }
    }
}

/// About so many of what was in a folder, evenly, and one of each kind.
fn sample(all: &[(AssetId, Kind)], most: usize) -> Vec<(AssetId, Kind)> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    let mut sample: BTreeMap<AssetId, Kind> = all.iter().copied().step_by(step).collect();
    for kind in [Kind::File, Kind::Folder, Kind::VersionStack] {
        sample.extend(all.iter().find(|(_, of)| *of == kind).copied());
    }
    sample.into_iter().collect()
}
