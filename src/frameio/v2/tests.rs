//! Each row of the table of answers.

use std::time::Duration;

use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::StopReason;
use crate::frameio::reply::{Body, Reply};
use crate::frameio::v2::answer::{is_ended, judge_delete, judge_me, judge_read};
use crate::frameio::v2::wire::Me;
use crate::frameio::v4::wire::User;
use crate::frameio::verdict::{Deletion, Live, Verdict};
use crate::frameio::words::LONGEST;
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};

const A: u128 = 0x3fa8_5f64_5717_4562_b3fc_2c96_3f66_afa6;
const B: u128 = 0xaaaa_aaaa_aaaa_aaaa_aaaa_aaaa_aaaa_aaaa;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn answered(status: u16, body: &str) -> Reply {
    Reply::Answered {
        status,
        wait: None,
        limits: None,
        date: Some("2026-11-01T12:00:00Z".parse().unwrap()),
        pages: None,
        body: Body::Whole(body.as_bytes().to_vec()),
    }
}

/// What a reading that finds an asset alive makes of a delete that did not find it.
fn kept() -> Failure {
    Failure {
        kind: FailureKind::Conflict,
        message: "the server refuses the delete of an asset that is there".to_owned(),
    }
}

/// What a success says of each asset: `read` is to be read.
fn settled(body: &str) -> Vec<&'static str> {
    let verdict = judge_delete(&[id(A), id(B)], &answered(200, body));
    let Verdict::Told(Deletion::Settled { outcomes, doubtful }) = verdict else {
        panic!("{body}: {verdict:?}");
    };
    let word = |asset: AssetId| {
        let told = outcomes.iter().find(|(id, _)| *id == asset);
        match told.map(|(_, outcome)| outcome) {
            Some(Outcome::Retired(Evidence::Answer)) => "retired",
            Some(Outcome::Failed(failure)) => failure.kind.name(),
            None => {
                assert!(doubtful.iter().any(|(id, _)| *id == asset));
                "read"
            }
            other => panic!("{body}: {other:?}"),
        }
    };
    assert_eq!(outcomes.len() + doubtful.len(), 2);
    vec![word(id(A)), word(id(B))]
}

#[test]
fn a_success_without_refusals_retires_all() {
    for body in [
        "{}",
        r#"{"error":null}"#,
        r#"{"error":{}}"#,
        r#" {"error":{},"took":3,"x":[{}],"success":true} "#,
    ] {
        assert_eq!(settled(body), ["retired", "retired"], "{body}");
    }
}

