//! What a probe would do, and what it found.

use std::io::{self, Write};

use crate::probe::document::{Line, UNCLEAR, lines};
use crate::probe::{Assumption, Findings};
use crate::render::escape::escape;
use crate::render::{Style, counted, words};

/// The changes that a probe makes at most, by what they do.
const CHANGES: [(usize, &str); 4] = [
    (
        11,
        "make 3 folders, a version stack, and up to 7 placeholder files without content",
    ),
    (
        5,
        "move files: several at once, to where they already are, to where another file has the same name, and together with an id that does not exist",
    ),
    (
        7,
        "delete one file twice and 2 of the folders, and at the end all 3 folders with what is in them",
    ),
    (4, "restore the file, the 2 folders and the version stack"),
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
    writeln!(sink, "  {READS:>2}  read what each change did")?;
    writeln!(
        sink,
        "These are at most {} and about {}, in less than two minutes.",
        counted(changes(), "change", "changes"),
        counted(READS, "read", "reads")
    )?;
    writeln!(
        sink,
        "Nothing else is touched. The probe deletes at the end what it made, and that stays among the recently deleted for 30 days."
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
        "\n{} as expected, {} otherwise, {} could not be found out. docs/probe.md says what each line means.",
        lines.len() - other - unclear,
        other,
        unclear
    )
}

/// Says what needs `--unproven` no more with these findings, and what still does.
#[must_use]
pub(crate) fn unlocked(findings: &Findings) -> [String; 2] {
    [
        (
            "staging (`--strategy staged`, `retire state unstage`)",
            findings.lacking_to_move_aside(),
        ),
        ("`retire restore`", findings.lacking_to_bring_back()),
    ]
    .map(|(what, lacking)| {
        let lacking: Vec<&str> = lacking.into_iter().map(Assumption::name).collect();
        if lacking.is_empty() {
            format!("On this server {what} needs no `--unproven` now.")
        } else {
            let lacking = lacking.join("`, `");
            format!(
                "On this server {what} still needs `--unproven`: the probe has not seen what that relies on (`{lacking}`)."
            )
        }
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Cascade, Restore, RestoreFolder, YesNo};

    #[test]
    fn what_was_not_seen_is_named() {
        let seen = Findings {
            move_keeps_id: Some(YesNo::Yes),
            folder_delete_cascade: Some(Cascade::NotSeen),
            restore_file: Some(Restore::Yes),
            restore_folder: Some(RestoreFolder::Slow),
            ..Findings::default()
        };
        let [staging, restoring] = unlocked(&seen);
        assert!(staging.ends_with("relies on (`folder-delete-cascade`)."));
        assert!(restoring.ends_with("relies on (`folder-delete-cascade`)."));
        let [staging, restoring] = unlocked(&Findings::default());
        assert!(staging.ends_with("(`move-keeps-id`, `folder-delete-cascade`)."));
        assert!(restoring.ends_with("(`restore-file`, `restore-folder`)."));
        let seen = Findings {
            folder_delete_cascade: Some(Cascade::Delayed),
            ..seen
        };
        for line in unlocked(&seen) {
            assert!(line.ends_with("needs no `--unproven` now."), "{line}");
        }
    }
}
