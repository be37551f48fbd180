//! A saved plan beside the one that its manifests give now. Pure.
//!
//! Nothing is done that the manifests, holds and dates do not say at the moment of doing it, and
//! nothing that was not reviewed. So the plan is made again, and the two are compared: what only
//! went away since, and what the live account alone makes different, is left alone, and any other
//! difference refuses the plan.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::manifest::document::{MissingPolicy, Spot};
use crate::plan::about::Look;
use crate::plan::decide::{Decision, Why};
use crate::plan::holds;
use crate::plan::part::View;
use crate::plan::saved::stale::Stale;
use crate::plan::walk::{Decided, Walk};
use crate::plan::{Inputs, LeftAlone, Other, Plan, Step, Totals};

#[cfg(test)]
mod dated;
#[cfg(test)]
mod replaced;
#[cfg(test)]
mod tests;

/// Checks that a saved plan is one that its manifests give, now as at the time at which it was
/// made; the live account is not asked for that.
///
/// # Errors
///
/// Returns the first asset of which they say something else.
pub fn check(saved: &Plan, inputs: Inputs<'_>, created_at: Timestamp) -> Result<(), Stale> {
    let walk = |now| {
        Walk::new(Inputs {
            now,
            inventory: None,
            ..inputs
        })
    };
    let (then, now) = (walk(created_at), walk(inputs.now));
    // What the server alone can choose may be in the plan or not.
    let view = View {
        files: &inputs.manifests.files,
        inventory: None,
    };
    let is_saved = |id| {
        let steps = &saved.steps;
        steps.binary_search_by_key(&id, |step| step.id).is_ok()
    };
    let is_chosen = |step: &Step| {
        let chosen = view.chooses(&saved.only, step);
        chosen.unwrap_or_else(|| is_saved(step.id))
    };
    // What no line holds other runs have found held, maybe since.
    let kept = holds::all(inputs.manifests, &inputs.state.holds, None, inputs.now);
    let kept = kept.into_iter().filter(|hold| hold.at.is_none());
    compare(
        saved,
        then.decided().map(Decided::step).filter(is_chosen),
        now.decided().map(Decided::step).filter(is_chosen),
        &kept.map(|hold| hold.held.id()).collect(),
    )
}

/// Compares a saved plan with what its manifests give for its date and for now, with the state of
/// now; `kept` is what the state holds, and none of the manifests.
fn compare(
    saved: &Plan,
    then: impl Iterator<Item = Step>,
    now: impl Iterator<Item = Step>,
    kept: &BTreeSet<AssetId>,
) -> Result<(), Stale> {
    let mut totals = Totals::default();
    let mut reviewed = saved.steps.iter().peekable();
    // A date that decides otherwise says more than the action that it changes.
    let mut other = None;
    for (id, then, now) in pairs(then, now) {
        let now = match (then, now) {
            (Some(then), Some(now)) if as_said(&then) == as_said(&now) => now,
            (Some(_) | None, Some(_) | None) => return Err(Stale::Dates(id)),
        };
        // Records that are gone had nothing to be deleted.
        while reviewed
            .next_if(|saved| saved.id < id && is_unlisted(&saved.decision))
            .is_some()
        {}
        if matches!(now.decision, Decision::Unchanged { .. }) {
            // What the plan would do is done.
            if reviewed.next_if(|saved| saved.id == id).is_none() {
                totals.count(&now.decision);
            }
            continue;
        }
        let is_held = matches!(now.decision, Decision::Held { .. }) && kept.contains(&id);
        let fits = reviewed.next_if(|saved| {
            let stays = is_held && saved.decision.goes();
            saved.id == id && (stays || is_of(saved, &now))
        });
        if fits.is_none() {
            let first = reviewed.peek().map_or(id, |saved| saved.id.min(id));
            other = other.or(Some(first));
        }
    }
    let mut rest = reviewed.filter(|saved| !is_unlisted(&saved.decision));
    let other = other.or_else(|| Some(rest.next()?.id));
    if let Some(id) = other {
        return Err(Stale::Action(id));
    }
    if !saved.only.is_empty() {
        totals = Totals::default();
    }
    // Other runs may have added to what is history.
    if saved.totals.unchanged != totals.unchanged || saved.totals.history > totals.history {
        return Err(Stale::Totals);
    }
    Ok(())
}

