//! What says when to send, and when to stop.

use std::time::Duration;

use jiff::Timestamp;

use crate::apply::breaker::Breaker;
use crate::apply::canary::Canary;
use crate::apply::run::Options;
use crate::event::{RateLimit, RunEvent, StopReason};
use crate::frameio::Limits;
use crate::frameio::client::{Wait, Why};
use crate::frameio::jitter::Jitter;
use crate::frameio::pacer::{Pace, Pause};
use crate::frameio::retry::Retries;
use crate::frameio::shared_pacer::SharedPacer;

/// The shortest wait for a limit that is worth telling: shorter ones nobody sees.
const TOLD_WAIT: Duration = Duration::from_millis(500);

/// How often a wait for the same limit is told at most, so that a stream of events is not made of
/// them.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// The longest pause that a rate limit takes because of troubles in a row. Each request has its own
/// backoff beside it, so this one only thins the tries out.
const LONGEST_BREATHER: Duration = Duration::from_secs(5);

/// The guards of a run.
#[derive(Debug)]
pub(super) struct Guards {
    pub(super) pacer: SharedPacer,
    pub(super) breaker: Breaker,
    /// The first, small deletes.
    pub(super) canary: Canary,
    pub(super) jitter: Jitter,
    /// The wait that was last told, and when.
    told: Option<(RateLimit, Duration)>,
}

impl Guards {
    /// `vouched` says that earlier runs have shown that the account is the right one.
    pub(super) fn new(options: &Options, vouched: bool, pacer: SharedPacer) -> Self {
        Self {
            pacer,
            breaker: Breaker::new(options.breakers, vouched),
            canary: Canary::new(options.canary),
            jitter: Jitter::new(options.seed),
            told: None,
        }
    }

    /// Takes notice of how a request went; returns the pause that follows, if one does.
    pub(super) fn pace(
        &mut self,
        limit: RateLimit,
        limits: Option<Limits>,
        pace: Pace,
        (now, at): (Duration, Timestamp),
    ) -> Option<RunEvent> {
        if pace == Pace::Taken {
            self.breaker.sound(limit.task());
        }
        let Pause {
            rate_limit: limit,
            wait,
            window,
        } = self.pacer.answered(limit, now, limits, pace)?;
        self.told = Some((limit, now));
        Some(RunEvent::Paced {
            at,
            rate_limit: limit,
            wait,
            refused: true,
            window,
        })
    }

    /// Lets a rate limit take a breath where several requests went wrong in a row; returns why the
    /// run stops, where too many did.
    pub(super) fn strain(
        &mut self,
        limit: RateLimit,
        detail: &str,
        retries: Retries,
        now: Duration,
    ) -> Option<StopReason> {
        let reason = self.breaker.troubled(limit.task(), detail);
        let in_a_row = self.breaker.failed_in_a_row();
        if in_a_row > 1 {
            let longest = retries.longest(in_a_row - 1);
            let breather = self.jitter.up_to(longest.min(LONGEST_BREATHER));
            self.pacer.pause(limit, now + breather);
        }
        reason
    }

    /// Tells that a batch of so many assets waits, or as batch 0 a search or what reads them again,
    /// where that takes a while.
    pub(super) fn hear_wait(
        &self,
        wait: Wait,
        (batch, assets): (u64, usize),
        at: Timestamp,
    ) -> Option<RunEvent> {
        let Wait {
            rate_limit,
            time: wait,
            why,
        } = wait;
        match why {
            Why::Limit => (wait >= TOLD_WAIT).then(|| RunEvent::Paced {
                at,
                rate_limit,
                wait,
                refused: false,
                window: self.pacer.window(rate_limit),
            }),
            Why::Retry { tries, detail } => Some(RunEvent::Retried {
                batch,
                at,
                assets,
                tries,
                wait,
                why: detail,
            }),
            Why::Answer => Some(RunEvent::Slow {
                batch,
                at,
                rate_limit,
                assets,
                wait,
            }),
        }
    }

    /// Why a run stops that has nothing else to do: each of some rate limits stays closed for too
    /// long.
    pub(super) fn late(
        &self,
        limits: &[RateLimit],
        within: Duration,
        now: Duration,
    ) -> Option<StopReason> {
        let late = |limit: &RateLimit| self.pacer.is_late(*limit, now, within);
        let late: Option<Vec<(Duration, RateLimit)>> = limits.iter().map(late).collect();
        let (wait, limit) = late?.into_iter().min()?;
        Some(StopReason::rate_limited(limit, wait))
    }

    /// Tells that the run waits for one of some limits, where that takes a while.
    pub(super) fn wait(
        &mut self,
        limits: Vec<RateLimit>,
        (now, at): (Duration, Timestamp),
    ) -> Option<RunEvent> {
        let waits = limits.into_iter();
        let waits = waits.filter_map(|limit| Some((self.pacer.opens(limit)?, limit)));
        let (opens, limit) = waits.min()?;
        let limit = self.pacer.closed_by(limit);
        let wait = opens.saturating_sub(now);
        let is_told = |(before, at)| before == limit && now.saturating_sub(at) < TOLD_EVERY;
        if wait < TOLD_WAIT || self.told.is_some_and(is_told) {
            return None;
        }
        self.told = Some((limit, now));
        Some(RunEvent::Paced {
            at,
            rate_limit: limit,
            wait,
            refused: false,
            window: self.pacer.window(limit),
        })
    }
}
