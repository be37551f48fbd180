//! Settings: a flag beats the environment, that beats `retire.toml`, that the user's own
//! `config.toml`, and that the default.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::asset::account_id;
use crate::cli::args::{Sending, Target};
use crate::cli::config::{Config, Loaded};
use crate::cli::env::{Environment, NotText};
use crate::cli::span::Span;
use crate::frameio::transport::EndpointError;
use crate::plan::decide::Rules;
use crate::state::Api;

pub mod access;
pub mod sending;
pub mod server;

use access::Access;
use sending::SendingSettings;
use server::Dropped;
pub use server::Server;

/// The server of the real API.
pub const ENDPOINT: &str = "https://api.frame.io";

/// The state's file, unless told otherwise.
pub const STATE: &str = "retire.state.json";

/// The state's file of the sandbox, so that play never mixes with earnest.
pub const SANDBOX_STATE: &str = "retire.sandbox.state.json";

/// The most assets that one delete may ask for; the API names no bound.
const LARGEST_BATCH: usize = 1000;

/// The most requests that may be under way at once.
const MOST_AT_ONCE: usize = 64;

/// How long an orderly stop waits, unless told otherwise.
const GRACE: Duration = Duration::from_secs(30);

/// How old a saved plan may be, unless told otherwise.
const PLAN_AGE: Duration = Duration::from_hours(24);

/// The flags with times, as far as a command has them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// `--lock-timeout`.
    pub lock_timeout: Option<Span>,
    /// `--grace`.
    pub grace: Option<Span>,
    /// `--max-plan-age`.
    pub max_plan_age: Option<Span>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A config file.
    Config(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => write!(formatter, "`{name}`"),
            Self::Config(path) => write!(formatter, "`{}`", path.display()),
            Self::Default => formatter.write_str("the default"),
        }
    }
}

/// A setting and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valued<T> {
    /// What is set.
    pub value: T,
    /// By whom.
    pub origin: Origin,
}

/// Everything that a command goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The state's file.
    pub state: Valued<PathBuf>,
    /// The API's version.
    pub api: Valued<Api>,
    /// The server.
    pub server: Valued<Server>,
    /// The version that the server's address had.
    pub dropped: Option<Dropped>,
    /// The account that the token must belong to, in lower case.
    pub account: Option<Valued<String>>,
    /// How many assets one delete asks for at most.
    pub batch_size: Valued<NonZeroUsize>,
    /// How many requests are under way at once at most.
    pub concurrency: Valued<NonZeroUsize>,
    /// After how many refusals an asset is left alone.
    pub max_attempts: Valued<u32>,
    /// Whether assets that were refused too often are tried all the same.
    pub retry_blocked: bool,
    /// How long a run waits for the lock of another.
    pub lock_timeout: Valued<Duration>,
    /// How long an orderly stop waits for the answers that are under way.
    pub grace: Valued<Duration>,
    /// How old a saved plan may be.
    pub max_plan_age: Valued<Duration>,
    /// How a run sends.
    pub sending: SendingSettings,
    /// How tokens are got and shown to the server.
    pub access: Access,
}

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// A value does not fit its setting.
    #[error("{origin}: {message}")]
    Value {
        /// Who set it.
        origin: Origin,
        /// What is wrong.
        message: String,
    },
    /// The endpoint is not one.
    #[error("{origin}: {why}")]
    Endpoint {
        /// Who set it.
        origin: Origin,
        /// What is wrong.
        why: EndpointError,
    },
}

impl Settings {
    /// What decisions depend on.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        Rules {
            max_attempts: self.max_attempts.value,
            retry_blocked: self.retry_blocked,
        }
    }
}

impl SettingsError {
    /// Whether it is the config file that is wrong, and not the call.
    #[must_use]
    pub fn is_config(&self) -> bool {
        match self {
            Self::NotText(_) => false,
            Self::Value { origin, .. } | Self::Endpoint { origin, .. } => {
                matches!(origin, Origin::Config(_))
            }
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotText(_) | Self::Value { .. } => None,
            Self::Endpoint { why, .. } => Some(match why {
                EndpointError::Plain(_) => "use `https`, or a server on this machine",
                EndpointError::Version(_) => {
                    "write it without the version, like `https://api.frame.io`; `--api` says the version"
                }
                EndpointError::Parts(_)
                | EndpointError::NotUrl { .. }
                | EndpointError::Scheme(_) => "write it like `https://api.frame.io`",
            }),
        }
    }
}

