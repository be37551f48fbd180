//! The kinds of values that settings have: how a flag, a variable and a file say one.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use jiff::SignedDuration;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
#[cfg(test)]
use serde_json::{Value, json};

use crate::apply::staged::Verify;
use crate::manifest::document::Strategy;
use crate::measure::parse_duration;
use crate::render::names::Names;
use crate::state::Api;

/// A kind of value.
pub(crate) trait Kind: Clone + Send + Sync + Sized + 'static {
    /// What the value in a file must be, in words.
    const WANTED: &'static str;

    /// Reads the text of a variable.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    fn parse(text: &str) -> Result<Self, String>;

    /// Reads the value of a file.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error>;

    /// The value as people may see it: as a flag would say it, and without a secret.
    fn shown(&self) -> String;

    /// The JSON Schema of the value in a file.
    #[cfg(test)]
    fn schema() -> Value;

    /// What reads the text of a flag.
    fn parser() -> ValueParser {
        ValueParser::new(Self::parse as fn(&str) -> Result<Self, String>)
    }

    /// The value, seen from where the program runs; it came from a file in `folder`.
    fn seen_from(self, _folder: &Path) -> Self {
        self
    }
}

/// Says what a value must be, how the text of a flag or a variable is read, how the value is
/// shown, and its schema in a file.
macro_rules! kind {
    ($kind:ty, $wanted:literal, $parse:expr, $shown:expr, $schema:tt $(, $own:item)*) => {
        impl Kind for $kind {
            const WANTED: &'static str = $wanted;

            fn parse(text: &str) -> Result<Self, String> {
                let parse: fn(&str) -> Result<Self, String> = $parse;
                parse(text)
            }

            fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                Self::deserialize(source)
            }

            fn shown(&self) -> String {
                let shown: fn(&Self) -> String = $shown;
                shown(self)
            }

            #[cfg(test)]
            fn schema() -> Value {
                json!($schema)
            }

            $($own)*
        }
    };
}

kind!(String, "a text in quotes", |text| Ok(text.trim().to_owned()), Self::clone, {"type": "string"});
kind!(bool, "`true` or `false`, without quotes", yes_or_no, Self::to_string, {"type": "boolean"});
kind!(u32, "a whole number", whole, Self::to_string, {"type": "integer", "minimum": 0});
kind!(usize, "a whole number", whole, Self::to_string, {"type": "integer", "minimum": 0});
kind!(NonZeroU32, "a whole number from 1", from_one, Self::to_string, {"type": "integer", "minimum": 1});
kind!(NonZeroUsize, "a whole number from 1", from_one, Self::to_string, {"type": "integer", "minimum": 1});
kind!(
    Percent,
    "a whole number from 0 to 100",
    str::parse,
    |percent| percent.0.to_string(),
    {"type": "integer", "minimum": 0, "maximum": 100}
);

kind!(
    PathBuf,
    "a path in quotes",
    |text| Ok(Self::from(text)),
    |path| path.display().to_string(),
    {"type": "string", "description": "A path, seen from the folder of this file."},
    fn parser() -> ValueParser {
        clap::value_parser!(PathBuf)
    },
    fn seen_from(self, folder: &Path) -> Self {
        folder.join(self)
    }
);

kind!(
    Api,
    "`\"v2\"` or `\"v4\"`",
    api,
    |api| api.name().to_owned(),
    {"enum": ["v2", "v4"]},
    fn parser() -> ValueParser {
        let names = PossibleValuesParser::new(["v2", "v4"]);
        ValueParser::new(names.try_map(|name| Self::parse(&name)))
    }
);

kind!(
    Names,
    "`\"full\"`, `\"path\"` or `\"off\"`",
    names,
    |names| names.name().to_owned(),
    {"enum": ["full", "path", "off"]},
    fn parser() -> ValueParser {
        let names = PossibleValuesParser::new(Names::ALL.map(Names::name));
        ValueParser::new(names.try_map(|name| Self::parse(&name)))
    }
);

