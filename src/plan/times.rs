//! The times by which a plan goes.

use jiff::Timestamp;

/// The times by which a plan goes, which are one where this machine's clock and the server's agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// For what keeps: when something is due, how long a hold counts, how old an asset is.
    pub earlier: Timestamp,
    /// For what allows something until it ends: a waiver, a saved plan.
    pub later: Timestamp,
}

impl Times {
    /// Those of a machine alone.
    #[must_use]
    pub const fn of(now: Timestamp) -> Self {
        Self {
            earlier: now,
            later: now,
        }
    }
}
