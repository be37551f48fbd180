//! The same with V4, and what its lists and folders show.

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::{Value, json};

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

/// The text of the id of one of the assets.
pub(crate) fn text(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn id(number: usize) -> AssetId {
    text(number).parse().unwrap()
}

/// An asset of a seed; `more` are further fields of it.
fn asset(number: usize, kind: &str, more: &str) -> String {
    let id = text(number);
    format!("              - {{id: {id}, name: a, type: {kind}{more}}}\n")
}

pub(crate) fn file(number: usize) -> String {
    asset(number, "file", "")
}

/// A manifest of assets, each with its kind.
pub(crate) fn listing(assets: &[(usize, &str)]) -> Desk {
    let lines = assets.iter().map(|(number, kind)| {
        let id = text(*number);
        format!("- {{id: {id}, kind: {kind}}}\n")
    });
    Desk::with(&format!(
        "version: 1\nassets:\n{}",
        lines.collect::<String>()
    ))
}

pub(crate) fn files(numbers: impl IntoIterator<Item = usize>) -> Vec<(usize, &'static str)> {
    numbers.into_iter().map(|number| (number, "file")).collect()
}

/// A sandbox of assets; `behaviour` and `rules` say how it is.
pub(crate) fn serve(assets: &str, behaviour: &str, rules: &[&str]) -> Served {
    let text = format!("limits: off\nbehaviour: {{{behaviour}}}\n{}", seed(assets));
    let faults = Faults {
        seed: 1,
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
    };
    let world = World::from_seed(Seed::parse("sandbox.yaml", &text).unwrap());
    Served::new(world.with_faults(faults))
}

pub(crate) fn apply(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    let mut arguments = vec!["--api", "v4", "--canary", "0"];
    arguments.extend(more);
    served.apply(desk, &arguments)
}

pub(crate) fn record(desk: &Desk, number: usize) -> Value {
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    state["assets"][text(number)].clone()
}

fn is_alive(served: &Served, number: usize) -> bool {
    served
        .sandbox
        .with_world(|world| world.is_alive(id(number)))
}

#[test]
fn an_asset_that_is_there_and_that_a_delete_does_not_find_failed() {
    let assets = asset(1, "file", ", deaf: true") + &file(2);
    let served = serve(&assets, "", &[]);
    let desk = listing(&files(1..=2));
    apply(&served, &desk, &[]).expect(3);
    let failed = record(&desk, 1);
    assert_eq!(failed["status"], "failed");
    let message = failed["message"].as_str().unwrap();
    assert!(message.contains("refuses the delete"), "{message}");
    assert_eq!(record(&desk, 2)["evidence"], "answer");
    served.stop();
}

#[test]
fn a_file_of_a_stack_that_its_delete_does_not_find_keeps_the_stack() {
    let children = |more: &str| {
        let (one, other) = (text(11), text(12));
        format!(", children: [{{id: {one}, name: b}}, {{id: {other}, name: c{more}}}]")
    };
    let served = serve(
        &asset(1, "version_stack", &children(", deaf: true")),
        "",
        &[],
    );
    let desk = listing(&[(1, "version_stack")]);
    apply(&served, &desk, &[]).expect(3);
    assert_eq!(record(&desk, 1)["status"], "failed");
    assert!(is_alive(&served, 12) && !is_alive(&served, 11));
    served.stop();
}

#[test]
fn a_file_of_a_stack_that_is_called_deleted_and_listed_all_the_same_keeps_the_stack() {
    let (one, other) = (text(11), text(12));
    let children =
        format!(", children: [{{id: {one}, name: b}}, {{id: {other}, name: c, feigned: true}}]");
    let served = serve(&asset(1, "version_stack", &children), "", &[]);
    let desk = listing(&[(1, "version_stack")]);
    apply(&served, &desk, &[]).expect(3);
    let told = [1, 11, 12].map(|number| record(&desk, number)["status"].clone());
    assert_eq!(told, ["failed", "retired", "retired"]);
    assert!(is_alive(&served, 12) && !is_alive(&served, 11));
    // As a rule people have taken it back.
    let done = apply(&served, &desk, &[]).expect(0);
    assert!(done.out.contains("1 held"), "{}", done.transcript());
    served.stop();
}

#[test]
fn a_delete_that_was_not_answered_stays_unknown_where_the_asset_is_not_found() {
    let served = serve(
        &(file(1) + &file(2)),
        "",
        &["drop-before=100%@v4_file_delete"],
    );
    let desk = listing(&files(1..=2));
    let once = ["--retries", "0"];
    apply(&served, &desk, &once).expect(3);
    // Whoever is asked now says that they are not there, and no list has them.
    served.sandbox.set_faults(Faults::default());
    served.sandbox.hide([1, 2].map(id));
    for _ in 0..2 {
        let done = apply(&served, &desk, &once).expect(3);
        assert!(done.out.contains("2 unknown"), "{}", done.out);
        assert_eq!(record(&desk, 1)["status"], "unknown");
        assert!(is_alive(&served, 1));
    }
    served.stop();
}

#[test]
fn pages_of_a_proxy_and_odd_successes_are_no_answers_of_the_api() {
    for (fault, code, status) in [
        ("page/404=first:1@v4_file_delete", 0, "retired"),
        ("page/410=first:1@v4_file_delete", 0, "retired"),
        ("page/404=100%@v4_file_delete", 3, "unknown"),
        ("odd/errors=100%@v4_file_delete", 3, "unknown"),
        ("odd/code=100%@v4_file_delete", 3, "unknown"),
        ("odd/failure=100%@v4_file_delete", 3, "unknown"),
        ("odd/foreign=100%@v4_file_delete", 3, "unknown"),
        ("odd/list=100%@v4_file_delete", 3, "unknown"),
        ("odd/other=100%@v4_file_delete", 3, "unknown"),
        // It took effect, and a reading and a list show it.
        ("wrong-type=100%@v4_file_delete", 0, "retired"),
        ("404=100%@v4_file_delete", 3, "failed"),
    ] {
        let served = serve(&file(1), "", &[fault]);
        let desk = listing(&files([1]));
        apply(&served, &desk, &["--retries", "1"]).expect(code);
        assert_eq!(record(&desk, 1)["status"], status, "{fault}");
        assert_eq!(is_alive(&served, 1), status != "retired", "{fault}");
        served.stop();
    }
}

#[test]
fn what_a_delete_does_not_find_and_nobody_can_read_is_not_known() {
    // The plan reads it; the run cannot.
    let rules = [
        "404=100%@v4_file_delete",
        "page/404=at:2+3+4+5+6@v4_file_read",
    ];
    let served = serve(&file(1), "", &rules);
    let desk = listing(&files([1]));
    let done = apply(&served, &desk, &["--retries", "1"]).expect(3);
    assert!(done.out.contains("1 unknown"), "{}", done.out);
    assert_eq!(record(&desk, 1)["status"], "unknown");
    served.stop();
}

#[test]
fn a_list_that_still_shows_what_was_restored_is_not_believed() {
    let rules = [
        "drop-after=first:1@v4_file_delete",
        // The first reading is that of the plan.
        "503=at:2+3@v4_file_read",
    ];
    let served = serve(&file(1), "stale_lists: true", &rules);
    let desk = listing(&files([1]));
    apply(&served, &desk, &["--retries", "0"]).expect(3);
    assert_eq!(record(&desk, 1)["status"], "unknown");
    served.sandbox.restore(id(1));
    assert!(is_alive(&served, 1));
    // It is listed, and lives: so it is deleted, and that is what shows it.
    apply(&served, &desk, &[]).expect(0);
    assert_eq!(record(&desk, 1)["evidence"], "answer");
    assert!(!is_alive(&served, 1));
    served.stop();
}

#[test]
fn a_list_that_is_late_leaves_it_unknown_until_it_shows_it() {
    let rule = "drop-after=first:1@v4_file_delete";
    let served = serve(&file(1), "late_lists: 1", &[rule]);
    let desk = listing(&files([1]));
    apply(&served, &desk, &["--retries", "1"]).expect(3);
    assert_eq!(record(&desk, 1)["status"], "unknown");
    apply(&served, &desk, &[]).expect(0);
    let shown = record(&desk, 1);
    assert_eq!(
        (&shown["status"], &shown["evidence"]),
        (&json!("retired"), &json!("listed"))
    );
    served.stop();
}

#[test]
fn a_stop_for_missing_ones_takes_back_what_was_called_gone() {
    let deleted = ", deleted_at: 2026-10-01T08:00:00Z";
    let assets: String = (1..=3)
        .map(|number| asset(number, "file", deleted))
        .collect();
    let served = serve(&(assets + &file(100)), "", &[]);
    // V4 finds them missing before it sends anything, and so does v2 where a kind is compared.
    let lines = (1..=40)
        .chain([100])
        .map(|number| format!("- {}\n", text(number)));
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n{}",
        lines.collect::<String>()
    ));
    let arguments = ["--api", "v2", "--concurrency", "1"];
    served.apply(&desk, &arguments).expect(9);
    let state = if desk.path("state.json").exists() {
        desk.read("state.json")
    } else {
        String::new()
    };
    assert!(
        !state.contains("gone") && !state.contains("missing"),
        "{state}"
    );
    served.stop();
}

