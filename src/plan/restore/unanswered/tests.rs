//! What a reading tells of deletes that were not answered.

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
    for (at, (seen, now, outcomes, [may_go, alive, gone, unknown])) in rows.into_iter().enumerate()
    {
        let seen = [(1, seen[0]), (2, seen[1]), (3, seen[2])];
        let expected = Settled {
            outcomes,
            may_go,
            alive,
            gone,
            aside: 0,
            unknown,
        };
        assert_eq!(settled(&Chosen::Run(1), &seen, now), expected, "row {at}");
    }
    let staged = |seen: [Sees; 3]| {
        let seen = [(4, seen[0]), (5, seen[1]), (9, seen[2])];
        let settled = settled(&Chosen::Run(2), &seen, 200);
        (settled.outcomes, settled.aside, settled.unknown)
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

/// What stays open among what is named keeps nothing else from coming back.
#[test]
fn what_else_is_named_comes_back_all_the_same() {
    let state = state();
    let chosen = Chosen::Assets([3, 7, 1].map(id).into());
    let unanswered = Unanswered::of(&state, &chosen);
    assert_eq!(unanswered.rest_of(&chosen), Chosen::Assets(vec![id(7)]));
    let settled = Settled {
        outcomes: vec![
            (id(1), Outcome::Retired(Evidence::Listed)),
            (id(3), Outcome::Gone(Evidence::Listed)),
        ],
        gone: 1,
        ..Settled::default()
    };
    let expected = Chosen::Assets([7, 1].map(id).into());
    assert_eq!(unanswered.settled_of(&chosen, &settled), expected);
    let run = Chosen::Run(1);
    assert_eq!(unanswered.rest_of(&run), run);
}

/// A version stack has no delete of its own: its files tell of it, and are read with it.
#[test]
fn a_version_stack_is_what_became_of_its_files() {
    let mut state = state();
    state.files.insert(id(3), [id(31)].into());
    let lost = RunEvent::Answered {
        batch: 2,
        at: at(100),
        outcomes: vec![(id(31), Outcome::Unknown)],
    };
    state.apply(1, &lost);
    let unanswered = Unanswered::of(&state, &Chosen::Assets(vec![id(3)]));
    let read = read(&[(3, There), (31, Listed(100))]);
    let settled = settle(&unanswered, &state, (&read, at(200)));
    let expected = Settled {
        outcomes: vec![(id(31), Outcome::Retired(Evidence::Listed))],
        ..Settled::default()
    };
    assert_eq!(settled, expected);
}
