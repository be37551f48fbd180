//! From the events of a run to the lines of its stream.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::{Ending, RunEvent, RunInfo};
use crate::outcome::Evidence;
use crate::render::documents::withheld;
use crate::render::events::line::milliseconds;
use crate::render::events::{At, EndingName, Event, Version};
use crate::render::model::stopped::stopped;
use crate::render::names::Names;
use crate::render::report::{Summary, SummaryBuilder};
use crate::state::{Counts, Status};
use crate::visible::json;

/// Makes the lines of one run's stream, one event after another.
#[derive(Debug)]
pub(crate) struct Lines {
    /// How much of names they tell.
    names: Names,
    run: u64,
    ended: Option<Timestamp>,
    bytes: Vec<u8>,
}

/// How the command ended, as the last line says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Close {
    /// When, for a run that did not say so itself.
    pub(crate) now: Timestamp,
    /// Whether all of it is written down, in the state or in its journal.
    pub(crate) saved: bool,
    pub(crate) exit: u8,
}

impl Lines {
    /// Begins the lines of a run.
    pub(crate) const fn new(names: Names) -> Self {
        Self {
            names,
            run: 0,
            ended: None,
            bytes: Vec::new(),
        }
    }

    /// The lines of one event; `summary` has heard it already, and `now` dates an event that
    /// does not say when it happened.
    pub(crate) fn write_event(
        &mut self,
        event: &RunEvent,
        now: Timestamp,
        summary: &SummaryBuilder,
    ) -> &[u8] {
        self.bytes.clear();
        if let RunEvent::Started(info) = event {
            self.started(info, summary);
        } else if let RunEvent::HoldsChanged { at, changes } = event {
            self.push(&Event::HoldsChanged {
                version: Version,
                at: At(*at),
                run: self.run,
                changes: Cow::Borrowed(changes),
            });
        } else if let RunEvent::Answered { batch, at, .. } = event {
            let counts = self.assets(*batch, *at, summary);
            self.push(&Event::Answered {
                version: Version,
                at: At(*at),
                run: self.run,
                batch: *batch,
                counts,
                more: false,
            });
        } else if let RunEvent::Ended { at, .. } = event {
            // What it came to is known once it is written down, see `close`.
            self.ended = Some(*at);
        } else if let Some(line) = Event::new(event, self.run, now) {
            self.push(&line);
        }
        &self.bytes
    }

    fn started(&mut self, info: &RunInfo, summary: &SummaryBuilder) {
        self.run = info.number;
        let (totals, next_due, state) = summary.basis();
        let from = &info.provenance;
        self.push(&Event::RunStarted {
            version: Version,
            at: At(info.at),
            run: info.number,
            id: info.id,
            actor: from.actor.as_deref().map(Cow::Borrowed),
            commit: from.commit.as_deref().map(Cow::Borrowed),
            ci: from.ci.as_deref().map(Cow::Borrowed),
            plan: from.plan.as_deref().map(Cow::Borrowed),
            account: info.account.as_deref().map(Cow::Borrowed),
            state: Cow::Borrowed(state),
            planned: *totals,
            next_due: next_due.map(At),
        });
    }

    /// Appends a line for each asset of an answer, by where it stands now: one that is missing
    /// after a delete whose answer was lost is unknown.
    fn assets(&mut self, batch: u64, at: Timestamp, summary: &SummaryBuilder) -> Counts {
        let (version, at, run) = (Version, At(at), self.run);
        let mut counts = Counts::default();
        for (id, record) in summary.latest() {
            counts.add(&record.status);
            let id = *id;
            let about = summary.known(id).map(Cow::Borrowed);
            let event = match &record.status {
                Status::Retired(evidence) => Event::AssetRetired {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                    evidence: Some(*evidence),
                },
                Status::Gone(evidence) => Event::AssetGone {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                    evidence: Some(*evidence),
                },
                Status::Missing => Event::AssetMissing {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                },
                Status::Failed(failed) => Event::AssetFailed {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                    kind: failed.kind,
                    message: Cow::Borrowed(&failed.message),
                    attempts: failed.attempts,
                },
                Status::Restored { was, seen, .. } => Event::AssetRestored {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                    was: Some(*was).filter(|was| *was != Evidence::Earlier),
                    seen: *seen,
                },
                Status::Staged(staged) => Event::AssetStaged {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                    aside: staged.aside,
                },
                Status::Rescued => Event::AssetRescued {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                },
                Status::Unknown { attempts } => Event::AssetUnknown {
                    version,
                    at,
                    run,
                    batch,
                    id,
                    about,
                    attempts: *attempts,
                },
            };
            self.push(&event);
        }
        counts
    }

    /// The last lines of a stream: the assets that nobody answered for, see
    /// [`SummaryBuilder::unanswered`], and how it ended.
    pub(crate) fn close(
        &mut self,
        unanswered: &[(u64, AssetId, u32)],
        summary: &Summary,
        close: Close,
    ) -> &[u8] {
        self.bytes.clear();
        let at = At(self.ended.unwrap_or(close.now));
        for (batch, id, attempts) in unanswered {
            self.push(&Event::AssetUnknown {
                version: Version,
                at,
                run: self.run,
                batch: *batch,
                id: *id,
                about: summary.known.get(id).map(Cow::Borrowed),
                attempts: *attempts,
            });
        }
        self.end(summary, at, close);
        &self.bytes
    }

    fn end(&mut self, summary: &Summary, at: At, close: Close) {
        let (ending, reason) = match &summary.ending {
            _idle if summary.run.is_none() => (EndingName::Idle, None),
            Some(Ending::Stopped(reason)) => (EndingName::Stopped, Some(reason)),
            Some(Ending::Done) | None => (EndingName::Done, None),
        };
        self.push(&Event::RunEnded {
            version: Version,
            at,
            run: summary.run,
            ending,
            reason: reason.map(Cow::Borrowed),
            message: reason.map(|reason| Cow::Owned(stopped(reason))),
            state: Cow::Borrowed(&summary.state_path),
            planned: summary.totals,
            next_due: summary.next_due().map(At),
            staged: Some(&summary.staged)
                .filter(|staged| !staged.is_none())
                .map(Cow::Borrowed),
            kept: Cow::Borrowed(match summary.run {
                Some(_) => &[],
                None => &summary.kept,
            }),
            counts: summary.counts,
            bytes: summary.deleted.bytes,
            unmeasured: summary.deleted.unmeasured,
            resolved: summary.resolved,
            forgotten: summary.forgotten,
            unsent: summary.unsent,
            requests: summary.requests,
            elapsed_ms: milliseconds(summary.elapsed),
            saved: close.saved,
            exit: close.exit,
        });
    }

    /// The one line of a command that failed before a run began.
    pub(crate) fn error(
        &mut self,
        now: Timestamp,
        message: &str,
        hint: Option<&'static str>,
        exit: u8,
    ) -> &[u8] {
        self.bytes.clear();
        self.push(&Event::Error {
            version: Version,
            at: At(now),
            run: None,
            message: Cow::Borrowed(message),
            hint: hint.map(Cow::Borrowed),
            exit,
        });
        &self.bytes
    }

    fn push(&mut self, event: &Event<'_>) {
        // Writing plain structs into memory cannot fail.
        if self.names == Names::Full {
            drop(json(event, &mut self.bytes));
            self.bytes.push(b'\n');
        } else {
            let mut line = Vec::new();
            drop(json(event, &mut line));
            drop(withheld(&line, self.names, &mut self.bytes));
        }
    }
}
