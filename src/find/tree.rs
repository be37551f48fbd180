//! What was read of an account, as a tree from its projects down.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::find::filter::{By, Candidate, Within};
use crate::inventory::{Definition, Facts, Inventory, Project, Seen};

/// What was read to find something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The assets and the projects.
    pub inventory: Inventory,
    /// The folders and version stacks whose lists were read to their ends.
    pub listed: BTreeSet<AssetId>,
    /// Those whose lists could not be, and why.
    pub unread: BTreeMap<AssetId, Arc<str>>,
    /// The custom fields of the account, or why they could not be read; nothing where nobody asked
    /// for them.
    pub definitions: Option<Result<Vec<Definition>, Arc<str>>>,
}

/// A tree of assets; each stands before what is in it, and siblings by their names.
#[derive(Debug)]
pub struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) projects: &'a BTreeMap<AssetId, Project>,
}

/// An asset in its tree.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) id: AssetId,
    pub(super) facts: &'a Facts,
    /// What holds it; nothing right below its project.
    pub(super) above: Option<usize>,
    /// Its project, where it is known.
    pub(super) project: Option<AssetId>,
    /// Whether what holds it is not known, though something must.
    pub(super) astray: bool,
    /// Behind the last of what is in it.
    pub(super) end: usize,
    /// What is in it, where all of it was read.
    pub(super) within: Option<Arc<Within>>,
    /// Which version it is in its stack, the newest being 0.
    pub(super) version: Option<usize>,
}

impl Node<'_> {
    pub(super) fn name(&self) -> &str {
        self.facts.name.as_deref().unwrap_or("?")
    }

    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            id: self.id,
            facts: self.facts,
            within: self.within.as_deref().copied(),
            version: self.version,
        }
    }
}

/// Everything that is there, in the order of the ids.
pub(super) fn facts(inventory: &Inventory) -> impl Iterator<Item = (AssetId, &Facts)> {
    let asked = inventory.assets.iter();
    let asked = asked.filter_map(|(id, seen)| Some((*id, seen.facts()?)));
    let is_asked = |id: &AssetId| matches!(inventory.assets.get(id), Some(Seen::There(_)));
    let around = inventory.around.iter();
    let around = around.filter(move |(id, _)| !is_asked(id));
    asked.chain(around.map(|(id, facts)| (*id, facts)))
}

impl<'a> Tree<'a> {
    /// Makes the tree of what was read.
    #[must_use]
    pub fn new(read: &'a Read) -> Self {
        let Read {
            inventory,
            listed,
            unread: _,
            definitions: _,
        } = read;
        let known: HashMap<AssetId, &Facts> = facts(inventory).collect();
        let projects = &inventory.projects;
        let roots: BTreeSet<AssetId> = projects.values().filter_map(|of| of.root).collect();
        // Nobody sees the folder at the top of a project.
        let is_root = |id: AssetId, facts: &Facts| {
            roots.contains(&id) || facts.parent.is_none() && facts.kind == Kind::Folder
        };
        let mut below: HashMap<AssetId, Vec<AssetId>> = HashMap::new();
        let mut tops: Vec<(AssetId, bool)> = Vec::new();
        for (id, facts) in &known {
            if is_root(*id, facts) {
                continue;
            }
            match facts.parent {
                Some(parent) if roots.contains(&parent) => tops.push((*id, false)),
                Some(parent) => match known.get(&parent) {
                    Some(facts) if is_root(parent, facts) => tops.push((*id, false)),
                    Some(_) => below.entry(parent).or_default().push(*id),
                    None => tops.push((*id, true)),
                },
                None => tops.push((*id, true)),
            }
        }
        let name = |id: &AssetId| known.get(id).and_then(|facts| facts.name.as_deref());
        let project_name = |id: &AssetId| {
            let project = known.get(id).and_then(|facts| facts.project);
            let named = project.and_then(|project| projects.get(&project)?.name.as_deref());
            (project.is_none(), named, project)
        };
        tops.sort_unstable_by_key(|(id, astray)| (project_name(id), *astray, name(id), *id));
        for siblings in below.values_mut() {
            siblings.sort_unstable_by_key(|id| (name(id), *id));
        }
        let mut tree = Self {
            nodes: Vec::with_capacity(known.len()),
            projects,
        };
        let mut waiting: Vec<(AssetId, Option<usize>, bool)> = Vec::new();
        waiting.extend(
            tops.into_iter()
                .rev()
                .map(|(id, astray)| (id, None, astray)),
        );
        while let Some((id, above, astray)) = waiting.pop() {
            let Some(facts) = known.get(&id).copied() else {
                continue;
            };
            let place = tree.nodes.len();
            tree.nodes.push(Node {
                id,
                facts,
                above,
                project: facts.project,
                astray,
                end: place + 1,
                within: None,
                version: None,
            });
            let below = below.get(&id).into_iter().flatten().rev();
            waiting.extend(below.map(|id| (*id, Some(place), false)));
        }
        tree.add_up(listed);
        tree
    }

