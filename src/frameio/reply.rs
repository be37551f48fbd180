//! What comes back of a request, before anybody has judged it.

use std::time::Duration;

use jiff::Timestamp;

use crate::event::StopReason;

/// What came of one request, before anybody has judged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Answered {
        status: u16,
        /// How long the server's headers ask to wait before the next request of this kind.
        wait: Option<Duration>,
        /// What its headers say of the limit of this kind of request.
        limits: Option<Limits>,
        /// When it was made, by the server's own clock, where its headers say so.
        date: Option<Timestamp>,
        /// How many pages the list has that it is one of, where its headers say so.
        pages: Option<u32>,
        /// The body, or why it did not come whole.
        body: Body,
    },
    /// No token can be had for it, so nothing was sent, and nothing else can be.
    NoToken(StopReason),
    /// Whoever gives tokens asks for patience, so nothing was sent.
    Busy {
        /// How long to wait, where that is said.
        wait: Option<Duration>,
        detail: String,
    },
    /// Whoever gives tokens took the question and did not answer it in time, so nothing was sent.
    TokenLate {
        /// What came instead of an answer.
        detail: String,
    },
    /// The connection failed before anything was sent.
    NotSent {
        /// What the connection said.
        detail: String,
    },
    /// The connection failed after something may have been sent.
    Lost {
        /// What the connection said.
        detail: String,
    },
}

/// What is said of an answer that did not come in its time, or not all of it.
pub(super) const TOO_LONG: &str = "it took too long";

impl Reply {
    /// Whether it did not come in its time, or not all of it.
    pub(crate) fn is_late(&self) -> bool {
        let detail = match self {
            Self::Answered {
                body: Body::Cut { detail },
                ..
            }
            | Self::Lost { detail } => detail,
            Self::Answered { .. }
            | Self::NoToken(_)
            | Self::Busy { .. }
            | Self::TokenLate { .. }
            | Self::NotSent { .. } => return false,
        };
        detail == TOO_LONG
    }

    /// Whether whoever gives tokens took the question and did not answer it in time.
    pub(crate) const fn is_token_late(&self) -> bool {
        matches!(self, Self::TokenLate { .. })
    }

    /// Whether the server has answered, and all of it came.
    pub(crate) const fn is_whole(&self) -> bool {
        matches!(self.answer(), Some((_, Body::Whole(_))))
    }

    /// The HTTP status and the body, where the server answered.
    #[must_use]
    pub const fn answer(&self) -> Option<(u16, &Body)> {
        match self {
            Self::Answered { status, body, .. } => Some((*status, body)),
            Self::NoToken(_)
            | Self::Busy { .. }
            | Self::TokenLate { .. }
            | Self::NotSent { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// What its headers say of the limit of this kind of request.
    #[must_use]
    pub const fn limits(&self) -> Option<Limits> {
        match self {
            Self::Answered { limits, .. } => *limits,
            Self::NoToken(_)
            | Self::Busy { .. }
            | Self::TokenLate { .. }
            | Self::NotSent { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// How many pages the list has that it is one of, where its headers say so.
    #[must_use]
    pub const fn pages(&self) -> Option<u32> {
        match self {
            Self::Answered { pages, .. } => *pages,
            Self::NoToken(_)
            | Self::Busy { .. }
            | Self::TokenLate { .. }
            | Self::NotSent { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// When it was made, by the server's own clock, where its headers say so.
    #[must_use]
    pub const fn date(&self) -> Option<Timestamp> {
        match self {
            Self::Answered { date, .. } => *date,
            Self::NoToken(_)
            | Self::Busy { .. }
            | Self::TokenLate { .. }
            | Self::NotSent { .. }
            | Self::Lost { .. } => None,
        }
    }
}

/// A rate limit, as an answer's headers tell it.
///
/// Source: docs/frameio-api.md, "Rate limits".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many requests the bucket holds; at least 1.
    pub limit: u32,
    /// How many more it would take when the answer was made.
    pub remaining: u32,
    /// How long a full bucket takes to drain.
    pub window: Duration,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Whole(Vec<u8>),
    /// It ended early, or is longer than any answer of the API.
    Cut {
        detail: String,
    },
}
