//! How a run sends: retries, breakers, time.

use std::str::FromStr;
use std::time::Duration;

use crate::apply::breaker;
use crate::apply::retry::Retries;
use crate::cli::args::Sending;
use crate::cli::config::Config;
use crate::cli::settings::{SettingsError, Sources, Valued, flag};
use crate::cli::span::Span;
use crate::frameio::transport::Timeouts;

/// How many assets the first delete asks for, unless told otherwise.
const CANARY: usize = 5;

/// How often a request that went wrong is made again, unless told otherwise.
const RETRIES: u32 = 4;

/// For how long a request is made again, unless told otherwise.
const RETRY_FOR: Duration = Duration::from_mins(10);

/// The longest first pause before a request is made again.
const BACKOFF: Duration = Duration::from_millis(500);

/// How a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendingSettings {
    /// How many assets the first delete asks for at most; 0 sends everything at once.
    pub canary: usize,
    /// When the run stops by itself.
    pub breakers: breaker::Limits,
    /// How often a request that went wrong is made again, and for how long.
    pub retries: Retries,
    /// How long the run may send.
    pub time_budget: Option<Duration>,
    /// How long a connection, a silence and a request may take.
    pub timeouts: Timeouts,
}

/// A share in percent, from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "u8")]
pub struct Percent(#[cfg_attr(test, schemars(range(max = 100)))] u8);

impl Percent {
    /// The figure.
    #[must_use]
    pub const fn get(self) -> u8 {
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

impl Sources<'_> {
    pub(super) fn sending(self) -> Result<SendingSettings, SettingsError> {
        let Sending {
            canary,
            max_404_percent,
            max_failure_percent,
            max_failed_batches,
            retries,
            retry_for,
            time_budget,
            connect_timeout,
            read_timeout,
            request_timeout,
        } = *self.sending;
        let defaults = breaker::Limits::default();
        let times = Timeouts::default();
        let canary = self.figure(("--canary", canary), "RETIRE_CANARY", |config| {
            config.canary
        })?;
        let failed_batches = self.figure(
            ("--max-failed-batches", max_failed_batches),
            "RETIRE_MAX_FAILED_BATCHES",
            |config| config.max_failed_batches,
        )?;
        let tries = self.figure(("--retries", retries), "RETIRE_RETRIES", |config| {
            config.retries
        })?;
        Ok(SendingSettings {
            canary: canary.unwrap_or(CANARY),
            breakers: breaker::Limits {
                max_404_percent: self
                    .share(
                        ("--max-404-percent", max_404_percent),
                        "RETIRE_MAX_404_PERCENT",
                        |config| config.max_404_percent,
                    )?
                    .unwrap_or(defaults.max_404_percent),
                max_failure_percent: self
                    .share(
                        ("--max-failure-percent", max_failure_percent),
                        "RETIRE_MAX_FAILURE_PERCENT",
                        |config| config.max_failure_percent,
                    )?
                    .unwrap_or(defaults.max_failure_percent),
                max_failed_batches: failed_batches
                    .map_or(defaults.max_failed_batches, std::num::NonZeroU32::get),
            },
            retries: Retries {
                tries: tries.unwrap_or(RETRIES),
                within: self
                    .duration(
                        ("--retry-for", retry_for),
                        "RETIRE_RETRY_FOR",
                        |config| config.retry_for,
                        RETRY_FOR,
                    )?
                    .value,
                backoff: BACKOFF,
            },
            time_budget: self.time(
                ("--time-budget", time_budget),
                "RETIRE_TIME_BUDGET",
                |config| config.time_budget,
            )?,
            timeouts: Timeouts {
                connect: self
                    .time(
                        ("--connect-timeout", connect_timeout),
                        "RETIRE_CONNECT_TIMEOUT",
                        |config| config.connect_timeout,
                    )?
                    .unwrap_or(times.connect),
                read: self
                    .time(
                        ("--read-timeout", read_timeout),
                        "RETIRE_READ_TIMEOUT",
                        |config| config.read_timeout,
                    )?
                    .unwrap_or(times.read),
                request: self
                    .time(
                        ("--request-timeout", request_timeout),
                        "RETIRE_REQUEST_TIMEOUT",
                        |config| config.request_timeout,
                    )?
                    .unwrap_or(times.request),
            },
        })
    }

    fn figure<T>(
        self,
        (name, given): (&'static str, Option<T>),
        variable: &'static str,
        config: impl Fn(&Config) -> Option<T>,
    ) -> Result<Option<T>, SettingsError>
    where
        T: Clone + FromStr,
    {
        let whole = |text: &str| {
            let value = text.trim().parse::<T>();
            value.map_err(|_why| format!("`{text}` is not a whole number that fits here"))
        };
        let found = flag(name, given.as_ref())
            .or(self.variable(variable, whole)?)
            .or_else(|| self.configured(config));
        Ok(found.map(|found| found.value))
    }

    fn share(
        self,
        (name, given): (&'static str, Option<Percent>),
        variable: &'static str,
        config: impl Fn(&Config) -> Option<Percent>,
    ) -> Result<Option<u8>, SettingsError> {
        let found = flag(name, given.as_ref())
            .or(self.variable(variable, str::parse::<Percent>)?)
            .or_else(|| self.configured(config));
        Ok(found.map(|found| found.value.get()))
    }

    /// A length of time that must be longer than nothing.
    fn time(
        self,
        given: (&'static str, Option<Span>),
        variable: &'static str,
        config: impl Fn(&Config) -> Option<Span>,
    ) -> Result<Option<Duration>, SettingsError> {
        let unset = Duration::MAX;
        let Valued { value, origin } = self.duration(given, variable, config, unset)?;
        if value.is_zero() {
            return Err(SettingsError::Value {
                message: "no time at all is too short".to_owned(),
                origin,
            });
        }
        Ok(Some(value).filter(|value| *value != unset))
    }
}
