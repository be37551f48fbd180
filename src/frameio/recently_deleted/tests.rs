//! What the lists say, and how far they are read.

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
    assert!(one.lists.unread.is_empty());
    let both = recently_deleted(&client, &wanted(&[A, B]), 100)
        .await
        .unwrap();
    assert_eq!((found(&both), both.complete), (vec![id(A), id(B)], true));
    let none = recently_deleted(&client, &wanted(&[A, P]), 100)
        .await
        .unwrap();
    assert_eq!(found(&none), [id(A)]);
    assert!(!none.complete, "one project could not be read");
    let unread: Vec<&String> = none.lists.unread.keys().collect();
    let said = "the list of what was deleted from the project `p2`";
    assert_eq!((none.lists.read, unread), (2, vec![&said.to_owned()]));
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
