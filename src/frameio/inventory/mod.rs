//! Reading what must be known of the live assets before a plan is made.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client};
use crate::frameio::inventory::above::{Above, read_above};
use crate::frameio::inventory::ahead::Ahead;
use crate::frameio::inventory::divide::divide;
use crate::frameio::inventory::search::{Sought, read_parents};
use crate::frameio::places::{find_chains, find_places};
use crate::frameio::recently_deleted::{Deleted, Wanted, recently_deleted, requests};
use crate::frameio::survey::{Lot, survey};
use crate::frameio::tree::{Tree, Versions, Watch, read_tree};
use crate::inventory::{Connections, Contents, Facts, Inventory, Lies, Places, Seen};
use crate::outcome::Evidence;

pub use contradicted::drop_contradicted;
pub use gone::still_there;
pub use projects::{read_held_projects, read_project};

mod above;
mod ahead;
mod contradicted;
mod divide;
mod gone;
mod projects;
mod search;
#[cfg(test)]
mod tests;

/// What is to be read of assets, and what is known of them before.
pub struct Question<'ask> {
    /// The assets, each with its kind where somebody said it.
    pub assets: &'ask [(AssetId, Option<Kind>)],
    /// Those of them that may be deleted, and that are or may be folders or version stacks.
    pub going: &'ask BTreeSet<AssetId>,
    /// In which project and in what each should lie, where somebody knows.
    pub place: &'ask dyn Fn(AssetId) -> [Option<AssetId>; 2],
    /// What is listed and recorded as deleted, in the order of the ids: it is not asked for, and
    /// where a list shows it all the same it is back.
    pub back: &'ask Arc<[AssetId]>,
    /// Whether each is asked for by itself, whatever a list could show.
    pub singly: bool,
    /// In what each lay when a run listed that to its end, where one did: a line that says that this
    /// is deleted speaks of what was in it as well.
    pub within: &'ask dyn Fn(AssetId) -> Option<AssetId>,
}

/// V4: reads some assets and the folders above them, and looks for those that are not there in the
/// lists of recently deleted assets; says whether all lists were read. `watch` hears
/// what lists show, and `told` how many assets are read.
///
/// Whatever has a limit of its own goes on side by side: the lists of what assets are known to lie
/// in, what is in those that may be deleted, single assets, and the folders above.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn read_assets(
    client: &Client,
    question: &Question<'_>,
    watch: &mut dyn Watch,
    mut told: impl FnMut(usize),
) -> Result<(Inventory, bool), StopReason> {
    let Question {
        assets,
        going,
        place,
        back,
        singly,
        within,
    } = *question;
    let wanted: BTreeSet<AssetId> = assets.iter().map(|(id, _)| *id).collect();
    let (lists, singles) = if singly {
        (BTreeSet::new(), assets.to_vec())
    } else {
        divide(assets, place)
    };
    let sought = Sought {
        wanted: &wanted,
        going,
        back,
    };
    let lot = if lists.is_empty() {
        Lot::All
    } else {
        Lot::Part
    };
    let parents = assets.iter().filter_map(|(id, _)| place(*id)[1]);
    let above = read_above(client, parents.collect(), |id| wanted.contains(&id), back);
    let (listed, alone, above) = tokio::join!(
        read_parents(client, lists, sought, watch),
        survey(client, &singles, lot, |_| {}),
        above
    );
    let mut read = Inventory {
        asked_all: true,
        ..listed?
    };
    search::add(alone?, &mut read);
    add_above(above?, &mut read);
    told(read.assets.len());
    let asked: BTreeSet<AssetId> = singles.iter().map(|(id, _)| *id).collect();
    let is_open =
        |(id, _): &&(AssetId, Option<Kind>)| !read.assets.contains_key(id) && !asked.contains(id);
    let rest: Vec<(AssetId, Option<Kind>)> = assets.iter().filter(is_open).copied().collect();
    search::read_rest(client, (rest, back), (&mut read, watch), told).await?;
    let mut wanted = Wanted::default();
    for id in read.missing() {
        // In which folder it lay, nobody but the server can say: a pin may be wrong.
        let [project, _] = place(id);
        wanted.assets.insert(id, project);
        let mut here = id;
        while let Some(around) = within(here) {
            if wanted.parents.insert(here, around).is_some() {
                break;
            }
            here = around;
        }
    }
    projects::read_projects(client, &mut read).await?;
    let rest = unread_above(&read);
    let above = read_above(client, rest, |id| read.facts(id).is_some(), back).await?;
    add_above(above, &mut read);
    search::drop_emptied(client, back, &mut read).await?;
    drop_contradicted(&mut read);
    if wanted.assets.is_empty() {
        return Ok((read, true));
    }
    let most = requests(wanted.assets.len());
    let lists = recently_deleted(client, &wanted, most).await?;
    let Deleted {
        found,
        mut told,
        complete,
        lists,
        was_in,
    } = lists;
    read.recently_deleted = lists;
    read.was_in = was_in;
    for (id, at) in found {
        // They were read just now, and not found.
        read.assets.insert(id, deleted(Evidence::Listed));
        read.departed.insert(id, (told.remove(&id), at));
    }
    let rest = where_they_lay(&read);
    let above = read_above(client, rest, |id| read.facts(id).is_some(), back).await?;
    add_above(above, &mut read);
    Ok((read, complete))
}

