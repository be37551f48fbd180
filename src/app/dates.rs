//! By which clock a plan goes: this machine's or the server's.
//!
//! Whoever's clock is wrong, nothing is due before both say so, and no hold is over before that; and
//! what allows something until its end, a waiver or a saved plan, ends as soon as one of them says so.

use jiff::{SignedDuration, Timestamp};

use crate::app::connect::Connection;
use crate::frameio::clocks::Ahead;
use crate::manifest::document::Manifests;
use crate::plan::Times;
use crate::render::notices::dated;
use crate::render::whoami::difference;
use crate::state::State;

/// From which difference on the clocks count as two, in seconds: those that are kept right differ by
/// a few, and an answer takes some.
const TWO: u64 = 5 * 60;

/// What is known of the two clocks.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// By how many seconds this machine is ahead, as far as that was told.
    ahead: u64,
    /// By how many seconds it is behind.
    behind: u64,
    /// Whether they are those of a saved plan, which has an end.
    is_saved: bool,
}

impl Dates {
    /// Those of a plan that was saved, or is made now.
    pub(super) fn of(is_saved: bool) -> Self {
        Self {
            is_saved,
            ..Self::default()
        }
    }

    /// Whether it matters to what is read, deleted and allowed what time it is.
    pub(super) fn matter(&self, manifests: &Manifests, state: &State) -> bool {
        self.is_saved || !manifests.waivers.is_empty() || has_dates(manifests, state)
    }

    /// Moves times of this machine apart where it is ahead of the server, or behind, and tells
    /// people of clocks that differ; says whether the earlier one was moved. What the server told
    /// before counts already.
    pub(super) fn compare(&mut self, times: &mut Times, connection: &Connection) -> bool {
        let Some(Ahead { least, most }) = connection.ahead() else {
            return false;
        };
        let differs = |seconds: i64, told: u64| {
            let more = u64::try_from(seconds).unwrap_or(0).saturating_sub(told);
            (more > TWO).then_some(more)
        };
        let warn = |ahead: i64, [earlier, later]: [&str; 2]| {
            if let Some(difference) = difference(ahead) {
                connection.host.warn(&format!(
                    "this machine's clock is {difference}: dates go by {earlier}, the earlier, and waivers and saved plans end by {later}, the later; set the one that is wrong"
                ));
            }
        };
        let both = ["this machine's", "the server's"];
        let back = differs(most, self.ahead);
        if let Some(more) = back {
            let [machine, server] = both;
            warn(most, [server, machine]);
            self.ahead += more;
            let earlier = times.earlier.checked_sub(seconds(more));
            times.earlier = earlier.unwrap_or(Timestamp::MIN);
        }
        if let Some(more) = differs(least.saturating_neg(), self.behind) {
            warn(least, both);
            self.behind += more;
            let later = times.later.checked_add(seconds(more));
            times.later = later.unwrap_or(Timestamp::MAX);
        }
        back.is_some()
    }
}

fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Tells of the dates in manifests by the times by which the plan goes.
pub(super) fn tell_dates(manifests: &Manifests, times: Times, connection: &Connection) {
    let host = &connection.host;
    for notice in dated(manifests, times, host.notices()) {
        host.warn(&notice);
    }
}

/// Whether it matters to what is read, and deleted, what time it is.
pub(super) fn has_dates(manifests: &Manifests, state: &State) -> bool {
    let Manifests {
        entries,
        elsewhere,
        holds,
        project_holds,
        ..
    } = manifests;
    let mut lines = holds.iter().chain(project_holds);
    entries.iter().any(|entry| entry.date().is_some())
        || elsewhere.values().any(Option::is_some)
        || lines.any(|hold| hold.until.is_some())
        || state.holds.values().any(|hold| hold.until.is_some())
}
