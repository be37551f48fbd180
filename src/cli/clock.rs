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

/// How long a command may go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLeft {
    clock: SystemClock,
    budget: Option<Duration>,
}

/// Says that the time of a command was over before something came that it waited for.
#[derive(Debug, thiserror::Error)]
#[error("the time budget is used up: waited for {0}")]
pub(crate) struct OutOfTime(pub(crate) String);

impl OutOfTime {
    /// What to do about it: whoever waits before a run has sent nothing.
    pub(super) const HINT: &str = "nothing was sent; give more time with `--time-budget`";
}

impl TimeLeft {
    /// That of a command which began when the clock did.
    pub(super) const fn new(clock: SystemClock, budget: Option<Duration>) -> Self {
        Self { clock, budget }
    }

    /// That of a command that is bound by nothing.
    pub(super) fn unbound() -> Self {
        Self::new(SystemClock::start(), None)
    }

    /// How much is left of what the command was given.
    pub(super) fn left(&self) -> Option<Duration> {
        let budget = self.budget?;
        Some(budget.saturating_sub(self.clock.elapsed()))
    }

    /// How long something is waited for that would be waited for so long by itself.
    pub(super) fn at_most(&self, longest: Duration) -> Duration {
        self.left().map_or(longest, |left| left.min(longest))
    }

    /// Whether it is over, so that this is why something did not come.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
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
