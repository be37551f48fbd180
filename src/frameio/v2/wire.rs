//! The wire types of v2: what is sent, and what an answer says.
//!
//! Source: docs/frameio-api.md, "Bulk delete (v2)", "Reading assets (v2)", "Pages (v2)", "Errors (v2)".

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::asset::{AssetId, Kind};
use crate::frameio::mask;
use crate::frameio::odd::{Odd, lenient, parse};
use crate::frameio::v4::wire::{Named, User};
use crate::frameio::verdict::Live;
use crate::frameio::words::{deletion, is_trouble};
use crate::inventory::{Facts, Project};

/// The body of the bulk delete.
#[must_use]
pub fn bulk_delete(ids: &[AssetId]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Request<'ids> {
        asset_ids: &'ids [AssetId],
    }
    // A list of ids cannot fail to serialise.
    serde_json::to_vec(&Request { asset_ids: ids }).unwrap_or_default()
}

/// Reads the answer to the bulk delete: the ids that were not deleted, each with why.
///
/// It is an object without any key, or one whose `error` is null or maps ids to messages. Beside
/// that other fields are ignored, but those in which a server says that something went wrong.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub fn refusals(bytes: &[u8]) -> Result<Vec<(String, String)>, serde_json::Error> {
    let answer: Answer = serde_json::from_slice(bytes)?;
    Ok(answer.0)
}

struct Answer(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Answer;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answer, A::Error> {
                let mut refusals = None;
                let mut is_empty = true;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    is_empty = false;
                    if key == "error" {
                        let found = map.next_value::<Option<Refusals>>()?.unwrap_or_default();
                        if refusals.replace(found.0).is_some() {
                            return Err(A::Error::duplicate_field("error"));
                        }
                        continue;
                    }
                    let value = map.next_value::<Value>()?;
                    if is_trouble(&key, &value) {
                        let said = format!("it has `{key}`: {value}");
                        return Err(A::Error::custom(said));
                    }
                }
                match refusals {
                    Some(refusals) => Ok(Answer(refusals)),
                    None if is_empty => Ok(Answer(Vec::new())),
                    None => Err(A::Error::missing_field("error")),
                }
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[derive(Default)]
struct Refusals(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Refusals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Refusals;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object from ids to messages")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Refusals, A::Error> {
                let mut rows = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    let value = map.next_value::<Value>()?;
                    let message = value.as_str().map(str::to_owned);
                    // Its texts are bounded, but not their number.
                    let other = || mask::bounded(&value.to_string());
                    rows.push((key, message.unwrap_or_else(other)));
                }
                Ok(Refusals(rows))
            }
        }
        deserializer.deserialize_map(Rows)
    }
}

/// Reads whether an asset is there from the answer to its reading.
///
/// # Errors
///
/// Returns why the bytes are not that answer, or that they speak of another asset.
pub fn live(id: AssetId, bytes: &[u8]) -> Result<Live, Odd> {
    #[derive(Deserialize)]
    struct Asset {
        id: AssetId,
        #[serde(default)]
        deleted_at: Value,
        #[serde(default)]
        inserted_at: Value,
    }
    let asset: Asset = parse(bytes)?;
    if asset.id != id {
        let why = format!("it speaks of `{}` instead of `{id}`", asset.id);
        return Err(Odd::Foreign(why));
    }
    let deleted = deletion(&asset.deleted_at, &asset.inserted_at).map_err(Odd::Field)?;
    Ok(deleted.map_or(Live::There, Live::Deleted))
}

/// What the server says of an asset, alone or in a list.
#[derive(Deserialize)]
struct Asset {
    id: AssetId,
    #[serde(rename = "type", default)]
    kind: Value,
    /// The same, which real answers have beside it.
    #[serde(rename = "_type", default)]
    other_kind: Value,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<Arc<str>>,
    #[serde(default)]
    project_id: Option<AssetId>,
    #[serde(default)]
    parent_id: Option<AssetId>,
    #[serde(default)]
    parent_asset_id: Option<AssetId>,
    #[serde(default, deserialize_with = "lenient")]
    filesize: Option<u64>,
    #[serde(default)]
    inserted_at: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default)]
    filetype: Value,
    #[serde(default)]
    deleted_at: Value,
}

impl Asset {
    /// What is told of it; of one that is none of our kinds only its type.
    fn facts(self) -> Result<Facts, String> {
        let kind = self.kind.as_str().or(self.other_kind.as_str());
        let kind = kind.unwrap_or("not said");
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.name() == kind) else {
            return Err(mask::bounded(kind));
        };
        // A moment that cannot be read is none, so that what is decided by it is refused.
        let at = |value: &Value| value.as_str()?.parse().ok();
        Ok(Facts {
            name: self.name,
            project: self.project_id,
            parent: self.parent_id.or(self.parent_asset_id),
            bytes: self.filesize,
            created: at(&self.inserted_at),
            updated: at(&self.updated_at),
            media_type: self.filetype.as_str().map(Arc::from),
            ..Facts::of_kind(kind)
        })
    }
}

/// Reads what the server says of an asset; of one that is none of our kinds only its type.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub fn facts(bytes: &[u8]) -> Result<Result<Facts, String>, Odd> {
    Ok(parse::<Asset>(bytes)?.facts())
}

/// Reads a page of what is in an asset: how many rows it has, and those of what is there and is one
/// of our kinds.
///
/// # Errors
///
/// Returns why the bytes are not such a list.
pub fn list(bytes: &[u8]) -> Result<(usize, Vec<(AssetId, Facts)>), Odd> {
    let rows: Vec<Asset> = parse(bytes)?;
    let count = rows.len();
    let mut there = Vec::with_capacity(count);
    for row in rows {
        let is_deleted = deletion(&row.deleted_at, &row.inserted_at)
            .map_err(Odd::Field)?
            .is_some();
        let id = row.id;
        there.extend(
            row.facts()
                .ok()
                .filter(|_| !is_deleted)
                .map(|facts| (id, facts)),
        );
    }
    Ok((count, there))
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The account that it works in, in lower case.
    pub account: String,
    pub user: User,
}

/// Reads whose token it is.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub fn me(bytes: &[u8]) -> Result<Me, Odd> {
    #[derive(Deserialize)]
    struct Answer {
        account_id: String,
    }
    let Answer { account_id } = parse(bytes)?;
    let account = account_id.to_lowercase();
    let user = parse(bytes)?;
    Ok(Me { account, user })
}

/// Reads a list of accounts, teams or projects. The name of an account is its `display_name`
/// where it has one.
///
/// # Errors
///
/// Returns why the bytes are not such a list.
pub fn named(bytes: &[u8]) -> Result<Vec<Named>, Odd> {
    let items: Vec<Item> = parse(bytes)?;
    let named = items.into_iter().map(|item| Named {
        id: item.id,
        name: item.display_name.or(item.name),
        adobe_id: None,
        roles: None,
    });
    Ok(named.collect())
}

/// Reads the answer about one project: what it is called.
///
/// # Errors
///
/// Returns why the bytes are not that answer, or that they speak of another project.
pub fn project(id: AssetId, bytes: &[u8]) -> Result<Project, Odd> {
    let Item {
        id: said,
        name,
        display_name: _,
    } = parse(bytes)?;
    if AssetId::parse(&said).ok() != Some(id) {
        return Err(Odd::Foreign(format!(
            "it speaks of `{said}` instead of `{id}`"
        )));
    }
    Ok(Project {
        name: name.map(Arc::from),
        ..Project::default()
    })
}

/// What has an id and a name.
#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    display_name: Option<String>,
}
