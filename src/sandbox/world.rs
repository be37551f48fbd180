//! The world that a sandbox serves: accounts, projects and a tree of assets. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::fault::{Faults, Share};
use crate::sandbox::limit::Limits;
use crate::sandbox::seed::{self, Behaviour, Kind, Me, SecondDelete, Seed, UnknownId};

/// How long a deleted asset can be restored.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When an asset was made whose seed does not say, in seconds since 1970: 2026-01-15, noon.
const MADE: i64 = 1_768_478_400;

/// Everything that a sandbox knows.
#[derive(Debug, Clone)]
pub struct World {
    pub(in crate::sandbox) token: String,
    pub(in crate::sandbox) me: Me,
    pub(in crate::sandbox) behaviour: Behaviour,
    pub(in crate::sandbox) limits: Limits,
    pub(in crate::sandbox) faults: Faults,
    pub(in crate::sandbox) accounts: Vec<Account>,
    pub(in crate::sandbox) teams: Vec<Team>,
    pub(in crate::sandbox) projects: Vec<Project>,
    nodes: HashMap<AssetId, Node>,
    children: HashMap<AssetId, Vec<AssetId>>,
}

/// An account.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Account {
    pub(in crate::sandbox) id: Uuid,
    pub(in crate::sandbox) name: String,
}

/// A team; `account` is an index.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Team {
    pub(in crate::sandbox) id: Uuid,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) account: usize,
}

/// A project; `team` is an index.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Project {
    pub(in crate::sandbox) id: Uuid,
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) team: usize,
    pub(in crate::sandbox) root: AssetId,
}

/// An asset; what most of them do not have is boxed, since there may be a million.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Node {
    pub(in crate::sandbox) kind: Kind,
    pub(in crate::sandbox) project: u32,
    pub(in crate::sandbox) parent: Option<AssetId>,
    pub(in crate::sandbox) deleted_at: Option<Timestamp>,
    pub(in crate::sandbox) details: Option<Arc<Details>>,
}

/// What a seed says of an asset.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Details {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) filesize: u64,
    pub(in crate::sandbox) filetype: Option<String>,
    pub(in crate::sandbox) label: Option<String>,
    pub(in crate::sandbox) inserted_at: Timestamp,
    pub(in crate::sandbox) updated_at: Timestamp,
    pub(in crate::sandbox) uploaded_at: Timestamp,
    pub(in crate::sandbox) archived_at: Option<Timestamp>,
    pub(in crate::sandbox) view_count: u64,
    pub(in crate::sandbox) refuse: Option<String>,
}

/// Says that an id is unknown, or belongs to a deleted asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFound(pub AssetId);

/// Why a bulk delete as a whole is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchRefused {
    /// An id is unknown.
    NotFound(AssetId),
    /// There are more ids than this.
    TooMany(usize),
}

