//! V4: what an asset lay in when it was read last tells what became of it, where nobody can read it
//! any more and the list of recently deleted assets shows only what it lay in.
#![cfg(unix)]

use frameio_retire::asset::AssetId;
use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::seed::Seed;
use frameio_retire::sandbox::world::World;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::{Value, json};

use crate::harness::{Desk, Done, seed};
use crate::soak::Served;

const FOLDER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000010";
const DEEP: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000011";
const INSIDE: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000012";
const OTHER: &str = "8d1f0c52-6a3b-4c7e-9f21-000000000013";

/// A file two folders down, of a server whose list shows only what was deleted itself.
fn served() -> Served {
    let assets = format!(
        "              - {{id: {FOLDER}, name: day 1, type: folder, children: [
                  {{id: {DEEP}, name: cards, type: folder, children: [
                      {{id: {INSIDE}, name: a}}, {{id: {OTHER}, name: b}}]}}]}}
"
    );
    let seed = format!(
        "limits: off\nbehaviour: {{recently_deleted: tops}}\n{}",
        seed(&assets)
    );
    Served::new(World::from_seed(
        Seed::parse("sandbox.yaml", &seed).unwrap(),
    ))
}

fn desk(listed: &str) -> Desk {
    let desk = Desk::with(&format!("version: 1\nassets: [{listed}]\n"));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    desk
}

fn apply(served: &Served, desk: &Desk) -> Done {
    let more = ["--api", "v4", "--canary", "0", "--retries", "0"];
    served.apply(desk, &more)
}

fn fault(served: &Served, rule: &str) {
    let rules = vec![rule.parse().unwrap()];
    served.sandbox.set_faults(Faults { seed: 1, rules });
}

fn record(desk: &Desk, id: &str) -> Value {
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    state["assets"][id].clone()
}

/// A file is refused once, and its folder then goes; or a reading of the file is refused while its
/// folder goes. Whichever reading it is, the next runs settle all.
#[test]
fn what_goes_with_its_folder_is_settled_whichever_reading_of_it_is_refused() {
    let mut unknown = 0;
    for reading in 1..=8 {
        for status in [403, 503] {
            let served = served();
            let desk = desk(&format!("{FOLDER}, {INSIDE}, {OTHER}"));
            fault(&served, &format!("{status}=at:{reading}@v4_file_read"));
            apply(&served, &desk);
            served.sandbox.set_faults(Faults::default());
            for id in [INSIDE, OTHER] {
                let record = record(&desk, id);
                if record["status"] == "unknown" {
                    unknown += 1;
                    assert_eq!(record["in"], json!([DEEP, FOLDER]));
                }
            }
            apply(&served, &desk);
            let done = apply(&served, &desk).expect(0);
            for id in [FOLDER, INSIDE, OTHER] {
                let record = record(&desk, id);
                let status = record["status"].as_str().unwrap();
                assert_eq!(status, "retired", "{reading} {status}: {}", done.out);
                assert_eq!(record["in"], Value::Null, "it is settled");
            }
            served.stop();
        }
    }
    assert!(unknown > 0);
}

/// A file is refused, and somebody deletes a folder around it.
#[test]
fn what_was_refused_is_gone_with_a_folder_that_others_deleted() {
    for around in [DEEP, FOLDER] {
        let served = served();
        let desk = desk(INSIDE);
        fault(&served, "403=100%@v4_file_delete");
        apply(&served, &desk).expect(3);
        served.sandbox.set_faults(Faults::default());
        let before = record(&desk, INSIDE);
        assert_eq!(before["status"], "failed");
        assert_eq!(before["in"], json!([DEEP, FOLDER]));
        let id = AssetId::parse(around).unwrap();
        served.sandbox.change(Change::Delete { id }).unwrap();
        apply(&served, &desk).expect(0);
        let after = record(&desk, INSIDE);
        assert_eq!(
            (&after["status"], &after["evidence"]),
            (&json!("gone"), &json!("listed"))
        );
        assert_eq!(after["in"], Value::Null);
        served.stop();
    }
}

/// Where the folder is back, what it held is not shown to be deleted by its old line.
#[test]
fn the_line_of_a_folder_that_is_back_shows_nothing_of_what_lay_in_it() {
    let served = served();
    let desk = desk(INSIDE);
    fault(&served, "403=100%@v4_file_delete");
    apply(&served, &desk).expect(3);
    served.sandbox.set_faults(Faults::default());
    let folder = AssetId::parse(FOLDER).unwrap();
    served
        .sandbox
        .change(Change::Delete { id: folder })
        .unwrap();
    served.sandbox.restore(folder);
    served.sandbox.hide([AssetId::parse(INSIDE).unwrap()]);
    let done = apply(&served, &desk).expect(3);
    let status = record(&desk, INSIDE)["status"].clone();
    assert_eq!(status, "missing", "{}", done.out);
    served.stop();
}
