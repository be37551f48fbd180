//! Records that are dropped, and those that stay.

use super::*;

/// What becomes of the record of asset 21, which has failed and is not listed, where a version
/// stack 2 was found to hold it.
fn forgets(listed: &[u128], elsewhere: &[u128]) -> bool {
    let manifests = Manifests {
        entries: listed.iter().map(|n| entry(*n, None)).collect(),
        elsewhere: elsewhere.iter().map(|n| (id(*n), None)).collect(),
        ..Manifests::default()
    };
    let mut state = empty_state();
    state.assets.insert(id(21), record(failed(1)));
    state.files = [(id(2), [id(21)].into())].into();
    let plan = plan_of(&manifests, &state);
    let step = plan.steps.iter().find(|step| step.id == id(21));
    match step.map(|step| &step.decision) {
        Some(Decision::Forget) => true,
        None => false,
        Some(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_record_is_dropped_once_no_manifest_lists_the_asset_or_its_stack() {
    assert!(forgets(&[], &[]));
    assert!(forgets(&[1, 3], &[]), "others are listed");
    assert!(!forgets(&[2], &[]), "its stack is");
    assert!(!forgets(&[1, 2, 3], &[]));
    // Another manifest lists it, or its stack, and PATH leaves that one out.
    assert!(!forgets(&[], &[21]));
    assert!(!forgets(&[], &[2]));
    assert!(forgets(&[], &[3]));
}

/// Its entry said `again: true` before a run moved it aside once more; it counts once.
#[test]
fn what_is_taken_out_once_more_is_told_once() {
    let details = Details {
        again: true,
        ..Details::default()
    };
    let listed = Entry {
        details: Some(Arc::new(details)),
        ..entry(1, None)
    };
    let [rescued, retired] = [Status::Rescued, Status::Retired(Evidence::Answer)].map(record);
    let seen = Seen::There(Facts::of_kind(Kind::File));
    let decided = |record, again| {
        let case = Case {
            entry: Some(&listed),
            record: Some(record),
            seen: Some(&seen),
            again,
            ..Case::default()
        };
        decide(case, Rules::default(), Timestamp::UNIX_EPOCH)
    };
    assert_eq!(decided(&rescued, None), Some(Decision::Retire));
    let unchanged = Decision::Unchanged { listed: true };
    assert_eq!(decided(&rescued, Some(3)), Some(unchanged));
    // Of what was deleted it is drift for as long as it is there.
    let drift = decided(&retired, Some(3));
    assert!(matches!(
        drift,
        Some(Decision::Drift { again: Some(3), .. })
    ));
}
