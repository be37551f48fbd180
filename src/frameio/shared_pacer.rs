//! The pacer that the reads before a run and the run itself share: what the ones learn of the
//! server's limits, the other begins with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::event::RateLimit;
use crate::frameio::pacer::{Pace, Pacer, Pause};
use crate::frameio::reply::Limits;

/// A handle of a pacer; each holder counts the time from a start of its own.
#[derive(Debug, Clone)]
pub(crate) struct SharedPacer {
    pacer: Arc<Mutex<Pacer>>,
    /// Tells that an answer has come in, to whichever holder: a slot is free again.
    answers: Arc<Notify>,
    /// When this holder's time began, in the time of the first one.
    start: Duration,
}

impl SharedPacer {
    /// Starts with at most `most` requests under way in all.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            pacer: Arc::new(Mutex::new(Pacer::new(most))),
            answers: Arc::default(),
            start: Duration::ZERO,
        }
    }

    /// The handle of somebody whose time begins at `start`, and for whom all keep to at most
    /// `most` requests under way from now on.
    pub(crate) fn hand_over(&self, start: Duration, most: usize) -> Self {
        self.pacer().keep_to(most);
        Self {
            pacer: Arc::clone(&self.pacer),
            answers: Arc::clone(&self.answers),
            start: self.start + start,
        }
    }

    fn pacer(&self) -> MutexGuard<'_, Pacer> {
        // Each change is whole before anything can panic.
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request through now, or says when the next one may go; nothing while as many are
    /// under way as may.
    ///
    /// # Errors
    ///
    /// Returns that moment, where it is not yet.
    pub(crate) fn admit(
        &self,
        rate_limit: RateLimit,
        now: Duration,
    ) -> Result<(), Option<Duration>> {
        let mut pacer = self.pacer();
        let opens = pacer.opens(rate_limit);
        if opens.is_some_and(|at| at <= self.start + now) {
            pacer.sent(rate_limit, self.start + now);
            return Ok(());
        }
        Err(opens.map(|at| at.saturating_sub(self.start)))
    }

    /// See [`Pacer::opens`].
    pub(crate) fn opens(&self, rate_limit: RateLimit) -> Option<Duration> {
        let opens = self.pacer().opens(rate_limit)?;
        Some(opens.saturating_sub(self.start))
    }

    /// See [`Pacer::closed_by`].
    pub(crate) fn closed_by(&self, rate_limit: RateLimit) -> RateLimit {
        self.pacer().closed_by(rate_limit)
    }

    /// See [`Pacer::is_open`].
    pub(crate) fn is_open(&self, rate_limit: RateLimit, now: Duration) -> bool {
        self.pacer().is_open(rate_limit, self.start + now)
    }

    /// See [`Pacer::sent`].
    pub(crate) fn sent(&self, rate_limit: RateLimit, now: Duration) {
        self.pacer().sent(rate_limit, self.start + now);
    }

    /// See [`Pacer::answered`].
    pub(crate) fn answered(
        &self,
        rate_limit: RateLimit,
        now: Duration,
        limits: Option<Limits>,
        pace: Pace,
    ) -> Option<Pause> {
        let now = self.start + now;
        let pause = self.pacer().answered(rate_limit, now, limits, pace);
        self.answers.notify_waiters();
        pause
    }

    /// Waits for the next answer to a request of any holder.
    pub(crate) fn next_answer(&self) -> Notified<'_> {
        self.answers.notified()
    }

    /// See [`Pacer::pause`].
    pub(crate) fn pause(&self, rate_limit: RateLimit, until: Duration) {
        self.pacer().pause(rate_limit, self.start + until);
    }

    /// See [`Pacer::is_late`].
    pub(crate) fn is_late(
        &self,
        rate_limit: RateLimit,
        now: Duration,
        within: Duration,
    ) -> Option<(Duration, RateLimit)> {
        self.pacer().is_late(rate_limit, self.start + now, within)
    }

    /// See [`Pacer::room`].
    pub(crate) fn room(&self, rate_limit: RateLimit, now: Duration) -> Option<usize> {
        self.pacer().room(rate_limit, self.start + now)
    }

    /// See [`Pacer::limits`].
    pub(crate) fn limits(&self) -> Vec<(RateLimit, u32, Duration)> {
        self.pacer().limits()
    }

    /// See [`Pacer::window`].
    pub(crate) fn window(&self, rate_limit: RateLimit) -> usize {
        self.pacer().window(rate_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_begins_with_what_the_reads_before_it_learnt() {
        let second = Duration::from_secs;
        let rate_limit = RateLimit::ShowFile;
        let reads = SharedPacer::new(8);
        assert_eq!(reads.admit(rate_limit, second(100)), Ok(()));
        let limits = Limits {
            limit: 2,
            remaining: 0,
            window: second(60),
        };
        reads.answered(rate_limit, second(100), Some(limits), Pace::Taken);
        let run = reads.hand_over(second(110), 2);
        // The bucket of a minute was full at 100, and lets one through again each half minute.
        assert_eq!(reads.opens(rate_limit), Some(second(130)));
        assert_eq!(run.opens(rate_limit), Some(second(20)));
        assert_eq!(run.limits(), [(rate_limit, 2, second(60))]);
        assert_eq!(run.room(rate_limit, second(20)), Some(1));
        assert_eq!(run.room(RateLimit::Children, second(20)), None);
        assert!(!run.is_open(rate_limit, second(19)));
        assert_eq!(run.admit(rate_limit, second(20)), Ok(()));
        assert_eq!(run.window(rate_limit), 2);
        run.pause(RateLimit::Children, second(5));
        assert_eq!(reads.opens(RateLimit::Children), Some(second(115)));
        assert_eq!(
            run.admit(RateLimit::Children, second(4)),
            Err(Some(second(5)))
        );
    }
}
