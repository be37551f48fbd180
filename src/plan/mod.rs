//! The planner: from manifests, state and the time to a plan. Pure.

use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Facts, Inventory};
use crate::manifest::document::{Details, Entry, Manifests, Spot};
use crate::plan::decide::{Case, Decision, HoldInForce, Rules, Why, decide};
use crate::plan::shelter::Shelter;
use crate::state::{Record, Standing, State};

pub mod approve;
pub mod decide;
pub mod forecast;
pub mod saved;
pub mod shelter;

#[cfg(test)]
mod tests;

/// Everything that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'plan> {
    /// What is listed and held.
    pub manifests: &'plan Manifests,
    /// What earlier runs have learnt.
    pub state: &'plan State,
    /// What was read of the live assets, where something was.
    pub inventory: Option<&'plan Inventory>,
    /// The settings that decisions depend on.
    pub rules: Rules,
    /// The time at which holds and dates are looked at.
    pub now: Timestamp,
}

/// What is to happen, in the order of the assets' ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The assets of which there is something to say; unchanged ones are only counted.
    pub steps: Vec<Step>,
    /// How many assets each decision concerns.
    pub totals: Totals,
    /// The files of the version stacks that are to be deleted, as far as they were read: V4
    /// deletes them in place of the stack.
    pub stacks: BTreeMap<AssetId, Arc<[AssetId]>>,
    /// All assets with a hold in force that are not recorded as deleted, in the order of their
    /// ids.
    pub held: Vec<Held>,
    /// The listed assets that stay, and of which nobody knows what became of an earlier delete:
    /// they are read, and never deleted.
    pub unsettled: Vec<Unsettled>,
    /// What a saved plan leaves alone, in the order of the ids, since the live account is other
    /// than it was when the plan was reviewed.
    pub left_alone: Vec<LeftAlone>,
    /// Where assets lie that may be deleted, as far as somebody said: it tells where to look for
    /// what shows that they are.
    pub places: BTreeMap<AssetId, Place>,
    /// Whether it was looked for what protected assets are connected with, and what that came to.
    pub shelter: Shelter,
}

/// An asset that is only read, since an earlier delete was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// The asset.
    pub id: AssetId,
    /// What sort of asset it is, where somebody said.
    pub kind: Option<Kind>,
    /// How often a delete was tried and not confirmed.
    pub attempts: u32,
}

/// An asset that a saved plan leaves alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftAlone {
    /// The asset.
    pub id: AssetId,
    /// What is other than reviewed.
    pub other: Other,
}

/// What is other than it was when a saved plan was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// It would be deleted now, and the plan does not say so.
    NotReviewed,
    /// It is kept now, and the plan would delete it.
    Kept,
    /// This file is in the version stack now, and the plan does not name it.
    Grown(AssetId),
}

/// A protected asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The asset.
    pub id: AssetId,
    /// Why it stays.
    pub why: Why,
    /// The moment up to which it does, where that is known.
    pub until: Option<Timestamp>,
}

/// Where an asset lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Its project.
    pub project: Option<AssetId>,
    /// The folder or version stack that holds it.
    pub parent: Option<AssetId>,
}

/// What is to happen to one asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The asset.
    pub id: AssetId,
    /// What is to happen to it, and why.
    pub decision: Decision,
    /// What the manifest says of it, and the kind that the server said where it does not.
    pub details: Option<Arc<Details>>,
    /// Where the manifest lists it.
    pub spot: Option<Spot>,
}

/// How many assets each decision concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// To be deleted for the first time.
    pub retire: usize,
    /// To be tried again.
    pub retry: usize,
    /// To be read live, and then decided.
    pub resolve: usize,
    /// Found deleted, and only to be recorded so.
    pub record: usize,
    /// Not found, and not shown to be deleted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub missing: usize,
    /// Not to be read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unreadable: usize,
    /// Refused too often.
    pub blocked: usize,
    /// Left until their date.
    pub defer: usize,
    /// Held.
    pub held: usize,
    /// Not shown to be what their pin says.
    pub mismatch: usize,
    /// Records to be dropped.
    pub forget: usize,
    /// Listed, and deleted already.
    pub unchanged: usize,
    /// Deleted already and no longer listed.
    pub history: usize,
}

/// Whether there are none; what an earlier version did not count is left out then.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_none(total: &usize) -> bool {
    *total == 0
}

impl Plan {
    /// Whether a run has something to do.
    #[must_use]
    pub const fn has_work(&self) -> bool {
        self.totals.changes() > 0 || !self.unsettled.is_empty()
    }
}

impl Step {
    /// What sort of asset it is, where somebody said.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.details.as_ref()?.kind
    }
}

