//! Holds the map of ARCHITECTURE.md: who may import whom, and where outside crates live.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const DOMAIN_TYPES: [&str; 10] = [
    "asset",
    "crash",
    "outcome",
    "event",
    "inventory",
    "measure",
    "diagnostic",
    "digest",
    "visible",
    "probe",
];

/// Each module and the modules that it may import.
const MODULES: [(&str, &[&str]); 21] = [
    ("asset", &[]),
    ("crash", &[]),
    ("diagnostic", &[]),
    ("digest", &[]),
    ("measure", &[]),
    ("visible", &[]),
    ("outcome", &["asset", "digest"]),
    ("event", &["asset", "outcome", "inventory"]),
    ("inventory", &["asset", "outcome"]),
    ("probe", &["asset", "diagnostic"]),
    ("find", &["domain types"]),
    ("manifest", &["domain types"]),
    ("state", &["domain types"]),
    // The client that deletes is made from an approved plan.
    ("frameio", &["domain types", "plan"]),
    ("plan", &["domain types", "manifest", "state"]),
    ("store", &["domain types", "state"]),
    (
        "apply",
        &["domain types", "plan", "state", "frameio", "store"],
    ),
    (
        "render",
        &["domain types", "find", "manifest", "state", "plan"],
    ),
    ("sandbox", &["domain types"]),
    (
        "app",
        &[
            "domain types",
            "find",
            "manifest",
            "state",
            "frameio",
            "plan",
            "store",
            "apply",
            "render",
            "sandbox",
        ],
    ),
    (
        "cli",
        &[
            "domain types",
            "find",
            "manifest",
            "state",
            "frameio",
            "plan",
            "store",
            "apply",
            "render",
            "sandbox",
            "app",
        ],
    ),
];

/// Outside crates that only some modules may import.
const CRATES: [(&str, &[&str]); 12] = [
    ("anstream", &["cli"]),
    ("anstyle", &["render"]),
    ("askama", &["render"]),
    ("quick_junit", &["render"]),
    ("hyper_util", &["frameio"]),
    ("reqwest", &["frameio"]),
    ("axum", &["sandbox"]),
    ("clap", &["cli"]),
    ("serde_yaml", &["manifest", "sandbox", "app"]),
    ("terminal_size", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("tokio", &["frameio", "apply", "sandbox", "app", "cli"]),
];

/// The most lines that a file has.
const LONGEST: usize = 500;

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

/// Every source file with the module that it belongs to.
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
            let module = first.as_os_str().to_str().unwrap().trim_end_matches(".rs");
            let text = fs::read_to_string(&path).unwrap();
            (!matches!(module, "lib" | "main")).then(|| (module.to_owned(), path.clone(), text))
        })
        .collect();
    assert!(files.len() > 20, "the scan finds the sources");
    files
}

/// Whether a file has nothing but tests, which may look from outside.
fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

fn allowed(module: &str) -> BTreeSet<&'static str> {
    let (_, imports) = MODULES.iter().find(|(name, _)| *name == module).unwrap();
    let mut allowed = BTreeSet::new();
    for import in *imports {
        if *import == "domain types" {
            allowed.extend(DOMAIN_TYPES);
        } else {
            allowed.insert(*import);
        }
    }
    allowed
}