#[test]
fn ten_of_ten_that_are_shown_to_be_deleted_stop_no_run() {
    let deleted = ", deleted_at: 2026-10-01T08:00:00Z";
    let assets: String = (1..=12)
        .map(|number| asset(number, "file", deleted))
        .collect();
    for api in ["v2", "v4"] {
        let served = serve(&assets, "", &[]);
        let desk = listing(&files(1..=12));
        let done = served.apply(&desk, &["--api", api]).expect(0);
        assert!(done.out.contains("12"), "{}", done.out);
        let evidence = if api == "v2" { "read" } else { "listed" };
        for number in 1..=12 {
            assert_eq!(record(&desk, number)["status"], "gone");
            assert_eq!(record(&desk, number)["evidence"], evidence);
        }
        served.stop();
    }
}

#[test]
fn a_stack_that_may_not_be_listed_failed_and_the_rest_goes_on() {
    let children = format!(", children: [{{id: {}, name: b}}]", text(11));
    let assets = asset(1, "version_stack", &children) + &file(2);
    let served = serve(&assets, "", &["403=100%@v4_stack_children"]);
    let desk = listing(&[(1, "version_stack"), (2, "file")]);
    apply(&served, &desk, &[]).expect(3);
    assert_eq!(record(&desk, 1)["kind"], "permission");
    assert_eq!(record(&desk, 2)["status"], "retired");
    assert!(is_alive(&served, 11));
    served.stop();
}

