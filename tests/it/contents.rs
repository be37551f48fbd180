//! What is in a folder or a version stack when the plan is reviewed, and when it is deleted.
#![cfg(unix)]

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::seed::{Asset, Seed};
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
const DEEP: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000011";
const INSIDE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000012";
const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000020";
const VERSION: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000021";
const OTHER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000030";
const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000040";
const PLAIN: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000050";
const FIRST: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000051";
const SECOND: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000052";

fn id(text: &str) -> AssetId {
    AssetId::parse(text).unwrap()
}

fn world() -> World {
    let assets = format!(
        "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {DEEP}, name: cards, type: folder, children: [{{id: {INSIDE}, name: a}}]}}]}}
              - {{id: {STACK}, name: reel, type: version_stack, children: [{{id: {VERSION}, name: v1}}]}}
              - {{id: {OTHER}, name: day 2, type: folder, children: [{{id: 8d1f0c52-6a3b-4c7e-9f21-000000000031, name: b}}]}}
              - {{id: {LOOSE}, name: loose, type: file}}
"
    );
    let seed = format!("limits: off\n{}", seed(&assets));
    World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap())
}

/// A served world with a saved plan that deletes two folders and a version stack.
fn planned() -> (Served, Desk) {
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{FOLDER}, {STACK}, {OTHER}]\n"
    ));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    let served = Served::new(world());
    run(&served, &desk, &["plan", "--out", "plan.json"]).expect(0);
    (served, desk)
}

fn run(served: &Served, desk: &Desk, arguments: &[&str]) -> Done {
    let url = served.sandbox.url();
    let variables = [
        ("FRAMEIO_TOKEN", served.sandbox.token()),
        ("RETIRE_ENDPOINT", &url),
        ("RETIRE_API", "v4"),
    ];
    desk.run_with(&variables, arguments)
}

fn lives(served: &Served, text: &str) -> bool {
    served.sandbox.with_world(|world| world.is_alive(id(text)))
}

#[test]
fn what_was_renamed_or_moved_since_the_review_is_left_alone() {
    let (served, desk) = planned();
    for change in [
        Change::Rename {
            id: id(STACK),
            name: "reel, keep".into(),
        },
        Change::Move {
            id: id(OTHER),
            to: id(FOLDER),
        },
    ] {
        served.sandbox.change(change).unwrap();
    }
    let done = run(&served, &desk, &["apply", "plan.json"]).expect(3);
    for words in [
        format!("{STACK}  it has another name than reviewed"),
        format!("{OTHER}  it lies in another place than reviewed"),
        // And so the folder has something in it that nobody has reviewed.
        format!("{FOLDER}  it has `Tide/day 1/day 2` in it, which the plan does not name"),
    ] {
        assert!(done.out.contains(&words), "{}", done.out);
    }
    for there in [FOLDER, STACK, VERSION, OTHER] {
        assert!(lives(&served, there), "{there}");
    }
    served.stop();
}

#[test]
fn a_folder_in_which_something_was_renamed_or_moved_since_the_review_is_left_alone() {
    let renamed = || Change::Rename {
        id: id(INSIDE),
        name: "a, keep".into(),
    };
    let moved = || Change::Move {
        id: id(INSIDE),
        to: id(FOLDER),
    };
    let changes = [
        (renamed(), "Tide/day 1/cards/a, keep"),
        (moved(), "Tide/day 1/a"),
    ];
    for (change, now) in changes {
        let (served, desk) = planned();
        served.sandbox.change(change).unwrap();
        let done = run(&served, &desk, &["apply", "plan.json"]).expect(3);
        let words =
            format!("{FOLDER}  `{now}` in it has another name, place or size than reviewed");
        assert!(done.out.contains(&words), "{}", done.out);
        assert!(lives(&served, FOLDER) && !lives(&served, OTHER));
        served.stop();
    }
}

