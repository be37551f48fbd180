//! V4: finding assets by the lists of what they lie in, and else one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::lists::Ask;
use crate::frameio::reader::{News, Reader};
use crate::frameio::survey::{Lot, PAGES, survey};
use crate::frameio::tree::Watch;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_list;
use crate::frameio::v4::call::List;
use crate::inventory::{Inventory, ListPart, Seen, Shown};

/// How many pages of a list may show nothing that is looked for before it is left.
const IN_VAIN: usize = 3;

/// What lists are read for.
pub(super) struct Sought<'search> {
    /// What is looked for in the lists.
    pub(super) wanted: &'search BTreeSet<AssetId>,
    /// What is to be deleted: of a folder or a version stack among it all that is in it is wanted
    /// as well, which is asked for as soon as its place is clear.
    pub(super) going: &'search BTreeSet<AssetId>,
    /// What nobody looks for, and is told of where a list shows it.
    pub(super) back: &'search [AssetId],
}

/// Finds assets in the lists of what they are said to lie in: folders, or else version stacks. What
/// cannot be listed says nothing.
pub(super) async fn read_parents(
    client: &Client,
    parents: BTreeSet<AssetId>,
    sought: Sought<'_>,
    watch: &mut dyn Watch,
) -> Result<Inventory, StopReason> {
    let Sought {
        wanted,
        going,
        back,
    } = sought;
    let mut read = Inventory::default();
    let mut reader = Reader::new(client);
    if !going.is_empty() {
        reader.compare();
    }
    let mut asked = parents.clone();
    for parent in &parents {
        reader.ask(Ask::Folder(*parent), Vec::new());
    }
    while let Some(news) = reader.next().await? {
        let (ask, answer) = match news {
            News::Page(of, page) => {
                watch.page(of, page);
                continue;
            }
            News::Answer(ask, answer) => (ask, answer),
        };
        let (Ask::Folder(of) | Ask::Stack(of)) = ask;
        let items = match (ask, answer) {
            (_, Ok(items)) => items,
            (Ask::Folder(parent), Err(Unread::Refused(_) | Unread::Absent(_)))
                if parents.contains(&parent) =>
            {
                reader.ask(Ask::Stack(parent), Vec::new());
                continue;
            }
            (Ask::Folder(_) | Ask::Stack(_), Err(unread)) => {
                unread.why()?;
                continue;
            }
        };
        let is_inside = going.contains(&of) || !parents.contains(&of);
        for item in &items {
            if (is_inside || going.contains(&item.id))
                && let Some(ask) = Ask::inside(item.id, item.facts.kind)
                && asked.insert(item.id)
            {
                reader.ask(ask, Vec::new());
            }
        }
        if is_inside {
            read.ahead.insert(of, items.clone());
        }
        if parents.contains(&of) {
            read.add_list(of, &items);
            add_shown(items, (wanted, back), &mut read);
        }
    }
    Ok(read)
}

/// Lets go of the version stacks that are back and have no file in them: V4 deletes the files of a
/// stack, and whether the stack goes with the last of them no document says.
pub(super) async fn drop_emptied(
    client: &Client,
    back: &[AssetId],
    read: &mut Inventory,
) -> Result<(), StopReason> {
    let stacks = read
        .around
        .iter()
        .filter(|(id, facts)| facts.kind == Kind::VersionStack && back.binary_search(id).is_ok());
    let stacks: Vec<AssetId> = stacks.map(|(id, _)| *id).collect();
    for id in stacks {
        let page = |after| Read::List(List::Versions, id, after);
        let mut pages = client.pages(page, |reply: &_| judge_list(List::Versions, reply));
        let files = match pages.next().await {
            Ok(files) => files,
            Err(unread) => {
                // It is there, and nobody knows what is in it.
                unread.why()?;
                continue;
            }
        };
        if files.is_none_or(|files| files.is_empty()) {
            read.around.remove(&id);
        }
    }
    Ok(())
}

fn add_shown(
    items: Vec<Shown>,
    (wanted, back): (&BTreeSet<AssetId>, &[AssetId]),
    read: &mut Inventory,
) {
    for Shown { id, facts, project } in items {
        if wanted.contains(&id) {
            read.assets.insert(id, Seen::There(facts));
            read.projects.extend(project);
        } else if back.binary_search(&id).is_ok() {
            read.around.insert(id, facts);
            read.projects.extend(project);
        }
    }
}

/// An asset that is still to be read, with what somebody said that it is.
type Rest = (AssetId, Option<Kind>);

