//! V4: what was in a folder that we delete can still be read for a while, and a delete whose answer
//! was lost may come true late.

use std::thread;
use std::time::Duration;

use frameio_retire::sandbox::fault::Faults;
use frameio_retire::sandbox::world::edit::Change;
use serde_json::{Value, json};

use crate::evidence_v4::{apply, record, serve, text};
use crate::harness::{Desk, Done};
use crate::soak::Served;

/// How the sandbox is where the cascade is slower than any run.
const SLOW: &str = "slow_cascade: 1000";

/// A folder 1 with a file 11 and a folder 2 in it, in which is a file 21; and a file 3
/// and a folder 4 beside it.
fn world(behaviour: &str, rules: &[&str]) -> Served {
    let [folder, file, inner, deep, beside, other, last] = [1, 11, 2, 21, 3, 4, 41].map(text);
    let assets = format!(
        "              - {{id: {folder}, name: a, type: folder, children: [
                  {{id: {file}, name: b}},
                  {{id: {inner}, name: c, type: folder, children: [{{id: {deep}, name: d}}]}}]}}
              - {{id: {beside}, name: e, type: file}}
              - {{id: {other}, name: f, type: folder, children: [{{id: {last}, name: g}}]}}\n"
    );
    serve(&assets, behaviour, rules)
}

fn manifest(numbers: &[usize], more: &str) -> String {
    let kind = |number: usize| match number {
        1 | 2 | 4 => "folder",
        _ => "file",
    };
    let lines = numbers
        .iter()
        .map(|number| format!("- {{id: {}, kind: {}}}\n", text(*number), kind(*number)));
    format!("version: 1\nassets:\n{}{more}", lines.collect::<String>())
}

fn desk(numbers: &[usize]) -> Desk {
    let desk = Desk::with(&manifest(numbers, ""));
    let config = "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n";
    desk.write("retire.toml", config);
    desk
}

/// A run that waits for nothing.
fn run(served: &Served, desk: &Desk) -> Done {
    apply(served, desk, &["--retries", "0", "--cascade-wait", "0s"])
}

fn plan(served: &Served, desk: &Desk) -> Done {
    let url = served.sandbox.url();
    let of = ["--api", "v4", "--endpoint", &url, "--state", "state.json"];
    let variables = [("FRAMEIO_TOKEN", served.sandbox.token())];
    desk.run_with(&variables, &[&["plan"], &of[..]].concat())
}

fn restore(served: &Served, desk: &Desk, what: &str) -> Done {
    let url = served.sandbox.url();
    let of = ["--api", "v4", "--endpoint", &url, "--state", "state.json"];
    let how = ["--unproven", "--auto-approve", "--cascade-wait", "5s"];
    let variables = [("FRAMEIO_TOKEN", served.sandbox.token())];
    desk.run_with(
        &variables,
        &[&["restore", what], &how[..], &of[..]].concat(),
    )
}

/// Two times that are compared need not have more than seconds.
fn let_seconds_pass() {
    thread::sleep(Duration::from_millis(2_100));
}

/// How many deletes were asked for.
fn deletes(served: &Served) -> usize {
    let log = served.sandbox.log().into_iter();
    log.filter(|request| request.method == "DELETE").count()
}

/// Status, evidence and run of what is recorded.
#[track_caller]
fn expect(desk: &Desk, number: usize, status: &str, evidence: &Value, run: u64) {
    let record = record(desk, number);
    let told = (&record["status"], &record["evidence"], &record["run"]);
    let wanted = (&json!(status), evidence, &json!(run));
    assert_eq!(told, wanted, "{number}: {record}");
}

fn with(number: usize) -> Value {
    json!({"with": text(number)})
}

#[track_caller]
fn says(done: &Done, words: &str) {
    assert!(done.out.contains(words), "{}", done.transcript());
}

