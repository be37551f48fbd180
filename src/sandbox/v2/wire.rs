//! What the v2 API answers with, in the sandbox's own words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::seed::Kind;
use crate::sandbox::world::{Node, Tally, World, hard_deleted_at, made};

/// The answer to a bulk delete in which something was refused.
#[derive(Debug, Serialize)]
pub(in crate::sandbox::v2) struct Refusals {
    pub(in crate::sandbox::v2) error: BTreeMap<AssetId, String>,
}

/// An asset.
#[derive(Debug, Serialize)]
pub(in crate::sandbox::v2) struct Asset {
    #[serde(rename = "_type")]
    record: &'static str,
    pub(in crate::sandbox::v2) id: AssetId,
    #[serde(rename = "type")]
    pub(in crate::sandbox::v2) kind: &'static str,
    pub(in crate::sandbox::v2) name: String,
    parent_id: Option<AssetId>,
    parent_asset_id: Option<AssetId>,
    pub(in crate::sandbox::v2) project_id: Option<Uuid>,
    pub(in crate::sandbox::v2) team_id: Option<Uuid>,
    pub(in crate::sandbox::v2) account_id: Option<Uuid>,
    creator_id: Uuid,
    pub(in crate::sandbox::v2) filesize: u64,
    pub(in crate::sandbox::v2) filetype: Option<String>,
    pub(in crate::sandbox::v2) label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<usize>,
    inserted_at: Timestamp,
    updated_at: Timestamp,
    pub(in crate::sandbox::v2) uploaded_at: Timestamp,
    deleted_at: Option<Timestamp>,
    hard_deleted_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    view_count: u64,
    pub(in crate::sandbox::v2) comment_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::sandbox::v2) children: Option<Vec<Asset>>,
}

impl Asset {
    /// An asset as the API shows it.
    pub(in crate::sandbox::v2) fn of(world: &World, id: AssetId, node: &Node) -> Self {
        let Node {
            kind,
            project,
            parent,
            place: _,
            deleted_at,
            details,
        } = node;
        let project = world.projects.get(*project as usize);
        let team = project.and_then(|project| world.teams.get(project.team));
        let account = team.and_then(|team| world.accounts.get(team.account));
        let details = details.as_deref();
        let moment = |pick: fn(&crate::sandbox::world::Details) -> Timestamp| {
            details.map_or_else(made, pick)
        };
        let holds = matches!(kind, Kind::Folder | Kind::VersionStack | Kind::Bundle);
        Self {
            record: "asset",
            id,
            kind: kind.name(),
            name: details.map_or_else(|| format!("{id}.mov"), |details| details.name.clone()),
            parent_id: *parent,
            parent_asset_id: *parent,
            project_id: project.map(|project| project.id),
            team_id: team.map(|team| team.id),
            account_id: account.map(|account| account.id),
            creator_id: world.me.id,
            filesize: details.map_or(0, |details| details.filesize),
            filetype: details.and_then(|details| details.filetype.clone()),
            label: details.and_then(|details| details.label.clone()),
            item_count: holds.then(|| world.count_below(id)),
            inserted_at: moment(|details| details.inserted_at),
            updated_at: moment(|details| details.updated_at),
            uploaded_at: moment(|details| details.uploaded_at),
            deleted_at: *deleted_at,
            hard_deleted_at: deleted_at.and_then(hard_deleted_at),
            archived_at: details.and_then(|details| details.archived_at),
            view_count: details.map_or(0, |details| details.view_count),
            comment_count: 0,
            children: None,
        }
    }

    /// What is directly in it.
    pub(in crate::sandbox::v2) fn below(&self, world: &World, include_deleted: bool) -> Vec<Self> {
        let below = world.children(self.id, include_deleted).into_iter();
        below.map(|(id, node)| Self::of(world, id, node)).collect()
    }
}

/// A project, with what is in it counted.
pub(in crate::sandbox::v2) fn project(world: &World, index: usize) -> Option<Value> {
    let project = world.projects.get(index)?;
    let team = world.teams.get(project.team)?;
    let Tally {
        files,
        folders,
        bytes,
    } = project.tally;
    Some(json!({
        "_type": "project",
        "id": project.id,
        "name": project.name,
        "team_id": team.id,
        "root_asset_id": project.root,
        "file_count": files,
        "folder_count": folders,
        "storage": bytes,
        "archived_at": null,
    }))
}
