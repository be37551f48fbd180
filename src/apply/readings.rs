//! How long ago what is to be deleted was read, and who reads it again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use crate::asset::AssetId;
use crate::event::Other;
use crate::state::State;

/// Which part of the time for which a reading is believed is left to read again, in fifths: with
/// what is read along (`queue::TOGETHER`), all of it is over before the new reading is too old. It is
/// as much as is read along, so that nothing waits where reading is as slow as deleting.
const AHEAD: (u32, u32) = (2, 5);

/// Reads assets again that are to be deleted; what comes of it comes in as news.
pub(crate) type Rereader<'run> = Box<dyn FnMut(Pass) + 'run>;

/// What is to be read again.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    pub(crate) ids: BTreeSet<AssetId>,
    /// What is known of them now.
    pub(crate) state: State,
    pub(crate) look: Look,
}

/// How it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Each by itself, with what is in it: it is deleted next.
    Near,
    /// By the lists of what it lies in: it is moved next, a hundred a call, and what is in it is
    /// listed before its staging folder is deleted.
    Wide,
}

/// What is known of when the assets of a run were read.
#[derive(Default)]
pub(crate) struct Readings<'run> {
    /// Nothing where no reading has decided anything.
    terms: Option<Terms<'run>>,
    /// Until when those are believed that were read again, counted from the start of the run.
    again: HashMap<AssetId, Duration>,
    /// What was not found when it was read again.
    absent: BTreeSet<AssetId>,
    /// What is to be read while nothing in it is being deleted, since a list does not keep still
    /// meanwhile.
    still: BTreeSet<AssetId>,
    /// What stays, whatever a reading says of it: the run itself has put something back into it.
    kept: BTreeSet<AssetId>,
    /// What is being read again.
    pub(super) under_way: BTreeSet<AssetId>,
}

struct Terms<'run> {
    /// For how long a reading is believed, from the end of the pass that it belongs to.
    age: Duration,
    /// Until when what was read before the run is believed.
    first: Duration,
    rereader: Rereader<'run>,
}

/// What a run learns of assets that it was to delete.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reread {
    /// When they were read, counted from the start of the run.
    pub(crate) ended: Duration,
    /// Those that are to go as they were approved.
    pub(crate) same: BTreeSet<AssetId>,
    /// Those that stay, and what is other.
    pub(crate) other: BTreeMap<AssetId, Other>,
    /// Those that were not found there: whether they are deleted is found out one by one.
    pub(crate) absent: BTreeSet<AssetId>,
    /// Those of which the list could not be read, and need not have kept still: the run deletes what
    /// is in them.
    pub(crate) again: BTreeSet<AssetId>,
    /// What is in those of them that are folders or version stacks, to the bottom: what is deleted
    /// one by one in place of its folder must be in it still.
    pub(crate) inside: BTreeMap<AssetId, BTreeSet<AssetId>>,
}

impl fmt::Debug for Readings<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut readings = formatter.debug_struct("Readings");
        readings.field("again", &self.again).finish_non_exhaustive()
    }
}

impl<'run> Readings<'run> {
    /// Begins with a reading that ended so long before the run, and is believed for `age`.
    pub(crate) fn new(since: Duration, age: Duration, rereader: Rereader<'run>) -> Self {
        Self {
            terms: Some(Terms {
                age,
                first: age.saturating_sub(since),
                rereader,
            }),
            ..Self::default()
        }
    }

    /// Until when an asset is believed to be as it was read.
    pub(super) fn believed(&self, id: AssetId) -> Duration {
        let again = self.again.get(&id).copied();
        let first = || self.terms.as_ref().map(|terms| terms.first);
        again.or_else(first).unwrap_or(Duration::MAX)
    }

    /// Believes no reading of an asset any more that there was so far.
    pub(super) fn distrust(&mut self, id: AssetId) {
        self.again.insert(id, Duration::ZERO);
    }

    /// Believes no reading any more that there was so far.
    pub(super) fn distrust_all(&mut self) {
        self.again.clear();
        if let Some(terms) = &mut self.terms {
            terms.first = Duration::ZERO;
        }
    }

    /// Keeps some assets, of which no reading is believed any more.
    pub(super) fn keep(&mut self, kept: BTreeSet<AssetId>) {
        self.kept = kept;
    }

    /// Whether an asset stays, whatever a reading says of it.
    pub(super) fn keeps(&self, id: AssetId) -> bool {
        self.kept.contains(&id)
    }

    /// Whether an asset is to be read while nothing in it is being deleted.
    pub(super) fn wants_still(&self, id: AssetId) -> bool {
        self.still.contains(&id)
    }

    /// Takes notice that a list of an asset may not have kept still; says whether it is to be read
    /// once more. Nothing more of it is deleted until then.
    pub(super) fn is_to_be_still(&mut self, id: AssetId) -> bool {
        self.distrust(id);
        self.still.insert(id)
    }

    /// Whether assets were read lately enough to be deleted.
    pub(super) fn are_fresh(&self, ids: &[AssetId], now: Duration) -> bool {
        self.terms.is_none() || ids.iter().all(|id| self.believed(*id) > now)
    }

    /// How long before its turn an asset is read again; nothing where nothing is to be read now.
    pub(super) fn ahead(&self) -> Option<Duration> {
        let terms = self.terms.as_ref()?;
        self.under_way
            .is_empty()
            .then(|| terms.age / AHEAD.1 * AHEAD.0)
    }

    /// Has assets read again.
    pub(super) fn begin(&mut self, pass: Pass) {
        if let Some(terms) = &mut self.terms {
            self.under_way.clone_from(&pass.ids);
            (terms.rereader)(pass);
        }
    }

    /// Takes notice of a pass that has ended; gives what is to be looked at one by one. What was so
    /// already, and lives, cannot be read.
    pub(super) fn end(&mut self, reread: &Reread) -> BTreeSet<AssetId> {
        self.under_way.clear();
        self.still.retain(|id| !reread.same.contains(id));
        if let Some(terms) = &self.terms {
            let until = reread.ended + terms.age;
            let same = reread.same.iter().map(|id| (*id, until));
            self.again.extend(same);
        }
        let absent = reread.absent.iter().copied();
        absent.filter(|id| self.absent.insert(*id)).collect()
    }
}
