//! What a run knows by its approval.

use super::*;
use crate::inventory::Mark;

fn there(kind: Kind, project: Option<u128>, parent: Option<u128>) -> Facts {
    Facts {
        project: project.map(id),
        parent: parent.map(id),
        ..Facts::of_kind(kind)
    }
}

fn approved(manifests: &Manifests, state: &State, live: &Inventory) -> Approved {
    approve(&plan_seen(manifests, state, live), Consent::Auto, false).unwrap()
}

#[test]
fn an_approval_says_of_each_asset_what_was_read_of_it() {
    let accepts = Details {
        missing: Some(MissingPolicy::Accept),
        ..Details::default()
    };
    let pinned = Details {
        pin: Some(Pin {
            project: Some(id(90)),
            parent: Some(id(80)),
            ..Pin::default()
        }),
        ..Details::default()
    };
    let manifests = Manifests {
        entries: vec![
            entry(1, Some(accepts)),
            entry(2, None),
            entry(3, Some(pinned)),
            entry(4, None),
        ],
        ..Manifests::default()
    };
    let mut live = Inventory::flat((0..40).map(id));
    let file = Facts {
        name: Some("a.mov".into()),
        ..there(Kind::File, Some(90), Some(80))
    };
    live.assets.insert(id(1), Seen::There(file));
    let stack = Facts {
        files: Some([21, 22].map(id).into()),
        ..there(Kind::VersionStack, None, Some(81))
    };
    live.assets.insert(id(2), Seen::There(stack));
    // A delete of the third was not answered, and it is not there any more.
    live.assets.insert(id(3), Seen::Missing);
    let mut state = empty_state();
    let unknown = Status::Unknown { attempts: 1 };
    state.assets.insert(id(3), record(unknown));
    let approved = approved(&manifests, &state, &live);

    // Whoever was there when the plan was made was alive at that moment, a version in the list of its
    // stack as well.
    let since = Some(at(NOW));
    for (n, stack, expected) in [
        (1, None, since),
        (2, None, since),
        (3, None, None),
        (21, Some(2), since),
        (23, Some(2), None),
        (21, Some(1), None),
        (21, None, None),
    ] {
        let found = approved.alive_after(id(n), stack.map(id));
        assert_eq!(found, expected, "{n} {stack:?}");
    }
    let accepted = (1..=4).filter(|n| approved.accepts_missing(id(*n)));
    assert_eq!(accepted.collect::<Vec<_>>(), [1]);
    // What a pin expects is no evidence of a folder.
    for (n, project, parent) in [
        (1, Some(90), Some(80)),
        (2, None, Some(81)),
        (3, Some(90), None),
        (4, None, None),
    ] {
        let [project, parent] = [project, parent].map(|n| n.map(id));
        assert_eq!(approved.place(id(n)), Place { project, parent }, "{n}");
    }
    let parents = [(id(1), id(80)), (id(2), id(81))];
    assert_eq!(approved.parents(), parents.into());
    let name = |n| approved.known(id(n)).and_then(|known| known.name);
    assert_eq!(name(1).as_deref(), Some("a.mov"));
    assert_eq!(name(4), None);
}

#[test]
fn a_run_sends_something_where_it_deletes_or_reads() {
    let live = Inventory::flat((0..40).map(id));
    let sends = |listed: &[u128], unanswered: &[u128]| {
        let manifests = Manifests {
            entries: listed.iter().map(|n| entry(*n, None)).collect(),
            ..Manifests::default()
        };
        let mut state = empty_state();
        for n in unanswered {
            let unknown = Status::Unknown { attempts: 1 };
            state.assets.insert(id(*n), record(unknown));
        }
        approved(&manifests, &state, &live).sends()
    };
    assert!(!sends(&[], &[]));
    assert!(sends(&[1], &[]));
    assert!(sends(&[], &[2]));
    assert!(sends(&[1], &[2]));
}

#[test]
fn the_marks_of_a_plan_are_those_of_its_approval() {
    let mark = Mark {
        field: "Retention".into(),
        value: "Hold".into(),
    };
    let mut state = empty_state();
    state.marks.insert(id(1), mark);
    let manifests = Manifests {
        entries: vec![entry(1, None)],
        ..Manifests::default()
    };
    let mut live = Inventory::flat((0..40).map(id));
    let file = there(Kind::File, None, None);
    live.assets.insert(id(1), Seen::There(file));
    let plan = plan_seen(&manifests, &state, &live);
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    assert_eq!(*approved.marks(), plan.marks);
    assert_ne!(plan.marks, MarksSince::default());
}
