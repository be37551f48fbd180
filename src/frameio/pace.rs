//! What the server's headers say of its limits.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

use crate::frameio::reply::Limits;

/// The longest window that a header is believed: no documented one is longer than a minute.
const LONGEST: Duration = Duration::from_hours(1);

/// The longest wait that a header is believed. Whether anybody waits for it is decided elsewhere;
/// here it is only kept within what clocks can count.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 365);

/// Reads the wait that an answer's headers ask for in so many words: `retry-after-ms`, else
/// `Retry-After` in seconds or as a date.
///
/// A date is compared with the answer's own `Date`, so that clocks need not agree.
/// Source: docs/frameio-api.md, "Rate limits".
#[must_use]
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name: &str| text(name)?.parse::<u64>().ok();
    let wait = number("retry-after-ms")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
        .or_else(|| until(text("retry-after")?, text("date")?))?;
    Some(wait.min(LONGEST_WAIT))
}

/// Reads what an answer's headers say of the rate limit; nothing where they are not whole.
///
/// Source: docs/frameio-api.md, "Rate limits".
#[must_use]
pub fn limits(headers: &HeaderMap) -> Option<Limits> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
    let limit = number("x-ratelimit-limit").filter(|limit| *limit > 0)?;
    let window = number("x-ratelimit-window").filter(|window| *window > 0)?;
    let remaining = number("x-ratelimit-remaining")?;
    Some(Limits {
        limit,
        remaining: remaining.min(limit),
        window: Duration::from_millis(window.into()).min(LONGEST),
    })
}

/// Reads when an answer was made, by the server's own clock.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get("date")?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(date.timestamp())
}

fn until(then: &str, now: &str) -> Option<Duration> {
    let second = |text| {
        let date = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(date.timestamp().as_second())
    };
    let seconds = second(then)?.saturating_sub(second(now)?);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_wait(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        wait(&headers)
    }

    #[test]
    fn the_nearest_header_counts() {
        let window = [("x-ratelimit-limit", "5"), ("x-ratelimit-window", "1000")];
        assert_eq!(parse_wait(&window), None, "a limit is no wish to wait");
        let seconds = [window[0], window[1], ("retry-after", "2")];
        assert_eq!(parse_wait(&seconds), Some(Duration::from_secs(2)));
        let millis = [seconds[0], seconds[2], ("retry-after-ms", "30")];
        assert_eq!(parse_wait(&millis), Some(Duration::from_millis(30)));
        let date = [
            ("date", "Mon, 23 Nov 2026 20:00:00 GMT"),
            ("retry-after", "Mon, 23 Nov 2026 20:00:07 GMT"),
        ];
        assert_eq!(parse_wait(&date), Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_limit_is_read_whole_or_not_at_all() {
        let of = |limit: &'static str, remaining: &'static str, window: &'static str| {
            let headers = [
                ("x-ratelimit-limit", limit),
                ("x-ratelimit-remaining", remaining),
                ("x-ratelimit-window", window),
            ];
            let headers = headers
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .into_iter()
                .collect();
            limits(&headers)
        };
        let told = Limits {
            limit: 50,
            remaining: 49,
            window: Duration::from_secs(1),
        };
        assert_eq!(of("50", "49", "1000"), Some(told));
        assert_eq!(of("50", "90", "1000").unwrap().remaining, 50);
        for (limit, remaining, window) in [
            ("0", "0", "1000"),
            ("5", "", "1000"),
            ("5", "-1", "1000"),
            ("5", "1", "0"),
            ("many", "1", "1000"),
        ] {
            assert_eq!(of(limit, remaining, window), None);
        }
    }

    #[test]
    fn nonsense_is_no_wait() {
        assert_eq!(parse_wait(&[]), None);
        assert_eq!(parse_wait(&[("retry-after", "soon")]), None);
        let day = parse_wait(&[("retry-after", "86400")]);
        assert_eq!(day, Some(Duration::from_hours(24)), "as it is said");
        let longest = parse_wait(&[("retry-after", "99999999999")]);
        assert_eq!(longest, Some(LONGEST_WAIT));
        let past = [
            ("date", "Mon, 23 Nov 2026 20:00:00 GMT"),
            ("retry-after", "Mon, 23 Nov 2026 19:00:00 GMT"),
        ];
        assert_eq!(parse_wait(&past), Some(Duration::ZERO));
    }
}
