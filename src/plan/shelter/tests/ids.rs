//! Assets that are named by either of their ids.

use super::*;

#[test]
fn an_asset_is_known_by_both_of_its_ids() {
    let adobe: AssetId = "adobe:urn:1".parse().unwrap();
    let entry = Entry {
        id: adobe,
        ..listed(10, Some(Kind::Folder))
    };
    let mut places = tree();
    places.lies.insert(adobe, Lies::In(id(1)));
    places.same.insert(id(10), adobe);
    // The chain of the held file names the folder by its UUID.
    let within = manifests(vec![entry.clone()], &[100]);
    let plan = planned(&within, &state(), Some(places.clone()));
    assert_eq!(plan.totals.held, 1);
    // The same asset is held by the one id and listed by the other.
    let itself = manifests(vec![entry], &[10]);
    places.held.insert(id(10), true);
    let plan = planned(&itself, &state(), Some(places));
    assert_eq!((plan.totals.held, plan.totals.retire), (1, 0));
}

#[test]
fn what_waits_under_one_of_its_ids_is_not_deleted_by_the_other() {
    let adobe: AssetId = "adobe:urn:1|2".parse().unwrap();
    let waits = Details {
        not_before: Some(at(9_000_000_000)),
        ..Details::default()
    };
    let file = |id, details| Entry {
        id,
        details,
        ..listed(10, None)
    };
    let mut places = tree();
    places.lies.insert(adobe, Lies::In(id(1)));
    places.same.insert(id(10), adobe);
    for (waiting, going) in [(id(10), adobe), (adobe, id(10))] {
        let entries = vec![
            file(waiting, Some(Arc::new(waits.clone()))),
            file(going, None),
        ];
        let plan = planned(&manifests(entries, &[]), &state(), Some(places.clone()));
        let totals = (plan.totals.defer, plan.totals.held, plan.totals.retire);
        assert_eq!(totals, (1, 1, 0), "{waiting}");
    }
}

#[test]
fn a_list_shows_an_asset_by_its_uuid_alone() {
    let adobe: AssetId = "adobe:urn:1".parse().unwrap();
    // What is listed, and whether it was read, while nobody knows where it lies; 11 is held, and
    // was listed to its end.
    for (going, was_read, may_be_in_it) in [
        (id(200), false, false),
        (id(200), true, false),
        (adobe, true, false),
        (adobe, false, true),
    ] {
        let entry = Entry {
            id: going,
            ..listed(200, Some(Kind::File))
        };
        let mut places = tree();
        places.held.insert(id(11), true);
        places.lies.remove(&id(200));
        if was_read {
            places.lies.insert(going, Lies::Unread("no".into()));
        }
        let plan = planned(&manifests(vec![entry], &[11]), &state(), Some(places));
        let refused = match approve(&plan, Consent::Auto, false) {
            Ok(_) => None,
            Err(Refused::Unread(unread)) => Some((unread[0].0.id, unread[0].1)),
            Err(other) => panic!("{other:?}"),
        };
        let held = may_be_in_it.then_some((id(11), 1));
        assert_eq!(refused, held, "{going} {was_read}");
    }
}
