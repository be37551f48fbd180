//! What a plan is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::event::RunEvent;
use crate::inventory::{Known, Mark};
use crate::manifest::document::{Details, Spot};
use crate::plan::about::{About, WholeFolder};
use crate::plan::aside::Moves;
use crate::plan::aside::Staging;
use crate::plan::decide::{Decision, Recorded, Why};
use crate::plan::figure::Report;
use crate::plan::holds::PlannedHold;
use crate::plan::left_alone::LeftAlone;
use crate::plan::only::Only;
use crate::plan::totals::Totals;
use crate::plan::unread_marks::UnreadMarks;
use crate::state::State;

/// What is directly in folders and version stacks, with its kind where that is known.
pub(super) type Parts = BTreeMap<AssetId, Vec<(AssetId, Option<Kind>)>>;

/// What is to happen, in the order of the assets' ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The assets of which there is something to say; unchanged ones are only counted.
    pub steps: Vec<Step>,
    /// How many assets each decision concerns.
    pub totals: Totals,
    /// The files of the version stacks that are to be deleted, as far as they were read: V4
    /// deletes them in place of the stack.
    pub stacks: BTreeMap<AssetId, Arc<[AssetId]>>,
    /// All assets with a hold in force that are not recorded as deleted, in the order of their
    /// ids.
    pub held: Vec<Held>,
    /// All holds, in the order of what they hold: those that are in force, and those that the plan
    /// lifts.
    pub holds: Vec<PlannedHold>,
    /// The listed assets that stay, and of which nobody knows what became of an earlier delete:
    /// they are read, and never deleted.
    pub unsettled: Vec<Unsettled>,
    /// Those of which an earlier delete was not answered, and that a reading did not find: should
    /// the run find one there again, nobody has looked where it lies or what is in it.
    pub absent: BTreeSet<AssetId>,
    /// Those that may be deleted and that a reading has shown alive, and since when.
    pub alive: (BTreeSet<AssetId>, Timestamp),
    /// What a saved plan leaves alone, in the order of the ids, since the live account is other
    /// than it was when the plan was reviewed.
    pub left_alone: Vec<LeftAlone>,
    /// Where assets lie that may be deleted, as far as somebody said: it tells where to look for
    /// what shows that they are.
    pub places: BTreeMap<AssetId, Place>,
    /// What is directly in each folder and version stack that goes, for itself or along with
    /// another one, as lists show it that were read to their ends.
    pub parts: Parts,
    /// Whether it was looked for what protected assets are connected with, and what that came to.
    pub shelter: Shelter,
    /// The held projects that could not be read: whoever wrote the hold relies on it, and nobody
    /// knows what it keeps.
    pub unread_projects: Vec<Unplaced>,
    /// What is known of the assets of the steps, as far as it was read or is recorded.
    pub about: BTreeMap<AssetId, About>,
    /// The folders that are not listed, and of which each file is to be deleted.
    pub whole_folders: Vec<WholeFolder>,
    /// What the guards say of it, once they have looked.
    pub guards: Option<Arc<Report>>,
    /// Why marks could not be read of what is to be deleted, where they could not.
    pub unread_marks: Option<UnreadMarks>,
    /// What is new of the marks that people have set, beside what the state has.
    pub marks: MarksSince,
    /// What is new of what stays for the sake of something protected.
    pub kept_since: KeptSince,
    /// The assets that were deleted again, and whose entries say `again: true` no more, in the order
    /// of their ids.
    pub again_over: Vec<AssetId>,
    /// What was deleted before, is back, and goes again with something whose entry says `again: true`.
    pub back: BTreeMap<AssetId, Back>,
    /// What is moved aside in place of being deleted one by one, and what becomes of what was.
    pub staging: Staging,
    /// The same in figures.
    pub moves: Moves,
    /// What chooses the steps, where the plan is a part.
    pub only: Vec<Only>,
    /// The steps that this leaves out, for holds and guards, which count over all.
    pub left_out: Vec<Step>,
}

