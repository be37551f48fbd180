//! V4: rows that contradict each other. What depends on them is as what was not read.

use std::collections::{BTreeSet, HashMap, HashSet};
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
    let judge = |reply: &_| judge_facts((Kind::Folder, id), reply);
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
pub fn drop_contradicted(read: &mut Inventory) {
    let mut above = Above::new(read);
    let asked = read.assets.iter();
    let asked = asked.filter_map(|(id, seen)| Some((*id, seen.facts()?)));
    let odd = asked.filter(|(_, facts)| above.project(facts).is_err());
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
    fn project(&mut self, facts: &Facts) -> Result<Option<AssetId>, Contradiction> {
        let above = facts.parent.map(|parent| self.of_parent(parent));
        agreed(facts.project, above.transpose()?.flatten())
    }

    /// The project in which a folder or version stack lies, however deep: up to where it is known,
    /// and down again with what each on the way says.
    fn of_parent(&mut self, parent: AssetId) -> Result<Option<AssetId>, Contradiction> {
        let (mut way, mut passed) = (Vec::new(), HashSet::new());
        let mut next = Some(parent);
        let mut project = loop {
            let Some(here) = next else { break Ok(None) };
            if let Some(project) = self.roots.get(&here) {
                break Ok(Some(*project));
            }
            if let Some(known) = self.known.get(&here) {
                break *known;
            }
            // What leads round in a circle has no top that could say something.
            let Some(facts) = self.read.facts(here).filter(|_| passed.insert(here)) else {
                break Ok(None);
            };
            way.push((here, facts.project));
            next = facts.parent;
        };
        for (id, own) in way.into_iter().rev() {
            project = project.and_then(|above| agreed(own, above));
            self.known.insert(id, project);
        }
        project
    }
}

/// The project that an asset says and the one in which it lies are one, where both are said.
fn agreed(own: Option<AssetId>, above: Option<AssetId>) -> Result<Option<AssetId>, Contradiction> {
    match (own, above) {
        (Some(own), Some(above)) if own != above => Err(Contradiction),
        (own, above) => Ok(own.or(above)),
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
    fn a_contradiction_is_found_however_deep_it_lies_and_a_circle_ends() {
        let folder = |parent| Facts {
            parent: Some(id(parent)),
            ..Facts::of_kind(Kind::Folder)
        };
        for (project, is_odd) in [(100, false), (200, true)] {
            let mut read = read([project, 0, 0]);
            // A thousand folders lie between 3 and 2.
            read.around.insert(id(3), folder(1_000));
            let way = (1_000..2_000).map(|n| (id(n), folder(n + 1)));
            read.around.extend(way);
            read.around.insert(id(2_000), folder(2));
            drop_contradicted(&mut read);
            assert_eq!(read.assets.is_empty(), is_odd, "{project}");
        }
        let mut circle = read([200, 0, 0]);
        circle.around.insert(id(2), folder(3));
        drop_contradicted(&mut circle);
        assert!(
            !circle.assets.is_empty(),
            "nothing says that it lies elsewhere"
        );
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
