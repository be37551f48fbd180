//! The seed: a YAML document that describes the world that a sandbox serves.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::fault::{Faults, Share};
use crate::sandbox::limit::Limits;

/// The version of the document that this program reads.
const VERSION: u64 = 1;

/// The largest seed that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// What the sandbox says of an asset that the seed refuses without a message.
pub(super) const REFUSAL: &str = "Failed to delete asset due to permission restrictions.";

/// A world to serve.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(title = "frameio-retire sandbox seed"))]
pub struct Seed {
    /// The version of this document: 1.
    #[cfg_attr(test, schemars(range(min = 1, max = 1)))]
    pub version: u64,
    /// The bearer token that the sandbox accepts from anybody and for ever.
    #[serde(default = "default_token")]
    pub token: String,
    /// A legacy developer token: V4 takes it with the header `x-frameio-legacy-token-auth` only.
    #[serde(default = "default_legacy_token")]
    pub legacy_token: String,
    /// Who may fetch tokens for V4.
    #[serde(default)]
    pub client: Client,
    /// How long a fetched token lives, in seconds.
    #[serde(default = "default_lifetime")]
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub token_lifetime: u64,
    /// Whose token it is.
    #[serde(default)]
    pub me: Me,
    /// How the sandbox behaves where the API's documentation leaves it open.
    #[serde(default)]
    pub behaviour: Behaviour,
    /// The rate limits.
    #[serde(default = "Limits::documented")]
    pub limits: Limits,
    /// What goes wrong, and how often.
    #[serde(default)]
    pub faults: Faults,
    /// The accounts.
    pub accounts: Vec<Account>,
}

fn default_token() -> String {
    "sandbox-token".to_owned()
}

fn default_legacy_token() -> String {
    "sandbox-legacy-token".to_owned()
}

const fn default_lifetime() -> u64 {
    86_400
}

/// Who may fetch tokens from the token endpoint.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The client's id.
    pub id: String,
    /// The client's secret. It is no secret.
    pub secret: String,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            id: "sandbox-client".to_owned(),
            secret: "sandbox-secret".to_owned(),
        }
    }
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Me {
    /// The user's id.
    pub id: Uuid,
    /// The user's name.
    pub name: String,
    /// The user's address.
    pub email: String,
}

impl Default for Me {
    fn default() -> Self {
        Self {
            id: Uuid::from_u128(0x5a5a_0000_0000_4000_8000_0000_0000_0001),
            name: "Sandbox User".to_owned(),
            email: "user@sandbox.example".to_owned(),
        }
    }
}

/// How the sandbox behaves where the API's documentation leaves it open.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// What an unknown id in a bulk delete does.
    pub unknown_id: UnknownId,
    /// What a second delete of the same asset answers.
    pub second_delete: SecondDelete,
    /// Whether the delete of a folder deletes what is in it.
    pub cascade: bool,
    /// What the list of the recently deleted shows of what went along with its folder.
    pub recently_deleted: RecentlyDeleted,
    /// Whether that list goes on showing what was restored.
    #[serde(default)]
    pub stale_lists: bool,
    /// How often that list is read before it shows what was deleted meanwhile.
    #[serde(default)]
    pub late_lists: u64,
    /// The most ids in one bulk delete; more are refused with 422.
    pub max_batch: Option<usize>,
    /// The share of assets whose delete is refused, besides those that say so themselves; which
    /// ones it is depends on their ids alone.
    pub refuse: Share,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            unknown_id: UnknownId::default(),
            second_delete: SecondDelete::default(),
            cascade: true,
            recently_deleted: RecentlyDeleted::default(),
            stale_lists: false,
            late_lists: 0,
            max_batch: None,
            refuse: Share::default(),
        }
    }
}

/// What an unknown id in a bulk delete does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownId {
    /// It makes the whole call a 404, and nothing is deleted.
    #[default]
    NotFound,
    /// It lands in `error`.
    InError,
}

/// What a second delete of the same asset answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SecondDelete {
    /// The same as for an unknown id.
    #[default]
    NotFound,
    /// Success.
    Ok,
}

/// What the list of the recently deleted shows of what went along with its folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecentlyDeleted {
    /// All of it.
    #[default]
    All,
    /// Nothing: the folder stands for it.
    Tops,
}

/// An account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's id.
    pub id: Uuid,
    /// The account's name.
    pub name: String,
    /// Its teams.
    #[serde(default)]
    pub teams: Vec<Team>,
}

