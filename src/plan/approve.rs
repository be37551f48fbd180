//! Approval: the only way from a plan to something that can be carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::asset::{AssetId, Kind};
use crate::plan::Plan;
use crate::plan::decide::Decision;

/// Who or what agreed to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Somebody typed the number of assets on a terminal.
    Typed(usize),
    /// `--auto-approve` was given.
    Auto,
    /// The plan was saved, reviewed and handed in.
    Saved,
    /// The assets are the embedded sandbox's.
    Sandbox,
}

/// Why a plan is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The number that was typed is not the number of assets.
    #[error("{typed} was typed, and the plan would delete {planned} assets")]
    WrongNumber {
        /// What was typed.
        typed: usize,
        /// How many assets the plan would delete.
        planned: usize,
    },
    /// Some assets are not shown to be what their pins say.
    #[error("{0} assets are not shown to be what their pins say")]
    Mismatched(usize),
}

impl Refused {
    /// Says what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::WrongNumber { .. } => {
                "read the plan again, then type the number of assets that it would delete"
            }
            Self::Mismatched(_) => {
                "this version does not compare pins with the live assets; leave those assets out with `--skip-mismatched`, or take their pins out of the manifest"
            }
        }
    }
}

/// What is to be done, approved: the executor takes nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    delete: Vec<AssetId>,
    /// The kinds of what is to be deleted, one for each; empty where none is known.
    kinds: Vec<Option<Kind>>,
    stacks: BTreeMap<AssetId, Arc<[AssetId]>>,
    held: Vec<AssetId>,
    resolve: Vec<Resolve>,
    record: Vec<AssetId>,
    forget: Vec<AssetId>,
}

/// An asset whose earlier delete was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolve {
    /// The asset.
    pub id: AssetId,
    /// Whether it may be deleted again where it is still there.
    pub listed: bool,
    /// What sort of asset it is, where somebody said.
    pub kind: Option<Kind>,
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

    /// The files that are deleted in place of a version stack; nothing where they are still to
    /// be read.
    #[must_use]
    pub fn files(&self, stack: AssetId) -> Option<&Arc<[AssetId]>> {
        self.stacks.get(&stack)
    }

    /// Whether an asset is held. What is to be deleted never is, but what a version stack turns
    /// out to hold may be; only known with V4.
    #[must_use]
    pub fn is_held(&self, id: AssetId) -> bool {
        self.held.binary_search(&id).is_ok()
    }

    /// The assets to read first, in the order of their ids.
    #[must_use]
    pub fn resolve(&self) -> &[Resolve] {
        &self.resolve
    }

    /// The assets that were found deleted, which is only written down.
    #[must_use]
    pub fn record(&self) -> &[AssetId] {
        &self.record
    }

    /// Takes assets whose earlier delete was not answered for deleted: they are not read any
    /// more. Those that are not to be read stay as they are.
    pub fn found_deleted(&mut self, found: &BTreeSet<AssetId>) {
        let deleted = self
            .resolve
            .extract_if(.., |resolve| found.contains(&resolve.id));
        self.record.extend(deleted.map(|resolve| resolve.id));
        self.record.sort_unstable();
    }

    /// The assets whose records are dropped, in the order of their ids.
    #[must_use]
    pub fn forget(&self) -> &[AssetId] {
        &self.forget
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
    pub const fn sends(&self) -> bool {
        !self.delete.is_empty() || !self.resolve.is_empty()
    }
}

/// Approves a plan, or says why not.
///
/// # Errors
///
/// Returns why the plan is refused: the consent does not fit it, or a pin is in the way and
/// `skip_mismatched` is off.
pub fn approve(plan: &Plan, consent: Consent, skip_mismatched: bool) -> Result<Approved, Refused> {
    let planned = plan.totals.deletes();
    if let Consent::Typed(typed) = consent
        && typed != planned
    {
        return Err(Refused::WrongNumber { typed, planned });
    }
    if plan.totals.mismatch > 0 && !skip_mismatched {
        return Err(Refused::Mismatched(plan.totals.mismatch));
    }
    let mut approved = Approved {
        delete: Vec::with_capacity(plan.totals.retire + plan.totals.retry),
        kinds: Vec::new(),
        stacks: plan.stacks.clone(),
        held: plan.held.clone(),
        resolve: Vec::new(),
        record: Vec::new(),
        forget: Vec::new(),
    };
    for step in &plan.steps {
        let (id, kind) = (step.id, step.kind());
        match step.decision {
            Decision::Retire | Decision::Retry { .. } => approved.push(id, kind),
            Decision::Resolve { listed, .. } => {
                approved.resolve.push(Resolve { id, listed, kind });
            }
            Decision::Record => approved.record.push(id),
            Decision::Forget => approved.forget.push(id),
            Decision::Blocked { .. }
            | Decision::Defer { .. }
            | Decision::Held { .. }
            | Decision::Mismatch(_)
            | Decision::Unchanged { .. } => {}
        }
    }
    Ok(approved)
}
