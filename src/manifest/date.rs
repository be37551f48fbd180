//! Dates and times as a manifest writes them.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

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

/// Reads a date, which means its midnight in UTC, or a time by RFC 3339.
pub(super) fn parse(text: &str) -> Result<Timestamp, DateError> {
    let shape: Vec<u8> = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte })
        .collect();
    if shape == b"0000-00-00" {
        let date: civil::Date = text.parse().map_err(|_wrong| DateError::NotThere)?;
        let midnight = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0));
        return midnight.map_err(|_far| DateError::NotThere);
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
        b"Z" | b"z" | b"+00:00" | b"-00:00" => text.parse().map_err(|_wrong| DateError::NotThere),
        _ => Err(DateError::NoDate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight_and_a_time_needs_an_offset() {
        let moment = |text: &str| parse(text).map(|moment| moment.to_string());
        assert_eq!(moment("2026-12-01").unwrap(), "2026-12-01T00:00:00Z");
        assert_eq!(
            moment("2026-12-01T10:00:00+01:00").unwrap(),
            "2026-12-01T09:00:00Z"
        );
        assert_eq!(
            moment("2026-12-01 10:00:00.5z").unwrap(),
            "2026-12-01T10:00:00.5Z"
        );
        assert_eq!(moment("2026-12-01T10:00:00"), Err(DateError::NoOffset));
        for text in [
            "2026-02-30",
            "2026-13-01",
            "2026-12-01T25:00:00Z",
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
