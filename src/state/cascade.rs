//! Deletes of ours that take their time: what goes along with a folder, and what was not answered.
//!
//! After its answer a server may still show for a while what was in a folder (docs/frameio-api.md,
//! "Deletes (V4)"), and a request whose answer was lost may be carried out later. Nobody has published
//! how long either takes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::asset::AssetId;
use crate::outcome::{Evidence, Outcome, Phase};
use crate::state::{Deletion, Record, State, Status};

/// For how long a delete of ours that was sent may still come true; what is alive after that lives.
const MAY_COME_TRUE: SignedDuration = SignedDuration::from_hours(24);

/// Whether a delete of ours that was sent then may still come true.
#[must_use]
pub fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at.checked_add(MAY_COME_TRUE).is_ok_and(|end| now < end)
}

impl State {
    /// Whether a delete of an asset, its own or that of what it lay in, was sent a short while ago and
    /// not answered, so that it may still come true.
    #[must_use]
    pub fn may_come_true(&self, id: AssetId, now: Timestamp) -> bool {
        self.sent.get(&id).is_some_and(|at| is_recent(*at, now))
    }

    /// Whether what was in a folder may still be going: our delete of the folder was answered, or may
    /// come true, and was sent a short while ago.
    #[must_use]
    pub fn is_going(&self, folder: AssetId, now: Timestamp) -> bool {
        let record = self.assets.get(&folder);
        record.is_some_and(|record| match record.status {
            // Whoever has deleted it, what was in it goes.
            Status::Retired(_) | Status::Gone(Evidence::Read | Evidence::Listed) => {
                is_recent(record.at, now)
            }
            Status::Unknown { .. } => self.may_come_true(folder, now),
            Status::Gone(
                Evidence::Answer | Evidence::With(_) | Evidence::ByHand | Evidence::Earlier,
            )
            | Status::Failed(_)
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued => false,
        })
    }

    /// With which folder an asset may be going that lies or lay in another one, as far up as runs have
    /// kept in what assets lay; each is asked whether it goes.
    #[must_use]
    pub fn going_with(
        &self,
        (id, parent): (AssetId, Option<AssetId>),
        is_going: impl Fn(AssetId) -> bool,
    ) -> Option<AssetId> {
        let kept = |id: AssetId| {
            let listed = self.unanswered.get(&id).copied();
            listed.or_else(|| self.catalogue.parent(id))
        };
        let mut passed = BTreeSet::from([id]);
        let mut above = parent.or_else(|| kept(id));
        while let Some(here) = above.filter(|here| passed.insert(*here)) {
            if is_going(here) {
                return Some(here);
            }
            above = kept(here);
        }
        None
    }

    /// The folder that we have deleted, and in which a run had listed an asset before, where nobody
    /// knows what became of the asset: it went with that, unless it is found alive.
    #[must_use]
    pub fn went_with(&self, id: AssetId) -> Option<(AssetId, &Record)> {
        let own = self.assets.get(&id)?;
        if !matches!(own.status, Status::Unknown { .. }) {
            return None;
        }
        let holder = self.unanswered.get(&id)?;
        let record = self.assets.get(holder)?;
        record.deleted().map(|_| (*holder, record))
    }

    /// Keeps with which folder an asset is going of which nobody knew when that was deleted.
    pub(super) fn keep_going_with(&mut self, id: AssetId, outcome: &Outcome, at: Timestamp) {
        let is_listed = self.unanswered.contains_key(&id) || self.under_way.contains_key(&id);
        if *outcome != Outcome::Unknown || is_listed {
            return;
        }
        let with = self.going_with((id, None), |folder| self.is_going(folder, at));
        self.unanswered.extend(with.map(|folder| (id, folder)));
    }

    /// How an asset stands that came back with its folder, where nobody knew yet that it had gone with
    /// that: as what is known to have gone.
    pub(super) fn restored_along(&self, id: AssetId, outcome: &Outcome) -> Option<Status> {
        let Outcome::Restored { seen } = *outcome else {
            return None;
        };
        let (folder, record) = self.went_with(id)?;
        Some(Status::Restored {
            was: Evidence::With(folder),
            seen,
            deleted: record.deleted().map(Box::new),
        })
    }

