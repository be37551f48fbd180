//! What a run moves before it sends anything else.

use std::collections::BTreeSet;

use crate::apply::dispatcher::Dispatcher;
use crate::apply::staged::{Stage, Stager};
use crate::apply::strategy::Strategy;
use crate::asset::AssetId;
use crate::plan::approve::Approved;
use crate::state::State;
use crate::store::Session;

impl<S: Strategy, Se: Session> Dispatcher<'_, S, Se> {
    /// Moves assets aside and back, and deletes what is due of them, before anything else is sent.
    pub(crate) fn stage(&mut self, stage: Option<Stage<'_>>) {
        let Some(Stage { server, terms }) = stage else {
            return;
        };
        if self.approved.staging().is_empty() || !self.commit() {
            return;
        }
        let run = self.ledger.run();
        let mut stager = Stager {
            ledger: &mut self.ledger,
            server,
            approved: Some(self.approved),
            terms: &terms,
            batches: self.traffic.batches,
            homes: BTreeSet::new(),
            stop: None,
        };
        stager.run(run);
        let Stager {
            batches,
            homes,
            stop,
            ..
        } = stager;
        if batches != self.traffic.batches {
            // What was moved back, be it held, may lie in what is deleted next.
            self.readings.distrust_all();
            let keeps = around(homes, self.approved, self.ledger.state());
            self.readings.keep(keeps);
        }
        self.traffic.batches = batches;
        if let Some(reason) = stop {
            self.stop(reason);
        }
    }
}

/// Some folders, and all that lies around them as far as a plan or a state knows.
fn around(folders: BTreeSet<AssetId>, approved: &Approved, state: &State) -> BTreeSet<AssetId> {
    let lies = approved.lies();
    let mut all = BTreeSet::new();
    let mut open: Vec<AssetId> = folders.into_iter().collect();
    while let Some(id) = open.pop() {
        if all.insert(id) {
            let place = approved.place(id).parent;
            let known = [lies.get(&id).copied(), place, state.catalogue.parent(id)];
            open.extend(known.into_iter().flatten());
        }
    }
    all
}
