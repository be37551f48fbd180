//! What the server says of one asset, of a project, of a person.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::{AssetId, Kind};

/// An asset as the server shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Its id.
    pub id: AssetId,
    /// What the server tells of it.
    pub facts: Facts,
    /// What it tells of its project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<(AssetId, Project)>,
}

/// A project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// The folder at its top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<AssetId>,
    /// How many bytes are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<u64>,
}

/// What the server says of one asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What sort of asset it is.
    pub kind: Kind,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// Its project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<AssetId>,
    /// The folder or version stack that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AssetId>,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// When it was changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<Arc<Person>>,
    /// How far its upload has come, in the server's word: `created`, `uploaded`, `transcoded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Arc<str>>,
    /// What sort of media it is, such as `video/quicktime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<Arc<str>>,
    /// Its address in the web app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_url: Option<Arc<str>>,
    /// Whether only some members of the project see it; folders alone have that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted: Option<bool>,
    /// The newest version of a version stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<AssetId>,
    /// Its custom fields; nothing where they were not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Arc<[Field]>>,
    /// What a version stack holds; nothing where that was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Arc<[AssetId]>>,
    /// When it was deleted, of what is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
}

/// Somebody who has made an asset, or who works with a token.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Arc<str>>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Arc<str>>,
}

/// A custom field of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The id of its definition.
    pub id: Arc<str>,
    /// The name of its definition.
    pub name: Arc<str>,
    /// What it says: the text, number or date as it is written, `true` or `false`, or the display
    /// name of each option that is chosen (its id where the name is not known). Empty where the
    /// field is not set.
    pub values: Vec<Arc<str>>,
    /// Whether it says something that is not among these, or an option whose name is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unclear: bool,
}

impl Facts {
    /// The facts of an asset of which only the kind is known.
    #[must_use]
    pub const fn of_kind(kind: Kind) -> Self {
        Self {
            kind,
            name: None,
            project: None,
            parent: None,
            bytes: None,
            created: None,
            updated: None,
            creator: None,
            upload: None,
            media_type: None,
            view_url: None,
            restricted: None,
            head: None,
            fields: None,
            files: None,
            deleted: None,
        }
    }
}
