//! Adobe's identity service: a client's id and secret become an access token.
//!
//! Source: docs/frameio-api.md, "Authentication (V4)".

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::frameio::endpoint::Endpoint;
use crate::frameio::http::{self, Connections, Timeouts, TransportError, innermost};
use crate::frameio::mask::{self, Secrets};
use crate::frameio::pace;
use crate::frameio::token::{Credentials, Token};

/// The address of the real service.
pub const ENDPOINT: &str = "https://ims-na1.adobelogin.com";

/// How long a token is good whose answer does not say so.
const USUAL: Duration = Duration::from_hours(24);

/// The longest answer that is read; the service's own are far below it.
const LONGEST_BODY: usize = 64 << 10;

/// The service, at an address.
#[derive(Debug, Clone)]
pub(super) struct Service {
    client: Client,
    endpoint: Endpoint,
    /// What it is asked with, and all tokens that it has given.
    secrets: Secrets,
}

/// Asks for access tokens, server to server.
#[derive(Debug, Clone)]
pub struct Ims {
    service: Service,
    credentials: Credentials,
}

/// A token and how long it is good.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) token: Token,
    pub(super) lifetime: Duration,
    /// How long the service says that it is good.
    pub(super) told: Option<Duration>,
    /// With what the next one is asked for, where the service gives that.
    pub(super) refresh: Option<Token>,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// The service does not give one.
    Refused { detail: String },
    /// Whoever answers says that the service is elsewhere, where no secret is taken.
    Redirected { detail: String },
    /// The service asks for patience (status 429).
    Busy {
        /// How long its headers ask to wait.
        wait: Option<Duration>,
        detail: String,
    },
    /// The service took the question, and its answer did not come, or not all of it.
    Silent {
        /// What came instead of an answer.
        detail: String,
    },
    /// The service could not be reached, has trouble of its own, or somebody else answers in its
    /// place for now.
    NotReachable {
        /// What came instead of an answer.
        detail: String,
    },
}

impl NoToken {
    pub(super) fn none() -> Self {
        Self::Refused {
            detail: "the token endpoint has given none".to_owned(),
        }
    }
}

impl Ims {
    /// Asks for tokens at an address.
    ///
    /// # Errors
    ///
    /// Returns what the HTTP library says when its TLS cannot be set up.
    pub fn new(
        endpoint: Endpoint,
        credentials: Credentials,
        timeouts: Timeouts,
    ) -> Result<Self, TransportError> {
        let service = Service::new(endpoint, timeouts)?;
        for text in credentials.texts() {
            service.secrets.keep(text);
        }
        Ok(Self {
            service,
            credentials,
        })
    }

    /// What nobody may read of what it sends and gets.
    pub(super) const fn secrets(&self) -> &Secrets {
        &self.service.secrets
    }

    pub(super) async fn fetch(&self) -> Result<Fetched, NoToken> {
        let form = self.credentials.form();
        let body = self.service.post("/ims/token/v3", &form).await?;
        self.service.token(&body)
    }
}

impl Service {
    /// # Errors
    ///
    /// Returns what the HTTP library says when its TLS cannot be set up.
    pub(super) fn new(endpoint: Endpoint, timeouts: Timeouts) -> Result<Self, TransportError> {
        Ok(Self {
            client: http::client(&endpoint, timeouts, Connections::Kept)?,
            endpoint,
            secrets: Secrets::default(),
        })
    }

