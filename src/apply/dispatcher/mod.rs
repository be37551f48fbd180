//! The dispatcher: one plain thread that hands out jobs, and writes down what happens before it
//! goes on. What follows from an answer is decided in [`follow`].

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::apply::course::{Halt, Traffic, last_call};
use crate::apply::follow::{broken, follow, sought};
use crate::apply::guards::Guards;
use crate::apply::later::Later;
use crate::apply::ledger::{Ledger, emptied};
use crate::apply::order::{Journaled, Order};
use crate::apply::queue::{Queue, Terms};
use crate::apply::readings::Readings;
use crate::apply::run::{Clock, Ended, Options, Run, Seeker};
use crate::apply::strategy::{Effect, Known, Memory, Retry, Strategy};
use crate::apply::worker::{News, Workers};
use crate::asset::AssetId;
use crate::crash;
use crate::event::{Ending, RateLimit, RunEvent, StopReason};
use crate::frameio::Limits;
use crate::frameio::pacer::Pace;
use crate::outcome::{AssetOutcome, Outcome};
use crate::plan::approve::Approved;
use crate::store::{Session, Synced};

mod again;
mod stage;

/// How long the dispatcher sleeps at most, so that its listeners can say how time goes by.
const TICK: Duration = Duration::from_secs(1);

/// Carries out a plan, with the calls of one version of the API.
pub(super) struct Dispatcher<'run, S: Strategy, Se> {
    ledger: Ledger<'run, Se>,
    /// What has happened and is not yet written down.
    events: Vec<RunEvent>,
    clock: &'run dyn Clock,
    options: Options,
    approved: &'run Approved,
    workers: Workers<S>,
    queue: Queue<'run, S>,
    guards: Guards,
    memory: Memory<S>,
    /// What is decided later.
    later: Later,
    /// What is on its way.
    traffic: Traffic,
    halt: Halt,
    /// Looks for what is absent.
    seeker: Seeker<'run>,
    /// When was read what is to be deleted.
    readings: Readings<'run>,
}

impl<'run, S: Strategy, Se: Session> Dispatcher<'run, S, Se> {
    pub(super) fn new(run: Run<'run, Se>, workers: Workers<S>, seeker: Seeker<'run>) -> Self {
        let Run {
            info,
            approved,
            state,
            session,
            listeners,
            options,
            pacer,
            readings,
            clock,
        } = run;
        let halt = Halt::by(options.time_budget);
        let mut dispatcher = Self {
            memory: Memory::new(&state).since(info.at, clock.elapsed()),
            guards: Guards::new(&options, state.vouches(), pacer),
            ledger: Ledger::new(info.number, state, session, listeners),
            events: vec![RunEvent::Started(info)],
            clock,
            options,
            approved,
            workers,
            queue: Queue::new(approved),
            later: Later::default(),
            traffic: Traffic::default(),
            halt,
            seeker,
            readings,
        };
        dispatcher.begin();
        dispatcher
    }

    /// Tells what the plan found out already.
    fn begin(&mut self) {
        (self.events).extend(self.approved.hold_changes(self.clock.now()));
        (self.events).extend(self.approved.marks().news());
        (self.events).extend(self.approved.kept());
        (self.events).extend(self.approved.again_over());
        let forget = self.approved.forget();
        if !forget.is_empty() {
            self.forget(forget.to_vec());
        }
        let ids = self.approved.found().iter().map(|(id, _)| *id);
        self.events.extend(self.ledger.describe(ids, self.approved));
        let is_refused = |(_, outcome): &AssetOutcome| matches!(outcome, Outcome::Failed(_));
        let found = self.approved.found().iter().cloned();
        let (refused, rest): (Vec<_>, Vec<_>) = found.partition(is_refused);
        if !refused.is_empty() {
            self.record(0, refused);
        }
        let rest = rest.into_iter().map(|(id, outcome)| (id, (0, outcome)));
        self.memory.held.extend(rest);
    }

