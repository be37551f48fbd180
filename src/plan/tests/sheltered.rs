//! Nothing that is protected or was not reviewed is deleted, whatever tree it lies in and whatever
//! happens between the review and the run.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tree::{ASSETS, PROJECT, TOPS, Tree};
use super::*;
use crate::event::Subject;
use crate::manifest::Part;
use crate::manifest::document::{Release, SourceFile};
use crate::plan::aside::Terms;
use crate::plan::part;
use crate::plan::saved::{self, Basis, DecidingSettings, StateBasis};
use crate::state::KeptHold;

/// When the plan is carried out.
const RUN: i64 = NOW + 2;

/// What is listed of one asset.
#[derive(Debug, Clone)]
struct Listed {
    not_before: Option<i64>,
    pinned: Option<u64>,
    most: Option<u64>,
}

/// Everything that decides.
#[derive(Debug, Clone)]
struct World {
    tree: Tree,
    listed: BTreeMap<u128, Listed>,
    /// By asset, until when.
    holds: BTreeMap<u128, Option<i64>>,
    /// Those of the state, with what other runs add before this one.
    kept: BTreeMap<u128, Option<i64>>,
    kept_later: BTreeMap<u128, Option<i64>>,
    released: BTreeSet<u128>,
    held_project: Option<u128>,
    statuses: BTreeMap<u128, Status>,
    unlisted: BTreeSet<u128>,
    unplaced: BTreeSet<u128>,
    /// What happens before the run: what is moved where, deleted or changed.
    moves: Vec<(u128, u128)>,
    deleted: BTreeSet<u128>,
    changed: BTreeSet<u128>,
}

fn until() -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(-1_i64..5)
}

fn some(most: usize) -> impl Strategy<Value = BTreeSet<u128>> {
    proptest::collection::btree_set(TOPS..ASSETS, 0..=most)
}

fn tree() -> impl Strategy<Value = Tree> {
    let kind = prop_oneof![
        3 => Just(Kind::Folder),
        2 => Just(Kind::VersionStack),
        4 => Just(Kind::File),
    ];
    let asset = (kind, any::<prop::sample::Index>(), 1_u64..3);
    proptest::collection::vec(asset, usize::try_from(ASSETS).unwrap()).prop_map(|assets| {
        let mut tree = Tree {
            kinds: vec![Kind::Folder; usize::try_from(TOPS).unwrap()],
            parents: vec![0; usize::try_from(TOPS).unwrap()],
            bytes: vec![0; usize::try_from(TOPS).unwrap()],
            gone: BTreeSet::new(),
        };
        for (kind, parent, bytes) in assets.into_iter().skip(tree.kinds.len()) {
            let n = tree.kinds.len();
            tree.kinds.push(kind);
            tree.parents.push(0);
            tree.bytes.push(bytes);
            tree.put(n as u128, parent.index(n) as u128);
        }
        tree
    })
}

fn world() -> impl Strategy<Value = World> {
    let listed = (
        proptest::option::weighted(0.2, -1_i64..5),
        proptest::option::weighted(0.2, 1_u64..3),
        proptest::option::weighted(0.2, 0_u64..4),
    )
        .prop_map(|(not_before, pinned, most)| Listed {
            not_before,
            pinned,
            most,
        });
    let status = prop_oneof![
        Just(Status::Retired(Evidence::Answer)),
        Just(Status::Unknown { attempts: 1 }),
        Just(failed(2)),
        Just(failed(9)),
    ];
    let held = |most| proptest::collection::btree_map(0..ASSETS, until(), 0..=most);
    let said = (
        proptest::collection::btree_map(TOPS..ASSETS, listed, 1..6),
        held(2),
        held(2),
        held(1),
        some(2),
        proptest::option::weighted(0.1, 0..TOPS),
        proptest::collection::btree_map(TOPS..ASSETS, status, 0..3),
    );
    let happens = (
        some(1),
        some(1),
        proptest::collection::vec((TOPS..ASSETS, 0..ASSETS), 0..3),
        some(1),
        some(1),
    );
    (tree(), said, happens).prop_map(|(tree, said, happens)| {
        let (listed, holds, kept, kept_later, released, held_project, statuses) = said;
        let (unlisted, unplaced, moves, deleted, changed) = happens;
        // A release of what a manifest holds is an error.
        let released = released.into_iter().filter(|n| !holds.contains_key(n));
        World {
            released: released.collect(),
            tree,
            listed,
            holds,
            kept,
            kept_later,
            held_project,
            statuses,
            unlisted,
            unplaced,
            moves,
            deleted,
            changed,
        }
    })
}

