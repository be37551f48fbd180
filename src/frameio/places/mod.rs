//! Reading where assets lie: what protected ones are connected with.
//!
//! A connection can be read from either side: from an asset up to the top of its project, or from
//! a folder down to its bottom. Nobody knows beforehand which takes fewer calls, so both go on
//! step by step in turn until one of them has come to its end: that takes at most about twice as
//! many calls as the better one alone.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::call::Read;
use crate::frameio::client::Client;
use crate::frameio::place::{Item, Items, Place, Said, judge_place};
use crate::frameio::reply::Reply;
use crate::frameio::survey::{PAGES, Unread, patiently};
use crate::frameio::v4::call::Cursor;
use crate::frameio::verdict::Verdict;
use crate::frameio::{v2, v4};
use crate::inventory::{Lies, Places};
use crate::outcome::Evidence;

#[cfg(test)]
mod tests;

/// How many listed assets are followed up at most once it is known that what is in something
/// held cannot be listed.
const MOST: usize = 1_000;

/// What is to be found out.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'ask> {
    /// The held assets of which it is not known that they are files.
    pub holds: &'ask [AssetId],
    /// The assets that keep what they lie in.
    pub protected: &'ask [AssetId],
    /// What is to be deleted.
    pub listed: &'ask [AssetId],
    /// What of it is not known to be a file.
    pub containers: &'ask [(AssetId, Option<Kind>)],
}

/// Reads by one version of the API, and cannot delete.
#[derive(Debug, Clone)]
pub enum PlaceReader {
    /// The legacy API.
    V2(Client),
    /// The current API.
    V4(Client),
}

/// Reads where assets lie, until it is known which protected assets are in which listed ones, and
/// which listed ones are in which held ones; `told` hears how many requests were made.
///
/// What cannot be read is part of the answer.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn find_places(
    reader: &PlaceReader,
    ask: Ask<'_>,
    told: impl FnMut(usize),
) -> Result<Places, StopReason> {
    let mut search = Search {
        reader,
        places: Places::default(),
        kinds: HashMap::new(),
        requests: 0,
        told,
    };
    // Each line of a manifest that holds something is looked at: it may be wrong.
    for id in ask.holds {
        search.read(*id, &Kind::ALL).await?;
    }
    // What lies around others is named by its UUID.
    for id in ask.listed.iter().filter(|id| id.is_adobe()) {
        search.read(*id, &Kind::ALL).await?;
    }
    for (id, kind) in ask.containers {
        search.kinds.entry(*id).or_insert(*kind);
    }
    search.protected_in_listed(ask).await?;
    search.listed_in_held(ask).await?;
    let Search {
        mut places, kinds, ..
    } = search;
    let known = kinds.into_iter().filter_map(|(id, kind)| Some((id, kind?)));
    places.kinds = known.collect();
    Ok(places)
}

struct Search<'search, T> {
    reader: &'search PlaceReader,
    places: Places,
    /// What sort of asset each is that was read or listed, where that is known.
    kinds: HashMap<AssetId, Option<Kind>>,
    requests: usize,
    told: T,
}

/// What is to be listed to its bottom.
struct Descent {
    queue: VecDeque<AssetId>,
    /// Everything that is or was on it.
    known: HashSet<AssetId>,
    /// Everything that was listed: what comes twice shows that a list cannot be trusted.
    seen: HashSet<AssetId>,
    /// The next page of the first of the queue.
    page: Page,
    /// Why it cannot be trusted.
    failure: Option<String>,
}

/// Where a list goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Page {
    /// How many pages came before.
    before: u32,
    /// V4: the cursor.
    after: Cursor,
}

impl Descent {
    fn into(tops: impl IntoIterator<Item = AssetId>) -> Self {
        let queue: VecDeque<AssetId> = tops.into_iter().collect();
        Self {
            known: queue.iter().copied().collect(),
            queue,
            seen: HashSet::new(),
            page: Page::default(),
            failure: None,
        }
    }

    fn is_over(&self) -> bool {
        self.queue.is_empty() || self.failure.is_some()
    }

    /// Whether all was listed to the end.
    fn is_whole(&self) -> bool {
        self.queue.is_empty() && self.failure.is_none()
    }
}

