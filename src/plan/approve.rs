//! Approval: the only way from a plan to something that can be carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetId, Kind};
use crate::digest::Sha256;
use crate::event::{HoldChanges, RunEvent};
use crate::inventory::{Called, Known};
use crate::manifest::document::MissingPolicy;
use crate::outcome::{AssetOutcome, Failure, FailureKind, Outcome};
use crate::plan::about::About;
use crate::plan::aside::Staging;
use crate::plan::cover;
use crate::plan::decide::Decision;
use crate::plan::holds;
use crate::plan::model::Parts;
pub use crate::plan::refused::{Lack, Refusals, Refused};
use crate::plan::{MarksSince, Place, Plan, Shelter, Unsettled};

/// Who or what agreed to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Somebody typed the number of files on a terminal.
    Typed(usize),
    /// `--auto-approve` was given.
    Auto,
    /// The plan was saved, reviewed and handed in.
    Saved,
    /// The assets are the embedded sandbox's.
    Sandbox,
}

/// What is to be done, approved: the executor takes nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    delete: Vec<AssetId>,
    /// The kinds of what is to be deleted, one for each; empty where none is known.
    kinds: Vec<Option<Kind>>,
    stacks: BTreeMap<AssetId, Arc<[AssetId]>>,
    protected: BTreeSet<AssetId>,
    resolve: Vec<Resolve>,
    /// What is on its way out, with which folder.
    leaving: BTreeMap<AssetId, AssetId>,
    alive: (BTreeSet<AssetId>, Timestamp),
    found: Vec<AssetOutcome>,
    forget: Vec<AssetId>,
    /// Those that are known to be gone, should the server not know them; sorted.
    accepted: Vec<AssetId>,
    places: BTreeMap<AssetId, Place>,
    parts: Parts,
    inside: BTreeMap<AssetId, Vec<AssetId>>,
    about: BTreeMap<AssetId, About>,
    holds: HoldChanges,
    marks: MarksSince,
    kept: Option<RunEvent>,
    again_over: Vec<AssetId>,
    /// The assets whose entries say `again: true`.
    again: BTreeSet<AssetId>,
    staging: Staging,
}

/// An asset whose earlier delete was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolve {
    /// The asset.
    pub id: AssetId,
    /// Whether it is listed, so that it may be deleted again where it is still there.
    pub listed: bool,
    /// What sort of asset it is, where somebody said.
    pub kind: Option<Kind>,
    /// Whether it was not there when the plan was made: found alive, it is not deleted by this run.
    pub was_absent: bool,
}

impl Approved {
    /// The assets to delete, in the order of their ids.
    #[must_use]
    pub fn delete(&self) -> &[AssetId] {
        &self.delete
    }

    /// What sort of asset one is that is to be deleted or read, where somebody said.
    #[must_use]
    pub fn kind(&self, id: AssetId) -> Option<Kind> {
        if let Ok(place) = self.delete.binary_search(&id) {
            return self.kinds.get(place).copied().flatten();
        }
        let place = self.resolve.binary_search_by_key(&id, |resolve| resolve.id);
        self.resolve.get(place.ok()?)?.kind
    }

    /// The same, of what lies in a folder or version stack that goes as well.
    #[must_use]
    pub fn kind_in(&self, id: AssetId) -> Option<Kind> {
        self.kind(id).or_else(|| self.about.get(&id)?.kind)
    }

    /// The files that are deleted in place of a version stack; nothing where they are still to
    /// be read.
    #[must_use]
    pub fn files(&self, stack: AssetId) -> Option<&Arc<[AssetId]>> {
        self.stacks.get(&stack)
    }

    /// Whether an asset must stay. What is to be deleted never must, but what a version stack
    /// turns out to have in it may.
    #[must_use]
    pub fn is_protected(&self, id: AssetId) -> bool {
        self.protected.contains(&id)
    }

    /// The assets to read first, in the order of their ids.
    #[must_use]
    pub fn resolve(&self) -> &[Resolve] {
        &self.resolve
    }

