//! What a run moves before it sends anything else.

use crate::apply::dispatcher::Dispatcher;
use crate::apply::staged::{Stage, Stager};
use crate::apply::strategy::Strategy;
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
            stop: None,
        };
        stager.run(run);
        let Stager { batches, stop, .. } = stager;
        if batches != self.traffic.batches {
            // What was moved back, be it held, may lie in what is deleted next.
            self.readings.distrust_all();
        }
        self.traffic.batches = batches;
        if let Some(reason) = stop {
            self.stop(reason);
        }
    }
}
