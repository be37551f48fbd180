//! What a run came to: a fold over its events.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::event::{Listener, OpenBatches, RunEvent, Sent, Task};
use crate::inventory::Known;
use crate::outcome::{Aside, Evidence, Outcome, Phase};
use crate::plan::decide::Decision;
use crate::plan::{LeftAlone, Plan, Totals, Unsettled};
pub(crate) use crate::render::failed::FailedAsset;
pub(crate) use crate::render::figures::{HoldFigures, StagedFigures, Summary, WayBack};
use crate::state::{Failed, Record, Staged, Status, absorb};

/// Hears the events of a run and makes its [`Summary`].
#[derive(Debug, Default)]
pub(crate) struct SummaryBuilder {
    summary: Summary,
    /// How the assets of the plan stood before the run, where anything was known.
    before: HashMap<AssetId, Status>,
    /// Those that are refused, unknown or missing now. What is deleted is only counted: nothing more is
    /// said of it, and there may be a million.
    open: HashMap<AssetId, Status>,
    /// Those of them that nothing was to be sent for: the plan found them out, or they go along
    /// with what was asked for.
    beside: HashSet<AssetId>,
    /// How many such ones are deleted.
    deleted_beside: usize,
    /// What is moved aside or was rescued; with each whether nothing was to be sent for it.
    aside: BTreeMap<AssetId, (Status, bool)>,
    /// What the run was about to move aside, each by itself.
    moving: HashSet<AssetId>,
    /// The folders that it moved assets into, by their names.
    folders: BTreeMap<AssetId, Arc<str>>,
    /// What goes along with folders that were asked for.
    along: HashSet<AssetId>,
    /// The files that were asked for in place of their version stacks.
    members: HashSet<AssetId>,
    /// Those that were unknown before the run, and are deleted.
    cleared: HashSet<AssetId>,
    /// How the assets of the last answer stand, in its order.
    latest: Vec<(AssetId, Record)>,
    under_way: OpenBatches,
    /// What is known of assets of which nothing is said yet, or that are open.
    known: BTreeMap<AssetId, Known>,
    /// What is known of assets that are kept or left alone.
    staying: BTreeMap<AssetId, Known>,
    /// What the plan knew of what it deletes: a run tells that of what it asks for, and leaves
    /// something alone before it does.
    planned: BTreeMap<AssetId, Known>,
    /// The assets that were forgotten.
    forgotten: HashSet<AssetId>,
    /// What was asked to go back to where it was, with what lies in it.
    homeward: HashSet<AssetId>,
    /// The assets of readings that were answered, made to learn what became of an earlier
    /// delete.
    read: HashSet<AssetId>,
    started: Option<Timestamp>,
    /// The assets that the run itself left alone.
    left: HashSet<AssetId>,
    /// How many assets are only read.
    unsettled: usize,
    /// How many assets the run itself says that it has settled: what was read first, and never
    /// sent before, looks alike in its events.
    resolved: Option<usize>,
    /// What a reading has shown to be deleted: one that is read by itself and told with its version
    /// stack as well counts once.
    told: HashSet<AssetId>,
}

