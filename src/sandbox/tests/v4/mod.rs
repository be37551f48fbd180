//! The V4 API over HTTP; every answer is held to Frame.io's own document as well.

mod changes;
mod pages;
mod read;
mod said;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::seed::Seed;
use crate::sandbox::tests::http::Visitor;
use crate::sandbox::tests::id;
use crate::sandbox::tests::openapi::{Answer, check};
use crate::sandbox::world::World;

const SEED: &str = "\
version: 1
token: open-sesame
legacy_token: old-sesame
client: {id: robot, secret: hush}
token_lifetime: 90
accounts:
  - id: 00000000-0000-0000-0000-0000000000a1
    name: Studio
    teams:
      - id: 00000000-0000-0000-0000-0000000000b1
        name: Dailies
        projects:
          - id: 00000000-0000-0000-0000-0000000000c1
            name: Show S01
            root: 00000000-0000-0000-0000-0000000000d1
            assets:
              - {id: 00000000-0000-0000-0000-000000000001, name: b.mov, filesize: 10, filetype: video/quicktime}
              - id: 00000000-0000-0000-0000-000000000002
                name: Day 1
                type: folder
                children:
                  - {id: 00000000-0000-0000-0000-000000000003, name: a.mov, filesize: 30}
                  - {id: 00000000-0000-0000-0000-000000000004, name: c.mov, filesize: 20, refuse: true}
                  - id: 00000000-0000-0000-0000-000000000007
                    name: Cut
                    type: version_stack
                    children:
                      - {id: 00000000-0000-0000-0000-000000000008, name: cut_v1.mov, filesize: 5}
                      - {id: 00000000-0000-0000-0000-000000000009, name: cut_v2.mov, filesize: 6}
              - {id: 00000000-0000-0000-0000-000000000005, name: legal.mov, refuse: Asset is locked.}
              - {id: 00000000-0000-0000-0000-000000000006, name: old.mov, deleted_at: 2026-10-01T08:00:00Z}
              - {id: 00000000-0000-0000-0000-00000000000a, name: Old bundle, type: bundle}
          - id: 00000000-0000-0000-0000-0000000000c2
            name: A pilot
      - id: 00000000-0000-0000-0000-0000000000b2
        name: Archive
  - id: 00000000-0000-0000-0000-0000000000a2
    name: Another
";

const FORM: &str = "application/x-www-form-urlencoded";

const ACCOUNT: &str = "/v4/accounts/00000000-0000-0000-0000-0000000000a1";
const PROJECT: &str = "00000000-0000-0000-0000-0000000000c1";
const ROOT: &str = "00000000-0000-0000-0000-0000000000d1";

/// A visitor of V4 for whom an hour passes from one call to the next, so that no limit is met.
struct Guest {
    visitor: Visitor,
    hours: Arc<AtomicU64>,
}

/// What a call came to.
#[derive(Debug)]
struct Met {
    status: u16,
    body: Value,
    /// Whether the document has this call.
    checked: bool,
}

impl Guest {
    async fn new() -> Self {
        Self::start(World::from_seed(Seed::parse("sandbox.yaml", SEED).unwrap())).await
    }

    /// A guest of a world with switches.
    async fn behaving(switches: &str) -> Self {
        let seed = SEED.replace(
            "accounts:\n",
            &format!("behaviour: {{{switches}}}\naccounts:\n"),
        );
        Self::start(World::from_seed(
            Seed::parse("sandbox.yaml", &seed).unwrap(),
        ))
        .await
    }

    async fn start(world: World) -> Self {
        let hours = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&hours);
        let stopwatch = move || Duration::from_hours(clock.load(Ordering::Relaxed));
        let visitor = Visitor::start(world, Some(Arc::new(stopwatch))).await;
        Self { visitor, hours }
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Met {
        self.hours.fetch_add(1, Ordering::Relaxed);
        self.send_at_once(method, target, headers, body).await
    }

    async fn send_at_once(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Met {
        let address = format!("{}{target}", self.visitor.sandbox.url());
        let mut request = self.visitor.client.request(method.clone(), address);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth("open-sesame");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_owned()).send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.unwrap();
        let path = target.split('?').next().unwrap();
        let checked = check(&Answer {
            method: method.as_str(),
            path,
            status,
            headers: &headers,
            body: &body,
        });
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Met {
            status,
            body,
            checked,
        }
    }

