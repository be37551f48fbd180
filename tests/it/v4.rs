//! The current API: the quick start, version stacks, accounts, tokens, and a state that moves.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use mockito::{Matcher, Server, ServerGuard};
use serde_json::Value;

use crate::harness::{Desk, TIDEWATER as OURS, filters, seed};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const STACK: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c30";
const ONE: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c31";
const TWO: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c32";
const THEIRS: &str = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a61";

/// A version stack of two files.
const A_STACK: &str = "
              - id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c30
                name: cut
                type: version_stack
                children:
                  - {id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c31, name: cut_v1.mov}
                  - {id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c32, name: cut_v2.mov}
";

fn state(desk: &Desk) -> Value {
    serde_json::from_str(&desk.read("retire.sandbox.state.json")).unwrap()
}

#[test]
fn the_quick_start_comes_out_as_with_v2() {
    let desk = Desk::of_example("quickstart-v4");
    let plan = desk.run(&["plan", "--sandbox"]).expect(0);
    assert!(
        plan.out.contains("folder and all that is in it"),
        "{}",
        plan.out
    );
    let first = desk.run(&["apply", "--sandbox"]).expect(3);
    filters().bind(|| insta::assert_snapshot!("v4_quick_start", first.transcript()));
    let state = state(&desk);
    assert_eq!(state["api"], "v4");
    assert_eq!(state["account"], OURS);
    let again = desk.run(&["apply", "--sandbox"]).expect(3);
    assert!(again.out.contains("1 failed · 1 request"), "{}", again.out);
}

#[test]
fn a_version_stack_goes_file_by_file_and_the_plan_shows_them() {
    let desk = Desk::with(&format!("version: 1\nassets: [{STACK}]\n"));
    desk.write("sandbox.yaml", seed(A_STACK));
    let plan = desk
        .run(&["plan", "--sandbox", "--api", "v4", "--out", "plan.json"])
        .expect(0);
    for shown in ["version stack of 2 files", ONE, TWO] {
        assert!(plan.out.contains(shown), "{}", plan.out);
    }
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert_eq!(saved["actions"][0]["asset_kind"], "version_stack");
    assert_eq!(saved["actions"][0]["files"], serde_json::json!([ONE, TWO]));
    let done = desk
        .run(&["apply", "plan.json", "--sandbox", "--api", "v4"])
        .expect(0);
    assert!(done.out.contains("1 retired"), "{}", done.out);
    assert_eq!(state(&desk)["assets"][STACK]["status"], "retired");
}

#[test]
fn without_a_seed_the_world_has_what_the_manifest_says() {
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n  - {A}\n  - {{id: {B}, kind: folder}}\n  - {{id: {STACK}, kind: version_stack}}\n"
    ));
    let plan = ["plan", "--sandbox", "--api", "v4", "--out", "plan.json"];
    let told = desk.run(&plan).expect(0);
    for shown in ["version stack of 2 files", "folder and all that is in it"] {
        assert!(told.out.contains(shown), "{}", told.out);
    }
    assert!(!told.err.contains("not there"), "{}", told.err);
    // The world of the plan has the very files that the plan names.
    let done = desk
        .run(&["apply", "plan.json", "--sandbox", "--api", "v4"])
        .expect(0);
    assert!(done.out.contains("3 retired"), "{}", done.out);
    let state = state(&desk);
    for id in [A, B, STACK] {
        assert_eq!(state["assets"][id]["status"], "retired", "{id}");
    }
    let again = desk.run(&["apply", "--sandbox", "--api", "v4"]).expect(0);
    assert!(again.out.contains("Nothing to do"), "{}", again.out);
}

#[test]
fn a_held_file_holds_its_version_stack() {
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{STACK}]\nholds:\n  - {{id: {TWO}, reason: legal}}\n"
    ));
    desk.write("sandbox.yaml", seed(A_STACK));
    let done = desk.run(&["apply", "--sandbox", "--api", "v4"]).expect(0);
    assert!(done.out.contains("1 held"), "{}", done.out);
    assert!(!desk.path("retire.sandbox.state.json").exists());
}

