//! The lines of a manifest, and which of them are a section's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::{END, FOLDER, HEADER, Manifests};
use crate::asset::AssetId;

/// A manifest as lines, with the section of a title.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    all: Vec<&'a str>,
    /// What ends a line.
    ending: &'static str,
    /// The line of the key `assets`; nothing where there is none.
    key: Option<usize>,
    /// Whether that says that nothing is listed.
    is_empty_list: bool,
    /// How far the items of the list are indented.
    indent: usize,
    /// The lines of the section with its header and its end; where it is not there, the place
    /// where it belongs.
    pub(super) section: Range<usize>,
}

/// What a line of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    /// A comment, with its indent.
    Comment(usize),
    /// The beginning of an item.
    Item(usize),
    /// Anything else.
    Text(usize),
}

impl Line {
    fn of(line: &str) -> Self {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let text = text.trim_end();
        if text.is_empty() {
            Self::Blank
        } else if text.starts_with('#') {
            Self::Comment(indent)
        } else if text == "-" || text.starts_with("- ") {
            Self::Item(indent)
        } else {
            Self::Text(indent)
        }
    }
}

impl<'a> Lines<'a> {
    /// Finds the section of a title; nothing where the list is laid out in another way.
    pub(super) fn of(text: &'a str, title: &str) -> Option<Self> {
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let all: Vec<&str> = text.lines().collect();
        let Some(key) = all.iter().position(|line| is_key(line)) else {
            let end = all.len();
            return Some(Self {
                all,
                ending,
                key: None,
                is_empty_list: false,
                indent: 2,
                section: end..end,
            });
        };
        let value = all[key].trim_start_matches("assets:").trim();
        let value = value.split(" #").next().unwrap_or_default().trim();
        let is_empty_list = value == "[]";
        if !(value.is_empty() || value.starts_with('#') || is_empty_list) {
            return None;
        }
        let mut indent = None;
        // Behind the last line of the list, and behind the comments that follow it.
        let (mut last, mut end) = (key + 1, key + 1);
        for (place, line) in all.iter().enumerate().skip(key + 1) {
            match Line::of(line) {
                // What is indented further than an item may belong to a text of several lines.
                Line::Comment(of) if indent.is_some_and(|indent| of > indent) => {
                    (last, end) = (place + 1, place + 1);
                }
                Line::Blank | Line::Comment(_) => end = place + 1,
                Line::Item(of) => {
                    let _first = indent.get_or_insert(of);
                    (last, end) = (place + 1, place + 1);
                }
                Line::Text(0) => break,
                Line::Text(_) => (last, end) = (place + 1, place + 1),
            }
        }
        let header = format!("{HEADER}{title}");
        let inside = |from: usize, what: &dyn Fn(&str) -> bool| {
            (from..end).find(|place| what(all[*place].trim()))
        };
        let section = match inside(key + 1, &|line| line == header) {
            None => {
                // Behind the last section, whose end may be a comment.
                let mut ends = (key + 1..end).filter(|place| all[*place].trim() == END);
                let place = ends.next_back().map_or(last, |end| last.max(end + 1));
                place..place
            }
            Some(start) => {
                let next = inside(start + 1, &|line| line == END || line.starts_with(HEADER));
                let stop = match next {
                    Some(next) if all[next].trim() == END => next + 1,
                    Some(next) => next,
                    None => last.max(start + 1),
                };
                start..stop
            }
        };
        Some(Self {
            all,
            ending,
            key: Some(key),
            is_empty_list,
            indent: indent.unwrap_or(2),
            section,
        })
    }

