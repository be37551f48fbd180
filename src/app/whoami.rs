//! Whose token it is, and what it opens.

use jiff::{SignedDuration, Timestamp};

use crate::app::api::{Opened, adapter};
use crate::app::connect::{AskedAccount, Connection};
use crate::app::error::Error;
use crate::frameio::token_provider::Sort;
use crate::render::whoami::TokenKind;

/// What sort of thing opens the server.
pub(crate) fn token_kind(connection: &Connection) -> TokenKind {
    match connection.token_sort() {
        None => TokenKind::Sandbox,
        Some(Sort::Developer) => TokenKind::DeveloperToken,
        Some(Sort::Legacy) => TokenKind::LegacyToken,
        Some(Sort::Client) => TokenKind::ClientCredentials,
        Some(Sort::Person) => TokenKind::SignIn,
        Some(Sort::Other) => adapter(connection.api).other_token(),
    }
}

/// When the token in use ends, where the service that gave it has said so.
pub(crate) fn token_end(connection: &Connection, now: Timestamp) -> Option<Timestamp> {
    let left = connection.wait_for(connection.token_provider.time_left());
    let left = left.ok()??;
    now.checked_add(SignedDuration::try_from(left).ok()?).ok()
}

/// Asks the server whose token it is and what it opens; `now` tells the time.
///
/// # Errors
///
/// Returns why that cannot be found out, or that it opens nothing.
pub(crate) fn whoami(
    connection: &Connection,
    wanted: Option<&AskedAccount>,
    now: fn() -> Timestamp,
) -> Result<Opened, Error> {
    let opened = adapter(connection.api).whoami(connection, wanted, now);
    opened.map_err(|error| error.by_token(token_kind(connection), connection.api))
}
