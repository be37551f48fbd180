//! The one escape: no terminal ever obeys data.
//!
//! A manifest, a file name and an answer of the API may hold any character. Those that move
//! the cursor, colour the text, turn its direction round or cannot be seen are shown by their
//! number instead, so that what is read is what is there.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::visible::obeyed;

/// Shows text from elsewhere so that a terminal prints it and does nothing else.
///
/// Control characters, marks of direction, characters without width and the separators of
/// lines and paragraphs become `\n`, `\r`, `\t` or `\u{1b}`; all others stay as they are.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(obeyed) else {
        return Cow::Borrowed(text);
    };
    let (plain, rest) = text.split_at(first);
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(plain);
    for character in rest.chars() {
        push(character, &mut shown);
    }
    Cow::Owned(shown)
}

/// Appends one character, escaped where it has to be.
pub(crate) fn push(character: char, shown: &mut String) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        other if obeyed(other) => {
            // Writing to a string cannot fail.
            write!(shown, "\\u{{{:x}}}", u32::from(other)).unwrap_or_default();
        }
        other => shown.push(other),
    }
}

/// How many columns of a terminal an escaped text takes.
pub(crate) fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}
