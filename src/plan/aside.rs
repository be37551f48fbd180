//! What is moved aside, to be deleted with its staging folder: what somebody wants of it, what a run
//! does, and what that comes to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::manifest::document::Strategy;

/// What settings say of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Which assets are staged.
    pub strategy: Strategy,
    /// From how many files of a project on `auto` stages them.
    pub staged_from: usize,
    /// For how long what is staged can be taken back before it is deleted, in seconds.
    pub delete_after_seconds: u64,
}

impl Terms {
    /// Whether they stage nothing of which no manifest says so, and what is staged at once.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.strategy == Strategy::Direct && self.delete_after_seconds == 0
    }
}

/// What a run moves, and what it deletes of what was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staging {
    /// What is moved aside, by project.
    pub aside: BTreeMap<AssetId, Group>,
    /// What goes along with something that is moved aside, though it would be deleted by itself.
    pub along: BTreeSet<AssetId>,
    /// From when on that is to be deleted.
    pub due_at: Timestamp,
    /// Whether the same run deletes it.
    pub is_due_at_once: bool,
    /// What is deleted with its staging folder, and what lies in that.
    pub due: BTreeSet<AssetId>,
    /// The staging folders that are deleted, of those that earlier runs have made.
    pub due_folders: BTreeSet<AssetId>,
    /// What is moved back to where it was: it is no longer to be deleted.
    pub back: BTreeSet<AssetId>,
    /// What is shown to be back where it was, by a move that nobody answered: its record is dropped.
    pub home: BTreeSet<AssetId>,
    /// What somebody has taken out of its staging folder.
    pub rescued: BTreeSet<AssetId>,
}

/// What is moved aside of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The folder at the top of the project, in which the staging folder is made.
    pub root: AssetId,
    /// Each with its kind, in the order of the ids.
    pub assets: Vec<(AssetId, Kind)>,
}

impl Staging {
    /// Whether a run moves or deletes something so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            aside,
            along: _,
            due_at: _,
            is_due_at_once: _,
            due,
            due_folders: _,
            back,
            home: _,
            rescued: _,
        } = self;
        aside.is_empty() && due.is_empty() && back.is_empty()
    }

    /// All that is moved aside.
    pub fn all_aside(&self) -> impl Iterator<Item = (AssetId, Kind)> {
        self.aside
            .values()
            .flat_map(|group| group.assets.iter().copied())
    }

    /// Whether an asset is moved aside.
    #[must_use]
    pub fn moves(&self, id: AssetId) -> bool {
        let mut groups = self.aside.values();
        groups.any(|group| {
            let place = group.assets.binary_search_by_key(&id, |(id, _)| *id);
            place.is_ok()
        })
    }

    /// Whether a run does this in place of what the plan says of the asset by itself.
    #[must_use]
    pub fn takes(&self, id: AssetId) -> bool {
        self.due.contains(&id)
            || self.along.contains(&id)
            || self.back.contains(&id)
            || self.rescued.contains(&id)
            || self.moves(id)
    }
}

/// What a run moves, and what it deletes of what was moved, in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Moves {
    /// How many assets are moved aside.
    pub aside: usize,
    /// How many files these are, and what is in them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub files: usize,
    /// Into how many staging folders.
    pub folders: usize,
    /// From when on these are to be deleted; nothing where the same run deletes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub until: Option<Timestamp>,
    /// How many assets are deleted with the staging folders that earlier runs have moved them to.
    pub due: usize,
    /// How many staging folders these are.
    #[serde(default)]
    pub due_folders: usize,
    /// How many are moved back to where they were.
    pub back: usize,
    /// How many are back already, by a move that nobody answered.
    #[serde(default, skip_serializing_if = "is_none")]
    pub home: usize,
    /// How many were to wait aside, cannot be moved there, and are deleted at once: not all members
    /// of their project see them, their ids are Adobe's, or a run has begun to delete them.
    #[serde(default)]
    pub stuck: usize,
    /// How many are not staged and are deleted at once, though what is staged would wait.
    #[serde(default, skip_serializing_if = "is_none")]
    pub at_once: usize,
    /// What each strategy would take of what can be moved aside, where that is much or moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ways: Option<Ways>,
}

/// Whether there are none; what an earlier version did not count is left out then.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_none(number: &usize) -> bool {
    *number == 0
}

/// What each strategy would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ways {
    /// Of how many assets this is.
    pub assets: usize,
    /// One by one.
    pub direct: Cost,
    /// Moved aside first.
    pub staged: Cost,
}

/// How many calls something takes at least, and how long at the documented limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// How many calls.
    pub calls: u64,
    /// How long they take, in seconds.
    pub seconds: u64,
}

impl Moves {
    /// Whether there is nothing to be said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
