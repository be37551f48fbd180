//! What was sent and is not answered: a fold over the events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::{RunEvent, Task};
use crate::outcome::{AssetOutcome, Evidence, Outcome};

#[cfg(test)]
mod tests;

/// The batches that were sent and are not answered, and what was answered and settled nothing.
///
/// A live run, the replay of a journal and the summary learn it by this one fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenBatches {
    sent: BTreeMap<u64, Sent>,
    /// What the server did not know when it was to delete it, and of which nothing was written
    /// down since; with each the batch.
    doubted: BTreeMap<AssetId, u64>,
    /// What is not known of either as long as it is not known what became of a folder.
    along: BTreeMap<AssetId, Arc<[AssetId]>>,
    /// The files that we deleted in place of their version stacks, of which nothing was written
    /// down since.
    files: BTreeMap<AssetId, DeletedFile>,
}

/// What a batch asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it asks.
    pub task: Task,
    /// For which assets.
    pub ids: Arc<[AssetId]>,
    /// The version stack that they are files of, where they are deleted in its place.
    pub stack: Option<AssetId>,
    /// What goes along with the folder that is deleted.
    pub with: Arc<[AssetId]>,
}

/// A file that was deleted in place of its version stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DeletedFile {
    batch: u64,
    evidence: Evidence,
}

/// Whether something went that was to be deleted, as far as its outcome says.
const fn may_have_gone(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Failed(_)
        | Outcome::Missing
        | Outcome::Restored { .. }
        | Outcome::Staged(_)
        | Outcome::Rescued => false,
        Outcome::Retired(_) | Outcome::Gone(_) | Outcome::Unknown => true,
    }
}

impl Sent {
    /// What goes along with a folder whose delete was not refused, and of which the answer tells
    /// nothing.
    fn not_told(&self, outcomes: &[AssetOutcome]) -> Vec<AssetId> {
        let went = |(id, outcome): &AssetOutcome| may_have_gone(outcome) && self.ids.contains(id);
        if self.with.is_empty() || !outcomes.iter().any(went) {
            return Vec::new();
        }
        let is_told = |with: &AssetId| outcomes.iter().any(|(id, _)| id == with);
        let with = self.with.iter().copied();
        with.filter(|id| !is_told(id)).collect()
    }
}

