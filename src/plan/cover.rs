//! What goes along with what: one delete of a folder takes all that is in it, and a version stack
//! is deleted file by file. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetId, Kind};
use crate::inventory::Places;
use crate::outcome::Evidence;
use crate::plan::decide::Decision;
use crate::plan::model::{Parts, Plan, Step, Unsettled};
use crate::state::Api;

/// All that is in a folder or version stack, to the bottom, as far as that is known.
pub(super) fn inside(parts: &Parts, top: AssetId) -> BTreeSet<AssetId> {
    let mut all = BTreeSet::new();
    let mut open = vec![top];
    while let Some(id) = open.pop() {
        let contents = parts.get(&id).into_iter().flatten();
        open.extend(contents.map(|(id, _)| *id).filter(|id| all.insert(*id)));
    }
    // Where a folder holds what holds it, nobody is lost in it.
    all.remove(&top);
    all
}

/// What is in all that a plan deletes, as lists show it.
pub(super) fn parts(plan: &Plan, places: &Places) -> Parts {
    let mut parts = Parts::new();
    let going = plan.steps.iter().filter(|step| step.decision.may_delete());
    let mut open: Vec<AssetId> = going.map(|step| step.id).collect();
    while let Some(id) = open.pop() {
        let Some(contents) = places.contents.get(&id) else {
            continue;
        };
        parts.entry(id).or_insert_with(|| {
            open.extend(contents);
            let kind = |id: &AssetId| (*id, places.kinds.get(id).copied());
            contents.iter().map(kind).collect()
        });
    }
    parts
}

impl Plan {
    /// What shows that something is deleted that goes along with a folder or a version stack: the
    /// files of a version stack are deleted one by one.
    #[must_use]
    pub fn evidence_with(&self, by: AssetId) -> Evidence {
        let step = self.steps.binary_search_by_key(&by, |step| step.id);
        match step.ok().and_then(|at| self.steps[at].kind()) {
            Some(Kind::VersionStack) => Evidence::Answer,
            Some(Kind::File | Kind::Folder) | None => Evidence::With(by),
        }
    }

    /// Takes the deletes off what goes along with a folder or version stack that is to be deleted,
    /// be it once more: beside it what is in it would be asked for while it goes. Where nobody knows
    /// whether an earlier delete of it was carried out, what is in it goes on its own.
    ///
    /// It comes last: what decides whether the folder goes decides it for what is in it.
    pub fn cover(&mut self, api: Api) {
        // What becomes of what is in a folder no document of v2 says.
        if !api.abilities().reads_contents {
            return;
        }
        self.leave_to_stacks();
        let covers = |step: &&Step| match step.decision {
            Decision::Retire | Decision::Retry { .. } => true,
            Decision::Resolve { listed, .. } => listed && self.alive.0.contains(&step.id),
            Decision::Record { .. }
            | Decision::Missing
            | Decision::Unreadable { .. }
            | Decision::Blocked { .. }
            | Decision::Defer { .. }
            | Decision::Covered { .. }
            | Decision::Staged { .. }
            | Decision::Held { .. }
            | Decision::Unread
            | Decision::Mismatch(_)
            | Decision::Rescued
            | Decision::Drift { .. }
            | Decision::Unstage
            | Decision::Forget
            | Decision::Unchanged { .. } => false,
        };
        let steps = self.steps.iter().filter(covers);
        let inside = steps.map(|step| (step.id, inside(&self.parts, step.id)));
        let inside: BTreeMap<AssetId, BTreeSet<AssetId>> =
            inside.filter(|(_, inside)| !inside.is_empty()).collect();
        let within: BTreeSet<AssetId> = inside.values().flatten().copied().collect();
        let outermost = inside.iter().filter(|(id, _)| !within.contains(id));
        let covered: BTreeMap<AssetId, AssetId> = outermost
            .flat_map(|(by, inside)| inside.iter().map(|id| (*id, *by)))
            .collect();
        for step in &mut self.steps {
            let Some(by) = covered.get(&step.id) else {
                continue;
            };
            if !step.decision.may_delete() {
                continue;
            }
            // What became of an earlier delete is found out all the same.
            if let Decision::Resolve {
                attempts: attempts @ 1..,
                ..
            } = step.decision
            {
                self.unsettled.push(Unsettled {
                    id: step.id,
                    kind: step.kind(),
                    attempts,
                    with: None,
                });
            }
            let alone = std::mem::replace(&mut step.decision, Decision::Forget);
            self.totals.uncount(&alone);
            step.decision = Decision::Covered {
                by: *by,
                alone: Box::new(alone),
            };
            self.totals.count(&step.decision);
            self.stacks.remove(&step.id);
        }
    }

    /// Leaves out the files of version stacks of which an earlier run does not know what became:
    /// the stack is opened and its files are deleted one by one, which settles each of them.
    fn leave_to_stacks(&mut self) {
        let opened =
            |step: &&Step| step.decision.may_delete() && step.kind() == Some(Kind::VersionStack);
        let stacks = self.steps.iter().filter(opened);
        let files = stacks.filter_map(|step| self.parts.get(&step.id));
        let files: BTreeSet<AssetId> = files.flatten().map(|(id, _)| *id).collect();
        let is_open =
            |step: &Step| matches!(step.decision, Decision::Resolve { listed: false, .. });
        let totals = &mut self.totals;
        self.steps.retain(|step| {
            let is_left = is_open(step) && files.contains(&step.id);
            if is_left {
                totals.uncount(&step.decision);
            }
            !is_left
        });
    }
}
