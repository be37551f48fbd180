//! What a plan would delete beyond an earlier one, and what of that one no more. Pure.
//!
//! Only what both plans hold is compared. Where that does not show whether something is new, it is
//! called new: whoever has reviewed the earlier plan looks at it again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::plan::about::{About, Inside, Sum};
use crate::plan::decide::Decision;
use crate::plan::{Plan, Step};
use crate::state::Target;

#[cfg(test)]
mod tests;

/// What is new of a plan since an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The id of the earlier plan.
    pub plan: String,
    /// When that was made: RFC 3339.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: Timestamp,
    /// Whether that was checked against the server.
    pub checked: bool,
    /// What goes by this plan, and did not by the earlier one.
    pub came: Moved,
    /// What went by the earlier plan, and does not by this one.
    pub went: Moved,
    /// What goes by both, and has another name, place or size now, or other contents; as it is now.
    pub changed: Moved,
}

/// Assets that one plan deletes and another one does not, or not as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The assets, sorted.
    pub ids: Vec<AssetId>,
    /// How many files they are, or have in them; what goes by both plans is not counted, as far as
    /// that is known.
    pub files: usize,
    /// How many bytes these have, as far as that is known.
    pub bytes: u64,
    /// Of how many of them it is not known.
    pub unmeasured: usize,
    /// How many folders and version stacks among the assets were not listed to their ends.
    pub unlisted: usize,
}

/// What came of comparing a plan with an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// What is new.
    Since(Since),
    /// The earlier plan is none of which that can be said.
    None {
        /// Its file, as somebody named it.
        path: String,
        /// Why.
        why: Incomparable,
    },
}

/// Why a plan is not compared with an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incomparable {
    /// There is none, as before the first plan of a pull request.
    NotThere,
    /// It is of an earlier version of the document.
    Older(u64),
    /// It is of another API, server or account.
    Elsewhere(Target),
    /// It is of another part of what is listed.
    OtherPart,
}

impl Since {
    /// Compares a plan with an earlier one of this id, made then.
    #[must_use]
    pub fn new(
        (plan, created_at, checked): (&str, Timestamp, bool),
        before: &Plan,
        now: &Plan,
    ) -> Self {
        Self {
            plan: plan.to_owned(),
            created_at,
            checked,
            came: moved(before, now),
            went: moved(now, before),
            changed: changed(before, now),
        }
    }

    /// Whether it is the same plan.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        let Self {
            plan: _,
            created_at: _,
            checked: _,
            came,
            went,
            changed,
        } = self;
        came.is_empty() && went.is_empty() && changed.is_empty()
    }
}

impl Moved {
    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// What they come to.
    #[must_use]
    pub const fn sum(&self) -> Sum {
        let Self {
            ids: _,
            files,
            bytes,
            unmeasured,
            unlisted,
        } = *self;
        Sum {
            files,
            bytes,
            unmeasured,
            unlisted,
        }
    }

    fn new(ids: Vec<AssetId>, sum: Sum) -> Self {
        let Sum {
            files,
            bytes,
            unmeasured,
            unlisted,
        } = sum;
        Self {
            ids,
            files,
            bytes,
            unmeasured,
            unlisted,
        }
    }
}

/// What goes by a plan, and does not by another one.
fn moved(from: &Plan, to: &Plan) -> Moved {
    let known = all_going(from, to);
    let goes = |step: &&Step| step.decision.goes() && !known.contains(&step.id);
    let steps: Vec<&Step> = to.steps.iter().filter(goes).collect();
    let ids: Vec<AssetId> = steps.iter().map(|step| step.id).collect();
    // What lies in something that is counted is counted with it.
    let inside = steps.iter().filter_map(|step| inside(to, step));
    let inside: BTreeSet<AssetId> = inside.flat_map(|inside| ids_of(inside, from)).collect();
    let is_with = |step: &Step| {
        let along = |by| ids.binary_search(by).is_ok();
        matches!(&step.decision, Decision::Covered { by, .. } if along(by))
            || inside.contains(&step.id)
    };
    let counted = steps.iter().filter(|step| !is_with(step));
    let mut sum = sum_of(to, counted.copied());
    // What of it went before, by itself, is not new.
    let before = from.steps.iter().filter(|step| inside.contains(&step.id));
    let carried = from.carried();
    let before = before.filter(|step| step.decision.may_delete() && !carried.contains(&step.id));
    let Sum {
        files,
        bytes,
        unmeasured,
        unlisted: _,
    } = sum_of(from, before);
    sum.files = sum.files.saturating_sub(files);
    sum.bytes = sum.bytes.saturating_sub(bytes);
    sum.unmeasured = sum.unmeasured.saturating_sub(unmeasured);
    Moved::new(ids, sum)
}

