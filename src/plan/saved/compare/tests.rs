//! Rows of what a saved plan may say beside the one that its manifests give.

use uuid::Uuid;

use super::*;
use crate::asset::Kind;
use crate::inventory::{Facts, Location, Mark};
use crate::manifest::document::{Details, Spot};
use crate::outcome::{Evidence, FailureKind};
use crate::plan::about::{About, Inside};
use crate::plan::decide::{Path, Recorded, Why};
use crate::plan::pin::{Compared, Difference};

pub(super) fn id(n: u128) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn step(n: u128, decision: Decision) -> Step {
    Step {
        id: id(n),
        decision,
        details: None,
        spot: Some(Spot {
            file: 0,
            line: u32::try_from(n).unwrap(),
            column: 1,
        }),
    }
}

pub(super) fn plan(steps: Vec<Step>) -> Plan {
    let mut plan = Plan {
        steps,
        ..Plan::default()
    };
    for step in &plan.steps {
        plan.totals.count(&step.decision);
    }
    plan
}

fn beside(saved: &Plan, then: &Plan, now: &Plan) -> Result<(), Stale> {
    let [then, now] = [then, now].map(|plan| plan.steps.iter().cloned());
    compare(saved, then, now, &BTreeSet::new())
}

#[test]
fn what_the_state_holds_since_is_no_reason_to_refuse() {
    for (saved, kept, fits) in [
        (Decision::Retire, 1, true),
        (refused(1, false), 1, true),
        // A line of the manifest held it when the plan was made.
        (Decision::Retire, 2, false),
        (defer(), 1, false),
        (Decision::Forget, 1, false),
    ] {
        let now = [step(1, held(false))];
        let [then, now] = [&now, &now].map(|steps| steps.iter().cloned());
        let kept = BTreeSet::from([id(kept)]);
        let found = compare(&plan(vec![step(1, saved.clone())]), then, now, &kept);
        assert_eq!(found.is_ok(), fits, "{saved:?}");
    }
}

fn held(path: bool) -> Decision {
    Decision::Held {
        why: Why::Hold("legal".into()),
        until: None,
        path: path.then(|| Arc::new(Path(Vec::new()))),
    }
}

fn marked(path: bool) -> Decision {
    Decision::Held {
        why: Why::Marked(Mark {
            field: "Retention".into(),
            value: "Hold".into(),
        }),
        until: None,
        path: path.then(|| Arc::new(Path(Vec::new()))),
    }
}

fn read() -> Decision {
    Decision::Record {
        evidence: Evidence::Read,
        run: None,
    }
}

/// What only the account can say.
fn is_live(decision: &Decision) -> bool {
    let is_other = [mismatch(), Decision::Unread, Decision::Rescued].contains(decision);
    is_gone(decision) || is_other
}

fn is_mark(decision: &Decision) -> bool {
    [false, true].map(marked).contains(decision)
}

fn is_drift(decision: &Decision) -> bool {
    matches!(decision, Decision::Drift { .. })
}

fn is_gone(decision: &Decision) -> bool {
    *decision == read() || *decision == Decision::Missing
}

fn mismatch() -> Decision {
    let other = Difference {
        field: Compared::Filesize,
        wanted: "1".into(),
        found: None,
    };
    Decision::Mismatch([other].into())
}

fn defer() -> Decision {
    Decision::Defer {
        until: jiff::Timestamp::UNIX_EPOCH,
    }
}

const fn resolve(listed: bool, attempts: u32) -> Decision {
    Decision::Resolve {
        listed,
        attempts,
        with: None,
    }
}

