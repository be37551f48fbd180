//! Deletes of ours that were not answered: what a reading tells of them before something is taken
//! back. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Inventory, Seen};
use crate::outcome::{AssetOutcome, Evidence, Outcome, Phase};
use crate::plan::restore::Chosen;
use crate::state::{State, Status, is_recent};

/// The deletes of ours of which nobody knows what became.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// The assets, each with what it went with if it went, where that is known.
    pub assets: BTreeMap<AssetId, Option<AssetId>>,
    /// The staging folders with which some of them went.
    pub folders: BTreeSet<AssetId>,
}

impl Unanswered {
    /// Those of what somebody wants back, with all that went with the same.
    #[must_use]
    pub fn of(state: &State, chosen: &Chosen) -> Self {
        let all = all(state);
        let mut inside: BTreeMap<AssetId, Vec<AssetId>> = BTreeMap::new();
        for (id, with) in &all {
            if let Some(with) = with {
                inside.entry(*with).or_default().push(*id);
            }
        }
        let is_chosen = |id: &AssetId| match chosen {
            Chosen::Run(run) => state.assets.get(id).is_some_and(|one| one.run == *run),
            Chosen::Assets(ids) => ids.contains(id),
        };
        let named = match chosen {
            Chosen::Run(_) => &[][..],
            Chosen::Assets(ids) => ids,
        };
        let mut waiting: Vec<AssetId> = all.keys().copied().filter(is_chosen).collect();
        waiting.extend(named);
        let mut unanswered = Self::default();
        let mut passed = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if !passed.insert(id) {
                continue;
            }
            waiting.extend(inside.get(&id).into_iter().flatten());
            if state.is_staging(id) {
                unanswered.folders.insert(id);
            }
            if let Some(with) = all.get(&id) {
                unanswered.assets.insert(id, *with);
                waiting.extend(*with);
            }
        }
        unanswered
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }

    /// What is to be read, each with its kind where that is known.
    #[must_use]
    pub fn to_read(&self, state: &State) -> Vec<(AssetId, Option<Kind>)> {
        let kind = |id| state.aside(id).map(|aside| aside.asset);
        let assets = self.assets.keys().map(|id| (*id, kind(*id)));
        let folders = self.folders.iter().map(|id| (*id, Some(Kind::Folder)));
        assets.chain(folders).collect()
    }
}

/// What a reading tells of deletes that were not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What is to be recorded, each under the run that sent the delete.
    pub outcomes: Vec<AssetOutcome>,
    /// What is alive, though its delete may still come true.
    pub may_go: usize,
    /// What is alive, and its delete has not come true in a day.
    pub alive: usize,
    /// What others had deleted before.
    pub gone: usize,
    /// Of what nobody knows yet what became.
    pub unknown: usize,
}

impl Settled {
    /// How many came to be deleted by us.
    #[must_use]
    pub fn deleted(&self) -> usize {
        self.outcomes.len() - self.gone
    }

    /// Whether something is left that the same command may find deleted later.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.may_go > 0 || self.unknown > 0
    }
}

/// Decides what became of deletes that were not answered.
///
/// What is shown to be deleted is ours where that is not older than our delete. What went with
/// something that we deleted is as well, though it can still be read for a while, or is in no list.
#[must_use]
pub fn settle(
    unanswered: &Unanswered,
    state: &State,
    (read, now): (&Inventory, Timestamp),
) -> Settled {
    let mut settled = Settled::default();
    let own: BTreeMap<AssetId, Outcome> = (unanswered.assets.keys())
        .filter_map(|id| Some((*id, shown(*id, state, read)?)))
        .collect();
    // What went with something may have gone with what that lay in.
    let is_ours = |id: AssetId, holder: AssetId| {
        let mut passed = BTreeSet::from([id]);
        let mut here = Some(holder);
        while let Some(holder) = here.filter(|here| passed.insert(*here)) {
            if let Some(outcome) = own.get(&holder) {
                return matches!(outcome, Outcome::Retired(_));
            }
            if state.is_staging(holder) {
                return is_shown(holder, read) && !is_older(line(holder, read), sent(id, state));
            }
            let record = state.assets.get(&holder);
            if record.is_some_and(|record| matches!(record.status, Status::Retired(_))) {
                return true;
            }
            here = unanswered.assets.get(&holder).copied().flatten();
        }
        false
    };
    for (id, with) in &unanswered.assets {
        let with = with.filter(|holder| is_ours(*id, *holder));
        let is_recent = sent(*id, state).is_none_or(|at| is_recent(at, now));
        let outcome = match (own.get(id), read.assets.get(id), with) {
            (Some(outcome), _, _) => outcome.clone(),
            (None, Some(Seen::Missing), Some(with)) => Outcome::Retired(Evidence::With(with)),
            (None, Some(Seen::There(_)), Some(with)) if is_recent => {
                Outcome::Retired(Evidence::With(with))
            }
            (None, Some(Seen::There(_)), _) if is_recent => {
                settled.may_go += 1;
                continue;
            }
            (None, Some(Seen::There(_)), _) => {
                settled.alive += 1;
                continue;
            }
            (None, Some(Seen::Missing | Seen::Deleted { .. } | Seen::Refused { .. }) | None, _) => {
                settled.unknown += 1;
                continue;
            }
        };
        settled.gone += usize::from(matches!(outcome, Outcome::Gone(_)));
        settled.outcomes.push((*id, outcome));
    }
    settled
}

