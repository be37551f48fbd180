//! The command line, as clap reads it; no logic.
#![expect(
    clippy::doc_markdown,
    reason = "the first lines are help texts, which a terminal shows as they are"
)]

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::cli::settings::declare::{heading, on};
use crate::cli::settings::kind::whole;
use crate::measure::parse_duration;
use crate::plan::only::Only;
use crate::sandbox::fault::{Rule, Share};
use crate::sandbox::limit::LimitWord;

mod common;
mod documents;
mod events;
mod find;
mod formats;
mod guards;
pub mod habits;
pub mod help;
mod probe;
mod reports;
mod restore;
mod since;
mod staging;
mod state;

pub use common::{Flags, Format, Recall, ThisRun};
pub use documents::{Show, Shown, Validate};
pub use events::{Events, is_standard};
pub use find::{Find, FindFormat, FindOutput, Listing};
pub use formats::{CheckFormat, PlanFormat, Printed, RunFormat, ShowFormat};
pub use guards::GuardFlags;
pub use probe::Probe;
pub use reports::{ReportKind, Reports, Summaries};
pub use restore::{Back, Restore, Taking};
pub use since::Since;
pub use staging::Proof;
pub use state::*;

/// Retire Frame.io assets on purpose
///
/// A reviewed manifest lists the assets. `plan` shows what that means. `apply` sends the
/// deletes and records every outcome.
#[derive(Debug, Parser)]
#[command(
    name = "retire",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub struct Arguments {
    /// When to use colour
    #[arg(
        long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN",
        help_heading = heading::GLOBAL, hide_short_help = true
    )]
    pub color: Colour,
    /// Print no messages but warnings and errors
    #[arg(long, short, global = true, help_heading = heading::GLOBAL)]
    pub quiet: bool,
    /// Log what happens to standard error
    ///
    /// -vv logs each request and -vvv everything [env: RUST_LOG]
    #[arg(long, short, global = true, action = ArgAction::Count, help_heading = heading::GLOBAL)]
    pub verbose: u8,
    /// Read settings from this file
    ///
    /// [default: retire.toml of the project folder; env: RETIRE_CONFIG]
    #[arg(
        long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath,
        help_heading = heading::GLOBAL
    )]
    pub config: Option<PathBuf>,
    /// Let the project's settings say where the token goes and which command prints it
    ///
    /// [env: RETIRE_TRUST_CONFIG=true]
    #[arg(long, global = true, help_heading = heading::GLOBAL, hide_short_help = true)]
    pub trust_config: bool,
    /// Print help: -h the common flags, --help all of them
    #[arg(long, short, global = true, action = ArgAction::Help, help_heading = heading::GLOBAL)]
    pub help: Option<bool>,
    /// Print the version
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = heading::GLOBAL)]
    pub version: Option<bool>,
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
    /// Write a starter project: settings, a manifest, policies, .gitignore, a CI workflow
    Init(Init),
    /// Sign in at Adobe, as a person (V4)
    Login(Login),
    /// Delete the sign-in and what was read here, and have Adobe take its token back
    Logout(Logout),
    /// Show whose token it is, what it opens, and the settings in force
    Whoami(Whoami),
    /// Find out what the API does where its documentation leaves it open (V4)
    Probe(Probe),
    /// Find live assets by place, name, age, size or field: a table, or a manifest
    Find(Box<Find>),
    /// Check manifests and settings, without a server or a token
    Validate(Validate),
    /// Show what apply would do
    Plan(Plan),
    /// Delete what the manifests list: plan, ask, delete, and record every outcome
    Apply(Apply),
    /// Take back what a run deleted, within 30 days (V4)
    Restore(Restore),
    /// Show a state, a saved plan, or a run
    Show(Show),
    /// Look into the state, or change it by hand
    #[command(subcommand)]
    State(State),
    /// Serve the embedded Frame.io sandbox until stopped
    ///
    /// While it runs, `POST /_sandbox/changes` changes its world as people do: it moves, renames,
    /// adds, deletes, restores and marks assets. docs/sandbox.md has these and its other routes.
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
    /// Print a man page, or write those of all commands into a folder
    Man {
        /// Where to write them; without it, the page of `retire` goes to standard output
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}

impl Command {
    /// Whether everything is shown of a plan; nothing where none is.
    pub(super) const fn is_full(&self) -> Option<bool> {
        if let Self::Plan(plan) = self {
            return Some(plan.full);
        }
        if let Self::Apply(apply) = self {
            return Some(apply.full);
        }
        None
    }
}

