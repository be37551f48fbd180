//! README.md says what is true: the first command's output, and the exit codes.

use std::fs;

use frameio_retire::cli::exit::Exit;

use crate::harness::{Desk, repository};

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The text between two marks of the README.
fn block(readme: &str, name: &str) -> String {
    let (_, rest) = readme
        .split_once(&format!("<!-- {name} -->\n```text\n"))
        .unwrap_or_else(|| panic!("README.md has no block `{name}`"));
    rest.split_once("\n```").unwrap().0.to_owned() + "\n"
}

/// Compares a block with what was printed, or writes it anew.
fn agrees(readme: &str, name: &str, printed: &str) {
    let kept = block(readme, name);
    if std::env::var_os("UPDATE").is_some() {
        let written = readme.replace(&kept, printed);
        fs::write(repository().join("README.md"), written).unwrap();
        return;
    }
    assert_eq!(timeless(&kept), printed, "UPDATE=1 writes it");
}

/// What differs from run to run is when it was, and how long it took.
fn timeless(text: &str) -> String {
    let settle = |line: &str| {
        if let Some((before, after)) = line.split_once(" in ")
            && after.ends_with(" s")
        {
            return format!("{before} in 0.0 s");
        }
        let checked = line.strip_prefix("Checked against the server, ");
        match checked.and_then(|rest| rest.split_once("Z: ")) {
            Some((_, read)) => {
                format!("Checked against the server, 2026-11-27T09:00:00Z: {read}")
            }
            None => line.to_owned(),
        }
    };
    text.lines().map(|line| settle(line) + "\n").collect()
}

#[test]
fn the_quick_start_prints_what_the_readme_says() {
    let readme = readme();
    assert!(readme.contains("cargo run -- apply --sandbox examples/quickstart\n"));
    let desk = Desk::of_example("quickstart");
    // The example lies where it lies in the repository.
    let mut command = desk.command(&["apply", "--sandbox", "examples/quickstart"]);
    command.env_remove("RETIRE_API");
    let root = desk.path("");
    fs::create_dir(desk.path("examples")).unwrap();
    fs::create_dir(desk.path("examples/quickstart")).unwrap();
    for name in ["retire.toml", "retire.yaml", "sandbox.yaml"] {
        fs::rename(desk.path(name), root.join("examples/quickstart").join(name)).unwrap();
    }
    let first = String::from_utf8(command.output().unwrap().stdout).unwrap();
    agrees(&readme, "first run", &timeless(&first));
    let second = desk
        .run(&["apply", "--sandbox", "examples/quickstart"])
        .expect(3);
    let second = timeless(&second.out);
    agrees(&self::readme(), "second run", &second);
    assert!(second.contains("1 request in"), "{second}");
}

#[test]
fn the_readme_has_every_exit_code() {
    let readme = readme();
    for exit in Exit::ALL {
        let row = format!("| {} | {} |", exit.code(), exit.meaning());
        assert!(readme.contains(&row), "README.md misses: {row}");
    }
    let rows = readme
        .lines()
        .filter(|line| {
            line.strip_prefix("| ")
                .and_then(|line| line.split(' ').next())
                .is_some_and(|word| word.parse::<u8>().is_ok())
        })
        .count();
    assert_eq!(rows, Exit::ALL.len());
}

/// A command that the README shows exists, with its flags.
#[test]
fn every_command_of_the_readme_is_known() {
    let readme = readme();
    let mut known = 0;
    for line in readme.lines() {
        let line = line.trim().trim_start_matches("$ ");
        let Some(rest) = line.strip_prefix("retire ") else {
            continue;
        };
        // Up to a comment, a pipe or a redirection.
        let mut words: Vec<&str> = rest
            .split_whitespace()
            .take_while(|word| !matches!(*word, "#" | "|" | ">" | "&&" | "||"))
            .collect();
        if words.first() == Some(&"find") {
            words.extend(["--api", "v4"]);
        }
        let desk = Desk::new();
        let done = desk.run(&words);
        assert_ne!(done.code, 64, "{line}: {}", done.err);
        known += 1;
    }
    assert!(known >= 5, "{known}");
}

#[test]
fn what_is_not_for_git_is_what_a_new_project_ignores() {
    let ignored = repository().join("src/cli/commands/init/gitignore");
    let ignored = fs::read_to_string(ignored).unwrap();
    let lines: Vec<&str> = ignored
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert!(lines.len() > 4);
    let block = format!("```gitignore\n{}\n```", lines.join("\n"));
    assert!(readme().contains(&block));
}
