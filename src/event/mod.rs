//! The words for what happens during a run: one closed set of events.
//!
//! A live run, the replay of a journal and the display of an old run are the same fold
//! over these events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::outcome::{AssetOutcome, Outcome};

mod call;

pub use call::{RateLimit, Task};

/// Who started a run, when, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// The run's number: one more than the serial of the state it started from.
    pub number: u64,
    /// The run's own id.
    pub id: Uuid,
    /// When it started.
    pub at: Timestamp,
    /// Who started it, and from what.
    pub provenance: Provenance,
    /// The account that the server named, where the run asked for it.
    pub account: Option<String>,
}

/// Who started a run, and from what, as far as the environment tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Who.
    pub actor: Option<String>,
    /// The git commit that it ran from.
    pub commit: Option<String>,
    /// The address of the CI job that it ran in.
    pub ci: Option<String>,
    /// The id of the plan that it carries out: `sha256:` and 64 hexadecimal digits.
    pub plan: Option<String>,
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything that was planned has been sent and answered.
    Done,
    /// It stopped in order before that.
    Stopped(StopReason),
}

/// Why a run stopped before everything was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum StopReason {
    /// The server does not accept the token (status 401).
    NotAuthenticated {
        /// The server's own words.
        detail: String,
    },
    /// Whoever gives tokens gives none.
    NoToken {
        /// Who that is, and its own words.
        detail: String,
    },
    /// The server accepts the token and refuses the call (status 402, 403).
    NotAuthorised {
        /// The server's own words.
        detail: String,
    },
    /// The server could not be reached; nothing was sent.
    NotReachable {
        /// What the connection said.
        detail: String,
    },
    /// The server answers, but not with the API that the program speaks.
    WrongEndpoint {
        /// What it answered.
        detail: String,
    },
    /// The server's rate limit lets nothing through for longer than a request is made again.
    RateLimited {
        /// The call: `bulk_delete`, `read_asset` and so on.
        call: String,
        /// For how much longer, in seconds.
        seconds: u64,
    },
    /// So many assets are missing that the account or the token is probably the wrong one.
    TooManyMissing {
        /// How many assets the server does not know.
        missing: usize,
        /// How many assets it has answered for.
        answered: usize,
    },
    /// So many assets were refused that something is wrong with all of them.
    TooManyFailures {
        /// How many assets the server refused.
        failed: usize,
        /// How many assets it has answered for.
        answered: usize,
    },
    /// None of the assets that were asked for was found, and nothing shows that the account is
    /// the right one.
    WrongAccount {
        /// How many assets the server does not know.
        missing: usize,
    },
    /// The version of the API is not served any more.
    Ended {
        /// What the server answers instead.
        detail: String,
    },
    /// Several batches in a row came to nothing.
    FailedBatches {
        /// How many.
        batches: u32,
        /// What the last answer said.
        detail: String,
    },
    /// The time that the run was given is used up.
    TimeBudget,
    /// A worker broke down; what it had sent is unknown.
    Broken {
        /// What it said.
        detail: String,
    },
    /// What happens can no longer be written down.
    NotRecorded {
        /// What the store said.
        detail: String,
    },
    /// A signal asked to stop.
    Signal {
        /// Its number, as the system counts them.
        number: i32,
    },
}

impl StopReason {
    /// That a rate limit lets nothing through for too long.
    #[must_use]
    pub fn rate_limited(rate_limit: RateLimit, wait: Duration) -> Self {
        Self::RateLimited {
            call: rate_limit.name().to_owned(),
            seconds: wait
                .as_secs()
                .saturating_add(u64::from(wait.subsec_nanos() > 0)),
        }
    }
}

/// One thing that happened during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// The run began.
    Started(RunInfo),
    /// A batch is about to be sent. Without an answer its assets are unknown.
    Intent {
        /// The batch's number within the run, from 1.
        batch: u64,
        /// What it asks.
        task: Task,
        /// The assets that it asks for.
        ids: Arc<[AssetId]>,
    },
    /// A batch was answered.
    Answered {
        /// The batch's number within the run; 0 for what was read before the run.
        batch: u64,
        /// When.
        at: Timestamp,
        /// What became of its assets; one that is missing here stays as it was.
        outcomes: Vec<AssetOutcome>,
    },
    /// The server did not know assets when it was to delete them: until something is written down
    /// of one, nobody knows what became of it.
    Doubted {
        /// The number of the batch that asked for them.
        batch: u64,
        /// Which.
        ids: Vec<AssetId>,
    },
    /// Records that nothing needs any more are dropped.
    Forgotten {
        /// When.
        at: Timestamp,
        /// Whose records.
        ids: Vec<AssetId>,
    },
    /// The server said something that it should not say.
    Warned {
        /// The batch's number within the run.
        batch: u64,
        /// What it said, in one sentence.
        message: String,
    },
    /// Nothing is sent under a rate limit for a while, because of the server's limit.
    Paced {
        /// When.
        at: Timestamp,
        /// Through which.
        rate_limit: RateLimit,
        /// For how long.
        wait: Duration,
        /// Whether the server refused a request (status 429), and not the run's own foresight.
        refused: bool,
        /// How many requests may be under way under the rate limit from now on.
        window: usize,
    },
    /// A request went wrong and is made again.
    Retried {
        /// The number of the batch that went wrong.
        batch: u64,
        /// When.
        at: Timestamp,
        /// How many assets it asks for.
        assets: usize,
        /// How often it went wrong so far.
        tries: u32,
        /// After which pause it is made again.
        wait: Duration,
        /// What went wrong.
        why: String,
    },
    /// Nothing new is sent from now on.
    Stopping {
        /// When.
        at: Timestamp,
        /// Why.
        reason: StopReason,
    },
    /// The run ended.
    Ended {
        /// When.
        at: Timestamp,
        /// Why.
        ending: Ending,
    },
}

impl RunEvent {
    /// Whether the journal keeps the event; what it does not keep changes no record.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        match self {
            Self::Started(_)
            | Self::Intent { .. }
            | Self::Answered { .. }
            | Self::Doubted { .. }
            | Self::Forgotten { .. }
            | Self::Warned { .. }
            | Self::Ended { .. } => true,
            Self::Paced { .. } | Self::Retried { .. } | Self::Stopping { .. } => false,
        }
    }

    /// When it happened, where it says so.
    #[must_use]
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Started(RunInfo { at, .. })
            | Self::Answered { at, .. }
            | Self::Forgotten { at, .. }
            | Self::Paced { at, .. }
            | Self::Retried { at, .. }
            | Self::Stopping { at, .. }
            | Self::Ended { at, .. } => Some(*at),
            Self::Intent { .. } | Self::Doubted { .. } | Self::Warned { .. } => None,
        }
    }
}

/// Hears every event of a run after the journal and the state have it, and cannot stop it.
pub trait Listener {
    /// Takes notice of one event.
    fn on_event(&mut self, event: &RunEvent);
}

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
