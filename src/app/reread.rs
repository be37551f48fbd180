//! Reading again what a run is about to delete, and deciding again.
//!
//! The run believes no reading that is older than `--verify-age`, and with V4 none of an asset
//! itself and of what it lies in that is older than a part of that. What is older is read once more
//! right before it is sent, and a plan is made of it by the rules of the first one: what is kept
//! now, or is other than approved, is left alone.
//!
//! With V4 each asset is shown by itself, whatever a list could say, and what it lies in up to the
//! top of its project: ten files a second can be shown, and a hundred a minute deleted. What is in a
//! folder or a version stack is listed again as well where that takes no longer than deletes do.
//! The chains of holds are not read again: the own chain of an asset shows whether it has come into
//! something held. v2 deletes fifty assets a call and shows five a second, so that there only
//! `--verify-age` counts.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::api::adapter;
use crate::app::apply::Again;
use crate::app::basis::Basis;
use crate::app::connect::Connection;
use crate::app::error::Error;
use crate::app::live::{going_into, pinned_place};
use crate::app::memory::Memory;
use crate::app::prepare::Prepared;
use crate::apply::Clock;
use crate::apply::readings::{Look, Pass, Reread};
use crate::asset::{AssetId, Kind};
use crate::diagnostic::in_words;
use crate::event::{Other, StopReason};
use crate::frameio::inventory::Question;
use crate::inventory::{Contents, Facts, Inventory, Seen};
use crate::plan::decide::Decision;
use crate::plan::forecast::near;
use crate::plan::{self, Plan, Shelter, saved};
use crate::state::{State, Status};

/// How many pages of lists are read again for a folder that goes: sixty folders go in a minute, in
/// which a hundred lists can be read of all that is in a folder, and three hundred by sort.
const FEW_PAGES: usize = 4;

/// How many version stacks are listed again for a folder that goes: a hundred lists of stacks can be
/// read in a minute.
const FEW_STACKS: usize = 1;

/// From how many files on a version stack is listed again before it goes: a run lists it twice
/// itself, and a hundred lists can be read in the time in which a hundred files go.
const MANY_FILES: usize = 4;

/// How many assets a page of a list of a folder shows.
const PAGE: usize = 500;

/// What a plan was made from, and what was approved of it.
#[derive(Debug)]
pub(crate) struct Recheck {
    basis: Basis,
    /// The plan as it was approved.
    plan: Plan,
    /// What was read last of each asset.
    read: Inventory,
    /// When the first reading began and came to its end.
    times: [Instant; 2],
    /// When all lists of a folder or a version stack were read again.
    listed: BTreeMap<AssetId, Instant>,
    /// For how long a list is believed.
    age: Duration,
    /// How is looked at what is read now.
    look: Look,
}

impl Again for Recheck {
    fn age(&self) -> (Duration, Duration) {
        let [began, ended] = self.times;
        if self.looks_near() {
            (began.elapsed(), self.near())
        } else {
            (ended.elapsed(), self.age)
        }
    }

