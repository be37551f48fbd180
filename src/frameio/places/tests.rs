//! Chains and lists of both versions, as servers that share nothing with the sandbox say them.

use mockito::{Matcher, Mock, Server, ServerGuard};

use super::*;
use crate::frameio::client::Waiting;
use crate::frameio::token::Token;
use crate::frameio::token_provider::TokenProvider;
use crate::frameio::transport::{Endpoint, Timeouts, Transport};

const TOP: &str = "00000000-0000-4000-8000-000000000001";
const FOLDER: &str = "00000000-0000-4000-8000-000000000010";
const INNER: &str = "00000000-0000-4000-8000-000000000011";
const A: &str = "00000000-0000-4000-8000-000000000100";
const B: &str = "00000000-0000-4000-8000-000000000101";
const NOT_FOUND: &str = r#"{"code":404,"errors":[{"title":"Not Found","detail":"gone"}]}"#;

fn id(text: &str) -> AssetId {
    AssetId::parse(text).unwrap()
}

/// A server that knows nothing else than what it is told.
async fn server() -> ServerGuard {
    let mut server = Server::new_async().await;
    let all = server.mock("GET", Matcher::Any).with_status(404);
    // It has none of the calls that others still expect.
    all.expect_at_least(0).create_async().await;
    server
}

fn transport(server: &ServerGuard) -> Transport {
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let token_provider = TokenProvider::ready(Token::new("t").unwrap());
    Transport::new(endpoint, token_provider, Timeouts::default()).unwrap()
}

async fn mock_answer(server: &mut ServerGuard, path: String, status: usize, body: &str) -> Mock {
    let mock = server.mock("GET", Matcher::Exact(path)).with_status(status);
    mock.with_body(body).create_async().await
}

/// v2: what is said of one asset.
async fn asset(server: &mut ServerGuard, of: &str, kind: &str, parent: &str) -> Mock {
    let body = format!(
        r#"{{"id":"{of}","type":"{kind}","_type":"{kind}","name":"n","parent_id":{parent},"parent_asset_id":{parent}}}"#
    );
    let path = format!("/v2/assets/{of}?include_deleted=true");
    mock_answer(server, path, 200, &body).await
}

fn quoted(id: &str) -> String {
    format!("\"{id}\"")
}

