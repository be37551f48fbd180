//! The table between the dispatcher and everybody else: batches go one way, news the other.
//!
//! To wake a thread costs more than to send a small request, so nobody is woken without need:
//! a worker takes the next batch by itself as long as some lie ready, and the dispatcher lets
//! news gather for a moment as long as enough lie ready.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::apply::dispatcher::Journaled;
use crate::frameio::Reply;

/// What the dispatcher is told.
#[derive(Debug)]
pub(in crate::apply) enum Message {
    /// A worker has done with a batch.
    Done(Journaled, Came),
    /// A worker broke down with a batch under way.
    Broken(Journaled),
    /// A signal came in; its number as the system counts them.
    Signal(i32),
}

/// What came of a batch.
#[derive(Debug)]
pub(in crate::apply) enum Came {
    /// An answer, or none, and how long that took.
    Reply(Reply, Duration),
    /// The batch itself: it was called back before it was sent.
    Back,
}

/// What lies on the table.
#[derive(Debug, Default)]
struct Table {
    /// The batches that are journalled and that no worker has taken.
    ready: VecDeque<Journaled>,
    /// What the dispatcher has not read yet.
    news: Vec<Message>,
    /// Whether some of it cannot wait for more.
    is_pressing: bool,
    /// So few batches must be ready for the dispatcher to read what news there are.
    few: usize,
    /// Since when the dispatcher should read them.
    due_since: Option<Instant>,
    /// Whether the dispatcher sleeps.
    is_asleep: bool,
    /// How many workers there are.
    workers: usize,
}

impl Table {
    /// Whether the dispatcher should read its news.
    fn is_due(&self) -> bool {
        self.is_pressing
            || self.workers == 0
            || (!self.news.is_empty() && self.ready.len() <= self.few)
    }

    /// Takes everything back that no worker has taken.
    fn call_back(&mut self) -> usize {
        let called = self.ready.len();
        // The dispatcher puts each in front of what waits, so the last comes first.
        let back = self.ready.drain(..).rev();
        self.news
            .extend(back.map(|batch| Message::Done(batch, Came::Back)));
        called
    }
}

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    /// Wakes the dispatcher.
    bell: Condvar,
    /// One permit for each batch that is ready.
    ready: Semaphore,
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Each change is whole before anything can panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the dispatcher where it sleeps and should not.
    fn ring(&self, mut table: MutexGuard<'_, Table>) {
        if !table.is_due() {
            return;
        }
        table.due_since.get_or_insert_with(Instant::now);
        if std::mem::take(&mut table.is_asleep) {
            drop(table);
            self.bell.notify_one();
        }
    }

    fn call_back(&self, table: &mut Table) {
        let called = table.call_back();
        // A worker that holds the permit of one of them finds nothing, and waits again.
        self.ready.forget_permits(called);
    }
}

/// The dispatcher's side of the table.
#[derive(Debug)]
pub struct Inbox(Arc<Shared>);

/// Everybody else's side of the table.
#[derive(Debug, Clone)]
pub struct Remote(Arc<Shared>);

/// Makes the table of a run.
#[must_use]
pub fn inbox() -> (Remote, Inbox) {
    let shared = Arc::new(Shared {
        table: Mutex::default(),
        bell: Condvar::new(),
        ready: Semaphore::new(0),
    });
    (Remote(Arc::clone(&shared)), Inbox(shared))
}

/// What the dispatcher is told at once.
#[derive(Debug)]
pub(in crate::apply) struct News {
    pub(in crate::apply) messages: Vec<Message>,
    /// Since when they wait to be read.
    pub(in crate::apply) since: Instant,
    /// Whether no worker is left, so that nothing comes after these.
    pub(in crate::apply) is_last: bool,
}

impl Inbox {
    /// Waits for news, at most so long.
    ///
    /// Where a number of batches and a time are given, and more batches than that are ready,
    /// it waits on for news to come along: until no more than that are ready, nothing may wait
    /// any longer, or the time is over. Nobody is idle meanwhile.
    pub(in crate::apply) fn wait(
        &self,
        longest: Duration,
        linger: Option<(usize, Duration)>,
    ) -> News {
        let table = self.sleep(self.0.table(), usize::MAX, longest);
        let mut table = match linger {
            Some((few, longest)) if !table.news.is_empty() => self.sleep(table, few, longest),
            Some(_) | None => table,
        };
        table.is_pressing = false;
        News {
            messages: std::mem::take(&mut table.news),
            since: table.due_since.take().unwrap_or_else(Instant::now),
            is_last: table.workers == 0,
        }
    }

