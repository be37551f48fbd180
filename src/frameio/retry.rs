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
    /// For how long a request is made again at most, counted from when it was first made.
    pub within: Duration,
    /// How long the answer to a request that reads is waited for at least, however little is left
    /// of the time in which it may be made again.
    pub answer: Duration,
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

    /// How long the answer to a request that reads is waited for at most, which was first made so
    /// long ago. A delete gets all the time of a request: what is not answered is unknown.
    #[must_use]
    pub fn answer(self, waited: Duration) -> Duration {
        self.within.saturating_sub(waited).max(self.answer)
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
            answer: second(5),
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

    #[test]
    fn an_answer_is_waited_for_no_longer_than_the_request_is_made_again() {
        let second = Duration::from_secs;
        let retries = Retries {
            tries: 5,
            within: second(10),
            answer: second(5),
            backoff: second(1),
        };
        let times = [0, 3, 7, 10, 90].map(|waited| retries.answer(second(waited)));
        assert_eq!(times, [10, 7, 5, 5, 5].map(second));
    }
}