/// The moment that stands for every date that a seed leaves out.
pub(in crate::sandbox) fn made() -> Timestamp {
    Timestamp::from_second(MADE).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// When the asset's bytes go, if it was deleted then.
pub(in crate::sandbox) fn hard_deleted_at(deleted_at: Timestamp) -> Option<Timestamp> {
    deleted_at.checked_add(KEPT).ok()
}

impl World {
    /// Makes the world of a seed.
    #[must_use]
    pub fn from_seed(seed: Seed) -> Self {
        let Seed {
            version: _,
            token,
            me,
            behaviour,
            limits,
            faults,
            accounts,
        } = seed;
        let mut world = Self::empty(token, me, behaviour);
        world.limits = limits;
        world.faults = faults;
        for account in accounts {
            let account_index = world.accounts.len();
            world.accounts.push(Account {
                id: account.id,
                name: account.name,
            });
            for team in account.teams {
                let team_index = world.teams.len();
                world.teams.push(Team {
                    id: team.id,
                    name: team.name,
                    account: account_index,
                });
                for project in team.projects {
                    world.add_project(project, team_index);
                }
            }
        }
        world
    }

    /// Makes a world in which every id is a file of one made-up project, without limits.
    #[must_use]
    pub fn from_ids(account: Option<Uuid>, ids: impl IntoIterator<Item = AssetId>) -> Self {
        let mut world = Self::empty(seed::TOKEN.to_owned(), Me::default(), Behaviour::default());
        world.accounts.push(Account {
            id: account.unwrap_or(Uuid::from_u128(0x5a5a_0000_0000_4000_8000_0000_0000_0002)),
            name: "Sandbox".to_owned(),
        });
        world.teams.push(Team {
            id: Uuid::from_u128(0x5a5a_0000_0000_4000_8000_0000_0000_0003),
            name: "Sandbox Team".to_owned(),
            account: 0,
        });
        let project = seed::Project {
            id: Uuid::from_u128(0x5a5a_0000_0000_4000_8000_0000_0000_0004),
            name: "Sandbox Project".to_owned(),
            root: None,
            assets: Vec::new(),
        };
        let root = world.add_project(project, 0);
        let ids: Vec<AssetId> = ids.into_iter().filter(|id| *id != root).collect();
        world.nodes.reserve(ids.len());
        for id in &ids {
            let node = Node {
                kind: Kind::File,
                project: 0,
                parent: Some(root),
                deleted_at: None,
                details: None,
            };
            world.nodes.insert(*id, node);
        }
        world.children.insert(root, ids);
        world
    }

    /// Makes a world of so many files, whose ids are [`generated_id`] of 0, 1, 2 and so on.
    #[must_use]
    pub fn generated(count: u64) -> Self {
        Self::from_ids(None, (0..count).map(generated_id))
    }

    /// The same world with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same world in which more, or less, goes wrong.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The same world in which the delete of a share of the assets is refused.
    #[must_use]
    pub const fn with_refusals(mut self, share: Share) -> Self {
        self.behaviour.refuse = share;
        self
    }

    /// Its limits.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What goes wrong in it.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Whether and why the delete of an asset is refused.
    #[must_use]
    pub fn refusal(&self, id: AssetId) -> Option<&str> {
        refusal(&self.behaviour, id, self.nodes.get(&id)?)
    }

    fn empty(token: String, me: Me, behaviour: Behaviour) -> Self {
        Self {
            token,
            me,
            behaviour,
            limits: Limits::off(),
            faults: Faults::default(),
            accounts: Vec::new(),
            teams: Vec::new(),
            projects: Vec::new(),
            nodes: HashMap::new(),
            children: HashMap::new(),
        }
    }

    fn add_project(&mut self, project: seed::Project, team: usize) -> AssetId {
        let root = project.root.unwrap_or_else(|| {
            // A fixed twist of the project's id: the same in every run, and no other id.
            AssetId::from_uuid(Uuid::from_u128(project.id.as_u128() ^ (0xf00d << 64)))
        });
        let index = u32::try_from(self.projects.len()).unwrap_or(u32::MAX);
        self.projects.push(Project {
            id: project.id,
            name: project.name.clone(),
            team,
            root,
        });
        let folder = seed::Asset::folder(root, project.name);
        self.add(folder, None, index);
        let mut stack: Vec<(seed::Asset, AssetId)> = project
            .assets
            .into_iter()
            .rev()
            .map(|asset| (asset, root))
            .collect();
        while let Some((mut asset, parent)) = stack.pop() {
            let id = asset.id;
            let children = std::mem::take(&mut asset.children);
            self.add(asset, Some(parent), index);
            stack.extend(children.into_iter().rev().map(|child| (child, id)));
        }
        root
    }

    fn add(&mut self, asset: seed::Asset, parent: Option<AssetId>, project: u32) {
        let id = asset.id;
        let inserted_at = asset.inserted_at.unwrap_or_else(made);
        let details = Details {
            name: asset.name,
            filesize: asset.filesize,
            filetype: asset.filetype,
            label: asset.label,
            inserted_at,
            updated_at: asset.updated_at.unwrap_or(inserted_at),
            uploaded_at: asset.uploaded_at.unwrap_or(inserted_at),
            archived_at: asset.archived_at,
            view_count: asset.view_count,
            refuse: asset.refuse.0,
        };
        let node = Node {
            kind: asset.kind,
            project,
            parent,
            deleted_at: asset.deleted_at,
            details: Some(Arc::new(details)),
        };
        self.nodes.insert(id, node);
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().push(id);
        }
    }

    /// Whether an asset is there and not deleted.
    #[must_use]
    pub fn is_alive(&self, id: AssetId) -> bool {
        self.get(id, false).is_some()
    }

    /// Every asset and whether it lives, the root folders included.
    pub fn assets(&self) -> impl Iterator<Item = (AssetId, bool)> + '_ {
        self.nodes
            .iter()
            .map(|(id, node)| (*id, node.deleted_at.is_none()))
    }

    pub(in crate::sandbox) fn get(&self, id: AssetId, include_deleted: bool) -> Option<&Node> {
        self.nodes
            .get(&id)
            .filter(|node| include_deleted || node.deleted_at.is_none())
    }

    pub(in crate::sandbox) fn nodes(&self) -> impl Iterator<Item = (AssetId, &Node)> + '_ {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    pub(in crate::sandbox) fn children(&self, id: AssetId) -> &[AssetId] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Deletes in bulk; the answer maps what was not deleted to why.
    ///
    /// # Errors
    ///
    /// Returns why the call as a whole is refused; then nothing was deleted.
    pub fn delete_batch(
        &mut self,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<BTreeMap<AssetId, String>, BatchRefused> {
        if let Some(most) = self.behaviour.max_batch.filter(|most| ids.len() > *most) {
            return Err(BatchRefused::TooMany(most));
        }
        if self.behaviour.unknown_id == UnknownId::NotFound
            && let Some(id) = self.first_missing(ids)
        {
            return Err(BatchRefused::NotFound(id));
        }
        // What goes with its folder in this very call was found, not missing.
        let mut alive: HashSet<AssetId> = ids.iter().copied().collect();
        alive.retain(|id| self.is_alive(*id));
        let mut errors = BTreeMap::new();
        for id in ids {
            let first = alive.remove(id);
            if first && !self.is_alive(*id) {
                continue;
            }
            match self.delete(*id, now) {
                Ok(None) => {}
                Ok(Some(refusal)) => {
                    errors.insert(*id, refusal);
                }
                Err(NotFound(id)) => {
                    errors.insert(id, "Asset not found.".to_owned());
                }
            }
        }
        Ok(errors)
    }

    /// The first id of a batch that a delete would not find, a second mention included.
    fn first_missing(&self, ids: &[AssetId]) -> Option<AssetId> {
        let again = self.behaviour.second_delete == SecondDelete::Ok;
        let mut seen = HashSet::with_capacity(ids.len());
        ids.iter().copied().find(|id| {
            let known = self.get(*id, again).is_some();
            let first = seen.insert(*id);
            !known || !(first || again)
        })
    }

    /// Deletes one asset and, where the world cascades, what is in it; a refusal comes back.
    ///
    /// # Errors
    ///
    /// Returns the id where there is no such asset.
    pub fn delete(&mut self, id: AssetId, now: Timestamp) -> Result<Option<String>, NotFound> {
        let node = self.nodes.get(&id).ok_or(NotFound(id))?;
        if node.deleted_at.is_some() {
            return match self.behaviour.second_delete {
                SecondDelete::NotFound => Err(NotFound(id)),
                SecondDelete::Ok => Ok(None),
            };
        }
        if let Some(refusal) = refusal(&self.behaviour, id, node) {
            return Ok(Some(refusal.to_owned()));
        }
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let Some(node) = self.nodes.get_mut(&id) else {
                continue;
            };
            // What may not be deleted stays, in whatever folder it is.
            if node.deleted_at.is_some() || refusal(&self.behaviour, id, node).is_some() {
                continue;
            }
            node.deleted_at = Some(now);
            if self.behaviour.cascade {
                stack.extend(self.children.get(&id).into_iter().flatten());
            }
        }
        Ok(None)
    }
}

