//! The walk over all that is listed or recorded: what is decided of each asset.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::inventory::{Facts, Inventory, Lies, Mark, Seen};
use crate::manifest::document::{Details, Entry, Manifests};
use crate::outcome::Evidence;
use crate::plan::decide::{Case, Decision, HoldInForce, Recorded, Rules, Why, decide};
use crate::plan::holds::{InForce, in_force};
use crate::plan::leaving;
use crate::plan::marks;
use crate::plan::model::{Held, MarksSince, Step};
use crate::plan::staging::around::around;
use crate::plan::staging::decide::decide as decide_aside;
use crate::state::{Record, State, Status};

/// Everything that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'plan> {
    /// What is listed and held.
    pub manifests: &'plan Manifests,
    /// What earlier runs have learnt.
    pub state: &'plan State,
    /// What was read of the live assets, where something was.
    pub inventory: Option<&'plan Inventory>,
    /// Whether listed assets that are recorded as deleted are read as well.
    pub check_retired: bool,
    /// The settings that decisions depend on.
    pub rules: Rules,
    /// The time at which holds and dates are looked at.
    pub now: Timestamp,
}

impl Inputs<'_> {
    /// What sort of asset one is, as it was read. What its entry says is believed only where each
    /// asset is read before it is deleted: else a folder that is called a file would go with what
    /// is protected in it.
    pub(super) fn kind_of(&self, id: AssetId, said: Option<Kind>) -> Option<Kind> {
        let facts = self.inventory.and_then(|inventory| inventory.facts(id));
        let reads_all = self.state.target.api.abilities().reads_contents;
        facts
            .map(|facts| facts.kind)
            .or_else(|| said.filter(|_| reads_all))
    }
}

/// The inputs of a plan with the holds that are in force.
pub(super) struct Walk<'plan> {
    inputs: Inputs<'plan>,
    holds: InForce,
    marks: BTreeMap<AssetId, Mark>,
    /// What is recorded as deleted, and lies in something whose entry says that it goes again, with
    /// what was read of it.
    freed: BTreeMap<AssetId, Seen>,
    /// What went with a folder that somebody has restored, where no run has recorded that it went: as
    /// what is recorded of that folder.
    returned: BTreeMap<AssetId, Record>,
    /// Whether it is found out what is to be read, and not what is to be done.
    asks: bool,
}

/// What is known and decided of one asset.
pub(super) struct Decided<'walk> {
    pub(super) id: AssetId,
    pub(super) case: Case<'walk>,
    pub(super) decision: Decision,
}

impl<'plan> Walk<'plan> {
    pub(super) fn new(inputs: Inputs<'plan>) -> Self {
        let holds = in_force(inputs.manifests, &inputs.state.holds, inputs.now);
        let marks = marks::in_force(inputs.inventory);
        Self {
            inputs,
            holds,
            marks,
            freed: freed(inputs),
            returned: inputs
                .inventory
                .map(|read| leaving::returned(inputs.state, read))
                .unwrap_or_default(),
            asks: false,
        }
    }

    /// The same, to find out what is still to be read.
    pub(super) fn asking(inputs: Inputs<'plan>) -> Self {
        Self {
            asks: true,
            ..Self::new(inputs)
        }
    }

    /// What is recorded as deleted, and goes again with what it lies in.
    pub(super) fn freed(&self) -> impl Iterator<Item = AssetId> {
        self.freed.keys().copied()
    }

    /// The holds that are in force.
    pub(super) const fn holds(&self) -> &InForce {
        &self.holds
    }

