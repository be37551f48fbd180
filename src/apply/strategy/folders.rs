//! V4: what goes along with a folder, and a folder that one delete cannot take.
//!
//! The delete of a folder answers for what lists showed in it before. The server may reach that
//! later, so each asset that has a record to get is read: as long as it is there, the run waits for
//! it, up to `--cascade-wait`. What lies elsewhere by then is not waited for. A folder that has too much in it is taken apart: what is directly in
//! it is deleted first, each by a delete of its own, and a folder in it is taken apart in turn where
//! that must be. Only what the lists showed is asked for. Until it is done, the folder is unknown for
//! whoever finds the run dead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::apply::follow::{record_outcome, settled_alone};
use crate::apply::strategy::asks::{Direct, close, delete, delete_part, look_at_gone};
use crate::apply::strategy::stacks::OTHER;
use crate::apply::strategy::way::{Folder, Way};
use crate::apply::strategy::{Effect, Job, Known, Retry, Strategy, Subject};
use crate::asset::{AssetId, Kind};
use crate::diagnostic::{counted, either};
use crate::frameio::retry::Retries;
use crate::measure;
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};
use crate::plan::approve::Resolve;

type Effects = Vec<Effect<Direct>>;

fn progress(folder: AssetId, known: &Known<'_, Direct>) -> Folder {
    match known.memory.progress.get(&folder) {
        Some(Way::Folder(entry)) => entry.clone(),
        Some(Way::Stack(_)) | None => Folder::default(),
    }
}

const fn keep(folder: AssetId, entry: Folder) -> Effect<Direct> {
    Effect::Progress(folder, Some(Way::Folder(entry)))
}

/// Whether a folder is being taken apart.
pub(super) fn is_apart(whole: AssetId, known: &Known<'_, Direct>) -> bool {
    matches!(known.memory.progress.get(&whole), Some(Way::Folder(_)))
}

/// What goes along with a folder, of what the plan knows, and is not answered for.
pub(super) fn along(folder: AssetId, known: &Known<'_, Direct>) -> Vec<AssetId> {
    let inside = known.approved.inside(folder).iter();
    inside
        .filter(|id| known.goes_along(**id) && !went_with_a_part(**id, known))
        .copied()
        .collect()
}

/// The version stack that a part of a folder is a file of, where that has a record to get: with its
/// last file it goes.
pub(super) fn stack_of(Subject { id, stack }: Subject, known: &Known<'_, Direct>) -> Vec<AssetId> {
    let whole = stack.and_then(|whole| known.memory.progress.get(&whole));
    let Some(Way::Folder(entry)) = whole else {
        return Vec::new();
    };
    let stack = entry.stacks.get(&id).copied();
    stack
        .filter(|stack| known.goes_along(*stack))
        .into_iter()
        .collect()
}

/// The version stacks directly in a folder that have a record to get, with their files.
fn stacks_in(
    folder: AssetId,
    known: &Known<'_, Direct>,
) -> impl Iterator<Item = (AssetId, Arc<[AssetId]>)> {
    let approved = known.approved;
    let parts = approved.parts(folder).iter();
    let stacks = parts.filter(|(id, kind)| {
        *kind == Some(Kind::VersionStack) && approved.goes_along(*id) && known.goes_along(*id)
    });
    stacks.map(|(stack, _)| {
        let files = approved.parts(*stack).iter();
        (*stack, files.map(|(file, _)| *file).collect())
    })
}

