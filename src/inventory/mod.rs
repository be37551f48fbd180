//! The words for the live picture: what the server said of assets, and how complete that is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::outcome::Evidence;

mod facts;
mod known;
mod list;
mod mark;
mod share;

pub use facts::{Facts, Field, Person, Project, Shown};
pub use known::{Called, Known, Location};
pub use list::{ListPart, ProjectsPart, ReadLists};
pub use mark::{Definition, Mark, Marked, Marking, Marks, NoMark};
pub use share::Sharing;

/// What was read of assets before a plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// What was seen, by asset.
    pub assets: BTreeMap<AssetId, Seen>,
    /// How many assets should have been read and were not.
    pub unread: usize,
    /// One of them, and why it was not.
    pub unread_why: Option<(AssetId, Arc<str>)>,
    /// Whether each open asset that is listed was asked for: what is not here then could not be
    /// read, and nobody knows what it is.
    pub asked_all: bool,
    /// Where protected assets and what is to be deleted lie, where that was read.
    pub places: Option<Places>,
    /// What was read of assets that nobody asked for: the folders above others, and what is in
    /// folders and version stacks.
    pub around: BTreeMap<AssetId, Facts>,
    /// What is in each folder and version stack of which that was asked, to the bottom.
    pub contents: BTreeMap<AssetId, Contents>,
    /// What is directly in folders and version stacks that hold assets that were asked for, where
    /// a list was read to its end.
    pub lists: BTreeMap<AssetId, Arc<[(AssetId, Kind)]>>,
    /// What was listed already of what is in folders and version stacks, until all of that is read.
    pub ahead: BTreeMap<AssetId, Vec<Shown>>,
    /// What the lists of recently deleted assets tell of those that they show, each with when it
    /// was deleted; nothing is decided by it.
    pub departed: BTreeMap<AssetId, (Option<Facts>, Timestamp)>,
    /// What those lay in that these lists show, and what is around that, as far as they say it.
    pub was_in: BTreeMap<AssetId, AssetId>,
    /// What of these lists was read; nothing is decided by it.
    pub recently_deleted: ReadLists,
    /// The projects in which all these lie.
    pub projects: BTreeMap<AssetId, Project>,
    /// The held projects that were asked for and could not be read, and why: nobody knows whether
    /// there is such a project.
    pub unread_projects: BTreeMap<AssetId, Arc<str>>,
    /// The marks that keep assets, where somebody asks for them.
    pub marks: Option<Marks>,
}

/// What is in a folder or a version stack, to the bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// All lists were read to their ends: folders, version stacks, and files, the versions in
    /// stacks among them, in the order of their ids.
    Whole(Arc<[AssetId]>),
    /// A list could not be read to its end, and why: so nobody knows what is in it.
    Unread(Arc<str>),
}

/// Where assets lie, as far as it was read to find out what protected ones are connected with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Where each asset lies that was read or listed.
    pub lies: BTreeMap<AssetId, Lies>,
    /// What each of them is called.
    pub names: BTreeMap<AssetId, Arc<str>>,
    /// What sort of asset each of them is, where that is known.
    pub kinds: BTreeMap<AssetId, Kind>,
    /// What is in each folder and version stack that was listed to its end.
    pub contents: BTreeMap<AssetId, Vec<AssetId>>,
    /// The id by which an asset is asked for, by the one that its answer says: what is asked
    /// for by an id of Adobe's storage may answer with a UUID.
    pub same: BTreeMap<AssetId, AssetId>,
    /// Whether all that is in the folders and version stacks that are to be deleted was listed
    /// to the end.
    pub listed_whole: bool,
    /// Why what is in some of the held ones could not be listed to the end.
    pub unlisted: BTreeMap<AssetId, Arc<str>>,
    /// The held assets that are or may be folders or version stacks, each with whether all that
    /// is in it was listed to the end.
    pub held: BTreeMap<AssetId, bool>,
}

/// What must be placed before it is known what protected assets are connected with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connections {
    /// The held assets of which it is not known that they are files.
    pub holds: Vec<AssetId>,
    /// What keeps the folders and stacks that it lies in: all that is held, deferred, pinned or
    /// blocked; nothing where only files are to be deleted.
    pub protected: Vec<AssetId>,
    /// What is to be deleted.
    pub listed: Vec<AssetId>,
    /// What of it is not known to be a file.
    pub containers: Vec<(AssetId, Option<Kind>)>,
    /// In what those of them lay that were moved aside: what is around that counts for them as well.
    pub homes: Vec<AssetId>,
    /// In what that lay which waits aside, where a hold may be around that: it is moved back then.
    pub waiting: Vec<AssetId>,
}

