//! Keeping to the server's limits: when the next request may go under a rate limit, and how many
//! may be under way at once. Pure: time comes in as an argument, counted from a start of the caller's choice.
//!
//! For each rate limit there is a leaky bucket as the server keeps one (docs/frameio-api.md, "Rate limits"),
//! estimated from what the run sent and put right by the headers of each answer. What the
//! bucket does not foresee, such as other users of the same token, is met by a window of
//! requests under way that halves when the server refuses and grows by one a round otherwise.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::RateLimit;
use crate::frameio::reply::Limits;

/// The pause after a refusal that says nothing of its length; each further one is twice as long.
/// A second is the shortest window of a documented limit.
const UNTOLD_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that the pacer takes by itself: the longest window of a documented limit.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How many doublings a pause goes through at most: six lead from a second to the longest pause.
const DOUBLINGS: u32 = 6;

/// How a request went, as far as pace is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The server took it, whatever became of it.
    Taken,
    /// The server refused it because of its limit (status 429).
    Refused {
        /// How long its headers ask to wait in so many words.
        wait: Option<Duration>,
    },
    /// Nothing that can be trusted came back: the server may be in trouble.
    Troubled,
}

/// A pause of the requests under one rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub wait: Duration,
    /// How many requests may be under way at once afterwards.
    pub window: usize,
}

/// Paces the rate limits of a run.
#[derive(Debug, Clone)]
pub struct Pacer {
    most: usize,
    rate_limits: BTreeMap<RateLimit, Bucket>,
}

#[derive(Debug, Clone)]
struct Bucket {
    limits: Option<(u32, Duration)>,
    /// How full the bucket is at `at`, as the time that it takes to drain.
    level: Duration,
    at: Duration,
    under_way: usize,
    /// How many requests may be under way at once, in thousandths.
    window: usize,
    not_before: Duration,
    refusals: u32,
    refused_since: Option<Duration>,
}

/// One request more or less, in the window's unit.
const ONE: usize = 1_000;

impl Pacer {
    /// Starts with at most `most` requests under way in all.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            most,
            rate_limits: BTreeMap::new(),
        }
    }

    fn rate_limit(&mut self, rate_limit: RateLimit) -> &mut Bucket {
        let most = self.most.max(1);
        self.rate_limits
            .entry(rate_limit)
            .or_insert_with(|| Bucket::new(most))
    }

    /// When the next request may go under a rate limit; nothing while as many are under way as may.
    #[must_use]
    pub fn opens(&self, rate_limit: RateLimit) -> Option<Duration> {
        self.rate_limits
            .get(&rate_limit)
            .map_or(Some(Duration::ZERO), Bucket::opens)
    }

    /// Whether a request may go under a rate limit now.
    #[must_use]
    pub fn is_open(&self, rate_limit: RateLimit, now: Duration) -> bool {
        self.opens(rate_limit).is_some_and(|at| at <= now)
    }

    /// Takes notice of a request that goes out.
    pub fn sent(&mut self, rate_limit: RateLimit, now: Duration) {
        let bucket = self.rate_limit(rate_limit);
        bucket.under_way += 1;
        bucket.drain(now);
        bucket.level += bucket.cost();
    }

    /// Takes notice of an answer; says which pause follows, if any.
    pub fn answered(
        &mut self,
        rate_limit: RateLimit,
        now: Duration,
        limits: Option<Limits>,
        pace: Pace,
    ) -> Option<Pause> {
        let most = self.most.max(1);
        let bucket = self.rate_limit(rate_limit);
        bucket.under_way = bucket.under_way.saturating_sub(1);
        bucket.drain(now);
        if let Some(limits) = limits {
            bucket.correct(limits);
        }
        match pace {
            Pace::Taken => {
                bucket.refusals = 0;
                bucket.refused_since = None;
                // One more for each round: as many answers as there are requests under way.
                let growth = ONE * ONE / bucket.window.max(ONE);
                bucket.window = (bucket.window + growth).min(most * ONE);
                None
            }
            Pace::Refused { wait } => Some(bucket.refused(now, limits, wait)),
            Pace::Troubled => {
                bucket.window = (bucket.window / 2).max(ONE);
                None
            }
        }
    }

    /// Sends nothing under a rate limit for a while; the pause that is longest counts.
    pub fn pause(&mut self, rate_limit: RateLimit, until: Duration) {
        let bucket = self.rate_limit(rate_limit);
        bucket.not_before = bucket.not_before.max(until);
    }

    /// How long a rate limit stays closed, where that is too long: nobody waits beyond `within`,
    /// counted from the first refusal in a row. Without one it is the usual pace that keeps it
    /// closed, which is no wait up to the longest of the documented windows.
    #[must_use]
    pub fn is_late(
        &self,
        rate_limit: RateLimit,
        now: Duration,
        within: Duration,
    ) -> Option<Duration> {
        let bucket = self.rate_limits.get(&rate_limit)?;
        let opens = bucket.opens()?;
        let wait = opens.checked_sub(now).filter(|wait| !wait.is_zero())?;
        let is_late = match bucket.refused_since {
            Some(since) => opens.saturating_sub(since) > within,
            None => wait > within.max(LONGEST_PAUSE),
        };
        is_late.then_some(wait)
    }

    /// How many requests the bucket of a rate limit takes now one after another, where the headers
    /// have said how many it has.
    #[must_use]
    pub fn room(&self, rate_limit: RateLimit, now: Duration) -> Option<usize> {
        let bucket = self.rate_limits.get(&rate_limit)?;
        let (limit, window) = bucket.limits?;
        let level = bucket.level.saturating_sub(now.saturating_sub(bucket.at));
        let free = window.saturating_sub(level).as_nanos();
        let room = free * u128::from(limit) / window.as_nanos().max(1);
        usize::try_from(room).ok()
    }

    /// What the headers last said of each rate limit: how many requests in which time.
    #[must_use]
    pub fn limits(&self) -> Vec<(RateLimit, u32, Duration)> {
        let told = self.rate_limits.iter();
        let told = told.filter_map(|(rate_limit, bucket)| Some((*rate_limit, bucket.limits?)));
        told.map(|(rate_limit, (limit, window))| (rate_limit, limit, window))
            .collect()
    }

    /// Has at most so many requests under way from now on.
    pub fn keep_to(&mut self, most: usize) {
        self.most = most;
        for bucket in self.rate_limits.values_mut() {
            bucket.window = bucket.window.min(most.max(1) * ONE);
        }
    }

    /// How many requests may be under way under a rate limit at once.
    #[must_use]
    pub fn window(&self, rate_limit: RateLimit) -> usize {
        self.rate_limits
            .get(&rate_limit)
            .map_or(self.most, |bucket| bucket.window / ONE)
    }
}

