//! The way to a server: the proxy and the certificates that the environment names.

use std::path::{Path, PathBuf};

use crate::cli::env::{CERTIFICATE_FOLDERS, CERTIFICATES, Environment, NO_PROXY, PROXIES};
use crate::cli::files::{self, FilesError, Sort};
use crate::cli::settings::origin::{Origin, SettingsError, Valued};
use crate::frameio::certificates;
use crate::frameio::proxy::Proxy;
use crate::frameio::transport::Endpoint;

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
    if endpoint.scheme() == "https" {
        check_certificates(environment)?;
    }
    if endpoint.is_loopback() {
        return Ok(direct);
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

/// Refuses what names no certificates: the library would read a pipe without end, and a folder or
/// a key in silence.
fn check_certificates(environment: &Environment) -> Result<(), SettingsError> {
    let from = Origin::Environment;
    if environment.is_blank(CERTIFICATES) {
        let message = "it is set to nothing: name a file with certificates, or unset it".to_owned();
        let origin = from(CERTIFICATES);
        return Err(SettingsError::Value {
            origin,
            message,
            own: Some("is nothing".to_owned()),
        });
    }
    if let Some(text) = environment.text(CERTIFICATES)? {
        Valued::parse(from(CERTIFICATES), text, certificate_file)?;
    }
    if let Some(text) = environment.text(CERTIFICATE_FOLDERS)? {
        Valued::parse(from(CERTIFICATE_FOLDERS), text, certificate_folders)?;
    }
    Ok(())
}

/// Looks into a file of certificates.
fn certificate_file(text: &str) -> Result<(), String> {
    let bytes = files::plain(Path::new(text)).map_err(|why| {
        if matches!(why, FilesError::Missing(_)) {
            format!("there is no file `{text}`")
        } else if matches!(why, FilesError::NotPlain(_)) {
            format!("`{text}` is not a plain file")
        } else {
            format!("the file `{text}` cannot be read")
        }
    })?;
    let missing = || format!("the file `{text}` has no certificate in the PEM form");
    certificates::has_one(&bytes)
        .then_some(())
        .ok_or_else(missing)
}

/// Looks into folders of certificates: one of them must have one.
fn certificate_folders(text: &str) -> Result<(), String> {
    let folders = std::env::split_paths(text).filter(|folder| !folder.as_os_str().is_empty());
    let mut files = folders.filter_map(|folder| files::entries(&folder).ok());
    let has_one = |file: &PathBuf| {
        files::sort(file).is_ok_and(|sort| sort == Sort::File)
            && files::plain(file).is_ok_and(|bytes| certificates::has_one(&bytes))
    };
    let found = files.any(|folder| folder.iter().any(has_one));
    let missing = || format!("no folder of `{text}` has a certificate in the PEM form");
    found.then_some(()).ok_or_else(missing)
}
