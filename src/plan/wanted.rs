//! What must be read of the live assets before a plan can be made. Pure.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use crate::asset::{AssetId, Kind};
use crate::inventory::Connections;
use crate::plan::decide::Decision;
use crate::plan::model::Held;
use crate::plan::walk::{Inputs, Walk};
use crate::state::Api;

/// What must be read, beyond what was read already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// V4: the assets that are to be deleted.
    pub assets: Vec<(AssetId, Option<Kind>)>,
    /// What lies in others, or around them; with v2 only where something protected may.
    pub connections: Option<Connections>,
}

impl Wanted {
    /// Whether nothing must be read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.assets.is_empty() && self.connections.is_none()
    }
}

/// Says what must be read before the plan is made.
///
/// What is connected depends on the kinds and on what is deleted already: it is asked for again
/// once the assets were read, with them as the inventory.
#[must_use]
pub fn wanted(inputs: Inputs<'_>) -> Wanted {
    let walk = Walk::new(inputs);
    let is_v4 = inputs.state.target.api == Api::V4;
    let mut assets = Vec::new();
    let decided = walk.decided().map(|decided| {
        let kind = decided.kind();
        if is_v4 && decided.case.seen.is_none() && decided.decision.may_delete() {
            assets.push((decided.id, kind));
        }
        (decided.id, decided.decision, kind)
    });
    let connections = if is_v4 {
        // All that is deleted is shown with what is in it and with what it lies in.
        Some(sorted_out(decided, &walk.held())).filter(|found| !found.listed.is_empty())
    } else {
        connections(decided, &walk.held())
    };
    Wanted {
        assets,
        connections,
    }
}

/// Finds what may be connected among what is decided of assets, each with its kind.
pub(super) fn connections<D: Borrow<Decision>>(
    decided: impl Iterator<Item = (AssetId, D, Option<Kind>)>,
    held: &[Held],
) -> Option<Connections> {
    let found = sorted_out(decided, held);
    let connects = !found.holds.is_empty() || !found.protected.is_empty();
    (connects && !found.listed.is_empty()).then_some(found)
}

/// Sorts out what is to be deleted and what is protected among what is decided of assets.
fn sorted_out<D: Borrow<Decision>>(
    decided: impl Iterator<Item = (AssetId, D, Option<Kind>)>,
    held: &[Held],
) -> Connections {
    let mut found = Connections::default();
    let mut holds: BTreeSet<AssetId> = held.iter().map(|held| held.id).collect();
    let mut waits = Vec::new();
    for (id, decision, kind) in decided {
        let decision = decision.borrow();
        if decision.may_delete() {
            found.listed.push(id);
            if kind != Some(Kind::File) {
                found.containers.push((id, kind));
            }
        } else if decision.waits().is_some() {
            waits.push(id);
        }
        if kind == Some(Kind::File) {
            holds.remove(&id);
        }
    }
    found.holds = holds.into_iter().collect();
    if !found.containers.is_empty() {
        found.protected = held.iter().map(|held| held.id).chain(waits).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::inventory::{Facts, Inventory, Seen};
    use crate::manifest::document::{Details, Entry, Hold, Manifests, Spot};
    use crate::plan::decide::Rules;
    use crate::state::{Record, State, Status, Target};

    const SPOT: Spot = Spot {
        file: 0,
        line: 1,
        column: 1,
    };

    fn id(n: u128) -> AssetId {
        AssetId::from_uuid(Uuid::from_u128(n))
    }

    fn listed(n: u128, kind: Option<Kind>, not_before: Option<Timestamp>) -> Entry {
        let details = Details {
            kind,
            not_before,
            ..Details::default()
        };
        Entry {
            id: id(n),
            spot: SPOT,
            details: Some(Arc::new(details)),
        }
    }

    fn there(kind: Kind) -> Seen {
        Seen::There(Facts::of_kind(kind))
    }

    #[test]
    fn v4_reads_all_that_is_to_be_deleted_and_what_is_around() {
        let now = Timestamp::UNIX_EPOCH;
        let file = Some(Kind::File);
        let manifests = Manifests {
            entries: vec![
                listed(1, None, None),
                listed(2, Some(Kind::VersionStack), None),
                listed(3, file, None),
                listed(4, file, None),
                listed(5, None, Some(Timestamp::MAX)),
                listed(6, None, None),
            ],
            holds: vec![Hold {
                id: id(9),
                spot: SPOT,
                reason: "legal".into(),
                until: None,
            }],
            ..Manifests::default()
        };
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let missing = Record {
            status: Status::Missing,
            run: 1,
            at: now,
        };
        state.assets.insert(id(4), missing);
        let mut inventory = Inventory::default();
        let seen = |state: &State, inventory: Option<&Inventory>| {
            wanted(Inputs {
                manifests: &manifests,
                state,
                inventory,
                rules: Rules::default(),
                now,
            })
        };
        let first = seen(&state, None);
        let stack = Some(Kind::VersionStack);
        let open = [(1, None), (2, stack), (3, file), (4, file), (6, None)];
        assert_eq!(first.assets, open.map(|(n, kind)| (id(n), kind)));
        let around = first.connections.unwrap();
        assert_eq!(
            around.containers,
            [(1, None), (2, stack), (6, None)].map(|(n, kind)| (id(n), kind))
        );
        // A file that somebody took for something else holds nothing; what is deleted goes
        // nowhere; and what could not be read may be anything still.
        inventory.assets.insert(id(1), there(Kind::File));
        inventory.assets.insert(id(2), Seen::Missing);
        let second = seen(&state, Some(&inventory));
        assert_eq!(
            second.assets,
            [(3, file), (4, file), (6, None)].map(|(n, kind)| (id(n), kind))
        );
        let around = second.connections.unwrap();
        assert_eq!(around.listed, [1, 3, 4, 6].map(id));
        assert_eq!(around.containers, [(id(6), None)]);
        assert_eq!(around.protected, [id(9), id(5)]);
        inventory.assets.insert(id(6), there(Kind::File));
        let last = seen(&state, Some(&inventory)).connections.unwrap();
        assert_eq!((last.holds.len(), last.protected.len()), (1, 0));
        // What is shown is shown with what it lies in, whether something is protected or not.
        let only = Manifests {
            holds: Vec::new(),
            ..manifests.clone()
        };
        let of = |state: &State| {
            wanted(Inputs {
                manifests: &only,
                state,
                inventory: None,
                rules: Rules::default(),
                now: Timestamp::MAX,
            })
        };
        assert_eq!(of(&state).connections.unwrap().listed.len(), 6);
        // The legacy API deletes whatever has the id.
        state.target.api = Api::V2;
        assert!(seen(&state, None).assets.is_empty());
        assert_eq!(of(&state), Wanted::default());
    }
}
