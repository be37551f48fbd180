//! V4: the lists of what is in one folder or version stack, read page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::asset::{AssetId, Kind};
use crate::frameio::client::{Admitted, Client, ENDLESS, Unread, side_by_side};
use crate::frameio::survey::PAGES;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::judge_list;
use crate::frameio::v4::call::{Cursor, List};
use crate::frameio::v4::wire::Page;
use crate::inventory::{ListPart, Shown};

/// What is said of a list that is not what it was when it was read.
const CHANGED: &str = "it has changed while it was read";

/// What is said of a list that was left.
const IN_VAIN: &str = "it shows nothing that is looked for";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// What is in a folder.
    Folder(AssetId),
    /// What is in a version stack.
    Stack(AssetId),
}

/// What comes of it.
pub(super) type Answer = Result<Vec<Shown>, Unread>;

/// A way to ask, under limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The one list of all that is in a folder.
    Whole,
    /// The three lists of what is in a folder, side by side.
    Apart,
    /// The list of what is in a version stack.
    Stack,
}

impl Ask {
    /// What is listed.
    pub(super) const fn id(self) -> AssetId {
        match self {
            Self::Folder(id) | Self::Stack(id) => id,
        }
    }

    /// What asks for what is in an asset, where something can be.
    pub(super) const fn inside(id: AssetId, kind: Kind) -> Option<Self> {
        match kind {
            Kind::File => None,
            Kind::Folder => Some(Self::Folder(id)),
            Kind::VersionStack => Some(Self::Stack(id)),
        }
    }
}

impl Way {
    pub(super) const fn lists(self) -> &'static [List] {
        match self {
            Self::Whole => &[List::Children],
            Self::Apart => &[List::Files, List::Folders, List::Stacks],
            Self::Stack => &[List::Versions],
        }
    }
}

/// The lists of something.
#[derive(Debug, Clone)]
pub(super) struct Lists {
    pub(super) client: Client,
    /// What is listed.
    pub(super) of: AssetId,
    /// Hears each page as it comes.
    pub(super) tell: UnboundedSender<(AssetId, ListPart)>,
    /// Whether a list of several pages is compared with what it shows afterwards.
    pub(super) compares: bool,
    /// What is looked for, where a list that shows none of it is left.
    pub(super) sought: Option<Sought>,
}

/// What is looked for in lists.
#[derive(Debug, Clone)]
pub(super) struct Sought {
    pub(super) wanted: Arc<BTreeSet<AssetId>>,
    /// After how many pages that show none of it a list is left.
    pub(super) in_vain: usize,
}

impl Sought {
    /// Whether a list is left that has shown this on so many pages.
    fn is_in_vain(&self, pages: usize, all: &[Shown]) -> bool {
        pages >= self.in_vain && !all.iter().any(|item| self.wanted.contains(&item.id))
    }
}

impl Lists {
    /// Reads them side by side, each to its end.
    pub(super) async fn read(&self, way: Way, admitted: Vec<Option<Admitted>>) -> Answer {
        let lists = way.lists().iter();
        let reads = lists.zip(admitted).map(|(list, admitted)| {
            let (own, list) = (self.clone(), *list);
            async move { own.read_list((list, way), admitted, None).await }
        });
        let mut all = Vec::new();
        for items in side_by_side(reads).await {
            all.extend(items?);
        }
        Ok(all)
    }

    /// Goes on where an earlier reading was cut off.
    ///
    /// Cursors are offsets, so a list that has changed since may skip something. One that says
    /// another number of entries than before, shows something twice or cannot be gone on with is
    /// read anew from its beginning.
    pub(super) async fn go_on(&self, ask: Ask, begun: Vec<ListPart>) -> Answer {
        let way = way(ask, &begun);
        let reads = way.lists().iter().map(|list| {
            let is_it =
                |part: &&ListPart| part.lists == way.lists().len() && &*part.list == list.name();
            let begun = begun.iter().find(is_it);
            let (own, list, begun) = (self.clone(), *list, begun.cloned());
            async move { own.read_list((list, way), None, begun).await }
        });
        let mut all = Vec::new();
        for items in side_by_side(reads).await {
            match items {
                Ok(items) => all.extend(items),
                Err(Unread::Stop(reason)) => return Err(Unread::Stop(reason)),
                Err(
                    Unread::Trouble { .. }
                    | Unread::Refused(_)
                    | Unread::Absent(_)
                    | Unread::Malformed(_),
                ) => {
                    let admitted = way.lists().iter().map(|_| None);
                    return self.read(way, admitted.collect()).await;
                }
            }
        }
        Ok(all)
    }

