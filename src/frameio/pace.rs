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

/// Reads when an answer was made, by the server's own clock: the earliest where it says several
/// times, since that keeps more.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let all = headers.get_all("date").iter();
    all.filter_map(|text| moment(text.to_str().ok()?)).min()
}

/// Reads a moment of a header: in each form that a recipient must take (RFC 9110, 5.6.7), and in
/// those that servers write by mistake and that say the same: another weekday, RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let usual = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    usual
        .parse_timestamp(text)
        .ok()
        .or_else(|| Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok())
        .or_else(|| text.parse().ok())
}

fn until(then: &str, now: &str) -> Option<Duration> {
    let second = |text| Some(moment(text)?.as_second());
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
    fn a_date_is_read_in_each_form_and_the_earliest_counts() {
        let read = |texts: &[&str]| {
            let mut headers = HeaderMap::new();
            for text in texts {
                headers.append("date", text.parse().unwrap());
            }
            date(&headers)
        };
        let at: Timestamp = "2026-11-28T01:50:00Z".parse().unwrap();
        for text in [
            "Sat, 28 Nov 2026 01:50:00 GMT",
            "sat, 28 nov 2026 01:50:00 gmt",
            "Sat, 28 Nov 2026 10:50:00 +0900",
            "Saturday, 28-Nov-26 01:50:00 GMT",
            "Sat Nov 28 01:50:00 2026",
            "Mon, 28 Nov 2026 01:50:00 GMT",
            "28 Nov 2026 01:50:00 GMT",
            "2026-11-28T01:50:00Z",
            "2026-11-28T02:50:00+01:00",
        ] {
            assert_eq!(read(&[text]), Some(at), "{text}");
            let later = "Mon, 28 Dec 2026 01:50:00 GMT";
            assert_eq!(read(&[later, text]), Some(at), "{text}");
            assert_eq!(read(&["nonsense", text, later]), Some(at), "{text}");
        }
        for text in ["", "soon", "1795830600", "28/11/2026", "2026-11-28"] {
            assert_eq!(read(&[text]), None, "{text}");
        }
        assert_eq!(read(&[]), None);
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
