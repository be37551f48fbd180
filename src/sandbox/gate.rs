//! The one gate that every request passes: who asks, how often, what goes wrong, what is logged.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::asset::AssetId;
use crate::sandbox::damage::damage;
use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::fault::{Fate, Fault};
use crate::sandbox::limit::Ticket;
use crate::sandbox::line::Line;
use crate::sandbox::log::LoggedRequest;
use crate::sandbox::refuse::{ApiError, Realm, dress};
use crate::sandbox::{Shared, v2};

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
    let realm = Realm::of(path);
    if realm == Realm::Admin {
        let response = match shared.lets_in(realm, request.headers()) {
            Ok(()) => next.run(request).await,
            Err(refused) => refused.into_response(),
        };
        return dress(realm, response);
    }
    let at = shared.elapsed();
    // Whoever answers before a body has come must end the connection, and a client that goes on
    // with it is lost. So all of it is taken in first, whether anybody reads it or not.
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        let refused = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large.");
        return dress(realm, refused.into_response());
    };
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let method = request.method().to_string();
    let endpoint = Endpoint::of(&method, request.uri().path());
    let target = request.uri().to_string();
    let in_path = asked_in_path(endpoint, request.uri().path());
    let answered = answer(&shared, realm, endpoint, request, next).await;
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
        assets: match endpoint {
            Some(Endpoint::BulkDelete) => v2::asked(&body).unwrap_or_default(),
            Some(_) | None => in_path.into_iter().collect(),
        },
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
    realm: Realm,
    endpoint: Option<Endpoint>,
    request: Request<Body>,
    next: Next,
) -> Answered {
    if let Err(refused) = shared.lets_in(realm, request.headers()) {
        let refused = dress(realm, refused.into_response());
        let now = shared.elapsed();
        let ticket = endpoint.and_then(|endpoint| shared.limiter().look(endpoint, now));
        return Answered::plainly(with_limit(realm, refused, ticket));
    }
    let Some(endpoint) = endpoint else {
        return Answered::plainly(dress(realm, next.run(request).await));
    };
    let ticket = shared.limiter().take(endpoint, shared.elapsed());
    if ticket.is_some_and(|ticket| !ticket.allowed) {
        let refused = ApiError::too_many().into_response();
        let refused = dress(realm, refused);
        return Answered::plainly(with_limit(realm, refused, ticket));
    }
    let Fate {
        delay,
        stall,
        fault,
    } = shared.schedule().next(endpoint);
    sleep(delay).await;
    let response = match fault.and_then(|fault| fault.instead(shared.now())) {
        Some(instead) => instead,
        None => next.run(request).await,
    };
    Answered {
        response: with_limit(realm, dress(realm, response), ticket),
        fault,
        stall,
    }
}

/// The asset that the path of a delete names.
fn asked_in_path(endpoint: Option<Endpoint>, path: &str) -> Option<AssetId> {
    let deletes = matches!(
        endpoint?,
        Endpoint::AssetDelete | Endpoint::V4FileDelete | Endpoint::V4FolderDelete
    );
    let (_, id) = path.rsplit_once('/').filter(|_| deletes)?;
    AssetId::parse(&decoded(id)?).ok()
}

/// A segment of a path as it is meant: some clients send `adobe:` ids as they are, others with
/// escapes (RFC 3986, section 2.1).
fn decoded(segment: &str) -> Option<String> {
    let mut parts = segment.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_same_asset_with_and_without_escapes() {
        let id = AssetId::parse("adobe:urn:aaid:sc:US:1+2/3|4").unwrap();
        for written in [
            "adobe:urn:aaid:sc:US:1+2%2F3|4",
            "adobe%3Aurn%3Aaaid%3asc%3AUS%3A1%2B2%2F3%7C4",
        ] {
            let path = format!("/v4/accounts/a/files/{written}");
            let found = asked_in_path(Some(Endpoint::V4FileDelete), &path);
            assert_eq!(found, Some(id), "{written}");
        }
        // A part that looks like an escape once it is read is none.
        assert_eq!(decoded("a%253A").as_deref(), Some("a%3A"));
        for broken in ["%", "%4", "%+1", "%zz", "%ff"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }
}
