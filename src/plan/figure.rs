//! What the guards have counted, and how it is said.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::asset::AssetId;
use crate::diagnostic::{counted, thousands};
use crate::manifest::document::Guard;
use crate::measure;

/// A field of an entry that can be required.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntryField {
    /// Why the asset is to go.
    Reason,
    /// The ticket under which that was decided.
    Ticket,
    /// Who answers for it.
    Owner,
}

impl EntryField {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reason, Self::Ticket, Self::Owner];

    /// Its name in a manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Ticket => "ticket",
            Self::Owner => "owner",
        }
    }
}

/// Where a limit is set.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SetAt {
    /// Nobody sets it.
    Default,
    /// In a file with settings.
    File {
        /// Its path.
        path: Arc<str>,
        /// The line, from 1.
        line: usize,
    },
    /// By a flag or a variable.
    Flag(Arc<str>),
    /// By a waiver, at this place: `file:line:column`.
    Waiver(Arc<str>),
}

impl fmt::Display for SetAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("the default"),
            Self::File { path, line } => write!(formatter, "{path}:{line}"),
            Self::Flag(name) => formatter.write_str(name),
            Self::Waiver(place) => write!(formatter, "the waiver at {place}"),
        }
    }
}

/// What the guards say of a plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// When they looked: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub at: Timestamp,
    /// Whether they had the live account to look at; else only what is loosened is told.
    pub checked: bool,
    /// What is looser than usual.
    pub loosened: Vec<Loosened>,
    /// What each guard has counted; nothing where nothing would be deleted.
    pub figures: Vec<Figure>,
    /// The entries that lack a field that they must have.
    pub incomplete: Vec<Incomplete>,
}

/// What one guard has counted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Which guard.
    pub guard: Guard,
    /// The project that it looked at; all that the plan deletes where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Subject>,
    /// What it counted, or why it could not.
    pub found: Found,
    /// Of how many files it does not know what it needs, where nobody has read them: with v2.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread: usize,
    /// The limit, in the same unit.
    pub limit: u64,
    /// Where that is set.
    pub set_at: SetAt,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over what it serializes by reference"
)]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A project as a guard looks at it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The project; nothing where nobody says which it is.
    pub id: Option<AssetId>,
    /// Its name, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
}

/// What a guard has counted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Found {
    /// So many files.
    Assets(u64),
    /// So many bytes.
    Bytes(u64),
    /// So many bytes of all that a project has.
    Share {
        /// What goes.
        bytes: u64,
        /// What there is.
        of: u64,
    },
    /// The one that was changed last is so many seconds old.
    Age {
        /// The seconds since its last change.
        seconds: u64,
        /// Which it is.
        id: AssetId,
    },
    /// It lacks what it needs.
    Lacking(Lack),
    /// It was not checked: v2 does not say what a project has, and nobody has read what goes.
    Unchecked,
}

/// What a guard lacks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Lack {
    /// What is in a folder or a version stack.
    Contents {
        /// The folder or version stack.
        id: AssetId,
        /// Why it was not read.
        why: Arc<str>,
    },
    /// What is in so many folders and version stacks.
    Lists(usize),
    /// All of so many assets, which v2 deletes unread, and it is stricter than usual.
    Unread(usize),
    /// The sizes of so many files.
    Sizes(usize),
    /// When so many files were changed last.
    Changes(usize),
    /// How many bytes the project has.
    Storage,
    /// In which project so many files lie.
    Projects(u64),
}

/// A guard that is looser than usual.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Loosened {
    /// Which guard.
    pub guard: Guard,
    /// The project in which it is, as it is named there; everywhere without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// The figure that counts.
    pub limit: u64,
    /// Where it is set.
    pub set_at: SetAt,
    /// Why, of a waiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The moment from which a waiver no longer counts: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
}

/// Entries that lack a field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Incomplete {
    /// The field.
    pub field: EntryField,
    /// Where it is said that they need it.
    pub set_at: SetAt,
    /// How many lack it.
    pub entries: usize,
    /// Where the first of them stands: `file:line:column`.
    pub first: Arc<str>,
}

impl Figure {
    /// Whether the guard refuses the plan.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        let limit = self.limit;
        match &self.found {
            Found::Assets(figure) | Found::Bytes(figure) => *figure > limit,
            Found::Share { bytes, of } => *bytes as u128 * 100 > limit as u128 * *of as u128,
            Found::Age { seconds, .. } => *seconds < limit,
            Found::Lacking(_) => true,
            Found::Unchecked => false,
        }
    }
}

impl Report {
    /// The guards that refuse the plan.
    pub fn refused(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.is_refused())
    }

    /// Whether no guard refuses the plan.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.incomplete.is_empty() && self.refused().next().is_none()
    }
}

/// For how many days a waiver is proposed.
const PROPOSED_DAYS: i64 = 8;

