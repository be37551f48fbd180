//! The Frame.io API: one client, and an adapter for each version of the API.
//!
//! An adapter (`v2`, `v4`) knows the calls of its version and what the answers mean; nothing
//! else does. A command that only reads holds a [`client::Client`], which has no call that
//! deletes.

mod address;
pub mod call;
pub(crate) mod certificates;
pub mod changer;
pub mod client;
pub(crate) mod clocks;
pub mod deleter;
pub mod endpoint;
mod http;
pub mod ims;
pub mod inventory;
pub(crate) mod jitter;
mod lists;
pub mod login;
pub mod mask;
pub mod odd;
pub mod pace;
pub mod pacer;
mod place;
pub mod places;
pub mod proxy;
mod reader;
pub mod recently_deleted;
mod reply;
pub mod retry;
pub(crate) mod shared_pacer;
pub mod survey;
pub mod survey_v2;
pub mod token;
pub mod token_provider;
pub mod transport;
pub mod tree;
pub mod v2;
pub mod v4;
pub mod verdict;
pub mod words;

pub use reply::{Body, Limits, Reply};
