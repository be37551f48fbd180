//! Deleting, moving, making and restoring.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::fault::Half;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::{BadMove, Kind, MoveAnswer, Restore, SecondDelete, Twice};
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::find::{Answer, Place, account, asset, asset_id, experimental};
use crate::sandbox::v4::list::Include;
use crate::sandbox::v4::wire::{Asset, data};
use crate::sandbox::world::change::Unchanged;
use crate::sandbox::world::edit::Change;
use crate::sandbox::world::moves::MoveRefused;
use crate::sandbox::world::{NotFound, World};

/// The most bytes of a file.
const LARGEST_FILE: u64 = 5_000_000_000_000;

/// The most assets in one move.
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
    let most = world.behaviour.too_large;
    if most.is_some_and(|most| world.count_all_below(id) > most) {
        let detail = "There is too much in this folder.";
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    let deleted = world.delete(id, now);
    if matches!(deleted, Ok(None)) {
        world.haunt(id, now);
    }
    match deleted {
        Err(_missing) => Err(ApiError::not_found()),
        Ok(Some(refusal)) => Err(ApiError::new(StatusCode::FORBIDDEN, refusal)),
        Ok(None) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The fields of a body's `data`, which may be these and no others.
pub(super) fn fields(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, ApiError> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let data = body.get("data").and_then(Value::as_object);
    let data = data.ok_or_else(|| ApiError::invalid("/data", "Missing field: data"))?;
    if let Some(name) = data.keys().find(|name| !known.contains(&name.as_str())) {
        let detail = format!("Unexpected field: {name}");
        return Err(ApiError::invalid(&format!("/data/{name}"), detail));
    }
    Ok(data.clone())
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

/// The assets that a body names, each of them once.
pub(super) fn body_ids(
    fields: &Map<String, Value>,
    name: &str,
    count: RangeInclusive<usize>,
) -> Result<Vec<AssetId>, ApiError> {
    let pointer = format!("/data/{name}");
    let ids = fields.get(name).and_then(Value::as_array);
    let ids = ids.ok_or_else(|| ApiError::invalid(&pointer, format!("Missing field: {name}")))?;
    if !count.contains(&ids.len()) {
        let (least, most) = count.into_inner();
        let detail = format!("Between {least} and {most} ids may be given.");
        return Err(ApiError::invalid(&pointer, detail));
    }
    let ids: Vec<AssetId> = ids
        .iter()
        .map(|id| asset_id(id.as_str().unwrap_or_default(), &pointer))
        .collect::<Result<_, _>>()?;
    let different: HashSet<_> = ids.iter().collect();
    if different.len() < ids.len() {
        return Err(ApiError::invalid(&pointer, "The ids must be unique."));
    }
    Ok(ids)
}

/// How a refused move is answered; `pointer` is the part of the request that names the asset.
fn refused(why: MoveRefused, pointer: &str) -> ApiError {
    match why {
        MoveRefused::NotFound => ApiError::invalid(pointer, "It is not there."),
        MoveRefused::Impossible => ApiError::invalid(pointer, "It cannot be moved there."),
        MoveRefused::AlreadyThere => ApiError::invalid(pointer, "It is there already."),
        MoveRefused::NameTaken => {
            let detail = "The name has already been taken.";
            ApiError::new(StatusCode::CONFLICT, detail)
        }
        MoveRefused::Restricted => {
            let detail = "You do not have permission to perform this action.";
            ApiError::new(StatusCode::FORBIDDEN, detail)
        }
    }
}

/// Checks where things are to go: to something of the account that takes them.
fn check_destination(world: &World, account: Uuid, to: AssetId) -> Result<(), ApiError> {
    let into = world.get(to, false);
    if into.and_then(|into| world.account_of(into)) != Some(account) {
        return Err(ApiError::not_found());
    }
    let checked = world.check_destination(to);
    checked.map_err(|why| refused(why, "/data/parent_id"))
}

/// Moves several assets of a kind.
pub(super) fn move_several(
    State(shared): State<Arc<Shared>>,
    Path(account_id): Path<String>,
    half: Option<Extension<Half>>,
    body: &Bytes,
    kind: Kind,
) -> Answer {
    let name = format!("{}_ids", kind.name());
    let fields = fields(body, &[&name, "parent_id"])?;
    let ids = body_ids(&fields, &name, 1..=MOVED)?;
    let to = asset_id(text(&fields, "parent_id")?, "/data/parent_id")?;
    let now = shared.now();
    let mut world = shared.world();
    let account = account(&world, &account_id)?;
    check_destination(&world, account, to)?;
    let check = |id: AssetId| {
        let node = world.get(id, false);
        if node.and_then(|node| world.account_of(node)) != Some(account) {
            return Err(MoveRefused::NotFound);
        }
        world.check_move(id, kind, to)
    };
    let mut good = Vec::with_capacity(ids.len());
    for id in ids {
        match check(id) {
            Ok(()) => good.push(id),
            Err(why) if world.behaviour.move_bad_id == BadMove::Whole => {
                return Err(refused(why, &format!("/data/{name}")));
            }
            Err(_left_out) => {}
        }
    }
    if half.is_some() {
        good.truncate(good.len() / 2);
    }
    for id in &good {
        world.put(*id, to, now);
    }
    if world.behaviour.move_answer == MoveAnswer::Short {
        good.pop();
    }
    let shown = good.iter().filter_map(|id| shown(&world, *id));
    Ok(data(shown.collect::<Vec<_>>()))
}

pub(super) fn move_one(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: &Bytes,
    kind: Kind,
) -> Answer {
    let fields = fields(body, &["parent_id"])?;
    let to = asset_id(text(&fields, "parent_id")?, "/data/parent_id")?;
    let now = shared.now();
    let mut world = shared.world();
    let (id, node) = asset(&world, &place, kind, false)?;
    let account = world.account_of(node).unwrap_or_default();
    check_destination(&world, account, to)?;
    let checked = world.check_move(id, kind, to);
    checked.map_err(|why| refused(why, "/data/parent_id"))?;
    world.put(id, to, now);
    shown(&world, id).map(data).ok_or_else(ApiError::not_found)
}

fn shown(world: &World, id: AssetId) -> Option<Asset> {
    Asset::new(world, id, world.get(id, true)?, &Include::default())
}

/// What was made, with what comes along with its making.
fn created(world: &World, made: Result<AssetId, NotFound>, more: Map<String, Value>) -> Answer {
    let made = made.map_err(|_missing| ApiError::not_found())?;
    let made = shown(world, made).ok_or_else(ApiError::not_found)?;
    let mut made = serde_json::to_value(made).unwrap_or_default();
    if let Some(fields) = made.as_object_mut() {
        fields.extend(more);
    }
    let mut response = data(made);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// The name that a body gives.
fn named(fields: &Map<String, Value>) -> Result<String, ApiError> {
    let name = text(fields, "name")?;
    if (1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Ok(name.to_owned());
    }
    let detail = format!("A name has 1 to {LONGEST_NAME} characters.");
    Err(ApiError::invalid("/data/name", detail))
}

pub(super) async fn create_folder(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: Bytes,
) -> Answer {
    let name = named(&fields(&body, &["name"])?)?;
    let now = shared.now();
    let mut world = shared.world();
    let (parent, _) = asset(&world, &place, Kind::Folder, false)?;
    if world.behaviour.same_folder == Twice::Refused && world.has_name(parent, &name) {
        return Err(refused(MoveRefused::NameTaken, "/data/name"));
    }
    let made = world.make_folder(parent, name, now);
    created(&world, made, Map::new())
}

/// Makes a file whose bytes are to be uploaded to an address that leads nowhere.
pub(super) async fn create_file(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: Bytes,
) -> Answer {
    let fields = fields(&body, &["name", "file_size"])?;
    let name = named(&fields)?;
    let size = fields.get("file_size").and_then(Value::as_u64);
    let size = size.filter(|size| (1..=LARGEST_FILE).contains(size));
    let wrong = || ApiError::invalid("/data/file_size", "Invalid integer.");
    let size = size.ok_or_else(wrong)?;
    let now = shared.now();
    let mut world = shared.world();
    let (parent, _) = asset(&world, &place, Kind::Folder, false)?;
    let made = world.make_file(parent, (name, size, None), now);
    let urls = json!([{"size": size, "url": "https://upload.sandbox.example/part-1"}]);
    let more = Map::from_iter([("upload_urls".to_owned(), urls)]);
    created(&world, made, more)
}

/// Makes a version stack of files of one project.
pub(super) async fn create_stack(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: Bytes,
) -> Answer {
    let fields = fields(&body, &["file_ids"])?;
    let ids = body_ids(&fields, "file_ids", 2..=10)?;
    let now = shared.now();
    let mut world = shared.world();
    let (parent, folder) = asset(&world, &place, Kind::Folder, false)?;
    let is_fit = |id: &AssetId| {
        let node = world.get(*id, false);
        node.is_some_and(|node| node.kind == Kind::File && node.project == folder.project)
    };
    if !ids.iter().all(is_fit) {
        return Err(refused(MoveRefused::NotFound, "/data/file_ids"));
    }
    let made = world.make_stack(parent, &ids, now);
    created(&world, made, Map::new())
}

/// Gives a folder another name.
pub(super) async fn update_folder(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    body: Bytes,
) -> Answer {
    let name = named(&fields(&body, &["name"])?)?;
    let now = shared.now();
    let mut world = shared.world();
    let (id, _) = asset(&world, &place, Kind::Folder, false)?;
    let renamed = world.change(Change::Rename { id, name }, now);
    renamed.map_err(|_missing| ApiError::not_found())?;
    shown(&world, id).map(data).ok_or_else(ApiError::not_found)
}

pub(super) fn restore(
    State(shared): State<Arc<Shared>>,
    Path(place): Path<Place>,
    headers: &HeaderMap,
    kind: Kind,
) -> Answer {
    experimental(headers)?;
    let mut world = shared.world();
    if world.behaviour.restore == Restore::Unsupported {
        return Err(ApiError::not_found());
    }
    let (id, _) = asset(&world, &place, kind, true)?;
    match world.restore_slowly(id) {
        Ok(()) => shown(&world, id).map(data).ok_or_else(ApiError::not_found),
        Err(Unchanged::NotFound) => Err(ApiError::not_found()),
        Err(Unchanged::Alive) => {
            let detail = "It is not deleted.";
            Err(ApiError::new(StatusCode::CONFLICT, detail))
        }
        Err(Unchanged::Impossible) => {
            let detail = "What it was in is deleted as well.";
            Err(ApiError::new(StatusCode::CONFLICT, detail))
        }
    }
}
