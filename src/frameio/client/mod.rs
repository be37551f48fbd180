//! The one client: it makes the calls of either version of the API, at the server's pace.
//!
//! A call that reads waits for its rate limit, is made again where it goes wrong, and can be cut
//! off; whoever makes a client hears of each wait. The calls of a run are paced by the run
//! itself, since nothing may be written down as sent that has to wait.

use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use crate::event::{RateLimit, StopReason};
use crate::frameio::call::Read;
use crate::frameio::clocks::{Ahead, Clocks};
use crate::frameio::jitter::Jitter;
use crate::frameio::pacer::Pace;
use crate::frameio::reply::{Limits, Reply};
use crate::frameio::retry::Retries;
use crate::frameio::shared_pacer::SharedPacer;
use crate::frameio::transport::{Longest, Transport};
use crate::frameio::verdict::Verdict;

mod change;
mod cut_off;
mod pages;
mod together;
mod wait;

pub use change::Unmade;
pub use cut_off::{CutOff, Unread};
pub use pages::Pages;
pub(super) use together::side_by_side;
pub(crate) use wait::SLOW;
pub use wait::{OnWait, Wait, Why};

/// How many readings are under way at once at most. An answer takes a fraction of a second, and
/// the API takes ten readings a second where it takes most (docs/frameio-api.md, "Reading (V4)").
pub(super) const AT_ONCE: usize = 8;

/// What is said of a list that goes on and on.
pub(crate) const ENDLESS: &str = "the list does not come to its end";

/// What a client does while it waits, and what ends that.
pub struct Waiting {
    /// Hears of each wait.
    pub on_wait: OnWait,
    pub cut_off: CutOff,
    /// How often a request that went wrong is made again, and how long is waited for it.
    pub retries: Retries,
    /// Where the randomness of the pauses comes from.
    pub seed: u64,
    /// Tells this machine's time, which is compared with the server's.
    pub now: fn() -> Timestamp,
}

#[cfg(test)]
impl Default for Waiting {
    fn default() -> Self {
        Self {
            on_wait: Arc::new(|_| {}),
            cut_off: CutOff::default(),
            retries: Retries {
                tries: 3,
                within: Duration::from_secs(30),
                answer: Duration::from_mins(1),
                backoff: Duration::from_millis(10),
            },
            seed: 0,
            now: || Timestamp::UNIX_EPOCH,
        }
    }
}

/// Reads, and cannot delete; with V4 it does so in an account.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    account: Arc<str>,
    on_wait: Hears,
}

/// Who hears of the waits of a client.
#[derive(Clone)]
struct Hears(OnWait);

impl fmt::Debug for Hears {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hears").finish_non_exhaustive()
    }
}

/// What the clients of all accounts share.
struct Shared {
    transport: Transport,
    cut_off: CutOff,
    retries: Retries,
    began: Instant,
    pacer: SharedPacer,
    pauses: Mutex<Pauses>,
    clocks: Clocks,
}

/// What the pauses of all requests depend on.
struct Pauses {
    jitter: Jitter,
    /// The end of the wait that was told last, counted from when the client was made.
    told: Duration,
    /// The same of a wait for an answer.
    told_of_answer: Duration,
    /// What was waited for last, in words.
    last: String,
    /// When the server last gave a whole answer, counted likewise.
    heard: Option<Duration>,
}

impl fmt::Debug for Admitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut admitted = formatter.debug_tuple("Admitted");
        admitted.field(&self.rate_limit).finish()
    }
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
    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        // Each change is whole before anything can panic.
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that its rate limit has let through; without an answer it counts as trouble.
pub(crate) struct Admitted {
    shared: Arc<Shared>,
    rate_limit: RateLimit,
    came: (Option<Limits>, Pace),
}

/// Why a rate limit lets no request through now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is used up for so long.
    For(Duration),
    /// As many requests are under way as may.
    Full,
    /// It stays closed for longer than anybody waits.
    Late(StopReason),
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let (limits, pace) = self.came;
        let now = self.shared.began.elapsed();
        let pacer = &self.shared.pacer;
        pacer.answered(self.rate_limit, now, limits, pace);
    }
}

