//! The HTTP client that both the API and the token endpoint are reached with.

use std::error::Error;
use std::time::Duration;

use reqwest::{Certificate, Client, redirect};

use crate::diagnostic::of_the_system;
use crate::frameio::certificates;
use crate::frameio::endpoint::Endpoint;
use crate::frameio::reply::TOO_LONG;

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

/// Whether connections are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connections {
    /// Each waits for the next request.
    Kept,
    /// Each serves one request.
    Single,
}

/// Says that no HTTP client could be made.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be made")]
pub struct TransportError(#[source] reqwest::Error);

impl TransportError {
    /// What to do about it: only the certificates of the system may be missing.
    pub(crate) const HINT: &str =
        "the system may have no certificates to trust: `SSL_CERT_FILE` names a file with some";
}

/// Makes an HTTP client for one server.
///
/// # Errors
///
/// Returns what the HTTP library says when its TLS cannot be set up.
pub(super) fn client(
    endpoint: &Endpoint,
    timeouts: Timeouts,
    connections: Connections,
) -> Result<Client, TransportError> {
    let Timeouts {
        connect,
        read,
        request,
    } = timeouts;
    // Whatever ends first: only where it is the connection that took too long is it known that
    // nothing was sent, so it gets less time than anything around it.
    let connect = connect.min(read.min(request) * 9 / 10);
    let most_idle = match connections {
        Connections::Kept => usize::MAX,
        Connections::Single => 0,
    };
    // Somebody else in the process may have installed one already; either serves.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("frameio-retire/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(connect)
            .read_timeout(read)
            .timeout(request)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(most_idle)
            .tcp_nodelay(true);
        // The library would read the environment by itself.
        Ok(match endpoint.proxy() {
            Some(proxy) => builder.proxy(proxy.for_client()?),
            None => builder.no_proxy(),
        })
    };
    let builder = || builder().map_err(TransportError);
    if endpoint.scheme() == "http" {
        // To read the certificates of the system takes as long as all else at the start.
        return builder()?
            .tls_certs_only([])
            .build()
            .map_err(TransportError);
    }
    // A machine without any, such as a container that was made from nothing, trusts what the browsers
    // trust. Whoever names certificates by a variable has some, so these are never taken in place of
    // those.
    builder()?.build().or_else(|_no_certificates| {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let roots = roots.map(|root| Certificate::from_der(root));
        let roots = roots
            .collect::<Result<Vec<_>, _>>()
            .map_err(TransportError)?;
        builder()?
            .tls_certs_only(roots)
            .build()
            .map_err(TransportError)
    })
}

/// The cause at the bottom, since the library's outer words name the address and little else.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return TOO_LONG.to_owned();
    }
    if let Some(problem) = certificates::problem(error) {
        return problem;
    }
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    of_the_system(&cause.to_string())
}
