//! Moving assets, many a call, and finding out where they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::staged::{Stager, Wanted};
use crate::asset::{AssetId, Kind};
use crate::event::{Other, RunEvent, Task};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::{Change, MOVED_AT_ONCE};
use crate::frameio::v4::changes_answer::{Changed, Refusal};
use crate::inventory::Seen;
use crate::outcome::{AssetOutcome, Outcome};
use crate::store::Session;

/// What is written down of an asset before it is moved.
pub(super) type Before = (Option<RunEvent>, Option<AssetOutcome>);

/// What is written down of an asset once it is known to be where it was to go.
type After<'say> = &'say dyn Fn(AssetId) -> Vec<AssetOutcome>;

/// What came of moves.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Shown to be where they were to go.
    pub(super) there: Vec<AssetId>,
    /// Not moved, in the server's words.
    pub(super) refused: BTreeMap<AssetId, Refusal>,
    /// Of these nobody knows where they are, or they are elsewhere.
    pub(super) open: Vec<AssetId>,
}

/// A move of some assets of one kind.
struct Batch {
    kind: Kind,
    ids: Vec<AssetId>,
}

impl Batch {
    fn change(&self, to: AssetId) -> Change {
        match (self.kind, &*self.ids) {
            (Kind::File, ids) => Change::MoveFiles {
                ids: ids.into(),
                to,
            },
            (Kind::Folder, ids) => Change::MoveFolders {
                ids: ids.into(),
                to,
            },
            (Kind::VersionStack, ids) => Change::MoveStack { id: ids[0], to },
        }
    }

    /// Both halves.
    fn halves(mut self) -> [Self; 2] {
        let second = self.ids.split_off(self.ids.len() / 2);
        let kind = self.kind;
        [self, Self { kind, ids: second }]
    }
}