#[test]
fn what_the_list_of_a_folder_showed_goes_along_with_it() {
    let inside = format!(
        ", children: [{{id: {}, name: b}}, {{id: {}, name: c}}]",
        text(11),
        text(12)
    );
    let assets = asset(1, "folder", &inside) + &file(2);
    // The first two are lost, and are sent again.
    let rules = ["drop-before=first:2@v4_file_delete"];
    let served = serve(&assets, "", &rules);
    // What is held elsewhere has the folder listed.
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n- {{id: {}, kind: folder}}\n- {{id: {}, kind: file}}\nholds:\n- {{id: {}, reason: legal}}\n",
        text(1),
        text(11),
        text(2)
    ));
    apply(&served, &desk, &["--retries", "1"]).expect(0);
    let with = record(&desk, 11);
    assert_eq!(with["status"], "retired");
    assert_eq!(with["evidence"], json!({"with": text(1)}));
    assert_eq!(record(&desk, 12), Value::Null, "nobody lists it");
    assert!(!is_alive(&served, 11) && !is_alive(&served, 12) && is_alive(&served, 2));
    let shown = desk.run(&["state", "show", &text(11), "--state", "state.json"]);
    let with = format!("evidence with {}", text(1));
    assert!(shown.out.contains(&with), "{}", shown.out);
    served.stop();
}

#[test]
fn a_stack_that_somebody_emptied_is_deleted_only_where_each_of_its_files_is_shown_to_be() {
    let deleted = ", deleted_at: 2026-10-03T08:00:00Z";
    let of = |number: usize, files: &[usize]| {
        let children = files.iter().map(|file| {
            let id = text(*file);
            format!("{{id: {id}, name: b{deleted}}}")
        });
        let children: Vec<String> = children.collect();
        let children = format!(", children: [{}]", children.join(", "));
        asset(number, "version_stack", &children)
    };
    // One of the files of the second is nowhere to be found, and one of the third lives elsewhere.
    let assets = of(1, &[11, 12]) + &of(2, &[21]) + &of(3, &[31]) + &of(4, &[41]) + &file(32);
    let served = serve(&assets, "", &[]);
    let desk = listing(&[1, 2, 3, 4].map(|number| (number, "version_stack")));
    let at = "2026-10-02T08:00:00Z";
    let held: [(usize, &[usize]); 4] = [(1, &[11, 12]), (2, &[21, 22]), (3, &[31, 32]), (4, &[])];
    let records = held.map(|(number, files)| {
        let mut record = json!({"status": "unknown", "attempts": 1, "run": 1, "at": at});
        if !files.is_empty() {
            record["files"] = files.iter().map(|file| text(*file)).collect();
        }
        (text(number), record)
    });
    let records: serde_json::Map<String, Value> = records.into_iter().collect();
    let lineage = "11111111-2222-4333-8444-555555555555";
    let state = json!({
        "version": 1, "lineage": lineage, "serial": 1, "api": "v4",
        "endpoint": served.sandbox.url(), "account": null,
        "runs": {"1": {"id": lineage, "at": at}},
        "assets": records, "holds": {},
    });
    desk.write("state.json", state.to_string());
    apply(&served, &desk, &[]).expect(3);
    assert_eq!(record(&desk, 1)["status"], "gone");
    assert_eq!(record(&desk, 1)["evidence"], "listed");
    for number in [2, 3, 4] {
        assert_eq!(record(&desk, number)["status"], "unknown", "{number}");
    }
    // What it held is kept as long as that is so.
    assert_eq!(record(&desk, 1)["files"], Value::Null);
    assert_eq!(record(&desk, 3)["files"], json!([text(31), text(32)]));
    assert!(is_alive(&served, 32));
    served.stop();
}

