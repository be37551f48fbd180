//! Folders that are refused and taken apart, and version stacks, whose files go one by one: what
//! people change meanwhile, and what is recorded of each.
#![cfg(unix)]

use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::{Value, json};

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;
use crate::verify_age::{apply, lives};

const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000005";

const WHOLE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000003";
const DEEP: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000004";

fn file(number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-9f21-0000000001{number:02}")
}

/// A server of some behaviour with some assets, and a manifest that lists some.
fn served(behaviour: &str, assets: &str, manifest: &str) -> (Served, Desk) {
    let world = format!("{behaviour}\n{}", seed(assets));
    let world = World::from_seed(Seed::parse("sandbox.yaml", &world).unwrap());
    let desk = Desk::with(&format!("version: 1\n{manifest}\n"));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    (Served::new(world), desk)
}

/// Has people change something at the moment of some calls.
fn change_before(served: &Served, calls: &str, changes: &Value) {
    let surprise = json!([{"before": calls, "changes": changes}]);
    served.sandbox.surprise(&surprise.to_string()).unwrap();
}

fn plan(served: &Served, desk: &Desk) -> Done {
    let url = served.sandbox.url();
    let variables = [
        ("FRAMEIO_TOKEN", served.sandbox.token()),
        ("RETIRE_ENDPOINT", &url),
        ("RETIRE_API", "v4"),
    ];
    desk.run_with(&variables, &["plan"])
}

fn records(desk: &Desk) -> Value {
    let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
    state["assets"].clone()
}

fn status(desk: &Desk, id: &str) -> Value {
    records(desk)[id]["status"].clone()
}

/// How many deletes were sent.
fn deletes(served: &Served) -> usize {
    let log = served.sandbox.log();
    log.iter()
        .filter(|request| request.method == "DELETE")
        .count()
}

/// A folder with two files, a version stack of two, and a folder of one file; its first delete is
/// refused.
fn refused_folder() -> (Served, Desk) {
    let inside = [
        format!("{{id: {}, name: f1, filesize: 5000000}}", file(1)),
        format!("{{id: {}, name: f2, filesize: 6000000}}", file(2)),
        format!(
            "{{id: {STACK}, name: cut, type: version_stack, children: [{{id: {}, name: v1, filesize: 1000000}}, {{id: {}, name: v2, filesize: 1000000}}]}}",
            file(3),
            file(4)
        ),
        format!(
            "{{id: {DEEP}, name: deep, type: folder, children: [{{id: {}, name: f5, filesize: 7000000}}]}}",
            file(5)
        ),
    ];
    let folder = format!(
        "              - {{id: {WHOLE}, name: whole, type: folder, children: [{}]}}\n",
        inside.join(", ")
    );
    let behaviour = "limits: off\nfaults: {rules: ['422=first:1@v4_folder_delete']}";
    served(behaviour, &folder, &format!("assets: [{WHOLE}]"))
}

#[test]
fn what_a_refused_folder_held_keeps_its_names_and_sizes() {
    let (served, desk) = refused_folder();
    let done = apply(&served, &desk, &[]).expect(0);
    assert!(done.out.contains("Deleted: 20 MB"), "{}", done.transcript());
    let all = records(&desk);
    for (id, name, bytes) in [
        (file(1), "f1", 5_000_000),
        (file(2), "f2", 6_000_000),
        (file(3), "v1", 1_000_000),
        (file(4), "v2", 1_000_000),
        (DEEP.to_owned(), "deep", 7_000_000),
        // All that it held has a record of its own.
        (WHOLE.to_owned(), "whole", 0),
    ] {
        let record = &all[&id];
        assert_eq!(record["status"], "retired", "{name}");
        assert_eq!(record["name"], name);
        assert_eq!(record["bytes"], bytes, "{name}");
        assert!(record["folder"].is_number(), "{name}: {record}");
    }
    assert_eq!(all.as_object().unwrap().len(), 6);
    let history = desk.run(&["state", "history"]).expect(0).out;
    assert!(history.contains("6 retired, 20 MB deleted"), "{history}");
    served.stop();
}

