//! What an answer says of where an asset lies, and of what is in it.
//!
//! Source: docs/frameio-api.md, "Reading assets (v2)", "Pages (v2)", "Reading (V4)", "Pages (V4)".

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::asset::{AssetId, Kind};
use crate::frameio::odd::{Odd, lenient, parse};
use crate::frameio::reply::Reply;
use crate::frameio::v4::wire::other_kind;
use crate::frameio::verdict::{Live, Verdict};
use crate::frameio::words::{deletion, detail, is_error};

/// Where an asset lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The id that the answer says.
    pub(super) id: AssetId,
    /// What sort of asset it is; nothing for one that is none of ours.
    pub(super) kind: Option<Kind>,
    /// What it is called.
    pub(super) name: Option<Arc<str>>,
    /// What it lies in; nothing at the top of a project.
    pub(super) parent: Option<AssetId>,
    /// Whether it is deleted.
    pub(super) is_deleted: bool,
}

/// What the server says of one asset, or of what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said<T> {
    /// It says what was asked.
    There(T),
    /// It does not know such an asset.
    NotThere,
    /// It does not tell.
    Refused(String),
}

/// One asset in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(super) id: AssetId,
    pub(super) kind: Option<Kind>,
    pub(super) name: Option<Arc<str>>,
    /// Whether it is deleted.
    pub(super) is_deleted: bool,
}

/// A page of what is in an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Items {
    pub(super) all: Vec<Item>,
    /// The next page; nothing after the last.
    pub(super) next: Option<Page>,
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many pages came before.
    pub(super) before: u32,
}

/// One asset, as an answer about it or a list says it.
#[derive(Deserialize)]
pub(crate) struct Asset {
    id: AssetId,
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<Arc<str>>,
    #[serde(default)]
    deleted_at: Value,
    /// When it was made.
    #[serde(default)]
    created_at: Value,
    /// The same in v2.
    #[serde(default)]
    inserted_at: Value,
    /// What it lies in: null at the top, and missing where the answer does not tell.
    #[serde(default, deserialize_with = "present")]
    parent_id: Option<Value>,
    /// The same in the schema of v2.
    #[serde(default, deserialize_with = "present")]
    parent_asset_id: Option<Value>,
}

/// Keeps null apart from a field that is not there.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
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

    fn is_deleted(&self, reply: &Reply) -> Result<bool, Odd> {
        let created = [&self.created_at, &self.inserted_at];
        let created = created.into_iter().find(|at| !at.is_null());
        let deleted = deletion(&self.deleted_at, created.unwrap_or(&Value::Null));
        let deleted = deleted.map_err(Odd::Field)?;
        let live = deleted.map_or(Live::There, Live::Deleted).so_far(reply)?;
        Ok(matches!(live, Live::Deleted(_)))
    }

    /// What a list of v2 says of it.
    pub(super) fn item(self, reply: &Reply) -> Result<Item, Odd> {
        Ok(Item {
            id: self.id,
            kind: self.kind(),
            is_deleted: self.is_deleted(reply)?,
            name: self.name,
        })
    }

    fn place(self, reply: &Reply) -> Result<Place, Odd> {
        let kind = self.kind();
        let is_deleted = self.is_deleted(reply)?;
        let parents = [self.parent_id, self.parent_asset_id];
        let said = parents
            .into_iter()
            .flatten()
            .find(|parent| !parent.is_null());
        let parent = said.map(|parent| {
            let id = parent.as_str().map(AssetId::parse);
            match id {
                Some(Ok(id)) => Ok(id),
                Some(Err(_)) | None => Err(Odd::Field(format!("its parent is `{parent}`"))),
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

/// Judges the answer to the reading of one asset, with v2, or as the one of V4's kinds that it was
/// asked for as.
pub(super) fn judge_place(asked: Option<Kind>, reply: &Reply) -> Verdict<Said<Place>> {
    judge(reply, |bytes| {
        let asset = one(bytes)?;
        if let (Some(asked), Some(said)) = (asked, &asset.kind)
            && said != asked.name()
        {
            return Err(other_kind(said, asked));
        }
        if asset.parent_id.is_none() && asset.parent_asset_id.is_none() {
            let why = "it does not say what the asset lies in".to_owned();
            return Err(Odd::Field(why));
        }
        asset.place(reply)
    })
}

/// An asset alone, as v2 has it, or in `data`, as V4 has it.
fn one(bytes: &[u8]) -> Result<Asset, Odd> {
    #[derive(Deserialize)]
    struct Wrapped {
        data: Asset,
    }
    let answer: Value = parse(bytes)?;
    match answer.get("data") {
        Some(_) => parse::<Wrapped>(bytes).map(|wrapped| wrapped.data),
        None => parse(bytes),
    }
}

/// Judges a reading of one asset, or of what is in it.
pub(super) fn judge<T>(
    reply: &Reply,
    parse: impl FnOnce(&[u8]) -> Result<T, Odd>,
) -> Verdict<Said<T>> {
    match reply.answer() {
        Some((404, body)) if is_error(body) => Verdict::Told(Said::NotThere),
        // V4 says so of an asset of another kind; with v2 it is no answer to a reading.
        Some((422, _)) => Verdict::Told(Said::NotThere),
        Some((status @ (400 | 403 | 409), body)) => {
            Verdict::Told(Said::Refused(detail(status, body)))
        }
        Some(_) | None => Verdict::of_reading(reply, |bytes| parse(bytes).map(Said::There)),
    }
}
