//! Own ground: what a command is told to write leaves alone whatever is of another kind.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::ground::{STATE, apply, contents, plan, serving};
use crate::harness::{Desk, Done, TOKEN, seed};
use crate::server::{Server, manifest};

/// A desk with a state, its backup and its lock after two runs, a second manifest's worth of work
/// still open, and one file of each kind.
fn full(server: &Server) -> Desk {
    let desk = Desk::with(&manifest(1));
    for count in 1..=2 {
        desk.write("retire.yaml", manifest(count));
        apply(
            &desk,
            server,
            &["--state", STATE, "--json-out", "run.jsonl"],
        )
        .expect(0);
    }
    desk.write("retire.yaml", manifest(3));
    plan(&desk, server, &["--out", "plan.json"]).expect(0);
    desk.write("retire.toml", "version = 1\nbatch-size = 20\n");
    desk.write(
        "sandbox.yaml",
        seed("              - id: 00000000-0000-4000-8000-000000000001\n"),
    );
    desk.write("lines.txt", "{\"sum\":\"00000000\",\"body\":{}}\n");
    desk.write("other.txt", "process 7 on build-3\n");
    desk.write("notes.txt", "somebody's notes\n");
    desk.write("package.json", "{\"type\":\"module\",\"version\":1}\n");
    desk.write(
        "tool.json",
        "{\"version\":1,\"id\":\"sha256:0\",\"lineage\":\"\"}\n",
    );
    desk.write("spaces.txt", " \n");
    desk.write("binary", b"\0\xff\0");
    desk
}

/// What is no plan, no event stream and no copy of the state.
const FOREIGN: [&str; 9] = [
    "retire.yaml",
    "retire.toml",
    "sandbox.yaml",
    "lines.txt",
    "other.txt",
    "notes.txt",
    "package.json",
    "tool.json",
    "binary",
];

/// The commands that write a file where somebody says; the name comes last.
fn writers(server: &Server) -> [Vec<&str>; 3] {
    [
        vec!["plan", "--state", STATE, "--endpoint", &server.url, "--out"],
        vec!["state", "pull", "--state", STATE, "--out"],
        vec![
            "apply",
            "--auto-approve",
            "--endpoint",
            &server.url,
            "--state",
            STATE,
            "--json-out",
        ],
    ]
}

/// Has each command write to a name, and checks that it refuses and changes nothing.
#[track_caller]
fn refused(desk: &Desk, server: &Server, writer: &[&str], name: &str, code: i32) -> Done {
    let asked = server.asked().len();
    let before = contents(desk);
    let mut arguments = writer.to_vec();
    arguments.push(name);
    let done = desk.run_with(&[TOKEN], &arguments).expect(code);
    assert_eq!(done.out, "", "{arguments:?}");
    assert!(
        done.err.contains("nothing was sent or written"),
        "{arguments:?}: {}",
        done.err
    );
    assert_eq!(contents(desk), before, "{arguments:?}");
    assert_eq!(server.asked().len(), asked, "{arguments:?}");
    done
}

#[test]
fn documents_of_other_kinds_are_left_alone_under_every_name() {
    let server = serving();
    let desk = full(&server);
    let kinds = ["plan.json", "state.json", "run.jsonl"];
    desk.run(&["state", "pull", "--state", STATE, "--out", "state.json"])
        .expect(0);
    for (writer, own) in writers(&server).iter().zip(kinds) {
        let others = kinds.iter().filter(|kind| **kind != own);
        for name in FOREIGN.iter().chain(["spaces.txt"].iter()).chain(others) {
            let done = refused(&desk, &server, writer, name, 1);
            assert!(done.err.contains("is there already"), "{}", done.err);
            refused(&desk, &server, writer, &format!("./{name}"), 1);
            let whole = desk.path(name);
            refused(&desk, &server, writer, whole.to_str().unwrap(), 1);
            symlink(name, desk.path("link")).unwrap();
            refused(&desk, &server, writer, "link", 1);
            fs::remove_file(desk.path("link")).unwrap();
            fs::hard_link(&whole, desk.path("twin")).unwrap();
            refused(&desk, &server, writer, "twin", 1);
            fs::remove_file(desk.path("twin")).unwrap();
        }
    }
}

