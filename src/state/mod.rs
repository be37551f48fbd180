//! What is known about each asset, and how one event changes it.
//!
//! Everything here is pure: no clock, no file, no network.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{RunEvent, RunInfo};
use crate::outcome::{Failure, FailureKind, Outcome};

pub mod format;

#[cfg(test)]
mod tests;

/// Everything that earlier runs have learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The id that the state got when it was made; it never changes.
    pub lineage: Uuid,
    /// Counts the changes: each run that records something raises it by one.
    pub serial: u64,
    /// Where the assets live.
    pub home: Home,
    /// Who changed the state, when, and from what, by run number.
    pub runs: BTreeMap<u64, RunRecord>,
    /// What is known, by asset.
    pub assets: BTreeMap<AssetId, Record>,
    /// Assets that must not be deleted, whatever lists them.
    pub holds: BTreeMap<AssetId, HoldRecord>,
}

/// Which assets a state speaks of: API, server and account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The API's version.
    pub api: Api,
    /// The server's base address without a trailing slash, or `sandbox`.
    pub endpoint: String,
    /// The account, once the server has named it.
    pub account: Option<String>,
}

impl fmt::Display for Home {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api,
            endpoint,
            account,
        } = self;
        write!(formatter, "API {} at `{endpoint}`", api.name())?;
        match account {
            Some(account) => write!(formatter, ", account `{account}`"),
            None => Ok(()),
        }
    }
}

/// A version of the Frame.io API.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// The legacy API, which has a bulk delete.
    V2,
    /// The current API, which deletes one asset a call.
    V4,
}

impl Api {
    /// The version's name, as it stands in documents and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V4 => "v4",
        }
    }
}

/// One run, as the state remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The run's own id.
    pub id: Uuid,
    /// When it started.
    pub at: Timestamp,
    /// Who started it.
    pub actor: Option<String>,
    /// The git commit that it ran from.
    pub commit: Option<String>,
    /// The address of the CI job that it ran in.
    pub ci: Option<String>,
    /// The id of the plan that it carried out.
    pub plan: Option<String>,
    /// What was changed by hand instead.
    pub change: Option<Change>,
}

/// A change by hand: one that no server has confirmed.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The records of these assets were dropped.
    Removed(Vec<AssetId>),
    /// The state was that of this version of the API.
    Migrated(Api),
}

/// What is known about one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where the asset stands.
    pub standing: Standing,
    /// The number of the run that said so.
    pub run: u64,
    /// When it was said.
    pub at: Timestamp,
}

/// Where an asset stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Deleted by us, and confirmed.
    Retired,
    /// Found already deleted.
    Gone,
    /// The server refused; boxed, since most records are not failures.
    Failed(Box<Failed>),
    /// Sent, and no answer that can be trusted came back.
    Unknown {
        /// In how many runs a delete was tried and not confirmed.
        attempts: u32,
    },
}

/// The last refusal of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What sort of refusal it is.
    pub kind: FailureKind,
    /// The server's own words; shared, since thousands of refusals say the same.
    pub message: Arc<str>,
    /// In how many runs a delete was tried and not confirmed.
    pub attempts: u32,
}

/// A hold that the state itself keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRecord {
    /// Why the asset is held.
    pub reason: String,
    /// The moment from which the hold no longer counts; without one it stays.
    pub until: Option<Timestamp>,
}

impl Record {
    /// Where the asset stands.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }
}

impl Standing {
    /// The standing's name, as it stands in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Gone => "gone",
            Self::Failed(_) => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// In how many runs a delete was tried and not confirmed.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Retired | Self::Gone => 0,
            Self::Failed(failed) => failed.attempts,
            Self::Unknown { attempts } => *attempts,
        }
    }
}

impl State {
    /// Makes the state of a place where nothing was retired yet.
    #[must_use]
    pub const fn new(lineage: Uuid, home: Home) -> Self {
        Self {
            lineage,
            serial: 0,
            home,
            runs: BTreeMap::new(),
            assets: BTreeMap::new(),
            holds: BTreeMap::new(),
        }
    }

