//! A part of a plan. Pure.
//!
//! The whole plan is made first, so that holds and guards count over all of it; then what nobody
//! has chosen is left out. Its records are neither changed nor acted on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::inventory::Inventory;
use crate::manifest::document::SourceFile;
use crate::plan::model::{Plan, Step};
use crate::plan::only::{By, Only};

mod chosen;
#[cfg(test)]
mod tests;

pub use chosen::{ChoosesNothing, check, check_projects};

/// What conditions are compared with beside the steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'plan> {
    /// The manifests, for their paths.
    pub(super) files: &'plan [SourceFile],
    /// What was read of the live account, where something was.
    pub(super) inventory: Option<&'plan Inventory>,
}

/// Leaves out of a plan what none of some conditions chooses: of those that compare the same, one
/// must fit.
pub fn leave_out(
    plan: &mut Plan,
    only: &[Only],
    files: &[SourceFile],
    inventory: Option<&Inventory>,
) {
    if only.is_empty() {
        return;
    }
    plan.only = only.to_vec();
    // What it leaves out may be among them.
    plan.again_over.clear();
    let view = View { files, inventory };
    let steps = std::mem::take(&mut plan.steps);
    // What lies in a project that nobody knows is not chosen by it.
    let (chosen, rest) = steps
        .into_iter()
        .partition(|step| view.chooses(only, step) == Some(true));
    (plan.steps, plan.left_out) = (chosen, rest);
    // Of the rest, and of what is listed no more, nothing is said.
    let steps = &plan.steps;
    let is_chosen = |id: &AssetId| steps.binary_search_by_key(id, |step| step.id).is_ok();
    plan.kept_since.over.retain(is_chosen);
    let rest: BTreeSet<AssetId> = plan.left_out.iter().map(|step| step.id).collect();
    for step in &plan.left_out {
        plan.totals.uncount(&step.decision);
        plan.stacks.remove(&step.id);
        plan.places.remove(&step.id);
    }
    plan.unsettled
        .retain(|unsettled| !rest.contains(&unsettled.id));
    // What is deleted already is told of the whole alone.
    (
        plan.totals.unchanged,
        plan.totals.taken_back,
        plan.totals.history,
    ) = (0, 0, 0);
    // Of what is left, nobody has said that it is all that a folder holds.
    plan.whole_folders.clear();
    plan.measure();
}

impl<'plan> View<'plan> {
    /// Whether conditions choose a step; nothing where that cannot be told.
    pub(super) fn chooses(self, only: &[Only], step: &Step) -> Option<bool> {
        let mut all = Some(true);
        for condition in only {
            let mut fits = Some(false);
            for other in only.iter().filter(|other| condition.is_alternative(other)) {
                match self.fits(other, step) {
                    Some(true) => fits = Some(true),
                    None if fits == Some(false) => fits = None,
                    Some(false) | None => {}
                }
            }
            match fits {
                Some(true) => {}
                Some(false) => return Some(false),
                None => all = None,
            }
        }
        all
    }

    fn fits(self, only: &Only, step: &Step) -> Option<bool> {
        let value = only.value();
        let details = step.details.as_deref();
        let is_said = |said: Option<&Arc<str>>| said.is_some_and(|said| &**said == value);
        Some(match &only.by {
            By::Id(id) => step.id == *id,
            By::Owner => is_said(details.and_then(|details| details.owner.as_ref())),
            By::Ticket => is_said(details.and_then(|details| details.ticket.as_ref())),
            By::Manifest => {
                let path = self.path_of(step);
                path.is_some_and(|path| chosen::is_within(path, value))
            }
            By::Project => return self.is_in(step, value),
        })
    }

    fn path_of(self, step: &Step) -> Option<&'plan str> {
        let file = usize::try_from(step.spot?.file).ok()?;
        Some(&self.files.get(file)?.path)
    }

    /// Whether the server says that an asset lies in a project; nothing where it does not.
    fn is_in(self, step: &Step, project: &str) -> Option<bool> {
        let inventory = self.inventory?;
        let id = inventory.facts(step.id)?.project?;
        let known = inventory.projects.get(&id);
        let name = known.and_then(|known| known.name.as_deref());
        let is_id = AssetId::parse(project).is_ok_and(|said| said == id);
        Some(is_id || name == Some(project))
    }
}

/// A path without the parts that say nothing.
fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}
