//! Pauses of random length, so that many clients do not come back in step.

use std::time::Duration;

/// Pauses of random length: full jitter.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Picks a pause between nothing and `longest`.
    pub(crate) fn up_to(&mut self, longest: Duration) -> Duration {
        // The SplitMix64 generator: small, and good enough to spread pauses.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        longest.mul_f64(f64::from((mixed >> 32) as u32) / f64::from(u32::MAX))
    }
}
