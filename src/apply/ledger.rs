//! The spine: whatever happens is in the journal first, then in the state, then the listeners
//! hear of it.

use std::collections::BTreeSet;
use std::iter;

use jiff::Timestamp;

use crate::apply::run::NotSaved;
use crate::asset::AssetId;
use crate::diagnostic::in_words;
use crate::event::{Listener, OpenBatches, RunEvent, StopReason};
use crate::inventory::Known;
use crate::outcome::{AssetOutcome, Outcome};
use crate::plan::approve::Approved;
use crate::state::{State, settles_missing};
use crate::store::{Session, Synced};

/// Says that nothing is in a folder any more, where something is known of it.
pub(super) fn emptied(id: AssetId, approved: &Approved) -> Option<RunEvent> {
    let known = Known {
        bytes: Some(0),
        ..approved.known(id)?
    };
    let assets = vec![(id, known)];
    Some(RunEvent::Described { assets })
}

/// What a run writes down, and where.
pub(super) struct Ledger<'run, Se> {
    run: u64,
    state: State,
    session: &'run mut Se,
    listeners: Vec<&'run mut dyn Listener>,
    /// What was sent and is not answered for.
    open: OpenBatches,
    /// What has been said of which assets already.
    described: BTreeSet<AssetId>,
    /// What could not be written down.
    unsaved: Vec<RunEvent>,
    /// Whether the state has something that it did not have.
    changed: bool,
    /// Whether a state that was written before the end would say less than what is known.
    outdated: bool,
}

impl<'run, Se: Session> Ledger<'run, Se> {
    pub(super) fn new(
        run: u64,
        state: State,
        session: &'run mut Se,
        listeners: Vec<&'run mut dyn Listener>,
    ) -> Self {
        Self {
            run,
            state,
            session,
            listeners,
            open: OpenBatches::default(),
            described: BTreeSet::new(),
            unsaved: Vec::new(),
            changed: false,
            outdated: true,
        }
    }