/// What follows where a folder that was taken apart stays after all: the version stacks in it are
/// looked at again whose files went as parts of it, all of them.
fn look_at_stacks(entry: &Folder, known: &Known<'_, Direct>) -> Effects {
    let gone: BTreeSet<&AssetId> = entry.gone.iter().collect();
    let is_gone = |file: &AssetId| gone.contains(file) || known.evidence(*file).is_some();
    let all: BTreeSet<AssetId> = entry.stacks.values().copied().collect();
    let left = entry.stacks.iter().filter(|(file, _)| !is_gone(file));
    let left: BTreeSet<AssetId> = left.map(|(_, stack)| *stack).collect();
    let emptied = all.difference(&left).copied();
    let emptied = emptied.filter(|stack| known.goes_along(*stack));
    let emptied: Vec<AssetId> = emptied.collect();
    let reads = emptied.iter().map(|stack| close(*stack, None)).collect();
    // Its files have told their sizes.
    let sizes = emptied.iter().map(|stack| Effect::Emptied(*stack));
    sizes.chain([Effect::Requeue(reads)]).collect()
}

/// Whether an asset lies in a folder that went as a part of another one, and is answered for with
/// that: it may not be written down yet.
fn went_with_a_part(id: AssetId, known: &Known<'_, Direct>) -> bool {
    let is_in = |part: &AssetId| known.approved.inside(*part).binary_search(&id).is_ok();
    let mut ways = known.memory.progress.values();
    ways.any(|way| matches!(way, Way::Folder(entry) if entry.gone.iter().any(is_in)))
}

/// What follows from what the delete of an asset for itself said.
pub(super) fn told(
    job: &Job<Direct>,
    outcomes: Vec<AssetOutcome>,
    known: &Known<'_, Direct>,
) -> Effects {
    let id = job.ids[0];
    if let Some(effects) = taken_apart(id, id, &outcomes, known) {
        return effects;
    }
    let is_deleted = matches!(&*outcomes, [(_, Outcome::Retired(_))]);
    let is_refused = matches!(&*outcomes, [(_, Outcome::Failed(_))]);
    let mut effects = record_outcome(outcomes, known);
    if is_deleted {
        effects.extend(look_along(id, known));
    } else if is_refused {
        effects.extend(look_at_stacks(&progress(id, known), known));
    }
    effects
}

/// What follows from what a reading says of an asset that is deleted for itself, such as a folder
/// whose delete was not answered: where it is shown to be deleted, be it by us or not, that has taken
/// along what lists showed in it.
pub(super) fn settled(id: AssetId, outcome: Outcome, known: &Known<'_, Direct>) -> Effects {
    let is_deleted = matches!(
        outcome,
        Outcome::Retired(_) | Outcome::Gone(Evidence::Read | Evidence::Listed)
    );
    let mut effects = settled_alone(id, outcome, known);
    if is_deleted {
        effects.extend(look_along(id, known));
    }
    effects
}

/// Looks at what goes along with a folder that is deleted.
fn look_along(folder: AssetId, known: &Known<'_, Direct>) -> Effects {
    let with = along(folder, known);
    if with.is_empty() {
        return Vec::new();
    }
    let entry = Folder {
        left: with.len(),
        since: known.now,
        ..Folder::default()
    };
    let reads = reads(folder, &with, known);
    vec![keep(folder, entry), Effect::Requeue(reads)]
}

/// Reads what was to go along with a folder.
fn reads(folder: AssetId, with: &[AssetId], known: &Known<'_, Direct>) -> Vec<Job<Direct>> {
    let reads = with.iter();
    let reads = reads.map(|id| look_at_gone(folder, *id, known.approved.kind_in(*id)));
    reads.collect()
}

/// What follows where an asset is not there that went along with a folder: what became of that
/// became of it, and is taken back with that.
pub(super) fn went(folder: AssetId, id: AssetId, known: &Known<'_, Direct>) -> Effects {
    let with = Evidence::With(folder);
    let is_ours = known.evidence(folder).is_none_or(|(is_ours, _)| is_ours);
    let mut effects = if is_ours {
        record_outcome(vec![(id, Outcome::Retired(with))], known)
    } else {
        vec![Effect::HoldBack((id, Outcome::Gone(with)))]
    };
    effects.extend(one_less(folder, progress(folder, known), known));
    effects
}

