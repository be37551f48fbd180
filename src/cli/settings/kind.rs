//! The kinds of values that settings have: how a flag, a variable and a file say one.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
#[cfg(test)]
use serde_json::{Value, json};

use crate::cli::duration::parse_duration;
use crate::state::Api;

/// A kind of value.
pub(crate) trait Kind: Clone + Send + Sync + Sized + 'static {
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

/// Says how the text of a flag or a variable is read, and the schema of the value in a file.
macro_rules! kind {
    ($kind:ty, $parse:expr, $schema:tt $(, $own:item)*) => {
        impl Kind for $kind {
            fn parse(text: &str) -> Result<Self, String> {
                let parse: fn(&str) -> Result<Self, String> = $parse;
                parse(text)
            }

            fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                Self::deserialize(source)
            }

            #[cfg(test)]
            fn schema() -> Value {
                json!($schema)
            }

            $($own)*
        }
    };
}

kind!(String, |text| Ok(text.to_owned()), {"type": "string"});
kind!(bool, yes_or_no, {"type": "boolean"});
kind!(u32, whole, {"type": "integer", "minimum": 0});
kind!(usize, whole, {"type": "integer", "minimum": 0});
kind!(NonZeroU32, from_one, {"type": "integer", "minimum": 1});
kind!(NonZeroUsize, from_one, {"type": "integer", "minimum": 1});
kind!(Percent, str::parse, {"type": "integer", "minimum": 0, "maximum": 100});

kind!(
    PathBuf,
    |text| Ok(Self::from(text)),
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
    api,
    {"enum": ["v2", "v4"]},
    fn parser() -> ValueParser {
        let names = PossibleValuesParser::new(["v2", "v4"]);
        ValueParser::new(names.try_map(|name| Self::parse(&name)))
    }
);

kind!(
    TokenCommand,
    |text| Ok(Self::Shell(text.to_owned())),
    {
        "type": "array", "items": {"type": "string"}, "minItems": 1,
        "description": "The program and its arguments; no shell is involved."
    }
);

impl Kind for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        parse_duration(text)
    }

    fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        parse_duration(&String::deserialize(source)?).map_err(D::Error::custom)
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

fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    let number = text.trim().parse();
    number.map_err(|_why| format!("`{text}` is not a whole number that fits here"))
}

fn from_one<T: FromStr>(text: &str) -> Result<T, String> {
    let number = text.trim().parse();
    number.map_err(|_why| format!("`{text}` is not a whole number from 1"))
}

fn api(text: &str) -> Result<Api, String> {
    let mut versions = [Api::V2, Api::V4].into_iter();
    let api = versions.find(|api| api.name() == text);
    api.ok_or_else(|| format!("`{text}` is no version of the API: it is `v2` or `v4`"))
}

/// A share in percent, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub(crate) struct Percent(u8);

impl Percent {
    /// The figure.
    pub(crate) const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        if value > 100 {
            return Err(format!("{value} is no share in percent: at most 100"));
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
            .map_err(|_no_number| format!("`{text}` is no share in percent: write it like `50`"))
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