    /// Serves the workers until nothing is left and nothing is under way.
    pub(super) fn serve(&mut self) {
        if !self.commit() {
            return;
        }
        // Nobody brings news before something is handed out.
        let mut longest = Duration::ZERO;
        while !self.is_over() {
            match self.workers.inbox.wait(longest) {
                Ok(news) => self.on_news(news),
                Err(RecvTimeoutError::Timeout) => {}
                // Every worker is gone, and each has said what became of its batch.
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.drain();
            if self.is_to_seek() {
                self.seek();
            }
            self.turn();
            longest = self.sleep();
        }
        if self.halt.is_cut_short {
            // What was answered in this very moment is known.
            self.drain();
        }
    }

    /// Hears what waits, and what comes in meanwhile: one sync is for all of it.
    fn drain(&mut self) {
        while let Some(news) = self.workers.inbox.next() {
            self.on_news(news);
        }
    }

    /// Tells the workers that nothing more comes; says whether to wait for what they have.
    pub(super) fn close(&mut self) -> bool {
        self.workers.dismiss();
        !self.halt.is_cut_short
    }

    fn is_over(&self) -> bool {
        let nothing_to_come = if self.halt.goes_on() {
            self.has_nothing_else() && self.later.open() == 0
        } else {
            self.traffic.under_way == 0
        };
        nothing_to_come || self.halt.is_cut_short
    }

    /// Whether nothing is under way or left to be sent.
    fn has_nothing_else(&self) -> bool {
        self.traffic.under_way == 0 && self.queue.is_empty()
    }

    fn turn(&mut self) {
        let now = self.clock.elapsed();
        self.halt.is_cut_short |= self.halt.by.is_some_and(|time| time <= now);
        if self.last_call().is_some_and(|time| time <= now) {
            self.stop(StopReason::TimeBudget);
        }
        self.read_again(now);
        let orders = self.assign(now);
        let events = std::mem::take(&mut self.events);
        let synced = self.journal(&events);
        let is_journalled = synced.is_some();
        match synced {
            Some(synced) => self.hand_out(synced, orders),
            // Their intents may not last, so they are not sent.
            None => self.queue.take_back(orders),
        }
        // What is sent is on its way meanwhile.
        self.ledger.spread(events, is_journalled);
        if self.halt.is_signalled() && !self.halt.is_cut_short {
            // Whoever sent it may end the process before the answers have come.
            self.ledger.checkpoint(self.clock.now());
        }
    }

    /// Takes from the queue what can be sent now.
    pub(super) fn assign(&mut self, now: Duration) -> Vec<Order<S>> {
        self.traffic.looked_at = now;
        let at_once = self.options.concurrency.get();
        let mut orders = Vec::new();
        while self.may_send() && self.traffic.under_way + orders.len() < at_once {
            let idle = self.traffic.under_way + orders.len() == 0;
            let size = self.guards.canary.may_ask(
                idle && !self.queue.has_returned(),
                self.options.batch_size.get(),
            );
            let (pacer, readings) = (&self.guards.pacer, &self.readings);
            let terms = Terms {
                now,
                idle,
                size,
                open: &|limit| pacer.is_open(limit, now),
                fresh: &|ids| readings.are_fresh(ids, now),
            };
            let Some(job) = self.queue.next(terms) else {
                break;
            };
            if job.fresh {
                self.guards.canary.sent(job.ids.len());
            }
            self.traffic.batches += 1;
            self.guards.pacer.sent(job.rate_limit(), now);
            let targets = S::targets(&job);
            let ids = job.ids.iter().chain(targets).copied();
            self.events.extend(self.ledger.describe(ids, self.approved));
            self.events.push(RunEvent::Intent {
                batch: self.traffic.batches,
                task: job.task(),
                ids: targets.into(),
                stack: S::stack(&job),
                with: self.along(&job),
                at: self.known().intended_at(job.task()),
            });
            orders.push(Order {
                batch: self.traffic.batches,
                job,
                at: now,
            });
        }
        if self.traffic.under_way + orders.len() < at_once && self.may_send() {
            let limits = self.queue.rate_limits();
            let is_idle = self.traffic.under_way + orders.len() == 0 && self.queue.due().is_none();
            let late = self.guards.late(&limits, self.options.retries.within, now);
            if let Some(reason) = late.filter(|_| is_idle) {
                self.stop(reason);
                return orders;
            }
            let waits = self.guards.wait(limits, (now, self.clock.now()));
            self.events.extend(waits);
        }
        orders
    }

    /// Whether something may be sent: what is being looked for may stop the run.
    const fn may_send(&self) -> bool {
        self.halt.goes_on() && self.later.sought.is_empty()
    }

    /// Gives jobs to the workers.
    fn hand_out(&mut self, synced: Synced, orders: Vec<Order<S>>) {
        if !orders.is_empty() {
            crash::point("batch.send");
        }
        for job in Journaled::after(synced, orders) {
            self.traffic.under_way += 1;
            if let Err(job) = self.workers.give(job) {
                self.on_news(News::Broken(job));
            }
        }
    }

    /// The one way for anything that happens: the journal, synced, then the state, then the
    /// listeners. Says whether the journal took it; if not, the run stops.
    fn commit(&mut self) -> bool {
        let events = std::mem::take(&mut self.events);
        let is_journalled = self.journal(&events).is_some();
        self.ledger.spread(events, is_journalled);
        is_journalled
    }

    fn journal(&mut self, events: &[RunEvent]) -> Option<Synced> {
        let journalled = self.ledger.journal(events);
        journalled.map_err(|reason| self.stop(reason)).ok()
    }

    fn stop(&mut self, reason: StopReason) {
        // The first reason is the cause; what comes later follows from it.
        if self.halt.goes_on() {
            self.events.push(RunEvent::Stopping {
                at: self.clock.now(),
                reason: reason.clone(),
            });
            self.halt.reason = Some(reason);
        }
    }

    fn on_news(&mut self, news: News<S>) {
        match news {
            News::Answered(journaled, reply) => {
                crash::point("batch.heard");
                let order = self.came_back(journaled);
                let elapsed = self.clock.elapsed();
                self.traffic.answered(elapsed.saturating_sub(order.at));
                if reply.is_whole() {
                    self.traffic.heard = Some(elapsed);
                }
                self.memory.learn(&reply);
                let verdict = S::judge(&order.job, &reply);
                let limit = order.job.rate_limit();
                self.pace(limit, reply.limits(), verdict.pace());
                let known = Known {
                    sent: order.at,
                    is_silent: reply.is_late() && self.traffic.heard < Some(order.at),
                    has_no_token: reply.is_token_late(),
                    late: self
                        .guards
                        .pacer
                        .is_late(limit, elapsed, self.options.retries.within),
                    ..self.known()
                };
                let effects = follow(order.job, verdict, &known);
                self.carry_out(order.batch, effects);
            }
            News::Broken(journaled) => {
                let order = self.came_back(journaled);
                self.pace(order.job.rate_limit(), None, Pace::Troubled);
                let effects = broken(order.job, order.batch, &self.known());
                self.carry_out(order.batch, effects);
            }
            News::Waits(what, wait) => self.hear_wait(what, wait),
            News::Sought(Ok(deleted)) => {
                for (batch, subject) in std::mem::take(&mut self.later.sought) {
                    let line = deleted.found.get(&subject.id);
                    let effects = sought(subject, line, &self.known());
                    self.carry_out(batch, effects);
                }
            }
            News::Reread(Ok(reread)) => self.hear_reread(&reread),
            // Nothing is known of what was looked for, or read again.
            News::Sought(Err(reason)) | News::Reread(Err(reason)) => self.stop(reason),
            News::Signal(number) => {
                (self.halt).signalled(number, self.clock.elapsed(), self.options.grace);
                self.stop(StopReason::Signal { number });
            }
        }
    }

    fn pace(&mut self, limit: RateLimit, limits: Option<Limits>, pace: Pace) {
        let times = (self.clock.elapsed(), self.clock.now());
        (self.events).extend(self.guards.pace(limit, limits, pace, times));
    }

    fn came_back(&mut self, journaled: Journaled<S>) -> Order<S> {
        let order = journaled.into_order();
        self.traffic.under_way -= 1;
        self.queue.is_over(&order.job);
        order
    }

    fn known(&self) -> Known<'_, S> {
        Known {
            approved: self.approved,
            state: self.ledger.state(),
            memory: &self.memory,
            retries: self.options.retries,
            cascade_wait: self.options.cascade_wait,
            now: self.clock.elapsed(),
            time: self.clock.server_time(),
            sent: self.clock.elapsed(),
            is_silent: false,
            has_no_token: false,
            late: None,
        }
    }