fn add_above(above: Above, read: &mut Inventory) {
    let Above { facts, projects } = above;
    let new = facts
        .into_iter()
        .filter(|(id, _)| !read.assets.contains_key(id));
    read.around.extend(new.collect::<Vec<_>>());
    read.projects.extend(projects);
}

/// The first of what lies above assets that was not read.
fn unread_above(read: &Inventory) -> BTreeSet<AssetId> {
    let roots: BTreeSet<AssetId> = read.projects.values().filter_map(|one| one.root).collect();
    let parents = read.all_facts().filter_map(|(_, facts)| facts.parent);
    let is_open = |id: &AssetId| !roots.contains(id) && read.facts(*id).is_none();
    parents.filter(is_open).collect()
}

/// What deleted assets lay in, as far as it was not read; many of them are not worth the calls.
fn where_they_lay(read: &Inventory) -> BTreeSet<AssetId> {
    let roots: BTreeSet<AssetId> = read.projects.values().filter_map(|one| one.root).collect();
    let told = read
        .departed
        .values()
        .filter_map(|(facts, _)| facts.as_ref());
    let parents = told.filter_map(|facts| facts.parent);
    let is_open = |id: &AssetId| {
        !roots.contains(id) && !read.assets.contains_key(id) && read.facts(*id).is_none()
    };
    let open: BTreeSet<AssetId> = parents.filter(is_open).collect();
    open.into_iter().take(AT_ONCE).collect()
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
    let mut ahead = Ahead {
        ahead: mem::take(&mut read.ahead),
        watch,
    };
    let tree = read_tree(client, tops.iter().copied(), Versions::All, &mut ahead).await?;
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
        if let Contents::Whole(ids) = &contents {
            let project = |id| tree.facts.get(&id).and_then(|facts| facts.project);
            let top = read.facts(id).and_then(|facts| facts.project);
            if let Some(why) = contradicted::foreign_in(top, ids, project) {
                contents = Contents::Unread(why);
            }
        }
        match (&contents, read.assets.get_mut(&id)) {
            (Contents::Unread(message), Some(seen)) if tree.is_refused(id) => {
                known.listed_whole = false;
                let message = Arc::clone(message);
                *seen = Seen::Refused { message };
            }
            (Contents::Unread(why), Some(_)) => {
                known.listed_whole = false;
                read.unread += 1;
                read.unread_why.get_or_insert((id, Arc::clone(why)));
                // It is there, and nobody knows what would go with it.
                if let Some(Seen::There(facts)) = read.assets.remove(&id) {
                    read.around.insert(id, facts);
                }
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
    let mut places = find_deleted(client, connections, places, &mut told).await?;
    contradicted::check_tops(client, read, &mut places).await?;
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
        homes: _,
        waiting: _,
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
        if read.around.contains_key(id) {
            // More is known of it.
        } else if asked.contains(id) {
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
