//! Routes of the sandbox's own, to change and to watch it while it runs.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::asset::AssetId;
use crate::sandbox::fault::Faults;
use crate::sandbox::limit::Limits;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::shared::Shared;
use crate::sandbox::world::edit::Change;

type Answer = Result<Response, ApiError>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/_sandbox/faults",
            get(faults)
                .put(set_faults)
                .post(add_faults)
                .delete(no_faults),
        )
        .route("/_sandbox/limits", get(limits).put(set_limits))
        .route("/_sandbox/log", get(log).delete(clear_log))
        .route("/_sandbox/assets", get(assets))
        .route("/_sandbox/hidden", get(hidden).put(set_hidden))
        .route("/_sandbox/restored", post(restore))
        .route("/_sandbox/changes", post(change))
        .route("/_sandbox/surprises", put(set_surprises))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

async fn faults(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.schedule().faults()).into_response()
}

async fn set_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let set: Faults = read(&body)?;
    shared.set_faults(set);
    Ok(faults(State(shared)).await)
}

async fn add_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let added: Faults = read(&body)?;
    let mut set = shared.schedule().faults().clone();
    set.rules.extend(added.rules);
    shared.set_faults(set);
    Ok(faults(State(shared)).await)
}

async fn no_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.set_faults(Faults::default());
    StatusCode::NO_CONTENT
}

async fn limits(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.limiter().limits()).into_response()
}

async fn set_limits(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let set: Limits = read(&body)?;
    shared.set_limits(set);
    Ok(limits(State(shared)).await)
}

fn number(query: &[(String, String)], name: &str) -> Result<u64, ApiError> {
    let found = query.iter().find(|(key, _)| key == name);
    found.map_or(Ok(0), |(_, value)| {
        let wrong = format!("`{name}` must be a number.");
        let wrong = |_why| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, wrong);
        value.parse().map_err(wrong)
    })
}

/// The requests after the number `after`, a JSON document a line.
async fn log(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let after = number(&query, "after")?;
    let requests: Vec<_> = shared
        .log()
        .map(|log| log.after(after).cloned().collect())
        .unwrap_or_default();
    Ok(lines(requests.iter()))
}

async fn clear_log(State(shared): State<Arc<Shared>>) -> StatusCode {
    if let Some(mut log) = shared.log() {
        log.clear();
    }
    StatusCode::NO_CONTENT
}

/// The truth of every asset, a JSON document a line, in the order of their ids.
async fn assets(State(shared): State<Arc<Shared>>) -> Response {
    let world = shared.world();
    let mut assets: Vec<_> = world.nodes().collect();
    assets.sort_unstable_by_key(|(id, _)| *id);
    lines(assets.iter().map(|(id, node)| {
        json!({
            "id": id,
            "type": node.kind.name(),
            "name": node.name(*id),
            "parent_id": node.parent,
            "deleted_at": node.deleted_at,
        })
    }))
}

async fn hidden(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.world().hidden()).into_response()
}

async fn set_hidden(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let set: Vec<AssetId> = read(&body)?;
    shared.world().hide(set);
    Ok(hidden(State(shared)).await)
}

/// Restores assets one after the other, up to the first that cannot be.
async fn restore(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let set: Vec<AssetId> = read(&body)?;
    let mut world = shared.world();
    for id in set {
        let detail = format!("`{id}` cannot be restored.");
        let restored = world.restore(id);
        restored.map_err(|_why| ApiError::new(StatusCode::CONFLICT, detail))?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Makes changes one after the other, up to the first that cannot be made.
async fn change(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let set: Vec<Change> = read(&body)?;
    for change in set {
        let changed = shared.change(change);
        changed.map_err(|why| ApiError::new(StatusCode::CONFLICT, why))?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_surprises(State(shared): State<Arc<Shared>>, body: Bytes) -> Answer {
    let set = shared.set_surprises(&body);
    set.map_err(|mistake| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, mistake))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn lines<T: Serialize>(documents: impl Iterator<Item = T>) -> Response {
    let mut text = Vec::new();
    for document in documents {
        // Nothing of what is shown here can fail to be written.
        serde_json::to_writer(&mut text, &document).ok();
        text.push(b'\n');
    }
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from(text)).into_response()
}
