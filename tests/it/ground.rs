//! Own ground: the places beside a state leave alone whatever is somebody else's.
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Server, id, manifest};

/// The state of these tests.
pub(crate) const STATE: &str = "s.json";

/// A server that deletes whatever it is asked to.
pub(crate) fn serving() -> Server {
    Server::new(|_| Some((200, "{}".to_owned())))
}

/// Applies on a server, without a question.
pub(crate) fn apply(desk: &Desk, server: &Server, more: &[&str]) -> Done {
    let mut arguments = vec!["apply", "--auto-approve", "--endpoint", &server.url];
    arguments.extend(more);
    desk.run_with(&[TOKEN], &arguments)
}

/// Plans for a server, with the state `s.json`.
pub(crate) fn plan(desk: &Desk, server: &Server, more: &[&str]) -> Done {
    let arguments = ["plan", "--state", STATE, "--endpoint", &server.url];
    desk.run_with(&[TOKEN], &[&arguments[..], more].concat())
}

/// All that is in a folder, by name: what it is and what is in it.
pub(crate) fn contents(desk: &Desk) -> Vec<(String, u64, Vec<u8>)> {
    let names = desk.names().into_iter();
    names
        .map(|name| {
            let metadata = fs::symlink_metadata(desk.path(&name)).unwrap();
            let bytes = if metadata.is_file() {
                fs::read(desk.path(&name)).unwrap()
            } else {
                Vec::new()
            };
            (name, metadata.ino(), bytes)
        })
        .collect()
}

/// Has every command that takes the lock find something else in its place.
#[track_caller]
fn no_lock(desk: &Desk, server: &Server, what: &str) {
    let asked = server.asked().len();
    let before = contents(desk);
    let one = id(1);
    let commands = [
        &[
            "apply",
            "--auto-approve",
            "--endpoint",
            &server.url,
            "--state",
            STATE,
        ][..],
        &["state", "unlock", "--state", STATE],
        &["state", "rm", &one, "--auto-approve", "--state", STATE],
        &["state", "push", "copy.json", "--state", STATE],
    ];
    for command in commands {
        let done = desk.run_with(&[TOKEN], command).expect(1);
        assert!(done.err.contains("the lock of the state"), "{}", done.err);
        assert!(done.err.contains(what), "{command:?}: {}", done.err);
        assert!(done.err.contains("was not touched"), "{}", done.err);
        let said = format!("{}{}", done.out, done.err);
        assert!(!said.contains("secret"), "{said}");
        assert_eq!(contents(desk), before, "{command:?}");
    }
    assert_eq!(server.asked().len(), asked, "nothing was sent");
    // Whoever only reads needs no lock.
    plan(desk, server, &[]).expect(0);
}

#[test]
fn a_lock_that_is_not_ours_is_neither_followed_nor_emptied_nor_shown() {
    let server = serving();
    let desk = Desk::with(&manifest(1));
    apply(&desk, &server, &["--state", STATE]).expect(0);
    desk.write("retire.yaml", manifest(2));
    desk.run(&["state", "pull", "--state", STATE, "--out", "copy.json"])
        .expect(0);
    let lock = desk.path("s.json.lock");
    let long = format!("process 7 {}secret", "x".repeat(10_000));
    for text in [
        "# yarn lockfile v1\nsecret\n",
        "secret",
        "\n",
        "processor secret\n",
        "process 7\nsecret\n",
        "{\"secret\":1}",
        &long,
    ] {
        fs::write(&lock, text).unwrap();
        no_lock(&desk, &server, "no lock of this program");
    }
    // Also while somebody else has locked it.
    let held = File::open(&lock).unwrap();
    held.lock().unwrap();
    no_lock(&desk, &server, "no lock of this program");
    drop(held);
    fs::remove_file(&lock).unwrap();

    for target in ["precious", "empty", "nowhere"] {
        desk.write("precious", "secret\n");
        desk.write("empty", "");
        symlink(target, &lock).unwrap();
        no_lock(&desk, &server, "a link");
        fs::remove_file(&lock).unwrap();
    }
    fs::create_dir(&lock).unwrap();
    no_lock(&desk, &server, "a folder");
    fs::remove_dir(&lock).unwrap();
    let made = Command::new("mkfifo").arg(&lock).status();
    assert!(made.unwrap().success());
    no_lock(&desk, &server, "a pipe");
    fs::remove_file(&lock).unwrap();

    apply(&desk, &server, &["--state", STATE]).expect(0);
    assert!(!lock.exists(), "it went with its run");
}

