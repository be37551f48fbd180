//! When a request that went wrong is made again.

use std::time::Duration;

/// The longest pause before a request is made again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often a request is made again, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often a request that went wrong is made again at most.
    pub tries: u32,
    /// For how long a request is made again at most, counted from when it first went wrong.
    pub within: Duration,
    /// The longest first pause before a request is made again; each later one may be four times
    /// as long, so that a few tries reach the half minute that the API asks for.
    pub backoff: Duration,
}

impl Retries {
    /// The longest pause after a request that went wrong `tries` times before.
    #[must_use]
    pub fn longest(self, tries: u32) -> Duration {
        self.backoff
            .saturating_mul(4_u32.saturating_pow(tries))
            .min(LONGEST_PAUSE)
    }
}

/// Pauses of random length: full jitter, so that many runs do not come back in step.
#[derive(Debug, Clone)]
pub(in crate::apply) struct Jitter(u64);

impl Jitter {
    pub(in crate::apply) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Picks a pause between nothing and `longest`.
    pub(in crate::apply) fn of(&mut self, longest: Duration) -> Duration {
        // The SplitMix64 generator: small, and good enough to spread pauses.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        longest.mul_f64(f64::from((mixed >> 32) as u32) / f64::from(u32::MAX))
    }
}