impl SummaryBuilder {
    /// Starts with what was planned and with where the state lies.
    pub(crate) fn new(plan: &Plan, state_path: impl Into<String>) -> Self {
        let mut builder = Self::resume(plan.totals, None, state_path.into());
        let Self {
            summary, before, ..
        } = &mut builder;
        for Unsettled { id, attempts, .. } in &plan.unsettled {
            let attempts = *attempts;
            before.insert(*id, Status::Unknown { attempts });
        }
        for step in &plan.steps {
            let decision = step.decision.alone();
            if let Decision::Retry {
                attempts,
                kind,
                message,
            } = decision
            {
                let failed = Failed {
                    kind: *kind,
                    message: Arc::clone(message),
                    attempts: *attempts,
                };
                before.insert(step.id, Status::Failed(Box::new(failed)));
            } else if let Decision::Resolve { attempts, .. } = decision {
                let status = match *attempts {
                    0 => Status::Missing,
                    attempts => Status::Unknown { attempts },
                };
                before.insert(step.id, status);
            } else if let Decision::Record { .. } = decision
                && plan
                    .about
                    .get(&step.id)
                    .is_some_and(|about| about.deleted_by.is_some())
            {
                before.insert(step.id, being_deleted(step.id));
            } else if let Decision::Defer { until } | Decision::Staged { until } = step.decision {
                summary.left_due = summary.left_due.into_iter().chain([until]).min();
            }
        }
        summary.kept = plan.kept();
        let open = plan.left_alone.iter().filter(|left| left.other.is_open());
        summary.left_alone = open.copied().collect();
        let kept = summary.kept.iter().map(|kept| kept.id);
        let staying = summary.left_alone.iter().flat_map(LeftAlone::ids);
        let known = |id| Some((id, plan.about.get(&id)?.known()?));
        builder.staying = kept.chain(staying).filter_map(known).collect();
        // What is due was described by the run that moved it aside.
        builder.known = plan.staging.due.iter().copied().filter_map(known).collect();
        let going = plan.steps.iter().filter(|step| step.decision.may_delete());
        builder.planned = going.filter_map(|step| known(step.id)).collect();
        builder.unsettled = plan.unsettled.len();
        builder
    }

    /// Starts with what a document remembers of the plan.
    pub(super) fn resume(totals: Totals, left_due: Option<Timestamp>, state_path: String) -> Self {
        Self {
            summary: Summary {
                totals,
                left_due,
                state_path,
                ..Summary::default()
            },
            ..Self::default()
        }
    }

    /// What is known before the run begins: the totals, the next date and the state's path.
    pub(super) fn basis(&self) -> (&Totals, Option<Timestamp>, &str) {
        let summary = &self.summary;
        (&summary.totals, summary.left_due, &summary.state_path)
    }

    /// How the assets of the last answer stand, in its order.
    pub(super) fn latest(&self) -> &[(AssetId, Record)] {
        &self.latest
    }

    /// What is known of an asset of the last answer, or of one that is open.
    pub(super) fn known(&self, id: AssetId) -> Option<&Known> {
        self.known.get(&id)
    }

    /// Takes over what is known of an asset.
    pub(super) fn describe(&mut self, id: AssetId, known: Known) {
        self.known.insert(id, known);
    }

    /// The assets that were sent and not answered for, by batch, with how often each was tried.
    pub(crate) fn unanswered(&self) -> Vec<(u64, AssetId, u32)> {
        let deletes = self.under_way.deletes();
        let mut unanswered: Vec<_> = deletes
            .map(|(batch, id)| {
                let counted = self.open.get(&id).map(Status::attempts);
                let before = || self.before.get(&id).map_or(0, Status::attempts);
                let attempts = counted.unwrap_or_else(|| before().saturating_add(1));
                (batch, id, attempts)
            })
            .collect();
        unanswered.sort_unstable();
        unanswered
    }

    /// Takes over where an asset stands after the answer to a batch, which may be under way still.
    pub(super) fn record_status(&mut self, batch: u64, id: AssetId, status: Status) {
        let asked = self.under_way.asked(batch).cloned();
        let is_asked = asked.as_ref().is_some_and(|sent| sent.ids.contains(&id));
        if is_asked && !matches!(status, Status::Failed(_) | Status::Missing) {
            self.under_way.doubt_along(batch);
        }
        self.record_answer((batch, asked.as_ref()), id, status);
    }

