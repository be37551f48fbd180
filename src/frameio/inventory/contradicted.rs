//! V4: rows that contradict each other. What depends on them is as what was not read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{Client, Unread};
use crate::frameio::inventory::projects::read_project;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_facts;
use crate::inventory::{Facts, Inventory, Lies, Places, Seen, Shown};

/// Takes back that something is the top of its project where the project has another one: what lies
/// above it is not known then, and may be held.
pub(super) async fn check_tops(
    client: &Client,
    read: &Inventory,
    places: &mut Places,
) -> Result<(), StopReason> {
    let roots: BTreeSet<AssetId> = read.projects.values().filter_map(|one| one.root).collect();
    let tops = places.lies.iter();
    let tops = tops.filter(|(id, lies)| **lies == Lies::AtTop && !roots.contains(id));
    let tops: Vec<AssetId> = tops.map(|(id, _)| *id).collect();
    for id in tops {
        let known = read.facts(id).and_then(|facts| facts.project);
        let root = match known.and_then(|project| read.projects.get(&project)) {
            Some(project) => project.root,
            None => match root_of(client, id).await {
                Ok(root) => root,
                Err(unread) => {
                    let why = unread.why()?.into();
                    places.lies.insert(id, Lies::Unread(why));
                    continue;
                }
            },
        };
        if root.is_some_and(|root| root != id) {
            let why = "it says that it lies in nothing, and is not the top of its project";
            places.lies.insert(id, Lies::Unread(why.into()));
        }
    }
    Ok(())
}

/// The top of the project in which a folder lies; nothing where no answer tells it.
async fn root_of(client: &Client, id: AssetId) -> Result<Option<AssetId>, Unread> {
    let judge = |reply: &_| judge_facts(id, reply);
    let (_, shown) = client.read(&Read::Facts(Kind::Folder, id), judge).await?;
    match shown {
        Some(Shown {
            project: Some((_, project)),
            ..
        }) => Ok(project.root),
        Some(Shown { facts, .. }) => match facts.project {
            Some(project) => Ok(read_project(client, project).await?.root),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

/// Lets go of the assets that say another project than what they lie in: nobody knows whether a hold
/// on either is theirs.
pub(super) fn drop_contradicted(read: &mut Inventory) {
    let mut above = Above::new(read);
    let asked = read.assets.iter();
    let asked = asked.filter_map(|(id, seen)| Some((*id, seen.facts()?)));
    let odd = asked.filter(|(_, facts)| above.project(facts, 0).is_err());
    let odd: Vec<AssetId> = odd.map(|(id, _)| id).collect();
    for id in odd {
        let Some(Seen::There(facts)) = read.assets.remove(&id) else {
            continue;
        };
        read.around.insert(id, facts);
        read.unread += 1;
        let why = "it says another project than what it lies in";
        read.unread_why.get_or_insert((id, why.into()));
    }
}

/// Why what is in a folder or a version stack cannot be trusted: something in it says another project.
pub(super) fn foreign_in(
    top: Option<AssetId>,
    ids: &[AssetId],
    facts: impl Fn(AssetId) -> Option<AssetId>,
) -> Option<Arc<str>> {
    let top = top?;
    let is_foreign = |id: &&AssetId| facts(**id).is_some_and(|project| project != top);
    let foreign = ids.iter().find(is_foreign)?;
    Some(format!("`{foreign}` in it says another project").into())
}

/// How many folders one asset lies in at most; a chain that is longer leads round in a circle.
const DEEPEST: usize = 256;

/// The projects in which folders lie, as all that is around them says.
struct Above<'read> {
    read: &'read Inventory,
    roots: HashMap<AssetId, AssetId>,
    known: HashMap<AssetId, Result<Option<AssetId>, Contradiction>>,
}

/// Two rows name two projects.
#[derive(Debug, Clone, Copy)]
struct Contradiction;

impl<'read> Above<'read> {
    fn new(read: &'read Inventory) -> Self {
        let projects = read.projects.iter();
        Self {
            read,
            roots: projects
                .filter_map(|(id, project)| Some((project.root?, *id)))
                .collect(),
            known: HashMap::new(),
        }
    }

    /// The project of an asset of such facts, by its own word and by that of what it lies in.
    fn project(&mut self, facts: &Facts, depth: usize) -> Result<Option<AssetId>, Contradiction> {
        let above = facts.parent.map(|parent| self.of_parent(parent, depth));
        let above = above.transpose()?.flatten();
        match (facts.project, above) {
            (Some(own), Some(above)) if own != above => Err(Contradiction),
            (own, above) => Ok(own.or(above)),
        }
    }

    fn of_parent(
        &mut self,
        parent: AssetId,
        depth: usize,
    ) -> Result<Option<AssetId>, Contradiction> {
        if let Some(project) = self.roots.get(&parent) {
            return Ok(Some(*project));
        }
        if let Some(known) = self.known.get(&parent) {
            return *known;
        }
        let found = match self.read.facts(parent) {
            Some(facts) if depth < DEEPEST => self.project(facts, depth + 1),
            Some(_) | None => Ok(None),
        };
        self.known.insert(parent, found);
        found
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::inventory::Project;

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    /// A file 4 in 3 in 2 in the root 1 of project 100; each says a project.
    fn read(projects: [u128; 3]) -> Inventory {
        let facts = |kind, parent, project: u128| Facts {
            parent: Some(id(parent)),
            project: (project > 0).then(|| id(project)),
            ..Facts::of_kind(kind)
        };
        let mut read = Inventory::default();
        let [file, inner, outer] = projects;
        let file = facts(Kind::File, 3, file);
        read.assets.insert(id(4), Seen::There(file));
        let folder = |parent, project| facts(Kind::Folder, parent, project);
        read.around.insert(id(3), folder(2, inner));
        read.around.insert(id(2), folder(1, outer));
        let project = Project {
            root: Some(id(1)),
            ..Project::default()
        };
        read.projects.insert(id(100), project);
        read
    }

    #[test]
    fn an_asset_that_says_another_project_than_what_it_lies_in_is_not_read() {
        for (projects, is_odd) in [
            ([100, 100, 100], false),
            ([0, 100, 0], false),
            ([0, 0, 0], false),
            ([200, 100, 100], true),
            ([200, 0, 0], true),
            ([100, 200, 100], true),
            ([200, 200, 200], true),
        ] {
            let mut read = read(projects);
            drop_contradicted(&mut read);
            assert_eq!(read.assets.is_empty(), is_odd, "{projects:?}");
            assert_eq!(read.unread, usize::from(is_odd));
            assert_eq!(read.around.contains_key(&id(4)), is_odd);
        }
    }

    #[test]
    fn what_says_another_project_inside_is_found() {
        let facts = |of: AssetId| {
            [None, Some(id(100)), Some(id(200))]
                [usize::from(of == id(6)) + usize::from(of != id(5))]
        };
        assert_eq!(foreign_in(Some(id(100)), &[id(5), id(7)], facts), None);
        assert!(foreign_in(Some(id(100)), &[id(5), id(6)], facts).is_some());
        assert_eq!(foreign_in(None, &[id(6)], facts), None);
    }
}