    /// The folder with which an asset is on its way out, as a reading for the plan has shown.
    #[must_use]
    pub fn leaves_with(&self, id: AssetId) -> Option<AssetId> {
        self.leaving.get(&id).copied()
    }

    /// What is new of the marks that people have set, and is only written down.
    #[must_use]
    pub const fn marks(&self) -> &MarksSince {
        &self.marks
    }

    /// What stays for the sake of something protected, and is only written down.
    #[must_use]
    pub fn kept(&self) -> Option<RunEvent> {
        self.kept.clone()
    }

    /// That entries say `again: true` no more, where some do; it is only written down.
    #[must_use]
    pub fn again_over(&self) -> Option<RunEvent> {
        let ids = self.again_over.clone();
        (!ids.is_empty()).then_some(RunEvent::AgainOver { ids })
    }

    /// That outcomes of what a run has asked for use up the `again: true` of entries, where they do.
    /// What is found to be gone may be by a delete of ours that was not answered.
    #[must_use]
    pub fn again_used(&self, outcomes: &[AssetOutcome]) -> Option<RunEvent> {
        let is_deleted =
            |outcome: &Outcome| matches!(outcome, Outcome::Retired(_) | Outcome::Gone(_));
        let deleted = outcomes.iter().filter(|(_, outcome)| is_deleted(outcome));
        let ids = deleted.map(|(id, _)| *id);
        let ids: Vec<AssetId> = ids.filter(|id| self.again.contains(id)).collect();
        (!ids.is_empty()).then_some(RunEvent::AgainUsed { ids })
    }

    /// What was found out before the run, and is only written down.
    #[must_use]
    pub fn found(&self) -> &[AssetOutcome] {
        &self.found
    }

    /// The moment after which a reading for the plan has shown an asset alive, where one has: itself,
    /// or a file in the list of its version stack.
    #[must_use]
    pub fn alive_after(&self, id: AssetId, stack: Option<AssetId>) -> Option<Timestamp> {
        let (alive, moment) = &self.alive;
        let files = stack.and_then(|stack| self.files(stack));
        let is_shown = alive.contains(&id) || files.is_some_and(|files| files.contains(&id));
        is_shown.then_some(*moment)
    }

    /// Whether an asset is known to be gone, should the server not know it.
    #[must_use]
    pub fn accepts_missing(&self, id: AssetId) -> bool {
        self.accepted.binary_search(&id).is_ok()
    }

    /// The project and the parent of an asset, as far as somebody said.
    #[must_use]
    pub fn place(&self, id: AssetId) -> Place {
        self.places.get(&id).copied().unwrap_or_default()
    }

    /// What an asset is called, where it lies and how large it is, as far as that is known.
    #[must_use]
    pub fn known(&self, id: AssetId) -> Option<Known> {
        self.about.get(&id)?.known()
    }

    /// What lies in a folder or version stack that goes, to the bottom: a hash of the ids, each with
    /// what it is like. Nothing of a file.
    #[must_use]
    pub fn digest_inside(&self, id: AssetId) -> Option<Sha256> {
        let inside = self.about.get(&id)?.inside.as_ref()?;
        Some(Sha256(inside.digest))
    }

    /// How a sentence names an asset.
    #[must_use]
    pub fn called(&self, id: AssetId) -> Called {
        let path = self.known(id).and_then(|known| known.path());
        Called { id, path }
    }

    /// What is directly in a folder or version stack that goes, as the lists showed it that were
    /// read before; nothing where they were not.
    #[must_use]
    pub fn parts(&self, folder: AssetId) -> &[(AssetId, Option<Kind>)] {
        self.parts.get(&folder).map_or(&[], Vec::as_slice)
    }

    /// Whether the asset lies in a folder or version stack that goes, and goes along with it.
    #[must_use]
    pub fn goes_along(&self, id: AssetId) -> bool {
        let mut inside = self.inside.values();
        inside.any(|inside| inside.binary_search(&id).is_ok())
    }

