use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::{AssetId, Kind};
use crate::event::RateLimit;
use crate::inventory::{Contents, Facts, Inventory, Known, Lies, Location, Places, Project, Seen};
use crate::manifest::document::{Details, Entry, Manifests, Spot, Strategy};
use crate::outcome::{Aside, Phase};
use crate::plan::aside::Terms;
use crate::plan::decide::{Decision, Rules};
use crate::plan::forecast::{Cut, forecast};
use crate::plan::model::Plan;
use crate::plan::{self, Inputs};
use crate::state::{Api, Record, Staged, State, Status, Target};

const ROOT: u128 = 1;
/// Only some members of the project see it.
const VAULT: u128 = 2;
const IN_VAULT: u128 = 20;
const FOLDER: u128 = 3;
const IN_FOLDER: u128 = 30;
const FILE: u128 = 4;
const OTHER: u128 = 5;
const PROJECT: u128 = 9;
const FORTNIGHT: u64 = 14 * 24 * 3600;

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number))
}

fn inventory() -> Inventory {
    let mut read = Inventory {
        asked_all: true,
        ..Inventory::default()
    };
    let mut places = Places {
        listed_whole: true,
        ..Places::default()
    };
    for (number, kind, parent, inside) in [
        (ROOT, Kind::Folder, None, None),
        (VAULT, Kind::Folder, Some(ROOT), Some(IN_VAULT)),
        (IN_VAULT, Kind::File, Some(VAULT), None),
        (FOLDER, Kind::Folder, Some(ROOT), Some(IN_FOLDER)),
        (IN_FOLDER, Kind::File, Some(FOLDER), None),
        (FILE, Kind::File, Some(ROOT), None),
        (OTHER, Kind::File, Some(ROOT), None),
    ] {
        let facts = Facts {
            name: Some(format!("asset {number}").into()),
            project: Some(id(PROJECT)),
            parent: parent.map(id),
            bytes: Some(10),
            restricted: (kind == Kind::Folder).then_some(number == VAULT),
            ..Facts::of_kind(kind)
        };
        read.assets.insert(id(number), Seen::There(facts));
        let lies = parent.map_or(Lies::AtTop, |parent| Lies::In(id(parent)));
        places.lies.insert(id(number), lies);
        places.kinds.insert(id(number), kind);
        if let Some(inside) = inside {
            let inside: Arc<[AssetId]> = Arc::new([id(inside)]);
            read.contents
                .insert(id(number), Contents::Whole(Arc::clone(&inside)));
            places.contents.insert(id(number), inside.to_vec());
        }
    }
    read.places = Some(places);
    let project = Project {
        name: Some("Tide".into()),
        root: Some(id(ROOT)),
        storage: Some(1_000_000),
    };
    read.projects.insert(id(PROJECT), project);
    read
}

/// Plans what is listed, each with the strategy of its document.
fn planned(listed: &[(u128, Option<Strategy>)], strategy: Strategy, seconds: u64) -> Plan {
    planned_after(&new_state(), listed, (strategy, seconds))
}

fn new_state() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    State::new(Uuid::nil(), target)
}

fn planned_after(
    state: &State,
    listed: &[(u128, Option<Strategy>)],
    (strategy, seconds): (Strategy, u64),
) -> Plan {
    let mut entries: Vec<Entry> = listed
        .iter()
        .map(|(number, strategy)| {
            let details = Details {
                strategy: *strategy,
                ..Details::default()
            };
            Entry {
                id: id(*number),
                spot: Spot {
                    file: 0,
                    line: 1,
                    column: 1,
                },
                details: Some(Arc::new(details)),
            }
        })
        .collect();
    entries.sort_by_key(|entry| entry.id);
    let manifests = Manifests {
        entries,
        ..Manifests::default()
    };
    let read = inventory();
    let now = Timestamp::UNIX_EPOCH;
    let mut plan = plan::make(Inputs {
        manifests: &manifests,
        state,
        inventory: Some(&read),
        check_retired: false,
        rules: Rules::default(),
        now,
    });
    plan.settle_staged(state, Some(&read));
    plan.cover(Api::V4);
    let terms = Terms {
        strategy,
        staged_from: 3,
        delete_after_seconds: seconds,
    };
    plan.stage(state, Some(&read), (terms, now));
    plan
}

