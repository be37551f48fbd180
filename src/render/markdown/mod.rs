//! Reports as Markdown, for the comment on a pull request and the summary of a CI job.

use std::fmt::Write;

use crate::render::count;

pub(crate) mod inline;
pub(crate) mod plan;

/// How long a comment may be, in bytes: GitHub takes 65,536 characters.
pub(crate) const COMMENT: usize = 60_000;

/// A list of a report of which as much is written as there is room for.
#[derive(Debug, Default)]
struct List {
    /// What stands above it: a title, and what opens it.
    head: String,
    /// Its rows, the first at first: as many as anybody may have room for.
    rows: Vec<String>,
    /// How many there are in all.
    total: usize,
    /// What stands below it.
    foot: String,
}

impl List {
    /// The list in so many bytes: as many rows as fit, `most` at most, and how many there are besides;
    /// nothing where not even that fits. `more` writes how many there are.
    fn within(&self, room: usize, most: usize, more: &dyn Fn(&str) -> String) -> String {
        let Self {
            head,
            rows,
            total,
            foot,
        } = self;
        if rows.is_empty() {
            return String::new();
        }
        let more = |left: usize| match left {
            0 => String::new(),
            left => more(&count(left)),
        };
        let fixed = head.len() + foot.len() + more(*total).len();
        let Some(mut room) = room.checked_sub(fixed) else {
            return String::new();
        };
        let fits = rows.iter().take(most).take_while(|row| {
            let rest = room.checked_sub(row.len());
            room = rest.unwrap_or(0);
            rest.is_some()
        });
        let shown = fits.count();
        let mut text = head.clone();
        rows[..shown].iter().for_each(|row| text.push_str(row));
        text.push_str(&more(total - shown));
        text.push_str(foot);
        text
    }
}

/// Appends a paragraph.
fn paragraph(text: &mut String, words: &str) {
    // Writing to a string cannot fail.
    writeln!(text, "{words}\n").unwrap_or_default();
}

/// Appends a line of a list.
fn item(text: &mut String, words: &str) {
    // Writing to a string cannot fail.
    writeln!(text, "- {words}").unwrap_or_default();
}
