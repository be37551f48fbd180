//! V4: one call an asset, kinds by reading, version stacks file by file.

use super::*;
use crate::apply::tests::listing::{empty, hear_approved, listing, listing_in, run_on};
use crate::apply::tests::served::V4;
use crate::asset::Kind;
use crate::frameio::v4;
use crate::outcome::{Evidence, FailureKind};
use crate::state::{Failed, Record};

#[test]
fn each_kind_has_its_call_and_an_open_kind_is_read_first() {
    let server = V4::with([
        (1, Kind::File),
        (2, Kind::Folder),
        (3, Kind::Folder),
        (4, Kind::File),
    ]);
    let listed = [
        (1, Some(Kind::File)),
        (2, Some(Kind::Folder)),
        (3, None),
        (4, None),
        (5, None),
    ];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 4);
    assert_eq!(status(&ended.state, 5), Some("missing"));
    let calls = server.calls();
    assert!(calls.contains(&v4::Call::DeleteFolder(asset(3))));
    assert!(
        !calls.contains(&v4::Call::DeleteFile(asset(3))),
        "it was read first"
    );
    let shown = calls
        .iter()
        .filter(|call| matches!(call, v4::Call::Read(v4::Read::Show(_, id)) if *id == asset(5)));
    assert_eq!(shown.count(), 3, "none of the kinds");
}

#[test]
fn a_wrong_kind_in_the_manifest_deletes_nothing_and_is_not_gone() {
    let server = V4::with([(1, Kind::Folder), (2, Kind::File), (3, Kind::File)]);
    let listed = [
        (1, Some(Kind::File)),
        (2, Some(Kind::Folder)),
        (3, Some(Kind::VersionStack)),
        (4, Some(Kind::File)),
    ];
    let ended = run_on(&server, empty(), &listed, &[]);
    for number in 1..=3 {
        assert_eq!(status(&ended.state, number), Some("failed"));
        assert!(server.is_alive(number));
    }
    assert_eq!(status(&ended.state, 4), Some("missing"));
}

#[test]
fn a_refusal_speaks_of_its_asset_alone_unless_all_are_refused() {
    let server = V4::with((1..=30).map(|number| (number, Kind::File)));
    server.0.lock().unwrap().refuse = vec![asset(2), asset(9)];
    let listed: Vec<_> = (1..=30).map(|number| (number, Some(Kind::File))).collect();
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(ended.state.counts().retired, 28);
    assert_eq!(ended.state.counts().failed, 2);

    let server = V4::with((1..=30).map(|number| (number, Kind::File)));
    server.0.lock().unwrap().refuse = (1..=30).map(asset).collect();
    let ended = run_on(&server, empty(), &listed, &[]);
    assert!(
        matches!(
            ended.ending,
            Ending::Stopped(StopReason::NotAuthorised { .. })
        ),
        "{:?}",
        ended.ending
    );
    assert!(server.calls().len() <= 12);
}

#[test]
fn a_stack_goes_file_by_file_and_a_lost_answer_is_looked_for() {
    let server = V4::with([
        (1, Kind::VersionStack),
        (11, Kind::File),
        (12, Kind::File),
        (13, Kind::File),
        (2, Kind::VersionStack),
        (21, Kind::File),
    ]);
    {
        let mut known = server.0.lock().unwrap();
        known
            .stacks
            .insert(asset(1), [11, 12, 13].map(asset).to_vec());
        known.stacks.insert(asset(2), vec![asset(21)]);
        known.lost = vec![asset(12)];
    }
    let listed = [(1, Some(Kind::VersionStack)), (2, None)];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    for number in [11, 12, 13, 21] {
        assert!(!server.is_alive(number), "{number}");
    }
    assert_eq!(status(&ended.state, 1), Some("retired"));
    assert_eq!(status(&ended.state, 2), Some("retired"));
}