    /// What is held and not recorded as deleted, or is there all the same: only that can be
    /// deleted along with something. What is deleted and would wait if it were restored is among it.
    pub(super) fn held(&self) -> Vec<Held> {
        let assets = &self.inputs.state.assets;
        // What is deleted keeps what was moved out of it before.
        let homes = self.inputs.state.homes();
        let is_deleted = |id: &AssetId| match assets.get(id).map(Record::status) {
            Some(Status::Retired(_) | Status::Gone(_)) => {
                !self.is_shown(*id) && !homes.contains(id)
            }
            // It went with its folder, unless something shows it.
            Some(Status::Unknown { .. }) => {
                self.inputs.state.went_with(*id).is_some()
                    && !self.is_shown(*id)
                    && !homes.contains(id)
            }
            Some(
                Status::Failed(_)
                | Status::Missing
                | Status::Restored { .. }
                | Status::Staged(_)
                | Status::Rescued,
            )
            | None => false,
        };
        let holds = self.holds.assets.iter().filter(|(id, _)| !is_deleted(id));
        let holds = holds.map(|(id, HoldInForce { reason, until })| Held {
            id: *id,
            why: Why::Hold(Arc::clone(reason)),
            until: *until,
        });
        let marked = |id: &AssetId| !self.holds.assets.contains_key(id);
        let marks = self.marks.iter().filter(|(id, _)| marked(id));
        let marks = marks.map(|(id, mark)| Held {
            id: *id,
            why: Why::Marked(mark.clone()),
            until: None,
        });
        // What is recorded as deleted and is there was taken back, also where only a list shows it:
        // whoever restored it means to keep it.
        let again = again(self.inputs);
        let unmarked = |id: &AssetId| marked(id) && !self.marks.contains_key(id);
        let back = assets.iter().filter(|(id, record)| {
            let is_recorded = Recorded::of(&record.status).is_some();
            let is_freed = again.contains(id) || self.freed.contains_key(id);
            is_recorded && self.is_back(**id) && unmarked(id) && !is_freed
        });
        let back = back.map(|(id, _)| Held {
            id: *id,
            why: Why::Drift,
            until: None,
        });
        let mut held: Vec<Held> = holds.chain(marks).chain(back).collect();
        held.sort_unstable_by_key(|held| held.id);
        let is_new = |found: &Held| {
            held.binary_search_by_key(&found.id, |held| held.id)
                .is_err()
        };
        let waiting: Vec<Held> = self.waiting().filter(is_new).collect();
        held.extend(waiting);
        held.sort_unstable_by_key(|held| held.id);
        held
    }

    /// What is deleted, and would wait where somebody restored it.
    fn waiting(&self) -> impl Iterator<Item = Held> {
        let Inputs {
            manifests,
            state,
            inventory,
            check_retired: _,
            rules,
            now,
        } = self.inputs;
        let entries = manifests
            .entries
            .iter()
            .filter(move |_| inventory.is_some());
        entries.filter_map(move |entry| {
            let id = entry.id;
            let Some(Seen::Deleted { facts, .. }) = inventory?.assets.get(&id) else {
                return None;
            };
            let there = facts.clone().map(Seen::There);
            let case = Case {
                entry: Some(entry),
                record: state.assets.get(&id),
                seen: there.as_ref(),
                ..Case::default()
            };
            let (why, until) = decide(case, rules, now)?.waits()?;
            Some(Held { id, why, until })
        })
    }

    /// Whether some answer shows an asset; what may not be read is there.
    fn is_shown(&self, id: AssetId) -> bool {
        self.inputs.inventory.is_some_and(|inventory| {
            let is_refused = matches!(inventory.assets.get(&id), Some(Seen::Refused { .. }));
            is_refused || inventory.facts(id).is_some()
        })
    }

    /// The same, but for a version stack without files, which is none that is back: V4 deletes the
    /// files in it, and whether the stack goes with the last of them no document says.
    fn is_back(&self, id: AssetId) -> bool {
        let is_emptied = self.inputs.inventory.is_some_and(|inventory| {
            let facts = inventory.facts(id);
            let is_stack = facts.is_some_and(|facts| facts.kind == Kind::VersionStack);
            let places = inventory.places.as_ref();
            let listed = places.and_then(|places| places.contents.get(&id));
            is_stack && (inventory.files_in(id) == Some(0) || listed.is_some_and(Vec::is_empty))
        });
        self.is_shown(id) && !is_emptied
    }

