//! The types of a manifest that has been read and checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Part;
use crate::asset::{AssetId, Kind};
use crate::diagnostic::Place;
use crate::event::Subject;

/// Everything that the manifests of one run say, checked within and across files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifests {
    /// The project folder, whose manifests all count for their holds; empty where it is the
    /// current folder.
    pub folder: Arc<str>,
    /// The files, in the order in which they were read: those that list come first.
    pub files: Vec<SourceFile>,
    /// What is listed, in the order of the ids; no id stands twice.
    pub entries: Vec<Entry>,
    /// What other manifests of the project list, which are read for their holds alone: a run that
    /// leaves them out leaves what is recorded of these as it is. Each has the latest moment before
    /// which it is to stay, where one is said.
    pub elsewhere: BTreeMap<AssetId, Option<(Timestamp, Spot)>>,
    /// The assets that are held; no id stands twice.
    pub holds: Vec<Hold>,
    /// The projects of which everything is held; no id stands twice.
    pub project_holds: Vec<Hold>,
    /// The holds that are lifted, of those that the state remembers.
    pub releases: Vec<Release>,
    /// The guards that are raised, with figure, reason and end.
    pub waivers: Vec<Waiver>,
    /// The account that the manifests are written for, where one is named.
    pub account: Option<Account>,
    /// The projects that the documents name: outside of them nothing is deleted. Each asset has
    /// those that count for it.
    pub projects: Vec<AssetId>,
    /// The texts that YAML cuts at a ` #`, each by the name of its field.
    pub cut: Vec<(Spot, &'static str)>,
}

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user named it, or from the current folder; `-` for standard input.
    pub path: Arc<str>,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// What was taken from it.
    pub part: Part,
    /// How many assets stand in it, also where they are not taken from it.
    pub listed: usize,
}

impl SourceFile {
    /// Whether it was read for its holds alone: it is in the project folder, and no PATH means it.
    pub(crate) const fn is_for_holds(&self) -> bool {
        matches!(self.part, Part::Holds)
    }
}

/// Where an entry stands: small, since there may be a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The index into [`Manifests::files`].
    pub file: u32,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// One listed asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The asset.
    pub id: AssetId,
    /// Where its id stands.
    pub spot: Spot,
    /// What else is said of it, the defaults of its document already taken in;
    /// nothing where it is a bare id in a document without defaults.
    pub details: Option<Arc<Details>>,
}

impl Entry {
    /// What sort of asset it is, where the manifest says.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.details.as_ref()?.kind
    }

    /// How it is to be deleted, where its document says.
    pub(crate) fn strategy(&self) -> Option<Strategy> {
        self.details.as_ref()?.strategy
    }

    /// The moment before which it is to stay, and where that stands.
    pub(crate) fn date(&self) -> Option<(Timestamp, Spot)> {
        let date = self.details.as_ref()?.not_before?;
        Some((date, self.spot))
    }

    /// Whether it is to be recorded as gone where it is missing.
    pub(crate) fn accepts_missing(&self) -> bool {
        let details = self.details.as_ref();
        details.is_some_and(|details| details.missing == Some(MissingPolicy::Accept))
    }

    /// Whether it says something that only a reading of the live asset can be compared with. A kind
    /// is one where not every asset is read before it is deleted.
    pub(crate) fn is_compared(&self, reads_all: bool) -> bool {
        self.details.as_ref().is_some_and(|details| {
            (details.kind.is_some() && !reads_all)
                || details.pin.is_some()
                || details.contents.is_some()
                || details.projects.is_some()
        })
    }

    /// Whether it is to be deleted all the same where it was deleted before and is back.
    pub(crate) fn goes_again(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.again)
    }
}

/// What a manifest says of a listed asset beyond its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Details {
    /// What sort of asset it is: it is compared. V4 asks the server where nobody says, and v2 does
    /// not care.
    pub kind: Option<Kind>,
    /// Why it is to go.
    pub reason: Option<Arc<str>>,
    /// The ticket under which that was decided.
    pub ticket: Option<Arc<str>>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// The moment before which it must not be deleted.
    pub not_before: Option<Timestamp>,
    /// What the live asset must be like.
    pub pin: Option<Pin>,
    /// How many files may be in it at most, where it is a folder or a version stack.
    pub contents: Option<u64>,
    /// What is to become of it where it is missing; nothing where nobody says.
    pub missing: Option<MissingPolicy>,
    /// Whether it is deleted all the same, once, where it was deleted before and is back.
    pub again: bool,
    /// How it is deleted, where its document says: then no setting counts for it.
    pub strategy: Option<Strategy>,
    /// The projects outside of which it is not deleted; nothing where none are named. They are
    /// those of its document, else those of the others.
    pub projects: Option<Arc<[AssetId]>>,
}

