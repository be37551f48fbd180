//! Disks that are full, folders that vanish and places that cannot be written: the run stops
//! before the next batch, and what nobody else has is printed so that it can be brought back.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::harness::{Desk, Done, TOKEN};
use crate::server::{Request, Server, id, manifest};

/// A server that deletes whatever it is asked to, after `meanwhile` has seen the request.
fn serving(meanwhile: impl Fn(&Request) + Send + Sync + 'static) -> Server {
    Server::new(move |request| {
        meanwhile(request);
        Some((200, "{}".to_owned()))
    })
}

/// The arguments of a run in batches of 20, one after the other.
fn arguments<'run>(server: &'run Server, state: &'run str) -> Vec<&'run str> {
    let mut arguments = vec!["apply", "--auto-approve", "--endpoint", &server.url];
    arguments.extend(["--state", state, "--batch-size", "20", "--canary", "0"]);
    arguments.extend(["--concurrency", "1"]);
    arguments
}

fn apply(desk: &Desk, server: &Server, state: &str) -> Done {
    desk.run_with(&[TOKEN], &arguments(server, state))
}

/// So many that they are twenty batches.
const LISTED: usize = 400;

/// What docs/incidents.md says: the lines that begin so go into the journal.
fn bring_back(desk: &Desk, done: &Done, state: &str) {
    let lines = done
        .err
        .lines()
        .filter(|line| line.starts_with("{\"sum\":"));
    let lines: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert!(!lines.is_empty(), "{}", done.err);
    let mut journal = fs::File::options()
        .create(true)
        .append(true)
        .open(desk.path(&format!("{state}.journal")))
        .unwrap();
    journal.write_all(lines.as_bytes()).unwrap();
}

/// Checks that every confirmed asset is recorded so, and that a rerun asks for none of them.
fn nothing_is_lost(desk: &Desk, server: &Server, state: &str, listed: usize) {
    let sent = server.deleted();
    assert!(!sent.is_empty() && sent.len() < listed, "{}", sent.len());
    let done = desk
        .run(&["state", "list", "--status", "retired", "--state", state])
        .expect(0);
    let known = done
        .out
        .lines()
        .filter(|line| line.starts_with("0000"))
        .count();
    assert_eq!(known, sent.len(), "{}", done.out);
    apply(desk, server, state).expect(0);
    let mut deleted = server.deleted();
    deleted.sort();
    assert_eq!(deleted, (1..=listed).map(id).collect::<Vec<_>>());
}

#[test]
fn a_file_that_may_grow_no_more_ends_the_run_and_not_the_process() {
    // The larger the files may be, the further the run comes; the smallest takes no first line.
    let (mut stopped, mut printed) = (0, 0);
    for blocks in 1..=12 {
        let server = serving(|_| ());
        let desk = Desk::with(&manifest(60));
        let words = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &words, env!("CARGO_BIN_EXE_retire")])
            .args(arguments(&server, "retire.state.json"))
            .current_dir(desk.path(""))
            .env(TOKEN.0, TOKEN.1)
            .env("RETIRE_API", "v2")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let done = Done {
            code: output.status.code().expect("no signal ended it"),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        let done = done.expect(1);
        if server.deleted().is_empty() {
            assert!(done.err.contains("cannot"), "{}", done.err);
            continue;
        }
        if server.deleted().len() == 60 {
            continue;
        }
        stopped += 1;
        if done.err.contains("lines below") {
            assert!(done.err.contains("append them to"), "{}", done.err);
            printed += 1;
            bring_back(&desk, &done, "retire.state.json");
        }
        nothing_is_lost(&desk, &server, "retire.state.json", 60);
    }
    assert!(stopped > 0, "one of the limits lies in the middle of a run");
    assert!(printed > 0, "and leaves no room for the last attempt");
}

#[test]
fn a_folder_that_vanishes_ends_the_run_before_the_next_batch() {
    let desk = Arc::new(Desk::with(&manifest(LISTED)));
    fs::create_dir(desk.path("keep")).unwrap();
    let place = desk.path("keep");
    let server = serving(move |request: &Request| {
        if request.number == 2 {
            fs::remove_dir_all(&place).unwrap();
        }
    });
    let state = "keep/retire.state.json";
    let done = apply(&desk, &server, state).expect(1);
    // One more was on its way at most, and four were journalled ahead.
    assert!(server.asked().len() <= 7, "{}", done.transcript());
    assert!(done.err.contains("keep"), "{}", done.err);
    fs::create_dir(desk.path("keep")).unwrap();
    bring_back(&desk, &done, state);
    nothing_is_lost(&desk, &server, state, LISTED);
}

