//! Items that need no parser: a bare id, or plain fields one a line.
//!
//! This reads only what it is certain of. Whatever is unusual or wrong is left to the parser,
//! so that every finding has one source.

use jiff::Timestamp;

use super::date::{self, Reading};
use super::text::{is_void, number};
use super::walk::Plain;
use crate::asset::{AssetId, Kind, written};

/// How an id begins that is no UUID, and has no length of its own.
const ADOBE: &str = "adobe:";

/// An item, and where the next line begins.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) id: AssetId,
    /// How many lines below the item's first one the id stands.
    pub(super) id_line: u32,
    /// The column of the id, from 1.
    pub(super) id_column: u32,
    pub(super) plain: Plain<'a>,
    /// The first byte of the next item's line or of what follows the list.
    pub(super) next: usize,
    /// How many lines further that is.
    pub(super) lines: u32,
}

/// The lines from a byte on.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    read: u32,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        Some(&rest[..end.unwrap_or(rest.len())])
    }

    fn skip(&mut self, line: &str) {
        self.at = (self.at + line.len() + 1).min(self.text.len());
        self.read += 1;
    }

    /// Skips lines with nothing but blanks and comments.
    fn skip_void(&mut self) -> Option<&'a str> {
        loop {
            let line = self.peek()?;
            if !is_void(line) {
                return Some(line);
            }
            self.skip(line);
        }
    }
}

/// Reads the item whose line begins at a byte and whose dash stands in a column, from 0.
pub(super) fn item(text: &str, at: usize, dash: usize) -> Option<Item<'_>> {
    let mut lines = Lines { text, at, read: 0 };
    let first = lines.peek()?;
    let after = first.get(dash + 1..)?;
    let content = after.trim_start_matches(' ');
    let column = first.len() - content.len();
    if column == dash + 1 || content.is_empty() {
        return None;
    }
    let on_one_line = match bare(content) {
        Some(id) => Some(Fields {
            id: Some((id, 0, column)),
            plain: Plain::default(),
        }),
        None if content.starts_with('{') => Some(flow(content, column)?),
        None => None,
    };
    if let Some(fields) = on_one_line {
        lines.skip(first);
        ends(&mut lines, dash)?;
        return fields.item(&lines);
    }
    let mut fields = Fields::default();
    let mut line = first;
    loop {
        fields.line(line.get(column..)?, lines.read, column)?;
        lines.skip(line);
        match lines.skip_void() {
            Some(next) => {
                let blanks = next.len() - next.trim_start_matches(' ').len();
                if blanks <= dash {
                    break;
                }
                if blanks != column {
                    return None;
                }
                line = next;
            }
            None => break,
        }
    }
    fields.item(&lines)
}

/// The fields of a mapping on one line, such as `{id: …, kind: file}`, where nothing in it could
/// mean anything but itself.
fn flow(content: &str, column: usize) -> Option<Fields<'_>> {
    let (inner, rest) = content.strip_prefix('{')?.split_once('}')?;
    let means_itself = |byte: u8| byte.is_ascii_alphanumeric() || b" ,:-_.".contains(&byte);
    if !closes(rest) || !inner.bytes().all(means_itself) {
        return None;
    }
    let mut fields = Fields::default();
    let mut at = column + 1;
    for field in inner.split(',') {
        let text = field.trim_matches(' ');
        let blanks = field.len() - field.trim_start_matches(' ').len();
        fields.line(text, 0, at + blanks)?;
        at += field.len() + 1;
    }
    Some(fields)
}

/// Skips to the next line with something on it, which must not belong to the item.
fn ends(lines: &mut Lines<'_>, dash: usize) -> Option<()> {
    let Some(next) = lines.skip_void() else {
        return Some(());
    };
    let blanks = next.len() - next.trim_start_matches(' ').len();
    (blanks <= dash).then_some(())
}

/// The id that a text begins with, where nothing but a comment follows.
fn bare(content: &str) -> Option<AssetId> {
    if content.starts_with(ADOBE) {
        return written::parse_id(value_of(content)?).ok();
    }
    let (id, rest) = content.split_at_checked(36)?;
    closes(rest).then(|| written::parse_id(id).ok()).flatten()
}

/// Whether nothing but a comment follows a value.
fn closes(rest: &str) -> bool {
    let blank = rest.trim_start_matches(' ');
    matches!(blank, "" | "\r") || (blank.starts_with('#') && blank.len() < rest.len())
}

#[derive(Default)]
struct Fields<'a> {
    id: Option<(AssetId, u32, usize)>,
    plain: Plain<'a>,
}

impl<'a> Fields<'a> {
    /// The item that they make, where one of them is an id; the lines stand behind it.
    fn item(self, lines: &Lines<'_>) -> Option<Item<'a>> {
        let (id, id_line, id_column) = self.id?;
        Some(Item {
            id,
            id_line,
            id_column: number(id_column + 1),
            plain: self.plain,
            next: lines.at,
            lines: lines.read,
        })
    }

    /// Reads `key: value`, each key once.
    fn line(&mut self, line: &'a str, number: u32, column: usize) -> Option<()> {
        let (key, value) = line.split_once(": ")?;
        let start = value.trim_start_matches(' ');
        let column = column + line.len() - start.len();
        let text = value_of(start)?;
        let slot = match key {
            "id" => {
                let id = written::parse_id(text).ok()?;
                return set(&mut self.id, (id, number, column));
            }
            "not_before" => {
                let moment: Timestamp = date::parse(text, Reading::Begins).ok()?;
                return set(&mut self.plain.not_before, moment);
            }
            "kind" => {
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text)?;
                return set(&mut self.plain.kind, kind);
            }
            "reason" => &mut self.plain.reason,
            "ticket" => &mut self.plain.ticket,
            "owner" => &mut self.plain.owner,
            _ => return None,
        };
        let quoted = start.starts_with(['"', '\'']);
        let sure = quoted || text.starts_with(|letter: char| letter.is_ascii_alphabetic());
        let word = ["null", "true", "false"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word));
        if !sure || (word && !quoted) || text.trim().is_empty() {
            return None;
        }
        set(slot, text)
    }
}

fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.is_none().then(|| *slot = Some(value))
}

/// The text of a scalar on one line: in quotes without escapes, or plain.
fn value_of(start: &str) -> Option<&str> {
    if start.contains('\t') {
        return None;
    }
    if let Some(quote @ ('"' | '\'')) = start.chars().next() {
        let (text, rest) = start[1..].split_once(quote)?;
        let plain = !(quote == '"' && text.contains('\\'));
        return (plain && closes(rest)).then_some(text);
    }
    let value = match start.split_once(" #") {
        // The comment may belong to the text, which the parser's way warns of.
        Some((_, comment)) if comment.starts_with(char::is_alphanumeric) => return None,
        Some((value, _)) => value,
        None => start,
    };
    let value = value.trim_end_matches(['\r', ' ']);
    let first = value.bytes().next()?;
    let plain = first.is_ascii_alphanumeric() && !value.contains(": ") && !value.ends_with(':');
    plain.then_some(value)
}
