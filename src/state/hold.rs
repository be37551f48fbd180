//! The holds that a state keeps, so that nobody lifts one by deleting its line from a manifest.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::event::{HoldChanges, Released, SeenHold, Subject};

/// A hold that a run has found in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHold {
    /// Why the asset or the project is held.
    pub reason: Arc<str>,
    /// The moment from which the hold no longer counts; without one it stays until it is released.
    pub until: Option<Timestamp>,
    /// The number of the run that wrote it down.
    pub run: u64,
    /// When it did.
    pub at: Timestamp,
}

/// Decides what is kept after a run has changed the holds.
pub(super) fn absorb(
    holds: &mut BTreeMap<Subject, KeptHold>,
    changes: &HoldChanges,
    run: u64,
    at: Timestamp,
) {
    let HoldChanges {
        kept,
        released,
        ended,
    } = changes;
    for Released { held, .. } in released {
        holds.remove(held);
    }
    for held in ended {
        holds.remove(held);
    }
    for SeenHold {
        held,
        reason,
        until,
    } in kept
    {
        let hold = KeptHold {
            reason: Arc::clone(reason),
            until: *until,
            run,
            at,
        };
        holds.insert(*held, hold);
    }
}

#[cfg(test)]
pub(super) mod any {
    //! Holds of any sort.

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::asset::AssetId;
    use crate::state::RunRecord;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub(crate) fn subject() -> impl Strategy<Value = Subject> {
        (any::<u128>(), any::<bool>()).prop_map(|(id, is_project)| {
            let id = AssetId::from_uuid(Uuid::from_u128(id));
            if is_project {
                Subject::Project(id)
            } else {
                Subject::Asset(id)
            }
        })
    }

    pub(crate) fn kept() -> impl Strategy<Value = KeptHold> {
        let until = proptest::option::of(0_i64..4_000_000_000);
        (".{0,12}", until, 0_u64..9).prop_map(|(reason, until, run)| KeptHold {
            reason: reason.into(),
            until: until.map(at),
            run,
            at: at(1),
        })
    }

    /// Says of each run that it released what is held.
    pub(crate) fn with_releases(
        mut runs: BTreeMap<u64, RunRecord>,
        holds: &BTreeMap<Subject, KeptHold>,
    ) -> BTreeMap<u64, RunRecord> {
        for run in runs.values_mut() {
            let released = holds.iter().map(|(held, hold)| Released {
                held: *held,
                reason: Arc::clone(&hold.reason),
                ticket: hold.until.map(|until| until.to_string().into()),
            });
            run.released = released.collect();
        }
        runs
    }
}
