//! What a run waits for, until when, and what is told of it.

use std::time::Duration;

use crate::apply::dispatcher::Dispatcher;
use crate::event::{Lane, RunEvent};
use crate::store::Session;

/// How long the dispatcher sleeps at most.
const TICK: Duration = Duration::from_secs(1);

/// The shortest wait for a limit that is worth telling.
const TOLD_WAIT: Duration = Duration::from_millis(500);

/// How often a wait for the same limit is told at most.
const TOLD_EVERY: Duration = Duration::from_secs(5);

impl<S: Session> Dispatcher<'_, S> {
    /// How long nothing can happen unless somebody says something.
    pub(in crate::apply) fn sleep(&self) -> Duration {
        let now = self.clock.elapsed();
        let mut wakes = vec![self.stop_by, self.last_call()];
        if self.has_room() && self.stop.is_none() {
            wakes.push(self.queue.due());
            wakes.extend(self.openings());
        }
        let soonest = wakes.into_iter().flatten().map(|at| at.saturating_sub(now));
        soonest.fold(TICK, Duration::min)
    }

    /// When the lanes open that something waits for and nothing else.
    fn openings(&self) -> impl Iterator<Item = Option<Duration>> {
        let then = self.looked_at;
        let lanes = self.queue.lanes().into_iter();
        // A lane that was open already waits for something else, such as the first small batch;
        // one that has opened since, during the sync, waits for nothing.
        lanes.map(move |lane| self.pacer.opens(lane).filter(|at| *at > then))
    }

    /// The moment from which nothing is sent any more, since its answer might come too late.
    pub(in crate::apply) fn last_call(&self) -> Option<Duration> {
        if self.stop.is_some() {
            return None;
        }
        Some(self.options.time_budget?.saturating_sub(self.latency))
    }

    /// Tells that the run waits for a limit, where that takes a while.
    pub(in crate::apply) fn tell_wait(&mut self, now: Duration) {
        let lanes = self.queue.lanes().into_iter();
        let waits = lanes.filter_map(|lane| Some((self.pacer.opens(lane)?, lane)));
        let Some((opens, lane)) = waits.min() else {
            return;
        };
        let wait = opens.saturating_sub(now);
        let told = self
            .told
            .is_some_and(|(before, at)| before == lane && now.saturating_sub(at) < TOLD_EVERY);
        if wait < TOLD_WAIT || told {
            return;
        }
        self.has_told_wait(lane, now);
        self.events.push(RunEvent::Paced {
            at: self.clock.now(),
            lane,
            wait,
            refused: false,
            window: self.pacer.window(lane),
        });
    }

    /// Notes that everybody knows of the wait of a lane.
    pub(in crate::apply) const fn has_told_wait(&mut self, lane: Lane, now: Duration) {
        self.told = Some((lane, now));
    }
}
