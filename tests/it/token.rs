//! Tokens of V4 that end in the middle of a run: it goes on with the next one, or stops in order.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::endpoint::Endpoint;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::log::LoggedRequest;
use serde_json::Value;

use crate::harness::{Desk, Done};
use crate::sandbox;
use crate::soak::Served;
use crate::soak_v4::Many;

const CLIENT: [(&str, &str); 2] = [
    ("FRAMEIO_CLIENT_ID", "sandbox-client"),
    ("FRAMEIO_CLIENT_SECRET", "sandbox-secret"),
];

fn arguments<'url>(url: &'url str, more: &[&'url str]) -> Vec<&'url str> {
    let mut arguments = vec!["apply", "--auto-approve", "--api", "v4", "--state"];
    arguments.extend(["state.json", "--endpoint", url, "--ims-endpoint", url]);
    arguments.extend(more);
    arguments
}

/// Applies with tokens that the client fetches by itself.
fn apply(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    let url = served.sandbox.url();
    let done = desk.run_with(&CLIENT, &arguments(&url, more));
    assert!(!done.transcript().contains("sandbox-secret"));
    done
}

fn faults(rules: &[String]) -> Faults {
    Faults {
        seed: 0,
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
    }
}

fn count(log: &[LoggedRequest], endpoint: Endpoint, status: u16) -> usize {
    let is = |request: &&LoggedRequest| {
        request.endpoint == Some(endpoint) && request.status == Some(status)
    };
    log.iter().filter(is).count()
}

/// The assets that a delete was confirmed of, none of them twice.
fn confirmed(log: &[LoggedRequest]) -> BTreeSet<AssetId> {
    let mut confirmed = BTreeSet::new();
    for request in log.iter().filter(|request| request.status == Some(204)) {
        for id in &request.assets {
            assert!(confirmed.insert(*id), "`{id}` was deleted twice");
        }
    }
    confirmed
}

/// Compares the record with what the server has confirmed: an asset in parts is unknown as long
/// as a part is left.
fn check(served: &Served, desk: &Desk, many: &Many) {
    let records: Value = if desk.path("state.json").exists() {
        serde_json::from_str(&desk.read("state.json")).unwrap()
    } else {
        Value::Null
    };
    let confirmed = confirmed(&served.sandbox.log());
    for id in &many.listed {
        let parts = many.parts(*id);
        let gone = parts.iter().filter(|part| confirmed.contains(part)).count();
        let expected = if gone == parts.len() {
            Some("retired")
        } else {
            (gone > 0).then_some("unknown")
        };
        let found = records["assets"][id.to_string()]["status"].as_str();
        assert_eq!(found, expected, "{id}: {gone} of {}", parts.len());
    }
    assert!(!desk.path("state.json.journal").exists());
}

#[test]
fn a_token_that_ends_in_mid_run_is_followed_by_the_next() {
    let desk = Desk::with(&Many::new(40).manifest);
    let client = "client: {id: robot, secret: hush}\ntoken_lifetime: 3600\n";
    let seed = Many::new(40).seed();
    desk.write(
        "sandbox.yaml",
        seed.replace("limits: off\n", &format!("{client}limits: off\n")),
    );
    // The last requests come more than three seconds after the first token.
    let slow = "delay/100ms=100%@v4_file_delete";
    let flags = ["--token-lifetime", "2s", "--fault", slow];
    let (child, url) = sandbox::serve(&desk, &flags);
    let variables = [
        ("FRAMEIO_CLIENT_ID", "robot"),
        ("FRAMEIO_CLIENT_SECRET", "hush"),
    ];
    let arguments = arguments(&url, &["--concurrency", "1"]);
    let done = desk.run_with(&variables, &arguments).expect(0);
    assert!(done.out.contains("40 retired"), "{}", done.out);
    let log = sandbox::Served(url).send("GET", "/_sandbox/log", "");
    let fetched = log.matches("/ims/token/v3").count();
    assert!(fetched >= 2, "{fetched}: {log}");
    assert_eq!(sandbox::stop(child, "-TERM"), Some(143));
}

#[test]
fn a_token_that_ends_before_its_time_costs_a_refusal_and_nothing_else() {
    let many = Many::new(60);
    // For the sandbox a second passes whenever it looks; for the program hardly any time does.
    let seconds = AtomicU64::new(0);
    let stopwatch = move || Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed));
    let served = Served::timed(
        many.world().with_token_lifetime(60),
        Some(Arc::new(stopwatch)),
    );
    let desk = Desk::with(&many.manifest);
    // With several requests at once, one could wait until the next token has ended as well.
    let done = apply(&served, &desk, &["--concurrency", "1"]).expect(0);
    assert!(done.out.contains("60 retired"), "{}", done.out);
    check(&served, &desk, &many);
    let log = served.sandbox.log();
    let refused = log.iter().filter(|request| request.status == Some(401));
    let fetched = count(&log, Endpoint::V4Token, 200);
    assert!(fetched > 2, "{fetched} tokens");
    assert_eq!(refused.count(), fetched - 1);
    served.stop();
}

