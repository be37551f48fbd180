//! What no longer fits a saved plan.

use super::*;
use crate::plan::Checked;
use crate::plan::saved::tests::{at, basis, manifests, small};
use crate::plan::saved::{Basis, Sha256, document};

#[test]
fn a_stale_plan_is_told_why() {
    let document = document(&small(), &manifests(), &basis());
    let files = manifests().files;
    let Basis { state, target, .. } = basis();
    let fresh = Current {
        now: at(1_800_086_399),
        target: &target,
        state: &state,
        settings: basis().settings,
        manifests: &files,
    };
    assert_eq!(document.check(fresh), Ok(()));

    let mut changed = files.clone();
    changed[1].sha256[0] = 0;
    let mut more = files.clone();
    more.push(SourceFile {
        path: "new.yaml".into(),
        ..files[0].clone()
    });
    let other_target = Target {
        endpoint: "sandbox".to_owned(),
        account: Some("a".to_owned()),
        ..target.clone()
    };
    let other = StateBasis {
        lineage: Uuid::max(),
        ..state.clone()
    };
    let older = StateBasis {
        serial: 6,
        ..state.clone()
    };
    let moved_on = StateBasis {
        serial: 8,
        digest: Some(Sha256([9; 32])),
        ..state.clone()
    };
    let later = Current {
        state: &moved_on,
        ..fresh
    };
    assert_eq!(document.check(later), Ok(()));
    let edited = StateBasis {
        digest: Some(Sha256([0; 32])),
        ..basis().state
    };
    let cases = [
        Current {
            now: at(1_800_086_400),
            ..fresh
        },
        Current {
            now: at(1_799_999_999),
            ..fresh
        },
        Current {
            settings: DecidingSettings {
                batch_size: 1,
                ..fresh.settings
            },
            ..fresh
        },
        Current {
            settings: DecidingSettings {
                retry_blocked: true,
                ..fresh.settings
            },
            ..fresh
        },
        Current {
            target: &other_target,
            ..fresh
        },
        Current {
            state: &other,
            ..fresh
        },
        Current {
            state: &older,
            ..fresh
        },
        Current {
            state: &edited,
            ..fresh
        },
        Current {
            manifests: &changed,
            ..fresh
        },
        Current {
            manifests: &more,
            ..fresh
        },
        Current {
            manifests: &files[..1],
            ..fresh
        },
    ];
    let stale = cases.map(|case| document.check(case).unwrap_err().to_string());
    insta::assert_snapshot!(stale.join("\n"));
}

#[test]
fn a_plan_that_was_not_checked_is_only_read() {
    let offline = PlanDocument {
        checked: Checked::NotChecked,
        ..document(&small(), &manifests(), &basis())
    };
    let Basis { state, target, .. } = basis();
    let fresh = Current {
        now: at(1_800_000_000),
        target: &target,
        state: &state,
        settings: basis().settings,
        manifests: &manifests().files,
    };
    assert_eq!(offline.check(fresh), Err(Stale::NotChecked));
}

#[test]
fn a_first_plan_fits_any_fresh_state() {
    let none = |lineage| StateBasis {
        lineage,
        serial: 0,
        digest: None,
        ..basis().state
    };
    let first = Basis {
        state: none(Uuid::nil()),
        ..basis()
    };
    let document = document(&small(), &manifests(), &first);
    let current = |state: &StateBasis| {
        document.check(Current {
            now: first.created_at,
            target: &first.target,
            state,
            settings: first.settings,
            manifests: &manifests().files,
        })
    };
    assert_eq!(current(&none(Uuid::max())), Ok(()));
    // Another plan's run has made one since; what it did is compared action by action.
    assert_eq!(current(&basis().state), Ok(()));
}
