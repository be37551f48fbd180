//! What was sent and is not answered: a fold over the events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::{RunEvent, Task};
use crate::outcome::{AssetOutcome, Evidence, Outcome};

/// The batches that were sent and are not answered, and what was answered and settled nothing.
///
/// A live run, the replay of a journal and the summary learn it by this one fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenBatches {
    sent: BTreeMap<u64, Sent>,
    /// What the server did not know when it was to delete it, and of which nothing was written
    /// down since; with each the batch.
    doubted: BTreeMap<AssetId, u64>,
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

impl Sent {
    /// What goes along with a folder whose delete was not refused, and of which the answer tells
    /// nothing.
    fn not_told(&self, outcomes: &[AssetOutcome]) -> Vec<AssetId> {
        let went = |(id, outcome): &AssetOutcome| match outcome {
            Outcome::Failed(_)
            | Outcome::Missing
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => false,
            Outcome::Retired(_) | Outcome::Gone(_) | Outcome::Unknown => self.ids.contains(id),
        };
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
                for (id, _) in outcomes {
                    self.settle(*id);
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::outcome::Evidence;

    fn id(number: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(number))
    }

    fn intent(batch: u64, task: Task, numbers: &[u128]) -> RunEvent {
        RunEvent::Intent {
            batch,
            task,
            ids: numbers.iter().map(|number| id(*number)).collect(),
            stack: None,
            with: Arc::default(),
        }
    }

    fn answered(batch: u64, outcomes: Vec<AssetOutcome>) -> RunEvent {
        RunEvent::Answered {
            batch,
            at: Timestamp::UNIX_EPOCH,
            outcomes,
        }
    }

    fn open(batches: &OpenBatches) -> Vec<(u64, Vec<AssetId>)> {
        let mut deletes: BTreeMap<u64, Vec<AssetId>> = BTreeMap::new();
        for (batch, id) in batches.deletes() {
            deletes.entry(batch).or_default().push(id);
        }
        deletes.into_iter().collect()
    }

    fn folded(events: &[RunEvent]) -> OpenBatches {
        let mut batches = OpenBatches::default();
        for event in events {
            batches.apply(event);
        }
        batches
    }

    #[test]
    fn what_was_sent_is_open_until_its_answer() {
        let mut batches = folded(&[
            intent(2, Task::Delete, &[4]),
            intent(1, Task::Delete, &[1, 2]),
        ]);
        assert_eq!(
            open(&batches),
            [(1, vec![id(1), id(2)]), (2, vec![id(4)])],
            "in the order of their numbers"
        );
        // An asset that the answer does not name stays as it was: it is open no longer.
        let outcomes = vec![(id(1), Outcome::Retired(Evidence::Answer))];
        let Sent { task, ids, .. } = batches.apply(&answered(1, outcomes)).unwrap();
        assert_eq!((task, &*ids), (Task::Delete, &[id(1), id(2)][..]));
        assert_eq!(open(&batches), [(2, vec![id(4)])]);
        assert_eq!(batches.apply(&answered(1, Vec::new())), None);
    }

    #[test]
    fn what_goes_along_is_unknown_until_it_is_told_unless_the_folder_is_refused() {
        let folder = |batch| RunEvent::Intent {
            batch,
            task: Task::Delete,
            ids: [id(1)].into(),
            stack: None,
            with: [id(2), id(3)].into(),
        };
        let all = vec![id(1), id(2), id(3)];
        assert_eq!(open(&folded(&[folder(1)])), [(1, all.clone())]);
        let kind = crate::outcome::FailureKind::Permission;
        let message = "No.".to_owned();
        let refused = Outcome::Failed(crate::outcome::Failure { kind, message });
        for outcomes in [vec![(id(1), refused)], Vec::new()] {
            let batches = folded(&[folder(1), answered(1, outcomes)]);
            assert!(batches.is_empty(), "{batches:?}");
        }
        let lost = folded(&[folder(1), answered(1, vec![(id(1), Outcome::Unknown)])]);
        assert_eq!(open(&lost), [(1, vec![id(2), id(3)])]);
        let retired = |number| (id(number), Outcome::Retired(Evidence::Answer));
        let mut batches = folded(&[folder(1), answered(1, vec![retired(1), retired(3)])]);
        assert_eq!(open(&batches), [(1, vec![id(2)])]);
        let with = Outcome::Retired(Evidence::With(id(1)));
        batches.apply(&answered(2, vec![(id(2), with)]));
        assert!(batches.is_empty());
    }

    #[test]
    fn an_asset_that_is_taken_off_leaves_the_rest_of_its_batch_open() {
        let mut batches = folded(&[intent(1, Task::Delete, &[1, 2, 3])]);
        batches.take_off(1, id(2));
        batches.take_off(2, id(1));
        assert_eq!(open(&batches), [(1, vec![id(1), id(3)])]);
    }

    #[test]
    fn an_asset_that_is_sent_again_is_open_again() {
        let batches = folded(&[
            intent(1, Task::Delete, &[1]),
            answered(1, Vec::new()),
            intent(2, Task::Delete, &[1]),
        ]);
        assert_eq!(open(&batches), [(2, vec![id(1)])]);
    }

    #[test]
    fn what_a_delete_did_not_find_is_open_until_something_is_written_down_of_it() {
        let doubted = |batch, numbers: &[u128]| RunEvent::Doubted {
            batch,
            ids: numbers.iter().map(|number| id(*number)).collect(),
        };
        let mut batches = folded(&[
            intent(1, Task::Delete, &[1, 2, 3]),
            doubted(1, &[1, 2, 3]),
            answered(1, Vec::new()),
            intent(2, Task::Resolve, &[1]),
            answered(2, Vec::new()),
        ]);
        assert_eq!(open(&batches), [(1, vec![id(1), id(2), id(3)])]);
        batches.apply(&answered(7, vec![(id(1), Outcome::Missing)]));
        batches.apply(&RunEvent::Forgotten {
            at: Timestamp::UNIX_EPOCH,
            ids: vec![id(2)],
        });
        assert!(!batches.is_empty());
        assert_eq!(batches.give_up(), [(1, vec![(id(3), Outcome::Unknown)])]);
        assert!(batches.is_empty());
    }

    #[test]
    fn what_is_given_up_is_unknown_and_a_reading_leaves_nothing_open() {
        let mut batches = folded(&[
            intent(1, Task::Resolve, &[1]),
            intent(2, Task::Delete, &[2, 3]),
            answered(0, vec![(id(4), Outcome::Missing)]),
        ]);
        assert_eq!(open(&batches), [(2, vec![id(2), id(3)])]);
        let unknown = |number| (id(number), Outcome::Unknown);
        assert_eq!(batches.give_up(), [(2, vec![unknown(2), unknown(3)])]);
        assert_eq!(batches, OpenBatches::default());
        assert_eq!(batches.give_up(), []);
    }
    #[test]
    fn a_file_of_a_stack_has_an_outcome_of_its_own_until_it_is_written_down() {
        let file = |batch, number| RunEvent::Intent {
            batch,
            task: Task::Delete,
            ids: [id(number)].into(),
            stack: Some(id(9)),
            with: Arc::default(),
        };
        let done = |batch, number, retired| RunEvent::FileDone {
            batch,
            stack: id(9),
            file: id(number),
            retired,
        };
        let answer = Evidence::Answer;
        let before = [
            file(1, 1),
            done(1, 1, Some(answer)),
            answered(1, Vec::new()),
            file(2, 2),
            file(3, 3),
            done(3, 3, None),
            answered(3, Vec::new()),
        ];
        let open = folded(&before).give_up();
        let all: BTreeMap<AssetId, Outcome> = open.into_iter().flat_map(|(_, all)| all).collect();
        let expected = [
            (id(1), Outcome::Retired(answer)),
            (id(2), Outcome::Unknown),
            (id(9), Outcome::Unknown),
        ];
        assert_eq!(all, expected.into());
        let own = (id(1), Outcome::Retired(answer));
        for (outcomes, left) in [
            (vec![(id(9), Outcome::Retired(answer)), own.clone()], vec![]),
            (vec![(id(9), Outcome::Unknown)], vec![own]),
        ] {
            let mut batches = folded(&before);
            batches.apply(&done(2, 2, None));
            batches.apply(&answered(2, Vec::new()));
            batches.apply(&answered(4, outcomes));
            let open = batches.give_up();
            let open: Vec<AssetOutcome> = open.into_iter().flat_map(|(_, all)| all).collect();
            assert_eq!(open, left);
        }
        // Nothing came of the delete of the only one that was sent.
        let mut batches = folded(&[file(1, 1), done(1, 1, None), answered(1, Vec::new())]);
        assert_eq!(batches.give_up(), []);
    }

    #[test]
    fn a_delete_in_place_of_something_is_under_way_until_it_is_answered() {
        let of_stack = |batch: u64, task, stack: u128| RunEvent::Intent {
            batch,
            task,
            ids: [id(batch.into())].into(),
            stack: Some(id(stack)),
            with: Arc::default(),
        };
        let mut open = folded(&[
            of_stack(1, Task::Delete, 7),
            of_stack(2, Task::Resolve, 8),
            intent(3, Task::Delete, &[9]),
        ]);
        assert_eq!(
            [7, 8, 9].map(|n| open.is_under_way(id(n))),
            [true, false, false]
        );
        open.apply(&answered(1, Vec::new()));
        assert!(!open.is_under_way(id(7)));
    }
}
