//! What is protected stays, whatever folder or version stack around it is listed. Pure.
//!
//! A delete of a folder takes all that is in it. So whatever must stay keeps each folder and
//! stack that it lies in, and a hold on a folder or stack keeps all that is in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::asset::AssetId;
use crate::inventory::{Connections, Lies, Places};
use crate::plan::decide::{Decision, Path, Waypoint, Why};
use crate::plan::model::{Held, Plan, Shelter, Unplaced, Unsettled};
use crate::plan::walk::Inputs;
use crate::plan::wanted;
use crate::state::{State, Status};

mod aside;
mod project;
mod unrecorded;

#[cfg(test)]
mod tests;

use aside::keep_homeless;
pub(super) use aside::move_back_waiting;
pub(super) use project::{keep_projects, place_projects, unread_projects};
pub(super) use unrecorded::keep_unrecorded;

/// What is said of an asset that the server does not know.
const MISSING: &str = "the server does not know it, and nothing shows that it is deleted";

/// What stays, with what keeps it and the way there.
type Kept = HashMap<AssetId, (AssetId, Path)>;

/// What of a plan may be connected with something protected; nothing where nothing can be.
pub(super) fn connections(plan: &Plan, inputs: Inputs<'_>) -> Option<Connections> {
    let steps = plan.steps.iter();
    let decided = steps.map(|step| {
        let kind = inputs.kind_of(step.id, step.kind());
        (step.id, &step.decision, kind)
    });
    wanted::connections(decided, &plan.held)
}

