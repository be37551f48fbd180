//! The arguments of `retire restore`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::asset::AssetId;
use crate::cli::args::common::{Flags, guarded, run_meant, run_number};
use crate::cli::args::state;
use crate::cli::settings::declare::{heading, on};

/// `retire restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// What a run deleted (`run:7`), or assets by their ids or the addresses of their pages
    ///
    /// Any other word names the state, or a PATH of its project: a manifest chooses nothing of it.
    #[arg(value_name = "run:N | ID | PATH", required = true)]
    pub words: Vec<Back>,
    /// How it is taken back.
    #[command(flatten)]
    pub taking: Taking,
}

/// What the commands have that take something back.
#[derive(Debug, Args)]
pub struct Taking {
    /// Go ahead without asking
    #[arg(long, help_heading = heading::APPROVAL)]
    pub auto_approve: bool,
    /// Rely on what nobody has published of this API, and no probe has shown
    ///
    /// `retire probe` finds out what the API of your account does; without its findings in the project folder, and without this, the command refuses to begin.
    #[arg(long, help_heading = heading::APPROVAL)]
    pub unproven: bool,
    /// Play: start the embedded sandbox for this one run
    ///
    /// The sandbox uses no real token. It finds everything deleted, or moved aside, that the state has so.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = guarded())]
    pub sandbox: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::RESTORE }>,
}

/// What somebody wants back, or the PATH of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// What a run has deleted.
    Run(u64),
    /// An asset.
    Asset(AssetId),
    /// The state, or manifests or a folder of its project.
    Path(PathBuf),
}

impl FromStr for Back {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(run) = run_number(text) {
            return run.map(Self::Run).map_err(str::to_owned);
        }
        let word = text.parse().map_err(|why: String| match run_meant(text) {
            Some(run) => format!("a run is named `run:{run}`"),
            None => why,
        })?;
        Ok(match word {
            state::Word::Id(id) => Self::Asset(id),
            state::Word::Path(path) => Self::Path(path),
        })
    }
}