#[test]
fn a_lock_of_another_user_is_locked_all_the_same() {
    /// Nobody in particular, who may not write what root has made.
    const NOBODY: u32 = 65534;
    let server = serving();
    let desk = Desk::with(&manifest(1));
    let lock = desk.path("s.json.lock");
    desk.write("s.json.lock", "");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o444)).unwrap();
    let root = fs::metadata(&lock).unwrap().uid() == 0;
    let mut arguments = vec!["apply", "--auto-approve", "--endpoint", &server.url];
    arguments.extend(["--state", STATE]);
    let run = || {
        let mut command = desk.command(&arguments);
        if root {
            // Root may write anything, so another user has to run it, and reach it.
            let binary = desk.path("retire");
            if !binary.exists() {
                fs::copy(env!("CARGO_BIN_EXE_retire"), &binary).unwrap();
                // The sandbox in it has tokens of its own.
                desk.is_own();
            }
            let open = fs::Permissions::from_mode(0o777);
            fs::set_permissions(desk.path(""), open).unwrap();
            command = Command::new(binary);
            command.args(&arguments).current_dir(desk.path(""));
            command.env_clear().uid(NOBODY).gid(NOBODY);
            command.env("RETIRE_API", "v2");
        }
        let output = command.env(TOKEN.0, TOKEN.1).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    };
    let held = File::open(&lock).unwrap();
    held.lock().unwrap();
    let (code, said) = run();
    assert_eq!(code, 6, "{said}");
    drop(held);
    let (code, said) = run();
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.read("s.json.lock"), "");
    assert!(desk.read(STATE).contains(&id(1)));
    // Who may not even read it cannot see whether it is held, whatever the folder allows.
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o200)).unwrap();
    let (code, said) = run();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("chmod a+r"), "{said}");
    assert!(!said.contains("into the folder"), "{said}");
}

#[test]
fn somebodys_own_backup_and_temporary_files_are_kept() {
    let server = serving();
    let desk = Desk::with(&manifest(1));
    desk.write("s.json.backup", "my own backup\n");
    desk.write(".s.json-x.tmp/deep/precious", "1");
    desk.write(".s.json-Ab3dE9.tmp/backup", "2");
    desk.write(".s.json-report.tmp", "3");
    desk.write(".s.json-eu-Ab3dE9.tmp", "{\"version\":1,\"lineage\":\"");
    let before = contents(&desk);
    let done = apply(&desk, &server, &["--state", STATE]).expect(1);
    assert!(done.err.contains("the backup of the state"), "{}", done.err);
    assert!(done.err.contains("no state"), "{}", done.err);
    assert_eq!(server.asked().len(), 0, "nothing was sent");
    let others = |desk: &Desk| {
        let mut all = contents(desk);
        all.retain(|(name, ..)| name != "s.json.lock");
        all
    };
    assert_eq!(others(&desk), before);

    fs::remove_file(desk.path("s.json.backup")).unwrap();
    symlink("retire.yaml", desk.path("s.json.backup")).unwrap();
    let done = apply(&desk, &server, &["--state", STATE]).expect(1);
    assert!(done.err.contains("is a link"), "{}", done.err);
    fs::remove_file(desk.path("s.json.backup")).unwrap();

    // What a killed run of this very state has left is swept; nothing else is.
    desk.write(".s.json-Zz9yX8.tmp", "{\"version\":1,\"lineage\":\"");
    desk.write(".s.json-Zz9yX7.tmp", "");
    for count in [1, 2] {
        desk.write("retire.yaml", manifest(count));
        apply(&desk, &server, &["--state", STATE]).expect(0);
    }
    let hidden: Vec<String> = desk
        .names()
        .into_iter()
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(
        hidden,
        [
            ".s.json-Ab3dE9.tmp",
            ".s.json-eu-Ab3dE9.tmp",
            ".s.json-report.tmp",
            ".s.json-x.tmp"
        ]
    );
    assert_eq!(desk.read(".s.json-x.tmp/deep/precious"), "1");
    assert_eq!(desk.read(".s.json-Ab3dE9.tmp/backup"), "2");
    assert_eq!(desk.read(".s.json-report.tmp"), "3");
}

