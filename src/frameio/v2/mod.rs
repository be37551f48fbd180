//! The legacy API, version 2.

pub mod answer;
pub mod call;
pub mod wire;

#[cfg(test)]
mod tests;

pub use call::{Call, Read};
