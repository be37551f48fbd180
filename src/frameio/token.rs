//! The secret that opens the API.

use std::fmt;

use reqwest::header::HeaderValue;

/// A bearer token: it cannot be printed, and its debug form is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is not a token; the text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is nothing in it.
    #[error("the token is empty")]
    Empty,
    /// It has a character that no header can carry.
    #[error("the token has a space, a line end or another character that a token cannot have")]
    Character,
}

impl Token {
    /// Takes a text as a token; white space around it, such as a file's last line end, is dropped.
    ///
    /// # Errors
    ///
    /// Returns why the text cannot be a token.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The header that carries the token, marked so that no log shows it.
    pub(in crate::frameio) fn header(&self) -> HeaderValue {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .unwrap_or_else(|_impossible| HeaderValue::from_static("Bearer"));
        header.set_sensitive(true);
        header
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new("fio-u-secret\n").unwrap();
        assert_eq!(format!("{token:?} {:?}", token.header()), "*** Sensitive");
        assert_eq!(token.header().as_bytes(), b"Bearer fio-u-secret");
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_repeating_it() {
        assert_eq!(Token::new(" \n"), Err(TokenError::Empty));
        for text in ["two words", "a\nb", "schl\u{fc}ssel", "nul\0"] {
            let error = Token::new(text).unwrap_err();
            assert_eq!(error, TokenError::Character);
            assert!(!error.to_string().contains(text));
        }
    }
}