#[test]
fn the_state_in_use_and_what_lies_beside_it_is_no_place_to_write() {
    let server = serving();
    let desk = full(&server);
    fs::create_dir(desk.path("sub")).unwrap();
    symlink(STATE, desk.path("link")).unwrap();
    fs::hard_link(desk.path(STATE), desk.path("twin")).unwrap();
    // As a run that was killed before it left word leaves it.
    desk.write("s.json.lock", "");
    fs::hard_link(desk.path("s.json.lock"), desk.path("twin.of.lock")).unwrap();
    symlink("s.json.backup", desk.path("link.to.backup")).unwrap();
    let whole = desk.path(STATE);
    let names = [
        STATE,
        "./s.json",
        "sub/../s.json",
        whole.to_str().unwrap(),
        "link",
        "twin",
        "s.json.lock",
        "sub/../s.json.lock",
        "twin.of.lock",
        "s.json.backup",
        "link.to.backup",
        // These are not there yet.
        "s.json.journal",
        "sub/../s.json.journal",
        "s.json.v2",
    ];
    for writer in writers(&server) {
        for name in names {
            let done = refused(&desk, &server, &writer, name, 64);
            assert!(done.err.contains("uses itself"), "{}", done.err);
        }
    }

    // The state may be named by a link, and the files beside it lie where the state does.
    for name in ["s.json", "s.json.lock", "s.json.journal", "link.v2"] {
        let writer = ["state", "pull", "--state", "link", "--out"];
        refused(&desk, &server, &writer, name, 64);
    }
}

#[test]
fn the_files_beside_any_other_state_are_no_place_to_write() {
    let server = serving();
    let desk = full(&server);
    for (name, text) in [
        ("far/prod.json", desk.read(STATE)),
        // Somebody has laid it out anew.
        ("far/new.json", desk.read(STATE).replace("\":", "\": ")),
    ] {
        desk.write(name, text);
        for ending in [".journal", ".lock", ".backup", ".v2"] {
            let place = format!("{name}{ending}");
            for writer in writers(&server) {
                refused(&desk, &server, &writer, &place, 1);
                assert!(!desk.path(&place).exists(), "{place}");
            }
        }
    }
    // A run that was killed before its first state was written.
    desk.write("near.json.journal", "{\"sum\":\"00000000\",\"body\":{}}\n");
    desk.write("free.lock", "");
    for writer in writers(&server) {
        refused(&desk, &server, &writer, "near.json.lock", 1);
        refused(&desk, &server, &writer, "free.lock", 1);
    }
}

#[test]
fn what_is_no_plain_file_is_refused_and_never_waited_for() {
    let server = serving();
    let desk = full(&server);
    fs::create_dir(desk.path("folder")).unwrap();
    let made = Command::new("mkfifo").arg(desk.path("pipe")).status();
    assert!(made.unwrap().success());
    let _listener = UnixListener::bind(desk.path("socket")).unwrap();
    symlink("folder", desk.path("to.folder")).unwrap();
    symlink("pipe", desk.path("to.pipe")).unwrap();
    symlink("nowhere", desk.path("dangling")).unwrap();
    symlink("round", desk.path("round")).unwrap();
    desk.write("empty", "");
    symlink("empty", desk.path("to.empty")).unwrap();
    let names = [
        "folder",
        "pipe",
        "socket",
        "to.folder",
        "to.pipe",
        "dangling",
        "round",
        "to.empty",
        ".",
        "new/",
    ];
    for writer in writers(&server) {
        for name in names {
            refused(&desk, &server, &writer, name, 1);
        }
        let mut arguments = writer.clone();
        arguments.push("none/file");
        let done = desk.run_with(&[TOKEN], &arguments).expect(1);
        assert!(done.err.contains("cannot write"), "{}", done.err);
        assert!(!desk.path("none").exists());
    }
}

#[test]
fn a_document_replaces_one_of_its_own_kind_and_fills_an_empty_file() {
    let server = serving();
    let desk = full(&server);
    for (writer, name) in writers(&server).iter().zip(["p", "c", "e"]) {
        let run = |place: &str| {
            let mut arguments = writer.clone();
            arguments.push(place);
            desk.run_with(&[TOKEN], &arguments).expect(0);
        };
        desk.write(name, "");
        run(name);
        let first = desk.read(name);
        assert!(!first.is_empty());
        run(name);
        assert!(!desk.read(name).is_empty());
        // A link stays one, and the file behind it is the one that is written.
        let link = format!("{name}.link");
        symlink(name, desk.path(&link)).unwrap();
        run(&link);
        assert!(fs::symlink_metadata(desk.path(&link)).unwrap().is_symlink());
        assert!(!fs::symlink_metadata(desk.path(name)).unwrap().is_symlink());
    }
    // A plan of another version of this program is a plan.
    let older = desk.read("p").replacen("\"version\":", "\"version\":9", 1);
    desk.write("p", older);
    plan(&desk, &server, &["--out", "p"]).expect(0);
    desk.run(&["show", "p"]).expect(0);
}

