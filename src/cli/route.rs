//! The way to a server: the proxy and the certificates that the environment names.

use std::path::Path;

use crate::cli::env::{CERTIFICATES, Environment, NO_PROXY, PROXIES};
use crate::cli::files;
use crate::cli::settings::origin::{Origin, SettingsError, Valued};
use crate::frameio::proxy::Proxy;
use crate::frameio::transport::Endpoint;

/// What each certificate in a file begins with.
const CERTIFICATE: &[u8] = b"-----BEGIN ";

/// A server as it is reached. To one on this machine no proxy leads, which would carry the token
/// off it in the clear.
///
/// # Errors
///
/// Returns that a variable names no proxy, or no certificates: the library would go on without.
pub(super) fn route(
    endpoint: &Endpoint,
    environment: &Environment,
) -> Result<Endpoint, SettingsError> {
    let direct = endpoint.clone();
    if endpoint.is_loopback() {
        return Ok(direct);
    }
    if let Some(text) = environment.text(CERTIFICATES)? {
        Valued::parse(Origin::Environment(CERTIFICATES), text, certificates)?;
    }
    for name in PROXIES {
        if let Some(text) = environment.text(name)? {
            let parse = |text: &str| Proxy::parse(text).map_err(|why| why.to_string());
            let proxy = Valued::parse(Origin::Environment(name), text, parse)?.value;
            let except = environment.first(&NO_PROXY).unwrap_or_default();
            let serves = proxy.serves(endpoint.as_str(), &except);
            return Ok(if serves {
                direct.through(proxy)
            } else {
                direct
            });
        }
    }
    Ok(direct)
}

/// Looks into a file of certificates.
fn certificates(text: &str) -> Result<(), String> {
    let bytes = files::plain(Path::new(text));
    let bytes = bytes.map_err(|_why| format!("the file `{text}` cannot be read"))?;
    let has_one = memchr::memmem::find(&bytes, CERTIFICATE).is_some();
    let missing = || format!("the file `{text}` has no certificate in the PEM form");
    has_one.then_some(()).ok_or_else(missing)
}
