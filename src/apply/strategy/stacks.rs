//! V4: deleting version stacks file by file.
//!
//! V4 has no delete of a version stack as such (docs/frameio-api.md, "Deletes (V4)"): its files
//! are deleted instead. From the first file that is gone until the last one is, the stack is
//! unknown for whoever finds the run dead. Each of its files has a record of its own, whichever run
//! sent it and whatever becomes of the stack. The stack is deleted when each file that its lists
//! showed is shown to be deleted, and it is empty then.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apply::follow::record_outcome;
use crate::apply::strategy::asks::{
    Direct, close, delete_member, look_at_member, open, show_asset,
};
use crate::apply::strategy::way::{Stack, Way};
use crate::apply::strategy::{Effect, FileDone, Job, Known};
use crate::asset::{AssetId, Kind};
use crate::frameio::survey::PAGES;
use crate::frameio::v4::trail::Trail;
use crate::frameio::v4::wire::Page;
use crate::frameio::verdict::Live;
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};
use crate::state::Status;

impl Stack {
    /// What shows that a file of it is deleted, and whether we did it.
    fn evidence(&self, file: AssetId, known: &Known<'_, Direct>) -> Option<(bool, Evidence)> {
        let outcomes = self.files.iter().rev();
        let told = outcomes.filter(|(id, _)| *id == file);
        let mut shown = told.filter_map(|(_, outcome)| match outcome {
            Outcome::Retired(evidence) => Some((true, *evidence)),
            Outcome::Gone(evidence) => Some((false, *evidence)),
            Outcome::Failed(_)
            | Outcome::Missing
            | Outcome::Unknown
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => None,
        });
        // What is written down already knows of the delete that was not answered.
        known.evidence(file).or_else(|| shown.next())
    }
}

/// How many deleted files the refusal of a version stack names: texts are kept to 500 characters.
const NAMED: usize = 8;

/// Why something is left alone half way.
pub(super) const OTHER: &str = "read again, it was other than reviewed";

type Effects = Vec<Effect<Direct>>;

const fn keep(stack: AssetId, entry: Stack) -> Effect<Direct> {
    Effect::Progress(stack, Some(Way::Stack(entry)))
}

fn progress(stack: AssetId, known: &Known<'_, Direct>) -> Stack {
    match known.memory.progress.get(&stack) {
        Some(Way::Stack(entry)) => entry.clone(),
        Some(Way::Folder(_)) | None => Stack::default(),
    }
}

/// What follows from a page of what a version stack holds.
pub(super) fn opened(
    job: &Job<Direct>,
    page: Result<Page<AssetId>, Live>,
    known: &Known<'_, Direct>,
) -> Effects {
    let stack = job.ids[0];
    let page = match page {
        Ok(page) => page,
        // It holds nothing any more, or nothing for us.
        Err(Live::Missing) if job.looked && !held(stack, known).is_empty() => {
            return emptied(stack, known);
        }
        Err(_) if job.looked => {
            return unlisted(stack, "the server does not list its files", known);
        }
        Err(_) => {
            return vec![Effect::Requeue(vec![Job {
                sent: job.sent,
                ..show_asset(stack, Some(Kind::VersionStack))
            }])];
        }
    };
    let mut entry = progress(stack, known);
    if let Err(why) = entry.trail.follow(&page) {
        return unlisted(stack, why, known);
    }
    entry.found.extend(page.items);
    entry.pages += 1;
    let Some(after) = page.next else {
        return delete_files(stack, entry, known);
    };
    if entry.pages >= PAGES {
        return unlisted(stack, "the list of its files does not end", known);
    }
    let next = Job {
        looked: true,
        ..open(stack, Some(after))
    };
    vec![keep(stack, entry), Effect::Requeue(vec![next])]
}

/// What follows from the files that a version stack was found to hold.
fn delete_files(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    let approved = known.approved;
    let files = &entry.found;
    if let Some(held) = files.iter().find(|file| approved.is_protected(**file)) {
        let held = approved.called(*held);
        return leave_alone(stack, &format!("{held} in it must stay"), known);
    }
    // A stack that was reviewed file by file must not have grown since.
    let planned = approved.files(stack);
    let grown = planned.and_then(|planned| files.iter().find(|file| !planned.contains(file)));
    if let Some(file) = grown {
        let why = format!("it holds `{file}`, which the plan does not name");
        return leave_alone(stack, &why, known);
    }
    if files.is_empty() {
        return without_files(stack, entry, known);
    }
    let members = files.iter().map(|file| delete_member(stack, *file));
    let members = members.collect();
    let files: Arc<[AssetId]> = files.as_slice().into();
    let opened = Effect::Opened(stack, Arc::clone(&files));
    let entry = Stack {
        left: files.len(),
        found: Vec::new(),
        trail: Trail::default(),
        ..entry
    };
    vec![
        opened,
        Effect::Alive(files),
        keep(stack, entry),
        Effect::Requeue(members),
    ]
}

