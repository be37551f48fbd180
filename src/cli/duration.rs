//! Lengths of time, as people write them: `30s`, `1h 30m`, `2 days`; a number alone means seconds.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// Reads a length of time, which is not negative.
///
/// # Errors
///
/// Returns that it is none, and how to write one.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_times_in_many_ways() {
        for (text, seconds) in [
            ("0", 0),
            ("30", 30),
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
