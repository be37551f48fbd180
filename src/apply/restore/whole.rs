//! Bringing back what went with a staging folder, within a restore.

use std::collections::BTreeSet;

use crate::apply::restore::{Run, Wanted};
use crate::apply::staged::since::seen_since;
use crate::apply::staged::whole::{Brought, Whole};
use crate::apply::staged::{Stager, Terms, Verify};
use crate::plan::restore::{is_deleted_staging, tops};
use crate::state::Status;
use crate::store::Session;

impl<Se: Session> Run<'_, '_, Se> {
    /// What went with a staging folder, where the folder is what is to come back.
    pub(super) fn whole(&self, wanted: &Wanted) -> Option<Whole> {
        let state = self.ledger.state();
        if !is_deleted_staging(state, wanted.id) {
            return None;
        }
        let statuses = wanted.with.iter();
        let mut statuses = statuses.filter_map(|id| Some(&state.assets.get(id)?.status));
        let is_asked = |status: &Status| matches!(status, Status::Restored { .. });
        let tops = tops(state, &wanted.with);
        let seen = seen_since(state, &tops.keys().copied().collect());
        Some(Whole {
            folder: wanted.id,
            tops,
            seen,
            is_there: wanted.is_back,
            is_begun: statuses.any(is_asked),
        })
    }

    /// Brings back what went with a staging folder.
    pub(super) fn bring_back(&mut self, whole: &Whole) {
        let Some(server) = self.server.mover() else {
            let why = "nothing here moves assets".to_owned();
            let all = whole.all().into_iter();
            self.done.failed.extend(all.map(|id| (id, why.clone())));
            return;
        };
        let terms = Terms {
            actor: None,
            patience: self.patience,
            verify: Verify::default(),
        };
        let mut stager = Stager {
            ledger: &mut self.ledger,
            server,
            approved: None,
            terms: &terms,
            batches: self.batch,
            anew: None,
            homes: BTreeSet::new(),
            stop: None,
        };
        let brought = stager.bring_back(whole);
        let Stager { batches, stop, .. } = stager;
        self.batch = batches;
        if let Some(reason) = stop {
            self.done.stop.get_or_insert(reason);
        }
        let Brought {
            back,
            unseen,
            partial,
            failed,
            left,
        } = brought;
        self.done.back += back;
        self.done.unseen.extend(unseen);
        self.done.partial.extend(partial);
        self.done.failed.extend(failed);
        self.done.left += left;
    }
}
