//! V4: what the lists of recently deleted assets say.
//!
//! A list is that of one project. It shows what may still be restored (docs/frameio-api.md,
//! "Reading (V4)"), and may show only the folder of what went along with it: so a line of what
//! held an asset tells of the asset as well, where it is known what held it.
//!
//! A line alone is no evidence, since somebody may have restored the asset: it was read before,
//! and not found. So what held it is read as well where only that has a line.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{AT_ONCE, Client, Unread, side_by_side};
use crate::frameio::survey::IN_A_ROW;
use crate::frameio::v4::Read;
use crate::frameio::v4::answer::{judge_deleted, judge_named, judge_show};
use crate::frameio::v4::call::Cursor;
use crate::frameio::v4::trail::Trail;
use crate::frameio::v4::wire::{Line, Named, Page};
use crate::frameio::verdict::Live;
use crate::inventory::{Facts, ReadLists};

#[cfg(test)]
mod tests;

/// How far up is looked from an asset; no folders lie deeper.
const DEEPEST: usize = 100;

/// How many requests the lists are worth for so many assets: they must not take much longer than
/// to read the assets one by one.
#[must_use]
pub fn requests(assets: usize) -> usize {
    (20 + 2 * assets).min(500)
}

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The assets, each with its project where that is known.
    pub assets: BTreeMap<AssetId, Option<AssetId>>,
    /// What holds assets, as far as that is known.
    pub parents: BTreeMap<AssetId, AssetId>,
    /// No line of an earlier deletion says anything; without it all do.
    pub since: Option<Timestamp>,
}

/// What the lists say of some assets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Those that they show, each with when it was deleted.
    pub found: BTreeMap<AssetId, Timestamp>,
    /// What held each asset that has a line of its own, where that is known.
    pub was_in: BTreeMap<AssetId, AssetId>,
    /// What else the own line of each asset tells of it.
    pub told: BTreeMap<AssetId, Facts>,
    /// Whether all lists were read, so that the others are in none. An end that comes early
    /// because all are found counts as well.
    pub complete: bool,
    /// What of them was read.
    pub lists: ReadLists,
}

/// Looks for assets in the lists, with at most so many requests.
///
/// What cannot be read is left out: the lists only ever help.
///
/// # Errors
///
/// Returns why nothing can be read at all, or not soon enough.
pub async fn recently_deleted(
    client: &Client,
    wanted: &Wanted,
    most: usize,
) -> Result<Deleted, StopReason> {
    let mut search = Search {
        client,
        wanted,
        left: most,
        parents: wanted.parents.clone(),
        lines: BTreeMap::new(),
        told: BTreeMap::new(),
        found: BTreeMap::new(),
        complete: true,
        lists: ReadLists::default(),
        names: BTreeMap::new(),
        troubles: 0,
    };
    search.run().await?;
    let complete = search.complete || search.is_over();
    if search.is_over() {
        search.lists.unread.clear();
    }
    search.confirm().await?;
    let Search {
        found,
        lines,
        told,
        mut parents,
        lists,
        ..
    } = search;
    parents.retain(|id, _| lines.contains_key(id));
    let found = found.into_iter();
    Ok(Deleted {
        lists,
        was_in: parents,
        told,
        found: found.map(|(id, line)| (id, line.at)).collect(),
        complete,
    })
}

struct Search<'search> {
    client: &'search Client,
    wanted: &'search Wanted,
    left: usize,
    /// What holds assets, as far as somebody or a line said so.
    parents: BTreeMap<AssetId, AssetId>,
    /// The lines so far, each with when the asset was deleted.
    lines: BTreeMap<AssetId, Timestamp>,
    /// What the lines tell of what is looked for.
    told: BTreeMap<AssetId, Facts>,
    found: BTreeMap<AssetId, Found>,
    complete: bool,
    lists: ReadLists,
    /// What the projects are called, as far as somebody said so.
    names: BTreeMap<Arc<str>, String>,
    /// How many pages in a row could not be read.
    troubles: u32,
}

