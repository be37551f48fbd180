//! How a setting is declared: the columns of the table, and the macro that makes everything else
//! of its rows.

use std::path::Path;

use clap::ArgMatches;
use clap::builder::ValueParser;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
#[cfg(test)]
use serde_json::Value;

use crate::cli::env::Environment;
use crate::cli::settings::kind::Kind;
use crate::cli::settings::origin::{Origin, SettingsError, Valued};

/// The commands that a flag may belong to; those of one setting are joined by `|`.
pub mod on {
    /// `retire plan`.
    pub const PLAN: u16 = 1;
    /// `retire apply`.
    pub const APPLY: u16 = 2;
    /// `retire state migrate`.
    pub const MIGRATE: u16 = 4;
    /// The commands that read a state, and talk to no server.
    pub const READ_STATE: u16 = 8;
    /// The commands that write a state, and talk to no server.
    pub const WRITE_STATE: u16 = 16;
    /// `retire whoami`.
    pub const WHOAMI: u16 = 32;
    /// `retire login`.
    pub const LOGIN: u16 = 64;
    /// `retire find`.
    pub const FIND: u16 = 128;
    /// `retire validate`.
    pub const VALIDATE: u16 = 256;
    /// `retire show`.
    pub const SHOW: u16 = 512;
    /// `retire restore`.
    pub const RESTORE: u16 = 1024;
    /// Every command that has a state.
    pub const ALL: u16 = PLAN | APPLY | MIGRATE | READ_STATE | WRITE_STATE | FIND | SHOW | RESTORE;
    /// The commands that write reports.
    pub const REPORTS: u16 = PLAN | APPLY | FIND | VALIDATE | SHOW;
    /// The commands that talk to a server.
    pub const SERVER: u16 = PLAN | APPLY | MIGRATE | WHOAMI | FIND | RESTORE;
}

/// The parts of the help, in their order.
pub(crate) mod heading {
    /// What is found.
    pub(crate) const FILTERS: &str = "Filters";
    /// Where what is found is listed.
    pub(crate) const MANIFEST: &str = "Manifest";
    /// What is planned, and what is left out.
    pub(crate) const PLAN: &str = "Plan";
    /// How much a plan may delete.
    pub(crate) const GUARDS: &str = "Guards";
    /// Who says yes, and what is printed.
    pub(crate) const APPROVAL: &str = "Approval and output";
    /// Which server, and which account of it.
    pub(crate) const SERVER: &str = "Server and account";
    /// Where tokens come from.
    pub(crate) const CREDENTIALS: &str = "Credentials";
    /// Where the state is.
    pub(crate) const STATE: &str = "State";
    /// When a run ends by itself.
    pub(crate) const LIMITS: &str = "Limits that stop a run";
    /// How requests are made.
    pub(crate) const REQUESTS: &str = "Requests";
    /// What every command has.
    pub(crate) const GLOBAL: &str = "Global options";
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in `retire.toml`, and its flag without the `--`.
    pub key: &'static str,
    pub variable: &'static str,
    /// What it does: the first line for `-h`, all of them for `--help` and the schema.
    pub help: &'static [&'static str],
    /// What counts where nobody says anything.
    pub default: Option<&'static str>,
    /// What stands for the value in the help; nothing where the flag alone says it.
    pub value: &'static str,
    /// The part of the help that it stands in.
    pub heading: &'static str,
    /// The commands that have its flag.
    pub commands: u16,
    /// Whether `-h` shows it; `--help` shows all.
    pub common: bool,
    /// Whether it decides where a secret goes or what is executed. A pull request may change the
    /// project's file, so that there it counts only where somebody trusts the file.
    pub guarded: bool,
    /// The settings whose flags it excludes.
    pub excludes: &'static [&'static str],
    /// What its value in a file must be, in words.
    pub(crate) wanted: &'static str,
    /// What reads the text of its flag.
    pub parser: fn() -> ValueParser,
    /// The JSON Schema of its value.
    #[cfg(test)]
    pub schema: fn() -> Value,
}

impl Setting {
    /// All of its help, with its default and its variable.
    pub(crate) fn long_help(&self) -> String {
        let default = self.default.filter(|_| !self.value.is_empty());
        let default = default.map_or_else(String::new, |default| format!("default: {default}; "));
        let alone = if self.value.is_empty() { "=true" } else { "" };
        format!("{} [{default}env: {}{alone}]", self.words(), self.variable)
    }

    /// What it does, in one sentence.
    pub(crate) fn words(&self) -> String {
        let lines: Vec<&str> = self.help.iter().map(|line| line.trim()).collect();
        lines.join(", ")
    }
}

/// What holds of a row that does not say otherwise.
pub(super) const COLUMNS: Setting = Setting {
    key: "",
    variable: "",
    help: &[],
    default: None,
    value: "",
    heading: "",
    commands: 0,
    common: false,
    guarded: false,
    excludes: &[],
    wanted: String::WANTED,
    parser: String::parser,
    #[cfg(test)]
    schema: String::schema,
};