impl Details {
    /// The same, with the project that an asset's address names as a pin.
    pub(super) fn pinned(mut self, project: Option<AssetId>) -> Self {
        if project.is_some() {
            self.pin.get_or_insert_default().project = project;
        }
        self
    }
}

/// How assets of V4 are deleted, from the one that lets them go soonest.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One call an asset.
    #[default]
    Direct,
    /// Staged in projects of which many files go, and else direct.
    Auto,
    /// Moved aside, many a call, and deleted with the folder that they were moved into.
    Staged,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Direct, Self::Staged, Self::Auto];

    /// The strategy's name, as it stands in manifests, settings and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Staged => "staged",
            Self::Auto => "auto",
        }
    }

    /// Whether an asset is staged where so many files of its project go.
    pub(crate) const fn stages(self, files: usize, from: usize) -> bool {
        match self {
            Self::Direct => false,
            Self::Staged => true,
            Self::Auto => files >= from,
        }
    }
}

/// What is to become of an asset that the server does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// It is known to be gone, and is recorded so.
    Accept,
}

/// What the live asset must be like to be deleted; at least one field is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pin {
    /// Its name, letter for letter.
    pub name: Option<Arc<str>>,
    /// The id of its project.
    pub project: Option<AssetId>,
    /// The id of the folder or version stack that holds it.
    pub parent: Option<AssetId>,
    /// Its size in bytes.
    pub filesize: Option<u64>,
    /// The moment before which it must have been changed last.
    pub updated_before: Option<Timestamp>,
}

/// An asset that must not be deleted, whatever lists it, or a project of which nothing must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The asset or the project.
    pub id: AssetId,
    /// Where its id stands.
    pub spot: Spot,
    /// Why it is held.
    pub reason: Arc<str>,
    /// The moment from which the hold no longer counts; without one it stays.
    pub until: Option<Timestamp>,
}

/// Lifts a hold that the state remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What was held.
    pub held: Subject,
    /// Where its id stands.
    pub spot: Spot,
    /// Why it is held no longer.
    pub reason: Arc<str>,
    /// The ticket under which that was decided.
    pub ticket: Option<Arc<str>>,
}

/// A guard raised to one figure until one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Which guard.
    pub guard: Guard,
    /// The project in which it is raised, by its name or its id; in all of them without one.
    pub project: Option<Arc<str>>,
    /// Where the waiver stands.
    pub spot: Spot,
    /// The figure that holds instead: assets, percent, bytes, or the seconds of an age.
    pub limit: u64,
    /// Why.
    pub reason: Arc<str>,
    /// The moment from which the waiver no longer counts.
    pub expires: Timestamp,
}

/// What stands for the reason in a waiver that the program proposes; no reason by itself.
pub const NO_REASON: &str = "say why";

/// The guards, of which a waiver can raise all but the last.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// How many assets one plan may delete.
    MaxAssets,
    /// What share of a project's bytes one plan may delete, in percent.
    MaxPercent,
    /// How many bytes one plan may delete.
    MaxBytes,
    /// How long ago an asset must have been changed last.
    MinAge,
    /// What share of the assets asked for may be missing during a run, in percent.
    #[serde(rename = "max-404-percent")]
    Max404Percent,
    /// What share of the assets asked for may fail during a run, in percent.
    MaxFailurePercent,
    /// How many requests in a row may come to nothing during a run.
    MaxFailedBatches,
}

impl Guard {
    /// Those that a waiver can raise.
    pub const RAISED: [Self; 6] = [
        Self::MaxAssets,
        Self::MaxPercent,
        Self::MaxBytes,
        Self::MinAge,
        Self::Max404Percent,
        Self::MaxFailurePercent,
    ];

    /// Its name in a manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxAssets => "max-assets",
            Self::MaxPercent => "max-percent",
            Self::MaxBytes => "max-bytes",
            Self::MinAge => "min-age",
            Self::Max404Percent => "max-404-percent",
            Self::MaxFailurePercent => "max-failure-percent",
            Self::MaxFailedBatches => "max-failed-batches",
        }
    }

    /// Whether it looks at each project by itself, and not only at a run as a whole.
    #[must_use]
    pub const fn is_per_project(self) -> bool {
        match self {
            Self::MaxAssets | Self::MaxPercent | Self::MaxBytes | Self::MinAge => true,
            Self::Max404Percent | Self::MaxFailurePercent | Self::MaxFailedBatches => false,
        }
    }
}

/// The account that the manifests are written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's id, in lower case unless it begins with `adobe:`.
    pub id: Arc<str>,
    /// Where it is named first.
    pub place: Place,
}