/// What follows where an asset is shown to be deleted by itself or by what it lay in.
fn shown(id: AssetId, state: &State, read: &Inventory) -> Option<Outcome> {
    let Some(Seen::Deleted { evidence, .. }) = read.assets.get(&id) else {
        return None;
    };
    Some(if is_older(line(id, read), sent(id, state)) {
        Outcome::Gone(*evidence)
    } else {
        Outcome::Retired(*evidence)
    })
}

/// When a list says that an asset was deleted.
fn line(id: AssetId, read: &Inventory) -> Option<Timestamp> {
    read.departed.get(&id).map(|(_, at)| *at)
}

/// Whether something was deleted before our delete was sent; neither time need have more than seconds.
fn is_older(line: Option<Timestamp>, sent: Option<Timestamp>) -> bool {
    let both = line.zip(sent);
    both.is_some_and(|(line, sent)| line.as_second() < sent.as_second())
}

fn is_shown(folder: AssetId, read: &Inventory) -> bool {
    matches!(read.assets.get(&folder), Some(Seen::Deleted { .. }))
}

/// When the delete of an asset was sent, or about to be.
fn sent(id: AssetId, state: &State) -> Option<Timestamp> {
    let record = state.assets.get(&id)?;
    match &record.status {
        Status::Staged(_) => Some(record.at),
        Status::Unknown { .. } => {
            let run = || state.runs.get(&record.run).map(|run| run.at);
            state.sent.get(&id).copied().or_else(run)
        }
        Status::Retired(_)
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Missing
        | Status::Restored { .. }
        | Status::Rescued => None,
    }
}

