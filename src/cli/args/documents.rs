//! The commands that read documents, and do nothing with them.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueHint};

use crate::cli::args::Paths;
use crate::cli::args::common::{Flags, run_number};
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
    /// A state, a saved plan, the events of a run, or the folder of a project; or a run of its state
    ///
    /// `run:7` is what run 7 did, as the state has it; another word then names the state, or a PATH
    /// of its project. `-` is standard input [default: the state of the project folder]
    #[arg(
        value_name = "FILE | run:N", value_hint = ValueHint::AnyPath,
        value_parser = OsStringValueParser::new().try_map(shown)
    )]
    pub words: Vec<Shown>,
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
    /// Which state, where no file is named.
    #[command(flatten)]
    pub settings: Flags<{ on::SHOW }>,
}

/// What is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// What a run did.
    Run(u64),
    /// A file, or the PATH of a state.
    File(PathBuf),
}

fn shown(word: OsString) -> Result<Shown, &'static str> {
    match word.to_str().and_then(run_number) {
        Some(run) => run.map(Shown::Run),
        None => Ok(Shown::File(word.into())),
    }
}