    fn carry_out(&mut self, batch: u64, effects: Vec<Effect<S>>) {
        for effect in effects {
            match effect {
                Effect::Record(outcomes) => self.record(batch, outcomes),
                Effect::HoldBack((id, outcome)) => {
                    self.memory.held.insert(id, (batch, outcome));
                }
                Effect::Opened(stack, files) => self.events.push(RunEvent::Opened { stack, files }),
                Effect::FileDone(done) => self.events.push(done.event(batch)),
                Effect::Seek(subject) => self.later.absent.push((batch, subject)),
                Effect::Forget(id) => self.forget(vec![id]),
                Effect::Requeue(jobs) => self.queue.put_first(jobs),
                Effect::Found(id, sent) => self.queue.put_found(id, sent),
                Effect::RetryAfter(retry) => self.retry(batch, retry),
                Effect::Warn(message) => self.events.push(RunEvent::Warned { batch, message }),
                Effect::Distrust(id) => self.readings.distrust(id),
                Effect::Emptied(id) => self.events.extend(emptied(id, self.approved)),
                Effect::Sane => self.guards.canary.came_back(),
                Effect::Count(tally) => {
                    if let Some(reason) = self.guards.breaker.answered(tally) {
                        self.stop(reason);
                    }
                }
                Effect::Strain(limit, detail) => {
                    let (retries, now) = (self.options.retries, self.clock.elapsed());
                    if let Some(reason) = self.guards.strain(limit, &detail, retries, now) {
                        self.stop(self.memory.api_ended().unwrap_or(reason));
                    }
                }
                Effect::Intended(ids, at) => self.memory.intended(ids, at),
                Effect::Alive(ids) => self.memory.saw_alive(&ids, self.clock.elapsed()),
                Effect::Doubt(ids) => self.events.push(RunEvent::Doubted { batch, ids }),
                Effect::Progress(stack, progress) => self.memory.keep_progress(stack, progress),
                Effect::Stop(reason) => self.stop(reason),
            }
        }
    }

