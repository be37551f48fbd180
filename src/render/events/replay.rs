//! From the lines of a stream back to what the run came to.

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::asset::AssetId;
use crate::diagnostic::of_a_parser;
use crate::event::{Ending, Listener, Provenance, RunEvent, RunInfo, StopReason, Task};
use crate::inventory::Known;
use crate::outcome::{Aside, Evidence, FailureKind};
use crate::render::events::{At, EndingName, Event};
use crate::render::report::{Summary, SummaryBuilder};
use crate::state::{Failed, Staged, Status};

/// What one run of a stream came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Replayed {
    /// It ran, or there was nothing to do.
    Run(Box<Summary>),
    /// It failed before anything was sent.
    Failed {
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// Says why a file is not an event stream, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct StreamError {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What is wrong there.
    pub(crate) message: String,
}

/// Whether a document begins as an event stream does.
pub(crate) fn is_stream(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        _type: String,
        #[serde(rename = "version")]
        _version: u64,
    }
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    serde_json::from_slice::<Head>(&bytes[..end]).is_ok()
}

/// Replays a stream; one file may hold the streams of several runs, one after another.
///
/// A last line that was cut short is left out. What was sent and not answered for is unknown.
///
/// # Errors
///
/// Returns the first line that is no event, or that does not follow from the lines before.
pub(crate) fn replay(bytes: &[u8]) -> Result<Vec<Replayed>, StreamError> {
    let mut replay = Replay::default();
    let mut rest = bytes;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let (line, whole, after) = match memchr::memchr(b'\n', rest) {
            Some(end) => (&rest[..end], true, &rest[end + 1..]),
            None => (rest, false, &rest[rest.len()..]),
        };
        rest = after;
        let wrong = |message| StreamError {
            line: number,
            message,
        };
        match serde_json::from_slice(line) {
            Ok(event) => replay
                .read_event(event)
                .map_err(|message| wrong(message.to_owned()))?,
            Err(_cut) if !whole && number > 1 => {}
            Err(error) => {
                let why = of_a_parser(&error.to_string());
                return Err(wrong(format!("this is not an event: {why}")));
            }
        }
    }
    replay.flush();
    Ok(replay.done)
}

#[derive(Default)]
struct Replay {
    done: Vec<Replayed>,
    builder: Option<SummaryBuilder>,
    /// The assets that have a line since the last answer, with the batch of each.
    answered: Vec<(u64, AssetId)>,
    /// The assets that the run has asked to delete: what is read of them later was not unknown
    /// before the run.
    asked: HashSet<AssetId>,
}

/// A line that belongs to no run.
const NO_RUN: &str = "this event comes before `run_started`";

impl Replay {
    /// Ends a run that did not say itself that it ended.
    fn flush(&mut self) {
        let Some(mut builder) = self.builder.take() else {
            return;
        };
        // Their lines were written, and that of their batch was not.
        for (batch, id) in self.answered.drain(..) {
            builder.take_off(batch, id);
        }
        self.done.push(Replayed::Run(Box::new(builder.finish())));
    }

