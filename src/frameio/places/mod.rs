//! Reading where assets lie: what protected ones are connected with.
//!
//! A connection can be read from either side: from an asset up to the top of its project, or from
//! a folder down to its bottom. With v2 nobody knows beforehand which takes fewer calls, so both go
//! on step by step in turn until one of them has come to its end: that takes at most about twice as
//! many calls as the better one alone. With V4 all that is in listed folders is read in each case,
//! so that only what lies around is left.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::place::{Item, Items, Page, Place, Said, judge_place};
use crate::frameio::survey::PAGES;
use crate::frameio::{v2, v4};
use crate::inventory::{Connections, Lies, Places};
use crate::outcome::Evidence;

mod descent;
#[cfg(test)]
mod tests;

use descent::Descent;

/// How many listed assets are followed up at most once it is known that what is in something
/// held cannot be listed: at the five readings a second of v2, some minutes.
const MOST: usize = 1_000;

/// The version of the API by which it is read.
#[derive(Debug, Clone, Copy)]
enum Version {
    V2,
    V4,
}

/// Reads where one asset lies, with V4 as each of some kinds until it is one of them; says how many
/// readings that took.
async fn read_place(
    client: Client,
    version: Version,
    id: AssetId,
    kinds: &'static [Kind],
) -> Answer<Place> {
    if let Version::V2 = version {
        let judge = |reply: &_| judge_place(None, reply);
        return (1, client.read(&v2::Read::Asset(id), judge).await);
    }
    for (before, kind) in kinds.iter().enumerate() {
        let said = client
            .read(&v4::Read::Show(*kind, id), |reply| {
                judge_place(Some(*kind), reply)
            })
            .await;
        if said != Ok(Said::NotThere) {
            return (before + 1, said);
        }
    }
    (kinds.len(), Ok(Said::NotThere))
}

/// v2: reads a page of what is in an asset.
async fn list_page(client: Client, id: AssetId, page: Page) -> Answer<Items> {
    let read = v2::Read::Children(id, page.before + 1);
    let judge = |reply: &_| v2::answer::judge_items(page, reply);
    (1, client.read(&read, judge).await)
}

/// What came of asking for something, and how many readings that took.
type Answer<T> = (usize, Result<Said<T>, Unread>);

/// v2: reads where assets lie, until it is known which protected assets are in which listed ones, and
/// which listed ones are in which held ones; `told` hears how many requests were made.
///
/// What cannot be read is part of the answer.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn find_places(
    client: &Client,
    ask: &Connections,
    told: impl FnMut(usize),
) -> Result<Places, StopReason> {
    let mut search = Search::new((client, Version::V2), Places::default(), told);
    search.read_named(ask).await?;
    for (id, kind) in &ask.containers {
        search.kinds.entry(*id).or_insert(*kind);
    }
    search.protected_in_listed(ask).await?;
    search.listed_in_held(ask).await?;
    Ok(search.end())
}

/// V4: reads what lies around protected assets and around what is to be deleted, up to the tops of
/// their projects, beyond what is known of it already; `told` hears how many requests were made.
///
/// What cannot be read is part of the answer.
///
/// # Errors
///
/// Returns why nothing can be read at all.
pub async fn find_chains(
    client: &Client,
    ask: &Connections,
    known: Places,
    told: impl FnMut(usize),
) -> Result<Places, StopReason> {
    let mut search = Search::new((client, Version::V4), known, told);
    search.read_named(ask).await?;
    for id in &ask.holds {
        let is_file = search.kinds.get(id) == Some(&Some(Kind::File));
        if !is_file {
            // Whether something listed lies in it is told by what lies around that.
            search.places.held.insert(*id, false);
        }
    }
    let homes = ask.homes.iter().chain(&ask.waiting);
    // Something lay in each of them.
    search.around.extend(homes.clone());
    let all = ask.protected.iter().chain(&ask.listed).chain(homes);
    // Many lie in one folder, of which one is enough.
    let first: BTreeSet<AssetId> = all
        .map(|id| {
            let first = search.unread_around(*id);
            if first != *id {
                search.around.insert(first);
            }
            first
        })
        .collect();
    let mut first: VecDeque<AssetId> = first.into_iter().collect();
    while !first.is_empty() {
        search.climb(&mut first).await?;
    }
    Ok(search.end())
}

struct Search<'search, T> {
    client: &'search Client,
    version: Version,
    places: Places,
    /// What sort of asset each is that was read or listed, where that is known.
    kinds: HashMap<AssetId, Option<Kind>>,
    /// What others are known to lie in, so that none of them is a file.
    around: HashSet<AssetId>,
    requests: usize,
    told: T,
}

