//! What lies in a staging folder without a record that says so.

use super::*;
use crate::inventory::Project;
use crate::outcome::{Aside, Phase};
use crate::state::{Staged, StagingFolder};

const PROJECT: u128 = 7;
const ROOT: u128 = 1;
/// A staging folder, with a folder in it and files in both.
const STAGING: u128 = 50;
const FOLDER: u128 = 51;
const DIRECT: u128 = 52;
const DEEP: u128 = 53;
const NAME: &str = "_retire 2026-12-10 run 7 ask jo";

fn read(name: &str, parent: u128) -> Inventory {
    let mut read = Inventory {
        asked_all: true,
        ..Inventory::default()
    };
    let mut places = Places {
        listed_whole: true,
        ..Places::default()
    };
    places.lies.insert(id(ROOT), Lies::AtTop);
    for (n, kind, parent, name) in [
        (40, Kind::Folder, ROOT, "dailies"),
        (STAGING, Kind::Folder, parent, name),
        (FOLDER, Kind::Folder, STAGING, "day 1"),
        (DIRECT, Kind::File, STAGING, "a.mov"),
        (DEEP, Kind::File, FOLDER, "b.mov"),
    ] {
        let facts = Facts {
            name: Some(name.into()),
            project: Some(id(PROJECT)),
            parent: Some(id(parent)),
            ..Facts::of_kind(kind)
        };
        read.assets.insert(id(n), Seen::There(facts));
        places.lies.insert(id(n), Lies::In(id(parent)));
        places.kinds.insert(id(n), kind);
    }
    read.places = Some(places);
    let project = Project {
        root: Some(id(ROOT)),
        ..Project::default()
    };
    read.projects.insert(id(PROJECT), project);
    read
}

/// The same state, in which the folder is known.
fn knows() -> State {
    let mut state = state();
    state.staging.push(StagingFolder {
        project: id(PROJECT),
        name: "_retire".into(),
        run: 1,
        root: Some(id(ROOT)),
        id: Some(id(STAGING)),
    });
    state
}

/// What of the plan of some assets is held, and by which way.
fn held(all: &[u128], state: &State, read: &Inventory) -> Vec<Vec<u128>> {
    let entries = all.iter().map(|n| listed(*n, None)).collect();
    let said = manifests(entries, &[]);
    let plan = make(inputs(&said, state, Some(read)));
    let ways = all.iter().filter_map(|n| kept(&plan, *n));
    ways.map(|(why, way)| {
        assert_eq!(why, Why::Unrecorded);
        way
    })
    .collect()
}

#[test]
fn it_is_held_where_the_folder_is_known_or_called_so() {
    let all = [STAGING, FOLDER, DIRECT, DEEP];
    let ways = [
        vec![STAGING],
        vec![STAGING, FOLDER],
        vec![STAGING, DIRECT],
        vec![STAGING, FOLDER, DEEP],
    ];
    assert_eq!(held(&all, &state(), &read(NAME, ROOT)), ways);
    assert_eq!(held(&all, &knows(), &read("what people call it", 40)), ways);
    // A folder of somebody's, and one that is no staging folder where it lies.
    let none: [Vec<u128>; 0] = [];
    assert_eq!(held(&all, &state(), &read("_retire these", ROOT)), none);
    assert_eq!(held(&all, &state(), &read(NAME, 40)), none);
}

#[test]
fn what_a_record_has_put_there_goes_and_what_is_in_it() {
    let mut state = knows();
    let aside = Aside {
        into: id(STAGING),
        asset: Kind::Folder,
        due: at(1),
        phase: Phase::There,
        inside: None,
    };
    let status = Status::Staged(Box::new(Staged { aside, attempts: 0 }));
    let record = Record {
        status,
        run: 1,
        at: at(1),
    };
    state.assets.insert(id(FOLDER), record);
    let ways = held(&[FOLDER, DIRECT, DEEP], &state, &read(NAME, ROOT));
    assert_eq!(ways, [vec![STAGING, DIRECT]]);
}

#[test]
fn it_keeps_the_folders_around_its_staging_folder() {
    let mut read = read("what people call it", 40);
    read.contents.insert(
        id(40),
        crate::inventory::Contents::Whole([STAGING, FOLDER, DIRECT, DEEP].map(id).into()),
    );
    let ways = held(&[40, DIRECT], &knows(), &read);
    assert_eq!(ways, [vec![40, STAGING, DIRECT], vec![STAGING, DIRECT]]);
}