impl OpenBatches {
    /// Takes in one event, and gives back what the batch asked for that it answers.
    pub fn apply(&mut self, event: &RunEvent) -> Option<Sent> {
        match event {
            RunEvent::Intent {
                batch,
                task,
                ids,
                stack,
                with,
                at: _,
            } => {
                let sent = Sent {
                    task: *task,
                    ids: Arc::clone(ids),
                    stack: *stack,
                    with: Arc::clone(with),
                };
                self.sent.insert(*batch, sent);
                None
            }
            RunEvent::Answered {
                batch, outcomes, ..
            } => {
                for (id, outcome) in outcomes {
                    self.settle(*id);
                    self.settle_along(*id, outcome);
                }
                let sent = self.sent.remove(batch);
                if let Some(sent) = &sent {
                    let doubted = sent.not_told(outcomes).into_iter();
                    let doubted = doubted.map(|id| (id, *batch));
                    self.doubted.extend(doubted);
                }
                sent
            }
            RunEvent::FileDone {
                batch,
                stack,
                file,
                retired,
            } => {
                self.settle(*file);
                if let Some(evidence) = *retired {
                    let batch = *batch;
                    self.files.insert(*file, DeletedFile { batch, evidence });
                    self.doubted.insert(*stack, batch);
                }
                None
            }
            RunEvent::Doubted { batch, ids } => {
                self.doubted.extend(ids.iter().map(|id| (*id, *batch)));
                if let Some(Sent { ids: of, with, .. }) = self.sent.get(batch)
                    && let (Some(folder), Some(first)) = (of.first(), with.first())
                    && ids.contains(first)
                {
                    self.along.insert(*folder, Arc::clone(with));
                }
                None
            }
            RunEvent::Forgotten { ids, .. } => {
                for id in ids {
                    self.settle(*id);
                }
                None
            }
            RunEvent::Started(_)
            | RunEvent::HoldsChanged { .. }
            | RunEvent::Described { .. }
            | RunEvent::Marked { .. }
            | RunEvent::Kept { .. }
            | RunEvent::AgainOver { .. }
            | RunEvent::AgainUsed { .. }
            | RunEvent::Staging(_)
            | RunEvent::Opened { .. }
            | RunEvent::LeftAlone { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Slow { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => None,
        }
    }

    /// Takes an asset off its batch that is answered for before the rest of it.
    pub fn take_off(&mut self, batch: u64, asset: AssetId) {
        if let Some(Sent { ids, .. }) = self.sent.get_mut(&batch) {
            *ids = ids.iter().filter(|id| **id != asset).copied().collect();
        }
    }

    /// Takes notice of what is deleted of what a batch asked for: nobody knows yet what became of
    /// what goes along with it.
    pub fn doubt_along(&mut self, batch: u64) {
        if let Some(sent) = self.sent.get(&batch) {
            self.doubted.extend(sent.with.iter().map(|id| (*id, batch)));
        }
    }

    /// Takes notice that something is written down of an asset.
    pub fn settle(&mut self, id: AssetId) {
        self.doubted.remove(&id);
        self.files.remove(&id);
    }

    /// Takes notice of what became of a folder: where it stays, so does what was to go along with
    /// it.
    fn settle_along(&mut self, folder: AssetId, outcome: &Outcome) {
        let with = self.along.remove(&folder);
        for id in with.iter().flat_map(|with| with.iter()) {
            if !may_have_gone(outcome) {
                self.doubted.remove(id);
            }
        }
    }

    /// What a batch asks for that is not answered.
    #[must_use]
    pub fn asked(&self, batch: u64) -> Option<&Sent> {
        self.sent.get(&batch)
    }

    /// Whether a delete is under way of something that goes in place of what it lies in.
    #[must_use]
    pub fn is_under_way(&self, whole: AssetId) -> bool {
        let mut sent = self.sent.values();
        sent.any(|sent| sent.task == Task::Delete && sent.stack == Some(whole))
    }

    /// Whether nothing is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.doubted.is_empty() && self.files.is_empty()
    }

    /// What is known of each asset of which nothing is written down: nothing of what was sent, but
    /// for files that were deleted in place of a version stack.
    fn outcomes(&self) -> BTreeMap<AssetId, (u64, Outcome)> {
        let sent = self.sent.iter();
        let sent = sent.flat_map(|(batch, sent)| {
            let Sent {
                task,
                ids,
                stack,
                with,
            } = sent;
            let unanswered = match task {
                Task::Delete => Some(Outcome::Unknown),
                Task::Restore => Some(Outcome::Restored { seen: false }),
                // What is moved has a record that says so before.
                Task::Resolve | Task::Stage | Task::Unstage | Task::Collect => None,
            };
            let ids = ids.iter().chain(stack).chain(&**with);
            ids.filter_map(move |id| Some((*id, (*batch, unanswered.clone()?))))
        });
        let doubted = self.doubted.iter();
        let doubted = doubted.map(|(id, batch)| (*id, (*batch, Outcome::Unknown)));
        let unknown = doubted.chain(sent);
        let files = self.files.iter().map(|(id, file)| {
            let DeletedFile { batch, evidence } = *file;
            (*id, (batch, Outcome::Retired(evidence)))
        });
        unknown.chain(files).collect()
    }

    /// The files that were deleted in place of their version stacks, of which nothing is written
    /// down yet, each with what shows it.
    pub fn files(&self) -> impl Iterator<Item = (AssetId, Evidence)> {
        let files = self.files.iter();
        files.map(|(id, DeletedFile { evidence, .. })| (*id, *evidence))
    }

    /// The assets of which nobody knows what became of their delete, each with its batch.
    pub fn deletes(&self) -> impl Iterator<Item = (u64, AssetId)> {
        let outcomes = self.outcomes().into_iter();
        outcomes.filter_map(|(id, (batch, outcome))| {
            (outcome == Outcome::Unknown).then_some((batch, id))
        })
    }

    /// Closes every batch, and says of each delete what is known of it.
    pub fn give_up(&mut self) -> Vec<(u64, Vec<AssetOutcome>)> {
        let mut batches: BTreeMap<u64, Vec<AssetOutcome>> = BTreeMap::new();
        for (id, (batch, outcome)) in std::mem::take(self).outcomes() {
            let outcomes = batches.entry(batch).or_default();
            outcomes.push((id, outcome));
        }
        batches.into_iter().collect()
    }
}
