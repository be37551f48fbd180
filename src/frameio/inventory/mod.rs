//! Reading what must be known of the live assets before a plan is made.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::Client;
use crate::frameio::places::{find_chains, find_places};
use crate::frameio::recently_deleted::{Wanted, recently_deleted, requests};
use crate::frameio::tree::{Tree, Versions, Watch, read_tree};
use crate::inventory::{Connections, Contents, Facts, Inventory, Lies, Places, Seen};
use crate::outcome::Evidence;

mod projects;
mod search;
#[cfg(test)]
mod tests;

/// V4: reads some assets, and looks for those that are not there in the lists of recently deleted
/// assets; says whether all lists were read.
///
/// `place` says in which project and in what an asset should lie, where somebody knows; `told`
/// hears how many assets are read.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_assets(
    client: &Client,
    assets: &[(AssetId, Option<Kind>)],
    place: impl Fn(AssetId) -> [Option<AssetId>; 2],
    mut told: impl FnMut(usize),
) -> Result<(Inventory, bool), StopReason> {
    let mut read = Inventory {
        asked_all: true,
        ..Inventory::default()
    };
    let wanted: BTreeSet<AssetId> = assets.iter().map(|(id, _)| *id).collect();
    let parent = |id| place(id)[1];
    let parents = shared(assets.iter().filter_map(|(id, _)| parent(*id)));
    search::read_parents(client, parents, &wanted, &mut read).await?;
    told(read.assets.len());
    let is_open = |(id, _): &&(AssetId, Option<Kind>)| !read.assets.contains_key(id);
    let rest: Vec<(AssetId, Option<Kind>)> = assets.iter().filter(is_open).copied().collect();
    search::read_rest(client, rest, &mut read, told).await?;
    let mut wanted = Wanted::default();
    for id in read.missing() {
        let [project, parent] = place(id);
        wanted.assets.insert(id, project);
        wanted.parents.extend(parent.map(|parent| (id, parent)));
    }
    projects::read_projects(client, &mut read).await?;
    if wanted.assets.is_empty() {
        return Ok((read, true));
    }
    let most = requests(wanted.assets.len());
    let lists = recently_deleted(client, &wanted, most).await?;
    for id in lists.found.into_keys() {
        // They were read just now, and not found.
        read.assets.insert(id, deleted(Evidence::Listed));
    }
    Ok((read, lists.complete))
}

/// What comes more than once.
fn shared(ids: impl Iterator<Item = AssetId>) -> Vec<AssetId> {
    let mut once = BTreeSet::new();
    let again: BTreeSet<AssetId> = ids.filter(|id| !once.insert(*id)).collect();
    again.into_iter().collect()
}

/// V4: reads all that is in the folders and version stacks that are to be deleted, and what lies
/// around what is to be deleted and what is protected; adds it to what was read already. `told`
/// hears how many requests were made.
///
/// What cannot be listed may hold anything, so it is as what may not be read.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_around(
    client: &Client,
    connections: &Connections,
    read: &mut Inventory,
    watch: &mut dyn Watch,
    mut told: impl FnMut(usize),
) -> Result<(), StopReason> {
    let is_there = |id: AssetId| read.assets.get(&id).and_then(Seen::facts);
    let tops = connections.containers.iter();
    let tops = tops.filter_map(|(id, _)| Some((*id, is_there(*id)?.kind)));
    let tops: Vec<(AssetId, Kind)> = tops.collect();
    let tree = read_tree(client, tops.iter().copied(), Versions::All, watch).await?;
    let mut known = known_places(read, &tree);
    known.listed_whole = tops.len() == connections.containers.len();
    for (id, kind) in tops.into_iter().filter(|(_, kind)| *kind != Kind::File) {
        let mut contents = tree.contents(id);
        if kind == Kind::VersionStack && tree.absent.contains(&id) {
            // It was read, and its list is not there: it holds nothing that could be deleted, and
            // what becomes of it depends on what is known of the files that it held.
            contents = Contents::Whole(Arc::default());
            known.listed_whole = false;
        }
        match (&contents, read.assets.get_mut(&id)) {
            (Contents::Unread(message), Some(seen)) => {
                known.listed_whole = false;
                let message = Arc::clone(message);
                *seen = Seen::Refused { message };
            }
            (Contents::Whole(files), Some(Seen::There(facts))) if kind == Kind::VersionStack => {
                facts.files = Some(Arc::clone(files));
            }
            (Contents::Whole(_), _) => {}
            (Contents::Unread(_), _) => known.listed_whole = false,
        }
        read.contents.insert(id, contents);
    }
    read.around.extend(tree.facts);
    read.projects.extend(tree.projects);
    projects::read_projects(client, read).await?;
    let places = find_chains(client, connections, known, &mut told).await?;
    let places = find_deleted(client, connections, places, &mut told).await?;
    add_chains(places, connections, read);
    Ok(())
}

/// Where assets lie, as far as their facts and the lists of folders say.
fn known_places(read: &Inventory, tree: &Tree) -> Places {
    let mut places = Places::default();
    let (around, projects) = (&read.around, read.projects.values());
    let read = read.assets.iter();
    let read = read.filter_map(|(id, seen)| Some((id, seen.facts()?)));
    for (id, facts) in around.iter().chain(read).chain(&tree.facts) {
        places.kinds.insert(*id, facts.kind);
        let name = facts.name.iter().cloned();
        places.names.extend(name.map(|name| (*id, name)));
        // What has an id of Adobe's storage is read again: its answer says by which it is listed.
        if let Some(parent) = facts.parent.filter(|_| !id.is_adobe()) {
            places.lies.insert(*id, Lies::In(parent));
        }
    }
    let projects = projects.chain(tree.projects.values());
    for root in projects.filter_map(|project| project.root) {
        places.kinds.insert(root, Kind::Folder);
        places.lies.insert(root, Lies::AtTop);
    }
    for (of, ids) in &tree.lists {
        if let Ok(ids) = ids {
            places
                .lies
                .extend(ids.iter().map(|id| (*id, Lies::In(*of))));
            places.contents.insert(*of, ids.to_vec());
        }
    }
    places
}

