//! The binary against servers that share nothing with the sandbox.

use mockito::{Matcher, Mock, Server, ServerGuard};
use serde_json::{Value, json};

use crate::harness::{Desk, Done};

const TOKEN: &str = "fio-u-a-token-of-the-test";
const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

fn manifest(ids: &[&str]) -> String {
    ids.iter()
        .fold("version: 1\nassets:\n".to_owned(), |text, id| {
            text + "  - " + id + "\n"
        })
}

fn apply(server: &ServerGuard, desk: &Desk) -> Done {
    desk.run_with(
        &[("FRAMEIO_TOKEN", TOKEN)],
        &[
            "apply",
            "--endpoint",
            &server.url(),
            "--state",
            "s.json",
            "--auto-approve",
            "retire.yaml",
        ],
    )
}

/// The one request that the API documents for a bulk delete.
fn bulk(server: &mut ServerGuard, ids: &[&str]) -> Mock {
    server
        .mock("DELETE", "/v2/batch/assets")
        .match_header("authorization", format!("Bearer {TOKEN}").as_str())
        .match_header("content-type", "application/json")
        .match_body(Matcher::Json(json!({ "asset_ids": ids })))
}

fn status(desk: &Desk, id: &str) -> Value {
    let state: Value = serde_json::from_str(&desk.read("s.json")).unwrap();
    state["assets"][id].clone()
}

#[test]
fn an_answer_without_errors_retires_everything() {
    for body in [
        "{}",
        r#"{"error":null}"#,
        r#"{"error":{}}"#,
        r#"{"error":{},"request_id":"r-1","extra":[1,{"deep":null}]}"#,
        r#"{"error":{},"success":true}"#,
    ] {
        let mut server = Server::new();
        let mock = bulk(&mut server, &[A, B])
            .with_body(body)
            .expect(1)
            .create();
        // Where no account is named, nobody is asked whose token it is.
        let read = server.mock("GET", Matcher::Any).expect(0).create();
        let desk = Desk::with(&manifest(&[A, B]));
        apply(&server, &desk).expect(0);
        mock.assert();
        read.assert();
        assert_eq!(status(&desk, A)["status"], "retired", "{body}");
        assert_eq!(status(&desk, B)["status"], "retired", "{body}");

        let before = desk.read("s.json");
        apply(&server, &desk).expect(0);
        mock.assert();
        assert_eq!(desk.read("s.json"), before, "a rerun changes no byte");
    }
}

#[test]
fn a_refusal_is_kept_word_for_word_whatever_the_letter_case() {
    let mut server = Server::new();
    let body = json!({ "error": { A.to_uppercase(): "Failed to delete asset due to permission restrictions." } });
    let mock = bulk(&mut server, &[A, B])
        .with_body(body.to_string())
        .expect(1)
        .create();
    let desk = Desk::with(&manifest(&[&A.to_uppercase(), B]));
    let done = apply(&server, &desk).expect(3);
    mock.assert();
    let failed = status(&desk, A);
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["kind"], "permission");
    assert_eq!(
        failed["message"],
        "Failed to delete asset due to permission restrictions."
    );
    assert_eq!(status(&desk, B)["status"], "retired");
    let told = done.out + &done.err;
    assert!(told.contains(A), "{told}");
    assert!(
        told.contains("Failed to delete asset due to permission restrictions."),
        "{told}"
    );

    // The rerun sends only what is still open.
    let rerun = bulk(&mut server, &[A]).with_body("{}").expect(1).create();
    apply(&server, &desk).expect(0);
    rerun.assert();
    mock.assert();
}

#[test]
fn an_answer_that_cannot_be_trusted_leaves_everything_unknown() {
    for body in [
        "",
        "<html>hello</html>",
        r#"{"error":"#,
        "[]",
        "null",
        r#"{"error":[]}"#,
        "\"ok\"",
    ] {
        let mut server = Server::new();
        let mock = bulk(&mut server, &[A])
            .with_body(body)
            .expect_at_least(1)
            .create();
        let desk = Desk::with(&manifest(&[A]));
        apply(&server, &desk).expect(3);
        mock.assert();
        assert_eq!(status(&desk, A)["status"], "unknown", "{body}");
    }
}

