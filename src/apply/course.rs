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
    /// When the server last gave a whole answer, counted from the start of the run.
    pub(super) heard: Option<Duration>,
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

/// The moment after which an answer might come too late, where some took so long lately: before it
/// has any, a run keeps a tenth of its time, at most what a stop would wait.
pub(super) fn last_call(
    budget: Option<Duration>,
    grace: Duration,
    latency: Duration,
) -> Option<Duration> {
    let budget = budget?;
    let margin = (budget / 10).min(grace);
    Some(budget.saturating_sub(latency.max(margin)))
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
    /// A run that ends by then, whatever is under way.
    pub(super) fn by(budget: Option<Duration>) -> Self {
        Self {
            by: budget,
            ..Self::default()
        }
    }

    /// Whether the run goes on.
    pub(super) const fn goes_on(&self) -> bool {
        self.reason.is_none()
    }

    /// Takes notice of a signal: the first one leaves time for the answers, the same one soon
    /// after it does not, and any other changes nothing.
    pub(super) fn signalled(&mut self, number: i32, now: Duration, grace: Duration) {
        let last = self.signals.insert(number, now);
        self.is_cut_short |= last.is_some_and(|last| now.saturating_sub(last) <= TWICE);
        let end = now + grace;
        self.by = Some(self.by.map_or(end, |by| by.min(end)));
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
                | StopReason::NoAnswer { .. }
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
    #[test]
    fn a_run_ends_when_its_time_is_over_whatever_is_under_way() {
        let seconds = Duration::from_secs;
        for (budget, signal, by) in [
            (Some(5), None, Some(5)),
            (Some(5), Some(1), Some(5)),
            (Some(100), Some(1), Some(31)),
            (None, Some(1), Some(31)),
            (None, None, None),
        ] {
            let mut halt = Halt::by(budget.map(seconds));
            if let Some(at) = signal {
                halt.signalled(2, seconds(at), GRACE);
            }
            assert_eq!(halt.by, by.map(seconds), "{budget:?} {signal:?}");
        }
    }

    #[test]
    fn nothing_is_sent_whose_answer_might_come_too_late() {
        let millis = Duration::from_millis;
        for (budget, latency, call) in [
            (Some(5_000), 0, Some(4_500)),
            (Some(5_000), 700, Some(4_300)),
            (Some(5_000), 9_000, Some(0)),
            // A stop waits no longer for any answer.
            (Some(3_600_000), 200, Some(3_570_000)),
            (None, 200, None),
        ] {
            let found = last_call(budget.map(millis), GRACE, millis(latency));
            assert_eq!(found, call.map(millis), "{budget:?} {latency}");
        }
    }
}