    fn sleep<'table>(
        &self,
        mut table: MutexGuard<'table, Table>,
        few: usize,
        longest: Duration,
    ) -> MutexGuard<'table, Table> {
        table.few = few;
        if table.is_due() {
            return table;
        }
        table.due_since = None;
        table.is_asleep = true;
        let asleep = |table: &mut Table| !table.is_due();
        let woken = self.0.bell.wait_timeout_while(table, longest, asleep);
        let (mut table, _) = woken.unwrap_or_else(PoisonError::into_inner);
        table.is_asleep = false;
        table
    }

    /// Lays batches ready for the workers.
    pub(in crate::apply) fn hand_out(&self, batches: impl IntoIterator<Item = Journaled>) {
        let mut table = self.0.table();
        let before = table.ready.len();
        table.ready.extend(batches);
        if table.is_pressing {
            // What came in during the sync has to be heard before anything else is sent.
            table.call_back();
            self.0.ready.forget_permits(before);
            return;
        }
        let more = table.ready.len() - before;
        drop(table);
        self.0.ready.add_permits(more);
    }

    /// Calls back every batch that was handed out and is not sent.
    pub(in crate::apply) fn call_back(&self) {
        self.0.call_back(&mut self.0.table());
    }

    /// Tells the workers that nothing more comes.
    pub(in crate::apply) fn close(&self) {
        self.0.ready.close();
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        // Where the dispatcher broke down nobody would write down what became of the rest.
        self.call_back();
        self.close();
    }
}

impl Remote {
    /// Asks the run to stop in order; asked again, it stops at once.
    ///
    /// A run that is over already does not mind.
    pub fn signal(&self, number: i32) {
        self.press(Message::Signal(number));
    }

    /// Tells the dispatcher what cannot wait.
    fn press(&self, message: Message) {
        let mut table = self.0.table();
        table.news.push(message);
        table.is_pressing = true;
        self.0.ring(table);
    }

    /// Signs a worker on.
    pub(in crate::apply) fn sign_on(&self) -> Worker {
        self.0.table().workers += 1;
        Worker {
            remote: self.clone(),
            holds: None,
        }
    }
}

/// A worker's place at the table. When it goes, the dispatcher hears of it, and of the batch
/// that it still holds.
#[derive(Debug)]
pub(in crate::apply) struct Worker {
    remote: Remote,
    holds: Option<Journaled>,
}

impl Worker {
    /// Takes the next batch; nothing tells the worker to end.
    pub(in crate::apply) async fn take(&mut self) -> Option<&Journaled> {
        let shared = &self.remote.0;
        while self.holds.is_none() {
            // It fails once nothing more is to come.
            shared.ready.acquire().await.ok()?.forget();
            self.holds = shared.table().ready.pop_front();
        }
        self.holds.as_ref()
    }

