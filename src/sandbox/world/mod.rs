//! The world that a sandbox serves: accounts, projects and a tree of assets. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::fault::{Faults, Share};
use crate::sandbox::limit::Limits;
use crate::sandbox::seed::{self, Behaviour, Client, Field, Kind, Me, Storage};
pub(super) use crate::sandbox::world::details::{Details, made};

mod build;
pub(super) mod change;
mod delete;
mod details;
pub mod edit;
pub(super) mod moves;
mod slow;

/// How long a deleted asset can be restored.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Everything that a sandbox knows.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) me: Me,
    /// Who else has made assets.
    people: Vec<Me>,
    pub(super) behaviour: Behaviour,
    pub(super) limits: Limits,
    pub(super) faults: Faults,
    pub(super) accounts: Vec<Account>,
    pub(super) teams: Vec<Team>,
    pub(super) projects: Vec<Project>,
    pub(super) access: Access,
    nodes: HashMap<AssetId, Node>,
    below: HashMap<AssetId, Below>,
    /// What no token sees.
    hidden: HashSet<AssetId>,
    /// What V4 still shows although it went with its folder, each with that folder.
    ghosts: HashMap<AssetId, AssetId>,
    /// How often what went with a folder can still be read.
    reads: HashMap<AssetId, u64>,
    /// What comes back in steps.
    returning: Vec<Returning>,
    /// The place of the next asset among those beside it.
    place: u32,
}

/// What is directly in a folder or a stack, in the order in which it came.
#[derive(Debug, Clone, Default)]
struct Below {
    alive: BTreeMap<u32, AssetId>,
    deleted: BTreeMap<u32, AssetId>,
}

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) name: String,
    /// The custom fields of its assets.
    pub(super) fields: Vec<Field>,
}

/// A team of an account.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) account: Uuid,
}

/// A project of a team.
#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) team: Uuid,
    pub(super) account: Uuid,
    pub(super) root: AssetId,
    pub(super) tally: Tally,
    /// What the list of the recently deleted has, the oldest first.
    pub(super) deleted: BTreeSet<(Timestamp, AssetId)>,
    /// The bytes of what is deleted and can be restored.
    kept: u64,
    /// How often that list was read.
    lists: u64,
    /// How often it had been read when an asset was deleted, where it is late.
    late: HashMap<AssetId, u64>,
}

impl Project {
    /// How many bytes it counts, with what is deleted and not gone for good, where that counts.
    pub(super) fn storage(&self, behaviour: &Behaviour) -> u64 {
        match behaviour.storage {
            Storage::Kept => self.tally.bytes.saturating_add(self.kept),
            Storage::Freed => self.tally.bytes,
        }
    }
}

/// What is in a project and not deleted, its root folder apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) bytes: u64,
}

/// What is restored, and not yet whole.
#[derive(Debug, Clone)]
pub(super) struct Returning {
    top: AssetId,
    /// In how many readings the rest comes.
    left: u64,
    rest: VecDeque<AssetId>,
}

/// An asset; what most of them do not have is boxed, since there may be a million.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(super) kind: Kind,
    pub(super) project: u32,
    pub(super) parent: Option<AssetId>,
    pub(super) place: u32,
    pub(super) deleted_at: Option<Timestamp>,
    /// What a seed says of it, or what was changed of it since.
    pub(super) details: Option<Arc<Details>>,
}

impl Node {
    pub(super) fn name(&self, id: AssetId) -> String {
        let details = self.details.as_ref();
        details.map_or_else(|| details::bare_name(id), |details| details.name.clone())
    }

    pub(super) fn filesize(&self) -> u64 {
        self.details.as_ref().map_or(0, |details| details.filesize)
    }

    /// Whether its delete is answered as if it were not there.
    fn is_feigned(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.feigned)
    }

    fn is_deaf(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.deaf)
    }

    /// One of its dates.
    pub(super) fn moment(&self, pick: fn(&Details) -> Timestamp) -> Timestamp {
        self.details.as_deref().map_or_else(made, pick)
    }

    /// Whether only some members of the project see it.
    pub(super) fn is_restricted(&self) -> bool {
        let details = self.details.as_ref();
        details.is_some_and(|details| details.restricted)
    }
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

/// When the asset's bytes go, if it was deleted then.
pub(super) fn hard_deleted_at(deleted_at: Timestamp) -> Option<Timestamp> {
    deleted_at.checked_add(KEPT).ok()
}

impl World {
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

    /// The same world whose issued tokens live for so many seconds.
    #[must_use]
    pub const fn with_token_lifetime(mut self, seconds: u64) -> Self {
        self.access.token_lifetime = seconds;
        self
    }

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

    /// Whether an asset is there and not deleted.
    #[must_use]
    pub fn is_alive(&self, id: AssetId) -> bool {
        self.nodes
            .get(&id)
            .is_some_and(|node| node.deleted_at.is_none())
    }

    /// In what an asset lies, or lay when it was deleted.
    #[must_use]
    pub fn parent(&self, id: AssetId) -> Option<AssetId> {
        self.nodes.get(&id)?.parent
    }

