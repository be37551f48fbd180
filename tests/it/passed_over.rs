//! What is no manifest is passed over, and named where it could be one.

use crate::harness::Desk;
use crate::holds::{A, first, holds, lists};

#[test]
fn what_is_passed_over_is_named_and_nothing_else() {
    let desk = Desk::new();
    desk.write("manifests/list.yaml", lists(&[A]));
    desk.write(
        "manifests/docker-compose.yml",
        "services: {web: {image: x}}\n",
    );
    desk.write("manifests/package.json", "{\"name\": \"\\ud83d\\ude00\"}");
    desk.write("manifests/notes.md", "holds: none");
    desk.write("manifests/.git/x.yaml", holds(A));
    // Documents of this program are no news.
    desk.write("manifests/sandbox.yaml", "this: is no manifest\n");
    desk.write("manifests/world.yaml", "version: 1\naccounts: []\n");
    desk.write(
        "manifests/old.json",
        "{\"version\":1,\"lineage\":\"x\",\"serial\":1,\"holds\":{}}",
    );
    let done = desk.run(&["validate", "manifests"]).expect(0);
    assert_eq!(done.out, "1 manifest, 1 asset: no errors\n");
    assert_eq!(
        done.err,
        "passed over, not a manifest: `manifests/docker-compose.yml`, `manifests/package.json`\n"
    );
    // What is hidden, or a seed by its name, is named where it could hold something.
    desk.write("manifests/.holds.yaml", holds(A));
    desk.write("manifests/.prettierrc.yaml", "semi: false\n");
    desk.write("manifests/.old/holds.yaml", holds(A));
    desk.write(
        "manifests/Sandbox.json",
        format!("{{\"holds\": [\"{A}\"]}}"),
    );
    let done = desk.run(&["plan"]).expect(0);
    let (_, hidden) = done.err.split_once('\n').unwrap();
    assert_eq!(
        first(hidden),
        "passed over, by its name, though it looks like a manifest: `manifests/.holds.yaml`, `manifests/.old/`, `manifests/Sandbox.json`"
    );
    let none = Desk::new();
    none.write("manifests/compose.yml", "services: {}\n");
    let done = none.run(&["plan"]).expect(8);
    assert!(
        done.err.contains("not a manifest: `manifests/compose.yml`"),
        "{}",
        done.err
    );
}

#[test]
fn a_hold_file_beside_the_usual_manifests_is_named_and_read_where_it_is_a_path() {
    let desk = Desk::with(&lists(&[A]));
    desk.write("legal.yaml", holds(A));
    desk.write(
        ".holds.json",
        format!("{{\"holds\": [{{\"id\": \"{A}\"}}]}}"),
    );
    desk.write("compose.yaml", "services: {}\n");
    desk.write("sandbox.yaml", "version: 1\naccounts: []\n");
    let done = desk.run(&["validate"]).expect(0);
    assert_eq!(
        done.err,
        "not read, though it looks like a manifest: `.holds.json`, `legal.yaml`; only `retire.yaml`, `manifests/` and PATHs are read\n"
    );
    let done = desk
        .run(&["validate", "retire.yaml", "legal.yaml"])
        .expect(0);
    assert!(done.err.contains(": `.holds.json`; only"), "{}", done.err);
}

#[test]
fn a_state_and_a_saved_plan_beside_the_manifests_are_passed_over() {
    let desk = Desk::with(&lists(&[A]));
    desk.run(&["apply", "--sandbox", "--json-out", "run.json"])
        .expect(0);
    desk.run(&["plan", "--sandbox", "--out", "plan.json"])
        .expect(0);
    let done = desk.run(&["validate", "."]).expect(0);
    assert_eq!(done.out, "1 manifest, 1 asset: no errors\n");
    assert_eq!(done.err, "");
}

#[test]
fn a_list_in_what_begins_like_another_document_is_not_passed_over() {
    for (name, text) in [
        (
            "manifests/h.json",
            format!(
                "{{\"type\":\"holds\",\"version\":1,\"holds\":[{{\"id\":\"{A}\",\"reason\":\"x\"}}]}}"
            ),
        ),
        (
            "manifests/h.yaml",
            format!("type: legal\nversion: 1\n\"holds\" :\n - {{id: {A}, reason: x}}\n"),
        ),
        (
            "manifests/i.yaml",
            format!("type: legal\nversion: 1\nHolds:\n- {{id: {A}, reason: x}}\n"),
        ),
        (
            "manifests/j.json",
            format!("{{\"version\":1,\"lineage\":\"l\",\"serial\":1,\"holds\":[\"{A}\"]}}"),
        ),
    ] {
        let desk = Desk::with(&format!("version: 1\nassets: [{{id: {A}, kind: file}}]\n"));
        desk.write(name, text);
        let done = desk.run(&["apply", "--sandbox"]).expect(8);
        assert!(done.err.contains(name), "{}", done.err);
    }
    // By its name it is no manifest, and it is named.
    for name in [
        "manifests/holds.txt",
        "manifests/h.yaml~",
        "manifests/.legal/2026/h.yaml",
    ] {
        let desk = Desk::with(&format!("version: 1\nassets: [{{id: {A}, kind: file}}]\n"));
        desk.write(
            name,
            format!("version: 1\nholds: [{{id: {A}, reason: x}}]\n"),
        );
        let done = desk.run(&["validate"]).expect(0);
        let folder = name.split("/2026").next().unwrap();
        assert!(done.err.contains(folder), "{}", done.err);
    }
}
