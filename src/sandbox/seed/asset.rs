//! An asset of a seed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::asset::AssetId;
use crate::sandbox::seed::date::{Age, Date};

/// What the sandbox says of an asset that the seed refuses without a message.
pub(crate) const REFUSAL: &str = "Failed to delete asset due to permission restrictions.";

/// An asset.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the seed, and none depends on another"
)]
pub struct Asset {
    /// The asset's id.
    pub id: AssetId,
    /// Its name.
    pub name: String,
    /// What sort of asset it is.
    #[serde(default, rename = "type")]
    pub kind: Kind,
    /// Its size in bytes.
    #[serde(default)]
    pub filesize: u64,
    /// Its media type.
    #[serde(default)]
    pub filetype: Option<String>,
    /// Its label.
    #[serde(default)]
    pub label: Option<String>,
    /// How long before the sandbox began it was made, such as `120d`.
    #[serde(default)]
    pub age: Option<Age>,
    /// When it was made: a moment, or an age such as `120d ago`.
    #[serde(default)]
    pub inserted_at: Option<Date>,
    /// When it was changed.
    #[serde(default)]
    pub updated_at: Option<Date>,
    /// When it was uploaded.
    #[serde(default)]
    pub uploaded_at: Option<Date>,
    /// When it was deleted; it lives where this is missing.
    #[serde(default)]
    pub deleted_at: Option<Date>,
    /// When it was archived.
    #[serde(default)]
    pub archived_at: Option<Date>,
    /// Who made it, by the address of one of the `people`; whose token it is, where this is missing.
    #[serde(default)]
    pub creator: Option<String>,
    /// How far its upload has come.
    #[serde(default)]
    pub upload: Upload,
    /// Whether only some members of the project see it, as folders may say.
    #[serde(default)]
    pub restricted: bool,
    /// What it says in the account's custom fields, by their names.
    #[serde(default)]
    pub fields: BTreeMap<String, Value>,
    /// How often it was looked at.
    #[serde(default)]
    pub view_count: u64,
    /// Whether its delete is refused: `true` for the usual message, or a message.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "RefusalSchema"))]
    pub refuse: Refusal,
    /// Whether its delete is answered as if it were not there.
    #[serde(default)]
    pub deaf: bool,
    /// Whether its delete is answered as if it were done, and it stays.
    #[serde(default)]
    pub feigned: bool,
    /// Whether no token sees it: all of it is answered like what never was there.
    #[serde(default)]
    pub hidden: bool,
    /// What is in it.
    #[serde(default)]
    pub children: Vec<Asset>,
}

/// How far the upload of a file has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Upload {
    /// The file was made, and its bytes have not come; some stay like that for ever.
    Created,
    /// Its bytes have come.
    Uploaded,
    /// Its proxies are made.
    #[default]
    Transcoded,
}

impl Upload {
    /// Its name, as the API writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Uploaded => "uploaded",
            Self::Transcoded => "transcoded",
        }
    }
}

/// What sort of asset one is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A file.
    #[default]
    File,
    /// A folder.
    Folder,
    /// A stack of versions of one file.
    VersionStack,
    /// A bundle.
    Bundle,
}

impl Kind {
    /// The kind with a name, as the API writes it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [Self::File, Self::Folder, Self::VersionStack, Self::Bundle];
        all.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind's name, as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::VersionStack => "version_stack",
            Self::Bundle => "bundle",
        }
    }
}

/// Whether and how the delete of an asset is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal(pub Option<String>);

/// The two ways to write a refusal.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum RefusalSchema {
    Flag(bool),
    Message(String),
}

impl<'de> Deserialize<'de> for Refusal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl serde::de::Visitor<'_> for Either {
            type Value = Refusal;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("true, false or a message")
            }

            fn visit_bool<E>(self, refused: bool) -> Result<Refusal, E> {
                Ok(Refusal(refused.then(|| REFUSAL.to_owned())))
            }

            fn visit_str<E>(self, message: &str) -> Result<Refusal, E> {
                Ok(Refusal(Some(message.to_owned())))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
