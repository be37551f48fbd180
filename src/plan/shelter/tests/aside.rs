//! What waits aside, and a hold around where it lay or waits.

use super::*;
use crate::event::Subject;
use crate::inventory::{Known, Location, Project};
use crate::manifest::document::Release;
use crate::outcome::{Aside, Phase};
use crate::state::{KeptHold, Staged, StagingFolder};

/// The staging folder, at the top.
const STAGING: u128 = 50;
/// A folder that was moved there from the folder 20, with a file in it.
const MOVED: u128 = 21;
const INSIDE: u128 = 210;
const PROJECT: u128 = 7;

/// 100, which lay in 11, and 21, which lay in 20, wait in the staging folder.
fn waiting() -> (State, Inventory) {
    let mut state = state();
    state.staging.push(StagingFolder {
        project: id(PROJECT),
        name: "_retire".into(),
        run: 1,
        root: Some(id(1)),
        id: Some(id(STAGING)),
    });
    let mut places = tree();
    places.lies.insert(id(STAGING), Lies::In(id(1)));
    let mut read = Inventory {
        asked_all: true,
        ..Inventory::default()
    };
    for (n, kind, into, before) in [
        (100, Kind::File, STAGING, 11),
        (MOVED, Kind::Folder, STAGING, 20),
        (INSIDE, Kind::File, MOVED, MOVED),
    ] {
        let aside = Aside {
            into: id(into),
            asset: kind,
            due: at(2_000),
            phase: Phase::There,
            inside: None,
        };
        let status = Status::Staged(Box::new(Staged { aside, attempts: 0 }));
        let record = Record {
            status,
            run: 1,
            at: at(1),
        };
        state.assets.insert(id(n), record);
        let location = Location {
            project: None,
            folder: "there".into(),
        };
        let known = Known {
            location: Some(Arc::new(location)),
            parent: Some(id(before)),
            ..Known::default()
        };
        state.catalogue.insert(id(n), known);
        let facts = Facts {
            project: Some(id(PROJECT)),
            parent: Some(id(into)),
            ..Facts::of_kind(kind)
        };
        read.assets.insert(id(n), Seen::There(facts));
        places.lies.insert(id(n), Lies::In(id(into)));
    }
    read.places = Some(places);
    let project = Project {
        root: Some(id(1)),
        ..Project::default()
    };
    read.projects.insert(id(PROJECT), project);
    (state, read)
}

fn all_listed(holds: &[u128]) -> Manifests {
    let all = [100, MOVED, INSIDE].map(|n| listed(n, None));
    manifests(all.to_vec(), holds)
}

/// What of the plan is held, and by which way; and what is moved back.
fn held(said: &Manifests, state: &State, read: &Inventory) -> (Vec<Vec<u128>>, Vec<AssetId>) {
    let mut plan = make(inputs(said, state, Some(read)));
    let is_counted = plan.totals.held + plan.totals.staged == 3;
    assert!(is_counted, "{:?}", plan.totals);
    let all = [100, MOVED, INSIDE].into_iter();
    let ways = all.filter_map(|n| kept(&plan, n)).map(|(_, way)| way);
    let ways = ways.collect();
    plan.settle_staged(state, Some(read));
    (ways, plan.staging.back.into_iter().collect())
}

#[test]
fn a_hold_around_where_it_lay_or_waits_moves_it_back_before_its_date() {
    let (state, read) = waiting();
    let [file, folder, inside] = [100, MOVED, INSIDE].map(id);
    for (on, ways, back) in [
        // Nothing of it lay there.
        (101, vec![], vec![]),
        (11, vec![vec![11, 100]], vec![file]),
        (10, vec![vec![10, 11, 100]], vec![file]),
        (
            20,
            vec![vec![20, MOVED], vec![20, INSIDE]],
            vec![folder, inside],
        ),
        (
            STAGING,
            vec![
                vec![STAGING, 100],
                vec![STAGING, MOVED],
                vec![STAGING, MOVED, INSIDE],
            ],
            vec![folder, file, inside],
        ),
    ] {
        assert_eq!(
            held(&all_listed(&[on]), &state, &read),
            (ways, back),
            "{on}"
        );
    }
}

#[test]
fn a_hold_counts_from_wherever_it_is_said_until_it_is_released() {
    let (mut state, read) = waiting();
    let mut other = all_listed(&[11]);
    other.holds[0].spot.file = 1;
    other.files.push(SourceFile {
        path: "manifests/legal.yaml".into(),
        listed: 0,
        ..other.files[0].clone()
    });
    assert_eq!(held(&other, &state, &read).1, [id(100)]);
    other.holds[0].until = Some(at(1_000));
    assert_eq!(held(&other, &state, &read).1, []);
    // An earlier run has found it, and no manifest says it any more.
    let kept = KeptHold {
        reason: "legal".into(),
        until: None,
        run: 1,
        at: at(1),
    };
    state.holds.insert(Subject::Asset(id(11)), kept);
    let mut said = all_listed(&[]);
    assert_eq!(held(&said, &state, &read).1, [id(100)]);
    said.releases.push(Release {
        held: Subject::Asset(id(11)),
        spot: spot(3),
        reason: "over".into(),
        ticket: None,
    });
    assert_eq!(held(&said, &state, &read).1, []);
}

