//! Adobe's sign-in for people: in the browser, by PKCE, with the address pasted back.
//!
//! The browser ends at an address of the studio's own choice where nobody listens, so nothing has
//! to be served, and it works over SSH.
//!
//! Source: docs/frameio-api.md, "Sign-in (V4)"; RFC 7636.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::sleep;
use uuid::Uuid;

use crate::frameio::endpoint::Endpoint;
use crate::frameio::http::{Timeouts, TransportError};
use crate::frameio::ims::{Fetched, NoToken, Service};
use crate::frameio::mask::{Secrets, bounded};
use crate::frameio::token::Token;

pub mod document;

/// What a sign-in is asked for; without the first two, V4 takes no token.
const SCOPES: &str = "openid AdobeID email profile offline_access additional_info.roles";

/// The scopes without which every call of V4 is refused.
const NEEDED: [&str; 2] = ["openid", "AdobeID"];

/// How long before its end a token is renewed.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// How often another process is asked for that renews the same sign-in, and for how long.
const GLANCE: Duration = Duration::from_millis(100);
const GLANCES: u32 = 300;

/// What is kept of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Opens the API.
    pub access: Token,
    /// Gets the next one, where the service gives that; each is good once.
    pub refresh: Option<Token>,
    /// When the first one ends.
    pub ends: Timestamp,
}

/// Where a sign-in is kept.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// Takes the lock of all processes that use it; nothing while another one has it.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be taken.
    fn lock(&self) -> Result<Option<Box<dyn Send>>, String>;

    /// Reads it; nothing where nobody is signed in.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be read.
    fn load(&self) -> Result<Option<Kept>, String>;

    /// Replaces it.
    ///
    /// # Errors
    ///
    /// Returns why it cannot be written.
    fn keep(&self, kept: &Kept) -> Result<(), String>;
}

/// Signs people in, and renews what they signed in with.
#[derive(Debug, Clone)]
pub struct Login {
    service: Service,
    client_id: Arc<str>,
    now: fn() -> Timestamp,
}

/// A sign-in that has begun.
pub struct SignIn {
    /// Where the browser goes.
    pub address: String,
    state: String,
    verifier: String,
}

/// Why what was pasted is not the end of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasteError {
    /// It is no address.
    #[error("this is not a web address")]
    NotAddress,
    /// It belongs to another sign-in.
    #[error("this address belongs to another sign-in")]
    Other,
    /// The service refused.
    #[error("the sign-in was refused: {0}")]
    Refused(String),
    /// There is no code in it.
    #[error("this address has no `code`")]
    NoCode,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SignIn").finish_non_exhaustive()
    }
}

impl SignIn {
    /// Takes the code out of the address at which the browser has ended.
    ///
    /// # Errors
    ///
    /// Returns why it is not the end of this sign-in.
    pub fn code(&self, pasted: &str) -> Result<String, PasteError> {
        let address = Url::parse(pasted.trim()).map_err(|_odd| PasteError::NotAddress)?;
        let value = |name: &str| {
            let mut found = address.query_pairs().filter(|(key, _)| key == name);
            found.next().map(|(_, value)| value.into_owned())
        };
        if value("state").as_ref() != Some(&self.state) {
            return Err(PasteError::Other);
        }
        if let Some(error) = value("error") {
            let said = value("error_description").unwrap_or(error);
            return Err(PasteError::Refused(bounded(&said)));
        }
        let code = value("code").filter(|code| !code.is_empty());
        code.ok_or(PasteError::NoCode)
    }
}