/// What goes by both plans, and is other now, as far as both hold it.
fn changed(before: &Plan, now: &Plan) -> Moved {
    let carried = now.carried();
    let steps = now.steps.iter().filter(|step| {
        let both = before.about.get(&step.id).zip(now.about.get(&step.id));
        let goes = |plan: &Plan| {
            let step = plan.step(step.id);
            step.is_some_and(|step| step.decision.may_delete())
        };
        !carried.contains(&step.id)
            && goes(before)
            && goes(now)
            && both.is_some_and(|(before, now)| is_other(before, now))
    });
    let steps: Vec<&Step> = steps.collect();
    let ids = steps.iter().map(|step| step.id).collect();
    Moved::new(ids, sum_of(now, steps.into_iter()))
}

/// Whether an asset is other than it was, in what is known of both.
fn is_other(before: &About, now: &About) -> bool {
    fn differ<T: PartialEq>(before: Option<&T>, now: Option<&T>) -> bool {
        matches!((before, now), (Some(before), Some(now)) if before != now)
    }
    let contents = |about: &About| about.inside.as_ref().map(|inside| inside.digest);
    let [project, parent] = [0, 1].map(|at| {
        let place = |about: &About| about.place[at];
        differ(place(before).as_ref(), place(now).as_ref())
    });
    differ(before.name.as_ref(), now.name.as_ref())
        || project
        || parent
        || differ(before.bytes.as_ref(), now.bytes.as_ref())
        || differ(contents(before).as_ref(), contents(now).as_ref())
}

/// All that goes by a plan, for itself or along with something, as far as that or another plan of the
/// same contents says what is in it.
fn all_going(plan: &Plan, other: &Plan) -> BTreeSet<AssetId> {
    let going = plan.steps.iter().filter(|step| step.decision.goes());
    let mut all: BTreeSet<AssetId> = BTreeSet::new();
    for step in going {
        all.insert(step.id);
        let inside = inside(plan, step);
        all.extend(inside.into_iter().flat_map(|inside| ids_of(inside, other)));
    }
    all
}

/// What is in a folder or version stack that a step deletes, where that was read.
fn inside<'plan>(plan: &'plan Plan, step: &Step) -> Option<&'plan Inside> {
    let about = plan.about.get(&step.id)?;
    let inside = about.inside.as_deref()?;
    step.decision.may_delete().then_some(inside)
}

/// The ids of what is in something: a saved plan leaves many out, and a plan of the same contents may
/// have them.
fn ids_of(inside: &Inside, other: &Plan) -> impl Iterator<Item = AssetId> {
    let twin = || {
        let others = other.about.values();
        let mut others = others.filter_map(|about| about.inside.as_deref());
        others.find(|other| other.digest == inside.digest)
    };
    let ids = if inside.ids.len() < inside.count {
        twin().map_or(&inside.ids, |twin| &twin.ids)
    } else {
        &inside.ids
    };
    ids.iter().copied().collect::<Vec<_>>().into_iter()
}

/// What some assets of a plan come to.
fn sum_of<'plan>(plan: &'plan Plan, steps: impl Iterator<Item = &'plan Step>) -> Sum {
    Sum::of(steps.map(|step| (step.kind(), plan.about.get(&step.id))))
}
