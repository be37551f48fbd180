use uuid::Uuid;

use super::*;
use crate::event::{Provenance, RunEvent, RunInfo, Staging};
use crate::inventory::{Facts, Location};
use crate::outcome::{Aside, Outcome, Phase};
use crate::state::{Api, Deletion, Target};

fn id(number: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn answered(state: &mut State, run: u64, seconds: i64, outcomes: &[(u128, Outcome)]) {
    if state.serial < run {
        state.apply(
            run,
            &RunEvent::Started(RunInfo {
                number: run,
                id: Uuid::from_u128(run.into()),
                at: at(seconds),
                provenance: Provenance::default(),
                account: None,
            }),
        );
    }
    let outcomes = outcomes.iter();
    let outcomes = outcomes.map(|(number, outcome)| (id(*number), outcome.clone()));
    state.apply(
        run,
        &RunEvent::Answered {
            batch: 1,
            at: at(seconds),
            outcomes: outcomes.collect(),
        },
    );
}

/// Run 1 deletes a file and then a folder with two in it; run 2 deletes one more, finds one gone and
/// is refused one.
fn state() -> State {
    let target = Target {
        api: Api::V4,
        endpoint: "sandbox".to_owned(),
        account: None,
    };
    let mut state = State::new(Uuid::nil(), target);
    let retired = Outcome::Retired(Evidence::Answer);
    let with = Outcome::Retired(Evidence::With(id(10)));
    answered(&mut state, 1, 100, &[(1, retired.clone())]);
    let folder = [(10, retired.clone()), (11, with.clone()), (12, with)];
    answered(&mut state, 1, 200, &folder);
    let gone = Outcome::Gone(Evidence::Listed);
    answered(
        &mut state,
        2,
        300,
        &[(2, retired), (3, gone), (4, Outcome::Missing)],
    );
    state
}

fn chosen(state: &State, chosen: &Chosen) -> Vec<(u128, Vec<u128>)> {
    let number = |id: &AssetId| {
        (1..100)
            .find(|number| super::tests::id(*number) == *id)
            .unwrap()
    };
    let candidates = choose(state, chosen).unwrap();
    let all = candidates.iter();
    all.map(|one| (number(&one.id), one.with.iter().map(number).collect()))
        .collect()
}

#[test]
fn a_run_comes_back_from_the_last_delete_to_the_first() {
    let state = state();
    let run = |number| chosen(&state, &Chosen::Run(number));
    assert_eq!(run(1), [(10, vec![11, 12]), (1, vec![])]);
    assert_eq!(run(2), [(2, vec![])]);
    // What went with a folder comes back with it, whether it is named or not; alone it is asked for.
    let assets = |numbers: &[u128]| {
        let ids = numbers.iter().map(|number| id(*number)).collect();
        chosen(&state, &Chosen::Assets(ids))
    };
    assert_eq!(assets(&[10]), [(10, vec![11, 12])]);
    assert_eq!(assets(&[10, 11]), [(10, vec![11, 12])]);
    assert_eq!(assets(&[11, 1]), [(1, vec![]), (11, vec![])]);
}

#[test]
fn what_cannot_be_chosen_is_named_with_what_can() {
    let mut state = state();
    let refused = |state: &State, chosen: Chosen| choose(state, &chosen).unwrap_err().to_string();
    assert_eq!(
        refused(&state, Chosen::Run(9)),
        "the state has no run 9; `run:1`, `run:2` have deleted something that is still deleted"
    );
    for (number, status) in [(3, "gone"), (4, "missing")] {
        let words = refused(&state, Chosen::Assets(vec![id(number)]));
        assert!(
            words.contains(&format!("is recorded as {status}")),
            "{words}"
        );
    }
    let words = refused(&state, Chosen::Assets(vec![id(99)]));
    assert!(words.contains("no record"), "{words}");
    // What is back needs nothing; what was asked for and not seen is asked for again.
    answered(&mut state, 3, 400, &[(2, Outcome::Restored { seen: true })]);
    assert_eq!(chosen(&state, &Chosen::Run(2)), []);
    assert_eq!(chosen(&state, &Chosen::Run(3)), []);
    assert_eq!(chosen(&state, &Chosen::Assets(vec![id(2)])), []);
    answered(
        &mut state,
        4,
        500,
        &[(1, Outcome::Restored { seen: false })],
    );
    assert_eq!(chosen(&state, &Chosen::Run(4)), [(1, vec![])]);
    // So does the number of the run that deleted it, and no other word of it is false.
    assert_eq!(
        chosen(&state, &Chosen::Run(1)),
        [(10, vec![11, 12]), (1, vec![])]
    );
    assert_eq!(
        refused(&state, Chosen::Run(9)),
        "the state has no run 9; `run:1` has deleted something that is still deleted"
    );
    // An earlier version did not keep which run that was.
    let record = state.assets.get_mut(&id(1)).unwrap();
    record.status = Status::Restored {
        was: Evidence::Answer,
        seen: false,
        deleted: None,
    };
    assert_eq!(
        refused(&state, Chosen::Run(9)),
        "the state has no run 9; `run:1` has deleted something that is still deleted; `run:4` has asked for something that nobody has seen back"
    );
}

/// It comes back with what lay around it, which a list shows: only what is left is asked for alone.
#[test]
fn what_went_with_something_of_which_nothing_is_recorded_comes_last() {
    let mut state = state();
    answered(
        &mut state,
        3,
        400,
        &[(20, Outcome::Retired(Evidence::With(id(77))))],
    );
    assert_eq!(
        chosen(&state, &Chosen::Assets([20, 10, 1].map(id).into())),
        [(10, vec![11, 12]), (1, vec![]), (20, vec![])]
    );
}

/// The delete of a staging folder that was not answered, and came true.
#[test]
fn what_went_with_a_staging_folder_whose_delete_was_not_answered_comes_back_with_it() {
    let mut state = state();
    let staging = RunEvent::Staging(Staging {
        project: id(90),
        name: "_retire 2026-12-10 run 3".into(),
        root: None,
        id: Some(id(91)),
        is_over: false,
    });
    state.apply(3, &staging);
    let staged = |into, phase| {
        Outcome::Staged(Aside {
            into: id(into),
            asset: Kind::Folder,
            due: at(400),
            phase,
            inside: None,
        })
    };
    // A folder, and what is listed two levels down: nothing is recorded of 25, in which it lies.
    for phase in [Phase::There, Phase::Deleting] {
        let all = [(22, staged(91, phase)), (24, staged(25, phase))];
        answered(&mut state, 3, 400, &all);
        let files = [id(24), id(25)].into();
        state.apply(
            3,
            &RunEvent::Opened {
                stack: id(22),
                files,
            },
        );
    }
    let gone = |number| (number, Outcome::Gone(Evidence::Listed));
    answered(&mut state, 4, 500, &[gone(22), gone(24)]);
    assert_eq!(
        state.assets[&id(24)].status,
        Status::Retired(Evidence::Listed)
    );
    let whole = choose(&state, &Chosen::Assets(vec![id(24)])).unwrap();
    assert_eq!(whole.len(), 1);
    assert_eq!(
        (whole[0].id, &*whole[0].with),
        (id(91), &[22, 24].map(id)[..])
    );
    assert_eq!(
        tops(&state, &whole[0].with),
        [(id(22), [id(24)].into())].into()
    );
    // Once it is back it is that no longer.
    let seen = Outcome::Restored { seen: true };
    answered(&mut state, 5, 600, &[(22, seen.clone()), (24, seen)]);
    assert!(state.unanswered.is_empty());
}

#[test]
fn what_a_reading_tells_decides_what_is_asked_for() {
    let candidate = Candidate {
        id: id(1),
        at: at(0),
        known: Known::default(),
        with: Arc::default(),
        went_with: None,
        staged: Arc::default(),
        parts: Arc::default(),
        parts_of_stack: Arc::default(),
        only_with: None,
    };
    let day = 24 * 3600;
    let until = at(30 * day);
    let folder = || Some(Facts::of_kind(Kind::Folder));
    let deleted = |facts| Seen::Deleted {
        facts,
        evidence: Evidence::Listed,
    };
    let refused = Seen::Refused {
        message: "No.".into(),
    };
    let rows = [
        (
            Some(Seen::There(Facts::of_kind(Kind::File))),
            None,
            1,
            Standing::Back { kind: Kind::File },
        ),
        (
            Some(deleted(folder())),
            None,
            1,
            Standing::Deleted {
                kind: Some(Kind::Folder),
                until,
            },
        ),
        (
            Some(deleted(None)),
            Some((folder(), at(5 * day))),
            1,
            Standing::Deleted {
                kind: Some(Kind::Folder),
                until: at(35 * day),
            },
        ),
        // A list that shows it knows better than we do.
        (
            Some(deleted(None)),
            None,
            31,
            Standing::Deleted { kind: None, until },
        ),
        (Some(Seen::Missing), None, 29, Standing::NotListed { until }),
        (
            Some(Seen::Missing),
            None,
            30,
            Standing::Over { since: until },
        ),
        (Some(refused), None, 1, Standing::Unread),
        (None, None, 1, Standing::Unread),
    ];
    for (seen, line, days, expected) in rows {
        let mut read = Inventory::default();
        read.assets.extend(seen.clone().map(|seen| (id(1), seen)));
        read.departed.extend(line.map(|line| (id(1), line)));
        let standing = standing(&read, &candidate, at(days * day));
        assert_eq!(standing, expected, "{seen:?} after {days} days");
        let is_asked = !matches!(expected, Standing::Over { .. } | Standing::Unread);
        assert_eq!(standing.is_asked(), is_asked);
    }
}

#[test]
fn a_restored_asset_keeps_what_showed_that_it_was_deleted_until_it_is_deleted_again() {
    let mut state = state();
    let status = |state: &State| state.assets[&id(11)].status.clone();
    let with = Evidence::With(id(10));
    answered(
        &mut state,
        3,
        400,
        &[(11, Outcome::Restored { seen: false })],
    );
    let deleted = || {
        Some(Box::new(Deletion {
            run: 1,
            at: at(200),
        }))
    };
    let asked = Status::Restored {
        was: with,
        seen: false,
        deleted: deleted(),
    };
    assert_eq!(status(&state), asked);
    // That the server does not know it says nothing, as of what was deleted.
    answered(&mut state, 4, 500, &[(11, Outcome::Missing)]);
    assert_eq!(status(&state), asked);
    answered(
        &mut state,
        5,
        600,
        &[(11, Outcome::Restored { seen: true })],
    );
    let seen = Status::Restored {
        was: with,
        seen: true,
        deleted: deleted(),
    };
    assert_eq!(status(&state), seen);
    assert!(!state.again.contains_key(&id(11)));
    answered(
        &mut state,
        6,
        700,
        &[(11, Outcome::Retired(Evidence::Answer))],
    );
    assert_eq!(status(&state), Status::Retired(Evidence::Answer));
    // It was deleted again, which an entry allows once.
    assert_eq!(state.again.get(&id(11)), Some(&6));
}

#[test]
fn one_of_a_staging_folder_brings_all_that_went_with_it() {
    let mut state = state();
    let staging = RunEvent::Staging(Staging {
        project: id(90),
        name: "_retire 2026-12-10 run 3".into(),
        root: None,
        id: Some(id(91)),
        is_over: false,
    });
    state.apply(3, &staging);
    let with = |folder| Outcome::Retired(Evidence::With(id(folder)));
    // A file, and a folder with a folder in it that has a file.
    let went = [
        (21, with(91)),
        (22, with(91)),
        (23, with(22)),
        (24, with(23)),
    ];
    answered(&mut state, 3, 400, &went);
    let chosen = choose(&state, &Chosen::Assets(vec![id(24)])).unwrap();
    assert_eq!(chosen.len(), 1);
    let whole = &chosen[0];
    assert!(whole.is_staging());
    assert_eq!(
        (whole.id, &*whole.with),
        (id(91), &[21, 22, 23, 24].map(id)[..])
    );
    let expected = [(id(21), [].into()), (id(22), [id(23), id(24)].into())];
    assert_eq!(tops(&state, &whole.with), expected.into());
    // Nothing of it is asked for by itself.
    let run = choose(&state, &Chosen::Run(3)).unwrap();
    assert_eq!(run, chosen);
    // While a run has asked for it and seen nothing, the same comes back.
    let asked = went.map(|(number, _)| (number, Outcome::Restored { seen: false }));
    answered(&mut state, 4, 500, &asked);
    let again = choose(&state, &Chosen::Run(4)).unwrap();
    assert_eq!(again[0].with, whole.with);
    let seen = Outcome::Restored { seen: true };
    answered(&mut state, 4, 600, &[(21, seen)]);
    let rest = choose(&state, &Chosen::Run(4)).unwrap();
    assert_eq!(*rest[0].with, [22, 23, 24].map(id));
}

/// Run 1 deletes a file of stack 30 and one in folder 40; run 2 deletes the rest of the stack, and so
/// that, and the folder.
fn pieces() -> State {
    let mut state = State::new(Uuid::nil(), state().target);
    let retired = |number| (number, Outcome::Retired(Evidence::Answer));
    let known = |parent: u128, bytes| Known {
        location: Some(Arc::new(Location {
            project: None,
            folder: format!("in {parent}").into(),
        })),
        parent: Some(id(parent)),
        bytes: Some(bytes),
        ..Known::default()
    };
    let assets = [
        (30, 9, 0),
        (31, 30, 5),
        (32, 30, 6),
        (33, 30, 7),
        (40, 9, 0),
        (41, 40, 5),
    ];
    let assets = assets.map(|(number, parent, bytes)| (id(number), known(parent, bytes)));
    answered(&mut state, 1, 100, &[retired(31), retired(41)]);
    state.apply(
        1,
        &RunEvent::Described {
            assets: assets.to_vec(),
        },
    );
    answered(&mut state, 2, 200, &[retired(30), retired(32), retired(33)]);
    answered(&mut state, 2, 200, &[retired(40)]);
    state
}

/// A version stack has no delete of its own: its files were deleted in its place.
#[test]
fn a_version_stack_takes_the_files_that_were_deleted_in_its_place() {
    let mut state = pieces();
    let assets = |state: &State, numbers: &[u128]| {
        let ids = numbers.iter().map(|number| id(*number)).collect();
        choose(state, &Chosen::Assets(ids)).unwrap()
    };
    let numbers = |all: &[Candidate]| -> Vec<AssetId> { all.iter().map(|one| one.id).collect() };
    // First the stack, since they lie in it.
    let all = assets(&state, &[30]);
    assert_eq!(numbers(&all), [30, 32, 33, 31].map(id));
    assert_eq!(*all[0].parts, [32, 33].map(id));
    assert_eq!(*all[0].parts_as(None), [32, 33, 31].map(id));
    assert_eq!(all[3].only_with, Some(id(30)));
    assert_eq!(numbers(&assets(&state, &[33])), [id(33)]);
    // A run brings back what it has deleted, and knows what belongs together.
    let run = choose(&state, &Chosen::Run(2)).unwrap();
    assert_eq!(numbers(&run), [30, 32, 33, 40].map(id));
    assert_eq!(*run[0].parts_as(None), [32, 33].map(id));
    // What went before its folder is no part of that, once a reading says that it is one.
    let all = assets(&state, &[40]);
    assert_eq!(numbers(&all), [40, 41].map(id));
    let standing = |kind| Standing::Deleted {
        kind: Some(kind),
        until: at(900),
    };
    for (kind, left) in [(Kind::Folder, 1), (Kind::VersionStack, 2)] {
        let rows = all.iter().map(|one| (one.clone(), standing(kind)));
        let restore = Restore::new(rows.collect());
        assert_eq!(restore.rows.len(), left, "{kind:?}");
        let parts = restore.rows[0].0.parts_as(Some(kind));
        assert_eq!(parts.len(), left - 1, "{kind:?}");
    }
    // What is back is not asked for again, and is looked for in the stack all the same.
    answered(
        &mut state,
        3,
        300,
        &[(32, Outcome::Restored { seen: true })],
    );
    let all = assets(&state, &[30]);
    assert_eq!(numbers(&all), [30, 33, 31].map(id));
    assert_eq!(all[0].parts_as(None).len(), 3);
    // An earlier version has seen the stack alone.
    answered(
        &mut state,
        4,
        400,
        &[(30, Outcome::Restored { seen: true })],
    );
    assert_eq!(numbers(&assets(&state, &[30])), [33, 31].map(id));
}

/// The delete of a stack was begun, and nobody knows what became of it.
#[test]
fn a_version_stack_that_went_half_way_brings_back_the_files_that_are_deleted() {
    let mut state = pieces();
    let refused = choose(&state, &Chosen::Assets(vec![id(50)])).unwrap_err();
    assert_eq!(refused, NotChosen::NotKnown(id(50)));
    let retired = Outcome::Retired(Evidence::Answer);
    answered(&mut state, 3, 300, &[(50, Outcome::Unknown)]);
    let refused = choose(&state, &Chosen::Assets(vec![id(50)])).unwrap_err();
    assert_eq!(refused, NotChosen::NotRetired(id(50), "unknown"));
    assert_eq!(refused::unanswered(&state), [3].into());
    let files = [id(51), id(52)].into();
    state.apply(
        3,
        &RunEvent::Opened {
            stack: id(50),
            files,
        },
    );
    answered(&mut state, 3, 300, &[(51, retired)]);
    let chosen = choose(&state, &Chosen::Assets(vec![id(50)])).unwrap();
    assert_eq!(chosen.len(), 1);
    assert_eq!(chosen[0].id, id(51));
}