    /// Compares the pages that were read of a list, but for the last one, with what they show now.
    ///
    /// Cursors are offsets: an entry that goes from a page that was read moves one from the next
    /// page onto it, which is in neither then; where another one comes meanwhile, the list shows as
    /// many as it says that it has. The page that it went from, or one of those up to where it was
    /// missed, shows that.
    async fn compare(&self, list: List, read: &[(Cursor, Vec<AssetId>)]) -> Result<(), Unread> {
        let Some((_, before)) = read.split_last() else {
            return Ok(());
        };
        let again = before.iter().map(|(after, ids)| {
            let page = Read::List(list, self.of, after.clone());
            let (client, ids) = (self.client.clone(), ids.clone());
            async move {
                let page = client.read(&page, |reply| judge_list(list, reply)).await?;
                Ok(page.items.iter().map(|item| item.id).eq(ids))
            }
        });
        for is_same in side_by_side(again).await {
            if !is_same? {
                return Err(Unread::trouble(CHANGED));
            }
        }
        Ok(())
    }

    /// Why what a folder shows cannot be trusted: something in it says that it lies elsewhere. Of a
    /// version stack no document says what its files lie in.
    fn contradicts(&self, way: Way, items: &[Shown]) -> Option<String> {
        match way {
            Way::Whole | Way::Apart => {}
            Way::Stack => return None,
        }
        // What is asked for by an id of Adobe's storage answers with its own.
        let is_other = |said: AssetId| said != self.of && !self.of.is_adobe() && !said.is_adobe();
        let odd = items
            .iter()
            .find(|item| item.facts.parent.is_some_and(is_other))?;
        Some(format!(
            "`{}` in its list says that it lies elsewhere",
            odd.id
        ))
    }

    /// Reads a list to its end; one that goes on after a page with nothing on it, repeats itself or
    /// shows another number of assets than it says that it has cannot be trusted.
    async fn read_list(
        &self,
        (list, way): (List, Way),
        admitted: Option<Admitted>,
        begun: Option<ListPart>,
    ) -> Answer {
        let page = |after| Read::List(list, self.of, after);
        let judge = |reply: &_| judge_list(list, reply);
        let mut pages = self.client.pages(page, judge).admitted(admitted);
        let mut after: Cursor = None;
        let (mut all, mut read) = (Vec::new(), Vec::new());
        if let Some(begun) = begun {
            let ListPart {
                list: _,
                lists: _,
                after: _,
                items,
                next,
                total,
            } = begun;
            let begun = Page { items, next, total };
            pages = pages.go_on(&begun)?;
            after = begun.next;
            all = begun.items;
            if after.is_none() {
                return Ok(all);
            }
        }
        for pages_before in 0..PAGES {
            let page = match pages.next_page().await {
                // What has its first pages is there, whatever the answer to the next one says.
                Err(Unread::Absent(detail)) if after.is_some() => {
                    return Err(Unread::Malformed(detail));
                }
                page => page?,
            };
            let Some(page) = page else {
                break;
            };
            if let Some(why) = self.contradicts(way, &page.items) {
                return Err(Unread::Malformed(why));
            }
            let is_empty = page.items.is_empty();
            let part = ListPart {
                list: list.name().into(),
                lists: way.lists().len(),
                after,
                items: page.items.clone(),
                next: page.next.clone(),
                total: page.total,
            };
            let ids = part.items.iter().map(|item| item.id);
            read.push((part.after.clone(), ids.collect()));
            // Where nobody listens any more, nobody waits for the list either.
            drop(self.tell.send((self.of, part)));
            after = page.next;
            all.extend(page.items);
            if after.is_none() {
                if self.compares {
                    self.compare(list, &read).await?;
                }
                return Ok(all);
            }
            if is_empty {
                break;
            }
            let sought = self.sought.as_ref();
            if sought.is_some_and(|sought| sought.is_in_vain(pages_before + 1, &all)) {
                return Err(Unread::Absent(IN_VAIN.to_owned()));
            }
        }
        Err(Unread::trouble(ENDLESS))
    }
}

/// The way in which a reading was begun.
fn way(ask: Ask, begun: &[ListPart]) -> Way {
    match ask {
        Ask::Stack(_) => Way::Stack,
        Ask::Folder(_) => {
            let is_whole = |part: &ListPart| part.lists == Way::Whole.lists().len();
            if begun.iter().any(is_whole) {
                Way::Whole
            } else {
                Way::Apart
            }
        }
    }
}
