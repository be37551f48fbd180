//! The one client: it makes the calls of either version of the API, at the server's pace.
//!
//! A call that reads waits for its rate limit, is made again where it goes wrong, and can be cut
//! off; whoever makes a client hears of each wait. The calls of a run are paced by the run
//! itself, since nothing may be written down as sent that has to wait.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::debug;

use crate::event::{RateLimit, StopReason};
use crate::frameio::call::{Call, Read};
use crate::frameio::jitter::Jitter;
use crate::frameio::pacer::{Pace, Pacer};
use crate::frameio::reply::{Limits, Reply};
use crate::frameio::transport::Transport;
use crate::frameio::v4;
use crate::frameio::v4::call::Cursor;
use crate::frameio::v4::wire::Page;
use crate::frameio::verdict::Verdict;

/// How many readings are under way at once at most. An answer takes a fraction of a second, and
/// the API takes ten readings a second where it takes most (docs/frameio-api.md, "Reading (V4)").
pub(super) const AT_ONCE: usize = 8;

/// How often one request is made at most.
const TRIES: u32 = 4;

/// The usual pause before a request is made again; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 1_000 });

/// Waits whose ends are so close are one wait for whoever hears of them.
const SAME: Duration = Duration::from_millis(5);

/// What is said of a list that goes on and on.
pub(crate) const ENDLESS: &str = "the list does not come to its end";

/// Why something was left unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// No answer came that can be used, however often it was asked.
    Trouble {
        /// Whether the server was reached.
        reached: bool,
        /// What came instead.
        detail: String,
    },
    /// It may not be read.
    Refused(String),
    /// Nothing can be read at all.
    Stop(StopReason),
}

impl Unread {
    /// That the answer cannot be used.
    pub(crate) fn trouble(detail: &str) -> Self {
        Self::Trouble {
            reached: true,
            detail: detail.to_owned(),
        }
    }

    /// Why this was left unread.
    ///
    /// # Errors
    ///
    /// Returns why nothing else can be read either.
    pub(super) fn why(self) -> Result<String, StopReason> {
        match self {
            Self::Trouble {
                reached: true,
                detail,
            }
            | Self::Refused(detail) => Ok(detail),
            Self::Trouble {
                reached: false,
                detail,
            } => Err(StopReason::NotReachable { detail }),
            Self::Stop(reason) => Err(reason),
        }
    }
}

/// A wait before a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The rate limit that the request counts against.
    pub rate_limit: RateLimit,
    /// How long it takes.
    pub time: Duration,
    /// Whether the same request went wrong before; else its rate limit is used up.
    pub retries: bool,
}

/// Cuts off what a client reads.
#[derive(Debug, Clone)]
pub struct CutOff(watch::Sender<Option<i32>>);

impl Default for CutOff {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl CutOff {
    /// Cuts off everything under way and to come because of a signal; says whether it was the
    /// first one.
    #[must_use]
    pub fn signal(&self, number: i32) -> bool {
        self.0.send_if_modified(|told| {
            let is_first = told.is_none();
            told.get_or_insert(number);
            is_first
        })
    }

    /// Why nothing is read any more, where it was cut off.
    #[must_use]
    pub fn reason(&self) -> Option<StopReason> {
        self.0.borrow().map(|number| StopReason::Signal { number })
    }

    /// Does something unless it is cut off.
    async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, Unread> {
        let mut told = self.0.subscribe();
        tokio::select! {
            biased;
            Ok(number) = told.wait_for(Option::is_some) => {
                let number = number.unwrap_or_default();
                Err(Unread::Stop(StopReason::Signal { number }))
            }
            done = work => Ok(done),
        }
    }
}

/// What a client does while it waits, and what ends that.
pub struct Waiting {
    /// Hears of each wait.
    pub on_wait: Box<dyn Fn(Wait) + Send + Sync>,
    /// Cuts it off.
    pub cut_off: CutOff,
    /// Where the randomness of the pauses comes from.
    pub seed: u64,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            on_wait: Box::new(|_| {}),
            cut_off: CutOff::default(),
            seed: 0,
        }
    }
}