/// Keeps what is connected with something protected, by where all of it lies.
///
/// `at` says where a manifest protects an asset.
pub(super) fn keep(
    plan: &mut Plan,
    (places, inputs): (&Places, Inputs<'_>),
    at: impl Fn(AssetId) -> Option<Arc<str>>,
) {
    let walk = Walk { places };
    let guards = guards(plan);
    let mut kept = under_other_ids(plan, &walk, &guards);
    let Some(wanted) = connections(plan, inputs) else {
        plan.shelter = Shelter::NotNeeded;
        hold_back(plan, kept, &guards);
        return;
    };
    let unplaced = |id: &AssetId, detail: &Arc<str>| Unplaced {
        id: *id,
        why: guards
            .get(id)
            .map_or(Why::Blocked, |guard| guard.why.clone()),
        at: at(*id),
        detail: Arc::clone(detail),
    };
    // Whatever has something in it is no file, whatever its entry says.
    let listed: BTreeSet<AssetId> = wanted.listed.iter().copied().collect();
    let only_files = wanted.containers.is_empty();
    let within = if only_files {
        &wanted.holds
    } else {
        &wanted.protected
    };
    // What may not be read has failed by itself: it keeps what is known to hold it, and no more.
    let is_unreadable = |id: AssetId| {
        let step = plan.steps.binary_search_by_key(&id, |step| step.id);
        step.is_ok_and(|at| matches!(plan.steps[at].decision, Decision::Unreadable { .. }))
    };
    // What waits for its date, and was to be deleted before by a delete that nobody has answered, is
    // no mistyped id: most probably it went.
    let went = |id: AssetId, at: AssetId| {
        let is_deferred = |guard: &Held| matches!(guard.why, Why::Deferred);
        let record = inputs.state.assets.get(&id);
        at == id
            && guards.get(&id).is_some_and(is_deferred)
            && record.is_some_and(|record| matches!(record.status, Status::Unknown { .. }))
            && places.lies.get(&id) == Some(&Lies::Missing)
    };
    let mut lost = Vec::new();
    for id in within {
        let chain = walk.up(*id);
        for (depth, around) in chain.ids.iter().enumerate().skip(1) {
            if listed.contains(around) {
                kept.entry(*around)
                    .or_insert_with(|| (*id, walk.path(&chain.ids[..=depth])));
            }
        }
        // What is moved back must find what it lay in.
        let waits = plan
            .step(*id)
            .is_some_and(|step| matches!(step.decision, Decision::Staged { .. }));
        if let Some(home) = walk.home(*id, inputs.state).filter(|_| !waits) {
            for (depth, around) in home.ids.iter().enumerate().skip(1) {
                if listed.contains(around) {
                    kept.entry(*around)
                        .or_insert_with(|| (*id, walk.path(&home.ids[..=depth])));
                }
            }
        }
        // Where every listed folder was listed to the end, what is in none of them is elsewhere,
        // unless it is deleted: no list shows it then, and it may be restored into one of them.
        if let End::Broken(at, why) = &chain.end
            && !only_files
            && !is_unreadable(*id)
            && !went(*id, *at)
            && !is_over(*id, places, inputs.state)
            && (at == id && walk.was_asked(*id)
                || chain.is_deleted
                || chain.is_circle
                || !places.listed_whole)
        {
            lost.push(unplaced(id, why));
        }
    }
    let mut unclear: BTreeMap<AssetId, usize> = BTreeMap::new();
    for id in &wanted.listed {
        let chain = walk.up(*id);
        if let Some(holder) = walk.holder(*id, &chain, inputs.state) {
            kept.insert(*id, holder);
        } else if plan.absent.contains(id) {
            // The run reads it, and deletes nothing.
        } else if let End::Broken(..) = chain.end {
            // A list shows an asset by its UUID, which is not known of what was not read.
            let shown = !id.is_adobe() || walk.was_asked(*id);
            for (held, _) in places.held.iter().filter(|(_, whole)| !**whole || !shown) {
                *unclear.entry(*held).or_default() += 1;
            }
        }
    }
    let unread = unclear.into_iter().map(|(id, listed)| {
        let unlisted = || places.unlisted.get(&id).cloned();
        let detail = match places.lies.get(&id) {
            Some(Lies::Unread(why)) => Arc::clone(why),
            Some(Lies::Missing) => Arc::from(MISSING),
            Some(Lies::In(_) | Lies::AtTop | Lies::Deleted { .. }) | None => {
                unlisted().unwrap_or_else(|| Arc::from("what is in it was not listed to its end"))
            }
        };
        (unplaced(&id, &detail), listed)
    });
    plan.shelter = Shelter::Checked {
        unplaced: lost,
        unread: unread.collect(),
    };
    hold_back(plan, kept, &guards);
    keep_homeless(plan, &wanted, (&walk, inputs.state));
}

/// Whether a run has deleted what is protected, so that nothing is in it: it keeps what was moved out
/// of it before.
fn is_over(id: AssetId, places: &Places, state: &State) -> bool {
    let record = state.assets.get(&id);
    let is_deleted =
        record.is_some_and(|record| matches!(record.status, Status::Retired(_) | Status::Gone(_)));
    let lies = places.lies.get(&id);
    is_deleted && matches!(lies, Some(Lies::Missing | Lies::Deleted { .. }))
}

/// What is protected under another of its ids than the one by which it is listed: `adobe:` and the
/// UUID of one asset are two entries, and what the one says the other keeps.
fn under_other_ids(plan: &Plan, walk: &Walk<'_>, guards: &HashMap<AssetId, Held>) -> Kept {
    let path = |id: AssetId| walk.path(&[id]);
    let aliases = guards.keys().map(|id| (*id, walk.known_as(*id)));
    let aliases = aliases.filter(|(id, alias)| alias != id);
    let mut kept: Kept = aliases
        .map(|(id, alias)| (alias, (id, path(alias))))
        .collect();
    let deleted = plan.steps.iter().filter(|step| step.decision.may_delete());
    for id in deleted.map(|step| step.id) {
        let alias = walk.known_as(id);
        if alias != id && guards.contains_key(&alias) {
            kept.insert(id, (alias, path(id)));
        }
    }
    kept
}

/// Turns what is connected with something protected into what stays.
fn hold_back(plan: &mut Plan, kept: Kept, guards: &HashMap<AssetId, Held>) {
    // In the order of the ids, as the plan is.
    let kept: BTreeMap<_, _> = kept.into_iter().collect();
    for (id, (by, path)) in kept {
        if let Some(guard) = guards.get(&by) {
            stay(plan, id, guard, path);
        }
    }
}

/// Turns what may be deleted, now or later, into what stays, since it is connected with something
/// protected.
fn stay(plan: &mut Plan, id: AssetId, by: &Held, path: Path) {
    let Ok(at) = plan.steps.binary_search_by_key(&id, |step| step.id) else {
        return;
    };
    let step = &mut plan.steps[at];
    // What is not to be deleted says by itself why.
    let waits = matches!(step.decision, Decision::Staged { .. });
    if !step.decision.may_delete() && !waits {
        return;
    }
    let held = Decision::Held {
        why: by.why.clone(),
        until: by.until,
        path: Some(Arc::new(path)),
    };
    plan.totals.recount(&step.decision, &held);
    if let Decision::Resolve {
        attempts: attempts @ 1..,
        ..
    } = step.decision
    {
        let kind = step.kind();
        plan.unsettled.push(Unsettled {
            id,
            kind,
            attempts,
            with: None,
        });
    }
    plan.stacks.remove(&id);
    step.decision = held;
}

/// What protects, by asset; a hold counts before what the asset itself waits for.
fn guards(plan: &Plan) -> HashMap<AssetId, Held> {
    let waiting = plan.steps.iter().filter_map(|step| {
        let (why, until) = step.decision.waits()?;
        let id = step.id;
        Some((id, Held { id, why, until }))
    });
    let held = plan.held.iter().map(|held| (held.id, held.clone()));
    waiting.chain(held).collect()
}

/// Walks from assets up to the tops of their projects.
struct Walk<'places> {
    places: &'places Places,
}