#[test]
fn a_stack_with_a_held_file_is_left_alone() {
    let server = V4::with([
        (1, Kind::VersionStack),
        (11, Kind::File),
        (12, Kind::File),
        (3, Kind::File),
    ]);
    server
        .0
        .lock()
        .unwrap()
        .stacks
        .insert(asset(1), [11, 12].map(asset).to_vec());
    let listed = [(1, None), (3, Some(Kind::File))];
    let ended = run_on(&server, empty(), &listed, &[12]);
    assert!(server.is_alive(11) && server.is_alive(12));
    assert_eq!(status(&ended.state, 1), Some("failed"));
    assert_eq!(status(&ended.state, 3), Some("retired"));
}

#[test]
fn a_stack_whose_pages_do_not_end_is_left_alone() {
    let server = V4::with([(1, Kind::VersionStack), (2, Kind::File), (3, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), vec![asset(2)]);
        known.endless.push(asset(1));
    }
    let listed = [(1, Some(Kind::VersionStack)), (3, Some(Kind::File))];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    let record = &ended.state.assets[&asset(1)];
    let Status::Failed(failed) = &record.status else {
        panic!("{record:?}");
    };
    assert!(failed.message.ends_with("twice"), "{failed:?}");
    assert!(server.is_alive(2) && !server.is_alive(3));
}

#[test]
fn an_unknown_is_read_before_it_is_deleted_again() {
    let server = V4::with([(1, Kind::File), (3, Kind::File)]);
    let known = unanswered(empty(), [1, 2]);
    let listed = [(1, Some(Kind::File)), (2, None), (3, Some(Kind::File))];
    let ended = run_on(&server, known, &listed, &[]);
    assert_eq!(ended.state.counts().retired, 2);
    assert_eq!(status(&ended.state, 2), Some("unknown"), "nothing shows it");
    let calls = server.calls();
    let shown = calls
        .iter()
        .position(|call| *call == v4::Call::Read(v4::Read::Show(Kind::File, asset(1))));
    let deleted = calls
        .iter()
        .position(|call| *call == v4::Call::DeleteFile(asset(1)));
    assert!(shown.unwrap() < deleted.unwrap());
    assert!(
        !calls.contains(&v4::Call::DeleteFile(asset(2))),
        "it is not there"
    );
}

#[test]
fn a_stack_whose_file_a_delete_does_not_find_and_that_lives_failed() {
    let server = V4::with([(1, Kind::VersionStack), (11, Kind::File), (12, Kind::File)]);
    {
        let mut known = server.0.lock().unwrap();
        known.stacks.insert(asset(1), [11, 12].map(asset).to_vec());
        known.stubborn = vec![asset(12)];
    }
    let listed = [(1, Some(Kind::VersionStack))];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert!(server.is_alive(12));
    let Status::Failed(failed) = &ended.state.assets[&asset(1)].status else {
        panic!("{:?}", ended.state.assets);
    };
    assert!(failed.message.contains("refuses the delete"), "{failed:?}");
    assert!(failed.message.contains(&format!("`{}`", asset(11))));
    // It is deleted, and has a record of its own: nothing else would tell of it.
    let file = &ended.state.assets[&asset(11)].status;
    assert_eq!(*file, Status::Retired(Evidence::Answer));
    // Once it goes, the stack is looked at again, and its list is empty.
    server.0.lock().unwrap().stubborn.clear();
    let ended = run_on(&server, ended.state, &listed, &[]);
    assert_eq!(status(&ended.state, 1), Some("retired"));
    assert_eq!(status(&ended.state, 11), Some("retired"), "it is kept");
    let closing = server.calls().pop().unwrap();
    assert!(matches!(closing, v4::Call::Read(v4::Read::Children(_, of, _)) if of == asset(1)));
}

#[test]
fn a_stack_that_may_not_be_listed_failed_and_the_rest_goes_on() {
    let server = V4::with([(1, Kind::VersionStack), (2, Kind::Folder)]);
    server.0.lock().unwrap().closed = vec![asset(1)];
    let listed = [(1, Some(Kind::VersionStack)), (2, Some(Kind::Folder))];
    let ended = run_on(&server, empty(), &listed, &[]);
    assert_eq!(ended.ending, Ending::Done);
    assert_eq!(status(&ended.state, 1), Some("failed"));
    assert_eq!(status(&ended.state, 2), Some("retired"));
}

