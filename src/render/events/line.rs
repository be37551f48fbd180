//! From an event of a run to its line in the stream.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::AssetId;
use crate::event::{Kept, Other, RateLimit, RunEvent, StopReason};
use crate::render::events::{At, Event, Version};
use crate::render::model::stopped::stopped;

impl<'line> Event<'line> {
    /// The line of an event that says all of it by itself: not of a start, of holds, an answer or an end,
    /// see [`Lines`]. `now` dates an event that does not say when it happened.
    pub(super) fn new(event: &'line RunEvent, run: u64, now: Timestamp) -> Option<Self> {
        let (version, at) = (Version, At(event.at().unwrap_or(now)));
        Some(match event {
            RunEvent::Started(_)
            | RunEvent::HoldsChanged { .. }
            | RunEvent::Described { .. }
            | RunEvent::Marked { .. }
            | RunEvent::AgainOver { .. }
            | RunEvent::AgainUsed { .. }
            | RunEvent::Opened { .. }
            | RunEvent::Staging(_)
            | RunEvent::Answered { .. }
            | RunEvent::Ended { .. } => return None,
            RunEvent::Kept { kept, over } => Self::kept_back(at, run, (kept, over)),
            RunEvent::Intent {
                batch,
                task,
                ids,
                stack,
                with,
                at: _,
            } => Self::BatchSent {
                version,
                at,
                run,
                batch: *batch,
                task: *task,
                ids: Cow::Borrowed(ids),
                stack: *stack,
                with: Cow::Borrowed(with),
            },
            RunEvent::FileDone {
                batch,
                stack,
                file,
                retired,
            } => Self::FileDone {
                version,
                at,
                run,
                batch: *batch,
                stack: *stack,
                file: *file,
                retired: *retired,
            },
            RunEvent::Doubted { batch, ids } => Self::doubted(at, run, *batch, ids),
            RunEvent::Forgotten { at: _, ids } => Self::forgotten(at, run, ids),
            RunEvent::LeftAlone { at: _, assets } => Self::left_alone(at, run, assets),
            RunEvent::Warned { batch, message } => Self::Warned {
                version,
                at,
                run,
                batch: *batch,
                message: Cow::Borrowed(message),
            },
            RunEvent::Paced {
                at: _,
                rate_limit,
                wait,
                refused,
                window,
            } => Self::Paced {
                version,
                at,
                run,
                rate_limit: Cow::Borrowed(rate_limit.name()),
                wait_ms: milliseconds(*wait),
                refused: *refused,
                window: *window,
            },
            RunEvent::Retried {
                batch,
                at: _,
                assets,
                tries,
                wait,
                why,
            } => Self::Retried {
                version,
                at,
                run,
                batch: *batch,
                assets: *assets,
                tries: *tries,
                wait_ms: milliseconds(*wait),
                why: Cow::Borrowed(why),
            },
            RunEvent::Slow {
                batch,
                at: _,
                rate_limit,
                assets,
                wait,
            } => Self::slow((at, run), (*batch, *assets), *rate_limit, *wait),
            RunEvent::Stopping { at: _, reason } => Self::stopping(at, run, reason),
        })
    }
}

impl<'line> Event<'line> {
    fn stopping(at: At, run: u64, reason: &'line StopReason) -> Self {
        Self::Stopped {
            version: Version,
            at,
            run,
            reason: Cow::Borrowed(reason),
            message: Cow::Owned(stopped(reason)),
        }
    }

    const fn doubted(at: At, run: u64, batch: u64, ids: &'line [AssetId]) -> Self {
        Self::Doubted {
            version: Version,
            at,
            run,
            batch,
            ids: Cow::Borrowed(ids),
        }
    }

    fn forgotten(at: At, run: u64, ids: &'line [AssetId]) -> Self {
        Self::Forgotten {
            version: Version,
            at,
            run,
            ids: Cow::Borrowed(ids),
        }
    }

    fn kept_back(at: At, run: u64, (kept, over): (&'line [Kept], &'line [AssetId])) -> Self {
        Self::Kept {
            version: Version,
            at,
            run,
            kept: Cow::Borrowed(kept),
            over: Cow::Borrowed(over),
        }
    }

    fn slow(
        (at, run): (At, u64),
        (batch, assets): (u64, usize),
        rate_limit: RateLimit,
        wait: Duration,
    ) -> Self {
        Self::Slow {
            version: Version,
            at,
            run,
            batch,
            call: Cow::Borrowed(rate_limit.name()),
            assets,
            wait_ms: milliseconds(wait),
        }
    }

    fn left_alone(at: At, run: u64, assets: &[(AssetId, Other)]) -> Self {
        Self::LeftAlone {
            version: Version,
            at,
            run,
            assets: assets.iter().copied().collect(),
        }
    }
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
