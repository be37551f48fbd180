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
    /// For how long a request is made again at most: of one that reads, counted from when it was
    /// first made; else from when it first went wrong.
    pub within: Duration,
    /// The longest first pause before a request is made again; each later one may be four times
    /// as long, so that a few tries reach the half minute that the API asks for.
    pub backoff: Duration,
}

impl Retries {
    /// The longest pause before a request is made again that went wrong `tries` times before, and
    /// took so long by now; nothing where it is not made again.
    #[must_use]
    pub fn pause(self, tries: u32, waited: Duration) -> Option<Duration> {
        let left = self.within.saturating_sub(waited);
        let is_late = tries >= self.tries || left.is_zero();
        (!is_late).then(|| self.longest(tries).min(left))
    }

    /// The longest pause after a request that went wrong `tries` times before.
    #[must_use]
    pub fn longest(self, tries: u32) -> Duration {
        self.backoff
            .saturating_mul(4_u32.saturating_pow(tries))
            .min(LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_to_half_a_minute_and_never_ends_too_late() {
        let second = Duration::from_secs;
        let retries = Retries {
            tries: 5,
            within: second(600),
            backoff: Duration::from_millis(500),
        };
        let longest: Vec<u128> = (0..6)
            .map_while(|tries| Some(retries.pause(tries, Duration::ZERO)?.as_millis()))
            .collect();
        assert_eq!(longest, [500, 2_000, 8_000, 30_000, 30_000]);
        assert_eq!(retries.pause(4, second(590)), Some(second(10)));
        assert_eq!(retries.pause(0, second(600)), None);
        let never = Retries {
            within: Duration::ZERO,
            ..retries
        };
        assert_eq!(never.pause(0, Duration::ZERO), None);
    }
}