/// Leaves out of a plan, made again with the live account, what was not reviewed.
#[must_use]
pub fn leave_alone(mut live: Plan, saved: &Plan) -> Plan {
    let mut left = Vec::new();
    for (id, reviewed, found) in pairs(&saved.steps, &live.steps) {
        let (reviewed, found) = match (reviewed, found) {
            (Some(reviewed), Some(found)) => (reviewed, found),
            (Some(reviewed), None) => {
                let other = Other::Done;
                left.extend((!reviewed.decision.is_kept()).then_some(LeftAlone { id, other }));
                continue;
            }
            // Both are of the same manifests, so this is no step of theirs.
            (None, Some(_) | None) => {
                let other = Other::NotReviewed;
                left.push(LeftAlone { id, other });
                continue;
            }
        };
        // What was to go along with its folder may go without it.
        let was = reviewed.decision.goes();
        let is = found.decision.may_delete();
        let other = match (was, is) {
            (true, true) => elsewhere(id, saved, &live).or_else(|| grown(id, saved, &live)),
            (false, true) if is_marked(&reviewed.decision) => Some(Other::Lifted),
            (false, true) => Some(Other::NotReviewed),
            // What is deleted or missing is said so; any other that was to go stays, and is there.
            (true, false) => (!is_gone(&found.decision)).then_some(Other::Kept),
            (false, false) => None,
        };
        left.extend(other.map(|other| LeftAlone { id, other }));
    }
    // Both are in the order of the ids.
    let mut next = left.iter().map(|left| left.id).peekable();
    let (totals, stacks) = (&mut live.totals, &mut live.stacks);
    live.steps.retain(|step| {
        while next.next_if(|id| *id < step.id).is_some() {}
        let leaves = next.peek() == Some(&step.id) && step.decision.may_delete();
        if leaves {
            totals.uncount(&step.decision);
            stacks.remove(&step.id);
        }
        !leaves
    });
    live.left_alone = left;
    live.measure();
    live
}

/// Whether an asset is no longer called as it was reviewed, lies elsewhere or has another size: people
/// have approved what they read, and whoever renames, moves or replaces a file may mean to keep it.
/// Another folder or project of the same name is another place.
fn elsewhere(id: AssetId, saved: &Plan, live: &Plan) -> Option<Other> {
    let found = live.about.get(&id)?;
    let reviewed = saved.about.get(&id);
    // What is read with its place was so for the review: where the plan says nothing of that,
    // somebody has taken it out. With v2 nobody reads it.
    let is_read = found.location.is_some();
    let name = reviewed.and_then(|reviewed| reviewed.name.as_ref());
    if (is_read || name.is_some()) && name != found.name.as_ref() {
        return Some(Other::Renamed);
    }
    let location = reviewed.and_then(|reviewed| reviewed.location.as_ref());
    let place = reviewed.map_or([None; 2], |reviewed| reviewed.place);
    let is_told = is_read || location.is_some() || place != [None; 2];
    if is_told && (location != found.location.as_ref() || place != found.place) {
        return Some(Other::Moved);
    }
    // What is in a folder or a version stack is compared one by one, and may have gone.
    if found.kind != Some(Kind::File) {
        return None;
    }
    let bytes = reviewed.and_then(|reviewed| reviewed.bytes);
    let is_resized = (is_read || bytes.is_some()) && bytes != found.bytes;
    is_resized.then_some(Other::Resized)
}

/// What a folder or a version stack has in it now and had not when the plan was reviewed; what only
/// went away since is nobody's loss.
fn grown(id: AssetId, saved: &Plan, live: &Plan) -> Option<Other> {
    if let (Some(reviewed), Some(found)) = (saved.stacks.get(&id), live.stacks.get(&id))
        && let Some(other) = found.iter().find(|file| !reviewed.contains(file))
    {
        return Some(Other::Grown(*other));
    }
    let found = live.about.get(&id)?.inside.as_ref()?;
    let reviewed = saved.about.get(&id).and_then(|about| about.inside.as_ref());
    let Some(reviewed) = reviewed else {
        return Some(Other::Contents);
    };
    if reviewed.digest == found.digest {
        return None;
    }
    // Of many the document has no ids, so nobody knows which are new.
    if reviewed.ids.len() < reviewed.count {
        return Some(Other::Contents);
    }
    let other = |(id, look): (&AssetId, &Look)| match reviewed.ids.binary_search(id) {
        Err(_) => Some(Other::Grown(*id)),
        // What was not said of it was taken out, or left out by an earlier version.
        Ok(at) => (reviewed.looks.get(at) != Some(look)).then_some(Other::Changed(*id)),
    };
    let others = found.ids.iter().zip(found.looks.iter()).filter_map(other);
    others.min_by_key(|other| !matches!(other, Other::Grown(_)))
}