#[test]
fn a_token_that_is_revoked_once_is_followed_by_the_next() {
    let many = Many::new(20);
    let rules = ["401=at:5@v4_file_delete".to_owned()];
    let served = Served::new(many.world().with_faults(faults(&rules)));
    let desk = Desk::with(&many.manifest);
    apply(&served, &desk, &[]).expect(0);
    check(&served, &desk, &many);
    let log = served.sandbox.log();
    assert_eq!(count(&log, Endpoint::V4FileDelete, 401), 1);
    assert_eq!(count(&log, Endpoint::V4Token, 200), 2);
    served.stop();
}

/// A run whose token is revoked in the middle, and no other is to be had then.
fn without_another(fault: &str, code: i32, words: &[&str]) {
    let many = Many::new(400);
    let places: Vec<String> = (2..5000).map(|place: u32| place.to_string()).collect();
    let rules = [
        "401=at:9@v4_file_delete".to_owned(),
        format!("{fault}=at:{}@v4_token", places.join("+")),
    ];
    let served = Served::new(many.world().with_faults(faults(&rules)));
    let desk = Desk::with(&many.manifest);
    let done = apply(&served, &desk, &["--retries", "2"]).expect(code);
    for words in words {
        assert!(done.transcript().contains(words), "{}", done.transcript());
    }
    assert!(done.out.contains("Nothing was sent for"), "{}", done.out);
    check(&served, &desk, &many);
    // Where one finds no token, the others would not find one either.
    let log = served.sandbox.log();
    let asked = log
        .iter()
        .filter(|request| request.endpoint == Some(Endpoint::V4Token));
    let asked = asked.count();
    assert!(asked <= 40, "{asked} requests for a token");
    let before = confirmed(&served.sandbox.log()).len();
    assert!(before >= 8, "{before}");
    // The next run does the rest, and nothing twice.
    served.sandbox.set_faults(Faults::default());
    apply(&served, &desk, &[]).expect(0);
    let log = served.sandbox.log();
    let parts: usize = many.listed.iter().map(|id| many.parts(*id).len()).sum();
    assert_eq!(confirmed(&log).len(), parts);
    let records: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    for id in &many.listed {
        let record = &records["assets"][id.to_string()];
        assert_eq!(record["status"], "retired", "{id}");
    }
    served.stop();
}

#[test]
fn a_token_endpoint_that_fails_stops_the_run_in_order() {
    without_another("503", 1, &["could not be reached", "token endpoint"]);
}

#[test]
fn a_client_that_is_no_longer_taken_stops_the_run_in_order() {
    without_another("400", 7, &["token endpoint", "FRAMEIO_CLIENT_SECRET"]);
}

#[test]
fn a_token_endpoint_that_hangs_up_stops_the_run_in_order() {
    let words = ["could not be reached", "token endpoint", "--ims-endpoint"];
    without_another("drop-before", 1, &words);
}