    fn record_answer(&mut self, of: (u64, Option<&Sent>), id: AssetId, status: Status) {
        self.under_way.settle(id);
        let is_beside = match of {
            (0, _) => true,
            (_, Some(sent)) if sent.stack.is_none() && sent.ids.len() == 1 => {
                // More than it was asked for tells only the delete of one folder.
                sent.ids[0] != id
            }
            (_, Some(_) | None) => self.members.contains(&id),
        };
        // What goes along with a folder is told with it, unless it is read for its own sake.
        let was_unknown = matches!(self.before.get(&id), Some(Status::Unknown { .. }));
        let is_beside = is_beside || (self.along.contains(&id) && !was_unknown);
        if is_beside && !self.open.contains_key(&id) {
            self.beside.insert(id);
        }
        self.aside.remove(&id);
        if matches!(status, Status::Staged(_) | Status::Rescued) {
            self.open.remove(&id);
            self.beside.remove(&id);
            self.aside.insert(id, (status, is_beside));
            return;
        }
        // A staging folder has no size that would count for what went with it.
        let is_alone =
            of.1.is_some_and(|sent| sent.task == Task::Collect && sent.ids.contains(&id));
        // A version stack counts as one asset, as it does in the plan, whatever is in it.
        let counts = usize::from(!self.members.contains(&id));
        match status {
            Status::Retired(Evidence::Read | Evidence::Listed) if !self.told.insert(id) => {}
            Status::Retired(evidence) => {
                let bytes = self.known.get(&id).and_then(|known| known.bytes);
                let counted = if is_alone { Evidence::Answer } else { evidence };
                self.summary.deleted.add(counted, bytes);
                self.summary.counts.retired += counts;
            }
            Status::Gone(_) => self.summary.counts.gone += counts,
            Status::Restored { .. } => self.summary.counts.restored += counts,
            Status::Staged(_) | Status::Rescued => {}
            Status::Failed(_) | Status::Unknown { .. } | Status::Missing => {
                self.open.insert(id, status);
                return;
            }
        }
        self.deleted_beside += usize::from(self.beside.remove(&id)) * counts;
        self.open.remove(&id);
        if let Some(Status::Unknown { .. }) = self.before.get(&id) {
            self.cleared.insert(id);
        }
    }

    /// Notes that an asset was unknown before the run, unless the run itself made it so.
    pub(super) fn was_unknown(&mut self, id: AssetId) {
        if self.open.contains_key(&id) {
            return;
        }
        let unknown = Status::Unknown { attempts: 0 };
        self.before.entry(id).or_insert(unknown);
    }

    /// Takes over what the folders are called that the run moved assets into, which the events of a
    /// stream do not say.
    pub(super) fn moved_into(&mut self, names: &[Arc<str>]) {
        let into = self.aside.values().filter_map(|(status, _)| status.aside());
        let into: BTreeSet<AssetId> = into.map(|aside| aside.into).collect();
        self.folders = into.into_iter().zip(names.iter().cloned()).collect();
    }

    /// Takes over how many assets the run says that it has settled.
    pub(super) const fn resolved(&mut self, resolved: usize) {
        self.resolved = Some(resolved);
    }

    /// Takes over that an asset is answered for, and nothing yet of the rest of its batch.
    pub(super) fn take_off(&mut self, batch: u64, id: AssetId) {
        self.under_way.take_off(batch, id);
    }

