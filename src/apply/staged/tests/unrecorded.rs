//! Lists that come late, what people drag into a staging folder, and moves back that nobody answered.

use super::world::ROOT;
use super::*;

impl World {
    /// The same as lists show it: what was moved a moment ago is where it was.
    pub(super) fn shown(&self) -> Self {
        let mut shown = self.clone();
        for (one, (parent, until)) in &self.late {
            if self.readings < *until {
                shown.nodes.get_mut(one).unwrap().parent = *parent;
            }
        }
        shown
    }

    /// Somebody puts it where it waits, without our knowing.
    pub(super) fn drag_in(&mut self, one: u8, staging: Option<u8>) {
        if let Some(staging) = staging.filter(|_| self.is_alive(one) && !self.is_staged(one)) {
            let node = self.nodes.get_mut(&one).unwrap();
            self.dragged.insert(one, node.parent);
            node.parent = staging;
            self.late.remove(&one);
        }
    }

    /// Somebody takes it out again.
    pub(super) fn take_out(&mut self, one: u8) {
        let to = self.dragged.get(&one).copied().unwrap_or(ROOT);
        self.nodes.get_mut(&one).unwrap().parent = to;
        self.late.remove(&one);
    }

    /// What lies in a staging folder, and no record has put it there.
    pub(super) fn strays(&self, state: &State) -> BTreeSet<u8> {
        let alive = self.nodes.iter().filter(|(_, node)| node.alive);
        let is_staging = |one: u8| {
            let node = self.nodes.get(&one);
            node.is_some_and(|node| node.name.starts_with("_retire"))
        };
        let inside = alive.filter(|(_, node)| is_staging(node.parent));
        let is_recorded = |one: u8, into: u8| {
            let aside = state.aside(id(one));
            aside.is_some_and(|aside| aside.into == id(into))
        };
        let strays = inside.filter(|(one, node)| !is_recorded(**one, node.parent));
        strays.map(|(one, _)| *one).collect()
    }
}

fn wish(days: u64) -> Wish {
    Wish { days, ..all() }
}

#[test]
fn what_people_drag_into_a_staging_folder_is_neither_deleted_nor_moved() {
    let (_folder, store) = stores();
    let mut world = World::new();
    let two = Wish {
        listed: [1, 2].into(),
        ..wish(1)
    };
    run_once(&store, &mut world, (&two, day(0)), u32::MAX);
    let staging = Some(world.nodes[&1].parent);
    world.drag_in(3, staging);
    world.drag_in(10, staging);
    let plan = planned(&loaded(&store), &world, &wish(0), day(0));
    for one in [3, 10, 12] {
        let decision = &plan.step(id(one)).unwrap().decision;
        let is_held = matches!(decision, plan::decide::Decision::Held { path: Some(_), .. });
        assert!(is_held, "{one}: {decision:?}");
    }
    // What waits there is due, and the others keep it.
    run_once(&store, &mut world, (&wish(0), day(2)), u32::MAX);
    for one in [1, 2, 3, 10, 12] {
        assert!(world.is_alive(one) && world.is_staged(one), "{one}");
    }
    assert_eq!(status_of(&store, 3), None);
    world.take_out(3);
    world.take_out(10);
    run_once(&store, &mut world, (&wish(0), day(3)), u32::MAX);
    for one in [1, 2, 3, 10, 12] {
        assert!(!world.is_alive(one), "{one}");
    }
}

/// The state is lost, and what waits there is known by the name of its folder.
#[test]
fn what_waits_is_not_deleted_before_its_date_by_a_run_without_a_state() {
    let (_folder, store) = stores();
    let mut world = World::new();
    run_once(&store, &mut world, (&wish(14), day(0)), u32::MAX);
    let (_other, store) = stores();
    run_once(&store, &mut world, (&wish(0), day(1)), u32::MAX);
    for one in [1, 2, 3, 5, 10, 12, 20] {
        assert!(world.is_alive(one) && world.is_staged(one), "{one}");
        assert_eq!(status_of(&store, one), None);
    }
}

#[test]
fn a_folder_whose_list_is_late_is_cleared_away_by_a_later_run() {
    let (_folder, store) = stores();
    let mut world = World::new();
    run_once(&store, &mut world, (&wish(9), day(0)), u32::MAX);
    let nobody = Wish {
        listed: BTreeSet::new(),
        ..wish(9)
    };
    world.lag = 100;
    run_once(&store, &mut world, (&nobody, day(1)), u32::MAX);
    assert!(world.empty_staging().next().is_some());
    assert_eq!(loaded(&store).staging.len(), 1, "it is known");
    world.readings += 100;
    run_once(&store, &mut world, (&nobody, day(2)), u32::MAX);
    assert_eq!(world.empty_staging().next(), None);
    run_once(&store, &mut world, (&nobody, day(3)), u32::MAX);
    assert_eq!(loaded(&store).staging, []);
}

/// It is held, and its move back is done and not answered, nor can it be read before the run dies.
#[test]
fn what_is_back_by_a_move_that_nobody_answered_is_staged_no_more() {
    for held in [2, 10] {
        let mut is_tried = false;
        for writes in 0..12 {
            let (_folder, store) = stores();
            let mut world = World::new();
            let before = world.nodes.clone();
            run_once(&store, &mut world, (&wish(9), day(0)), u32::MAX);
            let keeps = Wish {
                held: [held].into(),
                ..wish(9)
            };
            run_once(&store, &mut world, (&keeps, day(1)), writes);
            let state = loaded(&store);
            let is_open = state.aside(id(held)).is_some();
            is_tried |= is_open && world.nodes[&held] == before[&held];
            run_once(&store, &mut world, (&keeps, day(2)), u32::MAX);
            assert_eq!(world.nodes[&held], before[&held], "{held} {writes}");
            let inside = (held == 10).then_some(12);
            for one in [held].into_iter().chain(inside) {
                assert_eq!(status_of(&store, one), None, "{held} {writes}: {one}");
            }
            assert!(world.is_staged(1) && world.is_alive(1));
        }
        assert!(is_tried, "{held}");
    }
}
