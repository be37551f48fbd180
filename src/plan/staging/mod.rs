//! What is moved aside, to be deleted with its staging folder, and what becomes of what was. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Facts, Inventory};
use crate::manifest::document::Strategy;
use crate::plan::aside::{Group, Staging, Terms};
use crate::plan::decide::Decision;
use crate::plan::model::{Plan, Step};
use crate::plan::staging::around::is_elsewhere;
use crate::plan::staging::moves::moves;
use crate::state::State;

pub(super) mod around;
pub(super) mod decide;
mod moves;
#[cfg(test)]
mod tests;

impl Plan {
    /// Sorts out what becomes of what is staged, before anything is counted.
    pub fn settle_staged(&mut self, state: &State, inventory: Option<&Inventory>) {
        settle(self, state, inventory);
    }

    /// Chooses what is moved aside; it comes last, once it is known what goes along with what.
    pub fn stage(
        &mut self,
        state: &State,
        inventory: Option<&Inventory>,
        terms: (Terms, Timestamp),
    ) {
        choose(self, state, inventory, terms);
    }

    /// Counts what is deleted at once though the terms want a wait: only what is staged has one.
    pub fn count_at_once(&mut self, terms: Terms) {
        if terms.delete_after_seconds == 0 {
            return;
        }
        let at_once = self.steps.iter().filter(|step| goes(step));
        let at_once = at_once.filter(|step| !self.staging.takes(step.id));
        self.moves.at_once = at_once.count().saturating_sub(self.moves.stuck);
    }
}

/// Sorts out what becomes of what is staged. A staging folder is only deleted where the plan speaks
/// of all in it; else what is due in it stays.
fn settle(plan: &mut Plan, state: &State, inventory: Option<&Inventory>) {
    if !state
        .assets
        .values()
        .any(|record| record.status.aside().is_some())
    {
        return;
    }
    let mut staging = Staging::default();
    let mut elsewhere = BTreeSet::new();
    for step in &plan.steps {
        if state.aside(step.id).is_none() {
            continue;
        }
        match &step.decision {
            // It was never moved, is back, or goes again: what is recorded of it is not so.
            decision
                if *decision != Decision::Rescued && is_elsewhere(step.id, state, inventory) =>
            {
                elsewhere.insert(step.id);
                if decision.is_kept() || *decision == Decision::Unstage {
                    staging.home.insert(step.id);
                }
            }
            Decision::Retire => drop(staging.due.insert(step.id)),
            Decision::Held { .. }
            | Decision::Defer { .. }
            | Decision::Mismatch(_)
            | Decision::Unstage => drop(staging.back.insert(step.id)),
            Decision::Rescued => drop(staging.rescued.insert(step.id)),
            Decision::Retry { .. }
            | Decision::Drift { .. }
            | Decision::Resolve { .. }
            | Decision::Covered { .. }
            | Decision::Record { .. }
            | Decision::Missing
            | Decision::Unreadable { .. }
            | Decision::Blocked { .. }
            | Decision::Unread
            | Decision::Staged { .. }
            | Decision::Forget
            | Decision::Unchanged { .. } => {}
        }
    }
    go_along(plan, state, &mut staging.home);
    keep_incomplete(plan, state, (&mut staging, &elsewhere));
    keep_inside(plan, state, inventory);
    let due = staging.due.iter();
    staging.due_folders = due.filter_map(|id| state.waits_in(*id)).collect();
    plan.staging = staging;
}

/// Adds what is recorded of what lies in something that is back where it was, and of which the plan
/// says nothing by itself.
fn go_along(plan: &Plan, state: &State, home: &mut BTreeSet<AssetId>) {
    let inside = home.iter().filter_map(|top| state.files.get(top)).flatten();
    let is_alone = |id: &&AssetId| state.aside(**id).is_some() && plan.step(**id).is_none();
    let along: Vec<AssetId> = inside.filter(is_alone).copied().collect();
    home.extend(along);
}