#[test]
fn ids_that_only_v4_takes_are_refused_under_v2_with_their_place() {
    let urn = "adobe:urn:aaid:sc:US:a1b2c3d4-e5f6-7890-abcd-ef1234567890|2";
    let desk = Desk::with(&format!("version: 1\nassets:\n  - {A}\n  - {urn}\n"));
    desk.run(&["validate"]).expect(0);
    for command in ["plan", "apply"] {
        let refused = desk.run(&[command, "--sandbox"]).expect(8);
        for words in ["retire.yaml:4:5", urn, "--api v4"] {
            assert!(refused.err.contains(words), "{}", refused.err);
        }
    }
    desk.run(&["plan", "--api", "v4"]).expect(0);
}

#[test]
fn v2_names_its_end_against_the_real_server_only() {
    let desk = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    let end = "unsupported after 2026-12-01";
    assert_eq!(desk.run(&["plan"]).err.matches(end).count(), 1);
    for arguments in [
        &["plan", "-q"][..],
        &["plan", "--sandbox"],
        &["plan", "--api", "v4"],
        &["plan", "--endpoint", "http://127.0.0.1:1"],
    ] {
        let told = desk.run(arguments).expect(0);
        assert!(!told.err.contains(end), "{}", told.err);
    }
}

fn accounts(server: &mut ServerGuard, accounts: &[(&str, &str)]) {
    let data: Vec<Value> = accounts
        .iter()
        .map(|(id, name)| serde_json::json!({"id": id, "display_name": name}))
        .collect();
    server
        .mock("GET", Matcher::Regex("^/v4/accounts[?]".to_owned()))
        .match_header("authorization", "Bearer t")
        .with_body(serde_json::json!({"data": data, "links": {}}).to_string())
        .create();
}

#[test]
fn the_account_is_the_only_one_or_the_one_that_is_named() {
    let mut server = Server::new();
    let url = server.url();
    let desk = Desk::with(&format!("version: 1\nassets: [{{id: {A}, kind: file}}]\n"));
    let apply = |more: &[&str]| {
        let mut arguments = vec!["apply", "--auto-approve", "--api", "v4", "--endpoint", &url];
        arguments.extend(more);
        desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments)
    };
    accounts(&mut server, &[(OURS, "North"), (THEIRS, "South")]);
    let several = apply(&[]).expect(7);
    for words in [OURS, "(North)", THEIRS, "(South)", "--account"] {
        assert!(several.err.contains(words), "{}", several.err);
    }
    let other = apply(&["--account", B]).expect(7);
    assert!(other.err.contains(B), "{}", other.err);
    let deleted = server
        .mock(
            "DELETE",
            format!("/v4/accounts/{THEIRS}/files/{A}").as_str(),
        )
        .with_status(204)
        .create();
    apply(&["--account", &THEIRS.to_uppercase()]).expect(0);
    deleted.assert();
    let kept = desk.read("retire.state.json");
    assert!(
        kept.contains(r#""api":"v4""#) && kept.contains(THEIRS),
        "{kept}"
    );
    // The state speaks of V4 and of that account from now on.
    apply(&["--account", OURS]).expect(7);
}

/// A sandbox of its own, which ends with the value.
struct Sandbox {
    child: Child,
    url: String,
}