kind!(
    Strategy,
    "`\"direct\"`, `\"staged\"` or `\"auto\"`",
    |text| one_of(text, &Self::ALL, Self::name),
    |strategy| strategy.name().to_owned(),
    {"enum": ["direct", "staged", "auto"]},
    fn parser() -> ValueParser {
        let names = PossibleValuesParser::new(Self::ALL.map(Self::name));
        ValueParser::new(names.try_map(|name| Self::parse(&name)))
    }
);

kind!(
    Verify,
    "`\"sample\"` or `\"all\"`",
    |text| one_of(text, &Self::ALL, Self::name),
    |verify| verify.name().to_owned(),
    {"enum": ["sample", "all"]},
    fn parser() -> ValueParser {
        let names = PossibleValuesParser::new(Self::ALL.map(Self::name));
        ValueParser::new(names.try_map(|name| Self::parse(&name)))
    }
);

kind!(
    TokenCommand,
    "a list of words: the program and its arguments",
    |text| Ok(Self::Shell(text.to_owned())),
    |_| "(a command, not shown)".to_owned(),
    {
        "type": "array", "items": {"type": "string"}, "minItems": 1,
        "description": "The program and its arguments; no shell is involved."
    }
);

impl Kind for Duration {
    const WANTED: &'static str = "a length of time in quotes, like `\"30s\"`";

    fn parse(text: &str) -> Result<Self, String> {
        parse_duration(text)
    }

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        parse_duration(&String::deserialize(source)?).map_err(D::Error::custom)
    }

    fn shown(&self) -> String {
        let time = SignedDuration::try_from(*self);
        time.map_or_else(
            |_too_long| "for ever".to_owned(),
            |time| format!("{time:#}"),
        )
    }

    #[cfg(test)]
    fn schema() -> Value {
        let description = "A length of time, such as `30s`, `1h 30m` or `2 days`.";
        json!({"type": "string", "minLength": 1, "description": description})
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

/// Reads a whole number.
///
/// # Errors
///
/// Returns the text that is none.
pub(crate) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    let number = text.trim().parse();
    number.map_err(|_why| format!("`{text}` is not a whole number that fits here"))
}

fn from_one<T: FromStr>(text: &str) -> Result<T, String> {
    let number = text.trim().parse();
    number.map_err(|_why| format!("`{text}` is not a whole number from 1"))
}

fn api(text: &str) -> Result<Api, String> {
    let mut versions = Api::ALL.into_iter();
    let api = versions.find(|api| text.trim().eq_ignore_ascii_case(api.name()));
    api.ok_or_else(|| format!("`{text}` is not a version of the API: it is `v2` or `v4`"))
}

/// The one of some that is called so.
fn one_of<T: Copy>(text: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| name(*one) == text);
    found.ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|one| format!("`{}`", name(*one))).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

fn names(text: &str) -> Result<Names, String> {
    let mut all = Names::ALL.into_iter();
    let names = all.find(|names| text.trim().eq_ignore_ascii_case(names.name()));
    names.ok_or_else(|| format!("`{text}` is neither `full` nor `path` nor `off`"))
}

/// A share in percent, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub(crate) struct Percent(u8);

impl Percent {
    pub(crate) const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        if value > 100 {
            return Err(format!("{value} is not a share in percent: at most 100"));
        }
        Ok(Self(value))
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim().trim_end_matches('%').trim_end();
        let value = digits.parse::<u8>();
        value
            .map_err(|_no_number| format!("`{text}` is not a share in percent: write it like `50`"))
            .and_then(Self::try_from)
    }
}

/// What prints a token. It may hold a secret itself, so that its debug form is `***`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<String>")]
pub(crate) enum TokenCommand {
    /// A command for the shell.
    Shell(String),
    /// A program and its arguments.
    Program(Vec<String>),
}

impl From<Vec<String>> for TokenCommand {
    fn from(words: Vec<String>) -> Self {
        Self::Program(words)
    }
}

impl fmt::Debug for TokenCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}
