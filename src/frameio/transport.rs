//! HTTP: one request out, one reply in, and whether anything was sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout_at};
use tracing::{Level, debug, enabled, trace};

use crate::diagnostic::in_words;
use crate::event::StopReason;
use crate::frameio::call::{Method, Request};
pub use crate::frameio::endpoint::{Base, Endpoint, EndpointError};
use crate::frameio::http::{Connections, client, innermost};
pub use crate::frameio::http::{Timeouts, TransportError};
use crate::frameio::ims::NoToken;
use crate::frameio::mask::Secrets;
use crate::frameio::pace;
use crate::frameio::reply::{Body, Reply, TOO_LONG};
use crate::frameio::token_provider::{Grant, TokenProvider};

/// The longest answer that is read; the API's own are far below it.
const LONGEST_BODY: usize = 16 << 20;

/// The header that tells V4 that the token is one of the legacy API.
///
/// Source: docs/frameio-api.md, "Authentication (V4)".
const LEGACY: HeaderName = HeaderName::from_static("x-frameio-legacy-token-auth");

/// The header that asks V4 for a call of another version of it.
///
/// Source: docs/frameio-api.md, "Changes (V4)".
const VERSION: HeaderName = HeaderName::from_static("api-version");

/// How long is waited for what a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Longest {
    /// For each token that it needs: nothing is sent before.
    pub token: Duration,
    /// For its answer, from when it was to be sent.
    pub answer: Duration,
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaits {
    Token,
    Answer,
}

/// Hears what is waited for from now on, and until when at most.
pub(super) type Hears<'a> = &'a (dyn Fn(Awaits, Instant) + Sync);

/// Sends requests to one server.
#[derive(Debug, Clone)]
pub struct Transport {
    client: Client,
    timeouts: Timeouts,
    endpoint: Endpoint,
    pub(super) token_provider: TokenProvider,
    seen: Arc<Seen>,
}

/// What a transport has seen of its server.
#[derive(Debug, Default)]
struct Seen {
    /// Whether an answer came, so that a connection may be used again.
    answer: AtomicBool,
    /// Whether the server has closed a connection that it had kept open, so that none is used again.
    closes: AtomicBool,
    /// What sends each request on a connection of its own.
    single: OnceLock<Client>,
}