impl Client {
    /// Reads through a transport.
    #[must_use]
    pub fn new(transport: Transport, waiting: Waiting) -> Self {
        let Waiting {
            on_wait,
            cut_off,
            retries,
            seed,
            now,
        } = waiting;
        let pauses = Pauses {
            jitter: Jitter::new(seed),
            told: Duration::ZERO,
            told_of_answer: Duration::ZERO,
            last: String::new(),
            heard: None,
        };
        Self {
            shared: Arc::new(Shared {
                transport,
                cut_off,
                retries,
                began: Instant::now(),
                pacer: SharedPacer::new(AT_ONCE),
                pauses: Mutex::new(pauses),
                clocks: Clocks::new(now),
            }),
            account: Arc::default(),
            on_wait: Hears(on_wait),
        }
    }

    /// The same client in an account of V4.
    #[must_use]
    pub fn in_account(&self, account: Option<&str>) -> Self {
        Self {
            account: Arc::from(account.unwrap_or_default()),
            ..self.clone()
        }
    }

    /// The same client, of whose waits somebody else hears.
    #[must_use]
    pub fn with_waits(&self, on_wait: OnWait) -> Self {
        Self {
            on_wait: Hears(on_wait),
            ..self.clone()
        }
    }

    /// The pacer of this client for a run that began so long ago, and has at most so many
    /// requests under way.
    pub(crate) fn hand_over_pacer(&self, elapsed: Duration, most: usize) -> SharedPacer {
        let start = self.shared.began.elapsed().saturating_sub(elapsed);
        self.shared.pacer.hand_over(start, most)
    }

    /// Waits for an answer, and looks at its date.
    async fn dated(&self, sent: impl Future<Output = Reply>) -> Reply {
        let clocks = &self.shared.clocks;
        let asked = clocks.now();
        let reply = sent.await;
        clocks.look(asked, &reply);
        reply
    }

    /// By how much this machine's clock is ahead of the server's, where an answer had a date.
    pub(crate) fn ahead(&self) -> Option<Ahead> {
        self.shared.clocks.ahead()
    }

