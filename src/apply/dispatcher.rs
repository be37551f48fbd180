//! The dispatcher: decides what is sent, and writes down what happens before it goes on.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::apply::batch::{Job, Next, Queue};
use crate::apply::inbox::{Inbox, Message};
use crate::apply::{Clock, Ended, NotSaved, Options, Run};
use crate::asset::AssetId;
use crate::event::{Ending, Listener, RunEvent, StopReason, Task};
use crate::frameio::Reply;
use crate::frameio::answer::{Live, ReadVerdict, Verdict, judge, judge_read};
use crate::outcome::{AssetOutcome, Outcome};
use crate::state::State;
use crate::store::Session;

/// How long the dispatcher sleeps at most.
const TICK: Duration = Duration::from_secs(1);

/// The longest pause before a request is made again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long to wait when the server says that it is too much, and not for how long.
const UNTOLD_WAIT: Duration = Duration::from_secs(1);

/// How often in a row the server may say that it is too much, whatever the number of workers.
const PATIENCE: u32 = 20;

/// A batch whose intent is in the journal: only the dispatcher makes one, after the sync.
#[derive(Debug)]
pub struct Journaled {
    batch: u64,
    job: Job,
}

impl Journaled {
    /// What it asks.
    #[must_use]
    pub const fn task(&self) -> Task {
        self.job.task
    }

    /// For which assets.
    #[must_use]
    pub fn ids(&self) -> &[AssetId] {
        &self.job.ids
    }
}

type Give = oneshot::Sender<Option<Journaled>>;

pub(in crate::apply) struct Dispatcher<'run, S> {
    run: u64,
    state: State,
    session: &'run mut S,
    listeners: Vec<&'run mut dyn Listener>,
    options: Options,
    clock: &'run dyn Clock,
    queue: Queue<'run>,
    jitter: Jitter,
    /// What has happened and is not yet written down.
    events: Vec<RunEvent>,
    /// What could not be written down.
    unsaved: Vec<RunEvent>,
    /// The workers that wait for a batch.
    waiting: Vec<Give>,
    under_way: usize,
    batches: u64,
    refusals_in_a_row: u32,
    changed: bool,
    stop: Option<StopReason>,
    stop_by: Option<Duration>,
    cut_short: bool,
}

impl<'run, S: Session> Dispatcher<'run, S> {
    pub(in crate::apply) fn new(run: Run<'run, S>, queue: Queue<'run>) -> Self {
        let Run {
            info,
            approved,
            state,
            session,
            listeners,
            options,
            clock,
        } = run;
        let mut dispatcher = Self {
            run: info.number,
            state,
            session,
            listeners,
            options,
            clock,
            queue,
            jitter: Jitter(options.seed),
            events: vec![RunEvent::Started(info)],
            unsaved: Vec::new(),
            waiting: Vec::new(),
            under_way: 0,
            batches: 0,
            refusals_in_a_row: 0,
            changed: false,
            stop: None,
            stop_by: None,
            cut_short: false,
        };
        if !approved.forget().is_empty() {
            dispatcher.forget(approved.forget().to_vec());
        }
        dispatcher
    }

    /// Writes down that the run begins; says whether it may.
    pub(in crate::apply) fn begin(&mut self) -> bool {
        self.record()
    }

