//! The dispatcher: decides what is sent, and writes down what happens before it goes on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::error::SendError;

use crate::apply::batch::{Queue, Terms};
use crate::apply::breaker::Breaker;
use crate::apply::canary::Canary;
use crate::apply::evidence::Absent;
use crate::apply::job::Journaled;
use crate::apply::pacer::Pacer;
use crate::apply::retry::Jitter;
use crate::apply::stacks::Stack;
use crate::apply::worker::{Inbox, News};
use crate::apply::{Clock, Options, Run, Seeker};
use crate::asset::AssetId;
use crate::crash;
use crate::event::{Lane, Listener, RunEvent, StopReason, Task};
use crate::outcome::{AssetOutcome, Outcome};
use crate::state::{Record, Standing, State, settles_missing};
use crate::store::Session;

pub(in crate::apply) struct Dispatcher<'run, S> {
    run: u64,
    pub(in crate::apply) state: State,
    pub(in crate::apply) session: &'run mut S,
    listeners: Vec<&'run mut dyn Listener>,
    /// Where jobs go out; nothing once there are to be no more.
    jobs: Option<UnboundedSender<Journaled>>,
    pub(in crate::apply) inbox: Inbox,
    pub(in crate::apply) options: Options,
    pub(in crate::apply) clock: &'run dyn Clock,
    pub(in crate::apply) queue: Queue<'run>,
    pub(in crate::apply) pacer: Pacer,
    pub(in crate::apply) breaker: Breaker,
    pub(in crate::apply) jitter: Jitter,
    /// What is written down at the end, unless the run stops since too much is missing; with
    /// each the batch that found out.
    pub(in crate::apply) held: Vec<(u64, AssetOutcome)>,
    /// V4: the assets that the server does not know, until they are looked for in lists.
    pub(in crate::apply) absent: Vec<Absent>,
    /// Looks for them.
    pub(in crate::apply) seeker: Seeker<'run>,
    /// When the deletes were sent that were not answered, the last of each asset.
    pub(in crate::apply) intents: HashMap<AssetId, Timestamp>,
    /// How far the server's clock is ahead of ours, by its latest answer.
    pub(in crate::apply) skew: Option<SignedDuration>,
    /// Whether the server has answered as the API does.
    pub(in crate::apply) has_spoken: bool,
    /// What it answers instead.
    pub(in crate::apply) no_api: Option<String>,
    /// The assets that were refused before this run: that they are refused again says nothing.
    pub(in crate::apply) refused_before: HashSet<AssetId>,
    /// The first, small deletes.
    pub(in crate::apply) canary: Canary,
    /// V4: the version stacks that are being deleted file by file.
    pub(in crate::apply) stacks: HashMap<AssetId, Stack>,
    /// What has happened and is not yet written down.
    pub(in crate::apply) events: Vec<RunEvent>,
    /// What could not be written down.
    pub(in crate::apply) unsaved: Vec<RunEvent>,
    /// The assets of each batch that was sent and is not answered for.
    pub(in crate::apply) open: BTreeMap<u64, Arc<[AssetId]>>,
    /// How many batches are handed out and not heard of.
    under_way: usize,
    pub(in crate::apply) batches: u64,
    /// How long a batch may take from when it is handed out to its answer.
    pub(in crate::apply) latency: Duration,
    /// When the queue was last looked through, counted from the start of the run.
    pub(in crate::apply) looked_at: Duration,
    pub(in crate::apply) told: Option<(Lane, Duration)>,
    pub(in crate::apply) changed: bool,
    pub(in crate::apply) stop: Option<StopReason>,
    pub(in crate::apply) stop_by: Option<Duration>,
    pub(in crate::apply) signals: u32,
    pub(in crate::apply) cut_short: bool,
}

