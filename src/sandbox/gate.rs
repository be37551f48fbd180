//! The one gate that every request passes: who asks, how often, what goes wrong, what is logged.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::asset::AssetId;
use crate::sandbox::damage::damage;
use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::{Fate, Fault};
use crate::sandbox::limit::Ticket;
use crate::sandbox::line::Line;
use crate::sandbox::log::LoggedRequest;
use crate::sandbox::{Shared, admin, v2};

/// The largest request body that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// The assets that a bulk delete asked for, told by its handler to the log.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct Asked(pub(in crate::sandbox) Vec<AssetId>);

/// An error as the v2 API tells it (docs/frameio-api.md, "Errors (v2)").
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct ApiError {
    status: StatusCode,
    detail: String,
}

#[derive(Serialize)]
struct ErrorBody<'error> {
    code: u16,
    message: &'error str,
    errors: [ErrorEntry<'error>; 1],
}

#[derive(Serialize)]
struct ErrorEntry<'error> {
    code: u16,
    status: u16,
    title: &'error str,
    detail: &'error str,
}

impl ApiError {
    pub(in crate::sandbox) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    pub(in crate::sandbox) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "The resource could not be found.")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let code = self.status.as_u16();
        let body = ErrorBody {
            code,
            message: title,
            errors: [ErrorEntry {
                code,
                status: code,
                title,
                detail: &self.detail,
            }],
        };
        (self.status, axum::Json(body)).into_response()
    }
}

/// Puts the gate in front of routes.
pub(in crate::sandbox) fn guard(routes: Router<Arc<Shared>>, shared: Arc<Shared>) -> Router {
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

/// How a request was answered.
struct Answered {
    response: Response,
    fault: Option<Fault>,
    stall: Duration,
}

impl Answered {
    const fn plainly(response: Response) -> Self {
        Self {
            response,
            fault: None,
            stall: Duration::ZERO,
        }
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if path.starts_with(admin::PREFIX) {
        return if is_let_in(&shared, request.headers()) {
            json_only(next.run(request).await)
        } else {
            unauthorised()
        };
    }
    let at = shared.elapsed();
    let method = request.method().to_string();
    let endpoint = Endpoint::of(&method, path);
    let target = request.uri().to_string();
    let answered = answer(&shared, endpoint, request, next).await;
    let Answered {
        response,
        fault,
        stall,
    } = answered;
    // Before the answer goes: whoever asked may be gone by then.
    shared.note(|| LoggedRequest {
        number: 0,
        at,
        method,
        target,
        endpoint,
        status: (!fault.is_some_and(Fault::hangs_up)).then(|| response.status().as_u16()),
        assets: response
            .extensions()
            .get::<Asked>()
            .map(|asked| asked.0.clone())
            .unwrap_or_default(),
        fault: fault.map(|fault| fault.to_string()),
    });
    sleep(stall).await;
    match fault {
        Some(fault) => damage(response, fault, &line).await,
        None => response,
    }
}

/// Lets a request through to its handler, or answers in its place.
async fn answer(
    shared: &Shared,
    endpoint: Option<Endpoint>,
    request: Request<Body>,
    next: Next,
) -> Answered {
    if !is_let_in(shared, request.headers()) {
        return Answered::plainly(unauthorised());
    }
    let Some(endpoint) = endpoint else {
        return Answered::plainly(json_only(next.run(request).await));
    };
    let ticket = shared.limiter().take(endpoint, shared.elapsed());
    if ticket.is_some_and(|ticket| !ticket.allowed) {
        let refused = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
        let refused = unserved(shared, request, refused.into_response()).await;
        return Answered::plainly(with_limit(refused, ticket));
    }
    let Fate {
        delay,
        stall,
        fault,
    } = shared.schedule().next(endpoint);
    sleep(delay).await;
    let response = match fault.and_then(|fault| fault.instead(shared.now())) {
        Some(instead) => unserved(shared, request, instead).await,
        None => json_only(next.run(request).await),
    };
    Answered {
        response: with_limit(response, ticket),
        fault,
        stall,
    }
}

/// Waits, unless there is nothing to wait for.
async fn sleep(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Takes in the body of a request that no handler will see, so that the connection can go on.
async fn unserved(shared: &Shared, request: Request<Body>, mut response: Response) -> Response {
    let body = to_bytes(request.into_body(), LARGEST).await;
    if shared.log.is_some()
        && let Ok(body) = body
    {
        response
            .extensions_mut()
            .insert(Asked(v2::asked(&body).unwrap_or_default()));
    }
    response
}

/// Adds the headers of the bucket to a success and to a refusal.
fn with_limit(mut response: Response, ticket: Option<Ticket>) -> Response {
    let status = response.status();
    if let Some(ticket) = ticket
        && (status.is_success() || status == StatusCode::TOO_MANY_REQUESTS)
    {
        let Ticket {
            allowed: _,
            limit,
            remaining,
        } = ticket;
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit", HeaderValue::from(limit.requests));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
        headers.insert("x-ratelimit-window", HeaderValue::from(limit.window));
    }
    response
}

fn unauthorised() -> Response {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "The bearer token is missing or not valid.",
    )
    .into_response()
}

fn is_let_in(shared: &Shared, headers: &HeaderMap) -> bool {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && token.trim() == shared.token
        })
}

/// Gives the errors of the HTTP library the shape of the API's.
fn json_only(response: Response) -> Response {
    let status = response.status();
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    ApiError::new(status, "The request could not be read.").into_response()
}