/// What follows where a version stack is not there any more, of which it is known which files it
/// held.
pub(super) fn emptied(stack: AssetId, known: &Known<'_, Direct>) -> Effects {
    without_files(stack, progress(stack, known), known)
}

/// The same where nobody has seen it in this run.
pub(super) fn absent(stack: AssetId, known: &Known<'_, Direct>) -> Effects {
    let entry = Stack {
        absent: true,
        ..progress(stack, known)
    };
    without_files(stack, entry, known)
}

/// The files that a version stack held, as lists of it have shown that to this run, and those of
/// which an earlier one has written something down. What was in it before, was never sent and is not
/// in it any more says nothing of it; where lists show nothing now, all that was in it counts.
fn held(stack: AssetId, known: &Known<'_, Direct>) -> BTreeSet<AssetId> {
    let planned = known.approved.files(stack).map(|files| &**files);
    let planned = planned.unwrap_or_default();
    let earlier = known.state.files.get(&stack).into_iter().flatten();
    let counts = |file: &&AssetId| planned.is_empty() || known.status(**file).is_some();
    planned
        .iter()
        .chain(earlier.filter(counts))
        .copied()
        .collect()
}

/// What follows where a version stack holds no file.
///
/// Each file that a list of it has shown, to this run or to an earlier one, must be shown to be
/// deleted: somebody may have moved one out of it as well. Those of which nothing shows it are
/// read once.
fn without_files(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    let files = held(stack, known);
    if files.is_empty() {
        return stays_empty(
            stack,
            &entry,
            "it holds no file, and has no delete of its own",
            known,
        );
    }
    let (mut evidence, mut is_ours, mut open) = (Evidence::Answer, false, Vec::new());
    for file in &files {
        match entry.evidence(*file, known) {
            Some((ours, shown)) => {
                evidence = evidence.max(shown);
                is_ours |= ours;
            }
            None => open.push(*file),
        }
    }
    // Its lists may have shown them to the plan alone.
    let mut effects = Vec::new();
    if !known.state.files.contains_key(&stack) {
        effects.push(Effect::Opened(stack, files.into_iter().collect()));
    }
    let Some(first) = open.first() else {
        let outcome = if is_ours {
            Outcome::Retired(evidence)
        } else {
            Outcome::Gone(evidence)
        };
        effects.extend(ends(stack, Some(outcome), &entry, known));
        return effects;
    };
    if entry.looked {
        let why = format!("it holds no file, and nothing shows that its file `{first}` is deleted");
        effects.extend(stays_empty(stack, &entry, &why, known));
        return effects;
    }
    let entry = Stack {
        left: open.len(),
        looked: true,
        ..entry
    };
    let reads = open.into_iter().map(|file| Job {
        listed: false,
        ..look_at_member(stack, file, Kind::File)
    });
    let reads = reads.collect();
    effects.extend([keep(stack, entry), Effect::Requeue(reads)]);
    effects
}

/// What follows where it is not shown that a version stack is deleted that holds no file: where a
/// delete of ours was not answered it is as unknown as before.
fn stays_empty(stack: AssetId, entry: &Stack, why: &str, known: &Known<'_, Direct>) -> Effects {
    let is_unknown = matches!(known.status(stack), Some(Status::Unknown { .. }));
    if entry.absent && !is_unknown {
        let outcome = if entry.lost {
            Outcome::Unknown
        } else {
            Outcome::Missing
        };
        let mut effects = ends(stack, Some(outcome), entry, known);
        let stack = known.approved.called(stack);
        effects.push(Effect::Warn(format!("{stack} is not there: {why}")));
        return effects;
    }
    if !is_unknown {
        let failure = entry
            .failure
            .clone()
            .unwrap_or_else(|| left_alone(FailureKind::Conflict, why));
        return ends(stack, Some(Outcome::Failed(failure)), entry, known);
    }
    let mut effects = ends(stack, None, entry, known);
    let stack = known.approved.called(stack);
    effects.push(Effect::Warn(format!("{stack} stays unknown: {why}")));
    effects
}

