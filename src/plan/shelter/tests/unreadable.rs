//! What may not be read, in what is to be deleted.

use super::*;

#[test]
fn what_may_not_be_read_keeps_what_a_list_shows_around_it_and_no_more() {
    let folder = Some(Kind::Folder);
    let manifests = manifests(
        vec![listed(10, folder), listed(100, None), listed(200, None)],
        &[],
    );
    let mut seen = Inventory {
        asked_all: true,
        ..Inventory::default()
    };
    seen.assets
        .insert(id(10), Seen::There(Facts::of_kind(Kind::Folder)));
    seen.assets
        .insert(id(200), Seen::There(Facts::of_kind(Kind::File)));
    let message = "not for this token".into();
    seen.assets.insert(id(100), Seen::Refused { message });
    let plan = planned_seen(&manifests, &state(), Some(tree()), seen.clone());
    assert_eq!(kept(&plan, 10), Some((Why::Unread, vec![10, 11, 100])));
    assert_eq!(kept(&plan, 200), None);
    assert_eq!((plan.totals.retire, plan.totals.unreadable), (1, 1));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    // Of one that is nowhere nobody knows whether a folder holds it, unless all were listed.
    let mut places = tree();
    places.listed_whole = true;
    places
        .lies
        .insert(id(100), Lies::Unread("not for this token".into()));
    let plan = planned_seen(&manifests, &state(), Some(places), seen);
    assert_eq!(kept(&plan, 10), None);
    assert!(approve(&plan, Consent::Auto, false).is_ok());
}

#[test]
fn what_waits_for_its_date_and_was_sent_before_stops_nothing_where_the_server_knows_it_no_more() {
    let deferred = Entry {
        id: id(300),
        spot: spot(2),
        details: Some(Arc::new(Details {
            not_before: Some(at(2_000)),
            ..Details::default()
        })),
    };
    let said = manifests(vec![listed(10, Some(Kind::Folder)), deferred], &[]);
    let mut places = tree();
    places.listed_whole = true;
    places.lies.insert(id(300), Lies::Missing);
    let record = |status| Record {
        status,
        run: 1,
        at: at(1),
    };
    let mut seen = Inventory::default();
    seen.assets.insert(id(300), Seen::Missing);
    let stops = |state: &State, places: &Places, said: &Manifests| {
        let plan = planned_seen(said, state, Some(places.clone()), seen.clone());
        approve(&plan, Consent::Auto, false).is_err()
    };
    let mut known = state();
    assert!(stops(&known, &places, &said), "its id may be mistyped");
    known.assets.insert(id(300), record(Status::Missing));
    assert!(stops(&known, &places, &said));
    known
        .assets
        .insert(id(300), record(Status::Unknown { attempts: 1 }));
    assert!(!stops(&known, &places, &said));
    // A hold is another matter, and so is what could not be read.
    let held = Manifests {
        holds: vec![hold(300)],
        ..said.clone()
    };
    assert!(stops(&known, &places, &held));
    places
        .lies
        .insert(id(300), Lies::Unread("not for this token".into()));
    assert!(stops(&known, &places, &said));
}
