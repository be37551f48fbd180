//! The commands, one a file. Only [`apply`] may delete.

pub(in crate::cli) mod apply;
pub(in crate::cli) mod completions;
pub(in crate::cli) mod plan;
pub(in crate::cli) mod sandbox;
pub(in crate::cli) mod schema;
pub(in crate::cli) mod show;
pub(in crate::cli) mod state;
pub(in crate::cli) mod validate;
