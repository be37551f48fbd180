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