/// What follows where an asset is there still that was to go along with a folder, and lies in what
/// the server says.
///
/// What was moved out of it is not waited for. It is unknown for the next run, which reads it where
/// it is: what it lies in now may be in the folder as well, where somebody has just made it.
pub(super) fn stays(
    folder: AssetId,
    (id, parent): (AssetId, Option<AssetId>),
    known: &Known<'_, Direct>,
) -> Effects {
    let mut entry = progress(folder, known);
    let Some(elsewhere) = parent.filter(|parent| !is_within((id, *parent), folder, known)) else {
        entry.there.push(id);
        return one_less(folder, entry, known);
    };
    let message = format!(
        "`{id}` was in `{folder}`, which is deleted, and lies in `{elsewhere}` now: it is not waited for"
    );
    let unknown = Effect::Record(vec![(id, Outcome::Unknown)]);
    let mut effects = vec![unknown, Effect::Warn(message)];
    effects.extend(one_less(folder, entry, known));
    effects
}

/// Whether an asset that lies in another one lies in a folder, as far as lists have shown that.
fn is_within((id, parent): (AssetId, AssetId), folder: AssetId, known: &Known<'_, Direct>) -> bool {
    let approved = known.approved;
    let is_shown = |(part, _): &(AssetId, Option<Kind>)| *part == id;
    // Mostly it lies where it lay.
    if parent == folder || approved.parts(parent).iter().any(is_shown) {
        return true;
    }
    let mut open = vec![folder];
    let mut passed = BTreeSet::new();
    while let Some(here) = open.pop() {
        let folders = approved.parts(here).iter();
        let folders = folders.filter(|(_, kind)| *kind != Some(Kind::File));
        open.extend(folders.map(|(id, _)| *id).filter(|id| passed.insert(*id)));
    }
    passed.contains(&parent)
}

/// What follows where nobody can tell whether an asset is there still: it stays unknown.
pub(super) fn unclear(folder: AssetId, known: &Known<'_, Direct>) -> Effects {
    one_less(folder, progress(folder, known), known)
}

fn one_less(folder: AssetId, mut entry: Folder, known: &Known<'_, Direct>) -> Effects {
    entry.left = entry.left.saturating_sub(1);
    if entry.left > 0 {
        return vec![keep(folder, entry)];
    }
    if entry.there.is_empty() {
        return vec![Effect::Progress(folder, None)];
    }
    let there = std::mem::take(&mut entry.there);
    let assets = counted(there.len(), "asset", "assets");
    let are = either(there.len(), "it is", "they are");
    let all = Retries {
        tries: u32::MAX,
        within: known.cascade_wait,
        answer: known.retries.answer,
        backoff: known.retries.backoff,
    };
    let waited = known.now.saturating_sub(entry.since);
    let Some(longest) = all.pause(entry.passes, waited) else {
        let unknown = there.into_iter().map(|id| (id, Outcome::Unknown)).collect();
        let message = format!(
            "{} is deleted, and {assets} in it could still be read after {}",
            known.approved.called(folder),
            measure::duration(known.cascade_wait)
        );
        return vec![
            Effect::Record(unknown),
            Effect::Progress(folder, None),
            Effect::Warn(message),
        ];
    };
    entry.passes += 1;
    entry.left = there.len();
    let left = measure::duration(known.cascade_wait.saturating_sub(waited));
    let retry = Retry {
        jobs: reads(folder, &there, known),
        assets: there.len(),
        count: entry.passes,
        longest,
        rests: None,
        why: format!(
            "{} is deleted, and {assets} in it can still be read; {are} waited for, {left} at most",
            known.approved.called(folder)
        ),
    };
    vec![keep(folder, entry), Effect::RetryAfter(retry)]
}

