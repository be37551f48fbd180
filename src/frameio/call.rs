//! What the calls of every version of the API have in common.

use std::fmt::Write as _;

use crate::event::{RateLimit, Task};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// Whether its requests change something, so that none is sent twice.
    #[must_use]
    pub const fn changes(self) -> bool {
        match self {
            Self::Get => false,
            Self::Post | Self::Patch | Self::Delete => true,
        }
    }
}

/// A call as it goes over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// The path with its query.
    pub path: String,
    pub body: Option<Vec<u8>>,
    /// Whether it is one of the experimental calls of V4, which want to be asked for as such.
    pub is_experimental: bool,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub const fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            body: None,
            is_experimental: false,
        }
    }
}

/// A call of the API.
pub trait Call: Send + Sync {
    /// The rate limit that it counts against.
    fn rate_limit(&self) -> RateLimit;

    /// What goes over HTTP; with V4 a call is one of an account.
    fn request(&self, account: &str) -> Request;

    /// What it asks for.
    fn task(&self) -> Task {
        self.rate_limit().task()
    }
}

/// A call that changes nothing.
pub trait Read: Call {}

/// A text as one segment of a path (RFC 3986, section 3.3).
pub(super) fn segment(text: &str) -> String {
    encoded(text, |byte| b"!$&'()*+,;=:@".contains(&byte))
}

pub(super) fn encoded(text: &str, stands: impl Fn(u8) -> bool) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || stands(byte) {
            path.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            write!(path, "%{byte:02X}").ok();
        }
    }
    path
}