impl Bucket {
    const fn new(most: usize) -> Self {
        Self {
            limits: None,
            level: Duration::ZERO,
            at: Duration::ZERO,
            under_way: 0,
            window: most * ONE,
            not_before: Duration::ZERO,
            refusals: 0,
            refused_since: None,
        }
    }

    /// What one request adds to the level.
    fn cost(&self) -> Duration {
        self.limits
            .map_or(Duration::ZERO, |(limit, window)| window / limit)
    }

    fn drain(&mut self, now: Duration) {
        self.level = self.level.saturating_sub(now.saturating_sub(self.at));
        self.at = self.at.max(now);
    }

    /// Takes the server's figure for the level. What is still under way may or may not be in
    /// it; it is counted as if it were not, since a slot given away costs less than a refusal.
    fn correct(&mut self, limits: Limits) {
        let Limits {
            limit,
            remaining,
            window,
        } = limits;
        self.limits = Some((limit, window));
        let used = limit.saturating_sub(remaining);
        let under_way = u32::try_from(self.under_way).unwrap_or(u32::MAX);
        self.level = self.cost().saturating_mul(used.saturating_add(under_way));
    }

    fn refused(&mut self, now: Duration, limits: Option<Limits>, wait: Option<Duration>) -> Pause {
        // Requests that were under way together are refused together, which is one refusal.
        if now >= self.not_before {
            self.refusals = self.refusals.saturating_add(1);
            self.window = (self.window / 2).max(ONE);
        }
        self.refused_since.get_or_insert(now);
        let factor = 2_u32.pow(self.refusals.saturating_sub(1).min(DOUBLINGS));
        let wait = wait.unwrap_or_else(|| {
            let first = match limits {
                // The bucket is full, and drains by one request in this time.
                Some(_) => self.cost().max(Duration::from_millis(10)),
                None => UNTOLD_PAUSE,
            };
            first.saturating_mul(factor).min(LONGEST_PAUSE)
        });
        self.not_before = self.not_before.max(now + wait);
        Pause {
            wait: self.not_before.saturating_sub(now),
            window: self.window / ONE,
        }
    }

