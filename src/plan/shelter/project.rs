//! A hold on a project keeps everything in it.

use std::collections::BTreeMap;

use crate::asset::AssetId;
use crate::inventory::Inventory;
use crate::plan::decide::{HoldInForce, Path, Waypoint, Why};
use crate::plan::model::{Held, Plan, Shelter};
use crate::plan::shelter::stay;

/// Keeps what lies in held projects, and what may lie in one since its project was not read.
pub(crate) fn keep_projects(
    plan: &mut Plan,
    held: &BTreeMap<AssetId, HoldInForce>,
    inventory: Option<&Inventory>,
) {
    let Some((first, _)) = held.first_key_value() else {
        return;
    };
    let Some(inventory) = inventory else {
        plan.shelter = Shelter::NotChecked;
        return;
    };
    let open = plan.steps.iter().filter(|step| step.decision.may_delete());
    let open: Vec<AssetId> = open.map(|step| step.id).collect();
    for id in open {
        let facts = inventory.facts(id);
        let project = facts.and_then(|facts| facts.project).unwrap_or(*first);
        let Some(HoldInForce { reason, until }) = held.get(&project) else {
            continue;
        };
        let by = Held {
            id: project,
            why: Why::Hold(reason.clone()),
            until: *until,
        };
        let name = inventory.projects.get(&project);
        let path = Path(vec![
            Waypoint {
                id: project,
                name: name.and_then(|project| project.name.clone()),
            },
            Waypoint {
                id,
                name: facts.and_then(|facts| facts.name.clone()),
            },
        ]);
        stay(plan, id, &by, path);
    }
}
