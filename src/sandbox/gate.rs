//! The one gate that every request passes: who asks, what is logged, what errors look like.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::asset::AssetId;
use crate::sandbox::{LoggedRequest, Shared};

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

async fn pass(State(shared): State<Arc<Shared>>, request: Request<Body>, next: Next) -> Response {
    let method = request.method().to_string();
    let target = request.uri().to_string();
    let response = if is_let_in(&shared, request.headers()) {
        json_only(next.run(request).await)
    } else {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "The bearer token is missing or not valid.",
        )
        .into_response()
    };
    shared.note(|| LoggedRequest {
        method,
        target,
        status: response.status().as_u16(),
        assets: response
            .extensions()
            .get::<Asked>()
            .map(|asked| asked.0.clone())
            .unwrap_or_default(),
    });
    response
}

fn is_let_in(shared: &Shared, headers: &HeaderMap) -> bool {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && token.trim() == shared.world().token
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
