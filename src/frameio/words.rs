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
const TROUBLE: [&str; 5] = ["errors", "code", "status", "message", "failed"];

/// What the name of a field has in it that says that something went wrong, however it is written.
const STEMS: [&str; 12] = [
    "error",
    "fail",
    "fault",
    "exception",
    "denied",
    "reject",
    "refus",
    "code",
    "status",
    "message",
    "detail",
    "reason",
];

/// What the name of a field is that says that something went well.
const SUCCESSES: [&str; 7] = [
    "success",
    "succeeded",
    "ok",
    "done",
    "deleted",
    "result",
    "count",
];

/// Whether a field beside the outcome of a bulk delete says that something went wrong: by its name,
/// in whatever letters, or by a success that is none, at whatever depth. All else says nothing.
pub(super) fn is_trouble(name: &str, value: &Value) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name = letters.collect::<String>().to_ascii_lowercase();
    let is_stem = |text: &str| STEMS.iter().any(|stem| text.contains(stem));
    if is_stem(&name) {
        return true;
    }
    if name == "success" && *value != Value::Bool(true) {
        return true;
    }
    let is_success = SUCCESSES.contains(&&*name);
    match value {
        Value::Null => is_success,
        Value::Bool(said) => is_success && !said,
        Value::Number(number) => is_success && number.as_f64() == Some(0.0),
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            is_success && (text.is_empty() || text == "false" || is_stem(&text))
        }
        Value::Array(values) => {
            is_success && values.is_empty() || values.iter().any(|value| is_trouble("", value))
        }
        Value::Object(fields) => fields.iter().any(|(name, value)| is_trouble(name, value)),
    }
}

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
/// the server says that it is there. `created_at` is when the same answer says that it was made.
///
/// Only a whole time counts: RFC 3339, or the same with a space in place of the `T`. Anything else
/// says neither that the asset is deleted nor that it is there, so the answer cannot be used. Nor
/// can it where the time is one that no asset was deleted at: before it was made, or before there
/// was a Frame.io, as where a program writes the first moment that it knows for none.
///
/// # Errors
///
/// Returns why the value is neither.
pub fn deletion(deleted_at: &Value, created_at: &Value) -> Result<Option<Timestamp>, String> {
    if deleted_at.is_null() {
        return Ok(None);
    }
    let wrong = |why: &str| format!("its `deleted_at` is {why}: {deleted_at}");
    let at = time(deleted_at).ok_or_else(|| wrong("no time"))?;
    if at < FIRST {
        return Err(wrong("before there was a Frame.io"));
    }
    // The two may be written to other fractions of a second.
    let is_before = |created: Timestamp| at.as_second() < created.as_second();
    if time(created_at).is_some_and(is_before) {
        return Err(wrong("before it was made"));
    }
    Ok(Some(at))
}

/// No asset is older: the company was founded in that year.
const FIRST: Timestamp = Timestamp::constant(1_388_534_400, 0);

/// A whole time of an answer.
fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().filter(|text| is_time(text))?.parse().ok()
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
        let moment = |value: &Value| deletion(value, &Value::Null);
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
            json!("0001-01-01T00:00:00Z"),
            json!("1970-01-01T00:00:00Z"),
            json!("2013-12-31T23:59:59Z"),
        ] {
            assert!(moment(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_field_beside_the_outcome_says_trouble_however_it_is_written() {
        for (name, value) in [
            ("errors", json!([])),
            ("Errors", json!([1])),
            ("code", json!(200)),
            ("statusCode", json!(403)),
            ("status_code", json!(403)),
            ("fault", json!({"faultstring": "x"})),
            ("error_description", json!("x")),
            ("error_ids", json!(["a"])),
            ("exception", json!("x")),
            ("reason", json!("denied")),
            ("detail", json!("x")),
            ("success", json!(false)),
            ("Success", json!(false)),
            ("success", json!("false")),
            ("success", json!("true")),
            ("success", json!(null)),
            ("ok", json!(false)),
            ("result", json!("failure")),
            ("count", json!(0)),
            ("deleted", json!([])),
            ("succeeded", json!([])),
            ("data", json!({"errors": ["a"]})),
            ("data", json!([{"message": "x"}])),
        ] {
            assert!(is_trouble(name, &value), "{name}: {value}");
        }
        for (name, value) in [
            ("success", json!(true)),
            ("ok", json!(true)),
            ("result", json!("deleted")),
            ("count", json!(3)),
            ("deleted", json!(["a"])),
            ("ids", json!([])),
            ("request_id", json!("error-free")),
            ("data", json!({"id": "a", "name": null})),
            ("total", json!(0)),
        ] {
            assert!(!is_trouble(name, &value), "{name}: {value}");
        }
    }

    #[test]
    fn nothing_is_deleted_before_it_is_made() {
        let deleted = json!("2026-11-01T12:00:00Z");
        for (created, counts) in [
            (json!(null), true),
            (json!("nonsense"), true),
            (json!("2026-11-01T11:59:59Z"), true),
            (json!("2026-11-01T12:00:00.9Z"), true),
            (json!("2026-11-01T12:00:01Z"), false),
            (json!("2027-01-01T00:00:00Z"), false),
        ] {
            assert_eq!(deletion(&deleted, &created).is_ok(), counts, "{created}");
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
