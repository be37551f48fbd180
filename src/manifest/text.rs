//! A manifest's bytes: whether they are text, and where in it something stands.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use crate::diagnostic::{Damage, Finding, Place, Severity, Snippet};

/// How many bytes of a line a snippet shows before and after its place at most: two lines of a
/// terminal.
const AROUND: (usize, usize) = (60, 120);

/// What stands where a line is cut.
const CUT: &str = "…";

/// How many bytes at the top of a text are looked through each time that one is asked for.
const NEAR: usize = 16 << 10;

/// The text of one manifest.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) path: Arc<str>,
    pub(super) all: &'a str,
    lines: OnceCell<Vec<u32>>,
    /// The last place that was asked for: places are mostly asked for in order, and a line
    /// may be as long as the file.
    last: Cell<(usize, u32, u32)>,
}

impl<'a> Text<'a> {
    /// Takes a manifest's bytes for text.
    ///
    /// # Errors
    ///
    /// Returns what cannot be part of a YAML document, and where.
    pub(super) fn decode(path: &Arc<str>, bytes: &'a [u8]) -> Result<Self, Box<Finding>> {
        // Its lines are not shown: what is no text is hardly a manifest.
        let wrong = |valid: &str, code, message: String, hint: &str| {
            let mut found = Text::new(path, valid).finding(code, valid.len(), message);
            found.snippet = None;
            found.hint = Some(hint.to_owned());
            Err(Box::new(found))
        };
        // Some editors begin a file with a byte order mark.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match Damage::find(bytes) {
            // The grammar tells of a document with nothing in it.
            Some((Damage::Empty, _)) | None => {}
            Some((damage, line)) => {
                let code = match damage {
                    Damage::Conflict => "merge-conflict",
                    Damage::Pointer => "lfs-pointer",
                    Damage::Encoding(_) | Damage::Mark | Damage::Empty => "not-utf8",
                };
                let found = wrong("", code, damage.to_string(), damage.hint());
                return found.map_err(|mut found| {
                    found.place.line = number(line);
                    found
                });
            }
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                let valid = std::str::from_utf8(valid).unwrap_or_default();
                let byte = rest.first().copied().unwrap_or_default();
                let message = format!("the byte 0x{byte:02X} is not UTF-8");
                return wrong(valid, "not-utf8", message, "save the file as UTF-8");
            }
        };
        if let Some((at, found)) = control(text) {
            let found = found as u32;
            let message = format!("the control character U+{found:04X} is in the text");
            let hint = "remove it; in quotes it can be written as an escape";
            return wrong(&text[..at], "control-character", message, hint);
        }
        Ok(Self::new(path, text))
    }

    /// Text that is known to be in order.
    pub(super) fn new(path: &Arc<str>, text: &'a str) -> Self {
        Self {
            path: Arc::clone(path),
            all: text,
            lines: OnceCell::new(),
            last: Cell::new((usize::MAX, 0, 0)),
        }
    }

    /// The line and the column, both from 1, of a byte.
    pub(super) fn position(&self, at: usize) -> (u32, u32) {
        let at = self.all.floor_char_boundary(at);
        let (last, line, column) = self.last.get();
        if last <= at
            && let between = &self.all[last..at]
            && between.len() < 4096
            && !between.bytes().any(may_break)
        {
            let column = column + number(between.chars().count());
            self.last.set((at, line, column));
            return (line, column);
        }
        let head;
        let lines = match self.lines.get() {
            // To find what stands near the top the rest need not be read.
            None if at < NEAR => {
                let end = self.all.ceil_char_boundary(at + 1);
                head = line_starts(&self.all[..end]);
                &head
            }
            Some(_) | None => self.lines.get_or_init(|| line_starts(self.all)),
        };
        let line = lines.partition_point(|start| *start as usize <= at);
        let start = lines.get(line - 1).map_or(0, |start| *start as usize);
        let place = if last >= start && last <= at {
            // Still the same line.
            (line, column + number(self.all[last..at].chars().count()))
        } else {
            (line, number(self.all[start..at].chars().count()) + 1)
        };
        let place = (number(place.0), place.1);
        self.last.set((at, place.0, place.1));
        place
    }

    /// The byte of a line and a column, both from 1.
    pub(super) fn byte(&self, line: u32, column: u32) -> usize {
        let lines = self.lines.get_or_init(|| line_starts(self.all));
        byte_of(self.all, lines, line as usize, column as usize)
    }

    /// The place of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let (line, column) = self.position(at);
        Place {
            file: Arc::clone(&self.path),
            line,
            column,
        }
    }

    /// An error at a byte, with the line that it stands on.
    pub(super) fn finding(&self, code: &'static str, at: usize, message: String) -> Finding {
        let at = self.all.floor_char_boundary(at);
        Finding {
            code,
            severity: Severity::Error,
            place: self.place(at),
            message,
            snippet: Some(self.snippet(at)),
            related: Vec::new(),
            hint: None,
        }
    }

    fn snippet(&self, at: usize) -> Snippet {
        let from = self.all.floor_char_boundary(at.saturating_sub(AROUND.0));
        let to = self.all.floor_char_boundary(at.saturating_add(AROUND.1));
        let breaks =
            |letter: char| matches!(letter, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let before = &self.all[from..at];
        let (before, cut) = match before.rfind(breaks) {
            Some(end) => {
                let end = end + before[end..].chars().next().map_or(1, char::len_utf8);
                (&before[end..], "")
            }
            None if from > 0 => (before, CUT),
            None => (before, ""),
        };
        let after = &self.all[at..to];
        let (after, end) = match after.find(breaks) {
            Some(end) => (&after[..end], ""),
            None if to < self.all.len() => (after, CUT),
            None => (after, ""),
        };
        Snippet {
            text: format!("{cut}{before}{after}{end}"),
            offset: cut.chars().count() + before.chars().count(),
            width: token(after).max(1),
        }
    }
}

