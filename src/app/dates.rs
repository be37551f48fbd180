//! By which clock the dates of a plan go: by the earlier of this machine's and the server's.
//!
//! Whoever's clock is wrong, nothing is due before both say so, and no hold is over before that.

use jiff::{SignedDuration, Timestamp};

use crate::app::connect::Connection;
use crate::manifest::document::Manifests;
use crate::render::whoami::difference;
use crate::state::State;

/// From which difference on the clocks count as two, in seconds: those that are kept right differ by
/// a few, and an answer takes some.
const TWO: u64 = 5 * 60;

/// What is known of the two clocks.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// By how many seconds this machine is ahead, as far as that was told.
    ahead: i64,
}

impl Dates {
    /// Sets a time of this machine back where it is ahead of the server, and tells people of clocks
    /// that differ; says whether it has set it back. What the server told before counts already.
    pub(super) fn set_back(&mut self, now: &mut Timestamp, connection: &Connection) -> bool {
        let Some(ahead) = connection.ahead_seconds() else {
            return false;
        };
        if ahead.abs_diff(self.ahead) <= TWO {
            return false;
        }
        let back = ahead.max(0) - self.ahead.max(0);
        self.ahead = ahead;
        if let Some(difference) = difference(ahead) {
            let whose = if ahead > 0 {
                "the server's"
            } else {
                "this machine's"
            };
            connection.host.warn(&format!(
                "this machine's clock is {difference}: dates go by {whose}, the earlier; set the one that is wrong"
            ));
        }
        let earlier = now.checked_sub(SignedDuration::from_secs(back));
        *now = earlier.unwrap_or(Timestamp::MIN);
        back > 0
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
