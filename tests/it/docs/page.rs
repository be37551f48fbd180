//! A page of Markdown: its blocks, its links and its headings, each with its line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::harness::repository;

/// A page, by its path in the repository.
pub(super) struct Page {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A fenced block.
pub(super) struct Block {
    /// The line of its fence, counted from 1.
    pub(super) line: usize,
    pub(super) language: String,
    /// What stands in comments right above it, a line each.
    pub(super) marks: Vec<String>,
    pub(super) text: String,
    /// Whether the program writes it.
    pub(super) is_generated: bool,
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            text: fs::read_to_string(repository().join(path)).unwrap(),
        }
    }

    /// Where a line of the page is, as an editor takes it.
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut found = Vec::new();
        let mut marks = Vec::new();
        let mut is_generated = false;
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let mark = line
                .strip_prefix("<!-- ")
                .and_then(|line| line.strip_suffix(" -->"));
            if let Some(mark) = mark {
                is_generated = (is_generated || mark.starts_with("generated: ")) && mark != "end";
                marks.push(mark.to_owned());
                continue;
            }
            let above = std::mem::take(&mut marks);
            let Some(language) = line.strip_prefix("```") else {
                continue;
            };
            let text = lines.by_ref().map(|(_, line)| line);
            let text = text.take_while(|line| *line != "```");
            found.push(Block {
                line: number + 1,
                language: language.to_owned(),
                marks: above,
                text: text.flat_map(|line| [line, "\n"]).collect(),
                is_generated,
            });
        }
        found
    }

    /// The lines that are no code, without what is code in them.
    pub(super) fn prose(&self) -> Vec<(usize, String)> {
        static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`[^`]*`").unwrap());
        let mut is_code = false;
        let mut found = Vec::new();
        for (number, line) in self.text.lines().enumerate() {
            let is_fence = line.trim_start().starts_with("```");
            if !is_fence && !is_code {
                found.push((number + 1, CODE.replace_all(line, "`code`").into_owned()));
            }
            is_code ^= is_fence;
        }
        found
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut is_code = false;
        let mut found = Vec::new();
        for line in self.text.lines() {
            is_code ^= line.starts_with("```");
            let heading = line.trim_start_matches('#');
            if is_code || heading == line || !heading.starts_with(' ') {
                continue;
            }
            let kept = heading
                .trim()
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            let anchor: String = kept.collect::<String>().to_lowercase().replace(' ', "-");
            let before = seen.entry(anchor.clone()).or_default();
            found.push(match *before {
                0 => anchor,
                more => format!("{anchor}-{more}"),
            });
            *before += 1;
        }
        found
    }
}

/// README.md and what is in docs/.
pub(super) fn manual() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    paths.extend(files("docs"));
    paths.iter().map(|path| Page::read(path)).collect()
}

/// Every page of the repository.
pub(super) fn all() -> Vec<Page> {
    let mut paths = files("");
    for folder in ["docs", "examples", "benches", "tests", "fuzz", "schemas"] {
        paths.extend(below(folder));
    }
    paths.iter().map(|path| Page::read(path)).collect()
}

/// The files of examples/ci that are no pages.
pub(super) fn pipelines() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in entries("examples/ci") {
        if repository().join(&entry).is_dir() {
            found.extend(entries(entry.to_str().unwrap()));
        } else if entry.extension().is_none_or(|ending| ending != "md") {
            found.push(entry);
        }
    }
    found
}

/// The pages that lie in a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = entries(folder);
    found.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    found
}

/// What lies in a folder, sorted.
fn entries(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(repository().join(folder))
        .unwrap()
        .map(|entry| Path::new(folder).join(entry.unwrap().file_name()))
        .collect();
    found.sort();
    found
}

/// The pages that lie in a folder or below it, but for what is built there.
fn below(folder: &str) -> Vec<PathBuf> {
    let mut found = files(folder);
    for entry in fs::read_dir(repository().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() && !matches!(&*name, "target" | "corpus" | "artifacts") {
            found.extend(below(&format!("{folder}/{name}")));
        }
    }
    found
}
