//! What is told of a file that is no manifest: where and why, and nothing of what is in it.

use crate::diagnostic::Finding;

/// Findings without what they show of a file that is no manifest. A misspelt list is still named,
/// since it is nearly a word of ours.
pub(super) fn concealed(findings: Vec<Finding>) -> Vec<Finding> {
    let mut other = false;
    let conceal = |mut finding: Finding| {
        finding.snippet = None;
        let near = |hint: &String| hint.starts_with("did you mean");
        if finding.code != "unknown-field" || finding.hint.as_ref().is_some_and(near) {
            return Some(finding);
        }
        if std::mem::replace(&mut other, true) {
            return None;
        }
        finding.code = "not-a-manifest";
        "this is not a manifest: it has other fields".clone_into(&mut finding.message);
        finding.hint = Some("a manifest has `version: 1`, and `assets` or `holds`".to_owned());
        Some(finding)
    };
    findings.into_iter().filter_map(conceal).collect()
}
