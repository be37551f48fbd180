//! What is said of assets that are moved aside, for one run alone.

use clap::Args;

use crate::cli::settings::declare::heading;

/// What is said for one plan that moves assets aside.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Proof {
    /// Stage without a probe's findings
    ///
    /// `retire probe` finds out what the API of your account does with what is moved aside; without its findings in the project folder, and without this, `retire apply` stages nothing, and `retire plan` ends as it would.
    #[arg(long, help_heading = heading::APPROVAL, hide_short_help = true)]
    pub unproven: bool,
}
