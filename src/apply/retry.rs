//! When a request that went wrong is made again.

use std::time::Duration;

/// The longest pause before a request is made again: what the API's guide asks for after an error
/// of the server.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often a request is made again, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often a request that went wrong is made again at most.
    pub tries: u32,
    /// For how long a request is made again at most, counted from when it first went wrong.
    pub within: Duration,
    /// The longest first pause before a request is made again; each later one may be four times
    /// as long, so that a few tries reach the half minute that the API asks for.
    pub backoff: Duration,
}

impl Retries {
    /// The longest pause after a request that went wrong `tries` times before.
    #[must_use]
    pub fn longest(self, tries: u32) -> Duration {
        self.backoff
            .saturating_mul(4_u32.saturating_pow(tries))
            .min(LONGEST_PAUSE)
    }
}