    fn read_again(
        &mut self,
        (connection, clock): (&Connection, &dyn Clock),
        Pass { ids, state, look }: Pass,
    ) -> Result<Reread, StopReason> {
        self.basis.state = state;
        self.look = look;
        let began = clock.elapsed();
        let read = self.read(connection, &ids);
        let ended = match look {
            // No list is older than it may be before the assets themselves are too old.
            Look::Near => (clock.elapsed() + self.listed_for(&ids)).saturating_sub(self.near()),
            // The first of many pages is as old as that.
            Look::Wide => began,
        };
        read.map_err(|error| {
            let detail = in_words(&error);
            if let Error::Stopped(reason) = error {
                return reason;
            }
            StopReason::Broken { detail }
        })?;
        Ok(self.decide(&ids, ended))
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
            recently_deleted: _,
        } = prepared;
        let none = State::new(basis.state.lineage, basis.target.clone());
        let state = mem::replace(&mut basis.state, none);
        let decides =
            |read: &Inventory| read.asked_all || !read.assets.is_empty() || read.places.is_some();
        let read = read.filter(|(read, _)| decides(read));
        let age = basis.settings.verify_age;
        let again = read.map(|(read, times)| {
            Box::new(Self {
                basis,
                plan,
                read,
                times,
                listed: BTreeMap::new(),
                age,
                look: Look::Near,
            }) as Box<dyn Again>
        });
        (state, again)
    }

    /// Whether each asset is looked at right before its delete.
    fn looks_near(&self) -> bool {
        self.basis.settings.api.abilities().reads_contents
    }

    /// For how long an asset itself is believed, and what it lies in.
    fn near(&self) -> Duration {
        if self.looks_near() {
            near(self.age)
        } else {
            self.age
        }
    }

    /// For how long at most the lists of all of some assets are still believed, and the assets
    /// themselves.
    fn listed_for(&self, ids: &BTreeSet<AssetId>) -> Duration {
        if !self.looks_near() {
            return self.age;
        }
        let containers = ids.iter().filter(|id| self.read.contents.contains_key(id));
        let left = containers.map(|id| self.age.saturating_sub(self.listed_at(*id).elapsed()));
        left.fold(self.near(), Duration::min)
    }

    fn listed_at(&self, id: AssetId) -> Instant {
        let [_, ended] = self.times;
        self.listed.get(&id).copied().unwrap_or(ended)
    }

    /// Whether all that is in a folder or a version stack is to be listed again with it.
    fn is_to_be_listed(&self, id: AssetId, before: Option<&Facts>) -> bool {
        // As long again as it may wait for its turn.
        let is_late = self.listed_at(id).elapsed() + 2 * self.near() >= self.age;
        is_late || self.changed(id, before) || self.is_cheap(id)
    }

    /// Whether what is shown of a folder or a version stack itself says that something in it may
    /// be other than it was.
    fn changed(&self, id: AssetId, before: Option<&Facts>) -> bool {
        let said = |facts: &Facts| (facts.kind, facts.head, facts.updated);
        self.read.facts(id).map(said) != before.map(said)
    }

    /// Whether the lists of a folder or a version stack take no longer than the deletes do.
    fn is_cheap(&self, id: AssetId) -> bool {
        let Some(Contents::Whole(inside)) = self.read.contents.get(&id) else {
            return true;
        };
        let of = |kind| {
            let kinds = inside.iter().filter_map(|id| self.read.facts(*id));
            kinds.filter(|facts| facts.kind == kind).count()
        };
        if self.read.facts(id).map(|facts| facts.kind) == Some(Kind::VersionStack) {
            return inside.len() >= MANY_FILES || self.is_begun(id);
        }
        let pages = 1 + of(Kind::Folder) + inside.len() / PAGE;
        pages <= FEW_PAGES && of(Kind::VersionStack) <= FEW_STACKS
    }

    /// Whether files of a version stack are deleted, and the rest is to go: only a list shows that
    /// people have taken one back.
    fn is_begun(&self, stack: AssetId) -> bool {
        let files = self.basis.state.files.get(&stack);
        files.is_some_and(|files| files.iter().any(|file| self.is_deleted(*file)))
    }

    fn is_deleted(&self, id: AssetId) -> bool {
        let record = self.basis.state.assets.get(&id);
        record.is_some_and(|record| matches!(record.status, Status::Retired(_) | Status::Gone(_)))
    }

    /// What has no delete of its own since it goes along with one of some assets: whether that is
    /// still as its entry says decides upon both.
    fn covered(&self, by: impl Fn(AssetId) -> bool) -> BTreeSet<AssetId> {
        let covered = self.plan.steps.iter().filter(
            |step| matches!(&step.decision, Decision::Covered { by: around, .. } if by(*around)),
        );
        covered.map(|step| step.id).collect()
    }

    /// What this run has deleted is no longer there, whatever was read before: a folder is taken
    /// apart while it is read again.
    fn forget_deleted(&mut self) {
        let run = self.basis.state.runs.keys().next_back();
        let records = self.basis.state.assets.iter();
        let deleted = records.filter(|(_, record)| {
            let is_deleted = matches!(record.status, Status::Retired(_) | Status::Gone(_));
            is_deleted && Some(&record.run) == run
        });
        let deleted: BTreeSet<AssetId> = deleted.map(|(id, _)| *id).collect();
        if !deleted.is_empty() {
            self.read.forget(&deleted);
        }
    }

    fn read(&mut self, connection: &Connection, ids: &BTreeSet<AssetId>) -> Result<(), Error> {
        self.forget_deleted();
        let is_near = self.looks_near();
        let mut asked = ids.clone();
        if !is_near {
            asked.extend(self.covered(|by| ids.contains(&by)));
        }
        let before: BTreeMap<AssetId, Facts> = ids
            .iter()
            .filter_map(|id| Some((*id, self.read.facts(*id)?.clone())))
            .collect();
        let versions = self.versions(ids);
        let (read, mut anew) = self.read_assets(connection, (&asked, &versions))?;
        self.take_versions(&versions, &mut anew);
        for id in &read {
            self.read.assets.remove(id);
        }
        self.read.assets.extend(anew.assets.clone());
        let connections = plan::wanted(self.basis.inputs(Some(&self.read))).connections;
        let mut listed = BTreeSet::new();
        if let Some(mut connections) = connections.filter(|found| !found.listed.is_empty()) {
            connections.listed.retain(|id| asked.contains(id));
            // What is moved back before its date is chosen before the run.
            connections.waiting.clear();
            connections.containers.retain(|(id, _)| asked.contains(id));
            if is_near {
                connections.holds.clear();
                connections.protected.clear();
                let is_late = |id: AssetId| {
                    self.look == Look::Near && self.is_to_be_listed(id, before.get(&id))
                };
                connections.containers.retain(|(id, _)| is_late(*id));
            }
            listed.extend(connections.containers.iter().map(|(id, _)| *id));
            let api = adapter(connection.api);
            let account = self.basis.target.account.clone();
            let at = (connection, account.as_deref());
            let mut nobody = Memory::default();
            api.read_places(at, &connections, &mut anew, &mut nobody, &mut |_| {})?;
        }
        if is_near {
            self.read_covered(connection, &listed, &mut anew)?;
        }
        // What was read of them before that is no longer believed.
        for id in &read {
            self.read.assets.remove(id);
        }
        self.read.add(anew);
        let now = Instant::now();
        self.listed.extend(listed.iter().map(|id| (*id, now)));
        for (id, facts) in before {
            // A version stack that was not listed again holds what it held.
            if let (false, Some(Seen::There(now))) =
                (listed.contains(&id), self.read.assets.get_mut(&id))
            {
                now.files = now.files.take().or(facts.files);
            }
        }
        if plan::wanted(self.basis.inputs(Some(&self.read))).definitions {
            let api = adapter(connection.api);
            let account = self.basis.target.account.clone();
            let definitions = api.read_fields((connection, account.as_deref()))?;
            if let Some(marks) = &mut self.read.marks {
                marks.definitions = Some(definitions);
            }
        }
        Ok(())
    }

    /// The files of those version stacks among some assets that are not listed again, each with its
    /// stack: a run lists what is in a stack itself before it deletes its files, but not their marks.
    fn versions(&self, ids: &BTreeSet<AssetId>) -> BTreeMap<AssetId, AssetId> {
        let mut versions = BTreeMap::new();
        if !self.looks_near() || self.look == Look::Wide {
            return versions;
        }
        for id in ids {
            let before = self.read.facts(*id);
            let is_stack = before.is_some_and(|facts| facts.kind == Kind::VersionStack);
            if let Some(Contents::Whole(files)) = self.read.contents.get(id)
                && is_stack
                && !self.is_to_be_listed(*id, before)
            {
                let files = files
                    .iter()
                    .filter(|file| !ids.contains(file) && !self.is_deleted(**file));
                versions.extend(files.map(|file| (*file, *id)));
            }
        }
        versions
    }

    /// Takes what was shown of files of version stacks for what lists would show; a stack of which
    /// one could not be read is as one that could not be read itself.
    fn take_versions(&self, versions: &BTreeMap<AssetId, AssetId>, anew: &mut Inventory) {
        for (file, stack) in versions {
            match anew.assets.get(file) {
                Some(Seen::There(_)) if self.read.assets.contains_key(file) => {}
                Some(Seen::There(facts)) => {
                    anew.around.insert(*file, facts.clone());
                    anew.assets.remove(file);
                }
                // It goes from its stack, or went already.
                Some(Seen::Deleted { .. } | Seen::Missing) => drop(anew.assets.remove(file)),
                Some(Seen::Refused { .. }) | None => {
                    anew.assets.remove(file);
                    anew.assets.remove(stack);
                }
            }
        }
    }

    /// Reads what those of some assets are that are still to be read, each by itself with V4; says
    /// which these are.
    fn read_assets(
        &self,
        connection: &Connection,
        (ids, versions): (&BTreeSet<AssetId>, &BTreeMap<AssetId, AssetId>),
    ) -> Result<(BTreeSet<AssetId>, Inventory), Error> {
        let Self { basis, read, .. } = self;
        let account = basis.target.account.clone();
        let first = plan::wanted(basis.inputs(None));
        let mut wanted = first.assets;
        wanted.retain(|(id, _)| ids.contains(id));
        for (id, kind) in &mut wanted {
            *kind = read.facts(*id).map(|facts| facts.kind).or(*kind);
        }
        let read_for_itself = wanted.iter().map(|(id, _)| *id).collect();
        wanted.extend(versions.keys().map(|file| (*file, Some(Kind::File))));
        let mut going = going_into(first.connections.as_ref());
        going.retain(|id| ids.contains(id));
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
            singly: self.looks_near() && self.look == Look::Near,
            within: &|_| None,
        };
        let at = (connection, account.as_deref());
        let (anew, _) = adapter(connection.api).read_assets(
            at,
            &question,
            &mut Memory::default(),
            &mut |_| {},
        )?;
        Ok((read_for_itself, anew))
    }

    /// Takes what goes along with some folders from their lists, and reads what these do not show
    /// any more.
    fn read_covered(
        &self,
        connection: &Connection,
        listed: &BTreeSet<AssetId>,
        anew: &mut Inventory,
    ) -> Result<(), Error> {
        let mut covered = self.covered(|by| listed.contains(&by));
        covered.retain(|id| {
            let shown = anew.around.get(id).cloned();
            let is_shown = shown.is_some();
            let seen = shown.map(|facts| (*id, Seen::There(facts)));
            anew.assets.extend(seen);
            !is_shown
        });
        if !covered.is_empty() {
            anew.add(
                self.read_assets(connection, (&covered, &BTreeMap::new()))?
                    .1,
            );
        }
        Ok(())
    }

    /// Whether the list of a version stack could not be read whose delete has begun: each file that
    /// the run deletes meanwhile moves the rest of it from page to page.
    fn may_be_disturbed(&self, id: AssetId) -> bool {
        let is_unread = matches!(self.read.contents.get(&id), Some(Contents::Unread(_)));
        is_unread && self.basis.state.files.contains_key(&id)
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
            if let Some(Contents::Whole(inside)) = self.read.contents.get(id) {
                reread.inside.insert(*id, inside.iter().copied().collect());
            }
        }
        for id in ids {
            if self.may_be_disturbed(*id) {
                reread.again.insert(*id);
                continue;
            }
            let left = made.left_alone.iter().find(|left| left.id == *id);
            let step = made.steps.binary_search_by_key(id, |step| step.id);
            let decision = step.ok().map(|at| &made.steps[at].decision);
            match (decision, left) {
                _ if made.absent.contains(id) => {
                    reread.absent.insert(*id);
                }
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
