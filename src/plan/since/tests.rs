//! Plans compared with earlier ones: rows, and what holds for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::asset::Kind;
use crate::plan::about::Look;
use crate::plan::decide::Why;

fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

fn held() -> Decision {
    Decision::Held {
        why: Why::Hold("legal".into()),
        until: None,
        path: None,
    }
}

fn covered(by: u128) -> Decision {
    Decision::Covered {
        by: id(by),
        alone: Box::new(Decision::Retire),
    }
}

fn file(bytes: u64) -> About {
    About {
        kind: Some(Kind::File),
        bytes: Some(bytes),
        ..About::default()
    }
}

/// A folder with some files in it, each of so many bytes as its number says.
fn folder(of: &[u128]) -> About {
    let ids: Vec<AssetId> = of.iter().copied().map(id).collect();
    let looks: Vec<Look> = ids.iter().map(|_| Look::of(None)).collect();
    let bytes = u64::try_from(of.iter().sum::<u128>()).unwrap();
    let inside = Inside {
        count: ids.len(),
        files: ids.len(),
        digest: Inside::digest_of(&ids, &looks),
        ids: ids.into(),
        looks: looks.into(),
        bytes,
        unmeasured: 0,
        oldest: None,
        newest: None,
    };
    About {
        kind: Some(Kind::Folder),
        bytes: Some(bytes),
        inside: Some(Arc::new(inside)),
        ..About::default()
    }
}

/// The same as a saved plan has it of many.
fn without_ids(mut about: About) -> About {
    let inside = about.inside.as_deref().unwrap();
    about.inside = Some(Arc::new(Inside {
        ids: [].into(),
        looks: [].into(),
        ..inside.clone()
    }));
    about
}

fn plan(of: impl IntoIterator<Item = (u128, Decision, About)>) -> Plan {
    let all: BTreeMap<u128, (Decision, About)> = of
        .into_iter()
        .map(|(n, decision, about)| (n, (decision, about)))
        .collect();
    let mut plan = Plan::default();
    for (n, (decision, about)) in all {
        plan.steps.push(Step {
            id: id(n),
            decision,
            details: None,
            spot: None,
        });
        plan.about.insert(id(n), about);
    }
    plan
}

fn since(before: &Plan, now: &Plan) -> Since {
    Since::new(("sha256:0", Timestamp::UNIX_EPOCH, true), before, now)
}

/// The assets that came, went and changed, and of each how many files and bytes.
fn told(before: &Plan, now: &Plan) -> [(Vec<AssetId>, usize, u64); 3] {
    let Since {
        plan: _,
        created_at: _,
        checked: _,
        came,
        went,
        changed,
    } = since(before, now);
    [came, went, changed].map(|moved| (moved.ids, moved.files, moved.bytes))
}

const NOTHING: (Vec<AssetId>, usize, u64) = (Vec::new(), 0, 0);

#[test]
fn what_is_listed_released_or_held_since_is_told() {
    let before = plan([
        (1, Decision::Retire, file(10)),
        (2, held(), file(20)),
        (3, Decision::Retire, file(30)),
        (4, Decision::Missing, file(40)),
    ]);
    let now = plan([
        (1, Decision::Retire, file(10)),
        (2, Decision::Retire, file(20)),
        (3, held(), file(30)),
        (5, Decision::Retire, file(50)),
    ]);
    let told = told(&before, &now);
    assert_eq!(
        told,
        [(vec![id(2), id(5)], 2, 70), (vec![id(3)], 1, 30), NOTHING]
    );
}

#[test]
fn what_is_other_than_it_was_is_told_as_it_is_now() {
    let before = plan([
        (1, Decision::Retire, file(10)),
        (2, Decision::Retire, folder(&[20, 21])),
        (3, Decision::Retire, About::default()),
        (4, held(), file(40)),
    ]);
    let now = plan([
        (1, Decision::Retire, file(11)),
        (2, Decision::Retire, folder(&[20, 21, 22])),
        // What one of them does not hold is not compared.
        (3, Decision::Retire, file(30)),
        (4, held(), file(41)),
    ]);
    assert_eq!(
        told(&before, &now),
        [NOTHING, NOTHING, (vec![id(1), id(2)], 4, 11 + 63)]
    );
    let named = |name: &str| About {
        name: Some(name.into()),
        ..file(10)
    };
    let lying = |parent| About {
        place: [None, Some(id(parent))],
        ..file(10)
    };
    for (before, now) in [(named("a"), named("b")), (lying(7), lying(8))] {
        let [before, now] = [before, now].map(|about| plan([(1, Decision::Retire, about)]));
        assert_eq!(told(&before, &now)[2].0, [id(1)]);
        assert!(since(&now, &now).is_nothing());
    }
}