impl World {
    fn manifests(&self) -> Manifests {
        let entries = self.listed.iter().map(|(n, said)| {
            let details = Details {
                not_before: said.not_before.map(|second| at(NOW + second)),
                pin: said.pinned.map(|bytes| Pin {
                    filesize: Some(bytes),
                    ..Pin::default()
                }),
                contents: said.most,
                ..Details::default()
            };
            entry(*n, (details != Details::default()).then_some(details))
        });
        let hold = |n: u128, until: Option<i64>| Hold {
            id: id(n),
            spot: SPOT,
            reason: "legal".into(),
            until: until.map(|second| at(NOW + second)),
        };
        Manifests {
            files: vec![SourceFile {
                path: "retire.yaml".into(),
                sha256: [0; 32],
                part: Part::All,
                listed: self.listed.len(),
            }],
            entries: entries.collect(),
            holds: self
                .holds
                .iter()
                .map(|(n, until)| hold(*n, *until))
                .collect(),
            project_holds: self
                .held_project
                .map(|top| hold(PROJECT + top, None))
                .into_iter()
                .collect(),
            releases: self
                .released
                .iter()
                .map(|n| Release {
                    held: Subject::Asset(id(*n)),
                    spot: SPOT,
                    reason: "closed".into(),
                    ticket: None,
                })
                .collect(),
            ..Manifests::default()
        }
    }

    fn state(&self, later: bool) -> State {
        let mut state = empty_state();
        state.target.api = Api::V4;
        let statuses = self.statuses.iter();
        state.assets = statuses
            .map(|(n, status)| (id(*n), record(status.clone())))
            .collect();
        let added = self.kept_later.iter().filter(|_| later);
        for (n, until) in self.kept.iter().chain(added) {
            let hold = KeptHold {
                reason: "legal".into(),
                until: until.map(|second| at(NOW + second)),
                run: 1,
                at: at(1),
            };
            state.holds.insert(Subject::Asset(id(*n)), hold);
        }
        state
    }

    /// The account when the plan is carried out.
    fn later(&self) -> Tree {
        let mut tree = self.tree.clone();
        for (n, to) in &self.moves {
            tree.put(*n, *to);
        }
        for n in &self.changed {
            tree.bytes[usize::try_from(*n).unwrap()] += 1;
        }
        tree.gone.clone_from(&self.deleted);
        tree
    }

    /// The account when something is deleted: what was not there when it was read is back.
    fn restored(read: &Tree) -> (Tree, BTreeSet<u128>) {
        let back = (0..ASSETS).filter(|n| !read.is_there(*n)).collect();
        let tree = Tree {
            gone: BTreeSet::new(),
            ..read.clone()
        };
        (tree, back)
    }

    /// What protects an asset by itself at a moment, if anything does. `back` was not there when
    /// all was read: what is recorded as deleted then is not looked for.
    fn protects(
        &self,
        (tree, back): (&Tree, &BTreeSet<u128>),
        n: u128,
        now: i64,
        state: &State,
    ) -> Option<&'static str> {
        let status = self.statuses.get(&n);
        if back.contains(&n) && matches!(status, Some(Status::Retired(_) | Status::Gone(_))) {
            return None;
        }
        let ahead = |until: &Option<i64>| until.is_none_or(|second| NOW + second > now);
        let kept = state.holds.get(&Subject::Asset(id(n)));
        let is_kept = kept.is_some_and(|kept| kept.until.is_none_or(|until| until > at(now)));
        if self.holds.get(&n).is_some_and(ahead) {
            return Some("held");
        }
        if is_kept && !self.released.contains(&n) {
            return Some("kept");
        }
        let listed = self.listed.get(&n)?;
        // What V4 may leave of a version stack whose files are deleted is nothing that is back.
        let is_recorded = status.is_some_and(|status| Recorded::of(status).is_some());
        let is_empty = tree.contents(n).iter().all(|one| back.contains(one));
        if is_recorded && tree.kind(n) == Kind::VersionStack && is_empty {
            return None;
        }
        if listed.not_before.is_some_and(|second| NOW + second > now) {
            return Some("deferred");
        }
        let bytes = tree.facts(n).bytes;
        if listed.pinned.is_some() && listed.pinned != bytes {
            return Some("other than pinned");
        }
        let all = [n].into_iter().chain(tree.contents(n));
        let all = all.filter(|n| !back.contains(n));
        let files = all.filter(|n| tree.kind(*n) == Kind::File).count();
        let most = listed.most.filter(|_| !back.contains(&n));
        if most.is_some_and(|most| u64::try_from(files).unwrap() > most) {
            return Some("more than allowed");
        }
        match status {
            Some(
                Status::Retired(_) | Status::Gone(_) | Status::Restored { .. } | Status::Rescued,
            ) => Some("in drift"),
            Some(Status::Failed(failed)) if failed.attempts >= 5 => Some("blocked"),
            Some(
                Status::Failed(_) | Status::Unknown { .. } | Status::Missing | Status::Staged(_),
            )
            | None => None,
        }
    }
}