#[test]
fn a_saved_plan_says_what_its_manifests_say_or_what_the_account_made_of_it() {
    let all = [
        Decision::Retire,
        resolve(true, 1),
        read(),
        Decision::Missing,
        defer(),
        held(false),
        held(true),
        marked(false),
        marked(true),
        mismatch(),
        Decision::Unread,
        Decision::Rescued,
        Decision::Drift {
            recorded: Recorded::Retired,
            at: jiff::Timestamp::UNIX_EPOCH,
            again: None,
        },
        Decision::Forget,
        covered(),
        Decision::Staged {
            until: jiff::Timestamp::UNIX_EPOCH,
        },
    ];
    // What may be saved, where the manifests say it without the account.
    let fits = |saved: &Decision, now: &Decision| match now {
        Decision::Retire | Decision::Resolve { .. } => {
            let is_around = *saved == held(true);
            saved.goes() || is_live(saved) || is_around || is_mark(saved)
        }
        Decision::Defer { .. } => saved == now || is_gone(saved) || is_mark(saved),
        Decision::Staged { .. } => {
            saved == now || is_live(saved) || is_mark(saved) || *saved == held(true)
        }
        Decision::Mismatch(_)
        | Decision::Covered { .. }
        | Decision::Unread
        | Decision::Rescued
        | Decision::Drift { .. }
        | Decision::Record { .. }
        | Decision::Missing
        | Decision::Unreadable { .. }
        | Decision::Retry { .. }
        | Decision::Blocked { .. }
        | Decision::Held { .. }
        | Decision::Unstage
        | Decision::Forget
        | Decision::Unchanged { .. } => saved == now,
    };
    for saved in &all {
        for now in all
            .iter()
            .filter(|now| **now != held(true) && !is_live(now) && !is_drift(now))
            .filter(|now| !is_mark(now) && **now != covered())
        {
            let (one, other) = (step(1, saved.clone()), step(1, now.clone()));
            let now_plan = plan(vec![other]);
            let found = beside(&plan(vec![one]), &now_plan, &now_plan);
            let expected = if *saved == Decision::Rescued || fits(saved, now) {
                Ok(())
            } else {
                Err(Stale::Action(id(1)))
            };
            assert_eq!(found, expected, "{saved:?} beside {now:?}");
        }
    }
}

fn covered() -> Decision {
    Decision::Covered {
        by: id(9),
        alone: Box::new(Decision::Retire),
    }
}

fn refused(attempts: u32, is_blocked: bool) -> Decision {
    let (kind, message) = (FailureKind::Other, Arc::from("no"));
    if is_blocked {
        return Decision::Blocked {
            attempts,
            kind,
            message,
        };
    }
    Decision::Retry {
        attempts,
        kind,
        message,
    }
}

#[test]
fn what_other_runs_have_done_since_is_no_reason_to_refuse() {
    let unchanged = |listed| Decision::Unchanged { listed };
    let reads = resolve(false, 2);
    for (saved, now, fits) in [
        // Done, refused, refused too often, or without an answer.
        (Decision::Retire, unchanged(true), true),
        (refused(1, false), unchanged(true), true),
        (read(), unchanged(true), true),
        (Decision::Missing, unchanged(true), true),
        (defer(), unchanged(true), true),
        (Decision::Retire, refused(1, false), true),
        (refused(1, false), refused(2, false), true),
        (refused(4, false), refused(5, true), true),
        (refused(5, true), refused(6, true), true),
        (Decision::Retire, resolve(true, 1), true),
        (Decision::Forget, unchanged(false), true),
        (Decision::Forget, reads.clone(), true),
        // Nobody has seen that these would be deleted.
        (refused(5, true), refused(1, false), false),
        (refused(5, true), Decision::Retire, false),
        (Decision::Forget, Decision::Retire, false),
        (held(false), Decision::Retire, false),
        (defer(), Decision::Retire, false),
    ] {
        let now_plan = plan(vec![step(1, now.clone())]);
        let found = beside(&plan(vec![step(1, saved.clone())]), &now_plan, &now_plan);
        assert_eq!(found.is_ok(), fits, "{saved:?} beside {now:?}");
    }
    // A record that is gone, before and behind another asset.
    let now = plan(vec![step(2, Decision::Retire)]);
    for gone in [Decision::Forget, reads] {
        for saved in [
            vec![step(1, gone.clone()), step(2, Decision::Retire)],
            vec![step(2, Decision::Retire), step(3, gone.clone())],
        ] {
            assert_eq!(beside(&plan(saved), &now, &now), Ok(()));
        }
    }
    // What was counted as done and is to be deleted now is a new action.
    let dropped = beside(&plan(Vec::new()), &now, &now);
    assert_eq!(dropped, Err(Stale::Action(id(2))));
    let more = plan(vec![
        step(2, Decision::Retire),
        step(3, unchanged(false)),
        step(4, unchanged(true)),
    ]);
    let mut saved = plan(vec![step(2, Decision::Retire)]);
    assert_eq!(beside(&saved, &more, &more), Err(Stale::Totals));
    saved.totals.unchanged = 1;
    assert_eq!(beside(&saved, &more, &more), Ok(()), "history may grow");
    saved.totals.history = 2;
    assert_eq!(beside(&saved, &more, &more), Err(Stale::Totals));
}

