//! V4: what went along with a folder whose delete was not answered, or was answered as if the folder
//! had not been there, is shown by the line of the folder in the list of the recently deleted.

use std::thread;
use std::time::Duration;

use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::{Value, json};

use crate::evidence_v4::{apply, listing, record, serve, text};
use crate::harness::{Desk, Done};
use crate::soak::Served;

/// A folder 1 with a file 11 and a folder 2 in it, in which is a file 21; all but the folder 2 are
/// listed.
fn covered(behaviour: &str, rules: &[&str]) -> (Served, Desk) {
    let [folder, file, inner, deep] = [1, 11, 2, 21].map(text);
    let assets = format!(
        "              - {{id: {folder}, name: a, type: folder, children: [
                  {{id: {file}, name: b}},
                  {{id: {inner}, name: c, type: folder, children: [{{id: {deep}, name: d}}]}}]}}\n"
    );
    let served = serve(&assets, behaviour, rules);
    let listed = [(1, "folder"), (11, "file"), (21, "file")];
    (served, listing(&listed))
}

/// Two times that are compared need not have more than seconds.
fn let_seconds_pass() {
    thread::sleep(Duration::from_millis(3_100));
}

fn set_faults(served: &Served, rules: &[&str]) {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    served.sandbox.set_faults(Faults { seed: 1, rules });
}

/// What is recorded of the three, and what shows it.
#[track_caller]
fn expect(desk: &Desk, expected: [(&str, Value); 3]) {
    let told = [1, 11, 21].map(|number| {
        let record = record(desk, number);
        let status = record["status"].as_str().unwrap_or("none").to_owned();
        (status, record["evidence"].clone())
    });
    assert_eq!(
        told,
        expected.map(|(status, shown)| (status.to_owned(), shown))
    );
}

fn all(status: &'static str, evidence: &Value) -> [(&'static str, Value); 3] {
    [(); 3].map(|()| (status, evidence.clone()))
}

#[track_caller]
fn ends_with(done: &Done, code: i32) {
    assert_eq!(done.code, code, "{}\n{}", done.out, done.err);
}

const ONCE: [&str; 2] = ["--retries", "0"];

/// Nobody hears what became of the delete, and nothing can be read until the run is over. The lists
/// may be unreadable in the next run as well.
#[test]
fn what_went_along_with_a_folder_is_shown_by_its_line_in_a_later_run() {
    for later in [false, true] {
        let (served, desk) = covered("slow_cascade: 0", &["drop-after=first:1@v4_folder_delete"]);
        ends_with(&apply(&served, &desk, &ONCE), 3);
        expect(&desk, all("unknown", &Value::Null));
        if later {
            set_faults(&served, &["503=100%@v4_recently_deleted"]);
            let_seconds_pass();
            ends_with(&apply(&served, &desk, &ONCE), 3);
            expect(&desk, all("unknown", &Value::Null));
            set_faults(&served, &[]);
        }
        let_seconds_pass();
        ends_with(&apply(&served, &desk, &[]), 0);
        expect(&desk, all("retired", &json!("listed")));
        served.stop();
    }
}

