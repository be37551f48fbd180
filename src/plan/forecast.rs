//! How many calls a plan takes, and how long at the API's limits. Pure.

use std::time::Duration;

use crate::event::Lane;
use crate::plan::Totals;
use crate::state::Api;

/// What a plan takes of one kind of call.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct LaneForecast {
    /// The kind of call.
    pub call: String,
    /// How many of them at least.
    pub calls: u64,
    /// How many of them the API takes at once, and again in each window.
    pub limit: u32,
    /// How long a window is, in milliseconds.
    pub window_ms: u64,
    /// Whether the API's documentation names the limit, or it is an assumption.
    pub documented: bool,
    /// How long they take at least at that limit, in seconds.
    pub seconds: u64,
}

/// What decides how a plan is cut into calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The version of the API.
    pub api: Api,
    /// How many assets one delete asks for at most.
    pub batch_size: usize,
    /// How many assets the first delete asks for at most; 0 for as many as the others.
    pub canary: usize,
}

/// A limit: how many requests in which time, and whether a document says so.
///
/// Source: docs/frameio-api.md, "Rate limits".
const fn limit(lane: Lane) -> (u32, Duration, bool) {
    match lane {
        // Not documented for deletes; the API's general default.
        Lane::BulkDelete => (50, Duration::from_secs(1), false),
        Lane::ReadAsset | Lane::RecentlyDeleted => (5, Duration::from_secs(1), true),
        Lane::DeleteFile | Lane::ShowFolder | Lane::ShowStack | Lane::Children => {
            (100, Duration::from_mins(1), true)
        }
        Lane::DeleteFolder => (60, Duration::from_mins(1), true),
        Lane::ShowFile => (10, Duration::from_secs(1), true),
    }
}

impl LaneForecast {
    fn new(lane: Lane, calls: usize) -> Option<Self> {
        let calls = u64::try_from(calls).ok().filter(|calls| *calls > 0)?;
        let (limit, window, documented) = limit(lane);
        let window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        // A full bucket lets `limit` calls through at once, then one every window/limit.
        let waiting = calls.saturating_sub(limit.into());
        let seconds = waiting
            .saturating_mul(window_ms)
            .div_ceil(u64::from(limit) * 1_000);
        Some(Self {
            call: lane.name().to_owned(),
            calls,
            limit,
            window_ms,
            documented,
            seconds,
        })
    }
}

/// Forecasts the calls of a plan, a line for each kind of call.
///
/// The figures are the least: what is refused, missing or not answered takes more.
#[must_use]
pub fn forecast(totals: &Totals, cut: Cut) -> Vec<LaneForecast> {
    let deletes = totals.retire + totals.retry;
    let lanes = match cut.api {
        Api::V2 => [
            (Lane::ReadAsset, totals.resolve),
            (Lane::BulkDelete, bulk_deletes(deletes, cut)),
        ],
        Api::V4 => [
            (Lane::ShowFile, totals.resolve),
            (Lane::DeleteFile, deletes),
        ],
    };
    lanes
        .into_iter()
        .filter_map(|(lane, calls)| LaneForecast::new(lane, calls))
        .collect()
}

/// How long the calls take at least; those of different kinds go on side by side.
#[must_use]
pub fn at_least(forecast: &[LaneForecast]) -> Duration {
    let longest = forecast.iter().map(|lane| lane.seconds).max();
    Duration::from_secs(longest.unwrap_or(0))
}

fn bulk_deletes(assets: usize, cut: Cut) -> usize {
    let size = cut.batch_size.max(1);
    let first = cut.canary.min(size).min(assets);
    usize::from(first > 0) + (assets - first).div_ceil(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(api: Api, retire: usize, resolve: usize) -> Vec<(String, u64, u64)> {
        let totals = Totals {
            retire,
            resolve,
            ..Totals::default()
        };
        let cut = Cut {
            api,
            batch_size: 50,
            canary: 5,
        };
        let lanes = forecast(&totals, cut).into_iter();
        lanes
            .map(|lane| (lane.call, lane.calls, lane.seconds))
            .collect()
    }

    #[test]
    fn the_first_small_delete_is_a_call_of_its_own() {
        let calls = |assets| of(Api::V2, assets, 0).first().map_or(0, |lane| lane.1);
        let found = [0, 1, 5, 6, 55, 56].map(calls);
        assert_eq!(found, [0, 1, 1, 2, 2, 3]);
    }

    #[test]
    fn a_bucket_of_calls_is_free_and_the_rest_takes_its_time() {
        // 10,000 files one by one at 100 a minute are about 100 minutes.
        let files = of(Api::V4, 10_000, 0);
        assert_eq!(
            files,
            [("delete_file".to_owned(), 10_000, 9_900 * 60 / 100)]
        );
        assert_eq!(of(Api::V4, 100, 0)[0].2, 0);
        let bulk = of(Api::V2, 1_000_000, 12);
        assert_eq!(bulk[0], ("read_asset".to_owned(), 12, 2));
        assert_eq!(bulk[1], ("bulk_delete".to_owned(), 20_001, 400));
    }
}
