//! The planner: from manifests, state and the time to a plan. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::AssetId;
use crate::event::Subject;
use crate::inventory::Facts;
use crate::manifest::document::{Entry, Manifests};
use crate::plan::decide::{Case, Decision};
use crate::plan::holds::PlannedHold;
use crate::plan::unread_marks::UnreadMarks;
use crate::plan::walk::Walk;
use crate::state::{Record, Status};

pub mod about;
pub mod approve;
pub mod aside;
mod case;
mod checked;
pub mod consent;
mod cover;
pub mod decide;
pub mod due;
pub mod figure;
pub mod forecast;
mod gather;
pub mod guard;
pub mod holds;
mod kept;
mod leaving;
mod left_alone;
mod marks;
mod model;
pub mod only;
pub mod part;
pub mod pin;
mod recorded;
mod refused;
pub mod restore;
pub mod saved;
mod shelter;
pub mod since;
mod staging;
mod times;
mod totals;
pub mod unread_marks;
pub mod unstage;
mod walk;
mod wanted;

#[cfg(test)]
mod tests;

pub use crate::event::Other;
pub use checked::{Checked, LiveCheck, Recalled};
pub use gather::tell_of_left_alone;
pub use left_alone::LeftAlone;
pub use model::{
    Back, Held, KeptSince, MarksSince, Place, Plan, Shelter, Step, Unplaced, Unsettled,
};
pub use times::Times;
pub use totals::Totals;
pub use walk::Inputs;
pub use wanted::{Wanted, wanted};

/// Makes the plan.
#[must_use]
pub fn make(inputs: Inputs<'_>) -> Plan {
    let manifests = inputs.manifests;
    let walk = Walk::new(inputs);
    let mut plan = Plan {
        steps: Vec::with_capacity(manifests.entries.len()),
        held: walk.held(),
        alive: (BTreeSet::new(), inputs.now),
        holds: holds::all(manifests, &inputs.state.holds, inputs.inventory, inputs.now),
        ..Plan::default()
    };
    for decided in walk.decided() {
        let facts = decided.facts();
        let Case {
            entry,
            record,
            seen,
            leaves,
            ..
        } = decided.case;
        let step = decided.step();
        let (id, decision) = (step.id, &step.decision);
        plan.totals.count(decision);
        let was_taken_back = record.is_some_and(|record| record.status.is_taken_back());
        if was_taken_back && matches!(decision, Decision::Unchanged { listed: true }) {
            plan.totals.taken_back += 1;
        }
        if matches!(decision, Decision::Unchanged { .. }) {
            continue;
        }
        if decision.may_delete() {
            if facts.is_some() {
                plan.alive.0.insert(id);
            }
            if matches!(decision, Decision::Resolve { .. }) && seen.is_some() && facts.is_none() {
                plan.absent.insert(id);
            }
            if let Some(files) = facts.and_then(|facts| facts.files.as_ref()) {
                plan.stacks.insert(id, Arc::clone(files));
            }
            if let Some(place) = place_of(entry, facts) {
                plan.places.insert(id, place);
            }
        }
        let unanswered = match record.map(Record::status) {
            Some(Status::Unknown { attempts }) if decision.is_kept() => Some(*attempts),
            Some(_) | None => None,
        };
        plan.unsettled.extend(unanswered.map(|attempts| Unsettled {
            id,
            kind: step.kind(),
            attempts,
            with: leaves,
        }));
        plan.steps.push(step);
    }
    if let Some(read) = inputs.inventory {
        shelter::keep_unrecorded(&mut plan, read, inputs.state);
    }
    shelter::keep_projects(&mut plan, walk.holds(), inputs.inventory);
    let read = inputs.inventory.map(|read| (read, &read.places));
    match read {
        Some((read, Some(places))) => {
            let holds = plan.holds.clone();
            let at = |id| protected_at(&holds, manifests, id);
            shelter::keep(&mut plan, (places, inputs), at);
            shelter::place_projects(&mut plan, read, at);
            let known = (read, places, inputs.state);
            shelter::move_back_waiting(&mut plan, walk.holds(), known);
            plan.parts = cover::parts(&plan, places);
        }
        Some((_, None)) if shelter::connections(&plan, inputs).is_none() => {}
        Some((_, None)) | None => plan.shelter = Shelter::NotChecked,
    }
    plan.unread_projects = shelter::unread_projects(&plan, inputs.inventory);
    plan.marks = walk.marks_since();
    plan.again_over = walk.again_over();
    plan.kept_since = kept::since(&plan, manifests, inputs.state);
    gather::gather(&mut plan, inputs);
    gather::tell_of_back(&mut plan, inputs, walk.freed());
    plan.measure();
    plan.unread_marks = marks::unread(&plan, inputs.inventory);
    if plan
        .unread_marks
        .as_ref()
        .is_some_and(UnreadMarks::is_of_all)
    {
        // Where nobody knows what a mark looks like, none was lifted.
        plan.marks.lifted.clear();
    }
    plan
}

/// Who says that an asset is protected: its hold, else its entry.
fn protected_at(holds: &[PlannedHold], manifests: &Manifests, id: AssetId) -> Option<Arc<str>> {
    let held = Subject::Asset(id);
    if let Some(hold) = holds.iter().find(|hold| hold.held == held) {
        return Some(hold.said_by());
    }
    let entries = &manifests.entries;
    let entry = entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
    Some(holds::place(manifests, entries[entry].spot))
}

/// Where an asset lies, as the server says, else as its pin does; nothing where neither says.
fn place_of(entry: Option<&Entry>, seen: Option<&Facts>) -> Option<Place> {
    let pin = entry.and_then(|entry| entry.details.as_ref()?.pin.as_ref());
    let seen = seen.map(|facts| (facts.project, facts.parent));
    // In which folder it lies, only the server can say: what a pin expects is no evidence.
    let said = pin.map(|pin| (pin.project, None));
    let (project, parent) = seen.or(said)?;
    (project.is_some() || parent.is_some()).then_some(Place { project, parent })
}
