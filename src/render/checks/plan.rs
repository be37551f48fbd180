//! The checks of a plan: what refuses it, and each asset.

use std::sync::Arc;

use crate::diagnostic::Place;
use crate::manifest::document::{SourceFile, Spot};
use crate::plan::about::About;
use crate::plan::approve::Refused;
use crate::plan::figure::{Report, SetAt};
use crate::plan::{Plan, Unplaced};
use crate::render::checks::{Check, Verdict};
use crate::render::group::{Group, group_of, why, why_in_words};
use crate::render::model::plan::told;
use crate::render::names::Foreign;
use crate::render::{holds, rows, withheld};

/// What refuses a plan, and each of its assets, in the order of the plan.
pub(crate) fn checks(plan: &Plan, files: &[SourceFile], refused: &[Refused]) -> Vec<Check> {
    let mut checks = Vec::new();
    for refused in refused {
        refusals(refused, &mut checks);
    }
    if let Some(report) = &plan.guards {
        guards(report, &mut checks);
    }
    checks.extend(holds::lifted(plan).map(|(at, what, said)| Check {
        verdict: Verdict::Warned,
        code: "lifted",
        place: at.and_then(|at| written(at)),
        suite: "Holds",
        subject: what,
        message: said.into_foreign(),
        id: None,
    }));
    for step in &plan.steps {
        let Some(group) = group_of(&step.decision) else {
            continue;
        };
        let known = plan.about.get(&step.id).and_then(About::known);
        let kind = step.kind().or_else(|| plan.about.get(&step.id)?.kind);
        let (title, words) = group.title();
        let why = why(step.id, &step.decision, |id| rows::path_in(plan, id));
        let own = why_in_words(step.id, &step.decision);
        let [why, own] = [why, own].map(|why| {
            let why = why.unwrap_or_else(|| words.trim_start_matches(": ").to_owned());
            of_group(title, why)
        });
        checks.push(Check {
            verdict: verdict(group),
            code: code(group),
            place: step.spot.and_then(|spot| place(spot, files)),
            suite: title,
            subject: Foreign::asset(step.id, known.as_ref(), kind),
            message: Foreign::new(why).or(own),
            id: Some(step.id),
        });
    }
    checks
}

/// What is said of an asset of a group.
fn of_group(title: &str, why: String) -> String {
    let name = title.to_lowercase();
    if why.starts_with(&name) {
        why
    } else if why.is_empty() {
        name
    } else {
        format!("{name}: {why}")
    }
}

/// What refuses a plan, beside what its assets and the guards say by themselves.
fn refusals(refused: &Refused, checks: &mut Vec<Check>) {
    let at_line = |one: &Unplaced| Check {
        place: one.at.as_deref().and_then(written),
        ..Check::of_failure(withheld::unplaced(one).text(), Some(refused.hint()))
    };
    match refused {
        Refused::Mismatched(_) | Refused::Guarded(_) => {}
        Refused::Unplaced(all) | Refused::Projects(all) => checks.extend(all.iter().map(at_line)),
        Refused::Unread(all) => checks.extend(all.iter().map(|(one, _)| at_line(one))),
        Refused::WrongNumber { .. }
        | Refused::NotChecked
        | Refused::Marks(_)
        | Refused::Unproven(_) => checks.push(Check::of_failure(
            withheld::refused(refused).text(),
            Some(refused.hint()),
        )),
    }
}

/// Where an entry stands.
pub(super) fn place(spot: Spot, files: &[SourceFile]) -> Option<Place> {
    let file = files.get(usize::try_from(spot.file).ok()?)?;
    Some(Place {
        file: Arc::clone(&file.path),
        line: spot.line,
        column: spot.column,
    })
}

/// What the guards counted: each that refuses, and what is looser than usual.
fn guards(report: &Report, checks: &mut Vec<Check>) {
    let check = |verdict, code, place, message: Foreign| Check {
        verdict,
        code,
        place,
        suite: "Guards",
        subject: message.clone(),
        message,
        id: None,
    };
    for figure in &report.figures {
        let verdict = if report.refused().any(|refused| refused == figure) {
            Verdict::Refused
        } else {
            Verdict::Passed
        };
        let waiver = figure.waiver(report.at);
        let waiver = waiver.filter(|_| verdict == Verdict::Refused);
        let waiver = waiver.map_or_else(String::new, |waiver| {
            format!("; once somebody has agreed, under `waivers:`: {waiver}")
        });
        let mut check = check(
            verdict,
            figure.guard.name(),
            set_at(&figure.set_at),
            withheld::figure(figure).text(),
        );
        check.message = check.message.and(&waiver);
        checks.push(check);
    }
    for incomplete in &report.incomplete {
        let place = written(&incomplete.first);
        let words = withheld::incomplete(incomplete).text();
        checks.push(check(Verdict::Refused, "require", place, words));
    }
    for loosened in &report.loosened {
        let place = set_at(&loosened.set_at);
        let words = told::loosened(loosened).into_foreign();
        checks.push(check(Verdict::Warned, loosened.guard.name(), place, words));
    }
}

/// The place in a file where a limit is set.
fn set_at(set_at: &SetAt) -> Option<Place> {
    match set_at {
        SetAt::Default | SetAt::Flag(_) => None,
        SetAt::File { path, line } => Some(Place {
            file: Arc::clone(path),
            line: u32::try_from(*line).ok()?,
            column: 1,
        }),
        SetAt::Waiver(place) => written(place),
    }
}

/// A place that is written as `file:line:column`.
fn written(place: &str) -> Option<Place> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Place {
        file: file.into(),
        line: line.parse().ok()?,
        column: column.parse().ok()?,
    })
}

/// What a group means for whoever reads it.
const fn verdict(group: Group) -> Verdict {
    match group {
        Group::Mismatch => Verdict::Refused,
        Group::Missing | Group::Unreadable | Group::Unread | Group::Rescued | Group::Drift => {
            Verdict::Failed
        }
        Group::Blocked | Group::Resolve => Verdict::Warned,
        Group::Held => Verdict::Kept,
        Group::Defer | Group::Staged => Verdict::Waits,
        Group::Retire
        | Group::Retry
        | Group::Covered
        | Group::Record
        | Group::Unstage
        | Group::Forget => Verdict::Passed,
    }
}

const fn code(group: Group) -> &'static str {
    match group {
        Group::Retire => "retire",
        Group::Retry => "retry",
        Group::Resolve => "resolve",
        Group::Covered => "covered",
        Group::Record => "record",
        Group::Missing => "missing",
        Group::Unreadable => "failed",
        Group::Unread => "unread",
        Group::Mismatch => "mismatch",
        Group::Rescued => "rescued",
        Group::Drift => "drift",
        Group::Blocked => "blocked",
        Group::Held => "held",
        Group::Defer => "defer",
        Group::Staged => "staged",
        Group::Unstage => "unstage",
        Group::Forget => "forget",
    }
}
