//! The guards: whether a plan deletes more than anybody means to, before its first request. Pure.
//!
//! They count over the whole plan with all that is in its folders and version stacks, once for
//! all that it deletes and once for each project. A guard that lacks what it needs refuses.

use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::inventory::{Inventory, Project};
use crate::manifest::document::{Guard, Manifests};
use crate::plan::Times;
use crate::plan::figure::{
    EntryField, Figure, Found, Incomplete, Lack, Loosened, Report, SetAt, Subject,
};
use crate::plan::model::{Plan, Step};

mod going;
mod limits;
mod looser;
mod notes;
#[cfg(test)]
mod tests;

use going::{Going, Sum, going};
use limits::{InForce, Named, Waivers};
pub use limits::{Limit, Limits, Required, default_of, is_looser};
pub use looser::looser;

/// What the guards look at beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'plan> {
    /// What somebody says of them.
    pub limits: &'plan Limits,
    /// The manifests, for what they waive.
    pub manifests: &'plan Manifests,
    /// What was read of the live account, where something was.
    pub inventory: Option<&'plan Inventory>,
    /// The times by which ages and ends are judged.
    pub times: Times,
}

/// Looks at a plan.
#[must_use]
pub fn look(plan: &Plan, sight: Sight<'_>) -> Report {
    let Sight {
        limits,
        manifests,
        inventory,
        times,
    } = sight;
    let waivers = Waivers::new(manifests, times.later);
    let mut report = Report {
        at: times.earlier,
        checked: inventory.is_some(),
        loosened: loosened(limits, &waivers),
        notes: Vec::new(),
        figures: Vec::new(),
        incomplete: Vec::new(),
    };
    let Some(inventory) = inventory else {
        return report;
    };
    let going = going(plan, inventory);
    if going.all.files > 0 {
        report.figures = figures(&going, sight, inventory, &waivers);
        report.notes = notes::notes(&going, sight.limits, inventory, &waivers);
        // What does not count loosens nothing.
        let Report {
            loosened, notes, ..
        } = &mut report;
        loosened.retain(|one| !notes.iter().any(|note| note.at() == Some(&one.set_at)));
    }
    report.incomplete = incomplete(plan, sight, inventory);
    report
}

/// The figure of a guard that looks at a run, and not at a plan: what is set, or what a waiver
/// raises it to.
#[must_use]
pub fn of_run(guard: Guard, limits: &Limits, manifests: &Manifests, now: Timestamp) -> u64 {
    let waivers = Waivers::new(manifests, now);
    limits.in_force(guard, None, &waivers).figure
}

/// What each guard counts.
fn figures(
    going: &Going,
    sight: Sight<'_>,
    inventory: &Inventory,
    waivers: &Waivers<'_>,
) -> Vec<Figure> {
    let mut figures = Vec::new();
    let asked_all = inventory.asked_all;
    for guard in [Guard::MaxAssets, Guard::MaxBytes, Guard::MinAge] {
        let limit = sight.limits.in_force(guard, None, waivers);
        let count = match going.unread.first() {
            Some((id, why)) => Err(Lack::Contents {
                id: *id,
                path: inventory.called(*id).path,
                why: Arc::clone(why),
            }),
            None => Ok(count(guard, &going.all, (inventory, sight.times.earlier))),
        };
        figures.extend(figure(guard, None, count, limit, asked_all));
    }
    let of_all = figures.len();
    for (id, sum) in &going.projects {
        let project = id.and_then(|id| inventory.projects.get(&id));
        let subject = Subject {
            id: *id,
            name: project.and_then(|project| project.name.clone()),
        };
        let named = Named {
            id: *id,
            name: subject.name.as_deref(),
        };
        for guard in [Guard::MaxAssets, Guard::MaxBytes, Guard::MinAge] {
            let limit = sight.limits.in_force(guard, Some(named), waivers);
            let same = |all: &Figure| all.guard == guard && all.limit == limit.figure;
            // What concerns a project only as it concerns the whole is told once.
            if !figures[..of_all].iter().any(same) {
                let count = Ok(count(guard, sum, (inventory, sight.times.earlier)));
                figures.extend(figure(guard, Some(&subject), count, limit, asked_all));
            }
        }
        let share = share(sum, *id, project, asked_all);
        let limit = sight
            .limits
            .in_force(Guard::MaxPercent, Some(named), waivers);
        figures.extend(figure(
            Guard::MaxPercent,
            Some(&subject),
            share,
            limit,
            asked_all,
        ));
    }
    figures
}

/// What a guard counts, and of how many files it does not know what it needs.
type Count = (Found, usize);

/// What a guard counts that looks at files alone.
fn count(guard: Guard, sum: &Sum, at: (&Inventory, Timestamp)) -> Count {
    match guard {
        Guard::MaxAssets => (Found::Assets(sum.files), sum.unlisted),
        Guard::MaxBytes => (Found::Bytes(sum.bytes), sum.without_bytes),
        Guard::MinAge => (aged(sum, at), sum.without_change),
        Guard::MaxPercent
        | Guard::Max404Percent
        | Guard::MaxFailurePercent
        | Guard::MaxFailedBatches => (Found::Unchecked, 0),
    }
}

/// How old the youngest is.
fn aged(sum: &Sum, (inventory, now): (&Inventory, Timestamp)) -> Found {
    sum.newest.map_or(Found::Unchecked, |(at, id)| {
        // What was changed in the future was changed just now.
        let seconds = u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0);
        let path = inventory.called(id).path;
        Found::Age { seconds, id, path }
    })
}