/// What follows where a version stack is not touched, since something in Frame.io forbids it.
fn leave_alone(stack: AssetId, why: &str, known: &Known<'_, Direct>) -> Effects {
    failed(stack, left_alone(FailureKind::Conflict, why), known)
}

/// What follows where a version stack is not touched, since nobody can tell what it holds.
pub(super) fn unlisted(stack: AssetId, why: &str, known: &Known<'_, Direct>) -> Effects {
    failed(stack, left_alone(FailureKind::Other, why), known)
}

fn left_alone(kind: FailureKind, why: &str) -> Failure {
    let message = format!("the version stack was left alone: {why}");
    Failure { kind, message }
}

/// What follows where a version stack is not deleted.
pub(super) fn failed(stack: AssetId, failure: Failure, known: &Known<'_, Direct>) -> Effects {
    let entry = progress(stack, known);
    ends(stack, Some(Outcome::Failed(failure)), &entry, known)
}

/// What follows where a version stack is done with: what became of it and of each of its files;
/// without an outcome it is as it was.
fn ends(
    stack: AssetId,
    outcome: Option<Outcome>,
    entry: &Stack,
    known: &Known<'_, Direct>,
) -> Effects {
    let of_stack = outcome.map(|outcome| (stack, outcome));
    let all = of_stack.into_iter().chain(entry.files.iter().cloned());
    // A stop for missing assets takes back what is held back, of files as of all else.
    let is_held = |(_, outcome): &AssetOutcome| match outcome {
        Outcome::Gone(_) | Outcome::Missing => true,
        Outcome::Retired(_)
        | Outcome::Failed(_)
        | Outcome::Unknown
        | Outcome::Restored { .. }
        | Outcome::Staged(_)
        | Outcome::Rescued => false,
    };
    let (held, now): (Vec<_>, Vec<_>) = all.partition(is_held);
    let mut effects = vec![Effect::Progress(stack, None)];
    if !now.is_empty() {
        effects.extend(record_outcome(now, known));
    }
    effects.extend(held.into_iter().map(Effect::HoldBack));
    effects
}

/// What follows where a file of a version stack that is empty lives elsewhere.
pub(super) fn moved(stack: AssetId, file: AssetId, known: &Known<'_, Direct>) -> Effects {
    let why = format!("it holds no file, and its file `{file}` lives elsewhere");
    let mut entry = progress(stack, known);
    let failure = left_alone(FailureKind::Conflict, &why);
    entry.failure.get_or_insert(failure);
    // Nothing is said of the file itself: it is where somebody wants it.
    told_of(stack, file, None)
        .into_iter()
        .chain(one_less(stack, entry, known))
        .collect()
}

fn told_of(stack: AssetId, file: AssetId, retired: Option<Evidence>) -> Effects {
    vec![Effect::FileDone(FileDone {
        stack,
        file,
        retired,
    })]
}

/// What follows from what became of one file of a version stack.
pub(super) fn member_done(
    stack: AssetId,
    file: AssetId,
    outcome: Outcome,
    known: &Known<'_, Direct>,
) -> Effects {
    let retired = match &outcome {
        // Where an earlier delete of ours was not answered, that it is missing says nothing.
        Outcome::Unknown => return member_lost(stack, known),
        Outcome::Missing if known.is_unknown(file) => return member_lost(stack, known),
        Outcome::Retired(evidence) => Some(*evidence),
        Outcome::Gone(_)
        | Outcome::Failed(_)
        | Outcome::Missing
        | Outcome::Restored { .. }
        | Outcome::Staged(_)
        | Outcome::Rescued => None,
    };
    let mut entry = progress(stack, known);
    let mut effects = told_of(stack, file, retired);
    if let Outcome::Failed(failure) = &outcome {
        entry.failure.get_or_insert_with(|| failure.clone());
        // Should the run stop before its stack is done with, nothing else tells of it.
        effects.extend(record_outcome(vec![(file, outcome)], known));
    } else {
        if outcome == Outcome::Missing {
            entry.failure.get_or_insert_with(|| Failure {
                kind: FailureKind::NotFound,
                message: format!("its file `{file}` is neither there nor shown to be deleted"),
            });
        }
        entry.files.push((file, outcome));
    }
    effects.extend(one_less(stack, entry, known));
    effects
}

