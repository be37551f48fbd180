//! The events as the lines of a journal tell them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::asset::AssetId;
use crate::event::{Ending, HoldChanges, Kept, Provenance, RunEvent, RunInfo, Task};
use crate::inventory::{Known, Mark};
use crate::outcome::{AssetOutcome, Evidence, Failure, FailureKind, Outcome};

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum EventLine<'line> {
    /// The run began.
    Started {
        run: u64,
        id: Uuid,
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        actor: Option<String>,
        commit: Option<String>,
        ci: Option<String>,
        plan: Option<String>,
        account: Option<String>,
    },
    /// The holds that the state keeps are others now.
    HoldsChanged {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        changes: Cow<'line, HoldChanges>,
    },
    /// What assets are called, where they lie and how large they are.
    Described { assets: BTreeMap<AssetId, Known> },
    /// The marks that people have set in Frame.io are other than before.
    Marked {
        /// Those that are new, or say something else.
        seen: BTreeMap<AssetId, Mark>,
    },
    /// What stays since something protected is connected with it.
    Kept {
        /// All that the plan holds back so.
        #[serde(default, skip_serializing_if = "<[Kept]>::is_empty")]
        kept: Cow<'line, [Kept]>,
        /// What an earlier run held back, and this plan does not.
        #[serde(default, skip_serializing_if = "<[AssetId]>::is_empty")]
        over: Cow<'line, [AssetId]>,
    },
    /// Entries that had said `again: true` say it no more.
    AgainOver { ids: Cow<'line, [AssetId]> },
    /// Assets whose entries say `again: true` are deleted, which uses that up.
    AgainUsed { ids: Cow<'line, [AssetId]> },
    /// A batch is about to be sent; without an answer its assets are unknown.
    Intent {
        batch: u64,
        task: Task,
        ids: Cow<'line, [AssetId]>,
        /// The version stack that they are files of, where they are deleted in its place: without
        /// an answer it is unknown as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stack: Option<AssetId>,
        /// What goes along with the folder that is deleted: unless that is refused, it is unknown
        /// until a later line names it.
        #[serde(default, skip_serializing_if = "<[AssetId]>::is_empty")]
        with: Cow<'line, [AssetId]>,
    },
    /// A version stack is about to be deleted file by file.
    Opened {
        stack: AssetId,
        /// The files that it was found to hold.
        files: Cow<'line, [AssetId]>,
    },
    /// It is known what became of a file that is deleted in place of its version stack. As long as
    /// that is not deleted, the file has a record of its own where we deleted it.
    FileDone {
        batch: u64,
        stack: AssetId,
        file: AssetId,
        /// What shows that we deleted it; nothing where we did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retired: Option<Evidence>,
    },
    /// A batch was answered; what is missing here stays as it was.
    Answered {
        batch: u64,
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        /// Deleted by us, as the answer to the delete says.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        retired: Vec<AssetId>,
        /// Shown to be deleted by something else than the answer to a delete.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        shown: BTreeMap<AssetId, Shown>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<AssetId>,
        /// Only in journals of earlier versions, which took what is missing for gone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<AssetId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<AssetId>,
        #[serde(borrow, default, skip_serializing_if = "BTreeMap::is_empty")]
        failed: BTreeMap<AssetId, FailureLine<'line>>,
        /// Restored by us; with each whether a reading has shown it alive.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        restored: BTreeMap<AssetId, bool>,
    },
    /// The server did not know these assets when it was to delete them; until a later line names
    /// one, it is unknown.
    Doubted {
        batch: u64,
        ids: Cow<'line, [AssetId]>,
    },
    /// Records that nothing needs any more are dropped.
    Forgotten {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        ids: Cow<'line, [AssetId]>,
    },
    /// Assets were found deleted before anything was sent for them; only in journals of earlier
    /// versions, which did not ask for more than a line in a list.
    FoundDeleted {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        ids: Cow<'line, [AssetId]>,
    },
    /// The server said something that it should not say.
    Warned {
        batch: u64,
        #[serde(borrow)]
        message: Cow<'line, str>,
    },
    /// The run ended, of itself or in order before that.
    Ended {
        #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
        at: Timestamp,
        done: bool,
    },
}

/// Who deleted an asset, and what shows it.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    status: ShownStatus,
    evidence: Evidence,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum ShownStatus {
    /// We did.
    Retired,
    /// Somebody else did.
    Gone,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct FailureLine<'line> {
    kind: FailureKind,
    #[serde(borrow)]
    message: Cow<'line, str>,
}

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
            RunEvent::Intent {
                batch,
                task,
                ids,
                stack,
                with,
            } => Self::Intent {
                batch: *batch,
                task: *task,
                ids: Cow::Borrowed(ids),
                stack: *stack,
                with: Cow::Borrowed(with),
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
            } => Self::FileDone {
                batch: *batch,
                stack: *stack,
                file: *file,
                retired: *retired,
            },
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
    let mut restored = BTreeMap::new();
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
    }
}

const fn changed(at: Timestamp, changes: HoldChanges) -> RunEvent {
    RunEvent::HoldsChanged { at, changes }
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
            } => Self::Started(RunInfo {
                number: run,
                id,
                at,
                provenance: Provenance {
                    actor,
                    commit,
                    ci,
                    plan,
                },
                account,
            }),
            EventLine::HoldsChanged { at, changes } => changed(at, changes.into_owned()),
            EventLine::Described { assets } => described(assets),
            EventLine::Marked { seen } => marked(seen),
            EventLine::Kept { kept, over } => kept_back(kept, over),
            EventLine::AgainOver { ids } => again_over(ids),
            EventLine::AgainUsed { ids } => again_used(ids),
            EventLine::Intent {
                batch,
                task,
                ids,
                stack,
                with,
            } => Self::Intent {
                batch,
                task,
                ids: Arc::from(&*ids),
                stack,
                with: Arc::from(&*with),
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
                    .collect();
                Self::Answered {
                    batch,
                    at,
                    outcomes,
                }
            }
            EventLine::Doubted { batch, ids } => Self::Doubted {
                batch,
                ids: ids.into_owned(),
            },
            EventLine::Forgotten { at, ids } => forgotten(at, ids),
            EventLine::FoundDeleted { at, ids } => Self::Answered {
                batch: 0,
                at,
                outcomes: ids.iter().map(|id| (*id, Outcome::Missing)).collect(),
            },
            EventLine::Warned { batch, message } => Self::Warned {
                batch,
                message: message.into_owned(),
            },
            EventLine::Ended { at, .. } => Self::Ended {
                at,
                ending: Ending::Done,
            },
        }
    }
}
