//! The seed: a YAML document that describes the world that a sandbox serves.

use std::collections::HashSet;

use serde::Deserialize;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::fault::Faults;
use crate::sandbox::limit::Limits;
pub(super) use crate::sandbox::seed::asset::REFUSAL;
pub use crate::sandbox::seed::asset::{Asset, Kind, Refusal, Upload};
pub use crate::sandbox::seed::behaviour::{
    BadMove, BareAfter, Behaviour, Chosen, Cursors, Fields, IncludeProject, MoveAnswer, ParentGone,
    RecentlyDeleted, Restore, SameName, SecondDelete, Storage, Taken, Twice, UnknownId,
};
pub use crate::sandbox::seed::date::{Age, Date};
pub use crate::sandbox::seed::field::{Field, Sort};

mod asset;
mod behaviour;
mod date;
mod field;

/// The version of the document that this program reads.
const VERSION: u64 = 1;

/// The largest seed that is read, in bytes.
const LARGEST: usize = 64 << 20;

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
    /// Who else has made assets.
    #[serde(default)]
    pub people: Vec<Me>,
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

/// An account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's id.
    pub id: Uuid,
    /// The account's name.
    pub name: String,
    /// The custom fields of its assets.
    #[serde(default)]
    pub fields: Vec<Field>,
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
            people: Vec::new(),
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
        if let Some((word, message)) = seed.strangers().into_iter().next() {
            let (line, column) = place_of(text, &word, 1);
            return Err(fail(line, column, message));
        }
        Ok(seed)
    }

    /// The person with an address.
    pub(super) fn person(&self, email: &str) -> Option<&Me> {
        let mut all = self.people.iter().chain([&self.me]);
        all.find(|person| person.email == email)
    }

    /// What assets name and the seed does not have, each with what is wrong.
    fn strangers(&self) -> Vec<(String, String)> {
        let mut strangers = Vec::new();
        for account in &self.accounts {
            let projects = account.teams.iter().flat_map(|team| &team.projects);
            let mut stack: Vec<&Asset> = projects.flat_map(|one| &one.assets).rev().collect();
            while let Some(asset) = stack.pop() {
                stack.extend(asset.children.iter().rev());
                if let Some(email) = &asset.creator
                    && self.person(email).is_none()
                {
                    let message = format!("nobody of `people` has the address `{email}`");
                    strangers.push((email.clone(), message));
                }
                if let Some((name, _)) = asset.fields.first_key_value()
                    && asset.kind != Kind::File
                {
                    let kind = asset.kind.name();
                    let message = format!("a {kind} has no custom fields: files alone have them");
                    strangers.push((name.clone(), message));
                }
                for (name, value) in &asset.fields {
                    let Some(field) = account.fields.iter().find(|field| field.name == *name)
                    else {
                        let message = format!("the account has no field `{name}`");
                        strangers.push((name.clone(), message));
                        continue;
                    };
                    let person = |email: &str| self.person(email).map(|person| person.id);
                    if let Err(part) = field.kept(value, person) {
                        let message = format!("the field `{name}` does not take `{part}`");
                        strangers.push((value.as_str().unwrap_or(name).to_owned(), message));
                    }
                }
            }
        }
        strangers
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
