//! Folders that come back, and not with all that was in them.

use super::*;

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
