//! The events as the lines of a journal tell them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Ending, HoldChanges, Kept, Provenance, RunEvent, RunInfo, Staging};
use crate::inventory::{Known, Mark};
use crate::outcome::{Aside, AssetOutcome, Evidence, Failure, Outcome};
use crate::store::journal::line::{EventLine, FailureLine, Shown, ShownStatus};

impl From<Shown> for Outcome {
    fn from(shown: Shown) -> Self {
        match shown.status {
            ShownStatus::Retired => Self::Retired(shown.evidence),
            ShownStatus::Gone => Self::Gone(shown.evidence),
        }
    }
}

impl From<FailureLine<'_>> for Outcome {
    fn from(FailureLine { kind, message }: FailureLine<'_>) -> Self {
        let message = message.into_owned();
        Self::Failed(Failure { kind, message })
    }
}

impl<'line> EventLine<'line> {
    const fn kept_back(kept: &'line [Kept], over: &'line [AssetId]) -> Self {
        Self::Kept {
            kept: Cow::Borrowed(kept),
            over: Cow::Borrowed(over),
        }
    }

    const fn file_done(
        (batch, retired): (u64, Option<Evidence>),
        stack: AssetId,
        file: AssetId,
    ) -> Self {
        Self::FileDone {
            batch,
            stack,
            file,
            retired,
        }
    }

    fn staging(folder: &'line Staging) -> Self {
        let Staging {
            project,
            name,
            root,
            id,
            is_over,
        } = folder;
        Self::Staging {
            project: *project,
            name: Cow::Borrowed(name),
            root: *root,
            id: *id,
            over: *is_over,
        }
    }

    /// The line of an event; nothing of one that does not last, see [`RunEvent::lasts`].
    pub(super) fn new(event: &'line RunEvent) -> Option<Self> {
        Some(match event {
            RunEvent::Started(info) => {
                let RunInfo {
                    number,
                    id,
                    at,
                    provenance:
                        Provenance {
                            actor,
                            commit,
                            ci,
                            plan,
                        },
                    account,
                } = info.clone();
                Self::Started {
                    run: number,
                    id,
                    at,
                    actor,
                    commit,
                    ci,
                    plan,
                    account,
                }
            }
            RunEvent::HoldsChanged { at, changes } => Self::HoldsChanged {
                at: *at,
                changes: Cow::Borrowed(changes),
            },
            RunEvent::Described { assets } => Self::Described {
                assets: assets.iter().cloned().collect(),
            },
            RunEvent::Marked { seen } => Self::Marked {
                seen: seen.iter().cloned().collect(),
            },
            RunEvent::Kept { kept, over } => Self::kept_back(kept, over),
            RunEvent::AgainOver { ids } => Self::AgainOver {
                ids: Cow::Borrowed(ids),
            },
            RunEvent::AgainUsed { ids } => Self::AgainUsed {
                ids: Cow::Borrowed(ids),
            },
            RunEvent::Staging(folder) => Self::staging(folder),
            RunEvent::Intent {
                batch,
                task,
                ids,
                stack,
                with,
                at,
            } => Self::Intent {
                batch: *batch,
                task: *task,
                ids: Cow::Borrowed(ids),
                stack: *stack,
                with: Cow::Borrowed(with),
                at: *at,
            },
            RunEvent::Opened { stack, files } => Self::Opened {
                stack: *stack,
                files: Cow::Borrowed(files),
            },
            RunEvent::FileDone {
                batch,
                stack,
                file,
                retired,
            } => Self::file_done((*batch, *retired), *stack, *file),
            RunEvent::Answered {
                batch,
                at,
                outcomes,
            } => answered(*batch, *at, outcomes),
            RunEvent::Doubted { batch, ids } => Self::Doubted {
                batch: *batch,
                ids: Cow::Borrowed(ids),
            },
            RunEvent::Forgotten { at, ids } => Self::Forgotten {
                at: *at,
                ids: Cow::Borrowed(ids),
            },
            RunEvent::Warned { batch, message } => Self::Warned {
                batch: *batch,
                message: Cow::Borrowed(message),
            },
            RunEvent::Ended { at, ending } => Self::Ended {
                at: *at,
                done: *ending == Ending::Done,
            },
            RunEvent::LeftAlone { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Slow { .. }
            | RunEvent::Stopping { .. } => {
                return None;
            }
        })
    }
}

fn answered(batch: u64, at: Timestamp, outcomes: &[AssetOutcome]) -> EventLine<'_> {
    let (mut retired, mut missing, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let (mut shown, mut failed) = (BTreeMap::new(), BTreeMap::new());
    let (mut restored, mut staged, mut rescued) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut show = |id, status, evidence| {
        shown.insert(id, Shown { status, evidence });
    };
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Retired(Evidence::Answer) => retired.push(*id),
            Outcome::Retired(evidence) => show(*id, ShownStatus::Retired, *evidence),
            Outcome::Gone(evidence) => show(*id, ShownStatus::Gone, *evidence),
            Outcome::Missing => missing.push(*id),
            Outcome::Unknown => unknown.push(*id),
            Outcome::Restored { seen } => drop(restored.insert(*id, *seen)),
            Outcome::Staged(aside) => drop(staged.insert(*id, *aside)),
            Outcome::Rescued => rescued.push(*id),
            Outcome::Failed(Failure { kind, message }) => {
                let failure = FailureLine {
                    kind: *kind,
                    message: Cow::Borrowed(message),
                };
                failed.insert(*id, failure);
            }
        }
    }
    EventLine::Answered {
        batch,
        at,
        retired,
        shown,
        missing,
        gone: Vec::new(),
        unknown,
        failed,
        restored,
        staged,
        rescued,
    }
}

