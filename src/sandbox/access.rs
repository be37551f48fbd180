//! Who may come in, and the tokens that the sandbox issues.

use std::collections::HashMap;
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};

use crate::sandbox::Shared;
use crate::sandbox::refuse::{ApiError, Realm};

/// The header with which V4 takes legacy developer tokens.
const LEGACY: &str = "x-frameio-legacy-token-auth";

/// The tokens that were issued and have not ended.
#[derive(Debug, Default)]
pub(super) struct Issued {
    ends: HashMap<String, Duration>,
    count: u64,
}

impl Issued {
    /// Issues a token that ends at a moment.
    pub(super) fn issue(&mut self, now: Duration, end: Duration) -> String {
        self.ends.retain(|_, end| *end > now);
        self.count += 1;
        let token = format!("sandbox-issued-token-{}", self.count);
        self.ends.insert(token.clone(), end);
        token
    }

    fn takes(&self, token: &str, now: Duration) -> bool {
        self.ends.get(token).is_some_and(|end| *end > now)
    }
}

impl Shared {
    /// Checks the token of a request.
    pub(super) fn lets_in(&self, realm: Realm, headers: &HeaderMap) -> Result<(), ApiError> {
        let let_in = match realm {
            // Whoever fetches a token has none yet.
            Realm::Ims => true,
            Realm::Admin => bearer(headers) == Some(&self.token),
            Realm::V2 => {
                let token = bearer(headers);
                token == Some(&self.token) || token == Some(&self.access.legacy_token)
            }
            Realm::V4 => bearer(headers).is_some_and(|token| self.takes_on_v4(token, headers)),
        };
        if let_in {
            return Ok(());
        }
        let detail = match realm {
            Realm::V4 => "Invalid or missing authorization token",
            Realm::V2 | Realm::Ims | Realm::Admin => "The bearer token is missing or not valid.",
        };
        Err(ApiError::new(StatusCode::UNAUTHORIZED, detail))
    }

    fn takes_on_v4(&self, token: &str, headers: &HeaderMap) -> bool {
        let legacy = headers.get(LEGACY).is_some_and(|value| value == "true");
        token == self.token
            || (legacy && token == self.access.legacy_token)
            || (!legacy && self.issued().takes(token, self.elapsed()))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
