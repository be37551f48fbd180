//! What a list is asked for: how much, from where, in which order and with what.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{self, FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::Serialize;

use crate::sandbox::refuse::ApiError;
use crate::sandbox::seed::{BareAfter, Kind};
use crate::sandbox::shared::Shared;
use crate::sandbox::v4::cursor::Cursor;
use crate::sandbox::v4::find::Answer;

/// How long a page is, unless asked otherwise.
const PAGE: usize = 50;

/// How long a page may be.
pub(super) const LONGEST: usize = 100;

/// How long a page of what is in a folder may be.
pub(super) const LONGEST_OF_ASSETS: usize = 500;

/// The path and the query of a request.
pub(super) struct Query {
    path: String,
    fields: Vec<(String, String)>,
    /// What becomes of the order and the kinds of a list that goes on by its cursor alone.
    bare_after: BareAfter,
}

impl FromRequestParts<Arc<Shared>> for Query {
    type Rejection = QueryRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, QueryRejection> {
        let extract::Query(fields) = extract::Query::from_request_parts(parts, shared).await?;
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, shared).await;
        let path = uri.path().to_owned();
        let bare_after = shared.world().behaviour.bare_after;
        Ok(Self {
            path,
            fields,
            bare_after,
        })
    }
}

impl Query {
    /// What the query says; of what it says twice only the last counts.
    fn value(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().rev().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn paging(&self, longest: usize) -> Result<Paging, ApiError> {
        let size = match self.value("page_size") {
            None => PAGE,
            Some(text) => {
                let size = text.parse().ok();
                let size = size.filter(|size| (1..=longest).contains(size));
                let wrong = || format!("Invalid integer. Expected 1 to {longest}.");
                size.ok_or_else(|| ApiError::invalid("/page_size", wrong()))?
            }
        };
        let after = self.cursor()?.map(|cursor| cursor.place);
        let wants_total = self.flag("include_total_count")?;
        Ok(Paging {
            size,
            after: after.filter(|after| !after.is_empty()),
            wants_total,
        })
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.value(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                let wrong = "Invalid boolean. Expected true or false.";
                Err(ApiError::invalid(&format!("/{name}"), wrong))
            }
        }
    }

    fn cursor(&self) -> Result<Option<Cursor>, ApiError> {
        let text = self.value("after");
        text.map(|text| Cursor::read(text).ok_or_else(bad_cursor))
            .transpose()
    }

    /// What the query says, or else the cursor in it, where it keeps that; both must not say
    /// different things.
    fn kept(
        &self,
        name: &str,
        pick: fn(Cursor) -> Option<String>,
    ) -> Result<Option<String>, ApiError> {
        let said = self.value(name).map(str::to_owned);
        let cursor = self.cursor()?;
        let Some(cursor) = cursor.filter(|_| self.bare_after == BareAfter::Keeps) else {
            return Ok(said);
        };
        let kept = pick(cursor);
        if said.is_some() && said != kept {
            return Err(bad_cursor());
        }
        Ok(kept)
    }

    fn kept_sort(&self) -> Result<Option<String>, ApiError> {
        self.kept("sort", |cursor| cursor.sort)
    }

    fn kept_kinds(&self) -> Result<Option<String>, ApiError> {
        self.kept("type", |cursor| cursor.kinds)
    }

    pub(super) fn include(&self, known: &[&str]) -> Result<Include, ApiError> {
        let parts: Vec<String> = self
            .value("include")
            .into_iter()
            .flat_map(|text| text.split(','))
            .map(|part| part.trim().to_owned())
            .collect();
        if parts.iter().all(|part| known.contains(&part.as_str())) {
            return Ok(Include(parts));
        }
        Err(ApiError::invalid("/include", "Invalid value for enum."))
    }

    /// The order of a list, and whether it is reversed.
    pub(super) fn sort<T: Copy>(&self, known: &[(&str, T)]) -> Result<Option<(T, bool)>, ApiError> {
        let Some(text) = self.kept_sort()? else {
            return Ok(None);
        };
        let wrong = || ApiError::invalid("/sort", "Invalid value for enum.");
        let (name, reversed) = match (text.strip_suffix("_asc"), text.strip_suffix("_desc")) {
            (Some(name), _) => (name, false),
            (None, Some(name)) => (name, true),
            (None, None) => return Err(wrong()),
        };
        let found = known.iter().find(|(known, _)| *known == name);
        let (_, key) = found.ok_or_else(wrong)?;
        Ok(Some((*key, reversed)))
    }

    /// The kinds that a list of children is asked for.
    pub(super) fn kinds(&self) -> Result<Option<Vec<Kind>>, ApiError> {
        let Some(text) = self.kept_kinds()? else {
            return Ok(None);
        };
        let kinds = text.split(',').map(|part| {
            let kind = Kind::named(part.trim());
            kind.filter(|kind| *kind != Kind::Bundle)
                .ok_or_else(|| ApiError::invalid("/type", "Invalid value for enum."))
        });
        kinds.collect::<Result<_, _>>().map(Some)
    }
}

/// Which part of a list.
#[derive(Debug)]
pub(super) struct Paging {
    pub(super) size: usize,
    /// What the cursor says of the place.
    after: Option<String>,
    pub(super) wants_total: bool,
}

impl Paging {
    /// Whether it is the first page.
    pub(super) const fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// What the cursor says, in the form that one list gives it.
    pub(super) fn after<T>(
        &self,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let after = self.after.as_deref();
        after
            .map(|text| read(text).ok_or_else(bad_cursor))
            .transpose()
    }
}

fn bad_cursor() -> ApiError {
    ApiError::invalid("/after", "Invalid cursor.")
}

#[derive(Serialize)]
struct Listed<T> {
    data: Vec<T>,
    links: Links,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
}

#[derive(Serialize)]
struct Links {
    next: Option<String>,
}

/// A page of a list; `next` is the place at which the rest begins.
pub(super) fn page<T: Serialize>(
    query: &Query,
    data: Vec<T>,
    next: Option<String>,
    total_count: Option<usize>,
) -> Answer {
    let next = match next {
        None => None,
        Some(place) => {
            let keeps = query.bare_after == BareAfter::Keeps;
            let cursor = Cursor {
                page: query.cursor()?.map_or(1, |cursor| cursor.page) + 1,
                sort: query.kept_sort()?.filter(|_| keeps),
                kinds: query.kept_kinds()?.filter(|_| keeps),
                place,
            };
            Some(format!("{}?after={}", query.path, cursor.write()))
        }
    };
    let links = Links { next };
    Ok(Json(Listed {
        data,
        links,
        total_count,
    })
    .into_response())
}

/// What comes along with an asset, a workspace or a project.
#[derive(Debug, Default, Clone)]
pub(super) struct Include(Vec<String>);

impl Include {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|part| part == name)
    }

    /// The media links that are asked for.
    pub(super) fn media_links(&self) -> impl Iterator<Item = &str> {
        let parts = self.0.iter();
        parts.filter_map(|part| part.strip_prefix("media_links."))
    }
}