    /// The number of the run.
    pub(super) const fn run(&self) -> u64 {
        self.run
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// The state, with the files that were deleted in place of version stacks whose delete is not
    /// over: one that is there all the same was taken back by people.
    pub(super) fn state_so_far(&self, at: Timestamp) -> State {
        let mut state = self.state.clone();
        let files = self.open.files();
        let outcomes = files.map(|(id, evidence)| (id, Outcome::Retired(evidence)));
        let event = RunEvent::Answered {
            batch: 0,
            at,
            outcomes: outcomes.collect(),
        };
        state.apply(self.run, &event);
        state
    }

    /// Says what some assets are called, where they lie and how large they are, once in a run;
    /// what goes along with a folder is said with it.
    pub(super) fn describe(
        &mut self,
        ids: impl Iterator<Item = AssetId>,
        approved: &Approved,
    ) -> Option<RunEvent> {
        let mut assets = Vec::new();
        for id in ids {
            for id in iter::once(id).chain(approved.inside(id).iter().copied()) {
                if let Some(known) = approved.known(id)
                    && self.described.insert(id)
                {
                    assets.push((id, known));
                }
            }
        }
        (!assets.is_empty()).then_some(RunEvent::Described { assets })
    }

    /// Has the journal take events; what is intended may begin after that. Once it has failed it
    /// is not tried again: what came later would have a gap before it.
    pub(super) fn journal(&mut self, events: &[RunEvent]) -> Result<Synced, StopReason> {
        let not_recorded = |detail| StopReason::NotRecorded { detail };
        if !self.unsaved.is_empty() {
            return Err(not_recorded("an earlier event is missing".to_owned()));
        }
        let synced = self.session.append(events);
        synced.map_err(|error| not_recorded(in_words(&error)))
    }

    /// Has the state and then the listeners take events that the journal has, or could not take.
    pub(super) fn spread(&mut self, events: Vec<RunEvent>, is_journalled: bool) {
        for event in events {
            // An intent that did not last is not carried out, so nothing speaks of it.
            if !is_journalled && matches!(event, RunEvent::Intent { .. }) {
                continue;
            }
            self.changed |= self.is_news(&event);
            self.outdated |= event.lasts();
            self.open.apply(&event);
            self.state.apply(self.run, &event);
            for listener in &mut self.listeners {
                listener.on_event(&event);
            }
            if !is_journalled {
                self.unsaved.push(event);
            }
        }
    }

    /// Whether an event changes what the state has.
    fn is_news(&self, event: &RunEvent) -> bool {
        let changes = |(id, outcome): &AssetOutcome| match outcome {
            // What is recorded may stand all the same.
            Outcome::Missing => {
                let record = self.state.assets.get(id);
                record.is_none_or(|record| settles_missing(&record.status))
            }
            Outcome::Retired(_)
            | Outcome::Gone(_)
            | Outcome::Failed(_)
            | Outcome::Unknown
            | Outcome::Restored { .. }
            | Outcome::Staged(_)
            | Outcome::Rescued => true,
        };
        match event {
            RunEvent::Answered { outcomes, .. } => outcomes.iter().any(changes),
            RunEvent::Kept { kept, over } => self.state.keeps_other(kept, over),
            RunEvent::HoldsChanged { .. }
            | RunEvent::Forgotten { .. }
            | RunEvent::Marked { .. }
            | RunEvent::AgainOver { .. }
            | RunEvent::AgainUsed { .. }
            | RunEvent::Staging(_) => true,
            RunEvent::Started(_)
            | RunEvent::Described { .. }
            | RunEvent::Intent { .. }
            | RunEvent::Opened { .. }
            | RunEvent::FileDone { .. }
            | RunEvent::Doubted { .. }
            | RunEvent::LeftAlone { .. }
            | RunEvent::Warned { .. }
            | RunEvent::Paced { .. }
            | RunEvent::Retried { .. }
            | RunEvent::Slow { .. }
            | RunEvent::Stopping { .. }
            | RunEvent::Ended { .. } => false,
        }
    }

    /// Whether something was sent of which nothing is written down.
    /// Whether a delete is under way of something that goes in place of what it lies in.
    pub(super) fn is_under_way(&self, whole: AssetId) -> bool {
        self.open.is_under_way(whole)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Closes what is still open: nobody knows what became of it.
    pub(super) fn give_up(&mut self) -> Vec<(u64, Vec<AssetOutcome>)> {
        self.open.give_up()
    }

    /// Writes the state before the end, with what is under way as unknown; nothing where it has
    /// nothing new. The journal stays: the run goes on.
    pub(super) fn checkpoint(&mut self, at: Timestamp) {
        let open = self.open.clone().give_up();
        if !std::mem::take(&mut self.outdated) || (open.is_empty() && !self.changed) {
            return;
        }
        self.changed = true;
        let ids = open.iter().flat_map(|(_, outcomes)| outcomes);
        let known: Vec<_> = ids
            .map(|(id, _)| (*id, self.state.assets.get(id).cloned()))
            .collect();
        let State {
            again,
            sent,
            under_way,
            ..
        } = &self.state;
        let kept = (again.clone(), sent.clone(), under_way.clone());
        for (batch, outcomes) in open {
            let event = RunEvent::Answered {
                batch,
                at,
                outcomes,
            };
            self.state.apply(self.run, &event);
        }
        // What goes wrong with it goes wrong at the end as well, which says so.
        drop(self.session.checkpoint(&self.state));
        // What its answer means depends on what was known before.
        (self.state.again, self.state.sent, self.state.under_way) = kept;
        for (id, record) in known {
            match record {
                Some(record) => self.state.assets.insert(id, record),
                None => self.state.assets.remove(&id),
            };
        }
    }

    /// Tries a last time to have the journal take what it did not take before.
    fn keep(&mut self) -> Result<(), NotSaved> {
        if self.unsaved.is_empty() {
            return Ok(());
        }
        match self.session.append(&self.unsaved) {
            Ok(_) => Ok(()),
            Err(error) => Err(NotSaved {
                error,
                lost: std::mem::take(&mut self.unsaved),
            }),
        }
    }

    /// Writes the state where it lasts.
    pub(super) fn save(&mut self) -> Result<(), NotSaved> {
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

    pub(super) fn into_state(self) -> State {
        self.state
    }
}
