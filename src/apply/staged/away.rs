//! What is not in its staging folder any more: people have taken it out, or it is deleted.

use std::collections::BTreeSet;

use crate::apply::staged::Stager;
use crate::apply::staged::gate::parents_in;
use crate::asset::AssetId;
use crate::event::Other;
use crate::inventory::{Facts, Inventory, Seen};
use crate::outcome::{AssetOutcome, Outcome};
use crate::store::Session;

/// What became of something.
enum Became {
    /// This.
    Known(Outcome),
    /// It is where it was, or nobody has it: what it lies in says what follows.
    Other,
    /// Nobody can tell.
    Unclear,
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// Finds out what became of what is not in its staging folder any more, as a list shows that; says
    /// whether that is known of all of it.
    pub(super) fn settle_away(
        &mut self,
        folder: AssetId,
        away: &[AssetId],
        listed: &Inventory,
    ) -> bool {
        let Some(read) = self.read_all(folder, away) else {
            return false;
        };
        let inside: BTreeSet<AssetId> = parents_in(folder, listed).into_keys().collect();
        let state = self.ledger.state();
        let is_top = |id: AssetId| state.aside(id).is_some_and(|aside| aside.into == folder);
        // What lay in something that waits may lie deep in it: a list may be late.
        let is_out = |id: AssetId, facts: &Facts| {
            let is_in = |parent| parent == folder || (!is_top(id) && inside.contains(&parent));
            !facts.parent.is_some_and(is_in)
        };
        let became = |id: AssetId| match read.get(&id) {
            Some(Seen::There(facts)) if is_out(id, facts) => Became::Known(Outcome::Rescued),
            Some(Seen::Deleted { evidence, .. }) => Became::Known(Outcome::Gone(*evidence)),
            Some(Seen::There(_) | Seen::Missing) if !is_top(id) => Became::Other,
            Some(Seen::There(_) | Seen::Missing | Seen::Refused { .. }) | None => Became::Unclear,
        };
        let (mut outcomes, mut is_clear): (Vec<AssetOutcome>, bool) = (Vec::new(), true);
        for id in away {
            match became(*id) {
                Became::Known(outcome) => {
                    let along = self.along(*id).into_iter();
                    let along = along.filter(|inner| !away.contains(inner));
                    outcomes.extend(along.map(|inner| (inner, outcome.clone())));
                    outcomes.push((*id, outcome));
                }
                Became::Other => {}
                Became::Unclear => is_clear = false,
            }
        }
        if !outcomes.is_empty() {
            let said = self.said(outcomes);
            self.commit(vec![said]);
        }
        if !is_clear {
            let tops = self.tops(folder);
            self.leave_alone(tops, Other::Unsettled);
        }
        is_clear
    }

    /// A staging folder that is not there: what was in it is deleted, by us or by others, or
    /// elsewhere.
    pub(super) fn settle_absent(&mut self, folder: AssetId, listed: &Inventory) {
        let tops = self.tops(folder);
        if !tops.is_empty() {
            self.settle_away(folder, &tops, listed);
        }
    }
}
