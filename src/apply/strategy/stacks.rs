//! V4: deleting version stacks file by file.
//!
//! V4 has no delete of a version stack as such (docs/frameio-api.md, "Deletes (V4)"): its files
//! are deleted instead. From the first file that is gone until the last one is, the stack is
//! unknown for whoever finds the run dead, and each of its files is what became of it. The stack is
//! deleted when each file that its lists showed is shown to be deleted, and it is empty then; its
//! record speaks for them from then on.

use std::collections::BTreeSet;

use crate::apply::follow::record_outcome;
use crate::apply::strategy::asks::{
    Direct, close, delete_member, look_at_member, open, show_asset,
};
use crate::apply::strategy::{Effect, FileDone, Job, Known};
use crate::asset::{AssetId, Kind};
use crate::frameio::survey::PAGES;
use crate::frameio::v4::trail::Trail;
use crate::frameio::v4::wire::Page;
use crate::frameio::verdict::Live;
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};
use crate::state::Status;

/// A version stack on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// The files that were read so far, as long as more are to come.
    found: Vec<AssetId>,
    /// The pages that show them.
    trail: Trail<AssetId>,
    /// How many pages that were.
    pages: usize,
    /// How many files are still to be answered for.
    left: usize,
    /// Those that we deleted, and what shows it: where the version stack stays, no record of its
    /// own covers them.
    ours: Vec<(AssetId, Evidence)>,
    /// Those that somebody else deleted.
    others: Vec<(AssetId, Evidence)>,
    /// The first refusal of a file.
    failure: Option<Failure>,
    /// Whether the answer for a file never came.
    lost: bool,
    /// Whether the files were read that it does not hold any more.
    looked: bool,
}

impl Stack {
    /// What shows that a file of it is deleted, and whether we did it.
    fn evidence(&self, file: AssetId, known: &Known<'_, Direct>) -> Option<(bool, Evidence)> {
        let of = |all: &[(AssetId, Evidence)]| {
            let found = all.iter().find(|(id, _)| *id == file);
            found.map(|(_, evidence)| *evidence)
        };
        let ours = || of(&self.ours).map(|evidence| (true, evidence));
        let others = || of(&self.others).map(|evidence| (false, evidence));
        // What is written down already knows of the delete that was not answered.
        known.evidence(file).or_else(ours).or_else(others)
    }
}

/// How many deleted files the refusal of a version stack names: texts are kept to 500 characters.
const NAMED: usize = 8;

type Effects = Vec<Effect<Direct>>;

fn progress(stack: AssetId, known: &Known<'_, Direct>) -> Stack {
    let entry = known.memory.progress.get(&stack);
    entry.cloned().unwrap_or_default()
}

