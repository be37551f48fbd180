//! How the sandbox behaves where the API's documentation leaves it open.

use serde::Deserialize;

use crate::sandbox::fault::Share;

/// How the sandbox behaves where the API's documentation leaves it open.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// What an unknown id in a bulk delete does.
    pub unknown_id: UnknownId,
    /// What a second delete of the same asset answers.
    pub second_delete: SecondDelete,
    /// Whether the delete of a folder deletes what is in it.
    pub cascade: bool,
    /// What the list of the recently deleted shows of what went along with its folder.
    pub recently_deleted: RecentlyDeleted,
    /// Whether that list goes on showing what was restored.
    #[serde(default)]
    pub stale_lists: bool,
    /// How often that list is read before it shows what was deleted meanwhile.
    #[serde(default)]
    pub late_lists: u64,
    /// Whether the project comes along with an asset of V4 where that is asked for.
    pub include_project: IncludeProject,
    /// Where the cursor of a list of what is in a folder goes on.
    pub cursors: Cursors,
    /// What becomes of the parameters of a list whose next page is asked for by the cursor alone.
    pub bare_after: BareAfter,
    /// Whether a move changes when an asset was changed.
    pub move_updates: bool,
    /// What a move of several does where one of its ids is bad: not there, of another kind, of
    /// another account, or not to be moved there.
    pub move_bad_id: BadMove,
    /// What the answer to a move of several lists.
    pub move_answer: MoveAnswer,
    /// Whether an asset may be moved to where it is.
    pub move_already_there: Taken,
    /// Whether an asset may be moved into another project.
    pub move_mixed: Taken,
    /// Whether anything may be moved into a restricted folder.
    pub move_restricted: Taken,
    /// Whether an asset may be moved to where another has its name.
    pub same_name: SameName,
    /// Whether a folder may be made where another has its name.
    pub same_folder: Twice,
    /// How often what is in a folder can still be read with V4 after the folder was deleted.
    pub slow_cascade: u64,
    /// The most that may be in a folder that V4 deletes; the delete of more is refused with 422.
    pub too_large: Option<usize>,
    /// Whether V4 restores anything.
    pub restore: Restore,
    /// How often a restored folder or version stack is read before all that was in it is back.
    pub restore_polls: u64,
    /// What becomes of what is restored and was in something that is deleted.
    pub restore_parent_gone: ParentGone,
    /// Whether what is deleted still counts in the storage of its project.
    pub storage: Storage,
    /// Whose the custom fields are.
    pub fields: Fields,
    /// How the chosen options of a custom field are told.
    pub chosen: Chosen,
    /// The most ids in one bulk delete; more are refused with 422.
    pub max_batch: Option<usize>,
    /// The share of assets whose delete is refused, besides those that say so themselves; which
    /// ones it is depends on their ids alone.
    pub refuse: Share,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            unknown_id: UnknownId::default(),
            second_delete: SecondDelete::default(),
            cascade: true,
            recently_deleted: RecentlyDeleted::default(),
            stale_lists: false,
            late_lists: 0,
            include_project: IncludeProject::default(),
            cursors: Cursors::default(),
            bare_after: BareAfter::default(),
            move_updates: true,
            move_bad_id: BadMove::default(),
            move_answer: MoveAnswer::default(),
            move_already_there: Taken::default(),
            move_mixed: Taken::default(),
            move_restricted: Taken::default(),
            same_name: SameName::default(),
            same_folder: Twice::default(),
            slow_cascade: 2,
            too_large: None,
            restore: Restore::default(),
            restore_polls: 2,
            restore_parent_gone: ParentGone::default(),
            storage: Storage::default(),
            fields: Fields::default(),
            chosen: Chosen::default(),
            max_batch: None,
            refuse: Share::default(),
        }
    }
}

/// What an unknown id in a bulk delete does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownId {
    /// It makes the whole call a 404, and nothing is deleted.
    #[default]
    NotFound,
    /// It lands in `error`.
    InError,
}

/// What a second delete of the same asset answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SecondDelete {
    /// The same as for an unknown id.
    #[default]
    NotFound,
    /// Success.
    Ok,
}

/// What the list of the recently deleted shows of what went along with its folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecentlyDeleted {
    /// Nothing: the folder stands for it.
    #[default]
    Tops,
    /// All of it.
    All,
}

/// Whether the project comes along with an asset of V4 where that is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IncludeProject {
    /// It does.
    #[default]
    Heeded,
    /// The asset says the id of its project alone.
    Ignored,
}

/// Where the cursor of a list of what is in a folder goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cursors {
    /// After so many entries: what leaves the list meanwhile makes it skip others, and what comes makes
    /// it tell others twice.
    #[default]
    Offset,
    /// After the last entry, wherever that is by then.
    Place,
}

/// What becomes of the parameters of a list whose next page is asked for by the cursor alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BareAfter {
    /// They are lost: the page has the usual size and order, all kinds, and nothing comes along.
    #[default]
    Loses,
    /// The cursor keeps the order and the kinds.
    Keeps,
}

/// Whose the custom fields are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fields {
    /// The account's: V4 shows them.
    #[default]
    Account,
    /// Each project's: V4 shows none, as if nobody had filled in any.
    Project,
    /// The account's, and no answer says what assets have in them.
    Untold,
}

impl Fields {
    /// Whether V4 shows which there are.
    pub(crate) const fn are_listed(self) -> bool {
        match self {
            Self::Account | Self::Untold => true,
            Self::Project => false,
        }
    }

    /// Whether an answer says what assets have in them.
    pub(crate) const fn are_told(self) -> bool {
        match self {
            Self::Account | Self::Project => true,
            Self::Untold => false,
        }
    }
}

/// How the chosen options of a custom field are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// As objects with their ids and names.
    #[default]
    Objects,
    /// By their ids alone.
    Ids,
}

/// What a move of several does where one of its ids is bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BadMove {
    /// It is refused as a whole.
    #[default]
    Whole,
    /// It moves the others.
    Partial,
}

/// What the answer to a move of several lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MoveAnswer {
    /// All that was moved.
    #[default]
    Full,
    /// All but the last of it.
    Short,
}

/// Whether something is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It is refused.
    #[default]
    Refused,
    /// It is taken.
    Ok,
}

/// Whether an asset may be moved to where another has its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SameName {
    /// Not where one of them has an id of Adobe's storage.
    #[default]
    Adobe,
    /// Nowhere.
    Refused,
    /// Everywhere.
    Allowed,
}

/// Whether a folder may be made where another has its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Twice {
    /// It may, so that there are two.
    #[default]
    Allowed,
    /// It is refused with 409.
    Refused,
}

/// Whether V4 restores anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// It does, for those who ask for what is experimental.
    #[default]
    Supported,
    /// It has no such call.
    Unsupported,
}

/// What becomes of what is restored and was in something that is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParentGone {
    /// It stays deleted.
    #[default]
    Refused,
    /// It comes back at the top of its project.
    Root,
}

/// Whether what is deleted still counts in the storage of its project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// It does, as long as it can be restored.
    #[default]
    Kept,
    /// It does not.
    Freed,
}
