//! What the V4 API answers with, in the sandbox's own words.

use axum::Json;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::seed::{Chosen, Field, IncludeProject, Kind, Me};
use crate::sandbox::v4::list::Include;
use crate::sandbox::world::{self, Node, World, made};

/// Where the application shows a project.
const APPLICATION: &str = "https://next.frame.io/project";

/// The media type of a file whose seed does not say.
const UNKNOWN_TYPE: &str = "application/octet-stream";

#[derive(Serialize)]
struct Data<T> {
    data: T,
}

/// One thing, wrapped as the API wraps it.
pub(super) fn data<T: Serialize>(data: T) -> Response {
    Json(Data { data }).into_response()
}

/// A file, a folder or a version stack.
#[derive(Debug, Serialize)]
pub(super) struct Asset {
    id: AssetId,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    parent_id: Option<AssetId>,
    project_id: Uuid,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// One that was deleted cannot be viewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    view_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    /// A file has it, and the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// A folder has it, and the one below; no folder here has a cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_file_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restricted: Option<bool>,
    /// A version stack has it, or null where nothing is left in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    head_version: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Project>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_links: Option<Map<String, Value>>,
}

#[derive(Debug, Serialize)]
pub(super) struct User {
    id: Uuid,
    name: String,
    email: String,
    avatar_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(super) struct Project {
    id: Uuid,
    pub(super) name: String,
    description: Option<String>,
    status: &'static str,
    storage: u64,
    restricted: bool,
    workspace_id: Uuid,
    root_folder_id: AssetId,
    created_at: Timestamp,
    updated_at: Timestamp,
    view_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<User>,
}

/// A workspace: what v2 calls a team.
#[derive(Debug, Serialize)]
pub(super) struct Workspace {
    id: Uuid,
    pub(super) name: String,
    account_id: Uuid,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<User>,
}

#[derive(Debug, Serialize)]
pub(super) struct Account {
    id: Uuid,
    pub(super) display_name: String,
    roles: [&'static str; 1],
    storage_limit: Option<u64>,
    storage_usage: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    image: Option<String>,
}

impl User {
    /// Whose token it is.
    pub(super) fn profile(world: &World) -> Self {
        Self {
            active: None,
            ..Self::me(world)
        }
    }

    fn me(world: &World) -> Self {
        Self::of(&world.me)
    }

    pub(super) fn of(person: &Me) -> Self {
        Self {
            id: person.id,
            name: person.name.clone(),
            email: person.email.clone(),
            avatar_url: None,
            active: Some(true),
        }
    }
}

impl Account {
    pub(super) fn new(world: &World, account: &world::Account) -> Self {
        let projects = world.projects.iter();
        let projects = projects.filter(|project| project.account == account.id);
        Self {
            id: account.id,
            display_name: account.name.clone(),
            roles: ["owner"],
            storage_limit: None,
            storage_usage: projects
                .map(|project| project.storage(&world.behaviour))
                .sum(),
            created_at: made(),
            updated_at: made(),
            image: None,
        }
    }
}

impl Workspace {
    pub(super) fn new(world: &World, team: &world::Team, include: &Include) -> Self {
        Self {
            id: team.id,
            name: team.name.clone(),
            account_id: team.account,
            created_at: made(),
            updated_at: made(),
            creator: include.has("creator").then(|| User::me(world)),
        }
    }
}

impl Project {
    pub(super) fn new(world: &World, project: &world::Project, owner: bool) -> Self {
        Self {
            id: project.id,
            name: project.name.clone(),
            description: None,
            status: "active",
            storage: project.storage(&world.behaviour),
            restricted: false,
            workspace_id: project.team,
            root_folder_id: project.root,
            created_at: made(),
            updated_at: made(),
            view_url: format!("{APPLICATION}/{}/", project.id),
            owner: owner.then(|| User::me(world)),
        }
    }
}

impl Asset {
    /// An asset as the API shows it.
    pub(super) fn new(world: &World, id: AssetId, node: &Node, include: &Include) -> Option<Self> {
        let project = world.projects.get(node.project as usize)?;
        let owner = include.has("project.owner");
        let is_heeded = world.behaviour.include_project == IncludeProject::Heeded;
        let shows_project = is_heeded && (owner || include.has("project"));
        let is_alive = node.deleted_at.is_none();
        let tells = world.behaviour.fields.are_told() && include.has("metadata");
        let mut asset = Self {
            id,
            kind: node.kind.name(),
            name: node.name(id),
            parent_id: node.parent,
            project_id: project.id,
            created_at: node.moment(|details| details.inserted_at),
            updated_at: node.moment(|details| details.updated_at),
            view_url: is_alive.then(|| format!("{APPLICATION}/{}/view/{id}", project.id)),
            deleted_at: node.deleted_at,
            file_size: None,
            media_type: None,
            status: None,
            cover_file_id: None,
            restricted: None,
            head_version: None,
            creator: include
                .has("creator")
                .then(|| User::of(world.creator(node))),
            project: shows_project.then(|| Project::new(world, project, owner)),
            metadata: tells.then(|| metadata(world, node)),
            media_links: None,
        };
        match node.kind {
            Kind::File => asset.be_file(node, include),
            Kind::Folder => {
                asset.cover_file_id = Some(Value::Null);
                asset.restricted = Some(node.is_restricted());
            }
            Kind::VersionStack => asset.head_version = Some(head(world, id, include)),
            // V4 has no bundles.
            Kind::Bundle => return None,
        }
        Some(asset)
    }

