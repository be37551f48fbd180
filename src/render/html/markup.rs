//! Texts between tags and in attributes, escaped; the only place that makes markup of them.

use std::fmt;

use crate::render::escape::escape;
use crate::render::model::{Line, Piece};

/// Markup of ours, in which every text from elsewhere is escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Markup(pub(super) String);

impl fmt::Display for Markup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A text from elsewhere: what a terminal or a reader would obey is shown, and what HTML would obey
/// is its number.
pub(super) fn of_text(text: &str) -> String {
    encoded(&escape(text))
}

fn encoded(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => markup.push_str("&#38;"),
            '<' => markup.push_str("&#60;"),
            '>' => markup.push_str("&#62;"),
            '"' => markup.push_str("&#34;"),
            '\'' => markup.push_str("&#39;"),
            letter => markup.push(letter),
        }
    }
    markup
}

/// A line: a text from elsewhere is set apart, so that it runs into nothing beside it.
pub(super) fn of_line(line: &Line) -> Markup {
    let pieces = line.0.iter().map(|piece| match piece {
        Piece::Words(words) => of_words(words),
        Piece::Strong(_, words) => format!("<strong>{}</strong>", of_words(words)),
        Piece::Foreign(text) | Piece::Quoted(text) => said(text.shown()),
    });
    Markup(pieces.collect())
}

/// A line that is to be seen first as a whole.
pub(super) fn of_title(line: &Line) -> Markup {
    let pieces = line.0.iter().map(|piece| match piece {
        Piece::Words(words) | Piece::Strong(_, words) => of_words(words),
        Piece::Foreign(text) | Piece::Quoted(text) => said(text.shown()),
    });
    Markup(pieces.collect())
}

fn said(text: &str) -> String {
    format!("<bdi class=\"said\">{}</bdi>", of_text(text))
}

/// Words of ours, with code between accents.
fn of_words(words: &str) -> String {
    let mut markup = String::new();
    for (number, piece) in words.split('`').enumerate() {
        let piece = encoded(piece);
        if number % 2 == 0 {
            markup.push_str(&piece);
        } else {
            markup.extend(["<code>", &piece, "</code>"]);
        }
    }
    markup
}
