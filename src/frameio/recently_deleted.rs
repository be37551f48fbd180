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
    /// Whether all lists were read, so that the others are in none. An end that comes early
    /// because all are found counts as well.
    pub complete: bool,
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
        found: BTreeMap::new(),
        complete: true,
        troubles: 0,
    };
    search.run().await?;
    let complete = search.complete || search.is_over();
    search.confirm().await?;
    let found = search.found.into_iter();
    Ok(Deleted {
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
    found: BTreeMap<AssetId, Found>,
    complete: bool,
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
        for workspace in self.named(Read::Workspaces).await? {
            if self.is_over() {
                break;
            }
            let id: Arc<str> = Arc::from(workspace.id);
            let projects = self.named(|after| Read::Projects(Arc::clone(&id), after));
            let is_new =
                |project: &Named| !AssetId::parse(&project.id).is_ok_and(|id| known.contains(&id));
            let projects = projects.await?.into_iter().filter(is_new);
            let lists = projects.map(|project| Arc::from(project.id)).collect();
            self.read_lists(lists).await?;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.found.len() == self.wanted.assets.len()
    }

    /// All workspaces, or all projects of one.
    async fn named(&mut self, list: impl Fn(Cursor) -> Read) -> Result<Vec<Named>, StopReason> {
        let client = self.client;
        let mut pages = client.pages(list, judge_named);
        let mut all = Vec::new();
        while !pages.is_over() && self.may_ask(1) == 1 {
            let page = pages.next().await;
            all.extend(self.usable(page)?.flatten().unwrap_or_default());
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
                let Some(page) = self.usable(page)? else {
                    continue;
                };
                if let Some(next) = self.record_page(page) {
                    waiting.push_front(List {
                        next: Some(next),
                        ..list
                    });
                }
            }
        }
        Ok(())
    }

    /// Takes in a page, and what its lines tell of the assets; says where the next one begins,
    /// where it may tell more.
    fn record_page(&mut self, page: Page<Line>) -> Cursor {
        // The newest come first.
        let oldest = page.items.iter().rev().find_map(|line| line.at);
        let is_late = oldest
            .zip(self.wanted.since)
            .is_some_and(|(at, since)| at < since);
        for Line { id, parent, at } in page.items {
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
            let live = self.client.read(&read, |reply| judge_show(id, reply)).await;
            match self.usable(live)? {
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
        some
    }

    /// What was read, as far as it can be used.
    fn usable<T>(&mut self, read: Result<T, Unread>) -> Result<Option<T>, StopReason> {
        match read {
            Ok(read) => {
                self.troubles = 0;
                Ok(Some(read))
            }
            Err(Unread::Stop(reason)) => Err(reason),
            Err(
                Unread::Trouble { .. }
                | Unread::Refused(_)
                | Unread::Absent(_)
                | Unread::Malformed(_),
            ) => {
                self.troubles += 1;
                self.complete = false;
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mockito::{Mock, Server, ServerGuard};

    use super::*;
    use crate::frameio::client::Waiting;
    use crate::frameio::token::Token;
    use crate::frameio::token_provider::TokenProvider;
    use crate::frameio::transport::{Endpoint, Timeouts, Transport};

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    const C: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn id(text: &str) -> AssetId {
        AssetId::parse(text).unwrap()
    }

    fn wanted(texts: &[&str]) -> Wanted {
        Wanted {
            assets: texts.iter().map(|text| (id(text), None)).collect(),
            ..Wanted::default()
        }
    }

    fn found(deleted: &Deleted) -> Vec<AssetId> {
        deleted.found.keys().copied().collect()
    }

    async fn mock_answer(server: &mut ServerGuard, path: &str, status: usize, body: &str) -> Mock {
        let path = format!("/v4/accounts/acc/{path}");
        let mock = server.mock("GET", path.as_str()).with_status(status);
        mock.with_body(body).create_async().await
    }

    /// Two workspaces; the first has two projects, of which the second may not be read.
    async fn studio() -> (ServerGuard, Vec<Mock>) {
        let mut server = Server::new_async().await;
        let deleted = |id: &str, links: &str| {
            let at = "2026-11-01T00:00:00Z";
            format!(r#"{{"data":[{{"id":"{id}","deleted_at":"{at}"}}]{links}}}"#)
        };
        let first = deleted(A, r#","links":{"next":"/v4/x?after=n"}"#);
        let mut mocks = Vec::new();
        for (path, status, body) in [
            (
                "workspaces?page_size=100",
                200,
                r#"{"data":[{"id":"w1"},{"id":"w2"}]}"#,
            ),
            (
                "workspaces/w1/projects?page_size=100",
                200,
                r#"{"data":[{"id":"p1"},{"id":"p2"}]}"#,
            ),
            (
                "workspaces/w2/projects?page_size=100",
                200,
                r#"{"data":[{"id":"p3"}]}"#,
            ),
            ("projects/p1/recently_deleted?page_size=100", 200, &first),
            (
                "projects/p1/recently_deleted?page_size=100&after=n",
                200,
                &deleted(C, ""),
            ),
            ("projects/p2/recently_deleted?page_size=100", 403, ""),
            (
                "projects/p3/recently_deleted?page_size=100",
                200,
                &deleted(B, ""),
            ),
        ] {
            mocks.push(mock_answer(&mut server, path, status, body).await);
        }
        (server, mocks)
    }

    fn client(server: &ServerGuard) -> Client {
        let endpoint = Endpoint::parse(&server.url()).unwrap();
        let token_provider = TokenProvider::ready(Token::new("t").unwrap());
        let transport = Transport::new(endpoint, token_provider, Timeouts::default()).unwrap();
        Client::new(transport, Waiting::default()).in_account(Some("acc"))
    }

    #[tokio::test]
    async fn every_page_of_every_project_is_read_until_all_are_found() {
        let (server, _mocks) = studio().await;
        let client = client(&server);
        let one = recently_deleted(&client, &wanted(&[A]), 100).await.unwrap();
        assert_eq!((found(&one), one.complete), (vec![id(A)], true));
        let both = recently_deleted(&client, &wanted(&[A, B]), 100)
            .await
            .unwrap();
        assert_eq!((found(&both), both.complete), (vec![id(A), id(B)], true));
        let none = recently_deleted(&client, &wanted(&[A, P]), 100)
            .await
            .unwrap();
        assert_eq!(found(&none), [id(A)]);
        assert!(!none.complete, "one project could not be read");
    }

    const P: &str = "9c1e28ba-2fa1-41d2-883f-0016d3cca427";
    const F: &str = "9c1e28ba-2fa1-41d2-883f-0016d3cca428";
    const G: &str = "9c1e28ba-2fa1-41d2-883f-0016d3cca429";

    #[tokio::test]
    async fn a_line_of_what_held_an_asset_tells_of_it_and_one_project_is_enough() {
        let mut server = Server::new_async().await;
        let line = |id: &str, parent: &str, at: &str| {
            format!(r#"{{"id":"{id}","parent_id":"{parent}","deleted_at":"{at}"}}"#)
        };
        let list = format!("projects/{P}/recently_deleted?page_size=100");
        let first = format!(
            r#"{{"data":[{}],"links":{{"next":"/v4/x?after=n"}}}}"#,
            line(F, G, "2026-11-02T00:00:00Z")
        );
        let second = format!(r#"{{"data":[{}]}}"#, line(B, P, "2026-11-01T00:00:00Z"));
        let one = mock_answer(&mut server, &list, 200, &first).await.expect(3);
        let other = format!("{list}&after=n");
        let other = mock_answer(&mut server, &other, 200, &second)
            .await
            .expect(2);
        let no = r#"{"errors":[{"title":"Not Found","detail":"Not there."}]}"#;
        let (folder, stack) = (format!("folders/{F}"), format!("version_stacks/{F}"));
        let away = [(folder, 404), (stack, 422)];
        let mut reads = Vec::new();
        for (path, status) in &away {
            reads.push(mock_answer(&mut server, path, *status, no).await.expect(2));
        }
        let client = client(&server);
        // A is in C, and C in F, of which there is a line.
        let mut wanted = Wanted {
            assets: [A, B].map(|text| (id(text), Some(id(P)))).into(),
            parents: [(A, C), (C, F)]
                .map(|(one, other)| (id(one), id(other)))
                .into(),
            ..Wanted::default()
        };
        let deleted = recently_deleted(&client, &wanted, 100).await.unwrap();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        assert_eq!(deleted.found[&id(A)], at("2026-11-02T00:00:00Z"));
        assert_eq!(deleted.found[&id(B)], at("2026-11-01T00:00:00Z"));
        // What is older than the first of the deletes says nothing.
        wanted.since = Some(at("2026-11-02T12:00:00Z"));
        let deleted = recently_deleted(&client, &wanted, 100).await.unwrap();
        assert_eq!(found(&deleted), [id(A)]);
        assert!(deleted.complete);
        // Nobody knows what holds it.
        wanted.parents.clear();
        wanted.since = None;
        let deleted = recently_deleted(&client, &wanted, 100).await.unwrap();
        assert_eq!(found(&deleted), [id(B)]);
        one.assert_async().await;
        other.assert_async().await;
        for read in reads {
            read.assert_async().await;
        }
    }

    #[tokio::test]
    async fn a_line_of_what_held_an_asset_and_is_back_tells_nothing() {
        let mut server = Server::new_async().await;
        let list = format!("projects/{P}/recently_deleted?page_size=100");
        let at = "2026-11-02T00:00:00Z";
        let lines = [A, F].map(|id| format!(r#"{{"id":"{id}","deleted_at":"{at}"}}"#));
        let lines = format!(r#"{{"data":[{}]}}"#, lines.join(","));
        let _list = mock_answer(&mut server, &list, 200, &lines).await;
        let there = format!(r#"{{"data":{{"id":"{F}","type":"folder"}}}}"#);
        let folder = format!("folders/{F}");
        let _folder = mock_answer(&mut server, &folder, 200, &there).await;
        let client = client(&server);
        // A has a line of its own.
        let wanted = Wanted {
            assets: [A, B].map(|text| (id(text), Some(id(P)))).into(),
            parents: [A, B].map(|text| (id(text), id(F))).into(),
            since: None,
        };
        let deleted = recently_deleted(&client, &wanted, 100).await.unwrap();
        assert_eq!(found(&deleted), [id(A)]);
    }

    #[tokio::test]
    async fn it_ends_when_no_request_is_left() {
        let (server, mocks) = studio().await;
        let client = client(&server);
        // Workspaces, projects, the first page: the second one is not read.
        let some = recently_deleted(&client, &wanted(&[A, C]), 3)
            .await
            .unwrap();
        assert_eq!((found(&some), some.complete), (vec![id(A)], false));
        mocks[3].assert_async().await;
        assert!(!mocks[4].matched_async().await);
    }
}
