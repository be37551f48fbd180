//! What a plan was checked against.

use std::sync::Arc;

use jiff::Timestamp;

use crate::inventory::Person;

/// What a plan was checked against.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Checked {
    /// Nothing: no server was asked.
    NotChecked,
    /// The live account.
    Live(LiveCheck),
}

/// The live account, as a plan was checked against it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LiveCheck {
    /// When it was read: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub at: Timestamp,
    /// The account; nothing where v2 was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Arc<str>>,
    /// What it is called, where the server says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<Arc<str>>,
    /// Who read it.
    pub user: Person,
    /// Of how many listed assets the server said what they are, or that they are not there.
    pub read: usize,
    /// What was recalled in place of being read for this plan; nothing where everything was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalled: Option<Recalled>,
}

/// That some of what a plan shows was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recalled {
    /// When the oldest of it was read: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub oldest: Timestamp,
    /// Until when that is kept: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub until: Timestamp,
}

impl Checked {
    /// The live account, where it was read.
    #[must_use]
    pub const fn live(&self) -> Option<&LiveCheck> {
        match self {
            Self::NotChecked => None,
            Self::Live(check) => Some(check),
        }
    }
}

#[cfg(test)]
impl Checked {
    /// A live account with few words.
    pub(crate) fn in_tests() -> Self {
        Self::Live(LiveCheck {
            at: Timestamp::UNIX_EPOCH,
            account: Some("acc".into()),
            account_name: Some("North".into()),
            user: Person {
                name: Some("Ada".into()),
                ..Person::default()
            },
            read: 2,
            recalled: None,
        })
    }
}
