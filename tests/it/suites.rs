//! What is tested in Python: see tests/suite.py.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::harness::repository;

/// What the script ends with where a suite's requirements cannot be installed.
const NOT_INSTALLED: i32 = 77;

/// Outside CI there may be no Python, or no way to its packages: then this says so and passes.
fn run(suite: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(suite);
    let done = Command::new("python3")
        .arg(repository().join("tests/suite.py"))
        .arg(suite)
        .arg(env!("CARGO_BIN_EXE_retire"))
        .arg(folder)
        .output();
    let (code, words) = match done {
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), words)
        }
        Err(why) => (Some(NOT_INSTALLED), format!("there is no python3: {why}")),
    };
    if code == Some(NOT_INSTALLED) && std::env::var_os("CI").is_none() {
        // Not by `eprintln!`, which a test that passes keeps to itself.
        let mut terminal = std::io::stderr();
        writeln!(terminal, "SKIPPED: {words}").unwrap();
        return;
    }
    assert_eq!(code, Some(0), "{words}");
}

/// Frame.io's own Python clients drive the sandbox.
#[test]
fn the_official_clients_get_along_with_the_sandbox() {
    run("conformance");
}

/// The examples for pipelines are linted, and run against the sandbox.
#[cfg(unix)]
#[test]
fn the_pipelines_do_what_they_say() {
    run("pipelines");
}
