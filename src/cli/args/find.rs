//! `retire find`: places, filters, and what becomes of the answer.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use jiff::Timestamp;

use crate::asset::Kind;
use crate::cli::args::common::{self, Flags};
use crate::cli::args::{Printed, Recall, Reports, Summaries};
use crate::cli::settings::declare::{heading, on};
use crate::find::asked::{self, Asked};
use crate::find::filter::{By, FieldIs};
use crate::find::glob::Glob;
use crate::find::moment;
use crate::find::place::Place;
use crate::find::sum::Order;
use crate::measure::parse_bytes;

/// A time like any other: whether an age can be read does not depend on it.
const ANY_TIME: Timestamp = Timestamp::UNIX_EPOCH;

/// What a policy says itself.
const ALONE: [&str; 31] = [
    "places",
    "kind",
    "name",
    "not_name",
    "older_than",
    "newer_than",
    "by",
    "larger_than",
    "smaller_than",
    "creator",
    "media_type",
    "field",
    "uploads",
    "old_versions",
    "keep",
    "not_listed",
    "not_retired",
    "format",
    "depth",
    "sort",
    "full",
    "report",
    "summary",
    "report_bytes",
    "out",
    "update",
    "collapse",
    "reason",
    "ticket",
    "owner",
    "not_before",
];

/// `retire find`.
#[derive(Debug, Args)]
pub struct Find {
    /// Where to look: a project, a path in it, an id or an address
    ///
    /// A path is PROJECT/FOLDER/…, with globs in each part and ** for any number of folders.
    /// FOLDER means all below it, and FOLDER/* only what is directly in it. Write a slash in a
    /// name as \/ [default: the whole account]
    #[arg(value_name = "PLACE", value_parser = Place::parse)]
    pub places: Vec<Place>,
    /// What to find.
    #[command(flatten)]
    pub filters: Filters,
    /// How to show it.
    #[command(flatten)]
    pub output: FindOutput,
    /// What is written besides.
    #[command(flatten)]
    pub reports: Reports,
    /// How Markdown is bounded.
    #[command(flatten)]
    pub summaries: Summaries,
    /// Where to list it.
    #[command(flatten)]
    pub listing: Listing,
    /// Update the manifests that the rules of this policy own
    ///
    /// `retire schema retention` says what a policy may say. A rule only ever proposes.
    #[arg(
        long, value_name = "FILE", value_hint = ValueHint::FilePath,
        help_heading = heading::MANIFEST, conflicts_with_all = ALONE
    )]
    pub policy: Option<PathBuf>,
    /// Write nothing, and exit 2 if a manifest would change
    #[arg(long, help_heading = heading::MANIFEST, requires = "policy", hide_short_help = true)]
    pub check: bool,
    /// What is read anew.
    #[command(flatten)]
    pub recall: Recall,
    /// Remove all that earlier readings of all accounts kept, and find nothing
    #[arg(
        long, help_heading = heading::SERVER, hide_short_help = true,
        conflicts_with_all = ALONE, conflicts_with = "policy"
    )]
    pub forget: bool,
    /// Start the embedded sandbox for this one run, and ask it
    ///
    /// The sandbox uses no real token.
    #[arg(long, help_heading = heading::SERVER, conflicts_with_all = common::guarded())]
    pub sandbox: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: Flags<{ on::FIND }>,
}

