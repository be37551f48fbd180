//! What an asset was called, where it lay and how large it was.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::asset::AssetId;

/// Where an asset lies, as people say it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The name of its project, where it is known.
    pub project: Option<Arc<str>>,
    /// The names of the folders and version stacks above it, from the top, with `/` between them
    /// and a `/` in a name as `\/`; begins with `…/` where those at the top are not known.
    pub folder: Arc<str>,
}

impl Location {
    /// What stands for the folders at the top where they are not known.
    pub(super) const UNKNOWN: &str = "…";

    /// Whether all folders above are known.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.folder.split('/').next() != Some(Self::UNKNOWN)
    }
}

/// What an asset is called, where it lies and how large it is: what a record keeps of it, so that
/// in a year somebody can say what was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(from = "KnownFields", into = "KnownFields")]
pub struct Known {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Where it lies.
    pub location: Option<Arc<Location>>,
    /// The folder or version stack that holds it, where its location is known: by that, a later run
    /// finds it in a list.
    pub parent: Option<AssetId>,
    /// Its size in bytes; of a folder or a version stack, that of all in it. Where a version stack
    /// was deleted file by file, its files have their sizes, and it has none of its own.
    pub bytes: Option<u64>,
}

/// An asset as a sentence names it: where it lies and what it is called, with its id behind; by its
/// id alone where that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// The asset.
    pub id: AssetId,
    /// Its project, its folders and its name: `Tide/day 1/a.mov`.
    pub path: Option<Arc<str>>,
}

impl From<AssetId> for Called {
    fn from(id: AssetId) -> Self {
        Self { id, path: None }
    }
}

impl fmt::Display for Called {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, path } = self;
        match path {
            Some(path) => write!(formatter, "`{path}` ({id})"),
            None => write!(formatter, "`{id}`"),
        }
    }
}

impl Known {
    /// Where it lies and what it is called, in one word; nothing where its name is not known.
    #[must_use]
    pub fn path(&self) -> Option<Arc<str>> {
        let name = self.name.as_deref()?;
        let place = self.location.as_deref();
        let project = place.and_then(|place| place.project.as_deref());
        let folder = place.map(|place| &*place.folder);
        let above = project.into_iter().chain(folder);
        let above = above.filter(|part| !part.is_empty());
        let parts: Vec<&str> = above.chain([name]).collect();
        Some(parts.join("/").into())
    }
}

/// The same as documents write it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct KnownFields {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    /// The name of its project, where it has a `folder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project: Option<Arc<str>>,
    /// The folders above it, from the top, with `/` between them and a `/` in a name as `\/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<Arc<str>>,
    /// The id of the last of these, where it has a `folder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<AssetId>,
    /// Its size in bytes; of a folder or a version stack, that of all in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl From<Known> for KnownFields {
    fn from(known: Known) -> Self {
        let Known {
            name,
            location,
            parent,
            bytes,
        } = known;
        let parent = parent.filter(|_| location.is_some());
        let project = location.as_ref().and_then(|place| place.project.clone());
        let folder = location.map(|place| Arc::clone(&place.folder));
        Self {
            name,
            project,
            folder,
            parent,
            bytes,
        }
    }
}

impl From<KnownFields> for Known {
    fn from(fields: KnownFields) -> Self {
        let KnownFields {
            name,
            project,
            folder,
            parent,
            bytes,
        } = fields;
        let parent = parent.filter(|_| folder.is_some());
        let location = folder.map(|folder| Arc::new(Location { project, folder }));
        Self {
            name,
            location,
            parent,
            bytes,
        }
    }
}
