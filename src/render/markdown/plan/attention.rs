//! What a reviewer has to look at first.

use std::collections::BTreeMap;

use crate::plan::about::About;
use crate::plan::figure::Loosened;
use crate::plan::{Checked, Plan, Shelter};
use crate::render::group::{Group, group_of};
use crate::render::markdown::inline::code;
use crate::render::markdown::item;
use crate::render::markdown::plan::MarkdownPlan;
use crate::render::markdown::plan::assets::{leaves, listing};
use crate::render::rows;
use crate::render::text::PlanView;
use crate::render::tree::Leaf;
use crate::render::{checked, count, counted, moment};

/// How many of one sort are named.
const NAMED: usize = 5;

/// How many places of what is protected are shown that are not known.
const SHOWN: usize = 20;

/// What a reviewer has to look at: what `apply` refuses, what stays, and what is unusual.
pub(super) fn attention(report: &MarkdownPlan<'_>) -> String {
    let view = report.view;
    let plan = view.plan;
    let mut lines = Vec::new();
    if let Checked::NotChecked = view.checked {
        lines.push(format!(
            "**{}** Token, account and assets may be others; `retire apply` does not take this plan.",
            checked::NOT_CHECKED
        ));
    }
    if let Some(recalled) = checked::recalled(view.checked, view.now) {
        lines.push(recalled);
    }
    if let Some(refused) = report.refused {
        lines.push(format!(
            "**`apply` refuses it:** {}",
            code(&refused.to_string())
        ));
    }
    if let Shelter::Checked { unplaced, unread } = &plan.shelter {
        let unplaced = unplaced.iter().chain(unread.iter().map(|(one, _)| one));
        lines.extend(unplaced.take(SHOWN).map(|one| code(&one.to_string())));
    }
    if let Some(path) = view.no_state {
        let path = code(&path.display().to_string());
        lines.push(format!(
            "No state yet: {path} is not there, so nothing of earlier runs counts."
        ));
    }
    if let Some(guards) = &plan.guards {
        lines.extend(guards.loosened.iter().map(loosened));
        let notes = guards.notes.iter();
        lines.extend(notes.map(|note| format!("Note: {}", code(&note.to_string()))));
    }
    if !plan.only.is_empty() {
        let only: Vec<String> = plan.only.iter().map(|only| code(only.said())).collect();
        lines.push(format!(
            "Only {}; holds and guards count over all.",
            only.join(", ")
        ));
    }
    lines.extend(kept(view));
    let lifted = plan.marks.lifted.len();
    if lifted > 0 {
        let marks = counted(lifted, "mark was", "marks were");
        lines.push(format!("{marks} lifted in Frame.io since an earlier run."));
    }
    if !plan.unsettled.is_empty() {
        let assets = counted(plan.unsettled.len(), "asset that stays", "assets that stay");
        lines.push(format!(
            "An earlier delete of {assets} was not answered: a run reads them, and deletes none."
        ));
    }
    lines.extend(holds(plan));
    if lines.is_empty() {
        return String::new();
    }
    let mut text = "### Attention\n\n".to_owned();
    for line in lines {
        item(&mut text, &line);
    }
    text.push('\n');
    text
}

/// Says which guard is looser than usual, and where that is set.
fn loosened(loosened: &Loosened) -> String {
    let until = loosened
        .until
        .map(|until| format!(", until {}", moment(until)));
    let reason = loosened.reason.as_ref();
    let reason = reason.map(|reason| format!(": {}", code(reason)));
    format!(
        "**Loosened:** {}{}{}",
        code(&loosened.to_string()),
        until.unwrap_or_default(),
        reason.unwrap_or_default()
    )
}

/// The groups of what does not go, each in one line with the commonest reason.
fn kept(view: &PlanView<'_>) -> Vec<String> {
    let listing = listing(view);
    let mut groups: BTreeMap<Group, Vec<Leaf<'_>>> = BTreeMap::new();
    for leaf in leaves(view.plan) {
        if let Some(group) = group_of(&leaf.step.decision).filter(|group| stays(*group)) {
            groups.entry(group).or_default().push(leaf);
        }
    }
    let said = groups.into_iter().map(|(group, leaves)| {
        let (title, why) = group.title();
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for leaf in &leaves {
            let [why, ..] = listing.said(leaf);
            *reasons.entry(why.unwrap_or_default()).or_default() += 1;
        }
        let others = reasons.len().saturating_sub(1);
        let commonest = reasons.into_iter().max_by_key(|(_, number)| *number);
        let commonest = commonest.map(|(reason, _)| code(&reason));
        let commonest = commonest.filter(|reason| !reason.is_empty());
        let commonest = commonest.map(|reason| match others {
            0 => format!(": {reason}"),
            _ => format!(
                ": {reason}, and {}",
                counted(others, "other reason", "other reasons")
            ),
        });
        let why = why.strip_prefix(": ").map(|why| format!(" ({why})"));
        format!(
            "**{title}: {}**{}: {}{}",
            count(leaves.len()),
            why.unwrap_or_default(),
            named(&leaves),
            commonest.unwrap_or_default()
        )
    });
    said.collect()
}

/// Names the first of some assets, and says how many more there are.
fn named(leaves: &[Leaf<'_>]) -> String {
    let names = leaves.iter().take(NAMED).map(|leaf| {
        let known = leaf.about.and_then(About::known);
        let path = known.as_ref().map(rows::path);
        let path = path.filter(|path| !path.is_empty());
        code(&path.unwrap_or_else(|| leaf.step.id.to_string()))
    });
    let mut names: Vec<String> = names.collect();
    let more = leaves.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{} more", count(more)));
    }
    names.join(", ")
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
fn holds(plan: &Plan) -> Vec<String> {
    let changed = plan.holds.iter().filter(|hold| hold.change.is_some());
    let changed = changed.count();
    let mut lines = Vec::new();
    if !plan.holds.is_empty() {
        let holds = counted(plan.holds.len(), "hold is", "holds are");
        let changed = match changed {
            0 => String::new(),
            changed => format!(", {} new, other or released", count(changed)),
        };
        lines.push(format!("{holds} in force or lifted{changed}."));
    }
    lines
}
