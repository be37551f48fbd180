//! The time: read here, and passed down.

use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use tokio::time::Instant;

use crate::apply::Clock;

/// What time it is, to the millisecond: no document needs more digits.
#[expect(clippy::disallowed_methods, reason = "this is the home of the clock")]
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    let rounded = TimestampRound::new()
        .smallest(Unit::Millisecond)
        .mode(RoundMode::Trunc);
    now.round(rounded).unwrap_or(now)
}

/// The time since something began, and the time of day.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemClock(Instant);

impl SystemClock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
