use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::event::{Provenance, RunEvent, RunInfo, Staging};
use crate::inventory::{Facts, Location};
use crate::outcome::{Evidence, Outcome, Phase};
use crate::state::{Api, Target};

const PROJECT: u128 = 1;
const FOLDER: u128 = 90;
/// The folder in which everything lay.
const PARENT: u128 = 10;
/// A file, and a folder with a file in it that is listed too.
const FILE: u128 = 20;
const WHOLE: u128 = 21;
const INNER: u128 = 22;

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number))
}

fn aside(into: u128, asset: Kind) -> Outcome {
    Outcome::Staged(Aside {
        into: id(into),
        asset,
        due: Timestamp::from_second(9000).unwrap(),
        phase: Phase::There,
        inside: None,
    })
}

fn answered(outcomes: Vec<(AssetId, Outcome)>) -> RunEvent {
    RunEvent::Answered {
        batch: 1,
        at: Timestamp::UNIX_EPOCH,
        outcomes,
    }
}

/// Run 3 has moved a file and a folder aside, of which run 5 wrote last.
fn state() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    let mut state = State::new(Uuid::from_u128(7), target);
    let started = |number| {
        RunEvent::Started(RunInfo {
            number,
            id: Uuid::from_u128(number.into()),
            at: Timestamp::UNIX_EPOCH,
            provenance: Provenance::default(),
            account: None,
        })
    };
    let known = |name: &str| Known {
        name: Some(name.into()),
        location: Some(Arc::new(Location {
            project: Some("Tide".into()),
            folder: "dailies".into(),
        })),
        parent: Some(id(PARENT)),
        bytes: Some(5),
    };
    let events = [
        started(3),
        RunEvent::Staging(Staging {
            project: id(PROJECT),
            name: "_retire 2026-12-10 run 3".into(),
            root: None,
            id: Some(id(FOLDER)),
            is_over: false,
        }),
        RunEvent::Described {
            assets: vec![(id(FILE), known("a.mov")), (id(WHOLE), known("day 1"))],
        },
        RunEvent::Opened {
            stack: id(WHOLE),
            files: [id(INNER), id(23)].into(),
        },
    ];
    for event in &events {
        state.apply(3, event);
    }
    let moved = answered(vec![
        (id(FILE), aside(FOLDER, Kind::File)),
        (id(WHOLE), aside(FOLDER, Kind::Folder)),
        (id(INNER), aside(WHOLE, Kind::File)),
    ]);
    state.apply(5, &started(5));
    state.apply(5, &moved);
    state
}

fn ids(chosen: Result<Vec<Waiting>, NotStaged>) -> Vec<AssetId> {
    chosen.unwrap().iter().map(|one| one.id).collect()
}

#[test]
fn all_that_waits_by_itself_is_chosen_unless_something_is_named() {
    let state = state();
    let both = vec![id(FILE), id(WHOLE)];
    assert_eq!(ids(choose(&state, None)), both);
    // By the folder's name, and by the run that wrote last.
    for run in [3, 5] {
        assert_eq!(ids(choose(&state, Some(&Chosen::Run(run)))), both);
    }
    let one = Chosen::Assets(vec![id(WHOLE)]);
    let waiting = choose(&state, Some(&one)).unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(*waiting[0].with, [id(INNER)]);
    assert_eq!(&*waiting[0].place.1, "_retire 2026-12-10 run 3");
}

#[test]
fn what_cannot_go_back_by_itself_is_refused_in_words() {
    let mut state = state();
    let retired = Outcome::Retired(Evidence::Answer);
    state.apply(5, &answered(vec![(id(30), retired)]));
    let refused = |chosen: Chosen| choose(&state, Some(&chosen)).unwrap_err();
    let assets = |number| Chosen::Assets(vec![id(FILE), id(number)]);
    assert_eq!(refused(Chosen::Run(4)), NotStaged::Run(4, vec![3, 5]));
    assert_eq!(refused(assets(31)), NotStaged::NotKnown(id(31)));
    assert_eq!(refused(assets(30)), NotStaged::Other(id(30), "retired"));
    let inside = NotStaged::Inside(id(INNER), id(WHOLE));
    assert_eq!(refused(assets(INNER)), inside);
    assert_eq!(
        refused(Chosen::Run(4)).to_string(),
        "nothing of run 4 is staged; something is of `run:3`, `run:5`"
    );
}

