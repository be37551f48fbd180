//! What an error looks like, in the words of each API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// Whose routes a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Realm {
    /// The v2 API, and whatever is no route at all.
    V2,
    /// The V4 API.
    V4,
    Ims,
    Admin,
}

impl Realm {
    pub(super) fn from_path(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("v4") => Self::V4,
            Some("ims") => Self::Ims,
            Some("_sandbox") => Self::Admin,
            _ => Self::V2,
        }
    }
}

/// An error, before it is told in the words of one API.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: StatusCode,
    detail: String,
    pointer: Option<String>,
    /// How OAuth calls it.
    oauth: &'static str,
}

/// docs/frameio-api.md, "Errors (v2)".
#[derive(Serialize)]
struct V2Body<'error> {
    code: u16,
    message: &'error str,
    errors: [V2Entry<'error>; 1],
}

#[derive(Serialize)]
struct V2Entry<'error> {
    code: u16,
    status: u16,
    title: &'error str,
    detail: &'error str,
}

/// docs/frameio-api.md, "Errors (V4)".
#[derive(Serialize)]
struct V4Body<'error> {
    errors: [V4Entry<'error>; 1],
}

#[derive(Serialize)]
struct V4Entry<'error> {
    detail: &'error str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'error str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'error>>,
}

#[derive(Serialize)]
struct Source<'error> {
    pointer: &'error str,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            pointer: None,
            oauth: "invalid_request",
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "The resource could not be found.")
    }

    /// A part of the request has no value that can be taken.
    pub(super) fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.to_owned()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    pub(super) fn oauth(status: StatusCode, error: &'static str, why: &str) -> Self {
        Self {
            oauth: error,
            ..Self::new(status, why)
        }
    }

    pub(super) fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
    }

    /// The error in the words of an API.
    fn told(&self, realm: Realm) -> Response {
        let (status, detail) = (self.status, &*self.detail);
        let title = status.canonical_reason().unwrap_or("Error");
        let code = status.as_u16();
        match realm {
            Realm::V2 | Realm::Admin => {
                let entry = V2Entry {
                    code,
                    status: code,
                    title,
                    detail,
                };
                let body = V2Body {
                    code,
                    message: title,
                    errors: [entry],
                };
                (status, Json(body)).into_response()
            }
            Realm::V4 => {
                let source = self.pointer.as_deref().map(|pointer| Source { pointer });
                let entry = V4Entry {
                    detail,
                    title: (status != StatusCode::TOO_MANY_REQUESTS).then_some(title),
                    source,
                };
                (status, Json(V4Body { errors: [entry] })).into_response()
            }
            // RFC 6749, section 5.2.
            Realm::Ims => {
                let body = json!({"error": self.oauth, "error_description": detail});
                (status, Json(body)).into_response()
            }
        }
    }
}

/// The error goes along with an empty answer, until [`dress`] tells it.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Tells an error in the words of the API that was asked; other answers stay as they are.
pub(super) fn dress(realm: Realm, mut response: Response) -> Response {
    let status = response.status();
    let error = match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error,
        // The HTTP library has errors of its own, in plain text.
        None if status.is_client_error() || status.is_server_error() => {
            ApiError::new(status, "The request could not be read.")
        }
        None => return response,
    };
    let mut told = error.told(realm);
    for (name, value) in response.headers() {
        if !told.headers().contains_key(name) {
            told.headers_mut().insert(name, value.clone());
        }
    }
    *told.extensions_mut() = std::mem::take(response.extensions_mut());
    told
}
