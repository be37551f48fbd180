//! Worlds out of seeds and out of lists of ids.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::limit::Limits;
use crate::sandbox::seed::{self, Kind, Seed};
use crate::sandbox::world::{
    Access, Account, Details, Node, Project, Tally, Team, World, made, numbers, uuid_of,
};

/// How many files a made-up version stack holds.
const VERSIONS: u64 = 2;

impl World {
    /// Makes the world of a seed that says no ages; such a one would count from the moment that
    /// stands for every date that a seed leaves out.
    #[must_use]
    pub fn from_seed(seed: Seed) -> Self {
        Self::from_seed_at(seed, made())
    }

    /// Makes the world of a seed whose ages are counted from a moment.
    #[must_use]
    pub fn from_seed_at(seed: Seed, now: Timestamp) -> Self {
        let mut world = Self {
            me: seed.me,
            people: seed.people,
            behaviour: seed.behaviour,
            limits: seed.limits,
            faults: seed.faults,
            access: Access {
                token: seed.token,
                legacy_token: seed.legacy_token,
                client: seed.client,
                token_lifetime: seed.token_lifetime,
            },
            accounts: Vec::new(),
            teams: Vec::new(),
            projects: Vec::new(),
            nodes: HashMap::new(),
            below: HashMap::new(),
            hidden: HashSet::new(),
            ghosts: HashMap::new(),
            reads: HashMap::new(),
            returning: Vec::new(),
            place: 0,
        };
        for seed::Account {
            id,
            name,
            fields,
            teams,
        } in seed.accounts
        {
            let account = id;
            world.accounts.push(Account { id, name, fields });
            for seed::Team { id, name, projects } in teams {
                world.teams.push(Team { id, name, account });
                for project in projects {
                    world.add_project(project, (id, account), now);
                }
            }
        }
        // What a seed says was deleted long ago.
        for project in &mut world.projects {
            project.late.clear();
        }
        world
    }

    /// Makes a world in which every id is a file of one made-up project, without limits.
    pub(crate) fn from_ids(account: Option<Uuid>, ids: impl IntoIterator<Item = AssetId>) -> Self {
        Self::of_kinds(account, ids.into_iter().map(|id| (id, Kind::File)))
    }

    /// Makes a world of assets of one made-up project, without limits; a version stack has two
    /// files in it.
    pub(crate) fn of_kinds(
        account: Option<Uuid>,
        assets: impl IntoIterator<Item = (AssetId, Kind)>,
    ) -> Self {
        let made_up =
            |number: u128| Uuid::from_u128(0x5a5a_0000_0000_4000_8000_0000_0000_0000 | number);
        let project = seed::Project {
            id: made_up(4),
            name: "Sandbox Project".to_owned(),
            root: None,
            assets: Vec::new(),
        };
        let team = seed::Team {
            id: made_up(3),
            name: "Sandbox Team".to_owned(),
            projects: vec![project],
        };
        let account = seed::Account {
            id: account.unwrap_or(made_up(2)),
            name: "Sandbox".to_owned(),
            fields: Vec::new(),
            teams: vec![team],
        };
        let mut world = Self::from_seed(Seed::new(vec![account], Limits::off()));
        let root = world.projects[0].root;
        let assets: Vec<(AssetId, Kind)> =
            assets.into_iter().filter(|(id, _)| *id != root).collect();
        world.nodes.reserve(assets.len());
        let mut places = Vec::with_capacity(assets.len());
        let mut stacks = Vec::new();
        for (id, kind) in assets {
            let Some(place) = world.add_bare(id, kind, root) else {
                continue;
            };
            places.push((place, id));
            if kind == Kind::VersionStack {
                stacks.push(id);
            }
        }
        world.below.entry(root).or_default().alive = places.into_iter().collect();
        // Only now is it known which ids are free.
        for stack in stacks {
            for number in 0..VERSIONS {
                let id = world.version_id(stack, number);
                if let Some(place) = world.add_bare(id, Kind::File, stack) {
                    let below = world.below.entry(stack).or_default();
                    below.alive.insert(place, id);
                }
            }
        }
        world
    }

