use std::time::Duration;

use proptest::prelude::*;

use crate::sandbox::endpoint::Endpoint;
use crate::sandbox::limit::{Limit, LimitWord, Limiter, Limits, Ticket};

fn limiter(limit: &str) -> Limiter {
    let limit = limit.parse().unwrap();
    Limiter::new(Limits::off().with(LimitWord::One(Endpoint::BulkDelete, Some(limit))))
}

fn take(limiter: &mut Limiter, at: u64) -> Ticket {
    let at = Duration::from_millis(at);
    limiter.take(Endpoint::BulkDelete, at).unwrap()
}

#[test]
fn a_rested_bucket_lets_the_limit_through_at_once_and_then_a_steady_pace() {
    let mut limiter = limiter("5/1000");
    let remaining: Vec<u64> = (0..5).map(|_| take(&mut limiter, 0).remaining).collect();
    assert_eq!(remaining, [4, 3, 2, 1, 0]);
    for at in [0, 100, 199] {
        assert!(!take(&mut limiter, at).allowed, "{at}");
    }
    // What was refused cost nothing.
    assert!(take(&mut limiter, 200).allowed);
    assert!(!take(&mut limiter, 399).allowed);
    assert!(take(&mut limiter, 400).allowed);
    assert_eq!(take(&mut limiter, 100_000).remaining, 4);
}

#[test]
fn the_headers_count_as_the_documented_limiter_does() {
    let mut limiter = limiter("3/1s");
    assert_eq!(take(&mut limiter, 0).remaining, 2);
    assert_eq!(take(&mut limiter, 0).remaining, 1);
    assert_eq!(take(&mut limiter, 0).remaining, 0);
    // A request costs 333 ms, and what remains is rounded: a bucket may say 1 and refuse.
    let refused = take(&mut limiter, 331);
    assert_eq!((refused.allowed, refused.remaining), (false, 1));
    assert!(take(&mut limiter, 332).allowed);
}

#[test]
fn each_endpoint_has_a_bucket_of_its_own() {
    let mut limiter = Limiter::new(Limits::documented());
    let mut passed = |endpoint| {
        (0..1000)
            .filter(|_| limiter.take(endpoint, Duration::ZERO).unwrap().allowed)
            .count()
    };
    assert_eq!(passed(Endpoint::AssetRead), 5);
    assert_eq!(passed(Endpoint::BulkDelete), 50);
    assert_eq!(passed(Endpoint::Children), 40);
    assert_eq!(passed(Endpoint::Search), 200);
    let mut off = Limiter::new(Limits::off());
    assert_eq!(off.take(Endpoint::BulkDelete, Duration::ZERO), None);
}

#[test]
fn every_route_is_counted_somewhere() {
    for (method, path, endpoint) in [
        ("DELETE", "/v2/batch/assets", Some(Endpoint::BulkDelete)),
        ("DELETE", "/v2/assets/x", Some(Endpoint::AssetDelete)),
        ("GET", "/v2/assets/x", Some(Endpoint::AssetRead)),
        ("GET", "/v2/assets/x/children", Some(Endpoint::Children)),
        ("POST", "/v2/assets/x/children", Some(Endpoint::AssetCreate)),
        ("GET", "/v2/search/library", Some(Endpoint::Search)),
        ("POST", "/v2/search/assets", Some(Endpoint::Search)),
        ("GET", "/v2/me", Some(Endpoint::Me)),
        ("GET", "/v2/accounts/x", Some(Endpoint::Accounts)),
        ("GET", "/v2/accounts/x/teams", Some(Endpoint::Teams)),
        ("GET", "/v2/teams/x/projects", Some(Endpoint::Projects)),
        ("GET", "/v2/projects/x", Some(Endpoint::Projects)),
        ("GET", "/v2/batch/assets", None),
        ("GET", "/v2/a/b/c/d/e/f/g/h", None),
        ("GET", "/v3/me", None),
        ("GET", "", None),
    ] {
        assert_eq!(
            Endpoint::matching(method, path),
            endpoint,
            "{method} {path}"
        );
    }
    for (index, endpoint) in Endpoint::ALL.into_iter().enumerate() {
        assert_eq!(endpoint.number(), index);
        assert_eq!(endpoint.name().parse(), Ok(endpoint));
        assert_eq!(endpoint.name().replace('_', "-").parse(), Ok(endpoint));
    }
}

#[test]
fn limits_are_read_and_written() {
    let words = ["off", "bulk_delete=100/1m", "asset-read=7/500ms", "me=off"];
    let limits = words
        .into_iter()
        .fold(Limits::documented(), |limits, word| {
            limits.with(word.parse().unwrap())
        });
    assert_eq!(
        limits.get(Endpoint::BulkDelete),
        Some(Limit::new(100, 60_000))
    );
    assert_eq!(limits.get(Endpoint::AssetRead), Some(Limit::new(7, 500)));
    assert_eq!(limits.get(Endpoint::Children), None);
    let text = serde_json::to_string(&limits).unwrap();
    assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), limits);
    for wrong in [
        "on",
        "bulk_delete",
        "bulk_delete=",
        "bulk_delete=5",
        "bulk_delete=0/1s",
        "bulk_delete=5/0",
        "bulk_delete=5/soon",
        "bulk_delete=5000/1s",
        "tape=5/1s",
    ] {
        assert!(wrong.parse::<LimitWord>().is_err(), "{wrong}");
    }
}

proptest! {
    /// Whatever the arrivals, no window sees more than twice the limit, and whoever keeps the
    /// pace is never refused.
    #[test]
    fn a_bucket_holds_its_limit(
        requests in 1_u32..60,
        window in 100_u64..5000,
        gaps in prop::collection::vec(0_u64..80, 1..300),
    ) {
        prop_assume!(window >= u64::from(requests));
        let limit = Limit::new(requests, window).to_string();
        let mut bucket = limiter(&limit);
        let (mut now, mut passed) = (0, Vec::new());
        for gap in gaps {
            now += gap;
            if take(&mut bucket, now).allowed {
                passed.push(now);
            }
        }
        for (index, from) in passed.iter().enumerate() {
            let within = passed[index..].iter().take_while(|at| **at < from + window).count();
            // A cost that was rounded down lets a few more through.
            let cost = (window * 2 + u64::from(requests)) / (u64::from(requests) * 2);
            let most = 2 * window / cost + 1;
            prop_assert!(within as u64 <= most, "{} of {}", within, most);
        }
        let mut steady = limiter(&limit);
        let pace = window.div_ceil(u64::from(requests));
        for turn in 0..200 {
            prop_assert!(take(&mut steady, turn * pace).allowed);
        }
    }
}