/// What share of a project goes.
fn share(
    sum: &Sum,
    id: Option<AssetId>,
    project: Option<&Project>,
    asked_all: bool,
) -> Result<Count, Lack> {
    let storage = project.and_then(|project| project.storage);
    let bytes = sum.bytes;
    match storage {
        Some(of) => Ok((Found::Share { bytes, of }, sum.without_bytes)),
        None if !asked_all => Ok((Found::Unchecked, 0)),
        None if id.is_none() => Err(Lack::Projects(sum.files)),
        None => Err(Lack::Storage),
    }
}

/// What a guard says of what it counts; nothing where there is nothing to be counted.
///
/// With v2 nobody has asked for all that is deleted. What a guard then does not know it leaves
/// out, and says so; but one that somebody has made stricter must count.
fn figure(
    guard: Guard,
    project: Option<&Subject>,
    count: Result<Count, Lack>,
    limit: InForce,
    asked_all: bool,
) -> Option<Figure> {
    let InForce { figure: limit, at } = limit;
    let is_strict = guard != Guard::MaxPercent && is_looser(guard, default_of(guard), limit);
    let said = |found, unread| Figure {
        guard,
        project: project.cloned(),
        found,
        unread,
        limit,
        set_at: at.clone(),
    };
    let lacking = |lack| Some(said(Found::Lacking(lack), 0));
    match count {
        // It needs nothing to be counted for, and what is beyond its default is told.
        Ok((found, 0)) if allows_all(guard, limit) => {
            Some(said(found, 0)).filter(|figure| figure.passes_beyond(default_of(guard)))
        }
        Ok(_) | Err(_) if allows_all(guard, limit) => None,
        Err(lack) => lacking(lack),
        Ok((Found::Unchecked, 0)) if guard == Guard::MinAge => None,
        Ok((found, 0)) => Some(said(found, 0)),
        Ok((_, unread)) if asked_all => lacking(lack(guard, unread)),
        Ok((found, unread)) => {
            let counted = said(found, unread);
            if is_strict && !counted.is_refused() {
                return lacking(Lack::Unread(unread));
            }
            Some(counted)
        }
    }
}

/// Whether a limit allows whatever there is.
const fn allows_all(guard: Guard, limit: u64) -> bool {
    match guard {
        Guard::MinAge => limit == 0,
        Guard::MaxPercent => limit >= 100,
        Guard::MaxAssets
        | Guard::MaxBytes
        | Guard::Max404Percent
        | Guard::MaxFailurePercent
        | Guard::MaxFailedBatches => false,
    }
}

/// What a guard lacks that does not know what it needs of some files.
const fn lack(guard: Guard, files: usize) -> Lack {
    match guard {
        Guard::MaxAssets => Lack::Lists(files),
        Guard::MinAge => Lack::Changes(files),
        Guard::MaxBytes
        | Guard::MaxPercent
        | Guard::Max404Percent
        | Guard::MaxFailurePercent
        | Guard::MaxFailedBatches => Lack::Sizes(files),
    }
}

/// What is looser than usual: limits of files, and waivers.
fn loosened(limits: &Limits, waivers: &Waivers<'_>) -> Vec<Loosened> {
    let mut first: Vec<&Limit> = Vec::new();
    for limit in &limits.set {
        let is_same = |other: &&Limit| other.guard == limit.guard && other.project == limit.project;
        if !first.iter().any(is_same) {
            first.push(limit);
        }
    }
    let set = first
        .into_iter()
        .filter(|limit| is_looser(limit.guard, limit.figure, default_of(limit.guard)))
        .map(|limit| Loosened {
            guard: limit.guard,
            project: limit.project.clone(),
            limit: limit.figure,
            set_at: limit.at.clone(),
            reason: None,
            until: None,
        });
    let waived = waivers.iter().map(|waiver| Loosened {
        guard: waiver.guard,
        project: waiver.project.clone(),
        limit: waiver.limit,
        set_at: SetAt::Waiver(waivers.place(waiver)),
        reason: Some(Arc::clone(&waiver.reason)),
        until: Some(waiver.expires),
    });
    set.chain(waived).collect()
}

/// Finds what lacks a field that it must have, of what the plan would delete.
fn incomplete(plan: &Plan, sight: Sight<'_>, inventory: &Inventory) -> Vec<Incomplete> {
    let mut found: Vec<Incomplete> = Vec::new();
    if sight.limits.required.is_empty() {
        return found;
    }
    for step in plan.all_going() {
        let id = inventory.facts(step.id).and_then(|facts| facts.project);
        let project = id.and_then(|id| inventory.projects.get(&id));
        let named = Named {
            id,
            name: project.and_then(|project| project.name.as_deref()),
        };
        for required in sight.limits.required_in(named) {
            if has(step, required.field) {
                continue;
            }
            let known = found
                .iter_mut()
                .find(|known| known.field == required.field && known.set_at == required.at);
            if let Some(known) = known {
                known.entries += 1;
                continue;
            }
            found.push(Incomplete {
                field: required.field,
                set_at: required.at.clone(),
                entries: 1,
                first: place(step, sight.manifests),
            });
        }
    }
    found
}

/// Whether an entry says something.
fn has(step: &Step, field: EntryField) -> bool {
    let Some(details) = &step.details else {
        return false;
    };
    let said = match field {
        EntryField::Reason => &details.reason,
        EntryField::Ticket => &details.ticket,
        EntryField::Owner => &details.owner,
    };
    said.is_some()
}

/// Where an entry stands.
fn place(step: &Step, manifests: &Manifests) -> Arc<str> {
    let Some(spot) = step.spot else {
        return Arc::from("");
    };
    let file = manifests.files.get(spot.file as usize);
    let path = file.map(|file| &*file.path).unwrap_or_default();
    format!("{path}:{}:{}", spot.line, spot.column).into()
}
