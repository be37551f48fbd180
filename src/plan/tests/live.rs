//! What was read of the live account decides as well.

use super::*;
use crate::event::Provenance;
use crate::outcome::Failure;

#[test]
fn what_a_live_reading_found_decides() {
    let bare = entry(1, None);
    let accepted = entry(
        1,
        Some(Details {
            missing: Some(MissingPolicy::Accept),
            ..Details::default()
        }),
    );
    let later = entry(
        1,
        Some(Details {
            not_before: Some(at(NOW + 1)),
            ..Details::default()
        }),
    );
    let record = |evidence| {
        Some(Decision::Record {
            evidence,
            run: None,
        })
    };
    let unknown = || Some(Status::Unknown { attempts: 1 });
    let deleted = Seen::Deleted {
        facts: None,
        evidence: Evidence::Listed,
    };
    let there = facts(Kind::File, None);
    let message: Arc<str> = "You may not.".into();
    let refused = Seen::Refused {
        message: Arc::clone(&message),
    };
    let missing = Some(Decision::Missing);
    let unreadable = Some(Decision::Unreadable { message });
    let of = |entry, status, seen| row_of(Some(entry), status, false, Some(seen));
    for status in [
        None,
        Some(failed(1)),
        Some(failed(9)),
        Some(Status::Missing),
    ] {
        assert_eq!(
            of(&bare, status.clone(), &deleted),
            record(Evidence::Listed)
        );
        assert_eq!(of(&bare, status.clone(), &Seen::Missing), missing);
        assert_eq!(
            of(&accepted, status.clone(), &Seen::Missing),
            record(Evidence::ByHand)
        );
        assert_eq!(of(&bare, status.clone(), &refused), unreadable);
        assert_eq!(of(&accepted, status.clone(), &refused), unreadable);
        // What is deleted is recorded whatever its date, and what is missing waits for it.
        assert_eq!(
            of(&later, status.clone(), &deleted),
            record(Evidence::Listed)
        );
        for seen in [&Seen::Missing, &refused, &there] {
            let waits = of(&later, status.clone(), seen);
            assert!(matches!(waits, Some(Decision::Defer { .. })));
        }
        for seen in [&deleted, &Seen::Missing, &refused, &there] {
            let held = row_of(Some(&bare), status.clone(), true, Some(seen));
            assert!(matches!(held, Some(Decision::Held { .. })));
        }
    }
    assert_eq!(of(&bare, None, &there), Some(Decision::Retire));
    assert_eq!(
        of(&bare, Some(Status::Missing), &there),
        Some(Decision::Retire)
    );
    // A delete that was never answered may be the reason, which the run finds out.
    for seen in [&deleted, &Seen::Missing, &refused, &there] {
        let resolve = of(&accepted, unknown(), seen);
        assert!(matches!(resolve, Some(Decision::Resolve { .. })));
        assert_eq!(row_of(None, None, false, Some(seen)), None);
    }
    // Where nothing was read, the run reads it before it sends anything.
    let read = row(Some(&bare), Some(Status::Missing), false).unwrap();
    assert_eq!(read, resolve(true, 0));
    assert!(read.is_missing() && read.may_delete());
    assert!(Decision::Missing.is_missing() && !Decision::Missing.may_delete());
    assert_eq!(
        row(None, Some(Status::Missing), false),
        Some(Decision::Forget)
    );
}

#[test]
fn what_was_deleted_again_goes_once_more_only_when_its_entry_says_so_anew() {
    let details = |again| Details {
        again,
        ..Details::default()
    };
    let manifests = |again| Manifests {
        entries: vec![entry(1, Some(details(again)))],
        ..Manifests::default()
    };
    let retired = record(Status::Retired(Evidence::Answer));
    let mut state = empty_state();
    state.assets.insert(id(1), retired);
    let mut live = Inventory::default();
    live.assets.insert(id(1), facts(Kind::File, None));
    let plan = |manifests, state: &State| plan_seen(&manifests, state, &live);
    let first = plan(manifests(true), &state);
    assert_eq!(first.steps[0].decision, Decision::Retire);
    assert_eq!(first.again_after(&state, 4), [(id(1), 4)].into());
    let answered = RunEvent::Answered {
        batch: 1,
        at: at(NOW),
        outcomes: vec![(id(1), Outcome::Retired(Evidence::Answer))],
    };
    state.apply(4, &answered);
    assert_eq!(state.again, [(id(1), 4)].into());
    let second = plan(manifests(true), &state);
    let is_used = |plan: &Plan| {
        let again = Some(4);
        matches!(plan.steps[0].decision, Decision::Drift { again: found, .. } if found == again)
    };
    assert!(is_used(&second), "{:?}", second.steps);
    assert!(second.again_over.is_empty() && !second.has_news());
    // A run in which the line is out lets it count once more.
    let out = plan(manifests(false), &state);
    assert_eq!(out.again_over, [id(1)]);
    assert!(out.has_news());
    let approved = approve(&out, Consent::Auto, true).unwrap();
    state.apply(5, &approved.again_over().unwrap());
    assert!(state.again.is_empty());
    let anew = plan(manifests(true), &state);
    assert_eq!(anew.steps[0].decision, Decision::Retire);
}