/// An asset and what is around it, from the inside out.
struct Chain {
    ids: Vec<AssetId>,
    /// Whether one of them is deleted.
    is_deleted: bool,
    /// Whether it comes back to where it has been: then no answer says where anything of it lies.
    is_circle: bool,
    end: End,
}

/// Where a chain ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// At the top of a project.
    Top,
    /// Somewhere below, at an asset whose place is not known.
    Broken(AssetId, Arc<str>),
}

impl End {
    fn broken(at: AssetId, why: &str) -> Self {
        Self::Broken(at, Arc::from(why))
    }
}

impl Walk<'_> {
    /// The id by which an asset is asked for.
    fn known_as(&self, id: AssetId) -> AssetId {
        self.places.same.get(&id).copied().unwrap_or(id)
    }

    /// Whether an asset itself was read, and not only its parents were wanted.
    fn was_asked(&self, id: AssetId) -> bool {
        self.places.lies.contains_key(&id)
    }

    fn up(&self, id: AssetId) -> Chain {
        self.up_by(id, |_| None)
    }

    /// The same, where somebody else knows in what lay what no answer places.
    fn up_by(&self, id: AssetId, known: impl Fn(AssetId) -> Option<AssetId>) -> Chain {
        let mut ids = vec![id];
        let mut passed = HashSet::from([id]);
        let mut here = id;
        let (mut is_deleted, mut is_circle) = (false, false);
        let end = loop {
            let lies = self.places.lies.get(&here);
            is_deleted |= matches!(lies, Some(Lies::Deleted { .. }));
            let parent = lies.and_then(Lies::parent);
            let known = || known(here).filter(|_| lies != Some(&Lies::AtTop));
            if let Some(parent) = parent.or_else(known) {
                here = self.known_as(parent);
                if !passed.insert(here) {
                    is_circle = true;
                    break End::broken(here, "what is around it leads round in a circle");
                }
                ids.push(here);
                continue;
            }
            match lies {
                Some(Lies::AtTop) => break End::Top,
                Some(Lies::Missing) => break End::broken(here, MISSING),
                Some(Lies::Unread(why)) => break End::Broken(here, Arc::clone(why)),
                Some(Lies::In(_) | Lies::Deleted { .. }) => {
                    break End::broken(here, "it is deleted, and nothing says what it lay in");
                }
                None => break End::broken(here, "it was not read"),
            }
        };
        Chain {
            ids,
            is_deleted,
            is_circle,
            end,
        }
    }

    /// What is held around an asset, and the way there. A hold keeps what this program has moved out
    /// of what is held.
    fn holder(&self, id: AssetId, chain: &Chain, state: &State) -> Option<(AssetId, Path)> {
        let home = self.home(id, state);
        [Some(chain), home.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|chain| {
                let mut around = chain.ids.iter().enumerate().skip(1);
                let found = around.find(|(_, around)| self.places.held.contains_key(around));
                found.map(|(depth, holder)| (*holder, self.path(&chain.ids[..=depth])))
            })
    }

    /// The way up from where an asset lay that was moved aside. What is around that may be deleted
    /// by then.
    fn home(&self, id: AssetId, state: &State) -> Option<Chain> {
        let mut home = self.up_by(state.home(id)?, |id| state.catalogue.parent(id));
        home.ids.insert(0, id);
        Some(home)
    }

    /// The way from the last of some assets, which is the outermost, to the first.
    fn path(&self, inside_out: &[AssetId]) -> Path {
        let waypoint = |id: &AssetId| Waypoint {
            id: *id,
            name: self.places.names.get(id).cloned(),
        };
        Path(inside_out.iter().rev().map(waypoint).collect())
    }
}