impl Sandbox {
    fn start(desk: &Desk) -> Self {
        let mut child = desk
            .command(&["sandbox", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .find_map(|line| {
                let line = line.unwrap();
                let start = line.find("http://")?;
                let url = line[start..].split_whitespace().next()?;
                Some(url.trim_end_matches(['/', '.', ',', '`']).to_owned())
            })
            .unwrap();
        Self { child, url }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_client_gets_its_tokens_by_itself_and_its_secret_is_never_shown() {
    let desk = Desk::with(&format!("version: 1\nassets: [{ONE}, {TWO}]\n"));
    desk.write("sandbox.yaml", seed(A_STACK));
    desk.write("secret", "sandbox-secret\n");
    let sandbox = Sandbox::start(&desk);
    let apply = |secret: &str| {
        let variables = [
            ("FRAMEIO_CLIENT_ID", "sandbox-client"),
            ("FRAMEIO_CLIENT_SECRET", secret),
        ];
        let url = sandbox.url.as_str();
        let arguments = [
            "apply",
            "--auto-approve",
            "--api",
            "v4",
            "--endpoint",
            url,
            "--ims-endpoint",
            url,
        ];
        desk.run_with(&variables, &arguments)
    };
    let refused = apply("hush").expect(7);
    assert!(refused.err.contains("token endpoint"), "{}", refused.err);
    assert!(!refused.transcript().contains("hush"));
    let halved = desk
        .run_with(
            &[("FRAMEIO_CLIENT_ID", "sandbox-client")],
            &["apply", "--auto-approve", "--api", "v4"],
        )
        .expect(7);
    assert!(
        halved.err.contains("FRAMEIO_CLIENT_SECRET"),
        "{}",
        halved.err
    );
    let done = apply("sandbox-secret").expect(0);
    assert!(done.out.contains("2 retired"), "{}", done.out);
}

#[test]
fn a_v2_state_moves_to_v4_with_its_history() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    let before = desk.read("retire.sandbox.state.json");
    let wrong = desk.run(&["state", "migrate", "--sandbox"]).expect(64);
    assert!(wrong.err.contains("--api v4"), "{}", wrong.err);
    let moved = desk
        .run(&["state", "migrate", "--sandbox", "--api", "v4"])
        .expect(0);
    assert!(
        moved.out.starts_with("V4 knows 1 of 1 open asset.\n"),
        "{}",
        moved.out
    );
    assert_eq!(desk.read("retire.sandbox.state.json.v2"), before);
    assert_eq!(desk.read("retire.sandbox.state.json.backup"), before);
    let after = state(&desk);
    let old: Value = serde_json::from_str(&before).unwrap();
    assert_eq!(after["api"], "v4");
    assert_eq!(after["account"], OURS);
    assert_eq!(after["lineage"], old["lineage"]);
    assert_eq!(after["serial"], 2);
    assert_eq!(after["assets"], old["assets"]);
    let history = desk
        .run(&["state", "history", "--state", "retire.sandbox.state.json"])
        .expect(0);
    assert!(history.out.contains("migrated from v2"), "{}", history.out);
    let again = desk
        .run(&["state", "migrate", "--sandbox", "--api", "v4"])
        .expect(0);
    assert!(again.err.contains("already"), "{}", again.err);
    let next = desk.run(&["apply", "--sandbox", "--api", "v4"]).expect(3);
    assert!(next.out.contains("1 failed · 1 request"), "{}", next.out);
}

#[test]
fn a_state_of_which_v4_knows_too_little_stays_as_it_is() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    let before = desk.read("retire.sandbox.state.json");
    // A world without the asset that is still open.
    desk.write("sandbox.yaml", seed(A_STACK));
    let migrate = |more: &[&str]| {
        let mut arguments = vec!["state", "migrate", "--sandbox", "--api", "v4"];
        arguments.extend(more);
        desk.run(&arguments)
    };
    let refused = migrate(&[]).expect(4);
    assert!(refused.out.contains("not found"), "{}", refused.out);
    assert!(
        refused.err.contains("--min-found-percent"),
        "{}",
        refused.err
    );
    assert_eq!(desk.read("retire.sandbox.state.json"), before);
    migrate(&["--min-found-percent", "0"]).expect(0);
    assert_eq!(state(&desk)["api"], "v4");
}

/// A file that lives, and one that was deleted.
const ONE_DELETED: &str = "
              - {id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c31, name: a.mov}
              - {id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c32, name: b.mov, deleted_at: 2026-11-01T00:00:00Z}
";

#[test]
fn deleted_already_is_told_from_never_having_been_there() {
    // With kinds nothing is read before the plan, so the run itself finds them missing.
    let files = format!(
        "version: 1\nassets:\n  - {{id: {ONE}, kind: file}}\n  - {{id: {TWO}, kind: file}}\n  - {{id: {A}, kind: file}}\n"
    );
    let desk = Desk::with(&files);
    desk.write("sandbox.yaml", seed(ONE_DELETED));
    let done = desk.run(&["apply", "--sandbox", "--api", "v4"]).expect(3);
    assert!(
        done.out.contains("1 retired, 1 already gone, 1 missing"),
        "{}",
        done.out
    );
    assert!(done.out.contains("accept-missing"), "{}", done.out);
    assert_eq!(state(&desk)["assets"][TWO]["evidence"], "listed");
    assert_eq!(state(&desk)["assets"][A]["status"], "missing");

    // Without kinds they are read first: what is deleted is only recorded.
    let desk = Desk::with(&format!("version: 1\nassets: [{ONE}, {TWO}, {A}]\n"));
    desk.write("sandbox.yaml", seed(ONE_DELETED));
    let plan = desk
        .run(&["plan", "--sandbox", "--api", "v4", "--out", "plan.json"])
        .expect(3);
    assert!(
        plan.out
            .contains("1 to retire, 1 to record as gone, 1 missing"),
        "{}",
        plan.out
    );
    assert!(
        plan.err.contains("not among the recently deleted"),
        "{}",
        plan.err
    );
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert_eq!(saved["totals"]["record"], 1);
    let done = desk
        .run(&["apply", "plan.json", "--sandbox", "--api", "v4", "--json"])
        .expect(3);
    let lines = done.out.lines().filter(|line| line.contains("\"batch\":0"));
    let lines: String = lines.collect();
    assert!(lines.contains("asset_gone") && lines.contains("listed"));
    assert!(lines.contains("asset_missing"), "{lines}");
    for (id, status) in [(ONE, "retired"), (TWO, "gone"), (A, "missing")] {
        assert_eq!(state(&desk)["assets"][id]["status"], status, "{id}");
    }
    desk.write("run.jsonl", &done.out);
    let shown = desk.run(&["show", "run.jsonl"]).expect(0);
    assert!(
        shown.out.contains("1 retired, 1 already gone, 1 missing"),
        "{}",
        shown.out
    );
}

#[test]
fn an_unknown_one_is_read_and_then_looked_for_among_the_recently_deleted() {
    let desk = Desk::with(&format!(
        "version: 1\nassets:\n  - {{id: {ONE}, kind: file}}\n  - {{id: {TWO}, kind: file}}\n"
    ));
    desk.write("sandbox.yaml", seed(ONE_DELETED));
    let unknown = r#"{"status":"unknown","attempts":1,"run":1,"at":"2026-11-01T00:00:00Z"}"#;
    desk.write(
        "retire.sandbox.state.json",
        format!(
            r#"{{"version":1,"lineage":"{B}","serial":1,"api":"v4","endpoint":"sandbox","account":"{OURS}",
"runs":{{
"1":{{"id":"{A}","at":"2026-11-01T00:00:00Z"}}
}},
"assets":{{
"{ONE}":{unknown},
"{TWO}":{unknown}
}},
"holds":{{}}}}
"#
        ),
    );
    let done = desk
        .run(&["apply", "--sandbox", "--api", "v4", "--json"])
        .expect(0);
    // The other one lives: it is read, and deleted again.
    let deleted = done
        .out
        .lines()
        .filter(|line| line.contains("\"batch_sent\"") && line.contains("\"delete\""));
    assert!(deleted.clone().all(|line| line.contains(ONE)));
    assert_eq!(deleted.count(), 1, "{}", done.out);
    let state = state(&desk);
    assert_eq!(state["assets"][ONE]["evidence"], "answer");
    // It was deleted when the run began whose delete was not answered.
    assert_eq!(state["assets"][TWO]["status"], "retired");
    assert_eq!(state["assets"][TWO]["evidence"], "listed");
}