impl Transport {
    /// Makes a transport.
    ///
    /// # Errors
    ///
    /// Returns what the HTTP library says when its TLS cannot be set up.
    pub fn new(
        endpoint: Endpoint,
        token_provider: TokenProvider,
        timeouts: Timeouts,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            client: client(&endpoint, timeouts, Connections::Kept)?,
            timeouts,
            endpoint,
            token_provider,
            seen: Arc::default(),
        })
    }

    /// How long a request may take at most.
    pub(super) const fn longest(&self) -> Duration {
        self.timeouts.request
    }

    /// Sends one request and reads its answer.
    pub async fn send(&self, request: Request) -> Reply {
        let all = self.longest();
        let longest = Longest {
            token: all,
            answer: all,
        };
        self.send_within(request, longest, &|_, _| {}).await
    }

    /// The same, where an answer is of use for so long only.
    pub(super) async fn send_within(
        &self,
        request: Request,
        longest: Longest,
        hears: Hears<'_>,
    ) -> Reply {
        // Only on a connection that nothing else was asked on is an answer certain to be the answer
        // to this change, and one that closes is not what the server had kept open. To read the
        // certificates of the system for it is no part of the request's time.
        if request.method.changes() {
            self.single().ok();
        }
        let began = Instant::now();
        let end = began + longest.answer.min(self.longest());
        let token = longest.token.min(self.longest());
        let reply = self.exchange(&request, (end, token), hears).await;
        log(request.method, &request.path, began.elapsed(), &reply);
        reply
    }

    async fn exchange(
        &self,
        request: &Request,
        (end, token): (Instant, Duration),
        hears: Hears<'_>,
    ) -> Reply {
        let granted = async |rejected: Option<&Grant>| {
            let end = end.min(Instant::now() + token);
            hears(Awaits::Token, end);
            self.grant(rejected, end).await
        };
        let grant = match granted(None).await {
            Ok(grant) => grant,
            Err(why) => return without(why),
        };
        let reply = self.attempt(request, (&grant, end), hears).await;
        let rejected = matches!(reply, Reply::Answered { status: 401, .. });
        if !rejected || !self.token_provider.is_renewed() {
            return reply;
        }
        // Nothing was done, so the same can be asked with the next token, once.
        match granted(Some(&grant)).await {
            Ok(grant) => self.attempt(request, (&grant, end), hears).await,
            Err(why) => without(why),
        }
    }

    /// A token, while there is time to use it; another one than what was not accepted.
    async fn grant(&self, rejected: Option<&Grant>, end: Instant) -> Result<Grant, NoToken> {
        let granting = async {
            if let Some(grant) = rejected {
                self.token_provider.reject(grant).await;
            }
            self.token_provider.grant().await
        };
        let grant = timeout_at(end, granting).await;
        grant.unwrap_or_else(|_late| {
            Err(NoToken::Silent {
                detail: format!("the token endpoint does not answer: {TOO_LONG}"),
            })
        })
    }

    async fn attempt(
        &self,
        request: &Request,
        (grant, end): (&Grant, Instant),
        hears: Hears<'_>,
    ) -> Reply {
        if request.method.changes() || self.seen.closes.load(Ordering::Relaxed) {
            return self.attempt_alone(request, (grant, end), hears).await;
        }
        let may_be_used_again = self.seen.answer.load(Ordering::Relaxed);
        let sent = self.send_by(&self.client, request, (grant, end), hears);
        match sent.await {
            Ok(reply) => reply,
            // The server closed a connection that it had kept open, most probably.
            Err(error) if may_be_used_again && is_closed(&error) => {
                self.seen.closes.store(true, Ordering::Relaxed);
                self.attempt_alone(request, (grant, end), hears).await
            }
            Err(error) => self.unanswered(&error),
        }
    }

    /// Sends a request on a connection that nothing else is asked on.
    async fn attempt_alone(
        &self,
        request: &Request,
        end: (&Grant, Instant),
        hears: Hears<'_>,
    ) -> Reply {
        match self.single() {
            Ok(single) => {
                let sent = self.send_by(single, request, end, hears).await;
                sent.unwrap_or_else(|error| self.unanswered(&error))
            }
            Err(error) => Reply::NotSent {
                detail: in_words(&error),
            },
        }
    }

    /// What sends each request on a connection of its own.
    fn single(&self) -> Result<&Client, TransportError> {
        let single = &self.seen.single;
        if let Some(single) = single.get() {
            return Ok(single);
        }
        let client = client(&self.endpoint, self.timeouts, Connections::Single)?;
        Ok(single.get_or_init(|| client))
    }

    async fn send_by(
        &self,
        client: &Client,
        request: &Request,
        (grant, end): (&Grant, Instant),
        hears: Hears<'_>,
    ) -> Result<Reply, reqwest::Error> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let address = format!("{}{}", self.endpoint.as_str(), request.path);
        let mut sent = client
            .request(method, address)
            .timeout(end.saturating_duration_since(Instant::now()))
            .header(AUTHORIZATION, grant.header.clone());
        if self.token_provider.is_legacy() {
            sent = sent.header(LEGACY, "true");
        }
        if request.is_experimental {
            sent = sent.header(VERSION, "experimental");
        }
        if let Some(json) = request.body.clone() {
            sent = sent.header(CONTENT_TYPE, "application/json").body(json);
        }
        // An answer that does not begin is waited for no longer than any silence.
        hears(Awaits::Answer, end.min(Instant::now() + self.timeouts.read));
        let response = sent.send().await?;
        self.seen.answer.store(true, Ordering::Relaxed);
        hears(Awaits::Answer, end);
        Ok(answered(response, self.token_provider.secrets()).await)
    }

    /// What comes of a request to which no answer began.
    fn unanswered(&self, error: &reqwest::Error) -> Reply {
        let detail = self.words(error);
        // Only a connection that was never made proves that nothing was sent.
        if error.is_connect() {
            let detail = format!("{}: {detail}", self.endpoint.way());
            Reply::NotSent { detail }
        } else {
            Reply::Lost { detail }
        }
    }

    fn words(&self, error: &reqwest::Error) -> String {
        self.token_provider.secrets().words(&innermost(error))
    }
}