fn there(parent: u128, name: &str) -> Seen {
    Seen::There(Facts {
        name: Some(name.into()),
        parent: Some(id(parent)),
        ..Facts::of_kind(Kind::File)
    })
}

fn standings(seen: &[(u128, Seen)], state: &State, chosen: Option<&Chosen>) -> Vec<Standing> {
    let read = Inventory {
        assets: seen
            .iter()
            .map(|(number, seen)| (id(*number), seen.clone()))
            .collect(),
        ..Inventory::default()
    };
    let plan = Unstage::new(choose(state, chosen).unwrap(), state, &read);
    plan.rows
        .into_iter()
        .map(|(_, standing)| standing)
        .collect()
}

#[test]
fn each_goes_where_it_was_only_where_it_waits_and_that_is_there() {
    let state = state();
    let file = Chosen::Assets(vec![id(FILE)]);
    let folder = || (FOLDER, there(PROJECT, "_retire"));
    let of = |seen: &[(u128, Seen)]| {
        let seen = [seen, &[folder()]].concat();
        standings(&seen, &state, Some(&file)).remove(0)
    };
    let waits = || (FILE, there(FOLDER, "a.mov"));
    let back = Standing::Back {
        parent: id(PARENT),
        name: Some("dailies".into()),
    };
    assert_eq!(of(&[waits(), (PARENT, there(PROJECT, "dailies"))]), back);
    assert_eq!(
        of(&[waits(), (PARENT, Seen::Missing)]),
        Standing::NoParent(id(PARENT))
    );
    assert_eq!(of(&[waits()]), Standing::Unread);
    assert_eq!(of(&[(FILE, there(44, "a.mov"))]), Standing::Away);
    assert_eq!(of(&[(FILE, Seen::Missing)]), Standing::Unread);
    assert!(!Standing::NoParent(id(PARENT)).is_asked() && Standing::Away.is_asked());
}

/// What is in it can be read for a while longer.
#[test]
fn nothing_is_moved_out_of_a_staging_folder_that_is_not_there() {
    let mut state = state();
    let file = Chosen::Assets(vec![id(FILE)]);
    let of = |folder: Option<Seen>, state: &State| {
        let seen = [
            (FILE, there(FOLDER, "a.mov")),
            (PARENT, there(PROJECT, "dailies")),
        ];
        let folder = folder.map(|seen| (FOLDER, seen));
        let seen: Vec<_> = seen.into_iter().chain(folder).collect();
        standings(&seen, state, Some(&file)).remove(0)
    };
    assert_eq!(of(Some(Seen::Missing), &state), Standing::Going(None));
    assert_eq!(of(None, &state), Standing::Unread);
    let waiting = choose(&state, Some(&file)).unwrap();
    let deleting = Aside {
        phase: Phase::Deleting,
        ..waiting[0].aside
    };
    let outcomes = vec![(id(FILE), Outcome::Staged(deleting))];
    state.apply(6, &answered(outcomes));
    let going = of(Some(Seen::Missing), &state);
    assert_eq!(going, Standing::Going(Some(6)));
    assert!(!going.is_asked() && !going.is_stuck());
}

#[test]
fn nothing_goes_into_what_stays_aside() {
    let mut state = state();
    let outcomes = vec![(id(PARENT), aside(FOLDER, Kind::Folder))];
    state.apply(5, &answered(outcomes));
    let seen = [
        (FILE, there(FOLDER, "a.mov")),
        (PARENT, there(FOLDER, "dailies")),
        (FOLDER, there(PROJECT, "_retire")),
    ];
    let file = Chosen::Assets(vec![id(FILE)]);
    let alone = standings(&seen, &state, Some(&file));
    assert_eq!(alone, [Standing::ParentAside(id(PARENT))]);
    let both = Chosen::Assets(vec![id(FILE), id(PARENT)]);
    let both = standings(&seen, &state, Some(&both));
    assert!(both.iter().any(|one| matches!(one, Standing::Back { .. })));
}