/// What is new of the marks that people have set in Frame.io, in the order of the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarksSince {
    /// Those that the state does not have, or has otherwise.
    pub seen: Vec<(AssetId, Mark)>,
    /// Those that the state has, of assets that were read and bear none now.
    pub lifted: Vec<(AssetId, Mark)>,
}

/// What is new of what stays, beside what the state has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptSince {
    /// The assets that stay as the state has it.
    pub known: BTreeSet<AssetId>,
    /// The assets that the state has, and that are not held back any more.
    pub over: Vec<AssetId>,
}

impl MarksSince {
    /// What a run writes down of it; nothing where nothing is new.
    #[must_use]
    pub fn news(&self) -> Option<RunEvent> {
        // What is lifted is known, and named, until a run has deleted the asset.
        let Self { seen, lifted: _ } = self;
        (!seen.is_empty()).then(|| RunEvent::Marked { seen: seen.clone() })
    }
}

/// An asset that was deleted before, is back, and goes again with what it lies in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// The folder or version stack whose entry says `again: true`.
    pub with: AssetId,
    /// What is recorded of it.
    pub recorded: Recorded,
    /// What it is called, where it lies and how large it is, as far as that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Known>,
}

/// An asset that is only read, since an earlier delete was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// The asset.
    pub id: AssetId,
    /// What sort of asset it is, where somebody said.
    pub kind: Option<Kind>,
    /// How often a delete was tried and not confirmed.
    pub attempts: u32,
    /// The folder with which it is on its way out, where a reading has shown it alive.
    pub with: Option<AssetId>,
}

/// A protected asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The asset.
    pub id: AssetId,
    /// Why it stays.
    pub why: Why,
    /// The moment up to which it does, where that is known.
    pub until: Option<Timestamp>,
}

/// Where an asset lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Its project.
    pub project: Option<AssetId>,
    /// The folder or version stack that holds it.
    pub parent: Option<AssetId>,
}

/// What is to happen to one asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The asset.
    pub id: AssetId,
    /// What is to happen to it, and why.
    pub decision: Decision,
    /// What the manifest says of it, and the kind that the server said where it does not.
    pub details: Option<Arc<Details>>,
    /// Where the manifest lists it.
    pub spot: Option<Spot>,
}

impl Plan {
    /// The steps that may delete something, those that `only` leaves out among them.
    pub(super) fn all_going(&self) -> impl Iterator<Item = &Step> {
        let steps = self.steps.iter().chain(&self.left_out);
        steps.filter(|step| step.decision.may_delete())
    }

    /// The step of an asset.
    #[must_use]
    pub fn step(&self, id: AssetId) -> Option<&Step> {
        let place = self.steps.binary_search_by_key(&id, |step| step.id);
        self.steps.get(place.ok()?)
    }

    /// The assets of which a run of the plan finds out, or writes down, what an earlier one did.
    #[must_use]
    pub fn settling(&self) -> BTreeSet<AssetId> {
        let is_settled = |step: &&Step| {
            matches!(
                step.decision.alone(),
                Decision::Resolve { .. } | Decision::Record { run: Some(_), .. }
            )
        };
        let steps = self.steps.iter().filter(is_settled).map(|step| step.id);
        let unsettled = self.unsettled.iter().map(|unsettled| unsettled.id);
        steps.chain(unsettled).collect()
    }

    /// Whether a run has something to do for an asset.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.totals.changes() > 0
            || !self.unsettled.is_empty()
            || self.changes_holds()
            || !self.staging.is_empty()
            || !self.staging.rescued.is_empty()
            || !self.staging.home.is_empty()
    }

    /// Whether a run changes what the state keeps of holds.
    #[must_use]
    pub fn changes_holds(&self) -> bool {
        self.holds.iter().any(|hold| hold.change.is_some())
    }

    /// Whether a run writes down something that is no outcome and no hold: marks, what stays for the
    /// sake of something else, or that entries say `again: true` no more.
    #[must_use]
    pub fn says_news(&self) -> bool {
        self.marks.news().is_some() || self.keeps_other() || !self.again_over.is_empty()
    }

    /// Whether a run has something to do, be it no more than to write that down.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.has_work() || self.says_news()
    }
}