    /// Takes in what one event says.
    ///
    /// `run` is the number of the run that the event belongs to.
    pub fn apply(&mut self, run: u64, event: &RunEvent) {
        match event {
            RunEvent::Started(info) => self.start(info),
            RunEvent::Answered { at, outcomes, .. } => {
                for (id, outcome) in outcomes {
                    self.absorb(*id, outcome, run, *at);
                }
            }
            RunEvent::FoundDeleted { at, ids } => {
                for id in ids {
                    self.absorb(*id, &Outcome::Gone, run, *at);
                }
            }
            RunEvent::Forgotten { ids, .. } => {
                for id in ids {
                    self.assets.remove(id);
                }
            }
            RunEvent::Intent { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::CalledBack { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => {}
        }
    }

    fn absorb(&mut self, id: AssetId, outcome: &Outcome, run: u64, at: Timestamp) {
        // One search of the tree for each, since there may be a million.
        match self.assets.entry(id) {
            Entry::Vacant(place) => {
                place.insert(absorb(None, outcome, run, at));
            }
            Entry::Occupied(mut place) => {
                let record = absorb(Some(place.get()), outcome, run, at);
                place.insert(record);
            }
        }
    }

    fn start(&mut self, info: &RunInfo) {
        let RunInfo {
            number,
            id,
            at,
            actor,
            commit,
            ci,
            plan,
            account,
        } = info.clone();
        self.serial = number;
        if account.is_some() {
            self.home.account = account;
        }
        self.runs.insert(
            number,
            RunRecord {
                id,
                at,
                actor,
                commit,
                ci,
                plan,
                change: None,
            },
        );
    }

    /// Drops records by hand; the change counts as a run and says whose they were.
    pub fn remove(&mut self, info: &RunInfo, ids: &[AssetId]) {
        self.start(info);
        for id in ids {
            self.assets.remove(id);
        }
        if let Some(run) = self.runs.get_mut(&info.number) {
            run.change = Some(Change::Removed(ids.to_vec()));
        }
    }

    /// Moves the state to another version of the API; the change counts as a run.
    pub fn migrate(&mut self, info: &RunInfo, home: Home) {
        self.start(info);
        let before = std::mem::replace(&mut self.home, home);
        if let Some(run) = self.runs.get_mut(&info.number) {
            run.change = Some(Change::Migrated(before.api));
        }
    }

    /// Counts the assets by standing.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for record in self.assets.values() {
            counts.add(&record.standing);
        }
        counts
    }

    /// Counts the assets by standing and by the run that said so last.
    #[must_use]
    pub fn counts_by_run(&self) -> BTreeMap<u64, Counts> {
        let mut counts: BTreeMap<u64, Counts> = BTreeMap::new();
        for record in self.assets.values() {
            counts.entry(record.run).or_default().add(&record.standing);
        }
        counts
    }
}

/// How many assets stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Deleted by us.
    pub retired: usize,
    /// Found already deleted.
    pub gone: usize,
    /// Refused by the server.
    pub failed: usize,
    /// Sent, and not confirmed.
    pub unknown: usize,
}

impl Counts {
    /// Counts one more asset.
    pub const fn add(&mut self, standing: &Standing) {
        match standing {
            Standing::Retired => self.retired += 1,
            Standing::Gone => self.gone += 1,
            Standing::Failed(_) => self.failed += 1,
            Standing::Unknown { .. } => self.unknown += 1,
        }
    }
}

/// Decides what is known about an asset after one outcome: the third decision table.
///
/// An asset that is missing after a delete whose answer was lost was deleted by us. One that
/// was confirmed once stays confirmed: no later answer makes `retired` less than that, except a
/// refusal or a lost answer of a new delete, since then somebody has restored it.
#[must_use]
pub fn absorb(record: Option<&Record>, outcome: &Outcome, run: u64, at: Timestamp) -> Record {
    let before = record.map(|record| &record.standing);
    // A run that asks several times, since answers are lost, makes one attempt.
    let counted = record.is_some_and(|record| record.run == run);
    let attempts = before.map_or(0, Standing::attempts);
    let attempts = attempts.saturating_add(u32::from(!counted)).max(1);
    let standing = match (outcome, before) {
        (Outcome::Retired, _)
        | (Outcome::Gone, Some(Standing::Unknown { .. } | Standing::Retired)) => Standing::Retired,
        (Outcome::Gone, Some(Standing::Gone | Standing::Failed(_)) | None) => Standing::Gone,
        (Outcome::Failed(Failure { kind, message }), _) => Standing::Failed(Box::new(Failed {
            kind: *kind,
            message: share(before, message),
            attempts,
        })),
        (Outcome::Unknown, _) => Standing::Unknown { attempts },
    };
    Record { standing, run, at }
}

/// Keeps the message of the last refusal where the new one says the same.
fn share(before: Option<&Standing>, message: &str) -> Arc<str> {
    match before {
        Some(Standing::Failed(failed)) if *failed.message == *message => {
            Arc::clone(&failed.message)
        }
        Some(
            Standing::Failed(_) | Standing::Retired | Standing::Gone | Standing::Unknown { .. },
        )
        | None => Arc::from(message),
    }
}