    /// Ends the fold. What is still under way counts as unknown, as a replay would say.
    pub(crate) fn finish(mut self) -> Summary {
        let given_up = self.under_way.give_up();
        let given_up = given_up.into_iter();
        let given_up =
            given_up.flat_map(|(batch, all)| all.into_iter().map(move |one| (batch, one)));
        for (batch, (id, outcome)) in given_up {
            self.record_outcome((batch, None), id, &outcome, Timestamp::UNIX_EPOCH);
        }
        // What was on its way at the end, or went back, waits nowhere as far as anybody knows.
        let waits = |id: &AssetId, status: &Status| {
            let is_moving = status.aside().is_some_and(|aside| !aside.phase.is_known());
            !is_moving && !self.forgotten.contains(id)
        };
        self.aside.retain(|id, (status, _)| waits(id, status));
        let (mut summary, open) = (self.summary, self.open);
        let asides = self.aside.iter();
        let asides = asides.filter_map(|(id, (status, _))| Some((*id, *status.aside()?)));
        summary.staged = StagedFigures::of(asides, &self.folders, |id| {
            let known = self.known.get(&id);
            self.moving
                .contains(&id)
                .then(|| known.and_then(|known| known.bytes))
        });
        summary.known = self.known;
        summary.known.retain(|id, _| open.contains_key(id));
        summary.known.append(&mut self.staying);
        let deleted = summary.counts.retired + summary.counts.gone;
        for (id, status) in &open {
            let counts = usize::from(!self.members.contains(id));
            match status {
                Status::Retired(_)
                | Status::Gone(_)
                | Status::Restored { .. }
                | Status::Staged(_)
                | Status::Rescued => {}
                Status::Failed(failed) => {
                    summary.counts.failed += counts;
                    summary.unmoved.extend(self.moving.get(id));
                    summary.failed.push(FailedAsset {
                        id: *id,
                        kind: failed.kind,
                        message: Arc::clone(&failed.message),
                        attempts: failed.attempts,
                    });
                }
                Status::Unknown { attempts: _ } => {
                    summary.counts.unknown += counts;
                    summary.unknown.push(*id);
                }
                Status::Missing => {
                    summary.counts.missing += counts;
                    summary.missing.push(*id);
                }
            }
        }
        let was_unknown = |status: &Status| matches!(status, Status::Unknown { .. });
        let (mut resolved, mut dropped, mut unread) = (0, 0, 0);
        for (id, _) in self.before.iter().filter(|(_, status)| was_unknown(status)) {
            match open.get(id) {
                _ if self.cleared.contains(id) => resolved += 1,
                Some(
                    Status::Retired(_)
                    | Status::Gone(_)
                    | Status::Failed(_)
                    | Status::Restored { .. }
                    | Status::Staged(_)
                    | Status::Rescued,
                ) => resolved += 1,
                None if self.forgotten.contains(id) => dropped += 1,
                // It was looked for, and is as unknown as before.
                None if self.read.contains(id) => {
                    unread += 1;
                    summary.counts.unknown += 1;
                    summary.unknown.push(*id);
                }
                Some(Status::Unknown { .. } | Status::Missing) | None => {}
            }
        }
        summary.failed.sort_unstable_by_key(|failed| failed.id);
        summary.unknown.sort_unstable();
        summary.missing.sort_unstable();
        summary.resolved = self.resolved.unwrap_or(resolved + dropped);
        summary.forgotten = self.forgotten.len();
        summary.moved_back = self.forgotten.intersection(&self.homeward).count();
        let told = deleted - self.deleted_beside + open.len() - self.beside.len();
        let asides = self.aside.values();
        for (status, _) in asides.clone() {
            let is_staged = matches!(status, Status::Staged(_));
            summary.counts.staged += usize::from(is_staged);
            summary.counts.rescued += usize::from(!is_staged);
        }
        let aside = asides.filter(|(_, is_beside)| !is_beside).count();
        let told = told + dropped + unread + aside;
        let asked = summary.totals.deletes() + self.unsettled;
        // What was settled before it was left alone is told already.
        let is_told = |id: &&AssetId| {
            open.contains_key(id) || self.before.contains_key(id) || self.aside.contains_key(id)
        };
        let left = self.left.iter().filter(|id| !is_told(id)).count();
        summary.unsent = asked.saturating_sub(told + left);
        summary
    }

    fn record_outcome(
        &mut self,
        of: (u64, Option<&Sent>),
        id: AssetId,
        outcome: &Outcome,
        at: Timestamp,
    ) {
        let run = self.summary.run.unwrap_or_default();
        let said = self.open.get(&id).map(|status| (status.clone(), run));
        // Which earlier run said it does not matter, as long as it is another.
        let earlier = || Some((self.before.get(&id)?.clone(), run.wrapping_sub(1)));
        let before = said
            .or_else(earlier)
            .map(|(status, run)| Record { status, run, at });
        let record = absorb(before.as_ref(), outcome, run, at);
        self.record_answer(of, id, record.status.clone());
        self.latest.push((id, record));
    }
}

