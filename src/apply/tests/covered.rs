//! V4: what has no delete of its own since a folder takes it along, and folders that are too large.

use std::collections::BTreeSet;

use super::*;
use crate::apply::tests::listing::{
    covering, empty, hear_approved, hear_waiting, listing_in, run_approved,
};
use crate::apply::tests::served::V4;
use crate::asset::Kind;
use crate::event::{OpenBatches, Task};
use crate::frameio::v4::Call;
use crate::outcome::Evidence;

/// A folder with a file, a version stack and a folder that has a file in it.
const NESTED: [(u128, Kind); 7] = [
    (1, Kind::Folder),
    (2, Kind::File),
    (3, Kind::VersionStack),
    (31, Kind::File),
    (4, Kind::Folder),
    (41, Kind::File),
    (5, Kind::File),
];

const CONTENTS: [(u128, &[u128]); 3] = [(1, &[2, 3, 4]), (3, &[31]), (4, &[41])];

fn nested() -> V4 {
    let server = V4::with(NESTED);
    let folders = CONTENTS.map(|(folder, inside)| {
        let inside = inside.iter().map(|number| asset(*number));
        (asset(folder), inside.collect())
    });
    server.0.lock().unwrap().folders = folders.into();
    server
}

fn all_listed() -> Vec<(u128, Option<Kind>)> {
    let kinds = NESTED.iter().map(|(number, kind)| (*number, Some(*kind)));
    kinds.collect()
}

fn deleted(server: &V4) -> Vec<AssetId> {
    let calls = server.calls().into_iter();
    let deleted = calls.filter_map(|call| match call {
        Call::DeleteFile(id) | Call::DeleteFolder(id) => Some(id),
        Call::Read(_) => None,
    });
    deleted.collect()
}

fn waits(heard: &[RunEvent]) -> Vec<&str> {
    let waits = heard.iter().filter_map(|event| {
        let RunEvent::Retried { why, .. } = event else {
            return None;
        };
        Some(&**why)
    });
    waits.collect()
}

#[test]
fn what_is_covered_has_no_delete_of_its_own_and_is_recorded_with_its_folder() {
    for slow in [0, 1, 5] {
        let server = nested();
        server.0.lock().unwrap().slow = slow;
        // 41 was sent by an earlier run, and read for the plan: it is there.
        let state = unanswered(empty(), [41]);
        let approved = covering(&state, &all_listed(), &NESTED, &CONTENTS);
        let (ended, heard) = hear_approved(&server, state, &approved);
        assert_eq!(ended.ending, Ending::Done);
        let mut asked = deleted(&server);
        asked.sort_unstable();
        assert_eq!(asked, [1, 5].map(asset), "{slow}");
        let with = Status::Retired(Evidence::With(asset(1)));
        for number in [2, 3, 4, 31, 41] {
            assert_eq!(ended.state.assets[&asset(number)].status, with, "{number}");
        }
        let waits = waits(&heard);
        assert_eq!(waits.is_empty(), slow == 0, "{waits:?}");
        let says = |why: &&str| {
            ["it is waited for", "they are waited for"]
                .iter()
                .any(|words| why.contains(&format!("can still be read; {words}")))
        };
        assert!(waits.iter().all(says), "{waits:?}");
    }
}

#[test]
fn what_is_there_when_the_wait_is_over_is_unknown() {
    let server = nested();
    server.0.lock().unwrap().slow = u32::MAX;
    let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
    let (ended, heard) = hear_waiting(&server, empty(), &approved, Duration::ZERO);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(status(&ended.state, 1), Some("retired"));
    for number in [2, 3, 4, 31, 41] {
        assert_eq!(status(&ended.state, number), Some("unknown"), "{number}");
    }
    let told = |event: &RunEvent| {
        matches!(event, RunEvent::Warned { message, .. }
            if message.contains("5 assets in it could still be read"))
    };
    assert!(heard.iter().any(told), "{heard:?}");
}