impl Login {
    /// Signs in at an address, for a client of the studio's own.
    ///
    /// # Errors
    ///
    /// Returns what the HTTP library says when its TLS cannot be set up.
    pub fn new(
        endpoint: Endpoint,
        client_id: &str,
        timeouts: Timeouts,
        now: fn() -> Timestamp,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            service: Service::new(endpoint, timeouts)?,
            client_id: client_id.into(),
            now,
        })
    }

    /// What nobody may read of what it sends and gets.
    #[must_use]
    pub const fn secrets(&self) -> &Secrets {
        self.service.secrets()
    }

    /// Begins a sign-in that ends at an address of the client.
    #[must_use]
    pub fn begin(&self, redirect: &str, random: [Uuid; 3]) -> SignIn {
        let [first, second, state] = random.map(|id| id.simple().to_string());
        let verifier = first + &second;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        self.secrets().keep(&verifier);
        let base = format!("{}/ims/authorize/v2", self.service.endpoint().as_str());
        let parameters = [
            ("client_id", &*self.client_id),
            ("redirect_uri", redirect),
            ("response_type", "code"),
            ("scope", SCOPES),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        // An endpoint is an address already.
        let address = Url::parse_with_params(&base, parameters);
        SignIn {
            address: address.map_or_else(|_odd| base, String::from),
            state,
            verifier,
        }
    }

    /// Ends a sign-in with its code.
    ///
    /// # Errors
    ///
    /// Returns why there is no token, or that it lacks a scope that V4 needs.
    pub(crate) async fn finish(&self, sign_in: &SignIn, code: &str) -> Result<Kept, NoToken> {
        self.secrets().keep(code);
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &*self.client_id),
            ("code", code),
            ("code_verifier", &sign_in.verifier),
        ];
        let fetched = self.ask(&form).await?;
        if let Some(scope) = missing_scope(fetched.token.text()) {
            return Err(refused(format!(
                "the token that came lacks the scope `{scope}`, and V4 takes none without it: add it to the client in the Adobe Developer Console"
            )));
        }
        Ok(self.kept(fetched, None))
    }

    /// Takes a sign-in back, so that nobody can use it any more.
    ///
    /// # Errors
    ///
    /// Returns why the service did not.
    pub(crate) async fn revoke(&self, kept: &Kept) -> Result<(), NoToken> {
        for token in kept.refresh.iter().chain([&kept.access]) {
            self.secrets().keep(token.text());
            let form = [("client_id", &*self.client_id), ("token", token.text())];
            self.service.post("/ims/revoke", &form).await?;
        }
        Ok(())
    }

    async fn ask(&self, form: &[(&str, &str)]) -> Result<Fetched, NoToken> {
        let body = self.service.post("/ims/token/v3", form).await?;
        self.service.token(&body)
    }

    fn kept(&self, fetched: Fetched, before: Option<&Kept>) -> Kept {
        let now = (self.now)();
        let lifetime = SignedDuration::try_from(fetched.lifetime).unwrap_or_default();
        let before = || before.and_then(|before| before.refresh.clone());
        Kept {
            access: fetched.token,
            refresh: fetched.refresh.or_else(before),
            ends: now.checked_add(lifetime).unwrap_or(now),
        }
    }
}

/// Waits until no other process changes what is kept of a sign-in, and keeps it so.
///
/// # Errors
///
/// Returns that it takes too long, or why nobody can know.
pub async fn alone(keeper: &dyn Keeper) -> Result<Box<dyn Send>, String> {
    for _ in 0..GLANCES {
        if let Some(lock) = keeper.lock()? {
            return Ok(lock);
        }
        sleep(GLANCE).await;
    }
    Err("another process renews the sign-in for too long".to_owned())
}

/// Renews a sign-in that is kept.
#[derive(Debug)]
pub(super) struct Renewal {
    login: Login,
    keeper: Arc<dyn Keeper>,
    /// The token that was in use last: it is asked for again only where it is not taken any more.
    used: Mutex<Option<Token>>,
}

impl Renewal {
    pub(super) fn new(login: Login, keeper: Arc<dyn Keeper>) -> Self {
        let used = Mutex::default();
        Self {
            login,
            keeper,
            used,
        }
    }

    pub(super) const fn secrets(&self) -> &Secrets {
        self.login.secrets()
    }

    pub(super) async fn fetch(&self) -> Result<Fetched, NoToken> {
        // A refresh token is good once, so one process at a time renews.
        let _alone = alone(&*self.keeper).await.map_err(refused)?;
        let kept = self.keeper.load().map_err(refused)?;
        let kept = kept.ok_or_else(|| refused("nobody is signed in any more".to_owned()))?;
        let secrets = self.secrets();
        for token in kept.refresh.iter().chain([&kept.access]) {
            secrets.keep(token.text());
        }
        let left = kept.ends.duration_since((self.login.now)());
        let was_used = self.used().as_ref() == Some(&kept.access);
        let fresh = if left > AHEAD && !was_used {
            kept
        } else {
            self.renew(&kept).await?
        };
        let left = fresh.ends.duration_since((self.login.now)());
        let lifetime = Duration::try_from(left).unwrap_or_default();
        secrets.renew(&fresh.access);
        Ok(Fetched {
            token: fresh.access,
            lifetime,
            told: Some(lifetime),
            refresh: None,
        })
    }

