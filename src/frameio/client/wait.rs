//! What is told of a wait.

use std::sync::Arc;
use std::time::Duration;

use crate::event::RateLimit;

/// A wait before a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The rate limit that the request counts against.
    pub rate_limit: RateLimit,
    /// How long it takes.
    pub time: Duration,
    pub why: Why,
}

/// Why somebody waits before a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Its rate limit is used up.
    Limit,
    /// The same request went wrong before.
    Retry {
        /// How often so far.
        tries: u32,
        /// What came instead of an answer.
        detail: String,
    },
}

/// Who hears of waits.
pub type OnWait = Arc<dyn Fn(Wait) + Send + Sync>;
