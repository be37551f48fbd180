//! Folders that come back, and not with all that was in them.

use super::*;
use crate::apply::staged::whole::is_open;

/// The folder of which nothing that was in it is there is not back, though it is there itself, and the
/// same is looked for again.
#[test]
fn a_folder_that_is_there_without_all_that_was_in_it_is_not_back() {
    let part = |bytes, missing| Part::Seen {
        bytes,
        before: Some(10),
        missing,
    };
    // What has no record counts by its bytes alone.
    for (with, missing) in [(true, 2), (false, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(&folder.path().join("state.json"));
        let mut world = world(Vec::new(), 40, None);
        let wanted = || {
            let mut wanted = wanted(&[10], true);
            if !with {
                wanted[0].with = [].into();
            }
            wanted
        };
        let done = run_once(&store, &mut world, wanted(), u32::MAX);
        assert_eq!((done.back, done.unseen.len()), (0, missing));
        assert_eq!(done.partial, [(id(10), part(0, missing))].into());
        let status = || {
            store.load().unwrap().unwrap().state.assets[&id(10)]
                .status
                .clone()
        };
        assert!(!status().restored().unwrap().0);
        // Nothing more has come.
        world.slow = 1000;
        let mut again = wanted();
        again[0].is_back = true;
        let done = run_once(&store, &mut world, again.clone(), u32::MAX);
        assert_eq!(done.partial, [(id(10), part(0, missing))].into());
        assert_eq!((done.back, done.failed.len()), (0, missing));
        world.slow = 0;
        let done = run_once(&store, &mut world, again, u32::MAX);
        assert_eq!((done.back, done.partial.len()), (3, 0), "{with}");
        assert!(status().restored().unwrap().0);
        assert_eq!(world.asked, [10]);
    }
}

/// Nobody knows how much was in it: then its being there is all that is said, and that it is so.
#[test]
fn of_a_folder_of_unknown_size_it_is_said_that_nobody_can_tell() {
    let (_folder, store) = empty();
    let mut world = world(Vec::new(), 0, None);
    let mut wanted = wanted(&[9], true);
    wanted[0].bytes = None;
    let done = run_once(&store, &mut world, wanted, u32::MAX);
    assert_eq!((done.back, done.said.len()), (1, 1));
    assert!(done.said[0].contains("nobody can tell"), "{:?}", done.said);
}

/// What is recorded as deleted and seen in a folder that came back is settled, and not asked for.
#[test]
fn what_came_back_with_a_folder_is_found_by_listing_it() {
    let (_folder, store) = empty();
    let mut world = world(Vec::new(), 0, None);
    let mut wanted = wanted(&[10, 11], true);
    wanted[0].with = [id(12)].into();
    let done = run_once(&store, &mut world, wanted, u32::MAX);
    assert_eq!((done.back, done.failed.len()), (3, 0));
    assert_eq!(world.asked, [10]);
}

#[test]
fn what_went_with_a_folder_that_is_not_back_is_not_back_either() {
    let (_folder, store) = empty();
    let mut world = world(vec![Way::Refuse], 0, None);
    let done = run_once(&store, &mut world, wanted(&[10], true), u32::MAX);
    let failed: Vec<AssetId> = done.failed.keys().copied().collect();
    assert_eq!(failed, [10, 11, 12].map(id));
    assert_eq!(done.failed[&id(10)], "No.");
}

/// A state in which folder 9 went with folder 10 in it, that with 11, 12 and a file of which nothing is
/// recorded, and file 3 directly in folder 9.
fn nested() -> State {
    let mut state = deleted();
    let with = Status::Retired(Evidence::With(id(9)));
    for number in [3, 10, 11, 12] {
        state.assets.get_mut(&id(number)).unwrap().status = with.clone();
    }
    let known = |parent, bytes| Known {
        parent: Some(id(parent)),
        location: Some(Arc::new(Location {
            project: None,
            folder: parent.to_string().into(),
        })),
        bytes: Some(bytes),
        ..Known::default()
    };
    for (number, parent, bytes) in [
        (9, 50, 22),
        (3, 9, 5),
        (10, 9, 17),
        (11, 10, 5),
        (12, 10, 5),
    ] {
        state.catalogue.insert(id(number), known(parent, bytes));
    }
    state
}

/// Restores folder 9, which somebody has restored already, until nothing more comes of it; says of
/// what it then says that it is not back.
fn restore_nested(world: &mut World, calls: usize) -> (Restored, Vec<u8>) {
    let (_folder, store) = empty();
    let (mut session, _) = store.open("test").unwrap();
    session.replace(&nested()).unwrap();
    drop(session);
    let mut last = None;
    for _ in 0..calls {
        let state = store.load().unwrap().unwrap().state;
        let is_open = |number: &u8| is_open(&state.assets[&id(*number)].status);
        let with: Vec<AssetId> = [3, 10, 11, 12]
            .into_iter()
            .filter(is_open)
            .map(id)
            .collect();
        let wanted = Wanted {
            with: with.into(),
            bytes: Some(22),
            is_back: true,
            ..wanted(&[9], true).remove(0)
        };
        last = Some(run_once(&store, world, vec![wanted], u32::MAX));
    }
    let state = store.load().unwrap().unwrap().state;
    let open = [3, 9, 10, 11, 12];
    let open = open.into_iter().filter(|number| {
        let status = &state.assets[&id(*number)].status;
        !matches!(status.restored(), Some((true, _)))
    });
    (last.unwrap(), open.collect())
}

/// What is moved into what; what is deleted; what is not back then.
type Case = (&'static [(u8, u8)], &'static [u8], &'static [u8]);

/// What people have taken out of a folder that is back is looked for where it is, with all that is in
/// it: nothing is called back of which something is still deleted.
#[test]
fn what_was_moved_out_of_what_is_back_is_found_and_judged_by_itself() {
    let all = [9, 3, 10, 11, 12];
    let cases: [Case; 9] = [
        (&[], &[], &[]),
        (&[(3, 50)], &[], &[]),
        (&[(10, 50)], &[], &[]),
        (&[(10, 50), (12, 50)], &[], &[]),
        (&[(10, 50), (12, 40), (3, 40)], &[], &[]),
        (&[(12, 9)], &[], &[]),
        (&[(12, 50)], &[], &[]),
        // A file of which nothing is recorded is deleted in it.
        (&[(10, 50)], &[60], &[9, 10]),
        (&[(10, 50)], &[12], &[9, 10, 12]),
    ];
    for (moved, dead, open) in cases {
        for calls in 1..3 {
            let mut world = world(Vec::new(), 0, None);
            world.alive.extend(all);
            world.alive.retain(|number| !dead.contains(number));
            world.moved.insert(10, 9);
            world.moved.extend(moved.iter().copied());
            world.moved.insert(40, 50);
            world.others = [(40, (50, 0)), (41, (10, 7))].into();
            if dead.contains(&60) {
                world.others.remove(&41);
            }
            let (done, left) = restore_nested(&mut world, calls);
            assert_eq!(left, open, "{moved:?} {dead:?} {calls}: {done:?}");
        }
    }
}

/// Where only some were found by the first call, the second goes on from there.
#[test]
fn what_one_call_has_found_elsewhere_counts_for_the_next() {
    let mut world = world(Vec::new(), 0, None);
    world.alive.extend([9, 3, 10, 11]);
    world.moved = [(10, 9), (3, 50)].into();
    world.others = [(41, (10, 7))].into();
    let (_, left) = restore_nested(&mut world.clone(), 1);
    assert_eq!(left, [9, 10, 12]);
    // Now it is there again, and elsewhere.
    let (_folder, store) = empty();
    let (mut session, _) = store.open("test").unwrap();
    session.replace(&nested()).unwrap();
    drop(session);
    let wanted = |with: &[u8]| Wanted {
        with: with.iter().map(|number| id(*number)).collect(),
        bytes: Some(22),
        is_back: true,
        ..wanted(&[9], true).remove(0)
    };
    run_once(&store, &mut world, vec![wanted(&[3, 10, 11, 12])], u32::MAX);
    world.alive.insert(12);
    world.moved.insert(12, 50);
    let done = run_once(&store, &mut world, vec![wanted(&[10, 12])], u32::MAX);
    assert_eq!((done.back, done.partial.len()), (3, 0), "{done:?}");
}
