//! The token: from the environment, a file or a command, and never shown.

use std::path::Path;
use std::sync::Arc;

use crate::cli::clock::TimeLeft;
use crate::cli::env::{Environment, TOKEN};
use crate::cli::failure::Failure;
use crate::cli::files::FilesError;
use crate::cli::route::route;
use crate::cli::settings::Settings;
use crate::cli::settings::access::{ClientSource, Half, TokenSource};
use crate::cli::settings::kind::TokenCommand;
use crate::cli::settings::origin::{Origin, Valued};
use crate::cli::{files, private};
use crate::frameio::ims::Ims;
use crate::frameio::mask::Secrets;
use crate::frameio::token::{Credentials, Token, TokenError};
use crate::frameio::token_provider::TokenProvider;

mod command;
pub(super) mod error;
pub(super) mod login;

use error::SecretError;
use login::LoginFile;

/// Gets what opens the API; warnings about its keeping come beside it, and `hide` hears of what
/// nobody may see from then on, a token or not.
///
/// # Errors
///
/// Returns why there is none.
pub(crate) fn token_provider(
    settings: &Settings,
    (environment, time): (&Environment, TimeLeft),
    hide: &dyn Fn(&Secrets),
) -> Result<(TokenProvider, Vec<String>), Failure> {
    let access = &settings.access;
    let source = access.token.as_ref().ok_or(SecretError::Missing)?;
    if let TokenSource::Client(client) = &source.value {
        let (credentials, warnings) = credentials(client, environment, time)?;
        let ims = route(&access.ims, environment)?;
        let ims = Ims::new(ims, credentials, settings.sending.timeouts)?;
        return Ok((TokenProvider::renewed(ims), warnings));
    }
    if let TokenSource::Login(path) = &source.value {
        let (file, _kept) = LoginFile::open(path)?.ok_or(SecretError::NoLogin)?;
        file.check(settings)?;
        let login = file.service(settings)?;
        return Ok((TokenProvider::signed_in(login, Arc::new(file)), Vec::new()));
    }
    let (token, warning) = self::token(source, (environment, time), hide)?;
    let token_provider = if access.legacy && settings.api.value.abilities().takes_adobe_tokens {
        TokenProvider::legacy(token)
    } else {
        TokenProvider::ready(token)
    };
    Ok((token_provider, warning.into_iter().collect()))
}

fn credentials(
    client: &ClientSource,
    environment: &Environment,
    time: TimeLeft,
) -> Result<(Credentials, Vec<String>), SecretError> {
    let id = client.id.as_ref().ok_or(SecretError::NoClientId)?;
    let (id, _open) = half(id, environment, time)?;
    let secret = client.secret.as_ref();
    let secret = secret.ok_or(SecretError::NoClientSecret)?;
    let (secret, open) = half(secret, environment, time)?;
    let credentials = Credentials::new(&id, &secret)
        .map_err(no_token("the client of the token endpoint".to_owned()))?;
    Ok((credentials, open.into_iter().collect()))
}

/// Reads one half, and warns where others may read its file.
fn half(
    half: &Half,
    environment: &Environment,
    time: TimeLeft,
) -> Result<(String, Option<String>), SecretError> {
    match half {
        Half::Variable(name) => {
            let text = environment.text(name)?.ok_or(SecretError::Missing)?;
            Ok((text.to_owned(), None))
        }
        Half::File(Valued { value, origin }) => {
            let text = content((value, origin), "client", time)?;
            Ok((text, open_to_others(value)))
        }
    }
}

/// The content of a file that should hold a secret; what is not text is none.
fn content(
    (path, origin): (&Path, &Origin),
    what: &'static str,
    time: TimeLeft,
) -> Result<String, SecretError> {
    let bytes = files::bytes(path, time).map_err(|source| {
        if let FilesError::OutOfTime(late) = source {
            return SecretError::OutOfTime(late);
        }
        // What names no file may be the secret itself, which somebody took for its place.
        match path.symlink_metadata() {
            Ok(_) => SecretError::File { what, source },
            Err(source) => {
                let origin = origin.clone();
                SecretError::Nowhere { origin, source }
            }
        }
    })?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|_binary| "\0".to_owned()))
}

fn no_token(place: String) -> impl FnOnce(TokenError) -> SecretError {
    move |why| SecretError::NoToken { place, why }
}

/// Warns where others may read a file.
fn open_to_others(path: &Path) -> Option<String> {
    private::is_open_to_others(path).then(|| {
        format!(
            "`{}` holds a secret, and others on this machine may read it: `chmod 600` it",
            Path::display(path)
        )
    })
}

