//! Rows of what is kept, and random trees.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::asset::Kind;
use crate::inventory::{Facts, Inventory, Seen};
use crate::manifest::Part;
use crate::manifest::document::{Details, Entry, Hold, Manifests, Pin, SourceFile, Spot};
use crate::outcome::{Evidence, FailureKind};
use crate::plan::approve::{Consent, Refused, approve};
use crate::plan::decide::Rules;
use crate::plan::{Inputs, make, wanted};
use crate::state::{Api, Failed, Record, State, Status, Target};

mod aside;
mod ids;
mod project;
mod restored;
mod unreadable;
mod unrecorded;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const fn spot(line: u32) -> Spot {
    Spot {
        file: 0,
        line,
        column: 5,
    }
}

fn listed(n: u128, kind: Option<Kind>) -> Entry {
    Entry {
        id: id(n),
        spot: spot(1),
        details: Some(Arc::new(Details {
            kind,
            ..Details::default()
        })),
    }
}

fn hold(n: u128) -> Hold {
    Hold {
        id: id(n),
        spot: spot(9),
        reason: "legal".into(),
        until: None,
    }
}

fn manifests(mut entries: Vec<Entry>, holds: &[u128]) -> Manifests {
    entries.sort_by_key(|entry| entry.id);
    Manifests {
        files: vec![SourceFile {
            path: "retire.yaml".into(),
            sha256: [0; 32],
            part: Part::All,
            listed: entries.len(),
        }],
        entries,
        holds: holds.iter().copied().map(hold).collect(),
        ..Manifests::default()
    }
}

fn state() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    State::new(Uuid::nil(), target)
}

/// 1 is the top; 10 lies in it, 11 in 10, 20 in the top; 100 in 11, 101 in 10, 200 in 20.
fn tree() -> Places {
    let lies = [
        (1, None),
        (10, Some(1)),
        (11, Some(10)),
        (20, Some(1)),
        (100, Some(11)),
        (101, Some(10)),
        (200, Some(20)),
    ];
    let lies = lies.map(|(n, parent)| (id(n), parent.map_or(Lies::AtTop, |n| Lies::In(id(n)))));
    let names = [(10, "dailies"), (11, "day 1"), (100, "a.mov")];
    Places {
        lies: lies.into(),
        names: names.map(|(n, name)| (id(n), name.into())).into(),
        ..Places::default()
    }
}

fn planned(manifests: &Manifests, state: &State, places: Option<Places>) -> Plan {
    planned_seen(manifests, state, places, Inventory::default())
}

fn planned_seen(
    manifests: &Manifests,
    state: &State,
    places: Option<Places>,
    seen: Inventory,
) -> Plan {
    let inventory = Inventory { places, ..seen };
    make(inputs(manifests, state, Some(&inventory)))
}

fn inputs<'plan>(
    manifests: &'plan Manifests,
    state: &'plan State,
    inventory: Option<&'plan Inventory>,
) -> Inputs<'plan> {
    Inputs {
        manifests,
        state,
        inventory,
        check_retired: false,
        rules: Rules::default(),
        now: at(1_000),
    }
}

fn kept(plan: &Plan, n: u128) -> Option<(Why, Vec<u128>)> {
    let step = plan.steps.iter().find(|step| step.id == id(n))?;
    match &step.decision {
        Decision::Held {
            why,
            path: Some(path),
            ..
        } => {
            let number = |waypoint: &Waypoint| (1..3_000).find(|n| id(*n) == waypoint.id).unwrap();
            Some((why.clone(), path.0.iter().map(number).collect()))
        }
        Decision::Held { path: None, .. }
        | Decision::Retire
        | Decision::Retry { .. }
        | Decision::Resolve { .. }
        | Decision::Covered { .. }
        | Decision::Record { .. }
        | Decision::Missing
        | Decision::Unreadable { .. }
        | Decision::Blocked { .. }
        | Decision::Defer { .. }
        | Decision::Staged { .. }
        | Decision::Unread
        | Decision::Mismatch(_)
        | Decision::Rescued
        | Decision::Drift { .. }
        | Decision::Unstage
        | Decision::Forget
        | Decision::Unchanged { .. } => None,
    }
}