fn refusal<'node>(behaviour: &Behaviour, id: AssetId, node: &'node Node) -> Option<&'node str> {
    let details = node.details.as_ref();
    if let Some(refusal) = details.and_then(|details| details.refuse.as_deref()) {
        return Some(refusal);
    }
    // The root of a project cannot be deleted by anybody, so it is no asset to refuse.
    let refused = behaviour.refuse != Share::default()
        && node.parent.is_some()
        && behaviour.refuse.takes(numbers(id));
    refused.then_some(seed::REFUSAL)
}

/// An id as numbers: only its text counts, whatever notation of ids there may be.
fn numbers(id: AssetId) -> [u64; 3] {
    let text = id.to_string();
    let mut numbers = [0_u64; 3];
    for (index, byte) in text.bytes().enumerate() {
        let number = &mut numbers[index % 3];
        *number = number.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
    }
    numbers
}

/// The id of a generated file: a UUID that looks like any other.
#[must_use]
pub fn generated_id(number: u64) -> AssetId {
    let spread = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (u128::from(spread) << 64) | u128::from(number);
    let mut bytes = bits.to_be_bytes();
    // Version 4, variant 1.
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    AssetId::from_uuid(Uuid::from_bytes(bytes))
}

impl seed::Asset {
    /// An empty folder.
    fn folder(id: AssetId, name: String) -> Self {
        Self {
            id,
            name,
            kind: Kind::Folder,
            filesize: 0,
            filetype: None,
            label: None,
            inserted_at: None,
            updated_at: None,
            uploaded_at: None,
            deleted_at: None,
            archived_at: None,
            view_count: 0,
            refuse: seed::Refusal::default(),
            children: Vec::new(),
        }
    }
}
