//! Why there is no token.

use std::process::ExitStatus;
use std::time::Duration;

use crate::cli::env::NotText;
use crate::cli::files::FilesError;
use crate::frameio::token::TokenError;

/// How long a command may take to print the token, with all that it starts.
pub(super) const LONGEST: Duration = Duration::from_secs(30);

/// Why there is no token; the token itself is never repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// Nobody says where it is.
    #[error("there is no token")]
    Missing,
    /// There is a client secret, and no id.
    #[error("there is no client id")]
    NoClientId,
    /// There is a client id, and no secret.
    #[error("there is no client secret")]
    NoClientSecret,
    /// The variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// The file cannot be read.
    #[error("the {what}'s file cannot be read")]
    File {
        /// What should be in it.
        what: &'static str,
        source: FilesError,
    },
    /// What was found is no token.
    #[error("{place}: {why}")]
    NoToken {
        /// Where it was looked for.
        place: String,
        why: TokenError,
    },
    /// The command cannot be run.
    #[error("the command `{command}` for the token cannot be run")]
    NoCommand {
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    #[error("the command `{command}` for the token failed: {status}")]
    Failed { command: String, status: ExitStatus },
    /// The command went on and on.
    #[error("the command `{command}` for the token did not end within {} s", LONGEST.as_secs())]
    TooLong { command: String },
}

impl SecretError {
    /// Says what to do about it.
    pub(crate) const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some(
                "set `FRAMEIO_TOKEN`, or give `--token-file FILE` or `--token-command COMMAND`; for V4 also `FRAMEIO_CLIENT_ID` and `FRAMEIO_CLIENT_SECRET`",
            ),
            Self::NoClientId => Some("set `FRAMEIO_CLIENT_ID`, or give `--client-id-file FILE`"),
            Self::NoClientSecret => {
                Some("set `FRAMEIO_CLIENT_SECRET`, or give `--client-secret-file FILE`")
            }
            Self::NoToken { .. } => Some("it must be one word: the token and nothing else"),
            Self::Failed { .. } => Some(
                "run it by itself to see why; its arguments and what it prints may hold a secret, and are not shown",
            ),
            Self::NotText(_)
            | Self::File { .. }
            | Self::NoCommand { .. }
            | Self::TooLong { .. } => None,
        }
    }
}