    /// Serves the workers until nothing is left and nothing is under way.
    pub(in crate::apply) fn serve(&mut self, inbox: &Inbox) {
        while !self.is_over() {
            let mut message = match inbox.0.recv_timeout(self.sleep()) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                // Every worker is gone, and each has said what became of its batch.
                Err(RecvTimeoutError::Disconnected) => return,
            };
            while let Some(next) = message {
                self.take(next);
                message = inbox.0.try_recv().ok();
            }
            self.turn();
        }
        self.dismiss();
    }

    /// Whether the run was told to stop without waiting for what is under way.
    pub(in crate::apply) const fn is_cut_short(&self) -> bool {
        self.cut_short
    }

    /// Writes back, and says how the run ended.
    pub(in crate::apply) fn end(mut self) -> Ended {
        let ending = self.stop.take().map_or(Ending::Done, Ending::Stopped);
        if self.cut_short {
            // What is under way is an intent without an outcome: the next run reads it so.
            self.record();
            return self.ended(ending, Ok(()));
        }
        self.events.push(RunEvent::Ended {
            at: self.clock.now(),
            ending: ending.clone(),
        });
        self.record();
        let saved = self.save();
        self.ended(ending, saved)
    }

    fn save(&mut self) -> Result<(), NotSaved> {
        if !self.changed {
            // The journal has nothing that the state needs.
            return self.session.abandon().map_err(|error| NotSaved {
                error,
                lost: Vec::new(),
            });
        }
        let Err(error) = self.session.replace(&self.state) else {
            self.unsaved.clear();
            return Ok(());
        };
        if !self.unsaved.is_empty() && self.session.append(&self.unsaved).is_ok() {
            self.unsaved.clear();
        }
        Err(NotSaved {
            error,
            lost: std::mem::take(&mut self.unsaved),
        })
    }

    fn ended(self, ending: Ending, saved: Result<(), NotSaved>) -> Ended {
        Ended {
            left: self.queue.left(),
            state: self.state,
            ending,
            requests: self.batches,
            saved,
        }
    }

    fn is_over(&self) -> bool {
        let nothing_to_come = self.under_way == 0 && (self.stop.is_some() || self.queue.is_empty());
        nothing_to_come || self.cut_short
    }

    fn sleep(&mut self) -> Duration {
        let now = self.clock.elapsed();
        let until = |time: Duration| time.saturating_sub(now);
        let due = self.queue.due(now).filter(|_| !self.waiting.is_empty());
        let waits = [due.map(until), self.stop_by.map(until)];
        waits.into_iter().flatten().fold(TICK, Duration::min)
    }

    fn turn(&mut self) {
        if self
            .stop_by
            .is_some_and(|time| time <= self.clock.elapsed())
        {
            self.cut_short = true;
        }
        let orders = self.assign();
        if self.record() {
            for (give, batch) in orders {
                self.under_way += 1;
                if let Err(Some(batch)) = give.send(Some(batch)) {
                    self.broken(batch, false);
                }
            }
        } else {
            // Their intents may not last, so they are not sent.
            for (give, batch) in orders {
                self.waiting.push(give);
                self.queue.put_first([batch.job]);
            }
        }
        if self.stop.is_some() {
            self.dismiss();
        }
    }

    /// Gives the waiting workers what can be sent now.
    fn assign(&mut self) -> Vec<(Give, Journaled)> {
        let mut orders = Vec::new();
        let now = self.clock.elapsed();
        while self.stop.is_none()
            && let Some(give) = self.waiting.pop()
        {
            let idle = self.under_way == 0 && orders.is_empty();
            let Next::Job(job) = self.queue.next(now, idle) else {
                self.waiting.push(give);
                break;
            };
            self.batches += 1;
            self.events.push(RunEvent::Intent {
                batch: self.batches,
                task: job.task,
                ids: Arc::clone(&job.ids),
            });
            let batch = self.batches;
            orders.push((give, Journaled { batch, job }));
        }
        orders
    }

    fn dismiss(&mut self) {
        for give in self.waiting.drain(..) {
            // A worker that is gone needs no word.
            drop(give.send(None));
        }
    }

    /// The one way for anything that happens: the journal, synced, then the state, then the
    /// listeners. Says whether the journal took it; if not, the run stops.
    fn record(&mut self) -> bool {
        let events = std::mem::take(&mut self.events);
        let journalled = self.unsaved.is_empty() && {
            match self.session.append(&events) {
                Ok(()) => true,
                Err(error) => {
                    let detail = crate::diagnostic::in_words(&error);
                    self.halt(StopReason::NotRecorded { detail });
                    false
                }
            }
        };
        for event in &events {
            // An intent that did not last is not carried out, so nothing speaks of it.
            if !journalled && matches!(event, RunEvent::Intent { .. }) {
                continue;
            }
            self.state.apply(self.run, event);
            for listener in &mut self.listeners {
                listener.hear(event);
            }
            if !journalled {
                self.unsaved.push(event.clone());
            }
        }
        journalled
    }

    fn halt(&mut self, reason: StopReason) {
        // The first reason is the cause; what comes later follows from it.
        if self.stop.is_none() {
            self.stop = Some(reason);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Next { done, give } => {
                self.waiting.push(give);
                if let Some((batch, reply)) = done {
                    self.under_way -= 1;
                    self.answered(batch, &reply);
                }
            }
            Message::Broken(batch) => self.broken(batch, true),
            Message::Signal(number) => {
                if self.stop_by.is_some() {
                    self.cut_short = true;
                }
                self.halt(StopReason::Signal(number));
                self.stop_by = Some(self.clock.elapsed() + self.options.grace);
            }
        }
    }

    fn broken(&mut self, batch: Journaled, sent: bool) {
        let Journaled { batch, job } = batch;
        self.under_way -= 1;
        if sent && job.task == Task::Delete {
            self.settle(batch, all(&job.ids, &Outcome::Unknown));
        } else {
            self.settle(batch, Vec::new());
            self.queue.put_first([job]);
        }
        self.halt(StopReason::Broken {
            detail: format!("the worker that had batch {batch} broke down"),
        });
    }

    fn answered(&mut self, batch: Journaled, reply: &Reply) {
        let Journaled { batch, job } = batch;
        match job.task {
            Task::Delete => self.deleted(batch, job, reply),
            Task::Resolve => self.resolved(batch, job, reply),
        }
    }

    fn deleted(&mut self, batch: u64, job: Job, reply: &Reply) {
        let verdict = judge(&job.ids, reply);
        if !matches!(verdict, Verdict::SlowDown { .. }) {
            self.refusals_in_a_row = 0;
        }
        match verdict {
            Verdict::Settled { outcomes, warnings } => {
                self.settle(batch, outcomes);
                for message in warnings {
                    self.warn(batch, message);
                }
            }
            Verdict::Halve => {
                self.settle(batch, Vec::new());
                self.queue.put_first(job.halves());
            }
            Verdict::SlowDown { wait } => self.slow_down(batch, job, wait),
            Verdict::NotSent { detail } => self.not_sent(batch, job, detail),
            Verdict::Unknown { detail } => {
                self.settle(batch, all(&job.ids, &Outcome::Unknown));
                self.warn(batch, format!("no answer that can be trusted: {detail}"));
                // A delete is idempotent, and what it finds deleted was deleted by us.
                self.again(job);
            }
            Verdict::Stop(reason) => self.stopped(batch, job, reason),
        }
    }

    fn resolved(&mut self, batch: u64, job: Job, reply: &Reply) {
        let [id] = *job.ids else {
            return self.settle(batch, Vec::new());
        };
        match judge_read(id, reply) {
            ReadVerdict::Read(Live::Deleted | Live::Missing) => {
                self.settle(batch, vec![(id, Outcome::Gone)]);
            }
            ReadVerdict::Read(Live::There) => {
                self.settle(batch, Vec::new());
                if job.listed {
                    self.queue.put_found(id);
                } else {
                    self.forget(vec![id]);
                }
            }
            ReadVerdict::SlowDown { wait } => self.slow_down(batch, job, wait),
            ReadVerdict::NotSent { detail } => self.not_sent(batch, job, detail),
            ReadVerdict::Unreadable { detail } => {
                self.settle(batch, Vec::new());
                self.warn(batch, format!("`{id}` could not be read: {detail}"));
                self.again(job);
            }
            ReadVerdict::Stop(reason) => self.stopped(batch, job, reason),
        }
    }

    fn stopped(&mut self, batch: u64, job: Job, reason: StopReason) {
        self.settle(batch, Vec::new());
        self.queue.put_first([job]);
        self.halt(reason);
    }

    fn slow_down(&mut self, batch: u64, job: Job, wait: Option<Duration>) {
        self.settle(batch, Vec::new());
        self.queue.put_first([job]);
        self.queue
            .pause(self.clock.elapsed() + wait.unwrap_or(UNTOLD_WAIT));
        self.refusals_in_a_row += 1;
        if self.refusals_in_a_row > PATIENCE {
            self.halt(StopReason::RateLimited);
        }
    }

    fn not_sent(&mut self, batch: u64, job: Job, detail: String) {
        self.settle(batch, Vec::new());
        if job.tries < self.options.tries {
            self.again(job);
        } else {
            self.queue.put_first([job]);
            self.halt(StopReason::NotReachable { detail });
        }
    }

    /// Makes a request again after a pause, unless it went wrong too often.
    fn again(&mut self, job: Job) {
        if job.tries >= self.options.tries {
            return;
        }
        let longest = (self.options.backoff * 2_u32.saturating_pow(job.tries)).min(LONGEST_PAUSE);
        let due = self.clock.elapsed() + self.jitter.of(longest);
        let tries = job.tries + 1;
        self.queue.put_back(Job { tries, ..job }, due);
    }

    fn settle(&mut self, batch: u64, outcomes: Vec<AssetOutcome>) {
        self.changed |= !outcomes.is_empty();
        self.events.push(RunEvent::Answered {
            batch,
            at: self.clock.now(),
            outcomes,
            more: false,
        });
    }

    fn forget(&mut self, ids: Vec<AssetId>) {
        self.changed = true;
        self.events.push(RunEvent::Forgotten {
            at: self.clock.now(),
            ids,
        });
    }

    fn warn(&mut self, batch: u64, message: String) {
        self.events.push(RunEvent::Warned { batch, message });
    }
}

fn all(ids: &[AssetId], outcome: &Outcome) -> Vec<AssetOutcome> {
    ids.iter().map(|id| (*id, outcome.clone())).collect()
}

/// Pauses of random length: full jitter, so that many runs do not come back in step.
struct Jitter(u64);

impl Jitter {
    /// Picks a pause between nothing and `longest`.
    fn of(&mut self, longest: Duration) -> Duration {
        // The SplitMix64 generator: small, and good enough to spread pauses.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        longest.mul_f64(f64::from((mixed >> 32) as u32) / f64::from(u32::MAX))
    }
}
