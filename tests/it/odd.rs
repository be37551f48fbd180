//! Answers of V4 in which one value is not what it should be.

use std::sync::atomic::{AtomicBool, Ordering};

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::{Value, json};

use crate::harness::{Desk, Done, seed};
use crate::server::{Request, Server, id, manifest, text};
use crate::soak::Served;

const PROJECT: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000900";
const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000901";

/// A server that has two files, of which `change` changes what it says of the first.
fn v4(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Server {
    Server::raw(move |request| {
        let line = &request.line;
        let listed = |items: Value| {
            let count = items.as_array().map_or(0, Vec::len);
            Some(dated(200, &json!({"data": items, "total_count": count})))
        };
        if line.starts_with("DELETE") {
            return Some(text(204, "", ""));
        }
        if line.starts_with("GET /v4/me") {
            return Some(dated(200, &json!({"data": {"id": "u"}})));
        }
        if line.starts_with("GET /v4/accounts?") {
            return listed(json!([{"id": "acc"}]));
        }
        let mut first = asset(&id(1), "file");
        change(&mut first);
        if line.contains("/children") {
            return listed(json!([first, asset(&id(2), "file")]));
        }
        let asked = last(request);
        let shown = match asked.as_str() {
            FOLDER => asset(FOLDER, "folder"),
            _ if asked == id(1) => first,
            _ if asked == id(2) => asset(&id(2), "file"),
            _ => return Some(dated(404, &json!({"errors": [{"title": "Not Found"}]}))),
        };
        let is_folder = line.contains("/folders/");
        if is_folder != (asked == FOLDER) {
            return Some(dated(422, &json!({"errors": [{"title": "It is none."}]})));
        }
        Some(dated(200, &json!({"data": shown})))
    })
}

/// An answer with the time at which it is given.
fn dated(status: u16, body: &Value) -> String {
    text(
        status,
        "date: Fri, 27 Nov 2026 12:00:00 GMT\r\n",
        &body.to_string(),
    )
}

fn asset(id: &str, kind: &str) -> Value {
    let project = json!({"id": PROJECT, "name": "Tide", "root_folder_id": FOLDER, "storage": 9});
    json!({
        "id": id, "type": kind, "name": "x", "file_size": 1,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "parent_id": if kind == "file" { json!(FOLDER) } else { Value::Null },
        "project_id": PROJECT, "project": project
    })
}

fn last(request: &Request) -> String {
    let path = request.line.split(['?', ' ']).nth(1).unwrap();
    path.rsplit('/').next().unwrap().to_owned()
}

fn run(desk: &Desk, server: &Server, command: &[&str]) -> Done {
    desk.write(
        "retire.toml",
        "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n",
    );
    let variables = [
        ("FRAMEIO_TOKEN", "t"),
        ("RETIRE_API", "v4"),
        ("RETIRE_ENDPOINT", &server.url),
    ];
    desk.run_with(&variables, command)
}

/// How often something was asked for.
fn count(server: &Server, part: &str) -> usize {
    let asked = server.asked();
    asked.iter().filter(|one| one.line.contains(part)).count()
}

#[test]
fn a_value_by_which_no_delete_is_decided_hides_no_asset() {
    let odd = [
        json!(-1),
        json!(1e30),
        json!("9"),
        json!(7.5),
        json!({}),
        json!([5]),
        json!(true),
    ];
    for value in odd {
        for place in [
            "/name",
            "/project/storage",
            "/project/name",
            "/project/root_folder_id",
            "/project/id",
            "/project",
            "/creator",
            "/metadata",
            "/status",
            "/view_url",
            "/restricted",
        ] {
            let told = value.clone();
            let server = v4(move |asset| {
                asset["creator"] = json!({"id": "u"});
                for name in ["metadata", "status", "view_url", "restricted"] {
                    asset[name] = Value::Null;
                }
                *asset.pointer_mut(place).unwrap() = told.clone();
            });
            let desk = Desk::with(&manifest(1));
            run(&desk, &server, &["apply", "--auto-approve"]).expect(0);
            assert_eq!(count(&server, "DELETE"), 1, "{place} {value}");
            let asked = count(&server, &format!("/files/{}?", id(1)));
            assert_eq!(asked, 1, "{place} {value}");
        }
        // A guard that needs it refuses, as where nobody says it.
        let told = value.clone();
        let server = v4(move |asset| asset["file_size"] = told.clone());
        let desk = Desk::with(&manifest(1));
        let done = run(&desk, &server, &["apply", "--auto-approve"]).expect(4);
        assert!(done.err.contains("max-bytes"), "{value}: {}", done.err);
    }
}

#[test]
fn a_field_that_matters_is_named_and_not_asked_for_again() {
    for (field, value, said) in [
        (
            "parent_id",
            json!(5),
            "`data.parent_id`: the id of an asset belongs here, and not `5`",
        ),
        (
            "project_id",
            json!({}),
            "`data.project_id`: the id of an asset belongs here",
        ),
        (
            "type",
            json!("bundle"),
            "`data.type`: `bundle` is not known here",
        ),
        (
            "id",
            json!(false),
            "`data.id`: the id of an asset belongs here",
        ),
        ("deleted_at", json!("never"), "its `deleted_at` is no time"),
        (
            "deleted_at",
            json!("2099-01-01T00:00:00Z"),
            "its `deleted_at` is over",
        ),
        (
            "deleted_at",
            json!("0001-01-01T00:00:00Z"),
            "its `deleted_at` is before there was a Frame.io",
        ),
    ] {
        let server = v4(move |asset| asset[field] = value.clone());
        let desk = Desk::with(&manifest(2));
        let done = run(&desk, &server, &["apply", "--auto-approve"]).expect(3);
        assert!(done.err.contains(said), "{field}: {}", done.err);
        assert!(done.err.contains(&id(1)), "{field}: {}", done.err);
        let asked = count(&server, &format!("/files/{}?", id(1)));
        assert_eq!(asked, 1, "{field}");
        let deleted = count(&server, &format!("DELETE /v4/accounts/acc/files/{}", id(2)));
        assert_eq!((deleted, count(&server, "DELETE")), (1, 1), "{field}");
    }
}

#[test]
fn a_list_with_an_entry_that_cannot_be_read_is_told_with_the_field() {
    let server = v4(|asset| asset["id"] = json!(5));
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {FOLDER}, kind: folder}}\n"
    ));
    let done = run(&desk, &server, &["apply", "--auto-approve"]);
    assert_eq!(count(&server, "DELETE"), 0);
    let said = done.out.clone() + &done.err;
    assert!(said.contains("`data[0].id`"), "{done:?}");
    assert_eq!(count(&server, "/children"), 1);
}

