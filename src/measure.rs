//! Lengths of time and sizes, as people write and read them.

use std::time::Duration;

use bytesize::ByteSize;
use jiff::{SignedDuration, Span, SpanRelativeTo};

/// Reads a length of time, which is not negative: `30s`, `1h 30m`, `2 days`. A number alone is none,
/// but for 0: whoever writes `7` may mean days, or seconds.
///
/// # Errors
///
/// Returns that it is none, and how to write one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let number = text.trim();
    if number == "0" {
        return Ok(Duration::ZERO);
    }
    if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "`{number}` has no unit: write `{number}s`, `{number}m`, `{number}h` or `{number}d`"
        ));
    }
    // Days are always 24 hours here, since nothing depends on a calendar.
    let days = || {
        let span: Span = text.parse()?;
        span.to_duration(SpanRelativeTo::days_are_24_hours())
    };
    let length = text.parse::<SignedDuration>().or_else(|_no_days| days());
    let length = length.ok().and_then(|length| length.try_into().ok());
    length.ok_or_else(|| {
        format!("`{text}` is not a length of time: write it like `30s`, `1h 30m` or `2 days`")
    })
}

/// Shows a length of time in its largest unit that is exact: `1 day`, `36 hours`, `90 seconds`.
#[must_use]
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [
        (7 * 24 * 60 * 60, "week"),
        (24 * 60 * 60, "day"),
        (60 * 60, "hour"),
        (60, "minute"),
    ];
    let exact = units
        .into_iter()
        .find(|(each, _)| seconds > 0 && seconds.is_multiple_of(*each));
    let (each, unit) = exact.unwrap_or((1, "second"));
    let number = seconds / each;
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{ending}")
}

/// Adds a size to a sum, and says whether it is in it: what nobody knows is not, nor what would
/// take the sum beyond all numbers.
#[must_use]
pub const fn add(sum: &mut u64, size: Option<u64>) -> bool {
    let Some(size) = size else {
        return false;
    };
    let Some(more) = sum.checked_add(size) else {
        return false;
    };
    *sum = more;
    true
}

/// Reads a size in bytes: SI units are a thousand each, binary ones 1024.
///
/// # Errors
///
/// Returns that it is none, and how to write one.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    exact_bytes(text.trim()).ok_or_else(|| {
        format!("`{text}` is not a size: write it like `500 GB`, `2 TB` or `1.5 TiB`")
    })
}

/// The bytes of a number and its unit, to the last one: the crate would multiply a fraction as a
/// float, and be a byte short now and then.
fn exact_bytes(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let are_digits = |text: &str| (1..=18).contains(&text.len()) && !text.contains('.');
    if !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let unit: ByteSize = format!("1{unit}").parse().ok()?;
    let unit = u128::from(unit.as_u64());
    let places = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    // Apart, since the digits of both times a large unit are more than any number holds.
    let whole = whole.parse::<u128>().ok()? * unit;
    let part = fraction.parse::<u128>().ok()? * unit / places;
    u64::try_from(whole + part).ok()
}

/// Shows a size in SI units: `926 MB`, `1.2 TB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    scaled(bytes, Rounding::Nearest)
}

/// Shows the next size of few digits that is not below this one, to be written as a limit.
#[must_use]
pub fn bytes_at_least(bytes: u64) -> String {
    scaled(bytes, Rounding::Up)
}

/// Shows two sizes that are compared: where few digits would make one of both, each has as many as
/// tell them apart.
#[must_use]
pub fn bytes_apart(one: u64, other: u64) -> [String; 2] {
    let few = [one, other].map(|size| rounded(size, FEW, Rounding::Nearest));
    let more = (FEW + 1..=MOST)
        .map(|digits| [one, other].map(|size| rounded(size, digits, Rounding::Nearest)));
    let is_apart = |[one, other]: &[Size; 2]| one.bytes != other.bytes;
    let shown = [few.clone()].into_iter().chain(more).find(is_apart);
    shown.unwrap_or(few).map(|size| size.text)
}

/// How many digits are behind the point where nothing asks for more.
const FEW: u32 = 1;

/// How many digits behind the point are all that a size has: those of exabytes.
const MOST: u32 = 18;

/// A size as it is shown.
#[derive(Clone)]
struct Size {
    /// What is shown, in bytes.
    bytes: u128,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Nearest,
    Up,
}

/// Shows a size with three digits at most before its unit, one of them behind the point.
fn scaled(bytes: u64, rounding: Rounding) -> String {
    rounded(bytes, FEW, rounding).text
}