#[test]
fn a_refused_id_fails_word_for_word_in_any_letter_case() {
    let message = "Failed to delete asset due to permission restrictions.";
    for key in [id(B).to_string(), id(B).to_string().to_uppercase()] {
        let body = format!(r#"{{"error":{{"{key}":"{message}"}}}}"#);
        assert_eq!(settled(&body), ["retired", "permission"]);
        let Verdict::Told(Deletion::Settled { outcomes, .. }) =
            judge_delete(&[id(A), id(B)], &answered(200, &body))
        else {
            panic!("not settled");
        };
        assert_eq!(
            outcomes[1].1,
            Outcome::Failed(Failure {
                kind: FailureKind::Permission,
                message: message.to_owned(),
            })
        );
    }
}

#[test]
fn an_answer_that_speaks_of_others_or_of_trouble_is_unknown() {
    let (a, b) = (id(A), id(B));
    let mut bodies: Vec<String> = ["bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "all", ""]
        .iter()
        .map(|key| format!(r#"{{"error":{{"{a}":"No.","{key}":"No."}}}}"#))
        .collect();
    bodies.extend([
        format!(
            r#"{{"error":{{"{b}":"No.","{}":"No."}}}}"#,
            b.to_string().to_uppercase()
        ),
        r#"{"errors":[]}"#.to_owned(),
        r#"{"error":{},"errors":[{"title":"No"}]}"#.to_owned(),
        r#"{"code":404,"message":"Not Found"}"#.to_owned(),
        r#"{"error":{},"code":200}"#.to_owned(),
        r#"{"error":null,"status":"ok"}"#.to_owned(),
        r#"{"error":{},"message":"Done"}"#.to_owned(),
        r#"{"error":{},"failed":[]}"#.to_owned(),
        r#"{"success":false}"#.to_owned(),
        r#"{"error":{},"success":false}"#.to_owned(),
        r#"{"error":{},"success":null}"#.to_owned(),
        r#"{"success":true}"#.to_owned(),
        r#"{"took":3}"#.to_owned(),
    ]);
    for body in bodies {
        let verdict = judge_delete(&[a, b], &answered(200, &body));
        assert!(
            matches!(verdict, Verdict::Unknown { .. }),
            "{body}: {verdict:?}"
        );
    }
}

#[test]
fn what_is_said_not_to_be_there_is_read() {
    for (message, word) in [
        ("Asset not found.", "read"),
        ("It does not exist.", "read"),
        ("Asset was deleted already", "read"),
        ("No permission for the deleted asset.", "permission"),
        (
            "Failed to delete asset due to permission restrictions.",
            "permission",
        ),
        ("Failed to delete asset.", "other"),
    ] {
        let body = format!(r#"{{"error":{{"{}":"{message}"}}}}"#, id(B));
        assert_eq!(settled(&body), ["retired", word], "{message}");
    }
    let long = "x".repeat(8_000);
    let body = format!(r#"{{"error":{{"{}":"not found {long}"}}}}"#, id(A));
    let Verdict::Told(Deletion::Settled { doubtful, .. }) =
        judge_delete(&[id(A)], &answered(200, &body))
    else {
        panic!("not settled");
    };
    assert_eq!(doubtful[0].1.message.chars().count(), LONGEST);
}

#[test]
fn the_kind_follows_the_words() {
    for (message, kind) in [
        ("Forbidden", "permission"),
        ("Version conflict", "conflict"),
        ("Invalid asset", "invalid"),
        ("Asset is locked.", "other"),
        ("", "other"),
    ] {
        let body = format!(r#"{{"error":{{"{}":"{message}"}}}}"#, id(A));
        assert_eq!(settled(&body)[0], kind, "{message}");
    }
}

#[test]
fn what_cannot_be_trusted_is_unknown() {
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "3",
        "<html>",
        r#"{"error":"all"}"#,
        r#"{"error":[]}"#,
        r#"{"error":{}} x"#,
        r#"{"error":{"a":"#,
        r#"{"error":true}"#,
        r#"{"error":{},"error":{}}"#,
    ];
    for body in bodies {
        let verdict = judge_delete(&[id(A)], &answered(200, body));
        assert!(
            matches!(verdict, Verdict::Unknown { .. }),
            "{body}: {verdict:?}"
        );
    }
    let cut = Reply::Answered {
        status: 200,
        wait: None,
        limits: None,
        date: None,
        pages: None,
        body: Body::Cut {
            detail: "x".to_owned(),
        },
    };
    assert!(matches!(
        judge_delete(&[id(A)], &cut),
        Verdict::Unknown { .. }
    ));
    let lost = Reply::Lost {
        detail: "x".to_owned(),
    };
    assert!(matches!(
        judge_delete(&[id(A)], &lost),
        Verdict::Unknown { .. }
    ));
    for status in [
        201, 204, 206, 408, 418, 500, 502, 503, 504, 599, 100, 999, 404, 410,
    ] {
        let verdict = judge_delete(&[id(A)], &answered(status, "{}"));
        assert!(
            matches!(verdict, Verdict::Unknown { .. }),
            "{status}: {verdict:?}"
        );
    }
}

#[test]
fn a_message_that_is_no_text_is_kept_as_json() {
    let body = format!(r#"{{"error":{{"{}":{{"code":3}}}}}}"#, id(A));
    let Verdict::Told(Deletion::Settled { outcomes, .. }) =
        judge_delete(&[id(A)], &answered(200, &body))
    else {
        panic!("not settled");
    };
    assert!(
        matches!(&outcomes[0].1, Outcome::Failed(failure) if failure.message == r#"{"code":3}"#)
    );
}

#[test]
fn a_missing_asset_is_found_by_halving_and_then_read() {
    for body in [
        r#"{"code":404,"message":"Not Found"}"#,
        r#"{"code":404}"#,
        r#"{"errors":[{}]}"#,
        r#"{"errors":[{"code":404,"title":"Not Found"}],"code":1}"#,
    ] {
        let not_found = answered(404, body);
        assert_eq!(
            judge_delete(&[id(A), id(B)], &not_found),
            Verdict::Told(Deletion::Halve)
        );
        assert_eq!(
            judge_delete(&[id(A)], &not_found),
            Verdict::Told(Deletion::Settled {
                outcomes: vec![],
                doubtful: vec![(id(A), kept())],
            })
        );
        assert_eq!(judge_read(id(A), &not_found), Verdict::Told(Live::Missing));
        assert!(!is_ended(&not_found));
    }
}

#[test]
fn a_404_of_somebody_else_is_as_a_5xx() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "<html>",
        r#"{"code":"404"}"#,
        r#"{"code":404"#,
        r#"{"errors":[]}"#,
        r#"{"errors":["x"]}"#,
        r#"{"errors":{}}"#,
        r#"{"message":"Not Found"}"#,
        r#"[{"code":404}]"#,
    ] {
        for reply in [answered(404, body), answered(410, body)] {
            for sent in [&[id(A)][..], &[id(A), id(B)]] {
                assert!(
                    matches!(judge_delete(sent, &reply), Verdict::Unknown { .. }),
                    "{body}"
                );
            }
            let read = judge_read(id(A), &reply);
            assert!(matches!(read, Verdict::Unknown { .. }), "{body}");
            assert!(is_ended(&reply));
        }
    }
    for status in [200, 401, 403, 429, 500] {
        assert!(!is_ended(&answered(status, "")));
    }
    let detail = "x".to_owned();
    assert!(!is_ended(&Reply::Lost { detail }));
}

#[test]
fn an_invalid_asset_is_found_by_halving() {
    let body = r#"{"code":1,"message":"Bad","errors":[{"title":"Bad","detail":"too odd"}]}"#;
    for (status, kind) in [
        (400, FailureKind::Invalid),
        (413, FailureKind::Invalid),
        (422, FailureKind::Invalid),
        (409, FailureKind::Conflict),
    ] {
        assert_eq!(
            judge_delete(&[id(A), id(B)], &answered(status, body)),
            Verdict::Told(Deletion::Halve)
        );
        let Verdict::Told(Deletion::Settled { outcomes, .. }) =
            judge_delete(&[id(A)], &answered(status, body))
        else {
            panic!("not settled");
        };
        let Outcome::Failed(failure) = &outcomes[0].1 else {
            panic!("not failed");
        };
        assert_eq!((failure.kind, &*failure.message), (kind, "too odd"));
    }
}

#[test]
fn a_refused_token_stops_the_run() {
    let stopped = |status| {
        let judged = |body| judge_delete(&[id(A), id(B)], &answered(status, body));
        for other in ["", "{}", "<html>", "null"] {
            let verdict = judged(other);
            assert!(
                matches!(verdict, Verdict::Denied(_)),
                "{status}: {verdict:?}"
            );
        }
        // What redirects or knows no such method is not the API, whatever it says.
        match (judged(r#"{"message":"No"}"#), status) {
            (Verdict::Stop(reason), 401..=403) | (Verdict::Denied(reason), 300..=399 | 405) => {
                reason
            }
            (verdict, _) => panic!("{status}: {verdict:?}"),
        }
    };
    let detail = "No".to_owned();
    assert_eq!(
        stopped(401),
        StopReason::NotAuthenticated {
            detail: detail.clone()
        }
    );
    assert_eq!(
        stopped(403),
        StopReason::NotAuthorised {
            detail: detail.clone()
        }
    );
    assert_eq!(
        stopped(402),
        StopReason::NotPaid {
            detail: detail.clone()
        }
    );
    for status in [301, 302, 307, 308, 405] {
        assert!(
            matches!(stopped(status), StopReason::WrongEndpoint { .. }),
            "{status}"
        );
    }
}

#[test]
fn patience_and_failed_connections_are_neither_failures_nor_unknown() {
    let patience = Reply::Answered {
        status: 429,
        wait: Some(Duration::from_secs(1)),
        limits: None,
        date: None,
        pages: None,
        body: Body::Whole(vec![]),
    };
    assert_eq!(
        judge_delete(&[id(A)], &patience),
        Verdict::SlowDown {
            wait: Some(Duration::from_secs(1))
        }
    );
    let refused = Reply::NotSent {
        detail: "refused".to_owned(),
    };
    assert_eq!(
        judge_delete(&[id(A)], &refused),
        Verdict::NotSent {
            detail: "refused".to_owned()
        }
    );
}

#[test]
fn a_read_tells_there_from_deleted_from_missing() {
    let a = id(A).to_string();
    let live = |status, body: &str| judge_read(id(A), &answered(status, body));
    let there = Verdict::Told(Live::There);
    for rest in [r#","name":"x","deleted_at":null"#, ""] {
        assert_eq!(live(200, &format!(r#"{{"id":"{a}"{rest}}}"#)), there);
    }
    for time in ["2026-01-01T00:00:00Z", "2026-01-01 00:00:00Z"] {
        let body = format!(r#"{{"id":"{a}","deleted_at":"{time}"}}"#);
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(live(200, &body), Verdict::Told(Live::Deleted(at)));
    }
    // What is no time is no evidence, and no sign of life either.
    for odd in [r#""""#, r#""never""#, "false", "true", "0", "{}"] {
        let body = format!(r#"{{"id":"{a}","deleted_at":{odd}}}"#);
        assert!(
            matches!(live(200, &body), Verdict::Malformed { .. }),
            "{body}"
        );
    }
    for (status, body) in [
        (200, "{}".to_owned()),
        (200, "nonsense".to_owned()),
        (200, format!(r#"{{"id":"{}"}}"#, id(B))),
        (500, "{}".to_owned()),
        (404, "{}".to_owned()),
        (422, "{}".to_owned()),
    ] {
        assert!(
            matches!(live(status, &body), Verdict::Unknown { .. }),
            "{body}"
        );
    }
    let detail = "No.".to_owned();
    assert_eq!(
        live(403, r#"{"message":"No."}"#),
        Verdict::Refused { detail }
    );
    for status in [301, 401, 402, 405] {
        assert!(matches!(live(status, "{}"), Verdict::Denied(_)), "{status}");
    }
    assert!(matches!(live(429, "{}"), Verdict::SlowDown { wait: None }));
}

#[test]
fn the_account_and_the_user_are_read_from_the_answer() {
    let body = r#"{"id":"u","account_id":"ACC","name":"x"}"#;
    let user = User {
        id: Some("u".to_owned()),
        name: Some("x".to_owned()),
        email: None,
    };
    let account = "acc".to_owned();
    assert_eq!(
        judge_me(&answered(200, body)),
        Verdict::Told(Me { account, user })
    );
    assert!(matches!(
        judge_me(&answered(200, "{}")),
        Verdict::Unknown { .. }
    ));
    assert!(matches!(
        judge_me(&answered(404, "{}")),
        Verdict::Unknown { .. }
    ));
    assert!(matches!(judge_me(&answered(401, "{}")), Verdict::Denied(_)));
}
