//! The calls that have a limit of their own, and that faults can be aimed at.

use std::fmt;
use std::str::FromStr;

use crate::sandbox::limit::Limit;

/// A call of the API, or several that are counted as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// v2: the bulk delete.
    BulkDelete,
    /// v2: the delete of one asset.
    AssetDelete,
    /// v2: reading one asset.
    AssetRead,
    /// v2: what is in a folder.
    Children,
    /// v2: both searches.
    Search,
    /// v2: whose token it is.
    Me,
    /// v2: accounts.
    Accounts,
    /// v2: teams.
    Teams,
    /// v2: projects.
    Projects,
}

/// Says that no call has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no endpoint of the sandbox: it has {names}", names = names())]
pub struct NoEndpoint(pub String);

fn names() -> String {
    let names: Vec<_> = Endpoint::ALL
        .iter()
        .map(|endpoint| format!("`{endpoint}`"))
        .collect();
    names.join(", ")
}

impl Endpoint {
    /// Every endpoint, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::BulkDelete,
        Self::AssetDelete,
        Self::AssetRead,
        Self::Children,
        Self::Search,
        Self::Me,
        Self::Accounts,
        Self::Teams,
        Self::Projects,
    ];

    /// Its place in [`Endpoint::ALL`].
    pub(in crate::sandbox) const fn number(self) -> usize {
        self as usize
    }

    /// Its name in limits and faults.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BulkDelete => "bulk_delete",
            Self::AssetDelete => "asset_delete",
            Self::AssetRead => "asset_read",
            Self::Children => "children",
            Self::Search => "search",
            Self::Me => "me",
            Self::Accounts => "accounts",
            Self::Teams => "teams",
            Self::Projects => "projects",
        }
    }

    /// Its limit (docs/frameio-api.md, "Rate limits").
    #[must_use]
    pub const fn documented(self) -> Limit {
        match self {
            Self::BulkDelete | Self::AssetDelete => Limit::of(50, 1000),
            Self::AssetRead => Limit::of(5, 1000),
            Self::Children => Limit::of(40, 60_000),
            Self::Search | Self::Me | Self::Accounts | Self::Teams | Self::Projects => {
                Limit::of(200, 60_000)
            }
        }
    }

    /// The endpoint that a request goes to.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let version = parts.next()?;
        let mut rest = [""; 3];
        let mut length = 0;
        for part in parts {
            *rest.get_mut(length)? = part;
            length += 1;
        }
        match version {
            "v2" => Self::of_v2(method, rest.get(..length)?),
            _ => None,
        }
    }

    fn of_v2(method: &str, parts: &[&str]) -> Option<Self> {
        match (method, parts) {
            ("DELETE", ["batch", "assets"]) => Some(Self::BulkDelete),
            ("DELETE", ["assets", _]) => Some(Self::AssetDelete),
            ("GET", ["assets", _]) => Some(Self::AssetRead),
            ("GET", ["assets", _, "children"]) => Some(Self::Children),
            ("GET" | "POST", ["search", "assets" | "library"]) => Some(Self::Search),
            ("GET", ["me"]) => Some(Self::Me),
            ("GET", ["accounts"] | ["accounts", _]) => Some(Self::Accounts),
            ("GET", ["teams"] | ["accounts", _, "teams"]) => Some(Self::Teams),
            ("GET", ["teams", _, "projects"] | ["projects", _]) => Some(Self::Projects),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Endpoint {
    type Err = NoEndpoint;

    fn from_str(text: &str) -> Result<Self, NoEndpoint> {
        let name = text.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
            .ok_or_else(|| NoEndpoint(text.to_owned()))
    }
}
