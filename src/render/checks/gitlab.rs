//! Checks as the code quality document of GitLab, which shows them in a merge request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::render::checks::{Check, Verdict};
use crate::render::escape::escape;
use crate::render::names::Shown;
use crate::visible;

/// One entry of the document.
#[derive(Debug, Serialize)]
struct Issue<'check> {
    /// First: it tells the file from another one.
    check_name: String,
    description: String,
    fingerprint: String,
    severity: &'static str,
    location: Location<'check>,
}

#[derive(Debug, Serialize)]
struct Location<'check> {
    path: &'check str,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the document; what has no place of its own stands at the top of `file`, since GitLab takes
/// nothing without one.
///
/// # Errors
///
/// Returns what the sink says.
pub(crate) fn quality(
    checks: &Shown<Vec<Check>>,
    file: &str,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut shown: Vec<&Check> = checks.iter().filter(|check| check.is_shown()).collect();
    shown.sort_by_key(|check| check.verdict);
    let mut seen = BTreeMap::new();
    let issues: Vec<Issue<'_>> = shown
        .into_iter()
        .map(|check| {
            let (path, begin) = check
                .place
                .as_ref()
                .map_or((file, 1), |place| (&*place.file, place.line));
            Issue {
                check_name: format!("retire/{}", check.code),
                description: escape(&check.words()).into_owned(),
                fingerprint: fingerprint(check, path, &mut seen),
                severity: severity(check.verdict),
                location: Location {
                    path: path.strip_prefix("./").unwrap_or(path),
                    lines: Lines { begin },
                },
            }
        })
        .collect();
    visible::json(&issues, sink)?;
    writeln!(sink)
}

/// What tells one finding from others, whatever line it moves to; equal ones are counted.
fn fingerprint(check: &Check, path: &str, seen: &mut BTreeMap<String, usize>) -> String {
    let id = check.id.map(|id| id.to_string());
    let mut hash = Sha256::new();
    // The waiver that is offered ends on another day each day.
    let words = check.message.shown().split("; once somebody").next();
    let subject = id.as_deref().or(words).unwrap_or_default();
    for part in [check.code, path, subject] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = String::new();
    for byte in &hash.finalize()[..16] {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    let times = seen.entry(text.clone()).or_insert(0);
    *times += 1;
    if *times > 1 {
        write!(text, "-{times}").unwrap_or_default();
    }
    text
}

const fn severity(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Refused => "blocker",
        Verdict::Failed => "major",
        Verdict::Warned => "minor",
        Verdict::Kept | Verdict::Waits | Verdict::Passed => "info",
    }
}