/// Somebody had deleted the folder before, and restored it: the line of that shows nothing.
#[test]
fn a_line_of_a_folder_that_is_older_than_its_delete_shows_nothing_of_what_is_in_it() {
    let rules = ["drop-before=100%@v4_folder_delete"];
    let (served, desk) = covered("slow_cascade: 0, stale_lists: true", &rules);
    let folder = text(1).parse().unwrap();
    served
        .sandbox
        .change(Change::Delete { id: folder })
        .unwrap();
    served.sandbox.restore(folder);
    let_seconds_pass();
    ends_with(&apply(&served, &desk, &ONCE), 3);
    expect(&desk, all("unknown", &Value::Null));
    // Nothing of it is found any more; the line is there still.
    let calls = "v4_folder_read+v4_file_read+v4_stack_read+v4_folder_children+v4_folder_files+v4_folder_folders+v4_folder_stacks";
    let rules = calls.split('+').map(|call| format!("404=100%@{call}"));
    let rules: Vec<String> = rules.collect();
    set_faults(
        &served,
        &rules.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    for _ in 0..2 {
        ends_with(&apply(&served, &desk, &ONCE), 3);
        expect(&desk, all("unknown", &Value::Null));
    }
    // Whoever never asked for it believes the line.
    let other = listing(&[(1, "folder")]);
    ends_with(&apply(&served, &other, &[]), 0);
    assert_eq!(record(&other, 1)["status"], "gone");
    served.stop();
}

/// It was deleted all the same.
#[test]
fn what_went_along_with_a_folder_that_its_delete_does_not_find_is_gone_with_it() {
    for behaviour in ["slow_cascade: 0", "slow_cascade: 3"] {
        let (served, desk) = covered(behaviour, &["done/404=first:1@v4_folder_delete"]);
        ends_with(&apply(&served, &desk, &["--cascade-wait", "20s"]), 0);
        let with = ("gone", json!({"with": text(1)}));
        expect(&desk, [("gone", json!("listed")), with.clone(), with]);
        ends_with(&apply(&served, &desk, &[]), 0);
        served.stop();
    }
}

/// Its first answer is lost, and the second says that it is not there.
#[test]
fn what_went_along_with_a_folder_whose_delete_was_lost_and_then_not_found_is_ours() {
    let rules = [
        "drop-after=at:1@v4_folder_delete",
        // What is read then is not told, so that the delete is sent again.
        "503=at:2+3@v4_folder_read",
    ];
    let (served, desk) = covered("slow_cascade: 0", &rules);
    ends_with(&apply(&served, &desk, &[]), 0);
    let with = ("retired", json!({"with": text(1)}));
    expect(&desk, [("retired", json!("listed")), with.clone(), with]);
    served.stop();
}

#[test]
fn what_is_in_a_folder_that_stays_where_its_delete_does_not_find_it_is_as_it_was() {
    let (served, desk) = covered("", &["404=100%@v4_folder_delete"]);
    ends_with(&apply(&served, &desk, &[]), 3);
    let none = ("none", Value::Null);
    expect(&desk, [("failed", Value::Null), none.clone(), none]);
    let state: Value = serde_json::from_str(&desk.read("state.json")).unwrap();
    assert_eq!(state.get("unanswered"), None);
    served.stop();
}

#[cfg(all(unix, feature = "failpoints"))]
mod killed {
    use std::process::Stdio;

    use super::*;
    use crate::rig::was_killed;

    fn dies(served: &Served, desk: &Desk, point: &str) {
        let url = served.sandbox.url();
        let arguments = ["apply", "--auto-approve", "--endpoint", &url, "--api", "v4"];
        let mut command = desk.command(&arguments);
        command
            .args(["--state", "state.json"])
            .env("FRAMEIO_TOKEN", served.sandbox.token())
            .env("RETIRE_CRASH", point)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(was_killed(command.status().unwrap()));
    }

    #[test]
    fn what_went_along_with_a_folder_is_shown_by_its_line_after_a_kill() {
        // The server has done it, and nobody has heard of it; then that run dies as well.
        for again in [None, Some("batch.heard:1"), Some("run.ended")] {
            let (served, desk) = covered("slow_cascade: 0", &[]);
            dies(&served, &desk, "batch.answered:1");
            if let Some(point) = again {
                let_seconds_pass();
                dies(&served, &desk, point);
            }
            let_seconds_pass();
            ends_with(&apply(&served, &desk, &[]), 0);
            expect(&desk, all("retired", &json!("listed")));
            served.stop();
        }
    }

    /// The run that finds out is killed before it has looked for what was in the folder.
    #[test]
    fn what_was_in_a_folder_that_is_not_found_is_known_to_whoever_finds_the_run_dead() {
        let (served, desk) = covered("slow_cascade: 0", &["done/404=first:1@v4_folder_delete"]);
        dies(&served, &desk, "batch.send:2");
        let_seconds_pass();
        ends_with(&apply(&served, &desk, &[]), 0);
        expect(&desk, all("retired", &json!("listed")));
        served.stop();
    }

    /// What is in a folder can still be read for a while after it was deleted.
    #[test]
    fn what_goes_along_late_is_settled_in_the_end() {
        let (served, desk) = covered("slow_cascade: 2", &[]);
        dies(&served, &desk, "batch.answered:1");
        for _ in 0..3 {
            let_seconds_pass();
            apply(&served, &desk, &[]);
        }
        for number in [1, 11, 21] {
            assert_eq!(record(&desk, number)["status"], "retired", "{number}");
        }
        served.stop();
    }

    fn restore(served: &Served, desk: &Desk, word: &str) -> Done {
        let url = served.sandbox.url();
        let mut command = desk.command(&["restore", word, "--unproven", "--auto-approve"]);
        command
            .args(["--api", "v4", "--endpoint", &url, "--state", "state.json"])
            .args(["--retries", "0", "--cascade-wait", "4s"])
            .env("FRAMEIO_TOKEN", served.sandbox.token());
        desk.done(&mut command)
    }

    fn are_alive(served: &Served) -> bool {
        served.sandbox.with_world(|world| {
            let is_alive = |number| world.is_alive(text(number).parse().unwrap());
            [1, 11, 2, 21].into_iter().all(is_alive)
        })
    }

    /// It has no line of its own, and comes back with the folder, whether an `apply` has found out in
    /// between that it is deleted, or nobody has.
    #[test]
    fn what_is_shown_by_the_line_of_its_folder_comes_back_with_that() {
        for between in [true, false] {
            let (served, desk) = covered("slow_cascade: 0", &[]);
            dies(&served, &desk, "batch.answered:1");
            let_seconds_pass();
            if between {
                ends_with(&apply(&served, &desk, &[]), 0);
            }
            let done = restore(&served, &desk, "run:1");
            ends_with(&done, 0);
            let said = "3 assets came to be deleted, though the delete was not answered";
            assert_eq!(done.err.contains(said), !between, "{}", done.err);
            expect(&desk, all("restored", &json!("listed")));
            assert!(are_alive(&served));
            // The same again has nothing to do.
            ends_with(&restore(&served, &desk, "run:1"), 0);
            served.stop();
        }
    }

    /// What was in the folder can still be read: it is on its way out, and comes back with it.
    #[test]
    fn what_is_on_its_way_out_comes_back_with_its_folder() {
        let (served, desk) = covered("slow_cascade: 30", &[]);
        dies(&served, &desk, "batch.answered:1");
        let_seconds_pass();
        ends_with(&restore(&served, &desk, "run:1"), 0);
        for number in [1, 11, 21] {
            let record = record(&desk, number);
            assert_eq!(record["status"], "restored", "{record}");
            assert_eq!(record["deleted"]["run"], 1, "{record}");
        }
        assert!(are_alive(&served));
        served.stop();
    }

    /// It dies with that, so that its being there shows nothing.
    #[test]
    fn what_is_on_its_way_out_is_not_back_by_itself() {
        let (served, desk) = covered("slow_cascade: 30", &[]);
        dies(&served, &desk, "batch.answered:1");
        let_seconds_pass();
        let done = restore(&served, &desk, &text(11));
        ends_with(&done, 3);
        let said = format!("went with `{}`", text(1));
        assert!(done.out.contains("On its way out (1)"), "{}", done.out);
        assert!(done.out.contains(&said), "{}", done.out);
        assert_ne!(record(&desk, 11)["status"], "restored");
        ends_with(&restore(&served, &desk, "run:1"), 0);
        assert!(are_alive(&served));
        served.stop();
    }

    #[test]
    fn what_is_alive_though_its_delete_was_sent_may_still_go() {
        let (served, desk) = covered("slow_cascade: 0", &[]);
        dies(&served, &desk, "batch.send:1");
        let_seconds_pass();
        let before = desk.read("state.json.journal");
        let done = restore(&served, &desk, "run:1");
        ends_with(&done, 3);
        assert!(
            done.err.contains("3 assets are there, and their deletes"),
            "{}",
            done.err
        );
        assert!(!before.is_empty());
        expect(&desk, all("unknown", &Value::Null));
        served.stop();
    }
}
