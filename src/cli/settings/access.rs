//! What opens the API: where tokens come from. No setting ever holds a secret itself.

use std::path::{Path, PathBuf};

use crate::cli::env::{CLIENT_ID, CLIENT_SECRET, Environment, TOKEN};
use crate::cli::settings::kind::TokenCommand;
use crate::cli::settings::origin::{Origin, SettingsError, Valued};
use crate::cli::settings::table::{Given, Values};
use crate::frameio::transport::Endpoint;

/// Where the token comes from. It never holds the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenSource {
    /// The environment variable `FRAMEIO_TOKEN`.
    Environment,
    File(PathBuf),
    /// What a command prints.
    Command(TokenCommand),
    /// Adobe's identity service gives it to a client.
    Client(ClientSource),
    /// What somebody has signed in with is in this file.
    Login(PathBuf),
}

/// Where the id and the secret of a client come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientSource {
    /// Where its id is; nothing where nobody says.
    pub(crate) id: Option<Half>,
    /// Where its secret is; nothing where nobody says.
    pub(crate) secret: Option<Half>,
}

/// Where one of the two is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Half {
    Variable(&'static str),
    File(Valued<PathBuf>),
}

/// How tokens are got and shown to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    /// Where the token comes from; nothing where nobody says.
    pub(crate) token: Option<Valued<TokenSource>>,
    /// Two variables that both say how a token is got: the one that counts, and the other.
    pub(crate) second: Option<(Origin, Origin)>,
    /// Where the identity service is.
    pub(crate) ims: Endpoint,
    /// Whether the token is a developer token of the legacy API, which V4 must be told.
    pub(crate) legacy: bool,
}

/// A place that settings are said in: the flags, the environment or a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'call> {
    pub(super) given: &'call Given,
    /// Nothing where it is not the environment, which alone holds secrets themselves.
    environment: Option<&'call Environment>,
}

impl<'call> Place<'call> {
    pub(super) const fn new(given: &'call Given) -> Self {
        let environment = None;
        Self { given, environment }
    }

    pub(super) const fn of_environment(
        given: &'call Given,
        environment: &'call Environment,
    ) -> Self {
        let environment = Some(environment);
        Self { given, environment }
    }

    /// Who says it, where this place holds a secret by this name.
    fn secret(self, name: &'static str) -> Option<Origin> {
        let environment = self.environment?;
        environment.has(name).then_some(Origin::Environment(name))
    }

    /// Who names a client, if anybody does here.
    fn client(self) -> Option<Origin> {
        let given = self.given;
        let files = [&given.client_id_file, &given.client_secret_file];
        let mut secrets = [CLIENT_ID, CLIENT_SECRET].into_iter();
        let secret = secrets.find_map(|name| self.secret(name));
        secret.or_else(|| Some(files.into_iter().flatten().next()?.origin.clone()))
    }

    /// Where half a client is, if this place says so.
    fn half(
        self,
        variable: &'static str,
        file: fn(&Given) -> Option<&Valued<PathBuf>>,
    ) -> Option<Half> {
        if self.secret(variable).is_some() {
            return Some(Half::Variable(variable));
        }
        Some(Half::File(file(self.given)?.clone()))
    }

    /// The ways to a token that this place names, the one that counts first.
    fn ways(self) -> impl Iterator<Item = Origin> {
        let (file, command) = (&self.given.token_file, &self.given.token_command);
        let file = file.as_ref().map(|file| file.origin.clone());
        let command = command.as_ref().map(|command| command.origin.clone());
        let ways = [self.secret(TOKEN), file, command, self.client()];
        ways.into_iter().flatten()
    }
}

/// Finds the way to a token that the nearest place names which names one.
fn token(places: &[Place<'_>]) -> Result<Option<Valued<TokenSource>>, SettingsError> {
    let mut named = places
        .iter()
        .filter_map(|place| Some((place, place.ways().next()?)));
    let Some((place, origin)) = named.next() else {
        return Ok(None);
    };
    let value = match (&place.given.token_file, &place.given.token_command) {
        _ if place.secret(TOKEN).is_some() => TokenSource::Environment,
        (Some(file), Some(command)) => return Err(two_ways(&file.origin, command.origin.clone())),
        (Some(file), None) => TokenSource::File(file.value.clone()),
        (None, Some(command)) => TokenSource::Command(command.value.clone()),
        (None, None) => {
            let half = |variable, file| places.iter().find_map(|place| place.half(variable, file));
            TokenSource::Client(ClientSource {
                id: half(CLIENT_ID, |given| given.client_id_file.as_ref()),
                secret: half(CLIENT_SECRET, |given| given.client_secret_file.as_ref()),
            })
        }
    };
    Ok(Some(Valued { value, origin }))
}

/// Says that one place names two ways to a token.
fn two_ways(file: &Origin, origin: Origin) -> SettingsError {
    let other = match file {
        Origin::Flag(name) | Origin::Environment(name) => name,
        Origin::Config(_) | Origin::Default => "token-file",
    };
    let message = format!("the token cannot come from here and from `{other}` at once");
    SettingsError::Value {
        origin,
        message,
        own: Some("names a second way to the token".to_owned()),
    }
}

impl Access {
    /// The files that hold a secret.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let (one, client) = match self.token.as_ref().map(|token| &token.value) {
            Some(TokenSource::File(path)) => (Some(path), None),
            Some(TokenSource::Client(client)) => (None, client.secret.as_ref()),
            Some(TokenSource::Environment | TokenSource::Command(_) | TokenSource::Login(_))
            | None => (None, None),
        };
        let secret = client.and_then(|half| match half {
            Half::File(path) => Some(&path.value),
            Half::Variable(_) => None,
        });
        one.into_iter().chain(secret).map(PathBuf::as_path)
    }

    pub(super) fn new(
        places: &[Place<'_>],
        values: &Values,
        sandbox: bool,
    ) -> Result<Self, SettingsError> {
        let token = if sandbox { None } else { token(places)? };
        let is_client = |token: &Valued<TokenSource>| matches!(token.value, TokenSource::Client(_));
        if values.legacy_token.value && token.as_ref().is_some_and(is_client) {
            return Err(SettingsError::Value {
                origin: values.legacy_token.origin.clone(),
                message: "a client id and secret give no legacy token".to_owned(),
                own: Some("asks for a legacy token, which a client does not give".to_owned()),
            });
        }
        let Valued { value, origin } = &values.ims_endpoint;
        let ims = Endpoint::parse(value).map_err(|why| SettingsError::Endpoint {
            origin: origin.clone(),
            why,
        })?;
        Ok(Self {
            second: token
                .as_ref()
                .and_then(|token| second(places, &token.origin)),
            token,
            ims,
            legacy: values.legacy_token.value,
        })
    }
}

/// The variable that counts, and another one that somebody may have meant. The variables of a
/// client belong together.
fn second(places: &[Place<'_>], first: &Origin) -> Option<(Origin, Origin)> {
    let variables = places.iter().find(|place| place.environment.is_some())?;
    let is_variable = matches!(first, Origin::Environment(_));
    let other = variables.ways().find(|other| other != first)?;
    is_variable.then(|| (first.clone(), other))
}