/// What follows from a page of what a version stack holds.
pub(super) fn opened(
    job: &Job<Direct>,
    page: Result<Page<AssetId>, Live>,
    known: &Known<'_, Direct>,
) -> Effects {
    let stack = job.ids[0];
    let Ok(page) = page else {
        if job.looked {
            return unlisted(stack, "the server does not list its files", known);
        }
        return vec![Effect::Requeue(vec![Job {
            sent: job.sent,
            ..show_asset(stack, Some(Kind::VersionStack))
        }])];
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
    vec![
        Effect::Progress(stack, Some(entry)),
        Effect::Requeue(vec![next]),
    ]
}

/// What follows from the files that a version stack was found to hold.
fn delete_files(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    let approved = known.approved;
    let files = &entry.found;
    if let Some(held) = files.iter().find(|file| approved.is_protected(**file)) {
        return leave_alone(stack, &format!("`{held}` in it must stay"), known);
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
    let opened = Effect::Opened(stack, files.as_slice().into());
    let entry = Stack {
        left: files.len(),
        found: Vec::new(),
        trail: Trail::default(),
        ..entry
    };
    vec![
        opened,
        Effect::Progress(stack, Some(entry)),
        Effect::Requeue(members),
    ]
}

/// What follows where a version stack is not there, of which it is known which files it held.
pub(super) fn emptied(stack: AssetId, known: &Known<'_, Direct>) -> Effects {
    without_files(stack, progress(stack, known), known)
}

/// What follows where a version stack holds no file.
///
/// Each file that a list of it has shown, to this run or to an earlier one, must be shown to be
/// deleted: somebody may have moved one out of it as well. Those of which nothing shows it are
/// read once.
fn without_files(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    let planned = known.approved.files(stack).map(|files| &**files);
    let planned = planned.unwrap_or_default().iter();
    let shown = known.state.files.get(&stack).into_iter().flatten();
    let files: BTreeSet<AssetId> = planned.chain(shown).copied().collect();
    if files.is_empty() {
        return stays_empty(
            stack,
            &entry,
            "it holds no file, and has no delete of its own",
            known,
        );
    }
    let (mut evidence, mut is_ours, mut open) = (Evidence::Answer, false, Vec::new());
    for file in files {
        match entry.evidence(file, known) {
            Some((ours, shown)) => {
                evidence = evidence.max(shown);
                is_ours |= ours;
            }
            None => open.push(file),
        }
    }
    let Some(first) = open.first() else {
        return if is_ours {
            done(stack, Outcome::Retired(evidence), known)
        } else {
            let gone = (stack, Outcome::Gone(evidence));
            vec![Effect::Progress(stack, None), Effect::HoldBack(gone)]
        };
    };
    if entry.looked {
        let why = format!("it holds no file, and nothing shows that its file `{first}` is deleted");
        return stays_empty(stack, &entry, &why, known);
    }
    let entry = Stack {
        left: open.len(),
        looked: true,
        ..entry
    };
    let reads = open.into_iter().map(|file| Job {
        listed: false,
        ..look_at_member(stack, file)
    });
    let reads = reads.collect();
    vec![Effect::Progress(stack, Some(entry)), Effect::Requeue(reads)]
}

/// What follows where it is not shown that a version stack is deleted that holds no file: where a
/// delete of ours was not answered it is as unknown as before.
fn stays_empty(stack: AssetId, entry: &Stack, why: &str, known: &Known<'_, Direct>) -> Effects {
    if !matches!(known.status(stack), Some(Status::Unknown { .. })) {
        let failure = entry
            .failure
            .clone()
            .unwrap_or_else(|| left_alone(FailureKind::Conflict, why));
        return stays(stack, Some(Outcome::Failed(failure)), entry, known);
    }
    let mut effects = stays(stack, None, entry, known);
    effects.push(Effect::Warn(format!("`{stack}` stays unknown: {why}")));
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
    stays(stack, Some(Outcome::Failed(failure)), &entry, known)
}

fn done(stack: AssetId, outcome: Outcome, known: &Known<'_, Direct>) -> Effects {
    let mut effects = vec![Effect::Progress(stack, None)];
    effects.extend(record_outcome(vec![(stack, outcome)], known));
    effects
}

/// What follows where a version stack is not deleted, though files of it may be; without an
/// outcome it is as it was.
fn stays(
    stack: AssetId,
    outcome: Option<Outcome>,
    entry: &Stack,
    known: &Known<'_, Direct>,
) -> Effects {
    let is_recorded = |file: AssetId| matches!(known.status(file), Some(Status::Retired(_)));
    let ours = entry.ours.iter().filter(|(file, _)| !is_recorded(*file));
    let ours = ours.map(|(file, evidence)| (*file, Outcome::Retired(*evidence)));
    let of_stack = outcome.map(|outcome| (stack, outcome));
    let outcomes: Vec<AssetOutcome> = of_stack.into_iter().chain(ours).collect();
    let mut effects = vec![Effect::Progress(stack, None)];
    if !outcomes.is_empty() {
        effects.extend(record_outcome(outcomes, known));
    }
    effects
}

/// What follows where a file of a version stack that is empty lives elsewhere.
pub(super) fn moved(stack: AssetId, file: AssetId, known: &Known<'_, Direct>) -> Effects {
    let why = format!("it holds no file, and its file `{file}` lives elsewhere");
    let failure = left_alone(FailureKind::Conflict, &why);
    member_done(stack, file, Outcome::Failed(failure), known)
}

/// What follows from what became of one file of a version stack.
pub(super) fn member_done(
    stack: AssetId,
    file: AssetId,
    outcome: Outcome,
    known: &Known<'_, Direct>,
) -> Effects {
    let mut entry = progress(stack, known);
    let mut retired = None;
    let is_lost = match outcome {
        Outcome::Retired(evidence) => {
            entry.ours.push((file, evidence));
            retired = Some(evidence);
            false
        }
        Outcome::Gone(evidence) => {
            entry.others.push((file, evidence));
            false
        }
        Outcome::Failed(failure) => {
            entry.failure.get_or_insert(failure);
            false
        }
        Outcome::Missing if known.is_unknown(file) => true,
        Outcome::Missing => {
            entry.failure.get_or_insert_with(|| Failure {
                kind: FailureKind::NotFound,
                message: format!("its file `{file}` is neither there nor shown to be deleted"),
            });
            false
        }
        Outcome::Unknown => true,
    };
    let done = FileDone {
        stack,
        file,
        retired,
    };
    let told = (!is_lost).then_some(Effect::FileDone(done));
    entry.lost |= is_lost;
    let rest = one_less(stack, entry, known);
    told.into_iter().chain(rest).collect()
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
    vec![Effect::Progress(stack, Some(entry))]
}

/// What follows where each file of a version stack is answered for.
fn all_done(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    if entry.looked {
        return without_files(stack, entry, known);
    }
    match &entry.failure {
        // What is unknown counts more: the next run reads it before it does anything.
        _ if entry.lost => stays(stack, Some(Outcome::Unknown), &entry, known),
        Some(failure) => {
            let failure = told_with(&entry.ours, failure);
            stays(stack, Some(Outcome::Failed(failure)), &entry, known)
        }
        // Somebody may have put a file into it meanwhile.
        None => vec![
            Effect::Progress(stack, Some(entry)),
            Effect::Requeue(vec![close(stack)]),
        ],
    }
}

/// A refusal with the files that were deleted before it.
fn told_with(deleted: &[(AssetId, Evidence)], failure: &Failure) -> Failure {
    let Failure { kind, mut message } = failure.clone();
    if !deleted.is_empty() {
        let first = deleted
            .iter()
            .take(NAMED)
            .map(|(file, _)| format!("`{file}`"));
        let named = first.collect::<Vec<_>>().join(", ");
        let more = match deleted.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        message = format!("{message}; deleted before, of its files: {named}{more}");
    }
    Failure { kind, message }
}

/// What follows from the reading of whether a version stack holds something still.
pub(super) fn closed(
    stack: AssetId,
    page: Result<Page<AssetId>, Live>,
    known: &Known<'_, Direct>,
) -> Effects {
    let why = match page {
        Ok(page) if page.items.is_empty() && page.next.is_none() => return emptied(stack, known),
        Err(Live::Missing) => return emptied(stack, known),
        Ok(_) => "it holds a file still, though each that it showed before is deleted",
        Err(Live::OtherKind { .. } | Live::There | Live::Deleted(_)) => {
            "each file that it showed is deleted, and the server does not list it again"
        }
    };
    leave_alone(stack, why, known)
}