fn aside(plan: &Plan) -> Vec<AssetId> {
    plan.staging.all_aside().map(|(id, _)| id).collect()
}

#[test]
fn what_a_document_says_beats_the_setting() {
    for (said, setting, staged) in [
        (None, Strategy::Direct, false),
        (None, Strategy::Staged, true),
        (Some(Strategy::Staged), Strategy::Direct, true),
        (Some(Strategy::Staged), Strategy::Auto, true),
        (Some(Strategy::Direct), Strategy::Staged, false),
        (Some(Strategy::Auto), Strategy::Staged, false),
    ] {
        let plan = planned(&[(FILE, said)], setting, FORTNIGHT);
        assert_eq!(plan.staging.moves(id(FILE)), staged, "{said:?} {setting:?}");
    }
}

#[test]
fn each_asset_goes_the_way_of_its_own_document() {
    let listed = [
        (FILE, Some(Strategy::Staged)),
        (OTHER, Some(Strategy::Direct)),
        (FOLDER, None),
    ];
    let plan = planned(&listed, Strategy::Direct, FORTNIGHT);
    assert_eq!(aside(&plan), [id(FILE)]);
}

#[test]
fn auto_counts_all_that_goes_of_a_project() {
    let auto = Some(Strategy::Auto);
    let two = planned(&[(FILE, auto), (OTHER, None)], Strategy::Direct, 0);
    assert_eq!(aside(&two), []);
    let listed = [(FILE, auto), (OTHER, None), (FOLDER, None)];
    let three = planned(&listed, Strategy::Direct, 0);
    assert_eq!(aside(&three), [id(FILE)]);
}

/// Who lists a file for people to see for two weeks does not lose it with its folder at once.
#[test]
fn what_goes_along_gives_its_folder_the_more_careful_way() {
    for (of_folder, of_file) in [
        (Strategy::Direct, Strategy::Staged),
        (Strategy::Staged, Strategy::Direct),
    ] {
        let listed = [(FOLDER, Some(of_folder)), (IN_FOLDER, Some(of_file))];
        let plan = planned(&listed, Strategy::Direct, FORTNIGHT);
        assert_eq!(aside(&plan), [id(FOLDER)], "{of_folder:?} {of_file:?}");
    }
}

#[test]
fn what_was_to_wait_and_cannot_is_counted() {
    let listed = [(IN_VAULT, None), (FILE, None)];
    let plan = planned(&listed, Strategy::Staged, FORTNIGHT);
    assert_eq!((aside(&plan), plan.moves.stuck), (vec![id(FILE)], 1));
    // Where nothing waits, nobody loses anything by it.
    assert_eq!(planned(&listed, Strategy::Staged, 0).moves.stuck, 0);
    assert_eq!(planned(&listed, Strategy::Direct, FORTNIGHT).moves.stuck, 0);
}

#[test]
fn what_is_not_staged_and_goes_though_a_wait_is_set_is_counted() {
    let listed = [(IN_VAULT, None), (FILE, None), (FOLDER, None)];
    let figures = |strategy, seconds| {
        let moves = planned(&listed, strategy, seconds).moves;
        (moves.aside, moves.stuck, moves.at_once)
    };
    assert_eq!(figures(Strategy::Direct, FORTNIGHT), (0, 0, 3));
    assert_eq!(figures(Strategy::Staged, FORTNIGHT), (2, 1, 0));
    assert_eq!(figures(Strategy::Direct, 0), (0, 0, 0));
    let of_one = [(OTHER, Some(Strategy::Staged)), (FILE, None)];
    let moves = planned(&of_one, Strategy::Direct, FORTNIGHT).moves;
    assert_eq!((moves.aside, moves.files, moves.at_once), (1, 1, 1));
}