/// Takes a folder apart whose delete the server refuses, as it does where too much is in it;
/// nothing where it has said something else, or that cannot help.
fn taken_apart(
    whole: AssetId,
    folder: AssetId,
    outcomes: &[AssetOutcome],
    known: &Known<'_, Direct>,
) -> Option<Effects> {
    let [(_, Outcome::Failed(failure))] = outcomes else {
        return None;
    };
    let mut entry = progress(whole, known);
    if failure.kind != FailureKind::Invalid || entry.tried.contains(&folder) {
        return None;
    }
    let parts = parts(folder, known).filter(|parts| !parts.is_empty())?;
    entry.tried.push(folder);
    entry.apart.push(folder);
    entry.left += parts.len();
    let mut opened = Vec::new();
    let mut stacks = BTreeMap::clone(&entry.stacks);
    for (stack, files) in stacks_in(folder, known) {
        stacks.extend(files.iter().map(|file| (*file, stack)));
        opened.push(Effect::Opened(stack, files));
    }
    entry.stacks = Arc::new(stacks);
    let jobs = parts.into_iter();
    let jobs = jobs
        .map(|(id, kind)| delete_part(whole, id, kind))
        .collect();
    let parts = if folder == whole {
        "what is in it"
    } else {
        "what is in that one"
    };
    let message = format!(
        "the server refuses to delete {}, so {parts} is deleted first: {}",
        known.approved.called(folder),
        failure.message
    );
    let mut effects = opened;
    effects.extend([
        Effect::Warn(message),
        keep(whole, entry),
        // The answer may have taken its time, and somebody may have taken something out meanwhile.
        Effect::Distrust(whole),
        // It was sent, and is asked for again: whoever finds the run dead knows of it.
        Effect::Doubt(vec![folder]),
        Effect::Requeue(jobs),
    ]);
    Some(effects)
}

/// What is deleted in place of a folder: what is directly in it, and of a version stack its files.
/// Nothing where something of it must stay, or is of no known kind.
fn parts(folder: AssetId, known: &Known<'_, Direct>) -> Option<Vec<(AssetId, Kind)>> {
    let approved = known.approved;
    let mut parts = Vec::new();
    for (id, kind) in approved.parts(folder) {
        match (*kind)? {
            Kind::VersionStack => {
                let files = approved.parts(*id).iter();
                parts.extend(files.map(|(file, _)| (*file, Kind::File)));
            }
            kind @ (Kind::File | Kind::Folder) => parts.push((*id, kind)),
        }
    }
    // What is deleted already needs nothing.
    parts.retain(|(id, _)| known.evidence(*id).is_none() || known.goes_along(*id));
    let stays = parts.iter().any(|(id, _)| approved.is_protected(*id));
    (!stays).then_some(parts)
}

/// What follows from what the delete of a part of a folder said.
pub(super) fn told_of_part(
    (whole, part): (AssetId, AssetId),
    outcomes: Vec<AssetOutcome>,
    known: &Known<'_, Direct>,
) -> Effects {
    if let Some(mut effects) = taken_apart(whole, part, &outcomes, known) {
        // It is answered for once all that is in it is.
        let counted = |effect: &mut Effect<Direct>| {
            if let Effect::Progress(_, Some(Way::Folder(entry))) = effect {
                entry.left -= 1;
            }
        };
        effects.iter_mut().for_each(counted);
        return effects;
    }
    let all = outcomes.into_iter();
    all.flat_map(|(id, outcome)| part_done(whole, id, outcome, known))
        .collect()
}

/// What follows from what became of a part of a folder.
pub(super) fn part_done(
    whole: AssetId,
    part: AssetId,
    outcome: Outcome,
    known: &Known<'_, Direct>,
) -> Effects {
    let mut entry = progress(whole, known);
    let mut effects = Vec::new();
    match &outcome {
        Outcome::Retired(_) => {
            // From the first part that is gone, the folder is no longer what it was.
            effects.push(Effect::Doubt(vec![whole]));
            effects.extend(record_outcome(vec![(part, outcome)], known));
            // Whether the folder around it goes as well is another matter.
            effects.extend(look_along(part, known));
            entry.gone.push(part);
        }
        Outcome::Failed(failure) => {
            entry.failure.get_or_insert_with(|| failure.clone());
            effects.extend(record_outcome(vec![(part, outcome)], known));
        }
        Outcome::Gone(_) => effects.push(Effect::HoldBack((part, outcome))),
        Outcome::Missing if !known.is_unknown(part) => {
            entry.failure.get_or_insert_with(|| Failure {
                kind: FailureKind::NotFound,
                message: format!("`{part}` in it is neither there nor shown to be deleted"),
            });
            effects.push(Effect::HoldBack((part, outcome)));
        }
        // Where a delete of ours was not answered, that it is missing says nothing.
        Outcome::Missing
        | Outcome::Unknown
        | Outcome::Restored { .. }
        | Outcome::Staged(_)
        | Outcome::Rescued => entry.lost = true,
    }
    effects.extend(next(whole, entry, known));
    effects
}