    /// The id of a file in a made-up version stack: the same in every world that does not give
    /// it to another asset, so that a plan of one world fits the next.
    fn version_id(&self, stack: AssetId, number: u64) -> AssetId {
        let [one, other, last] = numbers(stack);
        let first = uuid_of(one ^ last, other);
        let mut ids = (number..).map(|number| {
            AssetId::from_uuid(Uuid::from_u128(first.as_u128() ^ u128::from(number)))
        });
        ids.find(|id| !self.nodes.contains_key(id))
            .unwrap_or(AssetId::from_uuid(first))
    }

    /// Adds an asset of which only the kind is known, unless there is one with its id; returns
    /// its place in its parent, which has yet to hear of it.
    fn add_bare(&mut self, id: AssetId, kind: Kind, parent: AssetId) -> Option<u32> {
        let place = self.place + 1;
        let Entry::Vacant(vacant) = self.nodes.entry(id) else {
            return None;
        };
        vacant.insert(Node {
            kind,
            project: 0,
            parent: Some(parent),
            place,
            deleted_at: None,
            details: None,
        });
        self.place = place;
        self.count(0, kind, 0, true);
        Some(place)
    }

    fn add_project(
        &mut self,
        project: seed::Project,
        (team, account): (Uuid, Uuid),
        now: Timestamp,
    ) {
        let seed::Project { id, name, .. } = project;
        let root = project.root.unwrap_or_else(|| {
            // A fixed twist of the project's id: the same in every run, and no other id.
            AssetId::from_uuid(Uuid::from_u128(id.as_u128() ^ (0xf00d << 64)))
        });
        let index = u32::try_from(self.projects.len()).unwrap_or(u32::MAX);
        self.projects.push(Project {
            id,
            name: name.clone(),
            team,
            account,
            root,
            tally: Tally::default(),
            deleted: BTreeSet::new(),
            kept: 0,
            lists: 0,
            late: HashMap::new(),
        });
        self.add(
            (root, Kind::Folder),
            Details::named(name, made()),
            None,
            index,
        );
        let below = |assets: Vec<seed::Asset>, parent| {
            assets.into_iter().rev().map(move |asset| (asset, parent))
        };
        let mut stack: Vec<(seed::Asset, AssetId)> = below(project.assets, root).collect();
        while let Some((mut asset, parent)) = stack.pop() {
            let id = asset.id;
            let children = std::mem::take(&mut asset.children);
            self.add_seeded(&asset, parent, now);
            stack.extend(below(children, id));
        }
    }

    /// Adds what a seed says of an asset, without its children.
    pub(super) fn add_seeded(&mut self, asset: &seed::Asset, parent: AssetId, now: Timestamp) {
        let Some(project) = self.nodes.get(&parent).map(|parent| parent.project) else {
            return;
        };
        let mut details = Details::of_seed(asset, now);
        let creator = asset.creator.as_deref();
        details.creator = creator.and_then(|email| self.person(email));
        self.add((asset.id, asset.kind), details, Some(parent), project);
        for (name, value) in &asset.fields {
            // What a seed says was checked when it was read.
            self.fill_in(asset.id, name, value).ok();
        }
        if asset.hidden {
            self.hidden.insert(asset.id);
        }
        if let Some(deleted) = asset.deleted_at {
            self.mark(asset.id, Some(deleted.at(now)));
        }
    }

    /// Adds an asset that lives, as the last of those in its parent.
    pub(super) fn add(
        &mut self,
        (id, kind): (AssetId, Kind),
        details: Details,
        parent: Option<AssetId>,
        project: u32,
    ) {
        self.place += 1;
        let bytes = details.filesize;
        let node = Node {
            kind,
            project,
            parent,
            place: self.place,
            deleted_at: None,
            details: Some(Arc::new(details)),
        };
        self.nodes.insert(id, node);
        if let Some(parent) = parent {
            let below = self.below.entry(parent).or_default();
            below.alive.insert(self.place, id);
            self.count(project, kind, bytes, true);
        }
    }
}
