//! Waits: each has an end that is known beforehand, and a command never waits beyond what it was
//! given. The tests count requests; what is waited for here would take hours.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use serde_json::{Value, json};

use crate::harness::{Desk, Done};
use crate::server::{Request, Server, id, manifest, text};

/// What a server says that asks for more patience than anybody has, or for none that can be read.
const HOSTILE: [&str; 9] = [
    "retry-after: 86400\r\n",
    "retry-after: 18446744073709551615\r\n",
    "retry-after: 18446744073709551616\r\n",
    "retry-after: -1\r\n",
    "retry-after: soon\r\n",
    "retry-after-ms: 86400000\r\n",
    "date: Mon, 23 Nov 2026 20:00:00 GMT\r\nretry-after: Tue, 24 Nov 2026 20:00:00 GMT\r\n",
    "x-ratelimit-limit: 1\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-window: 4294967295\r\n",
    "",
];

/// The project of all files.
const PROJECT: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000900";

/// A file in a version stack.
const FILE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000901";

/// A server of V4 with one account, in which all is as `answer` says.
fn v4(answer: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::raw(move |request| {
        if request.line.starts_with("GET /v4/me") {
            return Some(text(200, "", r#"{"data":{"id":"u"}}"#));
        }
        if request.line.starts_with("GET /v4/accounts?") {
            return Some(text(200, "", r#"{"data":[{"id":"acc"}]}"#));
        }
        answer(request)
    })
}

fn run(desk: &Desk, server: &Server, command: &str, more: &[&str]) -> Done {
    let mut arguments: Vec<&str> = command.split(' ').collect();
    arguments.extend(["--endpoint", &server.url]);
    arguments.extend(more);
    desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments)
}

/// How many requests began like this.
fn count(server: &Server, line: &str) -> usize {
    let asked = server.asked();
    asked.iter().filter(|one| one.line.contains(line)).count()
}

/// A file as V4 shows it.
fn file(id: &str) -> String {
    json!({"data": asset(id, "file")}).to_string()
}

/// An asset as V4 shows it, with all that the guards count by.
fn asset(id: &str, kind: &str) -> Value {
    let project = json!({"id": PROJECT, "name": "Tide", "storage": 1_000_000});
    json!({
        "id": id, "type": kind, "name": "x", "deleted_at": null, "file_size": 1,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "project_id": PROJECT, "project": project
    })
}

/// What V4 says of what it does not know.
fn not_found() -> String {
    text(404, "", r#"{"errors":[{"title":"Not Found"}]}"#)
}

/// The last part of a request's path.
fn last(request: &Request) -> String {
    let path = request.line.split(['?', ' ']).nth(1).unwrap();
    path.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn no_hostile_wait_is_kept_to_before_a_plan() {
    for headers in HOSTILE {
        for (command, patience) in [
            ("plan --api v4", &["--retry-for", "0s"][..]),
            ("apply --api v4 --auto-approve", &["--retry-for", "0s"]),
        ] {
            let server = Server::raw(move |_| Some(text(429, headers, "")));
            let desk = Desk::with(&manifest(1));
            let done = run(&desk, &server, command, patience).expect(9);
            assert_eq!(server.asked().len(), 1, "{command} {headers}");
            assert!(done.err.contains("no `accounts` request"), "{}", done.err);
            assert!(done.err.contains("--retry-for"), "{}", done.err);
            assert!(!desk.path("retire.state.json").exists());
        }
    }
    // A day is too long for every command as it is: whose token it is, and one asset.
    for command in ["plan --api v4", "apply --api v4 --auto-approve"] {
        for headers in [HOSTILE[0], HOSTILE[1], HOSTILE[5], HOSTILE[6]] {
            let server = v4(move |_| Some(text(429, headers, "")));
            let desk = Desk::with(&manifest(3));
            let done = run(&desk, &server, command, &[]).expect(9);
            assert_eq!(server.asked().len(), 3, "{command} {headers}");
            assert!(done.err.contains("`show_file` request"), "{}", done.err);
        }
    }
}

#[test]
fn a_window_of_days_ends_a_plan_that_would_have_to_wait_for_it() {
    let headers = HOSTILE[7];
    let server = v4(move |request| Some(text(200, headers, &file(&last(request)))));
    let desk = Desk::with(&manifest(5));
    let done = run(&desk, &server, "plan --api v4", &[]).expect(9);
    assert_eq!(count(&server, "/files/"), 1, "{}", done.err);
}

#[test]
fn a_list_that_is_not_to_be_had_in_time_ends_the_command() {
    let server = v4(|request| {
        Some(if request.line.contains("/workspaces?") {
            text(429, HOSTILE[0], "")
        } else {
            not_found()
        })
    });
    let desk = Desk::with(&manifest(2));
    let done = run(&desk, &server, "plan --api v4", &[]).expect(9);
    assert_eq!(count(&server, "/workspaces?"), 1);
    assert!(done.err.contains("`workspaces` request"), "{}", done.err);
}

#[test]
fn a_token_endpoint_that_asks_for_a_day_is_not_waited_for() {
    for headers in HOSTILE {
        let server = Server::raw(move |request| {
            let fetches = request.line.starts_with("POST /ims/");
            fetches.then(|| text(429, headers, r#"{"error":"slow_down"}"#))
        });
        let desk = Desk::with(&manifest(1));
        let variables = [
            ("FRAMEIO_CLIENT_ID", "robot"),
            ("FRAMEIO_CLIENT_SECRET", "hush"),
        ];
        for command in ["plan", "apply"] {
            let before = server.asked().len();
            let mut arguments = vec![command, "--api", "v4", "--endpoint", &server.url];
            arguments.extend(["--ims-endpoint", &server.url, "--retry-for", "0s"]);
            if command == "apply" {
                arguments.push("--auto-approve");
            }
            let done = desk.run_with(&variables, &arguments).expect(9);
            assert_eq!(server.asked().len(), before + 1, "{command} {headers}");
            // It is not the limit of the call that the token is for.
            let said = done
                .err
                .contains("the token endpoint gives no token for another");
            assert!(
                said && !done.err.contains("request through"),
                "{}",
                done.err
            );
        }
    }
}

#[test]
fn a_run_that_would_wait_for_a_day_ends_and_says_so() {
    // Refused, or told by the headers of a success that nothing more goes through for days.
    for (status, headers, retired) in [
        (429, HOSTILE[0], 0),
        (429, HOSTILE[6], 0),
        (200, HOSTILE[7], 1),
    ] {
        let server = Server::raw(move |_| Some(text(status, headers, "{}")));
        let desk = Desk::with(&manifest(3));
        let more = ["--auto-approve", "--batch-size", "1", "--concurrency", "1"];
        let mut more = more.to_vec();
        more.extend(["--canary", "0", "--json-out", "events.jsonl"]);
        let done = run(&desk, &server, "apply --api v2", &more).expect(9);
        assert_eq!(count(&server, "DELETE"), 1, "{}", done.transcript());
        assert!(
            done.out.contains("no `bulk_delete` request"),
            "{}",
            done.out
        );
        let events = desk.read("events.jsonl");
        assert!(events.contains(r#""code":"rate_limited""#), "{events}");
        assert_eq!(desk.path("retire.state.json").exists(), retired == 1);
    }
}

#[test]
fn refusals_without_end_end_a_run() {
    let server = Server::raw(|_| Some(text(429, "retry-after-ms: 20\r\n", "{}")));
    let desk = Desk::with(&manifest(3));
    let more = ["--auto-approve", "--retry-for", "200ms"];
    let done = run(&desk, &server, "apply --api v2", &more).expect(9);
    assert!((2..=12).contains(&server.asked().len()), "{}", done.out);
    assert!(!desk.path("retire.state.json").exists());
}

#[test]
fn what_the_reads_learn_of_a_limit_the_run_begins_with() {
    // The list of a version stack is read for the plan, and would be read again by the run.
    let asked = AtomicUsize::new(0);
    let server = v4(move |request| {
        let id = last(request);
        Some(if id == "children" {
            asked.fetch_add(1, Ordering::SeqCst);
            text(200, HOSTILE[7], r#"{"data":[],"total_count":0}"#)
        } else if request.line.contains("/version_stacks/") {
            let stack = asset(&id, "version_stack");
            text(200, "", &json!({ "data": stack }).to_string())
        } else {
            not_found()
        })
    });
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {}, kind: version_stack}}\n",
        id(1)
    ));
    let done = run(&desk, &server, "apply --api v4 --auto-approve", &[]).expect(9);
    assert_eq!(count(&server, "/children?"), 1, "{}", done.transcript());
    assert!(
        done.out.contains("no `version_stack_children` request"),
        "{}",
        done.out
    );
}

#[test]
fn nothing_is_waited_for_once_a_run_is_saved() {
    // The delete of an asset is not answered, and neither is anything else that could tell of it.
    let server = v4(|request| match &request.line {
        line if line.contains("/recently_deleted?") => Some(text(429, HOSTILE[0], "")),
        line if line.starts_with("DELETE") => None,
        line if line.contains(&id(1)) && request.number > 4 => Some(not_found()),
        line if line.contains("/files/") => Some(text(200, "", &file(&last(request)))),
        _ => Some(not_found()),
    });
    let desk = Desk::with(&manifest(1));
    let more = ["--retries", "1", "--json-out", "events.jsonl"];
    let done = run(&desk, &server, "apply --api v4 --auto-approve", &more).expect(9);
    let lists = count(&server, "/recently_deleted?");
    assert_eq!(lists, 1, "{}", done.transcript());
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    assert_eq!(state["assets"][id(1)]["status"], "unknown");
    let events = desk.read("events.jsonl");
    assert!(events.contains(r#""call":"recently_deleted""#), "{events}");
}

#[test]
fn the_time_budget_ends_what_is_read_before_a_plan() {
    // A server that never answers, and one whose answers cannot be used: in a request, in a pause.
    for (answers, more) in [
        (false, &[][..]),
        (true, &["--retries", "1000", "--retry-for", "1h"]),
    ] {
        for command in ["plan --api v4", "apply --api v4 --auto-approve"] {
            let server = v4(move |_| {
                if !answers {
                    loop {
                        std::thread::park();
                    }
                }
                Some(text(500, "", ""))
            });
            let desk = Desk::with(&manifest(1));
            let mut more = more.to_vec();
            more.extend(["--time-budget", "700ms"]);
            let done = run(&desk, &server, command, &more).expect(9);
            assert!(done.err.contains("time budget is used up"), "{}", done.err);
            assert!(done.err.contains("--time-budget"), "{}", done.err);
            assert!(server.asked().len() < 100);
            assert!(!desk.path("retire.state.json").exists());
        }
    }
}

#[test]
fn the_time_budget_ends_a_run_that_waits() {
    let server = Server::raw(|_| Some(text(429, "retry-after: 300\r\n", "{}")));
    let desk = Desk::with(&manifest(1));
    let more = ["--auto-approve", "--time-budget", "700ms"];
    let done = run(&desk, &server, "apply --api v2", &more).expect(9);
    assert_eq!(server.asked().len(), 1);
    assert!(done.out.contains("time budget is used up"), "{}", done.out);
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error_of_every_command() {
    let desk = Desk::with(&manifest(1));
    let held = format!("{}holds:\n- {{id: {}, reason: x}}\n", manifest(1), id(2));
    desk.write("held.yaml", held);
    for command in [
        "plan --api v4 retire.yaml",
        "apply --api v4 --auto-approve retire.yaml",
        "plan --api v2 held.yaml",
        "apply --api v2 --auto-approve held.yaml",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        // Nothing listens there.
        arguments.extend(["--endpoint", "http://127.0.0.1:1", "--retries", "1"]);
        let done = desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments);
        let done = done.expect(1);
        assert!(done.err.contains("127.0.0.1:1"), "{command}: {}", done.err);
    }
    assert!(!desk.path("retire.state.json").exists());
}

#[test]
fn where_nothing_is_allowed_no_time_is_lost() {
    let server = Server::raw(|_| Some(text(403, "", r#"{"errors":[{"detail":"No."}]}"#)));
    let desk = Desk::with(&manifest(3));
    for (command, requests) in [
        ("plan --api v4", 1),
        ("apply --api v4 --auto-approve", 2),
        ("apply --api v2 --auto-approve", 3),
    ] {
        run(&desk, &server, command, &[]).expect(7);
        assert_eq!(server.asked().len(), requests, "{command}");
    }
    // Also where only the account may be read.
    let server = v4(|_| Some(text(403, "", r#"{"errors":[{"detail":"No."}]}"#)));
    let desk = Desk::with(&manifest(40));
    run(&desk, &server, "plan --api v4", &[]).expect(7);
    assert!(server.asked().len() < 40, "{}", server.asked().len());
}

/// A page of a list of V4: some ids, and where the next one begins.
fn page(ids: &[String], kind: &str, next: &str) -> String {
    let items: Vec<Value> = ids
        .iter()
        .map(|id| json!({"id": id, "type": kind, "deleted_at": "2026-11-01T00:00:00Z"}))
        .collect();
    let links = json!({"next": format!("/v4/x?after={next}")});
    text(200, "", &json!({"data": items, "links": links}).to_string())
}

/// The pages of a list without end: each one new, with the cursor of one that was read; or the
/// cursor new, and on it what was listed already.
fn endless(number: usize, repeats_cursor: bool, kind: &str) -> String {
    if repeats_cursor {
        page(&[id(1_000 + number)], kind, &format!("{}", number % 2))
    } else {
        page(&[id(1_000 + number % 2)], kind, &format!("{number}"))
    }
}

#[test]
fn a_list_that_repeats_itself_ends() {
    for repeats_cursor in [true, false] {
        let pages = AtomicUsize::new(0);
        let next =
            move |kind: &str| endless(pages.fetch_add(1, Ordering::SeqCst), repeats_cursor, kind);
        let next = Mutex::new(next);
        // The accounts, before anything else.
        let server = Server::raw(move |_| Some((next.lock().unwrap())("x")));
        let desk = Desk::with(&manifest(1));
        let done = run(&desk, &server, "plan --api v4", &[]).expect(1);
        assert!(server.asked().len() <= 4, "{}", server.asked().len());
        assert!(done.err.contains("the list"), "{}", done.err);

        // What is in a version stack: before the plan, which a guard then refuses, and in the run.
        for whole in [0, 1] {
            let pages = AtomicUsize::new(0);
            let server = v4(move |request| {
                let id = last(request);
                Some(if id == "children" {
                    let page = pages.fetch_add(1, Ordering::SeqCst);
                    if page < whole {
                        let data = [asset(FILE, "file")];
                        text(
                            200,
                            "",
                            &json!({"data": data, "total_count": 1}).to_string(),
                        )
                    } else {
                        endless(page, repeats_cursor, "file")
                    }
                } else if request.line.contains("/version_stacks/") {
                    let stack = asset(&id, "version_stack");
                    text(200, "", &json!({ "data": stack }).to_string())
                } else {
                    not_found()
                })
            });
            let desk = Desk::with(&format!(
                "version: 1\nassets:\n- {{id: {}, kind: version_stack}}\n",
                id(1)
            ));
            let done = run(&desk, &server, "apply --api v4 --auto-approve", &[]).expect(3);
            let asked = count(&server, "/children?");
            assert!(asked <= 8, "{asked}");
            assert_eq!(count(&server, "DELETE"), 0, "{}", done.transcript());
            if whole == 0 {
                assert!(done.err.contains("could not be listed"), "{}", done.err);
                continue;
            }
            assert!(done.out.contains("1 other failure"), "{}", done.out);
            assert!(!done.out.contains("conflict"), "{}", done.out);
        }

        // What was deleted from a project.
        let pages = AtomicUsize::new(0);
        let server = v4(move |request| match &request.line {
            line if line.contains("/workspaces?") => {
                Some(text(200, "", r#"{"data":[{"id":"w"}]}"#))
            }
            line if line.contains("/projects?") => Some(text(200, "", r#"{"data":[{"id":"p"}]}"#)),
            line if line.contains("/recently_deleted?") => {
                let page = pages.fetch_add(1, Ordering::SeqCst);
                Some(endless(page, repeats_cursor, "file"))
            }
            _ => Some(not_found()),
        });
        let desk = Desk::with(&manifest(1));
        run(&desk, &server, "plan --api v4", &[]).expect(3);
        let asked = count(&server, "/recently_deleted?");
        assert!(asked <= 4, "{asked}");
    }
}

#[test]
fn lists_of_recently_deleted_assets_are_read_side_by_side() {
    // Each answer waits until all the others are asked for.
    let waiting = (Mutex::new(0), Condvar::new());
    let server = v4(move |request| {
        Some(if request.line.contains("/workspaces?") {
            text(200, "", r#"{"data":[{"id":"w"}]}"#)
        } else if request.line.contains("/projects?") {
            text(200, "", r#"{"data":[{"id":"a"},{"id":"b"},{"id":"c"}]}"#)
        } else if request.line.contains("/recently_deleted?") {
            let (count, more) = &waiting;
            let mut count = count.lock().unwrap();
            *count += 1;
            more.notify_all();
            drop(more.wait_while(count, |count| *count < 3).unwrap());
            text(200, "", r#"{"data":[]}"#)
        } else {
            not_found()
        })
    });
    let desk = Desk::with(&manifest(1));
    run(&desk, &server, "plan --api v4", &[]).expect(3);
    assert_eq!(count(&server, "/recently_deleted?"), 3);
}

#[test]
fn a_connection_that_the_server_does_not_keep_costs_nothing() {
    // Whatever comes second on a connection is not answered.
    let alive = Mutex::new((1..=200).map(id).collect::<BTreeSet<_>>());
    let server = v4(move |request| {
        if request.nth > 1 {
            return None;
        }
        let id = last(request);
        let mut alive = alive.lock().unwrap();
        if request.line.starts_with("DELETE") {
            alive.remove(&id);
            return Some(text(204, "", ""));
        }
        Some(if alive.contains(&id) {
            text(200, "", &file(&id))
        } else {
            not_found()
        })
    });
    let files = manifest(200).replace("\n- ", "\n- {kind: file, id: ");
    let files = files.replace("\n- ", "}\n- ").replacen('}', "", 1);
    let desk = Desk::with(&(files.trim_end().to_owned() + "}\n"));
    let more = ["--auto-approve", "--retries", "0"];
    let done = run(&desk, &server, "apply --api v4", &more).expect(0);
    assert!(done.out.contains("200 retired"), "{}", done.out);
    // Eight requests at once may meet with a connection that is closed, and then no more do.
    let deletes = count(&server, "DELETE");
    assert!(deletes <= 208, "{deletes} deletes");
}
