//! What the v2 API answers with, in the sandbox's own words.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::seed::{Behaviour, Kind};
use crate::sandbox::world::{Account, Node, Project, Tally, Team, World, hard_deleted_at};

#[derive(Debug, Serialize)]
pub(super) struct Asset {
    #[serde(rename = "_type")]
    record: &'static str,
    pub(super) id: AssetId,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: String,
    parent_id: Option<AssetId>,
    parent_asset_id: Option<AssetId>,
    pub(super) project_id: Option<Uuid>,
    pub(super) team_id: Option<Uuid>,
    pub(super) account_id: Option<Uuid>,
    creator_id: Uuid,
    pub(super) filesize: u64,
    pub(super) filetype: Option<String>,
    pub(super) label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<usize>,
    inserted_at: Timestamp,
    updated_at: Timestamp,
    pub(super) uploaded_at: Timestamp,
    deleted_at: Option<Timestamp>,
    hard_deleted_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    view_count: u64,
    pub(super) comment_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) children: Option<Vec<Asset>>,
}

impl Asset {
    /// An asset as the API shows it.
    pub(super) fn new(world: &World, id: AssetId, node: &Node) -> Self {
        let project = world.projects.get(node.project as usize);
        let details = node.details.as_deref();
        let holds = match node.kind {
            Kind::Folder | Kind::VersionStack | Kind::Bundle => true,
            Kind::File => false,
        };
        Self {
            record: "asset",
            id,
            kind: node.kind.name(),
            name: node.name(id),
            parent_id: node.parent,
            parent_asset_id: node.parent,
            project_id: project.map(|project| project.id),
            team_id: project.map(|project| project.team),
            account_id: project.map(|project| project.account),
            creator_id: world.creator(node).id,
            filesize: node.filesize(),
            filetype: details.and_then(|details| details.filetype.clone()),
            label: details.and_then(|details| details.label.clone()),
            item_count: holds.then(|| world.count_below(id)),
            inserted_at: node.moment(|details| details.inserted_at),
            updated_at: node.moment(|details| details.updated_at),
            uploaded_at: node.moment(|details| details.uploaded_at),
            deleted_at: node.deleted_at,
            hard_deleted_at: node.deleted_at.and_then(hard_deleted_at),
            archived_at: details.and_then(|details| details.archived_at),
            view_count: details.map_or(0, |details| details.view_count),
            comment_count: 0,
            children: None,
        }
    }

    /// What is directly in it.
    pub(super) fn below(&self, world: &World, include_deleted: bool) -> Vec<Self> {
        let below = world.children(self.id, include_deleted).into_iter();
        let shown = below.filter(|(id, _)| !world.is_hidden(*id));
        shown.map(|(id, node)| Self::new(world, id, node)).collect()
    }
}

pub(super) fn account(account: &Account) -> Value {
    let Account {
        id,
        name,
        fields: _,
    } = account;
    json!({"_type": "account", "id": id, "display_name": name, "name": name})
}

pub(super) fn team(team: &Team) -> Value {
    let Team { id, name, account } = team;
    json!({"_type": "team", "id": id, "name": name, "account_id": account})
}

/// A project, with what is in it counted.
pub(super) fn project(project: &Project, behaviour: &Behaviour) -> Value {
    let Tally {
        files,
        folders,
        bytes: _,
    } = project.tally;
    json!({
        "_type": "project",
        "id": project.id,
        "name": project.name,
        "team_id": project.team,
        "root_asset_id": project.root,
        "file_count": files,
        "folder_count": folders,
        "storage": project.storage(behaviour),
        "archived_at": null,
    })
}
