//! Plays what the `console` blocks of a page show, one after the other in a folder of their own.
//!
//! Comments right above a block prepare it:
//!
//! - `use FOLDER [TO]` copies what is in a folder of the repository;
//! - `serve SEED` starts `retire sandbox`, which from then on is `https://api.frame.io`;
//! - `file NAME` writes the block itself to a file;
//! - `run LINE` runs a line and shows nothing of it;
//! - `exit CODE` says how the last command of the block ends, where it does not end with 0.
//!
//! A line `…` stands for any lines, and moments, dates, ages and durations may be others.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use super::page::{Block, Page};
use crate::harness::{Desk, repository};
use crate::sandbox;

/// The server that a page speaks of.
const SERVER: &str = "https://api.frame.io";

/// What a page shows, and what it should show.
pub(super) struct Played {
    /// The page, with what was to be seen.
    pub(super) text: String,
    /// What differs, each with its place.
    pub(super) differences: Vec<String>,
    /// What differs, and only people can mend.
    pub(super) by_hand: Vec<String>,
    /// How many commands were played.
    pub(super) commands: usize,
}

pub(super) fn play(page: &Page) -> Played {
    let mut scene = Scene::new();
    let mut played = Played {
        text: String::new(),
        differences: Vec::new(),
        by_hand: Vec::new(),
        commands: 0,
    };
    let mut lines = page.text.split_inclusive('\n');
    let mut line = 0;
    for block in page.blocks() {
        let code = scene.prepare(&block);
        if block.language != "console" {
            continue;
        }
        let shown = scene.show(page, &block, code, &mut played);
        // Up to its fence, then what stands in it now.
        played.text.extend(lines.by_ref().take(block.line - line));
        played.text += &shown;
        let kept = block.text.lines().count();
        lines.by_ref().take(kept).for_each(drop);
        line = block.line + kept;
    }
    played.text.extend(lines);
    played
}

struct Scene {
    desk: Desk,
    current: String,
    variables: Vec<(String, String)>,
    sandbox: Option<(Child, String)>,
}

impl Scene {
    fn new() -> Self {
        Self {
            desk: Desk::new(),
            current: String::new(),
            variables: Vec::new(),
            sandbox: None,
        }
    }

