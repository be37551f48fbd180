//! The commands, one a file. Only [`apply`] may delete, [`probe`] what it has made itself, and only
//! [`restore`] brings back.

pub(super) mod apply;
mod back;
pub(super) mod completions;
pub(super) mod find;
pub(super) mod init;
pub(super) mod login;
pub(super) mod man;
pub(super) mod plan;
pub(super) mod probe;
pub(super) mod restore;
pub(super) mod sandbox;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod state;
pub(super) mod validate;
pub(super) mod whoami;