const fn changed(at: Timestamp, changes: HoldChanges) -> RunEvent {
    RunEvent::HoldsChanged { at, changes }
}

fn started(
    (number, id, at): (u64, Uuid, Timestamp),
    [actor, commit, ci, plan]: [Option<String>; 4],
    account: Option<String>,
) -> RunEvent {
    RunEvent::Started(RunInfo {
        number,
        id,
        at,
        provenance: Provenance {
            actor,
            commit,
            ci,
            plan,
        },
        account,
    })
}

fn again_over(ids: Cow<'_, [AssetId]>) -> RunEvent {
    let ids = ids.into_owned();
    RunEvent::AgainOver { ids }
}

fn again_used(ids: Cow<'_, [AssetId]>) -> RunEvent {
    let ids = ids.into_owned();
    RunEvent::AgainUsed { ids }
}

fn restored_of(restored: BTreeMap<AssetId, bool>) -> impl Iterator<Item = AssetOutcome> {
    let restored = restored.into_iter();
    restored.map(|(id, seen)| (id, Outcome::Restored { seen }))
}

fn staged_of(staged: BTreeMap<AssetId, Aside>) -> impl Iterator<Item = AssetOutcome> {
    let staged = staged.into_iter();
    staged.map(|(id, aside)| (id, Outcome::Staged(aside)))
}

fn doubted(batch: u64, ids: Cow<'_, [AssetId]>) -> RunEvent {
    let ids = ids.into_owned();
    RunEvent::Doubted { batch, ids }
}

fn warned(batch: u64, message: Cow<'_, str>) -> RunEvent {
    let message = message.into_owned();
    RunEvent::Warned { batch, message }
}

fn forgotten(at: Timestamp, ids: Cow<'_, [AssetId]>) -> RunEvent {
    let ids = ids.into_owned();
    RunEvent::Forgotten { at, ids }
}

fn opened(stack: AssetId, files: &[AssetId]) -> RunEvent {
    let files = Arc::from(files);
    RunEvent::Opened { stack, files }
}

fn described(assets: BTreeMap<AssetId, Known>) -> RunEvent {
    let assets = assets.into_iter().collect();
    RunEvent::Described { assets }
}

fn marked(seen: BTreeMap<AssetId, Mark>) -> RunEvent {
    let seen = seen.into_iter().collect();
    RunEvent::Marked { seen }
}

fn kept_back(kept: Cow<'_, [Kept]>, over: Cow<'_, [AssetId]>) -> RunEvent {
    let (kept, over) = (kept.into_owned(), over.into_owned());
    RunEvent::Kept { kept, over }
}

impl From<EventLine<'_>> for RunEvent {
    fn from(event: EventLine<'_>) -> Self {
        match event {
            EventLine::Started {
                run,
                id,
                at,
                actor,
                commit,
                ci,
                plan,
                account,
            } => started((run, id, at), [actor, commit, ci, plan], account),
            EventLine::HoldsChanged { at, changes } => changed(at, changes.into_owned()),
            EventLine::Described { assets } => described(assets),
            EventLine::Marked { seen } => marked(seen),
            EventLine::Kept { kept, over } => kept_back(kept, over),
            EventLine::AgainOver { ids } => again_over(ids),
            EventLine::AgainUsed { ids } => again_used(ids),
            EventLine::Staging {
                project,
                name,
                root,
                id,
                over,
            } => Self::Staging(Staging {
                project,
                name: Arc::from(&*name),
                root,
                id,
                is_over: over,
            }),
            EventLine::Intent {
                batch,
                task,
                ids,
                stack,
                with,
                at,
            } => Self::Intent {
                batch,
                task,
                ids: Arc::from(&*ids),
                stack,
                with: Arc::from(&*with),
                at,
            },
            EventLine::Opened { stack, files } => opened(stack, &files),
            EventLine::FileDone {
                batch,
                stack,
                file,
                retired,
            } => Self::FileDone {
                batch,
                stack,
                file,
                retired,
            },
            EventLine::Answered {
                batch,
                at,
                retired,
                shown,
                missing,
                gone,
                unknown,
                failed,
                restored,
                staged,
                rescued,
            } => {
                // Nothing showed that what an earlier version called gone was deleted.
                let missing = missing.into_iter().chain(gone);
                let outcomes = (retired.into_iter())
                    .map(|id| (id, Outcome::Retired(Evidence::Answer)))
                    .chain(shown.into_iter().map(|(id, shown)| (id, shown.into())))
                    .chain(missing.map(|id| (id, Outcome::Missing)))
                    .chain(unknown.into_iter().map(|id| (id, Outcome::Unknown)))
                    .chain(failed.into_iter().map(|(id, failed)| (id, failed.into())))
                    .chain(restored_of(restored))
                    .chain(staged_of(staged))
                    .chain(rescued.into_iter().map(|id| (id, Outcome::Rescued)))
                    .collect();
                Self::Answered {
                    batch,
                    at,
                    outcomes,
                }
            }
            EventLine::Doubted { batch, ids } => doubted(batch, ids),
            EventLine::Forgotten { at, ids } => forgotten(at, ids),
            EventLine::FoundDeleted { at, ids } => Self::Answered {
                batch: 0,
                at,
                outcomes: ids.iter().map(|id| (*id, Outcome::Missing)).collect(),
            },
            EventLine::Warned { batch, message } => warned(batch, message),
            EventLine::Ended { at, .. } => Self::Ended {
                at,
                ending: Ending::Done,
            },
        }
    }
}
