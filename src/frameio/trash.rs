//! V4: what the lists of recently deleted assets say.
//!
//! A list is that of one project, so all projects of the account are gone through. It shows what
//! may still be restored (docs/frameio-api.md, "Reading (V4)"): an asset that it does
//! not show was never there, or is deleted for good.

use std::collections::BTreeSet;

use crate::asset::AssetId;
use crate::frameio::Reply;
use crate::frameio::answer::ReadVerdict;
use crate::frameio::answer::v4::{judge_deleted, judge_named};
use crate::frameio::survey::{IN_A_ROW, patiently};
use crate::frameio::v4::V4Reader;
use crate::frameio::v4::wire::{Named, Page};

/// What the lists say of some assets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Those that they show.
    pub found: BTreeSet<AssetId>,
    /// Whether all lists were read, so that the others are in none. An end that comes early
    /// because all are found counts as well.
    pub complete: bool,
}

/// Looks for assets in the lists, with at most so many requests.
///
/// What cannot be read is left out: the lists only ever help.
pub async fn recently_deleted(
    reader: &V4Reader,
    wanted: &BTreeSet<AssetId>,
    most: usize,
) -> Deleted {
    let mut search = Search {
        reader,
        wanted,
        left: most,
        found: BTreeSet::new(),
        complete: true,
        troubles: 0,
    };
    search.run().await;
    Deleted {
        found: search.found,
        complete: search.complete,
    }
}

struct Search<'search> {
    reader: &'search V4Reader,
    wanted: &'search BTreeSet<AssetId>,
    left: usize,
    found: BTreeSet<AssetId>,
    complete: bool,
    /// How many lists in a row could not be read.
    troubles: u32,
}

impl Search<'_> {
    async fn run(&mut self) {
        let reader = self.reader;
        let workspaces = self.named(async |after| reader.workspaces(after).await);
        for workspace in workspaces.await {
            let id = workspace.id.as_str();
            let projects = self.named(async |after| reader.projects(id, after).await);
            for project in projects.await {
                if self.is_over() {
                    return;
                }
                self.look(&project.id).await;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.found.len() == self.wanted.len()
    }

    /// All workspaces, or all projects of one.
    async fn named(&mut self, ask: impl AsyncFn(Option<&str>) -> Reply) -> Vec<Named> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        while let Some(page) = self
            .page(async || ask(after.as_deref()).await, judge_named)
            .await
        {
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        all
    }

    /// Looks through what was deleted from one project.
    async fn look(&mut self, project: &str) {
        let reader = self.reader;
        let mut after: Option<String> = None;
        while let Some(page) = self
            .page(
                async || reader.recently_deleted(project, after.as_deref()).await,
                judge_deleted,
            )
            .await
        {
            let wanted = self.wanted;
            let hits = page.items.into_iter().filter(|id| wanted.contains(id));
            self.found.extend(hits);
            after = page.next;
            if after.is_none() || self.is_over() {
                break;
            }
        }
    }

    /// One page; nothing where it cannot be read, or where no request is left.
    async fn page<T>(
        &mut self,
        ask: impl AsyncFn() -> Reply,
        judge: impl Fn(&Reply) -> ReadVerdict<Page<T>>,
    ) -> Option<Page<T>> {
        let page = match self.left.checked_sub(1) {
            Some(left) if self.troubles < IN_A_ROW => {
                self.left = left;
                patiently(ask, judge).await.ok()
            }
            None | Some(_) => None,
        };
        self.complete &= page.is_some();
        self.troubles = page.as_ref().map_or(self.troubles + 1, |_| 0);
        page
    }
}

#[cfg(test)]
mod tests {
    use mockito::{Mock, Server, ServerGuard};

    use super::*;
    use crate::frameio::authority::Authority;
    use crate::frameio::token::Token;
    use crate::frameio::transport::{Endpoint, Timeouts, Transport};

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    const C: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

    fn ids(texts: &[&str]) -> BTreeSet<AssetId> {
        let parse = |text: &&str| AssetId::parse(text).unwrap();
        texts.iter().map(parse).collect()
    }

    async fn says(server: &mut ServerGuard, path: &str, status: usize, body: &str) -> Mock {
        let path = format!("/v4/accounts/acc/{path}");
        let mock = server.mock("GET", path.as_str()).with_status(status);
        mock.with_body(body).create_async().await
    }

    /// Two workspaces; the first has two projects, of which the second may not be read.
    async fn studio() -> (ServerGuard, Vec<Mock>) {
        let mut server = Server::new_async().await;
        let deleted =
            |id: &str, links: &str| format!(r#"{{"data":[{{"id":"{id}","type":"file"}}]{links}}}"#);
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
            mocks.push(says(&mut server, path, status, body).await);
        }
        (server, mocks)
    }

    fn reader(server: &ServerGuard) -> V4Reader {
        let endpoint = Endpoint::parse(&server.url()).unwrap();
        let authority = Authority::ready(Token::new("t").unwrap());
        let transport = Transport::new(endpoint, authority, Timeouts::default()).unwrap();
        V4Reader::new(transport, "acc".to_owned())
    }

    #[tokio::test]
    async fn every_page_of_every_project_is_read_until_all_are_found() {
        let (server, _mocks) = studio().await;
        let reader = reader(&server);
        let one = recently_deleted(&reader, &ids(&[A]), 100).await;
        assert_eq!((one.found, one.complete), (ids(&[A]), true));
        let both = recently_deleted(&reader, &ids(&[A, B]), 100).await;
        assert_eq!(both.found, ids(&[A, B]));
        assert!(!both.complete, "one project could not be read");
    }

    #[tokio::test]
    async fn it_ends_when_no_request_is_left() {
        let (server, mocks) = studio().await;
        let reader = reader(&server);
        // Workspaces, projects, the first page: the second one is not read.
        let some = recently_deleted(&reader, &ids(&[A, C]), 3).await;
        assert_eq!((some.found, some.complete), (ids(&[A]), false));
        mocks[3].assert_async().await;
        assert!(!mocks[4].matched_async().await);
    }
}
