//! The token: from the environment, a file or a command, and never shown.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::cli::env::{Environment, NotText, TOKEN};
use crate::cli::files::{self, FilesError};
use crate::cli::settings::TokenSource;
use crate::frameio::token::{Token, TokenError};

/// How long a command may take to print the token.
const LONGEST: Duration = Duration::from_secs(30);

/// How often a command is looked after.
const GLANCE: Duration = Duration::from_millis(20);

/// The longest token that is read, in bytes.
const LONGEST_TOKEN: u64 = 64 << 10;

/// Why there is no token; the token itself is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Nobody says where it is.
    #[error("there is no token")]
    Missing,
    /// The variable is not text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// The file cannot be read.
    #[error("the token's file cannot be read")]
    File(#[source] FilesError),
    /// What was found is no token.
    #[error("{place}: {why}")]
    NoToken {
        /// Where it was looked for.
        place: String,
        /// What is wrong.
        why: TokenError,
    },
    /// The command cannot be run.
    #[error("the command `{command}` for the token cannot be run")]
    NoCommand {
        /// The program.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command failed.
    #[error("the command `{command}` for the token failed: {status}")]
    Failed {
        /// The program.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The command went on and on.
    #[error("the command `{command}` for the token did not end within {} s", LONGEST.as_secs())]
    TooLong {
        /// The program.
        command: String,
    },
}

impl SecretError {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some(
                "set `FRAMEIO_TOKEN`, or give `--token-file FILE` or `--token-command COMMAND`",
            ),
            Self::NoToken { .. } => Some("it must be one word: the token and nothing else"),
            Self::NotText(_)
            | Self::File(_)
            | Self::NoCommand { .. }
            | Self::Failed { .. }
            | Self::TooLong { .. } => None,
        }
    }
}

/// Gets the token; a warning about its keeping comes beside it.
///
/// # Errors
///
/// Returns why there is none.
pub fn token(
    source: Option<&TokenSource>,
    environment: &Environment,
) -> Result<(Token, Option<String>), SecretError> {
    let no_token = |place: String| move |why| SecretError::NoToken { place, why };
    match source.ok_or(SecretError::Missing)? {
        TokenSource::Environment => {
            let text = environment.text(TOKEN)?.ok_or(SecretError::Missing)?;
            let token = Token::new(text).map_err(no_token(format!("`{TOKEN}`")))?;
            Ok((token, None))
        }
        TokenSource::File(path) => from_file(path),
        TokenSource::Shell(command) => {
            let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
            shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]);
            let name = command.split_whitespace().next().unwrap_or_default();
            Ok((from_command(shell, name)?, None))
        }
        TokenSource::Program(words) => {
            let (program, arguments) = words.split_first().ok_or(SecretError::Missing)?;
            let mut command = Command::new(program);
            command.args(arguments);
            Ok((from_command(command, program)?, None))
        }
    }
}

fn from_file(path: &Path) -> Result<(Token, Option<String>), SecretError> {
    let bytes = files::bytes(path).map_err(SecretError::File)?;
    let text = String::from_utf8(bytes).unwrap_or_else(|_binary| "\0".to_owned());
    let token = Token::new(&text).map_err(|why| SecretError::NoToken {
        place: format!("`{}`", path.display()),
        why,
    })?;
    let warning = files::is_open_to_others(path).then(|| {
        format!(
            "`{}` holds a token, and others on this machine may read it: `chmod 600` it",
            Path::display(path)
        )
    });
    Ok((token, warning))
}

fn from_command(mut command: Command, name: &str) -> Result<Token, SecretError> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| SecretError::NoCommand {
            command: name.to_owned(),
            source,
        })?;
    let output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(output) = output {
            // What is not text is no token, which is said below.
            drop(output.take(LONGEST_TOKEN).read_to_string(&mut text));
        }
        text
    });
    let status = wait(&mut child, name)?;
    if !status.success() {
        return Err(SecretError::Failed {
            command: name.to_owned(),
            status,
        });
    }
    let text = reader.join().unwrap_or_default();
    Token::new(&text).map_err(|why| SecretError::NoToken {
        place: format!("what the command `{name}` printed"),
        why,
    })
}

fn wait(child: &mut Child, name: &str) -> Result<ExitStatus, SecretError> {
    let mut waited = Duration::ZERO;
    loop {
        let status = child.try_wait().map_err(|source| SecretError::NoCommand {
            command: name.to_owned(),
            source,
        })?;
        if let Some(status) = status {
            return Ok(status);
        }
        if waited >= LONGEST {
            // It is over either way; whether it could be killed changes nothing.
            drop(child.kill());
            return Err(SecretError::TooLong {
                command: name.to_owned(),
            });
        }
        std::thread::sleep(GLANCE);
        waited += GLANCE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(command: &str) -> Result<Token, SecretError> {
        let source = TokenSource::Shell(command.to_owned());
        token(Some(&source), &Environment::default()).map(|(token, _)| token)
    }

    #[cfg(unix)]
    #[test]
    fn a_command_prints_the_token_and_nothing_else() {
        assert_eq!(
            shell("echo fio-u-1").unwrap(),
            Token::new("fio-u-1").unwrap()
        );
        for (command, words) in [
            ("echo hush; echo hush", "line end"),
            ("true", "empty"),
            ("echo hush; exit 3", "exit status: 3"),
            ("printf 'hush\\377'", "empty"),
        ] {
            let error = shell(command).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
        let nowhere = TokenSource::Program(vec!["no-such-program-here".to_owned()]);
        let error = token(Some(&nowhere), &Environment::default()).unwrap_err();
        assert!(matches!(error, SecretError::NoCommand { .. }));
    }

    #[test]
    fn without_a_source_all_three_are_named() {
        let error = token(None, &Environment::default()).unwrap_err();
        for name in ["FRAMEIO_TOKEN", "--token-file", "--token-command"] {
            assert!(error.hint().unwrap().contains(name));
        }
    }
}
