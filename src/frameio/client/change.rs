//! Calls that change something: paced as those that read, and never made twice where nobody knows
//! what became of the first.

use std::time::Duration;

use super::{Client, Unread, Wait, Why};
use crate::event::StopReason;
use crate::frameio::call::Call;
use crate::frameio::reply::Reply;
use crate::frameio::transport::Longest;
use crate::frameio::verdict::Verdict;

/// Why a change was not made, or is not known to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmade {
    /// Nobody knows whether it was made: what it is about must be read before anything is asked
    /// again.
    Unknown {
        /// What came instead of an answer.
        detail: String,
    },
    /// The same would come to any other call, so nothing can be asked now; nor does anybody know
    /// whether the change was made, since a login page or a proxy may have answered.
    Denied(StopReason),
    /// It was not made, and nothing else can be.
    Stop(StopReason),
}

impl Unmade {
    /// Whether the change may have been made all the same.
    #[must_use]
    pub const fn may_be_made(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Denied(_) => true,
            Self::Stop(_) => false,
        }
    }
}

impl Client {
    /// Makes a change once its rate limit allows it: again after a 429 or where no connection was
    /// made, which is where the server has done nothing, and else once. A signal does not cut it off
    /// while it is under way, since its answer says what was done.
    ///
    /// # Errors
    ///
    /// Returns why it was not made, or is not known to be.
    pub(crate) async fn change<T>(
        &self,
        call: &impl Call,
        judge: impl Fn(&Reply) -> Verdict<T>,
    ) -> Result<T, Unmade> {
        let rate_limit = call.rate_limit();
        let (retries, began) = (self.shared.retries, self.shared.began);
        let (mut tries, mut since) = (0, None);
        loop {
            let mut admitted = self.admit(rate_limit).await.map_err(never)?;
            if let Some(reason) = self.shared.cut_off.reason() {
                return Err(Unmade::Stop(reason));
            }
            let sent = began.elapsed();
            let first = *since.get_or_insert(sent);
            let longest = Longest {
                token: retries.answer(sent.saturating_sub(first)),
                answer: Duration::MAX,
            };
            let reply = self
                .send_telling(call, longest, |wait| self.tell(wait))
                .await;
            if reply.is_whole() {
                self.shared.pauses().heard = Some(began.elapsed());
            }
            let verdict = judge(&reply);
            admitted.came = (reply.limits(), verdict.pace());
            drop(admitted);
            let detail = match verdict {
                Verdict::Told(told) => return Ok(told),
                Verdict::Unknown { detail }
                | Verdict::Malformed { detail }
                | Verdict::Refused { detail }
                | Verdict::Absent { detail } => return Err(Unmade::Unknown { detail }),
                Verdict::Denied(reason) => return Err(Unmade::Denied(reason)),
                Verdict::Stop(reason) => return Err(Unmade::Stop(reason)),
                // It goes again when its rate limit lets it, which may be too late.
                Verdict::SlowDown { wait: _ } | Verdict::NoTokenYet { wait: _ } => continue,
                Verdict::NotSent { detail } => detail,
            };
            let waited = began.elapsed().saturating_sub(first);
            let Some(longest) = retries.pause(tries, waited) else {
                return Err(Unmade::Stop(StopReason::NotReachable { detail }));
            };
            tries += 1;
            let time = self.shared.pauses().jitter.up_to(longest);
            let wait = Wait {
                rate_limit,
                time,
                why: Why::Retry { tries, detail },
            };
            self.wait(wait).await.map_err(never)?;
        }
    }
}

/// What follows from a wait that never ended in a request.
fn never(why: Unread) -> Unmade {
    match why.why() {
        Ok(detail) => Unmade::Stop(StopReason::NotReachable { detail }),
        Err(reason) => Unmade::Stop(reason),
    }
}
