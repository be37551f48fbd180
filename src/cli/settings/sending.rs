//! How a run sends: retries, breakers, time.

use std::time::Duration;

use crate::apply::breaker;
use crate::cli::settings::origin::Origin;
use crate::cli::settings::table::Values;
use crate::frameio::retry::Retries;
use crate::frameio::transport::Timeouts;

/// The longest first pause before a request is made again: most troubles are over by then.
const BACKOFF: Duration = Duration::from_millis(500);

/// For how long a command that only reads makes a request again, unless told otherwise: somebody
/// waits for what it says.
const READING: Duration = Duration::from_secs(30);

/// How long the answer to a reading is waited for at least where somebody says for how long a
/// request is made again.
const ANSWER: Duration = Duration::from_secs(5);

/// How a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendingSettings {
    /// How many assets the first delete asks for at most; 0 sends everything at once.
    pub(crate) canary: usize,
    /// When the run stops by itself.
    pub(crate) breakers: breaker::Limits,
    /// How often a request that went wrong is made again, and for how long.
    pub(crate) retries: Retries,
    /// The same where a command only reads.
    pub(crate) reading: Retries,
    /// How long the command may take, but for who is asked.
    pub(crate) time_budget: Option<Duration>,
    /// How long a connection, a silence and a request may take.
    pub(crate) timeouts: Timeouts,
}

impl SendingSettings {
    pub(super) fn new(values: &Values) -> Self {
        let mut timeouts = Timeouts {
            connect: values.connect_timeout.value,
            read: values.read_timeout.value,
            request: values.request_timeout.value,
        };
        let retries = Retries {
            tries: values.retries.value,
            within: values.retry_for.value,
            answer: ANSWER,
            backoff: BACKOFF,
        };
        let (retries, reading) = match values.retry_for.origin {
            // A slow answer is an answer, unless somebody says that it comes too late.
            Origin::Default => {
                let answer = timeouts.request;
                let retries = Retries { answer, ..retries };
                let within = READING;
                (retries, Retries { within, ..retries })
            }
            Origin::Flag(_) | Origin::Environment(_) | Origin::Config(_) => {
                // What is not reached is to be told from what does not answer.
                let connect = retries.answer(Duration::ZERO) * 9 / 10;
                timeouts.connect = timeouts.connect.min(connect);
                (retries, retries)
            }
        };
        Self {
            canary: values.canary.value,
            breakers: breaker::Limits {
                max_404_percent: values.max_404_percent.value.get(),
                max_failure_percent: values.max_failure_percent.value.get(),
                max_failed_batches: values.max_failed_batches.value.get(),
            },
            retries,
            reading,
            time_budget: values.time_budget.as_ref().map(|budget| budget.value),
            timeouts,
        }
    }
}
