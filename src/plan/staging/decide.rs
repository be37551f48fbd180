//! What a plan says of an asset that is recorded as moved aside: a table of its own.

use jiff::Timestamp;

use crate::inventory::Seen;
use crate::manifest::document::Entry;
use crate::outcome::{Evidence, Phase};
use crate::plan::decide::{Case, Decision, protected};
use crate::plan::pin::{Compared, differences};
use crate::plan::staging::around::Around;

/// Decides what is to happen to an asset that is recorded as moved aside; nothing where it was never
/// moved, or is to go again, so that it is decided upon like any other.
///
/// `around` tells what has become of that which it was moved with.
pub(crate) fn decide(
    case: Case<'_>,
    around: impl FnOnce() -> Around,
    now: Timestamp,
) -> Option<Decision> {
    let aside = case.record?.status.aside()?;
    let facts = case.seen.and_then(Seen::facts);
    let parent = facts.and_then(|facts| facts.parent);
    let stands = match parent.filter(|parent| *parent != aside.into) {
        Some(parent) if aside.phase == Phase::Moving && Some(parent) == case.was_in => Around::Home,
        Some(_) => Around::Out,
        None => facts.map_or(Around::Waits, |_| around()),
    };
    match stands {
        Around::Waits => {}
        // Whoever takes it out wants it kept, whether or not anybody lists it.
        Around::Out => {
            let goes_again = case
                .entry
                .is_some_and(|entry| goes_again(entry, &case, now));
            return (!goes_again).then_some(Decision::Rescued);
        }
        // It is where it was before, and its record says no more.
        Around::Home => return case.entry.is_none().then_some(Decision::Unstage),
    }
    // Nothing keeps what is deleted, and nothing moves it back.
    if let Some(Seen::Deleted { evidence, .. }) = case.seen {
        return Some(Decision::Record {
            evidence: *evidence,
            run: None,
        });
    }
    let Some(entry) = case.entry else {
        return Some(Decision::Unstage);
    };
    if let Some(held) = protected(case.hold, case.mark) {
        return Some(held);
    }
    match case.seen {
        Some(Seen::Missing) if entry.accepts_missing() => {
            return Some(Decision::Record {
                evidence: Evidence::ByHand,
                run: None,
            });
        }
        Some(Seen::Missing) => return Some(Decision::Missing),
        // Nothing is recorded of it: where it came from must not be forgotten.
        Some(Seen::Refused { .. }) => return Some(Decision::Unread),
        Some(Seen::There(_) | Seen::Deleted { .. }) | None => {}
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

/// Whether what somebody has taken out goes all the same. What stays for now is recorded as what it
/// is: taken out.
fn goes_again(entry: &Entry, case: &Case<'_>, now: Timestamp) -> bool {
    let details = entry.details.as_ref();
    let date = details.and_then(|details| details.not_before);
    let waits = date.is_some_and(|until| until > now);
    let is_kept = waits || protected(case.hold, case.mark).is_some();
    entry.goes_again() && case.again.is_none() && !is_kept
}
