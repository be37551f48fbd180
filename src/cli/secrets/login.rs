//! What somebody has signed in with, in a file that only they can read.

use std::path::{Path, PathBuf};

use crate::cli::clock;
use crate::cli::files;
use crate::cli::private;
use crate::cli::secrets::error::SecretError;
use crate::cli::settings::Settings;
use crate::cli::settings::server::Server;
use crate::cli::settings::table::ENDPOINT;
use crate::diagnostic::in_words;
use crate::frameio::endpoint::Endpoint;
use crate::frameio::ims;
use crate::frameio::login::{Keeper, Kept, Login, document};

/// The file in the folder of a person's data.
pub(crate) const NAME: &str = "login.json";

/// A sign-in that is kept.
#[derive(Debug, Clone)]
pub(crate) struct LoginFile {
    path: PathBuf,
    ims: Endpoint,
    client_id: String,
}

impl LoginFile {
    /// Will keep a sign-in of a client.
    pub(crate) const fn new(path: PathBuf, ims: Endpoint, client_id: String) -> Self {
        Self {
            path,
            ims,
            client_id,
        }
    }

    /// The sign-in that is there; nothing where nobody is signed in.
    ///
    /// # Errors
    ///
    /// Returns why the file cannot be used.
    pub(crate) fn open(path: &Path) -> Result<Option<(Self, Kept)>, SecretError> {
        let read = read(path)?;
        Ok(read.map(|(ims, client_id, kept)| (Self::new(path.to_owned(), ims, client_id), kept)))
    }

    /// The client that it is of.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The service that it is of.
    pub(crate) fn service(&self, settings: &Settings) -> Result<Login, SecretError> {
        let now = clock::now;
        let timeouts = settings.sending.timeouts;
        Login::new(self.ims.clone(), &self.client_id, timeouts, now).map_err(SecretError::Transport)
    }

    /// Checks that its token goes nowhere but to the server that it is for: the real one where
    /// Adobe gave it, and this machine where something on this machine did.
    pub(crate) fn check(&self, settings: &Settings) -> Result<(), SecretError> {
        let fits = match &settings.server.value {
            Server::Sandbox => false,
            Server::At(endpoint) if self.ims.is_loopback() => endpoint.is_loopback(),
            Server::At(endpoint) => {
                self.ims.as_str() == ims::ENDPOINT && endpoint.as_str() == ENDPOINT
            }
        };
        if fits && self.ims == settings.access.ims {
            return Ok(());
        }
        Err(SecretError::LoginElsewhere {
            there: self.ims.as_str().to_owned(),
        })
    }
}

fn read(path: &Path) -> Result<Option<(Endpoint, String, Kept)>, SecretError> {
    let text = files::text_if_there(path).map_err(|source| SecretError::File {
        what: "sign-in",
        source,
    })?;
    let Some(text) = text else {
        return Ok(None);
    };
    let read = document::read(text.as_bytes());
    read.map(Some).ok_or_else(|| SecretError::Login {
        path: path.to_owned(),
    })
}

impl Keeper for LoginFile {
    fn lock(&self) -> Result<Option<Box<dyn Send>>, String> {
        let lock = private::lock(&self.path.with_extension("lock"));
        let lock = lock.map_err(|error| format!("the sign-in cannot be locked: {error}"))?;
        Ok(lock.map(|file| Box::new(file) as Box<dyn Send>))
    }

    fn load(&self) -> Result<Option<Kept>, String> {
        let read = read(&self.path).map_err(|error| in_words(&error))?;
        Ok(read.map(|(_, _, kept)| kept))
    }

    fn keep(&self, kept: &Kept) -> Result<(), String> {
        let bytes = document::write(&self.ims, &self.client_id, kept);
        let written = private::replace(&self.path, &bytes);
        written.map_err(|error| format!("`{}` cannot be written: {error}", self.path.display()))
    }
}
