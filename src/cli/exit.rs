//! Exit codes: the same for every command.

use std::process::ExitCode;

use crate::app::error::Error;
use crate::event::StopReason;
use crate::plan::saved::SavedError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and nothing is left open.
    Done,
    /// It failed for a reason that no other code names.
    Failed,
    /// `plan --detailed-exitcode` found changes.
    Pending,
    /// The run ended, and some assets failed, are missing, unknown, blocked, in drift or not read;
    /// or a plan lists what is missing, in drift or cannot be read.
    Open,
    /// A guard, a hold or a pin is in the way, or nobody approved.
    Refused,
    /// The plan is stale or expired.
    Stale,
    /// Another run has the state.
    Locked,
    /// Not authenticated, not authorised, or the wrong account.
    Denied,
    /// A manifest, a state, a plan or a config is not valid.
    Invalid,
    /// Stopped in good order with work left.
    Stopped,
    Usage,
    Interrupted,
    Terminated,
}

impl Exit {
    /// Every way to end, in the order of the codes.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Failed,
        Self::Pending,
        Self::Open,
        Self::Refused,
        Self::Stale,
        Self::Locked,
        Self::Denied,
        Self::Invalid,
        Self::Stopped,
        Self::Usage,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The code that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Pending => 2,
            Self::Open => 3,
            Self::Refused => 4,
            Self::Stale => 5,
            Self::Locked => 6,
            Self::Denied => 7,
            Self::Invalid => 8,
            Self::Stopped => 9,
            Self::Usage => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What the code means, for the help of each command and for docs/exit-codes.md.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => {
                "done; nothing left open: each listed asset is retired, gone, deferred, held or covered (without `--detailed-exitcode` also a plan with changes)"
            }
            Self::Failed => "failed for a reason not listed here",
            Self::Pending => {
                "`plan --detailed-exitcode`: changes pending; `find --policy --check`: a manifest would change"
            }
            Self::Open => {
                "apply ended, and some assets failed, are missing, unknown, blocked, skipped, in drift, not read or other than reviewed; plan: something listed is missing, in drift or cannot be read; find could not read everything; probe could not find out everything, or left something"
            }
            Self::Refused => {
                "refused: a guard, a pin, a mark that cannot be read, something protected that cannot be placed, or missing approval; nothing was sent; also a plan that apply would refuse"
            }
            Self::Stale => {
                "the plan is expired, from the future, or not what its manifests say now"
            }
            Self::Locked => "the state is locked by another run",
            Self::Denied => "not authenticated, not authorised, or the wrong account",
            Self::Invalid => {
                "a manifest, state, plan, policy or config does not parse or validate, or is not there"
            }
            Self::Stopped => "stopped in good order with work left",
            Self::Usage => "wrong usage",
            Self::Interrupted => "interrupted (SIGINT); stopped in good order",
            Self::Terminated => "terminated (SIGTERM); stopped in good order",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::Stopped(reason) => reason.into(),
            Error::OutOfTime(_) => Self::Stopped,
            Error::Who(_)
            | Error::NoProbeProject(_)
            | Error::ProbeJournal { .. }
            | Error::NotThere { .. }
            | Error::NoField(_)
            | Error::Port { .. }
            | Error::Threads(_)
            | Error::Transport(_)
            | Error::Endpoint(_) => Self::Failed,
            Error::Crowded(_) | Error::WrongNumber(_) => Self::Refused,
            Error::MarksOnlyV4(_) | Error::Only(_) => Self::Usage,
            Error::Stale { .. }
            | Error::Saved {
                why: SavedError::Older(_) | SavedError::WrongId { .. } | SavedError::Layout { .. },
                ..
            } => Self::Stale,
            Error::Findings(_) | Error::Saved { .. } => Self::Invalid,
            Error::OtherHome { .. }
            | Error::TwoAccounts { .. }
            | Error::OtherAccount { .. }
            | Error::SeveralAccounts(_)
            | Error::NoAccount
            | Error::OpensNothing { .. }
            | Error::SandboxToken(_) => Self::Denied,
        }
    }
}

/// The exit code of a run that was stopped.
impl From<&StopReason> for Exit {
    fn from(reason: &StopReason) -> Self {
        match reason {
            StopReason::NotAuthenticated { .. }
            | StopReason::NoToken { .. }
            | StopReason::NotAuthorised { .. }
            | StopReason::NotPaid { .. }
            | StopReason::WrongAccount { .. } => Self::Denied,
            StopReason::NotReachable { .. }
            | StopReason::Ended { .. }
            | StopReason::WrongEndpoint { .. }
            | StopReason::Broken { .. }
            | StopReason::NotRecorded { .. } => Self::Failed,
            StopReason::RateLimited { .. }
            | StopReason::NoAnswer { .. }
            | StopReason::TooManyMissing { .. }
            | StopReason::TooManyFailures { .. }
            | StopReason::FailedBatches { .. }
            | StopReason::TimeBudget => Self::Stopped,
            StopReason::Signal { number: 2 } => Self::Interrupted,
            StopReason::Signal { .. } => Self::Terminated,
        }
    }
}