/// Looks for protected assets that are not there in the lists of recently deleted assets. These say
/// what each lay in, where somebody may restore it at any moment: so what lies around that is read
/// as if it were there.
async fn find_deleted(
    client: &Client,
    connections: &Connections,
    mut places: Places,
    told: &mut impl FnMut(usize),
) -> Result<Places, StopReason> {
    let missing = connections.holds.iter().chain(&connections.protected);
    let missing = missing.filter(|id| places.lies.get(id) == Some(&Lies::Missing));
    let missing: BTreeSet<AssetId> = missing.copied().collect();
    if missing.is_empty() {
        return Ok(places);
    }
    let most = requests(missing.len());
    let wanted = Wanted {
        assets: missing.into_iter().map(|id| (id, None)).collect(),
        ..Wanted::default()
    };
    let lists = recently_deleted(client, &wanted, most).await?;
    let deleted = |was_in: Option<&AssetId>| Lies::Deleted {
        evidence: Evidence::Listed,
        was_in: was_in.copied(),
    };
    for id in lists.found.keys() {
        places.lies.insert(*id, deleted(lists.was_in.get(id)));
    }
    // What they lay in may be deleted as well.
    loop {
        places = find_chains(client, connections, places, &mut *told).await?;
        let is_missing = |id: &AssetId| places.lies.get(id) == Some(&Lies::Missing);
        let above = lists.was_in.iter().filter(|(id, _)| is_missing(id));
        let above: Vec<_> = above
            .map(|(id, was_in)| (*id, deleted(Some(was_in))))
            .collect();
        if above.is_empty() {
            return Ok(places);
        }
        places.lies.extend(above);
    }
}

/// v2: reads what protected assets are connected with, and adds it to what was read already; `told`
/// hears how many requests were made.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_places(
    client: &Client,
    connections: &Connections,
    read: &mut Inventory,
    told: impl FnMut(usize),
) -> Result<(), StopReason> {
    let places = find_places(client, connections, told).await?;
    add_places(places, read);
    Ok(())
}

/// Adds where assets lie to what was read of them.
fn add_places(places: Places, read: &mut Inventory) {
    // Of what was not placed only its manifest says the kind.
    let kinds = places
        .kinds
        .iter()
        .filter(|(id, _)| is_alive(&places, **id));
    for (id, kind) in kinds {
        read.assets.entry(*id).or_insert_with(|| {
            Seen::There(Facts {
                name: places.names.get(id).cloned(),
                ..Facts::of_kind(*kind)
            })
        });
    }
    add_deleted(places, read);
}

/// Adds what lies around assets to what was read of them.
fn add_chains(places: Places, connections: &Connections, read: &mut Inventory) {
    let Connections {
        holds,
        protected,
        listed,
        containers: _,
    } = connections;
    let asked: BTreeSet<&AssetId> = holds.iter().chain(protected).chain(listed).collect();
    for (id, kind) in places
        .kinds
        .iter()
        .filter(|(id, _)| !is_deleted(&places, **id))
    {
        let parent = match places.lies.get(id) {
            Some(Lies::In(parent)) => Some(*parent),
            Some(Lies::AtTop | Lies::Deleted { .. } | Lies::Missing | Lies::Unread(_)) | None => {
                None
            }
        };
        let facts = || Facts {
            name: places.names.get(id).cloned(),
            parent,
            ..Facts::of_kind(*kind)
        };
        if asked.contains(id) {
            let seen = || Seen::There(facts());
            read.assets.entry(*id).or_insert_with(seen);
        } else {
            read.around.entry(*id).or_insert_with(facts);
        }
    }
    add_deleted(places, read);
}

fn is_alive(places: &Places, id: AssetId) -> bool {
    matches!(places.lies.get(&id), Some(Lies::In(_) | Lies::AtTop))
}

fn is_deleted(places: &Places, id: AssetId) -> bool {
    matches!(places.lies.get(&id), Some(Lies::Deleted { .. }))
}

fn add_deleted(places: Places, read: &mut Inventory) {
    for (id, lies) in &places.lies {
        if let Lies::Deleted { evidence, .. } = *lies
            && read.facts(*id).is_none()
        {
            read.assets.insert(*id, deleted(evidence));
        }
    }
    read.places = Some(places);
    take_back(read);
}

/// Takes back that an asset is deleted or not there where another answer shows it: it may have been
/// restored meanwhile, and nobody knows what it is.
fn take_back(read: &mut Inventory) {
    let Inventory {
        assets,
        around,
        places,
        unread,
        unread_why,
        ..
    } = read;
    let is_placed = |id| places.as_ref().is_some_and(|places| is_alive(places, id));
    assets.retain(|id, seen| {
        let is_absent = matches!(seen, Seen::Deleted { .. } | Seen::Missing);
        let is_shown = is_absent && (around.contains_key(id) || is_placed(*id));
        if is_shown {
            *unread += 1;
            let why = "one answer shows it, and by another it is deleted or not there";
            unread_why.get_or_insert((*id, why.into()));
        }
        !is_shown
    });
}

const fn deleted(evidence: Evidence) -> Seen {
    Seen::Deleted {
        facts: None,
        evidence,
    }
}
