//! The arguments of `retire state`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use glob::Pattern;

use crate::asset::AssetId;
use crate::asset::written::Written;
use crate::cli::args::common::{Flags, Format, ThisRun, guarded};
use crate::cli::args::{Back, Paths, Taking};
use crate::cli::settings::declare::{heading, on};
use crate::cli::settings::kind::Percent;

/// `retire state`.
#[derive(Debug, Subcommand)]
pub enum State {
    /// List the assets of the state
    List(StateList),
    /// Show all that is known of one asset
    Show(StateShow),
    /// List the runs: who, when, from which commit and plan, and what is left of each
    History(StateFile),
    /// Move back what is staged, to where it was before (V4)
    Unstage(StateUnstage),
    /// Drop the records of assets, as if no run had ever asked for them
    Rm(StateRm),
    /// Record missing assets as gone, because you say so
    AcceptMissing(StateAcceptMissing),
    /// Say who holds the lock, or clear the lock file of a dead process
    Unlock(Which<{ on::READ_STATE }>),
    /// Print the state as one document, with what a journal beside it adds
    Pull(StatePull),
    /// Replace the state by a later one of the same lineage
    Push(StatePush),
    /// Turn a v2 state into a V4 state, and report what V4 knows of the open assets
    Migrate(StateMigrate),
    /// Make a lost state anew, from manifests and what V4 shows to be deleted
    Rebuild(StateRebuild),
}

/// Which state: that of a project, or one by its file.
#[derive(Debug, Args)]
pub struct Which<const COMMAND: u16> {
    /// The state, or manifests or a folder of its project
    ///
    /// [default: the state of the project folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<COMMAND>,
}

/// An asset, or the PATH of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// An asset.
    Id(AssetId),
    /// The state, or manifests or a folder of its project.
    Path(PathBuf),
}

/// Reads an asset in any notation that a manifest takes.
fn asset(text: &str) -> Result<AssetId, String> {
    let written = Written::parse(text.trim());
    written
        .map(|written| written.id)
        .map_err(|why| match why.hint() {
            Some(hint) => format!("{why}; {hint}"),
            None => why.to_string(),
        })
}

impl FromStr for Word {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        match asset(text) {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) if path.exists() => Ok(Self::Path(path)),
            Err(why) if text.contains("://") => Err(why),
            Err(why) => Err(format!("there is no such file or folder, and {why}")),
        }
    }
}

/// Assets, and which state.
#[derive(Debug, Args)]
pub struct Words {
    /// Assets, each by its id or the address of its page; any other word names the state, or a PATH of its project
    #[arg(value_name = "ID | PATH")]
    pub words: Vec<Word>,
}

impl Words {
    /// The assets.
    #[must_use]
    pub fn ids(&self) -> Vec<AssetId> {
        let ids = self.words.iter().filter_map(|word| match word {
            Word::Id(id) => Some(*id),
            Word::Path(_) => None,
        });
        ids.collect()
    }

    /// The PATHs.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        let paths = self.words.iter().filter_map(|word| match word {
            Word::Id(_) => None,
            Word::Path(path) => Some(&**path),
        });
        paths.collect()
    }
}

/// Which state, and how to print it.
#[derive(Debug, Args)]
pub struct StateFile {
    /// Print for people or for programs
    #[arg(
        long, value_enum, default_value_t = Format::Text, value_name = "FORMAT",
        help_heading = heading::APPROVAL
    )]
    pub format: Format,
    /// Which state.
    #[command(flatten)]
    pub which: Which<{ on::READ_STATE }>,
}

/// `retire state list`.
#[derive(Debug, Args)]
pub struct StateList {
    /// Which state.
    #[command(flatten)]
    pub file: StateFile,
    /// List only assets of this status
    ///
    /// You may give it several times.
    #[arg(long, value_enum, value_name = "STATUS", help_heading = heading::APPROVAL)]
    pub status: Vec<Status>,
    /// List only assets whose name fits this pattern
    ///
    /// It is over the whole name, in any letter case: `*` for any letters, `?` for one, `[0-9]`
    /// for one of these.
    #[arg(long, value_name = "GLOB", help_heading = heading::APPROVAL)]
    pub name: Option<Pattern>,
    /// List only assets whose path fits this pattern
    ///
    /// It is over project, folders and name, with `/` between them, in any letter case: `*` stays
    /// within one of them, `**` stands for any number of folders.
    #[arg(id = "place", long = "path", value_name = "GLOB", help_heading = heading::APPROVAL)]
    pub path: Option<Pattern>,
    /// List only assets whose record this run wrote last
    #[arg(long, value_name = "N", help_heading = heading::APPROVAL)]
    pub run: Option<u64>,
}

