//! What a probe would do, and what it found.

use std::io::{self, Write};

use crate::probe::Findings;
use crate::probe::document::{Line, UNCLEAR, lines};
use crate::render::escape::escape;
use crate::render::{Style, counted, words};

/// The changes that a probe makes at most, by what they do.
const CHANGES: [(usize, &str); 4] = [
    (
        11,
        "make 3 folders, 6 or 7 files of which no byte is sent, and a version stack",
    ),
    (
        5,
        "move files: several, where they are already, to where their name is taken, with an id that is none",
    ),
    (
        7,
        "delete a file twice, 2 folders, and in the end each folder with all that is in it",
    ),
    (4, "restore the file, the 2 folders and the stack"),
];

/// How often a probe reads, about.
const READS: usize = 20;

/// How many changes a probe makes at most.
#[must_use]
pub(crate) fn changes() -> usize {
    CHANGES.iter().map(|(calls, _)| calls).sum()
}

/// Says what a probe would do.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn plan(
    (folder, place): (&str, &str),
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    words::heading("A probe of what the API does", style, sink)?;
    let (folder, place) = (escape(folder), escape(place));
    writeln!(sink, "In a folder `{folder}` at the top of {place}:")?;
    for (calls, what) in CHANGES {
        writeln!(sink, "  {calls:>2}  {what}")?;
    }
    writeln!(sink, "  {READS:>2}  read what came of it")?;
    writeln!(
        sink,
        "These are {} at most, and some {}, in less than two minutes.",
        counted(changes(), "change", "changes"),
        counted(READS, "reading", "readings")
    )?;
    writeln!(
        sink,
        "Nothing else is touched. What it makes is deleted in the end, and stays among the recently deleted for 30 days."
    )
}

/// Writes the findings for people.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn table(findings: &Findings, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let lines = lines(findings);
    let heading = format!("{:22} {:12} observed", "assumption", "expected");
    words::heading(&heading, style, sink)?;
    for Line {
        assumption,
        expected,
        observed,
    } in &lines
    {
        let note = if observed == UNCLEAR {
            "  (could not be found out)"
        } else if observed == expected {
            ""
        } else {
            "  (differs)"
        };
        writeln!(sink, "{assumption:22} {expected:12} {observed}{note}")?;
    }
    let unclear = lines.iter().filter(|line| line.observed == UNCLEAR).count();
    let other = lines.iter().filter(|line| line.observed != line.expected);
    let other = other.count() - unclear;
    writeln!(
        sink,
        "\n{} as expected, {} otherwise, {} could not be found out.",
        lines.len() - other - unclear,
        other,
        unclear
    )
}

/// Writes the findings for programs: a list, a finding a line.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn list(findings: &Findings, sink: &mut dyn Write) -> io::Result<()> {
    let lines = lines(findings);
    let mut left = lines.len();
    writeln!(sink, "[")?;
    for line in &lines {
        left -= 1;
        let comma = if left > 0 { "," } else { "" };
        writeln!(sink, "  {}{comma}", serde_json::to_string(line)?)?;
    }
    writeln!(sink, "]")
}