#[test]
fn what_is_on_its_way_out_with_its_folder_is_not_asked_for_and_is_ours_in_the_end() {
    for behaviour in ["recently_deleted: tops", "recently_deleted: all"] {
        let served = world(&format!("{SLOW}, {behaviour}"), &[]);
        let desk = desk(&[1, 11, 21]);
        run(&served, &desk).expect(3);
        expect(&desk, 1, "retired", &json!("answer"), 1);
        let sent = deletes(&served);
        for _ in 0..2 {
            let_seconds_pass();
            let done = plan(&served, &desk);
            says(&done, &format!("being deleted with {}", text(1)));
            let done = run(&served, &desk);
            assert_eq!(done.code, 3, "{}", done.transcript());
            expect(&desk, 11, "unknown", &Value::Null, 1);
            expect(&desk, 21, "unknown", &Value::Null, 1);
        }
        assert_eq!(deletes(&served), sent);
        served.sandbox.end_cascades();
        let done = run(&served, &desk);
        assert_eq!(done.code, 0, "{}", done.transcript());
        let folder = record(&desk, 1);
        for number in [11, 21] {
            expect(&desk, number, "retired", &with(1), 1);
            assert_eq!(record(&desk, number)["at"], folder["at"]);
        }
        assert_eq!(deletes(&served), sent);
        // All of it comes back by the run that deleted it.
        restore(&served, &desk, "run:1").expect(0);
        for number in [1, 11, 21] {
            assert_eq!(record(&desk, number)["status"], "restored", "{number}");
        }
        served.stop();
    }
}

#[test]
fn what_is_held_or_no_longer_listed_meanwhile_is_ours_in_the_end() {
    let hold = format!("holds: [{{id: {}, reason: legal}}]\n", text(21));
    for (listed, more) in [(vec![1, 11, 21, 3], &*hold), (vec![1, 3], "")] {
        let served = world(SLOW, &[]);
        let desk = desk(&[1, 11, 21]);
        run(&served, &desk).expect(3);
        desk.write("retire.yaml", manifest(&listed, more));
        let_seconds_pass();
        let done = run(&served, &desk);
        assert_eq!(done.code, 3, "{}", done.transcript());
        expect(&desk, 3, "retired", &json!("answer"), 2);
        expect(&desk, 21, "unknown", &Value::Null, 1);
        served.sandbox.end_cascades();
        let done = run(&served, &desk);
        assert_eq!(done.code, 0, "{}", done.transcript());
        expect(&desk, 11, "retired", &with(1), 1);
        expect(&desk, 21, "retired", &with(1), 1);
        served.stop();
    }
}

/// It is held, and the server does not know it any more when another folder is to go.
#[test]
fn what_is_held_and_went_with_its_folder_is_in_nobodys_way() {
    let served = world(&format!("{SLOW}, recently_deleted: tops"), &[]);
    let desk = desk(&[1, 11, 21]);
    run(&served, &desk).expect(3);
    let hold = format!("holds: [{{id: {}, reason: legal}}]\n", text(21));
    desk.write("retire.yaml", manifest(&[1, 11, 21, 4], &hold));
    served.sandbox.end_cascades();
    let done = run(&served, &desk);
    assert_eq!(done.code, 0, "{}", done.transcript());
    expect(&desk, 21, "retired", &with(1), 1);
    expect(&desk, 4, "retired", &json!("answer"), 2);
    served.stop();
}

#[test]
fn what_is_listed_only_while_it_goes_is_ours_in_the_end() {
    for behaviour in ["recently_deleted: tops", "recently_deleted: all"] {
        let served = world(&format!("{SLOW}, {behaviour}"), &[]);
        let desk = desk(&[1]);
        run(&served, &desk).expect(0);
        desk.write("retire.yaml", manifest(&[1, 11], ""));
        let sent = deletes(&served);
        let_seconds_pass();
        let done = run(&served, &desk);
        assert_eq!(done.code, 3, "{}", done.transcript());
        says(&done, "being deleted with");
        assert_eq!(record(&desk, 11)["status"], "unknown");
        assert_eq!(deletes(&served), sent);
        served.sandbox.end_cascades();
        let done = run(&served, &desk);
        assert_eq!(done.code, 0, "{}", done.transcript());
        expect(&desk, 11, "retired", &with(1), 1);
        restore(&served, &desk, "run:1").expect(0);
        assert_eq!(record(&desk, 11)["status"], "restored");
        served.stop();
    }
}

