//! The workers: they send what the dispatcher has written down, and nothing else.
//!
//! Two channels join them to the dispatcher: jobs go out on one, news come in on the other.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use tokio::sync::mpsc::error::SendError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use crate::apply::order::Journaled;
use crate::apply::readings::Reread;
use crate::apply::strategy::Strategy;
use crate::crash;
use crate::event::StopReason;
use crate::frameio::Reply;
use crate::frameio::client::{OnWait, Wait};
use crate::frameio::deleter::Deleter;
use crate::frameio::recently_deleted::{Deleted, Wanted};
use crate::frameio::retry::Retries;

/// What the dispatcher is told.
#[derive(Debug)]
pub(crate) enum News<S: Strategy> {
    /// A job was answered, or is known not to have been.
    Answered(Journaled<S>, Reply),
    /// A worker broke down with a job under way.
    Broken(Journaled<S>),
    /// Something waits for longer than nobody would ask why.
    Waits(Waits, Wait),
    /// It has come to its end.
    Sought(Result<Deleted, StopReason>),
    /// What was read again before it is deleted.
    Reread(Result<Reread, StopReason>),
    /// A signal came in; its number as the system counts them.
    Signal(i32),
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// A batch, by its number, and how many assets it is of.
    Batch(u64, usize),
    /// The search in the lists of recently deleted assets.
    Search,
    /// What reads again what is to be deleted.
    Reread,
}

/// Asks a run to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stopper<S: Strategy>(Sender<News<S>>);

/// Where the news of a run come in.
#[derive(Debug)]
pub(crate) struct Inbox<S: Strategy>(Receiver<News<S>>);

/// Makes the channel on which the news of a run come in.
#[must_use]
pub(crate) fn inbox<S: Strategy>() -> (Stopper<S>, Inbox<S>) {
    let (sender, receiver) = mpsc::channel();
    (Stopper(sender), Inbox(receiver))
}

impl<S: Strategy> Stopper<S> {
    /// Asks the run to stop in order; asked the same soon after that, it stops at once.
    ///
    /// A run that is over already does not mind.
    pub(crate) fn signal(&self, number: i32) {
        self.0.send(News::Signal(number)).ok();
    }

    /// Tells the run of what waits while it is read again.
    pub(crate) fn on_wait(&self) -> OnWait
    where
        S: Strategy,
    {
        let news = self.0.clone();
        Arc::new(move |wait| {
            news.send(News::Waits(Waits::Reread, wait)).ok();
        })
    }

    /// Tells the run what was read again.
    pub(crate) fn reread(&self, reread: Result<Reread, StopReason>) {
        self.0.send(News::Reread(reread)).ok();
    }
}

impl<S: Strategy> Inbox<S> {
    /// Waits for news, at most so long; it is disconnected once nobody is left to bring any.
    pub(super) fn wait(&self, longest: Duration) -> Result<News<S>, RecvTimeoutError> {
        self.0.recv_timeout(longest)
    }

    /// What has come in meanwhile, if anything.
    pub(super) fn next(&self) -> Option<News<S>> {
        self.0.try_recv().ok()
    }
}

/// The workers as the dispatcher sees them: where jobs go out, and where news come in.
#[derive(Debug)]
pub(super) struct Workers<S: Strategy> {
    /// Nothing once there are to be no more jobs.
    jobs: Option<UnboundedSender<Journaled<S>>>,
    pub(super) inbox: Inbox<S>,
}

impl<S: Strategy> Workers<S> {
    /// The workers at the other ends of two channels.
    pub(super) const fn new(jobs: UnboundedSender<Journaled<S>>, inbox: Inbox<S>) -> Self {
        Self {
            jobs: Some(jobs),
            inbox,
        }
    }

    /// Gives them a job, or gives it back where nobody is left to do it.
    pub(super) fn give(&self, job: Journaled<S>) -> Result<(), Journaled<S>> {
        match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|SendError(job)| job),
            None => Err(job),
        }
    }

    /// Tells them that nothing more comes.
    pub(super) fn dismiss(&mut self) {
        self.jobs = None;
    }
}

/// A job under way: whatever becomes of its worker, the dispatcher hears of it.
struct UnderWay<S: Strategy> {
    job: Option<Journaled<S>>,
    news: Sender<News<S>>,
}

impl<S: Strategy> Drop for UnderWay<S> {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.news.send(News::Broken(job)).ok();
        }
    }
}

/// How often something is asked for again, and until when anything is sent, counted from the start
/// of the run.
pub(super) type Patience = (Retries, Option<Duration>);

/// Sends jobs as they come, each at once, until there are no more and all are answered.
///
/// The dispatcher hands out no more than may be under way at once.
pub(super) async fn work<S: Strategy, D: Deleter<S::Call> + Clone + 'static>(
    (deleter, patience): (D, Patience),
    mut jobs: UnboundedReceiver<Journaled<S>>,
    Stopper(news): Stopper<S>,
) {
    let mut under_way = JoinSet::new();
    while let Some(job) = jobs.recv().await {
        while under_way.try_join_next().is_some() {}
        let guard = UnderWay {
            job: Some(job),
            news: news.clone(),
        };
        under_way.spawn(send(deleter.clone(), patience, guard));
    }
    while under_way.join_next().await.is_some() {}
}

/// A search under way: however it ends, the dispatcher hears of it.
struct Search<S: Strategy> {
    sought: Option<Result<Deleted, StopReason>>,
    news: Sender<News<S>>,
}

impl<S: Strategy> Drop for Search<S> {
    fn drop(&mut self) {
        let broken = || {
            Err(StopReason::Broken {
                detail: "the search in the lists of recently deleted assets broke down".to_owned(),
            })
        };
        let sought = self.sought.take().unwrap_or_else(broken);
        self.news.send(News::Sought(sought)).ok();
    }
}

/// Looks for assets in the lists of recently deleted assets.
pub(super) async fn search<S: Strategy, D: Deleter<S::Call>>(
    deleter: D,
    wanted: Wanted,
    Stopper(news): Stopper<S>,
) {
    let mut search = Search {
        sought: None,
        news: news.clone(),
    };
    let on_wait = move |wait| {
        news.send(News::Waits(Waits::Search, wait)).ok();
    };
    let sought = deleter.find_deleted(&wanted, Arc::new(on_wait)).await;
    search.sought = Some(sought);
}

async fn send<S: Strategy, D: Deleter<S::Call>>(
    deleter: D,
    (retries, last_call): Patience,
    mut under_way: UnderWay<S>,
) {
    let Some(job) = &under_way.job else {
        return;
    };
    let (batch, assets) = job.about();
    let news = under_way.news.clone();
    let on_wait = move |wait| {
        news.send(News::Waits(Waits::Batch(batch, assets), wait))
            .ok();
    };
    let longest = job.longest(retries, last_call);
    let reply = deleter.send(job.call(), longest, Arc::new(on_wait)).await;
    crash::point("batch.answered");
    if let Some(job) = under_way.job.take() {
        // A dispatcher that broke down hears nothing any more.
        under_way.news.send(News::Answered(job, reply)).ok();
    }
}
