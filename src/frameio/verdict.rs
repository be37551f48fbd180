//! What follows from an answer, whichever version of the API gave it.

use std::time::Duration;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::frameio::odd::Odd;
use crate::frameio::pacer::Pace;
use crate::frameio::reply::{Body, Reply};
use crate::frameio::words::{bounded, detail, is_over, is_refusal};
use crate::outcome::{AssetOutcome, Failure, FailureKind, Outcome};

/// What follows from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<T> {
    /// The server said what was asked.
    Told(T),
    /// The server refuses to say it (status 403), which says nothing of anything else.
    Refused {
        /// The server's own words.
        detail: String,
    },
    /// The server does not know what was asked about (status 404), or only as another kind (422).
    Absent {
        /// The server's own words.
        detail: String,
    },
    /// The server asks for patience, and did nothing.
    SlowDown {
        /// How long its headers ask to wait.
        wait: Option<Duration>,
    },
    /// Whoever gives tokens asks for patience, and nothing was sent.
    NoTokenYet {
        /// How long its headers ask to wait.
        wait: Option<Duration>,
    },
    NotSent {
        /// What the connection said.
        detail: String,
    },
    /// The answer cannot be used: of a delete, nobody knows what became of the assets.
    Unknown {
        /// What came instead of an answer.
        detail: String,
    },
    /// The answer is one of the API's, and a field of it is not what it should be: the server says
    /// the same whenever it is asked.
    Malformed {
        /// Which field, and what is wrong with it.
        detail: String,
    },
    /// The same would come to any other call, and it is not said in the API's own words that nothing
    /// was done: the run must stop. Of a delete nobody knows what became of the assets, since a
    /// login page or a proxy may answer in place of a server that had the request already.
    Denied(StopReason),
    /// The run must stop; the assets stay as they were.
    Stop(StopReason),
}

/// What the answer to a delete says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// What became of each asset.
    Settled {
        /// What became of the assets.
        outcomes: Vec<AssetOutcome>,
        /// The others, which are to be read: the server says that they are not there. With each
        /// the refusal that this is where it is found alive.
        doubtful: Vec<(AssetId, Failure)>,
    },
    /// The server refused the batch as a whole because of some of its assets: send its halves.
    /// Until they are answered nobody knows what became of the assets.
    Halve,
}

/// What the server says of one asset that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    There,
    /// It was deleted at this moment.
    Deleted(Timestamp),
    /// The server does not know it.
    Missing,
    /// The server knows no such asset of the kind that was asked for (V4, status 422).
    OtherKind {
        /// The server's own words.
        detail: String,
    },
}

impl Live {
    /// The same, unless it is said of a moment that is not over by the answer's own date.
    ///
    /// # Errors
    ///
    /// Returns why the answer cannot be used.
    pub(super) fn so_far(self, reply: &Reply) -> Result<Self, Odd> {
        match self {
            Self::Deleted(at) if !is_over(at, reply.date()) => {
                let why = format!("nothing shows that its `deleted_at` is over: {at}");
                Err(Odd::Field(why))
            }
            Self::There | Self::Deleted(_) | Self::Missing | Self::OtherKind { .. } => Ok(self),
        }
    }
}

/// An answer as far as a verdict depends on it.
pub(super) struct Answer<'reply> {
    pub(super) status: u16,
    pub(super) wait: Option<Duration>,
    pub(super) body: &'reply Body,
}