/// The modules that a text names as `crate::module`.
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
    for (module, path, text) in files() {
        if is_test(&path) {
            continue;
        }
        let allowed = allowed(&module);
        for import in named(&text) {
            if import != module && !allowed.contains(import.as_str()) {
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
fn outside_crates_stay_in_their_modules() {
    let mut wrong = Vec::new();
    for (module, path, text) in files() {
        if is_test(&path) {
            continue;
        }
        for (name, homes) in CRATES {
            let used = text.contains(&format!("{name}::"));
            if used && !homes.contains(&module.as_str()) {
                wrong.push(format!("{} uses `{name}`", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_module_is_on_the_map() {
    let modules: BTreeSet<String> = files().into_iter().map(|(module, ..)| module).collect();
    let known: BTreeSet<String> = MODULES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(modules, known);
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (module, _) in MODULES {
        assert!(
            map.contains(&format!("`{module}`")),
            "ARCHITECTURE.md misses `{module}`"
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
        assert!(!text.contains("ChangingClient"), "{}", path.display());
    }
}

/// The paths from the root of the crate that a text names, lists in braces taken apart.
fn paths(text: &str) -> Vec<String> {
    let named = text.match_indices("crate::");
    let named = named.filter(|(at, _)| !text[..*at].ends_with("pub(in "));
    named
        .flat_map(|(at, name)| branches(&text[at + name.len()..]))
        .collect()
}

/// The paths of `a::{b, c::D}` or `a::b`, whatever follows.
fn branches(tree: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
    let end = tree.find(|letter| !is_part(letter)).unwrap_or(tree.len());
    let (path, rest) = tree.split_at(end);
    let Some(list) = rest.strip_prefix('{').filter(|_| path.ends_with("::")) else {
        return vec![path.to_owned()];
    };
    let mut paths = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in list.char_indices() {
        let is_end = depth == 0 && matches!(letter, ',' | '}');
        if is_end {
            let inside = branches(list[start..at].trim());
            paths.extend(inside.iter().map(|inside| format!("{path}{inside}")));
            start = at + 1;
        }
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    paths
}

/// Every file by the name of its module, with the files that it imports.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let src = root().join("src");
    let files: BTreeMap<String, String> = files()
        .into_iter()
        .filter(|(_, path, _)| !is_test(path))
        .map(|(_, path, text)| {
            let inside = path.strip_prefix(&src).unwrap().with_extension("");
            let name = inside.to_str().unwrap().replace(['/', '\\'], "::");
            let name = name.strip_suffix("::mod").unwrap_or(&name);
            (name.to_owned(), text)
        })
        .collect();
    let file_of = |path: &str| {
        let mut path = path.trim_end_matches(':');
        while !files.contains_key(path) {
            path = path.rsplit_once("::")?.0;
        }
        Some(path.to_owned())
    };
    let imports = files.iter().map(|(name, text)| {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code: Vec<&str> = lines
            .take_while(|line| !line.starts_with("mod tests {"))
            .collect();
        let parent = name.rsplit_once("::").map_or("", |(parent, _)| parent);
        let above = format!("crate::{parent}::").replace("::::", "::");
        let named = paths(&code.join("\n").replace("super::", &above));
        let mut named: BTreeSet<String> = named.iter().filter_map(|path| file_of(path)).collect();
        named.remove(name);
        (name.clone(), named)
    });
    imports.collect()
}

/// All that a file reaches by its imports.
fn reached<'map>(
    from: &str,
    imports: &'map BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<&'map str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = imports[from].iter().map(String::as_str).collect();
    while let Some(name) = next.pop() {
        if reached.insert(name) {
            next.extend(imports[name].iter().map(String::as_str));
        }
    }
    reached
}

#[test]
fn no_imports_go_in_a_circle() {
    let imports = imports();
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|name| (name.as_str(), reached(name, &imports)))
        .collect();
    let circles: BTreeSet<Vec<&str>> = reached
        .iter()
        .filter(|(name, from)| from.contains(*name))
        .map(|(name, from)| {
            let with = from.iter().filter(|other| reached[*other].contains(name));
            with.copied().collect()
        })
        .collect();
    assert_eq!(circles, BTreeSet::new(), "these import one another");
}

#[test]
fn a_list_of_imports_is_taken_apart() {
    let text = "use crate::a::{self, b::{C, D}, E};\npub(in crate::x) fn f(g: crate::h::I) {}";
    let found = paths(text);
    assert_eq!(found, ["a::self", "a::b::C", "a::b::D", "a::E", "h::I"]);
}

/// What is no file's own is its folder's or the crate's: a path in between is read by nobody.
#[test]
fn what_others_see_is_of_the_folder_or_of_the_crate() {
    let root = root();
    let mut paths = Vec::new();
    sources(&root.join("src"), &mut paths);
    assert!(paths.len() > 100, "{paths:?}");
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("pub(in "), "{}", path.display());
    }
}

#[test]
fn no_file_outgrows_its_meaning() {
    let root = root();
    let mut paths = Vec::new();
    for folder in ["src", "tests"] {
        sources(&root.join(folder), &mut paths);
    }
    for path in paths {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(
            lines <= LONGEST,
            "{} has {lines} lines: split it by meaning",
            path.display()
        );
    }
}

#[test]
fn no_test_is_forgotten() {
    let folder = root().join("tests/it");
    let mut paths = Vec::new();
    sources(&folder, &mut paths);
    // The proofs are programs of their own, each of which proofs.rs names by its place.
    paths.retain(|path| !path.starts_with(folder.join("proofs")));
    for path in paths {
        // A folder is named by its door, one level up.
        let named = match path.file_name().unwrap().to_str().unwrap() {
            "main.rs" => continue,
            "mod.rs" => path.parent().unwrap(),
            _ => &path,
        };
        let above = named.parent().unwrap();
        let door = if above == folder { "main.rs" } else { "mod.rs" };
        let door = above.join(door);
        let name = named.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&door).unwrap();
        let declared = text.contains(&format!("mod {name};"));
        assert!(declared, "{} does not name `{name}`", door.display());
    }
}
