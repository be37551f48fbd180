//! Nothing is recorded as deleted without evidence, whatever a server says.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Server, id, manifest, text};

/// The API's answer to what it does not know.
fn not_found() -> (u16, String) {
    let body = json!({"code": 404, "errors": [{"code": 404, "title": "Not Found"}]});
    (404, body.to_string())
}

/// What a reading says of an asset.
fn read(path: &str, deleted_at: &Value) -> (u16, String) {
    let path = path.split(['?', ' ']).next().unwrap();
    let id = path.rsplit('/').next().unwrap();
    (200, json!({"id": id, "deleted_at": deleted_at}).to_string())
}

fn apply(desk: &Desk, server: &Server, more: &[&str]) -> Done {
    let mut arguments = vec!["apply", "--auto-approve", "--endpoint", &server.url];
    arguments.extend(["--canary", "0"]);
    arguments.extend(more);
    desk.run_with(&[TOKEN], &arguments)
}

fn record(desk: &Desk, number: usize) -> Value {
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    state["assets"][id(number)].clone()
}

#[test]
fn the_account_of_somebody_else_leaves_nothing_gone() {
    let server = Server::new(|_| Some(not_found()));
    let desk = Desk::with(&manifest(3));
    let done = apply(&desk, &server, &[]).expect(3);
    assert!(done.out.contains("3 missing"), "{}", done.out);
    assert!(done.out.contains("accept-missing"), "{}", done.out);
    assert_eq!(record(&desk, 1)["status"], "missing");
    // They are read again each time, and nothing is sent or written.
    let before = desk.read("retire.state.json");
    let asked = server.asked().len();
    apply(&desk, &server, &[]).expect(3);
    assert!(
        server.asked()[asked..]
            .iter()
            .all(|one| one.line.starts_with("GET"))
    );
    assert_eq!(desk.read("retire.state.json"), before);
    let plan = ["plan", "--endpoint", &server.url];
    let plan = desk.run_with(&[TOKEN], &plan).expect(3);
    assert!(plan.out.contains("Resolve (3)"), "{}", plan.out);

    for more in [&[][..], &["--max-404-percent", "100"]] {
        let desk = Desk::with(&manifest(10));
        let done = apply(&desk, &server, more).expect(7);
        assert!(done.out.contains("wrong account or token"), "{}", done.out);
        let state = desk.read("retire.state.json");
        let others = ["retired", "gone", "missing", "failed"];
        for status in others {
            let said = format!(r#""status":"{status}""#);
            assert!(!state.contains(&said), "{state}");
        }
        assert_eq!(record(&desk, 1)["status"], "unknown", "it was sent");
    }
}

#[test]
fn the_account_of_somebody_else_makes_nothing_gone_that_people_say_is_gone() {
    let listed = |count| {
        let ids = (1..=count).map(|number| format!("- {{id: {}, missing: accept}}\n", id(number)));
        format!("version: 1\nassets:\n{}", ids.collect::<String>())
    };
    let server = Server::new(|_| Some(not_found()));
    for count in [10, 30] {
        let desk = Desk::with(&listed(count));
        for _ in 0..2 {
            apply(&desk, &server, &[]).expect(7);
            assert!(
                !desk
                    .read("retire.state.json")
                    .contains(r#""status":"gone""#)
            );
        }
    }
    // Few may be gone, which does not show that it is the account.
    let desk = Desk::with(&listed(9));
    apply(&desk, &server, &[]).expect(0);
    assert_eq!(record(&desk, 9)["status"], "gone");
    desk.write("retire.yaml", listed(30));
    apply(&desk, &server, &[]).expect(7);
    assert_eq!(record(&desk, 30)["status"], "unknown", "it was sent");
}

#[test]
fn an_asset_that_is_there_and_that_a_delete_does_not_find_failed() {
    let server = Server::new(|request| match request.line.split_once(' ') {
        Some(("GET", path)) => Some(read(path, &Value::Null)),
        _ => Some(not_found()),
    });
    let desk = Desk::with(&manifest(1));
    apply(&desk, &server, &[]).expect(3);
    let record = record(&desk, 1);
    assert_eq!(record["status"], "failed");
    let message = record["message"].as_str().unwrap();
    assert!(message.contains("refuses the delete"), "{message}");
}

#[test]
fn a_delete_that_was_not_answered_stays_unknown_where_the_asset_is_not_found() {
    let server = Server::new(|request| {
        if request.line.starts_with("DELETE") {
            return None;
        }
        Some(not_found())
    });
    let desk = Desk::with(&manifest(2));
    for _ in 0..2 {
        let done = apply(&desk, &server, &[]).expect(3);
        assert!(done.out.contains("2 unknown"), "{}", done.out);
        assert!(done.out.contains("accept-missing ID"), "{}", done.out);
        assert_eq!(record(&desk, 1)["status"], "unknown");
    }
    assert_eq!(
        server.deleted(),
        [id(1), id(2)],
        "only what is found alive goes again"
    );
}

#[test]
fn a_page_of_a_proxy_is_no_answer_of_the_api() {
    let troubles = AtomicUsize::new(4);
    let server = Server::new(move |request| {
        let left = troubles.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        if left.is_ok() && request.number > 1 {
            return Some((404, "<html>not here</html>".to_owned()));
        }
        match request.line.split_once(' ') {
            Some(("GET", path)) => Some(read(path, &Value::Null)),
            _ => Some((200, "{}".to_owned())),
        }
    });
    let desk = Desk::with(&manifest(4));
    apply(&desk, &server, &["--batch-size", "2"]).expect(0);
    for number in 1..=4 {
        assert_eq!(record(&desk, number)["status"], "retired");
    }
}

#[test]
fn an_odd_success_is_read_and_words_of_absence_too() {
    for (body, live, code, status) in [
        (
            r#"{"errors":[{"title":"No"}]}"#.to_owned(),
            Value::Null,
            3,
            "unknown",
        ),
        (
            r#"{"code":404,"message":"No"}"#.to_owned(),
            Value::Null,
            3,
            "unknown",
        ),
        (r#"{"success":false}"#.to_owned(), Value::Null, 3, "unknown"),
        (
            r#"{"error":{},"statusCode":403}"#.to_owned(),
            Value::Null,
            3,
            "unknown",
        ),
        (
            r#"{"error":null,"deleted":[]}"#.to_owned(),
            Value::Null,
            3,
            "unknown",
        ),
        (
            r#"{"error":{"all":"No."}}"#.to_owned(),
            Value::Null,
            3,
            "unknown",
        ),
        (
            json!({"error": {id(1): "Asset not found."}}).to_string(),
            Value::Null,
            3,
            "failed",
        ),
        (
            json!({"error": {id(1): "Asset not found."}}).to_string(),
            json!("2026-01-01T00:00:00Z"),
            0,
            "gone",
        ),
        (
            json!({"error": {id(1): "Asset not found."}}).to_string(),
            json!("never"),
            3,
            "unknown",
        ),
        (
            json!({"error": {id(1): "Asset not found."}}).to_string(),
            json!("1970-01-01T00:00:00Z"),
            3,
            "unknown",
        ),
        (
            json!({"error": {id(1): "Asset not found."}}).to_string(),
            json!("2999-01-01T00:00:00Z"),
            3,
            "unknown",
        ),
        (
            json!({"error": {id(1): "Asset not found."}}).to_string(),
            json!(false),
            3,
            "unknown",
        ),
    ] {
        let (said, is_alive) = (body.clone(), live.is_null());
        let server = Server::raw(move |request| match request.line.split_once(' ') {
            Some(("GET", path)) => {
                let (status, body) = read(path, &live);
                let date = "date: Fri, 27 Nov 2026 12:00:00 GMT\r\n";
                Some(text(status, date, &body))
            }
            _ => Some(text(200, "", &said)),
        });
        let desk = Desk::with(&manifest(1));
        apply(&desk, &server, &["--retries", "1"]).expect(code);
        assert_eq!(record(&desk, 1)["status"], status, "{body} {is_alive}");
    }
}

#[test]
fn one_asset_that_may_not_be_read_failed_at_once() {
    let server = Server::new(|request| match request.line.split_once(' ') {
        Some(("GET", _)) => Some((403, r#"{"message":"You may not."}"#.to_owned())),
        _ => Some(not_found()),
    });
    let desk = Desk::with(&manifest(1));
    apply(&desk, &server, &[]).expect(3);
    assert_eq!(server.asked().len(), 2, "without retries");
    assert_eq!(record(&desk, 1)["kind"], "permission");
}

/// What a reading says of an asset that was deleted after all that the tests do.
fn read_as_deleted(path: &str) -> String {
    let (status, body) = read(path, &json!("2099-11-27T11:00:00Z"));
    text(status, "date: Fri, 27 Nov 2099 12:00:00 GMT\r\n", &body)
}

#[test]
fn a_delete_that_was_carried_out_has_a_record_whatever_was_said_of_it() {
    for (status, headers, said, code) in [
        (302, "location: /login\r\n", "", 1),
        (302, "location: /login\r\n", r#"{"message":"Moved."}"#, 1),
        (401, "", "<html>Sign in</html>", 7),
        (402, "", "", 7),
        (403, "", "{}", 7),
        (405, "", r#"{"message":"No."}"#, 1),
    ] {
        let server = Server::raw(move |request| {
            if let Some(path) = request.line.strip_prefix("GET ") {
                return Some(read_as_deleted(path));
            }
            Some(match request.number {
                1 => text(200, "", "{}"),
                _ => text(status, headers, said),
            })
        });
        let desk = Desk::with(&manifest(3));
        let one_each = ["--batch-size", "1", "--concurrency", "1"];
        let done = apply(&desk, &server, &one_each).expect(code);
        assert!(done.out.contains("1 unknown"), "{status}: {}", done.out);
        assert_eq!(record(&desk, 1)["status"], "retired", "{status}");
        assert_eq!(record(&desk, 2)["status"], "unknown", "{status}");
        assert_eq!(record(&desk, 3), Value::Null, "{status}: it was not sent");
        desk.write("retire.yaml", manifest(2));
        apply(&desk, &server, &[]).expect(0);
        assert_eq!(server.deleted().len(), 2, "{status}: it is not sent again");
        let record = record(&desk, 2);
        assert_eq!(record["evidence"], "read", "{status}: {record}");
    }
}

#[test]
fn a_batch_that_is_refused_as_a_whole_has_a_record_until_its_halves_are_answered() {
    for status in [404, 409, 422] {
        let server = Server::raw(move |request| {
            if let Some(path) = request.line.strip_prefix("GET ") {
                return Some(read_as_deleted(path));
            }
            let refused = r#"{"code":404,"message":"No."}"#;
            Some(match request.ids.len() {
                4 => text(status, "", refused),
                _ => text(429, "retry-after: 3600\r\n", r#"{"message":"Later."}"#),
            })
        });
        let desk = Desk::with(&manifest(4));
        let done = apply(&desk, &server, &["--retry-for", "1s"]).expect(9);
        assert!(done.out.contains("4 unknown"), "{status}: {}", done.out);
        for number in 1..=4 {
            assert_eq!(record(&desk, number)["status"], "unknown", "{status}");
        }
    }
}

/// A later look at where something lies may find what the first reading did not.
#[test]
fn what_was_not_read_at_first_stays_with_what_may_hold_it() {
    let asked = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let server = Server::new(move |request| {
        let path = request.line.strip_prefix("GET ")?;
        let which = (1..=3).find(|number| path.contains(&id(*number)))?;
        if path.contains("/children") {
            return Some((200, "[]".to_owned()));
        }
        if which < 3 && asked[which - 1].fetch_add(1, Ordering::Relaxed) == 0 {
            return Some((500, "{}".to_owned()));
        }
        let parent = if which == 2 {
            json!(id(1))
        } else {
            Value::Null
        };
        let kind = ["folder", "file", "folder"][which - 1];
        let body = json!({"id": id(which), "type": kind, "name": "x", "parent_id": parent,
            "deleted_at": null, "filesize": 1});
        Some((200, body.to_string()))
    });
    // Another folder has it looked for what lies where.
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {}, kind: folder}}\n- {{id: {}, kind: file}}\n- {{id: {}, kind: folder}}\n",
        id(1),
        id(2),
        id(3)
    ));
    let done = apply(&desk, &server, &["--retries", "0"]);
    let deleted = server.deleted();
    assert!(
        !deleted.contains(&id(1)) && !deleted.contains(&id(2)),
        "{}",
        done.transcript()
    );
    assert!(done.out.contains("Not read (2)"), "{}", done.transcript());
}
