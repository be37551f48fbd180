//! Deleting, moving, making and restoring.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Map, Value};

use crate::asset::AssetId;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::{Kind, SecondDelete};
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::find::{Answer, Place, account, asset, asset_id, experimental};
use crate::sandbox::v4::list::Include;
use crate::sandbox::v4::wire::{Asset, data};
use crate::sandbox::world::World;
use crate::sandbox::world::change::Unchanged;

/// The most files in one move.
const MOVED: usize = 100;

/// The longest name of a folder, in characters.
const LONGEST_NAME: usize = 255;

pub(super) fn delete(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    kind: Kind,
) -> Answer {
    let now = shared.now();
    let mut world = shared.world();
    let again = world.behaviour.second_delete == SecondDelete::Ok;
    let (id, node) = asset(&world, &place, kind, again)?;
    if node.parent.is_none() {
        let detail = "The root folder of a project cannot be deleted.";
        return Err(ApiError::new(StatusCode::FORBIDDEN, detail));
    }
    match world.delete(id, now) {
        Err(_missing) => Err(ApiError::not_found()),
        Ok(Some(refusal)) => Err(ApiError::new(StatusCode::FORBIDDEN, refusal)),
        Ok(None) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The fields of a body's `data`.
pub(super) fn fields(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let data = body.get("data").and_then(Value::as_object);
    data.cloned()
        .ok_or_else(|| ApiError::invalid("/data", "Missing field: data"))
}

fn text<'fields>(
    fields: &'fields Map<String, Value>,
    name: &str,
) -> Result<&'fields str, ApiError> {
    let pointer = format!("/data/{name}");
    let value = fields
        .get(name)
        .ok_or_else(|| ApiError::invalid(&pointer, format!("Missing field: {name}")))?;
    let wrong = || ApiError::invalid(&pointer, "Invalid string.");
    value.as_str().ok_or_else(wrong)
}

/// The files that a body names, each of them once.
pub(super) fn body_ids(fields: &Map<String, Value>, most: usize) -> Result<Vec<AssetId>, ApiError> {
    const POINTER: &str = "/data/file_ids";
    let ids = fields.get("file_ids").and_then(Value::as_array);
    let ids = ids.ok_or_else(|| ApiError::invalid(POINTER, "Missing field: file_ids"))?;
    if ids.is_empty() || ids.len() > most {
        let detail = format!("Between 1 and {most} ids may be given.");
        return Err(ApiError::invalid(POINTER, detail));
    }
    let ids: Vec<AssetId> = ids
        .iter()
        .map(|id| asset_id(id.as_str().unwrap_or_default(), POINTER))
        .collect::<Result<_, _>>()?;
    let different: HashSet<_> = ids.iter().collect();
    if different.len() < ids.len() {
        return Err(ApiError::invalid(POINTER, "The ids must be unique."));
    }
    Ok(ids)
}

pub(super) async fn move_files(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    body: Bytes,
) -> Answer {
    let fields = fields(&body)?;
    let ids = body_ids(&fields, MOVED)?;
    let to = asset_id(text(&fields, "parent_id")?, "/data/parent_id")?;
    let now = shared.now();
    let mut world = shared.world();
    let account = account(&world, &account_id)?;
    let belongs = |id: &AssetId| {
        let node = world.get(*id, true);
        node.is_some_and(|node| world.account_of(node) == Some(account))
    };
    if !ids.iter().chain([&to]).all(belongs) {
        return Err(ApiError::not_found());
    }
    let moved = world.move_files(&ids, to, now);
    moved.map_err(|_missing| ApiError::not_found())?;
    let shown = ids.iter().filter_map(|id| shown(&world, *id));
    Ok(data(shown.collect::<Vec<_>>()))
}

pub(super) fn move_one(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: &Bytes,
    kind: Kind,
) -> Answer {
    let fields = fields(body)?;
    let to = asset_id(text(&fields, "parent_id")?, "/data/parent_id")?;
    let now = shared.now();
    let mut world = shared.world();
    let (id, _) = asset(&world, &place, kind, false)?;
    match world.move_one(id, to, now) {
        Ok(()) => shown(&world, id).map(data).ok_or_else(ApiError::not_found),
        Err(Unchanged::NotFound) => Err(ApiError::not_found()),
        Err(Unchanged::Impossible) => {
            let detail = "It cannot be moved there.";
            Err(ApiError::invalid("/data/parent_id", detail))
        }
    }
}

fn shown(world: &World, id: AssetId) -> Option<Asset> {
    Asset::new(world, id, world.get(id, true)?, &Include::default())
}

pub(super) async fn create_folder(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: Bytes,
) -> Answer {
    let fields = fields(&body)?;
    let name = text(&fields, "name")?;
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        let detail = format!("A name has 1 to {LONGEST_NAME} characters.");
        return Err(ApiError::invalid("/data/name", detail));
    }
    let now = shared.now();
    let mut world = shared.world();
    let (parent, _) = asset(&world, &place, Kind::Folder, false)?;
    let made = world.make_folder(parent, name.to_owned(), now);
    let made = made.map_err(|_missing| ApiError::not_found())?;
    let made = shown(&world, made).ok_or_else(ApiError::not_found)?;
    let mut response = data(made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

pub(super) fn restore(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    headers: &HeaderMap,
    kind: Kind,
) -> Answer {
    experimental(headers)?;
    let mut world = shared.world();
    let (id, _) = asset(&world, &place, kind, true)?;
    match world.restore(id) {
        Ok(()) => shown(&world, id).map(data).ok_or_else(ApiError::not_found),
        Err(Unchanged::NotFound) => Err(ApiError::not_found()),
        Err(Unchanged::Impossible) => {
            let detail = "What it was in is deleted as well.";
            Err(ApiError::new(StatusCode::CONFLICT, detail))
        }
    }
}
