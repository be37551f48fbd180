//! Checks as workflow commands, which GitHub shows at the lines of a pull request.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::diagnostic::Place;
use crate::render::checks::{Check, Verdict};
use crate::render::count;
use crate::render::escape::escape;
use crate::render::names::Shown;

/// How many are written: GitHub shows ten errors, ten warnings and ten notices of a step, and a
/// reviewer reads fewer.
const SHOWN: usize = 10;

/// Writes the worst checks, and how many more there are.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn annotations(checks: &Shown<Vec<Check>>, sink: &mut dyn Write) -> io::Result<()> {
    let mut shown: Vec<&Check> = checks.iter().filter(|check| check.is_shown()).collect();
    shown.sort_by_key(|check| check.verdict);
    for check in shown.iter().take(SHOWN) {
        let Check {
            verdict,
            code,
            place,
            ..
        } = check;
        let place = place.as_ref().map_or_else(String::new, placed);
        let title = property(&format!("retire: {code}"));
        let words = data(&check.words());
        writeln!(sink, "::{} {place}title={title}::{words}", level(*verdict))?;
    }
    match shown.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(sink, "::notice title=retire::and {} more", count(more)),
    }
}

/// Where it is, in front of the other properties.
fn placed(place: &Place) -> String {
    let Place { file, line, column } = place;
    format!("file={},line={line},col={column},", property(file))
}

const fn level(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Refused | Verdict::Failed => "error",
        Verdict::Warned => "warning",
        Verdict::Kept | Verdict::Waits | Verdict::Passed => "notice",
    }
}

/// A text in the place of a message.
fn data(text: &str) -> String {
    encoded(text, "%\r\n")
}

/// A text in the place of a property.
fn property(text: &str) -> String {
    encoded(text, "%\r\n:,")
}

/// A text without characters that a terminal obeys, and with some of the others as their numbers.
fn encoded(text: &str, special: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for letter in escape(text).chars() {
        if special.contains(letter) {
            // Writing to a string cannot fail.
            write!(encoded, "%{:02X}", u32::from(letter)).unwrap_or_default();
        } else {
            encoded.push(letter);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_place() {
        assert_eq!(data("100 %\r\n::error::x"), "100 %25\\r\\n::error::x");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
        // Were they not escaped for a terminal before, they would be here.
        assert_eq!(encoded("\u{e9}\u{1b}[2J", "%"), "\u{e9}\\u{1b}[2J");
    }
}
