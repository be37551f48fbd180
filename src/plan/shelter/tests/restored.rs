//! What is deleted and may be restored at any moment.

use super::*;
use crate::inventory::Contents;

#[test]
fn what_is_deleted_keeps_what_it_lay_in_since_somebody_may_restore_it() {
    let deleted = |was_in: u128| Lies::Deleted {
        evidence: Evidence::Listed,
        was_in: Some(id(was_in)),
    };
    let manifests = manifests(
        vec![
            listed(10, Some(Kind::Folder)),
            listed(20, Some(Kind::Folder)),
        ],
        &[100],
    );
    let mut places = tree();
    places.listed_whole = true;
    // With the folder that it lay in, too.
    for folder in [Lies::In(id(10)), deleted(10)] {
        places.lies.insert(id(100), deleted(11));
        places.lies.insert(id(11), folder);
        let plan = planned(&manifests, &state(), Some(places.clone()));
        assert_eq!(kept(&plan, 10), Some((legal(), vec![10, 11, 100])));
        assert_eq!((plan.totals.held, plan.totals.retire), (1, 1));
    }
}

#[test]
fn what_lies_in_a_held_folder_stays_also_where_that_or_it_itself_is_deleted() {
    let file = Some(Kind::File);
    let manifests = manifests(vec![listed(100, file), listed(200, file)], &[11]);
    let mut state = state();
    for n in [100, 200] {
        let record = Record {
            status: Status::Unknown { attempts: 1 },
            run: 1,
            at: at(1),
        };
        state.assets.insert(id(n), record);
    }
    let deleted = |was_in: Option<u128>| Lies::Deleted {
        evidence: Evidence::Read,
        was_in: was_in.map(id),
    };
    let mut places = tree();
    places.held.insert(id(11), false);
    places.lies.insert(id(11), deleted(Some(10)));
    let plan = planned(&manifests, &state, Some(places.clone()));
    assert_eq!(kept(&plan, 100), Some((legal(), vec![11, 100])));
    assert_eq!(kept(&plan, 200), None);
    // A delete of it was not answered: the run finds out what became of it, and sends none.
    for lies in [deleted(None), Lies::Missing] {
        places.lies.insert(id(100), lies);
        let (facts, evidence) = (None, Evidence::Read);
        for gone in [Seen::Missing, Seen::Deleted { facts, evidence }] {
            let mut seen = Inventory::default();
            seen.assets.insert(id(100), gone);
            let plan = planned_seen(&manifests, &state, Some(places.clone()), seen);
            let approved = approve(&plan, Consent::Auto, false).unwrap();
            let sent = approved.resolve().iter();
            let sent = sent.filter(|resolve| resolve.listed && !resolve.was_absent);
            assert_eq!(
                sent.map(|resolve| resolve.id).collect::<Vec<_>>(),
                [id(200)]
            );
            assert_eq!(approved.resolve().len(), 2);
        }
    }
}

#[test]
fn what_would_wait_keeps_the_folder_that_it_was_deleted_from() {
    let folder = listed(11, Some(Kind::Folder));
    let entry = |details| Entry {
        id: id(100),
        spot: spot(2),
        details: Some(Arc::new(details)),
    };
    let deferred = entry(Details {
        not_before: Some(at(2_000)),
        ..Details::default()
    });
    let pinned = entry(Details {
        pin: Some(Pin {
            filesize: Some(1),
            ..Pin::default()
        }),
        ..Details::default()
    });
    let mut places = tree();
    let evidence = Evidence::Read;
    let was_in = Some(id(11));
    places
        .lies
        .insert(id(100), Lies::Deleted { evidence, was_in });
    let mut refused = state();
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
    refused.assets.insert(id(100), record);
    for (entry, state, why) in [
        (deferred, state(), Why::Deferred),
        (pinned, state(), Why::Pinned),
        (entry(Details::default()), refused, Why::Blocked),
    ] {
        let manifests = manifests(vec![folder.clone(), entry], &[]);
        let facts = Some(Facts {
            bytes: Some(2),
            ..Facts::of_kind(Kind::File)
        });
        let mut seen = Inventory::default();
        let deleted = Seen::Deleted { facts, evidence };
        seen.assets.insert(id(100), deleted);
        let plan = planned_seen(&manifests, &state, Some(places.clone()), seen);
        assert_eq!(kept(&plan, 11), Some((why, vec![11, 100])));
        assert_eq!((plan.totals.held, plan.totals.record), (1, 1));
    }
}