impl Totals {
    /// Every figure with its name, in the order of documents.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, usize); 13] {
        let Self {
            retire,
            retry,
            resolve,
            record,
            missing,
            unreadable,
            blocked,
            defer,
            held,
            mismatch,
            forget,
            unchanged,
            history,
        } = *self;
        [
            ("retire", retire),
            ("retry", retry),
            ("resolve", resolve),
            ("record", record),
            ("missing", missing),
            ("unreadable", unreadable),
            ("blocked", blocked),
            ("defer", defer),
            ("held", held),
            ("mismatch", mismatch),
            ("forget", forget),
            ("unchanged", unchanged),
            ("history", history),
        ]
    }

    fn count(&mut self, decision: &Decision) {
        *self.of(decision) += 1;
    }

    /// Counts an asset no more.
    fn uncount(&mut self, decision: &Decision) {
        *self.of(decision) -= 1;
    }

    /// Counts an asset elsewhere than before.
    fn recount(&mut self, before: &Decision, now: &Decision) {
        self.uncount(before);
        self.count(now);
    }

    const fn of(&mut self, decision: &Decision) -> &mut usize {
        match decision {
            Decision::Retire => &mut self.retire,
            Decision::Retry { .. } => &mut self.retry,
            Decision::Resolve { .. } => &mut self.resolve,
            Decision::Record { .. } => &mut self.record,
            Decision::Missing => &mut self.missing,
            Decision::Unreadable { .. } => &mut self.unreadable,
            Decision::Blocked { .. } => &mut self.blocked,
            Decision::Defer { .. } => &mut self.defer,
            Decision::Held { .. } => &mut self.held,
            Decision::Mismatch(_) => &mut self.mismatch,
            Decision::Forget => &mut self.forget,
            Decision::Unchanged { listed: true } => &mut self.unchanged,
            Decision::Unchanged { listed: false } => &mut self.history,
        }
    }

    /// How many assets may be deleted if the plan is carried out.
    #[must_use]
    pub const fn deletes(&self) -> usize {
        self.retire + self.retry + self.resolve
    }

    /// How many assets or records the plan would change, those apart that are only read.
    #[must_use]
    pub const fn changes(&self) -> usize {
        self.deletes() + self.record + self.missing + self.unreadable + self.forget
    }
}

/// Makes the plan.
#[must_use]
pub fn make(inputs: Inputs<'_>) -> Plan {
    let Inputs {
        manifests,
        state,
        inventory,
        rules,
        now,
    } = inputs;
    let holds = Holds::in_force(manifests, now);
    let mut listed: Vec<&Entry> = manifests.entries.iter().collect();
    // What was read is in order already, which the sort finds out in one pass.
    listed.sort_unstable_by_key(|entry| entry.id);

    let mut plan = Plan {
        steps: Vec::with_capacity(listed.len()),
        ..Plan::default()
    };
    plan.held = holds.protected(state);
    let mut kinds = Kinds::default();
    let merged = Merge {
        listed: listed.into_iter().peekable(),
        recorded: state.assets.iter().peekable(),
    };
    for (id, entry, record) in merged {
        let files = inventory.and_then(|inventory| inventory.files(id));
        let case = Case {
            entry,
            record,
            hold: holds.of(id),
            seen: inventory.and_then(|inventory| inventory.assets.get(&id)),
        };
        let Some(decision) = decide(case, rules, now) else {
            continue;
        };
        plan.totals.count(&decision);
        if matches!(decision, Decision::Unchanged { .. }) {
            continue;
        }
        if let Some(files) = files.filter(|_| decision.may_delete()) {
            plan.stacks.insert(id, Arc::clone(files));
        }
        let seen = inventory.and_then(|inventory| inventory.facts(id));
        if decision.may_delete()
            && let Some(place) = place_of(entry, seen)
        {
            plan.places.insert(id, place);
        }
        let unanswered = match record.map(Record::standing) {
            Some(Standing::Unknown { attempts }) if decision.is_kept() => Some(*attempts),
            Some(_) | None => None,
        };
        let step = Step {
            id,
            decision,
            details: kinds.add(
                entry.and_then(|entry| entry.details.as_ref()),
                seen.map(|facts| facts.kind),
            ),
            spot: entry.map(|entry| entry.spot),
        };
        plan.unsettled.extend(unanswered.map(|attempts| Unsettled {
            id,
            kind: step.kind(),
            attempts,
        }));
        plan.steps.push(step);
    }
    match inventory.and_then(|inventory| inventory.places.as_ref()) {
        Some(places) => shelter::keep(&mut plan, places, |id| protected_at(manifests, id)),
        None if shelter::wanted(&plan).is_some() => plan.shelter = Shelter::NotChecked,
        None => {}
    }
    plan
}

