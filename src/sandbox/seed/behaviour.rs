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
    /// Where the cursor of a list of what is in a folder goes on.
    pub cursors: Cursors,
    /// What becomes of the parameters of a list whose next page is asked for by the cursor alone.
    pub bare_after: BareAfter,
    /// Whether a move changes when an asset was changed.
    pub move_updates: bool,
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
            cursors: Cursors::default(),
            bare_after: BareAfter::default(),
            move_updates: true,
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
    /// All of it.
    #[default]
    All,
    /// Nothing: the folder stands for it.
    Tops,
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
