//! The wire types of V4: what an answer says.
//!
//! Source: docs/frameio-api.md, "Reading (V4)", "Pages (V4)".

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::asset::{AssetId, Kind};
use crate::frameio::odd::{Odd, lenient, parse};
use crate::frameio::reply::Body;
use crate::frameio::v4::call::Cursor;
use crate::frameio::verdict::Live;
use crate::frameio::words::{deletion, object};
use crate::inventory::Facts;

#[derive(Deserialize)]
pub(super) struct Wrapped<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
struct Paged<T> {
    data: Vec<T>,
    #[serde(default)]
    links: Option<Links>,
    #[serde(default)]
    total_count: Option<usize>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins, as its link has it; nothing on the last.
    pub next: Cursor,
    /// How many entries the list has, where it says so.
    pub total: Option<usize>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(super) fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

/// An account, a workspace or a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    pub id: String,
    /// Its name, as far as it has one.
    #[serde(default, alias = "display_name", deserialize_with = "lenient")]
    pub name: Option<String>,
    /// The id that Adobe's storage has given it, where it has.
    #[serde(default, deserialize_with = "lenient")]
    pub adobe_id: Option<String>,
    /// What the token's user is in it, where the server says so: accounts alone have that.
    #[serde(default, deserialize_with = "lenient")]
    pub roles: Option<Vec<String>>,
}

/// Whose token it is, as far as the server says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct User {
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub email: Option<String>,
}

/// Reads whose token it is.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub fn user(bytes: &[u8]) -> Result<User, Odd> {
    parse::<Wrapped<User>>(bytes).map(|user| user.data)
}

/// Reads whether an asset is there from the answer to its reading.
///
/// # Errors
///
/// Returns why the bytes are not that answer, or that they speak of another asset or of one of
/// another kind than was asked for.
pub fn live((kind, id): (Kind, AssetId), bytes: &[u8]) -> Result<Live, Odd> {
    #[derive(Deserialize)]
    struct Asset {
        id: AssetId,
        #[serde(rename = "type", default)]
        kind: Value,
        #[serde(default)]
        deleted_at: Value,
        #[serde(default)]
        created_at: Value,
    }
    let Wrapped { data } = parse::<Wrapped<Asset>>(bytes)?;
    // What is asked for by an id of Adobe's storage answers with its own.
    if data.id != id && !id.is_adobe() {
        let why = format!("it speaks of `{}` instead of `{id}`", data.id);
        return Err(Odd::Foreign(why));
    }
    // What is no kind at all is told where the kind is read.
    let said = data.kind.as_str();
    let mut others = Kind::ALL.iter().filter(|other| **other != kind);
    if let Some(other) = others.find(|other| said == Some(other.name())) {
        return Err(other_kind(other.name(), kind));
    }
    let deleted = deletion(&data.deleted_at, &data.created_at).map_err(Odd::Field)?;
    Ok(deleted.map_or(Live::There, Live::Deleted))
}

/// What is said of an answer that contradicts what it was asked as: what an asset is decides what
/// goes along with it, and what a hold on it keeps.
#[must_use]
pub fn other_kind(said: &str, asked: Kind) -> Odd {
    let asked = asked.name();
    Odd::Foreign(format!("it says `{said}` where a {asked} was asked for"))
}

/// Reads what an asset lies in; nothing where its answer does not say so.
#[must_use]
pub fn parent(bytes: &[u8]) -> Option<AssetId> {
    #[derive(Deserialize)]
    struct Asset {
        parent_id: AssetId,
    }
    let asset = parse::<Wrapped<Asset>>(bytes).ok()?;
    Some(asset.data.parent_id)
}

/// Reads a page of the files of a version stack.
///
/// # Errors
///
/// Returns why the bytes are not such a page, or hold what is no file.
pub fn files(bytes: &[u8]) -> Result<Page<AssetId>, Odd> {
    #[derive(Deserialize)]
    struct Asset {
        id: AssetId,
        #[serde(rename = "type")]
        kind: String,
    }
    let Page { items, next, total } = page::<Asset>(bytes)?;
    let files = items.into_iter().map(|asset| match asset.kind.as_str() {
        "file" => Ok(asset.id),
        kind => Err(Odd::Foreign(format!(
            "it holds `{}`, which is a {kind}",
            asset.id
        ))),
    });
    Ok(Page {
        items: files.collect::<Result<_, _>>()?,
        next,
        total,
    })
}

