//! What is deleted and may be restored at any moment.

use super::*;

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
    for (entry, why) in [(deferred, Why::Deferred), (pinned, Why::Pinned)] {
        let manifests = manifests(vec![folder.clone(), entry], &[]);
        let facts = Some(Facts {
            bytes: Some(2),
            ..Facts::of_kind(Kind::File)
        });
        let mut seen = Inventory::default();
        let deleted = Seen::Deleted { facts, evidence };
        seen.assets.insert(id(100), deleted);
        let plan = planned_seen(&manifests, &state(), Some(places.clone()), seen);
        assert_eq!(kept(&plan, 11), Some((why, vec![11, 100])));
        assert_eq!((plan.totals.held, plan.totals.record), (1, 1));
    }
}
