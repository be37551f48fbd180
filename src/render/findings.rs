//! Findings for people: what is wrong, the line it stands on, a caret under it, and a hint.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::diagnostic::{Finding, Place, Severity, Snippet};
use crate::render::escape::{columns, escape, push};
use crate::render::{Paint, Style, count, counted};

/// How many findings are shown before the rest is only counted: nobody reads more at once.
const SHOWN: usize = 50;

/// Writes findings in the order in which they are given, and their number at the end; briefly,
/// each on a line of its own.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn findings(
    findings: &[Finding],
    brief: bool,
    style: Style,
    sink: &mut dyn Write,
) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    for found in findings.iter().take(SHOWN) {
        if brief {
            let (word, _) = word(found.severity);
            let (place, message) = (located(&found.place), escape(&found.message));
            writeln!(sink, "{place}: {word}[{}]: {message}", found.code)?;
        } else {
            finding(found, style, sink)?;
            writeln!(sink)?;
        }
    }
    let more = findings.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(sink, "… {} more like these are not shown", count(more))?;
    }
    writeln!(sink, "{}", style.paint(Paint::Bold, tally(findings)))
}

/// Says in one line how many findings there are: `2 errors, 1 warning in 3 files`.
pub(crate) fn tally(findings: &[Finding]) -> String {
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
    let files = counted(files.len(), "file", "files");
    format!("{} in {files}", parts.join(", "))
}

fn finding(finding: &Finding, style: Style, sink: &mut dyn Write) -> io::Result<()> {
    let (word, paint) = word(finding.severity);
    let code = style.paint(paint, format!("{word}[{}]", finding.code));
    let message = style.paint(Paint::Bold, escape(&finding.message));
    writeln!(sink, "{code}: {message}")?;
    let number = finding.place.line.to_string();
    let gutter = " ".repeat(number.len());
    let frame = |text: &str| style.paint(Paint::Blue, text.to_owned());
    writeln!(sink, "{gutter}{} {}", frame("-->"), located(&finding.place))?;
    if let Some(snippet) = &finding.snippet {
        let (text, before, marked) = marked(snippet);
        writeln!(sink, "{gutter} {}", frame("|"))?;
        writeln!(sink, "{} {text}", frame(&format!("{number} |")))?;
        let (before, mark) = (" ".repeat(before), "^".repeat(marked));
        let mark = style.paint(paint, mark);
        writeln!(sink, "{gutter} {} {before}{mark}", frame("|"))?;
    }
    for (place, why) in &finding.related {
        let (place, why) = (located(place), escape(why));
        writeln!(sink, "{gutter}{} {place}: {why}", frame(":::"))?;
    }
    if let Some(hint) = &finding.hint {
        writeln!(sink, "{gutter} {} {}", frame("= hint:"), escape(hint))?;
    }
    Ok(())
}

const fn word(severity: Severity) -> (&'static str, Paint) {
    match severity {
        Severity::Error => ("error", Paint::Red),
        Severity::Warning => ("warning", Paint::Yellow),
    }
}

fn located(place: &Place) -> String {
    let Place { file, line, column } = place;
    format!("{}:{line}:{column}", escape(file))
}

/// Escapes the line of a snippet, and counts in columns of a terminal how far in the mark
/// begins and how long it is: an escape is longer than the character that it stands for.
fn marked(snippet: &Snippet) -> (String, usize, usize) {
    let mut shown = String::with_capacity(snippet.text.len());
    let (mut from, mut to) = (None, None);
    for (index, character) in snippet.text.chars().enumerate() {
        if index == snippet.offset {
            from = Some(shown.len());
        }
        if index == snippet.offset.saturating_add(snippet.width) {
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
