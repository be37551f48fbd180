//! What the guards have counted, and how it is said.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::manifest::document::Guard;

mod words;

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
    /// What is said and does not count as it may have been meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
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
        /// Its project, its folders and its name, where they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<Arc<str>>,
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
        /// Its project, its folders and its name, where they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<Arc<str>>,
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

/// A guard that allows more than when a plan was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looser {
    /// Which guard.
    pub guard: Guard,
    /// The project in which it is; everywhere without one.
    pub project: Option<Subject>,
    /// What it allowed.
    pub planned: u64,
    /// What it allows.
    pub limit: u64,
    /// Where that is set.
    pub set_at: SetAt,
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

/// Something that is said of guards and does not count as it may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Note {
    /// It is said of a project in which nothing is deleted.
    Elsewhere {
        /// The project, as it is named there.
        project: Arc<str>,
        /// Where that is said.
        set_at: SetAt,
    },
    /// The name of its project differs in letter case: it counts where it is stricter.
    Near {
        /// The project, as it is named there.
        project: Arc<str>,
        /// The name that it has.
        name: Arc<str>,
        /// Where that is said.
        set_at: SetAt,
    },
    /// A waiver allows no more than what else is said, which counts.
    Idle {
        /// Which guard.
        guard: Guard,
        /// The figure of the waiver.
        figure: u64,
        /// The figure that counts.
        limit: u64,
        /// Where the waiver stands.
        set_at: SetAt,
    },
    /// A flag allows more than what else is said, which counts.
    Looser {
        /// Which guard.
        guard: Guard,
        /// The figure of the flag.
        figure: u64,
        /// The figure that counts.
        limit: u64,
        /// Where that is set.
        set_at: SetAt,
    },
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

impl Note {
    /// Where that is said which does not count; nothing of a flag.
    #[must_use]
    pub const fn at(&self) -> Option<&SetAt> {
        match self {
            Self::Elsewhere { set_at, .. }
            | Self::Near { set_at, .. }
            | Self::Idle { set_at, .. } => Some(set_at),
            Self::Looser { .. } => None,
        }
    }
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

impl Figure {
    /// Whether the guard lets the plan pass, and would not with this limit.
    #[must_use]
    pub fn passes_beyond(&self, limit: u64) -> bool {
        let other = Self {
            limit,
            ..self.clone()
        };
        !self.is_refused() && other.is_refused()
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
