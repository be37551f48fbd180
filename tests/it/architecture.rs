//! Holds the map of ARCHITECTURE.md: who may import whom, and where outside crates live.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const WORDS: [&str; 6] = [
    "asset",
    "crash",
    "outcome",
    "event",
    "inventory",
    "diagnostic",
];

/// Each room and the rooms that it may import.
const ROOMS: [(&str, &[&str]); 15] = [
    ("asset", &[]),
    ("crash", &[]),
    ("diagnostic", &[]),
    ("outcome", &["asset"]),
    ("event", &["asset", "outcome"]),
    ("inventory", &["asset", "outcome"]),
    ("manifest", &["words"]),
    ("state", &["words"]),
    ("frameio", &["words"]),
    ("plan", &["words", "manifest", "state"]),
    ("store", &["words", "state"]),
    ("apply", &["words", "plan", "state", "frameio", "store"]),
    ("render", &["words", "manifest", "state", "plan"]),
    ("sandbox", &["words"]),
    (
        "cli",
        &[
            "words", "manifest", "state", "frameio", "plan", "store", "apply", "render", "sandbox",
        ],
    ),
];

/// Outside crates that only some rooms may import.
const HOMES: [(&str, &[&str]); 7] = [
    ("reqwest", &["frameio"]),
    ("axum", &["sandbox"]),
    ("clap", &["cli"]),
    ("serde_yaml", &["manifest", "sandbox"]),
    ("terminal_size", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("tokio", &["frameio", "apply", "sandbox", "cli"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with the room that it belongs to.
fn files() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    paths.sort();
    let files: Vec<_> = paths
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let first = inside.components().next().unwrap();
            let room = first.as_os_str().to_str().unwrap().trim_end_matches(".rs");
            let text = fs::read_to_string(&path).unwrap();
            (!matches!(room, "lib" | "main")).then(|| (room.to_owned(), path.clone(), text))
        })
        .collect();
    assert!(files.len() > 20, "the scan finds the sources");
    files
}

/// Whether a file has nothing but tests, which may look from outside.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

fn allowed(room: &str) -> BTreeSet<&'static str> {
    let (_, imports) = ROOMS.iter().find(|(name, _)| *name == room).unwrap();
    let mut allowed = BTreeSet::new();
    for import in *imports {
        if *import == "words" {
            allowed.extend(WORDS);
        } else {
            allowed.insert(*import);
        }
    }
    allowed
}

/// The rooms that a text names as `crate::room`.
fn named(text: &str) -> BTreeSet<String> {
    let after = text
        .split("crate::")
        .skip(1)
        .zip(text.match_indices("crate::"));
    after
        .filter(|(_, (place, _))| {
            let before = text[..*place].chars().next_back();
            !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':')
        })
        .map(|(rest, _)| {
            rest.chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect()
        })
        .collect()
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (room, path, text) in files() {
        if is_test(&path) {
            continue;
        }
        let allowed = allowed(&room);
        for import in named(&text) {
            if import != room && !allowed.contains(import.as_str()) {
                wrong.push(format!("{} imports `{import}`", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_line_scan_sees_every_import() {
    for (_, path, text) in files() {
        for hidden in ["crate::{", "super::super", "crate as ", "crate::*"] {
            assert!(!text.contains(hidden), "{}: `{hidden}`", path.display());
        }
    }
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (room, path, text) in files() {
        if is_test(&path) {
            continue;
        }
        for (name, homes) in HOMES {
            let used = text.contains(&format!("{name}::"));
            if used && !homes.contains(&room.as_str()) {
                wrong.push(format!("{} uses `{name}`", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_room_is_on_the_map() {
    let rooms: BTreeSet<String> = files().into_iter().map(|(room, ..)| room).collect();
    let known: BTreeSet<String> = ROOMS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rooms, known);
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (room, _) in ROOMS {
        assert!(
            map.contains(&format!("`{room}`")),
            "ARCHITECTURE.md misses `{room}`"
        );
    }
}

#[test]
fn reading_commands_hold_no_deleter() {
    let commands = root().join("src/cli/commands");
    let mut paths = Vec::new();
    sources(&commands, &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let apply = path.file_name().unwrap() == "apply.rs";
        assert!(apply || !text.contains("Deleter"), "{}", path.display());
    }
}

#[test]
fn no_file_outgrows_its_meaning() {
    for (_, path, text) in files() {
        let lines = text.lines().count();
        assert!(
            lines <= 600,
            "{} has {lines} lines: split it by meaning",
            path.display()
        );
    }
}

#[test]
fn no_test_is_forgotten() {
    let folder = root().join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    let mut paths = Vec::new();
    sources(&folder, &mut paths);
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let declared = name == "main" || main.contains(&format!("mod {name};"));
        assert!(declared, "tests/it/main.rs does not name `{name}`");
    }
}
