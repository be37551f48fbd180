//! Rows of the fold: what is open after some events.

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::outcome::Evidence;

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number))
}

fn intent(batch: u64, task: Task, numbers: &[u128]) -> RunEvent {
    RunEvent::Intent {
        batch,
        task,
        ids: numbers.iter().map(|number| id(*number)).collect(),
        stack: None,
        with: Arc::default(),
        at: None,
    }
}

fn answered(batch: u64, outcomes: Vec<AssetOutcome>) -> RunEvent {
    RunEvent::Answered {
        batch,
        at: Timestamp::UNIX_EPOCH,
        outcomes,
    }
}

fn open(batches: &OpenBatches) -> Vec<(u64, Vec<AssetId>)> {
    let mut deletes: BTreeMap<u64, Vec<AssetId>> = BTreeMap::new();
    for (batch, id) in batches.deletes() {
        deletes.entry(batch).or_default().push(id);
    }
    deletes.into_iter().collect()
}

fn folded(events: &[RunEvent]) -> OpenBatches {
    let mut batches = OpenBatches::default();
    for event in events {
        batches.apply(event);
    }
    batches
}

#[test]
fn what_was_sent_is_open_until_its_answer() {
    let mut batches = folded(&[
        intent(2, Task::Delete, &[4]),
        intent(1, Task::Delete, &[1, 2]),
    ]);
    assert_eq!(
        open(&batches),
        [(1, vec![id(1), id(2)]), (2, vec![id(4)])],
        "in the order of their numbers"
    );
    // An asset that the answer does not name stays as it was: it is open no longer.
    let outcomes = vec![(id(1), Outcome::Retired(Evidence::Answer))];
    let Sent { task, ids, .. } = batches.apply(&answered(1, outcomes)).unwrap();
    assert_eq!((task, &*ids), (Task::Delete, &[id(1), id(2)][..]));
    assert_eq!(open(&batches), [(2, vec![id(4)])]);
    assert_eq!(batches.apply(&answered(1, Vec::new())), None);
}

#[test]
fn what_goes_along_is_unknown_until_it_is_told_unless_the_folder_is_refused() {
    let folder = |batch| RunEvent::Intent {
        batch,
        task: Task::Delete,
        ids: [id(1)].into(),
        stack: None,
        with: [id(2), id(3)].into(),
        at: None,
    };
    let all = vec![id(1), id(2), id(3)];
    assert_eq!(open(&folded(&[folder(1)])), [(1, all.clone())]);
    let kind = crate::outcome::FailureKind::Permission;
    let message = "No.".to_owned();
    let refused = Outcome::Failed(crate::outcome::Failure { kind, message });
    for outcomes in [vec![(id(1), refused)], Vec::new()] {
        let batches = folded(&[folder(1), answered(1, outcomes)]);
        assert!(batches.is_empty(), "{batches:?}");
    }
    let lost = folded(&[folder(1), answered(1, vec![(id(1), Outcome::Unknown)])]);
    assert_eq!(open(&lost), [(1, vec![id(2), id(3)])]);
    let retired = |number| (id(number), Outcome::Retired(Evidence::Answer));
    let mut batches = folded(&[folder(1), answered(1, vec![retired(1), retired(3)])]);
    assert_eq!(open(&batches), [(1, vec![id(2)])]);
    let with = Outcome::Retired(Evidence::With(id(1)));
    batches.apply(&answered(2, vec![(id(2), with)]));
    assert!(batches.is_empty());
}

#[test]
fn what_goes_along_with_a_folder_that_is_not_found_is_unknown_unless_that_stays() {
    let folder = RunEvent::Intent {
        batch: 1,
        task: Task::Delete,
        ids: [id(1)].into(),
        stack: None,
        with: [id(2), id(3)].into(),
        at: None,
    };
    let doubted = RunEvent::Doubted {
        batch: 1,
        ids: [1, 2, 3].map(id).to_vec(),
    };
    let before = [folder, doubted, answered(1, Vec::new())];
    assert_eq!(
        open(&folded(&before)),
        [(1, [1, 2, 3].map(id).to_vec())],
        "of the folder nothing is known either"
    );
    let kind = crate::outcome::FailureKind::NotFound;
    let message = "No.".to_owned();
    let refused = Outcome::Failed(crate::outcome::Failure { kind, message });
    for (outcome, left) in [
        (refused, vec![]),
        (Outcome::Missing, vec![]),
        (Outcome::Gone(Evidence::Listed), vec![id(2), id(3)]),
        (Outcome::Unknown, vec![id(2), id(3)]),
    ] {
        let mut batches = folded(&before);
        batches.apply(&answered(2, vec![(id(1), outcome)]));
        let deletes: Vec<AssetId> = batches.deletes().map(|(_, id)| id).collect();
        assert_eq!(deletes, left);
    }
}