fn legal() -> Why {
    Why::Hold("legal".into())
}

#[test]
fn each_sort_of_protection_keeps_the_folders_around_it() {
    let folder = Some(Kind::Folder);
    let file = |details: Details| Entry {
        id: id(100),
        spot: spot(2),
        details: Some(Arc::new(details)),
    };
    let deferred = file(Details {
        not_before: Some(at(2_000)),
        ..Details::default()
    });
    let pinned = file(Details {
        pin: Some(Pin {
            filesize: Some(1),
            ..Pin::default()
        }),
        ..Details::default()
    });
    let mut blocked = state();
    let failed = Status::Failed(Box::new(Failed {
        kind: FailureKind::Permission,
        message: "No.".into(),
        attempts: 5,
    }));
    let record = Record {
        status: failed,
        run: 1,
        at: at(1),
    };
    blocked.assets.insert(id(100), record);
    let mut drifted = state();
    let record = Record {
        status: Status::Retired(Evidence::Answer),
        run: 1,
        at: at(1),
    };
    drifted.assets.insert(id(100), record);
    let one = || vec![listed(100, None)];
    let rows = [
        (vec![], &[100][..], state(), legal()),
        (vec![deferred], &[], state(), Why::Deferred),
        (vec![pinned], &[], state(), Why::Pinned),
        (one(), &[], blocked, Why::Blocked),
        (one(), &[], drifted, Why::Drift),
        (one(), &[], state(), Why::Unread),
    ];
    for (more, holds, state, why) in rows {
        let there = |bytes| {
            Seen::There(Facts {
                bytes: Some(bytes),
                ..Facts::of_kind(Kind::File)
            })
        };
        let mut seen = Inventory::default();
        if why == Why::Unread {
            seen.asked_all = true;
            for n in [10, 11] {
                seen.assets
                    .insert(id(n), Seen::There(Facts::of_kind(Kind::Folder)));
            }
            seen.assets.insert(id(200), there(1));
        } else {
            seen.assets.insert(id(100), there(2));
        }
        for around in [10, 11] {
            let mut entries = vec![listed(around, folder), listed(200, None)];
            entries.extend(more.clone());
            let manifests = manifests(entries, holds);
            let unread = planned_seen(&manifests, &state, None, seen.clone());
            assert_eq!(unread.shelter, Shelter::NotChecked, "{why:?}");
            let plan = planned_seen(&manifests, &state, Some(tree()), seen.clone());
            let (found, path) = kept(&plan, around).unwrap();
            assert_eq!(found, why);
            let path_down = [vec![10, 11, 100], vec![11, 100]];
            assert!(path_down.contains(&path), "{path:?}");
            assert_eq!(path[0], around);
            assert_eq!(kept(&plan, 200), None, "the rest goes on");
            assert_eq!(plan.totals.retire, 1);
        }
    }
}

#[test]
fn what_lies_in_something_held_is_kept_and_its_neighbour_goes() {
    let file = Some(Kind::File);
    let listings = vec![listed(100, file), listed(101, file), listed(200, file)];
    let manifests = manifests(listings, &[11]);
    let mut places = tree();
    places.held.insert(id(11), true);
    let plan = planned(&manifests, &state(), Some(places.clone()));
    assert_eq!(kept(&plan, 100), Some((legal(), vec![11, 100])));
    assert_eq!((kept(&plan, 101), kept(&plan, 200)), (None, None));
    assert_eq!(plan.totals.retire, 2);
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    // What is in it was not listed to its end, and one of the listed ones is nowhere.
    places.held.insert(id(11), false);
    places.lies.remove(&id(200));
    let plan = planned(&manifests, &state(), Some(places));
    let Err(Refused::Unread(unread)) = approve(&plan, Consent::Auto, false) else {
        panic!("{:?}", plan.shelter);
    };
    assert_eq!(unread.len(), 1);
    let (held, listed) = &unread[0];
    assert_eq!((held.id, *listed), (id(11), 1));
    assert_eq!(held.at.as_deref(), Some("retire.yaml:9:5"));
}