/// What a step says apart from the kind of its asset, which the live account may have told.
#[derive(PartialEq)]
struct SaidStep<'step> {
    decision: &'step Decision,
    texts: [Option<&'step Arc<str>>; 3],
    missing: Option<MissingPolicy>,
    spot: Option<Spot>,
}

fn as_said(step: &Step) -> SaidStep<'_> {
    let details = step.details.as_deref();
    let texts = details.map_or([None; 3], |details| {
        [&details.reason, &details.ticket, &details.owner].map(Option::as_ref)
    });
    SaidStep {
        decision: &step.decision,
        texts,
        missing: details.and_then(|details| details.missing),
        spot: step.spot,
    }
}

/// Whether a saved step is what its manifests give, or what the live account can have made of it.
fn is_of(saved: &Step, now: &Step) -> bool {
    let same_kind = now.kind().is_none_or(|kind| saved.kind() == Some(kind));
    let (reviewed, decided) = (&saved.decision, &now.decision);
    let as_decided = SaidStep {
        decision: decided,
        ..as_said(saved)
    };
    same_kind
        && as_decided == as_said(now)
        && (is_same(reviewed, decided) || is_live(reviewed, decided))
}

/// Whether one decision does what the other does, or no more of it: how often an asset was refused
/// before changes nothing, and one that was refused too often since stays.
fn is_same(reviewed: &Decision, decided: &Decision) -> bool {
    let is_blocked = matches!(decided, Decision::Blocked { .. });
    reviewed == decided
        || (reviewed.goes() && (decided.may_delete() || is_blocked))
        || (matches!(reviewed, Decision::Blocked { .. }) && is_blocked)
        || (is_unlisted(reviewed) && is_unlisted(decided))
}

/// Whether a decision is about a record alone, and deletes nothing.
const fn is_unlisted(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Unstage | Decision::Forget | Decision::Resolve { listed: false, .. }
    )
}

/// Whether the live account says that an asset is deleted or on its way out, or not to be found or
/// read.
const fn is_gone(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Record { .. }
            | Decision::Missing
            | Decision::Unreadable { .. }
            | Decision::Resolve { with: Some(_), .. }
    )
}

/// Whether a mark keeps an asset, its own or that of something in it.
const fn is_marked(decision: &Decision) -> bool {
    matches!(
        decision,
        Decision::Held {
            why: Why::Marked(_),
            ..
        }
    )
}

/// Whether the live account alone can turn the one decision into the other.
fn is_live(reviewed: &Decision, decided: &Decision) -> bool {
    let is_other = matches!(reviewed, Decision::Mismatch(_) | Decision::Unread);
    if is_marked(reviewed) {
        // Of the manifests alone nobody can tell it.
        return decided.may_delete() || decided.waits().is_some();
    }
    if matches!(reviewed, Decision::Rescued) {
        // That somebody has taken it out counts before all that is said of it, and nothing is sent.
        return true;
    }
    let is_around = matches!(reviewed, Decision::Held { path: Some(_), .. });
    if decided.may_delete() {
        return is_gone(reviewed) || is_other || is_around;
    }
    // What is other, or is held where it lay before, does not wait for its date.
    if matches!(decided, Decision::Staged { .. }) && (is_other || is_around) {
        return true;
    }
    // What is shown to be deleted needs no date, and what is other is so however often it was
    // refused.
    (is_gone(reviewed) && decided.waits().is_some())
        || (is_other && matches!(decided, Decision::Blocked { .. }))
}

/// Goes through two lists of steps in the order of their ids.
fn pairs<S: Borrow<Step>>(
    one: impl IntoIterator<Item = S>,
    other: impl IntoIterator<Item = S>,
) -> impl Iterator<Item = (AssetId, Option<S>, Option<S>)> {
    let mut one = one.into_iter().peekable();
    let mut other = other.into_iter().peekable();
    std::iter::from_fn(move || {
        let ids = [one.peek(), other.peek()].map(|step| step.map(|step| step.borrow().id));
        let id = ids.into_iter().flatten().min()?;
        let is = |step: &S| step.borrow().id == id;
        Some((id, one.next_if(is), other.next_if(is)))
    })
}