#[test]
fn the_mode_of_a_state_is_kept_whatever_the_umask_says() {
    let server = serving();
    let desk = Desk::with(&manifest(1));
    apply(&desk, &server, &["--state", STATE]).expect(0);
    let open = fs::Permissions::from_mode(0o666);
    fs::set_permissions(desk.path(STATE), open).unwrap();
    desk.write("retire.yaml", manifest(2));
    apply(&desk, &server, &["--state", STATE]).expect(0);
    let mode = fs::metadata(desk.path(STATE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
}

#[test]
fn what_is_kept_of_a_migrated_state_overwrites_nothing() {
    let desk = Desk::of_example("quickstart");
    desk.run(&["apply", "--sandbox"]).expect(3);
    let kept = desk.path("retire.sandbox.state.json.v2");
    let before = desk.read("retire.sandbox.state.json");
    for target in ["retire.yaml", "nowhere"] {
        symlink(target, &kept).unwrap();
        let migrate = ["state", "migrate", "--api", "v4", "--sandbox"];
        let done = desk.run(&migrate).expect(1);
        assert!(done.err.contains("is in the way"), "{}", done.err);
        assert_eq!(fs::read_link(&kept).unwrap().to_str(), Some(target));
        fs::remove_file(&kept).unwrap();
    }
    assert_eq!(desk.read("retire.sandbox.state.json"), before);
}

#[test]
fn a_state_that_is_no_plain_file_is_refused_and_never_waited_for() {
    let server = serving();
    for name in [STATE, "s.json.journal"] {
        let desk = Desk::with(&manifest(1));
        let made = Command::new("mkfifo").arg(desk.path(name)).status();
        assert!(made.unwrap().success());
        for command in [
            &["plan", "--state", STATE][..],
            &["state", "list", "--state", STATE],
        ] {
            let done = desk.run(command).expect(1);
            assert!(done.err.contains("a pipe"), "{}", done.err);
        }
        apply(&desk, &server, &["--state", STATE]).expect(1);
    }
    for target in ["precious", "nowhere"] {
        let desk = Desk::with(&manifest(1));
        desk.write("precious", "");
        symlink(target, desk.path("s.json.journal")).unwrap();
        let done = apply(&desk, &server, &["--state", STATE]).expect(1);
        assert!(done.err.contains("a link"), "{}", done.err);
        assert_eq!(desk.read("precious"), "");
        assert!(!desk.path("nowhere").exists());
    }
    assert_eq!(server.asked().len(), 0, "nothing was sent");
}

#[test]
fn a_state_with_a_second_name_is_refused_since_each_name_has_a_lock() {
    let server = serving();
    let desk = Desk::with(&manifest(1));
    apply(&desk, &server, &["--state", STATE]).expect(0);
    fs::hard_link(desk.path(STATE), desk.path("twin.json")).unwrap();
    desk.write("retire.yaml", manifest(2));
    let before = contents(&desk);
    let deleted = server.deleted().len();
    let one = id(1);
    for name in [STATE, "twin.json"] {
        let done = apply(&desk, &server, &["--state", name]).expect(1);
        assert!(done.err.contains("a hard link"), "{}", done.err);
        let rm = ["state", "rm", &one, "--auto-approve", "--state", name];
        desk.run(&rm).expect(1);
        // To read needs no lock.
        plan(&desk, &server, &[]).expect(0);
    }
    assert_eq!(server.deleted().len(), deleted, "nothing was sent");
    let mut after = contents(&desk);
    after.retain(|(name, ..)| name != "twin.json.lock");
    assert_eq!(after, before);
    fs::remove_file(desk.path("twin.json")).unwrap();
    // A process that died between keeping the backup and replacing the state has left one too.
    fs::remove_file(desk.path("s.json.backup")).ok();
    fs::hard_link(desk.path(STATE), desk.path("s.json.backup")).unwrap();
    apply(&desk, &server, &["--state", STATE]).expect(0);
}

#[test]
fn two_links_to_one_place_are_one_state_before_there_is_one() {
    let server = serving();
    let desk = Desk::with(&manifest(1));
    fs::create_dir(desk.path("place")).unwrap();
    symlink("place/s.json", desk.path("one")).unwrap();
    symlink("two.again", desk.path("two")).unwrap();
    symlink("./place/../place/s.json", desk.path("two.again")).unwrap();
    desk.write("place/s.json.lock", "process 12 on build-3\n");
    let held = File::open(desk.path("place/s.json.lock")).unwrap();
    held.lock().unwrap();
    for link in ["one", "two", "place/s.json"] {
        let done = apply(&desk, &server, &["--state", link]).expect(6);
        assert!(done.err.contains("process 12"), "{}", done.err);
    }
    drop(held);
    apply(&desk, &server, &["--state", "two"]).expect(0);
    for link in ["one", "two", "two.again"] {
        let metadata = fs::symlink_metadata(desk.path(link)).unwrap();
        assert!(metadata.is_symlink(), "{link}");
    }
    assert!(desk.read("place/s.json").contains(&id(1)));
    let asked = server.asked().len();
    apply(&desk, &server, &["--state", "one"]).expect(0);
    assert_eq!(server.asked().len(), asked, "it is done already");
}
