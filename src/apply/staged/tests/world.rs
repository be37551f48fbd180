//! A project that answers as it likes, and that people change meanwhile.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::apply::staged::{Answer, Named, Server, Wanted};
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::Unmade;
use crate::frameio::v4::changes::Change;
use crate::frameio::v4::changes_answer::{Changed, Placed, Refusal};
use crate::inventory::{Contents, Facts, Inventory, Lies, Places, Project, Seen};
use crate::outcome::{Evidence, FailureKind};

/// The folder at the top of the project.
pub(super) const ROOT: u8 = 50;
/// A folder that only some see.
pub(super) const RESTRICTED: u8 = 61;

pub(super) fn id(number: u8) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number.into()))
}

pub(super) fn number(id: AssetId) -> u8 {
    (0..=255).find(|number| self::id(*number) == id).unwrap()
}

pub(super) fn project() -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(7_000))
}

/// How the server answers a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Serve,
    /// It does it, and no answer comes.
    LostDone,
    /// It does nothing, and no answer comes.
    Lost,
    /// It does the first half of it, and no answer comes.
    Half,
    /// It does all of it, and tells of half.
    Short,
    Refuse,
    /// It does it, and says that it does not.
    RefuseDone,
    DeniedDone,
    Stop,
    /// It says that it has deleted, and has not.
    Lie,
}

/// What people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    TakeOut(u8),
    DragIn(u8),
    PutIn,
    Rename(u8),
    Delete(u8),
    Mark(u8),
    Grow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) parent: u8,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) alive: bool,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) nodes: BTreeMap<u8, Node>,
    pub(super) ways: VecDeque<Way>,
    /// What people do before which reading.
    pub(super) acts: BTreeMap<u32, Act>,
    pub(super) readings: u32,
    pub(super) marked: BTreeSet<u8>,
    /// What has died with a folder that we deleted.
    pub(super) killed: BTreeSet<u8>,
    /// What a plan has shown so far, and what it was called then: what is listed and not moved aside,
    /// and what was in it.
    pub(super) reviewed: BTreeMap<u8, String>,
    pub(super) moves: usize,
    /// For how many readings lists show what was moved where it was.
    pub(super) lag: u32,
    /// Where lists show what was moved, and up to which reading.
    pub(super) late: BTreeMap<u8, (u8, u32)>,
    /// What people have put into a staging folder, and where it was.
    pub(super) dragged: BTreeMap<u8, u8>,
    /// The staging folders into which they have put something: these are theirs, also once they have
    /// taken it out again.
    pub(super) theirs: BTreeSet<u8>,
    /// Of what was asked whether it is still there after a delete.
    pub(super) looked_at: BTreeSet<u8>,
    next: u8,
}

impl World {
    pub(super) fn new() -> Self {
        let mut nodes = BTreeMap::new();
        for (number, parent, kind) in [
            (ROOT, 0, Kind::Folder),
            (60, ROOT, Kind::Folder),
            (RESTRICTED, ROOT, Kind::Folder),
            (1, 60, Kind::File),
            (2, 60, Kind::File),
            (3, 60, Kind::File),
            (4, RESTRICTED, Kind::File),
            (5, ROOT, Kind::File),
            (10, ROOT, Kind::Folder),
            (11, 10, Kind::File),
            (12, 10, Kind::File),
            (20, 60, Kind::VersionStack),
            (21, 20, Kind::File),
            (22, 20, Kind::File),
            (90, 60, Kind::File),
        ] {
            let node = Node {
                parent,
                kind,
                name: format!("n{number}"),
                alive: true,
            };
            nodes.insert(number, node);
        }
        Self {
            nodes,
            ways: VecDeque::new(),
            acts: BTreeMap::new(),
            readings: 0,
            marked: BTreeSet::new(),
            killed: BTreeSet::new(),
            reviewed: BTreeMap::new(),
            moves: 0,
            lag: 0,
            late: BTreeMap::new(),
            dragged: BTreeMap::new(),
            theirs: BTreeSet::new(),
            looked_at: BTreeSet::new(),
            next: 100,
        }
    }

    pub(super) fn is_alive(&self, number: u8) -> bool {
        self.nodes.get(&number).is_some_and(|node| node.alive)
    }

    pub(super) fn review(&mut self, listed: &BTreeSet<u8>) {
        for one in listed {
            if self.is_staged(*one) {
                continue;
            }
            for one in self.inside(*one).into_iter().chain([*one]) {
                let name = self.nodes.get(&one).map(|node| node.name.clone());
                self.reviewed.extend(name.map(|name| (one, name)));
            }
        }
    }

    fn facts(&self, number: u8) -> Facts {
        let node = &self.nodes[&number];
        Facts {
            name: Some(node.name.as_str().into()),
            project: Some(project()),
            parent: Some(id(node.parent)).filter(|_| number != ROOT),
            bytes: Some(u64::from(number)).filter(|_| node.kind == Kind::File),
            restricted: Some(number == RESTRICTED).filter(|_| node.kind == Kind::Folder),
            ..Facts::of_kind(node.kind)
        }
    }

