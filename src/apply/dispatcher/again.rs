//! What the dispatcher has looked for beside what it sends: what is absent, in the lists of recently
//! deleted assets, and what is to be deleted and was read too long ago.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::apply::dispatcher::Dispatcher;
use crate::apply::queue::Rereading;
use crate::apply::readings::{Look, Pass, Reread};
use crate::apply::strategy::{Job, Strategy};
use crate::apply::worker::Waits;
use crate::asset::AssetId;
use crate::event::{Other, RateLimit, RunEvent};
use crate::frameio::client::Wait;
use crate::outcome::Outcome;
use crate::plan::approve::Resolve;
use crate::plan::forecast::documented;
use crate::store::Session;

impl<S: Strategy, Se: Session> Dispatcher<'_, S, Se> {
    /// Whether the lists of recently deleted assets are to be looked through now.
    pub(super) fn is_to_seek(&self) -> bool {
        let is_urgent = || self.later.is_urgent(&self.guards.breaker, &self.known());
        let is_time = self.has_nothing_else() || self.queue.begins_folders() || is_urgent();
        is_time && self.may_send() && !self.later.absent.is_empty()
    }

    /// Looks for what the server does not know in the lists of recently deleted assets.
    pub(super) fn seek(&mut self) {
        let wanted = self.later.wanted(&self.known());
        self.later.sought = std::mem::take(&mut self.later.absent);
        (self.seeker)(wanted);
    }

    /// Tells of a wait for something that was sent, or is read beside it.
    pub(super) fn hear_wait(&mut self, what: Waits, wait: Wait) {
        let about = match what {
            Waits::Batch(batch, assets) => (batch, assets),
            Waits::Search => (0, self.later.sought.len()),
            Waits::Reread => (0, self.readings.under_way.len()),
        };
        let at = self.clock.now();
        self.events.extend(self.guards.hear_wait(wait, about, at));
    }

    /// What goes along with what a job deletes; of what was answered for in this very turn the state
    /// does not know yet.
    pub(super) fn along(&self, job: &Job<S>) -> Arc<[AssetId]> {
        let mut along = S::along(job, &self.known());
        if along.is_empty() {
            return Arc::default();
        }
        let settles = |outcome: &Outcome| match outcome {
            Outcome::Retired(_)
            | Outcome::Gone(_)
            | Outcome::Failed(_)
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => true,
            Outcome::Missing | Outcome::Unknown => false,
        };
        let mut settled = BTreeSet::new();
        for event in &self.events {
            if let RunEvent::Answered { outcomes, .. } = event {
                let all = outcomes.iter();
                settled.extend(
                    all.filter(|(_, outcome)| settles(outcome))
                        .map(|(id, _)| *id),
                );
            }
        }
        along.retain(|id| !settled.contains(id));
        along.into()
    }

    /// Has that read again which would be older than it may be when its turn comes.
    pub(super) fn read_again(&mut self, now: Duration) {
        let Some(ahead) = self.readings.ahead().filter(|_| self.may_send()) else {
            return;
        };
        let (readings, at_once) = (&self.readings, self.options.batch_size.get());
        let told = self.guards.pacer.limits();
        let pace = |limit: RateLimit| {
            let told = told.iter().find(|(told, ..)| *told == limit);
            let documented = documented(limit);
            let (most, window) = told.map_or((documented.0, documented.1), |told| (told.1, told.2));
            let each = window / most.max(1);
            // One call of v2 deletes many.
            let assets = if limit == RateLimit::BulkDelete {
                at_once
            } else {
                1
            };
            each / u32::try_from(assets).unwrap_or(u32::MAX)
        };
        let mut stale = self.queue.stale(&Rereading {
            now,
            ahead,
            believed: &|id| readings.believed(id),
            pace: &pace,
        });
        stale.retain(|id| !(self.readings.wants_still(*id) && self.ledger.is_under_way(*id)));
        if !stale.is_empty() {
            let known = self.ledger.state_so_far(self.clock.now());
            self.readings.begin(Pass {
                ids: stale,
                state: known,
                look: Look::Near,
            });
        }
    }

    /// Goes on with what was read again: as approved, not at all, or as what may be deleted
    /// already.
    pub(super) fn hear_reread(&mut self, reread: &Reread) {
        let asked = self.readings.under_way.clone();
        let absent = self.readings.end(reread);
        let mut other = reread.other.clone();
        // What nothing is said of was not read.
        let again = reread.again.iter().copied();
        let again: BTreeSet<AssetId> = again
            .filter(|id| self.readings.is_to_be_still(*id))
            .collect();
        let is_told =
            |id: &AssetId| reread.same.contains(id) || absent.contains(id) || again.contains(id);
        for id in asked.into_iter().filter(|id| !is_told(id)) {
            other.entry(id).or_insert(Other::Unread);
        }
        // What is listed in it would go along, as read anew, though this very run has put it back.
        let kept = reread.same.iter().filter(|id| self.readings.keeps(**id));
        other.extend(kept.map(|id| (*id, Other::Contents)));
        // Somebody took it out of what is deleted file by file.
        for (whole, inside) in &reread.inside {
            let mut parts = self.queue.parts_of(*whole);
            if let Some(part) = parts.find(|part| !inside.contains(part)) {
                other.insert(*whole, Other::Changed(part));
            }
        }
        self.leave_alone(other.into_iter().collect());
        let (ids, jobs) = self.queue.take_off(&absent);
        let reads = ids.into_iter().map(|id| {
            S::read(Resolve {
                id,
                listed: true,
                kind: self.approved.kind(id),
                was_absent: true,
            })
        });
        let mut reads: Vec<Job<S>> = reads.collect();
        for job in jobs {
            if let Some(effects) = S::whole_absent(&job, &self.known()) {
                // No batch has told it.
                self.traffic.batches += 1;
                self.carry_out(self.traffic.batches, effects);
                continue;
            }
            let targets = S::targets(&job).iter();
            let is_absent = |id: &&AssetId| absent.contains(id) || S::stack(&job).is_some();
            let targets = targets.filter(is_absent);
            reads.extend(targets.map(|id| S::read_again(&job, *id, self.approved)));
        }
        self.queue.put_first(reads);
    }

    /// Leaves alone what is other than it was when it was approved. What was sent meanwhile, on the
    /// word of the reading before, is past that.
    fn leave_alone(&mut self, mut assets: Vec<(AssetId, Other)>) {
        if assets.is_empty() {
            return;
        }
        let ids: BTreeSet<AssetId> = assets.iter().map(|(id, _)| *id).collect();
        // What is under way may come back unsent, and what waits for its time is not taken off.
        for id in &ids {
            self.readings.distrust(*id);
        }
        let (mut off, jobs) = self.queue.take_off(&ids);
        off.extend(jobs.iter().flat_map(|job| &*job.ids));
        let off: BTreeSet<AssetId> = off.into_iter().collect();
        assets.retain(|(id, _)| off.contains(id));
        if assets.is_empty() {
            return;
        }
        for job in jobs {
            let effects = S::left_alone(&job, &self.known());
            // No batch has told it.
            self.traffic.batches += u64::from(!effects.is_empty());
            self.carry_out(self.traffic.batches, effects);
        }
        let at = self.clock.now();
        self.events.push(RunEvent::LeftAlone { at, assets });
    }
}