#[test]
fn a_hold_on_its_project_moves_it_back_before_its_date() {
    let (state, mut read) = waiting();
    let mut said = all_listed(&[]);
    said.project_holds = vec![hold(PROJECT)];
    let (ways, back) = held(&said, &state, &read);
    assert_eq!((ways.len(), back.len()), (3, 3));
    assert_eq!(ways[0], [PROJECT, 100]);
    // The id may stand among those of assets as well.
    assert_eq!(held(&all_listed(&[PROJECT]), &state, &read).1.len(), 3);
    said.project_holds = vec![hold(8)];
    assert_eq!(held(&said, &state, &read).1, []);
    read.places = None;
    said.project_holds = vec![hold(PROJECT)];
    assert_eq!(held(&said, &state, &read).1, [], "nobody has read it");
}

/// Nothing is moved to where nothing is; and whoever cannot read that does not refuse the plan.
#[test]
fn what_has_nowhere_to_go_back_to_waits_on() {
    let (state, read) = waiting();
    let deleted = Lies::Deleted {
        evidence: Evidence::Listed,
        was_in: Some(id(10)),
    };
    for lies in [
        Some(deleted),
        Some(Lies::Missing),
        Some(Lies::Unread("no".into())),
        None,
    ] {
        for on in [10, 11] {
            let mut read = read.clone();
            let places = read.places.as_mut().unwrap();
            places.lies.remove(&id(11));
            places.lies.extend(lies.clone().map(|lies| (id(11), lies)));
            let said = all_listed(&[on]);
            assert_eq!(held(&said, &state, &read), (vec![], vec![]), "{lies:?}");
            let plan = make(inputs(&said, &state, Some(&read)));
            assert!(approve(&plan, Consent::Auto, false).is_ok(), "{lies:?}");
        }
    }
    let unread = Inventory {
        places: None,
        ..read
    };
    let said = all_listed(&[11]);
    assert_eq!(held(&said, &state, &unread), (vec![], vec![]));
    let plan = make(inputs(&said, &state, Some(&unread)));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
}

/// Each reading costs a call.
#[test]
fn where_it_lay_is_read_only_where_something_around_it_may_be_held() {
    let (state, read) = waiting();
    let file = Some(Kind::File);
    let asked = |said: &Manifests, read: &Inventory| {
        let wanted = wanted(inputs(said, &state, Some(read)));
        wanted.connections.map(|found| {
            let is_nothing_else = found.protected.is_empty() && found.homes.is_empty();
            assert!(found.holds.is_empty() && is_nothing_else, "{found:?}");
            found.waiting
        })
    };
    assert_eq!(asked(&all_listed(&[]), &read), None);
    assert_eq!(
        asked(&all_listed(&[9]), &read),
        Some(vec![id(11), id(20)]),
        "what the hold is on nobody knows"
    );
    let mut known = read.clone();
    known.around.insert(id(9), Facts::of_kind(Kind::File));
    let mut said = all_listed(&[9]);
    said.entries.push(Entry {
        details: Some(Arc::new(Details {
            kind: file,
            ..Details::default()
        })),
        ..listed(9, file)
    });
    said.entries.sort_by_key(|entry| entry.id);
    assert_eq!(asked(&said, &known), None, "in a file is nothing");
    let mut said = all_listed(&[]);
    said.project_holds = vec![hold(8)];
    assert_eq!(asked(&said, &read), None);
    said.project_holds = vec![hold(PROJECT)];
    assert_eq!(asked(&said, &read), Some(vec![id(11), id(20)]));
}

/// What is around it may be held, as far as anybody knows; where no hold can be on a folder, nothing
/// of that is asked.
#[test]
fn what_is_due_and_lay_where_nobody_can_look_is_not_deleted() {
    let (mut state, read) = waiting();
    for n in [100, MOVED, INSIDE] {
        let Status::Staged(staged) = &mut state.assets.get_mut(&id(n)).unwrap().status else {
            panic!("it waits");
        };
        staged.aside.due = at(500);
    }
    let decided = |said: &Manifests, lies: Option<Lies>| {
        let mut read = read.clone();
        let places = read.places.as_mut().unwrap();
        places.lies.remove(&id(11));
        places.lies.extend(lies.map(|lies| (id(11), lies)));
        let plan = make(inputs(said, &state, Some(&read)));
        plan.step(id(100)).unwrap().decision.clone()
    };
    let elsewhere = all_listed(&[9]);
    for lies in [Some(Lies::Unread("503".into())), Some(Lies::Missing), None] {
        let found = decided(&elsewhere, lies.clone());
        let Decision::Held { why, path, .. } = &found else {
            panic!("{lies:?}: {found:?}");
        };
        assert_eq!(*why, Why::Unread);
        assert_eq!(path.as_ref().unwrap().0.len(), 2);
        assert_eq!(decided(&all_listed(&[]), lies), Decision::Retire);
    }
    assert_eq!(
        decided(&elsewhere, Some(Lies::In(id(10)))),
        Decision::Retire
    );
}