#[test]
fn what_is_covered_stays_as_it_was_where_its_folder_is_refused() {
    let server = nested();
    server.0.lock().unwrap().refuse = vec![asset(1)];
    let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
    let ended = run_approved(&server, empty(), &approved);
    for number in [2, 3, 4, 31, 41] {
        assert_eq!(status(&ended.state, number), None, "{number}");
    }
    assert_eq!(deleted(&server).len(), 2);
}

#[test]
fn what_went_along_with_a_folder_whose_delete_was_not_answered_is_settled_with_it() {
    for slow in [0, 3] {
        let server = nested();
        {
            let mut known = server.0.lock().unwrap();
            known.lost = vec![asset(1)];
            // The cascade takes its time.
            known.slow = slow;
        }
        let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
        let (ended, _) = hear_approved(&server, empty(), &approved);
        assert_eq!(status(&ended.state, 1), Some("retired"), "it is ours");
        let with = Status::Retired(Evidence::With(asset(1)));
        for number in [2, 3, 4, 31, 41] {
            assert_eq!(ended.state.assets[&asset(number)].status, with, "{number}");
        }
    }
}

/// What lies elsewhere by the word of the server is left to the next run at once; what lies where
/// the lists showed it, or nobody says where, is waited for.
#[test]
fn what_was_moved_out_of_a_folder_that_is_deleted_is_not_waited_for() {
    for is_lost in [true, false] {
        let server = nested();
        {
            let mut known = server.0.lock().unwrap();
            known.lost = is_lost.then_some(asset(1)).into_iter().collect();
            known.slow = 3;
            let places = [(41, 9), (2, 1), (31, 3)];
            let places = places.map(|(number, parent)| (asset(number), asset(parent)));
            known.parents = places.into();
            known.folders.insert(asset(4), Vec::new());
        }
        let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
        let (ended, heard) = hear_approved(&server, empty(), &approved);
        assert_eq!(ended.ending, Ending::Done);
        let with = Status::Retired(Evidence::With(asset(1)));
        for number in [2, 3, 4, 31] {
            assert_eq!(ended.state.assets[&asset(number)].status, with, "{number}");
        }
        assert_eq!(status(&ended.state, 41), Some("unknown"));
        assert!(server.is_alive(41));
        let reads = server.calls().into_iter().filter(|call| {
            matches!(call, Call::Read(crate::frameio::v4::Read::Show(_, id)) if *id == asset(41))
        });
        assert_eq!(reads.count(), 1);
        let told = |event: &RunEvent| {
            let words = format!("`{}` now: it is not waited for", asset(9));
            matches!(event, RunEvent::Warned { message, .. } if message.contains(&words))
        };
        assert!(heard.iter().any(told), "{heard:?}");
    }
}

/// It was moved within the folder, and goes along with it all the same.
#[test]
fn what_was_moved_to_another_place_in_a_folder_that_is_deleted_is_waited_for() {
    let server = nested();
    {
        let mut known = server.0.lock().unwrap();
        known.slow = 9;
        known.parents = [(asset(2), asset(4)), (asset(41), asset(3))].into();
    }
    let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
    let (ended, heard) = hear_approved(&server, empty(), &approved);
    assert_eq!(waits(&heard).len(), 2);
    let with = Status::Retired(Evidence::With(asset(1)));
    for number in [2, 41] {
        assert_eq!(ended.state.assets[&asset(number)].status, with, "{number}");
    }
}

