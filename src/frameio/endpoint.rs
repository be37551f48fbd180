//! A server's base address, and the proxy on the way to it.

use std::net::IpAddr;

use reqwest::Url;

use crate::frameio::address::shown;
use crate::frameio::proxy::Proxy;

/// A server's base address that a token may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    /// What stands on the way to it.
    proxy: Option<Proxy>,
}

/// The base address of the API, without the version that somebody wrote behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub endpoint: Endpoint,
    /// The version that stood behind it, such as `v2`.
    pub version: Option<&'static str>,
}

/// Why an address is not an endpoint. The addresses in it are without what may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is not a URL.
    #[error("`{text}` is not the address of a server: {why}")]
    NotUrl {
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
    /// It has a version of the API, and not at its end or not as it is written.
    #[error("`{0}` is the address of a call, and not that of the server: it has a version in it")]
    Version(String),
}

/// The versions of the API, as they stand in the addresses of calls.
const VERSIONS: [&str; 2] = ["v2", "v4"];

impl Endpoint {
    /// Takes an address as an endpoint; `https` anywhere, `http` only on this machine.
    ///
    /// # Errors
    ///
    /// Returns why the token must not be sent there.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text).map_err(|error| EndpointError::NotUrl {
            text: shown(text),
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
        let endpoint = Self { url, proxy: None };
        match endpoint.scheme() {
            "https" => Ok(endpoint),
            "http" if endpoint.is_loopback() => Ok(endpoint),
            "http" => Err(EndpointError::Plain(shown(text))),
            _ => Err(EndpointError::Scheme(shown(text))),
        }
    }

    /// The same server, reached through a proxy.
    #[must_use]
    pub fn through(self, proxy: Proxy) -> Self {
        let proxy = Some(proxy);
        Self { proxy, ..self }
    }

    /// What stands on the way to it.
    pub(super) const fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// The address and the way to it, for messages about what went wrong on the way.
    pub(super) fn way(&self) -> String {
        let address = self.as_str();
        match &self.proxy {
            Some(proxy) => format!("{address}, through the proxy {proxy}"),
            None => address.to_owned(),
        }
    }

    /// Whether the server is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The address without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// How the server is reached.
    pub(crate) fn scheme(&self) -> &str {
        self.url.scheme()
    }
}

impl Base {
    /// Takes an address as that of the API. A version at its end is left out, since each call
    /// says its own; with both, the server would know no call, and no asset.
    ///
    /// # Errors
    ///
    /// Returns why the token must not be sent there, or that it is the address of a call.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let Endpoint { mut url, proxy } = Endpoint::parse(text)?;
        let mut path: Vec<&str> = url.path().split('/').collect();
        while path.last().is_some_and(|last| last.is_empty()) {
            path.pop();
        }
        let version = VERSIONS
            .into_iter()
            .find(|version| path.last() == Some(version));
        if version.is_some() {
            path.pop();
        }
        let is_version = |part: &&str| {
            VERSIONS
                .iter()
                .any(|version| part.eq_ignore_ascii_case(version))
        };
        if path.iter().any(is_version) {
            return Err(EndpointError::Version(shown(text)));
        }
        if version.is_some() {
            let path = path.join("/");
            url.set_path(&path);
        }
        Ok(Self {
            endpoint: Endpoint { url, proxy },
            version,
        })
    }
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
    fn a_version_at_the_end_is_left_out_and_one_within_is_refused() {
        for (text, address, version) in [
            ("https://a.example", "https://a.example", None),
            ("https://a.example/v2", "https://a.example", Some("v2")),
            ("https://a.example/v4/", "https://a.example", Some("v4")),
            ("https://a.example//v2//", "https://a.example", Some("v2")),
            ("http://127.0.0.1:1/v2", "http://127.0.0.1:1", Some("v2")),
            (
                "https://a.example/api/v4",
                "https://a.example/api",
                Some("v4"),
            ),
            (
                "https://a.example/frameio",
                "https://a.example/frameio",
                None,
            ),
            ("https://a.example/v3", "https://a.example/v3", None),
            ("https://v2.example/", "https://v2.example", None),
        ] {
            let base = Base::parse(text).unwrap();
            assert_eq!((base.endpoint.as_str(), base.version), (address, version));
        }
        for text in [
            "https://a.example/v2/batch/assets",
            "https://a.example/V4",
            "https://a.example/v2/v2",
            "https://a.example/v4/accounts/",
        ] {
            let error = Base::parse(text).unwrap_err();
            assert!(matches!(error, EndpointError::Version(_)), "{text}");
        }
        let error = Base::parse("https://a.example/v2?a=b").unwrap_err();
        assert!(matches!(error, EndpointError::Parts(_)));
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        for text in [
            "https://me:hush@api.frame.io",
            "https://me:hush@api.frame.io:port",
            "https://me:hush@api frame.io",
            "https://me:hu@sh/hush?hush#hush@api frame.io",
            "https://me:hush",
            "https://me:hush/v2",
            "https:///me:hush@",
            "http:me:hush@a b",
            "me:hush@api.frame.io",
            "hush@api.frame.io",
            "me:hush",
            "://me:hush@a",
            "me:hush@x//y",
            "me:hush//hush@x",
            "http://[me:hush@::1",
            "https://a b/?token=hush",
            "ftp://me:hush@a.example",
            "http://me:hush@10.0.0.1",
            "https://me:hush@a.example/v2/x",
        ] {
            let error = Base::parse(text).unwrap_err();
            assert!(!error.to_string().contains("hush"), "{text}: {error}");
            assert!(!format!("{error:?}").contains("hush"), "{text}: {error:?}");
        }
    }
}