/// The line that tells of an asset.
#[derive(Clone, Copy)]
struct Found {
    /// Whose it is: its own, or that of what held it.
    of: AssetId,
    at: Timestamp,
}

/// The list of one project, as far as it is read.
struct List {
    project: Arc<str>,
    /// Where the next page begins.
    next: Cursor,
    trail: Trail<AssetId>,
}

/// What a list is.
fn list_of(project: &str, name: Option<&str>) -> String {
    let called = name.map_or_else(String::new, |name| format!("`{name}`, "));
    format!("the list of what was deleted from the project {called}`{project}`")
}

impl Search<'_> {
    async fn run(&mut self) -> Result<(), StopReason> {
        let known: BTreeSet<AssetId> = self.wanted.assets.values().flatten().copied().collect();
        let lists = known.iter().map(|id| Arc::from(id.to_string()));
        self.read_lists(lists.collect()).await?;
        if self.wanted.assets.values().any(Option::is_none) {
            self.look_everywhere(&known).await?;
        }
        Ok(())
    }

    /// Looks through every project that the token sees, but those that were looked through.
    async fn look_everywhere(&mut self, known: &BTreeSet<AssetId>) -> Result<(), StopReason> {
        let what = "the list of the workspaces";
        for workspace in self.named(Read::Workspaces, what).await? {
            if self.is_over() {
                break;
            }
            let id: Arc<str> = Arc::from(workspace.id);
            let what = format!("the list of the projects of the workspace `{id}`");
            let projects = self.named(|after| Read::Projects(Arc::clone(&id), after), &what);
            let is_new =
                |project: &Named| !AssetId::parse(&project.id).is_ok_and(|id| known.contains(&id));
            let projects = projects.await?.into_iter().filter(is_new);
            let mut lists = Vec::new();
            for Named { id, name, .. } in projects {
                let id: Arc<str> = id.into();
                self.names.extend(name.map(|name| (Arc::clone(&id), name)));
                lists.push(id);
            }
            self.read_lists(lists).await?;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.found.len() == self.wanted.assets.len()
    }

    /// All workspaces, or all projects of one.
    async fn named(
        &mut self,
        list: impl Fn(Cursor) -> Read,
        what: &str,
    ) -> Result<Vec<Named>, StopReason> {
        let client = self.client;
        let mut pages = client.pages(list, judge_named);
        let mut all = Vec::new();
        while !pages.is_over() && self.may_ask(1) == 1 {
            let page = pages.next().await;
            let page = self.usable(page, || what.to_owned())?;
            all.extend(page.flatten().unwrap_or_default());
        }
        Ok(all)
    }

    /// Looks through what was deleted from some projects, side by side, page by page.
    async fn read_lists(&mut self, projects: Vec<Arc<str>>) -> Result<(), StopReason> {
        let lists = projects.into_iter().map(|project| List {
            project,
            next: None,
            trail: Trail::default(),
        });
        let mut waiting: VecDeque<List> = lists.collect();
        while !waiting.is_empty() && !self.is_over() {
            let some = self.may_ask(waiting.len().min(AT_ONCE));
            if some == 0 {
                break;
            }
            let lists: Vec<List> = waiting.drain(..some).collect();
            let asked = lists.iter().map(|list| {
                let client = self.client.clone();
                let read = Read::RecentlyDeleted(Arc::clone(&list.project), list.next.clone());
                async move { client.read(&read, judge_deleted).await }
            });
            let pages = side_by_side(asked).await;
            for (mut list, page) in lists.into_iter().zip(pages).rev() {
                let page = page.and_then(|page| {
                    list.trail.follow(&page).map_err(Unread::trouble)?;
                    Ok(page)
                });
                let name = self.names.get(&list.project).cloned();
                let what = || list_of(&list.project, name.as_deref());
                let Some(page) = self.usable(page, what)? else {
                    continue;
                };
                match self.record_page(&list.project, page) {
                    None => self.lists.read += 1,
                    Some(next) => waiting.push_front(List {
                        next: Some(next),
                        ..list
                    }),
                }
            }
        }
        Ok(())
    }

    /// Takes in a page, and what its lines tell of the assets; says where the next one begins,
    /// where it may tell more. A line that names another project than that of its list contradicts
    /// it, and says nothing.
    fn record_page(&mut self, project: &str, page: Page<Line>) -> Cursor {
        // The newest come first.
        let oldest = page.items.iter().rev().find_map(|line| line.at);
        let is_late = oldest
            .zip(self.wanted.since)
            .is_some_and(|(at, since)| at < since);
        for Line {
            id,
            parent,
            at,
            facts,
        } in page.items
        {
            let named = facts.as_ref().and_then(|facts| facts.project);
            if named.is_some_and(|named| named.to_string() != project) {
                continue;
            }
            if self.wanted.assets.contains_key(&id) {
                self.told.extend(facts.map(|facts| (id, facts)));
            }
            self.lines.extend(at.map(|at| (id, at)));
            if let Some(parent) = parent {
                self.parents.entry(id).or_insert(parent);
            }
        }
        for id in self.wanted.assets.keys() {
            let line = self.with_line(*id);
            if let Some((of, at)) = line.and_then(|of| Some((of, *self.lines.get(&of)?))) {
                self.found.insert(*id, Found { of, at });
            }
        }
        page.next.filter(|_| !is_late)
    }

    /// Lets go of what only the line of something tells of that is not shown to be deleted still.
    async fn confirm(&mut self) -> Result<(), StopReason> {
        let found = self.found.iter();
        let above: BTreeSet<AssetId> = found
            .filter(|(id, line)| line.of != **id)
            .map(|(_, line)| line.of)
            .collect();
        for of in above {
            if !self.is_away(of).await? {
                self.found.retain(|id, line| line.of != of || *id == of);
            }
        }
        Ok(())
    }

    /// Whether the server does not know what held an asset.
    async fn is_away(&mut self, id: AssetId) -> Result<bool, StopReason> {
        for kind in [Kind::Folder, Kind::VersionStack] {
            if self.may_ask(1) == 0 {
                return Ok(false);
            }
            let read = Read::Show(kind, id);
            let live = self
                .client
                .read(&read, |reply| judge_show((kind, id), reply))
                .await;
            match self.usable(live, || format!("`{id}`, in which something lay,"))? {
                Some(Live::Deleted(_)) => return Ok(true),
                Some(Live::Missing | Live::OtherKind { .. }) => {}
                Some(Live::There) | None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The asset, or the nearest one known to hold it, of which there is a line.
    fn with_line(&self, id: AssetId) -> Option<AssetId> {
        let mut above = Some(id);
        for _ in 0..DEEPEST {
            let id = above?;
            if self.lines.contains_key(&id) {
                return Some(id);
            }
            above = self.parents.get(&id).copied();
        }
        None
    }

    /// How many pages may be asked for now, of so many that are wanted.
    fn may_ask(&mut self, wanted: usize) -> usize {
        let some = if self.troubles < IN_A_ROW {
            wanted.min(self.left)
        } else {
            0
        };
        self.left -= some;
        self.complete &= some > 0;
        if some == 0 {
            let why = if self.left == 0 {
                "there are more of them than are worth the requests".to_owned()
            } else {
                format!("{IN_A_ROW} readings in a row failed")
            };
            let rest = "the rest of the lists of what was deleted".to_owned();
            self.lists.unread.insert(rest, why);
        }
        some
    }

    /// What was read, as far as it can be used.
    fn usable<T>(
        &mut self,
        read: Result<T, Unread>,
        what: impl FnOnce() -> String,
    ) -> Result<Option<T>, StopReason> {
        match read {
            Ok(read) => {
                self.troubles = 0;
                Ok(Some(read))
            }
            Err(Unread::Stop(reason)) => Err(reason),
            Err(
                Unread::Trouble { detail, .. }
                | Unread::Refused(detail)
                | Unread::Absent(detail)
                | Unread::Malformed(detail),
            ) => {
                self.lists.unread.insert(what(), detail);
                self.troubles += 1;
                self.complete = false;
                Ok(None)
            }
        }
    }
}