/// A team.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The team's id.
    pub id: Uuid,
    /// The team's name.
    pub name: String,
    /// Its projects.
    #[serde(default)]
    pub projects: Vec<Project>,
}

/// A project.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The project's id.
    pub id: Uuid,
    /// The project's name.
    pub name: String,
    /// The id of its root folder; one is made from the project's id where it is missing.
    #[serde(default)]
    pub root: Option<AssetId>,
    /// What is in the root folder.
    #[serde(default)]
    pub assets: Vec<Asset>,
}

/// An asset.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
    /// When it was made.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub inserted_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub updated_at: Option<Timestamp>,
    /// When it was uploaded.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub uploaded_at: Option<Timestamp>,
    /// When it was deleted; it lives where this is missing.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub deleted_at: Option<Timestamp>,
    /// When it was archived.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub archived_at: Option<Timestamp>,
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
    /// Whether no token sees it: all of it is answered like what never was there.
    #[serde(default)]
    pub hidden: bool,
    /// What is in it.
    #[serde(default)]
    pub children: Vec<Asset>,
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
    pub(super) fn named(name: &str) -> Option<Self> {
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

/// Why a seed cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}:{column}: {message}")]
pub struct SeedError {
    /// The seed's file, as the user named it.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl Seed {
    /// A seed that says nothing but its accounts and limits.
    pub(super) fn new(accounts: Vec<Account>, limits: Limits) -> Self {
        Self {
            version: VERSION,
            token: default_token(),
            legacy_token: default_legacy_token(),
            client: Client::default(),
            token_lifetime: default_lifetime(),
            me: Me::default(),
            behaviour: Behaviour::default(),
            limits,
            faults: Faults::default(),
            accounts,
        }
    }

    /// Reads a seed; `name` is how errors call its file.
    ///
    /// # Errors
    ///
    /// Returns what is wrong, and where.
    pub fn parse(name: &str, text: &str) -> Result<Self, SeedError> {
        let fail = |line, column, message: String| SeedError {
            name: name.to_owned(),
            line,
            column,
            message,
        };
        if text.len() > LARGEST {
            let message = format!("a seed has at most {} MiB", LARGEST >> 20);
            return Err(fail(1, 1, message));
        }
        let seed: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error
                .location()
                .map_or((1, 1), |place| (place.line(), place.column()));
            // Of a file that is no seed nothing is repeated: nobody may have meant to show it.
            let names_accounts = ["accounts:", "\"accounts\""]
                .iter()
                .any(|key| text.contains(key));
            let message = if names_accounts {
                bare(&error.to_string()).to_owned()
            } else {
                "this is not a seed: it has no `accounts`".to_owned()
            };
            fail(line, column, message)
        })?;
        if seed.version != VERSION {
            let (line, column) = place_of(text, "version", 1);
            let message = format!(
                "this is version {} of the seed, and this program knows version {VERSION}",
                seed.version
            );
            return Err(fail(line, column, message));
        }
        if let Some(id) = seed.twice() {
            let (line, column) = place_of(text, &id.to_string(), 2);
            return Err(fail(line, column, format!("the id `{id}` is given twice")));
        }
        Ok(seed)
    }

    /// The first id that stands for two things.
    fn twice(&self) -> Option<AssetId> {
        let mut ids = Vec::new();
        for account in &self.accounts {
            ids.push(AssetId::from_uuid(account.id));
            for team in &account.teams {
                ids.push(AssetId::from_uuid(team.id));
                for project in &team.projects {
                    ids.push(AssetId::from_uuid(project.id));
                    ids.extend(project.root);
                    let mut stack: Vec<&Asset> = project.assets.iter().rev().collect();
                    while let Some(asset) = stack.pop() {
                        ids.push(asset.id);
                        stack.extend(asset.children.iter().rev());
                    }
                }
            }
        }
        let mut seen = HashSet::new();
        ids.into_iter().find(|id| !seen.insert(*id))
    }
}

/// A message without the place that the library appends to it.
fn bare(message: &str) -> &str {
    message
        .rfind(" at line ")
        .map_or(message, |place| &message[..place])
}

/// Where a word stands for the nth time, in whatever letter case.
fn place_of(text: &str, word: &str, nth: usize) -> (usize, usize) {
    let lower = text.to_ascii_lowercase();
    let found = lower.match_indices(&word.to_ascii_lowercase()).nth(nth - 1);
    let start = found.map_or(0, |(start, _)| start);
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    (
        text[..start].matches('\n').count() + 1,
        text[line_start..start].chars().count() + 1,
    )
}