/// The account as the plan needs it: what is held besides has its place in it.
fn read(
    tree: &Tree,
    world: &World,
    (manifests, state): (&Manifests, &State),
    now: i64,
    trouble: bool,
) -> Inventory {
    let listed: Vec<u128> = world.listed.keys().copied().collect();
    let none = BTreeSet::new();
    let (unlisted, unplaced) = if trouble {
        (&world.unlisted, &world.unplaced)
    } else {
        (&none, &none)
    };
    let mut read = tree.read(&listed, unlisted, unplaced);
    let wanted = wanted(inputs(manifests, state, Some(&read), now));
    let holds = wanted.connections.map(|connections| connections.holds);
    let is_file = |held: &AssetId| {
        read.facts(*held)
            .is_some_and(|facts| facts.kind == Kind::File)
    };
    let holds: Vec<AssetId> = holds.into_iter().flatten().collect();
    let held = holds.into_iter().filter(|held| !is_file(held));
    let held: BTreeMap<AssetId, bool> = held.map(|held| (held, false)).collect();
    if let Some(places) = &mut read.places {
        places.held = held;
    }
    read
}

fn inputs<'plan>(
    manifests: &'plan Manifests,
    state: &'plan State,
    inventory: Option<&'plan Inventory>,
    now: i64,
) -> Inputs<'plan> {
    Inputs {
        manifests,
        state,
        inventory,
        check_retired: false,
        rules: Rules::default(),
        now: at(now),
    }
}

/// A plan as it comes back from its document.
fn reviewed(plan: &Plan, manifests: &Manifests, state: &State) -> Plan {
    let basis = Basis {
        created_at: at(NOW),
        expires_at: at(NOW + 9),
        tool: "0.1.0".to_owned(),
        state: StateBasis {
            path: "retire.state.json".to_owned(),
            lineage: Uuid::nil(),
            serial: 1,
            digest: None,
        },
        paths: Vec::new(),
        commit: None,
        target: state.target.clone(),
        settings: DecidingSettings {
            max_attempts: 5,
            retry_blocked: false,
            skip_mismatched: true,
            batch_size: 50,
            staging: Terms::default(),
        },
        forecast: Vec::new(),
        checked: Checked::in_tests(),
        marks: None,
        since: None,
    };
    let mut bytes = Vec::new();
    let document = saved::document(plan, manifests, &basis);
    document.to_json(&mut bytes).unwrap();
    let read = saved::PlanDocument::read(&bytes).unwrap();
    read.plan().unwrap()
}

/// All that goes where an approved plan is carried out, by what takes it along.
fn going(approved: &Approved, tree: &Tree) -> Vec<(u128, u128)> {
    let number = |id: &AssetId| (0..ASSETS).find(|n| super::id(*n) == *id).unwrap();
    let read = approved.resolve().iter();
    let read = read.filter(|resolve| resolve.listed && !resolve.was_absent);
    let asked = approved
        .delete()
        .iter()
        .chain(read.map(|resolve| &resolve.id));
    let asked = asked.map(number).filter(|n| tree.is_there(*n));
    asked
        .flat_map(|by| {
            let inside = tree.contents(by).into_iter().chain([by]);
            inside.map(move |n| (by, n)).collect::<Vec<_>>()
        })
        .collect()
}

/// Looks at all that a plan deletes at a moment.
fn check(world: &World, approved: &Approved, read: &Tree, state: &State, now: i64) {
    let (tree, back) = World::restored(read);
    let tree = &tree;
    for (by, n) in going(approved, tree) {
        assert!(world.listed.contains_key(&by), "{by} is not listed");
        let own = world.protects((tree, &back), n, now, state);
        assert_eq!(own, None, "{n} goes with {by}");
        for around in tree.chain(n) {
            let why = world.protects((tree, &back), around, now, state);
            let is_held = matches!(why, Some("held" | "kept"));
            assert!(!is_held, "{n} lies in {around}, which is held");
        }
        let held = world.held_project.map(|top| id(PROJECT + top));
        assert_ne!(Some(tree.project(n)), held, "{n} is in a held project");
    }
}