#[test]
fn what_goes_along_either_way_is_not_new() {
    let files = plan([
        (20, Decision::Retire, file(20)),
        (21, Decision::Retire, file(21)),
    ]);
    let whole = |listed: &[u128]| {
        let listed = listed.iter().copied();
        let listed = listed.map(|n| (n, covered(2), file(u64::try_from(n).unwrap())));
        plan(listed.chain([(2, Decision::Retire, folder(&[20, 21, 22]))]))
    };
    // The folder in place of its files: only what was not listed in it is new.
    let [came, went, changed] = told(&files, &whole(&[]));
    assert_eq!(
        (came, went, changed),
        ((vec![id(2)], 1, 22), NOTHING, NOTHING)
    );
    let [came, went, _] = told(&whole(&[]), &files);
    assert_eq!((came, went), (NOTHING, (vec![id(2)], 1, 22)));
    // Listed beside the folder that takes it along.
    assert_eq!(
        told(&whole(&[]), &whole(&[20, 21])),
        [NOTHING, NOTHING, NOTHING]
    );
    assert_eq!(
        told(&whole(&[20]), &whole(&[])),
        [NOTHING, NOTHING, NOTHING]
    );
    // Both are new, and the file is counted once.
    let none = plan([]);
    assert_eq!(told(&none, &whole(&[20]))[0], (vec![id(2), id(20)], 3, 63));
}

#[test]
fn what_is_in_a_folder_of_many_is_told_by_the_digest() {
    let before = plan([(2, Decision::Retire, without_ids(folder(&[20, 21])))]);
    let same = plan([
        (2, Decision::Retire, folder(&[20, 21])),
        (20, covered(2), file(20)),
    ]);
    assert!(since(&before, &same).is_nothing());
    // Where its contents are other, nobody knows whether the asset was among them: it is named.
    let other = plan([
        (2, Decision::Retire, folder(&[20, 21, 22])),
        (20, covered(2), file(20)),
    ]);
    let told = told(&before, &other);
    assert_eq!(told[0].0, [id(20)]);
    assert_eq!(told[2].0, [id(2)]);
}

/// What is decided of an asset; nothing where it is not listed.
fn decision() -> impl Strategy<Value = Option<Decision>> {
    prop_oneof![
        2 => Just(None),
        3 => Just(Some(Decision::Retire)),
        1 => Just(Some(held())),
        1 => Just(Some(Decision::Missing)),
    ]
}

/// A plan of files, each with so many bytes as its number says.
fn files() -> impl Strategy<Value = Plan> {
    proptest::collection::vec(decision(), 12).prop_map(|decisions| {
        let all = (1_u128..).zip(decisions);
        plan(all.filter_map(|(n, decision)| {
            let bytes = u64::try_from(n).unwrap();
            Some((n, decision?, file(bytes)))
        }))
    })
}

/// The same, with a folder of the first six that goes, or is not listed.
fn tree() -> impl Strategy<Value = Plan> {
    (files(), any::<bool>(), 1_u128..7).prop_map(|(mut plan, is_listed, inside)| {
        if is_listed {
            let inside: Vec<u128> = (1..=inside).collect();
            for step in &mut plan.steps {
                if inside.iter().any(|n| id(*n) == step.id) && step.decision.may_delete() {
                    step.decision = covered(100);
                }
            }
            let all = self::plan([(100, Decision::Retire, folder(&inside))]);
            plan.steps.extend(all.steps);
            plan.about.extend(all.about);
        }
        plan
    })
}

proptest! {
    #[test]
    fn figures_of_two_plans_differ_by_what_came_and_went(before in files(), now in files()) {
        let [came, went, changed] = told(&before, &now);
        let [before, now] = [&before, &now].map(Plan::going);
        prop_assert_eq!(before.files + came.1 - went.1, now.files);
        prop_assert_eq!(before.bytes + came.2 - went.2, now.bytes);
        prop_assert_eq!(changed, NOTHING);
    }

    #[test]
    fn nothing_that_goes_is_left_out_or_called_new_twice(before in tree(), now in tree()) {
        let found = since(&before, &now);
        prop_assert!(since(&now, &now).is_nothing());
        let back = since(&now, &before);
        prop_assert_eq!((&found.came, &found.went), (&back.went, &back.came));
        let all = |plan: &Plan| all_going(plan, plan);
        for step in now.steps.iter().filter(|step| step.decision.goes()) {
            let is_new = found.came.ids.contains(&step.id);
            prop_assert_eq!(is_new, !all(&before).contains(&step.id), "{}", step.id);
        }
        for id in found.came.ids.iter().chain(&found.changed.ids) {
            let step = now.step(*id);
            prop_assert!(step.is_some_and(|step| step.decision.goes()));
        }
        let twice = found.changed.ids.iter().filter(|id| found.came.ids.contains(id));
        prop_assert_eq!(twice.count(), 0);
        // No more is called new than goes, files of both plans being counted once.
        prop_assert!(found.came.files <= now.going().files);
        prop_assert!(found.came.bytes <= now.going().bytes);
    }
}
