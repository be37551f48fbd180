//! Limits and faults as a client meets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::asset::AssetId;
use crate::sandbox::fault::Faults;
use crate::sandbox::limit::Limits;
use crate::sandbox::tests::http::Visitor;
use crate::sandbox::world::{World, generated_id};

const BULK: &str = "/v2/batch/assets";

async fn delete(visitor: &Visitor, number: u64) -> reqwest::Result<Response> {
    let body = json!({"asset_ids": [generated_id(number)]}).to_string();
    let request = visitor.request(Method::DELETE, BULK).body(body);
    request.send().await
}

async fn faulty(rules: &[&str]) -> Visitor {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let faults = Faults { seed: 0, rules };
    Visitor::start(World::generated(100).with_faults(faults), None).await
}

fn is_alive(visitor: &Visitor, number: u64) -> bool {
    let id = generated_id(number);
    visitor.sandbox.with_world(|world| world.is_alive(id))
}

fn header<'response>(response: &'response Response, name: &str) -> Option<&'response str> {
    response.headers().get(name)?.to_str().ok()
}

#[tokio::test]
async fn a_full_bucket_answers_429_and_says_how_full_it_is() {
    let now = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&now);
    let world = World::generated(100).with_limits(Limits::documented());
    let stopwatch = move || Duration::from_millis(clock.load(Ordering::Relaxed));
    let visitor = Visitor::start(world, Some(Arc::new(stopwatch))).await;
    for number in 0..50 {
        let response = delete(&visitor, number).await.unwrap();
        assert_eq!(response.status(), 200);
        let remaining = (49 - number).to_string();
        assert_eq!(header(&response, "x-ratelimit-limit"), Some("50"));
        assert_eq!(header(&response, "x-ratelimit-window"), Some("1000"));
        assert_eq!(
            header(&response, "x-ratelimit-remaining"),
            Some(&*remaining)
        );
    }
    let refused = delete(&visitor, 50).await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "x-ratelimit-remaining"), Some("0"));
    assert!(is_alive(&visitor, 50));
    now.store(20, Ordering::Relaxed);
    assert_eq!(delete(&visitor, 50).await.unwrap().status(), 200);
    // A call that was let through and failed has no such headers.
    now.store(1000, Ordering::Relaxed);
    let missing = delete(&visitor, 50).await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(header(&missing, "x-ratelimit-limit"), None);

    let log = visitor.sandbox.log();
    let refused: Vec<_> = log.iter().filter(|line| line.status == Some(429)).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].assets, [generated_id(50)]);
    assert_eq!(log[51].at, Duration::from_millis(20));
}

#[tokio::test]
async fn a_page_and_an_odd_success_come_of_nothing() {
    let visitor = faulty(&["page/404=at:1", "odd/failure=at:2"]).await;
    for (status, kind, word) in [
        (404, "text/html", "<!doctype html>"),
        (200, "application/json", r#"{"success":false"#),
    ] {
        let answer = delete(&visitor, 0).await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(header(&answer, "content-type").unwrap().starts_with(kind));
        assert!(answer.text().await.unwrap().starts_with(word));
        assert!(is_alive(&visitor, 0));
    }
    assert_eq!(delete(&visitor, 0).await.unwrap().status(), 200);
    assert!(!is_alive(&visitor, 0));
}

#[tokio::test]
async fn a_dropped_connection_comes_before_or_after_the_delete() {
    let visitor = faulty(&["drop-before=at:1", "drop-after=at:2"]).await;
    let lost = delete(&visitor, 0).await.unwrap_err();
    assert!(lost.is_request() && !lost.is_connect(), "{lost:?}");
    assert!(is_alive(&visitor, 0));
    let lost = delete(&visitor, 1).await.unwrap_err();
    assert!(lost.is_request() && !lost.is_connect(), "{lost:?}");
    assert!(!is_alive(&visitor, 1));
    assert_eq!(delete(&visitor, 0).await.unwrap().status(), 200);

    let log = visitor.sandbox.log();
    let told: Vec<_> = log
        .iter()
        .map(|line| (line.status, line.fault.as_deref(), line.assets.clone()))
        .collect();
    let id = |number| vec![generated_id(number)];
    assert_eq!(
        told,
        [
            (None, Some("drop-before"), id(0)),
            (None, Some("drop-after"), id(1)),
            (Some(200), None, id(0)),
        ]
    );
}

#[tokio::test]
async fn a_status_on_demand_changes_nothing() {
    let visitor = faulty(&[
        "503=at:1",
        "429/2s=at:2",
        "429/300ms=at:3",
        "503/date:2s=at:4",
    ])
    .await;
    let mut waits = Vec::new();
    for number in 0..4 {
        let response = delete(&visitor, number).await.unwrap();
        assert!(is_alive(&visitor, number));
        let wait = |name| header(&response, name).map(str::to_owned);
        waits.push((
            response.status().as_u16(),
            wait("retry-after"),
            wait("retry-after-ms"),
        ));
    }
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        waits,
        [
            (503, None, None),
            (429, text("2"), None),
            (429, None, text("300")),
            (503, text("Fri, 15 Jan 2027 08:00:02 GMT"), None),
        ]
    );
}

