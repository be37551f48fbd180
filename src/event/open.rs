//! What was sent and is not answered: a fold over the events.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::{RunEvent, Task};
use crate::outcome::{AssetOutcome, Outcome};

/// The batches that were sent and are not answered, and what was answered and settled nothing.
///
/// A live run, the replay of a journal and the summary learn it by this one fold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenBatches {
    sent: BTreeMap<u64, (Task, Arc<[AssetId]>)>,
    /// What the server did not know when it was to delete it, and of which nothing was written
    /// down since; with each the batch.
    doubted: BTreeMap<AssetId, u64>,
}

impl OpenBatches {
    /// Takes in one event, and gives back what the batch asked for that it answers.
    pub fn apply(&mut self, event: &RunEvent) -> Option<(Task, Arc<[AssetId]>)> {
        match event {
            RunEvent::Intent { batch, task, ids } => {
                self.sent.insert(*batch, (*task, Arc::clone(ids)));
                None
            }
            RunEvent::Answered {
                batch, outcomes, ..
            } => {
                self.settle(outcomes.iter().map(|(id, _)| id));
                self.sent.remove(batch)
            }
            RunEvent::Doubted { batch, ids } => {
                self.doubted.extend(ids.iter().map(|id| (*id, *batch)));
                None
            }
            RunEvent::Forgotten { ids, .. } => {
                self.settle(ids);
                None
            }
            RunEvent::Started(_)
            | RunEvent::Described { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => None,
        }
    }

    /// Takes an asset off its batch that is answered for before the rest of it.
    pub fn take_off(&mut self, batch: u64, asset: AssetId) {
        self.settle([&asset]);
        if let Some((_, ids)) = self.sent.get_mut(&batch) {
            *ids = ids.iter().filter(|id| **id != asset).copied().collect();
        }
    }

    /// Takes notice that something is written down of assets.
    pub fn settle<'id>(&mut self, ids: impl IntoIterator<Item = &'id AssetId>) {
        if self.doubted.is_empty() {
            return;
        }
        for id in ids {
            self.doubted.remove(id);
        }
    }

    /// What a batch asks for that is not answered.
    #[must_use]
    pub fn asked(&self, batch: u64) -> Option<&Arc<[AssetId]>> {
        self.sent.get(&batch).map(|(_, ids)| ids)
    }

    /// Whether nothing is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.doubted.is_empty()
    }

    /// The assets of which nobody knows what became of their delete, each with its batch.
    pub fn deletes(&self) -> impl Iterator<Item = (u64, AssetId)> {
        let sent = self.sent.iter();
        let sent = sent.filter(|(_, (task, _))| *task == Task::Delete);
        let sent = sent.flat_map(|(batch, (_, ids))| ids.iter().map(|id| (*batch, *id)));
        sent.chain(self.doubted.iter().map(|(id, batch)| (*batch, *id)))
    }

    /// Closes every batch, and says of each delete that nobody knows what became of it.
    pub fn give_up(&mut self) -> Vec<(u64, Vec<AssetOutcome>)> {
        let mut batches: BTreeMap<u64, Vec<AssetOutcome>> = BTreeMap::new();
        for (batch, id) in std::mem::take(self).deletes() {
            let outcomes = batches.entry(batch).or_default();
            outcomes.push((id, Outcome::Unknown));
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
        let (task, ids) = batches.apply(&answered(1, outcomes)).unwrap();
        assert_eq!((task, &*ids), (Task::Delete, &[id(1), id(2)][..]));
        assert_eq!(open(&batches), [(2, vec![id(4)])]);
        assert_eq!(batches.apply(&answered(1, Vec::new())), None);
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
}
