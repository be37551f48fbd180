//! The routes of the v2 API.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::shared::Shared;
use crate::sandbox::v2::list::{Asked, Listing, Page, Sort, invalid};
use crate::sandbox::world::{self, BatchRefused, Node};

mod list;
mod wire;

type Answer = Result<Response, ApiError>;

/// The routes (docs/frameio-api.md, "Bulk delete (v2)", "Reading assets (v2)", "Context (v2)").
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v2/batch/assets", delete(delete_batch))
        .route("/v2/assets/{id}", get(asset).delete(delete_asset))
        .route("/v2/assets/{id}/children", get(children).post(create))
        .route("/v2/me", get(me))
        .route("/v2/accounts", get(accounts))
        .route("/v2/accounts/{id}", get(account))
        .route("/v2/accounts/{id}/teams", get(account_teams))
        .route("/v2/teams", get(teams))
        .route("/v2/teams/{id}", get(team))
        .route("/v2/teams/{id}/projects", get(projects))
        .route("/v2/projects/{id}", get(project))
        .route("/v2/search/assets", get(search).post(search))
        .route("/v2/search/library", get(search).post(search))
}

fn asset_id(text: &str) -> Result<AssetId, ApiError> {
    AssetId::parse(text).map_err(|_malformed| ApiError::not_found())
}

fn other_id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_malformed| ApiError::not_found())
}

/// The assets that a bulk delete asks for, as far as its body can be read.
pub(super) fn parse_ids(body: &[u8]) -> Option<Vec<AssetId>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let ids = body.get("asset_ids")?.as_array()?.iter();
    Some(
        ids.filter_map(|id| AssetId::parse(id.as_str()?).ok())
            .collect(),
    )
}

async fn delete_batch(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let ids = body
        .get("asset_ids")
        .and_then(Value::as_array)
        .ok_or_else(|| invalid("`asset_ids` must be a list of ids."))?;
    if ids.is_empty() {
        return Err(invalid("`asset_ids` must not be empty."));
    }
    let ids = ids
        .iter()
        .map(|id| AssetId::parse(id.as_str().unwrap_or_default()).ok())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| invalid("Every one of `asset_ids` must be a UUID."))?;
    let deleted = shared.world().delete_batch(&ids, shared.now());
    match deleted {
        Ok(errors) if errors.is_empty() => Ok(Json(json!({})).into_response()),
        Ok(errors) => Ok(Json(json!({"error": errors})).into_response()),
        Err(BatchRefused::NotFound(_)) => Err(ApiError::not_found()),
        Err(BatchRefused::TooMany(most)) => {
            let detail = format!("At most {most} ids are taken in one call.");
            Err(invalid(detail))
        }
    }
}

async fn asset(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let id = asset_id(&id)?;
    let listing = Listing::parse(&query)?;
    let world = shared.world();
    let node = world
        .get(id, listing.include_deleted)
        .filter(|node| listing.accepts(node.kind))
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(wire::Asset::new(&world, id, node)).into_response())
}

async fn delete_asset(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let id = asset_id(&id)?;
    let now = shared.now();
    let mut world = shared.world();
    match world.delete(id, now) {
        Err(_missing) => Err(ApiError::not_found()),
        Ok(Some(refusal)) => Err(ApiError::new(StatusCode::FORBIDDEN, refusal)),
        Ok(None) => {
            let node = world.get(id, true).ok_or_else(ApiError::not_found)?;
            Ok(Json(wire::Asset::new(&world, id, node)).into_response())
        }
    }
}

async fn children(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Asked(query): Asked,
) -> Answer {
    let id = asset_id(&id)?;
    let listing = Listing::parse(&query)?;
    let sort = Sort::parse(&query)?;
    let page = Page::parse(&query)?;
    let world = shared.world();
    world
        .get(id, listing.include_deleted)
        .ok_or_else(ApiError::not_found)?;
    let mut found: Vec<_> = world
        .children(id, listing.include_deleted)
        .into_iter()
        .filter(|(id, node)| listing.accepts(node.kind) && !world.is_hidden(*id))
        .collect();
    let shown = |(id, node): &(AssetId, &Node)| {
        let mut asset = wire::Asset::new(&world, *id, node);
        if listing.include_children {
            asset.children = Some(asset.below(&world, listing.include_deleted));
        }
        asset
    };
    if sort.is_by_id() {
        found.sort_unstable_by_key(|(id, _)| *id);
    } else if sort.is_asked() {
        let mut found: Vec<_> = found.iter().map(shown).collect();
        sort.apply(&mut found);
        return Ok(paged(&page, found));
    }
    // A folder may hold a million files, and a page shows a few of them.
    let part = found.iter().skip(page.before()).take(page.size).map(shown);
    Ok(one_page(&page, found.len(), &part.collect::<Vec<_>>()))
}

