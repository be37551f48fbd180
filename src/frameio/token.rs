//! The secrets that open the API.

use std::fmt;

use reqwest::header::HeaderValue;

/// A bearer token: it cannot be printed, and its debug form is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// The secret with which a program asks for tokens: it cannot be printed, and its debug form
/// is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

/// With what a program asks for tokens, server to server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Which program it is; no secret, but nobody's business.
    id: ClientSecret,
    secret: ClientSecret,
}

/// Why a text is not a secret of its sort; the text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is nothing in it.
    #[error("the {0} is empty")]
    Empty(Sort),
    /// It has a character that none has.
    #[error("the {0} has a space, a line end or another character that a {0} cannot have")]
    Character(Sort),
    /// It is longer than any.
    #[error("the {0} is longer than any is: {LONGEST} bytes at most")]
    Length(Sort),
}

/// How long a secret is at most, in bytes: no header of a request is longer.
const LONGEST: usize = 64 << 10;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Token,
    /// The id of a client.
    ClientId,
    /// The secret of a client.
    ClientSecret,
}

impl fmt::Display for Sort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Token => "token",
            Self::ClientId => "client id",
            Self::ClientSecret => "client secret",
        })
    }
}

/// Takes a text as a secret; white space around it, such as a file's last line end, is dropped.
fn word(text: &str, sort: Sort) -> Result<String, TokenError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TokenError::Empty(sort));
    }
    if text.len() > LONGEST {
        return Err(TokenError::Length(sort));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Character(sort));
    }
    Ok(text.to_owned())
}

impl Token {
    /// Takes a text as a token; white space around it, such as a file's last line end, is dropped.
    ///
    /// # Errors
    ///
    /// Returns why the text cannot be a token.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        word(text, Sort::Token).map(Self)
    }

    /// Whether it has the form of a developer token of the legacy API.
    ///
    /// Source: docs/frameio-api.md, "Authentication".
    pub(super) fn is_developer(&self) -> bool {
        self.0.starts_with("fio-u-")
    }

    /// The text itself, for those who send it and those who hide it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The header that carries the token, marked so that no log shows it.
    pub(super) fn header(&self) -> HeaderValue {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .unwrap_or_else(|_impossible| HeaderValue::from_static("Bearer"));
        header.set_sensitive(true);
        header
    }
}

impl Credentials {
    /// Takes two texts as the id and the secret of a client; white space around them is dropped.
    ///
    /// # Errors
    ///
    /// Returns why one of them cannot be what it should be.
    pub fn new(id: &str, secret: &str) -> Result<Self, TokenError> {
        Ok(Self {
            id: ClientSecret(word(id, Sort::ClientId)?),
            secret: ClientSecret(word(secret, Sort::ClientSecret)?),
        })
    }

    /// The form that asks for a token.
    ///
    /// Source: docs/frameio-api.md, "Authentication (V4)".
    pub(super) fn form(&self) -> [(&'static str, &str); 4] {
        [
            ("grant_type", "client_credentials"),
            ("client_id", &self.id.0),
            ("client_secret", &self.secret.0),
            ("scope", "openid AdobeID frame.s2s.all"),
        ]
    }

    /// Both texts, for those who hide them.
    pub(super) fn texts(&self) -> [&str; 2] {
        [&self.id.0, &self.secret.0]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let token = Token::new("fio-u-secret\n").unwrap();
        assert_eq!(format!("{token:?} {:?}", token.header()), "*** Sensitive");
        assert_eq!(token.header().as_bytes(), b"Bearer fio-u-secret");
        let credentials = Credentials::new("hush-id", "hush-secret\n").unwrap();
        assert!(!format!("{credentials:?}").contains("hush"));
        assert_eq!(credentials.form()[2], ("client_secret", "hush-secret"));
        assert_eq!(credentials.texts(), ["hush-id", "hush-secret"]);
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_without_repeating_it() {
        assert_eq!(Token::new(" \n"), Err(TokenError::Empty(Sort::Token)));
        let long = "a".repeat(LONGEST);
        assert!(Token::new(&long).is_ok());
        let longer = Token::new(&format!("{long}a"));
        assert_eq!(longer, Err(TokenError::Length(Sort::Token)));
        for text in ["two words", "a\nb", "schl\u{fc}ssel", "nul\0"] {
            let error = Token::new(text).unwrap_err();
            assert_eq!(error, TokenError::Character(Sort::Token));
            assert!(!error.to_string().contains(text));
            let error = Credentials::new("id", text).unwrap_err();
            assert_eq!(error, TokenError::Character(Sort::ClientSecret));
            let error = Credentials::new("", text).unwrap_err();
            assert_eq!(error.to_string(), "the client id is empty");
        }
    }
}
