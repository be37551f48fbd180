//! The words for what happens during a run: one closed set of events.
//!
//! A live run, the replay of a journal and the display of an old run are the same fold
//! over these events.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::inventory::{Known, Mark};
use crate::outcome::{AssetOutcome, Evidence};

mod call;
mod hold;
mod kept;
mod open;
mod other;

pub use call::{RateLimit, Task};
pub use hold::{HoldChanges, Released, SeenHold, Subject};
#[cfg(test)]
pub(crate) use kept::samples as kept_samples;
pub use kept::{Kept, Path, Waypoint, Why};
pub use open::{OpenBatches, Sent};
pub use other::Other;

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
    /// The server accepts the token and refuses the call (status 403).
    NotAuthorised {
        /// The server's own words.
        detail: String,
    },
    /// What the account pays for does not allow the call (status 402).
    NotPaid {
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
    /// The server takes requests, and none was answered for as long as one is made again.
    NoAnswer {
        /// The call: `bulk_delete`, `read_asset` and so on.
        call: String,
        /// For how long it was waited, in seconds.
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
    /// That no answer came for so long.
    #[must_use]
    pub fn no_answer(rate_limit: RateLimit, waited: Duration) -> Self {
        Self::NoAnswer {
            call: rate_limit.name().to_owned(),
            seconds: waited.as_secs(),
        }
    }

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

/// A folder that assets are moved into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staging {
    /// The project at whose top it lies.
    pub project: AssetId,
    /// What it is called.
    pub name: Arc<str>,
    /// The folder at the top of the project, in which it is made; nothing where an earlier version
    /// wrote it down.
    pub root: Option<AssetId>,
    /// The folder itself; nothing where it is about to be made.
    pub id: Option<AssetId>,
    /// Whether nothing is in it and nothing went with it, and it is gone or has become somebody's own.
    pub is_over: bool,
}

/// One thing that happened during a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// The run began.
    Started(RunInfo),
    /// The holds that the state keeps are others now.
    HoldsChanged {
        /// When.
        at: Timestamp,
        /// Which.
        changes: HoldChanges,
    },
    /// What assets are called, where they lie and how large they are, said before anything is
    /// sent or recorded of them: nobody can read it once they are deleted.
    Described {
        /// Which assets, and what is known of each.
        assets: Vec<(AssetId, Known)>,
    },
    /// The marks that people have set in Frame.io are other than the state has them.
    Marked {
        /// Those that are new, or say something else.
        seen: Vec<(AssetId, Mark)>,
    },
    /// What stays since something protected is connected with it, as the plan has it.
    Kept {
        /// All that the plan holds back so.
        kept: Vec<Kept>,
        /// What an earlier run held back, and this plan does not.
        over: Vec<AssetId>,
    },
    /// Entries that had said `again: true` say it no more: written anew, it counts once more.
    AgainOver {
        /// The assets.
        ids: Vec<AssetId>,
    },
    /// Assets whose entries say `again: true` are deleted, which uses that up; said right before the
    /// answer is.
    AgainUsed {
        /// The assets.
        ids: Vec<AssetId>,
    },
    /// A folder is about to be made that assets are moved into, or is made.
    Staging(Staging),
    /// A batch is about to be sent. Without an answer its assets are unknown.
    Intent {
        /// The batch's number within the run, from 1.
        batch: u64,
        /// What it asks.
        task: Task,
        /// The assets that it asks for.
        ids: Arc<[AssetId]>,
        /// The version stack that they are files of, where they are deleted in its place: without
        /// an answer it is unknown as well.
        stack: Option<AssetId>,
        /// What the plan knows of what goes along with the folder that is deleted: unless that is
        /// refused, it is unknown until something is written down of it.
        with: Arc<[AssetId]>,
        /// When that was, of a delete, by the server's clock as far as it had told the time.
        at: Option<Timestamp>,
    },
    /// A version stack is about to be deleted file by file, or something is about to be moved aside
    /// with what is in it.
    Opened {
        /// The version stack or folder.
        stack: AssetId,
        /// The files that it was found to hold; of what is moved aside, all that is in it.
        files: Arc<[AssetId]>,
    },
    /// It is known what became of a file that is deleted in place of its version stack. Until its
    /// version stack is done with and each file has a record of its own, those that we deleted are
    /// known by this.
    FileDone {
        /// The number of the batch that told it.
        batch: u64,
        /// The version stack.
        stack: AssetId,
        /// The file.
        file: AssetId,
        /// What shows that we deleted it; nothing where we did not.
        retired: Option<Evidence>,
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
    /// Assets that were to be deleted stay: read again before they were sent, they were other than
    /// reviewed. Their records stay as they are.
    LeftAlone {
        /// When.
        at: Timestamp,
        /// Which, and what is other.
        assets: Vec<(AssetId, Other)>,
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
    /// What was asked for is not answered yet, and people ask themselves whether anything goes on.
    Slow {
        /// The number of the batch; 0 for what is read beside the run.
        batch: u64,
        /// When.
        at: Timestamp,
        /// Through which rate limit; that of the token where it waits for one.
        rate_limit: RateLimit,
        /// How many assets it asks for.
        assets: usize,
        /// For how much longer the answer is waited for at most.
        wait: Duration,
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
            | Self::HoldsChanged { .. }
            | Self::Described { .. }
            | Self::Marked { .. }
            | Self::Kept { .. }
            | Self::AgainOver { .. }
            | Self::AgainUsed { .. }
            | Self::Staging(_)
            | Self::Intent { .. }
            | Self::Opened { .. }
            | Self::FileDone { .. }
            | Self::Answered { .. }
            | Self::Doubted { .. }
            | Self::Forgotten { .. }
            | Self::Warned { .. }
            | Self::Ended { .. } => true,
            Self::LeftAlone { .. }
            | Self::Paced { .. }
            | Self::Retried { .. }
            | Self::Slow { .. }
            | Self::Stopping { .. } => false,
        }
    }

    /// When it happened, where it says so.
    #[must_use]
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Started(RunInfo { at, .. })
            | Self::HoldsChanged { at, .. }
            | Self::Answered { at, .. }
            | Self::Forgotten { at, .. }
            | Self::LeftAlone { at, .. }
            | Self::Paced { at, .. }
            | Self::Retried { at, .. }
            | Self::Slow { at, .. }
            | Self::Stopping { at, .. }
            | Self::Ended { at, .. } => Some(*at),
            Self::Described { .. }
            | Self::Marked { .. }
            | Self::Kept { .. }
            | Self::AgainOver { .. }
            | Self::AgainUsed { .. }
            | Self::Staging(_)
            | Self::Intent { .. }
            | Self::Opened { .. }
            | Self::FileDone { .. }
            | Self::Doubted { .. }
            | Self::Warned { .. } => None,
        }
    }
}

/// Hears every event of a run after the journal and the state have it, and cannot stop it.
pub trait Listener {
    /// Takes notice of one event.
    fn on_event(&mut self, event: &RunEvent);
}
