//! The current API, version 4: it deletes one asset a call.

pub mod answer;
pub mod call;
pub mod facts;
pub mod trail;
pub mod wire;

pub use call::{Call, Read};
