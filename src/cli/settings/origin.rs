//! A value, who set it, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;

use crate::cli::env::NotText;
use crate::frameio::transport::EndpointError;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Environment(&'static str),
    Config(PathBuf),
    Default,
}

impl Origin {
    /// Who set it, for a table.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Flag(name) | Self::Environment(name) => (*name).to_owned(),
            Self::Config(path) => path.display().to_string(),
            Self::Default => "default".to_owned(),
        }
    }
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
pub(crate) struct Valued<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T> Valued<T> {
    /// Reads what somebody wrote.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it, and who wrote it.
    pub(crate) fn parse(
        origin: Origin,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Self, SettingsError> {
        match parse(text) {
            Ok(value) => Ok(Self { value, origin }),
            Err(message) => Err(SettingsError::Value { origin, message }),
        }
    }

    /// Says who set it, where it does not pass a check.
    ///
    /// # Errors
    ///
    /// Returns what the check returns.
    pub(crate) fn check(
        &self,
        check: impl FnOnce(&T) -> Result<(), String>,
    ) -> Result<(), SettingsError> {
        check(&self.value).map_err(|message| SettingsError::Value {
            origin: self.origin.clone(),
            message,
        })
    }
}

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// A value does not fit its setting.
    #[error("{origin}: {message}")]
    Value { origin: Origin, message: String },
    /// A value has a secret in it.
    #[error("{origin}: `{name}` has a secret in it")]
    Secret { origin: Origin, name: &'static str },
    /// The endpoint is not one.
    #[error("{origin}: {why}")]
    Endpoint { origin: Origin, why: EndpointError },
}

impl SettingsError {
    /// Whether it is the config file that is wrong, and not the call.
    pub(crate) fn is_config(&self) -> bool {
        match self {
            Self::NotText(_) => false,
            Self::Value { origin, .. }
            | Self::Secret { origin, .. }
            | Self::Endpoint { origin, .. } => {
                matches!(origin, Origin::Config(_))
            }
        }
    }

    /// Says what to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotText(_) | Self::Value { .. } => None,
            Self::Secret { .. } => Some(
                "give a secret by `FRAMEIO_TOKEN`, a file or a command alone: every other setting is printed and written down",
            ),
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
