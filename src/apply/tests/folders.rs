//! V4: what goes along with a folder, and where a version stack ends.

use super::*;
use crate::apply::tests::listing::{empty, hear_approved, listing_in, run_approved};
use crate::apply::tests::served::V4;
use crate::asset::Kind;
use crate::event::{OpenBatches, Task};
use crate::outcome::{Evidence, FailureKind};

#[test]
fn what_the_last_list_showed_in_a_folder_is_deleted_with_it() {
    let file = Some(Kind::File);
    let server = V4::with([
        (1, Kind::Folder),
        (2, Kind::File),
        (3, Kind::File),
        (4, Kind::File),
        (9, Kind::Folder),
    ]);
    {
        let mut known = server.0.lock().unwrap();
        known.refuse = vec![asset(3)];
        // Whenever it is asked for, its answer is lost, and every reading of it as well.
        known.lost = vec![asset(4)];
        known.silent = vec![asset(4)];
    }
    // 5 is not listed, and its record would be dropped; 6 was refused by an earlier run.
    let mut state = unanswered(empty(), [7]);
    let listed = [
        (1, Some(Kind::Folder)),
        (2, file),
        (3, file),
        (4, file),
        (9, Some(Kind::Folder)),
    ];
    let missing = crate::state::absorb(None, &Outcome::Missing, 0, START);
    state.assets.insert(asset(5), missing);
    let contents: [(u128, &[u128]); 1] = [(1, &[2, 3, 4, 5, 7, 8])];
    let approved = listing_in(&state, &listed, &[], &contents);
    let ended = run_approved(&server, state, &approved);
    assert_eq!(ended.ending, Ending::Done);
    let status = |number| {
        let record = ended.state.assets.get(&asset(number));
        record.map(|record| record.status.clone())
    };
    let with = Some(Status::Retired(Evidence::With(asset(1))));
    let answer = Some(Status::Retired(Evidence::Answer));
    assert_eq!(status(1), answer, "its own");
    assert_eq!(
        status(2),
        answer,
        "it went first, and has an answer of its own"
    );
    let refused = status(3).unwrap();
    assert_eq!(refused.name(), "failed", "it may have stayed");
    for number in [5, 7] {
        assert_eq!(status(number), with, "{number}");
    }
    let unread = status(4).unwrap();
    assert_eq!(
        unread.name(),
        "unknown",
        "nobody can tell whether it is there"
    );
    assert_eq!(status(8), None, "nobody lists it");
    assert_eq!(status(9), answer);
}

#[test]
fn a_folder_whose_delete_is_refused_says_nothing_of_what_is_in_it_and_one_that_is_shown_deleted_does()
 {
    let server = V4::with([(1, Kind::Folder), (2, Kind::Folder)]);
    {
        let mut known = server.0.lock().unwrap();
        known.refuse = vec![asset(1)];
        known.lost = vec![asset(2)];
    }
    let state = unanswered(empty(), [3, 4]);
    let listed = [(1, Some(Kind::Folder)), (2, Some(Kind::Folder))];
    let contents: [(u128, &[u128]); 2] = [(1, &[3]), (2, &[4])];
    let approved = listing_in(&state, &listed, &[], &contents);
    let ended = run_approved(&server, state, &approved);
    assert_eq!(status(&ended.state, 3), Some("unknown"));
    // It was not answered, and is shown to be ours.
    assert_eq!(status(&ended.state, 4), Some("retired"));
}

#[test]
fn a_file_that_the_server_calls_deleted_and_shows_all_the_same_keeps_its_record_and_the_stack() {
    let files = [11, 12, 13];
    let server = V4::with(
        [(1, Kind::VersionStack)]
            .into_iter()
            .chain(files.map(|number| (number, Kind::File))),
    );
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), files.map(asset).to_vec());
        // Each is on a page of its own.
        known.feigned = [11, 13].map(asset).to_vec();
    }
    let state = empty();
    let approved = listing_in(&state, &[(1, Some(Kind::VersionStack))], &[], &[]);
    let ended = run_approved(&server, state, &approved);
    assert_eq!(ended.ending, Ending::Done);
    let told = [1, 11, 12, 13].map(|number| status(&ended.state, number).unwrap());
    assert_eq!(told, ["failed", "retired", "retired", "retired"]);
    let Status::Failed(failed) = &ended.state.assets[&asset(1)].status else {
        panic!("{:?}", ended.state.assets);
    };
    assert!(
        failed.message.contains("shows it all the same"),
        "{failed:?}"
    );
    assert!(
        failed.message.contains(&asset(12).to_string()),
        "{failed:?}"
    );
}

#[test]
fn a_stack_whose_list_is_refused_at_the_end_is_left_alone() {
    let server = V4::with([(1, Kind::VersionStack), (11, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), vec![asset(11)]);
        known.turns = vec![asset(1)];
    }
    let state = empty();
    let approved = listing_in(&state, &[(1, Some(Kind::VersionStack))], &[], &[]);
    let ended = run_approved(&server, state, &approved);
    assert_eq!(ended.ending, Ending::Done);
    let Status::Failed(failed) = &ended.state.assets[&asset(1)].status else {
        panic!("{:?}", ended.state.assets);
    };
    assert!(failed.message.contains("does not list it"), "{failed:?}");
}

