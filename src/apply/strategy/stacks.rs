//! V4: deleting version stacks file by file.
//!
//! V4 has no delete of a version stack as such (docs/frameio-api.md, "Deletes (V4)"): its files
//! are deleted instead. From the first file that is gone until the last one is, the stack is
//! recorded as unknown, which is what it is for whoever finds the run dead. It is deleted when
//! each file that its list showed is shown to be deleted, and the list is empty then.

use crate::apply::follow::record_outcome;
use crate::apply::strategy::asks::{Direct, close, delete_member, open, show_asset};
use crate::apply::strategy::{Effect, Job, Known};
use crate::asset::{AssetId, Kind};
use crate::frameio::survey::PAGES;
use crate::frameio::v4::trail::Trail;
use crate::frameio::v4::wire::Page;
use crate::frameio::verdict::Live;
use crate::outcome::{Evidence, Failure, FailureKind, Outcome};
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
    /// What shows that the files are deleted: the weakest that was needed.
    evidence: Option<Evidence>,
    /// Those that we deleted, and what shows it: where the version stack stays, no record of its
    /// own covers them.
    ours: Vec<(AssetId, Evidence)>,
    /// The first refusal of a file.
    failure: Option<Failure>,
    /// Whether the answer for a file never came.
    lost: bool,
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
        return found_empty(stack, known);
    }
    let members = files.iter().map(|file| delete_member(stack, *file));
    let members = members.collect();
    let entry = Stack {
        left: files.len(),
        found: Vec::new(),
        trail: Trail::default(),
        ..entry
    };
    vec![
        Effect::Progress(stack, Some(entry)),
        Effect::Requeue(members),
    ]
}

/// What follows where a version stack holds no file.
///
/// The files that the plan names may be deleted by now, each for itself; and an earlier run that
/// deleted them may not have come to its end, which lists of what was deleted show: somebody may
/// have moved them out of it as well. Else nothing was ever seen of it that could have been
/// deleted.
fn found_empty(stack: AssetId, known: &Known<'_, Direct>) -> Effects {
    let is_deleted = |id: &AssetId| known.status(*id).and_then(Status::evidence).is_some();
    let planned = known.approved.files(stack);
    let each = planned.is_some_and(|files| !files.is_empty() && files.iter().all(is_deleted));
    let mut effects = vec![Effect::Progress(stack, None)];
    if each {
        let retired = Outcome::Retired(Evidence::Read);
        effects.extend(record_outcome(vec![(stack, retired)], known));
    } else if matches!(known.status(stack), Some(Status::Unknown { .. })) {
        effects.push(Effect::SeekFiles(stack));
    } else {
        let why = "it holds no file, and has no delete of its own";
        return leave_alone(stack, why, known);
    }
    effects
}

/// What follows where a version stack is not touched, since something in Frame.io forbids it.
fn leave_alone(stack: AssetId, why: &str, known: &Known<'_, Direct>) -> Effects {
    left_alone(stack, FailureKind::Conflict, why, known)
}

/// What follows where a version stack is not touched, since nobody can tell what it holds.
pub(super) fn unlisted(stack: AssetId, why: &str, known: &Known<'_, Direct>) -> Effects {
    left_alone(stack, FailureKind::Other, why, known)
}

fn left_alone(stack: AssetId, kind: FailureKind, why: &str, known: &Known<'_, Direct>) -> Effects {
    let message = format!("the version stack was left alone: {why}");
    failed(stack, Failure { kind, message }, known)
}

/// What follows where a version stack is not deleted.
pub(super) fn failed(stack: AssetId, failure: Failure, known: &Known<'_, Direct>) -> Effects {
    stays(
        stack,
        Outcome::Failed(failure),
        &progress(stack, known),
        known,
    )
}

fn done(stack: AssetId, outcome: Outcome, known: &Known<'_, Direct>) -> Effects {
    let mut effects = vec![Effect::Progress(stack, None)];
    effects.extend(record_outcome(vec![(stack, outcome)], known));
    effects
}