    async fn get(&self, target: &str) -> Value {
        let met = self.send(Method::GET, target, &[], "").await;
        assert_eq!(met.status, 200, "{target}: {}", met.body);
        met.body
    }

    async fn status(&self, method: Method, target: &str) -> u16 {
        self.send(method, target, &[], "").await.status
    }

    async fn patch(&self, target: &str, body: Value) -> Met {
        let experimental = [("api-version", "experimental")];
        let body = body.to_string();
        self.send(Method::PATCH, target, &experimental, &body).await
    }

    /// Changes the world, as people do; returns the status of the answer.
    async fn change(&self, changes: Value) -> u16 {
        let request = self.visitor.request(Method::POST, "/_sandbox/changes");
        let response = request.body(changes.to_string()).send().await;
        response.unwrap().status().as_u16()
    }

    fn is_alive(&self, number: u128) -> bool {
        let sandbox = &self.visitor.sandbox;
        sandbox.with_world(|world| world.is_alive(id(number)))
    }
}

fn names(list: &Value) -> Vec<&str> {
    let list = list["data"].as_array().unwrap();
    list.iter()
        .map(|asset| asset["name"].as_str().unwrap())
        .collect()
}

fn file(number: u128) -> String {
    format!("{ACCOUNT}/files/{}", id(number))
}

fn folder(number: u128) -> String {
    format!("{ACCOUNT}/folders/{}", id(number))
}

#[tokio::test]
async fn a_file_is_deleted_once() {
    let guest = Guest::new().await;
    assert_eq!(guest.status(Method::DELETE, &file(1)).await, 204);
    assert!(!guest.is_alive(1));
    assert_eq!(guest.status(Method::DELETE, &file(1)).await, 404);
    assert_eq!(guest.status(Method::GET, &file(1)).await, 404);
    let refused = guest.send(Method::DELETE, &file(5), &[], "").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.body,
        json!({"errors": [{"detail": "Asset is locked.", "title": "Forbidden"}]})
    );
    // Neither a folder nor a stack is a file, and nobody else's file is one.
    for target in [
        file(2),
        file(7),
        folder(3),
        format!(
            "/v4/accounts/00000000-0000-0000-0000-0000000000a2/files/{}",
            id(3)
        ),
        format!(
            "/v4/accounts/00000000-0000-0000-0000-0000000000ff/files/{}",
            id(3)
        ),
        file(0xff),
    ] {
        assert_eq!(guest.status(Method::DELETE, &target).await, 404, "{target}");
    }
    for target in [
        format!("{ACCOUNT}/files/nonsense"),
        format!("/v4/accounts/nonsense/files/{}", id(3)),
    ] {
        let met = guest.send(Method::DELETE, &target, &[], "").await;
        assert_eq!(met.status, 422, "{target}");
        assert!(met.body["errors"][0]["source"]["pointer"].is_string());
    }
    let stack = format!("{ACCOUNT}/version_stacks/{}", id(7));
    assert_eq!(guest.status(Method::DELETE, &stack).await, 405);
    let log = guest.visitor.sandbox.log();
    assert_eq!(log[0].assets, [id(1)]);
    assert_eq!(log[0].endpoint, Some(Endpoint::V4FileDelete));
}

#[tokio::test]
async fn an_id_of_adobe_may_come_with_and_without_escapes() {
    let ids = ["adobe:urn:aaid:sc:US:1|1", "adobe:urn:aaid:sc:US:1|2"].map(|text| {
        let id = AssetId::parse(text);
        id.unwrap()
    });
    let account = Uuid::from_u128(0xa1);
    let guest = Guest::start(World::from_ids(Some(account), ids)).await;
    for (id, written) in ids.iter().zip([
        "adobe:urn:aaid:sc:US:1|1",
        "adobe%3Aurn%3Aaaid%3Asc%3AUS%3A1%7C2",
    ]) {
        let target = format!("{ACCOUNT}/files/{written}");
        let token = [("authorization", "Bearer sandbox-token")];
        let met = guest.send(Method::DELETE, &target, &token, "").await;
        assert_eq!(met.status, 204, "{written}");
        assert_eq!(guest.visitor.sandbox.log().pop().unwrap().assets, [*id]);
        assert!(
            !guest
                .visitor
                .sandbox
                .with_world(|world| world.is_alive(*id))
        );
    }
}