/// All assets of whose delete nobody knows what became, each with what it went with if it went.
fn all(state: &State) -> BTreeMap<AssetId, Option<AssetId>> {
    let all = state.assets.iter().filter_map(|(id, record)| {
        let holder = state.unanswered.get(id).copied();
        match &record.status {
            Status::Unknown { .. } => Some((*id, holder)),
            Status::Staged(staged) if staged.aside.phase == Phase::Deleting => {
                Some((*id, holder.or(Some(staged.aside.into))))
            }
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued => None,
        }
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::event::{Provenance, Staging};
    use crate::event::{RunEvent, RunInfo, Task};
    use crate::inventory::Facts;
    use crate::outcome::Aside;
    use crate::state::{Api, Target};
    use Sees::{Listed, Missing, Refused, There};

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Run 1 has sent the deletes of folder 1 with 2 in it, and of file 3, at second 100; run 2 that of
    /// the staging folder 9 with folder 4 in it, and 5 in that. Nobody has answered.
    fn state() -> State {
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let started = |number: u64| {
            RunEvent::Started(RunInfo {
                number,
                id: Uuid::from_u128(number.into()),
                at: at(50),
                provenance: Provenance::default(),
                account: None,
            })
        };
        let intent = |ids: &[u128], with: &[u128]| RunEvent::Intent {
            batch: 1,
            task: Task::Delete,
            ids: ids.iter().map(|n| id(*n)).collect(),
            stack: None,
            with: with.iter().map(|n| id(*n)).collect(),
            at: Some(at(100)),
        };
        let answered = |outcomes: Vec<AssetOutcome>| RunEvent::Answered {
            batch: 1,
            at: at(100),
            outcomes,
        };
        state.apply(1, &started(1));
        state.apply(1, &intent(&[1], &[2]));
        state.apply(1, &intent(&[3], &[]));
        let unknown = [1, 2, 3].map(|n| (id(n), Outcome::Unknown));
        state.apply(1, &answered(unknown.into()));
        state.apply(2, &started(2));
        state.apply(
            2,
            &RunEvent::Staging(Staging {
                project: id(90),
                name: "_retire".into(),
                root: None,
                id: Some(id(9)),
                is_over: false,
            }),
        );
        let aside = |n, into, asset| {
            let aside = Aside {
                into: id(into),
                asset,
                due: at(100),
                phase: Phase::Deleting,
                inside: None,
            };
            (id(n), Outcome::Staged(aside))
        };
        let staged = vec![aside(4, 9, Kind::Folder), aside(5, 4, Kind::File)];
        state.apply(2, &answered(staged));
        state
    }

    #[derive(Clone, Copy)]
    enum Sees {
        There,
        Missing,
        Refused,
        /// A list shows that it was deleted then.
        Listed(i64),
    }

    fn read(seen: &[(u128, Sees)]) -> Inventory {
        let mut read = Inventory::default();
        for (n, sees) in seen {
            let seen = match sees {
                Sees::There => Seen::There(Facts::of_kind(Kind::File)),
                Sees::Missing => Seen::Missing,
                Sees::Refused => Seen::Refused {
                    message: Arc::from("No."),
                },
                Sees::Listed(second) => {
                    read.departed.insert(id(*n), (None, at(*second)));
                    Seen::Deleted {
                        facts: None,
                        evidence: Evidence::Listed,
                    }
                }
            };
            read.assets.insert(id(*n), seen);
        }
        read
    }

    fn settled(chosen: &Chosen, seen: &[(u128, Sees)], now: i64) -> Settled {
        let state = state();
        let unanswered = Unanswered::of(&state, chosen);
        settle(&unanswered, &state, (&read(seen), at(now)))
    }

    const DAY: i64 = 24 * 60 * 60;

    /// What is seen of 1, 2 and 3, and at what time; what is recorded, and what else is told.
    type Row = ([Sees; 3], i64, Vec<AssetOutcome>, [usize; 4]);

    #[test]
    fn a_reading_tells_what_became_of_a_delete_that_was_not_answered() {
        let ours = |n| (id(n), Outcome::Retired(Evidence::Listed));
        let with = |n, folder| (id(n), Outcome::Retired(Evidence::With(id(folder))));
        let gone = |n| (id(n), Outcome::Gone(Evidence::Listed));
        let rows: [Row; 9] = [
            (
                [Listed(100); 3],
                200,
                vec![ours(1), ours(2), ours(3)],
                [0; 4],
            ),
            (
                [Listed(99); 3],
                200,
                vec![gone(1), gone(2), gone(3)],
                [0, 0, 3, 0],
            ),
            (
                [Listed(100), Missing, There],
                200,
                vec![ours(1), with(2, 1)],
                [1, 0, 0, 0],
            ),
            (
                [Listed(100), There, There],
                200,
                vec![ours(1), with(2, 1)],
                [1, 0, 0, 0],
            ),
            (
                [Listed(100), There, There],
                200 + DAY,
                vec![ours(1)],
                [0, 2, 0, 0],
            ),
            (
                [Listed(99), There, Missing],
                200,
                vec![gone(1)],
                [1, 0, 1, 1],
            ),
            ([There, Missing, There], 200, vec![], [2, 0, 0, 1]),
            ([There; 3], 200 + DAY, vec![], [0, 3, 0, 0]),
            ([Missing, Refused, Missing], 200, vec![], [0, 0, 0, 3]),
        ];
        for (at, (seen, now, outcomes, [may_go, alive, gone, unknown])) in
            rows.into_iter().enumerate()
        {
            let seen = [(1, seen[0]), (2, seen[1]), (3, seen[2])];
            let expected = Settled {
                outcomes,
                may_go,
                alive,
                gone,
                unknown,
            };
            assert_eq!(settled(&Chosen::Run(1), &seen, now), expected, "row {at}");
        }
        let staged = |seen: [Sees; 3]| {
            let seen = [(4, seen[0]), (5, seen[1]), (9, seen[2])];
            let settled = settled(&Chosen::Run(2), &seen, 200);
            (settled.outcomes, settled.may_go, settled.unknown)
        };
        assert_eq!(
            staged([Listed(100), Missing, Listed(100)]).0,
            [ours(4), with(5, 4)]
        );
        let both = vec![with(4, 9), with(5, 4)];
        assert_eq!(staged([There, There, Listed(100)]), (both.clone(), 0, 0));
        assert_eq!(staged([Missing, There, Listed(100)]), (both, 0, 0));
        assert_eq!(staged([There, There, There]), (vec![], 2, 0));
        assert_eq!(staged([Missing, Missing, Missing]), (vec![], 0, 2));
        // Others have deleted the folder before.
        assert_eq!(staged([Missing, There, Listed(99)]), (vec![], 1, 1));
    }

    #[test]
    fn what_is_named_is_read_with_what_it_went_with() {
        let state = state();
        let asked = |chosen: &Chosen| {
            let unanswered = Unanswered::of(&state, chosen);
            let read = unanswered.to_read(&state).into_iter();
            let number = |id: AssetId| (1..10).find(|n| super::tests::id(*n) == id).unwrap();
            read.map(|(id, _)| number(id)).collect::<Vec<u128>>()
        };
        assert_eq!(asked(&Chosen::Run(1)), [1, 2, 3]);
        assert_eq!(asked(&Chosen::Run(2)), [4, 5, 9]);
        assert_eq!(asked(&Chosen::Run(3)), []);
        assert_eq!(asked(&Chosen::Assets(vec![id(3)])), [3]);
        assert_eq!(asked(&Chosen::Assets(vec![id(2)])), [1, 2]);
        assert_eq!(asked(&Chosen::Assets(vec![id(1)])), [1, 2]);
        assert_eq!(asked(&Chosen::Assets(vec![id(7)])), []);
    }
}
