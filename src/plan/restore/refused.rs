//! Why nothing can be taken back of what somebody names.

use std::collections::BTreeSet;
use std::fmt;

use crate::asset::AssetId;
use crate::outcome::{Evidence, Phase};
use crate::state::{Change, RunRecord, State, Status};

/// What a run has done of which nobody knows what became, and what to do.
const UNANSWERED: &str = "sent deletes that were not answered: `retire restore` of its number finds out what became of them";

/// How what we have not deleted comes back.
const BY_HAND: &str = "restore it in the web app, in the project's recently deleted assets";

/// Why nothing of what somebody wants back can be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChosen {
    /// The state has no such run.
    NoRun(u64, Runs),
    /// The run has deleted nothing that is still deleted, nor anything that is back.
    Nothing(u64, Did, Runs),
    /// The state does not know the asset.
    NotKnown(AssetId),
    /// The asset is moved aside, and not deleted.
    Staged(AssetId),
    /// The asset is recorded as something else than deleted by us.
    NotRetired(AssetId, &'static str),
}

/// What a run has done instead of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// It moved assets aside, and deleted nothing.
    Stage,
    /// It made the state anew from what a server showed to be deleted.
    Rebuild,
    /// Something else.
    Other,
}

impl Did {
    /// What a run of a state has done.
    pub(super) fn of(run: &RunRecord) -> Self {
        let came = run.came.map(|came| came.counts);
        if matches!(run.change, Some(Change::Rebuilt(_))) {
            Self::Rebuild
        } else if came.is_some_and(|came| came.staged > 0 && came.retired == 0) {
            Self::Stage
        } else {
            Self::Other
        }
    }
}

/// The runs that have deleted something that nobody has seen back, and those that have asked for such
/// where no record says which run deleted it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    deleted: BTreeSet<u64>,
    asked: BTreeSet<u64>,
    /// Those that have moved something aside that waits.
    staged: BTreeSet<u64>,
    /// Those that have sent deletes of which nobody knows what became.
    unanswered: BTreeSet<u64>,
}

/// The runs that have sent deletes of which nobody knows what became.
#[must_use]
pub(super) fn unanswered(state: &State) -> BTreeSet<u64> {
    let mut runs = BTreeSet::new();
    for (id, record) in &state.assets {
        let run = match &record.status {
            // It comes back with its folder, whether it has gone already or not.
            Status::Unknown { .. } if state.went_with(*id).is_some() => None,
            Status::Unknown { .. } => Some(record.run),
            Status::Staged(staged) if staged.aside.phase == Phase::Deleting => Some(record.run),
            Status::Retired(_)
            | Status::Gone(_)
            | Status::Failed(_)
            | Status::Missing
            | Status::Restored { .. }
            | Status::Staged(_)
            | Status::Rescued => None,
        };
        runs.extend(run);
    }
    runs
}

impl Runs {
    /// Those of a state.
    pub(crate) fn of(state: &State) -> Self {
        let mut runs = Self::default();
        let open = state.assets.values();
        for record in open.filter(|record| is_deleted(&record.status).is_some()) {
            match record.deleted() {
                Some(deleted) => runs.deleted.insert(deleted.run),
                None => runs.asked.insert(record.run),
            };
        }
        let waiting = state.assets.values();
        let folders = waiting.filter_map(|record| state.staging(record.status.aside()?.into));
        runs.staged = folders.map(|folder| folder.run).collect();
        runs.unanswered = unanswered(state);
        runs
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.deleted.is_empty() && self.asked.is_empty()
    }
}

impl fmt::Display for Runs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            deleted,
            asked,
            staged,
            unanswered,
        } = self;
        if self.is_empty() {
            formatter.write_str("no run has deleted anything that is still deleted")?;
            let is_all = staged.is_empty() && unanswered.is_empty();
            formatter.write_str(if is_all { "" } else { "; " })?;
        }
        let said = [
            (deleted, "deleted something that is still deleted"),
            (asked, "asked for something that nobody has seen back"),
            (
                staged,
                "moved something aside that waits, which `retire state unstage` moves back",
            ),
            (unanswered, UNANSWERED),
        ];
        let said = said.into_iter().filter(|(runs, _)| !runs.is_empty());
        let said: Vec<String> = said
            .map(|(runs, what)| {
                let named: Vec<String> = runs.iter().map(|run| format!("`run:{run}`")).collect();
                let has = if runs.len() == 1 { "has" } else { "have" };
                let named = named.join(", ");
                format!("{named} {has} {what}")
            })
            .collect();
        formatter.write_str(&said.join("; "))
    }
}

impl NotChosen {
    /// What to do about it, where its words do not say that.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoRun(_, others) | Self::Nothing(_, Did::Stage | Did::Other, others)
                if others.is_empty() =>
            {
                Some("`retire state history` shows the runs")
            }
            Self::NoRun(..) | Self::Nothing(_, Did::Stage | Did::Other, _) => Some(
                "`retire state history` shows the runs, and `retire state list --status retired` the assets",
            ),
            Self::NotKnown(_) | Self::NotRetired(..) => {
                Some("`retire state list --status retired` shows what can be restored")
            }
            Self::Nothing(_, Did::Rebuild, _) | Self::Staged(_) => None,
        }
    }
}

impl fmt::Display for NotChosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRun(run, others) => {
                write!(formatter, "the state has no run {run}; {others}")
            }
            Self::Nothing(run, _, others) if others.staged.contains(run) => write!(
                formatter,
                "what run {run} moved aside waits, and is not deleted: `retire state unstage run:{run}` moves it back"
            ),
            Self::Nothing(run, Did::Stage, others) => write!(
                formatter,
                "run {run} moved assets aside and deleted nothing; {others}"
            ),
            Self::Nothing(run, Did::Rebuild, _) => write!(
                formatter,
                "run {run} made this state anew, and nobody knows what of it `retire` has deleted; {BY_HAND}"
            ),
            Self::Nothing(run, Did::Other, others) => write!(
                formatter,
                "nothing that run {run} deleted is still deleted; {others}"
            ),
            Self::NotKnown(id) => write!(formatter, "the state has no record of `{id}`"),
            Self::Staged(id) => write!(
                formatter,
                "`{id}` is staged and not deleted: `retire state unstage` moves it back"
            ),
            Self::NotRetired(id, "gone") => write!(
                formatter,
                "`{id}` is recorded as gone: others have deleted it, or nobody knows who; {BY_HAND}"
            ),
            Self::NotRetired(id, status) => write!(
                formatter,
                "`{id}` is recorded as {status}, and only what this state has as retired is restored"
            ),
        }
    }
}

/// What shows that we deleted an asset that nothing shows to be back.
pub(super) const fn is_deleted(status: &Status) -> Option<Evidence> {
    match status {
        Status::Retired(evidence)
        | Status::Restored {
            was: evidence,
            seen: false,
            ..
        } => Some(*evidence),
        Status::Restored { seen: true, .. }
        | Status::Gone(_)
        | Status::Failed(_)
        | Status::Unknown { .. }
        | Status::Missing
        | Status::Staged(_)
        | Status::Rescued => None,
    }
}
