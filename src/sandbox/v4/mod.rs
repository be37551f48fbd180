//! The routes of the V4 API (docs/frameio-api.md, "V4").

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, patch, post};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::Shared;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::Kind;
use crate::sandbox::world::{Node, World};

mod context;
mod list;
mod read;
mod token;
mod wire;
mod write;

type Answer = Result<Response, ApiError>;

/// The routes.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let account = Router::new()
        .route("/workspaces", get(context::workspaces))
        .route("/workspaces/{id}", get(context::workspace))
        .route(
            "/workspaces/{id}/projects",
            get(context::workspace_projects),
        )
        .route("/projects", get(context::projects))
        .route("/projects/{id}", get(context::project))
        .route(
            "/projects/{id}/recently_deleted",
            get(read::recently_deleted),
        )
        .route("/files/move", patch(write::move_files))
        .route("/files/bulk_get", post(read::bulk_get))
        .route("/files/{id}", get(read::file).delete(write::delete_file))
        .route("/files/{id}/move", patch(write::move_file))
        .route("/folders/{id}/move", patch(write::move_folder))
        .route("/version_stacks/{id}/move", patch(write::move_stack))
        .route("/files/{id}/restore", patch(write::restore_file))
        .route(
            "/folders/{id}",
            get(read::folder).delete(write::delete_folder),
        )
        .route("/folders/{id}/restore", patch(write::restore_folder))
        .route("/folders/{id}/children", get(read::folder_children))
        .route("/folders/{id}/files", get(read::folder_files))
        .route(
            "/folders/{id}/folders",
            get(read::folder_folders).post(write::create_folder),
        )
        .route("/folders/{id}/version_stacks", get(read::folder_stacks))
        .route("/version_stacks/{id}", get(read::stack))
        .route("/version_stacks/{id}/restore", patch(write::restore_stack))
        .route("/version_stacks/{id}/children", get(read::stack_children));
    Router::new()
        .route("/ims/token/v3", post(token::issue))
        .route("/v4/me", get(context::me))
        .route("/v4/accounts", get(context::accounts))
        .nest("/v4/accounts/{account}", account)
}

/// An id that a path or a body names.
fn uuid(text: &str, pointer: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text)
        .map_err(|_malformed| ApiError::invalid(pointer, "Invalid format. Expected :uuid"))
}

fn asset_id(text: &str, pointer: &str) -> Result<AssetId, ApiError> {
    AssetId::parse(text)
        .map_err(|_malformed| ApiError::invalid(pointer, "Invalid format. Expected :uuid"))
}

/// The account that a path names.
fn account(world: &World, text: &str) -> Result<usize, ApiError> {
    let id = uuid(text, "/account_id")?;
    let found = world.accounts.iter().position(|account| account.id == id);
    found.ok_or_else(ApiError::not_found)
}

/// The project of an account that a path names.
fn project(world: &World, account: usize, text: &str) -> Result<usize, ApiError> {
    let id = uuid(text, "/project_id")?;
    let found = world.projects.iter().position(|project| project.id == id);
    found
        .filter(|index| account_of(world, *index) == Some(account))
        .ok_or_else(ApiError::not_found)
}

fn account_of(world: &World, project: usize) -> Option<usize> {
    let project = world.projects.get(project)?;
    world.teams.get(project.team).map(|team| team.account)
}

/// How a path calls the id of a kind of asset.
const fn pointer(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "/file_id",
        Kind::Folder => "/folder_id",
        Kind::VersionStack => "/version_stack_id",
        Kind::Bundle => "/id",
    }
}

/// The asset of an account and of a kind that a path names.
fn asset<'world>(
    world: &'world World,
    (account_id, id): (&str, &str),
    kind: Kind,
    include_deleted: bool,
) -> Result<(AssetId, &'world Node), ApiError> {
    let account = account(world, account_id)?;
    let id = asset_id(id, pointer(kind))?;
    world
        .get(id, include_deleted)
        .filter(|node| node.kind == kind && world.account_of(node) == Some(account))
        .map(|node| (id, node))
        .ok_or_else(ApiError::not_found)
}

/// Lets only those use a call who ask for what is experimental.
fn experimental(headers: &HeaderMap) -> Result<(), ApiError> {
    let version = headers.get("api-version");
    if version.is_some_and(|version| version == "experimental") {
        return Ok(());
    }
    Err(ApiError::not_found())
}
