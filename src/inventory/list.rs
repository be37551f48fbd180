//! The pages of a list, so that one that was cut off can go on where it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::inventory::{Project, Shown};

/// A part of a list of what is in a folder or a version stack: a page, or all up to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPart {
    /// Which list it is: a folder has several.
    pub list: Arc<str>,
    /// How many lists show all that is there, with this one.
    pub lists: usize,
    /// Where it begins; nothing at the beginning of the list.
    pub after: Option<Arc<str>>,
    /// What it shows.
    pub items: Vec<Shown>,
    /// Where the rest begins; nothing at the end of the list.
    pub next: Option<Arc<str>>,
    /// How many entries the list has, where it says so.
    pub total: Option<usize>,
}

/// The same of the list of all projects of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectsPart {
    /// Where it begins; nothing at the beginning of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Arc<str>>,
    /// Where the rest begins; nothing at the end of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Arc<str>>,
    /// What it shows.
    pub projects: Vec<(AssetId, Project)>,
}

/// What was read of the lists of recently deleted assets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadLists {
    /// How many were read, to their ends or as far as they may tell anything.
    pub read: usize,
    /// What could not be read, and why: a list in words.
    pub unread: BTreeMap<String, String>,
}
