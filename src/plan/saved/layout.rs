//! How a plan document is laid out, and whether bytes are laid out like that.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::visible::json;

/// A document in which each line ends with a line feed alone, whoever has changed that.
pub(crate) fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    let ends = memchr::memmem::find_iter(bytes, b"\r\n");
    let ends: Vec<usize> = ends.collect();
    if ends.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let (mut plain, mut done) = (Vec::with_capacity(bytes.len()), 0);
    for end in ends {
        plain.extend_from_slice(&bytes[done..end]);
        done = end + 1;
    }
    plain.extend_from_slice(&bytes[done..]);
    Cow::Owned(plain)
}

/// A document in which each line ends with a carriage return and a line feed.
pub(crate) fn with_carriage_returns(bytes: &[u8]) -> Vec<u8> {
    let plain = with_line_feeds(bytes);
    let lines = plain.split_inclusive(|byte| *byte == b'\n');
    let ended = lines.map(|line| match line.strip_suffix(b"\n") {
        Some(line) => [line, b"\r\n"].concat(),
        None => line.to_vec(),
    });
    ended.collect::<Vec<_>>().concat()
}

/// Writes a value after its name.
pub(super) fn field<T: Serialize + ?Sized>(
    sink: &mut dyn Write,
    name: &str,
    value: &T,
) -> io::Result<()> {
    sink.write_all(name.as_bytes())?;
    json(value, sink)
}

/// Writes a list, one value a line.
pub(super) fn rows<T: Serialize>(sink: &mut dyn Write, name: &str, rows: &[T]) -> io::Result<()> {
    sink.write_all(name.as_bytes())?;
    for (index, row) in rows.iter().enumerate() {
        sink.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        json(row, sink)?;
    }
    sink.write_all(if rows.is_empty() { b"]" } else { b"\n]" })
}

/// A sink that takes only what it expects.
pub(super) struct Compared<'bytes> {
    rest: &'bytes [u8],
    line: usize,
}

impl<'bytes> Compared<'bytes> {
    /// Expects bytes.
    pub(super) const fn with(bytes: &'bytes [u8]) -> Self {
        Self {
            rest: bytes,
            line: 1,
        }
    }

    /// Whether all of them came.
    pub(super) const fn is_all(&self) -> bool {
        self.rest.is_empty()
    }

    /// The line that has been reached, from 1.
    pub(super) const fn line(&self) -> usize {
        self.line
    }
}

impl Write for Compared<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let same = bytes
            .iter()
            .zip(self.rest)
            .take_while(|(written, expected)| written == expected)
            .count();
        let (passed, rest) = self.rest.split_at(same);
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.rest = rest;
        if same == bytes.len() {
            Ok(same)
        } else {
            Err(io::Error::other("these are other bytes"))
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
