//! Why there is no token.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::cli::clock::OutOfTime;
use crate::cli::env::NotText;
use crate::cli::files::FilesError;
use crate::cli::settings::origin::Origin;
use crate::frameio::token::TokenError;
use crate::frameio::transport::TransportError;

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
    /// There is no file where somebody says that it is.
    #[error("{origin} names a file that is not there")]
    Nowhere {
        /// Who names it.
        origin: Origin,
        /// What the system said, which does not repeat the name.
        source: std::io::Error,
    },
    /// What was found is no token.
    #[error("{place}: {why}")]
    NoToken {
        /// Where it was looked for.
        place: String,
        why: TokenError,
    },
    /// The command cannot be run.
    #[error("the token command of {origin} cannot be run")]
    NoCommand {
        /// Who gives it. The command itself is never repeated: somebody may have given the token.
        origin: Origin,
        /// What the system said.
        source: std::io::Error,
    },
    #[error("the token command of {origin} failed: {status}")]
    Failed { origin: Origin, status: ExitStatus },
    /// The file of a sign-in is none.
    #[error("`{}` is not a sign-in of this program", path.display())]
    Login { path: PathBuf },
    /// A sign-in is for another server.
    #[error("the sign-in at `{there}` is for the server of that service alone")]
    LoginElsewhere { there: String },
    /// Nobody can sign in where a program runs this.
    #[error("nobody can sign in where `CI` is set")]
    NobodyThere,
    /// The environment names no folder for it.
    #[error("there is no folder to keep a sign-in in: neither `XDG_DATA_HOME` nor `HOME` is set")]
    NoFolder,
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    NoLogin,
    /// No HTTP client could be made for the identity service.
    #[error(transparent)]
    Transport(TransportError),
    /// The command went on and on.
    #[error("the token command of {origin} did not end within {} s", LONGEST.as_secs())]
    TooLong { origin: Origin },
    /// It did not come while the command had time.
    #[error(transparent)]
    OutOfTime(OutOfTime),
}

impl SecretError {
    /// Says what to do about it.
    pub(crate) const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some(
                "set `FRAMEIO_TOKEN`, or give `--token-file FILE` or `--token-command COMMAND`; for V4 also `FRAMEIO_CLIENT_ID` and `FRAMEIO_CLIENT_SECRET`, or `retire login`; `--sandbox` needs none, nor does `retire plan --offline`",
            ),
            Self::NoClientId => Some(
                "set `FRAMEIO_CLIENT_ID`, or give `--client-id-file FILE` (`retire login` takes `--client-id ID`)",
            ),
            Self::NoClientSecret => {
                Some("set `FRAMEIO_CLIENT_SECRET`, or give `--client-secret-file FILE`")
            }
            Self::Nowhere { .. } => Some(
                "give the path of a file that holds the secret, and not the secret itself; what is given there is not shown, since it may be one",
            ),
            Self::NoToken { .. } => Some("it must be one word: the token and nothing else"),
            Self::Failed { .. } => Some(
                "run it by itself to see why; the command and what it prints may hold a secret, and are not shown",
            ),
            Self::NoCommand { .. } => Some(
                "give the command that prints the token, and not the token itself; what is given there is not shown, since it may be one",
            ),
            Self::Login { .. } => {
                Some("`retire logout` removes it, and `retire login` makes another")
            }
            Self::LoginElsewhere { .. } => Some("give a token for this server, or sign in there"),
            Self::NobodyThere => Some(
                "give a client, server to server: `FRAMEIO_CLIENT_ID` and `FRAMEIO_CLIENT_SECRET`",
            ),
            Self::NoLogin => Some("`retire login` signs you in"),
            Self::OutOfTime(_) => Some(OutOfTime::HINT),
            Self::NotText(_)
            | Self::NoFolder
            | Self::Transport(_)
            | Self::File { .. }
            | Self::TooLong { .. } => None,
        }
    }
}
