//! Version stacks, which come back file by file.

use super::*;

fn all_seen(store: &FileStore, numbers: &[u8]) -> bool {
    let state = store.load().unwrap().unwrap().state;
    let mut statuses = numbers
        .iter()
        .map(|number| state.assets[&id(*number)].status.clone());
    statuses.all(|status| matches!(status.restored(), Some((true, _))))
}

#[test]
fn an_empty_shell_of_a_version_stack_is_not_back() {
    let (_folder, store) = empty();
    // The second of its files is refused.
    let ways = vec![Way::Serve, Way::Serve, Way::Refuse, Way::Refuse];
    let mut world = world(ways, 0, None);
    let done = run_once(&store, &mut world, wanted(&[20, 21, 22], true), u32::MAX);
    let part = Part::Seen {
        bytes: 5,
        before: None,
        missing: 1,
    };
    assert_eq!(done.partial, [(id(20), part)].into());
    assert_eq!((done.back, done.failed.len()), (1, 1));
    assert!(!all_seen(&store, &[20]));
    assert!(all_seen(&store, &[21]));
    // The same again.
    let mut again = wanted(&[20, 22], true);
    again[0].is_back = true;
    let done = run_once(&store, &mut world, again, u32::MAX);
    assert_eq!((done.back, done.partial.len()), (2, 0), "{done:?}");
    assert!(all_seen(&store, &[20, 21, 22]));
    assert_eq!(world.asked, [20, 21, 22, 22, 22]);
}

#[test]
fn what_comes_along_with_a_version_stack_is_not_asked_for() {
    let (_folder, store) = empty();
    let mut world = world(Vec::new(), 0, None);
    world.stacks.brings = true;
    let done = run_once(&store, &mut world, wanted(&[20, 21, 22], true), u32::MAX);
    assert_eq!((done.back, done.failed.len()), (3, 0));
    assert_eq!(world.asked, [20]);
    assert!(all_seen(&store, &[20, 21, 22]));
}

#[test]
fn a_version_stack_that_nobody_sees_while_it_is_empty_is_back_with_its_files() {
    for dies in [true, false] {
        let (_folder, store) = empty();
        let mut world = world(Vec::new(), 0, None);
        world.stacks = Stacks {
            dies,
            is_shown: false,
            brings: false,
        };
        world.alive.extend((!dies).then_some(STACK));
        let done = run_once(&store, &mut world, wanted(&[20, 21, 22], true), u32::MAX);
        assert_eq!((done.back, done.failed.len()), (3, 0), "{dies}: {done:?}");
        assert!(all_seen(&store, &[20, 21, 22]));
    }
}

/// It was refused at first, and one of its files was asked for without an answer meanwhile.
#[test]
fn what_comes_along_later_is_not_called_unseen() {
    let (_folder, store) = empty();
    let mut world = world(vec![Way::Refuse, Way::Lost], 0, None);
    world.stacks.brings = true;
    let done = run_once(&store, &mut world, wanted(&[20, 21, 22, 1], true), u32::MAX);
    assert_eq!((done.back, done.unseen.len()), (4, 0), "{done:?}");
    assert!(all_seen(&store, &[20, 21, 22]));
}
