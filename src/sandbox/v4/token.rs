//! The token endpoint: server to server, by a client's id and secret.

use std::sync::Arc;

use axum::Form;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;

use crate::sandbox::refuse::ApiError;
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::find::Answer;

/// What a token must be asked for.
const SCOPE: &str = "frame.s2s.all";

#[derive(Serialize)]
struct Issued {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// Issues a token to whoever has the client's id and secret.
pub(super) async fn issue(
    State(shared): State<Arc<Shared>>,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Answer {
    let refused = |error, why| Err(ApiError::oauth(StatusCode::BAD_REQUEST, error, why));
    let Ok(Form(form)) = form else {
        return refused("invalid_request", "The body must be a form.");
    };
    let field = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    if field("grant_type") != "client_credentials" {
        return refused(
            "unsupported_grant_type",
            "Only client_credentials is taken.",
        );
    }
    let now = shared.elapsed();
    let mut tokens = shared.tokens();
    let client = &tokens.access.client;
    if field("client_id") != client.id || field("client_secret") != client.secret {
        let why = "The client's id or its secret is wrong.";
        let status = StatusCode::UNAUTHORIZED;
        return Err(ApiError::oauth(status, "invalid_client", why));
    }
    if !field("scope").split([' ', ',']).any(|scope| scope == SCOPE) {
        return refused("invalid_scope", "The scope must hold frame.s2s.all.");
    }
    let issued = Issued {
        access_token: tokens.issue(now),
        token_type: "bearer",
        expires_in: tokens.access.token_lifetime,
    };
    Ok(Json(issued).into_response())
}
