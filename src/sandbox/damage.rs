//! Answers that do not arrive as they were meant.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Sleep, sleep};

use crate::sandbox::fault::{Fault, Wait};
use crate::sandbox::line::Line;
use crate::sandbox::refuse::ApiError;

/// How long a crumb of an answer that drips is, in bytes.
const CRUMB: usize = 16;

/// How long the server gets to send the half of an answer after which the connection ends.
const MOMENT: Duration = Duration::from_millis(1);

/// What stands in for an answer's body that is no JSON.
const GARBAGE: &[u8] = b"\x1f\x8b\x08{\"error\": \xff\xfe<<<";

/// What a web page between client and server says.
const PAGE: &str = "<!doctype html><title>One moment</title><p>One moment, please.</p>";

impl Fault {
    /// The answer that takes the place of the handler's, where the handler is not to be asked.
    pub(super) fn instead(self, now: Timestamp) -> Option<Response> {
        match self {
            Self::Status(status, wait) => Some(refusal(status, wait, now)),
            // The body comes later, when nobody tells errors in the words of the API any more.
            Self::Page(status) => Some(refusal(status, None, now)),
            Self::Odd(_) => Some(StatusCode::OK.into_response()),
            // Nobody sees it: the connection is dropped before.
            Self::DropBefore => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            Self::Delay(_)
            | Self::Stall(_)
            | Self::DropAfter
            | Self::Cut
            | Self::Garbage
            | Self::Drip(_)
            | Self::WrongType
            | Self::Done(_)
            | Self::Half
            | Self::ListEnds
            | Self::ListStops
            | Self::ListRepeats => None,
        }
    }

    /// The answer that takes the place of the handler's, after the handler was asked.
    pub(super) fn afterwards(self, now: Timestamp) -> Option<Response> {
        match self {
            Self::Done(status) => Some(refusal(status, None, now)),
            Self::Half => Some(refusal(504, None, now)),
            Self::Status(..)
            | Self::Page(_)
            | Self::Odd(_)
            | Self::DropBefore
            | Self::Delay(_)
            | Self::Stall(_)
            | Self::DropAfter
            | Self::Cut
            | Self::Garbage
            | Self::Drip(_)
            | Self::WrongType
            | Self::ListEnds
            | Self::ListStops
            | Self::ListRepeats => None,
        }
    }

    /// Whether there is no answer.
    pub(super) const fn hangs_up(self) -> bool {
        matches!(self, Self::DropBefore | Self::DropAfter)
    }
}

fn refusal(status: u16, wait: Option<Wait>, now: Timestamp) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = if status == StatusCode::TOO_MANY_REQUESTS {
        ApiError::too_many()
    } else {
        ApiError::new(status, "The sandbox was told to answer like this.")
    };
    let mut response = error.into_response();
    let (name, value) = match wait {
        None => return response,
        Some(Wait::Seconds(seconds)) => ("retry-after", Some(HeaderValue::from(seconds))),
        Some(Wait::Milliseconds(wait)) => ("retry-after-ms", Some(HeaderValue::from(wait))),
        Some(Wait::Date(ahead)) => ("retry-after", date(now, ahead)),
    };
    if let Some(value) = value {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A moment so many seconds ahead, as HTTP writes dates.
fn date(now: Timestamp, ahead: u64) -> Option<HeaderValue> {
    let moment = now.checked_add(Duration::from_secs(ahead)).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&moment)
        .ok()?;
    HeaderValue::try_from(text).ok()
}

/// Does to an answer what a fault says; faults that act before the answer leave it as it is. The
/// link `itself` leads to the very page that was asked for.
pub(super) async fn damage(
    response: Response,
    fault: Fault,
    itself: &str,
    line: &Line,
) -> Response {
    match fault {
        Fault::Status(..) | Fault::Delay(_) | Fault::Stall(_) | Fault::Done(_) | Fault::Half => {
            response
        }
        Fault::DropBefore | Fault::DropAfter => {
            line.hang_up();
            response
        }
        Fault::Cut => cut(response, line).await,
        Fault::ListEnds => relinked(response, Value::Null, true).await,
        Fault::ListStops => relinked(response, Value::Null, false).await,
        Fault::ListRepeats => relinked(response, itself.into(), true).await,
        Fault::Garbage => with_body(response, "application/json", Body::from(GARBAGE)),
        Fault::WrongType | Fault::Page(_) => {
            with_body(response, "text/html; charset=utf-8", Body::from(PAGE))
        }
        Fault::Odd(odd) => with_body(response, "application/json", Body::from(odd.body())),
        Fault::Drip(pause) => {
            let (parts, bytes) = whole(response).await;
            let crumbs = Crumbs::new(bytes, CRUMB, pause, false);
            Response::from_parts(parts, Body::new(crumbs))
        }
    }
}

async fn whole(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // Every answer was made in memory, so there is nothing that could fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, bytes)
}

/// The head as it was meant, half of the body, and the end of the connection.
async fn cut(response: Response, line: &Line) -> Response {
    let (mut parts, mut bytes) = whole(response).await;
    if bytes.is_empty() {
        // There is nothing to cut but the head.
        line.hang_up();
    }
    let length = HeaderValue::from(bytes.len());
    parts.headers.insert(CONTENT_LENGTH, length);
    bytes.truncate(bytes.len() / 2);
    let size = bytes.len().max(1);
    let body = Body::new(Crumbs::new(bytes, size, MOMENT, true));
    Response::from_parts(parts, body)
}

/// The page of a list with another link to the next one; what is no such page stays as it is.
async fn relinked(response: Response, next: Value, is_counted: bool) -> Response {
    let (mut parts, mut bytes) = whole(response).await;
    let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some(link) = body.pointer_mut("/links/next") {
        *link = next;
        if let Some(body) = body.as_object_mut().filter(|_| !is_counted) {
            body.remove("total_count");
        }
        bytes = body.to_string().into();
        parts.headers.remove(CONTENT_LENGTH);
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn with_body(mut response: Response, kind: &'static str, body: Body) -> Response {
    if response.status() == StatusCode::NO_CONTENT {
        *response.status_mut() = StatusCode::OK;
    }
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    *response.body_mut() = body;
    response
}

/// A body that comes in pieces, and perhaps not to its end.
struct Crumbs {
    bytes: Bytes,
    size: usize,
    pause: Duration,
    breaks: bool,
    /// The pause in which the server sends what it has.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Crumbs {
    const fn new(bytes: Bytes, size: usize, pause: Duration, breaks: bool) -> Self {
        Self {
            bytes,
            size,
            pause,
            breaks,
            waiting: None,
        }
    }
}

impl HttpBody for Crumbs {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(waiting) = &mut self.waiting {
            std::task::ready!(waiting.as_mut().poll(context));
        }
        if self.bytes.is_empty() {
            let broken = || Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            return Poll::Ready(self.breaks.then(broken));
        }
        let size = self.size.min(self.bytes.len());
        let crumb = self.bytes.split_to(size);
        self.waiting = Some(Box::pin(sleep(self.pause)));
        Poll::Ready(Some(Ok(Frame::data(crumb))))
    }
}
