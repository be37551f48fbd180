//! What opens the API: where tokens come from. No setting ever holds a secret itself.

use std::path::PathBuf;

use crate::cli::args::Target;
use crate::cli::env::{CLIENT_ID, CLIENT_SECRET, TOKEN, TOKEN_COMMAND};
use crate::cli::settings::{Origin, SettingsError, Sources, Valued, flag, or_default};
use crate::frameio::ims;
use crate::frameio::transport::Endpoint;

/// Where the token comes from. It never holds the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub token: Option<TokenSource>,
    /// Where the identity service is.
    pub ims: Endpoint,
    /// Whether the token is a developer token of the legacy API, which V4 must be told.
    pub legacy: bool,
}

impl Sources<'_> {
    pub(super) fn access(self) -> Result<Access, SettingsError> {
        let token = self.token()?;
        let legacy = self.legacy()?;
        if legacy.value && matches!(token, Some(TokenSource::Client(_))) {
            return Err(SettingsError::Value {
                origin: legacy.origin,
                message: "a client id and secret give no legacy token".to_owned(),
            });
        }
        Ok(Access {
            token,
            ims: self.ims()?,
            legacy: legacy.value,
        })
    }

    fn token(self) -> Result<Option<TokenSource>, SettingsError> {
        let Target {
            token_file,
            token_command,
            client_id_file,
            client_secret_file,
            sandbox,
            ..
        } = self.target;
        if *sandbox {
            return Ok(None);
        }
        if let Some(path) = token_file {
            return Ok(Some(TokenSource::File(path.clone())));
        }
        if let Some(command) = token_command {
            return Ok(Some(TokenSource::Shell(command.clone())));
        }
        if client_id_file.is_some() || client_secret_file.is_some() {
            return self.client().map(Some);
        }
        if self.environment.has(TOKEN) {
            return Ok(Some(TokenSource::Environment));
        }
        if let Some(path) = self.environment.text("RETIRE_TOKEN_FILE")? {
            return Ok(Some(TokenSource::File(path.into())));
        }
        if let Some(command) = self.environment.text(TOKEN_COMMAND)? {
            return Ok(Some(TokenSource::Shell(command.to_owned())));
        }
        let variables = [
            CLIENT_ID,
            CLIENT_SECRET,
            "RETIRE_CLIENT_ID_FILE",
            "RETIRE_CLIENT_SECRET_FILE",
        ];
        if variables.iter().any(|name| self.environment.has(name)) {
            return self.client().map(Some);
        }
        let Some(loaded) = self.config else {
            return Ok(None);
        };
        let config = &loaded.config;
        if let Some(path) = &config.token_file {
            return Ok(Some(TokenSource::File(loaded.beside(path))));
        }
        if let Some(words) = &config.token_command {
            return Ok(Some(TokenSource::Program(words.clone())));
        }
        if config.client_id_file.is_some() || config.client_secret_file.is_some() {
            return self.client().map(Some);
        }
        Ok(None)
    }

    fn client(self) -> Result<TokenSource, SettingsError> {
        let Target {
            client_id_file,
            client_secret_file,
            ..
        } = self.target;
        let config = self.config.map(|loaded| &loaded.config);
        let (id, secret) = config.map_or((None, None), |config| {
            (
                config.client_id_file.as_ref(),
                config.client_secret_file.as_ref(),
            )
        });
        Ok(TokenSource::Client(ClientSource {
            id: self.half(
                client_id_file.as_ref(),
                (CLIENT_ID, "RETIRE_CLIENT_ID_FILE"),
                id,
            )?,
            secret: self.half(
                client_secret_file.as_ref(),
                (CLIENT_SECRET, "RETIRE_CLIENT_SECRET_FILE"),
                secret,
            )?,
        }))
    }

    fn half(
        self,
        flag: Option<&PathBuf>,
        (variable, file): (&'static str, &str),
        config: Option<&PathBuf>,
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
        let configured = self.config.zip(config);
        Ok(configured.map(|(loaded, path)| Half::File(loaded.beside(path))))
    }

    fn legacy(self) -> Result<Valued<bool>, SettingsError> {
        let given = self.target.legacy_token.then_some(true);
        let found = flag("--legacy-token", given.as_ref())
            .or(self.variable("RETIRE_LEGACY_TOKEN", yes_or_no)?)
            .or_else(|| self.configured(self.config?.config.legacy_token));
        Ok(or_default(found, false))
    }

    fn ims(self) -> Result<Endpoint, SettingsError> {
        let address = flag("--ims-endpoint", self.target.ims_endpoint.as_ref())
            .or(self.variable("RETIRE_IMS_ENDPOINT", |text| Ok(text.to_owned()))?)
            .or_else(|| self.configured(self.config?.config.ims_endpoint.clone()));
        let Valued { value, origin } = or_default(address, ims::ENDPOINT.to_owned());
        Endpoint::parse(&value).map_err(|why| SettingsError::Endpoint { origin, why })
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
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