/// It lies deep in the folder, in what is going as well.
#[test]
fn what_is_listed_deep_in_a_folder_while_it_goes_is_not_asked_for() {
    let served = world(&format!("{SLOW}, recently_deleted: all"), &[]);
    let desk = desk(&[1]);
    run(&served, &desk).expect(0);
    desk.write("retire.yaml", manifest(&[1, 2, 21], ""));
    let sent = deletes(&served);
    let_seconds_pass();
    let done = run(&served, &desk);
    assert_eq!(done.code, 3, "{}", done.transcript());
    assert_eq!(deletes(&served), sent);
    served.sandbox.end_cascades();
    let done = run(&served, &desk);
    assert_eq!(done.code, 0, "{}", done.transcript());
    for number in [2, 21] {
        expect(&desk, number, "retired", &with(1), 1);
    }
    served.stop();
}

/// The lists say what it lay in.
#[test]
fn what_is_listed_only_after_it_went_is_ours_where_a_list_shows_it() {
    let served = world("slow_cascade: 0, recently_deleted: all", &[]);
    let desk = desk(&[1]);
    run(&served, &desk).expect(0);
    desk.write("retire.yaml", manifest(&[1, 11, 21], ""));
    let done = plan(&served, &desk);
    says(&done, "deleted by run 1, with its folder");
    assert!(!done.out.contains("by others"), "{}", done.transcript());
    run(&served, &desk).expect(0);
    for number in [11, 21] {
        expect(&desk, number, "retired", &with(1), 1);
    }
    restore(&served, &desk, "run:1").expect(0);
    for number in [1, 11, 21] {
        assert_eq!(record(&desk, number)["status"], "restored", "{number}");
    }
    served.stop();
}

/// Somebody had deleted it before we deleted its folder.
#[test]
fn what_others_deleted_before_its_folder_went_stays_theirs() {
    let served = world("slow_cascade: 0, recently_deleted: all", &[]);
    let id = text(11).parse().unwrap();
    served.sandbox.change(Change::Delete { id }).unwrap();
    let_seconds_pass();
    let desk = desk(&[1]);
    run(&served, &desk).expect(0);
    desk.write("retire.yaml", manifest(&[1, 11, 21], ""));
    run(&served, &desk).expect(0);
    expect(&desk, 11, "gone", &json!("listed"), 2);
    expect(&desk, 21, "retired", &with(1), 1);
    served.stop();
}

/// What is still there comes back as well: nothing deletes it after that.
#[test]
fn what_is_still_going_comes_back_with_its_folder() {
    let served = world(SLOW, &[]);
    let desk = desk(&[1, 11, 21]);
    run(&served, &desk).expect(3);
    let done = restore(&served, &desk, "run:1");
    assert_eq!(done.code, 0, "{}", done.transcript());
    for number in [1, 11, 21] {
        assert_eq!(record(&desk, number)["status"], "restored", "{number}");
        assert_eq!(record(&desk, number)["deleted"]["run"], 1, "{number}");
    }
    let sent = deletes(&served);
    run(&served, &desk);
    assert_eq!(deletes(&served), sent);
    served.stop();
}