#[test]
fn what_no_manifest_gives_is_refused() {
    let now = plan(vec![step(1, Decision::Retire)]);
    let same = |saved: &Plan| beside(saved, &now, &now);
    assert_eq!(same(&now), Ok(()));
    let more = plan(vec![step(1, Decision::Retire), step(2, Decision::Retire)]);
    assert_eq!(same(&more), Err(Stale::Action(id(2))));
    assert_eq!(same(&plan(Vec::new())), Err(Stale::Action(id(1))));
    // A date that has come, or a hold that has ended, since the plan was made.
    let then = plan(vec![step(1, defer())]);
    for saved in [&then, &now] {
        assert_eq!(beside(saved, &then, &now), Err(Stale::Dates(id(1))));
    }
    let mut elsewhere = now.clone();
    elsewhere.steps[0].spot = None;
    assert_eq!(same(&elsewhere), Err(Stale::Action(id(1))));
    let mut other_reason = now.clone();
    other_reason.steps[0].details = Some(Arc::new(Details {
        reason: Some("because".into()),
        ..Details::default()
    }));
    assert_eq!(same(&other_reason), Err(Stale::Action(id(1))));
    let mut counted = now.clone();
    counted.totals.unchanged = 1;
    assert_eq!(same(&counted), Err(Stale::Totals));
    // The account may have told the kind, and not another one than the manifest.
    let kind = |kind| {
        let mut plan = now.clone();
        let details = Details {
            kind: Some(kind),
            ..Details::default()
        };
        plan.steps[0].details = Some(Arc::new(details));
        plan
    };
    assert_eq!(same(&kind(Kind::File)), Ok(()));
    let folder = kind(Kind::Folder);
    let folder = |saved: &Plan| beside(saved, &folder, &folder);
    assert_eq!(folder(&kind(Kind::Folder)), Ok(()));
    assert_eq!(folder(&kind(Kind::File)), Err(Stale::Action(id(1))));
}

#[test]
fn what_the_account_made_different_is_left_alone() {
    let saved = plan(vec![
        step(1, Decision::Retire),
        step(2, Decision::Retire),
        step(3, held(true)),
        step(4, Decision::Retire),
        step(5, Decision::Retire),
        step(6, read()),
        step(7, defer()),
        step(8, Decision::Retire),
        step(9, defer()),
    ]);
    let mut live = plan(vec![
        step(1, Decision::Retire),
        step(2, held(true)),
        step(3, Decision::Retire),
        step(4, Decision::Retire),
        step(5, read()),
        step(6, resolve(true, 1)),
        step(7, defer()),
    ]);
    let mut saved = saved;
    saved.stacks.insert(id(1), [11, 12].map(id).into());
    saved.stacks.insert(id(4), [id(41)].into());
    live.stacks.insert(id(1), [id(12)].into());
    live.stacks.insert(id(4), [41, 42].map(id).into());
    let kept = leave_alone(live, &saved);
    let left: Vec<_> = kept
        .left_alone
        .iter()
        .map(|one| (one.id, one.other))
        .collect();
    let expected = [
        (id(2), Other::Kept),
        (id(3), Other::NotReviewed),
        (id(4), Other::Grown(id(42))),
        (id(6), Other::NotReviewed),
        // Another run has deleted it, and one that waited is nobody's loss.
        (id(8), Other::Done),
    ];
    assert_eq!(left, expected);
    let steps: Vec<_> = kept.steps.iter().map(|step| step.id).collect();
    assert_eq!(steps, [1, 2, 5, 7].map(id));
    let totals = kept.totals;
    assert_eq!((totals.retire, totals.held, totals.record), (1, 1, 1));
    assert_eq!((totals.resolve, totals.defer), (0, 1));
    assert!(!kept.stacks.contains_key(&id(4)));
}

/// What is in a folder: so many of its ids are in the document.
fn inside(ids: &[u128], kept: bool) -> About {
    let named: Vec<(u128, &str)> = ids.iter().map(|n| (*n, "a.mov")).collect();
    inside_as(&named, kept)
}

/// The same, each with its name.
fn inside_as(named: &[(u128, &str)], kept: bool) -> About {
    let ids: Vec<AssetId> = named.iter().map(|(n, _)| id(*n)).collect();
    let looks = named.iter().map(|(_, name)| {
        Look::of(Some(&Facts {
            name: Some((*name).into()),
            ..Facts::of_kind(Kind::File)
        }))
    });
    let looks: Vec<Look> = looks.collect();
    let inside = Inside {
        count: ids.len(),
        digest: Inside::digest_of(&ids, &looks),
        ids: if kept { ids.into() } else { [].into() },
        looks: if kept { looks.into() } else { [].into() },
        files: 1,
        bytes: 1,
        unmeasured: 0,
        oldest: None,
        newest: None,
    };
    About {
        inside: Some(Arc::new(inside)),
        ..About::default()
    }
}

