//! Waits, and what is told of them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tracing::debug;

use super::{Client, Unread};
use crate::event::RateLimit;
use crate::frameio::call::Read;
use crate::frameio::reply::Reply;

/// After so long people ask themselves whether anything goes on.
const SLOW: Duration = Duration::from_secs(5);

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
    /// Makes a call at once, and tells of an answer that takes long; after so long nobody waits
    /// for it any more.
    pub(super) async fn send_telling(&self, read: &impl Read, longest: Duration) -> Reply {
        let longest = longest.min(self.shared.transport.longest());
        self.waits_for(read.rate_limit(), &Why::Answer);
        let mut sending = pin!(self.send_within(read, longest));
        if let Ok(reply) = timeout(SLOW, &mut sending).await {
            return reply;
        }
        let time = longest.saturating_sub(SLOW);
        if !time.is_zero() {
            self.tell(Wait {
                rate_limit: read.rate_limit(),
                time,
                why: Why::Answer,
            });
        }
        sending.await
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
    fn tell(&self, wait: Wait) {
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