    /// Brings back what came of the batch.
    pub(in crate::apply) fn done(&mut self, reply: Reply, took: Duration) {
        let Some(batch) = self.holds.take() else {
            return;
        };
        let trouble = reply.is_trouble();
        let shared = &self.remote.0;
        let mut table = shared.table();
        table
            .news
            .push(Message::Done(batch, Came::Reply(reply, took)));
        if trouble {
            // What is ready must not follow before the dispatcher has heard.
            shared.call_back(&mut table);
            table.is_pressing = true;
        }
        shared.ring(table);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let shared = &self.remote.0;
        let mut table = shared.table();
        table.workers -= 1;
        if let Some(batch) = self.holds.take() {
            table.news.push(Message::Broken(batch));
            table.is_pressing = true;
        }
        shared.ring(table);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::job::Job;
    use crate::asset::AssetId;

    const LONG: Duration = Duration::from_mins(10);

    fn batch(number: u64) -> Journaled {
        let id = format!("00000000-0000-4000-8000-{number:012}");
        Journaled {
            batch: number,
            job: Job::delete(&[AssetId::parse(&id).unwrap()]),
            at: Duration::ZERO,
            intent: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn reply(status: u16) -> Reply {
        Reply::Answered {
            status,
            wait: None,
            limits: None,
            date: None,
            pages: None,
            body: crate::frameio::Body::Whole(b"{}".to_vec()),
        }
    }

    /// A table with so many batches ready, and one worker.
    fn laid(batches: u64) -> (Worker, Inbox) {
        let (remote, inbox) = inbox();
        let worker = remote.sign_on();
        inbox.hand_out((1..=batches).map(batch));
        (worker, inbox)
    }

    /// What was told: the batch, and whether it came back as it was.
    fn told(news: &News) -> Vec<(u64, bool)> {
        let told = news.messages.iter().filter_map(|message| match message {
            Message::Done(batch, came) => Some((batch.batch, matches!(came, Came::Back))),
            Message::Broken(_) | Message::Signal(_) => None,
        });
        told.collect()
    }

    #[tokio::test]
    async fn trouble_calls_back_what_lies_ready_and_is_told_at_once() {
        let (mut worker, inbox) = laid(4);
        assert_eq!(worker.take().await.unwrap().batch, 1);
        worker.done(reply(500), Duration::ZERO);
        let news = inbox.wait(LONG, Some((0, LONG)));
        let all = [(1, false), (4, true), (3, true), (2, true)];
        assert_eq!(told(&news), all, "the last first, as each is put in front");
        inbox.hand_out([batch(5)]);
        assert_eq!(worker.take().await.unwrap().batch, 5);
        inbox.close();
        worker.done(reply(200), Duration::ZERO);
        assert!(worker.take().await.is_none());
    }

    #[tokio::test]
    async fn news_come_together_while_enough_lies_ready() {
        let (mut worker, inbox) = laid(4);
        let shared = Arc::clone(&inbox.0);
        let dispatcher = std::thread::spawn(move || inbox.wait(LONG, Some((1, LONG))));
        let until_it_sleeps = |few: usize| {
            let sleeps = || {
                let table = shared.table();
                table.is_asleep && table.few == few
            };
            while !sleeps() {
                std::thread::yield_now();
            }
        };
        until_it_sleeps(usize::MAX);
        for left in [3, 2, 1] {
            worker.take().await.unwrap();
            worker.done(reply(200), Duration::ZERO);
            if left > 1 {
                // Woken for the first, and not for the second.
                until_it_sleeps(1);
            }
        }
        assert_eq!(told(&dispatcher.join().unwrap()).len(), 3);
    }

    #[tokio::test]
    async fn what_is_called_back_is_not_sent() {
        let (mut worker, inbox) = laid(2);
        inbox.call_back();
        assert_eq!(
            told(&inbox.wait(Duration::ZERO, None)),
            [(2, true), (1, true)]
        );
        inbox.close();
        assert!(worker.take().await.is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_worker_that_is_gone() {
        let (mut worker, inbox) = laid(1);
        worker.take().await.unwrap();
        let news = inbox.wait(Duration::ZERO, None);
        drop(worker);
        assert!(!news.is_last, "something came after it");
        let news = inbox.wait(LONG, None);
        assert!(matches!(news.messages[..], [Message::Broken(_)]));
        assert!(news.is_last);
        assert!(inbox.wait(LONG, None).messages.is_empty());
    }

    #[tokio::test]
    async fn nothing_goes_out_between_a_trouble_and_its_hearing() {
        let (mut worker, inbox) = laid(1);
        worker.take().await.unwrap();
        // Meanwhile the dispatcher syncs the intent of the second.
        worker.done(reply(500), Duration::ZERO);
        inbox.hand_out([batch(2)]);
        assert_eq!(
            told(&inbox.wait(LONG, None)),
            [(1, false), (2, true)],
            "it came back unsent"
        );
    }

    #[tokio::test]
    async fn workers_end_with_the_dispatcher() {
        let (mut worker, inbox) = laid(1);
        drop(inbox);
        assert!(worker.take().await.is_none());
    }
}
