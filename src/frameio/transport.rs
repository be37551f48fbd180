//! HTTP: one request out, one reply in, and whether anything was sent.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Client, Response, Url, redirect};
use tokio::time::Instant;
use tracing::{debug, trace};

use crate::frameio::authority::{Authority, Grant};
use crate::frameio::ims::NoToken;
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

/// A server's base address that a token may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why an address is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is not a URL.
    #[error("`{text}` is not the address of a server: {why}")]
    NotUrl {
        /// What was given.
        text: String,
        /// What the parser says.
        why: String,
    },
    /// Its scheme is neither `https` nor `http`.
    #[error("`{0}` is not reached by `https`")]
    Scheme(String),
    /// It would carry the token in the clear over a network.
    #[error("`{0}` is plain HTTP beyond this machine, and would show the token to the network")]
    Plain(String),
    /// It has a user, a query or a fragment.
    #[error("`{0}` has a user, a query or a fragment, which a base address cannot have")]
    Parts(String),
}

impl Endpoint {
    /// Takes an address as an endpoint; `https` anywhere, `http` only on this machine.
    ///
    /// # Errors
    ///
    /// Returns why the token must not be sent there.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text).map_err(|error| EndpointError::NotUrl {
            text: text.to_owned(),
            why: error.to_string(),
        })?;
        let parts = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if parts {
            // A password in the address is a secret: only what is safe is repeated.
            let host = url.host_str().unwrap_or_default();
            return Err(EndpointError::Parts(format!("{}://{host}/…", url.scheme())));
        }
        let endpoint = Self(url);
        match endpoint.0.scheme() {
            "https" => Ok(endpoint),
            "http" if endpoint.is_loopback() => Ok(endpoint),
            "http" => Err(EndpointError::Plain(text.to_owned())),
            _ => Err(EndpointError::Scheme(text.to_owned())),
        }
    }

    /// Whether the server is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The address without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

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
        match request.send().await {
            Ok(response) => answered(response).await,
            // Only a connection that was never made proves that nothing was sent.
            Err(error) if error.is_connect() => Reply::NotSent {
                detail: format!("{}: {}", self.endpoint.as_str(), innermost(&error)),
            },
            Err(error) => Reply::Lost {
                detail: innermost(&error),
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
    if endpoint.0.scheme() == "http" {
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
fn log_limits(headers: &HeaderMap) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    trace!(
        limit = text("x-ratelimit-limit"),
        remaining = text("x-ratelimit-remaining"),
        window = text("x-ratelimit-window"),
        retry_after = text("retry-after"),
        retry_after_ms = text("retry-after-ms"),
        "the server's limits"
    );
}

async fn answered(mut response: Response) -> Reply {
    log_limits(response.headers());
    let status = response.status().as_u16();
    let wait = pace::wait(response.headers());
    let limits = pace::limits(response.headers());
    let pages = pages(response.headers());
    let mut bytes = Vec::new();
    let body = loop {
        match response.chunk().await {
            Ok(None) => break Body::Whole(bytes),
            Ok(Some(chunk)) if bytes.len() + chunk.len() > LONGEST_BODY => {
                break Body::Cut {
                    detail: format!("it is longer than {LONGEST_BODY} bytes"),
                };
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Err(error) => {
                break Body::Cut {
                    detail: innermost(&error),
                };
            }
        }
    };
    Reply::Answered {
        status,
        wait,
        limits,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stays_on_this_machine_or_goes_over_tls() {
        for (text, address) in [
            ("https://api.frame.io", "https://api.frame.io"),
            ("https://api.frame.io/", "https://api.frame.io"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:80/", "http://[::1]"),
            ("http://localhost:1", "http://localhost:1"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), address);
        }
        for text in [
            "http://api.frame.io",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://0.0.0.0",
            "http://[::2]",
        ] {
            assert!(
                matches!(Endpoint::parse(text), Err(EndpointError::Plain(_))),
                "{text}"
            );
        }
        assert!(matches!(
            Endpoint::parse("ftp://127.0.0.1"),
            Err(EndpointError::Scheme(_))
        ));
        assert!(matches!(
            Endpoint::parse("api.frame.io"),
            Err(EndpointError::NotUrl { .. })
        ));
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let error = Endpoint::parse("https://me:hush@api.frame.io").unwrap_err();
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
