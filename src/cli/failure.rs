//! Why a command could not do what it was asked to, and the exit code of each reason.

use std::io;
use std::path::PathBuf;

use crate::cli::console::{Console, OutputError};
use crate::cli::env::NotText;
use crate::cli::exit::Exit;
use crate::cli::files::FilesError;
use crate::cli::secrets::SecretError;
use crate::cli::settings::SettingsError;
use crate::diagnostic::{Finding, in_words};
use crate::event::StopReason;
use crate::frameio::transport::{EndpointError, TransportError};
use crate::plan::approve::Refused;
use crate::plan::saved::{SavedError, Stale};
use crate::render;
use crate::render::events::StreamError;
use crate::sandbox::seed::SeedError;
use crate::store::StoreError;

/// Why a command could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Standard output cannot be written to.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file cannot be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Manifests or the config are wrong.
    #[error("{}", render::findings::tally(.0))]
    Findings(Vec<Finding>),
    /// A config that was asked for is not there.
    #[error("there is no config `{}`", .0.display())]
    NoConfig(PathBuf),
    /// A seed that was asked for is not there.
    #[error("there is no seed `{}`", .0.display())]
    NoSeed(PathBuf),
    /// A variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no token.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no state where one was asked for.
    #[error("there is no state `{}`", .0.display())]
    NoState(PathBuf),
    /// A file looks like a plan and is none.
    #[error("{}{}: {why}", path.display(), saved_place(why))]
    Saved {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: SavedError,
    },
    /// A file looks like an event stream and is none.
    #[error("{}:{}: {why}", path.display(), why.line)]
    Stream {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: StreamError,
    },
    /// A saved plan no longer fits.
    #[error("`{}`: {why}", path.display())]
    Stale {
        /// The file.
        path: PathBuf,
        /// What no longer fits.
        why: Stale,
    },
    /// The state belongs to another server or account.
    #[error("the state `{}` belongs to {there}, and this run would speak to {here}", path.display())]
    OtherHome {
        /// The state's file.
        path: PathBuf,
        /// Where the state belongs.
        there: String,
        /// Where this run would go.
        here: String,
    },
    /// The manifests and the settings name different accounts.
    #[error("{one} names the account `{first}`, and {other} names `{second}`")]
    TwoAccounts {
        /// Who names the first.
        one: String,
        /// The first account.
        first: String,
        /// Who names the second.
        other: String,
        /// The second account.
        second: String,
    },
    /// The token belongs to another account.
    #[error("the token belongs to the account `{found}`, and {who} asks for `{wanted}`")]
    OtherAccount {
        /// Whose the token is.
        found: String,
        /// Who asks for another.
        who: String,
        /// Which that is.
        wanted: String,
    },
    /// Whose the token is could not be found out.
    #[error("whose token this is cannot be found out: {0}")]
    Who(String),
    /// The server ended it before it began.
    #[error("{}", render::summary::stopped(.0))]
    Stopped(StopReason),
    /// Nobody approved.
    #[error("nobody approved: the plan would delete {}, and nobody is there to ask", render::counted(*.0, "asset", "assets"))]
    Unapproved(usize),
    /// Somebody was asked and did not approve.
    #[error("not approved: nothing was sent")]
    Declined,
    /// The plan is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The seed of the sandbox is wrong.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The sandbox cannot be served.
    #[error("the sandbox cannot listen on port {port}")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something that should always work.
    #[error("cannot {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// No HTTP client could be made.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The sandbox's own address is refused.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// Where a saved plan is wrong, as far as there is one place.
fn saved_place(why: &SavedError) -> String {
    match why {
        SavedError::Format { line, column, .. } => format!(":{line}:{column}"),
        SavedError::Layout { line } => format!(":{line}"),
        SavedError::WrongId { .. }
        | SavedError::Unsorted(_)
        | SavedError::Action { .. }
        | SavedError::Totals => String::new(),
    }
}

