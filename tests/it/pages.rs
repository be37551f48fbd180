//! The pages of reports in Chromium; see tests/browser.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Desk, repository};

/// Names that want to be more than names.
const NAMES: [&str; 6] = [
    "</script><script>globalThis.hacked = 1</script>",
    "<img src=x onerror=\"globalThis.hacked = 1\">",
    "<!--<script>",
    "\"'><b>bold</b>&lt;",
    "javascript:alert(1)",
    "]]>`${globalThis.hacked = 1}`",
];

/// How many assets the large page is of: some more than it has rows for.
const LARGE: usize = 100_003;

fn asset(number: usize) -> String {
    format!("8d1f0c52-6a3b-4c7e-9f21-{number:012x}")
}

/// Writes the pages that are looked at into a folder.
fn write(folder: &Path) {
    let desk = Desk::new();
    let mut manifest = "version: 1\nassets:\n".to_owned();
    let mut seed = format!(
        "version: 1\naccounts:\n- id: {}\n  name: Tide\n  teams:\n  - id: {}\n    name: Post\n    projects:\n",
        asset(1),
        asset(2)
    );
    for (project, name) in NAMES.iter().take(3).enumerate() {
        let name = serde_json::to_string(name).unwrap();
        writeln!(
            seed,
            "    - id: {}\n      name: {name}\n      assets:",
            asset(10 + project)
        )
        .unwrap();
        for (number, name) in NAMES.iter().enumerate() {
            let id = asset(100 * (project + 1) + number);
            let name = serde_json::to_string(name).unwrap();
            let bytes = 1_000_000 * (project + 1) * (number + 1);
            writeln!(
                seed,
                "      - {{id: {id}, name: {name}, filesize: {bytes}}}"
            )
            .unwrap();
            writeln!(manifest, "- {{id: {id}, reason: {name}, owner: {name}}}").unwrap();
        }
    }
    desk.write("retire.yaml", manifest);
    desk.write("sandbox.yaml", seed);
    desk.write(
        "retire.toml",
        "version = 1\n[guards]\nmax-percent = 100\nmin-age = '0s'\n",
    );
    let v4 = [("RETIRE_API", "v4")];
    let plan = ["plan", "--sandbox", "--report", "hostile.html"];
    desk.run_with(&v4, &plan).expect(0);
    fs::copy(desk.path("hostile.html"), folder.join("hostile.html")).unwrap();
    fs::write(
        folder.join("names.json"),
        serde_json::to_vec(&NAMES).unwrap(),
    )
    .unwrap();

    write_folders(&desk, folder);
    let ids: Vec<String> = (0..LARGE)
        .map(|number| format!("- {}\n", asset(number)))
        .collect();
    desk.write(
        "large/retire.yaml",
        format!("version: 1\nassets:\n{}", ids.concat()),
    );
    let plan = ["plan", "large", "--offline", "--report", "large.html"];
    desk.run_with(&v4, &plan).expect(0);
    fs::copy(desk.path("large.html"), folder.join("large.html")).unwrap();
    fs::write(folder.join("large.txt"), LARGE.to_string()).unwrap();
}

/// Writes the page of folders of which the words of one are in the path of another.
fn write_folders(desk: &Desk, folder: &Path) {
    let files = ["a.mov", "b.mov", "c.mov", "top.mov"];
    let of = |number: usize| {
        let (id, name) = (asset(1000 + number), files[number]);
        format!("{{id: {id}, name: {name}, filesize: 5000}}")
    };
    let seed = format!(
        "version: 1\naccounts:\n- id: {}\n  name: Tide\n  teams:\n  - id: {}\n    name: Post\n    projects:\n    - id: {}\n      name: Tide\n      assets:\n      - {{id: {}, name: day 1, type: folder, children: [{}, {}]}}\n      - {{id: {}, name: day 21, type: folder, children: [{}]}}\n      - {}\n",
        asset(1),
        asset(2),
        asset(10),
        asset(11),
        of(0),
        of(1),
        asset(12),
        of(2),
        of(3),
    );
    let ids: Vec<String> = (1000..1004)
        .map(|number| format!("- {}\n", asset(number)))
        .collect();
    desk.write("sandbox.yaml", seed);
    desk.write(
        "retire.yaml",
        format!("version: 1\nassets:\n{}", ids.concat()),
    );
    let plan = ["plan", "--sandbox", "--report", "folders.html"];
    desk.run_with(&[("RETIRE_API", "v4")], &plan).expect(0);
    fs::copy(desk.path("folders.html"), folder.join("folders.html")).unwrap();
}

/// Installs the browser, and returns where it is; nothing where it cannot be had.
fn browser() -> Result<std::path::PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    fs::create_dir_all(&home).unwrap();
    let here = repository().join("tests/browser");
    for name in ["package.json", "package-lock.json", "run.mjs"] {
        let text = fs::read(here.join(name)).unwrap();
        if fs::read(home.join(name)).ok().as_ref() != Some(&text) {
            drop(fs::remove_file(home.join("installed")));
            fs::write(home.join(name), text).unwrap();
        }
    }
    if home.join("installed").exists() {
        return Ok(home);
    }
    let npm = Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ])
        .current_dir(&home)
        .output();
    let npm = npm.map_err(|why| format!("there is no npm: {why}"))?;
    if !npm.status.success() {
        return Err(String::from_utf8_lossy(&npm.stderr).into_owned());
    }
    fs::write(home.join("installed"), "").unwrap();
    Ok(home)
}

/// Outside CI there may be no Node, or no way to its packages: then this says so and passes.
#[test]
fn a_page_shows_names_as_they_are_and_does_nothing_else() {
    let pages = tempfile::tempdir().unwrap();
    write(pages.path());
    let home = match browser() {
        Ok(home) => home,
        Err(why) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: Chromium cannot be installed: {why}");
            return;
        }
        Err(why) => panic!("{why}"),
    };
    let looked = Command::new("node")
        .arg("run.mjs")
        .arg(pages.path())
        .args(std::env::var_os("RETIRE_PICTURES"))
        .current_dir(&home)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{words}");
}