#[test]
fn what_cannot_be_placed_keeps_everything() {
    let manifests = manifests(vec![listed(20, None)], &[100]);
    let refused = |lies: Lies, whole: bool| {
        let mut places = tree();
        places.lies.insert(id(100), lies);
        places.listed_whole = whole;
        let plan = planned(&manifests, &state(), Some(places));
        approve(&plan, Consent::Auto, false).err()
    };
    let unread = || Lies::Unread("no".into());
    for lies in [Lies::Missing, unread(), Lies::In(id(77))] {
        let refused = refused(lies, false).unwrap();
        assert!(matches!(&refused, Refused::Unplaced(all) if all.len() == 1));
        assert!(refused.to_string().contains("retire.yaml:9:5"));
    }
    // Whoever restores it puts it back where it lay.
    let deleted = |was_in: Option<u128>| Lies::Deleted {
        evidence: Evidence::Read,
        was_in: was_in.map(id),
    };
    assert_eq!(refused(deleted(Some(11)), false), None, "it lay elsewhere");
    assert!(
        refused(deleted(Some(77)), true).is_some(),
        "no list shows it"
    );
    assert!(refused(deleted(None), true).is_some());
    // It lies somewhere, and not in what is listed.
    assert_eq!(refused(Lies::In(id(77)), true), None);
    for lies in [Lies::Missing, unread()] {
        assert!(refused(lies, true).is_some());
    }
    // What nobody has asked for is in none of the listed ones, where each was listed to its end.
    for whole in [false, true] {
        let mut places = tree();
        places.lies.remove(&id(100));
        places.listed_whole = whole;
        let plan = planned(&manifests, &state(), Some(places));
        assert_eq!(approve(&plan, Consent::Auto, false).is_ok(), whole);
    }
    // Round in a circle leads nowhere, whatever lists show.
    for whole in [false, true] {
        let mut places = tree();
        places.lies.insert(id(1), Lies::In(id(11)));
        places.listed_whole = whole;
        let plan = planned(&manifests, &state(), Some(places));
        assert!(approve(&plan, Consent::Auto, false).is_err(), "{whole}");
    }
}

#[test]
fn what_is_held_keeps_its_folder_however_deep_it_lies() {
    let manifests = manifests(vec![listed(20, None)], &[100]);
    let mut places = tree();
    let way: Vec<u128> = [100].into_iter().chain(1_000..3_000).chain([20]).collect();
    for step in way.windows(2) {
        places.lies.insert(id(step[0]), Lies::In(id(step[1])));
    }
    places.listed_whole = true;
    let plan = planned(&manifests, &state(), Some(places));
    let (why, path) = kept(&plan, 20).unwrap();
    assert_eq!((why, path.len()), (legal(), way.len()));
}

#[test]
fn nothing_is_read_where_nothing_can_be_connected() {
    let file = Some(Kind::File);
    let wanted = |entries, holds: &[u128]| {
        let manifests = manifests(entries, holds);
        let mut state = state();
        state.target.api = Api::V2;
        wanted(inputs(&manifests, &state, None)).connections
    };
    assert_eq!(wanted(vec![listed(10, None), listed(100, file)], &[]), None);
    assert_eq!(wanted(vec![listed(100, file)], &[100]), None);
    // What an entry calls a file may be a folder all the same, and nobody has read it.
    let called_files = wanted(vec![listed(100, file)], &[20]).unwrap();
    assert_eq!(called_files.holds, [id(20)]);
    assert_eq!(called_files.protected, [id(20)]);
    assert_eq!(called_files.containers, [(id(100), None)]);
    let unknown = wanted(vec![listed(10, None)], &[100]).unwrap();
    assert_eq!(unknown.protected, [id(100)]);
    assert_eq!(unknown.containers, [(id(10), None)]);
    // A hold on what is recorded as deleted protects nothing.
    let mut retired = state();
    let record = Record {
        status: Status::Retired(Evidence::Answer),
        run: 1,
        at: at(1),
    };
    retired.assets.insert(id(100), record);
    let manifests = manifests(vec![listed(10, None)], &[100]);
    let plan = planned(&manifests, &retired, None);
    assert_eq!(plan.shelter, Shelter::NotNeeded);
}

