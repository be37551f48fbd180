//! What tools and transports make of a text file, so that it is no document any more.

/// The byte order mark, in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file is in place of the document that belongs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is text in another encoding.
    #[error("this is {0}, and the file must be UTF-8")]
    Encoding(&'static str),
    /// It begins with a byte order mark.
    #[error("the file begins with a byte order mark")]
    Mark,
    /// Git could not merge it.
    #[error("git has left a merge conflict in the file")]
    Conflict,
    /// It stands for a file that was not fetched.
    #[error("this is a pointer of Git LFS, and the file itself was not fetched")]
    Pointer,
}

impl Damage {
    /// Finds out whether a file is no document any more, and the line that shows it, from 1.
    #[must_use]
    pub fn find(bytes: &[u8]) -> Option<(Self, usize)> {
        if let Some(name) = encoding(bytes) {
            return Some((Self::Encoding(name), 1));
        }
        if bytes.trim_ascii().is_empty() {
            return Some((Self::Empty, 1));
        }
        if bytes.starts_with(MARK) {
            return Some((Self::Mark, 1));
        }
        if bytes.starts_with(b"version https://git-lfs") {
            return Some((Self::Pointer, 1));
        }
        // No document has either at the beginning of a line; a file that was cut has only one.
        let mut marks = [&b"<<<<<<< "[..], b">>>>>>> "].into_iter();
        let line = marks.find_map(|mark| line_with(bytes, mark))?;
        Some((Self::Conflict, line))
    }

    /// Says what to do about it.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Empty => "restore it from git, or remove it where nothing was ever in it",
            Self::Encoding(_) => "save the file as UTF-8",
            Self::Mark => "save the file as UTF-8 without a byte order mark",
            Self::Conflict => {
                "resolve the conflict: keep what is right, and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`"
            }
            Self::Pointer => "fetch the file with `git lfs pull`",
        }
    }

    /// Says what to do about it where the file is a state, which nobody joins by hand.
    #[must_use]
    pub const fn hint_of_state(self) -> &'static str {
        match self {
            Self::Conflict => {
                "do not join the lines by hand: take the state of the side that deleted more, with `git checkout --ours` or `--theirs`; docs/incidents.md says what follows"
            }
            Self::Empty | Self::Encoding(_) | Self::Mark | Self::Pointer => self.hint(),
        }
    }
}

/// A document without the byte order mark that some editors write.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// The line that begins with a mark, from 1.
fn line_with(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find_iter(bytes, mark).find(|at| {
        at.checked_sub(1)
            .is_none_or(|before| bytes[before] == b'\n')
    })?;
    Some(memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1)
}

/// The name of the encoding, where it is not UTF-8 and the first bytes show it.
fn encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [one, 0, two, 0, ..] | [0, one, 0, two, ..] if *one != 0 && *two != 0 => Some("UTF-16"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_document_any_more_is_told() {
        let conflict = "{\n<<<<<<< HEAD\n\"a\": 1\n=======\n\"a\": 2\n>>>>>>> other\n}\n";
        for (bytes, damage) in [
            (&b""[..], Some((Damage::Empty, 1))),
            (b" \n\n", Some((Damage::Empty, 1))),
            (b"\xff\xfe{\0", Some((Damage::Encoding("UTF-16"), 1))),
            (b"{\0\"\0v\0", Some((Damage::Encoding("UTF-16"), 1))),
            (
                b"\xff\xfe\0\0{\0\0\0",
                Some((Damage::Encoding("UTF-32"), 1)),
            ),
            (b"\xef\xbb\xbf{}", Some((Damage::Mark, 1))),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n",
                Some((Damage::Pointer, 1)),
            ),
            (conflict.as_bytes(), Some((Damage::Conflict, 2))),
            (b"{\"version\":1}\n", None),
            (b"{\n<<<<<<< HEAD\n\"a\": 1\n", Some((Damage::Conflict, 2))),
            (b"{\"a\": 1}\n>>>>>>> other\n", Some((Damage::Conflict, 2))),
            (b"a: <<<<<<< b\n", None),
        ] {
            assert_eq!(Damage::find(bytes), damage, "{bytes:?}");
        }
    }
}
