//! Lines that are longer than a terminal is wide, in several.

use std::io::{self, Write};

use crate::render::rows;

/// How far the rest of a line stands behind its beginning.
const INDENT: usize = 4;

/// Writes whole lines, each in several where a terminal has no room for it in one.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn wrapped(
    width: Option<usize>,
    sink: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let Some(width) = width else {
        return write(sink);
    };
    let mut wrap = Wrap {
        width,
        sink,
        line: Vec::new(),
    };
    write(&mut wrap)?;
    wrap.end()
}

struct Wrap<'sink> {
    width: usize,
    sink: &'sink mut dyn Write,
    /// What was written since the last end of a line.
    line: Vec<u8>,
}

impl Wrap<'_> {
    /// Writes what has no end of a line behind it.
    fn end(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        if rows::shown(&text) <= self.width {
            return self.sink.write_all(&line);
        }
        let margin = text.len() - text.trim_start().len();
        let indent = (margin + INDENT).min(self.width / 2);
        let (mut taken, mut begins) = (0, false);
        // Gaps between columns stay where there is room for what comes behind them; behind the last word
        // of a line nothing is written, which a terminal could take for a line of its own.
        let mut gap = String::new();
        for word in words(&text, self.width - indent) {
            let (own, space) = word.split_at(word.trim_end().len());
            let wide = rows::shown(own);
            if taken > indent && wide > 0 && taken + gap.len() + wide > self.width {
                write!(self.sink, "\n{:indent$}", "")?;
                (taken, begins) = (indent, true);
                gap.clear();
            }
            if !own.is_empty() {
                write!(self.sink, "{gap}{own}")?;
                taken += gap.len() + wide;
                gap.clear();
                begins = false;
            }
            if !begins {
                gap.push_str(space);
            }
        }
        Ok(())
    }
}

/// The words of a line, each with the space behind it. What stands between backquotes is one word where
/// there is room for it: it may be a command, and whoever copies half of it gives half of it.
fn words(text: &str, room: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = |from: usize| {
            rest[from..]
                .find(' ')
                .map_or(rest.len(), |at| from + at + 1)
        };
        let (first, mut all) = (end(0), end(0));
        let is_open = |word: &str| word.matches('`').count() % 2 == 1;
        while is_open(&rest[..all]) && all < rest.len() {
            all = end(all);
        }
        let is_one = !is_open(&rest[..all]) && rows::shown(rest[..all].trim_end()) <= room;
        let (word, behind) = rest.split_at(if is_one { all } else { first });
        words.push(word);
        rest = behind;
    }
    words
}

impl Write for Wrap<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(line) = part.strip_suffix(b"\n") {
                self.line.extend_from_slice(line);
                self.end()?;
                self.sink.write_all(b"\n")?;
            } else {
                self.line.extend_from_slice(part);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(width: Option<usize>, text: &str) -> String {
        let mut sink = Vec::new();
        wrapped(width, &mut sink, |sink| sink.write_all(text.as_bytes())).unwrap();
        String::from_utf8(sink).unwrap()
    }

    #[test]
    fn a_long_line_goes_on_below_its_beginning() {
        let text = "  one  two three four\nshort\nlast";
        assert_eq!(lines(None, text), text);
        let wrapped = "  one  two\n      three\n      four\nshort\nlast";
        let trimmed: Vec<String> = lines(Some(12), text)
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        assert_eq!(trimmed.join("\n"), wrapped);
        // What may be a command is not cut where there is room for it.
        let trimmed = |width, text: &str| -> Vec<String> {
            let all = lines(Some(width), text);
            all.lines().map(|line| line.trim().to_owned()).collect()
        };
        let text = "say now `retire find x` here";
        assert_eq!(trimmed(20, text), ["say now", "`retire find x`", "here"]);
        assert_eq!(trimmed(14, text), ["say now", "`retire", "find x`", "here"]);
        assert_eq!(
            trimmed(16, "an odd ` is one word"),
            ["an odd ` is one", "word"]
        );
        // A word that is too long by itself is not cut: it may be an id.
        assert_eq!(lines(Some(4), "abcdefgh ij").lines().count(), 2);
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_is_too_long(
            words in prop::collection::vec("[a-zé·\u{1b}日]{1,9}", 0..30),
            width in 30..90_usize,
        ) {
            let words: Vec<String> = words.iter().map(|word| word.replace('\u{1b}', "\u{1b}[2mx\u{1b}[0m")).collect();
            let text = format!("  {}\n", words.join("  "));
            let wrapped = lines(Some(width), &text);
            prop_assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>(), words.iter().map(String::as_str).collect::<Vec<_>>());
            for line in wrapped.lines() {
                prop_assert!(rows::shown(line.trim_end()) <= width.max(90), "{line:?}");
                prop_assert!(line.split_whitespace().count() == 1 || rows::shown(line.trim_end()) <= width, "{line:?}");
            }
        }
    }
}
