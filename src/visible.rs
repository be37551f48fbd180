//! What can be seen of a text: characters that a terminal obeys, and JSON without them.
//!
//! A document may hold words of anybody, and people look at it with `cat` and in reviews. JSON
//! takes a character by its number for the same text.

use std::io::{self, Write};

use serde::Serialize;

/// Whether a terminal could do something else with the character than print it.
#[must_use]
pub(crate) fn obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Writes a value as compact JSON that no terminal obeys.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the bytes.
pub(crate) fn json<T: Serialize + ?Sized, W: Write + ?Sized>(
    value: &T,
    sink: &mut W,
) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(sink, Numbered);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Writes compact JSON, with each character by its number that a terminal could obey.
struct Numbered;

impl serde_json::ser::Formatter for Numbered {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        sink: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Control characters of ASCII never come here but for the last: JSON escapes the others.
        if fragment.is_ascii() && memchr::memchr(0x7f, fragment.as_bytes()).is_none() {
            return sink.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(place) = rest.find(obeyed) {
            let (plain, from) = rest.split_at(place);
            sink.write_all(plain.as_bytes())?;
            let mut characters = from.chars();
            if let Some(character) = characters.next() {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(sink, "\\u{unit:04x}")?;
                }
            }
            rest = characters.as_str();
        }
        sink.write_all(rest.as_bytes())
    }
}