/// Somebody has taken it out before the folder went: it is listed, and goes by a delete of its own.
#[test]
fn what_was_moved_elsewhere_is_not_on_its_way_out() {
    let served = world(SLOW, &[]);
    let desk = desk(&[1, 11, 21]);
    let moved = json!([{"before": "at:1@v4_folder_delete", "changes": [
        {"move": {"id": text(11), "to": text(4)}}
    ]}]);
    served.sandbox.surprise(&moved.to_string()).unwrap();
    run(&served, &desk).expect(3);
    expect(&desk, 11, "unknown", &Value::Null, 1);
    let_seconds_pass();
    let done = run(&served, &desk);
    assert_eq!(done.code, 3, "{}", done.transcript());
    expect(&desk, 11, "retired", &json!("answer"), 2);
    expect(&desk, 21, "unknown", &Value::Null, 1);
    served.stop();
}

/// A delete whose answer was lost comes true after a run has seen the asset alive.
#[test]
fn a_delete_that_comes_true_late_is_that_of_the_run_that_sent_it() {
    let hold = format!("holds: [{{id: {}, reason: legal}}]\n", text(3));
    for (listed, more) in [(vec![11], ""), (vec![3, 11], &*hold)] {
        let rules = ["drop-before=100%@v4_file_delete"];
        let served = world("slow_cascade: 0", &rules);
        let desk = desk(&[3]);
        run(&served, &desk).expect(3);
        served.sandbox.set_faults(Faults::default());
        desk.write("retire.yaml", manifest(&listed, more));
        let_seconds_pass();
        run(&served, &desk);
        expect(&desk, 3, "unknown", &Value::Null, 1);
        expect(&desk, 11, "retired", &json!("answer"), 2);
        let id = text(3).parse().unwrap();
        served.sandbox.change(Change::Delete { id }).unwrap();
        let_seconds_pass();
        let done = run(&served, &desk);
        assert_eq!(done.code, 0, "{}", done.transcript());
        expect(&desk, 3, "retired", &json!("listed"), 1);
        served.stop();
    }
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
            .args(["--state", "state.json", "--canary", "0"])
            .env("FRAMEIO_TOKEN", served.sandbox.token())
            .env("RETIRE_CRASH", point)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(was_killed(command.status().unwrap()));
    }

    #[test]
    fn what_a_killed_run_deleted_is_that_runs() {
        let served = world("slow_cascade: 0", &[]);
        let desk = desk(&[3]);
        dies(&served, &desk, "batch.answered:1");
        let_seconds_pass();
        let done = apply(
            &served,
            &desk,
            &["--report", "receipt.json", "--retries", "0"],
        );
        assert_eq!(done.code, 0, "{}", done.transcript());
        assert!(!done.out.contains("others"), "{}", done.transcript());
        let receipt: Value = serde_json::from_str(&desk.read("receipt.json")).unwrap();
        assert_eq!(receipt["records"][0]["id"], text(3), "{receipt}");
        expect(&desk, 3, "retired", &json!("listed"), 1);
        let history = desk.run(&["state", "history", "state.json"]).expect(0);
        says(&history, "1 retired");
        restore(&served, &desk, "run:1").expect(0);
        assert_eq!(record(&desk, 3)["status"], "restored");
        served.stop();
    }

    #[test]
    fn what_goes_with_a_folder_whose_delete_nobody_heard_of_is_that_runs() {
        for point in ["batch.answered:1", "batch.heard:1"] {
            let served = world(SLOW, &[]);
            let desk = desk(&[1, 11, 21]);
            dies(&served, &desk, point);
            let sent = deletes(&served);
            let_seconds_pass();
            let done = run(&served, &desk);
            assert_eq!(done.code, 3, "{}", done.transcript());
            expect(&desk, 1, "retired", &json!("listed"), 1);
            expect(&desk, 11, "unknown", &Value::Null, 1);
            let_seconds_pass();
            run(&served, &desk).expect(3);
            assert_eq!(deletes(&served), sent);
            served.sandbox.end_cascades();
            run(&served, &desk).expect(0);
            for number in [11, 21] {
                expect(&desk, number, "retired", &with(1), 1);
            }
            restore(&served, &desk, "run:1").expect(0);
            served.stop();
        }
    }
}