/// A tree of 12 assets: each lies in one of those before it, or at the top.
fn any_tree() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 12).prop_map(|parents| {
        let parents = parents.iter().enumerate();
        parents.map(|(n, parent)| parent.index(n + 1)).collect()
    })
}

proptest! {
    #[test]
    fn nothing_protected_goes_along_with_anything(
        parents in any_tree(),
        listings in proptest::collection::vec(any::<bool>(), 13),
        holds in proptest::collection::vec(any::<bool>(), 13),
        unread in proptest::option::of(1_usize..13),
        known in any::<bool>(),
    ) {
        // Asset 0 is the top; asset n lies in asset parents[n - 1].
        let number = |n: usize| id(n as u128 + 1);
        let mut lies = BTreeMap::from([(number(0), Lies::AtTop)]);
        for (n, parent) in parents.iter().enumerate() {
            lies.insert(number(n + 1), Lies::In(number(*parent)));
        }
        if let Some(n) = unread {
            lies.insert(number(n), Lies::Unread("no".into()));
        }
        let chosen = |all: &[bool]| -> Vec<usize> {
            (0..all.len()).filter(|n| all[*n]).collect()
        };
        let (listings, holds) = (chosen(&listings), chosen(&holds));
        let held = holds.iter().map(|n| (number(*n), known && unread.is_none())).collect();
        let entries = listings.iter().map(|n| listed(*n as u128 + 1, None)).collect();
        let numbers: Vec<u128> = holds.iter().map(|n| *n as u128 + 1).collect();
        let manifests = manifests(entries, &numbers);
        let places = Places { lies, held, ..Places::default() };
        let plan = planned(&manifests, &state(), Some(places));
        let around = |mut n: usize| {
            let mut all = vec![n];
            while n > 0 {
                n = parents[n - 1];
                all.push(n);
            }
            all
        };
        match approve(&plan, Consent::Auto, false) {
            Err(_) => prop_assert!(unread.is_some(), "all was read"),
            Ok(approved) => {
                let goes = |n: usize| approved.delete().contains(&number(n));
                for n in holds {
                    for outer in around(n) {
                        prop_assert!(!goes(outer), "{outer} holds {n}, which is held");
                    }
                    for listed in &listings {
                        prop_assert!(!(around(*listed).contains(&n) && goes(*listed)));
                    }
                }
                for listed in &listings {
                    let is_free = !numbers.iter().any(|n| {
                        let n = usize::try_from(*n).unwrap() - 1;
                        around(n).contains(listed) || around(*listed).contains(&n)
                    });
                    prop_assert!(!is_free || goes(*listed), "nothing keeps {listed}");
                }
            }
        }
    }
}

#[test]
fn what_the_plan_knows_of_a_listed_folder_goes_along_with_it() {
    let folders = [10, 20].map(|n| listed(n, Some(Kind::Folder)));
    let files = [100, 101].map(|n| listed(n, Some(Kind::File)));
    let manifests = manifests(folders.into_iter().chain(files).collect(), &[]);
    let mut state = state();
    let record = |status| Record {
        status,
        run: 1,
        at: at(1),
    };
    let missing = record(Status::Missing);
    state.assets.insert(id(102), missing);
    let retired = record(Status::Retired(Evidence::Answer));
    state.assets.insert(id(103), retired);
    let contents = [
        (10, vec![11, 101, 102, 103, 104]),
        // A folder that holds what holds it: nobody is lost in it.
        (11, vec![100, 10]),
        (200, vec![201]),
    ];
    let ids = |numbers: Vec<u128>| numbers.into_iter().map(id).collect();
    let contents = contents.map(|(folder, inside)| (id(folder), ids(inside)));
    let places = Places {
        contents: contents.into(),
        ..tree()
    };
    let plan = planned(&manifests, &state, Some(places));
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    // 20 was not listed to its end, 103 is deleted already, and of 104 nobody says anything.
    assert_eq!(approved.inside(id(10)), [100, 101, 102].map(id));
    assert!(approved.inside(id(20)).is_empty());
}
