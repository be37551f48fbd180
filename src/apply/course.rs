//! How a run goes: what is on its way, and why, when and how it stops.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::StopReason;

/// How soon after a signal the same one asks to stop at once: who presses Ctrl-C twice does not
/// want to wait, and a machine that ends a job sends another signal, or the same one later.
const TWICE: Duration = Duration::from_secs(2);

/// What is on its way, and how that went so far.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// How many batches are handed out and not heard of.
    pub(super) under_way: usize,
    /// How many were handed out.
    pub(super) batches: u64,
    /// How long a batch may take from when it is handed out to its answer.
    pub(super) latency: Duration,
    /// When the queue was last looked through, counted from the start of the run.
    pub(super) looked_at: Duration,
}

impl Traffic {
    /// Takes notice of how long ago a batch was handed out that is answered now.
    pub(super) fn answered(&mut self, since_given: Duration) {
        // What was slow lately may be slow again, and is forgotten by and by.
        self.latency = since_given.max(self.latency * 9 / 10);
    }
}

/// Why, when and how a run stops.
#[derive(Debug, Default)]
pub(super) struct Halt {
    pub(super) reason: Option<StopReason>,
    /// When what is under way is no longer waited for.
    pub(super) by: Option<Duration>,
    /// When each signal came last.
    signals: BTreeMap<i32, Duration>,
    /// Whether it ends without what is under way.
    pub(super) is_cut_short: bool,
}

impl Halt {
    /// Whether the run goes on.
    pub(super) const fn goes_on(&self) -> bool {
        self.reason.is_none()
    }

    /// Takes notice of a signal: the first one leaves time for the answers, the same one soon
    /// after it does not, and any other changes nothing.
    pub(super) fn signalled(&mut self, number: i32, now: Duration, grace: Duration) {
        let last = self.signals.insert(number, now);
        self.is_cut_short |= last.is_some_and(|last| now.saturating_sub(last) <= TWICE);
        self.by.get_or_insert(now + grace);
    }

    /// Whether a signal has asked it to stop.
    pub(super) fn is_signalled(&self) -> bool {
        !self.signals.is_empty()
    }

    /// Whether the stop takes back what was called gone or missing, as too much is missing.
    pub(super) const fn takes_back(&self) -> bool {
        match &self.reason {
            Some(StopReason::TooManyMissing { .. } | StopReason::WrongAccount { .. }) => true,
            Some(
                StopReason::NotAuthenticated { .. }
                | StopReason::NoToken { .. }
                | StopReason::NotAuthorised { .. }
                | StopReason::NotPaid { .. }
                | StopReason::NotReachable { .. }
                | StopReason::WrongEndpoint { .. }
                | StopReason::RateLimited { .. }
                | StopReason::TooManyFailures { .. }
                | StopReason::Ended { .. }
                | StopReason::FailedBatches { .. }
                | StopReason::TimeBudget
                | StopReason::Broken { .. }
                | StopReason::NotRecorded { .. }
                | StopReason::Signal { .. },
            )
            | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(30);

    /// Whether a run is cut short by signals at these moments, in milliseconds.
    fn cut_short(signals: &[(i32, u64)]) -> bool {
        let mut halt = Halt::default();
        for (number, at) in signals {
            halt.signalled(*number, Duration::from_millis(*at), GRACE);
        }
        let (_, first) = signals[0];
        assert_eq!(halt.by, Some(Duration::from_millis(first) + GRACE));
        assert!(halt.is_signalled());
        halt.is_cut_short
    }

    #[test]
    fn only_the_same_signal_within_two_seconds_means_now() {
        assert!(!cut_short(&[(2, 0)]));
        assert!(cut_short(&[(2, 0), (2, 300)]));
        assert!(cut_short(&[(15, 500), (15, 2_500)]));
        // As hosted runners cancel a job.
        assert!(!cut_short(&[(2, 0), (15, 7_500)]));
        assert!(!cut_short(&[(2, 0), (15, 100)]));
        assert!(!cut_short(&[(2, 0), (2, 2_001)]));
        assert!(!cut_short(&[(2, 0), (2, 5_000), (15, 6_000)]));
        assert!(cut_short(&[(2, 0), (2, 5_000), (2, 6_000)]));
        assert!(cut_short(&[(2, 0), (15, 500), (2, 1_000)]));
    }
}