    async fn renew(&self, kept: &Kept) -> Result<Kept, NoToken> {
        let Some(refresh) = &kept.refresh else {
            return Err(refused(
                "the sign-in has ended, and its client gets no refresh token".to_owned(),
            ));
        };
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &*self.login.client_id),
            ("refresh_token", refresh.text()),
        ];
        let fetched = self.login.ask(&form).await?;
        let fresh = self.login.kept(fetched, Some(kept));
        // The one before is good no more, so this one is on the disk before it is used.
        self.keeper.keep(&fresh).map_err(refused)?;
        Ok(fresh)
    }

    /// Takes notice that a token is in use: it is renewed where the next one is asked for.
    pub(super) fn is_used(&self, token: &Token) {
        *self.used() = Some(token.clone());
    }

    fn used(&self) -> std::sync::MutexGuard<'_, Option<Token>> {
        // Each change is whole before anything can panic.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(detail: String) -> NoToken {
    NoToken::Refused { detail }
}

/// A scope that V4 needs and a token lacks, as far as the token tells: Adobe's are JSON web tokens,
/// and what is none tells nothing.
fn missing_scope(token: &str) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Claims {
        scope: String,
    }
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let has = |scope: &str| claims.scope.split([' ', ',']).any(|one| one == scope);
    NEEDED.into_iter().find(|scope| !has(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        let endpoint = Endpoint::parse("http://127.0.0.1:9").unwrap();
        Login::new(endpoint, "studio", Timeouts::default(), || {
            Timestamp::UNIX_EPOCH
        })
        .unwrap()
    }

    fn sign_in() -> SignIn {
        let ids = [1, 2, 3].map(Uuid::from_u128);
        login().begin("https://localhost", ids)
    }

    /// A sign-in that others change for a while.
    #[derive(Debug)]
    struct Busy(Mutex<u32>);

    impl Keeper for Busy {
        fn lock(&self) -> Result<Option<Box<dyn Send>>, String> {
            let mut left = self.0.lock().unwrap();
            let is_free = *left == 0;
            *left = left.saturating_sub(1);
            Ok(is_free.then(|| Box::new(()) as Box<dyn Send>))
        }

        fn load(&self) -> Result<Option<Kept>, String> {
            Ok(None)
        }

        fn keep(&self, _kept: &Kept) -> Result<(), String> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_changes_a_sign_in_waits_for_others_and_not_for_ever() {
        let busy = |times: u32| Busy(Mutex::new(times));
        assert!(alone(&busy(0)).await.is_ok());
        assert!(alone(&busy(5)).await.is_ok());
        let late = alone(&busy(u32::MAX)).await.err();
        assert!(late.is_some_and(|late| late.contains("too long")));
    }

    #[test]
    fn the_address_has_a_challenge_and_never_its_verifier() {
        let sign_in = sign_in();
        let (address, verifier) = (&sign_in.address, &sign_in.verifier);
        assert!((43..=128).contains(&verifier.len()));
        assert!(!address.contains(verifier.as_str()));
        for part in [
            "http://127.0.0.1:9/ims/authorize/v2?client_id=studio",
            "redirect_uri=https%3A%2F%2Flocalhost",
            "code_challenge_method=S256",
            "scope=openid+AdobeID+",
        ] {
            assert!(address.contains(part), "{address}");
        }
        assert!(!format!("{sign_in:?}").contains(verifier.as_str()));
    }

    #[test]
    fn only_the_end_of_this_sign_in_has_its_code() {
        let sign_in = sign_in();
        let state = &sign_in.state;
        let pasted = |rest: &str| sign_in.code(&format!(" https://localhost/?{rest}\n"));
        assert_eq!(
            pasted(&format!("code=abc&state={state}")),
            Ok("abc".to_owned())
        );
        assert_eq!(pasted("code=abc&state=other"), Err(PasteError::Other));
        assert_eq!(pasted("code=abc"), Err(PasteError::Other));
        assert_eq!(pasted(&format!("state={state}")), Err(PasteError::NoCode));
        let refused = pasted(&format!("state={state}&error=access_denied"));
        assert_eq!(
            refused,
            Err(PasteError::Refused("access_denied".to_owned()))
        );
        assert_eq!(sign_in.code("abc"), Err(PasteError::NotAddress));
    }

    #[test]
    fn a_token_that_tells_its_scopes_must_have_those_of_v4() {
        let token = |claims: &str| format!("e.{}.s", BASE64_URL_SAFE_NO_PAD.encode(claims));
        let good = token(r#"{"scope":"openid,AdobeID,profile"}"#);
        assert_eq!(missing_scope(&good), None);
        let lacking = token(r#"{"scope":"openid profile"}"#);
        assert_eq!(missing_scope(&lacking), Some("AdobeID"));
        assert_eq!(missing_scope("sandbox-issued-token-1"), None);
    }
}
