//! A folder that stays since something three folders down in it is held: the plan, the run, its
//! events and the state say so, with the path.
#![cfg(unix)]

use frameio_retire::cli::args::SchemaName;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use serde_json::{Value, json};

use crate::harness::{Desk, Done, seed};
use crate::schemas::{fits, validator};
use crate::soak::Served;

const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
const DAY: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000011";
const CARDS: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000012";
const HELD: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000013";
const LOOSE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000040";
const SAID: &str =
    "contains day 1/cards/a.mov (8d1f0c52-6a3b-4c7e-9f21-000000000013), which is held: legal";

fn served() -> Served {
    let assets = format!(
        "              - {{id: {FOLDER}, name: dailies, type: folder, children: [
                  {{id: {DAY}, name: day 1, type: folder, children: [
                    {{id: {CARDS}, name: cards, type: folder, children: [{{id: {HELD}, name: a.mov}}]}}]}}]}}
              - {{id: {LOOSE}, name: loose, type: file}}
"
    );
    let seed = format!("limits: off\n{}", seed(&assets));
    Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &seed).unwrap(),
    ))
}

const HOLD: &str = "holds: [{id: 8d1f0c52-6a3b-4c7e-9f21-000000000013, reason: legal}]\n";

fn desk(listed: &str) -> Desk {
    let desk = Desk::with(&format!("version: 1\nassets: [{listed}]\n{HOLD}"));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    desk
}

fn apply(served: &Served, desk: &Desk, more: &[&str]) -> Done {
    served.apply(desk, &[&["--api", "v4"], more].concat())
}

fn json_of(desk: &Desk, arguments: &[&str]) -> Value {
    let done = desk.run(arguments).expect(0);
    serde_json::from_str(&done.out).unwrap()
}

fn shown(desk: &Desk, id: &str) -> String {
    desk.run(&["state", "show", id, "--state", "state.json"])
        .expect(0)
        .out
}

fn path() -> Value {
    json!([
        {"id": FOLDER, "name": "dailies"},
        {"id": DAY, "name": "day 1"},
        {"id": CARDS, "name": "cards"},
        {"id": HELD, "name": "a.mov"},
    ])
}

#[test]
fn the_path_to_what_is_held_is_in_the_plan_the_run_and_the_state() {
    let served = served();
    let desk = desk(&format!("{FOLDER}, {LOOSE}"));
    let done = apply(&served, &desk, &["--json-out", "run.jsonl"]).expect(0);
    // The plan, and the end of the run.
    assert_eq!(done.out.matches(SAID).count(), 2, "{}", done.out);

    let row = json!({"why": {"hold": "legal"}, "path": path(), "run": 1});
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    fits(&validator(SchemaName::State), &state, "the state");
    assert_eq!(state["kept"], json!({FOLDER: row}));
    let text = shown(&desk, FOLDER);
    assert!(
        text.contains(&format!("kept     {SAID} · since run 1")),
        "{text}"
    );
    let one = [
        "state",
        "show",
        FOLDER,
        "--state",
        "state.json",
        "--format",
        "json",
    ];
    assert_eq!(json_of(&desk, &one)["kept"], row);
    let whole = desk.run(&["show", "state.json"]).expect(0).out;
    assert!(
        whole.contains("Kept because of what is protected (1)"),
        "{whole}"
    );
    assert!(whole.contains(SAID), "{whole}");
    let whole = json_of(&desk, &["show", "state.json", "--format", "json"]);
    assert_eq!(
        whole["kept"],
        json!([{"id": FOLDER, "why": {"hold": "legal"}, "path": path(), "run": 1}])
    );

    // The stream of the run, and what it came to.
    let kept = json!([{"id": FOLDER, "why": {"hold": "legal"}, "path": path()}]);
    let stream = desk.read("run.jsonl");
    let lines = stream
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines[1]["type"], "holds_changed");
    assert_eq!(lines[2]["type"], "kept");
    assert_eq!(lines[2]["kept"], kept);
    let end = json_of(&desk, &["show", "run.jsonl", "--format", "json"]);
    assert_eq!(end["kept"], kept);
    let text = desk.run(&["show", "run.jsonl"]).expect(0).out;
    assert!(text.contains(SAID), "{text}");
    served.stop();
}

#[test]
fn a_run_in_which_nothing_changes_writes_nothing_and_says_it_at_its_end() {
    let served = served();
    let desk = desk(FOLDER);
    apply(&served, &desk, &[]).expect(0);
    let state = desk.read("state.json");
    assert!(state.contains("\"kept\":{"), "{state}");
    let again = apply(&served, &desk, &["--json"]).expect(0);
    assert_eq!(desk.read("state.json"), state);
    let end: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(end["ending"], "idle");
    assert_eq!(end["kept"][0]["path"], path());
    fits(&validator(SchemaName::Events), &end, "the end");

    // A part of the plan that has nothing to do with it leaves it as it is.
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets: [{FOLDER}, {LOOSE}]\n{HOLD}"),
    );
    apply(&served, &desk, &["--only", &format!("id={LOOSE}")]).expect(0);
    assert!(shown(&desk, FOLDER).contains("since run 1"));
    // Nobody lists it any more.
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets: [{LOOSE}]\n{HOLD}"),
    );
    apply(&served, &desk, &[]).expect(0);
    assert!(!desk.read("state.json").contains("\"kept\""));
    assert!(!shown(&desk, FOLDER).contains("kept"));

    // Listed anew, it is held back, and goes once the hold is released.
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets: [{FOLDER}]\n{HOLD}"),
    );
    apply(&served, &desk, &[]).expect(0);
    assert!(shown(&desk, FOLDER).contains(SAID));
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets: [{FOLDER}]\nreleases: [{{id: {HELD}, reason: closed}}]\n"),
    );
    apply(&served, &desk, &[]).expect(0);
    let text = shown(&desk, FOLDER);
    assert!(text.contains("retired") && !text.contains("kept"), "{text}");
    served.stop();
}
