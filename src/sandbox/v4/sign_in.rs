//! The sign-in of people: nobody is asked, and the browser is sent on at once.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::sandbox::access::Tokens;
use crate::sandbox::refuse::ApiError;
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::find::Answer;

/// What a sign-in must be asked for, so that V4 takes its token.
const SCOPES: [&str; 2] = ["openid", "AdobeID"];

fn field<'form>(form: &'form [(String, String)], name: &str) -> &'form str {
    let found = form.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value.as_str())
}

fn refused(error: &'static str, why: &str) -> ApiError {
    ApiError::oauth(StatusCode::BAD_REQUEST, error, why)
}

/// Sends the browser on, with a code for whoever has the verifier.
pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Answer {
    let value = |name| field(&query, name);
    let mut tokens = shared.tokens();
    if value("client_id") != tokens.access.client.id {
        return Err(refused("invalid_client", "There is no such client."));
    }
    if value("response_type") != "code" || value("code_challenge_method") != "S256" {
        let why = "Only a code with a challenge of S256 is given.";
        return Err(refused("unsupported_response_type", why));
    }
    let scope = value("scope");
    let has = |wanted: &&str| scope.split([' ', ',']).any(|one| one == *wanted);
    if !SCOPES.iter().all(has) {
        let why = "The scope must hold openid and AdobeID.";
        return Err(refused("invalid_scope", why));
    }
    let redirect = value("redirect_uri");
    if !redirect.starts_with("https://") {
        return Err(refused(
            "invalid_request",
            "The redirect address must be https.",
        ));
    }
    let code = tokens.begin(value("code_challenge"));
    let separator = if redirect.contains('?') { '&' } else { '?' };
    let location = format!("{redirect}{separator}code={code}&state={}", value("state"));
    Ok((StatusCode::FOUND, [(LOCATION, location)]).into_response())
}

/// Takes a code and its verifier for a refresh token.
pub(super) fn finish(tokens: &mut Tokens, form: &[(String, String)]) -> Result<String, ApiError> {
    let challenge = Sha256::digest(field(form, "code_verifier").as_bytes());
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
    let finished = tokens.finish(field(form, "code"), &challenge);
    finished.ok_or_else(|| refused("invalid_grant", "The code or its verifier is wrong."))
}

/// Takes a refresh token, which is good once, for the next one.
pub(super) fn refresh(tokens: &mut Tokens, form: &[(String, String)]) -> Result<String, ApiError> {
    let next = tokens.refresh(field(form, "refresh_token"));
    next.ok_or_else(|| refused("invalid_grant", "The refresh token is not good any more."))
}

/// Takes a token back.
pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Answer {
    shared.tokens().revoke(field(&form, "token"));
    Ok(StatusCode::OK.into_response())
}
