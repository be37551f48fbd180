//! The token must belong to the account that the manifests, the settings or the state name.

use mockito::{Mock, Server, ServerGuard};

use crate::harness::{Desk, Done};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const OURS: &str = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60";
const THEIRS: &str = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e";

fn me(server: &mut ServerGuard, account: &str) -> Mock {
    server
        .mock("GET", "/v2/me")
        .match_header("authorization", "Bearer t")
        .with_body(format!(r#"{{"id":"{A}","account_id":"{account}"}}"#))
        .expect_at_least(1)
        .create()
}

fn apply(server: &ServerGuard, desk: &Desk, more: &[&str]) -> Done {
    let url = server.url();
    let mut arguments = vec!["apply", "--endpoint", &url, "--auto-approve"];
    arguments.extend(more);
    desk.run_with(&[("FRAMEIO_TOKEN", "t")], &arguments)
}

fn deletes(server: &mut ServerGuard, times: usize) -> Mock {
    server
        .mock("DELETE", "/v2/batch/assets")
        .with_body("{}")
        .expect(times)
        .create()
}

#[test]
fn the_right_account_is_remembered() {
    let mut server = Server::new();
    let asked = me(&mut server, &OURS.to_uppercase());
    let sent = deletes(&mut server, 1);
    let desk = Desk::with(&format!("version: 1\naccount: {OURS}\nassets: [{A}]\n"));
    apply(&server, &desk, &[]).expect(0);
    asked.assert();
    sent.assert();
    assert!(
        desk.read("retire.state.json")
            .contains(&format!("\"account\":\"{OURS}\""))
    );
    // From now on the state itself refuses another account, without a request.
    let done = apply(&server, &desk, &["--account", THEIRS]).expect(7);
    assert!(
        done.err.contains(OURS) && done.err.contains(THEIRS),
        "{}",
        done.err
    );
    desk.write(
        "retire.yaml",
        format!("version: 1\naccount: {THEIRS}\nassets: [{A}]\n"),
    );
    apply(&server, &desk, &[]).expect(7);
}

#[test]
fn another_account_is_refused_before_anything_is_sent() {
    let mut server = Server::new();
    let _asked = me(&mut server, THEIRS);
    let sent = deletes(&mut server, 0);
    let named = Desk::with(&format!("version: 1\naccount: {OURS}\nassets: [{A}]\n"));
    let done = apply(&server, &named, &[]).expect(7);
    assert!(
        done.err.contains(OURS) && done.err.contains(THEIRS),
        "{}",
        done.err
    );
    assert!(done.err.contains("retire.yaml:2:10"), "{}", done.err);
    let bare = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    let done = apply(&server, &bare, &["--account", OURS]).expect(7);
    assert!(done.err.contains("--account"), "{}", done.err);
    for desk in [named, bare] {
        assert!(!desk.path("retire.state.json").exists());
    }
    sent.assert();
}

#[test]
fn two_accounts_contradict_each_other() {
    let desk = Desk::with(&format!("version: 1\naccount: {OURS}\nassets: [{A}]\n"));
    let done = desk.run(&["plan", "--account", THEIRS]).expect(7);
    assert!(done.err.contains("--account"), "{}", done.err);
}

#[test]
fn without_an_account_nobody_is_asked() {
    let mut server = Server::new();
    let asked = server.mock("GET", "/v2/me").expect(0).create();
    let sent = deletes(&mut server, 1);
    let desk = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    apply(&server, &desk, &[]).expect(0);
    asked.assert();
    sent.assert();
}

#[test]
fn a_token_that_is_not_accepted_ends_it() {
    let mut server = Server::new();
    server
        .mock("GET", "/v2/me")
        .with_status(401)
        .with_body(r#"{"message":"no"}"#)
        .create();
    let sent = deletes(&mut server, 0);
    let desk = Desk::with(&format!("version: 1\naccount: {OURS}\nassets: [{A}]\n"));
    apply(&server, &desk, &[]).expect(7);
    sent.assert();
}

#[test]
fn without_a_token_all_three_ways_are_named() {
    let desk = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    let done = desk.run(&["apply", "--auto-approve"]).expect(7);
    for way in ["FRAMEIO_TOKEN", "--token-file", "--token-command"] {
        assert!(done.err.contains(way), "{}", done.err);
    }
}

#[cfg(unix)]
#[test]
fn the_token_comes_from_a_file_or_a_command_and_is_never_shown() {
    use std::os::unix::fs::PermissionsExt;

    let secret = "fio-u-hush-hush";
    let mut server = Server::new();
    let sent = server
        .mock("DELETE", "/v2/batch/assets")
        .match_header("authorization", format!("Bearer {secret}").as_str())
        .with_status(403)
        .with_body(r#"{"message":"no"}"#)
        .expect(3)
        .create();
    let desk = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    desk.write("token", format!("{secret}\n"));
    let url = server.url();
    let run = |way: &[&str]| {
        let mut arguments = vec!["apply", "--endpoint", &url, "--auto-approve"];
        arguments.extend(way);
        let done = desk.run(&arguments).expect(7);
        assert!(!done.transcript().contains("hush"), "{}", done.transcript());
        done
    };
    let done = run(&["--token-file", "token"]);
    assert!(done.err.contains("chmod 600"), "{}", done.err);
    let only_mine = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(desk.path("token"), only_mine).unwrap();
    let done = run(&["--token-file", "token"]);
    assert!(!done.err.contains("chmod"), "{}", done.err);
    run(&["--token-command", "cat token"]);
    sent.assert();
    for name in desk.names() {
        let kept = name == "token" || !desk.read(&name).contains("hush");
        assert!(kept, "{name}");
    }
}

/// A sandbox with two accounts, each with a file.
const TWO_ACCOUNTS: &str = r"
version: 1
accounts:
  - id: 5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60
    name: North
    teams:
      - id: 6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d
        name: Post
        projects:
          - id: 7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e
            name: Tide
            assets:
              - {id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c01, name: north.mov}
  - id: 5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a6f
    name: South
    teams:
      - id: 6a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4f
        name: Post
        projects:
          - id: 7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5f
            name: Ebb
            assets:
              - {id: 8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c02, name: south.mov}
";
const NORTH: &str = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a60";
const SOUTH: &str = "5f0c9a1e-3d42-4b8e-a6f7-1c2d3e4f5a6f";
const NOBODYS: &str = "5f0c9a1e-3d42-4b8e-a6f7-000000000000";
const OF_SOUTH: &str = "8d1f0c52-6a3b-4c7e-9f21-0b5d7a4e1c02";
const PLAY: [&str; 4] = ["apply", "--sandbox", "--api", "v4"];

fn two_accounts() -> Desk {
    let desk = Desk::with(&format!(
        "version: 1\nassets: [{{id: {OF_SOUTH}, kind: file}}]\n"
    ));
    desk.write("sandbox.yaml", TWO_ACCOUNTS);
    desk
}

#[test]
fn a_sandbox_of_several_accounts_needs_the_name_of_one() {
    let desk = two_accounts();
    let done = desk.run(&PLAY).expect(7);
    for word in [NORTH, "(North)", SOUTH, "(South)"] {
        assert!(done.err.contains(word), "{}", done.err);
    }
    for way in ["`--account`", "`RETIRE_ACCOUNT`", "`retire.toml`"] {
        assert!(done.err.contains(way), "{}", done.err);
    }
    assert!(!desk.path("retire.sandbox.state.json").exists());
}

#[test]
fn flag_variable_and_file_name_the_account_of_a_sandbox() {
    let flag = two_accounts();
    flag.run(&[&PLAY[..], &["--account", &SOUTH.to_uppercase()]].concat())
        .expect(0);
    let variable = two_accounts();
    variable
        .run_with(&[("RETIRE_ACCOUNT", SOUTH)], &PLAY)
        .expect(0);
    let file = two_accounts();
    file.write(
        "retire.toml",
        format!("version = 1\naccount = \"{SOUTH}\"\n"),
    );
    file.run(&PLAY).expect(0);
    let manifest = two_accounts();
    let listed = manifest.read("retire.yaml");
    let named = listed.replace("version: 1\n", &format!("version: 1\naccount: {SOUTH}\n"));
    manifest.write("retire.yaml", named);
    manifest.run(&PLAY).expect(0);
    for desk in [&flag, &variable, &file, &manifest] {
        let state = desk.read("retire.sandbox.state.json");
        assert!(
            state.contains(&format!("\"account\":\"{SOUTH}\"")),
            "{state}"
        );
        assert!(state.contains("\"retired\""), "{state}");
        // The state remembers it.
        desk.write(
            "retire.yaml",
            format!("version: 1\nassets: [{{id: {A}, kind: file}}]\n"),
        );
        let done = desk.run(&PLAY).expect(3);
        assert!(done.out.contains("1 missing"), "{}", done.out);
    }
    // The nearest one counts.
    let near = two_accounts();
    near.write(
        "retire.toml",
        format!("version = 1\naccount = \"{NORTH}\"\n"),
    );
    near.run_with(&[("RETIRE_ACCOUNT", SOUTH)], &PLAY).expect(0);
    assert!(near.read("retire.sandbox.state.json").contains(SOUTH));
}

#[test]
fn an_account_of_earnest_does_not_get_in_the_way_of_play() {
    let variable = [("RETIRE_ACCOUNT", NOBODYS)];
    let only = Desk::of_example("quickstart-v4");
    only.run_with(&variable, &["apply", "--sandbox"]).expect(3);
    let made_up = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    made_up.run_with(&variable, &PLAY).expect(0);
    // Of two, it is still not said which.
    two_accounts().run_with(&variable, &PLAY).expect(7);
    // What a flag names is meant.
    let done = two_accounts()
        .run(&[&PLAY[..], &["--account", NOBODYS]].concat())
        .expect(7);
    for word in ["(North)", "(South)", "`--account`", NOBODYS] {
        assert!(done.err.contains(word), "{}", done.err);
    }
    // A made-up world is that of the account that is named.
    let made_up = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    made_up
        .run(&[&PLAY[..], &["--account", NOBODYS]].concat())
        .expect(0);
}

#[test]
fn a_saved_plan_names_the_account_of_a_sandbox() {
    let seeded = two_accounts();
    let made_up = Desk::with(&format!("version: 1\nassets: [{A}]\n"));
    for (desk, account) in [(&seeded, SOUTH), (&made_up, NOBODYS)] {
        let plan = ["plan", "--sandbox", "--api", "v4", "--account", account];
        desk.run(&[&plan[..], &["--out", "plan.json"]].concat())
            .expect(0);
        desk.run(&[&PLAY[..], &["plan.json"]].concat()).expect(0);
        assert!(desk.read("retire.sandbox.state.json").contains(account));
    }
}
