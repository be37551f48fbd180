//! The wire types of v2: what is sent, and what an answer says.
//!
//! Source: docs/frameio-api.md, "Bulk delete (v2)", "Reading assets (v2)", "Pages (v2)", "Errors (v2)".

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::asset::AssetId;
use crate::frameio::answer::{Found, Live};
use crate::frameio::{Body, mask};

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
/// `error` may be missing, null or empty; other fields are ignored.
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
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if key != "error" {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let Refusals(found) = map.next_value::<Option<Refusals>>()?.unwrap_or_default();
                    if refusals.replace(found).is_some() {
                        return Err(A::Error::duplicate_field("error"));
                    }
                }
                Ok(Answer(refusals.unwrap_or_default()))
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

/// What is read of an asset.
#[derive(Deserialize)]
struct Asset {
    id: AssetId,
    deleted_at: Option<String>,
    /// Its name in real answers.
    #[serde(default)]
    parent_id: Value,
    /// Its name in the schema.
    #[serde(default)]
    parent_asset_id: Value,
}

impl Asset {
    const fn live(&self) -> Live {
        if self.deleted_at.is_some() {
            Live::Deleted
        } else {
            Live::There
        }
    }

    /// What holds it; a value that is no id says nothing.
    fn parent(&self) -> Option<AssetId> {
        let said = [&self.parent_id, &self.parent_asset_id].into_iter();
        said.filter_map(Value::as_str)
            .find_map(|text| AssetId::parse(text).ok())
    }
}

/// Reads whether an asset is there, and what holds it, from the answer to its reading.
///
/// # Errors
///
/// Returns why the bytes are not that answer, or that they speak of another asset.
pub fn found(id: AssetId, bytes: &[u8]) -> Result<Found, String> {
    let asset: Asset = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if asset.id != id {
        return Err(format!("it speaks of `{}` instead of `{id}`", asset.id));
    }
    Ok(Found {
        live: asset.live(),
        parent: asset.parent(),
    })
}

/// Reads a page of what is in a folder, in the order of the page.
///
/// # Errors
///
/// Returns why the bytes are no such page.
pub fn listed(bytes: &[u8]) -> Result<Vec<(AssetId, Live)>, String> {
    let assets: Vec<Asset> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let assets = assets.into_iter();
    Ok(assets.map(|asset| (asset.id, asset.live())).collect())
}

/// Reads the account's id, in lower case, from the answer of `/v2/me`.
///
/// # Errors
///
/// Returns why the bytes are not that answer.
pub fn account(bytes: &[u8]) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Me {
        account_id: String,
    }
    let me: Me = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(me.account_id.to_lowercase())
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
    .unwrap_or_else(|| format!("status {status}"))
}