/// What follows where a file is not deleted after all, since its version stack is other than it was
/// approved: only what was sent has a record.
pub(super) fn member_left(stack: AssetId, file: AssetId, known: &Known<'_, Direct>) -> Effects {
    let failure = left_alone(FailureKind::Conflict, OTHER);
    if known.is_unknown(file) {
        return member_done(stack, file, Outcome::Failed(failure), known);
    }
    let mut entry = progress(stack, known);
    entry.failure.get_or_insert(failure);
    one_less(stack, entry, known)
}

/// What follows where the delete of a file was never answered, or a reading of it.
pub(super) fn member_lost(stack: AssetId, known: &Known<'_, Direct>) -> Effects {
    let mut entry = progress(stack, known);
    entry.lost = true;
    one_less(stack, entry, known)
}

fn one_less(stack: AssetId, mut entry: Stack, known: &Known<'_, Direct>) -> Effects {
    entry.left = entry.left.saturating_sub(1);
    if entry.left == 0 {
        return all_done(stack, entry, known);
    }
    vec![keep(stack, entry)]
}

/// What follows where each file of a version stack is answered for.
fn all_done(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    if entry.looked {
        return without_files(stack, entry, known);
    }
    match &entry.failure {
        // What is unknown counts more: the next run reads it before it does anything.
        _ if entry.lost => ends(stack, Some(Outcome::Unknown), &entry, known),
        Some(failure) => {
            let failure = told_with(&entry.files, failure);
            ends(stack, Some(Outcome::Failed(failure)), &entry, known)
        }
        // Somebody may have put a file into it meanwhile, or the server may not have told the truth.
        None => {
            let entry = Stack { pages: 0, ..entry };
            vec![
                keep(stack, entry),
                Effect::Requeue(vec![close(stack, None)]),
            ]
        }
    }
}

/// A refusal with the files that were deleted before it.
fn told_with(files: &[AssetOutcome], failure: &Failure) -> Failure {
    let Failure { kind, mut message } = failure.clone();
    let deleted = files.iter();
    let deleted = deleted.filter(|(_, outcome)| matches!(outcome, Outcome::Retired(_)));
    let deleted: Vec<AssetId> = deleted.map(|(file, _)| *file).collect();
    if !deleted.is_empty() {
        let first = deleted.iter().take(NAMED).map(|file| format!("`{file}`"));
        let named = first.collect::<Vec<_>>().join(", ");
        let more = match deleted.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        message = format!("{message}; deleted before, of its files: {named}{more}");
    }
    Failure { kind, message }
}

/// What follows from a page of what a version stack holds still, whose files are deleted.
pub(super) fn closed(
    stack: AssetId,
    page: Result<Page<AssetId>, Live>,
    known: &Known<'_, Direct>,
) -> Effects {
    let page = match page {
        Ok(page) => page,
        Err(Live::Missing) => return emptied(stack, known),
        Err(Live::OtherKind { .. } | Live::There | Live::Deleted(_)) => {
            let why = "each file that it showed is deleted, and the server does not list it again";
            return leave_alone(stack, why, known);
        }
    };
    let mut entry = progress(stack, known);
    if let Err(why) = entry.trail.follow(&page) {
        return still_there(stack, &entry, why, known);
    }
    entry.found.extend(page.items);
    entry.pages += 1;
    match page.next {
        None if entry.found.is_empty() => without_files(stack, entry, known),
        None => {
            let why = "it holds a file still, though each that it showed before is deleted";
            still_there(stack, &entry, why, known)
        }
        Some(_) if entry.pages >= PAGES => {
            let why = "the list of its files does not end";
            still_there(stack, &entry, why, known)
        }
        Some(after) => vec![
            keep(stack, entry),
            Effect::Requeue(vec![close(stack, Some(after))]),
        ],
    }
}

/// What follows where a version stack shows files still. What the server has called deleted keeps
/// its record all the same: as a rule somebody has restored it since, and whoever finds it alive
/// beside that record leaves the stack alone until an entry says `again: true`.
fn still_there(stack: AssetId, entry: &Stack, why: &str, known: &Known<'_, Direct>) -> Effects {
    let is_back = |(file, outcome): &&AssetOutcome| {
        matches!(outcome, Outcome::Retired(_) | Outcome::Gone(_)) && entry.found.contains(file)
    };
    let failure = match entry.files.iter().find(is_back) {
        Some((file, _)) => {
            let why =
                format!("the server says that `{file}` is deleted, and shows it all the same");
            left_alone(FailureKind::Conflict, &why)
        }
        None => left_alone(FailureKind::Conflict, why),
    };
    let failure = told_with(&entry.files, &failure);
    ends(stack, Some(Outcome::Failed(failure)), entry, known)
}
