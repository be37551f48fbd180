//! Findings as text.

use super::*;
use crate::diagnostic::{Finding, Place, Severity, Snippet};
use crate::render::Style;
use crate::render::findings::{findings, tally};

fn place(file: &str, line: u32, column: u32) -> Place {
    Place {
        file: file.into(),
        line,
        column,
    }
}

fn found(snippet: impl Into<Option<Snippet>>) -> Finding {
    Finding {
        code: "unknown-field",
        severity: Severity::Error,
        place: place("manifests/a.yaml", 12, 5),
        message: "unknown field `resaon`".to_owned(),
        snippet: snippet.into(),
        related: Vec::new(),
        hint: Some("did you mean `reason`?".to_owned()),
    }
}

fn snippet(text: &str, offset: usize, width: usize) -> Snippet {
    Snippet {
        text: text.to_owned(),
        offset,
        width,
    }
}

fn shown(list: &[Finding], colour: bool) -> String {
    let mut bytes = Vec::new();
    findings(list, false, Style { colour }, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_finding_shows_place_line_and_hint() {
    let doubled = Finding {
        code: "duplicate-id",
        place: place("manifests/b.yaml", 3, 5),
        message: "`3fa85f64` is listed twice".to_owned(),
        related: vec![(place("manifests/a.yaml", 7, 5), "first listed here")],
        hint: None,
        ..found(snippet("  - 3fa85f64", 4, 8))
    };
    let warning = Finding {
        code: "odd-name",
        severity: Severity::Warning,
        place: place("evil\u{1b}[2J\n.yaml", 1, 1),
        message: HOSTILE.to_owned(),
        hint: Some(HOSTILE.to_owned()),
        ..found(None)
    };
    let list = [found(snippet("    resaon: old", 4, 6)), doubled, warning];
    insta::assert_snapshot!(shown(&list, false));
    assert!(shown(&list, true).contains("\u{1b}[31merror[unknown-field]\u{1b}[0m"));
    assert_eq!(tally(&list), "2 errors, 1 warning in 3 files");
    assert_eq!(shown(&[], false), "");
}

/// The text that the carets stand under.
fn under_the_carets(text: &str, offset: usize, width: usize) -> (usize, usize) {
    let lines = shown(&[found(snippet(text, offset, width))], false);
    let carets = lines.lines().find(|line| line.contains('^')).unwrap();
    let carets = carets.strip_prefix("   | ").unwrap();
    (
        carets.len() - carets.trim_start().len(),
        carets.trim_start().len(),
    )
}

#[test]
fn carets_stand_under_wide_and_escaped_characters() {
    assert_eq!(under_the_carets("abc", 1, 1), (1, 1));
    assert_eq!(under_the_carets("映像: x", 4, 1), (6, 1));
    assert_eq!(under_the_carets("x: 映像", 3, 2), (3, 4));
    assert_eq!(under_the_carets("\t- \0x", 1, 1), (2, 1));
    assert_eq!(under_the_carets("a\u{1b}b", 1, 1), (1, "\\u{1b}".len()));
    assert_eq!(under_the_carets("e\u{301}x", 2, 1), (1, 1));
    // Behind the end, with no width, and with too much of it.
    assert_eq!(under_the_carets("abc", 3, 1), (3, 1));
    assert_eq!(under_the_carets("abc", 99, 1), (3, 1));
    assert_eq!(under_the_carets("abc", 1, 0), (1, 1));
    assert_eq!(under_the_carets("abc", 1, usize::MAX), (1, 2));
    assert_eq!(under_the_carets("", 0, 1), (0, 1));
}