#[test]
fn what_was_restored_keeps_the_folder_in_which_only_a_list_shows_it() {
    let desk = Desk::with(&format!("version: 1\nassets: [{INSIDE}]\n"));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    let served = Served::new(world());
    run(&served, &desk, &["apply", "--auto-approve"]).expect(0);
    served
        .sandbox
        .change(Change::Restore { id: id(INSIDE) })
        .unwrap();
    for listed in [format!("{INSIDE}, {FOLDER}"), FOLDER.to_owned()] {
        desk.write("retire.yaml", format!("version: 1\nassets: [{listed}]\n"));
        let done = run(&served, &desk, &["apply", "--auto-approve"]);
        let words = format!("({INSIDE}), which is recorded as deleted");
        assert!(done.out.contains(&words), "{}", done.out);
        assert!(lives(&served, INSIDE) && lives(&served, FOLDER));
    }
    // Whoever says that it is to go again means the folder as well.
    let again = format!("{{id: {INSIDE}, again: true}}, {FOLDER}");
    desk.write("retire.yaml", format!("version: 1\nassets: [{again}]\n"));
    run(&served, &desk, &["apply", "--auto-approve"]).expect(0);
    assert!(!lives(&served, FOLDER));
    served.stop();
}

#[test]
fn a_folder_that_has_grown_since_the_review_is_left_alone() {
    let (served, desk) = planned();
    let change = Change::Move {
        id: id(LOOSE),
        to: id(DEEP),
    };
    served.sandbox.change(change).unwrap();
    let done = run(&served, &desk, &["apply", "plan.json"]).expect(3);
    let there = "Tide/day 1/cards/loose";
    let words = format!("{FOLDER}  it has `{there}` in it, which the plan does not name");
    assert!(done.out.contains(&words), "{}", done.out);
    for there in [FOLDER, DEEP, INSIDE, LOOSE] {
        assert!(lives(&served, there), "{there}");
    }
    for gone in [VERSION, OTHER] {
        assert!(!lives(&served, gone), "{gone}");
    }
    served.stop();
}

#[test]
fn a_version_that_was_added_since_the_review_keeps_its_stack() {
    let (served, desk) = planned();
    let asset: Asset = serde_json::from_value(serde_json::json!({
        "id": "8d1f0c52-6a3b-4c7e-9f21-000000000022", "name": "v2"
    }))
    .unwrap();
    let change = Change::Add {
        asset: Box::new(asset),
        to: id(STACK),
    };
    served.sandbox.change(change).unwrap();
    let done = run(&served, &desk, &["apply", "plan.json"]).expect(3);
    assert!(
        done.out.contains("which the plan does not name"),
        "{}",
        done.out
    );
    assert!(lives(&served, VERSION) && !lives(&served, FOLDER));
    served.stop();
}

#[test]
fn what_only_went_away_since_the_review_keeps_nothing() {
    let (served, desk) = planned();
    served
        .sandbox
        .change(Change::Delete { id: id(INSIDE) })
        .unwrap();
    run(&served, &desk, &["apply", "plan.json"]).expect(0);
    assert!(!lives(&served, FOLDER) && !lives(&served, OTHER));
    served.stop();
}

/// Plans and carries out what is listed in an account whose lists are in trouble.
fn in_trouble(versions: usize, fault: &str) -> (Served, Desk, Done) {
    let version = |n| format!("{{id: 8d1f0c52-6a3b-4c7e-9f21-0000000001{n:02x}, name: v}}");
    let versions: Vec<String> = (0..versions).map(version).collect();
    let assets = format!(
        "              - {{id: {FOLDER}, name: day 1, type: folder, children: [{{id: {INSIDE}, name: a}}]}}
              - {{id: {STACK}, name: reel, type: version_stack, children: [{}]}}
              - {{id: {LOOSE}, name: loose, type: file}}
",
        versions.join(", ")
    );
    let seed = format!(
        "limits: off\nfaults: {{rules: ['{fault}']}}\n{}",
        seed(&assets)
    );
    let served = Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &seed).unwrap(),
    ));
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{FOLDER}, {STACK}, {LOOSE}]\n"
    ));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    let arguments = ["apply", "--auto-approve", "--retries", "0"];
    let done = run(&served, &desk, &arguments).expect(3);
    assert!(!lives(&served, LOOSE), "{}", done.transcript());
    (served, desk, done)
}

