//! What lies in a staging folder, and of which no record says that a run has moved it there, stays.
//!
//! A move can come true after its record was dropped, a person can drag something in, and a state can
//! be lost. Nobody knows then where the asset was, so that nothing could take it back: it is neither
//! deleted nor moved until somebody has put it where it belongs.

use std::collections::BTreeMap;

use crate::asset::{AssetId, Kind};
use crate::inventory::Inventory;
use crate::plan::decide::{Path, Waypoint, Why};
use crate::plan::model::{Held, Plan};
use crate::plan::shelter::stay;
use crate::state::{State, is_staging_name};

/// Keeps what is to be deleted, and is or lies in a staging folder without a record of that.
pub(crate) fn keep_unrecorded(plan: &mut Plan, read: &Inventory, state: &State) {
    let open = plan.steps.iter().filter(|step| step.decision.may_delete());
    let found = open.filter_map(|step| Some((step.id, way_there(step.id, read, state)?)));
    let found: BTreeMap<AssetId, Vec<AssetId>> = found.collect();
    for (id, way) in found {
        let waypoint = |id: &AssetId| Waypoint {
            id: *id,
            name: read.facts(*id).and_then(|facts| facts.name.clone()),
        };
        let path = Path(way.iter().rev().map(waypoint).collect());
        let by = Held {
            id,
            why: Why::Unrecorded,
            until: None,
        };
        stay(plan, id, &by, path);
    }
}

/// The way from an asset out to the staging folder that it is or lies in; nothing where it lies in
/// none, or a record says that what holds it there was moved there.
fn way_there(id: AssetId, read: &Inventory, state: &State) -> Option<Vec<AssetId>> {
    let project = read.facts(id)?.project;
    let project = project.and_then(|project| read.projects.get(&project));
    let root = project.and_then(|project| project.root);
    let is_called_so = |id: AssetId| {
        let facts = read.facts(id).filter(|facts| facts.kind == Kind::Folder);
        let name = facts.filter(|facts| root.is_some() && facts.parent == root);
        let name = name.and_then(|facts| facts.name.as_deref());
        name.is_some_and(is_staging_name)
    };
    let mut way = vec![id];
    let mut here = id;
    while !state.is_staging(here) && !is_called_so(here) {
        here = read
            .facts(here)?
            .parent
            .filter(|above| !way.contains(above))?;
        way.push(here);
    }
    let top = way.len().checked_sub(2).map(|at| way[at]);
    let is_recorded = top
        .and_then(|top| state.aside(top))
        .is_some_and(|aside| aside.into == here);
    (!is_recorded).then_some(way)
}
