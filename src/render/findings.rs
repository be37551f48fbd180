//! Findings for people: what is wrong, the line it stands on, a caret under it, and a hint.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::diagnostic::{Finding, Place, Severity, Snippet};
use crate::render::escape::{columns, escape, push};
use crate::render::{Paint, Style, counted};

/// Writes findings in the order in which they are given, and their number at the end.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub fn findings(findings: &[Finding], style: Style, sink: &mut dyn Write) -> io::Result<()> {
    for found in findings {
        finding(found, style, sink)?;
        writeln!(sink)?;
    }
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(sink, "{}", style.paint(Paint::Bold, tally(findings)))
}

/// Says in one line how many findings there are: `2 errors, 1 warning in 3 files`.
#[must_use]
pub fn tally(findings: &[Finding]) -> String {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let warnings = findings.len() - errors;
    let files: BTreeSet<&str> = findings.iter().map(|found| &*found.place.file).collect();
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(counted(errors, "error", "errors"));
    }
    if warnings > 0 {
        parts.push(counted(warnings, "warning", "warnings"));
    }
    if parts.is_empty() {
        return "no errors".to_owned();
    }
    format!(
        "{} in {}",
        parts.join(", "),
        counted(files.len(), "file", "files")
    )
}

fn finding(finding: &Finding, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let Finding {
        code,
        severity,
        place,
        message,
        snippet,
        related,
        hint,
    } = finding;
    let (word, paint) = match severity {
        Severity::Error => ("error", Paint::Red),
        Severity::Warning => ("warning", Paint::Yellow),
    };
    writeln!(
        sink,
        "{}: {}",
        style.paint(paint, format!("{word}[{code}]")),
        style.paint(Paint::Bold, escape(message))
    )?;
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let frame = |text: &str| style.paint(Paint::Blue, text.to_owned());
    writeln!(sink, "{gutter}{} {}", frame("-->"), located(place))?;
    if let Some(snippet) = snippet {
        let (text, before, marked) = marked(snippet);
        writeln!(sink, "{gutter} {}", frame("|"))?;
        writeln!(sink, "{} {text}", frame(&format!("{number} |")))?;
        writeln!(
            sink,
            "{gutter} {} {}{}",
            frame("|"),
            " ".repeat(before),
            style.paint(paint, "^".repeat(marked))
        )?;
    }
    for (place, why) in related {
        writeln!(
            sink,
            "{gutter}{} {}: {}",
            frame(":::"),
            located(place),
            escape(why)
        )?;
    }
    if let Some(hint) = hint {
        writeln!(sink, "{gutter} {} {}", frame("= hint:"), escape(hint))?;
    }
    Ok(())
}

fn located(place: &Place) -> String {
    let Place { file, line, column } = place;
    format!("{}:{line}:{column}", escape(file))
}

/// Escapes the line of a snippet, and counts in columns of a terminal how far in the mark
/// begins and how long it is: an escape is longer than the character that it stands for.
fn marked(snippet: &Snippet) -> (String, usize, usize) {
    let Snippet {
        text,
        offset,
        width,
    } = snippet;
    let mut shown = String::with_capacity(text.len());
    let (mut from, mut to) = (None, None);
    for (index, character) in text.chars().enumerate() {
        if index == *offset {
            from = Some(shown.len());
        }
        if index == offset.saturating_add(*width) {
            to = Some(shown.len());
        }
        push(character, &mut shown);
    }
    // A mark may stand behind the line's end, where something is missing.
    let from = from.unwrap_or(shown.len());
    let to = to.unwrap_or(shown.len()).max(from);
    let (before, marked) = (columns(&shown[..from]), columns(&shown[from..to]));
    (shown, before, marked.max(1))
}
