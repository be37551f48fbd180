//! V4: reading the folders above assets, by which paths are made and things are found to lie in
//! each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::survey::PAGES;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::{judge_facts, judge_list};
use crate::frameio::v4::call::List;
use crate::frameio::verdict::Live;
use crate::inventory::{Facts, Project, Shown};

/// What was read of folders and version stacks above assets.
#[derive(Debug, Default)]
pub(super) struct Above {
    pub(super) facts: BTreeMap<AssetId, Facts>,
    pub(super) projects: BTreeMap<AssetId, Project>,
}

/// Reads some folders or version stacks and what lies above them, up to the tops of their projects,
/// as far as that can be read; what cannot be is not part of the answer.
///
/// One of them tells in what it lies, and the list of the folders there shows the others, under a
/// limit of its own that lets five times as many calls through. As long as lists show about as many
/// as they take pages it goes on like this, and the rest is read one by one. Of `back` nothing is asked:
/// where a list shows something of it, that is part of the answer.
pub(super) async fn read_above(
    client: &Client,
    mut open: BTreeSet<AssetId>,
    known: impl Fn(AssetId) -> bool,
    back: &Arc<[AssetId]>,
) -> Result<Above, StopReason> {
    let mut above = Above::default();
    let mut asked = open.clone();
    let mut listed = BTreeSet::new();
    let (mut at_once, mut may_spend) = (1, AT_ONCE);
    while !open.is_empty() {
        let some: Vec<AssetId> = open.iter().take(at_once).copied().collect();
        let shows = some.iter().map(|id| show(client.clone(), *id));
        let mut parents = BTreeSet::new();
        for (id, shown) in some.iter().zip(side_by_side(shows).await) {
            open.remove(id);
            if let Some(Shown { facts, project, .. }) = unless_stopped(shown)? {
                parents.extend(facts.parent);
                above.projects.extend(project);
                above.facts.insert(*id, facts);
            }
        }
        if may_spend > 0 && !open.is_empty() {
            let new: Vec<AssetId> = parents.iter().copied().collect();
            let new: Vec<AssetId> = new.into_iter().filter(|id| listed.insert(*id)).collect();
            let wanted = Arc::new(open.clone());
            let lists = new
                .into_iter()
                .map(|id| find_in(client.clone(), id, (Arc::clone(&wanted), Arc::clone(back))));
            for list in side_by_side(lists).await {
                let (pages, items) = list?;
                let hits = items.iter().filter(|item| wanted.contains(&item.id));
                may_spend = (may_spend + hits.count()).saturating_sub(pages);
                for Shown { id, facts, project } in items {
                    open.remove(&id);
                    above.projects.extend(project);
                    above.facts.insert(id, facts);
                }
            }
        }
        let roots: BTreeSet<AssetId> = above.projects.values().filter_map(|one| one.root).collect();
        let next = parents
            .into_iter()
            .filter(|id| !roots.contains(id) && !known(*id));
        open.extend(next.filter(|id| asked.insert(*id)));
        at_once = AT_ONCE.min(at_once * 2);
    }
    Ok(above)
}

/// What could be read; what could not is as if nobody had asked.
fn unless_stopped<T>(read: Result<Option<T>, Unread>) -> Result<Option<T>, StopReason> {
    read.or_else(|unread| unread.why().map(|_| None))
}

async fn show(client: Client, id: AssetId) -> Result<Option<Shown>, Unread> {
    for kind in [Kind::Folder, Kind::VersionStack] {
        let judge = |reply: &_| judge_facts((kind, id), reply);
        match client.read(&Read::Facts(kind, id), judge).await? {
            (Live::There, shown) => return Ok(shown),
            (Live::Deleted(_), _) => return Ok(None),
            (Live::Missing | Live::OtherKind { detail: _ }, _) => {}
        }
    }
    Ok(None)
}

/// Looks for folders among those in a folder; says how many pages that took.
async fn find_in(
    client: Client,
    parent: AssetId,
    (wanted, back): (Arc<BTreeSet<AssetId>>, Arc<[AssetId]>),
) -> Result<(usize, Vec<Shown>), StopReason> {
    let list = |after| Read::List(List::Folders, parent, after);
    let mut pages = client.pages(list, |reply: &_| judge_list(List::Folders, reply));
    let (mut asked, mut found) = (0, Vec::new());
    while asked < PAGES && !pages.is_over() {
        asked += 1;
        let items = unless_stopped(pages.next().await)?.unwrap_or_default();
        // A row that says that it lies elsewhere is asked for itself.
        let lies_here = |item: &Shown| item.facts.parent.is_none_or(|said| said == parent);
        let items = items.into_iter().filter(|item: &Shown| {
            let is_sought = wanted.contains(&item.id) || back.binary_search(&item.id).is_ok();
            is_sought && lies_here(item)
        });
        found.extend(items.map(|item| Shown {
            facts: Facts {
                parent: item.facts.parent.or(Some(parent)),
                ..item.facts
            },
            ..item
        }));
    }
    Ok((asked, found))
}
