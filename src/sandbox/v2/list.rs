//! What a list is asked for: pages, order, and what is in it.

use std::cmp::Ordering;

use axum::body::Bytes;
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::Kind;
use crate::sandbox::v2::wire::Asset;

/// How long a page is, unless asked otherwise.
const PAGE: usize = 50;

/// How long a page may be.
const LONGEST_PAGE: usize = 1000;

type Query = [(String, String)];

pub(super) fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

fn value<'query>(query: &'query Query, name: &str) -> Option<&'query str> {
    let found = query.iter().rev().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

fn flag(query: &Query, name: &str) -> Result<bool, ApiError> {
    match value(query, name) {
        None | Some("" | "false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(invalid(format!("`{name}` must be true or false."))),
    }
}

/// What a list is asked for: a search takes a query or a JSON body, and one client sends what it
/// asks of any list as a body. What both name is taken from the query.
pub(super) struct Asked(pub(super) Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let query = extract::Query::from_request_parts(&mut parts, state).await;
        let extract::Query(mut query) = query.map_err(IntoResponse::into_response)?;
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let mut asked = fields(&body).map_err(IntoResponse::into_response)?;
        asked.append(&mut query);
        Ok(Self(asked))
    }
}

/// The fields of a JSON body.
fn fields(body: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let body = body
        .as_object()
        .ok_or_else(|| invalid("The body must be an object."))?;
    let mut fields = Vec::with_capacity(body.len());
    for (name, value) in body {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(invalid(format!("`{name}` must be one value.")));
            }
        };
        fields.push((name.clone(), text));
    }
    Ok(fields)
}

/// Which page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// How many entries are on the pages before.
    pub(super) const fn before(&self) -> usize {
        self.number.saturating_sub(1).saturating_mul(self.size)
    }

    pub(super) fn parse(query: &Query) -> Result<Self, ApiError> {
        let number = |name: &str, default: usize, most: usize| match value(query, name) {
            None => Ok(default),
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| invalid(format!("`{name}` must be a number from 1 to {most}."))),
        };
        Ok(Self {
            number: number("page", 1, usize::MAX)?,
            size: number("page_size", PAGE, LONGEST_PAGE)?,
        })
    }
}

/// What a list shows.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) include_deleted: bool,
    pub(super) include_children: bool,
    kind: Option<Kind>,
}

impl Listing {
    pub(super) fn parse(query: &Query) -> Result<Self, ApiError> {
        let kind = match value(query, "type") {
            None | Some("") => None,
            Some(name) => {
                let wrong = || invalid(format!("`{name}` is not a type of asset."));
                Some(Kind::named(name).ok_or_else(wrong)?)
            }
        };
        let mut include_children = false;
        for part in value(query, "include").unwrap_or_default().split(',') {
            match part {
                "children" => include_children = true,
                "" | "cover_asset" | "review_links" => {}
                other => return Err(invalid(format!("`{other}` cannot be included."))),
            }
        }
        Ok(Self {
            include_deleted: flag(query, "include_deleted")?,
            include_children,
            kind,
        })
    }

    pub(super) fn accepts(&self, kind: Kind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }
}

/// The order of a list: keys, each of them perhaps reversed.
#[derive(Debug)]
pub(super) struct Sort(Vec<(Key, bool)>);

#[derive(Debug, Clone, Copy)]
enum Key {
    CommentCount,
    Filesize,
    Filetype,
    Id,
    Label,
    Name,
    UploadedAt,
}

impl Sort {
    pub(super) fn parse(query: &Query) -> Result<Self, ApiError> {
        let mut keys = Vec::new();
        for part in value(query, "sort").unwrap_or_default().split(',') {
            let (name, reversed) = part
                .strip_prefix('-')
                .map_or((part, false), |name| (name, true));
            let key = match name {
                "" => continue,
                "comment_count" => Key::CommentCount,
                "filesize" => Key::Filesize,
                "filetype" => Key::Filetype,
                "id" => Key::Id,
                "label" => Key::Label,
                "name" => Key::Name,
                "uploaded_at" => Key::UploadedAt,
                other => return Err(invalid(format!("Nothing can be sorted by `{other}`."))),
            };
            keys.push((key, reversed));
        }
        Ok(Self(keys))
    }

    pub(super) const fn is_asked(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether it is the order of the ids, for which nothing else has to be looked up.
    pub(super) const fn is_by_id(&self) -> bool {
        matches!(self.0.as_slice(), [(Key::Id, false)])
    }

    pub(super) fn apply(&self, assets: &mut [Asset]) {
        assets.sort_by(|one, other| {
            self.0
                .iter()
                .map(|(key, reversed)| {
                    let order = key.compare(one, other);
                    if *reversed { order.reverse() } else { order }
                })
                .fold(Ordering::Equal, Ordering::then)
        });
    }
}

impl Key {
    fn compare(self, one: &Asset, other: &Asset) -> Ordering {
        match self {
            Self::CommentCount => one.comment_count.cmp(&other.comment_count),
            Self::Filesize => one.filesize.cmp(&other.filesize),
            Self::Filetype => one.filetype.cmp(&other.filetype),
            Self::Id => one.id.cmp(&other.id),
            Self::Label => one.label.cmp(&other.label),
            Self::Name => one.name.cmp(&other.name),
            Self::UploadedAt => one.uploaded_at.cmp(&other.uploaded_at),
        }
    }
}

/// Where a search looks, and for what.
#[derive(Debug)]
pub(super) struct Within {
    account: Option<Uuid>,
    team: Option<Uuid>,
    project: Option<Uuid>,
    words: Vec<String>,
}

impl Within {
    pub(super) fn parse(query: &Query) -> Result<Self, ApiError> {
        let id = |name: &str| match value(query, name) {
            None => Ok(None),
            Some(text) => Uuid::try_parse(text)
                .map(Some)
                .map_err(|_malformed| invalid(format!("`{name}` must be a UUID."))),
        };
        let words = ["q", "query"].iter().filter_map(|name| value(query, name));
        Ok(Self {
            account: id("account_id")?,
            team: id("team_id")?,
            project: id("project_id")?,
            words: words.map(str::to_lowercase).collect(),
        })
    }

    pub(super) fn accepts(&self, asset: &Asset) -> bool {
        let name = asset.name.to_lowercase();
        self.account.is_none_or(|id| asset.account_id == Some(id))
            && self.team.is_none_or(|id| asset.team_id == Some(id))
            && self.project.is_none_or(|id| asset.project_id == Some(id))
            && self.words.iter().all(|word| name.contains(word.as_str()))
    }
}
