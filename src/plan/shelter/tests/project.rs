//! A hold on a project.

use super::*;

#[test]
fn a_hold_on_a_project_keeps_all_that_may_lie_in_it() {
    let file = Some(Kind::File);
    let mut said = manifests(
        vec![listed(100, file), listed(101, file), listed(200, file)],
        &[],
    );
    said.project_holds = vec![hold(7)];
    let there = |project: u128| {
        let facts = Facts {
            project: Some(id(project)),
            ..Facts::of_kind(Kind::File)
        };
        Seen::There(facts)
    };
    let inventory = Inventory {
        assets: [(id(100), there(7)), (id(101), there(8))].into(),
        ..Inventory::default()
    };
    let state = state();
    let plan = make(inputs(&said, &state, Some(&inventory)));
    assert_eq!(kept(&plan, 100), Some((legal(), vec![7, 100])));
    assert_eq!(kept(&plan, 101), None, "it lies in another one");
    assert_eq!(
        kept(&plan, 200),
        Some((legal(), vec![7, 200])),
        "it was not read"
    );
    assert_eq!((plan.totals.held, plan.totals.retire), (2, 1));
    assert!(approve(&plan, Consent::Auto, false).is_ok());
    // What was planned without a look at the server is not carried out.
    let plan = make(inputs(&said, &state, None));
    assert_eq!(
        approve(&plan, Consent::Auto, false),
        Err(Refused::NotChecked)
    );
    said.project_holds[0].until = Some(at(1_000));
    let plan = make(inputs(&said, &state, Some(&inventory)));
    assert_eq!(plan.totals.retire, 3, "the hold has ended");
}