#[test]
fn a_project_that_does_not_come_along_is_read_once() {
    let line = |number| {
        let id = id(number);
        format!("              - {{id: {id}, name: a, type: file, filesize: 10}}\n")
    };
    let lines: Vec<String> = (1..=3).map(line).collect();
    let seed = seed(&lines.concat());
    let seed = format!("limits: off\nbehaviour: {{include_project: ignored}}\n{seed}");
    let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    let served = Served::new(world);
    let desk = Desk::with(&manifest(3));
    desk.write("retire.toml", "version = 1\n[guards]\nmin-age = \"0s\"\n");
    let url = served.sandbox.url();
    let variables = [
        ("FRAMEIO_TOKEN", served.sandbox.token()),
        ("RETIRE_ENDPOINT", &url),
        ("RETIRE_API", "v4"),
    ];
    // All that the project has is more than a third of it.
    let done = desk.run_with(&variables, &["plan"]).expect(4);
    assert!(done.err.contains("100 %"), "{}", done.err);
    let log = served.sandbox.log();
    let projects = log.iter().filter(|request| {
        let target = &request.target;
        target.contains("/projects/") && !target.contains("recently_deleted")
    });
    assert_eq!(projects.count(), 1);
    let is_alive = |number| {
        served
            .sandbox
            .with_world(|world| world.is_alive(AssetId::parse(&id(number)).unwrap()))
    };
    assert!(is_alive(1));
    served.stop();
}