/// Leaves what is due in staging folders of which the plan does not speak as a whole.
fn keep_incomplete(
    plan: &mut Plan,
    state: &State,
    (staging, elsewhere): (&mut Staging, &BTreeSet<AssetId>),
) {
    let mut partial = BTreeSet::new();
    for (id, record) in &state.assets {
        let Some(aside) = record.status.aside() else {
            continue;
        };
        let step = plan.step(*id);
        let is_over = elsewhere.contains(id)
            || step.is_some_and(|step| matches!(step.decision, Decision::Record { .. }));
        if state.is_staging(aside.into) && !staging.takes(*id) && !is_over {
            partial.insert(aside.into);
        }
    }
    if partial.is_empty() {
        return;
    }
    let stays: BTreeSet<AssetId> = staging
        .due
        .iter()
        .copied()
        .filter(|id| {
            state
                .waits_in(*id)
                .is_some_and(|folder| partial.contains(&folder))
        })
        .collect();
    for id in &stays {
        staging.due.remove(id);
        if let Some(aside) = state.aside(*id) {
            set(plan, *id, Decision::Staged { until: aside.due });
        }
    }
}

/// What is listed since its folder was moved aside waits as that does, and goes with it.
fn keep_inside(plan: &mut Plan, state: &State, inventory: Option<&Inventory>) {
    let Some(read) = inventory else { return };
    let waits = |id: AssetId| {
        let mut passed = BTreeSet::from([id]);
        let mut above = read.facts(id)?.parent;
        while let Some(here) = above.filter(|here| passed.insert(*here)) {
            let facts = read.facts(here)?;
            if let Some(aside) = state.aside(here) {
                return Some(aside.due).filter(|_| facts.parent == Some(aside.into));
            }
            above = facts.parent;
        }
        None
    };
    let new = plan
        .steps
        .iter()
        .filter(|step| step.decision.may_delete() && state.aside(step.id).is_none());
    let new: Vec<(AssetId, Timestamp)> = new
        .filter_map(|step| Some((step.id, waits(step.id)?)))
        .collect();
    for (id, until) in new {
        set(plan, id, Decision::Staged { until });
    }
}

fn set(plan: &mut Plan, id: AssetId, decision: Decision) {
    if let Ok(at) = plan.steps.binary_search_by_key(&id, |step| step.id) {
        let step = &mut plan.steps[at];
        plan.totals.recount(&step.decision, &decision);
        step.decision = decision;
    }
}

/// Chooses what is moved aside in place of being deleted one by one: what can be, in the projects
/// in which the terms want it.
fn choose(
    plan: &mut Plan,
    state: &State,
    inventory: Option<&Inventory>,
    (terms, now): (Terms, Timestamp),
) {
    let seconds = i64::try_from(terms.delete_after_seconds).unwrap_or(i64::MAX);
    let after = jiff::SignedDuration::from_secs(seconds);
    plan.staging.due_at = now.checked_add(after).unwrap_or(Timestamp::MAX);
    plan.staging.is_due_at_once = terms.delete_after_seconds == 0;
    let Some(read) = inventory else { return };
    let ways = ways(plan, terms.strategy);
    let mut files: BTreeMap<AssetId, usize> = BTreeMap::new();
    let mut groups: BTreeMap<AssetId, Group> = BTreeMap::new();
    let mut stuck: Vec<AssetId> = Vec::new();
    for step in plan.steps.iter().filter(|step| goes(step)) {
        if plan.staging.due.contains(&step.id) {
            continue;
        }
        let Some((project, root, kind)) = movable(step, state, read) else {
            stuck.push(step.id);
            continue;
        };
        *files.entry(project).or_default() += read.files_in(step.id).unwrap_or(1);
        let group = groups.entry(project).or_insert_with(|| Group {
            root,
            assets: Vec::new(),
        });
        group.assets.push((step.id, kind));
    }
    let movable = groups.clone();
    let is_wanted = |id: &AssetId, project: &AssetId| {
        let strategy = ways.get(id).copied().unwrap_or(terms.strategy);
        let files = files.get(project).copied().unwrap_or_default();
        strategy.stages(files, terms.staged_from)
    };
    for (project, group) in &mut groups {
        group.assets.retain(|(id, _)| is_wanted(id, project));
    }
    groups.retain(|_, group| !group.assets.is_empty());
    plan.staging.along = take_along(&mut groups, read);
    let project = |id| read.facts(id).and_then(|facts| facts.project);
    stuck.retain(|id| {
        let of_project = project(*id).map(|project| is_wanted(id, &project));
        of_project.unwrap_or_else(|| ways.get(id).unwrap_or(&terms.strategy) != &Strategy::Direct)
    });
    if plan.staging.is_due_at_once {
        stuck.clear();
    }
    plan.staging.aside = groups;
    plan.moves = moves(plan, &movable, stuck.len());
    plan.count_at_once(terms);
}

