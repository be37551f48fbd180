//! How many calls a plan takes, and how long at the API's limits. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::asset::Kind;
use crate::event::RateLimit;
use crate::outcome::Evidence;
use crate::plan::decide::Decision;
use crate::plan::{Plan, Step, Totals};
use crate::state::Api;

pub(crate) mod moves;
mod reads;

pub use reads::{Asked, Reads, near, together};

/// What a plan takes of one kind of call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateForecast {
    /// What the calls are for.
    #[serde(default, skip_serializing_if = "Stage::is_run")]
    pub stage: Stage,
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

/// What the calls of a run are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// To read what the plan needs, before anything is sent.
    Before,
    /// To delete, and what belongs to that.
    #[default]
    Run,
    /// To read again what was read too long ago, while the run goes on.
    Again,
}

impl Stage {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    const fn is_run(&self) -> bool {
        matches!(self, Self::Run)
    }
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
#[must_use]
pub const fn documented(rate_limit: RateLimit) -> (u32, Duration, bool) {
    match rate_limit {
        // Not documented for deletes; the API's general default.
        RateLimit::BulkDelete => (50, Duration::from_secs(1), false),
        RateLimit::ReadAsset
        | RateLimit::RecentlyDeleted
        | RateLimit::FolderFiles
        | RateLimit::FolderFolders
        | RateLimit::FolderStacks
        | RateLimit::CreateFile => (5, Duration::from_secs(1), true),
        RateLimit::DeleteFile
        | RateLimit::MoveFile
        | RateLimit::RestoreFile
        | RateLimit::RestoreFolder
        | RateLimit::RestoreStack
        | RateLimit::ShowFolder
        | RateLimit::ShowStack
        | RateLimit::Children
        | RateLimit::StackChildren
        | RateLimit::Me
        | RateLimit::Accounts
        | RateLimit::Workspaces
        | RateLimit::Projects
        | RateLimit::Fields
        | RateLimit::Token => (100, Duration::from_mins(1), true),
        RateLimit::DeleteFolder | RateLimit::MoveFiles => (60, Duration::from_mins(1), true),
        RateLimit::CreateStack | RateLimit::MoveFolders | RateLimit::MoveStack => {
            (10, Duration::from_mins(1), true)
        }
        RateLimit::CreateFolder => (3, Duration::from_secs(1), true),
        RateLimit::ShowFile => (10, Duration::from_secs(1), true),
    }
}

impl RateForecast {
    fn new(rate_limit: RateLimit, calls: usize) -> Option<Self> {
        let calls = u64::try_from(calls).ok().filter(|calls| *calls > 0)?;
        let (limit, window, documented) = documented(rate_limit);
        let mut forecast = Self {
            stage: Stage::Run,
            call: rate_limit.name().to_owned(),
            calls,
            limit,
            window_ms: 0,
            documented,
            seconds: 0,
        };
        forecast.keep_to(limit, window);
        Some(forecast)
    }

    /// Takes another limit, which the server has said.
    pub fn keep_to(&mut self, limit: u32, window: Duration) {
        self.limit = limit.max(1);
        self.window_ms = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        // A full bucket lets `limit` calls through at once, then one every window/limit.
        let waiting = self.calls.saturating_sub(self.limit.into());
        self.seconds = waiting
            .saturating_mul(self.window_ms)
            .div_ceil(u64::from(self.limit) * 1_000);
    }

    /// How long the calls still take at least, after a while in which such a share of the assets
    /// was done; nothing where that is more than the limit allows, so that it is not the server's.
    #[must_use]
    pub fn left(&self, elapsed: Duration, (done, of): (usize, usize)) -> Option<Duration> {
        let made = u128::from(self.calls) * done as u128 / (of as u128).max(1);
        let drained = elapsed.as_millis() * u128::from(self.limit);
        let drained = drained / u128::from(self.window_ms.max(1));
        let is_kept = made <= drained + u128::from(self.limit);
        is_kept.then(|| Duration::from_secs(self.seconds).saturating_sub(elapsed))
    }
}

/// Forecasts the calls of a plan, a line for each kind of call.
///
/// The figures are the least: what is refused, missing or not answered takes more.
#[must_use]
pub fn forecast(plan: &Plan, cut: Cut) -> Vec<RateForecast> {
    let mut calls = Calls::default();
    if cut.api.abilities().deletes_in_bulk {
        let Totals {
            retire,
            retry,
            resolve,
            ..
        } = plan.totals;
        calls.add(RateLimit::ReadAsset, resolve);
        calls.add(RateLimit::BulkDelete, bulk_deletes(retire + retry, cut));
    } else {
        for (rate_limit, number) in moves::of_run(plan) {
            calls.add(rate_limit, number);
        }
        let others = plan
            .steps
            .iter()
            .filter(|step| !plan.staging.takes(step.id));
        for step in others {
            calls.count_step(step, plan);
        }
    }
    of_calls(&calls.0)
}

/// A line for each kind of call.
#[must_use]
pub fn of_calls(calls: &BTreeMap<RateLimit, usize>) -> Vec<RateForecast> {
    let lines = calls.iter();
    lines
        .filter_map(|(rate_limit, calls)| RateForecast::new(*rate_limit, *calls))
        .collect()
}

/// How many calls of each kind there are.
#[derive(Default)]
struct Calls(BTreeMap<RateLimit, usize>);

impl Calls {
    fn add(&mut self, rate_limit: RateLimit, calls: usize) {
        *self.0.entry(rate_limit).or_default() += calls;
    }

