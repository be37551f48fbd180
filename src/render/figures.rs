//! What a run came to, and figures of it that several formats show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::AssetId;
use crate::event::{Ending, HoldChanges, Kept, Released};
use crate::inventory::Known;
use crate::measure;
use crate::outcome::Aside;
use crate::plan::{LeftAlone, Totals};
use crate::render::failed::FailedAsset;
use crate::state::{Counts, Deleted, State};

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    /// The run's number; none where nothing had to be done.
    pub(crate) run: Option<u64>,
    pub(crate) totals: Totals,
    /// What became of the assets of this run, each counted once by its last outcome.
    pub(crate) counts: Counts,
    /// How many bytes were deleted.
    pub(crate) deleted: Deleted,
    /// What is known of those that are refused, unknown or missing.
    pub(crate) known: BTreeMap<AssetId, Known>,
    /// How many assets were unknown before the run, and are known now.
    pub(crate) resolved: usize,
    /// How many records were dropped.
    pub(crate) forgotten: usize,
    /// Of how many of these the asset is back from where it was moved aside to.
    pub(crate) moved_back: usize,
    /// What became other of the holds that the state keeps.
    pub(crate) holds: HoldFigures,
    /// What was released of them, and why.
    pub(crate) released: Vec<Released>,
    /// The assets that the server refused, by id.
    pub(crate) failed: Vec<FailedAsset>,
    /// The assets whose delete was sent without a trustworthy answer, by id.
    pub(crate) unknown: Vec<AssetId>,
    /// The assets that the server does not know, and that nothing shows to be deleted, by id.
    pub(crate) missing: Vec<AssetId>,
    /// How many assets of the plan have no outcome, since the run stopped before them.
    pub(crate) unsent: usize,
    /// What the server said that it should not say.
    pub(crate) warnings: Vec<String>,
    /// The earliest date of what the plan leaves: of the deferred assets, and of the staged ones.
    pub(crate) left_due: Option<Timestamp>,
    /// What the run has moved aside, and what waits since.
    pub(crate) staged: StagedFigures,
    /// Those that failed since the server refused to move them.
    pub(crate) unmoved: BTreeSet<AssetId>,
    /// What is kept, since something that is protected is connected with it.
    pub(crate) kept: Vec<Kept>,
    /// What a saved plan left alone, since it was other than reviewed.
    pub(crate) left_alone: Vec<LeftAlone>,
    /// Why the run ended; none where it never started or never came to its end.
    pub(crate) ending: Option<Ending>,
    /// How many requests were made, without those that were repeated.
    pub(crate) requests: usize,
    /// How long the run took.
    pub(crate) elapsed: Duration,
    /// How long what is left takes at least at the server's limits, as far as these are known.
    pub(crate) least: Duration,
    /// Where the state lies, as the user named it; empty where none was written.
    pub(crate) state_path: String,
    /// Whether the run could not be written there.
    pub(crate) not_saved: bool,
    /// How what it did can be taken back by a command, where there is one.
    pub(crate) way_back: Option<WayBack>,
}

/// How what a run deleted or moved aside can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WayBack {
    /// What its command needs besides the run, each word after a space.
    pub(crate) words: String,
    /// Whether nothing is missing for it that a probe has to show.
    pub(crate) is_proven: bool,
}

impl Summary {
    /// When the next asset comes due, as far as this run knows.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.left_due.into_iter().chain(self.staged.due).min()
    }
}

/// How many holds a run has changed in the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct HoldFigures {
    /// Kept from now on, or with other words.
    pub(crate) kept: usize,
    /// Lifted, since a manifest released them.
    pub(crate) released: usize,
    /// Dropped, since their moment has come.
    pub(crate) ended: usize,
}

impl HoldFigures {
    /// Counts what changes.
    pub(crate) const fn of(changes: &HoldChanges) -> Self {
        let HoldChanges {
            kept,
            released,
            ended,
        } = changes;
        Self {
            kept: kept.len(),
            released: released.len(),
            ended: ended.len(),
        }
    }
}

/// What is moved aside and waits: how much, where, and until when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct StagedFigures {
    /// How many assets wait.
    pub(crate) assets: usize,
    /// How many bytes they have, as far as that is known; what lies in a folder counts with it.
    pub(crate) bytes: u64,
    /// Of how many assets that were moved by themselves it is not known.
    pub(crate) unmeasured: usize,
    /// What the staging folders are called in which they wait.
    pub(crate) folders: Vec<Arc<str>>,
    /// From when on the first of them is to be deleted.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub(crate) due: Option<Timestamp>,
}

impl StagedFigures {
    /// Adds up how assets stand aside; `sized` tells the size of those that were moved by themselves,
    /// and nothing of what lies in another.
    pub(super) fn of(
        asides: impl Iterator<Item = (AssetId, Aside)>,
        folders: &BTreeMap<AssetId, Arc<str>>,
        sized: impl Fn(AssetId) -> Option<Option<u64>>,
    ) -> Self {
        let mut all = Self::default();
        let mut used = BTreeSet::new();
        for (id, aside) in asides {
            all.assets += 1;
            if let Some(bytes) = sized(id)
                && !measure::add(&mut all.bytes, bytes)
            {
                all.unmeasured += 1;
            }
            all.due = all.due.into_iter().chain([aside.due]).min();
            used.insert(aside.into);
        }
        let used = folders.iter().filter(|(id, _)| used.contains(id));
        all.folders = used.map(|(_, name)| Arc::clone(name)).collect();
        all
    }

    /// What waits of all that a state has.
    pub(super) fn of_state(state: &State) -> Self {
        let records = state.assets.iter();
        let asides = records.filter_map(|(id, record)| Some((*id, *record.status.aside()?)));
        let folders = state.staging.iter();
        let folders = folders.filter_map(|folder| Some((folder.id?, Arc::clone(&folder.name))));
        Self::of(asides, &folders.collect(), |id| {
            let is_alone = state.is_staging(state.aside(id)?.into);
            is_alone.then(|| state.catalogue.bytes(id))
        })
    }

    /// Whether nothing waits.
    pub(crate) const fn is_none(&self) -> bool {
        self.assets == 0
    }
}
