//! What goes back to where it was.

use super::world::ROOT;
use super::*;

#[test]
fn what_is_held_or_no_longer_listed_goes_back_before_the_rest_is_deleted() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let before = world.nodes.clone();
    let wish = Wish { days: 2, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    let mut wish = wish;
    wish.held.extend([2, 11]);
    wish.listed.remove(&3);
    run_once(&store, &mut world, (&wish, day(2)), u32::MAX);
    for one in [2, 3, 10, 11, 12] {
        assert_eq!(world.nodes[&one], before[&one]);
        assert_eq!(status_of(&store, one), None, "{one}");
    }
    assert!(!world.is_alive(1) && !world.is_alive(20));
}

#[test]
fn a_hold_on_what_it_lay_in_brings_back_what_is_not_due() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let before = world.nodes.clone();
    let wish = Wish { days: 9, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    let held = |held: &[u8]| Wish {
        held: held.iter().copied().collect(),
        ..wish.clone()
    };
    run_once(&store, &mut world, (&held(&[60]), day(1)), u32::MAX);
    for one in [1, 2, 3, 20] {
        assert_eq!(world.nodes[&one], before[&one]);
        assert_eq!(status_of(&store, one), None, "{one}");
    }
    for one in [5, 10, 12] {
        let status = status_of(&store, one);
        assert!(matches!(status, Some(Status::Staged(_))), "{one}");
    }
    run_once(&store, &mut world, (&held(&[ROOT]), day(2)), u32::MAX);
    assert_eq!(world.nodes[&10], before[&10]);
    assert_eq!(status_of(&store, 12), None);
    // The staging folder is empty by then.
    assert!(world.killed.iter().all(|one| *one >= 100));
}

#[test]
fn what_cannot_go_back_keeps_the_folder_in_which_it_waits() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = Wish { days: 1, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    let held = Wish {
        held: [2].into(),
        ..wish.clone()
    };
    for way in [Way::Refuse, Way::Lost] {
        world.ways = vec![way].into();
        run_once(&store, &mut world, (&held, day(1)), u32::MAX);
        assert!(world.killed.is_empty(), "{way:?}: {:?}", world.killed);
    }
    run_once(&store, &mut world, (&held, day(2)), u32::MAX);
    assert!(world.is_alive(2) && world.nodes[&2].parent == 60);
    assert!(!world.is_alive(1));
}

/// What is in it can be read for a while longer, and moving it rescues nothing.
#[test]
fn nothing_is_moved_out_of_a_staging_folder_that_is_deleted() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = Wish { days: 9, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    let (staging, moves) = (world.nodes[&1].parent, world.moves);
    world.nodes.get_mut(&staging).unwrap().alive = false;
    let few = Wish {
        listed: [1, 2, 5, 20].into(),
        held: [2].into(),
        ..wish
    };
    run_once(&store, &mut world, (&few, day(1)), u32::MAX);
    assert_eq!(world.moves, moves);
    for one in [2, 3, 10, 12] {
        assert_eq!(
            world.nodes[&one].parent,
            if one == 12 { 10 } else { staging }
        );
        let status = status_of(&store, one);
        assert!(
            matches!(status, Some(Status::Staged(_))),
            "{one}: {status:?}"
        );
    }
}