/// How many characters the token has that a text begins with.
fn token(text: &str) -> usize {
    let mut letters = text.chars().peekable();
    let mut width = 0;
    if let Some(quote) = letters.next_if(|letter| matches!(letter, '"' | '\'')) {
        let rest = letters.take_while(|letter| *letter != quote).count();
        return (rest + 2).min(text.chars().count());
    }
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let ends = letter.is_whitespace()
            || matches!(letter, ',' | ']' | '}')
            || (letter == ':' && next.is_none_or(char::is_whitespace));
        if ends {
            break;
        }
        width += 1;
    }
    width
}

/// Whether a byte can begin a line break, as libyaml sees them.
const fn may_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2)
}

/// The first character that YAML does not allow, and its byte (YAML 1.1, section 5.1).
fn control(text: &str) -> Option<(usize, char)> {
    let suspicious = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f || byte >= 0xc2;
    let wrong = |letter: char| match letter {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        letter => letter.is_control(),
    };
    let mut start = 0;
    for chunk in text.as_bytes().chunks(1024) {
        let end = start + chunk.len();
        // Without a branch in the loop, this runs at the speed of memory.
        if chunk
            .iter()
            .fold(false, |any, byte| any | suspicious(*byte))
        {
            let from = text.floor_char_boundary(start);
            let to = text.ceil_char_boundary(end);
            let found = text[from..to]
                .char_indices()
                .find(|(_, letter)| wrong(*letter));
            if let Some((at, letter)) = found {
                return Some((from + at, letter));
            }
        }
        start = end;
    }
    None
}

/// The byte at which each line begins, by libyaml's rules for line breaks.
pub(super) fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b'\r' if rest.starts_with(b"\r\n") => 2,
            b'\n' | b'\r' => 1,
            0xc2 if rest.starts_with("\u{85}".as_bytes()) => 2,
            0xe2 if rest.starts_with("\u{2028}".as_bytes())
                || rest.starts_with("\u{2029}".as_bytes()) =>
            {
                3
            }
            _ => {
                at += 1;
                continue;
            }
        };
        starts.push(number(at));
    }
    starts
}

/// The byte of a line and a column, both from 1, in a text whose lines begin there.
pub(super) fn byte_of(text: &str, lines: &[u32], line: usize, column: usize) -> usize {
    let start = lines.get(line.saturating_sub(1));
    let start = start.map_or(text.len(), |start| *start as usize);
    let rest = &text[start..];
    let inside = rest.char_indices().nth(column.saturating_sub(1));
    start + inside.map_or(rest.len(), |(at, _)| at)
}

/// Whether a line has nothing but blanks and a comment.
pub(super) fn is_void(line: &str) -> bool {
    let rest = line.trim_start_matches(' ');
    matches!(rest, "" | "\r") || rest.starts_with('#')
}

/// A count in 32 bits: a manifest has at most 256 MiB.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_near_the_top_is_found_as_any_other() {
        let all = "a\r\nb\u{2028}c\r\u{85}dé\n\nend";
        let path: Arc<str> = Arc::from("m.yaml");
        let whole = Text::new(&path, all);
        whole.lines.get_or_init(|| line_starts(all));
        for at in 0..=all.len() {
            // Neither has been asked before, so that nothing is counted on from there.
            whole.last.set((usize::MAX, 0, 0));
            let near = Text::new(&path, all);
            assert_eq!(near.position(at), whole.position(at), "byte {at}");
            assert!(near.lines.get().is_none());
        }
    }
}
