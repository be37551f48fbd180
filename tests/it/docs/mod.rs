//! README.md and docs/ say what is true: what they show is played, what they name is known, and
//! what comes from the program is what it says now.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Stdio};

use frameio_retire::cli::args::{self, SchemaName};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use self::page::{Block, Page, manual};
use crate::harness::repository;
use crate::schemas::{fits, validator};

mod generated;
mod links;
mod page;
mod play;

/// Compares each page with what the program says, or writes it anew.
#[test]
fn the_pages_say_what_the_program_says() {
    let is_update = std::env::var_os("UPDATE").is_some();
    let (mut differences, mut by_hand, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    let mut commands = 0;
    for page in manual() {
        let filled = Page {
            text: generated::fill(&page.text, &mut seen),
            path: page.path.clone(),
        };
        if filled.text != page.text {
            differences.push(format!("{}: what is generated", page.path.display()));
        }
        let played = play::play(&filled);
        differences.extend(played.differences);
        by_hand.extend(played.by_hand);
        commands += played.commands;
        if is_update && played.text != page.text {
            fs::write(repository().join(&page.path), played.text).unwrap();
        }
    }
    generated::check(seen);
    assert!(commands >= 20, "{commands}");
    let told = by_hand.join("\n");
    assert!(by_hand.is_empty(), "only people can mend this\n{told}");
    let told = differences.join("\n");
    assert!(
        is_update || differences.is_empty(),
        "`UPDATE=1 cargo test --test it docs` writes this\n{told}"
    );
}

#[test]
fn the_front_page_is_short() {
    let lines = Page::read("README.md".as_ref()).text.lines().count();
    assert!(lines <= 150, "{lines}");
}

#[test]
fn each_page_says_first_who_it_is_for() {
    for page in manual() {
        let is_front = page.path.ends_with("README.md");
        let third = page.text.lines().nth(2).unwrap();
        assert!(is_front || third.starts_with("For "), "{}", page.place(3));
    }
}

/// Each block is checked by its language; what is in none of these cannot be shown.
#[test]
fn every_block_is_true() {
    let mut known = 0;
    for page in manual() {
        for block in page.blocks() {
            let place = page.place(block.line);
            match &*block.language {
                "sh" => known += commands_are_known(&place, &block),
                // The test above plays the first; the other is of the wire, from its documents.
                "console" | "http" => {}
                "text" if block.is_generated => {}
                "yaml" => yaml_fits(&place, &block),
                "toml" => {
                    let table: toml::Table = toml::from_str(&block.text).unwrap();
                    let table = serde_json::to_value(table).unwrap();
                    fits(&validator(SchemaName::Config), &table, &place);
                }
                "json" => {
                    let read: Result<Value, _> = serde_json::from_str(&block.text);
                    assert!(read.is_ok(), "{place}: {read:?}");
                }
                "gitignore" => assert_eq!(block.text, ignored(), "{place}"),
                other => panic!("{place}: nothing checks a block of `{other}`"),
            }
        }
    }
    assert!(known >= 40, "{known}");
}

/// What the pipelines in examples/ci run; tests/pipelines runs it, where it can be had.
#[test]
fn every_command_of_the_pipelines_is_known() {
    let before = r#"^\s*(?:- |run: |entry: |ExecStart=)?(?:[A-Z_]+="[^"]*"\s+)*(?:/usr/bin/)?"#;
    let command = Regex::new(&format!("{before}(retire [^|>]+)")).unwrap();
    let mut known = 0;
    for path in page::pipelines() {
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        let text = text.replace("\\\n", "");
        let lines = text.lines().filter_map(|line| command.captures(line));
        let commands = lines.map(|found| found.extract::<1>().1[0]);
        // What somebody types who starts one by hand.
        let commands: Vec<&str> = ["RUN=7 RESTORE_RUN=7"]
            .into_iter()
            .chain(commands)
            .collect();
        let block = Block {
            line: 1,
            language: "sh".to_owned(),
            marks: Vec::new(),
            text: commands.join("\n"),
            is_generated: false,
        };
        known += commands_are_known(path.to_str().unwrap(), &block);
    }
    assert!(known >= 14, "{known}");
}

/// Has a shell take the lines of a block apart, and looks whether `retire` knows its words.
fn commands_are_known(place: &str, block: &Block) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "retire() {{ printf '%s\\n' \"$@\" '' >> words; }}
cargo() {{ if [ \"$1\" = run ]; then shift 2; retire \"$@\"; fi; }}
git() {{ :; }}
curl() {{ :; }}
{}",
        block.text
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.code().is_some(), "{place}");
    let words = fs::read_to_string(folder.path().join("words")).unwrap_or_default();
    let calls: Vec<&str> = words.split_terminator("\n\n").collect();
    for call in &calls {
        let words = ["retire"].into_iter().chain(call.lines());
        if let Err(error) = args::help::command().try_get_matches_from(words) {
            assert!(!error.use_stderr(), "{place}: {error}");
        }
    }
    calls.len()
}

/// A manifest or a policy; what is a part of one has no version.
fn yaml_fits(place: &str, block: &Block) {
    let mut text = block.text.clone();
    if !text.starts_with("version:") {
        text.insert_str(0, "version: 1\n");
    }
    let value = Value::deserialize(serde_yaml::Deserializer::from_str(&text)).unwrap();
    let schema = if value.get("rules").is_some() {
        SchemaName::Retention
    } else {
        SchemaName::Manifest
    };
    fits(&validator(schema), &value, place);
}

/// What a new project ignores, without its remark.
fn ignored() -> String {
    let path = repository().join("src/cli/commands/init/gitignore");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| [line, "\n"]).collect()
}