/// Gets a token that is there; a warning about its keeping comes beside it.
fn token(
    source: &Valued<TokenSource>,
    (environment, time): (&Environment, TimeLeft),
    hide: &dyn Fn(&Secrets),
) -> Result<(Token, Option<String>), SecretError> {
    match &source.value {
        // Its tokens are fetched when they are needed.
        TokenSource::Client(_) | TokenSource::Login(_) => Err(SecretError::Missing),
        TokenSource::Environment => {
            let text = environment.text(TOKEN)?.ok_or(SecretError::Missing)?;
            let token = Token::new(text).map_err(no_token(format!("`{TOKEN}`")))?;
            Ok((token, None))
        }
        TokenSource::File(path) => from_file((path, &source.origin), time),
        TokenSource::Command(command) => {
            Ok((printed((command, &source.origin), time, hide)?, None))
        }
    }
}

fn printed(
    (printer, origin): (&TokenCommand, &Origin),
    time: TimeLeft,
    hide: &dyn Fn(&Secrets),
) -> Result<Token, SecretError> {
    let text = command::run((printer, origin), time, &|text| {
        let secrets = Secrets::default();
        for word in text.split_whitespace() {
            secrets.keep(word);
        }
        hide(&secrets);
    })?;
    let place = format!("what the token command of {origin} printed");
    Token::new(&text).map_err(no_token(place))
}

fn from_file(
    (path, origin): (&Path, &Origin),
    time: TimeLeft,
) -> Result<(Token, Option<String>), SecretError> {
    let text = content((path, origin), "token", time)?;
    let token = Token::new(&text).map_err(no_token(format!("`{}`", path.display())))?;
    Ok((token, open_to_others(path)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn flagged(value: TokenSource) -> Valued<TokenSource> {
        let origin = Origin::Flag("--token-command");
        Valued { value, origin }
    }

    fn shell(command: &str) -> Result<Token, SecretError> {
        let source = flagged(TokenSource::Command(TokenCommand::Shell(
            command.to_owned(),
        )));
        token(
            &source,
            (&Environment::default(), TimeLeft::unbound()),
            &|_| {},
        )
        .map(|(token, _)| token)
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
        let nowhere = TokenCommand::Program(vec!["no-such-program-here".to_owned()]);
        let nowhere = TokenSource::Command(nowhere);
        let error = token(
            &flagged(nowhere),
            (&Environment::default(), TimeLeft::unbound()),
            &|_| {},
        )
        .unwrap_err();
        assert!(matches!(error, SecretError::NoCommand { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn whatever_a_command_prints_is_hidden_from_then_on() {
        for command in ["echo hush-hush-hush", "echo a hush-hush-hush; exit 3"] {
            let source = TokenSource::Command(TokenCommand::Shell(command.to_owned()));
            let hidden = std::cell::RefCell::new(Vec::new());
            let hide = |secrets: &Secrets| hidden.borrow_mut().push(secrets.clone());
            drop(token(
                &flagged(source),
                (&Environment::default(), TimeLeft::unbound()),
                &hide,
            ));
            let hidden = hidden.into_inner();
            assert!(hidden.iter().any(|all| all.shows("is hush-hush-hush.")));
        }
    }

    #[test]
    fn what_names_no_file_is_not_repeated() {
        let time = TimeLeft::unbound();
        let origin = Origin::Environment("RETIRE_TOKEN_FILE");
        let long = "hush".repeat(1000);
        for secret in ["hush", "hush/hush", "/dev/null/hush", &long] {
            let path = PathBuf::from(secret);
            let source = Valued {
                value: TokenSource::File(path.clone()),
                origin: origin.clone(),
            };
            let environment = Environment::default();
            let whole = token(&source, (&environment, time), &|_| {}).unwrap_err();
            let half = Half::File(Valued {
                value: path,
                origin: origin.clone(),
            });
            let half = half_of(&half, time);
            for error in [whole, half] {
                let cause = std::error::Error::source(&error);
                let said = format!("{error} {cause:?} {:?}", error.hint());
                assert!(said.contains("`RETIRE_TOKEN_FILE`"), "{said}");
                assert!(!said.contains("hush"), "{said}");
            }
        }
    }

    fn half_of(half: &Half, time: TimeLeft) -> SecretError {
        super::half(half, &Environment::default(), time).unwrap_err()
    }

    #[test]
    fn without_a_source_all_three_are_named() {
        let error = SecretError::Missing;
        for name in ["FRAMEIO_TOKEN", "--token-file", "--token-command"] {
            assert!(error.hint().unwrap().contains(name));
        }
    }
}
