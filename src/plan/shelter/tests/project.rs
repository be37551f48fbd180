//! A hold on a project.

use super::*;
use crate::inventory::Project;

#[test]
fn a_hold_on_a_project_keeps_all_that_may_lie_in_it() {
    let file = Some(Kind::File);
    let mut said = manifests(
        vec![listed(100, file), listed(101, file), listed(200, file)],
        &[],
    );
    said.project_holds = vec![hold(7)];
    let there = |project: u128| {
        let facts = Facts {
            project: Some(id(project)),
            ..Facts::of_kind(Kind::File)
        };
        Seen::There(facts)
    };
    let inventory = Inventory {
        assets: [(id(100), there(7)), (id(101), there(8))].into(),
        ..Inventory::default()
    };
    let state = state();
    let plan = make(inputs(&said, &state, Some(&inventory)));
    assert_eq!(kept(&plan, 100), Some((legal(), vec![7, 100])));
    assert_eq!(kept(&plan, 101), None, "it lies in another one");
    assert_eq!(
        kept(&plan, 200),
        Some((legal(), vec![7, 200])),
        "it was not read"
    );
    assert_eq!((plan.totals.held, plan.totals.retire), (2, 1));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    // What was planned without a look at the server is not carried out.
    let plan = make(inputs(&said, &state, None));
    assert_eq!(
        approve(&plan, Consent::Auto, false),
        Err(Refused::NotChecked)
    );
    said.project_holds[0].until = Some(at(1_000));
    let plan = make(inputs(&said, &state, Some(&inventory)));
    assert_eq!(plan.totals.retire, 3, "the hold has ended");
}

#[test]
fn the_id_of_a_project_holds_all_of_it_also_where_it_is_said_to_be_that_of_an_asset() {
    let file = Some(Kind::File);
    let there = |project: Option<u128>| {
        let facts = Facts {
            project: project.map(id),
            ..Facts::of_kind(Kind::File)
        };
        Seen::There(facts)
    };
    let listings = || {
        vec![
            listed(100, file),
            listed(101, file),
            listed(20, Some(Kind::Folder)),
        ]
    };
    let said = manifests(listings(), &[7]);
    let mut places = tree();
    places.lies.insert(id(7), Lies::Missing);
    places.held.insert(id(7), false);
    let mut seen = Inventory {
        assets: [(100, 7), (101, 8)]
            .map(|(n, project)| (id(n), there(Some(project))))
            .into(),
        ..Inventory::default()
    };
    let folder = Facts {
        project: Some(id(8)),
        ..Facts::of_kind(Kind::Folder)
    };
    seen.assets.insert(id(20), Seen::There(folder));
    seen.projects = [7, 8].map(|n| (id(n), Project::default())).into();
    let plan = planned_seen(&said, &state(), Some(places.clone()), seen.clone());
    assert_eq!(kept(&plan, 100), Some((legal(), vec![7, 100])));
    assert_eq!((plan.totals.held, plan.totals.retire), (1, 2));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    // Of what nobody says in which project it lies, it may be in this one.
    let said = manifests(vec![listed(100, file), listed(101, file)], &[7]);
    seen.assets.insert(id(101), there(None));
    let plan = planned_seen(&said, &state(), Some(places.clone()), seen.clone());
    assert_eq!(kept(&plan, 101), Some((legal(), vec![7, 101])));
    seen.projects.clear();
    let plan = planned_seen(&said, &state(), Some(places), seen);
    assert_eq!(kept(&plan, 100), Some((legal(), vec![7, 100])));
    let Err(Refused::Unread(unread)) = approve(&plan, Consent::Auto, false) else {
        panic!("{:?}", plan.shelter);
    };
    assert_eq!((unread[0].0.id, unread[0].1), (id(7), 1));
}

