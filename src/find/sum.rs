//! What was found, by folder: how much, how large, how old.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::find::filter::By;
use crate::find::tree::Read;
use crate::find::{Answer, Found};
use crate::measure;

/// How much of something was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many files.
    pub files: usize,
    /// How many bytes, as far as that is known.
    pub bytes: u64,
    /// Of how many of the things that were found it is not known.
    pub unmeasured: usize,
    /// When the first of them was changed last.
    pub oldest: Option<Timestamp>,
    /// When the last of them was.
    pub newest: Option<Timestamp>,
}

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The names from the project down to it.
    pub path: Vec<String>,
    /// Its project, where that is known.
    pub project: Option<AssetId>,
    /// How much was found in it: right in it, or also below it where a depth was asked for.
    pub figures: Figures,
    /// How many bytes are in its project, where that is known.
    pub storage: Option<u64>,
}

/// A folder by its path, its project and its place in the tree: two may have one path.
type Key<'a> = (Vec<&'a str>, Option<AssetId>, Option<usize>);

/// The order of folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The largest first.
    Bytes,
    /// The oldest first.
    Age,
    /// By their paths.
    Name,
}

impl Figures {
    fn add(&mut self, found: &Found<'_>, by: By) {
        self.files += found.files().unwrap_or_default();
        self.unmeasured += usize::from(!measure::add(&mut self.bytes, found.bytes()));
        let [oldest, newest] = found.moments(by);
        self.oldest = match (self.oldest, oldest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.newest = self.newest.max(newest);
    }
}

impl Answer<'_> {
    /// All that was found, each file once.
    #[must_use]
    pub fn totals(&self, by: By) -> Figures {
        let mut figures = Figures::default();
        let counted = self.found.iter().filter(|found| !found.covered);
        counted.for_each(|found| figures.add(found, by));
        figures
    }

    /// How many projects something was found in.
    #[must_use]
    pub fn projects(&self) -> usize {
        let projects = self.found.iter().map(|found| found.facts.project);
        projects.collect::<BTreeSet<_>>().len()
    }

    /// What was found, by the folder that it lies in; with a depth, every folder so far down, with
    /// all that was found below it.
    #[must_use]
    pub fn folders(&self, depth: Option<usize>, by: By, order: Order) -> Vec<Folder> {
        let mut sums: BTreeMap<Key<'_>, Figures> = BTreeMap::new();
        for found in self.found.iter().filter(|found| !found.covered) {
            let folders = self.tree.folders_above(found.place);
            let names = self.tree.names(found.facts.project, &folders);
            let project = found.facts.project;
            let ends = match depth {
                None => folders.len()..=folders.len(),
                Some(depth) => 0..=depth.min(folders.len()),
            };
            for end in ends {
                let last = end.checked_sub(1).map(|last| folders[last]);
                let own = names[..names.len() - (folders.len() - end)].to_vec();
                sums.entry((own, project, last)).or_default().add(found, by);
            }
        }
        let storage = |project: Option<AssetId>| self.tree.projects.get(&project?)?.storage;
        let rows = sums
            .into_iter()
            .map(|((path, project, _), figures)| Folder {
                path: path.into_iter().map(str::to_owned).collect(),
                project,
                figures,
                storage: storage(project),
            });
        let mut rows: Vec<Folder> = rows.collect();
        match order {
            Order::Bytes => rows.sort_by_key(|row| Reverse(row.figures.bytes)),
            Order::Age => rows.sort_by_key(|row| row.figures.oldest.unwrap_or(Timestamp::MAX)),
            Order::Name => {}
        }
        rows
    }

    /// The names from the project down to the folder that an asset lies in; a version stack is
    /// none.
    #[must_use]
    pub fn folder_of(&self, found: &Found<'_>) -> Vec<&str> {
        let folders = self.tree.folders_above(found.place);
        self.tree.names(found.facts.project, &folders)
    }

    /// Brings assets into the order of the folders that they lie in; what lies right in a folder
    /// stands before what lies in those below it.
    pub fn sort_by_folder(&self, listed: &mut [Found<'_>]) {
        let folder = |found: &Found<'_>| {
            let above = self.tree.folders_above(found.place);
            (found.facts.project, above.last().copied())
        };
        let mut paths: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for found in listed.iter() {
            paths
                .entry(folder(found))
                .or_insert_with(|| self.folder_of(found));
        }
        listed.sort_by(|one, other| paths[&folder(one)].cmp(&paths[&folder(other)]));
    }

    /// What the project of an asset is called, where that is known.
    #[must_use]
    pub fn project_of(&self, found: &Found<'_>) -> Option<&str> {
        let project = self.tree.projects.get(&found.facts.project?)?;
        project.name.as_deref()
    }

    /// The whole path of an asset, as a PLACE has it.
    #[must_use]
    pub fn path_of(&self, found: &Found<'_>) -> String {
        joined(&self.tree.path(found.place))
    }

    /// The folders and version stacks that could not be read, by their paths, and why.
    #[must_use]
    pub fn unread(&self, read: &Read) -> Vec<(String, String)> {
        let by_id = self.tree.nodes.iter().enumerate();
        let by_id: BTreeMap<AssetId, usize> = by_id.map(|(place, node)| (node.id, place)).collect();
        let unread = read.unread.iter().map(|(id, why)| {
            let project = self
                .tree
                .projects
                .iter()
                .find(|(_, of)| of.root == Some(*id));
            let path = match (by_id.get(id), project) {
                (Some(place), _) => joined(&self.tree.path(*place)),
                (None, Some((project, _))) => joined(&[self.tree.project_name(Some(*project))]),
                (None, None) => id.to_string(),
            };
            (path, why.to_string())
        });
        let mut unread: Vec<(String, String)> = unread.collect();
        unread.sort_unstable();
        unread
    }

    /// What is to be listed in place of what was found: a whole folder where all that is in it was
    /// found and may be listed.
    #[must_use]
    pub fn collapsed(&self) -> Vec<Found<'_>> {
        let nodes = &self.tree.nodes;
        let mut missing = vec![false; nodes.len()];
        let mut by_place: Vec<Option<&Found<'_>>> = vec![None; nodes.len()];
        for found in &self.found {
            by_place[found.place] = Some(found);
        }
        for (place, node) in nodes.iter().enumerate() {
            let listed = by_place[place].filter(|found| found.kept.is_none());
            missing[place] = node.facts.kind == Kind::File && listed.is_none();
        }
        for place in (0..nodes.len()).rev() {
            if let (true, Some(above)) = (missing[place], nodes[place].above) {
                missing[above] = true;
            }
        }
        let mut listed = Vec::new();
        let mut place = 0;
        while let Some(node) = nodes.get(place) {
            let whole = node.within.as_ref().filter(|within| within.files > 0);
            let is_kept = self.kept[place].is_some();
            if node.facts.kind == Kind::Folder && whole.is_some() && !missing[place] && !is_kept {
                listed.push(Found {
                    id: node.id,
                    facts: node.facts,
                    within: node.within.clone(),
                    place,
                    kept: None,
                    covered: false,
                });
                place = node.end;
                continue;
            }
            listed.extend(by_place[place].cloned());
            place += 1;
        }
        listed
    }
}

/// Names as one path, in which a slash in a name has a backslash before it.
#[must_use]
pub fn joined<T: AsRef<str>>(names: &[T]) -> String {
    let names = names.iter().map(|name| name.as_ref().replace('/', "\\/"));
    names.collect::<Vec<_>>().join("/")
}