/// Rounds a size to so many digits behind the point; where they are few, three digits are enough.
fn rounded(bytes: u64, digits: u32, rounding: Rounding) -> Size {
    let (mut unit, mut exponent) = ("B", 0);
    for (larger, name) in (1..).zip(["kB", "MB", "GB", "TB", "PB", "EB"]) {
        if bytes >= 1000_u64.pow(larger) {
            (unit, exponent) = (name, 3 * larger);
        }
    }
    let each = 10_u64.pow(exponent);
    let is_long = digits == FEW && bytes / each >= 100;
    let digits = if is_long { 0 } else { digits.min(exponent) };
    let step = 10_u64.pow(exponent - digits);
    let (steps, rest) = (bytes / step, bytes % step);
    let up = match rounding {
        Rounding::Nearest => rest >= step.div_ceil(2),
        Rounding::Up => rest > 0,
    };
    let steps = u128::from(steps) + u128::from(up);
    let (whole, part) = (steps / 10_u128.pow(digits), steps % 10_u128.pow(digits));
    let text = if part == 0 {
        format!("{whole} {unit}")
    } else {
        let places = digits as usize;
        let part = format!("{part:0places$}");
        format!("{whole}.{} {unit}", part.trim_end_matches('0'))
    };
    Size {
        bytes: steps * u128::from(step),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_shown_in_their_largest_exact_unit() {
        let shown = [0, 1, 90, 120, 3600, 36 * 3600, 86_400, 604_800, 691_200];
        let shown = shown.map(|seconds| duration(Duration::from_secs(seconds)));
        let expected = [
            "0 seconds",
            "1 second",
            "90 seconds",
            "2 minutes",
            "1 hour",
            "36 hours",
            "1 day",
            "1 week",
            "8 days",
        ];
        assert_eq!(shown, expected);
        for text in shown {
            assert!(parse_duration(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn sizes_are_si_or_binary() {
        for (text, bytes) in [
            ("500", 500),
            ("2 TB", 2_000_000_000_000),
            (" 2tb ", 2_000_000_000_000),
            ("1.5TiB", 1_649_267_441_664),
            ("10 MiB", 10_485_760),
            ("4.1 TB", 4_100_000_000_000),
            ("18.446744073709551615 EB", u64::MAX),
            ("0.999999999999999999 EiB", 1_152_921_504_606_846_974),
            ("0", 0),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "much",
            "-5 GB",
            "5 parsecs",
            "GB",
            ".5 GB",
            "18.446744073709551616 EB",
            "999999999999999.999999999999999999 PiB",
            "999999999999999999.999999999999999999 EiB",
        ] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_with_few_digits_and_limits_are_never_below() {
        for (size, nearest, above) in [
            (0, "0 B", "0 B"),
            (999, "999 B", "999 B"),
            (1_000, "1 kB", "1 kB"),
            (1_449, "1.4 kB", "1.5 kB"),
            (73_400_320, "73.4 MB", "73.5 MB"),
            (999_960, "1000 kB", "1000 kB"),
            (2_000_000_000_000, "2 TB", "2 TB"),
            (2_000_000_000_001, "2 TB", "2.1 TB"),
            (123_400_000_000_000, "123 TB", "124 TB"),
            (18_400_000_000_000_000_000, "18.4 EB", "18.4 EB"),
        ] {
            assert_eq!(
                (&*bytes(size), &*bytes_at_least(size)),
                (nearest, above),
                "{size}"
            );
            assert!(parse_bytes(&bytes_at_least(size)).unwrap() >= size);
        }
    }

    #[test]
    fn sizes_that_are_compared_are_told_apart() {
        for (one, other, shown) in [
            (1_200_000_000_000, 2_000_000_000_000, ["1.2 TB", "2 TB"]),
            (2_000_000_000_000, 2_000_000_000_000, ["2 TB", "2 TB"]),
            (1_938_788_712_448, 2_000_000_000_000, ["1.9 TB", "2 TB"]),
            (
                1_938_788_712_448,
                1_940_000_000_000,
                ["1.939 TB", "1.94 TB"],
            ),
            (
                2_000_000_000_001,
                2_000_000_000_000,
                ["2.000000000001 TB", "2 TB"],
            ),
            (999_960, 1_000_000, ["999.96 kB", "1 MB"]),
            (123_400_000_000, 123_000_000_000, ["123.4 GB", "123 GB"]),
            (999, 1_000, ["999 B", "1 kB"]),
            (0, 1, ["0 B", "1 B"]),
            (
                u64::MAX,
                u64::MAX - 1,
                ["18.44674407370955162 EB", "18.44674407370955161 EB"],
            ),
        ] {
            assert_eq!(bytes_apart(one, other), shown, "{one} {other}");
            // What is rounded up may be more than any size is.
            if let [Ok(shown), Ok(than)] = shown.map(parse_bytes) {
                assert_eq!(shown.cmp(&than), one.cmp(&other), "{one} {other}");
            }
        }
    }

    #[test]
    fn people_write_times_in_many_ways() {
        for (text, seconds) in [
            ("0", 0),
            ("30s", 30),
            ("90 s", 90),
            ("5m", 300),
            ("1h 30m", 5400),
            ("24h", 86_400),
            ("2d", 172_800),
            ("2 d", 172_800),
            ("2 days", 172_800),
            ("1 day", 86_400),
            ("1d 2h", 93_600),
            ("1d2h", 93_600),
            ("1 day, 2 hours", 93_600),
            ("1w", 604_800),
            ("90m", 5400),
            ("1.5h", 5400),
            ("02:30:00", 9000),
            ("PT1H", 3600),
            ("P2DT1H", 176_400),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "-1",
            "30",
            " 7 ",
            "-5s",
            "soon",
            "5 parsecs",
            "d",
            "1d ago",
            "1 month",
            "1 year 2 days",
            "1 day 2",
            "1e9",
            "99999999999999999999",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
