//! The commands that read documents, and do nothing with them.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::args::Paths;
use crate::cli::args::common::Flags;
use crate::cli::args::formats::{CheckFormat, ShowFormat};
use crate::cli::args::reports::{Reports, Summaries};
use crate::cli::settings::declare::{heading, on};

/// `retire validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Which manifests.
    #[command(flatten)]
    pub paths: Paths,
    /// Print it for people, or for what shows findings in a CI system
    #[arg(
        long, value_enum, default_value_t = CheckFormat::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL
    )]
    pub format: CheckFormat,
    /// What is written besides.
    #[command(flatten)]
    pub reports: Reports,
    /// What of it leaves the machine.
    #[command(flatten)]
    pub settings: Flags<{ on::VALIDATE }>,
}

/// `retire show`.
#[derive(Debug, Args)]
pub struct Show {
    /// A state, a saved plan, the events of a run, or the folder of a project
    ///
    /// `-` is standard input [default: the state of the project folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub file: Option<PathBuf>,
    /// Print it for people or for programs
    #[arg(
        long, value_enum, default_value_t = ShowFormat::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL
    )]
    pub format: ShowFormat,
    /// What is written besides.
    #[command(flatten)]
    pub reports: Reports,
    /// How Markdown is bounded.
    #[command(flatten)]
    pub summaries: Summaries,
    /// Which state, where none is named.
    #[command(flatten)]
    pub settings: Flags<{ on::SHOW }>,
}