impl<T: FnMut(usize)> Search<'_, T> {
    /// Finds out which protected assets lie in which listed ones.
    async fn protected_in_listed(&mut self, ask: Ask<'_>) -> Result<(), StopReason> {
        let mut descent = Descent::into(ask.containers.iter().map(|(id, _)| *id));
        for id in ask.protected {
            while !self.climb(*id).await? {
                self.descend(&mut descent).await?;
                if descent.is_whole() {
                    self.places.listed_whole = true;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Finds out which listed assets lie in which held ones.
    async fn listed_in_held(&mut self, ask: Ask<'_>) -> Result<(), StopReason> {
        let mut descents = VecDeque::new();
        for id in ask.holds {
            let is_file = self.kinds.get(id) == Some(&Some(Kind::File));
            if is_file || self.is_deleted(*id) {
                continue;
            }
            self.places.held.insert(*id, false);
            descents.push_back((*id, Descent::into([*id])));
        }
        let mut reads = 0;
        let mut listed = ask.listed.iter().copied();
        let mut climbing = listed.next();
        loop {
            match descents.front_mut() {
                Some((id, descent)) => {
                    self.descend(descent).await?;
                    if descent.is_over() {
                        self.places.held.insert(*id, descent.is_whole());
                        if let Some(why) = descent.failure.take() {
                            self.places.unlisted.insert(*id, Arc::from(why));
                        }
                        descents.pop_front();
                    }
                }
                None if self.places.held.values().all(|whole| *whole) => return Ok(()),
                None if reads >= MOST => return Ok(()),
                None => {}
            }
            let Some(id) = climbing else {
                return Ok(());
            };
            if self.climb(id).await? {
                climbing = listed.next();
            } else {
                reads += 1;
            }
        }
    }

    fn is_deleted(&self, id: AssetId) -> bool {
        matches!(self.places.lies.get(&id), Some(Lies::Deleted(_)))
    }

    /// Reads one more of what lies around an asset; says whether nothing is left to be read.
    async fn climb(&mut self, id: AssetId) -> Result<bool, StopReason> {
        let mut around = HashSet::new();
        let mut here = id;
        while let Some(lies) = self.places.lies.get(&here) {
            let Lies::In(parent) = lies else {
                return Ok(true);
            };
            here = self.places.same.get(parent).copied().unwrap_or(*parent);
            if !around.insert(here) {
                return Ok(true);
            }
        }
        let kinds: &[Kind] = match self.kinds.get(&here).copied().flatten() {
            Some(kind) => kind.alone(),
            None if here == id => &Kind::ALL,
            None => &[Kind::Folder, Kind::VersionStack],
        };
        self.read(here, kinds).await?;
        Ok(false)
    }

    /// Lists one more page of what is to be listed.
    async fn descend(&mut self, descent: &mut Descent) -> Result<(), StopReason> {
        let Some(id) = descent
            .queue
            .front()
            .copied()
            .filter(|_| descent.failure.is_none())
        else {
            return Ok(());
        };
        if self.kinds.get(&id).copied().flatten().is_none() && !self.places.lies.contains_key(&id) {
            return self.read(id, &Kind::ALL).await;
        }
        let kind = self.kinds.get(&id).copied().flatten();
        if kind == Some(Kind::File) || self.is_deleted(id) {
            descent.queue.pop_front();
            return Ok(());
        }
        let listed = self.list(id, kind, &descent.page).await?;
        let Items {
            all: items,
            next,
            pages,
        } = match listed {
            Ok(items) => items,
            Err(why) => {
                descent.failure = Some(format!("`{id}` could not be listed: {why}"));
                return Ok(());
            }
        };
        let is_empty = items.is_empty();
        for Item {
            id: item,
            kind,
            name,
        } in items
        {
            if !descent.seen.insert(item) {
                descent.failure = Some(format!("`{item}` comes twice in the list of `{id}`"));
                return Ok(());
            }
            self.places.lies.insert(item, Lies::In(id));
            self.kinds.insert(item, kind);
            if let Some(name) = name {
                self.places.names.insert(item, name);
            }
            // Listed ones may lie in each other.
            if kind != Some(Kind::File) && descent.known.insert(item) {
                descent.queue.push_back(item);
            }
        }
        let before = descent.page.before + 1;
        let more = match self.reader {
            PlaceReader::V4(_) => next.is_some(),
            // Where nobody says how many pages there are, an empty one is behind the last.
            PlaceReader::V2(_) => pages.map_or(!is_empty, |pages| before < pages),
        };
        if !more {
            descent.queue.pop_front();
            descent.page = Page::default();
            return Ok(());
        }
        // A page with nothing on it before the last one, or one that leads to itself, shows that
        // the list cannot be trusted.
        let leads_on = next.is_none() || next != descent.page.after;
        let is_endless = usize::try_from(before).is_ok_and(|before| before >= PAGES);
        if is_empty || !leads_on || is_endless {
            descent.failure = Some(format!("the list of `{id}` does not come to its end"));
        }
        descent.page = Page {
            before,
            after: next,
        };
        Ok(())
    }

    /// Reads one asset, as each of some kinds until it is one of them.
    async fn read(&mut self, id: AssetId, kinds: &[Kind]) -> Result<(), StopReason> {
        if self.places.lies.contains_key(&id) {
            return Ok(());
        }
        let mut said = Ok(Said::NotThere);
        let reader = self.reader;
        match reader {
            PlaceReader::V2(client) => {
                said = self.ask(client, &v2::Read::Asset(id), judge_place).await?;
            }
            PlaceReader::V4(client) => {
                for kind in kinds {
                    let read = v4::Read::Show(*kind, id);
                    said = self.ask(client, &read, judge_place).await?;
                    if said != Ok(Said::NotThere) {
                        break;
                    }
                }
            }
        }
        let lies = match said {
            Ok(Said::There(place)) => self.take(id, place),
            Ok(Said::NotThere) => Lies::Missing,
            Ok(Said::Refused(why)) | Err(why) => Lies::Unread(Arc::from(why)),
        };
        self.places.lies.insert(id, lies);
        Ok(())
    }

    fn take(&mut self, id: AssetId, place: Place) -> Lies {
        let Place {
            id: said,
            kind,
            name,
            parent,
            is_deleted,
        } = place;
        if said != id {
            if !id.is_adobe() {
                return Lies::Unread(format!("the answer speaks of `{said}`").into());
            }
            self.places.same.insert(said, id);
        }
        self.kinds.insert(id, kind);
        if let Some(name) = name {
            self.places.names.insert(id, name);
        }
        match (parent, kind) {
            _ if is_deleted => Lies::Deleted(Evidence::Read),
            (Some(parent), _) => Lies::In(parent),
            // Only the folder at the top of a project lies in nothing.
            (None, Some(Kind::Folder)) => Lies::AtTop,
            (None, Some(Kind::File | Kind::VersionStack) | None) => {
                Lies::Unread(Arc::from("the answer does not say what it lies in"))
            }
        }
    }

    /// A page of what is in an asset, or why it cannot be had.
    async fn list(
        &mut self,
        id: AssetId,
        kind: Option<Kind>,
        page: &Page,
    ) -> Result<Result<Items, String>, StopReason> {
        let reader = self.reader;
        let said = match (reader, kind) {
            (PlaceReader::V2(client), _) => {
                let read = v2::Read::Children(id, page.before + 1);
                self.ask(client, &read, v2::answer::judge_items).await?
            }
            (PlaceReader::V4(client), Some(kind)) => {
                let read = v4::Read::Children(kind, id, page.after.clone());
                self.ask(client, &read, v4::answer::judge_items).await?
            }
            // Nobody knows how to list what is of no known kind.
            (PlaceReader::V4(_), None) => {
                return Ok(Err("its kind is not known".to_owned()));
            }
        };
        Ok(match said {
            Ok(Said::There(items)) => Ok(items),
            Ok(Said::NotThere) => Err("the server does not know it".to_owned()),
            Ok(Said::Refused(why)) | Err(why) => Err(why),
        })
    }

    async fn ask<A>(
        &mut self,
        client: &Client,
        read: &impl Read,
        judge: impl Fn(&Reply) -> Verdict<A>,
    ) -> Result<Result<A, String>, StopReason> {
        self.requests += 1;
        (self.told)(self.requests);
        // What the last answer lacked: whether it came at all, and what it said.
        let trouble = RefCell::new((true, "no answer came back".to_owned()));
        let judge = |reply: &Reply| {
            let verdict = judge(reply);
            match &verdict {
                Verdict::Unknown { detail } => {
                    *trouble.borrow_mut() = (true, detail.clone());
                }
                Verdict::NotSent { detail } => *trouble.borrow_mut() = (false, detail.clone()),
                Verdict::Told(_)
                | Verdict::Refused { .. }
                | Verdict::SlowDown { .. }
                | Verdict::Stop(_) => {}
            }
            verdict
        };
        match patiently(async || client.read(read).await, judge).await {
            Ok(said) => Ok(Ok(said)),
            Err(Unread::Trouble) => match trouble.into_inner() {
                (true, why) => Ok(Err(why)),
                (false, detail) => Err(StopReason::NotReachable { detail }),
            },
            Err(Unread::Refused(why)) => Ok(Err(why)),
            Err(Unread::Stop(reason)) => Err(reason),
        }
    }
}
