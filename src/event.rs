//! The words for what happens during a run: one closed set of events.
//!
//! A live run, the replay of a journal and the display of an old run are the same fold
//! over these events.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::outcome::AssetOutcome;

/// Who started a run, when, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// The run's number: one more than the serial of the state it started from.
    pub number: u64,
    /// The run's own id.
    pub id: Uuid,
    /// When it started.
    pub at: Timestamp,
    /// Who started it, as far as the environment tells.
    pub actor: Option<String>,
    /// The git commit that it ran from, as far as the environment tells.
    pub commit: Option<String>,
    /// The address of the CI job that it ran in, as far as the environment tells.
    pub ci: Option<String>,
    /// The id of the plan that it carries out: `sha256:` and 64 hexadecimal digits.
    pub plan: Option<String>,
    /// The account that the server named, where the run asked for it.
    pub account: Option<String>,
}

/// What a batch asks of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Delete the assets.
    Delete,
    /// Read the assets, to learn what became of an earlier delete.
    Resolve,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The server does not accept the token (status 401).
    NotAuthenticated {
        /// The server's own words.
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
    /// The server answers, but not with the API that we speak.
    WrongEndpoint {
        /// What it answered.
        detail: String,
    },
    /// The server goes on refusing because of its rate limit.
    RateLimited,
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
    /// A signal asked to stop; its number as the system counts them.
    Signal(i32),
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
        /// The batch's number within the run.
        batch: u64,
        /// When.
        at: Timestamp,
        /// What became of its assets; one that is missing here stays as it was.
        outcomes: Vec<AssetOutcome>,
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
    /// The run ended.
    Ended {
        /// When.
        at: Timestamp,
        /// Why.
        ending: Ending,
    },
}

/// Hears every event of a run after the journal and the state have it, and cannot stop it.
pub trait Listener {
    /// Takes notice of one event.
    fn hear(&mut self, event: &RunEvent);
}