/// Reads assets of which nobody knows in what they lie; `told` hears how many assets are read.
///
/// One of them tells in what it lies, and the list of that shows the others there, many a page. As
/// long as lists show about as many assets as they take pages it goes on like this, and the rest is
/// read one by one.
pub(super) async fn read_rest(
    client: &Client,
    (mut rest, back): (Vec<Rest>, &Arc<[AssetId]>),
    (read, watch): (&mut Inventory, &mut dyn Watch),
    mut told: impl FnMut(usize),
) -> Result<(), StopReason> {
    let mut listed = BTreeSet::new();
    let (mut at_once, mut may_spend) = (1, AT_ONCE);
    while rest.len() > 1 && may_spend > 0 {
        let some: Vec<_> = rest.drain(..at_once.min(rest.len())).collect();
        let found = survey(client, &some, lot(read), |_| {}).await?;
        let facts = found.assets.values().filter_map(Seen::facts);
        let parents: BTreeSet<AssetId> = facts.filter_map(|facts| facts.parent).collect();
        add(found, read);
        let is_new = |parent: &AssetId| listed.insert(*parent);
        let parents: Vec<AssetId> = parents.into_iter().filter(is_new).collect();
        if parents.is_empty() || rest.is_empty() {
            break;
        }
        let wanted: BTreeSet<AssetId> = rest.iter().map(|(id, _)| *id).collect();
        let wanted = Arc::new(wanted);
        let lists = parents.into_iter().map(|parent| {
            let sought = (Arc::clone(&wanted), Arc::clone(back));
            let client = client.clone();
            async move {
                let looked = look_in(&client, parent, (&sought.0, &sought.1)).await;
                (parent, looked)
            }
        });
        for (parent, looked) in side_by_side(lists).await {
            let Looked {
                pages,
                items,
                whole,
            } = looked?;
            let hits = items.iter().filter(|item| wanted.contains(&item.id));
            may_spend = (may_spend + hits.count()).saturating_sub(pages);
            if let Some(part) = whole {
                read.add_list(parent, &part.items);
                watch.page(parent, part);
            }
            add_shown(items, (&wanted, back), read);
        }
        rest.retain(|(id, _)| !read.assets.contains_key(id));
        at_once = AT_ONCE.min(at_once * 2);
        told(read.assets.len());
    }
    let before = read.assets.len();
    let found = survey(client, &rest, lot(read), |done| told(before + done)).await?;
    add(found, read);
    Ok(())
}

/// What is read after something that was found is no more than a part.
fn lot(read: &Inventory) -> Lot {
    let mut found = read.assets.values().filter_map(Seen::facts);
    found.next().map_or(Lot::All, |_| Lot::Part)
}

pub(super) fn add(found: Inventory, read: &mut Inventory) {
    read.assets.extend(found.assets);
    read.projects.extend(found.projects);
    read.unread += found.unread;
    read.unread_why = read.unread_why.take().or(found.unread_why);
}

/// What the list of something shows of what is looked for.
#[derive(Debug, Default)]
struct Looked {
    /// How many pages that took.
    pages: usize,
    items: Vec<Shown>,
    /// All that it shows, where it was read to its end.
    whole: Option<ListPart>,
}

/// Looks for assets in the list of a folder or, where it is none, of a version stack. A list that
/// shows none of them for a while is left.
async fn look_in(
    client: &Client,
    parent: AssetId,
    (wanted, back): (&BTreeSet<AssetId>, &[AssetId]),
) -> Result<Looked, StopReason> {
    let mut looked = Looked::default();
    let mut is_in_vain = true;
    for list in [List::Children, List::Versions] {
        let page = |after| Read::List(list, parent, after);
        let mut pages = client.pages(page, |reply: &_| judge_list(list, reply));
        let mut all = Vec::new();
        for number in 0..PAGES {
            looked.pages += 1;
            let items: Vec<Shown> = match pages.next().await {
                Ok(items) => items.unwrap_or_default(),
                Err(Unread::Refused(_) | Unread::Absent(_)) if number == 0 => break,
                Err(unread) => {
                    unread.why()?;
                    return Ok(looked);
                }
            };
            for item in &items {
                let is_wanted = wanted.contains(&item.id);
                is_in_vain &= !is_wanted;
                if is_wanted || back.binary_search(&item.id).is_ok() {
                    looked.items.push(item.clone());
                }
            }
            all.extend(items);
            if pages.is_over() {
                looked.whole = Some(ListPart {
                    list: list.name().into(),
                    lists: 1,
                    after: None,
                    items: all,
                    next: None,
                    total: None,
                });
                return Ok(looked);
            }
            if is_in_vain && number + 1 >= IN_VAIN {
                return Ok(looked);
            }
        }
    }
    Ok(looked)
}
