//! Moving back what is moved aside, in a run of its own, because somebody says so.

use std::collections::BTreeSet;

use crate::apply::ledger::Ledger;
use crate::apply::run::NotSaved;
use crate::apply::staged::{After, Server, Stager, Terms};
use crate::asset::AssetId;
use crate::crash;
use crate::diagnostic::counted;
use crate::event::{Ending, Listener, RunEvent, RunInfo, StopReason};
use crate::outcome::{Aside, AssetOutcome, Outcome};
use crate::state::State;
use crate::store::Session;

/// A run that moves back, about to begin.
pub(crate) struct Unstaging<'run, Se> {
    pub(crate) info: RunInfo,
    pub(crate) state: State,
    pub(crate) session: &'run mut Se,
    /// What is moved back: what was moved aside by itself.
    pub(crate) back: BTreeSet<AssetId>,
    /// What somebody has taken out: only recorded.
    pub(crate) away: Vec<AssetId>,
    /// What is to go back, and cannot: it is given time.
    pub(crate) stuck: Vec<AssetId>,
    pub(crate) terms: Terms,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Unstaged {
    /// How many assets are back, those in folders among them.
    pub(crate) back: usize,
    /// How many cannot go back, and wait longer than they would have.
    pub(crate) postponed: usize,
    /// What was to go back and is not, in the order of the ids.
    pub(crate) still: Vec<AssetId>,
    /// What is said of those.
    pub(crate) said: Vec<String>,
    pub(crate) stop: Option<StopReason>,
    /// What could not be written down.
    pub(crate) not_saved: Option<NotSaved>,
}

/// Hears what is said of assets that stay.
#[derive(Debug, Default)]
pub(crate) struct Heard(Vec<String>);

impl Heard {
    pub(crate) fn into_said(self) -> Vec<String> {
        self.0
    }
}

impl Listener for Heard {
    fn on_event(&mut self, event: &RunEvent) {
        if let RunEvent::Warned { message, .. } = event {
            self.0.push(message.clone());
        }
    }
}

/// Moves assets back to where they were, and writes down what came of each.
pub(crate) fn run<Se: Session>(unstaging: Unstaging<'_, Se>, server: &mut dyn Server) -> Unstaged {
    let Unstaging {
        info,
        state,
        session,
        back,
        away,
        stuck,
        terms,
    } = unstaging;
    let mut heard = Heard::default();
    let mut ledger = Ledger::new(
        info.number,
        state,
        session,
        vec![&mut heard as &mut dyn Listener],
    );
    let mut stager = Stager {
        ledger: &mut ledger,
        server,
        approved: None,
        terms: &terms,
        batches: 0,
        anew: None,
        homes: BTreeSet::new(),
        stop: None,
    };
    let mut done = Unstaged::default();
    if stager.commit(vec![RunEvent::Started(info)]) {
        done.back += stager.take_back(&away);
        done.postponed = stager.postpone(&stuck);
        let moved = stager.move_back(&back, After::Rescue);
        done.back += moved.len();
        done.still = back.difference(&moved).copied().collect();
        stager.sweep();
    } else {
        done.still = back.into_iter().collect();
    }
    done.stop = stager.end();
    done.not_saved = ledger.save().err();
    done.said = heard.into_said();
    done
}

impl<Se: Session> Stager<'_, '_, Se> {
    /// Writes down that somebody has taken assets out; says how many that are, with what lies in
    /// them.
    fn take_back(&mut self, away: &[AssetId]) -> usize {
        let along = away.iter().flat_map(|id| self.along(*id));
        let all: BTreeSet<AssetId> = away.iter().copied().chain(along).collect();
        let outcomes: Vec<AssetOutcome> = all.iter().map(|id| (*id, Outcome::Rescued)).collect();
        if !outcomes.is_empty() {
            let said = self.said(outcomes);
            self.commit(vec![said]);
        }
        all.len()
    }

    /// Gives time to what cannot go back: somebody wants it, and is not overtaken by its date. Says how
    /// many that are.
    fn postpone(&mut self, stuck: &[AssetId]) -> usize {
        let later = self.later();
        let state = self.ledger.state();
        let asides = stuck
            .iter()
            .filter_map(|id| Some((*id, *state.aside(*id)?)));
        let sooner = asides.filter(|(_, aside)| aside.due < later);
        let outcomes = sooner.map(|(id, aside)| {
            let due = later;
            (id, Outcome::Staged(Aside { due, ..aside }))
        });
        let outcomes: Vec<AssetOutcome> = outcomes.collect();
        let postponed = outcomes.len();
        if postponed == 0 {
            return 0;
        }
        let wait = counted(postponed, "asset waits", "assets wait");
        let said = self.said(outcomes);
        self.commit(vec![said]);
        self.warn(format!(
            "{wait} until {later:.0} at least, so that there is time to move what cannot go back"
        ));
        postponed
    }

    /// Writes down that the run is over; returns why, where it is before its end.
    fn end(mut self) -> Option<StopReason> {
        let open = self.ledger.give_up();
        let at = self.server.now();
        let mut events: Vec<RunEvent> = open
            .into_iter()
            .map(|(batch, outcomes)| RunEvent::Answered {
                batch,
                at,
                outcomes,
            })
            .collect();
        let ending = match &self.stop {
            Some(reason) => Ending::Stopped(reason.clone()),
            None => Ending::Done,
        };
        events.push(RunEvent::Ended { at, ending });
        self.commit(events);
        crash::point("unstage.ended");
        self.stop
    }
}