impl<T> Verdict<T> {
    /// The same of something else that is told.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Verdict<U> {
        match self {
            Self::Told(told) => Verdict::Told(convert(told)),
            Self::Refused { detail } => Verdict::Refused { detail },
            Self::Absent { detail } => Verdict::Absent { detail },
            Self::SlowDown { wait } => Verdict::SlowDown { wait },
            Self::NoTokenYet { wait } => Verdict::NoTokenYet { wait },
            Self::NotSent { detail } => Verdict::NotSent { detail },
            Self::Unknown { detail } => Verdict::Unknown { detail },
            Self::Malformed { detail } => Verdict::Malformed { detail },
            Self::Denied(reason) => Verdict::Denied(reason),
            Self::Stop(reason) => Verdict::Stop(reason),
        }
    }

    /// Takes an answer apart, or says what follows from there being none.
    pub(super) fn answer(reply: &Reply) -> Result<Answer<'_>, Self> {
        match reply {
            Reply::Answered {
                status, wait, body, ..
            } => Ok(Answer {
                status: *status,
                wait: *wait,
                body,
            }),
            Reply::NoToken(why) => Err(Self::Stop(why.clone())),
            Reply::Busy { wait, detail: _ } => Err(Self::NoTokenYet { wait: *wait }),
            Reply::TokenLate { detail } | Reply::NotSent { detail } => Err(Self::NotSent {
                detail: detail.clone(),
            }),
            Reply::Lost { detail } => Err(Self::Unknown {
                detail: detail.clone(),
            }),
        }
    }

    /// What it tells of the server's pace.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        match self {
            Self::SlowDown { wait } => Pace::Refused { wait: *wait },
            Self::NoTokenYet { wait } => Pace::NoToken { wait: *wait },
            Self::Unknown { .. } | Self::NotSent { .. } => Pace::Troubled,
            Self::Told(_)
            | Self::Refused { .. }
            | Self::Absent { .. }
            | Self::Malformed { .. }
            | Self::Denied(_)
            | Self::Stop(_) => Pace::Taken,
        }
    }

    /// Judges the answer to a reading, of which `parse` takes what was asked.
    pub(super) fn of_reading(reply: &Reply, parse: impl FnOnce(&[u8]) -> Result<T, Odd>) -> Self {
        let Answer { status, wait, body } = match Self::answer(reply) {
            Ok(answer) => answer,
            Err(verdict) => return verdict,
        };
        match (status, body) {
            (200, Body::Whole(bytes)) => match parse(bytes) {
                Ok(told) => Self::Told(told),
                Err(Odd::Foreign(why)) => Self::Unknown {
                    detail: undocumented(&why),
                },
                Err(Odd::Field(why)) => Self::Malformed {
                    detail: undocumented(&why),
                },
            },
            (200, Body::Cut { detail }) => Self::cut_short(detail),
            (429, _) => Self::SlowDown { wait },
            (403, _) => Self::Refused {
                detail: detail(status, body),
            },
            (300..=399 | 401 | 402 | 405, _) => Self::denied(status, body),
            (_, _) => Self::Unknown {
                detail: detail(status, body),
            },
        }
    }

    /// What follows from a success whose body ended early.
    pub(super) fn cut_short(why: &str) -> Self {
        Self::Unknown {
            detail: format!("the answer was cut short: {why}"),
        }
    }

    /// What follows from a status that every other call would be answered with as well.
    pub(super) fn denied(status: u16, body: &Body) -> Self {
        let denied = is_denied(status, body);
        let detail = detail(status, body);
        let reason = match status {
            300..=399 => StopReason::WrongEndpoint {
                detail: format!(
                    "it answers with a redirect (status {status}), which is not followed"
                ),
            },
            401 => StopReason::NotAuthenticated { detail },
            402 => StopReason::NotPaid { detail },
            403 => StopReason::NotAuthorised { detail },
            _ => StopReason::WrongEndpoint { detail },
        };
        if denied {
            Self::Denied(reason)
        } else {
            Self::Stop(reason)
        }
    }
}

/// Whether an answer denies the call, and is not the API's own refusal: a redirect, a method that is
/// not known, or a refusal in nobody's words.
#[must_use]
pub fn is_denied(status: u16, body: &Body) -> bool {
    match status {
        300..=399 | 405 => true,
        401..=403 => !is_refusal(body),
        _ => false,
    }
}

/// Says that a success is not the documented one.
pub(super) fn undocumented(why: &str) -> String {
    bounded(&format!("the answer is not the documented one: {why}"))
}

impl Deletion {
    /// That one asset was not found by its delete; the refusal is what a reading that finds it
    /// alive makes of that.
    pub(super) fn not_found(id: AssetId) -> Self {
        let refusal = Failure {
            kind: FailureKind::Conflict,
            message: "the server refuses the delete of an asset that is there".to_owned(),
        };
        Self::Settled {
            outcomes: Vec::new(),
            doubtful: vec![(id, refusal)],
        }
    }

    /// What became of the only asset of a delete.
    pub(super) fn of_one(id: AssetId, outcome: Outcome) -> Self {
        Self::Settled {
            outcomes: vec![(id, outcome)],
            doubtful: Vec::new(),
        }
    }
}

/// The refusal of one asset, by its status.
pub(super) fn refusal(status: u16, body: &Body) -> Failure {
    Failure {
        kind: match status {
            403 => FailureKind::Permission,
            409 => FailureKind::Conflict,
            _ => FailureKind::Invalid,
        },
        message: detail(status, body),
    }
}