/// What somebody does to a journal.
type Damage = Box<dyn Fn(&Path) + Send + Sync>;

#[test]
fn a_journal_that_somebody_removes_ends_the_run_and_the_state_has_it() {
    let emptied = |journal: &Path| fs::write(journal, "").unwrap();
    let cut = |journal: &Path| {
        let file = fs::OpenOptions::new().write(true).open(journal).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    };
    let longer = |journal: &Path| {
        let mut file = fs::OpenOptions::new().append(true).open(journal).unwrap();
        file.write_all(b"somebody's own\n").unwrap();
    };
    let removed = |journal: &Path| fs::remove_file(journal).unwrap();
    let damages: [Damage; 4] = [
        Box::new(removed),
        Box::new(emptied),
        Box::new(cut),
        Box::new(longer),
    ];
    for damage in damages {
        let desk = Desk::with(&manifest(LISTED));
        let journal = desk.path("retire.state.json.journal");
        let server = serving(move |request: &Request| {
            if request.number == 1 {
                damage(&journal);
            }
        });
        let done = apply(&desk, &server, "retire.state.json").expect(1);
        let words =
            "the journal of the run was removed, changed or replaced while this run went on";
        assert!(done.err.contains(words), "{}", done.err);
        nothing_is_lost(&desk, &server, "retire.state.json", LISTED);
    }
}

#[test]
fn a_lock_that_somebody_removes_ends_the_run_and_the_state_has_it() {
    for clean in [false, true] {
        let desk = Desk::with(&manifest(LISTED));
        let place = desk.path("");
        let server = serving(move |request: &Request| {
            if request.number == 2 {
                let beside = if clean {
                    // As `git clean -fdx` does, also to a state that is not committed.
                    &["", ".lock", ".journal", ".backup"][..]
                } else {
                    &[".lock"]
                };
                for end in beside {
                    let name = format!("retire.state.json{end}");
                    drop(fs::remove_file(place.join(name)));
                }
            }
        });
        let done = apply(&desk, &server, "retire.state.json").expect(1);
        assert!(server.asked().len() <= 7, "{}", done.transcript());
        let words = "was removed, changed or replaced while this run went on";
        assert!(done.err.contains(words), "{}", done.err);
        let what = if clean {
            "the journal of the run"
        } else {
            "the lock of the state"
        };
        assert!(done.err.contains(what), "{}", done.err);
        nothing_is_lost(&desk, &server, "retire.state.json", LISTED);
    }
}

#[test]
fn a_state_that_somebody_replaces_in_mid_run_is_kept_and_so_is_that_of_the_run() {
    let state = "retire.state.json";
    // What somebody may put there: an older state from git, another one, anything at all.
    let other = |desk: &Desk| {
        desk.read(state)
            .replacen("\"serial\":1,", "\"serial\":8,", 1)
    };
    let any = |_: &Desk| "somebody's own".to_owned();
    for (first, put) in [
        (1, &other as &dyn Fn(&Desk) -> String),
        (1, &any),
        // No state was there when the run began.
        (0, &any),
    ] {
        let desk = Desk::with(&manifest(1));
        let (place, text) = (desk.path(state), Arc::new(Mutex::new(None::<String>)));
        let put_there = Arc::clone(&text);
        let server = serving(move |request: &Request| {
            let text = put_there.lock().unwrap();
            if let Some(text) = text.as_ref().filter(|_| request.line.starts_with("DELETE")) {
                fs::write(&place, text).unwrap();
            }
        });
        if first > 0 {
            apply(&desk, &server, state).expect(0);
        }
        let theirs = put(&desk);
        *text.lock().unwrap() = Some(theirs.clone());
        desk.write("retire.yaml", manifest(9));
        let done = apply(&desk, &server, state).expect(1);
        let words = "somebody replaced the state `";
        assert!(done.err.contains(words), "{}", done.err);
        assert!(done.err.contains("neither was overwritten"), "{}", done.err);
        assert_eq!(desk.read(state), theirs);
        let ours = format!("{state}.run-{}", first + 1);
        assert!(done.err.contains(&ours), "{}", done.err);
        let run = desk.read(&ours);
        for number in 1..=9 {
            assert!(run.contains(&id(number)), "{run}");
        }
        // Once somebody has decided, nothing is asked for again.
        fs::rename(desk.path(&ours), desk.path(state)).unwrap();
        let asked = server.asked().len();
        *text.lock().unwrap() = None;
        apply(&desk, &server, state).expect(0);
        assert_eq!(server.asked().len(), asked);
    }
    // The same once more is no other state, whatever its file is.
    let desk = Desk::with(&manifest(1));
    let (place, again) = (desk.path(state), Arc::new(Mutex::new(None::<String>)));
    let same = Arc::clone(&again);
    let server = serving(move |_| {
        if let Some(text) = same.lock().unwrap().as_ref() {
            fs::remove_file(&place).unwrap();
            fs::write(&place, text).unwrap();
        }
    });
    apply(&desk, &server, state).expect(0);
    *again.lock().unwrap() = Some(desk.read(state));
    desk.write("retire.yaml", manifest(2));
    apply(&desk, &server, state).expect(0);
    assert!(desk.read(state).contains(&id(2)));
}

