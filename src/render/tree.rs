//! The assets of one group of a plan by project and folder, and how much of them a terminal has
//! room for.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::mem;

use crate::plan::Step;
use crate::plan::about::{About, Sum};
use crate::render::places::{self, Spot};
use crate::render::share;

/// One asset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf<'plan> {
    pub(super) step: &'plan Step,
    pub(super) about: Option<&'plan About>,
    /// Whether it is deleted along with something else, which counts it.
    pub(super) carried: bool,
}

impl<'plan> Leaf<'plan> {
    /// Where it lies; nothing where nobody knows.
    pub(super) fn spot(&self) -> Option<Spot<'plan>> {
        Spot::of(self.about?)
    }
}

/// What assets come to; what is deleted along with others is counted with those.
pub(super) fn sum<'leaves>(leaves: impl IntoIterator<Item = &'leaves Leaf<'leaves>>) -> Sum {
    let counted = leaves.into_iter().filter(|leaf| !leaf.carried);
    Sum::of(counted.map(|leaf| (leaf.step.kind(), leaf.about)))
}

/// What is to say of an asset: why it stays or goes, what is in it, reason, ticket and owner.
pub(super) type Said = [Option<String>; 5];

/// What both of two say.
pub(super) fn shared(mut said: Said, other: &Said) -> Said {
    for (said, other) in said.iter_mut().zip(other) {
        if said != other {
            *said = None;
        }
    }
    said
}

/// What one says that was not said before.
pub(super) fn unshared(mut said: Said, before: &Said) -> Said {
    for (said, before) in said.iter_mut().zip(before) {
        if said == before {
            *said = None;
        }
    }
    said
}

/// A folder with those of its assets that belong to the group.
#[derive(Debug)]
pub(super) struct Folder<'plan> {
    pub(super) spot: Spot<'plan>,
    pub(super) leaves: Vec<Leaf<'plan>>,
    /// What is to say of each of them.
    pub(super) said: Said,
}

/// A project with its folders.
pub(super) type Project<'plan> = Vec<Folder<'plan>>;

/// The assets of one group.
#[derive(Debug, Default)]
pub(super) struct Tree<'plan> {
    pub(super) projects: Vec<Project<'plan>>,
    /// Those of which nobody knows where they lie.
    pub(super) bare: Vec<Leaf<'plan>>,
}

impl<'plan> Tree<'plan> {
    /// Puts assets where they lie: projects, folders and names in their order.
    ///
    /// `said` tells what is to say of one.
    pub(super) fn new(leaves: Vec<Leaf<'plan>>, said: &dyn Fn(&Leaf<'plan>) -> Said) -> Self {
        let (placed, bare) = places::by_spot(leaves, Leaf::spot);
        let mut projects: Vec<Project<'plan>> = Vec::new();
        for (spot, mut leaves) in placed {
            leaves.sort_by_key(|leaf| leaf.about.and_then(|about| about.name.as_deref()));
            let all = leaves.iter().map(said);
            let said = all.reduce(|said, other| shared(said, &other));
            let folder = Folder {
                spot,
                leaves,
                said: said.unwrap_or_default(),
            };
            let last = projects.last_mut().filter(|project: &&mut Project<'_>| {
                let first = project.first();
                first.is_some_and(|first| first.spot.project() == spot.project())
            });
            match last {
                Some(project) => project.push(folder),
                None => projects.push(vec![folder]),
            }
        }
        Self { projects, bare }
    }

    /// Puts the largest of its projects first where only so many have a row, and keeps their order.
    fn put_first(&mut self, most: usize) {
        if most + 1 >= self.least() {
            return;
        }
        let size = |project: &Project<'_>| {
            let sum = sum(project.iter().flat_map(|folder| &folder.leaves));
            Reverse((sum.bytes, sum.files))
        };
        let mut all: Vec<usize> = (0..self.projects.len()).collect();
        all.sort_by_cached_key(|at| size(&self.projects[*at]));
        let largest: BTreeSet<usize> = all.into_iter().take(most).collect();
        let projects = mem::take(&mut self.projects).into_iter().enumerate();
        let (first, rest): (Vec<_>, Vec<_>) = projects.partition(|(at, _)| largest.contains(at));
        let projects = first.into_iter().chain(rest);
        self.projects = projects.map(|(_, project)| project).collect();
    }

    /// How many rows it takes at least, if none of it is left out.
    fn least(&self) -> usize {
        self.projects.len() + usize::from(!self.bare.is_empty())
    }
}

/// How much of a project is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    /// One row for all of it.
    Closed,
    /// These of its folders, in their order, and one row for all others.
    Partly(Vec<usize>),
    /// All of its folders.
    Whole,
}

/// What of a tree is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many projects are shown at all.
    pub(super) projects: usize,
    /// How much of each.
    pub(super) opened: Vec<Opened>,
    /// How many assets of each folder are shown, by project.
    pub(super) folders: Vec<Vec<usize>>,
    /// How many assets are shown that lie nobody knows where.
    pub(super) bare: usize,
}

