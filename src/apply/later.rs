//! What is decided later: what is looked for in the lists of recently deleted assets.
//!
//! That the server does not know an asset is no evidence. With V4 a reading does not tell when an
//! asset was deleted, so that what is not found is looked for in these lists, many at once: at the
//! end, or earlier where so many are not found that the run would have to stop.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::{SignedDuration, Timestamp};

use crate::apply::breaker::{Breaker, SAMPLE};
use crate::apply::strategy::{Known, Strategy, Subject};
use crate::frameio::recently_deleted::Wanted;

/// What is decided later; with each the batch that found out.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// What the server does not know, until it is looked for in lists.
    pub(super) absent: Vec<(u64, Subject)>,
    /// What is looked for now.
    pub(super) sought: Vec<(u64, Subject)>,
}

impl Later {
    /// Whether so much is absent that it is to be known now what became of it.
    pub(super) fn is_urgent<S: Strategy>(&self, breaker: &Breaker, known: &Known<'_, S>) -> bool {
        let counts = |subject: &&Subject| subject.stack.is_none() && !known.is_unknown(subject.id);
        let absent = self.absent.iter().map(|(_, subject)| subject);
        let counted = absent.filter(counts).count();
        // To look for few of them again and again would cost more than it tells.
        counted >= SAMPLE && breaker.would_trip(counted)
    }

    /// How many assets are still to be looked for, or are being looked for.
    pub(super) const fn open(&self) -> usize {
        self.absent.len() + self.sought.len()
    }

    /// What to look for.
    pub(super) fn wanted<S: Strategy>(&self, known: &Known<'_, S>) -> Wanted {
        let mut parents = known.approved.parents();
        let mut assets = BTreeMap::new();
        for (_, Subject { id, stack }) in &self.absent {
            let whole = stack.unwrap_or(*id);
            assets.insert(*id, known.approved.place(whole).project);
            if let Some(stack) = stack {
                parents.insert(*id, *stack);
            }
            // A run has listed it there before it sent the delete of that.
            let mut here = whole;
            while let Some(around) = known.state.unanswered.get(&here)
                && let Entry::Vacant(place) = parents.entry(here)
            {
                here = *place.insert(*around);
            }
        }
        // Only where each of them was deleted by us, if at all, does no earlier line matter.
        let absent = self.absent.iter();
        let intents = absent.map(|(_, subject)| known.intent_of(subject.id));
        let first: Option<Vec<Timestamp>> = intents.collect();
        let first = first.and_then(|intents| intents.into_iter().min());
        // Neither time need have more than seconds.
        let told = |intent: Timestamp| {
            let earlier = intent.checked_sub(SignedDuration::from_secs(1));
            earlier.ok().filter(|_| known.memory.has_told_time)
        };
        Wanted {
            assets,
            parents,
            since: first.and_then(told),
        }
    }
}