    /// What is listed or recorded of what a folder is known to hold, to the bottom.
    #[must_use]
    pub fn inside(&self, folder: AssetId) -> &[AssetId] {
        self.inside.get(&folder).map_or(&[], Vec::as_slice)
    }

    /// What holds which asset, as far as somebody said.
    #[must_use]
    pub fn parents(&self) -> BTreeMap<AssetId, AssetId> {
        let places = self.places.iter();
        places
            .filter_map(|(id, place)| Some((*id, place.parent?)))
            .collect()
    }

    /// The assets whose records are dropped, in the order of their ids.
    #[must_use]
    pub fn forget(&self) -> &[AssetId] {
        &self.forget
    }

    /// What changes among the holds that the state keeps, where something does.
    #[must_use]
    pub fn hold_changes(&self, at: Timestamp) -> Option<RunEvent> {
        let changes = self.holds.clone();
        (!changes.is_empty()).then_some(RunEvent::HoldsChanged { at, changes })
    }

    fn push(&mut self, id: AssetId, kind: Option<Kind>) {
        if kind.is_some() || !self.kinds.is_empty() {
            self.kinds.resize(self.delete.len(), None);
            self.kinds.push(kind);
        }
        self.delete.push(id);
    }

    /// Whether something is sent to the server.
    #[must_use]
    pub fn sends(&self) -> bool {
        !self.delete.is_empty() || !self.resolve.is_empty() || !self.staging.is_empty()
    }

    /// What is moved aside, and what becomes of what was.
    #[must_use]
    pub const fn staging(&self) -> &Staging {
        &self.staging
    }

    /// In what each asset lies that is in a folder or version stack that goes.
    #[must_use]
    pub fn lies(&self) -> BTreeMap<AssetId, AssetId> {
        let parts = self.parts.iter();
        let lies = parts.flat_map(|(around, all)| all.iter().map(|(id, _)| (*id, *around)));
        lies.collect()
    }

    /// All that is in a folder or version stack that goes, to the bottom, in the order of the ids.
    #[must_use]
    pub fn all_inside(&self, id: AssetId) -> BTreeSet<AssetId> {
        cover::inside(&self.parts, id)
    }
}

