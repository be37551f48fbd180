//! What is seen of something that is back, with what people have taken out of it.

use std::collections::BTreeSet;

use crate::apply::restore::{Run, Wanted};
use crate::apply::staged::elsewhere::{Back, Moved, Went};
use crate::apply::staged::since::seen_since;
use crate::asset::AssetId;
use crate::event::RunEvent;
use crate::store::Session;

impl<Se: Session> Run<'_, '_, Se> {
    /// Adds what of something is not listed in it any more and lies elsewhere, be it within that.
    pub(super) fn add_moved(&mut self, wanted: &Wanted, back: &mut Back) {
        let seen = seen_since(self.ledger.state(), &[wanted.id].into());
        let with = wanted.with.iter().chain(&*wanted.parts).copied();
        let all: BTreeSet<AssetId> = with.chain(seen.into_values().flatten()).collect();
        let went = Went {
            whole: wanted.id,
            all: &all,
        };
        let lost = back.lost(went);
        let open: BTreeSet<AssetId> = lost
            .iter()
            .copied()
            .filter(|id| self.is_open(*id))
            .collect();
        let mut moved = Moved::default();
        let (server, stop) = (&mut self.server, &mut self.done.stop);
        let is_open = |id| open.contains(&id);
        let found = moved.seek(wanted.id, (&lost, is_open), &mut |assets, whole| {
            let read = server.read(assets, whole);
            read.map_err(|reason| stop.get_or_insert(reason)).ok()
        });
        if let Some(message) = moved.warning() {
            let batch = self.batch;
            self.commit(vec![RunEvent::Warned { batch, message }]);
        }
        if found.is_some() {
            let known = &self.ledger.state().catalogue;
            back.complete(went, &moved, known);
        }
    }
}
