//! What a plan is compared with.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueHint};

use crate::cli::settings::declare::heading;

/// The earlier plan that a new one is compared with.
#[derive(Debug, Clone, Args)]
pub struct Since {
    /// Say what is new since an earlier plan, as `--out` saved it
    ///
    /// Where there is no such file, as before the first plan of a pull request, the plan says so.
    #[arg(
        long, value_name = "PLAN", value_hint = ValueHint::FilePath,
        value_parser = PathBufValueParser::new().try_map(file),
        help_heading = heading::PLAN, hide_short_help = true
    )]
    pub since: Option<PathBuf>,
}

/// A file: what comes through standard input may be the manifest.
fn file(path: PathBuf) -> Result<PathBuf, &'static str> {
    if path.as_os_str() == "-" {
        return Err("an earlier plan is read from a file");
    }
    Ok(path)
}
