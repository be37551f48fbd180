//! What a staging folder holds, beside what was moved into it.

use std::collections::{BTreeMap, BTreeSet};

use crate::asset::{AssetId, Kind};
use crate::digest::Sha256;
use crate::event::Other;
use crate::inventory::{Contents, Inventory};
use crate::outcome::{Aside, Phase};
use crate::plan::about::{Inside, Look};
use crate::state::State;

/// What is other in a staging folder than what was recorded of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// In it, and nobody moved them there.
    pub(super) foreign: Vec<AssetId>,
    /// Recorded, by themselves or in something that was moved there, and not in it any more.
    pub(super) away: Vec<AssetId>,
    /// In it, and other than recorded, each with what is other.
    pub(super) other: BTreeMap<AssetId, Other>,
    /// In it by themselves, as recorded or not.
    pub(super) there: Vec<AssetId>,
}

impl Differences {
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            foreign,
            away,
            other,
            there: _,
        } = self;
        foreign.is_empty() && away.is_empty() && other.is_empty()
    }
}

/// Compares what a list shows to be in a staging folder with what is recorded of it; nothing where
/// that was not listed to its end.
///
/// `marked` are those of what was read that people have marked since.
pub(super) fn compare(
    folder: AssetId,
    state: &State,
    read: &Inventory,
    marked: &BTreeSet<AssetId>,
) -> Option<Differences> {
    let Some(Contents::Whole(inside)) = read.contents.get(&folder) else {
        return None;
    };
    let recorded: BTreeMap<AssetId, &Aside> = recorded(state, folder).collect();
    let project = state.staging(folder)?.project;
    let mut parents: BTreeMap<AssetId, AssetId> = BTreeMap::new();
    for id in inside.iter() {
        parents.insert(*id, read.parent_of(*id)?);
    }
    let mut found = Differences::default();
    let top_of = |id: AssetId| {
        let mut here = id;
        let mut passed = BTreeSet::from([id]);
        while let Some(parent) = parents.get(&here) {
            if *parent == folder {
                return Some(here);
            }
            here = *parent;
            if !passed.insert(here) {
                return None;
            }
        }
        None
    };
    let mut within: BTreeMap<AssetId, BTreeSet<AssetId>> = BTreeMap::new();
    for id in inside.iter().copied() {
        let top = top_of(id)?;
        if top == id {
            if !recorded.contains_key(&id) {
                found.foreign.push(id);
            }
        } else {
            within.entry(top).or_default().insert(id);
        }
        if marked.contains(&id) {
            found.other.insert(top, Other::Kept);
        }
    }
    for (id, aside) in &recorded {
        if parents.get(id) != Some(&folder) {
            // What may never have been moved is looked for by the next plan.
            if aside.phase != Phase::Moving {
                found.away.push(*id);
            }
            continue;
        }
        found.there.push(*id);
        let taken = along(state, *id).filter(|inner| !parents.contains_key(inner));
        found.away.extend(taken);
        let inner = within.get(id);
        if let Some(other) = difference((*id, aside), state, (read, inner), project) {
            found.other.entry(*id).or_insert(other);
        }
    }
    found.other.retain(|id, _| recorded.contains_key(id));
    Some(found)
}

/// In what all that is in a folder lies, as far as that is known.
pub(super) fn parents_in(folder: AssetId, read: &Inventory) -> BTreeMap<AssetId, Option<AssetId>> {
    let Some(Contents::Whole(inside)) = read.contents.get(&folder) else {
        return BTreeMap::new();
    };
    let inside = inside.iter();
    inside.map(|id| (*id, read.parent_of(*id))).collect()
}

/// What was moved into a staging folder by itself.
pub(super) fn recorded(state: &State, folder: AssetId) -> impl Iterator<Item = (AssetId, &Aside)> {
    let records = state.assets.iter();
    let asides = records.filter_map(|(id, record)| Some((*id, record.status.aside()?)));
    asides.filter(move |(_, aside)| aside.into == folder)
}

/// What is recorded of what lies in something that is moved aside.
pub(super) fn along(state: &State, id: AssetId) -> impl Iterator<Item = AssetId> {
    let inside = state.files.get(&id).into_iter().flatten().copied();
    inside.filter(|inner| state.aside(*inner).is_some())
}

/// What of kind, name, size, project and what is in it is other than recorded.
fn difference(
    (id, aside): (AssetId, &Aside),
    state: &State,
    (read, inner): (&Inventory, Option<&BTreeSet<AssetId>>),
    project: AssetId,
) -> Option<Other> {
    let Some(facts) = read.facts(id).filter(|facts| facts.kind == aside.asset) else {
        return Some(Other::Unread);
    };
    if facts.project.is_some_and(|said| said != project) {
        return Some(Other::Moved);
    }
    let known = state.catalogue.get(id).unwrap_or_default();
    if facts.name != known.name {
        return Some(Other::Renamed);
    }
    let none = BTreeSet::new();
    let inner = inner.unwrap_or(&none);
    let recorded = state.files.get(&id).unwrap_or(&none);
    if let Some(new) = inner.difference(recorded).next() {
        return Some(Other::Grown(*new));
    }
    if inner != recorded || aside.inside.is_some_and(|was| was != digest(inner, read)) {
        return Some(Other::Contents);
    }
    let bytes = match facts.kind {
        Kind::File => facts.bytes,
        Kind::Folder | Kind::VersionStack => Some(
            inner
                .iter()
                .filter_map(|id| read.facts(*id))
                .filter(|facts| facts.kind == Kind::File)
                .filter_map(|facts| facts.bytes)
                .fold(0, u64::saturating_add),
        ),
    };
    let is_same_size = known.bytes.is_none() || bytes == known.bytes;
    (!is_same_size).then_some(Other::Resized)
}

/// A hash of what is in something, each with what it is like now.
fn digest(inner: &BTreeSet<AssetId>, read: &Inventory) -> Sha256 {
    let ids: Vec<AssetId> = inner.iter().copied().collect();
    let looks: Vec<Look> = ids.iter().map(|id| Look::of(read.facts(*id))).collect();
    Sha256(Inside::digest_of(&ids, &looks))
}