#[cfg(unix)]
#[test]
fn no_path_that_is_printed_moves_a_cursor() {
    let server = serving();
    let desk = Desk::with(&manifest(1));
    let odd = "p\u{1b}[2J\u{9b}2J\u{202e}\nx";
    let done = plan(&desk, &server, &["--out", odd]).expect(0);
    assert!(
        done.err.contains(r"p\u{1b}[2J\u{9b}2J\u{202e}\nx"),
        "{}",
        done.err
    );
    let wrong = desk
        .run(&["plan", "--no-such", "--x\u{9b}2J\u{202e}"])
        .expect(64);
    for done in [done, wrong] {
        let seen = done.transcript();
        let obeyed = seen
            .chars()
            .find(|each| ['\u{1b}', '\u{9b}', '\u{202e}'].contains(each));
        assert_eq!(obeyed, None, "{seen}");
    }
}

#[test]
fn a_copy_of_the_state_replaces_an_earlier_copy_of_it_alone() {
    let server = serving();
    let desk = full(&server);
    let pull = ["state", "pull", "--state", STATE, "--out"];
    desk.run(&[&pull[..], &["copy.json"]].concat()).expect(0);
    apply(&desk, &server, &["--state", STATE]).expect(0);
    desk.run(&[&pull[..], &["copy.json"]].concat()).expect(0);
    assert_eq!(desk.read("copy.json"), desk.read(STATE));

    // Somebody has made a change in it for `state push`.
    let later = desk
        .read("copy.json")
        .replacen("\"serial\":3", "\"serial\":4", 1);
    desk.write("copy.json", &later);
    let done = refused(&desk, &server, &pull, "copy.json", 1);
    assert!(done.err.contains("a later state"), "{}", done.err);

    // A state that has a life of its own.
    apply(&desk, &server, &["--state", "other.json"]).expect(0);
    let done = refused(&desk, &server, &pull, "other.json", 1);
    assert!(done.err.contains("another lineage"), "{}", done.err);
    // A copy that somebody has gone on from.
    for ending in [".backup", ".journal", ".lock"] {
        desk.write("own.json", desk.read(STATE));
        desk.write(&format!("own.json{ending}"), "");
        let done = refused(&desk, &server, &pull, "own.json", 1);
        assert!(done.err.contains("a state in use"), "{}", done.err);
        fs::remove_file(desk.path(&format!("own.json{ending}"))).unwrap();
    }
}

#[test]
fn a_dash_is_standard_output() {
    let server = serving();
    let desk = full(&server);
    let names = desk.names();
    for more in [&["--out", "-"][..], &["--out", "-", "--format", "json"]] {
        let done = plan(&desk, &server, more).expect(0);
        assert!(done.out.starts_with("{\"version\":"), "{}", done.out);
        assert_eq!(done.out.matches("\"version\":").count(), 1);
        assert!(!done.err.contains("Saved"), "{}", done.err);
    }
    plan(&desk, &server, &["--out", "-", "--format", "diff"]).expect(64);
    let copy = desk
        .run(&["state", "pull", "--state", STATE, "--out", "-"])
        .expect(0);
    assert_eq!(copy.out, desk.read(STATE));
    let events = apply(&desk, &server, &["--state", STATE, "--json-out", "-"]).expect(0);
    for line in events.out.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["type"].is_string());
    }
    assert_eq!(desk.names(), names);
}

#[test]
fn a_run_that_cannot_begin_says_so_nowhere_near_a_state() {
    let server = serving();
    let desk = full(&server);
    desk.write("retire.yaml", "version: 1\nassets: nonsense\n");
    let writer = &writers(&server)[2];
    for name in ["s.json.lock", "s.json.journal", STATE] {
        refused(&desk, &server, writer, name, 64);
    }
    // The state of the settings is not known where they are wrong, and is a state all the same.
    desk.write("retire.toml", "version = 1\nstate = 7\n");
    let blind = ["apply", "--auto-approve", "--endpoint", &server.url];
    for name in ["s.json.lock", "s.json.journal", STATE, "retire.toml"] {
        let writer = [&blind[..], &["--json-out"]].concat();
        refused(&desk, &server, &writer, name, 1);
    }
    let done = apply(&desk, &server, &["--json-out", "why.jsonl"]).expect(8);
    assert!(desk.read("why.jsonl").contains("error"), "{}", done.err);
}