#[test]
fn the_first_delete_uses_up_that_an_entry_goes_again_and_a_refusal_does_not() {
    let said = Details {
        again: true,
        ..Details::default()
    };
    let manifests = Manifests {
        entries: vec![entry(1, Some(said)), entry(2, None)],
        ..Manifests::default()
    };
    let mut state = empty_state();
    let mut live = Inventory::default();
    for n in [1, 2] {
        live.assets.insert(id(n), facts(Kind::File, None));
    }
    let first = plan_seen(&manifests, &state, &live);
    assert_eq!(first.again_after(&state, 4), [(id(1), 4)].into());
    let approved = approve(&first, Consent::Auto, true).unwrap();
    let failed = Outcome::Failed(Failure {
        kind: FailureKind::Other,
        message: String::new(),
    });
    for outcome in [failed, Outcome::Unknown, Outcome::Missing] {
        assert_eq!(approved.again_used(&[(id(1), outcome)]), None);
    }
    let retired = Outcome::Retired(Evidence::Answer);
    let outcomes = vec![(id(1), retired.clone()), (id(2), retired)];
    let used = approved.again_used(&outcomes).unwrap();
    assert_eq!(used, RunEvent::AgainUsed { ids: vec![id(1)] });
    state.apply(4, &used);
    // Where the answer is not written down any more, the delete is tried anew.
    state
        .assets
        .insert(id(1), record(Status::Unknown { attempts: 1 }));
    let anew = plan_seen(&manifests, &state, &live);
    assert!(anew.steps[0].decision.may_delete(), "{:?}", anew.steps);
    let answered = RunEvent::Answered {
        batch: 1,
        at: at(NOW),
        outcomes,
    };
    state.apply(4, &answered);
    let second = plan_seen(&manifests, &state, &live);
    let is_used = |step: &Step| matches!(step.decision, Decision::Drift { again: Some(4), .. });
    assert!(is_used(&second.steps[0]), "{:?}", second.steps);
    let is_plain = |step: &Step| matches!(step.decision, Decision::Drift { again: None, .. });
    assert!(is_plain(&second.steps[1]), "{:?}", second.steps);
}

#[test]
fn what_is_recorded_as_deleted_and_is_there_is_in_drift_until_it_is_to_go_again() {
    let plain = entry(1, None);
    let again = entry(
        1,
        Some(Details {
            again: true,
            ..Details::default()
        }),
    );
    let there = facts(Kind::File, None);
    let unchanged = Some(Decision::Unchanged { listed: true });
    for (status, recorded) in [
        (Status::Retired(Evidence::Answer), Recorded::Retired),
        (Status::Gone(Evidence::ByHand), Recorded::Gone),
    ] {
        let of = |entry, held, seen| row_of(Some(entry), Some(status.clone()), held, seen);
        let at = record(status.clone()).at;
        let drift = Some(Decision::Drift {
            recorded,
            at,
            again: None,
        });
        assert_eq!(of(&plain, false, Some(&there)), drift);
        // It is said before a hold, which holds all the same.
        assert_eq!(of(&plain, true, Some(&there)), drift);
        assert_eq!(of(&again, false, Some(&there)), Some(Decision::Retire));
        let held = of(&again, true, Some(&there));
        assert!(matches!(held, Some(Decision::Held { .. })));
        for entry in [&plain, &again] {
            for seen in [None, Some(&Seen::Missing)] {
                assert_eq!(of(entry, false, seen), unchanged);
            }
        }
    }
}