#[test]
fn what_is_held_and_unknown_may_be_the_project_of_what_does_not_say_its_own() {
    let file = Some(Kind::File);
    let there = |project: Option<u128>| {
        Seen::There(Facts {
            project: project.map(id),
            ..Facts::of_kind(Kind::File)
        })
    };
    // The project of what is listed, whether it was placed, and what may be in the held one.
    for (project, is_placed, listed_in_it) in [
        (Some(8), true, None),
        (None, true, Some(1)),
        (None, false, Some(1)),
    ] {
        let mut places = tree();
        places.lies.insert(id(77), Lies::Missing);
        places.held.insert(id(77), false);
        if !is_placed {
            places.lies.remove(&id(100));
        }
        let seen = Inventory {
            assets: [(id(100), there(project))].into(),
            ..Inventory::default()
        };
        let said = manifests(vec![listed(100, file)], &[77]);
        let plan = planned_seen(&said, &state(), Some(places), seen);
        let found = match approve(&plan, Consent::Auto, false) {
            Ok(_) => vec![],
            Err(Refused::Unread(unread)) => unread.iter().map(|(by, n)| (by.id, *n)).collect(),
            Err(other) => panic!("{other:?}"),
        };
        let expected: Vec<_> = listed_in_it.map(|n| (id(77), n)).into_iter().collect();
        assert_eq!(found, expected, "{project:?} {is_placed}");
    }
}

#[test]
fn what_waits_and_is_unknown_is_no_project() {
    let later = Details {
        not_before: Some(at(2_000)),
        ..Details::default()
    };
    let waits = Entry {
        details: Some(Arc::new(later)),
        ..listed(77, None)
    };
    let mut places = tree();
    places.lies.insert(id(77), Lies::Missing);
    let facts = Facts::of_kind(Kind::File);
    let seen = Inventory {
        assets: [(id(77), Seen::Missing), (id(100), Seen::There(facts))].into(),
        ..Inventory::default()
    };
    let said = manifests(vec![waits, listed(100, Some(Kind::File))], &[]);
    let plan = planned_seen(&said, &state(), Some(places), seen);
    assert_eq!((plan.totals.defer, plan.totals.retire), (1, 1));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
}

#[test]
fn a_held_project_that_cannot_be_read_stops_a_plan_that_deletes() {
    let file = Some(Kind::File);
    let mut said = manifests(vec![listed(100, file)], &[]);
    said.project_holds = vec![hold(7)];
    let facts = Facts {
        project: Some(id(8)),
        ..Facts::of_kind(Kind::File)
    };
    let mut inventory = Inventory {
        assets: [(id(100), Seen::There(facts))].into(),
        ..Inventory::default()
    };
    let mut state = state();
    let asked = |state: &State, inventory: &Inventory, said: &Manifests| {
        wanted(inputs(said, state, Some(inventory))).projects
    };
    assert_eq!(asked(&state, &inventory, &said), [id(7)]);
    // Whoever makes the plan has not looked; and then it was not there.
    let plan = make(inputs(&said, &state, Some(&inventory)));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    inventory.unread_projects.insert(id(7), "not known".into());
    let plan = make(inputs(&said, &state, Some(&inventory)));
    let refused = approve(&plan, Consent::Auto, false).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "nobody knows what a hold on a project keeps: `{}` (retire.yaml:9:5): not known",
            id(7)
        )
    );
    // A hold that has ended keeps nothing, and of what is there something is known.
    let mut over = said.clone();
    over.project_holds[0].until = Some(at(1_000));
    assert_eq!(asked(&state, &inventory, &over), []);
    let plan = make(inputs(&over, &state, Some(&inventory)));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    inventory.projects.insert(id(7), Project::default());
    assert_eq!(asked(&state, &inventory, &said), []);
    // Where nothing is to be deleted, nothing is asked.
    let record = Record {
        status: Status::Retired(Evidence::Answer),
        run: 1,
        at: at(1),
    };
    state.assets.insert(id(100), record);
    inventory.assets.clear();
    inventory.projects.clear();
    assert_eq!(asked(&state, &inventory, &said), []);
    let plan = make(inputs(&said, &state, Some(&inventory)));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
}
