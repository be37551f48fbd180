//! What people change in staging folders, and what becomes of empty ones.

use super::*;

#[test]
fn what_is_called_otherwise_in_what_waits_goes_back_with_it() {
    for (renamed, around, parent) in [(12, 10, world::ROOT), (22, 20, 60), (1, 1, 60)] {
        let (_folder, store) = stores();
        let mut world = World::new();
        let wish = Wish { days: 2, ..all() };
        run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
        world.nodes.get_mut(&renamed).unwrap().name.push('x');
        run_once(&store, &mut world, (&wish, day(2)), u32::MAX);
        assert!(world.is_alive(renamed), "{renamed}");
        assert_eq!(world.nodes[&around].parent, parent, "{around}");
        assert_eq!(status_of(&store, around), None, "{around}");
        assert!(!world.is_alive(2), "the rest goes on");
    }
}

/// Only the list before the delete shows it: what it lay in goes back, and its record says more than
/// that of that.
#[test]
fn what_people_take_out_of_what_waits_while_a_run_looks_is_theirs() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let wish = Wish { days: 2, ..all() };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    world.acts = [(world.readings + 1, Act::TakeOut(12))].into();
    for at in [2, 4, 6] {
        run_once(&store, &mut world, (&wish, day(at)), u32::MAX);
        assert!(world.is_alive(12) && !world.is_alive(1));
        assert_eq!(status_of(&store, 12), Some(Status::Rescued));
    }
    assert!(!world.is_alive(11), "the folder has gone without it");
}

/// What is around it has no record of its own.
#[test]
fn what_people_take_out_with_a_folder_around_it_is_theirs() {
    let (_folder, store) = stores();
    let mut world = World::new();
    world.nodes.get_mut(&20).unwrap().parent = 10;
    let wish = Wish {
        listed: [1, 10, 21].into(),
        days: 2,
        ..all()
    };
    run_once(&store, &mut world, (&wish, day(0)), u32::MAX);
    assert!(world.is_staged(21));
    world.nodes.get_mut(&20).unwrap().parent = 60;
    let unlisted = Wish {
        listed: [1, 10].into(),
        ..wish.clone()
    };
    for (wish, at) in [(&unlisted, 1), (&wish, 2), (&wish, 4)] {
        run_once(&store, &mut world, (wish, day(at)), u32::MAX);
        assert!(world.is_alive(21) && !world.is_staged(21));
        assert_eq!(status_of(&store, 21), Some(Status::Rescued), "day {at}");
    }
}

#[test]
fn a_folder_that_only_people_have_emptied_is_cleared_away_and_forgotten() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let few = Wish {
        listed: [1, 2].into(),
        days: 2,
        ..all()
    };
    run_once(&store, &mut world, (&few, day(0)), u32::MAX);
    let staging = world.nodes[&1].parent;
    for one in [1, 2] {
        world.nodes.get_mut(&one).unwrap().parent = 60;
    }
    // The first run records that, the next one clears it away, and the next forgets it.
    for at in [1, 2, 3] {
        run_once(&store, &mut world, (&few, day(at)), u32::MAX);
    }
    assert!(!world.is_alive(staging));
    assert_eq!(loaded(&store).staging, []);
    let readings = world.readings;
    run_once(&store, &mut world, (&few, day(4)), u32::MAX);
    assert_eq!(world.readings, readings);
}

#[test]
fn an_empty_folder_in_which_somebody_has_put_something_is_theirs() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let few = Wish {
        listed: [1].into(),
        days: 2,
        ..all()
    };
    run_once(&store, &mut world, (&few, day(0)), u32::MAX);
    let staging = world.nodes[&1].parent;
    world.nodes.get_mut(&1).unwrap().parent = 60;
    world.nodes.get_mut(&90).unwrap().parent = staging;
    for at in [1, 2, 3] {
        run_once(&store, &mut world, (&few, day(at)), u32::MAX);
    }
    assert!(world.is_alive(staging) && world.is_alive(90));
    assert_eq!(loaded(&store).staging, []);
}
