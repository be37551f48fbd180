//! An account for tests: what lies in what, and as what V4 shows it.

use std::collections::BTreeSet;

use super::*;
use crate::inventory::{Contents, Project};

/// How many assets a tree has; the first two are the tops of its projects.
pub(super) const ASSETS: u128 = 14;
pub(super) const TOPS: u128 = 2;

/// What the first project is called by; the second has the next id.
pub(super) const PROJECT: u128 = 1_000;

/// An account: what lies in what.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) kinds: Vec<Kind>,
    pub(super) parents: Vec<u128>,
    pub(super) bytes: Vec<u64>,
    /// Those that are not there any more.
    pub(super) gone: BTreeSet<u128>,
}

impl Tree {
    pub(super) fn kind(&self, n: u128) -> Kind {
        self.kinds[usize::try_from(n).unwrap()]
    }

    pub(super) fn parent(&self, n: u128) -> Option<u128> {
        (n >= TOPS).then(|| self.parents[usize::try_from(n).unwrap()])
    }

    /// What lies around an asset, itself among it, from the inside out.
    pub(super) fn chain(&self, n: u128) -> Vec<u128> {
        let mut chain = vec![n];
        let mut here = n;
        while let Some(parent) = self.parent(here) {
            chain.push(parent);
            here = parent;
        }
        chain
    }

    pub(super) fn is_there(&self, n: u128) -> bool {
        self.chain(n).iter().all(|n| !self.gone.contains(n))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = u128> {
        (0..ASSETS).filter(|n| self.is_there(*n))
    }

    /// What is in an asset, to the bottom.
    pub(super) fn contents(&self, of: u128) -> Vec<u128> {
        let all = self.all();
        all.filter(|n| *n != of && self.chain(*n).contains(&of))
            .collect()
    }

    pub(super) fn project(&self, n: u128) -> AssetId {
        id(PROJECT + self.chain(n).last().unwrap())
    }

    /// Moves an asset where it can lie: in a folder, or a file in a version stack, and never in
    /// itself.
    pub(super) fn put(&mut self, n: u128, to: u128) {
        let fits = match (self.kind(to), self.kind(n)) {
            (Kind::Folder, _) | (Kind::VersionStack, Kind::File) => true,
            (Kind::File | Kind::VersionStack, _) => false,
        };
        if n >= TOPS && fits && !self.chain(to).contains(&n) {
            self.parents[usize::try_from(n).unwrap()] = to;
        }
    }

    pub(super) fn facts(&self, n: u128) -> Facts {
        let kind = self.kind(n);
        let files = (kind == Kind::VersionStack).then(|| ids(&self.contents(n)));
        Facts {
            name: Some(format!("asset {n}").into()),
            project: Some(self.project(n)),
            parent: self.parent(n).map(id),
            bytes: (kind == Kind::File).then(|| self.bytes[usize::try_from(n).unwrap()]),
            files,
            ..Facts::of_kind(kind)
        }
    }

    /// All of it as V4 shows it, but that the lists of some folders and version stacks do not
    /// come to their ends and some assets cannot be placed.
    pub(super) fn read(
        &self,
        listed: &[u128],
        unlisted: &BTreeSet<u128>,
        unplaced: &BTreeSet<u128>,
    ) -> Inventory {
        let mut read = Inventory {
            asked_all: true,
            ..Inventory::default()
        };
        let mut places = Places {
            listed_whole: true,
            ..Places::default()
        };
        // Whatever a list shows has its place by that.
        let whole = listed.iter().filter(|n| !unlisted.contains(n));
        let shown: BTreeSet<u128> = whole.flat_map(|n| self.contents(*n)).collect();
        for n in self.all() {
            let facts = self.facts(n);
            places.kinds.insert(id(n), facts.kind);
            let lies = match self.parent(n) {
                _ if unplaced.contains(&n) && !shown.contains(&n) => {
                    Lies::Unread("no answer".into())
                }
                Some(parent) => Lies::In(id(parent)),
                None => Lies::AtTop,
            };
            places.lies.insert(id(n), lies);
            if !listed.contains(&n) {
                read.around.insert(id(n), facts);
                continue;
            }
            let kind = facts.kind;
            read.assets.insert(id(n), Seen::There(facts));
            if kind == Kind::File {
                continue;
            }
            let inside = self.contents(n);
            if unlisted.contains(&n) {
                let message: Arc<str> = "the list ends early".into();
                places.listed_whole = false;
                read.contents
                    .insert(id(n), Contents::Unread(Arc::clone(&message)));
                read.assets.insert(id(n), Seen::Refused { message });
                continue;
            }
            for below in inside.iter().chain([&n]) {
                let children = inside.iter().filter(|n| self.parent(**n) == Some(*below));
                places
                    .contents
                    .insert(id(*below), children.copied().map(id).collect());
            }
            read.contents.insert(id(n), Contents::Whole(ids(&inside)));
        }
        for n in (TOPS..ASSETS).filter(|n| !self.is_there(*n)) {
            let evidence = Evidence::Listed;
            if listed.contains(&n) {
                let facts = Some(self.facts(n));
                read.assets.insert(id(n), Seen::Deleted { facts, evidence });
            }
            let was_in = self.parent(n).map(id);
            places
                .lies
                .insert(id(n), Lies::Deleted { evidence, was_in });
        }
        for top in 0..TOPS {
            let project = Project {
                root: Some(id(top)),
                ..Project::default()
            };
            read.projects.insert(id(PROJECT + top), project);
        }
        read.places = Some(places);
        read
    }
}

fn ids(all: &[u128]) -> Arc<[AssetId]> {
    all.iter().copied().map(id).collect()
}