#[test]
fn an_asset_that_is_taken_off_leaves_the_rest_of_its_batch_open() {
    let mut batches = folded(&[intent(1, Task::Delete, &[1, 2, 3])]);
    batches.take_off(1, id(2));
    batches.take_off(2, id(1));
    assert_eq!(open(&batches), [(1, vec![id(1), id(3)])]);
}

#[test]
fn an_asset_that_is_sent_again_is_open_again() {
    let batches = folded(&[
        intent(1, Task::Delete, &[1]),
        answered(1, Vec::new()),
        intent(2, Task::Delete, &[1]),
    ]);
    assert_eq!(open(&batches), [(2, vec![id(1)])]);
}

#[test]
fn what_a_delete_did_not_find_is_open_until_something_is_written_down_of_it() {
    let doubted = |batch, numbers: &[u128]| RunEvent::Doubted {
        batch,
        ids: numbers.iter().map(|number| id(*number)).collect(),
    };
    let mut batches = folded(&[
        intent(1, Task::Delete, &[1, 2, 3]),
        doubted(1, &[1, 2, 3]),
        answered(1, Vec::new()),
        intent(2, Task::Resolve, &[1]),
        answered(2, Vec::new()),
    ]);
    assert_eq!(open(&batches), [(1, vec![id(1), id(2), id(3)])]);
    batches.apply(&answered(7, vec![(id(1), Outcome::Missing)]));
    batches.apply(&RunEvent::Forgotten {
        at: Timestamp::UNIX_EPOCH,
        ids: vec![id(2)],
    });
    assert!(!batches.is_empty());
    assert_eq!(batches.give_up(), [(1, vec![(id(3), Outcome::Unknown)])]);
    assert!(batches.is_empty());
}

#[test]
fn what_is_given_up_is_unknown_and_a_reading_leaves_nothing_open() {
    let mut batches = folded(&[
        intent(1, Task::Resolve, &[1]),
        intent(2, Task::Delete, &[2, 3]),
        answered(0, vec![(id(4), Outcome::Missing)]),
    ]);
    assert_eq!(open(&batches), [(2, vec![id(2), id(3)])]);
    let unknown = |number| (id(number), Outcome::Unknown);
    assert_eq!(batches.give_up(), [(2, vec![unknown(2), unknown(3)])]);
    assert_eq!(batches, OpenBatches::default());
    assert_eq!(batches.give_up(), []);
}
#[test]
fn a_file_of_a_stack_has_an_outcome_of_its_own_until_it_is_written_down() {
    let file = |batch, number| RunEvent::Intent {
        batch,
        task: Task::Delete,
        ids: [id(number)].into(),
        stack: Some(id(9)),
        with: Arc::default(),
        at: None,
    };
    let done = |batch, number, retired| RunEvent::FileDone {
        batch,
        stack: id(9),
        file: id(number),
        retired,
    };
    let answer = Evidence::Answer;
    let before = [
        file(1, 1),
        done(1, 1, Some(answer)),
        answered(1, Vec::new()),
        file(2, 2),
        file(3, 3),
        done(3, 3, None),
        answered(3, Vec::new()),
    ];
    let open = folded(&before).give_up();
    let all: BTreeMap<AssetId, Outcome> = open.into_iter().flat_map(|(_, all)| all).collect();
    let expected = [
        (id(1), Outcome::Retired(answer)),
        (id(2), Outcome::Unknown),
        (id(9), Outcome::Unknown),
    ];
    assert_eq!(all, expected.into());
    let own = (id(1), Outcome::Retired(answer));
    for (outcomes, left) in [
        (vec![(id(9), Outcome::Retired(answer)), own.clone()], vec![]),
        (vec![(id(9), Outcome::Unknown)], vec![own]),
    ] {
        let mut batches = folded(&before);
        batches.apply(&done(2, 2, None));
        batches.apply(&answered(2, Vec::new()));
        batches.apply(&answered(4, outcomes));
        let open = batches.give_up();
        let open: Vec<AssetOutcome> = open.into_iter().flat_map(|(_, all)| all).collect();
        assert_eq!(open, left);
    }
    // Nothing came of the delete of the only one that was sent.
    let mut batches = folded(&[file(1, 1), done(1, 1, None), answered(1, Vec::new())]);
    assert_eq!(batches.give_up(), []);
}

#[test]
fn a_delete_in_place_of_something_is_under_way_until_it_is_answered() {
    let of_stack = |batch: u64, task, stack: u128| RunEvent::Intent {
        batch,
        task,
        ids: [id(batch.into())].into(),
        stack: Some(id(stack)),
        with: Arc::default(),
        at: None,
    };
    let mut open = folded(&[
        of_stack(1, Task::Delete, 7),
        of_stack(2, Task::Resolve, 8),
        intent(3, Task::Delete, &[9]),
    ]);
    assert_eq!(
        [7, 8, 9].map(|n| open.is_under_way(id(n))),
        [true, false, false]
    );
    open.apply(&answered(1, Vec::new()));
    assert!(!open.is_under_way(id(7)));
}
