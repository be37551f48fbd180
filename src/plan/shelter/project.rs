//! A hold on a project keeps everything in it.

use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::Subject;
use crate::inventory::{Inventory, Lies, Places};
use crate::plan::decide::{HoldInForce, Path, Waypoint, Why};
use crate::plan::holds::InForce;
use crate::plan::model::{Held, Plan, Shelter, Unplaced};
use crate::plan::shelter::{MISSING, stay};

/// Keeps what lies in held projects, and what may lie in one since its project was not read. Where
/// the id of an asset that is held is that of a project, all of the project is.
pub(crate) fn keep_projects(plan: &mut Plan, held: &InForce, inventory: Option<&Inventory>) {
    let InForce { assets, projects } = held;
    // What is made without a look at the server is not carried out.
    let Some(inventory) = inventory else {
        return;
    };
    if projects.is_empty() && assets.is_empty() {
        return;
    }
    // What does not say its project may lie in any that is held.
    let first = projects.first_key_value().map(|(first, _)| *first);
    let is_project = |id: &&AssetId| inventory.projects.contains_key(id);
    let first = first.or_else(|| assets.keys().find(is_project).copied());
    let open = plan.steps.iter().filter(|step| step.decision.may_delete());
    let open: Vec<AssetId> = open.map(|step| step.id).collect();
    for id in open {
        let facts = inventory.facts(id);
        let project = facts.and_then(|facts| facts.project);
        let project = project.or(first);
        if let Some((by, path)) = project.and_then(|project| keeps(project, id, (held, inventory)))
        {
            stay(plan, id, &by, path);
        }
    }
}

/// What holds the project in which an asset lies, and the way there.
pub(super) fn in_project(
    id: AssetId,
    held: &InForce,
    inventory: &Inventory,
) -> Option<(Held, Path)> {
    let project = inventory.facts(id)?.project?;
    keeps(project, id, (held, inventory))
}

/// What holds a project, and the way from there to something in it.
fn keeps(
    project: AssetId,
    id: AssetId,
    (held, inventory): (&InForce, &Inventory),
) -> Option<(Held, Path)> {
    let HoldInForce { reason, until } = held.project(project)?;
    let by = Held {
        id: project,
        why: Why::Hold(Arc::clone(reason)),
        until: *until,
    };
    let about = inventory.projects.get(&project);
    let path = Path(vec![
        Waypoint {
            id: project,
            name: about.and_then(|project| project.name.clone()),
        },
        Waypoint {
            id,
            name: inventory.facts(id).and_then(|facts| facts.name.clone()),
        },
    ]);
    Some((by, path))
}

/// Finds the held projects that could not be read, while anything is to be deleted. Where an id is
/// mistyped, what it was meant to keep is not kept.
pub(crate) fn unread_projects(plan: &Plan, inventory: Option<&Inventory>) -> Vec<Unplaced> {
    let unread = inventory.map(|inventory| &inventory.unread_projects);
    let Some(unread) = unread.filter(|_| plan.totals.deletes() > 0) else {
        return Vec::new();
    };
    let in_force = plan.holds.iter().filter(|hold| hold.is_in_force());
    let found = in_force.filter_map(|hold| {
        let Subject::Project(id) = hold.held else {
            return None;
        };
        Some(Unplaced {
            id,
            why: Why::Hold(Arc::clone(&hold.reason)),
            at: Some(hold.said_by()),
            detail: Arc::clone(unread.get(&id)?),
        })
    });
    found.collect()
}

/// Takes back that a held asset cannot be placed which is a project, as what was read shows; and says
/// so of one that may be a project of which nothing was read.
pub(crate) fn place_projects(
    plan: &mut Plan,
    inventory: &Inventory,
    at: impl Fn(AssetId) -> Option<Arc<str>>,
) {
    let project = |id: AssetId| inventory.facts(id).and_then(|facts| facts.project);
    let open = plan.steps.iter().filter(|step| step.decision.may_delete());
    let in_unknown = open.filter(|step| project(step.id).is_none()).count();
    let lies = |id| {
        inventory
            .places
            .as_ref()
            .and_then(|places: &Places| places.lies.get(&id))
    };
    let missing = plan
        .held
        .iter()
        .filter(|held| lies(held.id) == Some(&Lies::Missing));
    let missing = missing.filter(|held| held.why.keeps_contents() && in_unknown > 0);
    let missing: Vec<Unplaced> = missing
        .map(|held| Unplaced {
            id: held.id,
            why: held.why.clone(),
            at: at(held.id),
            detail: MISSING.into(),
        })
        .collect();
    let Shelter::Checked { unplaced, unread } = &mut plan.shelter else {
        return;
    };
    let is_project = |id| inventory.projects.contains_key(&id);
    unplaced.retain(|unplaced| !is_project(unplaced.id));
    unread.retain(|(unplaced, _)| !is_project(unplaced.id));
    for unplaced in missing {
        if !is_project(unplaced.id) && unread.iter().all(|(other, _)| other.id != unplaced.id) {
            unread.push((unplaced, in_unknown));
        }
    }
}
