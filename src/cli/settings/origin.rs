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
            Err(message) => {
                let own = without(text, &message);
                Err(SettingsError::Value {
                    origin,
                    message,
                    own,
                })
            }
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
            own: None,
        })
    }
}

/// What a message says of a value, without that; nothing where it may stand elsewhere in it as well.
fn without(value: &str, message: &str) -> Option<String> {
    let own = message.strip_prefix(&format!("`{value}` "))?;
    let value = value.trim();
    let is_own = value.is_empty() || !own.contains(value);
    is_own.then(|| own.to_owned())
}

/// Why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// A value does not fit its setting.
    #[error("{origin}: {message}")]
    Value {
        origin: Origin,
        message: String,
        /// What is wrong with the value, in our own words alone, where there are such.
        own: Option<String>,
    },
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

    /// Says what is wrong in our own words alone: neither a value nor a path is in them.
    pub(crate) fn own_words(&self) -> String {
        let (origin, why) = match self {
            Self::NotText(_) => return "a variable of the environment is not text".to_owned(),
            Self::Value { origin, own, .. } => {
                let own = own.as_deref();
                (origin, own.unwrap_or("is none that this setting takes"))
            }
            Self::Secret { origin, .. } => (origin, "has a secret in it"),
            Self::Endpoint { origin, .. } => (origin, "is no address of a server to ask"),
        };
        match origin {
            Origin::Flag(name) | Origin::Environment(name) => format!("what `{name}` says {why}"),
            Origin::Config(_) => format!("what a file of settings says {why}"),
            Origin::Default => format!("a default {why}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_told_without_it() {
        for (value, message, own) in [
            (
                "wrong",
                "`wrong` is neither `a` nor `b`",
                Some("is neither `a` nor `b`"),
            ),
            ("", "`` is no number", Some("is no number")),
            // What else a parser says may have some of it.
            ("Tide", "`Tide` is no size: Tide", None),
            (" Tide ", "`Tide` is no size", None),
            (" Tide ", "` Tide ` is no size, unlike `Tide`", None),
            ("is", "`is` is no number", None),
        ] {
            assert_eq!(without(value, message).as_deref(), own, "{message}");
        }
        let parsed = Valued::parse(Origin::Environment("RETIRE_NAMES"), "Tide", |text| {
            Err::<(), _>(format!("`{text}` is neither `full` nor `off`"))
        });
        let said = parsed.unwrap_err().own_words();
        assert_eq!(said, "what `RETIRE_NAMES` says is neither `full` nor `off`");
    }
}
