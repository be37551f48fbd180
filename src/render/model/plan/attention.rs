//! What a reviewer has to look at first.

use std::collections::BTreeMap;

use crate::plan::about::About;
use crate::plan::figure::Loosened;
use crate::plan::{Checked, Plan, Shelter};
use crate::render::group::{Group, group_of, why_in_words};
use crate::render::model::Line;
use crate::render::model::plan::PlanReport;
use crate::render::model::plan::assets::{leaves, listing};
use crate::render::names::Foreign;
use crate::render::text::PlanView;
use crate::render::tree::Leaf;
use crate::render::{checked, count, counted, moment, withheld};

/// How many of one sort are named.
const NAMED: usize = 5;

/// How many places of what is protected are shown that are not known.
const SHOWN: usize = 20;

/// What a reviewer has to look at: what `apply` refuses, what stays, and what is unusual.
pub(super) fn attention(of: &PlanReport<'_, '_>) -> Vec<Line> {
    let view = of.view;
    let plan = view.plan;
    let mut lines = Vec::new();
    if let Checked::NotChecked = view.checked {
        lines.push(Line::strong(checked::NOT_CHECKED).and(
            " Token, account and assets may be others; `retire apply` does not take this plan.",
        ));
    }
    if let Some(recalled) = checked::recalled(view.checked, view.now) {
        lines.push(Line::words(recalled));
    }
    if let Some(refused) = of.refused {
        let line = Line::strong("`apply` refuses it:").and(" ");
        lines.push(line.and_line(withheld::refused(refused).line()));
    }
    if let Shelter::Checked { unplaced, unread } = &plan.shelter {
        let unplaced = unplaced.iter().chain(unread.iter().map(|(one, _)| one));
        let unplaced = unplaced.take(SHOWN);
        lines.extend(unplaced.map(|one| withheld::unplaced(one).line()));
    }
    if let Some(path) = view.no_state {
        let line = Line::words("No state yet: ")
            .and_foreign(Foreign::new(path.display().to_string()).without_file());
        lines.push(line.and(" is not there, so nothing of earlier runs counts."));
    }
    if let Some(guards) = &plan.guards {
        lines.extend(guards.loosened.iter().map(loosened));
        let notes = guards.notes.iter();
        lines.extend(notes.map(|note| Line::words("Note: ").and_line(withheld::note(note).line())));
    }
    if !plan.only.is_empty() {
        let only = plan.only.iter().map(|only| Line::foreign(only.said()));
        let only = Line::words("Only ").and_line(Line::joined(only, ", "));
        lines.push(only.and("; holds and guards count over all."));
    }
    lines.extend(kept(view));
    let lifted = plan.marks.lifted.len();
    if lifted > 0 {
        let marks = counted(lifted, "mark was", "marks were");
        let words = format!("{marks} lifted in Frame.io since an earlier run.");
        lines.push(Line::words(words));
    }
    if !plan.unsettled.is_empty() {
        let assets = counted(plan.unsettled.len(), "asset that stays", "assets that stay");
        let words = format!(
            "An earlier delete of {assets} was not answered: a run reads them, and deletes none."
        );
        lines.push(Line::words(words));
    }
    lines.extend(holds(plan));
    lines
}

/// Says which guard is looser than usual, and where that is set.
fn loosened(loosened: &Loosened) -> Line {
    let mut line = Line::strong("Loosened:").and(" ");
    line = line.and_line(withheld::loosened(loosened).line());
    if let Some(until) = loosened.until {
        line = line.and(format!(", until {}", moment(until)));
    }
    if let Some(reason) = &loosened.reason {
        line = line.and(": ").and_foreign(&**reason);
    }
    line
}

/// The groups of what does not go, each in one line with the commonest reason.
fn kept(view: &PlanView<'_>) -> Vec<Line> {
    let listing = listing(view);
    let mut groups: BTreeMap<Group, Vec<Leaf<'_>>> = BTreeMap::new();
    for leaf in leaves(view.plan) {
        if let Some(group) = group_of(&leaf.step.decision).filter(|group| stays(*group)) {
            groups.entry(group).or_default().push(leaf);
        }
    }
    let said = groups.into_iter().map(|(group, leaves)| {
        let (title, why) = group.title();
        let mut reasons: BTreeMap<Foreign, usize> = BTreeMap::new();
        for leaf in &leaves {
            let [why, ..] = listing.said(leaf);
            let own = why_in_words(leaf.step.id, &leaf.step.decision);
            let why = Foreign::new(why.unwrap_or_default());
            let why = own.map_or(why.clone(), |own| why.or(own));
            *reasons.entry(why).or_default() += 1;
        }
        let why = why.strip_prefix(": ").map(|why| format!(" ({why})"));
        let line = Line::strong(format!("{title}: {}", count(leaves.len())));
        let line = line.and(format!("{}: ", why.unwrap_or_default()));
        line.and_line(named(&leaves)).and_line(commonest(reasons))
    });
    said.collect()
}

/// The commonest of some reasons, and how many others there are.
fn commonest(reasons: BTreeMap<Foreign, usize>) -> Line {
    let others = reasons.len().saturating_sub(1);
    let commonest = reasons.into_iter().max_by_key(|(_, number)| *number);
    let Some((reason, _)) = commonest.filter(|(reason, _)| !reason.shown().trim().is_empty())
    else {
        return Line::default();
    };
    let line = Line::words(": ").and_foreign(reason);
    match others {
        0 => line,
        _ => line.and(format!(
            ", and {}",
            counted(others, "other reason", "other reasons")
        )),
    }
}

/// Names the first of some assets, and says how many more there are.
fn named(leaves: &[Leaf<'_>]) -> Line {
    let names = leaves.iter().take(NAMED).map(|leaf| {
        let known = leaf.about.and_then(About::known);
        let kind = leaf.step.kind().or_else(|| leaf.about?.kind);
        Line::foreign(Foreign::asset(leaf.step.id, known.as_ref(), kind))
    });
    let mut names: Vec<Line> = names.collect();
    let more = leaves.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(Line::words(format!("{} more", count(more))));
    }
    Line::joined(names, ", ")
}

/// Whether the assets of a group stay, or need somebody.
const fn stays(group: Group) -> bool {
    match group {
        Group::Retire | Group::Covered | Group::Record | Group::Forget => false,
        Group::Retry
        | Group::Resolve
        | Group::Missing
        | Group::Unreadable
        | Group::Unread
        | Group::Mismatch
        | Group::Drift
        | Group::Blocked
        | Group::Held
        | Group::Defer => true,
    }
}

/// What changes of the holds, and how many are in force.
fn holds(plan: &Plan) -> Option<Line> {
    if plan.holds.is_empty() {
        return None;
    }
    let changed = plan.holds.iter().filter(|hold| hold.change.is_some());
    let changed = match changed.count() {
        0 => String::new(),
        changed => format!(", {} new, other or released", count(changed)),
    };
    let holds = counted(plan.holds.len(), "hold is", "holds are");
    Some(Line::words(format!("{holds} in force or lifted{changed}.")))
}
