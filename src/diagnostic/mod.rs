//! The words for what is wrong with a document: a finding, with its place.

mod count;
mod damage;
mod parser;
mod toml;

use std::fmt;
use std::sync::Arc;

pub use count::{count, counted, either, thousands};
pub use damage::{Damage, without_mark};
pub use parser::of_a_parser;
pub use toml::of_toml;

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The document, as the user named it; `-` for standard input.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document cannot be used.
    Error,
    /// The document can be used, but somebody should look.
    Warning,
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable name for this sort of finding, such as `unknown-field`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// What is wrong: lower case, no full stop, names in backticks.
    pub message: String,
    /// The line it stands on and how many characters of it are meant, for a caret.
    pub snippet: Option<Snippet>,
    /// Other places that belong to it, each with a word on why.
    pub related: Vec<(Place, &'static str)>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The line of a document that a finding points into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The line's text without its end, cut to a readable length around the place.
    pub text: String,
    /// Where the caret stands in `text`, in characters from 0.
    pub offset: usize,
    /// How many characters the caret marks, at least 1.
    pub width: usize,
}

/// An error and its causes in one line.
#[must_use]
pub fn in_words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&of_the_system(&deeper.to_string()));
        cause = deeper.source();
    }
    text
}

/// Words that may be the system's, as a part of a sentence: without the number of the error.
#[must_use]
pub fn of_the_system(words: &str) -> String {
    let Some((words, _number)) = words.split_once(" (os error ") else {
        return words.to_owned();
    };
    let words = words.trim_end_matches('.');
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_system_are_a_part_of_a_sentence() {
        for (words, shown) in [
            ("Permission denied (os error 13)", "permission denied"),
            ("Zugriff verweigert. (os error 5)", "zugriff verweigert"),
            ("No such host is known.", "No such host is known."),
            (" (os error 1)", ""),
        ] {
            assert_eq!(of_the_system(words), shown);
        }
    }
}