fn left_alone() -> Failure {
    Failure {
        kind: FailureKind::Conflict,
        message: format!("the folder was left alone: {OTHER}"),
    }
}

/// What follows where a part of a folder is not deleted after all, since the folder is other than it
/// was approved: only what was sent has a record.
pub(super) fn part_left(whole: AssetId, part: AssetId, known: &Known<'_, Direct>) -> Effects {
    let mut entry = progress(whole, known);
    if known.is_unknown(part) || entry.tried.contains(&part) {
        return part_done(whole, part, Outcome::Failed(left_alone()), known);
    }
    entry.failure.get_or_insert_with(left_alone);
    next(whole, entry, known)
}

/// What follows where a folder that was taken apart is not asked for again, since it is other than
/// it was approved.
pub(super) fn left_half_way(whole: AssetId, known: &Known<'_, Direct>) -> Effects {
    let mut effects = vec![Effect::Progress(whole, None)];
    let failed = (whole, Outcome::Failed(left_alone()));
    effects.extend(record_outcome(vec![failed], known));
    effects
}

/// What follows where a part of a folder is not deleted since the folder is not there any more: of
/// the parts that were not sent nothing is said, and what became of the folder is found out.
pub(super) fn part_absent(whole: AssetId, known: &Known<'_, Direct>) -> Effects {
    let mut entry = progress(whole, known);
    entry.absent = true;
    next(whole, entry, known)
}

/// What follows where a part of a folder was never answered for.
pub(super) fn part_lost(whole: AssetId, known: &Known<'_, Direct>) -> Effects {
    let mut entry = progress(whole, known);
    entry.lost = true;
    next(whole, entry, known)
}

/// What is asked for once all that is in a folder is answered for.
fn next(whole: AssetId, mut entry: Folder, known: &Known<'_, Direct>) -> Effects {
    entry.left = entry.left.saturating_sub(1);
    if entry.left > 0 {
        return vec![keep(whole, entry)];
    }
    if entry.absent {
        let read = Direct::read(Resolve {
            id: whole,
            listed: true,
            kind: Some(Kind::Folder),
            was_absent: true,
        });
        return vec![Effect::Progress(whole, None), Effect::Requeue(vec![read])];
    }
    // What is unknown counts more: the next run reads it before it does anything.
    let outcome = match (&entry.failure, entry.lost) {
        (_, true) => Some(Outcome::Unknown),
        (Some(failure), false) => Some(Outcome::Failed(failure.clone())),
        (None, false) => None,
    };
    if let Some(outcome) = outcome {
        // Those in it that were refused as well are not asked for again either.
        let inner = entry.apart.iter().filter(|folder| **folder != whole);
        let all = inner.chain([&whole]);
        let all = all.map(|folder| (*folder, outcome.clone())).collect();
        let mut effects = look_at_stacks(&entry, known);
        effects.push(Effect::Progress(whole, None));
        effects.extend(record_outcome(all, known));
        return effects;
    }
    let folder = entry.apart.pop().unwrap_or(whole);
    let again = if folder == whole {
        delete(whole, Some(Kind::Folder))
    } else {
        entry.left = 1;
        delete_part(whole, folder, Kind::Folder)
    };
    vec![
        keep(whole, entry),
        Effect::Emptied(folder),
        Effect::Requeue(vec![again]),
    ]
}