    fn running(&mut self) -> Result<&mut SummaryBuilder, &'static str> {
        self.builder.as_mut().ok_or(NO_RUN)
    }

    fn hear(&mut self, event: &RunEvent) -> Result<(), &'static str> {
        self.running()?.on_event(event);
        Ok(())
    }

    fn record_status(
        &mut self,
        batch: u64,
        (id, about): (AssetId, Option<Cow<'_, Known>>),
        status: Status,
    ) -> Result<(), &'static str> {
        let builder = self.running()?;
        if let Some(about) = about {
            builder.describe(id, about.into_owned());
        }
        builder.record_status(batch, id, status);
        self.answered.push((batch, id));
        Ok(())
    }

    fn found(&mut self, gone: Vec<AssetId>, retired: Vec<AssetId>) -> Result<(), &'static str> {
        let builder = self.running()?;
        for id in gone {
            builder.record_status(0, id, Status::Gone(Evidence::Earlier));
        }
        for id in retired {
            builder.was_unknown(id);
            builder.record_status(0, id, Status::Retired(Evidence::Earlier));
        }
        Ok(())
    }

    fn sent(
        &mut self,
        batch: u64,
        task: Task,
        ids: &[AssetId],
        (stack, with): (Option<AssetId>, &[AssetId]),
    ) -> Result<(), &'static str> {
        let builder = self.builder.as_mut().ok_or(NO_RUN)?;
        match task {
            // Nothing was asked of a file for its own sake.
            Task::Resolve if stack.is_some() => {}
            Task::Resolve => {
                let before = ids.iter().filter(|id| !self.asked.contains(id));
                for id in before {
                    builder.was_unknown(*id);
                }
            }
            Task::Delete | Task::Restore | Task::Stage | Task::Unstage | Task::Collect => {
                self.asked.extend(ids.iter().chain(with));
            }
        }
        let ids = ids.into();
        builder.on_event(&RunEvent::Intent {
            batch,
            task,
            ids,
            stack,
            with: with.into(),
            at: None,
        });
        Ok(())
    }

    /// Takes leave of the run before.
    fn forget(&mut self) {
        self.flush();
        self.asked.clear();
    }

    fn read_event(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::BatchSent {
                batch,
                task,
                ids,
                stack,
                with,
                ..
            } => self.sent(batch, task, &ids, (stack, &with))?,
            Event::FileDone {
                batch,
                stack,
                file,
                retired,
                ..
            } => self.hear(&RunEvent::FileDone {
                batch,
                stack,
                file,
                retired,
            })?,
            Event::Answered { at, batch, .. } => self.answered(batch, at)?,
            Event::AssetRetired {
                batch,
                id,
                about,
                evidence,
                ..
            } => self.record_status(batch, (id, about), Status::Retired(shown(evidence)))?,
            Event::AssetGone {
                batch,
                id,
                about,
                evidence,
                ..
            } => self.record_status(batch, (id, about), Status::Gone(shown(evidence)))?,
            Event::AssetMissing {
                batch, id, about, ..
            } => self.record_status(batch, (id, about), Status::Missing)?,
            Event::AssetFailed {
                batch,
                id,
                about,
                kind,
                message,
                attempts,
                ..
            } => {
                let status = failed(kind, &message, attempts);
                self.record_status(batch, (id, about), status)?;
            }
            Event::AssetUnknown {
                batch,
                id,
                about,
                attempts,
                ..
            } => self.record_status(batch, (id, about), Status::Unknown { attempts })?,
            Event::AssetRestored {
                batch,
                id,
                about,
                was,
                seen,
                ..
            } => self.record_status(batch, (id, about), restored(was, seen))?,
            Event::AssetStaged { .. } | Event::AssetRescued { .. } => self.moved(event)?,
            Event::Doubted { batch, ids, .. } => {
                let ids = ids.into_owned();
                self.hear(&RunEvent::Doubted { batch, ids })?;
            }
            Event::HoldsChanged { at, changes, .. } => {
                let changes = changes.into_owned();
                self.hear(&RunEvent::HoldsChanged { at: at.0, changes })?;
            }
            Event::Kept { kept, over, .. } => {
                let (kept, over) = (kept.into_owned(), over.into_owned());
                self.hear(&RunEvent::Kept { kept, over })?;
            }
            Event::Forgotten { at, ids, .. } => self.hear(&forgotten(at.0, &ids))?,
            Event::LeftAlone { at, assets, .. } => {
                let assets = assets.into_iter().collect();
                self.hear(&RunEvent::LeftAlone { at: at.0, assets })?;
            }
            Event::Warned { batch, message, .. } => self.hear(&RunEvent::Warned {
                batch,
                message: message.into_owned(),
            })?,
            Event::FoundDeleted { gone, retired, .. } => self.found(gone, retired)?,
            Event::Paced { .. }
            | Event::Retried { .. }
            | Event::Slow { .. }
            | Event::Stopped { .. } => {
                self.running()?;
            }
            Event::RunStarted { .. } | Event::RunEnded { .. } | Event::Error { .. } => {
                self.read_edge(event)?;
            }
        }
        Ok(())
    }

    /// Where an asset stands that is moved aside, or was.
    fn moved(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        if let Event::AssetStaged {
            batch,
            id,
            about,
            aside,
            ..
        } = event
        {
            self.record_status(batch, (id, about), staged(aside))?;
        } else if let Event::AssetRescued {
            batch, id, about, ..
        } = event
        {
            self.record_status(batch, (id, about), Status::Rescued)?;
        }
        Ok(())
    }

    /// The end of a batch, whose assets have lines of their own, see `record_status`.
    fn answered(&mut self, batch: u64, at: At) -> Result<(), &'static str> {
        self.answered.clear();
        self.hear(&RunEvent::Answered {
            batch,
            at: at.0,
            outcomes: Vec::new(),
        })
    }

    /// The first and the last line of a stream; no other begins or ends a run.
    fn read_edge(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        if let Event::RunStarted {
            at: started,
            run,
            id,
            state,
            planned,
            next_due,
            ..
        } = event
        {
            self.forget();
            let next_due = next_due.map(|at| at.0);
            let mut builder = SummaryBuilder::resume(planned, next_due, state.into_owned());
            builder.on_event(&begun(run, id, started.0));
            self.builder = Some(builder);
        } else if let Event::RunEnded {
            at,
            run,
            ending,
            reason,
            state,
            planned,
            next_due,
            staged,
            kept,
            resolved,
            ..
        } = event
        {
            if run.is_none() {
                self.flush();
                let next_due = next_due.map(|at| at.0);
                let mut idle = SummaryBuilder::resume(planned, next_due, state.into_owned());
                let (kept, over) = (kept.into_owned(), Vec::new());
                idle.on_event(&RunEvent::Kept { kept, over });
                self.builder = Some(idle);
            } else {
                self.hear(&ended(at.0, ending, reason)?)?;
                let builder = self.running()?;
                builder.resolved(resolved);
                if let Some(staged) = staged {
                    builder.moved_into(&staged.folders);
                }
            }
            self.flush();
        } else if let Event::Error { message, hint, .. } = event {
            self.flush();
            self.done.push(Replayed::Failed {
                message: message.into_owned(),
                hint: hint.map(Cow::into_owned),
            });
        }
        Ok(())
    }
}