impl<'run, S: Session> Dispatcher<'run, S> {
    pub(in crate::apply) fn new(
        run: Run<'run, S>,
        queue: Queue<'run>,
        (jobs, inbox): (UnboundedSender<Journaled>, Inbox),
        seeker: Seeker<'run>,
    ) -> Self {
        let Run {
            info,
            approved,
            state,
            session,
            listeners,
            options,
            clock,
        } = run;
        let refused = |(id, record): (&AssetId, &Record)| {
            matches!(record.standing, Standing::Failed(_)).then_some(*id)
        };
        let refused_before = state.assets.iter().filter_map(refused).collect();
        let breaker = Breaker::new(options.breakers, state.vouches());
        let mut dispatcher = Self {
            run: info.number,
            state,
            session,
            listeners,
            jobs: Some(jobs),
            inbox,
            options,
            clock,
            queue,
            pacer: Pacer::new(options.concurrency.get()),
            breaker,
            jitter: Jitter::new(options.seed),
            held: Vec::new(),
            absent: Vec::new(),
            seeker,
            intents: HashMap::new(),
            skew: None,
            has_spoken: false,
            no_api: None,
            refused_before,
            canary: Canary::new(options.canary),
            stacks: HashMap::new(),
            events: vec![RunEvent::Started(info)],
            unsaved: Vec::new(),
            open: BTreeMap::new(),
            under_way: 0,
            batches: 0,
            latency: Duration::ZERO,
            looked_at: Duration::ZERO,
            told: None,
            changed: false,
            stop: None,
            stop_by: None,
            signals: 0,
            cut_short: false,
        };
        if !approved.forget().is_empty() {
            dispatcher.forget(approved.forget().to_vec());
        }
        let found = approved.found().iter().cloned();
        let (refused, rest): (Vec<_>, Vec<_>) =
            found.partition(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
        if !refused.is_empty() {
            dispatcher.settle(0, refused);
        }
        let rest = rest.into_iter().map(|outcome| (0, outcome));
        dispatcher.held.extend(rest);
        dispatcher
    }

    /// Writes down that the run begins; says whether it may.
    pub(in crate::apply) fn begin(&mut self) -> bool {
        self.record()
    }

    /// Serves the workers until nothing is left and nothing is under way.
    pub(in crate::apply) fn serve(&mut self) {
        // Nobody brings news before something is handed out.
        let mut longest = Duration::ZERO;
        while !self.is_over() {
            let Some(news) = self.inbox.wait(longest) else {
                // Every worker is gone, and each has said what became of its batch.
                break;
            };
            for news in news {
                self.take(news);
            }
            if self.is_to_seek() {
                self.seek();
            }
            self.turn();
            longest = self.sleep();
        }
        if self.cut_short {
            // What was answered in this very moment is known.
            for news in self.inbox.wait(Duration::ZERO).unwrap_or_default() {
                self.take(news);
            }
        }
    }

    /// Tells the workers that nothing more comes.
    pub(in crate::apply) fn close(&mut self) {
        self.jobs = None;
    }

    fn is_over(&self) -> bool {
        let nothing_to_come = if self.stop.is_some() {
            self.under_way == 0
        } else {
            self.has_nothing_else() && self.absent.is_empty()
        };
        nothing_to_come || self.cut_short
    }

    /// Whether nothing is under way and nothing is left to be sent.
    pub(in crate::apply) fn has_nothing_else(&self) -> bool {
        self.under_way == 0 && self.queue.is_empty()
    }

    /// Whether another request may be under way, as far as their number goes.
    pub(in crate::apply) fn has_room(&self) -> bool {
        self.under_way < self.options.concurrency.get()
    }

    fn turn(&mut self) {
        let now = self.clock.elapsed();
        if self.stop_by.is_some_and(|time| time <= now) {
            self.cut_short = true;
        }
        if self.last_call().is_some_and(|time| time <= now) {
            self.halt(StopReason::TimeBudget);
            self.stop_by.get_or_insert(now + self.options.grace);
        }
        let orders = self.assign(now);
        let events = std::mem::take(&mut self.events);
        let journalled = self.write_down(&events);
        if journalled {
            if !orders.is_empty() {
                crash::point("batch.send");
            }
            self.hand_out(orders);
        } else {
            // Their intents may not last, so they are not sent.
            for batch in &orders {
                self.queue.is_over(&batch.job);
            }
            self.queue
                .put_first(orders.into_iter().map(|batch| batch.job));
        }
        // What is sent is on its way meanwhile.
        self.spread(events, journalled);
    }

    /// Takes from the queue what can be sent now.
    pub(in crate::apply) fn assign(&mut self, now: Duration) -> Vec<Journaled> {
        self.looked_at = now;
        let at_once = self.options.concurrency.get();
        let mut orders: Vec<Journaled> = Vec::new();
        while self.stop.is_none() {
            let given = self.under_way + orders.len();
            let idle = given == 0;
            let size = self.canary.may_ask(
                idle && !self.queue.has_returned(),
                self.options.batch_size.get(),
            );
            let pacer = &self.pacer;
            let job = self.queue.next(Terms {
                now,
                idle,
                size,
                open: &|lane| given < at_once && pacer.is_open(lane, now),
            });
            let Some(job) = job else {
                break;
            };
            if job.fresh {
                self.canary.sent(job.ids.len());
            }
            self.batches += 1;
            let batch = self.batches;
            self.pacer.sent(job.lane(), now);
            self.events.push(RunEvent::Intent {
                batch,
                task: job.task(),
                ids: Arc::clone(&job.ids),
            });
            orders.push(Journaled {
                batch,
                job,
                at: now,
                intent: self.clock.now(),
            });
        }
        if self.under_way + orders.len() < at_once && self.stop.is_none() {
            self.tell_wait(now);
        }
        orders
    }

    /// The one way for anything that happens: the journal, synced, then the state, then the
    /// listeners. Says whether the journal took it; if not, the run stops.
    pub(in crate::apply) fn record(&mut self) -> bool {
        let events = std::mem::take(&mut self.events);
        let journalled = self.write_down(&events);
        self.spread(events, journalled);
        journalled
    }

    /// The first half of [`Self::record`]: the journal. What is intended may begin after it.
    fn write_down(&mut self, events: &[RunEvent]) -> bool {
        self.unsaved.is_empty() && {
            match self.session.append(events) {
                Ok(()) => true,
                Err(error) => {
                    let detail = crate::diagnostic::in_words(&error);
                    self.halt(StopReason::NotRecorded { detail });
                    false
                }
            }
        }
    }

    /// The second half of [`Self::record`]: the state, then the listeners.
    fn spread(&mut self, events: Vec<RunEvent>, journalled: bool) {
        for event in events {
            // An intent that did not last is not carried out, so nothing speaks of it.
            if !journalled && matches!(event, RunEvent::Intent { .. }) {
                continue;
            }
            self.follow(&event);
            self.state.apply(self.run, &event);
            for listener in &mut self.listeners {
                listener.hear(&event);
            }
            if !journalled {
                self.unsaved.push(event);
            }
        }
    }

    /// Keeps in mind what is under way.
    fn follow(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Intent {
                batch,
                task: Task::Delete,
                ids,
            } => {
                self.open.insert(*batch, Arc::clone(ids));
            }
            RunEvent::Answered {
                batch,
                outcomes,
                more: true,
                ..
            } => {
                if let Some(ids) = self.open.get_mut(batch) {
                    let open = |id: &&AssetId| outcomes.iter().all(|(told, _)| told != *id);
                    *ids = ids.iter().filter(open).copied().collect();
                }
            }
            RunEvent::Answered { batch, .. } => {
                self.open.remove(batch);
            }
            RunEvent::Started(_)
            | RunEvent::Intent { .. }
            | RunEvent::Forgotten { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => {}
        }
    }

    pub(in crate::apply) fn halt(&mut self, reason: StopReason) {
        // The first reason is the cause; what comes later follows from it.
        if self.stop.is_none() {
            self.events.push(RunEvent::Stopping {
                at: self.clock.now(),
                reason: reason.clone(),
            });
            self.stop = Some(reason);
        }
    }

    /// Why the run stops, if it does.
    pub(in crate::apply) const fn stops(&self) -> Option<&StopReason> {
        self.stop.as_ref()
    }

    /// Gives jobs to the workers.
    fn hand_out(&mut self, orders: Vec<Journaled>) {
        for job in orders {
            self.under_way += 1;
            let sent = match &self.jobs {
                Some(jobs) => jobs.send(job),
                None => Err(SendError(job)),
            };
            if let Err(SendError(job)) = sent {
                self.broken(job);
            }
        }
    }

    pub(in crate::apply) fn take(&mut self, news: News) {
        match news {
            News::Answered(batch, reply) => {
                crash::point("batch.heard");
                self.under_way -= 1;
                let since_given = self.clock.elapsed().saturating_sub(batch.at);
                // What was slow lately may be slow again, and is forgotten by and by.
                self.latency = since_given.max(self.latency * 9 / 10);
                self.answered(batch, &reply);
            }
            News::Broken(batch) => self.broken(batch),
            News::Signal(number) => {
                self.signals += 1;
                self.cut_short |= self.signals > 1;
                self.halt(StopReason::Signal(number));
                self.stop_by = Some(self.clock.elapsed() + self.options.grace);
            }
        }
    }

    pub(in crate::apply) fn left_under_way(&mut self) {
        self.under_way -= 1;
    }

    pub(in crate::apply) fn settle(&mut self, batch: u64, outcomes: Vec<AssetOutcome>) {
        let is_news = |(id, outcome): &AssetOutcome| match outcome {
            // What is recorded may stand all the same.
            Outcome::Missing => {
                let record = self.state.assets.get(id);
                record.is_none_or(|record| settles_missing(&record.standing))
            }
            Outcome::Retired(_) | Outcome::Gone(_) | Outcome::Failed(_) | Outcome::Unknown => true,
        };
        self.changed |= outcomes.iter().any(is_news);
        self.events.push(RunEvent::Answered {
            batch,
            at: self.clock.now(),
            outcomes,
            more: false,
        });
    }

    pub(in crate::apply) fn forget(&mut self, ids: Vec<AssetId>) {
        self.changed = true;
        self.events.push(RunEvent::Forgotten {
            at: self.clock.now(),
            ids,
        });
    }

    pub(in crate::apply) fn warn(&mut self, batch: u64, message: String) {
        self.events.push(RunEvent::Warned { batch, message });
    }
}