/// Where a manifest says that an asset is protected: its hold, else its entry.
fn protected_at(manifests: &Manifests, id: AssetId) -> Option<Arc<str>> {
    let hold = manifests.holds.iter().find(|hold| hold.id == id);
    let entry = || {
        let place = manifests
            .entries
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()?;
        Some(manifests.entries[place].spot)
    };
    let Spot { file, line, column } = hold.map(|hold| hold.spot).or_else(entry)?;
    let path = &manifests.files.get(usize::try_from(file).ok()?)?.path;
    Some(format!("{path}:{line}:{column}").into())
}

/// Where an asset lies, as the server says, else as its pin does; nothing where neither says.
fn place_of(entry: Option<&Entry>, seen: Option<&Facts>) -> Option<Place> {
    let pin = entry.and_then(|entry| entry.details.as_ref()?.pin.as_ref());
    let seen = seen.map(|facts| (facts.project, facts.parent));
    let said = pin.map(|pin| (pin.project, pin.parent));
    let (project, parent) = seen.or(said)?;
    (project.is_some() || parent.is_some()).then_some(Place { project, parent })
}

/// Adds kinds to what manifests say; details that say nothing else are shared.
#[derive(Default)]
struct Kinds([Option<Arc<Details>>; Kind::ALL.len()]);

impl Kinds {
    /// What a manifest says, with the kind that was seen where it names none.
    fn add(&mut self, said: Option<&Arc<Details>>, seen: Option<Kind>) -> Option<Arc<Details>> {
        let seen = seen.filter(|_| said.is_none_or(|details| details.kind.is_none()));
        let Some(kind) = seen else {
            return said.cloned();
        };
        let Some(said) = said else {
            return Some(self.only(kind));
        };
        Some(Arc::new(Details {
            kind: Some(kind),
            ..(**said).clone()
        }))
    }

    /// Details with nothing but a kind.
    fn only(&mut self, kind: Kind) -> Arc<Details> {
        let details = self.0[kind as usize].get_or_insert_with(|| {
            Arc::new(Details {
                kind: Some(kind),
                ..Details::default()
            })
        });
        Arc::clone(details)
    }
}

/// The holds that are in force, by asset.
struct Holds(BTreeMap<AssetId, (Arc<str>, Option<Timestamp>)>);

impl Holds {
    fn in_force(manifests: &Manifests, now: Timestamp) -> Self {
        let holds = manifests.holds.iter();
        let holds = holds.filter(|hold| hold.until.is_none_or(|until| until > now));
        Self(
            holds
                .map(|hold| (hold.id, (Arc::clone(&hold.reason), hold.until)))
                .collect(),
        )
    }

    /// What is held and not recorded as deleted: only that can be deleted along with something.
    fn protected(&self, state: &State) -> Vec<Held> {
        let is_deleted = |id: &AssetId| match state.assets.get(id).map(Record::standing) {
            Some(Standing::Retired | Standing::Gone) => true,
            Some(Standing::Failed(_) | Standing::Unknown { .. } | Standing::Missing) | None => {
                false
            }
        };
        let holds = self.0.iter().filter(|(id, _)| !is_deleted(id));
        holds
            .map(|(id, (reason, until))| Held {
                id: *id,
                why: Why::Hold(Arc::clone(reason)),
                until: *until,
            })
            .collect()
    }

    fn of(&self, id: AssetId) -> Option<HoldInForce<'_>> {
        self.0.get(&id).map(|(reason, until)| HoldInForce {
            reason,
            until: *until,
        })
    }
}

/// Walks what is listed and what is recorded side by side, in the order of the ids.
struct Merge<'plan, L: Iterator<Item = &'plan Entry>> {
    listed: Peekable<L>,
    recorded: Peekable<btree_map::Iter<'plan, AssetId, Record>>,
}

impl<'plan, L: Iterator<Item = &'plan Entry>> Iterator for Merge<'plan, L> {
    type Item = (AssetId, Option<&'plan Entry>, Option<&'plan Record>);

    fn next(&mut self) -> Option<Self::Item> {
        let listed = self.listed.peek().map(|entry| entry.id);
        let recorded = self.recorded.peek().map(|(id, _)| **id);
        let id = match (listed, recorded) {
            (Some(listed), Some(recorded)) => listed.min(recorded),
            (Some(id), None) | (None, Some(id)) => id,
            (None, None) => return None,
        };
        let entry = self.listed.next_if(|entry| entry.id == id);
        let record = self.recorded.next_if(|(recorded, _)| **recorded == id);
        Some((id, entry, record.map(|(_, record)| record)))
    }
}
