//! `retire whoami` beside servers of another time and with odd answers.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use frameio_retire::cli::args::SchemaName;

use crate::harness::{Desk, Done};
use crate::schemas::{fits, validator};
use crate::server::{Server, text};

const TOKEN: (&str, &str) = ("FRAMEIO_TOKEN", "fio-u-0123456789");

/// A server of v2 whose clock goes wrong by some hours; without hours it has none.
fn server(hours: Option<i64>, me: &'static str) -> Server {
    Server::raw(move |request| {
        let body = match request.line.split(' ').nth(1)? {
            "/v2/me" => me,
            "/v2/accounts?page=1&page_size=100" => r#"[{"id":"a-1","name":"North"}]"#,
            "/v2/accounts/a-1/teams?page=1&page_size=100" => "[]",
            _ => return Some(text(501, "", "")),
        };
        // As late as possible: a slow machine has read another time by then.
        let date = hours.map_or_else(|| "no date".to_owned(), date);
        let headers = format!("total-pages: 1\r\ndate: {date}\r\n");
        Some(text(200, &headers, body))
    })
}

/// The date so many hours from now, as headers have it.
fn date(hours: i64) -> String {
    let there = Timestamp::now() + SignedDuration::from_hours(hours);
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&there)
        .unwrap()
}

fn whoami(server: &Server, more: &[&str]) -> Done {
    let arguments = ["whoami", "--api", "v2", "--endpoint", &server.url];
    let arguments = [&arguments[..], more].concat();
    Desk::new().run_with(&[TOKEN], &arguments)
}

#[test]
fn a_clock_that_goes_wrong_is_told() {
    let me = r#"{"id":"u-1","account_id":"A-1","email":"ana@studio.example"}"#;
    // Where the server is behind, this machine is ahead.
    for (hours, seconds, words) in [
        (Some(-1), 3600, "ahead of the server's"),
        (Some(1), -3600, "behind the server's"),
    ] {
        let server = server(hours, me);
        let done = whoami(&server, &["--format", "json"]).expect(0);
        assert!(
            done.err.contains(words) && done.err.contains("warning"),
            "{}",
            done.err
        );
        let told: Value = serde_json::from_str(&done.out).unwrap();
        let ahead = told["clock"]["ahead_seconds"].as_i64().unwrap();
        assert!((ahead - seconds).abs() < 60, "{ahead}");
        let done = whoami(&server, &[]).expect(0);
        assert!(done.out.contains(words), "{}", done.out);
    }
    let done = whoami(&server(Some(0), me), &[]).expect(0);
    assert!(
        done.out.contains("Clock     as the server's\n"),
        "{}",
        done.out
    );
    assert!(!done.err.contains("clock"), "{}", done.err);
    let done = whoami(&server(None, me), &[]).expect(0);
    assert!(done.out.contains("Clock     not known\n"), "{}", done.out);
}

#[test]
fn what_is_not_known_is_null_and_the_document_fits_its_schema() {
    let server = server(None, r#"{"account_id":"B-2"}"#);
    let done = whoami(&server, &["--format", "json"]).expect(0);
    let told: Value = serde_json::from_str(&done.out).unwrap();
    fits(&validator(SchemaName::Whoami), &told, "whoami");
    let nothing = serde_json::json!({"id": null, "name": null, "email": null});
    assert_eq!(told["user"], nothing);
    assert_eq!(told["clock"], Value::Null);
    let token =
        serde_json::json!({"kind": "developer_token", "from": "FRAMEIO_TOKEN", "ends": null});
    assert_eq!(told["token"], token);
    // That of the token comes first, though the list does not have it.
    let accounts = told["accounts"].as_array().unwrap();
    assert_eq!(
        (&accounts[0]["id"], &accounts[1]["id"]),
        (&"b-2".into(), &"a-1".into())
    );
    assert_eq!(accounts[0]["projects"], Value::Null);
    assert!(
        accounts[0]["unread"]
            .as_str()
            .unwrap()
            .contains("status 501")
    );
    let names = told["settings"].as_array().unwrap().iter();
    assert!(
        names
            .clone()
            .any(|row| row["name"] == "endpoint" && row["from"] == "--endpoint")
    );
    let done = Desk::new().run(&["whoami", "--format", "json"]).expect(7);
    let told: Value = serde_json::from_str(&done.out).unwrap();
    fits(
        &validator(SchemaName::Whoami),
        &told,
        "whoami without a token",
    );
    assert_eq!(told["token"], Value::Null);
}

#[test]
fn its_text_fits_a_terminal() {
    for api in ["v2", "v4"] {
        let desk = Desk::of_example("quickstart");
        let done = desk.run(&["whoami", "--sandbox", "--api", api]).expect(0);
        for line in done.out.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