#[test]
fn a_version_that_is_refused_has_a_record_before_its_stack_is_done_with() {
    let server = V4::with([
        (1, Kind::VersionStack),
        (11, Kind::File),
        (12, Kind::File),
        (13, Kind::File),
    ]);
    {
        let mut known = server.0.lock().unwrap();
        known
            .stacks
            .insert(asset(1), [11, 12, 13].map(asset).to_vec());
        known.refuse = vec![asset(12)];
    }
    let approved = listing(&empty(), &[(1, Some(Kind::VersionStack))], &[]);
    let (ended, heard) = hear_approved(&server, empty(), &approved);
    assert_eq!(status(&ended.state, 1), Some("failed"));
    let mut asked = None;
    for event in &heard {
        if let RunEvent::Intent { batch, ids, .. } = event
            && **ids == [asset(12)]
        {
            asked = Some(*batch);
        } else if let RunEvent::Answered {
            batch, outcomes, ..
        } = event
            && Some(*batch) == asked
        {
            assert!(matches!(&**outcomes, [(id, Outcome::Failed(_)), ..] if *id == asset(12)));
            return;
        }
    }
    panic!("it was not answered: {heard:?}");
}

#[test]
fn a_stack_that_is_not_there_any_more_is_what_became_of_its_files() {
    // The last file was deleted by others, lives elsewhere, or nothing is known of it.
    for (last, expected) in [
        ("deleted", "retired"),
        ("elsewhere", "missing"),
        ("nowhere", "missing"),
        ("sent", "unknown"),
    ] {
        let server = V4::with([(2, Kind::File)]);
        let mut known = empty();
        let record = |status| Record {
            status,
            run: 1,
            at: START,
        };
        known.assets.insert(asset(1), record(Status::Missing));
        let retired = Status::Retired(Evidence::Answer);
        known.assets.insert(asset(11), record(retired));
        known
            .files
            .insert(asset(1), [11, 12].map(asset).into_iter().collect());
        {
            let mut world = server.0.lock().unwrap();
            match last {
                "deleted" => drop(world.lines.insert(asset(12), START)),
                "elsewhere" => drop(world.alive.insert(asset(12), Kind::File)),
                "sent" => known = unanswered(known, [12]),
                _ => {}
            }
        }
        let ended = run_on(&server, known, &[(1, Some(Kind::VersionStack))], &[]);
        assert_eq!(status(&ended.state, 1), Some(expected), "{last}");
        assert_eq!(server.is_alive(12), last == "elsewhere");
    }
}

/// What people took out of a stack before the run, and what was never sent, is not of it any more.
#[test]
fn a_stack_is_deleted_with_what_is_in_it_now_and_what_was_sent_of_it_before() {
    for (sent, expected) in [(false, "retired"), (true, "failed")] {
        let server = V4::with([(1, Kind::VersionStack), (12, Kind::File), (13, Kind::File)]);
        server
            .0
            .lock()
            .unwrap()
            .stacks
            .insert(asset(1), vec![asset(12)]);
        let mut known = empty();
        let failed = Status::Failed(Box::new(Failed {
            kind: FailureKind::Conflict,
            message: "No.".into(),
            attempts: 1,
        }));
        let retired = Status::Retired(Evidence::Answer);
        let mut records = vec![(1, failed.clone()), (11, retired)];
        records.extend(sent.then_some((13, failed)));
        for (number, status) in records {
            let record = Record {
                status,
                run: 0,
                at: START,
            };
            known.assets.insert(asset(number), record);
        }
        known
            .files
            .insert(asset(1), [11, 12, 13].map(asset).into_iter().collect());
        let listed = [(1, Some(Kind::VersionStack))];
        let approved = listing_in(&known, &listed, &[], &[(1, &[12])]);
        let (ended, _) = hear_approved(&server, known, &approved);
        assert_eq!(status(&ended.state, 1), Some(expected), "{sent}");
        assert_eq!(
            [12, 13].map(|number| server.is_alive(number)),
            [false, true]
        );
    }
}
