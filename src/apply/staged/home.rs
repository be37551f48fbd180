//! What came back with a staging folder and is where it was before: whether all is in it, what is
//! written down of it, and the empty folder.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::staged::elsewhere::{Back, Moved};
use crate::apply::staged::whole::{Brought, Whole, is_open, seen};
use crate::apply::staged::{Cleared, GLANCE, Stager};
use crate::asset::{AssetId, Kind};
use crate::crash;
use crate::event::{RunEvent, Task};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::inventory::{Contents, Inventory, Seen};
use crate::outcome::AssetOutcome;
use crate::plan::restore::Part;
use crate::store::Session;

/// How many of those that a list shows in an empty folder are read: each takes a reading of its own, ten
/// of which go a second.
const MOST: usize = 100;

impl<Se: Session> Stager<'_, '_, Se> {
    /// Deletes a staging folder that two lists in a row show to be empty.
    pub(super) fn delete_empty(&mut self, folder: AssetId, project: AssetId) -> Cleared {
        for _ in 0..2 {
            if let Err(cleared) = self.is_empty_now(folder, project) {
                return cleared;
            }
        }
        if !self.intend(Task::Collect, (&[], [].into()), Vec::new()) {
            return Cleared::Unknown;
        }
        crash::point("stage.delete");
        let answer = self.server.change(&Change::DeleteFolder(folder));
        crash::point("stage.deleted");
        self.answered(Vec::new());
        match answer {
            Ok(Ok(Changed::Deleted(_))) => Cleared::Deleted,
            Ok(Err(refusal)) => {
                self.warn(format!(
                    "the empty staging folder `{folder}` was not deleted: {}",
                    refusal.detail
                ));
                Cleared::Refused
            }
            Ok(Ok(_)) | Err(Unmade::Unknown { .. }) => {
                let cleared = self.is_empty_now(folder, project).err();
                if cleared.is_none_or(|cleared| cleared == Cleared::Unknown) {
                    self.warn(format!(
                        "nobody knows whether the empty staging folder `{folder}` is deleted"
                    ));
                }
                cleared.unwrap_or(Cleared::Unknown)
            }
            Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => {
                self.stop(reason);
                Cleared::Unknown
            }
        }
    }

    /// Reads whether a staging folder is there and has nothing in it; else how it stands.
    fn is_empty_now(&mut self, folder: AssetId, project: AssetId) -> Result<(), Cleared> {
        let read = self.look_into(folder, project).ok_or(Cleared::Unknown)?;
        let is_in_place = self.is_in_place(folder, &read);
        let seen = read.assets.get(&folder).ok_or(Cleared::Unknown)?;
        match (seen, read.contents.get(&folder)) {
            (Seen::There(_), Some(Contents::Whole(_))) if is_in_place == Some(false) => {
                self.warn(format!(
                    "the staging folder `{folder}` stays, since somebody has renamed or moved it"
                ));
                Err(Cleared::Kept)
            }
            (Seen::Deleted { .. } | Seen::Missing, _) => Err(Cleared::Gone),
            (Seen::There(_), Some(Contents::Whole(_))) if is_in_place.is_none() => {
                self.warn(format!(
                    "the staging folder `{folder}` stays, since its project could not be read: the next run looks again"
                ));
                Err(Cleared::Unknown)
            }
            (Seen::There(_), Some(Contents::Whole(inside))) if inside.is_empty() => Ok(()),
            (Seen::There(_), Some(Contents::Whole(_))) => {
                let is_late = self.is_late((folder, project), &read);
                let is_late = is_late.ok_or(Cleared::Unknown)?;
                let (cleared, why) = if is_late {
                    (
                        Cleared::Late,
                        "its list still shows what is elsewhere: the next run looks again",
                    )
                } else {
                    (Cleared::Kept, "something is in it that was not moved aside")
                };
                self.warn(format!("the staging folder `{folder}` stays, since {why}"));
                Err(cleared)
            }
            (Seen::There(_), Some(Contents::Unread(_)) | None) | (Seen::Refused { .. }, _) => {
                self.warn(format!(
                    "the staging folder `{folder}` stays, since nobody can tell whether it is empty"
                ));
                Err(Cleared::Unknown)
            }
        }
    }

    /// Whether all that a list shows directly in a folder is elsewhere or deleted by its own reading:
    /// then the list is late, and nobody has put anything into it.
    pub(super) fn is_late(
        &mut self,
        (folder, project): (AssetId, AssetId),
        listed: &Inventory,
    ) -> Option<bool> {
        let Some(Contents::Whole(inside)) = listed.contents.get(&folder) else {
            return Some(false);
        };
        let parent = |id: &AssetId| listed.facts(*id).and_then(|facts| facts.parent);
        let direct = inside.iter().filter(|id| parent(id) == Some(folder));
        let direct: Vec<AssetId> = direct.take(MOST).copied().collect();
        let read = self.look_at(&direct, project)?;
        let is_away = |id: &AssetId| match read.assets.get(id) {
            Some(Seen::There(facts)) => facts.parent.is_some_and(|parent| parent != folder),
            Some(Seen::Deleted { .. } | Seen::Missing) => true,
            Some(Seen::Refused { .. }) | None => false,
        };
        Some(!direct.is_empty() && direct.iter().all(is_away))
    }

