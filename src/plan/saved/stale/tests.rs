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
        marks: None,
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
        marks: None,
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
            marks: None,
            manifests: &manifests().files,
        })
    };
    assert_eq!(current(&none(Uuid::max())), Ok(()));
    // Another plan's run has made one since; what it did is compared action by action.
    assert_eq!(current(&basis().state), Ok(()));
}

#[test]
fn marks_that_were_reviewed_must_count() {
    let reviewed = Basis {
        marks: Some(marking("Retention", &["Hold", "Legal"])),
        ..basis()
    };
    let document_of = |basis| document(&small(), &manifests(), basis);
    let marked = document_of(&reviewed);
    let check = |marks: Option<&Marking>| check_marks(&marked, marks);
    for same in [
        marking("Retention", &["Hold", "Legal"]),
        marking("retention", &["LEGAL", "hold", "Archive"]),
    ] {
        assert_eq!(check(Some(&same)), Ok(()));
    }
    let hold = marking("Retention", &["Hold"]);
    let unmarked = document_of(&basis());
    assert_eq!(check_marks(&unmarked, Some(&hold)), Ok(()));
    let fewer = [
        None,
        Some(marking("Retention", &["Hold"])),
        Some(marking("Status", &["Hold", "Legal"])),
    ];
    let said = fewer.map(|marks| check(marks.as_ref()).unwrap_err().to_string());
    insta::assert_snapshot!(said.join("\n"));
}

fn check_marks(document: &PlanDocument, marks: Option<&Marking>) -> Result<(), Stale> {
    let Basis { state, target, .. } = basis();
    document.check(Current {
        now: at(1_800_000_000),
        target: &target,
        state: &state,
        settings: basis().settings,
        marks,
        manifests: &manifests().files,
    })
}

fn marking(field: &str, hold: &[&str]) -> Marking {
    Marking {
        field: field.into(),
        hold: hold.iter().map(|word| (*word).into()).collect(),
        at: "retire.toml:4".into(),
    }
}