/// Approves a plan, or says why not.
///
/// # Errors
///
/// Returns why the plan is refused: the consent does not fit it, a pin is in the way and
/// `skip_mismatched` is off, or something protected may be deleted along.
pub fn approve(plan: &Plan, consent: Consent, skip_mismatched: bool) -> Result<Approved, Refused> {
    let planned = plan.totals.to_type();
    if let Consent::Typed(typed) = consent
        && typed != planned
    {
        return Err(Refused::WrongNumber { typed, planned });
    }
    if let Some(first) = refusals(plan, skip_mismatched).into_iter().next() {
        return Err(first);
    }
    let mut approved = Approved {
        delete: Vec::with_capacity(plan.totals.retire + plan.totals.retry),
        kinds: Vec::new(),
        stacks: plan.stacks.clone(),
        protected: plan.held.iter().map(|held| held.id).collect(),
        resolve: Vec::new(),
        leaving: BTreeMap::new(),
        alive: plan.alive.clone(),
        found: Vec::new(),
        forget: Vec::new(),
        accepted: Vec::new(),
        places: plan.places.clone(),
        parts: plan.parts.clone(),
        inside: inside(plan),
        about: plan.about.clone(),
        holds: holds::changes(&plan.holds),
        marks: plan.marks.clone(),
        kept: plan.says_kept(),
        again_over: plan.again_over.clone(),
        again: plan.going_again().collect(),
        staging: plan.staging.clone(),
    };
    let rescued = plan.staging.rescued.iter();
    (approved.found).extend(rescued.map(|id| (*id, Outcome::Rescued)));
    for step in &plan.steps {
        let (id, kind) = (step.id, step.kind());
        if step.decision.waits().is_some() {
            approved.protected.insert(id);
        }
        let details = step.details.as_ref();
        if details.is_some_and(|details| details.missing == Some(MissingPolicy::Accept)) {
            approved.accepted.push(id);
        }
        if plan.staging.takes(id) {
            continue;
        }
        match &step.decision {
            Decision::Retire | Decision::Retry { .. } => approved.push(id, kind),
            Decision::Resolve { listed, with, .. } => {
                (approved.leaving).extend(with.map(|with| (id, with)));
                approved.resolve.push(Resolve {
                    id,
                    listed: *listed,
                    kind,
                    was_absent: plan.absent.contains(&id),
                });
            }
            Decision::Record { evidence, run } => {
                let is_ours = run.is_some();
                let outcome = if is_ours {
                    Outcome::Retired
                } else {
                    Outcome::Gone
                };
                approved.found.push((id, outcome(*evidence)));
            }
            Decision::Missing => approved.found.push((id, Outcome::Missing)),
            Decision::Unreadable { message } => {
                let refused = Failure {
                    kind: FailureKind::Permission,
                    message: message.to_string(),
                };
                approved.found.push((id, Outcome::Failed(refused)));
            }
            Decision::Unstage | Decision::Forget => approved.forget.push(id),
            Decision::Covered { .. }
            | Decision::Blocked { .. }
            | Decision::Defer { .. }
            | Decision::Staged { .. }
            | Decision::Held { .. }
            | Decision::Unread
            | Decision::Mismatch(_)
            | Decision::Rescued
            | Decision::Drift { .. }
            | Decision::Unchanged { .. } => {}
        }
    }
    // What stays is read as what is no longer listed: found alive, its record is dropped.
    for Unsettled { id, kind, with, .. } in &plan.unsettled {
        (approved.leaving).extend(with.map(|with| (*id, with)));
        approved.resolve.push(Resolve {
            id: *id,
            listed: false,
            kind: *kind,
            was_absent: false,
        });
    }
    approved.resolve.sort_unstable_by_key(|resolve| resolve.id);
    approved.forget.extend(&plan.staging.home);
    approved.forget.sort_unstable();
    approved.forget.dedup();
    Ok(approved)
}

/// What goes along with each folder and version stack, of what the plan knows. What is recorded as
/// deleted has no step, and needs none.
fn inside(plan: &Plan) -> BTreeMap<AssetId, Vec<AssetId>> {
    let is_known = |id: &AssetId| {
        let step = plan.steps.binary_search_by_key(id, |step| step.id);
        step.is_ok()
    };
    let all = plan.parts.keys().map(|top| {
        let mut inside = cover::inside(&plan.parts, *top);
        inside.retain(is_known);
        (*top, inside.into_iter().collect::<Vec<_>>())
    });
    all.filter(|(_, inside)| !inside.is_empty()).collect()
}

/// Checks whether a plan may be carried out at all, whoever agrees to it; gives all that is in the way.
#[must_use]
pub fn refusals(plan: &Plan, skip_mismatched: bool) -> Vec<Refused> {
    let mut all = Vec::new();
    if plan.shelter == Shelter::NotChecked {
        all.push(Refused::NotChecked);
    }
    if plan.totals.mismatch > 0 && !skip_mismatched {
        all.push(Refused::Mismatched(plan.totals.mismatch));
    }
    if let Shelter::Checked { unplaced, unread } = &plan.shelter {
        all.extend((!unplaced.is_empty()).then(|| Refused::Unplaced(unplaced.clone())));
        all.extend((!unread.is_empty()).then(|| Refused::Unread(unread.clone())));
    }
    let projects = &plan.unread_projects;
    all.extend((!projects.is_empty()).then(|| Refused::Projects(projects.clone())));
    all.extend(plan.unread_marks.clone().map(Refused::Marks));
    let guards = plan.guards.iter().filter(|report| !report.is_passed());
    all.extend(guards.map(|report| Refused::Guarded(Arc::clone(report))));
    all
}
