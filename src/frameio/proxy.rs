//! A proxy on the way to a server. Its address may hold a password, so it is never shown whole.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::frameio::address::shown;

/// A proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(Box<Url>);

/// Why a text is not the address of a proxy; a password in it is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is not a URL.
    #[error("`{text}` is not the address of a proxy: {why}")]
    NotUrl {
        text: String,
        /// What the parser says.
        why: String,
    },
    /// It is a proxy of a sort that this program does not speak to.
    #[error("the proxy `{0}` is reached neither by `http` nor by `https`")]
    Scheme(String),
}

impl Proxy {
    /// Takes an address as that of a proxy, as other programs do: without a scheme it is reached
    /// by HTTP.
    ///
    /// # Errors
    ///
    /// Returns why it is none.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = Url::parse(&whole).map_err(|error| ProxyError::NotUrl {
            text: shown(text),
            why: error.to_string(),
        })?;
        match url.scheme() {
            "http" | "https" => Ok(Self(Box::new(url))),
            _ => Err(ProxyError::Scheme(shown(text))),
        }
    }

    /// Whether requests to the server at an address go through it: to all but those that `except`
    /// names, in the form of `NO_PROXY`.
    #[must_use]
    pub fn serves(&self, address: &str, except: &str) -> bool {
        let matcher = Matcher::builder().all(self.0.as_str()).no(except).build();
        let address = address.parse();
        address.is_ok_and(|address| matcher.intercept(&address).is_some())
    }

    /// The proxy as the HTTP library has it.
    pub(super) fn for_client(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        reqwest::Proxy::all(self.0.as_str())
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(shown(self.0.as_str()).trim_end_matches('/'))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused_and_no_password_is_shown() {
        for (text, seen) in [
            (
                "http://me:hush@proxy.example:3128",
                "http://***@proxy.example:3128",
            ),
            ("proxy.example:3128", "http://proxy.example:3128"),
            (" https://proxy.example/ ", "https://proxy.example"),
            ("me:hush@10.0.0.1", "http://***@10.0.0.1"),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.to_string(), seen);
            assert!(!format!("{proxy:?}").contains("hush"));
        }
        for text in [
            "not a proxy",
            "http://me:hush@proxy.example:port",
            "me:hush@proxy.example:port",
            "socks5://me:hush@proxy.example",
            "http://",
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn it_serves_all_but_the_exceptions() {
        let proxy = Proxy::parse("proxy.example:3128").unwrap();
        let address = "https://api.frame.io";
        for (except, serves) in [
            ("", true),
            ("adobe.com, .example", true),
            ("api.frame.io", false),
            ("localhost,.frame.io", false),
            ("*", false),
        ] {
            assert_eq!(proxy.serves(address, except), serves, "{except}");
        }
    }
}