/// `retire init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder of the project; what is there already stays as it is [default: this folder]
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
    /// Start the embedded sandbox for this one run, and ask it for the account
    ///
    /// The sandbox uses no real token.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = common::guarded())]
    pub sandbox: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::WHOAMI }>,
}

/// `retire login`.
#[derive(Debug, Args)]
pub struct Login {
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::LOGIN }>,
    /// The id of your studio's own client, from the Adobe Developer Console
    ///
    /// [default: FRAMEIO_CLIENT_ID, else that of the last sign-in]
    #[arg(long, value_name = "ID", help_heading = heading::CREDENTIALS)]
    pub client_id: Option<String>,
    /// The redirect address of that client, at which the browser ends
    #[arg(
        long, value_name = "URL", default_value = "https://localhost",
        value_hint = ValueHint::Url, help_heading = heading::CREDENTIALS
    )]
    pub redirect_uri: String,
    /// Print the address, and open no browser
    #[arg(long, help_heading = heading::CREDENTIALS)]
    pub no_browser: bool,
}

/// `retire logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::LOGIN }>,
}

/// `retire whoami`.
#[derive(Debug, Args)]
pub struct Whoami {
    /// Print it for people or for programs
    #[arg(
        long, value_enum, default_value_t = Format::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL
    )]
    pub format: Format,
    /// Start the embedded sandbox for this one run, and ask it
    ///
    /// The sandbox uses no real token.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = common::guarded())]
    pub sandbox: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::WHOAMI }>,
}

/// Which manifests.
#[derive(Debug, Args)]
pub struct Paths {
    /// Manifests: files, folders, or `-` for standard input
    ///
    /// [default: retire.yaml and manifests/ of the project folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
}

/// `retire plan`.
#[derive(Debug, Args)]
#[command(mut_arg("max-plan-age", |age| age.requires("out")))]
pub struct Plan {
    /// Which manifests.
    #[command(flatten)]
    pub paths: Paths,
    /// What is left out, and what is read.
    #[command(flatten)]
    pub choices: Choices,
    /// Plan a part: `id=…`, `owner=…`, `ticket=…`, `manifest=…`, `project=…`
    ///
    /// An asset is chosen if one text of each word fits. Holds and guards count over all that is
    /// listed.
    #[arg(long, value_name = "WORD=TEXT", help_heading = heading::PLAN, hide_short_help = true)]
    pub only: Vec<Only>,
    /// How much it may delete.
    #[command(flatten)]
    pub guards: GuardFlags,
    /// Read no server; `retire apply` takes no such plan
    ///
    /// The plan is not checked: token, account and assets may be others.
    #[arg(long, help_heading = heading::PLAN, conflicts_with = "check_retired")]
    pub offline: bool,
    /// What it rests on.
    #[command(flatten)]
    pub proof: Proof,
    /// What it is compared with.
    #[command(flatten)]
    pub since: Since,
    /// Say only what comes due within this time, by owner
    ///
    /// It goes by manifests and state, and reads no server.
    #[arg(
        long, value_name = "TIME", value_parser = parse_duration, help_heading = heading::PLAN,
        conflicts_with_all = [
            "out", "only", "since", "detailed_exitcode", "full", "check_retired", "report",
            "summary", "report_bytes"
        ]
    )]
    pub due: Option<Duration>,
    /// Print it for people, as a diff, or as a document
    ///
    /// A diff is one of the state.
    #[arg(
        long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL
    )]
    pub format: PlanFormat,
    /// Show every asset, however many there are
    #[arg(long, help_heading = heading::APPROVAL)]
    pub full: bool,
    /// Exit with 2 if there is something to do
    #[arg(long, help_heading = heading::APPROVAL)]
    pub detailed_exitcode: bool,
    /// Save the plan, for review and for `retire apply FILE`
    ///
    /// `-` is standard output.
    #[arg(
        long, value_name = "FILE", value_hint = ValueHint::FilePath,
        help_heading = heading::APPROVAL
    )]
    pub out: Option<PathBuf>,
    /// What is written besides.
    #[command(flatten)]
    pub reports: Reports,
    /// How Markdown is bounded.
    #[command(flatten)]
    pub summaries: Summaries,
    /// What is said for this run alone.
    #[command(flatten)]
    pub run: ThisRun,
    /// What is read anew.
    #[command(flatten)]
    pub recall: Recall,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::PLAN }>,
}