/// Where one asset lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lies {
    /// In a folder or a version stack.
    In(AssetId),
    /// In nothing: it is the top of a project.
    AtTop,
    /// Nowhere any more: it is shown to be deleted. Whoever restores it puts it back.
    Deleted {
        /// What shows it.
        evidence: Evidence,
        /// What it lay in, where that is known.
        was_in: Option<AssetId>,
    },
    /// The server does not know it.
    Missing,
    /// That could not be found out, and why.
    Unread(Arc<str>),
}

impl Lies {
    /// What it lies in, or lay in before it was deleted.
    #[must_use]
    pub const fn parent(&self) -> Option<AssetId> {
        match self {
            Self::In(parent) => Some(*parent),
            Self::Deleted { was_in, .. } => *was_in,
            Self::AtTop | Self::Missing | Self::Unread(_) => None,
        }
    }
}

/// What was seen of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there.
    There(Facts),
    /// It is deleted.
    Deleted {
        /// What it was, where that was read.
        facts: Option<Facts>,
        /// What shows it.
        evidence: Evidence,
    },
    /// The server does not know it, and nothing shows that it was deleted.
    Missing,
    /// It may not be read.
    Refused {
        /// The server's own words.
        message: Arc<str>,
    },
}

impl Places {
    /// Adds what was read later.
    fn add(&mut self, later: Self) {
        let Self {
            lies,
            names,
            kinds,
            contents,
            same,
            listed_whole,
            unlisted,
            held,
        } = later;
        self.lies.extend(lies);
        self.names.extend(names);
        self.kinds.extend(kinds);
        self.contents.extend(contents);
        self.same.extend(same);
        self.listed_whole &= listed_whole;
        self.unlisted.extend(unlisted);
        self.held.extend(held);
    }
}

impl Seen {
    /// The facts of an asset that is there.
    #[must_use]
    pub const fn facts(&self) -> Option<&Facts> {
        match self {
            Self::There(facts) => Some(facts),
            Self::Deleted { .. } | Self::Missing | Self::Refused { .. } => None,
        }
    }
}

#[cfg(test)]
impl Inventory {
    /// An account in which none of some assets lies in another one.
    pub(crate) fn flat(ids: impl IntoIterator<Item = AssetId>) -> Self {
        let places = Places {
            lies: ids.into_iter().map(|id| (id, Lies::AtTop)).collect(),
            ..Places::default()
        };
        Self {
            places: Some(places),
            ..Self::default()
        }
    }
}

impl Inventory {
    /// Drops what was read of assets that were deleted since.
    pub fn forget(&mut self, deleted: &BTreeSet<AssetId>) {
        for id in deleted {
            self.assets.remove(id);
            self.around.remove(id);
        }
        let stays = |id: &AssetId| !deleted.contains(id);
        for contents in self.contents.values_mut() {
            if let Contents::Whole(inside) = contents
                && !inside.iter().all(stays)
            {
                *inside = inside.iter().copied().filter(stays).collect();
            }
        }
        for list in self.lists.values_mut() {
            if !list.iter().all(|(id, _)| stays(id)) {
                *list = list.iter().copied().filter(|(id, _)| stays(id)).collect();
            }
        }
        if let Some(places) = &mut self.places {
            places.lies.retain(|id, _| stays(id));
            for inside in places.contents.values_mut() {
                inside.retain(stays);
            }
        }
    }

    /// The assets that were looked for and that the server does not know, or no longer.
    pub fn missing(&self) -> impl Iterator<Item = AssetId> {
        let missing = self.assets.iter();
        missing.filter_map(|(id, seen)| matches!(seen, Seen::Missing).then_some(*id))
    }