#[test]
fn whoever_finds_the_run_dead_knows_of_all_that_may_have_gone_along() {
    for most in [None, Some(2)] {
        let server = nested();
        {
            let mut known = server.0.lock().unwrap();
            (known.most, known.slow) = (most, 2);
        }
        let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
        let (ended, heard) = hear_approved(&server, empty(), &approved);
        let (mut state, mut open) = (empty(), OpenBatches::default());
        let mut sent = BTreeSet::new();
        let mut is_gone = false;
        for event in &heard {
            state.apply(1, event);
            open.apply(event);
            if let RunEvent::Intent {
                task: Task::Delete,
                ids,
                ..
            } = event
            {
                sent.extend(ids.iter().copied());
            } else if let RunEvent::Answered { outcomes, .. } = event {
                let gone = |(id, outcome): &(AssetId, Outcome)| {
                    *id != asset(5) && matches!(outcome, Outcome::Retired(_))
                };
                is_gone |= outcomes.iter().any(gone);
            }
            let mut killed = state.clone();
            for (batch, outcomes) in open.clone().give_up() {
                let at = START;
                let event = RunEvent::Answered {
                    batch,
                    at,
                    outcomes,
                };
                killed.apply(1, &event);
            }
            // From the moment at which its delete may have done something to a folder, and to
            // what goes along, there is a record of each.
            if is_gone {
                for id in &sent {
                    assert!(killed.assets.contains_key(id), "`{id}` after {event:?}");
                }
            }
            if sent.contains(&asset(1)) && most.is_none() {
                assert_eq!(
                    killed.assets.len(),
                    6 + usize::from(sent.contains(&asset(5)))
                );
            }
        }
        assert!(open.is_empty());
        for (id, record) in &ended.state.assets {
            assert!(record.status.evidence().is_some(), "`{id}`: {record:?}");
        }
        assert_eq!(ended.state.assets.len(), 7);
    }
}

#[test]
fn a_folder_that_is_too_large_is_taken_apart_and_asked_for_again() {
    let server = nested();
    // The folder in it has one file, and a delete takes none with it: that one is taken apart too.
    server.0.lock().unwrap().most = Some(0);
    let listed = [(1, Some(Kind::Folder))];
    let approved = covering(&empty(), &listed, &NESTED, &CONTENTS);
    let (ended, heard) = hear_approved(&server, empty(), &approved);
    assert_eq!(ended.ending, Ending::Done);
    let order = deleted(&server);
    let place = |number| order.iter().rposition(|id| *id == asset(number)).unwrap();
    assert!(place(41) < place(4) && place(4) < place(1) && place(31) < place(1));
    let asked = |number| order.iter().filter(|id| **id == asset(number)).count();
    assert_eq!([1, 4, 2, 31, 41, 3, 5].map(asked), [2, 2, 1, 1, 1, 0, 0]);
    // Each that was asked for has a record of its own.
    for number in [1, 2, 4, 31, 41] {
        let status = &ended.state.assets[&asset(number)].status;
        assert_eq!(*status, Status::Retired(Evidence::Answer), "{number}");
    }
    assert_eq!(ended.state.assets.len(), 5);
    let warned = |event: &&RunEvent| matches!(event, RunEvent::Warned { .. });
    assert_eq!(heard.iter().filter(warned).count(), 2);
}

/// The folder itself may be refused again: what went with a part of it went all the same.
#[test]
fn what_went_with_a_part_of_a_folder_is_recorded_with_that_part() {
    for (lost, refused) in [(false, 1), (false, 2), (true, 1), (true, 2)] {
        let server = nested();
        {
            let mut known = server.0.lock().unwrap();
            known.invalid.insert(asset(1), refused);
            known.lost.extend(lost.then_some(asset(4)));
        }
        let approved = covering(&empty(), &all_listed(), &NESTED, &CONTENTS);
        let (ended, heard) = hear_approved(&server, empty(), &approved);
        let of = |number| &ended.state.assets[&asset(number)].status;
        let with = Status::Retired(Evidence::With(asset(4)));
        assert_eq!(*of(41), with, "{lost} {refused}");
        assert_eq!(of(4).name(), "retired");
        let whole = ["retired", "failed"][usize::from(refused == 2)];
        assert_eq!(of(1).name(), whole, "{lost} {refused}");
        // From the lost answer on there is a record of it for whoever finds the run dead.
        let mut open = OpenBatches::default();
        let mut is_doubted = false;
        for event in &heard {
            open.apply(event);
            let doubted = matches!(event, RunEvent::Doubted { ids, .. } if ids.contains(&asset(4)));
            if doubted {
                is_doubted = open.deletes().any(|(_, id)| id == asset(41));
            }
        }
        assert_eq!(is_doubted, lost);
        assert!(open.is_empty());
    }
}

