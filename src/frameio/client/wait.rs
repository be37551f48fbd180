//! Waits, and what is told of them.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use super::{Client, Unread};
use crate::event::RateLimit;
use crate::frameio::call::Call;
use crate::frameio::reply::Reply;
use crate::frameio::transport::{Awaits, Longest};

/// After so long people ask themselves whether anything goes on.
pub(crate) const SLOW: Duration = Duration::from_secs(5);

/// Waits whose ends are so close are one wait for whoever hears of them.
const SAME: Duration = Duration::from_millis(5);

/// A wait before a request, or for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The rate limit that the request counts against.
    pub rate_limit: RateLimit,
    /// How long it takes; of a wait for an answer, at most.
    pub time: Duration,
    pub why: Why,
}

/// Why somebody waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The rate limit of the request is used up.
    Limit,
    /// The same request went wrong before.
    Retry {
        /// How often so far.
        tries: u32,
        /// What came instead of an answer.
        detail: String,
    },
    /// The request is sent, and its answer takes long.
    Answer,
}

/// Who hears of waits.
pub type OnWait = Arc<dyn Fn(Wait) + Send + Sync>;

impl Client {
    /// Makes a call at once, and tells of an answer, or a token, that takes long; after so long
    /// nobody waits for it any more.
    pub(crate) async fn send_telling(
        &self,
        call: &impl Call,
        longest: Longest,
        tell: impl Fn(Wait),
    ) -> Reply {
        let awaited: Mutex<Option<(RateLimit, Instant)>> = Mutex::default();
        let awaited_now = || *awaited.lock().unwrap_or_else(PoisonError::into_inner);
        let hears = |awaits, end| {
            let of = match awaits {
                Awaits::Token => RateLimit::Token,
                Awaits::Answer => call.rate_limit(),
            };
            self.waits_for(of, &Why::Answer);
            *awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some((of, end));
        };
        let request = call.request(&self.account);
        let transport = &self.shared.transport;
        let mut sending = pin!(self.dated(transport.send_within(request, longest, &hears)));
        let mut told = None;
        loop {
            if let Ok(reply) = timeout(SLOW, &mut sending).await {
                return reply;
            }
            let Some((rate_limit, end)) = awaited_now() else {
                continue;
            };
            let time = end.saturating_duration_since(Instant::now());
            let is_told = told.is_some_and(|(of, until)| of == rate_limit && end <= until);
            if !is_told && !time.is_zero() {
                told = Some((rate_limit, end));
                tell(Wait {
                    rate_limit,
                    time,
                    why: Why::Answer,
                });
            }
        }
    }

    /// Waits, and tells so.
    pub(super) async fn wait(&self, wait: Wait) -> Result<(), Unread> {
        let time = wait.time;
        self.waits_for(wait.rate_limit, &wait.why);
        self.tell(wait);
        self.shared.cut_off.unless(sleep(time)).await
    }

    fn waits_for(&self, rate_limit: RateLimit, why: &Why) {
        let call = rate_limit.name();
        self.shared.pauses().last = match why {
            Why::Answer if rate_limit == RateLimit::Token => {
                "the answer of the token endpoint".to_owned()
            }
            Why::Answer => format!("the answer to `{call}`"),
            Why::Limit => format!("the server's limit of `{call}`"),
            Why::Retry { detail, .. } => format!("another try of `{call}` ({detail})"),
        };
    }

    /// What was waited for last, in words.
    pub(crate) fn waited_for(&self) -> String {
        self.shared.pauses().last.clone()
    }

    /// Tells of a wait that begins; of several for the same, once.
    pub(super) fn tell(&self, wait: Wait) {
        debug!(call = wait.rate_limit.name(), time = ?wait.time, why = ?wait.why, "waits");
        let end = self.shared.began.elapsed() + wait.time;
        let is_new = {
            let pauses = &mut *self.shared.pauses();
            let (told, same) = match wait.why {
                Why::Limit | Why::Retry { .. } => (&mut pauses.told, SAME),
                Why::Answer => (&mut pauses.told_of_answer, SLOW),
            };
            let is_new = end > *told + same;
            *told = end.max(*told);
            is_new
        };
        if is_new {
            (self.on_wait.0)(wait);
        }
    }
}