/// What follows where a version stack is not deleted, though files of it may be.
fn stays(stack: AssetId, outcome: Outcome, entry: &Stack, known: &Known<'_, Direct>) -> Effects {
    let ours = entry.ours.iter();
    let ours = ours.map(|(file, evidence)| (*file, Outcome::Retired(*evidence)));
    let mut effects = vec![Effect::Progress(stack, None)];
    let outcomes = [(stack, outcome)].into_iter().chain(ours);
    effects.extend(record_outcome(outcomes.collect(), known));
    effects
}

/// What follows from what became of one file of a version stack.
pub(super) fn member_done(
    stack: AssetId,
    file: AssetId,
    outcome: Outcome,
    known: &Known<'_, Direct>,
) -> Effects {
    let mut entry = progress(stack, known);
    match outcome {
        Outcome::Retired(evidence) => {
            entry.ours.push((file, evidence));
            entry.evidence = entry.evidence.max(Some(evidence));
        }
        Outcome::Gone(evidence) => entry.evidence = entry.evidence.max(Some(evidence)),
        Outcome::Failed(failure) => {
            entry.failure.get_or_insert(failure);
        }
        Outcome::Missing if known.memory.intents.contains_key(&file) => entry.lost = true,
        Outcome::Missing => {
            entry.failure.get_or_insert_with(|| Failure {
                kind: FailureKind::NotFound,
                message: format!("its file `{file}` is neither there nor shown to be deleted"),
            });
        }
        Outcome::Unknown => entry.lost = true,
    }
    entry.left = entry.left.saturating_sub(1);
    if entry.left == 0 {
        return all_done(stack, entry, known);
    }
    let is_recorded = matches!(known.status(stack), Some(Status::Unknown { .. }));
    let record = (!is_recorded).then(|| Effect::Record(vec![(stack, Outcome::Unknown)]));
    record
        .into_iter()
        .chain([Effect::Progress(stack, Some(entry))])
        .collect()
}

/// What follows where the delete of a file was never answered: the version stack is recorded as
/// unknown already, and stays so.
pub(super) fn member_lost(stack: AssetId, known: &Known<'_, Direct>) -> Effects {
    let mut entry = progress(stack, known);
    entry.lost = true;
    entry.left = entry.left.saturating_sub(1);
    if entry.left == 0 {
        return all_done(stack, entry, known);
    }
    vec![Effect::Progress(stack, Some(entry))]
}

/// What follows where each file of a version stack is answered for.
fn all_done(stack: AssetId, entry: Stack, known: &Known<'_, Direct>) -> Effects {
    match &entry.failure {
        // What is unknown counts more: the next run reads it before it does anything.
        _ if entry.lost => stays(stack, Outcome::Unknown, &entry, known),
        Some(failure) => {
            let failure = told_with(&entry.ours, failure);
            stays(stack, Outcome::Failed(failure), &entry, known)
        }
        // Somebody may have put a file into it meanwhile.
        None => vec![
            Effect::Progress(stack, Some(entry)),
            Effect::Record(vec![(stack, Outcome::Unknown)]),
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
        Ok(page) if page.items.is_empty() && page.next.is_none() => None,
        Err(Live::Missing) => None,
        Ok(_) => Some("it holds a file still, though each that it showed before is deleted"),
        Err(Live::OtherKind { .. } | Live::There | Live::Deleted(_)) => {
            Some("each file that it showed is deleted, and the server does not list it again")
        }
    };
    if let Some(why) = why {
        return leave_alone(stack, why, known);
    }
    let entry = progress(stack, known);
    let evidence = entry.evidence.unwrap_or(Evidence::Read);
    if !entry.ours.is_empty() {
        return done(stack, Outcome::Retired(evidence), known);
    }
    let gone = (stack, Outcome::Gone(evidence));
    vec![Effect::Progress(stack, None), Effect::HoldBack(gone)]
}