    /// By which run and when an asset was deleted that is shown to be, where that was an earlier run:
    /// the one that deleted the folder with which it went, or that sent a delete which was not answered.
    pub(super) fn deleted_before(
        &self,
        id: AssetId,
        outcome: &Outcome,
        run: u64,
    ) -> Option<Deletion> {
        let evidence = match outcome {
            Outcome::Retired(evidence) | Outcome::Gone(evidence) => *evidence,
            Outcome::Failed(_)
            | Outcome::Unknown
            | Outcome::Missing
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => return None,
        };
        let own = self.assets.get(&id);
        let is_deleting = |record: &&Record| {
            let aside = record.status.aside();
            aside.is_some_and(|aside| aside.phase == Phase::Deleting)
        };
        // What is told again to be deleted was deleted when that was told first.
        let is_sent =
            |record: &&Record| matches!(record.status, Status::Unknown { .. } | Status::Retired(_));
        let is_ours = matches!(outcome, Outcome::Retired(_));
        // What was sent for a version stack was sent for its files.
        let of_stack = || {
            let mut stacks = self.files.iter().filter(|(_, files)| files.contains(&id));
            let (stack, _) = stacks.next().filter(|_| own.is_none())?;
            self.assets.get(stack)
        };
        let record = own.filter(is_deleting).or_else(|| match evidence {
            Evidence::With(folder) if is_ours => {
                let folder = self.assets.get(&folder);
                folder.filter(|record| matches!(record.status, Status::Retired(_)))
            }
            // Where this run has asked for it again, that may have done it.
            Evidence::Read | Evidence::Listed if is_ours && !self.under_way.contains_key(&id) => {
                own.or_else(of_stack).filter(is_sent)
            }
            Evidence::With(_)
            | Evidence::Read
            | Evidence::Listed
            | Evidence::Answer
            | Evidence::ByHand
            | Evidence::Earlier => None,
        })?;
        (record.run < run).then_some(Deletion {
            run: record.run,
            at: record.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::event::{RunEvent, Task};
    use crate::outcome::AssetOutcome;
    use crate::state::{Api, Target};

    const DAY: i64 = 24 * 3_600;

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn answer(state: &mut State, run: u64, outcomes: &[AssetOutcome]) {
        let run_at = i64::try_from(run).unwrap() * 100;
        let answered = RunEvent::Answered {
            batch: 1,
            at: at(run_at),
            outcomes: outcomes.to_vec(),
        };
        state.apply(run, &answered);
        let ended = RunEvent::Ended {
            at: at(run_at),
            ending: crate::event::Ending::Done,
        };
        state.apply(run, &ended);
    }

    /// What run 1 sent for the folder 1, in which 2 was listed, with what came of that.
    fn sent(outcomes: &[AssetOutcome]) -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let intent = RunEvent::Intent {
            batch: 1,
            task: Task::Delete,
            ids: [id(1)].into(),
            stack: None,
            with: [id(2)].into(),
            at: Some(at(90)),
        };
        state.apply(1, &intent);
        answer(&mut state, 1, outcomes);
        state
    }

    fn of(state: &State, n: u128) -> (u64, i64) {
        let record = &state.assets[&id(n)];
        (record.run, record.at.as_second())
    }

    #[test]
    fn what_a_later_run_finds_out_is_the_deed_of_the_run_that_sent_it() {
        let unknown = |n| (id(n), Outcome::Unknown);
        let retired = |n, evidence| (id(n), Outcome::Retired(evidence));
        let mut state = sent(&[unknown(1), unknown(2)]);
        // Nothing was sent for them since.
        answer(&mut state, 2, &[unknown(1), unknown(2)]);
        assert_eq!((of(&state, 1), of(&state, 2)), ((1, 100), (1, 100)));
        answer(&mut state, 3, &[retired(1, Evidence::Listed)]);
        assert_eq!(of(&state, 1), (1, 100));
        answer(&mut state, 4, &[retired(2, Evidence::With(id(1)))]);
        assert_eq!(of(&state, 2), (1, 100));
        answer(&mut state, 5, &[retired(1, Evidence::Listed)]);
        assert_eq!(of(&state, 1), (1, 100));
        // So are the files that were deleted in place of a version stack.
        let mut state = sent(&[unknown(1), unknown(2)]);
        state.files.insert(id(1), [id(11)].into());
        answer(&mut state, 3, &[retired(11, Evidence::Listed)]);
        assert_eq!(of(&state, 11), (1, 100));
        // Its own answer is that of the run that heard it.
        let mut state = sent(&[unknown(1), unknown(2)]);
        answer(&mut state, 3, &[retired(1, Evidence::Answer)]);
        assert_eq!(of(&state, 1), (3, 300));
    }

    #[test]
    fn a_delete_may_come_true_for_a_day() {
        let answered = (id(1), Outcome::Retired(Evidence::Answer));
        let unknown = |n| (id(n), Outcome::Unknown);
        let state = sent(&[unknown(1), unknown(2)]);
        for n in [1, 2] {
            assert!(state.may_come_true(id(n), at(90 + DAY - 1)));
            assert!(!state.may_come_true(id(n), at(90 + DAY)));
        }
        assert!(state.is_going(id(1), at(90 + DAY - 1)));
        assert!(!state.is_going(id(1), at(90 + DAY)));
        assert_eq!(state.went_with(id(2)), None, "nobody knows of the folder");
        let state = sent(&[answered, unknown(2)]);
        assert!(state.is_going(id(1), at(100 + DAY - 1)));
        assert!(!state.is_going(id(1), at(100 + DAY)));
        let with = state
            .went_with(id(2))
            .map(|(folder, record)| (folder, record.run));
        assert_eq!(with, Some((id(1), 1)));
        let chain = |id, parent| state.going_with((id, parent), |here| here == self::id(1));
        assert_eq!(chain(id(2), None), Some(id(1)));
        assert_eq!(chain(id(7), Some(id(2))), Some(id(1)));
        assert_eq!(chain(id(7), None), None);
    }

    #[test]
    fn what_comes_back_with_its_folder_had_gone_with_it() {
        let answered = (id(1), Outcome::Retired(Evidence::Answer));
        let mut state = sent(&[answered, (id(2), Outcome::Unknown)]);
        let back = |n| (id(n), Outcome::Restored { seen: true });
        answer(&mut state, 2, &[back(1), back(2)]);
        let with = Status::Restored {
            was: Evidence::With(id(1)),
            seen: true,
            deleted: Some(Box::new(Deletion {
                run: 1,
                at: at(100),
            })),
        };
        assert_eq!(state.assets[&id(2)].status, with);
        assert!(state.unanswered.is_empty());
    }
}