    /// The lines of each entry of the section, without their indent: those of its own, with the
    /// comments over it. Nothing where these cannot be told apart.
    pub(super) fn items(&self, said: &Manifests) -> Option<BTreeMap<AssetId, Vec<&'a str>>> {
        let mut items: Vec<(Option<usize>, Vec<&'a str>)> = Vec::new();
        let mut over: Vec<&'a str> = Vec::new();
        // Blank lines in a text of several lines are its own.
        let mut blank = 0;
        for place in self.section.clone() {
            let line = self.all[place];
            let text = line.trim();
            match Line::of(line) {
                Line::Comment(_) if is_ours(text) => over.clear(),
                Line::Blank => {
                    blank += 1;
                    continue;
                }
                Line::Item(of) if of == self.indent => {
                    let over = std::mem::take(&mut over).into_iter();
                    let mut lines: Vec<&str> = over.map(str::trim).collect();
                    lines.push(self.unindented(line));
                    items.push((Some(place), lines));
                }
                Line::Comment(of) if of <= self.indent => over.push(line),
                Line::Comment(_) | Line::Item(_) | Line::Text(_) => {
                    let (_, lines) = items.last_mut()?;
                    lines.extend(std::iter::repeat_n("", blank));
                    lines.push(self.unindented(line));
                }
            }
            blank = 0;
        }
        let mut by_id = BTreeMap::new();
        let starts: Vec<usize> = items.iter().filter_map(|(start, _)| *start).collect();
        let mut taken = vec![0; starts.len()];
        for entry in &said.entries {
            let line = entry.spot.line as usize - 1;
            if !self.section.contains(&line) {
                continue;
            }
            let item = starts
                .partition_point(|start| *start <= line)
                .checked_sub(1)?;
            taken[item] += 1;
            by_id.insert(entry.id, std::mem::take(&mut items[item].1));
        }
        taken.iter().all(|taken| *taken == 1).then_some(by_id)
    }

    fn unindented(&self, line: &'a str) -> &'a str {
        let blank = line.len() - line.trim_start_matches(' ').len();
        line[blank.min(self.indent)..].trim_end()
    }

    /// The whole text with these lines in the section.
    pub(super) fn with_section(
        &self,
        title: &str,
        body: &[Cow<'_, str>],
        is_empty: bool,
    ) -> String {
        let length = |lines: &mut dyn Iterator<Item = &str>| -> usize {
            let each = self.indent + self.ending.len();
            lines.map(|line| line.len() + each).sum()
        };
        let kept = length(&mut self.all.iter().copied());
        let own = length(&mut body.iter().map(AsRef::as_ref));
        let mut text = String::with_capacity(kept + own + title.len() + 100);
        let key = if is_empty { "assets: []" } else { "assets:" };
        for (place, line) in self.all.iter().enumerate() {
            if place == self.section.start {
                self.add_section(&mut text, title, body);
            }
            if self.section.contains(&place) {
                continue;
            }
            let is_other = Some(place) == self.key && is_empty != self.is_empty_list;
            if is_other {
                text.push_str(key);
                if let Some((_, comment)) = line.split_once(" #") {
                    text.push_str(" #");
                    text.push_str(comment);
                }
            } else {
                text.push_str(line);
            }
            text.push_str(self.ending);
        }
        if self.key.is_none() {
            text.push_str(key);
            text.push_str(self.ending);
        }
        if self.section.start >= self.all.len() {
            self.add_section(&mut text, title, body);
        }
        text
    }

    /// Adds a section with its header and its end.
    fn add_section(&self, text: &mut String, title: &str, body: &[Cow<'_, str>]) {
        let header = format!("{HEADER}{title}");
        let body = body.iter().flat_map(|lines| lines.split('\n'));
        let all = std::iter::once(&*header).chain(body);
        for line in all.chain([END]) {
            if !line.is_empty() {
                text.extend(std::iter::repeat_n(' ', self.indent));
                text.push_str(line);
            }
            text.push_str(self.ending);
        }
    }
}

/// Whether a line is the key of the list of assets.
fn is_key(line: &str) -> bool {
    line.strip_prefix("assets:")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Whether a comment is one that this program writes anew.
fn is_ours(comment: &str) -> bool {
    comment.starts_with(HEADER) || comment.starts_with(FOLDER) || comment == END
}
