//! The checks of a run: what became of each asset of its plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::AssetId;
use crate::event::Ending;
use crate::manifest::document::SourceFile;
use crate::plan::Plan;
use crate::plan::about::About;
use crate::render::checks::plan::{self, place};
use crate::render::checks::{Check, Verdict};
use crate::render::report::Summary;
use crate::render::rows;
use crate::render::summary::stopped;
use crate::render::words;
use crate::state::Status;

/// What a run came to: `after` is how its assets stand in the state after it, as far as they are there.
pub(crate) fn checks(
    plan: &Plan,
    files: &[SourceFile],
    summary: &Summary,
    after: &BTreeMap<AssetId, Status>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(Ending::Stopped(reason)) = &summary.ending {
        checks.push(Check::of_failure(
            &format!("the run stopped: {}", stopped(reason)),
            None,
        ));
    }
    let kept = plan::checks(plan, files, None).into_iter();
    let is_kept = |check: &Check| {
        let step = check.id.and_then(|id| plan.step(id));
        step.is_none_or(|step| !step.decision.is_carried_out())
    };
    let left: BTreeMap<AssetId, String> = summary
        .left_alone
        .iter()
        .map(|left| (left.id, "other than reviewed: left alone".to_owned()))
        .collect();
    let mut told = BTreeSet::new();
    for check in kept {
        told.extend(check.id);
        if is_kept(&check) {
            checks.push(check);
            continue;
        }
        let status = check.id.and_then(|id| after.get(&id));
        let left = check.id.and_then(|id| left.get(&id));
        checks.push(became(check, status, left, summary));
    }
    // What goes along with a folder has no step of its own.
    let open = summary.failed.iter().map(|failed| failed.id);
    let open = open
        .chain(summary.unknown.iter().copied())
        .chain(summary.missing.iter().copied());
    for id in open.filter(|id| !told.contains(id)) {
        let known = summary.known.get(&id).map(rows::path);
        let known = known.filter(|path| !path.is_empty());
        let about = plan.about.get(&id).and_then(About::known);
        let path = known.or_else(|| about.as_ref().map(rows::path));
        let check = Check {
            verdict: Verdict::Passed,
            code: "retire",
            place: plan.step(id).and_then(|step| place(step.spot?, files)),
            suite: "Run",
            subject: path.unwrap_or_else(|| id.to_string()),
            message: String::new(),
            id: Some(id),
        };
        checks.push(became(check, after.get(&id), None, summary));
    }
    checks
}

/// What became of an asset that was to go.
fn became(
    mut check: Check,
    status: Option<&Status>,
    left: Option<&String>,
    summary: &Summary,
) -> Check {
    check.suite = "Run";
    let (verdict, code, message) = match (left, status) {
        (Some(left), _) => (Verdict::Failed, "left-alone", left.clone()),
        (None, Some(Status::Retired(_))) => (Verdict::Passed, "retired", String::new()),
        (None, Some(Status::Gone(_))) => (Verdict::Passed, "gone", String::new()),
        (None, Some(Status::Failed(failed))) => (
            Verdict::Failed,
            "failed",
            format!(
                "failed: {} ({}, tried {})",
                failed.message,
                failed.kind.name(),
                words::times(failed.attempts)
            ),
        ),
        (None, Some(Status::Unknown { attempts })) => (
            Verdict::Failed,
            "unknown",
            format!(
                "unknown: sent {}, and no trustworthy answer came back",
                words::times(*attempts)
            ),
        ),
        (None, Some(Status::Missing)) => (
            Verdict::Failed,
            "missing",
            "missing: not found, and not shown to be deleted".to_owned(),
        ),
        // What was forgotten has no record any more.
        (None, None) if summary.unsent == 0 => (Verdict::Passed, check.code, String::new()),
        (None, None) => (
            Verdict::Failed,
            "not-sent",
            "not sent: the run stopped before it".to_owned(),
        ),
    };
    check.verdict = verdict;
    check.code = code;
    check.message = message;
    check
}
