//! Faults: what goes wrong with which request, decided by a number and not by chance. Pure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sandbox::endpoint::{Endpoint, NoEndpoint};
use crate::sandbox::limit::milliseconds;
use crate::sandbox::odd::Odd;
use crate::sandbox::roll::{WHOLE, roll};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is answered with this status, and nothing comes of it.
    Status(u16, Option<Wait>),
    /// It is served this much later.
    Delay(Duration),
    /// It is served, and the answer comes this much later.
    Stall(Duration),
    /// The connection is dropped, and nothing comes of it.
    DropBefore,
    /// It is served, and the connection is dropped before the answer.
    DropAfter,
    /// It is served, and the answer ends before its `content-length`.
    Cut,
    /// It is served, and the answer's body is no JSON.
    Garbage,
    /// It is served, and the answer comes in crumbs with this pause between them.
    Drip(Duration),
    /// It is served, and the answer calls itself a web page.
    WrongType,
    /// It is answered with a web page of this status, and nothing comes of it.
    Page(u16),
    /// It is answered with a success that is none, and nothing comes of it.
    Odd(Odd),
    /// It is served, and answered with this status all the same.
    Done(u16),
    /// It is served by half, where it moves several, and answered with 504.
    Half,
    /// It is a page of a list that says that nothing comes after it.
    ListEnds,
    /// The same, and it does not say how many entries the list has.
    ListStops,
    /// It is a page of a list whose link to the next page leads to itself.
    ListRepeats,
}

/// Says to whoever moves several that half of them is enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half;

/// What an answer says of when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// `retry-after` in seconds.
    Seconds(u64),
    /// `retry-after-ms`.
    Milliseconds(u64),
    /// `retry-after` as a date so many seconds ahead.
    Date(u64),
}

/// A share of requests or assets, in millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub(super) u32);

/// Which requests a fault meets, counted from 1 over those that its rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// A share of them.
    Share(Share),
    /// Every nth.
    Every(u64),
    /// The first ones.
    First(u64),
    /// These.
    At(Vec<u64>),
    /// Those that ask for this page of a list, from 1.
    Page(u64),
}

/// A fault, and which requests it meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// How often.
    pub when: When,
    /// With which calls; all where this is empty.
    pub on: Vec<Endpoint>,
}

/// Says why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The text as a whole has another form.
    #[error(
        "`{0}` is not a rule for faults: write it like `503=5%`, `429/2s=every:7` or `drop-after=first:1@bulk_delete`"
    )]
    Form(String),
    /// There is no such fault.
    #[error(
        "`{0}` is not a fault: it is a status from 400 to 599, perhaps with a wait (`429/2s`, `429/500ms`, `503/date:2s`), a web page with a status (`page/404`), `drop-before`, `drop-after`, `cut`, `garbage`, `wrong-type`, `done/504`, `half`, `list-ends`, `list-stops`, `list-repeats`, `odd/` with `errors`, `code`, `failure`, `foreign`, `list` or `other`, or with a time `delay/200ms`, `stall/200ms`, `drip/20ms`"
    )]
    Fault(String),
    /// The text is no share.
    #[error("`{0}` is not a share: write it like `2%` or `0.5%`, at most `100%`")]
    Share(String),
    /// It cannot be told which requests are meant.
    #[error(
        "`{0}` does not say which requests: write `10%`, `every:7`, `first:3`, `at:1+4` or `page:2`"
    )]
    When(String),
    /// There is no such endpoint.
    #[error(transparent)]
    Endpoint(#[from] NoEndpoint),
}

impl FromStr for Share {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let wrong = || RuleError::Share(text.to_owned());
        let number = text.strip_suffix('%').ok_or_else(wrong)?.trim();
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > 4 || !digits(whole) || !digits(part) {
            return Err(wrong());
        }
        let millionths: u32 = format!("{whole}{part:0<4}")
            .parse()
            .map_err(|_why| wrong())?;
        if millionths > WHOLE {
            return Err(wrong());
        }
        Ok(Self(millionths))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        let part = format!(".{part:04}");
        let part = part.trim_end_matches('0').trim_end_matches('.');
        write!(formatter, "{whole}{part}%")
    }
}

impl Share {
    /// Whether the thing that these numbers stand for is part of the share.
    pub(super) const fn takes(self, numbers: [u64; 3]) -> bool {
        roll(numbers) < self.0
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Share {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A share, such as `2%` or `0.5%`.",
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]{1,4})?%$"
        })
    }
}

impl FromStr for Fault {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let wrong = || RuleError::Fault(text.to_owned());
        let (name, detail) = match text.split_once('/') {
            Some((name, detail)) => (name, Some(detail)),
            None => (text, None),
        };
        let time = || {
            let time = detail.and_then(milliseconds).ok_or_else(wrong)?;
            Ok(Duration::from_millis(time))
        };
        match name {
            "delay" => time().map(Self::Delay),
            "stall" => time().map(Self::Stall),
            "drip" => time().map(Self::Drip),
            "drop-before" if detail.is_none() => Ok(Self::DropBefore),
            "drop-after" if detail.is_none() => Ok(Self::DropAfter),
            "cut" if detail.is_none() => Ok(Self::Cut),
            "garbage" if detail.is_none() => Ok(Self::Garbage),
            "wrong-type" if detail.is_none() => Ok(Self::WrongType),
            "done" => status_of(detail).map(Self::Done).ok_or_else(wrong),
            "half" if detail.is_none() => Ok(Self::Half),
            "list-ends" if detail.is_none() => Ok(Self::ListEnds),
            "list-stops" if detail.is_none() => Ok(Self::ListStops),
            "list-repeats" if detail.is_none() => Ok(Self::ListRepeats),
            "page" => status_of(detail).map(Self::Page).ok_or_else(wrong),
            "odd" => detail.and_then(Odd::named).map(Self::Odd).ok_or_else(wrong),
            status => {
                let status = status_of(Some(status)).ok_or_else(wrong)?;
                let wait = detail.map(|wait| Wait::parse(wait).ok_or_else(wrong));
                Ok(Self::Status(status, wait.transpose()?))
            }
        }
    }
}

