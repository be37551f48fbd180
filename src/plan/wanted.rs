//! What must be read of the live assets before a plan can be made. Pure.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::inventory::Connections;
use crate::manifest::document::Entry;
use crate::plan::decide::{Case, Decision, Why};
use crate::plan::model::Held;
use crate::plan::walk::{Decided, Inputs, Walk};
use crate::state::State;

/// What must be read, beyond what was read already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The listed assets that are open, that are to go again, or all of them where somebody asks
    /// for that; each with its kind, where the manifest says it.
    pub assets: Vec<(AssetId, Option<Kind>)>,
    /// What lies in others, or around them; with v2 only where something protected may.
    pub connections: Option<Connections>,
    /// What is listed and recorded as deleted, in the order of the ids: it is not read, and where a
    /// list shows it all the same it is back.
    pub back: Arc<[AssetId]>,
    /// Whether the custom fields of the account are wanted, for the marks: something is to be
    /// deleted, and nothing that was read bears one.
    pub definitions: bool,
    /// The held projects of which nothing was read: that an id is that of a project only the
    /// server knows.
    pub projects: Vec<AssetId>,
}

impl Wanted {
    /// Whether nothing must be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            assets,
            connections,
            back: _,
            definitions,
            projects,
        } = self;
        assets.is_empty() && connections.is_none() && !definitions && projects.is_empty()
    }
}

/// Says what must be read before the plan is made.
///
/// What is connected depends on the kinds and on what is deleted already: it is asked for again
/// once the assets were read, with them as the inventory.
#[must_use]
pub fn wanted(inputs: Inputs<'_>) -> Wanted {
    let walk = Walk::asking(inputs);
    let reads_contents = inputs.state.target.api.abilities().reads_contents;
    let mut assets = Vec::new();
    let mut back = Vec::new();
    let mut deletes = false;
    let (mut waiting, mut is_in_held) = (BTreeSet::new(), false);
    let decided = walk.decided().map(|decided| {
        deletes |= decided.decision.may_delete();
        if matches!(decided.decision, Decision::Staged { .. }) {
            waiting.extend(inputs.state.home(decided.id));
            let project = decided.facts().and_then(|facts| facts.project);
            is_in_held |= project.is_some_and(|project| walk.holds().project(project).is_some());
        }
        let kind = decided.kind();
        // Where it is decides whether it is moved back, whether or not anybody lists it.
        let is_aside = decided
            .case
            .record
            .is_some_and(|record| record.status.aside().is_some());
        let is_left_out =
            decided.case.entry.is_none() && inputs.manifests.elsewhere.contains_key(&decided.id);
        let is_aside = is_aside && !is_left_out && decided.case.seen.is_none();
        if is_aside || is_to_be_read(&decided, reads_contents, inputs.check_retired) {
            assets.push((decided.id, kind));
        } else if reads_contents && matches!(decided.decision, Decision::Unchanged { listed: true })
        {
            back.push(decided.id);
        }
        let id = decided.id;
        (id, decided.decision, inputs.kind_of(id, kind))
    });
    let held = walk.held();
    let connections = if reads_contents {
        // All that is deleted is shown with what is in it and with what it lies in.
        Some(sorted_out(decided, &held))
    } else {
        connections(decided, &held)
    };
    let connections = connections.map(|found| {
        let mut found = with_homes(found, inputs.state);
        if is_in_held || may_be_around(&found, &held) {
            found.waiting = waiting.into_iter().collect();
        }
        found
    });
    let connections = connections.and_then(of_use);
    Wanted {
        assets,
        connections,
        back: back.into(),
        definitions: deletes && walk.needs_definitions(),
        projects: if deletes {
            walk.unread_projects()
        } else {
            Vec::new()
        },
    }
}

/// Whether an asset is to be read: what is recorded as deleted only where somebody asks for it.
///
/// v2 deletes fifty assets a request and reads five a second, so that reading ten thousand would
/// take half an hour: there only that is read whose entry says something to compare.
fn is_to_be_read(decided: &Decided<'_>, reads_contents: bool, check_retired: bool) -> bool {
    let Case { entry, seen, .. } = decided.case;
    let is_open = !matches!(decided.decision, Decision::Unchanged { .. });
    let is_wanted = |entry: &Entry| {
        let is_due = is_open && (reads_contents || entry.is_compared(false));
        is_due || check_retired || entry.goes_again()
    };
    entry.is_some_and(is_wanted) && seen.is_none()
}