impl Listener for SummaryBuilder {
    fn on_event(&mut self, event: &RunEvent) {
        let answered = self.under_way.apply(event);
        if let Some(Sent {
            task: Task::Resolve,
            ids,
            ..
        }) = &answered
        {
            self.read.extend(ids.iter());
        }
        if let RunEvent::Started(info) = event {
            self.summary.run = Some(info.number);
            self.started = Some(info.at);
        } else if let RunEvent::Staging(staging) = event {
            let name = Arc::clone(&staging.name);
            self.folders.extend(staging.id.map(|id| (id, name)));
        } else if let RunEvent::Intent {
            ids,
            stack,
            with,
            task,
            ..
        } = event
        {
            self.summary.requests += 1;
            if *task == Task::Stage {
                self.moving.extend(ids.iter());
            } else if *task == Task::Unstage {
                self.homeward.extend(ids.iter().chain(with.iter()));
            }
            self.along.extend(with.iter());
            if stack.is_some() {
                // What became of one that was unknown before is asked for its own sake as well.
                let members = ids.iter().filter(|id| !self.before.contains_key(id));
                self.members.extend(members);
            }
            // Its files have their own sizes.
            if let Some(known) = stack.and_then(|stack| self.known.get_mut(&stack)) {
                known.bytes = Some(0);
            }
        } else if let RunEvent::Described { assets } = event {
            self.known.extend(assets.iter().cloned());
        } else if let RunEvent::Answered {
            batch,
            at,
            outcomes,
        } = event
        {
            // Of what is deleted nothing more is said, and there may be a million.
            for (id, _) in &self.latest {
                if !self.open.contains_key(id) && !self.aside.contains_key(id) {
                    self.known.remove(id);
                }
            }
            self.latest.clear();
            for (id, outcome) in outcomes {
                self.record_outcome((*batch, answered.as_ref()), *id, outcome, *at);
            }
        } else if let RunEvent::HoldsChanged { changes, .. } = event {
            self.summary.holds = HoldFigures::of(changes);
            self.summary.released.clone_from(&changes.released);
        } else if let RunEvent::Kept { kept, over: _ } = event {
            self.summary.kept.clone_from(kept);
        } else if let RunEvent::Forgotten { ids, .. } = event {
            self.forgotten.extend(ids);
        } else if let RunEvent::LeftAlone { assets, .. } = event {
            let left = assets.iter().map(|(id, other)| LeftAlone {
                id: *id,
                other: *other,
            });
            self.summary.left_alone.extend(left);
            self.left.extend(assets.iter().map(|(id, _)| *id));
            let planned = assets.iter().map(|(id, _)| *id);
            let planned = planned.filter_map(|id| self.planned.remove_entry(&id));
            self.staying.extend(planned);
        } else if let RunEvent::Warned { message, .. } = event {
            self.summary.warnings.push(message.clone());
        } else if let RunEvent::Ended { at, ending } = event {
            self.summary.ending = Some(ending.clone());
            // A clock that was set back during the run makes no negative time.
            self.summary.elapsed = self
                .started
                .and_then(|started| Duration::try_from(at.duration_since(started)).ok())
                .unwrap_or_default();
        }
    }
}

/// How an asset stands while a delete of the staging folder that it lies in is under way; where that
/// is, and until when it waits there, nobody asks any more.
fn being_deleted(id: AssetId) -> Status {
    let aside = Aside {
        into: id,
        asset: Kind::File,
        due: Timestamp::UNIX_EPOCH,
        phase: Phase::Deleting,
        inside: None,
    };
    Status::Staged(Box::new(Staged { aside, attempts: 0 }))
}
