//! Who may come in, and the tokens that the sandbox issues.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};

use crate::sandbox::refuse::{ApiError, Realm};
use crate::sandbox::world::Access;

/// The header with which V4 takes legacy developer tokens.
const LEGACY: &str = "x-frameio-legacy-token-auth";

/// The tokens that are taken: those of the world, and those that were issued and have not ended.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access: Access,
    ends: HashMap<String, Duration>,
    /// The sign-ins that have begun, each code with its challenge.
    codes: HashMap<String, String>,
    /// The refresh tokens that are still good.
    refresh: HashSet<String>,
    count: u64,
}

impl Tokens {
    pub(super) fn new(access: Access) -> Self {
        Self {
            access,
            ends: HashMap::new(),
            codes: HashMap::new(),
            refresh: HashSet::new(),
            count: 0,
        }
    }

    /// Issues a token that lives as long as the world says.
    pub(super) fn issue(&mut self, now: Duration) -> String {
        self.ends.retain(|_, end| *end > now);
        self.count += 1;
        let token = format!("sandbox-issued-token-{}", self.count);
        let end = now.saturating_add(Duration::from_secs(self.access.token_lifetime));
        self.ends.insert(token.clone(), end);
        token
    }

    /// Begins a sign-in, and returns its code.
    pub(super) fn begin(&mut self, challenge: &str) -> String {
        self.count += 1;
        let code = format!("sandbox-code-{}", self.count);
        self.codes.insert(code.clone(), challenge.to_owned());
        code
    }

    /// Takes a code, which is good once, for a refresh token.
    pub(super) fn finish(&mut self, code: &str, challenge: &str) -> Option<String> {
        let begun = self.codes.remove(code)?;
        (begun == challenge).then(|| self.next_refresh())
    }

    /// Takes a refresh token, which is good once, for the next one.
    pub(super) fn refresh(&mut self, token: &str) -> Option<String> {
        self.refresh.remove(token).then(|| self.next_refresh())
    }

    fn next_refresh(&mut self) -> String {
        self.count += 1;
        let token = format!("sandbox-refresh-token-{}", self.count);
        self.refresh.insert(token.clone());
        token
    }

    /// Takes a token back, whatever it is good for.
    pub(super) fn revoke(&mut self, token: &str) {
        self.ends.remove(token);
        self.refresh.remove(token);
    }

    /// Checks the token of a request.
    pub(super) fn let_in(
        &self,
        realm: Realm,
        headers: &HeaderMap,
        now: Duration,
    ) -> Result<(), ApiError> {
        let token = bearer(headers);
        let own = token == Some(&self.access.token);
        let old = token == Some(&self.access.legacy_token);
        let is_let_in = match realm {
            // Whoever fetches a token has none yet.
            Realm::Ims => true,
            Realm::Admin => own,
            Realm::V2 => own || old,
            Realm::V4 => {
                let legacy = headers.get(LEGACY).is_some_and(|value| value == "true");
                let issued = token.and_then(|token| self.ends.get(token));
                let lives = issued.is_some_and(|end| *end > now);
                own || (if legacy { old } else { lives })
            }
        };
        if is_let_in {
            return Ok(());
        }
        let detail = match realm {
            Realm::V4 => "Invalid or missing authorization token",
            Realm::V2 | Realm::Ims | Realm::Admin => "The bearer token is missing or not valid.",
        };
        Err(ApiError::new(StatusCode::UNAUTHORIZED, detail))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}
