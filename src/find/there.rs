//! Whether a place is there, and is one place.

use crate::asset::{AssetId, Kind};
use crate::find::glob::folded;
use crate::find::place::Place;
use crate::find::tree::{Read, Tree};

/// How many candidates are named at most, so that they fit a screen.
const NAMED: usize = 10;

/// Why a place means nothing, or too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotThere {
    /// No project or asset has this id.
    Id(AssetId),
    /// The address names another project than the asset lies in.
    Elsewhere {
        /// The asset.
        id: AssetId,
        /// The project that the address names.
        said: AssetId,
        /// The one in which it lies.
        project: AssetId,
    },
    /// A part of the path is not there.
    Missing {
        /// The path up to it; empty for a project.
        within: String,
        /// The part.
        name: String,
        /// What is there instead, the likeliest first.
        instead: Vec<(String, AssetId)>,
        /// How many more there are.
        more: usize,
    },
    /// Two or more are called so.
    Ambiguous {
        /// The path up to them; empty for projects.
        within: String,
        /// The part.
        name: String,
        /// Those that are called so.
        candidates: Vec<(String, AssetId)>,
    },
}

/// Checks that the plain names at the beginning of a place are there, each once, and that an id is.
///
/// # Errors
///
/// Returns what is not there, or what a name could mean.
pub fn check(read: &Read, place: &Place) -> Result<(), NotThere> {
    if let Some(id) = place.id() {
        let inventory = &read.inventory;
        let facts = inventory.facts(id);
        if facts.is_none() && !inventory.projects.contains_key(&id) {
            return Err(NotThere::Id(id));
        }
        let project = facts.and_then(|facts| facts.project);
        return match (place.project(), project) {
            (Some(said), Some(project)) if said != project => {
                Err(NotThere::Elsewhere { id, said, project })
            }
            (_, _) => Ok(()),
        };
    }
    let tree = Tree::new(read);
    let (names, all) = place.plain_names();
    let mut level = Level::of_projects(read);
    let mut within = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if level.is_unread {
            // Nobody knows what is in there, which is told as that.
            return Ok(());
        }
        // A file can only be the last of a path.
        let last = all && at + 1 == names.len();
        let one = level.choose(name, &within, last)?;
        within.push(*name);
        level = Level::below(&tree, one, at == 0);
        let folder = match read.inventory.projects.get(&one) {
            Some(project) => project.root.unwrap_or(one),
            None => one,
        };
        level.is_unread = read.unread.contains_key(&folder);
    }
    Ok(())
}

/// What lies side by side, and so can be told apart by name alone.
struct Level {
    all: Vec<(String, AssetId, Option<Kind>)>,
    /// Whether it could not be read.
    is_unread: bool,
}

impl Level {
    fn of_projects(read: &Read) -> Self {
        let all = read.inventory.projects.iter();
        let named = all.map(|(id, project)| {
            let name = project.name.as_deref().unwrap_or_default();
            (name.to_owned(), *id, None)
        });
        Self {
            all: named.collect(),
            is_unread: false,
        }
    }

    /// What is directly in a project, a folder or a stack.
    fn below(tree: &Tree<'_>, id: AssetId, is_project: bool) -> Self {
        let lies = |node: &&crate::find::tree::Node<'_>| match node.above {
            Some(above) => tree.nodes[above].id == id,
            None => is_project && !node.astray && node.project == Some(id),
        };
        let below = tree.nodes.iter().filter(lies);
        let below = below.map(|node| (node.name().to_owned(), node.id, Some(node.facts.kind)));
        Self {
            all: below.collect(),
            is_unread: false,
        }
    }

    /// The one of this name; its letter case decides where only that differs.
    fn choose(self, name: &str, within: &[&str], last: bool) -> Result<AssetId, NotThere> {
        let is_id =
            |id: AssetId, kind: Option<Kind>| kind.is_none() && AssetId::parse(name) == Ok(id);
        let can_be = |kind: Option<Kind>| last || kind != Some(Kind::File);
        let wanted = folded(name);
        let fits: Vec<&(String, AssetId, Option<Kind>)> = self
            .all
            .iter()
            .filter(|(said, id, kind)| {
                can_be(*kind) && (folded(said) == wanted || is_id(*id, *kind))
            })
            .collect();
        let exact: Vec<AssetId> = fits
            .iter()
            .filter(|(said, _, _)| said == name)
            .map(|(_, id, _)| *id)
            .collect();
        let text = |within: &[&str]| {
            let names = within.iter().map(|name| name.replace('/', "\\/"));
            names.collect::<Vec<_>>().join("/")
        };
        match (&*fits, &*exact) {
            ([(_, id, _)], _) | (_, [id]) => Ok(*id),
            ([], _) => {
                let mut instead: Vec<(String, AssetId)> = self
                    .all
                    .into_iter()
                    .filter(|(_, _, kind)| can_be(*kind))
                    .map(|(said, id, _)| (said, id))
                    .collect();
                instead.sort_by_cached_key(|(said, id)| {
                    let far = strsim::damerau_levenshtein(&folded(said), &wanted);
                    (far, said.clone(), *id)
                });
                let more = instead.len().saturating_sub(NAMED);
                instead.truncate(NAMED);
                Err(NotThere::Missing {
                    within: text(within),
                    name: name.to_owned(),
                    instead,
                    more,
                })
            }
            (fits, _) => Err(NotThere::Ambiguous {
                within: text(within),
                name: name.to_owned(),
                candidates: fits
                    .iter()
                    .map(|(said, id, _)| (said.clone(), *id))
                    .collect(),
            }),
        }
    }
}
