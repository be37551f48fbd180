//! How often a request went wrong.

use std::time::Duration;

/// How often a request went wrong, and since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    pub(crate) count: u32,
    /// When it was first made, counted from the start of the run.
    pub(crate) since: Option<Duration>,
}

impl Tries {
    /// What is true of a request for both.
    pub(crate) fn with(self, other: Self) -> Self {
        let since = match (self.since, other.since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            count: self.count.max(other.count),
            since,
        }
    }
}
