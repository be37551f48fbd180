//! What is asked of a live account, and what answers it: places, filters, and the assets found.
//!
//! Everything here is pure: it reads neither a server nor a file nor a clock.

pub mod asked;
pub mod fields;
pub mod filter;
pub mod glob;
mod kept;
pub mod moment;
pub(crate) mod one_or_many;
pub mod place;
pub mod sum;
mod there;
pub mod tree;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::Facts;
use filter::{By, Filter, Within};
use place::{Place, Reach, Step, Walked};
use tree::{Read, Tree};

pub use kept::{Kept, Protected};
pub use there::{NotThere, check};

/// What somebody looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Where; anywhere in the account where nothing is said.
    pub places: Vec<Place>,
    /// What.
    pub filter: Filter,
}

/// What was found, in the order of the paths.
#[derive(Debug)]
pub struct Answer<'a> {
    /// All that was read.
    pub tree: Tree<'a>,
    /// What is asked for.
    pub found: Vec<Found<'a>>,
    /// Why each asset of the tree must not be listed, where it must not.
    kept: Vec<Option<Kept>>,
}

/// An asset that was found.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// The asset.
    pub id: AssetId,
    /// What is known of it.
    pub facts: &'a Facts,
    /// What is in a folder or a stack.
    pub within: Option<Arc<Within>>,
    /// Its place in the tree.
    place: usize,
    /// Whether something that it lies in was found as well.
    pub covered: bool,
    /// Why it must not be listed, where it must not.
    pub kept: Option<Kept>,
}

impl Found<'_> {
    /// Its size: of a folder or a stack that of what is in it.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self.facts.kind {
            Kind::File => self.facts.bytes,
            Kind::Folder | Kind::VersionStack => self.within.as_ref()?.bytes,
        }
    }

    /// When the first and the last of it were changed or made, as far as that is known.
    #[must_use]
    pub fn moments(&self, by: By) -> [Option<Timestamp>; 2] {
        let (own, place) = match by {
            By::Updated => (self.facts.updated, 0),
            By::Created => (self.facts.created, 1),
        };
        match (self.facts.kind, &self.within) {
            (Kind::File, _) => [own; 2],
            (Kind::Folder | Kind::VersionStack, Some(within)) => {
                [within.oldest[place], within.newest[place]]
            }
            (Kind::Folder | Kind::VersionStack, None) => [None; 2],
        }
    }

    /// How many files it is.
    #[must_use]
    pub fn files(&self) -> Option<usize> {
        match self.facts.kind {
            Kind::File => Some(1),
            Kind::Folder | Kind::VersionStack => Some(self.within.as_ref()?.files),
        }
    }
}

impl Query {
    /// The places; everywhere where none is said.
    fn places(&self) -> Vec<Place> {
        if self.places.is_empty() {
            vec![Place::everywhere()]
        } else {
            self.places.clone()
        }
    }

    /// Whether a folder or a version stack must be read to which this way leads, from its project
    /// down. Where folders may be found, what is in them must be known.
    #[must_use]
    pub fn enters(&self, way: &[Walked]) -> bool {
        let deep = self.filter.finds_containers();
        self.places().iter().any(|place| {
            let mut reach = place.start();
            let mut itself = false;
            for walked in way {
                reach = place.step(&reach, walked.step());
                itself |= reach.itself;
            }
            reach.goes_on() || (deep && itself)
        })
    }
}

/// Finds what is asked for.
#[must_use]
pub fn find<'a>(read: &'a Read, query: &Query, protected: &Protected) -> Answer<'a> {
    let tree = Tree::new(read);
    let places = query.places();
    let mut of_project: BTreeMap<Option<AssetId>, Vec<Reach>> = BTreeMap::new();
    // How far each place has come at each folder and stack on the way down, and where these end.
    let mut way: Vec<(usize, Vec<Reach>)> = Vec::new();
    // Where the last found folder or stack ends.
    let mut covers = 0;
    let kept = kept::kept(&tree, protected);
    let mut found = Vec::new();
    for (place, node) in tree.nodes.iter().enumerate() {
        while way.last().is_some_and(|(end, _)| *end <= place) {
            way.pop();
        }
        let nowhere;
        let above = match way.last() {
            Some((_, above)) => above,
            // Nobody knows in which folder it lies, so no path leads there.
            None if node.astray => {
                nowhere = vec![Reach::default(); places.len()];
                &nowhere
            }
            None => of_project
                .entry(node.project)
                .or_insert_with(|| begin(&tree, &places, node.project)),
        };
        let step = Step {
            id: node.id,
            name: node.name(),
            kind: Some(node.facts.kind),
            root: None,
        };
        let reach = places.iter().zip(above);
        let reach: Vec<Reach> = reach.map(|(of, above)| of.step(above, step)).collect();
        if reach.iter().any(|reach| reach.itself) && query.filter.matches(&node.candidate()) {
            found.push(Found {
                id: node.id,
                facts: node.facts,
                within: node.within.clone(),
                place,
                kept: kept[place],
                covered: place < covers,
            });
            covers = covers.max(node.end);
        }
        way.push((node.end, reach));
    }
    Answer { tree, found, kept }
}

/// How far each place has come at a project.
fn begin(tree: &Tree<'_>, places: &[Place], project: Option<AssetId>) -> Vec<Reach> {
    let name = tree.project_name(project);
    let root = project.and_then(|id| tree.projects.get(&id)?.root);
    let begin = |of: &Place| match project {
        Some(id) => of.step(
            &of.start(),
            Step {
                id,
                name,
                kind: None,
                root,
            },
        ),
        None => Reach::default(),
    };
    places.iter().map(begin).collect()
}