fn items(ids: &[&str], kind: &str) -> String {
    let item = |id: &&str| format!(r#"{{"id":"{id}","type":"{kind}","name":"{}"}}"#, &id[30..]);
    format!("[{}]", ids.iter().map(item).collect::<Vec<_>>().join(","))
}

/// v2: a page of a list, with the header that counts the pages where there is one.
async fn page(
    server: &mut ServerGuard,
    (of, number): (&str, u32),
    pages: Option<&str>,
    body: &str,
) -> Mock {
    let path = format!("/v2/assets/{of}/children?page={number}&page_size=100&include_deleted=true");
    let mut mock = server.mock("GET", Matcher::Exact(path)).with_body(body);
    if let Some(pages) = pages {
        mock = mock.with_header("total-pages", pages);
    }
    mock.create_async().await
}

impl Connections {
    /// Is something held in the folder?
    fn below() -> Self {
        Self {
            holds: vec![id(A)],
            protected: vec![id(A)],
            listed: vec![id(FOLDER)],
            containers: vec![(id(FOLDER), None)],
            homes: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Are the files in the folder, which is held?
    fn above() -> Self {
        Self {
            holds: vec![id(FOLDER)],
            listed: vec![id(A), id(B)],
            ..Self::default()
        }
    }

    async fn ask(&self, client: Client) -> Result<Places, StopReason> {
        find_places(&client, self, |_| {}).await
    }
}

fn v2(server: &ServerGuard) -> Client {
    Client::new(transport(server), Waiting::default())
}

#[tokio::test]
async fn v2_reads_a_chain_up_to_the_top() {
    let mut server = server().await;
    let mut mocks = vec![
        asset(&mut server, A, "file", &quoted(INNER)).await,
        asset(&mut server, INNER, "folder", &quoted(FOLDER)).await,
        asset(&mut server, FOLDER, "folder", &quoted(TOP)).await,
        asset(&mut server, TOP, "folder", "null").await,
    ];
    let list = items(&[INNER], "folder");
    mocks.push(page(&mut server, (FOLDER, 1), Some("9"), &list).await);
    let places = Connections::below().ask(v2(&server)).await.unwrap();
    let chain = [(A, INNER), (INNER, FOLDER), (FOLDER, TOP)];
    for (inner, outer) in chain {
        assert_eq!(places.lies[&id(inner)], Lies::In(id(outer)));
    }
    assert_eq!(places.lies[&id(TOP)], Lies::AtTop);
    assert!(places.held.is_empty(), "a file has nothing in it");
    assert!(!places.listed_whole);
}

#[tokio::test]
async fn a_folder_that_is_small_is_listed_to_its_end_instead() {
    let mut server = server().await;
    // Far below the top, and in another folder.
    let mut mocks = vec![asset(&mut server, A, "file", &quoted(INNER)).await];
    for n in 0..20 {
        let of = format!("00000000-0000-4000-8000-0000000002{n:02}");
        let parent = format!("00000000-0000-4000-8000-0000000002{:02}", n + 1);
        mocks.push(asset(&mut server, &of, "folder", &quoted(&parent)).await);
    }
    let first = "00000000-0000-4000-8000-000000000200";
    mocks.push(asset(&mut server, INNER, "folder", &quoted(first)).await);
    mocks.push(asset(&mut server, FOLDER, "folder", &quoted(TOP)).await);
    mocks.push(page(&mut server, (FOLDER, 1), Some("1"), &items(&[B], "file")).await);
    let places = Connections::below().ask(v2(&server)).await.unwrap();
    assert!(places.listed_whole);
    assert_eq!(places.lies[&id(B)], Lies::In(id(FOLDER)));
    assert!(places.lies.len() < 8, "{:?}", places.lies);
}

#[tokio::test]
async fn v2_lists_what_is_held_page_by_page() {
    for pages in [Some("2"), None] {
        let mut server = server().await;
        let _mocks = [
            asset(&mut server, FOLDER, "folder", &quoted(TOP)).await,
            asset(&mut server, A, "file", &quoted(FOLDER)).await,
            asset(&mut server, TOP, "folder", "null").await,
            page(&mut server, (FOLDER, 1), pages, &items(&[A], "file")).await,
            page(&mut server, (FOLDER, 2), pages, &items(&[B], "file")).await,
            page(&mut server, (FOLDER, 3), pages, "[]").await,
        ];
        let places = Connections::above().ask(v2(&server)).await.unwrap();
        for file in [A, B] {
            assert_eq!(places.lies[&id(file)], Lies::In(id(FOLDER)), "{pages:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_trusted_is_not_whole() {
    let twice = items(&[A, A], "file");
    let empty = "[]".to_owned();
    for (pages, first, second) in [
        // An asset comes twice.
        (Some("1"), twice, empty.clone()),
        // A page is empty before the last one.
        (Some("3"), items(&[A], "file"), empty.clone()),
        // It comes again.
        (None, items(&[A], "file"), items(&[A], "file")),
        (Some("1"), r#"{"data":[]}"#.to_owned(), empty),
    ] {
        let mut server = server().await;
        let _mocks = [
            asset(&mut server, FOLDER, "folder", &quoted(TOP)).await,
            page(&mut server, (FOLDER, 1), pages, &first).await,
            page(&mut server, (FOLDER, 2), pages, &second).await,
        ];
        let mut question = Connections::above();
        question.listed = vec![id(B)];
        let places = question.ask(v2(&server)).await.unwrap();
        assert!(!places.held[&id(FOLDER)], "{first}");
        assert!(places.contents.is_empty(), "{first}");
        assert!(matches!(places.lies[&id(B)], Lies::Unread(_)));
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_told_is_told_apart() {
    let answers = [
        (404, NOT_FOUND, None),
        (404, "<html>", Some("status 404")),
        (403, r#"{"errors":[{"detail":"closed"}]}"#, Some("closed")),
        (200, "{}", Some("`id` is missing")),
    ];
    for (status, body, why) in answers {
        let mut server = server().await;
        let path = format!("/v2/assets/{A}?include_deleted=true");
        let _mock = mock_answer(&mut server, path, status, body).await;
        let mut question = Connections::below();
        question.containers = vec![(id(FOLDER), Some(Kind::Folder))];
        let places = question.ask(v2(&server)).await.unwrap();
        match (&places.lies[&id(A)], why) {
            (Lies::Missing, None) => {}
            (Lies::Unread(found), Some(why)) => assert!(found.contains(why), "{found}"),
            (lies, _) => panic!("{body}: {lies:?}"),
        }
    }
    // No parent at all is no top, an odd one is none, and a time must be one.
    for (rest, is_deleted) in [
        (r#""name":"n""#, None),
        (r#""parent_id":7"#, None),
        (r#""parent_id":null"#, None),
        (r#""parent_id":null,"deleted_at":"never""#, None),
        (r#""parent_id":null,"deleted_at":false"#, None),
        (
            r#""parent_id":null,"deleted_at":"2026-01-02T10:00:00Z""#,
            Some(()),
        ),
        (
            r#""parent_id":null,"deleted_at":"2026-01-02 10:00:00.5Z""#,
            Some(()),
        ),
    ] {
        let mut server = server().await;
        let path = format!("/v2/assets/{A}?include_deleted=true");
        let body = format!(r#"{{"id":"{A}","type":"file",{rest}}}"#);
        let _mock = mock_answer(&mut server, path, 200, &body).await;
        let mut question = Connections::below();
        question.containers = vec![(id(FOLDER), Some(Kind::Folder))];
        let places = question.ask(v2(&server)).await.unwrap();
        let lies = &places.lies[&id(A)];
        let expected = match is_deleted {
            Some(()) => {
                let evidence = Evidence::Read;
                let was_in = None;
                *lies == Lies::Deleted { evidence, was_in }
            }
            None => matches!(lies, Lies::Unread(_)),
        };
        assert!(expected, "{rest}: {lies:?}");
    }
}

/// What is held is taken for a folder or for a file, and that decides what it keeps.
#[tokio::test]
async fn v4_an_answer_of_another_kind_than_was_asked_for_says_nothing() {
    let mut server = server().await;
    let error = r#"{"errors":[{"title":"x","detail":"is not a file"}]}"#;
    let path = |kind: &str| format!("/v4/accounts/acc/{kind}/{FOLDER}");
    let said = format!(
        r#"{{"data":{{"id":"{FOLDER}","type":"file","parent_id":{}}}}}"#,
        quoted(TOP)
    );
    mock_answer(&mut server, path("files"), 422, error).await;
    mock_answer(&mut server, path("folders"), 200, &said).await;
    let client = v2(&server).in_account(Some("acc"));
    let above = Connections {
        listed: Vec::new(),
        ..Connections::above()
    };
    let places = find_chains(&client, &above, Places::default(), |_| {}).await;
    let lies = &places.unwrap().lies[&id(FOLDER)];
    assert!(
        matches!(lies, Lies::Unread(why) if why.contains("where a folder was asked for")),
        "{lies:?}"
    );
}

#[tokio::test]
async fn v4_asks_for_each_kind_and_up_to_the_top() {
    let mut server = server().await;
    let of = |kind: &str, id: &str| format!("/v4/accounts/acc/{kind}/{id}");
    let said = |id: &str, kind: &str, parent: &str| {
        format!(r#"{{"data":{{"id":"{id}","type":"{kind}","parent_id":{parent}}}}}"#)
    };
    let error = r#"{"errors":[{"title":"x","detail":"is not a file"}]}"#;
    let mut mocks = Vec::new();
    for (path, status, body) in [
        (of("files", FOLDER), 422, error.to_owned()),
        (
            of("folders", FOLDER),
            200,
            said(FOLDER, "folder", &quoted(TOP)),
        ),
        (of("files", A), 200, said(A, "file", &quoted(FOLDER))),
        (of("files", B), 404, error.to_owned()),
        (of("folders", B), 404, error.to_owned()),
        (of("version_stacks", B), 404, error.to_owned()),
        (of("folders", TOP), 200, said(TOP, "folder", "null")),
    ] {
        mocks.push(mock_answer(&mut server, path, status, &body).await);
    }
    let client = v2(&server).in_account(Some("acc"));
    let above = Connections::above();
    let places = find_chains(&client, &above, Places::default(), |_| {}).await;
    let places = places.unwrap();
    let expected = [
        (TOP, Lies::AtTop),
        (FOLDER, Lies::In(id(TOP))),
        (A, Lies::In(id(FOLDER))),
        (B, Lies::Missing),
    ];
    assert_eq!(
        places.lies,
        expected.map(|(of, lies)| (id(of), lies)).into()
    );
    assert_eq!(places.held, [(id(FOLDER), false)].into());
    assert_eq!(places.kinds[&id(FOLDER)], Kind::Folder);
    // What is known is not read again.
    let again = find_chains(&client, &above, places.clone(), |_| {
        panic!("nothing is read")
    });
    assert_eq!(again.await, Ok(places));
    for mock in mocks {
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn what_something_lies_in_is_not_asked_for_as_a_file() {
    let mut server = server().await;
    let of = |kind: &str, id: &str| format!("/v4/accounts/acc/{kind}/{id}");
    let said = format!(
        r#"{{"data":{{"id":"{FOLDER}","type":"folder","parent_id":{}}}}}"#,
        quoted(TOP)
    );
    let top = format!(r#"{{"data":{{"id":"{TOP}","type":"folder","parent_id":null}}}}"#);
    let folder = mock_answer(&mut server, of("folders", FOLDER), 200, &said).await;
    let top = mock_answer(&mut server, of("folders", TOP), 200, &top).await;
    let client = v2(&server).in_account(Some("acc"));
    let known = Places {
        lies: [(id(A), Lies::In(id(FOLDER)))].into(),
        kinds: [(id(A), Kind::File)].into(),
        ..Places::default()
    };
    let ask = Connections {
        protected: vec![id(A)],
        ..Connections::default()
    };
    let mut requests = 0;
    let places = find_chains(&client, &ask, known, |done| requests = done).await;
    assert_eq!(places.unwrap().lies[&id(TOP)], Lies::AtTop);
    assert_eq!(requests, 2, "a folder is none, and was not asked as one");
    folder.assert_async().await;
    top.assert_async().await;
}

#[tokio::test]
async fn a_token_that_is_refused_stops_it() {
    let mut server = server().await;
    let path = format!("/v2/assets/{A}?include_deleted=true");
    let _mock = mock_answer(&mut server, path, 401, "").await;
    let stopped = Connections::below().ask(v2(&server)).await.unwrap_err();
    assert!(matches!(stopped, StopReason::NotAuthenticated { .. }));
}