    /// Does what the marks of a block say; returns the exit code of its last command.
    fn prepare(&mut self, block: &Block) -> i32 {
        let mut code = 0;
        for mark in &block.marks {
            let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
            match word {
                "use" => {
                    let (from, to) = rest.split_once(' ').unwrap_or((rest, ""));
                    let to = format!("{}{to}", self.current);
                    std::fs::create_dir_all(self.desk.path(&to)).unwrap();
                    self.desk.bring(&repository().join(from), &to);
                }
                "serve" => {
                    let seed = repository().join(rest);
                    let flags = ["--seed", seed.to_str().unwrap(), "--limits", "off"];
                    let (child, url) = sandbox::serve(&self.desk, &flags);
                    self.set("RETIRE_ENDPOINT", &url);
                    self.set("FRAMEIO_TOKEN", "sandbox-token");
                    self.sandbox = Some((child, url));
                }
                "file" => self
                    .desk
                    .write(&format!("{}{rest}", self.current), &block.text),
                "run" => {
                    let (text, code) = self.run(rest);
                    assert_eq!(code, 0, "`{rest}`: {text}");
                }
                "exit" => code = rest.parse().unwrap(),
                other => panic!("line {}: a mark cannot say `{other}`", block.line),
            }
        }
        code
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Plays a block; returns it with what was to be seen.
    fn show(&mut self, page: &Page, block: &Block, last: i32, played: &mut Played) -> String {
        let mut shown = String::new();
        let mut lines = block.text.lines().enumerate().peekable();
        while let Some((offset, line)) = lines.next() {
            let place = page.place(block.line + offset + 1);
            let Some(command) = line.strip_prefix("$ ") else {
                panic!("{place}: `{line}` is no output of a command");
            };
            let mut kept = String::new();
            while let Some((_, line)) = lines.next_if(|(_, line)| !line.starts_with("$ ")) {
                kept += &format!("{line}\n");
            }
            let (found, code) = self.run(command);
            played.commands += 1;
            let expected = if lines.peek().is_none() { last } else { 0 };
            if code != expected {
                let told = format!("{place}: `{command}` ends with {code}\n{found}");
                played.by_hand.push(told);
            }
            let same = alike(&kept, &found);
            let is_short = kept.lines().any(|line| line == "…");
            if !same {
                let told = format!("{place}: `{command}` prints\n{found}");
                if is_short {
                    played.by_hand.push(told);
                } else {
                    played.differences.push(told);
                }
            }
            let now = if same || is_short { &kept } else { &found };
            shown += &format!("{line}\n{now}");
        }
        shown
    }

    /// Has a shell run a line; returns what a terminal would have shown, and how it ended.
    fn run(&mut self, line: &str) -> (String, i32) {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.current += &format!("{folder}/");
            return (String::new(), 0);
        }
        if let Some((name, value)) = line
            .strip_prefix("export ")
            .and_then(|it| it.split_once('='))
        {
            self.set(name, value);
            return (String::new(), 0);
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_retire")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let script = format!("exec 2>&1\ncargo() {{ shift 2; retire \"$@\"; }}\n{line}");
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .current_dir(self.desk.path(&self.current))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.desk.path(""))
            .envs(self.variables.clone())
            .stdin(Stdio::null());
        let done = self.desk.done(&mut command);
        let folder = self.desk.path("");
        let mut text = done.out.replace(folder.to_str().unwrap(), "/home/you/");
        if let Some((_, url)) = &self.sandbox {
            text = text.replace(url, SERVER);
        }
        (text, done.code)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some((child, _)) = self.sandbox.take() {
            sandbox::stop(child, "-TERM");
        }
    }
}

/// Whether a page shows what was printed, but for what differs from run to run.
fn alike(kept: &str, found: &str) -> bool {
    let kept: Vec<&str> = kept.trim_end().lines().collect();
    let found: Vec<&str> = found.trim_end().lines().collect();
    lines_alike(&kept, &found)
}

fn lines_alike(kept: &[&str], found: &[&str]) -> bool {
    match (kept, found) {
        ([], []) => true,
        (["…", rest @ ..], _) => {
            (0..=found.len()).any(|skipped| lines_alike(rest, &found[skipped..]))
        }
        ([kept, kept_rest @ ..], [found, found_rest @ ..]) => {
            line_alike(kept, found) && lines_alike(kept_rest, found_rest)
        }
        ([], _) | (_, []) => false,
    }
}

/// What differs from run to run: a moment, a date, an age, a duration.
static UNSTEADY: LazyLock<Regex> = LazyLock::new(|| {
    let moment = r"(?P<moment>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: UTC|Z))";
    let date = r"(?P<date>\d{4}-\d\d-\d\d)";
    let age = r"(?P<age> *\b(?:today|\d+ (?:day|month|year)s?)\b)";
    let length = r"(?P<length>\b[0-9.]+ m?s\b)";
    Regex::new(&format!("{moment}|{date}|{age}|{length}")).unwrap()
});

fn line_alike(kept: &str, found: &str) -> bool {
    let mut pattern = String::from("^");
    let mut end = 0;
    for part in UNSTEADY.captures_iter(found) {
        let whole = part.get(0).unwrap();
        pattern += &regex::escape(&found[end..whole.start()]);
        end = whole.end();
        let is = |name: &str| part.name(name).is_some();
        let text = whole.as_str();
        let may_be = if is("moment") && is_now(text) {
            r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.]*(?: UTC|Z)".to_owned()
        } else if is("date") && is_recent(text) {
            r"\d{4}-\d\d-\d\d".to_owned()
        } else if is("age") {
            r" *(?:today|\d+ (?:day|month|year)s?)".to_owned()
        } else if is("length") {
            r"[0-9.]+ m?s".to_owned()
        } else {
            regex::escape(text)
        };
        pattern += &may_be;
    }
    pattern += &regex::escape(&found[end..]);
    pattern.push('$');
    Regex::new(&pattern).unwrap().is_match(kept)
}

/// Whether a moment is around now, or so far ahead as something waits or can be taken back.
fn is_now(moment: &str) -> bool {
    let moment: Result<Timestamp, _> = moment.replace(" UTC", "Z").parse();
    moment.is_ok_and(|moment| {
        let ahead = moment.duration_since(Timestamp::now());
        ahead > SignedDuration::from_hours(-48) && ahead < SignedDuration::from_hours(60 * 24)
    })
}

/// Whether a date is one that a seed counts from now.
fn is_recent(date: &str) -> bool {
    let date: Result<Date, _> = date.parse();
    let midnight = date.and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)));
    midnight.is_ok_and(|midnight| {
        let apart = Timestamp::now().duration_since(midnight).abs();
        apart < SignedDuration::from_hours(800 * 24)
    })
}

#[test]
fn what_differs_from_run_to_run_may_differ() {
    let now = Timestamp::now();
    let found = format!("at {now}: 3 assets, 12 days old, in 1.2 s\nb\nc\n");
    let kept = "at 2026-11-27T09:00:00Z: 3 assets, 5 months old, in 0.1 s\n";
    assert!(alike(&format!("{kept}b\nc\n"), &found));
    assert!(alike(&format!("{kept}…\n"), &found));
    assert!(alike("…\nb\n…\n", &found));
    assert!(!alike("…\nd\n…\n", &found));
    assert!(!alike(&kept.replace("3 assets", "4 assets"), &found));
    assert!(!alike(kept, &found));
    // A moment that is none of now is part of what is said.
    assert!(!alike(
        "until 2040-01-01T12:00:00Z",
        "until 2041-01-01T12:00:00Z"
    ));
    assert!(!alike("until 2040-01-01", "until 2041-01-01"));
}
