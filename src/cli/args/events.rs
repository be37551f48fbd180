//! Where the events of a run go.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use crate::cli::settings::declare::heading;

/// Where the events of a run go.
#[derive(Debug, Default, Args)]
pub struct Events {
    /// Print the run's events instead of text
    ///
    /// Each is a JSON object on a line of standard output.
    #[arg(long, help_heading = heading::APPROVAL)]
    pub json: bool,
    /// Write the run's events to this file
    ///
    /// `-` is standard output, as `--json`.
    #[arg(
        long, value_name = "FILE", value_hint = ValueHint::FilePath,
        help_heading = heading::APPROVAL
    )]
    pub json_out: Option<PathBuf>,
}

impl Events {
    /// Whether the events go to standard output.
    #[must_use]
    pub fn on_standard(&self) -> bool {
        self.json || is_standard(self.json_out.as_deref())
    }
}

/// Whether a file that somebody names to be written is standard output.
#[must_use]
pub fn is_standard(path: Option<&Path>) -> bool {
    path.is_some_and(|path| path.as_os_str() == "-")
}
