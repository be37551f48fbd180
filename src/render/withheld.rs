//! What plans say of guards, refusals and checks, and which of our own words stand in its place where
//! names are withheld.

use std::sync::Arc;

use crate::inventory::Person;
use crate::plan::approve::Refused;
use crate::plan::figure::{Figure, Found, Incomplete, Lack, Loosened, Note, SetAt, Subject};
use crate::plan::{LiveCheck, Unplaced};
use crate::render::names::{Foreign, WITHHELD, is_id};
use crate::render::{checked, counted};

/// What a guard has counted.
pub(super) fn figure(figure: &Figure) -> Foreign {
    let Figure {
        guard,
        project,
        found,
        unread,
        limit,
        set_at,
    } = figure;
    let found = match found {
        Found::Age {
            seconds,
            id,
            path: _,
        } => Found::Age {
            seconds: *seconds,
            id: *id,
            path: None,
        },
        Found::Lacking(Lack::Contents {
            id,
            path: _,
            why: _,
        }) => Found::Lacking(Lack::Contents {
            id: *id,
            path: None,
            why: WITHHELD.into(),
        }),
        Found::Assets(_)
        | Found::Bytes(_)
        | Found::Share { .. }
        | Found::Lacking(_)
        | Found::Unchecked => found.clone(),
    };
    let path = Figure {
        guard: *guard,
        project: project.clone(),
        found,
        unread: *unread,
        limit: *limit,
        set_at: set_at.clone(),
    };
    let off = Figure {
        project: project.as_ref().map(|Subject { id, name: _ }| Subject {
            id: *id,
            name: None,
        }),
        set_at: set_somewhere(set_at),
        ..path.clone()
    };
    Foreign::new(figure.to_string())
        .or(off.to_string())
        .or_path(path.to_string())
}

/// Where a limit is set, without the path of a file.
fn set_somewhere(set_at: &SetAt) -> SetAt {
    match set_at {
        SetAt::Default => SetAt::Default,
        SetAt::Flag(name) => SetAt::Flag(Arc::clone(name)),
        SetAt::File { .. } => SetAt::Flag("a file of settings".into()),
        SetAt::Waiver(_) => SetAt::Flag("a waiver".into()),
    }
}

/// Which entries lack a field.
pub(super) fn incomplete(incomplete: &Incomplete) -> Foreign {
    let Incomplete {
        field,
        set_at: _,
        entries,
        first: _,
    } = incomplete;
    let entries = counted(*entries, "entry has", "entries have");
    let off = format!("`require`: {entries} no `{}`", field.name());
    Foreign::new(incomplete.to_string())
        .without_file()
        .or_off(off)
}

/// Which guard is looser than usual.
pub(super) fn loosened(loosened: &Loosened) -> Foreign {
    let off = Loosened {
        project: loosened.project.as_ref().map(|_| WITHHELD.into()),
        set_at: set_somewhere(&loosened.set_at),
        ..loosened.clone()
    };
    Foreign::new(loosened.to_string())
        .without_file()
        .or_off(off.to_string())
}

/// What does not count as it may have been meant.
pub(super) fn note(note: &Note) -> Foreign {
    let mut off = note.clone();
    match &mut off {
        Note::Elsewhere { project, set_at } => {
            *project = WITHHELD.into();
            *set_at = set_somewhere(set_at);
        }
        Note::Near {
            project,
            name,
            set_at,
        } => {
            *project = WITHHELD.into();
            *name = WITHHELD.into();
            *set_at = set_somewhere(set_at);
        }
        Note::Idle { set_at, .. } | Note::Looser { set_at, .. } => {
            *set_at = set_somewhere(set_at);
        }
    }
    Foreign::new(note.to_string())
        .without_file()
        .or_off(off.to_string())
}

/// Why a plan is not carried out.
pub(crate) fn refused(why: &Refused) -> Foreign {
    let said = Foreign::new(why.to_string());
    let words = match why {
        Refused::WrongNumber { .. } | Refused::Mismatched(_) | Refused::NotChecked => {
            return Foreign::own(why.to_string());
        }
        Refused::Unplaced(_) => "a listed folder or version stack may contain what is protected",
        Refused::Unread(_) => "listed assets may lie in what is held",
        Refused::Projects(_) => "nobody knows what a hold on a project keeps",
        Refused::Marks(_) => "nobody knows which assets bear a mark",
        Refused::Guarded(report) => {
            let mut refused = report.refused();
            return match (refused.next(), refused.next(), &*report.incomplete) {
                (Some(only), None, []) => figure(only),
                (None, None, [only]) => incomplete(only),
                (Some(_) | None, Some(_) | None, _) => {
                    let number = report.refused().count() + report.incomplete.len();
                    said.or(format!(
                        "{} the plan",
                        counted(number, "guard refuses", "guards refuse")
                    ))
                }
            };
        }
    };
    said.or(words)
}

/// Which protected asset could not be placed.
pub(super) fn unplaced(unplaced: &Unplaced) -> Foreign {
    let off = Unplaced {
        at: None,
        detail: WITHHELD.into(),
        ..unplaced.clone()
    };
    Foreign::new(unplaced.to_string()).or(off.to_string())
}

/// What a plan was checked against.
pub(super) fn sentence(check: &LiveCheck) -> Foreign {
    let off = LiveCheck {
        account: check.account.clone().filter(|account| is_id(account)),
        account_name: None,
        user: Person::default(),
        ..check.clone()
    };
    Foreign::new(checked::sentence(check))
        .without_file()
        .or_off(checked::sentence(&off))
}
