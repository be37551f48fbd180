//! The one gate that every request passes: who asks, how often, what goes wrong, what is logged.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::asset::AssetId;
use crate::sandbox::damage::damage;
use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::{Fault, Half};
use crate::sandbox::limit::Ticket;
use crate::sandbox::line::Line;
use crate::sandbox::log::LoggedRequest;
use crate::sandbox::refuse::{ApiError, Realm, dress};
use crate::sandbox::shared::Shared;
use crate::sandbox::v2;
use crate::sandbox::v4::cursor::{link_to_itself, page_asked};

/// The largest request body that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// Puts the gate in front of routes.
pub(super) fn guard(routes: Router<Arc<Shared>>, shared: Arc<Shared>) -> Router {
    routes
        .fallback(|| async { ApiError::not_found() })
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "This path does not take that method.",
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), pass))
        .with_state(shared)
}

/// How a request was answered, and what is yet to be done to the answer.
struct Answered {
    response: Response,
    fault: Option<Fault>,
    stall: Duration,
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let realm = Realm::from_path(request.uri().path());
    let at = shared.elapsed();
    if realm == Realm::Admin {
        let let_in = shared.tokens().let_in(realm, request.headers(), at);
        let response = match let_in {
            Ok(()) => next.run(request).await,
            Err(refused) => refused.into_response(),
        };
        return dress(realm, response);
    }
    // Whoever answers before a body has come must end the connection, and a client that goes on
    // with it is lost. So all of it is taken in first, whether anybody reads it or not.
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        let refused = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large.");
        return dress(realm, refused.into_response());
    };
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let method = request.method().to_string();
    let endpoint = Endpoint::matching(&method, request.uri().path());
    let target = request.uri().to_string();
    let itself = link_to_itself(request.uri().path(), request.uri().query());
    let asked = params.as_ref().ok().and_then(asked_in_path);
    let Answered {
        response,
        fault,
        stall,
    } = answer(&shared, realm, endpoint, asked, request, next).await;
    // Before the answer goes: whoever asked may be gone by then.
    if let Some(mut log) = shared.log() {
        log.add(LoggedRequest {
            number: 0,
            at,
            method,
            target,
            endpoint,
            status: (!fault.is_some_and(Fault::hangs_up)).then(|| response.status().as_u16()),
            assets: match endpoint {
                Some(Endpoint::BulkDelete) => v2::parse_ids(&body).unwrap_or_default(),
                Some(Endpoint::AssetDelete | Endpoint::V4FileDelete | Endpoint::V4FolderDelete) => {
                    asked.into_iter().collect()
                }
                Some(_) | None => Vec::new(),
            },
            fault: fault.map(|fault| fault.to_string()),
        });
    }
    sleep(stall).await;
    match fault {
        Some(fault) => damage(response, fault, &itself, &line).await,
        None => response,
    }
}

/// Lets a request through to its handler, or answers in its place.
async fn answer(
    shared: &Shared,
    realm: Realm,
    endpoint: Option<Endpoint>,
    asked: Option<AssetId>,
    mut request: Request<Body>,
    next: Next,
) -> Answered {
    let plainly = |response, ticket| Answered {
        response: with_limit(realm, dress(realm, response), ticket),
        fault: None,
        stall: Duration::ZERO,
    };
    let now = shared.elapsed();
    let let_in = shared.tokens().let_in(realm, request.headers(), now);
    if let Err(refused) = let_in {
        let ticket = endpoint.and_then(|endpoint| shared.limiter().look(endpoint, now));
        return plainly(refused.into_response(), ticket);
    }
    let Some(endpoint) = endpoint else {
        return plainly(next.run(request).await, None);
    };
    let ticket = shared.limiter().take(endpoint, now);
    if ticket.is_some_and(|ticket| !ticket.allowed) {
        return plainly(ApiError::too_many().into_response(), ticket);
    }
    let page = page_asked(request.uri().query());
    let fate = shared.schedule().next(endpoint, page);
    sleep(fate.delay).await;
    shared.surprise(endpoint, page, asked);
    if fate.fault == Some(Fault::Half) {
        request.extensions_mut().insert(Half);
    }
    let response = match fate.fault.and_then(|fault| fault.instead(shared.now())) {
        Some(instead) => instead,
        None => next.run(request).await,
    };
    let afterwards = fate.fault.and_then(|fault| fault.afterwards(shared.now()));
    let response = afterwards.unwrap_or(response);
    Answered {
        fault: fate.fault,
        stall: fate.stall,
        ..plainly(response, ticket)
    }
}

/// The asset that a path names.
fn asked_in_path(params: &RawPathParams) -> Option<AssetId> {
    let (_, id) = params.iter().find(|(name, _)| *name == "id")?;
    AssetId::parse(id).ok()
}

/// Waits, unless there is nothing to wait for.
async fn sleep(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Adds the headers of the bucket: v2 has them on successes and on 429, V4 on all but 204.
fn with_limit(realm: Realm, mut response: Response, ticket: Option<Ticket>) -> Response {
    let status = response.status();
    let wanted = match realm {
        Realm::V2 => status.is_success() || status == StatusCode::TOO_MANY_REQUESTS,
        Realm::V4 | Realm::Ims | Realm::Admin => status != StatusCode::NO_CONTENT,
    };
    if let Some(ticket) = ticket.filter(|_| wanted) {
        let headers = response.headers_mut();
        let limit = ticket.limit;
        headers.insert("x-ratelimit-limit", limit.requests.into());
        headers.insert("x-ratelimit-remaining", ticket.remaining.into());
        headers.insert("x-ratelimit-window", limit.window.into());
    }
    response
}