#[test]
fn a_folder_in_a_folder_that_is_refused_has_a_record_whatever_becomes_of_the_rest() {
    let server = nested();
    {
        let mut known = server.0.lock().unwrap();
        known.most = Some(0);
        known.refuse = vec![asset(2)];
    }
    let approved = covering(&empty(), &[(1, Some(Kind::Folder))], &NESTED, &CONTENTS);
    let ended = run_approved(&server, empty(), &approved);
    for (number, expected) in [(1, "failed"), (4, "failed"), (2, "failed"), (41, "retired")] {
        assert_eq!(status(&ended.state, number), Some(expected), "{number}");
    }
}

#[test]
fn a_folder_stays_where_a_part_of_it_is_refused_or_not_answered() {
    for (is_refused, expected) in [(true, "failed"), (false, "unknown")] {
        let server = nested();
        {
            let mut known = server.0.lock().unwrap();
            known.most = Some(0);
            if is_refused {
                known.refuse = vec![asset(31)];
            } else {
                known.lost = vec![asset(31)];
                known.silent = vec![asset(31)];
            }
        }
        let approved = covering(&empty(), &[(1, Some(Kind::Folder))], &NESTED, &CONTENTS);
        let ended = run_approved(&server, empty(), &approved);
        assert_eq!(status(&ended.state, 1), Some(expected));
        assert_eq!(status(&ended.state, 31), Some(expected));
        assert_eq!(status(&ended.state, 2), Some("retired"));
        assert!(server.is_alive(1), "it is not asked for again");
    }
}

#[test]
fn a_folder_that_is_refused_without_anything_in_it_has_failed() {
    let server = V4::with([(1, Kind::Folder), (2, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.most = Some(0);
        known.folders.insert(asset(1), vec![asset(2)]);
    }
    // Nobody has listed what is in it, so nothing of it is asked for.
    let approved = listing_in(&empty(), &[(1, Some(Kind::Folder))], &[], &[]);
    let ended = run_approved(&server, empty(), &approved);
    assert_eq!(status(&ended.state, 1), Some("failed"));
    assert_eq!(deleted(&server), [asset(1)]);
}

/// With its last file a version stack goes, whatever becomes of the folder around it.
#[test]
fn a_stack_that_went_as_parts_of_a_folder_that_stays_has_a_record() {
    for (lost, refused) in [(false, false), (true, false), (false, true)] {
        let server = nested();
        {
            let mut known = server.0.lock().unwrap();
            known.invalid.insert(asset(1), 2);
            known.stacks.insert(asset(3), vec![asset(31)]);
            known.lost.extend(lost.then_some(asset(31)));
            known.refuse.extend(refused.then_some(asset(31)));
        }
        let approved = covering(
            &empty(),
            &[(1, Some(Kind::Folder)), (3, None)],
            &NESTED,
            &CONTENTS,
        );
        let (ended, heard) = hear_approved(&server, empty(), &approved);
        assert_eq!(status(&ended.state, 1), Some("failed"));
        let expected = if refused { None } else { Some("retired") };
        assert_eq!(status(&ended.state, 3), expected, "{lost} {refused}");
        if refused {
            continue;
        }
        // From the moment at which its last file may be gone there is a record of it.
        let (mut state, mut open) = (empty(), OpenBatches::default());
        let mut is_sent = false;
        for event in &heard {
            state.apply(1, event);
            open.apply(event);
            is_sent |= matches!(event, RunEvent::Intent { task: Task::Delete, ids, .. } if ids.contains(&asset(31)));
            let is_open = || open.deletes().any(|(_, id)| id == asset(3));
            assert!(
                !is_sent || state.assets.contains_key(&asset(3)) || is_open(),
                "{event:?}"
            );
        }
        assert!(is_sent);
        assert_eq!(state.files.get(&asset(3)), None, "{lost}");
    }
}