/// Only the folder was sent: what lies in it has no record, whatever people do to the folder.
#[test]
fn what_was_not_sent_of_a_refused_folder_has_no_record() {
    for (change, expected, words) in [
        (
            json!([{"rename": {"id": WHOLE, "name": "keep"}}]),
            "failed",
            "it has another name than reviewed",
        ),
        (json!([{"delete": {"id": WHOLE}}]), "gone", "1 already gone"),
    ] {
        let (served, desk) = refused_folder();
        change_before(&served, "at:1@v4_folder_delete", &change);
        let done = apply(&served, &desk, &[]);
        assert!(done.out.contains(words), "{}", done.transcript());
        assert_eq!(deletes(&served), 1, "{}", done.transcript());
        let all = records(&desk);
        assert_eq!(all[WHOLE]["status"], expected, "{}", done.transcript());
        let names: Vec<&String> = all.as_object().unwrap().keys().collect();
        assert_eq!(names, [WHOLE], "{}", done.transcript());
        served.stop();
    }
}

/// A version stack of six files, of which people take one back while the rest goes.
fn stack_of_six(limits: &str) -> (Served, Desk) {
    let files: Vec<String> = (1..=6)
        .map(|number| format!("{{id: {}, name: v{number}}}", file(number)))
        .collect();
    let stack = format!(
        "              - {{id: {STACK}, name: cut, type: version_stack, children: [{}]}}\n",
        files.join(", ")
    );
    served(limits, &stack, &format!("assets: [{STACK}]"))
}

#[test]
fn a_version_that_people_restore_while_the_rest_of_its_stack_goes_is_not_deleted_again() {
    let (served, desk) = stack_of_six("limits: off");
    let restore = json!([{"restore": {"id": file(3)}}]);
    change_before(&served, "at:6@v4_file_delete", &restore);
    let done = apply(&served, &desk, &["--concurrency", "1"]).expect(3);
    assert!(lives(&served, &file(3)), "{}", done.transcript());
    assert_eq!(status(&desk, &file(3)), "retired", "it was, by its answer");
    assert_eq!(status(&desk, STACK), "failed");
    let words = "shows it all the same";
    assert!(done.out.contains(words), "{}", done.transcript());
    let sent = deletes(&served);
    let planned = plan(&served, &desk).expect(0);
    assert!(planned.out.contains("1 held"), "{}", planned.transcript());
    apply(&served, &desk, &[]).expect(0);
    assert_eq!(deletes(&served), sent);
    assert!(lives(&served, &file(3)));
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets: [{{id: {STACK}, again: true}}]\n"),
    );
    apply(&served, &desk, &[]).expect(0);
    assert!(!lives(&served, &file(3)));
    assert_eq!(status(&desk, STACK), "retired");
    served.stop();
}

#[test]
fn what_is_left_of_a_stack_stays_once_a_version_of_it_was_taken_back() {
    let (served, desk) = stack_of_six("limits: {v4_file_delete: 2/2000ms}");
    let restore = json!(
        (1..=6)
            .map(|number| json!({"restore": {"id": file(number)}}))
            .collect::<Vec<_>>()
    );
    change_before(&served, "at:4@v4_file_delete", &restore);
    let more = ["--verify-age", "20s", "--concurrency", "1"];
    let done = apply(&served, &desk, &more).expect(3);
    assert!(done.out.contains("it is kept now"), "{}", done.transcript());
    let sent = deletes(&served);
    assert!(sent < 6, "{sent}");
    let retired = (1..=6).filter(|number| status(&desk, &file(*number)) == "retired");
    let retired: Vec<usize> = retired.collect();
    assert!(retired.len() >= 3, "{}", done.transcript());
    for number in retired.iter().take(3) {
        assert!(lives(&served, &file(*number)), "{number}");
    }
    assert_eq!(status(&desk, STACK), "failed");
    let all = records(&desk).as_object().unwrap().len();
    assert_eq!(all, retired.len() + 1, "nothing of what was not sent");
    apply(&served, &desk, &[]).expect(0);
    assert_eq!(deletes(&served), sent);
    served.stop();
}