#[test]
fn a_sum_beyond_all_numbers_is_said_to_be_a_lower_bound() {
    let server = v4(|asset| asset["file_size"] = json!(u64::MAX));
    let desk = Desk::with(&manifest(2));
    let done = run(&desk, &server, &["plan"]).expect(4);
    assert!(
        done.out.contains("2 files go, at least 18.4 EB"),
        "{}",
        done.out
    );
    assert!(done.err.contains("max-bytes"), "{}", done.err);
}

#[test]
fn a_line_counts_only_where_the_server_says_that_its_moment_is_over() {
    let date = "date: Fri, 27 Nov 2026 12:00:00 GMT\r\n";
    let elsewhere = json!({"project_id": id(9)});
    let younger = json!({"created_at": "2026-11-21T12:00:00Z"});
    for (at, more, headers, status) in [
        ("2026-11-20T12:00:00Z", json!({}), date, Some("gone")),
        ("2026-11-20T12:00:00Z", json!({}), "", Some("missing")),
        ("2026-11-28T12:00:00Z", json!({}), date, Some("missing")),
        ("2099-01-01T00:00:00Z", json!({}), "", Some("missing")),
        // Programs write their first moment for none.
        ("0001-01-01T00:00:00Z", json!({}), date, Some("missing")),
        ("1970-01-01T00:00:00Z", json!({}), date, Some("missing")),
        // A line that contradicts itself, or its list.
        ("2026-11-20T12:00:00Z", younger, date, Some("missing")),
        ("2026-11-20T12:00:00Z", elsewhere, date, Some("missing")),
    ] {
        let mut line = json!({"id": id(1), "type": "file", "deleted_at": at});
        let fields = more.as_object().unwrap().clone();
        line.as_object_mut().unwrap().extend(fields);
        let deleted = line.clone();
        let server = Server::raw(move |request| {
            let line = &request.line;
            let listed = |items: Value| {
                let count = items.as_array().map_or(0, Vec::len);
                let body = json!({"data": items, "total_count": count}).to_string();
                Some(text(200, headers, &body))
            };
            if line.starts_with("GET /v4/me") {
                return Some(text(200, headers, r#"{"data":{"id":"u"}}"#));
            }
            match line {
                line if line.contains("/accounts?") => listed(json!([{"id": "acc"}])),
                line if line.contains("/workspaces?") => listed(json!([{"id": "w"}])),
                line if line.contains("/projects?") => listed(json!([{"id": PROJECT}])),
                line if line.contains("/recently_deleted?") => listed(json!([deleted])),
                _ => {
                    let body = json!({"errors": [{"title": "Not Found"}]}).to_string();
                    Some(text(404, headers, &body))
                }
            }
        });
        let desk = Desk::with(&manifest(1));
        let code = if status == Some("gone") { 0 } else { 3 };
        run(&desk, &server, &["apply", "--auto-approve"]).expect(code);
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        let record = &state["assets"][id(1)]["status"];
        assert_eq!(record.as_str(), status, "{line} {headers}");
    }
}

/// A server with a version stack of two files, of which nobody knows what became of the second as
/// soon as the first is deleted; then the version stack has no list either.
fn vanishing(stack: &'static str) -> Server {
    let is_gone = AtomicBool::new(false);
    Server::raw(move |request| {
        let line = &request.line;
        let listed = |items: Value| {
            let count = items.as_array().map_or(0, Vec::len);
            Some(dated(200, &json!({"data": items, "total_count": count})))
        };
        let absent = || Some(dated(404, &json!({"errors": [{"title": "Not Found"}]})));
        if line.starts_with("DELETE") && last(request) == id(1) {
            is_gone.store(true, Ordering::SeqCst);
            return Some(text(204, "", ""));
        }
        let is_gone = is_gone.load(Ordering::SeqCst);
        match line {
            line if line.starts_with("GET /v4/me") => {
                Some(dated(200, &json!({"data": {"id": "u"}})))
            }
            line if line.contains("/accounts?") => listed(json!([{"id": "acc"}])),
            line if line.contains("/workspaces?") => listed(json!([{"id": "w"}])),
            line if line.contains("/projects?") => listed(json!([{"id": PROJECT}])),
            line if line.contains("/recently_deleted?") => listed(json!([])),
            line if line.contains(&format!("/version_stacks/{stack}/children")) && !is_gone => {
                listed(json!([asset(&id(1), "file"), asset(&id(2), "file")]))
            }
            line if line.contains(&format!("/version_stacks/{stack}/children")) => absent(),
            line if line.contains(&format!("/version_stacks/{stack}")) => {
                let mut shown = asset(stack, "version_stack");
                shown["parent_id"] = json!(FOLDER);
                Some(dated(200, &json!({"data": shown})))
            }
            line if line.contains(&format!("/folders/{FOLDER}")) => {
                Some(dated(200, &json!({"data": asset(FOLDER, "folder")})))
            }
            _ => absent(),
        }
    })
}

#[test]
fn a_file_of_a_stack_that_vanished_is_missing_and_keeps_the_stack() {
    const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000905";
    let server = vanishing(STACK);
    let listed = format!("version: 1\nassets:\n- {{id: {STACK}, kind: version_stack}}\n");
    let desk = Desk::with(&listed);
    let record = |id: &str| {
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        state["assets"][id].clone()
    };
    let apply = || {
        run(
            &desk,
            &server,
            &["apply", "--auto-approve", "--concurrency", "1"],
        )
    };
    for again in 0..2 {
        apply().expect(3);
        let stack = record(STACK);
        assert_eq!(stack["status"], "failed", "{again}");
        assert_ne!(stack["kind"], "permission", "{again}: {stack}");
        assert_eq!(stack["files"], json!([id(1), id(2)]), "{again}");
        assert_eq!(record(&id(1))["status"], "retired", "{again}");
        assert_eq!(record(&id(2))["status"], "missing", "{again}");
        assert_eq!(record(&id(1))["bytes"], 1);
    }
    // Somebody knows what became of it.
    let accepted = ["state", "accept-missing", &id(2), "--auto-approve"];
    run(&desk, &server, &accepted).expect(0);
    apply().expect(0);
    let stack = record(STACK);
    assert_eq!(
        (&stack["status"], &stack["bytes"]),
        (&json!("retired"), &json!(0))
    );
    assert_eq!(stack["files"], Value::Null);
    assert_eq!(record(&id(2))["status"], "gone");
}

#[test]
fn what_was_deleted_of_a_stack_is_counted_once_whichever_run_sent_it() {
    let child = |number: usize| {
        let id = id(number);
        format!("{{id: {id}, name: b, filesize: 10}}")
    };
    let children = [child(11), child(12)].join(", ");
    let stack = id(1);
    let assets = format!(
        "              - {{id: {stack}, name: a, type: version_stack, children: [{children}]}}\n"
    );
    let seed = format!("limits: off\n{}", seed(&assets));
    let faults = Faults {
        seed: 1,
        rules: vec!["403=at:2@v4_file_delete".parse().unwrap()],
    };
    let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
    let served = Served::new(world.with_faults(faults));
    let desk = Desk::with(&format!("version: 1\nassets: [{stack}]\n"));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    let apply = |code: i32| {
        let more = ["--api", "v4", "--canary", "0", "--concurrency", "1"];
        let done = served.apply(&desk, &more).expect(code);
        let bytes = done.out.lines().find(|line| line.starts_with("Deleted: "));
        bytes.unwrap_or("none").to_owned()
    };
    assert!(apply(3).starts_with("Deleted: 10 B."));
    let other = AssetId::parse(&id(12)).unwrap();
    served.sandbox.change(Change::Delete { id: other }).unwrap();
    assert_eq!(apply(0), "none", "the rest was deleted by somebody else");
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    let of = |number: usize, field: &str| state["assets"][id(number)][field].clone();
    assert_eq!(
        [1, 11, 12].map(|number| of(number, "status")),
        ["retired", "retired", "gone"]
    );
    assert_eq!([1, 11].map(|number| of(number, "bytes")), [0, 10]);
    let history = desk.run(&[
        "state",
        "history",
        "--state",
        "state.json",
        "--format",
        "json",
    ]);
    assert!(history.out.contains("\"bytes\":10"), "{}", history.out);
    served.stop();
}
