//! What came back with a staging folder and is where it was before: whether all is in it, what is
//! written down of it, and the empty folder.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::apply::staged::part::{Before, Elsewhere, part_of};
use crate::apply::staged::search::Search;
use crate::apply::staged::whole::{Brought, Whole, is_open};
use crate::apply::staged::{Cleared, GLANCE, Stager};
use crate::asset::{AssetId, Kind};
use crate::crash;
use crate::event::{RunEvent, Task};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::Changed;
use crate::inventory::{Contents, Inventory, Seen};
use crate::outcome::{AssetOutcome, Outcome};
use crate::plan::restore::Part;
use crate::store::Session;

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

    /// Looks into what is home until all is there that was in it; says what is seen.
    pub(super) fn look_home(
        &mut self,
        whole: &Whole,
        (home, project, longest): (&BTreeMap<AssetId, Kind>, AssetId, Duration),
        search: &mut Search,
        brought: &mut Brought,
    ) -> Vec<AssetOutcome> {
        let files = home.iter().filter(|(_, kind)| **kind == Kind::File);
        let mut outcomes: Vec<AssetOutcome> = files.map(|(id, _)| seen(*id)).collect();
        let holders = home.iter().filter(|(_, kind)| **kind != Kind::File);
        let holders: Vec<(AssetId, Option<Kind>)> =
            holders.map(|(id, kind)| (*id, Some(*kind))).collect();
        let mut spent = Duration::ZERO;
        while !holders.is_empty() {
            let Some(read) = self.look_into_all(&holders, project) else {
                for (id, _) in &holders {
                    brought.unseen.push(*id);
                    brought.unseen.extend(whole.with(*id));
                }
                return outcomes;
            };
            let mut parts = self.parts_of(whole, &read, search);
            if !parts.is_empty() && spent < longest {
                spent += GLANCE;
                let paused = self.server.pause(GLANCE);
                if self.unless_stopped(paused).is_some() {
                    continue;
                }
            }
            let listed = |id: &&AssetId| matches!(read.contents.get(*id), Some(Contents::Whole(_)));
            for id in parts.keys().filter(listed) {
                let inside = listed_in(*id, &read).iter().copied().collect();
                if self
                    .seek((*id, whole.with(*id)), (&inside, project), search)
                    .is_none()
                {
                    break;
                }
            }
            if !parts.is_empty() {
                parts = self.parts_of(whole, &read, search);
            }
            for (id, _) in &holders {
                let is_whole = !parts.contains_key(id);
                outcomes.extend(is_whole.then(|| seen(*id)));
                outcomes.extend(self.seen_in(
                    (*id, whole.with(*id)),
                    &read,
                    brought,
                    search.of(*id).filter(|_| is_whole),
                ));
            }
            brought.partial.extend(parts);
            break;
        }
        outcomes
    }

    /// What is home, and has not all in it that is still expected there.
    fn parts_of(
        &self,
        whole: &Whole,
        read: &Inventory,
        search: &Search,
    ) -> BTreeMap<AssetId, Part> {
        let parts = read.assets.keys().filter_map(|id| {
            let judge = |before: Before<'_>| part_of(*id, before, read);
            Some((*id, self.judge((*id, whole.with(*id)), search, judge)?))
        });
        parts.collect()
    }

    /// What is seen of what is recorded of something that is home, in it or elsewhere.
    fn seen_in(
        &self,
        (id, with): (AssetId, &BTreeSet<AssetId>),
        read: &Inventory,
        brought: &mut Brought,
        elsewhere: Option<&Elsewhere>,
    ) -> Vec<AssetOutcome> {
        let inside = listed_in(id, read);
        let is_in = |id: &AssetId| inside.binary_search(id).is_ok();
        let is_elsewhere = |id: &&AssetId| elsewhere.is_some_and(|one| one.ids.contains(id));
        let here = with.iter().filter(|id| !is_elsewhere(id));
        let (there, away) = here.partition::<Vec<AssetId>, _>(|id| is_in(id));
        brought.unseen.extend(away);
        // What came back in it and has a record is settled, however deep it lies.
        let others = inside.iter().filter(|id| !with.contains(*id));
        let others = others.filter(|id| self.is_open(**id)).copied();
        let elsewhere = elsewhere
            .into_iter()
            .flat_map(|one| one.seen.iter().copied());
        there
            .into_iter()
            .chain(others)
            .chain(elsewhere)
            .map(seen)
            .collect()
    }

    /// Whether an asset is recorded as deleted by us, and not as seen alive.
    fn is_open(&self, id: AssetId) -> bool {
        let record = self.ledger.state().assets.get(&id);
        record.is_some_and(|record| is_open(&record.status))
    }

    /// Writes down what is back. Where the folder is not cleared away, something of it stays open, so
    /// that the same words go on with it.
    pub(super) fn record_home(
        &mut self,
        whole: &Whole,
        outcomes: Vec<AssetOutcome>,
        is_over: bool,
        brought: &mut Brought,
    ) {
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

const fn seen(id: AssetId) -> AssetOutcome {
    (id, Outcome::Restored { seen: true })
}

/// What a list shows in something, in the order of the ids.
fn listed_in(id: AssetId, read: &Inventory) -> &[AssetId] {
    match read.contents.get(&id) {
        Some(Contents::Whole(inside)) => inside,
        Some(Contents::Unread(_)) | None => &[],
    }
}