#[test]
fn what_is_called_otherwise_or_lies_elsewhere_than_reviewed_is_left_alone() {
    let about = |name: Option<&str>, folder: Option<&str>| About {
        name: name.map(Arc::from),
        location: folder.map(|folder| {
            Arc::new(Location {
                project: Some("Tide".into()),
                folder: folder.into(),
            })
        }),
        ..About::default()
    };
    let reviewed = || about(Some("a.mov"), Some("day 1"));
    for (was, is, expected) in [
        (reviewed(), reviewed(), None),
        (
            reviewed(),
            about(Some("b.mov"), Some("day 1")),
            Some(Other::Renamed),
        ),
        (
            reviewed(),
            about(Some("A.mov"), Some("day 1")),
            Some(Other::Renamed),
        ),
        (
            reviewed(),
            about(Some("a.mov"), Some("keep")),
            Some(Other::Moved),
        ),
        // What is no longer told is not known to be the same.
        (reviewed(), about(None, Some("day 1")), Some(Other::Renamed)),
        (reviewed(), about(Some("a.mov"), None), Some(Other::Moved)),
        // With v2 nobody has read it, so nobody has reviewed it.
        (about(None, None), about(Some("a.mov"), None), None),
        // With V4 somebody has taken out of the plan what was reviewed.
        (about(None, None), reviewed(), Some(Other::Renamed)),
        (about(Some("a.mov"), None), reviewed(), Some(Other::Moved)),
    ] {
        let mut saved = plan(vec![step(1, Decision::Retire)]);
        // To say nothing of it is to say nothing at all.
        saved
            .about
            .extend((was != About::default()).then(|| (id(1), was)));
        let mut live = plan(vec![step(1, Decision::Retire)]);
        live.about.insert(id(1), is.clone());
        let left = leave_alone(live, &saved).left_alone;
        assert_eq!(left.first().map(|left| left.other), expected, "{is:?}");
    }
}

#[test]
fn a_folder_is_left_alone_where_something_is_in_it_that_was_not_reviewed() {
    let left = |reviewed: Option<About>, found: About| {
        let mut saved = plan(vec![step(1, Decision::Retire)]);
        saved.about.extend(reviewed.map(|about| (id(1), about)));
        let mut live = plan(vec![step(1, Decision::Retire)]);
        live.about.insert(id(1), found);
        let left = leave_alone(live, &saved).left_alone;
        left.first().map(|left| left.other)
    };
    let all = || inside(&[11, 12], true);
    assert_eq!(left(Some(all()), all()), None);
    assert_eq!(left(Some(all()), inside(&[12], true)), None);
    let grown = left(Some(all()), inside(&[11, 12, 13], true));
    assert_eq!(grown, Some(Other::Grown(id(13))));
    // As many, and not the same.
    let other = left(Some(all()), inside(&[11, 13], true));
    assert_eq!(other, Some(Other::Grown(id(13))));
    // Others have the names that these had.
    let as_named = |one, other| inside_as(&[(11, one), (12, other)], true);
    let renamed = left(Some(as_named("a", "b")), as_named("b", "a"));
    assert_eq!(renamed, Some(Other::Changed(id(11))));
    let renamed = left(Some(as_named("a", "b")), as_named("a", "c"));
    assert_eq!(renamed, Some(Other::Changed(id(12))));
    // What was not said of them is not known to be the same.
    let mut silent = all();
    if let Some(inside) = &mut silent.inside {
        let inside = Arc::make_mut(inside);
        inside.looks = [].into();
        inside.digest = [0; 32];
    }
    assert_eq!(left(Some(silent), all()), Some(Other::Changed(id(11))));
    // Of many there is the digest alone.
    let many = || inside(&[11, 12], false);
    assert_eq!(left(Some(many()), all()), None);
    let fewer = left(Some(many()), inside(&[12], true));
    assert_eq!(fewer, Some(Other::Contents));
    // A document from which somebody has taken them says nothing.
    assert_eq!(left(None, all()), Some(Other::Contents));
    assert_eq!(left(Some(About::default()), all()), Some(Other::Contents));
    assert_eq!(left(None, About::default()), None);
}
