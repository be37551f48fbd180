//! Moving assets aside into a folder of their project, and deleting that folder once they are due.
//!
//! Before each move it is on the disk where the assets may be, and after it where they are. A folder
//! is deleted only where two lists of it show exactly what was moved into it. Nothing here is under
//! way side by side: the API takes sixty of these calls a minute, each of a hundred files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::ledger::Ledger;
use crate::asset::{AssetId, Kind};
use crate::event::{Other, RunEvent, StopReason, Task};
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::{Changed, Refusal};
use crate::inventory::Inventory;
use crate::outcome::AssetOutcome;
use crate::plan::approve::Approved;
use crate::state::State;
use crate::store::Session;

mod aside;
mod away;
mod back;
mod collect;
pub(crate) mod elsewhere;
mod folder;
mod found;
mod gate;
mod home;
mod moves;
pub(crate) mod part;
pub(crate) mod since;
#[cfg(test)]
mod tests;
pub(crate) mod unstage;
pub(super) mod whole;

/// How often is looked whether what was in a deleted folder is gone, once it takes long.
const GLANCE: Duration = Duration::from_secs(2);

/// How soon is looked again at first: a run waits so for each of its folders.
const SOON: Duration = Duration::from_millis(250);

/// How long is paused after so long a time.
fn pause_after(spent: Duration) -> Duration {
    spent.clamp(SOON, GLANCE)
}

/// How much of a deleted folder is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verify {
    /// Some of it, and one of each kind.
    #[default]
    Sample,
    All,
}

impl Verify {
    /// Both of them.
    pub(crate) const ALL: [Self; 2] = [Self::Sample, Self::All];

    /// Its name, as it stands in settings.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::All => "all",
        }
    }
}

/// What came of a change: what it did, why the server does not make it, or why nobody knows.
pub(crate) type Answer = Result<Result<Changed, Refusal>, Unmade>;

/// A folder in a list of folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: AssetId,
    pub(crate) name: Option<Arc<str>>,
}

/// What is to be read: some assets, each with its kind where that is known, and what is in those of
/// them that are `whole`.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'ask> {
    pub(crate) assets: &'ask [(AssetId, Option<Kind>)],
    pub(crate) whole: &'ask BTreeSet<AssetId>,
    /// In which project and in what each should lie, where somebody knows.
    pub(crate) place: &'ask dyn Fn(AssetId) -> [Option<AssetId>; 2],
    /// In what each lay when a run listed that to its end, where one did.
    pub(crate) within: &'ask dyn Fn(AssetId) -> Option<AssetId>,
}

/// Who asks the server.
pub(crate) trait Server {
    /// Makes a change.
    fn change(&mut self, change: &Change) -> Answer;

    /// Reads assets.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read.
    fn read(&mut self, wanted: Wanted<'_>) -> Result<Inventory, StopReason>;

    /// Lists the folders that are directly in a folder; nothing where the list could not be read to
    /// its end.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read.
    fn folders_in(&mut self, folder: AssetId) -> Result<Option<Vec<Named>>, StopReason>;

    /// Looks for assets of which each was seen to be of a kind; returns those that are not shown to
    /// be gone.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read.
    fn still_there(&mut self, assets: &[(AssetId, Kind)]) -> Result<Vec<AssetId>, StopReason>;

    /// Those of what was read that bear a mark, and those that may.
    fn marked(&self, read: &Inventory) -> BTreeSet<AssetId>;

    /// Waits.
    ///
    /// # Errors
    ///
    /// Returns what ended it early.
    fn pause(&mut self, time: Duration) -> Result<(), StopReason>;

    /// Says something to people.
    fn tell(&mut self, text: &str);

    /// What time it is on the server, as far as it has told that.
    fn now(&self) -> Timestamp;
}

/// Who reads again what was read too long ago.
pub(super) trait Anew {
    /// Which of some assets that are moved next are other than they were approved, and stay; what is
    /// `behind` them may be read along. The state is what is known now.
    ///
    /// # Errors
    ///
    /// Returns why nothing can be read.
    fn other(
        &mut self,
        next: &[AssetId],
        behind: &mut dyn Iterator<Item = AssetId>,
        state: &dyn Fn() -> State,
    ) -> Result<BTreeMap<AssetId, Other>, StopReason>;
}

/// What becomes of the records of what is moved back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// They are dropped: the manifests say what follows.
    Forget,
    /// They say that somebody has taken it back, so that it is not staged again.
    Rescue,
}

