//! How long the server's headers ask to wait.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// The longest wait that a header is believed.
const LONGEST: Duration = Duration::from_hours(1);

/// Reads the wait that an answer's headers ask for: `retry-after-ms`, else `Retry-After` in
/// seconds or as a date, else the rate limit's own pace of one request every window/limit.
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
        .or_else(|| until(text("retry-after")?, text("date")?))
        .or_else(|| {
            let window = number("x-ratelimit-window")?;
            let limit = number("x-ratelimit-limit").filter(|limit| *limit > 0)?;
            Some(Duration::from_millis(window.div_ceil(limit)))
        })?;
    Some(wait.min(LONGEST))
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

    fn asked(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        wait(&headers)
    }

    #[test]
    fn the_nearest_header_counts() {
        let window = [("x-ratelimit-limit", "5"), ("x-ratelimit-window", "1000")];
        assert_eq!(asked(&window), Some(Duration::from_millis(200)));
        let seconds = [window[0], window[1], ("retry-after", "2")];
        assert_eq!(asked(&seconds), Some(Duration::from_secs(2)));
        let millis = [seconds[0], seconds[2], ("retry-after-ms", "30")];
        assert_eq!(asked(&millis), Some(Duration::from_millis(30)));
        let date = [
            ("date", "Mon, 23 Nov 2026 20:00:00 GMT"),
            ("retry-after", "Mon, 23 Nov 2026 20:00:07 GMT"),
        ];
        assert_eq!(asked(&date), Some(Duration::from_secs(7)));
    }

    #[test]
    fn nonsense_is_no_wait() {
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[("retry-after", "soon")]), None);
        assert_eq!(
            asked(&[("x-ratelimit-limit", "0"), ("x-ratelimit-window", "9")]),
            None
        );
        assert_eq!(asked(&[("retry-after", "99999999999")]), Some(LONGEST));
        let past = [
            ("date", "Mon, 23 Nov 2026 20:00:00 GMT"),
            ("retry-after", "Mon, 23 Nov 2026 19:00:00 GMT"),
        ];
        assert_eq!(asked(&past), Some(Duration::ZERO));
    }
}
