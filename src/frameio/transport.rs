//! HTTP: one request out, one reply in, and whether anything was sent.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Client, Response, redirect};
use tokio::time::Instant;
use tracing::{Level, debug, enabled, trace};

use crate::frameio::authority::{Authority, Grant};
pub use crate::frameio::endpoint::{Base, Endpoint, EndpointError};
use crate::frameio::ims::NoToken;
use crate::frameio::mask::Secrets;
use crate::frameio::{Body, Reply, pace};

/// The longest answer that is read; the API's own are far below it.
const LONGEST_BODY: usize = 16 << 20;

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the server may be silent.
    pub read: Duration,
    /// How long a request may take in all.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        // The server's own bound is 30 seconds (docs/frameio-api.md, "Bulk delete (v2)").
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(40),
            request: Duration::from_mins(1),
        }
    }
}

/// How long a connection that nobody uses is kept: shorter than the minute after which most
/// servers close it, since a request on a connection that is just being closed may be lost.
const IDLE: Duration = Duration::from_secs(20);

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Deletes.
    Delete,
}

/// The header that tells V4 that the token is one of the legacy API.
///
/// Source: docs/frameio-api.md, "Authentication (V4)".
const LEGACY: HeaderName = HeaderName::from_static("x-frameio-legacy-token-auth");

/// Sends requests to one server.
#[derive(Debug, Clone)]
pub struct Transport {
    client: Client,
    endpoint: Endpoint,
    authority: Authority,
}

/// Says that no HTTP client could be made.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be made")]
pub struct TransportError(#[source] reqwest::Error);

impl Transport {
    /// Makes a transport.
    ///
    /// # Errors
    ///
    /// Returns what the HTTP library says when its TLS cannot be set up.
    pub fn new(
        endpoint: Endpoint,
        authority: Authority,
        timeouts: Timeouts,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            client: client(&endpoint, timeouts)?,
            endpoint,
            authority,
        })
    }

    /// Sends one request and reads its answer.
    pub async fn send(&self, method: Method, path: &str, json: Option<Vec<u8>>) -> Reply {
        let began = Instant::now();
        let reply = self.exchange(method, path, json).await;
        log(method, path, began.elapsed(), &reply);
        reply
    }

    async fn exchange(&self, method: Method, path: &str, json: Option<Vec<u8>>) -> Reply {
        let grant = match self.authority.grant().await {
            Ok(grant) => grant,
            Err(why) => return without(why),
        };
        let again = self.authority.is_renewed().then(|| json.clone());
        let reply = self.attempt(method, path, json, &grant).await;
        let rejected = matches!(reply, Reply::Answered { status: 401, .. });
        let Some(json) = again.filter(|_| rejected) else {
            return reply;
        };
        // Nothing was done, so the same can be asked with the next token, once.
        self.authority.reject(&grant).await;
        match self.authority.grant().await {
            Ok(grant) => self.attempt(method, path, json, &grant).await,
            Err(why) => without(why),
        }
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        json: Option<Vec<u8>>,
        grant: &Grant,
    ) -> Reply {
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Delete => reqwest::Method::DELETE,
        };
        let address = format!("{}{path}", self.endpoint.as_str());
        let mut request = self
            .client
            .request(method, address)
            .header(AUTHORIZATION, grant.header.clone());
        if self.authority.is_legacy() {
            request = request.header(LEGACY, "true");
        }
        if let Some(json) = json {
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        let secrets = self.authority.secrets();
        match request.send().await {
            Ok(response) => answered(response, secrets).await,
            // Only a connection that was never made proves that nothing was sent.
            Err(error) if error.is_connect() => Reply::NotSent {
                detail: format!(
                    "{}: {}",
                    self.endpoint.as_str(),
                    secrets.words(&innermost(&error))
                ),
            },
            Err(error) => Reply::Lost {
                detail: secrets.words(&innermost(&error)),
            },
        }
    }
}

/// Makes an HTTP client for one server.
///
/// # Errors
///
/// Returns what the HTTP library says when its TLS cannot be set up.
pub(in crate::frameio) fn client(
    endpoint: &Endpoint,
    timeouts: Timeouts,
) -> Result<Client, TransportError> {
    // Somebody else in the process may have installed one already; either serves.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = Client::builder()
        .user_agent(concat!("frameio-retire/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .timeout(timeouts.request)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true);
    if endpoint.is_loopback() {
        // A proxy would carry the token off this machine in the clear.
        builder = builder.no_proxy();
    }
    if endpoint.scheme() == "http" {
        // To read the certificates of the system takes as long as all else at the start.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(TransportError)
}

/// What comes of a request for which there is no token.
fn without(why: NoToken) -> Reply {
    match why {
        NoToken::Refused { detail } => Reply::NoToken { detail },
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
        Reply::NoToken { detail } => debug!(?method, path, detail, ?took, "no token"),
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

/// The cause at the bottom, since the library's outer words name the address and little else.
pub(in crate::frameio) fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