/// The status of a refusal.
fn status_of(text: Option<&str>) -> Option<u16> {
    let status = text?.parse().ok()?;
    (400..=599).contains(&status).then_some(status)
}

impl Wait {
    fn parse(text: &str) -> Option<Self> {
        if let Some(ahead) = text.strip_prefix("date:") {
            return Some(Self::Date(milliseconds(ahead)? / 1000));
        }
        let wait = milliseconds(text)?;
        if text.ends_with("ms") {
            Some(Self::Milliseconds(wait))
        } else {
            Some(Self::Seconds(wait / 1000))
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, None) => write!(formatter, "{status}"),
            Self::Status(status, Some(Wait::Seconds(wait))) => {
                write!(formatter, "{status}/{wait}s")
            }
            Self::Status(status, Some(Wait::Milliseconds(wait))) => {
                write!(formatter, "{status}/{wait}ms")
            }
            Self::Status(status, Some(Wait::Date(wait))) => {
                write!(formatter, "{status}/date:{wait}s")
            }
            Self::Delay(time) => write!(formatter, "delay/{}ms", time.as_millis()),
            Self::Stall(time) => write!(formatter, "stall/{}ms", time.as_millis()),
            Self::Drip(time) => write!(formatter, "drip/{}ms", time.as_millis()),
            Self::DropBefore => formatter.write_str("drop-before"),
            Self::DropAfter => formatter.write_str("drop-after"),
            Self::Cut => formatter.write_str("cut"),
            Self::Garbage => formatter.write_str("garbage"),
            Self::WrongType => formatter.write_str("wrong-type"),
            Self::Page(status) => write!(formatter, "page/{status}"),
            Self::Odd(odd) => write!(formatter, "odd/{odd}"),
            Self::Done(status) => write!(formatter, "done/{status}"),
            Self::Half => formatter.write_str("half"),
            Self::ListEnds => formatter.write_str("list-ends"),
            Self::ListStops => formatter.write_str("list-stops"),
            Self::ListRepeats => formatter.write_str("list-repeats"),
        }
    }
}

impl When {
    /// Whether it means a request by its place among those that are meant, or by the page that it
    /// asks for; a share means none.
    pub(super) fn meets(&self, place: u64, page: u64) -> bool {
        match self {
            Self::Share(_) => false,
            Self::Every(every) => place.is_multiple_of(*every),
            Self::First(first) => place <= *first,
            Self::At(places) => places.contains(&place),
            Self::Page(wanted) => page == *wanted,
        }
    }
}

impl FromStr for When {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let wrong = || RuleError::When(text.to_owned());
        let number = |text: &str| {
            let number = text.parse().map_err(|_why| wrong())?;
            if number == 0 {
                Err(wrong())
            } else {
                Ok(number)
            }
        };
        match text.split_once(':') {
            None => text.parse().map(Self::Share).map_err(|_why| wrong()),
            Some(("every", every)) => number(every).map(Self::Every),
            Some(("first", first)) => number(first).map(Self::First),
            Some(("page", page)) => number(page).map(Self::Page),
            Some(("at", places)) => {
                let places: Result<Vec<u64>, _> = places.split('+').map(number).collect();
                places.map(Self::At)
            }
            Some(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(formatter, "{share}"),
            Self::Every(every) => write!(formatter, "every:{every}"),
            Self::First(first) => write!(formatter, "first:{first}"),
            Self::Page(page) => write!(formatter, "page:{page}"),
            Self::At(places) => {
                let places: Vec<String> = places.iter().map(u64::to_string).collect();
                write!(formatter, "at:{}", places.join("+"))
            }
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        let form = || RuleError::Form(text.to_owned());
        let (fault, rest) = text.split_once('=').ok_or_else(form)?;
        let (when, on) = match rest.split_once('@') {
            Some((when, on)) => (when, on.split('+').map(str::parse).collect()),
            None => (rest, Ok(Vec::new())),
        };
        Ok(Self {
            fault: fault.parse()?,
            when: when.parse()?,
            on: on?,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, when, on } = self;
        write!(formatter, "{fault}={when}")?;
        for (index, endpoint) in on.iter().enumerate() {
            let sign = if index == 0 { '@' } else { '+' };
            write!(formatter, "{sign}{endpoint}")?;
        }
        Ok(())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Rule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A fault, which requests it meets, and with which calls, such as `503=5%`, `429/2s=every:7`, `list-ends=page:2@v4_folder_children`, `drop-after=first:1@bulk_delete` or `cut=at:2+5@bulk_delete+asset_delete`.",
            "type": "string",
            "pattern": "^[^=@]+=[^=@]+(@[a-z0-9_+-]+)?$"
        })
    }
}

/// All that goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// The number that decides which requests a share meets: with the same number the same ones.
    #[serde(default)]
    pub seed: u64,
    /// The rules; where several meet one request, the first of them counts, and delays add up.
    #[serde(default)]
    pub rules: Vec<Rule>,
}
