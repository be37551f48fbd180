//! V4: finding assets by the lists of what they lie in, and else one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread};
use crate::frameio::lists::Ask;
use crate::frameio::reader::{News, Reader};
use crate::frameio::survey::{Lot, survey};
use crate::frameio::tree::Watch;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_list;
use crate::frameio::v4::call::List;
use crate::inventory::{Inventory, Seen, Sharing, Shown};

/// How many pages of a list may show nothing that is looked for before it is left.
const IN_VAIN: usize = 3;

/// How many assets are read one by one at most before the lists of what they lie in are read: they
/// lie in about as many folders, whose lists take all limits that there are.
const LOOKED_AT: usize = 4 * AT_ONCE;

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
    let (mut read, mut sharing) = (Inventory::default(), Sharing::default());
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
        let mut items = match (ask, answer) {
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
        for item in &mut items {
            sharing.share(&mut item.facts);
        }
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
    let mut reader = Reader::new(client);
    let mut listed = BTreeSet::new();
    let (mut at_once, mut may_spend) = (1, AT_ONCE);
    while rest.len() > 1 && may_spend > 0 {
        let some = spread(&mut rest, at_once);
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
        reader.seek(Arc::clone(&wanted), IN_VAIN);
        for parent in parents {
            reader.ask(Ask::Folder(parent), Vec::new());
        }
        let (pages, hits) = look(&mut reader, (&wanted, back), (read, watch)).await?;
        may_spend = (may_spend + hits).saturating_sub(pages);
        rest.retain(|(id, _)| !read.assets.contains_key(id));
        at_once = LOOKED_AT.min(at_once * 2);
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

/// Takes some out of all: not those that stand together, since what was made together often lies
/// together, and one of it is enough.
fn spread(rest: &mut Vec<Rest>, count: usize) -> Vec<Rest> {
    let step = rest.len().div_ceil(count).max(1);
    let mut number = 0;
    let taken = rest.extract_if(.., |_| {
        number += 1;
        (number - 1) % step == 0
    });
    taken.collect()
}

/// Takes in what lists of folders or, where they are none, of version stacks show; says how many
/// pages there were, and how many of the assets that are looked for stood on them.
async fn look(
    reader: &mut Reader,
    (wanted, back): (&BTreeSet<AssetId>, &[AssetId]),
    (read, watch): (&mut Inventory, &mut dyn Watch),
) -> Result<(usize, usize), StopReason> {
    let (mut pages, mut hits) = (0, 0);
    let mut begun = BTreeSet::new();
    let mut sharing = Sharing::default();
    while let Some(news) = reader.next().await? {
        match news {
            News::Page(of, page) => {
                begun.insert(of);
                pages += 1;
                hits += page
                    .items
                    .iter()
                    .filter(|item| wanted.contains(&item.id))
                    .count();
                let mut items = page.items.clone();
                for item in &mut items {
                    sharing.share(&mut item.facts);
                }
                add_shown(items, (wanted, back), read);
                watch.page(of, page);
            }
            News::Answer(ask, Ok(items)) => read.add_list(ask.id(), &items),
            News::Answer(Ask::Folder(of), Err(Unread::Refused(_) | Unread::Absent(_)))
                if !begun.contains(&of) =>
            {
                pages += 1;
                reader.ask(Ask::Stack(of), Vec::new());
            }
            // It was left, or cannot be read: what it has not shown is read by itself.
            News::Answer(_, Err(unread)) => drop(unread.why()?),
        }
    }
    Ok((pages, hits))
}