#[test]
fn a_token_that_is_refused_stops_the_run() {
    for (code, body) in [
        (
            401,
            r#"{"code":401,"message":"Unauthorized","errors":[{"code":401,"status":401,"title":"Unauthorized","detail":"The token has expired."}]}"#,
        ),
        (403, r#"{"message":"Forbidden"}"#),
    ] {
        let mut server = Server::new();
        let mock = server
            .mock("DELETE", "/v2/batch/assets")
            .with_status(code)
            .with_body(body)
            .expect(1)
            .create();
        let desk = Desk::with(&manifest(&[A, B]));
        let done = apply(&server, &desk).expect(7);
        mock.assert();
        assert!(!desk.path("s.json").exists(), "nothing was learnt");
        assert!(!done.err.contains(TOKEN) && !done.out.contains(TOKEN));
    }
}

#[test]
fn what_is_missing_is_found_by_halving() {
    let ids: Vec<String> = (1..=8)
        .map(|number| format!("00000000-0000-4000-8000-{number:012}"))
        .collect();
    let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut server = Server::new();
    server
        .mock("DELETE", "/v2/batch/assets")
        .match_body(Matcher::Regex(ids[5].clone()))
        .with_status(404)
        .with_body(r#"{"code":404,"message":"Not Found"}"#)
        .expect(4)
        .create();
    server
        .mock("DELETE", "/v2/batch/assets")
        .match_request(move |request| !request.utf8_lossy_body().unwrap().contains("000000000006"))
        .with_body("{}")
        .expect(3)
        .create();
    let read = server
        .mock(
            "GET",
            format!("/v2/assets/{}?include_deleted=true", ids[5]).as_str(),
        )
        .with_status(404)
        .with_body(r#"{"code":404,"message":"Not Found"}"#)
        .expect(1)
        .create();
    let desk = Desk::with(&manifest(&texts));
    apply(&server, &desk).expect(3);
    read.assert();
    for id in &ids {
        let expected = if *id == ids[5] { "missing" } else { "retired" };
        assert_eq!(status(&desk, id)["status"], expected);
    }
}

#[test]
fn a_server_that_is_not_there_changes_nothing() {
    let taken = crate::server::taken();
    let port = taken.local_addr().unwrap().port();
    let desk = Desk::with(&manifest(&[A]));
    let done = desk.run_with(
        &[("FRAMEIO_TOKEN", TOKEN)],
        &[
            "apply",
            "--endpoint",
            &format!("http://127.0.0.1:{port}"),
            "--state",
            "s.json",
            "--auto-approve",
        ],
    );
    let done = done.expect(1);
    assert!(done.err.contains("127.0.0.1"), "{}", done.err);
    assert!(!desk.path("s.json").exists());
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let mut other = Server::new();
    let trap = other.mock("DELETE", Matcher::Any).expect(0).create();
    let get = other.mock("GET", Matcher::Any).expect(0).create();
    let mut server = Server::new();
    server
        .mock("DELETE", "/v2/batch/assets")
        .with_status(307)
        .with_header("location", &format!("{}/v2/batch/assets", other.url()))
        .create();
    let desk = Desk::with(&manifest(&[A]));
    apply(&server, &desk).expect(1);
    trap.assert();
    get.assert();
}

#[test]
fn another_account_is_refused_before_the_first_delete() {
    let mut server = Server::new();
    let delete = server.mock("DELETE", Matcher::Any).expect(0).create();
    server
        .mock("GET", "/v2/me")
        .match_header("authorization", format!("Bearer {TOKEN}").as_str())
        .with_body(r#"{"id":"u","account_id":"22222222-2222-4222-8222-222222222222"}"#)
        .expect(1)
        .create();
    let desk = Desk::with(&format!(
        "version: 1\naccount: 11111111-1111-4111-8111-111111111111\nassets: [{A}]\n"
    ));
    let done = apply(&server, &desk).expect(7);
    delete.assert();
    assert!(
        done.err.contains("11111111-1111-4111-8111-111111111111"),
        "{}",
        done.err
    );
    assert!(
        done.err.contains("22222222-2222-4222-8222-222222222222"),
        "{}",
        done.err
    );
}

#[test]
fn a_state_of_another_server_is_refused() {
    let mut first = Server::new();
    bulk(&mut first, &[A]).with_body("{}").create();
    let desk = Desk::with(&manifest(&[A]));
    apply(&first, &desk).expect(0);
    let mut second = Server::new();
    let delete = second.mock("DELETE", Matcher::Any).expect(0).create();
    desk.write("retire.yaml", manifest(&[A, B]));
    let done = apply(&second, &desk).expect(7);
    delete.assert();
    assert!(
        done.err.contains(&first.url()) && done.err.contains(&second.url()),
        "{}",
        done.err
    );
}

#[test]
fn nothing_is_sent_without_approval() {
    let mut server = Server::new();
    let delete = server.mock("DELETE", Matcher::Any).expect(0).create();
    let desk = Desk::with(&manifest(&[A]));
    let done = desk.run_with(
        &[("FRAMEIO_TOKEN", TOKEN)],
        &["apply", "--endpoint", &server.url(), "--state", "s.json"],
    );
    let done = done.expect(4);
    delete.assert();
    assert!(done.err.contains("--auto-approve"), "{}", done.err);
    assert!(!desk.path("s.json").exists());
}