/// A line of the list of what was deleted from a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: AssetId,
    /// What held it, where the line says so.
    pub parent: Option<AssetId>,
    /// When it was deleted; a line that does not say so shows nothing.
    pub at: Option<Timestamp>,
    /// What else it tells of the asset, where it says its kind.
    pub facts: Option<Facts>,
}

/// Reads a page of what was deleted from a project.
///
/// # Errors
///
/// Returns why the bytes are not such a page.
pub fn deleted(bytes: &[u8]) -> Result<Page<Line>, Odd> {
    #[derive(Deserialize)]
    struct Asset {
        id: AssetId,
        #[serde(rename = "type", default, deserialize_with = "lenient")]
        kind: Option<Kind>,
        #[serde(default, deserialize_with = "lenient")]
        name: Option<Arc<str>>,
        #[serde(default, deserialize_with = "lenient")]
        file_size: Option<u64>,
        #[serde(default, deserialize_with = "lenient")]
        project_id: Option<AssetId>,
        #[serde(default)]
        parent_id: Value,
        #[serde(default)]
        deleted_at: Value,
        #[serde(default)]
        created_at: Value,
    }
    let page = page::<Asset>(bytes)?;
    let line = |asset: Asset| {
        let parent = asset.parent_id.as_str();
        let parent = parent.and_then(|text| AssetId::parse(text).ok());
        Line {
            id: asset.id,
            parent,
            at: deletion(&asset.deleted_at, &asset.created_at)
                .ok()
                .flatten(),
            facts: asset.kind.map(|kind| Facts {
                name: asset.name,
                bytes: asset.file_size,
                project: asset.project_id,
                parent,
                ..Facts::of_kind(kind)
            }),
        }
    };
    Ok(page.map(line))
}

/// Whether the body of a success to a delete is one: there is none, as the API documents it. What
/// says something may say anything, and the asset is read.
#[must_use]
pub fn is_success(body: &Body) -> bool {
    match body {
        Body::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => true,
        Body::Whole(_) => object(body).is_some_and(|body| body.is_empty()),
        Body::Cut { .. } => false,
    }
}

/// Whether a body is an error of this API: a whole object with `errors`, each an object with a
/// `title` or a `detail`.
#[must_use]
pub fn is_error(body: &Body) -> bool {
    let Some(body) = object(body) else {
        return false;
    };
    let says = |error: &Value| {
        ["title", "detail"]
            .iter()
            .any(|name| error.get(name).is_some_and(Value::is_string))
    };
    let errors = body.get("errors").and_then(Value::as_array);
    errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(says))
}

/// Reads a page of a list.
///
/// # Errors
///
/// Returns why the bytes are not such a page.
pub fn page<T: DeserializeOwned>(bytes: &[u8]) -> Result<Page<T>, Odd> {
    let Paged {
        data,
        links,
        total_count,
    } = parse::<Paged<T>>(bytes)?;
    let next = links.and_then(|links| links.next);
    let next = next.map(|link| cursor(&link)).transpose()?;
    Ok(Page {
        items: data,
        next,
        total: total_count,
    })
}