#[tokio::test]
async fn a_folder_takes_what_is_in_it() {
    let guest = Guest::new().await;
    assert_eq!(guest.status(Method::DELETE, &folder(2)).await, 204);
    assert!(
        [2, 3, 7, 8, 9]
            .iter()
            .all(|number| !guest.is_alive(*number))
    );
    assert!(guest.is_alive(4), "what is refused stays");
    let root = format!("{ACCOUNT}/folders/{ROOT}");
    assert_eq!(guest.status(Method::DELETE, &root).await, 403);
    assert!(guest.is_alive(1));
}

#[tokio::test]
async fn tokens_are_issued_and_end() {
    let guest = Guest::new().await;
    let fetch = async |body: String, kind: &str| {
        let headers = [("content-type", kind), ("authorization", "")];
        guest
            .send_at_once(Method::POST, "/ims/token/v3", &headers, &body)
            .await
    };
    let right = "grant_type=client_credentials&client_id=robot&client_secret=hush&scope=openid+AdobeID+frame.s2s.all";
    let issued = fetch(right.to_owned(), FORM).await;
    assert_eq!(
        (issued.status, &issued.body["expires_in"]),
        (200, &json!(90))
    );
    let bearer = format!("Bearer {}", issued.body["access_token"].as_str().unwrap());
    let me = async |headers: &[(&str, &str)]| {
        let met = guest.send_at_once(Method::GET, "/v4/me", headers, "").await;
        (met.status, met.body)
    };
    let legacy = ("x-frameio-legacy-token-auth", "true");
    assert_eq!(me(&[("authorization", &bearer)]).await.0, 200);
    assert_eq!(me(&[("authorization", &bearer), legacy]).await.0, 401);
    assert_eq!(
        me(&[("authorization", "Bearer old-sesame"), legacy])
            .await
            .0,
        200
    );
    let (status, body) = me(&[("authorization", "Bearer old-sesame")]).await;
    assert_eq!(status, 401);
    assert_eq!(
        body,
        json!({"errors": [{"detail": "Invalid or missing authorization token", "title": "Unauthorized"}]})
    );
    assert_eq!(me(&[("authorization", "")]).await.0, 401);
    guest.hours.fetch_add(1, Ordering::Relaxed);
    assert_eq!(
        me(&[("authorization", &bearer)]).await.0,
        401,
        "it has ended"
    );
    for (wrong, kind, status, error) in [
        (right.replace("hush", "loud"), FORM, 401, "invalid_client"),
        (right.replace("robot", "human"), FORM, 401, "invalid_client"),
        (
            right.replace("client_credentials", "password"),
            FORM,
            400,
            "unsupported_grant_type",
        ),
        (
            right.replace("frame.s2s.all", "x"),
            FORM,
            400,
            "invalid_scope",
        ),
        (right.to_owned(), "application/json", 400, "invalid_request"),
        (String::new(), FORM, 400, "unsupported_grant_type"),
    ] {
        let met = fetch(wrong, kind).await;
        assert_eq!((met.status, &met.body["error"]), (status, &json!(error)));
    }
}

#[tokio::test]
async fn limits_hold_on_v4_too() {
    let guest = Guest::new().await;
    let mut statuses = Vec::new();
    for _ in 0..103 {
        statuses.push(guest.send_at_once(Method::DELETE, &file(1), &[], "").await);
    }
    let told: Vec<u16> = statuses.iter().map(|met| met.status).collect();
    assert_eq!((told[0], told[99], told[100]), (204, 404, 429));
    assert_eq!(
        statuses[102].body,
        json!({"errors": [{"detail": "Too many requests"}]})
    );
    assert_eq!(
        guest
            .send_at_once(Method::GET, &file(3), &[], "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn every_documented_call_is_checked() {
    let guest = Guest::new().await;
    let met = guest.send(Method::GET, "/v4/me", &[], "").await;
    let at_hand = met.checked;
    for target in [file(1), folder(2), format!("{}/children", folder(2))] {
        let met = guest.send(Method::GET, &target, &[], "").await;
        assert_eq!(met.checked, at_hand, "{target}");
    }
}
