//! The arguments of `retire probe`.

use clap::Args;

use crate::asset::AssetId;
use crate::cli::args::common::{self, Flags, Format};
use crate::cli::settings::declare::{heading, on};

/// `retire probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The project in which it makes its folder; best an empty one
    #[arg(long, value_name = "ID", required = true)]
    pub project: AssetId,
    /// Probe there although it has more than 20 assets
    #[arg(long)]
    pub here: bool,
    /// Go ahead without asking
    #[arg(long, help_heading = heading::APPROVAL)]
    pub auto_approve: bool,
    /// Print the findings for people or for programs
    #[arg(
        long, value_enum, default_value_t = Format::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL
    )]
    pub format: Format,
    /// Play: start the embedded sandbox for this one run, and probe it
    ///
    /// The sandbox uses no real token.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = common::guarded())]
    pub sandbox: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::WHOAMI }>,
}
