//! Reading again what a run is about to delete, and deciding again.
//!
//! The run believes no reading that is older than `--verify-age`. What is older is read once more
//! right before it is sent, in the same way as before the plan, and a plan is made of it by the
//! same rules: what is kept now, or is other than approved, is left alone.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::api::adapter;
use crate::app::apply::Again;
use crate::app::connect::Connection;
use crate::app::error::Error;
use crate::app::memory::Memory;
use crate::app::prepare::{Basis, Prepared, going_into, pinned_place};
use crate::apply::Clock;
use crate::apply::readings::Reread;
use crate::asset::AssetId;
use crate::diagnostic::in_words;
use crate::event::{Other, StopReason};
use crate::frameio::inventory::Question;
use crate::inventory::Inventory;
use crate::plan::decide::Decision;
use crate::plan::{self, Plan, Shelter, saved};
use crate::state::State;

/// What a plan was made from, and what was approved of it.
#[derive(Debug)]
pub(crate) struct Recheck {
    basis: Basis,
    /// The plan as it was approved.
    plan: Plan,
    /// What was read last of each asset.
    read: Inventory,
    /// When the first reading came to its end.
    ended: Instant,
    /// For how long a reading is believed.
    age: Duration,
}

impl Again for Recheck {
    fn age(&self) -> (Duration, Duration) {
        (self.ended.elapsed(), self.age)
    }

    fn read_again(
        &mut self,
        (connection, clock): (&Connection, &dyn Clock),
        ids: &BTreeSet<AssetId>,
        state: State,
    ) -> Result<Reread, StopReason> {
        self.basis.state = state;
        let all = self.with_covered(ids);
        let read = self.read(connection, &all);
        let ended = clock.elapsed();
        read.map_err(|error| {
            let detail = in_words(&error);
            if let Error::Stopped(reason) = error {
                return reason;
            }
            StopReason::Broken { detail }
        })?;
        Ok(self.decide(ids, ended))
    }
}

impl Recheck {
    /// Lets go of all but the state, which would lie in memory for as long as a run takes, and of
    /// what is to be read again where something that was read has decided.
    pub(crate) fn of(prepared: Prepared) -> (State, Option<Box<dyn Again>>) {
        let Prepared {
            mut basis,
            plan,
            read,
            checked: _,
            reads: _,
        } = prepared;
        let none = State::new(basis.state.lineage, basis.target.clone());
        let state = mem::replace(&mut basis.state, none);
        let decides =
            |read: &Inventory| read.asked_all || !read.assets.is_empty() || read.places.is_some();
        let read = read.filter(|(read, _)| decides(read));
        let age = basis.settings.verify_age;
        let again = read.map(|(read, ended)| {
            Box::new(Self {
                basis,
                plan,
                read,
                ended,
                age,
            }) as Box<dyn Again>
        });
        (state, again)
    }

    /// Some assets, and what has no delete of its own since it goes along with one of them: whether
    /// that is still as its entry says decides upon both.
    fn with_covered(&self, ids: &BTreeSet<AssetId>) -> BTreeSet<AssetId> {
        let covered = self.plan.steps.iter().filter(
            |step| matches!(&step.decision, Decision::Covered { by, .. } if ids.contains(by)),
        );
        let covered = covered.map(|step| step.id);
        ids.iter().copied().chain(covered).collect()
    }

    fn read(&mut self, connection: &Connection, ids: &BTreeSet<AssetId>) -> Result<(), Error> {
        let Self { basis, read, .. } = self;
        let api = adapter(connection.api);
        let account = basis.target.account.clone();
        let at = (connection, account.as_deref());
        let first = plan::wanted(basis.inputs(None));
        let mut wanted = first.assets;
        wanted.retain(|(id, _)| ids.contains(id));
        let mut going = going_into(first.connections.as_ref());
        going.retain(|id| ids.contains(id));
        let mut anew = {
            let place = |id| {
                let facts = read.facts(id);
                let seen = facts.map(|facts| [facts.project, facts.parent]);
                seen.unwrap_or_else(|| pinned_place(&basis.manifests, id))
            };
            let question = Question {
                assets: &wanted,
                going: &going,
                place: &place,
                back: &Arc::default(),
            };
            api.read_assets(at, &question, &mut |_| {})?.0
        };
        for (id, _) in &wanted {
            read.assets.remove(id);
        }
        read.assets.extend(anew.assets.clone());
        let connections = plan::wanted(basis.inputs(Some(read))).connections;
        if let Some(mut connections) = connections {
            connections.listed.retain(|id| ids.contains(id));
            connections.containers.retain(|(id, _)| ids.contains(id));
            let mut nobody = Memory::default();
            api.read_places(at, &connections, &mut anew, &mut nobody, &mut |_| {})?;
        }
        // What was read of them before that is no longer believed.
        for (id, _) in &wanted {
            read.assets.remove(id);
        }
        read.add(anew);
        if plan::wanted(basis.inputs(Some(read))).definitions {
            let definitions = api.read_fields(at)?;
            if let Some(marks) = &mut read.marks {
                marks.definitions = Some(definitions);
            }
        }
        Ok(())
    }

    /// Decides upon the assets that were read again, by the rules of the plan.
    fn decide(&self, ids: &BTreeSet<AssetId>, ended: Duration) -> Reread {
        let made = plan::make(self.basis.inputs(Some(&self.read)));
        // Where that cannot be said of all, it is said of none.
        let is_clear = match &made.shelter {
            Shelter::NotNeeded => true,
            Shelter::NotChecked => false,
            Shelter::Checked { unplaced, unread } => unplaced.is_empty() && unread.is_empty(),
        };
        let is_clear = is_clear && made.unread_marks.is_none();
        let made = saved::leave_alone(made, &self.plan);
        let mut reread = Reread {
            ended,
            ..Reread::default()
        };
        for id in ids {
            let left = made.left_alone.iter().find(|left| left.id == *id);
            let step = made.steps.binary_search_by_key(id, |step| step.id);
            let decision = step.ok().map(|at| &made.steps[at].decision);
            match (decision, left) {
                (Some(Decision::Record { .. } | Decision::Missing), _) => {
                    reread.absent.insert(*id);
                }
                (Some(Decision::Unread | Decision::Unreadable { .. }), _) => {
                    reread.other.insert(*id, Other::Unread);
                }
                (_, Some(left)) => {
                    reread.other.insert(*id, left.other);
                }
                (Some(decision), None) if decision.may_delete() && is_clear => {
                    reread.same.insert(*id);
                }
                (Some(decision), None) if decision.may_delete() => {
                    reread.other.insert(*id, Other::Unread);
                }
                (Some(_) | None, None) => {
                    reread.other.insert(*id, Other::Kept);
                }
            }
        }
        reread
    }
}