/// Makes, of one row a setting:
///
/// - `SETTINGS`, the rows themselves, for help, schema and hints;
/// - `Given`, what one place says: the flags, the variables or a file;
/// - `Values`, what counts in the end, each value with who set it.
///
/// A row is `name: type = "default", check(function) { columns }`. Without a default the value is
/// an `Option`; `check` says what else must hold.
macro_rules! settings {
    (@default) => { None };
    (@default $default:tt) => { Some($default) };
    (@counts $kind:ty) => { Option<Valued<$kind>> };
    (@counts $kind:ty, $default:tt) => { Valued<$kind> };
    (@shown $value:expr) => { $value.as_ref().map(shown) };
    (@shown $value:expr, $default:tt) => { Some(shown(&$value)) };
    (@or $found:ident, $kind:ty) => { $found };
    (@or $found:ident, $kind:ty, $default:tt) => {
        match $found {
            Some(found) => found,
            None => Valued::parse(Origin::Default, $default, <$kind as Kind>::parse)?,
        }
    };
    ($(
        $(#[doc = $help:literal])+
        $name:ident: $kind:ty $(= $default:tt)? $(, check($check:expr))? {
            key: $key:literal, variable: $variable:literal, $($column:ident: $value:expr),+ $(,)?
        }
    )+) => {
        #[expect(clippy::needless_update, reason = "a row may say something in every column")]
        pub const SETTINGS: &[Setting] = &[$(
            Setting {
                key: $key,
                variable: $variable,
                help: &[$($help),+],
                default: settings!(@default $($default)?),
                wanted: <$kind as Kind>::WANTED,
                parser: <$kind as Kind>::parser,
                #[cfg(test)]
                schema: <$kind as Kind>::schema,
                $($column: $value,)+
                ..COLUMNS
            },
        )+];

        /// What one place says.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Given {
            /// The version of a file; no other place has one.
            pub(crate) version: Option<u64>,
            $(
                $(#[doc = $help])+
                #[serde(rename = $key, default, deserialize_with = "from_file")]
                pub(crate) $name: Option<Valued<$kind>>,
            )+
            /// The guards; a file has them in tables of their own.
            #[serde(default, deserialize_with = "read_apart")]
            pub(crate) guards: GuardsGiven,
            /// The marks; a file has them in a table of their own.
            #[serde(default, deserialize_with = "read_apart")]
            pub(crate) marks: Option<Marking>,
        }

        impl Given {
            /// Takes what the flags of a command say.
            pub(crate) fn by_flags(matches: &ArgMatches) -> Self {
                Self {
                    version: None,
                    $($name: from_flag(matches, $key, concat!("--", $key)),)+
                    guards: GuardsGiven::default(),
                    marks: None,
                }
            }

            /// Takes what the variables say.
            ///
            /// # Errors
            ///
            /// Returns the first that does not fit.
            pub(crate) fn by_variables(environment: &Environment) -> Result<Self, SettingsError> {
                Ok(Self {
                    version: None,
                    $($name: from_variable(environment, $variable)?,)+
                    guards: GuardsGiven::default(),
                    marks: None,
                })
            }

            /// Says which file this was read from; without trust, what is guarded goes.
            pub(crate) fn of_file(self, path: &Path, trusted: bool) -> Self {
                let guarded = SETTINGS.iter().filter(|setting| setting.guarded);
                let counts = |key| trusted || guarded.clone().all(|setting| setting.key != key);
                Self {
                    version: self.version,
                    $($name: seen_from(path, self.$name.filter(|_| counts($key))),)+
                    guards: self.guards,
                    marks: self.marks,
                }
            }
        }

        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct Values {
            $(
                $(#[doc = $help])+
                pub(crate) $name: settings!(@counts $kind $(, $default)?),
            )+
        }

        impl Values {
            /// Each setting by its key, as people may see it, and who set it; of one that has no
            /// value, nothing.
            #[must_use]
            pub(crate) fn shown(&self) -> Vec<(&'static str, Option<Valued<String>>)> {
                vec![$(($key, settings!(@shown self.$name $(, $default)?)),)+]
            }

            /// Takes of each setting what the nearest place says.
            ///
            /// # Errors
            ///
            /// Returns the first value that does not pass its check, and who set it.
            pub(crate) fn resolve(places: &[&Given]) -> Result<Self, SettingsError> {
                Ok(Self {
                    $($name: {
                        let found = places.iter().find_map(|given| given.$name.clone());
                        $(if let Some(found) = &found {
                            found.check($check)?;
                        })?
                        settings!(@or found, $kind $(, $default)?)
                    },)+
                })
            }
        }
    };
}

pub(super) use settings;

/// A value as people may see it.
pub(super) fn shown<T: Kind>(valued: &Valued<T>) -> Valued<String> {
    Valued {
        value: valued.value.shown(),
        origin: valued.origin.clone(),
    }
}

/// What a flag of a command says; nothing where the command does not have it.
pub(super) fn from_flag<T: Kind>(
    matches: &ArgMatches,
    key: &str,
    name: &'static str,
) -> Option<Valued<T>> {
    matches.try_contains_id(key).ok()?;
    let value = matches.get_one::<T>(key)?.clone();
    let origin = Origin::Flag(name);
    Some(Valued { value, origin })
}

/// What a variable says.
pub(super) fn from_variable<T: Kind>(
    environment: &Environment,
    name: &'static str,
) -> Result<Option<Valued<T>>, SettingsError> {
    let text = environment.text(name)?;
    text.map(|text| Valued::parse(Origin::Environment(name), text, T::parse))
        .transpose()
}

/// What a file says; which one it is, is said later.
pub(super) fn from_file<'de, D, T>(source: D) -> Result<Option<Valued<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Kind,
{
    let value = T::read(source)?;
    let origin = Origin::Default;
    Ok(Some(Valued { value, origin }))
}

/// Passes over a table of a file that is read by itself, for the places of what stands in it.
pub(super) fn read_apart<'de, D, T>(source: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default,
{
    IgnoredAny::deserialize(source).map(|IgnoredAny| T::default())
}

/// What a file says, now that it is known which one.
pub(super) fn seen_from<T: Kind>(path: &Path, found: Option<Valued<T>>) -> Option<Valued<T>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    found.map(|found| Valued {
        value: found.value.seen_from(folder),
        origin: Origin::Config(path.to_owned()),
    })
}