#[test]
fn what_a_delete_does_not_find_and_nobody_can_read_is_not_known() {
    let server = V4::with([(1, Kind::File), (2, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stubborn = vec![asset(1)];
        known.silent = vec![asset(1)];
    }
    let state = empty();
    let listed = [1, 2].map(|number| (number, Some(Kind::File)));
    let approved = listing_in(&state, &listed, &[], &[]);
    let ended = run_approved(&server, state, &approved);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(status(&ended.state, 1), Some("unknown"));
    assert_eq!(status(&ended.state, 2), Some("retired"));
}

/// A state to which a version stack is unknown that held some files.
fn emptied(files: &[u128]) -> State {
    let mut state = unanswered(empty(), [1]);
    state.apply(0, &RunEvent::Started(bench::info(&empty())));
    state.apply(
        1,
        &RunEvent::Opened {
            stack: asset(1),
            files: files.iter().map(|number| asset(*number)).collect(),
        },
    );
    for record in state.assets.values_mut() {
        record.run = 1;
    }
    state
}

fn apply_emptied(server: &V4, state: State) -> State {
    let approved = listing_in(&state, &[(1, Some(Kind::VersionStack))], &[], &[]);
    let ended = run_approved(server, state, &approved);
    assert_eq!(ended.ending, Ending::Done);
    ended.state
}

#[test]
fn an_empty_stack_is_deleted_only_where_each_of_its_files_is_shown_to_be() {
    for (held, shown, expected) in [
        (&[11, 12][..], &[11, 12][..], "retired"),
        (&[11, 12], &[11], "unknown"),
        (&[11, 12], &[12], "unknown"),
        (&[], &[11], "unknown"),
    ] {
        for is_there in [true, false] {
            let alive = is_there.then_some((1, Kind::VersionStack));
            let server = V4::with(alive);
            {
                let mut known = server.0.lock().unwrap();
                if is_there {
                    known.stacks.insert(asset(1), Vec::new());
                }
                let lines = shown.iter();
                let lines = lines.map(|number| (asset(*number), START));
                known.lines.extend(lines);
            }
            let mut state = emptied(held);
            // The delete of one was not answered; the other was never sent.
            let sent = state.assets[&asset(1)].clone();
            state.assets.insert(asset(12), sent);
            let after = apply_emptied(&server, state);
            let status = &after.assets[&asset(1)].status;
            assert_eq!(status.name(), expected, "{held:?}, {shown:?}, {is_there}");
            let evidence = (expected == "retired").then_some(Evidence::Listed);
            assert_eq!(status.evidence(), evidence);
        }
    }
}

#[test]
fn a_stack_whose_file_lives_elsewhere_stays_unknown() {
    let server = V4::with([(1, Kind::VersionStack), (12, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), Vec::new());
        known.lines.insert(asset(11), START);
    }
    let after = apply_emptied(&server, emptied(&[11, 12]));
    assert_eq!(status(&after, 1), Some("unknown"));
    assert_eq!(status(&after, 12), None, "nothing was sent for it");
    assert!(server.is_alive(12));
}

#[test]
fn a_stack_that_others_emptied_after_a_refusal_is_deleted_with_the_evidence_of_all() {
    let server = V4::with([(1, Kind::VersionStack), (11, Kind::File), (12, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), [11, 12].map(asset).to_vec());
        known.refuse = vec![asset(12)];
    }
    let listed = [(1, Some(Kind::VersionStack))];
    let approved = listing_in(&empty(), &listed, &[], &[]);
    let ended = run_approved(&server, empty(), &approved);
    assert_eq!(status(&ended.state, 1), Some("failed"));
    assert_eq!(status(&ended.state, 11), Some("retired"));
    for (line, expected) in [(None, "failed"), (Some(START), "retired")] {
        let emptied = V4::with([(1, Kind::VersionStack)]);
        {
            let mut known = emptied.0.lock().unwrap();
            known.stacks.insert(asset(1), Vec::new());
            known.lines.extend(line.map(|at| (asset(12), at)));
        }
        let after = apply_emptied(&emptied, ended.state.clone());
        assert_eq!(status(&after, 1), Some(expected));
        assert_eq!(status(&after, 11), Some("retired"), "it is kept");
        assert_eq!(after.files.is_empty(), line.is_some());
    }
}

#[test]
fn nothing_that_was_sent_is_ever_without_a_record() {
    let server = V4::with([
        (1, Kind::VersionStack),
        (2, Kind::File),
        (3, Kind::VersionStack),
        (11, Kind::File),
        (31, Kind::File),
        (32, Kind::File),
        (33, Kind::File),
    ]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), vec![asset(11)]);
        known
            .stacks
            .insert(asset(3), [31, 32, 33].map(asset).to_vec());
        // A delete does not find them, and a reading does.
        known.stubborn = vec![asset(2), asset(11)];
        known.lost = vec![asset(32)];
    }
    let stack = Some(Kind::VersionStack);
    let listed = [(1, stack), (2, Some(Kind::File)), (3, stack)];
    let approved = listing_in(&empty(), &listed, &[], &[]);
    let (_, heard) = hear_approved(&server, empty(), &approved);
    // As if the process were killed after each of the events.
    let (mut state, mut open) = (empty(), OpenBatches::default());
    let mut sent = std::collections::BTreeSet::new();
    let (mut refused, mut retired) = (std::collections::BTreeSet::new(), Vec::new());
    for event in &heard {
        state.apply(1, event);
        open.apply(event);
        if let RunEvent::Intent {
            task: Task::Delete,
            ids,
            stack,
            ..
        } = event
        {
            sent.extend(ids.iter().chain(stack).copied());
        } else if let RunEvent::FileDone {
            file,
            retired: shown,
            ..
        } = event
        {
            if shown.is_some() {
                retired.push(*file);
            } else {
                refused.insert(*file);
            }
        }
        let mut killed = state.clone();
        for (batch, outcomes) in open.clone().give_up() {
            let at = START;
            killed.apply(
                1,
                &RunEvent::Answered {
                    batch,
                    at,
                    outcomes,
                },
            );
        }
        for id in sent.iter().filter(|id| !refused.contains(id)) {
            assert!(killed.assets.contains_key(id), "`{id}` after {event:?}");
        }
        for id in &retired {
            let status = &killed.assets[id].status;
            assert!(matches!(status, Status::Retired(_)), "`{id}` is {status:?}");
        }
    }
    assert_eq!(sent.len(), 7, "{sent:?}");
    assert_eq!(retired.len(), 3);
    for number in [1, 2, 11] {
        assert_eq!(status(&state, number), Some("failed"), "{number}");
    }
    for number in [3, 31, 32, 33] {
        assert_eq!(status(&state, number), Some("retired"), "{number}");
    }
    assert_eq!(state.assets.len(), 7, "each file has a record of its own");
    assert!(open.is_empty());
}