#[test]
fn what_is_other_than_its_entry_says_comes_before_what_was_refused() {
    let pinned = entry(
        1,
        Some(Details {
            kind: Some(Kind::File),
            not_before: Some(at(NOW)),
            ..Details::default()
        }),
    );
    let folder = facts(Kind::Folder, None);
    let unknown = Status::Unknown { attempts: 1 };
    for status in [None, Some(failed(9)), Some(Status::Missing), Some(unknown)] {
        let of = |held, seen| row_of(Some(&pinned), status.clone(), held, Some(seen));
        let Some(Decision::Mismatch(other)) = of(false, &folder) else {
            panic!("{status:?}");
        };
        assert_eq!(other[0].field.name(), "kind");
        assert!(matches!(of(true, &folder), Some(Decision::Held { .. })));
        let same = of(false, &facts(Kind::File, None));
        assert!(!matches!(same, Some(Decision::Mismatch(_))));
    }
}

#[test]
fn what_should_have_been_read_and_was_not_is_left_alone() {
    let bare = entry(1, None);
    let later = entry(
        1,
        Some(Details {
            not_before: Some(at(NOW + 1)),
            ..Details::default()
        }),
    );
    let unknown = Status::Unknown { attempts: 1 };
    for status in [None, Some(failed(9)), Some(Status::Missing), Some(unknown)] {
        let record = status.map(record);
        let case = |entry| Case {
            entry: Some(entry),
            record: record.as_ref(),
            is_unopened: false,
            is_checked: true,
            ..Case::default()
        };
        let decided = |entry| decide(case(entry), Rules::default(), at(NOW));
        assert_eq!(decided(&bare), Some(Decision::Unread));
        assert!(matches!(decided(&later), Some(Decision::Defer { .. })));
    }
    let retired = record(Status::Retired(Evidence::Answer));
    let case = Case {
        entry: Some(&bare),
        record: Some(&retired),
        is_unopened: false,
        is_checked: true,
        ..Case::default()
    };
    let unchanged = Decision::Unchanged { listed: true };
    assert_eq!(decide(case, Rules::default(), at(NOW)), Some(unchanged));
}

fn facts(kind: Kind, files: Option<&[u128]>) -> Seen {
    Seen::There(Facts {
        files: files.map(|files| files.iter().map(|n| id(*n)).collect()),
        ..Facts::of_kind(kind)
    })
}

#[test]
fn a_kind_that_was_read_is_kept_beside_what_the_manifest_says() {
    let said = Details {
        kind: Some(Kind::Folder),
        ..Details::default()
    };
    let reason = Details {
        reason: Some("old".into()),
        ..Details::default()
    };
    let manifests = Manifests {
        entries: vec![
            entry(1, Some(said)),
            entry(2, Some(reason)),
            entry(3, None),
            entry(4, None),
            entry(5, None),
            entry(6, None),
        ],
        ..Manifests::default()
    };
    let mut state = empty_state();
    state
        .assets
        .insert(id(5), record(Status::Unknown { attempts: 1 }));
    let inventory = Inventory {
        assets: [
            (id(1), facts(Kind::Folder, None)),
            (id(2), facts(Kind::File, None)),
            (id(3), facts(Kind::VersionStack, Some(&[30, 31]))),
            (id(5), facts(Kind::Folder, None)),
            (id(6), Seen::Missing),
        ]
        .into(),
        ..Inventory::default()
    };
    let plan = plan_seen(&manifests, &state, &inventory);
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    let kinds: Vec<_> = (1..=6).map(|n| approved.kind(id(n))).collect();
    let (folder, file) = (Some(Kind::Folder), Some(Kind::File));
    let stack = Some(Kind::VersionStack);
    assert_eq!(kinds, [folder, file, stack, None, folder, None]);
    assert_eq!(
        approved.files(id(3)).map(|files| &**files),
        Some(&[id(30), id(31)][..])
    );
    let details = plan.steps[1].details.as_ref().unwrap();
    assert_eq!(details.reason.as_deref(), Some("old"));
}