/// Whether a connection was closed under a request, and not for want of time.
fn is_closed(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

/// What comes of a request for which there is no token.
fn without(why: NoToken) -> Reply {
    match why {
        NoToken::Refused { detail } => Reply::NoToken(StopReason::NoToken { detail }),
        NoToken::Redirected { detail } => Reply::NoToken(StopReason::WrongEndpoint { detail }),
        NoToken::Busy { wait, detail } => Reply::Busy { wait, detail },
        NoToken::Silent { detail } => Reply::TokenLate { detail },
        NoToken::NotReachable { detail } => Reply::NotSent { detail },
    }
}

/// Logs a request by its path and what came of it; neither holds a secret.
fn log(method: Method, path: &str, took: Duration, reply: &Reply) {
    match reply {
        Reply::Answered { status, body, .. } => match body {
            Body::Whole(bytes) => {
                debug!(
                    ?method,
                    path,
                    status,
                    bytes = bytes.len(),
                    ?took,
                    "answered"
                );
            }
            Body::Cut { detail } => debug!(?method, path, status, detail, ?took, "cut short"),
        },
        Reply::NoToken(why) => debug!(?method, path, ?why, ?took, "no token"),
        Reply::Busy { wait, detail } => debug!(?method, path, ?wait, detail, ?took, "no token yet"),
        Reply::TokenLate { detail } => debug!(?method, path, detail, ?took, "no token in time"),
        Reply::NotSent { detail } => debug!(?method, path, detail, ?took, "not sent"),
        Reply::Lost { detail } => debug!(?method, path, detail, ?took, "lost"),
    }
}

/// Logs what an answer says of the server's limits.
fn log_limits(headers: &HeaderMap, secrets: &Secrets) {
    let text = |name: &str| {
        let text = headers.get(name).and_then(|value| value.to_str().ok());
        text.map(|text| secrets.words(text))
    };
    trace!(
        limit = text("x-ratelimit-limit"),
        remaining = text("x-ratelimit-remaining"),
        window = text("x-ratelimit-window"),
        retry_after = text("retry-after"),
        retry_after_ms = text("retry-after-ms"),
        "the server's limits"
    );
}

/// Takes an answer in; what the program sees of it has passed the mask.
async fn answered(mut response: Response, secrets: &Secrets) -> Reply {
    if enabled!(Level::TRACE) {
        log_limits(response.headers(), secrets);
    }
    let status = response.status().as_u16();
    let wait = pace::wait(response.headers());
    let limits = pace::limits(response.headers());
    let date = pace::date(response.headers());
    let pages = pages(response.headers());
    let mut bytes = Vec::new();
    let body = loop {
        match response.chunk().await {
            Ok(None) => break Body::Whole(secrets.body(bytes)),
            Ok(Some(chunk)) if bytes.len() + chunk.len() > LONGEST_BODY => {
                break Body::Cut {
                    detail: format!("it is longer than {LONGEST_BODY} bytes"),
                };
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Err(error) => {
                break Body::Cut {
                    detail: secrets.words(&innermost(&error)),
                };
            }
        }
    };
    Reply::Answered {
        status,
        wait,
        limits,
        date,
        pages,
        body,
    }
}

/// How many pages a list has (docs/frameio-api.md, "Pages (v2)").
fn pages(headers: &HeaderMap) -> Option<u32> {
    headers
        .get("total-pages")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