/// Takes the cursor out of a link to the next page, letter for letter as the link has it; a page
/// that cannot be gone on from must not pass for the last one.
///
/// Nobody says how a server encodes it, and a `+` would be one thing in a form and another in
/// Base64. Frame.io's own clients follow the link as it is, so the same letters go back.
fn cursor(link: &str) -> Result<Arc<str>, String> {
    let link = link.split_once('#').map_or(link, |(link, _)| link);
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let after = query
        .split('&')
        .find_map(|part| part.strip_prefix("after="));
    let after = after.filter(|after| !after.is_empty());
    after
        .map(Arc::from)
        .ok_or_else(|| "its link to the next page has no `after`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

    #[test]
    fn a_page_goes_on_by_the_cursor_of_its_link() {
        let body = format!(
            r#"{{"data":[{{"id":"{A}","type":"file","more":1}}],"links":{{"next":"/v4/accounts/a/x?after=g3%3D%2B1"}}}}"#
        );
        let page = files(body.as_bytes()).unwrap();
        assert_eq!(page.items, [AssetId::parse(A).unwrap()]);
        assert_eq!(page.next.as_deref(), Some("g3%3D%2B1"));
        for last in [r#"{"data":[]}"#, r#"{"data":[],"links":{"next":null}}"#] {
            assert_eq!(files(last.as_bytes()).unwrap().next, None);
        }
        // As the document of the API shows one, and as a form would have it.
        for (link, after) in [
            ("/v4/x?after=g3+/Mg==", "g3+/Mg=="),
            ("https://x/v4?a=b&after=g3%20+&c=d#after=e", "g3%20+"),
        ] {
            let body = format!(r#"{{"data":[],"links":{{"next":"{link}"}}}}"#);
            let next = files(body.as_bytes()).unwrap().next;
            assert_eq!(next.as_deref(), Some(after));
        }
        for broken in [
            r#"{"data":[],"links":{"next":"/v4/accounts"}}"#,
            r#"{"data":[],"links":{"next":"/v4/accounts?after="}}"#,
            r#"{"data":{}}"#,
        ] {
            assert!(files(broken.as_bytes()).is_err(), "{broken}");
        }
        let folder = format!(r#"{{"data":[{{"id":"{A}","type":"folder"}}]}}"#);
        assert!(files(folder.as_bytes()).is_err());
    }

    #[test]
    fn a_line_of_the_deleted_says_when_or_shows_nothing() {
        let lines = |rest: &str| {
            let body = format!(r#"{{"data":[{{"id":"{A}","type":"file"{rest}}}]}}"#);
            deleted(body.as_bytes()).unwrap().items
        };
        let at = "2026-11-01T12:00:00Z";
        let said = lines(&format!(
            r#","deleted_at":"{at}","parent_id":"{A}","name":"a.mov","file_size":7"#
        ));
        let id = AssetId::parse(A).unwrap();
        let line = Line {
            id,
            parent: Some(id),
            at: Some(at.parse().unwrap()),
            facts: Some(Facts {
                name: Some("a.mov".into()),
                bytes: Some(7),
                parent: Some(id),
                ..Facts::of_kind(Kind::File)
            }),
        };
        assert_eq!(said, [line]);
        let when = |rest: &str| {
            lines(rest)
                .into_iter()
                .map(|line| line.at)
                .collect::<Vec<_>>()
        };
        for odd in [
            "\"\"",
            "\"never\"",
            "false",
            "0",
            "null",
            "\"2026-13-01T00:00:00Z\"",
        ] {
            assert_eq!(when(&format!(r#","deleted_at":{odd}"#)), [None], "{odd}");
        }
        assert_eq!(when(""), [None]);
    }

    #[test]
    fn a_deleted_asset_and_another_one_are_told_apart() {
        let id = AssetId::parse(A).unwrap();
        let file = Kind::File;
        let of = |rest: &str| {
            live(
                (file, id),
                format!(r#"{{"data":{{"id":"{A}"{rest}}}}}"#).as_bytes(),
            )
        };
        assert_eq!(of(""), Ok(Live::There));
        assert_eq!(of(r#","deleted_at":null"#), Ok(Live::There));
        assert_eq!(
            of(r#","deleted_at":"2026-01-01T00:00:00Z""#),
            Ok(Live::Deleted("2026-01-01T00:00:00Z".parse().unwrap()))
        );
        for odd in ["\"\"", "\"never\"", "false"] {
            assert!(of(&format!(r#","deleted_at":{odd}"#)).is_err(), "{odd}");
        }
        let other = AssetId::parse("7c9e6679-7425-40de-944b-e07fc1f90ae7").unwrap();
        let body = format!(r#"{{"data":{{"id":"{A}"}}}}"#);
        assert!(live((file, other), body.as_bytes()).is_err());
        let adobe = AssetId::parse("adobe:urn:aaid:sc:US:1").unwrap();
        assert_eq!(live((file, adobe), body.as_bytes()), Ok(Live::There));
        assert_eq!(of(r#","type":"file""#), Ok(Live::There));
        assert!(of(r#","type":"folder""#).is_err());
    }
}