/// Makes a file or a folder; a file's content is never asked for.
async fn create(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let parent = asset_id(&id)?;
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let name = text("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid("`name` must be a name."))?;
    let now = shared.now();
    let mut world = shared.world();
    let made = match text("type") {
        Some("folder") => world.make_folder(parent, name.to_owned(), now),
        Some("file") => {
            let filesize = match body.get("filesize") {
                None | Some(Value::Null) => Some(0),
                Some(size) => size.as_u64(),
            };
            let filesize = filesize.ok_or_else(|| invalid("`filesize` must be a number."))?;
            let filetype = text("filetype").map(str::to_owned);
            world.make_file(parent, (name.to_owned(), filesize, filetype), now)
        }
        Some(_) | None => return Err(invalid("`type` must be `file` or `folder`.")),
    };
    let made = made.map_err(|_missing| ApiError::not_found())?;
    let node = world.get(made, true).ok_or_else(ApiError::not_found)?;
    Ok(Json(wire::Asset::new(&world, made, node)).into_response())
}

async fn search(State(shared): State<Arc<Shared>>, Asked(query): Asked) -> Answer {
    let listing = Listing::parse(&query)?;
    let sort = Sort::parse(&query)?;
    let page = Page::parse(&query)?;
    let within = list::Within::parse(&query)?;
    let world = shared.world();
    let mut found: Vec<wire::Asset> = world
        .nodes()
        .filter(|(_, node)| listing.include_deleted || node.deleted_at.is_none())
        .filter(|(_, node)| listing.accepts(node.kind) && node.parent.is_some())
        .filter(|(id, _)| !world.is_hidden(*id))
        .map(|(id, node)| wire::Asset::new(&world, id, node))
        .filter(|asset| within.accepts(asset))
        .collect();
    // The map has no order of its own, and pages must not overlap.
    found.sort_unstable_by_key(|asset| asset.id);
    sort.apply(&mut found);
    Ok(paged(&page, found))
}

/// One page of a list.
fn paged<T: Serialize>(page: &Page, all: Vec<T>) -> Response {
    let total = all.len();
    let part = all.into_iter().skip(page.before()).take(page.size);
    one_page(page, total, &part.collect::<Vec<_>>())
}

/// A page, with the headers that tell which one it is.
fn one_page<T: Serialize>(page: &Page, total: usize, items: &[T]) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("page-number", page.number),
        ("per-page", page.size),
        ("total", total),
        ("total-pages", total.div_ceil(page.size)),
    ] {
        headers.insert(name, HeaderValue::from(value));
    }
    (headers, Json(items)).into_response()
}

async fn me(State(shared): State<Arc<Shared>>) -> Answer {
    let world = shared.world();
    let account = world.accounts.first().map(|account| account.id);
    Ok(Json(json!({
        "_type": "user",
        "id": world.me.id,
        "account_id": account,
        "email": world.me.email,
        "name": world.me.name,
    }))
    .into_response())
}

async fn accounts(State(shared): State<Arc<Shared>>, Asked(query): Asked) -> Answer {
    let page = Page::parse(&query)?;
    let all = shared.world().accounts.iter().map(wire::account).collect();
    Ok(paged(&page, all))
}

async fn account(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let accounts = &shared.world().accounts;
    one(&id, accounts, |account| account.id, wire::account)
}

async fn teams(State(shared): State<Arc<Shared>>, Asked(query): Asked) -> Answer {
    let page = Page::parse(&query)?;
    let all = shared.world().teams.iter().map(wire::team).collect();
    Ok(paged(&page, all))
}

async fn team(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    one(&id, &shared.world().teams, |team| team.id, wire::team)
}

async fn account_teams(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Asked(query): Asked,
) -> Answer {
    let id = other_id(&id)?;
    let page = Page::parse(&query)?;
    let world = shared.world();
    if !world.accounts.iter().any(|account| account.id == id) {
        return Err(ApiError::not_found());
    }
    let all = world.teams.iter().filter(|team| team.account == id);
    Ok(paged(&page, all.map(wire::team).collect()))
}

async fn projects(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Asked(query): Asked,
) -> Answer {
    let id = other_id(&id)?;
    let page = Page::parse(&query)?;
    let world = shared.world();
    if !world.teams.iter().any(|team| team.id == id) {
        return Err(ApiError::not_found());
    }
    let all = world.projects.iter().filter(|project| project.team == id);
    let behaviour = &world.behaviour;
    let all = all.map(|project| wire::project(project, behaviour));
    Ok(paged(&page, all.collect()))
}

async fn project(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let world = shared.world();
    let shown = |project: &world::Project| wire::project(project, &world.behaviour);
    one(&id, &world.projects, |project| project.id, shown)
}

/// The one of several that a path names.
fn one<T>(id: &str, all: &[T], id_of: fn(&T) -> Uuid, shown: impl Fn(&T) -> Value) -> Answer {
    let id = other_id(id)?;
    let found = all.iter().find(|one| id_of(one) == id);
    let found = found.map(shown).ok_or_else(ApiError::not_found)?;
    Ok(Json(found).into_response())
}
