//! Rate limits: a leaky bucket an endpoint (docs/frameio-api.md, "Rate limits"). Pure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::sandbox::endpoint::{Endpoint, NoEndpoint};

/// How many requests a window takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The requests.
    pub requests: u32,
    /// The window, in milliseconds.
    pub window: u64,
}

/// Says why a text is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The text has another form.
    #[error(
        "`{0}` is not a limit: write `documented`, `off`, or an endpoint and its limit like `bulk_delete=50/1000ms`"
    )]
    Form(String),
    /// A window cannot take that many.
    #[error("`{0}` lets more than two requests through in a millisecond: write `off` instead")]
    TooMany(String),
    /// There is no such endpoint.
    #[error(transparent)]
    Endpoint(#[from] NoEndpoint),
}

impl Limit {
    /// So many requests in a window of so many milliseconds.
    #[must_use]
    pub const fn new(requests: u32, window: u64) -> Self {
        Self { requests, window }
    }

    /// What one request costs, in milliseconds.
    const fn cost(self) -> u64 {
        let requests = self.requests as u64;
        (self.window * 2 + requests) / (requests * 2)
    }

    /// How many requests a bucket at this level still lets through.
    const fn remaining(self, level: u64) -> u64 {
        let free = self.window.saturating_sub(level);
        (free * self.requests as u64 * 2 + self.window) / (self.window * 2)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}ms", self.requests, self.window)
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let form = || LimitError::Form(text.to_owned());
        let (requests, window) = text.split_once('/').ok_or_else(form)?;
        let requests: u32 = requests.trim().parse().map_err(|_why| form())?;
        let window = milliseconds(window.trim()).ok_or_else(form)?;
        // A bound on the window keeps the arithmetic within 64 bits.
        if requests == 0 || window == 0 || window > u64::from(u32::MAX) {
            return Err(form());
        }
        let limit = Self { requests, window };
        if limit.cost() == 0 {
            return Err(LimitError::TooMany(text.to_owned()));
        }
        Ok(limit)
    }
}

/// A length of time; a bare number means milliseconds, as in the API's headers.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let span: SignedDuration = text.parse().ok()?;
    let span = Duration::try_from(span).ok()?;
    u64::try_from(span.as_millis()).ok()
}

/// The limits of all endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits([Option<Limit>; Endpoint::ALL.len()]);

/// One word about limits, as a flag gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitWord {
    /// The limits that are documented.
    Documented,
    /// No limits.
    Off,
    /// Another limit of one endpoint, or none.
    One(Endpoint, Option<Limit>),
}

impl FromStr for LimitWord {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        match text.split_once('=') {
            None if text == "documented" => Ok(Self::Documented),
            None if text == "off" => Ok(Self::Off),
            None => Err(LimitError::Form(text.to_owned())),
            Some((endpoint, "off")) => Ok(Self::One(endpoint.parse()?, None)),
            Some((endpoint, limit)) => Ok(Self::One(endpoint.parse()?, Some(limit.parse()?))),
        }
    }
}

impl Limits {
    /// What is documented.
    #[must_use]
    pub fn documented() -> Self {
        let limit = |(requests, window)| Limit::new(requests, window);
        Self(Endpoint::ALL.map(|endpoint| endpoint.documented().map(limit)))
    }

    /// None at all; then no answer carries the headers either.
    #[must_use]
    pub const fn off() -> Self {
        Self([None; Endpoint::ALL.len()])
    }

    /// Takes a word into account.
    #[must_use]
    pub fn with(mut self, word: LimitWord) -> Self {
        match word {
            LimitWord::Documented => Self::documented(),
            LimitWord::Off => Self::off(),
            LimitWord::One(endpoint, limit) => {
                if let Some(place) = self.0.get_mut(endpoint.number()) {
                    *place = limit;
                }
                self
            }
        }
    }

    /// The limit of one endpoint.
    #[must_use]
    pub fn get(&self, endpoint: Endpoint) -> Option<Limit> {
        self.0.get(endpoint.number()).copied().flatten()
    }
}

impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Endpoint::ALL.map(|endpoint| {
            let limit = self.get(endpoint);
            let limit = limit.map_or_else(|| "off".to_owned(), |limit| limit.to_string());
            (endpoint.name(), limit)
        }))
    }
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Limits;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("`documented`, `off`, or endpoints with their limits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Limits, E> {
                match text {
                    "documented" => Ok(Limits::documented()),
                    "off" => Ok(Limits::off()),
                    other => Err(E::custom(LimitError::Form(other.to_owned()))),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Limits, A::Error> {
                let mut limits = Limits::documented();
                while let Some((endpoint, limit)) = map.next_entry::<String, String>()? {
                    let word = format!("{endpoint}={limit}");
                    limits = limits.with(word.parse().map_err(A::Error::custom)?);
                }
                Ok(limits)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Limits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let limit = schemars::json_schema!({
            "type": "string",
            "pattern": "^(off|[1-9][0-9]*/[1-9].*)$"
        });
        let each: std::collections::BTreeMap<&str, &schemars::Schema> = Endpoint::ALL
            .iter()
            .map(|endpoint| (endpoint.name(), &limit))
            .collect();
        schemars::json_schema!({
            "description": "`documented`, `off`, or what differs from what is documented, an endpoint each: `off`, or requests and their window like `50/1000ms`.",
            "anyOf": [
                {"enum": ["documented", "off"]},
                {"type": "object", "properties": each, "additionalProperties": false}
            ]
        })
    }
}

/// The buckets of all endpoints, as full as they are.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    buckets: [Bucket; Endpoint::ALL.len()],
}

/// How full a bucket was, and when; both in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    level: u64,
    at: u64,
}

/// What the bucket of an endpoint says of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) allowed: bool,
    pub(super) limit: Limit,
    pub(super) remaining: u64,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            buckets: [Bucket::default(); Endpoint::ALL.len()],
        }
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Asks the bucket of an endpoint; nothing where it has no limit.
    pub(super) fn take(&mut self, endpoint: Endpoint, now: Duration) -> Option<Ticket> {
        self.ask(endpoint, now, true)
    }

    /// Looks how full the bucket of an endpoint is, and takes nothing of it.
    pub(super) fn look(&mut self, endpoint: Endpoint, now: Duration) -> Option<Ticket> {
        self.ask(endpoint, now, false)
    }

    fn ask(&mut self, endpoint: Endpoint, now: Duration, takes: bool) -> Option<Ticket> {
        let limit = self.limits.get(endpoint)?;
        let bucket = self.buckets.get_mut(endpoint.number())?;
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        bucket.level = bucket.level.saturating_sub(now.saturating_sub(bucket.at));
        bucket.at = now.max(bucket.at);
        let allowed = bucket.level + limit.cost() <= limit.window;
        if allowed && takes {
            bucket.level += limit.cost();
        }
        Some(Ticket {
            allowed,
            limit,
            remaining: limit.remaining(bucket.level),
        })
    }
}