    fn record(&mut self, batch: u64, outcomes: Vec<AssetOutcome>) {
        self.memory.settle(&outcomes);
        if batch > 0 {
            self.events.extend(self.approved.again_used(&outcomes));
        }
        self.events.push(RunEvent::Answered {
            batch,
            at: self.clock.now(),
            outcomes,
        });
    }

    fn forget(&mut self, ids: Vec<AssetId>) {
        self.events.push(RunEvent::Forgotten {
            at: self.clock.now(),
            ids,
        });
    }

    fn retry(&mut self, batch: u64, retry: Retry<S>) {
        let wait = self.guards.jitter.up_to(retry.longest);
        let due = self.clock.elapsed() + wait;
        self.events.push(retry.event(batch, self.clock.now(), wait));
        for job in retry.jobs {
            self.queue.put_back(job, due);
        }
        if let Some(limit) = retry.rests {
            self.guards.pacer.pause(limit, due);
        }
    }

    /// How long nothing can happen unless somebody says something.
    pub(super) fn sleep(&self) -> Duration {
        let now = self.clock.elapsed();
        let mut wakes = vec![self.halt.by, self.last_call()];
        let has_room = self.traffic.under_way < self.options.concurrency.get();
        if has_room && self.may_send() {
            wakes.push(self.queue.due());
            // A rate limit that was open already waits for something else, such as the first small
            // batch; one that has opened since, during the sync, waits for nothing.
            let (pacer, before) = (&self.guards.pacer, self.traffic.looked_at);
            let opens = |limit| pacer.opens(limit).filter(|at| *at > before);
            wakes.extend(self.queue.rate_limits().into_iter().map(opens));
        }
        let soonest = wakes.into_iter().flatten().map(|at| at.saturating_sub(now));
        soonest.fold(TICK, Duration::min)
    }

    /// The moment from which nothing is sent any more, since its answer might come too late.
    fn last_call(&self) -> Option<Duration> {
        let (budget, grace) = (self.options.time_budget, self.options.grace);
        let call = last_call(budget, grace, self.traffic.latency);
        call.filter(|_| self.halt.goes_on())
    }

    /// Writes back, and says how the run ended.
    pub(super) fn end(mut self) -> Ended {
        // Unless the run stopped since too much is missing: then it is as it was.
        if !self.halt.takes_back() {
            for (batch, outcomes) in self.memory.release() {
                self.record(batch, outcomes);
            }
        }
        let left = self.queue.left() + self.memory.held.len() + self.later.open();
        let ending = (self.halt.reason.take()).map_or(Ending::Done, Ending::Stopped);
        if self.ledger.is_open() {
            // What was held back may still be unwritten, and only then it is known what is open.
            self.commit();
            for (batch, outcomes) in self.ledger.give_up() {
                self.record(batch, outcomes);
            }
        }
        self.events.push(RunEvent::Ended {
            at: self.clock.now(),
            ending: ending.clone(),
        });
        self.commit();
        crash::point("run.ended");
        let saved = self.ledger.save();
        crash::point("run.saved");
        Ended {
            left,
            state: self.ledger.into_state(),
            ending,
            requests: self.traffic.batches,
            saved,
        }
    }
}
