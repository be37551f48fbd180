//! Worlds out of seeds and out of lists of ids.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::fault::Faults;
use crate::sandbox::limit::Limits;
use crate::sandbox::seed::{self, Behaviour, Client, Kind, Me, Seed};
use crate::sandbox::world::{
    Access, Account, Details, Node, Project, Tally, Team, World, made, numbers, uuid_of,
};

/// How many files a made-up version stack holds.
const VERSIONS: u64 = 2;

impl World {
    /// Makes the world of a seed.
    #[must_use]
    pub fn from_seed(seed: Seed) -> Self {
        let Seed {
            version: _,
            token,
            me,
            legacy_token,
            client,
            token_lifetime,
            behaviour,
            limits,
            faults,
            accounts,
        } = seed;
        let mut world = Self::empty(token, me, behaviour);
        world.access = Access {
            legacy_token,
            client,
            token_lifetime,
        };
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
        Self::of_kinds(account, ids.into_iter().map(|id| (id, Kind::File)))
    }

    /// Makes a world of assets of one made-up project, without limits; a version stack has two
    /// files in it.
    #[must_use]
    pub fn of_kinds(
        account: Option<Uuid>,
        assets: impl IntoIterator<Item = (AssetId, Kind)>,
    ) -> Self {
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

    fn empty(token: String, me: Me, behaviour: Behaviour) -> Self {
        Self {
            token,
            me,
            behaviour,
            limits: Limits::off(),
            faults: Faults::default(),
            access: Access {
                legacy_token: seed::LEGACY_TOKEN.to_owned(),
                client: Client::default(),
                token_lifetime: seed::TOKEN_LIFETIME,
            },
            accounts: Vec::new(),
            teams: Vec::new(),
            projects: Vec::new(),
            nodes: HashMap::new(),
            below: HashMap::new(),
            place: 0,
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
            tally: Tally::default(),
            deleted: BTreeSet::new(),
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

    /// Adds an asset, as the last of those in its parent.
    pub(super) fn add(&mut self, asset: seed::Asset, parent: Option<AssetId>, project: u32) {
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
        let filesize = details.filesize;
        self.place += 1;
        let node = Node {
            kind: asset.kind,
            project,
            parent,
            place: self.place,
            deleted_at: asset.deleted_at,
            details: Some(Arc::new(details)),
        };
        self.nodes.insert(id, node);
        let Some(parent) = parent else {
            return;
        };
        let below = self.below.entry(parent).or_default();
        match asset.deleted_at {
            None => {
                below.alive.insert(self.place, id);
                self.count(project, asset.kind, filesize, true);
            }
            Some(deleted_at) => {
                below.deleted.insert(self.place, id);
                if let Some(project) = self.projects.get_mut(project as usize) {
                    project.deleted.insert((deleted_at, id));
                }
            }
        }
    }
}

impl seed::Asset {
    /// An empty folder.
    pub(super) fn folder(id: AssetId, name: String) -> Self {
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
