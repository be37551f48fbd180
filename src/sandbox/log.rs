//! What was asked, what was answered, and what went wrong with it.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::asset::AssetId;
use crate::sandbox::endpoint::Endpoint;

/// How many requests the log keeps: those of a run of a million assets, in some megabytes.
const REQUESTS: usize = 100_000;

/// How many ids of assets the log keeps; the oldest requests go first.
const ASSETS: usize = 2_000_000;

/// A request that was answered, or whose connection was dropped instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Which request of this sandbox it is, from 1.
    pub number: u64,
    /// When it came, since the sandbox began.
    #[serde(rename = "at_ms", serialize_with = "milliseconds")]
    pub at: Duration,
    pub method: String,
    /// The path and its query.
    pub target: String,
    /// The call, where it is one that has limits and faults.
    pub endpoint: Option<Endpoint>,
    /// The status of the answer; none where the connection was dropped.
    pub status: Option<u16>,
    /// The assets that a delete asked for.
    pub assets: Vec<AssetId>,
    /// What went wrong with it on purpose, as a rule names it.
    pub fault: Option<String>,
}

fn milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u128(time.as_millis())
}

/// The last requests, as many as are kept.
#[derive(Debug, Default)]
pub(super) struct Log {
    requests: VecDeque<LoggedRequest>,
    assets: usize,
    last: u64,
}

impl Log {
    /// Adds a request, and gives it its number.
    pub(super) fn add(&mut self, mut request: LoggedRequest) {
        self.last += 1;
        request.number = self.last;
        self.assets += request.assets.len();
        self.requests.push_back(request);
        while self.requests.len() > REQUESTS || self.assets > ASSETS {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.assets -= oldest.assets.len();
        }
    }

    /// The requests after a number; 0 means all that are kept.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = &LoggedRequest> {
        let from = self
            .requests
            .partition_point(|request| request.number <= number);
        self.requests.range(from..)
    }

    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.assets = 0;
    }
}
