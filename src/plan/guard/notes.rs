//! What is said of guards and does not count as it may have been meant.

use std::sync::Arc;

use crate::inventory::Inventory;
use crate::manifest::document::Waiver;
use crate::plan::figure::{Note, SetAt};
use crate::plan::guard::going::Going;
use crate::plan::guard::limits::{Limit, Limits, Named, Required, Waivers, is_looser};

/// Finds what is said of projects in which nothing is deleted, or whose names differ in letter
/// case, and the flags that would loosen something.
pub(super) fn notes(
    going: &Going,
    limits: &Limits,
    inventory: &Inventory,
    waivers: &Waivers<'_>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let projects = going.projects.keys().map(|id| Named {
        id: *id,
        name: id.and_then(|id| inventory.projects.get(&id)?.name.as_deref()),
    });
    let projects: Vec<Named<'_>> = projects.collect();
    for (project, set_at) in of_projects(limits, waivers) {
        let note = note(project, set_at, &projects);
        notes.extend(note.filter(|note| !notes.contains(note)));
    }
    let without_flags = Limits {
        tightened: Vec::new(),
        ..limits.clone()
    };
    for waiver in waivers.iter() {
        let project = waiver.project.as_ref();
        let meant = project.and_then(|said| {
            let mut there = projects.iter();
            there.find(|named| named.is(said) == Some(true)).copied()
        });
        // Of another project there is a note already.
        if project.is_some() != meant.is_some() {
            continue;
        }
        let counts = without_flags.base(waiver.guard, meant);
        if !is_looser(waiver.guard, waiver.limit, counts.figure) {
            notes.push(Note::Idle {
                guard: waiver.guard,
                figure: waiver.limit,
                limit: counts.figure,
                set_at: SetAt::Waiver(waivers.place(waiver)),
            });
        }
    }
    for flag in &limits.tightened {
        let counts = without_flags.in_force(flag.guard, None, waivers);
        if is_looser(flag.guard, flag.figure, counts.figure) {
            notes.push(Note::Looser {
                guard: flag.guard,
                figure: flag.figure,
                limit: counts.figure,
                set_at: counts.at,
            });
        }
    }
    notes
}

/// All that is said of single projects, and where.
fn of_projects<'said>(
    limits: &'said Limits,
    waivers: &'said Waivers<'said>,
) -> impl Iterator<Item = (&'said Arc<str>, SetAt)> {
    let of_limit = |limit: &'said Limit| Some((limit.project.as_ref()?, limit.at.clone()));
    let of_required =
        |required: &'said Required| Some((required.project.as_ref()?, required.at.clone()));
    let of_waiver = |waiver: &'said Waiver| {
        let place = SetAt::Waiver(waivers.place(waiver));
        Some((waiver.project.as_ref()?, place))
    };
    let limits_set = limits.set.iter().filter_map(of_limit);
    let required = limits.required.iter().filter_map(of_required);
    limits_set
        .chain(required)
        .chain(waivers.iter().filter_map(of_waiver))
}

/// What there is to be said of the name of one project.
fn note(project: &Arc<str>, set_at: SetAt, there: &[Named<'_>]) -> Option<Note> {
    let project = Arc::clone(project);
    let is = |named: &&Named<'_>| named.is(&project);
    if there.iter().any(|named| is(&named) == Some(true)) {
        return None;
    }
    let unclear: Vec<&Named<'_>> = there.iter().filter(|named| is(named).is_none()).collect();
    match unclear.iter().find_map(|named| named.name) {
        Some(name) => Some(Note::Near {
            project,
            name: name.into(),
            set_at,
        }),
        // One that nobody names may be meant.
        None if !unclear.is_empty() => None,
        None => Some(Note::Elsewhere { project, set_at }),
    }
}
