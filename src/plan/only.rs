//! What chooses a part of a plan, as `--only` and saved plans write it.

use std::mem::discriminant;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::asset::written::Written;

/// One condition of a part, such as `owner=dailies@studio.example`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Only {
    pub(super) by: By,
    /// As it was written.
    said: Arc<str>,
}

/// What of an asset is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    /// The asset itself.
    Id(AssetId),
    /// Who answers for it.
    Owner,
    /// The ticket under which it is listed.
    Ticket,
    /// The manifest that lists it, or a folder around that.
    Manifest,
    /// Its project, by name or by id.
    Project,
}

impl Only {
    /// The condition as it was written.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.said
    }

    /// What is compared with.
    pub(super) fn value(&self) -> &str {
        let (_, value) = self.said.split_once('=').unwrap_or_default();
        value.trim()
    }

    /// Whether another condition is an alternative: it compares the same.
    pub(super) fn is_alternative(&self, other: &Self) -> bool {
        discriminant(&self.by) == discriminant(&other.by)
    }
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys = "write `id=…`, `owner=…`, `ticket=…`, `manifest=…` or `project=…`";
        let chosen = text.split_once('=');
        let chosen = chosen.map(|(key, value)| (key.trim(), value.trim()));
        let by = match chosen.filter(|(_, value)| !value.is_empty()) {
            Some(("id", value)) => {
                By::Id(Written::parse(value).map_err(|error| error.to_string())?.id)
            }
            Some(("owner", _)) => By::Owner,
            Some(("ticket", _)) => By::Ticket,
            Some(("manifest", _)) => By::Manifest,
            Some(("project", _)) => By::Project,
            Some(_) | None => return Err(format!("this chooses nothing: {keys}")),
        };
        Ok(Self {
            by,
            said: text.into(),
        })
    }
}

impl TryFrom<String> for Only {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Only> for String {
    fn from(only: Only) -> Self {
        only.said.to_string()
    }
}