impl<'search, T: FnMut(usize)> Search<'search, T> {
    fn new((client, version): (&'search Client, Version), places: Places, told: T) -> Self {
        let kinds = places.kinds.iter();
        Self {
            client,
            version,
            kinds: kinds.map(|(id, kind)| (*id, Some(*kind))).collect(),
            places,
            around: HashSet::new(),
            requests: 0,
            told,
        }
    }

    fn end(self) -> Places {
        let known = self.kinds.into_iter();
        Places {
            kinds: known.filter_map(|(id, kind)| Some((id, kind?))).collect(),
            ..self.places
        }
    }

    /// Reads what is looked at in each case: each line of a manifest that holds something may be
    /// wrong, and what lies around others is named by its UUID.
    async fn read_named(&mut self, ask: &Connections) -> Result<(), StopReason> {
        let adobe = ask.listed.iter().chain(&ask.protected);
        let adobe = adobe.filter(|id| id.is_adobe());
        let mut first: VecDeque<AssetId> = ask.holds.iter().chain(adobe).copied().collect();
        while !first.is_empty() {
            let some = first.drain(..self.at_once().min(first.len()));
            let reads = some.map(|id| (id, &Kind::ALL[..])).collect();
            self.read_places(reads).await?;
        }
        Ok(())
    }

    /// The first of what lies around an asset that was not read; else the top.
    fn unread_around(&self, id: AssetId) -> AssetId {
        let mut around = HashSet::from([id]);
        let mut here = id;
        while let Some(parent) = self.places.lies.get(&here).and_then(Lies::parent) {
            let next = self.places.same.get(&parent).copied().unwrap_or(parent);
            if !around.insert(next) {
                break;
            }
            here = next;
        }
        here
    }

    /// Finds out which protected assets lie in which listed ones.
    async fn protected_in_listed(&mut self, ask: &Connections) -> Result<(), StopReason> {
        let mut descent = Descent::into(ask.containers.iter().map(|(id, _)| *id));
        let mut protected: VecDeque<AssetId> = ask.protected.iter().copied().collect();
        while !protected.is_empty() {
            if self.climb(&mut protected).await? == 0 {
                continue;
            }
            self.descend(&mut descent).await?;
            if descent.is_whole() {
                self.places.listed_whole = true;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Finds out which listed assets lie in which held ones.
    async fn listed_in_held(&mut self, ask: &Connections) -> Result<(), StopReason> {
        let mut descents = VecDeque::new();
        for id in &ask.holds {
            let is_file = self.kinds.get(id) == Some(&Some(Kind::File));
            if is_file {
                continue;
            }
            self.places.held.insert(*id, false);
            descents.push_back((*id, Descent::into([*id])));
        }
        let mut listed: VecDeque<AssetId> = ask.listed.iter().copied().collect();
        let mut reads = 0;
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
            if listed.is_empty() {
                return Ok(());
            }
            reads += self.climb(&mut listed).await?;
        }
    }

    /// How many readings go side by side: about an eighth of those made so far. Whichever way
    /// comes to its end, no more than that were made in vain.
    fn at_once(&self) -> usize {
        (self.requests / 8).clamp(1, AT_ONCE)
    }

    fn count(&mut self, requests: usize) {
        for _ in 0..requests {
            self.requests += 1;
            (self.told)(self.requests);
        }
    }

    /// Reads one more of what lies around the first ones of a queue, and takes those off it of
    /// which nothing is left to be read; says how many were read.
    async fn climb(&mut self, queue: &mut VecDeque<AssetId>) -> Result<usize, StopReason> {
        let first = queue.len().min(self.at_once());
        let first: Vec<AssetId> = queue.drain(..first).collect();
        let mut reads = Vec::new();
        for id in first.into_iter().rev() {
            if let Some(read) = self.next_around(id) {
                queue.push_front(id);
                reads.push(read);
            }
        }
        reads.reverse();
        let count = reads.len();
        self.read_places(reads).await?;
        Ok(count)
    }

    /// What is to be read next of what lies around an asset, and as which kinds.
    fn next_around(&self, id: AssetId) -> Option<(AssetId, &'static [Kind])> {
        let mut around = HashSet::new();
        let mut here = id;
        while let Some(lies) = self.places.lies.get(&here) {
            let parent = lies.parent()?;
            here = self.places.same.get(&parent).copied().unwrap_or(parent);
            if !around.insert(here) {
                return None;
            }
        }
        let kinds: &[Kind] = match self.kinds.get(&here).copied().flatten() {
            Some(kind) => kind.alone(),
            None if here == id && !self.around.contains(&id) => &Kind::ALL,
            // Something lies in it.
            None => &[Kind::Folder, Kind::VersionStack],
        };
        Some((here, kinds))
    }

    /// Lists one more page of each of the first ones of what is to be listed.
    async fn descend(&mut self, descent: &mut Descent) -> Result<(), StopReason> {
        if descent.is_over() {
            return Ok(());
        }
        let first = descent.queue.len().min(self.at_once());
        let first: Vec<(AssetId, Page)> = descent.queue.drain(..first).collect();
        let kind = |id: &AssetId| self.kinds.get(id).copied().flatten();
        let unknown = first
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| kind(id).is_none() && !self.places.lies.contains_key(id));
        let unknown: Vec<(AssetId, &[Kind])> = unknown.map(|id| (id, &Kind::ALL[..])).collect();
        if !unknown.is_empty() {
            put_first(&mut descent.queue, first);
            return self.read_places(unknown).await;
        }
        let lists: Vec<(AssetId, Page)> = first
            .into_iter()
            .filter(|(id, _)| kind(id) != Some(Kind::File))
            .collect();
        let asked = lists
            .iter()
            .map(|(id, page)| list_page(self.client.clone(), *id, *page));
        let answers = side_by_side(asked).await;
        let mut again = Vec::new();
        for ((id, _), (requests, said)) in lists.into_iter().zip(answers) {
            self.count(requests);
            let items = match said {
                Ok(Said::There(items)) => Ok(items),
                Ok(Said::NotThere) => Err("the server does not know it".to_owned()),
                Ok(Said::Refused(why)) => Err(why),
                Err(unread) => Err(unread.why()?),
            };
            let next = items
                .map_err(|why| format!("`{id}` could not be listed: {why}"))
                .and_then(|items| self.take_page(descent, id, items));
            match next {
                Ok(next) => again.extend(next.map(|next| (id, next))),
                Err(why) => {
                    descent.failure = Some(why);
                    return Ok(());
                }
            }
        }
        put_first(&mut descent.queue, again);
        Ok(())
    }

    /// Takes in a page of what is in an asset; gives the next page, or why the list cannot be
    /// trusted.
    fn take_page(
        &mut self,
        descent: &mut Descent,
        id: AssetId,
        items: Items,
    ) -> Result<Option<Page>, String> {
        let Items { all, next } = items;
        let is_empty = all.is_empty();
        let mut contents = descent.begun.remove(&id).unwrap_or_default();
        contents.extend(
            all.iter()
                .filter(|item| !item.is_deleted)
                .map(|item| item.id),
        );
        for Item {
            id: item,
            kind,
            name,
            is_deleted,
        } in all
        {
            if !descent.seen.insert(item) {
                return Err(format!("`{item}` comes twice in the list of `{id}`"));
            }
            let lies = if is_deleted {
                Lies::Deleted {
                    evidence: Evidence::Listed,
                    was_in: Some(id),
                }
            } else {
                Lies::In(id)
            };
            // What another answer shows alive is not deleted.
            let is_alive = matches!(self.places.lies.get(&item), Some(Lies::In(_)));
            if !(is_alive && is_deleted) {
                self.places.lies.insert(item, lies);
            }
            self.kinds.insert(item, kind);
            if let Some(name) = name {
                self.places.names.insert(item, name);
            }
            // Listed ones may lie in each other.
            if kind != Some(Kind::File) && descent.known.insert(item) {
                descent.queue.push_back((item, Page::default()));
            }
        }
        let Some(next) = next else {
            self.places.contents.insert(id, contents);
            return Ok(None);
        };
        descent.begun.insert(id, contents);
        // A page with nothing on it before the last one shows that the list cannot be trusted.
        let is_endless = usize::try_from(next.before).is_ok_and(|before| before >= PAGES);
        if is_empty || is_endless {
            return Err(format!("the list of `{id}` does not come to its end"));
        }
        Ok(Some(next))
    }

    /// Reads assets side by side, each as one of some kinds.
    async fn read_places(
        &mut self,
        mut reads: Vec<(AssetId, &'static [Kind])>,
    ) -> Result<(), StopReason> {
        let mut once = HashSet::new();
        reads.retain(|(id, _)| !self.places.lies.contains_key(id) && once.insert(*id));
        let asked = reads
            .iter()
            .map(|(id, kinds)| read_place(self.client.clone(), self.version, *id, kinds));
        let answers = side_by_side(asked).await;
        for ((id, _), (requests, said)) in reads.into_iter().zip(answers) {
            self.count(requests);
            let lies = match said {
                Ok(Said::There(place)) => self.record_place(id, place),
                Ok(Said::NotThere) => Lies::Missing,
                Ok(Said::Refused(why)) => Lies::Unread(Arc::from(why)),
                Err(unread) => Lies::Unread(Arc::from(unread.why()?)),
            };
            self.places.lies.insert(id, lies);
        }
        Ok(())
    }

    fn record_place(&mut self, id: AssetId, place: Place) -> Lies {
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
            (was_in, _) if is_deleted => Lies::Deleted {
                evidence: Evidence::Read,
                was_in,
            },
            (Some(parent), _) => Lies::In(parent),
            // Only the folder at the top of a project lies in nothing.
            (None, Some(Kind::Folder)) => Lies::AtTop,
            (None, Some(Kind::File | Kind::VersionStack) | None) => {
                Lies::Unread(Arc::from("the answer does not say what it lies in"))
            }
        }
    }
}

/// Puts something back to the front of a queue, in its order.
fn put_first<T>(queue: &mut VecDeque<T>, back: Vec<T>) {
    for one in back.into_iter().rev() {
        queue.push_front(one);
    }
}