/// What must be so of an asset: all of it, and of several values of one flag any.
#[derive(Debug, Args)]
#[command(next_help_heading = heading::FILTERS)]
pub struct Filters {
    /// Find files, folders or version stacks [default: file]
    ///
    /// Versions in stacks are files, each on its own.
    #[arg(
        long,
        value_enum,
        value_name = "KIND",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub kind: Vec<KindWord>,
    /// Only assets whose name fits, like '*.mov'
    ///
    /// A glob over the whole name.
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub name: Vec<String>,
    /// Only assets whose name fits none of these globs
    #[arg(long, value_name = "GLOB", value_parser = glob, hide_short_help = true)]
    pub not_name: Vec<String>,
    /// Only assets changed before this: 90d, 2026-06-01
    ///
    /// By the last change. A date begins at 00:00 UTC. A folder is as new as itself or the newest in it.
    #[arg(long, value_name = "WHEN", value_parser = age)]
    pub older_than: Vec<String>,
    /// Only assets changed since this: 90d, 2026-06-01
    #[arg(long, value_name = "WHEN", value_parser = age, hide_short_help = true)]
    pub newer_than: Vec<String>,
    /// Count the age from the last change, or from when it was made
    #[arg(long, value_enum, default_value_t = ByWord::Updated, value_name = "MOMENT", hide_short_help = true)]
    pub by: ByWord,
    /// Only assets larger than this, like '500 MB' or 2TiB
    ///
    /// A folder is as large as what is in it.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub larger_than: Vec<String>,
    /// Only assets smaller than this
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    pub smaller_than: Vec<String>,
    /// Only assets that this user made: an id, an address or a name
    #[arg(long, value_name = "WHO", hide_short_help = true)]
    pub creator: Vec<String>,
    /// Only assets whose media type fits this glob, like 'video/*'
    #[arg(long, value_name = "GLOB", value_parser = glob, hide_short_help = true)]
    pub media_type: Vec<String>,
    /// Only assets whose custom field says this, like Status=Approved
    ///
    /// NAME= finds those where the field is not set. Values of one field are joined by or,
    /// different fields by and. A toggle is true or false. Give a date by its beginning.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field, hide_short_help = true)]
    pub field: Vec<String>,
    /// Only uploads that began 7 days ago or earlier and never finished
    #[arg(long, value_enum, value_name = "STATE", hide_short_help = true)]
    pub uploads: Option<Uploads>,
    /// Only old versions, all but the newest of a stack
    ///
    /// The newest is the head; after it come those made last.
    #[arg(long)]
    pub old_versions: bool,
    /// Leave this many of the newest versions of each stack
    #[arg(long, value_name = "N", default_value_t = 1, requires = "old_versions", value_parser = clap::value_parser!(u32).range(1..), hide_short_help = true)]
    pub keep: u32,
    /// Only assets that no manifest of the project folder lists
    #[arg(long, hide_short_help = true)]
    pub not_listed: bool,
    /// Only assets that the state does not record as deleted
    #[arg(long, hide_short_help = true)]
    pub not_retired: bool,
}

/// How an answer is shown.
#[derive(Debug, Args)]
pub struct FindOutput {
    /// Print a table, a document, or a manifest
    #[arg(
        long, value_enum, default_value_t = FindFormat::Table, value_name = "FORMAT",
        help_heading = heading::APPROVAL, hide_short_help = true)]
    pub format: FindFormat,
    /// Show folders down to this depth, each with all below it
    #[arg(long, value_name = "N", help_heading = heading::APPROVAL, hide_short_help = true)]
    pub depth: Option<usize>,
    /// Sort by size, by age or by name
    #[arg(
        long, value_enum, default_value_t = OrderWord::Bytes, value_name = "ORDER",
        help_heading = heading::APPROVAL, hide_short_help = true)]
    pub sort: OrderWord,
    /// Show every folder and every asset
    #[arg(long, help_heading = heading::APPROVAL, conflicts_with = "depth", hide_short_help = true)]
    pub full: bool,
}

/// Where what was found is listed.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = heading::MANIFEST)]
pub struct Listing {
    /// List what was found in a new manifest
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Update the section of this search in a manifest
    ///
    /// A section begins with `# retire find: …`. Its entries keep the fields and comments that
    /// people added; the rest of the file stays as it is.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "out")]
    pub update: Option<PathBuf>,
    /// List a whole folder where all in it is found
    #[arg(long, hide_short_help = true)]
    pub collapse: bool,
    /// Say why, in each new entry
    #[arg(long, value_name = "TEXT", value_parser = text, hide_short_help = true)]
    pub reason: Option<String>,
    /// Name the ticket, in each new entry
    #[arg(long, value_name = "TEXT", value_parser = text, hide_short_help = true)]
    pub ticket: Option<String>,
    /// Name who answers for it, in each new entry
    #[arg(long, value_name = "TEXT", value_parser = text, hide_short_help = true)]
    pub owner: Option<String>,
    /// Name the first day of the delete, like +14d or 2026-12-01, in each new entry
    #[arg(long, value_name = "DAY", value_parser = day, hide_short_help = true)]
    pub not_before: Option<String>,
}

