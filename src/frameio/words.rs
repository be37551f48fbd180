//! The words of a server that both versions of the API share: of errors, and of moments.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::frameio::reply::Body;

/// How many characters of a server's words are kept: they end up in the state of each asset.
pub const LONGEST: usize = 500;

/// Keeps the beginning of a server's words.
#[must_use]
pub fn bounded(text: &str) -> String {
    if text.chars().nth(LONGEST).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(LONGEST - 1).collect();
    format!("{kept}…")
}

/// The fields in which servers say that something went wrong; none of them belongs to a success.
pub(super) const TROUBLE: [&str; 5] = ["errors", "code", "status", "message", "failed"];

/// The fields of a body that is a whole object.
pub(super) fn object(body: &Body) -> Option<Map<String, Value>> {
    match body {
        Body::Whole(bytes) => serde_json::from_slice(bytes).ok(),
        Body::Cut { .. } => None,
    }
}

/// Whether a body is an error of the API: a whole object with `code` 404 or with `errors`.
#[must_use]
pub fn is_error(body: &Body) -> bool {
    let Some(body) = object(body) else {
        return false;
    };
    let not_found = body.get("code").and_then(Value::as_u64) == Some(404);
    let errors = body.get("errors").and_then(Value::as_array);
    let errors =
        errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(Value::is_object));
    not_found || errors
}

/// Whether a body says that something went wrong, in a whole object with one of the fields in which
/// either version of the API says so.
pub(super) fn is_refusal(body: &Body) -> bool {
    object(body).is_some_and(|body| TROUBLE.iter().any(|field| body.contains_key(*field)))
}

/// Says in words what an answer that is no success says: its most telling field, or its status.
#[must_use]
pub fn detail(status: u16, body: &Body) -> String {
    #[derive(Deserialize)]
    struct Errors {
        message: Option<String>,
        #[serde(default)]
        errors: Vec<ErrorEntry>,
    }
    #[derive(Deserialize)]
    struct ErrorEntry {
        title: Option<String>,
        detail: Option<String>,
    }
    let said = match body {
        Body::Whole(bytes) => serde_json::from_slice::<Errors>(bytes).ok(),
        Body::Cut { .. } => None,
    };
    said.and_then(|said| {
        let first = said.errors.into_iter().next();
        let (title, detail) = first.map_or((None, None), |entry| (entry.title, entry.detail));
        detail.or(said.message).or(title)
    })
    .filter(|text| !text.trim().is_empty())
    .map_or_else(|| format!("status {status}"), |text| bounded(&text))
}

/// Says in words that a success has a body that the API does not send, with its beginning.
#[must_use]
pub(super) fn odd_success(status: u16, body: &Body) -> String {
    const SHOWN: usize = 80;
    match body {
        Body::Whole(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let text = text.trim();
            let cut = text.char_indices().nth(SHOWN);
            let (begin, end) = match cut {
                Some((at, _)) => (&text[..at], "…"),
                None => (text, ""),
            };
            format!("status {status} with a body that is not the API's: `{begin}{end}`")
        }
        Body::Cut { detail } => format!("status {status} with a body that is cut short: {detail}"),
    }
}

/// The moment at which an asset was deleted: nothing where its `deleted_at` is null, which is how
/// the server says that it is there.
///
/// Only a whole time counts: RFC 3339, or the same with a space in place of the `T`. Anything else
/// says neither that the asset is deleted nor that it is there, so the answer cannot be used.
///
/// # Errors
///
/// Returns why the value is neither.
pub fn moment(deleted_at: &Value) -> Result<Option<Timestamp>, String> {
    if deleted_at.is_null() {
        return Ok(None);
    }
    let time = deleted_at.as_str().filter(|text| is_time(text));
    let time = time.and_then(|text| text.parse().ok());
    let wrong = || format!("its `deleted_at` is no time: {deleted_at}");
    time.map(Some).ok_or_else(wrong)
}

/// Whether a moment is over by the server's own clock, which is read as exact to some minutes: an
/// asset that is deleted later is not deleted now. Where the server does not say what time it is,
/// nobody can tell, and what cannot be told is no evidence.
#[must_use]
pub fn is_over(at: Timestamp, server: Option<Timestamp>) -> bool {
    const EXACT: SignedDuration = SignedDuration::from_mins(5);
    server.is_some_and(|now| at.duration_since(now) <= EXACT)
}

/// Whether a text has the form `2026-11-01T12:00:00Z`, perhaps with a fraction, another offset, or
/// a space in the middle.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let Some((head, zone)) = text.as_bytes().split_at_checked(FORM.len()) else {
        return false;
    };
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        form => byte == form,
    };
    let zone = match zone {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &rest[digits..]
        }
        zone => zone,
    };
    let is_zone = matches!(zone, [b'Z' | b'z'])
        || matches!(zone, [b'+' | b'-', hours @ .., b':', _, _] if hours.len() == 2);
    head.iter().zip(FORM).all(fits) && is_zone
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_whole_time_is_one() {
        for text in [
            "2026-11-01T12:00:00Z",
            "2026-11-01 12:00:00Z",
            "2026-11-01t12:00:00.123456z",
            "2026-11-01T13:00:00+01:00",
        ] {
            let told = moment(&json!(text)).unwrap();
            let expected = if text.contains('.') {
                "2026-11-01T12:00:00.123456Z"
            } else {
                "2026-11-01T12:00:00Z"
            };
            assert_eq!(told, Some(expected.parse().unwrap()), "{text}");
        }
        assert_eq!(moment(&json!(null)), Ok(None));
        for odd in [
            json!(""),
            json!("never"),
            json!(false),
            json!(true),
            json!(0),
            json!(1_700_000_000),
            json!({}),
            json!([]),
            json!("2026-11-01"),
            json!("2026-11-01T12:00Z"),
            json!("2026-11-01T12:00:00"),
            json!("2026-11-01T12:00:00."),
            json!("2026-13-01T12:00:00Z"),
            json!("0000-00-00T00:00:00Z"),
            json!(" 2026-11-01T12:00:00Z"),
            json!("2026-11-01T12:00:00Z[UTC]"),
        ] {
            assert!(moment(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn the_beginning_of_long_words_is_kept() {
        assert_eq!(bounded("short"), "short");
        let just = "é".repeat(LONGEST);
        assert_eq!(bounded(&just), just);
        let long = bounded(&"é".repeat(LONGEST + 1));
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with("é…"));
    }
}