    /// Adds what V4 needs for one step: each asset has calls of its own.
    fn count_step(&mut self, step: &Step, plan: &Plan) {
        match (&step.decision, step.kind()) {
            (Decision::Resolve { .. }, None | Some(Kind::File)) => self.add(RateLimit::ShowFile, 1),
            (Decision::Resolve { .. }, Some(Kind::Folder)) => self.add(RateLimit::ShowFolder, 1),
            (Decision::Resolve { .. }, Some(Kind::VersionStack)) => {
                self.add(RateLimit::ShowStack, 1);
            }
            (Decision::Retire | Decision::Retry { .. }, Some(Kind::File)) => {
                self.add(RateLimit::DeleteFile, 1);
            }
            (Decision::Retire | Decision::Retry { .. }, Some(Kind::Folder)) => {
                self.add(RateLimit::DeleteFolder, 1);
            }
            (Decision::Retire | Decision::Retry { .. }, Some(Kind::VersionStack)) => {
                // What it holds is read in the run, and its files are deleted in its place.
                self.add(RateLimit::StackChildren, 1);
                let files = plan.stacks.get(&step.id).map_or(1, |files| files.len());
                self.add(RateLimit::DeleteFile, files);
            }
            // It is read first; most assets are files.
            (Decision::Retire | Decision::Retry { .. }, None) => {
                self.add(RateLimit::ShowFile, 1);
                self.add(RateLimit::DeleteFile, 1);
            }
            // What goes along with a folder is read after that, to see that it is not there.
            (Decision::Covered { by, .. }, kind) => {
                if matches!(plan.evidence_with(*by), Evidence::With(_)) {
                    self.add(
                        match kind {
                            None | Some(Kind::File) => RateLimit::ShowFile,
                            Some(Kind::Folder) => RateLimit::ShowFolder,
                            Some(Kind::VersionStack) => RateLimit::ShowStack,
                        },
                        1,
                    );
                }
            }
            (
                Decision::Record { .. }
                | Decision::Missing
                | Decision::Unreadable { .. }
                | Decision::Blocked { .. }
                | Decision::Defer { .. }
                | Decision::Staged { .. }
                | Decision::Held { .. }
                | Decision::Unread
                | Decision::Mismatch(_)
                | Decision::Rescued
                | Decision::Drift { .. }
                | Decision::Unstage
                | Decision::Forget
                | Decision::Unchanged { .. },
                _,
            ) => {}
        }
    }
}

/// How long the calls take at least: those before the run, and then all others. Those of different
/// kinds go on side by side.
#[must_use]
pub fn at_least(forecast: &[RateForecast]) -> Duration {
    let of = |before: bool| {
        let mut seconds: BTreeMap<&str, u64> = BTreeMap::new();
        let lines = forecast.iter();
        for line in lines.filter(|line| (line.stage == Stage::Before) == before) {
            *seconds.entry(&line.call).or_default() += line.seconds;
        }
        seconds.into_values().max().unwrap_or_default()
    };
    Duration::from_secs(of(true) + of(false))
}

fn bulk_deletes(assets: usize, cut: Cut) -> usize {
    let size = cut.batch_size.max(1);
    let first = cut.canary.min(size).min(assets);
    usize::from(first > 0) + (assets - first).div_ceil(size)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::asset::AssetId;
    use crate::manifest::document::Details;

    fn tabulate(plan: &Plan, api: Api) -> Vec<(String, u64, u64)> {
        let cut = Cut {
            api,
            batch_size: 50,
            canary: 5,
        };
        let rate_limits = forecast(plan, cut).into_iter();
        rate_limits
            .map(|rate_limit| (rate_limit.call, rate_limit.calls, rate_limit.seconds))
            .collect()
    }

    fn v2(retire: usize, resolve: usize) -> Vec<(String, u64, u64)> {
        let totals = Totals {
            retire,
            resolve,
            ..Totals::default()
        };
        let plan = Plan {
            totals,
            ..Plan::default()
        };
        tabulate(&plan, Api::V2)
    }

    fn step(number: usize, kind: Option<Kind>, decision: Decision) -> Step {
        let details = Details {
            kind,
            ..Details::default()
        };
        Step {
            id: AssetId::from_uuid(Uuid::from_u128(number as u128)),
            decision,
            details: Some(Arc::new(details)),
            spot: None,
        }
    }

    #[test]
    fn the_first_small_delete_is_a_call_of_its_own() {
        let calls = |assets| v2(assets, 0).first().map_or(0, |rate_limit| rate_limit.1);
        let found = [0, 1, 5, 6, 55, 56].map(calls);
        assert_eq!(found, [0, 1, 1, 2, 2, 3]);
    }

    #[test]
    fn a_bucket_of_calls_is_free_and_the_rest_takes_its_time() {
        // 10,000 files one by one at 100 a minute are about 100 minutes.
        let files = |count| Plan {
            steps: (0..count)
                .map(|number| step(number, Some(Kind::File), Decision::Retire))
                .collect(),
            ..Plan::default()
        };
        assert_eq!(
            tabulate(&files(10_000), Api::V4),
            [("delete_file".to_owned(), 10_000, 9_900 * 60 / 100)]
        );
        assert_eq!(tabulate(&files(100), Api::V4)[0].2, 0);
        let cut = Cut {
            api: Api::V4,
            batch_size: 50,
            canary: 5,
        };
        let both = at_least(&forecast(&files(10_000), cut));
        assert_eq!(both, Duration::from_mins(99));
        assert_eq!(at_least(&[]), Duration::ZERO);
        let bulk = v2(1_000_000, 12);
        assert_eq!(bulk[0], ("bulk_delete".to_owned(), 20_001, 400));
        assert_eq!(bulk[1], ("read_asset".to_owned(), 12, 2));
        assert_eq!(v2(0, 8), [("read_asset".to_owned(), 8, 1)]);
    }

    #[test]
    fn what_is_left_is_never_below_what_the_limit_allows() {
        let second = Duration::from_secs;
        let mut files = RateForecast::new(RateLimit::DeleteFile, 1_000).unwrap();
        assert_eq!(files.seconds, 540);
        // The first hundred go at once, and the speed of these says nothing.
        assert_eq!(files.left(second(1), (100, 1_000)), Some(second(539)));
        assert_eq!(files.left(second(60), (200, 1_000)), Some(second(480)));
        assert_eq!(files.left(second(600), (900, 1_000)), Some(Duration::ZERO));
        // A server that takes more has another limit.
        assert_eq!(files.left(second(1), (102, 1_000)), None);
        files.keep_to(10, second(60));
        assert_eq!(files.left(second(60), (20, 1_000)), Some(second(5_880)));
        assert_eq!(files.left(second(60), (21, 1_000)), None);
    }

    #[test]
    fn each_kind_of_v4_has_calls_of_its_own() {
        let resolve = || Decision::Resolve {
            listed: true,
            attempts: 1,
            with: None,
        };
        let mut plan = Plan {
            steps: vec![
                step(1, Some(Kind::File), Decision::Retire),
                step(2, Some(Kind::Folder), Decision::Retire),
                step(3, Some(Kind::VersionStack), Decision::Retire),
                step(4, None, Decision::Retire),
                step(5, Some(Kind::Folder), resolve()),
                step(6, Some(Kind::VersionStack), resolve()),
                step(7, None, resolve()),
                step(
                    8,
                    Some(Kind::File),
                    Decision::Record {
                        evidence: crate::outcome::Evidence::Read,
                        run: None,
                    },
                ),
            ],
            ..Plan::default()
        };
        let calls = |plan: &Plan| {
            let rate_limits = tabulate(plan, Api::V4).into_iter();
            rate_limits
                .map(|(call, calls, _)| format!("{call} {calls}"))
                .collect::<Vec<_>>()
        };
        let mut found = calls(&plan);
        found.sort();
        let expected = [
            "delete_file 3",
            "delete_folder 1",
            "show_file 2",
            "show_folder 1",
            "show_version_stack 1",
            "version_stack_children 1",
        ];
        assert_eq!(found, expected);
        let held = [10, 11, 12].map(|number| step(number, None, Decision::Retire).id);
        plan.stacks.insert(plan.steps[2].id, Arc::from(held));
        assert!(calls(&plan).contains(&"delete_file 5".to_owned()));
    }
}
