//! What the paths and bodies of the V4 API name.

use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::Kind;
use crate::sandbox::world::{Node, Project, Team, World};

pub(super) type Answer = Result<Response, ApiError>;

/// The account of a path, and what it names there.
pub(super) type Place = (String, String);

fn uuid(text: &str, pointer: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text)
        .map_err(|_malformed| ApiError::invalid(pointer, "Invalid format. Expected :uuid"))
}

pub(super) fn asset_id(text: &str, pointer: &str) -> Result<AssetId, ApiError> {
    AssetId::parse(text)
        .map_err(|_malformed| ApiError::invalid(pointer, "Invalid format. Expected :uuid"))
}

pub(super) fn account(world: &World, text: &str) -> Result<Uuid, ApiError> {
    let id = uuid(text, "/account_id")?;
    let known = world.accounts.iter().any(|account| account.id == id);
    known.then_some(id).ok_or_else(ApiError::not_found)
}

pub(super) fn workspace<'world>(
    world: &'world World,
    (account_id, id): &Place,
) -> Result<&'world Team, ApiError> {
    let account = account(world, account_id)?;
    let id = uuid(id, "/workspace_id")?;
    let mut teams = world.teams.iter();
    teams
        .find(|team| team.id == id && team.account == account)
        .ok_or_else(ApiError::not_found)
}

pub(super) fn project<'world>(
    world: &'world World,
    (account_id, id): &Place,
) -> Result<&'world Project, ApiError> {
    let account = account(world, account_id)?;
    let id = uuid(id, "/project_id")?;
    let mut projects = world.projects.iter();
    projects
        .find(|project| project.id == id && project.account == account)
        .ok_or_else(ApiError::not_found)
}

/// The asset of an account and of a kind that a path names.
pub(super) fn asset<'world>(
    world: &'world World,
    (account_id, id): &Place,
    kind: Kind,
    include_deleted: bool,
) -> Result<(AssetId, &'world Node), ApiError> {
    let account = account(world, account_id)?;
    let id = asset_id(id, &format!("/{}_id", kind.name()))?;
    world
        .get(id, include_deleted)
        .filter(|node| node.kind == kind && world.account_of(node) == Some(account))
        .map(|node| (id, node))
        .ok_or_else(ApiError::not_found)
}

/// The asset of an account and of a kind that a path names, as far as a reader sees it.
pub(super) fn seen(
    world: &World,
    (account_id, id): &Place,
    kind: Kind,
) -> Result<(AssetId, Node), ApiError> {
    let account = account(world, account_id)?;
    let id = asset_id(id, &format!("/{}_id", kind.name()))?;
    let node = world.seen(id);
    node.filter(|node| node.kind == kind && world.account_of(node) == Some(account))
        .map(|node| (id, node))
        .ok_or_else(ApiError::not_found)
}

/// Lets only those use a call who ask for what is experimental.
pub(super) fn experimental(headers: &HeaderMap) -> Result<(), ApiError> {
    let version = headers.get("api-version");
    if version.is_some_and(|version| version == "experimental") {
        return Ok(());
    }
    Err(ApiError::not_found())
}