#[test]
fn folders_and_stacks_in_trouble_are_left_alone_alike_and_the_rest_goes_on() {
    for status in [500, 403] {
        let fault = "=100%@v4_stack_children+v4_folder_children+v4_folder_files";
        let (served, desk, done) = in_trouble(1, &format!("{status}{fault}"));
        let state = desk.run(&["state", "list", "--status", "failed"]).expect(0);
        for there in [FOLDER, STACK] {
            assert!(lives(&served, there), "{there}");
            assert!(done.out.contains(there), "{}", done.out);
            // A server in trouble has refused nothing.
            assert_eq!(state.out.contains(there), status == 403, "{}", state.out);
        }
        served.stop();
    }
}

#[test]
fn a_stack_whose_list_ends_early_is_left_alone_and_the_rest_goes_on() {
    // More than a page of it: the list ends after the first one.
    for fault in ["list-ends", "list-stops"] {
        let fault = format!("{fault}=page:1@v4_stack_children");
        let (served, _desk, done) = in_trouble(101, &fault);
        assert!(done.out.contains("1 not read"), "{}", done.out);
        assert!(lives(&served, STACK) && !lives(&served, FOLDER));
        let last = format!("8d1f0c52-6a3b-4c7e-9f21-0000000001{:02x}", 100);
        assert!(lives(&served, &last));
        served.stop();
    }
}

#[test]
fn an_entry_says_how_many_files_may_go_with_its_folder_at_most() {
    for (folder, stack, code) in [(1, 1, 0), (2, 9, 0), (0, 1, 4), (1, 0, 4)] {
        let desk = Desk::with(&format!(
            "version: 1\nassets: [{{id: {FOLDER}, contents: {folder}}}, {{id: {STACK}, contents: {stack}}}]\n"
        ));
        let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
        desk.write("retire.toml", config);
        let served = Served::new(world());
        let done = run(&served, &desk, &["apply", "--auto-approve"]).expect(code);
        if code == 4 {
            let least = folder.min(stack);
            let seen = done.transcript();
            assert!(
                seen.contains(&format!("contents: wanted `{least}`, found `1`")),
                "{seen}"
            );
        }
        assert_eq!(lives(&served, INSIDE), code == 4);
        served.stop();
    }
}

#[test]
fn a_folder_of_which_each_file_is_listed_could_be_listed_itself() {
    let files = format!("{{id: {FIRST}, name: a}}, {{id: {SECOND}, name: b}}");
    let assets = format!(
        "              - {{id: {PLAIN}, name: day 3, type: folder, children: [{files}]}}\n"
    );
    let hint = "hint: all 2 files of `Tide/day 3` are listed; you could list the folder itself";
    for (listed, is_said) in [
        (vec![FIRST], false),
        (vec![PLAIN, FIRST, SECOND], false),
        (vec![FIRST, SECOND], true),
    ] {
        let desk = Desk::with(&format!("version: 1\nassets: [{}]\n", listed.join(", ")));
        let seed = format!("limits: off\n{}", seed(&assets));
        let world = World::from_seed(Seed::parse("sandbox.yaml", &seed).unwrap());
        let served = Served::new(world);
        // What is recalled tells the same.
        for _ in 0..2 {
            let done = run(&served, &desk, &["plan"]).expect(0);
            assert_eq!(done.out.contains("hint: "), is_said, "{}", done.out);
            assert!(!is_said || done.out.contains(hint), "{}", done.out);
        }
        // Not where one of them stays.
        let entry = format!(
            "version: 1\nassets: [{}]\nholds: [{{id: {SECOND}, reason: legal}}]\n",
            listed.join(", ")
        );
        desk.write("retire.yaml", entry);
        let done = run(&served, &desk, &["plan"]);
        assert!(!done.out.contains("hint: all"), "{}", done.out);
        served.stop();
    }
}
