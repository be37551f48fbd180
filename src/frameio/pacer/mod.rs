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

/// The shortest pause after the first refusal, whatever its headers say; each later one in a row
/// doubles it.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

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
    /// There was no token to send it with: whoever gives tokens has refused one because of a limit
    /// of its own.
    NoToken {
        /// How long its headers ask to wait.
        wait: Option<Duration>,
    },
    /// Nothing that can be trusted came back: the server may be in trouble.
    Troubled,
}

/// A pause of the requests under one rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The limit that asks for it.
    pub rate_limit: RateLimit,
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
        let opens = self.rate_limits.get(&rate_limit).map(Bucket::opens);
        let opens = opens.unwrap_or(Some(Duration::ZERO))?;
        Some(opens.max(self.token()))
    }

    /// When the next token may be asked for: nothing is sent before.
    fn token(&self) -> Duration {
        let bucket = self.rate_limits.get(&RateLimit::Token);
        bucket.map_or(Duration::ZERO, |bucket| bucket.not_before)
    }

    /// The limit that keeps a rate limit closed the longest: its own, or that of the tokens.
    #[must_use]
    pub fn closed_by(&self, rate_limit: RateLimit) -> RateLimit {
        let own = self.rate_limits.get(&rate_limit).and_then(Bucket::opens);
        match own {
            Some(own) if own >= self.token() => rate_limit,
            None if self.token().is_zero() => rate_limit,
            Some(_) | None => RateLimit::Token,
        }
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
        if let Pace::NoToken { wait } = pace {
            let bucket = self.rate_limit(rate_limit);
            bucket.under_way = bucket.under_way.saturating_sub(1);
            let bucket = self.rate_limit(RateLimit::Token);
            return Some(bucket.refused(RateLimit::Token, now, None, wait));
        }
        if let Some(token) = self.rate_limits.get_mut(&RateLimit::Token) {
            // It was sent, and so with a token.
            (token.refusals, token.refused_since) = (0, None);
        }
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
            Pace::Refused { wait } => Some(bucket.refused(rate_limit, now, limits, wait)),
            Pace::Troubled | Pace::NoToken { .. } => {
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
    /// closed, which is no wait up to the longest of the documented windows. Says as well which
    /// limit keeps it closed, see [`Self::closed_by`].
    #[must_use]
    pub fn is_late(
        &self,
        rate_limit: RateLimit,
        now: Duration,
        within: Duration,
    ) -> Option<(Duration, RateLimit)> {
        let rate_limit = self.closed_by(rate_limit);
        let bucket = self.rate_limits.get(&rate_limit)?;
        let opens = bucket.opens()?;
        let wait = opens.checked_sub(now).filter(|wait| !wait.is_zero())?;
        let is_late = match bucket.refused_since {
            Some(since) => opens.saturating_sub(since) > within,
            None => wait > within.max(LONGEST_PAUSE),
        };
        is_late.then_some((wait, rate_limit))
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

    fn refused(
        &mut self,
        rate_limit: RateLimit,
        now: Duration,
        limits: Option<Limits>,
        wait: Option<Duration>,
    ) -> Pause {
        // Requests that were under way together are refused together, which is one refusal.
        if now >= self.not_before {
            self.refusals = self.refusals.saturating_add(1);
            self.window = (self.window / 2).max(ONE);
        }
        self.refused_since.get_or_insert(now);
        let factor = 2_u32.pow(self.refusals.saturating_sub(1).min(DOUBLINGS));
        let wait = match (wait, limits) {
            // Whoever asks for no wait and refuses all the same would be asked without end.
            (Some(told), _) => told.max(SHORTEST_PAUSE.saturating_mul(factor)),
            // The bucket is full, and drains by one request in this time.
            (None, Some(_)) => {
                let first = self.cost().max(SHORTEST_PAUSE);
                first.saturating_mul(factor).min(LONGEST_PAUSE)
            }
            (None, None) => UNTOLD_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE),
        };
        self.not_before = self.not_before.max(now + wait);
        Pause {
            rate_limit,
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
mod tests;
