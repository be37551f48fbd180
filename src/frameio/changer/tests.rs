use std::time::Duration;

use mockito::{Matcher, Server, ServerGuard};

use super::*;
use crate::asset::{AssetId, Kind};
use crate::event::StopReason;
use crate::frameio::client::{CutOff, Waiting};
use crate::frameio::retry::Retries;
use crate::frameio::token::Token;
use crate::frameio::token_provider::TokenProvider;
use crate::frameio::transport::{Endpoint, Timeouts, Transport};
use crate::plan::approve::Consent;

const ERROR: &str = r#"{"errors":[{"detail":"Not so."}]}"#;

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(uuid::Uuid::from_u128(number))
}

fn changing(address: &str, cut_off: &CutOff) -> ChangingClient {
    let endpoint = Endpoint::parse(address).unwrap();
    let token_provider = TokenProvider::ready(Token::new("t").unwrap());
    let timeouts = Timeouts {
        connect: Duration::from_secs(2),
        read: Duration::from_secs(2),
        request: Duration::from_secs(4),
    };
    let transport = Transport::new(endpoint, token_provider, timeouts).unwrap();
    let waiting = Waiting {
        cut_off: cut_off.clone(),
        retries: Retries {
            tries: 2,
            within: Duration::from_secs(20),
            answer: Duration::from_secs(4),
            backoff: Duration::from_millis(1),
        },
        ..Waiting::default()
    };
    let client = Client::new(transport, waiting).in_account(Some("a"));
    ChangingClient::new(client, &Agreed::to(1, Consent::Auto).unwrap())
}

fn of(server: &ServerGuard) -> ChangingClient {
    changing(&server.url(), &CutOff::default())
}

fn folder() -> String {
    let (id, parent, project) = (id(1), id(50), id(90));
    format!(
        r#"{{"data":{{"id":"{id}","type":"folder","name":"x","parent_id":"{parent}","project_id":"{project}"}}}}"#
    )
}

fn create() -> Change {
    Change::CreateFolder {
        parent: id(50),
        name: "x".into(),
    }
}

#[tokio::test]
async fn a_change_goes_out_with_its_body_and_its_version() {
    let mut server = Server::new_async().await;
    let path = format!("/v4/accounts/a/folders/{}/folders", id(50));
    let made = server.mock("POST", &*path).with_status(201);
    let made = made
        .match_header("content-type", "application/json")
        .match_header("api-version", Matcher::Missing)
        .match_body(Matcher::JsonString(r#"{"data":{"name":"x"}}"#.to_owned()))
        .with_body(folder())
        .create_async()
        .await;
    let client = of(&server);
    let told = client.make(&create()).await;
    let is_made = matches!(&told, Ok(Ok(Changed::Created(made))) if made.id == id(1));
    assert!(is_made, "{told:?}");
    made.assert_async().await;
    let path = format!("/v4/accounts/a/folders/{}/restore", id(1));
    let back = server.mock("PATCH", &*path).with_body(folder());
    let back = back.match_header("api-version", "experimental");
    let back = back.create_async().await;
    let told = client.make(&Change::Restore(Kind::Folder, id(1))).await;
    assert!(matches!(told, Ok(Ok(Changed::Restored(_)))), "{told:?}");
    back.assert_async().await;
}

#[tokio::test]
async fn only_what_the_server_did_not_take_is_asked_again() {
    let path = format!("/v4/accounts/a/folders/{}/folders", id(50));
    for (status, body, requests) in [
        (500, ERROR, 1),
        (502, "<html>", 1),
        (504, "", 1),
        (200, "<html>", 1),
        (404, "<html>", 1),
        (409, ERROR, 1),
        (404, ERROR, 1),
        (403, ERROR, 1),
    ] {
        let mut server = Server::new_async().await;
        let mock = server.mock("POST", &*path).with_status(status);
        let mock = mock.with_body(body).expect(requests).create_async().await;
        let told = of(&server).make(&create()).await;
        match told {
            Ok(Err(refusal)) => assert_eq!((usize::from(refusal.status), body), (status, ERROR)),
            Err(Unmade::Unknown { .. }) => assert!(status >= 500 || body != ERROR, "{status}"),
            told => panic!("{status}: {told:?}"),
        }
        mock.assert_async().await;
    }
    let mut server = Server::new_async().await;
    let busy = server.mock("POST", &*path).with_status(429);
    let busy = busy.with_header("retry-after-ms", "10").expect(1);
    let busy = busy.create_async().await;
    let client = of(&server);
    let create = create();
    let made = client.make(&create);
    let opened = async {
        while !busy.matched_async().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mock = server.mock("POST", &*path).with_status(201);
        mock.with_body(folder()).create_async().await
    };
    let (told, _mock) = tokio::join!(made, opened);
    assert!(matches!(told, Ok(Ok(Changed::Created(_)))), "{told:?}");
}

#[tokio::test]
async fn what_was_never_sent_was_not_made() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let told = changing(&address, &CutOff::default()).make(&create()).await;
    let Err(why) = told else {
        panic!("{told:?}");
    };
    assert!(!why.may_be_made(), "{why:?}");
    let stop = matches!(why, Unmade::Stop(StopReason::NotReachable { .. }));
    assert!(stop, "{why:?}");
}

#[tokio::test]
async fn a_signal_keeps_a_change_from_being_sent() {
    let mut server = Server::new_async().await;
    let never = server.mock("POST", Matcher::Any).expect(0);
    let never = never.create_async().await;
    let cut_off = CutOff::default();
    assert!(cut_off.signal(2));
    let told = changing(&server.url(), &cut_off).make(&create()).await;
    let stop = Unmade::Stop(StopReason::Signal { number: 2 });
    assert_eq!(told, Err(stop));
    never.assert_async().await;
}
