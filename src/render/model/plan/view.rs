//! What a plan is shown with.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::plan::forecast::RateForecast;
use crate::plan::since::Comparison;
use crate::plan::{Checked, Plan};

/// What is shown of a plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanView<'plan> {
    pub(crate) plan: &'plan Plan,
    /// What it was checked against.
    pub(crate) checked: &'plan Checked,
    /// The state, where it is not there yet.
    pub(crate) no_state: Option<&'plan Path>,
    /// What came of comparing it with an earlier plan, where somebody named one.
    pub(crate) since: Option<&'plan Comparison>,
    /// How many assets one delete asks for at most.
    pub(crate) batch_size: usize,
    /// How many calls the plan takes at least, and how long.
    pub(crate) forecast: &'plan [RateForecast],
    /// How long a run may take, where somebody says so.
    pub(crate) time_budget: Option<Duration>,
    /// Whether a run leaves out what is mismatched, in place of being refused.
    pub(crate) skip_mismatched: bool,
    /// Whether every asset is shown on a terminal too, however many there are, and nothing is cut.
    pub(crate) full: bool,
    /// How wide the terminal is; nothing where it is none.
    pub(crate) width: Option<usize>,
    /// What ages are counted to.
    pub(crate) now: Timestamp,
}