impl Shape {
    /// All of a tree.
    pub(super) fn whole(tree: &Tree<'_>) -> Self {
        let projects = tree.projects.iter().map(|project| {
            let folders = project.iter();
            folders.map(|folder| folder.leaves.len()).collect()
        });
        Self {
            projects: tree.projects.len(),
            opened: vec![Opened::Whole; tree.projects.len()],
            folders: projects.collect(),
            bare: tree.bare.len(),
        }
    }

    /// How many assets have no row of their own, and no row that counts them for what it leaves out:
    /// the row of their folder or project stands for them.
    pub(super) fn unseen(&self, tree: &Tree<'_>) -> usize {
        let shown = tree.projects[..self.projects].iter().zip(&self.opened);
        let shown = shown.zip(&self.folders);
        let unseen = shown.map(|((project, opened), folders)| {
            let unseen = project
                .iter()
                .zip(folders)
                .filter(|(_, shown)| match opened {
                    Opened::Closed | Opened::Partly(_) => true,
                    Opened::Whole => **shown == 0,
                });
            unseen.map(|(folder, _)| folder.leaves.len()).sum::<usize>()
        });
        unseen.sum()
    }

    /// The least of a tree, in so many rows.
    fn least(tree: &Tree<'_>, rows: usize) -> Self {
        let all = tree.least();
        // A row says how many more there are.
        let projects = if rows < all {
            rows.saturating_sub(1)
        } else {
            all
        };
        Self {
            projects: projects.min(tree.projects.len()),
            opened: tree
                .projects
                .iter()
                .map(|project| match project.len() {
                    1 => Opened::Whole,
                    _ => Opened::Closed,
                })
                .collect(),
            folders: tree
                .projects
                .iter()
                .map(|project| vec![0; project.len()])
                .collect(),
            bare: 0,
        }
    }
}

/// What may be shown of a tree beyond its least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The folders of a project, by the tree and the project.
    Project(usize, usize),
    /// The assets of a folder, by the tree, the project and the folder.
    Folder(usize, usize, usize),
    /// The assets of a tree of which nobody knows where they lie.
    Bare(usize),
}

