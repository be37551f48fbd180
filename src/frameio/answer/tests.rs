//! Each row of the table of answers.

use uuid::Uuid;

use super::*;

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
        pages: None,
        body: Body::Whole(body.as_bytes().to_vec()),
    }
}

fn settled(body: &str) -> (Vec<&'static str>, Vec<String>) {
    let verdict = judge(&[id(A), id(B)], &answered(200, body));
    let Verdict::Settled { outcomes, warnings } = verdict else {
        panic!("{body}: {verdict:?}");
    };
    let ids: Vec<AssetId> = outcomes.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [id(A), id(B)]);
    let words = outcomes.iter().map(|(_, outcome)| match outcome {
        Outcome::Retired => "retired",
        Outcome::Gone => "gone",
        Outcome::Unknown => "unknown",
        Outcome::Failed(failure) => failure.kind.name(),
    });
    (words.collect(), warnings)
}

#[test]
fn a_success_without_refusals_retires_all() {
    for body in [
        "{}",
        r#"{"error":null}"#,
        r#"{"error":{}}"#,
        r#" {"error":{},"took":3,"x":[{}]} "#,
    ] {
        assert_eq!(
            settled(body),
            (vec!["retired", "retired"], vec![]),
            "{body}"
        );
    }
}

#[test]
fn a_refused_id_fails_word_for_word_in_any_letter_case() {
    let message = "Failed to delete asset due to permission restrictions.";
    for key in [id(B).to_string(), id(B).to_string().to_uppercase()] {
        let body = format!(r#"{{"error":{{"{key}":"{message}"}}}}"#);
        assert_eq!(settled(&body), (vec!["retired", "permission"], vec![]));
        let Verdict::Settled { outcomes, .. } = judge(&[id(A), id(B)], &answered(200, &body))
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
fn a_refusal_of_what_was_not_sent_is_a_warning() {
    for key in ["bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "all", ""] {
        let (words, warnings) = settled(&format!(r#"{{"error":{{"{key}":"No."}}}}"#));
        assert_eq!(words, ["retired", "retired"]);
        assert_eq!(
            warnings,
            [format!("the answer names `{key}`, which was not sent: No.")]
        );
    }
}

#[test]
fn the_kind_follows_the_words() {
    for (message, kind) in [
        ("Forbidden", "permission"),
        ("Asset not found", "not_found"),
        ("It does not exist.", "not_found"),
        ("Version conflict", "conflict"),
        ("Invalid asset", "invalid"),
        ("Asset is locked.", "other"),
        ("", "other"),
    ] {
        let body = format!(r#"{{"error":{{"{}":"{message}"}}}}"#, id(A));
        assert_eq!(settled(&body).0[0], kind, "{message}");
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
        let verdict = judge(&[id(A)], &answered(200, body));
        assert!(
            matches!(verdict, Verdict::Unknown { .. }),
            "{body}: {verdict:?}"
        );
    }
    let cut = Reply::Answered {
        status: 200,
        wait: None,
        limits: None,
        pages: None,
        body: Body::Cut {
            detail: "x".to_owned(),
        },
    };
    assert!(matches!(judge(&[id(A)], &cut), Verdict::Unknown { .. }));
    let lost = Reply::Lost {
        detail: "x".to_owned(),
    };
    assert!(matches!(judge(&[id(A)], &lost), Verdict::Unknown { .. }));
    for status in [201, 204, 206, 408, 418, 500, 502, 503, 504, 599, 100, 999] {
        let verdict = judge(&[id(A)], &answered(status, "{}"));
        assert!(
            matches!(verdict, Verdict::Unknown { .. }),
            "{status}: {verdict:?}"
        );
    }
}

#[test]
fn a_message_that_is_no_text_is_kept_as_json() {
    let body = format!(r#"{{"error":{{"{}":{{"code":3}}}}}}"#, id(A));
    let Verdict::Settled { outcomes, .. } = judge(&[id(A)], &answered(200, &body)) else {
        panic!("not settled");
    };
    assert!(
        matches!(&outcomes[0].1, Outcome::Failed(failure) if failure.message == r#"{"code":3}"#)
    );
}

#[test]
fn a_missing_asset_is_found_by_halving() {
    let not_found = answered(404, r#"{"code":404,"message":"Not Found"}"#);
    assert_eq!(
        judge(&[id(A), id(B)], &not_found),
        Verdict::Halve { missing: true }
    );
    assert_eq!(
        judge(&[id(A)], &not_found),
        Verdict::Settled {
            outcomes: vec![(id(A), Outcome::Gone)],
            warnings: vec![],
        }
    );
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
            judge(&[id(A), id(B)], &answered(status, body)),
            Verdict::Halve { missing: false }
        );
        let Verdict::Settled { outcomes, .. } = judge(&[id(A)], &answered(status, body)) else {
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
        let verdict = judge(&[id(A), id(B)], &answered(status, r#"{"message":"No"}"#));
        let Verdict::Stop(reason) = verdict else {
            panic!("{verdict:?}");
        };
        reason
    };
    let detail = "No".to_owned();
    assert_eq!(
        stopped(401),
        StopReason::NotAuthenticated {
            detail: detail.clone()
        }
    );
    for status in [402, 403] {
        assert_eq!(
            stopped(status),
            StopReason::NotAuthorised {
                detail: detail.clone()
            }
        );
    }
    for status in [301, 302, 307, 308, 405, 410] {
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
        pages: None,
        body: Body::Whole(vec![]),
    };
    assert_eq!(
        judge(&[id(A)], &patience),
        Verdict::SlowDown {
            wait: Some(Duration::from_secs(1))
        }
    );
    let refused = Reply::NotSent {
        detail: "refused".to_owned(),
    };
    assert_eq!(
        judge(&[id(A)], &refused),
        Verdict::NotSent {
            detail: "refused".to_owned()
        }
    );
}

#[test]
fn a_read_tells_there_from_deleted_from_missing() {
    let a = id(A).to_string();
    let live = |status, body: &str| judge_read(id(A), &answered(status, body));
    let found = |live| ReadVerdict::Read(Found { live, parent: None });
    assert_eq!(
        live(
            200,
            &format!(r#"{{"id":"{a}","name":"x","deleted_at":null}}"#)
        ),
        found(Live::There)
    );
    assert_eq!(live(200, &format!(r#"{{"id":"{a}"}}"#)), found(Live::There));
    assert_eq!(
        live(
            200,
            &format!(r#"{{"id":"{a}","deleted_at":"2026-01-01T00:00:00Z"}}"#)
        ),
        found(Live::Deleted)
    );
    assert_eq!(live(404, "{}"), found(Live::Missing));
    for (status, body) in [
        (200, "{}".to_owned()),
        (200, "nonsense".to_owned()),
        (200, format!(r#"{{"id":"{}"}}"#, id(B))),
        (500, "{}".to_owned()),
    ] {
        assert!(
            matches!(live(status, &body), ReadVerdict::Unreadable { .. }),
            "{body}"
        );
    }
    assert!(matches!(live(403, "{}"), ReadVerdict::Stop(_)));
    assert!(matches!(
        live(429, "{}"),
        ReadVerdict::SlowDown { wait: None }
    ));
}

#[test]
fn a_reading_tells_what_holds_the_asset() {
    let (a, b) = (id(A), id(B));
    for (fields, parent) in [
        (format!(r#","parent_id":"{b}""#), Some(b)),
        (format!(r#","parent_asset_id":"{b}""#), Some(b)),
        (
            format!(r#","parent_id":null,"parent_asset_id":"{b}""#),
            Some(b),
        ),
        (r#","parent_id":null"#.to_owned(), None),
        (
            r#","parent_id":7,"parent_asset_id":"root""#.to_owned(),
            None,
        ),
        (String::new(), None),
    ] {
        let body = format!(r#"{{"id":"{a}"{fields}}}"#);
        let live = Live::There;
        assert_eq!(
            judge_read(a, &answered(200, &body)),
            ReadVerdict::Read(Found { live, parent }),
            "{body}"
        );
    }
}

#[test]
fn a_page_tells_of_each_asset_on_it_and_one_that_is_refused_of_none() {
    let (a, b) = (id(A), id(B));
    let listed = |body: &str| judge_list(&answered(200, body));
    let body = format!(r#"[{{"id":"{b}","deleted_at":"2026-01-01"}},{{"id":"{a}"}}]"#);
    let ReadVerdict::Read(Some(list)) = listed(&body) else {
        panic!("{:?}", listed(&body));
    };
    assert_eq!(list.assets, [(b, Live::Deleted), (a, Live::There)]);
    assert_eq!(list.pages, None);
    assert_eq!(list.span(), None, "only of a list in order");
    let mut sorted = list.clone();
    sorted.assets.reverse();
    assert_eq!(sorted.span(), Some(a..=b));
    sorted.assets.push((b, Live::There));
    assert_eq!(sorted.span(), None, "each once");
    let Reply::Answered { status, body, .. } = answered(200, "[]") else {
        panic!("not answered");
    };
    let counted = judge_list(&Reply::Answered {
        status,
        wait: None,
        limits: None,
        pages: Some(7),
        body,
    });
    assert!(matches!(
        counted,
        ReadVerdict::Read(Some(Listed { pages: Some(7), .. }))
    ));
    for body in ["", "{}", r#"[{"id":"x"}]"#, r#"[{"name":"a"}]"#, "[] x"] {
        assert!(
            matches!(listed(body), ReadVerdict::Unreadable { .. }),
            "{body}"
        );
    }
    for status in [400, 403, 404, 405, 409, 410, 413, 422] {
        assert_eq!(
            judge_list(&answered(status, "{}")),
            ReadVerdict::Read(None),
            "{status}"
        );
    }
    for status in [301, 408, 500, 503] {
        let verdict = judge_list(&answered(status, "{}"));
        assert!(matches!(verdict, ReadVerdict::Unreadable { .. }));
    }
    for status in [401, 402] {
        let verdict = judge_list(&answered(status, "{}"));
        assert!(matches!(verdict, ReadVerdict::Stop(_)), "{status}");
    }
    let slow = judge_list(&answered(429, "{}"));
    assert_eq!(slow, ReadVerdict::SlowDown { wait: None });
    let detail = "x".to_owned();
    let unsent = Reply::NotSent {
        detail: detail.clone(),
    };
    assert_eq!(judge_list(&unsent), ReadVerdict::NotSent { detail });
}

#[test]
fn the_account_is_read_from_the_answer() {
    assert_eq!(
        judge_who(&answered(
            200,
            r#"{"id":"u","account_id":"ACC","name":"x"}"#
        )),
        ReadVerdict::Read("acc".to_owned())
    );
    assert!(matches!(
        judge_who(&answered(200, "{}")),
        ReadVerdict::Unreadable { .. }
    ));
    assert!(matches!(
        judge_who(&answered(404, "{}")),
        ReadVerdict::Unreadable { .. }
    ));
    assert!(matches!(
        judge_who(&answered(401, "{}")),
        ReadVerdict::Stop(_)
    ));
}