#[test]
fn what_somebody_puts_where_files_of_a_run_belong_is_kept() {
    let state = "retire.state.json";
    let desk = Desk::with(&manifest(LISTED));
    let place = desk.path(state);
    let server = serving(move |request: &Request| {
        if request.number == 2 {
            fs::create_dir(&place).unwrap();
        }
    });
    let done = apply(&desk, &server, state).expect(1);
    assert!(done.out.contains("State: not written"), "{}", done.out);
    assert!(desk.read("retire.state.json.run-1").contains(&id(LISTED)));
    assert!(desk.path(state).is_dir());
    let is_part = |name: &String| name.starts_with(".retire.state.json-");
    assert!(!desk.names().iter().any(is_part), "{:?}", desk.names());

    let desk = Desk::with(&manifest(LISTED));
    let journal = desk.path("retire.state.json.journal");
    let server = serving(move |request: &Request| {
        if request.number == 2 {
            fs::remove_file(&journal).unwrap();
            fs::write(&journal, "somebody's own").unwrap();
        }
    });
    let done = apply(&desk, &server, state).expect(1);
    assert!(
        done.err.contains("was removed, changed or replaced"),
        "{}",
        done.err
    );
    assert_eq!(desk.read("retire.state.json.journal"), "somebody's own");
    fs::remove_file(desk.path("retire.state.json.journal")).unwrap();
    nothing_is_lost(&desk, &server, state, LISTED);
}

/// A small disk of its own; it goes with the value.
struct Disk(PathBuf);

impl Disk {
    /// Mounts one, where the system lets this user.
    fn mount(desk: &Desk, options: &str) -> Option<Self> {
        let place = desk.path("disk");
        fs::create_dir_all(&place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&place)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: this user may not mount a disk");
        }
        mounted.then_some(Self(place))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_ends_the_run_before_the_next_batch() {
    let desk = Desk::with(&manifest(LISTED));
    let Some(_disk) = Disk::mount(&desk, "size=256k") else {
        return;
    };
    let rest = desk.path("disk/rest");
    let place = rest.clone();
    let server = serving(move |request: &Request| {
        if request.number == 2 {
            let mut file = fs::File::create(&place).unwrap();
            while file.write_all(&[0; 512]).is_ok() {}
        }
    });
    let state = "disk/retire.state.json";
    let done = apply(&desk, &server, state).expect(1);
    // A page that the journal has begun still takes some lines.
    assert!(server.asked().len() <= 14, "{}", done.transcript());
    fs::remove_file(rest).unwrap();
    if done.err.contains("lines below") {
        bring_back(&desk, &done, state);
    }
    nothing_is_lost(&desk, &server, state, LISTED);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_sent() {
    let desk = Desk::with(&manifest(2));
    let Some(_disk) = Disk::mount(&desk, "ro,size=64k") else {
        return;
    };
    let server = serving(|_| ());
    let done = apply(&desk, &server, "disk/retire.state.json").expect(1);
    assert!(
        done.err.contains("disk/retire.state.json.lock"),
        "{}",
        done.err
    );
    assert!(done.err.contains("--state"), "{}", done.err);
    assert!(server.asked().is_empty());
    // To look needs nothing written.
    desk.run(&["plan", "--offline", "--state", "disk/retire.state.json"])
        .expect(0);
}