/// Reads, and cannot delete; with V4 it does so in an account.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    account: Arc<str>,
}

/// What the clients of all accounts share.
struct Shared {
    transport: Transport,
    waiting: Waiting,
    began: Instant,
    paced: Mutex<Paced>,
    /// Tells that an answer has come in.
    answered: Notify,
}

/// What the pace of all requests depends on.
struct Paced {
    pacer: Pacer,
    jitter: Jitter,
    /// The end of the wait that was told last, counted from when the client was made.
    told: Duration,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shared = formatter.debug_struct("Shared");
        shared
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn paced(&self) -> MutexGuard<'_, Paced> {
        // Each change is whole before anything can panic.
        self.paced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pause before a request is made again that was made so often.
    fn pause(&self, tries: u32) -> Duration {
        let usual = PAUSE * 2_u32.pow(tries - 1);
        usual * 3 / 4 + self.paced().jitter.up_to(usual / 2)
    }
}

/// A request that its rate limit has let through; without an answer it counts as trouble.
struct Admitted<'client> {
    shared: &'client Shared,
    rate_limit: RateLimit,
    came: (Option<Limits>, Pace),
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let (limits, pace) = self.came;
        let now = self.shared.began.elapsed();
        let mut paced = self.shared.paced();
        paced.pacer.answered(self.rate_limit, now, limits, pace);
        drop(paced);
        self.shared.answered.notify_waiters();
    }
}

impl Client {
    /// Reads through a transport.
    #[must_use]
    pub fn new(transport: Transport, waiting: Waiting) -> Self {
        let paced = Paced {
            pacer: Pacer::new(AT_ONCE),
            jitter: Jitter::new(waiting.seed),
            told: Duration::ZERO,
        };
        Self {
            shared: Arc::new(Shared {
                transport,
                waiting,
                began: Instant::now(),
                paced: Mutex::new(paced),
                answered: Notify::new(),
            }),
            account: Arc::default(),
        }
    }

    /// The same client in an account of V4.
    #[must_use]
    pub fn in_account(&self, account: Option<&str>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            account: Arc::from(account.unwrap_or_default()),
        }
    }

    /// Makes a call at once.
    pub(super) async fn send(&self, call: &impl Call) -> Reply {
        let request = call.request(&self.account);
        self.shared.transport.send(request).await
    }

    /// Reads once its rate limit allows it, and again where it goes wrong.
    ///
    /// # Errors
    ///
    /// Returns why it could not be read.
    pub async fn read<T>(
        &self,
        read: &impl Read,
        judge: impl Fn(&Reply) -> Verdict<T>,
    ) -> Result<T, Unread> {
        let rate_limit = read.rate_limit();
        let cut_off = &self.shared.waiting.cut_off;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut admitted = self.admit(rate_limit).await?;
            let reply = cut_off.unless(self.send(read)).await?;
            let verdict = judge(&reply);
            admitted.came = (reply.limits(), verdict.pace());
            drop(admitted);
            let is_told_wait = matches!(verdict, Verdict::SlowDown { wait: Some(_) });
            let (reached, detail) = match verdict {
                Verdict::Told(told) => return Ok(told),
                Verdict::Refused { detail } => return Err(Unread::Refused(detail)),
                Verdict::Stop(reason) => return Err(Unread::Stop(reason)),
                Verdict::SlowDown { .. } => (true, "its rate limit is used up".to_owned()),
                Verdict::NotSent { detail } => (false, detail),
                Verdict::Unknown { detail } => (true, detail),
            };
            if tries >= TRIES || is_refusal(&reply) {
                return Err(Unread::Trouble { reached, detail });
            }
            // What the server asks for in so many words is kept to before the next request anyway.
            if !is_told_wait {
                self.wait(Wait {
                    rate_limit,
                    time: self.shared.pause(tries),
                    retries: true,
                })
                .await?;
            }
        }
    }

    /// Waits until a rate limit lets a request through.
    async fn admit(&self, rate_limit: RateLimit) -> Result<Admitted<'_>, Unread> {
        loop {
            let answered = self.shared.answered.notified();
            let now = self.shared.began.elapsed();
            let opens = {
                let pacer = &mut self.shared.paced().pacer;
                let opens = pacer.opens(rate_limit);
                if opens.is_some_and(|at| at <= now) {
                    pacer.sent(rate_limit, now);
                    return Ok(Admitted {
                        shared: &self.shared,
                        rate_limit,
                        came: (None, Pace::Troubled),
                    });
                }
                opens
            };
            match opens {
                Some(at) => {
                    self.wait(Wait {
                        rate_limit,
                        time: at.saturating_sub(now),
                        retries: false,
                    })
                    .await?;
                }
                // As many are under way as may.
                None => self.shared.waiting.cut_off.unless(answered).await?,
            }
        }
    }

    /// Waits, and tells so; several that wait for the same are told of once.
    async fn wait(&self, wait: Wait) -> Result<(), Unread> {
        let Shared { waiting, began, .. } = &*self.shared;
        debug!(call = wait.rate_limit.name(), time = ?wait.time, wait.retries, "waits");
        let end = began.elapsed() + wait.time;
        let is_new = {
            let told = &mut self.shared.paced().told;
            let is_new = end > *told + SAME;
            *told = end.max(*told);
            is_new
        };
        if is_new {
            (waiting.on_wait)(wait);
        }
        waiting.cut_off.unless(sleep(wait.time)).await
    }

    /// The pages of a list of V4.
    pub const fn pages<L, J>(&self, list: L, judge: J) -> Pages<'_, L, J> {
        Pages {
            client: self,
            list,
            judge,
            next: Some(None),
        }
    }
}

