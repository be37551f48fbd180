//! Up to when what runs have deleted can be taken back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::asset::AssetId;
use crate::outcome::Evidence;
use crate::state::{Api, Change, Record, State, Status};

/// For how long Frame.io keeps what was deleted.
///
/// Source: docs/frameio-api.md, "Changes (V4)".
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Up to when something can be taken back that was deleted then.
#[must_use]
pub fn restorable_until(deleted: Timestamp) -> Timestamp {
    deleted.checked_add(KEPT).unwrap_or(Timestamp::MAX)
}

/// Up to when what a run has deleted can be taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restorable {
    /// All of it, and the last of it; nothing where no record says when it was deleted.
    pub until: Option<[Timestamp; 2]>,
    /// Of how many assets no record says when they were deleted.
    pub undated: usize,
}

impl Restorable {
    fn add(&mut self, deleted: Option<Timestamp>) {
        let Some(at) = deleted.map(restorable_until) else {
            self.undated += 1;
            return;
        };
        let [all, last] = self.until.unwrap_or([at; 2]);
        self.until = Some([all.min(at), last.max(at)]);
    }
}

impl State {
    /// How many assets that runs deleted were restored since and are seen alive, or else were asked for
    /// and are not, by the run that deleted them and then by the one that restored them.
    #[must_use]
    pub fn restored_since(&self, are_seen: bool) -> BTreeMap<u64, BTreeMap<u64, usize>> {
        let mut all: BTreeMap<u64, BTreeMap<u64, usize>> = BTreeMap::new();
        for record in self.assets.values() {
            let restored = record.status.restored();
            let restored = restored.filter(|(seen, _)| *seen == are_seen);
            if let Some(deleted) = restored.and_then(|(_, deleted)| deleted) {
                let by_run = all.entry(deleted.run).or_default();
                *by_run.entry(record.run).or_default() += 1;
            }
        }
        all
    }

    /// The last run before which the state was that of v2, where it was.
    fn last_of_v2(&self) -> u64 {
        let mut runs = self.runs.iter().rev();
        let moved = runs.find(|(_, run)| matches!(run.change, Some(Change::Migrated(_))));
        moved.map_or(0, |(number, _)| *number)
    }

    /// When we deleted an asset with V4, by what is recorded of it: where its own answer was lost,
    /// nothing is said of the time.
    #[must_use]
    pub fn deleted_at(&self, id: AssetId) -> Option<Timestamp> {
        let record = self.assets.get(&id)?;
        let is_v4 = self.target.api == Api::V4 && record.run > self.last_of_v2();
        self.answered_at(record).filter(|_| is_v4)
    }

    fn answered_at(&self, record: &Record) -> Option<Timestamp> {
        let Status::Retired(evidence) = record.status else {
            return None;
        };
        match evidence {
            Evidence::Answer => Some(record.at),
            // It is recorded once it is seen to be away, which may be long after its folder.
            Evidence::With(folder) => {
                let folder = self.assets.get(&folder);
                let same = folder.filter(|folder| folder.run == record.run);
                Some(same.map_or(record.at, |folder| folder.at.min(record.at)))
            }
            Evidence::Read | Evidence::Listed | Evidence::ByHand | Evidence::Earlier => None,
        }
    }

    /// Up to when what each run has deleted with V4 can be taken back.
    #[must_use]
    pub fn restorable(&self) -> BTreeMap<u64, Restorable> {
        let mut runs: BTreeMap<u64, Restorable> = BTreeMap::new();
        if self.target.api != Api::V4 {
            return runs;
        }
        let before = self.last_of_v2();
        for record in self.assets.values() {
            let (run, at) = match &record.status {
                Status::Retired(_) => (record.run, self.answered_at(record)),
                // Nobody has seen it back yet.
                Status::Restored {
                    seen: false,
                    deleted: Some(deleted),
                    ..
                } => (deleted.run, Some(deleted.at)),
                Status::Restored { .. }
                | Status::Gone(_)
                | Status::Failed(_)
                | Status::Unknown { .. }
                | Status::Missing
                | Status::Staged(_)
                | Status::Rescued => continue,
            };
            if run > before {
                runs.entry(run).or_default().add(at);
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::event::Provenance;
    use crate::state::{Deletion, RunRecord, Target};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn state() -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let restored = |seen| Status::Restored {
            was: Evidence::Answer,
            seen,
            deleted: Some(Box::new(Deletion {
                run: 3,
                at: at("2026-11-20T10:09:00Z"),
            })),
        };
        for (n, status, run, time) in [
            (
                1,
                Status::Retired(Evidence::Answer),
                1,
                "2026-11-01T10:00:00Z",
            ),
            (
                2,
                Status::Retired(Evidence::Answer),
                3,
                "2026-11-20T10:00:00Z",
            ),
            (
                3,
                Status::Retired(Evidence::With(id(2))),
                3,
                "2026-11-20T10:05:00Z",
            ),
            (
                4,
                Status::Retired(Evidence::Listed),
                3,
                "2026-11-20T10:06:00Z",
            ),
            (
                5,
                Status::Retired(Evidence::Answer),
                3,
                "2026-11-20T10:07:00Z",
            ),
            (6, Status::Gone(Evidence::Listed), 3, "2026-11-20T10:08:00Z"),
            // Asked for by run 6, and not seen back; and seen.
            (9, restored(false), 6, "2026-11-23T10:00:00Z"),
            (10, restored(true), 6, "2026-11-23T10:00:00Z"),
            (7, Status::Missing, 4, "2026-11-21T10:00:00Z"),
            (
                8,
                Status::Retired(Evidence::Read),
                5,
                "2026-11-22T10:00:00Z",
            ),
        ] {
            let at = at(time);
            state.assets.insert(id(n), Record { status, run, at });
        }
        state
    }

    #[test]
    fn a_run_can_be_taken_back_for_thirty_days_from_its_deletes() {
        let mut state = state();
        let dated = |all: &str, last: &str, undated| Restorable {
            until: Some([at(all), at(last)]),
            undated,
        };
        let third = dated("2026-12-20T10:00:00Z", "2026-12-20T10:09:00Z", 1);
        let undated = Restorable {
            until: None,
            undated: 1,
        };
        let first = dated("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z", 0);
        let all = [(1, first), (3, third), (5, undated)];
        assert_eq!(state.restorable(), BTreeMap::from(all));
        let by = |seen| state.restored_since(seen);
        assert_eq!(by(true), BTreeMap::from([(3, BTreeMap::from([(6, 1)]))]));
        assert_eq!(by(false), by(true));
        assert_eq!(state.deleted_at(id(3)), Some(at("2026-11-20T10:00:00Z")));
        assert_eq!(state.deleted_at(id(4)), None, "its answer was lost");
        assert_eq!(state.deleted_at(id(6)), None, "that was somebody else");
        // What v2 had deleted before the state moved is nothing that V4 takes back.
        let moved = RunRecord {
            id: Uuid::nil(),
            at: at("2026-11-10T10:00:00Z"),
            provenance: Provenance::default(),
            change: Some(Change::Migrated(Api::V2)),
            released: Vec::new(),
            came: None,
        };
        state.runs.insert(2, moved);
        let later = [(3, third), (5, undated)];
        assert_eq!(state.restorable(), BTreeMap::from(later));
        assert_eq!(state.deleted_at(id(1)), None);
        state.target.api = Api::V2;
        assert_eq!(state.restorable(), BTreeMap::new());
        assert_eq!(state.deleted_at(id(2)), None);
    }
}