#[test]
fn what_others_deleted_in_a_folder_is_gone_by_its_own_evidence() {
    let server = V4::with([(1, Kind::Folder)]);
    let earlier = "2025-12-31T00:00:00Z".parse().unwrap();
    // The list of the folder showed both, and somebody has deleted them since.
    server.0.lock().unwrap().lines.insert(asset(2), earlier);
    let file = Some(Kind::File);
    let listed = [(1, Some(Kind::Folder)), (2, file), (3, file)];
    let contents: [(u128, &[u128]); 1] = [(1, &[2, 3])];
    let approved = listing_in(&empty(), &listed, &[], &contents);
    let ended = run_approved(&server, empty(), &approved);
    let status = |number| ended.state.assets[&asset(number)].status.clone();
    assert_eq!(status(1), Status::Retired(Evidence::Answer));
    assert_eq!(status(2), Status::Gone(Evidence::Listed));
    // Of the other nothing is shown but that its folder is deleted.
    assert_eq!(status(3), Status::Retired(Evidence::With(asset(1))));
}

#[test]
fn a_record_without_evidence_shows_nothing_of_an_empty_stack() {
    for (evidence, expected) in [(Evidence::Answer, "retired"), (Evidence::Earlier, "failed")] {
        let server = V4::with([(1, Kind::VersionStack)]);
        server.0.lock().unwrap().stacks.insert(asset(1), Vec::new());
        let mut state = empty();
        let file = crate::state::absorb(None, &Outcome::Retired(evidence), 0, START);
        state.assets.insert(asset(11), file);
        let contents: [(u128, &[u128]); 1] = [(1, &[11])];
        let listed = [(1, Some(Kind::VersionStack))];
        let approved = listing_in(&state, &listed, &[], &contents);
        let ended = run_approved(&server, state, &approved);
        assert_eq!(
            ended.state.assets[&asset(1)].status.name(),
            expected,
            "{evidence:?}"
        );
    }
}

#[test]
fn what_is_of_no_kind_in_the_words_of_the_server_failed_unless_a_delete_of_it_was_lost() {
    let server = V4::with([]);
    server.0.lock().unwrap().odd = vec![asset(1), asset(2)];
    let state = unanswered(empty(), [2]);
    let approved = listing_in(&state, &[(1, None), (2, None)], &[], &[]);
    let ended = run_approved(&server, state, &approved);
    let Status::Failed(failed) = &ended.state.assets[&asset(1)].status else {
        panic!("{:?}", ended.state.assets);
    };
    assert_eq!(failed.kind, FailureKind::Invalid);
    assert_eq!(&*failed.message, "It is none.");
    assert_eq!(status(&ended.state, 2), Some("unknown"));
}
