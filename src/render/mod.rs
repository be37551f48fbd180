//! The texts: what a person or a program is shown of a plan, a state, a run and a finding.
//!
//! Everything here is pure: it reads no file, no clock and no environment, and writes only to
//! the sink that it is given, in small pieces, so a file wants a buffer. Text that comes from elsewhere is data, and is escaped.

use std::fmt;

use anstyle::AnsiColor;
use jiff::Timestamp;

pub use crate::diagnostic::{count, counted, either, thousands};

pub(crate) mod back;
pub(crate) mod basis;
pub(crate) mod checked;
pub(crate) mod checks;
pub mod diff;
pub(crate) mod documents;
pub(crate) mod due;
pub(crate) mod escape;
pub(crate) mod events;
mod failed;
mod figures;
pub(crate) mod find;
pub(crate) mod find_data;
pub(crate) mod findings;
mod group;
pub(crate) mod guards;
pub(crate) mod history;
mod holds;
pub(crate) mod html;
mod hunks;
pub(crate) mod json;
mod lines;
mod listing;
pub(crate) mod markdown;
pub(crate) mod model;
pub(crate) mod names;
mod next;
pub(crate) mod not_run;
pub(crate) mod notices;
mod places;
pub(crate) mod probe;
pub(crate) mod progress;
pub(crate) mod receipt;
mod record_lines;
pub(crate) mod report;
pub(crate) mod restorable;
pub(crate) mod restore;
mod rows;
pub(crate) mod sentence;
mod shelter;
pub(crate) mod since;
pub(crate) mod size;
pub(crate) mod state;
pub(crate) mod summary;
pub(crate) mod text;
mod tree;
pub(crate) mod unstage;
pub(crate) mod whoami;
pub(crate) mod withheld;
mod words;
pub(crate) mod wrap;

#[cfg(test)]
mod tests;

/// How text for people looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are used; they never carry a meaning alone.
    pub colour: bool,
}

/// The looks that a piece of text can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    BoldRed,
    BoldGreen,
}

impl Style {
    /// Dresses a word that opens an error.
    pub(crate) fn error(self, word: &str) -> String {
        self.paint(Paint::Red, word).to_string()
    }

    /// Dresses a word that opens a warning.
    pub(crate) fn warning(self, word: &str) -> String {
        self.paint(Paint::Yellow, word).to_string()
    }

    /// Dresses a text that is escaped already.
    const fn paint<T: fmt::Display>(self, paint: Paint, text: T) -> Painted<T> {
        let look = if self.colour {
            paint.ansi()
        } else {
            anstyle::Style::new()
        };
        Painted { text, look }
    }
}

impl Paint {
    const fn ansi(self) -> anstyle::Style {
        match self {
            Self::Bold => anstyle::Style::new().bold(),
            Self::Dim => anstyle::Style::new().dimmed(),
            Self::Red => AnsiColor::Red.on_default(),
            Self::Green => AnsiColor::Green.on_default(),
            Self::Yellow => AnsiColor::Yellow.on_default(),
            Self::Blue => AnsiColor::Blue.on_default(),
            Self::Magenta => AnsiColor::Magenta.on_default(),
            Self::BoldRed => AnsiColor::Red.on_default().bold(),
            Self::BoldGreen => AnsiColor::Green.on_default().bold(),
        }
    }
}

struct Painted<T> {
    text: T,
    look: anstyle::Style,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, look } = self;
        write!(formatter, "{look}")?;
        text.fmt(formatter)?;
        write!(formatter, "{look:#}")
    }
}

/// Shows a moment in UTC, in seconds.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Shares a number of lines among groups so that a small group is shown whole before a large
/// one takes what is left; no group that has a line is left without one while lines last.
fn share(sizes: &[usize], lines: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|index| sizes[*index]);
    let mut shares = vec![0; sizes.len()];
    let mut left = lines;
    let mut waiting = sizes.len();
    for index in order {
        // A remainder goes to the last, largest groups.
        let fair = (left / waiting).max(usize::from(left > 0));
        shares[index] = sizes[index].min(fair);
        left -= shares[index];
        waiting -= 1;
    }
    shares
}
