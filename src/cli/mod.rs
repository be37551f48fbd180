//! The command line: arguments, settings, files, the console and exit codes.

pub mod args;
pub mod config;
pub mod console;
pub mod env;
pub mod exit;
pub mod settings;
