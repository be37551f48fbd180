//! The folders and version stacks of the world of random histories, and the plans made for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apply::tests::bench::plan_of;
use crate::apply::tests::world::{World, asset};
use crate::asset::{AssetId, Kind};
use crate::event::Subject;
use crate::inventory::{Facts, Inventory, Lies, Seen};
use crate::manifest::document::{Details, Entry, Hold, Manifests, Release, Spot};
use crate::plan::approve::{Approved, Consent, approve};
use crate::state::State;

/// How many assets the world has.
pub(super) const WORLD: u128 = 24;

/// What the model knows: what people and the server want, and nothing of how it is done.
#[derive(Debug, Clone, Default)]
pub(super) struct Wishes {
    pub(super) listed: BTreeSet<u128>,
    pub(super) held: BTreeSet<u128>,
    pub(super) refused: BTreeSet<u128>,
}

/// What the world's folders and version stacks hold; 22 lies in a folder.
pub(super) const TREE: [(u128, Kind, &[u128]); 5] = [
    (20, Kind::Folder, &[1, 2, 3]),
    (21, Kind::Folder, &[4, 22]),
    (22, Kind::VersionStack, &[5, 6]),
    (23, Kind::VersionStack, &[7, 8, 9]),
    (24, Kind::VersionStack, &[10]),
];

/// What a run finds out before it plans: where all lies, and what is in it.
fn inventory(world: &World) -> Inventory {
    let all = (1..=WORLD).map(asset);
    let mut inventory = Inventory::flat(all.clone());
    let Some(places) = &mut inventory.places else {
        return inventory;
    };
    for id in all.filter(|id| world.lives(*id)) {
        let kind = world.kind(id);
        places.kinds.insert(id, kind);
        if let Some(parent) = world.parent(id) {
            places.lies.insert(id, Lies::In(parent));
        }
        let files = world.children(id).iter().copied();
        let files: Vec<AssetId> = files.filter(|id| world.lives(*id)).collect();
        if kind == Kind::VersionStack {
            let facts = Facts {
                files: Some(files.as_slice().into()),
                ..Facts::of_kind(kind)
            };
            inventory.assets.insert(id, Seen::There(facts));
        }
        if kind != Kind::File {
            places.contents.insert(id, files);
        }
    }
    for id in world.ghosts.keys().copied() {
        let facts = Facts {
            parent: world.parent(id),
            ..Facts::of_kind(world.kind(id))
        };
        inventory.assets.insert(id, Seen::There(facts));
    }
    places.listed_whole = true;
    inventory
}

pub(super) fn planned(state: &State, wishes: &Wishes, world: &World) -> Approved {
    let spot = Spot {
        file: 0,
        line: 1,
        column: 1,
    };
    let entry = |number: &u128| Entry {
        id: asset(*number),
        spot,
        details: match world.kind(asset(*number)) {
            Kind::File => None,
            kind @ (Kind::Folder | Kind::VersionStack) => Some(Arc::new(Details {
                kind: Some(kind),
                ..Details::default()
            })),
        },
    };
    let hold = |number: &u128| Hold {
        id: asset(*number),
        spot,
        reason: Arc::from("legal"),
        until: None,
    };
    // The state keeps a hold until somebody releases it.
    let is_held = |held: &Subject| {
        wishes
            .held
            .iter()
            .any(|n| *held == Subject::Asset(asset(*n)))
    };
    let released = state.holds.keys().filter(|held| !is_held(held));
    let release = |held: &Subject| Release {
        held: *held,
        spot,
        reason: Arc::from("closed"),
        ticket: None,
    };
    let manifests = Manifests {
        entries: wishes.listed.iter().map(entry).collect(),
        holds: wishes.held.iter().map(hold).collect(),
        releases: released.map(release).collect(),
        ..Manifests::default()
    };
    let mut inventory = inventory(world);
    if let Some(places) = &mut inventory.places {
        let kept = wishes.held.iter().map(|number| (asset(*number), true));
        places.held = kept.collect();
    }
    let mut plan = plan_of(&manifests, state, &inventory);
    plan.cover(state.target.api);
    approve(&plan, Consent::Auto, false).unwrap()
}
