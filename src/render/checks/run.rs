//! The checks of a run: what became of each asset of its plan.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::asset::AssetId;
use crate::event::Ending;
use crate::inventory::Known;
use crate::manifest::document::SourceFile;
use crate::plan::Plan;
use crate::plan::about::About;
use crate::render::checks::plan::{self, place};
use crate::render::checks::{Check, Verdict};
use crate::render::model::stopped::said;
use crate::render::names::Foreign;
use crate::render::report::Summary;
use crate::render::shelter::{Knows, other_than_reviewed};
use crate::render::words;
use crate::state::{Failed, Status};

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
            said(reason).into_foreign().behind("the run stopped: "),
            None,
        ));
    }
    let kept = plan::checks(plan, files, &[]).into_iter();
    let is_kept = |check: &Check| {
        let step = check.id.and_then(|id| plan.step(id));
        step.is_none_or(|step| !step.decision.is_carried_out())
    };
    let of: Knows<'_> = Rc::new(|id| summary.known.get(&id).cloned());
    let left: BTreeMap<AssetId, Foreign> = summary
        .left_alone
        .iter()
        .filter_map(|left| Some((left.id, other_than_reviewed(&left.other, &of)?)))
        .map(|(id, why)| (id, why.behind("left alone: ")))
        .collect();
    let mut told = BTreeSet::new();
    for check in kept {
        told.extend(check.id);
        if is_kept(&check) {
            checks.push(check);
            continue;
        }
        let status = check.id.and_then(|id| after.get(&id));
        let left = check.id.and_then(|id| left.get(&id).cloned());
        checks.push(became(check, status, left, summary));
    }
    // What goes along with a folder has no step of its own.
    let open = summary.failed.iter().map(|failed| failed.id);
    let open = open
        .chain(summary.unknown.iter().copied())
        .chain(summary.missing.iter().copied());
    for id in open.filter(|id| !told.contains(id)) {
        let known = summary.known.get(&id).cloned();
        let is_placed = |known: &Known| known.name.is_some() || known.location.is_some();
        let known = known.filter(is_placed);
        let known = known.or_else(|| plan.about.get(&id).and_then(About::known));
        let check = Check {
            verdict: Verdict::Passed,
            code: "retire",
            place: plan.step(id).and_then(|step| place(step.spot?, files)),
            suite: "Run",
            subject: Foreign::asset(id, known.as_ref(), None),
            message: Foreign::default(),
            id: Some(id),
        };
        checks.push(became(check, after.get(&id), None, summary));
    }
    checks
}

/// Why the server did not delete an asset.
fn refused(failed: &Failed) -> Foreign {
    let (kind, times) = (failed.kind.name(), words::times(failed.attempts));
    let message = format!("failed: {} ({kind}, tried {times})", failed.message);
    Foreign::new(message).or(format!("failed: {kind}, tried {times}"))
}

/// What became of an asset that was to go.
fn became(
    mut check: Check,
    status: Option<&Status>,
    left: Option<Foreign>,
    summary: &Summary,
) -> Check {
    check.suite = "Run";
    let (verdict, code, message) = match (left, status) {
        (Some(left), _) => (Verdict::Failed, "left-alone", left),
        (None, Some(Status::Retired(_))) => (Verdict::Passed, "retired", Foreign::default()),
        (None, Some(Status::Gone(_))) => (Verdict::Passed, "gone", Foreign::default()),
        (None, Some(Status::Restored { .. })) => (Verdict::Passed, "restored", Foreign::default()),
        (None, Some(Status::Staged(_))) => (Verdict::Passed, "staged", Foreign::default()),
        (None, Some(Status::Rescued)) => (
            Verdict::Failed,
            "rescued",
            Foreign::own("rescued: somebody has taken it out of its staging folder"),
        ),
        (None, Some(Status::Failed(failed))) => (Verdict::Failed, "failed", refused(failed)),
        (None, Some(Status::Unknown { attempts })) => (
            Verdict::Failed,
            "unknown",
            Foreign::own(format!(
                "unknown: sent {}, and no trustworthy answer came back",
                words::times(*attempts)
            )),
        ),
        (None, Some(Status::Missing)) => (
            Verdict::Failed,
            "missing",
            Foreign::own("missing: not found, and not shown to be deleted"),
        ),
        // What was forgotten has no record any more.
        (None, None) if summary.unsent == 0 => (Verdict::Passed, check.code, Foreign::default()),
        (None, None) => (
            Verdict::Failed,
            "not-sent",
            Foreign::own("not sent: the run stopped before it"),
        ),
    };
    check.verdict = verdict;
    check.code = code;
    check.message = message;
    check
}
