//! What each decision means.

use super::*;
use crate::inventory::Mark;

#[test]
fn each_decision_says_what_becomes_of_the_asset() {
    let (kind, message) = (FailureKind::Permission, Arc::<str>::from("No."));
    let refused = Arc::clone(&message);
    let retry = Decision::Retry {
        attempts: 1,
        kind,
        message: Arc::clone(&message),
    };
    let covered = Decision::Covered {
        by: id(9),
        alone: Box::new(Decision::Retire),
    };
    let evidence = Evidence::Read;
    let blocked = Decision::Blocked {
        attempts: 5,
        kind,
        message,
    };
    let held = Decision::Held {
        why: Why::Hold("legal".into()),
        until: None,
        path: None,
    };
    let drift = Decision::Drift {
        recorded: Recorded::Retired,
        at: at(1),
        again: None,
    };
    // Whether a run may delete it, sends or records something of it, whether it stays, and whether
    // nobody knows where it is.
    for (decision, expected) in [
        (Decision::Retire, [true, true, false, false]),
        (retry, [true, true, false, false]),
        (resolve(true, 1), [true, true, false, false]),
        (resolve(true, 0), [true, true, false, true]),
        (resolve(false, 1), [false, true, false, false]),
        (resolve(false, 0), [false, true, false, false]),
        (covered, [false, true, false, false]),
        (
            Decision::Record {
                evidence,
                run: None,
            },
            [false, true, false, false],
        ),
        (Decision::Missing, [false, true, false, true]),
        (
            Decision::Unreadable { message: refused },
            [false, true, false, false],
        ),
        (blocked, [false; 4]),
        (
            Decision::Defer { until: at(NOW) },
            [false, false, true, false],
        ),
        (held, [false, false, true, false]),
        (Decision::Unread, [false, false, true, false]),
        (Decision::Mismatch([].into()), [false, false, true, false]),
        (drift, [false, false, true, false]),
        (Decision::Forget, [false; 4]),
        (Decision::Unchanged { listed: true }, [false; 4]),
    ] {
        let said = [
            decision.may_delete(),
            decision.is_carried_out(),
            decision.is_kept(),
            decision.is_missing(),
        ];
        assert_eq!(said, expected, "{decision:?}");
    }
}

#[test]
fn what_only_waits_keeps_nothing_of_what_is_in_it() {
    let mark = Mark {
        field: "Retention".into(),
        value: "Hold".into(),
    };
    for (why, keeps) in [
        (Why::Hold("legal".into()), true),
        (Why::Marked(mark), true),
        (Why::Drift, true),
        (Why::Deferred, false),
        (Why::Pinned, false),
        (Why::Blocked, false),
        (Why::Unread, false),
        (Why::Unrecorded, false),
    ] {
        assert_eq!(why.keeps_contents(), keeps, "{why:?}");
    }
}