    pub(super) fn inside(&self, top: u8) -> Vec<u8> {
        let mut all: Vec<u8> = Vec::new();
        let mut open = vec![top];
        while let Some(here) = open.pop() {
            for (number, node) in &self.nodes {
                if node.alive && node.parent == here && *number != ROOT {
                    all.push(*number);
                    open.push(*number);
                }
            }
        }
        all.sort_unstable();
        all
    }

    fn see(&self, number: u8) -> Seen {
        match self.nodes.get(&number) {
            Some(node) if node.alive => Seen::There(self.facts(number)),
            Some(_) => Seen::Deleted {
                facts: None,
                evidence: Evidence::Listed,
            },
            None => Seen::Missing,
        }
    }

    /// All that a plan reads.
    pub(super) fn inventory(&self, asked: impl Iterator<Item = AssetId>) -> Inventory {
        let mut read = Inventory {
            asked_all: true,
            ..Inventory::default()
        };
        let mut places = Places {
            listed_whole: true,
            ..Places::default()
        };
        for asset in asked {
            read.assets.insert(asset, self.see(number(asset)));
        }
        for (number, node) in &self.nodes {
            let asset = id(*number);
            if !node.alive {
                let was_in = Some(id(node.parent));
                places.lies.insert(
                    asset,
                    Lies::Deleted {
                        was_in,
                        evidence: Evidence::Listed,
                    },
                );
                continue;
            }
            let lies = if *number == ROOT {
                Lies::AtTop
            } else {
                Lies::In(id(node.parent))
            };
            places.lies.insert(asset, lies);
            places.kinds.insert(asset, node.kind);
            if !read.assets.contains_key(&asset) {
                read.around.insert(asset, self.facts(*number));
            }
            if node.kind != Kind::File {
                let inside: Vec<AssetId> = self.inside(*number).into_iter().map(id).collect();
                read.contents.insert(asset, Contents::Whole(inside.into()));
                let direct = self.nodes.iter();
                let direct = direct.filter(|(_, one)| one.alive && one.parent == *number);
                let direct: BTreeSet<AssetId> = direct.map(|(one, _)| id(*one)).collect();
                places.contents.insert(asset, direct.into_iter().collect());
            }
        }
        read.places = Some(places);
        let about = Project {
            name: Some("Tide".into()),
            root: Some(id(ROOT)),
            storage: Some(1_000_000),
        };
        read.projects.insert(project(), about);
        read
    }

    pub(super) fn staging(&self) -> Option<u8> {
        let all = self.nodes.iter();
        let mut all = all.filter(|(_, node)| node.alive && node.name.starts_with("_retire"));
        all.next_back().map(|(number, _)| *number)
    }

    /// A staging folder in which nothing is.
    pub(super) fn empty_staging(&self) -> impl Iterator<Item = u8> {
        let alive = self.nodes.iter().filter(|(_, node)| node.alive);
        let folders = alive.filter(|(_, node)| node.name.starts_with("_retire"));
        let empty = folders.filter(|(number, _)| self.inside(**number).is_empty());
        empty.map(|(number, _)| *number)
    }

    /// Whether an asset lies in a staging folder, be it in something that was moved there.
    pub(super) fn is_staged(&self, one: u8) -> bool {
        let mut above = self.nodes.get(&one).map(|node| node.parent);
        while let Some(node) = above.and_then(|above| self.nodes.get(&above)) {
            if node.name.starts_with("_retire") {
                return true;
            }
            above = Some(node.parent);
        }
        false
    }

    fn placed(&self, number: u8) -> Placed {
        let node = &self.nodes[&number];
        Placed {
            kind: node.kind,
            id: id(number),
            name: node.name.as_str().into(),
            parent: id(node.parent),
            project: project(),
        }
    }

    fn refusal() -> Refusal {
        Refusal {
            status: 422,
            kind: FailureKind::Invalid,
            detail: "No.".to_owned(),
        }
    }

    fn move_some(
        &mut self,
        ids: &[AssetId],
        kind: Kind,
        to: AssetId,
        way: Way,
    ) -> Result<Changed, Refusal> {
        self.moves += 1;
        let to = number(to);
        let ids: Vec<u8> = ids.iter().map(|id| number(*id)).collect();
        let fits = |one: &u8| {
            self.nodes
                .get(one)
                .is_some_and(|node| node.alive && node.kind == kind && node.parent != to)
        };
        if !self.is_alive(to) || !ids.iter().all(fits) {
            return Err(Self::refusal());
        }
        let done = match way {
            Way::Lost | Way::Refuse | Way::Stop => 0,
            Way::Half => ids.len() / 2,
            Way::Serve
            | Way::LostDone
            | Way::Short
            | Way::RefuseDone
            | Way::DeniedDone
            | Way::Lie => ids.len(),
        };
        for one in &ids[..done] {
            let node = self.nodes.get_mut(one).unwrap();
            self.late
                .insert(*one, (node.parent, self.readings + self.lag));
            node.parent = to;
        }
        let told = if way == Way::Short {
            ids.len() / 2
        } else {
            ids.len()
        };
        let mut placed: Vec<Placed> = ids[..told].iter().map(|one| self.placed(*one)).collect();
        for one in &mut placed {
            one.parent = id(to);
        }
        Ok(Changed::Moved(placed))
    }