#[test]
fn what_only_a_list_shows_of_what_was_deleted_keeps_its_folder_unless_it_goes_again() {
    let record = |state: &mut State, n: u128| {
        let record = Record {
            status: Status::Retired(Evidence::Answer),
            run: 1,
            at: at(1),
        };
        state.assets.insert(id(n), record);
    };
    let folder = Some(Kind::Folder);
    let again = Entry {
        details: Some(Arc::new(Details {
            again: true,
            ..Details::default()
        })),
        ..listed(100, None)
    };
    let drift = Some((Why::Drift, vec![10, 11, 100]));
    let whole = |ids: &[u128]| Contents::Whole(ids.iter().copied().map(id).collect());
    // What was taken back, what is in it, whether its entry lets it go again and since which run,
    // and what keeps the folder around it.
    for (kind, inside, entry, since, keeps) in [
        (Kind::File, None, None, None, drift.clone()),
        (Kind::File, None, Some(again.clone()), None, None),
        (Kind::File, None, Some(again), Some(4), drift.clone()),
        (Kind::Folder, Some(whole(&[])), None, None, drift.clone()),
        (Kind::VersionStack, None, None, None, drift.clone()),
        (Kind::VersionStack, Some(whole(&[102])), None, None, drift),
        // Its files were deleted one by one.
        (Kind::VersionStack, Some(whole(&[])), None, None, None),
    ] {
        let case = format!("{kind:?} {inside:?} {entry:?} {since:?}");
        let mut state = state();
        record(&mut state, 100);
        state.again = since.map(|run| (id(100), run)).into_iter().collect();
        let mut seen = Inventory::default();
        seen.assets
            .insert(id(10), Seen::There(Facts::of_kind(Kind::Folder)));
        seen.around.insert(id(100), Facts::of_kind(kind));
        seen.contents = inside.map(|inside| (id(100), inside)).into_iter().collect();
        let mut listings = vec![listed(10, folder)];
        listings.extend(entry);
        let manifests = manifests(listings, &[]);
        let plan = planned_seen(&manifests, &state, Some(tree()), seen);
        assert_eq!(kept(&plan, 10), keeps, "{case}");
    }
}

#[test]
fn a_hold_on_what_was_deleted_and_is_back_counts_for_more_than_that_it_is_back() {
    let mut state = state();
    let record = Record {
        status: Status::Gone(Evidence::Read),
        run: 1,
        at: at(1),
    };
    state.assets.insert(id(100), record);
    let mut seen = Inventory::default();
    let folder = Facts::of_kind(Kind::Folder);
    seen.assets.insert(id(10), Seen::There(folder));
    let manifests = manifests(vec![listed(10, Some(Kind::Folder))], &[100]);
    let plan = planned_seen(&manifests, &state, Some(tree()), seen.clone());
    assert_eq!(kept(&plan, 10), None, "nobody has seen it since");
    seen.around.insert(id(100), Facts::of_kind(Kind::File));
    let plan = planned_seen(&manifests, &state, Some(tree()), seen.clone());
    assert_eq!(kept(&plan, 10), Some((legal(), vec![10, 11, 100])));
    // What may not be read is there.
    seen.around.clear();
    let message = "not for this token".into();
    seen.assets.insert(id(100), Seen::Refused { message });
    let plan = planned_seen(&manifests, &state, Some(tree()), seen);
    assert_eq!(kept(&plan, 10), Some((legal(), vec![10, 11, 100])));
}