    /// Looks into what is home until all is there that is still expected in it.
    pub(super) fn look_home(
        &mut self,
        whole: &Whole,
        (home, project, longest): (&BTreeMap<AssetId, Kind>, AssetId, Duration),
        moved: &mut Moved,
        brought: &mut Brought,
    ) -> Vec<AssetOutcome> {
        let files = home.iter().filter(|(_, kind)| **kind == Kind::File);
        let mut outcomes: Vec<AssetOutcome> = files.map(|(id, _)| seen(*id)).collect();
        let holders = home.iter().filter(|(_, kind)| **kind != Kind::File);
        let holders: Vec<(AssetId, Option<Kind>)> =
            holders.map(|(id, kind)| (*id, Some(*kind))).collect();
        let ids: Vec<AssetId> = holders.iter().map(|(id, _)| *id).collect();
        let mut spent = Duration::ZERO;
        while !holders.is_empty() {
            let Some(read) = self.look_into_all(&holders, project) else {
                for (id, _) in &holders {
                    brought.unseen.push(*id);
                    brought.unseen.extend(whole.with(*id));
                }
                return outcomes;
            };
            let mut back = self.back(whole, &ids, read, moved);
            let parts = self.parts_home(whole, &ids, &back);
            if !parts.is_empty() && spent < longest {
                spent += GLANCE;
                let paused = self.server.pause(GLANCE);
                if self.unless_stopped(paused).is_some() {
                    continue;
                }
            }
            // Of what could not be listed nobody knows what is missing.
            let listed = parts.iter().filter(|(id, _)| is_listed(**id, &back.read));
            let listed = listed.map(|(id, part)| (*id, *part)).collect();
            if self.stop.is_none() {
                // What was found before it stopped counts.
                self.seek(whole, (&listed, project), &mut back, moved);
            }
            for id in &ids {
                outcomes.extend(self.judge((whole, *id), &back, brought));
            }
            break;
        }
        outcomes
    }

    /// What is home, and has not all in it that it had; of what is not there nobody knows.
    fn parts_home(&self, whole: &Whole, ids: &[AssetId], back: &Back) -> BTreeMap<AssetId, Part> {
        let mut parts = self.parts_of(whole, ids, back);
        let unread = ids.iter().filter(|id| !is_listed(**id, &back.read));
        parts.extend(unread.map(|id| (*id, Part::Unread)));
        parts
    }

    /// Says what is seen of something that is home, and of what is recorded of it: in it or elsewhere.
    fn judge(
        &self,
        (whole, id): (&Whole, AssetId),
        back: &Back,
        brought: &mut Brought,
    ) -> Vec<AssetOutcome> {
        let known = &self.ledger.state().catalogue;
        let unread = || (!is_listed(id, &back.read)).then_some(Part::Unread);
        let own = (id, self.part_of(whole, id, back).or_else(unread));
        // What came back in it and has a record is settled, however deep it lies.
        let inside = back.inside(id);
        let with = whole.with(id);
        let listed = listed_in(id, &back.read).iter();
        let there: BTreeSet<AssetId> = inside.iter().chain(listed).copied().collect();
        let there = there.into_iter().filter(|one| *one != id);
        let there = there.filter(|id| with.contains(id) || self.is_open(*id));
        let parts = there.map(|id| (id, back.part_of_inner(id, known)));
        let mut outcomes = Vec::new();
        for (id, part) in [own].into_iter().chain(parts) {
            match part {
                None => outcomes.push(seen(id)),
                Some(part) => drop(brought.partial.insert(id, part)),
            }
        }
        brought.unseen.extend(with.difference(&inside));
        outcomes
    }

    /// Whether an asset is recorded as deleted by us, and not as seen alive.
    pub(super) fn is_open(&self, id: AssetId) -> bool {
        let record = self.ledger.state().assets.get(&id);
        record.is_some_and(|record| is_open(&record.status))
    }

    /// Writes down what is back. Where the folder is not cleared away, something of it stays open, so
    /// that the same words go on with it.
    pub(super) fn record_home(
        &mut self,
        whole: &Whole,
        mut outcomes: Vec<AssetOutcome>,
        is_over: bool,
        brought: &mut Brought,
    ) {
        // What was moved from one thing that is back into another one is seen in both.
        outcomes.sort_by_key(|(id, _)| *id);
        outcomes.dedup_by_key(|(id, _)| *id);
        let recorded: BTreeSet<AssetId> = outcomes.iter().map(|(id, _)| *id).collect();
        let is_last = whole.tops.keys().all(|id| recorded.contains(id));
        if is_last && !is_over {
            brought.unseen = whole.all();
            return;
        }
        brought.back = outcomes.len();
        if !outcomes.is_empty() {
            let said: RunEvent = self.said(outcomes);
            self.commit(vec![said]);
        }
    }
}

/// What a list shows in something.
fn listed_in(id: AssetId, read: &Inventory) -> &[AssetId] {
    match read.contents.get(&id) {
        Some(Contents::Whole(inside)) => inside,
        Some(Contents::Unread(_)) | None => &[],
    }
}

/// Whether a list shows what is in something.
fn is_listed(id: AssetId, read: &Inventory) -> bool {
    matches!(read.contents.get(&id), Some(Contents::Whole(_)))
}