    fn make(&mut self, parent: AssetId, name: &Arc<str>, way: Way) -> Answer {
        if matches!(way, Way::Lost | Way::Half | Way::Refuse | Way::Stop) {
            return Err(Unmade::Unknown {
                detail: "lost".to_owned(),
            });
        }
        let made = self.next;
        self.next += 1;
        let node = Node {
            parent: number(parent),
            kind: Kind::Folder,
            name: name.to_string(),
            alive: true,
        };
        self.nodes.insert(made, node);
        Ok(Ok(Changed::Created(self.placed(made))))
    }
}

impl Server for World {
    fn change(&mut self, change: &Change) -> Answer {
        let way = self.ways.pop_front().unwrap_or(Way::Serve);
        let signal = StopReason::Signal { number: 2 };
        if way == Way::Refuse {
            return Ok(Err(Self::refusal()));
        }
        if way == Way::Stop {
            return Err(Unmade::Stop(signal));
        }
        let answer = match change {
            Change::CreateFolder { parent, name } => self.make(*parent, name, way),
            Change::MoveFiles { ids, to } => Ok(self.move_some(ids, Kind::File, *to, way)),
            Change::MoveFolders { ids, to } => Ok(self.move_some(ids, Kind::Folder, *to, way)),
            Change::MoveStack { id, to } => {
                Ok(self.move_some(&[*id], Kind::VersionStack, *to, way))
            }
            Change::DeleteFolder(folder) => {
                let folder = number(*folder);
                if !self.is_alive(folder) {
                    return Ok(Err(Self::refusal()));
                }
                if !matches!(way, Way::Lost | Way::Half | Way::Lie) {
                    self.die(folder, true);
                }
                Ok(Ok(Changed::Deleted(204)))
            }
            Change::CreateFile { .. }
            | Change::CreateStack { .. }
            | Change::MoveFile { .. }
            | Change::DeleteFile(_)
            | Change::Restore(..) => panic!("{change:?}"),
        };
        match way {
            Way::Lost | Way::LostDone | Way::Half => Err(Unmade::Unknown {
                detail: "lost".to_owned(),
            }),
            Way::DeniedDone => Err(Unmade::Denied(signal)),
            Way::RefuseDone => Ok(Err(Self::refusal())),
            Way::Serve | Way::Short | Way::Refuse | Way::Stop | Way::Lie => answer,
        }
    }

    fn read(&mut self, wanted: Wanted<'_>) -> Result<Inventory, StopReason> {
        self.readings += 1;
        if let Some(act) = self.acts.remove(&self.readings) {
            self.act(act);
        }
        let mut read = Inventory::default();
        for (asset, _) in wanted.assets {
            read.assets.insert(*asset, self.see(number(*asset)));
        }
        for folder in wanted.whole {
            if !self.is_alive(number(*folder)) {
                continue;
            }
            let shown = self.shown();
            let inside = shown.inside(number(*folder));
            let around = inside.iter().map(|one| (id(*one), shown.facts(*one)));
            read.around.extend(around);
            let ids: Vec<AssetId> = inside.into_iter().map(id).collect();
            read.contents.insert(*folder, Contents::Whole(ids.into()));
        }
        let about = Project {
            root: Some(id(ROOT)),
            ..Project::default()
        };
        read.projects.insert(project(), about);
        Ok(read)
    }

    fn folders_in(&mut self, folder: AssetId) -> Result<Option<Vec<Named>>, StopReason> {
        let folders = self.nodes.iter().filter(|(_, node)| {
            node.alive && node.kind == Kind::Folder && id(node.parent) == folder
        });
        let named = folders.map(|(number, node)| Named {
            id: id(*number),
            name: Some(node.name.as_str().into()),
        });
        Ok(Some(named.collect()))
    }

    fn still_there(&mut self, assets: &[(AssetId, Kind)]) -> Result<Vec<AssetId>, StopReason> {
        self.looked_at
            .extend(assets.iter().map(|(id, _)| number(*id)));
        let ids = assets.iter().map(|(id, _)| *id);
        Ok(ids.filter(|id| self.is_alive(number(*id))).collect())
    }

    fn marked(&self, _: &Inventory) -> BTreeSet<AssetId> {
        self.marked.iter().map(|number| id(*number)).collect()
    }

    fn pause(&mut self, _: Duration) -> Result<(), StopReason> {
        Ok(())
    }

    fn tell(&mut self, _: &str) {}

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}