    /// Finds out what is in each folder and stack, from the bottom to the top.
    fn add_up(&mut self, listed: &BTreeSet<AssetId>) {
        let mut sums: Vec<Sum> = self
            .nodes
            .iter()
            .map(|node| Sum {
                whole: node.facts.kind == Kind::File || listed.contains(&node.id),
                ..Sum::default()
            })
            .collect();
        for place in (0..self.nodes.len()).rev() {
            let node = &self.nodes[place];
            let (facts, end) = (node.facts, node.end);
            let sum = sums[place];
            let (within, own) = match facts.kind {
                Kind::File => (None, Sum::of_file(facts)),
                Kind::Folder | Kind::VersionStack => (sum.within(), sum.and_self(facts)),
            };
            let above = node.above;
            let node = &mut self.nodes[place];
            node.within = within.map(Arc::new);
            if let Some(above) = above {
                sums[above].add(own);
                self.nodes[above].end = self.nodes[above].end.max(end);
            }
        }
        for place in 0..self.nodes.len() {
            if self.nodes[place].facts.kind == Kind::VersionStack
                && self.nodes[place].within.is_some()
            {
                self.count_versions(place);
            }
        }
    }

    /// Numbers the versions in a stack, the newest first: the head, then those made last. One of
    /// which nobody knows when it was made may be the newest.
    fn count_versions(&mut self, stack: usize) {
        let Node { facts, end, .. } = self.nodes[stack];
        let mut versions: Vec<usize> = (stack + 1..end).collect();
        let order = |place: &usize| {
            let node = &self.nodes[*place];
            let is_head = facts.head == Some(node.id);
            let made = node.facts.created.unwrap_or(Timestamp::MAX);
            (!is_head, std::cmp::Reverse(made), node.id)
        };
        versions.sort_unstable_by_key(order);
        for (number, place) in versions.into_iter().enumerate() {
            self.nodes[place].version = Some(number);
        }
    }

    /// The names from the project down to an asset, and the asset's own.
    #[must_use]
    pub fn path(&self, place: usize) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = Some(place);
        let mut top = place;
        while let Some(place) = at {
            names.push(self.nodes[place].name());
            (top, at) = (place, self.nodes[place].above);
        }
        if self.nodes[top].astray {
            names.push("…");
        }
        names.push(self.project_name(self.nodes[top].project));
        names.reverse();
        names
    }

    /// The folders that an asset lies in, from the top.
    pub(super) fn folders_above(&self, place: usize) -> Vec<usize> {
        let mut folders = Vec::new();
        let mut at = self.nodes[place].above;
        while let Some(place) = at {
            if self.nodes[place].facts.kind == Kind::Folder {
                folders.push(place);
            }
            at = self.nodes[place].above;
        }
        folders.reverse();
        folders
    }

    /// The names of a project and of folders in it.
    pub(super) fn names(&self, project: Option<AssetId>, folders: &[usize]) -> Vec<&str> {
        let astray = folders
            .first()
            .is_some_and(|first| self.nodes[*first].astray);
        let project = std::iter::once(self.project_name(project));
        let astray = astray.then_some("…");
        let folders = folders.iter().map(|place| self.nodes[*place].name());
        project.chain(astray).chain(folders).collect()
    }

    /// What a project is called.
    pub(super) fn project_name(&self, project: Option<AssetId>) -> &str {
        let project = project.and_then(|id| self.projects.get(&id));
        project
            .and_then(|project| project.name.as_deref())
            .unwrap_or("…")
    }
}

/// What is in a folder or a stack, while it is added up.
#[derive(Debug, Clone, Copy)]
struct Sum {
    whole: bool,
    files: usize,
    bytes: Option<u64>,
    /// The newest moments; nothing where there are none.
    newest: [Option<Timestamp>; 2],
    /// The oldest of the files.
    oldest: [Option<Timestamp>; 2],
    /// Whether these are known of all.
    known: [bool; 2],
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            whole: true,
            files: 0,
            bytes: Some(0),
            newest: [None; 2],
            oldest: [None; 2],
            known: [true; 2],
        }
    }
}

impl Sum {
    fn of_file(facts: &Facts) -> Self {
        Self {
            files: 1,
            bytes: facts.bytes,
            oldest: [facts.updated, facts.created],
            ..Self::default()
        }
        .and_self(facts)
    }

    /// With the moments of an asset itself.
    fn and_self(mut self, facts: &Facts) -> Self {
        for by in [By::Updated, By::Created] {
            let (place, moment) = match by {
                By::Updated => (0, facts.updated),
                By::Created => (1, facts.created),
            };
            self.known[place] &= moment.is_some();
            self.newest[place] = self.newest[place].max(moment);
        }
        self
    }

    fn add(&mut self, other: Self) {
        self.whole &= other.whole;
        self.files += other.files;
        let both = self.bytes.zip(other.bytes);
        self.bytes = both.and_then(|(one, other)| one.checked_add(other));
        for place in 0..2 {
            self.newest[place] = self.newest[place].max(other.newest[place]);
            self.oldest[place] = match (self.oldest[place], other.oldest[place]) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            self.known[place] &= other.known[place];
        }
    }

    fn within(self) -> Option<Within> {
        let known = |place: usize| self.newest[place].filter(|_| self.known[place]);
        self.whole.then(|| Within {
            files: self.files,
            bytes: self.bytes,
            newest: [known(0), known(1)],
            oldest: self.oldest,
        })
    }
}
