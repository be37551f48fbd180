//! Dates and ages as people ask for them: `90d`, `3 months`, `2026-06-01`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// What to write.
const WRITE: &str = "write an age like `90d`, or a date like `2026-06-01`";

/// Reads a moment: so long before now, or the beginning of a day in UTC, or a time with its offset.
///
/// # Errors
///
/// Returns that it is neither, and how to write one.
pub fn before(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if looks_like_a_date(text) {
        return date(text);
    }
    let now = TimeZone::UTC.to_datetime(now);
    let moment = span(text).and_then(|span| {
        let moment = now.checked_sub(span).ok()?;
        TimeZone::UTC.to_timestamp(moment).ok()
    });
    moment.ok_or_else(|| format!("`{text}` is neither an age nor a date: {WRITE}"))
}

/// Reads a day: so long after a day, as `+14d`, or a date.
///
/// # Errors
///
/// Returns that it is neither, and how to write one.
pub fn day_after(text: &str, now: Timestamp) -> Result<Date, String> {
    let text = text.trim();
    let day = match text.strip_prefix('+') {
        Some(later) => span(later).and_then(|span| {
            let moment = TimeZone::UTC.to_datetime(now).checked_add(span).ok()?;
            Some(moment.date())
        }),
        None => looks_like_a_date(text).then(|| text.parse().ok()).flatten(),
    };
    day.ok_or_else(|| {
        format!("`{text}` is not a day: write it like `+14d`, or as a date like `2026-12-01`")
    })
}

/// A length of time that is not negative, and has its unit.
fn span(text: &str) -> Option<Span> {
    let span: Span = text.trim().parse().ok()?;
    (!span.is_negative()).then_some(span)
}

fn looks_like_a_date(text: &str) -> bool {
    let begin = text.bytes().take(5);
    let shape = begin.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq(*b"0000-")
}

fn date(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let day: Option<Date> = (text.len() == 10).then(|| text.parse().ok()).flatten();
    let begin = day.and_then(|day| TimeZone::UTC.to_timestamp(DateTime::from(day)).ok());
    begin.ok_or_else(|| {
        format!("`{text}` is not a date: {WRITE}, or a time like `2026-06-01T18:00:00Z`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T15:30:00Z".parse().unwrap()
    }

    #[test]
    fn ages_count_back_from_now_and_dates_begin_in_utc() {
        let rows = [
            ("90d", "2026-08-28T15:30:00Z"),
            ("0d", "2026-11-26T15:30:00Z"),
            ("2 weeks", "2026-11-12T15:30:00Z"),
            ("3 months", "2026-08-26T15:30:00Z"),
            ("1y", "2025-11-26T15:30:00Z"),
            ("12h", "2026-11-26T03:30:00Z"),
            ("P30D", "2026-10-27T15:30:00Z"),
            ("2026-06-01", "2026-06-01T00:00:00Z"),
            ("2026-06-01T10:00:00+02:00", "2026-06-01T08:00:00Z"),
        ];
        for (text, expected) in rows {
            let moment = before(text, now()).unwrap();
            assert_eq!(moment.to_string(), expected, "{text}");
        }
        for text in [
            "",
            "90",
            "-90d",
            "90d ago",
            "soon",
            "2026-13-01",
            "2026-06",
            "2026-06-01T10:00",
            "99999y",
        ] {
            assert!(before(text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_lies_ahead_of_today_or_is_a_date() {
        let rows = [
            ("+14d", "2026-12-10"),
            ("+ 1 month", "2026-12-26"),
            ("+0d", "2026-11-26"),
            ("2026-12-01", "2026-12-01"),
        ];
        for (text, expected) in rows {
            assert_eq!(
                day_after(text, now()).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        for text in ["14d", "+14", "+-1d", "", "2026-12", "+", "tomorrow"] {
            assert!(day_after(text, now()).is_err(), "{text}");
        }
    }
}
