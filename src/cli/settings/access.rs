//! What opens the API: where tokens come from. No setting ever holds a secret itself.

use std::fmt;
use std::path::PathBuf;

use crate::cli::args::{Hidden, Target};
use crate::cli::config::Config;
use crate::cli::env::{CLIENT_ID, CLIENT_SECRET, TOKEN, TOKEN_COMMAND, TOKEN_FILE};
use crate::cli::settings::{Origin, SettingsError, Sources, Valued, flag, or_default};
use crate::frameio::transport::Endpoint;

/// Where the token comes from. It never holds the token itself, but a command may hold anything.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// The environment variable `FRAMEIO_TOKEN`.
    Environment,
    /// A file.
    File(PathBuf),
    /// A command for the shell.
    Shell(String),
    /// A program and its arguments.
    Program(Vec<String>),
    /// Adobe's identity service gives it to a client.
    Client(ClientSource),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => formatter.write_str("Environment"),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Shell(_) => formatter.write_str("Shell(***)"),
            Self::Program(_) => formatter.write_str("Program(***)"),
            Self::Client(client) => formatter.debug_tuple("Client").field(client).finish(),
        }
    }
}

/// Where the id and the secret of a client come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSource {
    /// Where its id is; nothing where nobody says.
    pub id: Option<Half>,
    /// Where its secret is; nothing where nobody says.
    pub secret: Option<Half>,
}

/// Where one of the two is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Half {
    /// An environment variable.
    Variable(&'static str),
    /// A file.
    File(PathBuf),
}

/// How tokens are got and shown to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Where the token comes from; nothing where nobody says.
    pub token: Option<Valued<TokenSource>>,
    /// Two variables that both say how a token is got: the one that counts, and the other.
    pub second: Option<(Origin, Origin)>,
    /// Where the identity service is.
    pub ims: Endpoint,
    /// Whether the token is a developer token of the legacy API, which V4 must be told.
    pub legacy: bool,
}