impl Failure {
    /// Names what the system refused.
    pub fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            // `head` has seen enough, which is no failure.
            Self::Output(error) if error.is_reader_gone() => Exit::Done,
            Self::Output(_)
            | Self::Files(FilesError::Write { .. })
            | Self::Who(_)
            | Self::Port { .. }
            | Self::System { .. }
            | Self::Transport(_)
            | Self::Endpoint(_) => Exit::Failed,
            Self::Stale { .. }
            | Self::Saved {
                why: SavedError::WrongId { .. } | SavedError::Layout { .. },
                ..
            } => Exit::Stale,
            Self::Files(_)
            | Self::Stream { .. }
            | Self::Findings(_)
            | Self::NoConfig(_)
            | Self::NoSeed(_)
            | Self::NoState(_)
            | Self::Saved { .. }
            | Self::Seed(_) => Exit::Invalid,
            Self::Settings(error) if error.is_config() => Exit::Invalid,
            Self::Settings(_) | Self::NotText(_) => Exit::Usage,
            Self::Secret(_)
            | Self::OtherHome { .. }
            | Self::TwoAccounts { .. }
            | Self::OtherAccount { .. } => Exit::Denied,
            Self::Store(error) => match error {
                StoreError::Locked { .. } => Exit::Locked,
                StoreError::Format { .. } | StoreError::Journal { .. } => Exit::Invalid,
                StoreError::Io { .. } | StoreError::NoLocks { .. } => Exit::Failed,
            },
            Self::Stopped(reason) => stopped(reason),
            Self::Unapproved(_) | Self::Declined | Self::Refused(_) => Exit::Refused,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Files(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Secret(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Saved { why, .. } => Some(why.hint()),
            Self::Stale { why, .. } => Some(why.hint()),
            Self::Refused(why) => Some(why.hint()),
            Self::NoState(_) => Some("`retire apply` makes it; name another with `--state`"),
            Self::OtherHome { .. } => {
                Some("keep one state for each server and account: name another with `--state`")
            }
            Self::TwoAccounts { .. } | Self::OtherAccount { .. } => {
                Some("nothing was sent; use the token and the manifests of one account")
            }
            Self::Unapproved(_) => {
                Some("read the plan with `retire plan`, then give `--auto-approve`")
            }
            Self::Stream { .. } => Some("the lines before it are whole: show a copy of them"),
            Self::Port { .. } => Some("give another with `--port`, or `--port 0` for a free one"),
            Self::Stopped(
                StopReason::NotAuthenticated { .. } | StopReason::NotAuthorised { .. },
            ) => Some("nothing was sent; check the token"),
            Self::Output(_)
            | Self::Findings(_)
            | Self::NoConfig(_)
            | Self::NoSeed(_)
            | Self::NotText(_)
            | Self::Who(_)
            | Self::Stopped(_)
            | Self::Declined
            | Self::Seed(_)
            | Self::System { .. }
            | Self::Transport(_)
            | Self::Endpoint(_) => None,
        }
    }

    /// Writes it to standard error.
    pub fn tell(&self, console: &Console) {
        if let Self::Findings(findings) = self {
            console.words(|style, sink| render::findings::findings(findings, style, sink));
            return;
        }
        if !matches!(self, Self::Output(error) if error.is_reader_gone()) {
            console.error(&in_words(self), self.hint());
        }
    }
}

/// The exit code of a run that was stopped.
#[must_use]
pub const fn stopped(reason: &StopReason) -> Exit {
    match reason {
        StopReason::NotAuthenticated { .. } | StopReason::NotAuthorised { .. } => Exit::Denied,
        StopReason::NotReachable { .. }
        | StopReason::WrongEndpoint { .. }
        | StopReason::Broken { .. }
        | StopReason::NotRecorded { .. } => Exit::Failed,
        StopReason::RateLimited
        | StopReason::TooManyMissing { .. }
        | StopReason::TooManyFailures { .. }
        | StopReason::FailedBatches { .. }
        | StopReason::TimeBudget => Exit::Stopped,
        StopReason::Signal(2) => Exit::Interrupted,
        StopReason::Signal(_) => Exit::Terminated,
    }
}