/// What settings are made from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'call> {
    /// The flags that several commands share.
    pub target: &'call Target,
    /// `--batch-size`.
    pub batch_size: Option<NonZeroUsize>,
    /// `--concurrency`.
    pub concurrency: Option<NonZeroUsize>,
    /// The flags with times.
    pub times: Times,
    /// The flags that say how a run sends.
    pub sending: &'call Sending,
    /// The environment.
    pub environment: &'call Environment,
    /// The files with settings, the one that counts more first.
    pub configs: &'call [Loaded],
    /// The folder of the first PATH; nothing for standard input.
    pub folder: Option<&'call Path>,
}

impl Sources<'_> {
    /// Decides each setting.
    ///
    /// # Errors
    ///
    /// Returns the first value that does not fit, and who set it.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        let Target {
            state: _,
            api,
            endpoint: _,
            account,
            token_file: _,
            token_command: _,
            client_id_file: _,
            client_secret_file: _,
            ims_endpoint: _,
            legacy_token: _,
            sandbox,
            max_attempts,
            retry_blocked,
        } = self.target;
        let api = match api {
            Some(name) => Some(value(Origin::Flag("--api"), name, api_of)?),
            None => None,
        };
        let api = api
            .or(self.variable("RETIRE_API", api_of)?)
            .or_else(|| self.configured(|config| config.api.map(Api::from)));
        let account = flag("--account", account.as_ref())
            .or(self.variable("RETIRE_ACCOUNT", |text| Ok(text.to_owned()))?)
            .or_else(|| self.configured(|config| config.account.clone()));
        let api = or_default(api, Api::V2);
        // What is meant for earnest must not keep anybody from playing; where a sandbox has several
        // accounts, V4 needs the name of one.
        let counts = |account: &Valued<String>| {
            !*sandbox || api.value == Api::V4 || matches!(account.origin, Origin::Flag(_))
        };
        let account = account.filter(counts).map(|account| Valued {
            value: account_id(&account.value),
            origin: account.origin,
        });
        let batch_size = self.bounded(
            ("--batch-size", self.batch_size),
            "RETIRE_BATCH_SIZE",
            |config| config.batch_size,
            (50, LARGEST_BATCH),
        )?;
        let concurrency = self.bounded(
            ("--concurrency", self.concurrency),
            "RETIRE_CONCURRENCY",
            |config| config.concurrency,
            (4, MOST_AT_ONCE),
        )?;
        let max_attempts = flag("--max-attempts", max_attempts.as_ref())
            .or(self.variable("RETIRE_MAX_ATTEMPTS", number::<NonZeroU32>)?)
            .or_else(|| self.configured(|config| config.max_attempts));
        let (server, dropped) = self.server()?;
        Ok(Settings {
            state: self.state()?,
            api,
            server,
            dropped,
            account,
            batch_size,
            concurrency,
            max_attempts: max_attempts.map_or(
                Valued {
                    value: Rules::default().max_attempts,
                    origin: Origin::Default,
                },
                |most| Valued {
                    value: most.value.get(),
                    origin: most.origin,
                },
            ),
            retry_blocked: *retry_blocked,
            lock_timeout: self.duration(
                ("--lock-timeout", self.times.lock_timeout),
                "RETIRE_LOCK_TIMEOUT",
                |config| config.lock_timeout,
                Duration::ZERO,
            )?,
            grace: self.duration(
                ("--grace", self.times.grace),
                "RETIRE_GRACE",
                |config| config.grace,
                GRACE,
            )?,
            max_plan_age: self.duration(
                ("--max-plan-age", self.times.max_plan_age),
                "RETIRE_MAX_PLAN_AGE",
                |config| config.max_plan_age,
                PLAN_AGE,
            )?,
            sending: self.sending()?,
            access: self.access()?,
        })
    }

    fn state(self) -> Result<Valued<PathBuf>, SettingsError> {
        let Target { state, sandbox, .. } = self.target;
        let default_state = if *sandbox { SANDBOX_STATE } else { STATE };
        let default_state = self.folder.map_or_else(
            || PathBuf::from(default_state),
            |folder| folder.join(default_state),
        );
        // The sandbox's state is named by a flag alone, so that play never meets earnest.
        let state = if *sandbox {
            flag("--state", state.as_ref())
        } else {
            flag("--state", state.as_ref())
                .or(self.variable("RETIRE_STATE", path)?)
                .or_else(|| {
                    self.nearest(|loaded| {
                        let path = loaded.config.state.as_deref();
                        path.map(|path| loaded.beside(path))
                    })
                })
        };
        Ok(or_default(state, default_state))
    }

    fn bounded(
        self,
        (name, given): (&'static str, Option<NonZeroUsize>),
        variable: &'static str,
        config: impl Fn(&Config) -> Option<NonZeroUsize>,
        (default, most): (usize, usize),
    ) -> Result<Valued<NonZeroUsize>, SettingsError> {
        let found = flag(name, given.as_ref())
            .or(self.variable(variable, number::<NonZeroUsize>)?)
            .or_else(|| self.configured(config));
        let default = NonZeroUsize::new(default).unwrap_or(NonZeroUsize::MIN);
        let valued = or_default(found, default);
        if valued.value.get() > most {
            return Err(SettingsError::Value {
                message: format!("{} is too much: at most {most}", valued.value),
                origin: valued.origin,
            });
        }
        Ok(valued)
    }

    fn duration(
        self,
        (name, given): (&'static str, Option<Span>),
        variable: &'static str,
        config: impl Fn(&Config) -> Option<Span>,
        default: Duration,
    ) -> Result<Valued<Duration>, SettingsError> {
        let found = flag(name, given.as_ref())
            .or(self.variable(variable, str::parse::<Span>)?)
            .or_else(|| self.configured(config));
        Ok(or_default(
            found.map(|span| Valued {
                value: span.value.0,
                origin: span.origin,
            }),
            default,
        ))
    }

    /// What the nearest file says that says something.
    fn configured<T>(self, pick: impl Fn(&Config) -> Option<T>) -> Option<Valued<T>> {
        self.nearest(|loaded| pick(&loaded.config))
    }

    /// The same, of the files that may decide where a secret goes and what is executed.
    fn trusted<T>(self, pick: impl Fn(&Loaded) -> Option<T>) -> Option<Valued<T>> {
        self.nearest(|loaded| pick(loaded).filter(|_| loaded.trusted))
    }

    fn nearest<T>(self, pick: impl Fn(&Loaded) -> Option<T>) -> Option<Valued<T>> {
        self.configs.iter().find_map(|loaded| {
            pick(loaded).map(|value| Valued {
                value,
                origin: Origin::Config(loaded.path.clone()),
            })
        })
    }

    fn variable<T>(
        self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<Valued<T>>, SettingsError> {
        match self.environment.text(name)? {
            Some(text) => value(Origin::Environment(name), text, read).map(Some),
            None => Ok(None),
        }
    }
}

fn value<T>(
    origin: Origin,
    text: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Valued<T>, SettingsError> {
    match read(text) {
        Ok(value) => Ok(Valued { value, origin }),
        Err(message) => Err(SettingsError::Value { origin, message }),
    }
}

fn flag<T: Clone>(name: &'static str, value: Option<&T>) -> Option<Valued<T>> {
    value.map(|value| Valued {
        value: value.clone(),
        origin: Origin::Flag(name),
    })
}

fn or_default<T>(found: Option<Valued<T>>, default: T) -> Valued<T> {
    found.unwrap_or(Valued {
        value: default,
        origin: Origin::Default,
    })
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands beside readers that can fail"
)]
fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

fn api_of(text: &str) -> Result<Api, String> {
    match text {
        "v2" => Ok(Api::V2),
        "v4" => Ok(Api::V4),
        _ => Err(format!(
            "`{text}` is no version of the API: it is `v2` or `v4`"
        )),
    }
}

pub(in crate::cli) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_why| format!("`{text}` is not a whole number from 1"))
}

#[cfg(test)]
mod tests;