/// Says what is shown of some trees in so many rows. All are shown at their least first, then
/// what takes the fewest rows: the small things are seen whole, and the large ones by their sums. Of
/// a project with too many folders the largest are shown, in half of the rows that are left at first,
/// and in all that nothing else takes.
///
/// `rows_of` says how many rows an asset of a folder takes.
pub(super) fn fold(
    trees: &mut [Tree<'_>],
    rows: usize,
    rows_of: &dyn Fn(&Leaf<'_>, Option<&Folder<'_>>) -> usize,
) -> Vec<Shape> {
    let least: Vec<usize> = trees.iter().map(Tree::least).collect();
    let room = share(&least, rows);
    for (tree, room) in trees.iter_mut().zip(&room) {
        tree.put_first(room.saturating_sub(1));
    }
    let trees: &[Tree<'_>] = trees;
    let mut left = rows - room.iter().sum::<usize>();
    let mut shapes: Vec<Shape> = trees
        .iter()
        .zip(&room)
        .map(|(tree, rows)| Shape::least(tree, *rows))
        .collect();
    let fits = |tree: usize| room[tree] == least[tree];

    let mut parts = Vec::new();
    for (at, tree) in trees.iter().enumerate().filter(|(at, _)| fits(*at)) {
        for (number, project) in tree.projects.iter().enumerate() {
            if project.len() > 1 {
                parts.push((project.len() - 1, Part::Project(at, number)));
            }
        }
    }
    open(&mut parts, &mut left, &mut shapes, trees);
    let closed = closed(&shapes, &fits);
    let mut taken = open_partly(&closed, left / 2, &mut shapes, trees);
    left -= taken;

    let cost = |leaves: &[Leaf<'_>], folder: Option<&Folder<'_>>| {
        // What is longer than all rows needs no counting.
        let few = leaves.len() <= left + 1;
        few.then(|| {
            leaves
                .iter()
                .map(|leaf| rows_of(leaf, folder))
                .sum::<usize>()
        })
    };
    for (at, tree) in trees.iter().enumerate().filter(|(at, _)| fits(*at)) {
        for (number, project) in tree.projects.iter().enumerate() {
            if shapes[at].opened[number] != Opened::Whole {
                continue;
            }
            for (place, folder) in project.iter().enumerate() {
                if let Some(rows) = cost(&folder.leaves, Some(folder)) {
                    parts.push((rows, Part::Folder(at, number, place)));
                }
            }
        }
        if let Some(rows) = cost(&tree.bare, None).filter(|rows| *rows > 0) {
            // The row that said how many there are is theirs.
            parts.push((rows - 1, Part::Bare(at)));
        }
    }
    open(&mut parts, &mut left, &mut shapes, trees);
    left += taken;
    taken = open_partly(&closed, left, &mut shapes, trees);
    left -= taken;
    begin(trees, left, &mut shapes, rows_of, &fits);
    shapes
}

/// Shows what takes the fewest rows, as long as there are some.
fn open(
    parts: &mut Vec<(usize, Part)>,
    left: &mut usize,
    shapes: &mut [Shape],
    trees: &[Tree<'_>],
) {
    parts.sort_unstable();
    for (rows, part) in parts.drain(..) {
        if rows > *left {
            break;
        }
        *left -= rows;
        match part {
            Part::Project(tree, project) => shapes[tree].opened[project] = Opened::Whole,
            Part::Folder(tree, project, folder) => {
                let leaves = &trees[tree].projects[project][folder].leaves;
                shapes[tree].folders[project][folder] = leaves.len();
            }
            Part::Bare(tree) => shapes[tree].bare = trees[tree].bare.len(),
        }
    }
}

/// Fewer rows than this are better left empty than filled with the beginning of a list.
const WORTH: usize = 3;

/// The projects that have one row, by their trees.
fn closed(shapes: &[Shape], fits: &dyn Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let all = shapes.iter().enumerate().filter(|(tree, _)| fits(*tree));
    let closed = all.flat_map(|(tree, shape)| {
        let projects = shape.opened.iter().enumerate();
        let closed = projects.filter(|(_, opened)| **opened == Opened::Closed);
        closed.map(move |(project, _)| (tree, project))
    });
    closed.collect()
}

/// Shows the largest folders of projects in so many rows beyond the one that each has; says how many
/// it took. With more rows it shows as much of each at least.
fn open_partly(
    closed: &[(usize, usize)],
    rows: usize,
    shapes: &mut [Shape],
    trees: &[Tree<'_>],
) -> usize {
    let folders = |(tree, project): (usize, usize)| trees[tree].projects[project].len();
    // With so many rows beside its one row all of it is shown.
    let sizes: Vec<usize> = closed.iter().map(|one| folders(*one) - 1).collect();
    let mut extra = share(&sizes, rows);
    let least = |share: usize, size: usize| share >= WORTH.min(size);
    if !extra
        .iter()
        .zip(&sizes)
        .any(|(share, size)| least(*share, *size))
    {
        // Too many of them: the first is what goes.
        extra = vec![0; closed.len()];
        if let (Some(first), Some(size)) = (extra.first_mut(), sizes.first()) {
            *first = rows.min(*size);
        }
    }
    let mut taken = 0;
    for ((at, share), size) in closed.iter().zip(extra).zip(sizes) {
        if !least(share, size) {
            continue;
        }
        taken += share;
        let (tree, project) = *at;
        shapes[tree].opened[project] = if share == size {
            Opened::Whole
        } else {
            Opened::Partly(largest(&trees[tree].projects[project], share))
        };
    }
    taken
}

/// So many folders of a project, the largest ones.
fn largest(project: &Project<'_>, most: usize) -> Vec<usize> {
    let mut all: Vec<(usize, Sum)> = project
        .iter()
        .map(|folder| sum(&folder.leaves))
        .enumerate()
        .collect();
    all.sort_by_key(|(_, sum)| Reverse((sum.bytes, sum.files)));
    let mut largest: Vec<usize> = all.into_iter().take(most).map(|(at, _)| at).collect();
    largest.sort_unstable();
    largest
}

/// Shows the beginning of the first list that is not shown, in the rows that are left.
fn begin(
    trees: &[Tree<'_>],
    left: usize,
    shapes: &mut [Shape],
    rows_of: &dyn Fn(&Leaf<'_>, Option<&Folder<'_>>) -> usize,
    fits: &dyn Fn(usize) -> bool,
) {
    let first = |leaves: &[Leaf<'_>], folder: Option<&Folder<'_>>, mut left: usize| {
        let taken = leaves.iter().take_while(|leaf| {
            let rows = rows_of(leaf, folder);
            let room = left.checked_sub(rows);
            left = room.unwrap_or(0);
            room.is_some()
        });
        taken.count()
    };
    if left < WORTH {
        return;
    }
    for (at, tree) in trees.iter().enumerate().filter(|(at, _)| fits(*at)) {
        let shape = &mut shapes[at];
        for (number, project) in tree.projects.iter().enumerate() {
            for (place, folder) in project.iter().enumerate() {
                if shape.opened[number] == Opened::Whole && shape.folders[number][place] == 0 {
                    // One row says how many more there are.
                    shape.folders[number][place] = first(&folder.leaves, Some(folder), left - 1);
                    return;
                }
            }
        }
        if shape.bare < tree.bare.len() {
            shape.bare = first(&tree.bare, None, left);
            return;
        }
    }
}
