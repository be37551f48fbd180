//! How a run ends: what is kept back is decided, and everything is written where it lasts.

use crate::apply::dispatcher::Dispatcher;
use crate::apply::{Ended, NotSaved};
use crate::crash;
use crate::event::{Ending, RunEvent};
use crate::outcome::Outcome;
use crate::store::Session;

impl<S: Session> Dispatcher<'_, S> {
    /// Whether the run was told to stop without waiting for what is under way.
    pub(in crate::apply) const fn is_cut_short(&self) -> bool {
        self.cut_short
    }

    /// Writes back, and says how the run ended.
    pub(in crate::apply) fn end(mut self) -> Ended {
        self.release_at_the_end();
        let ending = self.stop.take().map_or(Ending::Done, Ending::Stopped);
        let at_once = self.cut_short && self.signals > 1;
        if self.cut_short && !at_once {
            // What was kept back may still be unwritten, and only then it is known what is open.
            self.record();
            self.give_up();
        }
        self.events.push(RunEvent::Ended {
            at: self.clock.now(),
            ending: ending.clone(),
        });
        self.record();
        crash::point("run.ended");
        if at_once {
            // What is under way is an intent without an outcome: the next run reads it so.
            let kept = self.keep();
            return self.ended(ending, kept);
        }
        let saved = self.save();
        crash::point("run.saved");
        self.ended(ending, saved)
    }

    /// Writes down that nobody knows what became of what is still under way.
    fn give_up(&mut self) {
        for (batch, ids) in std::mem::take(&mut self.open) {
            let outcomes = ids.iter().map(|id| (*id, Outcome::Unknown)).collect();
            self.settle(batch, outcomes);
        }
    }

    /// Tries a last time to have the journal take what it did not take before.
    fn keep(&mut self) -> Result<(), NotSaved> {
        if self.unsaved.is_empty() {
            return Ok(());
        }
        let kept = self.session.append(&self.unsaved);
        kept.map_err(|error| NotSaved {
            error,
            lost: std::mem::take(&mut self.unsaved),
        })
    }

    fn save(&mut self) -> Result<(), NotSaved> {
        if !self.changed {
            // The journal has nothing that the state needs.
            return self.session.abandon().map_err(|error| NotSaved {
                error,
                lost: Vec::new(),
            });
        }
        let Err(error) = self.session.replace(&self.state) else {
            self.unsaved.clear();
            return Ok(());
        };
        let lost = self.keep().map_or_else(|not| not.lost, |()| Vec::new());
        Err(NotSaved { error, lost })
    }

    fn ended(self, ending: Ending, saved: Result<(), NotSaved>) -> Ended {
        Ended {
            left: self.queue.left() + self.held.len() + self.absent.len(),
            state: self.state,
            ending,
            requests: self.batches,
            saved,
        }
    }
}
