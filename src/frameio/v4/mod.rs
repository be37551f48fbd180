//! The current API, version 4: it deletes one asset a call, and moves up to a hundred.

pub mod answer;
pub mod call;
pub mod changes;
pub mod changes_answer;
pub mod facts;
pub mod trail;
pub mod wire;

pub use call::{Call, Read};
