//! Why a run stopped, as the event stream says it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::event::StopReason;

/// Why a run stopped before everything was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reason<'line> {
    /// The server does not accept the token (status 401).
    NotAuthenticated {
        /// The server's own words.
        detail: Cow<'line, str>,
    },
    /// The server accepts the token and refuses the call (status 402, 403).
    NotAuthorised {
        /// The server's own words.
        detail: Cow<'line, str>,
    },
    /// The server could not be reached; nothing was sent.
    NotReachable {
        /// What the connection said.
        detail: Cow<'line, str>,
    },
    /// The server answers, but not with the API that the program speaks.
    WrongEndpoint {
        /// What it answered.
        detail: Cow<'line, str>,
    },
    /// The server goes on refusing because of its rate limit.
    RateLimited {},
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
        detail: Cow<'line, str>,
    },
    /// Several batches in a row came to nothing.
    FailedBatches {
        /// How many.
        batches: u32,
        /// What the last answer said.
        detail: Cow<'line, str>,
    },
    /// The time that the run was given is used up.
    TimeBudget {},
    /// A worker broke down; what it had sent is unknown.
    Broken {
        /// What it said.
        detail: Cow<'line, str>,
    },
    /// What happens can no longer be written down.
    NotRecorded {
        /// What the store said.
        detail: Cow<'line, str>,
    },
    /// A signal asked to stop.
    Signal {
        /// Its number, as the system counts them.
        number: i32,
    },
}

impl<'line> From<&'line StopReason> for Reason<'line> {
    fn from(reason: &'line StopReason) -> Self {
        let words = |detail: &'line String| Cow::Borrowed(&**detail);
        match reason {
            StopReason::NotAuthenticated { detail } => Self::NotAuthenticated {
                detail: words(detail),
            },
            StopReason::NotAuthorised { detail } => Self::NotAuthorised {
                detail: words(detail),
            },
            StopReason::NotReachable { detail } => Self::NotReachable {
                detail: words(detail),
            },
            StopReason::WrongEndpoint { detail } => Self::WrongEndpoint {
                detail: words(detail),
            },
            StopReason::RateLimited => Self::RateLimited {},
            StopReason::TooManyMissing { missing, answered } => Self::TooManyMissing {
                missing: *missing,
                answered: *answered,
            },
            StopReason::TooManyFailures { failed, answered } => Self::TooManyFailures {
                failed: *failed,
                answered: *answered,
            },
            StopReason::WrongAccount { missing } => Self::WrongAccount { missing: *missing },
            StopReason::Ended { detail } => Self::Ended {
                detail: words(detail),
            },
            StopReason::FailedBatches { batches, detail } => Self::FailedBatches {
                batches: *batches,
                detail: words(detail),
            },
            StopReason::TimeBudget => Self::TimeBudget {},
            StopReason::Broken { detail } => Self::Broken {
                detail: words(detail),
            },
            StopReason::NotRecorded { detail } => Self::NotRecorded {
                detail: words(detail),
            },
            StopReason::Signal(number) => Self::Signal { number: *number },
        }
    }
}

impl From<Reason<'_>> for StopReason {
    fn from(reason: Reason<'_>) -> Self {
        match reason {
            Reason::NotAuthenticated { detail } => Self::NotAuthenticated {
                detail: detail.into_owned(),
            },
            Reason::NotAuthorised { detail } => Self::NotAuthorised {
                detail: detail.into_owned(),
            },
            Reason::NotReachable { detail } => Self::NotReachable {
                detail: detail.into_owned(),
            },
            Reason::WrongEndpoint { detail } => Self::WrongEndpoint {
                detail: detail.into_owned(),
            },
            Reason::RateLimited {} => Self::RateLimited,
            Reason::TooManyMissing { missing, answered } => {
                Self::TooManyMissing { missing, answered }
            }
            Reason::TooManyFailures { failed, answered } => {
                Self::TooManyFailures { failed, answered }
            }
            Reason::WrongAccount { missing } => Self::WrongAccount { missing },
            Reason::Ended { detail } => Self::Ended {
                detail: detail.into_owned(),
            },
            Reason::FailedBatches { batches, detail } => Self::FailedBatches {
                batches,
                detail: detail.into_owned(),
            },
            Reason::TimeBudget {} => Self::TimeBudget,
            Reason::Broken { detail } => Self::Broken {
                detail: detail.into_owned(),
            },
            Reason::NotRecorded { detail } => Self::NotRecorded {
                detail: detail.into_owned(),
            },
            Reason::Signal { number } => Self::Signal(number),
        }
    }
}
