//! The token endpoint: server to server, by a client's id and secret, or for a person who has
//! signed in.

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
use crate::sandbox::v4::sign_in;

/// What a token must be asked for.
const SCOPE: &str = "frame.s2s.all";

#[derive(Serialize)]
struct Issued {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Issues a token to whoever has the client's id and secret, or a code or a refresh token.
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
    let now = shared.elapsed();
    let mut tokens = shared.tokens();
    let client = &tokens.access.client;
    let is_person = match field("grant_type") {
        "client_credentials" => false,
        "authorization_code" | "refresh_token" => true,
        _ => {
            let why = "Only client_credentials, authorization_code and refresh_token are taken.";
            return refused("unsupported_grant_type", why);
        }
    };
    // What a person signs in with has no secret.
    let knows = is_person || field("client_secret") == client.secret;
    if field("client_id") != client.id || !knows {
        let why = "The client's id or its secret is wrong.";
        let status = StatusCode::UNAUTHORIZED;
        return Err(ApiError::oauth(status, "invalid_client", why));
    }
    let refresh_token = match field("grant_type") {
        "authorization_code" => Some(sign_in::finish(&mut tokens, &form)?),
        "refresh_token" => Some(sign_in::refresh(&mut tokens, &form)?),
        _ if !field("scope").split([' ', ',']).any(|scope| scope == SCOPE) => {
            return refused("invalid_scope", "The scope must hold frame.s2s.all.");
        }
        _ => None,
    };
    let issued = Issued {
        access_token: tokens.issue(now),
        token_type: "bearer",
        expires_in: tokens.access.token_lifetime,
        refresh_token,
    };
    Ok(Json(issued).into_response())
}