    fn be_file(&mut self, node: &Node, include: &Include) {
        let details = node.details.as_ref();
        let media_type = details.and_then(|details| details.filetype.clone());
        self.file_size = Some(node.filesize());
        self.media_type = Some(media_type.unwrap_or_else(|| UNKNOWN_TYPE.to_owned()));
        let upload = details.map(|details| details.upload).unwrap_or_default();
        self.status = Some(upload.name());
        let links: Map<String, Value> = include
            .media_links()
            .map(|name| (name.to_owned(), no_link(name)))
            .collect();
        self.media_links = (!links.is_empty()).then_some(links);
    }
}

/// What a file says in custom fields; folders and stacks say nothing in any.
pub(super) fn metadata(world: &World, node: &Node) -> Vec<Value> {
    if node.kind != Kind::File {
        return Vec::new();
    }
    let filled = world.fields(node).filter(|(_, value)| !is_empty(value));
    filled
        .map(|(field, value)| metadatum(world, field, value))
        .collect()
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// What a file says in one custom field.
pub(super) fn metadatum(world: &World, field: &Field, value: &Value) -> Value {
    let mut shown = json!({
        "field_definition_id": field.id,
        "field_definition_name": field.name,
        "field_type": field.sort.name(),
        "mutable": field.mutable,
        "value": value,
    });
    if field.sort.has_options() {
        let options = field.all_options();
        if world.behaviour.chosen == Chosen::Objects {
            let chosen = value.as_array().into_iter().flatten();
            let option = |id: &Value| options.iter().find(|option| option["id"] == *id).cloned();
            shown["value"] = chosen.filter_map(option).collect();
        }
        shown["field_options"] = Value::Array(options);
    }
    if field.sort.names_people() {
        let people = value.as_array().into_iter().flatten();
        shown["value"] = people.map(|id| json!({"id": id, "type": "user"})).collect();
    }
    shown
}

/// The definition of a custom field.
pub(super) fn definition(world: &World, field: &Field, creator: bool) -> Value {
    let mut shown = json!({
        "id": field.id,
        "name": field.name,
        "field_type": field.sort.name(),
        "field_configuration": field.configuration(),
        "mutable": field.mutable,
        "creator_id": world.me.id,
        "created_at": made(),
        "updated_at": made(),
    });
    if creator {
        shown["creator"] = json!(User::me(world));
    }
    shown
}

/// The newest version in a stack.
fn head(world: &World, id: AssetId, include: &Include) -> Value {
    let mut versions = world.alive_below(id, None).rev();
    versions
        .find(|(_, node)| node.kind == Kind::File)
        .and_then(|(id, node)| Asset::new(world, id, node, include))
        .and_then(|asset| serde_json::to_value(asset).ok())
        .unwrap_or_default()
}

/// A link to media that the sandbox does not have.
fn no_link(name: &str) -> Value {
    match name {
        "original" => json!({"download_url": null, "inline_url": null}),
        "high_quality" | "efficient" => json!({"download_url": null}),
        _ => json!({"download_url": null, "url": null}),
    }
}