impl Sources<'_> {
    pub(super) fn access(self) -> Result<Access, SettingsError> {
        let token = self.token()?;
        let legacy = self.legacy()?;
        let client = token
            .as_ref()
            .is_some_and(|token| matches!(token.value, TokenSource::Client(_)));
        if legacy.value && client {
            return Err(SettingsError::Value {
                origin: legacy.origin,
                message: "a client id and secret give no legacy token".to_owned(),
            });
        }
        Ok(Access {
            second: self.second(token.as_ref()),
            token,
            ims: self.ims()?,
            legacy: legacy.value,
        })
    }

    fn token(self) -> Result<Option<Valued<TokenSource>>, SettingsError> {
        if self.target.sandbox {
            return Ok(None);
        }
        let found = match self.flagged_token()? {
            Some(flagged) => Some(flagged),
            None => self.variable_token()?,
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => self.configured_token(),
        }
    }

    fn flagged_token(self) -> Result<Option<Valued<TokenSource>>, SettingsError> {
        let Target {
            token_file,
            token_command,
            client_id_file,
            client_secret_file,
            ..
        } = self.target;
        let (name, value) = if let Some(path) = token_file {
            ("--token-file", TokenSource::File(path.clone()))
        } else if let Some(Hidden(command)) = token_command {
            ("--token-command", TokenSource::Shell(command.clone()))
        } else if client_id_file.is_some() {
            ("--client-id-file", self.client()?)
        } else if client_secret_file.is_some() {
            ("--client-secret-file", self.client()?)
        } else {
            return Ok(None);
        };
        let origin = Origin::Flag(name);
        Ok(Some(Valued { value, origin }))
    }

    fn variable_token(self) -> Result<Option<Valued<TokenSource>>, SettingsError> {
        let file = self.environment.text(TOKEN_FILE)?;
        let command = self.environment.text(TOKEN_COMMAND)?;
        let (name, value) = if self.environment.has(TOKEN) {
            (TOKEN, TokenSource::Environment)
        } else if let Some(path) = file {
            if command.is_some() {
                return Err(two_ways(Origin::Environment(TOKEN_COMMAND), TOKEN_FILE));
            }
            (TOKEN_FILE, TokenSource::File(path.into()))
        } else if let Some(command) = command {
            (TOKEN_COMMAND, TokenSource::Shell(command.to_owned()))
        } else if let Some(name) = self.client_variable() {
            (name, self.client()?)
        } else {
            return Ok(None);
        };
        let origin = Origin::Environment(name);
        Ok(Some(Valued { value, origin }))
    }

    fn configured_token(self) -> Result<Option<Valued<TokenSource>>, SettingsError> {
        for loaded in self.configs.iter().filter(|loaded| loaded.trusted) {
            let config = &loaded.config;
            let origin = Origin::Config(loaded.path.clone());
            let value = if let Some(path) = &config.token_file {
                if config.token_command.is_some() {
                    return Err(two_ways(origin, "token-file"));
                }
                TokenSource::File(loaded.beside(path))
            } else if let Some(words) = &config.token_command {
                TokenSource::Program(words.clone())
            } else if config.client_id_file.is_some() || config.client_secret_file.is_some() {
                self.client()?
            } else {
                continue;
            };
            return Ok(Some(Valued { value, origin }));
        }
        Ok(None)
    }

    /// The first variable that speaks of a client.
    fn client_variable(self) -> Option<&'static str> {
        let names = [
            CLIENT_ID,
            CLIENT_SECRET,
            "RETIRE_CLIENT_ID_FILE",
            "RETIRE_CLIENT_SECRET_FILE",
        ];
        names.into_iter().find(|name| self.environment.has(name))
    }

    /// The variable that counts, and another one that somebody may have meant.
    fn second(self, token: Option<&Valued<TokenSource>>) -> Option<(Origin, Origin)> {
        let first = &token?.origin;
        let Origin::Environment(name) = first else {
            return None;
        };
        let ways = [TOKEN, TOKEN_FILE, TOKEN_COMMAND].into_iter();
        let set = ways.filter(|name| self.environment.has(name));
        // The variables of a client belong together.
        let mut all = set.chain(self.client_variable());
        let other = all.find(|other| other != name)?;
        Some((first.clone(), Origin::Environment(other)))
    }

    fn client(self) -> Result<TokenSource, SettingsError> {
        let Target {
            client_id_file,
            client_secret_file,
            ..
        } = self.target;
        Ok(TokenSource::Client(ClientSource {
            id: self.half(
                client_id_file.as_ref(),
                (CLIENT_ID, "RETIRE_CLIENT_ID_FILE"),
                |config| config.client_id_file.as_ref(),
            )?,
            secret: self.half(
                client_secret_file.as_ref(),
                (CLIENT_SECRET, "RETIRE_CLIENT_SECRET_FILE"),
                |config| config.client_secret_file.as_ref(),
            )?,
        }))
    }

    fn half(
        self,
        flag: Option<&PathBuf>,
        (variable, file): (&'static str, &str),
        config: fn(&Config) -> Option<&PathBuf>,
    ) -> Result<Option<Half>, SettingsError> {
        if let Some(path) = flag {
            return Ok(Some(Half::File(path.clone())));
        }
        if self.environment.has(variable) {
            return Ok(Some(Half::Variable(variable)));
        }
        if let Some(path) = self.environment.text(file)? {
            return Ok(Some(Half::File(path.into())));
        }
        let configured =
            self.trusted(|loaded| config(&loaded.config).map(|path| loaded.beside(path)));
        Ok(configured.map(|path| Half::File(path.value)))
    }

    fn legacy(self) -> Result<Valued<bool>, SettingsError> {
        let given = self.target.legacy_token.then_some(true);
        let found = flag("--legacy-token", given.as_ref())
            .or(self.variable("RETIRE_LEGACY_TOKEN", yes_or_no)?)
            .or_else(|| self.trusted(|loaded| loaded.config.legacy_token));
        Ok(or_default(found, false))
    }
}

/// Says that one place names two ways to a token.
fn two_ways(origin: Origin, other: &str) -> SettingsError {
    SettingsError::Value {
        message: format!("the token cannot come from here and from `{other}` at once"),
        origin,
    }
}

/// Reads a yes or a no.
///
/// # Errors
///
/// Returns that it is neither.
pub(in crate::cli) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

impl Origin {
    /// Whether somebody set the value.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        match self {
            Self::Flag(_) | Self::Environment(_) | Self::Config(_) => true,
            Self::Default => false,
        }
    }
}
