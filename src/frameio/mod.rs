//! The Frame.io API: one reader and one deleter in front of its versions.
//!
//! A command that only reads holds a [`Reader`], which has no call that deletes.

use std::time::Duration;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::frameio::call::Call;
use crate::frameio::trash::{Deleted, Wanted};

pub mod answer;
pub mod authority;
pub mod call;
pub mod either;
pub mod endpoint;
pub mod ims;
pub mod mask;
pub mod pace;
pub mod places;
pub mod survey;
pub mod token;
pub mod transport;
pub mod trash;
pub mod v2;
pub mod v4;

/// What came of one request, before anybody has judged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The server answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// How long the server's headers ask to wait before the next request of this kind.
        wait: Option<Duration>,
        /// What its headers say of the limit of this kind of request.
        limits: Option<Limits>,
        /// When it was made, by the server's own clock, where its headers say so.
        date: Option<Timestamp>,
        /// How many pages the list has that it is one of, where its headers say so.
        pages: Option<u32>,
        /// The body, or why it did not come whole.
        body: Body,
    },
    /// No token could be had for it, so nothing was sent.
    NoToken {
        /// Why.
        detail: String,
    },
    /// The connection failed before anything was sent.
    NotSent {
        /// What the connection said.
        detail: String,
    },
    /// The connection failed after something may have been sent.
    Lost {
        /// What the connection said.
        detail: String,
    },
}

/// A rate limit, as an answer's headers tell it.
///
/// Source: docs/frameio-api.md, "Rate limits".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many requests the bucket holds; at least 1.
    pub limit: u32,
    /// How many more it would take when the answer was made.
    pub remaining: u32,
    /// How long a full bucket takes to drain.
    pub window: Duration,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// It ended early, or is longer than any answer of the API.
    Cut {
        /// What happened.
        detail: String,
    },
}

/// Reads the API, and cannot delete.
pub trait Reader: Send + Sync {
    /// Asks what the server knows of an asset, a deleted one included.
    fn read(&self, id: AssetId) -> impl Future<Output = Reply> + Send;

    /// Asks whose token this is.
    fn who(&self) -> impl Future<Output = Reply> + Send;
}

/// Reads and deletes. Only `apply` holds one.
pub trait Deleter: Reader {
    /// Makes a call, which may be one that deletes.
    fn send(&self, call: &Call) -> impl Future<Output = Reply> + Send;

    /// Looks for assets in the lists of recently deleted assets, where the API has such lists.
    fn find_deleted(&self, wanted: &Wanted) -> impl Future<Output = Deleted> {
        // Nothing is looked for, and so nothing is found.
        let _: &Wanted = wanted;
        async { Deleted::default() }
    }
}