impl Listing {
    /// The manifest in which it is listed; nothing where none is named.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.update.as_deref().or(self.out.as_deref())
    }
}

/// What sort of assets are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum KindWord {
    /// Files, and the versions in stacks.
    File,
    /// Folders.
    Folder,
    /// Version stacks.
    #[value(alias = "version-stack")]
    VersionStack,
}

/// Which moment of an asset counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ByWord {
    /// When it was changed last.
    Updated,
    /// When it was made.
    Created,
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Uploads {
    /// Begun, and never finished.
    Unfinished,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FindFormat {
    /// For people: by folder.
    Table,
    /// A document.
    Json,
    /// A line for each asset.
    Csv,
    /// The ids, one a line.
    Ids,
    /// A manifest.
    Manifest,
    /// For a comment, or to be mailed or pasted.
    Markdown,
    /// A page of its own.
    Html,
}

impl From<FindFormat> for Option<Printed> {
    fn from(format: FindFormat) -> Self {
        match format {
            FindFormat::Table
            | FindFormat::Json
            | FindFormat::Csv
            | FindFormat::Ids
            | FindFormat::Manifest => None,
            FindFormat::Markdown => Some(Printed::Markdown),
            FindFormat::Html => Some(Printed::Html),
        }
    }
}

/// The order of folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrderWord {
    /// The largest first.
    Bytes,
    /// The oldest first.
    Age,
    /// By path.
    Name,
}

impl From<KindWord> for Kind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::File => Self::File,
            KindWord::Folder => Self::Folder,
            KindWord::VersionStack => Self::VersionStack,
        }
    }
}

impl From<ByWord> for By {
    fn from(word: ByWord) -> Self {
        match word {
            ByWord::Updated => Self::Updated,
            ByWord::Created => Self::Created,
        }
    }
}

impl From<OrderWord> for Order {
    fn from(word: OrderWord) -> Self {
        match word {
            OrderWord::Bytes => Self::Bytes,
            OrderWord::Age => Self::Age,
            OrderWord::Name => Self::Name,
        }
    }
}

impl From<&Filters> for Asked {
    fn from(filters: &Filters) -> Self {
        let Filters {
            kind,
            name,
            not_name,
            older_than,
            newer_than,
            by,
            larger_than,
            smaller_than,
            creator,
            media_type,
            field,
            uploads,
            old_versions,
            keep: _,
            not_listed,
            not_retired,
        } = filters;
        Self {
            kind: kind.iter().copied().map(Kind::from).collect(),
            name: name.clone(),
            not_name: not_name.clone(),
            older_than: older_than.clone(),
            newer_than: newer_than.clone(),
            by: (*by).into(),
            larger_than: larger_than.clone(),
            smaller_than: smaller_than.clone(),
            creator: creator.clone(),
            media_type: media_type.clone(),
            field: field.clone(),
            uploads: uploads.map(|Uploads::Unfinished| asked::Uploads::Unfinished),
            old_versions: *old_versions,
            not_listed: *not_listed,
            not_retired: *not_retired,
        }
    }
}

/// A text that can be read; it is read for good once the time is known.
fn checked<T>(text: &str, read: Result<T, String>) -> Result<String, String> {
    read.map(|_| text.to_owned())
}

fn glob(text: &str) -> Result<String, String> {
    checked(text, Glob::parse(text))
}

fn size(text: &str) -> Result<String, String> {
    checked(text, parse_bytes(text))
}

fn field(text: &str) -> Result<String, String> {
    checked(text, FieldIs::parse(text))
}

fn age(text: &str) -> Result<String, String> {
    checked(text, moment::before(text, ANY_TIME))
}

fn day(text: &str) -> Result<String, String> {
    checked(text, moment::day_after(text, ANY_TIME))
}

fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is blank".to_owned());
    }
    Ok(text.trim().to_owned())
}