    fn opens(&self) -> Option<Duration> {
        if self.under_way >= self.window / ONE {
            return None;
        }
        let by_level = self.limits.map_or(Duration::ZERO, |(limit, window)| {
            let cost = window / limit;
            // The server rounds its figures and has a clock of its own: the last slot of a
            // bucket is left free, where it has more than a few.
            let spare = if limit > 4 { cost } else { Duration::ZERO };
            let room = window.saturating_sub(cost + spare);
            self.at + self.level.saturating_sub(room)
        });
        Some(by_level.max(self.not_before))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The server's own bucket: docs/frameio-api.md, "Rate limits".
    struct Server {
        limit: u32,
        window: f64,
        level: f64,
        at: f64,
    }

    impl Server {
        fn take(&mut self, now: Duration) -> (bool, Limits) {
            let now = now.as_secs_f64() * 1e3;
            self.level = (self.level - (now - self.at)).max(0.0);
            self.at = now;
            let cost = (self.window / f64::from(self.limit)).round();
            let taken = self.level + cost <= self.window;
            if taken {
                self.level += cost;
            }
            let left = ((self.window - self.level).max(0.0)
                / (self.window / f64::from(self.limit)))
            .round();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small figure that is not negative"
            )]
            let limits = Limits {
                limit: self.limit,
                remaining: left as u32,
                window: Duration::from_secs_f64(self.window / 1e3),
            };
            (taken, limits)
        }
    }

    /// Runs for a while against the server with answers that take `latency`; returns how many
    /// requests were taken and refused in each window.
    fn drive(
        limit: u32,
        window: Duration,
        most: usize,
        latency: Duration,
        windows: u32,
    ) -> Vec<(u32, u32)> {
        let mut server = Server {
            limit,
            window: window.as_secs_f64() * 1e3,
            level: 0.0,
            at: 0.0,
        };
        let mut pacer = Pacer::new(most);
        let mut figures = vec![(0, 0); windows as usize];
        let mut coming: Vec<(Duration, bool, Limits)> = Vec::new();
        let mut now = Duration::ZERO;
        let end = window * windows;
        while now < end {
            while let Some(at) = pacer.opens(RateLimit::BulkDelete)
                && at <= now
            {
                pacer.sent(RateLimit::BulkDelete, now);
                let (taken, limits) = server.take(now + latency / 2);
                coming.push((now + latency, taken, limits));
                let which = usize::try_from(now.as_nanos() / window.as_nanos()).unwrap();
                if taken {
                    figures[which].0 += 1;
                } else {
                    figures[which].1 += 1;
                }
            }
            let next = coming.iter().map(|(at, ..)| *at).min();
            let opens = pacer.opens(RateLimit::BulkDelete).filter(|at| *at > now);
            now = [next, opens].into_iter().flatten().min().unwrap();
            let due = coming.iter().position(|(at, ..)| *at <= now);
            if let Some((_, taken, limits)) = due.map(|place| coming.remove(place)) {
                let pace = if taken {
                    Pace::Taken
                } else {
                    Pace::Refused { wait: None }
                };
                pacer.answered(RateLimit::BulkDelete, now, Some(limits), pace);
            }
        }
        figures
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// After the first window, at least 95 % of what the limit allows gets through, and
        /// fewer than 1 % of the requests are refused.
        #[test]
        fn the_limit_is_used_and_not_strained(
            (limit, window_ms) in prop_oneof![
                Just((50, 1_000)), Just((100, 60_000)), Just((60, 60_000)),
                Just((5, 1_000)), Just((200, 60_000)), (20_u32..500, 1_000_u32..60_000),
            ],
            most in 2_usize..=16,
            latency_ms in 1_u64..40,
        ) {
            let window = Duration::from_millis(window_ms.into());
            let latency = Duration::from_millis(latency_ms);
            // A bound that the latency sets, whatever the limit, is not the pacer's.
            let at_once = u32::try_from(most).unwrap();
            prop_assume!(latency * limit < window * at_once / 2);
            let figures = drive(limit, window, most, latency, 7);
            let (taken, refused) = figures[2..]
                .iter()
                .fold((0, 0), |(taken, refused), (more, less)| (taken + more, refused + less));
            // The server rounds the cost of a request to whole milliseconds.
            let cost = (f64::from(window_ms) / f64::from(limit)).round();
            let allowed = 5.0 * (f64::from(window_ms) / cost).min(f64::from(limit));
            prop_assert!(f64::from(taken) >= 0.95 * allowed, "{taken} of {allowed}");
            prop_assert!(f64::from(refused) < 0.01 * f64::from(taken), "{refused} of {taken}: {figures:?}");
        }
    }

    #[test]
    fn a_refusal_halves_the_window_and_success_widens_it_by_one_a_round() {
        let mut pacer = Pacer::new(8);
        let rate_limit = RateLimit::BulkDelete;
        for _ in 0..8 {
            assert!(pacer.opens(rate_limit).is_some());
            pacer.sent(rate_limit, Duration::ZERO);
        }
        assert_eq!(pacer.opens(rate_limit), None, "never more than eight");
        let now = Duration::from_millis(1);
        let pause = pacer
            .answered(rate_limit, now, None, Pace::Refused { wait: None })
            .unwrap();
        assert_eq!((pause.wait, pause.window), (UNTOLD_PAUSE, 4));
        let again = pacer.answered(rate_limit, now, None, Pace::Refused { wait: None });
        assert_eq!(again.unwrap().window, 4, "together they are one refusal");
        for _ in 0..6 {
            pacer.answered(rate_limit, now, None, Pace::Taken);
        }
        assert_eq!(pacer.opens(rate_limit), Some(now + UNTOLD_PAUSE));
        let mut later = Duration::from_secs(5);
        for _ in 0..64 {
            pacer.sent(rate_limit, later);
            later += Duration::from_millis(1);
            pacer.answered(rate_limit, later, None, Pace::Taken);
        }
        assert_eq!(pacer.window(rate_limit), 8);
    }

    #[test]
    fn refusals_in_a_row_wait_longer_each_time_and_as_told() {
        let mut pacer = Pacer::new(1);
        let rate_limit = RateLimit::ReadAsset;
        let mut now = Duration::ZERO;
        let mut waits = Vec::new();
        for _ in 0..9 {
            now = now.max(pacer.opens(rate_limit).unwrap());
            pacer.sent(rate_limit, now);
            let pause = pacer.answered(rate_limit, now, None, Pace::Refused { wait: None });
            waits.push(pause.unwrap().wait.as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        now = now.max(pacer.opens(rate_limit).unwrap());
        pacer.sent(rate_limit, now);
        let told = Some(Duration::from_secs(7));
        let pause = pacer.answered(rate_limit, now, None, Pace::Refused { wait: told });
        assert_eq!(pause.unwrap().wait, Duration::from_secs(7));
        assert_eq!(pacer.rate_limits[&rate_limit].refusals, 10);
    }

    #[test]
    fn nobody_waits_beyond_the_time_that_a_request_is_made_again() {
        let second = Duration::from_secs;
        let rate_limit = RateLimit::Accounts;
        let mut pacer = Pacer::new(1);
        assert_eq!(pacer.is_late(rate_limit, second(0), second(0)), None);
        let refuse = |pacer: &mut Pacer, now, wait: Option<u64>| {
            pacer.sent(rate_limit, second(now));
            let wait = wait.map(second);
            pacer.answered(rate_limit, second(now), None, Pace::Refused { wait });
        };
        refuse(&mut pacer, 10, Some(20));
        assert_eq!(pacer.is_late(rate_limit, second(10), second(20)), None);
        let late = Some(second(20));
        assert_eq!(pacer.is_late(rate_limit, second(10), second(19)), late);
        // What comes later counts from the first refusal on.
        refuse(&mut pacer, 30, Some(20));
        assert_eq!(pacer.is_late(rate_limit, second(30), second(39)), late);
        assert_eq!(pacer.is_late(rate_limit, second(30), second(40)), None);
        assert_eq!(pacer.is_late(rate_limit, second(50), second(0)), None);
        // A limit that the headers foresee is the pace, up to a minute.
        for (window, is_late) in [(60, false), (61, true)] {
            let mut pacer = Pacer::new(1);
            pacer.sent(rate_limit, second(0));
            let limits = Limits {
                limit: 1,
                remaining: 0,
                window: second(window),
            };
            pacer.answered(rate_limit, second(0), Some(limits), Pace::Taken);
            let late = pacer.is_late(rate_limit, second(0), second(30));
            assert_eq!(late.is_some(), is_late, "{window}");
        }
    }
}