#[test]
fn a_version_stack_with_a_held_file_is_held() {
    let manifests = Manifests {
        entries: vec![entry(3, None)],
        holds: vec![Hold {
            id: id(31),
            spot: SPOT,
            reason: "legal".into(),
            until: None,
        }],
        ..Manifests::default()
    };
    let inventory = Inventory {
        assets: [(id(3), facts(Kind::VersionStack, Some(&[30, 31])))].into(),
        ..Inventory::default()
    };
    let mut state = empty_state();
    state.target.api = Api::V4;
    let unread = plan_seen(&manifests, &state, &inventory);
    assert_eq!(unread.shelter, Shelter::NotChecked);
    assert_eq!(
        approve(&unread, Consent::Auto, false),
        Err(Refused::NotChecked)
    );
    let inventory = Inventory {
        places: Some(Places {
            lies: [(id(31), Lies::In(id(3))), (id(3), Lies::AtTop)].into(),
            ..Places::default()
        }),
        ..inventory
    };
    let plan = plan_seen(&manifests, &state, &inventory);
    assert_eq!(plan.totals.held, 1);
    assert!(plan.stacks.is_empty());
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    assert!(!approved.sends() && approved.forget().is_empty());
    assert!(approved.is_protected(id(31)) && !approved.is_protected(id(30)));
}

#[test]
fn what_is_found_deleted_is_recorded_and_not_read() {
    let manifests = Manifests {
        entries: [1, 2, 3, 4].map(|n| entry(n, None)).to_vec(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    for n in [2, 3] {
        let unknown = record(Status::Unknown { attempts: 1 });
        state.assets.insert(id(n), unknown);
    }
    let inventory = Inventory {
        assets: [
            (
                id(4),
                Seen::Deleted {
                    facts: None,
                    evidence: Evidence::Read,
                },
            ),
            (id(5), Seen::Missing),
        ]
        .into(),
        ..Inventory::default()
    };
    let plan = plan_seen(&manifests, &state, &inventory);
    let approved = approve(&plan, Consent::Auto, false).unwrap();
    let read = |approved: &Approved| -> Vec<AssetId> {
        approved
            .resolve()
            .iter()
            .map(|resolve| resolve.id)
            .collect()
    };
    assert_eq!(approved.found(), [(id(4), Outcome::Gone(Evidence::Read))]);
    assert_eq!(read(&approved), [2, 3].map(id));
    assert_eq!(approved.delete(), [id(1)]);
}

/// Somebody has restored it since the line was written, and what became of it then is not known.
#[test]
fn a_line_that_is_older_than_the_run_that_saw_an_asset_shows_nothing() {
    let manifests = Manifests {
        entries: vec![entry(1, None)],
        ..Manifests::default()
    };
    let run = crate::state::RunRecord {
        id: Uuid::nil(),
        at: at(1_000),
        provenance: Provenance::default(),
        change: None,
        released: Vec::new(),
        came: None,
    };
    let decided = |api, status: Option<Status>, line| {
        let mut state = empty_state();
        state.target.api = api;
        state.runs.insert(1, run.clone());
        state
            .assets
            .extend(status.map(|status| (id(1), record(status))));
        let deleted = Seen::Deleted {
            facts: None,
            evidence: Evidence::Listed,
        };
        let inventory = Inventory {
            assets: [(id(1), deleted)].into(),
            departed: [(id(1), (None, at(line)))].into(),
            ..Inventory::default()
        };
        plan_seen(&manifests, &state, &inventory).steps[0]
            .decision
            .clone()
    };
    let shown = Decision::Record {
        evidence: Evidence::Listed,
        run: None,
    };
    for (api, status, line, expected) in [
        (Api::V4, Some(failed(1)), 100, Decision::Missing),
        (Api::V4, Some(failed(1)), 2_000, shown.clone()),
        // Nothing has seen these alive.
        (Api::V4, Some(Status::Missing), 100, shown.clone()),
        (Api::V4, None, 100, shown.clone()),
        (Api::V2, Some(failed(1)), 100, shown),
    ] {
        let found = decided(api, status.clone(), line);
        assert_eq!(found, expected, "{api:?} {status:?} {line}");
    }
}

#[test]
fn a_stack_that_is_not_there_is_looked_at_where_its_files_are_known() {
    let file = Details {
        kind: Some(Kind::VersionStack),
        ..Details::default()
    };
    let bare = entry(1, Some(file));
    let record = record(Status::Missing);
    let files = [AssetId::from_uuid(Uuid::from_u128(2))].into();
    let case = |held| Case {
        entry: Some(&bare),
        record: Some(&record),
        seen: Some(&Seen::Missing),
        held,
        is_checked: true,
        ..Case::default()
    };
    let decided = |held| decide(case(held), Rules::default(), at(NOW));
    assert_eq!(decided(None), Some(Decision::Missing));
    assert_eq!(decided(Some(&files)), Some(resolve(true, 0)));
}