/// What shows that an asset is deleted: streams of earlier versions do not say it.
fn shown(evidence: Option<Evidence>) -> Evidence {
    evidence.unwrap_or(Evidence::Earlier)
}

fn failed(kind: FailureKind, message: &str, attempts: u32) -> Status {
    Status::Failed(Box::new(Failed {
        kind,
        message: message.into(),
        attempts,
    }))
}

fn forgotten(at: Timestamp, ids: &[AssetId]) -> RunEvent {
    let ids = ids.to_vec();
    RunEvent::Forgotten { at, ids }
}

fn staged(aside: Aside) -> Status {
    let attempts = 0;
    Status::Staged(Box::new(Staged { aside, attempts }))
}

fn restored(was: Option<Evidence>, seen: bool) -> Status {
    let was = shown(was);
    let deleted = None;
    Status::Restored { was, seen, deleted }
}

/// The start of a run, as far as its summary cares.
fn begun(number: u64, id: Uuid, at: Timestamp) -> RunEvent {
    RunEvent::Started(RunInfo {
        number,
        id,
        at,
        provenance: Provenance::default(),
        account: None,
    })
}

/// The end of a run.
fn ended(
    at: Timestamp,
    ending: EndingName,
    reason: Option<Cow<'_, StopReason>>,
) -> Result<RunEvent, &'static str> {
    let ending = match (ending, reason) {
        (EndingName::Stopped, Some(reason)) => Ending::Stopped(reason.into_owned()),
        (EndingName::Done, None) => Ending::Done,
        (EndingName::Stopped, None)
        | (EndingName::Done, Some(_))
        | (EndingName::Idle, None | Some(_)) => {
            return Err("`run`, `ending` and `reason` do not fit each other");
        }
    };
    Ok(RunEvent::Ended { at, ending })
}
