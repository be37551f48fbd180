//! Moments of a seed: as dates, or as ages, which keep an example true whenever it is served.

use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::{Deserialize, Deserializer};

/// A length of time before the sandbox began, such as `120d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age(SignedDuration);

/// A moment: a timestamp, or an age such as `20d ago`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Date {
    /// This one.
    At(Timestamp),
    /// So long before the sandbox began.
    Ago(Age),
}

/// Says that a text is neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no {1}")]
pub struct NoDate(String, &'static str);

impl Age {
    /// The moment, counted from when the sandbox began.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.0).unwrap_or(Timestamp::MIN)
    }
}

impl Date {
    /// The moment, counted from when the sandbox began.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(age) => age.before(now),
        }
    }
}

impl FromStr for Age {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let wrong = || NoDate(text.to_owned(), "age: write it like `120d` or `3h`");
        let span: Span = text.parse().map_err(|_why| wrong())?;
        // A calendar is nothing that a seed has: a day has 24 hours, and a month has no length.
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours());
        length
            .map(|length| Self(length.abs()))
            .map_err(|_why| wrong())
    }
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::At(moment));
        }
        let ago = text.strip_suffix(" ago").map(str::parse);
        let wrong = "moment: write it like `2026-10-01T08:00:00Z` or `120d ago`";
        let wrong = || NoDate(text.to_owned(), wrong);
        ago.ok_or_else(wrong)?
            .map(Self::Ago)
            .map_err(|_why| wrong())
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Age {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Age".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A length of time before the sandbox began, such as `120d`.",
            "type": "string",
        })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A moment, such as `2026-10-01T08:00:00Z` or `120d ago`.",
            "type": "string",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_an_age() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        for (text, moment) in [
            ("2026-10-01T08:00:00Z", "2026-10-01T08:00:00Z"),
            ("30d ago", "2026-10-31T12:00:00Z"),
            ("2w 1h ago", "2026-11-16T11:00:00Z"),
        ] {
            let date: Date = text.parse().unwrap();
            assert_eq!(date.at(now).to_string(), moment, "{text}");
        }
        let age: Age = "36h".parse().unwrap();
        assert_eq!(age.before(now).to_string(), "2026-11-29T00:00:00Z");
        for text in ["30d", "yesterday", "2 months ago", ""] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert!("1mo".parse::<Age>().is_err());
    }
}