#[cfg(all(unix, feature = "failpoints"))]
mod killed {
    use std::collections::BTreeMap;
    use std::process::Stdio;

    use frameio_retire::sandbox::world::edit::Change;
    use frameio_retire::store::file::FileStore;

    use super::*;
    use crate::rig::was_killed;

    /// What is recorded, with what the journal adds.
    fn records(desk: &Desk) -> BTreeMap<AssetId, &'static str> {
        let store = FileStore::new(&desk.path("state.json"));
        let state = store.load().unwrap().unwrap().state;
        let records = state.assets.iter();
        records
            .map(|(id, record)| (*id, record.status.name()))
            .collect()
    }

    /// A version stack of three files of which the second was deleted and the run has died before
    /// it wrote that down.
    fn in_the_middle() -> (Served, Desk) {
        let children: Vec<String> = [11, 12, 13]
            .iter()
            .map(|file| format!("{{id: {}, name: b}}", text(*file)))
            .collect();
        let children = format!(", children: [{}]", children.join(", "));
        let assets = asset(1, "version_stack", &children) + &asset(2, "folder", "");
        let served = serve(&assets, "", &[]);
        let desk = listing(&[(1, "version_stack")]);
        let url = served.sandbox.url();
        let arguments = [
            "apply",
            "--auto-approve",
            "--endpoint",
            &url,
            "--state",
            "state.json",
            "--api",
            "v4",
            "--concurrency",
            "1",
        ];
        let variables = [
            ("FRAMEIO_TOKEN", served.sandbox.token()),
            // The list is the first that is heard.
            ("RETIRE_CRASH", "batch.heard:3"),
        ];
        let mut command = desk.command(&arguments);
        command
            .envs(variables)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(was_killed(command.status().unwrap()));
        let alive = [11, 12, 13].map(|number| is_alive(&served, number));
        assert_eq!(alive, [false, false, true]);
        let expected = [(1, "unknown"), (11, "retired"), (12, "unknown")];
        let expected = expected.map(|(number, status)| (id(number), status));
        assert_eq!(records(&desk), expected.into());
        (served, desk)
    }

    #[test]
    fn each_file_has_a_record_and_the_next_run_ends_what_was_begun() {
        let (served, desk) = in_the_middle();
        apply(&served, &desk, &[]).expect(0);
        for number in [1, 11, 12] {
            assert_eq!(record(&desk, number)["status"], "retired", "{number}");
        }
        assert!(!is_alive(&served, 13));
        served.stop();
    }

    #[test]
    fn where_somebody_deletes_the_rest_lists_show_it() {
        let (served, desk) = in_the_middle();
        let rest = Change::Delete { id: id(13) };
        served.sandbox.change(rest).unwrap();
        apply(&served, &desk, &[]).expect(0);
        assert_eq!(record(&desk, 1)["status"], "retired");
        served.stop();
    }

    #[test]
    fn where_somebody_moves_the_rest_out_of_it_the_stack_stays_unknown() {
        let (served, desk) = in_the_middle();
        let (rest, to) = (id(13), id(2));
        served
            .sandbox
            .change(Change::Move { id: rest, to })
            .unwrap();
        let done = apply(&served, &desk, &[]).expect(3);
        assert_eq!(record(&desk, 1)["status"], "unknown");
        let why = format!("`{}` is deleted", text(13));
        assert!((done.out.clone() + &done.err).contains(&why), "{done:?}");
        assert!(is_alive(&served, 13));
        // Once nobody wants it gone, what was deleted keeps its records.
        desk.write("retire.yaml", "version: 1\nassets: []\n");
        apply(&served, &desk, &[]);
        for number in [11, 12] {
            assert_eq!(record(&desk, number)["status"], "retired", "{number}");
        }
        served.stop();
    }
}
