//! A hold around what something was moved out of, or around where it waits, has it moved back at once.

use std::collections::BTreeMap;

use crate::asset::AssetId;
use crate::inventory::{Connections, Inventory, Lies, Places};
use crate::plan::decide::{Decision, Path, Why};
use crate::plan::holds::InForce;
use crate::plan::model::{Held, Plan};
use crate::plan::shelter::project::in_project;
use crate::plan::shelter::{End, Walk, stay};
use crate::state::State;

/// Turns what waits aside into what stays, where it lies in something held, or lay in that before this
/// program moved it: it is moved back whatever its date says. Where what it lay in is not shown to be
/// there it waits on, since it has nowhere to go back to.
pub(crate) fn move_back_waiting(
    plan: &mut Plan,
    held: &InForce,
    (inventory, places, state): (&Inventory, &Places, &State),
) {
    let walk = Walk { places };
    let holds = plan.held.iter();
    let holds = holds.filter(|held| matches!(held.why, Why::Hold(_)));
    let holds: BTreeMap<AssetId, &Held> =
        holds.map(|held| (walk.known_as(held.id), held)).collect();
    let waiting = plan.steps.iter();
    let waiting = waiting.filter(|step| matches!(step.decision, Decision::Staged { .. }));
    let found = waiting.filter_map(|step| {
        let id = step.id;
        let home = walk.way_home(id, state)?;
        let around = [walk.up(id).ids, home].into_iter().find_map(|ids| {
            let (depth, by) = find(&ids, &holds)?;
            Some(((*by).clone(), walk.path(&ids[..=depth])))
        });
        Some((id, around.or_else(|| in_project(id, held, inventory))?))
    });
    let found: Vec<(AssetId, (Held, Path))> = found.collect();
    for (id, (by, path)) in found {
        stay(plan, id, &by, path);
    }
}

/// Keeps what is due and lay where nobody can look: a hold may be on something around that.
pub(super) fn keep_homeless(
    plan: &mut Plan,
    wanted: &Connections,
    (walk, state): (&Walk<'_>, &State),
) {
    if wanted.holds.is_empty() {
        return;
    }
    for id in &wanted.listed {
        if let Some((at, path)) = walk.lost_home(*id, state) {
            let (why, until) = (Why::Unread, None);
            stay(plan, *id, &Held { id: at, why, until }, path);
        }
    }
}

/// The innermost of some assets that is held, and how deep it is.
fn find<'held>(
    ids: &[AssetId],
    holds: &BTreeMap<AssetId, &'held Held>,
) -> Option<(usize, &'held Held)> {
    let mut ids = ids.iter().enumerate();
    ids.find_map(|(depth, id)| Some((depth, *holds.get(id)?)))
}

impl Walk<'_> {
    /// Where the way up from where an asset lay that was moved aside is lost, and what is known of it.
    fn lost_home(&self, id: AssetId, state: &State) -> Option<(AssetId, Path)> {
        let home = self.home(id, state)?;
        let End::Broken(at, _) = home.end else {
            return None;
        };
        Some((at, self.path(&home.ids)))
    }

    /// The way up from where an asset lay that waits aside, as far as all on it is shown to be there;
    /// nothing where not even what it lay in is.
    fn way_home(&self, id: AssetId, state: &State) -> Option<Vec<AssetId>> {
        let is_there = |id: &AssetId| {
            let lies = self.places.lies.get(id);
            matches!(lies, Some(Lies::In(_) | Lies::AtTop))
        };
        let chain = self.up(state.home(id)?);
        let there = chain.ids.into_iter().take_while(is_there);
        let home: Vec<AssetId> = [id].into_iter().chain(there).collect();
        (home.len() > 1).then_some(home)
    }
}
