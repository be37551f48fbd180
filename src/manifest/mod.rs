//! The manifest: the reviewed YAML document that lists what is to go.

pub mod document;
