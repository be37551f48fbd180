//! The versions of the API, and what each can do.

/// A version of the Frame.io API.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// The legacy API, which has a bulk delete.
    V2,
    /// The current API, which deletes one asset a call.
    V4,
}

/// In what the versions differ for whoever plans and reports. How each is spoken is told by its
/// adapter, see `app::api`.
///
/// Source: docs/frameio-api.md.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a row of a table: each is a fact of its own"
)]
pub struct Abilities {
    /// One call deletes many assets.
    pub deletes_in_bulk: bool,
    /// It tells what is in folders and version stacks, so that all that goes is read before.
    pub reads_contents: bool,
    /// Each call names the account that it means.
    pub names_accounts: bool,
    /// It takes tokens of Adobe, and others only where somebody says so.
    pub takes_adobe_tokens: bool,
    /// It will be removed.
    pub ends: bool,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::V2, Self::V4];

    /// What it can do.
    #[must_use]
    pub const fn abilities(self) -> Abilities {
        match self {
            Self::V2 => Abilities {
                deletes_in_bulk: true,
                reads_contents: false,
                names_accounts: false,
                takes_adobe_tokens: false,
                ends: true,
            },
            Self::V4 => Abilities {
                deletes_in_bulk: false,
                reads_contents: true,
                names_accounts: true,
                takes_adobe_tokens: true,
                ends: false,
            },
        }
    }

    /// The version's name, as it stands in documents and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V4 => "v4",
        }
    }
}