    /// What was seen of an asset, but for a line of the recently deleted that is older than what an
    /// earlier run has seen: somebody has restored it since, and what became of it then is not known.
    fn as_of_now<'seen>(&self, id: AssetId, seen: &'seen Seen) -> &'seen Seen {
        let is_line = matches!(
            seen,
            Seen::Deleted {
                evidence: Evidence::Listed,
                ..
            }
        );
        let inventory = self.inputs.inventory.filter(|_| is_line);
        let line = inventory.and_then(|inventory| inventory.departed.get(&id));
        let alive = self.inputs.state.alive_at(id);
        let is_stale = line
            .zip(alive)
            .is_some_and(|((_, at), alive)| at.as_second() + 1 < alive.as_second());
        if is_stale { &Seen::Missing } else { seen }
    }

    /// The folder with which an asset is on its way out.
    fn leaves(&self, id: AssetId) -> Option<AssetId> {
        // What becomes of what is in a folder no document of v2 says.
        let reads_contents = self.inputs.state.target.api.abilities().reads_contents;
        let read = self.inputs.inventory.filter(|_| reads_contents)?;
        leaving::leaves((self.inputs.state, read), id, self.inputs.now)
    }

    /// The folder with which an asset went that is shown to be deleted, and the run that deleted it.
    fn went(&self, id: AssetId, seen: Option<&Seen>) -> Option<(AssetId, u64)> {
        let read = self.inputs.inventory?;
        leaving::went((self.inputs.state, read), id, seen?)
    }

    /// The assets that were deleted again, and whose entries say so no more. What another manifest
    /// lists, which PATH leaves out, stays as it is.
    pub(super) fn again_over(&self) -> Vec<AssetId> {
        let Inputs {
            manifests, state, ..
        } = self.inputs;
        if state.again.is_empty() {
            return Vec::new();
        }
        let entries = manifests.entries.iter();
        let again = entries.filter(|entry| entry.goes_again());
        let again: BTreeSet<AssetId> = again.map(|entry| entry.id).collect();
        let is_over = |id: &&AssetId| !again.contains(id) && !manifests.elsewhere.contains_key(id);
        state.again.keys().filter(is_over).copied().collect()
    }

    /// What is new of the marks, beside what the state has.
    pub(super) fn marks_since(&self) -> MarksSince {
        let Inputs {
            state, inventory, ..
        } = self.inputs;
        marks::since(&state.marks, &self.marks, inventory)
    }

    /// Whether the custom fields of the account must be read, to know that people can set a mark.
    pub(super) fn needs_definitions(&self) -> bool {
        marks::needs_definitions(self.inputs.inventory)
    }

    /// The held projects of which nothing was read.
    pub(super) fn unread_projects(&self) -> Vec<AssetId> {
        let read = self.inputs.inventory.map(|read| &read.projects);
        let is_read = |id: &AssetId| read.is_some_and(|read| read.contains_key(id));
        let held = self.holds.projects.keys();
        held.filter(|id| !is_read(id)).copied().collect()
    }

    /// Decides upon each asset, in the order of the ids.
    pub(super) fn decided(&self) -> impl Iterator<Item = Decided<'_>> {
        let Inputs {
            manifests,
            state,
            inventory,
            check_retired: _,
            rules,
            now,
        } = self.inputs;
        let mut listed: Vec<&Entry> = manifests.entries.iter().collect();
        // What was read is in order already, which the sort finds out in one pass.
        listed.sort_unstable_by_key(|entry| entry.id);
        let mut listed = listed.into_iter().peekable();
        let mut recorded = state.assets.iter().peekable();
        let next = move || {
            let first = [
                listed.peek().map(|entry| entry.id),
                recorded.peek().map(|(id, _)| **id),
            ];
            let id = first.into_iter().flatten().min()?;
            let entry = listed.next_if(|entry| entry.id == id);
            let record = recorded.next_if(|(known, _)| **known == id);
            let freed = self.freed.get(&id).filter(|_| entry.is_some());
            let known = record.map(|(_, record)| self.returned.get(&id).unwrap_or(record));
            let case = Case {
                entry,
                // What goes again with what it lies in is as if it had not gone before.
                record: known.filter(|_| freed.is_none()),
                hold: self.holds.assets.get(&id),
                mark: self.marks.get(&id),
                seen: inventory
                    .and_then(|inventory| inventory.assets.get(&id))
                    .map(|seen| self.as_of_now(id, seen))
                    .or(freed),
                is_there: self.is_back(id),
                again: state.again.get(&id).copied(),
                was_in: state.catalogue.parent(id),
                files: inventory.and_then(|inventory| inventory.files_in(id)),
                held: state.files.get(&id),
                is_unopened: self.asks
                    && inventory.is_some_and(|inventory| !inventory.contents.contains_key(&id)),
                is_checked: false,
                leaves: self.leaves(id),
                went: None,
            };
            let reads_all = state.target.api.abilities().reads_contents;
            let is_compared = || case.entry.is_some_and(|entry| entry.is_compared(reads_all));
            let is_checked =
                inventory.is_some_and(|inventory| inventory.asked_all || is_compared());
            let case = Case {
                is_checked,
                went: self.went(id, case.seen),
                ..case
            };
            // Whatever is listed or recorded has a decision.
            let aside = decide_aside(case, || around(id, state, inventory), now);
            let decision = aside.or_else(|| decide(case, rules, now))?;
            Some(Decided { id, case, decision })
        };
        // What another manifest lists is not forgotten because this run leaves that one out, nor is
        // a file of a listed version stack that is not done with.
        let entries = &manifests.entries;
        let is_listed = |id: &AssetId| {
            manifests.elsewhere.contains_key(id) || entries.iter().any(|entry| entry.id == *id)
        };
        let open = state.files.iter().filter(|(stack, _)| is_listed(stack));
        let members: BTreeSet<AssetId> = open.flat_map(|(_, files)| files).copied().collect();
        let stays = move |decided: &Decided<'_>| {
            let id = decided.id;
            let is_elsewhere = manifests.elsewhere.contains_key(&id);
            match decided.decision {
                Decision::Forget => is_elsewhere || members.contains(&id),
                // What is moved aside is read, and no part of what is planned all the same.
                Decision::Unstage | Decision::Rescued | Decision::Record { .. } => {
                    is_elsewhere && decided.case.entry.is_none()
                }
                Decision::Retire
                | Decision::Retry { .. }
                | Decision::Missing
                | Decision::Unreadable { .. }
                | Decision::Blocked { .. }
                | Decision::Resolve { .. }
                | Decision::Defer { .. }
                | Decision::Covered { .. }
                | Decision::Staged { .. }
                | Decision::Held { .. }
                | Decision::Unread
                | Decision::Mismatch(_)
                | Decision::Drift { .. }
                | Decision::Unchanged { .. } => false,
            }
        };
        iter::from_fn(next).filter(move |decided| !stays(decided))
    }
}

