//! Dates and times as a manifest writes them.

use jiff::civil::{self, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateError {
    /// It does not look like one.
    NoDate,
    /// It looks like one, but the calendar or the clock has no such moment.
    NotThere,
    /// It is a time of which nobody knows where.
    NoOffset,
}

/// What a date without a time means: the moment that deletes later, wherever on earth its writer
/// was. A day begins last at UTC−12, and first at UTC+14.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The day must have begun everywhere.
    Begins,
    /// The day must have ended everywhere.
    Ends,
    /// The day must not have begun anywhere.
    Expires,
    /// The day must not have begun anywhere when the last change was made.
    Changed,
}

impl Reading {
    /// The moment that a date means. The calendar of this program ends two days before the
    /// year 10000, and what lies beyond is its last moment.
    fn moment(self, date: civil::Date) -> Timestamp {
        let hours = match self {
            Self::Begins => 12,
            Self::Ends => 24 + 12,
            Self::Expires | Self::Changed => -14,
        };
        let midnight = DateTime::from(date);
        let moment = midnight.checked_add(Span::new().hours(hours));
        let moment = moment.and_then(|moment| TimeZone::UTC.to_timestamp(moment));
        moment.unwrap_or(if hours < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

/// Reads a date, whose moment depends on what it is for, or a time by RFC 3339, which is exact.
pub(super) fn parse(text: &str, reading: Reading) -> Result<Timestamp, DateError> {
    let shape: Vec<u8> = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte })
        .collect();
    if shape == b"0000-00-00" {
        let date: civil::Date = text.parse().map_err(|_wrong| DateError::NotThere)?;
        return Ok(reading.moment(date));
    }
    let Some((date, time)) = shape.split_at_checked(10) else {
        return Err(DateError::NoDate);
    };
    let [b'T' | b't' | b' ', time @ ..] = time else {
        return Err(DateError::NoDate);
    };
    let Some(mut rest) = time.strip_prefix(b"00:00:00") else {
        return Err(DateError::NoDate);
    };
    if date != b"0000-00-00" {
        return Err(DateError::NoDate);
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| **byte == b'0').count();
        if digits == 0 {
            return Err(DateError::NoDate);
        }
        rest = &fraction[digits..];
    }
    match rest {
        b"" => Err(DateError::NoOffset),
        b"Z" | b"z" | b"+00:00" | b"-00:00" => exact(text),
        _ => Err(DateError::NoDate),
    }
}

/// Reads a time with an offset. The last hours of the year 9999 are there, though the calendar
/// of this program ends before them.
fn exact(text: &str) -> Result<Timestamp, DateError> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    // The same time a year before is there where only the calendar's end is in the way.
    let last = ["9999-12-30", "9999-12-31"]
        .iter()
        .any(|day| text.starts_with(day));
    let before = text.replacen("9999", "9998", 1).parse::<Timestamp>();
    match before {
        Ok(_) if last => Ok(Timestamp::MAX),
        Ok(_) | Err(_) => Err(DateError::NotThere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_takes_the_reading_that_deletes_later() {
        let rows = [
            ("2026-12-01", Reading::Begins, "2026-12-01T12:00:00Z"),
            ("2027-06-30", Reading::Ends, "2027-07-01T12:00:00Z"),
            ("2026-12-15", Reading::Expires, "2026-12-14T10:00:00Z"),
            ("2026-11-01", Reading::Changed, "2026-10-31T10:00:00Z"),
            ("2028-02-28", Reading::Ends, "2028-02-29T12:00:00Z"),
            ("2027-12-31", Reading::Ends, "2028-01-01T12:00:00Z"),
            ("2027-01-01", Reading::Expires, "2026-12-31T10:00:00Z"),
            ("9998-12-31", Reading::Ends, "9999-01-01T12:00:00Z"),
            ("9999-12-31", Reading::Expires, "9999-12-30T10:00:00Z"),
        ];
        for (text, reading, expected) in rows {
            let moment = parse(text, reading).unwrap();
            assert_eq!(moment.to_string(), expected, "{text} {reading:?}");
        }
        for reading in [Reading::Begins, Reading::Ends] {
            assert_eq!(parse("9999-12-31", reading), Ok(Timestamp::MAX));
        }
        assert!(parse("0000-01-01", Reading::Expires).is_ok());
    }

    #[test]
    fn a_time_is_exact_whatever_it_is_for() {
        for reading in [
            Reading::Begins,
            Reading::Ends,
            Reading::Expires,
            Reading::Changed,
        ] {
            let moment = |text: &str| parse(text, reading).map(|moment| moment.to_string());
            assert_eq!(
                moment("2026-12-01T10:00:00+01:00").unwrap(),
                "2026-12-01T09:00:00Z"
            );
            assert_eq!(
                moment("2026-12-01 10:00:00.5z").unwrap(),
                "2026-12-01T10:00:00.5Z"
            );
            assert_eq!(
                moment("2026-12-01T00:00:00Z").unwrap(),
                "2026-12-01T00:00:00Z"
            );
            let last = ["9999-12-31T23:59:59Z", "9999-12-31T00:00:00-12:00"];
            for text in last {
                assert_eq!(parse(text, reading), Ok(Timestamp::MAX), "{text}");
            }
            assert_eq!(moment("2026-12-01T10:00:00"), Err(DateError::NoOffset));
            for text in [
                "2026-02-30",
                "2026-13-01",
                "2026-12-01T25:00:00Z",
                "9999-12-31T25:00:00Z",
                "9999-12-32T00:00:00Z",
                "0000-00-00",
            ] {
                assert_eq!(moment(text), Err(DateError::NotThere), "{text}");
            }
            for text in [
                "",
                "tomorrow",
                "20261201",
                "2026-12-1",
                "2026-12-01T10:00Z",
                "2026-12-01T10:00:00.Z",
                "2026-12-01T10:00:00Z[UTC]",
            ] {
                assert_eq!(moment(text), Err(DateError::NoDate), "{text}");
            }
        }
    }
}
