//! What a plan holds back for the sake of something protected, beside what the state has of it.

use std::collections::BTreeSet;

use crate::asset::AssetId;
use crate::event::{Kept, RunEvent};
use crate::manifest::document::Manifests;
use crate::plan::decide::Decision;
use crate::plan::model::{KeptSince, Plan, Shelter};
use crate::state::State;

/// Compares what a plan holds back with what the state has of it. What another manifest lists, which
/// PATH leaves out, stays as it is.
pub(super) fn since(plan: &Plan, manifests: &Manifests, state: &State) -> KeptSince {
    if state.kept.is_empty() || plan.shelter == Shelter::NotChecked {
        return KeptSince::default();
    }
    let kept = plan.kept();
    let is_known = |kept: &&Kept| !state.keeps_other(std::slice::from_ref(*kept), &[]);
    let known = kept.iter().filter(is_known).map(|kept| kept.id).collect();
    let now: BTreeSet<AssetId> = kept.iter().map(|kept| kept.id).collect();
    let is_over = |id: &&AssetId| !now.contains(id) && !manifests.elsewhere.contains_key(id);
    let over = state.kept.keys().filter(is_over).copied().collect();
    KeptSince { known, over }
}

impl Plan {
    /// The listed assets that stay since something protected is connected with them, in the order
    /// of their ids.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        let kept = self.steps.iter().filter_map(|step| {
            let Decision::Held {
                why,
                until,
                path: Some(path),
            } = &step.decision
            else {
                return None;
            };
            Some(Kept {
                id: step.id,
                why: why.clone(),
                until: *until,
                path: path.clone(),
            })
        });
        kept.collect()
    }

    /// What a run says of it; nothing where nothing is held back, and nothing was.
    #[must_use]
    pub fn says_kept(&self) -> Option<RunEvent> {
        if self.shelter == Shelter::NotChecked {
            return None;
        }
        let (kept, over) = (self.kept(), self.kept_since.over.clone());
        (!kept.is_empty() || !over.is_empty()).then_some(RunEvent::Kept { kept, over })
    }

    /// Whether the state does not have it so.
    #[must_use]
    pub fn keeps_other(&self) -> bool {
        let KeptSince { known, over } = &self.kept_since;
        let is_new = |kept: &Kept| !known.contains(&kept.id);
        let is_checked = self.shelter != Shelter::NotChecked;
        is_checked && (!over.is_empty() || self.kept().iter().any(is_new))
    }
}
