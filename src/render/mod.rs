//! The texts: what a person or a program is shown of a plan, a state, a run and a finding.
//!
//! Everything here is pure: it reads no file, no clock and no environment, and writes only to
//! the sink that it is given, in small pieces, so a file wants a buffer. Text that comes from elsewhere is data, and is escaped.

use std::fmt;

use anstyle::AnsiColor;
use jiff::Timestamp;

pub mod diff;
pub(crate) mod escape;
pub(crate) mod events;
pub(crate) mod findings;
mod forecast;
pub(crate) mod history;
mod hunks;
pub(crate) mod json;
mod next;
pub(crate) mod notices;
pub(crate) mod progress;
pub(crate) mod report;
mod shelter;
pub(crate) mod state;
pub(crate) mod summary;
pub(crate) mod text;
pub(crate) mod whoami;
mod words;

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
enum Paint {
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

/// Shows a number with a comma between each three digits.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Shows a count with a comma between each three digits.
pub(crate) fn count(number: usize) -> String {
    // No machine counts further than 64 bits.
    thousands(u64::try_from(number).unwrap_or(u64::MAX))
}

/// Shows a count with its noun: `1 asset`, `1,234 assets`.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Shows a moment in UTC: the date alone where it is midnight, else RFC 3339 in seconds.
pub(crate) fn moment(at: Timestamp) -> String {
    let midnight = at.as_second().rem_euclid(86_400) == 0 && at.subsec_nanosecond() == 0;
    let shape = if midnight {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%dT%H:%M:%SZ"
    };
    at.strftime(shape).to_string()
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