/// What waits is deleted by a later run, and the plan forecasts this one.
#[test]
fn a_run_that_lets_things_wait_forecasts_no_delete() {
    let calls = |seconds| {
        let plan = planned(&[(FILE, None), (OTHER, None)], Strategy::Staged, seconds);
        let cut = Cut {
            api: Api::V4,
            batch_size: 50,
            canary: 0,
        };
        let lines = forecast(&plan, cut);
        let calls = lines.into_iter().map(|line| (line.call, line.calls));
        calls.collect::<Vec<_>>()
    };
    let call = |limit: RateLimit, calls| (limit.name().to_owned(), calls);
    let moves = [
        call(RateLimit::CreateFolder, 1),
        call(RateLimit::MoveFiles, 1),
    ];
    let mut waiting = calls(FORTNIGHT);
    waiting.sort();
    let mut expected = moves.to_vec();
    expected.sort();
    assert_eq!(waiting, expected);
    expected.extend([
        call(RateLimit::Children, 2),
        call(RateLimit::DeleteFolder, 1),
    ]);
    expected.sort();
    let mut at_once = calls(0);
    at_once.sort();
    assert_eq!(at_once, expected);
}

/// By whose move it is home counts: nobody moves home what was to be moved aside, and what somebody
/// wants back is theirs.
#[test]
fn what_is_home_by_a_move_that_nobody_answered_goes_unless_somebody_wants_it_back() {
    let plan = |phase, listed: &[(u128, Option<Strategy>)]| {
        let mut state = new_state();
        let aside = Aside {
            into: id(VAULT),
            asset: Kind::File,
            due: Timestamp::UNIX_EPOCH,
            phase,
            inside: None,
        };
        let record = Record {
            status: Status::Staged(Box::new(Staged { aside, attempts: 0 })),
            run: 1,
            at: Timestamp::UNIX_EPOCH,
        };
        state.assets.insert(id(FILE), record);
        let location = Location {
            project: None,
            folder: "there".into(),
        };
        let known = Known {
            location: Some(Arc::new(location)),
            parent: Some(id(ROOT)),
            ..Known::default()
        };
        state.catalogue.insert(id(FILE), known);
        planned_after(&state, listed, (Strategy::Staged, FORTNIGHT))
    };
    for phase in [Phase::Returning, Phase::There, Phase::Deleting] {
        for listed in [&[(FILE, None)][..], &[]] {
            let plan = plan(phase, listed);
            assert_eq!(plan.steps[0].decision, Decision::Rescued, "{phase:?}");
            assert_eq!(aside(&plan), [], "{phase:?}");
        }
    }
    let again = plan(Phase::Moving, &[(FILE, None)]);
    assert_eq!(again.steps[0].decision, Decision::Retire);
    let forgotten = plan(Phase::Moving, &[]);
    assert_eq!(forgotten.steps[0].decision, Decision::Unstage);
}

/// It is told once: what its record says then is no news.
#[test]
fn what_was_taken_out_is_rescued_once_and_then_left_alone() {
    let mut state = new_state();
    let mut after = |status| {
        let record = Record {
            status,
            run: 1,
            at: Timestamp::UNIX_EPOCH,
        };
        state.assets.insert(id(FILE), record);
        planned_after(&state, &[(FILE, None)], (Strategy::Staged, FORTNIGHT))
    };
    let aside = Aside {
        into: id(VAULT),
        asset: Kind::File,
        due: Timestamp::UNIX_EPOCH,
        phase: Phase::There,
        inside: None,
    };
    let staged = Staged { aside, attempts: 0 };
    let first = after(Status::Staged(Box::new(staged)));
    assert_eq!(first.steps[0].decision, Decision::Rescued);
    assert_eq!(first.totals.rescued, 1);
    assert!(first.has_work());
    let later = after(Status::Rescued);
    assert_eq!((later.totals.unchanged, later.steps.len()), (1, 0));
    assert!(!later.has_work());
}