/// Whether a step deletes something that is known to be there.
const fn goes(step: &Step) -> bool {
    matches!(step.decision, Decision::Retire | Decision::Retry { .. })
}

/// How what its document says something of is to be deleted: what goes along with something else
/// gives it the more careful way of both.
fn ways(plan: &Plan, otherwise: Strategy) -> BTreeMap<AssetId, Strategy> {
    let said = |step: &Step| step.details.as_ref()?.strategy;
    let mut ways: BTreeMap<AssetId, Strategy> = BTreeMap::new();
    if !plan.steps.iter().any(|step| said(step).is_some()) {
        return ways;
    }
    for step in &plan.steps {
        let strategy = said(step).unwrap_or(otherwise);
        let of = if let Decision::Covered { by, .. } = &step.decision {
            *by
        } else {
            step.id
        };
        let way = ways.entry(of).or_insert(strategy);
        *way = strategy.max(*way);
    }
    ways
}

/// Takes off what lies in something else that is moved aside: it stays in that.
fn take_along(groups: &mut BTreeMap<AssetId, Group>, read: &Inventory) -> BTreeSet<AssetId> {
    let all: BTreeSet<AssetId> = groups
        .values()
        .flat_map(|group| group.assets.iter().map(|(id, _)| *id))
        .collect();
    let is_inside = |id: AssetId| {
        let mut passed = BTreeSet::from([id]);
        let mut above = read.facts(id).and_then(|facts| facts.parent);
        while let Some(here) = above.filter(|here| passed.insert(*here)) {
            if all.contains(&here) {
                return true;
            }
            above = read.facts(here).and_then(|facts| facts.parent);
        }
        false
    };
    let along: BTreeSet<AssetId> = all.iter().copied().filter(|id| is_inside(*id)).collect();
    for group in groups.values_mut() {
        group.assets.retain(|(id, _)| !along.contains(id));
    }
    along
}

/// The project and the top of it, and the kind of what may be moved aside.
///
/// What only some members of a project see would be seen by all in a staging folder, so it goes
/// directly; so does what belongs to a version stack, which its move would take apart, and what
/// an earlier run has begun to delete.
fn movable(step: &Step, state: &State, read: &Inventory) -> Option<(AssetId, AssetId, Kind)> {
    let id = step.id;
    if id.is_adobe() || (state.files.contains_key(&id) && state.aside(id).is_none()) {
        return None;
    }
    let facts = read.facts(id)?;
    let project = facts.project?;
    let root = read.projects.get(&project)?.root?;
    let is_seen_by_all = |facts: &Facts| facts.restricted != Some(true);
    let is_named = facts.name.is_some() && is_seen_by_all(facts);
    let mut passed = BTreeSet::from([id]);
    let mut above = facts.parent?;
    while above != root {
        let around = read.facts(above).filter(|_| passed.insert(above))?;
        if around.kind != Kind::Folder || !is_seen_by_all(around) {
            return None;
        }
        above = around.parent?;
    }
    let is_whole = facts.kind == Kind::File || read.files_in(id).is_some();
    (is_named && is_whole).then_some((project, root, facts.kind))
}
