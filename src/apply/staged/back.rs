//! Moving assets back to where they were.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::apply::staged::gate::along;
use crate::apply::staged::{After, Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::event::{Other, RunEvent, Task};
use crate::outcome::{Aside, AssetOutcome, FailureKind, Outcome, Phase};
use crate::store::Session;

/// For how long at least something waits on that somebody wanted back, and that could not be moved.
const POSTPONED: SignedDuration = SignedDuration::from_hours(24);

/// Where something goes back to: its project, where it is, and where it was.
type Way = (AssetId, AssetId, AssetId);

impl<Se: Session> Stager<'_, '_, Se> {
    /// Moves assets back; returns those that are back, with what lies in them. What lies in a folder
    /// that was moved aside is where it was before: where the manifests decide, its record goes, and
    /// where somebody takes things back, it goes along with its folder alone.
    pub(super) fn move_back(&mut self, ids: &BTreeSet<AssetId>, after: After) -> BTreeSet<AssetId> {
        let mut back = BTreeSet::new();
        let mut ways: BTreeMap<Way, Vec<(AssetId, Kind)>> = BTreeMap::new();
        let (mut lost, mut inner) = (Vec::new(), Vec::new());
        let state = self.ledger.state();
        let folders = ids.iter().filter_map(|id| state.waits_in(*id)).collect();
        let Some(gone) = self.gone(&folders) else {
            return back;
        };
        let state = self.ledger.state();
        let goes = |id: &AssetId| state.waits_in(*id).is_some_and(|into| gone.contains(&into));
        let (going, ids): (BTreeSet<AssetId>, BTreeSet<AssetId>) =
            ids.iter().partition(|id| goes(id));
        for id in &ids {
            let Some(aside) = state.aside(*id).copied() else {
                continue;
            };
            let Some(folder) = state.staging(aside.into) else {
                inner.push((*id, aside.into));
                continue;
            };
            match state.catalogue.parent(*id) {
                Some(before) => ways
                    .entry((folder.project, aside.into, before))
                    .or_default()
                    .push((*id, aside.asset)),
                None => lost.push(*id),
            }
        }
        self.leave_alone(lost, Other::Stuck);
        self.leave_going(going);
        for (way, assets) in ways {
            if self.stop.is_some() {
                break;
            }
            // A move that is not answered may be made all the same.
            self.homes.insert(way.2);
            back.extend(self.move_on(way, &assets, after));
        }
        if after == After::Forget {
            // What lies in something that cannot go back is as it was.
            inner.retain(|(id, holder)| {
                !back.contains(id) && (back.contains(holder) || !ids.contains(holder))
            });
            let inner: Vec<AssetId> = inner.into_iter().map(|(id, _)| id).collect();
            self.drop_records(&inner);
            back.extend(inner);
        }
        back
    }

    /// Those of some staging folders that do not read as there. What is in such a one goes with it, and
    /// can be read for a while longer: it is no more rescued by a move than by that.
    fn gone(&mut self, folders: &BTreeSet<AssetId>) -> Option<BTreeSet<AssetId>> {
        if folders.is_empty() {
            return Some(BTreeSet::new());
        }
        let all = folders.iter().copied();
        let assets: Vec<_> = all.map(|id| (id, Some(Kind::Folder))).collect();
        let state = self.ledger.state();
        let read = self.server.read(Wanted {
            assets: &assets,
            whole: &BTreeSet::new(),
            place: &|id| {
                let known = state.staging(id);
                [
                    known.map(|known| known.project),
                    known.and_then(|known| known.root),
                ]
            },
            within: &|_| None,
        });
        let read = self.unless_stopped(read)?;
        let all = folders.iter().copied();
        Some(all.filter(|id| read.facts(*id).is_none()).collect())
    }

    /// Leaves what is on its way out with its staging folder, and says how it comes back.
    fn leave_going(&mut self, going: BTreeSet<AssetId>) {
        let state = self.ledger.state();
        let with = |id: &AssetId| Some((state.waits_in(*id)?, state.being_deleted_by(*id)));
        let all: BTreeSet<_> = going.iter().filter_map(with).collect();
        for (folder, run) in all {
            let hint = run.map_or_else(String::new, |run| {
                format!("; `retire restore run:{run}` takes it back once it is deleted")
            });
            self.warn(format!(
                "the staging folder `{folder}` does not read as there, so that nothing is moved out of it: what is in it may be on its way out with it{hint}"
            ));
        }
        self.leave_alone(going, Other::Unsettled);
    }

    /// Until when something waits at least that somebody wants back.
    pub(super) fn later(&self) -> Timestamp {
        let now = self.server.now();
        now.checked_add(POSTPONED).unwrap_or(now)
    }

    fn move_on(
        &mut self,
        (project, from, before): Way,
        assets: &[(AssetId, Kind)],
        after: After,
    ) -> Vec<AssetId> {
        let later = self.later();
        let state = self.ledger.state();
        let asides: BTreeMap<AssetId, Aside> = assets
            .iter()
            .filter_map(|(id, _)| Some((*id, *state.aside(*id)?)))
            .collect();
        let phase = |id: AssetId, phase| {
            let aside = asides.get(&id).copied()?;
            // Who wants it back hears by then that it is not, and is not overtaken by its date.
            let due = match after {
                After::Forget => aside.due,
                After::Rescue => aside.due.max(later),
            };
            // That the delete of its folder was sent is not forgotten before it is back.
            let phase = match aside.phase {
                Phase::Deleting => Phase::Deleting,
                Phase::Moving | Phase::Returning | Phase::There => phase,
            };
            Some((
                id,
                Outcome::Staged(Aside {
                    due,
                    phase,
                    ..aside
                }),
            ))
        };
        // An answer may be lost: what somebody wants back is theirs then, also where it is a later run
        // that moves it.
        let moving = |id: AssetId| {
            let was = asides.get(&id).map(|aside| aside.phase);
            let is_wanted = after == After::Rescue || was == Some(Phase::Returning);
            let on_its_way = if is_wanted {
                Phase::Returning
            } else {
                Phase::Moving
            };
            (None, phase(id, on_its_way))
        };
        // What lies in them has records of its own; what people have taken out of them keeps its own.
        let rescued = self.approved.map(|approved| &approved.staging().rescued);
        let is_in = |id: &AssetId| rescued.is_none_or(|rescued| !rescued.contains(id));
        let along = |id| self.along(id).into_iter().filter(is_in).collect();
        let along = assets.iter().map(|(id, _)| (*id, along(*id)));
        let along: BTreeMap<AssetId, Vec<AssetId>> = along.collect();
        let with = |id: AssetId| along.get(&id).into_iter().flatten().copied();
        let done = |id: AssetId| match after {
            After::Forget => Vec::new(),
            After::Rescue => {
                let all = [id].into_iter().chain(with(id));
                all.map(|id| (id, Outcome::Rescued)).collect()
            }
        };
        let moved = self.move_all((Task::Unstage, project), (assets, before), (&moving, &done));
        let mut there = moved.there;
        let inside: Vec<AssetId> = there.iter().flat_map(|id| with(*id)).collect();
        there.extend(inside);
        if after == After::Forget {
            self.drop_records(&there);
        }
        let still: Vec<AssetOutcome> = moved
            .refused
            .keys()
            .filter_map(|id| phase(*id, Phase::There))
            .collect();
        if !still.is_empty() {
            let said = self.said(still);
            self.commit(vec![said]);
        }
        for (id, refusal) in &moved.refused {
            let gone = refusal.kind == FailureKind::NotFound;
            let hint = if gone {
                "; what it lay in may be gone: move it by hand, which counts as taking it back"
            } else {
                ""
            };
            self.warn(format!(
                "`{id}` stays in its staging folder `{from}`, since it could not be moved back to `{before}`: {}{hint}",
                refusal.detail
            ));
            self.leave_alone([*id], Other::Stuck);
        }
        if !moved.open.is_empty() && self.stop.is_none() {
            self.leave_alone(moved.open, Other::Unsettled);
        }
        there
    }

    /// What is recorded of what lies in something that is moved aside.
    pub(super) fn along(&self, id: AssetId) -> Vec<AssetId> {
        along(self.ledger.state(), id).collect()
    }

    fn drop_records(&mut self, ids: &[AssetId]) {
        if ids.is_empty() {
            return;
        }
        self.commit(vec![RunEvent::Forgotten {
            at: self.server.now(),
            ids: ids.to_vec(),
        }]);
    }
}