/// Cuts assets into moves.
fn batches(assets: &[(AssetId, Kind)]) -> Vec<Batch> {
    let mut batches = Vec::new();
    for (kind, most) in [
        (Kind::File, MOVED_AT_ONCE),
        (Kind::Folder, MOVED_AT_ONCE),
        (Kind::VersionStack, 1),
    ] {
        let ids: Vec<AssetId> = assets
            .iter()
            .filter(|(_, of)| *of == kind)
            .map(|(id, _)| *id)
            .collect();
        batches.extend(ids.chunks(most).map(|ids| Batch {
            kind,
            ids: ids.to_vec(),
        }));
    }
    batches.reverse();
    batches
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// Moves assets of one project, and finds out where they are. `before` is written down with the
    /// intent of each move, and `after` once it is known that assets are there.
    pub(super) fn move_all(
        &mut self,
        (task, project): (Task, AssetId),
        (assets, to): (&[(AssetId, Kind)], AssetId),
        (before, after): (&dyn Fn(AssetId) -> Before, After<'_>),
    ) -> Moved {
        let mut moved = Moved::default();
        let mut open = batches(assets);
        while let Some(mut batch) = open.pop() {
            if self.stop.is_some() {
                return moved;
            }
            if task == Task::Stage && !self.keep_same(&mut batch, &open) {
                return moved;
            }
            if batch.ids.is_empty() {
                continue;
            }
            let (mut opened, mut said) = (Vec::new(), Vec::new());
            for id in &batch.ids {
                let (events, outcomes) = before(*id);
                opened.extend(events);
                said.extend(outcomes);
            }
            // What was opened and has no such record would be taken for what a run deletes one by one.
            let mut first = vec![self.said(said)];
            first.extend(opened);
            let with = batch.ids.iter().flat_map(|id| self.with(*id)).collect();
            if !self.intend(task, (&batch.ids, with), first) {
                return moved;
            }
            crate::crash::point("stage.send");
            let answer = self.server.change(&batch.change(to));
            crate::crash::point("stage.moved");
            let there = match answer {
                Ok(Ok(Changed::Moved(placed))) => {
                    let there = placed
                        .iter()
                        .filter(|one| one.parent == to && one.project == project);
                    there.map(|one| one.id).collect()
                }
                Ok(Err(refusal)) => {
                    self.answered(Vec::new());
                    match &*batch.ids {
                        [id] => {
                            let (id, kind) = (*id, batch.kind);
                            self.settle_refused(
                                (id, kind),
                                (to, project),
                                (refusal, after),
                                &mut moved,
                            );
                        }
                        // The whole call is refused where one of them is bad.
                        [..] => open.extend(batch.halves()),
                    }
                    continue;
                }
                Ok(Ok(_)) | Err(Unmade::Unknown { .. }) => BTreeSet::new(),
                Err(Unmade::Denied(reason) | Unmade::Stop(reason)) => {
                    self.stop(reason);
                    moved.open.extend(&batch.ids);
                    return moved;
                }
            };
            self.confirm(&batch, (to, project), (there, after), &mut moved);
        }
        moved
    }

    /// Leaves out what is other than it was approved, as far as that was read too long ago: once it
    /// is moved, nothing shows any more where it was. Says whether that is known.
    fn keep_same(&mut self, batch: &mut Batch, behind: &[Batch]) -> bool {
        let behind = behind.iter().rev().flat_map(|batch| &batch.ids);
        let (ledger, now) = (&*self.ledger, self.server.now());
        let Some(anew) = &mut self.anew else {
            return true;
        };
        let read = anew.other(&batch.ids, &mut behind.copied(), &|| {
            ledger.state_so_far(now)
        });
        let Some(other) = self.unless_stopped(read) else {
            return false;
        };
        batch.ids.retain(|id| !other.contains_key(id));
        let at = self.server.now();
        let assets: Vec<(AssetId, Other)> = other.into_iter().collect();
        assets.is_empty() || self.commit(vec![RunEvent::LeftAlone { at, assets }])
    }

    /// What is listed, or recorded, of what lies in something that is moved.
    fn with(&self, id: AssetId) -> Vec<AssetId> {
        let listed = self
            .approved
            .map_or(&[][..], |approved| approved.inside(id));
        let along = self.along(id).into_iter();
        let all: BTreeSet<AssetId> = listed.iter().copied().chain(along).collect();
        all.into_iter().collect()
    }

    /// Writes down what the answer to a move shows to be there, and reads the rest.
    fn confirm(
        &mut self,
        batch: &Batch,
        (to, project): (AssetId, AssetId),
        (mut there, after): (BTreeSet<AssetId>, After<'_>),
        moved: &mut Moved,
    ) {
        let rest = batch.ids.iter().copied();
        let rest: Vec<AssetId> = rest.filter(|id| !there.contains(id)).collect();
        let looked = self.look((&rest, batch.kind), (to, project));
        there.extend(looked.there);
        let mut outcomes: Vec<AssetOutcome> = there.iter().flat_map(|id| after(*id)).collect();
        let gone: BTreeSet<AssetId> = looked.gone.iter().map(|(id, _)| *id).collect();
        outcomes.extend(looked.gone);
        self.answered(outcomes);
        let is_open = |id: &&AssetId| !there.contains(*id) && !gone.contains(*id);
        moved.open.extend(batch.ids.iter().filter(is_open));
        moved.there.extend(there);
    }

    /// A move that is refused may have been made before, or what was to be moved be deleted.
    fn settle_refused(
        &mut self,
        (id, kind): (AssetId, Kind),
        (to, project): (AssetId, AssetId),
        (refusal, after): (Refusal, After<'_>),
        moved: &mut Moved,
    ) {
        let looked = self.look((&[id], kind), (to, project));
        let is_there = !looked.there.is_empty();
        let mut outcomes = looked.gone;
        if is_there {
            outcomes.extend(after(id));
            moved.there.push(id);
        }
        if outcomes.is_empty() && !is_there {
            moved.refused.insert(id, refusal);
        } else if !outcomes.is_empty() {
            let said = self.said(outcomes);
            self.commit(vec![said]);
        }
    }

    /// Reads assets: which of them are in a folder, and which are shown to be deleted.
    fn look(
        &mut self,
        (ids, kind): (&[AssetId], Kind),
        (to, project): (AssetId, AssetId),
    ) -> Looked {
        let mut looked = Looked::default();
        if ids.is_empty() {
            return looked;
        }
        let assets: Vec<(AssetId, Option<Kind>)> = ids.iter().map(|id| (*id, Some(kind))).collect();
        let read = self.server.read(Wanted {
            assets: &assets,
            whole: &BTreeSet::new(),
            place: &|_| [Some(project), Some(to)],
            within: &|_| None,
        });
        let Some(read) = self.unless_stopped(read) else {
            return looked;
        };
        for id in ids {
            match read.assets.get(id) {
                Some(Seen::There(facts)) if facts.parent == Some(to) => looked.there.push(*id),
                Some(Seen::Deleted { evidence, .. }) => {
                    looked.gone.push((*id, Outcome::Gone(*evidence)));
                }
                Some(Seen::There(_) | Seen::Missing | Seen::Refused { .. }) | None => {}
            }
        }
        looked
    }
}

/// What a reading shows of assets that were to be moved.
#[derive(Debug, Default)]
struct Looked {
    there: Vec<AssetId>,
    gone: Vec<AssetOutcome>,
}