/// What is covered has no delete of its own, and lies in what is deleted, or read once more for that; and
/// what goes lies in nothing of that sort.
fn check_covered(plan: &Plan, approved: &Approved, tree: &Tree) {
    let inside = |by: AssetId| {
        let by = (0..ASSETS).find(|n| id(*n) == by).unwrap();
        tree.contents(by).into_iter().map(id).collect::<Vec<_>>()
    };
    let takes = |id: &AssetId| {
        let step = plan.steps.iter().find(|step| step.id == *id);
        step.is_some_and(|step| {
            let is_read = matches!(step.decision, Decision::Resolve { .. });
            step.decision.may_delete() && (!is_read || plan.alive.0.contains(id))
        })
    };
    let is_read = |id: &AssetId| {
        let mut all = approved.resolve().iter();
        all.any(|resolve| resolve.id == *id && resolve.listed)
    };
    for step in &plan.steps {
        let is_asked = approved.delete().contains(&step.id);
        if let Decision::Covered { by, alone } = &step.decision {
            assert!(!is_asked && alone.may_delete());
            assert!(takes(by) && (approved.delete().contains(by) || is_read(by)));
            assert!(inside(*by).contains(&step.id));
            assert!(approved.inside(*by).contains(&step.id));
        } else if is_asked {
            let mut around = plan.steps.iter().map(|step| step.id).filter(takes);
            assert!(!around.any(|by| inside(by).contains(&step.id)));
        }
    }
}

proptest! {
    #[test]
    fn nothing_goes_that_is_protected(world in world()) {
        let (manifests, state) = (world.manifests(), world.state(false));
        let tree = Tree {
            gone: world.deleted.clone(),
            ..world.tree.clone()
        };
        let read = read(&tree, &world, (&manifests, &state), NOW, true);
        let mut plan = make(inputs(&manifests, &state, Some(&read), NOW));
        plan.cover(Api::V4);
        if let Ok(approved) = approve(&plan, Consent::Auto, true) {
            check(&world, &approved, &tree, &state, NOW);
            check_covered(&plan, &approved, &tree);
            for n in world.unlisted.iter().filter(|n| world.tree.kind(**n) != Kind::File) {
                prop_assert!(!approved.delete().contains(&id(*n)), "{n} was not listed to its end");
            }
        }
    }

    #[test]
    fn nothing_goes_that_is_protected_by_then_or_was_not_reviewed(world in world()) {
        let (manifests, state) = (world.manifests(), world.state(false));
        let before = read(&world.tree, &world, (&manifests, &state), NOW, false);
        let mut plan = make(inputs(&manifests, &state, Some(&before), NOW));
        plan.cover(Api::V4);
        prop_assume!(approve(&plan, Consent::Saved, true).is_ok());
        let plan = reviewed(&plan, &manifests, &state);

        let (tree, state) = (world.later(), world.state(true));
        if saved::check(&plan, inputs(&manifests, &state, None, RUN), at(NOW)).is_err() {
            return Ok(());
        }
        let read = read(&tree, &world, (&manifests, &state), RUN, true);
        let mut live = make(inputs(&manifests, &state, Some(&read), RUN));
        part::leave_out(&mut live, &plan.only, &manifests.files, Some(&read));
        let mut live = saved::leave_alone(live, &plan);
        live.cover(Api::V4);
        let Ok(approved) = approve(&live, Consent::Saved, true) else {
            return Ok(());
        };
        check(&world, &approved, &tree, &state, RUN);
        check_covered(&live, &approved, &tree);
        for (by, n) in going(&approved, &tree) {
            let step = plan.steps.iter().find(|step| step.id == id(by)).unwrap();
            prop_assert!(step.decision.goes(), "{by} was not to go");
            let was_in = n == by || world.tree.contents(by).contains(&n);
            prop_assert!(was_in, "{n} was not in {by} when that was reviewed");
            let is_same = n == by || tree.facts(n) == world.tree.facts(n);
            let is_file = tree.kind(n) == Kind::File;
            prop_assert!(is_same || !is_file, "{n} in {by} is other than reviewed");
        }
    }
}
