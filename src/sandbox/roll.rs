//! Numbers that look like chance, and are not.

/// The whole of a share.
pub(super) const WHOLE: u32 = 1_000_000;

/// A number below [`WHOLE`] that looks like chance and is not: the same for the same numbers.
pub(super) const fn roll([seed, salt, place]: [u64; 3]) -> u32 {
    let mixed = mix(mix(mix(seed) ^ salt) ^ place);
    // The remainder of a million fits.
    #[expect(clippy::cast_possible_truncation, reason = "it is below a million")]
    {
        (mixed % WHOLE as u64) as u32
    }
}

/// The finaliser of `SplitMix64`: every bit of the input moves about half the bits.
const fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
