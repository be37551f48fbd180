//! The command line, as clap reads it; no logic.
#![expect(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "the first lines are help texts, which a terminal shows as they are"
)]

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::cli::settings::number;
use crate::cli::settings::sending::Percent;
use crate::cli::span::Span;
use crate::sandbox::fault::{Rule, Share};
use crate::sandbox::limit::LimitWord;

mod hidden;
mod state;

pub use hidden::Hidden;
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

/// Where the state and the assets are, and what may be done.
#[derive(Debug, Default, Args)]
pub struct Target {
    /// Keep the state in this file [default: retire.state.json beside the first PATH; env: RETIRE_STATE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub state: Option<PathBuf>,
    /// Speak this version of the API [default: v2; env: RETIRE_API]
    #[arg(long, value_name = "API", value_parser = ["v2", "v4"])]
    pub api: Option<String>,
    /// Talk to this server [default: https://api.frame.io; env: RETIRE_ENDPOINT]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub endpoint: Option<String>,
    /// Refuse a token of any other account; V4 works in this one [env: RETIRE_ACCOUNT]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Read the token from this file instead of FRAMEIO_TOKEN [env: RETIRE_TOKEN_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "token_command")]
    pub token_file: Option<PathBuf>,
    /// Take the token from what this shell command prints [env: RETIRE_TOKEN_COMMAND]
    #[arg(long, value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    pub token_command: Option<Hidden>,
    /// V4, server to server: read the client's id from this file instead of FRAMEIO_CLIENT_ID [env: RETIRE_CLIENT_ID_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["token_file", "token_command"])]
    pub client_id_file: Option<PathBuf>,
    /// V4, server to server: read the client's secret from this file instead of FRAMEIO_CLIENT_SECRET [env: RETIRE_CLIENT_SECRET_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["token_file", "token_command"])]
    pub client_secret_file: Option<PathBuf>,
    /// V4, server to server: ask this server for tokens [default: https://ims-na1.adobelogin.com; env: RETIRE_IMS_ENDPOINT]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub ims_endpoint: Option<String>,
    /// V4: the token is a developer token of the legacy API [env: RETIRE_LEGACY_TOKEN=true]
    #[arg(long)]
    pub legacy_token: bool,
    /// Play: start the embedded sandbox for this one run, and use no real token
    #[arg(long, conflicts_with_all = ["endpoint", "token_file", "token_command", "client_id_file", "client_secret_file", "ims_endpoint", "legacy_token"])]
    pub sandbox: bool,
    /// Leave an asset alone after this many refusals [default: 5; env: RETIRE_MAX_ATTEMPTS]
    #[arg(long, value_name = "N", value_parser = number::<NonZeroU32>)]
    pub max_attempts: Option<NonZeroU32>,
    /// Try the assets again that were refused too often
    #[arg(long)]
    pub retry_blocked: bool,
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
pub struct Plan {
    /// Which manifests.
    #[command(flatten)]
    pub paths: Paths,
    /// Where everything is.
    #[command(flatten)]
    pub target: Target,
    /// Print the plan for people, as a diff of the state file, or as a document
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub format: PlanFormat,
    /// Show every asset, however many there are
    #[arg(long)]
    pub full: bool,
    /// Exit 2 if something is to be done
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Send at most this many assets in one delete [default: 50; env: RETIRE_BATCH_SIZE]
    #[arg(long, value_name = "N", value_parser = number::<NonZeroUsize>)]
    pub batch_size: Option<NonZeroUsize>,
    /// Save the plan, for review and for `retire apply FILE`; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Let the saved plan expire after this time [default: 24h; env: RETIRE_MAX_PLAN_AGE]
    #[arg(long, value_name = "TIME", requires = "out")]
    pub max_plan_age: Option<Span>,
    /// Let the saved plan leave out the assets that are not shown to be what their pins say
    #[arg(long)]
    pub skip_mismatched: bool,
    /// Say whether a run would fit into this time [env: RETIRE_TIME_BUDGET]
    #[arg(long, value_name = "TIME")]
    pub time_budget: Option<Span>,
}

/// `retire apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// One saved plan, or manifests: files, folders, or `-` for standard input [default: retire.yaml and manifests/ of the project folder]
    #[arg(value_name = "PLAN | PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,
    /// Where everything is.
    #[command(flatten)]
    pub target: Target,
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
    /// Send at most this many assets in one delete [default: 50; env: RETIRE_BATCH_SIZE]
    #[arg(long, value_name = "N", value_parser = number::<NonZeroUsize>)]
    pub batch_size: Option<NonZeroUsize>,
    /// Keep at most this many requests under way [default: 4; env: RETIRE_CONCURRENCY]
    #[arg(long, value_name = "N", value_parser = number::<NonZeroUsize>)]
    pub concurrency: Option<NonZeroUsize>,
    /// Wait this long for a run that has the state [default: 0s; env: RETIRE_LOCK_TIMEOUT]
    #[arg(long, value_name = "TIME")]
    pub lock_timeout: Option<Span>,
    /// When stopped, wait this long for the answers under way [default: 30s; env: RETIRE_GRACE]
    #[arg(long, value_name = "TIME")]
    pub grace: Option<Span>,
    /// Refuse a saved plan that is older than this [default: 24h; env: RETIRE_MAX_PLAN_AGE]
    #[arg(long, value_name = "TIME")]
    pub max_plan_age: Option<Span>,
    /// How to send.
    #[command(flatten)]
    pub sending: Sending,
}

/// How a run sends.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Sending")]
pub struct Sending {
    /// Delete this many assets first, and the rest once that came back sane; 0 sends all at once [default: 5; env: RETIRE_CANARY]
    #[arg(long, value_name = "N")]
    pub canary: Option<usize>,
    /// Stop when the server does not know more than this share of the assets [default: 50; env: RETIRE_MAX_404_PERCENT]
    #[arg(long, value_name = "PERCENT")]
    pub max_404_percent: Option<Percent>,
    /// Stop when the server refuses more than this share of the assets [default: 50; env: RETIRE_MAX_FAILURE_PERCENT]
    #[arg(long, value_name = "PERCENT")]
    pub max_failure_percent: Option<Percent>,
    /// Stop when this many requests in a row came to nothing [default: 10; env: RETIRE_MAX_FAILED_BATCHES]
    #[arg(long, value_name = "N", value_parser = number::<NonZeroU32>)]
    pub max_failed_batches: Option<NonZeroU32>,
    /// Make a request again this often when it went wrong [default: 4; env: RETIRE_RETRIES]
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,
    /// Make a request again for this long at most [default: 10m; env: RETIRE_RETRY_FOR]
    #[arg(long, value_name = "TIME")]
    pub retry_for: Option<Span>,
    /// Stop in good order before this time is over [env: RETIRE_TIME_BUDGET]
    #[arg(long, value_name = "TIME")]
    pub time_budget: Option<Span>,
    /// Give a connection this long [default: 10s; env: RETIRE_CONNECT_TIMEOUT]
    #[arg(long, value_name = "TIME")]
    pub connect_timeout: Option<Span>,
    /// Give up an answer after this long a silence [default: 40s; env: RETIRE_READ_TIMEOUT]
    #[arg(long, value_name = "TIME")]
    pub read_timeout: Option<Span>,
    /// Give a request this long in all [default: 1m; env: RETIRE_REQUEST_TIMEOUT]
    #[arg(long, value_name = "TIME")]
    pub request_timeout: Option<Span>,
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

/// How other things are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
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
    #[arg(long, value_name = "TIME")]
    pub token_lifetime: Option<Span>,
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