/// Finds what may be connected among what is decided of assets, each with its kind where that is
/// known.
pub(super) fn connections<D: Borrow<Decision>>(
    decided: impl Iterator<Item = (AssetId, D, Option<Kind>)>,
    held: &[Held],
) -> Option<Connections> {
    let found = sorted_out(decided, held);
    let connects = !found.holds.is_empty() || !found.protected.is_empty();
    (connects && !found.listed.is_empty()).then_some(found)
}

/// Adds in what those lay that were moved aside.
fn with_homes(mut found: Connections, state: &State) -> Connections {
    let all = found.listed.iter().chain(&found.protected);
    let homes: BTreeSet<AssetId> = all.filter_map(|id| state.home(*id)).collect();
    found.homes = homes.into_iter().collect();
    found
}

/// Whether something may lie in what a hold names.
fn may_be_around(found: &Connections, held: &[Held]) -> bool {
    let mut holds = held.iter().filter(|held| matches!(held.why, Why::Hold(_)));
    holds.any(|held| found.holds.binary_search(&held.id).is_ok())
}

/// Leaves out what is not to be read where nothing is to be deleted: what lies around that which
/// waits aside shows whether a hold names it.
fn of_use(mut found: Connections) -> Option<Connections> {
    if found.listed.is_empty() {
        found.protected.clear();
        // Such a one is called otherwise by what lies in it.
        found.holds.retain(|id| id.is_adobe());
        found.homes.clear();
    }
    (!found.listed.is_empty() || !found.waiting.is_empty()).then_some(found)
}