    /// What time it is on the server, where an answer had a date.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        self.shared.clocks.time()
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
        self.read_admitted(None, read, judge).await
    }

    /// Reads, where the request was let through already: the first time at once.
    ///
    /// # Errors
    ///
    /// Returns why it could not be read.
    pub(super) async fn read_admitted<T>(
        &self,
        mut first: Option<Admitted>,
        read: &impl Read,
        judge: impl Fn(&Reply) -> Verdict<T>,
    ) -> Result<T, Unread> {
        let rate_limit = read.rate_limit();
        let Shared {
            cut_off,
            retries,
            began,
            ..
        } = &*self.shared;
        let (mut tries, mut since, mut not_sent) = (0, None, None);
        loop {
            let mut admitted = match first.take() {
                Some(admitted) => admitted,
                None => self.admit(rate_limit).await?,
            };
            let sent = began.elapsed();
            let first = *since.get_or_insert(sent);
            let longest = retries.answer(sent.saturating_sub(first));
            let longest = Longest {
                token: longest,
                answer: longest,
            };
            let sending = self.send_telling(read, longest, |wait| self.tell(wait));
            let reply = cut_off.unless(sending).await?;
            if reply.is_whole() {
                self.shared.pauses().heard = Some(began.elapsed());
            }
            let verdict = judge(&reply);
            admitted.came = (reply.limits(), verdict.pace());
            drop(admitted);
            let (reached, detail) = match verdict {
                Verdict::Told(told) => return Ok(told),
                Verdict::Refused { detail } => return Err(Unread::Refused(detail)),
                Verdict::Absent { detail } => return Err(Unread::Absent(detail)),
                Verdict::Malformed { detail } => return Err(Unread::Malformed(detail)),
                Verdict::Denied(reason) | Verdict::Stop(reason) => {
                    return Err(Unread::Stop(reason));
                }
                // It goes again when its rate limit lets it, which may be too late.
                Verdict::SlowDown { wait: _ } | Verdict::NoTokenYet { wait: _ } => continue,
                Verdict::NotSent { detail } => {
                    if !reply.is_token_late() {
                        not_sent.get_or_insert_with(|| detail.clone());
                    }
                    (false, detail)
                }
                Verdict::Unknown { detail } => (true, detail),
            };
            let waited = began.elapsed().saturating_sub(first);
            let longest = retries.pause(tries, waited);
            let Some(longest) = longest.filter(|_| !is_refusal(&reply)) else {
                // The last connection may have been given less time than one takes.
                let (reached, detail) = match not_sent {
                    Some(detail) if reply.is_late() || reply.is_token_late() => (false, detail),
                    None if reply.is_token_late() => {
                        let reason = StopReason::no_answer(RateLimit::Token, waited);
                        return Err(Unread::Stop(reason));
                    }
                    Some(_) | None => (reached, detail),
                };
                let is_silent = self.shared.pauses().heard.is_none_or(|at| at < first);
                if reached && reply.is_late() && is_silent {
                    return Err(Unread::Stop(StopReason::no_answer(rate_limit, waited)));
                }
                return Err(Unread::Trouble { reached, detail });
            };
            tries += 1;
            let time = self.shared.pauses().jitter.up_to(longest);
            self.wait(Wait {
                rate_limit,
                time,
                why: Why::Retry { tries, detail },
            })
            .await?;
        }
    }

    /// Waits until a rate limit lets a request through.
    async fn admit(&self, rate_limit: RateLimit) -> Result<Admitted, Unread> {
        loop {
            // Whoever is told of answers is so from before it is looked whether one is needed.
            let answered = self.answered();
            match self.try_admit(rate_limit) {
                Ok(admitted) => return Ok(admitted),
                Err(Closed::Late(reason)) => return Err(Unread::Stop(reason)),
                Err(Closed::For(time)) => self.wait_for_limit(rate_limit, time).await?,
                Err(Closed::Full) => self.shared.cut_off.unless(answered).await?,
            }
        }
    }

    /// Lets a request through now, where its rate limit does.
    ///
    /// # Errors
    ///
    /// Returns why not.
    pub(super) fn try_admit(&self, rate_limit: RateLimit) -> Result<Admitted, Closed> {
        if let Some(closed) = self.closed(rate_limit) {
            return Err(closed);
        }
        let now = self.shared.began.elapsed();
        match self.shared.pacer.admit(rate_limit, now) {
            Ok(()) => Ok(Admitted {
                shared: Arc::clone(&self.shared),
                rate_limit,
                came: (None, Pace::Troubled),
            }),
            // Somebody else was let through in between.
            Err(Some(at)) => Err(Closed::For(at.saturating_sub(now))),
            Err(None) => Err(Closed::Full),
        }
    }

    /// Why a rate limit lets no request through now; nothing where it does.
    pub(super) fn closed(&self, rate_limit: RateLimit) -> Option<Closed> {
        let Shared {
            retries,
            began,
            pacer,
            ..
        } = &*self.shared;
        let now = began.elapsed();
        if let Some((wait, limit)) = pacer.is_late(rate_limit, now, retries.within) {
            return Some(Closed::Late(StopReason::rate_limited(limit, wait)));
        }
        match pacer.opens(rate_limit) {
            Some(at) if at <= now => None,
            Some(at) => Some(Closed::For(at.saturating_sub(now))),
            None => Some(Closed::Full),
        }
    }

    /// How many requests a rate limit would let through now one after another, where the server
    /// has said so.
    pub(super) fn room(&self, rate_limit: RateLimit) -> Option<usize> {
        let Shared { began, pacer, .. } = &*self.shared;
        pacer.room(rate_limit, began.elapsed())
    }

    /// Waits until a rate limit is open again.
    pub(super) async fn wait_for_limit(
        &self,
        rate_limit: RateLimit,
        time: Duration,
    ) -> Result<(), Unread> {
        self.wait(Wait {
            rate_limit: self.shared.pacer.closed_by(rate_limit),
            time,
            why: Why::Limit,
        })
        .await
    }

    /// Waits for the next answer to any request, be it one of the run that shares the pacer.
    pub(super) fn answered(&self) -> Notified<'_> {
        self.shared.pacer.next_answer()
    }

    /// The pages of a list of V4.
    pub fn pages<L, J, I: Eq + Hash>(&self, list: L, judge: J) -> Pages<'_, L, J, I> {
        Pages::new(self, list, judge)
    }
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