impl Plan {
    /// The assets whose entries say `again: true`, and those of what it leaves out.
    pub(super) fn going_again(&self) -> impl Iterator<Item = AssetId> {
        let steps = self.steps.iter().chain(&self.left_out);
        steps.filter(|step| step.goes_again()).map(|step| step.id)
    }

    /// What was deleted before and goes again with something that goes.
    pub fn going_back(&self) -> impl Iterator<Item = (AssetId, &Back)> {
        let goes = |back: &Back| {
            let step = self.steps.binary_search_by_key(&back.with, |step| step.id);
            step.is_ok_and(|at| self.steps[at].decision.goes())
        };
        let all = self.back.iter().map(|(id, back)| (*id, back));
        all.filter(move |(_, back)| goes(back))
    }

    /// The assets that were deleted again, or by an entry that says `again: true`, after a run of the
    /// plan: those that go now are among them.
    #[must_use]
    pub fn again_after(&self, state: &State, run: u64) -> BTreeMap<AssetId, u64> {
        let is_deleted = |id: &AssetId| {
            let record = state.assets.get(id);
            record.is_some_and(|record| Recorded::of(&record.status).is_some())
        };
        let goes = |decision: &Decision| {
            decision.may_delete() || matches!(decision, Decision::Covered { .. })
        };
        let going = self.steps.iter().filter(|step| goes(&step.decision));
        let going = going.filter(|step| step.goes_again() || is_deleted(&step.id));
        let going = going.map(|step| step.id);
        let mut again = state.again.clone();
        again.retain(|id, _| !self.again_over.contains(id));
        again.extend(going.map(|id| (id, run)));
        again
    }
}

impl Step {
    /// What sort of asset it is, where somebody said.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.details.as_ref()?.kind
    }

    pub(super) fn goes_again(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.again)
    }
}

/// What a plan says of the look for protected assets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shelter {
    /// Nothing is protected, or only files are to be deleted and no folder is held.
    #[default]
    NotNeeded,
    /// Nobody looked.
    NotChecked,
    /// The live assets were read.
    Checked {
        /// The protected assets whose place could not be read: each may lie in any folder.
        unplaced: Vec<Unplaced>,
        /// The held assets of which it is not known what is in them, each with how many of the
        /// listed assets may be.
        unread: Vec<(Unplaced, usize)>,
    },
}

/// A protected asset whose place could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// The asset.
    pub id: AssetId,
    /// Why it is protected.
    pub why: Why,
    /// Where a manifest says so: `file:line:column`.
    pub at: Option<Arc<str>>,
    /// What came instead of its place.
    pub detail: Arc<str>,
}

impl Unplaced {
    /// The same of a project that could not be read.
    #[must_use]
    pub fn unread(&self) -> String {
        let Self { id, at, detail, .. } = self;
        let at = at.as_ref().map(|at| format!(" ({at})"));
        format!("`{id}`{}: {detail}", at.unwrap_or_default())
    }
}

impl fmt::Display for Unplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            why,
            at,
            detail,
        } = self;
        let why = match why {
            Why::Hold(_) => "held",
            Why::Deferred => "deferred",
            Why::Pinned => "pinned",
            Why::Blocked => "blocked",
            Why::Unread => "not read",
            Why::Drift => "recorded as deleted",
            Why::Unrecorded => "in a staging folder",
            Why::Marked(_) => "marked",
        };
        write!(formatter, "`{id}` ({why}")?;
        if let Some(at) = at {
            write!(formatter, ", {at}")?;
        }
        write!(formatter, ") cannot be placed: {detail}")
    }
}