    /// Adds what was read later: of each asset that counts. What was read before and not again is
    /// as it was.
    pub fn add(&mut self, later: Self) {
        self.assets.extend(later.assets);
        self.around.extend(later.around);
        self.contents.extend(later.contents);
        self.lists.extend(later.lists);
        self.ahead.extend(later.ahead);
        self.departed.extend(later.departed);
        self.was_in.extend(later.was_in);
        self.projects.extend(later.projects);
        match (&mut self.places, later.places) {
            (Some(places), Some(later)) => places.add(later),
            (places @ None, later) => *places = later,
            (Some(_), None) => {}
        }
    }

    /// What an asset lies in, as far as that was read.
    #[must_use]
    pub fn parent_of(&self, id: AssetId) -> Option<AssetId> {
        let said = self.facts(id).and_then(|facts| facts.parent);
        said.or_else(|| self.places.as_ref()?.lies.get(&id)?.parent())
    }

    /// Keeps what a list shows that was read to its end.
    pub fn add_list(&mut self, of: AssetId, items: &[Shown]) {
        let items = items.iter().map(|item| (item.id, item.facts.kind));
        self.lists.insert(of, items.collect());
    }

    /// How many files go where an asset is deleted, every version of a stack counting as one;
    /// nothing where what is in it was not read to its end.
    #[must_use]
    pub fn files_in(&self, id: AssetId) -> Option<usize> {
        let facts = self.facts(id)?;
        let inside = match self.contents.get(&id) {
            Some(Contents::Whole(ids)) => ids,
            Some(Contents::Unread(_)) => return None,
            None if facts.kind == Kind::File => return Some(1),
            None => facts.files.as_ref()?,
        };
        // What nobody has said anything of is a version of a stack.
        let is_file = |id: &&AssetId| {
            self.facts(**id)
                .is_none_or(|facts| facts.kind == Kind::File)
        };
        Some(inside.iter().filter(is_file).count())
    }

    /// What is known of all that is there, of what nobody asked for first.
    pub fn all_facts(&self) -> impl Iterator<Item = (AssetId, &Facts)> {
        let around = self.around.iter().map(|(id, facts)| (*id, facts));
        let asked = self.assets.iter();
        around.chain(asked.filter_map(|(id, seen)| Some((*id, seen.facts()?))))
    }

    /// What is known of an asset that is there, whether somebody asked for it or not.
    #[must_use]
    pub fn facts(&self, id: AssetId) -> Option<&Facts> {
        let asked = self.assets.get(&id).and_then(Seen::facts);
        asked.or_else(|| self.around.get(&id))
    }

    /// Where an asset lies, as far as the folders above it were read; nothing where not even its
    /// project or its parent is known.
    #[must_use]
    pub fn location(&self, id: AssetId) -> Option<Location> {
        self.location_of(self.facts(id)?)
    }

    /// How a sentence names an asset.
    #[must_use]
    pub fn called(&self, id: AssetId) -> Called {
        let facts = self.facts(id);
        let known = facts.map(|facts| Known {
            name: facts.name.clone(),
            location: self.location_of(facts).map(Arc::new),
            ..Known::default()
        });
        let path = known.and_then(|known| known.path());
        Called { id, path }
    }

    /// Where an asset of such facts lies, or lay before it was deleted.
    #[must_use]
    pub fn location_of(&self, facts: &Facts) -> Option<Location> {
        let project = facts
            .project
            .and_then(|project| self.projects.get(&project));
        let root = project.and_then(|project| project.root);
        let mut names: Vec<String> = Vec::new();
        let mut passed = BTreeSet::new();
        let mut above = facts.parent;
        let whole = loop {
            let Some(parent) = above else { break true };
            if Some(parent) == root {
                break true;
            }
            // A circle, which no server should have, leads to no top either.
            let Some(facts) = self.facts(parent).filter(|_| passed.insert(parent)) else {
                break false;
            };
            if facts.parent.is_none() && facts.project.is_some() {
                // The folder at the top of a project, whose name nobody sees.
                break true;
            }
            let name = facts.name.as_deref().unwrap_or("?");
            names.push(name.replace('/', "\\/"));
            if facts.parent.is_none() {
                // What it lies in was not read.
                break false;
            }
            above = facts.parent;
        };
        let project = project.and_then(|project| project.name.clone());
        if names.is_empty() && project.is_none() {
            return None;
        }
        if !whole {
            names.push(Location::UNKNOWN.to_owned());
        }
        names.reverse();
        Some(Location {
            project,
            folder: names.join("/").into(),
        })
    }
}

#[cfg(test)]
mod tests;
