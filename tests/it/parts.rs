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
    apply(&served, &desk, &[]).expect(0);
    assert_eq!(deletes(&served), sent);
    served.stop();
}