/// What goes again though it was deleted before: its entry says so, and that is not used up. A
/// delete that was refused, or not answered, is tried anew by the same line.
fn again(inputs: Inputs<'_>) -> BTreeSet<AssetId> {
    let Inputs {
        manifests, state, ..
    } = inputs;
    let entries = manifests.entries.iter();
    let again = entries.filter(|entry| entry.goes_again());
    let is_used = |id: &AssetId| {
        let record = state.assets.get(id);
        let recorded = record.and_then(|record| Recorded::of(&record.status));
        recorded.is_some() && state.again.contains_key(id)
    };
    let again = again.filter(|entry| !is_used(&entry.id));
    again.map(|entry| entry.id).collect()
}

/// What is recorded as deleted, is there, and lies in something that goes again, however deep.
fn freed(inputs: Inputs<'_>) -> BTreeMap<AssetId, Seen> {
    let again = again(inputs);
    let Some(inventory) = inputs.inventory.filter(|_| !again.is_empty()) else {
        return BTreeMap::new();
    };
    let lies = |id: AssetId| {
        let lies = inventory.places.as_ref().and_then(|all| all.lies.get(&id));
        let parent = lies.and_then(Lies::parent);
        parent.or_else(|| inventory.facts(id)?.parent)
    };
    let is_inside = |id: AssetId| {
        let mut passed = BTreeSet::from([id]);
        let mut above = lies(id);
        while let Some(here) = above.filter(|here| passed.insert(*here)) {
            if again.contains(&here) {
                return true;
            }
            above = lies(here);
        }
        false
    };
    let recorded = inputs.state.assets.iter();
    let recorded = recorded.filter(|(_, record)| Recorded::of(&record.status).is_some());
    let back = recorded.filter_map(|(id, _)| Some((*id, inventory.facts(*id)?)));
    back.filter(|(id, _)| is_inside(*id))
        .map(|(id, facts)| (id, Seen::There(facts.clone())))
        .collect()
}

impl<'walk> Decided<'walk> {
    /// What was read of the asset, where it is there.
    pub(super) fn facts(&self) -> Option<&'walk Facts> {
        self.case.seen?.facts()
    }

    /// What sort of asset it is, as the manifest says, else the server.
    pub(super) fn kind(&self) -> Option<Kind> {
        let said = self.case.entry.and_then(Entry::kind);
        said.or_else(|| Some(self.facts()?.kind))
    }

    /// What the plan says of the asset; of what kind it is, also where only the server says so.
    pub(super) fn step(self) -> Step {
        let entry = self.case.entry;
        let said = entry.and_then(|entry| entry.details.as_ref());
        let kind = self.kind();
        let details = if kind.is_some() && entry.and_then(Entry::kind).is_none() {
            let said = said.map_or_else(Details::default, |said| Details::clone(said));
            Some(Arc::new(Details { kind, ..said }))
        } else {
            said.cloned()
        };
        Step {
            id: self.id,
            decision: self.decision,
            details,
            spot: entry.map(|entry| entry.spot),
        }
    }
}
