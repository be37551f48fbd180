//! How a plan document is laid out, and whether bytes are laid out like that.

use std::io::{self, Write};

use serde::Serialize;

use crate::visible::json;

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
