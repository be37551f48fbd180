//! What a plan says of an asset that is recorded as moved aside: a table of its own.

use jiff::Timestamp;

use crate::inventory::Seen;
use crate::outcome::{Evidence, Phase};
use crate::plan::decide::{Case, Decision, protected};
use crate::plan::pin::{Compared, differences};

/// Decides what is to happen to an asset that is recorded as moved aside; nothing where it was never
/// moved, or is to go again, so that it is decided upon like any other.
pub(crate) fn decide(case: Case<'_>, now: Timestamp) -> Option<Decision> {
    let aside = case.record?.status.aside()?;
    let Some(entry) = case.entry else {
        // It is moved back, and its record dropped.
        return Some(Decision::Forget);
    };
    let facts = case.seen.and_then(Seen::facts);
    if let Some(parent) = facts.and_then(|facts| facts.parent)
        && parent != aside.into
    {
        let is_as_before = aside.phase == Phase::Moving && Some(parent) == case.was_in;
        let goes_again = entry.goes_again() && case.again.is_none();
        if is_as_before || goes_again {
            return None;
        }
        return Some(Decision::Rescued);
    }
    if let Some(held) = protected(case.hold, case.mark) {
        return Some(held);
    }
    match case.seen {
        Some(Seen::Deleted { evidence, .. }) => {
            return Some(Decision::Record {
                evidence: *evidence,
            });
        }
        Some(Seen::Missing) if entry.accepts_missing() => {
            return Some(Decision::Record {
                evidence: Evidence::ByHand,
            });
        }
        Some(Seen::Missing) => return Some(Decision::Missing),
        // Nothing is recorded of it: where it came from must not be forgotten.
        Some(Seen::Refused { .. }) => return Some(Decision::Unread),
        Some(Seen::There(_)) | None => {}
    }
    if let Some(details) = &entry.details {
        if let Some(until) = details.not_before.filter(|until| *until > now) {
            return Some(Decision::Defer { until });
        }
        // The move itself has changed these.
        let moved = [Compared::Parent, Compared::UpdatedBefore];
        let mut other =
            facts.map_or_else(Vec::new, |facts| differences(details, facts, case.files));
        other.retain(|other| !moved.contains(&other.field));
        other.retain(|other| !(case.is_unopened && other.field == Compared::Contents));
        if !other.is_empty() {
            return Some(Decision::Mismatch(other.into()));
        }
    }
    if case.is_checked && case.seen.is_none() {
        return Some(Decision::Unread);
    }
    Some(if aside.due > now {
        Decision::Staged { until: aside.due }
    } else {
        Decision::Retire
    })
}
