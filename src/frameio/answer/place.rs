//! What an answer says of where an asset lies, and of what is in it.
//!
//! Source: docs/frameio-api.md, "Reading assets (v2)", "Pages (v2)", "Reading (V4)", "Pages (V4)".

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::asset::{AssetId, Kind};
use crate::frameio::answer::{ReadVerdict, read};
use crate::frameio::v2::wire::detail;
use crate::frameio::v4::wire;
use crate::frameio::{Body, Reply};

/// Where an asset lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::frameio) struct Place {
    /// The id that the answer says.
    pub(in crate::frameio) id: AssetId,
    /// What sort of asset it is; nothing for one that is none of ours.
    pub(in crate::frameio) kind: Option<Kind>,
    /// What it is called.
    pub(in crate::frameio) name: Option<Arc<str>>,
    /// What it lies in; nothing at the top of a project.
    pub(in crate::frameio) parent: Option<AssetId>,
    /// Whether it is deleted.
    pub(in crate::frameio) is_deleted: bool,
}

/// What the server says of one asset, or of what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::frameio) enum Said<T> {
    /// It says what was asked.
    There(T),
    /// It does not know such an asset.
    NotThere,
    /// It does not tell.
    Refused(String),
}

/// One asset in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::frameio) struct Item {
    pub(in crate::frameio) id: AssetId,
    pub(in crate::frameio) kind: Option<Kind>,
    pub(in crate::frameio) name: Option<Arc<str>>,
}

/// A page of what is in an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::frameio) struct Items {
    pub(in crate::frameio) all: Vec<Item>,
    /// V4: where the next page begins; nothing on the last.
    pub(in crate::frameio) next: Option<String>,
    /// v2: how many pages there are, where the server says so.
    pub(in crate::frameio) pages: Option<u32>,
}

#[derive(Deserialize)]
struct Asset {
    id: AssetId,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    name: Option<Arc<str>>,
    #[serde(default)]
    deleted_at: Value,
    /// What it lies in: null at the top, and missing where the answer does not tell.
    #[serde(default, deserialize_with = "said")]
    parent_id: Option<Value>,
    /// The same in the schema of v2.
    #[serde(default, deserialize_with = "said")]
    parent_asset_id: Option<Value>,
}

/// Keeps null apart from a field that is not there.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Asset {
    fn kind(&self) -> Option<Kind> {
        match self.kind.as_deref() {
            Some("file") => Some(Kind::File),
            Some("folder") => Some(Kind::Folder),
            Some("version_stack") => Some(Kind::VersionStack),
            Some(_) | None => None,
        }
    }

    fn place(self) -> Result<Place, String> {
        let kind = self.kind();
        let is_deleted = !self.deleted_at.is_null();
        if is_deleted && !self.deleted_at.as_str().is_some_and(is_time) {
            return Err(format!("its `deleted_at` is `{}`", self.deleted_at));
        }
        let parents = [self.parent_id, self.parent_asset_id];
        let said = parents
            .into_iter()
            .flatten()
            .find(|parent| !parent.is_null());
        let parent = said.map(|parent| {
            let id = parent.as_str().map(AssetId::parse);
            match id {
                Some(Ok(id)) => Ok(id),
                Some(Err(_)) | None => Err(format!("its parent is `{parent}`")),
            }
        });
        let parent = parent.transpose()?;
        Ok(Place {
            id: self.id,
            kind,
            name: self.name,
            parent,
            is_deleted,
        })
    }
}

/// Whether a text begins as a date and a time do: nothing else says when something was deleted.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    digits(0..4) && digits(5..7) && digits(8..10) && bytes.get(4) == Some(&b'-') && digits(11..13)
}

/// Judges the answer to the reading of one asset, with v2 or as one of V4's kinds.
pub(in crate::frameio) fn judge_place(reply: &Reply) -> ReadVerdict<Said<Place>> {
    judge(reply, |bytes| {
        let asset = one(bytes)?;
        if asset.parent_id.is_none() && asset.parent_asset_id.is_none() {
            return Err("it does not say what the asset lies in".to_owned());
        }
        asset.place()
    })
}

/// An asset alone, as v2 has it, or in `data`, as V4 has it.
fn one(bytes: &[u8]) -> Result<Asset, String> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let data = value.get_mut("data").map(Value::take).unwrap_or(value);
    serde_json::from_value(data).map_err(|error| error.to_string())
}

/// Judges a page of what is in an asset, with v2.
pub(in crate::frameio) fn judge_items_v2(reply: &Reply) -> ReadVerdict<Said<Items>> {
    let pages = match reply {
        Reply::Answered { pages, .. } => *pages,
        Reply::NoToken { .. } | Reply::NotSent { .. } | Reply::Lost { .. } => None,
    };
    judge(reply, |bytes| {
        let assets: Vec<Asset> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        Ok(Items {
            all: assets.into_iter().map(item).collect(),
            next: None,
            pages,
        })
    })
}

/// Judges a page of what is in an asset, with V4.
pub(in crate::frameio) fn judge_items_v4(reply: &Reply) -> ReadVerdict<Said<Items>> {
    judge(reply, |bytes| {
        let wire::Page { items, next } = wire::page::<Asset>(bytes)?;
        Ok(Items {
            all: items.into_iter().map(item).collect(),
            next,
            pages: None,
        })
    })
}

fn item(asset: Asset) -> Item {
    Item {
        id: asset.id,
        kind: asset.kind(),
        name: asset.name,
    }
}

fn judge<T>(reply: &Reply, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> ReadVerdict<Said<T>> {
    match reply {
        Reply::Answered {
            status: 404, body, ..
        } if is_error(body) => ReadVerdict::Read(Said::NotThere),
        // V4 says so of an asset of another kind; with v2 it is no answer to a reading.
        Reply::Answered { status: 422, .. } => ReadVerdict::Read(Said::NotThere),
        Reply::Answered {
            status: status @ (400 | 403 | 409),
            body,
            ..
        } => ReadVerdict::Read(Said::Refused(detail(*status, body))),
        Reply::Answered { .. }
        | Reply::NoToken { .. }
        | Reply::NotSent { .. }
        | Reply::Lost { .. } => read(reply, |bytes| parse(bytes).map(Said::There)),
    }
}

/// Whether a body is the API's own error: an object with errors, or with the code 404.
fn is_error(body: &Body) -> bool {
    let Body::Whole(bytes) = body else {
        return false;
    };
    let Ok(Value::Object(said)) = serde_json::from_slice(bytes) else {
        return false;
    };
    let errors = said.get("errors").and_then(Value::as_array);
    let listed =
        errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(Value::is_object));
    listed || said.get("code") == Some(&Value::from(404))
}
