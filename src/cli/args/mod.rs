//! The command line, as clap reads it; no logic.
#![expect(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the first lines are help texts, which a terminal shows as they are"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::cli::duration::parse_duration;
use crate::cli::settings::declare::on;
use crate::sandbox::fault::{Rule, Share};
use crate::sandbox::limit::LimitWord;

mod common;
mod state;

pub use common::{Flags, Format, ThisRun};
pub use state::*;

/// Retire Frame.io assets on purpose
///
/// A reviewed manifest lists the assets, `plan` shows what that means, and `apply` sends
/// the bulk deletes and writes every outcome back.
#[derive(Debug, Parser)]
#[command(
    name = "retire",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true
)]
pub struct Arguments {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
    /// Print no messages but warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Log what happens to standard error: -v the course, -vv each request, -vvv everything [env: RUST_LOG]
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Read settings from this file [default: retire.toml beside the manifests; env: RETIRE_CONFIG]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Let the project's settings say where the token goes and what prints it [env: RETIRE_TRUST_CONFIG=true]
    #[arg(long, global = true)]
    pub trust_config: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check manifests, without a server and without a token
    Validate(Validate),
    /// Show what apply would do
    Plan(Plan),
    /// Do it: plan, ask, delete, and write every outcome back
    Apply(Apply),
    /// Show a state, a saved plan, or a run by its events
    Show(Show),
    /// Look into the state, or change it by hand
    #[command(subcommand)]
    State(State),
    /// Serve the embedded Frame.io sandbox until stopped
    Sandbox(Sandbox),
    /// Print the JSON Schema of a document
    Schema {
        /// Which document
        #[arg(value_enum)]
        name: SchemaName,
    },
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Which manifests.
#[derive(Debug, Args)]
pub struct Paths {
    /// Manifests: files, folders, or `-` for standard input [default: retire.yaml and manifests/ of the project folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// `retire validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Which manifests.
    #[command(flatten)]
    pub paths: Paths,
}

/// `retire plan`.
#[derive(Debug, Args)]
#[command(mut_arg("max-plan-age", |age| age.requires("out")))]
pub struct Plan {
    /// Which manifests.
    #[command(flatten)]
    pub paths: Paths,
    /// What is said for this run alone.
    #[command(flatten)]
    pub run: ThisRun,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::PLAN }>,
    /// Print the plan for people, as a diff of the state file, or as a document
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub format: PlanFormat,
    /// Show every asset, however many there are
    #[arg(long)]
    pub full: bool,
    /// Exit 2 if something is to be done
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Save the plan, for review and for `retire apply FILE`; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Let the saved plan leave out the assets that are not shown to be what their pins say
    #[arg(long)]
    pub skip_mismatched: bool,
}

/// `retire apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// One saved plan, or manifests: files, folders, or `-` for standard input [default: retire.yaml and manifests/ of the project folder]
    #[arg(value_name = "PLAN | PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// What is said for this run alone.
    #[command(flatten)]
    pub run: ThisRun,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::APPLY }>,
    /// Go ahead without asking
    #[arg(long)]
    pub auto_approve: bool,
    /// Leave out the assets that are not shown to be what their pins say
    #[arg(long)]
    pub skip_mismatched: bool,
    /// Show every asset, however many there are
    #[arg(long)]
    pub full: bool,
    /// Where the run's events go.
    #[command(flatten)]
    pub events: Events,
}

/// Where the events of a run go.
#[derive(Debug, Default, Args)]
pub struct Events {
    /// Print the run's events to standard output, a JSON object a line, instead of text
    #[arg(long)]
    pub json: bool,
    /// Write the run's events to this file, a JSON object a line; `-` is standard output, as `--json`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
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

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// A unified diff of the state file.
    Diff,
    /// The plan document.
    Json,
}

/// `retire show`.
#[derive(Debug, Args)]
pub struct Show {
    /// A state, a saved plan, or the events of a run
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Print it for people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

/// `retire sandbox`.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Manifests to make a world of where there is no seed [default: retire.yaml and manifests/ of the project folder]
    #[command(flatten)]
    pub paths: Paths,
    /// The world to serve [default: sandbox.yaml beside the manifests, else a world of what they list]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub seed: Option<PathBuf>,
    /// Listen on this port of this machine; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8787)]
    pub port: u16,
    /// Keep these rate limits: `documented`, `off`, or ENDPOINT=N/WINDOW; may be given several times [default: the seed's, else documented]
    #[arg(long, value_name = "LIMIT", value_delimiter = ',')]
    pub limits: Vec<LimitWord>,
    /// Let this go wrong, like `503=5%`, `429/2s=every:7` or `drop-after=first:1@bulk_delete`; may be given several times
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub fault: Vec<Rule>,
    /// Let shares of requests meet other ones: the same number, the same requests [default: the seed's, else 0]
    #[arg(long, value_name = "N")]
    pub fault_seed: Option<u64>,
    /// Let the tokens of the token endpoint end after this time [default: the seed's, else 24h]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub token_lifetime: Option<Duration>,
    /// Refuse the delete of this share of the assets, like `2%` [default: the seed's, else 0%]
    #[arg(long, value_name = "SHARE")]
    pub refuse: Option<Share>,
}

/// A document that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// The manifest.
    Manifest,
    /// The state file.
    State,
    /// A line of the journal beside the state.
    Journal,
    /// The plan document.
    Plan,
    /// A line of the event stream.
    Events,
    /// retire.toml.
    Config,
    /// The sandbox's seed file.
    SandboxSeed,
}