/// What a plan leaves out, and what it reads beyond what it must.
#[derive(Debug, Clone, Copy, Args)]
pub struct Choices {
    /// Leave out assets that differ from what their entry says
    #[arg(long, help_heading = heading::PLAN, hide_short_help = true)]
    pub skip_mismatched: bool,
    /// Also read listed assets that are recorded as deleted
    ///
    /// The plan shows one that is there all the same as drift.
    #[arg(long, help_heading = heading::PLAN, hide_short_help = true)]
    pub check_retired: bool,
}

/// `retire apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// One saved plan, or manifests
    ///
    /// Manifests are files, folders, or `-` for standard input
    /// [default: retire.yaml and manifests/ of the project folder]
    #[arg(value_name = "PLAN | PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// What is left out, and what is read.
    #[command(flatten)]
    pub choices: Choices,
    /// Plan a part: `id=…`, `owner=…`, `ticket=…`, `manifest=…`, `project=…`
    ///
    /// An asset is chosen if one text of each word fits. Holds and guards count over all that is
    /// listed.
    #[arg(long, value_name = "WORD=TEXT", help_heading = heading::PLAN, hide_short_help = true)]
    pub only: Vec<Only>,
    /// How much it may delete.
    #[command(flatten)]
    pub guards: GuardFlags,
    /// Go ahead without asking
    #[arg(long, help_heading = heading::APPROVAL)]
    pub auto_approve: bool,
    /// Show every asset, however many there are
    #[arg(long, help_heading = heading::APPROVAL)]
    pub full: bool,
    /// Print what came of it for people, or for what shows findings in a CI system
    #[arg(
        long, value_enum, default_value_t = RunFormat::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL, hide_short_help = true, conflicts_with = "json"
    )]
    pub format: RunFormat,
    /// Where the run's events go.
    #[command(flatten)]
    pub events: Events,
    /// What is written besides.
    #[command(flatten)]
    pub reports: Reports,
    /// How Markdown is bounded.
    #[command(flatten)]
    pub summaries: Summaries,
    /// What is said for this run alone.
    #[command(flatten)]
    pub run: ThisRun,
    #[command(flatten)]
    pub proof: Proof,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::APPLY }>,
}

impl Apply {
    /// Whether standard output is for people.
    pub(crate) fn prints_text(&self) -> bool {
        self.format == RunFormat::Text && !self.events.on_standard()
    }
}

/// `retire sandbox`.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Manifests from which to make a world if there is no seed [default: retire.yaml and manifests/ of the project folder]
    #[command(flatten)]
    pub paths: Paths,
    /// The world to serve
    ///
    /// [default: sandbox.yaml beside the manifests, else a world of what they list]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub seed: Option<PathBuf>,
    /// Listen on this port of this machine; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8787, value_parser = whole::<u16>)]
    pub port: u16,
    /// Keep these rate limits: `documented`, `off`, or ENDPOINT=N/WINDOW
    ///
    /// You may give it several times [default: the seed's, else documented]
    #[arg(long, value_name = "LIMIT", value_delimiter = ',')]
    pub limits: Vec<LimitWord>,
    /// Let this go wrong, like `503=5%` or `429/2s=every:7`
    ///
    /// You may give it several times; `drop-after=first:1@bulk_delete` names a kind of call.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub fault: Vec<Rule>,
    /// Decide which requests a share meets
    ///
    /// With the same number, it meets the same requests [default: the seed's, else 0]
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    pub fault_seed: Option<u64>,
    /// Let the tokens that the sandbox gives end after this time
    ///
    /// [default: the seed's, else 24h]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub token_lifetime: Option<Duration>,
    /// Refuse the delete of this share of the assets, like `2%`
    ///
    /// [default: the seed's, else 0%]
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
    /// What `plan --due --format json` prints.
    Due,
    /// A line of the event stream.
    Events,
    /// The receipt of a run, as `apply --report receipt.json` writes it.
    Receipt,
    /// What `whoami --format json` prints.
    Whoami,
    /// What `find --format json` prints.
    Find,
    /// retire.probe.json, what `probe` found.
    Probe,
    /// retention.yaml, the policies for `find --policy`.
    Retention,
    /// retire.toml.
    Config,
    /// The sandbox's seed file.
    SandboxSeed,
}