#[tokio::test]
async fn an_answer_may_be_cut_spoilt_or_slow() {
    let visitor = faulty(&[
        "cut=at:1",
        "garbage=at:2",
        "wrong-type=at:3",
        "drip/1ms=at:4",
    ])
    .await;
    // Refused, so that there is something to cut.
    let cut = delete(&visitor, 0).await.unwrap();
    assert_eq!(
        (cut.status().as_u16(), cut.content_length()),
        (200, Some(2))
    );
    assert!(cut.bytes().await.is_err());
    let garbage = delete(&visitor, 1).await.unwrap();
    assert_eq!(garbage.status(), 200);
    assert_eq!(header(&garbage, "content-type"), Some("application/json"));
    let body = garbage.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    let page = delete(&visitor, 2).await.unwrap();
    let kind = header(&page, "content-type");
    assert!(kind.unwrap().starts_with("text/html"), "{kind:?}");
    let slow = delete(&visitor, 3).await.unwrap();
    assert_eq!(slow.bytes().await.unwrap().as_ref(), b"{}");
    // Each of them took effect.
    assert!((0..4).all(|number| !is_alive(&visitor, number)));
}

#[tokio::test]
async fn a_cut_shows_half_of_a_long_answer() {
    let visitor = faulty(&["cut=first:1@children"]).await;
    let root = visitor.sandbox.with_world(|world| world.projects[0].root);
    let cut = visitor.get(&format!("/v2/assets/{root}/children")).await;
    let whole = usize::try_from(cut.content_length().unwrap()).unwrap();
    let mut cut = cut;
    let mut seen = 0;
    let ended = loop {
        match cut.chunk().await {
            Ok(Some(chunk)) => seen += chunk.len(),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(ended.is_err());
    assert_eq!(seen, whole / 2);
}

#[tokio::test]
async fn a_stalled_answer_comes_after_its_effect() {
    let visitor = faulty(&["stall/600s=first:1"]).await;
    let id = generated_id(0);
    tokio::select! {
        answer = delete(&visitor, 0) => panic!("{answer:?}"),
        () = async {
            while visitor.sandbox.with_world(|world| world.is_alive(id)) {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    let log = visitor.sandbox.log();
    assert_eq!((log[0].status, &log[0].assets), (Some(200), &vec![id]));
}

#[tokio::test]
async fn limits_and_faults_change_while_it_runs() {
    let visitor = faulty(&[]).await;
    let send = |method: Method, target: &str, body: Value| {
        let request = visitor.request(method, target).body(body.to_string());
        async { request.send().await.unwrap() }
    };
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    let faults = json!({"seed": 3, "rules": ["503=first:1"]});
    let set = send(Method::PUT, "/_sandbox/faults", faults).await;
    assert_eq!(set.status(), 200);
    let added = json!({"rules": ["500=at:2@bulk_delete"]});
    let set = send(Method::POST, "/_sandbox/faults", added).await;
    assert_eq!(
        json(&set.bytes().await.unwrap()),
        json!({"seed": 3, "rules": ["503=first:1", "500=at:2@bulk_delete"]})
    );
    let set = send(
        Method::PUT,
        "/_sandbox/limits",
        json!({"bulk_delete": "2/1h"}),
    )
    .await;
    assert_eq!(
        json(&set.bytes().await.unwrap())["bulk_delete"],
        "2/3600000ms"
    );
    for status in [503, 500, 429] {
        assert_eq!(delete(&visitor, 0).await.unwrap().status(), status);
    }
    let none = send(Method::DELETE, "/_sandbox/faults", json!({})).await;
    assert_eq!(none.status(), 204);
    assert_eq!(
        send(Method::PUT, "/_sandbox/limits", json!("off"))
            .await
            .status(),
        200
    );
    assert_eq!(delete(&visitor, 0).await.unwrap().status(), 200);
    for (target, wrong) in [
        ("/_sandbox/faults", json!({"rules": ["503"]})),
        ("/_sandbox/faults", json!({"rule": []})),
        ("/_sandbox/limits", json!("on")),
        ("/_sandbox/limits", json!({"tape": "off"})),
    ] {
        let refused = send(Method::PUT, target, wrong).await;
        assert_eq!(refused.status(), 422, "{target}");
    }
}

#[tokio::test]
async fn the_admin_routes_tell_the_truth_to_whoever_has_the_token() {
    let visitor = faulty(&["drop-after=first:1@bulk_delete"]).await;
    delete(&visitor, 7).await.unwrap_err();
    delete(&visitor, 8).await.unwrap();
    let lines = |text: &[u8]| -> Vec<Value> {
        let text = std::str::from_utf8(text).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let log = visitor.get("/_sandbox/log").await.bytes().await.unwrap();
    let log = lines(&log);
    assert_eq!(log.len(), 2);
    assert_eq!(log[0]["fault"], "drop-after");
    assert_eq!(log[0]["status"], Value::Null);
    assert_eq!(log[0]["assets"], json!([generated_id(7)]));
    assert_eq!(log[1]["endpoint"], "bulk_delete");
    assert_eq!(
        (&log[1]["number"], &log[1]["status"]),
        (&json!(2), &json!(200))
    );
    let later = visitor.get("/_sandbox/log?after=1").await.bytes().await;
    assert_eq!(lines(&later.unwrap()), log[1..]);

    let assets = visitor.get("/_sandbox/assets").await.bytes().await.unwrap();
    let assets = lines(&assets);
    assert_eq!(assets.len(), 101);
    let mut gone: Vec<AssetId> = assets
        .iter()
        .filter(|asset| asset["deleted_at"] != Value::Null)
        .map(|asset| asset["id"].as_str().unwrap().parse().unwrap())
        .collect();
    gone.sort_unstable();
    let mut expected = [generated_id(7), generated_id(8)];
    expected.sort_unstable();
    assert_eq!(gone, expected);

    let cleared = visitor.request(Method::DELETE, "/_sandbox/log");
    assert_eq!(cleared.send().await.unwrap().status(), 204);
    assert_eq!(visitor.sandbox.log(), []);
    let address = format!("{}/_sandbox/assets", visitor.sandbox.url());
    let stranger = visitor.client.get(address).bearer_auth("wrong");
    assert_eq!(stranger.send().await.unwrap().status(), 401);
}
