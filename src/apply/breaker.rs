//! The breakers: when a run stops by itself because something is wrong with all of it. Pure.

use crate::event::StopReason;

/// How many missing or refused assets a share is made of at least. Below it a run goes on and
/// says what it saw; from it on the shares count.
pub const SAMPLE: usize = 10;

/// When a run stops by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest share of assets, in percent, that the server may not know.
    pub max_404_percent: u8,
    /// The largest share of assets, in percent, that the server may refuse.
    pub max_failure_percent: u8,
    /// How many requests in a row may come to nothing.
    pub max_failed_batches: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_404_percent: 50,
            max_failure_percent: 50,
            max_failed_batches: 10,
        }
    }
}

/// What one answer said of the assets that are new to the server: asked for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many were deleted.
    pub retired: usize,
    /// How many were refused.
    pub failed: usize,
    /// How many the server does not know.
    pub missing: usize,
}

impl Tally {
    /// How many assets were answered for.
    const fn answered(self) -> usize {
        let Self {
            retired,
            failed,
            missing,
        } = self;
        retired + failed + missing
    }
}

/// Counts what the server says, and trips.
#[derive(Debug, Clone)]
pub struct Breaker {
    limits: Limits,
    total: Tally,
    failed_in_a_row: u32,
}

impl Breaker {
    /// Starts with nothing counted.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            total: Tally {
                retired: 0,
                failed: 0,
                missing: 0,
            },
            failed_in_a_row: 0,
        }
    }

    /// Takes an answer; returns why the run must stop, if it must.
    pub fn answered(&mut self, tally: Tally) -> Option<StopReason> {
        let Tally {
            retired,
            failed,
            missing,
        } = tally;
        self.sound();
        self.total.retired += retired;
        self.total.failed += failed;
        self.total.missing += missing;
        self.verdict()
    }

    /// Takes an answer that can be trusted, whatever it says.
    pub const fn sound(&mut self) {
        self.failed_in_a_row = 0;
    }

    /// Takes a request of which nothing that can be trusted came back; returns why the run must
    /// stop, if it must.
    pub fn troubled(&mut self, detail: &str) -> Option<StopReason> {
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
        (self.failed_in_a_row >= self.limits.max_failed_batches).then(|| {
            StopReason::FailedBatches {
                batches: self.failed_in_a_row,
                detail: detail.to_owned(),
            }
        })
    }

    /// Whether the server has shown that it knows assets of ours, and not too many are missing:
    /// only then is a missing one believed to be gone.
    #[must_use]
    pub fn believes(&self) -> bool {
        self.has_passed() && self.verdict().is_none()
    }

    /// Whether the run is far from where it would stop: the server knows assets of ours, the
    /// shares are below half of what they may be, and the last answer could be trusted.
    #[must_use]
    pub fn is_at_ease(&self) -> bool {
        let Tally {
            failed, missing, ..
        } = self.total;
        let answered = self.total.answered();
        let below_half = |part: usize, percent: u8| {
            part.saturating_mul(200) <= answered.saturating_mul(percent.into())
        };
        self.has_passed()
            && self.failed_in_a_row == 0
            && below_half(missing, self.limits.max_404_percent)
            && below_half(failed, self.limits.max_failure_percent)
    }

    /// Whether the server has shown that it knows at least one asset of ours.
    #[must_use]
    pub const fn has_passed(&self) -> bool {
        self.total.retired + self.total.failed > 0
    }

    /// How many requests in a row have come to nothing.
    #[must_use]
    pub const fn failed_in_a_row(&self) -> u32 {
        self.failed_in_a_row
    }

    fn verdict(&self) -> Option<StopReason> {
        let Tally {
            failed, missing, ..
        } = self.total;
        let answered = self.total.answered();
        if exceeds(missing, answered, self.limits.max_404_percent) {
            return Some(StopReason::TooManyMissing { missing, answered });
        }
        if exceeds(failed, answered, self.limits.max_failure_percent) {
            return Some(StopReason::TooManyFailures { failed, answered });
        }
        None
    }
}

fn exceeds(part: usize, whole: usize, percent: u8) -> bool {
    part >= SAMPLE && part.saturating_mul(100) > whole.saturating_mul(percent.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(retired: usize, failed: usize, missing: usize) -> Tally {
        Tally {
            retired,
            failed,
            missing,
        }
    }

    #[test]
    fn a_share_beyond_its_limit_trips_from_the_tenth_on() {
        let mut breaker = Breaker::new(Limits::default());
        assert_eq!(breaker.answered(tally(0, 0, 9)), None);
        assert!(
            !breaker.believes(),
            "nothing shows that the account is ours"
        );
        let stop = breaker.answered(tally(0, 0, 1));
        assert_eq!(
            stop,
            Some(StopReason::TooManyMissing {
                missing: 10,
                answered: 10
            })
        );

        let mut breaker = Breaker::new(Limits::default());
        assert_eq!(breaker.answered(tally(10, 0, 10)), None, "half is allowed");
        assert!(breaker.believes() && breaker.has_passed());
        assert!(breaker.answered(tally(0, 0, 1)).is_some());
        assert!(!breaker.believes());

        let mut breaker = Breaker::new(Limits::default());
        let stop = breaker.answered(tally(3, 12, 0));
        assert_eq!(
            stop,
            Some(StopReason::TooManyFailures {
                failed: 12,
                answered: 15
            })
        );
    }

    #[test]
    fn a_limit_of_a_hundred_never_trips() {
        let limits = Limits {
            max_404_percent: 100,
            max_failure_percent: 100,
            ..Limits::default()
        };
        let mut breaker = Breaker::new(limits);
        assert_eq!(breaker.answered(tally(0, 500, 500)), None);
        assert_eq!(breaker.answered(tally(0, 0, 100_000)), None);
    }

    #[test]
    fn it_is_at_ease_far_below_its_limits() {
        let mut breaker = Breaker::new(Limits::default());
        assert!(!breaker.is_at_ease(), "nothing is known yet");
        assert_eq!(breaker.answered(tally(3, 1, 0)), None);
        assert!(breaker.is_at_ease(), "a quarter is half of half");
        assert_eq!(breaker.answered(tally(0, 1, 0)), None);
        assert!(!breaker.is_at_ease());
        assert_eq!(breaker.answered(tally(10, 0, 3)), None);
        assert!(breaker.is_at_ease());
        assert_eq!(breaker.troubled("a"), None);
        assert!(!breaker.is_at_ease());
        breaker.sound();
        assert_eq!(breaker.answered(tally(0, 0, 3)), None);
        assert!(!breaker.is_at_ease());
    }

    #[test]
    fn troubles_count_only_in_a_row() {
        let mut breaker = Breaker::new(Limits {
            max_failed_batches: 3,
            ..Limits::default()
        });
        assert_eq!(breaker.troubled("a"), None);
        assert_eq!(breaker.troubled("b"), None);
        assert_eq!(breaker.answered(Tally::default()), None);
        assert_eq!(breaker.troubled("c"), None);
        assert_eq!(breaker.troubled("d"), None);
        let stop = StopReason::FailedBatches {
            batches: 3,
            detail: "e".to_owned(),
        };
        assert_eq!(breaker.troubled("e"), Some(stop));
    }
}
