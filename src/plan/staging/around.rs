//! What has become of that in which something waits: somebody may have taken it out with all that is
//! in it, and a move back that nobody answered may have come true.

use std::collections::BTreeSet;

use crate::asset::AssetId;
use crate::inventory::Inventory;
use crate::outcome::Phase;
use crate::state::{State, Status};

/// How what an asset was moved aside with stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// It waits, as far as anybody knows.
    Waits,
    /// Somebody has taken it out, or something around it.
    Out,
    /// It is back where it was.
    Home,
}

/// How what an asset lies in stands, by what is recorded and what was read of it.
pub(crate) fn around(id: AssetId, state: &State, read: Option<&Inventory>) -> Around {
    let mut passed = BTreeSet::from([id]);
    let mut above = state.aside(id).map(|aside| aside.into);
    while let Some(here) = above.filter(|here| passed.insert(*here)) {
        let record = state.assets.get(&here);
        if record.is_some_and(|record| record.status == Status::Rescued) {
            return Around::Out;
        }
        let seen = read.and_then(|read| read.facts(here));
        if let (Some(aside), Some(parent)) =
            (state.aside(here), seen.and_then(|facts| facts.parent))
            && aside.into != parent
        {
            if aside.phase != Phase::Moving {
                return Around::Out;
            }
            if state.catalogue.parent(here) == Some(parent) {
                return Around::Home;
            }
        }
        above = state.lay_in(here);
    }
    if read.is_some_and(|read| is_out(id, state, read)) {
        Around::Out
    } else {
        Around::Waits
    }
}

/// Whether all that was read around an asset leads up to the top of its project, past every staging
/// folder: somebody has taken out what it lies in, and nothing need be recorded of that.
fn is_out(id: AssetId, state: &State, read: &Inventory) -> bool {
    let is_top = |id: AssetId| read.projects.values().any(|one| one.root == Some(id));
    let mut passed = BTreeSet::new();
    let mut here = id;
    while passed.insert(here) && !state.is_staging(here) {
        let parent = read.facts(here).and_then(|facts| facts.parent);
        match parent {
            _ if is_top(here) => return true,
            Some(parent) => here = parent,
            // Nobody knows what is around it.
            None => return false,
        }
    }
    false
}

/// Whether a reading shows an asset elsewhere than where its record says that it waits, for itself or
/// with what it was moved with.
pub(super) fn is_elsewhere(id: AssetId, state: &State, read: Option<&Inventory>) -> bool {
    let Some(aside) = state.aside(id) else {
        return false;
    };
    let facts = read.and_then(|read| read.facts(id));
    let parent = facts.and_then(|facts| facts.parent);
    parent.is_some_and(|parent| parent != aside.into || around(id, state, read) != Around::Waits)
}