    /// Whether it has an account.
    pub(crate) fn has_account(&self, id: &str) -> bool {
        let id = Uuid::try_parse(id).ok();
        id.is_some_and(|id| self.accounts.iter().any(|account| account.id == id))
    }

    /// The accounts of the world, in their order.
    pub fn accounts(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.accounts.iter().map(|account| account.id)
    }

    /// Every asset and whether it lives, the root folders included.
    pub fn assets(&self) -> impl Iterator<Item = (AssetId, bool)> + '_ {
        self.nodes
            .iter()
            .map(|(id, node)| (*id, node.deleted_at.is_none()))
    }

    /// An asset as far as a token sees it.
    pub(super) fn get(&self, id: AssetId, include_deleted: bool) -> Option<&Node> {
        let node = self.nodes.get(&id).filter(|_| !self.is_hidden(id));
        node.filter(|node| include_deleted || node.deleted_at.is_none())
    }

    /// Whether no token sees an asset.
    pub(super) fn is_hidden(&self, id: AssetId) -> bool {
        self.hidden.contains(&id)
    }

    /// What no token sees, in the order of the ids.
    pub(super) fn hidden(&self) -> BTreeSet<AssetId> {
        self.hidden.iter().copied().collect()
    }

    /// Hides these assets, and no others.
    pub(super) fn hide(&mut self, ids: impl IntoIterator<Item = AssetId>) {
        self.hidden = ids.into_iter().collect();
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = (AssetId, &Node)> + '_ {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    /// What is directly in an asset, in the order in which it came.
    pub(super) fn children(&self, id: AssetId, include_deleted: bool) -> Vec<(AssetId, &Node)> {
        let Some(below) = self.below.get(&id) else {
            return Vec::new();
        };
        let deleted = include_deleted.then_some(&below.deleted);
        let mut places: Vec<(u32, AssetId)> = below
            .alive
            .iter()
            .chain(deleted.into_iter().flatten())
            .map(|(place, id)| (*place, *id))
            .collect();
        // Both parts are sorted already, which makes this cheap.
        places.sort();
        places
            .into_iter()
            .filter_map(|(_, id)| Some((id, self.nodes.get(&id)?)))
            .collect()
    }

    /// What is directly in an asset and alive, from the first place after another on.
    pub(super) fn alive_below(
        &self,
        id: AssetId,
        after: Option<u32>,
    ) -> impl DoubleEndedIterator<Item = (AssetId, &Node)> + '_ {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let alive = self.below.get(&id).map(|below| &below.alive);
        let alive = alive.map(|alive| alive.range((from, Bound::Unbounded)));
        let alive = alive.into_iter().flatten();
        alive.filter_map(|(_, id)| Some((*id, self.nodes.get(id)?)))
    }

    /// How much is directly in an asset and alive.
    pub(super) fn count_below(&self, id: AssetId) -> usize {
        self.below.get(&id).map_or(0, |below| below.alive.len())
    }

    /// Who made an asset.
    pub(super) fn creator(&self, node: &Node) -> &Me {
        let details = node.details.as_ref();
        let id = details.and_then(|details| details.creator);
        let found = id.and_then(|id| self.people.iter().find(|person| person.id == id));
        found.unwrap_or(&self.me)
    }

    /// What an asset says in the custom fields of its account, as far as V4 shows these.
    pub(super) fn fields<'world>(
        &'world self,
        node: &'world Node,
    ) -> impl Iterator<Item = (&'world Field, &'world Value)> {
        let account = self.account_of(node);
        let known = account.map(|account| self.shown_fields(account));
        let said = node.details.as_ref().map(|details| &details.fields[..]);
        let said = said.unwrap_or_default();
        known.into_iter().flatten().filter_map(|field| {
            let (_, value) = said.iter().find(|(id, _)| *id == field.id)?;
            Some((field, value))
        })
    }

    /// The custom fields of an account, as far as V4 shows them.
    pub(super) fn shown_fields(&self, account: Uuid) -> &[Field] {
        let shown = self.behaviour.fields.are_listed();
        let mut accounts = self.accounts.iter().filter(|_| shown);
        let found = accounts.find(|one| one.id == account);
        found.map_or(&[], |account| &account.fields)
    }

    /// The account that an asset's project belongs to.
    pub(super) fn account_of(&self, node: &Node) -> Option<Uuid> {
        let project = self.projects.get(node.project as usize)?;
        Some(project.account)
    }
}

/// Who may come in.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) token: String,
    pub(super) legacy_token: String,
    pub(super) client: Client,
    pub(super) token_lifetime: u64,
}

fn refusal<'node>(behaviour: &Behaviour, id: AssetId, node: &'node Node) -> Option<&'node str> {
    let details = node.details.as_ref();
    if let Some(refusal) = details.and_then(|details| details.refusal.as_deref()) {
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
    AssetId::from_uuid(uuid_of(spread, number))
}

/// A UUID of version 4 and variant 1 with these bits, as far as it has room for them.
fn uuid_of(high: u64, low: u64) -> Uuid {
    let mut bytes = ((u128::from(high) << 64) | u128::from(low)).to_be_bytes();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid::from_bytes(bytes)
}