    pub(super) const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a form, and returns the body of a success.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Vec<u8>, NoToken> {
        let address = format!("{}{path}", self.endpoint.as_str());
        let form = Url::parse_with_params("form:", form);
        let form = form.ok().and_then(|form| form.query().map(str::to_owned));
        let sent = self
            .client
            .post(address)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.unwrap_or_default())
            .send()
            .await;
        let lost = |error: &reqwest::Error| {
            let detail = format!(
                "the token endpoint `{}` does not answer: {}",
                self.endpoint.way(),
                self.secrets.words(&innermost(error))
            );
            if error.is_timeout() && !error.is_connect() {
                NoToken::Silent { detail }
            } else {
                NoToken::NotReachable { detail }
            }
        };
        let response = sent.map_err(|error| lost(&error))?;
        let status = response.status().as_u16();
        let wait = pace::wait(response.headers());
        let body = read(response).await.map_err(|error| lost(&error))?;
        let odd = |what: &str| self.odd(what);
        let said = self.refusal(body.clone());
        let detail = match &said {
            Some(said) => format!("the token endpoint gives no token: {said}"),
            None => odd(&format!("status {status}")),
        };
        match status {
            200 => Ok(body),
            300..=399 => Err(NoToken::Redirected {
                detail: odd(&format!(
                    "a redirect (status {status}), which is not followed"
                )),
            }),
            429 => Err(NoToken::Busy { wait, detail }),
            // Whoever says when to come back is there.
            503 if wait.is_some() => Err(NoToken::Busy { wait, detail }),
            // Only the service's own words are a refusal.
            400..=499 if said.is_some() && !matches!(status, 408 | 425) => {
                Err(NoToken::Refused { detail })
            }
            _ => Err(NoToken::NotReachable { detail }),
        }
    }

    fn odd(&self, what: &str) -> String {
        let place = self.endpoint.as_str();
        format!("the token endpoint `{place}` answers with {what}")
    }

    /// Takes the token out of a success.
    pub(super) fn token(&self, body: &[u8]) -> Result<Fetched, NoToken> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            expires_in: Option<Value>,
            refresh_token: Option<String>,
        }
        let odd = |what: &str| NoToken::NotReachable {
            detail: self.odd(what),
        };
        // What the parser says could repeat the token.
        let answer: Answer =
            serde_json::from_slice(body).map_err(|_secret| odd("something else than a token"))?;
        let told = answer.expires_in.map(|expires_in| {
            let seconds = seconds(&expires_in);
            seconds.ok_or_else(|| odd("an `expires_in` that is no number of seconds"))
        });
        let told = told.transpose()?.map(lifetime);
        let token =
            |text: &str| Token::new(text).map_err(|_secret| odd("a token that cannot be one"));
        let refresh = answer.refresh_token.as_deref().map(token).transpose()?;
        let token = token(&answer.access_token)?;
        // From now on, no words from outside can bring it in.
        self.secrets.renew(&token);
        if let Some(refresh) = &refresh {
            self.secrets.keep(refresh.text());
        }
        Ok(Fetched {
            token,
            lifetime: told.map_or(USUAL, |lifetime| lifetime.min(USUAL)),
            told,
            refresh,
        })
    }

    /// What the service says in place of a token, without what it may repeat of the question;
    /// nothing where these are no words of the service.
    fn refusal(&self, body: Vec<u8>) -> Option<String> {
        #[derive(Deserialize)]
        struct Answer {
            error: Option<String>,
            error_description: Option<String>,
        }
        let answer: Answer = serde_json::from_slice(&self.secrets.body(body)).ok()?;
        let texts = [Some(answer.error?), answer.error_description];
        let texts: Vec<String> = texts.into_iter().flatten().collect();
        Some(mask::bounded(&texts.join(": ")))
    }
}

/// The number of an `expires_in`, which some services write as a text.
fn seconds(expires_in: &Value) -> Option<u64> {
    match expires_in {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// How long a token is good, by its `expires_in`: seconds, but some services say milliseconds, and
/// no token is good for as many days as that would be in seconds.
const fn lifetime(expires_in: u64) -> Duration {
    match expires_in {
        0..=1_000_000 => Duration::from_secs(expires_in),
        _ => Duration::from_millis(expires_in),
    }
}

/// Reads a body, as far as it is not longer than any answer of the service.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_BODY {
            break;
        }
    }
    Ok(bytes)
}
