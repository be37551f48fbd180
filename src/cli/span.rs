//! Lengths of time, as people write them: `30s`, `1h 30m`, `2 days`; a bare number means seconds.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A length of time that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time: write it like `30s` or `1h 30m`");
        if let Ok(seconds) = text.parse() {
            return Ok(Self(Duration::from_secs(seconds)));
        }
        // Days are always 24 hours here, since nothing depends on a calendar.
        let text = match text.trim().strip_suffix('d') {
            Some(days) => match days.trim().parse::<u32>() {
                Ok(days) => format!("{}h", u64::from(days) * 24),
                Err(_) => return Err(wrong()),
            },
            None => text.to_owned(),
        };
        let span: SignedDuration = text.parse().map_err(|_why| wrong())?;
        Duration::try_from(span).map(Self).map_err(|_why| wrong())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A length of time, such as `30s`, `1h 30m` or `2d`.",
            "type": "string",
            "minLength": 1
        })
    }
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
            ("PT1H", 3600),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Span(Duration::from_secs(seconds))),
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
            "1e9",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