/// `retire state show`.
#[derive(Debug, Args)]
pub struct StateShow {
    /// The asset, by its id or the address of its page
    #[arg(value_parser = asset)]
    pub id: AssetId,
    /// Which state.
    #[command(flatten)]
    pub file: StateFile,
}

/// `retire state migrate`.
#[derive(Debug, Args)]
pub struct StateMigrate {
    /// What is said for this run alone.
    #[command(flatten)]
    pub run: ThisRun,
    /// Which state, and the settings.
    #[command(flatten)]
    pub which: Which<{ on::MIGRATE }>,
    /// Refuse if V4 knows fewer than this share of the open assets
    ///
    /// A share in percent [default: 80]
    #[arg(long, value_name = "PERCENT", help_heading = heading::LIMITS)]
    pub(crate) min_found_percent: Option<Percent>,
}

/// `retire state rebuild`.
#[derive(Debug, Args)]
pub struct StateRebuild {
    /// Which manifests.
    #[command(flatten)]
    pub paths: Paths,
    /// Go ahead without asking
    #[arg(long, help_heading = heading::APPROVAL)]
    pub auto_approve: bool,
    /// Play: start the embedded sandbox for this one run
    ///
    /// The sandbox uses no real token.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = guarded())]
    pub sandbox: bool,
    /// Which state, and the settings.
    #[command(flatten)]
    pub settings: Flags<{ on::WHOAMI | on::WRITE_STATE }>,
}

/// `retire state unstage`.
#[derive(Debug, Args)]
pub struct StateUnstage {
    /// What a run moved aside (`run:7`), or assets by their ids or the addresses of their pages
    ///
    /// Without any, all that is staged goes back. Any other word names the state, or a PATH of its project: a manifest chooses nothing of it.
    #[arg(value_name = "run:N | ID | PATH")]
    pub words: Vec<Back>,
    /// How it is taken back.
    #[command(flatten)]
    pub taking: Taking,
}

/// `retire state rm`.
#[derive(Debug, Args)]
pub struct StateRm {
    /// The assets, and which state.
    #[command(flatten)]
    pub words: Words,
    /// Go ahead without asking
    #[arg(long, help_heading = heading::APPROVAL)]
    pub auto_approve: bool,
    /// Which state.
    #[command(flatten)]
    pub settings: Flags<{ on::WRITE_STATE }>,
}

/// `retire state accept-missing`.
#[derive(Debug, Args)]
pub struct StateAcceptMissing {
    /// The assets, all that are missing where none is given, and which state.
    #[command(flatten)]
    pub words: Words,
    /// Say why, for the history
    #[arg(long, value_name = "TEXT", help_heading = heading::APPROVAL)]
    pub reason: Option<String>,
    /// Go ahead without asking
    #[arg(long, help_heading = heading::APPROVAL)]
    pub auto_approve: bool,
    /// Which state.
    #[command(flatten)]
    pub settings: Flags<{ on::WRITE_STATE }>,
}

/// `retire state pull`.
#[derive(Debug, Args)]
pub struct StatePull {
    /// Write it to this file instead; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = heading::APPROVAL)]
    pub out: Option<PathBuf>,
    /// Which state.
    #[command(flatten)]
    pub which: Which<{ on::READ_STATE }>,
}

/// `retire state push`.
#[derive(Debug, Args)]
pub struct StatePush {
    /// The state that is to replace it, or `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Which state.
    #[command(flatten)]
    pub which: Which<{ on::WRITE_STATE }>,
}

/// Where an asset stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// Deleted by us.
    Retired,
    /// Shown to be deleted by somebody else.
    Gone,
    /// Refused by the server.
    Failed,
    /// Sent, and not confirmed.
    Unknown,
    /// Not found, and not shown to be deleted.
    Missing,
    /// Deleted by us and restored by us.
    Restored,
    /// Moved aside, to be deleted on a date.
    Staged,
    /// Taken back from where it was moved aside to.
    Rescued,
}

impl Status {
    /// The name, as it stands in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Gone => "gone",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::Restored => "restored",
            Self::Staged => "staged",
            Self::Rescued => "rescued",
        }
    }
}