/// The pages of a list of V4, one after another.
#[derive(Debug)]
pub struct Pages<'client, L, J> {
    client: &'client Client,
    list: L,
    judge: J,
    /// Where the next one begins; nothing after the last.
    next: Option<Cursor>,
}

impl<L, J> Pages<'_, L, J>
where
    L: Fn(Cursor) -> v4::Read,
{
    /// Whether the last page was read, or one could not be.
    pub const fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// Reads the next page; nothing after the last.
    ///
    /// # Errors
    ///
    /// Returns why it could not be read.
    pub async fn next<T>(&mut self) -> Result<Option<Vec<T>>, Unread>
    where
        J: Fn(&Reply) -> Verdict<Page<T>>,
    {
        let Some(cursor) = self.next.take() else {
            return Ok(None);
        };
        let Page { items, next } = self.client.read(&(self.list)(cursor), &self.judge).await?;
        self.next = next.map(Some);
        Ok(Some(items))
    }

    /// Reads all pages, at most so many.
    ///
    /// # Errors
    ///
    /// Returns why one could not be read, or that the list does not end.
    pub async fn all<T>(mut self, most: usize) -> Result<Vec<T>, Unread>
    where
        J: Fn(&Reply) -> Verdict<Page<T>>,
    {
        let mut all = Vec::new();
        for _ in 0..most {
            all.extend(self.next().await?.unwrap_or_default());
            if self.is_over() {
                return Ok(all);
            }
        }
        Err(Unread::trouble(ENDLESS))
    }
}

/// Asks side by side, and gives the answers in the order of the questions.
pub(super) async fn side_by_side<Q>(questions: impl IntoIterator<Item = Q>) -> Vec<Q::Output>
where
    Q: Future<Output: Send> + Send + 'static,
{
    let numbered = questions.into_iter().enumerate();
    let under_way: JoinSet<_> = numbered
        .map(|(place, question)| async move { (place, question.await) })
        .collect();
    let mut answers = under_way.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Whether asking again would bring the same answer; a success that cannot be used, and a 404 or
/// 410 that is none of the API, come from the way or from whoever answers in the server's place
/// for now.
const fn is_refusal(reply: &Reply) -> bool {
    matches!(
        reply.answer(),
        Some((300..=403 | 405..=407 | 409 | 411..=428 | 430..=499, _))
    )
}

#[cfg(test)]
mod tests;