impl Figure {
    /// The waiver that would allow it, as a line of a manifest that was looked at then; nothing
    /// where none would.
    #[must_use]
    pub fn waiver(&self, at: Timestamp) -> Option<String> {
        let limit = match &self.found {
            Found::Assets(figure) => figure.to_string(),
            Found::Bytes(bytes) => measure::bytes_at_least(*bytes),
            Found::Share { bytes, of } => percent_at_least(*bytes, *of).to_string(),
            Found::Age { seconds, .. } => measure::duration(rounded_down(*seconds)),
            // What allows all needs nothing to count.
            Found::Lacking(_) | Found::Unchecked => match self.guard {
                Guard::MinAge => measure::duration(Duration::ZERO),
                Guard::MaxPercent => "100".to_owned(),
                Guard::MaxAssets
                | Guard::MaxBytes
                | Guard::Max404Percent
                | Guard::MaxFailurePercent => return None,
            },
        };
        if matches!(self.set_at, SetAt::Flag(_)) {
            return None;
        }
        let project = self.project.as_ref().and_then(|project| project.id);
        let project = project.map_or_else(String::new, |id| format!(", project: {id}"));
        let expires = TimeZone::UTC.to_datetime(at).date();
        let expires = expires.saturating_add(Span::new().days(PROPOSED_DAYS));
        let guard = self.guard.name();
        Some(format!(
            "- {{guard: {guard}, limit: {limit}{project}, reason: say why, expires: {expires}}}"
        ))
    }
}

/// The whole percents that are not below a share.
fn percent_at_least(bytes: u64, of: u64) -> u64 {
    let percent = (u128::from(bytes) * 100).div_ceil(u128::from(of.max(1)));
    u64::try_from(percent).map_or(100, |percent| percent.min(100))
}

/// How many seconds a minute, an hour and a day have.
const UNITS: [u64; 3] = [60, 60 * 60, 24 * 60 * 60];

/// The whole days of an age that has two, else its whole hours, else its minutes.
fn rounded_down(seconds: u64) -> Duration {
    let [minute, hour, day] = UNITS;
    let unit = match seconds {
        _ if seconds >= 2 * day => day,
        _ if seconds >= hour => hour,
        _ => minute,
    };
    Duration::from_secs(seconds / unit * unit)
}

/// Shows a figure of a guard in its unit.
#[must_use]
pub fn shown(guard: Guard, figure: u64) -> String {
    match guard {
        Guard::MaxAssets => thousands(figure),
        Guard::MaxPercent | Guard::Max404Percent | Guard::MaxFailurePercent => {
            format!("{figure} %")
        }
        Guard::MaxBytes => measure::bytes(figure),
        Guard::MinAge => measure::duration(Duration::from_secs(figure)),
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.id) {
            (Some(name), _) => write!(formatter, "the project `{name}`"),
            (None, Some(id)) => write!(formatter, "the project `{id}`"),
            (None, None) => formatter.write_str("a project that nobody names"),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            guard,
            project,
            found,
            unread: _,
            limit,
            set_at,
        } = self;
        write!(formatter, "`{}`", guard.name())?;
        let subject = |word: &str| {
            let project = project.as_ref();
            project.map_or_else(String::new, |project| format!(" {word} {project}"))
        };
        let (of, for_it) = (subject("of"), subject("for"));
        match found {
            Found::Assets(figure) => {
                let files = thousands(*figure);
                let noun = if *figure == 1 { "file" } else { "files" };
                write!(formatter, ": {files} {noun}{of} would go")?;
            }
            Found::Bytes(bytes) => {
                // What is beyond a limit is not to look as if it was at it.
                let bytes = measure::bytes_at_least(*bytes);
                write!(formatter, ": {bytes}{of} would go")?;
            }
            Found::Share { bytes, of: all } => {
                let percent = percent_at_least(*bytes, *all);
                let (bytes, all) = (measure::bytes(*bytes), measure::bytes(*all));
                write!(formatter, ": {percent} %{of} would go, {bytes} of {all}")?;
            }
            Found::Age { seconds, id } => {
                let ago = measure::duration(rounded_down(*seconds));
                write!(formatter, ": `{id}` was changed {ago} ago")?;
            }
            Found::Lacking(lack) => write!(formatter, " cannot count{for_it}: {lack}")?,
            Found::Unchecked => return write!(formatter, " was not checked{for_it}"),
        }
        let limit = shown(*guard, *limit);
        write!(formatter, ", and the limit is {limit} ({set_at})")
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = |number: usize| counted(number, "file", "files");
        match self {
            Self::Contents { id, why } => {
                write!(formatter, "what is in `{id}` was not read: {why}")
            }
            Self::Lists(number) => {
                let lists = counted(*number, "folder or stack", "folders or stacks");
                write!(formatter, "what is in {lists} was not read")
            }
            Self::Unread(number) => {
                let assets = counted(*number, "asset", "assets");
                write!(
                    formatter,
                    "with v2 {assets} would go unread, and it is stricter than usual"
                )
            }
            Self::Sizes(number) => {
                write!(
                    formatter,
                    "the server does not say the size of {}",
                    files(*number)
                )
            }
            Self::Changes(number) => {
                let files = files(*number);
                write!(
                    formatter,
                    "the server does not say when {files} changed last"
                )
            }
            Self::Storage => formatter.write_str("the server does not say how many bytes it has"),
            Self::Projects(number) => {
                let lie = if *number == 1 {
                    "file lies"
                } else {
                    "files lie"
                };
                let number = thousands(*number);
                write!(
                    formatter,
                    "the server does not say in which project {number} {lie}"
                )
            }
        }
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            set_at,
            entries,
            first,
        } = self;
        let entries = counted(*entries, "entry has", "entries have");
        write!(
            formatter,
            "`require`: {entries} no `{}`, the first at {first}, and {set_at} requires it",
            field.name()
        )
    }
}

impl fmt::Display for Loosened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            guard,
            project,
            limit,
            set_at,
            reason: _,
            until: _,
        } = self;
        let limit = shown(*guard, *limit);
        write!(formatter, "`{}` is {limit}", guard.name())?;
        if let Some(project) = project {
            write!(formatter, " in `{project}`")?;
        }
        write!(formatter, " ({set_at})")
    }
}