/// What became of an empty staging folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cleared {
    /// The server says that it has deleted it.
    Deleted,
    /// A reading does not find it.
    Gone,
    /// Something else is in it, or somebody has renamed or moved it.
    Kept,
    /// A list shows in it what is elsewhere: whoever looks later can tell whether it is empty.
    Late,
    /// The server did not delete it.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// How it is done.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Who runs it, for the names of folders.
    pub(crate) actor: Option<String>,
    /// For how long is waited until what was in a deleted folder is gone.
    pub(crate) patience: Duration,
    pub(crate) verify: Verify,
}

/// How a run moves assets aside.
pub(crate) struct Stage<'run> {
    pub server: &'run mut dyn Server,
    pub terms: Terms,
}

/// Carries out what a run moves.
pub(super) struct Stager<'stage, 'run, Se> {
    pub(super) ledger: &'stage mut Ledger<'run, Se>,
    pub(super) server: &'stage mut dyn Server,
    /// What was approved; nothing where things are only moved back.
    pub(super) approved: Option<&'stage Approved>,
    pub(super) terms: &'stage Terms,
    /// The number of the last batch of the run.
    pub(super) batches: u64,
    /// Who reads again what is moved aside; nothing where things are only moved back.
    pub(super) anew: Option<&'stage mut dyn Anew>,
    /// To what something was moved back, or may have been.
    pub(super) homes: BTreeSet<AssetId>,
    /// Why nothing more is done.
    pub(super) stop: Option<StopReason>,
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// Moves back what stays, moves aside what goes, and deletes what is due.
    pub(super) fn run(&mut self, run: u64) {
        let Some(approved) = self.approved else {
            return;
        };
        let staging = approved.staging();
        self.move_back(&staging.back, After::Forget);
        for (project, group) in &staging.aside {
            self.move_aside(run, (*project, group), staging.due_at);
        }
        let mut due = staging.due.clone();
        if staging.is_due_at_once {
            due.extend(staging.all_aside().map(|(id, _)| id));
        }
        self.collect(&due);
        self.sweep();
    }

    /// Writes events down; says whether they last.
    fn commit(&mut self, events: Vec<RunEvent>) -> bool {
        if events.is_empty() {
            return true;
        }
        let journalled = self.ledger.journal(&events);
        let lasts = journalled.is_ok();
        self.ledger.spread(events, lasts);
        if let Err(reason) = journalled {
            self.stop(reason);
        }
        lasts
    }

    fn stop(&mut self, reason: StopReason) {
        self.stop.get_or_insert(reason);
    }

    /// Writes down what is to be done to some assets, with what is said of them before; says
    /// whether it may be done.
    fn intend(
        &mut self,
        task: Task,
        (ids, with): (&[AssetId], Arc<[AssetId]>),
        mut before: Vec<RunEvent>,
    ) -> bool {
        self.batches += 1;
        before.push(RunEvent::Intent {
            batch: self.batches,
            task,
            ids: ids.into(),
            stack: None,
            with,
            at: None,
        });
        self.commit(before)
    }

    /// Writes down what came of the last batch.
    fn answered(&mut self, outcomes: Vec<AssetOutcome>) {
        let (batch, at) = (self.batches, self.server.now());
        let mut events = Vec::new();
        if let Some(approved) = self.approved {
            events.extend(approved.again_used(&outcomes));
        }
        events.push(RunEvent::Answered {
            batch,
            at,
            outcomes,
        });
        self.commit(events);
    }

    /// What is said of assets beside the answer of the last batch.
    fn said(&self, outcomes: Vec<AssetOutcome>) -> RunEvent {
        RunEvent::Answered {
            batch: self.batches,
            at: self.server.now(),
            outcomes,
        }
    }

    /// Says that assets stay where they are.
    fn leave_alone(&mut self, ids: impl IntoIterator<Item = AssetId>, other: Other) {
        let assets: Vec<(AssetId, Other)> = ids.into_iter().map(|id| (id, other)).collect();
        let at = self.server.now();
        if !assets.is_empty() {
            self.commit(vec![RunEvent::LeftAlone { at, assets }]);
        }
    }

    /// Says what the server said.
    fn warn(&mut self, message: String) {
        let batch = self.batches;
        self.commit(vec![RunEvent::Warned { batch, message }]);
    }

    /// Takes over why something could not be read.
    fn unless_stopped<T>(&mut self, read: Result<T, StopReason>) -> Option<T> {
        read.map_err(|reason| self.stop(reason)).ok()
    }
}
