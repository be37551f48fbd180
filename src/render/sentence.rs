//! Sentences of ours around texts from elsewhere: in a report each of these stands by itself, as code,
//! whatever it is.
//!
//! A sentence is written by whoever knows its words, with a mark in the place of each text. Marks are
//! letters that no words of ours have.

use std::sync::Arc;

use crate::render::model::Line;
use crate::render::names::Foreign;

/// The first of the marks: a plane of letters that have no meaning by themselves.
const FIRST: u32 = 0xf_0000;

/// The texts of a sentence that is about to be written.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<Foreign>);

/// A sentence of ours with texts from elsewhere in it.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    words: String,
    texts: Vec<Foreign>,
}

impl Texts {
    /// Keeps a text, and gives the mark that stands for it.
    pub(super) fn keep(&mut self, text: Foreign) -> String {
        let number = u32::try_from(self.0.len()).ok();
        let mark = number.and_then(|number| char::from_u32(FIRST.checked_add(number)?));
        let Some(mark) = mark else {
            // No sentence has as many, and nothing of them is shown.
            return String::new();
        };
        self.0.push(text);
        mark.to_string()
    }

    /// The same of a name that is no file's, such as that of a project or the path of a manifest.
    pub(super) fn named(&mut self, name: &str) -> String {
        self.keep(Foreign::new(name).without_file())
    }

    /// The same of a text that may be missing, and that may name a file.
    pub(super) fn kept(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        text.map(|text| self.keep(Foreign::new(text)).into())
    }

    /// The sentence that was written with the marks.
    pub(super) fn sentence(self, words: &impl ToString) -> Sentence {
        Sentence {
            words: words.to_string(),
            texts: self.0,
        }
    }
}

impl Sentence {
    /// A sentence of ours alone.
    pub(super) fn own(words: &impl ToString) -> Self {
        Texts::default().sentence(words)
    }

    /// The sentence as a line of a report; what stood between accents needs none there.
    pub(crate) fn line(&self) -> Line {
        let mut line = Line::default();
        let mut words = String::new();
        let mut letters = self.words.chars().peekable();
        while let Some(letter) = letters.next() {
            let Some(text) = self.of_mark(letter) else {
                words.push(letter);
                continue;
            };
            let is_quoted = words.ends_with('`') && letters.next_if_eq(&'`').is_some();
            if is_quoted {
                words.pop();
            }
            line = line.and(std::mem::take(&mut words));
            line = if is_quoted {
                line.and_quoted(text.clone())
            } else {
                line.and_foreign(text.clone())
            };
        }
        line.and(words)
    }

    /// The sentence as one text, for what knows no code.
    pub(crate) fn text(&self) -> Foreign {
        let mut all = Foreign::default();
        for letter in self.words.chars() {
            all = match self.of_mark(letter) {
                Some(text) => all.then(text),
                None => all.and(letter.encode_utf8(&mut [0; 4])),
            };
        }
        all
    }

    /// The text that a letter stands for.
    fn of_mark(&self, letter: char) -> Option<&Foreign> {
        let number = u32::from(letter).checked_sub(FIRST)?;
        self.texts.get(usize::try_from(number).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::model::Piece;
    use crate::render::names::Names;

    #[test]
    fn texts_stand_by_themselves_and_lose_the_accents_around_them() {
        let mut texts = Texts::default();
        let [project, place] = [
            Foreign::new("a`b`").or("(withheld)"),
            Foreign::new("retire.toml:3")
                .without_file()
                .or_off("a file"),
        ]
        .map(|text| texts.keep(text));
        let said = texts.sentence(&format!("`max-assets` is 5 in `{project}` ({place})"));
        let pieces = said.line().0;
        let words = |text: &str| Piece::Words(text.to_owned());
        assert_eq!(
            pieces,
            [
                words("`max-assets` is 5 in "),
                Piece::Quoted(Foreign::new("a`b`").or("(withheld)")),
                words(" ("),
                Piece::Foreign(
                    Foreign::new("retire.toml:3")
                        .without_file()
                        .or_off("a file")
                ),
                words(")"),
            ]
        );
        let text = said.text();
        assert_eq!(text.shown(), "`max-assets` is 5 in `a`b`` (retire.toml:3)");
        let shown = |names| text.clone().withheld(names).shown().to_owned();
        assert_eq!(
            shown(Names::Path),
            "`max-assets` is 5 in `(withheld)` (retire.toml:3)"
        );
        assert_eq!(
            shown(Names::Off),
            "`max-assets` is 5 in `(withheld)` (a file)"
        );
    }

    #[test]
    fn a_letter_that_stands_for_nothing_is_a_letter() {
        let own = Sentence::own(&"\u{f0000} `x`");
        assert_eq!(own.text().shown(), "\u{f0000} `x`");
        assert_eq!(own.line(), Line::words("\u{f0000} `x`"));
    }
}