/// Sorts out what is to be deleted and what is protected among what is decided of assets.
fn sorted_out<D: Borrow<Decision>>(
    decided: impl Iterator<Item = (AssetId, D, Option<Kind>)>,
    held: &[Held],
) -> Connections {
    let mut found = Connections::default();
    let keeps_all = held.iter().filter(|held| held.why.keeps_contents());
    let mut holds: BTreeSet<AssetId> = keeps_all.map(|held| held.id).collect();
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
    if found.containers.is_empty() {
        // Such a one may be listed by its UUID as well, which only its answer says.
        found.protected = waits.into_iter().filter(|id| id.is_adobe()).collect();
    } else {
        found.protected = held.iter().map(|held| held.id).chain(waits).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::inventory::{Contents, Facts, Inventory, Seen};
    use crate::manifest::document::{Details, Hold, Manifests, Spot};
    use crate::outcome::Evidence;
    use crate::plan::decide::Rules;
    use crate::state::{Api, Record, State, Status, Target};

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
    fn what_is_listed_and_open_is_read_and_then_what_is_around() {
        let now = Timestamp::UNIX_EPOCH;
        let file = Some(Kind::File);
        let details = Details {
            again: true,
            ..Details::default()
        };
        let again = Entry {
            details: Some(Arc::new(details)),
            ..listed(8, None, None)
        };
        let manifests = Manifests {
            entries: vec![
                listed(1, None, None),
                listed(2, Some(Kind::VersionStack), None),
                listed(3, file, None),
                listed(4, file, None),
                listed(5, None, Some(Timestamp::MAX)),
                listed(6, None, None),
                listed(7, None, None),
                again,
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
        let read = |state: &State, inventory: Option<&Inventory>, check_retired| {
            wanted(Inputs {
                manifests: &manifests,
                state,
                inventory,
                check_retired,
                rules: Rules::default(),
                now,
            })
        };
        let retired = Record {
            status: Status::Retired(Evidence::Answer),
            run: 1,
            at: now,
        };
        for n in [7, 8] {
            state.assets.insert(id(n), retired.clone());
        }
        let first = read(&state, None, false);
        let stack = Some(Kind::VersionStack);
        let open = [
            (1, None),
            (2, stack),
            (3, file),
            (4, file),
            // What is not due may be deleted already, and what is to go again may be back.
            (5, None),
            (6, None),
            (8, None),
        ];
        let kinds = |open: &[(u128, Option<Kind>)]| {
            let ids = open.iter().map(|(n, kind)| (id(*n), *kind));
            ids.collect::<Vec<_>>()
        };
        assert_eq!(first.assets, kinds(&open));
        assert_eq!(*first.back, [id(7)]);
        let around = first.connections.unwrap();
        assert_eq!(
            around.containers,
            kinds(&[(1, None), (2, stack), (6, None)])
        );
        let all = read(&state, None, true).assets.into_iter();
        let all: Vec<AssetId> = all.map(|(id, _)| id).collect();
        assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8].map(id));
        // A file that somebody took for something else holds nothing; what is deleted goes
        // nowhere; and what could not be read may be anything still.
        inventory.assets.insert(id(1), there(Kind::File));
        inventory.assets.insert(id(2), Seen::Missing);
        let second = read(&state, Some(&inventory), false);
        let rest = [(3, file), (4, file), (5, None), (6, None), (8, None)];
        assert_eq!(second.assets, kinds(&rest));
        assert_eq!(*second.back, [id(7)]);
        let around = second.connections.unwrap();
        assert_eq!(around.listed, [1, 3, 4, 6].map(id));
        assert_eq!(around.containers, [(id(6), None)]);
        assert_eq!(around.protected, [id(9), id(5)]);
        inventory.assets.insert(id(6), there(Kind::File));
        let last = read(&state, Some(&inventory), false).connections.unwrap();
        assert_eq!((last.holds.len(), last.protected.len()), (1, 0));
    }

    #[test]
    fn what_is_around_is_read_with_v4_whether_something_is_protected_or_not() {
        let again = Details {
            again: true,
            ..Details::default()
        };
        let only = Manifests {
            entries: vec![
                listed(1, None, None),
                Entry {
                    details: Some(Arc::new(again)),
                    ..listed(8, None, None)
                },
            ],
            ..Manifests::default()
        };
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let mut state = State::new(Uuid::nil(), target);
        let of = |state: &State| {
            wanted(Inputs {
                manifests: &only,
                state,
                inventory: None,
                check_retired: false,
                rules: Rules::default(),
                now: Timestamp::MAX,
            })
        };
        assert_eq!(of(&state).connections.unwrap().listed.len(), 2);
        // v2 reads what it must.
        state.target.api = Api::V2;
        assert_eq!(of(&state).connections, None);
        let retired = Record {
            status: Status::Retired(Evidence::Answer),
            run: 1,
            at: Timestamp::UNIX_EPOCH,
        };
        state.assets.insert(id(1), retired);
        assert_eq!(*of(&state).back, [], "no list shows it");
        let again: Vec<AssetId> = of(&state).assets.iter().map(|(id, _)| *id).collect();
        assert_eq!(again, [id(8)]);
    }

    #[test]
    fn a_folder_is_opened_before_its_contents_are_compared() {
        let details = Details {
            contents: Some(1),
            ..Details::default()
        };
        let manifests = Manifests {
            entries: vec![Entry {
                details: Some(Arc::new(details)),
                ..listed(1, None, None)
            }],
            ..Manifests::default()
        };
        let target = Target {
            api: Api::V4,
            endpoint: "sandbox".to_owned(),
            account: None,
        };
        let state = State::new(Uuid::nil(), target);
        let listed = |inventory: &Inventory| {
            let wanted = wanted(Inputs {
                manifests: &manifests,
                state: &state,
                inventory: Some(inventory),
                check_retired: false,
                rules: Rules::default(),
                now: Timestamp::MAX,
            });
            wanted.connections.map(|found| found.listed)
        };
        let mut inventory = Inventory::default();
        inventory.assets.insert(id(1), there(Kind::Folder));
        assert_eq!(listed(&inventory), Some(vec![id(1)]));
        for (inside, expected) in [(vec![id(2)], Some(vec![id(1)])), (vec![id(2), id(3)], None)] {
            let whole = Contents::Whole(inside.into());
            inventory.contents.insert(id(1), whole);
            assert_eq!(listed(&inventory), expected);
        }
    }

    #[test]
    fn something_is_to_be_read_as_long_as_anything_is_wanted() {
        let none = Wanted::default;
        assert!(none().is_empty());
        for wanted in [
            Wanted {
                assets: vec![(id(1), None)],
                ..none()
            },
            Wanted {
                connections: Some(Connections::default()),
                ..none()
            },
            Wanted {
                definitions: true,
                ..none()
            },
            Wanted {
                projects: vec![id(1)],
                ..none()
            },
        ] {
            assert!(!wanted.is_empty(), "{wanted:?}");
        }
    }
}
